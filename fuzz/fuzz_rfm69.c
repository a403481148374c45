/* fuzz_rfm69.c - the RFM69 line: what was read is written as a line that reads the same.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/rfm69.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vb_frame frame, again;
    uint8_t bytes[VB_RFM69_DATA], bytes_again[VB_RFM69_DATA];
    uint8_t side[VB_RFM69_SIDE], side_again[VB_RFM69_SIDE];
    char text[VB_RFM69_TEXT];
    if (vb_rfm69_read((const char *)data, size, &frame, bytes, side) != VB_OK) {
        return 0;
    }
    int n = vb_rfm69_write(&frame, text);
    require(n > 0 && n <= VB_RFM69_TEXT);
    require(vb_rfm69_read(text, (size_t)n, &again, bytes_again, side_again) == VB_OK);
    require(again.id == frame.id && again.len == frame.len && again.side_len == frame.side_len);
    require(memcmp(again.data, frame.data, frame.len) == 0);
    require(frame.side_len == 0 || memcmp(again.side, frame.side, frame.side_len) == 0);
    return 0;
}
