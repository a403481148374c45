/* err.c - results and faults in words.
 * SPDX-License-Identifier: MIT */
#include "voltbus/err.h"

#include <stddef.h>

const char *vb_err_text(int err) {
    switch (err) {
    case VB_E_MORE:
        return "more bytes are needed";
    case VB_E_FORMAT:
        return "the bytes break the format";
    case VB_E_CHECK:
        return "length, CRC, sum or counter is wrong";
    case VB_E_SPACE:
        return "the buffer is too small";
    case VB_E_STATE:
        return "not allowed in this state";
    case VB_E_RANGE:
        return "the value is out of range";
    case VB_E_UNKNOWN:
        return "nobody knows this id, name or word";
    default:
        return err >= 0 ? "done" : "unknown error";
    }
}

static const struct {
    const char *text, *why;
} faults[] = {
#define X(name, text, sentence) [VB_FAULT_##name] = {text, sentence},
    VB_FAULTS(X)
#undef X
};
#define FAULTS (sizeof faults / sizeof faults[0])

const char *vb_fault_text(enum vb_fault fault) {
    return (size_t)fault < FAULTS ? faults[fault].text : "unknown";
}

const char *vb_fault_why(enum vb_fault fault) {
    return (size_t)fault < FAULTS ? faults[fault].why : "unknown";
}
