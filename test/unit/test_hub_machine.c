/* test_hub_machine.c - a machine in the gateway, from the configuration to the adapter: when it runs, what it hears and
 * sends, who may ask it, how it ends. The machine, its device and the adapter are the test's own.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "host/config/config.h"
#include "host/hub/hub.h"
#include "sim/sim.h"
#include "voltbus/machine.h"
#include "voltbus/slcan.h"
#include "voltbus/time.h"

/* ---- a mill: 123 = its speed as we ask for it, 124 = how it is (FF: jammed) ---- */

static const struct vb_signal asked_rows[] = {
    {"mill.speed", "rpm", 0, 8, VB_LE, VB_SCALE(10, 0, 1), VB_LIMITS(0, 2000)}};
static const struct vb_signal told_rows[] = {{"mill.state", "", 0, 8, VB_LE, VB_RAW}};
static const struct vb_message mill_messages[] = {
    {VB_ID(0x123), .len_min = 1, .len_max = 1, .period_ms = 5, .name = "asked",
     VB_ROWS(asked_rows)},
    {VB_ID(0x124), .len_min = 1, .len_max = 1, .period_ms = 100, .name = "told",
     VB_ROWS(told_rows)},
};
static const struct vb_command mill_commands[] = {
    {"mill.speed", "Speed", 0, &asked_rows[0], {VB_MILLI(0), VB_MILLI(2000)}, 0, NULL}};
static const char *const paces[] = {"slow", "fast", NULL};
static const struct vb_setting mill_settings[] = {{"pace", "how fast it follows", paces, 0}};
static const struct vb_device mill = {.name = "mill",
                                      .title = "A mill",
                                      .kind = VB_KIND_CAN,
                                      VB_MESSAGES(mill_messages),
                                      VB_SETTINGS(mill_settings),
                                      VB_COMMANDS(mill_commands)};

/* It sends the speed each 5 ms while one is wished, one step of 10 rpm (fast: of 50) nearer each time, and back to 0. */
struct miller {
    const struct vb_instance *instance;
    int64_t next_ns, first_ns;
    int64_t wished, speed;
    bool leased, jammed, due;
    unsigned heard;
    uint8_t data[1];
};
static const struct miller *seen; /* the one that runs */
static unsigned inits;

static void miller_init(void *self, int64_t now_ns) {
    struct miller *m = self;
    *m = (struct miller){.next_ns = INT64_MAX, .first_ns = now_ns};
    seen = m;
    inits++;
}

static void miller_beside(void *self, const struct vb_instance *instance) {
    ((struct miller *)self)->instance = instance;
}

static void miller_heard(void *self, const struct vb_frame *frame, int64_t now_ns) {
    struct miller *m = self;
    (void)now_ns;
    m->heard++;
    m->jammed = frame->id == 0x124 ? frame->data[0] == 0xFF : m->jammed;
}

static void miller_wish(void *self, size_t i, bool leased, int64_t raw, int64_t now_ns) {
    struct miller *m = self;
    assert_int_equal(i, 0);
    m->leased = leased;
    m->wished = raw;
    m->next_ns = now_ns;
}

static void miller_tick(void *self, int64_t now_ns) {
    struct miller *m = self;
    if (now_ns < m->next_ns) {
        return;
    }
    int64_t step = m->instance->choice[0] == 1 ? 5 : 1;
    m->speed += m->speed < m->wished ? step : m->speed > m->wished ? -step : 0;
    m->due = true;
    m->next_ns = m->leased || m->speed > 0 ? now_ns + 5 * VB_NS_PER_MS : INT64_MAX;
}

static int64_t miller_deadline(const void *self) {
    return ((const struct miller *)self)->next_ns;
}

static bool miller_take(void *self, struct vb_frame *frame) {
    struct miller *m = self;
    if (!m->due) {
        return false;
    }
    m->due = false;
    m->data[0] = (uint8_t)m->speed;
    frame->id = 0x123;
    frame->len = 1;
    frame->data = m->data;
    return true;
}

static enum vb_refusal miller_ready(const void *self, size_t i, char *why) {
    (void)i;
    if (!((const struct miller *)self)->jammed) {
        return VB_REFUSAL_NONE;
    }
    strcpy(why, "the mill is jammed");
    return VB_REFUSAL_REFUSED;
}

static bool miller_held_back(const void *self, size_t i, char *why) {
    const struct miller *m = self;
    (void)i;
    strcpy(why, "it runs up");
    return m->speed != m->wished;
}

