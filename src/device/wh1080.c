/* wh1080.c - Fine Offset WH1080 family (WH3080, WS3000, WS4000, WH1050): weather, radio clock time,
 * UV and light.
 * The same bytes mean other temperatures over FSK and OOK: A4 F0 3C .. is 6.0 °C with FSK and
 * -34.0 °C with OOK (rtl_433 issue 1330). What an RFM69 delivers is FSK: that is the default.
 * Left out: W/m2 of the UV unit (sources disagree), the rain factor of TFA 30.3151 (see below).
 * Facts: reference/weather.md sections 2, 5, 7. RTL = rtl_433, SW = SevenW/wirelessweather.
 * SPDX-License-Identifier: MIT */
#include "radio_side.h"

#define FSK .when = {0, 1 << 0}
#define OOK .when = {0, 1 << 1}

/* clang-format off */
/* The high nibble of byte 0 is the type (the id of the frame), then 8 bits of station id. */
#define STATION_ID                                                                                 \
    {"station.id", "", 3, 8, VB_BE, VB_RAW, .title = "Id of the unit, new with each battery"}

/* RTL takes 8 bits of humidity, SW 7: the top bit is shown apart, so neither is lost. */
#define AIR_AND_WIND(message)                                                                      \
    {message ".unknown_3", "", 31, 1, VB_BE | VB_UNKNOWN, VB_RAW},                                 \
    {"air.humidity", "%", 30, 7, VB_BE, VB_RAW, .title = "Relative humidity", VB_LIMITS(0, 100),   \
     VB_NOT_AVAILABLE(0x7F), .ha = "humidity"},                                                    \
    {"wind.speed", "m/s", 39, 8, VB_BE, VB_SCALE(34, 0, 100), .title = "Wind, average",            \
     VB_LIMITS(0, 100), .ha = "wind_speed"},                                                       \
    {"wind.gust", "m/s", 47, 8, VB_BE, VB_SCALE(34, 0, 100), .title = "Wind, strongest gust",      \
     VB_LIMITS(0, 100), .ha = "wind_speed"}

#define TEMPERATURE(...)                                                                           \
    {"air.temperature", "°C", __VA_ARGS__, .title = "Air temperature", VB_LIMITS(-40, 80)}

#define BATTERY_LOW(bit, flags, ...)                                                               \
    {"station.battery_low", "", bit, 1, VB_BE | (flags), VB_RAW,                                   \
     .title = "Battery of the unit is low", .words = vb_no_yes, .ha = "battery", __VA_ARGS__}

#define RAIN(bit, len)                                                                             \
    {"rain.total", "mm", bit, len, VB_BE | VB_TOTAL, VB_SCALE(3, 0, 10),                           \
     .title = "Rain since the unit was reset", VB_LIMITS(0, 100000), .ha = "precipitation"}
/* clang-format on */

/* Type A, 10 bytes: AI IT TT HH SS GG ?R RR BD CC. */
static const struct vb_signal weather[] = {
    STATION_ID,
    TEMPERATURE(11, 12, VB_BE | VB_SIGN_MAG, VB_SCALE(1, 0, 10), FSK),
    {"weather.unknown_1", "", 11, 2, VB_BE | VB_UNKNOWN, VB_RAW, OOK},
    TEMPERATURE(9, 10, VB_BE, VB_SCALE(1, -400, 10), OOK),
    AIR_AND_WIND("weather"),
    {"weather.unknown_6", "", 55, 4, VB_BE | VB_UNKNOWN, VB_RAW},
    RAIN(51, 12),
    {"weather.unknown_8", "", 71, 3, VB_BE | VB_UNKNOWN, VB_RAW},
    BATTERY_LOW(68, 0, .when = {0, 0}),
    /* 22.5 exactly; RTL rounds up (23, 68 ..), SW cuts off (22, 67 ..). */
    {"wind.direction", "°", 67, 4, VB_BE, VB_SCALE(45, 0, 2), .title = "Where the wind comes from",
     VB_LIMITS(0, 360)},
    RADIO_SIDE_ROWS,
};

/* Type 5, 9 bytes: 5I ?T TT HH SS GG RR RR CC (WS3000, WH1050).
 * Rain: RTL has 16 bits of 0.3 mm for OOK and of 0.5 mm for the FSK station TFA 30.3151; SW 12 bits
 * of 0.3 mm. The FSK packet that was seen together with its reading (030C, 234.0 mm) has 0.3, and
 * the OOK one (1246, 1403.4 mm) needs more than 12 bits. */
static const struct vb_signal compact[] = {
    STATION_ID,
    /* FSK: the sign is bit 3 of byte 1; bit 2 is the battery, as with OOK (not seen on FSK). */
    TEMPERATURE(9, 10, VB_BE | VB_SIGN_MAG, VB_SCALE(1, 0, 10), .more_bit = 11, .more_len = 1, FSK),
    BATTERY_LOW(10, VB_GUESS, FSK),
    {"compact.unknown_1", "", 11, 1, VB_BE | VB_UNKNOWN, VB_RAW, OOK},
    BATTERY_LOW(10, 0, OOK),
    TEMPERATURE(9, 10, VB_BE, VB_SCALE(1, -400, 10), OOK),
    AIR_AND_WIND("compact"),
    RAIN(55, 16),
    RADIO_SIDE_ROWS,
};

