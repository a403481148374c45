/* host/session/session.h - the story of a charge: what happened between a car and a charger in one session, in
 * bounded memory and one pass over the frames of a recording.
 * story.h makes it; story_text.c, story_json.c, plot_text.c and plot_svg.c show it.
 * Where limits and quirks come from: reference/ccs.md, sections 4 and 2.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_SESSION_SESSION_H
#define HOST_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/session/message.h"
#include "host/session/quirks.h"

#define SESSION_NEVER INT64_MIN /* a moment that did not come */

/* ---- phases: the ladder ---- */

/* id, name for machines, name for people, answers counted against, what the whole phase may take (ms; 0: no
 * limit is known). The limits are those that people remember of DIN 70121 and ISO 15118-2 and -3, not checked
 * against the standards' text; DIN may have 2 s for PowerDelivery. */
#define PHASES(X)                                                                                  \
    X(SLAC_PARM, "slac-parm", "SLAC parameters", 200, 0)                                           \
    X(SLAC_SOUND, "slac-sounding", "SLAC sounding", 0, 0)                                          \
    X(SLAC_ATTEN, "slac-attenuation", "SLAC attenuation", 1200, 0)                                 \
    X(SLAC_MATCH, "slac-match", "SLAC match", 200, 0)                                              \
    X(JOIN, "join", "Network joined", 0, 12000)                                                    \
    X(SDP, "sdp", "SDP", 250, 0)                                                                   \
    X(TCP, "tcp", "TCP connect", 0, 0)                                                             \
    X(HANDSHAKE, "handshake", "Protocol handshake", 2000, 0)                                       \
    X(SESSION_SETUP, "session-setup", "SessionSetup", 2000, 0)                                     \
    X(SERVICES, "service-discovery", "ServiceDiscovery", 2000, 0)                                  \
    X(SERVICE_DETAIL, "service-detail", "ServiceDetail", 5000, 0)                                  \
    X(PAYMENT, "payment-selection", "PaymentSelection", 2000, 0)                                   \
    X(CERTIFICATE, "certificate", "Certificate", 5000, 0)                                          \
    X(PAYMENT_DETAILS, "payment-details", "PaymentDetails", 5000, 0)                               \
    X(AUTHORIZATION, "authorization", "Authorization", 2000, 60000)                                \
    X(PARAMETERS, "charge-parameters", "ChargeParameters", 2000, 60000)                            \
    X(CABLE_CHECK, "cable-check", "CableCheck", 2000, 40000)                                       \
    X(PRE_CHARGE, "pre-charge", "PreCharge", 2000, 7000)                                           \
    X(POWER_ON, "power-on", "PowerDelivery on", 5000, 0)                                           \
    X(CHARGING, "charging", "Charging", 250, 0)                                                    \
    X(CHARGING_AC, "charging-ac", "Charging (AC)", 2000, 0)                                        \
    X(RENEGOTIATE, "renegotiate", "Renegotiation", 5000, 0)                                        \
    X(POWER_OFF, "power-off", "PowerDelivery off", 5000, 0)                                        \
    X(WELDING, "welding-detection", "WeldingDetection", 2000, 0)                                   \
    X(SESSION_STOP, "session-stop", "SessionStop", 2000, 0)                                        \
    X(TCP_CLOSE, "tcp-close", "TCP close", 0, 0)

enum phase {
#define X(id, name, title, answer_ms, phase_ms) PHASE_##id,
    PHASES(X)
#undef X
        PHASE_COUNT
};

struct phase_row {
    const char *name, *title;
    uint32_t answer_ms, phase_ms;
};
extern const struct phase_row phases[PHASE_COUNT];

/* How long answers, or the pauses between them, took. */
struct times {
    uint32_t count;
    uint32_t max_packet; /* where the longest ended */
    int64_t sum_ns, max_ns;
};

/* One visit to a phase; a session can come to a phase again (renegotiation). */
struct visit {
    enum phase phase;
    int64_t first_ns, last_ns;
    uint32_t first_packet, last_packet;
    uint32_t rounds;     /* requests */
    uint32_t copies;     /* requests and answers that came again */
    uint32_t late;       /* answers beyond the limit */
    struct times answer; /* request to answer */
    struct times pause;  /* answer to the car's next request */
    struct message last; /* fields as last heard in this phase, of both sides */
};

#define VISITS_MAX 40

struct late {
    uint32_t packet;
    enum phase phase;
    int64_t ns;
};
#define LATE_MAX 12

/* ---- the curve ---- */

enum series { SERIES_V, SERIES_A, SERIES_V_TARGET, SERIES_A_TARGET, SERIES_SOC, SERIES_COUNT };
extern const char *const series_names[SERIES_COUNT];

#define CURVE_BUCKETS 2048
struct bucket {
    float min[SERIES_COUNT], max[SERIES_COUNT], last[SERIES_COUNT]; /* NaN: nothing heard */
};
/* Buckets of equal time from start_ns on; when the time goes beyond the last one, two become one. */
struct curve {
    int64_t start_ns, bucket_ns; /* bucket_ns 0: nothing yet */
    size_t used;
    struct bucket buckets[CURVE_BUCKETS];
};
void curve_add(struct curve *curve, int64_t t_ns, enum series series, double value);
/* Is there something to draw? */
bool curve_has(const struct curve *curve, enum series series);

