/* test_sim_openevse.c - the simulated OpenEVSE: the exchanges of reference/rapi.md section 7 byte by
 * byte. What else it does: test_sim_openevse_box.c.
 *
 * Three exchanges differ, on purpose: 11, 12 and 56 print the vflags without 0400 ("connected
 * before"), which every real box sets while a car is there (firmware 8.2.3; users of its gateway
 * report "03 94 03 0540"): here the same lines have 0540 and 0500, their checksums worked out by hand.
 * 23 has a counter of ff, which only an EEPROM before firmware 3.9.0 can hold: RAPI 1.0.3 gives the
 * numbers, without a checksum, and 5.2.1 the form.
 * SPDX-License-Identifier: MIT */
#include "boxrun.h"

#include "sim/openevse.h"

/* ---- section 7: the exchanges ---- */

static void test_exchanges_1_to_9_versions_checksums_and_sequence_ids(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$GV^35", "$OK 8.2.3 5.2.1^2F\r");         /* 1 */
    says(&b, "$GV*C1", "$OK 8.2.3 5.2.1^2F\r");         /* 2 */
    says(&b, "$GV", "$OK 8.2.3 5.2.1^2F\r");            /* 3 */
    says(&b, "$GV :5A^5B", "$OK 8.2.3 5.2.1 :5A^41\r"); /* 5 */
    says(&b, "$GV :00^2F", "$OK 8.2.3 5.2.1^2F\r");     /* 6 */
    says(&b, "$GV^00", "$NK^21\r");                     /* 7 */
    says(&b, "$QQ^24", "$NK^21\r");                     /* 8 */
    says(&b, "$QQ :11^3E", "$NK :11^3B\r");             /* 9 */
    start_box(&b, "1.0.3");
    says(&b, "$GV^35", "$OK D3.8.4 1.0.3\r"); /* 4 */
}

static void test_exchanges_10_to_12_the_state_since_5_0_0(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$GS^30", "$OK 01 0 01 0200^12\r"); /* 10 */
    charge(&b);
    wait_ms(&b, 754000);
    says(&b, "$GS^30", "$OK 03 754 03 0540^17\r"); /* 11 */
    wait_ms(&b, 1065900);
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    says(&b, "$FS^31", "$OK^20\r$AT fe 02 24 0500^33\r");
    says(&b, "$GS^30", "$OK fe 1820 02 0500^2F\r"); /* 12 */
}

static void test_exchanges_13_to_15_the_state_before_5_0_0(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "2.0.0");
    charge(&b);
    wait_ms(&b, 754000);
    says(&b, "$GS^30", "$OK 3 754^25\r"); /* 13 */
    start_box(&b, "4.0.1");
    charge(&b);
    wait_ms(&b, 1819900);
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    says(&b, "$FS^31", "$ST fe^00\r$OK^20\r");
    says(&b, "$GS^30", "$OK 254 1820^18\r"); /* 14 */
    start_box(&b, "1.0.3");
    charge(&b);
    wait_ms(&b, 754000);
    says(&b, "$GS*BE", "$OK 3 754\r"); /* 15 */
}

static void test_exchanges_16_to_18_currents_and_flags(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SL 2^29", "$OK^20\r");
    says(&b, "$SC 32", "$OK 32^01\r$AT 01 01 32 0200^32\r");
    says(&b, "$GE^26", "$OK 32 0021^22\r"); /* 16 */
    says(&b, "$SC 16 V", "$OK 16^07\r$AT 01 01 16 0200^34\r");
    says(&b, "$GC^20", "$OK 6 80 16 32^18\r"); /* 17 */
    start_box(&b, "4.0.1");
    says(&b, "$GC^20", "$OK 6 80^1E\r"); /* 18 */
}

