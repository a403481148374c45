/* test_leaf_battery.c - Nissan Leaf traction battery. Frames: the worked ones of
 * reference/leaf-can.md section 9, the others real ones from the logs that its head lists (car and
 * kind in the names).
 * SPDX-License-Identifier: MIT */
#include "rows.h"

#define ZE0_WAKES "50B#000006C00060" /* 6 bytes: only on ZE0 */
#define AZE0_QC   "59E#0000168B400000C8"
#define ZE1_LIVES "1C2#5A"

static void bench_leaf(struct bench *b, const char *generation) {
    bench_open(b, "leaf-battery");
    bench_set(b, "generation", generation);
}

static void test_1DB_worked_frame_charging(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "1DB#0160B32B32000004");
    assert_value(&b, "battery.current", "5.5");
    assert_value(&b, "battery.voltage", "358.0");
    assert_value(&b, "battery.soc_usable", "50");
    assert_value(&b, "battery.relay_permission", "yes");
    assert_value(&b, "battery.interlock", "yes");
    assert_value(&b, "battery.full", "no");
    assert_value(&b, "battery.discharge_state", "normal");
    assert_value(&b, "battery.cell_latch", "on");
    assert_value(&b, "battery.failsafe", "none");
    assert_value(&b, "battery.relay_cut_request", "none");
    assert_value(&b, "battery.current_wide", "-");
    assert_writes_the_same_bytes(&b);
}

static void test_1DB_current_is_negative_when_driving(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "1DB#FB00BE2B32000096");
    assert_value(&b, "battery.current", "-20.0");
    assert_value(&b, "battery.voltage", "380.0");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "1DB#FF80C0AA00000284"); /* real, ZE0 */
    assert_value(&b, "battery.current", "-2.0");
    assert_value(&b, "battery.voltage", "385.0");
    assert_writes_the_same_bytes(&b);
}

static void test_1DB_start_frame_gives_no_current_and_no_voltage(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "1DB#7FE0FFC6000000DE");
    assert_value(&b, "battery.current", "-");
    assert_value(&b, "battery.voltage", "-");
    assert_value(&b, "battery.soc_usable", "-");
    assert_value(&b, "battery.relay_permission", "no");
    assert_value(&b, "battery.discharge_state", "immediate");
    assert_writes_the_same_bytes(&b);
}

static void test_1DB_usable_soc_is_absent_where_the_car_does_not_send_it(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery"); /* auto: neither 0 nor 7F is taken for a value */
    bench_good(&b, "1DB#FF80C0AA00000284");
    assert_value(&b, "battery.soc_usable", "-");
    bench_good(&b, "1DB#7FE0FFC67F00000D"); /* e-NV200 */
    assert_value(&b, "battery.soc_usable", "-");
    bench_good(&b, "1DB#FFA0AA2A0C00036D");
    assert_value(&b, "battery.soc_usable", "12");
    bench_leaf(&b, "aze0");
    bench_good(&b, "1DB#7FE0FFC67F00000D");
    assert_value(&b, "battery.soc_usable", "-");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "1DB#FFA0AA2A0C00036D");
    assert_value(&b, "battery.soc_usable", "12");
    assert_writes_the_same_bytes(&b);
    bench_leaf(&b, "ze1");
    bench_good(&b, "1DB#9520B92A00CA9094");
    assert_value(&b, "battery.soc_usable", "-");
    assert_value(&b, "pack.unknown_4", "0");
}

static void test_1DB_of_a_62_kwh_pack_repeats_the_current_in_12_bits(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "ze1");
    bench_good(&b, "1DB#9520B92A00CA9094"); /* full throttle */
    assert_value(&b, "battery.current", "-427.5");
    assert_value(&b, "battery.current_wide", "-427.5");
    assert_value(&b, "battery.voltage", "370.0");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "1DB#0860BA6A00043354"); /* quick charge */
    assert_value(&b, "battery.current", "33.5");
    assert_value(&b, "battery.current_wide", "33.5");
    bench_good(&b, "1DB#7FE0FFC600800061"); /* start */
    assert_value(&b, "battery.current", "-");
    assert_value(&b, "battery.current_wide", "-");
    assert_writes_the_same_bytes(&b);
    bench_leaf(&b, "aze0"); /* elsewhere these bits are unknown */
    bench_good(&b, "1DB#9520B92A00CA9094");
    assert_value(&b, "battery.current_wide", "-");
    assert_value(&b, "pack.unknown_5", "202");
    assert_value(&b, "pack.unknown_6", "36");
}

