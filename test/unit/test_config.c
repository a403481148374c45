/* test_config.c - CONFIG.yaml: what good ones give, and every line that is said of wrong ones.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "host/config/config.h"
#include "host/config/yaml.h"

/* Grows with host/link/links.def. */
#define KINDS "(kinds: lin, can, slcan, gvret, socketcand, cannelloni, rfm69, rapi, file)"

/* All lines that were told, each with a line end. */
static char told[16384];

static void tell(void *context, const char *text) {
    (void)context;
    size_t n = strlen(told);
    assert_null(strchr(text, '\n'));
    assert_true(n + strlen(text) + 2 < sizeof told);
    snprintf(told + n, sizeof told - n, "%s\n", text);
}

static struct config *parse(const char *text) {
    told[0] = '\0';
    return config_parse("van.yaml", text, strlen(text), tell, NULL);
}

static struct config *accepted(const char *text) {
    struct config *config = parse(text);
    if (!config) {
        fail_msg("refused:\n%s", told);
    }
    assert_string_equal(told, "");
    return config;
}

static void refused(const char *text, const char *lines) {
    assert_null(parse(text));
    assert_string_equal(told, lines);
}

/* A device on a good link; the line of what is asked of it is 4. */
#define WITH_DEVICE(device)                                                                        \
    "links: {house: 'lin:/dev/ttyUSB0', drive: 'slcan:/dev/ttyACM0'}\n"                            \
    "devices:\n"                                                                                   \
    "  solar: {type: votronic-mppt, link: house}\n"                                                \
    "  " device "\n"

/* ---- good ones ---- */

static void test_links_and_devices_come_out_as_they_are_written(void **state) {
    (void)state;
    struct config *config = accepted("site: van\n"
                                     "links:\n"
                                     "  house: lin:/dev/ttyUSB0,baud=9600\n"
                                     "  drive: slcan:tcp://192.0.2.7:23\n"
                                     "devices:\n"
                                     "  battery: {type: hella-ibs, link: house, generation: 2}\n"
                                     "  pack:\n"
                                     "    type: leaf-battery\n"
                                     "    link: drive\n"
                                     "    stale: 1.5 s\n");
    assert_string_equal(config->path, "van.yaml");
    assert_string_equal(config->site, "van");
    assert_int_equal(config->link_count, 2);
    assert_string_equal(config->links[0].name, "house");
    assert_string_equal(config->links[0].spec->kind->name, "lin");
    assert_int_equal(config->links[0].spec->values[0].number, 9600);
    assert_int_equal(config->links[0].line, 3);
    assert_int_equal(config->links[0].column, 10);
    assert_int_equal(config->links[1].spec->place.port, 23);
    assert_int_equal(config->device_count, 2);
    const struct config_device *battery = &config->devices[0];
    assert_string_equal(battery->name, "battery");
    assert_string_equal(battery->type->name, "hella-ibs");
    assert_int_equal(battery->link, 0);
    assert_false(battery->control);
    assert_int_equal(battery->stale_ms, 0);
    assert_int_equal(battery->line, 6);
    assert_int_equal(battery->column, 3);
    for (unsigned i = 0; i < battery->type->setting_count; i++) {
        bool generation = strcmp(battery->type->settings[i].name, "generation") == 0;
        assert_int_equal(battery->chosen[i], generation);
        assert_string_equal(battery->type->settings[i].values[battery->choice[i]],
                            generation ? "2" : battery->type->settings[i].values[0]);
    }
    assert_int_equal(config->devices[1].link, 1);
    assert_int_equal(config->devices[1].stale_ms, 1500);
    assert_int_equal(config->output_count, 0);
    assert_false(config->demo);
    assert_true(config->speed == 1);
    config_free(config);
}

static void test_a_link_written_in_a_device_is_a_link_of_its_name(void **state) {
    (void)state;
    struct config *config = accepted("links: {house: 'lin:/dev/ttyUSB0'}\n"
                                     "devices:\n"
                                     "  pack: {type: leaf-battery, link: 'slcan:/dev/ttyACM0'}\n"
                                     "  solar: {type: votronic-mppt, link: house}\n");
    assert_int_equal(config->link_count, 2);
    assert_string_equal(config->links[1].name, "pack");
    assert_int_equal(config->links[1].line, 3);
    assert_int_equal(config->links[1].column, 36);
    assert_int_equal(config->devices[0].link, 1);
    assert_int_equal(config->devices[1].link, 0);
    config_free(config);
}