static void test_exchanges_19_and_20_current_and_voltage(void **state) {
    (void)state;
    struct box b;
    open_box(&b, "5.2.1");
    run_set(&b.r, "options", "ammeter+voltmeter");
    run_set(&b.r, "car-current", "15980");
    run_set(&b.r, "voltage", "239800");
    run_start(&b.r, 0);
    charge(&b);
    wait_ms(&b, 10000);
    says(&b, "$GG^24", "$OK 15980 239800^15\r"); /* 19 */
    start_with(&b, "4.0.1", "none");
    says(&b, "$GG^24", "$OK -1 -1^20\r"); /* 20 */
}

static void test_exchange_21_temperatures(void **state) {
    (void)state;
    struct box b;
    open_box(&b, "5.2.1");
    run_set(&b.r, "options", "ds3231+tmp007");
    run_set(&b.r, "temperature", "253");
    run_set(&b.r, "infrared", "0");
    run_start(&b.r, 0);
    says(&b, "$GP^33", "$OK 253 -2560 0^28\r");
}

/* 17 A at 240 V are 4080 W, 102 Ws in 25 ms. The ramp of 1 A each 250 ms takes 10 * 6 Ws * (1 + 2 +
 * ... + 16) = 8160 Ws and begins in the tenth step behind the closing. (12240000 - 8160) / 102 =
 * 119920 steps of 17 A follow: 169 + 119920 = 120089 steps are 3002225 ms. */
static void test_exchange_22_energy_is_voltage_times_current_times_time(void **state) {
    (void)state;
    struct box b;
    open_box(&b, "5.2.1");
    run_set(&b.r, "car-current", "17000");
    run_start(&b.r, 0);
    says(&b, "$SK 313857", "$OK^20\r");
    charge(&b);
    wait_ms(&b, 3002225);
    change(&b, "car", "away");
    wait_ms(&b, 1000);
    says(&b, "$GU^36", "$OK 12240000 317257^20\r");
}

/* Ten times without ground: each trips a second behind the closing. */
static void trip_ground(struct box *b, int times) {
    for (int i = 0; i < times; i++) {
        change(b, "car", "ready");
        wait_ms(b, 4000);
        change(b, "car", "away");
        wait_ms(b, 1000);
    }
}

static void test_exchange_23_fault_counters(void **state) {
    (void)state;
    struct box b;
    open_box(&b, "1.0.3");
    run_set(&b.r, "fault", "no-ground");
    run_start(&b.r, 0);
    says(&b, "$GF", "$OK 0 ff ff\r"); /* never written */
    trip_ground(&b, 10);
    says(&b, "$GF", "$OK 0 a ff\r");
    open_box(&b, "5.2.1");
    run_set(&b.r, "fault", "no-ground");
    run_start(&b.r, 0);
    trip_ground(&b, 10);
    says(&b, "$GF^25", "$OK 0 a 0^61\r");
}

static void test_exchanges_24_to_26_the_clock(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "rtc");
    says(&b, "$S1 26 11 20 17 39 11", "$OK^20\r");
    says(&b, "$GT^37", "$OK 26 11 20 17 39 11^2A\r"); /* 24 */
    says(&b, "$S1 26 11 20 17 40 0^72", "$OK^20\r");  /* 26 */
    start_box(&b, "5.2.1");
    says(&b, "$GT^37", "$OK 165 165 165 165 165 85^1F\r"); /* 25 */
}

static void test_exchanges_27_to_29_limits(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$S3 4^50", "$NK^21\r"); /* 28: nobody is connected */
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    says(&b, "$S3 4^50", "$OK^20\r$AT 02 02 24 0710^31\r");
    says(&b, "$G3^50", "$OK 4^34\r"); /* 27 */
    says(&b, "$SH 10^1E", "$OK^20\r$AT 02 02 24 2710^33\r");
    says(&b, "$GH^2B", "$OK 10^01\r"); /* 29 */
}

