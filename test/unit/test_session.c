/* test_session.c - the story of a charge from hand-made events: sessions, phases, answer times, energy, endings,
 * each quirk seen and not seen, both plots, text that fits its terminal.
 *
 * A script has a line for each event: "MS PACKET WHAT [KEY=VALUE]...". WHAT is the name of a V2G message with
 * its fields; "mme ID" with car=N (the MAC 02:00:00:00:00:0N), run=N (RunID NN NN ..), at=PLACE:BYTE ..;
 * "sdp?" and "sdp!" with tls=, port=; "connect", "accept", "reset", "close" with from=, stream=, port=.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/session/show.h"
#include "host/session/story.h"

#define MS       INT64_C(1000000)
#define START_NS (INT64_C(1700000000) * 1000 * MS)

static struct session told[4];
static unsigned told_count;

static void keep(void *context, struct session *session) {
    (void)context;
    if (told_count < 4) {
        told[told_count] = *session;
    }
    told_count++;
}

/* ---- the script ---- */

static const char *const words[] = {"OK",
                                    "OK_NewSessionEstablished",
                                    "OK_SuccessfulNegotiation",
                                    "Failed_NoNegotiation",
                                    "FAILED",
                                    "FAILED_SequenceError",
                                    "FAILED_UnknownSession",
                                    "Finished",
                                    "Ongoing",
                                    "EVSE_NotReady",
                                    "EVSE_Ready",
                                    "EVSE_Shutdown",
                                    "EVSE_EmergencyShutdown",
                                    "EVSE_Malfunction",
                                    "EVSE_UtilityInterruptEvent",
                                    "Valid",
                                    "Invalid",
                                    "Fault",
                                    "StopCharging",
                                    "NO_ERROR",
                                    "FAILED_EVRESSMalfunction",
                                    "Start",
                                    "Stop",
                                    "Terminate",
                                    "Pause"};

static void set_field(struct message *m, const char *key, const char *value) {
    if (strcmp(key, "id") == 0) { /* of the session: N bytes, all the first one */
        m->session_id_len = (uint8_t)atoi(value);
        memset(m->session_id, 0xA5, sizeof m->session_id);
        return;
    }
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (f < FIELD_NUMBERS && strcmp(message_field_name(f), key) == 0) {
            message_set_number(m, f, atof(value));
            return;
        }
        for (size_t w = 0; f >= FIELD_NUMBERS && w < sizeof words / sizeof words[0]; w++) {
            if (strcmp(message_field_name(f), key) == 0 && strcmp(words[w], value) == 0) {
                message_set_word(m, f, words[w]);
                return;
            }
        }
    }
    fail_msg("no such field: %s=%s", key, value);
}

/* Places of RunID and car in the Ethernet frame (ccs.md 1.1, written down a second time here). */
static const struct {
    unsigned id, run_id;
    unsigned car; /* 0, 6: destination, source */
} mme_places[] = {{0x6064, 21, 6},  {0x6065, 36, 0},  {0x606A, 30, 6},  {0x6076, 39, 6},
                  {0x606E, 27, 21}, {0x606F, 27, 21}, {0x607C, 69, 40}, {0x607D, 69, 40}};

static void set_mme(struct event *e, uint8_t *frame, const char *key, const char *value) {
    for (size_t i = 0; i < sizeof mme_places / sizeof mme_places[0]; i++) {
        if (mme_places[i].id != e->id) {
            continue;
        }
        if (strcmp(key, "car") == 0) {
            memset(frame + mme_places[i].car, 0, 6);
            frame[mme_places[i].car] = 2;
            frame[mme_places[i].car + 5] = (uint8_t)atoi(value);
        } else if (strcmp(key, "run") == 0) {
            memset(frame + mme_places[i].run_id, atoi(value), 8);
        }
    }
    if (strcmp(key, "at") == 0) {
        frame[atoi(value)] = (uint8_t)atoi(strchr(value, ':') + 1);
    }
    if (strcmp(key, "text") == 0) { /* TESLA_EV: the RunID of CM_SLAC_PARM.REQ */
        memcpy(frame + 21, "TESLA EV", 8);
    }
}

static void set_net(struct event *e, const char *key, const char *value) {
    if (strcmp(key, "from") == 0) {
        e->from = strcmp(value, "car") == 0 ? VB_FROM_EVCC : VB_FROM_SECC;
    } else if (strcmp(key, "stream") == 0) {
        e->stream = (uint16_t)atoi(value);
    } else if (strcmp(key, "port") == 0) {
        e->dst_port = e->sdp_port = (uint16_t)atoi(value);
    } else if (strcmp(key, "tls") == 0) {
        e->sdp_security = value[0] == '1' ? VB_SDP_TLS : VB_SDP_NO_TLS;
    } else {
        fail_msg("no such key: %s", key);
    }
}

/* The story keeps names: they have to stay. */
static const char *name_of(const char *name) {
    static char names[64][40];
    size_t i = 0;
    while (names[i][0] && strcmp(names[i], name) != 0) {
        i++;
    }
    snprintf(names[i], sizeof names[i], "%s", name);
    return names[i];
}

static void play_line(struct story *story, char *line) {
    static const char *const nets[] = {"", "connect", "accept", "close", "reset", "again"};
    uint8_t frame[160] = {0};
    struct heard heard = {.dialect = "DIN 70121"};
    struct event e = {.what = EVENT_MESSAGE, .stream = 1, .heard = &heard};
    char *rest = line;
    char *token = strtok_r(rest, " ", &rest);
    e.t_ns = START_NS + atoll(token) * MS;
    e.packet = (uint32_t)atoi(strtok_r(NULL, " ", &rest));
    token = strtok_r(NULL, " ", &rest);
    if (strcmp(token, "mme") == 0) {
        e.what = EVENT_MME;
        e.id = (uint32_t)strtoul(strtok_r(NULL, " ", &rest), NULL, 16);
        frame[0] = e.id == 0x6064 ? 0xFF : 2;
        e.data = frame;
        e.len = sizeof frame;
    } else if (token[0] == 's' && token[1] == 'd' && token[2] == 'p') {
        e.what = token[3] == '?' ? EVENT_SDP_REQ : EVENT_SDP_RES;
        e.sdp_security = VB_SDP_NO_TLS;
    } else {
        for (uint32_t i = 1; i < sizeof nets / sizeof nets[0]; i++) {
            if (strcmp(token, nets[i]) == 0) {
                e.what = EVENT_NET;
                e.id = i == 5 ? VB_NET_AGAIN : i;
                e.heard = NULL;
                e.data = (const uint8_t *)"a message, 27 bytes, 300.0 ms after the first time";
                e.len = i == 5 ? strlen((const char *)e.data) : 0;
                e.flags = i == 5 ? VB_SIDE_AGAIN : 0;
            }
        }
    }
    if (e.what == EVENT_MESSAGE) {
        heard.name = name_of(token);
        heard.row = message_row_find(token, &heard.request);
        if (!heard.row) {
            fail_msg("no such message: %s", token);
        }
        e.from = heard.request ? VB_FROM_EVCC : VB_FROM_SECC;
        heard.fields.session_id_len = 8;
    }
    while ((token = strtok_r(NULL, " ", &rest))) {
        char *value = strchr(token, '=');
        *value++ = '\0';
        if (e.what == EVENT_MESSAGE && strcmp(token, "stream") != 0) {
            set_field(&heard.fields, token, value);
        } else if (e.what == EVENT_MME) {
            set_mme(&e, frame, token, value);
        } else {
            set_net(&e, token, value);
        }
    }
    memcpy(e.dst_mac, frame, 6);
    memcpy(e.src_mac, frame + 6, 6);
    story_event(story, &e);
}

