/* console.c - `voltbus console`: talk to a device that speaks in text, and read in words what it says.
 * On a terminal a line is edited while news stand above it; else lines are read one after the other,
 * and the answers written. Everything goes through the hub, and its gate.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/console_edit.h"
#include "cmd/console_text.h"
#include "cmd/one_link.h"
#include "host/hub/hub.h"
#include "voltbus/rapi.h"

static const char usage[] =
    "usage: voltbus console LINK [OPTION]...        (such as rapi:/dev/ttyUSB0)\n"
    "\n"
    "  --control   allow what changes something\n"
    "  --raw       show every line as it goes over the wire\n"
    "  --poll      ask regularly, as voltbus run does; else only what you type\n"
    "\n"
    "RAPI ($GS, GS, SC 16 V) or words (status, current 16, pause): help and list tell\n"
    "them. Tab completes, Ctrl-D ends. From a pipe: one command a line, exit status 1\n"
    "if one failed.\n";

#define INPUT_MAX   (64 * 1024) /* typed or piped, and not yet asked */
#define REPLY_MAX   (VB_RAPI_LINE_MAX + 1)
#define FORGET_MS   100
#define NARROW      80
#define OTHER_WIDTH 100 /* where nobody knows how wide it is */

struct console {
    struct hub *hub;
    struct hub_device *device;
    bool control, raw, terminal, colour;
    struct editor *editor; /* NULL: no terminal, or over */
    /* what was typed */
    char input[INPUT_MAX];
    size_t input_n;
    bool input_end;   /* nothing more comes */
    bool asking;      /* an answer is waited for */
    bool failed;      /* one of the answers was no */
    char broken[100]; /* why it cannot go on; "" */
    const char *name; /* what was typed last: a call's name, or else a code */
    uint32_t code;
    bool sent; /* ... and it went out */
    /* The last answer to it; there may be another: what has no checksum is asked twice. */
    bool heard;
    struct vb_frame reply;
    uint8_t reply_bytes[2 * REPLY_MAX];
    struct text later; /* news that came behind it */
    /* the loop's */
    bool opened, polls_input, reading, stopping;
    uv_poll_t keys;
    uv_fs_t read;
    uv_timer_t next, forget;
    uv_signal_t signals[2];
    char room[4096]; /* as read; of keys, those from keys_at on are not yet taken */
    size_t keys_n, keys_at;
    struct text out;
};

/* ---- what is written ---- */

enum paint { PLAIN, RED, DIM };

static void paint(struct console *c, enum paint paint) {
    static const char *const codes[] = {"\033[0m", "\033[31m", "\033[2m"};
    if (c->colour) {
        text_add(&c->out, codes[paint]);
    }
}

static size_t columns(const struct console *c) {
    return c->editor ? editor_columns(c->editor) : OTHER_WIDTH;
}

static void on_next(uv_timer_t *timer);

/* Look at what is to be done, from the loop. */
static void wake(struct console *c) {
    if (!c->stopping) {
        uv_timer_start(&c->next, on_next, 0, 0);
    }
}

/* Write what is in c->out above the line that is being typed. aside: no answer; it goes to stderr
 * where answers are read by a program. */
static void say(struct console *c, bool aside) {
    FILE *to = aside && !c->terminal ? stderr : stdout;
    bool shown = c->editor && !c->asking;
    if (c->editor) {
        editor_hide(c->editor);
    }
    fwrite(c->out.data, 1, c->out.n, to);
    errno = 0;
    fflush(to);
    text_clear(&c->out);
    if (shown) {
        editor_show(c->editor);
    }
    if (ferror(stdout) && !c->broken[0]) { /* nobody reads */
        snprintf(c->broken, sizeof c->broken, "cannot write the output: %s", strerror(errno));
        wake(c); /* links may be in the middle of something: not from here */
    }
}

/* What was typed is not done. */
static void add_complaint(struct console *c, const char *why) {
    c->failed = true;
    paint(c, RED);
    text_add(&c->out, "! ");
    console_wrapped(&c->out, why, 2, columns(c));
    paint(c, PLAIN);
    text_add(&c->out, "\n");
}

/* ---- frames ---- */

