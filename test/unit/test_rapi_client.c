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

/* An answer without a checksum, and a bare NK, counts when it came three times; before each question
 * that is repeated there is a $GV. */
static void run_exchange(const struct exchange *e, bool by_byte) {
    struct bench b;
    char answer[100];
    bool nk = strcmp(e->reply, "$NK^21\r") == 0;
    bool plain = strcmp(e->version, V103) == 0 && strcmp(e->reply, "$OK \r") != 0;
    open_found(&b, e->version, e->sum);
    b.by_byte = by_byte;
    ask(&b, 7, e->name, e->body);
    assert_sent(&b, e->line);
    for (int more = nk || plain ? 2 : 0; more > 0; more--) {
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

/* ---- which dialect ---- */

static void open_finding(struct bench *b, bool ids) {
    struct vb_rapi_client_config config = quiet;
    config.ids = ids;
    open_bench(b, &config);
}

/* A box that answers $GV so, twice. */
static void expect_dialect(const char *answer, uint32_t version, const char *rapi, bool sums) {
    struct bench b;
    open_finding(&b, false);
    assert_int_equal(b.c.state, VB_RAPI_FIND);
    assert_sent(&b, "$GV^35");
    hear(&b, answer);
    assert_false(vb_rapi_client_up(&b.c));
    assert_int_equal(b.c.dialect.version, 0);
    assert_sent(&b, "$GV^35");
    hear(&b, answer);
    assert_true(vb_rapi_client_up(&b.c));
    assert_int_equal(b.c.dialect.version, version);
    assert_string_equal(b.c.dialect.rapi, rapi);
    assert_int_equal(b.c.dialect.sums, sums);
    assert_false(b.c.dialect.ids);
    assert_non_null(strstr(b.log, "found "));
}

static void test_the_dialect_is_what_gv_says_twice(void **state) {
    (void)state;
    expect_dialect(V103, VB_VERSION(1, 0, 3), "1.0.3", false);
    /* a 2.x built without checksums calls itself so */
    expect_dialect("$OK 4.3.2 1.0.5\r", VB_VERSION(1, 0, 5), "1.0.5", false);
    expect_dialect("$OK 4.0.0 2.0.0^26\r", VB_VERSION(2, 0, 0), "2.0.0", true);
    expect_dialect("$OK 4.1.0 2.0.1^26\r", VB_VERSION(2, 0, 1), "2.0.1", true);
    expect_dialect("$OK 4.8.0 3.0.1^2E\r", VB_VERSION(3, 0, 1), "3.0.1", true);
    expect_dialect(V401, VB_VERSION(4, 0, 1), "4.0.1", true);
    expect_dialect("$OK 6.0.0 5.0.0^23\r", VB_VERSION(5, 0, 0), "5.0.0", true);
    expect_dialect(V521, VB_VERSION(5, 2, 1), "5.2.1", true);
    expect_dialect(V600, VB_VERSION(6, 0, 0), "6.0.0", true);
    expect_dialect("$OK 8.2.3.EU 5.2.1b more^46\r", VB_VERSION(5, 2, 1), "5.2.1b", true);
}

static void test_a_version_that_cannot_be_shown_is_shown_as_question_marks(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, false);
    for (int i = 0; i < 2; i++) {
        assert_sent(&b, "$GV^35");
        hear(&b, "$OK \x1B[2J8\xC3 5.2.1^D5\r"); /* a terminal would be cleared */
    }
    assert_true(vb_rapi_client_up(&b.c));
    assert_string_equal(b.c.dialect.firmware, "?[2J8?");
}

static void test_rapi_1_0_0_knows_only_the_additive_checksum(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, true);
    assert_sent(&b, "$GV^35");
    hear(&b, "$NK \r");
    assert_sent(&b, "$GV*C1");
    hear(&b, "$OK 3.0 1.0.0\r");
    assert_sent(&b, "$GV*C1");
    hear(&b, "$OK 3.0 1.0.0\r");
    assert_true(vb_rapi_client_up(&b.c));
    ask(&b, 1, "resume", "FE");
    assert_sent(&b, "$FE*AF");
    hear(&b, "$OK \r");
    assert_non_null(strstr(b.log, "#1=ok() "));
}

static void test_a_box_that_is_silent_is_asked_with_both_checksums_in_turn(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, false);
    assert_sent(&b, "$GV^35");
    assert_int_equal(wait(&b, 5000), 1000);
    assert_sent(&b, "$GV*C1");
    assert_int_equal(wait(&b, 5000), 1000);
    assert_sent(&b, "$GV^35");
}

static void test_only_rapi_1_may_come_without_a_checksum(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, false);
    assert_sent(&b, "$GV^35");
    hear(&b, "$OK 8.2.3 5.2.1\r");
    assert_events(&b, "!--:OK 8.2.3 5.2.1 ");
    assert_sent(&b, "");
    hear(&b, V521 V521);
    assert_int_equal(b.c.dialect.version, VB_VERSION(5, 2, 1));
    forget_events(&b);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
    hear(&b, "$OK 01 0 01 0200\r");    /* its checksum was lost */
    hear(&b, "$OK 01 0 01 0200*F2\r"); /* ... or became this one */
    assert_events(&b, "!--:OK 01 0 01 0200 !--:OK 01 0 01 0200 ");
    assert_int_equal(b.c.damaged, 3);
}

