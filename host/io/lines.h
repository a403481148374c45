/* host/io/lines.h - lines, or bytes, of a file or pipe, plain, gzip or zstd, in constant memory.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_LINES_H
#define HOST_IO_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer line is handed out cut to this many bytes, with cut = true. */
#define LINES_MAX_LINE 65536

struct lines;

struct line {
    const char *text; /* n bytes without the line end, valid until the next call */
    size_t n;
    unsigned long number; /* from 1; ends are LF, CR LF, or a CR alone */
    bool cut;
};

/* Open a file, or standard input for "-". Compression is found by content, a UTF-8 mark is skipped.
 * On failure returns NULL and writes one line without place to why. */
struct lines *lines_open(const char *path, char *why, size_t cap);

/* Lines of a text in memory (it must live as long as the lines do). */
struct lines *lines_of_text(const char *text, size_t n);

void lines_close(struct lines *lines);

/* The next line. Returns 1, 0 at the end, -1 if the file cannot be read on (lines_why tells). */
int lines_next(struct lines *lines, struct line *line);

/* Does a text begin as UTF-16 does? Nothing here reads that, and this is what to say then. */
bool lines_utf16(const char *text, size_t n);
#define LINES_UTF16_WHY "text in UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"

/* True if the next line is here already: lines_next will not wait for anybody. */
bool lines_ready(const struct lines *lines);

/* Read ahead until more complete lines than before are in memory, and show them without taking
 * them. Returns 1 if there are more than *n bytes now; 0 if that is all (end, error or full). */
int lines_peek(struct lines *lines, const char **text, size_t *n);

/* For files of blocks instead of lines: the next bytes as they are, unpacked, without taking
 * them. n: at most LINES_MAX_BYTES. Returns how many of them there are: fewer than n at the end
 * or if the file cannot be read on (lines_why). The bytes live until the next call. */
#define LINES_MAX_BYTES (2 * LINES_MAX_LINE)
size_t lines_bytes(struct lines *lines, size_t n, const uint8_t **bytes);

/* Take n bytes. Returns how many there were. */
size_t lines_skip(struct lines *lines, size_t n);

/* Why lines_next returned -1, or will once the lines before the damage are taken; "" if it is
 * well. */
const char *lines_why(const struct lines *lines);

#endif