static void test_1DB_failsafe_names_its_bits(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "ze1");
    bench_good(&b, "1DB#0004C262000003B6"); /* a 62 kWh pack alone on the bench */
    assert_value(&b, "battery.failsafe", "caution");
    assert_value(&b, "battery.discharge_state", "normal");
    assert_value(&b, "battery.voltage", "388.5");
    assert_writes_the_same_bytes(&b);
}

static void test_1DC_gives_limits_in_watt(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "1DC#6E0A05D50000002B");
    assert_value(&b, "limit.discharge_power", "110000");
    assert_value(&b, "limit.charge_power", "40000");
    assert_value(&b, "limit.charger_power", "27300");
    assert_value(&b, "limit.charge_state", "normal");
    assert_value(&b, "limit.charger_ramp", "1");
    assert_value(&b, "pairing.set", "1-and-2");
    assert_writes_the_same_bytes(&b);
    bench_open(&b, "leaf-battery");
    bench_good(&b, "1DC#A00A05D5000000CE");
    assert_value(&b, "limit.discharge_power", "160000");
    bench_good(&b, "1DC#3DC2027DE1090531"); /* real, ZE0 charging: */
    assert_value(&b, "limit.discharge_power", "61750");
    assert_value(&b, "limit.charge_power", "8000");  /* 00 0010 0000 = 32 */
    assert_value(&b, "limit.charger_power", "5900"); /* 00 1001 1111 = 159 */
    bench_good(&b, "1DC#6E3F89C4E0CCD8A5");          /* real, ZE0 with 30 kWh at a quick charger: */
    assert_value(&b, "limit.discharge_power", "110000");
    assert_value(&b, "limit.charge_power", "254000"); /* no limit: not marked */
    assert_value(&b, "limit.charger_power", "52500"); /* 10 0111 0001 = 625 */
}

static void test_1DC_start_frame_has_no_limits(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "1DC#FFFFFFFF1FFFFC6B");
    assert_value(&b, "limit.discharge_power", "-");
    assert_value(&b, "limit.charge_power", "-");
    assert_value(&b, "limit.charger_power", "-");
    assert_value(&b, "pairing.set", "invalid");
    assert_value(&b, "pairing.code_a", "255");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "1DC#3F014FFD010509D7"); /* driving: no charger is asked for */
    assert_value(&b, "limit.discharge_power", "63000");
    assert_value(&b, "limit.charge_power", "5000");
    assert_value(&b, "limit.charger_power", "-");
    assert_value(&b, "pairing.set", "1-and-2");
    assert_value(&b, "pairing.code_a", "65");
    assert_value(&b, "pairing.code_b", "66");
    assert_writes_the_same_bytes(&b);
}

static void test_1ED_has_the_offset_of_1DC(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "ze1");
    bench_good(&b, "1DC#B40CB66DE554CABB"); /* neighbours in the quick charge log */
    assert_value(&b, "limit.charger_power", "31100");
    bench_good(&b, "1ED#336339");
    assert_value(&b, "limit.charger_power_wide", "31100");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "1ED#FFE068");
    assert_value(&b, "limit.charger_power_wide", "-");
    assert_writes_the_same_bytes(&b);
    assert_int_equal(bench_read(&b, "1ED#FFE168"), VB_FAULT_CRC);
}

static void test_55B_gives_charge_and_insulation(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "55B#A440AA00DFC01095");
    assert_value(&b, "battery.soc", "65.7");
    assert_value(&b, "battery.alive_answer", "170");
    assert_value(&b, "battery.insulation_voltage", "4.3701171875"); /* 895 * 5 / 1024 V */
    assert_value(&b, "battery.insulation_fault", "no");
    assert_value(&b, "battery.sleep", "refuse");
    assert_value(&b, "battery.empty", "no");
    assert_writes_the_same_bytes(&b);
    bench_open(&b, "leaf-battery");
    bench_good(&b, "55B#D640AA00FFC010EF"); /* ZE0 at start: insulation not yet measured */
    assert_value(&b, "battery.soc", "85.7");
    assert_value(&b, "battery.insulation_voltage", "-");
    assert_writes_the_same_bytes(&b);
}

