/* pack.c - bytes into a plain, gzip or zstd file or pipe, in constant memory.
 * SPDX-License-Identifier: MIT */
#include "host/io/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCK      65536
#define GZIP_BITS  (15 + 16) /* the largest window, and the header of gzip around it */
#define GZIP_LEVEL 6
#define ZSTD_LEVEL 3

struct pack {
    int fd;
    int error;
    enum packing packing;
    z_stream gz;
    ZSTD_CStream *zstd;
    size_t n;
    char buffer[PACK_ROOM];
    char out[BLOCK]; /* packed */
};

enum packing packing_of(const char *name, size_t *n) {
    static const struct {
        const char *end;
        enum packing packing;
    } ends[] = {{".gz", PACKING_GZIP}, {".zst", PACKING_ZSTD}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end_n = strlen(ends[i].end);
        if (*n > end_n && memcmp(name + *n - end_n, ends[i].end, end_n) == 0) {
            *n -= end_n;
            return ends[i].packing;
        }
    }
    return PACKING_NONE;
}

struct pack *pack_open(int fd, enum packing packing) {
    struct pack *p = calloc(1, sizeof *p);
    if (!p) {
        return NULL;
    }
    p->fd = fd;
    p->packing = packing;
    bool good = true;
    if (packing == PACKING_GZIP) {
        good =
            deflateInit2(&p->gz, GZIP_LEVEL, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    } else if (packing == PACKING_ZSTD) {
        p->zstd = ZSTD_createCStream();
        good = p->zstd && !ZSTD_isError(ZSTD_initCStream(p->zstd, ZSTD_LEVEL));
    }
    if (!good) {
        ZSTD_freeCStream(p->zstd);
        free(p);
        return NULL;
    }
    return p;
}

static void write_all(struct pack *p, const char *bytes, size_t n) {
    while (n > 0 && p->error == 0) {
        ssize_t done = write(p->fd, bytes, n);
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        } else if (done == 0 || errno != EINTR) {
            p->error = done == 0 ? EIO : errno;
        }
    }
}

static void write_gzip(struct pack *p, int how) {
    p->gz.next_in = (Bytef *)p->buffer;
    p->gz.avail_in = (uInt)p->n;
    do {
        p->gz.next_out = (Bytef *)p->out;
        p->gz.avail_out = sizeof p->out;
        deflate(&p->gz, how);
        write_all(p, p->out, sizeof p->out - p->gz.avail_out);
    } while (p->gz.avail_out == 0);
}

static void write_zstd(struct pack *p, ZSTD_EndDirective how) {
    ZSTD_inBuffer in = {p->buffer, p->n, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {p->out, sizeof p->out, 0};
        left = ZSTD_compressStream2(p->zstd, &out, &in, how);
        if (ZSTD_isError(left)) {
            p->error = p->error ? p->error : ENOMEM;
            return;
        }
        write_all(p, p->out, out.pos);
    } while (how == ZSTD_e_continue ? in.pos < in.size : left > 0);
}

/* The buffer goes on its way. flush: all of it, at once; end: nothing comes behind it. */
static void empty(struct pack *p, bool flush, bool end) {
    if (p->packing == PACKING_GZIP) {
        write_gzip(p, end ? Z_FINISH : flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    } else if (p->packing == PACKING_ZSTD) {
        write_zstd(p, end ? ZSTD_e_end : flush ? ZSTD_e_flush : ZSTD_e_continue);
    } else {
        write_all(p, p->buffer, p->n);
    }
    p->n = 0;
}

char *pack_room(struct pack *p, size_t n) {
    if (n > sizeof p->buffer - p->n) {
        empty(p, false, false);
    }
    return p->buffer + p->n;
}

void pack_used(struct pack *p, size_t n) {
    p->n += n;
}

void pack_flush(struct pack *p) {
    if (p->n > 0) {
        empty(p, true, false);
    }
}

int pack_error(const struct pack *p) {
    return p->error;
}

int pack_close(struct pack *p) {
    empty(p, true, true);
    int error = p->error;
    if (p->packing == PACKING_GZIP) {
        deflateEnd(&p->gz);
    }
    ZSTD_freeCStream(p->zstd);
    free(p);
    return error;
}
