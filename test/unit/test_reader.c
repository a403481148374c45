/* test_reader.c - text captures: every format on lines as real tools write them, whole, cut short,
 * and arriving byte by byte; compression; finding the format.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include <pthread.h>
#include <unistd.h>
#include <zlib.h>

#include "host/file/format.h"

static struct reader reader;

/* A line, the format it is of, and the frame it holds in the notation of voltbus/frame.h. */
static const struct {
    const char *format, *line, *frame, *link;
    int64_t t_ns;
} cases[] = {
    /* candump -L; -x; nanoseconds */
    {"candump-log", "(1712145600.123456) can0 1DB#0160B32B32000004", "1DB#0160B32B32000004", "can0",
     INT64_C(1712145600123456000)},
    {"candump-log", "(0000000166.000000) vcan0 27A#30300D8C091500 R", "27A#30300D8C091500", "vcan0",
     INT64_C(166000000000)},
    {"candump-log", "(1712145600.123456789) can1 18FF50E5#R T", "18FF50E5#R", "can1",
     INT64_C(1712145600123456789)},
    {"candump-log", "(1.0) can0 123##5AABB", "123##5AABB", "can0", INT64_C(1000000000)},
    /* what our recorder adds to candump: LIN, radio */
    {"candump-log", "(1712145600.123456) house 22#AB841EF42E847A", "22#AB841EF42E847A", "house",
     INT64_C(1712145600123456000)},
    {"candump-log", "(1.0) roof RF69 #3: 24 3c ce r 116 l 2 a-1525", "243CCE", "roof",
     INT64_C(1000000000)},
    /* candump on the terminal: captures/can/leaf_ze1_62kwh_battery_only.txt.gz, and its options */
    {"candump-console", "  can0  1DB   [8]  00 04 C2 62 00 00 03 B6", "1DB#0004C262000003B6",
     "can0", 0},
    {"candump-console", "  can0  1ED   [3]  FF E3 62", "1ED#FFE362", "can0", 0},
    {"candump-console", " (1712145600.123456)  can0  1ED   [3]  FF E3 62   '..b'", "1ED#FFE362",
     "can0", INT64_C(1712145600123456000)},
    {"candump-console", " (2026-11-20 17:39:00.123456)  can0  1ED   [3]  FF E3 62", "1ED#FFE362",
     "can0", INT64_C(1795196340123456000)},
    {"candump-console", "  can0  RX - -  1ED   [3]  FF E3 62", "1ED#FFE362", "can0", 0},
    {"candump-console", "  can0  TX B -  123  [02]  AA BB", "123##5AABB", "can0", 0},
    {"candump-console", "  can0  12345678   [2]  AA BB", "12345678#AABB", "can0", 0},
    {"candump-console", "  can0  123   [0]  remote request", "123#R", "can0", 0},
    {"candump-console", "  can0  123   [4]  remote request", "123#R4", "can0", 0},
    {"candump-console", "  can0  123   {E}  11 22 33 44 55 66 77 88", "123#1122334455667788",
     "can0", 0},
    {"candump-console", "  can0  20000088   [8]  00 00 80 19 00 00 00 00   ERRORFRAME",
     "20000088#0000801900000000", "can0", 0},
    /* -i (bits), -S (the last byte first), -c (colours), and a board with two channels */
    {"candump-console", "  can0  123   [2]  10101010 00000011", "123#AA03", "can0", 0},
    {"candump-console", "  can0  123   [3]  33`22`11", "123#112233", "can0", 0},
    {"candump-console", "\x1B[31m  can0  123   [2]  AA BB\x1B[0m", "123#AABB", "can0", 0},
    {"candump-console", "(360.36) RX0 12B [8] 00 11 22 33 44 55 66 77", "12B#0011223344556677",
     "can0", INT64_C(360360000000)},
    /* captures/lin: PID 97 is id 17 */
    {"apgdt001", "810,763633            97     D6 0B 86 0B 71 00 00 00        9634            ",
     "17#D60B860B71000000", "lin", INT64_C(810763633000)},
    {"apgdt001", "2018,599225            97            9597            Checksum Error", "17#",
     "lin", INT64_C(2018599225000)},
    /* the source's weather line */
    {"rfm69", "RF69 #17: 24 3c ce 62 19 63 0f 03 00 02 00 00 00 00 00 a9 c9 r 116 l 2 a-1525",
     "243CCE6219630F0300020000000000A9C9", "radio", 0},
    {"frames", "22#AB 84 1E F4 2E 84 7A", "22#AB841EF42E847A", "lin", 0},
    {"frames", "1DB#0160B32B32000004", "1DB#0160B32B32000004", "can", 0},
    /* python-can's bytes */
    {"slcan", "t1F28307920A0003C0288", "1F2#307920A0003C0288", "can", 0},
    {"slcan", "t1F28307920A0003C02880064", "1F2#307920A0003C0288", "can", INT64_C(100000000)},
    {"slcan", "T18FF50E520011", "18FF50E5#0011", "can", 0},
    {"hex", "243cce6219630f0300020000000000a9c9", "243CCE6219630F0300020000000000A9C9", "radio", 0},
    {"lin-hex", "00 55 E2 AB 84 1E F4 2E 84 7A AC", "22#AB841EF42E847A", "lin", 0},
    {"lin-hex", "0x00,0x55,0xE2,0xAB,0x84,0x1E,0xF4,0x2E,0x84,0x7A,0xAC", "22#AB841EF42E847A",
     "lin", 0},
    {"lin-hex", "55 25 81 80 E9 B8 BB 00 7A", "25#8180E9B8BB00", "lin", 0},
};
#define CASES (sizeof cases / sizeof cases[0])

