/* devices.c - the table of all built-in devices. Apart from device.c, so that a program that names
 * its devices (vb_device_leaf_battery) links their rows only.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "voltbus/device.h"

#define VB_DEVICE(stem) extern const struct vb_device vb_device_##stem;
#include "devices.def"
#undef VB_DEVICE

const struct vb_device *const vb_devices[] = {
#define VB_DEVICE(stem) &vb_device_##stem,
#include "devices.def"
#undef VB_DEVICE
};
const size_t vb_device_count = sizeof vb_devices / sizeof vb_devices[0];

const struct vb_device *vb_device_find(const char *name) {
    for (size_t i = 0; i < vb_device_count; i++) {
        if (strcmp(vb_devices[i]->name, name) == 0) {
            return vb_devices[i];
        }
    }
    return NULL;
}
