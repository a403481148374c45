/* list.c - `voltbus list`: everything there is, out of the rows themselves.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/file/format.h"
#include "host/link/link.h"
#include "host/out/output.h"
#include "host/session/quirks.h"
#include "voltbus/call.h"

static const char usage[] =
    "usage: voltbus list devices|messages|signals|commands|calls|links|formats|\n"
    "                    outputs|quirks [OPTION]...\n"
    "\n"
    "  --as DEVICE  devices, messages, signals, commands, calls: only this one;\n"
    "               may be repeated\n"
    "  --db FILE    devices, messages, signals: those of this file; may be repeated\n"
    "  --json       one JSON object a line\n"
    "  --verbose    all that is odd about the DBC file, not only the first 10\n";

struct listing {
    struct selection selection; /* --as */
    size_t device_columns;      /* the longest name of a device in it */
    struct sink sink;
    bool json;
    bool field; /* JSON: the object has a field already */
};

/* ---- one line of the list: fields of a JSON object, or columns ---- */

static void json_key(struct listing *l, const char *key) {
    sink_text(&l->sink, l->field ? ",\"" : "{\"");
    sink_text(&l->sink, key);
    sink_text(&l->sink, "\":");
    l->field = true;
}

static void text_field(struct listing *l, const char *key, const char *value) {
    json_key(l, key);
    sink_text(&l->sink, "\"");
    sink_json(&l->sink, value);
    sink_text(&l->sink, "\"");
}

static void end_object(struct listing *l) {
    sink_text(&l->sink, "}\n");
    l->field = false;
}

static void column(struct listing *l, const char *text, size_t columns) {
    size_t width = text_columns(text, strlen(text));
    sink_text(&l->sink, text);
    for (; width < columns; width++) {
        sink_text(&l->sink, " ");
    }
    sink_text(&l->sink, "  ");
}

/* Name and title, nothing else. */
static void simple(struct listing *l, const char *name, const char *title) {
    if (l->json) {
        text_field(l, "name", name);
        text_field(l, "title", title);
        end_object(l);
    } else {
        column(l, name, 16);
        sink_text(&l->sink, title);
        sink_text(&l->sink, "\n");
    }
}

/* ---- the lists ---- */

/* Several words of JSON: ["a","b"]. */
static void json_words(struct listing *l, const char *const *words, unsigned chosen) {
    const char *comma = "\"";
    sink_text(&l->sink, "[");
    for (unsigned i = 0; words[i]; i++) {
        if (chosen >> i & 1) {
            sink_text(&l->sink, comma);
            sink_json(&l->sink, words[i]);
            sink_text(&l->sink, "\"");
            comma = ",\"";
        }
    }
    sink_text(&l->sink, "]");
}

static void device_json(struct listing *l, const struct vb_device *device) {
    text_field(l, "name", device->name);
    text_field(l, "kind", vb_kind_text((enum vb_kind)device->kind));
    text_field(l, "title", device->title);
    if (device->instead_of) {
        text_field(l, "instead_of", device->instead_of);
    }
    json_key(l, "settings");
    sink_text(&l->sink, "[");
    for (unsigned i = 0; i < device->setting_count; i++) {
        const struct vb_setting *setting = &device->settings[i];
        sink_text(&l->sink, i ? "," : "");
        l->field = false;
        text_field(l, "name", setting->name);
        text_field(l, "title", setting->title);
        text_field(l, "default", setting->values[setting->initial]);
        json_key(l, "values");
        json_words(l, setting->values, ~0u);
        sink_text(&l->sink, "}");
    }
    sink_text(&l->sink, "]");
    json_key(l, "headline");
    static const char *const nothing[] = {NULL};
    json_words(l, device->headline ? device->headline : nothing, ~0u);
    end_object(l);
}

