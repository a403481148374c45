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
#include "host/out/v2g.h"
#include "voltbus/time.h"

static const char usage[] =
    "usage: voltbus decode [OPTION]... FILE        (- reads standard input)\n"
    "       voltbus decode [OPTION]... --hex 'FRAME'...\n"
    "\n"
    "  --as DEVICE      read frames as this device only; may be repeated\n"
    "                   (voltbus list devices)\n"
    "  --db FILE        read frames by this DBC file; may be repeated, beside --as\n"
    "  --set KEY=VALUE  a setting of the devices; DEVICE.KEY=VALUE means one of\n"
    "                   them; family=NAME chooses between weather stations\n"
    "  --hex FRAME      a frame instead of a file: 1DB#00112233 (CAN), 22#AB84\n"
    "                   (LIN), the bytes of a LIN bus or of a radio packet,\n"
    "                   '$GS^30 $OK 03 754 03 0140^13' or 'GS: $OK ..' (RAPI)\n"
    "  --json, --csv    one JSON object per frame, or one CSV row per value\n"
    "  --format NAME    do not find the format by content (voltbus list formats)\n"
    "  --all            show also frames that no row knows, and LIN headers that\n"
    "                   nobody answers\n"
    "  --verbose        show everything that fails on stderr, not only the first\n"
    "                   20\n";

#define SHOWN_ERRORS 20
#define HINT_FRAMES  20   /* fewer tell little about a bus */
#define HEX_MAX      256  /* --hex */
#define IDS_MAX      4096 /* distinct unknown ids that are counted */
#define IDS_SHOWN    12
#define WHY_MAX      640

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
    struct view *views[READER_LINKS_MAX]; /* [link][device], made when the link is first seen */
    bool all, verbose;
    bool started, relative;
    bool first_shown;
    bool can; /* the first frame was one of CAN */
    int64_t t0_ns;
    const char *path; /* for messages */
    const char *hex[HEX_MAX];
    size_t hex_count;
    unsigned long frames, decoded, failed, unknown, unanswered, bad_lines, out_of_range;
    unsigned long questions, refused; /* of RAPI */
    unsigned long events;             /* of the network below V2G */
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

/* May another error be written? What was decoded before it is written first. */
static bool show_error(struct decoder *d) {
    if (!d->verbose && d->shown_errors == SHOWN_ERRORS) {
        d->hidden_errors++;
        return false;
    }
    d->shown_errors++;
    sink_flush(&d->sink);
    return true;
}

