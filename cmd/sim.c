/* sim.c - `voltbus sim`: a simulator at the end of a cable of your own: a pseudo terminal, a TCP
 * port, a serial port. What it says goes to who is there, and is lost if nobody is.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/sim_call.h"
#include "host/io/transport.h"
#include "host/link/link.h"
#include "sim/sim.h"

static const char usage[] =
    "usage: voltbus sim NAME PLACE [OPTION]...\n"
    "       voltbus sim --list\n"
    "\n"
    "PLACE is pty:PATH (makes a pseudo terminal and a link to it), listen://HOST:PORT\n"
    "(port 0: any that is free), tcp://HOST:PORT, or a serial port.\n"
    "\n"
    "  --set KEY=VALUE  a setting of the simulator; may be repeated\n"
    "  --baud N         serial port: bits per second\n"
    "                   (without it, what the link of the simulator has)\n"
    "  --calls PLACE    change it while it runs: lines \"KEY=VALUE\" come here and are\n"
    "                   answered; \"?\" lists the settings\n"
    "  --list           all simulators with their settings\n"
    "\n"
    "\"ready PLACE\" on standard output tells that the place is open, \"calls PLACE\" the\n"
    "same of that of --calls. A place that goes away is opened again. Ctrl-C ends it.\n"
    "\n"
    "A LIN simulator writes breaks as bytes 00. On a real LIN transceiver the break\n"
    "as byte 00 is too short.\n";

#define RETRY_FIRST_MS 500
#define RETRY_MAX_MS   5000

struct bridge {
    uv_loop_t loop;
    uv_timer_t retry;
    uv_signal_t signals[3];
    struct place place, calls_place; /* calls_place.text "": nobody calls */
    struct line_settings line;
    struct transport *sim, *cable; /* cable: NULL while it is away */
    struct sim_calls *calls;
    unsigned retry_ms;
    char why[TRANSPORT_WHY]; /* said already */
    bool ending;
    int status;
};

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fputs("voltbus sim: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

static void end(struct bridge *b, int status) {
    if (b->ending) {
        return;
    }
    b->ending = true;
    b->status = status;
    if (b->sim) {
        transport_close(b->sim);
    }
    if (b->cable) {
        transport_close(b->cable);
    }
    if (b->calls) {
        sim_calls_close(b->calls);
    }
    b->sim = b->cable = NULL;
    b->calls = NULL;
    uv_close((uv_handle_t *)&b->retry, NULL);
    for (size_t i = 0; i < sizeof b->signals / sizeof b->signals[0]; i++) {
        uv_close((uv_handle_t *)&b->signals[i], NULL); /* the next signal kills */
    }
}

/* ---- the simulator ---- */

static void sim_opened(void *owner) {
    (void)owner;
}

static void sim_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct bridge *b = owner;
    (void)mono_ns;
    if (b->cable) {
        (void)transport_write(b->cable, bytes, n); /* nobody reads: lost, as on a wire */
    }
}

static void sim_closed(void *owner, const char *why) {
    say("%s", why);
    end(owner, EXIT_FAILED);
}

static const struct transport_events sim_events = {
    .opened = sim_opened, .bytes = sim_bytes, .closed = sim_closed};

/* ---- the place ---- */

static void open_cable(struct bridge *b);

static void on_retry(uv_timer_t *timer) {
    open_cable(timer->data);
}

static void cable_opened(void *owner) {
    struct bridge *b = owner;
    b->retry_ms = RETRY_FIRST_MS;
    b->why[0] = '\0';
    printf("ready %s\n", transport_place(b->cable)->text);
    fflush(stdout);
}

static void cable_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct bridge *b = owner;
    (void)mono_ns;
    if (!transport_write(b->sim, bytes, n)) {
        say("%zu bytes lost: they come faster than the simulator reads", n);
    }
}

