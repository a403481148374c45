/* test_spool.c - the file that is written beside the loop: full pipes, full disks, readers that go,
 * rotation, what was there before. Records are counted lines, so that a lost or broken one shows.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/out/spool.h"
#include "voltbus/err.h"

static char folder[64];
static char path[128];
static char said[4096]; /* what spool_close said */

static int set_up(void **state) {
    (void)state;
    strcpy(folder, "/tmp/test_spool.XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/events.log", folder);
    said[0] = '\0';
    return 0;
}

static int tear_down(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static void hear(void *context, const char *text) {
    (void)context;
    strcat(strcat(said, text), "\n");
}

static struct spool *opened(struct spool_options options) {
    char why[300] = "";
    struct spool *s = spool_open(&options, why, sizeof why);
    if (!s) {
        print_error("%s\n", why);
    }
    assert_non_null(s);
    return s;
}

static bool put(struct spool *s, const char *text) {
    return spool_put(s, SPOOL_NEXT, text, strlen(text));
}

/* What is in a file; NULL if it is not there. */
static const char *content(const char *suffix) {
    static char text[20000];
    char name[160];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *file = fopen(name, "r");
    if (!file) {
        return NULL;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void write_file(const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Wait, 60 s at most, for a text of the spool that has a part. */
static void expect_news(struct spool *s, const char *part) {
    char text[SPOOL_NEWS] = "";
    for (int64_t until = now_ms() + 60000; now_ms() < until; sleep_ms(5)) {
        if (spool_news(s, text)) {
            if (!strstr(text, part)) {
                print_error("said: %s\nexpected: %s\n", text, part);
            }
            assert_non_null(strstr(text, part));
            return;
        }
    }
    print_error("nothing was said, expected: %s\n", part);
    fail();
}

/* ---- what is in the file ---- */

static void test_records_stand_in_the_file_in_order_after_closing(void **state) {
    (void)state;
    struct spool *s = opened((struct spool_options){.path = path});
    assert_true(spool_fresh(s));
    assert_true(put(s, "one\n"));
    assert_true(put(s, "two\n"));
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "one\ntwo\n");
    assert_string_equal(said, "");
}

static void test_a_record_is_in_the_file_soon_though_no_other_follows(void **state) {
    (void)state;
    struct spool *s = opened((struct spool_options){.path = path});
    put(s, "one\n");
    int64_t before = now_ms();
    while (content("")[0] == '\0' && now_ms() - before < 20000) {
        sleep_ms(5);
    }
    assert_string_equal(content(""), "one\n"); /* after 50 ms, on a machine that has time */
    spool_close(s, hear, NULL);
}

static void test_a_file_that_is_there_is_gone_on_with(void **state) {
    (void)state;
    write_file("before\n");
    struct spool *s = opened((struct spool_options){.path = path});
    assert_false(spool_fresh(s));
    put(s, "after\n");
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "before\nafter\n");
}

static void test_a_line_that_was_cut_off_gets_its_line_end(void **state) {
    (void)state;
    write_file("before\nhal");
    struct spool *s = opened((struct spool_options){.path = path});
    put(s, "after\n");
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "before\nhal\nafter\n");
}

static int cut_off(int fd, int64_t size) {
    (void)fd;
    (void)size;
    return VB_E_CHECK;
}

static int other_kind(int fd, int64_t size) {
    (void)fd;
    (void)size;
    return VB_E_FORMAT;
}

static void test_a_file_whose_last_record_is_cut_off_is_set_aside(void **state) {
    (void)state;
    write_file("half a rec");
    struct spool *s = opened((struct spool_options){.path = path, .ending = cut_off});
    assert_true(spool_fresh(s));
    expect_news(s, "events.log: its last record is cut off: it now has .damaged-1");
    put(s, "whole\n");
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "whole\n");
    assert_string_equal(content(".damaged-1"), "half a rec");
}

static void test_a_file_of_another_kind_is_not_touched(void **state) {
    (void)state;
    char why[300];
    write_file("my diary");
    assert_null(
        spool_open(&(struct spool_options){.path = path, .ending = other_kind}, why, sizeof why));
    assert_non_null(strstr(why, "events.log: there is a file of another kind"));
    assert_string_equal(content(""), "my diary");
}

