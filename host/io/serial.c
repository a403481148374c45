/* serial.c - a serial port: eight bits, no parity, no flow control, any rate, LIN breaks.
 * One program at a time: two readers would each get half of the bytes.
 * Facts: reference/lin.md section 6 (breaks).
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "host/io/serial_line.h"
#include "host/io/transport_kind.h"

struct serial {
    struct transport t;
    struct channel *channel;
    uv_timer_t *timer;
    int fd; /* -1: not open */
    uint32_t baud;
    bool breaks;          /* the line can be broken */
    bool low;             /* it is */
    int64_t line_free_ns; /* monotonic: what was written has left the UART by then */
    int64_t low_since_ns;
};

#define BREAK_BITS 13
#define BYTE_BITS  11 /* start, 8, two stop bits */

/* What the kernel still has to send at closing time may hold us for this long, not longer. */
#define LINGER_MS 100

static const struct {
    uint32_t baud;
    speed_t speed;
} named[] = {
    {1200, B1200},       {1800, B1800},       {2400, B2400},       {4800, B4800},
    {9600, B9600},       {19200, B19200},     {38400, B38400},     {57600, B57600},
    {115200, B115200},   {230400, B230400},   {460800, B460800},   {500000, B500000},
    {576000, B576000},   {921600, B921600},   {1000000, B1000000}, {1152000, B1152000},
    {1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000},
    {3500000, B3500000}, {4000000, B4000000},
};

static int64_t bits_ns(const struct serial *s, int64_t bits) {
    return bits * 1000000000 / s->baud;
}

/* ---- the break ---- */

static void on_timer(uv_timer_t *timer);

static void again_in(struct serial *s, int64_t ns) {
    uv_update_time(s->t.loop); /* else the timer counts from when this turn began */
    uv_timer_start(s->timer, on_timer, (uint64_t)(ns > 0 ? (ns + 999999) / 1000000 : 1), 0);
}

static void wait_one_bit(const struct serial *s) {
    struct timespec bit = {.tv_nsec = (long)bits_ns(s, 1) % 1000000000};
    nanosleep(&bit, NULL);
}

static void go_on(struct serial *s, bool sent) {
    s->low = false;
    channel_go_on(s->channel, sent);
}

/* Called until the break is over. Nothing waits in the kernel: TIOCSBRK itself would block until
 * everything before it is sent. */
static void break_step(struct serial *s) {
    int64_t now_ns = clock_mono_ns();
    if (!s->low) {
        int waiting = 0;
        bool all_out = ioctl(s->fd, TIOCOUTQ, &waiting) != 0 || waiting == 0;
        if (!all_out || now_ns < s->line_free_ns) {
            again_in(s, s->line_free_ns - now_ns);
        } else if (ioctl(s->fd, TIOCSBRK) == 0) {
            s->low = true;
            s->low_since_ns = clock_mono_ns();
            again_in(s, bits_ns(s, BREAK_BITS));
        } else if (errno == EINTR) {
            again_in(s, 0);
        } else { /* this driver cannot: a byte 00 is nine bits low, and better than nothing */
            s->breaks = false;
            go_on(s, false);
        }
        return;
    }
    /* libuv's clock has whole ms and may fire early by a part of one */
    int64_t left_ns = s->low_since_ns + bits_ns(s, BREAK_BITS) - now_ns;
    if (left_ns > 0) {
        again_in(s, left_ns);
        return;
    }
    (void)ioctl(s->fd, TIOCCBRK);
    /* The delimiter is one bit at least, and some tools take more than 0.7 ms for the end of the
     * header: too fine for the loop's timer. It is 52 us at 19200. */
    wait_one_bit(s);
    go_on(s, true);
}

static void on_timer(uv_timer_t *timer) {
    break_step(timer->data);
}

static void at_break(struct transport *t) {
    struct serial *s = (struct serial *)t;
    if (s->breaks) {
        break_step(s);
    } else {
        go_on(s, false);
    }
}

/* TIOCOUTQ does not count what the UART or the USB adapter has in its own memory: reckon. */
static void wrote(struct transport *t, size_t n) {
    struct serial *s = (struct serial *)t;
    int64_t now_ns = clock_mono_ns();
    if (s->line_free_ns < now_ns) {
        s->line_free_ns = now_ns;
    }
    s->line_free_ns += bits_ns(s, (int64_t)n * BYTE_BITS);
}

/* ---- opening ---- */

static void gone(struct transport *t, int error) {
    const char *path = t->place.name;
    if (error == 0 || error == EIO || error == ENXIO || error == ENODEV) {
        transport_ended(t, "%s was unplugged", path);
    } else {
        transport_ended(t, "%s: %s", path, strerror(error));
    }
}

static void in_use(struct transport *t) {
    const char *path = t->place.name;
    bool fits = strlen(path) <= 44; /* twice, into TRANSPORT_WHY */
    transport_ended(t,
                    "%s is in use by another program (fuser%s%s names it); a running voltbus takes "
                    "commands with --via http://127.0.0.1:8080",
                    path, fits ? " " : "", fits ? path : "");
}

