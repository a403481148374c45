/* test_sim_openevse_box.c - the simulated OpenEVSE as a box: what it does when things happen to it
 * (reference/rapi.md section 5), its quirks (section 6), how it reads lines (sections 1 and 4), and
 * that what it counts adds up.
 * SPDX-License-Identifier: MIT */
#include "boxrun.h"

/* ---- lines ---- */

static void test_lines_are_read_whole_or_byte_by_byte_and_a_half_one_is_no_line(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    static const char line[] = "$GV^35\r";
    for (size_t i = 0; i < sizeof line - 1; i++) {
        hears(&b, "");
        run_feed(&b.r, line + i, 1);
    }
    hears(&b, "$OK 8.2.3 5.2.1^2F\r");
    run_feed(&b.r, line, sizeof line - 2);
    wait_ms(&b, 10000);
    hears(&b, "");
    run_feed(&b.r, "\r", 1);
    hears(&b, "$OK 8.2.3 5.2.1^2F\r");
}

static void test_many_lines_at_once_are_all_answered(void **state) {
    (void)state;
    struct box b;
    char lines[100 * 8 + 1] = "";
    start_box(&b, "5.2.1");
    for (int i = 0; i < 100; i++) {
        strcat(lines, i == 99 ? "$GV^35\r" : "$FE^27\r");
    }
    run_feed(&b.r, lines, strlen(lines));
    const char *text = said(&b);
    for (int i = 0; i < 99; i++) {
        assert_true(begins(text, "$OK^20\r"));
        text += 7;
    }
    assert_string_equal(text, "$OK 8.2.3 5.2.1^2F\r");
}

static void test_a_dollar_begins_anew_and_what_stands_outside_lines_is_ignored(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$GS$GV^35", "$OK 8.2.3 5.2.1^2F\r");
    says(&b, "$$GV^35", "$OK 8.2.3 5.2.1^2F\r");
    says(&b, "GS^30", "");
    says(&b, "\n$GV^35", "$OK 8.2.3 5.2.1^2F\r");
    says(&b, "\xff\x01 hello $GV^35", "$OK 8.2.3 5.2.1^2F\r");
    says(&b, "$", "");
    says(&b, "$G", "$NK^21\r");
}

static void test_a_line_that_is_too_long_is_dropped_without_a_word(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1"); /* 31 characters */
    says(&b, "$FP 0 0 12345678901234567890123", "$OK^20\r");
    says(&b, "$FP 0 0 123456789012345678901234", "");
    says(&b, "$GV^35", "$OK 8.2.3 5.2.1^2F\r");
    start_box(&b, "2.0.0"); /* 29 */
    says(&b, "$FP 0 0 123456789012345678901", "$OK^20\r");
    says(&b, "$FP 0 0 1234567890123456789012", "");
    start_box(&b, "6.0.0"); /* 39 */
    says(&b, "$FP 0 0 1234567890123456789012345678901", "$OK^20\r");
    says(&b, "$FP 0 0 12345678901234567890123456789012", "");
}

static void test_ten_pieces_are_a_command_and_eleven_are_not(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$FP 0 1 a b c d e f g", "$OK^20\r");
    says(&b, "$FP 0 1 a b c d e f g h", "$NK^21\r");
    says(&b, "$FP 0 1 a b c d e f g :11", "$NK^21\r");
    says(&b, "$FP 0 1 a b c d e f :11", "$OK :11^3A\r");
}

static void test_checksums_are_looked_at_as_each_version_does(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "2.0.0");
    says(&b, "$GG*b2", "$OK 0 -1^0C\r"); /* lower case */
    says(&b, "$GG*B2", "$OK 0 -1^0C\r");
    says(&b, "$GG*B3", "$NK^21\r");
    says(&b, "$GG*B2xx", "$OK 0 -1^0C\r"); /* nobody looks behind two digits */
    start_box(&b, "1.0.3");
    says(&b, "$GG*B2", "$OK 0 -1\r");
    says(&b, "$GG*b2", "$NK \r");
}

static void test_sequence_ids_come_back_where_the_build_has_them(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "4.0.1");
    says(&b, "$FE :5a", "$OK :5A^4E\r");
    says(&b, "$FE :5A^49", "$OK :5A^4E\r");
    start_with(&b, "4.0.1", "ammeter");
    says(&b, "$FE :5A^49", "$OK^20\r");    /* one parameter more, which $FE does not count */
    says(&b, "$SC 16 :11", "$OK 16^07\r"); /* and so this is a passing one */
    start_box(&b, "2.0.0");
    says(&b, "$SC 16 :11", "$NK^21\r");
    start_with(&b, "5.2.1", "ammeter");
    says(&b, "$FE :5A^49", "$OK :5A^4E\r");
}

static void test_numbers_are_read_without_looking(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SA 220 -5", "$OK^20\r"); /* '-' is -3: -3 * 10 + 5 */
    says(&b, "$GA", "$OK 220 -25^3A\r");
    says(&b, "$SC 1.6", "$NK 80^09\r$AT 01 01 80 0200^3B\r"); /* 1, -2, 6: 86 */
    says(&b, "$SC 266", "$OK 10^01\r$AT 01 01 10 0200^32\r"); /* eight bits */
    says(&b, "$SK 4294967297", "$OK^20\r");
    says(&b, "$GU", "$OK 0 1^21\r");
    says(&b, "$SK", "$OK^20\r"); /* what the last command left in memory */
    start_box(&b, "6.0.0");
    says(&b, "$SA 220 -5", "$OK^20\r");
    says(&b, "$GA", "$OK 220 -5^08\r");
}

static void test_only_the_first_two_letters_are_the_command(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$GVX", "$OK 8.2.3 5.2.1^2F\r");
    says(&b, "$gv", "$NK^21\r");
    says(&b, "$S7 1", "$NK^21\r"); /* forks */
    says(&b, "$S8 0", "$NK^21\r");
    says(&b, "$G7", "$NK^21\r");
}

/* ---- versions ---- */

static void test_1_0_3_takes_malformed_settings_for_good_ones(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "1.0.3");
    says(&b, "$S0", "$OK \r");
    says(&b, "$S9 1", "$OK \r");
    says(&b, "$SL X", "$NK \r");
    says(&b, "$GX", "$NK \r");
    says(&b, "$FX", "$NK \r");
    says(&b, "$SC 3", "$NK \r");
    says(&b, "$GE", "$OK 6 0001\r");
    start_box(&b, "2.0.0");
    says(&b, "$S0", "$NK^21\r");
    says(&b, "$SC 16", "$OK^20\r"); /* the number came with 2.0.3 */
}

