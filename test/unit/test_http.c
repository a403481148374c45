/* test_http.c - the HTTP output without sockets: what requests are read as, what the hub's state looks
 * like as JSON. The sockets are those of test/e2e/http_test.py.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "host/out/http.h"
#include "voltbus/time.h"

/* ---- calls ---- */

static void call_refused(const char *body, unsigned status, const char *error, const char *reason) {
    struct http_call_body call;
    struct http_refusal refusal = {0};
    assert_false(http_call_parse(body, strlen(body), &call, &refusal));
    assert_int_equal(refusal.status, status);
    assert_string_equal(refusal.error, error);
    assert_string_equal(refusal.reason, reason);
}

static struct http_call_body call_of(const char *body) {
    struct http_call_body call;
    struct http_refusal refusal = {0};
    if (!http_call_parse(body, strlen(body), &call, &refusal)) {
        fail_msg("'%s' is refused: %s", body, refusal.reason);
    }
    return call;
}

static void test_a_call_has_a_name_and_arguments_as_numbers_or_words(void **state) {
    (void)state;
    struct http_call_body call = call_of("{\"call\":\"pause\"}");
    assert_string_equal(call.name, "pause");
    assert_int_equal(call.count, 0);
    call = call_of("{\"arguments\":[\"0\",1,2.5,-15,\"HELLO YOU\"],\"call\":\"print\"}");
    assert_string_equal(call.name, "print");
    assert_int_equal(call.count, 5);
    assert_string_equal(call.arguments[0], "0");
    assert_string_equal(call.arguments[1], "1");
    assert_string_equal(call.arguments[2], "2.5");
    assert_string_equal(call.arguments[3], "-15");
    assert_string_equal(call.arguments[4], "HELLO YOU");
}

static void test_a_call_that_is_none_is_refused(void **state) {
    (void)state;
    call_refused("{}", 400, "bad-json", "call is missing");
    call_refused("[]", 400, "bad-json", "the body must be an object: {\"call\":\"pause\"}");
    call_refused("{\"call\":7}", 400, "bad-json", "call: must be the name of one");
    call_refused("{\"call\":\"\"}", 400, "bad-json", "call is missing");
    call_refused("{\"call\":\"a\\nb\"}", 404, "no-call", "no call has such a name");
    call_refused("{\"call\":\"a\",\"value\":1}", 400, "bad-json",
                 "unknown member 'value': call and arguments are known");
    call_refused("{\"call\":\"a\",\"arguments\":16}", 400, "bad-json",
                 "arguments: must be a list: [16]");
    call_refused("{\"call\":\"a\",\"arguments\":[1,2,3,4,5,6,7]}", 400, "bad-value",
                 "arguments: no call has more than 6");
    call_refused("{\"call\":\"a\",\"arguments\":[true]}", 400, "bad-value",
                 "arguments: must be a number or a word");
    call_refused("{\"call\":\"a\",\"arguments\":[\"A\\rB\"]}", 400, "bad-value",
                 "arguments: there is no such word");
    call_refused("{\"call\":\"a\",\"arguments\":[1e400]}", 422, "out-of-range",
                 "a number of this size is beyond every limit");
}

/* ---- commands ---- */

static struct http_command command_of(const char *body) {
    struct http_command command;
    struct http_refusal refusal = {0};
    if (!http_command_parse(body, strlen(body), &command, &refusal)) {
        fail_msg("%s is refused: %s", body, refusal.reason);
    }
    return command;
}

static void value_is(const char *json, const char *expected) {
    char body[300];
    snprintf(body, sizeof body, "{\"value\":%s}", json);
    struct http_command command = command_of(body);
    command.value[command.value_n] = '\0';
    assert_string_equal(command.value, expected);
}

static void command_refused(const char *body, unsigned status, const char *error,
                            const char *reason) {
    struct http_command command;
    struct http_refusal refusal = {0};
    assert_false(http_command_parse(body, strlen(body), &command, &refusal));
    assert_int_equal(refusal.status, status);
    assert_string_equal(refusal.error, error);
    assert_string_equal(refusal.reason, reason);
}

static void test_a_number_is_handed_on_as_it_was_written(void **state) {
    (void)state;
    value_is("3", "3");
    value_is("-17", "-17");
    value_is("2.5", "2.5");
    value_is("0.1", "0.1");
    value_is("358.07", "358.07");
    value_is("9007199254740993", "9007199254740993"); /* no double has it */
    value_is("-0.0", "-0");
    value_is("12.020", "12.02");
}

