/* homeplug.c - HomePlug AV and GreenPHY management messages: how car and charger find out that they are at
 * the two ends of one cable (SLAC), the keys of their private network, and what their modems answer.
 * Left out: messages with security (ISO 15118 does without), all but the first network, station or interval
 * of a list (they are kept as bytes), and the fragments of long messages.
 * Facts: ISO 15118-3:2015 annex A and the HomePlug GreenPHY specification 1.1 as reference/ccs.md has them;
 * vendor messages as Qualcomm Atheros documents and their modems in recordings use them. Places were compared
 * with those of tshark. What pyPLC and its power supply say in messages of their own is what pyPLC does.
 * SPDX-License-Identifier: MIT */
#include "voltbus/homeplug.h"

#include "voltbus/device.h"

/* ---- words ---- */

static const struct vb_word securities[] = {{0, "none"}, {1, "public-key"}, {0, NULL}};
static const struct vb_word responders[] = {
    {0, "own-host"}, {1, "host-of-other-station"}, {0, NULL}};
static const struct vb_word slac_results[] = {{0, "success"}, {1, "failure"}, {0, NULL}};
static const struct vb_word validations[] = {{0, "not-ready"}, {1, "ready"},        {2, "success"},
                                             {3, "failure"},   {4, "not-required"}, {0, NULL}};
static const struct vb_word signals[] = {{0, "pilot-toggles"}, {0, NULL}};
static const struct vb_word key_types[] = {{0, "dak"},  {1, "nmk"},        {2, "nek"}, {3, "tek"},
                                           {4, "hash"}, {5, "nonce-only"}, {0, NULL}};
static const struct vb_word key_uses[] = {
    {0, "dak-of-receiver"}, {1, "nmk"}, {15, "not-encrypted"}, {0, NULL}};
static const struct vb_word protocols[] = {{0, "authentication"}, {1, "new-nek"}, {2, "nmk-by-dak"},
                                           {3, "nmk-by-uke"},     {4, "host"},    {0, NULL}};
static const struct vb_word roles[] = {
    {0, "station"}, {1, "proxy-coordinator"}, {2, "coordinator"}, {0, NULL}};
/* A QCA modem that takes the key and restarts says 1. */
static const struct vb_word results[] = {
    {0, "success"}, {1, "failure"}, {2, "not-supported"}, {0, NULL}};
static const struct vb_word grants[] = {
    {0, "granted"}, {1, "refused"}, {2, "not-supported"}, {0, NULL}};
static const struct vb_word ways[] = {{0, "direct"}, {1, "relayed"}, {0, NULL}};
static const struct vb_word chips[] = {
    {0x20, "qca7420"}, {0x21, "qca6410"}, {0x22, "qca7000"}, {0, NULL}};
static const struct vb_word host_actions[] = {{0, "loader"},           {1, "firmware-ready"},
                                              {2, "parameters-ready"}, {3, "both-ready"},
                                              {4, "boot-loader"},      {0, NULL}};
static const struct vb_word operations[] = {{0x00, "read-memory"},   {0x01, "read-flash"},
                                            {0x10, "start-session"}, {0x11, "write"},
                                            {0x12, "close-session"}, {0, NULL}};
static const struct vb_word modules[] = {
    {0x7001, "firmware"}, {0x7002, "parameters"}, {0x7003, "softloader"}, {0, NULL}};
static const struct vb_word directions[] = {{0, "tx"}, {1, "rx"}, {2, "both"}, {0, NULL}};
static const struct vb_word reports[] = {{0, "binary"}, {1, "xml"}, {0, NULL}};
static const struct vb_word controls[] = {{0, "read"}, {1, "write"}, {0, NULL}};
static const struct vb_word speeds[] = {{0, "10-mbit"}, {1, "100-mbit"}, {2, "1-gbit"}, {0, NULL}};
static const struct vb_word duplexes[] = {{0, "half"}, {1, "full"}, {0, NULL}};
static const struct vb_word couplings[] = {{0, "primary"}, {1, "alternate"}, {0, NULL}};
static const struct vb_word tone_results[] = {
    {0, "success"}, {1, "unknown-mac"}, {2, "unknown-slot"}, {0, NULL}};

/* ---- rows, by their place in bytes from the start of the frame ---- */

#define TITLE(words_) .title = (words_)
/* clang-format off */
#define NUMBER(name, at, bytes, title)        {(name), "", (at) * 8, (bytes) * 8, VB_LE, VB_RAW, TITLE(title)}
#define WORDS(name, at, bytes, table, title)  {(name), "", (at) * 8, (bytes) * 8, VB_LE, VB_RAW, TITLE(title), .words = (table)}
#define BYTES(name, at, len, title)           {(name), "", (at) * 8, (len), VB_BYTES, VB_RAW, TITLE(title)}
/* zeros: nothing is said */
#define BYTES_0(name, at, len, title)         {(name), "", (at) * 8, (len), VB_BYTES, VB_RAW, TITLE(title), VB_NOT_AVAILABLE(0)}
#define TEXT(name, at, len, title)            {(name), "", (at) * 8, (len), VB_BYTES | VB_STRING, VB_RAW, TITLE(title)}
#define MAC(name, at, title)                  {(name), "", (at) * 8, 6, VB_BYTES | VB_ADDRESS, VB_RAW, TITLE(title)}
#define MAC_0(name, at, title)                {(name), "", (at) * 8, 6, VB_BYTES | VB_ADDRESS, VB_RAW, TITLE(title), VB_NOT_AVAILABLE(0)}
#define UNKNOWN(name, at, len)                {(name), "", (at) * 8, (len), VB_BYTES | VB_UNKNOWN, VB_RAW, VB_NOT_AVAILABLE(0)}
#define VOLT_BE(name, at, title)              {(name), "V", (at) * 8 + 7, 16, VB_BE, VB_SCALE(1, 0, 10), TITLE(title), VB_LIMITS(0, 1500)}
#define AMPERE_BE(name, at, title)            {(name), "A", (at) * 8 + 7, 16, VB_BE, VB_SCALE(1, 0, 10), TITLE(title), VB_LIMITS(0, 1000)}
/* clang-format on */

#define TO_AND_FROM                                                                                \
    MAC("mme.to", VB_MME_TO, "MAC address of the receiver"),                                       \
        MAC("mme.from", VB_MME_FROM, "MAC address of the sender")
#define FRAGMENT BYTES_0("mme.fragment", 17, 2, "Which fragment of a long message this is")
/* MMV 1.1 with the two bytes of fragmentation. */
#define HEADER    TO_AND_FROM, FRAGMENT
#define VERSION_1 VB_MARK(VB_MME_VERSION, "\x01")
/* What stands behind: zeros up to the 60 bytes of the shortest Ethernet frame, or what was left in the
 * buffer of a modem. */
#define PADDING(at) BYTES_0("mme.padding", at, 0, "What stands behind the message")

/* Messages of Qualcomm Atheros: MMV, MMTYPE, OUI; with MMV 1.1 the fragmentation (none) between. */
#define QCA_0(low, high) VB_MARK(VB_MME_VERSION, "\x00" low high "\x00\xB0\x52")
#define QCA_1(low, high) VB_MARK(VB_MME_VERSION, "\x01" low high "\x00\x00\x00\xB0\x52")

/* ---- SLAC: who is at the other end of my cable? ---- */

