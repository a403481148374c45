/* slcan.c - a recording of what an slcan (LAWICEL) adapter sends: one frame a line, ended by CR.
 * The adapter's answers between them (empty lines, z, V1013) are no frames. Its milliseconds, if they
 * are switched on (Z1), begin again every minute: a silence of a minute or more is not seen.
 * Facts: reference/can-transports.md section 2.1.
 * SPDX-License-Identifier: MIT */
#include "voltbus/slcan.h"

#include <string.h>

#include "host/file/format.h"
#include "voltbus/time.h"

#define MINUTE_MS 60000

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    while (n > 0 && (*text == '\a' || *text == ' ')) { /* BEL: the adapter refused a command */
        text++;
        n--;
    }
    if (n == 0 || !strchr("tTrRdDbB", *text)) {
        /* commands and answers are one letter and digits */
        return n == 0 || (n <= 9 && strchr("zZVvNFAOCLSsYXMmQWUP", *text))
                   ? LINE_NOTHING
                   : reader_wrong(r, VB_E_FORMAT, "expected a frame of slcan: t1DB80011..");
    }
    int32_t stamp_ms;
    int result = vb_slcan_line(text, n, frame, r->data, &stamp_ms);
    if (result < 0) {
        return reader_wrong(r, result, "expected a frame of slcan: t1DB80011..");
    }
    frame->bus = reader_link(r, "can", 3);
    if (stamp_ms < 0) {
        frame->flags |= VB_FRAME_NO_TIME;
        return LINE_FRAME;
    }
    int64_t minutes = r->slcan_ms < 0 ? 0 : r->slcan_ms / MINUTE_MS;
    r->slcan_ms = minutes * MINUTE_MS + stamp_ms +
                  (r->slcan_ms > minutes * MINUTE_MS + stamp_ms ? MINUTE_MS : 0);
    frame->t_ns = r->slcan_ms * VB_NS_PER_MS;
    return LINE_FRAME;
}

const struct format format_slcan = {"slcan", "what an slcan adapter sends: t1DB80011223344556677",
                                    read_line, NULL};