/* Is it the code of what was typed? Of a name it depends on the version of the box. */
static bool is_typed(const struct console *c, uint32_t id) {
    const struct vb_device *type = c->device->config->type;
    for (size_t m = 0; c->name && m < type->message_count; m++) {
        if (type->messages[m].call && type->messages[m].id == id &&
            strcmp(type->messages[m].name, c->name) == 0) {
            return true;
        }
    }
    return !c->name && c->code == id;
}

static void add_time(struct console *c) {
    char text[16];
    struct tm now;
    time_t seconds = (time_t)(clock_wall_ns() / 1000000000);
    localtime_r(&seconds, &now);
    strftime(text, sizeof text, "%H:%M:%S ", &now);
    paint(c, DIM);
    text_add(&c->out, text);
    paint(c, PLAIN);
}

/* Say what came by itself; behind the answer that came before it, though that is shown later. */
static void say_in_turn(struct console *c) {
    if (c->asking && c->heard && !c->raw) {
        text_bytes(&c->later, c->out.data, c->out.n);
        text_clear(&c->out);
    } else {
        say(c, true);
    }
}

static void say_damaged(struct console *c, const struct vb_frame *frame) {
    add_time(c);
    paint(c, RED);
    text_add(&c->out, "! ");
    console_line_text(&c->out, frame);
    text_add(&c->out, "  ");
    console_damage(&c->out, frame);
    paint(c, PLAIN);
    text_add(&c->out, "\n");
    say_in_turn(c);
}

static void say_news(struct console *c, const struct vb_frame *frame) {
    const struct vb_device *type = c->device->config->type;
    const char *title = console_title(type, frame);
    add_time(c);
    text_add(&c->out, "< ");
    console_line_text(&c->out, frame);
    if (title && columns(c) < NARROW) {
        text_add(&c->out, "\n  ");
        console_wrapped(&c->out, title, 2, columns(c));
    } else if (title) {
        text_format(&c->out, "  %s", title);
    }
    text_add(&c->out, "\n");
    console_explain(&c->out, type, frame, columns(c));
    say_in_turn(c);
}

static void say_wire(struct console *c, const struct vb_frame *frame) {
    paint(c, DIM);
    text_add(&c->out, frame->flags & VB_FRAME_ASK ? "> " : "< ");
    console_line_text(&c->out, frame);
    paint(c, PLAIN);
    text_add(&c->out, "\n");
    say(c, false); /* it was asked for */
}

static bool is_reply(const struct vb_frame *frame) {
    return frame->len >= 2 &&
           (memcmp(frame->data, "OK", 2) == 0 || memcmp(frame->data, "NK", 2) == 0);
}

static void keep_reply(struct console *c, const struct vb_frame *frame) {
    size_t data = frame->len < REPLY_MAX ? frame->len : REPLY_MAX;
    size_t side = frame->side_len < REPLY_MAX ? frame->side_len : REPLY_MAX;
    c->reply = *frame;
    memcpy(c->reply_bytes, frame->data, data);
    if (side > 0) {
        memcpy(c->reply_bytes + REPLY_MAX, frame->side, side);
    }
    c->reply.data = c->reply_bytes;
    c->reply.side = c->reply_bytes + REPLY_MAX;
    c->reply.len = (uint32_t)data;
    c->reply.side_len = (uint16_t)side;
    c->heard = true;
}

/* What is asked while the box is still looked for, is not what was typed. */
static void note_question(struct console *c, const struct link *link,
                          const struct vb_frame *frame) {
    bool found = link->config->spec->kind->version(link) != 0;
    c->sent |= c->asking && found && is_typed(c, frame->id);
}

static void on_frame(void *context, const struct link *link, const struct vb_frame *frame) {
    struct console *c = context;
    bool ask = frame->flags & VB_FRAME_ASK;
    if (frame->fault != VB_FAULT_NONE) {
        say_damaged(c, frame);
        return;
    }
    if (!ask && !is_reply(frame)) {
        say_news(c, frame);
        return;
    }
    if (c->raw) {
        say_wire(c, frame);
    }
    if (ask) {
        note_question(c, link, frame);
    } else if (c->asking && c->sent && is_typed(c, frame->id)) {
        keep_reply(c, frame);
    }
}

