/* http_query.c - queries of the history: they read a file, so they run in a thread, one at a time;
 * whoever asked may be gone when the answer is there.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/out/http_answer.h"

struct query {
    struct query *next;
    uv_work_t work;
    struct http *http;
    struct history *history;
    struct connection *connection; /* NULL: gone */
    struct http_range range;
    char device[CONFIG_NAME_MAX];
    const char *name, *unit;
    struct text answer;
    struct http_refusal refusal;
};

/* In a thread: touches the query and the history, nothing else. */
static void on_work(uv_work_t *work) {
    struct query *query = work->data;
    char why[HUB_WHY] = "";
    struct history_point *points = calloc(2 * (size_t)query->range.points + 1, sizeof *points);
    int n = -2;
    if (points) {
        n = history_query(query->history, query->device, query->name, query->range.from_ns,
                          query->range.to_ns, query->range.points, points, why, sizeof why);
    }
    if (n < -1) {
        http_refuse(&query->refusal, 500, "history-failed", "%s", points ? why : "out of memory");
    } else {
        /* -1: it was not heard since the history began */
        http_history_json(&query->answer, query->range.signal, query->unit, &query->range, points,
                          n < 0 ? 0 : n);
    }
    free(points);
    uv_sem_post(&query->http->query_done);
}

static void query_free(struct query *query) {
    struct http *http = query->http;
    text_free(&query->answer);
    free(query);
    http->queries--;
    http_handle_closed(http);
}

static void start_next(struct http *http);

static void on_done(uv_work_t *work, int status) {
    struct query *query = work->data;
    struct http *http = query->http;
    struct connection *connection = query->connection;
    http->running = NULL;
    if (!http->closed && status == 0) {
        uv_sem_wait(&http->query_done); /* does not wait: the work is done */
    }
    if (connection) {
        connection->query = NULL;
        lws_rx_flow_control(connection->wsi, 1);
        if (query->refusal.status == 0) {
            text_free(&connection->answer);
            connection->answer = query->answer;
            query->answer = (struct text){0};
            answer_send(connection, 200, "application/json");
        } else {
            answer_refusal(connection, &query->refusal);
        }
    }
    start_next(http);
    query_free(query);
}

static void start_next(struct http *http) {
    while (!http->running && http->first) {
        struct query *query = http->first;
        http->first = query->next;
        if (!http->first) {
            http->last = NULL;
        }
        if (!query->connection) {
            query_free(query);
        } else {
            http->running = query;
            uv_queue_work(http->hub->loop, &query->work, on_work, on_done);
        }
    }
}

bool query_add(struct connection *connection, const struct http_range *range,
               const struct hub_device *device, const struct hub_value *value,
               struct http_refusal *refusal) {
    struct http *http = connection->http;
    if (http->queries >= HTTP_QUERIES_MAX) {
        return http_refuse(refusal, 503, "busy", "%d questions to the history wait already",
                           HTTP_QUERIES_MAX);
    }
    struct query *query = calloc(1, sizeof *query);
    if (!query) {
        return http_refuse(refusal, 503, "busy", "out of memory");
    }
    query->work.data = query;
    query->http = http;
    query->history = http->hub->history;
    query->connection = connection;
    query->range = *range;
    memcpy(query->device, device->config->name, sizeof query->device);
    query->name = value->signal->name;
    query->unit = value->signal->unit;
    if (http->last) {
        http->last->next = query;
    } else {
        http->first = query;
    }
    http->last = query;
    http->queries++;
    http->handles++;
    connection->query = query;
    connection->phase = HTTP_QUERY;
    connection->deadline_ms = http_now_ms() + http->times.answer;
    lws_rx_flow_control(connection->wsi, 0); /* a second request waits until this one is answered */
    start_next(http);
    return true;
}

static void leave(struct query *query) {
    if (query->connection) {
        query->connection->query = NULL;
        query->connection = NULL;
    }
}

void query_leave(struct connection *connection) {
    if (connection->query) {
        leave(connection->query);
    }
}

void query_open(struct http *http) {
    uv_sem_init(&http->query_done, 0);
}

void query_stop(struct http *http) {
    struct query *query = http->running;
    if (query) {
        leave(query);
        if (uv_cancel((uv_req_t *)&query->work) != 0) {
            uv_sem_wait(&http->query_done);
        }
    }
    for (query = http->first; query; query = query->next) {
        leave(query);
    }
    start_next(http);
}

void query_close(struct http *http) {
    uv_sem_destroy(&http->query_done);
}
