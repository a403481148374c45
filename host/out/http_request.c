/* http_request.c - what a request says, as values. Pure functions: no socket, no clock, no hub.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/out/http.h"
#include "voltbus/time.h"

bool http_refuse(struct http_refusal *refusal, unsigned status, const char *error, const char *fmt,
                 ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(refusal->reason, sizeof refusal->reason, fmt, args);
    va_end(args);
    refusal->status = status;
    refusal->error = error;
    return false;
}

/* ---- the body of a command ---- */

/* A number of JSON as decimal text without exponent: as many decimals as it takes to be the same
 * number again. jansson has made a double of 2.5; its shortest text is what was written. */
static size_t real_text(double number, char *out, size_t room) {
    int n = 0;
    for (int decimals = 0; decimals <= 17; decimals++) {
        n = snprintf(out, room, "%.*f", decimals, number);
        if (n < 0 || (size_t)n >= room || strtod(out, NULL) == number) {
            break;
        }
    }
    return n < 0 ? 0 : (size_t)n;
}

/* A word that goes to the log must not be able to write lines of its own there. */
static bool one_line(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

/* A number or a word as text. out: size bytes, ends with 0. */
static bool scalar_of(const json_t *value, const char *member, char *out, size_t size, size_t *n,
                      struct http_refusal *refusal) {
    if (json_is_string(value)) {
        *n = json_string_length(value);
        if (*n >= size || !one_line(json_string_value(value), *n)) {
            return http_refuse(refusal, 400, "bad-value", "%s: there is no such word", member);
        }
        memcpy(out, json_string_value(value), *n);
        out[*n] = '\0';
    } else if (json_is_integer(value)) {
        *n = (size_t)snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        *n = real_text(json_real_value(value), out, size);
        if (*n >= size) {
            return http_refuse(refusal, 422, "out-of-range",
                               "%s: a number of this size is beyond every limit", member);
        }
    } else {
        return http_refuse(refusal, 400, "bad-value", "%s: must be a number or a word", member);
    }
    return true;
}

static bool lease_of(const json_t *lease, struct http_command *command,
                     struct http_refusal *refusal) {
    double seconds = json_number_value(lease);
    if (!json_is_number(lease) || !(seconds >= 1) || seconds > 3600) {
        return http_refuse(refusal, 400, "bad-lease", "lease: must be 1 to 3600 seconds");
    }
    command->lease_ns = (int64_t)(seconds * 1e3 + 0.5) * VB_NS_PER_MS;
    return true;
}

static bool members_of(json_t *object, struct http_command *command, struct http_refusal *refusal) {
    const char *key;
    json_t *member;
    bool value = false;
    bool lease = false;
    json_object_foreach(object, key, member) {
        if (strcmp(key, "value") == 0) {
            value = true;
            if (!scalar_of(member, key, command->value, sizeof command->value, &command->value_n,
                           refusal)) {
                return false;
            }
        } else if (strcmp(key, "lease") == 0) {
            lease = true;
            if (!lease_of(member, command, refusal)) {
                return false;
            }
        } else if (strcmp(key, "release") == 0) {
            if (!json_is_true(member)) {
                return http_refuse(refusal, 400, "bad-json", "release: must be true");
            }
            command->release = true;
        } else {
            return http_refuse(refusal, 400, "bad-json",
                               "unknown member '%.40s': value, lease and release are known", key);
        }
    }
    if (command->release && (value || lease)) {
        return http_refuse(refusal, 400, "bad-json", "release stands alone");
    }
    if (!command->release && !value) {
        return http_refuse(refusal, 400, "bad-json", "value is missing");
    }
    return true;
}

/* Returns NULL after it was refused. */
static json_t *object_of(const char *body, size_t n, const char *like,
                         struct http_refusal *refusal) {
    json_error_t error;
    json_t *json = json_loadb(body, n, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(json)) {
        return json;
    }
    if (json) {
        http_refuse(refusal, 400, "bad-json", "the body must be an object: %s", like);
    } else if (json_error_code(&error) == json_error_numeric_overflow) {
        http_refuse(refusal, 422, "out-of-range", "a number of this size is beyond every limit");
    } else {
        http_refuse(refusal, 400, "bad-json", "the body is no JSON: %s", error.text);
    }
    json_decref(json);
    return NULL;
}

bool http_command_parse(const char *body, size_t n, struct http_command *command,
                        struct http_refusal *refusal) {
    *command = (struct http_command){.lease_ns = VB_LEASE_DEFAULT_NS};
    json_t *json = object_of(body, n, "{\"value\":3}", refusal);
    bool good = json && members_of(json, command, refusal);
    json_decref(json);
    return good;
}

/* ---- the body of a call ---- */

static bool arguments_of(const json_t *list, struct http_call_body *call,
                         struct http_refusal *refusal) {
    if (!json_is_array(list)) {
        return http_refuse(refusal, 400, "bad-json", "arguments: must be a list: [16]");
    }
    if (json_array_size(list) > VB_ARGUMENTS_MAX) {
        return http_refuse(refusal, 400, "bad-value", "arguments: no call has more than %d",
                           VB_ARGUMENTS_MAX);
    }
    for (; call->count < json_array_size(list); call->count++) {
        size_t length = 0;
        if (!scalar_of(json_array_get(list, call->count), "arguments", call->arguments[call->count],
                       HTTP_CALL_ARGUMENT, &length, refusal)) {
            return false;
        }
    }
    return true;
}

static bool call_members_of(json_t *object, struct http_call_body *call,
                            struct http_refusal *refusal) {
    const char *key;
    json_t *member;
    size_t n = 0;
    json_object_foreach(object, key, member) {
        if (strcmp(key, "call") == 0 && json_is_string(member)) {
            if (!scalar_of(member, key, call->name, sizeof call->name, &n, refusal)) {
                return http_refuse(refusal, 404, "no-call", "no call has such a name");
            }
        } else if (strcmp(key, "call") == 0) {
            return http_refuse(refusal, 400, "bad-json", "call: must be the name of one");
        } else if (strcmp(key, "arguments") == 0) {
            if (!arguments_of(member, call, refusal)) {
                return false;
            }
        } else {
            return http_refuse(refusal, 400, "bad-json",
                               "unknown member '%.40s': call and arguments are known", key);
        }
    }
    return call->name[0] || http_refuse(refusal, 400, "bad-json", "call is missing");
}

bool http_call_parse(const char *body, size_t n, struct http_call_body *call,
                     struct http_refusal *refusal) {
    *call = (struct http_call_body){.count = 0};
    json_t *json = object_of(body, n, "{\"call\":\"pause\"}", refusal);
    bool good = json && call_members_of(json, call, refusal);
    json_decref(json);
    return good;
}

/* ---- the arguments of a history query ---- */

enum { RANGE_SIGNAL, RANGE_FROM, RANGE_TO, RANGE_POINTS };
static const char *const range_names[] = {"signal", "from", "to", "points"};

#define POINTS_MIN     2
#define POINTS_MAX     5000
#define POINTS_DEFAULT 500

static bool moment(const char *name, const char *text, size_t n, int64_t now_ns, int64_t *t_ns,
                   struct http_refusal *refusal) {
    int64_t given;
    if (vb_time_read(text, n, &given) != VB_OK) {
        return http_refuse(refusal, 400, "bad-argument",
                           "%s: must be Unix seconds, or negative seconds from now", name);
    }
    /* "-0" is now */
    *t_ns = text[0] == '-' ? now_ns + given : given;
    return true;
}

static bool points_of(const char *text, size_t n, int *points, struct http_refusal *refusal) {
    int number = 0;
    bool good = n > 0 && n <= 4;
    for (size_t i = 0; good && i < n; i++) {
        good = text[i] >= '0' && text[i] <= '9';
        number = number * 10 + (text[i] - '0');
    }
    if (!good || number < POINTS_MIN || number > POINTS_MAX) {
        return http_refuse(refusal, 400, "bad-argument", "points: must be %d to %d", POINTS_MIN,
                           POINTS_MAX);
    }
    *points = number;
    return true;
}

bool http_range_argument(struct http_range *range, const char *text, size_t n, int64_t now_ns,
                         struct http_refusal *refusal) {
    if (!text_utf8_good(text, n)) {
        return http_refuse(refusal, 400, "bad-argument", "an argument is not UTF-8");
    }
    const char *equals = memchr(text, '=', n);
    size_t name_n = equals ? (size_t)(equals - text) : n;
    const char *value = equals ? equals + 1 : text + n;
    size_t value_n = (size_t)(text + n - value);
    for (unsigned i = 0; i < sizeof range_names / sizeof range_names[0]; i++) {
        const char *name = range_names[i];
        if (strlen(name) != name_n || memcmp(name, text, name_n) != 0) {
            continue;
        }
        if (range->given & 1u << i) {
            return http_refuse(refusal, 400, "bad-argument", "%s: given twice", name);
        }
        range->given |= 1u << i;
        switch (i) {
        case RANGE_SIGNAL:
            if (value_n >= sizeof range->signal) {
                return http_refuse(refusal, 404, "no-signal", "no signal has so long a name");
            }
            memcpy(range->signal, value, value_n);
            range->signal[value_n] = '\0';
            return true;
        case RANGE_FROM:
            return moment(name, value, value_n, now_ns, &range->from_ns, refusal);
        case RANGE_TO:
            return moment(name, value, value_n, now_ns, &range->to_ns, refusal);
        default:
            return points_of(value, value_n, &range->points, refusal);
        }
    }
    return http_refuse(refusal, 400, "bad-argument",
                       "unknown argument '%.*s': signal, from, to and points are known",
                       (int)(name_n < 40 ? name_n : 40), text);
}

bool http_range_end(struct http_range *range, int64_t now_ns, struct http_refusal *refusal) {
    if (!(range->given & 1u << RANGE_SIGNAL)) {
        return http_refuse(refusal, 400, "bad-argument", "signal=DEVICE/SIGNAL is missing");
    }
    if (!(range->given & 1u << RANGE_TO)) {
        range->to_ns = now_ns;
    }
    if (!(range->given & 1u << RANGE_FROM)) {
        range->from_ns = range->to_ns - 3600 * VB_NS_PER_S;
    }
    if (!(range->given & 1u << RANGE_POINTS)) {
        range->points = POINTS_DEFAULT;
    }
    if (range->from_ns >= range->to_ns) {
        return http_refuse(refusal, 400, "bad-argument", "from: must be before to");
    }
    return true;
}

/* ---- where to listen, and who we are ---- */

void http_address_port(struct http_address *address, uint16_t port) {
    address->port = port;
    if (address->socket.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&address->socket)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&address->socket)->sin_port = htons(port);
    }
}

