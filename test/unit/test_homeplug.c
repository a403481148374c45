/* test_homeplug.c - HomePlug management messages and SDP: what frames of real cars, chargers and modems
 * mean, and that they can be written again.
 * SLAC and its keys: from a recording of an Audi at a DC charger (tux-evse/iso15118-simulator-rs, Apache-2.0);
 * answers of modems: cut to what is said, from recordings of pyPLC; what no recording has is made by hand.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* glob */
#include "rows.h"

#include <glob.h>

#include "host/file/format.h"
#include "voltbus/homeplug.h"
#include "voltbus/v2gtp.h"

/* A whole Ethernet frame as hexadecimal digits. */
static void mme(struct bench *b, const char *hex) {
    size_t n = strlen(hex) / 2;
    assert_in_range(n, VB_MME_BODY, sizeof b->data);
    for (size_t i = 0; i < n; i++) {
        b->data[i] = (uint8_t)(vb_hex_digit(hex[2 * i]) << 4 | vb_hex_digit(hex[2 * i + 1]));
    }
    b->frame = (struct vb_frame){.kind = VB_KIND_PLC, .data = b->data, .len = (uint32_t)n};
    b->frame.id = b->data[VB_MME_TYPE] | (uint32_t)b->data[VB_MME_TYPE + 1] << 8;
}

static const char *message(struct bench *b, const char *hex) {
    mme(b, hex);
    enum vb_fault fault = bench_again(b);
    return !b->reading.message      ? "-"
           : fault != VB_FAULT_NONE ? vb_fault_text(fault)
                                    : b->reading.message->name;
}

/* ---- SLAC ---- */

#define CAR      "007dfa075e4a"
#define EVSE     "e604d172e8ca"
#define RUN      "535b8c4db775db0a"
#define ZEROS_8  "0000000000000000"
#define ZEROS_17 "0000000000000000000000000000000000"

static void test_slac_parm_asks_and_answers(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(
        message(&b, "ffffffffffff" CAR "88e1016460000000"
                    "00" RUN "00000000000000000000000000000000000000000000000000000000000000"),
        "slac_parm_req");
    assert_int_equal(b.frame.len, 60);
    assert_value(&b, "mme.to", "ff:ff:ff:ff:ff:ff");
    assert_value(&b, "mme.from", "00:7d:fa:07:5e:4a");
    assert_value(&b, "mme.fragment", "-"); /* unfragmented */
    assert_value(&b, "slac.application", "0");
    assert_value(&b, "slac.security", "none");
    assert_value(&b, "slac.run_id", RUN);
    assert_value(&b, "mme.padding", "-");
    assert_writes_the_same_bytes(&b);

    assert_string_equal(message(&b,
                                CAR EVSE "88e1016560"
                                         "0000"
                                         "ffffffffffff"
                                         "0a"
                                         "06"
                                         "01" CAR "0000" RUN "00000000000000000000000000000000"),
                        "slac_parm_cnf");
    assert_value(&b, "slac.sound_target", "ff:ff:ff:ff:ff:ff");
    assert_value(&b, "slac.sounds", "10");
    assert_value(&b, "slac.sound_time", "0.6");
    assert_value(&b, "slac.response_to", "host-of-other-station");
    assert_value(&b, "slac.forward_to", "00:7d:fa:07:5e:4a");
    assert_value(&b, "slac.run_id", RUN);
    assert_writes_the_same_bytes(&b);
}

static void test_sounds_are_announced_and_counted_down(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b,
                                "ffffffffffff" CAR "88e1016a60"
                                "0000"
                                "0000"
                                "0a0601" CAR RUN "00000000000000000000000000000000000000000000"),
                        "start_atten_char_ind");
    assert_value(&b, "slac.sounds", "10");
    assert_value(&b, "slac.sound_time", "0.6");
    assert_value(&b, "slac.forward_to", "00:7d:fa:07:5e:4a");
    assert_writes_the_same_bytes(&b);

    assert_string_equal(message(&b, "ffffffffffff" CAR "88e1017660"
                                    "0000"
                                    "0000" ZEROS_17 "09" RUN ZEROS_8
                                    "ecad2f5306acdf4a20da9fe75ac1892a"),
                        "mnbc_sound_ind");
    assert_value(&b, "slac.sender_id", "-"); /* it has no name */
    assert_value(&b, "slac.sounds_left", "9");
    assert_value(&b, "slac.random", "ecad2f5306acdf4a20da9fe75ac1892a");
    assert_value(&b, "mnbc_sound_ind.unknown_47", "-");
    assert_writes_the_same_bytes(&b);
}