static void cable_closed(void *owner, const char *why) {
    struct bridge *b = owner;
    transport_close(b->cable);
    b->cable = NULL;
    if (strcmp(why, b->why) != 0) { /* once, not with every try */
        snprintf(b->why, sizeof b->why, "%s", why);
        say("%s", why);
    }
    if (b->place.type == PLACE_PTY || b->place.type == PLACE_LISTEN) {
        end(b, EXIT_FAILED); /* these are made by us: waiting does not help */
        return;
    }
    uv_timer_start(&b->retry, on_retry, b->retry_ms, 0);
    b->retry_ms = b->retry_ms * 2 < RETRY_MAX_MS ? b->retry_ms * 2 : RETRY_MAX_MS;
}

static void cable_peer(void *owner, bool there, const char *who) {
    struct bridge *b = owner;
    if (b->place.type == PLACE_PTY) {
        say("%s %s", b->place.name, there ? "was opened" : "was closed");
    } else {
        say("%s %s", who, there ? "is here" : "has gone");
    }
}

static void cable_refused(void *owner, const char *who) {
    (void)owner;
    say("%s refused: somebody is here already", who);
}

static const struct transport_events cable_events = {cable_opened, cable_bytes, cable_closed,
                                                     cable_peer, cable_refused};

static void open_cable(struct bridge *b) {
    char why[TRANSPORT_WHY];
    b->cable = transport_open(&b->loop, &b->place, &b->line, NULL, &cable_events, b, why);
    if (!b->cable) {
        say("%s", why);
        end(b, EXIT_FAILED);
    }
}

/* ---- calls ---- */

static void calls_opened(void *owner, const char *place) {
    printf("calls %s\n", place);
    fflush(stdout);
    open_cable(owner);
}

static void calls_closed(void *owner, const char *why) {
    say("%s", why);
    end(owner, EXIT_FAILED);
}

static void open_calls(struct bridge *b) {
    char why[TRANSPORT_WHY];
    b->calls =
        sim_calls_open(&b->loop, &b->calls_place, b->sim, calls_opened, calls_closed, b, why);
    if (!b->calls) {
        say("%s", why);
        end(b, EXIT_FAILED);
    }
}

/* ---- running ---- */

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    end(handle->data, EXIT_DONE);
}

static int run(struct bridge *b, const struct sim *sim, const struct sim_settings *settings) {
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    char text[PLACE_TEXT];
    char why[TRANSPORT_WHY];
    struct place place;
    int n = snprintf(text, sizeof text, "sim://%s", sim->name);
    if (!place_parse(&place, text, (size_t)n, why)) {
        return failure("sim", "%s", why);
    }
    if (uv_loop_init(&b->loop) != 0) {
        return failure("sim", "no memory");
    }
    (void)signal(SIGPIPE, SIG_IGN);
    b->retry_ms = RETRY_FIRST_MS;
    uv_timer_init(&b->loop, &b->retry);
    b->retry.data = b;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        uv_signal_init(&b->loop, &b->signals[i]);
        b->signals[i].data = b;
        uv_signal_start(&b->signals[i], on_signal, ends[i]);
    }
    b->sim = transport_open(&b->loop, &place, NULL, settings, &sim_events, b, why);
    if (b->sim && b->calls_place.text[0]) {
        open_calls(b); /* and then the cable */
    } else if (b->sim) {
        open_cable(b);
    } else {
        end(b, usage_error("sim", "%s", why));
    }
    uv_run(&b->loop, UV_RUN_DEFAULT);
    uv_loop_close(&b->loop);
    return b->status;
}

/* ---- the command line ---- */

/* Words in full: vb_key_allowed has room for one line only. */
static void list_key(const struct vb_key *key) {
    char words[512];
    char allowed[VB_KEY_WHY];
    bool some = key->type == VB_KEY_WORDS;
    printf("  %s=%s  %s%s; %s\n", key->name, key->initial ? key->initial : "?",
           some ? "none, or with '+' between them some of " : "",
           some ? names_text(key->words, words, sizeof words) : vb_key_allowed(key, allowed),
           key->help);
}

static int list(void) {
    for (size_t i = 0; i < sim_count; i++) {
        printf("%s%s  %s (%s)\n", i ? "\n" : "", sims[i]->name, sims[i]->title, sims[i]->link);
        for (size_t k = 0; k < sims[i]->key_count; k++) {
            list_key(&sims[i]->keys[k]);
        }
    }
    return help_text("");
}

