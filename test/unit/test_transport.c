/* test_transport.c - serial ports, pseudo terminals, TCP and simulators on a real loop.
 * A serial port is the far end of a pseudo terminal that the test makes; what a UART does with a
 * break is watched at ioctl. The simulator is a small one of the test's own.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "host/io/transport.h"
#include "sim/sim.h"
#include "test/unit/test.h"

int __real_ioctl(int fd, unsigned long request, void *argument); /* see __wrap_ioctl below */

static uv_loop_t loop;
static char folder[] = "/tmp/test_transport.XXXXXX";

/* Let the loop run until it is so, three seconds at most. */
#define WAIT_FOR(condition)                                                                        \
    do {                                                                                           \
        for (int64_t end_ = clock_mono_ns() + 20000000000; !(condition);) {                        \
            if (clock_mono_ns() > end_) {                                                          \
                fail_msg("waited in vain for: %s", #condition);                                    \
            }                                                                                      \
            uv_run(&loop, UV_RUN_NOWAIT);                                                          \
            usleep(200);                                                                           \
        }                                                                                          \
    } while (0)

static void run_for_ms(int ms) {
    for (int64_t end = clock_mono_ns() + ms * INT64_C(1000000); clock_mono_ns() < end;) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(200);
    }
}

/* ---- an owner that notes what it hears ---- */

enum closing { NEVER, IN_OPENED, IN_BYTES, IN_CLOSED, IN_PEER };

struct owner {
    struct transport *t;
    int opened, closed, came, went, refused;
    enum closing when;
    bool in_call;       /* transport_open or transport_write is running */
    bool heard_in_call; /* and an event came meanwhile: never */
    char why[TRANSPORT_WHY], who[100];
    int64_t mono_ns;
    size_t n;
    uint8_t bytes[256 * 1024];
};

static void close_owner(struct owner *o) {
    struct transport *t = o->t;
    o->t = NULL;
    transport_close(t);
}

static void heard(struct owner *o, enum closing what) {
    o->heard_in_call |= o->in_call;
    if (o->when == what) {
        close_owner(o);
    }
}

static void on_opened(void *owner) {
    struct owner *o = owner;
    o->opened++;
    heard(o, IN_OPENED);
}

static void on_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct owner *o = owner;
    assert_true(n > 0 && o->n + n <= sizeof o->bytes);
    memcpy(o->bytes + o->n, bytes, n);
    o->n += n;
    o->mono_ns = mono_ns;
    heard(o, IN_BYTES);
}

static void on_closed(void *owner, const char *why) {
    struct owner *o = owner;
    o->closed++;
    snprintf(o->why, sizeof o->why, "%s", why);
    heard(o, IN_CLOSED);
}

static void on_peer(void *owner, bool there, const char *who) {
    struct owner *o = owner;
    o->came += there;
    o->went += !there;
    snprintf(o->who, sizeof o->who, "%s", who);
    heard(o, IN_PEER);
}

static void on_refused(void *owner, const char *who) {
    struct owner *o = owner;
    o->refused++;
    snprintf(o->who, sizeof o->who, "%s", who);
}

static const struct transport_events events = {on_opened, on_bytes, on_closed, on_peer, on_refused};

static struct owner owners[3];
static struct owner *const a = &owners[0], *const b = &owners[1], *const c = &owners[2];

static bool try_open(struct owner *o, const char *text, const struct line_settings *line,
                     const struct sim_settings *sim) {
    struct place place;
    char why[TRANSPORT_WHY];
    if (!place_parse(&place, text, strlen(text), why)) {
        fail_msg("%s: %s", text, why);
    }
    o->in_call = true;
    o->t = transport_open(&loop, &place, line, sim, &events, o, o->why);
    o->in_call = false;
    memset(&place, 0xA5, sizeof place); /* it must not be needed any more */
    return o->t;
}

static void open_place(struct owner *o, const char *text) {
    static const struct line_settings line = {.baud = 19200};
    assert_true(try_open(o, text, &line, NULL));
}

static bool put(struct owner *o, const char *bytes, size_t n) {
    o->in_call = true;
    bool done = transport_write(o->t, (const uint8_t *)bytes, n);
    o->in_call = false;
    return done;
}

static void assert_got(struct owner *o, const char *bytes, size_t n) {
    WAIT_FOR(o->n >= n);
    assert_int_equal(o->n, n);
    assert_memory_equal(o->bytes, bytes, n);
    o->n = 0;
}

static void assert_says(const char *why, const char *says) {
    if (!strstr(why, says)) {
        fail_msg("\"%s\" does not say \"%s\"", why, says);
    }
}

static int set_up(void **state) {
    (void)state;
    memset(owners, 0, sizeof owners);
    return uv_loop_init(&loop);
}

/* Whatever the test did: after closing the loop ends by itself, and holds nothing. */
static int tear_down(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        if (owners[i].t) {
            close_owner(&owners[i]);
        }
    }
    int opened = a->opened;
    size_t n = a->n;
    if (uv_run(&loop, UV_RUN_DEFAULT) != 0 || uv_loop_close(&loop) != 0) {
        return -1;
    }
    for (size_t i = 0; i < 3; i++) {
        if (owners[i].heard_in_call || owners[i].closed > 1) {
            return -1;
        }
    }
    return a->opened == opened && a->n == n ? 0 : -1; /* no event after closing */
}

static char *in_folder(const char *name) {
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder); /* empty: every link was removed */
}

/* ---- TCP ---- */

/* A socket of the test's own, connected to a port of 127.0.0.1. */
static int dial(unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof address), errno);
    return fd;
}

static int listening(unsigned *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof address), errno);
    assert_return_code(listen(fd, 1), errno);
    assert_return_code(getsockname(fd, (struct sockaddr *)&address, &n), errno);
    *port = ntohs(address.sin_port);
    return fd;
}

static char *tcp_place(unsigned port) {
    static char text[40];
    snprintf(text, sizeof text, "tcp://127.0.0.1:%u", port);
    return text;
}

static void open_listening(struct owner *o) {
    open_place(o, "listen://127.0.0.1:0");
    WAIT_FOR(o->opened);
}

static void test_tcp_bytes_go_both_ways(void **state) {
    (void)state;
    open_listening(a);
    assert_int_equal(a->came, 0);
    open_place(b, tcp_place(transport_place(a->t)->port));
    assert_false(put(b, "early", 5));
    WAIT_FOR(a->came && b->opened);
    assert_true(put(a, "\x00\x55\xE2", 3));
    assert_true(put(b, "V\r", 2));
    assert_true(put(b, "O\r", 2));
    assert_got(b, "\x00\x55\xE2", 3);
    assert_got(a, "V\rO\r", 4);
    assert_in_range(clock_mono_ns() - a->mono_ns, 0, 20000000000);
}

