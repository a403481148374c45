/* decode.c - `voltbus decode`: any recording, or bytes from the command line, as values with units.
 * One pass, constant memory. What fails is counted and shown with its place, and never ends the
 * run.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/file/format.h"
#include "host/out/output.h"
#include "voltbus/time.h"

static const char usage[] =
    "usage: voltbus decode [OPTION]... FILE        (- reads standard input)\n"
    "       voltbus decode [OPTION]... --hex 'FRAME'...\n"
    "\n"
    "  --as DEVICE       read frames as this device only; may be repeated (voltbus list devices)\n"
    "  --set KEY=VALUE   a setting of the devices; family=NAME chooses between weather stations\n"
    "                    that share their frames; DEVICE.KEY=VALUE means one device\n"
    "  --hex FRAME       a frame instead of a file: 1DB#00112233 (CAN), 22#AB84 (LIN), or bytes\n"
    "  --json, --csv     one JSON object per frame, or one CSV row per value, instead of text\n"
    "  --format NAME     do not find the format by content (voltbus list formats)\n"
    "  --all             show frames that no row knows, and headers that nobody answers, too\n"
    "  --verbose         show every frame and line that fails on stderr, not only the first 20\n";

#define SHOWN_ERRORS 20
#define IDS_MAX      4096 /* distinct unknown ids that are counted */
#define IDS_SHOWN    12
#define NOT_UNIX_BEFORE                                                                            \
    (100000000 * VB_NS_PER_S) /* 1973: earlier times are clocks since power-on */

struct ids {
    uint64_t table[2 * IDS_MAX]; /* open addressing; 0 = free */
    size_t count;
    char shown[IDS_SHOWN][VB_FRAME_ID_TEXT + 1];
};

struct decoder {
    struct selection selection;
    struct reader reader;
    struct sink sink;
    const struct output *output;
    struct view
        *views[READER_LINKS_MAX]; /* [link][device of the selection], made when first seen */
    bool all, verbose;
    bool started, relative;
    bool first_shown;
    int64_t t0_ns;
    const char *path;
    char *hex; /* the frames of --hex, one a line */
    size_t hex_n;
    unsigned long frames, decoded, failed, unknown, unanswered, bad_lines, out_of_range;
    unsigned long shown_errors, hidden_errors;
    struct ids ids;
};

static void note_id(struct ids *ids, const struct vb_frame *frame) {
    uint64_t flags =
        frame->flags & (VB_FRAME_EXT | VB_FRAME_ERR); /* the others are no part of it */
    uint64_t key = (uint64_t)frame->id | (uint64_t)(frame->kind + 1u) << 40 | flags << 48;
    size_t at = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 51); /* 13 bits = 2 * IDS_MAX */
    while (ids->table[at] && ids->table[at] != key) {
        at = (at + 1) % (2 * IDS_MAX);
    }
    if (ids->table[at] || ids->count == IDS_MAX) {
        return;
    }
    ids->table[at] = key;
    if (ids->count < IDS_SHOWN) {
        ids->shown[ids->count][vb_frame_id_text(frame, ids->shown[ids->count])] = '\0';
    }
    ids->count++;
}

/* May another error be written? */
static bool show_error(struct decoder *d) {
    if (!d->verbose && d->shown_errors == SHOWN_ERRORS) {
        d->hidden_errors++;
        return false;
    }
    d->shown_errors++;
    return true;
}

