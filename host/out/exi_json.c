/* exi_json.c - a decoded EXI message as JSON. One pass over the walk, nothing is kept but what stands open.
 * SPDX-License-Identifier: MIT */
#include "host/out/exi_json.h"

#include <string.h>

/* Names of lists that an element had already: a second run of one begins a new object. The largest choice
 * that repeats, KeyInfo, has seven. Where there is no room a new object begins too early, which is as true. */
#define SEEN_MAX 8

struct level {
    const char *list; /* the name whose list is open, or NULL */
    bool any;         /* the object has a member */
    bool continued;   /* "+":[{ is open */
    uint8_t seen_count;
    const char *seen[SEEN_MAX];
};

struct writer {
    struct sink *sink;
    unsigned depth;
    struct level level[VB_EXI_DEPTH_MAX + 1];
};

static bool same(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- values ---- */

static void digits(struct sink *sink, uint64_t amount, bool minus) {
    char text[21];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + amount % 10);
        amount /= 10;
    } while (amount > 0);
    if (minus) {
        text[--at] = '-';
    }
    sink_bytes(sink, text + at, sizeof text - at);
}

static void number(struct sink *sink, int64_t n) {
    digits(sink, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, n < 0);
}

/* JSON programs hold integers up to 64 bits with sign, if that. */
static void amount(struct sink *sink, uint64_t n, bool minus) {
    const char *quote = n - minus > INT64_MAX ? "\"" : "";
    sink_text(sink, quote);
    digits(sink, n, minus);
    sink_text(sink, quote);
}

/* An integer of any length, most significant byte first and not 0, in digits: divided by 10^9 until nothing is
 * left. */
static void long_digits(struct sink *sink, const uint8_t *bytes, size_t n, bool minus) {
    static const uint32_t billion = 1000000000;
    uint32_t words[UINT16_MAX / 4 + 1] = {0}; /* most significant first */
    uint32_t groups[UINT16_MAX / 3];          /* of nine digits, least significant first */
    size_t word_count = (n + 3) / 4;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t place = n - 1 - i; /* bytes from the end */
        words[word_count - 1 - place / 4] |= (uint32_t)bytes[i] << 8 * (place % 4);
    }
    for (size_t first = 0; first < word_count; first += words[first] == 0) {
        uint64_t rest = 0;
        for (size_t i = first; i < word_count; i++) {
            rest = rest << 32 | words[i];
            words[i] = (uint32_t)(rest / billion);
            rest %= billion;
        }
        groups[count++] = (uint32_t)rest;
    }
    digits(sink, groups[count - 1], minus);
    for (size_t i = count - 1; i > 0; i--) {
        char text[9];
        uint32_t group = groups[i - 1];
        for (size_t k = sizeof text; k > 0; k--) {
            text[k - 1] = (char)('0' + group % 10);
            group /= 10;
        }
        sink_bytes(sink, text, sizeof text);
    }
}

static void big(struct sink *sink, const struct vb_exi_item *item) {
    const uint8_t *bytes = item->bytes;
    size_t n = item->len < UINT16_MAX ? item->len : UINT16_MAX;
    uint64_t value = 0;
    while (n > 0 && bytes[0] == 0) {
        bytes++;
        n--;
    }
    if (n > 8) {
        sink_bytes(sink, "\"", 1);
        long_digits(sink, bytes, n, item->minus);
        sink_bytes(sink, "\"", 1);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        value = value << 8 | bytes[i];
    }
    amount(sink, value, item->minus && value > 0);
}

/* A string. Bytes that are no UTF-8 become U+FFFD: the decoder gives none. */
static void string(struct sink *sink, const char *text, size_t n) {
    size_t done = 0;
    sink_bytes(sink, "\"", 1);
    for (size_t at = 0; at < n;) {
        unsigned char c = (unsigned char)text[at];
        size_t length = c < 0x80 ? 1 : text_utf8_length(text + at, n - at);
        if (length > 0 && c >= 0x20 && c != '"' && c != '\\') {
            at += length;
            continue;
        }
        char escape[] = "\\ufffd";
        if (length > 0) {
            escape[2] = escape[3] = '0';
            escape[4] = (char)('0' + (c >> 4));
            escape[5] = "0123456789abcdef"[c & 15];
        }
        sink_bytes(sink, text + done, at - done);
        if (c == '"' || c == '\\') {
            sink_bytes(sink, c == '"' ? "\\\"" : "\\\\", 2);
        } else {
            sink_bytes(sink, escape, 6);
        }
        done = ++at;
    }
    sink_bytes(sink, text + done, n - done);
    sink_bytes(sink, "\"", 1);
}