static void list_devices(struct listing *l) {
    for (size_t i = 0; i < l->selection.count; i++) {
        const struct vb_device *device = l->selection.devices[i];
        if (l->json) {
            device_json(l, device);
            continue;
        }
        column(l, device->name, l->device_columns);
        column(l, vb_kind_text((enum vb_kind)device->kind), 5);
        sink_text(&l->sink, device->title);
        sink_text(&l->sink, "\n");
        for (unsigned s = 0; s < device->setting_count; s++) {
            const struct vb_setting *setting = &device->settings[s];
            sink_text(&l->sink, "    --set ");
            sink_text(&l->sink, setting->name);
            for (size_t v = 0; setting->values[v]; v++) {
                sink_text(&l->sink, v ? "|" : "=");
                sink_text(&l->sink, setting->values[v]);
            }
            sink_text(&l->sink, " (default ");
            sink_text(&l->sink, setting->values[setting->initial]);
            sink_text(&l->sink, ")\n        ");
            sink_text(&l->sink, setting->title);
            sink_text(&l->sink, "\n");
        }
        if (device->instead_of) {
            sink_text(&l->sink, "    instead of ");
            sink_text(&l->sink, device->instead_of);
            sink_text(&l->sink, ", with --set family=");
            sink_text(&l->sink, device->name);
            sink_text(&l->sink, "\n");
        }
    }
}

/* Thousandths as a number with as many decimals as it needs. text: room for VB_NUMBER_TEXT. */
static size_t milli_text(int64_t milli, char *text) {
    struct vb_decimal decimal = {1, 0, 1000, 0};
    for (decimal.digits = 0; milli % decimal.div != 0 && decimal.digits < 3;) {
        decimal.digits++;
        decimal.div /= 10;
    }
    return vb_decimal_text(&decimal, milli, text);
}

static void number_field(struct listing *l, const char *key, int64_t milli) {
    char text[VB_NUMBER_TEXT];
    json_key(l, key);
    sink_bytes(&l->sink, text, milli_text(milli, text));
}

static void signal_json(struct listing *l, const struct vb_device *device,
                        const struct vb_message *message, const struct vb_signal *signal,
                        const char *id) {
    text_field(l, "device", device->name);
    text_field(l, "frame", id);
    text_field(l, "message", message->name);
    text_field(l, "signal", signal->name);
    text_field(l, "unit", signal->unit);
    text_field(l, "title", signal->title ? signal->title : "");
    if (signal->words) {
        json_key(l, signal->flags & VB_BITS ? "bits" : "words");
        sink_text(&l->sink, "{");
        for (const struct vb_word *w = signal->words; w->word; w++) {
            char text[VB_NUMBER_TEXT];
            struct vb_decimal plain = {1, 0, 1, 0};
            sink_text(&l->sink, w == signal->words ? "\"" : ",\"");
            sink_bytes(&l->sink, text, vb_decimal_text(&plain, w->raw, text));
            sink_text(&l->sink, "\":\"");
            sink_json(&l->sink, w->word);
            sink_text(&l->sink, "\"");
        }
        sink_text(&l->sink, "}");
    }
    if (signal->limits) {
        number_field(l, "min", signal->limits->min_milli);
        number_field(l, "max", signal->limits->max_milli);
    }
    if (signal->when.values) {
        const struct vb_setting *setting = &device->settings[signal->when.setting];
        json_key(l, "when");
        sink_text(&l->sink, "{\"");
        sink_text(&l->sink, setting->name);
        sink_text(&l->sink, "\":");
        json_words(l, setting->values, signal->when.values);
        sink_text(&l->sink, "}");
    }
    static const struct {
        uint16_t flag;
        const char *key;
    } marks[] = {{VB_GUESS, "guess"}, {VB_UNKNOWN, "unknown"}, {VB_TOTAL, "total"}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (signal->flags & marks[i].flag) {
            json_key(l, marks[i].key);
            sink_text(&l->sink, "true");
        }
    }
    if (signal->ha) {
        text_field(l, "ha", signal->ha);
    }
    if (signal->ovms) {
        text_field(l, "ovms", signal->ovms);
    }
    if (signal->vss) {
        text_field(l, "vss", signal->vss);
    }
    end_object(l);
}

/* " [generation ze0, aze0]": the settings under which a row exists. */
static void when_text(struct listing *l, const struct vb_device *device, struct vb_when when) {
    if (when.values == 0) {
        return;
    }
    const struct vb_setting *setting = &device->settings[when.setting];
    sink_text(&l->sink, " [");
    sink_text(&l->sink, setting->name);
    const char *comma = " ";
    for (unsigned v = 0; setting->values[v]; v++) {
        if (when.values >> v & 1) {
            sink_text(&l->sink, comma);
            sink_text(&l->sink, setting->values[v]);
            comma = ", ";
        }
    }
    sink_text(&l->sink, "]");
}

