/* story.c - what happens on the cable, put in order: which session an event belongs to, which phase it is, how long
 * answers took, what was heard last.
 * A session begins with SLAC, SDP, a TCP connection or the handshake, whatever comes first in the recording.
 * SPDX-License-Identifier: MIT */
#include "host/session/story.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define S          INT64_C(1000000000)
#define RETRY_NS   (10 * S) /* SLAC asked again after a longer silence is another attempt */
#define SILENCE_NS (1 * S)  /* SDP behind messages that are older: the car tries again */
#define TIME_MOST  ((INT64_C(1) << 62) - 1) /* so that differences of moments never overflow */

struct story {
    story_told *told;
    void *context;
    struct session *session; /* memory for one ... */
    struct session
        *previous; /* ... and for the one before: messages that waited for a missing segment */
    bool running;  /* there is one ... */
    bool waiting;  /* ... and the one before is not told yet */
    unsigned count;
    int64_t last_ns;                 /* of the last event of any kind; SESSION_NEVER: none */
    int64_t message_ns;              /* of the last V2G message of the session */
    struct modem modems[MODEMS_MAX]; /* heard of before the session */
    size_t modem_count;
    bool clock_back;
};

/* ---- sessions ---- */

/* The session lasts until this event, at least. */
static void reach(struct session *s, const struct event *e) {
    s->end_ns = e->t_ns > s->end_ns ? e->t_ns : s->end_ns;
    s->last_packet = e->packet > s->last_packet ? e->packet : s->last_packet;
}

static void story_free(struct story *story) {
    free(story->session);
    free(story->previous);
    free(story);
}

struct story *story_open(story_told *told, void *context) {
    struct story *story = calloc(1, sizeof *story);
    if (!story) {
        return NULL;
    }
    story->session = calloc(1, sizeof *story->session);
    story->previous = calloc(1, sizeof *story->previous);
    if (!story->session || !story->previous) {
        story_free(story);
        return NULL;
    }
    story->told = told;
    story->context = context;
    story->last_ns = SESSION_NEVER;
    return story;
}

static void session_begin(struct story *story, const struct event *e) {
    struct session *s = story->session;
    struct sign *const signs[] = {&s->status,    &s->notification, &s->failed,   &s->ev_error,
                                  &s->power_off, &s->complete,     &s->stop_req, &s->stop_res,
                                  &s->closed,    &s->reset};
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        signs[i]->t_ns = SESSION_NEVER;
    }
    s->number = ++story->count;
    s->start_ns = s->end_ns = e->t_ns;
    s->relative = e->relative;
    s->timeless = e->timeless;
    s->first_packet = s->last_packet = e->packet;
    s->attenuation_db = s->soc_first = s->soc_last = s->power_off_soc = NAN;
    s->meter_first = s->meter_last = NAN;
    s->chosen_id = -1;
    s->dialect = "";
    s->answer_ns = SESSION_NEVER;
    s->clock_back = story->clock_back;
    memcpy(s->modems, story->modems, sizeof s->modems);
    s->modem_count = story->modem_count;
    s->message_ns = e->t_ns;
    story->clock_back = false;
    story->running = true;
}

/* Nothing more can come: tell it. */
static void session_tell(struct story *story, struct session *s) {
    struct event end = {.what = EVENT_END, .t_ns = s->end_ns};
    quirks_see(s, &end);
    session_end(s);
    story->told(story->context, s);
}

/* The session that is running is over by `until_ns`. It is told when the next one is over, too. */
static void session_finish(struct story *story, int64_t until_ns, bool recording_ends) {
    struct session *s = story->session;
    if (story->waiting) {
        session_tell(story, story->previous);
        story->waiting = false;
    }
    if (!story->running) {
        return;
    }
    s->recording_ns = until_ns > s->end_ns ? until_ns : s->end_ns;
    s->recording_ends = recording_ends;
    story->session = story->previous;
    story->previous = s;
    story->waiting = true;
    story->running = false;
}

unsigned story_close(struct story *story) {
    session_finish(story, story->last_ns, true);
    session_finish(story, story->last_ns, true);
    unsigned count = story->count;
    story_free(story);
    return count;
}

/* ---- which session ---- */

static bool same_mac(const uint8_t *a, const uint8_t *b) {
    return memcmp(a, b, 6) == 0;
}

