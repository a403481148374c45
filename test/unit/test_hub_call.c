/* test_hub_call.c - calls and commands through the hub, to a simulated wallbox of the same process: every call
 * is answered once, and a value is sent once.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "host/config/config.h"
#include "host/hub/hub.h"
#include "voltbus/rapi.h"
#include "voltbus/time.h"

static uv_loop_t loop;
static struct hub hub;
static struct config *config;
static char said[8192];   /* the log */
static char asked[65536]; /* lines of ours, each with a line end */
static unsigned told;     /* replies */
static bool inside;       /* hub_call runs */
static struct hub_reply last;

static void on_log(void *context, const char *text) {
    (void)context;
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%s\n", text);
}

static void on_frame(void *context, const struct link *link, const struct vb_frame *frame) {
    (void)context;
    (void)link;
    size_t n = strlen(asked);
    if (frame->flags & VB_FRAME_ASK) {
        snprintf(asked + n, sizeof asked - n, "%.*s\n", (int)frame->len, (const char *)frame->data);
    }
}

static void on_complaint(void *context, const char *text) {
    (void)context;
    fail_msg("%s", text);
}

static void open_box(const char *rapi, const char *devices) {
    char why[OUTPUT_WHY] = "";
    char text[1000];
    snprintf(text, sizeof text,
             "links: {box: 'rapi:sim://openevse,car=away,rapi=%s'}\ndevices: {wallbox: {type: "
             "openevse, link: box%s}}\n",
             rapi, devices);
    said[0] = asked[0] = '\0';
    told = 0;
    config = config_parse("test", text, strlen(text), on_complaint, NULL);
    assert_non_null(config);
    assert_int_equal(uv_loop_init(&loop), 0);
    hub = (struct hub){.log = on_log, .frame = on_frame};
    if (!hub_open(&hub, &loop, config, why)) {
        fail_msg("%s", why);
    }
}

static void open_hub(const char *devices) {
    open_box("5.2.1", devices);
}

