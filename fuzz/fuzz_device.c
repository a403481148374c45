/* fuzz_device.c - frames from raw values, for every message of every device: what vb_instance_write
 * accepts is a good frame and reads as the same values; what it refuses leaves the bytes alone.
 * And any bytes as a frame of the message: samples of bytes lie within it.
 * Input: device, message, length, settings, count of samples, then for each its row and raw (4
 * bytes; of rows of bytes the length), then what stands in the frame before.
 * A device that unpacks its frames (255: ccs-session) only reads: message chooses the payload type, settings the memory that it
 * has, and the payload is what follows. Where messages are put together from frames of CAN (254: leaf-battery-groups), frames
 * follow: a byte (bits 0-3: length, bit 7: it asks), then 8 bytes.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "voltbus/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GIVEN_MAX = 8, ROWS_MAX = 128 };

/* What was read begins with what was written: text ends there, a field that is longer has zeros. Of all bytes of a text those up
 * to a NUL are read. */
static bool same_bytes(const struct vb_sample *read, const struct vb_sample *given) {
    uint16_t n = read->text_len < given->text_len ? read->text_len : given->text_len;
    bool whole = n == given->text_len || (read->signal->flags & VB_STRING && given->text[n] == 0);
    return whole && (n == 0 || memcmp(read->text, given->text, n) == 0);
}

/* Any bytes with the id and the mark of a message: every sample lies within them. */
static void read_any(struct vb_instance *instance, const struct vb_message *message,
                     const uint8_t *data, size_t size) {
    static uint8_t bytes[1600];
    struct vb_sample samples[ROWS_MAX];
    size_t n = size < sizeof bytes ? size : sizeof bytes;
    const struct vb_mark *mark = message->mark;
    memcpy(bytes, data, n);
    if (mark && n >= (size_t)mark->at + mark->len) {
        memcpy(bytes + mark->at, mark->bytes, mark->len);
    }
    struct vb_frame frame = {.kind = instance->device->kind,
                             .id = message->id,
                             .flags = message->ext ? VB_FRAME_EXT : 0,
                             .data = bytes,
                             .len = (uint32_t)n};
    struct vb_reading reading = vb_instance_read(instance, &frame, samples, ROWS_MAX);
    for (size_t i = 0; i < reading.count; i++) {
        const char *text = samples[i].text;
        char shown[2 * VB_BYTES_MAX];
        if (!(samples[i].signal->flags & VB_BYTES)) {
            continue;
        }
        if (text < (char *)bytes || text + samples[i].text_len > (char *)bytes + n) {
            abort();
        }
        vb_bytes_text(samples[i].signal, text, samples[i].text_len, shown, sizeof shown);
    }
}

static void reads_back(struct vb_instance *instance, const struct vb_frame *frame,
                       const struct vb_sample *given, size_t count) {
    struct vb_sample samples[ROWS_MAX];
    struct vb_reading reading = vb_instance_read(instance, frame, samples, ROWS_MAX);
    if (!reading.message || reading.fault != VB_FAULT_NONE) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        const struct vb_signal *row = given[i].signal;
        bool there = false;
        for (size_t k = 0; k < reading.count; k++) {
            if (samples[k].signal == row) {
                there = true;
                bool bytes = row->flags & VB_BYTES;
                if (bytes ? !same_bytes(&samples[k], &given[i])
                          : samples[k].raw != given[i].raw || samples[k].out_of_range) {
                    abort();
                }
            }
        }
        /* "not available" reads as no value; a curve may write what it does not read */
        bool absent = row->flags & VB_BYTES ? row->has_absent
                                            : row->has_absent && given[i].raw == row->absent;
        if (!there && !absent && !row->curve) {
            abort();
        }
    }
}

static uint64_t memory[(65536 + 16384) / 8];

/* Samples, or a fault and none; text of samples stands in the memory. */
static void unpacks(const struct vb_device *device, const uint8_t *data, size_t size) {
    static const uint16_t types[] = {0x8001, 0x8002, 0x8003, 0x8004, 0x8005, 0x9000};
    struct vb_instance instance;
    struct vb_sample samples[ROWS_MAX];
    vb_instance_init(&instance, device, NULL, 0);
    if (device->memory > sizeof memory || vb_device_most(device) > ROWS_MAX) {
        abort();
    }
    instance.memory = memory;
    instance.memory_size = data[3] == 255 ? device->memory : data[3] * 64u;
    struct vb_frame frame = {.kind = device->kind,
                             .id = types[data[1] % (sizeof types / sizeof types[0])],
                             .data = data + 5,
                             .len = (uint32_t)(size - 5)};
    struct vb_reading reading = vb_instance_read(&instance, &frame, samples, ROWS_MAX);
    if (reading.fault != VB_FAULT_NONE && (reading.count > 0 || reading.fault != VB_FAULT_EXI)) {
        abort();
    }
    for (size_t i = 0; i < reading.count; i++) {
        const char *text = samples[i].text;
        if (text && (text < (char *)memory || samples[i].text_len > VB_STRING_MAX ||
                     text + samples[i].text_len > (char *)memory + instance.memory_size)) {
            abort();
        }
    }
}

