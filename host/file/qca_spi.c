/* qca_spi.c - the bytes between a host and its QCA7000 or QCA7005 modem, as a logic analyser exports them: "Time
 * [s],Packet ID,MOSI,MISO", one byte of each wire a line. On both wires a packet is AA AA AA AA, its length in
 * two bytes (low one first), 00 00, the Ethernet frame, 55 55.
 * Left out: the registers of the modem, which say nothing of the charge.
 * Facts: reference/ccs.md 1.1; captures/ccs/Ioniq28Investigations.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/log.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

#define HEADER    8 /* AA AA AA AA, length, 00 00 */
#define FOOTER    2
#define FRAME_MIN 14
#define FRAME_MAX 1522

/* A byte of a wire. Returns the length of the Ethernet frame that it ends, 0 = none yet, VB_E_FORMAT = what began
 * like a packet is none. */
static int feed(struct log *log, size_t which, uint8_t byte, int64_t t_ns) {
    uint8_t *bytes = log->wire[which].bytes;
    size_t n = log->wire[which].n;
    if (n < 4 && byte != 0xAA) {
        log->wire[which].n = 0;
        return 0;
    }
    if (n == 4 && byte == 0xAA) { /* the mark is what stands before the length */
        return 0;
    }
    if (n == 0) {
        log->wire[which].t_ns = t_ns;
    }
    bytes[n++] = byte;
    log->wire[which].n = n;
    if (n < HEADER) {
        return 0;
    }
    size_t length = (size_t)bytes[5] << 8 | bytes[4];
    if (length < FRAME_MIN || length > FRAME_MAX || bytes[6] || bytes[7]) {
        log->wire[which].n = 0;
        return VB_E_FORMAT;
    }
    if (n < HEADER + length + FOOTER) {
        return 0;
    }
    log->wire[which].n = 0;
    return bytes[n - 2] == 0x55 && bytes[n - 1] == 0x55 ? (int)length : VB_E_FORMAT;
}

/* The part of a row up to the next comma. */
static size_t next_column(const char **at, const char *end, const char **column) {
    *column = *at;
    const char *comma = memchr(*at, ',', (size_t)(end - *at));
    const char *stop = comma ? comma : end;
    *at = comma ? comma + 1 : end;
    return (size_t)(stop - *column);
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    if (r->log && r->log->draining) {
        return log_drain(r, frame);
    }
    const char *at = text;
    const char *end = text + n;
    const char *column[4];
    size_t column_n[4];
    int64_t t_ns = 0;
    uint8_t bytes[2];
    for (size_t i = 0; i < 4; i++) {
        column_n[i] = next_column(&at, end, &column[i]);
    }
    if (n == 0 || log_begins(text, n, "Time [s],Packet ID,MOSI,MISO")) {
        return LINE_NOTHING;
    }
    if (at != end || vb_time_read(column[0], column_n[0], &t_ns) < 0 || column_n[2] != 4 ||
        column_n[3] != 4 || vb_hex_read(column[2], 4, &bytes[0], 1, NULL) != 1 ||
        vb_hex_read(column[3], 4, &bytes[1], 1, NULL) != 1) {
        return reader_wrong(r, VB_E_FORMAT, "expected \"seconds,number,0xC2,0x00\"");
    }
    struct log *log = reader_log(r);
    if (!log) {
        return reader_wrong(r, VB_E_SPACE, "out of memory");
    }
    int ended[2];
    for (size_t i = 0; i < 2; i++) {
        ended[i] = feed(log, i, bytes[i], t_ns);
    }
    for (size_t i = 0; i < 2; i++) { /* the host sends, or the modem does, never both */
        if (ended[i] > 0) {
            log_packet(r, log->wire[i].bytes + HEADER, (size_t)ended[i], log->wire[i].t_ns,
                       VB_FROM_UNKNOWN, VB_FROM_UNKNOWN);
            return log_drain(r, frame);
        }
    }
    if (ended[0] < 0 || ended[1] < 0) {
        return reader_wrong(r, VB_E_FORMAT, "a packet on %s without its end: not read",
                            ended[0] < 0 ? "MOSI" : "MISO");
    }
    return LINE_NOTHING;
}

const struct format format_qca_spi = {
    "qca-spi", "SPI bus of a QCA7000 or QCA7005 modem: time,packet,MOSI,MISO", read_line,
    log_finish};
