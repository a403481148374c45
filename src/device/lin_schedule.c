/* lin_schedule.c - the schedules that are built in: a Ford Nugget camper.
 * Facts: reference/camper-lin.md section 1.
 * SPDX-License-Identifier: MIT */
#include "voltbus/lin_schedule.h"

#include <string.h>

/* 20 headers in 360 ms; 01 and 02 come twice. Nobody was ever heard answering 06, 17, 1B, 38 and 0C:
 * they are asked all the same, as the van's own leader does. */
static const struct vb_lin_slot nugget_slots[] = {
    {0, 0x01},
    {10, 0x02},
    {20, 0x04},
    {30, 0x05},
    {40, 0x3B},
    /* The notes print PID 0C here, which no id has; 06 is what it stands beside, and 0C comes at
     * 270. */
    {50, 0x06},
    {60, 0x17},
    {70, 0x18},
    {80, 0x19},
    {130, 0x1B},
    {180, 0x01},
    {190, 0x02},
    {200, 0x20},
    {210, 0x22},
    {220, 0x25},
    {230, 0x26},
    {240, 0x38},
    {250, 0x39},
    {260, 0x3A},
    {270, 0x0C},
};

/* Eight bytes take 9.1 ms at most at this speed (with all the slack that LIN allows), so 10 ms are
 * enough for every id. */
static const struct vb_lin_schedule nugget = {
    .name = "nugget",
    .title = "Ford Nugget camper: 20 headers in 360 ms at 19200 baud",
    .baud = 19200,
    .period_ms = 360,
    .slot_ms = 10,
    .slots = nugget_slots,
    .slot_count = sizeof nugget_slots / sizeof nugget_slots[0],
};
_Static_assert(sizeof nugget_slots / sizeof nugget_slots[0] == 20, "20 headers in 360 ms");

const struct vb_lin_schedule *const vb_lin_schedules[] = {&nugget};
const size_t vb_lin_schedule_count = sizeof vb_lin_schedules / sizeof vb_lin_schedules[0];

const struct vb_lin_schedule *vb_lin_schedule_find(const char *name) {
    for (size_t i = 0; i < vb_lin_schedule_count; i++) {
        if (strcmp(vb_lin_schedules[i]->name, name) == 0) {
            return vb_lin_schedules[i];
        }
    }
    return NULL;
}
