/* fuzz_http.c - what anybody may send: the body of a command, arguments, Host and Origin, names that go
 * into JSON. The first byte says which. Whatever is refused has a reason; what is taken is within what
 * the rest relies on.
 * SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/out/http.h"
#include "voltbus/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good) {
    if (!good) {
        abort();
    }
}

static void refused_well(const struct http_refusal *refusal) {
    must(refusal->status >= 400 && refusal->status < 500);
    must(refusal->error && refusal->error[0] && refusal->reason[0]);
    must(memchr(refusal->reason, '\0', sizeof refusal->reason) != NULL);
}

static void call_body(const char *text, size_t n) {
    struct http_call_body call;
    struct http_refusal refusal = {0};
    if (!http_call_parse(text, n, &call, &refusal)) {
        refused_well(&refusal);
        return;
    }
    must(call.name[0] && strlen(call.name) < sizeof call.name);
    must(call.count <= VB_ARGUMENTS_MAX);
    for (size_t i = 0; i < call.count; i++) {
        must(strlen(call.arguments[i]) < sizeof call.arguments[i]);
        must(text_utf8_good(call.arguments[i], strlen(call.arguments[i])));
    }
}

static void body(const char *text, size_t n) {
    struct http_command command;
    struct http_refusal refusal = {0};
    if (!http_command_parse(text, n, &command, &refusal)) {
        refused_well(&refusal);
        return;
    }
    must(command.value_n < sizeof command.value);
    must(command.release ||
         (command.lease_ns >= VB_LEASE_MIN_NS && command.lease_ns <= VB_LEASE_MAX_NS));
    must(text_utf8_good(command.value, command.value_n));
    for (size_t i = 0; i < command.value_n; i++) {
        must((unsigned char)command.value[i] >= 0x20);
    }
}

/* Arguments, one behind the other, with & between. */
static void arguments(const char *text, size_t n) {
    const int64_t now_ns = INT64_C(1712145600) * VB_NS_PER_S;
    struct http_range range = {0};
    struct http_refusal refusal = {0};
    while (n > 0) {
        const char *end = memchr(text, '&', n);
        size_t length = end ? (size_t)(end - text) : n;
        if (!http_range_argument(&range, text, length, now_ns, &refusal)) {
            refused_well(&refusal);
            return;
        }
        length += end != NULL;
        text += length;
        n -= length;
    }
    if (!http_range_end(&range, now_ns, &refusal)) {
        refused_well(&refusal);
        return;
    }
    must(range.from_ns < range.to_ns);
    must(range.points >= 2 && range.points <= 5000);
    must(memchr(range.signal, '\0', sizeof range.signal) != NULL);
}

/* Where to listen; nothing but a few texts is a Host of ours. */
static void names(const char *text, size_t n) {
    static const char digits[] = "0123456789";
    struct http_address address;
    char why[OUTPUT_WHY] = "";
    if (http_address_parse(&address, text, n, why)) {
        must(strncmp(address.host, "127.", 4) == 0 || strcmp(address.host, "[::1]") == 0);
    } else {
        must(why[0]);
    }
    must(http_address_parse(&address, "127.0.0.1:8080", 14, why));
    if (http_host_is_ours(&address, text, n)) {
        must(n >= 5 && memcmp(text + n - 4, "8080", 4) == 0);
        size_t at = n;
        while (at > 0 && strchr(digits, text[at - 1])) {
            at--;
        }
        must(at > 0 && text[at - 1] == ':');
        must(at - 1 == 9 || at - 1 == 5); /* 127.0.0.1, localhost; [::1] */
    }
    if (http_origin_is_ours(&address, text, n)) {
        must(n > 7 && http_host_is_ours(&address, text + 7, n - 7));
    }
}

/* Any bytes become one JSON string that a strict reader takes. */
static void strings(const char *text, size_t n) {
    struct text json = {0};
    text_json(&json, text, n);
    must(!json.failed && text_utf8_good(json.data, json.n));
    json_t *read = json_loadb(json.data, json.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    must(json_is_string(read));
    if (text_utf8_good(text, n)) {
        must(json_string_length(read) == n && memcmp(json_string_value(read), text, n) == 0);
    }
    json_decref(read);
    text_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const parts[])(const char *, size_t) = {body, arguments, names, strings,
                                                          call_body};
    if (size > 0) {
        parts[(uint8_t)(data[0] - '0') % 5](size > 1 ? (const char *)data + 1 : "", size - 1);
    }
    return 0;
}
