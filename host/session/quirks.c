/* quirks.c - the table of quirks, and how each is recognised. A recogniser sees an event before the session takes
 * it: session->asked is what was asked before, session->ev and ->evse what was heard before.
 * Facts: reference/ccs.md; the numbers of the rows are those of its section 2.
 * SPDX-License-Identifier: MIT */
#include "host/session/quirks.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/session/event.h"
#include "host/session/session.h"

#define MS INT64_C(1000000)

/* ---- helpers ---- */

static void count(struct quirk_found *found, uint32_t packet) {
    if (found->count < QUIRK_PACKETS) {
        found->packets[found->count] = packet;
    }
    found->count++;
}

/* Seen once more; the words are those of the last call. */
static void __attribute__((format(printf, 3, 4)))
seen(struct quirk_found *found, uint32_t packet, const char *fmt, ...) {
    va_list args;
    count(found, packet);
    va_start(args, fmt);
    vsnprintf(found->seen, sizeof found->seen, fmt, args);
    va_end(args);
    for (char *c = found->seen; *c; c++) { /* it goes to terminals, and may hold words of a frame */
        *c = (char)(*c >= 32 && *c < 127 ? *c : '?');
    }
}

/* The same, but the words of the first time stay. */
#define SEEN_FIRST(found, packet, ...)                                                             \
    do {                                                                                           \
        if ((found)->count == 0) {                                                                 \
            seen(found, packet, __VA_ARGS__);                                                      \
        } else {                                                                                   \
            count(found, packet);                                                                  \
        }                                                                                          \
    } while (0)

static bool is_copy(const struct event *e) {
    return e->flags & VB_SIDE_AGAIN;
}

/* Is it this message, for the first time? */
static bool is(const struct event *e, const char *name) {
    return e->what == EVENT_MESSAGE && !is_copy(e) && strcmp(e->heard->name, name) == 0;
}

static bool is_answer(const struct event *e) {
    return e->what == EVENT_MESSAGE && !is_copy(e) && !e->heard->request;
}

static bool has(const struct event *e, int field) {
    return message_has(&e->heard->fields, field);
}

static double number(const struct event *e, int field) {
    return e->heard->fields.number[field];
}

static bool says(const struct event *e, int field, const char *word) {
    return message_is(&e->heard->fields, field, word);
}

static bool is_power_on(const struct event *e) {
    return is(e, "PowerDeliveryReq") &&
           (has(e, F_ReadyToChargeState) ? number(e, F_ReadyToChargeState) > 0
                                         : says(e, F_ChargeProgress, "Start"));
}

static bool is_mme(const struct event *e, enum mme id) {
    return e->what == EVENT_MME && e->id == (uint32_t)id && !mme_is_private(e);
}

static bool is_ours(const struct session *s, const struct event *e) {
    const uint8_t *car = mme_car(e);
    return car && (!s->has_ev_mac || memcmp(car, s->ev_mac, 6) == 0);
}

/* ---- SLAC ---- */

static void parm_tries(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if (is_mme(e, MME_SLAC_PARM_REQ) && is_ours(s, e) && ++m->parm_requests > 1) {
        seen(found, e->packet, "%u CM_SLAC_PARM.REQ in this attempt", (unsigned)m->parm_requests);
    }
}

static void run_id(struct session *s, const struct event *e, struct quirk_found *found) {
    const uint8_t *id = mme_run_id(e);
    if (id && !mme_is_private(e) && !is_mme(e, MME_SLAC_PARM_REQ) && is_ours(s, e) &&
        s->has_run_id && memcmp(id, s->run_id, 8) != 0) {
        SEEN_FIRST(found, e->packet,
                   "MME %04X has %02X%02X%02X%02X%02X%02X%02X%02X, the car's is "
                   "%02X%02X%02X%02X%02X%02X%02X%02X",
                   (unsigned)e->id, id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7],
                   s->run_id[0], s->run_id[1], s->run_id[2], s->run_id[3], s->run_id[4],
                   s->run_id[5], s->run_id[6], s->run_id[7]);
    }
}

static void tesla_run_id(struct session *s, const struct event *e, struct quirk_found *found) {
    const uint8_t *id = mme_run_id(e);
    if (is_mme(e, MME_SLAC_PARM_REQ) && is_ours(s, e) && id && memcmp(id, "TESLA EV", 8) == 0) {
        seen(found, e->packet, "RunID is the text \"TESLA EV\"");
    }
}

static void late_start(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if (is_mme(e, MME_SLAC_PARM_CNF) && is_ours(s, e)) {
        m->parm_cnf_ns = e->t_ns;
        m->start_seen = false;
    } else if (is_mme(e, MME_START_ATTEN) && is_ours(s, e) && m->parm_cnf_ns && !m->start_seen) {
        int64_t took = e->t_ns - m->parm_cnf_ns;
        m->start_seen = true;
        if (took > 100 * MS) {
            seen(found, e->packet, "%.0f ms after CM_SLAC_PARM.CNF", (double)took / 1e6);
        }
    }
}

static void time_out(struct session *s, const struct event *e, struct quirk_found *found) {
    const uint8_t *field = is_mme(e, MME_SLAC_PARM_CNF) ? mme_bytes(e, 26, 1)
                           : is_mme(e, MME_START_ATTEN) ? mme_bytes(e, 22, 1)
                                                        : NULL;
    if (field && *field != 6 && is_ours(s, e)) {
        SEEN_FIRST(found, e->packet, "TIME_OUT is %u00 ms in MME %04X", *field, (unsigned)e->id);
    }
}