#define RUN_ID(at)                                                                                 \
    BYTES("slac.run_id", at, 8, "Number of the run, from SLAC_PARM.REQ to SLAC_MATCH.CNF")
#define APPLICATION(at)                                                                            \
    NUMBER("slac.application", at, 1, "Application, 0 = car and charger"),                         \
        WORDS("slac.security", (at) + 1, 1, securities, "Security of the sounds")
#define SOUNDS(at)                                                                                 \
    NUMBER("slac.sounds", at, 1, "How many sounds are to be sent"),                                \
        {"slac.sound_time",                                                                        \
         "s",                                                                                      \
         ((at) + 1) * 8,                                                                           \
         8,                                                                                        \
         VB_LE,                                                                                    \
         VB_SCALE(1, 0, 10),                                                                       \
         .title = "Time in which the sounds are sent",                                             \
         VB_LIMITS(0, 25.5)},                                                                      \
        WORDS("slac.response_to", (at) + 2, 1, responders, "Who is told the attenuation"),         \
        MAC("slac.forward_to", (at) + 3, "MAC address of the station that is told")
#define PEV_MAC(at) MAC("slac.pev_mac", at, "MAC address of the car")
#define SOURCE_ID(at)                                                                              \
    BYTES_0("slac.source_id", at, 17, "Name of the car that was heard, zeros = none"),             \
        BYTES_0("slac.responder_id", (at) + 17, 17,                                                \
                "Name of the charger that heard it, zeros = none")

static const struct vb_signal slac_parm_req[] = {HEADER, APPLICATION(19), RUN_ID(21), PADDING(29)};
static const struct vb_signal slac_parm_cnf[] = {
    HEADER,     MAC("slac.sound_target", 19, "MAC address to which the sounds go"),
    SOUNDS(25), APPLICATION(34),
    RUN_ID(36), PADDING(44)};
static const struct vb_signal start_atten_char_ind[] = {HEADER, APPLICATION(19), SOUNDS(21),
                                                        RUN_ID(30), PADDING(38)};
static const struct vb_signal mnbc_sound_ind[] = {
    HEADER,
    APPLICATION(19),
    BYTES_0("slac.sender_id", 21, 17, "Name of the car that sounds, zeros = none"),
    NUMBER("slac.sounds_left", 38, 1, "How many sounds follow"),
    RUN_ID(39),
    UNKNOWN("mnbc_sound_ind.unknown_47", 47, 8),
    BYTES("slac.random", 55, 16, "Random number"),
    PADDING(71)};

/* Attenuation of the groups of carriers, the lowest frequency first: row number `count` of the table is how
 * many groups there are. 58 are GreenPHY's; a modem that cannot measure says 0, and zeros or nothing follow. */
#define GROUPS 58
static const struct vb_limits decibels = {0, VB_MILLI(127)};
#define GROUP(name, at, mux_)                                                                      \
    {                                                                                              \
        (name), "dB", (at)*8, 8, VB_LE, VB_RAW, .title = "Attenuation of a group of carriers",     \
                                                .limits = &decibels, .mux = &(mux_)                \
    }
/* The row with the number of groups selects: all of them, or other ones. */
#define GROUPS_BY(name, row)                                                                       \
    static const struct vb_mux more_than_##name = {(row), GROUPS + 1, 255, NULL};                  \
    static const struct vb_mux not_##name = {(row), 0, GROUPS - 1, &more_than_##name};             \
    static const struct vb_mux name = {(row), GROUPS, GROUPS, NULL}
/* clang-format off */
#define ATTENUATION(at, mux_, not_mux)                                                                         \
    {"attenuation.average", "dB", (at) * 8, GROUPS, VB_SUM | VB_VIEW, VB_SCALE(1, 0, GROUPS),           \
     .title = "Attenuation, mean of all groups", .decimals = 2, .limits = &decibels, .mux = &(mux_)}, \
    GROUP("group.1", (at), mux_),       GROUP("group.2", (at) + 1, mux_),   GROUP("group.3", (at) + 2, mux_),   \
    GROUP("group.4", (at) + 3, mux_),   GROUP("group.5", (at) + 4, mux_),   GROUP("group.6", (at) + 5, mux_),   \
    GROUP("group.7", (at) + 6, mux_),   GROUP("group.8", (at) + 7, mux_),   GROUP("group.9", (at) + 8, mux_),   \
    GROUP("group.10", (at) + 9, mux_),  GROUP("group.11", (at) + 10, mux_), GROUP("group.12", (at) + 11, mux_), \
    GROUP("group.13", (at) + 12, mux_), GROUP("group.14", (at) + 13, mux_), GROUP("group.15", (at) + 14, mux_), \
    GROUP("group.16", (at) + 15, mux_), GROUP("group.17", (at) + 16, mux_), GROUP("group.18", (at) + 17, mux_), \
    GROUP("group.19", (at) + 18, mux_), GROUP("group.20", (at) + 19, mux_), GROUP("group.21", (at) + 20, mux_), \
    GROUP("group.22", (at) + 21, mux_), GROUP("group.23", (at) + 22, mux_), GROUP("group.24", (at) + 23, mux_), \
    GROUP("group.25", (at) + 24, mux_), GROUP("group.26", (at) + 25, mux_), GROUP("group.27", (at) + 26, mux_), \
    GROUP("group.28", (at) + 27, mux_), GROUP("group.29", (at) + 28, mux_), GROUP("group.30", (at) + 29, mux_), \
    GROUP("group.31", (at) + 30, mux_), GROUP("group.32", (at) + 31, mux_), GROUP("group.33", (at) + 32, mux_), \
    GROUP("group.34", (at) + 33, mux_), GROUP("group.35", (at) + 34, mux_), GROUP("group.36", (at) + 35, mux_), \
    GROUP("group.37", (at) + 36, mux_), GROUP("group.38", (at) + 37, mux_), GROUP("group.39", (at) + 38, mux_), \
    GROUP("group.40", (at) + 39, mux_), GROUP("group.41", (at) + 40, mux_), GROUP("group.42", (at) + 41, mux_), \
    GROUP("group.43", (at) + 42, mux_), GROUP("group.44", (at) + 43, mux_), GROUP("group.45", (at) + 44, mux_), \
    GROUP("group.46", (at) + 45, mux_), GROUP("group.47", (at) + 46, mux_), GROUP("group.48", (at) + 47, mux_), \
    GROUP("group.49", (at) + 48, mux_), GROUP("group.50", (at) + 49, mux_), GROUP("group.51", (at) + 50, mux_), \
    GROUP("group.52", (at) + 51, mux_), GROUP("group.53", (at) + 52, mux_), GROUP("group.54", (at) + 53, mux_), \
    GROUP("group.55", (at) + 54, mux_), GROUP("group.56", (at) + 55, mux_), GROUP("group.57", (at) + 56, mux_), \
    GROUP("group.58", (at) + 57, mux_),                                                                \
    {"mme.padding", "", ((at) + GROUPS) * 8, 0, VB_BYTES, VB_RAW, .title = "What stands behind the message", \
     VB_NOT_AVAILABLE(0), .mux = &(mux_)},                                                       \
    {"attenuation.other_groups", "", (at) * 8, 0, VB_BYTES, VB_RAW,                                     \
     .title = "Attenuation of the groups where there are not 58", VB_NOT_AVAILABLE(0),                  \
     .mux = &(not_mux)}
/* clang-format on */
#define GROUP_COUNT(at) NUMBER("attenuation.groups", at, 1, "Number of groups of carriers")

