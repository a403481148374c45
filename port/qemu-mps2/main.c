/* main.c - decodes the worked examples (test/vectors/worked.txt) on a Cortex-M and prints the same
 * lines as `voltbus decode --csv` does on the host; test/e2e/qemu.sh compares them.
 * The same library, the same rows; no C library but mem* and str*, no operating system.
 * SPDX-License-Identifier: MIT */
#include "board.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "voltbus/device.h"
#include "voltbus/frame.h"
#include "voltbus/rfm69.h"
#include "voltbus/signal.h"

/* The examples, as they stand in the source tree; the linker takes them in. */
__asm__(".section .rodata.worked, \"a\"\n"
        ".global worked_start, worked_end\n"
        "worked_start: .incbin \"" WORKED "\"\n"
        "worked_end:\n"
        ".previous\n");
extern const char worked_start[], worked_end[];

/* Room for all devices at once; board_main checks it. A real program has one or two. */
enum { MAX_DEVICES = 128, MAX_MESSAGES = 2048, MAX_SAMPLES = 512 };

static struct vb_instance instances[MAX_DEVICES];
static struct vb_seen seen[MAX_MESSAGES];
static struct vb_sample samples[MAX_SAMPLES];
static size_t instance_count;

static void print(const char *text) {
    board_write(text, strlen(text));
}

/* One instance of each device that answers for its frames, with default settings. Returns false if
 * there is not enough room. */
static bool start(void) {
    size_t seen_count = 0;
    for (size_t i = 0; i < vb_device_count; i++) {
        const struct vb_device *device = vb_devices[i];
        if (device->instead_of != NULL) {
            continue;
        }
        if (instance_count == MAX_DEVICES || device->message_count > MAX_MESSAGES - seen_count ||
            vb_device_most(device) > MAX_SAMPLES) {
            return false;
        }
        vb_instance_init(&instances[instance_count], device, &seen[seen_count],
                         (uint16_t)instance_count);
        seen_count += device->message_count;
        instance_count++;
    }
    return true;
}

/* One row of CSV for each sample of a frame. */
static void show(const struct vb_frame *frame) {
    for (size_t i = 0; i < instance_count; i++) {
        const struct vb_reading reading =
            vb_instance_read(&instances[i], frame, samples, MAX_SAMPLES);
        for (size_t k = 0; k < reading.count; k++) {
            const struct vb_signal *signal = samples[k].signal;
            char value[256];
            size_t length = vb_signal_text(signal, samples[k].raw, value, sizeof value, NULL);
            print("0.000000,"); /* text without times */
            print(vb_kind_text((enum vb_kind)frame->kind));
            print(",");
            print(instances[i].device->name);
            print(",");
            print(signal->name);
            print(",");
            board_write(value, length);
            print(",");
            print(signal->unit);
            print("\n");
        }
    }
}

/* Read one line, ID#DATA or that of an RFM69 receiver; false if it is neither, nor a comment, nor
 * empty. */
static bool line(const char *text, size_t n) {
    uint8_t data[VB_RFM69_DATA];
    uint8_t side[VB_RFM69_SIDE];
    struct vb_frame frame;
    if (n == 0 || text[0] == '#') {
        return true;
    }
    if (vb_frame_read(text, n, &frame, data, NULL) != VB_OK &&
        vb_rfm69_read(text, n, &frame, data, side) != VB_OK) {
        return false;
    }
    show(&frame);
    return true;
}

int board_main(void) {
    if (!start()) {
        print("too many devices or messages\n");
        return 1;
    }
    print("t,link,device,signal,value,unit\n");
    int result = 0;
    const char *at = worked_start;
    while (at < worked_end) {
        const char *end = memchr(at, '\n', (size_t)(worked_end - at));
        if (!end) {
            end = worked_end;
        }
        if (!line(at, (size_t)(end - at))) {
            print("not understood: ");
            board_write(at, (size_t)(end - at));
            print("\n");
            result = 1;
        }
        at = end + 1;
    }
    return result;
}