static void test_limits_are_thousandths_within_the_hard_ones(void **state) {
    (void)state;
    struct config *config = accepted(WITH_DEVICE(
        "panel: {type: nugget-panel, link: house, control: yes, limits: {coolbox.level: 0 .. 3}}"));
    const struct config_device *panel = &config->devices[1];
    assert_true(panel->control);
    assert_int_equal(panel->limit_count, 1);
    assert_string_equal(panel->type->commands[panel->limits[0].command].name, "coolbox.level");
    assert_int_equal(panel->limits[0].limits.min_milli, 0);
    assert_int_equal(panel->limits[0].limits.max_milli, 3000);
    config_free(config);
}

static void test_the_kind_file_is_a_link_for_every_device(void **state) {
    (void)state;
    config_free(accepted("devices:\n"
                         "  pack: {type: leaf-battery, link: 'file:drive.log'}\n"
                         "  solar: {type: votronic-mppt, link: 'file:house.log'}\n"
                         "  mast: {type: wh24, link: 'file:mast.log'}\n"));
}

static void
test_views_of_one_server_or_recording_and_twin_simulators_are_no_conflict(void **state) {
    (void)state;
    config_free(accepted("links:\n"
                         "  a: file:drive.log\n"
                         "  b: file:drive.log,format=candump-log\n"
                         "  c: slcan:sim://leaf-battery\n"
                         "  d: slcan:sim://leaf-battery\n"
                         "devices: {pack: {type: leaf-battery, link: a}}\n"));
}

static void test_the_example_is_a_good_configuration(void **state) {
    (void)state;
    config_free(accepted(config_example));
}

static void test_windows_line_ends_and_a_byte_order_mark_do_no_harm(void **state) {
    (void)state;
    config_free(accepted("\xEF\xBB\xBFlinks: {house: 'lin:/dev/ttyUSB0'}\r\n"
                         "devices:\r\n"
                         "  solar: {type: votronic-mppt, link: house}\r\n"));
}

/* ---- what is no YAML, or not ours ---- */

static void test_what_is_no_yaml_is_one_line_with_its_place(void **state) {
    (void)state;
    refused("", "van.yaml:1:1: the file is empty\n");
    refused("# nothing\n", "van.yaml:1:1: the file is empty\n");
    refused("links:\n\thouse: x\n", "van.yaml:2:1: a tab: lines are indented with spaces\n");
    refused("links:\n  a: x\n \tb: y\n", "van.yaml:3:2: a tab: lines are indented with spaces\n");
    refused("site: van: 2\n",
            "van.yaml:1:10: a second ': ' in a line: begin a new line, or put the "
            "value in quotes\n");
    refused("links:\n  a: x\n b: y\n",
            "van.yaml:3:2: expected 'key: value', indented like the lines of the same map before "
            "(while parsing a block mapping that begins in line 1)\n");
    refused("site: @van\n",
            "van.yaml:1:7: a value that begins with this character stands in quotes\n");
    refused("site: [van\n", "van.yaml:2:1: did not find expected ',' or ']' (while parsing a flow "
                            "sequence that begins in line 1)\n");
    refused("site: \"van\n",
            "van.yaml:2:1: found unexpected end of stream (while scanning a quoted "
            "scalar that begins in line 1)\n");
}

static void test_what_is_no_text_is_told_with_its_place(void **state) {
    (void)state;
    refused("site: v\xFCn\n", "van.yaml:1:8: the byte FC is not UTF-8\n");
    refused("a: \xC3\xA4\nsite: \xC0\x80", "van.yaml:2:7: the byte C0 is not UTF-8\n");
    refused("site: \xED\xA0\x80", "van.yaml:1:7: the byte ED is not UTF-8\n");
    refused("site: \xC3", "van.yaml:1:7: the byte C3 is not UTF-8\n");
    refused("\xC3\xA4: v\x01", "van.yaml:1:5: the control character 01\n");
    refused("site: \xEF\xBF\xBE", "van.yaml:1:7: control characters are not allowed\n");
    told[0] = '\0';
    assert_null(config_parse("van.yaml", "a\0b", 3, tell, NULL));
    assert_string_equal(told, "van.yaml:1:2: the control character 00\n");
}

