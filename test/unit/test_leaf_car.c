/* test_leaf_car.c - inverter, charger, air conditioner and quick charge of a Nissan Leaf. Frames: the worked ones of
 * reference/leaf-can.md section 9; those called real come from the logs that its head lists.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

static void bench_part(struct bench *b, const char *device, const char *generation) {
    bench_open(b, device);
    bench_set(b, "generation", generation);
}

/* ---- inverter ---- */

static void test_1DA_standing_and_at_the_start(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-inverter");
    bench_good(&b, "1DA#C832180000010159"); /* real, AZE0 */
    assert_value(&b, "inverter.voltage", "400");
    assert_value(&b, "motor.torque", "0.0");
    assert_value(&b, "motor.speed", "0");
    assert_value(&b, "motor.speed_valid", "yes");
    assert_value(&b, "inverter.state", "running");
    assert_value(&b, "inverter.errors", "0");
    assert_writes_the_same_bytes(&b);
    bench_open(&b, "leaf-inverter");
    bench_good(&b, "1DA#FF0000007FFE0197"); /* real: nothing is known yet */
    assert_value(&b, "inverter.voltage", "-");
    assert_value(&b, "motor.speed", "-");
    assert_value(&b, "motor.speed_valid", "no");
    assert_writes_the_same_bytes(&b);
}

static void test_1DA_counts_backwards_in_reverse(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-inverter");
    bench_good(&b, "1DA#C4641800FC3F027A"); /* real, 2011: FC3F >> 1 = 7E1F = -481 */
    assert_value(&b, "inverter.voltage", "392");
    assert_value(&b, "motor.speed", "-481");
    assert_value(&b, "motor.torque", "0.0");
    assert_writes_the_same_bytes(&b);
    assert_int_equal(bench_read(&b, "1DA#C4641800FC3D0353"), VB_FAULT_CRC);
}

static void test_1DA_the_byte_behind_the_voltage_is_no_part_of_it(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-inverter");
    /* real, AZE0: 32 and 72 by the counter, at the same voltage */
    bench_good(&b, "1DA#C832180000010159");
    assert_value(&b, "motor.unknown_1", "50");
    bench_good(&b, "1DA#C832180000010253");
    assert_value(&b, "motor.unknown_1", "50");
    bench_good(&b, "1DA#C872180000010374");
    assert_value(&b, "motor.unknown_1", "114");
    assert_value(&b, "inverter.voltage", "400");
    bench_good(&b, "1DA#C87218000001007E");
    assert_value(&b, "motor.unknown_1", "114");
}

static void test_55A_is_in_degrees_fahrenheit(void **state) {
    (void)state;
    struct bench b;
    bench_part(&b, "leaf-inverter", "aze0");
    bench_good(&b, "55A#004C48005F005B08"); /* real: 76 and 72 °F */
    assert_value(&b, "motor.temperature", "24.4");
    assert_value(&b, "inverter.temperature", "22.2");
    assert_value(&b, "inverter.driver_temperature", "-");
    assert_value(&b, "motor.temperature_2", "-");
    assert_value(&b, "inverter.sleep", "refuse");
    assert_writes_the_same_bytes(&b);
    bench_part(&b, "leaf-inverter", "ze0");
    bench_good(&b, "55A#004240005F3F82F0"); /* real: after power-off */
    assert_value(&b, "inverter.sleep", "ready");
    assert_value(&b, "motor.temperature_2", "17.2");
}

static void test_120_of_a_ze1_tells_the_generation(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-inverter");
    bench_good(&b, "120#044405B6"); /* real */
    assert_value(&b, "inverter_120.unknown_0", "4");
    assert_int_equal(b.instance.choice[0], 3); /* ze1 */
    bench_good(&b, "120#0000049B");
    assert_writes_the_same_bytes(&b);
    assert_int_equal(bench_again(&b), VB_FAULT_COUNTER);
    bench_open(&b, "leaf-vcm");
    bench_good(&b, "108#000DAD"); /* real */
    assert_int_equal(bench_read(&b, "108#000EAD"), VB_FAULT_CRC);
}

/* ---- charger ---- */

static void test_390_charging_with_what_the_socket_gives(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-charger");
    bench_good(&b, "390#041500B3008815E8"); /* real, e-NV200 */
    assert_value(&b, "charger.power", "2100");
    assert_value(&b, "charger.power_max", "2100");
    assert_value(&b, "charger.state", "charging");
    assert_value(&b, "charger.ac_kind", "200v");
    assert_value(&b, "charger.ac_relay", "on");
    assert_value(&b, "charger.insulation_sensor", "yes");
    assert_value(&b, "charger.quick_relay", "off");
    assert_value(&b, "charger.sleep", "refuse");
    assert_value(&b, "charger.export", "none");
    assert_writes_the_same_bytes(&b);
    assert_int_equal(bench_read(&b, "390#041500B3008815E7"), VB_FAULT_SUM);
}

