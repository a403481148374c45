/* convert.c - `voltbus convert`: a recording in the format of another program. One pass, constant memory. The file has
 * its name only when all that could be read is in it; what its format cannot hold is told, once, with a count.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/file/writer.h"
#include "voltbus/time.h"

static const char usage[] =
    "usage: voltbus convert [OPTION]... IN... OUT     (-: standard input, output)\n"
    "\n"
    "  --to FORMAT      the format of OUT; else its name tells: .log .asc .trc .csv\n"
    "                   .crtd .pcap .pcapng (voltbus list formats: which there are)\n"
    "  --format NAME    the format of IN; else it is found by content\n"
    "  --force          write over OUT if it is there\n"
    "  --verbose        show every line that is not understood, not only the first 20\n"
    "\n"
    "OUT.gz and OUT.zst are packed. Several IN are merged by their times.\n";

#define SHOWN_ERRORS 20
#define NAMES_TEXT   512

struct input {
    const char *path; /* for messages */
    struct lines *lines;
    struct reader reader;
    struct vb_frame frame;
    bool ahead; /* it is the next one of this file */
    bool begun, unix_time;
    bool damaged; /* nothing can be read behind the last frame */
    uint64_t frames, bad_lines;
};

struct converter {
    struct input *inputs;
    size_t input_count;
    const char *path, *name; /* of OUT, and for messages */
    bool force, verbose;
    unsigned long shown_errors, hidden_errors;
    const struct writing *how;
    enum packing packing;
    int fd;
    bool live; /* somebody may be waiting at the other end */
    struct writer writer;
};

/* The file while it is not whole; "" = there is none. It goes when the program is told to end. */
static char unfinished[4096];

static void forget(int sig) {
    unlink(unfinished);
    signal(sig, SIG_DFL);
    raise(sig);
}

/* ---- opening ---- */

static bool open_input(struct input *in, const char *path, const struct format *forced) {
    char why[160];
    in->path = strcmp(path, "-") == 0 ? "stdin" : path;
    in->lines = lines_open(path, why, sizeof why);
    if (!in->lines) {
        failure("convert", "%s: %s", in->path, why);
        return false;
    }
    reader_init(&in->reader, in->lines, forced);
    if (!in->reader.format) {
        failure("convert", "%s: %s", in->path, reader_no_format(&in->reader));
        return false;
    }
    return true;
}

/* Is OUT one of the files that are read? */
static bool is_input(const struct converter *c, char **paths, const struct stat *out) {
    struct stat in;
    for (size_t i = 0; i < c->input_count; i++) {
        bool found =
            strcmp(paths[i], "-") == 0 ? fstat(STDIN_FILENO, &in) == 0 : stat(paths[i], &in) == 0;
        if (found && in.st_dev == out->st_dev && in.st_ino == out->st_ino) {
            return true;
        }
    }
    return false;
}

/* Open OUT: a new file under another name; what is no file (a pipe, a device) as it is. */
static int open_output(struct converter *c, char **inputs) {
    struct stat out;
    if (strcmp(c->path, "-") == 0) {
        c->fd = STDOUT_FILENO;
        c->live = true;
        return EXIT_DONE;
    }
    bool there = stat(c->path, &out) == 0;
    if (there && !S_ISREG(out.st_mode)) {
        c->fd = open(c->path, O_WRONLY | O_CLOEXEC);
        c->live = true;
        return c->fd < 0 ? failure("convert", "%s: %s", c->path, strerror(errno)) : EXIT_DONE;
    }
    if (there && is_input(c, inputs, &out)) {
        return failure("convert", "%s: is read: give OUT another name", c->path);
    }
    if (there && !c->force) {
        return failure("convert", "%s: is there already: --force writes over it", c->path);
    }
    char *real = there ? realpath(c->path, NULL) : NULL; /* a link stays one */
    c->path = real ? real : c->path;
    int n = snprintf(unfinished, sizeof unfinished, "%s.part-%ld", c->path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof unfinished) {
        unfinished[0] = '\0';
        return failure("convert", "%s: %s", c->path, strerror(ENAMETOOLONG));
    }
    c->fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (c->fd < 0) {
        unfinished[0] = '\0';
        return failure("convert", "%s: %s", c->path, strerror(errno));
    }
    signal(SIGINT, forget);
    signal(SIGTERM, forget);
    signal(SIGHUP, forget);
    return EXIT_DONE;
}

/* ---- frames ---- */

