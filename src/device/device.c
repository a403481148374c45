/* device.c - from a frame to samples and back: which message, is it good, which rows are there.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

#include <limits.h>
#include <string.h>

#include "voltbus/bits.h"
#include "voltbus/homeplug.h"
#include "voltbus/time.h"

size_t vb_device_most(const struct vb_device *device) {
    size_t most = 0;
    for (unsigned i = 0; i < device->message_count; i++) {
        if (device->messages[i].signal_count > most) {
            most = device->messages[i].signal_count;
        }
    }
    return most;
}

void vb_instance_init(struct vb_instance *instance, const struct vb_device *device,
                      struct vb_seen *seen, uint16_t number) {
    *instance = (struct vb_instance){.device = device, .number = number, .seen = seen};
    for (unsigned i = 0; i < device->setting_count; i++) {
        instance->choice[i] = instance->chosen[i] = device->settings[i].initial;
    }
    if (seen) {
        memset(seen, 0, device->message_count * sizeof *seen);
    }
}

int vb_instance_set(struct vb_instance *instance, const char *setting, const char *value) {
    const struct vb_device *device = instance->device;
    for (unsigned i = 0; i < device->setting_count; i++) {
        if (strcmp(device->settings[i].name, setting) != 0) {
            continue;
        }
        for (uint8_t v = 0; device->settings[i].values[v]; v++) {
            if (strcmp(device->settings[i].values[v], value) == 0) {
                instance->choice[i] = instance->chosen[i] = v;
                instance->rank[i] = 0;
                return VB_OK;
            }
        }
        return VB_E_RANGE;
    }
    return VB_E_UNKNOWN;
}

bool vb_instance_has(const struct vb_instance *instance, struct vb_when when) {
    return when.values == 0 || (when.values >> instance->choice[when.setting] & 1);
}

static void take_hints(struct vb_instance *instance, const struct vb_frame *frame) {
    const struct vb_device *device = instance->device;
    if (frame->fault != VB_FAULT_NONE || frame->flags & VB_FRAME_EXT) {
        return; /* not what the id says */
    }
    for (unsigned i = 0; i < device->hint_count; i++) {
        const struct vb_hint *hint = &device->hints[i];
        if (hint->id == frame->id && (hint->len == 0 || hint->len == frame->len) &&
            instance->chosen[hint->setting] == hint->automatic &&
            hint->rank >= instance->rank[hint->setting]) {
            instance->choice[hint->setting] = hint->value;
            instance->rank[hint->setting] = hint->rank;
        }
    }
}

#define FIELDS_ANY UINT_MAX /* no frame of text */

/* Answers of text differ by their number of fields, from version to version and with NK. */
static bool has_fields(const struct vb_message *message, unsigned fields) {
    return fields == FIELDS_ANY || (fields >= message->len_min && fields <= message->len_max);
}

/* Number of the first message that the id can mean, whatever its settings, fields and mark are. */
static unsigned first_of(const struct vb_device *device, uint32_t id, bool ext) {
    unsigned i = 0;
    while (i < device->message_count &&
           ((id & device->messages[i].mask) != device->messages[i].id ||
            device->messages[i].ext != ext)) {
        i++;
    }
    return i;
}

/* The same, remembered. */
static unsigned first_known(const struct vb_instance *instance, uint32_t id, bool ext) {
    if (!instance->finders) {
        return 0;
    }
    uint32_t place =
        id * UINT32_C(2654435769) >> (32 - instance->finder_bits); /* 2^32 / golden ratio */
    struct vb_finder *finder = &instance->finders[place];
    if (!finder->known || finder->id != id || finder->ext != ext) {
        *finder = (struct vb_finder){id, (uint16_t)first_of(instance->device, id, ext), ext, true};
    }
    return finder->first;
}

