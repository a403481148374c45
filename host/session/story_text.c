/* story_text.c - the story of a session for people: what came of it, who took part, the ladder of phases, the
 * curve, what was late, what was odd.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/session/show.h"

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define DIM    "\033[2m"
#define PLAIN  "\033[0m"

struct page {
    struct text *out;
    const struct look *look;
};

static void tint(const struct page *page, const char *code) {
    if (page->look->colour) {
        text_add(page->out, code);
    }
}

/* How long is the word of n bytes together with what must stand on its line: a number's unit. */
static size_t with_unit(const char *word, size_t n) {
    bool number = n > 0 && word[n - 1] >= '0' && word[n - 1] <= '9' && word[n] == ' ';
    size_t unit = number ? strcspn(word + n + 1, " ") : 0;
    return unit > 0 && unit <= 4 ? n + 1 + unit : n;
}

/* Words, broken at spaces; lines behind the first begin with indent spaces. at: the column where we are. */
static void wrap(const struct page *page, size_t indent, size_t at, const char *words) {
    size_t width = page->look->columns - 1;
    bool begun = at > indent;
    while (*words) {
        size_t n = strcspn(words, " ");
        if (at > indent && at + 1 + with_unit(words, n) > width) {
            text_format(page->out, "\n%*s", (int)indent, "");
            at = indent;
            begun = false;
        }
        if (at > indent && !begun) {
            text_add(page->out, " ");
            at++;
        }
        for (size_t left = n; left > 0;) { /* a word longer than the line is cut in pieces */
            size_t room = width > at ? width - at : 0;
            size_t piece = left < room ? left : room;
            text_bytes(page->out, words, piece);
            words += piece;
            left -= piece;
            at += piece;
            if (left > 0) {
                text_format(page->out, "\n%*s", (int)indent, "");
                at = indent;
            }
        }
        begun = false;
        words += strspn(words, " ");
    }
    text_add(page->out, "\n");
}

/* "  name       words" */
static void row(const struct page *page, const char *name, const char *words) {
    tint(page, DIM);
    text_format(page->out, "  %-10s", name);
    tint(page, PLAIN);
    wrap(page, 12, 12, words);
}

static void section(const struct page *page, const char *title) {
    text_add(page->out, "\n");
    tint(page, BOLD);
    text_add(page->out, title);
    tint(page, PLAIN);
    text_add(page->out, "\n");
}

/* Text that grows inside a fixed room. */
struct words {
    char text[600];
    size_t n;
};

static void __attribute__((format(printf, 2, 3))) put(struct words *w, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(w->text + w->n, sizeof w->text - w->n, fmt, args);
    va_end(args);
    w->n += n < 0 ? 0 : (size_t)n;
    w->n = w->n < sizeof w->text ? w->n : sizeof w->text - 1;
}

/* With ", " before it, if there is something already. */
#define PUT(w, ...)                                                                                \
    do {                                                                                           \
        put(w, (w)->n ? ", " : "");                                                                \
        put(w, __VA_ARGS__);                                                                       \
    } while (0)

static void put_duration(struct words *w, int64_t ns) {
    double s = (double)ns / 1e9;
    if (s < 120) {
        put(w, "%.1f s", s);
    } else if (s < 7200) {
        put(w, "%d min %d s", (int)(s / 60), (int)fmod(s, 60));
    } else {
        put(w, "%.0f h %d min", floor(s / 3600), (int)fmod(s / 60, 60));
    }
}

/* ---- who and what ---- */

static void row_when(const struct page *page, const struct session *s) {
    struct words w = {.n = 0};
    time_t seconds = (time_t)(s->start_ns / 1000000000);
    struct tm tm;
    char date[40];
    if (s->timeless) {
        put(&w, "the recording has no times");
    } else if (!s->relative && gmtime_r(&seconds, &tm) &&
               strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &tm) > 0) {
        put(&w, "%s", date);
    } else {
        put(&w, "at %.3f s of the recording's clock", (double)s->start_ns / 1e9);
    }
    if (!s->timeless) {
        put(&w, ", took ");
        put_duration(&w, s->end_ns - s->start_ns);
    }
    if (s->first_packet) {
        put(&w, " (packets %u to %u)", (unsigned)s->first_packet, (unsigned)s->last_packet);
    }
    row(page, "when", w.text);
}

