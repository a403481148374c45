/* test_lin_leader.c - the leader in virtual time: which header when, and when none.
 * Schedule: reference/camper-lin.md section 1; bytes: the same, section 8.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/lin_leader.h"
#include "voltbus/time.h"

#define MS VB_NS_PER_MS

/* A leader, and what it sent as text: "1000:01 1010:02 1030:05=FF00 ", times in ms. */
struct bench {
    struct vb_lin_leader l;
    char text[8192];
    size_t len;
    unsigned count;
};

static void take_all(struct bench *b) {
    struct vb_frame frame;
    while (vb_lin_leader_take(&b->l, &frame)) {
        assert_int_equal(frame.kind, VB_KIND_LIN);
        assert_int_equal(frame.fault, VB_FAULT_NONE);
        assert_true(frame.flags & VB_FRAME_TX);
        assert_true(b->len + 40 < sizeof b->text);
        char *p = b->text + b->len;
        p += sprintf(p, "%lld:%02X%s", (long long)(frame.t_ns / MS), (unsigned)frame.id,
                     frame.len > 0 ? "=" : "");
        for (unsigned i = 0; i < frame.len; i++) {
            p += sprintf(p, "%02X", frame.data[i]);
        }
        p += sprintf(p, " ");
        b->len = (size_t)(p - b->text);
        b->count++;
    }
}

static void tick_ns(struct bench *b, int64_t at_ns) {
    vb_lin_leader_tick(&b->l, at_ns);
    take_all(b);
}

static void tick(struct bench *b, int64_t at_ms) {
    tick_ns(b, at_ms * MS);
}

/* Come at every deadline up to and with this time, as a good caller does. */
static void run(struct bench *b, int64_t until_ms) {
    while (vb_lin_leader_deadline_ns(&b->l) <= until_ms * MS) {
        tick_ns(b, vb_lin_leader_deadline_ns(&b->l));
    }
}

static void open_bench(struct bench *b, int64_t at_ms) {
    memset(b, 0, sizeof *b);
    const struct vb_lin_schedule *nugget = vb_lin_schedule_find("nugget");
    assert_non_null(nugget);
    vb_lin_leader_init(&b->l, nugget, at_ms * MS);
}

static const char *state_of(const struct bench *b) {
    return vb_lin_leader_state_text((enum vb_lin_leader_state)b->l.state);
}

/* What was sent since the last time. */
#define assert_sent(bench, expected)                                                               \
    do {                                                                                           \
        assert_string_equal((bench)->text, expected);                                              \
        (bench)->len = 0;                                                                          \
        (bench)->text[0] = '\0';                                                                   \
    } while (0)

static enum vb_lin_origin hear(struct bench *b, uint8_t id, uint16_t flags, uint8_t fault,
                               int64_t at_ms) {
    const struct vb_frame frame = {
        .kind = VB_KIND_LIN, .id = id, .flags = flags, .fault = fault, .t_ns = at_ms * MS};
    return vb_lin_leader_heard(&b->l, &frame, at_ms * MS);
}

/* A frame of one byte, good. */
static enum vb_lin_origin hear_byte(struct bench *b, uint8_t id, uint8_t byte, int64_t at_ms) {
    const struct vb_frame frame = {
        .kind = VB_KIND_LIN, .id = id, .len = 1, .data = &byte, .t_ns = at_ms * MS};
    return vb_lin_leader_heard(&b->l, &frame, at_ms * MS);
}

/* Lead up to and with this time, with an echo of everything. */
static void run_with_echo(struct bench *b, int64_t until_ms) {
    struct vb_frame frame;
    while (vb_lin_leader_deadline_ns(&b->l) <= until_ms * MS) {
        vb_lin_leader_tick(&b->l, vb_lin_leader_deadline_ns(&b->l));
        while (vb_lin_leader_take(&b->l, &frame)) {
            enum vb_lin_origin expected = frame.len > 0 ? VB_LIN_OURS_ANSWERED : VB_LIN_OURS;
            assert_int_equal(vb_lin_leader_heard(&b->l, &frame, frame.t_ns), expected);
        }
    }
}

#define ONE_PERIOD(t0, t1, t2, t3, t4, t5, t6, t7, t8, t13, t18, t19, t20, t21, t22, t23, t24,     \
                   t25, t26, t27)                                                                  \
#t0 ":01 " #t1 ":02 " #t2 ":04 " #t3 ":05 " #t4 ":3B " #t5 ":06 " #t6 ":17 " #t7 ":18 " #t8    \
        ":19 " #t13 ":1B " #t18 ":01 " #t19 ":02 " #t20 ":20 " #t21 ":22 " #t22 ":25 " #t23        \
        ":26 " #t24 ":38 " #t25 ":39 " #t26 ":3A " #t27 ":0C "

/* ---- the schedule ---- */

