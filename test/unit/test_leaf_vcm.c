/* test_leaf_vcm.c - what the VCM of a Nissan Leaf sends. Frames: the worked ones of reference/leaf-can.md sections 1, 4
 * and 9; those called real come from the logs that its head lists.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

static void bench_vcm(struct bench *b, const char *generation) {
    bench_open(b, "leaf-vcm");
    bench_set(b, "generation", generation);
}

static void test_11A_drive_frames_have_a_heartbeat_by_their_counter(void **state) {
    (void)state;
    static const struct {
        const char *frame, *heartbeat, *second;
    } frames[] = {{"11A#4E4000AAC000006B", "170", "3"},
                  {"11A#4E4000550000017D", "85", "0"},
                  {"11A#4E400055400002B0", "85", "1"},
                  {"11A#4E4000AA800003A6", "170", "2"}};
    struct bench b;
    bench_vcm(&b, "ze0");
    for (size_t i = 0; i < 4; i++) {
        bench_good(&b, frames[i].frame);
        assert_value(&b, "drive.gear", "drive");
        assert_value(&b, "shift.state", "selected");
        assert_value(&b, "drive.power_state", "on");
        assert_value(&b, "drive.eco", "off");
        assert_value(&b, "shift.error", "none");
        assert_value(&b, "shift.starting", "no");
        assert_value(&b, "shift.heartbeat", frames[i].heartbeat);
        assert_value(&b, "shift.heartbeat_counter", frames[i].second);
        assert_writes_the_same_bytes(&b);
    }
}

static void test_11A_gears_of_a_ze0(void **state) {
    (void)state;
    struct bench b;
    bench_vcm(&b, "ze0");
    bench_good(&b, "11A#014000AAC0000003"); /* real */
    assert_value(&b, "drive.gear", "park-at-start");
    assert_value(&b, "shift.state", "parked");
    bench_frame(&b, "11A#014000AAC0000004");
    assert_int_equal(bench_again(&b), VB_FAULT_CRC);
}

static void test_1D4_torque_has_a_sign_and_quarter_steps(void **state) {
    (void)state;
    static const struct {
        const char *frame, *torque;
    } frames[] = {{"1D4#F707000007443070", "0.00"},   {"1D4#F7070000474430B7", "0.00"},
                  {"1D4#F70700008744307B", "0.00"},   {"1D4#F7070000C74430BC", "0.00"},
                  {"1D4#F7070A0007443032", "40.00"},  {"1D4#F707F600074430E9", "-40.00"},
                  {"1D4#F7071900074430FC", "100.00"}, {"1D4#F707E7000744304C", "-100.00"}};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct bench b;
        bench_vcm(&b, "ze0");
        bench_good(&b, frames[i].frame);
        assert_value(&b, "drive.torque", frames[i].torque);
        assert_value(&b, "torque.limit_upper", "617.5");
        assert_value(&b, "torque.limit_lower", "-17.5");
        assert_value(&b, "hv.state", "on");
        assert_value(&b, "hv.supplied", "yes");
        assert_value(&b, "hv.relay_plus", "on");
        assert_value(&b, "shift.inhibitor", "drive");
        assert_writes_the_same_bytes(&b);
    }
}

static void test_1D4_of_an_aze0_in_park_and_while_charging(void **state) {
    (void)state;
    struct bench b;
    bench_vcm(&b, "aze0");
    bench_good(&b, "1D4#6E6E0000074621C0"); /* real */
    assert_value(&b, "torque.limit_upper", "275.0");
    assert_value(&b, "torque.limit_lower", "-275.0");
    assert_value(&b, "shift.inhibitor", "park");
    assert_value(&b, "torque.unknown_6", "1");
    bench_vcm(&b, "aze0");
    bench_good(&b, "1D4#6E6E00040746E012"); /* real */
    assert_value(&b, "charge.status", "charging");
    assert_value(&b, "torque.unknown_3", "4");
    assert_value(&b, "drive.torque", "0.00");
    assert_writes_the_same_bytes(&b);
}

static void test_1D4_says_how_far_the_high_voltage_is(void **state) {
    (void)state;
    struct bench b;
    bench_vcm(&b, "ze0");
    bench_good(&b, "1D4#A06D0000420050FB"); /* real: the first one after the wake-up */
    assert_value(&b, "hv.state", "not-started");
    assert_value(&b, "hv.relay_plus", "off");
    assert_value(&b, "shift.inhibitor", "none");
}

static void test_1F2_charging_power_in_steps_of_100_W_from_minus_10_kW(void **state) {
    (void)state;
    static const struct {
        const char *frame, *power;
    } frames[] = {{"1F2#306420AC003C0006", "0"},    {"1F2#306420AC003C0107", "0"},
                  {"1F2#306420AC003C0208", "0"},    {"1F2#306420AC003C0309", "0"},
                  {"1F2#306420AC003C008E", "0"},    {"1F2#306420AC003C018F", "0"},
                  {"1F2#306420AC003C0280", "0"},    {"1F2#306420AC003C0381", "0"},
                  {"1F2#306E20AC003C0088", "1000"}, {"1F2#307920AC003C0084", "2100"},
                  {"1F2#308520AC003C0081", "3300"}, {"1F2#30A020AC003C008E", "6000"},
                  {"1F2#30A620AC003C0084", "6600"}};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct bench b;
        bench_vcm(&b, "aze0");
        bench_good(&b, frames[i].frame);
        assert_value(&b, "charge.power", frames[i].power);
        assert_value(&b, "dcdc.voltage", "14.3");
        assert_value(&b, "vcm.state", "charging");
        assert_value(&b, "vcm.mode", "charging");
        assert_value(&b, "charge.request", "normal");
        assert_value(&b, "charge.target", "full");
        assert_writes_the_same_bytes(&b);
    }
}

