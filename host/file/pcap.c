/* pcap.c - packet captures: pcap of tcpdump (micro- and nanoseconds) and pcapng of Wireshark, in both byte
 * orders, as they lie there or as they come through a pipe.
 * Read are Ethernet, cooked and raw IP packets (host/net/net.h), SocketCAN, classic and FD, as a link of its own and
 * among cooked packets; and what our own recorder writes (host/out/pcapng.c): CAN, LIN, packets of a radio, lines of RAPI, V2G messages, events of a network. Blocks that hold no packets are passed over.
 * Left out: options other than the name, the clock of an interface and the direction of a packet.
 * Facts: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; pcap-linktype(7).
 * SPDX-License-Identifier: MIT */
#include "host/file/pcap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file/format.h"
#include "voltbus/time.h"
#include "voltbus/v2gtp.h"

#define PACKET_MAX     65536u     /* bytes of a packet that are looked at */
#define BLOCK_MAX      0x4000000u /* a length above that is damage */
#define INTERFACES_MAX 256
#define HEADER_MAX     64 /* of a block, before its packet */

#define SECTION         0x0A0D0D0Au
#define INTERFACE       1u
#define OLD_PACKET      2u
#define SIMPLE_PACKET   3u
#define PACKET          6u
#define ORDER_MAGIC     0x1A2B3C4Du
#define OPTION_NAME     2
#define OPTION_UNIT     9
#define OPTION_OFFSET   14
#define OPTION_FLAGS    2
#define FLAGS_DIRECTION 3u
#define FLAGS_OUTBOUND  2u

/* Link types that are no network. */
enum {
    LINK_RADIO = 147,
    LINK_RAPI = 148,
    LINK_V2G = 150,
    LINK_EVENT = 151,
    LINK_LIN = 212,
    LINK_CAN = 227,
};

/* What a cooked packet holds, where it is CAN (linux/if_ether.h). */
enum { COOKED_CAN = 0x000C, COOKED_CANFD = 0x000D, COOKED_CANXL = 0x000E };
#define COOKED_SENT 4 /* kind of a packet that this machine sent */

#define PCAP_US 0xA1B2C3D4u
#define PCAP_NS 0xA1B23C4Du

struct source {
    uint32_t link_type;
    uint32_t snap_n;
    uint8_t unit;     /* as in the file: 10^-n, 2^-n with the highest bit */
    int64_t offset_s; /* added to its times */
    uint16_t bus;
    bool
        little; /* CAN ids are the other way round: some programs leave them as the machine has them */
    bool sure; /* of that */
    bool told; /* that voltbus does not read it */
};

struct pcap {
    bool big; /* byte order of the file, or of the section */
    bool ended;
    bool begun;    /* there was a header */
    uint32_t gone; /* bytes of the last packet still to be taken */
    size_t source_count;
    size_t unnamed[2]; /* interfaces without a name: networks, CAN */
    struct source sources[INTERFACES_MAX];
};

void pcap_close(struct pcap *pcap) {
    free(pcap);
}

/* ---- numbers ---- */

static uint32_t get16(const struct pcap *c, const uint8_t *p) {
    return c->big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const struct pcap *c, const uint8_t *p) {
    return c->big ? get16(c, p) << 16 | get16(c, p + 2) : get16(c, p + 2) << 16 | get16(c, p);
}

static uint64_t get64(const struct pcap *c, const uint8_t *p) {
    uint64_t first = get32(c, p);
    uint64_t second = get32(c, p + 4);
    return c->big ? first << 32 | second : second << 32 | first;
}