static void start(const char *text, size_t n, const char *format) {
    struct lines *lines = lines_of_text(text, n);
    assert_non_null(lines);
    reader_init(&reader, lines, format ? format_find(format) : NULL);
}

static void stop(void) {
    lines_close(reader.lines);
}

static void expect(const struct vb_frame *frame, size_t i) {
    char text[VB_FRAME_TEXT + 1];
    text[vb_frame_text(frame, text)] = '\0';
    assert_string_equal(text, cases[i].frame);
    assert_string_equal(reader.links[frame->bus], cases[i].link);
    assert_int_equal(frame->t_ns, cases[i].t_ns);
    assert_int_equal(!(frame->flags & VB_FRAME_NO_TIME), cases[i].t_ns != 0);
}

static void test_every_form_of_line_is_read_and_its_format_is_found(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct vb_frame frame;
        start(cases[i].line, strlen(cases[i].line), NULL);
        assert_non_null(reader.format);
        assert_string_equal(reader.format->name, cases[i].format);
        assert_int_equal(reader_next(&reader, &frame), 1);
        expect(&frame, i);
        assert_int_equal(reader_next(&reader, &frame), 0);
        stop();
    }
}

static void test_a_line_cut_anywhere_is_no_frame_of_another_id_and_has_a_reason(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        for (size_t n = 0; n < strlen(cases[i].line); n++) {
            char *copy = malloc(n + 1); /* the sanitizer watches its end */
            struct vb_frame frame;
            memcpy(copy, cases[i].line, n);
            start(copy, n, cases[i].format);
            int result = reader_next(&reader, &frame);
            assert_true(result == 1 || result == 0 || result == VB_E_FORMAT ||
                        result == VB_E_RANGE || result == VB_E_CHECK);
            if (result < 0) {
                assert_true(reader.why[0] != '\0');
            } else if (result == 1) {
                char whole[VB_FRAME_TEXT + 1] = "";
                strcpy(whole, cases[i].frame);
                char part[VB_FRAME_TEXT + 1];
                part[vb_frame_text(&frame, part)] = '\0';
                size_t id =
                    strcspn(whole, "#") < 8 ? strcspn(whole, "#") : 2; /* a packet has none */
                assert_memory_equal(part, whole, id);
            }
            stop();
            free(copy);
        }
    }
}

static void test_a_broken_line_does_not_disturb_the_next(void **state) {
    (void)state;
    static const char text[] = "(1.0) can0 1DB#0160B32B32000004\n"
                               "(1.1) can0 1DB#0160B3\x01G\n"
                               "\n"
                               "user@host:~$ candump can0\n"
                               "(1.2) can0 1DC#6E0A05D50000002B\n";
    struct vb_frame frame;
    start(text, sizeof text - 1, NULL);
    assert_int_equal(reader_next(&reader, &frame), 1);
    assert_int_equal(reader_next(&reader, &frame), VB_E_FORMAT);
    assert_int_equal(reader.line.number, 2);
    assert_string_equal(reader.why, "column 22: expected ID#DATA");
    assert_int_equal(reader_next(&reader, &frame), VB_E_FORMAT);
    assert_int_equal(reader.line.number, 4);
    assert_int_equal(reader_next(&reader, &frame), 1);
    assert_int_equal(frame.id, 0x1DC);
    assert_int_equal(reader_next(&reader, &frame), 0);
    stop();
}

