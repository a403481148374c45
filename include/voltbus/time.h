/* voltbus/time.h - moments: signed nanoseconds, since 1970 (Unix) or since the start of a
 * recording. The library has no clock: every moment comes from the caller.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_TIME_H
#define VOLTBUS_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VB_NS_PER_US INT64_C(1000)
#define VB_NS_PER_MS INT64_C(1000000)
#define VB_NS_PER_S  INT64_C(1000000000)

/* False for moments before March 1973 (100 000 000 s): a recording with such times has a clock that
 * counts from power-on, or from its own start. */
bool vb_time_is_unix(int64_t t_ns);

/* Room for the longest text of vb_time_text. */
#define VB_TIME_TEXT 24

/* Read "[-]seconds[.fraction]" ('.' or ',' before the fraction, as German tools write it).
 * Digits after the ninth of the fraction must be 0..9 and are dropped. text: n characters, all of
 * them must belong to the number. Returns VB_OK, VB_E_FORMAT, or VB_E_RANGE (beyond +-292 years).
 */
int vb_time_read(const char *text, size_t n, int64_t *t_ns);

/* Write seconds with six decimals, with nine where the moment has nanoseconds
 * ("1712145600.123456"). out: room for VB_TIME_TEXT, no terminator. Returns the length. */
size_t vb_time_text(int64_t t_ns, char *out);

#endif
