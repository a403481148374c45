/* ending.c - who ended a session, and why, in words: rules in order, the first that fits.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/session/session.h"

#define S        INT64_C(1000000000)
#define QUIET_NS (5 * S) /* the recording goes on, but the car asks nothing more */

static void __attribute__((format(printf, 2, 3))) say(struct session *s, const char *fmt, ...) {
    size_t n = strlen(s->result);
    va_list args;
    va_start(args, fmt);
    vsnprintf(s->result + n, sizeof s->result - n, fmt, args);
    va_end(args);
}

static void end(struct session *s, const char *ending, const char *by) {
    s->ending = ending;
    s->ended_by = by;
}

/* "packet 12", or "12.345 s" where the recording has no numbers. */
static const char *place(const struct session *s, uint32_t packet, int64_t t_ns, char out[40]) {
    if (packet) {
        snprintf(out, 40, "packet %u", (unsigned)packet);
    } else {
        snprintf(out, 40, "at %.3f s", (double)(t_ns - s->start_ns) / 1e9);
    }
    return out;
}

static bool came(const struct sign *sign) {
    return sign->t_ns != SESSION_NEVER;
}

static double seconds(int64_t ns) {
    return (double)ns / 1e9;
}

static const struct visit *last_visit(const struct session *s) {
    for (size_t i = s->visit_count; i > 0; i--) {
        enum phase phase = s->visits[i - 1].phase;
        if (phase != PHASE_TCP_CLOSE && phase != PHASE_SESSION_STOP) {
            return &s->visits[i - 1];
        }
    }
    return NULL;
}

static const struct visit *first_visit(const struct session *s, enum phase phase) {
    size_t i = 0;
    while (i + 1 < s->visit_count && s->visits[i].phase != phase) {
        i++;
    }
    return &s->visits[i];
}

/* ", and the car began anew 3.0 s later" */
static void say_what_follows(struct session *s) {
    if (!s->recording_ends && s->recording_ns > s->end_ns) {
        say(s, " The next attempt follows %.1f s later.", seconds(s->recording_ns - s->end_ns));
    }
}

/* ---- before the messages ---- */

static bool encrypted(struct session *s) {
    if (!s->tls) {
        return false;
    }
    end(s, "tls", "nobody");
    say(s, "The session is encrypted (TLS): what was said cannot be seen.");
    return true;
}

static bool no_slac(struct session *s) {
    const struct visit *v = session_visit(s, s->furthest);
    if (s->furthest > PHASE_SLAC_PARM || !v) {
        return false;
    }
    if (v->answer.count == 0) {
        end(s, "slac-no-answer", "charger");
        say(s, "No charger answered SLAC: %u CM_SLAC_PARM.REQ in %.1f s.", (unsigned)v->rounds,
            seconds(v->last_ns - v->first_ns));
    } else {
        end(s, "slac-not-continued", "car");
        say(s,
            "The charger answered CM_SLAC_PARM.REQ (%u of them), but the car did not begin "
            "sounding.",
            (unsigned)v->rounds);
    }
    return true;
}

static bool slac_broken(struct session *s) {
    const struct visit *v = session_visit(s, s->furthest);
    if (s->furthest > PHASE_SLAC_MATCH || !v) {
        return false;
    }
    if (s->furthest == PHASE_SLAC_SOUND) {
        end(s, "slac-no-attenuation", "charger");
        say(s, "SLAC stopped after %u sounds: the charger did not report the attenuation.",
            (unsigned)v->rounds);
    } else if (s->furthest == PHASE_SLAC_ATTEN) {
        end(s, "slac-no-match", "car");
        say(s, "SLAC stopped: the car did not ask for the match after the attenuation.");
    } else if (v->rounds > 0 && v->answer.count == 0) {
        end(s, "slac-match-no-answer", "charger");
        say(s, "SLAC stopped: the charger did not answer CM_SLAC_MATCH.REQ.");
    } else {
        return false;
    }
    return true;
}

static bool no_sdp(struct session *s) {
    if (s->furthest > PHASE_JOIN || !s->visit_count) {
        return false;
    }
    end(s, "no-sdp", "nobody");
    say(s, "SLAC matched, but no SDP follows: the network was not joined, or the recorder could "
           "not hear it.");
    return true;
}

