/* radio_side.h - the rows of what an RFM69 receiver says about a packet: the side bytes of its
 * frame (u16 r, u8 l, i16 a, big endian). Same for every radio device.
 * Facts: reference/weather.md section 4.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_DEVICE_RADIO_SIDE_H
#define VOLTBUS_DEVICE_RADIO_SIDE_H

#include "voltbus/device.h"

/* a: the AFC register, or hertz if the receiving program scaled it: not known, so the number. */
/* clang-format off */
#define RADIO_SIDE_ROWS                                                                            \
    {"radio.rssi", "dBm", 7, 16, VB_BE | VB_SIDE, VB_SCALE(-1, 0, 2),                              \
     .title = "Signal strength at the receiver", VB_LIMITS(-130, 0)},                              \
    {"radio.gain", "", 23, 8, VB_BE | VB_SIDE, VB_RAW,                                             \
     .title = "Gain step of the receiver, 0 to 7", VB_LIMITS(0, 7)},                               \
    {"radio.afc", "", 31, 16, VB_BE | VB_SIDE | VB_SIGNED | VB_GUESS, VB_RAW,                      \
     .title = "Frequency correction of the receiver"}
/* clang-format on */

#endif
