/* net.c - from packets to frames (net.h): link layer, IPv6, UDP, TCP connections, who is who.
 * Of the network only what belongs to a charge is told: connections of port 15118, of a port that SDP announced,
 * between two link-local addresses, or that carry V2GTP.
 * Left out: fragments of IP (told), IPv4 without V2GTP in it, checksums.
 * Facts: RFC 8200, 4861, 9293; LINUX_SLL and LINUX_SLL2 of tcpdump; reference/ccs.md 1.1 to 1.3.
 * SPDX-License-Identifier: MIT */
#include "host/net/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/net/half.h"
#include "voltbus/time.h"
#include "voltbus/v2gtp.h"

#define TYPE_IPV4     0x0800
#define TYPE_IPV6     0x86DD
#define TYPE_HOMEPLUG 0x88E1
#define ETHERNET      14 /* bytes of its header */
#define MAC           6

#define PROTOCOL_TCP    6
#define PROTOCOL_UDP    17
#define PROTOCOL_ICMPV6 58
#define SDP_PORT        15118

#define JOBS   32
#define PLACES (NET_STREAMS + 2) /* old ones are still being emptied when new ones begin */
#define PORTS  16
#define MACS   32
#define COPIES 8
#define COPY_NS                                                                                    \
    VB_NS_PER_MS      /* sooner nobody repeats: the recorder saw it twice (ccs.md, quirk 5) */
#define MME_HEADER  3 /* MMV and MMTYPE */
#define REBUILT_MAX 2048

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

struct address {
    uint8_t mac[MAC], ip[16];
    uint16_t port;
};

struct stream {
    bool used;
    bool dying; /* a job frees it */
    bool tls, reset;
    bool syn[2], fin[2];
    uint32_t syn_seq[2];
    uint16_t number;
    uint64_t last; /* packet count when it was last used */
    struct address end[2];
    struct half half[2]; /* what end[0], end[1] sent */
    int8_t client;       /* the end that sent the SYN, -1 = not seen */
};

enum job_kind { JOB_FRAME, JOB_DRAIN, JOB_FREE };

struct job {
    enum job_kind kind;
    struct stream *stream;
    uint8_t from; /* DRAIN: the end that sent */
    bool final;
    struct vb_frame frame; /* FRAME; data NULL: the text */
    uint8_t side[VB_SIDE_V2G_SIZE];
    char text[HALF_TEXT];
};

/* A packet, taken apart. */
struct parts {
    const struct packet *packet;
    struct address src, dst;
    uint8_t flags; /* VB_SIDE_* */
};

struct net {
    struct stream streams[PLACES];
    size_t place_count; /* those behind were never used */
    struct job jobs[JOBS];
    size_t job_at, job_count;
    bool ending;
    bool holes; /* some connection waits for missing bytes */
    uint64_t packets;
    uint16_t stream_count; /* numbers given */
    int64_t t_ns;          /* of the last packet */
    uint16_t bus, frame_flags;
    uint8_t log;
    uint16_t ports[PORTS]; /* announced by SDP */
    size_t port_count;
    struct {
        uint8_t mac[MAC], role;
    } macs[MACS];
    size_t mac_count;
    struct {
        uint64_t hash;
        int64_t t_ns;
    } copies[COPIES];
    size_t copy_at;
    uint8_t rebuilt[REBUILT_MAX]; /* an Ethernet frame without tags, or made from a cooked packet */
    struct half_found found;
    uint8_t side[VB_SIDE_V2G_SIZE];
};

struct net *net_open(void) {
    struct net *net = calloc(1, sizeof *net);
    for (size_t i = 0; net && i < COPIES; i++) {
        net->copies[i].t_ns = INT64_MIN;
    }
    return net;
}

void net_close(struct net *net) {
    for (size_t i = 0; net && i < net->place_count; i++) {
        half_free(&net->streams[i].half[0]);
        half_free(&net->streams[i].half[1]);
    }
    free(net);
}

bool net_knows(uint16_t link_type) {
    return link_type == NET_ETHERNET || link_type == NET_COOKED || link_type == NET_COOKED2 ||
           link_type == NET_RAW_IP || link_type == NET_IPV4 || link_type == NET_IPV6;
}

/* ---- numbers, big endian ---- */