static bool miller_settled(const void *self) {
    const struct miller *m = self;
    return m->speed == 0 && !m->leased;
}

static const char *miller_state(const void *self, const char **why) {
    const struct miller *m = self;
    *why = m->jammed ? "jammed" : "";
    return m->leased || m->speed ? "grinding" : "idle";
}

static const struct vb_machine miller = {.name = "miller",
                                         .title = "runs a mill",
                                         .device = &mill,
                                         .size = sizeof(struct miller),
                                         .init = miller_init,
                                         .beside = miller_beside,
                                         .heard = miller_heard,
                                         .wish = miller_wish,
                                         .tick = miller_tick,
                                         .deadline_ns = miller_deadline,
                                         .take = miller_take,
                                         .ready = miller_ready,
                                         .held_back = miller_held_back,
                                         .settled = miller_settled,
                                         .state = miller_state};

/* ---- a clerk: asks 200 each 10 ms, with the right `poll` ---- */

static const struct vb_message clerk_messages[] = {
    {VB_ID(0x200), .len_min = 0, .len_max = 0, .name = "asks"}};
static const struct vb_device clerk_device = {
    .name = "clerk", .title = "Asks", .kind = VB_KIND_CAN, VB_MESSAGES(clerk_messages)};
struct clerk {
    int64_t next_ns;
    bool due;
    unsigned of_others;
};
static const struct clerk *clerk_seen;

static void clerk_init(void *self, int64_t now_ns) {
    *(struct clerk *)self = (struct clerk){.next_ns = now_ns};
    clerk_seen = self;
}

static void clerk_heard(void *self, const struct vb_frame *frame, int64_t now_ns) {
    (void)now_ns;
    assert_int_not_equal(frame->id, 0x200); /* it never hears itself */
    ((struct clerk *)self)->of_others += frame->id == 0x123;
}

static void clerk_tick(void *self, int64_t now_ns) {
    struct clerk *c = self;
    if (now_ns >= c->next_ns) {
        c->due = true;
        c->next_ns = now_ns + 10 * VB_NS_PER_MS;
    }
}

static int64_t clerk_deadline(const void *self) {
    return ((const struct clerk *)self)->next_ns;
}

static bool clerk_take(void *self, struct vb_frame *frame) {
    struct clerk *c = self;
    bool due = c->due;
    c->due = false;
    frame->id = 0x200;
    return due;
}

static const char *clerk_state(const void *self, const char **why) {
    (void)self;
    *why = "";
    return "asking";
}

static const struct vb_machine clerk = {.name = "clerk",
                                        .title = "asks",
                                        .device = &clerk_device,
                                        .asks = true,
                                        .size = sizeof(struct clerk),
                                        .init = clerk_init,
                                        .heard = clerk_heard,
                                        .tick = clerk_tick,
                                        .deadline_ns = clerk_deadline,
                                        .take = clerk_take,
                                        .state = clerk_state};

const struct vb_machine *__wrap_vb_machine_of(const struct vb_device *device);
const struct vb_machine *__wrap_vb_machine_of(const struct vb_device *device) {
    return device == &mill ? &miller : device == &clerk_device ? &clerk : NULL;
}

const struct vb_device *__wrap_vb_device_find(const char *name);
const struct vb_device *__wrap_vb_device_find(const char *name) {
    return strcmp(name, "mill") == 0 ? &mill : strcmp(name, "clerk") == 0 ? &clerk_device : NULL;
}

/* ---- an adapter: answers CR, z to frames (BEL once it refuses), says what `to_say` has ---- */

static char wire[65536]; /* lines that came, with CR */
static char to_say[256];
static bool refuses;

struct adapter {
    char out[4096];
    size_t n;
    char last;
};

static void adapter_init(void *self, const struct vb_value *values, int64_t now_ns,
                         int64_t wall_ns) {
    (void)values;
    (void)now_ns;
    (void)wall_ns;
    memset(self, 0, sizeof(struct adapter));
}

static void adapter_feed(void *self, const uint8_t *bytes, size_t n, int64_t now_ns) {
    struct adapter *a = self;
    size_t at = strlen(wire);
    (void)now_ns;
    for (size_t i = 0; i < n; i++) {
        assert_true(at < sizeof wire - 1);
        wire[at++] = (char)bytes[i];
        a->last = a->last ? a->last : (char)bytes[i];
        if (bytes[i] == '\r') {
            bool frame = a->last == 't';
            a->n += (size_t)snprintf(a->out + a->n, sizeof a->out - a->n, "%s",
                                     !frame    ? "\r"
                                     : refuses ? "\a"
                                               : "z\r");
            a->last = 0;
        }
    }
    wire[at] = '\0';
}