static void no_attenuation(struct session *s, const struct event *e, struct quirk_found *found) {
    const uint8_t *groups = is_mme(e, MME_ATTEN_IND) ? mme_bytes(e, 70, 1) : NULL;
    const uint8_t *values = groups && *groups ? mme_bytes(e, 71, *groups) : NULL;
    for (size_t i = 0; values && i < *groups; i++) {
        if (values[i] != 0) {
            return;
        }
    }
    if (groups && is_ours(s, e)) {
        seen(found, e->packet, values ? "all %u groups are 0 dB" : "%u groups, no values", *groups);
    }
}

static void foreign_slac(struct session *s, const struct event *e, struct quirk_found *found) {
    const uint8_t *car = mme_car(e);
    if (mme_is_slac(e) && car && s->has_ev_mac && memcmp(car, s->ev_mac, 6) != 0) {
        SEEN_FIRST(found, e->packet, "MME %04X of the car %02x:%02x:%02x:%02x:%02x:%02x",
                   (unsigned)e->id, car[0], car[1], car[2], car[3], car[4], car[5]);
    }
}

static void own_slac(struct session *s, const struct event *e, struct quirk_found *found) {
    if (is_mme(e, MME_SLAC_PARM_REQ) && s->has_ev_mac && is_ours(s, e) &&
        session_is_alive(s, e->t_ns)) {
        SEEN_FIRST(found, e->packet, "CM_SLAC_PARM.REQ while messages go on");
    }
}

static void boot_loader(struct session *s, const struct event *e, struct quirk_found *found) {
    (void)e;
    for (size_t i = 0; e->what == EVENT_END && i < s->modem_count; i++) {
        if (strstr(s->modems[i].version, "BootLoader")) {
            seen(found, 0, "version %s", s->modems[i].version);
        }
    }
}

/* ---- SDP, TCP ---- */

static void sdp_repeated(struct session *s, const struct event *e, struct quirk_found *found) {
    if (e->what == EVENT_SDP_REQ && s->sdp_asked) {
        seen(found, e->packet, "%u SDP requests", (unsigned)s->sdp_requests + 1);
    }
}

static void sdp_no_tls(struct session *s, const struct event *e, struct quirk_found *found) {
    if (e->what != EVENT_SDP_RES || e->sdp_security != VB_SDP_NO_TLS || s->sdp_tls_requests == 0) {
        return;
    }
    if (s->sdp_asked_tls) {
        SEEN_FIRST(found, e->packet, "the car asked for TLS, the charger offers none");
    } else {
        SEEN_FIRST(found, e->packet, "%u requests for TLS without an answer, then one without TLS",
                   (unsigned)s->sdp_tls_requests);
    }
}

static void wrong_port(struct session *s, const struct event *e, struct quirk_found *found) {
    if (e->what == EVENT_NET && e->id == VB_NET_CONNECT && s->messages == 0 && s->sdp_answered &&
        s->sdp_port != 0 && e->dst_port != 0 && e->dst_port != s->sdp_port) {
        SEEN_FIRST(found, e->packet, "connected to port %u, SDP said %u", e->dst_port, s->sdp_port);
    }
}

static void side_connection(struct session *s, const struct event *e, struct quirk_found *found) {
    if (e->what == EVENT_NET && e->id == VB_NET_CONNECT && s->stream && e->stream != s->stream &&
        session_is_alive(s, e->t_ns)) {
        SEEN_FIRST(found, e->packet, "to port %u, while the session has port %u", e->dst_port,
                   s->evse_port);
    }
}

static void old_segments(struct session *s, const struct event *e, struct quirk_found *found) {
    if ((e->what == EVENT_NET || e->what == EVENT_MESSAGE || e->what == EVENT_BAD) && e->stream &&
        s->stream && e->stream < s->stream && s->messages > 0) {
        SEEN_FIRST(found, e->packet, "ports %u to %u, this session has %u and %u", e->src_port,
                   e->dst_port, s->ev_port, s->evse_port);
    }
}

static void copies(const struct session *s, const struct event *e, struct quirk_found *found,
                   enum vb_side_from from) {
    const char *name = s->asked.row ? s->asked.row->name : "";
    if (e->from != from || !copy_of_message(e)) {
        return;
    }
    SEEN_FIRST(found, e->packet, "first: %s%s, %.*s", name,
               !name[0]               ? "TCP"
               : from == VB_FROM_EVCC ? "Req"
                                      : "Res",
               e->len > 11 && e->len < 120 ? (int)e->len - 11 : 0, (const char *)e->data + 11);
}

static void car_copies(struct session *s, const struct event *e, struct quirk_found *found) {
    copies(s, e, found, VB_FROM_EVCC);
}

static void charger_copies(struct session *s, const struct event *e, struct quirk_found *found) {
    copies(s, e, found, VB_FROM_SECC);
}

/* ---- answers ---- */

