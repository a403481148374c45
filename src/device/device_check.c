/* device_check.c - does a device keep what the headers ask of it? For devices made at run time from
 * a DBC, an LDF or the configuration; a test runs it over the built-in ones.
 * Left out: what the engine can live with (rows beyond the end, rows that share bits, names of rows
 * or messages twice).
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "voltbus/call.h"

/* Selectors visited for one row; a table with more is a knot. */
#define MUX_VISITS_MAX 1000
#define FIELDS_MAX     10 /* of a line of text */

static unsigned value_count(const struct vb_setting *setting) {
    unsigned n = 0;
    while (n <= 8 && setting->values[n]) {
        n++;
    }
    return n;
}

static const char *setting_defect(const struct vb_setting *setting) {
    if (!setting->name || !setting->values) {
        return "a setting has no name or no values";
    }
    unsigned n = value_count(setting);
    if (n < 1 || n > 8) {
        return "a setting has no values or more than 8";
    }
    return setting->initial < n ? NULL : "the default is none of the values of the setting";
}

static const char *hint_defect(const struct vb_device *device, const struct vb_hint *hint) {
    if (hint->setting >= device->setting_count) {
        return "a hint is about a setting that is not there";
    }
    unsigned n = value_count(&device->settings[hint->setting]);
    if (hint->automatic >= n || hint->value >= n) {
        return "a hint means a value that its setting has not";
    }
    return hint->rank > 0 ? NULL : "the rank of a hint is 0";
}

static const char *when_defect(const struct vb_device *device, struct vb_when when) {
    if (when.values == 0) {
        return NULL;
    }
    if (when.setting >= device->setting_count) {
        return "the condition is about a setting that is not there";
    }
    return when.values >> value_count(&device->settings[when.setting]) == 0
               ? NULL
               : "the condition names a value that its setting has not";
}

static const char *check_defect(const struct vb_message *message, const struct vb_check *check) {
    if (check->rule > VB_RULE_COUNTER) {
        return "there is no such integrity rule";
    }
    if (check->rule == VB_RULE_CRC8 && !check->crc) {
        return "a CRC has no polynomial";
    }
    if (check->rule != VB_RULE_COUNTER) {
        return check->at < message->len_max ? NULL : "a check is beyond the end of the message";
    }
    if (check->len < 1 || check->len > 8) {
        return "the counter has not 1 to 8 bits";
    }
    return check->at + check->len <= 8u * message->len_max
               ? NULL
               : "the counter is beyond the end of the message";
}

static const char *call_defect(const struct vb_call *call) {
    size_t places = 0;
    for (const char *c = call->form; c && *c; c++) {
        places += *c == '%';
    }
    if (!call->form || strlen(call->form) < 2 || strlen(call->form) >= VB_CALL_TEXT) {
        return "the form of a call has no code, or is too long";
    }
    if (places != call->arg_count || places > VB_ARGUMENTS_MAX) {
        return "the form of a call has not as many places as it has arguments";
    }
    if (call->arg_count > 0 && !call->args) {
        return "a call has no table of arguments";
    }
    if (call->until && call->until <= call->since) {
        return "no version has this call";
    }
    for (size_t i = 0; i < call->arg_count; i++) {
        const struct vb_signal *row = &call->args[i];
        if (!row->name || !row->unit || row->len < 1 || row->len > 64 ||
            (row->scale && (row->scale->div <= 0 || row->scale->mul == 0))) {
            return "an argument of a call has no name, no unit, no bits or no ratio";
        }
        if (row->flags & VB_STRING && i + 1u < call->arg_count) {
            return "text can be the last argument of a call only";
        }
    }
    return NULL;
}

static const char *message_defect(const struct vb_device *device,
                                  const struct vb_message *message) {
    static const uint16_t len_max[VB_KIND_COUNT] = {
        [VB_KIND_CAN] = 64,          [VB_KIND_LIN] = 8,          [VB_KIND_RADIO] = UINT16_MAX,
        [VB_KIND_RAPI] = FIELDS_MAX, [VB_KIND_PLC] = UINT16_MAX, [VB_KIND_V2G] = UINT16_MAX,
        [VB_KIND_NET] = UINT16_MAX};
    uint32_t id_max = device->kind == VB_KIND_LIN     ? 0x3F
                      : device->kind == VB_KIND_RADIO ? 0xFF
                      : device->kind == VB_KIND_NET   ? 0xFF
                      : device->kind != VB_KIND_CAN   ? 0xFFFF
                      : message->ext                  ? 0x1FFFFFFF
                                                      : 0x7FF;
    if (!message->name) {
        return "a message has no name";
    }
    if (message->ext && device->kind != VB_KIND_CAN) {
        return "only CAN has ids of 29 bits";
    }
    if (message->id > id_max || (message->id & message->mask) != message->id) {
        return "no frame can have this id";
    }
    uint16_t most = device->unpack ? UINT16_MAX : len_max[device->kind]; /* put together by it */
    if (message->len_min > message->len_max || message->len_max > most) {
        return "no frame can have this length";
    }
    if ((message->signal_count > 0 && !message->signals) ||
        (message->check_count > 0 && !message->checks)) {
        return "the message has no table";
    }
    if (message->mark && message->mark->at + message->mark->len > message->len_min) {
        return "the mark is beyond the end of the message";
    }
    const char *defect = message->call ? call_defect(message->call) : NULL;
    return defect ? defect : when_defect(device, message->when);
}