static void test_the_nugget_schedule_has_the_pids_of_the_notes(void **state) {
    (void)state;
    static const struct {
        uint16_t at_ms;
        uint8_t pid;
    } notes[] = {{0, 0xC1},   {10, 0x42},  {20, 0xC4},  {30, 0x85},  {40, 0xFB},
                 {50, 0x06},  {60, 0x97},  {70, 0xD8},  {80, 0x99},  {130, 0x5B},
                 {180, 0xC1}, {190, 0x42}, {200, 0x20}, {210, 0xE2}, {220, 0x25},
                 {230, 0xA6}, {240, 0x78}, {250, 0x39}, {260, 0xBA}, {270, 0x4C}};
    const struct vb_lin_schedule *nugget = vb_lin_schedule_find("nugget");
    assert_non_null(nugget);
    assert_int_equal(nugget->baud, 19200);
    assert_int_equal(nugget->period_ms, 360);
    assert_int_equal(nugget->slot_ms, 10);
    assert_int_equal(nugget->slot_count, 20);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(nugget->slots[i].at_ms, notes[i].at_ms);
        assert_int_equal(vb_lin_pid(nugget->slots[i].id), notes[i].pid);
    }
    assert_null(vb_lin_schedule_find("truma"));
}

static void test_every_schedule_keeps_what_the_leader_asks_of_it(void **state) {
    (void)state;
    for (size_t k = 0; k < vb_lin_schedule_count; k++) {
        const struct vb_lin_schedule *s = vb_lin_schedules[k];
        assert_ptr_equal(vb_lin_schedule_find(s->name), s);
        assert_non_null(s->title);
        assert_true(s->slot_count >= 1 && s->baud >= 1000);
        for (size_t i = 0; i < s->slot_count; i++) {
            assert_true(s->slots[i].id < VB_LIN_IDS);
            unsigned end = i + 1 < s->slot_count ? s->slots[i + 1].at_ms : s->period_ms;
            assert_true(s->slots[i].at_ms + s->slot_ms <= end);
        }
        /* LIN 2.2A 2.3.2: header and response may take 1.4 times (34 + 10 * (8 + 1)) bits */
        assert_true(s->slot_ms * s->baud >= 1.4 * (34 + 90) * 1000);
    }
}

/* ---- when headers are sent ---- */

static void test_on_a_silent_bus_it_listens_for_a_second_and_leads(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    assert_string_equal(state_of(&b), "listen");
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 1000 * MS);
    tick(&b, 500);
    tick(&b, 999);
    assert_string_equal(state_of(&b), "listen");
    assert_sent(&b, "");
    tick(&b, 1000);
    assert_string_equal(state_of(&b), "lead");
    assert_sent(&b, "1000:01 ");
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 1010 * MS);
}

static void test_two_periods_have_exactly_the_times_of_the_schedule(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 1719);
    assert_sent(&b, ONE_PERIOD(1000, 1010, 1020, 1030, 1040, 1050, 1060, 1070, 1080, 1130, 1180,
                               1190, 1200, 1210, 1220, 1230, 1240, 1250, 1260, 1270)
                        ONE_PERIOD(1360, 1370, 1380, 1390, 1400, 1410, 1420, 1430, 1440, 1490, 1540,
                                   1550, 1560, 1570, 1580, 1590, 1600, 1610, 1620, 1630));
    assert_int_equal(b.l.sent, 40);
    assert_int_equal(b.l.late, 0);
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 1720 * MS);
}

static void test_an_early_tick_sends_nothing(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    tick(&b, 1000);
    tick(&b, 1000);
    tick(&b, 1001);
    tick(&b, 1009);
    assert_sent(&b, "1000:01 ");
    tick(&b, 1010);
    assert_sent(&b, "1010:02 ");
}

static void test_a_clock_that_stands_still_sends_one_header(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    for (int i = 0; i < 1000; i++) {
        tick(&b, 1000);
    }
    assert_sent(&b, "1000:01 ");
    assert_int_equal(b.l.sent, 1);
}

static void test_the_time_of_the_start_does_not_matter(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, -2000);
    run(&b, -990);
    assert_sent(&b, "-1000:01 -990:02 ");
    open_bench(&b, 1712145600000);
    run(&b, 1712145601020);
    assert_sent(&b, "1712145601000:01 1712145601010:02 1712145601020:04 ");
}

/* ---- a caller who comes late ---- */

static void test_a_slot_is_sent_up_to_half_its_length_late(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    tick(&b, 1000);
    tick(&b, 1015);
    assert_sent(&b, "1000:01 1015:02 ");
    assert_int_equal(b.l.late, 0);
}

static void test_a_slot_that_is_later_is_left_out(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    tick(&b, 1000);
    tick(&b, 1016); /* of 1010: 02 */
    assert_sent(&b, "1000:01 ");
    assert_int_equal(b.l.late, 1);
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 1020 * MS);
    tick(&b, 1020);
    assert_sent(&b, "1020:04 ");
}

