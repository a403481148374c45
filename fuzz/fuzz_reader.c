/* fuzz_reader.c - text captures: whatever the bytes, a format is found or not, and every line is a
 * frame, nothing, or an error with a reason. All frames go through all devices and all outputs.
 * The first byte forces a format, or lets the reader find it.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/file/format.h"
#include "host/out/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct reader reader;
static struct sink sink;
static struct view *views;

static void prepare(void) {
    views = calloc(vb_device_count, sizeof *views);
    sink.fd = open("/dev/null", O_WRONLY);
    for (size_t i = 0; i < vb_device_count; i++) {
        if (!view_init(&views[i], vb_devices[i], NULL, 0)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vb_frame frame;
    int result;
    if (size < 1) {
        return 0;
    }
    if (!views) {
        prepare();
    }
    struct lines *lines = lines_of_text((const char *)data + 1, size - 1);
    reader_init(&reader, lines, data[0] < format_count ? formats[data[0]] : NULL);
    while (reader.format && (result = reader_next(&reader, &frame)) != 0) {
        if (result < 0) {
            if (reader.why[0] == '\0') {
                abort(); /* an error without a reason */
            }
            continue;
        }
        for (size_t i = 0; i < vb_device_count; i++) {
            struct view *view = &views[i];
            struct seen_frame seen = {.frame = &frame, .link = reader.links[frame.bus]};
            seen.reading = vb_instance_read(&view->instance, &frame, view->samples, view->cap);
            seen.view = seen.reading.message ? view : NULL;
            for (size_t o = 0; o < output_count; o++) {
                if (outputs[o]->frame) {
                    outputs[o]->frame(&sink, &seen);
                }
            }
        }
    }
    reader_close(&reader);
    return 0;
}