static unsigned get16(const uint8_t *p) {
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p) {
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, unsigned value) {
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* ---- who is who ---- */

static void learn(struct net *net, const uint8_t mac[MAC], uint8_t role) {
    static const uint8_t nobody[MAC];
    if (role == VB_FROM_UNKNOWN || mac[0] & 1 || memcmp(mac, nobody, MAC) == 0) { /* or many */
        return;
    }
    size_t at = 0;
    while (at < net->mac_count && at < MACS && memcmp(net->macs[at].mac, mac, MAC) != 0) {
        at++;
    }
    if (at == net->mac_count || at == MACS) {
        at = net->mac_count++ % MACS;
    }
    memcpy(net->macs[at].mac, mac, MAC);
    net->macs[at].role = role;
}

static uint8_t role_of_mac(const struct net *net, const uint8_t mac[MAC]) {
    for (size_t i = 0; i < net->mac_count && i < MACS; i++) {
        if (memcmp(net->macs[i].mac, mac, MAC) == 0) {
            return net->macs[i].role;
        }
    }
    return VB_FROM_UNKNOWN;
}

static bool announced(const struct net *net, uint16_t port) {
    for (size_t i = 0; i < net->port_count && i < PORTS; i++) {
        if (net->ports[i] == port) {
            return true;
        }
    }
    return port == SDP_PORT;
}

/* By the SYN, else by the port, else by what the address did before. */
static uint8_t role_of_end(const struct net *net, const struct stream *s, unsigned end) {
    if (s->client >= 0) {
        return s->client == (int8_t)end ? VB_FROM_EVCC : VB_FROM_SECC;
    }
    bool mine = announced(net, s->end[end].port);
    bool other = announced(net, s->end[!end].port);
    if (mine != other) {
        return mine ? VB_FROM_SECC : VB_FROM_EVCC;
    }
    uint8_t role = role_of_mac(net, s->end[end].mac);
    uint8_t others = role_of_mac(net, s->end[!end].mac);
    return role != VB_FROM_UNKNOWN  ? role
           : others == VB_FROM_EVCC ? VB_FROM_SECC
           : others == VB_FROM_SECC ? VB_FROM_EVCC
                                    : VB_FROM_UNKNOWN;
}

/* ---- frames ---- */

static void fill_side(uint8_t side[VB_SIDE_V2G_SIZE], uint8_t from, uint8_t flags, uint32_t packet,
                      const struct address *src, const struct address *dst, uint16_t stream) {
    memset(side, 0, VB_SIDE_V2G_SIZE);
    side[VB_SIDE_FROM] = from;
    side[VB_SIDE_FLAGS] = flags;
    put16(side + VB_SIDE_PACKET, packet >> 16);
    put16(side + VB_SIDE_PACKET + 2, packet & 0xFFFF);
    put16(side + VB_SIDE_SRC_PORT, src->port);
    put16(side + VB_SIDE_DST_PORT, dst->port);
    memcpy(side + VB_SIDE_SRC_MAC, src->mac, MAC);
    memcpy(side + VB_SIDE_DST_MAC, dst->mac, MAC);
    memcpy(side + VB_SIDE_SRC_IP, src->ip, sizeof src->ip);
    memcpy(side + VB_SIDE_DST_IP, dst->ip, sizeof dst->ip);
    put16(side + VB_SIDE_STREAM, stream);
}

static struct job *new_job(struct net *net, enum job_kind kind) {
    struct job *job = &net->jobs[net->job_count < JOBS ? net->job_count++ : JOBS - 1];
    memset(job, 0, sizeof *job);
    job->kind = kind;
    return job;
}

/* A frame about this packet. */
static struct job *tell(struct net *net, const struct parts *p, enum vb_kind kind, uint32_t id,
                        uint8_t from, const struct stream *s) {
    struct job *job = new_job(net, JOB_FRAME);
    job->frame = (struct vb_frame){.t_ns = p->packet->t_ns,
                                   .id = id,
                                   .bus = p->packet->bus,
                                   .flags = p->packet->flags,
                                   .kind = (uint8_t)kind};
    fill_side(job->side, from, p->flags, p->packet->number, &p->src, &p->dst, s ? s->number : 0);
    return job;
}

/* An event, with a sentence. */
#define TELL(net, p, event, from, s, ...)                                                          \
    snprintf(tell(net, p, VB_KIND_NET, event, from, s)->text, HALF_TEXT, __VA_ARGS__)

static void drain(struct net *net, struct stream *s, unsigned from, bool final) {
    struct job *job = new_job(net, JOB_DRAIN);
    job->stream = s;
    job->from = (uint8_t)from;
    job->final = final;
}

static void end_stream(struct net *net, struct stream *s) {
    s->dying = true;
    drain(net, s, 0, true);
    drain(net, s, 1, true);
    new_job(net, JOB_FREE)->stream = s;
}

static void no_v2gtp(struct net *net, const struct parts *p, uint8_t from, const char *what,
                     const uint8_t *bytes, size_t n) {
    char hex[3 * 16 + 1] = "";
    for (size_t i = 0; i < n && i < 16; i++) {
        snprintf(hex + 3 * i, 4, " %02x", bytes[i]);
    }
    TELL(net, p, VB_NET_NO_V2GTP, from, NULL, "%zu byte%s %s:%s%s", n, n == 1 ? "" : "s", what, hex,
         n > 16 ? " .." : "");
}

/* Was the same packet here just now? */
static bool seen_twice(struct net *net, const struct packet *packet) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ packet->n;
    for (size_t i = 0; i < packet->n; i++) {
        hash = (hash ^ packet->bytes[i]) * UINT64_C(0x100000001B3);
    }
    bool twice = false;
    for (size_t i = 0; i < COPIES; i++) {
        int64_t t_ns = net->copies[i].t_ns;
        twice |= t_ns != INT64_MIN && net->copies[i].hash == hash && t_ns <= packet->t_ns &&
                 packet->t_ns - t_ns < COPY_NS;
    }
    net->copies[net->copy_at].hash = hash;
    net->copies[net->copy_at].t_ns = packet->t_ns;
    net->copy_at = (net->copy_at + 1) % COPIES;
    return twice && !(packet->flags & VB_FRAME_NO_TIME) && !(packet->side_flags & VB_SIDE_LOG);
}