static void test_after_a_late_header_the_next_ones_wait_9_04_ms_and_catch_up(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    tick(&b, 1004); /* the period begins when it is first led */
    tick(&b, 1018); /* due 1014 */
    /* 1.4 times 124 bits at 19200 bit/s */
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 1018 * MS + 9041666);
    tick(&b, 1024); /* due, but the frame before may still be answered */
    assert_sent(&b, "1004:01 1018:02 ");
    run(&b, 1200);
    /* 0.96 ms a slot: the fourth after it is on time */
    assert_sent(&b, "1027:04 1036:05 1045:3B 1054:06 1064:17 1074:18 1084:19 1134:1B 1184:01 "
                    "1194:02 ");
    assert_int_equal(b.l.late, 0);
}

static void test_ticks_of_25_ms_skip_slots_and_never_bunch(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    for (int64_t t = 0; t <= 1360; t += 25) {
        tick(&b, t);
    }
    /* due 1000 and sent; 1025 is 5 late for 1020 and 1050 on time; 1075 is 5 late for 1070; 1080,
     * 1130 (at 1150), 1180 (at 1200) are too late; 1200 ... */
    assert_sent(&b, "1000:01 1025:04 1050:06 1075:18 1200:20 1225:25 1250:39 1275:0C ");
    assert_int_equal(b.l.late, 12);
}

static void test_after_900_ms_of_absence_it_goes_on_in_step(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 1080);
    assert_int_equal(b.l.sent, 9);
    b.len = 0;
    /* due were 1130 .. 1270 (11), 1360 .. 1630 (20), 1720 .. 1800 (9), 1850, 1900 .. 1960 (7);
     * 1970 is 5 late, 1980 is not yet due */
    tick(&b, 1975);
    assert_sent(&b, "1975:39 ");
    assert_int_equal(b.l.late, 11 + 20 + 9 + 1 + 7);
    run(&b, 2100);
    assert_sent(&b, "1984:3A 1993:0C 2080:01 2090:02 2100:04 ");
}

static void test_after_an_hour_of_absence_it_listens_before_it_leads_again(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 1080);
    b.len = 0;
    b.text[0] = '\0';
    tick(&b, 3601000);
    assert_string_equal(state_of(&b), "listen");
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 3602000 * MS);
    assert_sent(&b, "");
    run(&b, 3602010);
    assert_sent(&b, "3602000:01 3602010:02 ");
}

static void test_who_was_away_while_listening_listens_again(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    tick(&b, 1999); /* nearly a second late: late, but there */
    assert_string_equal(state_of(&b), "lead");
    assert_sent(&b, "1999:01 ");
    open_bench(&b, 0);
    tick(&b, 2000);
    assert_string_equal(state_of(&b), "listen");
    run(&b, 3000);
    assert_sent(&b, "3000:01 ");
}

static void test_a_header_that_is_not_taken_is_sent_while_its_slot_lasts(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    vb_lin_leader_tick(&b.l, 1000 * MS);
    vb_lin_leader_tick(&b.l, 1003 * MS);
    take_all(&b);
    assert_sent(&b, "1003:01 ");
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 1003 * MS + 9041666);
    vb_lin_leader_tick(&b.l, 1013 * MS);
    vb_lin_leader_tick(&b.l, 1016 * MS);
    take_all(&b);
    assert_sent(&b, "");
    assert_int_equal(b.l.sent, 1);
    assert_int_equal(b.l.late, 1);
}

/* ---- other leaders ---- */

static void test_another_leader_at_the_start_is_never_disturbed(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    hear(&b, 0x01, VB_FRAME_ENHANCED, VB_FAULT_NONE, 700);
    assert_string_equal(state_of(&b), "yield");
    assert_int_equal(b.l.foreign_id, 0x01);
    for (int64_t t = 880; t < 60000; t += 180) {
        run(&b, t);
        hear(&b, 0x02, 0, VB_FAULT_NO_RESPONSE, t);
    }
    assert_sent(&b, "");
    assert_string_equal(state_of(&b), "yield");
    assert_int_equal(b.l.yields, 1);
    assert_int_equal(b.l.sent, 0);
}

static void test_it_stops_at_once_when_another_leader_is_heard(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 1080);
    b.len = 0;
    b.text[0] = '\0';
    /* behind the longest frame that the header of 1080 may have */
    assert_int_equal(hear(&b, 0x22, VB_FRAME_ENHANCED, VB_FAULT_NONE, 1090), VB_LIN_FOREIGN);
    assert_string_equal(state_of(&b), "yield");
    assert_int_equal(b.l.foreign_id, 0x22);
    assert_false(b.l.disputed);
    assert_int_equal(b.l.yields, 1);
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 6090 * MS);
    tick(&b, 1130);
    tick(&b, 6089);
    assert_sent(&b, "");
}

