/* fuzz_lines.c - any file, compressed or not, damaged or not: every line has a number one higher than the
 * last, is never longer than it may be, and the end or an error with a reason comes.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/io/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A small file may unpack to gigabytes; that much is enough. */
#define LINES_ENOUGH 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    char why[160] = "";
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct lines *lines = lines_open(path, why, sizeof why);
    if (!lines) {
        if (why[0] == '\0') {
            abort();
        }
        close(fd);
        return 0;
    }
    struct line line;
    unsigned long count = 0;
    int result = 0;
    while (count < LINES_ENOUGH && (result = lines_next(lines, &line)) > 0) {
        volatile char sum = 0;
        for (size_t i = 0; i < line.n; i++) {
            sum = (char)(sum + line.text[i]); /* the sanitizer watches */
        }
        if (line.number != ++count || line.n > LINES_MAX_LINE) {
            abort();
        }
    }
    if (result < 0 && lines_why(lines)[0] == '\0') {
        abort();
    }
    lines_close(lines);
    close(fd);
    return 0;
}
