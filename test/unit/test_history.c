/* test_history.c - the history: what is put comes back, from real files in a folder of their own;
 * damaged, foreign, locked, full, removed and killed ones.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/out/history.h"
#include "voltbus/time.h"

#define RING (1 << 18) /* samples that fit in memory */
#define S    VB_NS_PER_S

static char dir[64];
static char path[128];
static char why[HISTORY_WHY];

static int setup(void **state) {
    (void)state;
    strcpy(dir, "/tmp/voltbus-history-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/history.db", dir);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static struct history *open_with(struct history_options options) {
    options.path = options.path ? options.path : path;
    options.commit_ms = options.commit_ms ? options.commit_ms : 10;
    return history_open(&options, why, sizeof why);
}

static struct history *open_it(void) {
    struct history *h = open_with((struct history_options){0});
    if (!h) {
        fail_msg("%s", why);
    }
    return h;
}

static struct history *open_quietly(void) {
    struct history *h = open_it();
    assert_string_equal(why, "");
    return h;
}

static void wait_ms(int ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Wait until all that was put is in the file. */
static struct history_status settle(struct history *h) {
    struct history_status s;
    for (int i = 0; i < 6000; i++) {
        history_status(h, &s);
        if (s.put == s.committed + s.duplicates + s.dropped) {
            return s;
        }
        wait_ms(10);
    }
    fail_msg("not committed: %s", s.trouble);
    return s;
}

/* Wait until the trouble has this text; "" = none. */
static bool trouble_becomes(struct history *h, const char *text) {
    struct history_status s;
    for (int i = 0; i < 6000; i++) {
        history_status(h, &s);
        if (text[0] ? strstr(s.trouble, text) != NULL : s.trouble[0] == '\0') {
            return true;
        }
        wait_ms(10);
    }
    fprintf(stderr, "trouble is: %s\n", s.trouble);
    return false;
}

static sqlite3 *shell(const char *file) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

static void sql(const char *file, const char *text) {
    sqlite3 *db = shell(file);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    }
    sqlite3_close(db);
}

/* The first column of the first row, as another program reads it. */
static const char *asked(const char *text) {
    static char answer[1000];
    sqlite3 *db = shell(path);
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    }
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    const char *cell = (const char *)sqlite3_column_text(s, 0);
    snprintf(answer, sizeof answer, "%s", cell ? cell : "null");
    sqlite3_finalize(s);
    sqlite3_close(db);
    return answer;
}

static void write_file(const char *file, const char *text, size_t n) {
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    close(fd);
}

static bool exists(const char *suffix) {
    char file[200];
    snprintf(file, sizeof file, "%s%s", path, suffix);
    return access(file, F_OK) == 0;
}

static void why_has(const char *text) {
    if (!strstr(why, text)) {
        fail_msg("expected \"%s\" in: %s", text, why);
    }
}

/* The minutes of the file are those that its samples give. */
static void minutes_are_right(void) {
    assert_string_equal(
        asked(
            "SELECT count(*) FROM (SELECT signal, t - ((t % 60000000) + 60000000) % 60000000 AS m,"
            " count(*) AS n, min(v) AS a, max(v) AS b, total(v) AS c FROM sample GROUP BY 1, 2) s"
            " FULL JOIN rollup r ON r.signal = s.signal AND r.t = s.m"
            " WHERE NOT (r.n = 0 AND s.n IS NULL AND r.us > 0) AND"
            " (r.n IS NOT s.n OR r.min > s.a OR r.max < s.b"
            " OR abs(r.sum - s.c) > 1e-9 * abs(s.c) + 1e-9)"),
        "0");
}

/* Each sample holds until the next one, a gap, or a minute; the minutes have all of that. Only where
 * the samples came in their order. */
static void holds_are_right(void) {
    assert_string_equal(
        asked(
            "WITH s AS (SELECT signal, t, v, lead(t) OVER (PARTITION BY signal ORDER BY t) AS e"
            " FROM sample), w AS (SELECT signal, v, min(e, t + 60000000, ifnull((SELECT min(t)"
            " FROM gap WHERE gap.t >= s.t AND device = (SELECT device FROM signal"
            " WHERE id = s.signal)), e)) - t AS us FROM s WHERE e IS NOT NULL),"
            " a AS (SELECT signal, total(us) AS us, total(1.0 * v * us) AS area FROM w GROUP BY 1),"
            " b AS (SELECT signal, total(us) AS us, total(area) AS area FROM rollup GROUP BY 1)"
            " SELECT count(*) FROM a JOIN b USING(signal) WHERE abs(a.us - b.us) > 10"
            " OR abs(a.area - b.area) > 1e-6 * abs(a.area)"),
        "0");
}

/* ---- what goes in ---- */

static void test_a_new_file_is_ours_and_ends_properly(void **state) {
    (void)state;
    struct history *h = open_quietly();
    assert_true(exists(".lock"));
    history_close(h);
    assert_false(exists(".lock"));
    assert_false(exists("-wal"));
    assert_string_equal(asked("PRAGMA application_id"), "1987013748"); /* "volt" */
    assert_string_equal(asked("PRAGMA user_version"), "2");
    assert_string_equal(asked("PRAGMA auto_vacuum"), "2");
    assert_string_equal(asked("PRAGMA journal_mode"), "wal");
    assert_string_equal(
        asked("SELECT count(*) || ' ' || count(ended) || ' ' || count(last) FROM run"), "1 1 0");
    history_close(open_quietly());
    assert_string_equal(asked("SELECT count(*) || ' ' || count(ended) FROM run"), "2 2");
}

static void test_samples_are_kept_exactly_and_read_by_others(void **state) {
    (void)state;
    struct history *h = open_quietly();
    const struct vb_scale scale = {5, -40, 100};
    int a = history_signal(h, "solar", "solar.current", "A", &scale);
    int b = history_signal(h, "solar", "solar.mode", "", VB_RAW);
    assert_int_equal(history_signal(h, "solar", "solar.current", "A", &scale), a);
    assert_int_not_equal(a, b);
    assert_true(history_put(h, a, 1712145600 * S + 123456789, 858));
    assert_true(history_put(h, b, 1712145600 * S + 999, 3));
    assert_true(history_put(h, a, 1712145601 * S, -7));
    struct history_status s = settle(h);
    assert_int_equal(s.put, 3);
    assert_int_equal(s.committed, 3);
    assert_int_equal(s.dropped, 0);
    assert_true(s.commits >= 1);
    assert_true(s.bytes > 4096);
    assert_true(s.memory > RING * 24);
    assert_string_equal(s.trouble, "");
    /* another program reads while we write */
    assert_string_equal(
        asked("SELECT group_concat(t || ' ' || device || ' ' || signal || ' ' || value"
              " || ' ' || unit || ' ' || utc, ', ') FROM (SELECT * FROM reading"
              " ORDER BY signal, t)"),
        "1712145600123456 solar solar.current 42.5 A 2024-04-03 12:00:00, "
        "1712145601000000 solar solar.current -0.75 A 2024-04-03 12:00:01, "
        "1712145600000000 solar solar.mode 3.0  2024-04-03 12:00:00");
    assert_string_equal(asked("SELECT mul || '*' || \"add\" || '/' || div FROM signal ORDER BY id"),
                        "5*-40/100");
    history_close(h);
    assert_string_equal(asked("SELECT last FROM run"), "1712145601000000");
    minutes_are_right();
}