static void cut_packet(struct net *net, const struct parts *p) {
    if (p->packet->whole_n > p->packet->n) {
        TELL(net, p, VB_NET_GAP, VB_FROM_UNKNOWN, NULL,
             "the recorder kept %zu of the %zu bytes of this packet", p->packet->n,
             p->packet->whole_n);
    }
}

/* ---- HomePlug ---- */

/* Who sends which message of SLAC (ISO 15118-3, annex A): request 0, confirmation 1, indication 2,
 * response 3 in the last two bits. */
static uint8_t role_of_mme(unsigned type) {
    switch (type) {
    case 0x6064: /* CM_SLAC_PARM.REQ */
    case 0x606A: /* CM_START_ATTEN_CHAR.IND */
    case 0x606F: /* CM_ATTEN_CHAR.RSP */
    case 0x6076: /* CM_MNBC_SOUND.IND */
    case 0x607C: /* CM_SLAC_MATCH.REQ */
        return VB_FROM_EVCC;
    case 0x6065: /* CM_SLAC_PARM.CNF */
    case 0x606E: /* CM_ATTEN_CHAR.IND */
    case 0x607D: /* CM_SLAC_MATCH.CNF */
        return VB_FROM_SECC;
    default:
        return VB_FROM_UNKNOWN;
    }
}

/* payload: behind the EtherType. */
static void homeplug(struct net *net, struct parts *p, const uint8_t *payload, size_t n) {
    const struct packet *packet = p->packet;
    p->flags |= seen_twice(net, packet) ? VB_SIDE_AGAIN : 0;
    cut_packet(net, p);
    if (n < MME_HEADER) {
        no_v2gtp(net, p, VB_FROM_UNKNOWN, "of HomePlug, too short for a message", payload, n);
        return;
    }
    unsigned type = (unsigned)payload[2] << 8 | payload[1];
    uint8_t role = role_of_mme(type);
    learn(net, p->src.mac, role);
    role = role ? role : role_of_mac(net, p->src.mac);
    struct job *job = tell(net, p, VB_KIND_PLC, type, role, NULL);
    if (packet->link_type == NET_ETHERNET && payload == packet->bytes + ETHERNET) {
        job->frame.data = packet->bytes;
        job->frame.len = (uint32_t)packet->n;
        return;
    }
    if (n > sizeof net->rebuilt - ETHERNET) {
        n = sizeof net->rebuilt - ETHERNET;
    }
    memcpy(net->rebuilt, p->dst.mac, MAC);
    memcpy(net->rebuilt + MAC, p->src.mac, MAC);
    put16(net->rebuilt + 2 * MAC, TYPE_HOMEPLUG);
    memcpy(net->rebuilt + ETHERNET, payload, n);
    job->frame.data = net->rebuilt;
    job->frame.len = (uint32_t)(ETHERNET + n);
}

