/* doctor.c - `voltbus doctor`: what is on a CAN bus, message by message, and what is wrong with it: a recording
 * whole, or a LINK for a while.
 * One pass, constant memory: of each kind of finding of each message the first one is kept, and how many there are.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/one_link.h"
#include "host/file/format.h"
#include "host/hub/finding.h"
#include "host/hub/hub.h"
#include "voltbus/time.h"

static const char usage[] =
    "usage: voltbus doctor FILE|LINK [OPTION]...\n"
    "\n"
    "  --as DEVICE      look at this device only; may be repeated\n"
    "  --set KEY=VALUE  a setting of the devices; DEVICE.KEY=VALUE means one of them\n"
    "  --for DURATION   how long to listen to a LINK (10s)\n"
    "  --json           one JSON object\n"
    "  --format NAME    do not find the format of FILE by content\n"
    "\n"
    "Ends with 0 if nothing is wrong, with 1 if something is.\n";

#define LOOK_NS  (250 * VB_NS_PER_MS) /* how often missing messages are looked for */
#define IDS_SIZE 8192                 /* distinct ids that are counted, twice: open addressing */
/* When so many messages jump at once, the recorder lost frames, not their senders. */
#define BURST_MESSAGES 4
#define BURST_NS       (100 * VB_NS_PER_MS)

/* The findings of one kind of one message. */
struct finding {
    struct vb_finding first;
    char place[READER_PLACE];
    uint64_t count;
};

struct id {
    uint64_t key; /* 0 = free */
    uint64_t count;
    int64_t first_ns, last_ns;
    uint32_t shortest, longest; /* bytes */
};

/* What told a setting. */
struct told {
    uint32_t id, len;
    bool any;
};

/* One device on one bus. */
struct part {
    struct vb_instance instance;
    struct vb_seen *seen;
    struct vb_watch *watches;
    struct vb_monitor monitor;
    struct finding *findings; /* [message][kind] */
    struct told told[VB_SETTINGS_MAX];
    uint64_t frames;
};

struct bus {
    char name[READER_NAME_MAX];
    struct vb_watched_bus watched;
    struct part *parts; /* one for each device */
    struct id *ids;
    size_t id_count;
    uint64_t frames;
    int64_t first_ns, last_ns, looked_ns;
    int64_t burst_ns; /* when several messages began to jump, and which */
    const struct vb_message *burst[BURST_MESSAGES];
    size_t burst_count, bursts;
};

struct doctor {
    struct selection selection;
    struct bus *buses[READER_LINKS_MAX];
    size_t bus_count;
    struct vb_sample *samples;
    size_t cap;
    struct reader *reader; /* NULL: live */
    uint64_t others, bad_lines;
    bool no_time, no_memory, json;
    bool damaged; /* the recording: it ends before its end */
    int64_t t0_ns;
    bool started;
    /* live */
    struct hub *hub;
    char why[TRANSPORT_WHY + 40];
};

/* ---- listening ---- */

static bool open_part(struct doctor *d, struct part *part, const struct vb_device *device) {
    size_t n = device->message_count;
    part->seen = calloc(n + 1, sizeof *part->seen);
    part->watches = calloc(n + 1, sizeof *part->watches);
    part->findings = calloc(n * VB_FINDING_COUNT + 1, sizeof *part->findings);
    if (!part->seen || !part->watches || !part->findings) {
        return false;
    }
    vb_instance_init(&part->instance, device, part->seen, 0);
    selection_apply(&d->selection, &part->instance);
    if (device->unpack) {
        part->instance.memory = calloc(1, device->memory + 1);
        part->instance.memory_size = device->memory;
        return part->instance.memory;
    }
    return true;
}

static void free_bus(struct bus *bus, size_t parts) {
    for (size_t i = 0; bus && bus->parts && i < parts; i++) {
        free(bus->parts[i].seen);
        free(bus->parts[i].watches);
        free(bus->parts[i].findings);
        free(bus->parts[i].instance.memory);
    }
    if (bus) {
        free(bus->parts);
        free(bus->ids);
        free(bus);
    }
}

