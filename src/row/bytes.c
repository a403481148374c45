/* bytes.c - rows of bytes: addresses, keys, names; and sums over bytes.
 * How they look as text is bytes_text.c's.
 * SPDX-License-Identifier: MIT */
#include "row/bytes.h"

#include <string.h>

#include "voltbus/crc.h"
#include "voltbus/err.h"

/* How many bytes the row has in a frame of n; -1: the frame ends before it does. */
static int length(const struct vb_signal *signal, size_t n) {
    size_t at = signal->bit / 8u;
    size_t len = signal->len;
    if (at + len > n || (len == 0 && at >= n)) {
        return -1;
    }
    if (len == 0) {
        len = n - at < VB_BYTES_MAX ? n - at : VB_BYTES_MAX;
    }
    return (int)len;
}

/* How many characters of text stand before a NUL; -1 if it is no text. */
static int text_length(const uint8_t *bytes, int len) {
    int n = 0;
    for (; n < len && bytes[n] != 0; n++) {
        if (bytes[n] < ' ' || bytes[n] > '~') {
            return -1;
        }
    }
    return n;
}

int bytes_of(const struct vb_signal *signal, const uint8_t *data, size_t n, const char **bytes) {
    int len = length(signal, n);
    if (len < 0) {
        return VB_E_MORE;
    }
    const uint8_t *first = data + signal->bit / 8u;
    *bytes = (const char *)first;
    int text = signal->flags & VB_STRING ? text_length(first, len) : -1;
    return text >= 0 ? text : len;
}

int bytes_get(const struct vb_signal *signal, const uint8_t *data, size_t n, int64_t *raw) {
    int len = length(signal, n);
    if (len < 0) {
        return VB_E_MORE;
    }
    const uint8_t *bytes = data + signal->bit / 8u;
    int64_t sum = 0;
    for (int i = 0; i < len; i++) {
        sum += bytes[i];
    }
    const char *its;
    int64_t value = sum;
    if (signal->flags & VB_BYTES && sum > 0) { /* of text nothing but what is shown counts */
        len = bytes_of(signal, data, n, &its);
        value = len > 0 ? vb_hash(bytes, (size_t)len) | INT64_C(1) << 32 : 0;
    }
    if (signal->has_absent && value == signal->absent) {
        return VB_E_UNKNOWN;
    }
    *raw = value;
    return VB_OK;
}

int vb_bytes_put(const struct vb_signal *signal, const char *bytes, size_t len, uint8_t *data,
                 size_t n) {
    size_t at = signal->bit / 8u;
    int room = length(signal, n);
    if (room < 0) {
        return VB_E_SPACE;
    }
    size_t all = signal->len ? signal->len : n - at;
    bool exact = signal->len > 0 && !(signal->flags & VB_STRING);
    if (len > all || (exact && len < all) ||
        (signal->flags & VB_STRING && len < all && len > 0 && memchr(bytes, 0, len))) {
        return VB_E_RANGE;
    }
    if (len > 0) {
        memcpy(data + at, bytes, len);
    }
    memset(data + at + len, 0, all - len);
    return VB_OK;
}

int bytes_clear(const struct vb_signal *signal, uint8_t *data, size_t n) {
    size_t at = signal->bit / 8u;
    if (length(signal, n) < 0) {
        return VB_E_SPACE;
    }
    memset(data + at, 0, signal->len ? signal->len : n - at);
    return VB_OK;
}
