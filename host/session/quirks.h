/* host/session/quirks.h - what cars and chargers do beyond the standard, and what helps: one row each, with one
 * small recogniser. The rows are the table of docs/session.md, too.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_SESSION_QUIRKS_H
#define HOST_SESSION_QUIRKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;
struct event;

/* In the order of a session; names and texts stand in quirks.c. */
#define QUIRKS(X)                                                                                  \
    X(PARM_TRIES)                                                                                  \
    X(RUN_ID)                                                                                      \
    X(TESLA_RUN_ID)                                                                                \
    X(LATE_START)                                                                                  \
    X(TIME_OUT)                                                                                    \
    X(NO_ATTENUATION)                                                                              \
    X(FOREIGN_SLAC)                                                                                \
    X(OWN_SLAC)                                                                                    \
    X(BOOT_LOADER)                                                                                 \
    X(SDP_REPEATED)                                                                                \
    X(SDP_NO_TLS)                                                                                  \
    X(WRONG_PORT)                                                                                  \
    X(SIDE_CONNECTION)                                                                             \
    X(OLD_SEGMENTS)                                                                                \
    X(CAR_COPIES)                                                                                  \
    X(CHARGER_COPIES)                                                                              \
    X(LATE_ANSWER)                                                                                 \
    X(WRONG_ANSWER)                                                                                \
    X(EXTRA_ANSWER)                                                                                \
    X(UNDECODABLE)                                                                                 \
    X(SESSION_ID_LENGTH)                                                                           \
    X(SESSION_ID_ECHO)                                                                             \
    X(PLAIN_OK)                                                                                    \
    X(LONG_AUTHORIZATION)                                                                          \
    X(PARAMETER_FIELDS)                                                                            \
    X(NOT_READY)                                                                                   \
    X(LONG_CABLE_CHECK)                                                                            \
    X(ISOLATION)                                                                                   \
    X(NO_PRE_CHARGE)                                                                               \
    X(LONG_PRE_CHARGE)                                                                             \
    X(MINIMUM_VOLTAGE)                                                                             \
    X(MIRROR)                                                                                      \
    X(DIFFERENCE)                                                                                  \
    X(OFF_FOR_ON)                                                                                  \
    X(DELIVERY_FIELDS)                                                                             \
    X(SLOW_POWER)                                                                                  \
    X(DEMAND_FIELDS)                                                                               \
    X(ZERO_CURRENT)                                                                                \
    X(VOLTAGE_FALLS)                                                                               \
    X(RUNAWAY)                                                                                     \
    X(ABOVE_LIMIT)                                                                                 \
    X(NOT_READY_EV)                                                                                \
    X(SHUTDOWN_IGNORED)                                                                            \
    X(OVERSUPPLY)                                                                                  \
    X(UNDERSUPPLY)                                                                                 \
    X(SOC_JUMP)                                                                                    \
    X(NO_WELDING)                                                                                  \
    X(WELDING_VOLTAGE)

enum quirk {
#define X(id) QUIRK_##id,
    QUIRKS(X)
#undef X
        QUIRK_COUNT
};

#define QUIRK_PACKETS 6
struct quirk_found {
    uint32_t count;
    uint32_t packets[QUIRK_PACKETS]; /* the first ones; 0: the recording has no numbers */
    char seen[160];                  /* what was seen, in words */
};

/* What the recognisers remember of a session. */
struct quirk_memory {
    uint32_t parm_requests;
    int64_t parm_cnf_ns; /* 0: none yet */
    bool start_seen;
    uint32_t mirrored, pre_charges;
    double pre_charge_voltage; /* last */
    uint32_t fallen;
    double fallen_to;
    uint32_t demands, zero, under, over, supplied;
    double under_worst, over_worst;
    uint32_t after_shutdown;
    uint32_t shutdown_packet;
    double soc;
    int64_t soc_ns;
    uint32_t welds;
    double weld_voltage;
    int64_t copy_max_ns;
};

struct quirk_row {
    const char *name;   /* for machines: API */
    const char *title;  /* a few words */
    const char *means;  /* a sentence */
    const char *helps;  /* a sentence, or "" */
    const char *source; /* rows of reference/ccs.md section 2, or section */
    /* Called for each event of the session before the session takes it, and with EVENT_END. */
    void (*see)(struct session *session, const struct event *event, struct quirk_found *found);
};
extern const struct quirk_row quirks[QUIRK_COUNT];

/* Show the event to all recognisers. */
void quirks_see(struct session *session, const struct event *event);

#endif