static struct bus *bus_of(struct doctor *d, uint16_t number, const char *name) {
    if (number >= READER_LINKS_MAX) {
        return NULL;
    }
    if (d->buses[number]) {
        return d->buses[number];
    }
    struct bus *bus = calloc(1, sizeof *bus);
    if (!bus) {
        return NULL;
    }
    snprintf(bus->name, sizeof bus->name, "%s", name);
    bus->parts = calloc(d->selection.count + 1, sizeof *bus->parts);
    bus->ids = calloc(IDS_SIZE, sizeof *bus->ids);
    bool good = bus->parts && bus->ids;
    for (size_t i = 0; good && i < d->selection.count; i++) {
        good = open_part(d, &bus->parts[i], d->selection.devices[i]);
        vb_monitor_init(&bus->parts[i].monitor, &bus->parts[i].instance, bus->parts[i].watches,
                        &bus->watched);
    }
    if (!good) {
        free_bus(bus, d->selection.count);
        return NULL;
    }
    d->bus_count++;
    return d->buses[number] = bus;
}

static uint64_t key_of(const struct vb_frame *frame) {
    return (uint64_t)frame->id | (uint64_t)(frame->flags & (VB_FRAME_EXT | VB_FRAME_ERR)) << 40 |
           UINT64_C(1) << 63;
}

/* From the earliest to the latest: the clock of a recording may jump back. */
static void widen(int64_t *first_ns, int64_t *last_ns, int64_t t_ns) {
    *first_ns = t_ns < *first_ns ? t_ns : *first_ns;
    *last_ns = t_ns > *last_ns ? t_ns : *last_ns;
}

/* Nanoseconds; moments of a recording may be further apart than 64 bits say. */
static double between_ns(int64_t from_ns, int64_t to_ns) {
    return to_ns >= from_ns ? (double)((uint64_t)to_ns - (uint64_t)from_ns)
                            : -(double)((uint64_t)from_ns - (uint64_t)to_ns);
}

static void note_id(struct bus *bus, const struct vb_frame *frame) {
    uint64_t key = key_of(frame);
    size_t at = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 51) % IDS_SIZE;
    while (bus->ids[at].key && bus->ids[at].key != key) {
        at = (at + 1) % IDS_SIZE;
    }
    struct id *id = &bus->ids[at];
    if (!id->key) {
        if (bus->id_count == IDS_SIZE / 2) {
            return;
        }
        bus->id_count++;
        *id = (struct id){.key = key,
                          .first_ns = frame->t_ns,
                          .last_ns = frame->t_ns,
                          .shortest = frame->len,
                          .longest = frame->len};
    }
    id->count++;
    widen(&id->first_ns, &id->last_ns, frame->t_ns);
    id->shortest = frame->len < id->shortest ? frame->len : id->shortest;
    id->longest = frame->len > id->longest ? frame->len : id->longest;
}

static void note_burst(struct bus *bus, const struct vb_message *message, int64_t t_ns) {
    int64_t age;
    if (__builtin_sub_overflow(t_ns, bus->burst_ns, &age) || age < 0 || age > BURST_NS) {
        bus->burst_ns = t_ns;
        bus->burst_count = 0;
    }
    for (size_t i = 0; i < bus->burst_count; i++) {
        if (bus->burst[i] == message) {
            return;
        }
    }
    if (bus->burst_count < BURST_MESSAGES) {
        bus->burst[bus->burst_count++] = message;
        bus->bursts += bus->burst_count == BURST_MESSAGES;
    }
}

static void note_finding(struct doctor *d, struct bus *bus, struct part *part,
                         const struct vb_finding *finding) {
    size_t at = (size_t)finding->message * VB_FINDING_COUNT + finding->kind;
    struct finding *kept = &part->findings[at];
    if (kept->count++ == 0) {
        kept->first = *finding;
        if (d->reader) {
            reader_place(d->reader, kept->place);
        }
    }
    if (finding->kind == VB_FINDING_SKIPPED) {
        note_burst(bus, &part->instance.device->messages[finding->message], finding->t_ns);
    }
}

static void look_for_missing(struct doctor *d, struct bus *bus, int64_t t_ns) {
    int64_t age;
    struct vb_finding finding;
    if (d->no_time ||
        (!__builtin_sub_overflow(t_ns, bus->looked_ns, &age) && age >= 0 && age < LOOK_NS)) {
        return;
    }
    bus->looked_ns = t_ns;
    for (size_t i = 0; i < d->selection.count; i++) {
        while (vb_monitor_missing(&bus->parts[i].monitor, t_ns, &finding)) {
            note_finding(d, bus, &bus->parts[i], &finding);
        }
    }
}