GROUPS_BY(groups_of_charger, 10);
static const struct vb_signal atten_char_ind[] = {
    HEADER, /* rows 0 to 2 */
    APPLICATION(19),
    MAC("slac.source_mac", 21, "MAC address of the car that was heard"),
    RUN_ID(27),
    SOURCE_ID(35),
    NUMBER("slac.sounds_heard", 69, 1, "How many sounds were heard"),
    GROUP_COUNT(70), /* row 10 */
    ATTENUATION(71, groups_of_charger, not_groups_of_charger)};
static const struct vb_signal atten_char_rsp[] = {
    HEADER,
    APPLICATION(19),
    MAC("slac.source_mac", 21, "MAC address of the car that was heard"),
    RUN_ID(27),
    SOURCE_ID(35),
    WORDS("slac.result", 69, 1, slac_results, "Has the car understood?"),
    PADDING(70)};
GROUPS_BY(groups_of_profile, 4);
static const struct vb_signal atten_profile_ind[] = {
    HEADER, PEV_MAC(19), GROUP_COUNT(25), /* row 4 */
    UNKNOWN("atten_profile_ind.unknown_26", 26, 1),
    ATTENUATION(27, groups_of_profile, not_groups_of_profile)};
/* The same from the modem to its host, in a message of its maker. */
GROUPS_BY(groups_of_modem, 3);
static const struct vb_signal qca_attenuation_ind[] = {
    TO_AND_FROM, PEV_MAC(20), GROUP_COUNT(26), /* row 3 */
    UNKNOWN("qca_attenuation_ind.unknown_27", 27, 9),
    ATTENUATION(36, groups_of_modem, not_groups_of_modem)};

#define VALIDATE                                                                                   \
    HEADER, WORDS("validate.signal", 19, 1, signals, "What is changed on the cable to make sure")
static const struct vb_signal validate_req[] = {
    VALIDATE,
    NUMBER("validate.timer", 20, 1, "Time in which toggles are counted, in steps of 100 ms"),
    WORDS("validate.result", 21, 1, validations, "How far the validation is"), PADDING(22)};
static const struct vb_signal validate_cnf[] = {
    VALIDATE, NUMBER("validate.toggles", 20, 1, "How many toggles were counted"),
    WORDS("validate.result", 21, 1, validations, "How far the validation is"), PADDING(22)};

#define MATCH(reserved)                                                                            \
    HEADER, APPLICATION(19), NUMBER("slac.length", 21, 2, "Bytes that follow"),                    \
        BYTES_0("slac.pev_id", 23, 17, "Name of the car, zeros = none"), PEV_MAC(40),              \
        BYTES_0("slac.evse_id", 46, 17, "Name of the charger, zeros = none"),                      \
        MAC("slac.evse_mac", 63, "MAC address of the charger"), RUN_ID(69),                        \
        UNKNOWN(reserved, 77, 8)
#define NID(at) BYTES("key.nid", at, 7, "Network identifier (NID)")
#define NMK(at) BYTES("key.nmk", at, 16, "Network membership key (NMK)")
static const struct vb_signal slac_match_req[] = {MATCH("slac_match_req.unknown_77"), PADDING(85)};
static const struct vb_signal slac_match_cnf[] = {MATCH("slac_match_cnf.unknown_77"), NID(85),
                                                  UNKNOWN("slac_match_cnf.unknown_92", 92, 1),
                                                  NMK(93), PADDING(109)};

/* What pyPLC and its power supply say to each other, broadcast as SLAC messages because every modem lets
 * those pass. */
#define VERSION NUMBER("mme.version", VB_MME_VERSION, 1, "Version of the header, 1 = 1.1")
static const struct vb_signal pyplc_supply_ind[] = {
    HEADER,
    VERSION,
    APPLICATION(19),
    SOUNDS(21),
    RUN_ID(30),
    UNKNOWN("pyplc_supply_ind.unknown_41", 41, 2),
    VOLT_BE("supply.voltage", 43, "Voltage of the power supply"),
    UNKNOWN("pyplc_supply_ind.unknown_45", 45, 0)};
static const struct vb_signal pyplc_target_ind[] = {
    HEADER,
    VERSION,
    APPLICATION(19),
    MAC("slac.source_mac", 21, "MAC address of the car that was heard"),
    RUN_ID(27),
    SOURCE_ID(35),
    NUMBER("slac.sounds_heard", 69, 1, "How many sounds were heard"),
    GROUP_COUNT(70),
    VOLT_BE("supply.target_voltage", 74, "Voltage that the power supply shall give"),
    VOLT_BE("supply.target_voltage_copy", 76, "The same again"),
    AMPERE_BE("supply.target_current", 78, "Current that the power supply shall give"),
    AMPERE_BE("supply.target_current_copy", 80, "The same again"),
    UNKNOWN("pyplc_target_ind.unknown_82", 82, 0)};

/* ---- keys ---- */

#define MY_NONCE(at)   BYTES("key.my_nonce", at, 4, "Random number of the sender")
#define YOUR_NONCE(at) BYTES("key.your_nonce", at, 4, "Random number of the receiver, zeros = none")
#define KEY_TYPE(at)   WORDS("key.type", at, 1, key_types, "Which key")
#define PROTOCOL(at)                                                                               \
    WORDS("key.protocol", at, 1, protocols, "Protocol of which this is a part (PID)"),             \
        NUMBER("key.run", (at) + 1, 2, "Number of the run of the protocol (PRN)"),                 \
        NUMBER("key.message", (at) + 3, 1,                                                         \
               "Number of the message in the run (PMN), 255 = the last")
#define CCO(at) WORDS("key.coordinator", at, 1, roles, "What the sender can be (CCo capability)")
#define EKS(at)                                                                                    \
    WORDS("key.encrypted_by", at, 1, key_uses, "What the message is encrypted with (EKS)")

static const struct vb_signal set_key_req[] = {
    HEADER,  KEY_TYPE(19), MY_NONCE(20), YOUR_NONCE(24), PROTOCOL(28),
    CCO(32), NID(33),      EKS(40),      NMK(41),        PADDING(57)};
static const struct vb_signal set_key_cnf[] = {
    HEADER,
    WORDS("key.set", 19, 1, results, "Was the key taken? (QCA modems that take it: failure)"),
    MY_NONCE(20),
    YOUR_NONCE(24),
    PROTOCOL(28),
    CCO(32),
    PADDING(33)};
static const struct vb_signal get_key_req[] = {
    HEADER,       WORDS("key.request", 19, 1, ways, "Who asks"),
    KEY_TYPE(20), NID(21),
    MY_NONCE(28), PROTOCOL(32),
    PADDING(36)};
static const struct vb_signal get_key_cnf[] = {
    HEADER,         WORDS("key.got", 19, 1, grants, "Is the key given?"),
    KEY_TYPE(20),   MY_NONCE(21),
    YOUR_NONCE(25), NID(29),
    EKS(36),        PROTOCOL(37),
    NMK(41),        PADDING(57)};
static const struct vb_signal encrypted_payload_rsp[] = {
    HEADER, WORDS("key.payload", 19, 1, results, "Was the encrypted message understood?"),
    WORDS("key.protocol", 20, 1, protocols, "Protocol of which this is a part (PID)"),
    NUMBER("key.run", 21, 2, "Number of the run of the protocol (PRN)"), PADDING(23)};

