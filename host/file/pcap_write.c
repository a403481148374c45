/* pcap_write.c - packet captures written: pcapng with everything, pcap with CAN.
 * pcapng has one interface per link and kind of frame, written before its first
 * packet:
 *   CAN    LINKTYPE_CAN_SOCKETCAN (227)
 *   LIN    LINKTYPE_LIN (212), unanswered headers and damaged frames too
 *   radio  LINKTYPE_USER0 (147), there is none for it: the count of side bytes (what the receiver
 *          says about the packet, voltbus/rfm69.h), these, then the packet
 *   RAPI   LINKTYPE_USER1 (148): the line from '$' on, with its checksum, without CR
 *   PLC    LINKTYPE_ETHERNET (1): the frame
 *   V2G    LINKTYPE_USER3 (150): the count of side bytes (who sent it, in which packet of the recording,
 *          voltbus/v2gtp.h), these, the header of V2GTP, the payload. It may have come in several packets,
 *          so there is none that it could be in. (Not 149: Wireshark takes that for Apple's PKTAP)
 *   NET    LINKTYPE_USER4 (151): the count of side bytes, these, the number of the event, its text
 * pcap: one link type (227), nanoseconds; it has no names of buses and no direction. Little endian.
 * Times before 1970 have an interface whose clock begins earlier (if_tsoffset); of the recorder and in pcap they become 0.
 * Left out: comments, name resolution.
 * Facts: draft-ietf-opsawg-pcapng sections 3 and 4, draft-ietf-opsawg-pcap; reference/lin.md section 7 and
 * reference/can-transports.md section 1.10; read back with tshark 4.0.
 * SPDX-License-Identifier: MIT */
#include "host/file/pcap_write.h"

#include <stdlib.h>
#include <string.h>

#include "host/file/pcap.h"
#include "host/file/writer.h"
#include "voltbus/lin.h"
#include "voltbus/time.h"
#include "voltbus/v2gtp.h"

#define SECTION          0x0A0D0D0Au
#define INTERFACE        1u
#define STATISTICS       5u
#define PACKET           6u
#define BYTE_ORDER_MAGIC 0x1A2B3C4Du

#define OPTION_END            0
#define SECTION_APPLICATION   4
#define INTERFACE_NAME        2
#define INTERFACE_DESCRIPTION 3
#define INTERFACE_TIME_UNIT   9  /* 9 = 10^-9 s */
#define INTERFACE_TIME_OFFSET 14 /* seconds that are added to its times */
#define PACKET_FLAGS          2
#define PACKET_INBOUND        1u
#define PACKET_OUTBOUND       2u
#define STATISTICS_RECEIVED   4
#define STATISTICS_DROPPED    5

static const struct {
    uint16_t link_type;
    const char *description;
} kinds[VB_KIND_COUNT] = {
    [VB_KIND_CAN] = {227, "CAN"},
    [VB_KIND_LIN] = {212, "LIN"},
    [VB_KIND_RADIO] = {147, "radio packets: count of side bytes, side bytes, packet"},
    [VB_KIND_RAPI] = {148, "RAPI of an OpenEVSE: lines from '$' on, without CR"},
    [VB_KIND_PLC] = {1, "HomePlug management messages"},
    [VB_KIND_V2G] = {150, "V2G messages: count of side bytes, side bytes, V2GTP"},
    [VB_KIND_NET] = {151, "network events: count of side bytes, side bytes, event, text"},
};

/* ---- bytes ---- */

static void put(struct pcapng_bytes *out, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++) {
        out->b[out->n++] = (uint8_t)(value >> 8 * i);
    }
}

static void put_raw(struct pcapng_bytes *out, const void *bytes, size_t n) {
    if (n > 0) { /* of nothing there may be no address */
        memcpy(out->b + out->n, bytes, n);
        out->n += n;
    }
}

static void begin_block(struct pcapng_bytes *out, uint32_t type) {
    out->block = out->n;
    put(out, type, 4);
    put(out, 0, 4); /* its length, see end_block */
}