static void hear_part(struct doctor *d, struct bus *bus, struct part *part,
                      const struct vb_frame *frame) {
    struct vb_finding findings[VB_FINDINGS_MAX];
    uint8_t before[VB_SETTINGS_MAX];
    memcpy(before, part->instance.choice, sizeof before);
    struct vb_reading reading = vb_instance_read(&part->instance, frame, d->samples, d->cap);
    for (size_t s = 0; s < VB_SETTINGS_MAX; s++) {
        if (before[s] != part->instance.choice[s]) {
            part->told[s] = (struct told){frame->id, frame->len, true};
        }
    }
    if (reading.message) {
        part->frames++;
        size_t n = vb_monitor_heard(&part->monitor, frame, &reading, findings);
        for (size_t i = 0; i < n; i++) {
            note_finding(d, bus, part, &findings[i]);
        }
    }
}

static void hear(struct doctor *d, const struct vb_frame *frame, const char *name) {
    if (frame->kind != VB_KIND_CAN || frame->flags & VB_FRAME_ERR) {
        d->others++;
        return;
    }
    struct bus *bus = bus_of(d, frame->bus, name);
    if (!bus) {
        d->no_memory = true;
        return;
    }
    if (!d->started) {
        d->started = true;
        d->t0_ns = frame->t_ns;
    }
    d->no_time |= (frame->flags & VB_FRAME_NO_TIME) != 0;
    if (bus->frames++ == 0) {
        bus->first_ns = bus->last_ns = frame->t_ns;
    }
    widen(&bus->first_ns, &bus->last_ns, frame->t_ns);
    note_id(bus, frame);
    for (size_t i = 0; i < d->selection.count; i++) {
        if (d->selection.devices[i]->kind == VB_KIND_CAN) {
            hear_part(d, bus, &bus->parts[i], frame);
        }
    }
    look_for_missing(d, bus, frame->t_ns);
}

/* ---- what there is ---- */

static uint64_t wrong_in(const struct part *part, size_t m) {
    uint64_t wrong = 0;
    for (size_t k = 0; k < VB_FINDING_COUNT; k++) {
        wrong += part->findings[m * VB_FINDING_COUNT + k].count;
    }
    return wrong;
}

/* Does this message tell that the device is there? By its CRC or sum, however many frames a recorder lost; else by its
 * counter. */
static bool convinces(const struct part *part, size_t m) {
    const struct vb_message *message = &part->instance.device->messages[m];
    bool sum = false;
    for (size_t i = 0; i < message->check_count; i++) {
        sum |= message->checks[i].rule != VB_RULE_COUNTER;
    }
    uint64_t wrong = sum ? 0 : wrong_in(part, m);
    for (size_t k = VB_FINDING_DAMAGED; sum && k <= VB_FINDING_SUM; k++) {
        wrong += part->findings[m * VB_FINDING_COUNT + k].count;
    }
    return message->check_count > 0 && part->watches[m].frames >= 3 &&
           wrong * 2 <= part->watches[m].frames;
}

/* Ids are not unique. A device that nobody named is there if a message with a check is mostly good; where it has no checks,
 * if most of its messages are heard. */
static bool is_there(const struct doctor *d, const struct part *part) {
    const struct vb_device *device = part->instance.device;
    size_t checked = 0;
    size_t good = 0;
    size_t there = 0;
    size_t heard = 0;
    for (size_t m = 0; m < device->message_count && part->frames > 0; m++) {
        const struct vb_message *message = &device->messages[m];
        checked += message->check_count > 0;
        good += convinces(part, m);
        there += vb_instance_has(&part->instance, message->when);
        heard += part->watches[m].frames > 0;
    }
    return part->frames > 0 &&
           (!d->selection.automatic || (checked > 0 ? good > 0 : heard * 2 >= there));
}

static bool is_known(const struct doctor *d, const struct bus *bus, const struct id *id) {
    for (size_t i = 0; i < d->selection.count; i++) {
        const struct part *part = &bus->parts[i];
        const struct vb_device *device = part->instance.device;
        for (size_t m = 0; is_there(d, part) && m < device->message_count; m++) {
            const struct vb_message *message = &device->messages[m];
            bool ext = id->key >> 40 & VB_FRAME_EXT;
            if (part->watches[m].frames > 0 && message->ext == ext &&
                ((uint32_t)id->key & message->mask) == message->id) {
                return true;
            }
        }
    }
    return false;
}

static bool any_there(const struct doctor *d) {
    for (size_t b = 0; b < READER_LINKS_MAX; b++) {
        for (size_t i = 0; d->buses[b] && i < d->selection.count; i++) {
            if (is_there(d, &d->buses[b]->parts[i])) {
                return true;
            }
        }
    }
    return false;
}

