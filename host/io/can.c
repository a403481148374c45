/* can.c - a CAN interface of the kernel (can:can0): a raw socket of SocketCAN. Every frame of the bus
 * is read, with the kernel's time, error frames and our own frames among them. Nobody needs to be
 * root for it. Leaves out: CAN XL, the clocks of controllers (they are no Unix time), setting up the
 * interface (ip link does).
 * Facts: the kernel's documentation of SocketCAN; linux/can/raw.h.
 * SPDX-License-Identifier: MIT */
#include "host/io/can.h"

#include <errno.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/io/transport_kind.h"
#include "voltbus/time.h"

_Static_assert(sizeof(struct can_frame) == VB_SOCKETCAN_CLASSIC &&
                   sizeof(struct canfd_frame) == VB_SOCKETCAN_FD,
               "the frames of the kernel");

#define AT_ONCE      64                /* frames in one call of the kernel, ... */
#define TURNS        4                 /* ... so often in one turn of the loop */
#define KERNEL_BYTES (4 * 1024 * 1024) /* what waits there while the loop is busy: 5000 frames */

/* The kernel keeps few frames for a controller (txqueuelen: 10), and does not tell when there is
 * room again: try again soon. What could not go out for so long is too old to be true. */
#define QUEUE    256
#define AGAIN_MS 2
#define LATE_NS  (500 * VB_NS_PER_MS)

struct waiting {
    int64_t since_ns; /* monotonic */
    uint8_t n;
    uint8_t frame[VB_SOCKETCAN_FD];
};

struct can {
    struct transport t;
    int fd; /* -1: not open */
    uv_poll_t *poll;
    uv_timer_t *timer;
    size_t first, count; /* of queue, a ring */
    struct waiting queue[QUEUE];
};

/* ---- reading ---- */

/* What stands beside a frame. */
static void take_beside(struct can_packet *packet, struct msghdr *message) {
    packet->t_ns = 0;
    packet->lost = 0;
    packet->ours = message->msg_flags & MSG_CONFIRM;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        struct timespec at;
        if (c->cmsg_level != SOL_SOCKET) {
            continue;
        }
        if (c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&at, CMSG_DATA(c), sizeof at);
            packet->t_ns = (int64_t)at.tv_sec * VB_NS_PER_S + at.tv_nsec;
        } else if (c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&packet->lost, CMSG_DATA(c), sizeof packet->lost);
        }
    }
    packet->t_ns = packet->t_ns ? packet->t_ns : clock_wall_ns();
}

/* Up to AT_ONCE frames. Returns how many, or -1 with errno. */
static int receive(const struct can *c, struct can_packet *packets) {
    struct {
        _Alignas(struct cmsghdr)
            uint8_t bytes[CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)) + 64];
    } beside[AT_ONCE];
    struct iovec parts[AT_ONCE];
    struct mmsghdr messages[AT_ONCE];
    for (size_t i = 0; i < AT_ONCE; i++) {
        parts[i] = (struct iovec){packets[i].frame, sizeof packets[i].frame};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i],
                                                   .msg_iovlen = 1,
                                                   .msg_control = &beside[i],
                                                   .msg_controllen = sizeof beside[i]}};
    }
    int n = recvmmsg(c->fd, messages, AT_ONCE, 0, NULL);
    for (int i = 0; i < n; i++) {
        packets[i].n = (uint8_t)messages[i].msg_len;
        take_beside(&packets[i], &messages[i].msg_hdr);
    }
    return n;
}

static void gone(struct transport *t, int error) {
    const char *name = t->place.name;
    if (error == ENETDOWN) {
        transport_ended(t, "%s was switched off (sudo ip link set %s up)", name, name);
    } else if (error == ENODEV) {
        transport_ended(t, "%s was unplugged", name);
    } else {
        transport_ended(t, "%s: %s", name, strerror(error));
    }
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct can *c = poll->data;
    struct transport *t = &c->t;
    (void)events;
    if (status < 0) { /* libuv has stopped looking; recvmsg tells why */
        uv_poll_start(poll, UV_READABLE, on_readable);
    }
    for (int turn = 0; turn < TURNS && transport_live(t); turn++) {
        struct can_packet packets[AT_ONCE];
        int n = receive(c, packets);
        if (n > 0) {
            transport_bytes(t, (const uint8_t *)packets, (size_t)n * sizeof packets[0]);
        } else if (n < 0 && errno == EAGAIN) {
            return;
        } else if (n < 0 && errno != EINTR) {
            gone(t, errno);
        }
    }
}

/* ---- opening ---- */