static void test_line_ends_of_every_kind_count_lines_right(void **state) {
    (void)state;
    static const char text[] = "123#00\r\n124#01\n\r\n125#02\r126#03";
    static const unsigned long numbers[] = {1, 2, 4, 5};
    struct vb_frame frame;
    start(text, sizeof text - 1, NULL);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(reader_next(&reader, &frame), 1);
        assert_int_equal(frame.id, 0x123 + i);
        assert_int_equal(reader.line.number, numbers[i]);
    }
    assert_int_equal(reader_next(&reader, &frame), 0);
    stop();
}

static void test_two_interfaces_are_two_links(void **state) {
    (void)state;
    static const char text[] = "(1.0) can0 123#00\n(1.0) can1 123#00\n(1.0) can0 123#00\n";
    struct vb_frame frame;
    start(text, sizeof text - 1, NULL);
    reader_next(&reader, &frame);
    assert_int_equal(frame.bus, 0);
    reader_next(&reader, &frame);
    assert_int_equal(frame.bus, 1);
    assert_string_equal(reader.links[1], "can1");
    reader_next(&reader, &frame);
    assert_int_equal(frame.bus, 0);
    stop();
}

static void test_more_link_names_than_there_is_room_for_share_the_last(void **state) {
    (void)state;
    char text[100 * 24];
    size_t n = 0;
    struct vb_frame frame;
    for (int i = 0; i < 100; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "(1.0) can%d 123#00\n", i);
    }
    start(text, n, NULL);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(reader_next(&reader, &frame), 1);
        assert_int_equal(frame.bus, i < READER_LINKS_MAX ? i : READER_LINKS_MAX - 1);
    }
    stop();
}

static void test_a_lin_stream_runs_over_line_ends_and_garbage_is_named(void **state) {
    (void)state;
    static const char text[] = "00 55 E2 AB 84\n1E F4 2E 84 7A AC DE AD BE EF\n00 55 99\n";
    struct vb_frame frame;
    start(text, sizeof text - 1, "lin-hex");
    int frames = 0;
    int wrong = 0;
    uint32_t ids[4] = {0};
    for (int result; (result = reader_next(&reader, &frame)) != 0;) {
        if (result < 0) {
            wrong++;
        } else if (frames < 4) {
            ids[frames++] = frame.id;
        }
    }
    assert_int_equal(ids[0], 0x22);
    assert_int_equal(ids[frames - 1], 0x19); /* the last header: nobody answered */
    assert_true(wrong >= 1);
    stop();
}

static void test_slcan_stamps_go_on_after_a_minute(void **state) {
    (void)state;
    static const char text[] = "t123100000A\rt123100EA5F\rz\rt1231000005\rt1231000005\r";
    static const int64_t ms[] = {10, 59999, 60005, 60005};
    struct vb_frame frame;
    start(text, sizeof text - 1, NULL);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(reader_next(&reader, &frame), 1);
        assert_int_equal(frame.t_ns, ms[i] * 1000000);
        assert_int_equal(frame.flags, 0);
    }
    assert_int_equal(reader_next(&reader, &frame), 0);
    stop();
}

static void test_numbers_of_other_tools_are_no_radio_packets(void **state) {
    (void)state;
    static const char *const texts[] = {"2024\n2025\n", "1712145600,1DB,8,1,60\n12,34\n",
                                        "22 # AB 84\n", "24 3c\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        start(texts[i], strlen(texts[i]), NULL);
        assert_null(reader.format);
        stop();
    }
}

static void test_a_byte_order_mark_costs_no_frame(void **state) {
    (void)state;
    char path[] = "/tmp/voltbus-test-XXXXXX";
    char why[80];
    struct vb_frame frame;
    int fd = mkstemp(path);
    static const char text[] = "\xEF\xBB\xBF(1.0) can0 1DB#0160B32B32000004\r\n";
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    struct lines *lines = lines_open(path, why, sizeof why);
    assert_non_null(lines);
    reader_init(&reader, lines, NULL);
    assert_int_equal(reader_next(&reader, &frame), 1);
    assert_int_equal(frame.id, 0x1DB);
    stop();
    close(fd);
    unlink(path);
}

static void test_files_of_other_packers_say_which(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *why;
    } files[] = {{"\xFD"
                  "7zXZ",
                  "packed by xz: unpack it first (gzip and zstd are read as they are)"},
                 {"PK\x03\x04 and more",
                  "packed by zip: unpack it first (gzip and zstd are read as they are)"}};
    for (size_t i = 0; i < 2; i++) {
        char path[] = "/tmp/voltbus-test-XXXXXX";
        char why[120];
        int fd = mkstemp(path);
        assert_true(write(fd, files[i].bytes, strlen(files[i].bytes)) > 0);
        assert_null(lines_open(path, why, sizeof why));
        assert_string_equal(why, files[i].why);
        close(fd);
        unlink(path);
    }
}

