/* frames.c - for tests: what the readers of recordings give, one line a frame, whatever devices make of it:
 * kind, id, seconds, packet, side, connection, flags, then the text of an event or the bytes in hexadecimal.
 * With --bus: seconds to the nanosecond (- = the file has none), link, direction, ID#DATA; behind the name of the
 * format. usage: frames [--bus] FILE. Lines that are wrong go to standard error.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/file/format.h"
#include "voltbus/v2gtp.h"

static unsigned get(const struct vb_frame *frame, size_t at, size_t n) {
    unsigned value = 0;
    for (size_t i = 0; i < n && at + n <= frame->side_len; i++) {
        value = value << 8 | frame->side[at + i];
    }
    return value;
}

static void show(const struct vb_frame *frame) {
    static const char *const sides[] = {"?", "EVCC", "SECC"};
    static const char *const flags[] = {"again", "split", "merged", "late", "log"};
    unsigned from = get(frame, VB_SIDE_FROM, 1);
    printf("%s %04X %" PRId64 ".%06d %u %s %u ", vb_kind_text((enum vb_kind)frame->kind),
           (unsigned)frame->id, frame->t_ns / 1000000000, (int)(frame->t_ns % 1000000000 / 1000),
           get(frame, VB_SIDE_PACKET, 4), sides[from < 3 ? from : 0],
           get(frame, VB_SIDE_STREAM, 2));
    unsigned set = get(frame, VB_SIDE_FLAGS, 1);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        printf("%s", set & 1u << i ? flags[i] : "");
        printf("%s", set & 1u << i && set >> (i + 1) ? "," : "");
    }
    printf("%s ", set ? "" : "-");
    if (frame->kind == VB_KIND_NET) {
        printf("%s: %.*s\n", vb_net_text((enum vb_net)frame->id), (int)frame->len,
               (const char *)frame->data);
        return;
    }
    for (size_t i = 0; i < frame->len; i++) {
        printf("%02x", frame->data[i]);
    }
    printf("\n");
}

static void show_bus(const struct reader *reader, const struct vb_frame *frame) {
    char time[32] = "-";
    char text[VB_FRAME_TEXT];
    uint64_t ns = frame->t_ns < 0 ? 0 - (uint64_t)frame->t_ns : (uint64_t)frame->t_ns;
    if (!(frame->flags & VB_FRAME_NO_TIME)) {
        snprintf(time, sizeof time, "%s%" PRIu64 ".%09" PRIu64, frame->t_ns < 0 ? "-" : "",
                 ns / 1000000000, ns % 1000000000);
    }
    printf("%s %s %c %.*s\n", time, reader->links[frame->bus],
           frame->flags & VB_FRAME_TX ? 'T' : 'R', (int)vb_frame_text(frame, text), text);
}

int main(int argc, char **argv) {
    static struct reader reader;
    bool bus = argc == 3 && strcmp(argv[1], "--bus") == 0;
    struct vb_frame frame;
    char why[160];
    char place[READER_PLACE];
    int result;
    const char *path = argc == 2 || bus ? argv[argc - 1] : NULL;
    struct lines *lines = path ? lines_open(path, why, sizeof why) : NULL;
    if (!lines) {
        fprintf(stderr, "frames: %s\n", path ? why : "expected FILE");
        return 1;
    }
    reader_init(&reader, lines, NULL);
    if (bus) {
        printf("%s\n", reader.format ? reader.format->name : "no format");
    }
    while (reader.format && (result = reader_next(&reader, &frame)) != 0 &&
           result != READER_BROKEN) {
        if (result > 0 && bus) {
            show_bus(&reader, &frame);
        } else if (result > 0) {
            show(&frame);
        } else {
            fprintf(stderr, "%s%s: %s\n", path, reader_place(&reader, place), reader.why);
        }
    }
    reader_close(&reader);
    return 0;
}
