/* watch.c - `voltbus watch`: what is on a link, as a table that lives.
 * On a terminal it is drawn in place and can be scrolled; else it is written again and again, without
 * escape codes, so that it can be piped.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/one_link.h"
#include "host/hub/hub.h"
#include "voltbus/time.h"

static const char usage[] =
    "usage: voltbus watch LINK [OPTION]...      (voltbus list links shows LINKs)\n"
    "\n"
    "  --as DEVICE      this device only; may be repeated\n"
    "  --db FILE        the messages of this DBC file; may be repeated\n"
    "  --set KEY=VALUE  a setting of the devices; DEVICE.KEY=VALUE means one of them\n"
    "  --all            also bits that nobody understands, where they are 0\n"
    "  --for DURATION   end after this time, such as 10s\n"
    "  --speed X        play a recording X times as fast\n"
    "\n"
    "On a terminal: q ends, arrows, j, k and space scroll.\n";

#define DRAW_TERMINAL_MS 200
#define DRAW_PLAIN_MS    1000
/* Columns of a line; on a narrow terminal the value gets fewer, then the name. */
#define LINE_COLUMNS 80
#define NAME_COLUMNS 36
#define UNIT_COLUMNS 5
#define AGE_COLUMNS  7
#define VALUE_LEAST  12
#define GAPS         4 /* three between the columns, and the last column stays free */
#define LINE_LEAST   (UNIT_COLUMNS + AGE_COLUMNS + GAPS + VALUE_LEAST + 8)

struct watch {
    struct hub *hub;
    uv_timer_t draw;
    uv_tty_t keys;
    bool terminal, has_keys, all, opened;
    bool automatic; /* nobody said which devices there are */
    size_t scroll, rows, height, columns;
    struct sink sink;
};

