/* test_link_spec.c - the texts of links, and what is said of wrong ones.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "host/base/nearest.h"
#include "host/link/link.h"

/* Grows with host/link/links.def. */
#define KINDS "(kinds: lin, can, slcan, gvret, socketcand, cannelloni, rfm69, rapi, file)"

static struct link_spec spec;
static char why[LINK_WHY];
static size_t at;

static int parse(const char *text) {
    at = 999;
    why[0] = '\0';
    int result = link_spec_parse(&spec, text, strlen(text), why, &at);
    if (result < 0 && why[0] == '\0') {
        fail_msg("'%s' is refused without a reason", text);
    }
    return result;
}

static void accepted(const char *text, const char *kind, enum place_type type, const char *name) {
    if (parse(text) != VB_OK) {
        fail_msg("'%s' is refused: %s", text, why);
    }
    assert_string_equal(spec.text, text);
    assert_string_equal(spec.kind->name, kind);
    assert_int_equal(spec.place.type, type);
    assert_string_equal(spec.place.name, name);
}

static void refused(const char *text, size_t place, const char *expected) {
    assert_int_not_equal(parse(text), VB_OK);
    assert_string_equal(why, expected);
    assert_int_equal(at, place);
}

static const struct vb_value *value_of(const char *key) {
    int i = vb_key_find(spec.kind->keys, spec.kind->key_count, key, strlen(key));
    assert_true(i >= 0);
    return &spec.values[i];
}

static void test_a_link_is_a_kind_and_a_place(void **state) {
    (void)state;
    accepted("lin:/dev/ttyUSB0", "lin", PLACE_SERIAL, "/dev/ttyUSB0");
    accepted("slcan:tcp://192.0.2.7:23", "slcan", PLACE_TCP, "192.0.2.7");
    assert_int_equal(spec.place.port, 23);
    accepted("rfm69:listen://[::1]:8023", "rfm69", PLACE_LISTEN, "::1");
    accepted("lin:pty:/tmp/van", "lin", PLACE_PTY, "/tmp/van");
    accepted("slcan:sim://leaf-battery", "slcan", PLACE_SIM, "leaf-battery");
    accepted("cannelloni:udp://192.0.2.7:20000", "cannelloni", PLACE_UDP, "192.0.2.7");
}

static void test_an_empty_value_that_is_wrong_is_told_at_the_end(void **state) {
    (void)state;
    refused("socketcand:tcp://192.0.2.7:29536,bus=", 37,
            "bus: expected 1 to 16 characters without spaces, '<' and '>'");
}

static void test_datagrams_are_for_cannelloni_alone(void **state) {
    (void)state;
    refused("slcan:udp://192.0.2.7:23", 6,
            "slcan does not come in datagrams: expected a serial port, pty:PATH, tcp://host:port, "
            "listen://host:port or sim://NAME");
}

static void test_an_interface_of_the_kernel_is_for_the_kind_can_alone(void **state) {
    (void)state;
    accepted("can:can0", "can", PLACE_CAN, "can0");
    accepted("can:vcan0.7,listen=no", "can", PLACE_CAN, "vcan0.7");
    assert_int_equal(value_of("listen")->number, 0);
    accepted("can:abcdefghijklmno", "can", PLACE_CAN, "abcdefghijklmno");
    refused("can:abcdefghijklmnop", 4,
            "'abcdefghijklmnop' is no name of an interface: expected can:NAME, like can:can0");
    refused("can:/dev/ttyACM0", 4,
            "'/dev/ttyACM0' is no name of an interface: expected can:NAME, like can:can0");
    refused("can:tcp://192.0.2.7:23", 4,
            "'tcp://192.0.2.7:23' is no name of an interface: expected can:NAME, like can:can0");
    refused("can:..", 4, "'..' is no name of an interface: expected can:NAME, like can:can0");
    refused("can:", 4,
            "the place is missing: expected the name of an interface (voltbus scan lists them), "
            "like can:can0");
    refused("slcan:can:can0", 6,
            "'can:can0' is an interface of the kernel: its kind is can, like can:can0");
    refused("can:can0,bitrate=500000", 9, "unknown key 'bitrate' (can: listen)");
}