static const char *modem_of(const struct session *s, const uint8_t mac[6]) {
    for (size_t i = 0; i < s->modem_count; i++) {
        if (memcmp(s->modems[i].mac, mac, 6) == 0) {
            return s->modems[i].version;
        }
    }
    return NULL;
}

static void row_car(const struct page *page, const struct session *s) {
    struct words w = {.n = 0};
    char mac[18];
    char id[2 * MESSAGE_ID_MAX + 1];
    bool same = s->evccid_len == 6 && s->has_ev_mac && memcmp(s->evccid, s->ev_mac, 6) == 0;
    if (s->evccid_len == 6) {
        mac_text(s->evccid, mac);
        PUT(&w, "EVCCID %s", mac);
    } else if (s->evccid_len) {
        id_text(s->evccid, s->evccid_len, id);
        PUT(&w, "EVCCID %s (%zu bytes)", id, s->evccid_len);
    }
    if (s->has_ev_mac && !same) {
        mac_text(s->ev_mac, mac);
        PUT(&w, "MAC %s", mac);
    }
    if (s->has_ev_mac && modem_of(s, s->ev_mac)) {
        PUT(&w, "modem %s", modem_of(s, s->ev_mac));
    }
    if (w.n) {
        row(page, "car", w.text);
    }
}

static void row_charger(const struct page *page, const struct session *s) {
    struct words w = {.n = 0};
    char mac[18];
    char id[2 * MESSAGE_ID_MAX + 1];
    if (s->evseid_len) {
        id_text(s->evseid, s->evseid_len, id);
        PUT(&w, "EVSEID %s", id);
    }
    if (s->has_evse_mac) {
        mac_text(s->evse_mac, mac);
        PUT(&w, "MAC %s", mac);
    }
    if (s->has_evse_mac && modem_of(s, s->evse_mac)) {
        PUT(&w, "modem %s", modem_of(s, s->evse_mac));
    }
    if (w.n) {
        row(page, "charger", w.text);
    }
}

static void rows_modems(const struct page *page, const struct session *s) {
    char mac[18];
    for (size_t i = 0; i < s->modem_count; i++) {
        const struct modem *modem = &s->modems[i];
        struct words w = {.n = 0};
        if ((s->has_ev_mac && memcmp(modem->mac, s->ev_mac, 6) == 0) ||
            (s->has_evse_mac && memcmp(modem->mac, s->evse_mac, 6) == 0)) {
            continue;
        }
        mac_text(modem->mac, mac);
        put(&w, "%s %s", mac, modem->version);
        row(page, "modem", w.text);
    }
}

static void row_protocol(const struct page *page, const struct session *s) {
    struct words w = {.n = 0};
    char id[2 * MESSAGE_ID_MAX + 1];
    if (s->dialect[0]) {
        PUT(&w, "%s", s->dialect);
    }
    for (size_t i = 0; i < s->offer_count; i++) {
        put(&w, "%s%s",
            i     ? ", "
            : w.n ? " (offered: "
                  : "offered: ",
            protocol_name(s->offers[i].name));
    }
    put(&w, s->offer_count && s->dialect[0] ? ")" : "");
    if (s->tls) {
        PUT(&w, "TLS");
    }
    if (s->session_id_len) {
        id_text(s->session_id, s->session_id_len, id);
        PUT(&w, "session id %s", id);
    }
    if (s->payment) {
        PUT(&w, "%s", s->payment);
    }
    if (s->transfer_mode) {
        PUT(&w, "%s", s->transfer_mode);
    }
    if (w.n) {
        row(page, "protocol", w.text);
    }
}

