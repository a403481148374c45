/* test_rapi_client.c - the client of an OpenEVSE in virtual time: the worked exchanges with their
 * bytes, finding each dialect, and what goes wrong on a wire.
 * Bytes: reference/rapi.md section 7; other checksums were worked out by a script of a few lines.
 * SPDX-License-Identifier: MIT */
#include "rapi_bench.h"

#define V103 "$OK D3.8.4 1.0.3\r"
#define V401 "$OK 5.1.0 4.0.1^21\r"
#define V514 "$OK 7.1.8 5.1.4^2E\r"
#define V521 "$OK 8.2.3 5.2.1^2F\r"
#define V600 "$OK D9.1 6.0.0^74\r"

static const struct vb_rapi_client_config quiet = {.device = &vb_device_openevse,
                                                   .sum = VB_RAPI_XOR};

static const char *version_question(uint8_t sum) {
    return sum == VB_RAPI_XOR ? "$GV^35" : sum == VB_RAPI_ADD ? "$GV*C1" : "$GV";
}

/* A client that knows the box: no polls, no ids. */
static void open_found(struct bench *b, const char *version, uint8_t sum) {
    struct vb_rapi_client_config config = quiet;
    config.sum = sum;
    open_bench(b, &config);
    assert_sent(b, version_question(sum));
    hear(b, version);
    assert_sent(b, version_question(sum));
    hear(b, version);
    assert_true(vb_rapi_client_up(&b->c));
    assert_sent(b, "");
    forget_events(b);
}

static void ask(struct bench *b, uint32_t ticket, const char *name, const char *body) {
    size_t message = name ? message_of(name, b->c.dialect.version) : (size_t)VB_RAPI_NO_MESSAGE;
    assert_int_equal(vb_rapi_client_ask(&b->c, ticket, message, body, strlen(body), b->now), VB_OK);
}

/* ---- the worked exchanges ---- */

struct exchange {
    uint8_t number; /* in section 7 */
    const char *version;
    uint8_t sum;
    const char *name, *body; /* the call */
    const char *line;        /* what is sent */
    const char *reply;       /* what comes */
    const char *answer;      /* what becomes of the question */
    const char *values;      /* and what its rows read; NULL: none of it */
};