/* Which version has which, out of section 4. */
static void test_each_version_has_its_commands(void **state) {
    (void)state;
    static const char *const versions[] = {"1.0.3", "2.0.0", "3.0.1", "4.0.1", "5.2.1", "6.0.0"};
    static const struct {
        const char *line, *has; /* a digit for each version */
    } rows[] = {
        {"$GV", "111111"},     {"$GU", "111111"},     {"$GP", "111111"},      {"$FF D 1", "000111"},
        {"$FF B 1", "000011"}, {"$FF Z 1", "000001"}, {"$FF O 1", "000001"},  {"$FF X 1", "000000"},
        {"$FF D 2", "000000"}, {"$SD 1", "111000"},   {"$SE 0", "111000"},    {"$SF 1", "111000"},
        {"$SG 1", "111000"},   {"$SS 1", "110000"},   {"$SV 1", "111011"},    {"$SR 1", "111000"},
        {"$SR 1 1", "100001"}, {"$F0 1", "001111"},   {"$F1", "000111"},      {"$F1", "000111"},
        {"$G0", "001111"},     {"$GD", "001111"},     {"$GY", "000011"},      {"$SY", "100011"},
        {"$GI", "000011"},     {"$G5", "000011"},     {"$S2 0", "111100"},    {"$GR", "000001"},
        {"$GO", "000001"},     {"$GZ", "000001"},     {"$GW", "000001"},      {"$GL", "000001"},
        {"$FH", "000001"},     {"$SZ 200", "100001"}, {"$FC", "000001"},      {"$FO 710", "000001"},
        {"$FO 0", "000000"},   {"$FO -5", "000000"},  {"$SB", "100000"},      {"$T0 5", "000000"},
        {"$Z0 5 6", "000000"}, {"$GM", "000000"},     {"$G4", "000000"},      {"$FB", "110000"},
        {"$FB 3", "111111"},   {"$FP 0 0", "110000"}, {"$FP 0 0 x", "111111"}};
    for (size_t v = 0; v < 6; v++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct box b;
            start_box(&b, versions[v]);
            const char *text = answer_of(&b, rows[i].line);
            const char *reply = strstr(text, rows[i].has[v] == '1' ? "$OK" : "$NK");
            if (!reply) {
                fail_msg("%s: %s is answered %s", versions[v], rows[i].line, text);
            }
        }
    }
}

static void test_options_bring_their_commands(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "voltmeter+lock+fake-current+relay-tuning+thresholds");
    says(&b, "$GM", "$OK 298 12018^29\r");
    says(&b, "$G4", "$OK 0^30\r");
    says(&b, "$T0 12", "$OK^20\r");
    says(&b, "$GO", "$OK 650 650^20\r");
    says(&b, "$Z0 50 128", "\nZ0 50 128\r\n$OK^20\r");
    says(&b, "$SV 230000", "$NK^21\r"); /* it measures */
    says(&b, "$GU", "$NK^21\r");        /* no ammeter */
    says(&b, "$GG", "$OK -1 240000^3A\r");
    change(&b, "car", "ready");
    wait_ms(&b, 3000);
    assert_non_null(strstr(said(&b), "\nrelayCloseMs: 50\r\nrelayHoldPwm: 128\r\n"));
    start_with(&b, "3.0.1", "thresholds");
    says(&b, "$SO 600 610", "$OK^20\r");
    says(&b, "$GO", "$OK 600 610^21\r");
    says(&b, "$S3 1", "$NK^21\r"); /* no limits */
}

/* ---- echo ---- */

static void test_echo_that_should_go_off_goes_on(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "4.0.1");
    says(&b, "$FF E 0^51", "$OK^20\r\n");
    says(&b, "$GS^30", "$GS^30\r$OK 1 0^21\r\n");
    says(&b, "$FF E 0^51", "$FF E 0^51\r$OK^20\r\n");
    open_box(&b, "5.2.1");
    run_set(&b.r, "echo-bug", "off");
    run_start(&b.r, 0);
    says(&b, "$FF E 1", "$OK^20\r\n");
    says(&b, "$FF E 0", "$FF E 0\r$OK^20\r");
    says(&b, "$GV", "$OK 8.2.3 5.2.1^2F\r");
    start_box(&b, "2.0.0");
    says(&b, "$SE 1", "$OK^20\r\n");
    says(&b, "$SE 0", "$SE 0\r$OK^20\r");
    says(&b, "$GC", "$OK 6 80^1E\r");
}

/* ---- news ---- */

static void test_news_can_be_turned_off(void **state) {
    (void)state;
    struct box b;
    open_box(&b, "5.2.1");
    run_set(&b.r, "notifications", "off");
    run_start(&b.r, 0);
    says(&b, "$FS", "$OK^20\r");
    says(&b, "$FR", "");
    wait_ms(&b, 10000);
    change(&b, "button", "wifi");
    hears(&b, "");
    change(&b, "notifications", "on");
    says(&b, "$FS", "$OK^20\r$AT fe 01 24 0200^37\r");
}

static void test_old_boxes_say_st_and_1_x_and_2_0_0_without_a_checksum(void **state) {
    (void)state;
    static const struct {
        const char *rapi, *news;
    } rows[] = {{"1.0.3", "$ST 00\r$ST 01\r"},
                {"2.0.0", "$ST 00\r$ST 01\r"},
                {"3.0.1", "$ST 00^03\r$ST 01^02\r"},
                {"4.0.1", "$ST 00^03\r$ST 01^02\r"}};
    for (size_t i = 0; i < 4; i++) {
        struct box b;
        start_box(&b, rows[i].rapi);
        says(&b, "$FR", "");
        wait_ms(&b, 10000);
        hears(&b, rows[i].news);
        change(&b, "button", "wifi");
        hears(&b, i < 2 ? "$WF 02\r" : "$WF 02^17\r");
    }
}

/* ---- boot ---- */

static void test_a_restart_is_not_answered_and_nothing_is_heard_until_it_is_over(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$FR^30", "");
    says(&b, "$GV^35", "");
    wait_ms(&b, 1800);
    hears(&b, "");
    wait_ms(&b, 200);
    hears(&b, "$AT 00 00 0 0200^03\r");
    says(&b, "$GV^35", "");
    wait_ms(&b, 2000);
    hears(&b, "$AB 00 8.2.3^1E\r$AT 01 01 24 0200^35\r");
    says(&b, "$GV^35", "$OK 8.2.3 5.2.1^2F\r");
}