/* 58 groups of the charger above. Their sum, added by hand in tens: 1054. */
#define AAG                                                                                        \
    "100d0d100d0c151010111112100f0e0e0c0f11121213161617171818171514121110100e0e0d0c0b0b0f0f111315" \
    "151315181515141416181a26"

static void test_attenuation_is_told_group_by_group(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b, CAR EVSE "88e1016e60"
                                             "0000"
                                             "0000" CAR RUN ZEROS_17 ZEROS_17 "0a"
                                             "3a" AAG),
                        "atten_char_ind");
    assert_int_equal(b.frame.len, 129);
    assert_value(&b, "slac.source_mac", "00:7d:fa:07:5e:4a");
    assert_value(&b, "slac.sounds_heard", "10");
    assert_value(&b, "attenuation.groups", "58");
    assert_value(&b, "group.1", "16");
    assert_value(&b, "group.2", "13");
    assert_value(&b, "group.57", "26");
    assert_value(&b, "group.58", "38");
    assert_value(&b, "attenuation.average", "18.17"); /* 1054 / 58 = 18.172 */
    assert_value(&b, "attenuation.other_groups", "-");
    assert_writes_the_same_bytes(&b);

    assert_string_equal(message(&b, EVSE CAR "88e1016f60"
                                             "0000"
                                             "0000" CAR RUN ZEROS_17 ZEROS_17 "00"),
                        "atten_char_rsp");
    assert_value(&b, "slac.result", "success");
    assert_writes_the_same_bytes(&b);
}

static void test_attenuation_of_the_modem_has_two_forms(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b, "ffffffffffff"
                                    "0001870ea306"
                                    "88e1018660"
                                    "0000" CAR "3a"
                                    "00"
                                    "1b18151a1617211a1b1c1b1b1a1a191817191a1b1c1d1f202021242322211f"
                                    "1f1d1c1c1a1919171615171a1c1c1e23201f2220201f1f1f222530"),
                        "atten_profile_ind");
    assert_value(&b, "slac.pev_mac", "00:7d:fa:07:5e:4a");
    assert_value(&b, "group.1", "27");
    assert_value(&b, "group.58", "48");
    assert_writes_the_same_bytes(&b);
    /* the QCA7000's own message (a Hyundai Ioniq at an Alpitronic) */
    assert_string_equal(message(&b, "ffffffffffff"
                                    "bcf2aff3a435"
                                    "88e1004ea100b052"
                                    "e00ee1ffd3e2"
                                    "3a"
                                    "001000000000000000"
                                    "0d0d0f171717221d1a1a11121311100f0e110e0e0e0c0d0e10111112141617"
                                    "17181a1b1a181717151218171716161616171a19181918120e1e2b"),
                        "qca_attenuation_ind");
    assert_value(&b, "slac.pev_mac", "e0:0e:e1:ff:d3:e2");
    assert_value(&b, "qca_attenuation_ind.unknown_27", "001000000000000000");
    assert_value(&b, "group.1", "13");
    assert_value(&b, "group.58", "43");
    assert_writes_the_same_bytes(&b);
}