static void test_rubbish_is_never_a_dialect(void **state) {
    (void)state;
    static const char *const rubbish[] = {"$OK hello world^20\r",
                                          "$OK 5.2.1^36\r",
                                          "$OK^20\r",
                                          "$OK 1 5^24\r",
                                          "$OK 8.2.3 x5.2.1^57\r",
                                          "$OK 8.2.3 0.9.9^29\r",
                                          "$OK  5.2.1^16\r",
                                          "$OK\r$OK \r",
                                          "$OK 23 0 6 30^24\r",
                                          "5.2.1\r",
                                          "$NK^21\r",
                                          "\xFF\xFE$$$^^\r"};
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        struct bench b;
        open_finding(&b, true);
        for (int n = 0; n < 20; n++) {
            hear(&b, rubbish[i]);
            forget_events(&b);
            wait(&b, 300);
            forget_events(&b);
        }
        assert_int_equal(b.c.state, VB_RAPI_FIND);
        assert_in_range(b.c.sent, 5,
                        13); /* in six seconds; behind an NK at once with the other sum */
    }
}

static void test_answers_that_differ_are_no_dialect(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, false);
    for (int n = 0; n < 10; n++) {
        hear(&b, n % 2 ? V521 : V600);
    }
    assert_int_equal(b.c.state, VB_RAPI_FIND);
    assert_int_equal(b.c.sent, 2); /* the third in a second */
    hear(&b, V521 V521);
    assert_true(vb_rapi_client_up(&b.c));
}

static void test_ids_are_used_where_they_come_back(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, true);
    hear(&b, "$OK 4.8.0 3.0.1^2E\r$OK 4.8.0 3.0.1^2E\r");
    assert_sent(&b, "$GV :01^2E");
    assert_false(vb_rapi_client_up(&b.c));
    hear(&b, "$OK 4.8.0 3.0.1 :01^35\r");
    assert_true(vb_rapi_client_up(&b.c));
    assert_true(b.c.dialect.ids);
    /* an answer with the id of another question is late, and no answer */
    forget_events(&b);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS :02^28");
    hear(&b, "$OK 3 754 :01^3E\r$OK 3 754^25\r");
    assert_events(&b, "--:OK 3 754 --:OK 3 754 ");
    assert_int_equal(b.c.late, 2);
    hear(&b, "$OK 254 1820 :02^00\r");
    assert_events(&b, "GS:OK 254 1820 #1=ok(254 1820) ");
}

static void test_ids_are_not_used_where_they_do_not_come_back(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, true);
    assert_sent(&b, "$GV^35");
    hear(&b, "$OK 4.8.0 3.0.1^2E\r");
    assert_sent(&b, "$GV^35");
    hear(&b, "$OK 4.8.0 3.0.1^2E\r");
    for (int n = 0; n < 3; n++) {
        assert_string_equal(sent(&b), n == 0 ? "$GV :01^2E" : n == 1 ? "$GV :02^2D" : "$GV :03^2C");
        assert_int_equal(b.c.state, VB_RAPI_IDS);
        hear(&b, "$OK 4.8.0 3.0.1^2E\r");
    }
    assert_int_equal(b.c.state, VB_RAPI_TALK);
    assert_false(b.c.dialect.ids);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
}

static void test_ids_are_not_tried_where_there_are_none(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, true);
    hear(&b, "$OK 4.3.2 2.0.3^24\r$OK 4.3.2 2.0.3^24\r");
    assert_int_equal(b.c.state, VB_RAPI_TALK);
    open_finding(&b, false);
    hear(&b, V521 V521);
    assert_int_equal(b.c.state, VB_RAPI_TALK);
    assert_false(b.c.dialect.ids);
}

/* ---- what a version does not have is never sent ---- */

static void expect_refused(const char *version, const char *of_version, const char *name,
                           const char *body, const char *answer) {
    struct bench b;
    uint32_t other;
    assert_int_equal(vb_version_read(of_version, strlen(of_version), &other), VB_OK);
    open_found(&b, version, VB_RAPI_XOR);
    assert_int_equal(
        vb_rapi_client_ask(&b.c, 9, message_of(name, other), body, strlen(body), b.now), VB_OK);
    assert_sent(&b, "");
    assert_int_equal(vb_rapi_client_deadline_ns(&b.c), INT64_MIN);
    assert_events(&b, answer);
    assert_true(vb_rapi_client_deadline_ns(&b.c) > b.now);
}

static void test_a_call_of_another_version_is_not_there(void **state) {
    (void)state;
    /* the old switch of state D would set the voltage to 0 mV, the old one of the relay check a relay */
    expect_refused(V521, "3.0.1", "set_vent_check", "SV 0", "#9=not-there() ");
    expect_refused(V600, "3.0.1", "set_relay_check", "SR 1", "#9=not-there() ");
    expect_refused(V401, "5.2.1", "set_voltage", "SV 230000", "#9=not-there() ");
    expect_refused(V401, "5.2.1", "status", "GS", "#9=not-there() ");
    expect_refused(V521, "4.0.1", "status", "GS", "#9=not-there() ");
    expect_refused(V103, "2.0.2", "set_current_volatile", "SC 10 V", "#9=not-there() ");
}

static void test_a_line_longer_than_the_box_can_read_is_not_sent(void **state) {
    (void)state;
    /* 29 and 30 characters with the checksum; 31 and 32 */
    expect_refused(V103, "1.0.3", "print", "FP 0 0 ABCDEFGHIJKLMNOPQRS", "#9=too-long() ");
    expect_refused(V521, "5.2.1", "print", "FP 0 0 ABCDEFGHIJKLMNOPQRSTU", "#9=too-long() ");
    struct bench b;
    open_found(&b, V103, VB_RAPI_XOR);
    ask(&b, 1, "print", "FP 0 0 ABCDEFGHIJKLMNOPQR");
    assert_sent(&b, "$FP 0 0 ABCDEFGHIJKLMNOPQR^01");
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "print", "FP 0 0 ABCDEFGHIJKLMNOPQRST");
    assert_sent(&b, "$FP 0 0 ABCDEFGHIJKLMNOPQRST^06");
}