static void test_tcp_break_is_a_zero(void **state) {
    (void)state;
    open_listening(a);
    open_place(b, tcp_place(transport_place(a->t)->port));
    WAIT_FOR(a->came && b->opened);
    assert_true(put(a, "before", 6));
    assert_true(transport_write_break(a->t, BYTES(0x55, 0xE2)));
    assert_got(b, "before\x00\x55\xE2", 9);
}

/* Two UDP ports that were free a moment ago. */
static void free_ports(uint16_t port[2]) {
    int fd[2];
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
        socklen_t n = sizeof address;
        fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd[i], (struct sockaddr *)&address, n), 0);
        assert_int_equal(getsockname(fd[i], (struct sockaddr *)&address, &n), 0);
        port[i] = ntohs(address.sin_port);
    }
    close(fd[0]);
    close(fd[1]);
}

static void open_udp(struct owner *o, uint16_t far, uint16_t local) {
    const struct line_settings line = {.local_port = local};
    char text[40];
    snprintf(text, sizeof text, "udp://127.0.0.1:%u", far);
    assert_true(try_open(o, text, &line, NULL));
}

static void test_udp_datagrams_go_both_ways(void **state) {
    (void)state;
    uint16_t port[2];
    free_ports(port);
    open_udp(a, port[1], port[0]);
    WAIT_FOR(a->opened);
    assert_true(
        put(a, "nobody", 6)); /* nobody is there: that is no end, and no error of the next */
    run_for_ms(20);
    open_udp(b, port[0], port[1]);
    WAIT_FOR(b->opened);
    assert_true(put(a, "one", 3));
    assert_true(put(a, "two", 3));
    assert_got(b, "onetwo", 6);
    assert_true(put(b, "", 0)); /* an empty one is nothing */
    assert_true(put(b, "back", 4));
    assert_got(a, "back", 4);
    assert_int_equal(a->closed + b->closed, 0);
}

static void test_udp_takes_nothing_from_strangers(void **state) {
    (void)state;
    uint16_t port[2];
    free_ports(port);
    open_udp(a, port[1], port[0]);
    open_udp(b, port[0], 0); /* from another port than a expects */
    WAIT_FOR(a->opened && b->opened);
    assert_true(put(b, "let me in", 9));
    run_for_ms(50);
    assert_int_equal(a->n, 0);
}

static void test_udp_port_in_use_is_told(void **state) {
    (void)state;
    uint16_t port[2];
    free_ports(port);
    open_udp(a, port[1], port[0]);
    WAIT_FOR(a->opened);
    open_udp(b, port[1], port[0]);
    WAIT_FOR(b->closed);
    assert_says(b->why, "is in use by another program");
    open_place(c, "udp://a..b:80");
    WAIT_FOR(c->closed);
    assert_says(c->why, "the host of a..b:80 is not known");
}

static void test_listen_on_port_0_tells_its_port(void **state) {
    (void)state;
    char text[40];
    open_listening(a);
    const struct place *place = transport_place(a->t);
    assert_int_not_equal(place->port, 0);
    snprintf(text, sizeof text, "listen://127.0.0.1:%u", place->port);
    assert_string_equal(place->text, text);
}

static void test_tcp_refused_says_that_nothing_listens(void **state) {
    (void)state;
    unsigned port;
    close(listening(&port));
    open_place(a, tcp_place(port));
    WAIT_FOR(a->closed);
    assert_says(a->why, "refuses the connection: nothing listens there");
    assert_int_equal(a->opened, 0);
    assert_false(put(a, "x", 1));
}

static void test_tcp_tries_every_address_of_a_name(void **state) {
    (void)state;
    char text[40];
    unsigned port;
    int fd = listening(&port); /* not at ::1, which localhost may mean first */
    snprintf(text, sizeof text, "tcp://localhost:%u", port);
    open_place(a, text);
    WAIT_FOR(a->opened);
    close(fd);
}

static void test_tcp_unknown_host_is_named(void **state) {
    (void)state;
    open_place(a, "tcp://a..b:80");
    WAIT_FOR(a->closed);
    assert_says(a->why, "the host of a..b:80 is not known");
}

static void test_tcp_closed_by_the_other_side(void **state) {
    (void)state;
    unsigned port;
    int fd = listening(&port);
    open_place(a, tcp_place(port));
    WAIT_FOR(a->opened);
    int peer = accept(fd, NULL, NULL);
    assert_int_equal(write(peer, "bye", 3), 3);
    close(peer);
    WAIT_FOR(a->closed);
    assert_memory_equal(a->bytes, "bye", 3);
    assert_says(a->why, "has closed the connection");
    close(fd);
}

static void test_tcp_broken_off_by_the_other_side(void **state) {
    (void)state;
    unsigned port;
    struct linger now = {1, 0};
    int fd = listening(&port);
    open_place(a, tcp_place(port));
    WAIT_FOR(a->opened);
    int peer = accept(fd, NULL, NULL);
    assert_return_code(setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), errno);
    close(peer);
    WAIT_FOR(a->closed);
    assert_says(a->why, "has broken the connection off");
    close(fd);
}

static void test_listen_has_one_peer_and_refuses_a_second(void **state) {
    (void)state;
    char byte;
    open_listening(a);
    unsigned port = transport_place(a->t)->port;
    int first = dial(port);
    WAIT_FOR(a->came == 1);
    assert_says(a->who, "127.0.0.1:");
    int second = dial(port);
    WAIT_FOR(a->refused == 1);
    assert_int_equal(read(second, &byte, 1), 0);
    assert_int_equal(a->went, 0);
    assert_true(put(a, "1", 1));
    assert_int_equal(read(first, &byte, 1), 1);
    close(first);
    WAIT_FOR(a->went == 1);
    assert_false(put(a, "nobody is there", 15));
    int third = dial(port);
    WAIT_FOR(a->came == 2);
    assert_true(put(a, "3", 1));
    assert_int_equal(read(third, &byte, 1), 1);
    assert_int_equal(byte, '3');
    assert_int_equal(a->closed, 0);
    close(second);
    close(third);
}

static void test_listen_on_a_used_port_says_so(void **state) {
    (void)state;
    char text[40];
    char says[80];
    unsigned port;
    int fd = listening(&port);
    snprintf(text, sizeof text, "listen://127.0.0.1:%u", port);
    snprintf(says, sizeof says, "port 127.0.0.1:%u is in use by another program", port);
    open_place(a, text);
    WAIT_FOR(a->closed);
    assert_string_equal(a->why, says);
    close(fd);
}

static void test_listen_at_a_foreign_address_says_so(void **state) {
    (void)state;
    open_place(a, "listen://192.0.2.1:0");
    WAIT_FOR(a->closed);
    assert_says(a->why, "this machine does not have that address");
}