static void show_fault(struct decoder *d, const struct vb_frame *frame, const struct view *view,
                       const struct vb_reading *reading) {
    char id[VB_FRAME_ID_TEXT + 1];
    if (!show_error(d)) {
        return;
    }
    id[vb_frame_id_text(frame, id)] = '\0';
    fprintf(stderr, "%s:%lu: %s%s%s: ", d->path, d->reader.line.number,
            view ? view->instance.device->name : "", view ? " " : "", id);
    const struct vb_message *message = reading->message;
    switch (reading->fault) {
    case VB_FAULT_LENGTH: /* only a message has a length to break */
        if (!message) {
            fprintf(stderr, "length: %u bytes\n", (unsigned)frame->len);
        } else if (message->len_min == message->len_max) {
            fprintf(stderr, "length: %u bytes, expected %u\n", (unsigned)frame->len,
                    message->len_min);
        } else {
            fprintf(stderr, "length: %u bytes, expected %u to %u\n", (unsigned)frame->len,
                    message->len_min, message->len_max);
        }
        break;
    case VB_FAULT_CRC:
        fprintf(stderr, "crc: the CRC does not match the data\n");
        break;
    case VB_FAULT_SUM:
        fprintf(stderr, "sum: the sum does not match the data\n");
        break;
    case VB_FAULT_COUNTER:
        fprintf(stderr, "counter: it stands where the frame before had it\n");
        break;
    case VB_FAULT_PARITY:
        fprintf(stderr, "parity: the PID does not have the parity of its id\n");
        break;
    case VB_FAULT_CHECKSUM:
        fprintf(stderr, "checksum: neither classic nor enhanced\n");
        break;
    default:
        fprintf(stderr, "%s\n", vb_fault_text(reading->fault));
        break;
    }
}

static void show_range(struct decoder *d, const struct vb_frame *frame, const struct view *view,
                       const struct vb_sample *sample) {
    char id[VB_FRAME_ID_TEXT + 1];
    char value[VALUE_TEXT];
    d->out_of_range++;
    if (!show_error(d)) {
        return;
    }
    id[vb_frame_id_text(frame, id)] = '\0';
    size_t n = vb_signal_text(sample->signal, sample->raw, value, sizeof value, NULL);
    fprintf(stderr, "%s:%lu: %s %s: %s %.*s %s is out of range, expected %.12g to %.12g\n", d->path,
            d->reader.line.number, view->instance.device->name, id, sample->signal->name, (int)n,
            value, sample->signal->unit, (double)sample->signal->limits->min_milli / 1000,
            (double)sample->signal->limits->max_milli / 1000);
}

/* The views of the link that a frame came from. Returns NULL if memory runs out. */
static struct view *views_of(struct decoder *d, uint16_t bus) {
    if (d->views[bus]) {
        return d->views[bus];
    }
    struct view *views = d->views[bus] = calloc(d->selection.count, sizeof *views);
    for (size_t i = 0; views && i < d->selection.count; i++) {
        if (!view_init(&views[i], d->selection.devices[i], (uint16_t)i)) {
            return NULL;
        }
        selection_apply(&d->selection, &views[i].instance);
    }
    return views;
}

static void show(struct decoder *d, const struct vb_frame *frame, const struct view *view,
                 struct vb_reading reading) {
    int64_t t_ns;
    if (__builtin_sub_overflow(frame->t_ns, d->t0_ns, &t_ns)) {
        t_ns = frame->t_ns < 0 ? INT64_MIN : INT64_MAX;
    }
    struct seen_frame seen = {.frame = frame,
                              .t_ns = t_ns,
                              .relative = d->relative,
                              .first = !d->first_shown,
                              .link = d->reader.links[frame->bus],
                              .view = view,
                              .reading = reading};
    d->first_shown = true;
    d->output->frame(&d->sink, &seen);
}

/* The first frame decides whether the times of the recording are Unix times. */
static void start(struct decoder *d, const struct vb_frame *frame) {
    d->started = true;
    d->relative = frame->flags & VB_FRAME_NO_TIME ||
                  (frame->t_ns < NOT_UNIX_BEFORE && frame->t_ns > -NOT_UNIX_BEFORE);
    d->t0_ns = d->relative ? frame->t_ns : 0;
}