/* Is it SLAC of another car than the session's? */
static bool is_foreign(const struct session *s, const struct event *e) {
    const uint8_t *car = mme_car(e);
    return mme_is_slac(e) && car && s->has_ev_mac && !same_mac(car, s->ev_mac);
}

/* Could it be the first event of a session? */
static bool can_begin(const struct event *e) {
    switch (e->what) {
    case EVENT_MME:
        return mme_is_slac(e);
    case EVENT_NET:
        return e->id == VB_NET_CONNECT || e->id == VB_NET_TLS;
    case EVENT_SDP_REQ:
    case EVENT_SDP_RES:
    case EVENT_MESSAGE:
        return true;
    default:
        return false;
    }
}

/* Did the recorder start anew before this event? */
static bool is_back(const struct story *story, const struct event *e) {
    return e->t_ns < story->session->end_ns - S;
}

static bool slac_begins(const struct story *story, const struct event *e) {
    const struct session *s = story->session;
    const struct visit *parm = session_visit(s, PHASE_SLAC_PARM);
    if (e->id != MME_SLAC_PARM_REQ || mme_is_private(e)) {
        return false;
    }
    if (is_foreign(s, e)) { /* the neighbour's, if ours goes on */
        return s->over || e->t_ns - s->end_ns > RETRY_NS || s->furthest == PHASE_SLAC_PARM;
    }
    if (session_is_alive(s, e->t_ns)) {
        return false; /* who lost count of his own connection (pyPLC) */
    }
    return s->over || s->furthest > PHASE_SLAC_PARM || !parm ||
           e->t_ns - parm->last_ns > RETRY_NS || is_back(story, e);
}

static bool message_begins(const struct story *story, const struct event *e) {
    const struct session *s = story->session;
    const struct heard *heard = e->heard;
    if (!heard->request || e->flags & VB_SIDE_AGAIN) {
        return false;
    }
    if (heard->row->phase == PHASE_HANDSHAKE) {
        return s->messages > 0 && (e->stream != s->stream || s->furthest > PHASE_HANDSHAKE);
    }
    return heard->row->phase == PHASE_SESSION_SETUP && session_visit(s, PHASE_SESSION_SETUP) &&
           s->furthest > PHASE_SESSION_SETUP;
}

/* Does the event begin another session than the one that is running? */
static bool begins_new(const struct story *story, const struct event *e) {
    const struct session *s = story->session;
    switch (e->what) {
    case EVENT_MME:
        return slac_begins(story, e);
    case EVENT_SDP_REQ:
        return s->over || is_back(story, e) ||
               (s->messages > 0 && e->t_ns - s->message_ns > SILENCE_NS);
    case EVENT_NET:
        return e->id == VB_NET_CONNECT && e->stream != s->stream && s->messages > 0 &&
               !session_is_alive(s, e->t_ns);
    case EVENT_MESSAGE:
        return message_begins(story, e);
    default:
        return false;
    }
}

/* ---- phases ---- */

static struct visit *visit_to(struct session *s, enum phase phase, const struct event *e) {
    struct visit *v = s->visit_count ? &s->visits[s->visit_count - 1] : NULL;
    if (phase > s->furthest && phase != PHASE_TCP_CLOSE) {
        s->furthest = phase;
    }
    if (!v || v->phase != phase) {
        v = NULL;
        if (s->visit_count < VISITS_MAX) {
            v = &s->visits[s->visit_count++];
            memset(v, 0, sizeof *v);
            v->phase = phase;
            v->first_ns = v->last_ns = e->t_ns;
            v->first_packet = e->packet;
        }
        for (size_t i = s->visit_count; !v && i > 0; i--) { /* no room: into the last of its kind */
            v = s->visits[i - 1].phase == phase ? &s->visits[i - 1] : NULL;
        }
        v = v ? v : &s->visits[VISITS_MAX - 1];
    }
    v->last_ns = e->t_ns > v->last_ns ? e->t_ns : v->last_ns;
    v->last_packet = e->packet;
    return v;
}

static void times_add(struct times *times, int64_t ns, uint32_t packet) {
    if (ns < 0) {
        return; /* the clock was set */
    }
    times->count++;
    times->sum_ns += ns;
    if (ns > times->max_ns || times->count == 1) {
        times->max_ns = ns;
        times->max_packet = packet;
    }
}

