/* story_json.c - the story of a session for programs: one object, one line. Names are API (docs/session.md).
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "host/session/show.h"

#define CURVE_POINTS 500 /* at most so many */

static void key(struct text *out, const char *name) {
    char last = out->n ? out->data[out->n - 1] : '{';
    text_format(out, "%s\"%s\":", last == '{' || last == '[' ? "" : ",", name);
}

static void add_text(struct text *out, const char *name, const char *text) {
    if (text && text[0]) {
        key(out, name);
        text_json(out, text, strlen(text));
    }
}

static void number(struct text *out, double value) {
    if (isfinite(value)) {
        text_format(out, "%.10g", value);
    } else {
        text_add(out, "null");
    }
}

static void add_number(struct text *out, const char *name, double value) {
    if (isfinite(value)) {
        key(out, name);
        number(out, value);
    }
}

static void add_seconds(struct text *out, const char *name, int64_t ns) {
    key(out, name);
    number(out, round((double)ns / 1e3) / 1e6);
}

static void add_bool(struct text *out, const char *name, bool value) {
    key(out, name);
    text_add(out, value ? "true" : "false");
}

static void add_packet(struct text *out, const char *name, uint32_t packet) {
    if (packet) {
        add_number(out, name, packet);
    }
}

static void add_mac(struct text *out, const char *name, const uint8_t mac[6]) {
    char text[18];
    mac_text(mac, text);
    add_text(out, name, text);
}

static void add_hex(struct text *out, const char *name, const uint8_t *bytes, size_t n) {
    if (n > 0) {
        key(out, name);
        text_add(out, "\"");
        for (size_t i = 0; i < n; i++) {
            text_format(out, "%02X", bytes[i]);
        }
        text_add(out, "\"");
    }
}

static void add_moment(struct text *out, const char *name, int64_t t_ns) {
    key(out, name);
    text_time(out, t_ns);
}

static const char *modem_of(const struct session *s, const uint8_t mac[6]) {
    for (size_t i = 0; i < s->modem_count; i++) {
        if (memcmp(s->modems[i].mac, mac, 6) == 0) {
            return s->modems[i].version;
        }
    }
    return NULL;
}

static void who(struct text *out, const struct session *s) {
    char id[2 * MESSAGE_ID_MAX + 1];
    key(out, "car");
    text_add(out, "{");
    add_hex(out, "evccid", s->evccid, s->evccid_len);
    if (s->has_ev_mac) {
        add_mac(out, "mac", s->ev_mac);
        add_text(out, "modem", modem_of(s, s->ev_mac));
    }
    if (s->has_run_id) {
        add_hex(out, "run_id", s->run_id, sizeof s->run_id);
    }
    text_add(out, "}");
    key(out, "charger");
    text_add(out, "{");
    if (s->evseid_len) {
        id_text(s->evseid, s->evseid_len, id);
        add_text(out, "evseid", id);
    }
    if (s->has_evse_mac) {
        add_mac(out, "mac", s->evse_mac);
        add_text(out, "modem", modem_of(s, s->evse_mac));
    }
    text_add(out, "}");
}

static void protocol(struct text *out, const struct session *s) {
    add_text(out, "protocol", s->dialect);
    key(out, "offered");
    text_add(out, "[");
    for (size_t i = 0; i < s->offer_count; i++) {
        const struct message_offer *offer = &s->offers[i];
        text_add(out, i ? ",{" : "{");
        add_text(out, "namespace", offer->name);
        add_number(out, "major", offer->major);
        add_number(out, "minor", offer->minor);
        add_number(out, "id", offer->id);
        add_number(out, "priority", offer->priority);
        add_bool(out, "chosen", offer->id == s->chosen_id);
        text_add(out, "}");
    }
    text_add(out, "]");
    add_hex(out, "session_id", s->session_id, s->session_id_len);
    add_bool(out, "tls", s->tls);
    add_text(out, "payment", s->payment);
    add_text(out, "transfer_mode", s->transfer_mode);
}

static void energy(struct text *out, const struct session *s) {
    const struct energy *e = &s->energy;
    if (e->samples > 1) {
        double counted = (double)e->counted_ns / 1e9;
        add_number(out, "energy_wh", round(e->ws / 3.6) / 1000);
        add_number(out, "energy_back_wh", round(e->ws_back / 3.6) / 1000);
        add_seconds(out, "energy_seconds", e->counted_ns);
        add_number(out, "energy_gaps", e->gaps);
        add_seconds(out, "energy_gap_seconds", e->gap_ns);
        add_number(out, "power_peak_w", e->peak_w);
        add_number(out, "power_mean_w",
                   counted > 0 ? round((e->ws - e->ws_back) / counted) : (double)NAN);
    }
    add_number(out, "meter_first_wh", s->meter_first);
    add_number(out, "meter_last_wh", s->meter_last);
    add_number(out, "soc_first", s->soc_first);
    add_number(out, "soc_last", s->soc_last);
    add_number(out, "attenuation_db", s->attenuation_db);
}

static void add_times(struct text *out, const char *name, const struct times *times) {
    if (times->count == 0) {
        return;
    }
    key(out, name);
    text_add(out, "{");
    add_number(out, "count", times->count);
    add_number(out, "mean_ms", round(times_mean_ms(times) * 1000) / 1000);
    add_number(out, "max_ms", floor((double)times->max_ns / 1e3) / 1e3);
    add_packet(out, "max_packet", times->max_packet);
    text_add(out, "}");
}