static void test_keys_stand_behind_the_place(void **state) {
    (void)state;
    accepted("lin:/dev/ttyUSB0,baud=9600,leader=nugget", "lin", PLACE_SERIAL, "/dev/ttyUSB0");
    assert_int_equal(value_of("baud")->number, 9600);
    assert_true(value_of("baud")->given);
    assert_int_equal(value_of("leader")->number, 1);
    assert_memory_equal(value_of("leader")->text, "nugget", 6);
    assert_int_equal(value_of("leader")->len, 6);
    assert_int_equal(value_of("echo")->number, 0);
    assert_false(value_of("echo")->given);
}

static void test_keys_that_are_not_given_have_their_defaults(void **state) {
    (void)state;
    accepted("slcan:/dev/ttyACM0", "slcan", PLACE_SERIAL, "/dev/ttyACM0");
    assert_int_equal(value_of("bitrate")->number, 500000);
    assert_int_equal(value_of("listen")->number, 1);
    assert_false(value_of("bitrate")->given);
}

static void test_every_default_of_every_kind_is_a_value_of_its_key(void **state) {
    (void)state;
    for (size_t i = 0; i < link_kind_count; i++) {
        assert_true(link_kinds[i]->key_count <= LINK_KEYS_MAX);
        for (size_t k = 0; k < link_kinds[i]->key_count; k++) {
            const struct vb_key *key = &link_kinds[i]->keys[k];
            struct vb_value value;
            char reason[VB_KEY_WHY] = "";
            if (key->initial && key->initial[0] != '\0' &&
                vb_key_parse(key, key->initial, strlen(key->initial), &value, reason) != VB_OK) {
                fail_msg("%s,%s=%s: %s", link_kinds[i]->name, key->name, key->initial, reason);
            }
        }
    }
}

static void test_every_example_is_a_link_of_its_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < link_kind_count; i++) {
        if (parse(link_kinds[i]->example) != VB_OK) {
            fail_msg("%s: %s", link_kinds[i]->example, why);
        }
        assert_ptr_equal(spec.kind, link_kinds[i]);
    }
}

static void test_the_path_of_a_recording_may_have_commas(void **state) {
    (void)state;
    accepted("file:capture.log", "file", PLACE_FILE, "capture.log");
    accepted("file:-", "file", PLACE_FILE, "-");
    accepted("file:a,b=c.log", "file", PLACE_FILE, "a,b=c.log");
    accepted("file:/tmp/a,b.log,format=candump-log", "file", PLACE_FILE, "/tmp/a,b.log");
    assert_memory_equal(value_of("format")->text, "candump-log", 11);
    accepted("file:a,,format=x", "file", PLACE_FILE, "a,");
}

static void test_settings_of_a_simulator_stand_among_the_keys(void **state) {
    (void)state;
    accepted("rfm69:sim://weather-mast,period=2s,baud=9600,family=ws69", "rfm69", PLACE_SIM,
             "weather-mast");
    assert_int_equal(value_of("baud")->number, 9600);
    assert_int_equal(spec.sim_count, 2);
    assert_string_equal(spec.sim_texts[0], "period=2s");
    assert_string_equal(spec.sim_texts[1], "family=ws69");
}

static void
test_a_setting_that_the_link_has_too_is_the_simulators_with_sim_before_it(void **state) {
    (void)state;
    accepted("lin:sim://camper-van,leader=nugget,sim.leader=no", "lin", PLACE_SIM, "camper-van");
    assert_int_equal(value_of("leader")->number, 1);
    assert_int_equal(spec.sim_count, 1);
    assert_string_equal(spec.sim_texts[0], "leader=no");
    refused("lin:sim://camper-van,sim.leader=2", 32, "leader: 2: no such word (true or false)");
}

static void test_a_wrong_simulator_is_told_with_those_of_the_kind(void **state) {
    (void)state;
    refused("slcan:sim://leaf-batery", 12,
            "unknown simulator 'leaf-batery'; did you mean leaf or leaf-battery? (slcan: leaf, "
            "leaf-battery)");
    refused("rfm69:sim://leaf-battery", 6,
            "the simulator leaf-battery is reached by slcan:sim://leaf-battery, not by rfm69");
}

static void test_a_wrong_setting_of_a_simulator_is_told(void **state) {
    (void)state;
    refused("rfm69:sim://weather-mast,period=2x", 32,
            "period: 2x: unknown unit 'x' (ms, s, min, h, d)");
    refused("rfm69:sim://weather-mast,period=2s,period=2s", 35, "period is given twice");
    assert_int_not_equal(parse("rfm69:sim://weather-mast,perod=2s"), VB_OK);
    assert_int_equal(at, 25);
    assert_non_null(strstr(why, "unknown key 'perod'; did you mean period? (rfm69: baud, family, "
                                "period, day, "));
}

