/* rfm69.c - radio packets as lines of a JeeNode or another RFM69 receiver.
 * SPDX-License-Identifier: MIT */
#include "host/link/link.h"

static const struct vb_key keys[] = {
    {"baud", VB_KEY_NUMBER, "bit/s", "57600", 1200, 4000000, NULL, "of the serial port"},
};

const struct link_kind link_kind_rfm69 = {
    .name = "rfm69",
    .title = "radio packets as lines of an RFM69 receiver",
    .frame_kind = VB_KIND_RADIO,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "a serial port, pty:PATH, tcp://host:port, listen://host:port or sim://NAME",
    .example = "rfm69:/dev/ttyUSB0,baud=57600",
};
