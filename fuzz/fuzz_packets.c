/* fuzz_packets.c - recordings with packets or V2G messages in them: whatever the bytes, each is read as far as it
 * goes, every frame can be looked at, every error has a reason, and the end comes. The first byte says how the
 * rest is read: by content, or as one of the formats.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/file/format.h"
#include "voltbus/v2gtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"pcap", "pcapng", "claralog", "pyplc", "exi-log", "qca-spi"};

static void look_at(const struct reader *reader, const struct vb_frame *frame) {
    unsigned sum = 0;
    for (size_t i = 0; i < frame->len; i++) {
        sum += frame->data[i];
        if (frame->kind == VB_KIND_NET && (frame->data[i] < ' ' || frame->data[i] > '~')) {
            abort(); /* words for people */
        }
    }
    for (size_t i = 0; i < frame->side_len; i++) {
        sum += frame->side[i];
    }
    bool ours =
        frame->kind == VB_KIND_PLC || frame->kind == VB_KIND_V2G || frame->kind == VB_KIND_NET;
    if (frame->bus >= reader->link_count || frame->kind >= VB_KIND_COUNT ||
        (ours && frame->side_len != VB_SIDE_V2G_SIZE) || sum > UINT32_MAX / 2) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct reader reader;
    struct vb_frame frame;
    int result;
    if (size < 1) {
        return 0;
    }
    struct lines *lines = lines_of_text((const char *)data + 1, size - 1);
    reader_init(&reader, lines,
                data[0] < sizeof names / sizeof names[0] ? format_find(names[data[0]]) : NULL);
    for (size_t count = 0; reader.format && (result = reader_next(&reader, &frame)) != 0; count++) {
        if (result > 0) {
            look_at(&reader, &frame);
        } else if (reader.why[0] == '\0') {
            abort(); /* an error without a reason */
        }
        if (count > 16 * size + 1000) {
            abort(); /* it does not end */
        }
    }
    reader_close(&reader);
    return 0;
}