/* Write n columns of text, filled with spaces, cut at the end. */
static void cell(struct watch *w, const char *text, size_t n, size_t columns, bool right) {
    while (text_columns(text, n) > columns) { /* never between the bytes of a character */
        n--;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    size_t fill = columns - text_columns(text, n);
    for (size_t i = 0; right && i < fill; i++) {
        sink_bytes(&w->sink, " ", 1);
    }
    sink_bytes(&w->sink, text, n);
    for (size_t i = 0; !right && i < fill; i++) {
        sink_bytes(&w->sink, " ", 1);
    }
}

static void line_end(struct watch *w) {
    sink_text(&w->sink, w->terminal ? "\033[K\r\n" : "\n");
}

/* Does this line of the table stand on the screen? Counts it. */
static bool on_screen(struct watch *w) {
    size_t row = w->rows++;
    return !w->terminal || (row >= w->scroll && row < w->scroll + w->height);
}

static size_t age_text(int64_t age_ns, char *out, size_t size) {
    double s = (double)age_ns / 1e9;
    return (size_t)(s < 9.95   ? snprintf(out, size, "%.1f s", s)
                    : s < 120  ? snprintf(out, size, "%.0f s", s)
                    : s < 7200 ? snprintf(out, size, "%.0f min", s / 60)
                               : snprintf(out, size, "%.0f h", s / 3600));
}

static void draw_value(struct watch *w, const struct hub_value *value, int64_t mono_ns) {
    char text[SAMPLE_TEXT + 2];
    char age[24];
    bool is_word;
    struct vb_sample sample = hub_value_sample(value);
    if (!value->heard || !on_screen(w)) {
        return;
    }
    size_t n = value_text(value->column, &sample, text, &is_word);
    text[n++] = value->out_of_range ? '!' : value->signal->flags & VB_GUESS ? '?' : ' ';
    size_t room = w->columns - UNIT_COLUMNS - AGE_COLUMNS - GAPS;
    size_t name = room < NAME_COLUMNS + VALUE_LEAST ? room - VALUE_LEAST : NAME_COLUMNS;
    size_t age_n = age_text(mono_ns - value->mono_ns, age, sizeof age);
    sink_text(&w->sink, "  ");
    cell(w, value->signal->name, strlen(value->signal->name), name - 2, false);
    sink_text(&w->sink, " ");
    cell(w, text, n, room - name, true);
    sink_text(&w->sink, " ");
    cell(w, value->signal->unit, strlen(value->signal->unit), UNIT_COLUMNS, false);
    sink_text(&w->sink, " ");
    cell(w, age, age_n, AGE_COLUMNS, true);
    line_end(w);
}

static bool hidden(const struct watch *w, const struct hub_value *value) {
    return !value->heard || (!w->all && value->signal->flags & VB_UNKNOWN && value->raw == 0);
}

/* What acts beside the device, and how far it is. */
static void draw_machine(struct watch *w, const struct hub_device *device) {
    char text[300];
    const char *name;
    const char *why;
    const char *state = hub_machine_state(device, &name, &why);
    if (state) {
        int n = snprintf(text, sizeof text, "  %s: %s%s%s", name, state, why[0] ? ", " : "", why);
        cell(w, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1, w->columns - 1, false);
        line_end(w);
    }
}

static void draw_device(struct watch *w, struct hub_device *device, int64_t mono_ns) {
    bool heard = device->frames > device->bad;
    if (!heard && (w->automatic || device->health != HUB_ERROR)) {
        return; /* on a bus of unknown devices no news; ids are not unique: not its frames */
    }
    if (on_screen(w)) {
        const char *colour = device->health == HUB_OK ? "\033[1m" : "\033[1;31m";
        char text[200];
        int n = snprintf(text, sizeof text, "%s: %s%s%s", device->config->name,
                         hub_health_text(device->health), device->reason[0] ? ", " : "",
                         device->reason);
        sink_text(&w->sink, w->terminal ? colour : "");
        cell(w, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1, w->columns - 1, false);
        sink_text(&w->sink, w->terminal ? "\033[0m" : "");
        line_end(w);
        draw_machine(w, device);
    }
    for (size_t i = 0; i < device->value_count; i++) {
        if (device->values[i].shadowed) {
            continue; /* several messages say it: one line, of what was heard last */
        }
        const char *name = device->values[i].signal->name;
        const struct hub_value *newest = hub_value_find(device, name, strlen(name));
        if (!hidden(w, newest)) {
            draw_value(w, newest, mono_ns);
        }
    }
}

static void draw_status(struct watch *w) {
    const struct link *link = &w->hub->links[0];
    char text[400];
    int n = snprintf(text, sizeof text, "%s %s%s%s  frames %" PRIu64 "  bad %" PRIu64 "%s%s",
                     link->config->spec->text, link_state_text(link->state),
                     link->reason[0] ? ": " : "", link->reason, link->frames, link->bad,
                     link->leader ? "  leader: " : "", link->leader ? link->leader : "");
    cell(w, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1, w->columns - 1, false);
    line_end(w);
}

/* How much room there is: terminals change their size. */
static void measure(struct watch *w) {
    struct winsize size = {0};
    w->height = SIZE_MAX / 2;
    w->columns = LINE_COLUMNS;
    if (w->terminal) {
        bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
        w->height = !known ? 20 : size.ws_row > 2 ? size.ws_row - 2u : 1; /* status, keys */
        if (known && size.ws_col < LINE_COLUMNS) {
            w->columns = size.ws_col > LINE_LEAST ? size.ws_col : LINE_LEAST;
        }
    }
}

static void draw(uv_timer_t *timer) {
    struct watch *w = timer->data;
    int64_t mono_ns = clock_mono_ns();
    w->rows = 0;
    measure(w);
    if (w->terminal) {
        sink_text(&w->sink, "\033[H");
    }
    draw_status(w);
    for (size_t i = 0; i < w->hub->device_count; i++) {
        draw_device(w, &w->hub->devices[i], mono_ns);
    }
    if (w->rows == 0) {
        sink_text(&w->sink, "nothing understood yet");
        line_end(w);
    }
    if (!w->terminal) {
        line_end(w);
    } else {
        char text[80];
        sink_text(&w->sink, "\033[J");
        if (w->scroll > 0 && w->scroll + w->height > w->rows) {
            w->scroll = w->rows > w->height ? w->rows - w->height : 0;
        }
        snprintf(text, sizeof text, "q ends%s", w->rows > w->height ? ", arrows scroll: " : "");
        sink_text(&w->sink, text);
        if (w->rows > w->height) {
            snprintf(text, sizeof text, "%zu to %zu of %zu", w->scroll + 1, w->scroll + w->height,
                     w->rows);
            sink_text(&w->sink, text);
        }
    }
    sink_flush(&w->sink);
    if (w->sink.error) { /* nobody reads */
        run_stop(w->hub);
    }
}

/* ---- keys ---- */

static void room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    static char bytes[64];
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof bytes);
}

static void scroll(struct watch *w, long by) {
    size_t last = w->rows > w->height ? w->rows - w->height : 0;
    long to = (long)w->scroll + by;
    w->scroll = to < 0 ? 0 : (size_t)to > last ? last : (size_t)to;
    draw(&w->draw);
}