static void late_answer(struct session *s, const struct event *e, struct quirk_found *found) {
    const struct question *q = &s->asked;
    if (!is_answer(e) || !q->row || q->answered || q->row != e->heard->row) {
        return;
    }
    int64_t took = e->t_ns - q->t_ns;
    if (took > phases[q->phase].answer_ms * MS) {
        SEEN_FIRST(found, e->packet, "first: %s after %.0f ms, limit %u ms", e->heard->name,
                   (double)took / 1e6, (unsigned)phases[q->phase].answer_ms);
    }
}

static void wrong_answer(struct session *s, const struct event *e, struct quirk_found *found) {
    const struct question *q = &s->asked;
    if (is_answer(e) && q->row && !q->answered && q->row != e->heard->row) {
        SEEN_FIRST(found, e->packet, "first: %s while %sRes is awaited", e->heard->name,
                   q->row->name);
    }
}

static void extra_answer(struct session *s, const struct event *e, struct quirk_found *found) {
    const struct question *q = &s->asked;
    if (is_answer(e) && q->row && q->answered) {
        SEEN_FIRST(found, e->packet, "first: %s that nobody asked for, %.0f ms after the answer",
                   e->heard->name,
                   s->answer_ns == SESSION_NEVER ? 0 : (double)(e->t_ns - s->answer_ns) / 1e6);
    }
}

static void undecodable(struct session *s, const struct event *e, struct quirk_found *found) {
    (void)s;
    if (e->what == EVENT_BAD) {
        SEEN_FIRST(found, e->packet, "first: %.*s", e->len < 120 ? (int)e->len : 120,
                   (const char *)e->data);
    }
}

/* ---- the beginning ---- */

static void session_id_length(struct session *s, const struct event *e, struct quirk_found *found) {
    (void)s;
    if ((is(e, "SessionSetupReq") || is(e, "SessionSetupRes")) &&
        e->heard->fields.session_id_len != 8) {
        seen(found, e->packet, "%u byte%s in %s", e->heard->fields.session_id_len,
             e->heard->fields.session_id_len == 1 ? "" : "s", e->heard->name);
    }
}

static void session_id_echo(struct session *s, const struct event *e, struct quirk_found *found) {
    if (e->what != EVENT_MESSAGE || is_copy(e) || s->session_id_len == 0 ||
        e->heard->row->phase == PHASE_HANDSHAKE || e->heard->row->phase == PHASE_SESSION_SETUP) {
        return;
    }
    const struct message *m = &e->heard->fields;
    bool same = m->session_id_len == s->session_id_len &&
                memcmp(m->session_id, s->session_id, m->session_id_len) == 0;
    if (e->heard->request && !same) {
        SEEN_FIRST(found, e->packet,
                   "first: %s has another id (%u bytes) than SessionSetupRes gave"
                   " (%zu bytes)",
                   e->heard->name, m->session_id_len, s->session_id_len);
    } else if (says(e, F_ResponseCode, "FAILED_UnknownSession")) {
        SEEN_FIRST(found, e->packet, "first: %s says FAILED_UnknownSession", e->heard->name);
    }
}

static void plain_ok(struct session *s, const struct event *e, struct quirk_found *found) {
    (void)s;
    if (is(e, "SessionSetupRes") && says(e, F_ResponseCode, "OK")) {
        seen(found, e->packet, "SessionSetupRes says OK, not OK_NewSessionEstablished");
    }
}

static void long_authorization(struct session *s, const struct event *e,
                               struct quirk_found *found) {
    const struct visit *v = e->what == EVENT_END ? session_visit(s, PHASE_AUTHORIZATION) : NULL;
    if (v && (v->rounds > 20 || v->last_ns - v->first_ns > 20000 * MS)) {
        seen(found, v->first_packet, "%u rounds in %.1f s%s", (unsigned)v->rounds,
             (double)(v->last_ns - v->first_ns) / 1e9,
             message_is(&v->last, F_EVSEProcessing, "Finished") ? "" : ", never Finished");
    }
}

/* "A, B": the names of those fields that the message lacks. */
static size_t missing(const struct event *e, const int *fields, size_t n, char *out, size_t cap) {
    size_t lacks = 0;
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (!has(e, fields[i]) && at < cap) {
            at += (size_t)snprintf(out + at, cap - at, "%s%s", lacks++ ? ", " : "",
                                   message_field_name(fields[i]));
        }
    }
    return lacks;
}

static void parameter_fields(struct session *s, const struct event *e, struct quirk_found *found) {
    static const int fields[] = {F_EVMaximumPowerLimit, F_EVEnergyCapacity, F_EVEnergyRequest,
                                 F_FullSOC, F_BulkSOC};
    char names[120];
    (void)s;
    if (is(e, "ChargeParameterDiscoveryReq") && has(e, F_EVMaximumVoltageLimit) &&
        missing(e, fields, sizeof fields / sizeof fields[0], names, sizeof names) > 0) {
        SEEN_FIRST(found, e->packet, "the car leaves out %s", names);
    }
}

static void not_ready(struct session *s, const struct event *e, struct quirk_found *found) {
    (void)s;
    if ((is(e, "ChargeParameterDiscoveryRes") || is(e, "CableCheckRes")) &&
        says(e, F_EVSEProcessing, "Finished") && says(e, F_EVSEStatusCode, "EVSE_NotReady")) {
        SEEN_FIRST(found, e->packet, "%s: Finished, and EVSE_NotReady", e->heard->name);
    }
}

/* ---- cable check, precharge ---- */