static void test_while_charging_a_restart_gives_the_car_three_seconds(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    charge(&b);
    wait_ms(&b, 5000);
    says(&b, "$FR", "");
    wait_ms(&b, 4800);
    hears(&b, "");
    wait_ms(&b, 200);
    hears(&b, "$AT 00 00 0 0200^03\r");
}

static void test_what_is_saved_survives_a_restart_and_the_rest_does_not(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SC 20", "$OK 20^02\r$AT 01 01 20 0200^31\r");
    says(&b, "$SC 10 V", "$OK 10^01\r$AT 01 01 10 0200^32\r");
    says(&b, "$SC 40 M", "$OK 40^04\r");
    says(&b, "$SK 4711", "$OK^20\r");
    says(&b, "$FF D 0", "$OK^20\r");
    says(&b, "$SY 100 6", "$OK 100 6 0^37\r");
    says(&b, "$SV 230000", "$OK^20\r");
    says(&b, "$ST 23 0 6 30", "$OK^20\r");
    says(&b, "$SA 225 3", "$OK^20\r");
    says(&b, "$FF E 1", "$OK^20\r\n");
    (void)answer_of(&b, "$FR");
    wait_ms(&b, 10000);
    says(&b, "$GC", "$OK 6 40 20 20^12\r");
    says(&b, "$GU", "$OK 0 4711^13\r");
    says(&b, "$GE", "$OK 20 0003^21\r");
    says(&b, "$GY", "$OK 100 6 0^37\r");
    says(&b, "$GG", "$OK 0 240000^16\r");
    says(&b, "$GD", "$OK 23 0 6 30^24\r");
    says(&b, "$GA", "$OK 225 3^26\r");
    says(&b, "$SC 41 M", "$NK 40^05\r");
    says(&b, "$GS", "$OK 01 0 01 1200^13\r"); /* the timer is on */
}

static void test_a_self_test_that_fails_is_told_and_stays_until_the_next(void **state) {
    (void)state;
    static const struct {
        const char *fault, *news, *off;
    } rows[] = {
        {"no-ground", "$AB 07 8.2.3^19\r$AT 07 00 24 0202^30\r", "$FF G 0"},
        {"stuck-relay", "$AB 08 8.2.3^16\r$AT 08 00 24 0202^3F\r", "$FF R 0"},
        {"gfi-test", "$AB 09 8.2.3^17\r$AT 09 00 24 0202^3E\r", "$FF F 0"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct box b;
        start_box(&b, "5.2.1");
        change(&b, "fault", rows[i].fault);
        says(&b, "$FR", "");
        wait_ms(&b, 2000);
        hears(&b, "$AT 00 00 0 0200^03\r");
        wait_ms(&b, 2000);
        hears(&b, rows[i].news);
        says(&b, "$FP 0 0 x", "$NK^21\r"); /* not in a hard fault */
        change(&b, "fault", "none");
        wait_ms(&b, 60000);
        hears(&b, "");
        change(&b, "fault", rows[i].fault);
        says(&b, rows[i].off, "$OK^20\r");
        says(&b, "$FR", "");
        wait_ms(&b, 10000);
        hears(&b, "$AT 00 00 0 0200^03\r$AB 00 8.2.3^1E\r$AT 01 01 24 0200^35\r");
    }
}

static void test_a_boot_lock_holds_until_it_is_cleared(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "ammeter+bootlock");
    change(&b, "car", "ready");
    wait_ms(&b, 10000);
    hears(&b, "");
    says(&b, "$GS", "$OK 00 0 00 4700^13\r");
    says(&b, "$SB", "$OK 0^30\r");
    wait_ms(&b, 5000);
    hears(&b, "$AT 02 02 24 0700^30\r$AT 03 03 24 0540^36\r");
}

/* ---- plug, pilot, relay ---- */

static void test_a_car_is_believed_after_250_ms_and_its_going_after_25(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    change(&b, "car", "connected");
    wait_ms(&b, 250);
    says(&b, "$GS", "$OK 01 0 01 0700^17\r"); /* it feels the plug at once */
    hears(&b, "");
    wait_ms(&b, 50);
    hears(&b, "$AT 02 02 24 0700^30\r");
    change(&b, "car", "away");
    wait_ms(&b, 75);
    hears(&b, "$AT 01 01 24 0200^35\r");
}

static void test_the_relay_follows_the_car_and_current_flows_behind_it(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    change(&b, "car", "ready");
    until_state(&b, "$OK 02");
    says(&b, "$GG", "$OK 0 240000^16\r");
    until_state(&b, "$OK 03 0 03 0540");
    wait_ms(&b, 1000);
    says(&b, "$GG", "$OK 4000 240000^22\r"); /* 1 A each 250 ms */
    wait_ms(&b, 20000);
    says(&b, "$GG", "$OK 24000 240000^10\r"); /* what it is offered */
    says(&b, "$SC 10 V", "$OK 10^01\r$AT 03 03 10 0540^31\r");
    wait_ms(&b, 5000);
    says(&b, "$GG", "$OK 10000 240000^17\r");
    change(&b, "car-current", "7500");
    wait_ms(&b, 5000);
    says(&b, "$GG", "$OK 7500 240000^24\r"); /* what it can */
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    hears(&b, "$AT 02 02 10 0500^35\r");
    says(&b, "$GG", "$OK 0 240000^16\r");
    change(&b, "car", "ready");
    wait_ms(&b, 3000);
    hears(&b, "$AT 03 03 10 0540^31\r");
    change(&b, "car", "away"); /* somebody pulls it out */
    wait_ms(&b, 25);
    says(&b, "$GG", "$OK 0 240000^16\r");
    wait_ms(&b, 50);
    hears(&b, "$AT 01 01 10 0200^32\r");
}

static void test_sleep_lets_the_car_stop_before_the_relay_opens(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    charge(&b);
    wait_ms(&b, 10000);
    says(&b, "$FS", "$OK^20\r$AT fe 03 24 0540^36\r");
    until_state(&b, "$OK fe 10 03 0500");
    says(&b, "$G0", "$OK 1^31\r");
    wait_ms(&b, 60000);
    hears(&b, "");
    says(&b, "$GS", "$OK fe 10 03 0500^24\r");
    says(&b, "$FE", "$OK^20\r");
    wait_ms(&b, 5000);
    hears(&b, "$AT 02 02 24 0500^32\r$AT 03 03 24 0540^36\r");
    says(&b, "$FD", "$OK^20\r$AT ff 03 24 0500^31\r"); /* that opens it at once */
    says(&b, "$G0", "$OK 2^32\r");
    says(&b, "$GG", "$OK 0 240000^16\r");
}

