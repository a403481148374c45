/* slcan.c - slcan (LAWICEL ASCII) in both directions, from both sides.
 * Leaves out: the order of a session (C, Sn, O) and its timeouts (src/proto), unwrapping the 60 s
 * time stamp, eight-digit microsecond stamps, vendors' own letters.
 * Facts: reference/can-transports.md section 2.1, docs/slcan.md.
 * SPDX-License-Identifier: MIT */
#include "voltbus/slcan.h"

#include <string.h>

#include "voltbus/hex.h"

#define CR           '\r'
#define LF           '\n'
#define BEL          '\a'
#define STAMP_DIGITS 4

const uint32_t vb_slcan_rates[VB_SLCAN_RATES] = {10000,  20000,  50000,  100000,  125000,
                                                 250000, 500000, 800000, 1000000, 83300};

int vb_slcan_rate_digit(uint32_t bits_per_s) {
    for (int i = 0; i < VB_SLCAN_RATES; i++) {
        if (vb_slcan_rates[i] == bits_per_s) {
            return i;
        }
    }
    return bits_per_s == 750000 ? 7 : VB_E_UNKNOWN;
}

/* The forms of a frame line. */
struct form {
    char letter;
    uint8_t digits; /* of the id */
    uint16_t flags;
};

static const struct form forms[] = {
    {'t', 3, 0},
    {'T', 8, VB_FRAME_EXT},
    {'r', 3, VB_FRAME_RTR},
    {'R', 8, VB_FRAME_EXT | VB_FRAME_RTR},
    {'d', 3, VB_FRAME_FD},
    {'D', 8, VB_FRAME_EXT | VB_FRAME_FD},
    {'b', 3, VB_FRAME_FD | VB_FRAME_BRS},
    {'B', 8, VB_FRAME_EXT | VB_FRAME_FD | VB_FRAME_BRS},
};
#define FORM_FLAGS (VB_FRAME_EXT | VB_FRAME_RTR | VB_FRAME_FD | VB_FRAME_BRS)

/* The commands of the header, one character of text left out. */
struct command {
    char letter;
    uint8_t digits;
    uint32_t most;
};

static const struct command commands[] = {
#define X(letter, digits, most, title) {letter, digits, most},
    VB_SLCAN_COMMANDS(X)
#undef X
};

static const uint8_t fd_len[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64};

static const struct form *form_of(char letter) {
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].letter == letter) {
            return &forms[i];
        }
    }
    return NULL;
}

static const struct command *command_of(char letter) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (commands[i].letter == letter) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Read exactly `digits` (at most 8) hex digits. */
static bool number(const char *text, size_t digits, uint32_t *value) {
    uint32_t v = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = vb_hex_digit(text[i]);
        if (digit < 0) {
            return false;
        }
        v = v << 4 | (uint32_t)digit;
    }
    *value = v;
    return true;
}

static uint32_t id_max(uint16_t flags) {
    return flags & VB_FRAME_EXT ? 0x1FFFFFFF : 0x7FF;
}

/* Read the part of a frame line that follows its letter. */
static int read_frame(const struct form *form, const char *text, size_t n, struct vb_frame *frame,
                      uint8_t data[64], int32_t *stamp_ms) {
    uint32_t id, code;
    size_t at = form->digits + 1u;
    if (n < at || !number(text, form->digits, &id) || !number(text + form->digits, 1, &code)) {
        return VB_E_FORMAT;
    }
    if (id > id_max(form->flags) || (code > 8 && !(form->flags & VB_FRAME_FD))) {
        return VB_E_RANGE;
    }
    size_t len = form->flags & VB_FRAME_RTR ? 0 : fd_len[code];
    if (n != at + 2 * len && n != at + 2 * len + STAMP_DIGITS) {
        return VB_E_FORMAT;
    }
    /* Check all digits before the first byte is written: the caller's data stays whole on failure.
     */
    for (size_t i = at; i < n; i++) {
        if (vb_hex_digit(text[i]) < 0) {
            return VB_E_FORMAT;
        }
    }
    for (size_t i = 0; i < len; i++, at += 2) {
        data[i] = (uint8_t)(vb_hex_digit(text[at]) << 4 | vb_hex_digit(text[at + 1]));
    }
    *frame = (struct vb_frame){
        .id = id,
        .flags = form->flags,
        .kind = VB_KIND_CAN,
        .len = (uint32_t)len,
        .remote_len = form->flags & VB_FRAME_RTR ? (uint8_t)code : 0,
        .data = data,
    };
    if (stamp_ms) {
        uint32_t stamp = 0;
        bool stamped = n > at && number(text + at, STAMP_DIGITS, &stamp);
        *stamp_ms = stamped ? (int32_t)stamp : -1;
    }
    return VB_OK;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == CR || c == LF;
}