static const struct vb_message *find_message(const struct vb_instance *instance,
                                             const struct vb_frame *frame) {
    const struct vb_device *device = instance->device;
    bool ext = frame->flags & VB_FRAME_EXT;
    unsigned fields =
        frame->kind == VB_KIND_RAPI ? vb_field_count(frame->data, frame->len) : FIELDS_ANY;
    for (unsigned i = first_known(instance, frame->id, ext); i < device->message_count; i++) {
        const struct vb_message *message = &device->messages[i];
        if ((frame->id & message->mask) == message->id && message->ext == ext &&
            vb_instance_has(instance, message->when) && has_fields(message, fields) &&
            vb_message_marked(message, frame->data, frame->len)) {
            return message;
        }
    }
    return NULL;
}

/* The receiver's rule: a counter differs from that of the frame before. After so long a time that
 * it may have gone all the way round (frames lost by a logger, a gap in the recording) it tells
 * nothing: an e-NV200 log written to an SD card loses four frames now and then. */
static bool counter_stands(struct vb_instance *instance, const struct vb_message *message,
                           const struct vb_frame *frame) {
    unsigned bits;
    uint8_t counter = vb_message_counter(message, frame, &bits);
    if (bits == 0 || !instance->seen) {
        return false;
    }
    struct vb_seen *seen = &instance->seen[message - instance->device->messages];
    int64_t age_ns; /* of clocks that jump anywhere */
    bool aged = !__builtin_sub_overflow(frame->t_ns, seen->t_ns, &age_ns);
    int64_t round_ns = ((1 << bits) * 2 - 1) * message->period_ms * VB_NS_PER_MS / 2;
    bool comparable = seen->any && aged && age_ns >= 0 && (round_ns == 0 || age_ns < round_ns);
    bool stands = comparable && seen->counter == counter;
    *seen = (struct vb_seen){frame->t_ns, counter, true};
    return stands;
}

static int get_row(const struct vb_signal *signal, const struct vb_frame *frame, int64_t *raw) {
    bool side = signal->flags & VB_SIDE;
    return vb_signal_get(signal, side ? frame->side : frame->data,
                         side ? frame->side_len : frame->len, raw);
}

/* Is this row in the frame, as far as multiplexing goes? Deeper than depth is a table that points
 * at itself. */
static bool selected(const struct vb_instance *instance, const struct vb_message *message,
                     const struct vb_signal *signal, const struct vb_frame *frame, unsigned depth) {
    if (!signal->mux) {
        return true;
    }
    for (const struct vb_mux *mux = signal->mux; mux; mux = mux->or_else) {
        if (mux->selector >= message->signal_count || depth == 0) {
            continue;
        }
        const struct vb_signal *selector = &message->signals[mux->selector];
        int64_t raw;
        if (vb_instance_has(instance, selector->when) && get_row(selector, frame, &raw) == VB_OK &&
            raw >= mux->lo && raw <= mux->hi &&
            selected(instance, message, selector, frame, depth - 1)) {
            return true;
        }
    }
    return false;
}

/* The frame that rows can read, or the fault why there is none. Returns as vb_device.unpack, but no error: VB_OK,
 * VB_E_MORE, VB_E_UNKNOWN. */
static int unpacked(const struct vb_instance *instance, const struct vb_frame *frame,
                    struct vb_frame *plain) {
    *plain = *frame;
    if (frame->fault != VB_FAULT_NONE) {
        return VB_OK;
    }
    int result = instance->device->unpack(frame, instance->memory, instance->memory_size, plain);
    if (result == VB_E_MORE || result == VB_E_UNKNOWN) {
        return result;
    }
    if (result < 0) {
        plain->fault = VB_FAULT_EXI;
    }
    return VB_OK;
}

