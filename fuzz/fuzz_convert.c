/* fuzz_convert.c - recordings written: whatever is read, every frame of CAN that a format takes is read back from what it
 * wrote, with no line that is wrong; its id, bytes and flags where the format has them all. The first byte forces
 * the format that is read, the second one chooses the one that is written.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/file/writer.h"

#define FRAMES_MAX  4096
#define WRITTEN_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct reader reader;
static struct writer writer;

/* What must be the same in the end. */
struct seen {
    uint32_t id, len;
    uint16_t flags;
    uint8_t remote_len;
    uint8_t data[64];
};
static struct seen before[FRAMES_MAX];

static struct seen look(const struct vb_frame *frame) {
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    seen.id = frame->id;
    seen.len = frame->len;
    seen.flags = frame->flags & (VB_FRAME_EXT | VB_FRAME_RTR | VB_FRAME_ERR | VB_FRAME_FD |
                                 VB_FRAME_BRS | VB_FRAME_ESI | VB_FRAME_TX);
    seen.remote_len = frame->remote_len;
    if (frame->len > 0) {
        memcpy(seen.data, frame->data, frame->len);
    }
    return seen;
}

/* Which is written; *format: the one that reads it. */
static const struct writing *choose(uint8_t number, const struct format **format) {
    const struct writing *written[32];
    const struct format *of[32];
    size_t n = 0;
    for (size_t i = 0; i < format_count; i++) {
        for (const struct writing *how = formats[i]->writing; how && n < 32; how = how->other) {
            of[n] = formats[i];
            written[n++] = how;
        }
    }
    *format = of[number % n];
    return written[number % n];
}

/* Read what was written: n frames of CAN in any case, the same ones if all of them are there. */
static void read_back(const struct format *format, const char *text, size_t text_n, size_t n,
                      bool same) {
    struct vb_frame frame;
    size_t at = 0;
    int result;
    reader_init(&reader, lines_of_text(text, text_n), format);
    while ((result = reader_next(&reader, &frame)) != 0) {
        if (result < 0) {
            abort(); /* a wrong line */
        }
        if (frame.kind != VB_KIND_CAN) {
            continue;
        }
        struct seen seen = look(&frame);
        if (at < n && same && memcmp(&seen, &before[at], sizeof seen) != 0) {
            abort(); /* another frame */
        }
        at++;
    }
    if (at != n) {
        abort(); /* a frame more, or less */
    }
    reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vb_frame frame;
    size_t n = 0;
    int result;
    if (size < 2) {
        return 0;
    }
    reader_init(&reader, lines_of_text((const char *)data + 2, size - 2),
                data[0] < format_count ? formats[data[0]] : NULL);
    const struct format *format;
    const struct writing *how = choose(data[1], &format);
    int fd = memfd_create("written", MFD_CLOEXEC);
    struct pack *pack = pack_open(fd, PACKING_NONE);
    if (fd < 0 || !pack) {
        abort();
    }
    writer_begin(&writer, how, pack);
    while (reader.format && n < FRAMES_MAX && (result = reader_next(&reader, &frame)) != 0) {
        uint64_t frames = writer.frames;
        if (result < 0 || frame.kind != VB_KIND_CAN) {
            continue; /* packets come back as what is in them */
        }
        writer_frame(&writer, &frame, reader.links[frame.bus]);
        if (writer.frames > frames) {
            before[n++] = look(&frame);
        }
    }
    reader_close(&reader);
    writer_end(&writer);
    pack_close(pack);
    size_t written = (size_t)lseek(fd, 0, SEEK_END);
    if (n > 0 && written < WRITTEN_MAX && writer.losses[LOSS_TIME_RANGE] == 0) {
        uint32_t others = LACKS(SENT) | LACKS(ID_29);
        char *text = mmap(NULL, written, PROT_READ, MAP_PRIVATE, fd, 0);
        read_back(format, text, written, n,
                  !(how->lacks & others) && writer.losses[LOSS_ERROR_CLASS] == 0 &&
                      writer.losses[LOSS_ERROR_SENT] == 0);
        munmap(text, written);
    }
    close(fd);
    return 0;
}