int vb_slcan_line(const char *text, size_t n, struct vb_frame *frame, uint8_t data[64],
                  int32_t *stamp_ms) {
    while (n > 0 && is_space(text[n - 1])) {
        n--;
    }
    while (n > 0 && is_space(*text)) {
        text++;
        n--;
    }
    const struct form *form = n > 0 ? form_of(*text) : NULL;
    return form ? read_frame(form, text + 1, n - 1, frame, data, stamp_ms) : VB_E_FORMAT;
}

/* ---- a stream ---- */

void vb_slcan_init(struct vb_slcan *s, enum vb_slcan_side side) {
    memset(s, 0, sizeof *s);
    s->side = (uint8_t)side;
}

/* Take one byte; s->ready if that makes an event. */
static void take(struct vb_slcan *s, char c) {
    bool host = s->side == VB_SLCAN_HOST;
    if (c == BEL && host) {
        /* Whatever stood before was no complete line; what follows may be the rest of it. A BEL
         * while dropping is an answer all the same, and then the line may begin afresh. */
        s->bad += s->len > 0;
        s->drop = s->len > 0;
        s->len = 0;
        s->alone = BEL;
        s->ready = true;
    } else if (c == CR) {
        if (s->drop) {
            s->drop = false;
            s->len = 0;
        } else {
            s->ready = s->len > 0 || host;
        }
    } else if (c == LF || s->drop) {
        return;
    } else if (s->len == VB_SLCAN_LINE || c < ' ' || c > '~') {
        s->drop = true;
        s->alone = '!';
        s->ready = true;
    } else {
        s->line[s->len++] = c;
    }
}

size_t vb_slcan_feed(struct vb_slcan *s, const uint8_t *buf, size_t n) {
    size_t used = 0;
    while (used < n && !s->ready) {
        take(s, (char)buf[used++]);
    }
    return used;
}

/* What an adapter's line means to the host. */
static int read_answer(struct vb_slcan_event *event) {
    switch (event->letter) {
    case 'z':
    case 'Z':
        event->what = VB_SLCAN_SENT;
        return event->len == 0 ? VB_OK : VB_E_FORMAT;
    case 'V':
    case 'v':
    case 'N':
    case 'F':
    case 'A': /* end of the frames that A asked for */
        event->what = VB_SLCAN_ANSWER;
        if (event->len > 8 || !number(event->text, event->len, &event->value)) {
            event->value = 0; /* serial numbers and some versions are words */
        }
        return VB_OK;
    default:
        return VB_E_UNKNOWN;
    }
}

/* What a host's line means to the adapter. */
static int read_command(struct vb_slcan_event *event) {
    const struct command *command = command_of(event->letter);
    if (!command) {
        return VB_E_UNKNOWN;
    }
    event->what = VB_SLCAN_COMMAND;
    if (event->len != command->digits || !number(event->text, event->len, &event->value)) {
        return VB_E_FORMAT;
    }
    return event->value <= command->most ? VB_OK : VB_E_RANGE;
}