static void show_wrong(struct converter *c, struct input *in) {
    char place[READER_PLACE];
    in->bad_lines++;
    if (!c->verbose && c->shown_errors == SHOWN_ERRORS) {
        c->hidden_errors++;
        return;
    }
    c->shown_errors++;
    fprintf(stderr, "%s%s: %s\n", in->path, reader_place(&in->reader, place), in->reader.why);
}

/* The next frame of a file, if it has one. What stands before a damage is kept: the rest of the file is told and over. */
static void look_ahead(struct converter *c, struct input *in) {
    int result;
    if (c->live && !reader_ready(&in->reader)) {
        pack_flush(c->writer.pack); /* the next line may be long in coming */
    }
    while ((result = reader_next(&in->reader, &in->frame)) < 0 && result != READER_BROKEN) {
        show_wrong(c, in);
    }
    if (result == READER_BROKEN) {
        in->damaged = true;
        recording_broken("convert", in->path, &in->reader);
        result = 0;
    }
    in->ahead = result > 0;
    in->frames += in->ahead;
    if (in->ahead && !in->begun) {
        in->begun = true;
        in->unix_time = !(in->frame.flags & VB_FRAME_NO_TIME) && vb_time_is_unix(in->frame.t_ns);
    }
}

/* Times that count from a start and times since 1970 have no order. */
static int check_times(const struct converter *c) {
    const struct input *first = NULL;
    for (size_t i = 0; i < c->input_count; i++) {
        const struct input *in = &c->inputs[i];
        if (!in->ahead) {
            return failure("convert", "%s: no frame of the format %s in it", in->path,
                           in->reader.format->name);
        }
        first = first ? first : in;
        if (in->unix_time != first->unix_time) {
            const struct input *dated = in->unix_time ? in : first;
            return failure("convert",
                           "%s has a date and %s has none: their times cannot be put in order",
                           dated->path, (dated == in ? first : in)->path);
        }
    }
    return EXIT_DONE;
}

static int copy_frames(struct converter *c) {
    for (size_t i = 0; i < c->input_count; i++) {
        look_ahead(c, &c->inputs[i]);
    }
    int status = check_times(c);
    while (status == EXIT_DONE && pack_error(c->writer.pack) == 0) {
        struct input *next = NULL;
        for (size_t i = 0; i < c->input_count; i++) {
            struct input *in = &c->inputs[i];
            if (in->ahead && (!next || in->frame.t_ns < next->frame.t_ns)) {
                next = in;
            }
        }
        if (!next) {
            break;
        }
        writer_frame(&c->writer, &next->frame, next->reader.links[next->frame.bus]);
        look_ahead(c, next);
    }
    return status;
}

/* ---- the end ---- */

static const char *plural(uint64_t n) {
    return n == 1 ? "" : "s";
}

static void summary(const struct converter *c) {
    if (c->hidden_errors > 0) {
        fprintf(stderr, "%lu more of these are not shown (--verbose shows all)\n",
                c->hidden_errors);
    }
    for (size_t i = 0; i < c->input_count; i++) {
        const struct input *in = &c->inputs[i];
        fprintf(stderr, "%s: %" PRIu64 " frame%s (%s)", in->path, in->frames, plural(in->frames),
                in->reader.format->name);
        if (in->bad_lines > 0) {
            fprintf(stderr, ", %" PRIu64 " %s%s not understood", in->bad_lines,
                    in->reader.format->next ? "packet" : "line", plural(in->bad_lines));
        }
        fputs(in->damaged ? ", then damaged" : "", stderr);
        fputc('\n', stderr);
    }
    writer_tell(&c->writer, c->name, stderr);
    fprintf(stderr, "%s: %" PRIu64 " frame%s (%s)\n", c->name, c->writer.frames,
            plural(c->writer.frames), c->how->name);
}

static bool any_damaged(const struct converter *c) {
    bool any = false;
    for (size_t i = 0; i < c->input_count; i++) {
        any |= c->inputs[i].damaged;
    }
    return any;
}