/* Was nothing of a device heard that was asked for? */
static bool is_silent(const struct doctor *d, size_t device) {
    bool heard = d->selection.automatic;
    for (size_t b = 0; b < READER_LINKS_MAX; b++) {
        heard |= d->buses[b] && d->buses[b]->parts[device].frames > 0;
    }
    return !heard;
}

static size_t count_silent(const struct doctor *d) {
    size_t count = 0;
    for (size_t i = 0; i < d->selection.count; i++) {
        count += is_silent(d, i);
    }
    return count;
}

static size_t count_findings(const struct doctor *d) {
    size_t count = 0;
    for (size_t b = 0; b < READER_LINKS_MAX; b++) {
        for (size_t i = 0; d->buses[b] && i < d->selection.count; i++) {
            const struct part *part = &d->buses[b]->parts[i];
            size_t n = part->instance.device->message_count * (size_t)VB_FINDING_COUNT;
            for (size_t f = 0; is_there(d, part) && f < n; f++) {
                count += part->findings[f].count > 0;
            }
        }
    }
    return count;
}

static bool is_healthy(const struct doctor *d) {
    return count_findings(d) == 0 && count_silent(d) == 0 && !d->damaged;
}

/* What holds a message to what it should be. out: 40 bytes. */
static const char *rules_of(const struct vb_message *message, char *out) {
    static const char *const names[] = {[VB_RULE_CRC8] = "CRC",
                                        [VB_RULE_SUM] = "sum",
                                        [VB_RULE_SUM_ID] = "sum",
                                        [VB_RULE_NIBBLES_ID] = "sum",
                                        [VB_RULE_COUNTER] = "counter"};
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < message->check_count && n < 30; i++) {
        n += (size_t)snprintf(out + n, 40 - n, "%s%s", n ? ", " : "",
                              names[message->checks[i].rule]);
    }
    return out;
}

static double ms_of(int64_t ns) {
    return (double)ns / 1e6;
}

/* ---- text ---- */

/* The table of a device: each column is as wide as what stands in it, so that it fits 80 columns. */
#define CELL 40

enum { ID, NAME, FRAMES, EVERY, OF, FROM, TO, BYTES, RULES, COLUMN_COUNT };

static const char *const titles[COLUMN_COUNT] = {"id",   "name",  "frames", "every", "of",
                                                 "from", "to ms", "bytes",  "rules"};

static void fill_cells(const struct doctor *d, const struct part *part, size_t m,
                       char cells[COLUMN_COUNT][CELL]) {
    const struct vb_message *message = &part->instance.device->messages[m];
    const struct vb_watch *watch = &part->watches[m];
    char rules[40];
    uint64_t wrong = wrong_in(part, m);
    memset(cells, 0, COLUMN_COUNT * CELL);
    snprintf(cells[ID], CELL, "%0*X", message->ext ? 8 : 3, (unsigned)message->id);
    snprintf(cells[NAME], CELL, "%s", message->name);
    snprintf(cells[FRAMES], CELL, "%" PRIu32, watch->frames);
    if (watch->gaps > 0 && !d->no_time) {
        snprintf(cells[EVERY], CELL, "%.1f", ms_of(watch->sum_ns / watch->gaps));
        snprintf(cells[FROM], CELL, "%.1f", ms_of(watch->shortest_ns));
        snprintf(cells[TO], CELL, "%.1f", ms_of(watch->longest_ns));
    }
    if (message->period_ms > 0) {
        snprintf(cells[OF], CELL, "%u", message->period_ms);
    }
    snprintf(cells[BYTES], CELL, "%u", watch->len);
    rules_of(message, rules);
    const char *colon = rules[0] ? ": " : "";
    if (wrong > 0) {
        snprintf(cells[RULES], CELL, "%.14s%s%" PRIu64 " wrong", rules, colon, wrong);
    } else {
        snprintf(cells[RULES], CELL, "%.14s%s%s", rules, colon, rules[0] ? "good" : "no rule");
    }
}

static void print_cells(char cells[COLUMN_COUNT][CELL], const int widths[COLUMN_COUNT]) {
    printf("  %-*s  %-*s", widths[ID], cells[ID], widths[NAME], cells[NAME]);
    for (size_t c = FRAMES; c < RULES; c++) {
        printf(" %*s", widths[c], cells[c]);
    }
    printf("  %s\n", cells[RULES]);
}

