/* weather_mast.c - a Fine Offset weather station on a mast, and the JeeNode with an RFM69 radio that
 * hears it: lines of text on a serial port.
 * Left out: the radio clock packets of the WH1080 family, a receiver that is set to a fixed length
 * and delivers noise behind a packet, air pressure (no known WS69 packet has any).
 * Facts: reference/weather.md sections 3 to 5.
 * SPDX-License-Identifier: MIT */
#include "sim/queue.h"
#include "sim/values.h"
#include "sim/world.h"

#include "voltbus/rfm69.h"
#include "voltbus/time.h"

enum { FAMILY, PERIOD, DAY, START, NOISE };
enum { WH24, WH65B, WS69, WH1080 };

static const char *const families[] = {"wh24", "wh65b", "ws69", "wh1080", NULL};

static const struct vb_key keys[] = {
    [FAMILY] = {"family", VB_KEY_WORD, NULL, "wh24", 0, 0, families, "the station"},
    [PERIOD] = {"period", VB_KEY_DURATION, NULL, "", 100, 600000, NULL,
                "time between two packets; as the station if left out: 16 s, wh1080 48 s"},
    [DAY] = {"day", VB_KEY_DURATION, NULL, "24h", 60000, 864000000, NULL,
             "time that a simulated day takes"},
    [START] = {"start", VB_KEY_NUMBER, "h", "", 0, 23, NULL,
               "hour of the day at the start; the clock's if left out"},
    [NOISE] = {"noise", VB_KEY_NUMBER, NULL, "0", 0, 100, NULL,
               "of 1000 packets so many are damaged"},
};

#define FIRST_NS   VB_NS_PER_S        /* nobody wants to wait 16 s for the first one */
#define STEP_NS    (10 * VB_NS_PER_S) /* the rain falls at least so often */
#define STATION_ID 0x5B

enum { SEED_WIND = 31, SEED_GUST, SEED_DIRECTION, SEED_RAIN, SEED_DAMAGE, SEED_RADIO };

struct mast {
    struct world world;
    struct vb_instance instance;
    struct sim_queue out;
    uint8_t family;
    int64_t noise_permille;
    int64_t period_ns;
    int64_t next_ns;
    int64_t rain_um; /* micrometres = thousandths of a mm; only grows */
    int64_t rain_rest;
    int64_t sent;
};

/* ---- the weather ---- */

/* Thousandths of a mm per hour: dry for most of the time, then a shower of up to 7 mm/h. */
static int64_t rain_rate(int64_t t_ms) {
    int64_t wet = world_noise(SEED_RAIN, t_ms, 2 * WORLD_MS_PER_HOUR) - 500;
    return wet > 0 ? wet * 14 : 0;
}

static int64_t wind_milli(int64_t t_ms) {
    int64_t calm = 2600 + world_sun(t_ms); /* more by day */
    return calm + world_noise(SEED_WIND, t_ms, 20 * 60000) * 2;
}

static int64_t gust_milli(int64_t t_ms) {
    int64_t more = 1600 + world_noise(SEED_GUST, t_ms, 60000);
    return wind_milli(t_ms) * 13 / 10 + more;
}

static int64_t humidity_percent(int64_t t_ms) {
    int64_t percent = 118 - world_air(t_ms) * 3 / 1000 + (rain_rate(t_ms) > 0 ? 8 : 0);
    return percent > 99 ? 99 : percent;
}

/* Tenths of an UV index. */
static int64_t uv_deci(int64_t t_ms) {
    return world_light(t_ms) * world_sun(t_ms) * 7 / 100000;
}

static int64_t direction_degrees(int64_t t_ms) {
    return 230 + world_noise(SEED_DIRECTION, t_ms, 30 * 60000) * 70 / 1000;
}

static void weather(struct mast *m, int64_t passed_ms) {
    int64_t fallen = rain_rate(m->world.t_ms) * passed_ms + m->rain_rest;
    m->rain_um += fallen / WORLD_MS_PER_HOUR;
    m->rain_rest = fallen % WORLD_MS_PER_HOUR;
}

/* ---- packets ---- */

static size_t packet_24(const struct mast *m, uint8_t *data) {
    struct sim_values v;
    int64_t t_ms = m->world.t_ms;
    sim_values_begin(&v, &m->instance, 0x24);
    sim_raw(&v, "station.id", STATION_ID);
    sim_milli(&v, "wind.direction", direction_degrees(t_ms) * 1000);
    sim_raw(&v, "weather.unknown_3", m->family == WS69 ? 0 : 3);
    sim_word(&v, "station.battery_low", "no");
    sim_milli(&v, "air.temperature", world_air(t_ms));
    sim_milli(&v, "air.humidity", humidity_percent(t_ms) * 1000);
    sim_milli(&v, "wind.speed", wind_milli(t_ms));
    sim_milli(&v, "wind.gust", gust_milli(t_ms));
    sim_milli(&v, "rain.total", m->rain_um);
    /* the sensor's number for an index, near the middle of its step */
    sim_raw(&v, "uv.raw", uv_deci(t_ms) * 42);
    sim_milli(&v, "light.illuminance", world_light(t_ms) * INT64_C(105000));
    if (m->family == WS69) {
        sim_raw(&v, "air.pressure", 0x1FFFF);
        sim_raw(&v, "weather.unknown_20", 0xFF);
        sim_raw(&v, "weather.unknown_22", 0x2F);
    }
    return sim_values_end(&v, data, m->family == WS69 ? 25 : 17, 0);
}