/* ---- the network ---- */

static const struct vb_signal amp_map_req[] = {
    HEADER, NUMBER("amplitude.carriers", 19, 2, "Number of carriers"),
    BYTES("amplitude.map", 21, 0,
          "Power of each carrier, 4 bits each: by how many steps it is lowered")};
static const struct vb_signal amp_map_cnf[] = {
    HEADER, WORDS("amplitude.result", 19, 1, slac_results, "Was the map taken?"), PADDING(20)};
static const struct vb_signal bridge_req[] = {HEADER, PADDING(19)};
static const struct vb_signal bridge_cnf[] = {
    HEADER,
    {"bridge.active", "", 19 * 8, 8, VB_LE, VB_RAW, .title = "Does the modem serve others?",
     .words = vb_no_yes},
    NUMBER("bridge.tei", 20, 1, "Number of the modem in its network (TEI)"),
    NUMBER("bridge.stations", 21, 1, "How many stations it serves"),
    MAC_0("bridge.station", 22, "MAC address of the first station it serves"),
    BYTES_0("bridge.more", 28, 0, "MAC addresses of the others")};

/* ---- the modem: messages of Qualcomm Atheros ---- */

static const struct vb_signal qca_empty[] = {TO_AND_FROM, PADDING(20)};
static const struct vb_signal sw_version_cnf[] = {
    TO_AND_FROM,
    NUMBER("modem.status", 20, 1, "0 = success"),
    WORDS("modem.chip", 21, 1, chips, "Which chip"),
    NUMBER("software.length", 22, 1, "Characters of the version, with the NUL at its end"),
    TEXT("software.version", 23, 64, "Version of the modem's software"),
    UNKNOWN("sw_version_cnf.unknown_87", 87, 0)};
static const struct vb_signal get_property_req[] = {
    TO_AND_FROM,
    NUMBER("property.cookie", 20, 4, "The answer has it, too"),
    NUMBER("property.data_format", 24, 1, "Form of the data"),
    NUMBER("property.format", 25, 1, "Form of the name"),
    UNKNOWN("get_property_req.unknown_26", 26, 2),
    NUMBER("property.version", 28, 4, "Version of the property"),
    NUMBER("property.length", 32, 4, "Bytes of the name"),
    NUMBER("property.number", 36, 4, "Which property"),
    PADDING(40)};
static const struct vb_signal get_property_cnf[] = {
    TO_AND_FROM,
    NUMBER("property.status", 20, 4, "0 = success"),
    NUMBER("property.cookie", 24, 4, "The answer has it, too"),
    NUMBER("property.data_format", 28, 1, "Form of the data"),
    UNKNOWN("get_property_cnf.unknown_29", 29, 3),
    NUMBER("property.data_length", 32, 4, "Bytes of the data"),
    BYTES_0("property.data", 36, 0, "The property")};
static const struct vb_signal host_action_ind[] = {
    TO_AND_FROM, WORDS("host.action", 20, 1, host_actions, "What the modem wants of its host"),
    NUMBER("host.version", 21, 1, "Version of the message"),
    NUMBER("host.subversion", 22, 1, "... and of its details"),
    BYTES_0("host.more", 23, 0, "Session and file of later versions")};
static const struct vb_signal host_action_rsp[] = {
    TO_AND_FROM, NUMBER("host.status", 20, 1, "0 = understood"),
    BYTES_0("host.more", 21, 0, "Session and file of later versions")};

#define APPLET(at)                                                                                 \
    NUMBER("applet.client_session", (at), 4, "Number of the session, of the host"),                \
        NUMBER("applet.server_session", (at) + 4, 4, "Number of the session, of the modem"),       \
        NUMBER("applet.flags", (at) + 8, 4, "1 = execute it, 2 = the address is absolute"),        \
        BYTES("applet.memory", (at) + 12, 8, "Kinds of memory that are allowed"),                  \
        NUMBER("applet.length", (at) + 20, 4, "Bytes of the whole applet"),                        \
        NUMBER("applet.part_length", (at) + 24, 4, "Bytes of this part"),                          \
        NUMBER("applet.part_offset", (at) + 28, 4, "Where this part begins"),                      \
        NUMBER("applet.start", (at) + 32, 4, "Address where it starts"),                           \
        NUMBER("applet.checksum", (at) + 36, 4, "Checksum of the whole applet")
static const struct vb_signal applet_req[] = {
    TO_AND_FROM, APPLET(20), UNKNOWN("applet_req.unknown_60", 60, 8),
    BYTES("applet.image", 68, 0, "This part of the applet")};
static const struct vb_signal applet_cnf[] = {
    TO_AND_FROM,
    NUMBER("applet.status", 20, 4, "0 = success"),
    APPLET(24),
    UNKNOWN("applet_cnf.unknown_64", 64, 8),
    NUMBER("applet.part_address", 72, 4, "Address where this part stands"),
    NUMBER("applet.start_address", 76, 4, "Address where it starts, absolute"),
    PADDING(80)};

/* Firmware and parameters of the modem: read, or written in a session of several modules. What follows the
 * common beginning depends on the operation, row 2 here and below. */
static const struct vb_mux reads = {2, 0x00, 0x01, NULL};
static const struct vb_mux writes = {2, 0x11, 0x11, NULL};
static const struct vb_mux starts = {2, 0x10, 0x10, NULL};
static const struct vb_mux closes = {2, 0x12, 0x12, NULL};
static const struct vb_mux beyond = {2, 0x13, 0xFF, NULL};
static const struct vb_mux others = {2, 0x02, 0x0F, &beyond};
static const struct vb_mux sessions = {2, 0x10, 0x12, NULL};
/* clang-format off */
#define MUXED(name, at, bytes, title, ...)  {(name), "", (at) * 8, (bytes) * 8, VB_LE, VB_RAW, TITLE(title), __VA_ARGS__}
#define MUXED_BYTES(name, at, len, title, ...)  {(name), "", (at) * 8, (len), VB_BYTES, VB_RAW, TITLE(title), VB_NOT_AVAILABLE(0), __VA_ARGS__}
#define MODULE(at, ...)                                                                           \
    {"module.id", "", (at) * 8, 16, VB_LE, VB_RAW, TITLE("Which module"), .words = modules, __VA_ARGS__}, \
    MUXED("module.sub_id", (at) + 2, 2, "Which part of it", __VA_ARGS__),                                 \
    MUXED("module.length", (at) + 4, 2, "Bytes of this part", __VA_ARGS__),                               \
    MUXED("module.offset", (at) + 6, 4, "Where this part begins", __VA_ARGS__)
/* clang-format on */
#define OPERATION(at) WORDS("module.operation", at, 1, operations, "What is to be done")
#define SESSION(at)   MUXED("module.session", at, 4, "Number of the session", .mux = &sessions)
#define COMMON_REQ                                                                                 \
    TO_AND_FROM, OPERATION(25), UNKNOWN("module_req.unknown_20", 20, 4),                           \
        NUMBER("module.operations", 24, 1, "How many operations follow"),                          \
        UNKNOWN("module_req.unknown_26", 26, 1),                                                   \
        NUMBER("module.data_length", 27, 2, "Bytes of the operation"),                             \
        UNKNOWN("module_req.unknown_29", 29, 4)