static void adapter_tick(void *self, int64_t now_ns) {
    struct adapter *a = self;
    (void)now_ns;
    a->n += (size_t)snprintf(a->out + a->n, sizeof a->out - a->n, "%s", to_say);
    to_say[0] = '\0';
}

static int64_t adapter_deadline(const void *self) {
    (void)self;
    return clock_mono_ns() + VB_NS_PER_MS;
}

static size_t adapter_take(void *self, uint8_t *out) {
    struct adapter *a = self;
    size_t n = a->n < SIM_TX_MAX ? a->n : SIM_TX_MAX;
    memcpy(out, a->out, n);
    memmove(a->out, a->out + n, a->n - n);
    a->n -= n;
    return n;
}

static const struct sim adapter = {.name = "adapter",
                                   .title = "an adapter",
                                   .link = "slcan",
                                   .size = sizeof(struct adapter),
                                   .init = adapter_init,
                                   .feed = adapter_feed,
                                   .tick = adapter_tick,
                                   .deadline_ns = adapter_deadline,
                                   .take = adapter_take};

const struct sim *__wrap_sim_find(const char *name);
const struct sim *__wrap_sim_find(const char *name) {
    return strcmp(name, "adapter") == 0 ? &adapter : NULL;
}

/* ---- the gateway ---- */

static uv_loop_t loop;
static struct hub hub;
static struct config *config;
static char said[8192];      /* the log, and what is wrong with the configuration */
static unsigned ours, clean; /* frames of ours, as recorders see them */

static int64_t last_ns,
    shortest_ns; /* when the last of them came, and the shortest time between two */

static void on_log(void *context, const char *text) {
    (void)context;
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%s\n", text);
}

static void on_frame(void *context, const struct link *link, const struct vb_frame *frame) {
    (void)context;
    (void)link;
    if (frame->flags & VB_FRAME_TX) {
        int64_t now_ns = clock_mono_ns();
        shortest_ns = now_ns - last_ns < shortest_ns ? now_ns - last_ns : shortest_ns;
        last_ns = now_ns;
        ours++;
        clean += frame->flags == (VB_FRAME_TX | VB_FRAME_UNHEARD) && frame->kind == VB_KIND_CAN &&
                 frame->t_ns > 0 && frame->bus == 0;
    }
}

static bool try_open(const char *listen, const char *devices, char why[OUTPUT_WHY]) {
    char text[1000];
    snprintf(text, sizeof text, "links: {bus: 'slcan:sim://adapter,listen=%s'}\ndevices: {%s}\n",
             listen, devices);
    said[0] = wire[0] = to_say[0] = why[0] = '\0';
    ours = clean = inits = 0;
    refuses = false;
    seen = NULL;
    clerk_seen = NULL;
    config = config_parse("test", text, strlen(text), on_log, NULL);
    if (!config) {
        return false;
    }
    assert_int_equal(uv_loop_init(&loop), 0);
    hub = (struct hub){.log = on_log, .frame = on_frame};
    return hub_open(&hub, &loop, config, why);
}

static void run_for(int64_t ms) {
    int64_t end_ns = clock_mono_ns() + ms * VB_NS_PER_MS;
    while (clock_mono_ns() < end_ns) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
}

