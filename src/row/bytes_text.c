/* bytes_text.c - rows of bytes as people see them, and back: hexadecimal digits, text, MAC and IPv6
 * addresses (RFC 5952: the longest run of zeros is "::", the first one of equals).
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "voltbus/err.h"
#include "voltbus/hex.h"
#include "voltbus/signal.h"

#define MAC    6
#define IP     16
#define GROUPS 8 /* of an IPv6 address */

static const char digits[] = "0123456789abcdef";

/* ---- to text ---- */

static size_t hex_text(const uint8_t *bytes, size_t len, bool colons, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (colons && i > 0) {
            out[n++] = ':';
        }
        out[n++] = digits[bytes[i] >> 4];
        out[n++] = digits[bytes[i] & 15];
    }
    return n;
}

static unsigned group_of(const uint8_t *ip, unsigned i) {
    return (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
}

/* The longest run of two zero groups or more: its length and where it begins; 0: none. */
static unsigned longest_zeros(const uint8_t *ip, unsigned *at) {
    unsigned best = 1;
    for (unsigned i = 0; i < GROUPS; i++) {
        unsigned run = 0;
        while (i + run < GROUPS && group_of(ip, i + run) == 0) {
            run++;
        }
        if (run > best) {
            best = run;
            *at = i;
        }
    }
    return best > 1 ? best : 0;
}

static size_t ip_text(const uint8_t *ip, char *out) {
    unsigned at = GROUPS;
    unsigned zeros = longest_zeros(ip, &at);
    size_t n = 0;
    for (unsigned i = 0; i < GROUPS; i++) {
        if (zeros && i == at) {
            out[n++] = ':';
            i += zeros - 1;
            if (i == GROUPS - 1) {
                out[n++] = ':';
            }
            continue;
        }
        if (i > 0) {
            out[n++] = ':';
        }
        unsigned group = group_of(ip, i);
        for (unsigned shift = 16; shift > 0;) {
            shift -= 4;
            if (shift == 0 || group >> shift) {
                out[n++] = digits[group >> shift & 15];
            }
        }
    }
    return n;
}

static bool is_text(const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < ' ' || bytes[i] > '~') {
            return false;
        }
    }
    return true;
}

size_t vb_bytes_text(const struct vb_signal *signal, const char *bytes, size_t len, char *out,
                     size_t cap) {
    const uint8_t *data = (const uint8_t *)bytes;
    char address[48];
    if (signal->flags & VB_STRING && is_text(bytes, len)) {
        len = len < cap ? len : cap;
        memcpy(out, len > 0 ? bytes : "", len);
        return len;
    }
    if (signal->flags & VB_ADDRESS && (len == MAC || len == IP)) {
        size_t n = len == IP ? ip_text(data, address) : hex_text(data, len, true, address);
        n = n < cap ? n : cap;
        memcpy(out, address, n);
        return n;
    }
    return hex_text(data, len < cap / 2 ? len : cap / 2, false, out);
}

/* ---- and back ---- */

/* One group of an IPv6 address: 1 to 4 digits. Returns how many, 0 if there is none. */
static size_t parse_group(const char *text, size_t n, unsigned *group) {
    size_t i = 0;
    *group = 0;
    for (; i < n && i < 5 && vb_hex_digit(text[i]) >= 0; i++) {
        *group = *group << 4 | (unsigned)vb_hex_digit(text[i]);
    }
    return i < 5 ? i : 0;
}

static int parse_ip(const char *text, size_t n, uint8_t ip[IP]) {
    unsigned count = 0;
    unsigned gap = GROUPS + 1; /* groups before "::" */
    size_t i = 0;
    memset(ip, 0, IP);
    while (i < n) {
        unsigned group;
        if (n - i >= 2 && text[i] == ':' && text[i + 1] == ':' && gap > GROUPS) {
            gap = count;
            i += 2;
            if (i == n) {
                break;
            }
        } else if (count > 0 && text[i] == ':') {
            i++;
        } else if (count > 0) {
            return VB_E_FORMAT;
        }
        size_t used = parse_group(text + i, n - i, &group);
        if (used == 0 || count == GROUPS) {
            return VB_E_FORMAT;
        }
        ip[2 * count] = (uint8_t)(group >> 8);
        ip[2 * count + 1] = (uint8_t)group;
        count++;
        i += used;
    }
    if (gap > GROUPS ? count != GROUPS : count == GROUPS) {
        return VB_E_FORMAT;
    }
    if (gap <= GROUPS) {
        size_t behind = 2u * (count - gap);
        memmove(ip + IP - behind, ip + 2u * gap, behind);
        memset(ip + 2u * gap, 0, IP - 2u * count);
    }
    return IP;
}

static int parse_hex(const char *text, size_t n, bool colons, uint8_t *bytes, size_t cap) {
    size_t step = colons ? 3 : 2;
    size_t len = 0;
    for (size_t i = 0; i < n; i += step) {
        int high = vb_hex_digit(text[i]);
        int low = i + 1 < n ? vb_hex_digit(text[i + 1]) : -1;
        bool last = i + 2 >= n;
        if (high < 0 || low < 0 || (colons && !last && (text[i + 2] != ':' || i + 3 == n))) {
            return VB_E_FORMAT;
        }
        if (len == cap) {
            return VB_E_RANGE;
        }
        bytes[len++] = (uint8_t)(high << 4 | low);
    }
    return (int)len;
}

int vb_bytes_parse(const struct vb_signal *signal, const char *text, size_t n, uint8_t *bytes,
                   size_t cap) {
    int len;
    uint8_t ip[IP];
    if (signal->flags & VB_STRING) {
        size_t most = signal->len && signal->len < cap ? signal->len : cap;
        if (n > most || !is_text(text, n)) {
            return n > most ? VB_E_RANGE : VB_E_FORMAT;
        }
        memcpy(bytes, n > 0 ? text : "", n);
        return (int)n;
    }
    if (signal->flags & VB_ADDRESS && signal->len == IP) {
        len = parse_ip(text, n, ip);
        if (len == IP && cap >= IP) {
            memcpy(bytes, ip, IP);
        }
        return len < 0 || cap >= IP ? len : VB_E_RANGE;
    }
    len = parse_hex(text, n, signal->flags & VB_ADDRESS, bytes, cap);
    return len < 0 || signal->len == 0 || len == signal->len ? len : VB_E_RANGE;
}
