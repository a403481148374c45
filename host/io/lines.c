/* lines.c - text lines out of plain, gzip and zstd files and pipes.
 * Memory: one input block, one text window, and what the decompressors need; nothing grows with the
 * length of the file. A damaged or cut-off file gives all lines before the damage, then the error.
 * SPDX-License-Identifier: MIT */
#include "host/io/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCK  65536
#define WINDOW (4 * LINES_MAX_LINE)

enum packing { PLAIN, GZIP, ZSTD };

struct lines {
    int fd; /* -1: text in memory, or nothing more to read */
    enum packing packing;
    z_stream gz;
    ZSTD_DStream *zstd;
    bool member_open; /* inside a gzip member or zstd frame: an end of file here cuts it off */
    uint8_t in[BLOCK];
    size_t in_at, in_end;
    char window[WINDOW];
    const char *text; /* window, or the caller's text */
    size_t at, end;
    unsigned long number;
    bool eof, failed, skip_lf, skip_rest;
    char why[160];
};

static void fail(struct lines *l, const char *what) {
    snprintf(l->why, sizeof l->why, "%s", what);
    l->failed = true;
    l->eof = true;
}

/* Get the next block of the file as it lies on the disk. */
static bool fill_in(struct lines *l) {
    if (l->in_at < l->in_end) {
        return true;
    }
    ssize_t n;
    do {
        n = l->fd < 0 ? 0 : read(l->fd, l->in, sizeof l->in);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        fail(l, strerror(errno));
        return false;
    }
    l->in_at = 0;
    l->in_end = (size_t)n;
    return n > 0;
}

static size_t unpack_gzip(struct lines *l, char *out, size_t cap) {
    if (!l->member_open && l->in[l->in_at] == 0) {
        l->in_at++; /* tapes and some tools fill up with zeros behind the last member */
        return 0;
    }
    l->gz.next_in = l->in + l->in_at;
    l->gz.avail_in = (uInt)(l->in_end - l->in_at);
    l->gz.next_out = (Bytef *)out;
    l->gz.avail_out = (uInt)cap;
    l->member_open = true;
    int result = inflate(&l->gz, Z_NO_FLUSH);
    l->in_at = l->in_end - l->gz.avail_in;
    if (result == Z_STREAM_END) { /* members may follow each other, as after "cat a.gz b.gz" */
        l->member_open = false;
        inflateReset(&l->gz);
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
        fail(l, "damaged gzip data");
    }
    return cap - l->gz.avail_out;
}

static size_t unpack_zstd(struct lines *l, char *out, size_t cap) {
    ZSTD_inBuffer in = {l->in, l->in_end, l->in_at};
    ZSTD_outBuffer to = {out, cap, 0};
    size_t result = ZSTD_decompressStream(l->zstd, &to, &in);
    l->in_at = in.pos;
    l->member_open = result != 0;
    if (ZSTD_isError(result)) {
        fail(l, "damaged zstd data");
        return 0;
    }
    return to.pos;
}

/* Put more text behind window[end]. Returns false if nothing came: end, error, or no room. */
static bool fill(struct lines *l) {
    if (l->eof) {
        return false;
    }
    if (l->at > 0 && l->end - l->at < WINDOW / 2) {
        memmove(l->window, l->window + l->at, l->end - l->at);
        l->end -= l->at;
        l->at = 0;
    }
    size_t cap = WINDOW - l->end;
    if (cap == 0) {
        return false;
    }
    char *out = l->window + l->end;
    size_t got = 0;
    while (got == 0 && !l->eof) {
        bool more = fill_in(l);
        if (l->failed) {
            break;
        }
        if (more && l->packing == PLAIN) {
            got = l->in_end - l->in_at < cap ? l->in_end - l->in_at : cap;
            memcpy(out, l->in + l->in_at, got);
            l->in_at += got;
            continue;
        }
        if (more || l->member_open) { /* output may still be inside when the input is used up */
            got = l->packing == GZIP ? unpack_gzip(l, out, cap) : unpack_zstd(l, out, cap);
        }
        if (!more && got == 0 && !l->failed) {
            l->eof = true;
            if (l->member_open) {
                fail(l, "the compressed data ends too early");
            }
        }
    }
    l->end += got;
    return got > 0;
}

/* Packed by something that we do not unpack, by the first bytes of the file. */
static const char *foreign_packer(const uint8_t *in, size_t n) {
    static const struct {
        const char *magic, *name;
    } packers[] = {{"\xFD"
                    "7zXZ",
                    "xz"},
                   {"BZh", "bzip2"},
                   {"7z\xBC\xAF", "7z"},
                   {"PK\x03\x04", "zip"}};
    for (size_t i = 0; i < sizeof packers / sizeof packers[0]; i++) {
        size_t length = strlen(packers[i].magic);
        if (n >= length && memcmp(in, packers[i].magic, length) == 0) {
            return packers[i].name;
        }
    }
    return NULL;
}