/* Do all selectors end, and not too deep? Each level may name several. */
static bool mux_ends(const struct vb_message *message, const struct vb_signal *row, unsigned depth,
                     unsigned *visits) {
    for (const struct vb_mux *mux = row->mux; mux; mux = mux->or_else) {
        if (depth == 0 || *visits == 0) {
            return false;
        }
        --*visits;
        if (mux->selector < message->signal_count && /* else its own row tells */
            !mux_ends(message, &message->signals[mux->selector], depth - 1, visits)) {
            return false;
        }
    }
    return true;
}

static const char *mux_defect(const struct vb_message *message, const struct vb_signal *row) {
    unsigned visits = MUX_VISITS_MAX;
    if (!mux_ends(message, row, VB_MUX_DEPTH_MAX, &visits)) {
        return "the selectors go round in a circle, or too deep";
    }
    for (const struct vb_mux *mux = row->mux; mux; mux = mux->or_else) {
        if (mux->selector >= message->signal_count) {
            return "the selector is no row of the message";
        }
        if (mux->lo > mux->hi) {
            return "the range of the selector is empty";
        }
    }
    return NULL;
}

/* The row moved to the front of 8 bytes, without what restricts it. */
static int put_at_front(const struct vb_signal *row, const struct vb_curve *curve, int64_t raw) {
    uint8_t data[8] = {0};
    const struct vb_signal front = {.len = (uint8_t)(row->len + row->more_len),
                                    .flags = row->flags & (VB_SIGNED | VB_SIGN_MAG),
                                    .curve = curve};
    return vb_signal_put(&front, raw, data, sizeof data);
}

/* What is wrong with a row of bytes or a sum of them. */
static const char *bytes_defect(const struct vb_signal *row) {
    if (!(row->flags & (VB_BYTES | VB_SUM))) {
        return row->flags & VB_ADDRESS ? "an address is no row of bytes" : NULL;
    }
    if (row->bit % 8 != 0 || row->more_len > 0) {
        return "a row of bytes begins inside a byte, or has a second piece";
    }
    if (row->flags & VB_SUM) {
        return row->len > 0 && row->flags & VB_VIEW ? NULL : "a sum is of no bytes, or no view";
    }
    if (row->words || row->curve || row->limits || (row->has_absent && row->absent != 0)) {
        return "a row of bytes has words, a curve, limits, or another absent value than 0";
    }
    return !(row->flags & VB_ADDRESS) || row->len == 6 || row->len == 16
               ? NULL
               : "an address has not 6 or 16 bytes";
}

static const char *row_defect(const struct vb_device *device, const struct vb_message *message,
                              const struct vb_signal *row) {
    const struct vb_curve *curve = row->curve;
    if (!row->name || !row->unit) {
        return "a row has no name or no unit";
    }
    const char *defect = bytes_defect(row);
    if (defect) {
        return defect;
    }
    if (!(row->flags & (VB_BYTES | VB_SUM)) && (row->len < 1 || row->len + row->more_len > 64)) {
        return "the row has not 1 to 64 bits";
    }
    if (row->flags & VB_FLOAT &&
        ((row->len + row->more_len != 32 && row->len + row->more_len != 64) || row->words ||
         curve || row->limits)) {
        return "a floating point number has not 32 or 64 bits, or has words, a curve or limits";
    }
    if (row->flags & VB_SIGNED && row->flags & VB_SIGN_MAG) {
        return "the row has two kinds of sign";
    }
    if (row->scale && row->scale->div <= 0) {
        return "the divisor is not positive";
    }
    if (row->scale && row->scale->mul == 0) {
        return "the factor is 0";
    }
    if (row->limits && row->limits->min_milli > row->limits->max_milli) {
        return "the limits leave no value";
    }
    if (row->decimals > 12) {
        return "the row has more than 12 decimals";
    }
    for (const struct vb_word *w = row->words; w && w->word && row->flags & VB_BITS; w++) {
        if (w->raw < 0 || w->raw > 63) {
            return "a word names no bit 0 to 63";
        }
    }
    if (curve && (!curve->to_raw || !curve->to_bits)) {
        return "the curve goes one way only";
    }
    if (row->has_absent && !(row->flags & VB_BYTES) &&
        put_at_front(row, NULL, row->absent) != VB_OK) {
        return "the absent value does not fit the bits";
    }
    if (row->has_absent && curve && put_at_front(row, curve, row->absent) == VB_OK) {
        return "the absent value is also a value of the curve";
    }
    defect = when_defect(device, row->when);
    return defect ? defect : mux_defect(message, row);
}

