/* candump_console.c - what `candump can0` prints: "  can0  1DB   [8]  00 04 C2 62 00 00 03 B6",
 * with any of the times of -t, the direction of -x, the ASCII of -a, bits (-i), the last byte first (-S), colours
 * (-c), what -e tells of error frames; and the same from a two-channel board, "(360.36) RX0 12B [8] ..". Left out:
 * CAN XL, which is named. Delta times (-t d) cannot be told from the others and are read as they stand. Facts:
 * reference/can-transports.md sections 1.2, 1.8; captures show shell prompts between the lines.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/file/can_text.h"
#include "host/file/writer.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

/* "[8]", "[08]" (FD), "{B}" (raw DLC). Returns the count of bytes, or -1. */
static int read_length(const char *word, size_t n, bool *fd) {
    if (n < 3 || n > 4 || !((word[0] == '[' && word[n - 1] == ']') || (word[0] == '{' && n == 3))) {
        return -1;
    }
    if (word[0] == '{') {
        return vb_hex_digit(word[1]) > 8 ? 8 : -1;
    }
    *fd = n == 4;
    int value = 0;
    for (size_t i = 1; i < n - 1; i++) {
        if (word[i] < '0' || word[i] > '9') {
            return -1;
        }
        value = value * 10 + (word[i] - '0');
    }
    return value <= (*fd ? 64 : 8) ? value : -1;
}

/* "DB", or "11011011". */
static bool read_byte(const char *word, size_t n, uint8_t *byte) {
    unsigned bits = 0;
    if (n == 2) {
        return vb_hex_read(word, 2, byte, 1, NULL) == 1;
    }
    for (size_t i = 0; i < n; i++) {
        bits = bits << 1 | (word[i] == '1');
        if (word[i] != '0' && word[i] != '1') {
            return false;
        }
    }
    *byte = (uint8_t)bits;
    return n == 8;
}

/* "B6`03`00": the last byte comes first. */
static bool read_swapped(const char *word, size_t n, uint8_t *bytes, size_t count) {
    for (size_t i = count; i > 0; i--) {
        const char *mark = memchr(word, '`', n);
        size_t length = mark ? (size_t)(mark - word) : n;
        if (!read_byte(word, length, &bytes[i - 1]) || !mark != (i == 1)) {
            return false;
        }
        word += length + (mark != NULL);
        n -= length + (mark != NULL);
    }
    return true;
}

/* "RX0", "TX1": a channel and a direction. Returns the number's place, 0 = it is a name. */
static size_t board_channel(const char *name, size_t n) {
    return n == 3 && (memcmp(name, "RX", 2) == 0 || memcmp(name, "TX", 2) == 0) && '0' <= name[2] &&
                   name[2] <= '9'
               ? 2
               : 0;
}