static void test_slow_reader_gets_what_was_taken_and_no_more_than_64_kB_wait(void **state) {
    (void)state;
    static char block[1000];
    static uint8_t got[1000];
    unsigned taken = 0;
    open_listening(a);
    int peer = dial(transport_place(a->t)->port);
    WAIT_FOR(a->came);
    for (;;) {
        memset(block, (int)(taken & 0x7F), sizeof block);
        if (!put(a, block, sizeof block)) {
            break;
        }
        taken++;
        assert_true(taken < 100000); /* else it waits without end */
        if (taken % 50 == 0) {
            uv_run(&loop, UV_RUN_NOWAIT);
        }
    }
    assert_true(taken > 64);
    assert_false(put(a, block, sizeof block));
    for (unsigned i = 0; i < taken; i++) { /* all that was taken arrives, in order */
        for (size_t n = 0; n < sizeof got;) {
            uv_run(&loop, UV_RUN_NOWAIT);
            ssize_t r = recv(peer, got + n, sizeof got - n, MSG_DONTWAIT);
            n += r > 0 ? (size_t)r : 0;
        }
        assert_int_equal(got[0], i & 0x7F);
        assert_int_equal(got[999], i & 0x7F);
    }
    assert_true(put(a, block, sizeof block));
    close(peer);
    WAIT_FOR(a->went);
}

static void test_more_than_64_kB_at_once_is_refused(void **state) {
    (void)state;
    static char block[64 * 1024 + 1];
    open_listening(a);
    int peer = dial(transport_place(a->t)->port);
    WAIT_FOR(a->came);
    assert_false(put(a, block, sizeof block));
    assert_true(put(a, block, sizeof block - 1));
    close(peer);
}

static void test_last_words_are_sent_at_closing(void **state) {
    (void)state;
    char got[8];
    open_listening(a);
    int peer = dial(transport_place(a->t)->port);
    WAIT_FOR(a->came);
    assert_int_equal(write(peer, "unread", 6), 6);
    usleep(1000);
    assert_true(put(a, "off\r", 4));
    close_owner(a);
    assert_int_equal(read(peer, got, sizeof got), 4);
    assert_memory_equal(got, "off\r", 4);
    assert_int_equal(read(peer, got, sizeof got), 0);
    close(peer);
}

/* ---- pseudo terminals ---- */

static char *pty_place(const char *name) {
    static char text[110];
    snprintf(text, sizeof text, "pty:%s", in_folder(name));
    return text;
}

static void test_pty_link_is_made_and_removed(void **state) {
    (void)state;
    char target[100] = "";
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    assert_true(readlink(in_folder("van"), target, sizeof target - 1) > 0);
    assert_says(target, "/dev/pts/");
    close_owner(a);
    assert_int_equal(access(in_folder("van"), F_OK), -1);
}

static void test_pty_link_of_somebody_else_is_left_alone(void **state) {
    (void)state;
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    unlink(in_folder("van"));
    assert_return_code(symlink("/dev/null", in_folder("van")), errno);
    close_owner(a);
    assert_return_code(unlink(in_folder("van")), errno);
}

static void test_pty_stale_link_is_replaced(void **state) {
    (void)state;
    char target[100] = "";
    assert_return_code(symlink("/dev/pts/99999", in_folder("van")), errno);
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    assert_true(readlink(in_folder("van"), target, sizeof target - 1) > 0);
    assert_string_not_equal(target, "/dev/pts/99999");
}

static void test_pty_link_older_than_its_terminal_is_replaced(void **state) {
    (void)state;
    int master;
    int slave;
    char name[64];
    const struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
    assert_return_code(openpty(&master, &slave, name, NULL, NULL), errno);
    assert_return_code(symlink(name, in_folder("van")), errno);
    assert_return_code(utimensat(AT_FDCWD, in_folder("van"), long_ago, AT_SYMLINK_NOFOLLOW), errno);
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    close(master);
    close(slave);
}

static void test_pty_link_in_use_is_refused(void **state) {
    (void)state;
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    open_place(b, pty_place("van"));
    WAIT_FOR(b->closed);
    assert_says(b->why, "is in use: it links to /dev/pts/");
    close_owner(b);
    assert_return_code(access(in_folder("van"), F_OK), errno);
}

static void test_pty_does_not_replace_a_file(void **state) {
    (void)state;
    close(open(in_folder("van"), O_CREAT | O_WRONLY, 0600));
    open_place(a, pty_place("van"));
    WAIT_FOR(a->closed);
    assert_says(a->why, "is there already, and is no link to a pseudo terminal");
    close_owner(a);
    assert_return_code(unlink(in_folder("van")), errno);
}

static void test_pty_in_a_folder_that_is_not_there(void **state) {
    (void)state;
    open_place(a, pty_place("no/van"));
    WAIT_FOR(a->closed);
    assert_says(a->why, "cannot make the link");
    assert_says(a->why, "No such file or directory");
}