static void test_a_header_that_waits_is_not_sent_after_another_leader_was_heard(void **state) {
    (void)state;
    struct bench b;
    struct vb_frame frame;
    open_bench(&b, 0);
    vb_lin_leader_tick(&b.l, 1000 * MS);
    hear(&b, 0x22, VB_FRAME_ENHANCED, VB_FAULT_NONE, 1000);
    assert_false(vb_lin_leader_take(&b.l, &frame));
    assert_int_equal(b.l.sent, 0);
}

static void test_after_5_s_of_silence_it_listens_and_a_second_later_leads(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    hear(&b, 0x22, VB_FRAME_ENHANCED, VB_FAULT_NONE, 100);
    hear(&b, 0x25, VB_FRAME_ENHANCED, VB_FAULT_NONE, 4000);
    tick(&b, 8999);
    assert_string_equal(state_of(&b), "yield");
    tick(&b, 9000);
    assert_string_equal(state_of(&b), "listen");
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 10000 * MS);
    tick(&b, 9999);
    assert_sent(&b, "");
    tick(&b, 10000);
    assert_string_equal(state_of(&b), "lead");
    assert_sent(&b, "10000:01 ");
    assert_int_equal(b.l.yields, 1);
}

static void test_who_is_heard_while_listening_again_is_counted_again(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    hear(&b, 0x22, VB_FRAME_ENHANCED, VB_FAULT_NONE, 100);
    run(&b, 5100);
    assert_string_equal(state_of(&b), "listen");
    hear(&b, 0x26, VB_FRAME_ENHANCED, VB_FAULT_NONE, 5500);
    assert_string_equal(state_of(&b), "yield");
    assert_int_equal(b.l.yields, 2);
    assert_int_equal(b.l.foreign_id, 0x26);
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 10500 * MS);
}

static void test_damaged_frames_and_lone_headers_are_signs_of_another_leader(void **state) {
    (void)state;
    static const uint8_t faults[] = {VB_FAULT_PARITY, VB_FAULT_CHECKSUM, VB_FAULT_FRAMING,
                                     VB_FAULT_NO_RESPONSE};
    for (size_t i = 0; i < sizeof faults; i++) {
        struct bench b;
        open_bench(&b, 0);
        run(&b, 1080);
        hear(&b, 0x21, 0, faults[i], 1100);
        assert_string_equal(state_of(&b), "yield");
    }
}

static void test_its_own_frames_do_not_stop_it(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x04, 0, BYTES(0xAB)), VB_OK);
    run(&b, 1020);
    /* they come late, as USB adapters give them */
    assert_int_equal(hear(&b, 0x01, VB_FRAME_ENHANCED, VB_FAULT_NONE, 1021), VB_LIN_OURS);
    assert_int_equal(hear(&b, 0x02, 0, VB_FAULT_NO_RESPONSE, 1022), VB_LIN_OURS);
    assert_int_equal(hear(&b, 0x04, 0, VB_FAULT_CHECKSUM, 1023), VB_LIN_OURS_ANSWERED);
    assert_string_equal(state_of(&b), "lead");
    assert_int_equal(b.l.yields, 0);
    run(&b, 1030);
    assert_sent(&b, "1000:01 1010:02 1020:04=AB 1030:05 ");
}

static void test_an_answer_to_its_last_header_does_not_shorten_the_yield(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 1080);
    hear(&b, 0x22, 0, VB_FAULT_CHECKSUM, 1092);
    assert_int_equal(hear(&b, 0x19, 0, VB_FAULT_CHECKSUM, 1099), VB_LIN_OURS);
    assert_string_equal(state_of(&b), "yield");
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 6092 * MS);
}

/* ---- what is strange behind our own headers ---- */

static void test_a_response_that_looks_like_a_header_does_not_stop_it(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    b.l.echo = true;
    for (int64_t period = 1000; period < 60000; period += 360) {
        /* 22 answers 00 55 C1 00 ..: the receiver makes two frames of it */
        run_with_echo(&b, period + 210);
        assert_int_equal(hear(&b, 0x01, 0, VB_FAULT_CHECKSUM, period + 212), VB_LIN_FOREIGN);
        assert_string_equal(state_of(&b), "lead");
    }
    assert_int_equal(b.l.yields, 0);
}

static void test_a_pid_of_its_own_that_was_damaged_does_not_stop_it(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    b.l.echo = true;
    run_with_echo(&b, 1070);
    tick(&b, 1080); /* 19 comes back as 1B: both parity bits fit */
    assert_int_equal(hear(&b, 0x1B, 0, VB_FAULT_NO_RESPONSE, 1080), VB_LIN_FOREIGN);
    run_with_echo(&b, 1200);
    assert_string_equal(state_of(&b), "lead");
}