/* Play a script; returns the first session told. */
static struct session *play(const char *script) {
    struct story *story = story_open(keep, NULL);
    char *copy = strdup(script);
    char *rest = copy;
    told_count = 0;
    for (char *line; (line = strtok_r(rest, "\n", &rest));) {
        play_line(story, line);
    }
    story_close(story);
    free(copy);
    return &told[0];
}

#define BEGIN                                                                                      \
    "0 1 supportedAppProtocolReq\n10 2 supportedAppProtocolRes "                                   \
    "ResponseCode=OK_SuccessfulNegotiation\n"                                                      \
    "100 3 SessionSetupReq\n110 4 SessionSetupRes ResponseCode=OK_NewSessionEstablished\n"
#define DEMAND_OK                                                                                  \
    "EVTargetVoltage=400 EVTargetCurrent=100 EVReady=1 EVMaximumVoltageLimit=410 "                 \
    "EVMaximumCurrentLimit=125 EVErrorCode=NO_ERROR\n"
#define SUPPLY_OK                                                                                  \
    "ResponseCode=OK EVSEStatusCode=EVSE_Ready EVSEPresentVoltage=400 EVSEPresentCurrent=100\n"

/* ---- phases ---- */

static void test_each_phase_has_its_start_rounds_and_answer_times(void **state) {
    (void)state;
    struct session *s = play(BEGIN "1000 5 CableCheckReq\n1020 6 CableCheckRes ResponseCode=OK "
                                   "EVSEProcessing=Ongoing\n"
                                   "1100 7 CableCheckReq\n1140 8 CableCheckRes ResponseCode=OK "
                                   "EVSEProcessing=Finished\n");
    assert_int_equal(told_count, 1);
    assert_int_equal(s->visit_count, 3);
    const struct visit *v = &s->visits[2];
    assert_int_equal(v->phase, PHASE_CABLE_CHECK);
    assert_int_equal(v->first_ns - s->start_ns, 1000 * MS);
    assert_int_equal(v->last_ns - v->first_ns, 140 * MS);
    assert_int_equal(v->rounds, 2);
    assert_int_equal(v->answer.max_ns, 40 * MS);
    assert_int_equal(v->answer.max_packet, 8);
    assert_int_equal(v->answer.sum_ns, 60 * MS);
    assert_int_equal(v->pause.sum_ns,
                     (890 + 80) * MS); /* since SessionSetupRes, since the first answer */
    assert_string_equal(message_word(&v->last, F_EVSEProcessing), "Finished");
}

static void test_power_delivery_is_on_or_off_by_what_it_says(void **state) {
    (void)state;
    struct session *s = play("0 1 PowerDeliveryReq ReadyToChargeState=1\n"
                             "10 2 PowerDeliveryRes ResponseCode=OK\n"
                             "20 3 CurrentDemandReq " DEMAND_OK "30 4 CurrentDemandRes " SUPPLY_OK
                             "40 5 PowerDeliveryReq ChargeProgress=Stop\n"
                             "50 6 PowerDeliveryRes ResponseCode=OK\n");
    assert_int_equal(s->visits[0].phase, PHASE_POWER_ON);
    assert_int_equal(s->visits[2].phase, PHASE_POWER_OFF);
}

static void test_an_answer_beyond_its_limit_is_noted_with_its_packet(void **state) {
    (void)state;
    struct session *s =
        play(BEGIN "1000 5 CurrentDemandReq " DEMAND_OK
                   "1250 6 CurrentDemandRes " SUPPLY_OK /* 250 ms are allowed */
                   "1300 7 CurrentDemandReq " DEMAND_OK "1551 8 CurrentDemandRes " SUPPLY_OK);
    assert_int_equal(s->late_count, 1);
    assert_int_equal(s->late[0].packet, 8);
    assert_int_equal(s->late[0].ns, 251 * MS);
    assert_int_equal(s->quirks[QUIRK_LATE_ANSWER].count, 1);
}

static void test_slac_of_another_attempt_begins_another_session(void **state) {
    (void)state;
    play("0 1 mme 6064 car=1 run=1\n200 2 mme 6064 car=1 run=1\n"
         "41000 3 mme 6064 car=1 run=2\n41010 4 mme 6065 car=1 run=2\n");
    assert_int_equal(told_count, 2);
    assert_string_equal(told[0].ending, "slac-no-answer");
    assert_string_equal(told[1].ending, "slac-not-continued");
    assert_int_equal(told[0].visits[0].rounds, 2);
}

static void test_a_handshake_on_a_new_connection_begins_another_session(void **state) {
    (void)state;
    play(BEGIN "5000 9 connect from=car stream=2 port=15118\n5010 10 supportedAppProtocolReq "
               "stream=2\n");
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1].first_packet, 9);
}

static void test_the_ladder_has_a_bound(void **state) {
    (void)state;
    static char script[200000];
    size_t n = 0;
    for (int i = 0; i < 200; i++) {
        n += (size_t)snprintf(script + n, sizeof script - n, "%d 1 %sReq\n", 100 * i,
                              i % 2 ? "CableCheck" : "PreCharge");
    }
    struct session *s = play(script);
    assert_int_equal(s->visit_count, VISITS_MAX);
    unsigned rounds = 0;
    for (size_t i = 0; i < s->visit_count; i++) {
        rounds += s->visits[i].rounds;
    }
    assert_int_equal(rounds, 200); /* what has no row of its own is in the last of its kind */
}