static void test_exchanges_30_to_34_the_current(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SC 16^13", "$OK 16^07\r$AT 01 01 16 0200^34\r");   /* 30 */
    says(&b, "$SC 10 V^63", "$OK 10^01\r$AT 01 01 10 0200^32\r"); /* 31 */
    says(&b, "$SC 3^27", "$NK 6^37\r$AT 01 01 6 0200^05\r");      /* 32 */
    says(&b, "$SC 90^1D", "$NK 80^09\r$AT 01 01 80 0200^3B\r");   /* 33 */
    says(&b, "$SC 32 M", "$OK 32^01\r$AT 01 01 32 0200^32\r");
    says(&b, "$SC 40 M^7D", "$NK 32^00\r"); /* 34 */
}

static void test_exchanges_35_to_37_enable_sleep_disable(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$FE^27", "$OK^20\r"); /* 35 */
    says(&b, "$SC 32", "$OK 32^01\r$AT 01 01 32 0200^32\r");
    says(&b, "$FS^31", "$OK^20\r$AT fe 01 32 0200^30\r"); /* 36 */
    says(&b, "$FD^26", "$OK^20\r$AT ff 01 32 0200^33\r"); /* 35 */
    start_box(&b, "4.0.1");
    says(&b, "$FS^31", "$ST fe^00\r$OK^20\r"); /* 37 */
}

static void test_exchanges_38_to_40_switches_and_levels(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "4.0.1");
    says(&b, "$FF D 0^50", "$OK^20\r"); /* 38 */
    says(&b, "$FF G 1^52", "$OK^20\r");
    start_box(&b, "5.2.1");
    says(&b, "$FF D 0^50", "$OK^20\r");
    says(&b, "$FF G 1^52", "$OK^20\r");
    says(&b, "$GE", "$OK 24 0003^25\r");
    says(&b, "$SL 2^29", "$OK^20\r"); /* 40 */
    says(&b, "$SL A^5A", "$OK^20\r");
    start_with(&b, "5.2.1", "ammeter");
    says(&b, "$SL A^5A", "$NK^21\r");
    start_box(&b, "1.0.3");
    says(&b, "$SD 0^23", "$OK \r"); /* 39 */
    says(&b, "$SG 1^21", "$OK \r");
}

static void test_exchanges_41_and_42_the_delay_timer(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$ST 23 0 6 30^27", "$OK^20\r"); /* 41 */
    says(&b, "$GD^27", "$OK 23 0 6 30^24\r");
    says(&b, "$ST 0 0 0 0^23", "$OK^20\r"); /* 42 */
    says(&b, "$GD^27", "$OK 0 0 0 0^20\r");
}

static void test_exchange_43_the_heartbeat(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SY 100 6^29", "$OK 100 6 0^37\r");
    says(&b, "$SY^2E", "$OK 100 6 0^37\r");
    wait_ms(&b, 34400);
    hears(&b, "");
    wait_ms(&b, 100); /* 100 000 ms in 16 bits */
    hears(&b, "$AT 01 01 6 0200^05\r");
    says(&b, "$SY^2E", "$NK 100 6 2^34\r");
    says(&b, "$SY 165^3C", "$OK 100 6 1^36\r$AT 01 01 24 0200^35\r");
}

static void test_exchanges_44_to_49_meters_and_the_rest(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    says(&b, "$G0^53", "$OK 1^31\r");     /* 44 */
    says(&b, "$GA^22", "$OK 220 0^20\r"); /* 45 */
    says(&b, "$SA 225 0^33", "$OK^20\r");
    says(&b, "$GI^2A", "$OK  ABCDEFFF0A1B2C^54\r"); /* 47 */
    says(&b, "$SK 0^2C", "$OK^20\r");               /* 48 */
    says(&b, "$SV 223576^06", "$OK^20\r");          /* 49 */
    start_with(&b, "5.2.1", "ammeter+voltmeter");
    says(&b, "$GM^2E", "$OK 298 12018^29\r"); /* 46 */
    says(&b, "$SM 298 12018^33", "$OK^20\r");
}