/* The id of its frames. out: VB_FRAME_ID_TEXT + 1 bytes. */
static void message_id(const struct vb_device *device, const struct vb_message *message,
                       char *out) {
    struct vb_frame frame = {
        .kind = device->kind, .id = message->id, .flags = message->ext ? VB_FRAME_EXT : 0};
    out[vb_frame_id_text(&frame, out)] = '\0';
}

static void list_signals(struct listing *l) {
    for (size_t i = 0; i < l->selection.count; i++) {
        const struct vb_device *device = l->selection.devices[i];
        for (unsigned m = 0; m < device->message_count; m++) {
            const struct vb_message *message = &device->messages[m];
            char id[VB_FRAME_ID_TEXT + 1];
            message_id(device, message, id);
            for (unsigned s = 0; s < message->signal_count; s++) {
                const struct vb_signal *signal = &message->signals[s];
                if (l->json) {
                    signal_json(l, device, message, signal, id);
                    continue;
                }
                column(l, device->name, l->device_columns);
                column(l, id, 3);
                column(l, signal->name, 30);
                column(l, signal->words ? "word" : signal->unit, 4);
                sink_text(&l->sink, signal->title ? signal->title : "");
                sink_text(&l->sink, signal->flags & VB_GUESS ? " (a guess)" : "");
                when_text(l, device, signal->when);
                sink_text(&l->sink, "\n");
            }
        }
    }
}

static void message_json(struct listing *l, const struct vb_device *device,
                         const struct vb_message *message, const char *id) {
    text_field(l, "device", device->name);
    text_field(l, "frame", id);
    text_field(l, "message", message->name);
    text_field(l, "title", message->title ? message->title : "");
    if (message->period_ms) {
        number_field(l, "period_ms", INT64_C(1000) * message->period_ms);
    }
    number_field(l, "signals", INT64_C(1000) * message->signal_count);
    end_object(l);
}

static void list_messages(struct listing *l) {
    for (size_t i = 0; i < l->selection.count; i++) {
        const struct vb_device *device = l->selection.devices[i];
        for (unsigned m = 0; m < device->message_count; m++) {
            const struct vb_message *message = &device->messages[m];
            char id[VB_FRAME_ID_TEXT + 1];
            char text[24];
            message_id(device, message, id);
            if (l->json) {
                message_json(l, device, message, id);
                continue;
            }
            column(l, device->name, l->device_columns);
            column(l, id, 3);
            column(l, message->name, 24);
            snprintf(text, sizeof text, "%u ms", message->period_ms);
            column(l, message->period_ms ? text : "-", 8);
            snprintf(text, sizeof text, "%u signal%s", message->signal_count,
                     message->signal_count == 1 ? "" : "s");
            column(l, text, 10);
            sink_text(&l->sink, message->title ? message->title : "");
            when_text(l, device, message->when);
            sink_text(&l->sink, "\n");
        }
    }
}

/* The words that may be given for a row, within limits (NULL: none). */
#define WORDS_MAX 32
static void words_of(const struct vb_signal *argument, const struct vb_limits *limits,
                     const char *words[WORDS_MAX + 1]) {
    struct vb_signal row = *argument;
    size_t n = 0;
    row.limits = limits;
    for (const struct vb_word *w = row.words; w && w->word && n < WORDS_MAX; w++) {
        if (row.flags & VB_BITS || vb_signal_in_limits(&row, w->raw)) {
            words[n++] = w->word;
        }
    }
    words[n] = NULL;
}

/* Unit, and the words or the bounds. */
static void range_json(struct listing *l, const struct vb_signal *argument,
                       const struct vb_limits *limits) {
    text_field(l, "unit", argument->unit);
    if (argument->words) {
        const char *words[WORDS_MAX + 1];
        words_of(argument, limits, words);
        json_key(l, "words");
        json_words(l, words, ~0u);
    } else if (limits) {
        number_field(l, "min", limits->min_milli);
        number_field(l, "max", limits->max_milli);
    }
}