static void test_close_commits_what_is_left(void **state) {
    (void)state;
    struct history *h = open_with((struct history_options){.commit_ms = 3600000});
    int a = history_signal(h, "d", "s", "V", VB_RAW);
    for (int i = 0; i < 100000; i++) { /* more than one transaction takes */
        assert_true(history_put(h, a, i * S, i));
    }
    history_gap(h, "d", 5 * S);
    history_control(h, 7 * S, "page", "heater", "power", "0", "3", NULL);
    history_close(h);
    assert_string_equal(asked("SELECT count(*) || ' ' || max(v) FROM sample"), "100000 99999");
    assert_string_equal(asked("SELECT t FROM gap"), "5000000");
    assert_string_equal(asked("SELECT t || who || device || command || old || new || result"
                              " FROM control_log"),
                        "7000000pageheaterpower03");
    minutes_are_right();
}

static void test_a_count_commits_before_the_time(void **state) {
    (void)state;
    struct history *h =
        open_with((struct history_options){.commit_ms = 3600000, .commit_count = 100});
    int a = history_signal(h, "d", "s", "V", VB_RAW);
    for (int i = 0; i < 99; i++) {
        history_put(h, a, i * S, i);
    }
    wait_ms(50);
    struct history_status s;
    history_status(h, &s);
    assert_int_equal(s.committed, 0);
    history_put(h, a, 99 * S, 99);
    assert_int_equal(settle(h).committed, 100);
    history_close(h);
}

static void test_of_two_samples_at_one_time_the_first_stays(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    int b = history_signal(h, "d", "b", "V", VB_RAW);
    history_put(h, a, 60 * S, 1);
    settle(h);
    history_put(h, a, 60 * S + 999, 2); /* the same microsecond, another commit */
    history_put(h, b, 60 * S, 3);
    history_put(h, b, 61 * S, 4);
    history_put(h, b, 60 * S, 5); /* the same commit, out of order */
    struct history_status s = settle(h);
    assert_int_equal(s.committed, 3);
    assert_int_equal(s.duplicates, 2);
    history_close(h);
    assert_string_equal(
        asked("SELECT group_concat(v) FROM (SELECT v FROM sample ORDER BY signal, t)"), "1,3,4");
    minutes_are_right();
}

static void test_times_go_anywhere_and_values_to_the_ends_of_64_bits(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "", VB_RAW);
    const struct {
        int64_t t_ns, raw;
    } all[] = {{INT64_MAX, INT64_MAX}, {0, 0},       {-1, INT64_MIN}, {INT64_MIN, INT64_MAX},
               {-60 * S, INT64_MIN},   {60 * S, -1}, {-S, 1},         {-60 * S - 1, INT64_MIN},
               {INT64_MAX - S, 12}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        history_put(h, a, all[i].t_ns, all[i].raw);
    }
    assert_int_equal(settle(h).committed, 9);
    struct history_point out[21];
    assert_int_equal(history_query(h, "d", "a", INT64_MIN, INT64_MAX, 9, out, why, sizeof why),
                     9 + 2);
    assert_true(out[0].mean == 0x1p63 && out[10].high == 0x1p63);
    assert_int_equal(history_query(h, "d", "a", INT64_MIN, INT64_MAX, 2, out, why, sizeof why), 2);
    history_close(h);
    assert_string_equal(asked("SELECT group_concat(t || ' ' || v) FROM (SELECT * FROM sample"
                              " ORDER BY t)"),
                        "-9223372036854776 9223372036854775807,-60000001 -9223372036854775808,"
                        "-60000000 -9223372036854775808,-1000000 1,-1 -9223372036854775808,0 0,"
                        "60000000 -1,9223372035854775 12,9223372036854775 9223372036854775807");
    minutes_are_right();
}

static void test_backward_times_are_put_in_order(void **state) {
    (void)state;
    struct history *h = open_with((struct history_options){.commit_ms = 50});
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    for (int i = 60000; i-- > 0;) {
        history_put(h, a, i * S / 10, i);
    }
    assert_int_equal(settle(h).committed, 60000);
    history_close(h);
    assert_string_equal(asked("SELECT count(*) FROM sample WHERE t = v * 100000"), "60000");
    minutes_are_right();
}

static void test_five_thousand_signals_with_names_in_any_script(void **state) {
    (void)state;
    struct history *h = open_it();
    char name[64];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "größe.%d.電圧'\"%%", i);
        assert_int_equal(history_signal(h, i % 2 ? "Küche" : "дом", name, "Ω", VB_RAW), i);
    }
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 5000; i++) {
            assert_true(history_put(h, i, round * S, i + round));
        }
    }
    assert_int_equal(settle(h).committed, 25000);
    struct history_point out[11];
    assert_int_equal(
        history_query(h, "Küche", "größe.4999.電圧'\"%", 0, 10 * S, 5, out, why, sizeof why), 5);
    assert_true(out[4].mean == 5003);
    history_close(h);
    assert_string_equal(asked("SELECT count(*) || ' ' || count(DISTINCT device) FROM signal"),
                        "5000 2");
}

static void test_a_restart_goes_on_in_the_same_minute(void **state) {
    (void)state;
    for (int round = 0; round < 3; round++) {
        struct history *h = open_quietly();
        int b = history_signal(h, "d", round ? "b" : "a", "V", VB_RAW);
        int a = history_signal(h, "d", "a", "V", VB_RAW);
        history_put(h, a, 6000 * S + round * S, 10 - round);
        history_put(h, b, 7000 * S + round * S, round);
        history_close(h);
    }
    assert_string_equal(asked("SELECT n || ' ' || min || ' ' || max || ' ' || sum FROM rollup"
                              " WHERE t = 6000000000"),
                        "3 8 10 27.0");
    assert_string_equal(asked("SELECT count(*) FROM signal"), "2");
    minutes_are_right();
}

static void test_a_temporary_file_goes_with_the_run(void **state) {
    (void)state;
    struct history *h = open_with((struct history_options){.temporary = true});
    history_put(h, history_signal(h, "d", "a", "V", VB_RAW), S, 1);
    settle(h);
    assert_true(exists("") && exists("-wal"));
    struct history_point out[5];
    assert_int_equal(history_query(h, "d", "a", 0, 2 * S, 2, out, why, sizeof why), 1);
    history_close(h);
    assert_false(exists("") || exists("-wal") || exists("-shm") || exists(".lock"));
}

/* ---- what comes out ---- */

static int query(struct history *h, int64_t from_s, int64_t to_s, int points,
                 struct history_point *out) {
    return history_query(h, "d", "a", from_s * S, to_s * S, points, out, why, sizeof why);
}