static void test_exchanges_50_to_53_display_and_locks(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "lock+bootlock+mennekes");
    says(&b, "$F0 0^42", "$OK^20\r"); /* 50 */
    says(&b, "$FB 6^36", "$OK^20\r");
    says(&b, "$FP 0 1 HELLO^51", "$OK^20\r");
    says(&b, "$GS", "$OK 00 0 00 4200^16\r");
    says(&b, "$SB^35", "$OK 0^30\r"); /* 51 */
    wait_ms(&b, 1000);
    says(&b, "$GS", "$OK 01 0 01 0200^12\r");
    says(&b, "$S4 1^52", "$OK^20\r$AT 01 01 24 0208^3D\r"); /* 52 */
    says(&b, "$G4^57", "$OK 1^31\r");
    says(&b, "$S5 M^2F", "$OK^20\r"); /* 53 */
    says(&b, "$G5^56", "$OK 0 M^5D\r");
}

static void test_exchanges_54_to_57_boot_and_transitions(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$FR", "");
    wait_ms(&b, 10000);
    hears(&b, "$AT 00 00 0 0200^03\r"
              "$AB 00 8.2.3^1E\r" /* 54 */
              "$AT 01 01 24 0200^35\r");
    change(&b, "fault", "stuck-relay");
    says(&b, "$FR", "");
    wait_ms(&b, 10000);
    hears(&b, "$AT 00 00 0 0200^03\r"
              "$AB 08 8.2.3^16\r" /* 55 */
              "$AT 08 00 24 0202^3F\r");
    start_box(&b, "5.2.1");
    says(&b, "$SC 16", "$OK 16^07\r$AT 01 01 16 0200^34\r");
    change(&b, "car", "ready");
    wait_ms(&b, 3000);
    hears(&b, "$AT 02 02 16 0700^31\r$AT 03 03 16 0540^37\r"); /* 56 */
    start_box(&b, "4.0.1");
    change(&b, "car", "ready");
    wait_ms(&b, 3000);
    hears(&b, "$ST 02^01\r$ST 03^00\r"); /* 57 */
    start_box(&b, "2.0.0");
    change(&b, "car", "ready");
    wait_ms(&b, 3000);
    hears(&b, "$ST 02\r$ST 03\r");
}

static void test_exchanges_58_and_59_the_button(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$FF B 0", "$OK^20\r");
    change(&b, "button", "short");
    hears(&b, "$AN 0^3B\r"); /* 58 */
    change(&b, "button", "long");
    hears(&b, "$AN 1^3A\r");
    change(&b, "button", "wifi");
    hears(&b, "$WF 02^17\r"); /* 59 */
}

static void test_exchanges_60_to_62_of_rapi_6(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "6.0.0");
    says(&b, "$GZ^39", "$OK 6012 200^17\r"); /* 60 */
    says(&b, "$SR 2 0^27", "$OK^20\r");      /* 61 */
    says(&b, "$GR^31", "$OK 1 0 1^30\r");
    says(&b, "$FO 705^3F", "$OK^20\r"); /* 62 */
    says(&b, "$GO^2C", "$OK 705^32\r");
}

/* The relay opens `times` times while so much flows. */
static void open_relay(struct box *b, int times, const char *ma) {
    change(b, "car-current", ma);
    change(b, "car", "ready");
    for (int i = 0; i < times; i++) {
        (void)answer_of(b, "$FE");
        wait_ms(b, 4500);
        assert_true(begins(answer_of(b, "$GS"), "$OK 03"));
        (void)answer_of(b, "$FD");
    }
}

/* A cold opening wears 20 millionths, a hot one 130: 1204 * 20 + 31 * 130 = 28110. */
static void test_exchanges_63_and_64_the_health_of_the_relay(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "6.0.0");
    says(&b, "$SZ 100", "$OK^20\r");
    open_relay(&b, 3, "180");
    says(&b, "$GW^34", "$OK 3 180 11 8^12\r"); /* 63 */
    says(&b, "$FH", "$OK^20\r");
    open_relay(&b, 31, "1000");
    open_relay(&b, 1204, "0");
    says(&b, "$GL^2F", "$OK 97 1204 28110 9 0 65535 65535 0 0^3A\r"); /* 64 */
}