static void show_fault(struct decoder *d, const struct vb_frame *frame, const struct view *view,
                       const struct vb_reading *reading) {
    char id[VB_FRAME_ID_TEXT + 1];
    if (!show_error(d)) {
        return;
    }
    id[vb_frame_id_text(frame, id)] = '\0';
    char place[READER_PLACE];
    fprintf(stderr, "%s%s: %s%s%s: ", d->path, reader_place(&d->reader, place),
            view ? view->instance.device->name : "", view ? " " : "", id);
    const struct vb_message *message = reading->message;
    fprintf(stderr, "%s: ", vb_fault_text(reading->fault));
    if (reading->fault == VB_FAULT_EXI) {
        char why[WHY_MAX];
        struct v2g_seen seen;
        v2g_read(frame, &seen);
        fprintf(stderr, "%s\n", v2g_why(&seen, why, sizeof why));
    } else if (reading->fault != VB_FAULT_LENGTH || !message) {
        fprintf(stderr, "%s\n", vb_fault_why(reading->fault));
    } else if (message->len_min == message->len_max) {
        fprintf(stderr, "%u bytes, expected %u\n", (unsigned)frame->len, message->len_min);
    } else {
        fprintf(stderr, "%u bytes, expected %u to %u\n", (unsigned)frame->len, message->len_min,
                message->len_max);
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
    char place[READER_PLACE];
    fprintf(stderr, "%s%s: %s %s: %s %.*s%s%s is out of range, expected %.12g to %.12g\n", d->path,
            reader_place(&d->reader, place), view->instance.device->name, id, sample->signal->name,
            (int)n, value, sample->signal->unit[0] ? " " : "", sample->signal->unit,
            (double)sample->signal->limits->min_milli / 1000,
            (double)sample->signal->limits->max_milli / 1000);
}

/* The views of the link that a frame came from. Returns NULL if memory runs out. */
static struct view *views_of(struct decoder *d, uint16_t bus) {
    if (d->views[bus]) {
        return d->views[bus];
    }
    struct view *views = d->views[bus] = calloc(d->selection.count, sizeof *views);
    for (size_t i = 0; views && i < d->selection.count; i++) {
        if (!view_init(&views[i], d->selection.devices[i], NULL, (uint16_t)i)) {
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
    d->can = frame->kind == VB_KIND_CAN;
    d->relative = frame->flags & VB_FRAME_NO_TIME || !vb_time_is_unix(frame->t_ns);
    d->t0_ns = d->relative ? frame->t_ns : 0;
}

/* Is a frame of the wrong length not of this device, rather than damaged? Only where nobody said that
 * the device is there: ids are not unique, and on LIN each maker of a bus gives them anew. */
static bool meant_for_another(const struct decoder *d, const struct vb_reading *reading,
                              const struct vb_frame *frame, bool fits_another) {
    return d->selection.automatic && reading->fault == VB_FAULT_LENGTH &&
           (fits_another || frame->kind == VB_KIND_LIN);
}

static void show_nobody(struct decoder *d, const struct vb_frame *frame) {
    if (d->all) {
        show(d, frame, NULL, (struct vb_reading){0});
    }
}

/* Of RAPI: a question has no values, and nor have most answers that say no. Counts it. */
static bool has_no_values(struct decoder *d, const struct vb_frame *frame,
                          const struct vb_reading *readings) {
    bool asked = frame->flags & VB_FRAME_ASK;
    bool refused = !asked && frame->len >= 2 && memcmp(frame->data, "NK", 2) == 0;
    if (frame->kind != VB_KIND_RAPI || frame->fault != VB_FAULT_NONE || (!asked && !refused)) {
        return false;
    }
    for (size_t i = 0; i < d->selection.count; i++) {
        if (readings[i].count > 0) {
            return false; /* NK with a value: $SC has applied it */
        }
    }
    d->questions += asked;
    d->refused += refused;
    return true;
}

/* A message between car and charger as its protocol has it, and not as a device: where nobody named one, and
 * the output can. */
static bool shown_whole(struct decoder *d, const struct vb_frame *frame) {
    struct vb_reading reading = {0};
    struct v2g_seen seen;
    if (frame->kind != VB_KIND_V2G || !d->selection.automatic || !d->output->whole) {
        return false;
    }
    v2g_read(frame, &seen);
    reading.fault = seen.why ? VB_FAULT_EXI : VB_FAULT_NONE;
    show(d, frame, NULL, reading);
    if (seen.unknown) {
        d->unknown++;
        note_id(&d->ids, frame);
    } else if (seen.why) {
        d->failed++;
        show_fault(d, frame, NULL, &reading);
    } else {
        d->decoded++;
    }
    return true;
}

static bool decode_frame(struct decoder *d, const struct vb_frame *frame) {
    if (!d->started) {
        start(d, frame);
    }
    if (frame->kind == VB_KIND_NET) {
        d->events++;
        if (d->output->whole && (d->selection.automatic || d->all)) {
            show(d, frame, NULL, (struct vb_reading){0});
        }
        return true;
    }
    d->frames++;
    if (shown_whole(d, frame)) {
        return true;
    }
    if (frame->fault == VB_FAULT_NO_RESPONSE) { /* normal on camper buses: nobody is fitted there */
        d->unanswered++;
        show_nobody(d, frame);
        return true;
    }
    struct view *views = views_of(d, frame->bus);
    static struct vb_reading readings[SELECTION_MAX];
    bool fits = false; /* the length fits a row of some device */
    bool part = false;
    size_t good = 0;
    size_t bad = 0;
    if (!views) {
        return false;
    }
    for (size_t i = 0; i < d->selection.count; i++) {
        if (views[i].instance.device->kind != frame->kind) { /* most devices, for every frame */
            readings[i] = (struct vb_reading){0};
            continue;
        }
        readings[i] = vb_instance_read(&views[i].instance, frame, views[i].samples, views[i].cap);
        fits |= readings[i].message && readings[i].fault != VB_FAULT_LENGTH;
        part |= readings[i].part;
    }
    if (has_no_values(d, frame, readings)) {
        show_nobody(d, frame);
        return true;
    }
    for (size_t i = 0; i < d->selection.count; i++) {
        const struct vb_reading *reading = &readings[i];
        if (!reading->message || meant_for_another(d, reading, frame, fits)) {
            continue;
        }
        show(d, frame, &views[i], *reading);
        if (reading->fault != VB_FAULT_NONE) {
            bad++;
            show_fault(d, frame, &views[i], reading);
            continue;
        }
        good++;
        for (size_t s = 0; s < reading->count; s++) {
            if (views[i].samples[s].out_of_range) {
                show_range(d, frame, &views[i], &views[i].samples[s]);
            }
        }
    }
    if (good > 0 || (part && bad == 0)) {
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
        show_nobody(d, frame);
    }
    return true;
}

static const char *plural(unsigned long n) {
    return n == 1 ? "" : "s";
}

static void summary(const struct decoder *d) {
    if (d->hidden_errors) {
        fprintf(stderr, "%s: %lu more of these are not shown (--verbose shows all)\n", d->path,
                d->hidden_errors);
    }
    fprintf(stderr, "%s: %lu frame%s", d->path, d->frames, plural(d->frames));
    if (d->hex_count == 0) {
        fprintf(stderr, " (%s)", d->reader.format->name);
    }
    fprintf(stderr, ": %lu decoded, %lu failed, %lu unknown", d->decoded, d->failed, d->unknown);
    if (d->ids.count > 0) {
        fprintf(stderr, " (%s%zu id%s:", d->ids.count == IDS_MAX ? "at least " : "", d->ids.count,
                plural(d->ids.count));
        for (size_t i = 0; i < d->ids.count && i < IDS_SHOWN; i++) {
            fprintf(stderr, " %s", d->ids.shown[i]);
        }
        fprintf(stderr, "%s)", d->ids.count > IDS_SHOWN ? " .." : "");
    }
    if (d->events) {
        fprintf(stderr, ", %lu network event%s", d->events, plural(d->events));
    }
    if (d->unanswered) {
        fprintf(stderr, ", %lu unanswered", d->unanswered);
    }
    if (d->questions) {
        fprintf(stderr, ", %lu question%s", d->questions, plural(d->questions));
    }
    if (d->refused) {
        fprintf(stderr, ", %lu refused (NK)", d->refused);
    }
    if (d->out_of_range) {
        fprintf(stderr, ", %lu value%s out of range", d->out_of_range, plural(d->out_of_range));
    }
    if (d->bad_lines) {
        fprintf(stderr, ", %lu %s%s not understood", d->bad_lines,
                d->reader.format && d->reader.format->next ? "packet" : "line",
                plural(d->bad_lines));
    }
    fputc('\n', stderr);
    if (!d->selection.automatic || d->frames < HINT_FRAMES) {
        return;
    }
    if (d->can && d->unknown == d->frames) {
        fprintf(
            stderr,
            "%s: no device that voltbus knows: --db FILE reads it by a DBC file, --all shows the "
            "frames\n",
            d->path);
    } else if (d->failed + d->out_of_range > d->decoded || (d->can && d->unknown > d->decoded)) {
        fprintf(stderr,
                "%s: ids are not unique, so these devices may not be there at all: name "
                "those that are with --as\n",
                d->path);
    }
}

static void begin(struct decoder *d) {
    if (d->output->begin) {
        d->output->begin(&d->sink);
    }
}

/* Read everything that lines have. Returns the exit status. */
static int decode_lines(struct decoder *d, struct lines *lines, const struct format *forced) {
    reader_init(&d->reader, lines, forced);
    if (!d->reader.format) {
        return failure("decode", "%s: %s", d->path, reader_no_format(&d->reader));
    }
    begin(d);
    while (!d->sink.error) {
        struct vb_frame frame;
        char place[READER_PLACE];
        if (!reader_ready(&d->reader)) {
            sink_flush(&d->sink); /* the next line may be long in coming */
        }
        int result = reader_next(&d->reader, &frame);
        if (result == 0) {
            break;
        }
        if (result == READER_BROKEN) {
            sink_flush(&d->sink);
            return recording_broken("decode", d->path, &d->reader);
        }
        if (result < 0) {
            d->bad_lines++;
            if (show_error(d)) {
                fprintf(stderr, "%s%s: %s\n", d->path, reader_place(&d->reader, place),
                        d->reader.why);
            }
        } else if (!decode_frame(d, &frame)) {
            return failure("decode", "out of memory");
        }
    }
    return EXIT_DONE;
}

static int decode_file(struct decoder *d, const char *path, const struct format *forced) {
    char why[160];
    if (strncmp(path, "file:", 5) == 0) { /* a LINK, as live ones are written */
        path += 5;
    }
    d->path = strcmp(path, "-") == 0 ? "stdin" : path;
    struct lines *lines = lines_open(path, why, sizeof why);
    if (!lines) {
        return failure("decode", "%s: %s", d->path, why);
    }
    int status = decode_lines(d, lines, forced);
    bool read = d->reader.format != NULL;
    reader_close(&d->reader);
    if (read && status == EXIT_DONE && d->frames + d->events == 0 && !d->sink.error) {
        status =
            failure("decode",
                    d->reader.format->next ? "%s: no packet in it that voltbus reads (format %s)"
                                           : "%s: no frame of the format %s in it",
                    d->path, d->reader.format->name);
    } else if (read) {
        summary(d);
    }
    return status;
}

/* The format of a --hex, for the reason why no format takes it: what it looks most like. */
static const struct format *looks_like(const char *text) {
    return format_find(strstr(text, "RF69")   ? "rfm69"
                       : strchr(text, '$')    ? "rapi"
                       : strchr(text, '#')    ? "frames"
                       : strspn(text, "0x5 ") ? "lin-hex"
                                              : "hex");
}

/* Is there a chosen device on that kind of wire? */
static bool reads_kind(const struct selection *s, uint8_t kind) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->devices[i]->kind == kind) {
            return true;
        }
    }
    return false;
}