static int open_terminal(const char *name) {
    int fd = open(in_folder(name), O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_return_code(fd, errno);
    return fd;
}

static size_t read_for_ms(int fd, char *got, size_t size, int ms) {
    size_t n = 0;
    for (int64_t end = clock_mono_ns() + ms * INT64_C(1000000);
         clock_mono_ns() < end && n < size;) {
        uv_run(&loop, UV_RUN_NOWAIT);
        ssize_t r = read(fd, got + n, size - n);
        n += r > 0 ? (size_t)r : 0;
        usleep(200);
    }
    return n;
}

static void test_pty_keeps_nothing_for_who_opens_it_later(void **state) {
    (void)state;
    char got[100];
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    assert_false(put(a, "nobody", 6));
    int fd = open_terminal("van");
    WAIT_FOR(a->came == 1);
    assert_true(put(a, "unread", 6));
    close(fd);
    WAIT_FOR(a->went == 1);
    assert_false(put(a, "nobody", 6));
    fd = open_terminal("van");
    WAIT_FOR(a->came == 2);
    assert_true(put(a, "\x00now\x0D\x03", 6)); /* as it is: raw */
    assert_int_equal(read_for_ms(fd, got, sizeof got, 30), 6);
    assert_memory_equal(got, "\x00now\x0D\x03", 6);
    assert_int_equal(write(fd, "t1230\r\x03\n\x00", 9), 9);
    assert_got(a, "t1230\r\x03\n\x00", 9);
    close(fd);
}

static void test_pty_survives_a_program_that_took_it_for_itself_and_died(void **state) {
    (void)state;
    char got[10];
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    int fd = open_terminal("van");
    WAIT_FOR(a->came == 1);
    assert_return_code(__real_ioctl(fd, TIOCEXCL, NULL), errno);
    close(fd); /* without TIOCNXCL */
    WAIT_FOR(a->went == 1);
    fd = open_terminal("van");
    WAIT_FOR(a->came == 2);
    assert_true(put(a, "again", 5));
    assert_int_equal(read_for_ms(fd, got, 5, 1000), 5);
    close(fd);
}

static void test_pty_hears_who_has_already_gone(void **state) {
    (void)state;
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    int fd = open_terminal("van");
    assert_int_equal(write(fd, "hello", 5), 5);
    close(fd);
    WAIT_FOR(a->went == 1);
    assert_int_equal(a->came, 1);
    assert_got(a, "hello", 5);
}

static void test_pty_slow_reader_is_bounded(void **state) {
    (void)state;
    static char block[1000];
    unsigned taken = 0;
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    int fd = open_terminal("van");
    WAIT_FOR(a->came);
    while (put(a, block, sizeof block)) {
        assert_true(++taken < 1000);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_true(taken >= 64);
    close(fd);
    WAIT_FOR(a->went);
    fd = open_terminal("van");
    WAIT_FOR(a->came == 2);
    assert_int_equal(read_for_ms(fd, block, sizeof block, 20), 0);
    close(fd);
}

static int64_t cpu_ns(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * INT64_C(1000000000) +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * INT64_C(1000);
}

static void stop_loop(uv_timer_t *timer) {
    uv_stop(timer->loop);
}

/* The loop sleeps, as in the program. */
static int64_t cpu_ns_of_half_a_second(void) {
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, stop_loop, 500, 0);
    int64_t before = cpu_ns();
    uv_run(&loop, UV_RUN_DEFAULT);
    int64_t used = cpu_ns() - before;
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    return used;
}

static void test_pty_sleeps_while_nobody_is_there_or_nobody_reads(void **state) {
    (void)state;
    static char block[1000];
    open_place(a, pty_place("van"));
    WAIT_FOR(a->opened);
    assert_in_range(cpu_ns_of_half_a_second(), 0, 100000000);
    int fd = open_terminal("van");
    WAIT_FOR(a->came);
    while (put(a, block, sizeof block)) {
    }
    assert_in_range(cpu_ns_of_half_a_second(), 0, 100000000);
    close(fd);
    WAIT_FOR(a->went);
    assert_in_range(cpu_ns_of_half_a_second(), 0, 100000000);
}

/* ---- serial ports ---- */

static int master; /* the far end of the cable */
static char port_name[64];

static void plug_in(void) {
    int slave;
    assert_return_code(openpty(&master, &slave, port_name, NULL, NULL), errno);
    close(slave);
}

static void open_port(struct owner *o, const struct line_settings *line) {
    assert_true(try_open(o, port_name, line, NULL));
    WAIT_FOR(o->opened || o->closed);
    assert_string_equal(o->why, "");
}

static size_t far_end(char *got, size_t size, int ms) {
    fcntl(master, F_SETFL, O_NONBLOCK);
    return read_for_ms(master, got, size, ms);
}

/* What a test wants of the line: a UART that can send breaks. */
static bool is_uart;
static char ioctl_log[64]; /* B break on, C break off */
static int64_t break_on_ns, break_off_ns;
static int break_fails;

bool __wrap_serial_is_pty(int fd);
bool __wrap_serial_is_pty(int fd) {
    (void)fd;
    return !is_uart;
}

int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument) {
    size_t n = strlen(ioctl_log);
    if (request == TIOCSBRK) {
        if (break_fails) {
            errno = break_fails;
            return -1;
        }
        ioctl_log[n] = 'B';
        break_on_ns = clock_mono_ns();
        return 0;
    }
    if (request == TIOCCBRK) {
        ioctl_log[n] = 'C';
        break_off_ns = clock_mono_ns();
        return 0;
    }
    return __real_ioctl(fd, request, argument);
}

static void test_serial_line_is_raw_and_has_its_rate(void **state) {
    (void)state;
    static const struct {
        struct line_settings line;
        unsigned baud;
        bool two_stop_bits;
    } rows[] = {
        {{.baud = 9600}, 9600, false},
        {{.baud = 115200, .stop_bits = 2}, 115200, true},
        {{.baud = 12800, .stop_bits = 1}, 12800, false}, /* no name in termios */
        {{.baud = 0}, 115200, false},
    };
    struct termios line;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t termios2[11]; /* its c_ospeed is the last word */
        plug_in();
        open_port(a, &rows[i].line);
        int fd = open(port_name, O_RDWR | O_NOCTTY | O_NONBLOCK);
        if (fd < 0) {
            assert_int_equal(errno, EBUSY); /* TIOCEXCL: only root gets in here */
        } else {
            assert_return_code(tcgetattr(fd, &line), errno);
            assert_int_equal(line.c_cflag & CSTOPB, rows[i].two_stop_bits ? CSTOPB : 0);
            assert_int_equal(line.c_cflag & (CSIZE | PARENB | CRTSCTS | CLOCAL), CS8 | CLOCAL);
            assert_int_equal(line.c_iflag & (IGNBRK | BRKINT | PARMRK | IXON | ICRNL), 0);
            assert_int_equal(line.c_lflag & (ICANON | ECHO | ISIG), 0);
            assert_int_equal(line.c_oflag & OPOST, 0);
            assert_return_code(__real_ioctl(fd, 0x802C542A /* TCGETS2 */, termios2), errno);
            assert_int_equal(termios2[10], rows[i].baud);
            close(fd);
        }
        close_owner(a);
        run_for_ms(2);
        a->opened = 0;
        close(master);
    }
}

static void test_serial_bytes_go_both_ways(void **state) {
    (void)state;
    char got[100];
    plug_in();
    open_port(a, NULL);
    assert_int_equal(write(master, "\x00\x55\x03\x0D\x0A\x11\x13\xFF", 8), 8);
    assert_got(a, "\x00\x55\x03\x0D\x0A\x11\x13\xFF", 8);
    assert_true(put(a, "\x00\x0A\x13\xFF", 4));
    assert_int_equal(far_end(got, 4, 10000), 4);
    assert_memory_equal(got, "\x00\x0A\x13\xFF", 4);
    close(master);
}

static void test_serial_bytes_of_before_are_not_read(void **state) {
    (void)state;
    plug_in();
    assert_int_equal(write(master, "old", 3), 3);
    open_port(a, NULL);
    assert_int_equal(write(master, "new", 3), 3);
    assert_got(a, "new", 3);
    close(master);
}

static void test_serial_port_is_opened_by_one_only(void **state) {
    (void)state;
    char says[256];
    plug_in();
    open_port(a, NULL);
    assert_true(try_open(b, port_name, NULL, NULL));
    WAIT_FOR(b->closed);
    snprintf(says, sizeof says,
             "%s is in use by another program (fuser %s names it); a running voltbus takes "
             "commands with --via http://127.0.0.1:8080",
             port_name, port_name);
    assert_string_equal(b->why, says);
    close_owner(a);
    assert_true(try_open(c, port_name, NULL, NULL)); /* free at once, before the loop runs */
    WAIT_FOR(c->opened);
    close(master);
}

static void test_serial_unplugged_is_closed_once(void **state) {
    (void)state;
    char says[100];
    plug_in();
    open_port(a, NULL);
    assert_int_equal(write(master, "last", 4), 4);
    close(master);
    WAIT_FOR(a->closed);
    snprintf(says, sizeof says, "%s was unplugged", port_name);
    assert_string_equal(a->why, says);
    assert_false(put(a, "x", 1));
    run_for_ms(5);
    assert_int_equal(a->closed, 1);
}

