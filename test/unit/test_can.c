/* test_can.c - the transport of a CAN interface, without a kernel that has CAN: in place of the raw socket
 * stands one end of a socket pair, and the kernel's answers about the interface are the test's. Times,
 * losses and our own frames need the real one: test/uml.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/can.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/io/can.h"
#include "host/io/transport.h"

/* ---- the kernel ---- */

static struct {
    int no_socket; /* errno */
    int no_interface;
    unsigned short type;
    short flags;
    int end;        /* ours: what the bus says and hears */
    int socket;     /* the transport's */
    bool full;      /* no room for frames */
    int read_fails; /* errno */
} kernel;

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol) {
    int ends[2];
    if (domain != PF_CAN) {
        return __real_socket(domain, type, protocol);
    }
    if (kernel.no_socket) {
        errno = kernel.no_socket;
        return -1;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
    kernel.end = ends[0];
    kernel.socket = ends[1];
    return ends[1];
}

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument) {
    struct ifreq *ask = argument;
    if (request != SIOCGIFHWADDR && request != SIOCGIFFLAGS && request != SIOCGIFINDEX) {
        return __real_ioctl(fd, request, argument);
    }
    assert_string_equal(ask->ifr_name, "can0");
    if (kernel.no_interface) {
        errno = kernel.no_interface;
        return -1;
    }
    if (request == SIOCGIFHWADDR) {
        ask->ifr_hwaddr.sa_family = kernel.type;
    } else if (request == SIOCGIFFLAGS) {
        ask->ifr_flags = kernel.flags;
    } else {
        ask->ifr_ifindex = 3;
    }
    return 0;
}

int __real_bind(int fd, const struct sockaddr *address, socklen_t n);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t n);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t n) {
    struct sockaddr_can can;
    if (fd != kernel.socket) {
        return __real_bind(fd, address, n);
    }
    assert_int_equal(n, sizeof can);
    memcpy(&can, address, sizeof can);
    assert_int_equal(can.can_family, AF_CAN);
    assert_int_equal(can.can_ifindex, 3);
    return 0;
}

ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n) {
    if (fd == kernel.socket && kernel.full) {
        errno = ENOBUFS;
        return -1;
    }
    return __real_write(fd, bytes, n);
}

int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *wait);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *wait);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags,
                    struct timespec *wait) {
    if (kernel.read_fails) {
        errno = kernel.read_fails;
        return -1;
    }
    return __real_recvmmsg(fd, messages, n, flags, wait);
}

/* ---- the owner ---- */

static uv_loop_t loop;
static struct transport *transport;
static struct {
    bool opened;
    char closed[TRANSPORT_WHY];
    size_t count;
    struct can_packet packets[400];
} heard;

static void on_opened(void *owner) {
    (void)owner;
    heard.opened = true;
}

static void on_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    (void)owner;
    (void)mono_ns;
    assert_int_equal(n % sizeof heard.packets[0], 0);
    assert_true(heard.count + n / sizeof heard.packets[0] <= 400);
    memcpy(heard.packets + heard.count, bytes, n);
    heard.count += n / sizeof heard.packets[0];
}

static void on_closed(void *owner, const char *why) {
    (void)owner;
    strcpy(heard.closed, why);
}

