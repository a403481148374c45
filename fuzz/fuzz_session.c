/* fuzz_session.c - the story of a charge: whatever the frames, it ends, says who ended it, and both its text and its
 * pictures are well formed. The input is frames: kind, id, time step, side bytes, length, bytes.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/session/show.h"
#include "host/session/story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void told(void *context, struct session *session) {
    static const struct look looks[] = {{80, true, false}, {64, false, false}, {132, true, true}};
    (void)context;
    if (!session->ending || !session->ended_by || session->result[0] == '\0' ||
        session->end_ns < session->start_ns || session->visit_count > VISITS_MAX) {
        abort();
    }
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        struct text text = {0};
        story_text(&text, session, &looks[i], "fuzz");
        for (size_t at = 0; at < text.n; at++) {
            if (!looks[i].utf8 && (text.data[at] < 32 || text.data[at] > 126) &&
                text.data[at] != '\n') {
                abort();
            }
        }
        text_free(&text);
    }
    struct text text = {0};
    story_json(&text, session, "fuzz");
    plot_svg(&text, session, "fuzz");
    if (!text_utf8_good(text.data, text.n)) {
        abort();
    }
    text_free(&text);
}

/* One frame of the input; returns how many bytes it took. */
static size_t play(struct story *story, const uint8_t *data, size_t size, int64_t *t_ns) {
    enum { HEAD = 12 };
    static const uint32_t mmes[] = {0x6064, 0x6065, 0x606A, 0x606E, 0x606F, 0x6076,
                                    0x607C, 0x607D, 0x6008, 0x6009, 0xA001};
    uint8_t side[VB_SIDE_V2G_SIZE] = {0};
    if (size < HEAD) {
        return size;
    }
    size_t len = data[10];
    len = len > size - HEAD ? size - HEAD : len;
    *t_ns += (int64_t)(int16_t)(data[2] | data[3] << 8) * 10000000;
    side[VB_SIDE_FROM] = data[4] % 3;
    side[VB_SIDE_FLAGS] = data[5];
    side[VB_SIDE_PACKET + 3] = data[6];
    side[VB_SIDE_DST_PORT + 1] = data[7];
    side[VB_SIDE_SRC_MAC + 5] = data[8] & 3;
    side[VB_SIDE_STREAM + 1] = data[9] & 7;
    struct vb_frame frame = {.t_ns = *t_ns,
                             .kind = (uint8_t)(data[0] % VB_KIND_COUNT),
                             .id = data[1],
                             .data = data + HEAD,
                             .len = (uint32_t)len,
                             .side = data[11] & 1 ? NULL : side,
                             .side_len = data[11] & 1 ? 0 : sizeof side};
    if (frame.kind == VB_KIND_PLC) {
        frame.id = mmes[data[1] % (sizeof mmes / sizeof mmes[0])];
    } else if (frame.kind == VB_KIND_V2G) {
        frame.id = data[1] & 0x80 ? 0x9000u + (data[1] & 1) : 0x8001;
    }
    story_frame(story, &frame);
    return HEAD + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct story *story = story_open(told, NULL);
    int64_t t_ns = INT64_C(1700000000000000000);
    if (!story) {
        return 0;
    }
    for (size_t at = 0; at < size;) {
        at += play(story, data + at, size - at, &t_ns);
    }
    story_close(story);
    return 0;
}
