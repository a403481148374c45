/* voltbus/machine.h - the machine: what does something on a bus of frames by itself. It asks, keeps a schedule, plays
 * a part; it stands beside the rows of a device, never in front of them, so a recording reads as the live wire did.
 *
 * A machine takes (frame or wish, now) and gives (frames to send, its next deadline). It never reads a clock or a port;
 * the caller owns its memory; a copy of it is a machine in the same state. One machine serves one device on one link, whatever
 * kind of adapter carries the frames. Machines that only ask run where the right `poll` is given, all others where
 * `control` is (DESIGN.md, "What moves power").
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_MACHINE_H
#define VOLTBUS_MACHINE_H

#include "voltbus/control.h"
#include "voltbus/device.h"

#define VB_MACHINE_WHY 160 /* room for the longest why, with its end */

struct vb_machine {
    const char *name, *title;       /* "leaf-vcu"; what it does, in words */
    const struct vb_device *device; /* beside which it stands: its commands are this machine's */
    bool asks;                      /* it only asks: right `poll`; else `control` */
    size_t size;                    /* of its state, which the caller owns; aligned to 8 */
    /* Begin: nothing is sent yet. now_ns here and below: of a clock that never goes back. */
    void (*init)(void *self, int64_t now_ns);
    /* Once, before anything else but init: the device as it stands, for its settings, which hints may move at any
     * time. It lives longer than the machine. NULL: no setting matters to it. */
    void (*beside)(void *self, const struct vb_instance *instance);
    /* A frame of the link, damaged ones too; not those that take() gave. */
    void (*heard)(void *self, const struct vb_frame *frame, int64_t now_ns);
    /* Command number i of the device from now on: leased: somebody asks for raw; else its safe value is in force. NULL:
     * it has no commands. */
    void (*wish)(void *self, size_t i, bool leased, int64_t raw, int64_t now_ns);
    /* Time passed; harmless to call early. Who comes late finds the machine in its safe state, as each says. */
    void (*tick)(void *self, int64_t now_ns);
    int64_t (*deadline_ns)(const void *self); /* INT64_MAX: none */
    /* The next frame to send: id, flags, len, data are set. Its bytes live until the next call. Call until false. A
     * frame that cannot be sent is dropped, and not offered again. */
    bool (*take)(void *self, struct vb_frame *frame);
    /* May command i be asked for now? Returns VB_REFUSAL_NONE, or the reason with a sentence in why (VB_MACHINE_WHY).
     * NULL: always. */
    enum vb_refusal (*ready)(const void *self, size_t i, char *why);
    /* Is what command i asks for not in force yet, or not wholly? Then why says the reason. NULL: it always is. */
    bool (*held_back)(const void *self, size_t i, char *why);
    /* After all wishes have ended: is the safe end reached, so that the link may be closed? NULL: at once. */
    bool (*settled)(const void *self);
    /* The name of its state, for people ("precharge"); *why (may be NULL) is set to a sentence, "" if there is nothing to say. */
    const char *(*state)(const void *self, const char **why);
};

/* The machine that stands beside a device, or NULL: one line each in src/proto/machines.def. */
const struct vb_machine *vb_machine_of(const struct vb_device *device);

#endif
