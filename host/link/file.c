/* file.c - a recording, replayed with its own timing.
 * SPDX-License-Identifier: MIT */
#include "host/link/link.h"

static const struct vb_key keys[] = {
    {"format", VB_KEY_TEXT, NULL, "", 0, 0, NULL,
     "do not find the format by content (voltbus list formats)"},
};

const struct link_kind link_kind_file = {
    .name = "file",
    .title = "a recording, replayed with its own timing (--speed changes it)",
    .frame_kind = VB_KIND_COUNT,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "the path of a recording",
    .example = "file:capture.log",
};
