/* csv.c - one row per sample: t,link,device,signal,value,unit. Frames that fail and values out of range
 * give no row: a table has no place to mark them.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/out/stream.h"
#include "voltbus/time.h"

#define PREFIX_MAX (VB_TIME_TEXT + 256)

static void begin(struct sink *sink) {
    sink_text(sink, "t,link,device,signal,value,unit\n");
}

/* Quote what CSV would misread; returns the new end. */
static char *field(char *p, const char *text) {
    if (!strpbrk(text, ",\"\n")) {
        size_t n = strlen(text);
        memcpy(p, text, n);
        return p + n;
    }
    *p++ = '"';
    for (; *text; text++) {
        if (*text == '"') {
            *p++ = '"';
        }
        *p++ = *text;
    }
    *p++ = '"';
    return p;
}

static void frame(struct sink *sink, const struct seen_frame *seen) {
    if (!seen->view || seen->reading.count == 0) {
        return;
    }
    const struct vb_message *message = seen->reading.message;
    const struct vb_device *device = seen->view->instance.device;
    const struct column *columns = seen->view->columns[message - device->messages];
    char prefix[PREFIX_MAX];
    char *end = prefix + vb_time_text(seen->t_ns, prefix);
    *end++ = ',';
    end = field(end, seen->link);
    *end++ = ',';
    end = field(end, seen->view->name);
    *end++ = ',';
    size_t prefix_n = (size_t)(end - prefix);
    for (size_t i = 0; i < seen->reading.count; i++) {
        const struct vb_sample *sample = &seen->view->samples[i];
        const struct column *column = &columns[sample->signal - message->signals];
        bool is_word;
        if (sample->out_of_range) {
            continue;
        }
        char *start =
            sink_room(sink, prefix_n + column->label_n + SAMPLE_TEXT + column->tail_n + 1u);
        char *p = start;
        memcpy(p, prefix, prefix_n);
        p += prefix_n;
        memcpy(p, column->label, column->label_n);
        p += column->label_n;
        *p++ = ',';
        size_t n = value_text(column, sample, p, &is_word);
        if (sample->signal->flags & VB_TEXT) { /* the device's own words */
            char text[SAMPLE_TEXT + 1];
            memcpy(text, p, n);
            text[n] = '\0';
            p = field(p, text);
        } else {
            p += n;
        }
        memcpy(p, column->tail, column->tail_n);
        p += column->tail_n;
        sink->n += (size_t)(p - start);
    }
}

const struct output output_csv = {"csv", "one row per sample: t,link,device,signal,value,unit",
                                  begin, frame, &printer_live};