static void note_answer(struct session *s, struct visit *v, int64_t ns, const struct event *e) {
    uint32_t limit = phases[v->phase].answer_ms;
    times_add(&v->answer, ns, e->packet);
    if (limit && ns > limit * (S / 1000)) {
        v->late++;
        if (s->late_count < LATE_MAX) {
            s->late[s->late_count] = (struct late){e->packet, v->phase, ns};
        }
        s->late_count++;
    }
}

static void ask(struct session *s, const struct message_row *row, enum phase phase,
                const struct event *e) {
    s->asked = (struct question){row, phase, e->t_ns, e->packet, false};
}

/* The answer of a layer below the messages. */
static void answer_below(struct session *s, enum phase phase, const struct event *e) {
    bool asked = s->asked.phase == phase && !s->asked.row;
    struct visit *v = visit_to(s, phase, e);
    if (asked && !s->asked.answered && v->rounds > 0) {
        note_answer(s, v, e->t_ns - s->asked.t_ns, e);
        s->asked.answered = true;
    }
}

/* ---- HomePlug ---- */

static void note_modem(struct modem *modems, size_t *count, const struct event *e) {
    const uint8_t *length = mme_bytes(e, 22, 1);
    const uint8_t *text = length ? mme_bytes(e, 23, *length) : NULL;
    size_t i = 0;
    if (!text) {
        return;
    }
    while (i < *count && !same_mac(modems[i].mac, e->src_mac)) {
        i++;
    }
    if (i == MODEMS_MAX) {
        return;
    }
    *count = i == *count ? i + 1 : *count;
    memcpy(modems[i].mac, e->src_mac, 6);
    size_t n = 0;
    for (; n < *length && n < sizeof modems[i].version - 1 && text[n]; n++) {
        modems[i].version[n] = (char)(text[n] >= 32 && text[n] < 127 ? text[n] : '?');
    }
    modems[i].version[n] = '\0';
}

static void take_attenuation(struct session *s, const struct event *e) {
    const uint8_t *groups = mme_bytes(e, 70, 1);
    const uint8_t *values = groups ? mme_bytes(e, 71, *groups) : NULL;
    double sum = 0;
    for (size_t i = 0; values && i < *groups; i++) {
        sum += values[i];
    }
    if (values && *groups) {
        s->attenuation_groups = *groups;
        s->attenuation_db = sum / *groups;
    }
}

static void take_macs(struct session *s, const struct event *e) {
    const uint8_t *car = mme_car(e);
    bool from_car = e->id == MME_SLAC_PARM_REQ || e->id == MME_START_ATTEN || e->id == MME_SOUND ||
                    e->id == MME_ATTEN_RSP || e->id == MME_MATCH_REQ;
    if (!s->has_ev_mac && car) {
        memcpy(s->ev_mac, car, 6);
        s->has_ev_mac = true;
    }
    if (!from_car) { /* the one that matches is the charger, whoever answered before */
        memcpy(s->evse_mac, e->src_mac, 6);
        s->has_evse_mac = true;
    }
}

static void on_slac(struct session *s, const struct event *e) {
    const uint8_t *bytes;
    struct visit *v;
    take_macs(s, e);
    switch (e->id) {
    case MME_SLAC_PARM_REQ:
        visit_to(s, PHASE_SLAC_PARM, e)->rounds++;
        ask(s, NULL, PHASE_SLAC_PARM, e);
        if ((bytes = mme_run_id(e))) {
            memcpy(s->run_id, bytes, 8);
            s->has_run_id = true;
        }
        break;
    case MME_SLAC_PARM_CNF:
        answer_below(s, PHASE_SLAC_PARM, e);
        break;
    case MME_START_ATTEN:
        visit_to(s, PHASE_SLAC_SOUND, e);
        break;
    case MME_SOUND:
        visit_to(s, PHASE_SLAC_SOUND, e)->rounds++;
        ask(s, NULL, PHASE_SLAC_ATTEN, e);
        break;
    case MME_ATTEN_IND:
        v = visit_to(s, PHASE_SLAC_ATTEN, e);
        v->rounds++;
        answer_below(s, PHASE_SLAC_ATTEN, e);
        take_attenuation(s, e);
        break;
    case MME_ATTEN_RSP:
        visit_to(s, PHASE_SLAC_ATTEN, e);
        break;
    case MME_MATCH_REQ:
        visit_to(s, PHASE_SLAC_MATCH, e)->rounds++;
        ask(s, NULL, PHASE_SLAC_MATCH, e);
        break;
    case MME_MATCH_CNF:
        answer_below(s, PHASE_SLAC_MATCH, e);
        if ((bytes = mme_bytes(e, 85, 7))) {
            memcpy(s->nid, bytes, 7);
            s->has_nid = true;
        }
        break;
    default:
        return;
    }
    reach(s, e);
}

