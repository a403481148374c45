/* test_socketcan.c - frames as Linux has them in memory, its error frames in words, and what it tells
 * of an interface: bytes worked by hand from linux/can.h, linux/can/error.h and rtnetlink(7).
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/io/can.h"
#include "voltbus/socketcan.h"

/* A word as this machine has it, then bytes; what is behind them is 0. */
static uint8_t memory[VB_SOCKETCAN_FD];

static const uint8_t *in_memory(uint32_t word, const char *bytes, size_t n) {
    memset(memory, 0, sizeof memory);
    memcpy(memory, &word, sizeof word);
    memcpy(memory + sizeof word, bytes, n);
    return memory;
}
#define MEMORY(word, text) in_memory(word, text, sizeof(text) - 1)

/* ---- frames ---- */

#define LEAF "\x00\x04\xC2\x62\x00\x00\x03\xB6"

/* What the memory is, as a frame, and the other way round. */
static void is_frame(size_t size, uint32_t id, unsigned flags, uint32_t len, unsigned remote_len) {
    struct vb_frame frame;
    uint8_t again[VB_SOCKETCAN_FD];
    memset(again, 0xAA, sizeof again);
    assert_int_equal(vb_socketcan_read(memory, size, &frame), VB_OK);
    assert_int_equal(frame.kind, VB_KIND_CAN);
    assert_int_equal(frame.id, id);
    assert_int_equal(frame.flags, flags);
    assert_int_equal(frame.len, len);
    assert_int_equal(frame.remote_len, remote_len);
    assert_ptr_equal(frame.data, memory + 8);
    assert_int_equal(vb_socketcan_write(&frame, again), size);
    assert_memory_equal(again, memory, size);
}

static void test_a_frame_is_an_id_a_length_and_bytes_from_the_eighth_on(void **state) {
    (void)state;
    MEMORY(0x1DB, "\x08\0\0\0" LEAF);
    is_frame(16, 0x1DB, 0, 8, 0);
    assert_memory_equal(memory + 8, LEAF, 8);
    MEMORY(0x7FF, "\x00");
    is_frame(16, 0x7FF, 0, 0, 0);
}

static void test_bits_of_the_id_say_what_it_is(void **state) {
    (void)state;
    MEMORY(0x80000000u | 0x18DAF110, "\x03\0\0\0\x02\x10\x01");
    is_frame(16, 0x18DAF110, VB_FRAME_EXT, 3, 0);
    MEMORY(0x40000000u | 0x123, "\x05");
    is_frame(16, 0x123, VB_FRAME_RTR, 0, 5);
    MEMORY(0x20000000u | 0x044, "\x08\0\0\0\0\x20\0\0\0\0\x80\x05");
    is_frame(16, 0x044, VB_FRAME_ERR, 8, 0);
}

static void test_a_frame_of_can_fd_is_longer_and_has_flags(void **state) {
    (void)state;
    MEMORY(0x123, "\x0C\x05\0\0abcdefghijkl");
    is_frame(72, 0x123, VB_FRAME_FD | VB_FRAME_BRS, 12, 0);
    MEMORY(0x80000000u | 0x1ABCDEF0, "\x40\x06\0\0last");
    is_frame(72, 0x1ABCDEF0, VB_FRAME_EXT | VB_FRAME_FD | VB_FRAME_ESI, 64, 0);
}

static void test_what_is_no_frame_is_refused(void **state) {
    (void)state;
    struct vb_frame frame;
    for (size_t n = 0; n <= VB_SOCKETCAN_FD; n++) {
        MEMORY(0x1DB, "\x08\0\0\0" LEAF);
        assert_int_equal(vb_socketcan_read(memory, n, &frame),
                         n == 16 || n == 72 ? VB_OK : VB_E_FORMAT);
    }
    MEMORY(0x1DB, "\x09\0\0\0" LEAF);
    assert_int_equal(vb_socketcan_read(memory, 16, &frame), VB_E_FORMAT);
    MEMORY(0x800, "\x01");
    assert_int_equal(vb_socketcan_read(memory, 16, &frame), VB_E_FORMAT);
    MEMORY(0x40000000u | 0x1DB, "\x09");
    assert_int_equal(vb_socketcan_read(memory, 16, &frame), VB_E_FORMAT);
    MEMORY(0x1DB, "\x09");
    assert_int_equal(vb_socketcan_read(memory, 72, &frame), VB_E_FORMAT);
    MEMORY(0x1DB, "\xFF");
    assert_int_equal(vb_socketcan_read(memory, 72, &frame), VB_E_FORMAT);
}

