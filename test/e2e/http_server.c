/* http_server.c - `voltbus run` for test/e2e/http_test.py: the same, but impatient, and with a history that
 * takes its time: HTTP_TEST_HISTORY_MS in the environment. SIGUSR1 ends at once, without farewell to the
 * buses. Prints the address of the page first, and "clean" when the loop has nothing left at the end.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/out/http.h"

int __real_history_query(struct history *h, const char *device, const char *name, int64_t from_ns,
                         int64_t to_ns, int points, struct history_point *out, char *why, size_t n);
int __wrap_history_query(struct history *h, const char *device, const char *name, int64_t from_ns,
                         int64_t to_ns, int points, struct history_point *out, char *why, size_t n);

/* the linker puts it in the place of the real one (--wrap) */
int __wrap_history_query(struct history *h, const char *device, const char *name, int64_t from_ns,
                         int64_t to_ns, int points, struct history_point *out, char *why,
                         size_t n) {
    const char *ms = getenv("HTTP_TEST_HISTORY_MS");
    if (ms) {
        usleep((useconds_t)atoi(ms) * 1000);
    }
    return __real_history_query(h, device, name, from_ns, to_ns, points, out, why, n);
}

static void *open_impatient(struct hub *hub, const struct config_output *config, char *why) {
    static const struct http_times times = {
        .request = 2000, .idle = 2000, .answer = 3000, .ping = 700, .silent = 2000};
    struct http *http = http_open(hub, config, &times, why);
    if (http) {
        printf("%s\n", http_url(http, hub->page, sizeof hub->page));
        fflush(stdout);
    }
    return http;
}

static void complain(void *context, const char *text) {
    (void)context;
    fprintf(stderr, "%s\n", text);
}

static uv_signal_t signals[2];

static void on_signal(uv_signal_t *handle, int number) {
    struct hub *hub = handle->data;
    for (int i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&signals[i], NULL);
    }
    if (number == SIGUSR1) {
        hub_close_now(hub);
    } else {
        hub_close(hub);
    }
}

int main(int argc, char **argv) {
    static struct hub hub;
    static struct output output;
    static struct output_live live;
    uv_loop_t loop;
    char why[OUTPUT_WHY];
    struct config *config = argc == 2 ? config_read(argv[1], complain, NULL) : NULL;
    if (!config) {
        return 1;
    }
    for (size_t i = 0; i < config->output_count; i++) {
        if (config->outputs[i].type == output_find("http")) {
            output = *config->outputs[i].type;
            live = *output.live;
            live.open = open_impatient;
            output.live = &live;
            config->outputs[i].type = &output;
        }
    }
    uv_loop_init(&loop);
    for (int i = 0; i < 2; i++) { /* before the address is printed: it may be told to end at once */
        uv_signal_init(&loop, &signals[i]);
        signals[i].data = &hub;
        uv_signal_start(&signals[i], on_signal, i ? SIGUSR1 : SIGINT);
    }
    bool good = hub_open(&hub, &loop, config, why);
    if (!good) {
        fprintf(stderr, "%s\n", why);
        uv_close((uv_handle_t *)&signals[0], NULL);
        uv_close((uv_handle_t *)&signals[1], NULL);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    hub_free(&hub);
    config_free(config);
    if (uv_loop_close(&loop) != 0) {
        return 3;
    }
    printf("clean\n");
    return good ? 0 : 1;
}