static const struct sim *find(const char *name) {
    char near[NEAREST_TEXT];
    const struct sim *sim = sim_find(name);
    if (!sim) {
        usage_error("sim", "unknown simulator '%s'%s (voltbus sim --list lists them)", name,
                    nearest_sim(name, near));
    }
    return sim;
}

/* The rate of a serial port, by the row of the link that talks to this simulator. */
static bool read_baud(struct bridge *b, const struct sim *sim, const char *text) {
    const struct link_kind *kind = link_kind_find(sim->link, strlen(sim->link));
    int number = kind ? vb_key_find(kind->keys, kind->key_count, "baud", 4) : -1;
    char why[VB_KEY_WHY];
    if (number < 0) {
        return !text || (usage_error("sim", "--baud: %s has no rate", sim->name), false);
    }
    struct vb_value value = vb_key_initial(&kind->keys[number]);
    if (text && vb_key_parse(&kind->keys[number], text, strlen(text), &value, why) != VB_OK) {
        usage_error("sim", "--baud: %s", why);
        return false;
    }
    b->line.baud = (uint32_t)value.number;
    return true;
}

static bool read_place(struct bridge *b, const char *text) {
    char why[TRANSPORT_WHY];
    if (!place_parse(&b->place, text, strlen(text), why)) {
        usage_error("sim", "%s", why);
        return false;
    }
    if (b->place.type == PLACE_SIM || b->place.type == PLACE_FILE || b->place.type == PLACE_HTTP ||
        b->place.type == PLACE_UDP || b->place.type == PLACE_CAN) {
        usage_error("sim",
                    "%s: a simulator stands at pty:PATH, listen://HOST:PORT, tcp://HOST:PORT or "
                    "a serial port",
                    text);
        return false;
    }
    return true;
}

static bool read_calls(struct bridge *b, const struct sim *sim, const char *text) {
    char why[TRANSPORT_WHY];
    if (!text) {
        return true;
    }
    if (!sim->change) {
        usage_error("sim", "--calls: nothing of %s can be changed while it runs", sim->name);
        return false;
    }
    if (!place_parse(&b->calls_place, text, strlen(text), why)) {
        usage_error("sim", "--calls: %s", why);
        return false;
    }
    if (b->calls_place.type != PLACE_PTY && b->calls_place.type != PLACE_LISTEN) {
        usage_error("sim", "--calls: %s: others call at pty:PATH or listen://HOST:PORT", text);
        return false;
    }
    return true;
}

int cmd_sim(int argc, char **argv) {
    static const struct option options[] = {
        {"set", required_argument, NULL, 's'},   {"baud", required_argument, NULL, 'b'},
        {"calls", required_argument, NULL, 'c'}, {"list", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},        {0},
    };
    struct bridge bridge = {.status = EXIT_DONE};
    const char *texts[SETTINGS_GIVEN_MAX];
    struct sim_settings settings = {texts, 0};
    const char *baud = NULL;
    const char *calls = NULL;
    if (argc == 1) {
        return list();
    }
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 's':
            if (settings.count == SETTINGS_GIVEN_MAX) {
                return usage_error("sim", "more than %d --set", SETTINGS_GIVEN_MAX);
            }
            texts[settings.count++] = optarg;
            break;
        case 'b':
            baud = optarg;
            break;
        case 'c':
            calls = optarg;
            break;
        case 'l':
            return list();
        case 'h':
            return help_text(usage);
        default:
            return option_error("sim", argv, options);
        }
    }
    if (argc - optind != 2) {
        return usage_error("sim", "expected NAME and PLACE (voltbus sim --help)");
    }
    const struct sim *sim = find(argv[optind]);
    if (!sim || !read_baud(&bridge, sim, baud) || !read_place(&bridge, argv[optind + 1]) ||
        !read_calls(&bridge, sim, calls)) {
        return EXIT_USAGE;
    }
    return run(&bridge, sim, &settings);
}