static void test_a_modem_that_measures_nothing_has_no_groups(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    /* an AR7420 says 0 groups, and pads to 60 bytes */
    assert_string_equal(message(&b, "ffffffffffff"
                                    "9848275a3ce4"
                                    "88e1018660"
                                    "0000"
                                    "98ed5cdad998"
                                    "00"
                                    "00"
                                    "0000000000000000000000000000000000000000000000000000000000"
                                    "00000000"),
                        "atten_profile_ind");
    assert_value(&b, "attenuation.groups", "0");
    assert_value(&b, "group.1", "-");
    assert_value(&b, "attenuation.average", "-");
    assert_writes_the_same_bytes(&b);
    /* a charger that heard nothing ends before the groups */
    assert_string_equal(message(&b, "feedbeefaffe"
                                    "e8eb1b1ae47e"
                                    "88e1016e60"
                                    "0000"
                                    "0000"
                                    "feedbeefaffe"
                                    "feedbeefaffe0000" ZEROS_17 ZEROS_17 "00"),
                        "atten_char_ind");
    assert_value(&b, "slac.sounds_heard", "0");
    assert_value(&b, "attenuation.groups", "-");
    assert_value(&b, "group.1", "-");
    assert_writes_the_same_bytes(&b);
}

static void test_the_match_brings_the_key(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b, EVSE CAR "88e1017c60"
                                             "0000"
                                             "0000"
                                             "3e00" ZEROS_17 CAR ZEROS_17 EVSE RUN ZEROS_8),
                        "slac_match_req");
    assert_value(&b, "slac.length", "62");
    assert_value(&b, "slac.pev_id", "-");
    assert_value(&b, "slac.pev_mac", "00:7d:fa:07:5e:4a");
    assert_value(&b, "slac.evse_mac", "e6:04:d1:72:e8:ca");
    assert_value(&b, "slac.run_id", RUN);
    assert_writes_the_same_bytes(&b);

    assert_string_equal(message(&b, CAR EVSE "88e1017d60"
                                             "0000"
                                             "0000"
                                             "5600" ZEROS_17 CAR ZEROS_17 EVSE RUN ZEROS_8
                                             "fe9abf73f1d906"
                                             "00"
                                             "44323250384549374150353654433956"),
                        "slac_match_cnf");
    assert_value(&b, "slac.length", "86");
    assert_value(&b, "key.nid", "fe9abf73f1d906");
    assert_value(&b, "key.nmk", "44323250384549374150353654433956");
    assert_writes_the_same_bytes(&b);
}

static void test_validation_is_read_though_nobody_does_it(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    /* made by hand: GreenPHY specification, CM_VALIDATE */
    assert_string_equal(message(&b, EVSE CAR "88e1017860"
                                             "0000"
                                             "00"
                                             "0a"
                                             "01"),
                        "validate_req");
    assert_value(&b, "validate.signal", "pilot-toggles");
    assert_value(&b, "validate.timer", "10");
    assert_value(&b, "validate.result", "ready");
    assert_writes_the_same_bytes(&b);
    assert_string_equal(message(&b, CAR EVSE "88e1017960"
                                             "0000"
                                             "00"
                                             "03"
                                             "02"),
                        "validate_cnf");
    assert_value(&b, "validate.toggles", "3");
    assert_value(&b, "validate.result", "success");
    assert_writes_the_same_bytes(&b);
}

static void test_pyplc_and_its_power_supply_talk_in_slac_messages(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    /* what it asks for is broadcast behind AF FE DC, big endian, twice: made by hand from what pyPLC
     * does, 230.0 V and 10.0 A */
    assert_string_equal(message(&b, "ffffffffffff"
                                    "dc0ea1111111"
                                    "88e1016e60"
                                    "0000"
                                    "0000"
                                    "ffffffffffff" RUN ZEROS_17 ZEROS_17 "0a3a"
                                    "affedc"
                                    "08fc"
                                    "08fc"
                                    "0064"
                                    "0064" ZEROS_17 ZEROS_17 "00000000000000000000000000"),
                        "pyplc_target_ind");
    assert_int_equal(b.frame.len, 129);
    assert_value(&b, "supply.target_voltage", "230.0");
    assert_value(&b, "supply.target_voltage_copy", "230.0");
    assert_value(&b, "supply.target_current", "10.0");
    assert_value(&b, "group.1", "-");
    assert_writes_the_same_bytes(&b);
    /* what it has: behind DC 55 AA */
    assert_string_equal(message(&b, "ffffffffffff"
                                    "dc0ea1111111"
                                    "88e1016a60"
                                    "0000"
                                    "0000"
                                    "0a0601"
                                    "dc0ea1111111" RUN "dc55aa"
                                    "0000"
                                    "0fa1"
                                    "000000000000000000000000000000"),
                        "pyplc_supply_ind");
    assert_value(&b, "supply.voltage", "400.1");
    assert_writes_the_same_bytes(&b);
}

