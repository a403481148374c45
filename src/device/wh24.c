/* wh24.c - Fine Offset outdoor units with family byte 24: WH24 (Buienradar BR-1800, WH2300), WH65B,
 * WS69. Temperature, humidity, wind, rain, UV, light.
 * WH24 and WH65B send the same 17 bytes with other factors, and nothing in the bytes tells which:
 * the owner has to say (rtl_433 judges by the postamble, which an RFM69 does not deliver, and is
 * wrong at times). WS69 adds 8 bytes with their own checks, so its length tells.
 * Left out: a user's wind factor on top (SW found its BR-1800 reads 1.27 too high), W/m2 (the
 * sources use lux/126 and lux/683).
 * Facts: reference/weather.md sections 2, 3, 7. RTL = rtl_433, SW = SevenW/wirelessweather.
 * SPDX-License-Identifier: MIT */
#include "radio_side.h"

/* UV index = how many of these lie strictly below the raw number (rtl_433 22.11, asked: raw 432
 * gives index 0, 433 gives 1, 5029 gives 12, 5030 gives 13). The limits are those of the arrays;
 * comments in both sources have slips (5230, 751). */
static const uint16_t uv_limits_wh24[] = {432,  851,  1210, 1570, 2017, 2450, 2761,
                                          3100, 3512, 3918, 4277, 4650, 5029};
/* Partly estimated by its author. */
static const uint16_t uv_limits_br1800[] = {98,   499,  800,  1200, 1650, 2100, 2750,
                                            3400, 4100, 4950, 5750, 6350, 7000};
static const struct vb_curve uv_curve_wh24 = VB_STEPS(uv_limits_wh24);
static const struct vb_curve uv_curve_br1800 = VB_STEPS(uv_limits_br1800);

/* 24 II DD VT TT HH WW GG RR RR UU UU LL LL LL CC BB; byte 0 is the id of the frame.
 * F: wind factor in thousandths of m/s; average = raw * F / 8, gust = raw * F. R: rain, thousandths
 * of a mm. wh24: 1.12 m/s reproduces SRC's eight values (a spec hints at 1.19). */
/* clang-format off */
#define WEATHER_ROWS(F, R)                                                                         \
    {"station.id", "", 15, 8, VB_BE, VB_RAW,                                                       \
     .title = "Id of the unit, new with each battery"},                                            \
    {"wind.direction", "°", 23, 8, VB_BE, VB_RAW, .title = "Where the wind comes from",            \
     VB_LIMITS(0, 360), .more_bit = 31, .more_len = 1, VB_NOT_AVAILABLE(0x1FF)},                   \
    /* 3 in all WH24 and WH65B samples, 0 in those of WS69 */                                      \
    {"weather.unknown_3", "", 30, 2, VB_BE | VB_UNKNOWN, VB_RAW},                                  \
    {"station.battery_low", "", 27, 1, VB_BE, VB_RAW, .title = "Battery of the unit is low",       \
     .words = vb_no_yes, .ha = "battery"},                                                         \
    {"air.temperature", "°C", 26, 11, VB_BE, VB_SCALE(1, -400, 10), .title = "Air temperature",    \
     VB_LIMITS(-40, 80), VB_NOT_AVAILABLE(0x7FF)},                                                 \
    {"air.humidity", "%", 47, 8, VB_BE, VB_RAW, .title = "Relative humidity",                      \
     VB_LIMITS(0, 100), VB_NOT_AVAILABLE(0xFF), .ha = "humidity"},                                 \
    {"wind.speed", "m/s", 55, 8, VB_BE, VB_SCALE(F, 0, 8000), .title = "Wind, average",            \
     VB_LIMITS(0, 100), .more_bit = 28, .more_len = 1, VB_NOT_AVAILABLE(0x1FF),                    \
     .ha = "wind_speed"},                                                                          \
    {"wind.gust", "m/s", 63, 8, VB_BE, VB_SCALE(F, 0, 1000), .title = "Wind, strongest gust",      \
     VB_LIMITS(0, 100), VB_NOT_AVAILABLE(0xFF), .ha = "wind_speed"},                               \
    {"rain.total", "mm", 71, 16, VB_BE | VB_TOTAL, VB_SCALE(R, 0, 1000),                           \
     .title = "Rain since the unit was reset", VB_LIMITS(0, 100000), .ha = "precipitation"},       \
    {"uv.raw", "", 87, 16, VB_BE, VB_RAW, .title = "UV sensor, raw number 0 to 20000",             \
     VB_LIMITS(0, 20000), VB_NOT_AVAILABLE(0xFFFF)},                                               \
    {"light.illuminance", "lx", 103, 24, VB_BE, VB_SCALE(1, 0, 10), .title = "Light",              \
     VB_LIMITS(0, 300000), VB_NOT_AVAILABLE(0xFFFFFF)},                                            \
    RADIO_SIDE_ROWS

