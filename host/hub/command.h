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

/* Is this id one that a device with control: true on this link sends? Then nobody else may, through us. */
bool command_owns(const struct link *link, const struct vb_frame *frame);

/* Time passed: leases end. */
void command_tick(struct hub_device *device, int64_t mono_ns);

/* A link that cannot send ends the leases of its devices. */
void command_link_changed(struct link *link);

/* Can the link carry anything now? */
enum vb_refusal command_link_ready(const struct link *link, char why[LINK_WHY]);

/* May a refusal be told in the log now? Counts it if not. */
bool command_tells_refusal(struct hub_device *device);

/* End all leases. */
void command_release_all(struct hub *hub);

/* ---- calls (call.c) ---- */

struct hub_calls *calls_new(struct hub *hub); /* NULL: no memory */
/* Time passed: what waits for a version has waited long enough. */
void calls_tick(struct hub *hub, int64_t mono_ns);
/* A link that is gone answers nothing any more. */
void calls_link_changed(struct link *link);
/* Forget them: nobody is told. */
void calls_close(struct hub *hub);
void calls_free(struct hub_calls *calls);

#endif
