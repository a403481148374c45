/* test_monitor.c - the bus monitor: with frames written out, and over the recordings of healthy Leafs (../shared/captures,
 * skipped where that folder is not), as they are and with one fault after the other put into them.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

#include "host/file/format.h"
#include "voltbus/monitor.h"
#include "voltbus/time.h"

#define MS VB_NS_PER_MS

/* ---- frames written out ---- */

struct one {
    struct bench b;
    struct vb_watch watches[64];
    struct vb_watched_bus bus;
    struct vb_monitor monitor;
    struct vb_finding found[VB_FINDINGS_MAX];
    size_t count;
};

static void one_open(struct one *o, const char *device, const char *generation) {
    memset(o, 0, sizeof *o);
    bench_open(&o->b, device);
    bench_set(&o->b, "generation", generation);
    vb_monitor_init(&o->monitor, &o->b.instance, o->watches, &o->bus);
}

/* Hear a frame at a time; what is found, in words. */
static const char *hear(struct one *o, int64_t ms, const char *text) {
    static char out[100];
    bench_frame(&o->b, text);
    o->b.frame.t_ns = ms * MS;
    bench_again(&o->b);
    o->count = vb_monitor_heard(&o->monitor, &o->b.frame, &o->b.reading, o->found);
    out[0] = '\0';
    for (size_t i = 0; i < o->count; i++) {
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? " " : "",
                 vb_finding_kind_text(o->found[i].kind));
    }
    return out;
}

#define assert_hears(o, ms, text, expected) assert_string_equal(hear(o, ms, text), expected)
#define assert_numbers(o, a, b)                                                                    \
    do {                                                                                           \
        assert_int_equal((o)->found[0].seen, a);                                                   \
        assert_int_equal((o)->found[0].expected, b);                                               \
    } while (0)

static void test_good_frames_in_time_are_no_finding(void **state) {
    (void)state;
    struct one o;
    one_open(&o, "leaf-vcm", "aze0");
    assert_hears(&o, 0, "1F2#306420AC003C0006", "");
    assert_hears(&o, 10, "1F2#306420AC003C0107", "");
    assert_hears(&o, 20, "1F2#306420AC003C0208", "");
    assert_hears(&o, 30, "1F2#306420AC003C0309", "");
    assert_hears(&o, 40, "1F2#306420AC003C0006", "");
    assert_int_equal(o.watches[2].frames, 5);
    assert_int_equal(o.watches[2].gaps, 4);
    assert_int_equal(o.watches[2].sum_ns, 40 * MS);
}

static void test_a_counter_that_stands_or_jumps_is_told_with_both_numbers(void **state) {
    (void)state;
    struct one o;
    one_open(&o, "leaf-vcm", "aze0");
    assert_hears(&o, 0, "1F2#306420AC003C0006", "");
    assert_hears(&o, 10, "1F2#306420AC003C0006", "repeated");
    assert_numbers(&o, 0, 1);
    assert_hears(&o, 20, "1F2#306420AC003C0107", "");
    assert_hears(&o, 30, "1F2#306420AC003C0309", "skipped");
    assert_numbers(&o, 3, 2);
    assert_int_equal(o.found[0].message, 2);
    assert_int_equal(o.found[0].t_ns, 30 * MS);
    assert_hears(&o, 40, "1F2#306420AC003C0006", "");
    /* three are lost: the counter has gone all the way round */
    assert_hears(&o, 80, "1F2#306420AC003C0006", "late");
    assert_numbers(&o, 40 * MS, 10 * MS);
}

static void test_a_broken_byte_is_told_with_what_it_should_be(void **state) {
    (void)state;
    struct one o;
    one_open(&o, "leaf-vcm", "aze0");
    assert_hears(&o, 0, "1F2#306420AC003C000F", "sum");
    assert_numbers(&o, 0x0F, 0x06);
    assert_hears(&o, 0, "1D4#6E6E0000074621C1", "crc");
    assert_numbers(&o, 0xC1, 0xC0);
    /* the one behind a damaged frame is not compared with it */
    assert_hears(&o, 10, "1F2#306420AC003C0208", "");
    assert_hears(&o, 10, "284#0000000000000000", "sum");
    assert_numbers(&o, 0x00, 0x86);
}