static void test_a_folder_that_is_not_there_is_an_error_at_once(void **state) {
    (void)state;
    char why[300];
    assert_null(spool_open(&(struct spool_options){.path = "/nowhere/x.log"}, why, sizeof why));
    assert_string_equal(why, "/nowhere/x.log: No such file or directory");
}

static void test_a_million_records_arrive_whole_and_in_order(void **state) {
    (void)state;
    enum { RECORDS = 1000000 };
    uint32_t random = 1;
    struct spool *s = opened((struct spool_options){.path = path});
    for (unsigned i = 0; i < RECORDS; i++) {
        char line[128];
        random = random * 1664525u + 1013904223u;
        int n = snprintf(line, sizeof line, "%u %.*s\n", i, (int)(random >> 26),
                         "0123456789012345678901234567890123456789012345678901234567890123");
        while (spool_busy(s)) {
            sleep_ms(1);
        }
        assert_true(spool_put(s, SPOOL_NEXT, line, (size_t)n));
    }
    spool_close(s, hear, NULL);
    assert_string_equal(said, "");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[128];
    random = 1;
    for (unsigned i = 0; i < RECORDS; i++) {
        char *end;
        random = random * 1664525u + 1013904223u;
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(strtoul(line, &end, 10), i);
        assert_int_equal(strlen(end), 2 + (random >> 26));
    }
    assert_null(fgets(line, sizeof line, file));
    fclose(file);
}

static void test_a_record_that_is_too_long_is_lost_and_counted(void **state) {
    (void)state;
    static char big[SPOOL_RECORD_MAX + 1];
    struct spool_status status;
    struct spool *s = opened((struct spool_options){.path = path});
    memset(big, 'x', sizeof big);
    assert_false(spool_put(s, SPOOL_NEXT, big, sizeof big));
    assert_true(spool_put(s, SPOOL_NEXT, big, sizeof big - 1));
    spool_status(s, &status);
    assert_int_equal(status.lost, 1);
    assert_int_equal(status.put, 1);
    spool_close(s, hear, NULL);
}

/* ---- pipes ---- */

/* Read counted lines from fd until its end. Returns how many; numbers may be left out, never come
 * twice or broken. */
static unsigned read_lines(int fd, unsigned *gaps) {
    FILE *file = fdopen(fd, "r");
    char line[64];
    unsigned count = 0;
    long last = -1;
    *gaps = 0;
    while (fgets(line, sizeof line, file)) {
        char *end;
        long number = strtol(line, &end, 10);
        assert_string_equal(end, " and so on\n");
        assert_true(number > last);
        *gaps += number != last + 1;
        last = number;
        count++;
    }
    fclose(file);
    return count;
}

static bool put_number(struct spool *s, unsigned number) {
    char line[64];
    return spool_put(s, SPOOL_NEXT, line,
                     (size_t)snprintf(line, sizeof line, "%u and so on\n", number));
}

