/* voltbus/device.h - the device: its messages, its settings, and the way from a frame to samples.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_DEVICE_H
#define VOLTBUS_DEVICE_H

#include "voltbus/message.h"

/* A setting of a device: a name and the words it may have. `initial` is the number of the default.
 */
struct vb_setting {
    const char *name, *title;
    const char *const *values; /* ends with NULL; 8 at most */
    uint8_t initial;
};
#define VB_SETTINGS_MAX 4

/* What a frame on the bus tells about a setting that stands on `automatic`: a good frame with this
 * id (CAN: 11 bits; and length, unless 0) means `value`. A hint of higher rank outweighs one of
 * lower rank; of equal ranks the later one counts. */
struct vb_hint {
    uint32_t id;
    uint8_t len;
    uint8_t setting, automatic, value;
    uint8_t rank; /* 1.. */
};

/* A command: one row of one message that may be changed, or the one argument of a call. It takes its
 * unit, words and ratio from the row. Nothing beyond the limits is ever sent, whoever asks; who may
 * ask, and for how long, is the business of voltbus/control.h. */
struct vb_command {
    const char *name;                 /* "coolbox.level"; API */
    const char *title;                /* what it does, in words */
    uint16_t message;                 /* number of the message of the device that carries it */
    const struct vb_signal *argument; /* a row of that message, or of its call */
    struct vb_limits limits;          /* hard limits, thousandths of the unit */
    int64_t safe;                     /* raw: in force while nobody asks for anything else */
    const char *shown_by;             /* the signal that says what is in force; NULL: argument */
};
#define VB_COMMANDS_MAX 16 /* of one device */

struct vb_device {
    const char *name;  /* "hella-ibs"; API */
    const char *title; /* make and model, what it is */
    uint8_t kind;      /* enum vb_kind of its frames */
    const struct vb_message *messages;
    uint16_t message_count;
    const struct vb_setting *settings;
    uint8_t setting_count;
    const struct vb_hint *hints;
    uint8_t hint_count;
    const struct vb_command *commands;
    uint8_t command_count;
    /* The names of the rows that matter most, the first one most; ends with NULL. NULL: not said. */
    const char *const *headline;
    /* Frames that rows cannot read as they are (V2G: EXI) become frames that they can: called first, once
     * for each frame without a fault. memory: size bytes of the instance, aligned to 8, where the data of
     * *plain may stand. Returns VB_OK (*plain may have a fault); VB_E_UNKNOWN (no message of this device);
     * VB_E_MORE (a part of a longer message: it keeps that in its memory, which is zeros at first); another
     * error: the fault VB_FAULT_EXI. NULL: rows read frames as they are. Such frames are not written. */
    int (*unpack)(const struct vb_frame *frame, void *memory, size_t size, struct vb_frame *plain);
    uint32_t
        memory; /* bytes that unpack needs for the largest frame; with less it takes smaller ones */
    /* The bus goes to sleep when this row has this value: who is silent then is not missing (monitor.h). NULL: not said. */
    const struct vb_signal *sleep_row;
    int64_t sleep_raw;
    /* Devices that share their frames with others: the name of the setting "family" that stands for
     * the group's default, e.g. "wh24" for wh65b. NULL: this device answers for its frames. */
    const char *instead_of;
};
#define VB_MESSAGES(table) .messages = (table), .message_count = sizeof(table) / sizeof((table)[0])
#define VB_SETTINGS(table) .settings = (table), .setting_count = sizeof(table) / sizeof((table)[0])
#define VB_HINTS(table)    .hints = (table), .hint_count = sizeof(table) / sizeof((table)[0])
#define VB_COMMANDS(table) .commands = (table), .command_count = sizeof(table) / sizeof((table)[0])

/* What vb_device_check found wrong, and where. */
struct vb_defect {
    const char *what; /* "the divisor is not positive" */
    size_t message;   /* its number in the device; VB_NOWHERE: the device itself */
    size_t row;       /* its number in the message; VB_NOWHERE: the message itself */
    size_t part;      /* number of the setting, hint, check, command or name of the headline that it
                       * is about; VB_NOWHERE: none */
};
#define VB_NOWHERE SIZE_MAX

/* Look for rows that the engine cannot work with, before a device made at run time is used: all
 * that the headers ask of a device, its settings, hints, messages, checks, rows, commands and
 * headline. (Rows beyond the end of their message and rows that share bits are allowed: real DBC
 * files have them.)
 * Pointers must be NULL or point to what their counts say.
 * Returns VB_OK, or VB_E_RANGE with the first defect in *defect (may be NULL). */
int vb_device_check(const struct vb_device *device, struct vb_defect *defect);

/* All built-in devices, in the order of src/device/devices.def. A program that uses none of these
 * three, but says `extern const struct vb_device vb_device_leaf_battery;`, links the rows of that
 * device only. */