/* The length stands at both ends, so that readers can go backwards. */
static void end_block(struct pcapng_bytes *out) {
    size_t n = out->n + 4 - out->block;
    put(out, n, 4);
    for (size_t i = 0; i < 4; i++) {
        out->b[out->block + 4 + i] = (uint8_t)(n >> 8 * i);
    }
}

static void option(struct pcapng_bytes *out, uint16_t code, const void *value, size_t n) {
    put(out, code, 2);
    put(out, n, 2);
    put_raw(out, value, n);
    put(out, 0, -n % 4);
}

static void option_number(struct pcapng_bytes *out, uint16_t code, uint64_t value, size_t size) {
    put(out, code, 2);
    put(out, size, 2);
    put(out, value, size);
    put(out, 0, -size % 4);
}

/* High half first, unlike everything else. */
static void put_time(struct pcapng_bytes *out, int64_t t_ns) {
    uint64_t t = t_ns < 0 ? 0 : (uint64_t)t_ns;
    put(out, t >> 32, 4);
    put(out, t & 0xFFFFFFFFu, 4);
}

/* ---- blocks ---- */

void pcapng_section(struct pcapng_bytes *out) {
    static const char application[] = "voltbus";
    begin_block(out, SECTION);
    put(out, BYTE_ORDER_MAGIC, 4);
    put(out, 1, 2); /* version 1.0 */
    put(out, 0, 2);
    put(out, UINT64_MAX, 8); /* length of the section: not known */
    option(out, SECTION_APPLICATION, application, strlen(application));
    put(out, OPTION_END, 4);
    end_block(out);
}

void pcapng_interface(struct pcapng_bytes *out, const char *name, uint8_t kind, int64_t begin_s) {
    begin_block(out, INTERFACE);
    put(out, kinds[kind].link_type, 2);
    put(out, 0, 2);
    put(out, 0, 4); /* packets of any length */
    option(out, INTERFACE_NAME, name, strlen(name));
    const char *description = kinds[kind].description;
    option(out, INTERFACE_DESCRIPTION, description, strlen(description));
    option_number(out, INTERFACE_TIME_UNIT, 9, 1);
    if (begin_s != 0) {
        option_number(out, INTERFACE_TIME_OFFSET, (uint64_t)begin_s, 8);
    }
    put(out, OPTION_END, 4);
    end_block(out);
}

void pcapng_statistics(struct pcapng_bytes *out, uint32_t number, int64_t t_ns, uint64_t received,
                       uint64_t dropped) {
    begin_block(out, STATISTICS);
    put(out, number, 4);
    put_time(out, t_ns);
    option_number(out, STATISTICS_RECEIVED, received, 8);
    option_number(out, STATISTICS_DROPPED, dropped, 8);
    put(out, OPTION_END, 4);
    end_block(out);
}

static void can_payload(struct pcapng_bytes *out, const struct vb_frame *frame) {
    uint32_t id = frame->id | (frame->flags & VB_FRAME_EXT ? 0x80000000u : 0) |
                  (frame->flags & VB_FRAME_RTR ? 0x40000000u : 0) |
                  (frame->flags & VB_FRAME_ERR ? 0x20000000u : 0);
    for (int shift = 24; shift >= 0; shift -= 8) {
        put(out, id >> shift & 0xFF, 1); /* the one big-endian field */
    }
    put(out, frame->flags & VB_FRAME_RTR ? frame->remote_len : frame->len, 1);
    put(out,
        frame->flags & VB_FRAME_FD
            ? 4u | (frame->flags & VB_FRAME_BRS ? 1u : 0) | (frame->flags & VB_FRAME_ESI ? 2u : 0)
            : 0,
        1);
    put(out, 0, 2);
}