#define X VB_RAPI_XOR
static const struct exchange exchanges[] = {
    {1, V521, X, "version", "GV", "$GV^35", V521, "ok(8.2.3 5.2.1)",
     "firmware.version=8.2.3 firmware.rapi=5.2.1 "},
    {2, V521, VB_RAPI_ADD, "version", "GV", "$GV*C1", V521, "ok(8.2.3 5.2.1)",
     "firmware.version=8.2.3 firmware.rapi=5.2.1 "},
    {3, V521, VB_RAPI_PLAIN, "version", "GV", "$GV", V521, "ok(8.2.3 5.2.1)",
     "firmware.version=8.2.3 firmware.rapi=5.2.1 "},
    {4, V103, X, "version", "GV", "$GV^35", V103, "ok(D3.8.4 1.0.3)",
     "firmware.version=D3.8.4 firmware.rapi=1.0.3 "},
    {8, V521, X, NULL, "QQ", "$QQ^24", "$NK^21\r", "nk()", ""},
    {10, V521, X, "status", "GS", "$GS^30", "$OK 01 0 01 0200^12\r", "ok(01 0 01 0200)",
     "evse.state=not-connected session.time=0 pilot.state=not-connected evse.flags=session-ended "
     "vehicle.connected=no relay.closed=no evse.locked=no "},
    {11, V521, X, "status", "GS", "$GS^30", "$OK 03 754 03 0140^13\r", "ok(03 754 03 0140)",
     "evse.state=charging session.time=754 pilot.state=charging "
     "evse.flags=relay-closed+ev-connected vehicle.connected=yes relay.closed=yes "
     "evse.locked=no "},
    {12, V521, X, "status", "GS", "$GS^30", "$OK fe 1820 02 0100^2B\r", "ok(fe 1820 02 0100)",
     "evse.state=sleeping session.time=1820 pilot.state=connected evse.flags=ev-connected "
     "vehicle.connected=yes relay.closed=no evse.locked=no "},
    {13, V401, X, "status", "GS", "$GS^30", "$OK 3 754^25\r", "ok(3 754)",
     "evse.state=charging session.time=754 "},
    {14, V401, X, "status", "GS", "$GS^30", "$OK 254 1820^18\r", "ok(254 1820)",
     "evse.state=sleeping session.time=1820 "},
    {15, V103, VB_RAPI_ADD, "status", "GS", "$GS*BE", "$OK 3 754\r", "ok(3 754)",
     "evse.state=charging session.time=754 "},
    {16, V521, X, "settings", "GE", "$GE^26", "$OK 32 0021^22\r", "ok(32 0021)",
     "pilot.current=32 evse.level=2 check.diode=on check.vent=on check.ground=on check.relay=on "
     "evse.level_automatic=off evse.bit_6=no evse.serial_debug=no display.type=rgb "
     "check.gfci_self_test=on check.temperature=on relay.zero_cross=on check.ground_monitor=no "
     "evse.boot_lock=on check.over_current=on button.function=on evse.settings=33 "},
    {17, V521, X, "capacity", "GC", "$GC^20", "$OK 6 80 16 32^18\r", "ok(6 80 16 32)",
     "limit.current_min=6 limit.current_hardware=80 pilot.current=16 limit.current=32 "},
    {18, V401, X, "capacity", "GC", "$GC^20", "$OK 6 80^1E\r", "ok(6 80)",
     "limit.current_min=6 limit.current_hardware=80 "},
    {19, V521, X, "meter", "GG", "$GG^24", "$OK 15980 239800^15\r", "ok(15980 239800)",
     "charge.current=15.980 charge.voltage=239.800 charge.power=3832.004 "},
    {20, V521, X, "meter", "GG", "$GG^24", "$OK -1 -1^20\r", "ok(-1 -1)", ""},
    {21, V521, X, "temperatures", "GP", "$GP^33", "$OK 253 -2560 0^28\r", "ok(253 -2560 0)",
     "temperature.clock=25.3 temperature.infrared=0.0 "},
    {22, V521, X, "energy", "GU", "$GU^36", "$OK 12240000 317257^20\r", "ok(12240000 317257)",
     "energy.session=3400.0 energy.total=317257 "},
    {23, V521, X, "faults", "GF", "$GF^25", "$OK 0 a ff^51\r", "ok(0 a ff)",
     "fault.gfci=0 fault.ground=10 fault.relay=255 "},
    {24, V521, X, "clock", "GT", "$GT^37", "$OK 26 11 20 17 39 11^2A\r", "ok(26 11 20 17 39 11)",
     "clock.year=2026 clock.month=11 clock.day=20 clock.hour=17 clock.minute=39 "
     "clock.second=11 "},
    {25, V521, X, "clock", "GT", "$GT^37", "$OK 165 165 165 165 165 85^1F\r",
     "ok(165 165 165 165 165 85)", ""},
    {26, V521, X, "set_clock", "S1 26 11 20 17 40 0", "$S1 26 11 20 17 40 0^72", "$OK^20\r", "ok()",
     ""},
    {27, V521, X, "set_time_limit", "S3 4", "$S3 4^50", "$OK^20\r", "ok()", ""},
    {27, V521, X, "time_limit", "G3", "$G3^50", "$OK 4^34\r", "ok(4)", "limit.time=3600 "},
    {28, V521, X, "set_time_limit", "S3 4", "$S3 4^50", "$NK^21\r", "nk()", ""},
    {29, V521, X, "set_energy_limit", "SH 10", "$SH 10^1E", "$OK^20\r", "ok()", ""},
    {29, V521, X, "energy_limit", "GH", "$GH^2B", "$OK 10^01\r", "ok(10)", "limit.energy=10000 "},
    {30, V521, X, "set_current", "SC 16", "$SC 16^13", "$OK 16^07\r", "ok(16)",
     "pilot.current=16 "},
    {31, V521, X, "set_current_volatile", "SC 10 V", "$SC 10 V^63", "$OK 10^01\r", "ok(10)",
     "pilot.current=10 "},
    {32, V521, X, "set_current", "SC 3", "$SC 3^27", "$NK 6^37\r", "nk(6)", "pilot.current=6 "},
    {33, V521, X, "set_current", "SC 90", "$SC 90^1D", "$NK 80^09\r", "nk(80)",
     "pilot.current=80 "},
    {34, V521, X, "burn_current_limit", "SC 40 M", "$SC 40 M^7D", "$NK 32^00\r", "nk(32)",
     "pilot.current=32 "},
    {35, V521, X, "resume", "FE", "$FE^27", "$OK^20\r", "ok()", ""},
    {35, V521, X, "pause", "FS", "$FS^31", "$OK^20\r", "ok()", ""},
    {35, V521, X, "disable", "FD", "$FD^26", "$OK^20\r", "ok()", ""},
    {38, V521, X, "set_diode_check", "FF D 0", "$FF D 0^50", "$OK^20\r", "ok()", ""},
    {38, V521, X, "set_ground_check", "FF G 1", "$FF G 1^52", "$OK^20\r", "ok()", ""},
    {39, V103, X, "set_diode_check", "SD 0", "$SD 0^23", "$OK \r", "ok()", ""},
    {39, V103, X, "set_ground_check", "SG 1", "$SG 1^21", "$OK \r", "ok()", ""},
    {40, V521, X, "set_level", "SL 2", "$SL 2^29", "$OK^20\r", "ok()", ""},
    {40, V521, X, "set_level", "SL A", "$SL A^5A", "$OK^20\r", "ok()", ""},
    {41, V521, X, "set_timer", "ST 23 0 6 30", "$ST 23 0 6 30^27", "$OK^20\r", "ok()", ""},
    {41, V521, X, "timer", "GD", "$GD^27", "$OK 23 0 6 30^24\r", "ok(23 0 6 30)",
     "timer.start_hour=23 timer.start_minute=0 timer.end_hour=6 timer.end_minute=30 "},
    {42, V521, X, "set_timer", "ST 0 0 0 0", "$ST 0 0 0 0^23", "$OK^20\r", "ok()", ""},
    {42, V521, X, "timer", "GD", "$GD^27", "$OK 0 0 0 0^20\r", "ok(0 0 0 0)",
     "timer.start_hour=0 timer.start_minute=0 timer.end_hour=0 timer.end_minute=0 "},
    {43, V521, X, "set_heartbeat", "SY 100 6", "$SY 100 6^29", "$OK 100 6 0^37\r", "ok(100 6 0)",
     "heartbeat.interval=100 heartbeat.current=6 heartbeat.trigger=none "},
    {43, V521, X, "heartbeat_pulse", "SY", "$SY^2E", "$OK 100 6 0^37\r", "ok(100 6 0)",
     "heartbeat.interval=100 heartbeat.current=6 heartbeat.trigger=none "},
    {43, V521, X, "heartbeat_pulse", "SY", "$SY^2E", "$NK 100 6 2^34\r", "nk(100 6 2)",
     "heartbeat.interval=100 heartbeat.current=6 heartbeat.trigger=missed "},
    {43, V521, X, "heartbeat_acknowledge", "SY 165", "$SY 165^3C", "$OK 100 6 1^36\r",
     "ok(100 6 1)", "heartbeat.interval=100 heartbeat.current=6 heartbeat.trigger=acknowledged "},
    {44, V521, X, "vehicle", "G0", "$G0^53", "$OK 1^31\r", "ok(1)", "vehicle.connected=yes "},
    {45, V521, X, "ammeter", "GA", "$GA^22", "$OK 220 0^20\r", "ok(220 0)",
     "ammeter.scale=220 ammeter.offset=0 "},
    {45, V521, X, "set_ammeter", "SA 225 0", "$SA 225 0^33", "$OK^20\r", "ok()", ""},
    {46, V521, X, "voltmeter", "GM", "$GM^2E", "$OK 298 12018^29\r", "ok(298 12018)",
     "voltmeter.scale=298 voltmeter.offset=12018 "},
    {46, V521, X, "set_voltmeter", "SM 298 12018", "$SM 298 12018^33", "$OK^20\r", "ok()", ""},
    {47, V521, X, "board", "GI", "$GI^2A", "$OK  ABCDEFFF0A1B2C^54\r", "ok( ABCDEFFF0A1B2C)",
     "board.id=ABCDEFFF0A1B2C "},
    {48, V521, X, "set_total_energy", "SK 0", "$SK 0^2C", "$OK^20\r", "ok()", ""},
    {49, V521, X, "set_voltage", "SV 223576", "$SV 223576^06", "$OK^20\r", "ok()", ""},
    {50, V521, X, "set_display_updates", "F0 0", "$F0 0^42", "$OK^20\r", "ok()", ""},
    {50, V521, X, "set_display_color", "FB 6", "$FB 6^36", "$OK^20\r", "ok()", ""},
    {50, V521, X, "print", "FP 0 1 HELLO", "$FP 0 1 HELLO^51", "$OK^20\r", "ok()", ""},
    {51, V521, X, "clear_boot_lock", "SB", "$SB^35", "$OK 0^30\r", "ok(0)",
     "evse.boot_lock_kept=no "},
    {52, V521, X, "set_lock", "S4 1", "$S4 1^52", "$OK^20\r", "ok()", ""},
    {52, V521, X, "lock", "G4", "$G4^57", "$OK 1^31\r", "ok(1)", "lock.charging=on "},
    {53, V521, X, "set_plug_lock", "S5 M", "$S5 M^2F", "$OK^20\r", "ok()", ""},
    {53, V521, X, "plug_lock", "G5", "$G5^56", "$OK 0 M^5D\r", "ok(0 M)",
     "lock.plug=no lock.mode=manual "},
    {60, V600, X, "mains", "GZ", "$GZ^39", "$OK 6012 200^17\r", "ok(6012 200)",
     "mains.frequency=60.12 ammeter.zero=0.200 "},
    {61, V600, X, "set_relay", "SR 2 0", "$SR 2 0^27", "$OK^20\r", "ok()", ""},
    {61, V600, X, "relays", "GR", "$GR^31", "$OK 1 0 1^30\r", "ok(1 0 1)",
     "relay.dc_1=yes relay.dc_2=no relay.ac=yes "},
    {62, V600, X, "set_panic_temperature", "FO 705", "$FO 705^3F", "$OK^20\r", "ok()", ""},
    {62, V600, X, "panic_temperature", "GO", "$GO^2C", "$OK 705^32\r", "ok(705)",
     "temperature.panic=70.5 "},
    {63, V600, X, "relay_wear", "GW", "$GW^34", "$OK 3 180 11 8^12\r", "ok(3 180 11 8)",
     "relay.hot_opens=3 relay.hot_current=0.180 relay.close_time=0.011 relay.open_time=0.008 "},
    {64, V600, X, "relay_life", "GL", "$GL^2F", "$OK 97 1204 28110 9 0 65535 65535 0 0^3A\r",
     "ok(97 1204 28110 9 0 65535 65535 0 0)",
     "relay.life=97 relay.cold_opens=1204 relay.damage=0.028110 relay.close_time_new=0.009 "
     "relay.drift=no relay.warning=none relay.recoveries=0 "},
};
#undef X