static void test_a_length_that_changes_is_told_where_several_are_allowed(void **state) {
    (void)state;
    struct one o;
    one_open(&o, "leaf-vcm", "aze0");
    assert_hears(&o, 0, "50B#000000C00000", "length");
    assert_numbers(&o, 6, 7);
    one_open(&o, "leaf-vcm", "aze0");
    assert_hears(&o, 0, "56E#46", "");
    assert_hears(&o, 100, "56E#46000000", "length");
    assert_numbers(&o, 4, 1);
}

static void test_a_frame_without_a_counter_is_late_after_one_and_a_half_periods(void **state) {
    (void)state;
    struct one o;
    one_open(&o, "leaf-inverter", "aze0");
    assert_hears(&o, 0, "55A#004C48005F005B08", "");
    assert_hears(&o, 150, "55A#004C48005F005B08", "");
    assert_hears(&o, 301, "55A#004C48005F005B08", "late");
    assert_numbers(&o, 151 * MS, 100 * MS);
    /* 10 ms: a recorder's clock may make 20 of it */
    assert_hears(&o, 301, "1DA#C832180000010159", "");
    assert_hears(&o, 326, "1DA#C832180000010253", "");
    assert_hears(&o, 352, "1DA#C872180000010374", "late");
    assert_hears(&o, 400, "1DA#C832180000010159", "skipped"); /* says it better than late */
}

static void test_a_silent_message_is_missing_once_while_others_go_on(void **state) {
    (void)state;
    struct one o;
    struct vb_finding f;
    one_open(&o, "leaf-inverter", "aze0");
    hear(&o, 0, "1DA#C832180000010159");
    for (int64_t ms = 0; ms <= 4000; ms += 100) {
        hear(&o, ms, "55A#004C48005F005B08");
        assert_false(vb_monitor_missing(&o.monitor, ms * MS, &f));
    }
    hear(&o, 4100, "55A#004C48005F005B08");
    assert_true(vb_monitor_missing(&o.monitor, 4100 * MS, &f));
    assert_int_equal(f.kind, VB_FINDING_MISSING);
    assert_int_equal(f.message, 0);
    assert_int_equal(f.seen, 4100 * MS);
    assert_int_equal(f.expected, 10 * MS);
    assert_false(vb_monitor_missing(&o.monitor, 4100 * MS, &f));
    /* the whole bus is silent: nobody in particular is missing */
    assert_false(vb_monitor_missing(&o.monitor, 60000 * MS, &f));
}

/* An inverter that was switched off for 5 s beside a charger that goes on: 55A comes some ms after 1DA, and is no fault. */
static void test_a_device_that_comes_back_has_time_to_say_everything(void **state) {
    (void)state;
    struct one o;
    struct vb_finding f;
    one_open(&o, "leaf-inverter", "aze0");
    hear(&o, 0, "1DA#C832180000010159");
    hear(&o, 0, "55A#004C48005F005B08");
    o.bus.heard_ns = 4900 * MS; /* the charger */
    hear(&o, 5000, "1DA#C832180000010159");
    assert_false(vb_monitor_missing(&o.monitor, 5000 * MS, &f));
    for (int64_t ms = 5010; ms <= 9000; ms += 10) {
        hear(&o, ms, "1DA#C832180000010159");
        assert_false(vb_monitor_missing(&o.monitor, ms * MS, &f));
    }
    hear(&o, 9010, "1DA#C832180000010159");
    assert_true(vb_monitor_missing(&o.monitor, 9010 * MS, &f)); /* 4 s are enough */
    assert_int_equal(f.message, 1);
    assert_int_equal(f.seen, 9010 * MS);
}

static void test_nobody_is_missing_on_a_bus_that_sleeps(void **state) {
    (void)state;
    struct one o;
    struct vb_finding f;
    one_open(&o, "leaf-vcm", "ze0");
    hear(&o, 0, "11A#014000AAC0000003");
    for (int64_t ms = 0; ms < 3000; ms += 100) {
        hear(&o, ms, "50B#000000C00000");
    }
    for (int64_t ms = 3000; ms < 8000; ms += 100) { /* go to sleep */
        assert_hears(&o, ms, "50B#000000000000", "");
        assert_false(vb_monitor_missing(&o.monitor, ms * MS, &f));
    }
    /* awake again: what was before is not compared */
    assert_hears(&o, 8100, "50B#000000C00000", "");
    assert_hears(&o, 8110, "11A#014000AAC0000003", "");
    assert_false(vb_monitor_missing(&o.monitor, 8200 * MS, &f));
}