static void lin_payload(struct pcapng_bytes *out, const struct vb_frame *frame) {
    static const uint8_t errors[] = {
        [VB_FAULT_NO_RESPONSE] = 0x01,
        [VB_FAULT_FRAMING] = 0x02,
        [VB_FAULT_PARITY] = 0x04,
        [VB_FAULT_CHECKSUM] = 0x08,
    };
    unsigned checksum_kind = frame->flags & VB_FRAME_CLASSIC    ? 1
                             : frame->flags & VB_FRAME_ENHANCED ? 2
                             : frame->flags & VB_FRAME_UNPARITY ? 3 /* "undefined" */
                                                                : 0;
    put(out, 1, 4); /* version of the layout, and three bytes that say nothing */
    put(out, frame->len << 4 | checksum_kind, 1); /* a frame, no event */
    put(out, frame->side_len > 0 ? frame->side[0] : vb_lin_pid((uint8_t)frame->id), 1);
    put(out, frame->side_len > 1 ? frame->side[1] : 0, 1);
    put(out, frame->fault < sizeof errors ? errors[frame->fault] : 0, 1);
}

void pcapng_packet(struct pcapng_bytes *out, uint32_t number, const struct vb_frame *frame) {
    begin_block(out, PACKET);
    put(out, number, 4);
    put_time(out, frame->t_ns);
    size_t lengths = out->n;
    put(out, 0, 8);
    size_t start = out->n;
    if (frame->kind == VB_KIND_CAN) {
        can_payload(out, frame);
    } else if (frame->kind == VB_KIND_LIN) {
        lin_payload(out, frame);
    } else if (frame->kind == VB_KIND_RAPI) {
        put(out, '$', 1);
    } else if (frame->kind != VB_KIND_PLC) {
        put(out, frame->side_len, 1);
        put_raw(out, frame->side, frame->side_len);
    }
    if (frame->kind == VB_KIND_V2G) {
        out->n += (size_t)vb_v2gtp_write((uint16_t)frame->id, frame->len, out->b + out->n);
    } else if (frame->kind == VB_KIND_NET) {
        put(out, frame->id, 1);
    }
    put_raw(out, frame->data, frame->len);
    if (frame->kind == VB_KIND_RAPI) { /* what stands behind the text */
        put_raw(out, frame->side, frame->side_len);
    }
    size_t n = out->n - start;
    put(out, 0, -n % 4);
    size_t end = out->n;
    out->n = lengths;
    put(out, n, 4); /* captured */
    put(out, n, 4); /* on the wire */
    out->n = end;
    option_number(out, PACKET_FLAGS, frame->flags & VB_FRAME_TX ? PACKET_OUTBOUND : PACKET_INBOUND,
                  4);
    put(out, OPTION_END, 4);
    end_block(out);
}

bool pcapng_fits(const struct vb_frame *frame) {
    switch (frame->kind) {
    case VB_KIND_CAN:
        return frame->len <= 64;
    case VB_KIND_LIN:
        return frame->len <= VB_LIN_DATA_MAX;
    default:
        return frame->kind < VB_KIND_COUNT && frame->side_len <= UINT8_MAX &&
               frame->len < PCAPNG_PAYLOAD - UINT8_MAX;
    }
}

/* ---- pcapng ---- */

struct interfaces {
    struct pcapng_bytes out;
    uint32_t count;
    uint32_t last; /* of the frame before */
    struct {
        char name[READER_NAME_MAX];
        uint8_t kind;
        int64_t begin_s; /* its times count from here: 0 = 1970, or before it */
    } list[WRITER_BUSES];
};

/* What fits behind the begin of a clock; behind 1970 all does. */
#define FAR_S (INT64_MAX / VB_NS_PER_S - 1)

/* The whole second that a moment is in. */
static int64_t second_of(int64_t t_ns) {
    return t_ns / VB_NS_PER_S - (t_ns % VB_NS_PER_S < 0);
}

static bool is_interface(const struct interfaces *s, uint32_t i, const char *link,
                         const struct vb_frame *frame) {
    int64_t t_s = second_of(frame->t_ns);
    return i < s->count && s->list[i].kind == frame->kind && s->list[i].begin_s <= t_s &&
           (s->list[i].begin_s == 0 || t_s - s->list[i].begin_s <= FAR_S) &&
           strcmp(s->list[i].name, link) == 0;
}

/* Where the clock of a new interface begins. Twice as early each time, so that frames in a wrong order, too, need
 * few of them. */
static int64_t begin_for(int64_t t_s) {
    int64_t begin_s = t_s < 0 ? -1 : 0;
    while (begin_s > t_s) {
        begin_s *= 2;
    }
    return begin_s;
}

