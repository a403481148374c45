/* leaf_adapter.c - see leaf_adapter.h.
 * SPDX-License-Identifier: MIT */
#include "sim/leaf_adapter.h"

#include "voltbus/time.h"

/* 500 kbit/s, the rate of the car: S6, or s001C with the usual 16 MHz controller. */
#define RATE_DIGIT 6
#define RATE_BTR   0x001C

void leaf_adapter_init(struct leaf_adapter *a, int64_t now_ns) {
    memset(a, 0, sizeof *a);
    a->start_ns = now_ns;
    vb_slcan_init(&a->line, VB_SLCAN_ADAPTER);
}

static void answer(struct leaf_adapter *a, enum vb_slcan_what what, char letter, const char *text) {
    char line[VB_SLCAN_TEXT];
    int n = vb_slcan_put_answer(what, letter, text, text ? strlen(text) : 0, line);
    if (n > 0 && !sim_queue_put(&a->out, line, (size_t)n)) {
        a->lost = true;
    }
}

/* The rules are those of the LAWICEL adapter: what may be done while it is open, what while closed.
 * True: done. */
static bool obey(struct leaf_adapter *a, const struct vb_slcan_event *e) {
    switch (e->letter) {
    case 'S':
    case 's':
        if (a->open) {
            return false;
        }
        a->rate_set = true;
        a->rate_right = e->value == (e->letter == 'S' ? RATE_DIGIT : RATE_BTR);
        return true;
    case 'O':
    case 'L':
        if (a->open || !a->rate_set) {
            return false;
        }
        a->open = true;
        a->listen = e->letter == 'L';
        a->lost = false;
        return true;
    case 'C':
        if (!a->open) {
            return false;
        }
        a->open = false;
        return true;
    case 'Z':
        if (a->open) {
            return false;
        }
        a->stamps = e->value == 1;
        return true;
    case 'M':
    case 'm':
    case 'W': /* all frames pass, whatever the filter says */
    case 'Q':
        return !a->open;
    case 'X': /* frames are always sent without polling */
        return !a->open && e->value == 1;
    default: /* P A U Y: not this adapter */
        return false;
    }
}

static void command(struct leaf_adapter *a, const struct vb_slcan_event *e) {
    switch (e->letter) {
    case 'V':
        answer(a, VB_SLCAN_ANSWER, 'V', "1013");
        return;
    case 'v':
        answer(a, VB_SLCAN_ANSWER, 'v', "0100");
        return;
    case 'N':
        answer(a, VB_SLCAN_ANSWER, 'N', "SIM1");
        return;
    case 'F':
        if (a->open) {
            answer(a, VB_SLCAN_ANSWER, 'F', a->lost ? "08" : "00"); /* bit 3: data overrun */
            a->lost = false;
            return;
        }
        break;
    default:
        if (obey(a, e)) {
            answer(a, VB_SLCAN_OK, 0, NULL);
            return;
        }
    }
    answer(a, VB_SLCAN_ERROR, 0, NULL);
}

size_t leaf_adapter_feed(struct leaf_adapter *a, const uint8_t *bytes, size_t n,
                         struct vb_frame *frame, bool *sends) {
    struct vb_slcan_event e;
    size_t used = vb_slcan_feed(&a->line, bytes, n);
    *sends = false;
    if (!vb_slcan_next(&a->line, &e)) {
        return used;
    }
    if (e.what == VB_SLCAN_COMMAND) {
        command(a, &e);
    } else if (e.what == VB_SLCAN_FRAME && a->open && !a->listen &&
               !(e.frame.flags & VB_FRAME_FD)) {
        answer(a, VB_SLCAN_SENT, e.frame.flags & VB_FRAME_EXT ? 'Z' : 'z', NULL);
        *frame = e.frame;
        *sends = a->rate_right;
    } else {
        answer(a, VB_SLCAN_ERROR, 0, NULL);
    }
    return used;
}

bool leaf_adapter_hears(const struct leaf_adapter *a) {
    return a->open && a->rate_right;
}

void leaf_adapter_put(struct leaf_adapter *a, const struct vb_frame *frame, int64_t t_ns) {
    char text[VB_SLCAN_TEXT];
    if (!leaf_adapter_hears(a)) {
        return;
    }
    int32_t stamp = a->stamps ? (int32_t)((t_ns - a->start_ns) / VB_NS_PER_MS % 60000) : -1;
    int n = vb_slcan_put_frame(frame, stamp, text);
    if (n > 0 && !sim_queue_put(&a->out, text, (size_t)n)) {
        a->lost = true;
    }
}
