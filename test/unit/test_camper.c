/* test_camper.c - the LIN devices of a Ford Nugget camper, on the worked examples of
 * reference/camper-lin.md (sections 2 to 5 and 8) and the real log of IBS-Sensor-Library.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

static void test_ibs_22_gives_current_voltage_and_temperature(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "hella-ibs");
    bench_good(&b, "22#AB841EF42E847A");
    assert_value(&b, "battery.current", "0.043"); /* 1E84AB = 2000043 */
    assert_value(&b, "battery.voltage", "12.020");
    assert_value(&b, "battery.temperature", "26.0");
    assert_value(&b, "sensor.error", "no");
    assert_value(&b, "current.unknown_6", "122");
    assert_int_equal(b.reading.count, 5);
    assert_writes_the_same_bytes(&b);
}

static void test_ibs_current_is_negative_when_discharging(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "hella-ibs");
    bench_good(&b, "22#70711E000000FC"); /* 1E7170 = 1995120 */
    assert_value(&b, "battery.current", "-4.880");
    assert_value(&b, "battery.temperature", "-40.0");
    assert_value(&b, "sensor.error", "yes");
    bench_good(&b, "22#000000F42E847A"); /* 0 = -2000 A, the end of the range */
    assert_value(&b, "battery.current", "-2000.000");
    bench_good(&b, "22#FFFFFFF42E847A"); /* 16777215 = 14777 A: shown and marked */
    assert_value(&b, "battery.current", "14777.215!");
}

static void test_ibs_25_gives_charge_and_health(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "hella-ibs");
    bench_good(&b, "25#8180E9B8BB00");
    assert_value(&b, "battery.soc", "64.5");
    assert_value(&b, "battery.soh", "64.0");
    assert_value(&b, "state.unknown_2", "233");
    assert_value(&b, "battery.charge_voltage", "14.20");
    assert_value(&b, "battery.resistance", "0.00187"); /* 1.87 mΩ */
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "25#2DC8FFBB0000");
    assert_value(&b, "battery.soc", "22.5");
    assert_value(&b, "battery.soh", "100.0");
    assert_value(&b, "battery.charge_voltage", "14.35");
    assert_value(&b, "battery.resistance", "0.00000");
    assert_writes_the_same_bytes(&b);
}

static void test_ibs_26_counts_configured_capacity_by_generation(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "hella-ibs");
    bench_good(&b, "26#C504CD045FFF");
    assert_value(&b, "battery.capacity_max", "122.1");
    assert_value(&b, "battery.capacity_available", "122.9"); /* above max: charging, not an error */
    assert_value(&b, "battery.capacity_configured", "95");
    assert_value(&b, "battery.calibrated", "yes");
    assert_value(&b, "capacity.unknown_5", "127");
    assert_writes_the_same_bytes(&b);
    bench_set(&b, "generation", "2"); /* the Nugget: 2 x 95 Ah */
    bench_good(&b, "26#C504CD045FFF");
    assert_value(&b, "battery.capacity_configured", "190");
    assert_int_equal(b.reading.count, 5);
    assert_writes_the_same_bytes(&b);
}

static void test_ibs_sensor_2_answers_on_ids_27_to_2C_only(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "hella-ibs");
    bench_read(&b, "2C#BC02DC0146FF");
    assert_null(b.reading.message);
    bench_set(&b, "sensor", "2");
    bench_good(&b, "2C#BC02DC0146FF"); /* real, checksum 30 */
    assert_value(&b, "battery.capacity_max", "70.0");
    assert_value(&b, "battery.capacity_available", "47.6");
    assert_value(&b, "battery.capacity_configured", "70");
    assert_value(&b, "battery.calibrated", "yes");
    bench_good(&b, "2C#BC02DC0146FE"); /* real, after a new battery type was written */
    assert_value(&b, "battery.calibrated", "no");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "28#AB841EF42E847A");
    assert_value(&b, "battery.current", "0.043");
    bench_good(&b, "2B#8180E9B8BB00");
    assert_value(&b, "battery.soc", "64.5");
    bench_read(&b, "26#C504CD045FFF");
    assert_null(b.reading.message);
}

static void test_ibs_21_23_24_show_what_is_known(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "hella-ibs");
    bench_good(&b, "21#C0"); /* 192, 194, 208 seen */
    assert_value(&b, "sensor.busy", "no");
    assert_value(&b, "status.unknown_0", "96");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "21#C1");
    assert_value(&b, "sensor.busy", "yes");
    bench_good(&b, "23#05");
    assert_value(&b, "error.unknown_0", "5");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "24#01020304");
    assert_value(&b, "details.unknown_0", "513");
    assert_value(&b, "details.unknown_2", "1027");
    assert_writes_the_same_bytes(&b);
}