static void test_few_samples_are_points_of_their_own(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_SCALE(1, 5, 10));
    struct history_point out[21];
    assert_int_equal(query(h, 0, 100, 10, out), 0); /* known, but nothing yet */
    for (int i = 0; i < 10; i++) {
        history_put(h, a, 100 * S + i * S + S / 2, i * 10);
    }
    settle(h);
    assert_int_equal(query(h, 0, 1000, 10, out), 10);
    for (int i = 0; i < 10; i++) {
        assert_false(out[i].gap);
        assert_true(out[i].t == 100.5 + i && out[i].mean == i + 0.5 && out[i].low == i + 0.5 &&
                    out[i].high == i + 0.5);
    }
    /* what held at 101 s, and the two samples */
    assert_int_equal(query(h, 101, 103, 10, out), 3);
    assert_true(out[0].t == 101 && out[0].mean == 0.5 && out[1].t == 101.5 && out[1].mean == 1.5);
    assert_int_equal(query(h, 500, 600, 10, out), 0);
    /* both ends belong to it */
    assert_int_equal(
        history_query(h, "d", "a", 100 * S + S / 2, 101 * S + S / 2, 2, out, why, sizeof why), 2);
    assert_int_equal(history_query(h, "d", "b", 0, S, 2, out, why, sizeof why), -1);
    assert_int_equal(history_query(h, "x", "a", 0, S, 2, out, why, sizeof why), -1);
    assert_int_equal(query(h, 2, 1, 10, out), -2);
    why_has("from is after to");
    assert_int_equal(query(h, 1, 2, 1, out), -2);
    assert_int_equal(query(h, 1, 2, 5001, out), -2);
    why_has("2 to 5000");
    history_close(h);
}

static void test_many_samples_are_stretches(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_SCALE(-1, 0, 10)); /* high raw is low value */
    for (int i = 0; i < 100; i++) {
        history_put(h, a, 1000 * S + i * S / 10, i);
    }
    settle(h);
    struct history_point out[21];
    /* 10 s in ten stretches of a second (and a microsecond in ten) */
    assert_int_equal(
        history_query(h, "d", "a", 1000 * S, 1010 * S - 1000, 10, out, why, sizeof why), 10);
    for (int i = 0; i < 10; i++) {
        assert_true(out[i].t == 1000 + i);
        /* the newest sample, -9.9 V, holds for no time */
        assert_true(fabs(out[i].mean + i + (i < 9 ? 0.45 : 0.4)) < 1e-9);
        assert_true(out[i].high == -i && out[i].low == -i - 0.9);
    }
    history_close(h);
}

static void test_wide_spans_are_whole_minutes(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_SCALE(1, 100, 2));
    for (int i = 0; i < 86400; i += 2) { /* a day from minute 1000 on */
        history_put(h, a, 60000 * S + i * S, i);
    }
    settle(h);
    struct history_point out[201];
    /* 24 stretches of an hour; from lies within minute 1000 */
    assert_int_equal(query(h, 60030, 60000 + 86399, 24, out), 24);
    for (int i = 0; i < 24; i++) {
        assert_true(out[i].t == 60000 + i * 3600);
        assert_true(out[i].low == i * 1800 + 50 && out[i].high == i * 1800 + 1799 + 50);
        /* the newest sample holds for no time */
        assert_true(fabs(out[i].mean - (i * 1800 + (i < 23 ? 899.5 : 899) + 50)) < 1e-6);
    }
    /* a year around it in 73 stretches of five days */
    assert_int_equal(query(h, 60000 - 86400 * 202, 60000 + 86400 * 163, 73, out), 1);
    assert_true(out[0].t == 60000 && out[0].low == 50 && out[0].high == 43249);
    history_close(h);
}

static void test_very_many_samples_in_a_narrow_span_are_read_by_minute(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    history_put(h, a, 0, 1);
    for (int m = 0; m < 2; m++) {
        history_put(h, a, m * 60 * S + S, m);
    }
    settle(h);
    /* as if there had been a million samples more */
    sql(path, "UPDATE rollup SET n = n + 1000000 WHERE t = 0");
    struct history_point out[21];
    assert_int_equal(query(h, 0, 90, 2, out), 2);
    assert_true(out[0].t == 0 && out[1].t == 60);
    history_close(h);
}

static void test_gaps_stand_where_nothing_was_heard(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    int b = history_signal(h, "e", "a", "V", VB_RAW);
    for (int i = 0; i < 10; i++) {
        /* ten seconds; a loss noted after the third sample; a hole of 100 s after the sixth */
        int64_t t_ns = (1000 + i + (i > 5 ? 100 : 0)) * S;
        history_put(h, a, t_ns, i);
        history_put(h, b, t_ns, i);
    }
    history_gap(h, "d", 1002 * S + S / 2);
    settle(h);
    struct history_point out[41];
    assert_int_equal(query(h, 0, 2000, 10, out), 12);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(out[i].gap, i == 3 || i == 7);
    }
    assert_true(out[2].mean == 2 && out[4].mean == 3 && out[6].mean == 5 && out[8].mean == 6);
    /* the other device was not lost */
    assert_int_equal(history_query(h, "e", "a", 0, 2000 * S, 10, out, why, sizeof why), 11);
    assert_true(out[6].gap);
    /* lost after the last one */
    history_gap(h, "d", 1150 * S);
    for (int i = 0; i < 1000 && strcmp(asked("SELECT count(*) FROM gap"), "2") != 0; i++) {
        wait_ms(10);
    }
    assert_int_equal(query(h, 0, 2000, 10, out), 13);
    assert_true(out[12].gap);
    assert_int_equal(query(h, 0, 1149, 10, out), 12);
    /* stretches of 23 s: 1000..1005, two in which 5 still holds (until 1065), 1106..1109; the loss lies
     * within the first and is not shown */
    assert_int_equal(query(h, 1000, 1115, 5, out), 5);
    assert_true(out[0].low == 0 && out[0].high == 5 && out[1].mean == 5 && out[1].t < 1024 &&
                out[2].mean == 5 && out[3].gap && out[4].low == 6 && out[4].t == 1106);
    history_close(h);
}

static void test_slow_signals_have_no_gaps_between_their_samples(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    for (int i = 0; i < 12; i++) {
        history_put(h, a, i * 300 * S, i); /* every five minutes */
    }
    for (int i = 0; i < 5; i++) {
        history_put(h, a, (20 + i) * 300 * S, i); /* and forty of them without */
    }
    settle(h);
    struct history_point out[41];
    assert_int_equal(query(h, 0, 10000, 20, out), 18);
    assert_true(out[12].gap);
    history_close(h);
}