static bool decode_frame(struct decoder *d, const struct vb_frame *frame) {
    if (!d->started) {
        start(d, frame);
    }
    d->frames++;
    if (frame->fault == VB_FAULT_NO_RESPONSE) { /* normal on camper buses: nobody is fitted there */
        d->unanswered++;
        if (d->all) {
            show(d, frame, NULL, (struct vb_reading){0});
        }
        return true;
    }
    struct view *views = views_of(d, frame->bus);
    struct vb_reading readings[SELECTION_MAX];
    size_t good = 0;
    size_t bad = 0;
    if (!views) {
        return false;
    }
    for (size_t i = 0; i < d->selection.count; i++) {
        readings[i] = vb_instance_read(&views[i].instance, frame, views[i].samples, views[i].cap);
        good += readings[i].message && readings[i].fault == VB_FAULT_NONE;
        bad += readings[i].message && readings[i].fault != VB_FAULT_NONE;
    }
    for (size_t i = 0; good + bad > 0 && i < d->selection.count; i++) {
        const struct vb_reading *reading = &readings[i];
        /* Ids are not unique: where one device reads a frame well, another whose row has the same
         * id and another length was not meant. */
        if (!reading->message ||
            (d->selection.automatic && good > 0 && reading->fault == VB_FAULT_LENGTH)) {
            continue;
        }
        show(d, frame, &views[i], *reading);
        if (reading->fault != VB_FAULT_NONE) {
            show_fault(d, frame, &views[i], reading);
        }
        for (size_t s = 0; s < reading->count; s++) {
            if (views[i].samples[s].out_of_range) {
                show_range(d, frame, &views[i], &views[i].samples[s]);
            }
        }
    }
    if (good > 0) {
        d->decoded++;
    } else if (bad > 0) {
        d->failed++;
    } else if (frame->fault != VB_FAULT_NONE) {
        struct vb_reading reading = {NULL, (enum vb_fault)frame->fault, 0};
        d->failed++;
        show(d, frame, NULL, reading);
        show_fault(d, frame, NULL, &reading);
    } else {
        d->unknown++;
        note_id(&d->ids, frame);
        if (d->all) {
            show(d, frame, NULL, (struct vb_reading){0});
        }
    }
    return true;
}

static void summary(const struct decoder *d) {
    if (d->hidden_errors) {
        fprintf(stderr, "%s: %lu more of these are not shown (--verbose shows all)\n", d->path,
                d->hidden_errors);
    }
    fprintf(stderr, "%s: %lu frames (%s): %lu decoded, %lu failed, %lu unknown", d->path, d->frames,
            d->reader.format->name, d->decoded, d->failed, d->unknown);
    if (d->ids.count > 0) {
        fprintf(stderr, " (%s%zu ids:", d->ids.count == IDS_MAX ? "at least " : "", d->ids.count);
        for (size_t i = 0; i < d->ids.count && i < IDS_SHOWN; i++) {
            fprintf(stderr, " %s", d->ids.shown[i]);
        }
        fprintf(stderr, "%s)", d->ids.count > IDS_SHOWN ? " .." : "");
    }
    if (d->unanswered) {
        fprintf(stderr, ", %lu unanswered", d->unanswered);
    }
    if (d->out_of_range) {
        fprintf(stderr, ", %lu values out of range", d->out_of_range);
    }
    if (d->bad_lines) {
        fprintf(stderr, ", %lu lines not understood", d->bad_lines);
    }
    fputc('\n', stderr);
}

/* Read everything. Returns the exit status. */
static int decode(struct decoder *d, struct lines *lines, const struct format *forced,
                  int hex_kind) {
    reader_init(&d->reader, lines, forced, hex_kind);
    if (!d->reader.format) {
        struct line line;
        if (lines_next(lines, &line) < 0) {
            return failure("decode", "%s: %s", d->path, lines_why(lines));
        }
        if (d->hex) {
            return usage_error("decode", "--hex: expected ID#DATA (1DB#0011.., 22#AB84..) or bytes "
                                         "in pairs of hexadecimal digits");
        }
        return failure("decode",
                       "%s: not a recording that voltbus knows: no line of any of its formats in "
                       "the first 256 kB (voltbus list formats)",
                       d->path);
    }
    if (d->output->begin) {
        d->output->begin(&d->sink);
    }
    int status = EXIT_DONE;
    for (;;) {
        struct vb_frame frame;
        if (!lines_ready(lines)) {
            sink_flush(&d->sink); /* the next line may be long in coming */
        }
        int result = reader_next(&d->reader, &frame);
        if (result == 1) {
            if (!decode_frame(d, &frame)) {
                status = failure("decode", "out of memory");
                break;
            }
        } else if (result == 0) {
            break;
        } else if (result == READER_BROKEN) {
            status = failure("decode", "%s: after line %lu: %s", d->path, d->reader.line.number,
                             lines_why(lines));
            break;
        } else {
            d->bad_lines++;
            if (show_error(d)) {
                fprintf(stderr, "%s:%lu: %s\n", d->path, d->reader.line.number, d->reader.why);
            }
        }
        if (d->sink.error) {
            break;
        }
    }
    sink_flush(&d->sink);
    summary(d);
    if (d->sink.error) {
        return failure("decode", "cannot write the output: %s", strerror(d->sink.error));
    }
    return status;
}