static void test_the_more_surprising_parts_of_yaml_are_refused(void **state) {
    (void)state;
    refused("site: &name van\n",
            "van.yaml:1:7: an anchor (&): write the value where it is needed\n");
    refused("site: *name\n", "van.yaml:1:7: an alias (*): write the value where it is needed\n");
    refused("site: !!str van\n", "van.yaml:1:7: a tag (!): values need none\n");
    refused("site: van\n---\nsite: house\n",
            "van.yaml:2:1: a second document (---): expected one\n");
    refused("? [a]\n: b\n", "van.yaml:1:3: a list or map as a key: expected a name\n");
    refused("a: [[[[[[[[1]]]]]]]]\n", "van.yaml:1:11: more than 8 levels of lists and maps\n");
}

static void test_a_file_is_small(void **state) {
    (void)state;
    size_t n = CONFIG_BYTES_MAX + 1;
    char *text = malloc(n);
    memset(text, '\n', n);
    told[0] = '\0';
    assert_null(config_parse("van.yaml", text, n, tell, NULL));
    assert_string_equal(told, "van.yaml: more than a megabyte: no configuration\n");
    memset(text, '-', n);
    for (size_t i = 0; i < 90000; i += 3) {
        memcpy(text + i, "- \n", 3);
    }
    told[0] = '\0';
    assert_null(config_parse("van.yaml", text, 90000, tell, NULL));
    assert_string_equal(told, "van.yaml:20000:2: more than 20000 values\n");
    free(text);
}

static void test_a_file_that_cannot_be_read_is_told_why(void **state) {
    (void)state;
    told[0] = '\0';
    assert_null(config_read("/does/not/exist.yaml", tell, NULL));
    assert_null(config_read("/", tell, NULL));
    assert_string_equal(told, "/does/not/exist.yaml: cannot be read: No such file or directory\n"
                              "/: cannot be read: Is a directory\n");
}

static void test_a_file_is_read_like_a_text(void **state) {
    (void)state;
    char path[] = "/tmp/voltbus-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs(config_example, file);
    fclose(file);
    told[0] = '\0';
    struct config *config = config_read(path, tell, NULL);
    remove(path);
    assert_non_null(config);
    assert_string_equal(config->path, path);
    config_free(config);
}

/* ---- keys ---- */

static void test_a_configuration_is_a_map_that_names_something_to_do(void **state) {
    (void)state;
    refused("- a\n", "van.yaml:1:1: expected a map, links, devices, outputs; not a list\n");
    refused("van\n", "van.yaml:1:1: expected a map, links, devices, outputs; not a text\n");
    refused("---\n", "van.yaml:2:1: expected a map, links, devices, outputs; not nothing\n");
    refused("site: van\n",
            "van.yaml:1:1: nothing to do: expected links and devices (voltbus config "
            "example)\n");
    refused("links: {}\ndevices: {}\n",
            "van.yaml:1:1: nothing to do: expected links and devices (voltbus config example)\n");
    refused("links: {a: 'lin:/dev/ttyUSB0'}\n",
            "van.yaml:1:1: nothing to do: expected devices, or an output that records frames "
            "(voltbus config example)\n");
}

static void test_an_unknown_key_is_told_with_the_nearest(void **state) {
    (void)state;
    refused("sites: van\n"
            "device: {}\n"
            "links: {a: 'lin:/dev/ttyUSB0'}\n",
            "van.yaml:1:1: sites: unknown key 'sites'; did you mean site? (site, links, devices, "
            "outputs)\n"
            "van.yaml:2:1: device: unknown key 'device'; did you mean devices? (site, links, "
            "devices, outputs)\n");
    refused(WITH_DEVICE("b: {type: hella-ibs, link: house, genration: 2}"),
            "van.yaml:4:37: devices.b.genration: unknown key 'genration'; did you mean generation? "
            "(type, db, link, control, poll, stale, limits, sensor, generation)\n");
}