static void test_three_headers_in_a_row_with_something_strange_behind_them_stop_it(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    /* another leader with the same schedule, 5 ms later: never in a pause */
    run_with_echo(&b, 1000);
    hear(&b, 0x01, 0, VB_FAULT_NO_RESPONSE, 1005);
    run_with_echo(&b, 1010);
    hear(&b, 0x02, 0, VB_FAULT_NO_RESPONSE, 1015);
    hear(&b, 0x02, 0, VB_FAULT_CHECKSUM, 1016); /* the same slot */
    assert_string_equal(state_of(&b), "lead");
    run_with_echo(&b, 1020);
    hear(&b, 0x04, 0, VB_FAULT_NO_RESPONSE, 1025);
    assert_string_equal(state_of(&b), "yield");
    assert_int_equal(b.l.foreign_id, 0x04);
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 6025 * MS);
}

static void test_two_leaders_that_destroy_each_others_headers_are_noticed(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    b.l.echo = true;
    for (int64_t t = 1000; t <= 1020; t += 10) {
        assert_string_equal(state_of(&b), t == 1000 ? "listen" : "lead");
        tick(&b, t);
        hear(&b, 0x3F, 0, VB_FAULT_PARITY, t + 1);
    }
    assert_string_equal(state_of(&b), "yield");
}

/* ---- the echo ---- */

static void test_without_an_echo_for_a_second_it_is_unheard_until_one_comes(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    b.l.echo = true;
    run_with_echo(&b, 1500);
    assert_false(vb_lin_leader_unheard(&b.l, 1500 * MS));
    run(&b, 2539); /* the first that did not come back: 1540 */
    assert_false(vb_lin_leader_unheard(&b.l, 2539 * MS));
    assert_true(vb_lin_leader_unheard(&b.l, 2540 * MS));
    run(&b, 10000);
    assert_string_equal(state_of(&b), "lead"); /* it goes on trying */
    assert_true(vb_lin_leader_unheard(&b.l, 10000 * MS));
    run_with_echo(&b, 10100);
    assert_false(vb_lin_leader_unheard(&b.l, 10100 * MS));
}

static void
test_a_line_that_was_dead_from_the_start_is_unheard_a_second_after_leading(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    b.l.echo = true;
    run(&b, 1999);
    assert_false(vb_lin_leader_unheard(&b.l, 1999 * MS));
    assert_true(vb_lin_leader_unheard(&b.l, 2000 * MS));
}

static void test_where_nothing_can_come_back_nothing_is_missed(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 10000);
    assert_false(vb_lin_leader_unheard(&b.l, 10000 * MS));
}

static void test_an_echo_may_be_late_by_half_a_second_where_the_computer_is_busy(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 1000); /* 01 at 1000, and nothing after it */
    assert_int_equal(hear(&b, 0x01, 0, VB_FAULT_NONE, 1500), VB_LIN_OURS);
    assert_string_equal(state_of(&b), "lead");
    assert_int_equal(hear(&b, 0x01, 0, VB_FAULT_NONE, 1520), VB_LIN_FOREIGN); /* it comes once */
    assert_string_equal(state_of(&b), "yield");
    open_bench(&b, 0);
    run(&b, 1000);
    assert_int_equal(hear(&b, 0x01, 0, VB_FAULT_NONE, 1501), VB_LIN_FOREIGN);
    assert_string_equal(state_of(&b), "yield");
}

static void test_who_answers_our_id_three_times_in_a_row_stops_it(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    b.l.echo = true;
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x01, 0, BYTES(0x30)), VB_OK);
    run(&b, 1000);
    assert_int_equal(hear(&b, 0x01, 0, VB_FAULT_CHECKSUM, 1000), VB_LIN_OURS_ANSWERED);
    run(&b, 1180);
    hear_byte(&b, 0x01, 0x20, 1180);
    run(&b, 1360);
    hear_byte(&b, 0x01, 0x30, 1360); /* as it should be: counted anew */
    run(&b, 1540);
    hear_byte(&b, 0x01, 0x20, 1540);
    run(&b, 1720);
    hear_byte(&b, 0x01, 0x20, 1720);
    assert_string_equal(state_of(&b), "lead");
    run(&b, 1900);
    hear(&b, 0x01, 0, VB_FAULT_CHECKSUM, 1900);
    assert_string_equal(state_of(&b), "yield");
    assert_true(b.l.disputed);
    assert_int_equal(b.l.foreign_id, 0x01);
}

static void test_what_cannot_be_sent_is_left_out(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 1000);
    vb_lin_leader_tick(&b.l, 1010 * MS);
    vb_lin_leader_skip(&b.l);
    vb_lin_leader_skip(&b.l); /* nothing waits any more */
    take_all(&b);
    assert_int_equal(vb_lin_leader_deadline_ns(&b.l), 1020 * MS);
    run(&b, 1020);
    assert_sent(&b, "1000:01 1020:04 ");
    assert_int_equal(b.l.late, 1);
}

/* ---- publishing ---- */