static void test_a_line_that_has_no_room_for_an_id_goes_without(void **state) {
    (void)state;
    struct bench b;
    open_with_ids(&b, 1);
    ask(&b, 1, "print", "FP 10 0 ABCDEFGHIJKLMNOP");
    assert_sent(&b, "$FP 10 0 ABCDEFGHIJKLMNOP^33");
    hear(&b, "$OK^20\r");
    assert_events(&b, "FP:OK #1=ok() ");
    ask(&b, 2, "print", "FP 0 0 ABCDEFGHIJKLMNOP");
    assert_sent(&b, "$FP 0 0 ABCDEFGHIJKLMNOP :03^1B");
}

static void test_the_version_is_looked_at_when_a_question_is_sent(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, false);
    ask(&b, 1, "resume", "FE"); /* asked before anything is known */
    assert_int_equal(vb_rapi_client_ask(&b.c, 2, message_of("set_vent_check", VB_VERSION(3, 0, 0)),
                                        "SV 0", 4, b.now),
                     VB_OK);
    assert_sent(&b, "$GV^35");
    hear(&b, V521 V521);
    assert_sent(&b, "$FE^27");
    forget_events(&b);
    hear(&b, "$OK^20\r");
    assert_events(&b, "FE:OK #1=ok() #2=not-there() ");
    assert_sent(&b, "");
}

static void test_what_cannot_be_asked_is_told_at_once(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    assert_int_equal(vb_rapi_client_ask(&b.c, 1, VB_RAPI_NO_MESSAGE, "G", 1, b.now), VB_E_FORMAT);
    assert_int_equal(vb_rapi_client_ask(&b.c, 1, VB_RAPI_NO_MESSAGE, "FP 0 0 a$", 9, b.now),
                     VB_E_FORMAT);
    assert_int_equal(vb_rapi_client_ask(&b.c, 1, 0, "AT", 2, b.now), VB_E_RANGE); /* news */
    assert_int_equal(vb_rapi_client_ask(&b.c, 1, vb_device_openevse.message_count, "GS", 2, b.now),
                     VB_E_RANGE);
    assert_sent(&b, "");
    for (uint32_t i = 0; i <= VB_RAPI_QUEUE; i++) { /* one is on its way */
        ask(&b, 1 + i, "resume", "FE");
    }
    assert_int_equal(vb_rapi_client_ask(&b.c, 99, message_of("resume", 0), "FE", 2, b.now),
                     VB_E_SPACE);
    for (int i = 0; i <= VB_RAPI_QUEUE; i++) {
        assert_sent(&b, "$FE^27");
        hear(&b, "$OK^20\r");
    }
    assert_non_null(strstr(b.log, "#9=ok() "));
    assert_sent(&b, "");
}

/* ---- answers that are missed, late, damaged ---- */

static void test_a_missed_answer_is_asked_for_again_behind_a_gv(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
    assert_int_equal(wait(&b, 5000), 500);
    assert_int_equal(b.c.state, VB_RAPI_AGAIN);
    assert_true(vb_rapi_client_up(&b.c));
    assert_sent(&b, "$GV^35");
    hear(&b, V521);
    assert_sent(&b, "$GS^30");
    hear(&b, "$OK 01 0 01 0200^12\r");
    assert_events(&b, "GV:OK 8.2.3 5.2.1 GS:OK 01 0 01 0200 #1=ok(01 0 01 0200) ");
    assert_int_equal(b.c.repeated, 1);
}

/* The answer comes while the next question would wait: python-openevse takes it for the next one's. */
static void test_a_late_answer_is_not_taken_for_that_to_the_next_question(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "meter", "GG");
    ask(&b, 2, "energy", "GU");
    assert_sent(&b, "$GG^24");
    wait(&b, 500);
    assert_sent(&b, "$GV^35");
    hear(&b, "$OK 15980 239800^15\r"); /* would fit $GU as well */
    assert_events(&b, "--:OK 15980 239800 ");
    assert_int_equal(b.c.late, 1);
    hear(&b, V521);
    assert_sent(&b, "$GG^24");
    hear(&b, "$OK 15980 239800^15\r");
    assert_sent(&b, "$GU^36");
    hear(&b, "$OK 12240000 317257^20\r");
    assert_events(&b, "GV:OK 8.2.3 5.2.1 GG:OK 15980 239800 #1=ok(15980 239800) "
                      "GU:OK 12240000 317257 #2=ok(12240000 317257) ");
}

static void test_a_late_answer_to_gv_is_known(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
    wait(&b, 500);
    assert_sent(&b, "$GV^35");
    assert_int_equal(wait(&b, 5000), 1000);
    assert_sent(&b, "$GV^35");
    hear(&b, V521);
    assert_sent(&b, "$GS^30");
    hear(&b, V521); /* the other one */
    assert_true(b.c.waiting);
    hear(&b, "$OK 01 0 01 0200^12\r");
    assert_events(&b, "GV:OK 8.2.3 5.2.1 GV:OK 8.2.3 5.2.1 GS:OK 01 0 01 0200 "
                      "#1=ok(01 0 01 0200) ");
    assert_int_equal(b.c.late, 1);
}