/* What of the interface makes it useless now. Returns its number, or 0 after it has told. */
static int find_interface(struct can *c) {
    struct transport *t = &c->t;
    const char *name = t->place.name;
    struct ifreq ask = {.ifr_ifindex = 0};
    memcpy(ask.ifr_name, name, strnlen(name, IFNAMSIZ - 1)); /* place_parse saw to its length */
    if (ioctl(c->fd, SIOCGIFHWADDR, &ask) != 0) {
        if (errno == ENODEV) {
            transport_ended(t, "there is no interface %s (unplugged? voltbus scan lists all)",
                            name);
        } else {
            transport_ended(t, "%s: %s", name, strerror(errno));
        }
        return 0;
    }
    if (ask.ifr_hwaddr.sa_family != ARPHRD_CAN) {
        transport_ended(t, "%s is no CAN interface (voltbus scan lists those that are)", name);
        return 0;
    }
    if (ioctl(c->fd, SIOCGIFFLAGS, &ask) == 0 && !(ask.ifr_flags & IFF_UP)) {
        transport_ended(t,
                        "%s is off (sudo ip link set %s up; a controller needs its bit rate "
                        "first: type can bitrate 500000)",
                        name, name);
        return 0;
    }
    if (ioctl(c->fd, SIOCGIFINDEX, &ask) != 0) {
        transport_ended(t, "%s: %s", name, strerror(errno));
        return 0;
    }
    return ask.ifr_ifindex;
}

/* None of them is worth refusing the bus for: old kernels lack some. */
static void set_options(int fd) {
    const can_err_mask_t all_errors = CAN_ERR_MASK;
    const int on = 1;
    const int bytes = KERNEL_BYTES;
    (void)setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &all_errors, sizeof all_errors);
    (void)setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, &on, sizeof on);
    (void)setsockopt(fd, SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); /* as far as allowed */
    }
}

static void start(struct transport *t) {
    struct can *c = (struct can *)t;
    c->fd = socket(PF_CAN, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, CAN_RAW);
    if (c->fd < 0) {
        transport_ended(t, "%s",
                        errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT
                            ? "this kernel has no CAN (sudo modprobe can-raw)"
                            : strerror(errno));
        return;
    }
    struct sockaddr_can at = {.can_family = AF_CAN, .can_ifindex = find_interface(c)};
    if (at.can_ifindex == 0) {
        return;
    }
    set_options(c->fd);
    if (bind(c->fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        gone(t, errno);
        return;
    }
    c->timer = transport_new_timer(t);
    c->poll = transport_new_poll(t, c->fd, c);
    if (!c->poll || !c->timer) {
        transport_ended(t, "%s: no memory", t->place.name);
        return;
    }
    uv_poll_start(c->poll, UV_READABLE, on_readable);
    transport_opened(t);
}

static bool check(struct transport *t, const struct sim_settings *sim, char *why) {
    (void)sim;
    (void)why;
    ((struct can *)t)->fd = -1;
    return true;
}

/* ---- writing ---- */

enum sent { SENT, NO_ROOM, REFUSED };

static enum sent send_now(const struct can *c, const uint8_t *frame, size_t n) {
    ssize_t done;
    do {
        done = write(c->fd, frame, n);
    } while (done < 0 && errno == EINTR);
    if (done == (ssize_t)n) {
        return SENT;
    }
    return done < 0 && (errno == ENOBUFS || errno == EAGAIN) ? NO_ROOM : REFUSED;
}

static void again_soon(struct can *c);

static void on_timer(uv_timer_t *timer) {
    struct can *c = timer->data;
    int64_t now_ns = clock_mono_ns();
    while (c->count > 0) {
        const struct waiting *w = &c->queue[c->first];
        if (now_ns - w->since_ns < LATE_NS && send_now(c, w->frame, w->n) == NO_ROOM) {
            break;
        }
        c->first = (c->first + 1) % QUEUE;
        c->count--;
    }
    again_soon(c);
}

static void again_soon(struct can *c) {
    if (c->count > 0) {
        uv_update_time(c->t.loop);
        uv_timer_start(c->timer, on_timer, AGAIN_MS, 0);
    }
}

static bool send_frame(struct transport *t, const uint8_t *bytes, size_t n, bool with_break) {
    struct can *c = (struct can *)t;
    enum sent sent = c->count > 0 ? NO_ROOM : send_now(c, bytes, n);
    (void)with_break;
    if (sent != NO_ROOM) {
        return sent == SENT;
    }
    if (c->count == QUEUE || n > VB_SOCKETCAN_FD) {
        return false;
    }
    struct waiting *w = &c->queue[(c->first + c->count) % QUEUE];
    w->since_ns = clock_mono_ns();
    w->n = (uint8_t)n;
    memcpy(w->frame, bytes, n);
    if (c->count++ == 0) {
        again_soon(c);
    }
    return true;
}

static size_t pending(const struct transport *t) {
    const struct can *c = (const struct can *)t;
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        n += c->queue[(c->first + i) % QUEUE].n;
    }
    return n;
}

static void stop(struct transport *t) {
    struct can *c = (struct can *)t;
    transport_drop_poll(c->poll, NULL);
    c->poll = NULL;
    transport_drop_timer(c->timer);
    c->timer = NULL;
    if (c->fd >= 0) {
        close(c->fd);
        c->fd = -1;
    }
    c->count = 0;
}

const struct transport_kind transport_can = {
    .size = sizeof(struct can),
    .check = check,
    .start = start,
    .write = send_frame,
    .pending = pending,
    .stop = stop,
};