static void print_messages(const struct doctor *d, const struct part *part) {
    const struct vb_device *device = part->instance.device;
    char cells[COLUMN_COUNT][CELL];
    int widths[COLUMN_COUNT];
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        widths[c] = (int)strlen(titles[c]);
    }
    for (size_t m = 0; m < device->message_count; m++) {
        fill_cells(d, part, m, cells);
        for (size_t c = 0; c < COLUMN_COUNT && part->watches[m].frames > 0; c++) {
            int n = (int)strlen(cells[c]);
            widths[c] = n > widths[c] ? n : widths[c];
        }
    }
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        snprintf(cells[c], CELL, "%s", titles[c]);
    }
    print_cells(cells, widths);
    for (size_t m = 0; m < device->message_count; m++) {
        if (part->watches[m].frames > 0) {
            fill_cells(d, part, m, cells);
            print_cells(cells, widths);
        }
    }
}

static void print_part(const struct doctor *d, const struct part *part) {
    const struct vb_device *device = part->instance.device;
    printf("\n%s", device->name);
    for (size_t s = 0; s < device->setting_count; s++) {
        const struct told *told = &part->told[s];
        printf("%s%s: %s", s ? ", " : " (", device->settings[s].name,
               device->settings[s].values[part->instance.choice[s]]);
        if (told->any) {
            printf(", by frame %03X of %u byte%s", (unsigned)told->id, (unsigned)told->len,
                   told->len == 1 ? "" : "s");
        }
    }
    printf("%s\n", device->setting_count ? ")" : "");
    print_messages(d, part);
}

static void print_unknown(const struct doctor *d, const struct bus *bus) {
    bool any = false;
    for (size_t i = 0; i < IDS_SIZE; i++) {
        const struct id *id = &bus->ids[i];
        if (!id->key || is_known(d, bus, id)) {
            continue;
        }
        printf("%s", any ? "" : "\nframes that nobody knows\n");
        any = true;
        printf("  %0*X  %8" PRIu64 " frame%s of %" PRIu32, id->key >> 40 & VB_FRAME_EXT ? 8 : 3,
               (unsigned)(uint32_t)id->key, id->count, id->count == 1 ? " " : "s", id->shortest);
        if (id->longest != id->shortest) {
            printf(" to %" PRIu32, id->longest);
        }
        printf(" byte%s", id->longest == 1 ? "" : "s");
        if (id->count > 1 && !d->no_time) {
            printf(", every %.1f ms",
                   between_ns(id->first_ns, id->last_ns) / (double)(id->count - 1) / 1e6);
        }
        printf("\n");
    }
}

/* A device that fell silent misses all its messages: the first finding of that, and how many messages. NULL: it did
 * not. */
#define SILENT_LEAST     3
#define SILENT_SPREAD_NS (2 * VB_NS_PER_S)
static const struct finding *fell_silent(const struct part *part, size_t *count) {
    const struct vb_device *device = part->instance.device;
    const struct finding *first = NULL;
    int64_t last_ns = INT64_MIN;
    *count = 0;
    for (size_t m = 0; m < device->message_count; m++) {
        const struct finding *missing = &part->findings[m * VB_FINDING_COUNT + VB_FINDING_MISSING];
        if (part->watches[m].frames == 0 || device->messages[m].period_ms == 0 ||
            !vb_instance_has(&part->instance, device->messages[m].when)) {
            continue;
        }
        if (missing->count != 1) {
            return NULL;
        }
        first = first && first->first.t_ns <= missing->first.t_ns ? first : missing;
        last_ns = missing->first.t_ns > last_ns ? missing->first.t_ns : last_ns;
        ++*count;
    }
    return *count >= SILENT_LEAST && between_ns(first->first.t_ns, last_ns) <= SILENT_SPREAD_NS
               ? first
               : NULL;
}

static void print_finding(const struct doctor *d, const struct finding *finding, const char *device,
                          const char *text, const char *source) {
    printf("  %s %s", device, text);
    if (d->no_time) {
        printf(" (%s%s)", source, finding->place);
    } else {
        printf(" (at %.3f s%s%s%s)", between_ns(d->t0_ns, finding->first.t_ns) / 1e9,
               finding->place[0] ? ", " : "", finding->place[0] ? source : "", finding->place);
    }
    if (finding->count > 1) {
        printf("; %" PRIu64 " more like it", finding->count - 1);
    }
    printf("\n");
}