static void test_serial_that_is_not_there(void **state) {
    (void)state;
    open_place(a, "/dev/ttyUSB255");
    WAIT_FOR(a->closed);
    assert_string_equal(a->why, "/dev/ttyUSB255 is not there (unplugged?)");
}

static void test_serial_that_is_no_serial_port(void **state) {
    (void)state;
    open_place(a, "/dev/null");
    WAIT_FOR(a->closed);
    assert_string_equal(a->why, "/dev/null is not a serial port");
}

static void test_serial_without_permission_names_the_group(void **state) {
    (void)state;
    if (getuid() == 0) {
        skip(); /* root may everything */
    }
    plug_in();
    chmod(port_name, 0);
    open_place(a, port_name);
    WAIT_FOR(a->closed);
    assert_says(a->why, "dialout");
    close(master);
}

static void test_serial_break_on_a_pty_is_a_zero(void **state) {
    (void)state;
    char got[100];
    plug_in();
    open_port(a, NULL);
    ioctl_log[0] = '\0';
    assert_true(put(a, "before", 6));
    assert_true(transport_write_break(a->t, BYTES(0x55, 0xE2)));
    assert_true(put(a, "after", 5));
    assert_int_equal(far_end(got, 14, 10000), 14);
    assert_memory_equal(got, "before\x00\x55\xE2\x61\x66ter", 14);
    assert_string_equal(ioctl_log, "");
    close(master);
}

static void test_serial_break_is_13_bits_between_its_bytes(void **state) {
    (void)state;
    char got[100];
    const struct line_settings line = {.baud = 9600};
    is_uart = true;
    plug_in();
    open_port(a, &line);
    memset(ioctl_log, 0, sizeof ioctl_log);
    int64_t start_ns = clock_mono_ns();
    assert_true(put(a, "before", 6));
    assert_true(transport_write_break(a->t, BYTES(0x55, 0xE2)));
    assert_true(transport_write_break(a->t, BYTES(0x55, 0x64)));
    assert_true(put(a, "after", 5));
    assert_int_equal(far_end(got, 6, 10000), 6);
    if (clock_mono_ns() - start_ns < 6250000) { /* what "before" takes to leave the UART */
        assert_string_equal(ioctl_log, "");
    }
    assert_memory_equal(got, "before", 6);
    WAIT_FOR(ioctl_log[0] == 'B');
    assert_in_range(break_on_ns - start_ns, 6250000, 20000000000);
    int64_t on_ns = break_on_ns;
    WAIT_FOR(ioctl_log[1] == 'C');
    assert_in_range(break_off_ns - on_ns, 1354166, 20000000000); /* 13 bits of 104.2 us */
    assert_int_equal(far_end(got, 2, 10000), 2);
    assert_memory_equal(got, "\x55\xE2", 2);
    assert_int_equal(far_end(got, 7, 10000), 7);
    assert_memory_equal(got, "\x55\x64\x61\x66ter", 7);
    assert_string_equal(ioctl_log, "BCBC");
    is_uart = false;
    close(master);
}

static void test_serial_driver_without_breaks_sends_a_zero(void **state) {
    (void)state;
    char got[100];
    is_uart = true;
    break_fails = ENOTTY;
    plug_in();
    open_port(a, NULL);
    assert_true(transport_write_break(a->t, BYTES(0x55, 0xE2)));
    assert_true(transport_write_break(a->t, BYTES(0x55, 0x64)));
    assert_int_equal(far_end(got, 6, 10000), 6);
    assert_memory_equal(got, "\x00\x55\xE2\x00\x55\x64", 6);
    break_fails = 0;
    is_uart = false;
    close(master);
}

static void test_serial_closed_in_a_break_ends_the_break(void **state) {
    (void)state;
    const struct line_settings line = {.baud = 1000};
    is_uart = true;
    plug_in();
    open_port(a, &line);
    memset(ioctl_log, 0, sizeof ioctl_log);
    assert_true(transport_write_break(a->t, BYTES(0x55)));
    assert_string_equal(ioctl_log, "B");
    close_owner(a);
    assert_string_equal(ioctl_log, "BC");
    is_uart = false;
    close(master);
}

static void test_serial_breaks_that_wait_are_bounded(void **state) {
    (void)state;
    int taken = 0;
    const struct line_settings line = {.baud = 1000};
    is_uart = true;
    plug_in();
    open_port(a, &line);
    while (transport_write_break(a->t, BYTES(0x55))) {
        assert_true(++taken < 1000);
    }
    assert_true(taken >= 60);
    is_uart = false;
    close(master);
}

