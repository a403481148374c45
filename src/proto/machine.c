/* machine.c - the table of all built-in machines.
 * SPDX-License-Identifier: MIT */
#include "voltbus/machine.h"

#define VB_MACHINE(stem) extern const struct vb_machine vb_machine_##stem;
#include "machines.def"
#undef VB_MACHINE

static const struct vb_machine *const machines[] = {
#define VB_MACHINE(stem) &vb_machine_##stem,
#include "machines.def"
#undef VB_MACHINE
    NULL};

const struct vb_machine *vb_machine_of(const struct vb_device *device) {
    for (const struct vb_machine *const *machine = machines; *machine; machine++) {
        if ((*machine)->device == device) {
            return *machine;
        }
    }
    return NULL;
}
