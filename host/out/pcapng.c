/* pcapng.c - the recorder for everything: raw frames of all links in one file that Wireshark opens,
 * with nanoseconds, directions and what was wrong with each frame.
 * One interface per link and kind of frame, written before its first packet:
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
 * A file that is there gets one more section. Little endian.
 * Left out: comments, name resolution, the times before 1970 (they become 0).
 * Facts: draft-ietf-opsawg-pcapng sections 3 and 4; reference/lin.md section 7 and
 * reference/can-transports.md section 1.10; read back with tshark 4.0.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/out/stream.h"
#include "voltbus/lin.h"
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
#define INTERFACE_TIME_UNIT   9 /* 9 = 10^-9 s */
#define PACKET_FLAGS          2
#define PACKET_INBOUND        1u
#define PACKET_OUTBOUND       2u
#define STATISTICS_RECEIVED   4
#define STATISTICS_DROPPED    5
#define STATISTICS_SIZE       52u /* of the block that we write */

#define INTERFACES_MAX 256
#define NAME_SHOWN     64
#define PAYLOAD_MAX    (SPOOL_RECORD_MAX - 2048)
#define RECORD_MAX     (PAYLOAD_MAX + 1024)

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

struct interface {
    char name[NAME_SHOWN];
    uint8_t kind;
    bool known;        /* described in this section */
    uint32_t number;   /* in this section */
    uint64_t received; /* in this section */
    uint64_t dropped;  /* of those; not in the file */
    int64_t t_ns;      /* of the last one */
};

struct bytes {
    size_t n;
    size_t block; /* where the open block begins */
    uint8_t b[RECORD_MAX];
};

struct recorder {
    struct stream stream;
    bool begun;           /* there is a section of ours */
    uint32_t known_count; /* interfaces of this section */
    uint64_t unheld;      /* frames of interfaces beyond the last, or too long */
    struct bytes out;     /* the record that is being made */
    size_t interface_count;
    struct interface interfaces[INTERFACES_MAX];
};

/* ---- bytes ---- */

static void put(struct bytes *out, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++) {
        out->b[out->n++] = (uint8_t)(value >> 8 * i);
    }
}

static void put_bytes(struct bytes *out, const void *bytes, size_t n) {
    if (n > 0) { /* of nothing there may be no address */
        memcpy(out->b + out->n, bytes, n);
        out->n += n;
    }
}

static void begin_block(struct bytes *out, uint32_t type) {
    out->block = out->n;
    put(out, type, 4);
    put(out, 0, 4); /* its length, see end_block */
}

/* The length stands at both ends, so that readers can go backwards. */
static void end_block(struct bytes *out) {
    size_t n = out->n + 4 - out->block;
    put(out, n, 4);
    for (size_t i = 0; i < 4; i++) {
        out->b[out->block + 4 + i] = (uint8_t)(n >> 8 * i);
    }
}

static void option(struct bytes *out, uint16_t code, const void *value, size_t n) {
    put(out, code, 2);
    put(out, n, 2);
    put_bytes(out, value, n);
    put(out, 0, -n % 4);
}

static void option_number(struct bytes *out, uint16_t code, uint64_t value, size_t size) {
    put(out, code, 2);
    put(out, size, 2);
    put(out, value, size);
    put(out, 0, -size % 4);
}

/* High half first, unlike everything else. */
static void put_time(struct bytes *out, int64_t t_ns) {
    uint64_t t = t_ns < 0 ? 0 : (uint64_t)t_ns;
    put(out, t >> 32, 4);
    put(out, t & 0xFFFFFFFFu, 4);
}

/* ---- blocks ---- */