static void test_a_key_that_stands_twice_names_both_lines(void **state) {
    (void)state;
    refused("links:\n"
            "  a: lin:/dev/ttyUSB0\n"
            "  b: lin:/dev/ttyUSB1\n"
            "  a: lin:/dev/ttyUSB2\n"
            "devices:\n"
            "  solar: {type: votronic-mppt, link: a, type: votronic-mppt}\n"
            "  solar: {type: votronic-mppt, link: b}\n",
            "van.yaml:4:3: links.a: stands twice; first in line 2\n"
            "van.yaml:6:41: devices.solar.type: stands twice; first in line 6\n"
            "van.yaml:7:3: devices.solar: stands twice; first in line 6\n");
}

static void test_a_value_of_another_shape_is_told_what_is_expected(void **state) {
    (void)state;
    refused("site: [van]\n"
            "links: [house]\n"
            "devices: solar\n"
            "outputs:\n",
            "van.yaml:1:7: site: expected any text, not a list\n"
            "van.yaml:2:8: links: expected a map, NAME: LINK; not a list\n"
            "van.yaml:3:10: devices: expected a map, NAME: {type: TYPE, link: LINK}; not a text\n"
            "van.yaml:4:9: outputs: expected a map, NAME: {type: TYPE}; not nothing\n");
    refused("links:\n"
            "  house: {kind: lin}\n"
            "devices:\n"
            "  solar: votronic-mppt\n"
            "  pack: {type: [a], link: {b: c}}\n"
            "outputs:\n"
            "  page: http\n",
            "van.yaml:2:10: links.house: expected a LINK like lin:/dev/ttyUSB0,baud=19200, not a "
            "map\n"
            "van.yaml:4:10: devices.solar: expected a map, {type: TYPE, link: LINK}; not a text\n"
            "van.yaml:5:16: devices.pack.type: expected any text, not a list\n"
            "van.yaml:5:27: devices.pack.link: expected any text, not a map\n"
            "van.yaml:7:9: outputs.page: expected a map, {type: TYPE}; not a text\n");
}

static void test_names_are_letters_digits_lines(void **state) {
    (void)state;
    refused("links:\n"
            "  my house: lin:/dev/ttyUSB0\n"
            "  wärme: lin:/dev/ttyUSB1\n"
            "  \"\": lin:/dev/ttyUSB2\n"
            "  \"a\\nb\": lin:/dev/ttyUSB3\n",
            "van.yaml:2:3: links.my house: no name: letters, digits, _ and -, at most 63 of them\n"
            "van.yaml:3:3: links.wärme: no name: letters, digits, _ and -, at most 63 of them\n"
            "van.yaml:4:3: links.: no name: letters, digits, _ and -, at most 63 of them\n"
            "van.yaml:5:3: links.a?b: no name: letters, digits, _ and -, at most 63 of them\n");
}

/* ---- links ---- */

static void test_an_error_in_a_link_stands_at_its_character(void **state) {
    (void)state;
    refused("links:\n"
            "  a: lim:/dev/ttyUSB0\n"
            "  b: lin:/dev/ttyUSB0,bautd=9600\n"
            "  c: \"lin:/dev/ttyUSB1,baud=80x\"\n"
            "  d: 'slcan:tcp://host'\n"
            "  e: \"lin:/dev/\\x74tyUSB2,baud=80x\"\n"
            "  f: |\n"
            "    lin:/dev/ttyUSB3\n"
            "  g: \"lin:/dev/ü,baud=80x\"\n",
            "van.yaml:2:6: links.a: unknown kind 'lim'; did you mean lin? " KINDS "\n"
            "van.yaml:3:23: links.b: unknown key 'bautd'; did you mean baud? (lin: baud, leader, "
            "echo)\n"
            "van.yaml:4:29: links.c: baud: 80x: unknown unit 'x' (bit/s)\n"
            "van.yaml:5:13: links.d: the port is missing: expected tcp://HOST:PORT\n"
            "van.yaml:6:6: links.e: baud: 80x: unknown unit 'x' (bit/s)\n"
            "van.yaml:7:6: links.f: a control character in a link\n"
            "van.yaml:9:23: links.g: baud: 80x: unknown unit 'x' (bit/s)\n");
}