static void long_cable_check(struct session *s, const struct event *e, struct quirk_found *found) {
    const struct visit *v = e->what == EVENT_END ? session_visit(s, PHASE_CABLE_CHECK) : NULL;
    if (!v) {
        return;
    }
    bool finished = message_is(&v->last, F_EVSEProcessing, "Finished");
    double seconds = (double)(v->last_ns - v->first_ns) / 1e9;
    if (seconds > phases[PHASE_CABLE_CHECK].phase_ms / 1000.0 || (!finished && v->rounds > 20)) {
        seen(found, v->first_packet, "%u rounds in %.1f s%s", (unsigned)v->rounds, seconds,
             finished ? "" : ", never Finished");
    }
}

static void isolation(struct session *s, const struct event *e, struct quirk_found *found) {
    (void)s;
    if (is(e, "CableCheckRes") && says(e, F_EVSEProcessing, "Finished") &&
        has(e, F_EVSEIsolationStatus) && !says(e, F_EVSEIsolationStatus, "Valid")) {
        seen(found, e->packet, "Finished with EVSEIsolationStatus %s",
             message_word(&e->heard->fields, F_EVSEIsolationStatus));
    }
}

static void no_pre_charge(struct session *s, const struct event *e, struct quirk_found *found) {
    if (is(e, "PowerDeliveryReq") && session_visit(s, PHASE_CABLE_CHECK) &&
        !session_visit(s, PHASE_PRE_CHARGE) && !session_visit(s, PHASE_CHARGING)) {
        seen(found, e->packet, "PowerDeliveryReq (%s) follows CableCheck",
             is_power_on(e) ? "on" : "off");
    }
}

static void long_pre_charge(struct session *s, const struct event *e, struct quirk_found *found) {
    const struct visit *v = e->what == EVENT_END ? session_visit(s, PHASE_PRE_CHARGE) : NULL;
    double seconds = v ? (double)(v->last_ns - v->first_ns) / 1e9 : 0;
    if (v && seconds > phases[PHASE_PRE_CHARGE].phase_ms / 1000.0) {
        seen(found, v->first_packet, "%u rounds in %.1f s; last %.10g V, target %.10g V",
             (unsigned)v->rounds, seconds, v->last.number[F_EVSEPresentVoltage],
             v->last.number[F_EVTargetVoltage]);
    }
}

static void minimum_voltage(struct session *s, const struct event *e, struct quirk_found *found) {
    if (is(e, "PreChargeReq") && message_has(&s->evse, F_EVSEMinimumVoltageLimit) &&
        number(e, F_EVTargetVoltage) < s->evse.number[F_EVSEMinimumVoltageLimit]) {
        SEEN_FIRST(found, e->packet, "the charger's minimum is %.10g V, the target %.10g V",
                   s->evse.number[F_EVSEMinimumVoltageLimit], number(e, F_EVTargetVoltage));
    }
}

/* No measurement is exact to the digit each time; a simulated voltage is. */
static void mirror(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if ((is(e, "PreChargeRes") || is(e, "CurrentDemandRes")) &&
        message_has(&s->ev, F_EVTargetVoltage) && has(e, F_EVSEPresentVoltage)) {
        m->pre_charges++;
        m->mirrored +=
            fabs(number(e, F_EVSEPresentVoltage) - s->ev.number[F_EVTargetVoltage]) < 1e-6;
    } else if (e->what == EVENT_END && m->pre_charges >= 10 &&
               m->mirrored * 10 >= m->pre_charges * 9) {
        seen(found, 0, "%u of %u answers give exactly the target", (unsigned)m->mirrored,
             (unsigned)m->pre_charges);
    }
}

static void difference(struct session *s, const struct event *e, struct quirk_found *found) {
    const struct visit *v = is_power_on(e) ? session_visit(s, PHASE_PRE_CHARGE) : NULL;
    if (!v || !message_has(&v->last, F_EVSEPresentVoltage)) {
        return;
    }
    double volt = v->last.number[F_EVSEPresentVoltage];
    double target = v->last.number[F_EVTargetVoltage];
    if (fabs(volt - target) > 20) {
        seen(found, e->packet, "%.10g V at the charger, target %.10g V", volt, target);
    }
}

/* ---- power ---- */

static void off_for_on(struct session *s, const struct event *e, struct quirk_found *found) {
    if (is(e, "PowerDeliveryReq") && has(e, F_ReadyToChargeState) && !is_power_on(e) &&
        s->visit_count && s->visits[s->visit_count - 1].phase == PHASE_PRE_CHARGE) {
        seen(found, e->packet, "ReadyToChargeState is false directly after PreCharge");
    }
}

static void delivery_fields(struct session *s, const struct event *e, struct quirk_found *found) {
    static const int din[] = {F_EVCabinConditioning, F_EVRESSConditioning, F_BulkChargingComplete};
    char names[120];
    (void)s;
    if (is(e, "PowerDeliveryReq") && has(e, F_ReadyToChargeState) && has(e, F_EVReady) &&
        missing(e, din, sizeof din / sizeof din[0], names, sizeof names) > 0) {
        SEEN_FIRST(found, e->packet, "the car leaves out %s", names);
    }
}