static void test_serial_writes_that_wait_are_bounded(void **state) {
    (void)state;
    static char block[1000];
    unsigned taken = 0;
    plug_in();
    open_port(a, NULL);
    while (put(a, block, sizeof block)) {
        assert_true(++taken < 1000);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_true(taken >= 64);
    close(master);
}

/* ---- simulators ---- */

struct parrot {
    int64_t number, next_ns;
    uint8_t out[600];
    size_t n;
    bool endless;
};

static int parrot_running; /* it must not be entered while it runs */

static void parrot_init(void *self, const struct vb_value *values, int64_t now_ns,
                        int64_t wall_ns) {
    struct parrot *p = self;
    assert_true(wall_ns > INT64_C(1600000000000000000));
    p->number = values[0].number;
    p->endless = values[1].number;
    p->next_ns = p->endless ? now_ns : INT64_MAX;
}

static void parrot_feed(void *self, const uint8_t *bytes, size_t n, int64_t now_ns) {
    struct parrot *p = self;
    (void)now_ns;
    assert_int_equal(parrot_running++, 0);
    n = n < sizeof p->out - p->n ? n : sizeof p->out - p->n;
    memcpy(p->out + p->n, bytes, n);
    p->n += n;
    parrot_running--;
}

static void parrot_tick(void *self, int64_t now_ns) {
    struct parrot *p = self;
    if (now_ns >= p->next_ns) {
        p->out[p->n++] = (uint8_t)p->number;
        p->next_ns = now_ns + 2500000;
    }
}

static int64_t parrot_deadline(const void *self) {
    return ((const struct parrot *)self)->next_ns;
}

static size_t parrot_take(void *self, uint8_t *out) {
    struct parrot *p = self;
    size_t n = p->n < SIM_TX_MAX ? p->n : SIM_TX_MAX;
    memcpy(out, p->out, n);
    memmove(p->out, p->out + n, p->n - n);
    p->n -= n;
    return n;
}

static const struct vb_key parrot_keys[] = {
    {"number", VB_KEY_NUMBER, NULL, "7", 0, 255, NULL, "the byte it says"},
    {"talk", VB_KEY_FLAG, NULL, "no", 0, 0, NULL, "without being asked"},
};

static const struct sim parrot = {
    .name = "parrot",
    .title = "says what it hears",
    .link = "slcan",
    .keys = parrot_keys,
    .key_count = 2,
    .size = sizeof(struct parrot),
    .init = parrot_init,
    .feed = parrot_feed,
    .tick = parrot_tick,
    .deadline_ns = parrot_deadline,
    .take = parrot_take,
};

const struct sim *__wrap_sim_find(const char *name);
const struct sim *__wrap_sim_find(const char *name) {
    return strcmp(name, "parrot") == 0 ? &parrot : NULL;
}

static bool open_parrot(struct owner *o, const char *first, const char *second) {
    const char *texts[] = {first, second};
    struct sim_settings settings = {texts, (size_t)(first != NULL) + (second != NULL)};
    return try_open(o, "sim://parrot", NULL, &settings);
}

static void test_sim_hears_and_answers(void **state) {
    (void)state;
    static char block[300];
    memset(block, 'x', sizeof block);
    assert_true(open_parrot(a, NULL, NULL));
    WAIT_FOR(a->opened);
    assert_true(put(a, "hello", 5));
    assert_true(transport_write_break(a->t, BYTES(0x55)));
    assert_int_equal(a->n, 0);
    assert_got(a, "hello\x00\x55", 7);
    assert_true(put(a, block, sizeof block)); /* more than it gives at once */
    assert_got(a, block, sizeof block);
}

static void test_sim_talks_at_its_deadlines(void **state) {
    (void)state;
    assert_true(open_parrot(a, "number=42", "talk=yes"));
    int64_t start_ns = clock_mono_ns();
    WAIT_FOR(a->n >= 10);
    assert_in_range(clock_mono_ns() - start_ns, 9 * 2500000, 20000000000);
    assert_int_equal(a->bytes[0], 42);
    assert_int_equal(a->bytes[9], 42);
}

static void test_sim_with_no_deadline_sleeps(void **state) {
    (void)state;
    assert_true(open_parrot(a, NULL, NULL));
    WAIT_FOR(a->opened);
    assert_in_range(cpu_ns_of_half_a_second(), 0, 50000000);
}

static void test_sim_bad_settings_are_refused_at_once(void **state) {
    (void)state;
    assert_false(open_parrot(a, "colour=red", NULL));
    assert_string_equal(a->why, "sim://parrot has no setting 'colour' (number, talk)");
    assert_false(open_parrot(a, "number=300", NULL));
    assert_says(a->why, "sim://parrot: number: ");
    assert_says(a->why, "255");
    assert_false(open_parrot(a, "talk=no", "number"));
    assert_says(a->why, "number needs a value");
    assert_false(try_open(a, "sim://cuckoo", NULL, NULL));
    assert_says(a->why, "there is no simulator cuckoo");
}

static void test_sim_queue_is_bounded(void **state) {
    (void)state;
    static char block[64 * 1024];
    assert_true(open_parrot(a, NULL, NULL));
    WAIT_FOR(a->opened);
    assert_true(put(a, block, sizeof block));
    assert_false(put(a, "x", 1));
    assert_false(transport_write_break(a->t, NULL, 0));
    WAIT_FOR(a->n == 600);
    assert_true(put(a, "x", 1));
}

/* ---- the WiFi kit: wifi_kit.py answers, rightly or not ---- */

static pid_t kit;
static char kit_log[120];

/* Start it with up to two options; the place goes to *text. */
static void start_kit(char text[60], const char *option, const char *value) {
    int out[2];
    char port[16] = "";
    size_t n = 0;
    snprintf(kit_log, sizeof kit_log, "%s", in_folder("kit.log"));
    assert_return_code(pipe(out), errno);
    kit = fork();
    if (kit == 0) {
        dup2(out[1], STDOUT_FILENO);
        execlp("python3", "python3", TEST_DIR "/e2e/wifi_kit.py", "--log", kit_log, option, value,
               NULL);
        _exit(127);
    }
    close(out[1]);
    while (n < sizeof port - 1 && read(out[0], port + n, 1) == 1 && port[n] != '\n') {
        n++;
    }
    close(out[0]);
    assert_int_equal(port[n], '\n');
    port[n] = '\0';
    snprintf(text, 60, "http://127.0.0.1:%s/r", port);
}

static int stop_kit(void **state) {
    if (kit > 0) {
        kill(kit, SIGKILL);
        waitpid(kit, NULL, 0);
        kit = 0;
        (void)unlink(kit_log);
    }
    return tear_down(state);
}

static void open_kit(struct owner *o) {
    char text[60];
    start_kit(text, NULL, NULL);
    open_place(o, text);
    WAIT_FOR(o->opened);
}

static void assert_asked(const char *says) {
    char log[2000] = "";
    FILE *file = fopen(kit_log, "r");
    assert_non_null(file);
    size_t n = fread(log, 1, sizeof log - 1, file);
    fclose(file);
    log[n] = '\0';
    assert_says(log, says);
}

static void test_http_line_becomes_a_request_and_its_answer_a_line(void **state) {
    (void)state;
    open_kit(a);
    assert_asked("GET /r?json=1&rapi=%24GV%5E35 HTTP/1.1\n");
    assert_int_equal(a->n, 0); /* that was the transport's own question */
    assert_true(put(a, "$SC 10 V^63\r", 12));
    assert_got(a, "$OK 10^01\r", 10);
    assert_asked("GET /r?json=1&rapi=%24SC%2010%20V%5E63 HTTP/1.1\n");
}

static void test_http_percent_encodes_all_but_the_unreserved(void **state) {
    (void)state;
    open_kit(a);
    assert_true(put(a, "$FP 0 0 a.b-c_d~+&=%\r", 21));
    assert_got(a, "$NK^21\r", 7);
    assert_asked("GET /r?json=1&rapi=%24FP%200%200%20a.b-c_d~%2B%26%3D%25 HTTP/1.1\n");
}

static void test_http_line_may_come_in_pieces(void **state) {
    (void)state;
    open_kit(a);
    assert_true(put(a, "$GS", 3));
    assert_true(put(a, "^3", 2));
    run_for_ms(100);
    assert_int_equal(a->n, 0);
    assert_true(put(a, "0\r", 2));
    assert_got(a, "$OK 03 754 03 0140^13\r", 22); /* chunked */
}

static void test_http_asks_one_after_the_other(void **state) {
    (void)state;
    open_kit(a);
    assert_true(put(a, "$GE^26\r$GS^30\r", 14)); /* the first one is answered slowly */
    assert_true(put(a, "$SC 10 V^63\r", 12));
    assert_int_equal(transport_pending(a->t), 19);
    run_for_ms(100);
    assert_int_equal(a->n, 0);
    assert_got(a, "$OK 32 0021^22\r$OK 03 754 03 0140^13\r$OK 10^01\r", 47);
    assert_int_equal(transport_pending(a->t), 0);
}

static void test_http_without_ret_the_box_was_silent(void **state) {
    (void)state;
    open_kit(a);
    assert_true(put(a, "$GT^37\r$GS^30\r", 14));
    assert_got(a, "$OK 03 754 03 0140^13\r", 22);
    assert_int_equal(a->closed, 0);
}

static void test_http_lines_that_wait_are_bounded(void **state) {
    (void)state;
    char many[600];
    open_kit(a);
    assert_true(put(a, "$GE^26\r", 7));
    memset(many, '\r', sizeof many);
    assert_false(put(a, many, sizeof many));
    memset(many, 'x', 400); /* no line of a box is so long: dropped */
    assert_true(put(a, many, 400));
    assert_true(put(a, "\r$GS^30\r", 8));
    assert_got(a, "$OK 32 0021^22\r$OK 03 754 03 0140^13\r", 37);
    assert_false(transport_write_break(a->t, BYTES(0x55)));
}

static void test_http_answer_that_is_wrong_ends_it_with_the_reason(void **state) {
    (void)state;
    static const struct {
        const char *question, *says;
    } rows[] = {
        {"$GU^36\r", "wants user and password: auth=FILE"},
        {"$GC^20\r", "answers something else: this is no WiFi kit of an OpenEVSE"},
        {"$GF^25\r", "nobody answers at 127.0.0.1:"},
        {"$GG^24\r", "answers too much: this is no WiFi kit"},
        {"$GD^27\r", "answers with HTTP status 302"},
        {"$G0^53\r", "nobody answers at 127.0.0.1:"},
    };
    char text[60];
    start_kit(text, NULL, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(a, 0, sizeof *a);
        open_place(a, text);
        WAIT_FOR(a->opened);
        assert_true(put(a, rows[i].question, 7));
        WAIT_FOR(a->closed);
        assert_says(a->why, rows[i].says);
        assert_int_equal(a->n, 0);
        assert_false(put(a, "$GS^30\r", 7));
        close_owner(a);
    }
}

static void test_http_the_kit_may_fail_over_one_question_and_not_over_all(void **state) {
    (void)state;
    open_kit(a);
    for (unsigned i = 0; i < 4; i++) { /* $GP: status 500 */
        assert_true(put(a, "$GP^33\r", 7));
    }
    assert_true(put(a, "$GS^30\r", 7));
    assert_got(a, "$OK 03 754 03 0140^13\r", 22);
    assert_int_equal(a->closed, 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(put(a, "$GP^33\r", 7));
    }
    assert_true(put(a, "$GS^30\r", 7));
    WAIT_FOR(a->closed);
    assert_says(a->why, "answers with HTTP status 500");
    assert_int_equal(a->n, 0); /* the last question was not asked */
}

static void test_http_first_answer_shows_whether_it_is_a_kit(void **state) {
    static const struct {
        const char *first, *says;
    } rows[] = {
        {"closed", "nobody answers at 127.0.0.1:"},
        {"garbage", "answers something else: this is no WiFi kit of an OpenEVSE"},
        {"page", "answers something else"},
        {"list", "answers something else"},
        {"401", "wants user and password: auth=FILE"},
        {"500", "answers with HTTP status 500"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[60];
        memset(a, 0, sizeof *a);
        start_kit(text, "--first", rows[i].first);
        open_place(a, text);
        WAIT_FOR(a->closed);
        assert_says(a->why, rows[i].says);
        assert_int_equal(a->opened, 0);
        close_owner(a);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(stop_kit(state), 0);
        assert_int_equal(uv_loop_init(&loop), 0);
    }
}

static void test_http_nobody_there_is_said(void **state) {
    (void)state;
    unsigned port;
    char text[60];
    close(listening(&port));
    snprintf(text, sizeof text, "http://127.0.0.1:%u/r", port);
    open_place(a, text);
    WAIT_FOR(a->closed);
    assert_says(a->why, "nobody answers at 127.0.0.1:");
}

static void test_http_silence_ends_after_5_s(void **state) {
    (void)state;
    int64_t begin_ns = clock_mono_ns();
    open_kit(a);
    assert_true(put(a, "$GA^22\r", 7));
    run_for_ms(3000);
    assert_int_equal(a->closed, 0);
    WAIT_FOR(a->closed);
    assert_says(a->why, "does not answer within 5 s");
    assert_in_range(clock_mono_ns() - begin_ns, 5000000000, 19000000000);
}

static void test_http_closing_does_not_wait_for_the_answer(void **state) {
    (void)state;
    open_kit(a);
    assert_true(put(a, "$GA^22\r", 7));
    run_for_ms(100);
    int64_t begin_ns = clock_mono_ns();
    close_owner(a);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_in_range(clock_mono_ns() - begin_ns, 0, 4000000000);
}

static void write_secret(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void open_with_secret(struct owner *o, const char *place, const char *file) {
    struct line_settings line = {.baud = 115200};
    snprintf(line.auth, sizeof line.auth, "%s", file);
    memset(o, 0, sizeof *o);
    assert_true(try_open(o, place, &line, NULL));
}

static void test_http_user_and_password_come_from_a_file(void **state) {
    (void)state;
    char text[60];
    char file[100];
    start_kit(text, "--auth", "admin:open:sesame");
    snprintf(file, sizeof file, "%s", in_folder("secret"));
    write_secret(file, "admin:open:sesame\nanother line\n");
    open_with_secret(a, text, file);
    WAIT_FOR(a->opened);
    assert_true(put(a, "$GS^30\r", 7));
    assert_got(a, "$OK 03 754 03 0140^13\r", 22);
    close_owner(a);
    write_secret(file, "admin:wrong");
    open_with_secret(a, text, file);
    WAIT_FOR(a->closed);
    assert_says(a->why, "does not know the user and password of auth=/tmp/");
    close_owner(a);
    write_secret(file, "nothing of that kind\n");
    open_with_secret(a, text, file);
    WAIT_FOR(a->closed);
    assert_says(a->why, "expected user:password in its first line");
    assert_null(strstr(a->why, "nothing of"));
    close_owner(a);
    assert_int_equal(unlink(file), 0);
    open_with_secret(a, text, file);
    WAIT_FOR(a->closed);
    assert_says(a->why, "/secret: No such file or directory");
    close_owner(a);
    open_with_secret(a, text, "/dev/zero");
    WAIT_FOR(a->closed);
    assert_says(a->why, "auth=/dev/zero: is no file");
}

static void test_recording_is_no_transport(void **state) {
    (void)state;
    assert_false(try_open(a, "file:capture.log", NULL, NULL));
    assert_says(a->why, "file:capture.log is a recording");
}

/* ---- closing, whenever ---- */

static void test_closing_in_opened(void **state) {
    (void)state;
    const char *places[] = {"listen://127.0.0.1:0", "sim://parrot", pty_place("van")};
    for (size_t i = 0; i < 3; i++) {
        owners[i].when = IN_OPENED;
        open_place(&owners[i], places[i]);
        WAIT_FOR(owners[i].opened);
        assert_null(owners[i].t);
    }
}

static void test_closing_in_bytes(void **state) {
    (void)state;
    a->when = IN_BYTES;
    plug_in();
    open_port(a, NULL);
    assert_int_equal(write(master, "x", 1), 1);
    WAIT_FOR(a->n);
    assert_null(a->t);
    close(master);
    b->when = IN_BYTES;
    assert_true(open_parrot(b, "talk=yes", NULL));
    WAIT_FOR(b->n);
    assert_null(b->t);
    c->when = IN_BYTES;
    open_listening(c);
    int peer = dial(transport_place(c->t)->port);
    assert_int_equal(write(peer, "x", 1), 1);
    WAIT_FOR(c->n);
    assert_null(c->t);
    close(peer);
}

static void test_closing_in_closed(void **state) {
    (void)state;
    unsigned port;
    close(listening(&port));
    a->when = b->when = c->when = IN_CLOSED;
    open_place(a, tcp_place(port));
    open_place(b, "/dev/ttyUSB255");
    plug_in();
    open_port(c, NULL);
    close(master);
    WAIT_FOR(a->closed && b->closed && c->closed);
    assert_null(a->t);
    assert_null(b->t);
    assert_null(c->t);
}

static void test_closing_in_peer(void **state) {
    (void)state;
    a->when = b->when = IN_PEER;
    open_listening(a);
    int peer = dial(transport_place(a->t)->port);
    WAIT_FOR(a->came);
    assert_null(a->t);
    close(peer);
    open_place(b, pty_place("van"));
    WAIT_FOR(b->opened);
    int fd = open_terminal("van");
    WAIT_FOR(b->came);
    assert_null(b->t);
    close(fd);
}

static void test_closing_when_the_peer_goes(void **state) {
    (void)state;
    open_listening(a);
    int peer = dial(transport_place(a->t)->port);
    open_place(b, pty_place("van"));
    WAIT_FOR(b->opened);
    int fd = open_terminal("van");
    WAIT_FOR(a->came && b->came);
    a->when = b->when = IN_PEER;
    close(peer);
    close(fd);
    WAIT_FOR(a->went && b->went);
    assert_null(a->t);
    assert_null(b->t);
}

static void test_closing_before_anything_happened(void **state) {
    (void)state;
    const char *places[] = {"tcp://localhost:1", "/dev/ttyUSB255", "sim://parrot"};
    for (size_t i = 0; i < 3; i++) {
        open_place(&owners[i], places[i]);
        close_owner(&owners[i]);
    }
    open_place(a, "tcp://localhost:1");
    uv_run(&loop, UV_RUN_NOWAIT); /* the look-up is under way */
    close_owner(a);
    run_for_ms(5);
    assert_int_equal(a->opened + a->closed, 0);
}

static void test_closing_with_bytes_waiting(void **state) {
    (void)state;
    static char block[1000];
    open_listening(a);
    int peer = dial(transport_place(a->t)->port);
    WAIT_FOR(a->came);
    while (put(a, block, sizeof block)) {
    }
    close_owner(a);
    close(peer);
}

int main(void) {
#define TEST(name)     cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
#define TEST_KIT(name) cmocka_unit_test_setup_teardown(test_##name, set_up, stop_kit)
    const struct CMUnitTest tests[] = {
        TEST(tcp_bytes_go_both_ways),
        TEST(tcp_break_is_a_zero),
        TEST(udp_datagrams_go_both_ways),
        TEST(udp_takes_nothing_from_strangers),
        TEST(udp_port_in_use_is_told),
        TEST(listen_on_port_0_tells_its_port),
        TEST(tcp_refused_says_that_nothing_listens),
        TEST(tcp_tries_every_address_of_a_name),
        TEST(tcp_unknown_host_is_named),
        TEST(tcp_closed_by_the_other_side),
        TEST(tcp_broken_off_by_the_other_side),
        TEST(listen_has_one_peer_and_refuses_a_second),
        TEST(listen_on_a_used_port_says_so),
        TEST(listen_at_a_foreign_address_says_so),
        TEST(slow_reader_gets_what_was_taken_and_no_more_than_64_kB_wait),
        TEST(more_than_64_kB_at_once_is_refused),
        TEST(last_words_are_sent_at_closing),
        TEST(pty_link_is_made_and_removed),
        TEST(pty_link_of_somebody_else_is_left_alone),
        TEST(pty_stale_link_is_replaced),
        TEST(pty_link_older_than_its_terminal_is_replaced),
        TEST(pty_link_in_use_is_refused),
        TEST(pty_does_not_replace_a_file),
        TEST(pty_in_a_folder_that_is_not_there),
        TEST(pty_keeps_nothing_for_who_opens_it_later),
        TEST(pty_survives_a_program_that_took_it_for_itself_and_died),
        TEST(pty_hears_who_has_already_gone),
        TEST(pty_slow_reader_is_bounded),
        TEST(pty_sleeps_while_nobody_is_there_or_nobody_reads),
        TEST(serial_line_is_raw_and_has_its_rate),
        TEST(serial_bytes_go_both_ways),
        TEST(serial_bytes_of_before_are_not_read),
        TEST(serial_port_is_opened_by_one_only),
        TEST(serial_unplugged_is_closed_once),
        TEST(serial_that_is_not_there),
        TEST(serial_that_is_no_serial_port),
        TEST(serial_without_permission_names_the_group),
        TEST(serial_break_on_a_pty_is_a_zero),
        TEST(serial_break_is_13_bits_between_its_bytes),
        TEST(serial_driver_without_breaks_sends_a_zero),
        TEST(serial_closed_in_a_break_ends_the_break),
        TEST(serial_breaks_that_wait_are_bounded),
        TEST(serial_writes_that_wait_are_bounded),
        TEST(sim_hears_and_answers),
        TEST(sim_talks_at_its_deadlines),
        TEST(sim_with_no_deadline_sleeps),
        TEST(sim_bad_settings_are_refused_at_once),
        TEST(sim_queue_is_bounded),
        TEST_KIT(http_line_becomes_a_request_and_its_answer_a_line),
        TEST_KIT(http_percent_encodes_all_but_the_unreserved),
        TEST_KIT(http_line_may_come_in_pieces),
        TEST_KIT(http_asks_one_after_the_other),
        TEST_KIT(http_without_ret_the_box_was_silent),
        TEST_KIT(http_lines_that_wait_are_bounded),
        TEST_KIT(http_answer_that_is_wrong_ends_it_with_the_reason),
        TEST_KIT(http_the_kit_may_fail_over_one_question_and_not_over_all),
        TEST_KIT(http_first_answer_shows_whether_it_is_a_kit),
        TEST_KIT(http_nobody_there_is_said),
        TEST_KIT(http_silence_ends_after_5_s),
        TEST_KIT(http_closing_does_not_wait_for_the_answer),
        TEST_KIT(http_user_and_password_come_from_a_file),
        TEST(recording_is_no_transport),
        TEST(closing_in_opened),
        TEST(closing_in_bytes),
        TEST(closing_in_closed),
        TEST(closing_in_peer),
        TEST(closing_when_the_peer_goes),
        TEST(closing_before_anything_happened),
        TEST(closing_with_bytes_waiting),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