static void test_a_signal_whose_ratio_changed_is_one_line(void **state) {
    (void)state;
    struct history *h = open_quietly();
    history_put(h, history_signal(h, "d", "a", "V", VB_SCALE(1, 0, 10)), 100 * S, 125);
    history_put(h, history_signal(h, "d", "a", "V", VB_SCALE(1, 0, 100)), 101 * S, 1250);
    history_put(h, history_signal(h, "d", "a", "mV", VB_SCALE(1, 0, 10)), 102 * S, 126);
    history_put(h, history_signal(h, "d", "a", "V", VB_SCALE(1, 0, 10)), 103 * S, 127);
    settle(h);
    struct history_point out[21];
    assert_int_equal(query(h, 0, 1000, 10, out), 4);
    assert_true(out[0].mean == 12.5 && out[1].mean == 12.5 && out[2].mean == 12.6 &&
                out[3].mean == 12.7);
    assert_int_equal(query(h, 100, 103, 2, out), 2);
    /* the first row of the signal holds until its next sample */
    assert_true(out[1].low == 12.5 && out[1].high == 12.7);
    history_close(h);
    assert_string_equal(asked("SELECT count(*) FROM signal"), "3");
}

/* ---- means are over time ---- */

static bool near(double a, double b) {
    return fabs(a - b) < 1e-6;
}

static struct history_point only_point(struct history *h, int64_t from_s, int64_t to_s) {
    struct history_point out[5] = {0};
    int n = query(h, from_s, to_s, 2, out);
    if (n < 1) {
        fail_msg("%d points %s", n, why);
    }
    return out[0];
}

static void test_a_second_of_ten_ampere_in_a_minute_is_a_sixth_of_one(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "A", VB_SCALE(1, 0, 10));
    history_put(h, a, 600 * S, 100); /* 10 A for 1 s */
    history_put(h, a, 601 * S, 0);   /* 0 A for 59 s, said twice */
    history_put(h, a, 631 * S, 0);
    history_put(h, a, 660 * S, 50); /* and the newest one */
    settle(h);
    assert_string_equal(asked("SELECT n || ' ' || min || ' ' || max || ' ' || sum || ' ' || us"
                              " || ' ' || area FROM rollup WHERE t = 600000000"),
                        "3 0 100 100.0 60000000 100000000.0");
    struct history_point minute = only_point(h, 600, 900); /* minutes */
    assert_true(near(minute.mean, 1 / 6.0) && minute.low == 0 && minute.high == 10);
    struct history_point out[5];
    /* two stretches of 30 s out of samples: a third of an ampere, then nothing */
    assert_int_equal(history_query(h, "d", "a", 600 * S, 660 * S - 1000, 2, out, why, sizeof why),
                     2);
    assert_true(near(out[0].mean, 1 / 3.0) && out[0].high == 10);
    assert_true(out[1].mean == 0 && out[1].high == 0 && out[1].t == 630);
    history_close(h);
    minutes_are_right();
    holds_are_right();
}

static void test_a_value_is_held_across_minutes_and_commits(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "A", VB_RAW);
    history_put(h, a, 650 * S, 8); /* 10 s of its minute, 45 s of the next */
    settle(h);
    history_put(h, a, 705 * S, 2); /* 15 s, then 5 s of minute 720 */
    settle(h);
    history_put(h, a, 725 * S, 4); /* until its minute is over: 55 s, and 60 s at most: 785 */
    settle(h);
    history_put(h, a, 900 * S, 1);
    settle(h);
    assert_string_equal(
        asked("SELECT group_concat((t / 1000000) || ': ' || n || ' ' || min || ' ' || max || ' ' ||"
              " (us / 1000000) || ' ' || cast(area / 1e6 AS INTEGER), ', ') FROM (SELECT * FROM"
              " rollup ORDER BY t)"),
        "600: 1 8 8 10 80, 660: 1 2 8 60 390, 720: 1 2 4 60 230, 780: 0 4 4 5 20, "
        "900: 1 1 1 0 0");
    struct history_point out[11];
    assert_int_equal(query(h, 600, 1199, 3, out), 2); /* four minutes each */
    assert_true(near(out[0].mean, (80 + 390 + 250) / 135.0) && out[1].mean == 1);
    assert_true(out[0].low == 2 && out[0].high == 8 && out[1].t == 900);
    /* the same out of samples: 650..660, 660..720 in stretches of 10 s */
    assert_int_equal(history_query(h, "d", "a", 660 * S, 720 * S - 1000, 2, out, why, sizeof why),
                     2);
    assert_true(out[0].t == 660 && out[0].mean == 8); /* it is few samples: points of their own */
    assert_true(out[1].t == 705 && out[1].mean == 2);
    history_close(h);
    minutes_are_right();
    holds_are_right();
}

static void test_a_gap_ends_what_a_value_held(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "A", VB_RAW);
    for (int round = 0; round < 2;
         round++) { /* the gap in a commit of its own, and in one with it */
        int64_t start_s = 600 + 600 * round;
        history_put(h, a, start_s * S, 10);
        if (round == 0) {
            settle(h);
        }
        history_gap(h, "d", (start_s + 5) * S); /* 10 A for 5 s, nothing for 15 s, 1 A for 40 s */
        if (round == 0) {
            for (int i = 0; i < 1000 && strcmp(asked("SELECT count(*) FROM gap"), "1") != 0; i++) {
                wait_ms(10);
            }
        }
        history_put(h, a, (start_s + 20) * S, 1);
        history_put(h, a, (start_s + 40) * S, 1);
        history_put(h, a, (start_s + 60) * S, 1);
        settle(h);
    }
    assert_string_equal(asked("SELECT group_concat(us || ' ' || area, ', ') FROM rollup"
                              " WHERE t IN (600000000, 1200000000)"),
                        "45000000 90000000.0, 45000000 90000000.0");
    for (int round = 0; round < 2; round++) {
        int64_t start_s = 600 + 600 * round;
        /* minutes, in pairs: (50 + 40) / 45, and in the first round another minute of 1 A */
        assert_true(near(only_point(h, start_s, start_s + 239).mean,
                         round == 0 ? (50 + 40 + 60) / 105.0 : 2));
        struct history_point out[5];
        /* out of samples: 30 s with 10 A for 5 s and 1 A for 10 s */
        assert_int_equal(history_query(h, "d", "a", start_s * S, (start_s + 60) * S - 1000, 2, out,
                                       why, sizeof why),
                         2);
        assert_true(near(out[0].mean, 4) && out[1].mean == 1);
    }
    history_close(h);
    minutes_are_right();
    holds_are_right();
}

static void test_a_curve_begins_where_it_is_asked_for(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "A", VB_RAW);
    history_put(h, a, 1000 * S, 7);
    history_put(h, a, 1030 * S, 7);
    settle(h);
    struct history_point out[11];
    assert_int_equal(query(h, 1010, 1040, 5, out), 2);
    assert_true(out[0].t == 1010 && out[0].mean == 7 && out[0].low == 7 && out[0].high == 7);
    assert_true(out[1].t == 1030);
    assert_int_equal(query(h, 1050, 1080, 5, out), 1); /* no sample, but 7 still holds */
    assert_true(out[0].t == 1050 && out[0].mean == 7);
    assert_int_equal(query(h, 1089, 1100, 5, out), 1);
    assert_int_equal(query(h, 1090, 1100, 5, out), 0); /* a minute is over */
    history_gap(h, "d", 1040 * S);
    history_put(h, a, 2000 * S, 7);
    settle(h);
    assert_int_equal(query(h, 1050, 1080, 5, out), 0); /* lost before */
    assert_int_equal(query(h, 1035, 1080, 5, out), 2); /* lost then */
    assert_true(out[0].t == 1035 && out[1].gap);
    history_close(h);
}