static void test_noise_is_no_format(void **state) {
    (void)state;
    static const char text[] = "Lorem ipsum\ndolor sit amet\n{\"json\": 1}\n";
    start(text, sizeof text - 1, NULL);
    assert_null(reader.format);
    stop();
}

static void test_a_preface_longer_than_the_recording_does_not_hide_the_format(void **state) {
    (void)state;
    char text[20000];
    size_t n = 0;
    for (int i = 0; i < 500; i++) {
        n += (size_t)sprintf(text + n, "boot: message %d\n", i);
    }
    n += (size_t)sprintf(text + n, "(1.0) can0 1DB#00\n(1.1) can0 1DB#00\n");
    start(text, n, NULL);
    assert_non_null(reader.format);
    assert_string_equal(reader.format->name, "candump-log");
    stop();
}

static void test_nothing_at_the_end_of_a_line_passes_silently(void **state) {
    (void)state;
    static const struct {
        const char *format, *line;
        size_t n;
    } bad[] = {
        {"candump-log", "(1.0) can0 1DB#0160 B32B32000004", 32}, /* four bytes would be missing */
        {"candump-log", "(1.0) can0 1DB#00 X", 19},
        {"hex", "24 3c ce\0 62", 12}, /* a 0 is no comment */
        {"hex", "166064;RX;0x0000023A;8;0x00;", 28},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vb_frame frame;
        start(bad[i].line, bad[i].n, bad[i].format);
        assert_int_equal(reader_next(&reader, &frame), VB_E_FORMAT);
        assert_int_equal(reader_next(&reader, &frame), 0);
        stop();
    }
}

static void test_frames_of_can_xl_are_named(void **state) {
    (void)state;
    static const char *const lines[] = {
        "(1.0) can0 00123#81:00:12345678#11223344556677",
        "  can0  123   [0004] (00|81:00:12345678)  11 22 33 44",
    };
    for (size_t i = 0; i < 2; i++) {
        struct vb_frame frame;
        start(lines[i], strlen(lines[i]), i == 0 ? "candump-log" : "candump-console");
        assert_int_equal(reader_next(&reader, &frame), VB_E_FORMAT);
        assert_string_equal(reader.why, "a frame of CAN XL: not read");
        stop();
    }
}

static void test_what_candump_tells_of_an_error_frame_is_no_line_of_its_own(void **state) {
    (void)state;
    static const char text[] = "  can0  20000004   [8]  00 0C 00 00 00 00 00 00   ERRORFRAME\n"
                               "\tcontroller-problem{rx-error-warning,tx-error-warning}\n"
                               "  can0  TX0 [1]\n"
                               "(1.0) TX1 12B [1] 07\n";
    struct vb_frame frame;
    start(text, sizeof text - 1, NULL);
    assert_int_equal(reader_next(&reader, &frame), 1);
    assert_int_equal(frame.flags & VB_FRAME_ERR, VB_FRAME_ERR);
    assert_int_equal(reader_next(&reader, &frame), VB_E_FORMAT);
    assert_int_equal(reader.line.number, 3);
    assert_int_equal(reader_next(&reader, &frame), 1);
    assert_int_equal(frame.flags & VB_FRAME_TX, VB_FRAME_TX);
    assert_string_equal(reader.links[frame.bus], "can1");
    stop();
}

static void test_a_link_name_is_harmless_to_terminals_and_json(void **state) {
    (void)state;
    static const char text[] = "(1.0) c\xFF\x1B[31m 1DB#00\n(1.1) c\xFE\x1B[31m 1DB#00\n";
    struct vb_frame frame;
    start(text, sizeof text - 1, NULL);
    assert_int_equal(reader_next(&reader, &frame), 1);
    assert_string_equal(reader.links[frame.bus], "c??[31m");
    assert_int_equal(reader_next(&reader, &frame), 1);
    assert_int_equal(reader.link_count, 1);
    stop();
}

/* ---- files and pipes ---- */

static void *write_slowly(void *to) {
    int fd = *(int *)to;
    for (size_t i = 0; i < strlen(cases[0].line); i++) {
        assert_int_equal(write(fd, &cases[0].line[i], 1), 1);
        usleep(500);
    }
    assert_int_equal(write(fd, "\n", 1), 1);
    close(fd);
    return NULL;
}