static void section(struct bytes *out) {
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

static void describe(struct bytes *out, const struct interface *interface) {
    begin_block(out, INTERFACE);
    put(out, kinds[interface->kind].link_type, 2);
    put(out, 0, 2);
    put(out, 0, 4); /* packets of any length */
    option(out, INTERFACE_NAME, interface->name, strlen(interface->name));
    const char *description = kinds[interface->kind].description;
    option(out, INTERFACE_DESCRIPTION, description, strlen(description));
    option_number(out, INTERFACE_TIME_UNIT, 9, 1);
    put(out, OPTION_END, 4);
    end_block(out);
}

static void statistics(struct bytes *out, const struct interface *interface) {
    begin_block(out, STATISTICS);
    put(out, interface->number, 4);
    put_time(out, interface->t_ns);
    option_number(out, STATISTICS_RECEIVED, interface->received, 8);
    option_number(out, STATISTICS_DROPPED, interface->dropped, 8);
    put(out, OPTION_END, 4);
    end_block(out);
}

static void can_payload(struct bytes *out, const struct vb_frame *frame) {
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

static void lin_payload(struct bytes *out, const struct vb_frame *frame) {
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

static void packet(struct bytes *out, const struct interface *interface,
                   const struct vb_frame *frame) {
    begin_block(out, PACKET);
    put(out, interface->number, 4);
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
        put_bytes(out, frame->side, frame->side_len);
    }
    if (frame->kind == VB_KIND_V2G) {
        out->n += (size_t)vb_v2gtp_write((uint16_t)frame->id, frame->len, out->b + out->n);
    } else if (frame->kind == VB_KIND_NET) {
        put(out, frame->id, 1);
    }
    put_bytes(out, frame->data, frame->len);
    if (frame->kind == VB_KIND_RAPI) { /* what stands behind the text */
        put_bytes(out, frame->side, frame->side_len);
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

/* ---- the recorder ---- */

/* Does a file that is there end with a whole block? Its length stands at both ends of it. */
static int ending(int fd, int64_t size) {
    uint8_t magic[4];
    uint8_t last[4];
    uint8_t first[4];
    if (pread(fd, magic, 4, 0) != 4 || memcmp(magic, "\x0A\x0D\x0D\x0A", 4) != 0) {
        return VB_E_FORMAT;
    }
    if (size < 28 || pread(fd, last, 4, size - 4) != 4) {
        return VB_E_CHECK;
    }
    int64_t n = (int64_t)last[0] | last[1] << 8 | last[2] << 16 | (int64_t)last[3] << 24;
    bool whole = n >= 12 && n % 4 == 0 && n <= size && pread(fd, first, 4, size - n + 4) == 4 &&
                 memcmp(first, last, 4) == 0;
    return whole ? VB_OK : VB_E_CHECK;
}

static void *open_recorder(struct hub *hub, const struct config_output *config, char *why) {
    return stream_open(sizeof(struct recorder), hub, config, ending, why);
}

static struct interface *interface_of(struct recorder *r, const char *link, uint8_t kind) {
    for (size_t i = 0; i < r->interface_count; i++) {
        if (r->interfaces[i].kind == kind &&
            strncmp(r->interfaces[i].name, link, NAME_SHOWN - 1) == 0) {
            return &r->interfaces[i];
        }
    }
    if (r->interface_count == INTERFACES_MAX) {
        return NULL;
    }
    struct interface *interface = &r->interfaces[r->interface_count++];
    snprintf(interface->name, sizeof interface->name, "%s", link);
    interface->kind = kind;
    return interface;
}

/* The last words of a section, and a clean sheet for the next one. */
static void end_section(struct recorder *r) {
    for (size_t i = 0; i < r->interface_count; i++) {
        struct interface *interface = &r->interfaces[i];
        if (interface->known) {
            struct bytes *out = &r->out;
            out->n = 0;
            statistics(out, interface);
            spool_put(r->stream.spool, SPOOL_LAST, out->b, out->n);
        }
        interface->known = false;
        interface->received = interface->dropped = 0;
    }
    r->known_count = 0;
    r->begun = false;
}

/* Can the layouts hold it? */
static bool fits(const struct vb_frame *frame) {
    switch (frame->kind) {
    case VB_KIND_CAN:
        return frame->len <= 64;
    case VB_KIND_LIN:
        return frame->len <= VB_LIN_DATA_MAX;
    default:
        return frame->kind < VB_KIND_COUNT && frame->side_len <= UINT8_MAX &&
               frame->len < PAYLOAD_MAX - UINT8_MAX;
    }
}

/* The packet, behind what must stand before it in the file. */
static void record(struct recorder *r, struct interface *interface, const struct vb_frame *frame,
                   struct bytes *out) {
    out->n = 0;
    if (!r->begun) {
        section(out);
    }
    if (!interface->known) {
        interface->number = r->known_count;
        describe(out, interface);
    }
    packet(out, interface, frame);
}

static void raw(void *self, const struct vb_frame *frame, const char *link) {
    struct recorder *r = self;
    struct interface *interface = fits(frame) ? interface_of(r, link, frame->kind) : NULL;
    if (!interface) {
        r->unheld++;
        return;
    }
    struct bytes *out = &r->out;
    enum spool_place place = SPOOL_NEXT;
    record(r, interface, frame, out);
    if (spool_due(r->stream.spool,
                  out->n + STATISTICS_SIZE * (r->known_count + !interface->known))) {
        end_section(r);
        place = SPOOL_NEW_FILE;
        record(r, interface, frame, out);
    }
    interface->received++;
    interface->t_ns = frame->t_ns;
    if (!spool_put(r->stream.spool, place, out->b, out->n)) {
        interface->dropped++;
        return;
    }
    r->begun = true;
    if (!interface->known) {
        interface->known = true;
        r->known_count++;
    }
}

static void close_recorder(void *self) {
    struct recorder *r = self;
    end_section(r);
    if (r->unheld > 0) {
        stream_say(&r->stream, "pcapng: %llu frame%s not recorded: more than %d links, or too long",
                   (unsigned long long)r->unheld, r->unheld == 1 ? " was" : "s were",
                   INTERFACES_MAX);
    }
    stream_close(&r->stream);
}

static const struct vb_key keys[] = {STREAM_KEYS(NULL, "the file; - is standard output")};

static const struct output_live live = {
    .keys = keys,
    .key_count = STREAM_KEY_COUNT,
    .open = open_recorder,
    .raw = raw,
    .busy = stream_busy,
    .close = close_recorder,
};

const struct output output_pcapng = {
    "pcapng", "recorder: raw frames of every link and what was wrong with them, for Wireshark",
    NULL, NULL, &live};