static void write_out(struct writer *w, struct pcapng_bytes *out) {
    char *at = writer_room(w, out->n);
    memcpy(at, out->b, out->n);
    writer_used(w, at + out->n);
    out->n = 0;
}

static void pcapng_begin(struct writer *w, const struct vb_frame *first) {
    (void)first;
    struct interfaces *s = w->state = calloc(1, sizeof *s);
    if (s) {
        pcapng_section(&s->out);
        write_out(w, &s->out);
    }
}

static bool pcapng_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    struct interfaces *s = w->state;
    if (!s || !pcapng_fits(frame)) {
        return false;
    }
    for (uint32_t i = 0; i < s->count && !is_interface(s, s->last, link, frame); i++) {
        s->last = i;
    }
    if (!is_interface(s, s->last, link, frame)) {
        if (s->count == WRITER_BUSES) {
            return false;
        }
        s->last = s->count++;
        s->list[s->last].kind = frame->kind;
        snprintf(s->list[s->last].name, READER_NAME_MAX, "%s", link);
        int64_t begin_s = s->list[s->last].begin_s = begin_for(second_of(frame->t_ns));
        pcapng_interface(&s->out, s->list[s->last].name, frame->kind, begin_s);
    }
    struct vb_frame since = *frame;
    int64_t t_s = second_of(frame->t_ns);
    int64_t rest_ns = frame->t_ns % VB_NS_PER_S + (frame->t_ns % VB_NS_PER_S < 0 ? VB_NS_PER_S : 0);
    since.t_ns = (t_s - s->list[s->last].begin_s) * VB_NS_PER_S + rest_ns;
    pcapng_packet(&s->out, s->last, &since);
    write_out(w, &s->out);
    return true;
}

const struct writing pcapng_writing = {
    .name = "pcapng",
    .suffix = ".pcapng",
    .lacks = LACKS(NO_TIME) | LACKS(NEGATIVE),
    .unit_ns = 1,
    .first_bus = WRITER_NAMES,
    .begin = pcapng_begin,
    .frame = pcapng_frame,
};

/* ---- pcap ---- */

#define PCAP_NS     0xA1B23C4Du
#define PCAP_SNAP   72u         /* the longest packet: a frame of CAN FD */
#define LAST_SECOND 0xFFFFFFFFu /* of a time stamp */
#define CAN_LINK    227u

static void pcap_begin(struct writer *w, const struct vb_frame *first) {
    (void)first;
    struct pcapng_bytes *out = w->state = calloc(1, sizeof *out);
    if (!out) {
        return;
    }
    put(out, PCAP_NS, 4);
    put(out, 2, 2); /* version 2.4 */
    put(out, 4, 2);
    put(out, 0, 8);
    put(out, PCAP_SNAP, 4);
    put(out, CAN_LINK, 4);
    write_out(w, out);
}

static bool pcap_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    struct pcapng_bytes *out = w->state;
    (void)link;
    if (!out || !pcapng_fits(frame)) {
        return false;
    }
    uint64_t t = frame->t_ns < 0 ? 0 : (uint64_t)frame->t_ns;
    uint64_t seconds = t / (uint64_t)VB_NS_PER_S;
    w->losses[LOSS_TIME_RANGE] += seconds > LAST_SECOND;
    put(out, seconds < LAST_SECOND ? seconds : LAST_SECOND, 4);
    put(out, t % (uint64_t)VB_NS_PER_S, 4);
    put(out, 8 + frame->len, 4); /* captured */
    put(out, 8 + frame->len, 4); /* on the wire */
    can_payload(out, frame);
    put_raw(out, frame->data, frame->len);
    write_out(w, out);
    return true;
}

const struct writing pcap_writing = {
    .name = "pcap",
    .suffix = ".pcap",
    .lacks = LACKS_OTHERS | LACKS(NO_TIME) | LACKS(BEFORE_1970) | LACKS(BUS) | LACKS(SENT),
    .unit_ns = 1,
    .first_bus = WRITER_NAMES,
    .begin = pcap_begin,
    .frame = pcap_frame,
};