/* The first answer to $GV after a question may be that to one asked before it. */
static void test_a_gv_of_before_proves_nothing(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "meter", "GG");
    assert_sent(&b, "$GG^24");
    wait(&b, 500);
    assert_sent(&b, "$GV^35");
    wait(&b, 1000);
    assert_sent(&b, "$GV^35"); /* two of them, one answer for now */
    hear(&b, V521);
    assert_sent(&b, "$GG^24");
    wait(&b, 500);
    assert_sent(&b, "$GV^35");
    hear(&b, V521); /* the second one's */
    assert_int_equal(b.c.state, VB_RAPI_AGAIN);
    assert_sent(&b, "$GV^35");
    hear(&b, "$OK 1 2^01\r"); /* the late answer to $GG */
    assert_int_equal(b.c.state, VB_RAPI_AGAIN);
    hear(&b, V521);
    assert_int_equal(b.c.state, VB_RAPI_TALK);
    assert_sent(&b, "$GG^24");
    hear(&b, V521); /* one is still to come, and known */
    hear(&b, "$OK 15980 239800^15\r");
    assert_non_null(strstr(b.log, "#1=ok(15980 239800) "));
}

/* That of a caller is one of them. */
static void test_a_gv_of_a_caller_proves_nothing_either(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "version", "GV");
    assert_sent(&b, "$GV^35");
    wait(&b, 500);
    assert_sent(&b, "$GV^35");
    hear(&b, V521); /* that to the first */
    assert_sent(&b, "$GV^35");
    hear(&b, V521); /* that to the second */
    assert_non_null(strstr(b.log, "#1=ok(8.2.3 5.2.1) "));
    forget_events(&b);
    ask(&b, 2, "meter", "GG");
    assert_sent(&b, "$GG^24");
    wait(&b, 500);
    assert_sent(&b, "$GV^35");
    hear(&b, V521); /* that to the third, asked before $GG */
    assert_int_equal(b.c.state, VB_RAPI_AGAIN);
    assert_sent(&b, "$GV^35");
    hear(&b, "$OK 15980 239800^15\r" V521);
    assert_int_equal(b.c.state, VB_RAPI_TALK);
    assert_sent(&b, "$GG^24");
}

static void test_three_missed_answers_are_the_end_of_a_question(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    for (int i = 0; i < 3; i++) {
        assert_sent(&b, "$GS^30");
        wait(&b, 500);
        assert_sent(&b, "$GV^35");
        hear(&b, V521);
    }
    assert_sent(&b, "");
    assert_non_null(strstr(b.log, "#1=no-answer() "));
    assert_true(vb_rapi_client_up(&b.c));
    assert_int_equal(b.c.lost, 1);
}

static void test_a_press_of_the_button_is_sent_once(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "press_button", "F1");
    assert_sent(&b, "$F1^53");
    wait(&b, 500);
    assert_events(&b, "#1=no-answer() ");
    assert_sent(&b, "$GV^35");
    hear(&b, "$OK^20\r"); /* late */
    hear(&b, V521);
    assert_sent(&b, "");
    assert_events(&b, "--:OK GV:OK 8.2.3 5.2.1 ");
    /* an NK is believed at once: asking again might press */
    ask(&b, 2, "press_button", "F1");
    assert_sent(&b, "$F1^53");
    hear(&b, "$NK^21\r");
    assert_events(&b, "F1:NK #2=nk() ");
}

static void test_an_answer_of_another_shape_is_not_taken(void **state) {
    (void)state;
    static const char *const others[] = {"$OK^20\r",       /* nothing, where values have to be */
                                         "$OK 3 754^25\r", /* too few */
                                         "$OK 01 0 01 0200 1^03\r", /* too many */
                                         "$OK 01 x 01 0200^5A\r",   /* no number */
                                         "$OK 01 0 0g 0200^44\r",   /* no hexadecimal number */
                                         "$OK 01 -5 01 0200^3A\r",  /* a sign */
                                         "$OK 01  01 0200^22\r",    /* an empty one */
                                         "$NK 6^37\r"};
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        hear(&b, others[i]);
        assert_null(strchr(b.log, '#'));
        assert_int_equal(b.c.late, i + 1);
    }
    hear(&b, "$OK 01 0 01 0200^12\r");
    assert_non_null(strstr(b.log, "#1=ok(01 0 01 0200) "));
    /* an order that has nothing to tell */
    ask(&b, 2, "pause", "FS");
    hear(&b, "$OK 4^34\r");
    assert_null(strstr(b.log, "#2"));
    hear(&b, "$OK^20\r");
    assert_non_null(strstr(b.log, "#2=ok() "));
}

static void test_a_damaged_answer_is_shown_and_not_believed(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
    hear(&b, "$OK 01 1 01 0200^12\r");
    assert_events(&b, "!--:OK 01 1 01 0200 ");
    assert_int_equal(b.c.damaged, 1);
    assert_int_equal(wait(&b, 5000), 500);
    assert_sent(&b, "$GV^35");
}

static void test_a_line_that_has_begun_gets_a_little_more_time(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
    hear(&b, "$OK 01 0 ");
    assert_int_equal(wait(&b, 5000), 500);
    assert_true(b.c.waiting);
    assert_int_equal(wait(&b, 90), 90);
    hear(&b, "01 0200^12\r");
    assert_events(&b, "GS:OK 01 0 01 0200 #1=ok(01 0 01 0200) ");
    ask(&b, 2, "status", "GS");
    assert_sent(&b, "$GS^30");
    hear(&b, "$OK 01 0 ");
    wait(&b, 5000);
    assert_int_equal(wait(&b, 5000), 100);
    assert_int_equal(b.c.state, VB_RAPI_AGAIN); /* once only */
}