/* ---- keys ---- */

static void test_keys_are_set_and_asked_for(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b, "00b052000001" EVSE "88e1010860"
                                    "0000"
                                    "01"
                                    "aaaaaaaa"
                                    "00000000"
                                    "04"
                                    "0000"
                                    "00"
                                    "00"
                                    "fe9abf73f1d906"
                                    "01"
                                    "44323250384549374150353654433956"
                                    "000000"),
                        "set_key_req");
    assert_value(&b, "key.type", "nmk");
    assert_value(&b, "key.my_nonce", "aaaaaaaa");
    assert_value(&b, "key.your_nonce", "00000000");
    assert_value(&b, "key.protocol", "host");
    assert_value(&b, "key.run", "0");
    assert_value(&b, "key.message", "0");
    assert_value(&b, "key.coordinator", "station");
    assert_value(&b, "key.nid", "fe9abf73f1d906");
    assert_value(&b, "key.encrypted_by", "nmk");
    assert_value(&b, "key.nmk", "44323250384549374150353654433956");
    assert_writes_the_same_bytes(&b);

    assert_string_equal(message(&b, EVSE "0001870ea306"
                                         "88e1010960"
                                         "0000"
                                         "01"
                                         "f2f46a86"
                                         "aaaaaaaa"
                                         "04"
                                         "0000"
                                         "ff"
                                         "00"
                                         "000000000000000000000000000000000000000000000000000000"),
                        "set_key_cnf");
    assert_value(&b, "key.set", "failure"); /* so says a QCA7000 that takes the key */
    assert_value(&b, "key.my_nonce", "f2f46a86");
    assert_value(&b, "key.your_nonce", "aaaaaaaa");
    assert_value(&b, "key.message", "255");
    assert_writes_the_same_bytes(&b);

    assert_string_equal(message(&b, "ffffffffffff"
                                    "dc0ea1116708"
                                    "88e1010c60"
                                    "0000"
                                    "00"
                                    "01"
                                    "bc90751a5e390e"
                                    "aaaaaaaa"
                                    "04"
                                    "0000"
                                    "00"
                                    "000000000000000000000000000000000000000000000000"),
                        "get_key_req");
    assert_value(&b, "key.request", "direct");
    assert_value(&b, "key.nid", "bc90751a5e390e");
    assert_writes_the_same_bytes(&b);

    assert_string_equal(message(&b, "dc0ea1116708"
                                    "9848275a3ce6"
                                    "88e1010d60"
                                    "0000"
                                    "00"
                                    "01"
                                    "6746c9d8"
                                    "aaaaaaaa"
                                    "bc90751a5e390e"
                                    "01"
                                    "04"
                                    "0000"
                                    "ff"
                                    "3b1fe4cc1bb8f8b8484096dc2eb59e8b"
                                    "000000"),
                        "get_key_cnf");
    assert_value(&b, "key.got", "granted");
    assert_value(&b, "key.my_nonce", "6746c9d8");
    assert_value(&b, "key.nid", "bc90751a5e390e");
    assert_value(&b, "key.encrypted_by", "nmk");
    assert_value(&b, "key.nmk", "3b1fe4cc1bb8f8b8484096dc2eb59e8b");
    assert_writes_the_same_bytes(&b);
}

static void test_the_amplitude_map_is_kept_as_bytes(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    /* made by hand: HomePlug AV specification, CM_AMP_MAP; four carriers, 0, 1, 2, 15 steps lower */
    assert_string_equal(message(&b, EVSE CAR "88e1011c60"
                                             "0000"
                                             "0400"
                                             "10f2"),
                        "amp_map_req");
    assert_value(&b, "amplitude.carriers", "4");
    assert_value(&b, "amplitude.map", "10f2");
    assert_writes_the_same_bytes(&b);
    assert_string_equal(message(&b, CAR EVSE "88e1011d60"
                                             "0000"
                                             "00"),
                        "amp_map_cnf");
    assert_value(&b, "amplitude.result", "success");
    assert_writes_the_same_bytes(&b);
}