/* A reply of RAPI that stands alone. */
static bool answers_nothing(const struct vb_frame *frame) {
    return frame->kind == VB_KIND_RAPI && frame->id == 0 && frame->fault == VB_FAULT_NONE;
}

/* Each --hex is a small file of its own, with a format of its own; a reply may answer the question of the
 * one before. */
static int decode_hex(struct decoder *d, const struct format *forced) {
    struct vb_rapi_tap tap;
    vb_rapi_tap_init(&tap);
    begin(d);
    for (size_t i = 0; i < d->hex_count; i++) {
        struct vb_frame frame;
        struct lines *lines = lines_of_text(d->hex[i], strlen(d->hex[i]));
        if (!lines) {
            return failure("decode", "out of memory");
        }
        d->path = "--hex";
        reader_init(&d->reader, lines, forced);
        d->reader.rapi[0] = tap;
        if (!d->reader.format) {
            d->reader.format = looks_like(d->hex[i]);
        }
        int status = EXIT_DONE;
        unsigned long before = d->frames;
        unsigned long unknown = d->unknown;
        for (int result; (result = reader_next(&d->reader, &frame)) != 0 && status == EXIT_DONE;) {
            if (result < 0) {
                sink_flush(&d->sink);
                status = usage_error("decode", "--hex '%s': %s", d->hex[i], d->reader.why);
            } else if (frame.kind == VB_KIND_NET) { /* what is wrong with a V2GTP message */
                sink_flush(&d->sink);
                status = usage_error("decode", "--hex '%s': no whole V2GTP message: %.*s",
                                     d->hex[i], (int)frame.len, (const char *)frame.data);
            } else if (!reads_kind(&d->selection, frame.kind)) {
                sink_flush(&d->sink);
                status = usage_error("decode",
                                     "--hex '%s': read as a %s frame, which no device of --as has "
                                     "(CAN: 1DB#00.., LIN: 22#AB.. or 55 E2 AB .., "
                                     "RAPI: $GS^30 $OK ..)",
                                     d->hex[i], vb_kind_text((enum vb_kind)frame.kind));
            } else if (answers_nothing(&frame)) {
                sink_flush(&d->sink);
                status =
                    usage_error("decode",
                                "--hex '%s': a reply does not say what it answers: write the "
                                "question before it ('$GS^30 $OK ..') or its code ('GS: $OK ..')",
                                d->hex[i]);
            } else if (!decode_frame(d, &frame)) {
                status = failure("decode", "out of memory");
            }
        }
        if (status == EXIT_DONE && d->frames == before && d->reader.format == format_find("rapi")) {
            status = usage_error("decode",
                                 "--hex '%s': expected lines of RAPI: $GS^30 $OK 03 754 "
                                 "03 0140^13",
                                 d->hex[i]);
        }
        if (d->unknown > unknown && d->reader.format == format_find("hex") &&
            strncmp(d->hex[i], "80", 2) == 0) {
            sink_flush(&d->sink);
            fprintf(stderr, "--hex: read as a radio packet; EXI is read by voltbus exi decode\n");
        }
        tap = d->reader.rapi[0];
        reader_close(&d->reader);
        if (status != EXIT_DONE) {
            return status;
        }
    }
    summary(d);
    return EXIT_DONE;
}