static void test_votronic_20_is_a_voltage_and_a_current_not_one_number(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "votronic-mppt");
    bench_good(&b, "20#6B01000040"); /* night */
    assert_value(&b, "solar.voltage", "3.63");
    assert_value(&b, "solar.current", "0.0");
    assert_value(&b, "solar.power_provisional", "0.0"); /* 363 / 47500 */
    assert_value(&b, "solar.mode", "bulk");
    assert_value(&b, "solar.on", "no");
    assert_value(&b, "solar.mppt_active", "yes");
    assert_value(&b, "solar.reduced_power", "no");
    assert_value(&b, "solar.fuse_error", "no");
    assert_writes_the_same_bytes(&b);
    /* 14.10 V, 5.0 A: 0x0032_0582 / 47500 = 69.0 W, which is 13.8 V * 5 A */
    bench_good(&b, "20#820532005D");
    assert_value(&b, "solar.voltage", "14.10");
    assert_value(&b, "solar.current", "5.0");
    assert_value(&b, "solar.power_provisional", "69.0");
    assert_value(&b, "solar.mode", "absorption");
    assert_value(&b, "solar.on", "yes");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "20#8205320044");
    assert_value(&b, "solar.mode", "bulk");
    bench_good(&b, "20#820532004E");
    assert_value(&b, "solar.mode", "float");
}

static void test_dometic_18_and_19_give_voltage_and_current(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "dometic-smp439a");
    bench_good(&b, "18#B95D3400");
    assert_value(&b, "charger.voltage", "13.405");
    assert_value(&b, "voltage.unknown_0", "185");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "19#2309");
    assert_value(&b, "charger.current", "7.0"); /* 0.2 A a step; 0.5 would be 17.5 */
    assert_value(&b, "charger.silent", "yes");
    assert_value(&b, "charger.charging", "yes");
    assert_value(&b, "charger.error", "no");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "19#0014");
    assert_value(&b, "charger.charging", "no");
    assert_value(&b, "charger.error", "yes");
    assert_value(&b, "current.unknown_1", "1");
}

static void test_panel_01_shows_pump_and_coolbox_level(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "nugget-panel");
    bench_good(&b, "01#0030000000000000");
    assert_value(&b, "panel.touched", "no");
    assert_value(&b, "pump.on", "no");
    assert_value(&b, "coolbox.level", "3");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "01#0350000000000000");
    assert_value(&b, "panel.touched", "yes");
    assert_value(&b, "pump.on", "yes");
    assert_value(&b, "coolbox.level", "5"); /* the whole nibble: two bits would say 1 */
}

static void test_body_02_shows_temperatures_tanks_and_tap(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "nugget-body");
    bench_good(&b, "02#5C5FD7D70B030000");
    assert_value(&b, "outside.temperature", "14.0");
    assert_value(&b, "inside.temperature", "12.5");
    assert_value(&b, "coolbox.temperature", "14");
    assert_value(&b, "tank.grey.level", "0");
    assert_value(&b, "tank.fresh.level", "3");
    assert_value(&b, "menu.touched", "no");
    assert_value(&b, "tap.open", "no");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "02#8C5FD7D732034001");
    assert_value(&b, "outside.temperature", "-10.0");
    assert_value(&b, "coolbox.temperature", "-25");
    assert_value(&b, "menu.touched", "yes");
    assert_value(&b, "tap.open", "yes");
    assert_writes_the_same_bytes(&b);
}

static void test_body_04_is_read_whole_and_as_a_prefix(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "nugget-body");
    bench_good(&b, "04#0000003B13000001");
    assert_value(&b, "ignition.on", "no");
    assert_value(&b, "ignition.on_copy", "no");
    assert_value(&b, "engine.running", "no");
    assert_value(&b, "engine.running_copy", "no");
    assert_value(&b, "coolbox.compressor", "off");
    assert_value(&b, "coolbox.compressor_copy", "off");
    assert_value(&b, "coolbox.temperature_copy", "6");
    assert_value(&b, "vehicle.unknown_7", "1");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "04#000200");
    assert_value(&b, "coolbox.compressor", "on");
    assert_value(&b, "ignition.on_copy", "-");
    assert_value(&b, "coolbox.temperature_copy", "-");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "04#0500003613000001"); /* engine running */
    assert_value(&b, "ignition.on", "yes");
    assert_value(&b, "ignition.on_copy", "yes");
    assert_value(&b, "engine.running", "yes");
    assert_value(&b, "engine.running_copy", "yes");
}

static void test_led_05_and_3B_split_brightness_and_tone(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "nugget-led");
    bench_good(&b, "05#80A3000000000000");
    assert_value(&b, "led.set.changing", "yes");
    assert_value(&b, "led.set.intensity", "10");
    assert_value(&b, "led.set.tone", "3");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "3B#01A3");
    assert_value(&b, "led.enabled", "yes");
    assert_value(&b, "led.changing", "no");
    assert_value(&b, "led.intensity", "10");
    assert_value(&b, "led.tone", "3");
    assert_int_equal(b.reading.count, 5);
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "3B#0000000000000000");
    assert_value(&b, "led.enabled", "no");
}