static void on_keys(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct watch *w = stream->data;
    if (n < 0) {
        run_stop(w->hub);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        const char *at = buf->base + i;
        bool arrow = n - i >= 3 && at[0] == '\033' && at[1] == '[';
        char key = arrow ? (char)(at[2] == 'A' ? 'k' : at[2] == 'B' ? 'j' : '\0') : at[0];
        i += arrow ? 2 : 0;
        if (key == 'q' || key == 3) {
            run_stop(w->hub);
            return;
        }
        if (key == 'j' || key == 'k') {
            scroll(w, key == 'j' ? 1 : -1);
        } else if (key == ' ' || key == 'b') {
            scroll(w, key == ' ' ? (long)w->height : -(long)w->height);
        }
    }
}

/* ---- begin and end ---- */

static void started(void *context, struct hub *hub) {
    struct watch *w = context;
    w->hub = hub;
    w->opened = true;
    uv_timer_init(hub->loop, &w->draw);
    w->draw.data = w;
    uint64_t ms = w->terminal ? DRAW_TERMINAL_MS : DRAW_PLAIN_MS;
    uv_timer_start(&w->draw, draw, ms, ms);
    if (w->terminal) {
        sink_text(&w->sink,
                  "\033[?1049h\033[?25l\033[?7l\033[2J"); /* own screen, no cursor, no wrap */
    }
    if (w->terminal && isatty(STDIN_FILENO) &&
        uv_tty_init(hub->loop, &w->keys, STDIN_FILENO, 1) == 0) {
        w->has_keys = true;
        w->keys.data = w;
        uv_tty_set_mode(&w->keys, UV_TTY_MODE_RAW);
        uv_read_start((uv_stream_t *)&w->keys, room, on_keys);
    }
}

static void stopping(void *context) {
    struct watch *w = context;
    if (!w->opened) {
        return;
    }
    draw(&w->draw); /* what is known at the end, also after a short --for */
    uv_close((uv_handle_t *)&w->draw, NULL);
    if (w->has_keys) {
        uv_tty_reset_mode();
        uv_close((uv_handle_t *)&w->keys, NULL);
    }
    if (w->terminal) {
        sink_text(&w->sink, "\033[?7h\033[?25h\033[?1049l");
        sink_flush(&w->sink);
    }
}

int cmd_watch(int argc, char **argv) {
    enum { AS = 1000, DB, SET, ALL, FOR, SPEED, HELP };
    static const struct option options[] = {
        {"as", required_argument, NULL, AS},   {"db", required_argument, NULL, DB},
        {"set", required_argument, NULL, SET}, {"all", no_argument, NULL, ALL},
        {"for", required_argument, NULL, FOR}, {"speed", required_argument, NULL, SPEED},
        {"help", no_argument, NULL, HELP},     {NULL, 0, NULL, 0},
    };
    static const struct vb_key for_key = {"for", VB_KEY_DURATION,  NULL, NULL,
                                          1,     366 * 86400000LL, NULL, "how long"};
    static struct watch w;
    static struct selection selection;
    struct run_options run = {
        .quiet = true, .started = started, .stopping = stopping, .context = &w};
    struct vb_value duration;
    double speed = 1;
    int status;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case AS:
            if (!selection_as(&selection, "watch", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case DB:
            if (!selection_db(&selection, "watch", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case SET:
            if (!selection_set(&selection, "watch", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case ALL:
            w.all = true;
            break;
        case FOR:
            if (!option_value("watch", &for_key, &duration)) {
                return EXIT_USAGE;
            }
            run.for_ms = (uint64_t)duration.number;
            break;
        case SPEED:
            if (!parse_speed(optarg, &speed)) {
                return usage_error("watch", "--speed %s: expected 0.001 to 1000000, or max",
                                   optarg);
            }
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("watch", argv, options);
        }
    }
    if (optind + 1 != argc) {
        return usage_error("watch", "expected one LINK, such as lin:/dev/ttyUSB0");
    }
    struct config *config = one_link("watch", argv[optind], &selection, false, &status);
    if (!config) {
        return status;
    }
    config->speed = speed;
    w.automatic = selection.automatic;
    sink_open(&w.sink, STDOUT_FILENO);
    w.terminal = isatty(STDOUT_FILENO);
    status = run_hub("watch", config, &run);
    config_free(config);
    return status;
}