/* ---- UDP ---- */

static void sdp_answer(struct net *net, const uint8_t *payload, size_t n) {
    struct vb_sdp_res res;
    if (vb_sdp_res_read(payload, n, &res) == VB_OK && !announced(net, res.port)) {
        net->ports[net->port_count++ % PORTS] = res.port;
    }
}

static void udp(struct net *net, struct parts *p, const uint8_t *bytes, size_t n) {
    uint16_t type;
    uint32_t body;
    if (n < 8) {
        return;
    }
    p->src.port = (uint16_t)get16(bytes);
    p->dst.port = (uint16_t)get16(bytes + 2);
    size_t length = get16(bytes + 4);
    const uint8_t *payload = bytes + 8;
    n -= 8;
    if (length >= 8 && length - 8 < n) {
        n = length - 8;
    }
    if (p->src.port != SDP_PORT && p->dst.port != SDP_PORT && !half_message_at(payload, n)) {
        return;
    }
    p->flags |= seen_twice(net, p->packet) ? VB_SIDE_AGAIN : 0;
    cut_packet(net, p);
    uint8_t from = role_of_mac(net, p->src.mac);
    if (vb_v2gtp_header(payload, n, &type, &body) < 0) {
        no_v2gtp(net, p, from, "that are no V2GTP", payload, n);
        return;
    }
    payload += VB_V2GTP_HEADER;
    n -= VB_V2GTP_HEADER;
    if (type == VB_V2GTP_SDP_REQ || type == VB_V2GTP_SDP_RES) {
        from = type == VB_V2GTP_SDP_REQ ? VB_FROM_EVCC : VB_FROM_SECC;
        learn(net, p->src.mac, from);
    }
    if (n < body) {
        TELL(net, p, VB_NET_CUT, from, NULL, "%zu bytes of a message of %llu", n + VB_V2GTP_HEADER,
             (unsigned long long)body + VB_V2GTP_HEADER);
        return;
    }
    if (type == VB_V2GTP_SDP_RES) {
        sdp_answer(net, payload, body);
    }
    struct job *job = tell(net, p, VB_KIND_V2G, type, from, NULL);
    job->frame.data = payload;
    job->frame.len = body;
    if (n > body) {
        no_v2gtp(net, p, from, "behind a message", payload + body, n - body);
    }
}

/* ---- ICMPv6 ---- */

static void icmpv6(struct net *net, struct parts *p, const uint8_t *bytes, size_t n) {
    char target[INET6_ADDRSTRLEN];
    if (n < 24 || (bytes[0] != 135 && bytes[0] != 136)) {
        return;
    }
    p->flags |= seen_twice(net, p->packet) ? VB_SIDE_AGAIN : 0;
    inet_ntop(AF_INET6, bytes + 8, target, sizeof target);
    uint8_t from = role_of_mac(net, p->src.mac);
    if (bytes[0] == 135) {
        TELL(net, p, VB_NET_NEIGHBOUR, from, NULL, "who is %s?", target);
    } else {
        TELL(net, p, VB_NET_NEIGHBOUR, from, NULL, "I am %s", target);
    }
}

/* ---- TCP ---- */

