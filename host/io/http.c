/* http.c - RAPI by way of the WiFi kit of an OpenEVSE: GET /r?json=1&rapi=%24GS%5E30 is answered
 * by {"cmd":"$GS^30","ret":"$OK 03 754 03 0140^13"}. A line that is written becomes a request,
 * one at a time, and the `ret` of its answer bytes again, with the CR that ends a line.
 *
 * The requests block, in libuv's pool (http_client.h). The kit has no connection that could be
 * open: one question with no effect, $GV, shows at the start whether it is there and lets us in.
 * News never come this way. An answer without `ret` means that the box has not answered the kit:
 * silence, as it would be on a wire; a question that the kit fails over (status 5xx) has no
 * answer either, unless that goes on. Everything else that is not as it should be ends the
 * transport.
 * Facts: reference/rapi.md, end of section 5.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/io/http_client.h"
#include "host/io/transport_kind.h"

#define PATIENCE_MS 5000
#define SLACK_MS    1000 /* beyond it only a look-up of the name can be so slow */
#define ANSWER_MAX  4096
#define LINE_MAX_N  64  /* a box reads 31 */
#define QUEUE_N     512 /* bytes of lines that wait */
#define FAILS_MAX   5   /* so many in a row: it is the kit, and not the question */
#define URL_MAX     (PLACE_TEXT + 3 * LINE_MAX_N + 40)

/* One request; it outlives the transport if that is closed meanwhile. */
struct errand {
    uv_work_t work;
    struct transport *t;
    atomic_bool stop;
    int status; /* of the answer, or enum http_failure */
    char *text;
    char url[URL_MAX];
    char secret[HTTP_SECRET_MAX + 1]; /* "" = none */
};

struct http {
    struct transport t;
    struct errand *errand; /* under way; NULL: none */
    uv_timer_t *timer;     /* the pool does not come back */
    bool full;             /* a line too long is being dropped */
    unsigned fails;        /* answers with status 5xx in a row */
    size_t n;              /* of queue: lines, each with its CR, and the beginning of one */
    char queue[QUEUE_N];
    char secret[HTTP_SECRET_MAX + 1];
    char who[PLACE_TEXT]; /* "kit:8080" */
};

static const char *shown(const struct transport *t) {
    return ((const struct http *)t)->who;
}

/* ---- user and password ---- */

/* The first line of a file. Returns its length, or -1 with errno. */
static ssize_t read_line(const char *path, char *out, size_t cap) {
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    ssize_t n = read(fd, out, cap - 1);
    int error = errno;
    close(fd);
    errno = error;
    if (n >= 0) {
        out[n] = '\0';
        n = (ssize_t)strcspn(out, "\r\n");
        out[n] = '\0';
    }
    return n;
}

static bool read_secret(struct http *h) {
    struct transport *t = &h->t;
    char line[HTTP_SECRET_MAX + 2];
    if (!t->line.auth[0]) {
        return true;
    }
    ssize_t n = read_line(t->line.auth, line, sizeof line);
    if (n < 0) {
        transport_ended(t, "auth=%.120s: %s", t->line.auth,
                        errno == EINVAL ? "is no file" : strerror(errno));
    } else if (n > HTTP_SECRET_MAX || !strchr(line, ':')) {
        transport_ended(t, "auth=%.120s: expected user:password in its first line", t->line.auth);
    } else {
        memcpy(h->secret, line, (size_t)n + 1);
    }
    explicit_bzero(line, sizeof line);
    return transport_live(t);
}

/* ---- asking ---- */

/* RFC 3986, 2.3: all but these are written as %XX. */
static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void write_url(const struct transport *t, const char *line, size_t n, char out[URL_MAX]) {
    static const char digits[] = "0123456789ABCDEF";
    size_t used = (size_t)snprintf(out, URL_MAX, "%s?json=1&rapi=", t->place.text);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)line[i];
        if (is_unreserved(line[i])) {
            out[used++] = line[i];
        } else {
            out[used++] = '%';
            out[used++] = digits[c >> 4];
            out[used++] = digits[c & 15];
        }
    }
    out[used] = '\0';
}

static void in_pool(uv_work_t *work) {
    struct errand *errand = work->data;
    const struct http_request request = {.method = "GET",
                                         .url = errand->url,
                                         .secret = errand->secret[0] ? errand->secret : NULL,
                                         .patience_ms = PATIENCE_MS,
                                         .answer_max = ANSWER_MAX,
                                         .stop = &errand->stop};
    errand->status = http_ask(&request, &errand->text);
}

static void on_answer(uv_work_t *work, int status);
static void on_late(uv_timer_t *timer);

/* Returns false if there is no memory. */
static bool ask(struct http *h, const char *line, size_t n) {
    struct transport *t = &h->t;
    struct errand *errand = calloc(1, sizeof *errand);
    if (!errand) {
        return false;
    }
    errand->work.data = errand;
    errand->t = t;
    memcpy(errand->secret, h->secret, sizeof errand->secret);
    write_url(t, line, n, errand->url);
    if (uv_queue_work(t->loop, &errand->work, in_pool, on_answer) != 0) {
        free(errand);
        return false;
    }
    transport_hold(t);
    h->errand = errand;
    uv_timer_start(h->timer, on_late, PATIENCE_MS + SLACK_MS, 0);
    return true;
}