/* ---- modems ---- */

static void test_a_modem_tells_its_version(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b, "ffffffffffff"
                                    "dc0ea1116708"
                                    "88e10000a000b052" ZEROS_17 ZEROS_17 "000000000000"),
                        "sw_version_req");
    assert_writes_the_same_bytes(&b);
    assert_string_equal(
        message(
            &b,
            "dc0ea1116708"
            "98ded0650ef7"
            "88e10001a000b052"
            "00"
            "20"
            "26"
            "4d41432d514341373432302d312e332e302e323133342d30302d32303135313231322d435300" ZEROS_17
            "000000000000000000"),
        "sw_version_cnf");
    assert_value(&b, "modem.chip", "qca7420");
    assert_value(&b, "software.length", "38");
    assert_value(&b, "software.version", "MAC-QCA7420-1.3.0.2134-00-20151212-CS");
    assert_writes_the_same_bytes(&b);
}

static void test_the_version_of_the_header_tells_two_forms_apart(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b, "dc0ea1116708"
                                    "bcf2aff31374"
                                    "88e10039a000b052"
                                    "01"
                                    "5a97fe49d9ea0b"
                                    "0e"
                                    "01"
                                    "02"
                                    "bcf2aff31374"
                                    "01"
                                    "01"
                                    "98ded0650ef7"
                                    "02"
                                    "dc0ea1116708"
                                    "09"
                                    "09"
                                    "000000000000"),
                        "network_0_cnf");
    assert_value(&b, "network.nid", "5a97fe49d9ea0b");
    assert_value(&b, "network.role", "coordinator");
    assert_value(&b, "network.coordinator", "bc:f2:af:f3:13:74");
    assert_value(&b, "network.stations", "1");
    assert_value(&b, "station.mac", "98:de:d0:65:0e:f7");
    assert_value(&b, "station.bridged", "dc:0e:a1:11:67:08");
    assert_value(&b, "station.tx_rate", "9");
    assert_writes_the_same_bytes(&b);
    assert_string_equal(message(&b, "dc0ea1116708"
                                    "9848275a3ce6"
                                    "88e10139a0"
                                    "0000"
                                    "00b052"
                                    "00"
                                    "00"
                                    "3a00"
                                    "00"
                                    "01"
                                    "d5925cb82e6808"
                                    "0000"
                                    "04"
                                    "04"
                                    "00000000"
                                    "00"
                                    "bcf2aff1c811"
                                    "01"
                                    "000000"
                                    "01"
                                    "0000000000"
                                    "bcf2aff1c811"
                                    "01"
                                    "000000"
                                    "5410eca1f3e2"
                                    "0900"
                                    "00"
                                    "00"
                                    "0900"
                                    "0000"),
                        "network_1_cnf");
    assert_value(&b, "network.nid", "d5925cb82e6808");
    assert_value(&b, "network.tei", "4");
    assert_value(&b, "network.role", "station");
    assert_value(&b, "station.bridged", "54:10:ec:a1:f3:e2");
    assert_value(&b, "station.rx_rate", "9");
    assert_writes_the_same_bytes(&b);
    /* none: what stands behind is padding */
    assert_string_equal(message(&b, "dc0ea1116708"
                                    "bcf2aff31374"
                                    "88e10039a000b052"
                                    "00" ZEROS_17 ZEROS_17 "0000000000"),
                        "network_0_cnf");
    assert_value(&b, "network.nid", "-");
    assert_value(&b, "station.mac", "-");
    assert_writes_the_same_bytes(&b);
}

