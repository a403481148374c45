/* pcapng.c - the recorder for everything: raw frames of all links in one file that Wireshark opens,
 * with nanoseconds, directions and what was wrong with each frame.
 * The blocks: host/file/pcap_write.c.
 * A file that is there gets one more section.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/file/pcap_write.h"
#include "host/out/stream.h"

#define INTERFACES_MAX 256

_Static_assert(PCAPNG_RECORD <= SPOOL_RECORD_MAX, "section, interface and packet are a record");

struct interface {
    char name[PCAPNG_NAME];
    uint8_t kind;
    bool known;        /* described in this section */
    uint32_t number;   /* in this section */
    uint64_t received; /* in this section */
    uint64_t dropped;  /* of those; not in the file */
    int64_t t_ns;      /* of the last one */
};

struct recorder {
    struct stream stream;
    bool begun;              /* there is a section of ours */
    uint32_t known_count;    /* interfaces of this section */
    uint64_t unheld;         /* frames of interfaces beyond the last, or too long */
    struct pcapng_bytes out; /* the record that is being made */
    size_t interface_count;
    struct interface interfaces[INTERFACES_MAX];
};

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
            strncmp(r->interfaces[i].name, link, PCAPNG_NAME - 1) == 0) {
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
            struct pcapng_bytes *out = &r->out;
            out->n = 0;
            pcapng_statistics(out, interface->number, interface->t_ns, interface->received,
                              interface->dropped);
            spool_put(r->stream.spool, SPOOL_LAST, out->b, out->n);
        }
        interface->known = false;
        interface->received = interface->dropped = 0;
    }
    r->known_count = 0;
    r->begun = false;
}

/* The packet, behind what must stand before it in the file. */
static void record(struct recorder *r, struct interface *interface, const struct vb_frame *frame,
                   struct pcapng_bytes *out) {
    out->n = 0;
    if (!r->begun) {
        pcapng_section(out);
    }
    if (!interface->known) {
        interface->number = r->known_count;
        pcapng_interface(out, interface->name, interface->kind, 0);
    }
    pcapng_packet(out, interface->number, frame);
}

static void raw(void *self, const struct vb_frame *frame, const char *link) {
    struct recorder *r = self;
    struct interface *interface = pcapng_fits(frame) ? interface_of(r, link, frame->kind) : NULL;
    if (!interface) {
        r->unheld++;
        return;
    }
    struct pcapng_bytes *out = &r->out;
    enum spool_place place = SPOOL_NEXT;
    record(r, interface, frame, out);
    if (spool_due(r->stream.spool,
                  out->n + PCAPNG_STATISTICS * (r->known_count + !interface->known))) {
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
