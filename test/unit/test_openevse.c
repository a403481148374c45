/* test_openevse.c - what the rows of the wallbox make of its answers and its news.
 * The answers are those of reference/rapi.md section 7.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/call.h"
#include "voltbus/err.h"
#include "voltbus/rapi.h"

/* All that an answer says: "evse.state=charging session.time=754 ...", "" if no message fits. */
static const char *said(const char *code, const char *body) {
    static char out[1200];
    static struct vb_sample samples[64];
    struct vb_instance instance;
    const struct vb_frame frame = {.kind = VB_KIND_RAPI,
                                   .id = VB_RAPI_ID((uint8_t)code[0], (uint8_t)code[1]),
                                   .data = (const uint8_t *)body,
                                   .len = (uint32_t)strlen(body)};
    size_t n = 0;
    vb_instance_init(&instance, vb_device_find("openevse"), NULL, 0);
    struct vb_reading reading = vb_instance_read(&instance, &frame, samples, 64);
    assert_int_equal(reading.fault, VB_FAULT_NONE);
    out[0] = '\0';
    for (size_t i = 0; i < reading.count; i++) {
        const struct vb_sample *s = &samples[i];
        char text[200];
        size_t len = s->text ? s->text_len : vb_signal_text(s->signal, s->raw, text, 200, NULL);
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s=%.*s%s", i ? " " : "", s->signal->name,
                              (int)len, s->text ? s->text : text, s->out_of_range ? "!" : "");
    }
    return out;
}

static void test_the_status_of_rapi_5_is_hexadecimal(void **state) {
    (void)state;
    assert_string_equal(said("GS", "OK 03 754 03 0140"),
                        "evse.state=charging session.time=754 pilot.state=charging "
                        "evse.flags=relay-closed+ev-connected vehicle.connected=yes "
                        "relay.closed=yes evse.locked=no");
    assert_string_equal(said("GS", "OK fe 1820 02 0100"),
                        "evse.state=sleeping session.time=1820 pilot.state=connected "
                        "evse.flags=ev-connected vehicle.connected=yes relay.closed=no "
                        "evse.locked=no");
    assert_string_equal(said("GS", "OK 01 0 01 0200"),
                        "evse.state=not-connected session.time=0 pilot.state=not-connected "
                        "evse.flags=session-ended vehicle.connected=no relay.closed=no "
                        "evse.locked=no");
    assert_non_null(strstr(said("GS", "OK 0a 9 02 0102"), "evse.state=over-temperature "));
}

static void test_the_status_before_rapi_5_is_decimal(void **state) {
    (void)state;
    assert_string_equal(said("GS", "OK 3 754"), "evse.state=charging session.time=754");
    assert_string_equal(said("GS", "OK 254 1820"), "evse.state=sleeping session.time=1820");
    assert_string_equal(said("GS", "OK 10 0"), "evse.state=over-temperature session.time=0");
}

static void test_limits_come_with_two_or_four_fields(void **state) {
    (void)state;
    assert_string_equal(said("GC", "OK 6 80 16 32"),
                        "limit.current_min=6 limit.current_hardware=80 pilot.current=16 "
                        "limit.current=32");
    assert_string_equal(said("GC", "OK 6 80"), "limit.current_min=6 limit.current_hardware=80");
}

static void test_what_is_not_fitted_has_no_value(void **state) {
    (void)state;
    assert_string_equal(said("GG", "OK 15980 239800"),
                        "charge.current=15.980 charge.voltage=239.800 charge.power=3832.004");
    assert_string_equal(said("GG", "OK 15980"), "charge.current=15.980"); /* before 1.0.3 */
    assert_string_equal(said("GG", "OK -1 -1"), "");
    assert_string_equal(said("GG", "OK -1 240000"), "charge.voltage=240.000");
    assert_string_equal(said("GP", "OK 253 -2560 0"),
                        "temperature.clock=25.3 temperature.infrared=0.0");
    assert_string_equal(said("GP", "OK -45 -2560 -2560"), "temperature.clock=-4.5");
    assert_string_equal(said("GT", "OK 165 165 165 165 165 85"), "");
    assert_string_equal(said("GT", "OK 26 11 20 17 39 11"),
                        "clock.year=2026 clock.month=11 clock.day=20 clock.hour=17 "
                        "clock.minute=39 clock.second=11");
}

static void test_energy_is_in_watt_hours(void **state) {
    (void)state;
    /* 12 240 000 Ws / 3600 = 3400 Wh */
    assert_string_equal(said("GU", "OK 12240000 317257"),
                        "energy.session=3400.0 energy.total=317257");
}

static void test_counters_are_hexadecimal_without_zeros(void **state) {
    (void)state;
    assert_string_equal(said("GF", "OK 0 a ff"), "fault.gfci=0 fault.ground=10 fault.relay=255");
}

static void test_most_bits_of_the_settings_mean_off(void **state) {
    (void)state;
    const char *text = said("GE", "OK 32 0021");
    assert_non_null(strstr(text, "pilot.current=32 evse.level=2 check.diode=on "));
    assert_non_null(strstr(text, " evse.level_automatic=off "));
    assert_non_null(strstr(text, " evse.settings=33"));
    assert_non_null(strstr(said("GE", "OK 16 0402"), " check.diode=off check.vent=on "));
    assert_non_null(strstr(said("GE", "OK 16 0402"), " check.temperature=off "));
    assert_non_null(strstr(said("GE", "OK 16 0402"), "evse.level=1 "));
}