static void test_5BC_of_a_ze0_has_temperature_capacity_and_plain_bars(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "ze0");
    bench_good(&b, "5BC#36032C3BAA052028"); /* 2011, 24 kWh */
    assert_value(&b, "battery.gids", "216");
    assert_value(&b, "battery.energy", "17280");
    assert_value(&b, "battery.gids_full", "-");
    assert_value(&b, "battery.energy_capacity", "24000"); /* raw 50 */
    assert_value(&b, "battery.bars_shown", "charge");
    assert_value(&b, "battery.charge_bars", "12");
    assert_value(&b, "battery.capacity_bars", "-");
    assert_value(&b, "battery.temperature", "19");
    assert_value(&b, "battery.temperature_gauge", "-");
    assert_value(&b, "battery.soh", "85");
    assert_value(&b, "limit.reason", "none");
    assert_value(&b, "charge.time_kind", "200v-full");
    assert_value(&b, "charge.time_left", "2400"); /* 40 min */
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5BC#36032B3BAB041FFF");
    assert_value(&b, "battery.charge_bars", "-");
    assert_value(&b, "battery.capacity_bars", "11");
    assert_value(&b, "charge.time_kind", "quick");
    assert_value(&b, "charge.time_left", "-");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5BC#1D810A3364441FFF"); /* a worn 24 kWh pack: raw 16 */
    assert_value(&b, "battery.energy_capacity", "21280");
    assert_value(&b, "battery.soh", "50");
    assert_value(&b, "battery.charge_bars", "10");
    assert_value(&b, "limit.reason", "controller-fault");
    bench_good(&b, "5BC#FFC32C3BAA052032"); /* at start */
    assert_value(&b, "battery.gids", "-");
    assert_value(&b, "battery.energy", "-");
    assert_value(&b, "battery.energy_capacity", "24000");
    assert_writes_the_same_bytes(&b);
}

static void test_5BC_alternates_between_remaining_and_full(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "aze0");
    bench_good(&b, "5BC#1000F078C5025FFF"); /* e-NV200, 40 kWh, nearly empty */
    assert_value(&b, "battery.gids_shown", "remaining");
    assert_value(&b, "battery.gids", "64");
    assert_value(&b, "battery.energy", "5120");
    assert_value(&b, "battery.gids_full", "-");
    assert_value(&b, "battery.energy_full", "-");
    assert_value(&b, "battery.bars_shown", "capacity");
    assert_value(&b, "battery.capacity_bars", "12");
    assert_value(&b, "battery.capacity_segments", "12.00");
    assert_value(&b, "battery.charge_bars", "-");
    assert_value(&b, "battery.temperature", "-");
    assert_value(&b, "battery.temperature_gauge", "50.0");
    assert_value(&b, "battery.soh", "98");
    assert_value(&b, "charge.time_kind", "6kw-80");
    assert_value(&b, "charge.time_left", "-");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5BC#7D002878C411030C");
    assert_value(&b, "battery.gids_shown", "full");
    assert_value(&b, "battery.gids", "-");
    assert_value(&b, "battery.energy", "-");
    assert_value(&b, "battery.gids_full", "500");
    assert_value(&b, "battery.energy_full", "40000");
    assert_value(&b, "battery.charge_bars", "2");
    assert_value(&b, "battery.charge_segments", "2.00");
    assert_value(&b, "charge.time_kind", "200v-full");
    assert_value(&b, "charge.time_left", "46800"); /* 780 min */
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5BC#FFC0FFFFC4001FFF"); /* e-NV200 at start */
    assert_value(&b, "battery.gids", "-");
    assert_value(&b, "battery.charge_bars", "-");
    assert_value(&b, "battery.charge_segments", "-");
    assert_value(&b, "battery.temperature_gauge", "-");
    assert_value(&b, "battery.soh", "98");
    assert_writes_the_same_bytes(&b);
    bench_leaf(&b, "ze1");
    bench_good(&b, "5BC#BB80CE64C013FFFF"); /* 62 kWh */
    assert_value(&b, "battery.gids_full", "750");
    assert_value(&b, "battery.energy_full", "60000");
    assert_value(&b, "battery.charge_bars", "10");
    assert_value(&b, "battery.charge_segments", "10.30");
    assert_value(&b, "battery.temperature_gauge", "41.7");
    assert_value(&b, "battery.soh", "96");
    assert_value(&b, "charge.time_kind", "-");
    assert_value(&b, "charge.time_left", "-");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5BC#9F40F064C103FFFF");
    assert_value(&b, "battery.gids", "637");
    assert_value(&b, "battery.capacity_bars", "12");
    assert_writes_the_same_bytes(&b);
}

