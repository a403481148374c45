/* voltbus/err.h - what a call can answer, one sentence each, and what can be wrong with a frame.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_ERR_H
#define VOLTBUS_ERR_H

/* Negative results are errors, results >= 0 are counts (VB_OK where nothing is counted). */
enum vb_err {
    VB_OK = 0,         /* done; functions that count return >= 0 */
    VB_E_MORE = -1,    /* a correct beginning: feed more */
    VB_E_FORMAT = -2,  /* the bytes break the format: resynchronise */
    VB_E_CHECK = -3,   /* well formed, but length, CRC, sum or counter is wrong */
    VB_E_SPACE = -4,   /* the caller's buffer is too small; nothing was consumed */
    VB_E_STATE = -5,   /* not allowed in this state */
    VB_E_RANGE = -6,   /* the value does not fit its field or its limits */
    VB_E_UNKNOWN = -7, /* no row knows this id, name or word */
};

/* One sentence for a result of enum vb_err; never NULL. */
const char *vb_err_text(int err);

/* What is wrong with a frame. Links set the first five, integrity rules of rows the others,
 * and the last two a device that unpacks frames.
 * The names are API: they are the values of "error" in the JSON output. */
#define VB_FAULTS(X)                                                                               \
    X(NONE, "none", "nothing is wrong")                                                            \
    X(PARITY, "parity", "the PID does not have the parity of its id")                              \
    X(CHECKSUM, "checksum", "neither classic nor enhanced")                                        \
    X(FRAMING, "framing", "a byte without stop bit")                                               \
    X(NO_RESPONSE, "no-response", "a header, and nobody answered")                                 \
    X(LENGTH, "length", "not the length of its row")                                               \
    X(CRC, "crc", "the CRC does not match the data")                                               \
    X(SUM, "sum", "the sum does not match the data")                                               \
    X(COUNTER, "counter", "it stands where the frame before had it")                               \
    X(EXI, "exi", "the payload is no message of its schema")                                       \
    X(TRANSFER, "transfer", "frames of a longer message are missing")

enum vb_fault {
#define X(name, text, sentence) VB_FAULT_##name,
    VB_FAULTS(X)
#undef X
};

/* The API name of a fault ("crc"), and what it means in words; never NULL. */
const char *vb_fault_text(enum vb_fault fault);
const char *vb_fault_why(enum vb_fault fault);

#endif
