/* host/hub/machine.h - the machines of the library (voltbus/machine.h) inside the hub: when they run, what they
 * hear, the way of their frames to the link.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_HUB_MACHINE_H
#define HOST_HUB_MACHINE_H

#include "host/hub/hub.h"

/* Give the device its machine, if there is one and the configuration allows it. False if memory runs out. */
bool machine_open(struct hub_device *device);
void machine_free(struct hub_device *device);

/* The link can send from now on: its machines begin, unless they run. */
void machine_begin(struct link *link);
/* The link may be gone: then they stand still. */
void machine_link_changed(struct link *link);

/* A frame of the link, for all its machines but the one it came from (NULL: from none of them). */
void machine_heard(struct link *link, const struct vb_frame *frame, const struct hub_machine *from);
/* Time passed, or something was heard or wished: send what is to be sent. */
void machine_run(struct link *link, int64_t mono_ns);
int64_t machine_deadline_ns(const struct link *link); /* INT64_MAX: none */

/* Commands: as in voltbus/machine.h. */
enum vb_refusal machine_ready(const struct hub_device *device, size_t i, char why[LINK_WHY]);
void machine_wish(struct hub_device *device, size_t i);
bool machine_held_back(const struct hub_device *device, size_t i, char why[LINK_WHY]);

/* What people see of it may have changed: tell the outputs. */
void machine_look(struct hub_device *device);

/* Have all machines reached their safe end? */
bool machine_settled(const struct hub *hub);
/* Say in the log which have not. */
void machine_tell_unsettled(struct hub *hub);

#endif