static void test_the_button_puts_to_sleep_and_wakes(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$F1", "$OK^20\r$AT fe 01 24 0200^37\r");
    says(&b, "$F1", "$OK^20\r");
    wait_ms(&b, 500);
    hears(&b, "$AT 01 01 24 0200^35\r");
    change(&b, "button", "short");
    hears(&b, "$AT fe 01 24 0200^37\r");
    change(&b, "button", "short");
    wait_ms(&b, 500);
    hears(&b, "$AT 01 01 24 0200^35\r");
    says(&b, "$FF B 0", "$OK^20\r");
    says(&b, "$F1", "$OK^20\r$AT fe 01 24 0200^37\r"); /* which that does not stop */
}

static void test_a_lock_keeps_the_pilot_off(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "ammeter+lock");
    charge(&b);
    wait_ms(&b, 10000);
    says(&b, "$S4 1", "$OK^20\r$AT 02 03 24 0508^3B\r");
    wait_ms(&b, 10000);
    hears(&b, "$AT 02 02 24 0508^3A\r");
    says(&b, "$S4 0", "$OK^20\r$AT 02 02 24 0500^32\r");
    wait_ms(&b, 5000);
    hears(&b, "$AT 03 03 24 0540^36\r");
}

static void test_the_plug_is_bolted_while_a_car_is_there(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$G5", "$OK 0 A^51\r");
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    says(&b, "$G5", "$OK 1 A^50\r");
    says(&b, "$S5 M", "$OK^20\r");
    says(&b, "$S5 0", "$OK^20\r");
    wait_ms(&b, 1000);
    says(&b, "$G5", "$OK 0 M^5D\r");
    says(&b, "$S5 A", "$OK^20\r");
    wait_ms(&b, 1000);
    says(&b, "$G5", "$OK 1 A^50\r");
    says(&b, "$S5 X", "$NK^21\r");
}

/* ---- faults ---- */

static void test_a_gfci_trips_at_once_and_is_tried_again_after_five_minutes(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    charge(&b);
    wait_ms(&b, 10000);
    forget(&b);
    change(&b, "fault", "gfci");
    wait_ms(&b, 25);
    hears(&b, "$AT 06 03 24 0580^3F\r");
    says(&b, "$GF", "$OK 1 0 0^31\r");
    says(&b, "$GG", "$OK 0 240000^16\r");
    change(&b, "fault", "none");
    wait_ms(&b, 299000);
    hears(&b, "");
    wait_ms(&b, 5000);
    hears(&b, "$AT 02 02 24 0580^3A\r$AT 03 03 24 05c0^61\r");
    /* one that comes within two seconds of the closing is for good */
    says(&b, "$FS", "$OK^20\r$AT fe 03 24 05c0^61\r");
    wait_ms(&b, 5000);
    says(&b, "$FE", "$OK^20\r");
    until_state(&b, "$OK 03");
    forget(&b);
    change(&b, "fault", "gfci");
    wait_ms(&b, 25);
    hears(&b, "$AT 06 03 24 0582^3D\r");
    change(&b, "fault", "none");
    wait_ms(&b, 3600000);
    hears(&b, "");
    change(&b, "car", "away"); /* but for unplugging */
    wait_ms(&b, 500);
    hears(&b, "$AT 01 01 24 0280^3D\r");
    says(&b, "$GF", "$OK 2 0 0^32\r");
}

static void test_after_six_tries_a_gfci_fault_stays(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    charge(&b);
    for (int i = 0; i < 7; i++) {
        wait_ms(&b, 10000);
        change(&b, "fault", "gfci");
        wait_ms(&b, 1000);
        change(&b, "fault", "none");
        if (i < 6) {
            until_state(&b, "$OK 06");
            wait_ms(&b, 300000);
            until_state(&b, "$OK 03");
        }
    }
    wait_ms(&b, 3600000);
    says(&b, "$GS", "$OK 06 70 03 0582^2D\r");
    says(&b, "$GF", "$OK 7 0 0^37\r");
}

static void test_the_quick_build_tries_again_after_15_seconds(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "ammeter+quick-retry");
    charge(&b);
    for (int i = 0; i < 10; i++) {
        wait_ms(&b, 10000);
        change(&b, "fault", "gfci");
        wait_ms(&b, 100);
        change(&b, "fault", "none");
        until_state(&b, "$OK 06");
        wait_ms(&b, 14000);
        assert_true(begins(answer_of(&b, "$GS"), "$OK 06"));
        wait_ms(&b, 4000);
        assert_true(begins(answer_of(&b, "$GS"), "$OK 03"));
    }
}

static void test_no_ground_is_seen_a_second_after_the_closing(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    change(&b, "fault", "no-ground");
    charge(&b);
    forget(&b);
    wait_ms(&b, 1000);
    hears(&b, "");
    wait_ms(&b, 50);
    hears(&b, "$AT 07 03 24 0522^36\r");
    says(&b, "$GF", "$OK 0 1 0^31\r");
    start_box(&b, "5.2.1"); /* the check can be turned off */
    says(&b, "$FF G 0", "$OK^20\r");
    change(&b, "fault", "no-ground");
    charge(&b);
    wait_ms(&b, 10000);
    assert_true(begins(answer_of(&b, "$GS"), "$OK 03"));
}

static void test_a_stuck_relay_is_seen_a_second_after_the_opening(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    charge(&b);
    wait_ms(&b, 10000);
    change(&b, "fault", "stuck-relay");
    wait_ms(&b, 10000);
    assert_true(begins(answer_of(&b, "$GS"), "$OK 03"));
    change(&b, "car", "connected");
    wait_ms(&b, 700);
    hears(&b, "$AT 02 02 24 0500^32\r");
    wait_ms(&b, 1500);
    hears(&b, "$AT 08 02 24 0502^3A\r");
    change(&b, "car", "away");
    change(&b, "fault", "none");
    wait_ms(&b, 10000);
    hears(&b, "$AT 08 02 24 0602^39\r");
    says(&b, "$GF", "$OK 0 0 1^31\r");
}

