/* session.c - `voltbus session`: the story of a charge, from any recording of CCS.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/file/format.h"
#include "host/session/show.h"
#include "host/session/story.h"

static const char usage[] =
    "usage: voltbus session [OPTION]... FILE      (- reads standard input)\n"
    "\n"
    "  --json        the whole story as one JSON object per session\n"
    "  --svg FILE    write the curve of the session as a picture, too; of several\n"
    "                sessions the one with most of a curve\n"
    "  --session N   only the Nth session of the recording\n"
    "  --format NAME do not find the format by content (voltbus list formats)\n";

#define COLUMNS_USUAL 80

struct teller {
    const char *path, *shown; /* the recording; its name without folders */
    const char *svg_path;
    bool json;
    unsigned long only; /* 0: all */
    struct look look;
    unsigned told;
    struct session *best; /* for the picture */
    struct text summary;  /* a line for each session */
    bool failed;
};

static bool write_text(FILE *to, struct text *text) {
    bool good = !text->failed && fwrite(text->data, 1, text->n, to) == text->n;
    text_free(text);
    return good;
}

static void add_summary(struct teller *teller, const struct session *s) {
    time_t seconds = (time_t)(s->start_ns / 1000000000);
    struct tm tm;
    char start[32];
    char energy[16] = "";
    if (s->energy.samples > 1) {
        snprintf(energy, sizeof energy, "%.2f kWh", s->energy.ws / 3.6e6);
    }
    snprintf(start, sizeof start, "%.1f s", (double)s->start_ns / 1e9);
    if (!s->relative && gmtime_r(&seconds, &tm)) {
        strftime(start, sizeof start, "%Y-%m-%d %H:%M:%S", &tm);
    }
    text_format(&teller->summary, "%5u  %-19s %8.1f s  %9s  %s\n", s->number, start,
                (double)(s->end_ns - s->start_ns) / 1e9, energy, s->ending);
}

static void told(void *context, struct session *session) {
    struct teller *teller = context;
    struct text text = {0};
    if (teller->only && session->number != teller->only) {
        return;
    }
    if (teller->json) {
        story_json(&text, session, teller->shown);
    } else {
        text_add(&text, teller->told ? "\n\n" : "");
        story_text(&text, session, &teller->look, teller->shown);
    }
    teller->told++;
    teller->failed |= !write_text(stdout, &text);
    if (teller->best && (teller->told == 1 || session->curve.used > teller->best->curve.used)) {
        memcpy(teller->best, session, sizeof *session);
    }
    add_summary(teller, session);
}

/* What the terminal can show. */
static struct look look_of(void) {
    struct look look = {.columns = COLUMNS_USUAL};
    struct winsize size = {0};
    const char *columns = getenv("COLUMNS");
    const char *term = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    bool dumb = !term || strcmp(term, "dumb") == 0;
    setlocale(LC_CTYPE, "");
    if (columns && atoi(columns) > 0) {
        look.columns = (size_t)atoi(columns);
    } else if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
               size.ws_col > 0) {
        look.columns = size.ws_col;
    }
    look.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 &&
                !(isatty(STDOUT_FILENO) && (dumb || strcmp(term, "linux") == 0));
    look.colour = isatty(STDOUT_FILENO) && !dumb && !(no_colour && no_colour[0]);
    setlocale(LC_CTYPE, "C");
    return look;
}

static int write_svg(struct teller *teller) {
    struct text text = {0};
    FILE *file = fopen(teller->svg_path, "w");
    if (!file) {
        return failure("session", "%s: %s", teller->svg_path, strerror(errno));
    }
    plot_svg(&text, teller->best, teller->shown);
    bool good = write_text(file, &text);
    good &= fclose(file) == 0;
    return good
               ? EXIT_DONE
               : failure("session", "%s: cannot be written: %s", teller->svg_path, strerror(errno));
}

/* All sessions, told as they end. Returns how many there were. */
static unsigned tell_all(struct teller *teller, struct reader *reader, struct story *story,
                         bool *broken) {
    struct vb_frame frame;
    unsigned long wrong = 0;
    int result;
    while ((result = reader_next(reader, &frame)) != 0 && result != READER_BROKEN) {
        if (result > 0) {
            story_frame(story, &frame);
        } else if (wrong++ == 0) {
            char place[READER_PLACE];
            fprintf(stderr, "%s%s: %s\n", teller->path, reader_place(reader, place), reader->why);
        }
    }
    if (wrong > 1) {
        fprintf(stderr, "%s: %lu more of these are not shown\n", teller->path, wrong - 1);
    }
    *broken = result == READER_BROKEN;
    return story_close(story);
}