/* An answer without a checksum counts when it came twice, a bare NK when it came three times; before
 * each question that is repeated there is a $GV. */
static void run_exchange(const struct exchange *e, bool by_byte) {
    struct bench b;
    char answer[100];
    bool nk = strcmp(e->reply, "$NK^21\r") == 0;
    bool twice = strcmp(e->version, V103) == 0 && strcmp(e->reply, "$OK \r") != 0;
    open_found(&b, e->version, e->sum);
    b.by_byte = by_byte;
    ask(&b, 7, e->name, e->body);
    assert_sent(&b, e->line);
    for (int more = nk ? 2 : twice; more > 0; more--) {
        hear(&b, e->reply);
        assert_null(strchr(b.log, '#'));
        assert_sent(&b, version_question(e->sum));
        hear(&b, e->version);
        assert_sent(&b, e->line);
    }
    hear(&b, e->reply);
    snprintf(answer, sizeof answer, "#7=%s ", e->answer);
    assert_non_null(strstr(b.log, answer));
    assert_string_equal(b.values, e->values);
    assert_sent(&b, "");
    assert_int_equal(b.c.damaged + b.c.late, 0);
}

static void test_the_worked_exchanges_are_sent_and_understood_to_the_byte(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        run_exchange(&exchanges[i], false);
        run_exchange(&exchanges[i], true);
    }
}