/* Messages of many frames: text of samples stands in the memory, and parts have no samples. */
static void puts_together(const struct vb_device *device, const uint8_t *data, size_t size) {
    struct vb_instance instance;
    struct vb_sample samples[ROWS_MAX];
    vb_instance_init(&instance, device, NULL, 0);
    memset(memory, 0, device->memory);
    instance.memory = memory;
    instance.memory_size = data[3] >= 128 ? device->memory : data[3] * 16u;
    struct vb_frame frame = {.kind = VB_KIND_CAN};
    for (data += 5, size -= 5; size >= 9; data += 9, size -= 9) {
        frame.id = data[0] & 128 ? 0x79B : 0x7BB;
        frame.len = (data[0] & 15) % 9;
        frame.data = data + 1;
        struct vb_reading reading = vb_instance_read(&instance, &frame, samples, ROWS_MAX);
        if (reading.count > 0 && (reading.part || reading.fault != VB_FAULT_NONE)) {
            abort();
        }
        for (size_t i = 0; i < reading.count; i++) {
            const char *text = samples[i].text;
            if (text && (text < (char *)memory ||
                         text + samples[i].text_len > (char *)memory + instance.memory_size)) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 5) {
        return 0;
    }
    const struct vb_device *device = data[0] == 255   ? vb_device_find("ccs-session")
                                     : data[0] == 254 ? vb_device_find("leaf-battery-groups")
                                                      : vb_devices[data[0] % vb_device_count];
    if (device->unpack && device->kind == VB_KIND_CAN) {
        puts_together(device, data, size);
        return 0;
    }
    if (device->unpack) {
        unpacks(device, data, size);
        return 0;
    }
    if (device->kind == VB_KIND_RAPI) {
        return 0; /* text is not written */
    }
    const struct vb_message *message = &device->messages[data[1] % device->message_count];
    size_t n = data[2] % (VB_WRITE_MAX + 2);
    size_t wanted = message->signal_count ? data[4] % (GIVEN_MAX + 1) : 0;
    size_t count = 0;
    struct vb_instance instance;
    vb_instance_init(&instance, device, NULL, 0);
    for (unsigned i = 0; i < device->setting_count; i++) {
        unsigned values = 1;
        while (device->settings[i].values[values]) {
            values++;
        }
        vb_instance_set(&instance, device->settings[i].name,
                        device->settings[i].values[data[3] / (i + 1) % values]);
    }
    data += 5;
    size -= 5;
    read_any(&instance, message, data, size);
    struct vb_sample given[GIVEN_MAX] = {0};
    for (; count < wanted && size >= 5; count++, data += 5, size -= 5) {
        const struct vb_signal *row = &message->signals[data[0] % message->signal_count];
        uint32_t raw =
            data[1] | (uint32_t)data[2] << 8 | (uint32_t)data[3] << 16 | (uint32_t)data[4] << 24;
        given[count] = (struct vb_sample){.signal = row, .raw = (int32_t)raw};
        if (row->flags & VB_BYTES) { /* bytes of the input, and any length of them */
            given[count].text = (const char *)data;
            given[count].text_len = (uint16_t)(raw % (size + 1));
        }
    }
    uint8_t before[VB_WRITE_MAX + 2] = {0};
    uint8_t out[VB_WRITE_MAX + 2];
    memcpy(before, data, size < sizeof before ? size : sizeof before);
    memcpy(out, before, sizeof out);
    size_t at;
    int result = vb_instance_write(&instance, message, given, count, out, n, 3, &at);
    if (memcmp(out + n, before + n, sizeof out - n) != 0 || at > count) {
        abort();
    }
    if (result != VB_OK) {
        if (memcmp(out, before, sizeof out) != 0) {
            abort();
        }
        return 0;
    }
    struct vb_frame frame = {.kind = device->kind,
                             .id = device->kind == VB_KIND_RADIO ? out[0] : message->id,
                             .flags = message->ext ? VB_FRAME_EXT : 0,
                             .data = out,
                             .len = (uint32_t)n};
    reads_back(&instance, &frame, given, count);
    return 0;
}