static void test_a_number_with_an_exponent_loses_it(void **state) {
    (void)state;
    value_is("2e0", "2");
    value_is("1e-7", "0.0000001");
    value_is("1.5e3", "1500");
    value_is("1e20", "100000000000000000000");
    value_is("1e-300", "0.00000000000000000");
}

static void test_a_number_beyond_every_limit_is_out_of_range(void **state) {
    (void)state;
    command_refused("{\"value\":1e300}", 422, "out-of-range",
                    "value: a number of this size is beyond every limit");
    command_refused("{\"value\":1e999}", 422, "out-of-range",
                    "a number of this size is beyond every limit");
    command_refused("{\"value\":99999999999999999999}", 422, "out-of-range",
                    "a number of this size is beyond every limit");
}

static void test_a_word_is_handed_on(void **state) {
    (void)state;
    value_is("\"on\"", "on");
    value_is("\"\\u00e4\"", "ä");
    value_is("\"\"", "");
}

static void test_a_word_cannot_write_lines_into_the_log(void **state) {
    (void)state;
    command_refused("{\"value\":\"on\\nvoltbus: all is well\"}", 400, "bad-value",
                    "value: there is no such word");
    command_refused("{\"value\":\"\\u001b[2J\"}", 400, "bad-value", "value: there is no such word");
}

static void test_a_lease_is_seconds_and_30_if_not_given(void **state) {
    (void)state;
    assert_int_equal(command_of("{\"value\":1}").lease_ns, 30 * VB_NS_PER_S);
    assert_int_equal(command_of("{\"value\":1,\"lease\":1}").lease_ns, VB_NS_PER_S);
    assert_int_equal(command_of("{\"lease\":2.5,\"value\":1}").lease_ns, 2500 * VB_NS_PER_MS);
    assert_int_equal(command_of("{\"lease\":3600,\"value\":1}").lease_ns, 3600 * VB_NS_PER_S);
    command_refused("{\"value\":1,\"lease\":3600.001}", 400, "bad-lease",
                    "lease: must be 1 to 3600 seconds");
    command_refused("{\"value\":1,\"lease\":0.999}", 400, "bad-lease",
                    "lease: must be 1 to 3600 seconds");
    command_refused("{\"value\":1,\"lease\":true}", 400, "bad-lease",
                    "lease: must be 1 to 3600 seconds");
}

static void test_release_stands_alone(void **state) {
    (void)state;
    assert_true(command_of("{\"release\":true}").release);
    assert_false(command_of("{\"value\":1}").release);
    command_refused("{\"release\":true,\"value\":1}", 400, "bad-json", "release stands alone");
    command_refused("{\"release\":true,\"lease\":5}", 400, "bad-json", "release stands alone");
    command_refused("{\"release\":false}", 400, "bad-json", "release: must be true");
}

static void test_what_is_not_known_is_refused(void **state) {
    (void)state;
    command_refused("{\"value\":1,\"speed\":2}", 400, "bad-json",
                    "unknown member 'speed': value, lease and release are known");
    command_refused("{}", 400, "bad-json", "value is missing");
    command_refused("[1]", 400, "bad-json", "the body must be an object: {\"value\":3}");
    command_refused("{\"value\":[1]}", 400, "bad-value", "value: must be a number or a word");
}

/* ---- the arguments of a history query ---- */

#define NOW (INT64_C(1712145600) * VB_NS_PER_S)

/* arguments: separated by & */
static bool range_of(const char *arguments, struct http_range *range,
                     struct http_refusal *refusal) {
    *range = (struct http_range){0};
    *refusal = (struct http_refusal){0};
    while (*arguments) {
        size_t n = strcspn(arguments, "&");
        if (!http_range_argument(range, arguments, n, NOW, refusal)) {
            return false;
        }
        arguments += n + (arguments[n] == '&');
    }
    return http_range_end(range, NOW, refusal);
}

static void test_a_history_query_has_defaults(void **state) {
    (void)state;
    struct http_range range;
    struct http_refusal refusal;
    assert_true(range_of("signal=solar/solar.current", &range, &refusal));
    assert_string_equal(range.signal, "solar/solar.current");
    assert_int_equal(range.to_ns, NOW);
    assert_int_equal(range.from_ns, NOW - 3600 * VB_NS_PER_S);
    assert_int_equal(range.points, 500);
}