/* ---- energy, curve ---- */

static void test_energy_is_the_area_under_voltage_times_current(void **state) {
    (void)state;
    struct energy e = {0};
    energy_add(&e, 0, 400, 0);           /* 0 W */
    energy_add(&e, 1000 * MS, 400, 100); /* 40 kW: 20 kWs so far */
    energy_add(&e, 3000 * MS, 400, 100); /* 80 kWs more */
    assert_true(fabs(e.ws - 100000) < 1e-6);
    assert_true(fabs(e.peak_w - 40000) < 1e-6);
    assert_int_equal(e.counted_ns, 3000 * MS);
}

static void test_a_gap_is_not_counted_and_told(void **state) {
    (void)state;
    struct energy e = {0};
    energy_add(&e, 0, 400, 100);
    energy_add(&e, 1000 * MS, 400, 100);
    energy_add(&e, 61000 * MS, 400, 100);
    assert_true(fabs(e.ws - 40000) < 1e-6);
    assert_int_equal(e.gaps, 1);
    assert_int_equal(e.gap_ns, 60000 * MS);
}

static void test_energy_out_of_the_car_is_kept_apart(void **state) {
    (void)state;
    struct energy e = {0};
    energy_add(&e, 0, 400, -10);
    energy_add(&e, 1000 * MS, 400, -10);
    assert_true(fabs(e.ws) < 1e-9);
    assert_true(fabs(e.ws_back - 4000) < 1e-6);
}

static void test_a_long_curve_keeps_extremes_in_bounded_memory(void **state) {
    (void)state;
    static struct curve c;
    memset(&c, 0, sizeof c);
    for (int i = 0; i < 1000000; i++) { /* 27 hours at 100 ms */
        curve_add(&c, i * 100 * MS, SERIES_V, i == 777777 ? 512 : 400);
    }
    float most = 0;
    assert_true(c.used <= CURVE_BUCKETS);
    assert_true(c.used > CURVE_BUCKETS / 2 - 1);
    for (size_t i = 0; i < c.used; i++) {
        most = fmaxf(most, c.buckets[i].max[SERIES_V]);
    }
    assert_true(most == 512.0F);
}

/* ---- endings ---- */