static void test_no_other_frame_is_written(void **state) {
    (void)state;
    uint8_t out[VB_SOCKETCAN_FD];
    struct vb_frame lin = {.id = 0x22, .kind = VB_KIND_LIN, .len = 0};
    struct vb_frame wide = {.id = 0x800, .kind = VB_KIND_CAN, .len = 0};
    struct vb_frame long_one = {
        .id = 1, .kind = VB_KIND_CAN, .len = 9, .data = (const uint8_t *)LEAF "\x00"};
    assert_int_equal(vb_socketcan_write(&lin, out), VB_E_RANGE);
    assert_int_equal(vb_socketcan_write(&wide, out), VB_E_RANGE);
    assert_int_equal(vb_socketcan_write(&long_one, out), VB_E_RANGE);
}

/* ---- error frames ---- */

static void says(uint32_t class_bits, const char *data, const char *text, int expected) {
    struct vb_frame frame = {.id = class_bits,
                             .flags = VB_FRAME_ERR,
                             .kind = VB_KIND_CAN,
                             .len = 8,
                             .data = (const uint8_t *)data};
    char out[VB_SOCKETCAN_ERROR_TEXT];
    assert_int_equal(vb_socketcan_error_text(&frame, out), strlen(text));
    assert_string_equal(out, text);
    assert_int_equal(vb_socketcan_error_state(&frame), expected);
}

static void test_an_error_frame_says_what_happened(void **state) {
    (void)state;
    says(0x040, "\0\0\0\0\0\0\0\0", "bus-off", VB_SOCKETCAN_BUS_OFF);
    says(0x100, "\0\0\0\0\0\0\0\0", "started anew", VB_SOCKETCAN_ACTIVE);
    says(0x004, "\0\x40\0\0\0\0\0\0", "error active again", VB_SOCKETCAN_ACTIVE);
    says(0x004, "\0\x04\0\0\0\0\0\0", "many errors in receiving", VB_SOCKETCAN_WARNING);
    says(0x204, "\0\x20\0\0\0\0\x88\x09", "error passive in sending, errors sent 136, received 9",
         VB_SOCKETCAN_PASSIVE);
    says(0x0A8, "\0\0\x84\0\0\0\0\0",
         "no acknowledgement, bus error, wrong stuffing, while sending", VB_E_UNKNOWN);
    says(0x004, "\0\x01\0\0\0\0\0\0", "the controller's receive buffer overflowed", VB_E_UNKNOWN);
    says(0x200, "\0\0\0\0\0\0\x0A\x64", "errors sent 10, received 100", VB_E_UNKNOWN);
}

/* Bytes have a meaning only in the classes that use them; the worst state is the one that counts. */
static void test_bytes_count_only_where_their_class_is_there(void **state) {
    (void)state;
    says(0x020, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "no acknowledgement", VB_E_UNKNOWN);
    says(0x000, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "unknown error", VB_E_UNKNOWN);
    says(0x044, "\0\x10\0\0\0\0\0\0", "bus-off, error passive in receiving", VB_SOCKETCAN_BUS_OFF);
}

static void test_an_error_frame_without_bytes_still_has_its_class(void **state) {
    (void)state;
    struct vb_frame frame = {.id = 0x20C, .flags = VB_FRAME_ERR, .kind = VB_KIND_CAN};
    char out[VB_SOCKETCAN_ERROR_TEXT];
    vb_socketcan_error_text(&frame, out);
    assert_string_equal(out, "errors sent 0, received 0");
}