static void test_other_answers(void **state) {
    (void)state;
    assert_string_equal(said("GV", "OK 8.2.3 5.2.1"), "firmware.version=8.2.3 firmware.rapi=5.2.1");
    assert_string_equal(said("GI", "OK  ABCDEFFF0A1B2C"), "board.id=ABCDEFFF0A1B2C");
    assert_string_equal(said("GI", "OK $GI ABCDEFFF0A1B2C"), "board.id=ABCDEFFF0A1B2C");
    assert_string_equal(said("G3", "OK 4"), "limit.time=3600");
    assert_string_equal(said("GH", "OK 10"), "limit.energy=10000");
    assert_string_equal(said("SC", "NK 6"), "pilot.current=6");
    assert_string_equal(said("SC", "OK"), "");
    assert_string_equal(said("SY", "NK 100 6 2"),
                        "heartbeat.interval=100 heartbeat.current=6 heartbeat.trigger=missed");
    assert_string_equal(said("G0", "OK 2"), "vehicle.connected=unknown");
    assert_string_equal(said("GA", "OK 220 -7"), "ammeter.scale=220 ammeter.offset=-7");
    assert_string_equal(said("G5", "OK 0 M"), "lock.plug=no lock.mode=manual");
    assert_string_equal(said("GZ", "OK 6012 200"), "mains.frequency=60.12 ammeter.zero=0.200");
    assert_string_equal(said("GZ", "OK 6012"), "mains.frequency=60.12");
    assert_string_equal(said("GR", "OK 1 0 1"), "relay.dc_1=yes relay.dc_2=no relay.ac=yes");
    assert_string_equal(said("GO", "OK 705"), "temperature.panic=70.5");
    assert_string_equal(said("GW", "OK 3 180 11 8"),
                        "relay.hot_opens=3 relay.hot_current=0.180 relay.close_time=0.011 "
                        "relay.open_time=0.008");
    assert_string_equal(said("GL", "OK 97 1204 28110 9 0 65535 65535 0 0"),
                        "relay.life=97 relay.cold_opens=1204 relay.damage=0.028110 "
                        "relay.close_time_new=0.009 relay.drift=no relay.warning=none "
                        "relay.recoveries=0");
    assert_string_equal(said("SB", "OK 0"), "evse.boot_lock_kept=no");
}

static void test_news(void **state) {
    (void)state;
    assert_string_equal(said("AT", "AT 03 03 16 0140"),
                        "evse.state=charging pilot.state=charging pilot.current=16 "
                        "evse.flags=relay-closed+ev-connected vehicle.connected=yes "
                        "relay.closed=yes evse.locked=no");
    assert_string_equal(said("ST", "ST fe"), "evse.state=sleeping");
    assert_string_equal(said("AB", "AB 08 8.2.3"),
                        "evse.self_test=stuck-relay firmware.version=8.2.3");
    assert_string_equal(said("AN", "AN 1"), "button.press=long");
    assert_string_equal(said("WF", "WF 02"), "wifi.request=access-point-default");
}

static void test_no_says_nothing(void **state) {
    (void)state;
    static const char *const codes[] = {"GS", "GG", "GU", "GC", "GP", "GT", "GV", "G4"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_string_equal(said(codes[i], "NK"), "");
        assert_string_equal(said(codes[i], "OK"), "");
        assert_string_equal(said(codes[i], "OK "), "");
    }
}

static void test_a_question_is_no_answer(void **state) {
    (void)state;
    static struct vb_sample samples[64];
    struct vb_instance instance;
    const struct vb_frame frame = {.kind = VB_KIND_RAPI,
                                   .id = VB_RAPI_ID('S', 'C'),
                                   .data = (const uint8_t *)"SC 16",
                                   .len = 5,
                                   .flags = VB_FRAME_ASK};
    vb_instance_init(&instance, vb_device_find("openevse"), NULL, 0);
    assert_null(vb_instance_read(&instance, &frame, samples, 64).message);
}

/* Every code of the reference's tables has its row: F, S, G, T, Z and the news. */
static void test_every_command_of_rapi_is_there(void **state) {
    (void)state;
    static const char *const codes[] = {
        "F0", "F1", "FB", "FC", "FD", "FE", "FF", "FH", "FK", "FO", "FP", "FR", "FS", "S0",
        "S1", "S2", "S3", "S4", "S5", "SA", "SB", "SC", "SD", "SE", "SF", "SG", "SR", "SS",
        "SV", "SH", "SK", "SL", "SM", "SO", "ST", "SY", "SZ", "G0", "G3", "G4", "G5", "GA",
        "GC", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GO", "GP", "GR", "GS", "GT",
        "GU", "GV", "GW", "GY", "GZ", "T0", "Z0", "G7", "S7", "S8"};
    const struct vb_device *box = vb_device_find("openevse");
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        unsigned found = 0;
        for (size_t m = 0; m < box->message_count; m++) {
            const struct vb_message *message = &box->messages[m];
            bool it = message->id == VB_RAPI_ID((uint8_t)codes[i][0], (uint8_t)codes[i][1]);
            found += it && message->call && memcmp(message->call->form, codes[i], 2) == 0;
        }
        assert_true(found > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_status_of_rapi_5_is_hexadecimal),
        cmocka_unit_test(test_the_status_before_rapi_5_is_decimal),
        cmocka_unit_test(test_limits_come_with_two_or_four_fields),
        cmocka_unit_test(test_what_is_not_fitted_has_no_value),
        cmocka_unit_test(test_energy_is_in_watt_hours),
        cmocka_unit_test(test_counters_are_hexadecimal_without_zeros),
        cmocka_unit_test(test_most_bits_of_the_settings_mean_off),
        cmocka_unit_test(test_other_answers),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_no_says_nothing),
        cmocka_unit_test(test_a_question_is_no_answer),
        cmocka_unit_test(test_every_command_of_rapi_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