static void test_negative_seconds_count_from_now(void **state) {
    (void)state;
    struct http_range range;
    struct http_refusal refusal;
    assert_true(range_of("signal=a/b&from=-60.5&to=-0&points=2", &range, &refusal));
    assert_int_equal(range.from_ns, NOW - 60500 * VB_NS_PER_MS);
    assert_int_equal(range.to_ns, NOW);
    assert_int_equal(range.points, 2);
    assert_true(range_of("to=1712145600&signal=a/b&from=1712142000.25", &range, &refusal));
    assert_int_equal(range.from_ns, INT64_C(1712142000250) * VB_NS_PER_MS);
}

static void test_bad_arguments_are_named(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"", "signal=DEVICE/SIGNAL is missing"},
        {"signal=a/b&from=x", "from: must be Unix seconds, or negative seconds from now"},
        {"signal=a/b&to=1e3", "to: must be Unix seconds, or negative seconds from now"},
        {"signal=a/b&to=", "to: must be Unix seconds, or negative seconds from now"},
        {"signal=a/b&to=99999999999999", "to: must be Unix seconds, or negative seconds from now"},
        {"signal=a/b&points=1", "points: must be 2 to 5000"},
        {"signal=a/b&points=5001", "points: must be 2 to 5000"},
        {"signal=a/b&points=0x10", "points: must be 2 to 5000"},
        {"signal=a/b&from=5&to=5", "from: must be before to"},
        {"signal=a/b&signal=a/b", "signal: given twice"},
        {"signal=a/b&speed=3", "unknown argument 'speed': signal, from, to and points are known"},
        {"=", "unknown argument '': signal, from, to and points are known"},
        {"signal=a\xFF", "an argument is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http_range range;
        struct http_refusal refusal;
        assert_false(range_of(bad[i][0], &range, &refusal));
        assert_int_equal(refusal.status, 400);
        assert_string_equal(refusal.error, "bad-argument");
        assert_string_equal(refusal.reason, bad[i][1]);
    }
}

/* ---- where to listen, who we are ---- */

static void address_is(const char *text, const char *host, unsigned port) {
    struct http_address address;
    char why[OUTPUT_WHY] = "";
    if (!http_address_parse(&address, text, strlen(text), why)) {
        fail_msg("%s is refused: %s", text, why);
    }
    assert_string_equal(address.host, host);
    assert_int_equal(address.port, port);
}

static void address_refused(const char *text, const char *part) {
    struct http_address address;
    char why[OUTPUT_WHY] = "";
    assert_false(http_address_parse(&address, text, strlen(text), why));
    if (!strstr(why, part)) {
        fail_msg("%s: '%s' has no '%s'", text, why, part);
    }
}

static void test_it_listens_on_the_loopback_alone(void **state) {
    (void)state;
    address_is("127.0.0.1:8080", "127.0.0.1", 8080);
    address_is("127.9.8.7:0", "127.9.8.7", 0);
    address_is("LocalHost:65535", "127.0.0.1", 65535);
    address_is("[::1]:80", "[::1]", 80);
    address_is("::1:80", "[::1]", 80);
    static const char *const outside[] = {
        "0.0.0.0:8080",   "192.168.1.2:80",       "[::]:80",        "[::2]:80",
        "example.org:80", "128.0.0.1:80",         "126.255.0.1:80", "127.0.0.1.evil.x:8",
        "2130706433:80",  "[::ffff:127.0.0.1]:80"};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        address_refused(outside[i], "not an address of this machine alone");
        address_refused(outside[i], "until there are passwords and TLS");
    }
    static const char *const bad[] = {
        "",           "8080",         "127.0.0.1",       ":80",
        "127.0.0.1:", "127.0.0.1:x",  "127.0.0.1:-1",    "127.0.0.1:65536",
        "[::1]",      "127.0.0.1:8 ", "127.0.0.1:080080"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        address_refused(bad[i], "is not HOST:PORT");
    }
}

static bool host(const char *text, uint16_t port) {
    struct http_address address;
    char why[OUTPUT_WHY];
    assert_true(http_address_parse(&address, "127.0.0.1:1", 11, why));
    http_address_port(&address, port);
    return http_host_is_ours(&address, text, strlen(text));
}

