/* json.c - one JSON object per frame and device:
 * {"t":1712145600.123456,"link":"can0","device":"leaf-battery","frame":"1DB","values":{...}}
 * A frame that fails its check has "error" and "data" and no values; a value beyond the limits of
 * its row stands in "out_of_range" instead of "values"; a frame that no row knows has "data" only. RAPI
 * has "line" for "data". A message between car and charger that is not read as a device is there whole
 * (host/out/v2g.h).
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/out/stream.h"
#include "host/out/v2g.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

static void line(struct sink *sink, const struct vb_frame *frame) {
    char text[2] = "$";
    sink_text(sink, "\"line\":\"$");
    for (size_t i = 0; i < (size_t)frame->len + frame->side_len; i++) {
        text[0] = (char)(i < frame->len ? frame->data[i] : frame->side[i - frame->len]);
        text[0] = text[0] >= ' ' && text[0] <= '~' ? text[0] : '?';
        sink_json(sink, text);
    }
    sink_bytes(sink, "\"", 1);
}

static void data(struct sink *sink, const struct vb_frame *frame) {
    if (frame->kind == VB_KIND_RAPI) { /* text: the line itself */
        line(sink, frame);
        return;
    }
    sink_text(sink, "\"data\":\"");
    for (uint32_t i = 0; i < frame->len; i++) {
        vb_hex_write(&frame->data[i], 1, sink_room(sink, 2));
        sink->n += 2;
    }
    sink_bytes(sink, "\"", 1);
}

static void values(struct sink *sink, const struct seen_frame *seen, const char *name, bool bad) {
    const struct vb_message *message = seen->reading.message;
    const struct column *columns =
        seen->view->columns[message - seen->view->instance.device->messages];
    bool first = true;
    char *p = sink_room(sink, 32);
    sink->n += strlen(strcpy(p, name));
    for (size_t i = 0; i < seen->reading.count; i++) {
        const struct vb_sample *sample = &seen->view->samples[i];
        if (sample->out_of_range != bad) {
            continue;
        }
        const struct column *column = &columns[sample->signal - message->signals];
        char *start = p = sink_room(sink, column->key_n + SAMPLE_TEXT + 8u);
        bool is_word;
        if (!first) {
            *p++ = ',';
        }
        first = false;
        memcpy(p, column->key, column->key_n);
        p += column->key_n;
        size_t n = value_text(column, sample, p + 1, &is_word);
        if (sample->signal->flags & VB_TEXT) { /* the device's own words, with whatever in them */
            char text[SAMPLE_TEXT + 1];
            memcpy(text, p + 1, n);
            text[n] = '\0';
            sink->n += (size_t)(p - start);
            sink_bytes(sink, "\"", 1);
            sink_json(sink, text);
            sink_bytes(sink, "\"", 1);
            continue;
        }
        if (is_word) {
            p[0] = '"';
            p[n + 1] = '"';
            p += n + 2;
        } else {
            memmove(p, p + 1, n);
            p += n;
        }
        sink->n += (size_t)(p - start);
    }
    sink_bytes(sink, "}", 1);
}

/* A HomePlug message: the number of its packet, and its name. */
static void plc_names(struct sink *sink, const struct seen_frame *seen) {
    unsigned packet = v2g_packet(seen->frame);
    if (packet) {
        char text[32];
        sink_bytes(sink, text, (size_t)snprintf(text, sizeof text, "\"packet\":%u,", packet));
    }
    if (seen->view && seen->reading.message) {
        sink_text(sink, "\"message\":\"");
        sink_json(sink, seen->reading.message->name);
        sink_text(sink, "\",");
    }
}

static void frame(struct sink *sink, const struct seen_frame *seen) {
    char *p = sink_room(sink, 64);
    memcpy(p, "{\"t\":", 5);
    size_t n = 5 + vb_time_text(seen->t_ns, p + 5);
    sink->n += n;
    if (seen->first && seen->relative) {
        sink_text(sink, ",\"t0\":\"relative\"");
    }
    sink_text(sink, ",\"link\":\"");
    sink_json(sink, seen->link);
    sink_bytes(sink, "\",", 2);
    if (seen->view) {
        sink_text(sink, seen->view->json_name);
    }
    p = sink_room(sink, 32);
    memcpy(p, "\"frame\":\"", 9);
    n = 9 + vb_frame_id_text(seen->frame, p + 9);
    if (!seen->view && (seen->frame->kind == VB_KIND_V2G || seen->frame->kind == VB_KIND_NET)) {
        struct v2g_seen whole;
        sink->n += n;
        sink_bytes(sink, "\"", 1);
        v2g_read(seen->frame, &whole);
        v2g_json(sink, &whole);
        sink_bytes(sink, "}\n", 2);
        return;
    }
    memcpy(p + n, "\",", 2);
    sink->n += n + 2;
    if (seen->frame->kind == VB_KIND_PLC) {
        plc_names(sink, seen);
    }
    enum vb_fault fault = seen->view ? seen->reading.fault : (enum vb_fault)seen->frame->fault;
    bool out_of_range = false;
    for (size_t i = 0; seen->view && i < seen->reading.count; i++) {
        out_of_range |= seen->view->samples[i].out_of_range;
    }
    if (seen->frame->flags & VB_FRAME_RTR) {
        sink_text(sink, "\"remote\":true,");
    }
    if (fault != VB_FAULT_NONE) {
        sink_text(sink, "\"error\":\"");
        sink_text(sink, vb_fault_text(fault));
        sink_text(sink, "\",");
        data(sink, seen->frame);
    } else if (seen->view) {
        values(sink, seen, "\"values\":{", false);
        if (out_of_range) {
            values(sink, seen, ",\"out_of_range\":{", true);
        }
    } else {
        data(sink, seen->frame);
    }
    sink_bytes(sink, "}\n", 2);
}

const struct output output_json = {
    "json", "one JSON object per frame and device, one a line", NULL, frame, &printer_live, true};
