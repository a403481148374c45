/* text_buffer.c - text that grows in memory, and JSON in it.
 * SPDX-License-Identifier: MIT */
#include "host/out/text_buffer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/time.h"

void text_free(struct text *text) {
    free(text->data);
    *text = (struct text){0};
}

void text_clear(struct text *text) {
    text->n = 0;
    text->failed = false;
}

char *text_room(struct text *text, size_t n) {
    if (text->room - text->n < n) {
        size_t room = text->room ? text->room : 256;
        while (room - text->n < n) {
            room *= 2;
        }
        char *data = realloc(text->data, room);
        if (!data) {
            text->failed = true;
            return NULL;
        }
        text->data = data;
        text->room = room;
    }
    return text->data + text->n;
}

void text_bytes(struct text *text, const char *bytes, size_t n) {
    char *p = n > 0 ? text_room(text, n) : NULL;
    if (p) {
        memcpy(p, bytes, n);
        text->n += n;
    }
}

void text_add(struct text *text, const char *string) {
    text_bytes(text, string, strlen(string));
}

void text_format(struct text *text, const char *fmt, ...) {
    char line[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (n < 0) {
        text->failed = true;
    } else if ((size_t)n < sizeof line) {
        text_bytes(text, line, (size_t)n);
    } else if (text_room(text, (size_t)n + 1)) {
        va_start(args, fmt);
        vsnprintf(text->data + text->n, (size_t)n + 1, fmt, args);
        va_end(args);
        text->n += (size_t)n;
    }
}

size_t text_utf8_length(const char *bytes, size_t n) {
    const unsigned char *p = (const unsigned char *)bytes;
    if (n == 0) {
        return 0;
    }
    if (p[0] < 0x80) {
        return 1;
    }
    size_t length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool bad = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
               (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F);
    return bad ? 0 : length;
}

bool text_utf8_good(const char *bytes, size_t n) {
    for (size_t at = 0; at < n;) {
        size_t length = text_utf8_length(bytes + at, n - at);
        if (length == 0 || bytes[at] == '\0') {
            return false;
        }
        at += length;
    }
    return true;
}

void text_json(struct text *text, const char *bytes, size_t n) {
    text_bytes(text, "\"", 1);
    for (size_t at = 0; at < n;) {
        size_t length = text_utf8_length(bytes + at, n - at);
        unsigned char c = (unsigned char)bytes[at];
        if (length == 0) {
            text_add(text, "\\ufffd");
            length = 1;
        } else if (c == '"' || c == '\\') {
            text_bytes(text, c == '"' ? "\\\"" : "\\\\", 2);
        } else if (c < 0x20) {
            text_format(text, "\\u%04x", c);
        } else {
            text_bytes(text, bytes + at, length);
        }
        at += length;
    }
    text_bytes(text, "\"", 1);
}

void text_age(struct text *text, int64_t ns) {
    int64_t ms = ns > 0 ? ns / VB_NS_PER_MS : 0;
    text_format(text, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
}

void text_time(struct text *text, int64_t t_ns) {
    char *p = text_room(text, VB_TIME_TEXT);
    if (p) {
        text->n += vb_time_text(t_ns, p);
    }
}

void text_milli(struct text *text, int64_t milli) {
    uint64_t amount = milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;
    unsigned rest = (unsigned)(amount % 1000);
    int digits = rest % 10 ? 3 : rest % 100 ? 2 : 1;
    text_format(text, "%s%" PRIu64, milli < 0 ? "-" : "", amount / 1000);
    if (rest != 0) {
        text_format(text, ".%0*u", digits, rest / (digits == 1 ? 100 : digits == 2 ? 10 : 1));
    }
}
