/* voltbus/control.h - the gate that every command passes: is control allowed, is the value within
 * the limits, and for how long. What moves power is off until asked for, and safe when nobody asks.
 *
 * One vb_control stands beside one device instance. It holds, for each command of the device, a
 * lease: a value and the moment it ends; without a lease the command's safe value is in force. The
 * caller owns all memory and the clock (monotonic).
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_CONTROL_H
#define VOLTBUS_CONTROL_H

#include "voltbus/device.h"
#include "voltbus/time.h"

/* Why a command is refused. The names are API: "error" of the HTTP interface. The gate gives the
 * first six; those who carry the command to the wire give the others. */
#define VB_REFUSALS(X)                                                                             \
    X(NONE, "none", "done")                                                                        \
    X(CONTROL_OFF, "control-off", "control is off for this device (control: true switches it on)") \
    X(NO_COMMAND, "no-command", "the device has no such command")                                  \
    X(BAD_VALUE, "bad-value", "not a number or word of this command")                              \
    X(OUT_OF_RANGE, "out-of-range", "beyond the limits")                                           \
    X(BAD_LEASE, "bad-lease", "a lease is 1 s to 3600 s")                                          \
    X(LINK_DOWN, "link-down", "the link of this device is not open")                               \
    X(NO_LEADER, "no-leader", "voltbus does not lead this bus (the link's option leader= does)")   \
    X(NOT_LEADING, "not-leading", "the leader still listens whether the bus is free")              \
    X(OTHER_LEADER, "other-leader", "another leader is heard on this bus")                         \
    X(NO_ECHO, "no-echo", "nothing that is sent comes back")                                       \
    X(NO_SLOT, "no-slot", "the link cannot send the frame of this command")                        \
    X(LISTEN_ONLY, "listen-only", "the link only listens (listen=no lets it ask)")                 \
    X(NO_CALL, "no-call", "the device has no such call")                                           \
    X(NOT_THERE, "not-there", "the version or build of this device does not have it")              \
    X(REFUSED, "refused", "the device said no")                                                    \
    X(NO_ANSWER, "no-answer", "nothing answers")                                                   \
    X(BUSY, "busy", "too much is asked at once")

enum vb_refusal {
#define X(name, text, sentence) VB_REFUSAL_##name,
    VB_REFUSALS(X)
#undef X
};
const char *vb_refusal_text(enum vb_refusal refusal); /* "control-off"; never NULL */
const char *vb_refusal_why(enum vb_refusal refusal);  /* the sentence; never NULL */

#define VB_LEASE_MIN_NS     (1 * VB_NS_PER_S)
#define VB_LEASE_MAX_NS     (3600 * VB_NS_PER_S)
#define VB_LEASE_DEFAULT_NS (30 * VB_NS_PER_S)

/* A command as it stands. */
struct vb_lease {
    struct vb_limits limits; /* hard limits of the row, tightened by the configuration */
    int64_t raw;             /* in force now: leased, or the safe value */
    int64_t until_ns;        /* end of the lease; INT64_MIN = none */
};

struct vb_control {
    const struct vb_device *device;
    bool allowed;            /* control: true */
    struct vb_lease *leases; /* device->command_count of them, the caller's memory */
};

/* Prepare: no leases, hard limits, safe values. leases: device->command_count elements. The device
 * must be one that vb_device_check accepts, as built-in ones are. */
void vb_control_init(struct vb_control *control, const struct vb_device *device,
                     struct vb_lease *leases, bool allowed);

/* Set the limits of command number i within its hard ones, before the first request. Returns VB_OK,
 * or VB_E_RANGE if they reach beyond the hard limits, are upside down, or leave out the safe value:
 * then they stay as they are. */
int vb_control_limit(struct vb_control *control, size_t i, struct vb_limits limits);

/* Number of the command of that name (n characters), or -1. */
int vb_control_find(const struct vb_device *device, const char *name, size_t n);

/* Ask for a value until now + lease. i: any number, so that a result of vb_control_find need not be
 * looked at. text: n characters, a word of the row or a number in its unit, which must be within the
 * limits as it stands and becomes the nearest value that the row has (half away from zero); where
 * the row has words, one that has a word.
 * The newest request counts, whoever made the one before. Changes something only for NONE; of
 * several reasons the one that stands first in VB_REFUSALS is given. */
enum vb_refusal vb_control_request(struct vb_control *control, size_t i, const char *text, size_t n,
                                   int64_t lease_ns, int64_t now_ns);

/* End the lease of command i now; the safe value is in force. */
void vb_control_release(struct vb_control *control, size_t i);

/* Time passed: ends leases whose time has come (now_ns >= until_ns). Returns the number of one
 * command that ended, the lowest first, -1 if none did: call until -1. */
int vb_control_tick(struct vb_control *control, int64_t now_ns);
int64_t vb_control_deadline_ns(const struct vb_control *control); /* INT64_MAX: no lease */

/* The bytes of message number m of the device, of its full length, with all its commands as they are
 * in force since the last vb_control_tick; bits that no command owns are 0, and so is a counter.
 * A message with a call: the body of that call, "SC 6 V".
 * instance: its settings. data: room for VB_WRITE_MAX. Returns the length, 0 if no command is
 * carried by it, VB_E_UNKNOWN if there is no such message, or the error of vb_instance_write. */
int vb_control_write(const struct vb_control *control, const struct vb_instance *instance, size_t m,
                     uint8_t *data);

#endif