static void test_a_second_sender_is_told_within_ten_periods(void **state) {
    (void)state;
    struct one o;
    one_open(&o, "leaf-climate", "aze0");
    unsigned told = 0;
    for (int i = 0; i < 20; i++) { /* every 50 instead of 100 ms, which no counter tells */
        told += strcmp(hear(&o, 50 * i, "54A#108070020000003A"), "extra") == 0;
        assert_true(i >= 15 || told == 0);
    }
    assert_int_equal(told, 1);
}

static void test_times_are_not_judged_where_there_are_none(void **state) {
    (void)state;
    struct one o;
    one_open(&o, "leaf-inverter", "aze0");
    for (int i = 0; i < 100; i++) {
        bench_frame(&o.b, "55A#004C48005F005B08");
        o.b.frame.t_ns = 0;
        o.b.frame.flags |= VB_FRAME_NO_TIME;
        bench_again(&o.b);
        assert_int_equal(vb_monitor_heard(&o.monitor, &o.b.frame, &o.b.reading, o.found), 0);
    }
    assert_int_equal(o.watches[1].gaps, 0);
}

static void test_a_clock_that_jumps_is_no_fault_of_the_bus(void **state) {
    (void)state;
    struct one o;
    one_open(&o, "leaf-vcm", "aze0");
    assert_hears(&o, 0, "1F2#306420AC003C0006", "");
    assert_hears(&o, 10, "1F2#306420AC003C0107", "");
    assert_hears(&o, 5, "1F2#306420AC003C0309", ""); /* back: begins anew */
    assert_hears(&o, 15, "1F2#306420AC003C0006", "");
    assert_hears(&o, 900000, "1F2#306420AC003C0208", ""); /* a pause of 15 minutes */
    assert_hears(&o, 900010, "1F2#306420AC003C0309", "");
    bench_frame(&o.b, "1F2#306420AC003C0006");
    o.b.frame.t_ns = INT64_MAX;
    bench_again(&o.b);
    assert_int_equal(vb_monitor_heard(&o.monitor, &o.b.frame, &o.b.reading, o.found), 0);
    o.b.frame.t_ns = INT64_MIN;
    assert_int_equal(vb_monitor_heard(&o.monitor, &o.b.frame, &o.b.reading, o.found), 0);
}

/* ---- recordings ---- */

/* Where the recorder lost nothing: all 10 ms frames of these count without a gap. */
static const char *const healthy[] = {"leaf_ze0_24kwh_stock.log.gz",
                                      "leaf_ze0_shift_p_d_eco_n.log.gz",
                                      "leaf_ze0_2012_ac_charge_ramp.csv.gz",
                                      "leaf_ze0_2012_start_stop.csv.gz",
                                      "leaf_ze0_2012_leafspy_groups.csv.gz",
                                      "leaf_ze0_2012_diag_read.csv.gz",
                                      "leaf_ze0_2012_diag_partno.csv.gz",
                                      "leaf2011_on_off.crtd.txt.gz",
                                      "leaf2011_on_d_x3.crtd.txt.gz",
                                      "leaf2011_on_reverse_off.crtd.txt.gz",
                                      "leaf2011_stationary_drdrdr.crtd.txt.gz",
                                      "leaf2011_full_throttle_d.crtd.txt.gz",
                                      "leaf2011_long_reverse_creep.crtd.txt.gz",
                                      "leaf_2019upload_drive10m.csv.gz",
                                      "leaf_aze0_40kwh_bridge.log.gz",
                                      "leaf_aze0_leafspy_groups.csv.gz",
                                      "leaf_env200_40kwh_startup.log.gz",
                                      "leaf_ze1_62kwh_startup.log.gz",
                                      "leaf_ze1_62kwh_drive_eco.log.gz",
                                      "leaf_env200_leafspy.csv.gz",
                                      "leaf_gen3_inverter_alone.csv.gz",
                                      NULL};