#define UV_INDEX(curve_of_model, when_it_holds)                                                    \
    {"uv.index", "", 87, 16, VB_BE | VB_VIEW, VB_RAW, .title = "UV index",                         \
     .curve = &(curve_of_model), VB_NOT_AVAILABLE(0xFFFF), when_it_holds}
/* clang-format on */

#define ALWAYS    .when = {0, 0}
#define UV_WH24   .when = {0, 1 << 0}
#define UV_BR1800 .when = {0, 1 << 1}

static const struct vb_signal weather_wh24[] = {
    WEATHER_ROWS(1120, 300),
    UV_INDEX(uv_curve_wh24, UV_WH24),
    UV_INDEX(uv_curve_br1800, UV_BR1800),
};

static const struct vb_signal weather_wh65b[] = {
    WEATHER_ROWS(510, 254),
    UV_INDEX(uv_curve_wh24, ALWAYS),
};

static const struct vb_signal weather_ws69[] = {
    WEATHER_ROWS(510, 254),
    UV_INDEX(uv_curve_wh24, ALWAYS),
    {"weather.unknown_17", "", 143, 7, VB_BE | VB_UNKNOWN, VB_RAW},
    /* Both known packets say "none", so no value was ever seen. */
    {"air.pressure", "Pa", 136, 17, VB_BE | VB_GUESS, VB_RAW, .title = "Air pressure",
     VB_LIMITS(30000, 110000), VB_NOT_AVAILABLE(0x1FFFF)},
    {"weather.unknown_20", "", 167, 8, VB_BE | VB_UNKNOWN, VB_RAW}, /* FF */
    {"weather.unknown_21", "", 175, 8, VB_BE | VB_UNKNOWN, VB_RAW}, /* 00 */
    {"weather.unknown_22", "", 183, 8, VB_BE | VB_UNKNOWN, VB_RAW}, /* 2F */
};

/* WS69 repeats both checks behind its 8 further bytes; all four hold on both known packets. */
static const struct vb_check checks[] = {
    {VB_RULE_CRC8, 15, 0, &vb_crc8_fineoffset},
    {VB_RULE_SUM, 16, 0, NULL},
    {VB_RULE_CRC8, 23, 0, &vb_crc8_fineoffset},
    {VB_RULE_SUM, 24, 0, NULL},
};

/* A receiver set to a fixed length may deliver noise behind the packet: up to 24 bytes are taken;
 * 25 would be a WS69. */
#define PACKET(table)                                                                              \
    {                                                                                              \
        VB_ID(0x24), .len_min = 17, .len_max = 24, .period_ms = 16000, .name = "weather",          \
                     .title = "All measurements", VB_ROWS(table), .checks = checks,                \
                     .check_count = 2                                                              \
    }

static const struct vb_message messages_wh24[] = {PACKET(weather_wh24)};
static const struct vb_message messages_wh65b[] = {PACKET(weather_wh65b)};
static const struct vb_message messages_ws69[] = {
    {VB_ID(0x24), .len_min = 25, .len_max = 25, .period_ms = 16000, .name = "weather",
     .title = "All measurements", VB_ROWS(weather_ws69), VB_CHECKS(checks)},
};

static const char *const uv_tables[] = {"wh24", "br1800", NULL};
static const struct vb_setting settings_wh24[] = {
    {"uv", "Table of the UV index: the Buienradar BR-1800 has another one", uv_tables, 0},
};

static const char *const headline[] = {"air.temperature", "air.humidity", "wind.speed",
                                       "wind.direction",  "rain.total",   NULL};

const struct vb_device vb_device_wh24 = {
    .name = "wh24",
    .title = "Fine Offset WH24 weather station (Buienradar BR-1800, WH2300)",
    .kind = VB_KIND_RADIO,
    VB_MESSAGES(messages_wh24),
    VB_SETTINGS(settings_wh24),
    .headline = headline,
};

const struct vb_device vb_device_wh65b = {
    .name = "wh65b",
    .title = "Fine Offset WH65B weather station",
    .kind = VB_KIND_RADIO,
    VB_MESSAGES(messages_wh65b),
    .headline = headline,
    .instead_of = "wh24",
};

const struct vb_device vb_device_ws69 = {
    .name = "ws69",
    .title = "Fine Offset WS69 weather station",
    .kind = VB_KIND_RADIO,
    VB_MESSAGES(messages_ws69),
    .headline = headline,
};