static bool port_parse(const char *text, size_t n, uint16_t *port) {
    unsigned number = 0;
    if (n == 0 || n > 5) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    *port = (uint16_t)number;
    return number <= 65535;
}

bool http_address_parse(struct http_address *address, const char *text, size_t n, char *why) {
    char host[46] = "";
    uint16_t port = 0;
    const char *colon = n > 0 ? memrchr(text, ':', n) : NULL;
    size_t host_n = colon ? (size_t)(colon - text) : 0;
    const char *name = text;
    if (!colon || host_n == 0 || !port_parse(colon + 1, n - host_n - 1, &port)) {
        snprintf(why, OUTPUT_WHY, "'%.*s' is not HOST:PORT, as 127.0.0.1:8080 is",
                 (int)(n < 60 ? n : 60), text);
        return false;
    }
    if (host_n > 2 && name[0] == '[' && name[host_n - 1] == ']') {
        name++;
        host_n -= 2;
    }
    if (host_n < sizeof host) {
        memcpy(host, name, host_n);
        host[host_n] = '\0';
    }
    struct in_addr ipv4;
    struct in6_addr ipv6;
    *address = (struct http_address){.port = port};
    if (strcasecmp(host, "localhost") == 0) {
        strcpy(host, "127.0.0.1"); /* without asking a name server who that might be */
    }
    if (inet_pton(AF_INET, host, &ipv4) == 1 && ntohl(ipv4.s_addr) >> 24 == 127) {
        struct sockaddr_in *in = (struct sockaddr_in *)&address->socket;
        in->sin_family = AF_INET;
        in->sin_addr = ipv4;
        inet_ntop(AF_INET, &ipv4, address->host, sizeof address->host);
    } else if (inet_pton(AF_INET6, host, &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6)) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address->socket;
        in6->sin6_family = AF_INET6;
        in6->sin6_addr = ipv6;
        strcpy(address->host, "[::1]");
    } else {
        snprintf(why, OUTPUT_WHY,
                 "'%.*s' is not an address of this machine alone: only 127.0.0.1, ::1 and "
                 "localhost, until there are passwords and TLS",
                 (int)(n < 60 ? n : 60), text);
        return false;
    }
    http_address_port(address, port);
    return true;
}

bool http_host_is_ours(const struct http_address *address, const char *host, size_t n) {
    const char *const names[] = {address->host, "127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        uint16_t port = 80; /* where the browser leaves it out */
        if (n < length || strncasecmp(host, names[i], length) != 0) {
            continue;
        }
        if (n > length &&
            (host[length] != ':' || !port_parse(host + length + 1, n - length - 1, &port))) {
            continue;
        }
        if (port == address->port) {
            return true;
        }
    }
    return false;
}

bool http_origin_is_ours(const struct http_address *address, const char *origin, size_t n) {
    static const char scheme[] = "http://";
    return n > sizeof scheme - 1 && strncasecmp(origin, scheme, sizeof scheme - 1) == 0 &&
           http_host_is_ours(address, origin + sizeof scheme - 1, n - (sizeof scheme - 1));
}
