/* output.c - the sink, the columns, and the table of outputs.
 * SPDX-License-Identifier: MIT */
#include "host/out/output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OUTPUT(stem) extern const struct output output_##stem;
#include "host/out/outputs.def"
#undef OUTPUT

const struct output *const outputs[] = {
#define OUTPUT(stem) &output_##stem,
#include "host/out/outputs.def"
#undef OUTPUT
};
const size_t output_count = sizeof outputs / sizeof outputs[0];

const struct output *output_find(const char *name) {
    for (size_t i = 0; i < output_count; i++) {
        if (strcmp(outputs[i]->name, name) == 0) {
            return outputs[i];
        }
    }
    return NULL;
}

void sink_open(struct sink *sink, int fd) {
    struct winsize size;
    sink->fd = fd;
    sink->columns = isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void sink_flush(struct sink *sink) {
    size_t at = 0;
    if (sink->fd < 0) {
        sink->error = EMSGSIZE;
    }
    while (at < sink->n && !sink->error) {
        ssize_t n = write(sink->fd, sink->buffer + at, sink->n - at);
        if (n >= 0) {
            at += (size_t)n;
        } else if (errno == EAGAIN) { /* somebody made it non-blocking: wait for room */
            poll(&(struct pollfd){.fd = sink->fd, .events = POLLOUT}, 1, -1);
        } else if (errno != EINTR) {
            sink->error = errno;
        }
    }
    sink->n = 0;
}

char *sink_room(struct sink *sink, size_t n) {
    if (SINK_SIZE - sink->n < n) {
        sink_flush(sink);
    }
    return sink->buffer + sink->n;
}

void sink_bytes(struct sink *sink, const char *text, size_t n) {
    while (n > SINK_SIZE) {
        memcpy(sink_room(sink, SINK_SIZE), text, SINK_SIZE);
        sink->n += SINK_SIZE;
        text += SINK_SIZE;
        n -= SINK_SIZE;
    }
    memcpy(sink_room(sink, n), text, n);
    sink->n += n;
}

void sink_text(struct sink *sink, const char *text) {
    sink_bytes(sink, text, strlen(text));
}

void sink_hex(struct sink *sink, const uint8_t *bytes, size_t n) {
    static const char digits[] = "0123456789abcdef";
    while (n > 0) {
        size_t some = n < 1024 ? n : 1024;
        char *p = sink_room(sink, 2 * some);
        for (size_t i = 0; i < some; i++) {
            *p++ = digits[bytes[i] >> 4];
            *p++ = digits[bytes[i] & 15];
        }
        sink->n += 2 * some;
        bytes += some;
        n -= some;
    }
}

size_t text_columns(const char *text, size_t n) {
    size_t columns = 0;
    for (size_t i = 0; i < n; i++) {
        columns += ((unsigned char)text[i] & 0xC0) != 0x80; /* continuation bytes take no room */
    }
    return columns;
}

/* One character of a JSON string. Returns its length (6 at most). */
static size_t json_escape(char c, char *out) {
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = c;
        return 2;
    }
    if ((unsigned char)c >= 0x20) {
        out[0] = c;
        return 1;
    }
    memcpy(out, "\\u00", 4);
    out[4] = hex[(unsigned char)c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

void sink_json(struct sink *sink, const char *text) {
    for (; *text; text++) {
        sink->n += json_escape(*text, sink_room(sink, 6));
    }
}

/* before + text (escaped) + after, in memory of its own. */
static char *joined_json(const char *before, const char *text, const char *after) {
    char *result = malloc(strlen(before) + 6 * strlen(text) + strlen(after) + 1);
    if (result) {
        char *p = result + strlen(strcpy(result, before));
        for (; *text; text++) {
            p += json_escape(*text, p);
        }
        strcpy(p, after);
    }
    return result;
}

static char *joined(const char *before, const char *text, const char *after) {
    char *result = malloc(strlen(before) + strlen(text) + strlen(after) + 1);
    if (result) {
        strcat(strcat(strcpy(result, before), text), after);
    }
    return result;
}

/* The unit as the last field of a line. Units of DBC files may be any text. */
static char *csv_tail(const char *unit) {
    if (!strpbrk(unit, ",\"\n")) {
        return joined(",", unit, "\n");
    }
    char *tail = malloc(2 * strlen(unit) + sizeof ",\"\"\n");
    char *p = tail;
    if (tail) {
        *p++ = ',';
        *p++ = '"';
        for (; *unit; unit++) {
            if (*unit == '"') {
                *p++ = '"';
            }
            *p++ = *unit;
        }
        strcpy(p, "\"\n");
    }
    return tail;
}

static bool column_init(struct column *column, const struct vb_signal *signal) {
    char *key = joined_json("\"", signal->name, "\":");
    char *tail = csv_tail(signal->unit);
    char *unit = joined(signal->unit[0] ? " " : "", signal->unit, "");
    *column = (struct column){.decimal = vb_signal_decimal(signal),
                              .key = key,
                              .tail = tail,
                              .label = signal->name,
                              .unit = unit,
                              .guess = signal->flags & VB_GUESS};
    if (!key || !tail || !unit) {
        return false;
    }
    column->key_n = (uint16_t)strlen(key);
    column->tail_n = (uint16_t)strlen(tail);
    column->label_n = (uint16_t)strlen(signal->name);
    return true;
}

/* Four times as many as there are messages, so that two ids seldom meet. */
static unsigned finder_bits(const struct vb_device *device) {
    unsigned bits = 4;
    while (bits < 16 && (1u << bits) < 4u * device->message_count) {
        bits++;
    }
    return bits;
}

bool view_init(struct view *view, const struct vb_device *device, const char *name,
               uint16_t number) {
    memset(view, 0, sizeof *view);
    view->name = name ? name : device->name;
    view->cap = vb_device_most(device);
    view->samples = calloc(view->cap + 1, sizeof *view->samples);
    view->columns = calloc(device->message_count + 1u, sizeof *view->columns);
    view->json_name = joined_json("\"device\":\"", view->name, "\",");
    struct vb_seen *seen = calloc(device->message_count + 1u, sizeof *seen);
    void *memory = calloc(1, device->memory + 1u);
    unsigned bits = finder_bits(device);
    struct vb_finder *finders = calloc((size_t)1 << bits, sizeof *finders);
    view->instance.device = device;
    view->instance.seen = seen;
    view->instance.memory = memory;
    view->instance.finders = finders;
    if (!finders || !view->samples || !view->columns || !view->json_name || !seen || !memory) {
        return false;
    }
    vb_instance_init(&view->instance, device, seen, number);
    view->instance.memory = memory;
    view->instance.memory_size = device->memory;
    view->instance.finders = finders;
    view->instance.finder_bits = (uint8_t)bits;
    for (unsigned m = 0; m < device->message_count; m++) {
        const struct vb_message *message = &device->messages[m];
        view->columns[m] = calloc(message->signal_count + 1u, sizeof **view->columns);
        for (unsigned i = 0; i < message->signal_count; i++) {
            if (!view->columns[m] || !column_init(&view->columns[m][i], &message->signals[i])) {
                return false;
            }
        }
    }
    return true;
}

void view_free(struct view *view) {
    const struct vb_device *device = view->instance.device;
    for (unsigned m = 0; device && view->columns && m < device->message_count; m++) {
        for (unsigned i = 0; view->columns[m] && i < device->messages[m].signal_count; i++) {
            free((void *)(uintptr_t)view->columns[m][i].key);
            free((void *)(uintptr_t)view->columns[m][i].tail);
            free((void *)(uintptr_t)view->columns[m][i].unit);
        }
        free(view->columns[m]);
    }
    free(view->columns);
    free(view->samples);
    free(view->json_name);
    free(view->instance.seen);
    free(view->instance.memory);
    free(view->instance.finders);
    memset(view, 0, sizeof *view);
}

size_t value_text(const struct column *column, const struct vb_sample *sample, char *out,
                  bool *is_word) {
    if (sample->signal->flags & VB_TEXT) { /* raw only tells it from others */
        *is_word = true;
        return sample->text
                   ? vb_bytes_text(sample->signal, sample->text, sample->text_len, out, SAMPLE_TEXT)
                   : 0;
    }
    if (!sample->signal->words) {
        *is_word = false;
        return vb_decimal_text(&column->decimal, sample->raw, out);
    }
    return vb_signal_text(sample->signal, sample->raw, out, VALUE_TEXT, is_word);
}

const char *row_range(const struct vb_signal *row, const struct vb_limits *limits,
                      const char *between, char *out, size_t n) {
    struct vb_signal limited = *row;
    size_t at = 0;
    limited.limits = limits;
    out[0] = '\0';
    for (const struct vb_word *w = row->words; w && w->word && at < n; w++) {
        if (row->flags & VB_BITS || vb_signal_in_limits(&limited, w->raw)) {
            at += (size_t)snprintf(out + at, n - at, "%s%s", at ? between : "", w->word);
        }
    }
    if (!row->words && limits) {
        snprintf(out, n, "%.12g to %.12g%s%s", (double)limits->min_milli / 1000,
                 (double)limits->max_milli / 1000, row->unit[0] ? " " : "", row->unit);
    }
    return out;
}