static bool sdp_broken(struct session *s) {
    const struct visit *v = session_visit(s, PHASE_SDP);
    if (s->furthest != PHASE_SDP || !v) {
        return false;
    }
    if (s->sdp_answered) {
        end(s, "no-connection", "car");
        say(s, "The charger answered SDP, but the car did not connect.");
    } else if (s->recording_ends && v->rounds == 1 && s->recording_ns - v->last_ns < S / 4) {
        end(s, "recording-ends", "recording");
        say(s, "The recording ends at the first SDP request.");
    } else {
        end(s, "sdp-no-answer", "charger");
        say(s, "The charger did not answer SDP: %u request%s in %.1f s.", (unsigned)s->sdp_requests,
            s->sdp_requests == 1 ? "" : "s",
            seconds(v->last_ns - first_visit(s, PHASE_SDP)->first_ns));
    }
    return true;
}

static bool no_tcp(struct session *s) {
    char at[40];
    if (s->messages > 0 || !s->connected) {
        return false;
    }
    if (!s->accepted && came(&s->reset)) {
        end(s, "tcp-refused", s->reset.word);
        say(s, "The %s refused the TCP connection to port %u (RST, %s)", s->reset.word,
            s->evse_port, place(s, s->reset.packet, s->reset.t_ns, at));
        if (s->sdp_answered && s->sdp_port != s->evse_port) {
            say(s, "; SDP had announced port %u", s->sdp_port);
        }
        say(s, ".");
    } else if (!s->accepted) {
        end(s, "tcp-no-answer", "charger");
        say(s, "The charger did not answer the TCP connection to port %u", s->evse_port);
        say(s, s->connects > 1 ? " (%u tries)." : ".", (unsigned)s->connects);
    } else {
        end(s, "no-handshake", "car");
        say(s, "The TCP connection stood, but nothing that can be read came over it");
        say(s, s->connects > 1 ? " (%u connections)." : ".", (unsigned)s->connects);
    }
    return true;
}

static bool nothing_read(struct session *s) {
    if (s->messages > 0) {
        return false;
    }
    end(s, "nothing-read", "nobody");
    say(s, "No message of this session can be read.");
    return true;
}

static bool handshake_refused(struct session *s) {
    if (s->furthest != PHASE_HANDSHAKE ||
        !message_is(&s->evse, F_ResponseCode, "Failed_NoNegotiation")) {
        return false;
    }
    end(s, "handshake-refused", "charger");
    say(s, "The charger speaks none of the offered protocols (Failed_NoNegotiation).");
    return true;
}

/* ---- the farewell ---- */

/* How orderly it went, behind a reason; off_told: the reason was PowerDelivery off. */
static void say_course(struct session *s, bool off_told) {
    char at[40];
    if (came(&s->stop_res)) {
        bool told = came(&s->power_off) && !off_told;
        say(s, " The session then ended in order: %s%sSessionStop.",
            told ? "PowerDelivery off, " : "",
            session_visit(s, PHASE_WELDING) ? "WeldingDetection, " : "");
    } else if (came(&s->stop_req)) {
        say(s, " SessionStopReq (%s) is not answered in the recording.",
            place(s, s->stop_req.packet, s->stop_req.t_ns, at));
    } else if (came(&s->power_off)) {
        const struct visit *v = last_visit(s);
        const char *open = s->asked.phase == PHASE_POWER_OFF && !s->asked.answered
                               ? ", which is not answered in the recording"
                               : "";
        if (!off_told) {
            say(s, " The car sent PowerDelivery off (%s)%s; the",
                place(s, s->power_off.packet, s->power_off.t_ns, at), open);
        } else {
            say(s, " The");
        }
        say(s, " session ends in %s%s, without SessionStop.", phases[v->phase].title,
            off_told ? open : "");
    } else if (came(&s->reset) || came(&s->closed)) {
        const struct sign *sign = came(&s->reset) ? &s->reset : &s->closed;
        say(s, " The %s %s the TCP connection %.1f s later, without SessionStop.", sign->word,
            came(&s->reset) ? "reset" : "closed", seconds(s->end_ns - s->answer_ns));
    } else {
        say(s, " The session ends without SessionStop.");
    }
}

static bool earlier(const struct sign *a, const struct sign *b) {
    return came(a) && (!came(b) || a->t_ns < b->t_ns);
}

/* The first thing that went wrong; NULL: nothing did. */
static const struct sign *reason_of(const struct session *s) {
    const struct sign *const order[] = {&s->failed, &s->status, &s->notification, &s->ev_error};
    const struct sign *reason = &s->reset;
    const struct sign *bye = came(&s->power_off) ? &s->power_off : &s->stop_req;
    bool found = false;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        bool in_time = came(order[i]) && (!came(bye) || order[i]->t_ns <= bye->t_ns);
        if (in_time && (!found || earlier(order[i], reason))) {
            reason = order[i];
            found = true;
        }
    }
    return found ? reason : NULL;
}