static void test_only_our_own_names_with_our_port_are_ours(void **state) {
    (void)state;
    assert_true(host("127.0.0.1:8080", 8080));
    assert_true(host("localhost:8080", 8080));
    assert_true(host("LOCALHOST:8080", 8080));
    assert_true(host("[::1]:8080", 8080));
    assert_true(host("127.0.0.1", 80));
    assert_true(host("127.0.0.1:80", 80));
    assert_false(host("127.0.0.1", 8080));
    assert_false(host("127.0.0.1:8081", 8080));
    assert_false(host("127.0.0.1:", 8080));
    assert_false(host("127.0.0.1:8080x", 8080));
    assert_false(host("127.0.0.1.evil.example:8080", 8080));
    assert_false(host("evil.example:8080", 8080));
    assert_false(host("localhost.:8080", 8080));
    assert_false(host("127.0.0.2:8080", 8080));
    assert_false(host("", 8080));
}

static void test_only_our_own_page_is_an_origin(void **state) {
    (void)state;
    struct http_address address;
    char why[OUTPUT_WHY];
    static const char *const foreign[] = {"null",
                                          "",
                                          "http://",
                                          "https://127.0.0.1:8080",
                                          "http://127.0.0.1",
                                          "http://127.0.0.1:8080/",
                                          "http://127.0.0.1:8080.evil.example",
                                          "http://evil.example",
                                          "ws://127.0.0.1:8080"};
    assert_true(http_address_parse(&address, "127.0.0.1:8080", 14, why));
    assert_true(http_origin_is_ours(&address, "http://127.0.0.1:8080", 21));
    assert_true(http_origin_is_ours(&address, "http://localhost:8080", 21));
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        assert_false(http_origin_is_ours(&address, foreign[i], strlen(foreign[i])));
    }
}

/* ---- text ---- */

static void json_is(const char *bytes, size_t n, const char *expected) {
    struct text text = {0};
    text_json(&text, bytes, n);
    assert_int_equal(text.n, strlen(expected));
    assert_memory_equal(text.data, expected, text.n);
    text_free(&text);
}

