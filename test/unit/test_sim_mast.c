/* test_sim_mast.c - the simulated weather mast: lines as a JeeNode prints them.
 * SPDX-License-Identifier: MIT */
#include "simrun.h"

#include "voltbus/rfm69.h"

/* Reads the lines and keeps what it needs. */
struct listener {
    struct bench bench;
    char line[VB_RFM69_TEXT + 3];
    size_t n;
    unsigned lines, good, damaged;
    int64_t first_ns, last_ns;
    int64_t rain, warmest, coldest, brightest, windiest;
};

/* Independent of voltbus/crc.h: bit by bit, as the data sheets draw it. */
static uint8_t crc_by_hand(const uint8_t *data, size_t n) {
    unsigned crc = 0;
    for (size_t i = 0; i < 8 * n; i++) {
        unsigned bit = data[i / 8] >> (7 - i % 8) & 1;
        unsigned top = crc >> 7 & 1;
        crc = (crc << 1) & 0xFF;
        crc ^= top != bit ? 0x31 : 0;
    }
    return (uint8_t)crc;
}

static uint8_t sum_by_hand(const uint8_t *data, size_t n) {
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += data[i];
    }
    return (uint8_t)(sum % 256);
}

static void look(struct listener *l, int64_t t_ns) {
    struct bench *b = &l->bench;
    uint8_t side[VB_RFM69_SIDE];
    uint8_t data[VB_RFM69_DATA];
    assert_int_equal(vb_rfm69_read(l->line, l->n, &b->frame, data, side), VB_OK);
    assert_in_range(b->frame.len, 7, sizeof b->data);
    memcpy(b->data, data, b->frame.len);
    b->frame.data = b->data;
    b->frame.t_ns = t_ns;
    l->lines++;
    l->first_ns = l->lines == 1 ? t_ns : l->first_ns;
    l->last_ns = t_ns;
    if (bench_again(b) != VB_FAULT_NONE || !b->reading.message) {
        l->damaged++;
        return;
    }
    l->good++;
    assert_all_within_limits(b);
    assert_in_range(-milli(b, "radio.rssi"), 50000, 70000);
    if (b->data[0] == 0x24) {
        assert_int_equal(crc_by_hand(b->data, 15), b->data[15]);
        assert_int_equal(sum_by_hand(b->data, 16), b->data[16]);
    }
    if (b->frame.len == 25) {
        assert_int_equal(crc_by_hand(b->data, 23), b->data[23]);
        assert_int_equal(sum_by_hand(b->data, 24), b->data[24]);
    }
    if (sample(b, "rain.total")) {
        int64_t rain = milli(b, "rain.total");
        int64_t air = milli(b, "air.temperature");
        int64_t wind = milli(b, "wind.speed");
        assert_true(rain >= l->rain); /* a meter never goes back */
        assert_true(milli(b, "wind.gust") + 600 >= wind);
        l->rain = rain;
        l->warmest = air > l->warmest ? air : l->warmest;
        l->coldest = air < l->coldest ? air : l->coldest;
        l->windiest = wind > l->windiest ? wind : l->windiest;
    }
    if (sample(b, "light.illuminance")) {
        int64_t light = milli(b, "light.illuminance");
        l->brightest = light > l->brightest ? light : l->brightest;
    }
}

static void listen(void *ctx, int64_t t_ns, const uint8_t *bytes, size_t n) {
    struct listener *l = ctx;
    for (size_t i = 0; i < n; i++) {
        assert_in_range(l->n, 0, sizeof l->line - 1);
        l->line[l->n++] = (char)bytes[i];
        if (bytes[i] == '\n') {
            look(l, t_ns);
            l->n = 0;
        }
    }
}

static void open_listener(struct listener *l, const char *device) {
    memset(l, 0, sizeof *l);
    bench_open(&l->bench, device);
    l->coldest = INT64_MAX;
}

/* The reference by hand agrees with a packet of the published notes. */
static void test_the_crc_by_hand_is_right(void **state) {
    (void)state;
    static const uint8_t packet[] = {0x24, 0x3C, 0xCE, 0x62, 0x19, 0x63, 0x0F, 0x03, 0x00,
                                     0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0xA9, 0xC9};
    assert_int_equal(crc_by_hand(packet, 15), 0xA9);
    assert_int_equal(sum_by_hand(packet, 16), 0xC9);
}

static void test_a_line_looks_like_those_of_a_jeenode(void **state) {
    (void)state;
    struct run r;
    struct heard h = {.n = 0};
    run_open(&r, "weather-mast");
    run_set(&r, "start", "0"); /* night: no light, no UV */
    run_start(&r, 0);
    run_until(&r, 999 * MS, hear, &h);
    assert_int_equal(h.n, 0);
    run_until(&r, S, hear, &h);
    assert_int_equal(h.n, strlen("RF69 #17: 24 5b .. .. .. .. .. .. .. .. 00 00 00 00 00 .. .. "
                                 "r 116 l 2 a-1525\r\n"));
    assert_memory_equal(h.text, "RF69 #17: 24 5b ", 16);
    assert_memory_equal(h.text + 34, "00 4a 00 00 00 00 00 ", 21); /* 74 * 0.3 = 22.2 mm */
    assert_memory_equal(h.text + 61, "r 1", 3);
    assert_string_equal(h.text + h.n - 2, "\r\n");
}