static void test_two_links_on_one_place_are_refused(void **state) {
    (void)state;
    refused(
        "links:\n"
        "  house: lin:/dev/ttyUSB0,baud=9600\n"
        "  drive: slcan:/dev/ttyUSB0\n"
        "  server: rfm69:listen://127.0.0.1:8023\n"
        "  same: rfm69:listen://127.0.0.1:8023\n"
        "  other: rfm69:listen://127.0.0.1:8024\n"
        "devices:\n"
        "  solar: {type: votronic-mppt, link: 'lin:/dev/ttyUSB0'}\n",
        "van.yaml:3:16: links.drive: /dev/ttyUSB0 is the place of link house in line 2 already\n"
        "van.yaml:5:15: links.same: listen://127.0.0.1:8023 is the place of link server in line "
        "4 already\n"
        "van.yaml:8:43: devices.solar.link: /dev/ttyUSB0 is the place of link house in line 2 "
        "already\n");
}

static void test_a_link_that_does_not_exist_is_told_with_the_nearest(void **state) {
    (void)state;
    refused(WITH_DEVICE("pack: {type: leaf-battery, link: dirve}"),
            "van.yaml:4:36: devices.pack.link: unknown link 'dirve'; did you mean drive? (house, "
            "drive)\n");
    refused("devices: {pack: {type: leaf-battery, link: drive}}\n",
            "van.yaml:1:44: devices.pack.link: unknown link 'drive' (there is none)\n");
}

static void test_a_wrong_link_is_no_error_of_its_devices(void **state) {
    (void)state;
    refused("links: {house: 'lim:/dev/ttyUSB0'}\n"
            "devices: {solar: {type: votronic-mppt, link: house}}\n",
            "van.yaml:1:17: links.house: unknown kind 'lim'; did you mean lin? " KINDS "\n");
}

static void test_a_link_fits_the_wire_of_its_devices(void **state) {
    (void)state;
    refused(
        WITH_DEVICE("pack: {type: leaf-battery, link: house}"),
        "van.yaml:4:36: devices.pack.link: house is a lin link; leaf-battery needs another kind "
        "(can, slcan, gvret, socketcand, cannelloni, file)\n");
    refused(WITH_DEVICE("house: {type: hella-ibs, link: 'lin:/dev/ttyUSB1'}"),
            "van.yaml:4:34: devices.house.link: a LINK of its own is called like the device, but "
            "there is a link house already\n");
}

/* ---- devices ---- */

static void test_an_unknown_type_is_told_with_the_nearest(void **state) {
    (void)state;
    assert_null(parse(WITH_DEVICE("pump: {type: hela-ibs, link: house, generation: 2}")));
    assert_non_null(strstr(told, "van.yaml:4:16: devices.pump.type: unknown device 'hela-ibs'; did "
                                 "you mean hella-ibs? (leaf-battery, "));
    assert_ptr_equal(strchr(told, '\n'), told + strlen(told) - 1); /* and nothing else */
}

static void test_a_device_has_a_type_and_a_link(void **state) {
    (void)state;
    refused(WITH_DEVICE("pump: {}"),
            "van.yaml:4:3: devices.pump: type is missing: which device it is (voltbus list "
            "devices); it or db is required\n"
            "van.yaml:4:3: devices.pump: link is missing: the name of a link, or a LINK of its "
            "own\n");
    refused(WITH_DEVICE("pump:"), "van.yaml:4:8: devices.pump: expected a map, {type: TYPE, link: "
                                  "LINK}; not nothing\n");
}

static void test_a_wrong_value_is_told_with_what_is_allowed(void **state) {
    (void)state;
    refused(
        WITH_DEVICE("b: {type: hella-ibs, link: house, generation: 3, control: maybe, stale: 80x}"),
        "van.yaml:4:49: devices.b.generation: 3: no such word (1 or 2)\n"
        "van.yaml:4:61: devices.b.control: maybe: no such word (true or false)\n"
        "van.yaml:4:75: devices.b.stale: 80x: unknown unit 'x' (ms, s, min, h, d)\n");
    refused(WITH_DEVICE("b: {type: hella-ibs, link: house, stale: 50ms}"),
            "van.yaml:4:44: devices.b.stale: 50ms: too small (100 ms to 1 d)\n");
}