static void test_what_is_published_goes_out_in_its_own_slots_from_the_next_on(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0);
    run(&b, 1000);
    assert_sent(&b, "1000:01 ");
    /* between its slots at 0 and 180 */
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x01, 0, BYTES(0x00, 0x30, 0, 0, 0, 0, 0, 0)),
                     VB_OK);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x05, 0, BYTES(0x00, 0xA5)), VB_OK);
    run(&b, 1190);
    assert_sent(&b, "1010:02 1020:04 1030:05=00A5 1040:3B 1050:06 1060:17 1070:18 1080:19 1130:1B "
                    "1180:01=0030000000000000 1190:02 ");
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x05, 0, BYTES(0x00, 0x15)), VB_OK);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x01, 0, NULL, 0), VB_OK); /* a follower again */
    run(&b, 1390);
    assert_sent(&b, "1200:20 1210:22 1220:25 1230:26 1240:38 1250:39 1260:3A 1270:0C 1360:01 "
                    "1370:02 1380:04 1390:05=0015 ");
}

static void test_a_published_frame_becomes_the_bytes_of_the_wire(void **state) {
    (void)state;
    struct bench b;
    struct vb_frame frame;
    uint8_t wire[12];
    open_bench(&b, 0);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x01, 0, BYTES(0x00, 0x30, 0, 0, 0, 0, 0, 0)),
                     VB_OK);
    vb_lin_leader_tick(&b.l, 1000 * MS);
    assert_true(vb_lin_leader_take(&b.l, &frame));
    assert_int_equal(frame.t_ns, 1000 * MS);
    assert_int_equal(frame.flags, VB_FRAME_TX | VB_FRAME_ENHANCED);
    assert_int_equal(vb_lin_put_header((uint8_t)frame.id, wire), 3);
    assert_int_equal(vb_lin_put_response((uint8_t)frame.id, frame.flags & (uint16_t)~VB_FRAME_TX,
                                         frame.data, frame.len, wire + 3, 9),
                     9);
    assert_memory_equal(wire, "\x00\x55\xC1\x00\x30\x00\x00\x00\x00\x00\x00\x0E", 12);
    vb_lin_leader_tick(&b.l, 1010 * MS);
    assert_true(vb_lin_leader_take(&b.l, &frame));
    assert_int_equal(frame.flags, VB_FRAME_TX); /* a header has no checksum */
    assert_int_equal(frame.len, 0);
}

static void test_the_kind_of_checksum_is_the_one_asked_for(void **state) {
    (void)state;
    struct bench b;
    struct vb_frame frame;
    open_bench(&b, 0);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x01, VB_FRAME_CLASSIC, BYTES(0x11)), VB_OK);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x02, VB_FRAME_UNPARITY, BYTES(0x22)), VB_OK);
    vb_lin_leader_tick(&b.l, 1000 * MS);
    assert_true(vb_lin_leader_take(&b.l, &frame));
    assert_int_equal(frame.flags, VB_FRAME_TX | VB_FRAME_CLASSIC);
    vb_lin_leader_tick(&b.l, 1010 * MS);
    assert_true(vb_lin_leader_take(&b.l, &frame));
    assert_int_equal(frame.flags, VB_FRAME_TX | VB_FRAME_UNPARITY);
}

static void test_a_diagnostic_id_is_classic_where_nothing_is_said(void **state) {
    (void)state;
    static const struct vb_lin_slot slots[] = {{0, 0x3C}, {10, 0x3B}};
    static const struct vb_lin_schedule schedule = {.name = "made",
                                                    .baud = 19200,
                                                    .period_ms = 20,
                                                    .slot_ms = 10,
                                                    .slots = slots,
                                                    .slot_count = 2};
    struct vb_lin_leader l;
    struct vb_frame frame;
    vb_lin_leader_init(&l, &schedule, 0);
    assert_int_equal(vb_lin_leader_publish(&l, 0x3C, 0, BYTES(0x00)), VB_OK);
    assert_int_equal(vb_lin_leader_publish(&l, 0x3B, 0, BYTES(0x00)), VB_OK);
    vb_lin_leader_tick(&l, 1000 * MS);
    assert_true(vb_lin_leader_take(&l, &frame));
    assert_int_equal(frame.flags, VB_FRAME_TX | VB_FRAME_CLASSIC);
    vb_lin_leader_tick(&l, 1010 * MS);
    assert_true(vb_lin_leader_take(&l, &frame));
    assert_int_equal(frame.flags, VB_FRAME_TX | VB_FRAME_ENHANCED);
}