/* 15,14 = 12; 13 = 11; 12 = 10; 11 = 9; 10,9 = 8; 8 = 7; 7 = 6; 6 = 5; 5,4 = 4; 3..0 the same. */
static void test_5BC_high_nibble_becomes_12_bars_by_the_table(void **state) {
    (void)state;
    static const char *const bars[16] = {"0", "1", "2", "3", "4",  "4",  "5",  "6",
                                         "7", "8", "8", "9", "10", "11", "12", "12"};
    for (unsigned raw = 0; raw < 16; raw++) {
        struct bench b;
        char text[] = "5BC#7100_078BA03FFFF";
        text[8] = "0123456789ABCDEF"[raw];
        bench_leaf(&b, "aze0");
        bench_good(&b, text);
        assert_value(&b, "battery.charge_bars", bars[raw]);
    }
}

static void test_59E_gives_energy_for_quick_chargers(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "aze0");
    bench_good(&b, AZE0_QC);
    assert_value(&b, "quick_charge.energy_full", "36000");
    assert_value(&b, "quick_charge.energy", "36000");
    assert_value(&b, "battery.soc_displayed", "-");
    assert_value(&b, "capacity.unknown_7", "200");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "59E#10AF18F188000000"); /* e-NV200, nearly empty */
    assert_value(&b, "quick_charge.energy_full", "39900");
    assert_value(&b, "quick_charge.energy", "4900");
    assert_writes_the_same_bytes(&b);
    bench_leaf(&b, "ze1");
    bench_good(&b, "59E#0000252FA00000AC"); /* 62 kWh: the tenth bit is set */
    assert_value(&b, "quick_charge.energy_full", "59400");
    assert_value(&b, "quick_charge.energy", "50000");
    assert_value(&b, "battery.soc_displayed", "86.0");
    assert_writes_the_same_bytes(&b);
}

static void test_5C0_sorts_history_by_kind(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "5C0#C07676008ED40000"); /* ZE0 */
    assert_value(&b, "history.kind", "min");
    assert_value(&b, "history.min.temperature", "19");
    assert_value(&b, "history.min.wakeup_temperature", "19");
    assert_value(&b, "history.min.charge", "0.0");
    assert_value(&b, "history.min.resistance_factor", "71");
    assert_value(&b, "history.min.cell_voltage", "4.02");
    assert_value(&b, "history.max.temperature", "-");
    assert_value(&b, "history.page", "-");
    assert_value(&b, "heater.fitted", "no");
    assert_value(&b, "battery.trouble_code", "0");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5C0#407878008E0C0000");
    assert_value(&b, "history.max.temperature", "20");
    assert_value(&b, "history.max.cell_voltage", "2.02"); /* the oddly low maximum */
    bench_good(&b, "5C0#806466FA3AD80000");
    assert_value(&b, "history.average.temperature", "11");
    assert_value(&b, "history.average.charge", "-3.6");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5C0#405A5AFF6D180D00"); /* e-NV200 with heater */
    assert_value(&b, "history.max.temperature", "5");
    assert_value(&b, "history.max.charge", "-0.6");
    assert_value(&b, "heater.fitted", "yes");
    assert_value(&b, "heater.next_wakeup", "13");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5C0#405056003C000002"); /* 2 and 9 alternate */
    assert_value(&b, "battery.trouble_code", "2");
}

