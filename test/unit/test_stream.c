/* test_stream.c - text, json and csv in the gateway: what the file begins with, rotation, what is
 * there already, standard output.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>

#include "live.h"
#include "voltbus/device.h"

static struct view view;

/* The voltage frame of the battery sensor on LIN, as the hub hands it on. */
static void see(int64_t t_ns) {
    static const uint8_t bytes[] = {0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A};
    struct vb_frame frame = {
        .t_ns = t_ns, .kind = VB_KIND_LIN, .id = 0x22, .len = sizeof bytes, .data = bytes};
    struct seen_frame seen = {
        .frame = &frame, .t_ns = t_ns, .relative = true, .link = "house", .view = &view};
    seen.reading = vb_instance_read(&view.instance, &frame, view.samples, view.cap);
    live->seen(live_self, &seen, 0);
}

static int set_up(void **state) {
    for (size_t i = 0; i < vb_device_count; i++) {
        if (strcmp(vb_devices[i]->name, "hella-ibs") == 0 &&
            !view_init(&view, vb_devices[i], "starter", 0)) {
            return -1;
        }
    }
    return live_set_up(state);
}

static int tear_down(void **state) {
    view_free(&view);
    return live_tear_down(state);
}

static const char *content(const char *suffix) {
    return live_read(suffix) < 0 ? "(no file)" : (const char *)live_bytes;
}

#define CSV_HEAD "t,link,device,signal,value,unit\n"

static void test_csv_begins_with_its_header_once(void **state) {
    (void)state;
    live_open("csv", "");
    live_close();
    assert_string_equal(content(""), CSV_HEAD);
    live_open("csv", "");
    see(1000000);
    live_close();
    assert_memory_equal(content(""), CSV_HEAD "0.001000,house,starter,",
                        strlen(CSV_HEAD "0.001000,house,starter,"));
    assert_null(strstr(content("") + 5, "t,link"));
}

static void test_every_csv_file_of_a_rotation_begins_with_the_header(void **state) {
    (void)state;
    live_open("csv", "rotate_size=1kB");
    for (int i = 0; i < 20; i++) {
        see(i * INT64_C(1000000000));
    }
    live_close();
    assert_memory_equal(content(""), CSV_HEAD, strlen(CSV_HEAD));
    assert_memory_equal(content(".1"), CSV_HEAD, strlen(CSV_HEAD));
    assert_memory_equal(content(".2"), CSV_HEAD, strlen(CSV_HEAD));
    assert_true(live_read(".1") <= 1000);
    assert_true(live_read(".1") > 600);
}

static void test_json_says_in_every_file_that_times_are_relative(void **state) {
    (void)state;
    live_open("json", "rotate_size=1kB");
    for (int i = 0; i < 10; i++) {
        see(i * INT64_C(1000000000));
    }
    live_close();
    assert_memory_equal(content(".1"), "{\"t\":", 5);
    assert_non_null(strstr(content(".1"), "\"t0\":\"relative\""));
    assert_memory_equal(content(""), "{\"t\":", 5);
    assert_non_null(strstr(content(""), "\"t0\":\"relative\""));
    assert_null(strstr(strchr(content(""), '\n'), "\"t0\":\"relative\""));
    assert_non_null(strstr(content(""), "\"device\":\"starter\",\"frame\":\"22\",\"values\":{"));
}

static void test_text_goes_on_behind_what_is_there(void **state) {
    (void)state;
    live_write("before\n", 7);
    live_open("text", "");
    see(1000000);
    live_close();
    assert_memory_equal(content(""), "before\n0.001000 house starter 22  ",
                        strlen("before\n0.001000 house starter 22  "));
}

/* Standard output is replaced by a pipe meanwhile. */
static void test_standard_output_is_dash_and_its_reader_may_go(void **state) {
    (void)state;
    int ends[2];
    char text[256] = "";
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    bool opened = live_open_at("text", "-", "");
    see(1000000);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    see(2000000);
    for (int i = 0; i < 200 && !live_log[0]; i++) {
        uv_run(&live_loop, UV_RUN_NOWAIT);
        usleep(10000);
    }
    live_close();
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_true(opened);
    assert_true(n > 0);
    assert_memory_equal(text, "0.001000 house starter 22  ", 27);
    assert_string_equal(live_log, "standard output: the reader is gone: this output has ended\n");
}

static void test_standard_output_cannot_be_rotated(void **state) {
    (void)state;
    assert_false(live_open_at("json", "-", "rotate_size=1kB"));
    assert_string_equal(live_why, "standard output cannot be rotated: give it a path");
    assert_false(live_open_at("json", "/nowhere/x", ""));
    assert_string_equal(live_why, "/nowhere/x: No such file or directory");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_csv_begins_with_its_header_once),
        TEST(test_every_csv_file_of_a_rotation_begins_with_the_header),
        TEST(test_json_says_in_every_file_that_times_are_relative),
        TEST(test_text_goes_on_behind_what_is_there),
        TEST(test_standard_output_is_dash_and_its_reader_may_go),
        TEST(test_standard_output_cannot_be_rotated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