static void test_narrow_and_wide_questions_agree(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "A", VB_SCALE(3, -7, 10));
    uint32_t noise = 7;
    for (int64_t t_us = 0; t_us < INT64_C(3700) * 1000000;) { /* 0.1 to 9.1 s apart */
        history_put(h, a, t_us * 1000, noise >> 24);
        noise = noise * 1664525 + 1013904223;
        t_us += 100000 + (noise >> 8) % 9000000;
    }
    settle(h);
    struct history_point wide[61];
    assert_int_equal(query(h, 0, 3599, 30, wide), 30); /* two minutes each */
    for (int i = 0; i < 30; i++) {
        int64_t start_s = 120 * i;
        struct history_point
            narrow[9]; /* four stretches of 30 s out of samples, all of them covered */
        assert_int_equal(history_query(h, "d", "a", start_s * S, (start_s + 120) * S - 1000, 4,
                                       narrow, why, sizeof why),
                         4);
        double sum = 0;
        double low = 1e9;
        double high = -1e9;
        for (int k = 0; k < 4; k++) {
            sum += narrow[k].mean;
            low = narrow[k].low < low ? narrow[k].low : low;
            high = narrow[k].high > high ? narrow[k].high : high;
            assert_true(narrow[k].t == (double)(start_s + 30 * k));
        }
        assert_true(near(wide[i].mean, sum / 4) && wide[i].low == low && wide[i].high == high);
    }
    history_close(h);
    minutes_are_right();
    holds_are_right();
}

static void test_times_that_go_back_hold_for_no_time_before_them(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "A", VB_RAW);
    history_put(h, a, 1000 * S, 5);
    settle(h);
    history_put(h, a, 900 * S, 1); /* the clock was set back */
    settle(h);
    history_put(h, a, 910 * S, 1);
    settle(h);
    history_put(h, a, 910 * S, 3); /* was there already */
    settle(h);
    history_put(h, a, 915 * S, 3); /* 1 held until here */
    settle(h);
    assert_string_equal(
        asked("SELECT group_concat((t / 1000000) || ': ' || n || ' ' || (us / 1000000)"
              " || ' ' || cast(area / 1e6 AS INTEGER), ', ') FROM (SELECT * FROM"
              " rollup ORDER BY t)"),
        "900: 3 15 15, 960: 1 0 0");
    /* without any weight it is the mean of the samples */
    assert_true(only_point(h, 980, 1079).mean == 5);
    history_close(h);
    minutes_are_right();
}

static void test_between_two_runs_is_a_gap(void **state) {
    (void)state;
    for (int run = 0; run < 2; run++) {
        struct history *h = open_quietly();
        int a = history_signal(h, "d", "a", "A", VB_RAW);
        history_put(h, a, (1000 + 10 * run) * S, 7);
        history_put(h, a, (1005 + 10 * run) * S, 7);
        history_put(h, history_signal(h, "e", "a", "A", VB_RAW), (1003 + 10 * run) * S, 7);
        settle(h);
        struct history_point out[21];
        if (run == 1) { /* 1000, 1005, gap, 1010, 1015 */
            assert_int_equal(query(h, 1000, 1020, 10, out), 5);
            assert_true(!out[1].gap && out[2].gap && !out[3].gap);
            assert_int_equal(
                history_query(h, "e", "a", 1000 * S, 1020 * S, 10, out, why, sizeof why), 3);
            assert_true(out[1].gap);
        }
        history_close(h);
    }
    assert_string_equal(asked("SELECT group_concat(device || ' ' || t, ', ') FROM gap"),
                        "1 1005000001, 2 1005000001");
    /* 5 s in each run, none between */
    assert_string_equal(asked("SELECT us FROM rollup WHERE signal = 1"), "10000000");
}

/* ---- files that are not as they should be ---- */

static void test_an_empty_file_is_begun(void **state) {
    (void)state;
    write_file(path, "", 0);
    history_close(open_quietly());
    assert_string_equal(asked("PRAGMA user_version"), "2");
}

static void test_a_file_that_is_no_database_is_moved_away(void **state) {
    (void)state;
    static const char text[] =
        "this is a shopping list, and a long one: "
        "milk, bread, butter, cheese, eggs, flour, sugar, salt, tea, coffee\n";
    for (int i = 1; i <= 2; i++) {
        write_file(path, text, sizeof text - 1);
        struct history *h = open_it();
        char moved[32];
        snprintf(moved, sizeof moved, ".damaged-%d", i);
        why_has(path);
        why_has("was damaged (file is not a database): moved to");
        why_has(moved);
        assert_true(exists(moved));
        history_close(h);
        history_close(open_quietly());
    }
    char command[300];
    snprintf(command, sizeof command, "printf '%s' | cmp -s - %s.damaged-1", text, path);
    assert_int_equal(system(command), 0);
}

static void fill(int samples) {
    struct history *h = open_it();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    for (int i = 0; i < samples; i++) {
        history_put(h, a, i * S, i);
    }
    history_close(h);
}

static void overwrite_the_middle(void) {
    char garbage[4096];
    memset(garbage, 0xA5, sizeof garbage);
    int fd = open(path, O_WRONLY);
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = 20 * 4096; at < size - 2 * 4096; at += 2 * 4096) {
        assert_int_equal(pwrite(fd, garbage, sizeof garbage, at), (ssize_t)sizeof garbage);
    }
    close(fd);
}

static void test_damage_after_a_run_that_was_not_ended_is_found_at_start(void **state) {
    (void)state;
    fill(20000);
    sql(path, "UPDATE run SET ended = NULL");
    overwrite_the_middle();
    struct history *h = open_it();
    why_has("was damaged (");
    why_has("moved to");
    assert_null(strchr(why, '\n'));
    history_put(h, history_signal(h, "d", "a", "V", VB_RAW), S, 1);
    assert_int_equal(settle(h).committed, 1);
    history_close(h);
    assert_true(exists(".damaged-1"));
}

static void test_damage_that_is_met_while_running_is_moved_away(void **state) {
    (void)state;
    fill(20000);
    overwrite_the_middle();
    struct history *h = open_quietly(); /* ended properly, so not checked */
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    for (int i = 0; i < 20000; i += 7) {
        history_put(h, a, i * S + 1000, i);
    }
    struct history_status s = settle(h);
    assert_int_equal(s.committed, 2858);
    assert_non_null(strstr(s.trouble, "was damaged ("));
    assert_true(exists(".damaged-1"));
    struct history_point out[11];
    assert_int_equal(query(h, 0, 20000, 5, out), 5);
    history_close(h);
    assert_string_equal(asked("SELECT count(*) FROM sample"), "2858");
    minutes_are_right();
}

static void test_damage_that_a_reader_meets_is_said(void **state) {
    (void)state;
    fill(20000);
    struct history *h = open_quietly();
    overwrite_the_middle();
    struct history_point out[5001];
    assert_int_equal(query(h, 0, 7200, 2500, out), -2);
    why_has("malformed");
    why_has("docs/history.md");
    history_close(h);
}