static void on_mme(struct session *s, const struct event *e) {
    bool joining = s->furthest == PHASE_SLAC_MATCH || s->furthest == PHASE_JOIN;
    const uint8_t *result;
    if (mme_is_slac(e) && s->messages == 0) {
        on_slac(s, e);
    } else if (e->id == MME_VERSION_CNF) {
        note_modem(s->modems, &s->modem_count, e);
    } else if (joining && (e->id == MME_SET_KEY_REQ || e->id == MME_SET_KEY_CNF)) {
        visit_to(s, PHASE_JOIN, e)->rounds += e->id == MME_SET_KEY_REQ;
        if (e->id == MME_SET_KEY_CNF && (result = mme_bytes(e, 19, 1))) {
            s->set_key_result = *result;
            s->has_set_key_result = true;
        }
        reach(s, e);
    }
}

/* ---- SDP, TCP ---- */

static void on_sdp(struct session *s, const struct event *e) {
    bool request = e->what == EVENT_SDP_REQ;
    if (s->visit_count && s->visits[s->visit_count - 1].phase == PHASE_JOIN) {
        visit_to(s, PHASE_JOIN, e); /* the network is there when SDP begins */
    }
    if (request) {
        visit_to(s, PHASE_SDP, e)->rounds++;
        ask(s, NULL, PHASE_SDP, e);
        s->sdp_asked = true;
        s->sdp_requests++;
        s->sdp_asked_tls = e->sdp_security == VB_SDP_TLS;
        s->sdp_tls_requests += s->sdp_asked_tls;
    } else {
        answer_below(s, PHASE_SDP, e);
        s->sdp_answered = true;
        s->sdp_answered_tls = e->sdp_security == VB_SDP_TLS;
        s->sdp_port = e->sdp_port;
    }
    reach(s, e);
}

static const char *side_word(uint8_t from) {
    return from == VB_FROM_EVCC ? "car" : from == VB_FROM_SECC ? "charger" : "somebody";
}

static void note_sign(struct sign *sign, const struct event *e, const char *word) {
    if (sign->t_ns == SESSION_NEVER) {
        *sign = (struct sign){e->t_ns, e->packet, word, e->heard ? e->heard->name : ""};
    }
}

/* Lines of a log that tell why: those of Clara (reference/ccs.md 1.12). */
static void note_reason(struct session *s, const struct event *e) {
    static const char *const signs[] = {"PowerDeliveryReq Stop", "requested stop", "timeout"};
    char text[sizeof s->note];
    size_t n = e->len < sizeof text - 1 ? e->len : sizeof text - 1;
    for (size_t i = 0; i < n; i++) {
        text[i] = (char)(e->data[i] >= 32 && e->data[i] < 127 ? e->data[i] : '?');
    }
    text[n] = '\0';
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (strstr(text, signs[i])) {
            memcpy(s->note, text, sizeof text);
            return;
        }
    }
}