static void test_an_unknown_kind_is_told_with_the_nearest(void **state) {
    (void)state;
    refused("lim:/dev/ttyUSB0", 0, "unknown kind 'lim'; did you mean lin? " KINDS);
    refused("modbus:/dev/ttyUSB0", 0, "unknown kind 'modbus' " KINDS);
    refused(":/dev/ttyUSB0", 0, "unknown kind '' " KINDS);
}

static void test_a_text_without_a_kind_is_told_what_a_link_is(void **state) {
    (void)state;
    refused("/dev/ttyUSB0", 0,
            "'/dev/ttyUSB0': expected KIND:PLACE, like lin:/dev/ttyUSB0,baud=19200 " KINDS);
    refused("", 0, "'': expected KIND:PLACE, like lin:/dev/ttyUSB0,baud=19200 " KINDS);
}

static void test_a_wrong_place_is_told_where_it_begins(void **state) {
    (void)state;
    refused("lin:", 4,
            "the place is missing: expected a serial port, pty:PATH, tcp://host:port, "
            "listen://host:port or sim://NAME, like lin:/dev/ttyUSB0,baud=19200");
    refused("file:", 5,
            "the place is missing: expected the path of a recording, like file:capture.log");
    refused("slcan:tcp://host,bitrate=500000", 6, "the port is missing: expected tcp://HOST:PORT");
    refused("lin:file:a.log", 4,
            "'file:a.log' is a recording: expected a serial port, pty:PATH, tcp://host:port, "
            "listen://host:port or sim://NAME; or the kind file, like file:capture.log");
    refused("slcan:http://192.0.2.7/r", 6,
            "http:// is the way to the WiFi kit of an OpenEVSE: expected a serial port, pty:PATH, "
            "tcp://host:port, listen://host:port or sim://NAME");
}

static void test_an_unknown_key_is_told_with_the_nearest(void **state) {
    (void)state;
    refused("lin:/dev/ttyUSB0,bautd=9600", 17,
            "unknown key 'bautd'; did you mean baud? (lin: baud, leader, echo)");
    refused("slcan:/dev/ttyACM0,bitrate=250000,x=1", 34,
            "unknown key 'x' (slcan: bitrate, baud, listen)");
}

static void test_a_key_without_a_value_is_told_what_is_expected(void **state) {
    (void)state;
    refused("lin:/dev/ttyUSB0,baud", 17, "'baud': expected key=value (lin: baud, leader, echo)");
    refused("lin:/dev/ttyUSB0,", 17, "'': expected key=value (lin: baud, leader, echo)");
    refused("lin:/dev/ttyUSB0,,baud=9600", 17, "'': expected key=value (lin: baud, leader, echo)");
    refused("lin:/dev/ttyUSB0,=9600", 17, "'=9600': expected key=value (lin: baud, leader, echo)");
    refused("lin:/dev/ttyUSB0,baud=", 22, "baud: nothing is given (1000 to 20000 bit/s)");
}

static void test_a_wrong_value_is_told_with_what_is_allowed(void **state) {
    (void)state;
    refused("lin:/dev/ttyUSB0,baud=80x", 22, "baud: 80x: unknown unit 'x' (bit/s)");
    refused("lin:/dev/ttyUSB0,baud=115200", 22, "baud: 115200: too large (1000 to 20000 bit/s)");
    refused("lin:/dev/ttyUSB0,leader=nugge", 24, "leader: nugge: no such word (none or nugget)");
    refused("lin:/dev/ttyUSB0,baud=9600,baud=9600", 27, "baud is given twice");
}

static void test_a_bit_rate_that_slcan_cannot_say_is_refused(void **state) {
    (void)state;
    accepted("slcan:/dev/ttyACM0,bitrate=83300", "slcan", PLACE_SERIAL, "/dev/ttyACM0");
    accepted("slcan:/dev/ttyACM0,bitrate=750000", "slcan", PLACE_SERIAL, "/dev/ttyACM0");
    refused("slcan:/dev/ttyACM0,bitrate=33333", 27,
            "bitrate: slcan has no digit for 33333 bit/s (it has 10000, 20000, 50000, 100000, "
            "125000, 250000, 500000, 800000, 1000000, 83300)");
    refused("slcan:/dev/ttyACM0,listen=no,bitrate=750000", 37,
            "bitrate: 750000 is 800000 to some adapters: only with listen=yes, which cannot "
            "disturb the bus");
}