/* Energy by trapezoids between present values; longer than ENERGY_GAP_NS without values is not counted. */
#define ENERGY_GAP_NS (5 * INT64_C(1000000000))
struct energy {
    double ws, ws_back; /* into the car; out of it (a car that gives) */
    double peak_w;
    int64_t counted_ns, gap_ns; /* time that is in the sum, and that is not */
    uint32_t gaps, samples;
    int64_t last_ns;
    double last_w;
};
void energy_add(struct energy *energy, int64_t t_ns, double volt, double ampere);

/* ---- how it ended ---- */

struct sign {     /* something that can be the reason of an end */
    int64_t t_ns; /* SESSION_NEVER: was not seen */
    uint32_t packet;
    const char *word;    /* "EVSE_Shutdown" */
    const char *message; /* "CurrentDemandRes" */
};

/* What this file can know of a message that waits for its answer. */
struct question {
    const struct message_row *row; /* NULL: nothing was asked */
    enum phase phase;
    int64_t t_ns;
    uint32_t packet;
    bool answered;
};

#define MODEMS_MAX 4
struct modem {
    uint8_t mac[6];
    char version[64];
};

struct session {
    unsigned number; /* in the recording, from 1 */
    int64_t start_ns, end_ns;
    uint32_t first_packet, last_packet;
    bool relative;        /* the recording's times are no Unix times */
    int64_t recording_ns; /* when the recording, or this session's part of it, ends */
    bool recording_ends;  /* the recording ended, and not the next session began */
    unsigned messages;    /* V2G messages that were understood, copies not counted */
    unsigned undecodable; /* V2G messages that were not */
    bool timeless;        /* the recording has no times */
    bool clock_back;      /* the recording's clock went back */

    /* who */
    uint8_t ev_mac[6], evse_mac[6];
    bool has_ev_mac, has_evse_mac;
    uint8_t run_id[8];
    bool has_run_id;
    struct modem modems[MODEMS_MAX];
    size_t modem_count;
    uint8_t nid[7];
    bool has_nid;
    double attenuation_db; /* mean of the last ATTEN_CHAR.IND; NaN: none */
    uint8_t attenuation_groups;
    struct message_offer offers[MESSAGE_OFFERS];
    size_t offer_count;
    int chosen_id;       /* SchemaID of the answer, -1: none */
    const char *dialect; /* "DIN 70121", "ISO 15118-2", or "" */
    uint8_t session_id[8];
    size_t session_id_len; /* as the charger gave it */
    uint8_t evccid[20];
    size_t evccid_len;
    uint8_t evseid[MESSAGE_ID_MAX];
    size_t evseid_len;
    const char *payment, *transfer_mode; /* words, or NULL */

    /* SDP, TCP */
    bool sdp_asked, sdp_answered, sdp_asked_tls, sdp_answered_tls;
    uint32_t sdp_requests, sdp_tls_requests;
    uint16_t sdp_port;
    bool connected, accepted, tls;
    uint32_t connects;
    uint16_t stream;
    uint16_t ev_port, evse_port;

    /* the course */
    enum phase furthest;
    bool began; /* anything at all */
    struct visit visits[VISITS_MAX];
    size_t visit_count;
    struct question asked;
    int64_t message_ns;      /* of the last V2G message */
    int64_t answer_ns;       /* of the last answer; SESSION_NEVER: none */
    struct message ev, evse; /* fields as last heard of each side */
    struct late late[LATE_MAX];
    uint32_t late_count;
    bool over; /* ended in words: SessionStop answered, or the connection is gone */
    uint32_t set_key_result;
    bool has_set_key_result;

    /* signs of an end: the first of each */
    struct sign status;       /* EVSEStatusCode that ends a charge */
    struct sign notification; /* EVSENotification StopCharging */
    struct sign failed;       /* ResponseCode FAILED.. */
    struct sign ev_error;     /* EVErrorCode */
    struct sign power_off;    /* PowerDeliveryReq: off */
    struct sign complete;     /* ChargingComplete */
    struct sign stop_req, stop_res;
    char note[100];             /* a line of the log that gives a reason; "": none */
    struct sign closed;         /* TCP FIN; word: "car" or "charger" */
    struct sign reset;          /* TCP RST */
    double soc_first, soc_last; /* NaN: none */
    double power_off_soc;
    bool isolation_fault; /* EVSEIsolationStatus that came with status */

    /* meter of an AC session, Wh */
    double meter_first, meter_last;

    struct energy energy;
    struct curve curve;
    struct quirk_found quirks[QUIRK_COUNT];
    struct quirk_memory memory; /* of the recognisers */

    /* made at the end */
    const char *ending;   /* for machines: "charger-shutdown" */
    const char *ended_by; /* "car", "charger", "network", "recording", "nobody" */
    char result[400];     /* one sentence or two */
};

/* The visit to a phase, the last one; NULL if there was none. */
const struct visit *session_visit(const struct session *session, enum phase phase);
/* Do its messages go on at that moment, as far as one can tell? */
bool session_is_alive(const struct session *session, int64_t t_ns);
/* Mean of times in ms. */
double times_mean_ms(const struct times *times);

/* Find ending, ended_by and result (ending.c). */
void session_end(struct session *session);

#endif