static void on_net(struct session *s, const struct event *e) {
    bool ours = e->stream == s->stream;
    switch (e->id) {
    case VB_NET_CONNECT:
        if (s->messages > 0) { /* beside a session that goes on */
            return;
        }
        visit_to(s, PHASE_TCP, e)->rounds++;
        if (!ours || !s->connected) {
            s->connects++;
        }
        s->stream = e->stream;
        s->ev_port = e->src_port;
        s->evse_port = e->dst_port;
        s->connected = true;
        s->over = false;
        s->reset.t_ns = s->closed.t_ns = SESSION_NEVER;
        ask(s, NULL, PHASE_TCP, e);
        break;
    case VB_NET_ACCEPT:
        if (!ours || s->messages > 0) {
            return;
        }
        answer_below(s, PHASE_TCP, e);
        s->accepted = true;
        s->reset.t_ns = s->closed.t_ns = SESSION_NEVER; /* the car reset its first try */
        break;
    case VB_NET_NOTE:
        note_reason(s, e);
        return;
    case VB_NET_TLS:
        if (!ours && s->stream) {
            return;
        }
        s->tls = true;
        break;
    case VB_NET_CLOSE:
    case VB_NET_RESET:
        if (!ours || s->stream == 0) {
            return;
        }
        note_sign(e->id == VB_NET_CLOSE ? &s->closed : &s->reset, e, side_word(e->from));
        if (s->accepted || s->messages > 0) {
            visit_to(s, PHASE_TCP_CLOSE, e);
            s->over = s->messages > 0;
        }
        break;
    default:
        return;
    }
    reach(s, e);
}

/* ---- messages ---- */

static enum phase phase_of(const struct session *s, const struct heard *heard) {
    const struct message *m = &heard->fields;
    enum phase phase = (enum phase)heard->row->phase;
    if (phase == PHASE_CHARGING_AC && s->visit_count &&
        s->visits[s->visit_count - 1].phase == PHASE_CHARGING) {
        return PHASE_CHARGING; /* a receipt in a DC session */
    }
    if (phase != PHASE_POWER_ON) {
        return phase;
    }
    if (!heard->request) {
        return s->asked.row == heard->row           ? s->asked.phase
               : s->power_off.t_ns != SESSION_NEVER ? PHASE_POWER_OFF
                                                    : PHASE_POWER_ON;
    }
    if (message_has(m, F_ReadyToChargeState)) {
        return m->number[F_ReadyToChargeState] > 0 ? PHASE_POWER_ON : PHASE_POWER_OFF;
    }
    return message_is(m, F_ChargeProgress, "Start")  ? PHASE_POWER_ON
           : message_is(m, F_ChargeProgress, "Stop") ? PHASE_POWER_OFF
                                                     : PHASE_RENEGOTIATE;
}

static void take_bytes(uint8_t *to, size_t cap, size_t *len, const uint8_t *from, size_t n) {
    if (*len == 0 && n > 0) {
        *len = n < cap ? n : cap;
        memcpy(to, from, *len);
    }
}

static void take_who(struct session *s, const struct heard *heard) {
    const struct message *m = &heard->fields;
    if (heard->row->phase == PHASE_HANDSHAKE) {
        if (heard->request) {
            memcpy(s->offers, heard->offers, sizeof s->offers);
            s->offer_count = heard->offer_count;
        } else if (message_has(m, F_SchemaID)) {
            s->chosen_id = (int)m->number[F_SchemaID];
        }
        return;
    }
    s->dialect = heard->dialect;
    if (heard->row->phase == PHASE_SESSION_SETUP) {
        if (heard->request) {
            take_bytes(s->evccid, sizeof s->evccid, &s->evccid_len, m->id, m->id_len);
        } else {
            take_bytes(s->evseid, sizeof s->evseid, &s->evseid_len, m->id, m->id_len);
            take_bytes(s->session_id, sizeof s->session_id, &s->session_id_len, m->session_id,
                       m->session_id_len);
        }
    } else if (!heard->request) {
        take_bytes(s->evseid, sizeof s->evseid, &s->evseid_len, m->id, m->id_len);
    }
    if (message_has(m, F_SelectedPaymentOption)) {
        s->payment = message_word(m, F_SelectedPaymentOption);
    }
    if (message_has(m, F_RequestedEnergyTransferMode)) {
        s->transfer_mode = message_word(m, F_RequestedEnergyTransferMode);
    } else if (message_has(m, F_EVRequestedEnergyTransferType)) {
        s->transfer_mode = message_word(m, F_EVRequestedEnergyTransferType);
    }
}

static bool is_bad_status(const char *word) {
    return strcmp(word, "EVSE_Shutdown") == 0 || strcmp(word, "EVSE_UtilityInterruptEvent") == 0 ||
           strcmp(word, "EVSE_EmergencyShutdown") == 0 || strcmp(word, "EVSE_Malfunction") == 0;
}

