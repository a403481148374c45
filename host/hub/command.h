/* host/hub/command.h - the command path inside the hub: gate, log, link. Others use hub.h.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_HUB_COMMAND_H
#define HOST_HUB_COMMAND_H

#include "host/hub/hub.h"

/* Prepare the gate of a device; false if memory runs out. */
bool command_open(struct hub_device *device);
void command_free(struct hub_device *device);

/* No two devices may publish one frame. Returns false with why (OUTPUT_WHY). */
bool command_check(const struct hub *hub, char *why);

/* Time passed: leases end. */
void command_tick(struct hub_device *device, int64_t mono_ns);

/* A link that cannot send ends the leases of its devices. */
void command_link_changed(struct link *link);

/* End all leases. */
void command_release_all(struct hub *hub);

#endif