static void test_what_is_no_text_or_too_long_is_refused(void **state) {
    (void)state;
    char text[PLACE_TEXT + 1];
    refused("lin:/dev/tty\nUSB0", 12, "a control character in a link");
    memset(text, 'a', sizeof text);
    memcpy(text, "file:", 5);
    assert_int_not_equal(link_spec_parse(&spec, text, PLACE_TEXT, why, &at), VB_OK);
    assert_string_equal(why, "a link of more than 255 characters");
    assert_int_equal(link_spec_parse(&spec, text, PLACE_TEXT - 1, why, &at), VB_OK);
    memcpy(text, "lin:", 4);
    text[20] = '\0';
    assert_int_not_equal(link_spec_parse(&spec, text, 30, why, &at), VB_OK);
    assert_string_equal(why, "a control character in a link");
}

static void test_names_are_listed_as_far_as_there_is_room(void **state) {
    (void)state;
    static const char *const names[] = {"lin", "slcan", "rfm69", NULL};
    char out[20];
    assert_string_equal(names_text(names, out, sizeof out), "lin, slcan, rfm69");
    assert_string_equal(names_text(names, out, 18), "lin, slcan, rfm69");
    assert_string_equal(names_text(names, out, 17), "lin, slcan, r...");
    assert_string_equal(names_text(names + 3, out, sizeof out), "");
}

static void test_the_nearest_names_are_suggested_and_none_that_is_farther(void **state) {
    (void)state;
    static const char *const names[] = {"nugget-panel", "nugget-body", "nugget-led", NULL};
    char text[NEAREST_TEXT];
    assert_string_equal(nearest("nugget-panl", names, text), "; did you mean nugget-panel?");
    assert_string_equal(nearest("nugget", names, text),
                        "; did you mean nugget-panel or nugget-body or nugget-led?");
    assert_string_equal(nearest("wallbox", names, text), "");
}

static void test_a_name_that_stands_twice_is_suggested_once(void **state) {
    (void)state;
    static const char *const names[] = {"pilot.current", "pilot.state", "pilot.current", NULL};
    char text[NEAREST_TEXT];
    assert_string_equal(nearest("pilot.curent", names, text), "; did you mean pilot.current?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_link_is_a_kind_and_a_place),
        cmocka_unit_test(test_an_empty_value_that_is_wrong_is_told_at_the_end),
        cmocka_unit_test(test_datagrams_are_for_cannelloni_alone),
        cmocka_unit_test(test_an_interface_of_the_kernel_is_for_the_kind_can_alone),
        cmocka_unit_test(test_keys_stand_behind_the_place),
        cmocka_unit_test(test_keys_that_are_not_given_have_their_defaults),
        cmocka_unit_test(test_every_default_of_every_kind_is_a_value_of_its_key),
        cmocka_unit_test(test_every_example_is_a_link_of_its_kind),
        cmocka_unit_test(test_the_path_of_a_recording_may_have_commas),
        cmocka_unit_test(test_settings_of_a_simulator_stand_among_the_keys),
        cmocka_unit_test(test_a_setting_that_the_link_has_too_is_the_simulators_with_sim_before_it),
        cmocka_unit_test(test_a_wrong_simulator_is_told_with_those_of_the_kind),
        cmocka_unit_test(test_a_wrong_setting_of_a_simulator_is_told),
        cmocka_unit_test(test_an_unknown_kind_is_told_with_the_nearest),
        cmocka_unit_test(test_a_text_without_a_kind_is_told_what_a_link_is),
        cmocka_unit_test(test_a_wrong_place_is_told_where_it_begins),
        cmocka_unit_test(test_an_unknown_key_is_told_with_the_nearest),
        cmocka_unit_test(test_a_key_without_a_value_is_told_what_is_expected),
        cmocka_unit_test(test_a_wrong_value_is_told_with_what_is_allowed),
        cmocka_unit_test(test_a_bit_rate_that_slcan_cannot_say_is_refused),
        cmocka_unit_test(test_what_is_no_text_or_too_long_is_refused),
        cmocka_unit_test(test_the_nearest_names_are_suggested_and_none_that_is_farther),
        cmocka_unit_test(test_a_name_that_stands_twice_is_suggested_once),
        cmocka_unit_test(test_names_are_listed_as_far_as_there_is_room),
    };
    return cmocka_run_group_tests_name("link spec", tests, NULL, NULL);
}