static const struct {
    const char *word, *ending, *text;
} statuses[] = {
    {"EVSE_Shutdown", "charger-shutdown", "The charger asked to stop"},
    {"EVSE_EmergencyShutdown", "charger-emergency", "The charger made an emergency shutdown"},
    {"EVSE_Malfunction", "charger-malfunction", "The charger reported a malfunction"},
    {"EVSE_UtilityInterruptEvent", "utility-interrupt", "The grid or its operator interrupted"},
};

static void say_status(struct session *s, const struct sign *reason) {
    char at[40];
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (strcmp(statuses[i].word, reason->word) == 0) {
            end(s, statuses[i].ending, "charger");
            say(s, "%s: %s%s in %s (%s).", statuses[i].text, reason->word,
                s->isolation_fault ? " with EVSEIsolationStatus Fault" : "", reason->message,
                place(s, reason->packet, reason->t_ns, at));
        }
    }
}

static bool something_wrong(struct session *s) {
    const struct sign *reason = reason_of(s);
    char at[40];
    if (!reason) {
        return false;
    }
    if (reason == &s->failed) {
        bool status = came(&s->status) && s->status.t_ns == reason->t_ns;
        end(s, "charger-failed", "charger");
        say(s, "The charger refused: %s%s%s in %s (%s).", reason->word, status ? " and " : "",
            status ? s->status.word : "", reason->message,
            place(s, reason->packet, reason->t_ns, at));
    } else if (reason == &s->status) {
        say_status(s, reason);
    } else if (reason == &s->notification) {
        end(s, "charger-stop", "charger");
        say(s, "The charger asked to stop: EVSENotification StopCharging in %s (%s).",
            reason->message, place(s, reason->packet, reason->t_ns, at));
    } else {
        end(s, "car-error", "car");
        say(s, "The car reported a fault: %s in %s (%s).", reason->word, reason->message,
            place(s, reason->packet, reason->t_ns, at));
    }
    say_course(s, false);
    return true;
}

static bool question_open(struct session *s);

static bool charged(const struct session *s) {
    return session_visit(s, PHASE_CHARGING) || session_visit(s, PHASE_CHARGING_AC);
}

static bool car_switched_off(struct session *s) {
    char at[40];
    bool full = came(&s->complete);
    if (!came(&s->power_off)) {
        return false;
    }
    end(s, full ? "car-complete" : "car-stop", "car");
    say(s, "The car ended the %s: PowerDelivery off (%s)", charged(s) ? "charge" : "session",
        place(s, s->power_off.packet, s->power_off.t_ns, at));
    say(s, "%s", full ? ", ChargingComplete" : "");
    if (!isnan(s->power_off_soc)) {
        say(s, ", SOC %.10g %%", s->power_off_soc);
    }
    say(s, full || s->note[0] ? "." : "; neither side says why.");
    say_course(s, true);
    return true;
}

static bool car_stopped(struct session *s) {
    char at[40];
    const struct visit *v = last_visit(s);
    if (!came(&s->stop_req) || !v) {
        return false;
    }
    end(s, strcmp(s->stop_req.word, "Pause") == 0 ? "car-pause" : "car-stop", "car");
    say(s, "The car ended the session in %s (SessionStop, %s), after %u round%s and %.1f s",
        phases[v->phase].title, place(s, s->stop_req.packet, s->stop_req.t_ns, at),
        (unsigned)v->rounds, v->rounds == 1 ? "" : "s", seconds(v->last_ns - v->first_ns));
    if (v->phase == PHASE_PRE_CHARGE && message_has(&v->last, F_EVSEPresentVoltage)) {
        say(s, ": %.10g V present, %.10g V wanted", v->last.number[F_EVSEPresentVoltage],
            v->last.number[F_EVTargetVoltage]);
    }
    say(s, ".%s", came(&s->stop_res) ? "" : " That is not answered in the recording.");
    if (came(&s->failed)) {
        say(s, " The charger said %s in %s (%s).", s->failed.word, s->failed.message,
            place(s, s->failed.packet, s->failed.t_ns, at));
    }
    return true;
}