/* A time in units of the interface, as nanoseconds; what has no place there becomes the last that has. */
static int64_t to_ns(const struct source *s, uint64_t ticks) {
    static const uint64_t powers[] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000,
                                      100000000000000000,
                                      1000000000000000000,
                                      10000000000000000000u};
    unsigned n = s->unit & 0x7F;
    uint64_t seconds;
    uint64_t ns;
    if (s->unit & 0x80) {
        seconds = n < 64 ? ticks >> n : 0;
        uint64_t rest = n < 64 ? ticks - (seconds << n) : ticks;
        if (n > 32) {
            rest = n - 32 < 64 ? rest >> (n - 32) : 0;
            n = 32;
        }
        ns = rest * 1000000000u >> n;
    } else if (n < sizeof powers / sizeof powers[0]) {
        seconds = ticks / powers[n];
        uint64_t rest = ticks % powers[n];
        ns = n <= 9 ? rest * powers[9 - n] : rest / powers[n - 9];
    } else {
        seconds = ns = 0;
    }
    int64_t whole;
    int64_t t_ns;
    if (seconds > INT64_MAX || __builtin_add_overflow((int64_t)seconds, s->offset_s, &whole) ||
        __builtin_mul_overflow(whole, VB_NS_PER_S, &t_ns) ||
        __builtin_add_overflow(t_ns, (int64_t)ns, &t_ns)) {
        return INT64_MAX;
    }
    return t_ns;
}

/* ---- what is no network ---- */

/* Ids are big endian, but for programs that recorded them as a little endian machine has them. Which it is, is sure
 * where the other way round there is neither the mark of 29 bits nor an id of 11. Until that shows, what looks like 11
 * bits is taken for that; 18050000, of 29 bits, looks so, too. */
