/* host/hub/finding.h - what the bus monitor finds, in words.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_HUB_FINDING_H
#define HOST_HUB_FINDING_H

#include "voltbus/monitor.h"

#define FINDING_TEXT 160

/* "1DB pack: the counter jumps from 1 to 3, 1 frame is lost". out: FINDING_TEXT, ends with 0. Returns out. */
const char *finding_text(const struct vb_device *device, const struct vb_finding *finding,
                         char *out);

#endif