static void test_modules_are_read_and_written(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b, "046565ffffff"
                                    "dc0ea1116708"
                                    "88e100b0a000b052"
                                    "00000000"
                                    "01"
                                    "0000"
                                    "1200"
                                    "00000000"
                                    "0270"
                                    "0000"
                                    "7805"
                                    "00000000" ZEROS_17),
                        "module_req");
    assert_value(&b, "module.operation", "read-memory");
    assert_value(&b, "module.id", "parameters");
    assert_value(&b, "module.length", "1400");
    assert_value(&b, "module.offset", "0");
    assert_value(&b, "module.session", "-");
    assert_writes_the_same_bytes(&b);
    /* made by hand after the form that open-plc-utils documents: 4 bytes of firmware at 2800 */
    assert_string_equal(message(&b, "046565ffffff"
                                    "dc0ea1116708"
                                    "88e100b0a000b052"
                                    "00000000"
                                    "01"
                                    "1100"
                                    "1700"
                                    "00000000"
                                    "78563412"
                                    "00"
                                    "0170"
                                    "0000"
                                    "0400"
                                    "f00a0000"
                                    "deadbeef"),
                        "module_req");
    assert_value(&b, "module.operation", "write");
    assert_value(&b, "module.session", "305419896");
    assert_value(&b, "module.write_id", "firmware");
    assert_value(&b, "module.write_offset", "2800");
    assert_value(&b, "module.data", "deadbeef");
    assert_value(&b, "module.id", "-");
    assert_writes_the_same_bytes(&b);
    assert_string_equal(message(&b, "dc0ea1116708"
                                    "046565ffffff"
                                    "88e100b1a000b052"
                                    "0000"
                                    "0000"
                                    "00000000"
                                    "01"
                                    "0000"
                                    "1600"
                                    "00000000"
                                    "0270"
                                    "0000"
                                    "0400"
                                    "00000000"
                                    "01000100"),
                        "module_cnf");
    assert_value(&b, "module.status", "0");
    assert_value(&b, "module.read", "01000100");
    assert_writes_the_same_bytes(&b);
}

static void test_the_boot_messages_of_a_modem_are_read(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    /* made by hand after the forms that open-plc-utils documents */
    assert_string_equal(message(&b, "ffffffffffff"
                                    "00b052000001"
                                    "88e10062a000b052"
                                    "04"
                                    "00"
                                    "00"),
                        "host_action_ind");
    assert_value(&b, "host.action", "boot-loader");
    assert_writes_the_same_bytes(&b);
    assert_string_equal(message(&b, "00b052000001"
                                    "dc0ea1116708"
                                    "88e10098a000b052"
                                    "01000000"
                                    "00000000"
                                    "01000000"
                                    "0100000000000000"
                                    "78050000"
                                    "04000000"
                                    "74050000"
                                    "00002000"
                                    "efcdab89" ZEROS_8 "0badf00d"),
                        "applet_req");
    assert_value(&b, "applet.client_session", "1");
    assert_value(&b, "applet.length", "1400");
    assert_value(&b, "applet.part_length", "4");
    assert_value(&b, "applet.part_offset", "1396");
    assert_value(&b, "applet.start", "2097152");
    assert_value(&b, "applet.image", "0badf00d");
    assert_writes_the_same_bytes(&b);
}

/* ---- what is no message, and what is wrong ---- */

static void test_other_makers_and_versions_are_not_read(void **state) {
    (void)state;
    struct bench b;
    bench_open(&b, "homeplug");
    assert_string_equal(message(&b, "ffffffffffff" CAR "88e10000a0"
                                    "001122" ZEROS_17),
                        "-");
    assert_string_equal(message(&b, "ffffffffffff" CAR "88e1006460"
                                    "0000"
                                    "0000" RUN ZEROS_17),
                        "-");
}

static void test_a_message_that_is_cut_short_says_so(void **state) {
    (void)state;
    static const char match[] =
        CAR EVSE "88e1017d60"
                 "0000"
                 "0000"
                 "5600" ZEROS_17 CAR ZEROS_17 EVSE RUN ZEROS_8 "fe9abf73f1d906"
                 "00"
                 "44323250384549374150353654433956";
    struct bench b;
    bench_open(&b, "homeplug");
    char cut[sizeof match];
    for (size_t n = VB_MME_BODY; n < 109; n++) {
        memcpy(cut, match, 2 * n);
        cut[2 * n] = '\0';
        assert_string_equal(message(&b, cut), "length");
        assert_int_equal(b.reading.count, 0);
    }
    assert_string_equal(message(&b, match), "slac_match_cnf");
}