struct vb_reading vb_instance_read(struct vb_instance *instance, const struct vb_frame *frame,
                                   struct vb_sample *samples, size_t cap) {
    struct vb_reading reading = {.fault = VB_FAULT_NONE};
    if (frame->kind != instance->device->kind ||
        frame->flags & (VB_FRAME_RTR | VB_FRAME_ERR | VB_FRAME_ASK)) {
        return reading;
    }
    struct vb_frame plain;
    if (instance->device->unpack) {
        int result = unpacked(instance, frame, &plain);
        if (result != VB_OK) {
            reading.part = result == VB_E_MORE;
            return reading;
        }
        frame = &plain;
    }
    take_hints(instance, frame);
    const struct vb_message *message = reading.message = find_message(instance, frame);
    if (!message) {
        return reading;
    }
    reading.fault = (enum vb_fault)frame->fault;
    if (reading.fault == VB_FAULT_NONE) {
        reading.fault = vb_message_check(message, frame);
    }
    if (reading.fault == VB_FAULT_NONE && counter_stands(instance, message, frame)) {
        reading.fault = VB_FAULT_COUNTER;
    }
    if (reading.fault != VB_FAULT_NONE) {
        return reading;
    }
    for (unsigned i = 0; i < message->signal_count && reading.count < cap; i++) {
        const struct vb_signal *signal = &message->signals[i];
        int64_t raw;
        if (vb_instance_has(instance, signal->when) &&
            (!signal->mux || selected(instance, message, signal, frame, VB_MUX_DEPTH_MAX)) &&
            get_row(signal, frame, &raw) == VB_OK) {
            struct vb_sample *sample = &samples[reading.count++];
            *sample = (struct vb_sample){.t_ns = frame->t_ns,
                                         .signal = signal,
                                         .raw = raw,
                                         .device = instance->number,
                                         .out_of_range = !(signal->flags & VB_SOFT) &&
                                                         !vb_signal_in_limits(signal, raw)};
            if (signal->flags & VB_TEXT) {
                bool side = signal->flags & VB_SIDE;
                int len = vb_signal_string(signal, side ? frame->side : frame->data,
                                           side ? frame->side_len : frame->len, &sample->text);
                sample->text_len = (uint16_t)(len > 0 ? len : 0);
            }
        }
    }
    return reading;
}

static bool is_one_of(const void *element, const void *table, size_t count, size_t size) {
    for (size_t i = 0; i < count; i++) {
        if ((const char *)table + i * size == element) {
            return true;
        }
    }
    return false;
}

/* Mark the bits of a field as taken; false if one of them is already. */
static bool take(uint8_t *taken, bool big_endian, unsigned bit, unsigned len) {
    if (big_endian) {
        bool is_free = vb_bits_get_be(taken, bit, len) == 0;
        vb_bits_put_be(taken, bit, len, UINT64_MAX);
        return is_free;
    }
    bool is_free = vb_bits_get_le(taken, bit, len) == 0;
    vb_bits_put_le(taken, bit, len, UINT64_MAX);
    return is_free;
}

/* Mark what vb_message_seal writes, as far as it is inside n bytes. */
static void take_checks(uint8_t *taken, const struct vb_message *message, size_t n) {
    for (unsigned i = 0; i < message->check_count; i++) {
        const struct vb_check *check = &message->checks[i];
        if (check->rule == VB_RULE_COUNTER) {
            if (vb_bits_inside_le(n, check->at, check->len)) {
                take(taken, false, check->at, check->len);
            }
        } else if (check->at < n) {
            take(taken, false, 8u * check->at, check->rule == VB_RULE_NIBBLES_ID ? 4 : 8);
        }
    }
}

static void take_bytes(uint8_t *taken, size_t at, size_t len) {
    memset(taken + at, 0xFF, len);
}

/* Bytes that the id and the mark of the message own: put them and mark them as taken, as far as they
 * are inside n bytes. */
static void put_id(const struct vb_device *device, const struct vb_message *message, uint8_t *out,
                   uint8_t *taken, size_t n) {
    static const uint8_t homeplug[] = {0x88, 0xE1};
    const struct vb_mark *mark = message->mark;
    if (device->kind == VB_KIND_RADIO) {
        taken[0] |= (uint8_t)message->mask;
        out[0] = (uint8_t)((out[0] & ~message->mask) | (message->id & message->mask));
    }
    if (device->kind == VB_KIND_PLC && n >= VB_MME_BODY) {
        const uint8_t id[] = {(uint8_t)message->id, (uint8_t)(message->id >> 8)};
        memcpy(out + VB_MME_ETHERTYPE, homeplug, sizeof homeplug);
        memcpy(out + VB_MME_TYPE, id, sizeof id);
        take_bytes(taken, VB_MME_ETHERTYPE, sizeof homeplug);
        take_bytes(taken, VB_MME_TYPE, sizeof id);
    }
    if (mark && n >= (size_t)mark->at + mark->len) {
        memcpy(out + mark->at, mark->bytes, mark->len);
        take_bytes(taken, mark->at, mark->len);
    }
}