static void print_findings(const struct doctor *d, const struct bus *bus, const char *source) {
    char text[FINDING_TEXT];
    printf("\nfindings\n");
    for (size_t i = 0; i < d->selection.count; i++) {
        const struct part *part = &bus->parts[i];
        const struct vb_device *device = part->instance.device;
        size_t n = is_there(d, part) ? device->message_count * (size_t)VB_FINDING_COUNT : 0;
        size_t missing;
        const struct finding *silent = n > 0 ? fell_silent(part, &missing) : NULL;
        if (silent) {
            snprintf(text, sizeof text,
                     "is silent for %.1f s, while others go on: all its %zu messages are missing",
                     (double)silent->first.seen / 1e9, missing);
            print_finding(d, silent, device->name, text, source);
        }
        for (size_t f = 0; f < n; f++) {
            const struct finding *finding = &part->findings[f];
            if (finding->count > 0 && !(silent && f % VB_FINDING_COUNT == VB_FINDING_MISSING)) {
                print_finding(d, finding, device->name, finding_text(device, &finding->first, text),
                              source);
            }
        }
    }
    if (bus->bursts > 0 && !d->no_time) {
        printf("  In %zu place%s several messages jump at once: the recorder or the adapter lost "
               "frames there.\n",
               bus->bursts, bus->bursts == 1 ? "" : "s");
    }
}

static void print_all(const struct doctor *d, const char *source) {
    size_t count = count_findings(d);
    for (size_t b = 0; b < READER_LINKS_MAX; b++) {
        const struct bus *bus = d->buses[b];
        if (!bus) {
            continue;
        }
        bool live = strcmp(source, bus->name) == 0;
        printf("%s%s%s: %" PRIu64 " frame%s, %zu id%s", source, live ? "" : " ",
               live ? "" : bus->name, bus->frames, bus->frames == 1 ? "" : "s", bus->id_count,
               bus->id_count == 1 ? "" : "s");
        if (d->no_time) {
            printf("; no times in it: only lengths, sums and counters are checked\n");
        } else {
            printf(", %.1f s\n", between_ns(bus->first_ns, bus->last_ns) / 1e9);
        }
        for (size_t i = 0; i < d->selection.count; i++) {
            if (is_there(d, &bus->parts[i])) {
                print_part(d, &bus->parts[i]);
            }
        }
        print_unknown(d, bus);
        if (count > 0) {
            print_findings(d, bus, source);
        }
    }
    if (d->others > 0) {
        printf("\n%" PRIu64 " frames are of other wires than CAN: not looked at\n", d->others);
    }
    if (d->bad_lines > 0) {
        printf("\n%" PRIu64 " lines of the recording are not understood\n", d->bad_lines);
    }
    for (size_t i = 0; i < d->selection.count; i++) {
        if (is_silent(d, i)) {
            printf("\nnothing of %s was heard\n", d->selection.devices[i]->name);
        }
    }
    if (count == 0 && any_there(d)) {
        printf("\n%s\n",
               is_healthy(d) ? "nothing is wrong" : "nothing is wrong with what was heard");
    } else if (count == 0 && d->selection.automatic) {
        printf("\nno device that voltbus knows is there: nothing could be checked\n");
    }
}

/* ---- JSON ---- */

static void json_string(const char *text) {
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20) {
            printf("\\u%04x", c);
        } else {
            printf("%s%c", c == '"' || c == '\\' ? "\\" : "", c);
        }
    }
    putchar('"');
}

static void json_part(const struct doctor *d, const struct part *part) {
    const struct vb_device *device = part->instance.device;
    bool first = true;
    printf("{\"device\":\"%s\",\"settings\":{", device->name);
    for (size_t s = 0; s < device->setting_count; s++) {
        printf("%s\"%s\":\"%s\"", s ? "," : "", device->settings[s].name,
               device->settings[s].values[part->instance.choice[s]]);
    }
    printf("},\"messages\":[");
    for (size_t m = 0; m < device->message_count; m++) {
        const struct vb_message *message = &device->messages[m];
        const struct vb_watch *watch = &part->watches[m];
        if (watch->frames == 0) {
            continue;
        }
        printf("%s{\"frame\":\"%0*X\",\"name\":\"%s\",\"count\":%" PRIu32
               ",\"bytes\":%u,\"wrong\":%" PRIu64,
               first ? "" : ",", message->ext ? 8 : 3, (unsigned)message->id, message->name,
               watch->frames, watch->len, wrong_in(part, m));
        first = false;
        if (message->period_ms > 0) {
            printf(",\"expected_ms\":%u", message->period_ms);
        }
        if (watch->gaps > 0 && !d->no_time) {
            printf(",\"mean_ms\":%.3f,\"shortest_ms\":%.3f,\"longest_ms\":%.3f",
                   ms_of(watch->sum_ns / watch->gaps), ms_of(watch->shortest_ns),
                   ms_of(watch->longest_ns));
        }
        printf("}");
    }
    printf("]}");
}