static void command_json(struct listing *l, const struct vb_device *device,
                         const struct vb_command *command, const char *safe, bool safe_is_word) {
    text_field(l, "device", device->name);
    text_field(l, "name", command->name);
    text_field(l, "title", command->title);
    range_json(l, command->argument, &command->limits);
    if (safe_is_word) {
        text_field(l, "safe", safe);
    } else {
        json_key(l, "safe");
        sink_text(&l->sink, safe);
    }
    if (command->argument->flags & VB_GUESS) {
        json_key(l, "guess");
        sink_text(&l->sink, "true");
    }
    end_object(l);
}

static void list_commands(struct listing *l) {
    for (size_t i = 0; i < l->selection.count; i++) {
        const struct vb_device *device = l->selection.devices[i];
        for (unsigned c = 0; c < device->command_count; c++) {
            const struct vb_command *command = &device->commands[c];
            char text[200];
            char safe[80];
            bool is_word;
            size_t n =
                vb_signal_text(command->argument, command->safe, safe, sizeof safe - 1, &is_word);
            safe[n] = '\0';
            if (l->json) {
                command_json(l, device, command, safe, is_word);
                continue;
            }
            column(l, device->name, l->device_columns);
            column(l, command->name, 16);
            (void)row_range(command->argument, &command->limits, "|", text, sizeof text);
            column(l, text, 12);
            snprintf(text, sizeof text, "safe %s", safe);
            column(l, text, 8);
            sink_text(&l->sink, command->title);
            sink_text(&l->sink, "\n");
        }
    }
}

/* ---- calls ---- */

/* "1.0.3 to 3.x": from since on, before until. */
static void versions_text(const struct vb_call *call, char *text, size_t cap) {
    char since[VB_VERSION_TEXT];
    char until[VB_VERSION_TEXT];
    vb_version_text(call->since, since);
    vb_version_text(call->until, until);
    snprintf(text, cap, "%s%s%s%s", call->since ? "from " : "", call->since ? since : "",
             call->until ? (call->since ? ", before " : "before ") : "", call->until ? until : "");
}

static void call_json(struct listing *l, const struct vb_device *device,
                      const struct vb_message *message) {
    const struct vb_call *call = message->call;
    char version[VB_VERSION_TEXT];
    text_field(l, "device", device->name);
    text_field(l, "name", message->name);
    text_field(l, "title", message->title);
    text_field(l, "form", call->form);
    json_key(l, "changes");
    sink_text(&l->sink, call->flags & VB_CALL_CHANGES ? "true" : "false");
    json_key(l, "saved");
    sink_text(&l->sink, call->flags & VB_CALL_KEPT ? "true" : "false");
    if (call->since) {
        text_field(l, "since", vb_version_text(call->since, version));
    }
    if (call->until) {
        text_field(l, "until", vb_version_text(call->until, version));
    }
    if (call->option) {
        text_field(l, "option", call->option);
    }
    json_key(l, "arguments");
    sink_text(&l->sink, "[");
    for (unsigned i = 0; i < call->arg_count; i++) {
        sink_text(&l->sink, i ? "," : "");
        l->field = false;
        text_field(l, "name", call->args[i].name);
        text_field(l, "title", call->args[i].title);
        range_json(l, &call->args[i], call->args[i].limits);
        sink_text(&l->sink, "}");
    }
    sink_text(&l->sink, "]");
    l->field = true;
    end_object(l);
}

static void call_line(struct listing *l, const struct vb_device *device,
                      const struct vb_message *message) {
    const struct vb_call *call = message->call;
    char text[120];
    column(l, device->name, 8);
    column(l, message->name, 24);
    column(l, call->form, 16);
    column(l, call->flags & VB_CALL_CHANGES ? "changes" : "asks", 7);
    versions_text(call, text, sizeof text);
    column(l, text, 24);
    sink_text(&l->sink, message->title);
    for (unsigned i = 0; i < call->arg_count; i++) {
        const struct vb_signal *row = &call->args[i];
        (void)row_range(row, row->limits, "|", text, sizeof text);
        sink_text(&l->sink, i ? ", " : ": ");
        sink_text(&l->sink, row->name);
        sink_text(&l->sink, " ");
        sink_text(&l->sink, text[0] ? text : "text");
    }
    sink_text(&l->sink, "\n");
}

static void list_calls(struct listing *l) {
    for (size_t i = 0; i < l->selection.count; i++) {
        const struct vb_device *device = l->selection.devices[i];
        for (unsigned m = 0; m < device->message_count; m++) {
            if (device->messages[m].call) {
                (l->json ? call_json : call_line)(l, device, &device->messages[m]);
            }
        }
    }
}

