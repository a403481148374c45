/* replay.c - main() for the harnesses where libFuzzer is not: runs them on every file of the
 * folders given, and on every beginning of each short file, so that input that is cut off is
 * covered too. A folder that is missing or empty is a failure: a test without input tests nothing.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Files shorter than this are also fed cut off at every place. */
enum { SHORT_FILE = 512 };

/* Feed n bytes in a block of exactly that size, so that AddressSanitizer sees a read beyond them.
 */
static void feed(const uint8_t *data, size_t n) {
    uint8_t *exact = malloc(n > 0 ? n : 1);
    if (!exact) {
        fputs("replay: no memory\n", stderr);
        exit(1);
    }
    if (n > 0) {
        memcpy(exact, data, n);
    }
    /* malloc(0) may give NULL, which a harness need not expect: for n == 0 the block has one byte
     */
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

/* The whole file; *n is its size. NULL if it cannot be read. The caller frees it. */
static uint8_t *read_file(const char *path, size_t *n) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    uint8_t *data = NULL;
    size_t used = 0;
    size_t room = 0;
    for (;;) {
        if (used == room) {
            room = room ? room * 2 : 4096;
            uint8_t *more = realloc(data, room);
            if (!more) {
                break;
            }
            data = more;
        }
        size_t got = fread(data + used, 1, room - used, file);
        if (got == 0) {
            if (ferror(file)) {
                break;
            }
            fclose(file);
            *n = used;
            return data;
        }
        used += got;
    }
    free(data);
    fclose(file);
    return NULL;
}

/* Replay the files of one folder, without those whose name starts with '.'. Returns how many there
 * were, -1 on failure. */
static int replay_folder(const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        return -1;
    }
    int files = 0;
    const struct dirent *entry;
    while (files >= 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        struct stat status;
        if (length < 0 || (size_t)length >= sizeof path || stat(path, &status) != 0) {
            fprintf(stderr, "%s/%s: cannot be found again\n", folder, entry->d_name);
            files = -1;
        } else if (S_ISREG(status.st_mode)) {
            size_t n = 0;
            uint8_t *data = read_file(path, &n);
            if (!data) {
                perror(path);
                files = -1;
                continue;
            }
            for (size_t cut = n < SHORT_FILE ? 0 : n; cut <= n; cut++) {
                feed(data, cut);
            }
            free(data);
            files++;
        }
    }
    closedir(dir);
    return files;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
        return 2;
    }
    int result = 0;
    for (int i = 1; i < argc; i++) {
        int files = replay_folder(argv[i]);
        if (files > 0) {
            printf("%s: %d files\n", argv[i], files);
        } else {
            fprintf(stderr, "%s: %s\n", argv[i], files == 0 ? "no files" : "not replayed");
            result = 1;
        }
    }
    return result;
}