bool vb_slcan_next(struct vb_slcan *s, struct vb_slcan_event *event) {
    if (!s->ready) {
        return false;
    }
    char alone = s->alone;
    *event = (struct vb_slcan_event){.what = VB_SLCAN_OK, .text = s->line, .stamp_ms = -1};
    s->ready = false;
    s->alone = 0;
    int result = VB_OK;
    if (alone == BEL) {
        event->what = VB_SLCAN_ERROR;
    } else if (alone) {
        event->letter = s->len > 0 ? s->line[0] : '\0';
        result = s->len == VB_SLCAN_LINE ? VB_E_SPACE : VB_E_FORMAT;
    } else if (s->len > 0) {
        event->letter = s->line[0];
        event->text = s->line + 1;
        event->len = s->len - 1u;
        const struct form *form = form_of(event->letter);
        if (form) {
            event->what = VB_SLCAN_FRAME;
            result =
                read_frame(form, event->text, event->len, &event->frame, s->data, &event->stamp_ms);
        } else {
            result = s->side == VB_SLCAN_HOST ? read_answer(event) : read_command(event);
        }
    }
    s->len = 0;
    if (result < 0) {
        s->bad++;
        event->what = VB_SLCAN_BAD;
        event->error = result;
        event->value = 0;
    }
    return true;
}

/* ---- writing ---- */

int vb_slcan_put_frame(const struct vb_frame *frame, int32_t stamp_ms, char *out) {
    const struct form *form = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].flags == (frame->flags & FORM_FLAGS)) {
            form = &forms[i];
        }
    }
    if (!form || frame->kind != VB_KIND_CAN || frame->flags & VB_FRAME_ERR ||
        frame->id > id_max(frame->flags)) {
        return VB_E_RANGE;
    }
    bool remote = (frame->flags & VB_FRAME_RTR) != 0;
    unsigned code = remote ? frame->remote_len : 0;
    if (!remote) {
        while (code < 15 && fd_len[code] < frame->len) {
            code++;
        }
        if (fd_len[code] != frame->len) {
            return VB_E_RANGE;
        }
    }
    if ((code > 8 && !(frame->flags & VB_FRAME_FD)) || stamp_ms > 0xFFFF) {
        return VB_E_RANGE;
    }
    char *p = out;
    *p++ = form->letter;
    p += vb_hex_number(frame->id, form->digits, p);
    p += vb_hex_number(code, 1, p);
    if (!remote) {
        p += vb_hex_write(frame->data, frame->len, p);
    }
    if (stamp_ms >= 0) {
        p += vb_hex_number((uint32_t)stamp_ms, STAMP_DIGITS, p);
    }
    *p++ = CR;
    return (int)(p - out);
}

int vb_slcan_put_command(char letter, uint32_t value, char *out) {
    const struct command *command = command_of(letter);
    if (!command) {
        return VB_E_UNKNOWN;
    }
    if (value > command->most) {
        return VB_E_RANGE;
    }
    out[0] = letter;
    size_t n = 1 + vb_hex_number(value, command->digits, out + 1);
    out[n] = CR;
    return (int)n + 1;
}

int vb_slcan_put_answer(enum vb_slcan_what what, char letter, const char *text, size_t n,
                        char *out) {
    switch (what) {
    case VB_SLCAN_OK:
        out[0] = CR;
        return 1;
    case VB_SLCAN_ERROR:
    case VB_SLCAN_BAD:
        out[0] = BEL;
        return 1;
    case VB_SLCAN_SENT:
        if (letter != 'z' && letter != 'Z') {
            return VB_E_RANGE;
        }
        out[0] = letter;
        out[1] = CR;
        return 2;
    case VB_SLCAN_ANSWER:
        if (n > VB_SLCAN_LINE - 1 || letter == '\0' || !strchr("VvNFA", letter)) {
            return VB_E_RANGE;
        }
        out[0] = letter;
        if (n > 0) {
            memcpy(out + 1, text, n);
        }
        out[1 + n] = CR;
        return (int)n + 2;
    case VB_SLCAN_FRAME:
    case VB_SLCAN_COMMAND:
        break;
    }
    return VB_E_RANGE;
}