static int read_plain(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    static const char expected[] = "expected \"can0  1DB   [8]  00 11 ..\"";
    const char *at = text;
    const char *end = text + n;
    const char *name;
    const char *word;
    bool timed = false;
    size_t name_n = next_word(&at, end, &name);
    if (name_n == 0) {
        return LINE_NOTHING;
    }
    if (*name == '(') {
        const char *close = memchr(name, ')', (size_t)(end - name));
        size_t inner = close ? (size_t)(close - name) - 1 : 0;
        if (!close || (vb_time_read(name + 1, inner, &frame->t_ns) < 0 &&
                       reader_date(name + 1, inner, &frame->t_ns) < 0)) {
            return reader_wrong(r, VB_E_FORMAT, "%s", expected);
        }
        timed = true;
        at = close + 1;
        name_n = next_word(&at, end, &name);
    }
    size_t word_n = next_word(&at, end, &word);
    if ((word_n == 2 && (memcmp(word, "RX", 2) == 0 || memcmp(word, "TX", 2) == 0))) {
        frame->flags |= word[0] == 'T' ? VB_FRAME_TX : 0;
        for (int flags = 0; flags < 2; flags++) { /* "- -", "B E": bit rate switch, error state */
            word_n = next_word(&at, end, &word);
            if (word_n == 1 && (*word == 'B' || *word == 'E')) {
                frame->flags |= *word == 'B' ? VB_FRAME_BRS : VB_FRAME_ESI;
            }
        }
        word_n = next_word(&at, end, &word);
    }
    /* The id, as the text form knows it: 3 digits, or 8. */
    char id_text[10];
    struct vb_frame id;
    if (word_n != 3 && word_n != 8) {
        return reader_wrong(r, VB_E_FORMAT, "%s", expected);
    }
    memcpy(id_text, word, word_n);
    id_text[word_n] = '#';
    int result = vb_frame_read(id_text, word_n + 1, &id, r->data, NULL);
    word_n = next_word(&at, end, &word);
    bool fd = false;
    if (result == VB_OK && word_n == 6 && *word == '[') {
        return reader_wrong(r, VB_E_FORMAT, "a frame of CAN XL: not read");
    }
    int count = result < 0 ? -1 : read_length(word, word_n, &fd);
    if (count < 0) {
        return reader_wrong(r, VB_E_FORMAT, "%s", expected);
    }
    frame->kind = VB_KIND_CAN;
    frame->id = id.id;
    frame->flags |= (uint16_t)(id.flags | (fd ? VB_FRAME_FD : 0) | (timed ? 0 : VB_FRAME_NO_TIME));
    size_t channel = board_channel(name, name_n);
    frame->bus =
        channel ? can_link(r, name + channel, name_n - channel) : reader_link(r, name, name_n);
    frame->flags |= channel && *name == 'T' ? VB_FRAME_TX : 0;
    frame->data = r->data;
    for (int i = 0; i < count; i++) {
        word_n = next_word(&at, end, &word);
        if (i == 0 && word_n == 6 && memcmp(word, "remote", 6) == 0) {
            frame->flags |= VB_FRAME_RTR;
            frame->remote_len = (uint8_t)count;
            return LINE_FRAME;
        }
        if (i == 0 && count > 1 && read_swapped(word, word_n, r->data, (size_t)count)) {
            break;
        }
        if (!read_byte(word, word_n, &r->data[i])) {
            return reader_wrong(r, VB_E_FORMAT, "column %zu: expected %d bytes, byte %d is missing",
                                (size_t)(word - text) + 1, count, i + 1);
        }
    }
    frame->len = (uint32_t)count;
    word_n = next_word(&at, end, &word);
    if (word_n == 6 && memcmp(word, "remote", 6) == 0) { /* "[0]  remote request" */
        frame->flags |= VB_FRAME_RTR;
    } else if (word_n > 0 && *word != '\'' && !(frame->flags & VB_FRAME_ERR)) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected the end after %d bytes",
                            (size_t)(word - text) + 1, count);
    }
    return LINE_FRAME;
}

#define COLOURED_MAX 1024

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    char plain[COLOURED_MAX];
    size_t at = 0;
    if (n > 0 && *text == '\t') {
        return LINE_NOTHING; /* what candump -e tells of the error frame before */
    }
    if (n >= sizeof plain || !memchr(text, '\x1B', n)) {
        return read_plain(r, text, n, frame);
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '\x1B') {
            plain[at++] = text[i];
            continue;
        }
        while (i < n && text[i] != 'm') {
            i++;
        }
    }
    return read_plain(r, plain, at, frame);
}

/* ---- writing ---- */

#define LINE_ROOM 512

/* As candump -t a; with the columns of -x where there is something to tell. */
static bool write_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    char *line = writer_room(w, LINE_ROOM);
    char *p = line;
    if (!(frame->flags & VB_FRAME_NO_TIME)) {
        p = put_text(p, " (");
        p += vb_time_text(frame->t_ns, p);
        *p++ = ')';
    }
    p = put_text(p, "  ");
    p = put_text(p, link);
    if (frame->flags & (VB_FRAME_TX | VB_FRAME_BRS | VB_FRAME_ESI)) {
        p = put_text(p, frame->flags & VB_FRAME_TX ? "  TX" : "  RX");
        p = put_text(p, frame->flags & VB_FRAME_BRS ? " B" : " -");
        p = put_text(p, frame->flags & VB_FRAME_ESI ? " E" : " -");
    }
    p = put_text(p, "  ");
    p += vb_frame_id_text(frame, p);
    if (frame->flags & VB_FRAME_FD) {
        p += sprintf(p, "  [%02u]", (unsigned)frame->len);
    } else {
        bool remote = frame->flags & VB_FRAME_RTR;
        p += sprintf(p, "   [%u]", remote ? frame->remote_len : (unsigned)frame->len);
        p = put_text(p, remote ? "  remote request" : "");
    }
    p = put_text(p, frame->len > 0 ? " " : "");
    p = put_bytes(p, frame, ' ', 0);
    p = put_text(p, frame->flags & VB_FRAME_ERR ? "   ERRORFRAME\n" : "\n");
    writer_used(w, p);
    return true;
}

static const struct writing writing = {
    .name = "candump-console",
    .lacks = LACKS_OTHERS | LACKS(NANOSECONDS) | LACKS(NEGATIVE),
    .unit_ns = 1,
    .first_bus = WRITER_NAMES,
    .frame = write_frame,
};

const struct format format_candump_console = {
    .name = "candump-console",
    .title = "candump on the terminal: can0  1DB   [8]  00 04 ..",
    .read = read_line,
    .writing = &writing};