static void row_energy(const struct page *page, const struct session *s) {
    const struct energy *e = &s->energy;
    struct words w = {.n = 0};
    double counted = (double)e->counted_ns / 1e9;
    if (e->samples > 1) {
        put(&w, "%.3f kWh in ", e->ws / 3.6e6);
        put_duration(&w, e->counted_ns);
        if (counted > 0) {
            put(&w, ", mean %.2f kW, peak %.2f kW", (e->ws - e->ws_back) / counted / 1000,
                e->peak_w / 1000);
        }
        if (e->ws_back > 0) {
            put(&w, ", %.3f kWh out of the car", e->ws_back / 3.6e6);
        }
        if (e->gaps) {
            put(&w, "; %u gap%s of ", (unsigned)e->gaps, e->gaps == 1 ? "" : "s");
            put_duration(&w, e->gap_ns);
            put(&w, " not counted");
        }
        put(&w, " (sum of voltage times current%s)",
            s->quirks[QUIRK_OVERSUPPLY].count ? "; doubtful: see More current than asked" : "");
    } else if (!isnan(s->meter_first)) {
        put(&w, "%.3f kWh by the meter (%.10g to %.10g Wh)",
            (s->meter_last - s->meter_first) / 1000, s->meter_first, s->meter_last);
    }
    if (w.n) {
        row(page, "energy", w.text);
    }
}

static void row_soc(const struct page *page, const struct session *s) {
    struct words w = {.n = 0};
    if (!isnan(s->soc_last)) {
        put(&w, "%.10g %% to %.10g %%", s->soc_first, s->soc_last);
        row(page, "SOC", w.text);
    }
}

/* ---- the ladder ---- */

static void put_number(struct words *w, const struct message *m, int field, const char *before,
                       const char *unit) {
    if (message_has(m, field)) {
        PUT(w, "%s%.10g %s", before, m->number[field], unit);
    }
}

static void put_pair(struct words *w, const struct message *m, int present, int target,
                     const char *unit) {
    if (message_has(m, present)) {
        PUT(w, "%.10g %s", m->number[present], unit);
        if (message_has(m, target)) {
            put(w, " of %.10g %s", m->number[target], unit);
        }
    }
}

static void put_word(struct words *w, const struct message *m, int field, const char *before,
                     const char *usual) {
    const char *word = message_word(m, field);
    if (word[0] && strcmp(word, usual) != 0) {
        PUT(w, "%s%s", before, word);
    }
}

static void put_limits(struct words *w, const struct message *m) {
    struct words car = {.n = 0};
    struct words charger = {.n = 0};
    put_number(&car, m, F_EVMaximumVoltageLimit, "", "V");
    put_number(&car, m, F_EVMaximumCurrentLimit, "", "A");
    put_number(&car, m, F_EVMaximumPowerLimit, "", "W");
    put_number(&car, m, F_EVMaxVoltage, "", "V");
    put_number(&car, m, F_EVMaxCurrent, "", "A");
    put_number(&charger, m, F_EVSEMinimumVoltageLimit, "from ", "V");
    put_number(&charger, m, F_EVSEMaximumVoltageLimit, "", "V");
    put_number(&charger, m, F_EVSENominalVoltage, "", "V");
    put_number(&charger, m, F_EVSEMaximumCurrentLimit, "", "A");
    put_number(&charger, m, F_EVSEMaxCurrent, "", "A");
    put_number(&charger, m, F_EVSEMaximumPowerLimit, "", "W");
    if (car.n) {
        PUT(w, "car's limits %s", car.text);
    }
    if (charger.n) {
        put(w, "%scharger's limits %s", w->n ? "; " : "", charger.text);
    }
}