static void close_hub(void) {
    hub_close(&hub);
    hub_close_now(&hub);
    uv_run(&loop, UV_RUN_DEFAULT);
    hub_free(&hub);
    config_free(config);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void replied(void *context, const struct hub_reply *reply) {
    assert_false(inside);
    *(unsigned *)context += 1;
    told++;
    last = *reply;
}

static unsigned times[64]; /* of each call */

static void call(unsigned i, const char *name, const char *argument) {
    times[i] = 0;
    inside = true;
    hub_call(&hub.devices[0], name, strlen(name), &argument, argument != NULL, "test", replied,
             &times[i]);
    inside = false;
}

static void call_body(unsigned i, const char *body, size_t n) {
    times[i] = 0;
    inside = true;
    hub_call_body(&hub.devices[0], body, n, "test", replied, &times[i]);
    inside = false;
}

/* Run the loop until so many replies are there, or this many ms are over. */
static void run_until(unsigned replies, int64_t ms) {
    int64_t end_ns = clock_mono_ns() + ms * VB_NS_PER_MS;
    while (told < replies && clock_mono_ns() < end_ns) {
        uv_run(&loop, UV_RUN_ONCE);
    }
}

static void run_for(int64_t ms) {
    run_until(UINT32_MAX, ms);
}

static unsigned count(const char *line) {
    unsigned n = 0;
    for (const char *at = asked; (at = strstr(at, line)); at += strlen(line)) {
        n += at == asked || at[-1] == '\n';
    }
    return n;
}

/* ---- calls ---- */

static void test_a_call_made_before_the_box_is_found_is_answered_once_it_is(void **state) {
    (void)state;
    open_hub(", poll: false");
    call(0, "version", NULL);
    assert_int_equal(told, 0);
    run_until(1, 50000);
    run_for(300);
    assert_int_equal(times[0], 1);
    assert_int_equal(last.refusal, VB_REFUSAL_NONE);
    assert_string_equal(last.text, "8.2.3 5.2.1");
    close_hub();
}

static void refused(const char *name, const char *argument, enum vb_refusal refusal,
                    const char *why) {
    unsigned before = told;
    call(0, name, argument);
    run_until(before + 1, 50000);
    assert_int_equal(times[0], 1);
    assert_int_equal(last.refusal, refusal);
    assert_string_equal(last.why, why);
}

static void test_what_may_not_be_is_refused_and_not_sent(void **state) {
    (void)state;
    open_hub(", control: true, limits: {current: 6A..16A}");
    refused("launch", NULL, VB_REFUSAL_NO_CALL, "wallbox launch: the device has no such call");
    refused("set_current", "17", VB_REFUSAL_OUT_OF_RANGE,
            "wallbox set_current: current: '17' is beyond the limits: expected 6 to 16 A");
    refused("set_current", "1.5 V", VB_REFUSAL_BAD_VALUE,
            "wallbox set_current: current: '1.5 V' is no such value: expected 6 to 16 A");
    /* by its code, in the words of the wire */
    refused("SC", "17 V", VB_REFUSAL_OUT_OF_RANGE,
            "wallbox SC 17 V: current: 'SC 17 V' is beyond the limits: expected 6 to 16 A");
    refused("SC", "16 X", VB_REFUSAL_NO_CALL, "wallbox SC 16 X: the device has no such call");
    refused("set_time_limit", "-900", VB_REFUSAL_OUT_OF_RANGE,
            "wallbox set_time_limit: time: '-900' is beyond the limits: expected 0 to 229500 s");
    refused("pause", "1", VB_REFUSAL_BAD_VALUE, "wallbox pause: takes no arguments");
    refused("set_display_color", "pink", VB_REFUSAL_BAD_VALUE,
            "wallbox set_display_color: color: 'pink' is no such value: expected off or red or "
            "green or yellow or blue or violet or teal or white");
    refused("set_display_color", "red\r$FR", VB_REFUSAL_BAD_VALUE,
            "wallbox set_display_color: an argument has a control character");
    refused("set_current", "16                                      x", VB_REFUSAL_BAD_VALUE,
            "wallbox set_current: an argument is longer than any may be");
    refused("mains", NULL, VB_REFUSAL_NOT_THERE,
            "wallbox mains: this device speaks version 5.2.1; it is there from 6.0.0 on");
    assert_int_equal(count("S"), 0); /* no line of ours begins so */
    assert_int_equal(count("F"), 0);
    close_hub();
}

static void test_without_control_only_questions_go_out(void **state) {
    (void)state;
    open_hub(", poll: false");
    refused("pause", NULL, VB_REFUSAL_CONTROL_OFF,
            "wallbox pause: control is off for this device (control: true switches it on)");
    call_body(0, "SC 10 V", 7);
    run_until(2, 50000);
    assert_int_equal(last.refusal, VB_REFUSAL_CONTROL_OFF);
    call_body(0, "GC", 2);
    run_until(3, 50000);
    assert_int_equal(last.refusal, VB_REFUSAL_NONE);
    assert_int_equal(count("GC"), 1);
    assert_int_equal(count("S"), 0);
    assert_int_equal(count("F"), 0);
    close_hub();
}

static void test_a_body_goes_out_as_it_stands_if_the_table_has_it_or_if_it_only_asks(void **state) {
    (void)state;
    static const struct {
        const char *body;
        enum vb_refusal refusal;
    } bodies[] = {
        {"GS", VB_REFUSAL_NONE},
        {"SC 10 V", VB_REFUSAL_NONE},
        {"G9 1", VB_REFUSAL_REFUSED},
        {"QQ", VB_REFUSAL_NO_CALL},
        {"SC 17", VB_REFUSAL_OUT_OF_RANGE},
        {"SC -1", VB_REFUSAL_BAD_VALUE},
        {"G", VB_REFUSAL_NO_CALL},
        {"", VB_REFUSAL_NO_CALL},
        {"G9^00", VB_REFUSAL_NO_CALL},
        {"G9$FR", VB_REFUSAL_NO_CALL},
        {"GR", VB_REFUSAL_NOT_THERE},
        {"GS\rFR", VB_REFUSAL_BAD_VALUE},
    };
    open_hub(", control: true, poll: false, limits: {current: 6A..16A}");
    for (unsigned i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        call_body(0, bodies[i].body, strlen(bodies[i].body));
        run_until(i + 1, 50000);
        assert_int_equal(times[0], 1);
        if (last.refusal != bodies[i].refusal) {
            fail_msg("'%s': %s: %s", bodies[i].body, vb_refusal_text(last.refusal), last.why);
        }
    }
    call_body(0, "GS\0FR", 5);
    run_until(sizeof bodies / sizeof bodies[0] + 1, 50000);
    assert_int_equal(last.refusal, VB_REFUSAL_BAD_VALUE);
    assert_int_equal(count("GS"), 1);
    assert_int_equal(count("SC 10 V"), 1);
    assert_in_range(count("G9 1"), 1, 3); /* NK may mean a damaged line */
    assert_int_equal(count("FR"), 0);
    close_hub();
}

static void test_of_many_calls_at_once_each_is_answered_once(void **state) {
    (void)state;
    open_hub("");
    call(0, "version", NULL);
    run_until(1, 50000);
    for (unsigned i = 0; i < 60; i++) {
        call(i, "status", NULL);
    }
    run_until(61, 10000);
    run_for(300);
    for (unsigned i = 0; i < 60; i++) {
        assert_int_equal(times[i], 1);
    }
    close_hub();
}

static void test_an_answer_to_nobody_is_left_alone(void **state) {
    (void)state;
    open_hub(", poll: false");
    call(0, "version", NULL);
    run_until(1, 50000);
    call(1, "status", NULL);
    for (uint32_t ticket = 0; ticket < 5; ticket++) { /* its own ticket is among them */
        hub_answered(&hub.links[0], ticket, VB_REFUSAL_NONE, "", "first", 5);
        hub_answered(&hub.links[0], ticket, VB_REFUSAL_REFUSED, "", "again", 5);
    }
    run_for(500);
    assert_int_equal(times[1], 1);
    assert_string_equal(last.text, "first");
    close_hub();
}

static void test_what_a_device_says_cannot_command_a_terminal(void **state) {
    (void)state;
    static const char words[] = "1\033[2J \302\2332J \2332J";
    open_hub(", poll: false");
    call(0, "version", NULL);
    run_until(1, 50000);
    call(1, "status", NULL);
    for (uint32_t ticket = 0; ticket < 5; ticket++) {
        hub_answered(&hub.links[0], ticket, VB_REFUSAL_NONE, "", words, sizeof words - 1);
    }
    run_until(2, 500);
    assert_string_equal(last.text, "1?[2J ??2J ?2J");
    said[0] = '\0';
    hub_log(&hub, "firmware %s, \303\244 \342\202\254\177\n", words);
    assert_string_equal(said, "firmware 1?[2J ??2J ?2J, \303\244 \342\202\254??\n");
    close_hub();
}

static void test_a_hub_that_closes_tells_nobody_and_forgets_nothing(void **state) {
    (void)state;
    open_hub("");
    call(0, "version", NULL);
    run_until(1, 50000);
    call(1, "status", NULL); /* asked */
    call(2, "launch", NULL); /* over, and not told yet */
    close_hub();
    assert_int_equal(times[1], 0);
    assert_int_equal(times[2], 0);
    open_hub("");
    call(0, "version", NULL); /* waits for the box */
    close_hub();
    assert_int_equal(times[0], 0);
}

static void close_from_inside(void *context, const struct hub_reply *reply) {
    (void)reply;
    *(unsigned *)context += 1;
    hub_close(&hub);
    hub_close_now(&hub);
}

static void test_who_is_told_may_close_the_hub(void **state) {
    (void)state;
    open_hub("");
    call(0, "version", NULL);
    run_until(1, 50000);
    times[1] = 0;
    hub_call(&hub.devices[0], "launch", 6, NULL, 0, "test", close_from_inside, &times[1]);
    call(2, "launch", NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(times[1], 1);
    assert_int_equal(times[2], 0);
    close_hub();
}

/* ---- the command ---- */

static void command(const char *value, int64_t lease_s) {
    struct hub_answer answer =
        hub_command(&hub.devices[0], 0, value, strlen(value), lease_s * VB_NS_PER_S, "test");
    if (answer.refusal != VB_REFUSAL_NONE) {
        fail_msg("%s", answer.why);
    }
}

static void test_a_value_is_sent_once_and_nothing_before_anybody_asks(void **state) {
    (void)state;
    open_hub(", control: true");
    call(0, "version", NULL);
    run_until(1, 50000);
    run_for(1500);
    assert_int_equal(count("S"), 0);
    command("10", 30);
    run_for(1000);
    assert_int_equal(count("SC 10 V"), 1);
    const struct hub_value *shown = hub_command_shown(&hub.devices[0], 0);
    assert_non_null(shown);
    assert_int_equal(shown->raw, 10);
    command("10", 60); /* renewed */
    run_for(500);
    assert_int_equal(count("SC 10 V"), 1);
    (void)hub_release(&hub.devices[0], 0, "test");
    run_for(1000);
    assert_int_equal(count("SC 6 V"), 2); /* before and behind the supervision that is put back */
    assert_int_equal(count("SC"), 3);
    (void)hub_release(&hub.devices[0], 0, "test");
    run_for(500);
    assert_int_equal(count("SC"), 3);
    close_hub();
}

static void test_a_box_that_cannot_hold_a_current_for_a_while_takes_no_lease(void **state) {
    (void)state;
    open_box("2.0.0", ", control: true");
    call(0, "version", NULL);
    run_until(1, 50000);
    struct hub_answer answer = hub_command(&hub.devices[0], 0, "10", 2, 30 * VB_NS_PER_S, "test");
    assert_int_equal(answer.refusal, VB_REFUSAL_NOT_THERE);
    assert_string_equal(answer.why, "wallbox charge.current: the version or build of this device "
                                    "does not have it: this firmware cannot hold a current for a "
                                    "while (RAPI 2.0.2 can)");
    assert_string_equal(answer.value, "6");
    run_for(500);
    assert_int_equal(count("SC"), 0);
    close_hub();
}

static void test_the_log_names_the_call_that_was_made(void **state) {
    (void)state;
    open_hub(", control: true");
    call(0, "set_current_volatile", "10");
    run_until(1, 50000);
    assert_int_equal(last.refusal, VB_REFUSAL_NONE);
    assert_non_null(strstr(said, "call wallbox/set_current_volatile: SC 10 V by test: done"));
    close_hub();
}

static void test_the_safe_value_is_sent_before_it_closes(void **state) {
    (void)state;
    open_hub(", control: true");
    call(0, "version", NULL);
    run_until(1, 50000);
    command("12", 600);
    run_for(800);
    assert_int_equal(count("SC 12 V"), 1);
    int64_t begun_ns = clock_mono_ns();
    hub_close(&hub);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(count("SC 6 V"), 2);
    assert_true(clock_mono_ns() - begun_ns < 4000 * VB_NS_PER_MS);
    close_hub();
}

static void test_why_less_is_in_force_is_told(void **state) {
    (void)state;
    char why[LINK_WHY];
    open_hub(", control: true");
    call(0, "version", NULL);
    run_until(1, 50000);
    assert_false(hub_command_reason(&hub.devices[0], 0, why));
    command("40", 600);
    run_for(1500);
    assert_true(hub_command_reason(&hub.devices[0], 0, why));
    assert_string_equal(why, "limited by the current that is saved in the box");
    assert_int_equal(hub_command_shown(&hub.devices[0], 0)->raw, 24);
    close_hub();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_made_before_the_box_is_found_is_answered_once_it_is),
        cmocka_unit_test(test_what_may_not_be_is_refused_and_not_sent),
        cmocka_unit_test(test_without_control_only_questions_go_out),
        cmocka_unit_test(test_a_body_goes_out_as_it_stands_if_the_table_has_it_or_if_it_only_asks),
        cmocka_unit_test(test_of_many_calls_at_once_each_is_answered_once),
        cmocka_unit_test(test_an_answer_to_nobody_is_left_alone),
        cmocka_unit_test(test_what_a_device_says_cannot_command_a_terminal),
        cmocka_unit_test(test_a_hub_that_closes_tells_nobody_and_forgets_nothing),
        cmocka_unit_test(test_who_is_told_may_close_the_hub),
        cmocka_unit_test(test_a_value_is_sent_once_and_nothing_before_anybody_asks),
        cmocka_unit_test(test_a_box_that_cannot_hold_a_current_for_a_while_takes_no_lease),
        cmocka_unit_test(test_the_log_names_the_call_that_was_made),
        cmocka_unit_test(test_the_safe_value_is_sent_before_it_closes),
        cmocka_unit_test(test_why_less_is_in_force_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