static size_t packet_wh1080(const struct mast *m, uint8_t *data) {
    struct sim_values v;
    int64_t t_ms = m->world.t_ms;
    sim_values_begin(&v, &m->instance, 0xA0);
    sim_raw(&v, "station.id", STATION_ID);
    sim_milli(&v, "air.temperature", world_air(t_ms));
    sim_milli(&v, "air.humidity", humidity_percent(t_ms) * 1000);
    sim_milli(&v, "wind.speed", wind_milli(t_ms));
    sim_milli(&v, "wind.gust", gust_milli(t_ms));
    sim_milli(&v, "rain.total", m->rain_um);
    sim_word(&v, "station.battery_low", "no");
    sim_raw(&v, "wind.direction", (direction_degrees(t_ms) * 2 + 22) / 45 % 16);
    return sim_values_end(&v, data, 10, 0);
}

/* The UV unit of a WH3080 sends for itself. */
static size_t packet_wh3080_uv(const struct mast *m, uint8_t *data) {
    struct sim_values v;
    int64_t t_ms = m->world.t_ms;
    sim_values_begin(&v, &m->instance, 0x70);
    sim_raw(&v, "uv.sensor_id", 0x3F);
    sim_raw(&v, "uv.index", uv_deci(t_ms) / 10);
    sim_word(&v, "uv.sensor", "ok");
    sim_milli(&v, "light.illuminance", world_light(t_ms) * INT64_C(105000));
    return sim_values_end(&v, data, 7, 0);
}

/* ---- the receiver ---- */

static void print(struct mast *m, uint8_t *data, size_t n) {
    static const char line_end[] = "\r\n";
    char text[VB_RFM69_TEXT + 2];
    if (n == 0) {
        return;
    }
    uint32_t chance = world_random(SEED_DAMAGE, m->sent);
    if (chance % 1000 < (uint32_t)m->noise_permille) {
        unsigned bit = chance / 1000 % ((unsigned)n * 8);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    uint32_t radio = world_random(SEED_RADIO, m->sent);
    unsigned rssi = 108 + radio % 17; /* half dBm: -54 to -62 */
    int16_t afc = (int16_t)(-1525 + (int)(radio / 100 % 61) * 5);
    uint8_t side[VB_RFM69_SIDE] = {0, (uint8_t)rssi, 2, (uint8_t)((uint16_t)afc >> 8),
                                   (uint8_t)((uint16_t)afc & 0xFF)};
    struct vb_frame frame = {.kind = VB_KIND_RADIO,
                             .id = data[0],
                             .len = (uint32_t)n,
                             .data = data,
                             .side = side,
                             .side_len = sizeof side};
    m->sent++;
    int length = vb_rfm69_write(&frame, text);
    if (length > 0) {
        memcpy(text + length, line_end, 2);
        (void)sim_queue_put(&m->out, text, (size_t)length + 2);
    }
}

static void send_packets(struct mast *m) {
    uint8_t data[VB_RFM69_DATA];
    if (m->family == WH1080) {
        print(m, data, packet_wh1080(m, data));
        print(m, data, packet_wh3080_uv(m, data));
    } else {
        print(m, data, packet_24(m, data));
    }
}

/* ---- the simulator ---- */

static void mast_init(void *self, const struct vb_value *values, int64_t now_ns, int64_t wall_ns) {
    struct mast *m = self;
    memset(m, 0, sizeof *m);
    m->family = (uint8_t)values[FAMILY].number;
    int64_t period_ms = values[PERIOD].given  ? values[PERIOD].number
                        : m->family == WH1080 ? 48000
                                              : 16000;
    m->period_ns = period_ms * VB_NS_PER_MS;
    m->noise_permille = values[NOISE].number;
    world_init(&m->world, values[DAY].number, values[START].given ? values[START].number : -1,
               now_ns, wall_ns);
    vb_instance_init(&m->instance, vb_device_find(families[m->family]), NULL, 0);
    m->next_ns = now_ns + FIRST_NS;
    m->rain_um = 22200;
}

/* What comes over the cable is not for a receiver: it has no commands. */
static void mast_feed(void *self, const uint8_t *bytes, size_t n, int64_t now_ns) {
    (void)self;
    (void)bytes;
    (void)n;
    (void)now_ns;
}

static void mast_tick(void *self, int64_t now_ns) {
    struct mast *m = self;
    int64_t passed_ms = world_advance(&m->world, now_ns);
    weather(m, passed_ms);
    if (now_ns >= m->next_ns) {
        send_packets(m);
        m->next_ns += m->period_ns;
        if (m->next_ns <= now_ns) {
            m->next_ns = now_ns + m->period_ns; /* what was sent while nobody listened is gone */
        }
    }
}

static int64_t mast_deadline(const void *self) {
    const struct mast *m = self;
    int64_t step_ns = m->world.last_ns + STEP_NS;
    return m->next_ns < step_ns ? m->next_ns : step_ns;
}

static size_t mast_take(void *self, uint8_t *out) {
    struct mast *m = self;
    return sim_queue_take(&m->out, out);
}

const struct sim sim_weather_mast = {
    .name = "weather-mast",
    .title = "Fine Offset weather station and a JeeNode with RFM69 that hears it",
    .link = "rfm69",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .size = sizeof(struct mast),
    .init = mast_init,
    .feed = mast_feed,
    .tick = mast_tick,
    .deadline_ns = mast_deadline,
    .take = mast_take,
};
