/* fuzz_lin.c - the LIN receiver: no byte may be lost or used twice, and no frame may claim a
 * checksum that it has not.
 * Input: a byte of options (bit 0: baud known; bit 1: plain bytes follow,
 * without marks and times), then pairs: what comes with the byte (bits 0-1 mark, bit 2 time passes
 * first, bits 3-7 bit times since the last byte, 31 = a second, 30 = back), and the byte.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>

#include "voltbus/lin.h"
#include "voltbus/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

struct count {
    size_t frames, response;
};

static void take(struct vb_lin_rx *rx, struct count *count) {
    struct vb_frame f;
    while (vb_lin_rx_next(rx, &f)) {
        require(f.kind == VB_KIND_LIN && f.id < VB_LIN_IDS && f.len <= VB_LIN_DATA_MAX);
        require(f.side_len == 1 || f.side_len == 2);
        require(f.fault == VB_FAULT_PARITY ? vb_lin_id(f.side[0]) == VB_E_CHECK
                                           : vb_lin_id(f.side[0]) == (int)f.id);
        require((f.fault == VB_FAULT_NONE) == (f.flags != 0));
        if (f.flags) {
            require(f.len >= 1 && f.side_len == 2);
            require(f.side[1] == vb_lin_checksum(f.flags, (uint8_t)f.id, f.data, f.len));
        }
        count->frames++;
        count->response += f.len + f.side_len - 1u;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vb_lin_rx rx;
    struct count count = {0, 0};
    if (size == 0) {
        return 0;
    }
    bool plain = data[0] & 2;
    size_t step = plain ? 1 : 2;
    size_t fed = 0;
    int64_t t = 0;
    vb_lin_rx_init(&rx, data[0] & 1 ? 19200 : 0);
    for (size_t i = 1; i + step <= size; i += step) {
        unsigned with = plain ? 0 : data[i];
        unsigned bits = with >> 3;
        int64_t add = bits == 31   ? VB_NS_PER_S
                      : bits == 30 ? -VB_NS_PER_MS
                                   : (int64_t)bits * 2 * VB_NS_PER_S / 19200;
        t += add;
        if (with & 4) {
            vb_lin_rx_tick(&rx, t);
            take(&rx, &count);
            (void)vb_lin_rx_deadline_ns(&rx);
        }
        enum vb_lin_mark mark = (with & 3) == 3 ? VB_LIN_MARK_NONE : (enum vb_lin_mark)(with & 3);
        require(vb_lin_rx_feed(&rx, data[i + step - 1], mark, t) == VB_OK);
        take(&rx, &count);
        fed++;
    }
    vb_lin_rx_tick(&rx, INT64_MAX);
    take(&rx, &count);
    require(rx.count == 0);
    size_t headers = fed - rx.skipped - count.response;
    require(headers >= 2 * count.frames && headers <= 3 * count.frames);
    return 0;
}