/* What stood at the end of a phase, where it tells something. */
static void put_state(struct words *w, const struct session *s, const struct visit *v) {
    const struct message *m = &v->last;
    if (strncmp(message_word(m, F_ResponseCode), "OK_Succ", 7) != 0 &&
        !message_is(m, F_ResponseCode, "OK_NewSessionEstablished")) {
        put_word(w, m, F_ResponseCode, "", "OK");
    }
    if (v->phase == PHASE_AUTHORIZATION || v->phase == PHASE_PARAMETERS ||
        v->phase == PHASE_CABLE_CHECK) {
        put_word(w, m, F_EVSEProcessing, "", "Finished");
    }
    put_word(w, m, F_EVSEStatusCode, "", "EVSE_Ready");
    put_word(w, m, F_EVErrorCode, "car: ", "NO_ERROR");
    put_word(w, m, F_EVSENotification, "", "None");
    switch (v->phase) {
    case PHASE_SLAC_ATTEN:
        if (!isnan(s->attenuation_db)) {
            PUT(w, "mean %.1f dB over %u groups", s->attenuation_db, s->attenuation_groups);
        }
        break;
    case PHASE_SDP:
        if (s->sdp_answered) {
            PUT(w, "port %u, %s", s->sdp_port, s->sdp_answered_tls ? "TLS" : "without TLS");
        }
        break;
    case PHASE_PARAMETERS:
        put_limits(w, m);
        break;
    case PHASE_CABLE_CHECK:
        put_word(w, m, F_EVSEIsolationStatus, "isolation ", "");
        break;
    case PHASE_PRE_CHARGE:
    case PHASE_CHARGING:
    case PHASE_WELDING:
        put_pair(w, m, F_EVSEPresentVoltage, F_EVTargetVoltage, "V");
        put_pair(w, m, F_EVSEPresentCurrent, F_EVTargetCurrent, "A");
        if (v->phase == PHASE_CHARGING && v->rounds > 1) {
            PUT(w, "a round every %.0f ms", (double)(v->last_ns - v->first_ns) / v->rounds / 1e6);
        }
        break;
    case PHASE_CHARGING_AC:
        put_number(w, m, F_EVSEMaxCurrent, "charger allows ", "A");
        break;
    default:
        break;
    }
    if (v->copies) {
        PUT(w, "%u sent twice", (unsigned)v->copies);
    }
}

static void put_ms(struct words *w, const struct times *times, double ms) {
    if (times->count) {
        put(w, "%7.0f", ms);
    } else {
        put(w, "%7s", "");
    }
}

#define ROW_WIDE   76
#define ROW_NARROW 61 /* without limit and pause */

/* No row of the ladder is wider than the page; no spaces stand at its end. */
static void cut_row(const struct page *page, struct words *w) {
    size_t most = page->look->columns > ROW_WIDE ? page->look->columns - 1 : ROW_NARROW;
    w->n = w->n < most ? w->n : most;
    while (w->n > 0 && w->text[w->n - 1] == ' ') {
        w->n--;
    }
    w->text[w->n] = '\0';
}

static void ladder_row(const struct page *page, const struct session *s, const struct visit *v) {
    const struct phase_row *phase = &phases[v->phase];
    struct words w = {.n = 0};
    struct words state = {.n = 0};
    double took = (double)(v->last_ns - v->first_ns) / 1e9;
    bool long_phase = phase->phase_ms && took * 1000 > phase->phase_ms;
    put(&w, "  %-18s %9.3f %8.3f%s %5u", phase->title, (double)(v->first_ns - s->start_ns) / 1e9,
        took, long_phase ? "!" : " ", (unsigned)v->rounds);
    put_ms(&w, &v->answer, times_mean_ms(&v->answer));
    put_ms(&w, &v->answer, (double)v->answer.max_ns / 1e6);
    put(&w, v->late ? "!" : " ");
    if (phase->answer_ms && v->answer.count) {
        put(&w, "%6u", (unsigned)phase->answer_ms);
    } else {
        put(&w, "%6s", "");
    }
    if (v->pause.count) {
        put(&w, "%7.0f", times_mean_ms(&v->pause));
    }
    cut_row(page, &w);
    tint(page, v->late || long_phase ? RED : "");
    text_format(page->out, "%s\n", w.text);
    tint(page, v->late || long_phase ? PLAIN : "");
    put_state(&state, s, v);
    if (state.n) {
        text_format(page->out, "%6s", "");
        wrap(page, 6, 6, state.text);
    }
}

static void ladder(const struct page *page, const struct session *s) {
    bool marked = false;
    section(page, "Phases");
    tint(page, DIM);
    for (int i = 0; i < 2; i++) {
        static const char *const head[2][7] = {
            {"start", "took", "rounds", "answer", "answer", "limit", "pause"},
            {"s", "s", "", "mean", "max ", "ms", "of car"}};
        struct words w = {.n = 0};
        put(&w, "  %-18s %9s %8s %6s%7s%7s%7s%7s", "", head[i][0], head[i][1], head[i][2],
            head[i][3], head[i][4], head[i][5], head[i][6]);
        cut_row(page, &w);
        text_format(page->out, "%s\n", w.text);
    }
    tint(page, PLAIN);
    for (size_t i = 0; i < s->visit_count; i++) {
        const struct visit *v = &s->visits[i];
        uint32_t most = phases[v->phase].phase_ms;
        ladder_row(page, s, v);
        marked |= v->late || (most && v->last_ns - v->first_ns > most * INT64_C(1000000));
    }
    if (marked) {
        tint(page, DIM);
        text_add(page->out, "  ");
        wrap(page, 2, 2,
             "! beyond the limits that are known as those of DIN 70121 and ISO 15118 "
             "(not checked against their text)");
        tint(page, PLAIN);
    }
}

