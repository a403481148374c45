/* voltbus/lin_schedule.h - the order in which the leader of a LIN bus asks: a fixed table of slots.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_LIN_SCHEDULE_H
#define VOLTBUS_LIN_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

/* A slot: at this time after the start of the period the header of this id is sent. */
struct vb_lin_slot {
    uint16_t at_ms;
    uint8_t id;
};

struct vb_lin_schedule {
    const char *name, *title;
    uint32_t baud;                   /* bits per second, never 0 */
    uint16_t period_ms;              /* then it begins again */
    uint16_t slot_ms;                /* the time that a header and its response have */
    const struct vb_lin_slot *slots; /* by rising time */
    uint8_t slot_count;
};

/* All built-in schedules ("nugget"), and the one of a name or NULL. */
extern const struct vb_lin_schedule *const vb_lin_schedules[];
extern const size_t vb_lin_schedule_count;
const struct vb_lin_schedule *vb_lin_schedule_find(const char *name);

#endif