static void test_any_bytes_become_a_json_string(void **state) {
    (void)state;
    json_is("°C", 3, "\"°C\"");
    json_is("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
    json_is("\n\0\x1F", 3, "\"\\u000a\\u0000\\u001f\"");
    json_is("</script>", 9, "\"</script>\"");
    json_is("a\xFFz", 3, "\"a\\ufffdz\"");
    json_is("\xC0\xAF", 2, "\"\\ufffd\\ufffd\"");                       /* too long a form of '/' */
    json_is("\xED\xA0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"");            /* half a pair */
    json_is("\xF4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""); /* beyond U+10FFFF */
    json_is("\xE2\x82", 2, "\"\\ufffd\\ufffd\"");                       /* cut off */
    json_is("\xF0\x9F\x94\x8B", 4, "\"\xF0\x9F\x94\x8B\"");
}

static void test_thousandths_lose_their_zeros(void **state) {
    (void)state;
    static const struct {
        int64_t milli;
        const char *text;
    } vectors[] = {{0, "0"},       {5000, "5"},        {500, "0.5"},
                   {-500, "-0.5"}, {1250, "1.25"},     {-1001, "-1.001"},
                   {10, "0.01"},   {1, "0.001"},       {INT64_MIN, "-9223372036854775.808"},
                   {120, "0.12"},  {65535000, "65535"}};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct text text = {0};
        text_milli(&text, vectors[i].milli);
        text_add(&text, "|");
        assert_memory_equal(text.data, vectors[i].text, text.n - 1);
        assert_int_equal(text.n - 1, strlen(vectors[i].text));
        text_free(&text);
    }
}

/* ---- the state: a hub with one device on a link of nothing ---- */

static const struct vb_signal first[] = {
    {"battery.soc", "%", 0, 8, VB_LE, VB_RAW, .title = "State of charge", VB_LIMITS(0, 100)},
    {"relay.on", "", 8, 1, VB_LE | VB_GUESS, VB_RAW, .title = "The \"main\" relay",
     .words = vb_off_on},
    {"level", "V", 16, 8, VB_LE, VB_SCALE(1, 0, 2)},
};
static const struct vb_signal second[] = {
    {"battery.soc", "%", 0, 16, VB_LE, VB_SCALE(1, 0, 10)},
    {"rest.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW},
};
static const struct vb_message messages[] = {
    {VB_ID(0x100), .len_min = 8, .len_max = 8, .name = "first", .title = "", VB_ROWS(first)},
    {VB_ID(0x101), .len_min = 8, .len_max = 8, .name = "second", .title = "", VB_ROWS(second)},
};
static const struct vb_command commands[] = {
    {"relay.on", "Close the relay", 0, &first[1], {0, 1000}, 0},
    {"level", "The level", 0, &first[2], {500, 12500}, 2},
};
static const char *const headline[] = {"battery.soc", NULL};
static const struct vb_device box = {.name = "test-box",
                                     .title = "A box",
                                     .kind = VB_KIND_CAN,
                                     VB_MESSAGES(messages),
                                     VB_COMMANDS(commands),
                                     .headline = headline};

static bool open_nothing(struct link *link, char *why) {
    (void)link;
    (void)why;
    return true;
}

static bool publish_anything(struct link *link, const struct vb_frame *frame) {
    (void)link;
    (void)frame;
    return true;
}

static enum vb_refusal always_ready(const struct link *link, char why[LINK_WHY]) {
    (void)link;
    (void)why;
    return VB_REFUSAL_NONE;
}

static const struct link_kind nothing = {.name = "nothing",
                                         .frame_kind = VB_KIND_CAN,
                                         .open = open_nothing,
                                         .ready = always_ready,
                                         .publish = publish_anything};

struct fixture {
    uv_loop_t loop;
    struct link_spec spec;
    struct config_link link;
    struct config_device device;
    struct config config;
    struct hub hub;
    struct http_state *state;
    struct text text;
    uint64_t seq;
    unsigned messages;
};

static void no_log(void *context, const char *text) {
    (void)context;
    (void)text;
}

static int open_fixture(void **state, const struct vb_device *type) {
    struct fixture *f = calloc(1, sizeof *f);
    char why[OUTPUT_WHY];
    snprintf(f->spec.text, sizeof f->spec.text, "nothing:here");
    f->spec.kind = &nothing;
    snprintf(f->link.name, sizeof f->link.name, "can0");
    f->link.spec = &f->spec;
    snprintf(f->device.name, sizeof f->device.name, "box");
    f->device.type = type;
    f->device.control = true;
    f->config = (struct config){.site = (char *)(uintptr_t) "a \"van\"",
                                .links = &f->link,
                                .link_count = 1,
                                .devices = &f->device,
                                .device_count = 1};
    uv_loop_init(&f->loop);
    f->hub.log = no_log;
    assert_true(hub_open(&f->hub, &f->loop, &f->config, why));
    f->state = http_state_new(&f->hub);
    assert_non_null(f->state);
    *state = f;
    return 0;
}

static int set_up(void **state) {
    return open_fixture(state, &box);
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    http_state_free(f->state);
    text_free(&f->text);
    hub_close_now(&f->hub);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    hub_free(&f->hub);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

/* A frame at a time; it is heard 20 ms before `now`. */
static struct http_now frame(struct fixture *f, uint32_t id, const uint8_t *data, size_t n) {
    struct vb_frame frame = {.kind = VB_KIND_CAN,
                             .id = id,
                             .len = (uint32_t)n,
                             .data = data,
                             .t_ns = INT64_C(1712145600100) * VB_NS_PER_MS};
    hub_frame(&f->hub.links[0], &frame);
    return (struct http_now){.mono_ns = f->hub.devices[0].heard_mono_ns + 20 * VB_NS_PER_MS,
                             .wall_ns = INT64_C(1712145600123) * VB_NS_PER_MS};
}

static void on_message(void *context, const struct text *message) {
    struct fixture *f = context;
    assert_false(message->failed);
    f->messages++;
}

/* The messages of a delta; the last one is left in f->text. */
static void delta(struct fixture *f, struct http_now now) {
    f->messages = 0;
    http_state_delta(f->state, &f->text, &f->seq, now, false, on_message, f);
    text_bytes(&f->text, "", 1);
}

#define SOC "\"battery.soc\":{\"value\":"

static void test_the_document_says_all_that_is_known(void **state) {
    struct fixture *f = *state;
    struct http_now now = frame(f, 0x100, BYTES(55, 1, 7, 0, 0, 0, 0, 0));
    http_state_document(f->state, &f->text, 17, now);
    text_bytes(&f->text, "", 1);
    assert_string_equal(
        f->text.data,
        "{\"site\":\"a \\\"van\\\"\",\"demo\":false,\"time\":1712145600.123000,\"seq\":17,"
        "\"links\":{\"can0\":{\"link\":\"nothing:here\",\"state\":\"open\",\"reason\":\"\","
        "\"frames\":1,\"bad\":0}},\"devices\":{\"box\":{\"type\":\"test-box\",\"title\":\"A box\","
        "\"link\":\"can0\",\"health\":\"ok\",\"reason\":\"\",\"age\":0.020,\"frames\":1,\"bad\":0,"
        "\"control\":true,\"headline\":[\"battery.soc\"],\"signals\":{"
        "\"battery.soc\":{\"value\":55,\"t\":1712145600.100000,\"age\":0.020,\"unit\":\"%\","
        "\"title\":\"State of charge\"},"
        "\"relay.on\":{\"value\":\"on\",\"t\":1712145600.100000,\"age\":0.020,\"unit\":\"\","
        "\"title\":\"The \\\"main\\\" relay\",\"words\":[\"off\",\"on\"],\"guess\":true},"
        "\"level\":{\"value\":3.5,\"t\":1712145600.100000,\"age\":0.020,\"unit\":\"V\","
        "\"title\":\"\"}},\"commands\":{"
        "\"relay.on\":{\"value\":\"off\",\"title\":\"Close the relay\",\"unit\":\"\","
        "\"words\":[\"off\",\"on\"],\"safe\":\"off\"},"
        "\"level\":{\"value\":1.0,\"title\":\"The level\",\"unit\":\"V\",\"min\":0.5,\"max\":12.5,"
        "\"step\":0.5,\"safe\":1.0}}}}}");
}

static void test_nothing_changed_is_no_message_unless_one_is_wanted(void **state) {
    struct fixture *f = *state;
    struct http_now now = {.wall_ns = INT64_C(1712145600123) * VB_NS_PER_MS};
    http_state_begin(f->state);
    delta(f, now);
    assert_int_equal(f->messages, 0);
    assert_int_equal(f->seq, 0);
    http_state_delta(f->state, &f->text, &f->seq, now, true, on_message, f);
    text_bytes(&f->text, "", 1);
    assert_int_equal(f->messages, 1);
    assert_string_equal(f->text.data,
                        "{\"type\":\"delta\",\"seq\":1,\"time\":1712145600.123000,\"devices\":{}}");
}

static void test_a_delta_has_all_of_what_is_heard_for_the_first_time(void **state) {
    struct fixture *f = *state;
    delta(f, frame(f, 0x101, BYTES(0xFF, 0x01, 9, 0, 0, 0, 0, 0)));
    assert_string_equal(
        f->text.data,
        "{\"type\":\"delta\",\"seq\":1,\"time\":1712145600.123000,\"devices\":{\"box\":{"
        "\"health\":\"ok\",\"reason\":\"\",\"age\":0.020,\"frames\":1,\"bad\":0,\"signals\":{"
        "\"battery.soc\":{\"value\":51.1,\"t\":1712145600.100000,\"age\":0.020,\"unit\":\"%\","
        "\"title\":\"\"},"
        "\"rest.unknown_2\":{\"value\":9,\"t\":1712145600.100000,\"age\":0.020,\"unit\":\"\","
        "\"title\":\"\",\"unknown\":true}}}},"
        "\"links\":{\"can0\":{\"state\":\"open\",\"reason\":\"\",\"frames\":1,\"bad\":0}}}");
    delta(f, frame(f, 0x101, BYTES(0xFF, 0x01, 9, 0, 0, 0, 0, 0)));
    assert_string_equal(
        f->text.data,
        "{\"type\":\"delta\",\"seq\":2,\"time\":1712145600.123000,\"devices\":{\"box\":{"
        "\"health\":\"ok\",\"reason\":\"\",\"age\":0.020,\"frames\":2,\"bad\":0,\"signals\":{"
        "\"battery.soc\":{\"value\":51.1,\"t\":1712145600.100000},"
        "\"rest.unknown_2\":{\"value\":9,\"t\":1712145600.100000}}}},"
        "\"links\":{\"can0\":{\"state\":\"open\",\"reason\":\"\",\"frames\":2,\"bad\":0}}}");
}

static void test_of_rows_with_one_name_the_newest_counts(void **state) {
    struct fixture *f = *state;
    frame(f, 0x101, BYTES(0xF4, 0x01, 0, 0, 0, 0, 0, 0));
    delta(f, frame(f, 0x100, BYTES(49, 0, 0, 0, 0, 0, 0, 0)));
    assert_non_null(strstr(f->text.data, SOC "49,"));
    assert_null(strstr(f->text.data, SOC "50.0,"));
    delta(f, frame(f, 0x101, BYTES(0xF4, 0x01, 0, 0, 0, 0, 0, 0)));
    assert_non_null(strstr(f->text.data, SOC "50.0,"));
    assert_null(strstr(f->text.data, SOC "49"));
}

static void test_out_of_range_comes_and_goes(void **state) {
    struct fixture *f = *state;
    delta(f, frame(f, 0x100, BYTES(50, 0, 0, 0, 0, 0, 0, 0)));
    assert_null(strstr(f->text.data, "out_of_range"));
    delta(f, frame(f, 0x100, BYTES(127, 0, 0, 0, 0, 0, 0, 0)));
    assert_non_null(strstr(f->text.data, SOC "127,\"t\":1712145600.100000,\"out_of_range\":true}"));
    delta(f, frame(f, 0x100, BYTES(51, 0, 0, 0, 0, 0, 0, 0)));
    assert_non_null(strstr(f->text.data, SOC "51,\"t\":1712145600.100000,\"out_of_range\":false}"));
    delta(f, frame(f, 0x100, BYTES(52, 0, 0, 0, 0, 0, 0, 0)));
    assert_non_null(strstr(f->text.data, SOC "52,\"t\":1712145600.100000}"));
}

static void test_a_command_and_its_end_are_told_once(void **state) {
    struct fixture *f = *state;
    struct hub_device *device = &f->hub.devices[0];
    http_state_begin(f->state);
    assert_int_equal(hub_command(device, 1, "4.5", 3, 30 * VB_NS_PER_S, "page").refusal,
                     VB_REFUSAL_NONE);
    struct http_now now = {.mono_ns = device->control.leases[1].until_ns - 29900 * VB_NS_PER_MS};
    delta(f, now);
    assert_non_null(strstr(f->text.data, "\"commands\":{\"level\":{\"value\":4.5,\"lease\":29.900,"
                                         "\"by\":\"page\"}}"));
    delta(f, now);
    assert_int_equal(f->messages, 0);
    hub_release(device, 1, "page");
    delta(f, now);
    assert_non_null(strstr(f->text.data, "\"commands\":{\"level\":{\"value\":1.0}}"));
}

static void test_a_damaged_frame_changes_the_counts_alone(void **state) {
    struct fixture *f = *state;
    frame(f, 0x100, BYTES(50, 0, 0, 0, 0, 0, 0, 0));
    delta(f, frame(f, 0x100, BYTES(50, 0, 0, 0, 0, 0, 0, 0)));
    delta(f, frame(f, 0x100, BYTES(50, 0, 0)));
    assert_non_null(strstr(f->text.data, "\"frames\":3,\"bad\":1}}"));
    assert_null(strstr(f->text.data, "signals"));
}

static void test_samples_are_written_one_after_the_other(void **state) {
    struct fixture *f = *state;
    struct hub_device *device = &f->hub.devices[0];
    static const uint8_t data[] = {127, 1, 7, 0, 0, 0, 0, 0};
    struct vb_frame frame = {.kind = VB_KIND_CAN, .id = 0x100, .len = sizeof data, .data = data};
    struct seen_frame seen = {.frame = &frame,
                              .t_ns = INT64_C(1712145600123456789),
                              .view = &device->view,
                              .reading = vb_instance_read(&device->view.instance, &frame,
                                                          device->view.samples, device->view.cap)};
    http_state_samples(f->state, &f->text, &seen, 0);
    text_bytes(&f->text, "", 1);
    assert_string_equal(f->text.data,
                        "[\"box/battery.soc\",1712145600.123456789,127,\"out_of_range\"],"
                        "[\"box/relay.on\",1712145600.123456789,\"on\"],"
                        "[\"box/level\",1712145600.123456789,3.5],");
}

static void test_gaps_of_the_history_are_null(void **state) {
    struct fixture *f = *state;
    static const struct history_point points[] = {
        {.t = 1712142000.2, .mean = 4.25, .low = 4.1, .high = 4.4},
        {.gap = true},
        {.t = 1712142007.4, .mean = 1.0 / 3, .low = -1e-9, .high = 1e20}};
    const struct http_range range = {.from_ns = INT64_C(1712142000) * VB_NS_PER_S, .to_ns = NOW};
    http_history_json(&f->text, "solar/solar.current", "A", &range, points, 3);
    text_bytes(&f->text, "", 1);
    assert_string_equal(
        f->text.data,
        "{\"signal\":\"solar/solar.current\",\"unit\":\"A\",\"from\":1712142000.000000,"
        "\"to\":1712145600.000000,\"points\":[[1712142000.200,4.25,4.1,4.4],null,"
        "[1712142007.400,0.333333333,-1e-09,1e+20]]}");
}

/* ---- a device with thousands of rows, as a DBC has them ---- */

#define MANY 3000
static struct vb_signal many[MANY];
static char many_names[MANY][24];
static struct vb_message many_message = {VB_ID(0x200),        .len_min = 8, .len_max = 8,
                                         .name = "many",      .title = "",  .signals = many,
                                         .signal_count = MANY};
static const struct vb_device giant = {.name = "giant",
                                       .title = "",
                                       .kind = VB_KIND_CAN,
                                       .messages = &many_message,
                                       .message_count = 1};

static int set_up_giant(void **state) {
    for (int i = 0; i < MANY; i++) {
        snprintf(many_names[i], sizeof many_names[i], "row.number_%d", i);
        many[i] = (struct vb_signal){many_names[i], "", 0, 8, VB_LE | (i ? VB_VIEW : 0), VB_RAW};
    }
    return open_fixture(state, &giant);
}

static void on_piece(void *context, const struct text *message) {
    struct fixture *f = context;
    char seq[64];
    f->messages++;
    int n = snprintf(seq, sizeof seq, "{\"type\":\"delta\",\"seq\":%u,\"time\":", f->messages);
    assert_memory_equal(message->data, seq, (size_t)n);
    assert_true(message->n < HTTP_CHUNK);
    int depth = 0;
    for (size_t i = 0; i < message->n; i++) {
        depth += message->data[i] == '{' ? 1 : message->data[i] == '}' ? -1 : 0;
        assert_true(depth > 0 || i == message->n - 1);
    }
    assert_int_equal(depth, 0);
}

static void test_a_large_delta_comes_in_pieces(void **state) {
    struct fixture *f = *state;
    struct http_now now = frame(f, 0x200, BYTES(5, 0, 0, 0, 0, 0, 0, 0));
    f->messages = 0;
    http_state_delta(f->state, &f->text, &f->seq, now, false, on_piece, f);
    assert_in_range(f->messages, 3, 20);
    assert_int_equal(f->seq, f->messages);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_number_is_handed_on_as_it_was_written),
        cmocka_unit_test(test_a_number_with_an_exponent_loses_it),
        cmocka_unit_test(test_a_number_beyond_every_limit_is_out_of_range),
        cmocka_unit_test(test_a_word_is_handed_on),
        cmocka_unit_test(test_a_word_cannot_write_lines_into_the_log),
        cmocka_unit_test(test_a_lease_is_seconds_and_30_if_not_given),
        cmocka_unit_test(test_release_stands_alone),
        cmocka_unit_test(test_what_is_not_known_is_refused),
        cmocka_unit_test(test_a_call_has_a_name_and_arguments_as_numbers_or_words),
        cmocka_unit_test(test_a_call_that_is_none_is_refused),
        cmocka_unit_test(test_a_history_query_has_defaults),
        cmocka_unit_test(test_negative_seconds_count_from_now),
        cmocka_unit_test(test_bad_arguments_are_named),
        cmocka_unit_test(test_it_listens_on_the_loopback_alone),
        cmocka_unit_test(test_only_our_own_names_with_our_port_are_ours),
        cmocka_unit_test(test_only_our_own_page_is_an_origin),
        cmocka_unit_test(test_any_bytes_become_a_json_string),
        cmocka_unit_test(test_thousandths_lose_their_zeros),
        cmocka_unit_test_setup_teardown(test_the_document_says_all_that_is_known, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_changed_is_no_message_unless_one_is_wanted,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_delta_has_all_of_what_is_heard_for_the_first_time,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_rows_with_one_name_the_newest_counts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_out_of_range_comes_and_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_command_and_its_end_are_told_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_damaged_frame_changes_the_counts_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_samples_are_written_one_after_the_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_gaps_of_the_history_are_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_large_delta_comes_in_pieces, set_up_giant,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