static void slow_power(struct session *s, const struct event *e, struct quirk_found *found) {
    double ms = (double)(e->t_ns - s->asked.t_ns) / 1e6;
    if (is(e, "PowerDeliveryRes") && s->asked.row == e->heard->row && !s->asked.answered &&
        ms > 900) {
        SEEN_FIRST(found, e->packet, "answered after %.0f ms (%s)", ms,
                   s->asked.phase == PHASE_POWER_ON ? "on" : "off");
    }
}

static void demand_fields(struct session *s, const struct event *e, struct quirk_found *found) {
    static const int fields[] = {F_EVMaximumVoltageLimit, F_EVMaximumCurrentLimit};
    char names[120];
    (void)s;
    if (is(e, "CurrentDemandReq") &&
        missing(e, fields, sizeof fields / sizeof fields[0], names, sizeof names) > 0) {
        SEEN_FIRST(found, e->packet, "the car leaves out %s", names);
    }
}

static void zero_current(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if (is(e, "CurrentDemandReq")) {
        m->demands++;
        if (number(e, F_EVTargetCurrent) < 0.05) {
            m->zero++;
            if (found->count < QUIRK_PACKETS) {
                found->packets[found->count] = e->packet; /* kept if it turns out to be one */
            }
            found->count++;
        }
    } else if (e->what == EVENT_END) {
        /* a ramp begins and ends at 0 A: that is none */
        if (m->zero > 20 && m->zero * 4 > m->demands) {
            snprintf(found->seen, sizeof found->seen, "0 A in %u of %u CurrentDemandReq",
                     (unsigned)m->zero, (unsigned)m->demands);
        } else {
            memset(found, 0, sizeof *found);
        }
    }
}

/* Against what PreCharge reached, because a battery may lie far below the target. */
static void voltage_falls(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if (is(e, "PreChargeRes") && has(e, F_EVSEPresentVoltage)) {
        double target =
            message_has(&s->ev, F_EVTargetVoltage) ? s->ev.number[F_EVTargetVoltage] : INFINITY;
        m->pre_charge_voltage = fmin(number(e, F_EVSEPresentVoltage), target);
    } else if (is(e, "CurrentDemandRes") && s->status.t_ns == SESSION_NEVER &&
               !says(e, F_EVSEStatusCode, "EVSE_Shutdown") &&
               number(e, F_EVSEPresentVoltage) < m->pre_charge_voltage - 20 &&
               fabs(number(e, F_EVSEPresentCurrent)) < 2) {
        double volt = number(e, F_EVSEPresentVoltage);
        m->fallen_to = m->fallen == 0 ? volt : fmin(m->fallen_to, volt);
        if (++m->fallen >= 3) {
            seen(found, e->packet, "down to %.10g V at no current; PreCharge had reached %.10g V",
                 m->fallen_to, m->pre_charge_voltage);
        }
    }
}

static void runaway(struct session *s, const struct event *e, struct quirk_found *found) {
    if (!is(e, "CurrentDemandRes") || !message_has(&s->ev, F_EVTargetVoltage)) {
        return;
    }
    double volt = number(e, F_EVSEPresentVoltage);
    double target = s->ev.number[F_EVTargetVoltage];
    if (volt > target + 20 && fabs(number(e, F_EVSEPresentCurrent)) < 2) {
        SEEN_FIRST(found, e->packet, "%.10g V at %.10g A, target %.10g V", volt,
                   number(e, F_EVSEPresentCurrent), target);
    }
}

static void above_limit(struct session *s, const struct event *e, struct quirk_found *found) {
    if (!is(e, "CurrentDemandReq") && !is(e, "PreChargeReq")) {
        return;
    }
    double target = number(e, F_EVTargetVoltage);
    double limit = has(e, F_EVMaximumVoltageLimit) ? number(e, F_EVMaximumVoltageLimit)
                   : message_has(&s->ev, F_EVMaximumVoltageLimit)
                       ? s->ev.number[F_EVMaximumVoltageLimit]
                       : INFINITY;
    if (target > limit) {
        SEEN_FIRST(found, e->packet, "%s: target %.10g V, the car's own limit %.10g V",
                   e->heard->name, target, limit);
    } else if (message_has(&s->evse, F_EVSEMaximumVoltageLimit) &&
               target > s->evse.number[F_EVSEMaximumVoltageLimit]) {
        SEEN_FIRST(found, e->packet, "%s: target %.10g V, the charger's limit %.10g V",
                   e->heard->name, target, s->evse.number[F_EVSEMaximumVoltageLimit]);
    }
}

static void not_ready_ev(struct session *s, const struct event *e, struct quirk_found *found) {
    (void)s;
    if (is(e, "CurrentDemandReq") && has(e, F_EVReady) && number(e, F_EVReady) < 1) {
        SEEN_FIRST(found, e->packet, "EVReady is false in CurrentDemandReq");
    }
}

static void shutdown_ignored(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if (is(e, "CurrentDemandReq") && s->status.t_ns != SESSION_NEVER) {
        double ms = (double)(e->t_ns - s->status.t_ns) / 1e6;
        if (++m->after_shutdown > 3) {
            seen(found, e->packet, "%u requests more, for %.1f s, after %s",
                 (unsigned)m->after_shutdown, ms / 1000, s->status.word);
        }
    }
}

