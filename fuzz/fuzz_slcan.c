/* fuzz_slcan.c - slcan lines and streams: what was read is written as the same line.
 * Input: a byte (bit 0: side, bits 1-7: size of the pieces), then the stream.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/slcan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

/* The written line of a frame must read back as the same frame. */
static void check_frame(const struct vb_frame *frame, int32_t stamp_ms) {
    char text[VB_SLCAN_TEXT];
    int n = vb_slcan_put_frame(frame, stamp_ms, text);
    require(n > 0 && n <= VB_SLCAN_TEXT);
    struct vb_frame again;
    uint8_t bytes[64];
    int32_t stamp_again;
    require(vb_slcan_line(text, (size_t)n, &again, bytes, &stamp_again) == VB_OK);
    require(again.id == frame->id && again.flags == frame->flags && again.len == frame->len);
    require(again.len == 0 || memcmp(again.data, frame->data, again.len) == 0);
    require(stamp_again == stamp_ms && again.remote_len == frame->remote_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vb_frame frame;
    uint8_t bytes[64];
    int32_t stamp_ms;
    if (size == 0) {
        return 0;
    }
    if (vb_slcan_line((const char *)data + 1, size - 1, &frame, bytes, &stamp_ms) == VB_OK) {
        check_frame(&frame, stamp_ms);
    }
    struct vb_slcan s;
    size_t piece = (data[0] >> 1) + 1u;
    vb_slcan_init(&s, data[0] & 1 ? VB_SLCAN_ADAPTER : VB_SLCAN_HOST);
    for (size_t at = 1; at < size;) {
        size_t n = size - at < piece ? size - at : piece;
        size_t used = vb_slcan_feed(&s, data + at, n);
        require(used > 0 && used <= n);
        at += used;
        struct vb_slcan_event event;
        while (vb_slcan_next(&s, &event)) {
            char text[VB_SLCAN_TEXT];
            if (event.what == VB_SLCAN_FRAME) {
                check_frame(&event.frame, event.stamp_ms);
            } else if (event.what == VB_SLCAN_COMMAND) {
                int len = vb_slcan_put_command(event.letter, event.value, text);
                require(len == (int)event.len + 2);
            } else if (event.what != VB_SLCAN_BAD) {
                int len =
                    vb_slcan_put_answer(event.what, event.letter, event.text, event.len, text);
                require(len > 0 && len <= VB_SLCAN_TEXT);
            }
        }
    }
    return 0;
}
