/* text.c - for people: one frame a line, "name value unit" two spaces apart; on a terminal long
 * lines are broken between values. A '?' behind a value marks a guess of the source, '!' one out of
 * range. Bits that nobody understands are left out where they are all 0; JSON and CSV have them
 * always.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "host/out/output.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

#define INDENT         4
#define BREAK_AT_LEAST 40 /* narrower terminals break lines themselves */

/* Columns that UTF-8 text takes: its bytes but the continuation bytes. */
static size_t width(const char *text, size_t n) {
    size_t columns = 0;
    for (size_t i = 0; i < n; i++) {
        columns += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    return columns;
}

static size_t terminal_width(int fd) {
    struct winsize size;
    return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= BREAK_AT_LEAST
               ? size.ws_col
               : SIZE_MAX;
}

struct pen {
    struct sink *sink;
    size_t column, limit;
};

static void item(struct pen *pen, const char *text, size_t n) {
    size_t columns = width(text, n);
    if (pen->column + 2 + columns > pen->limit) {
        sink_bytes(pen->sink, "\n  ", 1 + INDENT / 2);
        pen->column = INDENT / 2;
    }
    sink_bytes(pen->sink, "  ", 2);
    sink_bytes(pen->sink, text, n);
    pen->column += 2 + columns;
}

static void frame(struct sink *sink, const struct seen_frame *seen) {
    char text[VB_FRAME_TEXT + VALUE_TEXT];
    struct pen pen = {sink, 0, terminal_width(sink->fd)};
    char id[VB_FRAME_ID_TEXT + 1] = "";
    char time[VB_TIME_TEXT + 1] = "";
    vb_frame_id_text(seen->frame, id);
    vb_time_text(seen->t_ns, time);
    int n = snprintf(text, sizeof text, "%s %s %s %s", time, seen->link,
                     seen->view ? seen->view->instance.device->name : "-", id);
    sink_bytes(sink, text, (size_t)n);
    pen.column = (size_t)n;
    enum vb_fault fault = seen->view ? seen->reading.fault : (enum vb_fault)seen->frame->fault;
    if (fault != VB_FAULT_NONE) {
        n = snprintf(text, sizeof text, "error %s", vb_fault_text(fault));
        item(&pen, text, (size_t)n);
    }
    if (fault != VB_FAULT_NONE || !seen->view) {
        for (uint32_t i = 0; i < seen->frame->len; i++) {
            char byte[2];
            vb_hex_write(&seen->frame->data[i], 1, byte);
            sink_bytes(sink, "  ", i == 0 ? 2 : 1);
            sink_bytes(sink, byte, 2);
        }
    }
    for (size_t i = 0; seen->view && i < seen->reading.count; i++) {
        const struct vb_message *message = seen->reading.message;
        const struct vb_sample *sample = &seen->view->samples[i];
        const struct column *column =
            &seen->view->columns[message - seen->view->instance.device->messages]
                                [sample->signal - message->signals];
        char value[VALUE_TEXT];
        bool is_word;
        if (sample->signal->flags & VB_UNKNOWN && sample->raw == 0) {
            continue;
        }
        size_t value_n = value_text(column, sample, value, &is_word);
        n = snprintf(text, sizeof text, "%s %.*s%s%s%s", column->label, (int)value_n, value,
                     is_word ? "" : column->unit, column->guess ? "?" : "",
                     sample->out_of_range ? "!" : "");
        item(&pen, text, (size_t)n);
    }
    sink_bytes(sink, "\n", 1);
}

const struct output output_text = {"text", "for people: one frame a line (default)", NULL, frame};