static const struct {
    const char *script, *ending, *by, *says;
} endings[] = {
    {"0 1 mme 6064 car=1 run=1\n1000 2 mme 6064 car=1 run=1\n", "slac-no-answer", "charger",
     "No charger answered SLAC: 2 CM_SLAC_PARM.REQ in 1.0 s."},
    {"0 1 mme 6064 car=1 run=1\n10 2 mme 6065 car=1 run=1\n80 3 mme 606A car=1 run=1\n"
     "100 4 mme 6076 car=1 run=1\n",
     "slac-no-attenuation", "charger", "SLAC stopped after 1 sounds"},
    {"0 1 mme 607C car=1 run=1\n500 2 mme 607C car=1 run=1\n", "slac-match-no-answer", "charger",
     "did not answer CM_SLAC_MATCH.REQ"},
    {"0 1 mme 607C car=1 run=1\n10 2 mme 607D car=1 run=1\n20 3 mme 6008\n", "no-sdp", "nobody",
     "no SDP follows"},
    {"0 1 sdp?\n250 2 sdp?\n500 3 sdp?\n", "sdp-no-answer", "charger",
     "The charger did not answer SDP: 3 requests in 0.5 s."},
    {"0 1 sdp?\n10 2 sdp! port=15118\n", "no-connection", "car", "but the car did not connect"},
    {"0 1 sdp?\n10 2 sdp! port=51111\n20 3 connect from=car port=15118\n25 4 reset from=charger\n",
     "tcp-refused", "charger",
     "refused the TCP connection to port 15118 (RST, packet 4); SDP had announced port 51111."},
    {"0 1 connect from=car port=15118\n", "tcp-no-answer", "charger", "did not answer the TCP"},
    {"0 1 connect from=car port=15118\n5 2 accept from=charger\n9 3 close from=car\n",
     "no-handshake", "car", "nothing that can be read"},
    {"0 1 supportedAppProtocolReq\n9 2 supportedAppProtocolRes ResponseCode=Failed_NoNegotiation\n",
     "handshake-refused", "charger", "none of the offered protocols"},
    {BEGIN "200 5 CurrentDemandReq " DEMAND_OK
           "210 6 CurrentDemandRes ResponseCode=OK EVSEStatusCode=EVSE_Shutdown\n"
           "300 7 PowerDeliveryReq ReadyToChargeState=0\n310 8 PowerDeliveryRes ResponseCode=OK\n"
           "400 9 SessionStopReq\n410 10 SessionStopRes ResponseCode=OK\n",
     "charger-shutdown", "charger",
     "The charger asked to stop: EVSE_Shutdown in CurrentDemandRes (packet 6). The session then "
     "ended in order: PowerDelivery off, SessionStop."},
    {BEGIN "200 5 CurrentDemandReq " DEMAND_OK
           "210 6 CurrentDemandRes ResponseCode=OK EVSEStatusCode=EVSE_EmergencyShutdown\n",
     "charger-emergency", "charger", "emergency shutdown"},
    {BEGIN "200 5 CurrentDemandReq " DEMAND_OK
           "210 6 CurrentDemandRes ResponseCode=OK EVSEStatusCode=EVSE_Malfunction\n",
     "charger-malfunction", "charger", "malfunction"},
    {BEGIN "200 5 CurrentDemandReq " DEMAND_OK
           "210 6 CurrentDemandRes ResponseCode=OK EVSEStatusCode=EVSE_UtilityInterruptEvent\n",
     "utility-interrupt", "charger", "interrupted"},
    {BEGIN "200 5 CurrentDemandReq " DEMAND_OK
           "210 6 CurrentDemandRes ResponseCode=OK EVSENotification=StopCharging\n",
     "charger-stop", "charger", "StopCharging in CurrentDemandRes (packet 6)"},
    {BEGIN "200 5 CurrentDemandReq " DEMAND_OK
           "210 6 CurrentDemandRes ResponseCode=FAILED_SequenceError\n",
     "charger-failed", "charger", "FAILED_SequenceError in CurrentDemandRes (packet 6)"},
    {BEGIN "200 5 CurrentDemandReq EVErrorCode=FAILED_EVRESSMalfunction\n"
           "210 6 CurrentDemandRes ResponseCode=OK\n",
     "car-error", "car", "FAILED_EVRESSMalfunction in CurrentDemandReq (packet 5)"},
    {BEGIN "200 5 CurrentDemandReq EVErrorCode=FAILED_EVRESSMalfunction\n"
           "210 6 CurrentDemandRes ResponseCode=OK\n"
           "300 7 PowerDeliveryReq ReadyToChargeState=0\n310 8 PowerDeliveryRes ResponseCode=OK\n"
           "400 9 SessionStopReq\n410 10 SessionStopRes ResponseCode=OK\n",
     "car-error", "car", "then ended in order: PowerDelivery off, SessionStop."},
    {BEGIN "200 5 CurrentDemandReq EVRESSSOC=55\n210 6 CurrentDemandRes ResponseCode=OK\n"
           "300 7 PowerDeliveryReq ReadyToChargeState=0 EVRESSSOC=55\n",
     "car-stop", "car",
     "PowerDelivery off (packet 7), SOC 55 %; neither side says why. The session ends in "
     "PowerDelivery off, which is not answered in the recording, without SessionStop."},
    {BEGIN "200 5 CurrentDemandReq EVRESSSOC=55\n"
           "210 6 CurrentDemandRes ResponseCode=OK EVSEStatusCode=EVSE_Malfunction "
           "EVSEIsolationStatus=Fault\n",
     "charger-malfunction", "charger", "EVSE_Malfunction with EVSEIsolationStatus Fault in"},
    {BEGIN "200 5 CurrentDemandReq ChargingComplete=1 EVRESSSOC=80\n"
           "210 6 CurrentDemandRes ResponseCode=OK\n"
           "300 7 PowerDeliveryReq ReadyToChargeState=0\n310 8 PowerDeliveryRes ResponseCode=OK\n",
     "car-complete", "car", "ChargingComplete, SOC 80 %."},
    {BEGIN "200 5 CurrentDemandReq EVRESSSOC=55\n210 6 CurrentDemandRes ResponseCode=OK\n"
           "300 7 PowerDeliveryReq ReadyToChargeState=0 EVRESSSOC=55\n"
           "310 8 PowerDeliveryRes ResponseCode=OK EVSEStatusCode=EVSE_Shutdown\n",
     "car-stop", "car", "PowerDelivery off (packet 7), SOC 55 %; neither side says why."},
    {BEGIN "200 5 PreChargeReq EVTargetVoltage=400\n210 6 PreChargeRes ResponseCode=OK "
           "EVSEPresentVoltage=230\n300 7 SessionStopReq ChargingSession=Terminate\n"
           "310 8 SessionStopRes ResponseCode=OK\n",
     "car-stop", "car",
     "in PreCharge (SessionStop, packet 7), after 1 round and 0.0 s: 230 V present, 400 V wanted."},
    {BEGIN "200 5 CableCheckReq\n9200 6 reset from=car\n", "charger-silent", "charger",
     "did not answer CableCheckReq (packet 5) for 9.0 s (limit 2 s); the car then reset"},
    {BEGIN "200 5 CableCheckReq\n300 6 reset from=charger\n", "charger-closed", "charger",
     "did not answer CableCheckReq (packet 5) and reset the TCP connection 0.1 s later."},
    {BEGIN "200 5 CableCheckReq\n300 6 close from=car\n", "car-closed", "car",
     "without SessionStop"},
    {BEGIN "200 5 CableCheckReq\n210 6 CableCheckRes ResponseCode=OK\n300 7 close from=car\n",
     "car-closed", "car", "in CableCheck, 0.1 s after the last answer"},
    {BEGIN "200 5 CableCheckReq\n210 6 CableCheckRes ResponseCode=OK\n300 7 close from=charger\n"
           "305 8 CableCheckReq\n",
     "charger-closed", "charger", "in CableCheck, 0.1 s after the last answer"},
    {"0 1 connect from=car port=15118\n5 2 reset from=car\n20 3 accept from=charger\n"
     "30 4 supportedAppProtocolReq\n",
     "recording-ends", "recording", "in Protocol handshake."},
    {BEGIN "9000 9 mme A000\n", "car-silent", "car", "which goes on for 8.9 s."},
    {BEGIN "200 5 CurrentDemandReq " DEMAND_OK "210 6 CurrentDemandRes " SUPPLY_OK,
     "recording-ends", "recording",
     "The recording ends in the middle of the session, in Charging."},
};

static void test_who_ended_it_and_why(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct session *s = play(endings[i].script);
        if (strcmp(s->ending, endings[i].ending) != 0 || strcmp(s->ended_by, endings[i].by) != 0 ||
            !strstr(s->result, endings[i].says)) {
            fail_msg("%s (%s) instead of %s: %s", s->ending, s->ended_by, endings[i].ending,
                     s->result);
        }
    }
}

/* ---- quirks ---- */

#define SLAC       "0 1 mme 6064 car=1 run=1\n10 2 mme 6065 car=1 run=1 at=26:6\n"
#define TIMES10(x) x x x x x x x x x x