static const struct vb_signal module_req[] = {
    COMMON_REQ,
    MODULE(33, .mux = &reads),
    MUXED_BYTES("mme.padding", 43, 0, "What stands behind the message", .mux = &reads),
    SESSION(33),
    MUXED("module.index", 37, 1, "Number of the module in the session", .mux = &writes),
    {"module.write_id", "", 38 * 8, 16, VB_LE, VB_RAW, TITLE("Which module is written"),
     .words = modules, .mux = &writes},
    MUXED("module.write_sub_id", 40, 2, "Which part of it is written", .mux = &writes),
    MUXED("module.write_length", 42, 2, "Bytes of the part that is written", .mux = &writes),
    MUXED("module.write_offset", 44, 4, "Where the part that is written begins", .mux = &writes),
    MUXED_BYTES("module.data", 48, 0, "Bytes of the module", .mux = &writes),
    MUXED("module.count", 37, 1, "How many modules the session has", .mux = &starts),
    MUXED_BYTES("module.list", 38, 0, "Number, length and checksum of each module", .mux = &starts),
    MUXED("module.commit", 37, 4, "How the session is ended", .mux = &closes),
    MUXED_BYTES("module.rest", 41, 0, "What stands behind the end of the session", .mux = &closes),
    MUXED_BYTES("module.other", 33, 0, "An operation that is not known", .mux = &others)};
static const struct vb_signal module_cnf[] = {
    TO_AND_FROM,
    OPERATION(29),
    NUMBER("module.status", 20, 2, "0 = success"),
    NUMBER("module.error", 22, 2, "What went wrong"),
    UNKNOWN("module_cnf.unknown_24", 24, 4),
    NUMBER("module.operations", 28, 1, "How many operations follow"),
    UNKNOWN("module_cnf.unknown_30", 30, 1),
    NUMBER("module.data_length", 31, 2, "Bytes of the operation"),
    UNKNOWN("module_cnf.unknown_33", 33, 4),
    MODULE(37, .mux = &reads),
    MUXED_BYTES("module.read", 47, 0, "Bytes that were read", .mux = &reads),
    SESSION(37),
    MUXED("module.index", 41, 1, "Number of the module in the session", .mux = &writes),
    {"module.write_id", "", 42 * 8, 16, VB_LE, VB_RAW, TITLE("Which module is written"),
     .words = modules, .mux = &writes},
    MUXED("module.write_sub_id", 44, 2, "Which part of it is written", .mux = &writes),
    MUXED("module.write_length", 46, 2, "Bytes of the part that is written", .mux = &writes),
    MUXED("module.write_offset", 48, 4, "Where the part that is written begins", .mux = &writes),
    MUXED_BYTES("mme.padding", 52, 0, "What stands behind the message", .mux = &writes),
    MUXED("module.count", 41, 1, "How many modules the session has", .mux = &starts),
    MUXED_BYTES("module.states", 42, 0, "Status and error of each module", .mux = &starts),
    MUXED("module.commit", 41, 4, "How the session is ended", .mux = &closes),
    MUXED_BYTES("module.rest", 45, 0, "What stands behind the end of the session", .mux = &closes),
    MUXED_BYTES("module.other", 37, 0, "An operation that is not known", .mux = &others)};

/* Link statistics: of both directions, or what one direction says as bytes. */
static const struct vb_mux both = {2, 2, 2, NULL};
static const struct vb_mux beyond_both = {2, 3, 255, NULL};
static const struct vb_mux one_way = {2, 0, 1, &beyond_both};
#define LINK(at)                                                                                   \
    TO_AND_FROM,                                                                                   \
        WORDS("link.direction", at, 1, directions, "Direction of which the counters are"),         \
        NUMBER("link.number", (at) + 1, 1,                                                         \
               "Which link: 0 to 3 priority, 248 all of a peer, 252 all")
static const struct vb_signal link_stats_req[] = {
    LINK(21), NUMBER("link.control", 20, 1, "0 = read, 1 = clear"),
    MAC_0("link.peer", 23, "MAC address of the other side"), PADDING(29)};
static const struct vb_signal link_stats_cnf[] = {
    LINK(21),
    NUMBER("link.status", 20, 1, "0 = success"),
    NUMBER("link.tei", 23, 1, "Number of the other side in the network (TEI)"),
    MUXED("tx.acknowledged", 24, 8, "Packets sent and acknowledged", .mux = &both),
    MUXED("tx.collided", 32, 8, "Packets sent and collided", .mux = &both),
    MUXED("tx.failed", 40, 8, "Packets sent and failed", .mux = &both),
    MUXED("tx.blocks", 48, 8, "Blocks sent successfully", .mux = &both),
    MUXED("tx.blocks_failed", 56, 8, "Blocks sent that failed", .mux = &both),
    MUXED("rx.acknowledged", 64, 8, "Packets received and acknowledged", .mux = &both),
    MUXED("rx.failed", 72, 8, "Packets received that failed", .mux = &both),
    MUXED("rx.blocks", 80, 8, "Blocks received successfully", .mux = &both),
    MUXED("rx.blocks_failed", 88, 8, "Blocks received that failed", .mux = &both),
    MUXED("rx.bit_errors", 96, 8, "Bit errors in good blocks", .mux = &both),
    MUXED("rx.bit_errors_failed", 104, 8, "Bit errors in failed blocks", .mux = &both),
    MUXED("rx.intervals", 112, 1, "How many intervals follow", .mux = &both),
    MUXED_BYTES("rx.interval_list", 113, 0, "Rate and counters of each interval", .mux = &both),
    MUXED_BYTES("link.counters", 24, 0, "Counters of one direction", .mux = &one_way)};

/* Networks that the modem is in: the first one, and its first station. */
static const struct vb_mux none = {2, 0, 0, NULL}; /* row 2 is 0, or it is not */
static const struct vb_mux any = {2, 1, 255, NULL};
static const struct vb_limits rates = {0, VB_MILLI(2000)};
/* clang-format off */
#define IF_ANY  .mux = &any
#define IF_NONE .mux = &none
#define NUMBER_IF(name, at, bytes, title)  {(name), "", (at) * 8, (bytes) * 8, VB_LE, VB_RAW, TITLE(title), IF_ANY}
#define BYTES_IF(name, at, len, title)     {(name), "", (at) * 8, (len), VB_BYTES, VB_RAW, TITLE(title), VB_NOT_AVAILABLE(0), IF_ANY}
#define MAC_IF(name, at, title)            {(name), "", (at) * 8, 6, VB_BYTES | VB_ADDRESS, VB_RAW, TITLE(title), VB_NOT_AVAILABLE(0), IF_ANY}
#define MBIT_IF(name, at, bytes, title)    {(name), "Mbit/s", (at) * 8, (bytes) * 8, VB_LE, VB_RAW, TITLE(title), .limits = &rates, IF_ANY}
#define UNKNOWN_IF(name, at, len)          {(name), "", (at) * 8, (len), VB_BYTES | VB_UNKNOWN, VB_RAW, VB_NOT_AVAILABLE(0), IF_ANY}
#define ROLE_IF(at)                        {"network.role", "", (at) * 8, 8, VB_LE, VB_RAW, TITLE("What the modem is in the network"), .words = roles, IF_ANY}
#define NID_IF(at)                         {"network.nid", "", (at) * 8, 7, VB_BYTES, VB_RAW, TITLE("Network identifier of the first network"), IF_ANY}
/* clang-format on */
#define NETWORK_COUNT(at) NUMBER("network.count", at, 1, "Number of networks the modem is in")