static void test_5C0_of_a_ze1_is_shown_raw_with_its_page(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "ze1");
    bench_good(&b, "5C0#0270F000A9BE1F00");
    assert_value(&b, "history.kind", "none");
    assert_value(&b, "history.page", "2");
    assert_value(&b, "history.max.temperature", "-");
    assert_value(&b, "history.unknown_1", "56");
    assert_value(&b, "history.unknown_2_high", "120");
    assert_value(&b, "heater.fitted", "yes");
    assert_value(&b, "heater.next_wakeup", "-");
    assert_writes_the_same_bytes(&b);
    bench_good(&b, "5C0#00FEFFFFF9FFFF00");
    assert_value(&b, "history.page", "0");
    assert_writes_the_same_bytes(&b);
}

static void test_bad_crc_gives_no_sample(void **state) {
    (void)state;
    static const char *const frames[] = {"1DB#0160B32B32000005", "1DB#0161B32B32000004",
                                         "1DC#6E0A05D50000002A", "55B#A440AA00DFC01195"};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct bench b;
        bench_open(&b, "leaf-battery");
        assert_int_equal(bench_read(&b, frames[i]), VB_FAULT_CRC);
        assert_int_equal(b.reading.count, 0);
    }
}

static void test_a_counter_that_stands_still_is_a_fault(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "1DB#FFC0BE2A0000013A"); /* the first is never checked */
    bench_good(&b, "1DB#FFC0BE2A00000230");
    assert_int_equal(bench_read(&b, "1DB#FFC0BE2A00000230"), VB_FAULT_COUNTER);
    assert_int_equal(b.reading.count, 0);
    bench_good(&b, "1DB#FFC0BE2A000000BF"); /* one missed: the receiver only wants a change */
    bench_good(&b, "1ED#FFE1ED");
    assert_int_equal(bench_read(&b, "1ED#FFE1ED"), VB_FAULT_COUNTER);
    bench_good(&b, "1ED#FFE2E7");
    bench_good(&b, "59E#0000168B400000C8"); /* no counter: may repeat */
    bench_good(&b, "59E#0000168B400000C8");
}

static void test_cut_off_frames_are_a_length_fault(void **state) {
    (void)state;
    static const char *const frames[] = {"1DB#0160B32B320000", "1DB#",
                                         "1DC#6E0A05D5000000", "1ED#FFE0",
                                         "55B#A440AA00DFC010", "5BC#36032C3BAA0520",
                                         "59E#0000168B400000", "5C0#C07676008ED400"};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct bench b;
        bench_open(&b, "leaf-battery");
        assert_int_equal(bench_read(&b, frames[i]), VB_FAULT_LENGTH);
        assert_int_equal(b.reading.count, 0);
    }
}

static void test_a_voltage_beyond_the_limits_is_marked(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "aze0");
    uint8_t data[8] = {0x01, 0x60, 0xFA, 0x2B, 0x65}; /* FA 2B: raw 1000, 500 V; SOC 101 % */
    assert_int_equal(vb_message_seal(&b.instance.device->messages[0], 0x1DB, data, 8, 0), VB_OK);
    b.frame = (struct vb_frame){.kind = VB_KIND_CAN, .id = 0x1DB, .data = data, .len = 8};
    assert_int_equal(bench_again(&b), VB_FAULT_NONE);
    assert_value(&b, "battery.voltage", "500.0!");
    assert_value(&b, "battery.soc_usable", "101!");
    assert_value(&b, "battery.current", "5.5");
}

static void test_powers_and_energies_beyond_any_leaf_are_marked(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "aze0");
    bench_good(&b, "5BC#FF80FBFBC910FFC0"); /* by hand: full pack 1022 GIDs, gauge FB */
    assert_value(&b, "battery.energy_full", "81760!");
    assert_value(&b, "battery.temperature_gauge", "104.6!");
    assert_value(&b, "charge.time_left", "487680!");
    assert_value(&b, "battery.soh", "100");
}