static void json_findings(const struct doctor *d, const struct bus *bus, bool *first) {
    char text[FINDING_TEXT];
    for (size_t i = 0; i < d->selection.count; i++) {
        const struct part *part = &bus->parts[i];
        const struct vb_device *device = part->instance.device;
        size_t n = device->message_count * (size_t)VB_FINDING_COUNT;
        for (size_t f = 0; is_there(d, part) && f < n; f++) {
            const struct finding *finding = &part->findings[f];
            if (finding->count == 0) {
                continue;
            }
            const struct vb_message *message = &device->messages[finding->first.message];
            printf("%s{\"device\":\"%s\",\"frame\":\"%0*X\",\"kind\":\"%s\",\"count\":%" PRIu64
                   ",\"text\":",
                   *first ? "" : ",", device->name, message->ext ? 8 : 3, (unsigned)message->id,
                   vb_finding_kind_text(finding->first.kind), finding->count);
            json_string(finding_text(device, &finding->first, text));
            printf(",\"t\":%.6f,\"place\":", between_ns(d->t0_ns, finding->first.t_ns) / 1e9);
            json_string(finding->place);
            printf("}");
            *first = false;
        }
    }
}

static void json_bus(const struct doctor *d, const struct bus *bus) {
    bool first = true;
    printf("{\"link\":");
    json_string(bus->name);
    printf(",\"frames\":%" PRIu64 ",\"seconds\":%.6f,\"devices\":[", bus->frames,
           between_ns(bus->first_ns, bus->last_ns) / 1e9);
    for (size_t i = 0; i < d->selection.count; i++) {
        if (is_there(d, &bus->parts[i])) {
            printf("%s", first ? "" : ",");
            json_part(d, &bus->parts[i]);
            first = false;
        }
    }
    printf("],\"unknown\":[");
    first = true;
    for (size_t i = 0; i < IDS_SIZE; i++) {
        const struct id *id = &bus->ids[i];
        if (id->key && !is_known(d, bus, id)) {
            printf("%s{\"frame\":\"%0*X\",\"count\":%" PRIu64 ",\"bytes\":%" PRIu32 "}",
                   first ? "" : ",", id->key >> 40 & VB_FRAME_EXT ? 8 : 3,
                   (unsigned)(uint32_t)id->key, id->count, id->longest);
            first = false;
        }
    }
    printf("],\"findings\":[");
    first = true;
    json_findings(d, bus, &first);
    printf("],\"bursts\":%zu}", bus->bursts);
}

static void json_all(const struct doctor *d) {
    bool first = true;
    printf("{\"healthy\":%s,\"times\":%s,\"lines_not_understood\":%" PRIu64 ",\"not_heard\":[",
           is_healthy(d) ? "true" : "false", d->no_time ? "false" : "true", d->bad_lines);
    for (size_t i = 0; i < d->selection.count; i++) {
        if (is_silent(d, i)) {
            printf("%s\"%s\"", first ? "" : ",", d->selection.devices[i]->name);
            first = false;
        }
    }
    printf("],\"buses\":[");
    first = true;
    for (size_t b = 0; b < READER_LINKS_MAX; b++) {
        if (d->buses[b]) {
            printf("%s", first ? "" : ",");
            json_bus(d, d->buses[b]);
            first = false;
        }
    }
    printf("]}\n");
}

/* ---- a recording ---- */

static int listen_to_file(struct doctor *d, const char *path, const struct format *forced) {
    static struct reader reader;
    char why[512] = "";
    struct vb_frame frame;
    int result;
    struct lines *lines = lines_open(path, why, sizeof why);
    if (!lines) {
        return failure("doctor", "%s: %s", path, why);
    }
    reader_init(&reader, lines, forced);
    if (!reader.format) {
        snprintf(why, sizeof why, "%s", reader_no_format(&reader));
        reader_close(&reader);
        return failure("doctor", "%s: %s", path, why);
    }
    d->reader = &reader;
    while ((result = reader_next(&reader, &frame)) != 0 && result != READER_BROKEN &&
           !d->no_memory) {
        if (result < 0) {
            d->bad_lines++;
        } else {
            hear(d, &frame, reader.links[frame.bus]);
        }
    }
    d->reader = NULL;
    if (result == READER_BROKEN) { /* what stands before the damage is looked at */
        d->damaged = true;
        recording_broken("doctor", path, &reader);
    }
    reader_close(&reader);
    return EXIT_DONE;
}

/* ---- a LINK ---- */

static void on_frame(void *context, const struct link *link, const struct vb_frame *frame) {
    hear(context, frame, link->config->spec->text);
}

