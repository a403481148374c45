/* voltbus/message.h - the message: the rows of one frame, its length, and its integrity rules.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_MESSAGE_H
#define VOLTBUS_MESSAGE_H

#include "voltbus/crc.h"
#include "voltbus/frame.h"
#include "voltbus/signal.h"

/* One integrity rule. A frame is good when all rules of its message hold. */
enum vb_rule {
    VB_RULE_CRC8,       /* byte `at` = CRC-8 of the bytes before it */
    VB_RULE_SUM,        /* byte `at` = sum of the bytes before it, modulo 256 */
    VB_RULE_SUM_ID,     /* the same plus both bytes of the id (Nissan, leaf-can.md rule 3) */
    VB_RULE_NIBBLES_ID, /* low nibble of byte `at` = sum of the digits of the id and of all other
                         * nibbles up to the high one of that byte, modulo 16 (leaf-can.md rule 2)
                         */
    VB_RULE_COUNTER, /* the field at start bit `at` (little endian) of `len` bits differs from that
                      * of the frame before; a sender counts up by one (leaf-can.md section 1) */
};

struct vb_check {
    uint8_t rule; /* enum vb_rule */
    uint16_t at;  /* byte, or start bit of the counter */
    uint8_t len;  /* counter: bits, 1..8 */
    const struct vb_crc8 *crc;
};

/* Bytes that tell messages of one id apart: a version, whose extension it is. A frame that ends among
 * them is told by those that it has. */
struct vb_mark {
    uint16_t at; /* number of the first one */
    uint8_t len;
    const char *bytes;
};
#define VB_MARK(place, text)                                                                       \
    .mark = &(const struct vb_mark) { (place), sizeof(text) - 1, (text) }

struct vb_message {
    uint32_t id, mask; /* frames with (id & mask) == id are this message, the first one that fits */
    uint16_t len_min;
    uint16_t len_max;   /* bytes; beyond: fault "length". CAN with len_max 8: exactly as given.
                         * RAPI: fields; a frame with fewer or more is another message */
    bool ext;           /* CAN: 29-bit id */
    uint16_t period_ms; /* time between two, 0 = not periodic or not known */
    const char *name;   /* one word, lower case: "state" */
    const char *title;  /* who sends it and what it is for */
    const struct vb_signal *signals;
    uint16_t signal_count;
    const struct vb_check *checks; /* in the order in which a sender applies them */
    uint8_t check_count;
    struct vb_when when;
    const struct vb_call *call; /* how it is asked for (call.h); NULL: it comes by itself */
    const struct vb_mark *mark; /* NULL: the id tells */
};
#define VB_ROWS(table)   .signals = (table), .signal_count = sizeof(table) / sizeof((table)[0])
#define VB_CHECKS(table) .checks = (table), .check_count = sizeof(table) / sizeof((table)[0])
#define VB_ID(number)    .id = (number), .mask = 0xFFFFFFFFu

/* Check the length and the integrity rules, except the counter, which needs the frame before.
 * Returns VB_FAULT_NONE, _LENGTH, _CRC or _SUM. */
enum vb_fault vb_message_check(const struct vb_message *message, const struct vb_frame *frame);

/* What a rule other than the counter wants to see in byte check->at of data, which must have that many and one more; the
 * nibble rule keeps the high nibble that is there. */
uint8_t vb_check_expected(const struct vb_check *check, uint32_t id, const uint8_t *data);

/* Has the frame the mark of the message? True without one. */
bool vb_message_marked(const struct vb_message *message, const uint8_t *data, size_t n);

/* The counter of a frame. bits (may be NULL): its size, 0 if the message has none or the frame is
 * too short. */
uint8_t vb_message_counter(const struct vb_message *message, const struct vb_frame *frame,
                           unsigned *bits);

/* Make bytes good: set the counter to `counter` modulo its size, then sums and CRCs. id: as on the
 * wire. Returns VB_OK, or VB_E_SPACE if n is less than len_min or than a rule needs. */
int vb_message_seal(const struct vb_message *message, uint32_t id, uint8_t *data, size_t n,
                    uint32_t counter);

#endif