static void
test_a_stopped_reader_never_holds_up_the_caller_and_whole_records_are_lost(void **state) {
    (void)state;
    int ends[2];
    unsigned taken = 0;
    unsigned gaps;
    struct spool_status status;
    assert_int_equal(pipe(ends), 0);
    struct spool *s = opened(
        (struct spool_options){.fd = ends[1], .name = "standard output", .ring = 128 * 1024});
    int64_t longest = 0;
    for (unsigned i = 0; i < 20000; i++) { /* 400 kB: much more than ring and pipe hold */
        if (i == 10000) {
            sleep_ms(200); /* the pipe is full now */
        }
        int64_t before = now_ms();
        taken += put_number(s, i);
        longest = now_ms() - before > longest ? now_ms() - before : longest;
    }
    assert_true(longest < 10000); /* others may have the processor; nobody waits for the reader */
    spool_status(s, &status);
    assert_int_equal(status.put, taken);
    assert_int_equal(status.lost, 20000 - taken);
    assert_true(status.lost > 0);
    assert_true(spool_busy(s));

    /* nothing is said of the first second; then how many, once */
    char text[SPOOL_NEWS];
    assert_false(spool_news(s, text));
    sleep_ms(1010);
    put_number(s, 20000);
    put_number(s, 20001);
    char expected[100];
    snprintf(expected, sizeof expected,
             "standard output: the reader has stopped: %u records lost so far", 20000 - taken + 1);
    assert_true(spool_news(s, text));
    assert_string_equal(text, expected);
    assert_false(spool_news(s, text));

    /* the reader goes on: all that was taken arrives; then it is said that it is over */
    char buffer[4096];
    unsigned lines = 0;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    for (int64_t until = now_ms() + 5000; lines < taken && now_ms() < until;) {
        ssize_t n = read(ends[0], buffer, sizeof buffer);
        for (ssize_t i = 0; i < n; i++) {
            lines += buffer[i] == '\n';
        }
    }
    assert_int_equal(lines, taken);
    snprintf(expected, sizeof expected, "standard output: written again: %u records were lost",
             20000 - taken + 2);
    expect_news(s, expected);
    fcntl(ends[0], F_SETFL, 0);
    assert_true(put_number(s, 20002));
    spool_close(s, hear, NULL);
    close(ends[1]);
    assert_int_equal(read_lines(ends[0], &gaps), 1);
    assert_string_equal(said, "");
}

static void test_lines_before_and_behind_a_loss_are_whole(void **state) {
    (void)state;
    int ends[2];
    unsigned taken = 0;
    unsigned gaps;
    assert_int_equal(pipe(ends), 0);
    pid_t reader = fork();
    if (reader == 0) { /* reads late, and checks */
        close(ends[1]);
        sleep_ms(300);
        read_lines(ends[0], &gaps);
        _exit(gaps > 0 ? 0 : 1);
    }
    close(ends[0]);
    struct spool *s = opened((struct spool_options){.fd = ends[1], .ring = 64 * 1024});
    for (unsigned i = 0; i < 20000; i++) {
        taken += put_number(s, i);
        if (i % 50 == 0) {
            sleep_ms(1);
        }
    }
    assert_true(taken < 20000);
    sleep_ms(300);
    put_number(s, 20000);
    spool_close(s, hear, NULL);
    close(ends[1]);
    int status;
    waitpid(reader, &status, 0);
    assert_int_equal(status, 0);
}

static void
test_closing_waits_two_seconds_for_a_stopped_reader_and_says_what_is_left(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct spool *s = opened((struct spool_options){.fd = ends[1], .name = "standard output"});
    for (unsigned i = 0; i < 10000; i++) { /* 180 kB; a pipe holds 64 */
        assert_true(put_number(s, i));
    }
    int64_t before = now_ms();
    spool_close(s, hear, NULL);
    assert_in_range(now_ms() - before, 1900, 6000);
    assert_non_null(strstr(said, "standard output: the reader has stopped: the last "));
    assert_non_null(strstr(said, " records are not written\n"));
    unsigned gaps;
    close(ends[1]);
    unsigned count = read_lines(ends[0], &gaps); /* whole ones, and none of the middle is missing */
    assert_in_range(count, 1000, 9999);
    assert_int_equal(gaps, 0);
}

static void test_a_reader_that_goes_ends_the_output_with_one_message(void **state) {
    (void)state;
    int ends[2];
    struct spool_status status;
    assert_int_equal(pipe(ends), 0);
    struct spool *s = opened((struct spool_options){.fd = ends[1], .name = "standard output"});
    close(ends[0]);
    assert_true(put_number(s, 1));
    expect_news(s, "standard output: the reader is gone: this output has ended");
    assert_false(put_number(s, 2));
    spool_status(s, &status);
    assert_true(status.gone);
    assert_int_equal(status.lost, 0);
    spool_close(s, hear, NULL);
    assert_string_equal(said, "");
    close(ends[1]);
}