static void undersupply(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if (is(e, "CurrentDemandRes") && message_has(&s->ev, F_EVTargetCurrent)) {
        double ampere = number(e, F_EVSEPresentCurrent);
        double target = s->ev.number[F_EVTargetCurrent];
        bool limited = number(e, F_EVSECurrentLimitAchieved) > 0 ||
                       number(e, F_EVSEPowerLimitAchieved) > 0 ||
                       number(e, F_EVSEVoltageLimitAchieved) > 0;
        m->supplied++;
        if (ampere > target * 1.5 + 20) {
            m->over++;
            m->over_worst = fmax(m->over_worst, ampere);
        }
        if (target > 5 && ampere < target * 0.8 && !limited) {
            m->under++;
            m->under_worst = fmax(m->under_worst, target - ampere);
        }
    } else if (e->what == EVENT_END && m->supplied >= 20 && m->under * 3 > m->supplied) {
        seen(found, 0, "below 80 %% of the target in %u of %u answers, up to %.10g A short",
             (unsigned)m->under, (unsigned)m->supplied, m->under_worst);
    }
}

/* Counted by undersupply(). */
static void oversupply(struct session *s, const struct event *e, struct quirk_found *found) {
    const struct quirk_memory *m = &s->memory;
    if (e->what == EVENT_END && m->supplied >= 20 && m->over * 3 > m->supplied) {
        seen(found, 0, "far above the target in %u of %u answers, up to %.10g A", (unsigned)m->over,
             (unsigned)m->supplied, m->over_worst);
    }
}

static void soc_jump(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if (e->what != EVENT_MESSAGE || is_copy(e) || !has(e, F_EVRESSSOC)) {
        return;
    }
    double soc = number(e, F_EVRESSSOC);
    if (m->soc_ns && fabs(soc - m->soc) > 5 && e->t_ns - m->soc_ns < 10000 * MS) {
        SEEN_FIRST(found, e->packet, "from %.10g %% to %.10g %% within %.1f s (%s)", m->soc, soc,
                   (double)(e->t_ns - m->soc_ns) / 1e9, e->heard->name);
    }
    m->soc = soc;
    m->soc_ns = e->t_ns;
}

/* ---- the end ---- */

static void no_welding(struct session *s, const struct event *e, struct quirk_found *found) {
    if (is(e, "SessionStopReq") && session_visit(s, PHASE_CHARGING) &&
        !session_visit(s, PHASE_WELDING)) {
        seen(found, e->packet, "SessionStop without WeldingDetection");
    }
}

static void welding_voltage(struct session *s, const struct event *e, struct quirk_found *found) {
    struct quirk_memory *m = &s->memory;
    if (is(e, "WeldingDetectionRes") && has(e, F_EVSEPresentVoltage)) {
        m->welds++;
        m->weld_voltage = number(e, F_EVSEPresentVoltage);
    } else if (e->what == EVENT_END && m->welds > 0 && m->weld_voltage >= 60) {
        const struct visit *v = session_visit(s, PHASE_WELDING);
        seen(found, v ? v->first_packet : 0, "%.10g V after %u WeldingDetectionRes",
             m->weld_voltage, (unsigned)m->welds);
    }
}

/* ---- the table ---- */

