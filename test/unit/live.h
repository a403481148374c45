/* live.h - an output of the gateway without a gateway: opened from "key=value" texts on a loop of its
 * own; what it logs and what it wrote.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_UNIT_LIVE_H
#define TEST_UNIT_LIVE_H

#include <sys/stat.h>
#include <unistd.h>

#include "host/config/config.h"
#include "host/hub/hub.h"
#include "host/out/output.h"

static uv_loop_t live_loop;
static struct hub live_hub;
static struct config_output live_config;
static const struct output_live *live;
static void *live_self;
static char live_folder[64];
static char live_path[128];
static char live_log[4096];
static char live_why[OUTPUT_WHY];
static uint8_t live_bytes[65536];

static void live_hear(void *context, const char *text) {
    (void)context;
    strcat(strcat(live_log, text), "\n");
}

static inline int live_set_up(void **state) {
    (void)state;
    strcpy(live_folder, "/tmp/test_live.XXXXXX");
    live_log[0] = '\0';
    if (!mkdtemp(live_folder) || uv_loop_init(&live_loop) != 0) {
        return -1;
    }
    snprintf(live_path, sizeof live_path, "%s/bus", live_folder);
    live_hub = (struct hub){.loop = &live_loop, .log = live_hear};
    return 0;
}

static inline int live_tear_down(void **state) {
    char command[128];
    (void)state;
    uv_run(&live_loop, UV_RUN_DEFAULT);
    snprintf(command, sizeof command, "rm -rf %s", live_folder);
    return system(command) || uv_loop_close(&live_loop);
}

/* texts: "rotate_size=1kB", ...; path is live_path unless one of them says otherwise. */
static inline bool live_open_at(const char *name, const char *path, const char *text) {
    const struct output *type = output_find(name);
    assert_non_null(type);
    live = type->live;
    assert_non_null(live);
    live_config = (struct config_output){.type = type};
    for (size_t i = 0; i < live->key_count; i++) {
        size_t n = strlen(live->keys[i].name);
        live_config.values[i] = vb_key_initial(&live->keys[i]);
        if (strcmp(live->keys[i].name, "path") == 0) {
            assert_int_equal(
                vb_key_parse(&live->keys[i], path, strlen(path), &live_config.values[i], NULL), 0);
        } else if (strncmp(text, live->keys[i].name, n) == 0 && text[n] == '=') {
            text += n + 1;
            assert_int_equal(
                vb_key_parse(&live->keys[i], text, strlen(text), &live_config.values[i], NULL), 0);
        }
    }
    live_self = live->open(&live_hub, &live_config, live_why);
    return live_self != NULL;
}

static inline void live_open(const char *name, const char *text) {
    if (!live_open_at(name, live_path, text)) {
        print_error("%s\n", live_why);
        fail();
    }
}

static inline void live_close(void) {
    live->close(live_self);
    uv_run(&live_loop, UV_RUN_DEFAULT);
}

/* The bytes of PATH and a suffix, in live_bytes, ended by 0. Returns how many; -1: no such file. */
static inline int live_read(const char *suffix) {
    char name[160];
    snprintf(name, sizeof name, "%s%s", live_path, suffix);
    FILE *file = fopen(name, "rb");
    if (!file) {
        return -1;
    }
    size_t n = fread(live_bytes, 1, sizeof live_bytes - 1, file);
    fclose(file);
    live_bytes[n] = '\0';
    return (int)n;
}

static inline void live_write(const void *bytes, size_t n) {
    FILE *file = fopen(live_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

#define LIVE_TEST(f) cmocka_unit_test_setup_teardown(f, live_set_up, live_tear_down)

#endif