static const struct {
    enum quirk quirk;
    const char *yes, *no;
} quirk_cases[] = {
    {QUIRK_PARM_TRIES, "0 1 mme 6064 car=1 run=1\n200 2 mme 6064 car=1 run=1\n", SLAC},
    {QUIRK_RUN_ID, "0 1 mme 6064 car=1 run=1\n10 2 mme 6065 car=1 run=2\n", SLAC},
    {QUIRK_TESLA_RUN_ID, "0 1 mme 6064 car=1 text=TESLA\n", SLAC},
    {QUIRK_LATE_START, SLAC "150 3 mme 606A car=1 run=1 at=22:6\n",
     SLAC "110 3 mme 606A car=1 run=1 at=22:6\n"},
    {QUIRK_TIME_OUT, SLAC "90 3 mme 606A car=1 run=1 at=22:10\n",
     SLAC "90 3 mme 606A car=1 run=1 at=22:6\n"},
    {QUIRK_NO_ATTENUATION, SLAC "900 9 mme 606E car=1 run=1 at=70:2\n",
     SLAC "900 9 mme 606E car=1 run=1 at=70:2 at=71:9 at=72:15\n"},
    {QUIRK_FOREIGN_SLAC, SLAC "90 3 mme 607D car=2 run=9\n", SLAC "90 3 mme 607D car=1 run=1\n"},
    {QUIRK_OWN_SLAC, SLAC BEGIN "200 9 mme 6064 car=1 run=1\n", SLAC BEGIN},
    {QUIRK_SDP_REPEATED, "0 1 sdp?\n250 2 sdp?\n", "0 1 sdp?\n250 2 sdp!\n"},
    {QUIRK_SDP_NO_TLS, "0 1 sdp? tls=1\n5 2 sdp! tls=0\n", "0 1 sdp? tls=0\n5 2 sdp! tls=0\n"},
    {QUIRK_SDP_NO_TLS, "0 1 sdp? tls=1\n250 2 sdp? tls=0\n255 3 sdp! tls=0\n",
     "0 1 sdp? tls=1\n5 2 sdp! tls=1\n"},
    {QUIRK_WRONG_PORT, "0 1 sdp?\n5 2 sdp! port=51110\n9 3 connect from=car port=15118\n",
     "0 1 sdp?\n5 2 sdp! port=51110\n9 3 connect from=car port=51110\n"},
    {QUIRK_SIDE_CONNECTION, BEGIN "200 9 connect from=car stream=2 port=60918\n", BEGIN},
    {QUIRK_OLD_SEGMENTS,
     "0 1 connect from=car stream=7 port=1\n1 2 supportedAppProtocolReq stream=7\n"
     "2 3 supportedAppProtocolRes stream=7 ResponseCode=OK_SuccessfulNegotiation\n"
     "9 3 reset from=charger stream=6\n",
     "0 1 connect from=car stream=7 port=1\n9 3 reset from=charger stream=7\n"},
    {QUIRK_CAR_COPIES, BEGIN "200 9 again from=car\n", BEGIN "200 9 again from=charger\n"},
    {QUIRK_CHARGER_COPIES, BEGIN "200 9 again from=charger\n", BEGIN "200 9 again from=car\n"},
    {QUIRK_LATE_ANSWER, BEGIN "200 5 CableCheckReq\n2201 6 CableCheckRes\n",
     BEGIN "200 5 CableCheckReq\n2200 6 CableCheckRes\n"},
    {QUIRK_WRONG_ANSWER, BEGIN "200 5 PowerDeliveryReq\n210 6 PreChargeRes\n",
     BEGIN "200 5 PowerDeliveryReq\n210 6 PowerDeliveryRes\n"},
    {QUIRK_EXTRA_ANSWER, BEGIN "210 6 SessionSetupRes\n", BEGIN},
    {QUIRK_SESSION_ID_LENGTH, "0 1 SessionSetupReq id=1\n", "0 1 SessionSetupReq id=8\n"},
    {QUIRK_SESSION_ID_ECHO,
     "0 1 SessionSetupReq\n9 2 SessionSetupRes id=4\n90 3 ServiceDiscoveryReq id=8\n",
     "0 1 SessionSetupReq\n9 2 SessionSetupRes id=4\n90 3 ServiceDiscoveryReq id=4\n"},
    {QUIRK_PLAIN_OK, "0 1 SessionSetupReq\n9 2 SessionSetupRes ResponseCode=OK\n", BEGIN},
    {QUIRK_LONG_AUTHORIZATION,
     BEGIN "200 5 AuthorizationReq\n210 6 AuthorizationRes EVSEProcessing=Ongoing\n"
           "20300 7 AuthorizationReq\n20310 8 AuthorizationRes EVSEProcessing=Finished\n",
     BEGIN "200 5 AuthorizationReq\n210 6 AuthorizationRes EVSEProcessing=Finished\n"},
    {QUIRK_PARAMETER_FIELDS, BEGIN "200 5 ChargeParameterDiscoveryReq EVMaximumVoltageLimit=410\n",
     BEGIN "200 5 ChargeParameterDiscoveryReq EVMaximumVoltageLimit=410 EVMaximumPowerLimit=90000 "
           "EVEnergyCapacity=1 EVEnergyRequest=1 FullSOC=100 BulkSOC=80\n"},
    {QUIRK_NOT_READY,
     BEGIN "9 9 CableCheckRes EVSEProcessing=Finished EVSEStatusCode=EVSE_NotReady\n",
     BEGIN "9 9 CableCheckRes EVSEProcessing=Ongoing EVSEStatusCode=EVSE_NotReady\n"},
    {QUIRK_LONG_CABLE_CHECK,
     BEGIN "200 5 CableCheckReq\n210 6 CableCheckRes EVSEProcessing=Ongoing\n"
           "40300 7 CableCheckReq\n40310 8 CableCheckRes EVSEProcessing=Finished\n",
     BEGIN "200 5 CableCheckReq\n210 6 CableCheckRes EVSEProcessing=Ongoing\n"
           "40100 7 CableCheckReq\n40110 8 CableCheckRes EVSEProcessing=Finished\n"},
    {QUIRK_ISOLATION,
     BEGIN "9 9 CableCheckRes EVSEProcessing=Finished EVSEIsolationStatus=Invalid\n",
     BEGIN "9 9 CableCheckRes EVSEProcessing=Finished EVSEIsolationStatus=Valid\n"},
    {QUIRK_NO_PRE_CHARGE,
     BEGIN "200 5 CableCheckReq\n300 6 PowerDeliveryReq ReadyToChargeState=0\n",
     BEGIN "200 5 CableCheckReq\n300 6 PreChargeReq\n400 7 PowerDeliveryReq\n"},
    {QUIRK_LONG_PRE_CHARGE, BEGIN "200 5 PreChargeReq\n7300 6 PreChargeReq\n",
     BEGIN "200 5 PreChargeReq\n7100 6 PreChargeReq\n"},
    {QUIRK_MINIMUM_VOLTAGE,
     BEGIN "200 5 ChargeParameterDiscoveryRes EVSEMinimumVoltageLimit=229.99\n"
           "300 6 PreChargeReq EVTargetVoltage=210\n",
     BEGIN "200 5 ChargeParameterDiscoveryRes EVSEMinimumVoltageLimit=200\n"
           "300 6 PreChargeReq EVTargetVoltage=210\n"},
    {QUIRK_MIRROR,
     BEGIN TIMES10("200 5 PreChargeReq EVTargetVoltage=210\n300 6 PreChargeRes "
                   "EVSEPresentVoltage=210\n"),
     BEGIN TIMES10("200 5 PreChargeReq EVTargetVoltage=210\n300 6 PreChargeRes "
                   "EVSEPresentVoltage=209\n")},
    {QUIRK_DIFFERENCE,
     BEGIN "200 5 PreChargeReq EVTargetVoltage=400\n210 6 PreChargeRes EVSEPresentVoltage=379\n"
           "300 7 PowerDeliveryReq ReadyToChargeState=1\n",
     BEGIN "200 5 PreChargeReq EVTargetVoltage=400\n210 6 PreChargeRes EVSEPresentVoltage=381\n"
           "300 7 PowerDeliveryReq ReadyToChargeState=1\n"},
    {QUIRK_OFF_FOR_ON, BEGIN "200 5 PreChargeReq\n300 7 PowerDeliveryReq ReadyToChargeState=0\n",
     BEGIN "200 5 PreChargeReq\n300 7 PowerDeliveryReq ReadyToChargeState=1\n"},
    {QUIRK_DELIVERY_FIELDS, BEGIN "300 7 PowerDeliveryReq ReadyToChargeState=1 EVReady=1\n",
     BEGIN "300 7 PowerDeliveryReq ReadyToChargeState=1 EVReady=1 EVCabinConditioning=0 "
           "EVRESSConditioning=0 BulkChargingComplete=0\n"},
    {QUIRK_SLOW_POWER,
     BEGIN "300 7 PowerDeliveryReq ReadyToChargeState=1\n1210 8 PowerDeliveryRes\n",
     BEGIN "300 7 PowerDeliveryReq ReadyToChargeState=1\n1200 8 PowerDeliveryRes\n"},
    {QUIRK_DEMAND_FIELDS, BEGIN "300 7 CurrentDemandReq EVTargetVoltage=400 EVTargetCurrent=1\n",
     BEGIN "300 7 CurrentDemandReq " DEMAND_OK},
    {QUIRK_ZERO_CURRENT,
     BEGIN TIMES10("300 7 CurrentDemandReq EVTargetCurrent=0\n300 7 CurrentDemandReq "
                   "EVTargetCurrent=0\n301 7 CurrentDemandReq EVTargetCurrent=0\n"),
     BEGIN TIMES10("300 7 CurrentDemandReq EVTargetCurrent=0\n300 7 CurrentDemandReq "
                   "EVTargetCurrent=9\n")},
    {QUIRK_VOLTAGE_FALLS,
     BEGIN "200 5 PreChargeRes EVSEPresentVoltage=210\n" TIMES10(
         "310 8 CurrentDemandRes EVSEPresentVoltage=150 EVSEPresentCurrent=0\n"),
     BEGIN "200 5 PreChargeRes EVSEPresentVoltage=210\n" TIMES10(
         "310 8 CurrentDemandRes EVSEPresentVoltage=191 EVSEPresentCurrent=0\n")},
    {QUIRK_RUNAWAY,
     BEGIN "300 7 CurrentDemandReq " DEMAND_OK
           "310 8 CurrentDemandRes EVSEPresentVoltage=421 EVSEPresentCurrent=0\n",
     BEGIN "300 7 CurrentDemandReq " DEMAND_OK
           "310 8 CurrentDemandRes EVSEPresentVoltage=419 EVSEPresentCurrent=0\n"},
    {QUIRK_ABOVE_LIMIT,
     BEGIN "300 7 CurrentDemandReq EVTargetVoltage=411 EVMaximumVoltageLimit=410\n",
     BEGIN "300 7 CurrentDemandReq EVTargetVoltage=410 EVMaximumVoltageLimit=410\n"},
    {QUIRK_NOT_READY_EV, BEGIN "300 7 CurrentDemandReq EVReady=0\n",
     BEGIN "300 7 CurrentDemandReq EVReady=1\n"},
    {QUIRK_SHUTDOWN_IGNORED,
     BEGIN "200 5 CurrentDemandRes EVSEStatusCode=EVSE_Shutdown\n" TIMES10(
         "300 7 CurrentDemandReq EVTargetCurrent=1\n"),
     BEGIN "200 5 CurrentDemandRes EVSEStatusCode=EVSE_Shutdown\n300 7 CurrentDemandReq "
           "EVTargetCurrent=1\n"},
    {QUIRK_OVERSUPPLY,
     BEGIN TIMES10("300 7 CurrentDemandReq EVTargetCurrent=10\n"
                   "310 8 CurrentDemandRes EVSEPresentCurrent=1504\n"
                   "320 8 CurrentDemandRes EVSEPresentCurrent=1504\n"),
     BEGIN TIMES10("300 7 CurrentDemandReq EVTargetCurrent=10\n"
                   "310 8 CurrentDemandRes EVSEPresentCurrent=11\n"
                   "320 8 CurrentDemandRes EVSEPresentCurrent=11\n")},
    {QUIRK_UNDERSUPPLY,
     BEGIN TIMES10("300 7 CurrentDemandReq EVTargetCurrent=100\n"
                   "310 8 CurrentDemandRes EVSEPresentCurrent=20\n"
                   "320 8 CurrentDemandRes EVSEPresentCurrent=20\n"),
     BEGIN TIMES10("300 7 CurrentDemandReq EVTargetCurrent=100\n"
                   "310 8 CurrentDemandRes EVSEPresentCurrent=20 EVSECurrentLimitAchieved=1\n"
                   "320 8 CurrentDemandRes EVSEPresentCurrent=20 EVSECurrentLimitAchieved=1\n")},
    {QUIRK_SOC_JUMP,
     BEGIN "300 7 CurrentDemandReq EVRESSSOC=50\n400 8 CurrentDemandReq EVRESSSOC=0\n",
     BEGIN "300 7 CurrentDemandReq EVRESSSOC=50\n400 8 CurrentDemandReq EVRESSSOC=51\n"},
    {QUIRK_NO_WELDING, BEGIN "300 7 CurrentDemandReq EVRESSSOC=50\n400 8 SessionStopReq\n",
     BEGIN
     "300 7 CurrentDemandReq EVRESSSOC=50\n400 8 WeldingDetectionReq\n500 9 SessionStopReq\n"},
    {QUIRK_WELDING_VOLTAGE,
     BEGIN "300 7 WeldingDetectionReq\n400 8 WeldingDetectionRes EVSEPresentVoltage=350\n",
     BEGIN "300 7 WeldingDetectionReq\n400 8 WeldingDetectionRes EVSEPresentVoltage=350\n"
           "500 9 WeldingDetectionReq\n600 10 WeldingDetectionRes EVSEPresentVoltage=12\n"},
};