/* Another bus has other things on these ids. Its numbers are shown, and marked. */
static void test_numbers_that_no_camper_has_are_marked(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "nugget-body");
    bench_good(&b, "02#FFFFFFFFFFFFFFFF");
    assert_value(&b, "coolbox.temperature", "-230!");
    assert_value(&b, "outside.temperature", "-67.5!");
    assert_value(&b, "tank.fresh.level", "15!");
    bench_good(&b, "02#5C5FD7D737030000"); /* 0x37 = 55: 25 - 55, the coldest coolbox */
    assert_value(&b, "coolbox.temperature", "-30");
    bench_good(&b, "04#0000003B38000001");
    assert_value(&b, "coolbox.temperature_copy", "-31!");
    bench_open(&b, "votronic-mppt");
    bench_good(&b, "20#FFFFFFFF40");
    assert_value(&b, "solar.voltage", "655.35!");
    assert_value(&b, "solar.current", "6553.5!");
    assert_value(&b, "solar.power_provisional", "90420.4!"); /* (2^32 - 1) / 47500 */
    bench_open(&b, "dometic-smp439a");
    bench_good(&b, "19#FF09");
    assert_value(&b, "charger.current", "51.0!");
    bench_open(&b, "hella-ibs");
    bench_good(&b, "25#FFFFFFFFFFFF");
    assert_value(&b, "battery.soc", "127.5!");
    assert_value(&b, "battery.charge_voltage", "17.75!");
    assert_value(&b, "battery.resistance", "0.65535!");
    bench_good(&b, "26#FFFFFFFF5FFF");
    assert_value(&b, "battery.capacity_max", "6553.5!");
    assert_value(&b, "battery.capacity_available", "6553.5!");
}

static void test_heater_is_shown_as_raw_bytes_of_any_length(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "eberspacher-heater");
    bench_good(&b, "3A#07");
    assert_value(&b, "state.unknown_0", "7");
    assert_int_equal(b.reading.count, 1);
    bench_good(&b, "39#0102030405060708");
    assert_value(&b, "control.unknown_7", "8");
    assert_int_equal(b.reading.count, 8);
    assert_writes_the_same_bytes(&b);
}

static void test_short_and_long_lin_frames_are_a_length_fault(void **state) {
    (void)state;
    static const struct {
        const char *device, *text;
    } frames[] = {
        {"hella-ibs", "22#AB841EF42E84"},     {"hella-ibs", "22#AB841EF42E847A00"},
        {"hella-ibs", "25#8180E9B8BB"},       {"hella-ibs", "26#C504CD045F"},
        {"votronic-mppt", "20#6B010000"},     {"dometic-smp439a", "18#B95D34"},
        {"dometic-smp439a", "19#23"},         {"nugget-panel", "01#00300000000000"},
        {"nugget-body", "02#5C5FD7D70B0300"}, {"nugget-body", "04#0002"},
        {"nugget-led", "05#80A30000000000"},  {"nugget-led", "3B#01"},
        {"eberspacher-heater", "39#"},        {"hella-ibs", "22#"},
    };
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct bench b;
        bench_open(&b, frames[i].device);
        assert_int_equal(bench_read(&b, frames[i].text), VB_FAULT_LENGTH);
        assert_int_equal(b.reading.count, 0);
    }
}

static void test_a_frame_that_the_link_found_wrong_gives_no_samples(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "hella-ibs");
    bench_frame(&b, "22#AB841EF42E847A");
    b.frame.fault = VB_FAULT_CHECKSUM;
    assert_int_equal(bench_again(&b), VB_FAULT_CHECKSUM);
    assert_int_equal(b.reading.count, 0);
}

static void test_a_can_frame_with_the_same_number_is_not_a_lin_frame(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "hella-ibs");
    bench_read(&b, "022#AB841EF42E847A");
    assert_null(b.reading.message);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ibs_22_gives_current_voltage_and_temperature),
        cmocka_unit_test(test_ibs_current_is_negative_when_discharging),
        cmocka_unit_test(test_ibs_25_gives_charge_and_health),
        cmocka_unit_test(test_ibs_26_counts_configured_capacity_by_generation),
        cmocka_unit_test(test_ibs_sensor_2_answers_on_ids_27_to_2C_only),
        cmocka_unit_test(test_ibs_21_23_24_show_what_is_known),
        cmocka_unit_test(test_votronic_20_is_a_voltage_and_a_current_not_one_number),
        cmocka_unit_test(test_dometic_18_and_19_give_voltage_and_current),
        cmocka_unit_test(test_panel_01_shows_pump_and_coolbox_level),
        cmocka_unit_test(test_body_02_shows_temperatures_tanks_and_tap),
        cmocka_unit_test(test_body_04_is_read_whole_and_as_a_prefix),
        cmocka_unit_test(test_led_05_and_3B_split_brightness_and_tone),
        cmocka_unit_test(test_numbers_that_no_camper_has_are_marked),
        cmocka_unit_test(test_heater_is_shown_as_raw_bytes_of_any_length),
        cmocka_unit_test(test_short_and_long_lin_frames_are_a_length_fault),
        cmocka_unit_test(test_a_frame_that_the_link_found_wrong_gives_no_samples),
        cmocka_unit_test(test_a_can_frame_with_the_same_number_is_not_a_lin_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