static void test_diode_ventilation_and_self_test_are_hard_until_it_is_unplugged(void **state) {
    (void)state;
    static const struct {
        const char *fault, *news;
    } rows[] = {
        {"diode", "$AT 02 02 24 0700^30\r$AT 05 05 24 0702^32\r"},
        {"vent", "$AT 02 02 24 0700^30\r$AT 04 04 24 0702^32\r"},
        {"gfi-test", "$AT 02 02 24 0700^30\r$AT 09 03 24 0702^38\r"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct box b;
        start_box(&b, "5.2.1");
        change(&b, "fault", rows[i].fault);
        change(&b, "car", "ready");
        wait_ms(&b, 60000);
        hears(&b, rows[i].news);
        change(&b, "car", "away");
        wait_ms(&b, 500);
        hears(&b, "$AT 01 01 24 0200^35\r");
    }
}

static void test_without_its_checks_ventilation_and_diode_are_no_faults(void **state) {
    (void)state;
    static const struct {
        const char *fault, *off;
    } rows[] = {{"diode", "$FF D 0"}, {"vent", "$FF V 0"}, {"gfi-test", "$FF F 0"}};
    for (size_t i = 0; i < 3; i++) {
        struct box b;
        start_box(&b, "5.2.1");
        says(&b, rows[i].off, "$OK^20\r");
        change(&b, "fault", rows[i].fault);
        change(&b, "car", "ready");
        wait_ms(&b, 5000);
        assert_true(begins(answer_of(&b, "$GS"), "$OK 03"));
    }
}

static void test_over_current_and_closure_are_known_to_newer_boxes(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "6.0.0");
    charge(&b);
    wait_ms(&b, 10000);
    change(&b, "fault", "over-current");
    wait_ms(&b, 15000);
    assert_true(begins(answer_of(&b, "$GS"), "$OK 0b"));
    start_box(&b, "6.0.0");
    says(&b, "$FF O 0", "$OK^20\r");
    change(&b, "fault", "over-current");
    charge(&b);
    wait_ms(&b, 60000);
    says(&b, "$GG", "$OK 32000 240000^17\r"); /* 8 A more than offered */
    start_box(&b, "5.2.1");
    change(&b, "fault", "relay-closure");
    charge(&b);
    wait_ms(&b, 1100);
    assert_true(begins(answer_of(&b, "$GS"), "$OK 0e"));
    start_box(&b, "4.0.1"); /* which takes it for a missing ground */
    change(&b, "fault", "relay-closure");
    charge(&b);
    wait_ms(&b, 1100);
    says(&b, "$GS", "$OK 7 1^26\r");
}

static void test_a_stuck_relay_of_rapi_6_can_be_freed_and_that_takes_time(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "6.0.0");
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    says(&b, "$FK", "$NK^21\r");
    change(&b, "car", "away");
    wait_ms(&b, 1000);
    change(&b, "fault", "stuck-relay");
    says(&b, "$FK", "");
    says(&b, "$GV^35", ""); /* waits in the serial buffer */
    wait_ms(&b, 29900);
    hears(&b, "");
    wait_ms(&b, 200);
    hears(&b, "$OK^20\r$OK 9.0.0 6.0.0^2F\r");
    wait_ms(&b, 10000);
    says(&b, "$GS", "$OK 01 0 01 0200^12\r");
}

/* ---- temperatures ---- */

static void test_heat_halves_the_current_and_quarters_it_and_ends_it(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SC 32", "$OK 32^01\r$AT 01 01 32 0200^32\r");
    charge(&b);
    wait_ms(&b, 10000);
    forget(&b);
    change(&b, "temperature", "649");
    wait_ms(&b, 2000);
    hears(&b, "");
    change(&b, "temperature", "650");
    wait_ms(&b, 2000);
    hears(&b, "$AT 03 03 16 0540^37\r");
    says(&b, "$SC 20", "$NK 16^06\r"); /* not raised in the heat */
    says(&b, "$SC 15 V", "$OK 15^04\r$AT 03 03 15 0540^34\r");
    change(&b, "temperature", "680");
    wait_ms(&b, 2000);
    hears(&b, "$AT 03 03 8 0540^08\r");
    change(&b, "temperature", "650");
    wait_ms(&b, 2000);
    hears(&b, "$AT 03 03 16 0540^37\r");
    change(&b, "temperature", "621");
    wait_ms(&b, 2000);
    hears(&b, "");
    change(&b, "temperature", "620");
    wait_ms(&b, 2000);
    hears(&b, "$AT 03 03 32 0540^31\r");
    change(&b, "temperature", "710");
    wait_ms(&b, 25);
    assert_true(begins(said(&b), "$AT 0a 03 "));
    wait_ms(&b, 5100);
    assert_true(begins(answer_of(&b, "$GS"), "$OK 0a 22 03 0502"));
}

static void test_the_infrared_sensor_has_limits_of_its_own(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "ammeter+tmp007");
    change(&b, "infrared", "700");
    charge(&b);
    wait_ms(&b, 1000);
    says(&b, "$GC", "$OK 6 80 6 24^2E\r"); /* a quarter */
    change(&b, "infrared", "610");
    wait_ms(&b, 1000);
    says(&b, "$GC", "$OK 6 80 12 24^1B\r");
    change(&b, "infrared", "600");
    wait_ms(&b, 1000);
    says(&b, "$GC", "$OK 6 80 24 24^1E\r");
    says(&b, "$FF T 0", "$OK^20\r");
    change(&b, "infrared", "900");
    wait_ms(&b, 1000);
    says(&b, "$GC", "$OK 6 80 24 24^1E\r"); /* nobody looks */
}

static void test_sensors_that_are_missing_read_0_or_minus_256_degrees(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "3.0.1", "mcp9808");
    says(&b, "$GP", "$OK 0 253 0^34\r");
    start_with(&b, "4.0.1", "mcp9808");
    says(&b, "$GP", "$OK -2560 253 -2560^34\r");
}

/* ---- heartbeat ---- */