static void refused(const char *text) {
    assert_null(open_with((struct history_options){0}));
    why_has(path);
    why_has(text);
    assert_null(strchr(why, '\n'));
    assert_false(exists(".damaged-1"));
    assert_false(exists(".lock"));
}

static void test_the_database_of_another_program_is_left_alone(void **state) {
    (void)state;
    sql(path, "CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES('a')");
    refused("another program; give another path");
    sql(path, "PRAGMA application_id=0x47504B47"); /* GeoPackage */
    refused("another program");
    sql(path, "PRAGMA application_id=0x766F6C74; PRAGMA user_version=3");
    refused("version 3 of the file, this one knows 2");
    sql(path, "PRAGMA user_version=1"); /* before there was a release */
    refused("version 1 of the file, this one knows 2");
    sql(path, "PRAGMA user_version=2"); /* ours, they say, but it has none of our tables */
    refused("no such table");
    assert_string_equal(asked("SELECT name FROM customer"), "a");
    assert_string_equal(asked("PRAGMA journal_mode"), "wal");
}

static void test_places_that_are_no_place_are_named(void **state) {
    (void)state;
    assert_int_equal(mkdir(path, 0755), 0);
    assert_null(open_with((struct history_options){0}));
    why_has("is a folder");
    char file[256];
    snprintf(file, sizeof file, "%s/a/b/history.db", dir);
    assert_null(open_with((struct history_options){.path = file}));
    snprintf(file, sizeof file, "the folder %s/a does not exist; make it", dir);
    why_has(file);
    snprintf(file, sizeof file, "%s/file", dir);
    write_file(file, "x", 1);
    strcat(file, "/history.db");
    assert_null(open_with((struct history_options){.path = file}));
    why_has("/file is a file, not a folder");
    assert_null(open_with((struct history_options){.path = "/dev/null"}));
    why_has("no ordinary file");
    assert_null(open_with((struct history_options){.path = "/proc/history.db"}));
    why_has("cannot write in its folder");
    assert_null(open_with((struct history_options){.path = "/tmp/"}));
    assert_null(open_with((struct history_options){.path = ""}));
    why_has("names no file");
}

static void test_a_path_without_folder_is_here(void **state) {
    (void)state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(dir), 0);
    struct history *h = open_with((struct history_options){.path = "history.db"});
    assert_int_equal(chdir(before), 0); /* what is open does not care */
    assert_non_null(h);
    history_put(h, history_signal(h, "d", "a", "V", VB_RAW), S, 1);
    history_close(h);
    assert_string_equal(asked("SELECT v FROM sample"), "1");
}

/* Run something in a child; true if it says so, or kills itself. Root's child is nobody if as_nobody. */
static bool in_child(bool (*body)(void), bool as_nobody) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (as_nobody && getuid() == 0 && setuid(65534) != 0) {
            _exit(3);
        }
        _exit(body() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL;
}

static bool is_refused_for_reading_only(void) {
    struct history *h = open_with((struct history_options){0});
    bool good = !h && strstr(why, path) && strstr(why, "may only be read by this user");
    if (!good) {
        fprintf(stderr, "%s\n", why);
    }
    return good;
}

static bool is_refused_for_its_folder(void) {
    struct history *h = open_with((struct history_options){0});
    bool good = !h && strstr(why, "cannot write in its folder") && strstr(why, "Permission denied");
    if (!good) {
        fprintf(stderr, "%s\n", why);
    }
    return good;
}

static bool is_refused_for_reading_nothing(void) {
    struct history *h = open_with((struct history_options){0});
    bool good = !h && strstr(why, "cannot be opened for writing: Permission denied");
    if (!good) {
        fprintf(stderr, "%s\n", why);
    }
    return good;
}

static void test_rights_that_are_missing_are_named(void **state) {
    (void)state;
    fill(10);
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(chmod(path, 0444), 0);
    assert_true(in_child(is_refused_for_reading_only, true));
    assert_int_equal(chmod(path, 0000), 0);
    assert_true(in_child(is_refused_for_reading_nothing, true));
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(chmod(dir, 0555), 0);
    assert_true(in_child(is_refused_for_its_folder, true));
    assert_int_equal(chmod(dir, 0755), 0);
}

static void test_a_second_writer_is_told_who_has_it(void **state) {
    (void)state;
    struct history *h = open_quietly();
    assert_null(open_with((struct history_options){0}));
    char text[64];
    snprintf(text, sizeof text, "another voltbus (process %ld) writes this file", (long)getpid());
    why_has(text);
    /* by another name too */
    char link[200];
    snprintf(link, sizeof link, "%s/link.db", dir);
    assert_int_equal(symlink(path, link), 0);
    assert_null(open_with((struct history_options){.path = link}));
    why_has(text);
    history_close(h);
    history_close(open_quietly());
}

/* ---- trouble while it runs ---- */

static void test_a_lock_of_another_program_is_waited_for(void **state) {
    (void)state;
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    sqlite3 *db = shell(path);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    int kept = 0;
    for (int i = 0; i < RING + 1000; i++) {
        kept += history_put(h, a, i * S, i);
    }
    assert_int_equal(kept, RING);
    assert_true(trouble_becomes(h, "another program has locked it"));
    sqlite3_close(db);
    struct history_status s = settle(h);
    assert_int_equal(s.dropped, 1000);
    assert_int_equal(s.committed, RING);
    assert_true(trouble_becomes(h, "1000 samples dropped so far, because the disk could not take"));
    history_close(h);
    assert_string_equal(asked("SELECT count(*) || ' ' || max(v) FROM sample"), "262144 262143");
}

static void test_a_file_that_is_removed_or_replaced_is_begun_anew(void **state) {
    (void)state;
    char away[200];
    snprintf(away, sizeof away, "%s/away.db", dir);
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    history_put(h, a, S, 1);
    settle(h);
    struct history_point out[5];
    assert_int_equal(query(h, 0, 10, 2, out), 1);
    assert_int_equal(unlink(path), 0);
    history_put(h, a, 2 * S, 2);
    settle(h);
    assert_true(trouble_becomes(h, "was removed or replaced"));
    assert_int_equal(query(h, 0, 10, 2, out), 1); /* the new file */
    assert_true(out[0].mean == 2);
    assert_string_equal(asked("SELECT group_concat(v) FROM sample"), "2");

    /* somebody else's database in its place: nothing is written there */
    assert_int_equal(rename(path, away), 0);
    sql(path, "CREATE TABLE customer(name TEXT)");
    history_put(h, a, 3 * S, 3);
    assert_true(trouble_becomes(h, "another program; give another path"));
    assert_int_equal(query(h, 0, 10, 2, out), -2);
    assert_string_equal(asked("SELECT group_concat(name) FROM sqlite_schema"), "customer");
    assert_int_equal(unlink(path), 0);
    settle(h); /* what waited comes into the next one */
    assert_string_equal(asked("SELECT group_concat(v) FROM sample"), "3");
    history_close(h);
    assert_false(exists(".damaged-1"));
}