/* One of each generation: faults are put into these. */
static const char *const patients[] = {"leaf_ze0_2012_start_stop.csv.gz",
                                       "leaf_aze0_40kwh_bridge.log.gz",
                                       "leaf_ze1_62kwh_startup.log.gz", NULL};

static const char *const parts[] = {"leaf-battery", "leaf-inverter", "leaf-charger", "leaf-vcm",
                                    "leaf-climate"};
#define PARTS (sizeof parts / sizeof parts[0])

struct car {
    struct vb_instance instances[PARTS];
    struct vb_seen seen[PARTS][64];
    struct vb_watch watches[PARTS][64];
    struct vb_monitor monitors[PARTS];
    struct vb_watched_bus bus;
    struct vb_sample samples[SAMPLES_MAX];
    int64_t looked_ns;
    unsigned findings;
    char first[120];
    /* of the last frame */
    const struct vb_message *message;
    unsigned part, kinds; /* kinds: as bits */
};

static void car_open(struct car *car) {
    memset(car, 0, sizeof *car);
    for (unsigned p = 0; p < PARTS; p++) {
        const struct vb_device *device = vb_device_find(parts[p]);
        assert_in_range(device->message_count, 1, 64);
        vb_instance_init(&car->instances[p], device, car->seen[p], (uint16_t)p);
        vb_monitor_init(&car->monitors[p], &car->instances[p], car->watches[p], &car->bus);
    }
}

static void note(struct car *car, unsigned part, const struct vb_finding *finding) {
    const struct vb_message *m = &vb_device_find(parts[part])->messages[finding->message];
    if (car->findings++ == 0) {
        snprintf(car->first, sizeof car->first, "%s %X at %.3f s: %s, %lld instead of %lld",
                 parts[part], (unsigned)m->id, (double)finding->t_ns / 1e9,
                 vb_finding_kind_text(finding->kind), (long long)finding->seen,
                 (long long)finding->expected);
    }
    car->kinds |= 1u << finding->kind;
}

static void car_hear(struct car *car, const struct vb_frame *frame) {
    struct vb_finding found[VB_FINDINGS_MAX];
    car->message = NULL;
    car->kinds = 0;
    for (unsigned p = 0; p < PARTS; p++) {
        struct vb_reading reading =
            vb_instance_read(&car->instances[p], frame, car->samples, SAMPLES_MAX);
        if (!reading.message) {
            continue;
        }
        car->message = reading.message;
        car->part = p;
        size_t n = vb_monitor_heard(&car->monitors[p], frame, &reading, found);
        for (size_t i = 0; i < n; i++) {
            note(car, p, &found[i]);
        }
    }
    if (frame->t_ns - car->looked_ns > 250 * MS || frame->t_ns < car->looked_ns) {
        car->looked_ns = frame->t_ns;
        for (unsigned p = 0; p < PARTS; p++) {
            while (vb_monitor_missing(&car->monitors[p], frame->t_ns, &found[0])) {
                note(car, p, &found[0]);
            }
        }
    }
}

/* A recording in memory: read once, heard often. */
struct recording {
    struct {
        int64_t t_ns;
        uint32_t id;
        uint8_t flags, len, data[8];
    } *frames;
    size_t count;
};

static void recording_open(struct recording *r, const char *name) {
    static struct reader reader;
    char path[600];
    char why[512] = "";
    struct vb_frame frame;
    int result;
    snprintf(path, sizeof path, "%s/../../shared/captures/can/%s", TEST_DIR, name);
    struct lines *lines = lines_open(path, why, sizeof why);
    assert_non_null(lines);
    reader_init(&reader, lines, NULL);
    assert_non_null(reader.format);
    memset(r, 0, sizeof *r);
    while ((result = reader_next(&reader, &frame)) != 0) {
        if (result != 1 || frame.bus != 0 || frame.len > 8 || frame.kind != VB_KIND_CAN) {
            continue;
        }
        if (r->count % 4096 == 0) {
            r->frames = realloc(r->frames, (r->count + 4096) * sizeof *r->frames);
            assert_non_null(r->frames);
        }
        r->frames[r->count].t_ns = frame.t_ns;
        r->frames[r->count].id = frame.id;
        r->frames[r->count].flags = (uint8_t)frame.flags;
        r->frames[r->count].len = (uint8_t)frame.len;
        memcpy(r->frames[r->count++].data, frame.data, frame.len);
    }
    reader_close(&reader);
    assert_true(r->count > 2000);
}