/* What the charger says after the car's own farewell is no reason of the end. */
static void take_signs(struct session *s, const struct event *e, enum phase phase) {
    const struct message *m = &e->heard->fields;
    bool farewell = s->power_off.t_ns != SESSION_NEVER || s->stop_req.t_ns != SESSION_NEVER;
    const char *code = message_word(m, F_ResponseCode);
    const char *error = message_word(m, F_EVErrorCode);
    if (!farewell && is_bad_status(message_word(m, F_EVSEStatusCode))) {
        s->isolation_fault |=
            s->status.t_ns == SESSION_NEVER && message_is(m, F_EVSEIsolationStatus, "Fault");
        note_sign(&s->status, e, message_word(m, F_EVSEStatusCode));
    }
    if (!farewell && message_is(m, F_EVSENotification, "StopCharging")) {
        note_sign(&s->notification, e, "StopCharging");
    }
    if (strncmp(code, "FAILED", 6) == 0 || strncmp(code, "Failed", 6) == 0) {
        note_sign(&s->failed, e, code);
    }
    if (error[0] && strcmp(error, "NO_ERROR") != 0) {
        note_sign(&s->ev_error, e, error);
    }
    if (message_has(m, F_ChargingComplete) && m->number[F_ChargingComplete] > 0) {
        note_sign(&s->complete, e, "ChargingComplete");
    }
    if (phase == PHASE_POWER_OFF && e->heard->request) {
        note_sign(&s->power_off, e, "PowerDeliveryReq");
        s->power_off_soc = s->soc_last;
    }
    if (phase == PHASE_SESSION_STOP) {
        note_sign(e->heard->request ? &s->stop_req : &s->stop_res, e,
                  message_word(m, F_ChargingSession));
        s->over |= !e->heard->request;
    }
}

static void take_number(struct session *s, const struct event *e, int field, enum series series) {
    const struct message *m = &e->heard->fields;
    if (message_has(m, field)) {
        curve_add(&s->curve, e->t_ns, series, m->number[field]);
    }
}

static void take_curve(struct session *s, const struct event *e, enum phase phase) {
    const struct message *m = &e->heard->fields;
    if (message_has(m, F_EVRESSSOC)) {
        s->soc_last = m->number[F_EVRESSSOC];
        s->soc_first = isnan(s->soc_first) ? s->soc_last : s->soc_first;
    }
    if (message_has(m, F_MeterReading)) {
        s->meter_last = m->number[F_MeterReading];
        s->meter_first = isnan(s->meter_first) ? s->meter_last : s->meter_first;
    }
    if (phase < PHASE_PRE_CHARGE || phase == PHASE_SESSION_STOP) {
        return;
    }
    take_number(s, e, F_EVRESSSOC, SERIES_SOC);
    take_number(s, e, F_EVTargetVoltage, SERIES_V_TARGET);
    take_number(s, e, F_EVTargetCurrent, SERIES_A_TARGET);
    take_number(s, e, F_EVSEPresentVoltage, SERIES_V);
    take_number(s, e, F_EVSEPresentCurrent, SERIES_A);
    take_number(s, e, F_EVSEMaxCurrent, SERIES_A_TARGET); /* AC: what the car may take */
    if (message_has(m, F_EVSEPresentVoltage) && message_has(m, F_EVSEPresentCurrent)) {
        energy_add(&s->energy, e->t_ns, m->number[F_EVSEPresentVoltage],
                   m->number[F_EVSEPresentCurrent]);
    }
}

static void on_request(struct session *s, const struct event *e, enum phase phase) {
    struct visit *v = visit_to(s, phase, e);
    v->rounds++;
    if (s->asked.row && s->asked.answered && s->answer_ns != SESSION_NEVER) {
        times_add(&v->pause, e->t_ns - s->answer_ns, e->packet);
    }
    if (phase == PHASE_CHARGING) { /* "off" before it was no farewell: it was meant as "on" */
        s->power_off.t_ns = SESSION_NEVER;
    }
    ask(s, e->heard->row, phase, e);
    message_merge(&v->last, &e->heard->fields);
    message_merge(&s->ev, &e->heard->fields);
}