static void test_a_folder_that_goes_away_and_comes_back(void **state) {
    (void)state;
    char away[128];
    snprintf(away, sizeof away, "%s-away", dir);
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    history_put(h, a, S, 1);
    settle(h);
    assert_int_equal(rename(dir, away), 0);
    history_put(h, a, 2 * S, 2);
    assert_true(trouble_becomes(h, "cannot be opened for writing: No such file"));
    assert_int_equal(rename(away, dir), 0);
    assert_int_equal(settle(h).committed, 2);
    history_close(h);
    assert_string_equal(asked("SELECT group_concat(v) FROM sample"), "1,2");
}

#define CHECK(x)                                                                                   \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "line %d: %s\n", __LINE__, #x);                                        \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

/* No file of this process may grow beyond so many bytes: a full disk for those who only write one. */
static void let_files_grow_to(rlim_t bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static bool gets_over_a_full_disk(void) {
    signal(SIGXFSZ, SIG_IGN);
    let_files_grow_to(512 * 1024);
    struct history *h = open_with((struct history_options){0});
    CHECK(h);
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    int n = 0;
    for (; n < 200000; n++) {
        CHECK(history_put(h, a, n * S, n));
    }
    CHECK(trouble_becomes(h, "disk full: "));
    struct history_status s;
    history_status(h, &s);
    CHECK(strstr(s.trouble, path) && strstr(s.trouble, "free some space, then lower keep"));
    CHECK(s.dropped == 0); /* they wait in memory */
    while (history_put(h, a, n * S, n)) {
        n++;
    }
    struct history_point out[21];
    CHECK(query(h, 0, 10000, 10, out) >= 0); /* reading goes on */
    let_files_grow_to(RLIM_INFINITY);
    for (int i = 0; i < 6000 && s.committed < (uint64_t)n; i++) {
        history_status(h, &s);
        wait_ms(10);
    }
    CHECK(s.committed == (uint64_t)n && s.dropped == 1);
    CHECK(!strstr(s.trouble, "disk full"));
    history_close(h);
    return true;
}

static void test_a_full_disk_is_said_and_got_over(void **state) {
    (void)state;
    assert_true(in_child(gets_over_a_full_disk, false));
    assert_string_equal(asked("SELECT count(*) - max(v) FROM sample"), "1");
    assert_string_equal(asked("PRAGMA integrity_check"), "ok");
    minutes_are_right();
}

static bool closes_with_a_full_disk(void) {
    signal(SIGXFSZ, SIG_IGN);
    let_files_grow_to(256 * 1024);
    struct history *h = open_with((struct history_options){.commit_ms = 100000});
    CHECK(h);
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    for (int n = 0; n < 200000; n++) {
        CHECK(history_put(h, a, n * S, n));
    }
    CHECK(history_close(h) == 200000);
    return true;
}

static void test_a_full_disk_does_not_keep_it_from_ending(void **state) {
    (void)state;
    assert_true(in_child(closes_with_a_full_disk, false));
    assert_string_equal(asked("PRAGMA integrity_check"), "ok");
    assert_true(exists(".lock")); /* it says for the next run that there was trouble */
    struct history *h = open_it();
    why_has("the last run could not write its last samples: those after 20"); /* since it began */
    why_has(" UTC are missing");
    assert_null(strstr(why, "up to"));
    assert_int_equal(history_close(h), 0);
    assert_false(exists(".lock"));
    history_close(open_quietly()); /* said once */
    minutes_are_right();
}

static bool is_killed_with_a_full_disk(void) {
    signal(SIGXFSZ, SIG_IGN);
    let_files_grow_to(512 * 1024);
    struct history *h = open_with((struct history_options){0});
    CHECK(h);
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    CHECK(history_put(h, a, INT64_C(1795270922) * S, 0));
    settle(h);
    for (int n = 1; n < 200000; n++) {
        CHECK(history_put(h, a, (INT64_C(1795270922) + n) * S, n));
    }
    CHECK(trouble_becomes(h, "disk full: "));
    wait_ms(50);
    return raise(SIGKILL) != 0;
}

static void test_killed_in_trouble_more_is_missing_than_a_commit(void **state) {
    (void)state;
    assert_true(in_child(is_killed_with_a_full_disk, false));
    struct history *h = open_it();
    char expected
        [200]; /* the last that got into the file: the first one, or more on a busy computer */
    snprintf(expected, sizeof expected,
             "the last run could not write its last samples: those after %s UTC are missing",
             asked("SELECT datetime(max(t) / 1000000, 'unixepoch') FROM sample"));
    assert_non_null(strstr(expected, "those after 2026-11-2"));
    why_has(expected);
    history_close(h);
}

/* ---- retention ---- */

static int64_t clock_s(void) {
    return (int64_t)time(NULL);
}

static void test_what_is_older_than_keep_goes_at_start(void **state) {
    (void)state;
    int64_t now = clock_s();
    struct history *h = open_quietly();
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    int b = history_signal(h, "d", "b", "V", VB_RAW);
    for (int i = 0; i < 20000; i++) {
        history_put(h, a, (now - i) * S, i);
        history_put(h, b, (now - i * 10) * S, i);
    }
    history_put(h, a, (now + 86400) * S, 1); /* from the future: stays */
    history_gap(h, "d", (now - 10000) * S);
    history_gap(h, "d", (now - 1000) * S);
    history_control(h, (now - 10000) * S, "page", "d", "c", "", "1", "done");
    history_control(h, (now - 100000) * S, "page", "d", "c", "", "2", "done");
    history_close(h);
    h = open_with((struct history_options){.keep_ms = 3600000});
    for (int i = 0; i < 500 && strcmp(asked("SELECT count(*) FROM control_log"), "1") != 0; i++) {
        wait_ms(10);
    }
    history_close(h);
    char count[400];
    snprintf(count, sizeof count,
             "SELECT sum(t < %lld) || ' ' || sum(t BETWEEN %lld AND %lld AND signal = 1) || ' ' ||"
             " sum(t > %lld) FROM sample",
             (long long)(now - 3600 - 60 - 10) * 1000000, (long long)(now - 3600) * 1000000,
             (long long)now * 1000000, (long long)now * 1000000);
    assert_string_equal(asked(count), "0 3601 1");
    /* one is kept, one is between the two runs */
    assert_string_equal(asked("SELECT count(*) FROM gap"), "2");
    assert_string_equal(asked("SELECT new FROM control_log"), "1");
    assert_string_equal(asked("PRAGMA integrity_check"), "ok");
    minutes_are_right();
}

static void test_a_file_that_is_too_large_loses_its_oldest(void **state) {
    (void)state;
    struct history *h = open_with((struct history_options){.keep_bytes = 1 << 20});
    int signals[10];
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        signals[i] = history_signal(h, "d", name, "V", VB_RAW);
    }
    history_put(h, signals[0], INT64_MAX, 0);      /* a wrong clock must not cost the others */
    for (int64_t round = 0; round < 20; round++) { /* 200,000 samples, 4 MB or more */
        for (int64_t i = round * 1000; i < (round + 1) * 1000; i++) {
            for (int k = 0; k < 10; k++) {
                history_put(h, signals[k], (1000000 + i) * S, i * 1000);
            }
        }
        settle(h);
    }
    for (int i = 0;
         i < 500 && strcmp(asked("SELECT page_count <= 256 FROM pragma_page_count"), "1"); i++) {
        wait_ms(20);
    }
    history_control(h, S, "page", "d", "c", "", "2", "done");
    history_close(h);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_in_range(st.st_size, 512 * 1024, 1 << 20);
    assert_string_equal(asked("SELECT max(v) || ' ' || count(DISTINCT signal) FROM sample"),
                        "19999000 10");
    /* what is left of each is its end, without holes, within a slice of time of the others */
    assert_string_equal(asked("SELECT max(m) - min(m) < 86400000000 FROM (SELECT min(t) AS m FROM"
                              " sample GROUP BY signal)"),
                        "1");
    assert_string_equal(asked("SELECT count(*) FROM (SELECT count(*) - (max(t) - min(t)) / 1000000"
                              " AS d FROM sample WHERE t < 2000000000000 GROUP BY signal)"
                              " WHERE d <> 1"),
                        "0");
    assert_string_equal(asked("SELECT count(*) FROM control_log"), "1");
    assert_string_equal(asked("PRAGMA integrity_check"), "ok");
}

