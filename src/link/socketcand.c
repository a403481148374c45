/* socketcand.c - socketcand in both directions, from both sides, and its beacon.
 * Facts: reference/can-transports.md section 2.3, docs/socketcand.md.
 * SPDX-License-Identifier: MIT */
#include "voltbus/socketcand.h"

#include <string.h>

#include "voltbus/hex.h"
#include "voltbus/time.h"

static const char *const words[] = {
#define X(name, text) text,
    VB_SOCKETCAND_WORDS(X)
#undef X
};

void vb_socketcand_init(struct vb_socketcand *s, enum vb_socketcand_side side) {
    memset(s, 0, sizeof *s);
    s->side = (uint8_t)side;
}

/* ---- a stream ---- */

static void take(struct vb_socketcand *s, char c) {
    if (c == '<') {
        s->bad += s->inside; /* the one before has no end */
        s->inside = true;
        s->drop = false;
        s->len = 0;
    } else if (!s->inside) {
        return;
    } else if (c == '>') {
        s->inside = false;
        s->ready = true;
    } else if (s->len == sizeof s->text) {
        s->drop = true;
    } else {
        s->text[s->len++] = c;
    }
}

size_t vb_socketcand_feed(struct vb_socketcand *s, const uint8_t *buf, size_t n) {
    size_t used = 0;
    while (used < n && !s->ready) {
        take(s, (char)buf[used++]);
    }
    return used;
}

/* What is left to read of a message. */
struct rest {
    const char *text;
    size_t n;
};

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_spaces(struct rest *rest) {
    while (rest->n > 0 && is_space(*rest->text)) {
        rest->text++;
        rest->n--;
    }
}

/* The next word; n = 0 at the end. */
static struct rest next(struct rest *rest) {
    skip_spaces(rest);
    struct rest word = {rest->text, 0};
    while (word.n < rest->n && !is_space(word.text[word.n])) {
        word.n++;
    }
    rest->text += word.n;
    rest->n -= word.n;
    return word;
}

/* 1 to 8 hex digits. */
static bool hexadecimal(struct rest word, uint32_t *value) {
    *value = 0;
    for (size_t i = 0; i < word.n; i++) {
        int digit = vb_hex_digit(word.text[i]);
        if (digit < 0 || i == 8) {
            return false;
        }
        *value = *value << 4 | (uint32_t)digit;
    }
    return word.n > 0;
}

static int read_id(struct rest *rest, struct vb_frame *frame) {
    struct rest word = next(rest);
    if (!hexadecimal(word, &frame->id)) {
        return VB_E_FORMAT;
    }
    if (word.n == 8 || frame->id > 0x7FF) {
        frame->flags |= VB_FRAME_EXT;
    }
    return VB_OK;
}

/* A length, of one digit as every client writes it. */
static int read_length(struct rest *rest, uint32_t *len) {
    struct rest word = next(rest);
    if (!hexadecimal(word, len)) {
        return VB_E_FORMAT;
    }
    return *len <= 8 ? VB_OK : VB_E_RANGE;
}

/* Bytes of one or two digits, each a word. */
static int read_bytes(struct rest *rest, uint32_t len, uint8_t data[8]) {
    for (uint32_t i = 0; i < len; i++) {
        struct rest word = next(rest);
        uint32_t byte;
        if (word.n > 2 || !hexadecimal(word, &byte)) {
            return VB_E_FORMAT;
        }
        data[i] = (uint8_t)byte;
    }
    return VB_OK;
}

/* "send ID LEN BYTES", "sendrtr ID LEN" */
static int read_send(struct rest *rest, bool remote, struct vb_frame *frame, uint8_t data[8]) {
    uint32_t len;
    int result = read_id(rest, frame);
    if (result == VB_OK) {
        result = read_length(rest, &len);
    }
    if (result < 0) {
        return result;
    }
    if (remote) {
        frame->flags |= VB_FRAME_RTR;
        frame->remote_len = (uint8_t)len;
        return VB_OK;
    }
    frame->len = len;
    return read_bytes(rest, len, data);
}

/* "frame ID TIME BYTES" (with spaces between the bytes or without), "rtr ID TIME LEN", "error ID
 * TIME" */
static int read_heard(struct rest *rest, enum vb_socketcand_word word, struct vb_frame *frame,
                      uint8_t data[8]) {
    uint32_t len;
    int result = read_id(rest, frame);
    struct rest stamp = next(rest);
    if (result == VB_OK) {
        result = vb_time_read(stamp.text, stamp.n, &frame->t_ns);
    }
    if (result < 0) {
        return VB_E_FORMAT;
    }
    if (word == VB_SOCKETCAND_ERROR) { /* its bytes are not sent */
        frame->flags = VB_FRAME_ERR;
        return VB_OK;
    }
    if (word == VB_SOCKETCAND_RTR) {
        result = read_length(rest, &len);
        frame->flags |= VB_FRAME_RTR;
        frame->remote_len = result == VB_OK ? (uint8_t)len : 0;
        return result;
    }
    size_t used;
    skip_spaces(rest);
    int n = vb_hex_read(rest->text, rest->n, data, 8, &used);
    if (n < 0) {
        return n == VB_E_SPACE ? VB_E_RANGE : VB_E_FORMAT;
    }
    frame->len = (uint32_t)n;
    rest->n = 0;
    return VB_OK;
}