static const struct vb_word sources[] = {{0xA, "dcf77"}, {0, NULL}};

/* clang-format off */
#define TIME_ROWS(message)                                                                         \
    STATION_ID,                                                                                    \
    {"clock.source", "", 11, 4, VB_BE, VB_RAW, .title = "Radio clock", .words = sources},          \
    {message ".unknown_2", "", 23, 2, VB_BE | VB_UNKNOWN, VB_RAW},                                 \
    {"clock.hour", "", 21, 6, VB_BE, VB_RAW, .title = "Hour", .curve = &vb_bcd,                    \
     VB_LIMITS(0, 23)},                                                                            \
    {"clock.minute", "", 31, 8, VB_BE, VB_RAW, .title = "Minute", .curve = &vb_bcd,                \
     VB_LIMITS(0, 59)},                                                                            \
    {"clock.second", "", 39, 8, VB_BE, VB_RAW, .title = "Second", .curve = &vb_bcd,                \
     VB_LIMITS(0, 59)},                                                                            \
    {"clock.year", "", 47, 8, VB_BE, VB_SCALE(1, 2000, 1), .title = "Year", .curve = &vb_bcd},     \
    {message ".unknown_6", "", 55, 3, VB_BE | VB_UNKNOWN, VB_RAW},                                 \
    {"clock.month", "", 52, 5, VB_BE, VB_RAW, .title = "Month", .curve = &vb_bcd,                  \
     VB_LIMITS(1, 12)},                                                                            \
    {"clock.day", "", 63, 8, VB_BE, VB_RAW, .title = "Day", .curve = &vb_bcd, VB_LIMITS(1, 31)},   \
    RADIO_SIDE_ROWS
/* clang-format on */

/* Type B: BI IS hh mm ss YY MM DD ?? CC; type 6: the same without ??. */
static const struct vb_signal time_long[] = {
    TIME_ROWS("time"),
    /* 45 in the one packet that we have */
    {"time.unknown_8", "", 71, 8, VB_BE | VB_UNKNOWN, VB_RAW},
};
static const struct vb_signal time_short[] = {TIME_ROWS("time_short")};

static const struct vb_word sensor_states[] = {{0x55, "ok"}, {0, NULL}};

/* Type 7: 7I IU SS LL LL LL CC (WH3080). The UV unit has an id of its own. */
static const struct vb_signal uv[] = {
    {"uv.sensor_id", "", 3, 8, VB_BE, VB_RAW, .title = "Id of the UV unit"},
    {"uv.index", "", 11, 4, VB_BE, VB_RAW, .title = "UV index"},
    {"uv.sensor", "", 23, 8, VB_BE, VB_RAW, .title = "State of the UV sensor",
     .words = sensor_states},
    {"light.illuminance", "lx", 31, 24, VB_BE, VB_SCALE(1, 0, 10), .title = "Light",
     VB_LIMITS(0, 300000)},
    RADIO_SIDE_ROWS,
};

static const struct vb_check crc_6[] = {{VB_RULE_CRC8, 6, 0, &vb_crc8_fineoffset}};
static const struct vb_check crc_8[] = {{VB_RULE_CRC8, 8, 0, &vb_crc8_fineoffset}};
static const struct vb_check crc_9[] = {{VB_RULE_CRC8, 9, 0, &vb_crc8_fineoffset}};

/* The high nibble of the first byte is the type. A CRC that starts with 0 does not see leading
 * zeros, so type and length matter. A receiver set to 17 bytes delivers noise behind the packet. */
#define TYPE(nibble, bytes)                                                                        \
    .id = (nibble) << 4, .mask = 0xF0, .len_min = (bytes), .len_max = 32, .period_ms = 48000

static const struct vb_message messages[] = {
    {TYPE(0xA, 10), .name = "weather", .title = "All measurements", VB_ROWS(weather),
     VB_CHECKS(crc_9)},
    {TYPE(0x5, 9), .name = "compact", .title = "All measurements, no wind direction",
     VB_ROWS(compact), VB_CHECKS(crc_8)},
    {TYPE(0xB, 10), .name = "time", .title = "Time of the radio clock", VB_ROWS(time_long),
     VB_CHECKS(crc_9)},
    {TYPE(0x6, 9), .name = "time_short", .title = "Time of the radio clock", VB_ROWS(time_short),
     VB_CHECKS(crc_8)},
    {TYPE(0x7, 7), .name = "uv", .title = "UV and light", VB_ROWS(uv), VB_CHECKS(crc_6)},
};

static const char *const modulations[] = {"fsk", "ook", NULL};
static const struct vb_setting settings[] = {
    {"modulation", "How the unit sends: decides the coding of the temperature", modulations, 0},
};

static const char *const headline[] = {"air.temperature", "air.humidity", "wind.speed",
                                       "wind.direction",  "rain.total",   NULL};

const struct vb_device vb_device_wh1080 = {
    .name = "wh1080",
    .title = "Fine Offset WH1080 weather station family (WH3080, WS3000, WS4000, WH1050)",
    .kind = VB_KIND_RADIO,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    .headline = headline,
};
