/* file.c - a recording, replayed with its own timing.
 * Times of the recording stay as they are where they are Unix times, so that a replay gives the
 * samples that `voltbus decode` gives; times since power-on are counted from now.
 * The file is read on the loop, a slice at a time: recordings are regular files on a disk. Pipes
 * would make the loop wait and are refused.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

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

#define SLICE_LINES  500 /* then the loop gets its turn */
#define BUSY_NS      (2 * VB_NS_PER_MS)
#define SHOWN_ERRORS 20

/* The clock of a recording may have been set while it was written (a computer without a battery
 * for it). Nobody waits for that: the frame behind such a step is played at once, and the timing
 * goes on from there. A step forward may also be a pause, which is kept and told. */
#define STEP_BACK_NS  VB_NS_PER_S /* less: frames of two interfaces in another order */
#define STEP_AHEAD_NS (86400 * VB_NS_PER_S)
#define PAUSE_NS      (60 * VB_NS_PER_S)

struct file {
    struct lines *lines;
    struct reader reader;
    struct vb_frame frame; /* the next one, read ahead */
    bool any, held;
    bool unix_time;        /* of the last frame: else it has a clock of its own */
    int64_t last_ns;       /* time of the last frame in the recording */
    int64_t first_ns;      /* time of the first frame, or of that behind a step ... */
    int64_t start_mono_ns; /* ... and when it was played */
    int64_t shift_ns;      /* added to its times */
    int64_t deadline_ns;
    unsigned long bad_lines, steps;
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
        reader_close(&file->reader);
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
    char place[READER_PLACE];
    if (file->bad_lines++ < SHOWN_ERRORS) {
        hub_log(link->hub, "%.120s%s: %s%s", link->config->spec->place.name,
                reader_place(&file->reader, place), file->reader.why,
                file->bad_lines == SHOWN_ERRORS ? " (further ones are only counted)" : "");
    }
}

static void end(struct link *link, bool broken) {
    const struct file *file = link_kind_state(link);
    char why[200];
    if (broken) {
        snprintf(why, sizeof why, "the recording cannot be read on after %s %lu: %.120s",
                 file->reader.format->next ? "packet" : "line", file->reader.line.number,
                 reader_broken_why(&file->reader));
    } else {
        snprintf(why, sizeof why, "the recording has ended after %" PRIu64 " frames", link->frames);
    }
    link_end(link, why, broken);
}

static bool chosen(const struct link *link) {
    const struct file *file = link_kind_state(link);
    const struct vb_value *bus = link_value(link->config->spec, "bus");
    const char *its = file->reader.links[file->frame.bus];
    return bus->len == 0 || (strlen(its) == bus->len && memcmp(its, bus->text, bus->len) == 0);
}

/* ---- the clock of the recording ---- */

/* Times of a recording may be anything. */
static int64_t sum(int64_t a, int64_t b) {
    int64_t c;
    return !__builtin_add_overflow(a, b, &c) ? c : a < 0 ? INT64_MIN : INT64_MAX;
}

static int64_t difference(int64_t a, int64_t b) {
    int64_t c;
    return !__builtin_sub_overflow(a, b, &c) ? c : a < 0 ? INT64_MIN : INT64_MAX;
}

/* From here on the recording is played as if the frame that was read ahead came now. */
static void anchor(struct link *link, bool unix_time) {
    struct file *file = link_kind_state(link);
    int64_t before_ns = file->any ? sum(file->last_ns, file->shift_ns) : clock_wall_ns();
    file->first_ns = file->frame.t_ns;
    file->start_mono_ns = clock_mono_ns();
    file->shift_ns = unix_time ? 0 : difference(before_ns, file->frame.t_ns);
}

