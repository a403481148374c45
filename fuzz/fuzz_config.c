/* fuzz_config.c - CONFIG.yaml: whatever the bytes, either a configuration comes out and nothing is
 * said, or none and at least one line is said. Lines are lines, in the order of the file.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/config/config.h"
#include "host/config/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    size_t count;
    int line;
};

static void tell(void *context, const struct config_error *error) {
    struct told *told = context;
    if (error->what[0] == '\0' || strchr(error->what, '\n') || strchr(error->key, '\n')) {
        abort();
    }
    for (size_t i = 0, n = strlen(error->what), len; i < n; i += len) {
        len = utf8_length(error->what + i, n - i);
        if (len == 0) {
            abort();
        }
    }
    if (error->more == 0 && error->line < told->line) {
        abort();
    }
    told->line = error->line;
    told->count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct told told = {0, 0};
    struct config *config = config_load("fuzz", size ? (const char *)data : "", size, tell, &told);
    if ((config == NULL) != (told.count > 0) || told.count > CONFIG_ERRORS_MAX + 1) {
        abort();
    }
    for (size_t i = 0; config && i < config->device_count; i++) {
        const struct config_device *device = &config->devices[i];
        if (!device->type || device->link >= config->link_count || device->name[0] == '\0') {
            abort();
        }
    }
    for (size_t i = 0; config && i < config->link_count; i++) {
        if (!config->links[i].spec->kind) {
            abort();
        }
    }
    for (size_t i = 0; config && i < config->output_count; i++) {
        if (!config->outputs[i].type->live) {
            abort();
        }
    }
    config_free(config);
    return 0;
}