/* ---- SDP ---- */

static void sdp(struct bench *b, uint32_t id, const uint8_t *data, size_t n) {
    memcpy(b->data, data, n);
    b->frame =
        (struct vb_frame){.kind = VB_KIND_V2G, .id = id, .data = b->data, .len = (uint32_t)n};
    bench_again(b);
    assert_non_null(b->reading.message);
}

static void test_sdp_asks_and_answers(void **state) {
    (void)state;
    static const uint8_t req[] = {0x10, 0x00};
    /* of the Audi's charger */
    static const uint8_t res[] = {0xFE, 0x80, 0,    0,    0,    0,    0,    0,    0x8D, 0xD4,
                                  0xCE, 0xFB, 0x81, 0x3A, 0x7C, 0x37, 0xEF, 0x9D, 0x10, 0x00};
    struct bench b;
    bench_open(&b, "sdp");
    sdp(&b, VB_V2GTP_SDP_REQ, req, sizeof req);
    assert_value(&b, "sdp.security", "no-tls");
    assert_value(&b, "sdp.transport", "tcp");
    assert_writes_the_same_bytes(&b);
    sdp(&b, VB_V2GTP_SDP_RES, res, sizeof res);
    assert_value(&b, "secc.ip", "fe80::8dd4:cefb:813a:7c37");
    assert_value(&b, "secc.port", "61341");
    assert_value(&b, "sdp.security", "no-tls");
    assert_writes_the_same_bytes(&b);
    sdp(&b, VB_V2GTP_SDP_RES, res, sizeof res - 1);
    assert_string_equal(vb_fault_text(b.reading.fault), "length");
}

/* ---- every message of the sheet of byte strings ---- */

static bool hex_line(const char *line, char *hex, size_t cap) {
    const char *end = strncmp(line, "- `", 3) == 0 ? strchr(line + 3, '`') : NULL;
    size_t n = end ? (size_t)(end - line) - 3 : 0;
    if (n < 2 * VB_MME_BODY || n >= cap ||
        strncmp(line + 3 + 2 * VB_MME_ETHERTYPE, "88e1", 4) != 0) {
        return false;
    }
    memcpy(hex, line + 3, n);
    hex[n] = '\0';
    return true;
}

/* All rows, one by one, into zeros, whatever the length. Text loses what stands behind its NUL. */
static void writes_row_by_row(const struct bench *b) {
    static uint8_t out[1536];
    memset(out, 0, sizeof out);
    memcpy(out + VB_MME_ETHERTYPE, b->data + VB_MME_ETHERTYPE, 2);
    memcpy(out + VB_MME_TYPE, b->data + VB_MME_TYPE, 2);
    const struct vb_mark *mark = b->reading.message->mark;
    memcpy(out + mark->at, mark->bytes, mark->len);
    for (size_t i = 0; i < b->reading.count; i++) {
        const struct vb_sample *s = &b->samples[i];
        struct vb_signal row = *s->signal;
        row.limits = NULL; /* a modem that says 171 dB is not to be believed, but here it is */
        if (!(row.flags & VB_VIEW)) {
            assert_int_equal(row.flags & VB_BYTES
                                 ? vb_bytes_put(&row, s->text, s->text_len, out, b->frame.len)
                                 : vb_signal_put(&row, s->raw, out, b->frame.len),
                             VB_OK);
        }
        if (row.flags & VB_STRING) {
            size_t at = row.bit / 8u + s->text_len;
            memcpy(out + at, b->data + at, (size_t)row.len - s->text_len);
        }
    }
    assert_memory_equal(out, b->data, b->frame.len);
}

static void test_every_message_of_the_sheet_is_read_and_written(void **state) {
    (void)state;
    FILE *file = fopen(TEST_DIR "/../../shared/vectors/ccs-exi.md", "r");
    if (!file) {
        print_message("skipped: ../shared/vectors/ccs-exi.md is not there\n");
        skip();
    }
    static char line[8192], hex[4096];
    unsigned count = 0;
    struct bench b;
    bench_open(&b, "homeplug");
    while (fgets(line, sizeof line, file)) {
        if (hex_line(line, hex, sizeof hex)) {
            const char *name = message(&b, hex);
            if (!b.reading.message || b.reading.fault != VB_FAULT_NONE) {
                fail_msg("%s: %s", hex, name);
            }
            writes_row_by_row(&b);
            count++;
        }
    }
    fclose(file);
    assert_in_range(count, 50, 1000);
}