static struct vb_frame recording_frame(const struct recording *r, size_t i, uint8_t data[8]) {
    memcpy(data, r->frames[i].data, 8);
    return (struct vb_frame){.kind = VB_KIND_CAN,
                             .t_ns = r->frames[i].t_ns,
                             .id = r->frames[i].id,
                             .flags = r->frames[i].flags,
                             .len = r->frames[i].len,
                             .data = data};
}

static bool have_recordings(void) {
    char path[600];
    snprintf(path, sizeof path, "%s/../../shared/captures/can/%s", TEST_DIR, healthy[0]);
    FILE *file = fopen(path, "rb");
    if (file) {
        fclose(file);
    }
    return file;
}

static void test_no_alarm_on_any_healthy_recording(void **state) {
    (void)state;
    if (!have_recordings()) {
        print_message("skipped: the folder of recordings (../shared/captures) is not there\n");
        skip();
    }
    static struct car car;
    for (size_t i = 0; healthy[i]; i++) {
        struct recording r;
        uint8_t data[8];
        recording_open(&r, healthy[i]);
        car_open(&car);
        for (size_t k = 0; k < r.count; k++) {
            struct vb_frame frame = recording_frame(&r, k, data);
            car_hear(&car, &frame);
        }
        free(r.frames);
        if (car.findings > 0) {
            fail_msg("%s: %u findings, the first: %s", healthy[i], car.findings, car.first);
        }
    }
}

/* ---- faults ---- */

enum fault { FLIP, DROP, REPEAT, LENGTH, FAULTS };

static const struct vb_check *check_of(const struct vb_message *message, bool counter) {
    for (size_t i = 0; i < message->check_count; i++) {
        if ((message->checks[i].rule == VB_RULE_COUNTER) == counter) {
            return &message->checks[i];
        }
    }
    return NULL;
}

/* Which findings tell that this fault was put into this message? 0: it cannot be found, as no rule says what is right. */
static unsigned telling(const struct vb_message *message, enum fault fault) {
    bool sum = check_of(message, false);
    bool counter = check_of(message, true);
    switch (fault) {
    case FLIP: /* in a message with a counter alone: only its own bits are protected */
        return sum ? 1u << VB_FINDING_CRC | 1u << VB_FINDING_SUM : 0;
    case DROP:
        return counter                    ? 1u << VB_FINDING_SKIPPED
               : message->period_ms >= 30 ? 1u << VB_FINDING_LATE
                                          : 0;
    case REPEAT:
        return counter ? 1u << VB_FINDING_REPEATED : 0;
    default:
        return 1u << VB_FINDING_LENGTH;
    }
}

/* Put one fault into each message of one recording, one after the other; each must be told at its frame (a dropped one: at the
 * next), and nothing else but what the same frame gives. Returns how many were put in; *blind: those that cannot be found. */