/* The hub tells of its link and its calls; the calls are ours, and shown. */
static void on_log(void *context, const char *text) {
    static const char link[] = "link it";
    struct console *c = context;
    if (strncmp(text, link, sizeof link - 1) != 0) {
        return;
    }
    if (!c->terminal && !strstr(text, " is waiting")) { /* a script wants what is wrong */
        return;
    }
    char line[400];
    snprintf(line, sizeof line, "the link%s", text + sizeof link - 1);
    paint(c, DIM);
    text_add(&c->out, "-- ");
    console_wrapped(&c->out, line, 3, columns(c));
    paint(c, PLAIN);
    text_add(&c->out, "\n");
    say(c, true);
}

/* ---- asking ---- */

static void go_on(struct console *c) {
    c->asking = false;
    wake(c);
}

/* What it says, and its meaning. */
static void add_reply(struct console *c) {
    bool well = c->reply.data[0] == 'O';
    if (!c->raw) { /* it was shown when it came */
        paint(c, well ? PLAIN : RED);
        console_line_text(&c->out, &c->reply);
        paint(c, PLAIN);
        text_add(&c->out, "\n");
    }
    console_explain(&c->out, c->device->config->type, &c->reply, columns(c));
}

static void add_refusal(struct console *c, const struct hub_reply *reply) {
    const char code[2] = {(char)(c->reply.id >> 8), (char)c->reply.id};
    const char *means = c->heard ? console_no(code, sizeof code) : NULL;
    add_complaint(c, reply->refusal == VB_REFUSAL_CONTROL_OFF
                         ? "this changes something: voltbus console --control allows that"
                         : reply->why);
    if (means && reply->refusal == VB_REFUSAL_REFUSED) {
        text_add(&c->out, "  ");
        console_wrapped(&c->out, means, 2, columns(c));
        text_add(&c->out, "\n");
    }
}

static void on_replied(void *context, const struct hub_reply *reply) {
    struct console *c = context;
    bool well = reply->refusal == VB_REFUSAL_NONE;
    if (c->stopping) {
        return;
    }
    if (c->heard) {
        add_reply(c);
    } else if (well) { /* $FR */
        text_add(&c->out, "  sent; this one is never answered\n");
    }
    if (!well) {
        add_refusal(c, reply);
    }
    say(c, false);
    if (c->later.n > 0) {
        text_bytes(&c->out, c->later.data, c->later.n);
        text_clear(&c->later);
        say(c, true);
    }
    go_on(c);
}

static void say_help(struct console *c, const struct console_line *line) {
    const struct vb_device *type = c->device->config->type;
    const struct link *link = c->device->link;
    uint32_t version = link->config->spec->kind->version(link);
    const char *word = line->count > 0 ? line->arguments[0] : NULL;
    if (line->what == CONSOLE_LIST) {
        if (console_list(&c->out, type, version, word, columns(c)) == 0) {
            text_format(&c->out, "nothing has '%s' in it\n", word ? word : "");
            c->failed = true;
        } else {
            text_add(&c->out, "! changes the box; help NAME tells more\n");
        }
    } else if (!console_help(&c->out, type, version, word, word ? strlen(word) : 0, columns(c))) {
        text_format(&c->out, "this box has no call '%s' (list)\n", word);
        c->failed = true;
    }
    say(c, false);
}

/* Returns false if the next line may be taken at once. */
static bool do_line(struct console *c, const char *text, size_t n) {
    struct console_line line;
    console_read(c->device->config->type, text, n, &line);
    c->sent = c->heard = false;
    c->name = NULL;
    switch (line.what) {
    case CONSOLE_NOTHING:
        return false;
    case CONSOLE_BODY:
        c->asking = true;
        c->code = VB_RAPI_ID((uint8_t)line.text[0], (uint8_t)line.text[1]);
        hub_call_body(c->device, line.text, line.n, "console", on_replied, c);
        return true;
    case CONSOLE_CALL:
        c->asking = true;
        c->name = line.name;
        hub_call(c->device, line.name, strlen(line.name), line.arguments, line.count, "console",
                 on_replied, c);
        return true;
    case CONSOLE_QUIT:
        run_stop(c->hub);
        return true;
    case CONSOLE_WRONG:
        add_complaint(c, line.why);
        say(c, false);
        return false;
    default:
        say_help(c, &line);
        return false;
    }
}

