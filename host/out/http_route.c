/* http_route.c - the gate that every request passes, and the way to its answer.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/out/http_answer.h"
#include "host/web/web.h"
#include "voltbus/time.h"

#define PATH_LONGEST  256
#define VALUE_LONGEST 256 /* of a header that we look at */

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

static enum method method_of(struct lws *wsi) {
    return lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0    ? METHOD_GET
           : lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0 ? METHOD_HEAD
           : lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0 ? METHOD_POST
                                                               : METHOD_OTHER;
}

/* A header of the request; out: VALUE_LONGEST bytes. Returns its length, -1 if it is longer. Headers
 * that came twice are one, with a comma between. */
static int header_of(struct lws *wsi, enum lws_token_indexes token, char *out) {
    out[0] = '\0';
    return lws_hdr_copy(wsi, out, VALUE_LONGEST, token);
}

/* ---- the gate ---- */

/* Every page in the owner's browser can send requests to 127.0.0.1; only ours may be answered. A page
 * of a foreign name that was made to mean 127.0.0.1 (DNS rebinding) has its own name as Host, a page
 * that asks across has its own Origin. */
static bool gate(struct connection *connection, struct http_refusal *refusal) {
    const struct http_address *address = &connection->http->address;
    char value[VALUE_LONGEST];
    int n = header_of(connection->wsi, WSI_TOKEN_HOST, value);
    if (n == 0) {
        return http_refuse(refusal, 400, "bad-host", "the request has no Host");
    }
    if (n < 0 || !http_host_is_ours(address, value, (size_t)n)) {
        return http_refuse(refusal, 403, "bad-host", "only %s:%u and localhost are served here",
                           address->host, address->port);
    }
    n = header_of(connection->wsi, WSI_TOKEN_ORIGIN, value);
    if (n < 0 || (n > 0 && !http_origin_is_ours(address, value, (size_t)n))) {
        return http_refuse(refusal, 403, "bad-origin", "only this program's own page may ask");
    }
    return true;
}

static bool path_is_good(const char *path, size_t n, struct http_refusal *refusal) {
    if (n > PATH_LONGEST) {
        return http_refuse(refusal, 414, "too-long", "a path has %d bytes at most", PATH_LONGEST);
    }
    /* a byte 0 counts to the length of some, and not of others */
    if (strlen(path) != n || !text_utf8_good(path, n)) {
        return http_refuse(refusal, 400, "bad-path", "the path is not UTF-8");
    }
    return true;
}

/* What announces a body: only commands have one, and must say how long it is. */
static bool length_of_body(struct lws *wsi, enum method method, size_t *length,
                           struct http_refusal *refusal) {
    char value[VALUE_LONGEST];
    int n = header_of(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, value);
    *length = 0;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0 ||
        (n == 0 && method == METHOD_POST)) {
        return http_refuse(refusal, 411, "length-needed", "a body must have a Content-Length");
    }
    for (int i = 0; i < n; i++) {
        if (value[i] < '0' || value[i] > '9') {
            return http_refuse(refusal, 400, "bad-length", "Content-Length is no number");
        }
        *length = *length * 10 + (size_t)(value[i] - '0');
        if (*length > HTTP_BODY_MAX) {
            return http_refuse(refusal, 413, "too-large", "a body has %d bytes at most",
                               HTTP_BODY_MAX);
        }
    }
    if (n < 0) {
        return http_refuse(refusal, 400, "bad-length", "Content-Length is no number");
    }
    return true;
}

/* ---- commands ---- */

unsigned answer_status(enum vb_refusal refusal) {
    switch (refusal) {
    case VB_REFUSAL_NONE:
        return 200;
    case VB_REFUSAL_CONTROL_OFF:
        return 403;
    case VB_REFUSAL_NO_COMMAND:
    case VB_REFUSAL_NO_CALL:
        return 404;
    case VB_REFUSAL_BUSY:
        return 503;
    case VB_REFUSAL_NO_ANSWER:
        return 504;
    case VB_REFUSAL_OUT_OF_RANGE:
        return 422;
    case VB_REFUSAL_BAD_VALUE:
    case VB_REFUSAL_BAD_LEASE:
        return 400;
    default:
        return 409;
    }
}