static void test_all_errors_at_once_have_room(void **state) {
    (void)state;
    struct vb_frame frame = {.id = 0x1FFFFFFF,
                             .flags = VB_FRAME_ERR,
                             .kind = VB_KIND_CAN,
                             .len = 8,
                             .data = (const uint8_t *)"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"};
    char out[VB_SOCKETCAN_ERROR_TEXT];
    size_t n = vb_socketcan_error_text(&frame, out);
    assert_true(n < sizeof out);
    assert_int_equal(strlen(out), n);
    assert_non_null(strstr(out, "while sending, errors sent 255, received 255"));
}

static void test_every_state_has_its_name(void **state) {
    (void)state;
    assert_string_equal(vb_socketcan_state_text(0), "error active");
    assert_string_equal(vb_socketcan_state_text(3), "bus-off");
    assert_string_equal(vb_socketcan_state_text(5), "sleeping");
    assert_string_equal(vb_socketcan_state_text(6), "in an unknown state");
}

/* ---- what the kernel tells of an interface ---- */

/* A message is made of words and texts as this machine has them in memory. */
static _Alignas(4) uint8_t message[512];
static size_t used;

static void put(const void *bytes, size_t n) {
    memcpy(message + used, bytes, n);
    used += n;
}

static void put16(uint16_t a, uint16_t b) {
    put(&a, sizeof a);
    put(&b, sizeof b);
}

static void put32(uint32_t x) {
    put(&x, sizeof x);
}

/* nlmsghdr (length, type 16 = RTM_NEWLINK, flags; number, port) and ifinfomsg (family and pad, type,
 * index, flags, changed). */
static void begin(uint16_t type, uint16_t hardware, uint32_t flags) {
    used = 0;
    put32(0);
    put16(type, 0);
    put32(1);
    put32(0);
    put16(0, hardware);
    put32(3);
    put32(flags);
    put32(0);
}

static void attribute(uint16_t type, const void *value, size_t n) {
    put16((uint16_t)(4 + n), type);
    put(value, n);
    put("\0\0\0", (4 - n % 4) % 4);
}

static void end(void) {
    uint32_t n = (uint32_t)used;
    memcpy(message, &n, sizeof n);
}

/* can0 at 500 kbit/s and 2 Mbit/s, error passive, listen only, again 100 ms after bus-off. */
static void a_controller(const char *driver, size_t driver_n, uint32_t bitrate) {
    uint32_t mtu = 72;
    begin(16, 280, 1); /* ARPHRD_CAN; IFF_UP */
    attribute(3, "can0", 5);
    attribute(4, &mtu, 4);
    put16((uint16_t)(4 + 4 + (driver_n + 3) / 4 * 4 + 4 + 36 + 12 + 8 + 8 + 36), 18); /* LINKINFO */
    attribute(1, driver, driver_n);                                                   /* KIND */
    put16(4 + 36 + 12 + 8 + 8 + 36, 0x8000 | 2); /* DATA, marked as nested */
    uint32_t timing[8] = {bitrate, 875, 125, 6, 7, 2, 1, 10};
    uint32_t data_timing[8] = {2000000, 750, 25, 7, 7, 5, 1, 1};
    uint32_t mode[2] = {0xFF, 0x22}; /* mask; FD and listen only */
    uint32_t passive = 2;
    uint32_t restart = 100;
    attribute(1, timing, sizeof timing);
    attribute(5, mode, sizeof mode);
    attribute(4, &passive, 4);
    attribute(6, &restart, 4);
    attribute(9, data_timing, sizeof data_timing);
    end();
}

static void test_the_kernel_tells_how_a_controller_is_set(void **state) {
    (void)state;
    struct can_interface found;
    a_controller("can", 4, 500000);
    assert_true(can_interface_read(message, used, &found));
    assert_string_equal(found.name, "can0");
    assert_string_equal(found.driver, "can");
    assert_true(found.up);
    assert_true(found.fd);
    assert_true(found.listen_only);
    assert_int_equal(found.state, VB_SOCKETCAN_PASSIVE);
    assert_int_equal(found.bitrate, 500000);
    assert_int_equal(found.data_bitrate, 2000000);
    assert_int_equal(found.restart_ms, 100);
}

