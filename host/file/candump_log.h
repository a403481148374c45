/* host/file/candump_log.h - the line of a frame in a log of candump; written by the recorder (host/out/candump.c) and
 * by voltbus convert.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_CANDUMP_LOG_H
#define HOST_FILE_CANDUMP_LOG_H

#include "voltbus/frame.h"

#define CANDUMP_LINE 65536 /* longer ones are not read back */

/* "(1712145600.123456) can0 1DB#0160B32B32000004 T" and a line end. t_ns: is written, with nine digits where it has
 * nanoseconds. out: room for CANDUMP_LINE. Returns the length; 0: the frame is damaged or too long, there is no
 * form for it. */
size_t candump_log_line(const struct vb_frame *frame, const char *link, int64_t t_ns, char *out);

#endif
