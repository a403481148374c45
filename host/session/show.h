/* host/session/show.h - a session as people and programs read it.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_SESSION_SHOW_H
#define HOST_SESSION_SHOW_H

#include "host/out/text_buffer.h"
#include "host/session/session.h"

struct look { /* of the terminal */
    size_t columns;
    bool utf8;   /* else ASCII only */
    bool colour; /* escape codes */
};

/* A narrower terminal gets lines of so many columns. */
#define COLUMNS_LEAST 64

/* The whole story. file: the name of the recording, as it is shown. */
void story_text(struct text *out, const struct session *session, const struct look *look,
                const char *file);
/* One JSON object and a line end. */
void story_json(struct text *out, const struct session *session, const char *file);

/* Voltage, current and SOC over time; nothing where there is no curve. */
void plot_text(struct text *out, const struct session *session, const struct look *look);
void plot_svg(struct text *out, const struct session *session, const char *file);

/* ---- shared by the two plots ---- */

struct panel {
    const char *title, *unit;
    enum series line, target; /* target SERIES_COUNT: none */
};
#define PANELS_MAX 3
/* The panels that have something to show. Returns how many. */
size_t plot_panels(const struct session *session, struct panel out[PANELS_MAX]);

struct range {
    double low, high, step; /* of the axis, and between its marks */
};
/* An axis of round numbers around all values of a panel, with about `marks` marks. */
struct range plot_range(const struct curve *curve, const struct panel *panel, int marks);
/* A round step: 1, 2 or 5 times a power of ten, so that span has at most `marks` of them. */
double plot_step(double span, int marks);
/* The marks of an axis: first, first + step .. */
#define MARKS_MOST 64
struct marks {
    double first, step;
    unsigned count;
};
struct marks plot_marks(const struct range *range);
struct marks plot_time_marks(double start, double span, int most);
double plot_mark(const struct marks *marks, unsigned i);
/* The same for seconds: 1, 2, 5, 10, 15, 30 s, 1, 2, 5, 10 .. min. */
double plot_time_step(double seconds, int marks);
/* "42", or "1:23" where the whole is longer than two minutes, or "1:02:03". */
void plot_time_text(double seconds, double whole, char out[24]);

/* A short name of the car's protocol: "DIN 70121" for its namespace; the namespace itself if it is unknown. */
const char *protocol_name(const char *name_space);
/* The bytes of an EVSEID as they were meant: text where all are printable, else hexadecimal. */
void id_text(const uint8_t *bytes, size_t n, char out[2 * MESSAGE_ID_MAX + 1]);
void mac_text(const uint8_t mac[6], char out[18]);

#endif
