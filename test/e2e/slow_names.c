/* slow_names.c - preloaded: a resolver that needs a quarter of a minute for every name.
 * SPDX-License-Identifier: MIT */
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    (void)service;
    (void)hints;
    fprintf(stderr, "looking for %s\n", node);
    sleep(15);
    *found = NULL;
    return EAI_AGAIN;
}