static void started(void *context, struct hub *hub) {
    struct doctor *d = context;
    d->hub = hub;
    hub->frame_context = d;
    hub->frame = on_frame;
}

static void stopping(void *context) {
    struct doctor *d = context;
    if (d->hub) {
        const struct link *link = &d->hub->links[0];
        snprintf(d->why, sizeof d->why, "%s%s%s", link_state_text(link->state),
                 link->reason[0] ? ": " : "", link->reason);
        d->hub->frame = NULL;
    }
}

static int listen_to_link(struct doctor *d, const char *link, uint64_t for_ms) {
    int status;
    struct run_options run = {.quiet = true,
                              .for_ms = for_ms,
                              .exit_at_end = true,
                              .started = started,
                              .stopping = stopping,
                              .context = d};
    struct config *config = one_link("doctor", link, &d->selection, false, &status);
    if (!config) {
        return status;
    }
    status = run_hub("doctor", config, &run);
    config_free(config);
    return status;
}

/* Is it a recording? Else a LINK. */
static const char *file_of(const char *what) {
    if (strncmp(what, "file:", 5) == 0) {
        return what + 5;
    }
    return strcmp(what, "-") == 0 || !strchr(what, ':') || access(what, F_OK) == 0 ? what : NULL;
}

static int by_id(const void *a, const void *b) {
    const struct id *x = a;
    const struct id *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static int say(const struct doctor *d, const char *what) {
    if (d->no_memory) {
        return failure("doctor", "out of memory");
    }
    if (d->bus_count == 0) {
        return d->others > 0 ? failure("doctor", "%s: no CAN frame in it", what)
                             : failure("doctor", "%s: no frame%s%s%s", what, d->why[0] ? " (" : "",
                                       d->why, d->why[0] ? ")" : "");
    }
    for (size_t b = 0; b < READER_LINKS_MAX; b++) {
        if (d->buses[b]) { /* nothing is looked for in it any more */
            qsort(d->buses[b]->ids, IDS_SIZE, sizeof *d->buses[b]->ids, by_id);
        }
    }
    if (d->json) {
        json_all(d);
    } else {
        print_all(d, what);
    }
    int status = help_text(""); /* could it be written? */
    return status != EXIT_DONE ? status : is_healthy(d) ? EXIT_DONE : EXIT_FAILED;
}

int cmd_doctor(int argc, char **argv) {
    enum { AS = 1000, SET, FOR, JSON, FORMAT, HELP };
    static const struct option options[] = {
        {"as", required_argument, NULL, AS},
        {"set", required_argument, NULL, SET},
        {"for", required_argument, NULL, FOR},
        {"json", no_argument, NULL, JSON},
        {"format", required_argument, NULL, FORMAT},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    static const struct vb_key for_key = {"for", VB_KEY_DURATION,  NULL, NULL,
                                          1,     366 * 86400000LL, NULL, "how long"};
    static struct doctor d;
    const struct format *forced = NULL;
    struct vb_value duration = {.number = 10000};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case AS:
            if (!selection_as(&d.selection, "doctor", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case SET:
            if (!selection_set(&d.selection, "doctor", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case FOR:
            if (!option_value("doctor", &for_key, &duration)) {
                return EXIT_USAGE;
            }
            break;
        case JSON:
            d.json = true;
            break;
        case FORMAT:
            forced = format_find(optarg);
            if (!forced) {
                return usage_error("doctor", "unknown format '%s' (voltbus list formats)", optarg);
            }
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("doctor", argv, options);
        }
    }
    if (optind + 1 != argc) {
        return usage_error("doctor", "expected one FILE or LINK, such as slcan:/dev/ttyACM0");
    }
    const char *what = argv[optind];
    const char *file = file_of(what);
    if (!selection_ready(&d.selection, "doctor")) {
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < d.selection.count; i++) {
        size_t most = vb_device_most(d.selection.devices[i]);
        d.cap = most > d.cap ? most : d.cap;
    }
    d.samples = calloc(d.cap + 1, sizeof *d.samples);
    int status = !d.samples ? failure("doctor", "out of memory")
                 : file     ? listen_to_file(&d, file, forced)
                            : listen_to_link(&d, what, (uint64_t)duration.number);
    if (status == EXIT_DONE) {
        status = say(&d, strcmp(what, "-") == 0 ? "stdin" : what);
    }
    for (size_t b = 0; b < READER_LINKS_MAX; b++) {
        free_bus(d.buses[b], d.selection.count);
    }
    free(d.samples);
    return status;
}
