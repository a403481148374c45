/* leaf_pack.h - the pack of a Nissan Leaf and the frames of its controller: 96 cells in series as they are after some
 * years, for whoever says which current flows.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_LEAF_PACK_H
#define SIM_LEAF_PACK_H

#include "sim/values.h"

enum leaf_car { ZE0, AZE0, ZE1 };
extern const char *const leaf_cars[]; /* "ze0" ..., ends with NULL */
#define LEAF_CARS_HELP "24 kWh of 2011, 30 kWh of 2016, 62 kWh of 2019"

/* The frames of the controller. They come one behind the other, not all at once. */
struct leaf_slot {
    uint16_t id, period_ms, phase_ms;
    uint8_t cars; /* bits: 1 << AZE0 */
};
#define LEAF_PACK_SLOTS 8
extern const struct leaf_slot leaf_pack_slots[LEAF_PACK_SLOTS];

struct leaf_pack {
    struct vb_instance instance; /* of leaf-battery */
    uint8_t car;
    int64_t t_ms;       /* of the model */
    int64_t charge_uas; /* microampere seconds in the pack */
    int64_t current_ma; /* positive = into the pack */
    int64_t voltage_mv;
    int64_t rest_mv; /* without current */
    int64_t
        temperature_nk; /* nano-degrees Celsius: a step of the model is far below a micro-degree */
    /* what the controller says */
    bool charging;  /* a charger is asked for */
    bool full;      /* ... and has to stop */
    bool forbidden; /* no permission for the relays */
    bool cut;       /* the relays shall open */
    bool starting;  /* nothing is measured yet */
    uint8_t answer; /* to 50C; 0: it changes by itself */
};

void leaf_pack_init(struct leaf_pack *p, enum leaf_car car, int64_t soc_percent);
/* A step of the model: first the time and rest_mv, by the charge; then that current flows for dt_ms. */
void leaf_pack_rest(struct leaf_pack *p, int64_t dt_ms);
void leaf_pack_step(struct leaf_pack *p, int64_t current_ma, int64_t dt_ms);

int64_t leaf_pack_capacity_uas(const struct leaf_pack *p);
int64_t leaf_pack_soc_permille(const struct leaf_pack *p);
int64_t leaf_pack_charger_w(const struct leaf_pack *p); /* what its AC charger gives it */
/* The current that its last volts leave to a charger. */
int64_t leaf_pack_taper_ma(const struct leaf_pack *p);
/* Watts that a charger may give now. */
int64_t leaf_pack_charger_limit_w(const struct leaf_pack *p);

/* The values of one of its frames, the turn-th one. Returns the length of the frame. */
uint8_t leaf_pack_values(const struct leaf_pack *p, struct sim_values *v, uint32_t turn);

#endif
