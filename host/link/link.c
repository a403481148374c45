/* link.c - the table of links.
 * SPDX-License-Identifier: MIT */
#include "host/link/link.h"

#include <string.h>

#define LINK_KIND(stem) extern const struct link_kind link_kind_##stem;
#include "host/link/links.def"
#undef LINK_KIND

const struct link_kind *const link_kinds[] = {
#define LINK_KIND(stem) &link_kind_##stem,
#include "host/link/links.def"
#undef LINK_KIND
};
const size_t link_kind_count = sizeof link_kinds / sizeof link_kinds[0];

const struct link_kind *link_kind_find(const char *name, size_t n) {
    for (size_t i = 0; i < link_kind_count; i++) {
        if (strlen(link_kinds[i]->name) == n && memcmp(link_kinds[i]->name, name, n) == 0) {
            return link_kinds[i];
        }
    }
    return NULL;
}