static void test_each_quirk_is_seen_where_it_is_and_not_where_it_is_not(void **state) {
    (void)state;
    bool tried[QUIRK_COUNT] = {false};
    for (size_t i = 0; i < sizeof quirk_cases / sizeof quirk_cases[0]; i++) {
        enum quirk quirk = quirk_cases[i].quirk;
        struct session *s = play(quirk_cases[i].yes);
        tried[quirk] = true;
        if (s->quirks[quirk].count == 0 || s->quirks[quirk].seen[0] == '\0') {
            fail_msg("%s is not seen", quirks[quirk].name);
        }
        s = play(quirk_cases[i].no);
        if (s->quirks[quirk].count != 0) {
            fail_msg("%s is seen where it is not: %s", quirks[quirk].name, s->quirks[quirk].seen);
        }
    }
    tried[QUIRK_BOOT_LOADER] = tried[QUIRK_UNDECODABLE] = true; /* below */
    for (int q = 0; q < QUIRK_COUNT; q++) {
        if (!tried[q]) {
            fail_msg("%s has no test", quirks[q].name);
        }
    }
}

static void test_a_modem_in_its_boot_loader_is_seen(void **state) {
    (void)state;
    uint8_t frame[60] = {0};
    struct event version = {
        .what = EVENT_MME, .t_ns = START_NS, .id = 0xA001, .data = frame, .len = 60};
    memcpy(frame + 22,
           "\x0C"
           "BootLoader-1",
           13);
    struct story *story = story_open(keep, NULL);
    told_count = 0;
    story_event(story, &version); /* before the session: kept for it */
    struct event sdp = {.what = EVENT_SDP_REQ, .t_ns = START_NS};
    story_event(story, &sdp);
    story_close(story);
    assert_int_equal(told[0].quirks[QUIRK_BOOT_LOADER].count, 1);
    assert_string_equal(told[0].modems[0].version, "BootLoader-1");
}