static void test_a_missed_heartbeat_lowers_the_current_until_it_is_acknowledged(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$GY", "$OK 0 0 0^30\r");
    says(&b, "$SY 5 8", "$OK 5 8 0^3D\r");
    for (int i = 0; i < 10; i++) {
        wait_ms(&b, 4900);
        says(&b, "$SY", "$OK 5 8 0^3D\r");
    }
    wait_ms(&b, 5100);
    hears(&b, "$AT 01 01 8 0200^0B\r");
    says(&b, "$GY", "$OK 5 8 2^3F\r");
    says(&b, "$SY", "$NK 5 8 2^3E\r");
    says(&b, "$SY 164", "$NK 5 8 2^3E\r");
    says(&b, "$SC 20 V", "$OK 20^02\r$AT 01 01 20 0200^31\r");
    wait_ms(&b, 5100); /* and it looks again every interval */
    hears(&b, "$AT 01 01 8 0200^0B\r");
    says(&b, "$SY 165", "$OK 5 8 1^3C\r$AT 01 01 24 0200^35\r");
    says(&b, "$SY 165", "$OK 5 8 1^3C\r");
    says(&b, "$SY", "$OK 5 8 1^3C\r");
    says(&b, "$SY 1 2 3", "$NK 5 8 1^3D\r");
    says(&b, "$SY 0 0", "$OK 0 0 0^30\r");
    wait_ms(&b, 100000);
    hears(&b, "");
}

static void test_an_interval_that_is_too_long_for_16_bits_is_a_short_one_until_6_0_0(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SY 66 6", "$OK 66 6 0^06\r");
    wait_ms(&b, 400);
    says(&b, "$GY", "$OK 66 6 0^06\r");
    wait_ms(&b, 100);
    hears(&b, "$AT 01 01 6 0200^05\r");
    start_box(&b, "6.0.0");
    says(&b, "$SY 66 6", "$OK 66 6 0^06\r");
    wait_ms(&b, 65900);
    hears(&b, "");
    wait_ms(&b, 200);
    hears(&b, "$AT 01 01 6 0200^05\r");
}

static void test_a_fallback_above_the_current_changes_nothing(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SC 10 V", "$OK 10^01\r$AT 01 01 10 0200^32\r");
    says(&b, "$SY 5 16", "$OK 5 16 0^02\r");
    wait_ms(&b, 6000);
    hears(&b, "");
    says(&b, "$SY", "$NK 5 16 2^01\r");
}

static void test_in_the_heat_a_missed_heartbeat_is_not_made_good(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    charge(&b);
    change(&b, "temperature", "660");
    wait_ms(&b, 1000);
    says(&b, "$SY 5 6", "$OK 5 6 0^33\r");
    wait_ms(&b, 6000);
    says(&b, "$SY 165", "$NK 5 6 2^30\r");
    change(&b, "temperature", "300");
    wait_ms(&b, 1000);
    says(&b, "$SY 165", "$OK 5 6 1^32\r");
}

/* ---- currents and levels ---- */

static void test_the_service_level_sets_current_bounds_and_voltage(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SL 1", "$OK^20\r$AT 01 01 12 0200^30\r");
    says(&b, "$GC", "$OK 6 24 12 12^10\r");
    says(&b, "$GG", "$OK 0 120000^13\r");
    says(&b, "$SC 30", "$NK 24^07\r$AT 01 01 24 0200^35\r");
    says(&b, "$GE", "$OK 24 0020^24\r");
    says(&b, "$SL 2", "$OK^20\r");
    says(&b, "$SL 1", "$OK^20\r"); /* 24 A are saved for both now */
    start_box(&b, "3.0.1");
    says(&b, "$SL 1", "$OK^20\r");
    says(&b, "$GC", "$OK 6 16^11\r");
    open_box(&b, "5.2.1");
    run_set(&b.r, "level", "1");
    run_start(&b.r, 0);
    says(&b, "$GE", "$OK 12 0000^23\r");
    says(&b, "$GG", "$OK 0 120000^13\r");
}

static void test_a_passing_current_ends_at_the_saved_one_since_5_0_0(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    says(&b, "$SC 30 V", "$NK 24^07\r");
    start_box(&b, "3.0.1");
    says(&b, "$SC 30 N", "$OK 30^03\r");
    says(&b, "$FR", "");
    wait_ms(&b, 10000);
    says(&b, "$GE", "$OK 16 0001^26\r");
}

static void energy_of(struct box *b, unsigned long *session_ws, unsigned long *lifetime_wh) {
    assert_int_equal(sscanf(answer_of(b, "$GU"), "$OK %lu %lu", session_ws, lifetime_wh), 2);
}

/* ---- limits ---- */

static void test_at_a_time_limit_it_goes_to_sleep_and_wakes_when_unplugged(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    charge(&b);
    forget(&b);
    says(&b, "$S3 1", "$OK^20\r$AT 03 03 24 0550^37\r");
    wait_ms(&b, 899000);
    hears(&b, "");
    wait_ms(&b, 5000);
    hears(&b, "$AT fe 03 24 0544^32\r");
    says(&b, "$GS", "$OK fe 900 03 0504^18\r");
    says(&b, "$G3", "$OK 0^30\r");
    change(&b, "car", "away");
    wait_ms(&b, 1000);
    hears(&b, "$AT 01 01 24 0200^35\r");
}

/* 24 A at 240 V are 5760 W: 1 kWh in 625 s, and the ramp. */
static void test_at_a_charge_limit_it_goes_to_sleep(void **state) {
    (void)state;
    struct box b;
    unsigned long session, lifetime;
    start_box(&b, "5.2.1");
    charge(&b);
    forget(&b);
    says(&b, "$SH 1", "$OK^20\r$AT 03 03 24 2540^34\r");
    wait_ms(&b, 627000);
    hears(&b, "");
    wait_ms(&b, 3000);
    hears(&b, "$AT fe 03 24 0544^32\r");
    energy_of(&b, &session, &lifetime);
    assert_in_range(session, 3600000, 3600000 + 5760); /* the car needs a moment to stop */
}

static void test_limits_are_forgotten_when_the_car_goes(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    (void)answer_of(&b, "$S3 4");
    (void)answer_of(&b, "$SH 5");
    change(&b, "car", "away");
    wait_ms(&b, 1000);
    says(&b, "$G3", "$OK 0^30\r");
    says(&b, "$GH", "$OK 0^30\r");
    start_box(&b, "3.0.1"); /* before firmware 4.12.0 in any state */
    says(&b, "$S3 4", "$OK^20\r");
    says(&b, "$SH 5", "$OK^20\r");
    says(&b, "$G3", "$OK 4^34\r");
}

/* ---- the delay timer ---- */

