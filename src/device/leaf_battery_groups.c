/* leaf_battery_groups.c - what the controller of a Leaf battery (LBC) says when it is asked: 79B asks, 7BB answers, over
 * ISO-TP; cells, temperatures, currents, health, counts, numbers. Questions are read too, so that a recording of another
 * tester tells what it did.
 * Listens: it puts the answers together as they are heard, whoever asks. Who asks by itself: src/proto/leaf_poll.c.
 * Left out: services that write, but for their names; other controllers (797/79A, 792/793 ..).
 * Facts: reference/leaf-can.md section 8; OV = OVMS; "measured" = settled on the recordings that docs/leaf-battery-groups.md
 * lists.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "voltbus/device.h"
#include "voltbus/isotp_pdu.h"

#define REQUEST 0x79B
#define ANSWER  0x7BB

/* The packs differ in what stands where. The length of group 01 tells. */
enum { PACK, EVERY };
enum { AUTO, ZE0, AZE0, LARGE };
#define WHEN(bits) .when = {PACK, (bits)}
#define IN_AUTO    (1 << AUTO)
#define IN_SMALL   (1 << ZE0 | 1 << AZE0)
#define IN_LARGE   (1 << LARGE)

/* Places as the reference counts them, from behind the two bytes of service and group. */
#define U16(byte)      8 * (2 + (byte)) + 7, 16, VB_BE
#define S32(byte)      8 * (2 + (byte)) + 7, 32, VB_BE | VB_SIGNED
#define U24(byte)      8 * (2 + (byte)) + 7, 24, VB_BE
#define BYTES(byte, n) 8 * (byte), (n), VB_BYTES | VB_UNKNOWN, VB_RAW, VB_NOT_AVAILABLE(0)
#define TO_THE_END     0

/* ---- 01: state ---- */

#define CURRENT VB_SCALE(1, 0, 1000), VB_LIMITS(-1000, 1000)
#define POWER   VB_SCALE(10, 0, 1), VB_LIMITS(0, 300000)

/* clang-format off */
#define STATE_HEAD                                                                                 \
    {"battery.current_coarse", "A", S32(0), CURRENT,                                               \
     .title = "Pack current, first sensor, positive when charging (ZE1: steps of 1 A)"},           \
    {"state.unknown_6", "", 8 * 6 + 7, 16, VB_BE | VB_UNKNOWN, VB_RAW},                            \
    {"battery.current", "A", S32(6), CURRENT, .title = "Pack current, positive when charging"},    \
    /* 40 and 62 kWh: 3.3 times the current, ends at 377 A; smaller packs: FFFFFFFF. */            \
    {"state.unknown_12", "", 8 * 12 + 7, 32, VB_BE | VB_UNKNOWN, VB_RAW},                          \
    /* Measured: what 1DC says in steps of 250 W at the same time, in all recordings. */           \
    {"limit.charge_power", "W", U16(14), POWER, .title = "Power that may be fed in by braking"},   \
    {"limit.discharge_power", "W", U16(16), POWER, .title = "Power that may be drawn"},            \
    {"battery.voltage", "V", U16(18), VB_SCALE(1, 0, 100), .title = "Pack voltage",                \
     VB_LIMITS(0, 450)},                                                                           \
    /* 12.6 V without, 13.7 to 14.3 V with the DC-DC converter: the scale is a guess. */           \
    {"aux.voltage", "V", 8 * 22 + 7, 16, VB_BE | VB_GUESS, VB_SCALE(1, 0, 1024),                   \
     .title = "12 V supply of the controller", VB_LIMITS(0, 32)},                                  \
    {"battery.insulation", "Ω", 8 * 24 + 7, 16, VB_BE | VB_GUESS, VB_SCALE(1000, 0, 1),            \
     .title = "Insulation resistance", VB_LIMITS(0, 65535000)}
#define HX    .title = "Conductance compared to a new pack (Hx)", VB_LIMITS(0, 200)
#define SOC   VB_SCALE(1, 0, 10000), .title = "State of charge as the controller counts it",       \
              VB_LIMITS(0, 100), .ha = "battery"
#define AH    VB_SCALE(1, 0, 10000), .title = "Capacity", VB_LIMITS(0, 200)
/* clang-format on */