/* A frame was read ahead: follow its clock. */
static void follow_clock(struct link *link) {
    struct file *file = link_kind_state(link);
    struct vb_frame *frame = &file->frame;
    if (file->any && frame->flags & VB_FRAME_NO_TIME) {
        frame->t_ns = file->last_ns;
    }
    bool unix_time = file->any && frame->flags & VB_FRAME_NO_TIME
                         ? file->unix_time
                         : vb_time_is_unix(frame->t_ns) && !(frame->flags & VB_FRAME_NO_TIME);
    int64_t step_ns = file->any ? difference(frame->t_ns, file->last_ns) : 0;
    bool jump = file->any && (unix_time != file->unix_time || step_ns < -STEP_BACK_NS ||
                              step_ns > STEP_AHEAD_NS);
    if (jump && file->steps++ < SHOWN_ERRORS) {
        char place[READER_PLACE];
        hub_log(link->hub, "%.120s%s: the clock of the recording was set by %.0f s%s",
                link->config->spec->place.name, reader_place(&file->reader, place),
                (double)step_ns / 1e9,
                file->steps == SHOWN_ERRORS ? " (further times are not told)" : "");
    }
    if (jump || !file->any) {
        anchor(link, unix_time);
    }
    file->any = true;
    file->unix_time = unix_time;
    file->last_ns = frame->t_ns;
}

/* When the frame that was read ahead is to be played. */
static int64_t due_ns(const struct link *link) {
    const struct file *file = link_kind_state(link);
    double speed = link->hub->config->speed;
    double after = (double)difference(file->frame.t_ns, file->first_ns);
    if (speed <= 0 || after <= 0) {
        return INT64_MIN;
    }
    return after / speed > 9e17 ? INT64_MAX : sum(file->start_mono_ns, (int64_t)(after / speed));
}

static void tell(struct link *link, const char *reason) {
    if (strcmp(link->reason, reason) != 0) {
        snprintf(link->reason, sizeof link->reason, "%s", reason);
        link_changed(link);
    }
}

/* The next frame is due after wait_ns: a long wait looks like a fault, unless it is told. */
static void wait_for(struct link *link, int64_t due, int64_t wait_ns) {
    struct file *file = link_kind_state(link);
    char text[80];
    char when[24] = "";
    file->deadline_ns = due;
    if (wait_ns < PAUSE_NS || link->reason[0]) {
        return;
    }
    time_t at = (time_t)(sum(clock_wall_ns(), wait_ns) / VB_NS_PER_S);
    struct tm local;
    if (localtime_r(&at, &local)) {
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
    }
    double minutes = (double)wait_ns / 60e9;
    snprintf(text, sizeof text, "a pause in the recording: the next frame in %.1f %s, at %s",
             minutes < 90 ? minutes : minutes / 60, minutes < 90 ? "min" : "h", when);
    tell(link, text);
}

static void tick(struct link *link, int64_t mono_ns) {
    struct file *file = link_kind_state(link);
    for (unsigned lines = 0; lines < SLICE_LINES; lines++) {
        if (!file->held) {
            int result = reader_next(&file->reader, &file->frame);
            if (result == 0 || result == READER_BROKEN) {
                end(link, result == READER_BROKEN);
                return;
            }
            if (result < 0) {
                wrong_line(link);
                continue;
            }
            if (!chosen(link)) {
                continue;
            }
            file->held = true;
            follow_clock(link);
        }
        int64_t due = due_ns(link);
        if (due > mono_ns) {
            wait_for(link, due, difference(due, mono_ns));
            return;
        }
        if (lines % 50 == 0 && hub_busy(link->hub)) {
            file->deadline_ns = sum(mono_ns, BUSY_NS);
            return;
        }
        file->held = false;
        file->frame.t_ns = sum(file->frame.t_ns, file->shift_ns);
        tell(link, "");
        hub_frame(link, &file->frame);
    }
    file->deadline_ns = mono_ns;
}

static int64_t deadline_ns(struct link *link) {
    return ((struct file *)link_kind_state(link))->deadline_ns;
}

static void closed(struct link *link) {
    struct file *file = link_kind_state(link);
    if (file->lines) {
        reader_close(&file->reader);
        file->lines = NULL;
    }
}

const struct link_kind link_kind_file = {
    .name = "file",
    .title = "a recording, replayed with its own timing (--speed changes it)",
    .frame_kind = VB_KIND_COUNT,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .is_place = true,
    .places = "the path of a recording",
    .example = "file:capture.log",
    .size = sizeof(struct file),
    .open = open_file,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .closed = closed,
};
