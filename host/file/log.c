/* log.c - packets, messages and words in text logs (log.h).
 * SPDX-License-Identifier: MIT */
#include "host/file/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/hex.h"

struct log *reader_log(struct reader *r) {
    if (!r->log) {
        r->log = calloc(1, sizeof *r->log);
    }
    return r->log;
}

bool log_begins(const char *text, size_t n, const char *with) {
    size_t length = strlen(with);
    return n >= length && memcmp(text, with, length) == 0;
}

int log_hex(struct reader *r, const char *text, size_t n, size_t column, uint8_t *out) {
    size_t place = 0;
    int count = vb_hex_read(text, n, out, LOG_BYTES, &place);
    if (count == VB_E_SPACE) {
        return reader_wrong(r, VB_E_RANGE, "more than %d bytes", LOG_BYTES);
    }
    if (count < 0) {
        return reader_wrong(r, VB_E_FORMAT,
                            "column %zu: expected two hexadecimal digits: damaged, not read",
                            column + place + 1);
    }
    return count;
}

static void fill(struct reader *r, struct vb_frame *frame, enum vb_kind kind, uint32_t id,
                 uint8_t from, int64_t t_ns, uint16_t flags) {
    struct log *log = r->log;
    unsigned long line = r->line.number;
    memset(log->side, 0, sizeof log->side);
    log->side[VB_SIDE_FROM] = from;
    log->side[VB_SIDE_FLAGS] = VB_SIDE_LOG;
    for (size_t i = 0; i < 4; i++) {
        log->side[VB_SIDE_PACKET + i] = (uint8_t)(line >> (24 - 8 * i));
    }
    *frame = (struct vb_frame){.t_ns = t_ns,
                               .id = id,
                               .bus = reader_link(r, "log", 3),
                               .flags = flags,
                               .kind = (uint8_t)kind,
                               .side = log->side,
                               .side_len = sizeof log->side};
}

static int event(struct reader *r, enum vb_net net, uint8_t from, int64_t t_ns, uint16_t flags,
                 struct vb_frame *frame) {
    fill(r, frame, VB_KIND_NET, net, from, t_ns, flags);
    frame->data = (const uint8_t *)r->log->text;
    frame->len = (uint32_t)strlen(r->log->text);
    return LINE_FRAME;
}

int log_message(struct reader *r, uint8_t from, const uint8_t *bytes, size_t n, int64_t t_ns,
                uint16_t flags, struct vb_frame *frame) {
    struct log *log = r->log;
    uint16_t type;
    uint32_t body;
    int header = vb_v2gtp_header(bytes, n, &type, &body);
    if (header == VB_E_FORMAT) {
        snprintf(log->text, sizeof log->text, "%zu byte%s: %02x ..", n, n == 1 ? "" : "s",
                 bytes[0]);
        return event(r, VB_NET_NO_V2GTP, from, t_ns, flags, frame);
    }
    if (header < 0) {
        snprintf(log->text, sizeof log->text, "%zu byte%s of a message", n, n == 1 ? "" : "s");
        return event(r, VB_NET_CUT, from, t_ns, flags, frame);
    }
    if (n - VB_V2GTP_HEADER != body) {
        snprintf(log->text, sizeof log->text, "%zu bytes: the header says %llu", n,
                 (unsigned long long)body + VB_V2GTP_HEADER);
        return event(r, VB_NET_CUT, from, t_ns, flags, frame);
    }
    from = type == VB_V2GTP_SDP_REQ ? VB_FROM_EVCC : type == VB_V2GTP_SDP_RES ? VB_FROM_SECC : from;
    fill(r, frame, VB_KIND_V2G, type, from, t_ns, flags);
    frame->data = bytes + VB_V2GTP_HEADER;
    frame->len = body;
    return LINE_FRAME;
}

int log_exi(struct reader *r, uint8_t from, const uint8_t *bytes, size_t n, uint16_t flags,
            struct vb_frame *frame) {
    fill(r, frame, VB_KIND_V2G, VB_V2GTP_EXI, from, 0, flags);
    frame->data = bytes;
    frame->len = (uint32_t)n;
    return LINE_FRAME;
}

int log_note(struct reader *r, uint8_t from, const char *text, size_t n, int64_t t_ns,
             uint16_t flags, struct vb_frame *frame) {
    struct log *log = r->log;
    size_t at = 0;
    for (; at < n && at < sizeof log->text - 1; at++) {
        log->text[at] = ' ' <= text[at] && text[at] <= '~' ? text[at] : '?';
    }
    if (at < n) {
        memcpy(log->text + at - 3, "...", 3);
    }
    log->text[at] = '\0';
    return event(r, VB_NET_NOTE, from, t_ns, flags, frame);
}

int log_packet(struct reader *r, const uint8_t *bytes, size_t n, int64_t t_ns,
               enum vb_side_from from, enum vb_side_from to) {
    struct net *net = reader_net(r);
    if (!net) {
        return reader_wrong(r, VB_E_SPACE, "out of memory");
    }
    size_t whole = n;
    if (n >= 54 && bytes[12] == 0x86 && bytes[13] == 0xDD) { /* the line may be cut */
        size_t length = 54 + ((size_t)bytes[18] << 8 | bytes[19]);
        whole = length > n ? length : n;
    }
    struct packet packet = {.t_ns = t_ns,
                            .number = (uint32_t)r->line.number,
                            .link_type = NET_ETHERNET,
                            .bus = reader_link(r, "log", 3),
                            .side_flags = VB_SIDE_LOG,
                            .from = (uint8_t)from,
                            .to = (uint8_t)to,
                            .bytes = bytes,
                            .n = n,
                            .whole_n = whole};
    net_put(net, &packet);
    r->log->draining = true;
    return LINE_NOTHING;
}

int log_drain(struct reader *r, struct vb_frame *frame) {
    if (net_next(r->net, frame)) {
        return LINE_MORE;
    }
    r->log->draining = false;
    return LINE_NOTHING;
}

int log_finish(struct reader *r, struct vb_frame *frame) {
    if (!r->net || !r->log) {
        return LINE_NOTHING;
    }
    if (!r->log->draining) {
        r->log->draining = true;
        net_end(r->net);
    }
    return net_next(r->net, frame) ? LINE_FRAME : LINE_NOTHING;
}

size_t log_tcp_payload(const uint8_t *bytes, size_t n, const uint8_t **payload) {
    if (n < 74 || bytes[12] != 0x86 || bytes[13] != 0xDD || bytes[20] != 6) {
        return 0;
    }
    size_t length = 54 + ((size_t)bytes[18] << 8 | bytes[19]);
    size_t header = 54 + (size_t)(bytes[66] >> 4) * 4;
    length = length < n ? length : n;
    *payload = bytes + header;
    return header < length ? length - header : 0;
}