static void test_generation_is_known_by_the_frames_on_the_bus(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "5BC#36032C3BAA052028");
    assert_value(&b, "battery.soh", "85"); /* what all generations share */
    assert_value(&b, "battery.gids", "216");
    assert_value(&b, "battery.temperature", "-");
    assert_value(&b, "battery.charge_bars", "-");
    assert_value(&b, "energy.unknown_1", "3");
    assert_value(&b, "energy.unknown_2", "44");
    assert_value(&b, "energy.unknown_3", "59");
    bench_read(&b, "50B#000006C0000000");   /* 7 bytes tell nothing */
    bench_read(&b, "5EB#E00FFFFFFFFFFFFF"); /* nor does 5EB: e-NV200 and ZE1 have it */
    bench_good(&b, "5BC#36032C3BAA052028");
    assert_value(&b, "battery.temperature", "-");

    bench_read(&b, ZE0_WAKES);
    bench_good(&b, "5BC#36032C3BAA052028");
    assert_value(&b, "battery.temperature", "19");
    assert_value(&b, "energy.unknown_3", "-");

    bench_good(&b, AZE0_QC); /* outranks the length of 50B */
    bench_good(&b, "5BC#1000F078C5025FFF");
    assert_value(&b, "battery.temperature_gauge", "50.0");
    assert_value(&b, "charge.time_kind", "6kw-80");
    bench_read(&b, ZE0_WAKES); /* a lower rank changes nothing any more */
    bench_good(&b, "5BC#1000F078C5025FFF");
    assert_value(&b, "battery.temperature", "-");

    bench_read(&b, ZE1_LIVES); /* and 1C2 or 1ED outrank 59E, which a ZE1 has too */
    bench_good(&b, "59E#0000252FA00000AC");
    assert_value(&b, "battery.soc_displayed", "86.0");
    bench_good(&b, AZE0_QC);
    assert_value(&b, "battery.soc_displayed", "100.0");
}

static void test_1ED_alone_means_ze1(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "leaf-battery");
    bench_good(&b, "1ED#FFE068");
    bench_good(&b, "1DB#9520B92A00CA9094");
    assert_value(&b, "battery.current_wide", "-427.5");
}

static void test_a_generation_that_the_user_gave_is_not_changed_by_frames(void **state) {
    (void)state;
    struct bench b;
    bench_leaf(&b, "ze0");
    bench_read(&b, ZE1_LIVES);
    bench_good(&b, AZE0_QC);
    bench_good(&b, "5BC#36032C3BAA052028");
    assert_value(&b, "battery.temperature", "19");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_1DB_worked_frame_charging),
        cmocka_unit_test(test_1DB_current_is_negative_when_driving),
        cmocka_unit_test(test_1DB_start_frame_gives_no_current_and_no_voltage),
        cmocka_unit_test(test_1DB_usable_soc_is_absent_where_the_car_does_not_send_it),
        cmocka_unit_test(test_1DB_of_a_62_kwh_pack_repeats_the_current_in_12_bits),
        cmocka_unit_test(test_1DB_failsafe_names_its_bits),
        cmocka_unit_test(test_1DC_gives_limits_in_watt),
        cmocka_unit_test(test_1DC_start_frame_has_no_limits),
        cmocka_unit_test(test_1ED_has_the_offset_of_1DC),
        cmocka_unit_test(test_55B_gives_charge_and_insulation),
        cmocka_unit_test(test_5BC_of_a_ze0_has_temperature_capacity_and_plain_bars),
        cmocka_unit_test(test_5BC_alternates_between_remaining_and_full),
        cmocka_unit_test(test_5BC_high_nibble_becomes_12_bars_by_the_table),
        cmocka_unit_test(test_59E_gives_energy_for_quick_chargers),
        cmocka_unit_test(test_5C0_sorts_history_by_kind),
        cmocka_unit_test(test_5C0_of_a_ze1_is_shown_raw_with_its_page),
        cmocka_unit_test(test_bad_crc_gives_no_sample),
        cmocka_unit_test(test_a_counter_that_stands_still_is_a_fault),
        cmocka_unit_test(test_cut_off_frames_are_a_length_fault),
        cmocka_unit_test(test_a_voltage_beyond_the_limits_is_marked),
        cmocka_unit_test(test_powers_and_energies_beyond_any_leaf_are_marked),
        cmocka_unit_test(test_generation_is_known_by_the_frames_on_the_bus),
        cmocka_unit_test(test_1ED_alone_means_ze1),
        cmocka_unit_test(test_a_generation_that_the_user_gave_is_not_changed_by_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