/* The last byte missing: no answer, and nothing of it is believed. */
static void test_an_exchange_that_is_cut_short_is_no_answer(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        struct bench b;
        char reply[80];
        snprintf(reply, sizeof reply, "%.*s", (int)strlen(exchanges[i].reply) - 1,
                 exchanges[i].reply);
        open_found(&b, exchanges[i].version, exchanges[i].sum);
        ask(&b, 7, exchanges[i].name, exchanges[i].body);
        assert_sent(&b, exchanges[i].line);
        hear(&b, reply);
        assert_events(&b, "");
        assert_true(b.c.waiting);
    }
}

/* A client with ids; the next id is the one behind `before`. */
static void open_with_ids(struct bench *b, uint8_t before) {
    struct vb_rapi_client_config config = quiet;
    config.ids = true;
    open_bench(b, &config);
    assert_sent(b, "$GV^35");
    hear(b, V521);
    assert_sent(b, "$GV^35");
    hear(b, V521);
    assert_sent(b, "$GV :01^2E");
    hear(b, "$OK 8.2.3 5.2.1 :01^34\r");
    assert_true(b->c.dialect.ids);
    forget_events(b);
    b->c.next_sequence = before;
}

static void test_exchanges_5_and_9_have_sequence_ids(void **state) {
    (void)state;
    struct bench b;
    open_with_ids(&b, 0x59);
    ask(&b, 1, "version", "GV");
    assert_sent(&b, "$GV :5A^5B");
    hear(&b, "$OK 8.2.3 5.2.1 :5A^41\r");
    assert_events(&b, "GV:OK 8.2.3 5.2.1 #1=ok(8.2.3 5.2.1) ");
    open_with_ids(&b, 0x10);
    ask(&b, 2, NULL, "QQ");
    assert_sent(&b, "$QQ :11^3E");
    hear(&b, "$NK :11^3B\r");
    assert_sent(&b, "$GV^35");
    hear(&b, V521);
    assert_sent(&b, "$QQ :12^3D");
    hear(&b, "$NK :12^38\r");
    assert_sent(&b, "$GV^35");
    hear(&b, V521);
    assert_sent(&b, "$QQ :13^3C");
    hear(&b, "$NK :13^39\r");
    assert_events(&b, "--:NK GV:OK 8.2.3 5.2.1 --:NK GV:OK 8.2.3 5.2.1 QQ:NK #2=nk() ");
}