static void test_packets_come_as_often_as_the_station_sends(void **state) {
    (void)state;
    static const struct {
        const char *family, *period, *device;
        int64_t s;
        unsigned lines;
    } stations[] = {
        {"wh24", NULL, "wh24", 16, 10}, {"wh65b", NULL, "wh65b", 16, 10},
        {"ws69", NULL, "ws69", 16, 10}, {"wh1080", NULL, "wh1080", 48, 20},
        {"wh24", "2s", "wh24", 2, 10},
    };
    for (size_t i = 0; i < sizeof stations / sizeof stations[0]; i++) {
        struct run r;
        struct listener l;
        open_listener(&l, stations[i].device);
        run_open(&r, "weather-mast");
        run_set(&r, "family", stations[i].family);
        if (stations[i].period) {
            run_set(&r, "period", stations[i].period);
        }
        run_start(&r, 0);
        run_until(&r, S + 10 * stations[i].s * S - 1, listen, &l);
        assert_int_equal(l.lines, stations[i].lines);
        assert_int_equal(l.good, stations[i].lines);
        assert_int_equal(l.first_ns, S);
        assert_int_equal(l.last_ns, S + 9 * stations[i].s * S);
    }
}

static void test_two_days_have_sun_wind_and_rain_in_sensible_ranges(void **state) {
    (void)state;
    static const char *const families[] = {"wh24", "wh65b", "ws69", "wh1080"};
    for (size_t i = 0; i < 4; i++) {
        struct run r;
        struct listener l;
        open_listener(&l, families[i]);
        run_open(&r, "weather-mast");
        run_set(&r, "family", families[i]);
        run_set(&r, "start", "6");
        run_set(&r, "day", "1h");
        run_set(&r, "period", "5s");
        run_start(&r, 0);
        run_until(&r, 7200 * S, listen, &l);
        assert_int_equal(l.damaged, 0);
        assert_in_range(l.good, 1439, 2880);
        assert_in_range(l.coldest, 4000, 9000);
        assert_in_range(l.warmest, 18000, 23000);
        assert_in_range(l.brightest, 60000000, 105000000); /* lx, in thousandths */
        assert_in_range(l.windiest, 3000, 9000);
        assert_in_range(l.rain, 22500, 60000);
    }
}

static void test_damaged_packets_are_as_many_as_wanted(void **state) {
    (void)state;
    struct run r;
    struct listener l;
    open_listener(&l, "wh24");
    run_open(&r, "weather-mast");
    run_set(&r, "noise", "100");
    run_set(&r, "period", "1s");
    run_start(&r, 0);
    run_until(&r, 2000 * S, listen, &l);
    assert_int_equal(l.lines, 2000);
    assert_in_range(l.damaged, 150, 250); /* 100 of 1000 */
}

static void test_after_a_long_sleep_there_is_one_packet_and_not_many(void **state) {
    (void)state;
    struct run r;
    struct listener l;
    open_listener(&l, "wh24");
    run_open(&r, "weather-mast");
    run_start(&r, 0);
    run_until(&r, 2 * S, listen, &l);
    r.now_ns = 86400 * S;
    r.sim->feed(&r.state, (const uint8_t *)"?\r", 2, r.now_ns);
    r.sim->tick(&r.state, r.now_ns);
    run_take(&r, listen, &l);
    assert_int_equal(l.good, 2);
    assert_int_equal(r.sim->deadline_ns(&r.state), r.now_ns + 10 * S);
}

static void test_the_clock_gives_the_time_of_day_where_no_hour_is_set(void **state) {
    (void)state;
    struct run a, b;
    struct heard from_clock = {.n = 0}, from_hour = {.n = 0};
    run_open(&a, "weather-mast"); /* RUN_WALL_NS is noon */
    run_start(&a, 0);
    run_until(&a, 40 * S, hear, &from_clock);
    run_open(&b, "weather-mast");
    run_set(&b, "start", "12");
    run_start(&b, 0);
    run_until(&b, 40 * S, hear, &from_hour);
    assert_string_equal(from_clock.text, from_hour.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_crc_by_hand_is_right),
        cmocka_unit_test(test_a_line_looks_like_those_of_a_jeenode),
        cmocka_unit_test(test_packets_come_as_often_as_the_station_sends),
        cmocka_unit_test(test_two_days_have_sun_wind_and_rain_in_sensible_ranges),
        cmocka_unit_test(test_damaged_packets_are_as_many_as_wanted),
        cmocka_unit_test(test_after_a_long_sleep_there_is_one_packet_and_not_many),
        cmocka_unit_test(test_the_clock_gives_the_time_of_day_where_no_hour_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
