/* cmd/sim_call.h - changing a simulator while it runs, over a place of its own: lines of text.
 * A line is KEY=VALUE LF, answered by "ok KEY=VALUE" LF or "error: SENTENCE" LF; "?" is answered by a
 * line for each setting and "ok". CR before LF is ignored, and an empty line.
 * SPDX-License-Identifier: MIT */
#ifndef CMD_SIM_CALL_H
#define CMD_SIM_CALL_H

#include "host/io/transport.h"

#define SIM_CALL_LINE 256 /* a longer line is refused whole */

/* ---- the side of the simulator ---- */

struct sim_calls;

/* Open the place; changes go to sim (a transport of a simulator, which must outlive it). opened tells
 * its name, with the port that it got; closed that it is gone; after that only sim_calls_close is
 * good. Returns NULL with why (TRANSPORT_WHY). */
struct sim_calls *sim_calls_open(uv_loop_t *loop, const struct place *place, struct transport *sim,
                                 void (*opened)(void *owner, const char *place),
                                 void (*closed)(void *owner, const char *why), void *owner,
                                 char *why);
void sim_calls_close(struct sim_calls *calls);

/* ---- the other side ---- */

/* Call a simulator at tcp://HOST:PORT or at the path of its terminal: send "KEY=VALUE" (value NULL:
 * KEY alone, "?"), print its answer to stdout, or its error, for verb, to stderr.
 * Returns the exit status: EXIT_FAILED if it refused, is not there, or says nothing for 5 s. */
int sim_call(const char *verb, const char *place, const char *key, const char *value);

/* For errors: the name of a simulator that is like this one (host/base/nearest.h); near: room for
 * NEAREST_TEXT. */
const char *nearest_sim(const char *name, char *near);

#endif