static void test_a_damaged_message_is_seen_with_its_place(void **state) {
    (void)state;
    static const char why[] = "the bytes break the format: V2G_Message/Body";
    struct event sdp = {.what = EVENT_SDP_REQ, .t_ns = START_NS};
    struct event bad = {.what = EVENT_BAD,
                        .t_ns = START_NS,
                        .packet = 7,
                        .data = (const uint8_t *)why,
                        .len = sizeof why - 1};
    struct story *story = story_open(keep, NULL);
    told_count = 0;
    story_event(story, &sdp);
    story_event(story, &bad);
    story_close(story);
    assert_int_equal(told[0].quirks[QUIRK_UNDECODABLE].count, 1);
    assert_int_equal(told[0].quirks[QUIRK_UNDECODABLE].packets[0], 7);
    assert_non_null(strstr(told[0].quirks[QUIRK_UNDECODABLE].seen, "V2G_Message/Body"));
}

static void test_quirks_have_names_of_their_own_and_texts(void **state) {
    (void)state;
    for (int q = 0; q < QUIRK_COUNT; q++) {
        assert_non_null(quirks[q].see);
        assert_true(quirks[q].name[0] && quirks[q].title[0] && quirks[q].means[0]);
        for (int k = 0; k < q; k++) {
            assert_string_not_equal(quirks[q].name, quirks[k].name);
        }
    }
}

/* ---- frames ---- */

/* DIN PreChargeReq of reference/exi-facts.md, worked out bit by bit there: session id 00, EVReady, NO_ERROR, SOC 50,
 * target 400 V, -2 A. */
static const uint8_t pre_charge[] = {0x80, 0x9A, 0x00, 0x40, 0x11, 0x51, 0x40, 0x0C, 0x80,
                                     0xC1, 0x42, 0x40, 0x0C, 0x0C, 0x0C, 0x40, 0x40};

/* ISO 15118-20 DC_ChargeLoopReq: target 410 V, 120 A. The bytes are libcbv2g's. */
static const uint8_t charge_loop[] = {0x80, 0x34, 0x04, 0x05, 0x0D, 0x96, 0x1E, 0xA7, 0x2F, 0xB0,
                                      0x38, 0x88, 0x0E, 0x2C, 0xFA, 0xA0, 0x62, 0x80, 0xFE, 0x14,
                                      0x03, 0xE4, 0x64, 0x00, 0x3C, 0x02, 0x00, 0x26, 0x80, 0xCA};

static struct session *play_frame(uint32_t type, const uint8_t *bytes, size_t n) {
    uint8_t side[VB_SIDE_V2G_SIZE] = {[VB_SIDE_FROM] = VB_FROM_EVCC,
                                      [VB_SIDE_PACKET + 2] = 0x01,
                                      [VB_SIDE_PACKET + 3] = 0x02,
                                      [VB_SIDE_SRC_MAC + 5] = 7,
                                      [VB_SIDE_STREAM + 1] = 1};
    struct vb_frame sdp = {.t_ns = START_NS,
                           .kind = VB_KIND_V2G,
                           .id = VB_V2GTP_SDP_REQ,
                           .data = (const uint8_t *)"\x10",
                           .len = 2,
                           .side = side,
                           .side_len = sizeof side};
    struct vb_frame frame = {.t_ns = START_NS + 100 * MS,
                             .kind = VB_KIND_V2G,
                             .id = type,
                             .data = bytes,
                             .len = (uint32_t)n,
                             .side = side,
                             .side_len = sizeof side};
    struct story *story = story_open(keep, NULL);
    told_count = 0;
    story_frame(story, &sdp);
    story_frame(story, &frame);
    story_close(story);
    return &told[0];
}

static void test_a_frame_gives_the_fields_of_its_message(void **state) {
    (void)state;
    struct session *s = play_frame(VB_V2GTP_EXI, pre_charge, sizeof pre_charge);
    assert_int_equal(s->messages, 1);
    assert_string_equal(s->dialect, "DIN 70121");
    assert_int_equal(s->last_packet, 0x0102);
    assert_int_equal(s->ev_mac[5], 7);
    const struct message *m = &s->visits[1].last;
    assert_int_equal(s->visits[1].phase, PHASE_PRE_CHARGE);
    assert_true(m->number[F_EVTargetVoltage] == 400);
    assert_true(m->number[F_EVTargetCurrent] == -2);
    assert_true(m->number[F_EVRESSSOC] == 50);
    assert_true(m->number[F_EVReady] == 1);
    assert_string_equal(message_word(m, F_EVErrorCode), "NO_ERROR");
    assert_false(message_has(m, F_EVCabinConditioning));
}

static void test_iso_20_has_the_same_story(void **state) {
    (void)state;
    struct session *s = play_frame(VB_V2GTP_ISO20_DC, charge_loop, sizeof charge_loop);
    assert_string_equal(s->dialect, "ISO 15118-20");
    assert_int_equal(s->visits[1].phase, PHASE_CHARGING);
    assert_true(s->visits[1].last.number[F_EVTargetVoltage] == 410);
    assert_true(s->visits[1].last.number[F_EVTargetCurrent] == 120);
    assert_string_equal(s->ending, "recording-ends");
}