static void test_what_cannot_be_published_is_refused_and_changes_nothing(void **state) {
    (void)state;
    struct bench b;
    static const uint8_t nine[9] = {0};
    open_bench(&b, 0);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x01, 0, BYTES(0xAB)), VB_OK);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x01, 0, nine, 9), VB_E_RANGE);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x01, VB_FRAME_FD, nine, 8), VB_E_RANGE);
    assert_int_equal(
        vb_lin_leader_publish(&b.l, 0x01, VB_FRAME_CLASSIC | VB_FRAME_ENHANCED, nine, 8),
        VB_E_RANGE);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x03, 0, nine, 8), VB_E_RANGE); /* no slot */
    assert_int_equal(vb_lin_leader_publish(&b.l, 0x03, 0, NULL, 0), VB_E_RANGE);
    assert_int_equal(vb_lin_leader_publish(&b.l, 64, 0, nine, 8), VB_E_RANGE);
    assert_int_equal(vb_lin_leader_publish(&b.l, 0xC1, 0, nine, 8), VB_E_RANGE); /* a PID */
    run(&b, 1010);
    assert_sent(&b, "1000:01=AB 1010:02 ");
}

static void test_states_have_names(void **state) {
    (void)state;
    assert_string_equal(vb_lin_leader_state_text(VB_LIN_LEADER_LISTEN), "listen");
    assert_string_equal(vb_lin_leader_state_text(VB_LIN_LEADER_LEAD), "lead");
    assert_string_equal(vb_lin_leader_state_text(VB_LIN_LEADER_YIELD), "yield");
    assert_string_equal(vb_lin_leader_state_text((enum vb_lin_leader_state)3), "?");
}

/* ---- anything at any time ---- */

/* The same numbers on every machine. */
static unsigned dice(uint32_t *seed, unsigned sides) {
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 16) % sides;
}

/* How many times longer than usual: `make check` sets it. */
static unsigned how_long(void) {
    const char *text = getenv("VOLTBUS_LONG");
    return text && atoi(text) > 0 ? (unsigned)atoi(text) : 1;
}

/* 1.4 times 34 + 90 bits at 19200 bit/s, rounded down. */
#define FRAME_MAX_NS INT64_C(9041666)

/* Slots that a run-time schedule may have: nearer than slot_ms, up to the end of the period. */
static const struct vb_lin_slot crowded_slots[] = {{0, 1}, {3, 2}, {10, 3}, {14, 1}, {49, 60}};
static const struct vb_lin_schedule crowded = {.name = "crowded",
                                               .baud = 19200,
                                               .period_ms = 50,
                                               .slot_ms = 10,
                                               .slots = crowded_slots,
                                               .slot_count = 5};