/* vxcan has something else under these numbers. */
static void test_only_controllers_have_a_bit_rate(void **state) {
    (void)state;
    struct can_interface found;
    a_controller("vxcan", 6, 500000);
    assert_true(can_interface_read(message, used, &found));
    assert_string_equal(found.driver, "vxcan");
    assert_int_equal(found.bitrate, 0);
    assert_int_equal(found.state, -1);
    assert_false(found.listen_only);
}

/* The kernel's way to say that slcand has set it: all bits. */
static void test_a_bit_rate_that_the_kernel_does_not_know_is_none(void **state) {
    (void)state;
    struct can_interface found;
    a_controller("can", 4, 0xFFFFFFFF);
    assert_true(can_interface_read(message, used, &found));
    assert_int_equal(found.bitrate, 0);
    assert_int_equal(found.state, VB_SOCKETCAN_PASSIVE);
}

static void test_an_interface_that_is_off_is_told_so(void **state) {
    (void)state;
    struct can_interface found;
    uint32_t mtu = 16;
    begin(16, 280, 0x80); /* IFF_NOARP alone */
    attribute(3, "vcan0", 6);
    attribute(4, &mtu, 4);
    end();
    assert_true(can_interface_read(message, used, &found));
    assert_string_equal(found.name, "vcan0");
    assert_false(found.up);
    assert_false(found.fd);
    assert_int_equal(found.state, -1);
}

static void test_other_interfaces_and_other_messages_are_none(void **state) {
    (void)state;
    struct can_interface found;
    begin(16, 1, 1); /* Ethernet */
    attribute(3, "eth0", 5);
    end();
    assert_false(can_interface_read(message, used, &found));
    begin(17, 280, 1); /* RTM_DELLINK */
    attribute(3, "can0", 5);
    end();
    assert_false(can_interface_read(message, used, &found));
    begin(16, 280, 1); /* without a name */
    end();
    assert_false(can_interface_read(message, used, &found));
}

/* Nothing is read behind the end, wherever that is (the address sanitizer looks). */
static void test_a_message_cut_short_is_read_to_its_end(void **state) {
    (void)state;
    a_controller("can", 4, 500000);
    for (size_t n = 0; n <= used; n++) {
        uint8_t *exact = malloc(n + (n == 0));
        struct can_interface found;
        assert_non_null(exact);
        memcpy(exact, message, n);
        bool there = can_interface_read(exact, n, &found);
        assert_int_equal(there, n >= 32 + 9); /* the name is whole */
        free(exact);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_is_an_id_a_length_and_bytes_from_the_eighth_on),
        cmocka_unit_test(test_bits_of_the_id_say_what_it_is),
        cmocka_unit_test(test_a_frame_of_can_fd_is_longer_and_has_flags),
        cmocka_unit_test(test_what_is_no_frame_is_refused),
        cmocka_unit_test(test_no_other_frame_is_written),
        cmocka_unit_test(test_an_error_frame_says_what_happened),
        cmocka_unit_test(test_bytes_count_only_where_their_class_is_there),
        cmocka_unit_test(test_an_error_frame_without_bytes_still_has_its_class),
        cmocka_unit_test(test_all_errors_at_once_have_room),
        cmocka_unit_test(test_every_state_has_its_name),
        cmocka_unit_test(test_the_kernel_tells_how_a_controller_is_set),
        cmocka_unit_test(test_only_controllers_have_a_bit_rate),
        cmocka_unit_test(test_a_bit_rate_that_the_kernel_does_not_know_is_none),
        cmocka_unit_test(test_an_interface_that_is_off_is_told_so),
        cmocka_unit_test(test_other_interfaces_and_other_messages_are_none),
        cmocka_unit_test(test_a_message_cut_short_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