static void run(unsigned turns) {
    for (unsigned i = 0; i < turns; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static void open_can0(void) {
    static const struct transport_events events = {on_opened, on_bytes, on_closed, NULL, NULL};
    struct place place;
    char why[TRANSPORT_WHY];
    memset(&heard, 0, sizeof heard);
    assert_true(place_parse(&place, "can:can0", 8, why));
    transport = transport_open(&loop, &place, NULL, NULL, &events, NULL, why);
    assert_non_null(transport);
    run(5);
}

static int begin(void **state) {
    (void)state;
    memset(&kernel, 0, sizeof kernel);
    kernel.end = kernel.socket = -1;
    kernel.type = ARPHRD_CAN;
    kernel.flags = IFF_UP;
    return uv_loop_init(&loop);
}

static int end(void **state) {
    (void)state;
    transport_close(transport);
    run(3);
    if (kernel.end >= 0) {
        close(kernel.end);
    }
    return uv_loop_close(&loop);
}

/* Frame number i, classic. */
static void frame_of(unsigned i, uint8_t frame[16]) {
    memset(frame, 0, 16);
    frame[4] = 1;
    frame[8] = (uint8_t)i;
}

static bool put(unsigned i) {
    uint8_t frame[16];
    frame_of(i, frame);
    return transport_write(transport, frame, sizeof frame);
}

/* What was sent next is frame number i. */
static void sent(unsigned i) {
    uint8_t frame[16];
    uint8_t got[80];
    frame_of(i, frame);
    assert_int_equal(recv(kernel.end, got, sizeof got, 0), 16);
    assert_memory_equal(got, frame, 16);
}

static void nothing_sent(void) {
    uint8_t got[80];
    assert_int_equal(recv(kernel.end, got, sizeof got, 0), -1);
}

/* ---- tests ---- */

static void test_frames_come_whole_and_in_their_order(void **state) {
    (void)state;
    uint8_t frame[72];
    open_can0();
    assert_true(heard.opened);
    for (unsigned i = 0; i < 200; i++) { /* more than one call of the kernel brings */
        memset(frame, (int)i, sizeof frame);
        assert_int_equal(send(kernel.end, frame, i % 2 ? 72 : 16, 0), i % 2 ? 72 : 16);
        if (i % 8 == 7) { /* the pair has room for ten */
            run(1);
        }
    }
    run(5);
    assert_int_equal(heard.count, 200);
    for (unsigned i = 0; i < 200; i++) {
        memset(frame, (int)i, sizeof frame);
        assert_int_equal(heard.packets[i].n, i % 2 ? 72 : 16);
        assert_memory_equal(heard.packets[i].frame, frame, heard.packets[i].n);
        assert_false(heard.packets[i].ours);
        assert_int_equal(heard.packets[i].lost, 0);
        assert_true(heard.packets[i].t_ns > INT64_C(1700000000000000000));
    }
}

static void test_frames_that_have_no_room_go_out_later_in_their_order(void **state) {
    (void)state;
    open_can0();
    assert_true(put(1));
    kernel.full = true;
    assert_true(put(2));
    kernel.full = false;
    assert_true(put(3)); /* not before the one that waits */
    assert_int_equal(transport_pending(transport), 32);
    sent(1);
    nothing_sent();
    run(10);
    sent(2);
    sent(3);
    nothing_sent();
    assert_int_equal(transport_pending(transport), 0);
}

static void test_frames_that_waited_for_half_a_second_are_dropped(void **state) {
    (void)state;
    open_can0();
    kernel.full = true;
    assert_true(put(1));
    int64_t start_ns = clock_mono_ns();
    while (clock_mono_ns() - start_ns < 450 * INT64_C(1000000)) {
        run(1);
    }
    assert_true(put(2));
    while (transport_pending(transport) > 16) {
        run(1);
    }
    assert_true(clock_mono_ns() - start_ns >= 500 * INT64_C(1000000));
    kernel.full = false;
    run(10);
    sent(2);
    nothing_sent();
}

static void test_no_more_than_256_frames_wait(void **state) {
    (void)state;
    open_can0();
    kernel.full = true;
    for (unsigned i = 0; i < 256; i++) {
        assert_true(put(i));
    }
    assert_false(put(256));
    kernel.full = false;
    for (unsigned i = 0; i < 256; i++) { /* the pair takes ten at once: the others wait on */
        for (int turn = 0; turn < 100 && transport_pending(transport) / 16 > 255 - i; turn++) {
            run(1);
        }
        sent(i);
    }
    nothing_sent();
}

static void test_an_interface_that_goes_is_told_once(void **state) {
    (void)state;
    open_can0();
    kernel.read_fails = ENETDOWN;
    send(kernel.end, "", 1, 0);
    run(5);
    assert_string_equal(heard.closed, "can0 was switched off (sudo ip link set can0 up)");
    assert_false(put(1));
}

static void cannot_open(const char *why) {
    open_can0();
    assert_false(heard.opened);
    assert_string_equal(heard.closed, why);
}

static void test_a_kernel_without_can_is_told_so(void **state) {
    (void)state;
    kernel.no_socket = EAFNOSUPPORT;
    cannot_open("this kernel has no CAN (sudo modprobe can-raw)");
}

static void test_an_interface_that_is_not_there_is_told_so(void **state) {
    (void)state;
    kernel.no_interface = ENODEV;
    cannot_open("there is no interface can0 (unplugged? voltbus scan lists all)");
}

static void test_an_interface_of_another_kind_is_told_so(void **state) {
    (void)state;
    kernel.type = ARPHRD_ETHER;
    cannot_open("can0 is no CAN interface (voltbus scan lists those that are)");
}

static void test_an_interface_that_is_off_is_told_with_the_command_for_it(void **state) {
    (void)state;
    kernel.flags = 0;
    cannot_open(
        "can0 is off (sudo ip link set can0 up; a controller needs its bit rate first: type "
        "can bitrate 500000)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frames_come_whole_and_in_their_order, begin, end),
        cmocka_unit_test_setup_teardown(test_frames_that_have_no_room_go_out_later_in_their_order,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_frames_that_waited_for_half_a_second_are_dropped,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_no_more_than_256_frames_wait, begin, end),
        cmocka_unit_test_setup_teardown(test_an_interface_that_goes_is_told_once, begin, end),
        cmocka_unit_test_setup_teardown(test_a_kernel_without_can_is_told_so, begin, end),
        cmocka_unit_test_setup_teardown(test_an_interface_that_is_not_there_is_told_so, begin, end),
        cmocka_unit_test_setup_teardown(test_an_interface_of_another_kind_is_told_so, begin, end),
        cmocka_unit_test_setup_teardown(
            test_an_interface_that_is_off_is_told_with_the_command_for_it, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