static void test_whatever_happens_headers_keep_their_distance_and_wait_for_silence(void **state) {
    (void)state;
    uint32_t seed = 11;
    for (unsigned run_number = 0; run_number < 40 * how_long(); run_number++) {
        struct vb_lin_leader l;
        struct vb_frame frame;
        const struct vb_lin_schedule *schedule =
            run_number % 2 ? &crowded : vb_lin_schedule_find("nugget");
        int64_t now = 0;
        int64_t sent = -1000 * MS;    /* the last header */
        int64_t foreign = -9000 * MS; /* the last sign of others */
        int64_t begun = sent;         /* the last frame of ours */
        uint8_t last_id = 0;
        bool last_heard = true;
        uint8_t wanted[VB_LIN_IDS] = {0}; /* the byte that each id should carry */
        unsigned headers = 0;
        vb_lin_leader_init(&l, schedule, now);
        for (unsigned step = 0; step < 5000; step++) {
            switch (dice(&seed, 40)) {
            case 0: /* rare: of 5000 steps about 10 */
                if (dice(&seed, 12) == 0) {
                    bool ours = l.state == VB_LIN_LEADER_LEAD && now - begun <= FRAME_MAX_NS;
                    frame = (struct vb_frame){.kind = VB_KIND_LIN,
                                              .t_ns = now,
                                              .id = 0x3F,
                                              .fault = (uint8_t)dice(&seed, 5)};
                    assert_int_equal(vb_lin_leader_heard(&l, &frame, now), VB_LIN_FOREIGN);
                    assert_true(ours || l.state == VB_LIN_LEADER_YIELD);
                    foreign = l.state == VB_LIN_LEADER_YIELD ? now : foreign;
                }
                break;
            case 1:
                if (!last_heard && now - sent <= 500 * MS) {
                    frame = (struct vb_frame){.kind = VB_KIND_LIN, .t_ns = now, .id = last_id};
                    assert_int_equal(vb_lin_leader_heard(&l, &frame, now) == VB_LIN_FOREIGN, 0);
                    begun = now;
                    last_heard = true;
                }
                break;
            case 2: {
                uint8_t id = (uint8_t)dice(&seed, 70);
                uint8_t data = (uint8_t)dice(&seed, 256);
                if (vb_lin_leader_publish(&l, id, 0, &data, data != 0) == VB_OK) {
                    wanted[id] = data;
                }
                break;
            }
            case 4:
                now += (int64_t)dice(&seed, 40) * MS;
                break;
            case 5:
                now += dice(&seed, 20) == 0 ? 3600 * VB_NS_PER_S : 0;
                break;
            case 6:
                now += (int64_t)dice(&seed, 1000) * MS / 100;
                break;
            default: { /* a good caller, or one who is a little late */
                int64_t deadline = vb_lin_leader_deadline_ns(&l);
                now = deadline > now ? deadline : now;
                now += dice(&seed, 4) == 0 ? (int64_t)dice(&seed, 70) * MS / 10 : 0;
            }
            }
            uint32_t before = l.sent;
            vb_lin_leader_tick(&l, now);
            assert_true(l.state == VB_LIN_LEADER_LEAD || vb_lin_leader_deadline_ns(&l) > now);
            while (dice(&seed, 50) && vb_lin_leader_take(&l, &frame)) {
                assert_int_equal(l.state, VB_LIN_LEADER_LEAD);
                assert_true(frame.t_ns == now && now - sent >= FRAME_MAX_NS);
                assert_true(now - foreign >= 6000 * MS && now >= 1000 * MS);
                assert_int_equal(frame.len, wanted[frame.id] != 0);
                assert_true(frame.len == 0 || frame.data[0] == wanted[frame.id]);
                sent = begun = now;
                last_id = (uint8_t)frame.id;
                last_heard = false;
                headers++;
            }
            assert_true(l.sent - before <= 1);
        }
        assert_int_equal(l.sent, headers);
        assert_true(headers > 1000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nugget_schedule_has_the_pids_of_the_notes),
        cmocka_unit_test(test_every_schedule_keeps_what_the_leader_asks_of_it),
        cmocka_unit_test(test_on_a_silent_bus_it_listens_for_a_second_and_leads),
        cmocka_unit_test(test_two_periods_have_exactly_the_times_of_the_schedule),
        cmocka_unit_test(test_an_early_tick_sends_nothing),
        cmocka_unit_test(test_a_clock_that_stands_still_sends_one_header),
        cmocka_unit_test(test_the_time_of_the_start_does_not_matter),
        cmocka_unit_test(test_a_slot_is_sent_up_to_half_its_length_late),
        cmocka_unit_test(test_a_slot_that_is_later_is_left_out),
        cmocka_unit_test(test_after_a_late_header_the_next_ones_wait_9_04_ms_and_catch_up),
        cmocka_unit_test(test_ticks_of_25_ms_skip_slots_and_never_bunch),
        cmocka_unit_test(test_after_900_ms_of_absence_it_goes_on_in_step),
        cmocka_unit_test(test_after_an_hour_of_absence_it_listens_before_it_leads_again),
        cmocka_unit_test(test_who_was_away_while_listening_listens_again),
        cmocka_unit_test(test_a_header_that_is_not_taken_is_sent_while_its_slot_lasts),
        cmocka_unit_test(test_another_leader_at_the_start_is_never_disturbed),
        cmocka_unit_test(test_it_stops_at_once_when_another_leader_is_heard),
        cmocka_unit_test(test_a_header_that_waits_is_not_sent_after_another_leader_was_heard),
        cmocka_unit_test(test_after_5_s_of_silence_it_listens_and_a_second_later_leads),
        cmocka_unit_test(test_who_is_heard_while_listening_again_is_counted_again),
        cmocka_unit_test(test_damaged_frames_and_lone_headers_are_signs_of_another_leader),
        cmocka_unit_test(test_its_own_frames_do_not_stop_it),
        cmocka_unit_test(test_an_answer_to_its_last_header_does_not_shorten_the_yield),
        cmocka_unit_test(test_a_response_that_looks_like_a_header_does_not_stop_it),
        cmocka_unit_test(test_a_pid_of_its_own_that_was_damaged_does_not_stop_it),
        cmocka_unit_test(test_three_headers_in_a_row_with_something_strange_behind_them_stop_it),
        cmocka_unit_test(test_two_leaders_that_destroy_each_others_headers_are_noticed),
        cmocka_unit_test(test_without_an_echo_for_a_second_it_is_unheard_until_one_comes),
        cmocka_unit_test(test_an_echo_may_be_late_by_half_a_second_where_the_computer_is_busy),
        cmocka_unit_test(
            test_a_line_that_was_dead_from_the_start_is_unheard_a_second_after_leading),
        cmocka_unit_test(test_where_nothing_can_come_back_nothing_is_missed),
        cmocka_unit_test(test_who_answers_our_id_three_times_in_a_row_stops_it),
        cmocka_unit_test(test_what_cannot_be_sent_is_left_out),
        cmocka_unit_test(test_what_is_published_goes_out_in_its_own_slots_from_the_next_on),
        cmocka_unit_test(test_a_published_frame_becomes_the_bytes_of_the_wire),
        cmocka_unit_test(test_the_kind_of_checksum_is_the_one_asked_for),
        cmocka_unit_test(test_a_diagnostic_id_is_classic_where_nothing_is_said),
        cmocka_unit_test(test_what_cannot_be_published_is_refused_and_changes_nothing),
        cmocka_unit_test(test_states_have_names),
        cmocka_unit_test(test_whatever_happens_headers_keep_their_distance_and_wait_for_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