struct lines *lines_open(const char *path, char *why, size_t cap) {
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct lines *l = fd < 0 ? NULL : calloc(1, sizeof *l);
    if (!l) {
        snprintf(why, cap, "%s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    l->fd = fd;
    l->text = l->window;
    /* The first bytes tell the packing; a slow pipe may deliver them one by one. */
    while (l->in_end < 6) {
        ssize_t n = read(fd, l->in + l->in_end, sizeof l->in - l->in_end);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            snprintf(why, cap, "%s", strerror(errno));
            lines_close(l);
            return NULL;
        }
        if (n == 0 || memchr(l->in, '\n', l->in_end + (size_t)n)) {
            l->in_end += (size_t)n;
            break;
        }
        l->in_end += (size_t)n;
    }
    const char *packer = foreign_packer(l->in, l->in_end);
    if (packer) {
        snprintf(why, cap, "packed by %s: unpack it first (gzip and zstd are read as they are)",
                 packer);
        lines_close(l);
        return NULL;
    }
    if (l->in_end >= 3 && memcmp(l->in, "\xEF\xBB\xBF", 3) == 0) {
        l->in_at = 3; /* the mark that some Windows programs put before UTF-8 text */
    }
    if (l->in_end >= 2 && l->in[0] == 0x1F && l->in[1] == 0x8B) {
        l->packing = GZIP;
        if (inflateInit2(&l->gz, 15 + 16) != Z_OK) {
            snprintf(why, cap, "no memory for gzip");
            l->packing = PLAIN;
            lines_close(l);
            return NULL;
        }
    } else if (l->in_end >= 4 && memcmp(l->in, "\x28\xB5\x2F\xFD", 4) == 0) {
        l->packing = ZSTD;
        l->zstd = ZSTD_createDStream();
        if (!l->zstd) {
            snprintf(why, cap, "no memory for zstd");
            lines_close(l);
            return NULL;
        }
    }
    return l;
}

struct lines *lines_of_text(const char *text, size_t n) {
    struct lines *l = calloc(1, sizeof *l);
    if (l) {
        l->fd = -1;
        l->eof = true;
        l->text = text;
        l->end = n;
    }
    return l;
}

void lines_close(struct lines *l) {
    if (!l) {
        return;
    }
    if (l->packing == GZIP) {
        inflateEnd(&l->gz);
    }
    ZSTD_freeDStream(l->zstd);
    if (l->fd >= 0) {
        close(l->fd);
    }
    free(l);
}

/* The end of the first line in n bytes, or NULL. */
static const char *line_end(const char *text, size_t n) {
    const char *lf = memchr(text, '\n', n);
    const char *cr = memchr(text, '\r', lf ? (size_t)(lf - text) : n);
    return cr ? cr : lf;
}

/* A CR may be half of a CR LF whose other half comes later: the LF is then dropped. */
static void drop_lf(struct lines *l) {
    if (l->skip_lf && l->at < l->end) {
        l->at += l->text[l->at] == '\n';
        l->skip_lf = false;
    }
}

bool lines_utf16(const char *text, size_t n) {
    return n >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0);
}

int lines_next(struct lines *l, struct line *line) {
    for (;;) {
        drop_lf(l);
        size_t n = l->end - l->at;
        const char *stop = line_end(l->text + l->at, n);
        if (!stop && n < LINES_MAX_LINE && fill(l)) {
            continue;
        }
        const char *from = l->text + l->at; /* fill moves it, even where nothing more comes */
        n = stop ? (size_t)(stop - from) : n;
        bool last = !stop && n < LINES_MAX_LINE; /* the file ends without a line end */
        if (last && (n == 0 || l->failed)) {     /* half a line before the damage is none */
            return l->failed ? -1 : 0;
        }
        bool cut = n > LINES_MAX_LINE || (!stop && !last);
        l->at += stop ? n + 1 : n;
        l->skip_lf = stop && *stop == '\r';
        if (l->skip_rest) { /* the rest of a line that was cut */
            l->skip_rest = !stop && !last;
            continue;
        }
        l->skip_rest = !stop && !last;
        *line = (struct line){from, n < LINES_MAX_LINE ? n : LINES_MAX_LINE, ++l->number, cut};
        return 1;
    }
}

bool lines_ready(const struct lines *l) {
    size_t at = l->at + (l->skip_lf && l->at < l->end && l->text[l->at] == '\n');
    return l->eof || line_end(l->text + at, l->end - at) != NULL;
}

int lines_peek(struct lines *l, const char **text, size_t *n) {
    size_t before = *n;
    for (;;) {
        size_t have = l->end - l->at;
        const char *from = l->text + l->at;
        size_t whole = have;
        if (!l->eof) { /* only up to the last complete line */
            while (whole > 0 && from[whole - 1] != '\n' && from[whole - 1] != '\r') {
                whole--;
            }
        }
        *text = from;
        *n = whole;
        if (whole > before) {
            return 1;
        }
        if (!fill(l)) {
            /* an unfinished last line counts once nothing more can come */
            *n = l->end - l->at;
            *text = l->text + l->at;
            return *n > before;
        }
    }
}

size_t lines_bytes(struct lines *l, size_t n, const uint8_t **bytes) {
    while (l->end - l->at < n && fill(l)) {
    }
    *bytes = (const uint8_t *)l->text + l->at;
    return l->end - l->at < n ? l->end - l->at : n;
}

size_t lines_skip(struct lines *l, size_t n) {
    size_t left = n;
    while (left > 0 && (l->at < l->end || fill(l))) {
        size_t have = l->end - l->at;
        l->at += have < left ? have : left;
        left -= have < left ? have : left;
    }
    return n - left;
}

const char *lines_why(const struct lines *l) {
    return l->why;
}