static void last_values(struct text *out, const struct message *m) {
    key(out, "last");
    text_add(out, "{");
    for (int f = 0; f < FIELD_NUMBERS; f++) {
        if (message_has(m, f)) {
            add_number(out, message_field_name(f), m->number[f]);
        }
    }
    for (int f = FIELD_NUMBERS; f < FIELD_COUNT; f++) {
        add_text(out, message_has(m, f) ? message_field_name(f) : "", message_word(m, f));
    }
    text_add(out, "}");
}

static void ladder(struct text *out, const struct session *s) {
    key(out, "phases");
    text_add(out, "[");
    for (size_t i = 0; i < s->visit_count; i++) {
        const struct visit *v = &s->visits[i];
        text_add(out, i ? ",{" : "{");
        add_text(out, "phase", phases[v->phase].name);
        add_seconds(out, "start", v->first_ns - s->start_ns);
        add_seconds(out, "seconds", v->last_ns - v->first_ns);
        add_packet(out, "first_packet", v->first_packet);
        add_packet(out, "last_packet", v->last_packet);
        add_number(out, "rounds", v->rounds);
        add_number(out, "copies", v->copies);
        add_number(out, "late", v->late);
        if (phases[v->phase].answer_ms) {
            add_number(out, "limit_ms", phases[v->phase].answer_ms);
        }
        add_times(out, "answer", &v->answer);
        add_times(out, "pause", &v->pause);
        last_values(out, &v->last);
        text_add(out, "}");
    }
    text_add(out, "]");
}

static void late(struct text *out, const struct session *s) {
    add_number(out, "late_answers", s->late_count);
    key(out, "late");
    text_add(out, "[");
    for (size_t i = 0; i < s->late_count && i < LATE_MAX; i++) {
        text_add(out, i ? ",{" : "{");
        add_text(out, "phase", phases[s->late[i].phase].name);
        add_number(out, "ms", floor((double)s->late[i].ns / 1e3) / 1e3);
        add_packet(out, "packet", s->late[i].packet);
        text_add(out, "}");
    }
    text_add(out, "]");
}

static void quirk_list(struct text *out, const struct session *s) {
    bool any = false;
    key(out, "quirks");
    text_add(out, "[");
    for (size_t i = 0; i < QUIRK_COUNT; i++) {
        const struct quirk_found *found = &s->quirks[i];
        if (found->count == 0) {
            continue;
        }
        text_add(out, any ? ",{" : "{");
        any = true;
        add_text(out, "quirk", quirks[i].name);
        add_number(out, "count", found->count);
        add_text(out, "seen", found->seen);
        add_text(out, "means", quirks[i].means);
        add_text(out, "helps", quirks[i].helps);
        key(out, "packets");
        text_add(out, "[");
        for (size_t k = 0; k < found->count && k < QUIRK_PACKETS && found->packets[k]; k++) {
            text_format(out, "%s%u", k ? "," : "", (unsigned)found->packets[k]);
        }
        text_add(out, "]}");
    }
    text_add(out, "]");
}

/* [seconds, voltage, current, target voltage, target current, SOC]: what was heard last in each step. */
static void curve(struct text *out, const struct session *s) {
    const struct curve *c = &s->curve;
    size_t step = (c->used + CURVE_POINTS - 1) / CURVE_POINTS;
    bool any = false;
    key(out, "curve_columns");
    text_add(out, "[\"t\"");
    for (int k = 0; k < SERIES_COUNT; k++) {
        text_format(out, ",\"%s\"", series_names[k]);
    }
    text_add(out, "]");
    key(out, "curve");
    text_add(out, "[");
    for (size_t i = 0; i < c->used; i += step) {
        double last[SERIES_COUNT];
        bool heard = false;
        for (int k = 0; k < SERIES_COUNT; k++) {
            last[k] = (double)NAN;
            for (size_t b = i; b < i + step && b < c->used; b++) {
                last[k] = isnan(c->buckets[b].last[k]) ? last[k] : (double)c->buckets[b].last[k];
            }
            heard |= !isnan(last[k]);
        }
        if (!heard) {
            continue;
        }
        text_format(out, "%s[%.3f", any ? "," : "",
                    (double)(c->start_ns - s->start_ns + (int64_t)i * c->bucket_ns) / 1e9);
        any = true;
        for (int k = 0; k < SERIES_COUNT; k++) {
            text_add(out, ",");
            if (isnan(last[k])) {
                text_add(out, "null");
            } else {
                text_format(out, "%.6g", last[k]); /* all that a float holds */
            }
        }
        text_add(out, "]");
    }
    text_add(out, "]");
}

void story_json(struct text *out, const struct session *s, const char *file) {
    text_add(out, "{");
    add_text(out, "file", file);
    add_number(out, "session", s->number);
    add_text(out, "result", s->result);
    add_text(out, "ending", s->ending);
    add_text(out, "ended_by", s->ended_by);
    add_moment(out, "t", s->start_ns);
    if (s->relative) {
        add_text(out, "t0", "relative");
    }
    add_seconds(out, "seconds", s->end_ns - s->start_ns);
    add_packet(out, "first_packet", s->first_packet);
    add_packet(out, "last_packet", s->last_packet);
    add_number(out, "messages", s->messages);
    add_number(out, "undecodable", s->undecodable);
    who(out, s);
    protocol(out, s);
    energy(out, s);
    ladder(out, s);
    late(out, s);
    quirk_list(out, s);
    curve(out, s);
    text_add(out, "}\n");
}
