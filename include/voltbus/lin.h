/* voltbus/lin.h - LIN: bytes of a UART to frames and back.
 *
 * A LIN frame has no length on the wire and its start is a break, which many adapters lose. The
 * receiver therefore keeps the last bytes in a window and chooses the reading that explains them
 * best: break marks, 00 55 PID, 55 PID, checksums, silence, and what each id sent before.
 * Leaves out: schedules, timing of a leader, the transport layer of 3C/3D.
 * Facts: reference/lin.md sections 1, 2, 5, 6; docs/lin.md.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_LIN_H
#define VOLTBUS_LIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

#define VB_LIN_IDS      64
#define VB_LIN_DATA_MAX 8

/* The protected id of an id (0..63; higher bits are ignored): id, P0 in bit 6, P1 in bit 7. */
uint8_t vb_lin_pid(uint8_t id);

/* The id (0..63) of a protected id, VB_E_CHECK if its parity is wrong. */
int vb_lin_id(uint8_t pid);

/* The checksum of n bytes. kind: VB_FRAME_CLASSIC (data only), VB_FRAME_ENHANCED (PID and data) or
 * VB_FRAME_UNPARITY (id without parity and data; leader of a Truma CP Plus). id: 0..63. */
uint8_t vb_lin_checksum(uint16_t kind, uint8_t id, const uint8_t *data, size_t n);

/* The kind an id uses unless told otherwise: classic for 3C and above, enhanced below. */
uint16_t vb_lin_checksum_kind(uint8_t id);

/* ---- sending ---- */

/* Write the header of an id: 00 55 PID. The 00 stands for the break: on a UART send a break
 * instead, on a pty, where no break comes through, send the byte. out: 3 bytes. Returns 3,
 * VB_E_RANGE if id > 63. */
int vb_lin_put_header(uint8_t id, uint8_t out[3]);

/* Write a response: n bytes of data (1..8) and the checksum. kind: as vb_lin_checksum, 0 = what the
 * id uses. out: room for cap bytes.
 * Returns n + 1; VB_E_RANGE (id > 63, n not 1..8, no such kind); VB_E_SPACE. */
int vb_lin_put_response(uint8_t id, uint16_t kind, const uint8_t *data, size_t n, uint8_t *out,
                        size_t cap);

/* ---- receiving ---- */

/* What the UART says about a byte. A byte 00 with a framing error is a break. */
enum vb_lin_mark {
    VB_LIN_MARK_NONE,
    VB_LIN_MARK_BREAK,
    VB_LIN_MARK_FRAMING,
};

/* Bytes: two long frames and a header, enough to judge the first of them. */
#define VB_LIN_WINDOW 32

/* One received byte. */
struct vb_lin_byte {
    int64_t t_ns;
    uint8_t value;
    uint8_t flags;
};

/* What an id sent before. */
struct vb_lin_learned {
    uint8_t len;   /* bytes of data */
    uint8_t kind;  /* of checksum, number in the table of lin.c */
    uint8_t times; /* how often in a row, at most 3; 0 = nothing known */
};

/* The receiver. Copyable, below 800 bytes. Only `skipped` and `learned` are for reading. */
struct vb_lin_rx {
    uint32_t skipped; /* bytes that belong to no frame, since init */
    struct vb_lin_learned learned[VB_LIN_IDS];

    struct vb_lin_byte window[VB_LIN_WINDOW];
    uint8_t count;
    uint8_t style;      /* how headers of this stream begin: bare, 00, break mark */
    uint8_t style_miss; /* headers in a row that began with less than that */
    uint8_t bare;       /* headers in a row that began without any break */
    uint8_t coarse;     /* > 0: times come in lumps (USB, read() of many bytes) */
    uint8_t quiet;      /* how sure it is that nothing follows the window at once */
    bool any;           /* last_ns is valid */
    int64_t last_ns;
    int64_t bit_ns;                   /* 0: times say nothing */
    uint8_t out[VB_LIN_DATA_MAX + 1]; /* data of the frame handed out */
    uint8_t side[2];
};

/* Prepare a receiver. baud: bits per second, to judge gaps; 0 = times say nothing. */
void vb_lin_rx_init(struct vb_lin_rx *rx, uint32_t baud);

/* Take one byte. t_ns: when it was received (its end); equal or falling times are allowed and say
 * nothing. Then call vb_lin_rx_next until it gives no frame.
 * Returns VB_OK, or VB_E_SPACE if the window is full because vb_lin_rx_next was not called: the
 * byte was not taken. */
int vb_lin_rx_feed(struct vb_lin_rx *rx, uint8_t byte, enum vb_lin_mark mark, int64_t t_ns);

/* Time passed and no byte came until now_ns; INT64_MAX = the stream has ended. Closes a frame after
 * 40 bit times of silence; where times come in lumps 20 ms later, unless its checksum fits what was
 * learned. Harmless to call early. Then call vb_lin_rx_next until it gives no frame. */
void vb_lin_rx_tick(struct vb_lin_rx *rx, int64_t now_ns);

/* When to call vb_lin_rx_tick; INT64_MAX = no need. */
int64_t vb_lin_rx_deadline_ns(const struct vb_lin_rx *rx);

/* Take the next frame out. Returns false if there is none yet.
 * frame: kind VB_KIND_LIN; t_ns = time of the first byte of the header; bus 0;
 *   flags: VB_FRAME_CLASSIC, _ENHANCED or _UNPARITY, the checksum that matched. UNPARITY only where
 *     it differs from the other two.
 *   fault: VB_FAULT_NONE, _NO_RESPONSE (a header alone), _CHECKSUM (none matched, or cut short),
 *     _PARITY (a marked break and 55, then no valid PID; id = its low six bits),
 *     _FRAMING (a byte of the response had no stop bit).
 *   data: without checksum; with a fault all bytes but the last, which stands for the checksum.
 *   side: {PID, checksum} as received, or {PID} where nobody answered.
 * data and side point into rx and live until the next call. */
bool vb_lin_rx_next(struct vb_lin_rx *rx, struct vb_frame *frame);

#endif