const struct quirk_row quirks[QUIRK_COUNT] = {
    [QUIRK_PARM_TRIES] =
        {"slac-tries", "SLAC asked several times",
         "The charger's modem did not answer the first CM_SLAC_PARM.REQ, or the car did not like "
         "the answer.",
         "Normal while the charger wakes up. If each is answered: the charger must echo the car's "
         "RunID.",
         "15, 55", parm_tries},
    [QUIRK_RUN_ID] =
        {"wrong-run-id", "RunID not echoed",
         "A SLAC message bears another RunID than the car's request: cars that check it start "
         "again.",
         "Echo the RunID of CM_SLAC_PARM.REQ in every answer.", "15", run_id},
    [QUIRK_TESLA_RUN_ID] = {"tesla-run-id", "RunID is text",
                            "Tesla's cars use a fixed text as RunID.", "Nothing: echo it as it is.",
                            "16", tesla_run_id},
    [QUIRK_LATE_START] =
        {"late-start-atten", "Sounding begins late",
         "More than 100 ms between CM_SLAC_PARM.CNF and the first CM_START_ATTEN_CHAR: "
         "Superchargers and Compleo stop answering.",
         "Start within 100 ms (TP_match_sequence).", "13", late_start},
    [QUIRK_TIME_OUT] = {"wrong-time-out", "TIME_OUT is not 600 ms",
                        "Compleo ignores CM_START_ATTEN_CHAR with another value.", "Use 6.", "12",
                        time_out},
    [QUIRK_NO_ATTENUATION] =
        {"zero-attenuation", "No attenuation",
         "The profile is all zero or empty: some cars take it for a defect and do not answer.",
         "Report real values, or 9 to 25 dB.", "17, 18", no_attenuation},
    [QUIRK_FOREIGN_SLAC] =
        {"foreign-slac", "SLAC of the neighbour",
         "Messages for another car are heard: the next plug, or cross-talk. Who takes them for his "
         "own loses his key.",
         "Check the car's MAC in each; ignore them during a session.", "11", foreign_slac},
    [QUIRK_OWN_SLAC] =
        {"slac-in-session", "SLAC during the session",
         "The car itself searches for a charger while it talks to one: its link supervision is "
         "wrong (pyPLC).",
         "No SLAC while TCP stands.", "11", own_slac},
    [QUIRK_BOOT_LOADER] = {"modem-boot-loader", "Modem in its boot loader",
                           "The modem's flash is empty or was lost.", "Flash the modem.", "60",
                           boot_loader},
    [QUIRK_SDP_REPEATED] =
        {"sdp-repeated", "SDP asked several times",
         "No answer within 250 ms: the network was not there yet, or the answer was lost.",
         "Answer neighbour solicitations; wait 10 s for the network.", "10, 14", sdp_repeated},
    [QUIRK_SDP_NO_TLS] =
        {"sdp-tls-declined", "TLS declined",
         "The car wished TLS, the charger offers plain TCP. Cars may leave later without a word.",
         "", "54", sdp_no_tls},
    [QUIRK_WRONG_PORT] = {"wrong-port", "Wrong TCP port",
                          "The connection went to another port than SDP announced: it is refused.",
                          "Use the port of the SDP answer.", "9", wrong_port},
    [QUIRK_SIDE_CONNECTION] =
        {"side-connection", "A second connection",
         "The car tries another TCP port beside the session, often every second (Audi).",
         "Refuse it; the session is not touched.", "", side_connection},
    [QUIRK_OLD_SEGMENTS] =
        {"old-connection", "Segments of an earlier connection",
         "The other side has not forgotten an old connection (Superchargers never do).",
         "Ignore by port; send RST when leaving; a new port for each session.", "6, 7",
         old_segments},
    [QUIRK_CAR_COPIES] =
        {"car-segments-again", "Car's messages twice",
         "TCP segments of the car came again: lost acknowledges, or a modem that repeats.",
         "A real TCP drops them.", "5", car_copies},
    [QUIRK_CHARGER_COPIES] =
        {"charger-segments-again", "Charger's messages twice",
         "TCP segments of the charger came again. A receiver without sequence check takes the copy "
         "for the next answer.",
         "A real TCP drops them; else compare the sequence number.", "1, 2, 3, 4", charger_copies},
    [QUIRK_LATE_ANSWER] =
        {"late-answer", "Late answers",
         "The charger needed longer than the standards allow; a strict car would end the session.",
         "Wait longer: 5 s for CurrentDemand is known to be enough.", "38, 39", late_answer},
    [QUIRK_WRONG_ANSWER] =
        {"wrong-answer", "Answer of another type",
         "An answer came that does not belong to what was asked: late or repeated.",
         "Ignore by type and keep waiting.", "1", wrong_answer},
    [QUIRK_EXTRA_ANSWER] =
        {"extra-answer", "Answer without a question",
         "An answer came although there was one already, or the question is not in the recording.",
         "Ignore it.", "1", extra_answer},
    [QUIRK_UNDECODABLE] =
        {"undecodable", "Damaged messages",
         "Bytes that are no message of the protocol: the recording or the sender is at fault.", "",
         "", undecodable},
    [QUIRK_SESSION_ID_LENGTH] = {"session-id-length", "Session id not of 8 bytes",
                                 "Ids of 1, 4 and 8 bytes are in use.",
                                 "Echo it with its own length.", "20", session_id_length},
    [QUIRK_SESSION_ID_ECHO] =
        {"session-id-not-echoed", "Session id not echoed",
         "The car did not use the session id that it was given: the charger does not know it.",
         "Echo the id of SessionSetupRes with its own length.", "20", session_id_echo},
    [QUIRK_PLAIN_OK] = {"session-setup-plain-ok", "SessionSetup: plain OK",
                        "ABB says OK where OK_NewSessionEstablished is expected.", "Accept both.",
                        "21", plain_ok},
    [QUIRK_LONG_AUTHORIZATION] =
        {"long-authorization", "Long authorisation",
         "The charger waited for a card, an app or its back end.",
         "Authorise first, or ask longer (60 s is common, Clara asks 2 min).", "4, 46",
         long_authorization},
    [QUIRK_PARAMETER_FIELDS] =
        {"charge-parameter-fields", "Optional fields missing",
         "Several chargers end the session without power limit, energy and SOC fields in "
         "ChargeParameterDiscoveryReq.",
         "Send them.", "23", parameter_fields},
    [QUIRK_NOT_READY] = {"finished-not-ready", "Finished, but EVSE_NotReady",
                         "The status contradicts the answer (Compleo, old OpenV2G).",
                         "A car should go on; a charger should say EVSE_Ready.", "39, 54",
                         not_ready},
    [QUIRK_LONG_CABLE_CHECK] =
        {"long-cable-check", "CableCheck without end",
         "The charger waits for something: proximity pilot, isolation monitor, its own fault.",
         "Check the proximity resistor (330 ohm to 5 V), pilot state C, the lock.", "20, 34, 45",
         long_cable_check},
    [QUIRK_ISOLATION] = {"isolation-not-valid", "Isolation not Valid",
                         "CableCheck ended without a valid isolation.",
                         "Only one isolation monitor may be active; measure the isolation.", "56",
                         isolation},
    [QUIRK_NO_PRE_CHARGE] = {"no-pre-charge", "No PreCharge after CableCheck",
                             "The car gave up after CableCheck: it did not like an answer before.",
                             "Look at TLS, status and isolation in the answers before.", "54",
                             no_pre_charge},
    [QUIRK_LONG_PRE_CHARGE] = {"long-pre-charge", "Long PreCharge",
                               "The voltage did not come, or the car measures another one at its "
                               "inlet (7 s are allowed).",
                               "Compare the voltage at the inlet with EVSEPresentVoltage.",
                               "35, 52", long_pre_charge},
    [QUIRK_MINIMUM_VOLTAGE] = {"minimum-above-target", "Target below the charger's minimum",
                               "The charger cannot go that low: PreCharge never ends.",
                               "Compare the battery with EVSEMinimumVoltageLimit first.", "35",
                               minimum_voltage},
    [QUIRK_MIRROR] = {"voltage-mirrors-target", "Voltage mirrors the target",
                      "EVSEPresentVoltage is the target, not a measurement.",
                      "Measure at the inlet before closing contactors.", "47, 53", mirror},
    [QUIRK_DIFFERENCE] =
        {"voltage-difference-at-power-on", "Voltages differ at power on",
         "More than 20 V between charger and target when contactors close: inrush current, "
         "FAILED_PowerDeliveryNotApplied.",
         "Wait until they match; too high is better than too "
         "low.",
         "37", difference},
    [QUIRK_OFF_FOR_ON] =
        {"power-off-after-pre-charge", "\"Off\" where \"on\" is expected",
         "PowerDeliveryReq says false after PreCharge: the car gives up there, or it encodes the "
         "field wrongly; then CurrentDemand is answered FAILED_SequenceError.",
         "ReadyToChargeState is a boolean in DIN: true to begin.", "25", off_for_on},
    [QUIRK_DELIVERY_FIELDS] =
        {"power-delivery-fields", "Optional fields missing",
         "Compleo ignores PowerDeliveryReq without conditioning and BulkChargingComplete.",
         "Send them.", "24", delivery_fields},
    [QUIRK_SLOW_POWER] = {"slow-power-delivery", "PowerDelivery answered slowly",
                          "Compleo and others need 1 s and more.", "Wait 5 s.", "38", slow_power},
    [QUIRK_DEMAND_FIELDS] =
        {"current-demand-fields", "Optional fields missing",
         "Plugit and others do not charge without EVMaximumVoltageLimit and EVMaximumCurrentLimit "
         "in CurrentDemandReq.",
         "Send them.", "26", demand_fields},
    [QUIRK_ZERO_CURRENT] = {"zero-current-asked", "Car asks for 0 A",
                            "Chargers that regulate current let the voltage fall (ABB, Numbat).",
                            "Ask for a real current.", "31, 32", zero_current},
    [QUIRK_VOLTAGE_FALLS] =
        {"voltage-falls", "Voltage falls without load",
         "The charger gives neither current nor voltage: it regulates the current that was asked "
         "for, 0 A, or it cannot regulate without a load.",
         "Ask for a real current; connect battery or load first.", "27, 31", voltage_falls},
    [QUIRK_RUNAWAY] =
        {"voltage-runs-away", "Voltage runs away",
         "The current regulator has no load: the voltage climbs until the charger faults.",
         "Connect battery or load before CurrentDemand.", "27", runaway},
    [QUIRK_ABOVE_LIMIT] = {"target-above-limit", "Target above a limit",
                           "Chargers answer with an emergency shutdown.",
                           "Keep the target below both limits.", "28, 29", above_limit},
    [QUIRK_NOT_READY_EV] = {"ev-not-ready", "EVReady false while charging", "Strict chargers stop.",
                            "EVReady is true from CableCheck on.", "25", not_ready_ev},
    [QUIRK_SHUTDOWN_IGNORED] =
        {"shutdown-ignored", "Car goes on after a shutdown",
         "The charger said it stops, the car kept asking: FAILED_SequenceError comes next.",
         "Stop on EVSE_Shutdown, EVSE_EmergencyShutdown, EVSE_Malfunction.", "30, 43",
         shutdown_ignored},
    [QUIRK_OVERSUPPLY] = {"oversupply", "More current than asked",
                          "The charger reports much more current than the car asks for: its values "
                          "are not measured, "
                          "or wrong by their scale. The energy above is made of them.",
                          "Do not believe the charger's values; measure.", "47", oversupply},
    [QUIRK_UNDERSUPPLY] = {"undersupply", "Less current than asked",
                           "The charger gives clearly less than asked without naming a limit.",
                           "Follow what is given (dynamic current).", "48", undersupply},
    [QUIRK_SOC_JUMP] = {"soc-jump", "SOC jumps",
                        "The state of charge changed faster than a battery can.", "", "", soc_jump},
    [QUIRK_NO_WELDING] = {"no-welding-detection", "No WeldingDetection",
                          "The car ended without looking whether its contactors opened.", "", "53",
                          no_welding},
    [QUIRK_WELDING_VOLTAGE] =
        {"welding-voltage-stays", "Voltage stays at the end",
         "The voltage did not fall below 60 V in WeldingDetection: state C still set, charger "
         "repeats an old value, or contactors welded.",
         "State B before WeldingDetection; limit the rounds; measure.", "40, 41, 42",
         welding_voltage},
};

void quirks_see(struct session *session, const struct event *event) {
    for (size_t i = 0; i < QUIRK_COUNT; i++) {
        quirks[i].see(session, event, &session->quirks[i]);
    }
}