static void test_the_delay_timer_lets_it_charge_at_night_only(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "rtc+ammeter"); /* it is noon */
    says(&b, "$ST 23 0 6 30", "$OK^20\r");
    wait_ms(&b, 3000);
    hears(&b, "$AT fe 01 24 1200^36\r");
    says(&b, "$S1 26 4 20 22 59 50", "$OK^20\r");
    wait_ms(&b, 8000);
    hears(&b, "");
    wait_ms(&b, 5000);
    hears(&b, "$AT 01 01 24 1200^34\r");
    says(&b, "$S1 26 4 21 6 29 55", "$OK^20\r");
    wait_ms(&b, 8000);
    hears(&b, "$AT fe 01 24 1200^36\r");
    change(&b, "car", "connected");
    wait_ms(&b, 1000);
    hears(&b, "$AT fe 01 24 1300^37\r");
    says(&b, "$F1", "$OK^20\r"); /* somebody wants to charge by day */
    wait_ms(&b, 10000);
    hears(&b, "$AT 02 02 24 1700^31\r");
    says(&b, "$ST 0 0 0 0", "$OK^20\r");
    /* before firmware 4.13.0 four zeros in front were enough */
    start_box(&b, "3.0.1");
    says(&b, "$ST 01 05 02 01", "$OK^20\r");
    says(&b, "$GD", "$OK 0 0 0 0^20\r");
    start_box(&b, "4.0.1");
    says(&b, "$ST 01 05 02 01", "$OK^20\r");
    says(&b, "$GD", "$OK 1 5 2 1^27\r");
}

static void test_the_clock_knows_its_calendar(void **state) {
    (void)state;
    struct box b;
    start_with(&b, "5.2.1", "rtc");
    says(&b, "$GT", "$OK 26 4 20 12 0 0^11\r");
    says(&b, "$S1 28 2 28 23 59 59", "$OK^20\r");
    wait_ms(&b, 1000);
    says(&b, "$GT", "$OK 28 2 29 0 0 0^23\r");
    says(&b, "$S1 26 2 28 23 59 59", "$OK^20\r");
    wait_ms(&b, 1000);
    says(&b, "$GT", "$OK 26 3 1 0 0 0^16\r");
    says(&b, "$S1 26 12 31 23 59 59", "$OK^20\r");
    wait_ms(&b, 1000);
    says(&b, "$GT", "$OK 27 1 1 0 0 0^15\r");
    says(&b, "$S1 26 12 31 23 59", "$NK^21\r");
}

/* ---- energy ---- */

/* 10 kWh from 50 to 100 %: 5 kWh are 18000000 Ws, whatever the pace. */
static void test_a_full_charge_is_the_same_energy_at_any_speed(void **state) {
    (void)state;
    static const char *const speeds[] = {"1", "7", "100", "1000"};
    for (size_t i = 0; i < 4; i++) {
        struct box b;
        unsigned long session, lifetime;
        open_box(&b, "5.2.1");
        run_set(&b.r, "battery", "10");
        run_set(&b.r, "soc", "50");
        run_set(&b.r, "speed", speeds[i]);
        run_start(&b.r, 0);
        charge(&b);
        wait_ms(&b, 2 * 3600000 / strtol(speeds[i], NULL, 10) + 5000);
        assert_true(begins(answer_of(&b, "$GS"), "$OK 02"));
        energy_of(&b, &session, &lifetime);
        assert_int_equal(session, 18000000);
        assert_int_equal(lifetime, 0); /* it is added when the car goes */
        change(&b, "car", "away");
        wait_ms(&b, 1000);
        energy_of(&b, &session, &lifetime);
        assert_int_equal(session, 18000000);
        assert_int_equal(lifetime, 5000);
    }
}

static void test_elapsed_time_goes_with_the_speed(void **state) {
    (void)state;
    struct box b;
    open_box(&b, "5.2.1");
    run_set(&b.r, "speed", "100");
    run_start(&b.r, 0);
    charge(&b);
    wait_ms(&b, 6000);
    assert_true(begins(answer_of(&b, "$GS"), "$OK 03 602 "));
    change(&b, "speed", "1");
    wait_ms(&b, 6000);
    assert_true(begins(answer_of(&b, "$GS"), "$OK 03 608 "));
}

/* With a scale of 110 instead of 220 it sees half; with SV 120 V it reckons half again. */
static void test_a_box_counts_what_it_measures(void **state) {
    (void)state;
    struct box b;
    unsigned long session, lifetime;
    open_box(&b, "5.2.1");
    run_set(&b.r, "car-current", "10000");
    run_start(&b.r, 0);
    (void)answer_of(&b, "$SA 110 0");
    (void)answer_of(&b, "$SV 120000");
    charge(&b);
    wait_ms(&b, 10000);
    energy_of(&b, &session, &lifetime);
    unsigned long before = session;
    says(&b, "$GG", "$OK 5000 120000^26\r");
    wait_ms(&b, 100000);
    energy_of(&b, &session, &lifetime);
    assert_int_equal(session - before, 60000); /* 600 W */
}

/* ---- a car that comes and goes ---- */

struct day {
    struct heard line;
    unsigned arrivals, charges, leaves, pauses;
    int last; /* state */
};

static void day_hears(void *ctx, int64_t t_ns, const uint8_t *bytes, size_t n) {
    struct day *d = ctx;
    hear(&d->line, t_ns, bytes, n);
    unsigned es, ps, ca, vf;
    while (d->line.n > 0) {
        const char *end = strchr(d->line.text, '\r');
        assert_non_null(end);
        assert_int_equal(sscanf(d->line.text, "$AT %x %x %u %x^", &es, &ps, &ca, &vf), 4);
        assert_int_equal(ca, 24);
        assert_in_range(es, 1, 3);
        assert_int_equal(es == 3, (vf & 0x40) != 0);
        assert_int_equal(es != 1, (vf & 0x100) != 0);
        d->arrivals += es == 2 && d->last == 1;
        d->charges += es == 3;
        d->pauses += es == 2 && d->last == 3;
        d->leaves += es == 1;
        d->last = (int)es;
        size_t used = (size_t)(end + 1 - d->line.text);
        memmove(d->line.text, end + 1, d->line.n - used + 1);
        d->line.n -= used;
    }
}

/* 60 kWh from 45 to 100 % are 33 kWh: at 5.76 kW a bit less than six hours, with taper and pause; a
 * stop of half an hour: not quite four cars a day. */