static void test_a_pipe_that_delivers_byte_by_byte_gives_the_same_frame(void **state) {
    (void)state;
    int ends[2];
    char path[32];
    char why[80];
    pthread_t writer;
    struct vb_frame frame;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_slowly, &ends[1]), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct lines *lines = lines_open(path, why, sizeof why);
    assert_non_null(lines);
    reader_init(&reader, lines, NULL);
    assert_non_null(reader.format);
    assert_int_equal(reader_next(&reader, &frame), 1);
    expect(&frame, 0);
    assert_int_equal(reader_next(&reader, &frame), 0);
    pthread_join(writer, NULL);
    close(ends[0]);
    stop();
}

/* Write `count` lines of 1DB frames to a gzip file, twice: two members behind each other. */
static void make_gzip(const char *path, int count) {
    for (int member = 0; member < 2; member++) {
        gzFile file = gzopen(path, member == 0 ? "wb" : "ab");
        assert_non_null(file);
        for (int i = 0; i < count; i++) {
            assert_true(gzprintf(file, "(%d.0) can0 1DB#0160B32B32000004\n", i) > 0);
        }
        gzclose(file);
    }
}

static void test_gzip_members_behind_each_other_are_one_file(void **state) {
    (void)state;
    char path[] = "/tmp/voltbus-test-XXXXXX";
    char why[80];
    struct vb_frame frame;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    make_gzip(path, 20000); /* more than the window holds */
    struct lines *lines = lines_open(path, why, sizeof why);
    assert_non_null(lines);
    reader_init(&reader, lines, NULL);
    int frames = 0;
    while (reader_next(&reader, &frame) == 1) {
        frames++;
    }
    assert_int_equal(frames, 40000);
    stop();
    close(fd);
    unlink(path);
}

static void test_a_file_that_cannot_be_read_on_says_why_be_it_the_file_or_the_memory(void **state) {
    (void)state;
    char path[] = "/tmp/voltbus-test-XXXXXX";
    char why[80];
    struct vb_frame frame;
    int result;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    make_gzip(path, 100);
    assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - 4), 0);
    struct lines *lines = lines_open(path, why, sizeof why);
    assert_non_null(lines);
    reader_init(&reader, lines, NULL);
    while ((result = reader_next(&reader, &frame)) == 1) {
    }
    assert_int_equal(result, READER_BROKEN);
    assert_string_equal(reader_broken_why(&reader), "the compressed data ends too early");
    stop();
    close(fd);
    unlink(path);
    start("(1.0) can0 1DB#00\n", 18, NULL);
    reader_wrong(&reader, READER_BROKEN, "out of memory");
    assert_string_equal(reader_broken_why(&reader), "out of memory");
    stop();
}

static void test_a_file_that_is_not_there_says_so(void **state) {
    (void)state;
    char why[80];
    assert_null(lines_open("/nonexistent/file.log", why, sizeof why));
    assert_string_equal(why, "No such file or directory");
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_of_line_is_read_and_its_format_is_found),
        cmocka_unit_test(test_a_line_cut_anywhere_is_no_frame_of_another_id_and_has_a_reason),
        cmocka_unit_test(test_a_broken_line_does_not_disturb_the_next),
        cmocka_unit_test(test_line_ends_of_every_kind_count_lines_right),
        cmocka_unit_test(test_two_interfaces_are_two_links),
        cmocka_unit_test(test_more_link_names_than_there_is_room_for_share_the_last),
        cmocka_unit_test(test_a_lin_stream_runs_over_line_ends_and_garbage_is_named),
        cmocka_unit_test(test_slcan_stamps_go_on_after_a_minute),
        cmocka_unit_test(test_numbers_of_other_tools_are_no_radio_packets),
        cmocka_unit_test(test_a_byte_order_mark_costs_no_frame),
        cmocka_unit_test(test_files_of_other_packers_say_which),
        cmocka_unit_test(test_noise_is_no_format),
        cmocka_unit_test(test_a_preface_longer_than_the_recording_does_not_hide_the_format),
        cmocka_unit_test(test_nothing_at_the_end_of_a_line_passes_silently),
        cmocka_unit_test(test_frames_of_can_xl_are_named),
        cmocka_unit_test(test_what_candump_tells_of_an_error_frame_is_no_line_of_its_own),
        cmocka_unit_test(test_a_link_name_is_harmless_to_terminals_and_json),
        cmocka_unit_test(test_a_pipe_that_delivers_byte_by_byte_gives_the_same_frame),
        cmocka_unit_test(test_gzip_members_behind_each_other_are_one_file),
        cmocka_unit_test(test_a_file_that_cannot_be_read_on_says_why_be_it_the_file_or_the_memory),
        cmocka_unit_test(test_a_file_that_is_not_there_says_so),
    };
    setenv("TZ", "UTC", 1); /* candump -t A writes local time */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
