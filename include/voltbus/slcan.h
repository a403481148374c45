/* voltbus/slcan.h - slcan (LAWICEL ASCII): CAN frames, commands and answers as lines up to CR,
 * for the host that asks and for the adapter that answers.
 * Leaves out: the order of a session and its timeouts.
 * Facts: reference/can-transports.md section 2.1; letters P A X W U Q: the command table in the
 * README of latonita/can-ascii. Not checked against the LAWICEL manual: the rates of U, the largest
 * values of W, Q and Y.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_SLCAN_H
#define VOLTBUS_SLCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

/* The longest line without CR: "D", 8 digits of id, 1 of length, 128 of data, 4 of time. */
#define VB_SLCAN_LINE 142
/* Room for a line with CR. */
#define VB_SLCAN_TEXT (VB_SLCAN_LINE + 1)

/* Bit rates of S0..S9 in bit/s. S7 is 800000 in the LAWICEL manual, python-can writes 750000; S9 is
 * python-can's. */
#define VB_SLCAN_RATES 10
extern const uint32_t vb_slcan_rates[VB_SLCAN_RATES];

/* The digit n of Sn for a bit rate, or VB_E_UNKNOWN. 750000 is accepted as 7. */
int vb_slcan_rate_digit(uint32_t bits_per_s);

/* Read one frame line of a text file, with or without CR, LF and spaces around it: t T r R, and the
 * FD forms d D (no rate switch), b B (rate switch).
 * frame: written on success; kind VB_KIND_CAN, time and bus 0, data points to data.
 * stamp_ms (may be NULL): the adapter's
 * clock, 0..59999 (0..65535 accepted), -1 = none; written on success.
 * Returns VB_OK; VB_E_FORMAT (no frame line, digits missing or left over); VB_E_RANGE (id above 7FF
 * or 1FFFFFFF, length above 8 without FD). */
int vb_slcan_line(const char *text, size_t n, struct vb_frame *frame, uint8_t data[64],
                  int32_t *stamp_ms);

/* ---- a stream ---- */

enum vb_slcan_side {
    VB_SLCAN_HOST,    /* we read what an adapter sends */
    VB_SLCAN_ADAPTER, /* we read what a host sends */
};

enum vb_slcan_what {
    VB_SLCAN_FRAME,   /* host: received from the bus; adapter: to be sent, to be answered */
    VB_SLCAN_OK,      /* host: CR alone: the last command is done */
    VB_SLCAN_ERROR,   /* host: BEL: the last command is refused */
    VB_SLCAN_SENT,    /* host: z or Z (letter): a frame is on its way */
    VB_SLCAN_ANSWER,  /* host: letter V, v, N, F or A with its text; value = text as hex, or 0 */
    VB_SLCAN_COMMAND, /* adapter: letter and value, to be answered */
    VB_SLCAN_BAD,     /* a line that makes no sense; adapter: answer BEL. error tells why */
};

struct vb_slcan_event {
    enum vb_slcan_what what;
    char letter;    /* of the line, 0 if it has none */
    int error;      /* BAD: VB_E_FORMAT, VB_E_RANGE, VB_E_UNKNOWN (letter), VB_E_SPACE (too long) */
    uint32_t value; /* argument of a command as a number, 0 if it has none */
    const char *text; /* the line behind its letter, no terminator */
    size_t len;
    struct vb_frame frame; /* FRAME: time and bus are 0 */
    int32_t stamp_ms;      /* FRAME: adapter's clock, -1 = none */
};

/* The commands: letter, digits of the argument, its largest value (F...F = any). */
#define VB_SLCAN_COMMANDS(X)                                                                       \
    X('S', 1, 9, "bit rate, see vb_slcan_rates")                                                   \
    X('s', 4, 0xFFFF, "bit timing registers BTR0 BTR1")                                            \
    X('O', 0, 0, "open")                                                                           \
    X('L', 0, 0, "open, listen only")                                                              \
    X('C', 0, 0, "close")                                                                          \
    X('P', 0, 0, "poll one frame")                                                                 \
    X('A', 0, 0, "poll all frames")                                                                \
    X('F', 0, 0, "status flags?")                                                                  \
    X('X', 1, 1, "frames are sent without polling: 0 no, 1 yes")                                   \
    X('W', 1, 2, "acceptance filter mode")                                                         \
    X('M', 8, 0xFFFFFFFF, "acceptance code")                                                       \
    X('m', 8, 0xFFFFFFFF, "acceptance mask")                                                       \
    X('U', 1, 6, "rate of the serial line: 230400 115200 57600 38400 19200 9600 2400")             \
    X('V', 0, 0, "version?")                                                                       \
    X('v', 0, 0, "version of the firmware?")                                                       \
    X('N', 0, 0, "serial number?")                                                                 \
    X('Z', 1, 1, "time stamps: 0 off, 1 on")                                                       \
    X('Q', 1, 2, "open at power-up: 0 no, 1 as O, 2 as L")                                         \
    X('Y', 1, 9, "CAN FD data rate in Mbit/s (2, 5)")

/* One direction of one line. Copyable. */
struct vb_slcan {
    uint32_t bad; /* lines and pieces of lines thrown away, since init; for reading */
    uint8_t side;
    bool drop;  /* throw away up to the next CR */
    bool ready; /* the line is complete (or `alone` came) and waits for vb_slcan_next */
    char alone; /* BEL, which needs no CR */
    uint8_t len;
    char line[VB_SLCAN_LINE];
    uint8_t data[64];
};

void vb_slcan_init(struct vb_slcan *s, enum vb_slcan_side side);

/* Take bytes up to the end of the first line. buf: n bytes as received.
 * Returns how many were used, 0 only if n is 0 or an event waits: call vb_slcan_next after each
 * call, then come again with the rest. */
size_t vb_slcan_feed(struct vb_slcan *s, const uint8_t *buf, size_t n);

/* Take the event out. Returns false if there is none. text and data of the frame point into s and
 * live until the next call.
 * A line longer than VB_SLCAN_LINE or with a byte that is no printable ASCII is dropped up to the
 * next CR and reported as BAD. LF is skipped everywhere, an empty line at the adapter as well
 * (hosts send CRs to clear the line). BEL in the middle of a line drops that line. */
bool vb_slcan_next(struct vb_slcan *s, struct vb_slcan_event *event);

/* ---- writing; out: room for VB_SLCAN_TEXT, no terminator; the length is returned ---- */

/* A frame line with CR. stamp_ms: -1 = no time stamp. The ESI flag has no letter
 * and is left out.
 * Returns VB_E_RANGE if the frame cannot be written: other kind, error frame, id
 * or length too large, a length that CAN FD has not, a remote FD frame. */
int vb_slcan_put_frame(const struct vb_frame *frame, int32_t stamp_ms, char *out);

/* A command with CR. Returns VB_E_UNKNOWN (no such letter), VB_E_RANGE (value too large). */
int vb_slcan_put_command(char letter, uint32_t value, char *out);

/* An answer of the adapter. what: VB_SLCAN_OK = CR, _ERROR and _BAD = BEL, _SENT = z or Z (letter)
 * and CR, _ANSWER = letter, text (n characters: "1013" for V, "A123" for N, "00" for F) and CR.
 * Returns VB_E_RANGE for other kinds, letters or too long a text. */
int vb_slcan_put_answer(enum vb_slcan_what what, char letter, const char *text, size_t n,
                        char *out);

#endif