static void late_answers(const struct page *page, const struct session *s) {
    struct words w = {.n = 0};
    if (s->late_count == 0) {
        return;
    }
    section(page, "Answers beyond the limit");
    for (size_t i = 0; i < s->late_count && i < LATE_MAX; i++) {
        const struct late *late = &s->late[i];
        PUT(&w, "%s %.0f ms", phases[late->phase].title, (double)late->ns / 1e6);
        if (late->packet) {
            put(&w, " (packet %u)", (unsigned)late->packet);
        }
    }
    if (s->late_count > LATE_MAX) {
        put(&w, " and %u more", (unsigned)(s->late_count - LATE_MAX));
    }
    text_add(page->out, "  ");
    wrap(page, 2, 2, w.text);
}

/* ---- quirks ---- */

static void quirk_text(const struct page *page, const struct quirk_row *quirk,
                       const struct quirk_found *found) {
    struct words w = {.n = 0};
    tint(page, YELLOW);
    text_format(page->out, "  %s", quirk->title);
    tint(page, PLAIN);
    put(&w, "%s", found->seen);
    if (found->count > 1 && strncmp(found->seen, "first:", 6) == 0) {
        put(&w, "; %u in all", (unsigned)found->count);
    }
    for (size_t i = 0; i < found->count && i < QUIRK_PACKETS && found->packets[i]; i++) {
        put(&w, "%s%u",
            i                  ? ", "
            : found->count > 1 ? " (packets "
                               : " (packet ",
            (unsigned)found->packets[i]);
    }
    put(&w, "%s%s", found->count > QUIRK_PACKETS && found->packets[0] ? " .." : "",
        found->packets[0] ? ")" : "");
    text_format(page->out, "\n%6s", "");
    wrap(page, 6, 6, w.text);
    tint(page, DIM);
    text_format(page->out, "%6s", "");
    w.n = 0;
    put(&w, "%s%s%s", quirk->means, quirk->helps[0] ? " " : "", quirk->helps);
    wrap(page, 6, 6, w.text);
    tint(page, PLAIN);
}

static void quirks_text(const struct page *page, const struct session *s) {
    bool any = false;
    for (size_t i = 0; i < QUIRK_COUNT; i++) {
        if (s->quirks[i].count) {
            if (!any) {
                section(page, "What was odd");
            }
            any = true;
            quirk_text(page, &quirks[i], &s->quirks[i]);
        }
    }
}

/* ---- the whole ---- */

static void headline(const struct page *page, const struct session *s, const char *file) {
    struct words w = {.n = 0};
    tint(page, BOLD);
    put(&w, "Session %u of ", s->number);
    for (; *file; file++) { /* a file's name may hold anything */
        put(&w, "%c", *file >= 32 && *file < 127 ? *file : '?');
    }
    wrap(page, 2, 0, w.text);
    tint(page, PLAIN);
    text_add(page->out, "\n  ");
    wrap(page, 2, 2, s->result);
    text_add(page->out, "\n");
}

void story_text(struct text *out, const struct session *session, const struct look *given,
                const char *file) {
    struct look look = *given;
    const struct page page = {out, &look};
    look.columns = look.columns < COLUMNS_LEAST ? COLUMNS_LEAST : look.columns;
    headline(&page, session, file);
    row_when(&page, session);
    row_car(&page, session);
    row_charger(&page, session);
    rows_modems(&page, session);
    row_protocol(&page, session);
    row_energy(&page, session);
    row_soc(&page, session);
    if (session->clock_back) {
        row(&page, "clock", "the recording's clock goes back before this session");
    }
    ladder(&page, session);
    if (plot_panels(session, (struct panel[PANELS_MAX]){{0}}) > 0 && session->curve.used > 1) {
        section(&page, "Curve");
        plot_text(out, session, &look);
    }
    late_answers(&page, session);
    quirks_text(&page, session);
}
