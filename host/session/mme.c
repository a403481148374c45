/* mme.c - fields of the SLAC messages, by their place in the Ethernet frame.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/session/event.h"

/* Where the RunID and the car's MAC stand; 0: the message has none. */
static const struct {
    uint16_t id;
    uint8_t run_id, car;
} places[] = {
    {MME_SLAC_PARM_REQ, 21, 6}, {MME_SLAC_PARM_CNF, 36, 0}, {MME_START_ATTEN, 30, 6},
    {MME_SOUND, 39, 6},         {MME_ATTEN_IND, 27, 21},    {MME_ATTEN_RSP, 27, 21},
    {MME_MATCH_REQ, 69, 40},    {MME_MATCH_CNF, 69, 40},
};
#define PLACE_COUNT (sizeof places / sizeof places[0])

const uint8_t *mme_bytes(const struct event *e, size_t at, size_t n) {
    return e->what == EVENT_MME && at + n <= e->len ? e->data + at : NULL;
}

static const uint8_t *field(const struct event *e, bool run_id) {
    for (size_t i = 0; i < PLACE_COUNT && e->what == EVENT_MME; i++) {
        if (places[i].id == e->id) {
            return run_id                              ? mme_bytes(e, places[i].run_id, 8)
                   : places[i].id == MME_SLAC_PARM_CNF ? mme_bytes(e, 0, 6)
                                                       : mme_bytes(e, places[i].car, 6);
        }
    }
    return NULL;
}

const uint8_t *mme_run_id(const struct event *e) {
    return field(e, true);
}

const uint8_t *mme_car(const struct event *e) {
    return field(e, false);
}

bool copy_of_message(const struct event *e) {
    return e->what == EVENT_NET && e->id == VB_NET_AGAIN && e->len > 9 &&
           memcmp(e->data, "a message", 9) == 0;
}

bool mme_is_private(const struct event *e) {
    const uint8_t *mark = mme_bytes(e, 38, 3);
    if (e->what != EVENT_MME) {
        return false;
    }
    if (e->id == MME_ATTEN_IND) {
        return e->dst_mac[0] & 1; /* to everybody: no SLAC message of that kind is */
    }
    return e->id == MME_START_ATTEN && mark && memcmp(mark, "\xDC\x55\xAA", 3) == 0;
}

bool mme_is_slac(const struct event *e) {
    return e->what == EVENT_MME && e->id >= MME_SLAC_PARM_REQ && e->id <= MME_MATCH_CNF &&
           !mme_is_private(e);
}