static void test_1F2_of_a_ze0_has_no_voltage_for_the_12_v_side(void **state) {
    (void)state;
    static const char *const frames[] = {"1F2#306420000082000B", "1F2#306420000082010C",
                                         "1F2#306420000082020D", "1F2#306420000082030E"};
    struct bench b;
    bench_vcm(&b, "ze0");
    for (size_t i = 0; i < 4; i++) {
        bench_good(&b, frames[i]);
        assert_value(&b, "charge.power", "0");
        assert_value(&b, "dcdc.voltage", "-");
        assert_value(&b, "vcm.mode", "charging-ze0");
        assert_writes_the_same_bytes(&b);
    }
}

static void test_1F2_needs_the_high_nibble_of_its_last_byte(void **state) {
    (void)state;
    struct bench b;
    bench_vcm(&b, "aze0");
    bench_good(&b, "1F2#307920A0003C0088"); /* real, e-NV200 */
    assert_value(&b, "charge.power", "2100");
    assert_value(&b, "dcdc.voltage", "14.0");
    bench_vcm(&b, "aze0");
    /* a peer leaves the high nibble out of the sum: right without one only */
    assert_int_equal(bench_read(&b, "1F2#307920A0003C0080"), VB_FAULT_SUM);
}

static void test_50B_length_is_the_generation(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-vcm");
    bench_good(&b, "50B#000006C00060"); /* ZE0, ready: by this frame alone */
    assert_value(&b, "drive.ready", "on");
    assert_value(&b, "wake.command", "wake");
    assert_value(&b, "wake.faults_stored", "yes");
    assert_value(&b, "wake.unknown_5", "96");
    assert_value(&b, "heater.mail_sent", "-");
    assert_writes_the_same_bytes(&b);
    bench_open(&b, "leaf-vcm");
    bench_good(&b, "50B#00000000000000"); /* the last ones of a car */
    assert_value(&b, "wake.command", "sleep");
    assert_value(&b, "drive.ready", "off");
    assert_value(&b, "heater.mail_sent", "no");
    assert_writes_the_same_bytes(&b);
    bench_vcm(&b, "ze0");
    assert_int_equal(bench_read(&b, "50B#000000C0000000"), VB_FAULT_LENGTH);
    bench_vcm(&b, "aze0");
    assert_int_equal(bench_read(&b, "50B#000000C00000"), VB_FAULT_LENGTH);
}

static void test_a_50B_of_wrong_length_does_not_change_the_generation_of_a_whole_car(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-vcm");
    bench_read(&b, "5BF#000000002800003C"); /* the charger of a ZE0 */
    assert_int_equal(bench_read(&b, "50B#000000C0000000"), VB_FAULT_LENGTH);
    bench_open(&b, "leaf-vcm");
    bench_read(&b, "390#041500B3008815E8"); /* that of an AZE0 */
    assert_int_equal(bench_read(&b, "50B#000000C00000"), VB_FAULT_LENGTH);
    bench_good(&b, "50B#000000C0000000");
}

static void test_50C_all_eight_questions(void **state) {
    (void)state;
    static const char *const frames[] = {"50C#000000005DC8", "50C#000000015D5F", "50C#000000025D63",
                                         "50C#000000035DF4", "50C#00000000B2A6", "50C#00000001B231",
                                         "50C#00000002B20D", "50C#00000003B29A"};
    struct bench b;
    bench_vcm(&b, "aze0");
    for (size_t i = 0; i < 8; i++) {
        bench_good(&b, frames[i]);
        assert_value(&b, "battery.alive_question", i < 4 ? "93" : "178");
        assert_writes_the_same_bytes(&b);
    }
}

static void test_284_sum_has_the_id_and_its_counter_8_bits(void **state) {
    (void)state;
    struct bench b;
    bench_vcm(&b, "aze0");
    bench_good(&b, "284#000000000000D95F"); /* real */
    assert_value(&b, "wheel.speed_left", "0.000");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "284#0E100E100E10DABA"); /* 3600 steps of 0.005 km/h are 18 km/h = 5 m/s */
    assert_value(&b, "wheel.speed_left", "5.000");
    assert_value(&b, "wheel.speed_right", "5.000");
    assert_value(&b, "wheel.speed", "5.000");
    assert_int_equal(bench_again(&b), VB_FAULT_COUNTER); /* the same frame once more */
    assert_int_equal(bench_read(&b, "284#0E100E100E10DBBA"), VB_FAULT_SUM);
}