static void test_control_needs_a_device_with_commands(void **state) {
    (void)state;
    refused(WITH_DEVICE("b: {type: hella-ibs, link: house, control: true}"),
            "van.yaml:4:46: devices.b.control: hella-ibs takes no commands (voltbus list "
            "commands)\n");
    config_free(accepted(WITH_DEVICE("b: {type: hella-ibs, link: house, control: false}")));
}

#define LIMITED(range) WITH_DEVICE("p: {type: nugget-panel, link: house, limits: {" range "}}")

static void test_limits_can_only_be_tighter_and_keep_the_safe_value(void **state) {
    (void)state;
    refused(LIMITED("coolbox.level: 0..9"),
            "van.yaml:4:64: devices.p.limits.coolbox.level: 0..9: beyond the hard limits (0..5)\n");
    refused(LIMITED("coolbox.level: -0.5..3"), "van.yaml:4:64: devices.p.limits.coolbox.level: "
                                               "-0.5..3: beyond the hard limits (0..5)\n");
    refused(LIMITED("coolbox.level: 1..3"), "van.yaml:4:64: devices.p.limits.coolbox.level: 1..3: "
                                            "leaves out 0, the safe value\n");
    refused(LIMITED("coolbox.level: 3..0"), "van.yaml:4:64: devices.p.limits.coolbox.level: 3..0: "
                                            "the lower end stands first (0..5)\n");
}

static void test_a_limit_may_be_named_by_the_last_part_of_its_command(void **state) {
    (void)state;
    struct config *config =
        accepted(WITH_DEVICE("led: {type: nugget-led, link: house, control: yes, limits: {tone: "
                             "2..5, led.intensity: 0..3}}"));
    const struct config_device *led = &config->devices[1];
    assert_int_equal(led->limit_count, 2);
    assert_string_equal(led->type->commands[led->limits[0].command].name, "led.tone");
    assert_int_equal(led->limits[0].limits.min_milli, 2000);
    assert_string_equal(led->type->commands[led->limits[1].command].name, "led.intensity");
    config_free(config);
    refused(LIMITED("lvel: 0..3"),
            "van.yaml:4:49: devices.p.limits.lvel: unknown command 'lvel' (coolbox.level)\n");
    refused(LIMITED("level: 0..3, coolbox.level: 0..2"),
            "van.yaml:4:62: devices.p.limits.coolbox.level: coolbox.level is limited twice\n");
}

static void test_only_links_that_ask_have_something_to_poll(void **state) {
    (void)state;
    refused(WITH_DEVICE("b: {type: hella-ibs, link: house, poll: false}"),
            "van.yaml:4:43: devices.b.poll: a lin link asks nothing by itself\n");
    refused(WITH_DEVICE("b: {type: hella-ibs, link: 'file:a', poll: true}"),
            "van.yaml:4:46: devices.b.poll: a file link asks nothing by itself\n");
}

static void test_limits_are_ranges_of_commands(void **state) {
    (void)state;
    refused(LIMITED("coolbox.level: 3"),
            "van.yaml:4:64: devices.p.limits.coolbox.level: expected LOW..HIGH, like 0..5\n");
    refused(LIMITED("coolbox.level: [0, 3]"),
            "van.yaml:4:64: devices.p.limits.coolbox.level: expected LOW..HIGH, like 0..5\n");
    refused(LIMITED("coolbox.level: 0..3A"),
            "van.yaml:4:68: devices.p.limits.coolbox.level: unknown unit 'A' (it has none)\n");
    refused(LIMITED("coolbox.level: ..x"),
            "van.yaml:4:64: devices.p.limits.coolbox.level: '': not a number; expected LOW..HIGH, "
            "like 0..5\n"
            "van.yaml:4:66: devices.p.limits.coolbox.level: 'x': not a number; expected LOW..HIGH, "
            "like 0..5\n");
    refused(LIMITED("coolbox.levl: 0..3"),
            "van.yaml:4:49: devices.p.limits.coolbox.levl: unknown command 'coolbox.levl'; did you "
            "mean coolbox.level? (coolbox.level)\n");
    refused(WITH_DEVICE("p: {type: nugget-panel, link: house, limits: 0..3}"),
            "van.yaml:4:48: devices.p.limits: expected a map, COMMAND: LOW..HIGH; not a text\n");
}