static enum vb_socketcand_word word_of(struct rest word) {
    size_t i = 0;
    while (i < VB_SOCKETCAND_WORD_COUNT &&
           (strlen(words[i]) != word.n || memcmp(words[i], word.text, word.n) != 0)) {
        i++;
    }
    return (enum vb_socketcand_word)i;
}

/* An error is a frame where an id and a time follow; else words. */
static bool is_error_frame(struct rest rest) {
    uint32_t class;
    int64_t t_ns;
    struct rest id = next(&rest);
    struct rest stamp = next(&rest);
    return hexadecimal(id, &class) && vb_time_read(stamp.text, stamp.n, &t_ns) == VB_OK;
}

static bool is_plain(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

static int read_message(struct vb_socketcand *s, struct vb_socketcand_event *event) {
    struct rest rest = {s->text, s->len};
    event->word = word_of(next(&rest));
    skip_spaces(&rest);
    while (rest.n > 0 && is_space(rest.text[rest.n - 1])) {
        rest.n--;
    }
    event->text = rest.text;
    event->n = rest.n;
    bool client = s->side == VB_SOCKETCAND_CLIENT;
    bool send = event->word == VB_SOCKETCAND_SEND || event->word == VB_SOCKETCAND_SENDRTR;
    bool heard = event->word == VB_SOCKETCAND_FRAME || event->word == VB_SOCKETCAND_RTR ||
                 (event->word == VB_SOCKETCAND_ERROR && is_error_frame(rest));
    event->frame = (struct vb_frame){.kind = VB_KIND_CAN, .data = s->data};
    int result;
    if (client && heard) {
        result = read_heard(&rest, event->word, &event->frame, s->data);
    } else if (!client && send) {
        result = read_send(&rest, event->word == VB_SOCKETCAND_SENDRTR, &event->frame, s->data);
    } else {
        event->what = VB_SOCKETCAND_WHAT_WORD;
        return is_plain(event->text, event->n) ? VB_OK : VB_E_FORMAT;
    }
    event->what = VB_SOCKETCAND_WHAT_FRAME;
    if (result < 0) {
        return result;
    }
    return next(&rest).n > 0 ? VB_E_FORMAT : vb_frame_can_check(&event->frame);
}

bool vb_socketcand_next(struct vb_socketcand *s, struct vb_socketcand_event *event) {
    if (!s->ready) {
        return false;
    }
    *event = (struct vb_socketcand_event){.word = VB_SOCKETCAND_WORD_COUNT, .text = s->text};
    int result = s->drop ? VB_E_SPACE : read_message(s, event);
    s->ready = false;
    s->drop = false;
    if (result < 0) {
        s->bad++;
        event->what = VB_SOCKETCAND_WHAT_BAD;
        event->error = result;
    }
    return true;
}

/* ---- writing ---- */

static char *put_text(char *p, const char *text, size_t n) {
    if (n > 0) {
        memcpy(p, text, n);
    }
    return p + n;
}

static char *put_word(char *p, enum vb_socketcand_word word) {
    p = put_text(p, "< ", 2);
    p = put_text(p, words[word], strlen(words[word]));
    *p++ = ' ';
    return p;
}

int vb_socketcand_put(enum vb_socketcand_word word, const char *text, size_t n, char *out) {
    if ((size_t)word >= VB_SOCKETCAND_WORD_COUNT || n > VB_SOCKETCAND_TEXT - 32 ||
        !is_plain(text, n) || (n > 0 && (memchr(text, '<', n) || memchr(text, '>', n)))) {
        return VB_E_RANGE;
    }
    char *p = put_text(put_word(out, word), text, n);
    if (n > 0) {
        *p++ = ' ';
    }
    *p++ = '>';
    return (int)(p - out);
}

/* What a client sends: "1F2 2 30 79 " */
static char *put_send(char *p, const struct vb_frame *frame) {
    bool remote = frame->flags & VB_FRAME_RTR;
    *p++ = ' ';
    *p++ = (char)('0' + (remote ? frame->remote_len : frame->len));
    for (uint32_t i = 0; i < frame->len; i++) {
        *p++ = ' ';
        p += vb_hex_write(frame->data + i, 1, p);
    }
    return p;
}

/* What a server sends: "1F2 1700000000.123456 3079 " */
static char *put_heard(char *p, const struct vb_frame *frame) {
    *p++ = ' ';
    p += vb_time_text(frame->t_ns - frame->t_ns % VB_NS_PER_US, p);
    if (frame->flags & VB_FRAME_ERR) {
        return p;
    }
    *p++ = ' ';
    if (frame->flags & VB_FRAME_RTR) {
        *p++ = (char)('0' + frame->remote_len);
        return p;
    }
    return p + vb_hex_write(frame->data, frame->len, p);
}

int vb_socketcand_put_frame(enum vb_socketcand_side side, const struct vb_frame *frame, char *out) {
    bool server = side == VB_SOCKETCAND_SERVER;
    bool remote = frame->flags & VB_FRAME_RTR;
    bool error = frame->flags & VB_FRAME_ERR;
    if (vb_frame_can_check(frame) < 0 || frame->flags & VB_FRAME_FD || (error && !server)) {
        return VB_E_RANGE;
    }
    enum vb_socketcand_word word = error    ? VB_SOCKETCAND_ERROR
                                   : server ? (remote ? VB_SOCKETCAND_RTR : VB_SOCKETCAND_FRAME)
                                            : (remote ? VB_SOCKETCAND_SENDRTR : VB_SOCKETCAND_SEND);
    char *p = put_word(out, word);
    unsigned digits = frame->flags & VB_FRAME_EXT || frame->id > 0x7FF ? 8 : 3;
    p += vb_hex_number(frame->id, digits, p);
    p = server ? put_heard(p, frame) : put_send(p, frame);
    p = put_text(p, " >", 2);
    return (int)(p - out);
}

/* ---- the beacon ---- */

/* The place behind the next `what` in text from `at`; SIZE_MAX: there is none. */
static size_t behind(const char *text, size_t n, size_t at, const char *what) {
    size_t len = strlen(what);
    for (; at + len <= n; at++) {
        if (memcmp(text + at, what, len) == 0) {
            return at + len;
        }
    }
    return SIZE_MAX;
}

/* Up to the next character c; n = 0 if it does not come. */
static struct vb_socketcand_name up_to(const char *text, size_t n, size_t at, char c) {
    const char *end = at < n ? memchr(text + at, c, n - at) : NULL;
    struct vb_socketcand_name name = {text + (end ? at : 0), end ? (size_t)(end - text) - at : 0};
    return name;
}

/* An attribute of the tag text[at..], up to its '>'. */
static struct vb_socketcand_name attribute(const char *text, size_t n, size_t at,
                                           const char *name) {
    struct vb_socketcand_name none = {text, 0};
    struct vb_socketcand_name tag = up_to(text, n, at, '>');
    if (tag.n == 0) {
        return none;
    }
    size_t value = behind(text, at + tag.n, at, name);
    return value == SIZE_MAX ? none : up_to(text, at + tag.n, value, '"');
}

int vb_socketcand_beacon(const char *text, size_t n, struct vb_socketcand_beacon *beacon,
                         size_t *at) {
    size_t tag = behind(text, n, 0, "<CANBeacon");
    size_t url = tag == SIZE_MAX ? SIZE_MAX : behind(text, n, tag, "<URL>");
    if (url == SIZE_MAX) {
        return VB_E_FORMAT;
    }
    beacon->name = attribute(text, n, tag, " name=\"");
    beacon->type = attribute(text, n, tag, " type=\"");
    beacon->description = attribute(text, n, tag, " description=\"");
    beacon->url = up_to(text, n, url, '<');
    *at = tag;
    return beacon->url.n > 0 ? VB_OK : VB_E_FORMAT;
}

bool vb_socketcand_beacon_bus(const char *text, size_t n, size_t *at,
                              struct vb_socketcand_name *bus) {
    size_t tag;
    while ((tag = behind(text, n, *at, "<Bus")) != SIZE_MAX) {
        *at = tag;
        *bus = attribute(text, n, tag, " name=\"");
        if (bus->n > 0) {
            return true;
        }
    }
    return false;
}

/* A buffer that takes as much as fits, and knows how much there was. */
struct room {
    char *out;
    size_t n, cap;
};

static void put_raw(struct room *room, const char *text) {
    for (; *text; text++, room->n++) {
        if (room->n < room->cap) {
            room->out[room->n] = *text;
        }
    }
}

static void put_name(struct room *room, struct vb_socketcand_name name) {
    for (size_t i = 0; i < name.n; i++, room->n++) {
        char c = name.text[i];
        bool harmless = (unsigned char)c >= ' ' && c != '"' && c != '<' && c != '>' && c != '&';
        if (room->n < room->cap) {
            room->out[room->n] = harmless ? c : '_';
        }
    }
}

int vb_socketcand_put_beacon(const struct vb_socketcand_beacon *beacon,
                             const struct vb_socketcand_name *buses, size_t count, char *out,
                             size_t cap) {
    struct room room = {out, 0, cap};
    put_raw(&room, "<CANBeacon name=\"");
    put_name(&room, beacon->name);
    put_raw(&room, "\" type=\"");
    put_name(&room, beacon->type);
    put_raw(&room, "\" description=\"");
    put_name(&room, beacon->description);
    put_raw(&room, "\">\n<URL>");
    put_name(&room, beacon->url);
    put_raw(&room, "</URL>");
    for (size_t i = 0; i < count; i++) {
        put_raw(&room, "<Bus name=\"");
        put_name(&room, buses[i]);
        put_raw(&room, "\"/>");
    }
    put_raw(&room, "</CANBeacon>");
    return room.n <= cap ? (int)room.n : VB_E_SPACE;
}
