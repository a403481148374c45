/* host/file/log.h - what formats of text logs with packets and messages in them share.
 * A line may hold a whole Ethernet frame, which goes through host/net and may give several frames, or a message
 * of V2GTP, or words that tell more. All frames carry VB_SIDE_LOG, and the number of their line as that of the
 * packet.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_LOG_H
#define HOST_FILE_LOG_H

#include "host/file/format.h"
#include "voltbus/v2gtp.h"

#define LOG_BYTES 4096 /* of a message or packet */
#define LOG_TEXT  256
#define LOG_TOLD  4

struct log_message {
    uint8_t bytes[LOG_BYTES];
    size_t n; /* 0: none */
    int64_t t_ns;
    uint8_t from; /* enum vb_side_from */
    unsigned long line;
};

struct log {
    bool draining; /* the line was handed to host/net, which may have more frames */
    bool sure;     /* a line was seen that nobody else writes */
    bool charger;  /* the side that wrote the log is the charger ... */
    bool listens;  /* ... or neither */
    int64_t t_ns;  /* of the last line that had a time */
    uint8_t bytes[LOG_BYTES];
    char text[LOG_TEXT];
    uint8_t side[VB_SIDE_V2G_SIZE];
    struct log_message held; /* may come once more, in a packet */
    struct { /* payloads of received packets, which may come once more by themselves */
        uint64_t hash;
        size_t n;
        int64_t t_ns;
    } told[LOG_TOLD]; /* the newest first */
    size_t told_n;
    struct { /* bytes on the two wires of an SPI bus */
        uint8_t bytes[2048];
        size_t n;
        int64_t t_ns; /* of the first byte of the frame */
    } wire[2];
};

/* The state, made if it is not there; NULL: no memory. The reader frees it. */
struct log *reader_log(struct reader *reader);

/* Read hexadecimal bytes up to the end of the text. out: room for LOG_BYTES. Returns their number, 0 for none,
 * or what reader_wrong gave; column: where the text begins in its line. */
int log_hex(struct reader *reader, const char *text, size_t n, size_t column, uint8_t *out);

/* A message with its header, n bytes that live until the next call. */
int log_message(struct reader *reader, uint8_t from, const uint8_t *bytes, size_t n, int64_t t_ns,
                uint16_t flags, struct vb_frame *frame);

/* A message without header: EXI. */
int log_exi(struct reader *reader, uint8_t from, const uint8_t *bytes, size_t n, uint16_t flags,
            struct vb_frame *frame);

/* Words. Returns LINE_FRAME. */
int log_note(struct reader *reader, uint8_t from, const char *text, size_t n, int64_t t_ns,
             uint16_t flags, struct vb_frame *frame);

/* A whole Ethernet frame; the bytes live until the line is read to its end. Then log_drain gives the frames.
 * from, to: whose addresses are in it, where the log tells. */
int log_packet(struct reader *reader, const uint8_t *bytes, size_t n, int64_t t_ns,
               enum vb_side_from from, enum vb_side_from to);

/* The next frame of the packet: LINE_MORE; or LINE_NOTHING. */
int log_drain(struct reader *reader, struct vb_frame *frame);

/* The file has ended: what the network still holds. */
int log_finish(struct reader *reader, struct vb_frame *frame);

/* The payload of TCP over IPv6 in an Ethernet frame. Returns its length, 0 = there is none. */
size_t log_tcp_payload(const uint8_t *bytes, size_t n, const uint8_t **payload);

/* Does the text begin with this? */
bool log_begins(const char *text, size_t n, const char *with);

#endif