static void on_answer(struct session *s, const struct event *e, enum phase phase) {
    struct visit *v = visit_to(s, phase, e);
    if (s->asked.row == e->heard->row && !s->asked.answered) {
        note_answer(s, v, e->t_ns - s->asked.t_ns, e);
        s->asked.answered = true;
    }
    s->answer_ns = e->t_ns;
    message_merge(&v->last, &e->heard->fields);
    message_merge(&s->evse, &e->heard->fields);
}

static void on_message(struct session *s, const struct event *e) {
    enum phase phase = phase_of(s, e->heard);
    if (!s->has_ev_mac && e->from != VB_FROM_UNKNOWN) { /* no SLAC in the recording */
        const uint8_t *mac = e->from == VB_FROM_EVCC ? e->src_mac : e->dst_mac;
        static const uint8_t none[6] = {0};
        s->has_ev_mac = !same_mac(mac, none);
        memcpy(s->ev_mac, mac, 6);
    }
    if (s->stream == 0) {
        s->stream = e->stream;
        s->ev_port = e->heard->request ? e->src_port : e->dst_port;
        s->evse_port = e->heard->request ? e->dst_port : e->src_port;
    }
    if (e->heard->request) {
        on_request(s, e, phase);
    } else {
        on_answer(s, e, phase);
    }
    s->messages++;
    s->message_ns = e->t_ns;
    take_who(s, e->heard);
    take_curve(s, e, phase);
    take_signs(s, e, phase);
    reach(s, e);
}

/* ---- the way in ---- */

/* Of another connection than the session's, an earlier one. */
static bool is_old(const struct session *s, const struct event *e) {
    return e->stream && s->stream && e->stream < s->stream;
}

/* Sent again: counted, and nothing else. */
static bool is_copy(const struct event *e) {
    return e->flags & VB_SIDE_AGAIN && (e->what != EVENT_NET || e->id == VB_NET_AGAIN);
}

static void note_copy(struct session *s, const struct event *e) {
    bool tcp = e->what == EVENT_MESSAGE || copy_of_message(e);
    if (s->visit_count && tcp && !is_old(s, e)) {
        s->visits[s->visit_count - 1].copies++;
    }
}

static void take(struct session *s, const struct event *e) {
    quirks_see(s, e);
    if (e->packet > s->last_packet && (can_begin(e) || e->what == EVENT_BAD)) {
        s->last_packet = e->packet;
    }
    if (is_copy(e)) {
        note_copy(s, e);
        return;
    }
    switch (e->what) {
    case EVENT_MME:
        if (!is_foreign(s, e)) {
            on_mme(s, e);
        }
        break;
    case EVENT_SDP_REQ:
    case EVENT_SDP_RES:
        on_sdp(s, e);
        break;
    case EVENT_NET:
        on_net(s, e);
        break;
    case EVENT_MESSAGE:
        if (!is_old(s, e)) {
            on_message(s, e);
        }
        break;
    case EVENT_BAD:
        s->undecodable++;
        reach(s, e);
        break;
    default:
        break;
    }
}

/* Does it belong to the session before: a message of its connection that waited for a missing segment? */
static bool is_of_previous(const struct story *story, const struct event *e) {
    const struct session *s = story->previous;
    return story->waiting && e->stream && e->stream == s->stream &&
           (!story->running || e->stream != story->session->stream) &&
           (e->what == EVENT_MESSAGE || e->what == EVENT_BAD || e->what == EVENT_NET);
}

void story_event(struct story *story, const struct event *event) {
    struct event e = *event;
    e.t_ns = e.t_ns > TIME_MOST ? TIME_MOST : e.t_ns < -TIME_MOST ? -TIME_MOST : e.t_ns;
    if (is_of_previous(story, &e)) {
        take(story->previous, &e);
        return;
    }
    if (story->running && begins_new(story, &e)) {
        bool back = is_back(story, &e);
        session_finish(story, back ? story->session->end_ns : e.t_ns, back);
        story->clock_back |= back;
    }
    story->last_ns = e.t_ns;
    if (e.what == EVENT_MME && e.id == MME_VERSION_CNF) {
        note_modem(story->modems, &story->modem_count, &e); /* for the sessions to come, too */
    }
    if (!story->running && can_begin(&e) && !is_copy(&e)) {
        session_begin(story, &e);
    }
    if (story->running) {
        take(story->session, &e);
    }
}