static void test_exchange_6_is_never_needed_behind_id_ff_comes_01(void **state) {
    (void)state;
    struct bench b;
    open_with_ids(&b, 0xFE);
    ask(&b, 1, "version", "GV");
    assert_string_equal(sent(&b), "$GV :FF^2F");
    hear(&b, "$OK 8.2.3 5.2.1 :FF^35\r");
    ask(&b, 2, "version", "GV");
    assert_sent(&b, "$GV :01^2E");
}

static void test_exchange_7_means_that_the_line_was_damaged_it_is_sent_again(void **state) {
    (void)state;
    struct bench b;
    open_with_ids(&b, 1);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS :02^28");
    hear(&b, "$NK^21\r");
    assert_sent(&b, "$GV^35");
    hear(&b, V521);
    assert_sent(&b, "$GS :03^29");
    hear(&b, "$OK 01 0 01 0200 :03^0B\r");
    assert_events(&b, "--:NK GV:OK 8.2.3 5.2.1 GS:OK 01 0 01 0200 #1=ok(01 0 01 0200) ");
    assert_int_equal(b.c.repeated, 1);
}

static void test_exchanges_36_and_37_have_news_behind_or_before_the_answer(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "pause", "FS");
    assert_sent(&b, "$FS^31");
    hear(&b, "$OK^20\r$AT fe 01 32 0200^30\r");
    assert_events(&b, "FS:OK #1=ok() AT:AT fe 01 32 0200 ");
    assert_string_equal(b.values, "evse.state=sleeping pilot.state=not-connected pilot.current=32 "
                                  "evse.flags=session-ended vehicle.connected=no relay.closed=no "
                                  "evse.locked=no ");
    open_found(&b, V401, VB_RAPI_XOR);
    ask(&b, 2, "pause", "FS");
    assert_sent(&b, "$FS^31");
    hear(&b, "$ST fe^00\r$OK^20\r");
    assert_events(&b, "ST:ST fe FS:OK #2=ok() ");
}