static const struct vb_signal state[] = {
    STATE_HEAD,
    {"state.unknown_26", "", BYTES(26, TO_THE_END)},
};
static const struct vb_signal state_small[] = {
    STATE_HEAD,
    {"state.unknown_26", "", BYTES(26, 2)},
    {"battery.hx", "%", 8 * 28 + 7, 16, VB_BE | VB_GUESS, VB_SCALE(1, 0, 100), HX},
    {"state.unknown_30", "", 8 * 30, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.soc", "%", U24(29), SOC},
    {"state.unknown_34", "", 8 * 34, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.capacity", "Ah", U24(33), AH},
    {"state.unknown_38", "", BYTES(38, TO_THE_END)},
};
static const struct vb_signal state_large[] = {
    STATE_HEAD,
    {"state.unknown_26", "", BYTES(26, 4)},
    {"battery.hx", "%", 8 * 30 + 7, 16, VB_BE | VB_GUESS, VB_SCALE(10, 0, 1024), HX},
    {"state.unknown_32", "", 8 * 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.soc", "%", U24(31), SOC},
    {"state.unknown_36", "", 8 * 36, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.capacity", "Ah", U24(35), AH},
    {"state.unknown_40", "", BYTES(40, 3)},
    /* Measured on 62 kWh: up to 67 A at least battery.current is this one, at 195 A this is 80000000 and it is the next. */
    {"battery.current_fine", "A", 8 * 43 + 7, 32, VB_BE | VB_SIGNED | VB_GUESS, CURRENT,
     .title = "Pack current, sensor for small currents", VB_NOT_AVAILABLE(-0x80000000LL)},
    {"battery.current_wide", "A", 8 * 47 + 7, 32, VB_BE | VB_SIGNED | VB_GUESS, CURRENT,
     .title = "Pack current, sensor for large currents"},
    {"state.unknown_51", "", 8 * 51 + 7, 16, VB_BE | VB_UNKNOWN, VB_RAW},
};

/* ---- 02: cells; 06: their shunts ---- */

/* clang-format off */
#define CELLS(X)                                                \
    X("01", 0) X("02", 1) X("03", 2) X("04", 3) X("05", 4)      \
    X("06", 5) X("07", 6) X("08", 7) X("09", 8) X("10", 9)      \
    X("11", 10) X("12", 11) X("13", 12) X("14", 13) X("15", 14) \
    X("16", 15) X("17", 16) X("18", 17) X("19", 18) X("20", 19) \
    X("21", 20) X("22", 21) X("23", 22) X("24", 23) X("25", 24) \
    X("26", 25) X("27", 26) X("28", 27) X("29", 28) X("30", 29) \
    X("31", 30) X("32", 31) X("33", 32) X("34", 33) X("35", 34) \
    X("36", 35) X("37", 36) X("38", 37) X("39", 38) X("40", 39) \
    X("41", 40) X("42", 41) X("43", 42) X("44", 43) X("45", 44) \
    X("46", 45) X("47", 46) X("48", 47) X("49", 48) X("50", 49) \
    X("51", 50) X("52", 51) X("53", 52) X("54", 53) X("55", 54) \
    X("56", 55) X("57", 56) X("58", 57) X("59", 58) X("60", 59) \
    X("61", 60) X("62", 61) X("63", 62) X("64", 63) X("65", 64) \
    X("66", 65) X("67", 66) X("68", 67) X("69", 68) X("70", 69) \
    X("71", 70) X("72", 71) X("73", 72) X("74", 73) X("75", 74) \
    X("76", 75) X("77", 76) X("78", 77) X("79", 78) X("80", 79) \
    X("81", 80) X("82", 81) X("83", 82) X("84", 83) X("85", 84) \
    X("86", 85) X("87", 86) X("88", 87) X("89", 88) X("90", 89) \
    X("91", 90) X("92", 91) X("93", 92) X("94", 93) X("95", 94) \
    X("96", 95)
/* clang-format on */

#define CELL(name, i)                                                                              \
    {"cell." name ".voltage",                                                                      \
     "V",                                                                                          \
     U16(2 * (i)),                                                                                 \
     VB_SCALE(1, 0, 1000),                                                                         \
     .title = "Voltage of cell pair " name,                                                        \
     VB_LIMITS(0, 5)},

static const struct vb_signal cells[] = {
    CELLS(CELL)
    /* Measured: the sum of the cells, within 0.2 V. */
    {"battery.voltage", "V", U16(192), VB_SCALE(1, 0, 100), .title = "Pack voltage",
     VB_LIMITS(0, 450)},
    {"battery.voltage_coarse", "V", U16(194), VB_SCALE(1, 0, 100),
     .title = "Pack voltage, second way, up to 8 V beside the first", VB_LIMITS(0, 450)},
};

/* Which value of a bit means that a shunt draws current is not known: on a ZE0 few are 1, on an AZE0 few are 0. */
#define SHUNT(name, place)                                                                         \
    {"cell." name ".shunt",                                                                        \
     "",                                                                                           \
     16 + (place),                                                                                 \
     1,                                                                                            \
     VB_LE | VB_GUESS,                                                                             \
     VB_RAW,                                                                                       \
     .title = "Bit of the balancing shunt of cell pair " name},
#define IN_NIBBLES(name, i) SHUNT(name, 8 * ((i) / 4) + 3 - (i) % 4) /* four cells in a byte */
#define IN_BYTES(name, i)   SHUNT(name, (i))                         /* eight */

static const struct vb_signal shunts[] = {{"shunts.unknown_2", "", BYTES(2, 24)}};
static const struct vb_signal shunts_small[] = {CELLS(IN_NIBBLES)};
static const struct vb_signal shunts_large[] = {
    CELLS(IN_BYTES){"shunts.unknown_14", "", BYTES(14, 12)},
};

/* ---- 04: temperatures ---- */

/* A sensor that is not there has FFFF and FF; FF alone is -1 °C. */
#define SENSOR(name, i)                                                                            \
    {"sensor." name ".raw",                                                                        \
     "",                                                                                           \
     U16(3 * (i)),                                                                                 \
     VB_RAW,                                                                                       \
     .title = "Temperature sensor " name ", as it is measured",                                    \
     VB_NOT_AVAILABLE(0xFFFF)},                                                                    \
    {                                                                                              \
        "sensor." name ".temperature", "°C", 8 * (4 + 3 * (i)), 8, VB_LE | VB_SIGNED, VB_RAW,      \
            .title = "Temperature " name, VB_LIMITS(-50, 100), .mux = &(const struct vb_mux) {     \
            2 * (i), 0, 0xFFFE, NULL                                                               \
        }                                                                                          \
    }

static const struct vb_signal temperatures[] = {
    SENSOR("1", 0),
    SENSOR("2", 1),
    SENSOR("3", 2),
    SENSOR("4", 3),
    /* The reference says average; in all recordings it is the lowest. */
    {"battery.temperature_lowest", "°C", 8 * 14, 8, VB_LE | VB_SIGNED, VB_RAW,
     .title = "Temperature of the coldest sensor", VB_LIMITS(-50, 100)},
    {"temperatures.unknown_15", "", BYTES(15, TO_THE_END)},
};

/* ---- 61, 62, 83, 84 ---- */

static const struct vb_signal health[] = {{"health.unknown_2", "", BYTES(2, TO_THE_END)}};
static const struct vb_signal health_large[] = {
    {"health.unknown_2", "", BYTES(2, 2)},
    {"battery.soh", "%", 8 * 4 + 7, 16, VB_BE | VB_GUESS, VB_SCALE(1, 0, 100),
     .title = "State of health (OV)", VB_LIMITS(0, 110)},
    {"health.unknown_6", "", BYTES(6, TO_THE_END)},
};
static const struct vb_signal counts[] = {
    {"charge.count", "", 8 * 2 + 7, 16, VB_BE | VB_TOTAL, VB_RAW, .title = "AC charges so far"},
    {"charge.quick_count", "", 8 * 4 + 7, 16, VB_BE | VB_TOTAL, VB_RAW,
     .title = "Quick charges so far"},
    {"counts.unknown_6", "", BYTES(6, TO_THE_END)},
};
static const struct vb_signal part[] = {
    {"part.number", "", 8 * 2, 7, VB_BYTES | VB_STRING, VB_RAW, .title = "Part number"},
    {"part.unknown_9", "", BYTES(9, TO_THE_END)},
};
static const struct vb_signal serial[] = {
    {"serial.unknown_2", "", BYTES(2, 3)},
    {"pack.serial", "", 8 * 5, 15, VB_BYTES | VB_STRING, VB_RAW, .title = "Serial number"},
    {"serial.unknown_20", "", BYTES(20, TO_THE_END)},
};
static const struct vb_signal group[] = {
    {"group.number", "", 8, 8, VB_LE, VB_RAW, .title = "A group that nobody has described"},
    {"group.unknown_2", "", BYTES(2, TO_THE_END)},
};

/* ---- questions, trouble codes, other answers ---- */

static const struct vb_word services[] = {{0x10, "session"},
                                          {0x14, "clear-codes"},
                                          {0x19, "read-codes"},
                                          {0x21, "read-group"},
                                          {0x22, "read-id"},
                                          {0x27, "unlock"},
                                          {0x30, "io-control"},
                                          {0x31, "routine"},
                                          {0x3B, "write"},
                                          {0x3E, "tester-present"},
                                          {0, NULL}};
static const struct vb_word reasons[] = {{0x10, "general"},
                                         {0x11, "no-such-service"},
                                         {0x12, "no-such-function"},
                                         {0x13, "wrong-length"},
                                         {0x21, "busy"},
                                         {0x22, "not-now"},
                                         {0x31, "out-of-range"},
                                         {0x33, "locked"},
                                         {0x35, "wrong-key"},
                                         {0x78, "pending"},
                                         {0x80, "not-in-this-session"},
                                         {0, NULL}};

static const struct vb_signal request[] = {
    {"request.service", "", 0, 8, VB_LE, VB_RAW, .title = "What a tester asks for",
     .words = services},
    {"request.group", "", 8, 8, VB_LE, VB_RAW,
     .title = "The group, or what else the service needs"},
    {"request.unknown_2", "", BYTES(2, TO_THE_END)},
};
static const struct vb_signal refusal[] = {
    {"refusal.service", "", 8, 8, VB_LE, VB_RAW, .title = "What is refused", .words = services},
    {"refusal.reason", "", 16, 8, VB_LE, VB_RAW, .title = "Why; pending: the answer comes later",
     .words = reasons},
};

#define CODE(name, i)                                                                              \
    {"trouble." name ".code",      "", 8 * (3 + 4 * (i)), 3, VB_BYTES, VB_RAW,                     \
     .title = "Trouble code " name},                                                               \
    {                                                                                              \
        "trouble." name ".status", "", 8 * (6 + 4 * (i)), 8, VB_LE, VB_RAW,                        \
            .title = "Status bits of trouble code " name                                           \
    }

static const struct vb_signal codes[] = {
    {"trouble.mask", "", 16, 8, VB_LE, VB_RAW, .title = "Status bits that the controller has"},
    CODE("1", 0),
    CODE("2", 1),
    CODE("3", 2),
    CODE("4", 3),
    CODE("5", 4),
    CODE("6", 5),
    CODE("7", 6),
    CODE("8", 7),
    {"codes.unknown_35", "", BYTES(35, TO_THE_END)},
};
static const struct vb_signal answer[] = {
    {"answer.service", "", 0, 8, VB_LE, VB_RAW, .title = "Number of the service, plus 64"},
    {"answer.unknown_1", "", BYTES(1, TO_THE_END)},
};

/* ---- the device ---- */

#define LONGEST 4095 /* ISO-TP without its 32 bits of length */
#define GROUP(number, least, most)                                                                 \
    VB_ID(ANSWER), .len_min = (least), .len_max = (most), VB_MARK(0, "\x61" number)

static const struct vb_message messages[] = {
    {GROUP("\x01", 41, 53), .name = "state", WHEN(IN_AUTO), VB_ROWS(state),
     .title = "Group 01: currents, voltage, charge, health"},
    {GROUP("\x01", 41, 44), .name = "state", WHEN(IN_SMALL), VB_ROWS(state_small),
     .title = "Group 01: currents, voltage, charge, health"},
    {GROUP("\x01", 53, 53), .name = "state", WHEN(IN_LARGE), VB_ROWS(state_large),
     .title = "Group 01: currents, voltage, charge, health"},
    {GROUP("\x02", 198, 198), .name = "cells", VB_ROWS(cells), .title = "Group 02: cell voltages"},
    {GROUP("\x04", 16, 37), .name = "temperatures", VB_ROWS(temperatures),
     .title = "Group 04: temperatures"},
    {GROUP("\x06", 26, 26), .name = "shunts", WHEN(IN_AUTO), VB_ROWS(shunts),
     .title = "Group 06: balancing"},
    {GROUP("\x06", 26, 26), .name = "shunts", WHEN(IN_SMALL), VB_ROWS(shunts_small),
     .title = "Group 06: balancing"},
    {GROUP("\x06", 26, 26), .name = "shunts", WHEN(IN_LARGE), VB_ROWS(shunts_large),
     .title = "Group 06: balancing"},
    {GROUP("\x61", 12, 331), .name = "health", WHEN(IN_AUTO | IN_SMALL), VB_ROWS(health),
     .title = "Group 61: health"},
    {GROUP("\x61", 331, 331), .name = "health", WHEN(IN_LARGE), VB_ROWS(health_large),
     .title = "Group 61: health"},
    {GROUP("\x62", 118, 118), .name = "counts", VB_ROWS(counts), .title = "Group 62: charges"},
    {GROUP("\x83", 26, 26), .name = "part", VB_ROWS(part), .title = "Group 83: part number"},
    {GROUP("\x84", 22, 22), .name = "serial", VB_ROWS(serial), .title = "Group 84: serial number"},
    {GROUP("", 2, LONGEST), .name = "group", VB_ROWS(group), .title = "Any other group"},
    {VB_ID(ANSWER), .len_min = 3, .len_max = 3, VB_MARK(0, "\x7F"), .name = "refusal",
     VB_ROWS(refusal), .title = "The controller says no"},
    {VB_ID(ANSWER), .len_min = 3, .len_max = LONGEST, VB_MARK(0, "\x59\x02"), .name = "codes",
     VB_ROWS(codes), .title = "Trouble codes"},
    {VB_ID(ANSWER), .len_min = 1, .len_max = LONGEST, .name = "answer", VB_ROWS(answer),
     .title = "Any other answer"},
    {VB_ID(REQUEST), .len_min = 1, .len_max = LONGEST, .name = "request", VB_ROWS(request),
     .title = "A question of a tester, ours or another"},
};

static const char *const packs[] = {
    [AUTO] = "auto", [ZE0] = "ze0", [AZE0] = "aze0", [LARGE] = "large", NULL};
static const char *const every[] = {"5s", "10s", "30s", "60s", NULL};
static const struct vb_setting settings[] = {
    [PACK] = {"pack",
              "ze0 = 24 kWh up to 2012, aze0 = 24 and 30 kWh from 2013 on, large = 40 and 62 kWh; "
              "auto = by the "
              "length of group 01",
              packs, AUTO},
    [EVERY] = {"every", "how often voltbus asks, with poll: true", every, 1},
};
static const struct vb_hint hints[] = {
    {ANSWER, 41, PACK, AUTO, ZE0, 1},
    {ANSWER, 43, PACK, AUTO, AZE0, 1},
    {ANSWER, 53, PACK, AUTO, LARGE, 1},
};

/* ---- the answers are put together ---- */

struct memory {
    struct vb_isotp_listener request, answer;
    bool begun;
    uint8_t request_bytes[256];
    uint8_t answer_bytes[]; /* the rest */
};
#define HEAD offsetof(struct memory, answer_bytes)

/* vb_device.unpack: a frame of 79B or 7BB becomes the message that it completes, or one that is broken. Group 01 tells
 * the pack by its length; the message stands in the frame as if the bus could carry it. */
static int unpack(const struct vb_frame *frame, void *memory, size_t size, struct vb_frame *plain) {
    struct memory *m = memory;
    struct vb_isotp_pdu pdu;
    bool asks = frame->id == REQUEST;
    if ((!asks && frame->id != ANSWER) || frame->flags & VB_FRAME_EXT || !m || size <= HEAD ||
        vb_isotp_read(frame, VB_ISOTP_NO_ADDRESS, &pdu) != VB_OK) {
        return VB_E_UNKNOWN;
    }
    if (pdu.kind == VB_ISOTP_FLOW) {
        return VB_E_MORE;
    }
    if (!m->begun) {
        uint32_t room = (uint32_t)(size - HEAD < LONGEST ? size - HEAD : LONGEST);
        vb_isotp_listener_init(&m->answer, m->answer_bytes, room, VB_ISOTP_NO_ADDRESS);
        vb_isotp_listener_init(&m->request, m->request_bytes, sizeof m->request_bytes,
                               VB_ISOTP_NO_ADDRESS);
        m->begun = true;
    }
    struct vb_isotp_listener *heard = asks ? &m->request : &m->answer;
    struct vb_isotp_step step = vb_isotp_listen(heard, &pdu, frame->t_ns);
    if (step.what != VB_ISOTP_COMPLETE && step.broken == VB_ISOTP_RESULT_OK) {
        return step.what == VB_ISOTP_NOTHING ? VB_E_UNKNOWN : VB_E_MORE;
    }
    plain->fault = step.what == VB_ISOTP_COMPLETE ? VB_FAULT_NONE : VB_FAULT_TRANSFER;
    plain->data = heard->buffer;
    plain->len = heard->got;
    return VB_OK;
}

static const char *const headline[] = {"battery.voltage",  "battery.current", "battery.soc",
                                       "battery.capacity", "battery.hx",      NULL};

const struct vb_device vb_device_leaf_battery_groups = {
    .name = "leaf-battery-groups",
    .title = "Nissan Leaf and e-NV200 traction battery, what it says when it is asked",
    .kind = VB_KIND_CAN,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    VB_HINTS(hints),
    .headline = headline,
    .unpack = unpack,
    .memory = HEAD + LONGEST,
};
