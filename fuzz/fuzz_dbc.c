/* fuzz_dbc.c - DBC files: whatever the bytes, either a device comes out that the engine accepts, or a reason. Oddities
 * are lines, in the order of the file. No two messages have one name, nor two rows of a message. The device reads
 * frames and lists its rows without harm.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/file/dbc.h"
#include "host/out/text_buffer.h"
#include "voltbus/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_text(const char *text) {
    size_t length;
    for (size_t i = 0, n = strlen(text); i < n; i += length) {
        length = text_utf8_length(text + i, n - i);
        if (length == 0 || (unsigned char)text[i] < ' ') {
            abort();
        }
    }
}

static void tell(void *context, unsigned long line, const char *what) {
    unsigned long *before = context;
    if (line < *before || what[0] == '\0') {
        abort();
    }
    must_be_text(what);
    *before = line;
}

static void must_be_row(const struct vb_signal *row) {
    must_be_text(row->name);
    must_be_text(row->unit);
    must_be_text(row->title ? row->title : "");
    for (const struct vb_word *w = row->words; w && w->word; w++) {
        must_be_text(w->word);
        if (w->word[0] == '\0' || strchr(w->word, ' ')) {
            abort();
        }
    }
}

/* Frames of all ones, and of a pattern, long and short. */
static void read_frames(const struct vb_device *device, const struct vb_message *message) {
    static const uint8_t bytes[2][64] = {
        {0x80, 1, 0x7F, 0xC0, 5, 0, 0x3F, 0x80, 0, 0, 0x7F, 0xF0, 1},
        {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
         0xFF}};
    struct vb_instance instance;
    struct vb_sample *samples = malloc((vb_device_most(device) + 1) * sizeof *samples);
    vb_instance_init(&instance, device, NULL, 0);
    for (unsigned i = 0; samples && i < 4; i++) {
        struct vb_frame frame = {.id = message->id,
                                 .kind = VB_KIND_CAN,
                                 .flags = message->ext ? VB_FRAME_EXT : 0,
                                 .len = i < 2 ? 64 : 5,
                                 .data = bytes[i % 2]};
        struct vb_reading reading =
            vb_instance_read(&instance, &frame, samples, vb_device_most(device));
        for (size_t s = 0; s < reading.count; s++) {
            char text[256];
            size_t n = vb_signal_text(samples[s].signal, samples[s].raw, text, sizeof text, NULL);
            if (n == 0 || n > sizeof text) {
                abort();
            }
        }
    }
    free(samples);
}

#define COMPARED 64 /* names, with all before them */

static void must_have_own_names(const struct vb_device *device) {
    for (size_t m = 0; m < device->message_count && m < COMPARED; m++) {
        const struct vb_message *message = &device->messages[m];
        for (size_t i = 0; i < m; i++) {
            if (strcmp(device->messages[i].name, message->name) == 0) {
                abort();
            }
        }
        for (size_t s = 0; s < message->signal_count && s < COMPARED; s++) {
            for (size_t i = 0; i < s; i++) {
                if (strcmp(message->signals[i].name, message->signals[s].name) == 0) {
                    abort();
                }
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena = {NULL};
    struct vb_defect defect;
    char why[DBC_WHY] = "";
    unsigned long line = 0;
    const struct vb_device *device =
        dbc_parse(&arena, "fuzz.dbc", size ? (const char *)data : "", size, tell, &line, why);
    if ((device == NULL) != (why[0] != '\0') ||
        (device && vb_device_check(device, &defect) != VB_OK)) {
        abort();
    }
    if (device) {
        must_have_own_names(device);
    }
    for (size_t m = 0; device && m < device->message_count; m++) {
        const struct vb_message *message = &device->messages[m];
        must_be_text(message->name);
        must_be_text(message->title);
        for (size_t i = 0; i < message->signal_count; i++) {
            must_be_row(&message->signals[i]);
        }
        if (m < 8) {
            read_frames(device, message);
        }
    }
    arena_free(&arena);
    return 0;
}
