/* lin.c - LIN on a UART: bytes to frames, headers and responses to bytes, and the leader.
 * SPDX-License-Identifier: MIT */
#include "host/link/link.h"

static const char *const schedules[] = {"none", "nugget", NULL};

static const struct vb_key keys[] = {
    {"baud", VB_KEY_NUMBER, "bit/s", "19200", 1000, 20000, NULL, "bits per second"},
    {"leader", VB_KEY_WORD, NULL, "none", 0, 0, schedules,
     "lead the bus by this schedule: the only way in which voltbus sends on it"},
    {"echo", VB_KEY_WORD, NULL, "auto", 0, 0, (const char *const[]){"auto", "no", "yes", NULL},
     "what is sent comes back; auto: yes on a serial port (a LIN transceiver does that), else no"},
};

const struct link_kind link_kind_lin = {
    .name = "lin",
    .title = "LIN bus on a UART",
    .frame_kind = VB_KIND_LIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "a serial port, pty:PATH, tcp://host:port, listen://host:port or sim://NAME",
    .example = "lin:/dev/ttyUSB0,baud=19200",
};