static const struct vb_signal network_0_cnf[] = {
    TO_AND_FROM,
    NETWORK_COUNT(20),
    NID_IF(21),
    NUMBER_IF("network.snid", 28, 1, "Short network identifier"),
    NUMBER_IF("network.tei", 29, 1, "Number of the modem in the network (TEI)"),
    ROLE_IF(30),
    MAC_IF("network.coordinator", 31, "MAC address of the coordinator"),
    NUMBER_IF("network.coordinator_tei", 37, 1, "Number of the coordinator in the network"),
    NUMBER_IF("network.stations", 38, 1, "How many stations are listed"),
    MAC_IF("station.mac", 39, "MAC address of the first station"),
    NUMBER_IF("station.tei", 45, 1, "Number of the first station in the network"),
    MAC_IF("station.bridged", 46, "MAC address of the first device behind it"),
    MBIT_IF("station.tx_rate", 52, 1, "Mean rate to it"),
    MBIT_IF("station.rx_rate", 53, 1, "Mean rate from it"),
    BYTES_IF("network.more", 54, 0, "The other stations and networks"),
    {"mme.padding", "", 21 * 8, 0, VB_BYTES, VB_RAW, .title = "What stands behind the message",
     VB_NOT_AVAILABLE(0), IF_NONE}};
static const struct vb_signal network_1_req[] = {TO_AND_FROM, PADDING(22)};
static const struct vb_signal network_1_cnf[] = {
    TO_AND_FROM,
    NETWORK_COUNT(27),
    NUMBER("network.subversion", 22, 1, "Version of the message"),
    UNKNOWN("network_1_cnf.unknown_23", 23, 1),
    NUMBER("network.length", 24, 2, "Bytes that follow"),
    UNKNOWN("network_1_cnf.unknown_26", 26, 1),
    NID_IF(28),
    UNKNOWN_IF("network_1_cnf.unknown_35", 35, 2),
    NUMBER_IF("network.snid", 37, 1, "Short network identifier"),
    NUMBER_IF("network.tei", 38, 1, "Number of the modem in the network (TEI)"),
    UNKNOWN_IF("network_1_cnf.unknown_39", 39, 4),
    ROLE_IF(43),
    MAC_IF("network.coordinator", 44, "MAC address of the coordinator"),
    NUMBER_IF("network.coordinator_tei", 50, 1, "Number of the coordinator in the network"),
    UNKNOWN_IF("network_1_cnf.unknown_51", 51, 3),
    NUMBER_IF("network.stations", 54, 1, "How many stations are listed"),
    UNKNOWN_IF("network_1_cnf.unknown_55", 55, 5),
    MAC_IF("station.mac", 60, "MAC address of the first station"),
    NUMBER_IF("station.tei", 66, 1, "Number of the first station in the network"),
    UNKNOWN_IF("network_1_cnf.unknown_67", 67, 3),
    MAC_IF("station.bridged", 70, "MAC address of the first device behind it"),
    MBIT_IF("station.tx_rate", 76, 2, "Mean rate to it"),
    NUMBER_IF("station.coupling", 78, 1,
              "How it is coupled: low digit sending, high digit receiving"),
    UNKNOWN_IF("network_1_cnf.unknown_79", 79, 1),
    MBIT_IF("station.rx_rate", 80, 2, "Mean rate from it"),
    UNKNOWN_IF("network_1_cnf.unknown_82", 82, 2),
    BYTES_IF("network.more", 84, 0, "The other stations and networks"),
    {"mme.padding", "", 28 * 8, 0, VB_BYTES, VB_RAW, .title = "What stands behind the message",
     VB_NOT_AVAILABLE(0), IF_NONE}};

#define LOOPBACK(at) TO_AND_FROM, NUMBER("loopback.duration", at, 1, "Duration in seconds")
static const struct vb_signal loopback_req[] = {
    LOOPBACK(20), UNKNOWN("loopback_req.unknown_21", 21, 1),
    NUMBER("loopback.length", 22, 2, "Bytes of the frame"),
    BYTES("loopback.frame", 24, 0, "The frame to be sent to and fro")};
static const struct vb_signal loopback_cnf[] = {
    LOOPBACK(21), NUMBER("loopback.status", 20, 1, "0 = success"),
    NUMBER("loopback.length", 22, 2, "Bytes of the frame"), PADDING(24)};

#define REPORT(at) WORDS("attributes.report", at, 1, reports, "Form of the report")
#define COOKIE(at) NUMBER("attributes.cookie", at, 4, "The answer has it, too")
/* clang-format off */
#define BINARY IF_NONE
#define XML    IF_ANY
#define NAME(name, at, len, title) {(name), "", (at) * 8, (len), VB_BYTES | VB_STRING, VB_RAW, TITLE(title), BINARY}
/* clang-format on */
static const struct vb_signal attributes_req[] = {TO_AND_FROM, REPORT(24), COOKIE(20), PADDING(25)};
static const struct vb_signal attributes_cnf[] = {
    TO_AND_FROM,
    REPORT(26),
    NUMBER("attributes.status", 20, 2, "0 = success"),
    COOKIE(22),
    NUMBER("attributes.length", 27, 2, "Bytes of the report"),
    NAME("attributes.chip", 29, 16, "Family of the chip"),
    NAME("attributes.kind", 45, 16, "Kind of software"),
    MUXED("attributes.major", 61, 4, "Version of the software", BINARY),
    MUXED("attributes.minor", 65, 4, "... after the first point", BINARY),
    MUXED("attributes.parameters", 69, 4, "... of software and parameters together", BINARY),
    MUXED("attributes.sustaining", 73, 4, "... of the branch", BINARY),
    MUXED("attributes.build", 77, 4, "Number of the build", BINARY),
    NAME("attributes.date", 81, 8, "Date of the build"),
    NAME("attributes.release", 89, 12, "Kind of release"),
    MUXED_BYTES("attributes.flags", 101, 3, "Kind of memory, line frequency, zero crossing",
                BINARY),
    MUXED("attributes.memory", 104, 4, "Size of the memory in Mbyte, where it says so", BINARY),
    MUXED_BYTES("attributes.more", 108, 0, "Counters of buffers, and more", BINARY),
    {"attributes.text", "", 29 * 8, 0, VB_BYTES | VB_STRING, VB_RAW, TITLE("The report as XML"),
     XML}};

#define ETHERNET(at)                                                                               \
    WORDS("ethernet.speed", at, 1, speeds, "Speed of the modem's Ethernet port"),                  \
        WORDS("ethernet.duplex", (at) + 1, 1, duplexes, "Duplex of it")
#define FLOW(at) NUMBER("ethernet.flow", at, 1, "Flow control of it, a set of bits")
static const struct vb_signal ethernet_req[] = {
    TO_AND_FROM,
    WORDS("ethernet.control", 20, 1, controls, "Are settings read or written?"),
    NUMBER("ethernet.negotiation", 21, 1, "1 = speed is negotiated"),
    NUMBER("ethernet.offers", 22, 1, "What is offered, a set of bits"),
    ETHERNET(23),
    FLOW(25),
    PADDING(26)};
static const struct vb_signal ethernet_cnf[] = {
    TO_AND_FROM,  NUMBER("ethernet.status", 20, 1, "0 = success"),
    ETHERNET(21), NUMBER("ethernet.link", 23, 1, "State of the link"),
    FLOW(24),     PADDING(25)};

