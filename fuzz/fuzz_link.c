/* fuzz_link.c - the text of a LINK: whatever the bytes, it is a link with a place and values of its
 * keys, or refused with a reason on one line and a place in the text.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct link_spec spec;
    char why[LINK_WHY] = "";
    size_t at = SIZE_MAX;
    if (link_spec_parse(&spec, (const char *)data, size, why, &at) != VB_OK) {
        if (why[0] == '\0' || strchr(why, '\n') || at > size) {
            abort();
        }
        return 0;
    }
    if (!spec.kind || spec.place.name[0] == '\0' || strlen(spec.text) != size) {
        abort();
    }
    for (size_t i = 0; i < spec.kind->key_count; i++) {
        const struct vb_value *value = &spec.values[i];
        if (!value->text ||
            (value->given &&
             (value->text < spec.text || value->text + value->len > spec.text + size) &&
             value->len > 0)) {
            abort();
        }
    }
    for (size_t i = 0; i < spec.sim_count; i++) {
        if (!strchr(spec.sim_texts[i], '=')) {
            abort();
        }
    }
    return 0;
}