static void test_some_calls_take_longer(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V600, VB_RAPI_XOR);
    ask(&b, 1, "free_relay", "FK");
    assert_sent(&b, "$FK^29");
    assert_true(wait(&b, 30000) == 30000);
    assert_true(b.c.waiting);
    hear(&b, "$OK^20\r");
    assert_events(&b, "FK:OK #1=ok() ");
}

static void test_the_wait_begins_when_the_line_is_taken(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    b.now += 300 * MS;
    assert_sent(&b, "$GS^30");
    assert_int_equal(wait(&b, 5000), 500);
}

/* ---- RAPI 1.x: no checksums ---- */

static void test_rapi_1_answers_that_change_are_asked_until_three_are_the_same(void **state) {
    (void)state;
    struct bench b;
    static const char *const answers[] = {"$OK 3 754\r", "$OK 3 755\r", "$OK 3 755\r",
                                          "$OK 3 755\r"};
    open_found(&b, V103, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    for (int i = 0; i < 4; i++) {
        assert_sent(&b, "$GS^30");
        hear(&b, answers[i]);
        if (i < 3) {
            assert_sent(&b, "$GV^35");
            hear(&b, V103);
        }
    }
    assert_events(&b, "--:OK 3 754 GV:OK D3.8.4 1.0.3 --:OK 3 755 GV:OK D3.8.4 1.0.3 --:OK 3 755 "
                      "GV:OK D3.8.4 1.0.3 GS:OK 3 755 #1=ok(3 755) ");
}

static void test_rapi_1_answers_that_never_agree_are_none(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V103, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    for (int i = 0; i < 8; i++) {
        char answer[30];
        snprintf(answer, sizeof answer, "$OK 3 75%d\r", i);
        assert_sent(&b, "$GS^30");
        hear(&b, answer);
        assert_sent(&b, "$GV^35");
        hear(&b, V103);
    }
    assert_sent(&b, "");
    assert_non_null(strstr(b.log, "#1=no-answer() "));
}

/* ---- news, echo, half lines ---- */

static void test_a_client_that_starts_in_the_middle_of_a_line_skips_it(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, false);
    hear(&b, "754 03 0140^13\r" V521);
    assert_events(&b, "--:OK 8.2.3 5.2.1 ");
    assert_int_equal(b.c.reader.skipped, 14);
}

static void test_news_is_no_answer_wherever_it_comes(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
    hear(&b, "$AT 03 03 16 0140^33\r$WF 02^17\r$AN 0^3B\r");
    assert_true(b.c.waiting);
    hear(&b, "$OK 01 0 $AT 03 03 16 0140^33\r"); /* it breaks into the answer, which is lost */
    assert_true(b.c.waiting);
    hear(&b, "$OK 01 0 01 0200^12\r");
    assert_events(&b, "AT:AT 03 03 16 0140 WF:WF 02 AN:AN 0 AT:AT 03 03 16 0140 "
                      "GS:OK 01 0 01 0200 #1=ok(01 0 01 0200) ");
}

static void test_news_without_a_checksum_is_that_of_old_versions_only(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, "$OK 4.0.0 2.0.0^26\r", VB_RAPI_XOR);
    hear(&b, "$ST 03\r");
    assert_events(&b, "ST:ST 03 ");
    open_found(&b, "$OK 4.1.0 2.0.1^26\r", VB_RAPI_XOR);
    hear(&b, "$ST 03\r");
    assert_events(&b, "!--:ST 03 ");
    open_found(&b, V103, VB_RAPI_XOR);
    hear(&b, "$AT 03 03 16 0140\r");
    assert_events(&b, "!--:AT 03 03 16 0140 ");
    open_finding(&b, false);
    hear(&b, "$ST 03\r"); /* who knows? */
    assert_events(&b, "!--:ST 03 ");
}

static void test_an_echo_is_neither_answer_nor_news(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "set_timer", "ST 23 0 6 30");
    assert_sent(&b, "$ST 23 0 6 30^27");
    hear(&b, "$ST 23 0 6 30^27\r$OK^20\r\n");
    assert_true(b.c.dialect.echo);
    assert_events(&b, "ST:OK #1=ok() ");
    /* an echo with news in its middle */
    ask(&b, 2, "status", "GS");
    assert_sent(&b, "$GS^30");
    hear(&b, "$G$AT 03 03 16 0140^33\r\nS^30\r$OK 01 0 01 0200^12\r\n");
    assert_events(&b, "AT:AT 03 03 16 0140 GS:OK 01 0 01 0200 #2=ok(01 0 01 0200) ");
}

static void test_an_echo_does_not_hinder_finding(void **state) {
    (void)state;
    struct bench b;
    open_finding(&b, true);
    assert_sent(&b, "$GV^35");
    hear(&b, "$GV^35\r" V521 "\n");
    assert_sent(&b, "$GV^35");
    hear(&b, "$GV^35\r" V521 "\n");
    assert_sent(&b, "$GV :01^2E");
    hear(&b, "$GV :01^2E\r$OK 8.2.3 5.2.1 :01^34\r\n");
    assert_true(b.c.dialect.ids);
    assert_true(b.c.dialect.echo);
}

static void test_a_line_of_another_client_changes_nothing(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
    hear(&b, "$GE^26\r");
    assert_false(b.c.dialect.echo);
    assert_events(&b, "GE:GE ");
    assert_true(b.c.waiting);
}

