/* voltbus/rfm69.h - the text line of a JeeNode with an RFM69 radio, as weather receivers print it:
 *     RF69 #17: 24 3c ce 62 19 63 0f 03 00 02 00 00 00 00 00 a9 c9 r 116 l 2 a-1525
 * Leaves out: what is in the packet.
 * Facts: reference/weather.md section 4.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_RFM69_H
#define VOLTBUS_RFM69_H

#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

#define VB_RFM69_DATA 66 /* bytes of the radio's buffer: the longest packet */
#define VB_RFM69_SIDE 5
/* Room for the longest written line: "RF69 #66:", 66 bytes, " r 65535 l 255 a-32768". */
#define VB_RFM69_TEXT (9 + 3 * VB_RFM69_DATA + 24)

/* Read one line. text: n characters, spaces and CR LF around it allowed. In front of "RF69"
 * anything may stand; if it is a number of seconds, plain or in parentheses, it is the time of the
 * frame, else the frame has VB_FRAME_NO_TIME. The bytes may be spaced in any way, but a byte's two
 * digits stand together. Behind them "r N l N a N", "(ticks)", both or nothing.
 * data: room for VB_RFM69_DATA. side: room for VB_RFM69_SIDE. Both are undefined unless VB_OK.
 * frame: written on success. kind VB_KIND_RADIO, id = first byte, data = the packet.
 *   side = the registers, big endian: u16 r (RSSI; the level is -r/2 dBm, which rows work out, not
 *   we), u8 l (LNA gain step), i16 a (frequency offset as printed; whether the program scaled it is
 *   unknown). side is NULL and side_len 0 where the line does not have them.
 * Returns VB_OK; VB_E_FORMAT (not such a line); VB_E_CHECK (well formed, but the count of bytes is
 * not the one declared: the line was cut or garbled); VB_E_RANGE (length 0 or above VB_RFM69_DATA,
 * or a register that does not fit). */
int vb_rfm69_read(const char *text, size_t n, struct vb_frame *frame, uint8_t data[VB_RFM69_DATA],
                  uint8_t side[VB_RFM69_SIDE]);

/* Write the line of a radio frame as a JeeNode prints it, without time, no line end, no terminator.
 * out: room for VB_RFM69_TEXT. Returns the length, VB_E_RANGE if frame is of another kind, empty or
 * too long, or has side bytes of another length. */
int vb_rfm69_write(const struct vb_frame *frame, char *out);

#endif