/* Where a command stands in the path; no command is called so. */
static const char call_path[] = "call";

static bool is_call(const struct connection *connection) {
    return strcmp(connection->command, call_path) == 0;
}

/* /api/devices/NAME/COMMAND, /api/devices/NAME/call */
static bool find_command(struct connection *connection, const char *path,
                         struct http_refusal *refusal) {
    const char *slash = strchr(path, '/');
    size_t name_n = slash ? (size_t)(slash - path) : strlen(path);
    connection->device = hub_device_find(connection->http->hub, path, name_n);
    if (!connection->device) {
        return http_refuse(refusal, 404, "no-device", "there is no device '%.*s'",
                           (int)(name_n < 60 ? name_n : 60), path);
    }
    const char *command = slash ? slash + 1 : "";
    if (strcmp(command, call_path) != 0 &&
        vb_control_find(connection->device->config->type, command, strlen(command)) < 0) {
        return http_refuse(refusal, 404, "no-command", "%s has no command '%.60s'",
                           connection->device->config->name, command);
    }
    snprintf(connection->command, sizeof connection->command, "%s", command);
    return true;
}

static bool body_is_json(struct lws *wsi) {
    static const char json[] = "application/json";
    char type[VALUE_LONGEST];
    int n = header_of(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type);
    return n > 0 && strncasecmp(type, json, sizeof json - 1) == 0 &&
           strchr("; \t", type[sizeof json - 1]) != NULL;
}

static int begin_command(struct connection *connection, const char *path, enum method method,
                         size_t length, struct http_refusal *refusal) {
    if (!find_command(connection, path, refusal)) {
        return answer_refusal(connection, refusal);
    }
    if (method != METHOD_POST) {
        connection->allow = "POST";
        return answer_error(connection, 405, "post-only", "this is sent by POST");
    }
    if (!body_is_json(connection->wsi)) {
        return answer_error(connection, 415, "json-only",
                            "the Content-Type must be application/json");
    }
    if (length == 0) {
        return answer_error(connection, 400, "bad-json", "the body is missing");
    }
    connection->phase = HTTP_BODY;
    int64_t deadline_ms = http_now_ms() + connection->http->times.request;
    if (deadline_ms < connection->deadline_ms) {
        connection->deadline_ms = deadline_ms;
    }
    return 0;
}

/* Is a text that value_text wrote a number? A row with words has numbers where no word stands. */
static bool is_number(const char *text) {
    text += *text == '-';
    return *text != '\0' && text[strspn(text, "0123456789.")] == '\0';
}

static int do_command(struct connection *connection) {
    struct http_refusal refusal = {0};
    struct http_command command;
    struct hub_device *device = connection->device;
    if (!http_command_parse(connection->body.data, connection->body.n, &command, &refusal)) {
        return answer_refusal(connection, &refusal);
    }
    int number =
        vb_control_find(device->config->type, connection->command, strlen(connection->command));
    struct hub_answer done = command.release
                                 ? hub_release(device, (size_t)number, connection->by)
                                 : hub_command(device, (size_t)number, command.value,
                                               command.value_n, command.lease_ns, connection->by);
    if (done.refusal != VB_REFUSAL_NONE) {
        return answer_error(connection, answer_status(done.refusal), vb_refusal_text(done.refusal),
                            done.why[0] ? done.why : vb_refusal_why(done.refusal));
    }
    struct text *answer = &connection->answer;
    text_clear(answer);
    text_add(answer, "{\"device\":");
    text_json(answer, device->config->name, strlen(device->config->name));
    text_add(answer, ",\"command\":");
    text_json(answer, connection->command, strlen(connection->command));
    text_add(answer, ",\"value\":");
    http_value_json(answer, done.value, strlen(done.value), !is_number(done.value));
    if (!command.release) {
        text_add(answer, ",\"lease\":");
        text_milli(answer, command.lease_ns / VB_NS_PER_MS);
    }
    text_add(answer, "}");
    return answer_send(connection, 200, "application/json");
}

/* libwebsockets (4.1) says again and again that the body is complete while another request waits
 * behind it, in some cases without going back to the loop. So the answer is written at once, and then
 * this is the end. */
