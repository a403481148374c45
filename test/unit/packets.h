/* packets.h - for tests: packets of a car (port 59219) and a charger (port 15118).
 * The headers are those of captures/ccs .. vw-ac-iso2.pcap with simpler addresses; checksums are zero, which
 * nobody looks at.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_PACKETS_H
#define TEST_PACKETS_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/net/net.h"
#include "voltbus/v2gtp.h"

enum { CAR, CHARGER };
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

#define MS INT64_C(1000000)

#define HEADERS 74 /* Ethernet, IPv6, TCP without options */

static const uint8_t
    car_to_charger[HEADERS] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x0C, 0x02, 0x00, 0x00, 0x00,
                               0x00, 0x0E, 0x86, 0xDD,                         /* Ethernet */
                               0x60, 0x00, 0x00, 0x00, 0x00, 0x14, 0x06, 0x40, /* IPv6 */
                               0xFE, 0x80, 0,    0,    0,    0,    0,    0,    0,    0,
                               0,    0,    0,    0,    0,    0x0E, /* from */
                               0xFE, 0x80, 0,    0,    0,    0,    0,    0,    0,    0,
                               0,    0,    0,    0,    0,    0x0C, /* to */
                               0xE7, 0x53, 0x3B, 0x0E, 0,    0,    0,    0,    0,    0,
                               0,    0,    0x50, 0x10, 0x03, 0xE8, 0,    0,    0,    0}; /* TCP */

struct bench {
    struct net *net;
    int64_t t_ns;
    uint32_t number;
    uint8_t bytes[HEADERS + 4096];
    size_t n;
    char log[16384];
    size_t log_n;
};

static void put16(uint8_t *p, unsigned value) {
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value) {
    put16(p, value >> 16);
    put16(p + 2, value & 0xFFFF);
}

static void swap(uint8_t *a, uint8_t *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint8_t keep = a[i];
        a[i] = b[i];
        b[i] = keep;
    }
}

/* A segment of TCP into b->bytes. */
static void make_segment(struct bench *b, unsigned from, uint32_t seq, uint32_t ack, unsigned flags,
                         const void *payload, size_t n) {
    memcpy(b->bytes, car_to_charger, HEADERS);
    if (from == CHARGER) {
        swap(b->bytes, b->bytes + 6, 6);
        swap(b->bytes + 22, b->bytes + 38, 16);
        swap(b->bytes + 54, b->bytes + 56, 2);
    }
    put16(b->bytes + 18, (unsigned)(20 + n));
    put32(b->bytes + 58, seq);
    put32(b->bytes + 62, ack);
    b->bytes[67] = (uint8_t)flags;
    memcpy(b->bytes + HEADERS, payload, n);
    b->n = HEADERS + n;
}

#endif