static void test_no_setting_of_a_device_has_the_name_of_a_key(void **state) {
    (void)state;
    for (size_t i = 0; i < vb_device_count; i++) {
        for (unsigned s = 0; s < vb_devices[i]->setting_count; s++) {
            const char *name = vb_devices[i]->settings[s].name;
            assert_int_equal(
                vb_key_find(config_device_keys, config_device_key_count, name, strlen(name)), -1);
            assert_string_not_equal(name, "limits");
        }
    }
}

/* ---- outputs ---- */

static void test_the_keys_of_every_output_have_room_and_good_defaults(void **state) {
    (void)state;
    for (size_t i = 0; i < output_count; i++) {
        const struct output_live *live = outputs[i]->live;
        assert_true(!live || live->key_count <= OUTPUT_KEYS_MAX);
        for (size_t k = 0; live && k < live->key_count; k++) {
            const struct vb_key *key = &live->keys[k];
            struct vb_value value;
            char why[VB_KEY_WHY] = "";
            assert_string_not_equal(key->name, "type");
            if (key->initial && key->initial[0] != '\0' &&
                vb_key_parse(key, key->initial, strlen(key->initial), &value, why) != VB_OK) {
                fail_msg("%s.%s: %s", outputs[i]->name, key->name, why);
            }
        }
    }
}

static void test_an_unknown_output_is_told(void **state) {
    (void)state;
    assert_null(parse(WITH_DEVICE("pack: {type: leaf-battery, link: drive}") "outputs:\n"
                                                                             "  a: {type: paper}\n"
                                                                             "  b: {}\n"));
    assert_non_null(strstr(told, "van.yaml:6:13: outputs.a.type: unknown output 'paper' ("));
    assert_non_null(strstr(told, "\nvan.yaml:7:3: outputs.b: type is missing: which output it is "
                                 "(voltbus list outputs)\n"));
}

/* ---- many errors ---- */

static void test_after_fifty_errors_the_others_are_counted(void **state) {
    (void)state;
    char text[2000] = "";
    for (int i = 0; i < 62; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "key%d: value\n", i);
    }
    assert_null(parse(text));
    size_t lines = 0;
    for (const char *p = told; (p = strchr(p, '\n')); p++) {
        lines++;
    }
    assert_int_equal(lines, 51);
    assert_non_null(strstr(told, "\nvan.yaml:50:1: key49: unknown key 'key49' (site, links, "
                                 "devices, outputs)\nvan.yaml: 13 more errors\n"));
}

static void test_errors_come_in_the_order_of_the_file(void **state) {
    (void)state;
    refused("devices: {solar: {type: votronic-mppt, link: hose}}\n"
            "links: {house: 'lin:'}\n"
            "color: red\n",
            "van.yaml:1:46: devices.solar.link: unknown link 'hose'; did you mean house? (house)\n"
            "van.yaml:2:21: links.house: the place is missing: expected a serial port, pty:PATH, "
            "tcp://host:port, listen://host:port or sim://NAME, like lin:/dev/ttyUSB0,baud=19200\n"
            "van.yaml:3:1: color: unknown key 'color' (site, links, devices, outputs)\n");
}

static void take_parts(void *context, const struct config_error *error) {
    *(struct config_error *)context = *error;
    assert_string_equal(error->key, "links.house");
    assert_string_equal(error->what, "baud: 0: too small (1000 to 20000 bit/s)");
}

static void test_an_error_can_be_had_in_parts(void **state) {
    (void)state;
    struct config_error error;
    const char *text = "links:\n  house: lin:/dev/ttyUSB0,baud=0\n";
    assert_null(config_load("van.yaml", text, strlen(text), take_parts, &error));
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 32);
    assert_int_equal(error.more, 0);
}

