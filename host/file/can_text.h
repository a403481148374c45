/* host/file/can_text.h - what logs of CAN in text have in common: numbers, times, dates, names of buses, and
 * the rules that every frame of CAN keeps. State from line to line: struct can_log.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_CAN_TEXT_H
#define HOST_FILE_CAN_TEXT_H

#include <time.h>

#include "host/file/format.h"

/* A number of digits of this base (10, 16) and nothing else; up to 32 bits. */
bool can_number(const char *text, size_t n, unsigned base, uint32_t *value);

/* "[-]123[.456]" of units of unit_ns ('.' or ','); digits below a nanosecond are dropped. Returns VB_OK,
 * VB_E_FORMAT, or VB_E_RANGE (beyond +-292 years). */
int can_time(const char *text, size_t n, int64_t unit_ns, int64_t *t_ns);

/* A time of day: "21:11:45.171", "21:11:45:171" (milliseconds), "21:11:45:1712" (tenths of them). */
int can_clock(const char *text, size_t n, int64_t *t_ns);

/* "44548.6028595139": days since 1899-12-30, local time, to the microsecond. */
int can_days(const char *text, size_t n, int64_t *t_ns);

/* A local date and time: tm with its year as written (2017) and month from 1 on. */
int can_date(struct tm tm, int64_t *t_ns);

/* Give the frame a time as the file writes it: since the line before, at a time of day, since a date. */
int can_stamp(struct reader *reader, int64_t t_ns, struct vb_frame *frame);

/* Put an id into the frame; one above 7FF has 29 bits whatever the file says. False: it is none. */
bool can_id(struct vb_frame *frame, uint32_t id, bool extended);

/* The link of a bus that the file names: "0" and "1" are can0, can1. n = 0: "can". For lines that are sure to be
 * frames: a link that was made stays. */
uint16_t can_link(struct reader *reader, const char *name, size_t n);

/* Bytes of a DLC, 0..15; classic frames have 8 at most. */
unsigned can_length(unsigned dlc, bool fd);

/* "Rx", "TX", "R", "Receive", ..: true if it is one; sent frames get VB_FRAME_TX. */
bool can_direction(const char *text, size_t n, struct vb_frame *frame);

/* The frame is complete, with len bytes at reader->data: do they fit to what it is? A remote frame has none,
 * and remote_len. Returns LINE_FRAME, or what reader_wrong gave. */
int can_done(struct reader *reader, size_t len, struct vb_frame *frame);

/* It is an error frame of this class (the bits of SocketCAN), with 8 bytes, all 0 but that one. */
#define CAN_ERROR_CONTROLLER 0x004u /* byte 1 tells */
#define CAN_ERROR_BUS_OFF    0x040u
#define CAN_ERROR_BUS        0x080u /* an error on the wire, no more is known */
int can_error(struct reader *reader, uint32_t class, uint8_t byte_1, struct vb_frame *frame);

#endif
