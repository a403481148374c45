/* host/out/text_buffer.h - text that grows in memory, and JSON in it.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_TEXT_BUFFER_H
#define HOST_OUT_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeros are an empty text. Where memory runs out `failed` is set and what does not fit is left out:
 * it is asked for once, when the text is used. */
struct text {
    char *data; /* n bytes, no terminator */
    size_t n, room;
    bool failed;
};

void text_free(struct text *text);
/* Forget what it says, keep the memory. */
void text_clear(struct text *text);
/* Room for n more bytes; add them with text->n += used. NULL if there is no memory. */
char *text_room(struct text *text, size_t n);
void text_bytes(struct text *text, const char *bytes, size_t n);
void text_add(struct text *text, const char *string);
void text_format(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD: one bad byte in a name
 * must not make a whole document unreadable. */
void text_json(struct text *text, const char *bytes, size_t n);
/* Seconds with three decimals, never below 0: an age. */
void text_age(struct text *text, int64_t ns);
/* A moment as outputs write it (vb_time_text). */
void text_time(struct text *text, int64_t t_ns);
/* An exact number in thousandths, without zeros at its end: 0, 5, 0.5. */
void text_milli(struct text *text, int64_t milli);

/* The length of the UTF-8 character at the start of n bytes; 0 if there is none (RFC 3629: no
 * surrogates, nothing beyond U+10FFFF, the shortest form only). */
size_t text_utf8_length(const char *bytes, size_t n);
/* Are all n bytes UTF-8, and none of them 0? */
bool text_utf8_good(const char *bytes, size_t n);

#endif