/* Tone maps: how many bits each carrier has, four bits for each. */
#define PEER(at)        MAC("tone.peer", at, "MAC address of the other side")
#define SLOT(at)        NUMBER("tone.slot", at, 1, "Number of the map")
#define COUPLING(at)    WORDS("tone.coupling", at, 1, couplings, "How the modem is coupled")
#define TONE_RESULT(at) WORDS("tone.result", at, 1, tone_results, "Is there such a map?")
#define MAPS(at)        NUMBER("tone.maps", at, 1, "How many maps are in use")
#define CARRIERS(at)    NUMBER("tone.carriers", at, 2, "How many carriers are in use")
#define TONES(at)       BYTES_0("tone.map", at, 0, "Modulation of each carrier, 4 bits each")
static const struct vb_signal tones_0_req[] = {TO_AND_FROM, PEER(20), SLOT(26), PADDING(27)};
static const struct vb_signal tones_0_cnf[] = {TO_AND_FROM, TONE_RESULT(20), SLOT(21),
                                               MAPS(22),    CARRIERS(23),    TONES(25)};
#define TONES_1_REQ(version, reserved)                                                             \
    TO_AND_FROM, NUMBER("tone.subversion", 22, 1, "Version of the message"),                       \
        UNKNOWN(reserved, 23, 3), PEER(26), SLOT(32), COUPLING(33), PADDING(34)
#define TONES_1_CNF(r23, r27, r37)                                                                 \
    TO_AND_FROM, TONE_RESULT(22), UNKNOWN(r23, 23, 1),                                             \
        NUMBER("tone.length", 24, 2, "Bytes that follow"),                                         \
        NUMBER("tone.subversion", 26, 1, "Version of the message"), UNKNOWN(r27, 27, 1), PEER(28), \
        SLOT(34), COUPLING(35), MAPS(36), UNKNOWN(r37, 37, 1), CARRIERS(38)
static const struct vb_signal tones_tx_1_req[] = {TONES_1_REQ(22, "tones_tx_1_req.unknown_23")};
static const struct vb_signal tones_rx_1_req[] = {TONES_1_REQ(22, "tones_rx_1_req.unknown_23")};
static const struct vb_signal tones_tx_1_cnf[] = {
    TONES_1_CNF("tones_tx_1_cnf.unknown_23", "tones_tx_1_cnf.unknown_27",
                "tones_tx_1_cnf.unknown_37"),
    UNKNOWN("tones_tx_1_cnf.unknown_40", 40, 2),
    NUMBER("tone.all_carriers", 42, 2, "How many carriers the map has"),
    UNKNOWN("tones_tx_1_cnf.unknown_44", 44, 6), TONES(50)};
static const struct vb_signal tones_rx_1_cnf[] = {
    TONES_1_CNF("tones_rx_1_cnf.unknown_23", "tones_rx_1_cnf.unknown_27",
                "tones_rx_1_cnf.unknown_37"),
    BYTES_0("tone.rx_map", 40, 0, "Gain, guard interval and modulation of each carrier")};

/* ---- the messages ---- */

/* clang-format off */
#define CM(number, least, stem, words_)  {VB_ID(number), .len_min = (least), .len_max = VB_MME_MAX, .name = #stem, .title = (words_), VB_ROWS(stem), VERSION_1}
#define VS_0(number, low, high, least, stem, rows, words_) {VB_ID(number), .len_min = (least), .len_max = VB_MME_MAX, .name = #stem, .title = (words_), VB_ROWS(rows), QCA_0(low, high)}
#define VS_1(number, low, high, least, stem, rows, words_) {VB_ID(number), .len_min = (least), .len_max = VB_MME_MAX, .name = #stem, .title = (words_), VB_ROWS(rows), QCA_1(low, high)}