/* Plain bytes are a radio packet, unless only LIN devices are asked for. */
static int kind_of_hex(const struct selection *s) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->devices[i]->kind != VB_KIND_LIN) {
            return s->count == 1 ? s->devices[i]->kind : VB_KIND_RADIO;
        }
    }
    return VB_KIND_LIN;
}

int cmd_decode(int argc, char **argv) {
    enum { AS = 1000, SET, HEX, JSON, CSV, FORMAT, ALL, VERBOSE, HELP };
    static const struct option options[] = {
        {"as", required_argument, NULL, AS},   {"set", required_argument, NULL, SET},
        {"hex", required_argument, NULL, HEX}, {"json", no_argument, NULL, JSON},
        {"csv", no_argument, NULL, CSV},       {"format", required_argument, NULL, FORMAT},
        {"all", no_argument, NULL, ALL},       {"verbose", no_argument, NULL, VERBOSE},
        {"help", no_argument, NULL, HELP},     {NULL, 0, NULL, 0},
    };
    static struct decoder d;
    const struct format *forced = NULL;
    d.output = output_find("text");
    d.sink.fd = STDOUT_FILENO;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case AS:
            if (!selection_as(&d.selection, "decode", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case SET:
            if (!selection_set(&d.selection, "decode", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case HEX: { /* each one is a line of a small file in memory */
            size_t n = strlen(optarg);
            char *longer = realloc(d.hex, d.hex_n + n + 1);
            if (!longer) {
                return failure("decode", "out of memory");
            }
            d.hex = longer;
            memcpy(d.hex + d.hex_n, optarg, n);
            d.hex[d.hex_n + n] = '\n';
            d.hex_n += n + 1;
            break;
        }
        case JSON:
            d.output = output_find("json");
            break;
        case CSV:
            d.output = output_find("csv");
            break;
        case FORMAT:
            forced = format_find(optarg);
            if (!forced) {
                const char *names[32] = {NULL};
                char near[NEAREST_TEXT];
                for (size_t i = 0; i < format_count; i++) {
                    names[i] = formats[i]->name;
                }
                return usage_error("decode", "unknown format '%s'%s (voltbus list formats)", optarg,
                                   nearest(optarg, names, near));
            }
            break;
        case ALL:
            d.all = true;
            break;
        case VERBOSE:
            d.verbose = true;
            break;
        case HELP:
            fputs(usage, stdout);
            return EXIT_DONE;
        default:
            return usage_error("decode", "voltbus decode --help tells what is allowed");
        }
    }
    if (d.hex ? optind < argc : optind + 1 != argc) {
        return usage_error("decode", "%s",
                           d.hex           ? "either FILE or --hex, not both"
                           : optind < argc ? "one FILE at a time"
                                           : "expected FILE, - or --hex 'FRAME'");
    }
    if (!selection_ready(&d.selection, "decode")) {
        return EXIT_USAGE;
    }
    char why[160];
    struct lines *lines;
    if (d.hex) {
        d.path = "--hex";
        lines = lines_of_text(d.hex, d.hex_n);
        snprintf(why, sizeof why, "out of memory");
    } else {
        d.path = strcmp(argv[optind], "-") == 0 ? "stdin" : argv[optind];
        lines = lines_open(argv[optind], why, sizeof why);
    }
    if (!lines) {
        return failure("decode", "%s: %s", d.path, why);
    }
    int status = decode(&d, lines, forced, kind_of_hex(&d.selection));
    for (size_t link = 0; link < READER_LINKS_MAX; link++) {
        for (size_t i = 0; d.views[link] && i < d.selection.count; i++) {
            view_free(&d.views[link][i]);
        }
        free(d.views[link]);
    }
    lines_close(lines);
    free(d.hex);
    return status;
}