int route_command(struct connection *connection) {
    bool again = connection->body_ends++ > 0;
    if (connection->phase == HTTP_QUERY) {
        return -1; /* something stands behind the body of a call: it is not answered */
    }
    if (connection->phase != HTTP_BODY) {
        if (again && !connection->headers_sent) {
            answer_at_once(connection);
        }
        return again ? -1 : 0;
    }
    if (is_call(connection)) {
        return call_begin(connection) != 0        ? -1
               : connection->phase == HTTP_ANSWER ? answer_at_once(connection)
                                                  : 0;
    }
    return do_command(connection) == 0 ? answer_at_once(connection) : -1;
}

/* ---- what is read ---- */

static bool begin_history(struct connection *connection, struct http_refusal *refusal) {
    struct hub *hub = connection->http->hub;
    struct http_range range = {0};
    char argument[VALUE_LONGEST];
    int64_t now_ns = http_now().wall_ns;
    int n;
    for (int i = 0; lws_hdr_fragment_length(connection->wsi, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++) {
        n = lws_hdr_copy_fragment(connection->wsi, argument, sizeof argument,
                                  WSI_TOKEN_HTTP_URI_ARGS, i);
        if (n < 0) {
            return http_refuse(refusal, 400, "bad-argument", "an argument is too long");
        }
        if (!http_range_argument(&range, argument, (size_t)n, now_ns, refusal)) {
            return false;
        }
    }
    if (!http_range_end(&range, now_ns, refusal)) {
        return false;
    }
    const char *slash = strchr(range.signal, '/');
    struct hub_device *device =
        slash ? hub_device_find(hub, range.signal, (size_t)(slash - range.signal)) : NULL;
    const struct hub_value *value =
        device ? hub_value_find(device, slash + 1, strlen(slash + 1)) : NULL;
    if (!value) {
        return http_refuse(refusal, 404, "no-signal", "there is no signal '%.100s'", range.signal);
    }
    if (!hub->history) {
        return http_refuse(refusal, 503, "no-history", "no output keeps a history");
    }
    return query_add(connection, &range, device, value, refusal);
}

static int send_state(struct connection *connection) {
    struct http *http = connection->http;
    text_clear(&connection->answer);
    http_state_document(http->state, &connection->answer, http->changes.seq, http_now());
    return answer_send(connection, 200, "application/json");
}

static int send_file(struct connection *connection, const struct web_file *file) {
    char known[VALUE_LONGEST];
    int n = header_of(connection->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, known);
    connection->etag = file->etag;
    connection->gzip = true;
    connection->file = file->data;
    connection->answer_n = file->size;
    if (n > 0 && (strstr(known, file->etag) || strcmp(known, "*") == 0)) {
        connection->gzip = false;
        return answer_send(connection, 304, NULL);
    }
    return answer_send(connection, 200, file->type);
}

static int not_found(struct connection *connection) {
    text_clear(&connection->answer);
    text_add(&connection->answer, "There is no such page here.\n");
    return answer_send(connection, 404, "text/plain; charset=utf-8");
}

static int route_reading(struct connection *connection, const char *path) {
    struct http_refusal refusal = {0};
    if (strcmp(path, "/api/state") == 0) {
        return send_state(connection);
    }
    if (strcmp(path, "/api/history") == 0) {
        return begin_history(connection, &refusal) ? 0 : answer_refusal(connection, &refusal);
    }
    if (strcmp(path, "/api/live") == 0) {
        return answer_error(connection, 426, "websocket-only", "this is a WebSocket");
    }
    if (strncmp(path, "/api/", 5) == 0 || strcmp(path, "/api") == 0) {
        return answer_error(connection, 404, "no-page", "the API has no such path");
    }
    for (size_t i = 0; i < web_file_count; i++) {
        if (strcmp(path, web_files[i].path) == 0) {
            return send_file(connection, &web_files[i]);
        }
    }
    return not_found(connection);
}

static void forget_request(struct connection *connection, enum method method) {
    connection->head = method == METHOD_HEAD;
    connection->status = 0;
    connection->type = connection->etag = connection->allow = NULL;
    connection->gzip = false;
    connection->file = NULL;
    connection->device = NULL;
    connection->body_ends = 0;
    text_clear(&connection->body);
    text_clear(&connection->answer);
}

int route_request(struct connection *connection, const char *path, size_t n) {
    static const char commands[] = "/api/devices/";
    struct http_refusal refusal = {0};
    struct lws *wsi = connection->wsi;
    enum method method = method_of(wsi);
    size_t length = 0;
    bool good_length = length_of_body(wsi, method, &length, &refusal);
    forget_request(connection, method);
    /* Behind a body nothing else may follow: libwebsockets (4.1) takes the headers of a request that
     * came early for a body. It waits for the body of PUT and PATCH even if none is announced. */
    connection->drain = !good_length || length > 0 ||
                        (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0 &&
                         (lws_hdr_total_length(wsi, WSI_TOKEN_PUT_URI) > 0 ||
                          lws_hdr_total_length(wsi, WSI_TOKEN_PATCH_URI) > 0));
    connection->close_after = connection->drain || connection->too_many;
    if (connection->too_many) {
        return answer_error(connection, 503, "too-many", "too many connections: try again");
    }
    struct http_refusal gate_refusal = {0};
    if (!gate(connection, &gate_refusal) || !path_is_good(path, n, &gate_refusal)) {
        return answer_refusal(connection, &gate_refusal);
    }
    if (!good_length) {
        return answer_refusal(connection, &refusal);
    }
    if (strncmp(path, commands, sizeof commands - 1) == 0) {
        return begin_command(connection, path + sizeof commands - 1, method, length, &refusal);
    }
    if (method == METHOD_POST || method == METHOD_OTHER) {
        connection->allow = "GET, HEAD";
        return answer_error(connection, 405, "get-only", "this is only read, by GET");
    }
    if (length > 0) {
        return answer_error(connection, 400, "bad-length", "GET has no body");
    }
    return route_reading(connection, path);
}

/* ---- WebSocket ---- */

static bool upgrade_is_good(struct connection *connection, struct http_refusal *refusal) {
    struct lws *wsi = connection->wsi;
    char value[VALUE_LONGEST];
    if (connection->too_many) {
        return http_refuse(refusal, 503, "too-many", "too many connections: try again");
    }
    if (!gate(connection, refusal)) {
        return false;
    }
    if (method_of(wsi) != METHOD_GET) {
        return http_refuse(refusal, 405, "get-only", "a WebSocket begins with GET");
    }
    header_of(wsi, WSI_TOKEN_GET_URI, value);
    if (strcmp(value, "/api/live") != 0) {
        return http_refuse(refusal, 404, "no-page", "only /api/live is a WebSocket");
    }
    header_of(wsi, WSI_TOKEN_UPGRADE, value);
    bool good = strcasecmp(value, "websocket") == 0;
    header_of(wsi, WSI_TOKEN_VERSION, value);
    good = good && strcmp(value, "13") == 0 && lws_hdr_total_length(wsi, WSI_TOKEN_KEY) > 0;
    if (!good) {
        return http_refuse(refusal, 400, "bad-upgrade", "only WebSocket version 13 is known");
    }
    for (int i = 0; lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++) {
        int length = lws_hdr_copy_fragment(wsi, value, sizeof value, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length < 0 || strcmp(value, "every=sample") != 0) {
            return http_refuse(refusal, 400, "bad-argument", "only every=sample is known");
        }
        connection->every_sample = true;
    }
    if (connection->http->live_count >= HTTP_LIVE_MAX) {
        return http_refuse(refusal, 503, "too-many", "%d WebSockets are open already",
                           HTTP_LIVE_MAX);
    }
    return true;
}

int route_upgrade(struct connection *connection) {
    struct http_refusal refusal = {0};
    /* libwebsockets (4.1) has answered an upgrade that it does not know, and freed the headers, and
     * goes on all the same: it must not */
    if (lws_hdr_total_length(connection->wsi, WSI_TOKEN_UPGRADE) <= 0) {
        return -1;
    }
    forget_request(connection, METHOD_GET);
    if (upgrade_is_good(connection, &refusal)) {
        return 0;
    }
    connection->close_after = true;
    answer_refusal(connection, &refusal);
    answer_at_once(connection);
    return -1;
}
