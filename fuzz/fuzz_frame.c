/* fuzz_frame.c - the text form of a frame: what is read can be written and read again.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "voltbus/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vb_frame frame;
    struct vb_frame again;
    uint8_t bytes[64];
    uint8_t bytes_again[64];
    char text[VB_FRAME_TEXT];
    if (vb_frame_read((const char *)data, size, &frame, bytes, NULL) == VB_OK) {
        size_t n = vb_frame_text(&frame, text);
        if (vb_frame_read(text, n, &again, bytes_again, NULL) != VB_OK || again.id != frame.id ||
            again.flags != frame.flags || again.kind != frame.kind || again.len != frame.len ||
            again.remote_len != frame.remote_len || memcmp(bytes, bytes_again, frame.len) != 0) {
            abort();
        }
    }
    return 0;
}