/* The file is whole, as far as its inputs were, and gets its name; or it goes. */
static int finish(struct converter *c, int status) {
    writer_end(&c->writer);
    int error = pack_close(c->writer.pack);
    if (unfinished[0]) {
        error = error || fsync(c->fd) == 0 ? error : errno;
        error = close(c->fd) == 0 || error ? error : errno;
        if (status == EXIT_DONE && !error && rename(unfinished, c->path) != 0) {
            error = errno;
        }
        if (status != EXIT_DONE || error) {
            unlink(unfinished);
        }
        unfinished[0] = '\0';
    }
    if (error) {
        return failure("convert", "%s: cannot be written: %s", c->name, strerror(error));
    }
    if (status != EXIT_DONE) {
        return status;
    }
    summary(c);
    return any_damaged(c) ? EXIT_FAILED : EXIT_DONE;
}

static int convert(struct converter *c, char **inputs, const struct format *from) {
    int status = EXIT_DONE;
    c->inputs = calloc(c->input_count, sizeof *c->inputs);
    if (!c->inputs) {
        return failure("convert", "out of memory");
    }
    size_t opened = 0;
    while (opened < c->input_count && open_input(&c->inputs[opened], inputs[opened], from)) {
        opened++;
    }
    status = opened < c->input_count ? EXIT_FAILED : open_output(c, inputs);
    if (status == EXIT_DONE) {
        struct pack *pack = pack_open(c->fd, c->packing);
        if (!pack) {
            unlink(unfinished);
            return failure("convert", "out of memory");
        }
        writer_begin(&c->writer, c->how, pack);
        status = finish(c, copy_frames(c));
    }
    for (size_t i = 0; i < c->input_count; i++) {
        if (c->inputs[i].lines) {
            reader_close(&c->inputs[i].reader);
        }
    }
    free(c->inputs);
    return status;
}

/* ---- the command line ---- */

static const struct format *find_format(const char *name) {
    const char *names[64] = {NULL};
    char near[NEAREST_TEXT];
    const struct format *format = format_find(name);
    for (size_t i = 0; i < format_count && i < 63; i++) {
        names[i] = formats[i]->name;
    }
    if (!format) {
        usage_error("convert", "unknown format '%s'%s (voltbus list formats)", name,
                    nearest(name, names, near));
    }
    return format;
}

/* The format of OUT, by --to or by its name. */
static bool choose_format(struct converter *c, const char *to) {
    char names[NAMES_TEXT];
    size_t n = strlen(c->path);
    c->packing = packing_of(c->path, &n);
    writer_names(names, sizeof names);
    c->how = to ? writer_find(to) : writer_by_suffix(c->path, n);
    if (!c->how && to && !find_format(to)) {
        return false;
    }
    const char *dot = strrchr(c->path, '.'); /* "drive.blf" */
    if (!c->how && to) {
        usage_error("convert", "%s is only read; written are %s", to, names);
    } else if (!c->how && dot && format_find(dot + 1) && !writer_find(dot + 1)) {
        usage_error("convert", "%s: %s is only read; written are %s", c->name, dot + 1, names);
    } else if (!c->how) {
        usage_error("convert", "%s: its name tells no format: say --to %s", c->name, names);
    }
    return c->how != NULL;
}

int cmd_convert(int argc, char **argv) {
    enum { TO = 1000, FORMAT, FORCE, VERBOSE, HELP };
    static const struct option options[] = {
        {"to", required_argument, NULL, TO}, {"format", required_argument, NULL, FORMAT},
        {"force", no_argument, NULL, FORCE}, {"verbose", no_argument, NULL, VERBOSE},
        {"help", no_argument, NULL, HELP},   {NULL, 0, NULL, 0},
    };
    static struct converter c;
    const struct format *from = NULL;
    const char *to = NULL;
    size_t from_stdin = 0;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case TO:
            to = optarg;
            break;
        case FORMAT:
            from = find_format(optarg);
            if (!from) {
                return EXIT_USAGE;
            }
            break;
        case FORCE:
            c.force = true;
            break;
        case VERBOSE:
            c.verbose = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("convert", argv, options);
        }
    }
    if (argc - optind < 2) {
        char names[NAMES_TEXT];
        writer_names(names, sizeof names);
        return usage_error("convert", "expected IN and OUT; written are %s", names);
    }
    c.input_count = (size_t)(argc - optind - 1);
    c.path = argv[argc - 1];
    c.name = strcmp(c.path, "-") == 0 ? "stdout" : c.path;
    for (size_t i = 0; i < c.input_count; i++) {
        from_stdin += strcmp(argv[optind + (int)i], "-") == 0;
    }
    if (from_stdin > 1) {
        return usage_error("convert", "standard input can be read only once");
    }
    return choose_format(&c, to) ? convert(&c, argv + optind, from) : EXIT_USAGE;
}