static void list_links(struct listing *l) {
    for (size_t i = 0; i < link_kind_count; i++) {
        const struct link_kind *kind = link_kinds[i];
        if (!l->json) {
            column(l, kind->example, 38);
            sink_text(&l->sink, kind->title);
            sink_text(&l->sink, "\n");
            continue;
        }
        text_field(l, "name", kind->name);
        text_field(l, "title", kind->title);
        text_field(l, "places", kind->places);
        text_field(l, "example", kind->example);
        end_object(l);
    }
}

/* "written": voltbus convert writes it, too. */
static void list_formats(struct listing *l) {
    for (size_t i = 0; i < format_count; i++) {
        bool written = formats[i]->writing;
        if (l->json) {
            text_field(l, "name", formats[i]->name);
            text_field(l, "title", formats[i]->title);
            json_key(l, "written");
            sink_text(&l->sink, written ? "true" : "false");
            end_object(l);
        } else {
            column(l, formats[i]->name, 16);
            column(l, written ? "written" : "", 8);
            sink_text(&l->sink, formats[i]->title);
            sink_text(&l->sink, "\n");
        }
    }
}

static void list_outputs(struct listing *l) {
    for (size_t i = 0; i < output_count; i++) {
        simple(l, outputs[i]->name, outputs[i]->title);
    }
}

/* What `voltbus session` recognises. */
static void list_quirks(struct listing *l) {
    for (size_t i = 0; i < QUIRK_COUNT; i++) {
        const struct quirk_row *quirk = &quirks[i];
        if (l->json) {
            text_field(l, "name", quirk->name);
            text_field(l, "title", quirk->title);
            text_field(l, "means", quirk->means);
            text_field(l, "helps", quirk->helps);
            text_field(l, "source", quirk->source);
            end_object(l);
        } else {
            column(l, quirk->name, 30);
            sink_text(&l->sink, quirk->title);
            sink_text(&l->sink, "\n");
        }
    }
}

int cmd_list(int argc, char **argv) {
    enum { AS = 1000, DB, JSON, VERBOSE, HELP };
    static const struct option options[] = {
        {"as", required_argument, NULL, AS},     {"db", required_argument, NULL, DB},
        {"verbose", no_argument, NULL, VERBOSE}, {"json", no_argument, NULL, JSON},
        {"help", no_argument, NULL, HELP},       {NULL, 0, NULL, 0}};
    static const char *const names[] = {"devices", "messages", "signals", "commands", "calls",
                                        "links",   "formats",  "outputs", "quirks",   NULL};
    static void (*const lists[])(struct listing *) = {list_devices,  list_messages, list_signals,
                                                      list_commands, list_calls,    list_links,
                                                      list_formats,  list_outputs,  list_quirks};
    static struct listing l;
    sink_open(&l.sink, STDOUT_FILENO);
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case AS:
            if (!selection_as(&l.selection, "list", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case DB:
            if (!selection_db(&l.selection, "list", optarg)) {
                return EXIT_USAGE;
            }
            break;
        case VERBOSE:
            l.selection.whole_story = true;
            break;
        case JSON:
            l.json = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("list", argv, options);
        }
    }
    if (optind + 1 != argc) {
        return usage_error(
            "list", "expected one of devices, messages, signals, commands, calls, links, formats, "
                    "outputs, quirks");
    }
    if (!selection_load(&l.selection, "list")) {
        return EXIT_USAGE;
    }
    bool every = l.selection.count == 0;
    for (size_t i = 0; every && i < vb_device_count; i++) {
        selection_as(&l.selection, "list", vb_devices[i]->name);
    }
    for (size_t i = 0; i < l.selection.count; i++) {
        const char *name = l.selection.devices[i]->name;
        size_t n = text_columns(name, strlen(name));
        l.device_columns = n > l.device_columns ? n : l.device_columns;
    }
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(argv[optind], names[i]) == 0) {
            lists[i](&l);
            sink_flush(&l.sink);
            return l.sink.error
                       ? failure("list", "cannot write the output: %s", strerror(l.sink.error))
                       : EXIT_DONE;
        }
    }
    char near[NEAREST_TEXT];
    return usage_error("list", "unknown list '%s'%s", argv[optind],
                       nearest(argv[optind], names, near));
}