/* ---- kill -9 ---- */

static int report_fd;

/* Writes numbers without end and reports how many of them are committed. */
static bool writes_until_killed(void) {
    struct history *h = open_with((struct history_options){.commit_ms = 3});
    CHECK(h);
    int a = history_signal(h, "d", "a", "V", VB_RAW);
    int64_t base = strtoll(asked("SELECT count(*) FROM sample"), NULL, 10);
    uint64_t said = 0;
    for (int64_t i = 0;; i++) {
        while (!history_put(h, a, (base + i) * S / 100, base + i)) {
            wait_ms(1);
        }
        struct history_status s;
        if (i % 50 == 0) {
            history_status(h, &s);
            int64_t sum = base + (int64_t)s.committed;
            if (s.committed != said && write(report_fd, &sum, sizeof sum) != sizeof sum) {
                return false;
            }
            said = s.committed;
        }
    }
}

static void test_what_was_committed_outlives_kill_9(void **state) {
    (void)state;
    const char *text = getenv("VOLTBUS_LONG");
    int rounds = 10 * (text ? atoi(text) : 1);
    srand(4711);
    for (int round = 0; round < rounds; round++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            close(pipes[0]);
            report_fd = pipes[1];
            writes_until_killed();
            _exit(1);
        }
        close(pipes[1]);
        int64_t reported = 0;
        int64_t next;
        assert_int_equal(read(pipes[0], &next, sizeof next), sizeof next);
        wait_ms(rand() % 60);
        kill(pid, SIGKILL);
        do { /* what it said before it died counts */
            reported = next;
        } while (read(pipes[0], &next, sizeof next) == sizeof next);
        close(pipes[0]);
        int status;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));

        struct history *h = open_it();
        why_has("the last run was not ended: up to 0.01 s of samples is missing after 1970-01-0");
        history_close(h);
        char sum[200];
        snprintf(sum, sizeof sum,
                 "SELECT count(*) >= %lld AND count(*) = max(v) + 1 AND min(v) = 0"
                 " AND max(t) = max(v) * 10000 FROM sample",
                 (long long)reported);
        assert_string_equal(asked(sum), "1");
    }
    assert_string_equal(asked("PRAGMA integrity_check"), "ok");
    minutes_are_right();
    history_close(open_quietly());
}

#define HISTORY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        HISTORY_TEST(test_a_new_file_is_ours_and_ends_properly),
        HISTORY_TEST(test_samples_are_kept_exactly_and_read_by_others),
        HISTORY_TEST(test_close_commits_what_is_left),
        HISTORY_TEST(test_a_count_commits_before_the_time),
        HISTORY_TEST(test_of_two_samples_at_one_time_the_first_stays),
        HISTORY_TEST(test_times_go_anywhere_and_values_to_the_ends_of_64_bits),
        HISTORY_TEST(test_backward_times_are_put_in_order),
        HISTORY_TEST(test_five_thousand_signals_with_names_in_any_script),
        HISTORY_TEST(test_a_restart_goes_on_in_the_same_minute),
        HISTORY_TEST(test_a_temporary_file_goes_with_the_run),
        HISTORY_TEST(test_few_samples_are_points_of_their_own),
        HISTORY_TEST(test_many_samples_are_stretches),
        HISTORY_TEST(test_wide_spans_are_whole_minutes),
        HISTORY_TEST(test_very_many_samples_in_a_narrow_span_are_read_by_minute),
        HISTORY_TEST(test_gaps_stand_where_nothing_was_heard),
        HISTORY_TEST(test_slow_signals_have_no_gaps_between_their_samples),
        HISTORY_TEST(test_a_signal_whose_ratio_changed_is_one_line),
        HISTORY_TEST(test_a_second_of_ten_ampere_in_a_minute_is_a_sixth_of_one),
        HISTORY_TEST(test_a_value_is_held_across_minutes_and_commits),
        HISTORY_TEST(test_a_gap_ends_what_a_value_held),
        HISTORY_TEST(test_a_curve_begins_where_it_is_asked_for),
        HISTORY_TEST(test_narrow_and_wide_questions_agree),
        HISTORY_TEST(test_times_that_go_back_hold_for_no_time_before_them),
        HISTORY_TEST(test_between_two_runs_is_a_gap),
        HISTORY_TEST(test_an_empty_file_is_begun),
        HISTORY_TEST(test_a_file_that_is_no_database_is_moved_away),
        HISTORY_TEST(test_damage_after_a_run_that_was_not_ended_is_found_at_start),
        HISTORY_TEST(test_damage_that_is_met_while_running_is_moved_away),
        HISTORY_TEST(test_damage_that_a_reader_meets_is_said),
        HISTORY_TEST(test_the_database_of_another_program_is_left_alone),
        HISTORY_TEST(test_places_that_are_no_place_are_named),
        HISTORY_TEST(test_a_path_without_folder_is_here),
        HISTORY_TEST(test_rights_that_are_missing_are_named),
        HISTORY_TEST(test_a_second_writer_is_told_who_has_it),
        HISTORY_TEST(test_a_lock_of_another_program_is_waited_for),
        HISTORY_TEST(test_a_file_that_is_removed_or_replaced_is_begun_anew),
        HISTORY_TEST(test_a_folder_that_goes_away_and_comes_back),
        HISTORY_TEST(test_a_full_disk_is_said_and_got_over),
        HISTORY_TEST(test_a_full_disk_does_not_keep_it_from_ending),
        HISTORY_TEST(test_killed_in_trouble_more_is_missing_than_a_commit),
        HISTORY_TEST(test_what_is_older_than_keep_goes_at_start),
        HISTORY_TEST(test_a_file_that_is_too_large_loses_its_oldest),
        HISTORY_TEST(test_what_was_committed_outlives_kill_9),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
