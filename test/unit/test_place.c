/* test_place.c - the texts of places.
 * SPDX-License-Identifier: MIT */
#include "host/io/transport.h"
#include "test/unit/test.h"

static bool parse(struct place *place, const char *text, char *why) {
    strcpy(why, "untouched");
    return place_parse(place, text, strlen(text), why);
}

static void test_place_of_every_kind_is_read(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum place_type type;
        const char *name;
        uint16_t port;
    } rows[] = {
        {"/dev/ttyUSB0", PLACE_SERIAL, "/dev/ttyUSB0", 0},
        {"./link-to-a-port", PLACE_SERIAL, "./link-to-a-port", 0},
        {"/dev/serial/by-id/usb-FTDI a:b-if00", PLACE_SERIAL, "/dev/serial/by-id/usb-FTDI a:b-if00",
         0},
        {"pty:/tmp/van", PLACE_PTY, "/tmp/van", 0},
        {"pty:van", PLACE_PTY, "van", 0},
        {"tcp://gateway.local:23", PLACE_TCP, "gateway.local", 23},
        {"tcp://192.168.1.5:1", PLACE_TCP, "192.168.1.5", 1},
        {"tcp://[::1]:65535", PLACE_TCP, "::1", 65535},
        {"tcp://[fe80::1%eth0]:23", PLACE_TCP, "fe80::1%eth0", 23},
        {"listen://0.0.0.0:8023", PLACE_LISTEN, "0.0.0.0", 8023},
        {"listen://[::]:0", PLACE_LISTEN, "::", 0},
        {"listen://127.0.0.1:0", PLACE_LISTEN, "127.0.0.1", 0},
        {"udp://192.168.1.5:20000", PLACE_UDP, "192.168.1.5", 20000},
        {"udp://[::1]:1", PLACE_UDP, "::1", 1},
        {"http://192.168.1.7/r", PLACE_HTTP, "192.168.1.7", 80},
        {"http://openevse.local:8080/r", PLACE_HTTP, "openevse.local", 8080},
        {"http://[::1]/r", PLACE_HTTP, "::1", 80},
        {"http://[::1]:81/r", PLACE_HTTP, "::1", 81},
        {"sim://leaf-battery", PLACE_SIM, "leaf-battery", 0},
        {"file:capture.log", PLACE_FILE, "capture.log", 0},
        {"file:/tmp/a,b.log", PLACE_FILE, "/tmp/a,b.log", 0},
        {"file:-", PLACE_FILE, "-", 0},
        {"-", PLACE_FILE, "-", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place place;
        char why[TRANSPORT_WHY];
        assert_true(parse(&place, rows[i].text, why));
        assert_int_equal(place.type, rows[i].type);
        assert_string_equal(place.name, rows[i].name);
        assert_int_equal(place.port, rows[i].port);
        assert_string_equal(place.text, rows[i].text);
    }
}

static void test_place_ends_where_its_length_says(void **state) {
    (void)state;
    struct place place;
    char why[TRANSPORT_WHY];
    assert_true(place_parse(&place, "tcp://a:2345", 10, why));
    assert_int_equal(place.port, 23);
    assert_string_equal(place.text, "tcp://a:23");
    assert_false(place_parse(&place, "tcp://a:23", 8, why));
}