/* "Off" instead of "on" after PreCharge, and no answer: not the car's farewell. */
static bool power_unanswered(struct session *s) {
    return s->asked.phase == PHASE_POWER_OFF && !charged(s) && question_open(s);
}

/* ---- silence ---- */

static bool question_open(struct session *s) {
    const struct question *q = &s->asked;
    char at[40];
    if (!q->row || q->answered || s->timeless) {
        return false;
    }
    const struct sign *gone = came(&s->reset) ? &s->reset : &s->closed;
    if (came(gone) && gone->t_ns < q->t_ns) { /* asked when it was gone already */
        return false;
    }
    int64_t until = came(gone) ? gone->t_ns : s->recording_ns;
    place(s, q->packet, q->t_ns, at);
    if (came(gone) && strcmp(gone->word, "charger") == 0) {
        end(s, "charger-closed", "charger");
        say(s, "The charger did not answer %sReq (%s) and %s the TCP connection %.1f s later.",
            q->row->name, at, gone == &s->reset ? "reset" : "closed", seconds(until - q->t_ns));
    } else if ((!came(gone) && !s->recording_ends) ||
               until - q->t_ns > phases[q->phase].answer_ms * (S / 1000)) {
        end(s, "charger-silent", "charger");
        say(s, "The charger did not answer %sReq (%s) for %.1f s (limit %.3g s)", q->row->name, at,
            seconds(until - q->t_ns), phases[q->phase].answer_ms / 1000.0);
        if (came(gone)) {
            say(s, "; the car then %s the TCP connection", gone == &s->reset ? "reset" : "closed");
        } else if (!s->recording_ends) {
            say(s, "; then the car began anew");
        }
        say(s, ".");
    } else if (came(gone)) {
        end(s, "car-closed", "car");
        say(s, "The car %s the TCP connection %.0f ms after %sReq (%s), without SessionStop.",
            gone == &s->reset ? "reset" : "closed", seconds(until - q->t_ns) * 1000, q->row->name,
            at);
    } else {
        return false;
    }
    return true;
}

static bool connection_gone(struct session *s) {
    const struct sign *gone = came(&s->reset) ? &s->reset : &s->closed;
    const struct visit *v = last_visit(s);
    char at[40];
    if (!came(gone) || !v) {
        return false;
    }
    end(s, strcmp(gone->word, "car") == 0 ? "car-closed" : "charger-closed", gone->word);
    say(s,
        "The %s %s the TCP connection (%s) in %s, %.1f s after the last answer, without "
        "SessionStop.",
        gone->word, gone == &s->reset ? "reset" : "closed", place(s, gone->packet, gone->t_ns, at),
        phases[v->phase].title,
        s->answer_ns == SESSION_NEVER ? 0 : seconds(gone->t_ns - s->answer_ns));
    return true;
}

static bool car_silent(struct session *s) {
    const struct visit *v = last_visit(s);
    if (!v || s->timeless || (s->recording_ends && s->recording_ns - s->end_ns < QUIET_NS)) {
        return false;
    }
    end(s, "car-silent", "car");
    say(s, "After %s the car did not go on: nothing more of the session is in the recording, ",
        phases[v->phase].title);
    if (!s->recording_ends && s->recording_ns < s->end_ns) {
        say(s, "the next attempt began meanwhile.");
        return true;
    }
    say(s,
        s->recording_ends ? "which goes on for %.1f s." : "the next attempt follows %.1f s later.",
        seconds(s->recording_ns - s->end_ns));
    return true;
}

static bool recording_ends(struct session *s) {
    const struct visit *v = last_visit(s);
    end(s, "recording-ends", "recording");
    say(s, "The recording ends in the middle of the session, in %s",
        v ? phases[v->phase].title : "nothing");
    if (v && v->rounds > 1) {
        say(s, " (round %u)", (unsigned)v->rounds);
    }
    say(s, ".");
    return true;
}

void session_end(struct session *s) {
    static bool (*const rules[])(struct session *) = {
        encrypted,       no_slac,          slac_broken,      no_sdp,
        sdp_broken,      no_tcp,           nothing_read,     handshake_refused,
        something_wrong, power_unanswered, car_switched_off, car_stopped,
        question_open,   connection_gone,  car_silent,       recording_ends,
    };
    s->result[0] = '\0';
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i](s)) {
            break;
        }
    }
    if (s->furthest < PHASE_HANDSHAKE) {
        say_what_follows(s);
    }
    if (s->note[0]) {
        say(s, " The log says: \"%s\"", s->note);
    }
}