static int tell(struct teller *teller, struct reader *reader) {
    if (!reader->format) {
        return failure("session", "%s: %s", teller->path, reader_no_format(reader));
    }
    struct story *story = story_open(told, teller);
    if (!story) {
        return failure("session", "no memory");
    }
    bool broken;
    unsigned count = tell_all(teller, reader, story, &broken);
    if (teller->told > 1 && !teller->json) {
        struct text head = {0};
        text_add(
            &head,
            "\n\nAll sessions: start (UTC, or the recording's clock), duration, energy, ending\n");
        text_bytes(&head, teller->summary.data, teller->summary.n);
        teller->failed |= teller->summary.failed | !write_text(stdout, &head);
    }
    if (teller->failed || fflush(stdout) != 0) {
        return failure("session", "cannot write the output: %s", strerror(errno));
    }
    if (broken) {
        recording_broken("session", teller->path, reader);
    }
    if (count == 0) {
        return failure("session", "%s: no charging session in it: no SLAC, SDP or V2G (format %s)",
                       teller->path, reader->format->name);
    }
    if (teller->told == 0) {
        return failure("session", "%s: no session %lu, there %s %u", teller->path, teller->only,
                       count == 1 ? "is" : "are", count);
    }
    int status = teller->svg_path ? write_svg(teller) : EXIT_DONE;
    return broken ? EXIT_FAILED : status;
}

static bool same_file(const char *a, const char *b) {
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && S_ISREG(one.st_mode) &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void let_end(int number) {
    (void)number;
}

/* Of `tcpdump -w - | voltbus session -` the first Ctrl-C ends the writer: what was heard is told then. */
static void wait_for_writer(void) {
    struct sigaction action = {.sa_handler = let_end, .sa_flags = SA_RESTART};
    action.sa_flags |= (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
}

static int tell_file(struct teller *teller, const struct format *format) {
    static struct reader reader;
    char why[200];
    if (teller->svg_path && same_file(teller->svg_path, teller->path)) {
        return usage_error("session", "--svg %s: this is the recording", teller->svg_path);
    }
    if (strcmp(teller->path, "-") == 0) {
        wait_for_writer();
    }
    const char *slash = strrchr(teller->path, '/');
    struct lines *lines = lines_open(teller->path, why, sizeof why);
    teller->shown = strcmp(teller->path, "-") == 0 ? "standard input"
                    : slash                        ? slash + 1
                                                   : teller->path;
    teller->path = strcmp(teller->path, "-") == 0 ? "stdin" : teller->path; /* in errors */
    if (!lines) {
        return failure("session", "%s: %s", teller->path, why);
    }
    teller->best = teller->svg_path ? malloc(sizeof *teller->best) : NULL;
    if (teller->svg_path && !teller->best) {
        lines_close(lines);
        return failure("session", "no memory");
    }
    reader_init(&reader, lines, format);
    int status = tell(teller, &reader);
    reader_close(&reader);
    text_free(&teller->summary);
    free(teller->best);
    return status;
}

int cmd_session(int argc, char **argv) {
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},         {"json", no_argument, NULL, 'j'},
        {"svg", required_argument, NULL, 's'},    {"session", required_argument, NULL, 'n'},
        {"format", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
    struct teller teller = {.look = look_of()};
    const struct format *format = NULL;
    char *end;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 'h':
            return help_text(usage);
        case 'j':
            teller.json = true;
            break;
        case 's':
            teller.svg_path = optarg;
            break;
        case 'n':
            teller.only = strtoul(optarg, &end, 10);
            if (*end || teller.only == 0 || optarg[0] == '-') {
                return usage_error("session", "--session: '%s' is no number from 1 on", optarg);
            }
            break;
        case 'f':
            format = format_find(optarg);
            if (!format) {
                return usage_error("session", "unknown format '%s' (voltbus list formats)", optarg);
            }
            break;
        default:
            return option_error("session", argv, options);
        }
    }
    if (optind != argc - 1) {
        return usage_error("session", optind == argc ? "no FILE (voltbus session --help)"
                                                     : "one FILE at a time");
    }
    /* file:PATH is a LINK, as live ones are written */
    teller.path = argv[optind] + (strncmp(argv[optind], "file:", 5) == 0 ? 5 : 0);
    return tell_file(&teller, format);
}