static void test_the_odd_answer_to_gi_is_read(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V514, VB_RAPI_XOR);
    ask(&b, 1, "board", "GI");
    assert_sent(&b, "$GI^2A");
    hear(&b, "$OK $GI ABCDEF1234^09\r");
    assert_events(&b, "GI:OK $GI ABCDEF1234 #1=ok($GI ABCDEF1234) ");
    assert_string_equal(b.values, "board.id=ABCDEF1234 ");
}

/* ---- restarts, silence ---- */

static void test_a_restart_is_never_answered(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "restart", "FR");
    ask(&b, 2, "status", "GS");
    assert_events(&b, "#1=sent() ");
    assert_sent(&b, "$FR^30");
    assert_int_equal(b.c.state, VB_RAPI_RESTART);
    assert_false(vb_rapi_client_up(&b.c));
    assert_int_equal(wait(&b, 3000), 3000);
    assert_sent(&b, "");
    hear(&b, "$AT 00 00 0 0200^03\r");
    assert_int_equal(b.c.state, VB_RAPI_FIND);
    assert_sent(&b, "$GV^35");
    hear(&b, "$AB 00 8.2.3^1E\r");
    assert_sent(&b, "$GV^35");
    hear(&b, V521 V521);
    assert_sent(&b, "$GS^30"); /* what waited goes on */
    hear(&b, "$OK 01 0 01 0200^12\r");
    assert_non_null(strstr(b.log, "found "));
    assert_non_null(strstr(b.log, "#2=ok("));
}

static void test_a_restart_that_nobody_tells_of_ends_in_time(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V401, VB_RAPI_XOR);
    ask(&b, 1, "restart", "FR");
    assert_sent(&b, "$FR^30");
    forget_events(&b);
    assert_int_equal(wait(&b, 60000), 15000);
    assert_sent(&b, "$GV^35");
}

static void test_a_restart_that_was_damaged_is_said_again(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "restart", "FR");
    for (int i = 0; i < 4; i++) {
        assert_sent(&b, "$FR^30");
        forget_events(&b);
        hear(&b, "$NK^21\r");
    }
    assert_sent(&b, "");
}

static void test_a_boot_makes_it_find_again_and_ask_again(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    assert_sent(&b, "$GS^30");
    hear(&b, "$AB 00 D9.1^71\r");
    hear(&b, "$AB 00 D9.1^45\r");
    assert_sent(&b, "$GV^35");
    hear(&b, V600);
    assert_sent(&b, "$GV^35");
    hear(&b, V600);
    assert_int_equal(b.c.dialect.version, VB_VERSION(6, 0, 0));
    assert_sent(&b, "$GS^30");
    hear(&b, "$OK 01 0 01 0200^12\r");
    assert_non_null(strstr(b.log, "#1=ok("));
    /* of a press nobody knows whether it was done */
    forget_events(&b);
    ask(&b, 2, "press_button", "F1");
    assert_sent(&b, "$F1^53");
    hear(&b, "$AB 00 8.2.3^1E\r");
    assert_events(&b, "AB:AB 00 8.2.3 #2=no-answer() ");
}

static void test_a_boot_whose_end_is_lost_is_seen_by_its_beginning(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    hear(&b, "$AT 00 00 0 0200^03\r");
    assert_int_equal(b.c.state, VB_RAPI_FIND);
    open_found(&b, V103, VB_RAPI_XOR);
    hear(&b, "$ST 00\r");
    assert_int_equal(b.c.state, VB_RAPI_FIND);
    open_found(&b, V521, VB_RAPI_XOR);
    hear(&b, "$AT 01 01 24 0000^35\r");
    assert_int_equal(b.c.state, VB_RAPI_TALK);
}

static void test_a_box_that_comes_back_as_an_older_one_is_not_asked_what_it_lacks(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "heartbeat", "GY");
    assert_sent(&b, "$GY^3A");
    hear(&b, "$AB 00 8.2.3^1E\r");
    hear(&b, V401 V401);
    assert_non_null(strstr(b.log, "#1=not-there() "));
}

static void test_a_silent_box_is_gone_and_looked_for_once_a_second(void **state) {
    (void)state;
    struct bench b;
    open_found(&b, V521, VB_RAPI_XOR);
    ask(&b, 1, "status", "GS");
    ask(&b, 2, "settings", "GE");
    assert_sent(&b, "$GS^30");
    wait(&b, 500);
    for (int i = 0; i < 4; i++) {
        assert_sent(&b, "$GV^35");
        assert_events(&b, "");
        assert_int_equal(wait(&b, 9000), 1000);
    }
    assert_events(&b, "#1=no-answer() #2=lost() gone ");
    assert_false(vb_rapi_client_up(&b.c));
    assert_sent(&b, "");
    assert_int_equal(wait(&b, 9000), 1000);
    assert_sent(&b, "$GV^35");
    assert_int_equal(wait(&b, 9000), 1000);
    assert_sent(&b, "$GV*C1");
    /* what is asked meanwhile is lost after a while, and it is not gone twice */
    ask(&b, 3, "resume", "FE");
    for (int i = 0; i < 5; i++) {
        wait(&b, 9000);
    }
    assert_events(&b, "#3=lost() ");
    hear(&b, V521 V521);
    for (int i = 0; i < 20 && !vb_rapi_client_up(&b.c); i++) {
        hear(&b, V521);
    }
    assert_true(vb_rapi_client_up(&b.c));
}

/* ---- asked regularly ---- */

static void open_polling(struct bench *b, const char *version) {
    struct vb_rapi_client_config config = quiet;
    config.poll = true;
    open_bench(b, &config);
    hear(b, version);
    hear(b, version);
    forget_events(b);
}