static bool choose_output(struct decoder *d, const char *name) {
    if (d->output && strcmp(d->output->name, name) != 0) {
        usage_error("decode", "either --json or --csv, not both");
        return false;
    }
    d->output = output_find(name);
    return true;
}

int cmd_decode(int argc, char **argv) {
    enum { AS = 1000, DB, SET, HEX, JSON, CSV, FORMAT, ALL, VERBOSE, HELP };
    static const struct option options[] = {
        {"as", required_argument, NULL, AS},
        {"db", required_argument, NULL, DB},
        {"set", required_argument, NULL, SET},
        {"hex", required_argument, NULL, HEX},
        {"json", no_argument, NULL, JSON},
        {"csv", no_argument, NULL, CSV},
        {"format", required_argument, NULL, FORMAT},
        {"all", no_argument, NULL, ALL},
        {"verbose", no_argument, NULL, VERBOSE},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    static struct decoder d;
    const struct format *forced = NULL;
    sink_open(&d.sink, STDOUT_FILENO);
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case AS:
            if (!selection_as(&d.selection, "decode", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case DB:
            if (!selection_db(&d.selection, "decode", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case SET:
            if (!selection_set(&d.selection, "decode", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case HEX:
            if (d.hex_count == HEX_MAX) {
                return usage_error("decode", "more than %d --hex: write them to a file", HEX_MAX);
            }
            d.hex[d.hex_count++] = optarg;
            break;
        case JSON:
        case CSV:
            if (!choose_output(&d, option == JSON ? "json" : "csv")) {
                return EXIT_USAGE;
            }
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
            d.verbose = d.selection.whole_story = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("decode", argv, options);
        }
    }
    if (d.hex_count > 0 ? optind < argc : optind + 1 != argc) {
        return usage_error("decode", "%s",
                           d.hex_count > 0 ? "either FILE or --hex, not both"
                           : optind < argc ? "one FILE at a time"
                                           : "expected FILE, - or --hex 'FRAME'");
    }
    if (!selection_ready(&d.selection, "decode")) {
        return EXIT_USAGE;
    }
    if (!d.output) {
        d.output = output_find("text");
    }
    int status = d.hex_count > 0 ? decode_hex(&d, forced) : decode_file(&d, argv[optind], forced);
    sink_flush(&d.sink);
    if (d.sink.error) {
        status = failure("decode", "cannot write the output: %s", strerror(d.sink.error));
    }
    for (size_t link = 0; link < READER_LINKS_MAX; link++) {
        for (size_t i = 0; d.views[link] && i < d.selection.count; i++) {
            view_free(&d.views[link][i]);
        }
        free(d.views[link]);
    }
    return status;
}
