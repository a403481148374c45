/* text.c - for people: one frame a line, "name value unit" two spaces apart; on a terminal long
 * lines are broken between values. A '?' behind a value marks a guess of the source, '!' one out of
 * range. Bits that nobody understands are left out where they are all 0; JSON and CSV have them
 * always.
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/out/pen.h"
#include "host/out/stream.h"
#include "host/out/v2g.h"
#include "voltbus/rapi.h"
#include "voltbus/time.h"

#define TEXT_MAX (SAMPLE_TEXT + 256)

/* printf into text; returns the length of what is there, cut off at its end. */
static size_t print(char text[TEXT_MAX], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static size_t print(char text[TEXT_MAX], const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, TEXT_MAX, fmt, args);
    va_end(args);
    return n < 0 ? 0 : n < TEXT_MAX ? (size_t)n : TEXT_MAX - 1;
}

/* A line of RAPI as text, cut to what a line may have. */
static size_t rapi_line(const struct vb_frame *frame, char out[VB_RAPI_LINE_MAX + 1]) {
    struct vb_frame cut = *frame;
    cut.len = cut.len < VB_RAPI_LINE_MAX ? cut.len : VB_RAPI_LINE_MAX;
    uint32_t room = VB_RAPI_LINE_MAX - cut.len;
    cut.side_len = cut.side_len < room ? cut.side_len : (uint16_t)room;
    return vb_frame_text(&cut, out);
}

/* Time, link, device, id. A HomePlug message has the number of its packet and its name: its id tells
 * nobody what it is. */
static size_t beginning(const struct seen_frame *seen, const char *time, const char *id,
                        char text[TEXT_MAX]) {
    const char *name = seen->view ? seen->view->name : "-";
    if (seen->frame->kind != VB_KIND_PLC) {
        return print(text, "%s %s %s %s", time, seen->link, name, id);
    }
    char packet[24] = "";
    unsigned number = v2g_packet(seen->frame);
    const struct vb_message *message = seen->view ? seen->reading.message : NULL;
    if (number) {
        snprintf(packet, sizeof packet, " #%u", number);
    }
    return print(text, "%s %s%s %s %s%s%s", time, seen->link, packet, name, id, message ? " " : "",
                 message ? message->name : "");
}

static void frame(struct sink *sink, const struct seen_frame *seen) {
    struct pen pen = pen_of(sink);
    char text[TEXT_MAX];
    char id[VB_FRAME_ID_TEXT + 1] = "";
    char time[VB_TIME_TEXT + 1] = "";
    const struct view *view = seen->view;
    vb_frame_id_text(seen->frame, id);
    vb_time_text(seen->t_ns, time);
    if (!view && (seen->frame->kind == VB_KIND_V2G || seen->frame->kind == VB_KIND_NET)) {
        struct v2g_seen whole;
        v2g_read(seen->frame, &whole);
        v2g_text(sink, &whole, text, print(text, "%s %s", time, seen->link));
        return;
    }
    size_t n = beginning(seen, time, id, text);
    pen_text(&pen, text, n);
    enum vb_fault fault = view ? seen->reading.fault : (enum vb_fault)seen->frame->fault;
    if (fault != VB_FAULT_NONE) {
        pen_item(&pen, text, print(text, "error %s", vb_fault_text(fault)));
    }
    if (seen->frame->kind == VB_KIND_RAPI && (fault != VB_FAULT_NONE || !view)) {
        char line[VB_RAPI_LINE_MAX + 1];
        pen_item(&pen, line, rapi_line(seen->frame, line));
    } else if (fault != VB_FAULT_NONE || !view) {
        pen_hex(&pen, seen->frame->data, seen->frame->len);
    }
    size_t shown = 0;
    for (size_t i = 0; view && i < seen->reading.count; i++) {
        const struct vb_message *message = seen->reading.message;
        const struct vb_sample *sample = &view->samples[i];
        const struct column *column = &view->columns[message - view->instance.device->messages]
                                                    [sample->signal - message->signals];
        char value[SAMPLE_TEXT];
        bool is_word;
        if (sample->signal->flags & VB_UNKNOWN && sample->raw == 0) {
            continue;
        }
        shown++;
        size_t value_n = value_text(column, sample, value, &is_word);
        n = print(text, "%s %.*s%s%s%s", column->label, (int)value_n, value,
                  is_word ? "" : column->unit, column->guess ? "?" : "",
                  sample->out_of_range ? "!" : "");
        pen_item(&pen, text, n);
    }
    if (view && fault == VB_FAULT_NONE && shown == 0) {
        pen_item(&pen, "(no value)", 10);
    }
    pen_end(&pen);
}

const struct output output_text = {
    "text", "for people: one frame a line (default)", NULL, frame, &printer_live, true};