extern const struct vb_device *const vb_devices[];
extern const size_t vb_device_count;

/* The built-in device of that name, or NULL. */
const struct vb_device *vb_device_find(const char *name);

/* What an instance remembers of each message: its last counter and when that came. */
struct vb_seen {
    int64_t t_ns;
    uint8_t counter;
    bool any;
};

/* Where the messages of an id begin, so that not all of them are looked at for each frame. */
struct vb_finder {
    uint32_t id;
    uint16_t first; /* number of the first message that the id can mean */
    bool ext, known;
};

/* A device as it stands on one link: its settings and its memory. Copyable (a copy shares the memory for
 * unpack). */
struct vb_instance {
    const struct vb_device *device;
    uint16_t number;                 /* goes into the samples */
    uint8_t choice[VB_SETTINGS_MAX]; /* number of the value of each setting */
    uint8_t chosen[VB_SETTINGS_MAX]; /* the value the user gave, or the default */
    uint8_t rank[VB_SETTINGS_MAX];   /* rank of the hint that decided, 0 = none yet */
    struct vb_seen *seen;            /* device->message_count of them, the caller's memory */
    void *memory;                    /* for device->unpack, aligned to 8: the caller sets both, */
    size_t memory_size;              /* ... device->memory bytes or less, after vb_instance_init */
    struct vb_finder *
        finders; /* 2^finder_bits of them, zeros at first: the caller's memory, set after vb_instance_init;
                                * NULL: every search goes through all messages */
    uint8_t finder_bits; /* 1..31 */
};

/* Prepare an instance with default settings. seen: device->message_count elements, or NULL: then
 * counters are not checked. */
void vb_instance_init(struct vb_instance *instance, const struct vb_device *device,
                      struct vb_seen *seen, uint16_t number);

/* Give a setting a value, both by name. Returns VB_OK, VB_E_UNKNOWN (no such setting) or VB_E_RANGE
 * (no such value). */
int vb_instance_set(struct vb_instance *instance, const char *setting, const char *value);

/* Does a row or message with this .when exist with the settings as they stand? */
bool vb_instance_has(const struct vb_instance *instance, struct vb_when when);

/* What vb_instance_read found. */
struct vb_reading {
    const struct vb_message *message; /* NULL: no message of this device */
    enum vb_fault fault;              /* not VB_FAULT_NONE: no samples */
    size_t count;                     /* samples written */
    bool part; /* a frame of a longer message that is not complete: message is NULL */
};

/* Read one frame: find its message, check it, and write a sample for each row that is there and
 * available. Rows beyond the end of the frame are left out. samples: room for cap; cap must be at
 * least vb_device_most(). Text of the samples stands in the frame, or in the memory for unpack: it is there
 * until the next call. */
struct vb_reading vb_instance_read(struct vb_instance *instance, const struct vb_frame *frame,
                                   struct vb_sample *samples, size_t cap);

/* The longest frame that vb_instance_write makes: CAN FD has 64 bytes, an RFM69 66, SLAC 129. */
#define VB_WRITE_MAX 160

/* Write one frame: put raw values into the n bytes of data, and make it good.
 * instance: its settings say which rows there are; its memory is not touched.
 * message: one of the device's. n: the length of the frame.
 * samples: count of them, in any order; only signal (a row of this message), raw, and of VB_BYTES
 * rows text and text_len (see vb_bytes_put) instead of raw are used.
 * counter: for the message's counter, modulo its size; the caller counts up.
 * All bits that neither a sample nor a check of the message owns keep their value, so data is
 * zeros, a filling, or the frame before. The first byte of a radio packet becomes the id as far as
 * its mask goes; a HomePlug frame gets its EtherType and MMTYPE; the mark of the message is set. Rules
 * with the id take message->id (radio: the first byte).
 * A multiplexed row must be selected by the frame as it comes out, whether its selector is among
 * the samples or stands in data already. Of a row and its views (VB_VIEW) one may be given: no bit
 * is said twice, and none that a check or the id owns.
 * Returns VB_OK; VB_E_UNKNOWN (no message of the device; no row of the message, or one with
 * VB_SIDE); VB_E_STATE (message or row does not exist with these settings, or is not
 * selected; a bit is said twice; the frame would be another message; the device unpacks its
 * frames); VB_E_RANGE (the value does not fit the row, see vb_signal_put; n
 * is more than len_max or VB_WRITE_MAX); VB_E_SPACE (n is less than len_min or than a row or check
 * needs). data is written for VB_OK only. *at (may be NULL) is the number of the sample that is
 * refused, count if it is none of them. */
int vb_instance_write(const struct vb_instance *instance, const struct vb_message *message,
                      const struct vb_sample *samples, size_t count, uint8_t *data, size_t n,
                      uint32_t counter, size_t *at);

/* The largest number of rows that a message of the device has. */
size_t vb_device_most(const struct vb_device *device);

#endif