/* Put one sample; its bits must be free, and are taken then. */
static int put_sample(const struct vb_sample *sample, uint8_t *out, uint8_t *taken, size_t n) {
    const struct vb_signal *row = sample->signal;
    bool bytes = row->flags & VB_BYTES;
    int result = bytes && sample->text ? vb_bytes_put(row, sample->text, sample->text_len, out, n)
                                       : vb_signal_put(row, sample->raw, out, n);
    if (result < 0) {
        return result;
    }
    if (bytes) {
        size_t at = row->bit / 8u;
        size_t len = row->len ? row->len : n - at;
        bool is_free = true;
        for (size_t i = 0; i < len; i++) {
            is_free = is_free && taken[at + i] == 0;
        }
        take_bytes(taken, at, len);
        return is_free ? VB_OK : VB_E_STATE;
    }
    bool is_free = take(taken, row->flags & VB_BE, row->bit, row->len);
    if (row->more_len) {
        is_free = take(taken, row->flags & VB_BE, row->more_bit, row->more_len) && is_free;
    }
    return is_free ? VB_OK : VB_E_STATE;
}

int vb_instance_write(const struct vb_instance *instance, const struct vb_message *message,
                      const struct vb_sample *samples, size_t count, uint8_t *data, size_t n,
                      uint32_t counter, size_t *at) {
    const struct vb_device *device = instance->device;
    uint8_t out[VB_WRITE_MAX];
    uint8_t taken[VB_WRITE_MAX] = {0};
    size_t unused;
    size_t *i = at ? at : &unused;
    *i = count;
    if (!is_one_of(message, device->messages, device->message_count, sizeof *message)) {
        return VB_E_UNKNOWN;
    }
    if (!vb_instance_has(instance, message->when) || device->unpack) {
        return VB_E_STATE;
    }
    if (n < message->len_min || (n == 0 && device->kind == VB_KIND_RADIO)) {
        return VB_E_SPACE;
    }
    if (n > message->len_max || n > sizeof out) {
        return VB_E_RANGE;
    }
    uint32_t id = message->id;
    if (n > 0) { /* data of an empty frame may be NULL */
        memcpy(out, data, n);
    }
    take_checks(taken, message, n);
    put_id(device, message, out, taken, n);
    for (*i = 0; *i < count; ++*i) {
        const struct vb_signal *row = samples[*i].signal;
        if (!is_one_of(row, message->signals, message->signal_count, sizeof *row) ||
            row->flags & VB_SIDE) {
            return VB_E_UNKNOWN;
        }
        if (!vb_instance_has(instance, row->when)) {
            return VB_E_STATE;
        }
        int result = put_sample(&samples[*i], out, taken, n);
        if (result < 0) {
            return result;
        }
    }
    /* What selects stands in the frame now, wherever it came from. */
    struct vb_frame frame = {.data = out, .len = (uint32_t)n};
    for (*i = 0; *i < count; ++*i) {
        if (!selected(instance, message, samples[*i].signal, &frame, VB_MUX_DEPTH_MAX)) {
            return VB_E_STATE;
        }
    }
    for (const struct vb_message *m = device->messages; m < message; m++) {
        if (m->mark && m->id == message->id && vb_message_marked(m, out, n)) {
            return VB_E_STATE; /* an earlier message with the same id would read it */
        }
    }
    if (device->kind == VB_KIND_RADIO) {
        id = out[0];
    }
    int result = vb_message_seal(message, id, out, n, counter);
    if (result == VB_OK && n > 0) {
        memcpy(data, out, n);
    }
    return result;
}