/* A row that a command may change: of the message, or of its call if it is the only argument. */
static const struct vb_signal *row_of(const struct vb_message *message,
                                      const struct vb_signal *row) {
    for (size_t i = 0; i < message->signal_count; i++) {
        if (&message->signals[i] == row) {
            return row;
        }
    }
    return message->call && message->call->arg_count == 1 && message->call->args == row ? row
                                                                                        : NULL;
}

/* One command, and whether it gets along with those before it. */
static const char *command_defect(const struct vb_device *device, size_t number) {
    const struct vb_command *command = &device->commands[number];
    const struct vb_limits *limits = &command->limits;
    if (!command->name) {
        return "a command has no name";
    }
    if (command->message >= device->message_count) {
        return "a command is carried by a message that is not there";
    }
    const struct vb_signal *row = row_of(&device->messages[command->message], command->argument);
    if (!row) {
        return "the argument of a command is no row of its message";
    }
    if (row->flags & (VB_SIDE | VB_VIEW | VB_BYTES)) {
        return "the argument of a command is a row that is not written";
    }
    if (limits->min_milli > limits->max_milli) {
        return "the limits of a command leave no value";
    }
    if (row->limits && (limits->min_milli < row->limits->min_milli ||
                        limits->max_milli > row->limits->max_milli)) {
        return "the limits of a command are wider than those of its row";
    }
    struct vb_signal limited = *row;
    limited.limits = limits;
    if (!vb_signal_in_limits(&limited, command->safe) ||
        put_at_front(row, row->curve, command->safe) != VB_OK) {
        return "the safe value of a command is beyond its limits or its bits";
    }
    for (size_t i = 0; i < number; i++) {
        if (strcmp(device->commands[i].name, command->name) == 0) {
            return "two commands have the same name";
        }
        if (device->commands[i].argument == row) {
            return "two commands change the same row";
        }
    }
    return NULL;
}

static const char *headline_defect(const struct vb_device *device, size_t number) {
    const char *name = device->headline[number];
    for (size_t i = 0; i < number; i++) {
        if (strcmp(device->headline[i], name) == 0) {
            return "the headline has a name twice";
        }
    }
    for (size_t m = 0; m < device->message_count; m++) {
        for (size_t i = 0; i < device->messages[m].signal_count; i++) {
            if (strcmp(device->messages[m].signals[i].name, name) == 0) {
                return NULL;
            }
        }
    }
    return "the headline has a name that no row has";
}

static int found(struct vb_defect *defect, const char *what, size_t message, size_t row,
                 size_t part) {
    if (defect) {
        *defect = (struct vb_defect){what, message, row, part};
    }
    return VB_E_RANGE;
}

static int check_message(const struct vb_device *device, size_t m, struct vb_defect *defect) {
    const struct vb_message *message = &device->messages[m];
    const char *what = message_defect(device, message);
    if (what) {
        return found(defect, what, m, VB_NOWHERE, VB_NOWHERE);
    }
    for (size_t i = 0; i < message->check_count; i++) {
        if ((what = check_defect(message, &message->checks[i])) != NULL) {
            return found(defect, what, m, VB_NOWHERE, i);
        }
    }
    for (size_t i = 0; i < message->signal_count; i++) {
        if ((what = row_defect(device, message, &message->signals[i])) != NULL) {
            return found(defect, what, m, i, VB_NOWHERE);
        }
    }
    return VB_OK;
}

int vb_device_check(const struct vb_device *device, struct vb_defect *defect) {
    const char *what = NULL;
    if (!device->name || device->kind >= VB_KIND_COUNT) {
        what = "the device has no name or no kind of wire";
    } else if (device->setting_count > VB_SETTINGS_MAX) {
        what = "the device has too many settings";
    } else if (device->command_count > VB_COMMANDS_MAX) {
        what = "the device has too many commands";
    } else if ((device->message_count > 0 && !device->messages) ||
               (device->setting_count > 0 && !device->settings) ||
               (device->hint_count > 0 && !device->hints) ||
               (device->command_count > 0 && !device->commands)) {
        what = "the device has no table";
    }
    if (what) {
        return found(defect, what, VB_NOWHERE, VB_NOWHERE, VB_NOWHERE);
    }
    for (size_t i = 0; i < device->setting_count; i++) {
        if ((what = setting_defect(&device->settings[i])) != NULL) {
            return found(defect, what, VB_NOWHERE, VB_NOWHERE, i);
        }
    }
    for (size_t i = 0; i < device->hint_count; i++) {
        if ((what = hint_defect(device, &device->hints[i])) != NULL) {
            return found(defect, what, VB_NOWHERE, VB_NOWHERE, i);
        }
    }
    for (size_t m = 0; m < device->message_count; m++) {
        int result = check_message(device, m, defect);
        if (result < 0) {
            return result;
        }
    }
    for (size_t i = 0; i < device->command_count; i++) {
        if ((what = command_defect(device, i)) != NULL) {
            return found(defect, what, VB_NOWHERE, VB_NOWHERE, i);
        }
    }
    for (size_t i = 0; device->headline && device->headline[i]; i++) {
        if ((what = headline_defect(device, i)) != NULL) {
            return found(defect, what, VB_NOWHERE, VB_NOWHERE, i);
        }
    }
    return VB_OK;
}