static void test_wrong_place_is_refused_with_what_is_allowed(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "the place is missing: expected a path like /dev/ttyUSB0, pty:PATH, tcp://HOST:PORT"},
        {"ttyUSB0", "'ttyUSB0' is no place: expected a path like /dev/ttyUSB0"},
        {"udp:a:1", "'udp:a:1' is no place"},
        {"udp://host", "the port is missing: expected udp://HOST:PORT"},
        {"udp://host:0", "port '0' is not a number from 1 to 65535"},
        {"tcp:a:1", "'tcp:a:1' is no place"},
        {"/dev/tty\nUSB0", "a control character"},
        {"pty:", "nothing behind pty:: expected pty:PATH"},
        {"file:", "nothing behind file:: expected file:PATH"},
        {"sim://", "nothing behind sim://: expected sim://NAME"},
        {"sim://Leaf/../x", "'Leaf/../x' is no simulator"},
        {"tcp://", "the host is missing: expected tcp://HOST:PORT"},
        {"tcp://:23", "the host is missing"},
        {"listen://:23", "0.0.0.0 everybody"},
        {"tcp://host", "the port is missing: expected tcp://HOST:PORT"},
        {"listen://host", "the port is missing: expected listen://HOST:PORT"},
        {"tcp://host:", "port '' is not a number from 1 to 65535"},
        {"tcp://host:0", "port '0' is not a number from 1 to 65535"},
        {"tcp://host:65536", "port '65536' is not"},
        {"tcp://host:4294967319", "port '4294967319' is not"},
        {"tcp://host:23/", "port '23/' is not"},
        {"tcp://host:-1", "port '-1' is not"},
        {"listen://host:65536", "port '65536' is not a number from 0 to 65535"},
        {"tcp://::1:23", "an IPv6 address stands in brackets"},
        {"tcp://[::1:23", "expected an IPv6 address in brackets"},
        {"tcp://[]:23", "expected an IPv6 address in brackets"},
        {"tcp://[host]:23", "expected an IPv6 address in brackets"},
        {"tcp://[::1%]:23", "expected an IPv6 address in brackets"},
        {"tcp://[::1]", "the port is missing"},
        {"tcp://[::1]23", "'23' behind the address: expected :PORT"},
        {"tcp://user@host:23", "'user@host' is no host"},
        {"tcp://a b:23", "'a b' is no host"},
        {"http://", "'' behind http://: expected HOST[:PORT]/r, the WiFi kit of an OpenEVSE"},
        {"http://kit", "'kit' behind http://: expected HOST[:PORT]/r"},
        {"http://kit/", "'kit/' behind http://: expected HOST[:PORT]/r"},
        {"http://kit/rr", "'kit/rr' behind http://: expected HOST[:PORT]/r"},
        {"http://kit/r/", "'kit/r/' behind http://: expected HOST[:PORT]/r"},
        {"http://kit/r?json=1", "'kit/r?json=1' behind http://: expected HOST[:PORT]/r"},
        {"http:///r", "the host is missing: expected http://HOST[:PORT]/r"},
        {"http://:80/r", "the host is missing"},
        {"http://kit:/r", "port '' is not a number from 1 to 65535"},
        {"http://kit:0/r", "port '0' is not a number from 1 to 65535"},
        {"http://kit:http/r", "port 'http' is not a number from 1 to 65535"},
        {"http://me:secret@kit/r", "user and password stand in a file, auth=FILE"},
        {"http://me@kit/r", "user and password stand in a file, auth=FILE"},
        {"http://a b/r", "'a b' is no host: expected http://HOST[:PORT]/r"},
        {"http://::1/r", "an IPv6 address stands in brackets"},
        {"http://[::1]x/r", "'x' behind the address: expected :PORT"},
        {"https://kit/r", "'https://kit/r' is no place"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place place;
        char why[TRANSPORT_WHY];
        assert_false(parse(&place, rows[i].text, why));
        if (!strstr(why, rows[i].says)) {
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].text, why, rows[i].says);
        }
    }
}

static void test_place_has_255_characters_at_most(void **state) {
    (void)state;
    struct place place;
    char why[TRANSPORT_WHY];
    char text[257];
    memset(text, 'a', sizeof text);
    text[0] = '/';
    assert_true(place_parse(&place, text, 255, why));
    assert_int_equal(strlen(place.name), 255);
    assert_false(place_parse(&place, text, 256, why));
    assert_non_null(strstr(why, "more than 255 characters"));
}

static void test_why_fits_whatever_was_typed(void **state) {
    (void)state;
    static const char *const beginnings[] = {
        "", "tcp://", "tcp://[", "tcp://a:", "tcp://a b", "sim://A", "http://", "http://["};
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        struct place place;
        char why[TRANSPORT_WHY];
        char text[255];
        memset(text, 'x', sizeof text);
        memcpy(text, beginnings[i], strlen(beginnings[i]));
        assert_false(place_parse(&place, text, sizeof text, why));
        assert_in_range(strlen(why), 20, TRANSPORT_WHY - 2);
    }
}

static void test_place_with_a_zero_inside_is_refused(void **state) {
    (void)state;
    struct place place;
    char why[TRANSPORT_WHY];
    assert_false(place_parse(&place, "/dev/tty\0USB0", 13, why));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place_of_every_kind_is_read),
        cmocka_unit_test(test_place_ends_where_its_length_says),
        cmocka_unit_test(test_wrong_place_is_refused_with_what_is_allowed),
        cmocka_unit_test(test_place_has_255_characters_at_most),
        cmocka_unit_test(test_why_fits_whatever_was_typed),
        cmocka_unit_test(test_place_with_a_zero_inside_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