static void read_more(struct console *c);
static void take_keys(struct console *c);

/* Take lines until one is asked. */
static void on_next(uv_timer_t *timer) {
    struct console *c = timer->data;
    if (c->broken[0]) {
        run_stop(c->hub);
    }
    while (!c->asking && !c->stopping) {
        char *end = memchr(c->input, '\n', c->input_n);
        bool whole = end || (c->input_end && c->input_n > 0) ||
                     c->input_n > sizeof c->input - sizeof c->room; /* no line is so long */
        if (!whole) {
            break;
        }
        size_t n = end ? (size_t)(end - c->input) : c->input_n;
        char line[CONSOLE_LINE + 2]; /* longer: refused, whatever its end is */
        size_t kept = n < sizeof line ? n : sizeof line;
        memcpy(line, c->input, kept);
        n += end != NULL;
        c->input_n -= n;
        memmove(c->input, c->input + n, c->input_n);
        if (do_line(c, line, kept)) {
            break;
        }
    }
    if (c->stopping || c->asking) {
        return;
    }
    if (c->input_end && c->input_n == 0) {
        run_stop(c->hub);
    } else if (c->editor) {
        editor_show(c->editor);
        take_keys(c);
    } else {
        read_more(c);
    }
}

static void add_input(struct console *c, const char *bytes, size_t n) {
    if (n > sizeof c->input - c->input_n) {
        add_complaint(c, "too much at once: some of it is lost");
        say(c, false);
        return;
    }
    memcpy(c->input + c->input_n, bytes, n);
    c->input_n += n;
    wake(c);
}

/* ---- the terminal ---- */

static void on_line(void *context, const char *text, size_t n) {
    struct console *c = context;
    add_input(c, text, n);
    add_input(c, "\n", 1);
}

static void on_editor_end(void *context) {
    struct console *c = context;
    run_stop(c->hub);
}

static void completions(const struct console *c, const char *text, size_t n,
                        struct console_words *words) {
    const struct link *link = c->device->link;
    console_complete(c->device->config->type, link->config->spec->kind->version(link), text, n,
                     words);
}

static bool on_complete(void *context, const char *text, size_t n, char *insert, size_t cap) {
    static struct console_words words;
    completions(context, text, n, &words);
    size_t typed = n - words.begin;
    size_t common = console_common(&words);
    if (words.count == 1) {
        snprintf(insert, cap, "%s ", words.words[0] + typed);
    } else if (common > typed) {
        snprintf(insert, cap, "%.*s", (int)(common - typed), words.words[0] + typed);
    }
    return words.count > 1 && common <= typed;
}

static void on_choice(void *context, const char *text, size_t n) {
    static struct console_words words;
    struct console *c = context;
    size_t wide = 0;
    completions(c, text, n, &words);
    for (size_t i = 0; i < words.count; i++) {
        wide = strlen(words.words[i]) > wide ? strlen(words.words[i]) : wide;
    }
    size_t per_line = columns(c) / (wide + 2);
    per_line = per_line > 0 ? per_line : 1;
    for (size_t i = 0; i < words.count; i++) {
        bool last = (i + 1) % per_line == 0 || i + 1 == words.count;
        text_format(&c->out, "%-*s%s", last ? 0 : (int)wide + 2, words.words[i], last ? "\n" : "");
    }
    say(c, false);
}

static void on_forget(uv_timer_t *timer) {
    struct console *c = timer->data;
    if (c->editor) {
        editor_forget(c->editor);
    }
}

static void on_keys(uv_poll_t *poll, int status, int events);

static bool is_busy(const struct console *c) {
    return c->asking || c->input_n > 0 || c->stopping;
}

/* Take keys up to the end of a line; the others wait until that is answered, so that each answer
 * stands below its question. */