static void test_a_named_pipe_that_nobody_reads_is_an_error_and_no_wait(void **state) {
    (void)state;
    char why[300];
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(spool_open(&(struct spool_options){.path = path}, why, sizeof why));
    assert_non_null(strstr(why, "events.log: nobody reads this pipe: start the reader first"));
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    struct spool *s = opened((struct spool_options){.path = path});
    put(s, "one\n");
    spool_close(s, hear, NULL);
    char text[8] = "";
    assert_int_equal(read(reader, text, sizeof text), 4);
    assert_string_equal(text, "one\n");
    close(reader);
    assert_null(spool_open(&(struct spool_options){.path = "/dev/null", .rotate_bytes = 1000}, why,
                           sizeof why));
    assert_string_equal(why, "/dev/null: only a file can be rotated");
}

/* ---- full disks ---- */

/* The limit of the size of files stands for the disk: a write beyond it is partial, then fails. */
static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_on_a_full_disk_the_file_ends_with_a_whole_record_and_goes_on_later(void **state) {
    (void)state;
    struct spool_status status;
    struct spool *s = opened((struct spool_options){.path = path, .retry_ms = 50});
    limit_files(10);
    put(s, "12345\n");
    put(s, "67890\n"); /* four bytes of it fit */
    expect_news(s, "events.log: the file may not become larger: make room, or let rotate_size and "
                   "keep_files keep it small; tried again every 0.05 s");
    assert_string_equal(content(""), "12345\n");
    spool_status(s, &status);
    assert_true(status.trouble);
    sleep_ms(150); /* some tries */
    char text[SPOOL_NEWS];
    assert_false(spool_news(s, text)); /* which are not talked about */
    limit_files(RLIM_INFINITY);
    expect_news(s, "events.log: written again: nothing was lost");
    assert_string_equal(content(""), "12345\n67890\n");
    put(s, "abcde\n");
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "12345\n67890\nabcde\n");
    assert_string_equal(said, "");
}

static void test_what_a_full_disk_costs_is_counted(void **state) {
    (void)state;
    unsigned taken = 0;
    unsigned gaps;
    struct spool *s =
        opened((struct spool_options){.path = path, .retry_ms = 20, .ring = 64 * 1024});
    limit_files(1000);
    for (unsigned i = 0; i < 10000; i++) {
        taken += put_number(s, i);
    }
    assert_true(taken < 10000);
    expect_news(s, "the file may not become larger");
    sleep_ms(1010);
    assert_false(put_number(s, 10000));
    expect_news(s, "events.log: it cannot be written: ");
    limit_files(RLIM_INFINITY);
    char expected[100];
    snprintf(expected, sizeof expected, "events.log: written again: %u records were lost",
             10001 - taken);
    expect_news(s, expected);
    assert_true(put_number(s, 10001));
    spool_close(s, hear, NULL);
    assert_int_equal(read_lines(open(path, O_RDONLY), &gaps), taken + 1);
    assert_in_range(gaps, 1, 3);
}

static void test_closing_on_a_full_disk_says_what_is_not_written(void **state) {
    (void)state;
    struct spool *s = opened((struct spool_options){.path = path});
    limit_files(10);
    put(s, "12345\n");
    put(s, "67890\n");
    put(s, "abcde\n");
    int64_t before = now_ms();
    spool_close(s, hear, NULL);
    limit_files(RLIM_INFINITY);
    assert_true(now_ms() - before < 1900); /* no sense in waiting */
    assert_string_equal(content(""), "12345\n");
    assert_non_null(strstr(said, "it cannot be written: the last 2 records are not written\n"));
}

/* ---- rotation ---- */

static void put_or_turn(struct spool *s, const char *text) {
    char record[64];
    bool due = spool_due(s, strlen(text));
    int n = snprintf(record, sizeof record, "%s%s", due ? "head\n" : "", text);
    assert_true(spool_put(s, due ? SPOOL_NEW_FILE : SPOOL_NEXT, record, (size_t)n));
}

static void test_a_new_file_begins_before_the_old_one_is_too_large(void **state) {
    (void)state;
    struct spool *s =
        opened((struct spool_options){.path = path, .rotate_bytes = 15, .keep_files = 2});
    put_or_turn(s, "head\n11111\n"); /* 11 bytes */
    put_or_turn(s, "222\n");         /* 15: just fits */
    put_or_turn(s, "33333\n");
    put_or_turn(s, "44444\n");
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "head\n44444\n");
    assert_string_equal(content(".1"), "head\n33333\n");
    assert_string_equal(content(".2"), "head\n11111\n222\n");
    assert_null(content(".3"));
}