static uint32_t can_word(struct source *s, const uint8_t *b) {
    bool big_11 = (b[0] & 0x1F) == 0 && b[1] == 0 && b[2] <= 7;
    bool little_11 = (b[3] & 0x1F) == 0 && b[2] == 0 && b[1] <= 7;
    bool big = big_11 || b[0] & 0x80;
    bool little = little_11 || b[3] & 0x80;
    if (big != little) {
        s->little = little;
        s->sure = true;
    } else if (!s->sure && big_11 != little_11) {
        s->little = little_11;
    }
    return s->little ? (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0]
                     : (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int can_packet(struct reader *r, struct source *s, const uint8_t *bytes, size_t n, bool fd,
                      struct vb_frame *frame) {
    if (n >= 8 && bytes[4] & 0x80) {
        return reader_wrong(r, VB_E_FORMAT, "a frame of CAN XL: not read");
    }
    if (n < 8 || bytes[4] > 64) {
        return reader_wrong(r, VB_E_FORMAT, "expected a CAN frame: 8 bytes, then its data");
    }
    uint32_t id = can_word(s, bytes);
    uint8_t len = bytes[4];
    bool remote = id & 0x40000000u;
    if (!remote && n < 8u + len) { /* a remote frame has a length, but no data */
        return reader_wrong(r, VB_E_FORMAT, "expected a CAN frame: 8 bytes, then its data");
    }
    frame->kind = VB_KIND_CAN;
    frame->flags |= (uint16_t)((id & 0x80000000u ? VB_FRAME_EXT : 0) | (remote ? VB_FRAME_RTR : 0) |
                               (id & 0x20000000u ? VB_FRAME_ERR : 0));
    frame->id = id & (frame->flags & (VB_FRAME_EXT | VB_FRAME_ERR) ? 0x1FFFFFFFu : 0x7FFu);
    if (!remote && (fd || bytes[5] & 4 || len > 8 || n == 72)) {
        frame->flags |= (uint16_t)(VB_FRAME_FD | (bytes[5] & 1 ? VB_FRAME_BRS : 0) |
                                   (bytes[5] & 2 ? VB_FRAME_ESI : 0));
    }
    if (frame->flags & VB_FRAME_RTR) {
        frame->remote_len = len < 8 ? len : 8;
        len = 0;
    }
    frame->data = bytes + 8;
    frame->len = len;
    return vb_frame_can_check(frame) < 0
               ? reader_wrong(r, VB_E_RANGE, "%u bytes: no frame of CAN has as many", len)
               : 1;
}

/* Cooked packets (the "any" interface) of CAN: the header, then the frame as it lies in the memory of the machine.
 * Returns the length of the header, 0: it is no CAN. */
static size_t cooked_can(uint32_t link_type, const uint8_t *b, size_t n, uint32_t *protocol) {
    bool second = link_type == NET_COOKED2;
    size_t header = link_type == NET_COOKED ? 16 : second ? 20 : 0;
    const uint8_t *p = second ? b : b + 14;
    if (header == 0 || n < header) {
        return 0;
    }
    *protocol = (uint32_t)p[0] << 8 | p[1];
    return *protocol == COOKED_CAN || *protocol == COOKED_CANFD || *protocol == COOKED_CANXL
               ? header
               : 0;
}

static int cooked_packet(struct reader *r, struct source *s, const struct packet *packet,
                         size_t header, uint32_t protocol, struct vb_frame *frame) {
    const uint8_t *b = packet->bytes;
    bool second = s->link_type == NET_COOKED2;
    char name[16] = "can";
    if (second) { /* it has the number of the interface */
        snprintf(name, sizeof name, "if%u",
                 (unsigned)b[4] << 24 | (unsigned)b[5] << 16 | (unsigned)b[6] << 8 | b[7]);
    }
    frame->bus = reader_link(r, name, strlen(name));
    frame->flags |= (second ? b[10] : b[1]) == COOKED_SENT ? VB_FRAME_TX : 0;
    if (protocol == COOKED_CANXL) {
        return reader_wrong(r, VB_E_FORMAT, "a frame of CAN XL: not read");
    }
    return can_packet(r, s, b + header, packet->n - header, protocol == COOKED_CANFD, frame);
}

/* LINKTYPE_LIN: version, 3 bytes, length and kind, PID, checksum, errors, data. */
static int lin_packet(struct reader *r, const uint8_t *bytes, size_t n, struct vb_frame *frame) {
    static const struct {
        uint8_t bit, fault;
    } errors[] = {{0x01, VB_FAULT_NO_RESPONSE},
                  {0x02, VB_FAULT_FRAMING},
                  {0x04, VB_FAULT_PARITY},
                  {0x08, VB_FAULT_CHECKSUM}};
    static const uint16_t sums[] = {0, VB_FRAME_CLASSIC, VB_FRAME_ENHANCED, VB_FRAME_UNPARITY};
    size_t len = n < 8 ? 0 : bytes[4] >> 4;
    if (n < 8 || bytes[0] != 1 || len > VB_LIN_DATA_MAX || n < 8 + len) {
        return reader_wrong(r, VB_E_FORMAT, "expected a LIN frame: 8 bytes, then its data");
    }
    if (bytes[4] & 0x0C) {
        return LINE_NOTHING; /* an event: the bus went to sleep, or woke up */
    }
    frame->kind = VB_KIND_LIN;
    frame->id = bytes[5] & 0x3F;
    frame->flags |= sums[bytes[4] & 3];
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (bytes[7] & errors[i].bit && frame->fault == VB_FAULT_NONE) {
            frame->fault = errors[i].fault;
        }
    }
    frame->side = bytes + 5;
    frame->side_len = frame->fault == VB_FAULT_NO_RESPONSE ? 1 : 2;
    frame->data = bytes + 8;
    frame->len = (uint32_t)len;
    return 1;
}

static int radio_packet(struct reader *r, const uint8_t *bytes, size_t n, struct vb_frame *frame) {
    if (n < 1 || n < 2u + bytes[0]) {
        return reader_wrong(r, VB_E_FORMAT,
                            "expected a radio packet of voltbus: count of side bytes, side bytes, "
                            "packet");
    }
    frame->kind = VB_KIND_RADIO;
    frame->side = bytes + 1;
    frame->side_len = bytes[0];
    frame->data = bytes + 1 + bytes[0];
    frame->len = (uint32_t)(n - 1 - bytes[0]);
    frame->id = frame->data[0];
    return 1;
}

/* What follows the side bytes. Returns its length, -1 if there are none. */
static int behind_side(const uint8_t *bytes, size_t n, struct vb_frame *frame) {
    if (n < 1 || n < 1u + bytes[0]) {
        return -1;
    }
    frame->side = bytes + 1;
    frame->side_len = bytes[0];
    frame->data = bytes + 1 + bytes[0];
    return (int)(n - 1 - bytes[0]);
}

static int v2g_packet(struct reader *r, const uint8_t *bytes, size_t n, struct vb_frame *frame) {
    uint16_t type;
    uint32_t len;
    int rest = behind_side(bytes, n, frame);
    if (rest < 0 || vb_v2gtp_header(frame->data, (size_t)rest, &type, &len) < 0 ||
        (uint32_t)rest - VB_V2GTP_HEADER != len) {
        return reader_wrong(r, VB_E_FORMAT,
                            "expected a V2G message of voltbus: count of side bytes, side bytes, "
                            "V2GTP");
    }
    frame->kind = VB_KIND_V2G;
    frame->id = type;
    frame->data += VB_V2GTP_HEADER;
    frame->len = len;
    return 1;
}

static int event_packet(struct reader *r, const uint8_t *bytes, size_t n, struct vb_frame *frame) {
    int rest = behind_side(bytes, n, frame);
    if (rest < 1) {
        return reader_wrong(r, VB_E_FORMAT,
                            "expected an event of voltbus: count of side bytes, side bytes, "
                            "event, text");
    }
    frame->kind = VB_KIND_NET;
    frame->id = frame->data[0];
    frame->data++;
    frame->len = (uint32_t)rest - 1;
    return 1;
}

/* ---- packets ---- */

static int one_packet(struct reader *r, struct source *s, struct packet *packet,
                      struct vb_frame *frame) {
    uint32_t protocol;
    size_t header = cooked_can(s->link_type, packet->bytes, packet->n, &protocol);
    *frame = (struct vb_frame){.t_ns = packet->t_ns, .bus = s->bus, .flags = packet->flags};
    switch (s->link_type) {
    case LINK_CAN:
        return can_packet(r, s, packet->bytes, packet->n, false, frame);
    case LINK_LIN:
        return lin_packet(r, packet->bytes, packet->n, frame);
    case LINK_RADIO:
        return radio_packet(r, packet->bytes, packet->n, frame);
    case LINK_RAPI:
        return reader_rapi(r, (const char *)packet->bytes, packet->n, frame);
    case LINK_V2G:
        return v2g_packet(r, packet->bytes, packet->n, frame);
    case LINK_EVENT:
        return event_packet(r, packet->bytes, packet->n, frame);
    default:
        break;
    }
    if (header > 0) {
        return cooked_packet(r, s, packet, header, protocol, frame);
    }
    struct net *net = reader_net(r);
    if (!net) {
        return reader_wrong(r, VB_E_SPACE, "out of memory");
    }
    net_put(net, packet);
    r->net_more = true;
    return LINE_NOTHING;
}

static bool reads_link_type(uint32_t type) {
    return type == LINK_CAN || type == LINK_LIN || type == LINK_RADIO || type == LINK_RAPI ||
           type == LINK_V2G || type == LINK_EVENT ||
           (type <= UINT16_MAX && net_knows((uint16_t)type));
}

/* A packet of this interface: n bytes are there, whole_n were on the wire. */
static int take_packet(struct reader *r, struct source *s, int64_t t_ns, uint16_t flags,
                       const uint8_t *bytes, size_t n, size_t whole_n, struct vb_frame *frame) {
    struct packet packet = {.t_ns = t_ns,
                            .number = (uint32_t)r->line.number,
                            .link_type = (uint16_t)s->link_type,
                            .bus = s->bus,
                            .flags = flags,
                            .bytes = bytes,
                            .n = n,
                            .whole_n = whole_n};
    if (reads_link_type(s->link_type)) {
        return one_packet(r, s, &packet, frame);
    }
    if (s->told) {
        return LINE_NOTHING;
    }
    s->told = true;
    return reader_wrong(r, VB_E_FORMAT,
                        "link type %u, which voltbus does not read: all packets of %s are passed "
                        "over",
                        (unsigned)s->link_type, r->links[s->bus]);
}

static struct source *new_source(struct reader *r, uint32_t link_type, const char *name,
                                 size_t name_n) {
    struct pcap *c = r->pcap;
    char own[32];
    bool can = link_type == LINK_CAN;
    if (c->source_count == INTERFACES_MAX) {
        return NULL;
    }
    bool windows = name_n > 0 && *name == '\\'; /* \Device\NPF_{E4B8176C-..}: no name for people */
    if (name_n == 0 || windows) {
        size_t count = ++c->unnamed[can];
        int own_n = snprintf(own, sizeof own, "%s", can ? "can" : "eth");
        if (count > 1) {
            snprintf(own + own_n, sizeof own - (size_t)own_n, "%zu", count);
        }
        name = own;
        name_n = strlen(own);
    }
    struct source *s = &c->sources[c->source_count++];
    *s = (struct source){.link_type = link_type, .unit = 6, .bus = reader_link(r, name, name_n)};
    return s;
}

/* The file makes no sense from here on. */
static int end_wrong(struct reader *r, const char *why, unsigned long long a,
                     unsigned long long b) {
    r->pcap->ended = true;
    snprintf(r->why, sizeof r->why, why, a, b);
    return VB_E_FORMAT;
}

/* Fewer bytes came than the file said. */
static int ended_early(struct reader *r, size_t have, size_t expected) {
    r->pcap->ended = true;
    if (lines_why(r->lines)[0]) {
        return LINE_NOTHING; /* why is told at the very end */
    }
    return reader_wrong(r, VB_E_FORMAT,
                        "the file ends inside of this packet: %zu bytes of %zu are there", have,
                        expected);
}

/* ---- pcap ---- */

static bool pcap_begins(const uint8_t *b, size_t n) {
    struct pcap little = {.big = false};
    struct pcap big = {.big = true};
    uint32_t first = get32(&little, b);
    uint32_t swapped = get32(&big, b);
    return n >= 4 &&
           (first == PCAP_US || first == PCAP_NS || swapped == PCAP_US || swapped == PCAP_NS);
}

static int pcap_header(struct reader *r) {
    struct pcap *c = r->pcap;
    const uint8_t *b;
    size_t n = lines_bytes(r->lines, 24, &b);
    c->begun = true;
    if (n < 24 || !pcap_begins(b, n)) {
        c->ended = true;
        return reader_wrong(r, VB_E_FORMAT, "expected the header of a pcap file, 24 bytes");
    }
    c->big = b[0] == 0xA1;
    struct source *s = new_source(r, get32(c, b + 20) & 0xFFFF, NULL, 0);
    s->unit = get32(c, b) == PCAP_NS ? 9 : 6;
    lines_skip(r->lines, 24);
    return LINE_NOTHING;
}

static int pcap_packet(struct reader *r, struct vb_frame *frame) {
    struct pcap *c = r->pcap;
    struct source *s = &c->sources[0];
    const uint8_t *b;
    size_t n = lines_bytes(r->lines, 16, &b);
    if (n == 0) {
        c->ended = true;
        return LINE_NOTHING;
    }
    r->line.number++;
    if (n < 16) {
        return ended_early(r, n, 16);
    }
    uint32_t length = get32(c, b + 8);
    if (length > BLOCK_MAX) {
        return end_wrong(r, "a length of %llu bytes: the file is damaged from here on", length, 0);
    }
    uint32_t seen = length < PACKET_MAX ? length : PACKET_MAX;
    uint32_t whole = get32(c, b + 12);
    n = lines_bytes(r->lines, 16 + seen, &b);
    if (n < 16 + seen) {
        return ended_early(r, n, 16 + seen);
    }
    struct source seconds = {.unit = 0};
    int64_t t_ns = to_ns(&seconds, get32(c, b));
    uint32_t fraction = get32(c, b + 4);
    t_ns += s->unit == 9 ? (int64_t)fraction : (int64_t)fraction * 1000;
    c->gone = 16 + length;
    return take_packet(r, s, t_ns, 0, b + 16, seen, whole > length ? whole : length, frame);
}

/* ---- pcapng ---- */

static bool pcapng_begins(const uint8_t *b, size_t n) {
    return n >= 4 && memcmp(b, "\x0A\x0D\x0D\x0A", 4) == 0;
}

/* The next option from *at on. Returns its code, 0 at the end. */
static uint32_t next_option(const struct pcap *c, const uint8_t *b, size_t n, size_t *at,
                            const uint8_t **value, size_t *value_n) {
    if (*at > n || n - *at < 4) {
        return 0;
    }
    uint32_t code = get16(c, b + *at);
    *value_n = get16(c, b + *at + 2);
    *value = b + *at + 4;
    if (*value_n > n - *at - 4) {
        return 0;
    }
    *at += 4 + (*value_n + 3) / 4 * 4;
    return code;
}

/* b: n bytes behind type and length of a block, without the length at its end. */
static int interface_block(struct reader *r, const uint8_t *b, size_t n) {
    struct pcap *c = r->pcap;
    const uint8_t *value;
    const char *name = NULL;
    size_t name_n = 0;
    size_t value_n;
    uint8_t unit = 6;
    int64_t offset_s = 0;
    if (n < 8) {
        return reader_wrong(r, VB_E_FORMAT, "an interface of %zu bytes: expected at least 8", n);
    }
    size_t at = 8;
    for (uint32_t code; (code = next_option(c, b, n, &at, &value, &value_n)) != 0;) {
        if (code == OPTION_NAME) {
            name = (const char *)value;
            name_n = value_n;
        } else if (code == OPTION_UNIT && value_n >= 1) {
            unit = value[0];
        } else if (code == OPTION_OFFSET && value_n >= 8) {
            offset_s = (int64_t)get64(c, value);
        }
    }
    struct source *s = new_source(r, get16(c, b), name, name_n);
    if (!s) {
        return reader_wrong(r, VB_E_RANGE, "more than %d interfaces: further ones are not read",
                            INTERFACES_MAX);
    }
    s->snap_n = get32(c, b + 4);
    s->unit = unit;
    s->offset_s = offset_s;
    return LINE_NOTHING;
}

static uint16_t direction(const struct pcap *c, const uint8_t *b, size_t n, size_t at) {
    const uint8_t *value;
    size_t value_n;
    for (uint32_t code; (code = next_option(c, b, n, &at, &value, &value_n)) != 0;) {
        if (code == OPTION_FLAGS && value_n >= 4) {
            return (get32(c, value) & FLAGS_DIRECTION) == FLAGS_OUTBOUND ? VB_FRAME_TX : 0;
        }
    }
    return 0;
}

/* A packet of any of the three kinds of block. block_n: bytes behind type and length that the block has; n of
 * them are here. */
static int packet_block(struct reader *r, uint32_t type, const uint8_t *b, size_t n, size_t block_n,
                        struct vb_frame *frame) {
    struct pcap *c = r->pcap;
    const size_t header = type == SIMPLE_PACKET ? 4 : 20;
    uint32_t number = 0;
    r->line.number++;
    if (n < header) {
        return reader_wrong(r, VB_E_FORMAT, "a block of %zu bytes: expected at least %zu", n,
                            header);
    }
    if (type != SIMPLE_PACKET) {
        number = type == PACKET ? get32(c, b) : get16(c, b);
    }
    if (number >= c->source_count) {
        return reader_wrong(r, VB_E_FORMAT, "of interface %u, which was not described",
                            (unsigned)number);
    }
    struct source *s = &c->sources[number];
    size_t whole = get32(c, b + header - 4);
    size_t kept = type == SIMPLE_PACKET ? whole : get32(c, b + 12);
    if (type == SIMPLE_PACKET && s->snap_n > 0 && kept > s->snap_n) {
        kept = s->snap_n;
    }
    if (kept > block_n - header) {
        return reader_wrong(r, VB_E_FORMAT, "%zu bytes in a block that has room for %zu", kept,
                            block_n - header);
    }
    uint64_t ticks = (uint64_t)get32(c, b + 4) << 32 | (n >= 12 ? get32(c, b + 8) : 0);
    uint16_t flags = type == SIMPLE_PACKET ? VB_FRAME_NO_TIME : 0;
    if (type == PACKET && kept <= n - header) {
        flags |= direction(c, b, n, header + (kept + 3) / 4 * 4);
    }
    size_t seen = kept < PACKET_MAX ? kept : PACKET_MAX;
    seen = seen < n - header ? seen : n - header;
    return take_packet(r, s, type == SIMPLE_PACKET ? 0 : to_ns(s, ticks), flags, b + header, seen,
                       whole > kept ? whole : kept, frame);
}

/* The byte order of a section stands behind the length that is written in it. */
static int section_block(struct reader *r) {
    struct pcap *c = r->pcap;
    const uint8_t *b;
    size_t n = lines_bytes(r->lines, 12, &b);
    if (n < 12) {
        return ended_early(r, n, 12);
    }
    c->big = b[8] == 0x1A;
    if (get32(c, b + 8) != ORDER_MAGIC) {
        return end_wrong(r, "expected the byte order of a section", 0, 0);
    }
    c->source_count = 0;
    memset(c->unnamed, 0, sizeof c->unnamed);
    return LINE_NOTHING;
}

static int pcapng_block(struct reader *r, struct vb_frame *frame) {
    struct pcap *c = r->pcap;
    const uint8_t *b;
    size_t n = lines_bytes(r->lines, 8, &b);
    if (n == 0) {
        c->ended = true;
        return LINE_NOTHING;
    }
    if (n < 8) {
        r->line.number++;
        return ended_early(r, n, 8);
    }
    uint32_t type = get32(c, b);
    if (type == SECTION) {
        int result = section_block(r);
        if (c->ended) {
            return result;
        }
        lines_bytes(r->lines, 8, &b);
    }
    uint32_t length = get32(c, b + 4);
    if (length < 12 || length % 4 != 0 || length > BLOCK_MAX) {
        return end_wrong(r,
                         "behind it a block of type %llu has %llu bytes: the file is damaged from "
                         "here on",
                         type, length);
    }
    size_t want = length < HEADER_MAX + PACKET_MAX ? length : HEADER_MAX + PACKET_MAX;
    n = lines_bytes(r->lines, want, &b);
    if (n < want) {
        r->line.number++;
        return ended_early(r, n, length);
    }
    c->gone = length;
    size_t body_n = length - 12;
    size_t here = want == length ? body_n : want - 8;
    switch (type) {
    case INTERFACE:
        return interface_block(r, b + 8, here);
    case OLD_PACKET:
    case SIMPLE_PACKET:
    case PACKET:
        return packet_block(r, type, b + 8, here, body_n, frame);
    default: /* sections, names, statistics, secrets, and what others invented */
        return LINE_NOTHING;
    }
}

/* ---- both ---- */

static int next(struct reader *r, struct vb_frame *frame, bool ng) {
    if (!r->pcap && !(r->pcap = calloc(1, sizeof *r->pcap))) {
        return reader_wrong(r, READER_BROKEN, "out of memory");
    }
    struct pcap *c = r->pcap;
    for (;;) {
        if (r->net_more && net_next(r->net, frame)) {
            return 1;
        }
        r->net_more = false;
        if (c->ended) {
            return lines_why(r->lines)[0] ? READER_BROKEN : 0;
        }
        lines_skip(r->lines, c->gone);
        c->gone = 0;
        int result = !ng && !c->begun ? pcap_header(r)
                     : ng             ? pcapng_block(r, frame)
                                      : pcap_packet(r, frame);
        if (c->ended && r->net) {
            net_end(r->net);
            r->net_more = true;
        }
        if (result != LINE_NOTHING) {
            return result > 0 ? 1 : result;
        }
    }
}

static int pcap_next(struct reader *r, struct vb_frame *frame) {
    return next(r, frame, false);
}

static int pcapng_next(struct reader *r, struct vb_frame *frame) {
    return next(r, frame, true);
}

const struct format format_pcap = {.name = "pcap",
                                   .title = "packets of tcpdump: Ethernet, CAN (SocketCAN)",
                                   .begins = pcap_begins,
                                   .next = pcap_next,
                                   .writing = &pcap_writing};

const struct format format_pcapng = {
    .name = "pcapng",
    .title = "packets of Wireshark and of our recorder: Ethernet, CAN, LIN",
    .begins = pcapng_begins,
    .next = pcapng_next,
    .writing = &pcapng_writing};
