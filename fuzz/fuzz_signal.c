/* fuzz_signal.c - text to values and back, for every row of every device: what vb_signal_parse
 * accepts can be written into a frame, read back as the same raw value, and shown. The first two
 * bytes choose the row.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "voltbus/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL: a message that has no rows, or a row that is only read. */
static const struct vb_signal *choose(unsigned n) {
    const struct vb_device *device = vb_devices[n % vb_device_count];
    const struct vb_message *message = &device->messages[n / 16 % device->message_count];
    if (message->signal_count == 0) {
        return NULL;
    }
    const struct vb_signal *signal = &message->signals[n / 256 % message->signal_count];
    return signal->flags & (VB_FIELD | VB_BYTES | VB_SUM) ? NULL : signal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    const struct vb_signal *signal = choose((unsigned)data[0] | (unsigned)data[1] << 8);
    int64_t raw;
    int64_t again;
    uint8_t frame[512] = {0}; /* the longest are messages over many frames */
    char text[256];
    if (!signal || vb_signal_parse(signal, (const char *)data + 2, size - 2, &raw) != 0) {
        return 0;
    }
    if (vb_signal_put(signal, raw, frame, sizeof frame) != 0) {
        abort();
    }
    int result = vb_signal_get(signal, frame, sizeof frame, &again);
    /* "not available" can be written, and reads as no value */
    if (result == 0 ? again != raw
                    : !(signal->has_absent && raw == signal->absent) && !signal->curve) {
        abort();
    }
    vb_signal_text(signal, raw, text, sizeof text, NULL);
    return 0;
}
