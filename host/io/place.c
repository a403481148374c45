/* place.c - the text of a place: which kind it is, its path, host and port, or name.
 * Whether anything is there is not looked at.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/io/transport.h"

#define ALLOWED                                                                                    \
    "a path like /dev/ttyUSB0, pty:PATH, tcp://HOST:PORT, listen://HOST:PORT, sim://NAME or "      \
    "file:PATH"

/* As much of a wrong text as is shown. */
#define SHOWN 40

static const struct {
    const char *prefix;
    enum place_type type;
} prefixes[] = {
    {"pty:", PLACE_PTY},   {"tcp://", PLACE_TCP}, {"listen://", PLACE_LISTEN},
    {"sim://", PLACE_SIM}, {"file:", PLACE_FILE},
};

__attribute__((format(printf, 2, 3))) static bool refuse(char *why, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, TRANSPORT_WHY, fmt, args);
    va_end(args);
    return false;
}

static int shown(size_t n) {
    return n < SHOWN ? (int)n : SHOWN;
}

static void take_name(struct place *place, const char *text, size_t n) {
    memcpy(place->name, text, n);
    place->name[n] = '\0';
}

/* A port and nothing else. */
static bool read_port(struct place *place, const char *text, size_t n, char *why) {
    unsigned least = place->type == PLACE_LISTEN ? 0 : 1;
    unsigned port = 0;
    size_t i = 0;
    while (i < n && i < 5 && text[i] >= '0' && text[i] <= '9') {
        port = port * 10 + (unsigned)(text[i++] - '0');
    }
    if (n == 0 || i < n || port > 65535 || port < least) {
        return refuse(why, "port '%.*s' is not a number from %u to 65535", shown(n), text, least);
    }
    place->port = (uint16_t)port;
    return true;
}

/* Names, IPv4 addresses. Bytes above 7F are parts of names in other scripts; the resolver decides. */
static bool is_host(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_') {
            return false;
        }
    }
    return true;
}

/* The inside of the brackets; "%eth0" behind it names the interface. */
static bool is_ipv6(const char *text, size_t n) {
    char address[INET6_ADDRSTRLEN];
    struct in6_addr parsed;
    const char *zone = memchr(text, '%', n);
    size_t len = zone ? (size_t)(zone - text) : n;
    if (len >= sizeof address || (zone && (len + 1 == n || !is_host(zone + 1, n - len - 1)))) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    return inet_pton(AF_INET6, address, &parsed) == 1;
}

/* HOST:PORT behind tcp:// or listen://. */
static bool read_host(struct place *place, const char *text, size_t n, char *why) {
    const char *scheme = place->type == PLACE_TCP ? "tcp" : "listen";
    const char *port; /* behind the host */
    size_t host;
    if (n > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', n);
        if (!end || !is_ipv6(text + 1, (size_t)(end - text) - 1)) {
            return refuse(why, "'%.*s': expected an IPv6 address in brackets, like [::1]:8023",
                          shown(n), text);
        }
        host = (size_t)(end - text) - 1;
        take_name(place, text + 1, host);
        port = end + 1;
    } else {
        port = memchr(text, ':', n);
        host = port ? (size_t)(port - text) : n;
        if (port && memchr(port + 1, ':', n - host - 1)) {
            return refuse(why, "'%.*s': an IPv6 address stands in brackets, like [::1]:8023",
                          shown(n), text);
        }
        if (host == 0) {
            return refuse(why, "the host is missing: expected %s://HOST:PORT%s", scheme,
                          place->type == PLACE_LISTEN ? ", where 127.0.0.1 lets only programs of "
                                                        "this machine in, 0.0.0.0 everybody"
                                                      : "");
        }
        if (!is_host(text, host)) {
            return refuse(why, "'%.*s' is no host: expected %s://HOST:PORT", shown(host), text,
                          scheme);
        }
        take_name(place, text, host);
        port = text + host;
    }
    if (port == text + n) {
        return refuse(why, "the port is missing: expected %s://HOST:PORT", scheme);
    }
    if (*port != ':') {
        return refuse(why, "'%.*s' behind the address: expected :PORT",
                      shown((size_t)(text + n - port)), port);
    }
    return read_port(place, port + 1, (size_t)(text + n - port) - 1, why);
}

static bool read_sim(struct place *place, const char *text, size_t n, char *why) {
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return refuse(why,
                          "'%.*s' is no simulator: names have small letters, digits and - "
                          "(voltbus sim --list lists them)",
                          shown(n), text);
        }
    }
    take_name(place, text, n);
    return true;
}

bool place_parse(struct place *place, const char *text, size_t n, char *why) {
    memset(place, 0, sizeof *place);
    if (n >= sizeof place->text) {
        return refuse(why, "a place of more than %zu characters: expected " ALLOWED,
                      sizeof place->text - 1);
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) {
            return refuse(why, "a control character in a place: expected " ALLOWED);
        }
    }
    if (n == 0) {
        return refuse(why, "the place is missing: expected " ALLOWED);
    }
    memcpy(place->text, text, n);
    if (text[0] == '/' || text[0] == '.') {
        place->type = PLACE_SERIAL;
        take_name(place, text, n);
        return true;
    }
    if (n == 1 && text[0] == '-') {
        place->type = PLACE_FILE;
        take_name(place, text, n);
        return true;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t len = strlen(prefixes[i].prefix);
        if (n < len || memcmp(text, prefixes[i].prefix, len) != 0) {
            continue;
        }
        place->type = prefixes[i].type;
        text += len;
        n -= len;
        if (place->type == PLACE_TCP || place->type == PLACE_LISTEN) {
            return read_host(place, text, n, why);
        }
        if (n == 0) {
            return refuse(why, "nothing behind %s: expected %s", prefixes[i].prefix,
                          place->type == PLACE_SIM   ? "sim://NAME (voltbus sim --list lists them)"
                          : place->type == PLACE_PTY ? "pty:PATH"
                                                     : "file:PATH");
        }
        if (place->type == PLACE_SIM) {
            return read_sim(place, text, n, why);
        }
        take_name(place, text, n);
        return true;
    }
    return refuse(why, "'%.*s' is no place: expected " ALLOWED, shown(n), text);
}
