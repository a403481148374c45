/* slcan.c - CAN behind an adapter that speaks slcan (LAWICEL ASCII).
 * SPDX-License-Identifier: MIT */
#include "host/link/link.h"

static const struct vb_key keys[] = {
    {"bitrate", VB_KEY_NUMBER, "bit/s", "500000", 10000, 1000000, NULL, "of the CAN bus"},
    {"baud", VB_KEY_NUMBER, "bit/s", "115200", 1200, 4000000, NULL,
     "of the serial port; USB adapters do not mind"},
    {"listen", VB_KEY_FLAG, NULL, "yes", 0, 0, NULL,
     "listen only: the adapter does not even acknowledge"},
};

const struct link_kind link_kind_slcan = {
    .name = "slcan",
    .title = "CAN behind an slcan (LAWICEL) adapter",
    .frame_kind = VB_KIND_CAN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "a serial port, pty:PATH, tcp://host:port, listen://host:port or sim://NAME",
    .example = "slcan:/dev/ttyACM0,bitrate=500000",
};
