/* place.c - the text of a place: which kind it is, its path, host and port, or name.
 * Whether anything is there is not looked at. Of http:// only the path /r is a place: that of the
 * WiFi kit of an OpenEVSE (reference/rapi.md, end of section 5).
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/io/can.h"
#include "host/io/transport.h"

#define ALLOWED                                                                                    \
    "a path like /dev/ttyUSB0, pty:PATH, tcp://HOST:PORT, listen://HOST:PORT, udp://HOST:PORT, "   \
    "http://HOST/r, sim://NAME or file:PATH"

/* As much of a wrong text as is shown. */
#define SHOWN 40

static const struct {
    const char *prefix;
    enum place_type type;
} prefixes[] = {
    {"pty:", PLACE_PTY},   {"tcp://", PLACE_TCP}, {"listen://", PLACE_LISTEN},
    {"sim://", PLACE_SIM}, {"file:", PLACE_FILE}, {"http://", PLACE_HTTP},
    {"udp://", PLACE_UDP}, {"can:", PLACE_CAN},
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

/* Names, IPv4 addresses. Bytes above 7F are parts of names in other scripts; the resolver
 * decides. */
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

/* What stands in front of HOST:PORT, and behind it. */
static const char *scheme_of(const struct place *place) {
    switch (place->type) {
    case PLACE_TCP:
        return "tcp";
    case PLACE_UDP:
        return "udp";
    case PLACE_HTTP:
        return "http";
    default:
        return "listen";
    }
}

static const char *form_of(const struct place *place) {
    return place->type == PLACE_HTTP ? "HOST[:PORT]/r" : "HOST:PORT";
}

/* The host at the beginning of n characters. *used: those that it takes. */
static bool read_host(struct place *place, const char *text, size_t n, size_t *used, char *why) {
    if (n > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', n);
        if (!end || !is_ipv6(text + 1, (size_t)(end - text) - 1)) {
            return refuse(why, "'%.*s': expected an IPv6 address in brackets, like [::1]:8023",
                          shown(n), text);
        }
        *used = (size_t)(end - text) + 1;
        take_name(place, text + 1, *used - 2);
        return true;
    }
    const char *port = memchr(text, ':', n);
    *used = port ? (size_t)(port - text) : n;
    if (port && memchr(port + 1, ':', n - *used - 1)) {
        return refuse(why, "'%.*s': an IPv6 address stands in brackets, like [::1]:8023", shown(n),
                      text);
    }
    if (*used == 0) {
        return refuse(why, "the host is missing: expected %s://%s%s", scheme_of(place),
                      form_of(place),
                      place->type == PLACE_LISTEN ? ", where 127.0.0.1 lets only programs of "
                                                    "this machine in, 0.0.0.0 everybody"
                                                  : "");
    }
    if (!is_host(text, *used)) {
        return refuse(why, "'%.*s' is no host: expected %s://%s", shown(*used), text,
                      scheme_of(place), form_of(place));
    }
    take_name(place, text, *used);
    return true;
}

/* HOST:PORT behind tcp://, udp:// or listen://, HOST[:PORT] behind http://. */
static bool read_address(struct place *place, const char *text, size_t n, char *why) {
    size_t used = 0;
    if (!read_host(place, text, n, &used, why)) {
        return false;
    }
    if (used == n && place->type == PLACE_HTTP) {
        place->port = 80;
        return true;
    }
    if (used == n) {
        return refuse(why, "the port is missing: expected %s://HOST:PORT", scheme_of(place));
    }
    if (text[used] != ':') {
        return refuse(why, "'%.*s' behind the address: expected :PORT", shown(n - used),
                      text + used);
    }
    return read_port(place, text + used + 1, n - used - 1, why);
}

/* HOST[:PORT]/r behind http://. */
static bool read_http(struct place *place, const char *text, size_t n, char *why) {
    const char *path = memchr(text, '/', n);
    size_t host = path ? (size_t)(path - text) : n;
    if (memchr(text, '@', n)) { /* not said again: it has a password in it */
        return refuse(why, "user and password stand in a file, auth=FILE, and not in the place");
    }
    if (n - host != 2 || text[host + 1] != 'r') {
        return refuse(why,
                      "'%.*s' behind http://: expected HOST[:PORT]/r, the WiFi kit of an "
                      "OpenEVSE",
                      shown(n), text);
    }
    return read_address(place, text, host, why);
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

/* The kernel's rules for the name of an interface. */
static bool read_interface(struct place *place, const char *text, size_t n, char *why) {
    bool good = n > 0 && n < CAN_NAME && !(n <= 2 && text[0] == '.');
    for (size_t i = 0; i < n; i++) {
        good = good && text[i] != ' ' && text[i] != '/' && text[i] != ':';
    }
    if (!good) {
        return refuse(why, "'%.*s' is no name of an interface: expected can:NAME, like can:can0",
                      shown(n), text);
    }
    take_name(place, text, n);
    return true;
}

/* What stands behind prefix number i. */
static bool read_rest(struct place *place, size_t i, const char *text, size_t n, char *why) {
    switch (place->type) {
    case PLACE_TCP:
    case PLACE_UDP:
    case PLACE_LISTEN:
        return read_address(place, text, n, why);
    case PLACE_HTTP:
        return read_http(place, text, n, why);
    case PLACE_CAN:
        return read_interface(place, text, n, why);
    default:
        break;
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
        if (n >= len && memcmp(text, prefixes[i].prefix, len) == 0) {
            place->type = prefixes[i].type;
            return read_rest(place, i, text + len, n - len, why);
        }
    }
    return refuse(why, "'%.*s' is no place: expected " ALLOWED, shown(n), text);
}