/* Run until it is so, twenty seconds at most: where other programs take the computer, too. */
#define RUN_UNTIL(condition)                                                                       \
    do {                                                                                           \
        int64_t end_ns = clock_mono_ns() + 20 * VB_NS_PER_S;                                       \
        while (!(condition) && clock_mono_ns() < end_ns) {                                         \
            uv_run(&loop, UV_RUN_NOWAIT);                                                          \
        }                                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

static void open_mill(const char *devices) {
    char why[OUTPUT_WHY];
    if (!try_open("no", devices, why)) {
        fail_msg("%s%s", said, why);
    }
    RUN_UNTIL(seen || clerk_seen);
}

static void end_all(void) {
    uv_run(&loop, UV_RUN_DEFAULT);
    hub_free(&hub);
    config_free(config);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void close_mill(void) {
    hub_close_now(&hub);
    end_all();
}

static struct hub_answer ask(const char *value) {
    return hub_command(&hub.devices[0], 0, value, strlen(value), 30 * VB_NS_PER_S, "test");
}

static const char *state_of(size_t device, const char **why) {
    const char *name;
    const char *reason;
    return hub_machine_state(&hub.devices[device], &name, why ? why : &reason);
}

#define MILL "mill: {type: mill, link: bus, control: true, pace: fast}"

/* ---- tests ---- */

static void test_a_wish_goes_to_the_machine_and_its_frames_to_the_wire(void **state) {
    (void)state;
    open_mill(MILL);
    const char *why;
    char reason[LINK_WHY];
    assert_string_equal(state_of(0, &why), "idle");
    run_for(20);
    assert_null(strstr(wire, "t123")); /* nothing before anybody asks */
    struct hub_answer answer = ask("200");
    assert_string_equal(vb_refusal_text(answer.refusal), "none");
    assert_string_equal(answer.value, "200");
    assert_null(strstr(wire, "t123")); /* not from inside of the order */
    assert_true(hub_command_reason(&hub.devices[0], 0, reason));
    assert_string_equal(reason, "it runs up");
    RUN_UNTIL(strstr(wire, "\rt123105\rt12310A\rt12310F\rt123114\rt123114\r")); /* 50 .. 200 rpm */
    assert_false(hub_command_reason(&hub.devices[0], 0, reason));
    assert_string_equal(state_of(0, &why), "grinding");
    assert_non_null(strstr(said, "mill: miller is idle\n"));
    assert_non_null(strstr(said, "mill: miller is grinding\n"));
    assert_true(ours >= 4);
    assert_int_equal(clean, ours);
    const struct hub_value *value = hub_value_find(&hub.devices[0], "mill.speed", 10);
    assert_true(value->heard && value->unheard); /* ours, and nobody confirms it */
    assert_int_equal(value->raw, 20);
    assert_int_equal(hub.devices[0].health, HUB_SILENT);
    close_mill();
}

static void test_frames_keep_their_time(void **state) {
    (void)state;
    open_mill(MILL);
    ask("50");
    RUN_UNTIL(ours >= 1);
    unsigned before = ours;
    int64_t begun_ns = clock_mono_ns();
    shortest_ns = INT64_MAX;
    run_for(200);
    RUN_UNTIL(shortest_ns < 6 * VB_NS_PER_MS); /* no whole ms is lost */
    int64_t most = (clock_mono_ns() - begun_ns) / (5 * VB_NS_PER_MS) + 1;
    assert_in_range(ours - before, 1, most); /* as many on an idle computer, never more */
    close_mill();
}

static void test_what_the_bus_says_is_heard_and_may_refuse_a_command(void **state) {
    (void)state;
    open_mill(MILL);
    strcpy(to_say, "t1241FF\r");
    RUN_UNTIL(seen->jammed);
    struct hub_answer answer = ask("100");
    assert_string_equal(vb_refusal_text(answer.refusal), "refused");
    assert_non_null(strstr(answer.why, "the mill is jammed"));
    const char *why;
    state_of(0, &why);
    assert_string_equal(why, "jammed");
    run_for(20);
    assert_null(strstr(wire, "t123"));
    assert_int_equal(hub.devices[0].control.leases[0].until_ns, INT64_MIN);
    strcpy(to_say, "t124101\r");
    RUN_UNTIL(!seen->jammed);
    assert_string_equal(vb_refusal_text(ask("100").refusal), "none");
    assert_string_equal(vb_refusal_text(ask("2001").refusal), "out-of-range");
    close_mill();
}

static void test_what_is_given_back_ends_at_the_safe_value(void **state) {
    (void)state;
    open_mill(MILL);
    ask("100");
    RUN_UNTIL(strstr(wire, "t12310A\r"));
    hub_release(&hub.devices[0], 0, "test");
    RUN_UNTIL(strstr(wire, "t123105\rt123100\r")); /* down again */
    size_t n = strlen(wire);
    run_for(50);
    assert_int_equal(strlen(wire), n); /* and silent */
    close_mill();
}

static void test_voltbus_ends_when_the_machine_is_safe(void **state) {
    (void)state;
    open_mill("mill: {type: mill, link: bus, control: true}"); /* slow: 10 rpm each 5 ms */
    ask("400");
    RUN_UNTIL(strstr(wire, "t123128\r")); /* 400 rpm */
    int64_t start_ns = clock_mono_ns();
    hub_close(&hub);
    end_all();
    assert_true(clock_mono_ns() - start_ns >= 40 * 5 * VB_NS_PER_MS); /* 40 steps down */
    const char *end = strstr(wire, "t123101\rt123100\r"); /* zero is the last that it hears */
    assert_non_null(end);
    assert_string_equal(end, "t123101\rt123100\r");
}

static void test_the_link_is_gone_and_the_machine_begins_anew(void **state) {
    (void)state;
    open_mill(MILL);
    ask("500");
    RUN_UNTIL(seen->speed > 0);
    link_fail(&hub.links[0], "pulled out");
    const char *why;
    static const char past[] = "its link was gone; before that it was grinding";
    assert_string_equal(state_of(0, &why), "off");
    assert_string_equal(why, past);
    assert_non_null(strstr(said, "the lease ends"));
    assert_int_equal(hub.devices[0].control.leases[0].until_ns, INT64_MIN);
    assert_string_equal(vb_refusal_text(ask("100").refusal), "link-down");
    wire[0] = '\0';
    RUN_UNTIL(inits == 2);
    assert_string_equal(state_of(0, &why), "idle");
    assert_string_equal(why, past);
    run_for(20);
    assert_null(strstr(wire, "t123")); /* nothing starts again by itself */
    link_fail(&hub.links[0], "pulled out");
    RUN_UNTIL(inits == 3);
    state_of(0, &why);
    assert_string_equal(why, past); /* nothing was done since */
    ask("50");
    RUN_UNTIL(strstr(wire, "t123105\r"));
    state_of(0, &why);
    assert_string_equal(why, "");
    close_mill();
}

static void test_an_adapter_that_refuses_frames_is_named(void **state) {
    (void)state;
    open_mill(MILL);
    refuses = true;
    ask("50");
    RUN_UNTIL(strstr(hub.links[0].reason, "the adapter refuses frames"));
    refuses = false;
    RUN_UNTIL(hub.links[0].reason[0] == '\0');
    close_mill();
}

static void test_machines_hear_each_other_and_never_themselves(void **state) {
    (void)state;
    open_mill(MILL ", clerk: {type: clerk, link: bus, poll: true}");
    RUN_UNTIL(clerk_seen && seen && strstr(wire, "t2000\r"));
    ask("50");
    RUN_UNTIL(clerk_seen->of_others > 2 && seen->heard > 2);
    assert_string_equal(state_of(1, NULL), "asking");
    close_mill();
}

static void test_without_the_right_nothing_runs(void **state) {
    char why[OUTPUT_WHY];
    (void)state;
    assert_true(
        try_open("no", "mill: {type: mill, link: bus}, clerk: {type: clerk, link: bus}", why));
    RUN_UNTIL(strstr(wire, "O\r"));
    run_for(30);
    assert_null(seen);
    assert_null(clerk_seen); /* poll is off on CAN until somebody says so */
    assert_null(state_of(0, NULL));
    assert_string_equal(vb_refusal_text(ask("50").refusal), "control-off");
    assert_int_equal(ours, 0);
    close_mill();
}

static void test_a_link_that_cannot_send_is_found_in_the_configuration(void **state) {
    char why[OUTPUT_WHY];
    (void)state;
    assert_false(try_open("yes", MILL, why));
    assert_non_null(strstr(said, "link bus only listens (listen=no lets it send)"));
    assert_false(try_open("yes", "clerk: {type: clerk, link: bus, poll: true}", why));
    assert_non_null(strstr(said, "link bus only listens (listen=no lets it send)"));
    assert_false(try_open("no", "mill: {type: mill, link: 'file:x.log', control: true}", why));
    assert_non_null(strstr(said, "voltbus sends no frames on a file link"));
}

static void test_one_machine_runs_once_on_a_link(void **state) {
    char why[OUTPUT_WHY];
    (void)state;
    assert_false(try_open(
        "no", "a: {type: clerk, link: bus, poll: true}, b: {type: clerk, link: bus, poll: true}",
        why));
    assert_non_null(strstr(said, "device a runs clerk on link bus already: only one of them may"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wish_goes_to_the_machine_and_its_frames_to_the_wire),
        cmocka_unit_test(test_frames_keep_their_time),
        cmocka_unit_test(test_what_the_bus_says_is_heard_and_may_refuse_a_command),
        cmocka_unit_test(test_what_is_given_back_ends_at_the_safe_value),
        cmocka_unit_test(test_voltbus_ends_when_the_machine_is_safe),
        cmocka_unit_test(test_the_link_is_gone_and_the_machine_begins_anew),
        cmocka_unit_test(test_an_adapter_that_refuses_frames_is_named),
        cmocka_unit_test(test_machines_hear_each_other_and_never_themselves),
        cmocka_unit_test(test_without_the_right_nothing_runs),
        cmocka_unit_test(test_a_link_that_cannot_send_is_found_in_the_configuration),
        cmocka_unit_test(test_one_machine_runs_once_on_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