static void value(struct sink *sink, const struct vb_exi_item *item) {
    switch ((enum vb_exi_type)item->type) {
    case VB_EXI_BOOL:
        sink_text(sink, item->number ? "true" : "false");
        break;
    case VB_EXI_ENUM:
        string(sink, item->word, strlen(item->word));
        break;
    case VB_EXI_INT:
        number(sink, item->number);
        break;
    case VB_EXI_UINT:
        amount(sink, (uint64_t)item->number, false);
        break;
    case VB_EXI_BIG:
        big(sink, item);
        break;
    case VB_EXI_TEXT:
        string(sink, (const char *)item->bytes, item->len);
        break;
    case VB_EXI_BYTES:
        sink_bytes(sink, "\"", 1);
        sink_hex(sink, item->bytes, item->len);
        sink_bytes(sink, "\"", 1);
        break;
    case VB_EXI_COMPLEX: /* is a BEGIN */
        break;
    }
}

/* ---- structure ---- */

static void close_list(struct writer *w, struct level *level) {
    if (level->list) {
        sink_bytes(w->sink, "]", 1);
        level->list = NULL;
    }
}

/* Has the object a list of that name already? If not, note that it has one now. */
static bool stands_there(struct level *level, const char *name) {
    for (unsigned i = 0; i < level->seen_count; i++) {
        if (same(level->seen[i], name)) {
            return true;
        }
    }
    if (level->seen_count == SEEN_MAX) {
        return true;
    }
    level->seen[level->seen_count++] = name;
    return false;
}

static void key(struct writer *w, struct level *level, const struct vb_exi_item *item) {
    static const char *const ends[] = {"\":", "\":["};
    size_t n = strlen(item->name);
    char *p = sink_room(w->sink, n + 8);
    char *start = p;
    if (level->any) {
        *p++ = ',';
    }
    level->any = true;
    *p++ = '"';
    if (item->attribute) {
        *p++ = '@';
    } else if (item->content) {
        *p++ = '=';
    }
    memcpy(p, item->name, n);
    p += n;
    n = 2u + item->list;
    memcpy(p, ends[item->list], n);
    w->sink->n += (size_t)(p - start) + n;
}

/* What stands before a value or element: the key, or a comma in a list. */
static void lead(struct writer *w, const struct vb_exi_item *item) {
    struct level *level = &w->level[w->depth];
    if (!item->list) {
        close_list(w, level);
        key(w, level, item);
        return;
    }
    if (same(level->list, item->name)) {
        sink_bytes(w->sink, ",", 1);
        return;
    }
    close_list(w, level);
    if (stands_there(level, item->name)) {
        sink_text(w->sink, level->continued ? "},{" : ",\"+\":[{");
        level->continued = true;
        level->any = false;
        level->seen_count = 1;
        level->seen[0] = item->name;
    }
    level->list = item->name;
    key(w, level, item);
}

void exi_json_write(struct sink *sink, const struct vb_exi_names *names, const void *block) {
    struct writer w = {.sink = sink};
    struct vb_exi_walk walk;
    struct vb_exi_item item;
    vb_exi_walk_init(&walk, names, block);
    while (vb_exi_walk_next(&walk, &item)) {
        if (item.what == VB_EXI_END) {
            struct level *level = &w.level[w.depth--];
            close_list(&w, level);
            sink_text(sink, level->continued ? "}]}" : "}");
            continue;
        }
        lead(&w, &item);
        if (item.what == VB_EXI_BEGIN) {
            w.level[++w.depth] = (struct level){.list = NULL};
            sink_bytes(sink, "{", 1);
        } else {
            value(sink, &item);
        }
    }
}