/* ---- every message of every recording ---- */

static unsigned writes_recording(const char *path, struct bench *b) {
    static struct reader reader;
    struct vb_frame frame;
    char why[160];
    unsigned count = 0;
    struct lines *lines = lines_open(path, why, sizeof why);
    assert_non_null(lines);
    reader_init(&reader, lines, NULL);
    for (int got = 1; got != 0 && got != READER_BROKEN;) {
        got = reader_next(&reader, &frame);
        if (got != 1 || frame.kind != VB_KIND_PLC) {
            continue;
        }
        assert_in_range(frame.len, VB_MME_BODY, sizeof b->data);
        memcpy(b->data, frame.data, frame.len);
        b->frame = frame;
        b->frame.data = b->data;
        bench_again(b);
        if (!b->reading.message || b->reading.fault != VB_FAULT_NONE) {
            fail_msg("%s: a message %04X is not read", path, (unsigned)frame.id);
        }
        writes_row_by_row(b);
        /* and as a whole; text loses what modems leave behind its NUL */
        bool believed = true;
        for (size_t i = 0; i < b->reading.count; i++) {
            believed = believed && !b->samples[i].out_of_range;
        }
        if (frame.len <= VB_WRITE_MAX && believed && frame.id != VB_MM_SW_VERSION_CNF) {
            assert_writes_the_same_bytes(b);
        }
        count++;
    }
    reader_close(&reader);
    return count;
}

static void test_every_message_of_the_recordings_is_read_and_written(void **state) {
    (void)state;
    static const char all[] = TEST_DIR "/../../shared/captures/ccs/*/*.pcap*";
    glob_t found;
    if (glob(all, 0, NULL, &found) != 0) {
        print_message("skipped: no %s\n", all);
        skip();
    }
    unsigned count = 0;
    struct bench b;
    bench_open(&b, "homeplug");
    for (size_t i = 0; i < found.gl_pathc; i++) {
        size_t n = strlen(found.gl_pathv[i]);
        if (strcmp(found.gl_pathv[i] + n - 4, ".txt") != 0) { /* notes beside a recording */
            count += writes_recording(found.gl_pathv[i], &b);
        }
    }
    globfree(&found);
    assert_int_equal(count, 5619); /* as tshark counts them, too: test/e2e/homeplug.sh */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slac_parm_asks_and_answers),
        cmocka_unit_test(test_sounds_are_announced_and_counted_down),
        cmocka_unit_test(test_attenuation_is_told_group_by_group),
        cmocka_unit_test(test_attenuation_of_the_modem_has_two_forms),
        cmocka_unit_test(test_a_modem_that_measures_nothing_has_no_groups),
        cmocka_unit_test(test_the_match_brings_the_key),
        cmocka_unit_test(test_validation_is_read_though_nobody_does_it),
        cmocka_unit_test(test_pyplc_and_its_power_supply_talk_in_slac_messages),
        cmocka_unit_test(test_keys_are_set_and_asked_for),
        cmocka_unit_test(test_the_amplitude_map_is_kept_as_bytes),
        cmocka_unit_test(test_a_modem_tells_its_version),
        cmocka_unit_test(test_the_version_of_the_header_tells_two_forms_apart),
        cmocka_unit_test(test_modules_are_read_and_written),
        cmocka_unit_test(test_the_boot_messages_of_a_modem_are_read),
        cmocka_unit_test(test_other_makers_and_versions_are_not_read),
        cmocka_unit_test(test_a_message_that_is_cut_short_says_so),
        cmocka_unit_test(test_sdp_asks_and_answers),
        cmocka_unit_test(test_every_message_of_the_sheet_is_read_and_written),
        cmocka_unit_test(test_every_message_of_the_recordings_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
