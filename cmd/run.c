/* run.c - `voltbus run`: the gateway, until it is told to stop. The other verbs that need a hub use
 * run_hub too.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/config/config.h"
#include "host/hub/hub.h"

static const char usage[] =
    "usage: voltbus run CONFIG.yaml [OPTION]...\n"
    "\n"
    "  --speed X      play recordings X times as fast; max = as fast as possible\n"
    "  --exit-at-end  end when all recordings are at their end\n"
    "  --quiet        say nothing about links, devices, commands,\n"
    "                 and what is odd about DBC files\n";

/* ---- a hub on a loop of its own ---- */

/* How people, service managers and closing terminals end it. */
static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
#define ENDS (sizeof ends / sizeof ends[0])

struct running {
    struct hub hub;
    uv_signal_t signals[ENDS];
    uv_timer_t limit;
    const struct run_options *options;
    bool stopping;
    unsigned patience; /* used up */
};

/* A look-up of a name may take half a minute and cannot be ended. When all else is closed it is
 * waited for a second; then it is left behind, and so is its loop. */
#define PATIENCE_MS 100
#define PATIENCE    10
static bool left_behind;

static void count_open(uv_handle_t *handle, void *count) {
    *(size_t *)count += uv_has_ref(handle) != 0;
}

static void on_patience(uv_timer_t *timer) {
    struct running *r = timer->data;
    size_t open = 0;
    uv_walk(timer->loop, count_open, &open);
    if (r->hub.closing && open == 0 && ++r->patience == PATIENCE) {
        left_behind = true;
        uv_stop(timer->loop);
    }
}

int leave(int status) {
    if (left_behind) { /* exit() would wait for it */
        fflush(NULL);
        _exit(status);
    }
    return status;
}

/* The signals stay caught: a second Ctrl-C must not cut off the safe values that are going out. */
static void stop(struct running *r) {
    uv_timer_start(&r->limit, on_patience, PATIENCE_MS, PATIENCE_MS);
    uv_unref((uv_handle_t *)&r->limit);
    if (r->options->stopping) {
        r->options->stopping(r->options->context);
    }
    hub_close(&r->hub);
}

void run_stop(struct hub *hub) {
    struct running *r = (struct running *)hub; /* its first member */
    if (!r->stopping) {
        r->stopping = true;
        stop(r);
    }
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    run_stop(handle->data);
}

/* Only nohup means it: a shell ignores SIGINT for all that it starts in the background. */
static bool ignored(int number) {
    struct sigaction now;
    return number == SIGHUP && sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void catch_signals(struct running *r, uv_loop_t *loop) {
    for (size_t i = 0; i < ENDS; i++) {
        uv_signal_init(loop, &r->signals[i]);
        r->signals[i].data = r;
        if (!ignored(ends[i])) {
            uv_signal_start(&r->signals[i], on_signal, ends[i]);
        }
        uv_unref((uv_handle_t *)&r->signals[i]);
    }
}

static void on_limit(uv_timer_t *timer) {
    run_stop(timer->data);
}

static void on_ended(struct hub *hub) {
    run_stop(hub);
}

static void say_nothing(void *context, const char *text) {
    (void)context;
    (void)text;
}

int run_hub(const char *verb, const struct config *config, const struct run_options *options) {
    static struct running r;
    static uv_loop_t loop;
    char why[OUTPUT_WHY] = "";
    signal(SIGPIPE, SIG_IGN);
    memset(&r, 0, sizeof r);
    r.options = options;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &r.limit);
    r.limit.data = &r;
    catch_signals(&r, &loop);
    if (options->for_ms > 0) {
        uv_timer_start(&r.limit, on_limit, options->for_ms, 0);
    }
    if (options->quiet) {
        r.hub.log = say_nothing;
    }
    if (options->exit_at_end) {
        r.hub.ended = on_ended;
    }
    bool opened = hub_open(&r.hub, &loop, config, why);
    if (!opened) {
        run_stop(&r.hub);
    } else if (options->started) {
        options->started(options->context, &r.hub);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    if (!left_behind) {
        uv_close((uv_handle_t *)&r.limit, NULL);
        for (size_t i = 0; i < ENDS; i++) {
            uv_close((uv_handle_t *)&r.signals[i], NULL);
        }
        uv_run(&loop, UV_RUN_DEFAULT);
        uv_loop_close(&loop);
    }
    if (opened && options->exit_at_end && r.hub.broken[0]) {
        snprintf(why, sizeof why, "%s", r.hub.broken);
    }
    hub_free(&r.hub);
    return opened && !why[0] ? EXIT_DONE : failure(verb, "%s", why);
}

/* ---- the verb ---- */

void complain_on_stderr(void *context, const char *text) {
    (void)context;
    fprintf(stderr, "%s\n", text);
}

bool parse_speed(const char *text, double *speed) {
    char *end;
    if (strcmp(text, "max") == 0) {
        *speed = 0;
        return true;
    }
    *speed = strtod(text, &end);
    return end != text && *end == '\0' && *speed >= 0.001 && *speed <= 1e6;
}

int cmd_run(int argc, char **argv) {
    enum { SPEED = 1000, EXIT_AT_END, QUIET, HELP };
    static const struct option options[] = {
        {"speed", required_argument, NULL, SPEED},
        {"exit-at-end", no_argument, NULL, EXIT_AT_END},
        {"quiet", no_argument, NULL, QUIET},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    struct run_options run = {0};
    double speed = 1;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case SPEED:
            if (!parse_speed(optarg, &speed)) {
                return usage_error("run", "--speed %s: expected 0.001 to 1000000, or max", optarg);
            }
            break;
        case EXIT_AT_END:
            run.exit_at_end = true;
            break;
        case QUIET:
            run.quiet = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("run", argv, options);
        }
    }
    if (optind + 1 != argc) {
        return usage_error("run", "expected one CONFIG.yaml (voltbus config example shows one)");
    }
    struct config *config = config_read(argv[optind], complain_on_stderr, NULL);
    if (!config) {
        return EXIT_FAILED;
    }
    if (!run.quiet) {
        tell_oddities(config);
    }
    config->speed = speed;
    int status = run_hub("run", config, &run);
    config_free(config);
    return status;
}
