/* phases.c - the table of phases, and small sums over what happened in them.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "host/session/session.h"

const struct phase_row phases[PHASE_COUNT] = {
#define X(id, name, title, answer_ms, phase_ms) {name, title, answer_ms, phase_ms},
    PHASES(X)
#undef X
};

const struct visit *session_visit(const struct session *session, enum phase phase) {
    for (size_t i = session->visit_count; i > 0; i--) {
        if (session->visits[i - 1].phase == phase) {
            return &session->visits[i - 1];
        }
    }
    return NULL;
}

bool session_is_alive(const struct session *session, int64_t t_ns) {
    int64_t since_ns = t_ns - session->message_ns;
    return session->messages > 0 && !session->over && since_ns > -INT64_C(1000000000) &&
           since_ns < 3 * INT64_C(1000000000);
}

double times_mean_ms(const struct times *times) {
    return times->count ? (double)times->sum_ns / times->count / 1e6 : NAN;
}