static void take_keys(struct console *c) {
    bool open = c->editor;
    while (open && c->keys_at < c->keys_n && !is_busy(c)) {
        open = editor_keys(c->editor, c->room + c->keys_at++, 1);
    }
    if (!open || c->stopping) {
        return;
    }
    if (editor_waits(c->editor)) {
        uv_timer_start(&c->forget, on_forget, FORGET_MS, 0);
    }
    if (is_busy(c)) {
        uv_poll_stop(&c->keys);
    } else {
        uv_poll_start(&c->keys, UV_READABLE, on_keys);
    }
}

/* error: of uv, 0 = it is over. */
static void end_of_input(struct console *c, ssize_t error) {
    if (error < 0) {
        snprintf(c->broken, sizeof c->broken, "cannot read the input: %s", uv_strerror((int)error));
    }
    c->input_end = true;
    wake(c);
}

static void on_keys(uv_poll_t *poll, int status, int events) {
    struct console *c = poll->data;
    (void)events;
    ssize_t n = status < 0 ? 0 : read(STDIN_FILENO, c->room, sizeof c->room);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (c->editor && n > 0) {
        c->keys_n = (size_t)n;
        c->keys_at = 0;
        take_keys(c);
    } else if (c->editor) {
        run_stop(c->hub);
    } else {
        uv_poll_stop(poll); /* until this is asked */
        if (n > 0) {
            add_input(c, c->room, (size_t)n);
        } else {
            end_of_input(c, n < 0 ? -errno : 0);
        }
    }
}

/* Files cannot be polled; libuv's pool reads them. */
static void on_read(uv_fs_t *request) {
    struct console *c = request->data;
    ssize_t n = request->result;
    uv_fs_req_cleanup(request);
    c->reading = false;
    if (c->stopping) {
        return;
    }
    if (n > 0) {
        add_input(c, c->room, (size_t)n);
    } else {
        end_of_input(c, n);
    }
}

/* All lines so far are asked and answered. */
static void read_more(struct console *c) {
    if (c->input_end || c->reading) {
        return;
    }
    if (c->polls_input) {
        uv_poll_start(&c->keys, UV_READABLE, on_keys);
        return;
    }
    const uv_buf_t room = uv_buf_init(c->room, sizeof c->room);
    c->read.data = c;
    int error = uv_fs_read(c->hub->loop, &c->read, STDIN_FILENO, &room, 1, -1, on_read);
    c->reading = error == 0;
    if (error < 0) {
        end_of_input(c, error);
    }
}

static void on_signal(uv_signal_t *signal, int number) {
    struct console *c = signal->data;
    if (c->editor && number == SIGWINCH) {
        editor_resized(c->editor);
    } else if (c->editor) {
        editor_again(c->editor);
    }
}

/* $XDG_STATE_HOME or ~/.local/state. Returns NULL if nobody has said where. */
static const char *history_path(void) {
    static char path[400];
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state && state[0] == '/') {
        snprintf(path, sizeof path, "%s/voltbus/console_history", state);
    } else if (home && home[0] == '/') {
        snprintf(path, sizeof path, "%s/.local/state/voltbus/console_history", home);
    } else {
        return NULL;
    }
    return path;
}

/* ---- begin and end ---- */

static bool terminal_can_edit(void) {
    const char *type = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && type && type[0] &&
           strcmp(type, "dumb") != 0;
}

static bool terminal_has_colour(void) {
    const char *no = getenv("NO_COLOR");
    const char *type = getenv("TERM");
    bool both = isatty(STDOUT_FILENO) && (isatty(STDERR_FILENO) || terminal_can_edit());
    return both && !(no && no[0]) && type && strcmp(type, "dumb") != 0;
}

static void open_terminal(struct console *c) {
    static const struct editor_calls calls = {on_line, on_editor_end, on_complete, on_choice};
    static const int numbers[] = {SIGWINCH, SIGCONT};
    c->editor = editor_open("> ", history_path(), &calls, c);
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(c->hub->loop, &c->signals[i]);
        c->signals[i].data = c;
        uv_signal_start(&c->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&c->signals[i]);
    }
}

