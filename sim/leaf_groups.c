/* leaf_groups.c - see leaf_groups.h. Groups 01, 02, 04, 06, 83, 84; all else is refused.
 * The rows of leaf-battery-groups read answers that a machine has put together, and cannot write them: so bytes are put at their
 * places here. Left out: 61 and 62, trouble codes, all services that write.
 * Facts: reference/leaf-can.md section 8.
 * SPDX-License-Identifier: MIT */
#include "sim/leaf_groups.h"

#include <string.h>

enum { REQUEST = 0x79B, ANSWER = 0x7BB };
enum { READ = 0x21, TESTER = 0x3E, SESSION = 0x10, POSITIVE = 0x40, REFUSAL = 0x7F };
enum { NOT_THERE = 0x11, NO_GROUP = 0x12 };

void leaf_groups_init(struct leaf_groups *g, int64_t now_ns) {
    static const struct vb_isotp_config config = {.tx_id = ANSWER,
                                                  .rx_id = REQUEST,
                                                  .tx_address = VB_ISOTP_NO_ADDRESS,
                                                  .rx_address = VB_ISOTP_NO_ADDRESS,
                                                  .pad = true};
    memset(g, 0, sizeof *g);
    (void)vb_isotp_init(&g->isotp, &config, g->question, sizeof g->question, now_ns);
}

/* n bytes, the highest first; at: counted from behind service and group, as the reference does. */
static void put(struct leaf_groups *g, size_t at, size_t n, int64_t value) {
    for (size_t i = 0; i < n; i++) {
        g->answer[2 + at + i] = (uint8_t)((uint64_t)value >> (8 * (n - 1 - i)));
    }
}

static uint32_t state_group(struct leaf_groups *g, const struct leaf_pack *p) {
    bool large = p->car == ZE1;
    int64_t capacity = leaf_pack_capacity_uas(p) / INT64_C(360000); /* 0.0001 Ah */
    int64_t soc = leaf_pack_soc_permille(p) * 1000;                 /* 0.0001 % */
    put(g, 0, 4, large ? p->current_ma / 1000 * 1000 : p->current_ma);
    put(g, 6, 4, p->current_ma);
    put(g, 18, 2, p->voltage_mv / 10);
    put(g, 20, 2, 13700 * 1024 / 1000); /* 12 V side */
    put(g, 22, 2, 900);                 /* insulation, kOhm */
    put(g, large ? 28 : 26, 2, large ? 90 * 1024 / 10 : 9000);
    put(g, large ? 31 : 29, 3, soc);
    put(g, large ? 35 : 33, 3, capacity);
    return p->car == ZE0 ? 41 : p->car == AZE0 ? 43 : 53;
}

/* They differ by some millivolts, the same ones each time, and add up to the pack. */
static uint32_t cell_group(struct leaf_groups *g, const struct leaf_pack *p) {
    for (unsigned i = 0; i < 96; i++) {
        int64_t share = p->voltage_mv * (i + 1) / 96 - p->voltage_mv * i / 96;
        put(g, 2 * i, 2, share + (i % 2 ? 1 : -1) * (int64_t)(i / 2 % 7));
    }
    put(g, 192, 2, p->voltage_mv / 10);
    put(g, 194, 2, p->voltage_mv / 10);
    return 198;
}

static uint32_t heat_group(struct leaf_groups *g, const struct leaf_pack *p) {
    int64_t celsius = p->temperature_nk / 1000000000;
    for (unsigned i = 0; i < 4; i++) {
        bool absent = p->car != ZE0 && i == 2;
        int64_t its = celsius + (i == 1) - (i == 3);
        put(g, 3 * i, 2, absent ? 0xFFFF : 710 - its * 1000 / 102);
        put(g, 3 * i + 2, 1, absent ? 0xFF : its);
    }
    put(g, 12, 1, celsius);
    return p->car == ZE1 ? 31 : 16;
}

static uint32_t text_group(struct leaf_groups *g, size_t at, const char *text, uint32_t len) {
    memcpy(g->answer + 2 + at, text, strlen(text));
    return len;
}

static uint32_t group(struct leaf_groups *g, const struct leaf_pack *p, uint8_t number) {
    switch (number) {
    case 0x01:
        return state_group(g, p);
    case 0x02:
        return cell_group(g, p);
    case 0x04:
        return heat_group(g, p);
    case 0x06: /* nothing is balanced */
        return 26;
    case 0x83:
        return text_group(g, 0,
                          p->car == ZE0    ? "3NA0000"
                          : p->car == AZE0 ? "4NP0000"
                                           : "5SN0000",
                          26);
    case 0x84:
        return text_group(g, 3, "SIMULATED000001", 22);
    default:
        return 0;
    }
}

static uint32_t refuse(struct leaf_groups *g, uint8_t why) {
    g->answer[0] = REFUSAL;
    g->answer[1] = g->question[0];
    g->answer[2] = why;
    return 3;
}

static uint32_t answer(struct leaf_groups *g, const struct leaf_pack *p, uint32_t n) {
    memset(g->answer, 0, sizeof g->answer);
    g->answer[0] = (uint8_t)(g->question[0] + POSITIVE);
    g->answer[1] = n > 1 ? g->question[1] : 0;
    if (n != 2) {
        return refuse(g, NOT_THERE);
    }
    if (g->question[0] == TESTER || g->question[0] == SESSION) {
        return 2;
    }
    uint32_t len = g->question[0] == READ ? group(g, p, g->question[1]) : 0;
    return len > 0 ? len : refuse(g, g->question[0] == READ ? NO_GROUP : NOT_THERE);
}

/* A copy works with its own memory. */
static void settle(struct leaf_groups *g) {
    g->isotp.rx.buffer = g->question;
    g->isotp.tx = g->answer;
}

void leaf_groups_heard(struct leaf_groups *g, const struct leaf_pack *pack,
                       const struct vb_frame *frame, int64_t now_ns) {
    struct vb_isotp_event event;
    settle(g);
    (void)vb_isotp_heard(&g->isotp, frame, now_ns);
    while (vb_isotp_next_event(&g->isotp, &event)) {
        if (event.what == VB_ISOTP_EVENT_RECEIVED && !vb_isotp_sending(&g->isotp)) {
            (void)vb_isotp_send(&g->isotp, g->answer, answer(g, pack, event.len), now_ns);
        }
    }
}

bool leaf_groups_take(struct leaf_groups *g, int64_t now_ns, struct vb_frame *frame) {
    struct vb_isotp_event event;
    settle(g);
    vb_isotp_tick(&g->isotp, now_ns);
    bool taken = vb_isotp_take(&g->isotp, frame);
    while (vb_isotp_next_event(&g->isotp, &event)) { /* sent, or nobody wants it: the same */
    }
    return taken;
}