/* Say something that fits. */
static const char *box_5(const char *line) {
    static const char *const answers[][2] = {{"$GS^30", "$OK 01 0 01 0200^12\r"},
                                             {"$GG^24", "$OK 15980 239800^15\r"},
                                             {"$GU^36", "$OK 12240000 317257^20\r"},
                                             {"$GC^20", "$OK 6 80 16 32^18\r"},
                                             {"$GP^33", "$OK 253 -2560 0^28\r"},
                                             {"$G3^50", "$OK 4^34\r"},
                                             {"$GH^2B", "$OK 10^01\r"},
                                             {"$GY^3A", "$OK 0 0 0^30\r"},
                                             {"$GE^26", "$OK 32 0021^22\r"},
                                             {"$GF^25", "$OK 0 a ff^51\r"},
                                             {"$G4^57", "$NK^21\r"},
                                             {"$G5^56", "$NK^21\r"},
                                             {"$GV^35", V521},
                                             {"$GI^2A", "$OK  ABCDEFFF0A1B2C^54\r"},
                                             {"$GD^27", "$OK 0 0 0 0^20\r"},
                                             {"$FE^27", "$OK^20\r"}};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (strcmp(answers[i][0], line) == 0) {
            return answers[i][1];
        }
    }
    fail_msg("not known: %s", line);
    return "";
}

/* Go on for so long; what was sent, by code: "GS GG ". */
static void run_polls(struct bench *b, int64_t ms, char *out, size_t cap) {
    int64_t until = b->now + ms * MS;
    size_t n = 0;
    out[0] = '\0';
    for (;;) {
        const char *line = sent(b);
        if (line[0]) {
            n += (size_t)snprintf(out + n, cap - n, "%.2s ", line + 1);
            assert_true(n < cap);
            b->now += 5 * MS;
            hear(b, box_5(line));
            forget_events(b);
            continue;
        }
        if (vb_rapi_client_deadline_ns(&b->c) > until) {
            break;
        }
        wait(b, 60000);
        forget_events(b);
    }
    b->now = until;
}

static void test_what_has_a_period_is_asked_at_once_and_then_in_time(void **state) {
    (void)state;
    struct bench b;
    char out[1000];
    open_polling(&b, V521);
    run_polls(&b, 900, out, sizeof out);
    assert_string_equal(out,
                        "GS GG GU GC GP G3 GH GY GE GF G4 GV G4 GV G4 G5 GV G5 GV G5 GV GI GD ");
    run_polls(&b, 4000, out, sizeof out);
    assert_string_equal(out, "GS GG GS GG GS GG GS GG ");
    run_polls(&b, 1100, out, sizeof out);
    assert_string_equal(out, "GS GG GU GS GG ");
    run_polls(&b, 60000, out, sizeof out);
    assert_null(strstr(out, "G4")); /* it said NK */
}

static void test_a_dear_way_is_used_five_times_as_rarely(void **state) {
    (void)state;
    struct bench b;
    char out[1000];
    open_polling(&b, V521);
    b.c.config.rarely = 5;
    run_polls(&b, 900, out, sizeof out);
    run_polls(&b, 20000, out, sizeof out);
    assert_string_equal(out, "GS GG GS GG GS GG GS GG ");
    run_polls(&b, 4900, out, sizeof out);
    assert_string_equal(out, "GS GG GU "); /* GU: after 25 s */
}

static void test_old_versions_are_asked_what_they_have(void **state) {
    (void)state;
    struct bench b;
    open_polling(&b, V103);
    for (int i = 0; i < 200; i++) {
        const char *line = sent(&b);
        assert_string_not_equal(line, "$GY^3A");
        assert_string_not_equal(line, "$G4^57");
        assert_string_not_equal(line, "$GI^2A");
        if (strcmp(line, "$GV^35") == 0) {
            hear(&b, V103);
        } else {
            hear(&b, "$NK \r");
        }
        forget_events(&b);
        wait(&b, 100);
    }
    assert_true(vb_rapi_client_up(&b.c));
}

static void test_absent_ones_are_asked_again_when_the_box_has_restarted(void **state) {
    (void)state;
    struct bench b;
    char out[1000];
    open_polling(&b, V521);
    run_polls(&b, 2000, out, sizeof out);
    run_polls(&b, 40000, out, sizeof out);
    assert_null(strstr(out, "G4"));
    vb_rapi_client_poll_now(&b.c, message_of("lock", VB_VERSION(5, 2, 1)), b.now);
    run_polls(&b, 1, out, sizeof out);
    assert_non_null(strstr(out, "G4 GV G4 GV G4 "));
    hear(&b, "$AB 00 8.2.3^1E\r");
    forget_events(&b);
    run_polls(&b, 1000, out, sizeof out);
    assert_non_null(strstr(out, "G4"));
}

static void test_news_makes_the_state_be_asked_at_once(void **state) {
    (void)state;
    struct bench b;
    char out[1000];
    open_polling(&b, V521);
    run_polls(&b, 900, out, sizeof out);
    hear(&b, "$AT 03 03 16 0140^33\r");
    forget_events(&b);
    run_polls(&b, 1, out, sizeof out);
    assert_string_equal(out, "GS GG ");
}

static void test_a_question_comes_before_polls_and_cannot_starve_them(void **state) {
    (void)state;
    struct bench b;
    char order[400] = "";
    open_polling(&b, V521);
    for (uint32_t i = 0; i < 20; i++) {
        const char *line;
        while (b.c.queued < VB_RAPI_QUEUE) {
            ask(&b, 1 + i, "resume", "FE");
        }
        line = sent(&b);
        snprintf(order + strlen(order), sizeof order - strlen(order), "%.2s ", line + 1);
        b.now += 5 * MS;
        hear(&b, box_5(line));
        forget_events(&b);
    }
    assert_string_equal(order, "GS FE FE FE FE GG FE FE FE FE GU FE FE FE FE GC FE FE FE FE ");
}