static void test_a_day_of_cars_that_come_and_go(void **state) {
    (void)state;
    struct box b;
    static struct day d;
    unsigned long session, lifetime;
    memset(&d, 0, sizeof d);
    d.last = 1;
    open_box(&b, "5.2.1");
    run_set(&b.r, "car", "auto");
    run_start(&b.r, 0);
    run_until(&b.r, 86400 * S, day_hears, &d);
    assert_int_equal(d.arrivals, 4);
    assert_int_equal(d.leaves, 3);
    assert_int_equal(d.charges, 8);
    assert_int_equal(d.pauses, 7); /* in the middle of each, and at the end of three */
    energy_of(&b, &session, &lifetime);
    assert_int_equal(lifetime, 3 * 33000);
}

static void test_the_same_times_give_the_same_bytes(void **state) {
    (void)state;
    static struct box b, copy;
    start_box(&b, "5.2.1");
    change(&b, "car", "auto");
    wait_ms(&b, 100000);
    copy = b; /* a state may be copied */
    wait_ms(&b, 100000);
    wait_ms(&copy, 100000);
    assert_string_equal(b.heard.text, copy.heard.text);
    assert_memory_equal(&b.r.state, &copy.r.state, b.r.sim->size);
}

static void test_after_a_long_sleep_of_the_computer_only_a_minute_counts(void **state) {
    (void)state;
    struct box b;
    start_box(&b, "5.2.1");
    charge(&b);
    wait_ms(&b, 10000);
    b.r.now_ns += 3600 * S;
    b.r.sim->tick(&b.r.state, b.r.now_ns);
    assert_true(b.r.sim->deadline_ns(&b.r.state) > b.r.now_ns);
    assert_true(begins(answer_of(&b, "$GS"), "$OK 03 70 "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_read_whole_or_byte_by_byte_and_a_half_one_is_no_line),
        cmocka_unit_test(test_many_lines_at_once_are_all_answered),
        cmocka_unit_test(test_a_dollar_begins_anew_and_what_stands_outside_lines_is_ignored),
        cmocka_unit_test(test_a_line_that_is_too_long_is_dropped_without_a_word),
        cmocka_unit_test(test_ten_pieces_are_a_command_and_eleven_are_not),
        cmocka_unit_test(test_checksums_are_looked_at_as_each_version_does),
        cmocka_unit_test(test_sequence_ids_come_back_where_the_build_has_them),
        cmocka_unit_test(test_numbers_are_read_without_looking),
        cmocka_unit_test(test_only_the_first_two_letters_are_the_command),
        cmocka_unit_test(test_1_0_3_takes_malformed_settings_for_good_ones),
        cmocka_unit_test(test_each_version_has_its_commands),
        cmocka_unit_test(test_options_bring_their_commands),
        cmocka_unit_test(test_echo_that_should_go_off_goes_on),
        cmocka_unit_test(test_news_can_be_turned_off),
        cmocka_unit_test(test_old_boxes_say_st_and_1_x_and_2_0_0_without_a_checksum),
        cmocka_unit_test(test_a_restart_is_not_answered_and_nothing_is_heard_until_it_is_over),
        cmocka_unit_test(test_while_charging_a_restart_gives_the_car_three_seconds),
        cmocka_unit_test(test_what_is_saved_survives_a_restart_and_the_rest_does_not),
        cmocka_unit_test(test_a_self_test_that_fails_is_told_and_stays_until_the_next),
        cmocka_unit_test(test_a_boot_lock_holds_until_it_is_cleared),
        cmocka_unit_test(test_a_car_is_believed_after_250_ms_and_its_going_after_25),
        cmocka_unit_test(test_the_relay_follows_the_car_and_current_flows_behind_it),
        cmocka_unit_test(test_sleep_lets_the_car_stop_before_the_relay_opens),
        cmocka_unit_test(test_the_button_puts_to_sleep_and_wakes),
        cmocka_unit_test(test_a_lock_keeps_the_pilot_off),
        cmocka_unit_test(test_the_plug_is_bolted_while_a_car_is_there),
        cmocka_unit_test(test_a_gfci_trips_at_once_and_is_tried_again_after_five_minutes),
        cmocka_unit_test(test_after_six_tries_a_gfci_fault_stays),
        cmocka_unit_test(test_the_quick_build_tries_again_after_15_seconds),
        cmocka_unit_test(test_no_ground_is_seen_a_second_after_the_closing),
        cmocka_unit_test(test_a_stuck_relay_is_seen_a_second_after_the_opening),
        cmocka_unit_test(test_diode_ventilation_and_self_test_are_hard_until_it_is_unplugged),
        cmocka_unit_test(test_without_its_checks_ventilation_and_diode_are_no_faults),
        cmocka_unit_test(test_over_current_and_closure_are_known_to_newer_boxes),
        cmocka_unit_test(test_a_stuck_relay_of_rapi_6_can_be_freed_and_that_takes_time),
        cmocka_unit_test(test_heat_halves_the_current_and_quarters_it_and_ends_it),
        cmocka_unit_test(test_the_infrared_sensor_has_limits_of_its_own),
        cmocka_unit_test(test_sensors_that_are_missing_read_0_or_minus_256_degrees),
        cmocka_unit_test(test_a_missed_heartbeat_lowers_the_current_until_it_is_acknowledged),
        cmocka_unit_test(test_an_interval_that_is_too_long_for_16_bits_is_a_short_one_until_6_0_0),
        cmocka_unit_test(test_a_fallback_above_the_current_changes_nothing),
        cmocka_unit_test(test_in_the_heat_a_missed_heartbeat_is_not_made_good),
        cmocka_unit_test(test_the_service_level_sets_current_bounds_and_voltage),
        cmocka_unit_test(test_a_passing_current_ends_at_the_saved_one_since_5_0_0),
        cmocka_unit_test(test_at_a_time_limit_it_goes_to_sleep_and_wakes_when_unplugged),
        cmocka_unit_test(test_at_a_charge_limit_it_goes_to_sleep),
        cmocka_unit_test(test_limits_are_forgotten_when_the_car_goes),
        cmocka_unit_test(test_the_delay_timer_lets_it_charge_at_night_only),
        cmocka_unit_test(test_the_clock_knows_its_calendar),
        cmocka_unit_test(test_a_full_charge_is_the_same_energy_at_any_speed),
        cmocka_unit_test(test_elapsed_time_goes_with_the_speed),
        cmocka_unit_test(test_a_box_counts_what_it_measures),
        cmocka_unit_test(test_a_day_of_cars_that_come_and_go),
        cmocka_unit_test(test_the_same_times_give_the_same_bytes),
        cmocka_unit_test(test_after_a_long_sleep_of_the_computer_only_a_minute_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