static unsigned hurt(const struct recording *r, enum fault fault, unsigned *blind) {
    static struct car car;
    static uint32_t done[PARTS][64], due[PARTS][64];
    unsigned injected = 0;
    memset(done, 0, sizeof done);
    memset(due, 0, sizeof due);
    car_open(&car);
    for (size_t k = 0; k < r->count; k++) {
        uint8_t data[8];
        struct vb_frame frame = recording_frame(r, k, data);
        /* which message is it? As it was the last time: the generation is known then. */
        unsigned part = 0;
        size_t m = 0;
        const struct vb_message *message = NULL;
        for (unsigned p = 0; p < PARTS && !message; p++) {
            const struct vb_device *device = car.instances[p].device;
            for (size_t i = 0; i < device->message_count && !message; i++) {
                if (device->messages[i].id == frame.id && !device->messages[i].ext &&
                    vb_instance_has(&car.instances[p], device->messages[i].when) &&
                    car.watches[p][i].frames >= 3) {
                    message = &device->messages[i];
                    part = p;
                    m = i;
                }
            }
        }
        /* one that ends at once is not there to be missed; and frames are told apart by 5 more between */
        bool hurts = message && done[part][m] == 0 && message->period_ms > 0 &&
                     car.watches[part][m].frames >= 4 + (part * 7 + m) % 5;
        unsigned tells = hurts ? telling(message, fault) : 0;
        const struct vb_check *counter = hurts ? check_of(message, true) : NULL;
        if (hurts && tells == 0) {
            done[part][m] = 1;
            ++*blind;
            hurts = false;
        }
        if (hurts && fault == DROP) {
            bool comes = false; /* is there another one, in time? */
            for (size_t i = k + 1; i < r->count && !comes; i++) {
                comes = r->frames[i].id == frame.id;
            }
            done[part][m] = 1;
            if (comes) {
                due[part][m] = tells;
                injected++;
                continue;
            }
            hurts = false;
        }
        if (hurts) {
            done[part][m] = 1;
            injected++;
            if (fault == FLIP) {
                data[(part + m) % frame.len] ^= (uint8_t)(1 << (m + frame.len) % 8);
            } else if (fault == REPEAT) {
                uint8_t last = car.watches[part][m].counter;
                assert_int_equal(vb_message_seal(message, frame.id, data, frame.len, last), VB_OK);
                assert_non_null(counter);
            } else if (frame.len == 8 || m % 2) {
                frame.len--;
            } else {
                data[frame.len++] = 0;
            }
        }
        car_hear(&car, &frame);
        unsigned expected = hurts ? tells : message ? due[part][m] : 0;
        if (expected && !(car.kinds & expected)) {
            fail_msg("%X at frame %zu: fault %d is not found (%s)", (unsigned)frame.id, k,
                     (int)fault, car.kinds ? car.first : "nothing is");
        }
        bool after = message && done[part][m] == 1 && !hurts && !expected;
        if (!expected && !after && car.kinds) {
            fail_msg("%X at frame %zu: told without a fault: %s", (unsigned)frame.id, k, car.first);
        }
        if (message && due[part][m]) {
            due[part][m] = 0;
        }
        if (after) {
            done[part][m] =
                2; /* the first frame behind the fault may be told too: it is out of step */
        }
    }
    return injected;
}

static void test_each_fault_put_into_a_healthy_recording_is_found(void **state) {
    (void)state;
    if (!have_recordings()) {
        print_message("skipped: the folder of recordings (../shared/captures) is not there\n");
        skip();
    }
    static const char *const names[] = {"a bit flipped", "a frame dropped", "a counter repeated",
                                        "a length changed"};
    for (size_t i = 0; patients[i]; i++) {
        struct recording r;
        recording_open(&r, patients[i]);
        for (int fault = FLIP; fault < FAULTS; fault++) {
            unsigned blind = 0;
            unsigned injected = hurt(&r, (enum fault)fault, &blind);
            print_message("%s: %s: %u of %u messages, all found; %u without a rule\n", patients[i],
                          names[fault], injected, injected + blind, blind);
            assert_true(injected >= 8);
        }
        free(r.frames);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_frames_in_time_are_no_finding),
        cmocka_unit_test(test_a_counter_that_stands_or_jumps_is_told_with_both_numbers),
        cmocka_unit_test(test_a_broken_byte_is_told_with_what_it_should_be),
        cmocka_unit_test(test_a_length_that_changes_is_told_where_several_are_allowed),
        cmocka_unit_test(test_a_frame_without_a_counter_is_late_after_one_and_a_half_periods),
        cmocka_unit_test(test_a_silent_message_is_missing_once_while_others_go_on),
        cmocka_unit_test(test_a_device_that_comes_back_has_time_to_say_everything),
        cmocka_unit_test(test_nobody_is_missing_on_a_bus_that_sleeps),
        cmocka_unit_test(test_a_second_sender_is_told_within_ten_periods),
        cmocka_unit_test(test_times_are_not_judged_where_there_are_none),
        cmocka_unit_test(test_a_clock_that_jumps_is_no_fault_of_the_bus),
        cmocka_unit_test(test_no_alarm_on_any_healthy_recording),
        cmocka_unit_test(test_each_fault_put_into_a_healthy_recording_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