static void test_the_table_of_the_device_has_room_among_the_polls(void **state) {
    (void)state;
    struct bench b;
    open_polling(&b, V521);
    assert_true(b.c.poll_count < VB_RAPI_POLLS);
    assert_true(sizeof b.c < 2500);
}

/* ---- texts ---- */

static void test_results_and_states_have_texts(void **state) {
    (void)state;
    assert_string_equal(vb_rapi_result_text(VB_RAPI_RESULT_NO_ANSWER), "no-answer");
    assert_string_equal(vb_rapi_result_why(VB_RAPI_RESULT_LOST), "the link was lost");
    assert_string_equal(vb_rapi_state_text(VB_RAPI_AGAIN), "again");
    assert_string_equal(vb_rapi_result_text((enum vb_rapi_result)99), "?");
    assert_string_equal(vb_rapi_result_why((enum vb_rapi_result)99), "?");
    assert_string_equal(vb_rapi_state_text((enum vb_rapi_state)99), "?");
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
        cmocka_unit_test(test_the_dialect_is_what_gv_says_twice),
        cmocka_unit_test(test_a_version_that_cannot_be_shown_is_shown_as_question_marks),
        cmocka_unit_test(test_rapi_1_0_0_knows_only_the_additive_checksum),
        cmocka_unit_test(test_a_box_that_is_silent_is_asked_with_both_checksums_in_turn),
        cmocka_unit_test(test_only_rapi_1_may_come_without_a_checksum),
        cmocka_unit_test(test_rubbish_is_never_a_dialect),
        cmocka_unit_test(test_answers_that_differ_are_no_dialect),
        cmocka_unit_test(test_ids_are_used_where_they_come_back),
        cmocka_unit_test(test_ids_are_not_used_where_they_do_not_come_back),
        cmocka_unit_test(test_ids_are_not_tried_where_there_are_none),
        cmocka_unit_test(test_a_call_of_another_version_is_not_there),
        cmocka_unit_test(test_a_line_longer_than_the_box_can_read_is_not_sent),
        cmocka_unit_test(test_a_line_that_has_no_room_for_an_id_goes_without),
        cmocka_unit_test(test_the_version_is_looked_at_when_a_question_is_sent),
        cmocka_unit_test(test_what_cannot_be_asked_is_told_at_once),
        cmocka_unit_test(test_a_missed_answer_is_asked_for_again_behind_a_gv),
        cmocka_unit_test(test_a_late_answer_is_not_taken_for_that_to_the_next_question),
        cmocka_unit_test(test_a_late_answer_to_gv_is_known),
        cmocka_unit_test(test_a_gv_of_before_proves_nothing),
        cmocka_unit_test(test_a_gv_of_a_caller_proves_nothing_either),
        cmocka_unit_test(test_three_missed_answers_are_the_end_of_a_question),
        cmocka_unit_test(test_a_press_of_the_button_is_sent_once),
        cmocka_unit_test(test_an_answer_of_another_shape_is_not_taken),
        cmocka_unit_test(test_a_damaged_answer_is_shown_and_not_believed),
        cmocka_unit_test(test_a_line_that_has_begun_gets_a_little_more_time),
        cmocka_unit_test(test_some_calls_take_longer),
        cmocka_unit_test(test_the_wait_begins_when_the_line_is_taken),
        cmocka_unit_test(test_rapi_1_answers_that_change_are_asked_until_three_are_the_same),
        cmocka_unit_test(test_rapi_1_answers_that_never_agree_are_none),
        cmocka_unit_test(test_a_client_that_starts_in_the_middle_of_a_line_skips_it),
        cmocka_unit_test(test_news_is_no_answer_wherever_it_comes),
        cmocka_unit_test(test_news_without_a_checksum_is_that_of_old_versions_only),
        cmocka_unit_test(test_an_echo_is_neither_answer_nor_news),
        cmocka_unit_test(test_an_echo_does_not_hinder_finding),
        cmocka_unit_test(test_a_line_of_another_client_changes_nothing),
        cmocka_unit_test(test_the_odd_answer_to_gi_is_read),
        cmocka_unit_test(test_a_restart_is_never_answered),
        cmocka_unit_test(test_a_restart_that_nobody_tells_of_ends_in_time),
        cmocka_unit_test(test_a_restart_that_was_damaged_is_said_again),
        cmocka_unit_test(test_a_boot_makes_it_find_again_and_ask_again),
        cmocka_unit_test(test_a_boot_whose_end_is_lost_is_seen_by_its_beginning),
        cmocka_unit_test(test_a_box_that_comes_back_as_an_older_one_is_not_asked_what_it_lacks),
        cmocka_unit_test(test_a_silent_box_is_gone_and_looked_for_once_a_second),
        cmocka_unit_test(test_what_has_a_period_is_asked_at_once_and_then_in_time),
        cmocka_unit_test(test_a_dear_way_is_used_five_times_as_rarely),
        cmocka_unit_test(test_old_versions_are_asked_what_they_have),
        cmocka_unit_test(test_absent_ones_are_asked_again_when_the_box_has_restarted),
        cmocka_unit_test(test_news_makes_the_state_be_asked_at_once),
        cmocka_unit_test(test_a_question_comes_before_polls_and_cannot_starve_them),
        cmocka_unit_test(test_the_table_of_the_device_has_room_among_the_polls),
        cmocka_unit_test(test_results_and_states_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
