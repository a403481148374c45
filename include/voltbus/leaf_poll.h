/* voltbus/leaf_poll.h - the machine that asks the battery of a Leaf for its groups (79B/7BB) beside the device
 * leaf-battery-groups; right: poll.
 *
 * It asks 01 02 04 06 in each round, 61 62 83 84 until each was answered or refused once; a round begins as often as the
 * device's setting `every` says. It sends `02 21 gg` and flow control, nothing else, ever.
 *
 *   quiet   nothing was heard for 2 s, or at the beginning: it does not ask, so it wakes nobody
 *   polls   it asks; the reason says where the battery does not answer
 *   yields  a question that is not ours was heard: silent for 100 s from the last of them
 *
 * An answer has 1 s to begin (5 s more after each "pending"); what does not come is asked again in the next round. Who
 * calls tick more than 1 s late has missed what was said meanwhile: it listens first.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_LEAF_POLL_H
#define VOLTBUS_LEAF_POLL_H

#include "voltbus/machine.h"

extern const struct vb_machine vb_machine_leaf_poll;

#endif