static void test_a_message_that_is_cut_is_no_message(void **state) {
    (void)state;
    for (size_t n = 0; n < sizeof pre_charge; n++) {
        struct session *s = play_frame(VB_V2GTP_EXI, pre_charge, n);
        assert_int_equal(s->messages, 0);
        assert_int_equal(s->undecodable, 1);
    }
}

/* ---- plots and text ---- */

static void ramp(struct session *s) {
    memset(s, 0, sizeof *s);
    for (int i = 0; i <= 100; i++) {
        curve_add(&s->curve, i * 100 * MS, SERIES_V, 4.0 * i);
    }
}

static void test_a_ramp_in_ascii(void **state) {
    (void)state;
    static struct session s;
    struct text out = {0};
    struct look look = {.columns = 40};
    ramp(&s);
    plot_text(&out, &s, &look);
    text_bytes(&out, "", 1);
    /* 101 points over 10.1 s and 400 V, 31 columns by 7 rows: 100 V are 1.5 rows */
    assert_string_equal(out.data, "  Voltage, V\n"
                                  "   400 +                           ***\n"
                                  "       |                      ******\n"
                                  "   300 +                 ******\n"
                                  "   200 +            ******\n"
                                  "       |       ******\n"
                                  "   100 +  ******\n"
                                  "     0 +***\n"
                                  "       ++-------------+--------------+-\n"
                                  "        0             5             10\n"
                                  "        seconds since the session began\n");
    text_free(&out);
}

/* 62 by 28 dots: the first ones lie left and right at the bottom, then the line climbs dot by dot. */
static void test_a_ramp_in_braille(void **state) {
    (void)state;
    static struct session s;
    struct text out = {0};
    struct look look = {.columns = 40, .utf8 = true};
    ramp(&s);
    plot_text(&out, &s, &look);
    text_bytes(&out, "", 1);
    assert_non_null(strstr(out.data, "   400 \u2524"));
    assert_non_null(strstr(out.data, "     0 \u2524\u2860\u2834\u2812\u2809\n"));
    text_free(&out);
}

static size_t columns_of(const char *line, size_t n) {
    size_t columns = 0;
    for (size_t i = 0; i < n; i++) {
        columns += ((unsigned char)line[i] & 0xC0) != 0x80;
    }
    return columns;
}

static void assert_fits(const struct session *s, size_t columns, bool utf8) {
    struct text out = {0};
    struct look look = {.columns = columns, .utf8 = utf8};
    story_text(&out, s, &look,
               "a-recording-with-a-name-that-is-longer-than-most-terminals-are-wide-"
               "and-has-no-space-in-it.pcapng");
    for (size_t at = 0; at < out.n;) {
        const char *line = out.data + at;
        const char *end = memchr(line, '\n', out.n - at);
        assert_non_null(end);
        if (columns_of(line, (size_t)(end - line)) > columns) {
            fail_msg("wider than %zu: %.*s", columns, (int)(end - line), line);
        }
        for (const char *c = line; c < end; c++) {
            assert_true(utf8 || ((unsigned char)*c >= 32 && (unsigned char)*c < 127));
        }
        at += (size_t)(end - line) + 1;
    }
    text_free(&out);
}

static void test_text_is_never_wider_than_the_terminal(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct session *s = play(endings[i].script);
        assert_fits(s, 80, true);
        assert_fits(s, 80, false);
        assert_fits(s, COLUMNS_LEAST, true);
        assert_fits(s, 190, true);
    }
    for (size_t i = 0; i < sizeof quirk_cases / sizeof quirk_cases[0]; i++) {
        assert_fits(play(quirk_cases[i].yes), 72, true);
    }
}

static void test_steps_of_axes_are_round(void **state) {
    (void)state;
    assert_true(plot_step(400, 4) == 100);
    assert_true(plot_step(401, 4) == 200);
    assert_true(plot_step(0.9, 4) == 0.5);
    assert_true(plot_time_step(50, 5) == 10);
    assert_true(plot_time_step(601, 5) == 300);
    assert_true(plot_time_step(36000, 5) == 7200);
}

static void test_protocols_are_known_by_their_namespace(void **state) {
    (void)state;
    assert_string_equal(protocol_name("urn:din:70121:2012:MsgDef"), "DIN 70121");
    assert_string_equal(protocol_name("urn:iso:15118:2:2013:MsgDef"), "ISO 15118-2");
    assert_string_equal(protocol_name("urn:unknown"), "urn:unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_phase_has_its_start_rounds_and_answer_times),
        cmocka_unit_test(test_power_delivery_is_on_or_off_by_what_it_says),
        cmocka_unit_test(test_an_answer_beyond_its_limit_is_noted_with_its_packet),
        cmocka_unit_test(test_slac_of_another_attempt_begins_another_session),
        cmocka_unit_test(test_a_handshake_on_a_new_connection_begins_another_session),
        cmocka_unit_test(test_the_ladder_has_a_bound),
        cmocka_unit_test(test_energy_is_the_area_under_voltage_times_current),
        cmocka_unit_test(test_a_gap_is_not_counted_and_told),
        cmocka_unit_test(test_energy_out_of_the_car_is_kept_apart),
        cmocka_unit_test(test_a_long_curve_keeps_extremes_in_bounded_memory),
        cmocka_unit_test(test_who_ended_it_and_why),
        cmocka_unit_test(test_each_quirk_is_seen_where_it_is_and_not_where_it_is_not),
        cmocka_unit_test(test_a_modem_in_its_boot_loader_is_seen),
        cmocka_unit_test(test_a_damaged_message_is_seen_with_its_place),
        cmocka_unit_test(test_quirks_have_names_of_their_own_and_texts),
        cmocka_unit_test(test_a_frame_gives_the_fields_of_its_message),
        cmocka_unit_test(test_iso_20_has_the_same_story),
        cmocka_unit_test(test_a_message_that_is_cut_is_no_message),
        cmocka_unit_test(test_a_ramp_in_ascii),
        cmocka_unit_test(test_a_ramp_in_braille),
        cmocka_unit_test(test_text_is_never_wider_than_the_terminal),
        cmocka_unit_test(test_steps_of_axes_are_round),
        cmocka_unit_test(test_protocols_are_known_by_their_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