static const struct vb_message messages[] = {
    CM(VB_MM_SLAC_PARM_REQ, 29, slac_parm_req, "CM_SLAC_PARM.REQ: the car asks who wants to be matched"),
    CM(VB_MM_SLAC_PARM_CNF, 44, slac_parm_cnf, "CM_SLAC_PARM.CNF: a charger wants to, and says how"),
    {VB_ID(VB_MM_START_ATTEN_CHAR_IND), .len_min = 60, .len_max = VB_MME_MAX, .name = "pyplc_supply_ind",
     .title = "What a power supply of pyPLC gives, as CM_START_ATTEN_CHAR.IND", VB_ROWS(pyplc_supply_ind),
     VB_MARK(38, "\xDC\x55\xAA")},
    CM(VB_MM_START_ATTEN_CHAR_IND, 38, start_atten_char_ind, "CM_START_ATTEN_CHAR.IND: the car is going to sound"),
    CM(VB_MM_MNBC_SOUND_IND, 71, mnbc_sound_ind, "CM_MNBC_SOUND.IND: a sound of the car, to be measured"),
    {VB_ID(VB_MM_ATTEN_CHAR_IND), .len_min = 129, .len_max = VB_MME_MAX, .name = "pyplc_target_ind",
     .title = "What pyPLC asks of its power supply, as CM_ATTEN_CHAR.IND", VB_ROWS(pyplc_target_ind),
     VB_MARK(71, "\xAF\xFE\xDC")},
    CM(VB_MM_ATTEN_CHAR_IND, 70, atten_char_ind, "CM_ATTEN_CHAR.IND: how well a charger heard the car"),
    CM(VB_MM_ATTEN_CHAR_RSP, 70, atten_char_rsp, "CM_ATTEN_CHAR.RSP: the car has understood"),
    CM(VB_MM_ATTEN_PROFILE_IND, 27, atten_profile_ind, "CM_ATTEN_PROFILE.IND: what the charger's modem measured"),
    CM(VB_MM_VALIDATE_REQ, 22, validate_req, "CM_VALIDATE.REQ: the car makes sure by toggling the pilot"),
    CM(VB_MM_VALIDATE_CNF, 22, validate_cnf, "CM_VALIDATE.CNF: what the charger saw of it"),
    CM(VB_MM_SLAC_MATCH_REQ, 85, slac_match_req, "CM_SLAC_MATCH.REQ: the car has chosen this charger"),
    CM(VB_MM_SLAC_MATCH_CNF, 109, slac_match_cnf, "CM_SLAC_MATCH.CNF: the charger tells the key of its network"),
    CM(VB_MM_SET_KEY_REQ, 57, set_key_req, "CM_SET_KEY.REQ: the modem is to join a network"),
    CM(VB_MM_SET_KEY_CNF, 33, set_key_cnf, "CM_SET_KEY.CNF: the modem's answer"),
    CM(VB_MM_GET_KEY_REQ, 36, get_key_req, "CM_GET_KEY.REQ: what key do you have?"),
    CM(VB_MM_GET_KEY_CNF, 57, get_key_cnf, "CM_GET_KEY.CNF: the key, or not"),
    CM(VB_MM_ENCRYPTED_PAYLOAD_RSP, 23, encrypted_payload_rsp, "CM_ENCRYPTED_PAYLOAD.RSP: what became of an encrypted message"),
    CM(VB_MM_AMP_MAP_REQ, 21, amp_map_req, "CM_AMP_MAP.REQ: send with less power on these carriers"),
    CM(VB_MM_AMP_MAP_CNF, 20, amp_map_cnf, "CM_AMP_MAP.CNF: the answer"),
    CM(VB_MM_BRIDGE_REQ, 19, bridge_req, "CM_BRG_INFO.REQ: whom does the modem serve?"),
    CM(VB_MM_BRIDGE_CNF, 22, bridge_cnf, "CM_BRG_INFO.CNF: those it serves"),
    VS_0(VB_MM_SW_VERSION_REQ, "\x00", "\xA0", 20, sw_version_req, qca_empty, "VS_SW_VER.REQ: is there a modem, and which?"),
    VS_0(VB_MM_SW_VERSION_CNF, "\x01", "\xA0", 87, sw_version_cnf, sw_version_cnf, "VS_SW_VER.CNF: chip and version"),
    VS_0(VB_MM_LINK_STATS_REQ, "\x30", "\xA0", 29, link_stats_req, link_stats_req, "VS_LNK_STATS.REQ: how good is the link?"),
    VS_0(VB_MM_LINK_STATS_CNF, "\x31", "\xA0", 24, link_stats_cnf, link_stats_cnf, "VS_LNK_STATS.CNF: counters of the link"),
    VS_0(VB_MM_NETWORK_REQ, "\x38", "\xA0", 20, network_0_req, qca_empty, "VS_NW_INFO.REQ: which networks is the modem in?"),
    VS_0(VB_MM_NETWORK_CNF, "\x39", "\xA0", 21, network_0_cnf, network_0_cnf, "VS_NW_INFO.CNF: networks and stations"),
    VS_1(VB_MM_NETWORK_REQ, "\x38", "\xA0", 22, network_1_req, network_1_req, "VS_NW_INFO.REQ 1.1: which networks is the modem in?"),
    VS_1(VB_MM_NETWORK_CNF, "\x39", "\xA0", 28, network_1_cnf, network_1_cnf, "VS_NW_INFO.CNF 1.1: networks and stations"),
    VS_0(VB_MM_LOOPBACK_REQ, "\x48", "\xA0", 25, loopback_req, loopback_req, "VS_FR_LBK.REQ: send this frame to and fro"),
    VS_0(VB_MM_LOOPBACK_CNF, "\x49", "\xA0", 24, loopback_cnf, loopback_cnf, "VS_FR_LBK.CNF: the answer"),
    VS_0(VB_MM_HOST_ACTION_IND, "\x62", "\xA0", 23, host_action_ind, host_action_ind, "VS_HOST_ACTION.IND: the modem wants something of its host"),
    VS_0(VB_MM_HOST_ACTION_RSP, "\x63", "\xA0", 21, host_action_rsp, host_action_rsp, "VS_HOST_ACTION.RSP: the host's answer"),
    VS_0(VB_MM_ATTRIBUTES_REQ, "\x68", "\xA0", 25, attributes_req, attributes_req, "VS_OP_ATTRIBUTES.REQ: what are you?"),
    VS_0(VB_MM_ATTRIBUTES_CNF, "\x69", "\xA0", 30, attributes_cnf, attributes_cnf, "VS_OP_ATTRIBUTES.CNF: chip, software, memory"),
    VS_0(VB_MM_ETHERNET_REQ, "\x6C", "\xA0", 26, ethernet_req, ethernet_req, "VS_ENET_SETTINGS.REQ: the modem's Ethernet port"),
    VS_0(VB_MM_ETHERNET_CNF, "\x6D", "\xA0", 25, ethernet_cnf, ethernet_cnf, "VS_ENET_SETTINGS.CNF: its settings"),
    VS_0(VB_MM_TONES_TX_REQ, "\x70", "\xA0", 27, tones_tx_0_req, tones_0_req, "VS_TONE_MAP_CHAR.REQ: how is sent to a station?"),
    VS_0(VB_MM_TONES_TX_CNF, "\x71", "\xA0", 25, tones_tx_0_cnf, tones_0_cnf, "VS_TONE_MAP_CHAR.CNF: the map"),
    VS_1(VB_MM_TONES_TX_REQ, "\x70", "\xA0", 34, tones_tx_1_req, tones_tx_1_req, "VS_TONE_MAP_CHAR.REQ 1.1: how is sent to a station?"),
    VS_1(VB_MM_TONES_TX_CNF, "\x71", "\xA0", 40, tones_tx_1_cnf, tones_tx_1_cnf, "VS_TONE_MAP_CHAR.CNF 1.1: the map"),
    VS_0(VB_MM_TONES_RX_REQ, "\x90", "\xA0", 27, tones_rx_0_req, tones_0_req, "VS_RX_TONE_MAP_CHAR.REQ: how is received from a station?"),
    VS_0(VB_MM_TONES_RX_CNF, "\x91", "\xA0", 25, tones_rx_0_cnf, tones_0_cnf, "VS_RX_TONE_MAP_CHAR.CNF: the map"),
    VS_1(VB_MM_TONES_RX_REQ, "\x90", "\xA0", 34, tones_rx_1_req, tones_rx_1_req, "VS_RX_TONE_MAP_CHAR.REQ 1.1: how is received from a station?"),
    VS_1(VB_MM_TONES_RX_CNF, "\x91", "\xA0", 40, tones_rx_1_cnf, tones_rx_1_cnf, "VS_RX_TONE_MAP_CHAR.CNF 1.1: the map"),
    VS_0(VB_MM_APPLET_REQ, "\x98", "\xA0", 69, applet_req, applet_req, "VS_WRITE_AND_EXECUTE_APPLET.REQ: a piece of software for the modem"),
    VS_0(VB_MM_APPLET_CNF, "\x99", "\xA0", 80, applet_cnf, applet_cnf, "VS_WRITE_AND_EXECUTE_APPLET.CNF: the modem's answer"),
    VS_0(VB_MM_MODULE_REQ, "\xB0", "\xA0", 42, module_req, module_req, "VS_MODULE_OPERATION.REQ: read or write firmware and parameters"),
    VS_0(VB_MM_MODULE_CNF, "\xB1", "\xA0", 46, module_cnf, module_cnf, "VS_MODULE_OPERATION.CNF: the modem's answer"),
    VS_0(VB_MM_PROPERTY_REQ, "\xF8", "\xA0", 40, get_property_req, get_property_req, "VS_GET_PROPERTY.REQ: what is the value of a property?"),
    VS_0(VB_MM_PROPERTY_CNF, "\xF9", "\xA0", 36, get_property_cnf, get_property_cnf, "VS_GET_PROPERTY.CNF: its value"),
    VS_0(VB_MM_ATTENUATION_IND, "\x4E", "\xA1", 36, qca_attenuation_ind, qca_attenuation_ind, "0xA14E: what the charger's modem measured, for its host"),
    /* modems with newer software leave the OUI out */
    {VB_ID(VB_MM_ATTENUATION_IND), .len_min = 36, .len_max = VB_MME_MAX, .name = "qca_attenuation_ind",
     .title = "0xA14E: what the charger's modem measured, for its host", VB_ROWS(qca_attenuation_ind),
     VB_MARK(VB_MME_VERSION, "\x00\x4E\xA1\x00\x00\x00")},
};
/* clang-format on */

static const char *const headline[] = {"attenuation.average", "slac.sounds_heard",
                                       "software.version", NULL};

const struct vb_device vb_device_homeplug = {
    .name = "homeplug",
    .title = "HomePlug GreenPHY: how car and charger find each other (SLAC), their modems",
    .kind = VB_KIND_PLC,
    VB_MESSAGES(messages),
    .headline = headline,
};