static void on_late(uv_timer_t *timer) {
    struct transport *t = timer->data;
    transport_ended(t, "nobody tells the address of %s (DNS)", shown(t));
}

/* The next line that waits. Without memory it waits on, for the next one. */
static void ask_next(struct http *h) {
    const char *end = h->errand ? NULL : memchr(h->queue, '\r', h->n);
    if (end && ask(h, h->queue, (size_t)(end - h->queue))) {
        h->n -= (size_t)(end - h->queue) + 1;
        memmove(h->queue, end + 1, h->n);
    }
}

/* ---- answers ---- */

static void refuse(struct transport *t, int status) {
    switch (status) {
    case HTTP_LATE:
        transport_ended(t, "%s does not answer within %d s", shown(t), PATIENCE_MS / 1000);
        break;
    case HTTP_TOO_LARGE:
        transport_ended(t, "%s answers too much: this is no WiFi kit of an OpenEVSE", shown(t));
        break;
    case HTTP_NO_START:
    case HTTP_BAD_REQUEST:
        transport_ended(t, "%s cannot be asked: libwebsockets fails", shown(t));
        break;
    case HTTP_NO_ANSWER:
        transport_ended(t, "nobody answers at %s", shown(t));
        break;
    case 401:
        if (t->line.auth[0]) {
            transport_ended(t, "%s does not know the user and password of auth=%.100s", shown(t),
                            t->line.auth);
        } else {
            transport_ended(t, "%s wants user and password: auth=FILE, with user:password in it",
                            shown(t));
        }
        break;
    default:
        transport_ended(t, "%s answers with HTTP status %d", shown(t), status);
        break;
    }
}

/* The bytes that the box has answered. Returns false if this is no answer of a WiFi kit. */
static bool pass_on(struct http *h, const char *text) {
    json_t *answer = json_loads(text, 0, NULL);
    const char *ret = json_string_value(json_object_get(answer, "ret"));
    bool good = json_is_object(answer);
    if (ret && ret[0]) {
        char line[ANSWER_MAX + 1];
        size_t n =
            (size_t)snprintf(line, sizeof line, "%s\r", ret); /* never longer than its JSON */
        transport_bytes(&h->t, (const uint8_t *)line, n);
    }
    json_decref(answer);
    return good;
}

static void take_answer(struct http *h, const struct errand *errand) {
    struct transport *t = &h->t;
    bool first = t->state == TRANSPORT_OPENING;
    uv_timer_stop(h->timer);
    h->fails = errand->status >= 500 ? h->fails + 1 : 0;
    if (!first && h->fails > 0 && h->fails < FAILS_MAX) {
        return;
    }
    if (errand->status != 200) {
        refuse(t, errand->status);
        return;
    }
    if (first) { /* nobody has asked for this answer */
        json_t *answer = json_loads(errand->text, 0, NULL);
        bool good = json_is_object(answer);
        json_decref(answer);
        if (good) {
            transport_opened(t);
            return;
        }
    } else if (pass_on(h, errand->text)) {
        return;
    }
    transport_ended(t, "%s answers something else: this is no WiFi kit of an OpenEVSE", shown(t));
}

static void on_answer(uv_work_t *work, int status) {
    struct errand *errand = work->data;
    struct transport *t = errand->t;
    struct http *h = (struct http *)t;
    if (status == 0 && transport_live(t)) {
        h->errand = NULL;
        take_answer(h, errand);
        if (transport_live(t)) {
            ask_next(h);
        }
    }
    free(errand->text);
    explicit_bzero(errand->secret, sizeof errand->secret);
    free(errand);
    transport_release(t);
}

/* ---- the transport ---- */

static void start(struct transport *t) {
    static const char question[] = "$GV^35";
    struct http *h = (struct http *)t;
    snprintf(h->who, sizeof h->who, "%s", t->place.text + strlen("http://"));
    h->who[strcspn(h->who, "/")] = '\0';
    h->timer = transport_new_timer(t);
    if (!h->timer || (read_secret(h) && !ask(h, question, sizeof question - 1))) {
        transport_ended(t, "%s: no memory", shown(t));
    }
}

static bool send_bytes(struct transport *t, const uint8_t *bytes, size_t n, bool with_break) {
    struct http *h = (struct http *)t;
    if (with_break || n > sizeof h->queue - h->n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        size_t begin = h->n; /* of the line that this byte belongs to */
        while (begin > 0 && h->queue[begin - 1] != '\r') {
            begin--;
        }
        if (bytes[i] != '\r' && h->n - begin >= LINE_MAX_N) {
            h->n = begin;
            h->full = true;
        }
        if (!h->full) {
            h->queue[h->n++] = (char)bytes[i];
        } else if (bytes[i] == '\r') {
            h->full = false;
        }
    }
    ask_next(h);
    return true;
}

static size_t pending(const struct transport *t) {
    return ((const struct http *)t)->n;
}

static void stop(struct transport *t) {
    struct http *h = (struct http *)t;
    transport_drop_timer(h->timer);
    h->timer = NULL;
    explicit_bzero(h->secret, sizeof h->secret);
    if (h->errand) { /* on_answer comes in any case */
        atomic_store(&h->errand->stop, true);
        (void)uv_cancel((uv_req_t *)&h->errand->work);
        h->errand = NULL;
    }
}

const struct transport_kind transport_http = {
    .size = sizeof(struct http),
    .start = start,
    .write = send_bytes,
    .pending = pending,
    .stop = stop,
};
