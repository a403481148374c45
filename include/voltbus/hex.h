/* voltbus/hex.h - hexadecimal text to bytes and back.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_HEX_H
#define VOLTBUS_HEX_H

#include <stddef.h>
#include <stdint.h>

/* 0..15 for 0-9, a-f, A-F; -1 for any other character. */
int vb_hex_digit(char c);

/* Read bytes written as pairs of digits. Between pairs (never inside one) spaces, tabs, '.', ':',
 * '-' and ',' may stand, and "0x" before a pair.
 * text: n characters. out: room for cap bytes; *used (may be NULL): characters read.
 * Returns the count of bytes (0..cap); VB_E_FORMAT at a character that is none of these or at half
 * a byte, *used then is its place; VB_E_SPACE if there are more than cap bytes. */
int vb_hex_read(const char *text, size_t n, uint8_t *out, size_t cap, size_t *used);

/* Write n bytes as 2*n upper-case digits, no terminator. out: room for 2*n. Returns 2*n. */
size_t vb_hex_write(const uint8_t *data, size_t n, char *out);

/* Write value as exactly digits upper-case digits (1..16), no terminator. Returns digits. */
size_t vb_hex_number(uint64_t value, unsigned digits, char *out);

#endif