/* ---- the documentation ---- */

static void add_words(char *text, size_t size, uint32_t bits, const char *before) {
    static const char *const words[] = {
#define X(name, word) word,
        OPENEVSE_OPTIONS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bits >> i & 1) {
            size_t n = strlen(text);
            snprintf(text + n, size - n, "%s%s%s", n ? ", " : "", before, words[i]);
        }
    }
}

static void row_text(const struct openevse_command *c, char *line, size_t size) {
    static const uint32_t versions[] = {VB_VERSION(1, 0, 3), VB_VERSION(2, 0, 0),
                                        VB_VERSION(3, 0, 1), VB_VERSION(4, 0, 1),
                                        VB_VERSION(5, 2, 1), VB_VERSION(6, 0, 0)};
    char options[100] = "";
    char count[12];
    size_t n = (size_t)snprintf(line, size, "\n| `%s` | %s |", c->code, c->what);
    for (size_t i = 0; i < 6; i++) {
        bool has = openevse_command_in(c, versions[i], c->options);
        n += (size_t)snprintf(line + n, size - n, "%s|", has ? " x " : " ");
    }
    add_words(options, sizeof options, c->options, "");
    add_words(options, sizeof options, c->without, "not ");
    snprintf(count, sizeof count,
             c->most == c->least ? "%u"
             : c->most == 9      ? "any"
                                 : "%u to %u",
             c->least, c->most);
    snprintf(line + n, size - n, " %s |%s%s |", count, options[0] ? " " : "", options);
}

/* Written by hand there, so looked up here: each command with its versions, parameters, options. */
static void test_each_command_stands_in_the_documentation(void **state) {
    (void)state;
    static char text[65536];
    unsigned missing = 0;
    FILE *file = fopen(TEST_DIR "/../docs/simulators.md", "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_in_range(n, 1, sizeof text - 2);
    for (size_t i = 0; i < openevse_command_count; i++) {
        char line[200];
        row_text(&openevse_commands[i], line, sizeof line);
        if (!strstr(text, line)) {
            print_error("%s", line);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchanges_1_to_9_versions_checksums_and_sequence_ids),
        cmocka_unit_test(test_exchanges_10_to_12_the_state_since_5_0_0),
        cmocka_unit_test(test_exchanges_13_to_15_the_state_before_5_0_0),
        cmocka_unit_test(test_exchanges_16_to_18_currents_and_flags),
        cmocka_unit_test(test_exchanges_19_and_20_current_and_voltage),
        cmocka_unit_test(test_exchange_21_temperatures),
        cmocka_unit_test(test_exchange_22_energy_is_voltage_times_current_times_time),
        cmocka_unit_test(test_exchange_23_fault_counters),
        cmocka_unit_test(test_exchanges_24_to_26_the_clock),
        cmocka_unit_test(test_exchanges_27_to_29_limits),
        cmocka_unit_test(test_exchanges_30_to_34_the_current),
        cmocka_unit_test(test_exchanges_35_to_37_enable_sleep_disable),
        cmocka_unit_test(test_exchanges_38_to_40_switches_and_levels),
        cmocka_unit_test(test_exchanges_41_and_42_the_delay_timer),
        cmocka_unit_test(test_exchange_43_the_heartbeat),
        cmocka_unit_test(test_exchanges_44_to_49_meters_and_the_rest),
        cmocka_unit_test(test_exchanges_50_to_53_display_and_locks),
        cmocka_unit_test(test_exchanges_54_to_57_boot_and_transitions),
        cmocka_unit_test(test_exchanges_58_and_59_the_button),
        cmocka_unit_test(test_exchanges_60_to_62_of_rapi_6),
        cmocka_unit_test(test_exchanges_63_and_64_the_health_of_the_relay),
        cmocka_unit_test(test_each_command_stands_in_the_documentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