static void cannot_open(struct transport *t, int error) {
    const char *path = t->place.name;
    switch (error) {
    case EBUSY:
        in_use(t);
        break;
    case EACCES:
    case EPERM:
        transport_ended(t,
                        "no permission for %s: its users are in the group dialout "
                        "(sudo adduser \"$USER\" dialout, then log in again)",
                        path);
        break;
    case ENOENT:
    case ENXIO:
    case ENODEV:
    case EIO:
        transport_ended(t, "%s is not there (unplugged?)", path);
        break;
    default:
        transport_ended(t, "cannot open %s: %s", path, strerror(error));
        break;
    }
}

/* Returns false with errno. */
static bool set_rate(const struct serial *s, struct termios *line) {
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (named[i].baud == s->baud) {
            cfsetispeed(line, named[i].speed);
            cfsetospeed(line, named[i].speed);
            return tcsetattr(s->fd, TCSANOW, line) == 0;
        }
    }
    return tcsetattr(s->fd, TCSANOW, line) == 0 && serial_odd_baud(s->fd, s->baud);
}

static bool set_line(struct serial *s) {
    struct termios line;
    if (tcgetattr(s->fd, &line) != 0) {
        return false;
    }
    cfmakeraw(&line);
    line.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | INPCK | IXOFF | IXANY);
    line.c_cflag &= ~(tcflag_t)(CRTSCTS | CSTOPB | PARENB);
    line.c_cflag |= CLOCAL | CREAD | CS8;
    if (s->t.line.stop_bits == 2) {
        line.c_cflag |= CSTOPB;
    }
    /* keep DTR up when we close: it is the reset line of many adapters */
    line.c_cflag &= ~(tcflag_t)HUPCL;
    /* with 0, "no bytes now" and "unplugged" would look alike */
    line.c_cc[VMIN] = 1;
    line.c_cc[VTIME] = 0;
    return set_rate(s, &line);
}

static const struct channel_calls calls = {.gone = gone, .at_break = at_break, .wrote = wrote};

static bool check(struct transport *t, const struct sim_settings *sim, char *why) {
    (void)sim;
    (void)why;
    struct serial *s = (struct serial *)t;
    s->fd = -1;
    s->baud = t->line.baud ? t->line.baud : 115200;
    return true;
}

static void start(struct transport *t) {
    struct serial *s = (struct serial *)t;
    const char *path = t->place.name;
    s->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd < 0) {
        cannot_open(t, errno);
        return;
    }
    if (!isatty(s->fd)) {
        transport_ended(t, "%s is not a serial port", path);
        return;
    }
    /* the kernel lets root past TIOCEXCL, and other programs past the lock: both */
    if (flock(s->fd, LOCK_EX | LOCK_NB) != 0) {
        in_use(t);
        return;
    }
    (void)ioctl(s->fd, TIOCEXCL);
    if (!set_line(s)) {
        transport_ended(t, "%s cannot be set to %u bit/s: %s", path, (unsigned)s->baud,
                        strerror(errno));
        return;
    }
    uint32_t real = serial_real_baud(s->fd);
    if (real != 0 && (real > s->baud + s->baud / 32 || real < s->baud - s->baud / 32)) {
        transport_ended(t, "%s cannot do %u bit/s: the nearest is %u", path, (unsigned)s->baud,
                        (unsigned)real);
        return;
    }
    serial_low_latency(s->fd);
    s->breaks = !serial_is_pty(s->fd);
    if (s->breaks) {
        (void)ioctl(s->fd, TIOCCBRK); /* another program may have died in the middle of one */
    }
    tcflush(s->fd, TCIFLUSH); /* nobody knows how old those bytes are */
    s->timer = transport_new_timer(t);
    s->channel = s->timer ? channel_open(t, s->fd, false, &calls) : NULL;
    if (!s->channel) {
        transport_ended(t, "%s: no memory", path);
        return;
    }
    transport_opened(t);
}

static bool send_bytes(struct transport *t, const uint8_t *bytes, size_t n, bool with_break) {
    struct serial *s = (struct serial *)t;
    return channel_write(s->channel, bytes, n, with_break, s->breaks);
}

static size_t pending(const struct transport *t) {
    return channel_pending(((const struct serial *)t)->channel);
}

static void stop(struct transport *t) {
    struct serial *s = (struct serial *)t;
    channel_close(s->channel);
    s->channel = NULL;
    transport_drop_timer(s->timer);
    s->timer = NULL;
    if (s->fd < 0) {
        return;
    }
    if (s->low) { /* a line that stays low stops the whole bus */
        (void)ioctl(s->fd, TIOCCBRK);
    }
    /* close waits until everything is sent: 4 kB at 9600 bit/s are 4 s */
    int waiting = 0;
    if (ioctl(s->fd, TIOCOUTQ, &waiting) == 0 &&
        bits_ns(s, (int64_t)waiting * BYTE_BITS) > LINGER_MS * INT64_C(1000000)) {
        tcflush(s->fd, TCOFLUSH);
    }
    (void)ioctl(s->fd, TIOCNXCL);
    close(s->fd);
    s->fd = -1;
}

const struct transport_kind transport_serial = {
    .size = sizeof(struct serial),
    .check = check,
    .start = start,
    .write = send_bytes,
    .pending = pending,
    .stop = stop,
};