static void expect_news(const char *version, const char *line, const char *frame,
                        const char *values) {
    struct bench b;
    open_found(&b, version, VB_RAPI_XOR);
    hear(&b, line);
    assert_events(&b, frame);
    assert_string_equal(b.values, values);
}

static void test_exchanges_54_to_59_are_news(void **state) {
    (void)state;
    expect_news(V521, "$AB 00 8.2.3^1E\r", "AB:AB 00 8.2.3 ",
                "evse.self_test=good firmware.version=8.2.3 ");
    expect_news(V521, "$AB 08 8.2.3^16\r", "AB:AB 08 8.2.3 ",
                "evse.self_test=stuck-relay firmware.version=8.2.3 ");
    expect_news(V521, "$AT 03 03 16 0140^33\r", "AT:AT 03 03 16 0140 ",
                "evse.state=charging pilot.state=charging pilot.current=16 "
                "evse.flags=relay-closed+ev-connected vehicle.connected=yes relay.closed=yes "
                "evse.locked=no ");
    expect_news(V401, "$ST 03^00\r", "ST:ST 03 ", "evse.state=charging ");
    expect_news(V103, "$ST 03\r", "ST:ST 03 ", "evse.state=charging ");
    expect_news(V521, "$AN 0^3B\r", "AN:AN 0 ", "button.press=short ");
    expect_news(V521, "$AN 1^3A\r", "AN:AN 1 ", "button.press=long ");
    expect_news(V521, "$WF 02^17\r", "WF:WF 02 ", "wifi.request=access-point-default ");
}

static void test_a_slow_way_is_waited_for_from_the_first_question_on(void **state) {
    (void)state;
    static struct bench b;
    struct vb_rapi_client_config config = quiet;
    config.wait_ns = 6 * VB_NS_PER_S;
    config.ids = true;
    open_bench(&b, &config);
    assert_sent(&b, "$GV^35");
    assert_int_equal(wait(&b, 5900), 5900);
    assert_sent(&b, "");
    hear(&b, V521);
    assert_sent(&b, "$GV^35");
    hear(&b, V521);
    assert_sent(&b, "$GV :01^2E");
    assert_int_equal(wait(&b, 5900), 5900);
    assert_sent(&b, "");
    hear(&b, "$OK 8.2.3 5.2.1 :01^34\r");
    assert_true(b.c.dialect.ids);
    assert_true(vb_rapi_client_up(&b.c));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_worked_exchanges_are_sent_and_understood_to_the_byte),
        cmocka_unit_test(test_an_exchange_that_is_cut_short_is_no_answer),
        cmocka_unit_test(test_exchanges_5_and_9_have_sequence_ids),
        cmocka_unit_test(test_exchange_6_is_never_needed_behind_id_ff_comes_01),
        cmocka_unit_test(test_exchange_7_means_that_the_line_was_damaged_it_is_sent_again),
        cmocka_unit_test(test_exchanges_36_and_37_have_news_behind_or_before_the_answer),
        cmocka_unit_test(test_exchanges_54_to_59_are_news),
        cmocka_unit_test(test_a_slow_way_is_waited_for_from_the_first_question_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