static void test_characters_of_utf8_have_one_to_four_bytes(void **state) {
    (void)state;
    assert_int_equal(utf8_length("a", 1), 1);
    assert_int_equal(utf8_length("ä", 2), 2);
    assert_int_equal(utf8_length("°C", 3), 2);
    assert_int_equal(utf8_length("€", 3), 3);
    assert_int_equal(utf8_length("\xF0\x9F\x94\x8B", 4), 4);
    assert_int_equal(utf8_length("ä", 1), 0);
    assert_int_equal(utf8_length("\xC1\x81", 2), 0);
    assert_int_equal(utf8_length("\xE0\x80\x80", 3), 0);
    assert_int_equal(utf8_length("\xF4\x90\x80\x80", 4), 0);
    assert_int_equal(utf8_length("\xF8\x88\x80\x80\x80", 5), 0);
    assert_int_equal(utf8_length("\x80", 1), 0);
    assert_int_equal(utf8_length("", 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_and_devices_come_out_as_they_are_written),
        cmocka_unit_test(test_a_link_written_in_a_device_is_a_link_of_its_name),
        cmocka_unit_test(test_limits_are_thousandths_within_the_hard_ones),
        cmocka_unit_test(test_the_kind_file_is_a_link_for_every_device),
        cmocka_unit_test(test_views_of_one_server_or_recording_and_twin_simulators_are_no_conflict),
        cmocka_unit_test(test_the_example_is_a_good_configuration),
        cmocka_unit_test(test_windows_line_ends_and_a_byte_order_mark_do_no_harm),
        cmocka_unit_test(test_what_is_no_yaml_is_one_line_with_its_place),
        cmocka_unit_test(test_what_is_no_text_is_told_with_its_place),
        cmocka_unit_test(test_the_more_surprising_parts_of_yaml_are_refused),
        cmocka_unit_test(test_a_file_is_small),
        cmocka_unit_test(test_a_file_that_cannot_be_read_is_told_why),
        cmocka_unit_test(test_a_file_is_read_like_a_text),
        cmocka_unit_test(test_a_configuration_is_a_map_that_names_something_to_do),
        cmocka_unit_test(test_an_unknown_key_is_told_with_the_nearest),
        cmocka_unit_test(test_a_key_that_stands_twice_names_both_lines),
        cmocka_unit_test(test_a_value_of_another_shape_is_told_what_is_expected),
        cmocka_unit_test(test_names_are_letters_digits_lines),
        cmocka_unit_test(test_an_error_in_a_link_stands_at_its_character),
        cmocka_unit_test(test_two_links_on_one_place_are_refused),
        cmocka_unit_test(test_a_link_that_does_not_exist_is_told_with_the_nearest),
        cmocka_unit_test(test_a_wrong_link_is_no_error_of_its_devices),
        cmocka_unit_test(test_a_link_fits_the_wire_of_its_devices),
        cmocka_unit_test(test_an_unknown_type_is_told_with_the_nearest),
        cmocka_unit_test(test_a_device_has_a_type_and_a_link),
        cmocka_unit_test(test_a_wrong_value_is_told_with_what_is_allowed),
        cmocka_unit_test(test_control_needs_a_device_with_commands),
        cmocka_unit_test(test_limits_can_only_be_tighter_and_keep_the_safe_value),
        cmocka_unit_test(test_a_limit_may_be_named_by_the_last_part_of_its_command),
        cmocka_unit_test(test_only_links_that_ask_have_something_to_poll),
        cmocka_unit_test(test_limits_are_ranges_of_commands),
        cmocka_unit_test(test_no_setting_of_a_device_has_the_name_of_a_key),
        cmocka_unit_test(test_the_keys_of_every_output_have_room_and_good_defaults),
        cmocka_unit_test(test_an_unknown_output_is_told),
        cmocka_unit_test(test_after_fifty_errors_the_others_are_counted),
        cmocka_unit_test(test_errors_come_in_the_order_of_the_file),
        cmocka_unit_test(test_an_error_can_be_had_in_parts),
        cmocka_unit_test(test_characters_of_utf8_have_one_to_four_bytes),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