static void test_393_names_the_steps(void **state) {
    (void)state;
    static const struct {
        const char *frame, *step;
    } frames[] = {{"393#0010000020000002", "waking"}, {"393#005300002000002B", "charging"}};
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        bench_open(&b, "leaf-charger");
        bench_good(&b, frames[i].frame); /* real, e-NV200 */
        assert_value(&b, "charger.step", frames[i].step);
        assert_writes_the_same_bytes(&b);
    }
}

static void test_380_and_5BF_of_a_ze0(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-charger");
    bench_good(&b, "380#1204181550051C80"); /* real */
    assert_value(&b, "charger.power_max", "2100");
    assert_value(&b, "charger.ac_voltage", "233.5");
    assert_value(&b, "charger.relay", "on");
    assert_value(&b, "charger.quick_relay", "off");
    assert_value(&b, "charger.insulation_sensor", "no");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5BF#0066317560000034"); /* real */
    assert_value(&b, "charger.state", "charging");
    assert_value(&b, "charger.pilot_current", "9.8");
    assert_value(&b, "charger.dc_voltage", "374");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "380#020410210000009E"); /* real: idle */
    assert_value(&b, "charger.power_max", "3300");
    assert_value(&b, "charger.ac_voltage", "-");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5BF#000000002800002B");
    assert_value(&b, "charger.dc_voltage", "-");
    assert_value(&b, "charger.state", "idle");
}

static void test_380_in_a_quick_charge_has_no_socket(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-charger");
    bench_good(&b, "380#068413A766580094"); /* real, ZE0 */
    assert_value(&b, "charger.ac_voltage", "-");
    assert_value(&b, "charger.insulation_sensor", "yes");
    assert_value(&b, "charger.quick_relay", "on");
    assert_writes_the_same_bytes(&b);
}

/* The nibble rule counts the digits of the id: leaf-can.md quotes what that makes of each. */
static void test_the_nibble_sum_of_every_charger_frame_has_its_own_id_in_it(void **state) {
    (void)state;
    static const struct {
        const char *good, *bad;
    } frames[] = {{"390#04000003008000C7", "390#04000003008000C8"},
                  {"390#040000030080000B", "390#040000030080000C"},
                  {"393#0020000020000003", "393#0020000020000004"},
                  {"380#0204102100000005", "380#0204102100000006"},
                  {"5BF#0000000028000009", "5BF#000000002800000A"}};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct bench b;
        bench_open(&b, "leaf-charger");
        if (bench_read(&b, frames[i].good) != VB_FAULT_NONE) {
            fail_msg("%s: %s", frames[i].good, vb_fault_text(b.reading.fault));
        }
        assert_int_equal(bench_read(&b, frames[i].bad), VB_FAULT_SUM);
    }
}

/* Rule 3 on the CAR-CAN, where no device of ours listens: real frames of an e-NV200. */
static void test_the_byte_sum_with_the_id_holds_on_the_car_can(void **state) {
    (void)state;
    static const struct {
        uint32_t id;
        uint8_t len, data[8];
    } frames[] = {{0x285, 8, {0, 0, 0, 0, 0, 0, 0x3A, 0xC1}},
                  {0x1C6, 8, {0x7F, 0xFF, 0xFF, 0xFE, 0x72, 0x29, 0x01, 0xDE}},
                  {0x1CF, 8, {0xFF, 0x32, 0xFF, 0xFE, 0x08, 0x00, 0x29, 0x2F}},
                  {0x1D5, 5, {0, 0, 0, 1, 0xD7}}};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        const struct vb_check check = {VB_RULE_SUM_ID, (uint16_t)(frames[i].len - 1), 0, NULL};
        const struct vb_message message = {
            .id = frames[i].id, .len_min = 1, .len_max = 8, .checks = &check, .check_count = 1};
        uint8_t data[8];
        memcpy(data, frames[i].data, sizeof data);
        const struct vb_frame frame = {
            .kind = VB_KIND_CAN, .id = frames[i].id, .data = data, .len = frames[i].len};
        assert_int_equal(vb_message_check(&message, &frame), VB_FAULT_NONE);
        data[frames[i].len - 1]++;
        assert_int_equal(vb_message_check(&message, &frame), VB_FAULT_SUM);
    }
}

/* ---- air conditioner ---- */

static void test_54A_to_54F(void **state) {
    (void)state;
    struct bench b;
    bench_part(&b, "leaf-climate", "ze0");
    bench_good(&b, "54A#9E0070020000003E"); /* real: off */
    assert_value(&b, "climate.setpoint", "-");
    bench_good(&b, "54A#A00070023000003B"); /* real values: 24 °C */
    assert_value(&b, "climate.setpoint", "24.0");
    bench_good(&b, "54B#0108801204000000"); /* real */
    assert_value(&b, "climate.state", "off");
    assert_value(&b, "climate.vent", "off");
    assert_value(&b, "climate.intake", "fresh");
    assert_value(&b, "climate.fan", "0");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "54C#FFFF000000F8FF00"); /* real: the first after the start */
    assert_value(&b, "climate.outside_temperature", "-");
    assert_value(&b, "climate.fan_voltage", "12.40");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "54C#AD66000000007E00");
    assert_value(&b, "climate.outside_temperature", "23.0");
    bench_good(&b, "54F#4B01000007808834"); /* real */
    assert_value(&b, "climate.cabin_temperature", "23.5");
    bench_good(&b, "54F#4B01000007C08834");
    assert_int_equal(bench_again(&b), VB_FAULT_COUNTER);
    bench_part(&b, "leaf-climate", "aze0");
    bench_good(&b, "54C#A965000000007F00"); /* half a degree less than a ZE0 would mean by it */
    assert_value(&b, "climate.outside_temperature", "23.0");
    assert_writes_the_same_bytes(&b);
}

