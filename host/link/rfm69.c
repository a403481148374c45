/* rfm69.c - radio packets as lines of a JeeNode or another RFM69 receiver.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/hub/hub.h"
#include "host/link/link.h"
#include "voltbus/rfm69.h"

static const struct vb_key keys[] = {
    {"baud", VB_KEY_NUMBER, "bit/s", "57600", 1200, 4000000, NULL, "of the serial port"},
};

struct rfm69 {
    size_t n;
    bool drop; /* the line is too long: up to its end */
    char line[2 * VB_RFM69_TEXT];
};

static void line_end(struct link *link) {
    struct rfm69 *rfm69 = link_kind_state(link);
    struct vb_frame frame;
    uint8_t data[VB_RFM69_DATA];
    uint8_t side[VB_RFM69_SIDE];
    int result = vb_rfm69_read(rfm69->line, rfm69->n, &frame, data, side);
    if (result == VB_OK) {
        frame.t_ns = link_now_ns();
        frame.flags &= (uint16_t)~VB_FRAME_NO_TIME;
        hub_frame(link, &frame);
    } else if (result != VB_E_FORMAT) { /* other lines are greetings and the like */
        link->bad++;
    }
}

static void opened(struct link *link) {
    struct rfm69 *rfm69 = link_kind_state(link);
    rfm69->n = 0;
    rfm69->drop = false;
}

static void bytes(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    struct rfm69 *rfm69 = link_kind_state(link);
    (void)mono_ns;
    for (size_t i = 0; i < n; i++) {
        if (data[i] == '\n' || data[i] == '\r') {
            if (!rfm69->drop && rfm69->n > 0) {
                line_end(link);
            }
            rfm69->n = 0;
            rfm69->drop = false;
        } else if (rfm69->n == sizeof rfm69->line) {
            link->bad += !rfm69->drop;
            rfm69->drop = true;
        } else {
            rfm69->line[rfm69->n++] = (char)data[i];
        }
    }
}

const struct link_kind link_kind_rfm69 = {
    .name = "rfm69",
    .title = "radio packets as lines of an RFM69 receiver",
    .frame_kind = VB_KIND_RADIO,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "a serial port, pty:PATH, tcp://host:port, listen://host:port or sim://NAME",
    .example = "rfm69:/dev/ttyUSB0,baud=57600",
    .size = sizeof(struct rfm69),
    .opened = opened,
    .bytes = bytes,
};