static void test_of_older_files_only_so_many_are_kept(void **state) {
    (void)state;
    struct spool *s =
        opened((struct spool_options){.path = path, .rotate_bytes = 12, .keep_files = 2});
    for (int i = 0; i < 6; i++) {
        char text[64];
        snprintf(text, sizeof text, "%d%d%d%d\n", i, i, i, i);
        put_or_turn(s, text);
    }
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "head\n5555\n");
    assert_string_equal(content(".1"), "head\n4444\n");
    assert_string_equal(content(".2"), "head\n3333\n");
    assert_null(content(".3"));
}

static void test_the_size_of_a_file_that_was_there_counts(void **state) {
    (void)state;
    write_file("1234567890\n");
    struct spool *s =
        opened((struct spool_options){.path = path, .rotate_bytes = 12, .keep_files = 1});
    put_or_turn(s, "new\n");
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "head\nnew\n");
    assert_string_equal(content(".1"), "1234567890\n");
}

static void test_a_new_file_begins_when_the_old_one_is_old(void **state) {
    (void)state;
    struct spool *s =
        opened((struct spool_options){.path = path, .rotate_ms = 500, .keep_files = 1});
    put_or_turn(s, "one\n");
    put_or_turn(s, "two\n");
    sleep_ms(520);
    put_or_turn(s, "three\n");
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "head\nthree\n");
    assert_string_equal(content(".1"), "one\ntwo\n");
}

static void test_rotation_on_a_full_disk_goes_on_when_there_is_room(void **state) {
    (void)state;
    struct spool *s = opened(
        (struct spool_options){.path = path, .rotate_bytes = 12, .keep_files = 1, .retry_ms = 20});
    put_or_turn(s, "1111111\n");
    sleep_ms(100); /* written */
    chmod(folder, 0500);
    bool root = access(folder, W_OK) == 0; /* who may do everything cannot test this */
    put_or_turn(s, "2222222\n");
    if (!root) {
        expect_news(s, "events.log: Permission denied: tried again every 0.02 s");
    }
    chmod(folder, 0700);
    if (!root) {
        expect_news(s, "events.log: written again: nothing was lost");
    }
    spool_close(s, hear, NULL);
    assert_string_equal(content(""), "head\n2222222\n");
    assert_string_equal(content(".1"), "1111111\n");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_records_stand_in_the_file_in_order_after_closing),
        TEST(test_a_record_is_in_the_file_soon_though_no_other_follows),
        TEST(test_a_file_that_is_there_is_gone_on_with),
        TEST(test_a_line_that_was_cut_off_gets_its_line_end),
        TEST(test_a_file_whose_last_record_is_cut_off_is_set_aside),
        TEST(test_a_file_of_another_kind_is_not_touched),
        TEST(test_a_folder_that_is_not_there_is_an_error_at_once),
        TEST(test_a_million_records_arrive_whole_and_in_order),
        TEST(test_a_record_that_is_too_long_is_lost_and_counted),
        TEST(test_a_stopped_reader_never_holds_up_the_caller_and_whole_records_are_lost),
        TEST(test_lines_before_and_behind_a_loss_are_whole),
        TEST(test_closing_waits_two_seconds_for_a_stopped_reader_and_says_what_is_left),
        TEST(test_a_reader_that_goes_ends_the_output_with_one_message),
        TEST(test_a_named_pipe_that_nobody_reads_is_an_error_and_no_wait),
        TEST(test_on_a_full_disk_the_file_ends_with_a_whole_record_and_goes_on_later),
        TEST(test_what_a_full_disk_costs_is_counted),
        TEST(test_closing_on_a_full_disk_says_what_is_not_written),
        TEST(test_a_new_file_begins_before_the_old_one_is_too_large),
        TEST(test_of_older_files_only_so_many_are_kept),
        TEST(test_the_size_of_a_file_that_was_there_counts),
        TEST(test_a_new_file_begins_when_the_old_one_is_old),
        TEST(test_rotation_on_a_full_disk_goes_on_when_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