/* ---- quick charge: real frames of a ZE1 ---- */

static void test_quick_charge_copies_of_a_ze1(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-quick-charge");
    bench_good(&b, "3B9#06000000B301FF00");
    assert_value(&b, "car.current_min", "6");
    assert_value(&b, "car.voltage_max", "435");
    assert_value(&b, "car.soc_full", "255");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "3BC#029A01230081A300");
    assert_value(&b, "car.protocol", "2");
    assert_value(&b, "car.voltage_target", "410");
    assert_value(&b, "car.current_request", "35");
    assert_value(&b, "car.faults", "none");
    assert_value(&b, "car.status", "charging+can-feed-back");
    assert_value(&b, "car.soc", "163");
    bench_good(&b, "3C8#00C20123B3010000");
    assert_value(&b, "station.voltage_max", "450");
    assert_value(&b, "station.current_max", "35");
    assert_value(&b, "station.voltage_threshold", "435");
    assert_value(&b, "station.weld_detection", "no");
    bench_good(&b, "3C9#017501220005FF70");
    assert_value(&b, "station.voltage", "373");
    assert_value(&b, "station.current", "34");
    assert_value(&b, "station.status", "charging+locked");
    assert_value(&b, "station.time_left_fine", "-");
    assert_value(&b, "station.time_left", "6720");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "3BE#FF000000FA001AFF");
    assert_value(&b, "car.discharge_voltage_min", "250");
}

static void test_quick_charge_on_the_plug_has_other_ids(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-quick-charge");
    assert_int_equal(bench_read(&b, "109#017B01640105D724"), VB_FAULT_NONE);
    assert_null(b.reading.message);
    bench_set(&b, "bus", "plug");
    bench_good(&b, "109#017B01640105D724");
    assert_value(&b, "station.voltage", "379");
    assert_value(&b, "station.current", "100");
    assert_value(&b, "station.time_left_fine", "2150");
    assert_value(&b, "station.time_left", "2160");
    bench_good(&b, "102#029A017300818F00");
    assert_value(&b, "car.current_request", "115");
    assert_value(&b, "car.soc", "143");
}

/* ---- battery: what was left ---- */

static void test_battery_frames_that_few_cars_send(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "5EB#7FB61F363735002C"); /* real, e-NV200 */
    assert_value(&b, "records.index", "3");
    assert_value(&b, "records.part", "11");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5B3#50AA2D14A040E78A"); /* real, CAR-CAN: AA is 85 */
    assert_value(&b, "battery.soh", "85");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "1C2#5A");
    assert_value(&b, "alive.unknown_0", "5");
    assert_int_equal(bench_again(&b), VB_FAULT_COUNTER);
    bench_good(&b, "380#0204102100000005"); /* real: a 62 kWh pack alone has the ids of a charger */
    bench_good(&b, "5BF#0000000018000008");
    assert_int_equal(bench_read(&b, "5BF#0000000018000009"), VB_FAULT_SUM);
    bench_part(&b, "leaf-battery", "ze0"); /* there these are the charger's */
    bench_read(&b, "380#0204102100000005");
    assert_null(b.reading.message);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_1DA_standing_and_at_the_start),
        cmocka_unit_test(test_1DA_counts_backwards_in_reverse),
        cmocka_unit_test(test_1DA_the_byte_behind_the_voltage_is_no_part_of_it),
        cmocka_unit_test(test_55A_is_in_degrees_fahrenheit),
        cmocka_unit_test(test_120_of_a_ze1_tells_the_generation),
        cmocka_unit_test(test_390_charging_with_what_the_socket_gives),
        cmocka_unit_test(test_393_names_the_steps),
        cmocka_unit_test(test_380_and_5BF_of_a_ze0),
        cmocka_unit_test(test_380_in_a_quick_charge_has_no_socket),
        cmocka_unit_test(test_the_nibble_sum_of_every_charger_frame_has_its_own_id_in_it),
        cmocka_unit_test(test_the_byte_sum_with_the_id_holds_on_the_car_can),
        cmocka_unit_test(test_54A_to_54F),
        cmocka_unit_test(test_quick_charge_copies_of_a_ze1),
        cmocka_unit_test(test_quick_charge_on_the_plug_has_other_ids),
        cmocka_unit_test(test_battery_frames_that_few_cars_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
