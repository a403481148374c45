/* file.c - a recording, replayed with its own timing.
 * Times of the recording stay as they are where they are Unix times, so that a replay gives the
 * samples that `voltbus decode` gives; times since power-on are counted from now.
 * The file is read on the loop, a slice at a time: recordings are regular files on a disk. Pipes
 * would make the loop wait and are refused.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/file/format.h"
#include "host/hub/hub.h"
#include "host/link/link.h"
#include "voltbus/time.h"

static const struct vb_key keys[] = {
    {"format", VB_KEY_TEXT, NULL, "", 0, 0, NULL,
     "do not find the format by content (voltbus list formats)"},
    {"bus", VB_KEY_TEXT, NULL, "", 0, 0, NULL,
     "of several interfaces in the recording only this one, by its name there"},
};

#define SLICE_FRAMES 500 /* then the loop gets its turn */
#define BUSY_NS      (2 * VB_NS_PER_MS)
#define SHOWN_ERRORS 20

struct file {
    struct lines *lines;
    struct reader reader;
    struct vb_frame frame; /* the next one, read ahead */
    bool any, held;
    int64_t first_ns;      /* time of the first frame in the recording ... */
    int64_t start_mono_ns; /* ... and when it was played */
    int64_t shift_ns;      /* added to its times */
    int64_t deadline_ns;
    unsigned long bad_lines;
};

static bool open_file(struct link *link, char *why) {
    struct file *file = link_kind_state(link);
    const struct link_spec *spec = link->config->spec;
    const struct vb_value *name = link_value(spec, "format");
    const char *path = spec->place.name;
    const struct format *forced = NULL;
    struct stat stat_of;
    char reason[160];
    char format[32];
    snprintf(format, sizeof format, "%.*s", (int)name->len, name->text);
    if (name->len > 0 && !(forced = format_find(format))) {
        snprintf(why, LINK_WHY, "unknown format '%s' (voltbus list formats)", format);
        return false;
    }
    if (stat(path, &stat_of) == 0 && !S_ISREG(stat_of.st_mode)) {
        snprintf(why, LINK_WHY, "%.150s: is no regular file: a replay needs one", path);
        return false;
    }
    file->lines = lines_open(path, reason, sizeof reason);
    if (!file->lines) {
        snprintf(why, LINK_WHY, "%.100s: %.130s", path, reason);
        return false;
    }
    reader_init(&file->reader, file->lines, forced);
    if (!file->reader.format) {
        lines_close(file->lines);
        file->lines = NULL;
        snprintf(why, LINK_WHY, "%.150s: not a recording that voltbus knows (voltbus list formats)",
                 path);
        return false;
    }
    file->deadline_ns = clock_mono_ns();
    return true;
}

static void wrong_line(struct link *link) {
    struct file *file = link_kind_state(link);
    link->bad++;
    if (file->bad_lines++ < SHOWN_ERRORS) {
        hub_log(link->hub, "%.120s:%lu: %s%s", link->config->spec->place.name,
                file->reader.line.number, file->reader.why,
                file->bad_lines == SHOWN_ERRORS ? " (further ones are only counted)" : "");
    }
}

/* Read ahead to the next frame of the chosen interface. Returns false at the end. */
static bool read_ahead(struct link *link) {
    struct file *file = link_kind_state(link);
    const struct vb_value *bus = link_value(link->config->spec, "bus");
    for (;;) {
        int result = reader_next(&file->reader, &file->frame);
        if (result == 0) {
            char why[80];
            snprintf(why, sizeof why, "the recording has ended after %llu frames",
                     (unsigned long long)link->frames);
            link_end(link, why);
            return false;
        }
        if (result == READER_BROKEN) {
            char why[200];
            snprintf(why, sizeof why, "the recording cannot be read on after line %lu: %.120s",
                     file->reader.line.number, lines_why(file->lines));
            link_end(link, why);
            return false;
        }
        if (result < 0) {
            wrong_line(link);
            continue;
        }
        const char *its = file->reader.links[file->frame.bus];
        if (bus->len == 0 || (strlen(its) == bus->len && memcmp(its, bus->text, bus->len) == 0)) {
            return true;
        }
    }
}

static void start(struct link *link) {
    struct file *file = link_kind_state(link);
    const struct vb_frame *frame = &file->frame;
    file->any = true;
    file->first_ns = frame->t_ns;
    file->start_mono_ns = clock_mono_ns();
    bool unix_time = !(frame->flags & VB_FRAME_NO_TIME) && vb_time_is_unix(frame->t_ns);
    file->shift_ns = unix_time ? 0 : clock_wall_ns() - frame->t_ns;
}

/* When the frame that was read ahead is to be played. */
static int64_t due_ns(const struct link *link) {
    const struct file *file = link_kind_state(link);
    double speed = link->hub->config->speed;
    double after = (double)(file->frame.t_ns - file->first_ns);
    if (speed <= 0 || after <= 0) {
        return INT64_MIN;
    }
    return after / speed > 9e17 ? INT64_MAX : file->start_mono_ns + (int64_t)(after / speed);
}

static void tick(struct link *link, int64_t mono_ns) {
    struct file *file = link_kind_state(link);
    for (unsigned n = 0; link->state == LINK_OPEN; n++) {
        if (!file->held && !(file->held = read_ahead(link))) {
            return;
        }
        if (!file->any) {
            start(link);
        }
        int64_t due = due_ns(link);
        if (due > mono_ns) {
            file->deadline_ns = due;
            return;
        }
        if (n == SLICE_FRAMES) {
            file->deadline_ns = mono_ns;
            return;
        }
        if (n % 50 == 0 && hub_busy(link->hub)) {
            file->deadline_ns = mono_ns + BUSY_NS;
            return;
        }
        file->held = false;
        file->frame.t_ns += file->shift_ns;
        hub_frame(link, &file->frame);
    }
}

static int64_t deadline_ns(struct link *link) {
    return ((struct file *)link_kind_state(link))->deadline_ns;
}

static void closed(struct link *link) {
    struct file *file = link_kind_state(link);
    if (file->lines) {
        lines_close(file->lines);
        file->lines = NULL;
    }
}

const struct link_kind link_kind_file = {
    .name = "file",
    .title = "a recording, replayed with its own timing (--speed changes it)",
    .frame_kind = VB_KIND_COUNT,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "the path of a recording",
    .example = "file:capture.log",
    .size = sizeof(struct file),
    .open = open_file,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .closed = closed,
};