static bool same(const struct address *a, const struct address *b) {
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* The connection of a packet, and which end sent it. */
static struct stream *find(struct net *net, const struct parts *p, unsigned *from) {
    for (size_t i = 0; i < net->place_count; i++) {
        struct stream *s = &net->streams[i];
        if (!s->used || s->dying) {
            continue;
        }
        for (unsigned end = 0; end < 2; end++) {
            if (same(&s->end[end], &p->src) && same(&s->end[!end], &p->dst)) {
                *from = end;
                return s;
            }
        }
    }
    return NULL;
}

static struct stream *new_stream(struct net *net, const struct parts *p) {
    struct stream *free_one = NULL;
    struct stream *oldest = NULL;
    size_t alive = 0;
    for (size_t i = 0; i < net->place_count; i++) {
        struct stream *s = &net->streams[i];
        if (!s->used) {
            free_one = s;
        } else if (!s->dying) {
            alive++;
            oldest = !oldest || s->last < oldest->last ? s : oldest;
        }
    }
    if (alive >= NET_STREAMS && !oldest->reset && !(oldest->fin[0] && oldest->fin[1]) &&
        (oldest->half[0].cap > 0 || oldest->half[1].cap > 0)) { /* one that may go on */
        TELL(net, p, VB_NET_NOTE, VB_FROM_UNKNOWN, oldest,
             "more than %d connections at once: the one longest silent is forgotten", NET_STREAMS);
    }
    if (alive >= NET_STREAMS) {
        end_stream(net, oldest);
    }
    if (!free_one) {
        free_one = &net->streams[net->place_count++];
    }
    memset(free_one, 0, sizeof *free_one);
    free_one->used = true;
    free_one->client = -1;
    free_one->end[0] = p->src;
    free_one->end[1] = p->dst;
    free_one->number = net->stream_count < UINT16_MAX ? ++net->stream_count : UINT16_MAX;
    return free_one;
}

static bool link_local(const uint8_t ip[16]) {
    return ip[0] == 0xFE && (ip[1] & 0xC0) == 0x80;
}

static bool of_a_charge(const struct net *net, const struct parts *p, const uint8_t *payload,
                        size_t n) {
    return announced(net, p->src.port) || announced(net, p->dst.port) ||
           (link_local(p->src.ip) && link_local(p->dst.ip)) || half_message_at(payload, n);
}

/* Does this SYN begin another connection than the one that has these ports already? */
static bool begins_anew(const struct stream *s, unsigned from, uint32_t seq, bool answer) {
    if (s->syn[from]) {
        return s->syn_seq[from] != seq && !answer;
    }
    /* SYN behind data: the recorder mixed them up, if it fits to the first byte */
    return s->half[from].known && s->half[from].next_seq != seq + 1 && !answer;
}

static void opened(struct net *net, const struct parts *p, struct stream *s, unsigned from,
                   uint32_t seq, bool answer) {
    struct parts again = *p;
    uint8_t role;
    if (s->syn[from]) {
        again.flags |= VB_SIDE_AGAIN;
        TELL(net, &again, VB_NET_AGAIN, role_of_end(net, s, from), s, "%s again%s",
             answer ? "SYN ACK" : "SYN",
             s->syn_seq[from] != seq ? ", with another sequence number: not followed" : "");
        return;
    }
    s->syn[from] = true;
    s->syn_seq[from] = seq;
    s->client = (int8_t)(answer ? !from : from);
    if (!s->half[from].known) {
        half_begin(&s->half[from], seq + 1);
    }
    s->half[from].began = true;
    role = role_of_end(net, s, from);
    learn(net, p->src.mac, role);
    if (answer) {
        TELL(net, p, VB_NET_ACCEPT, role, s, "port %u answers", p->src.port);
    } else {
        TELL(net, p, VB_NET_CONNECT, role, s, "to port %u", p->dst.port);
    }
}

static void came_again(struct net *net, const struct parts *p, const struct stream *s,
                       unsigned from, const uint8_t *payload, size_t n,
                       const struct half_put *put) {
    char after[48] = "of long ago";
    char changed[64] = "";
    struct parts again = *p;
    again.flags |= VB_SIDE_AGAIN;
    if (put->first_ns != INT64_MIN) {
        snprintf(after, sizeof after, "%.1f ms after the first time",
                 (double)(p->packet->t_ns - put->first_ns) / 1e6);
    }
    if (put->changed > 0) {
        snprintf(changed, sizeof changed, "; %u differ: the first ones count",
                 (unsigned)put->changed);
    }
    TELL(net, &again, VB_NET_AGAIN, role_of_end(net, s, from), s, "%s%u byte%s, %s%s",
         half_message_at(payload, n) ? "a message, " : "", (unsigned)put->again,
         put->again == 1 ? "" : "s", after, changed);
}

static void segment(struct net *net, const struct parts *p, struct stream *s, unsigned from,
                    uint32_t seq, const uint8_t *payload, size_t n) {
    struct half_put put;
    half_put(&s->half[from], seq, payload, n, p->packet->t_ns, p->packet->number, &put);
    uint8_t role = role_of_end(net, s, from);
    if (put.keep_alive) {
        struct parts again = *p;
        again.flags |= VB_SIDE_AGAIN;
        TELL(net, &again, VB_NET_AGAIN, role, s, "1 byte that was sent before: keep-alive");
    } else if (put.again > 0) {
        came_again(net, p, s, from, payload, n, &put);
    }
    if (put.late > 0) {
        TELL(net, p, VB_NET_GAP, role, s, "%u byte%s not read: given up as missing before",
             (unsigned)put.late, put.late == 1 ? "" : "s");
    }
    if (put.dropped > 0) {
        TELL(net, p, VB_NET_GAP, role, s, "%u byte%s not read: %s", (unsigned)put.dropped,
             put.dropped == 1 ? "" : "s", put.why);
    }
}

static void closed(struct net *net, const struct parts *p, struct stream *s, unsigned from,
                   uint32_t end_seq) {
    uint8_t role = role_of_end(net, s, from);
    struct half *half = &s->half[from];
    if (s->fin[from]) {
        struct parts again = *p;
        again.flags |= VB_SIDE_AGAIN;
        TELL(net, &again, VB_NET_AGAIN, role, s, "FIN again");
        return;
    }
    s->fin[from] = true;
    if (!half->known) {
        half_begin(half, end_seq);
    }
    half->fin = half->next + (uint64_t)(int64_t)(int32_t)(end_seq - half->next_seq);
    TELL(net, p, VB_NET_CLOSE, role, s, "FIN");
}

static void reset(struct net *net, const struct parts *p, struct stream *s, unsigned from) {
    struct parts again = *p;
    uint8_t role = role_of_end(net, s, from);
    if (s->reset) {
        again.flags |= VB_SIDE_AGAIN;
        TELL(net, &again, VB_NET_AGAIN, role, s, "RST again");
        return;
    }
    s->reset = true;
    drain(net, s, 0, true);
    drain(net, s, 1, true);
    TELL(net, p, VB_NET_RESET, role, s, "RST");
}

static void tcp(struct net *net, struct parts *p, const uint8_t *bytes, size_t n) {
    unsigned from = 0;
    size_t header = n < 20 ? 0 : (size_t)(bytes[12] >> 4) * 4;
    if (header < 20) {
        return;
    }
    p->src.port = (uint16_t)get16(bytes);
    p->dst.port = (uint16_t)get16(bytes + 2);
    uint32_t seq = get32(bytes + 4);
    uint8_t flags = bytes[13];
    const uint8_t *payload = header < n ? bytes + header : bytes + n;
    n = header < n ? n - header : 0;
    struct stream *s = find(net, p, &from);
    bool answer = flags & SYN && flags & ACK;
    if (s && flags & SYN && begins_anew(s, from, seq, answer)) {
        end_stream(net, s);
        s = NULL;
    }
    if (!s) {
        if ((n == 0 && !(flags & (SYN | FIN | RST))) || !of_a_charge(net, p, payload, n)) {
            return;
        }
        s = new_stream(net, p);
        from = 0;
    }
    s->last = net->packets;
    memcpy(s->end[from].mac, p->src.mac, MAC);
    memcpy(s->end[!from].mac, p->dst.mac, MAC);
    if (n > 0 && !s->tls) {
        cut_packet(net, p);
    }
    if (flags & SYN) {
        opened(net, p, s, from, seq, answer);
    } else if (n > 0 && !s->tls) {
        segment(net, p, s, from, seq, payload, n);
    }
    if (flags & ACK) {
        half_ack(&s->half[!from], get32(bytes + 8), p->packet->t_ns);
    }
    drain(net, s, !from, false);
    drain(net, s, from, false);
    if (flags & FIN) {
        closed(net, p, s, from, seq + (uint32_t)n);
    }
    if (flags & RST) {
        reset(net, p, s, from);
    }
}

/* ---- IP ---- */

static void transport(struct net *net, struct parts *p, unsigned protocol, const uint8_t *bytes,
                      size_t n) {
    switch (protocol) {
    case PROTOCOL_TCP:
        tcp(net, p, bytes, n);
        break;
    case PROTOCOL_UDP:
        udp(net, p, bytes, n);
        break;
    case PROTOCOL_ICMPV6:
        icmpv6(net, p, bytes, n);
        break;
    default:
        break;
    }
}

static void fragment(struct net *net, const struct parts *p, size_t n) {
    TELL(net, p, VB_NET_GAP, role_of_mac(net, p->src.mac), NULL,
         "a fragment of an IP packet, %zu bytes: not put together", n);
}

/* The headers between IPv6 and what it carries (RFC 8200, 4). */
static void ipv6(struct net *net, struct parts *p, const uint8_t *bytes, size_t n) {
    if (n < 40 || bytes[0] >> 4 != 6) {
        return;
    }
    memcpy(p->src.ip, bytes + 8, 16);
    memcpy(p->dst.ip, bytes + 24, 16);
    size_t length = get16(bytes + 4);
    unsigned next = bytes[6];
    bytes += 40;
    n = n - 40 < length || length == 0 ? n - 40 : length;
    while (next == 0 || next == 43 || next == 44 || next == 51 || next == 60) {
        if (n < 8) {
            return;
        }
        size_t header = next == 44 ? 8 : next == 51 ? (bytes[1] + 2u) * 4 : (bytes[1] + 1u) * 8;
        if (next == 44 && get16(bytes + 2) & 0xFFF9) { /* not the only one */
            fragment(net, p, n - 8);
            return;
        }
        if (header > n) {
            return;
        }
        next = bytes[0];
        bytes += header;
        n -= header;
    }
    transport(net, p, next, bytes, n);
}

static void ipv4(struct net *net, struct parts *p, const uint8_t *bytes, size_t n) {
    size_t header = n < 20 ? 0 : (size_t)(bytes[0] & 0x0F) * 4;
    if (header < 20 || bytes[0] >> 4 != 4 || header > n) {
        return;
    }
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    memcpy(p->src.ip, mapped, 12);
    memcpy(p->src.ip + 12, bytes + 12, 4);
    memcpy(p->dst.ip, mapped, 12);
    memcpy(p->dst.ip + 12, bytes + 16, 4);
    size_t length = get16(bytes + 2);
    if (length >= header && length < n) {
        n = length;
    }
    if ((get16(bytes + 6) & 0x3FFF) ==
        0) { /* the fragments of other networks are not ours to tell */
        transport(net, p, bytes[9], bytes + header, n - header);
    }
}

/* ---- the link layer ---- */

static void by_type(struct net *net, struct parts *p, unsigned type, const uint8_t *bytes,
                    size_t n) {
    while ((type == 0x8100 || type == 0x88A8 || type == 0x9100) && n >= 4) { /* VLAN */
        type = get16(bytes + 2);
        bytes += 4;
        n -= 4;
    }
    if (type == TYPE_HOMEPLUG) {
        homeplug(net, p, bytes, n);
    } else if (type == TYPE_IPV6) {
        ipv6(net, p, bytes, n);
    } else if (type == TYPE_IPV4) {
        ipv4(net, p, bytes, n);
    }
}

/* A cooked packet has the address of the sender only; the kind of packet tells a broadcast. */
static void cooked(struct net *net, struct parts *p, size_t header) {
    const uint8_t *bytes = p->packet->bytes;
    if (p->packet->n < header) {
        return;
    }
    bool two = header == 20;
    unsigned kind = two ? bytes[10] : get16(bytes);
    unsigned length = two ? bytes[11] : get16(bytes + 4);
    if (length == MAC) {
        memcpy(p->src.mac, bytes + (two ? 12 : 6), MAC);
    }
    memset(p->dst.mac, kind == 1 ? 0xFF : 0, MAC);
    by_type(net, p, get16(bytes + (two ? 0 : 14)), bytes + header, p->packet->n - header);
}

/* Holes are given up with time, also when their own connection is silent. */
static void watch_holes(struct net *net) {
    net->holes = false;
    for (size_t i = 0; i < net->place_count; i++) {
        struct stream *s = &net->streams[i];
        for (unsigned from = 0; s->used && !s->dying && from < 2; from++) {
            if (half_waits(&s->half[from])) {
                net->holes = true;
                if (net->job_count < JOBS / 2) {
                    drain(net, s, from, false);
                }
            }
        }
    }
}

void net_put(struct net *net, const struct packet *packet) {
    struct parts parts = {.packet = packet, .flags = packet->side_flags};
    const uint8_t *bytes = packet->bytes;
    net->job_at = net->job_count = 0;
    net->packets++;
    net->t_ns = packet->t_ns;
    net->bus = packet->bus;
    net->frame_flags = packet->flags;
    net->log = packet->side_flags;
    if (net->holes) {
        watch_holes(net);
    }
    switch (packet->link_type) {
    case NET_ETHERNET:
        if (packet->n >= ETHERNET) {
            memcpy(parts.dst.mac, bytes, MAC);
            memcpy(parts.src.mac, bytes + MAC, MAC);
            learn(net, parts.src.mac, packet->from);
            learn(net, parts.dst.mac, packet->to);
            by_type(net, &parts, get16(bytes + 2 * MAC), bytes + ETHERNET, packet->n - ETHERNET);
        }
        break;
    case NET_COOKED:
        cooked(net, &parts, 16);
        break;
    case NET_COOKED2:
        cooked(net, &parts, 20);
        break;
    default: /* raw IP */
        if (packet->n > 0) {
            by_type(net, &parts, bytes[0] >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4, bytes, packet->n);
        }
        break;
    }
}

void net_end(struct net *net) {
    net->job_at = net->job_count = 0;
    net->ending = true;
}

/* ---- frames come out ---- */

/* The next frame of one direction. */
static bool step(struct net *net, const struct job *job, struct vb_frame *frame) {
    static const uint8_t events[] = {[HALF_GAP] = VB_NET_GAP,
                                     [HALF_NO_V2GTP] = VB_NET_NO_V2GTP,
                                     [HALF_TLS] = VB_NET_TLS,
                                     [HALF_CUT] = VB_NET_CUT};
    struct stream *s = job->stream;
    struct half_found *found = &net->found;
    if (s->tls) {
        half_skip(&s->half[job->from]);
        return false;
    }
    enum half_step what = half_step(&s->half[job->from], net->t_ns, job->final, found);
    if (what == HALF_NOTHING) {
        net->holes |= half_waits(&s->half[job->from]);
        return false;
    }
    *frame = (struct vb_frame){
        .t_ns = found->t_ns, .bus = net->bus, .flags = net->frame_flags, .kind = VB_KIND_NET};
    uint8_t flags = net->log;
    if (what == HALF_MESSAGE) {
        uint16_t type = 0;
        uint32_t body = 0;
        vb_v2gtp_header(found->bytes, found->n, &type, &body);
        frame->kind = VB_KIND_V2G;
        frame->id = type;
        frame->data = found->bytes + VB_V2GTP_HEADER;
        frame->len = body;
        flags |= (uint8_t)((found->split ? VB_SIDE_SPLIT : 0) |
                           (found->merged ? VB_SIDE_MERGED : 0) | (found->late ? VB_SIDE_LATE : 0));
    } else {
        s->tls = what == HALF_TLS;
        frame->id = events[what];
        frame->data = (const uint8_t *)found->text;
        frame->len = (uint32_t)strlen(found->text);
    }
    fill_side(net->side, role_of_end(net, s, job->from), flags, found->packet, &s->end[job->from],
              &s->end[!job->from], s->number);
    frame->side = net->side;
    frame->side_len = sizeof net->side;
    return true;
}

static bool next_stream(struct net *net) {
    for (size_t i = 0; net->ending && i < net->place_count; i++) {
        if (net->streams[i].used) {
            net->job_at = net->job_count = 0;
            end_stream(net, &net->streams[i]);
            return true;
        }
    }
    return false;
}

bool net_next(struct net *net, struct vb_frame *frame) {
    while (net->job_at < net->job_count || next_stream(net)) {
        struct job *job = &net->jobs[net->job_at];
        if (job->kind == JOB_DRAIN && step(net, job, frame)) {
            return true;
        }
        net->job_at++;
        if (job->kind == JOB_FREE) {
            half_free(&job->stream->half[0]);
            half_free(&job->stream->half[1]);
            job->stream->used = false;
        } else if (job->kind == JOB_FRAME) {
            *frame = job->frame;
            frame->side = job->side;
            frame->side_len = sizeof job->side;
            if (!frame->data) {
                frame->data = (const uint8_t *)job->text;
                frame->len = (uint32_t)strlen(job->text);
            }
            return true;
        }
    }
    return false;
}
