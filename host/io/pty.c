/* pty.c - a pseudo terminal that another program opens like a serial port, by a link of a name that
 * stays the same. Who opens it gets what is sent from then on: nothing is kept for later.
 *
 * The kernel tells that the last one has closed the terminal (a hang-up that then stands), but not
 * that somebody opens it: while nobody is there, a timer looks whether the hang-up is over.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "host/io/transport_kind.h"

#define LOOK_MS 50

struct pty {
    struct transport t;
    struct channel *channel; /* NULL: nobody is there */
    uv_timer_t *timer;
    int fd; /* of the master; -1: not open */
    char terminal[64];
    bool linked;
};

/* Make the terminal forget what its last user left: unread bytes, a line that is not raw. A
 * terminal that nobody ever opened has no hang-up; afterwards this one has. Returns false if it
 * cannot be opened. */
static bool reset_terminal(const struct pty *p) {
    struct termios line;
    int fd = open(p->terminal, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    tcflush(fd, TCIFLUSH);
    if (tcgetattr(fd, &line) == 0) {
        cfmakeraw(&line);
        tcsetattr(fd, TCSANOW, &line);
    }
    close(fd);
    return true;
}

static void gone(struct transport *t, int error);

static const struct channel_calls calls = {.gone = gone};

static void on_look(uv_timer_t *timer) {
    struct transport *t = timer->data;
    struct pty *p = (struct pty *)t;
    struct pollfd look = {.fd = p->fd, .events = POLLIN};
    if (poll(&look, 1, 0) < 0 || ((look.revents & POLLHUP) && !(look.revents & POLLIN))) {
        return;
    }
    uv_timer_stop(timer); /* here, or gone again and has left bytes */
    p->channel = channel_open(t, p->fd, false, &calls);
    if (!p->channel) {
        transport_ended(t, "%s: no memory", t->place.text);
        return;
    }
    transport_peer(t, true, p->terminal);
}

/* Is the link left from a program that died? Its terminal is then away, or ours, or, since the
 * numbers of terminals are used again, another one that is younger than the link. */
static bool stale(const struct pty *p, const struct stat *link, const char *target) {
    struct stat terminal;
    if (strcmp(target, p->terminal) == 0 || stat(target, &terminal) != 0) {
        return true;
    }
    return terminal.st_ctim.tv_sec > link->st_mtim.tv_sec;
}

/* What the link points to, "" if it is no link to a terminal. */
static void read_link(const char *path, char *target, size_t size) {
    ssize_t n = readlink(path, target, size - 1);
    target[n > 0 ? n : 0] = '\0';
    if (strncmp(target, "/dev/pts/", 9) != 0) {
        target[0] = '\0';
    }
}

static bool make_link(struct pty *p) {
    struct transport *t = &p->t;
    const char *path = t->place.name;
    struct stat link;
    if (lstat(path, &link) == 0) {
        char target[sizeof p->terminal];
        read_link(path, target, sizeof target);
        if (target[0] == '\0') {
            transport_ended(t, "%s is there already, and is no link to a pseudo terminal", path);
            return false;
        }
        if (!stale(p, &link, target)) {
            transport_ended(t,
                            "%s is in use: it links to %s, which is there (remove the link if no "
                            "program needs it)",
                            path, target);
            return false;
        }
        (void)unlink(path);
    }
    if (symlink(p->terminal, path) != 0) {
        transport_ended(t, "cannot make the link %s: %s", path, strerror(errno));
        return false;
    }
    p->linked = true;
    return true;
}

static void remove_link(struct pty *p) {
    char target[sizeof p->terminal];
    if (p->linked) {
        read_link(p->t.place.name, target, sizeof target);
        if (strcmp(target, p->terminal) == 0) { /* it may be another's by now */
            (void)unlink(p->t.place.name);
        }
        p->linked = false;
    }
}

static bool make_terminal(struct pty *p) {
    p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (p->fd < 0 || grantpt(p->fd) != 0 || unlockpt(p->fd) != 0 ||
        ptsname_r(p->fd, p->terminal, sizeof p->terminal) != 0 || !reset_terminal(p)) {
        transport_ended(&p->t, "cannot make a pseudo terminal: %s", strerror(errno));
        return false;
    }
    return make_link(p);
}

static void gone(struct transport *t, int error) {
    (void)error; /* EIO: the last one has closed it */
    struct pty *p = (struct pty *)t;
    char who[sizeof p->terminal];
    memcpy(who, p->terminal, sizeof who);
    channel_close(p->channel);
    p->channel = NULL;
    if (!reset_terminal(p)) {
        /* a program that had it for itself (TIOCEXCL) was killed: nobody but root gets in again */
        remove_link(p);
        close(p->fd);
        if (!make_terminal(p)) {
            return;
        }
    }
    uv_timer_start(p->timer, on_look, LOOK_MS, LOOK_MS);
    transport_peer(t, false, who);
}

static bool check(struct transport *t, const struct sim_settings *sim, char *why) {
    (void)sim;
    (void)why;
    ((struct pty *)t)->fd = -1;
    return true;
}

static void start(struct transport *t) {
    struct pty *p = (struct pty *)t;
    p->timer = transport_new_timer(t);
    if (!p->timer) {
        transport_ended(t, "%s: no memory", t->place.text);
    } else if (make_terminal(p)) {
        uv_timer_start(p->timer, on_look, LOOK_MS, LOOK_MS);
        transport_opened(t);
    }
}

static bool send_bytes(struct transport *t, const uint8_t *bytes, size_t n, bool with_break) {
    struct pty *p = (struct pty *)t;
    return p->channel && channel_write(p->channel, bytes, n, with_break, false);
}

static size_t pending(const struct transport *t) {
    return channel_pending(((const struct pty *)t)->channel);
}

static void stop(struct transport *t) {
    struct pty *p = (struct pty *)t;
    channel_close(p->channel);
    p->channel = NULL;
    transport_drop_timer(p->timer);
    p->timer = NULL;
    remove_link(p);
    if (p->fd >= 0) {
        close(p->fd);
        p->fd = -1;
    }
}

const struct transport_kind transport_pty = {
    .size = sizeof(struct pty),
    .check = check,
    .start = start,
    .write = send_bytes,
    .pending = pending,
    .stop = stop,
};