static void greet(struct console *c) {
    char line[PLACE_TEXT + 100];
    snprintf(line, sizeof line, "%s: help tells what can be typed, Ctrl-D ends%s",
             c->device->link->config->spec->text,
             c->control ? "" : "; without --control nothing is changed");
    console_wrapped(&c->out, line, 0, columns(c));
    text_add(&c->out, "\n");
    say(c, false);
}

static void started(void *context, struct hub *hub) {
    struct console *c = context;
    c->hub = hub;
    c->device = &hub->devices[0];
    c->opened = true;
    hub->log = on_log;
    hub->log_context = c;
    hub->frame = on_frame;
    hub->frame_context = c;
    uv_timer_init(hub->loop, &c->next);
    uv_timer_init(hub->loop, &c->forget);
    c->next.data = c->forget.data = c;
    c->polls_input = uv_poll_init(hub->loop, &c->keys, STDIN_FILENO) == 0;
    c->keys.data = c;
    if (c->terminal) {
        open_terminal(c);
        greet(c);
        uv_poll_start(&c->keys, UV_READABLE, on_keys);
    }
    wake(c);
}

static void stopping(void *context) {
    struct console *c = context;
    if (!c->opened) {
        return;
    }
    c->stopping = true;
    c->hub->frame = NULL;
    editor_close(c->editor);
    uv_close((uv_handle_t *)&c->next, NULL);
    uv_close((uv_handle_t *)&c->forget, NULL);
    if (c->polls_input) {
        uv_close((uv_handle_t *)&c->keys, NULL);
    }
    if (c->reading) {
        (void)uv_cancel((uv_req_t *)&c->read);
    }
    for (size_t i = 0; c->terminal && i < 2; i++) {
        uv_close((uv_handle_t *)&c->signals[i], NULL);
    }
    c->editor = NULL;
}

/* Which kinds have a console? Returns false after the error was written. */
static bool is_for_consoles(const char *text) {
    struct link_spec spec;
    char why[LINK_WHY];
    char all[80];
    const char *names[8] = {NULL};
    size_t at = 0;
    size_t n = 0;
    if (link_spec_parse(&spec, text, strlen(text), why, &at) != VB_OK) {
        return true; /* one_link says what is wrong */
    }
    for (size_t i = 0; i < link_kind_count && n < 7; i++) {
        if (link_kinds[i]->ask) {
            names[n++] = link_kinds[i]->name;
        }
    }
    if (!spec.kind->ask) {
        usage_error("console", "a %s link has no console: nothing can be asked there (%s has one)",
                    spec.kind->name, names_text(names, all, sizeof all));
        return false;
    }
    return true;
}

static int run_console(struct console *c, const char *link, bool poll) {
    static struct selection selection;
    const struct run_options run = {
        .quiet = true, .started = started, .stopping = stopping, .context = c};
    int status;
    struct config *config = one_link("console", link, &selection, c->control, &status);
    if (!config) {
        return status;
    }
    for (size_t i = 0; i < config->device_count; i++) {
        config->devices[i].poll = poll;
    }
    status = run_hub("console", config, &run);
    config_free(config);
    text_free(&c->out);
    text_free(&c->later);
    if (c->broken[0]) {
        return failure("console", "%s", c->broken);
    }
    return status == EXIT_DONE && c->failed && !c->terminal ? EXIT_FAILED : status;
}

int cmd_console(int argc, char **argv) {
    enum { CONTROL = 1000, RAW, POLL, HELP };
    static const struct option options[] = {
        {"control", no_argument, NULL, CONTROL},
        {"raw", no_argument, NULL, RAW},
        {"poll", no_argument, NULL, POLL},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    static struct console c;
    bool poll = false;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case CONTROL:
            c.control = true;
            break;
        case RAW:
            c.raw = true;
            break;
        case POLL:
            poll = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("console", argv, options);
        }
    }
    if (optind + 1 != argc) {
        return usage_error("console", "expected one LINK, such as rapi:/dev/ttyUSB0");
    }
    if (!is_for_consoles(argv[optind])) {
        return EXIT_USAGE;
    }
    c.terminal = terminal_can_edit();
    c.colour = terminal_has_colour();
    return run_console(&c, argv[optind], poll);
}