static void test_1CB_has_its_crc_in_the_seventh_byte(void **state) {
    (void)state;
    struct bench b;
    bench_vcm(&b, "ze1");
    bench_good(&b, "1CB#000000001001C3"); /* real */
    bench_good(&b, "1CB#000000001002C9");
    assert_value(&b, "brake.unknown_4", "16");
    assert_writes_the_same_bytes(&b);
    assert_int_equal(bench_read(&b, "1CB#000000001003C9"), VB_FAULT_CRC);
}

static void test_dashboard_frames(void **state) {
    (void)state;
    struct bench b;
    bench_vcm(&b, "aze0");
    bench_good(&b, "5A9#984D801143E00000"); /* real: 0x4D8 = 1240 steps of 200 m */
    assert_value(&b, "range.distance", "248000");
    assert_value(&b, "range.low", "no");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5B9#62B462B8281180"); /* real: 0x2B4 = 692 minutes, 0x2B8 = 696 */
    assert_value(&b, "display.charge_bars", "12");
    assert_value(&b, "display.charge_time", "41520");
    assert_value(&b, "display.charge_time_100v", "41760");
    bench_vcm(&b, "ze0");
    bench_good(&b, "5A9#FFFFFCFFFFF00000"); /* charging */
    assert_value(&b, "range.distance", "-");
    assert_value(&b, "range.eco", "charging");
    bench_good(&b, "5B9#67FF5FFF28");
    assert_value(&b, "display.charge_time", "-");
    assert_writes_the_same_bytes(&b);
    bench_vcm(&b, "ze1");
    bench_good(&b, "5C5#40012F6000000000");
    assert_value(&b, "vehicle.odometer", "77664000");
    assert_writes_the_same_bytes(&b);
}

static void test_commands_are_refused_beyond_what_cars_were_seen_to_do(void **state) {
    (void)state;
    const struct vb_device *device = vb_device_find("leaf-vcm");
    static const struct {
        const char *name, *text;
        int result;
    } asked[] = {{"drive.ready", "on", VB_OK},
                 {"drive.gear", "reverse", VB_OK},
                 {"drive.gear", "park-at-start", VB_E_RANGE},
                 {"drive.torque", "340", VB_OK},
                 {"drive.torque", "340.25", VB_E_RANGE},
                 {"drive.torque", "-341", VB_E_RANGE},
                 {"charge.power", "6600", VB_OK},
                 {"charge.power", "6700", VB_E_RANGE},
                 {"charge.power", "-100", VB_E_RANGE},
                 {"dcdc.voltage", "14.5", VB_OK},
                 {"dcdc.voltage", "14.6", VB_E_RANGE},
                 {"dcdc.voltage", "12.9", VB_E_RANGE}};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        bool found = false;
        for (size_t c = 0; c < device->command_count; c++) {
            const struct vb_command *command = &device->commands[c];
            if (strcmp(command->name, asked[i].name) == 0) {
                struct vb_signal row = *command->argument;
                int64_t raw;
                row.limits = &command->limits;
                assert_int_equal(vb_signal_parse(&row, asked[i].text, strlen(asked[i].text), &raw),
                                 asked[i].result);
                found = true;
            }
        }
        assert_true(found);
    }
}

static void test_safe_values_rest_everything(void **state) {
    (void)state;
    static const char *const safe[] = {"off", "park", "0.00", "0", "13.2"};
    const struct vb_device *device = vb_device_find("leaf-vcm");
    assert_int_equal(device->command_count, 5);
    for (size_t i = 0; i < 5; i++) {
        char text[32];
        size_t n = vb_signal_text(device->commands[i].argument, device->commands[i].safe, text,
                                  sizeof text - 1, NULL);
        text[n] = '\0';
        assert_string_equal(text, safe[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_11A_drive_frames_have_a_heartbeat_by_their_counter),
        cmocka_unit_test(test_11A_gears_of_a_ze0),
        cmocka_unit_test(test_1D4_torque_has_a_sign_and_quarter_steps),
        cmocka_unit_test(test_1D4_of_an_aze0_in_park_and_while_charging),
        cmocka_unit_test(test_1D4_says_how_far_the_high_voltage_is),
        cmocka_unit_test(test_1F2_charging_power_in_steps_of_100_W_from_minus_10_kW),
        cmocka_unit_test(test_1F2_of_a_ze0_has_no_voltage_for_the_12_v_side),
        cmocka_unit_test(test_1F2_needs_the_high_nibble_of_its_last_byte),
        cmocka_unit_test(test_50B_length_is_the_generation),
        cmocka_unit_test(test_a_50B_of_wrong_length_does_not_change_the_generation_of_a_whole_car),
        cmocka_unit_test(test_50C_all_eight_questions),
        cmocka_unit_test(test_284_sum_has_the_id_and_its_counter_8_bits),
        cmocka_unit_test(test_1CB_has_its_crc_in_the_seventh_byte),
        cmocka_unit_test(test_dashboard_frames),
        cmocka_unit_test(test_commands_are_refused_beyond_what_cars_were_seen_to_do),
        cmocka_unit_test(test_safe_values_rest_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
