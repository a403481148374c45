/* call.c - the way of a call: one question or order to a device that speaks in text. The gate, the
 * wait for the answer, the log.
 * What it leaves out: the asking itself and its times, which are the link's; leases (command.c).
 * SPDX-License-Identifier: MIT */
#include "voltbus/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hub/command.h"
#include "host/out/history.h"
#include "voltbus/time.h"

/* So many wait for their answers; beyond them "busy". */
#define CALLS_MAX 32
#define CODE      2 /* letters of a code; names have more */
/* So long a call waits until the link knows whom it talks to. */
#define FIND_NS   (5 * VB_NS_PER_S)
#define GIVEN_MAX 40 /* of an argument as text: 16 characters, or a number */

enum stage {
    CALL_PARKED, /* until it is known what is at the other end */
    CALL_ASKED,  /* until hub_answered */
    CALL_OVER,   /* until the loop has told it */
};

struct call {
    struct call *next;
    struct hub_device *device;
    enum stage stage;
    uint32_t ticket;
    int64_t until_ns;            /* PARKED */
    const struct vb_call *row;   /* NULL: it is in no table */
    bool is_body;                /* name is a body */
    char name[VB_CALL_TEXT + 1]; /* as given */
    char given[VB_ARGUMENTS_MAX][GIVEN_MAX + 1];
    size_t count;
    char body[VB_CALL_TEXT + 1]; /* as it is asked */
    char by[64];
    struct hub_reply reply;
    hub_replied *replied;
    void *context;
};

struct hub_calls {
    struct hub *hub;
    struct call *first, **end;
    uint32_t ticket; /* of the last one */
    uv_timer_t tell; /* runs while one is OVER */
    bool closed;
};

/* ---- the end of a call ---- */

static const char *call_name(const struct call *call) {
    const struct vb_device *type = call->device->config->type;
    for (size_t m = 0; m < type->message_count && !call->is_body && call->row; m++) {
        if (type->messages[m].call == call->row) { /* not that which has read the answer */
            return type->messages[m].name;
        }
    }
    return call->name;
}

/* What changes something is in the log and in the history, done or refused; questions are not. */
static void note(struct call *call) {
    struct hub_device *device = call->device;
    struct hub *hub = device->hub;
    char result[HUB_WHY + 16];
    if (!call->row || !(call->row->flags & VB_CALL_CHANGES)) {
        return;
    }
    bool refused = call->reply.refusal != VB_REFUSAL_NONE;
    /* what was sent may have been done all the same: that is always told */
    if (refused && call->reply.asked_mono_ns == 0 && !command_tells_refusal(device)) {
        return;
    }
    snprintf(result, sizeof result, "%s%s", refused ? "refused: " : "done",
             refused ? call->reply.why : "");
    hub_log(hub, "call %s/%s: %s by %s: %s", device->config->name, call_name(call),
            call->body[0] ? call->body : "not asked", call->by, result);
    if (hub->history) {
        history_control(hub->history, clock_wall_ns(), call->by, device->config->name,
                        call_name(call), "", call->body, result);
    }
}

static void on_tell(uv_timer_t *timer);

static void over(struct call *call) {
    struct hub_calls *calls = call->device->hub->calls;
    call->stage = CALL_OVER;
    note(call);
    uv_timer_start(&calls->tell, on_tell, 0, 0);
}

/* It was not done: why, "" = what the refusal says. */
__attribute__((format(printf, 3, 4))) static void refuse(struct call *call, enum vb_refusal refusal,
                                                         const char *fmt, ...) {
    char more[HUB_WHY / 2];
    va_list args;
    va_start(args, fmt);
    vsnprintf(more, sizeof more, fmt, args);
    va_end(args);
    call->reply.refusal = refusal;
    snprintf(call->reply.why, sizeof call->reply.why, "%s %s: %s", call->device->config->name,
             call_name(call), more[0] ? more : vb_refusal_why(refusal));
    over(call);
}

static struct call *first_over(struct hub_calls *calls) {
    for (struct call **at = &calls->first; *at; at = &(*at)->next) {
        struct call *call = *at;
        if (call->stage == CALL_OVER) {
            *at = call->next;
            if (!*at) {
                calls->end = at;
            }
            return call;
        }
    }
    return NULL;
}

/* It is no longer in the list when it is told, so whoever hears it may ask again, or close the hub. */
static void on_tell(uv_timer_t *timer) {
    struct hub_calls *calls = timer->data;
    struct call *call;
    while (!calls->closed && (call = first_over(calls))) {
        hub_replied *replied = call->replied;
        void *context = call->context;
        struct hub_reply reply = call->reply;
        free(call);
        replied(context, &reply);
    }
}

/* ---- the gate ---- */

static const char *expected(const struct vb_signal *row, const struct vb_limits *limits, char *out,
                            size_t n) {
    if (row->flags & VB_STRING) {
        snprintf(out, n,
                 "text of 1 to 16 printable characters without $, ^ and *, no blank at its ends");
    } else if (!row_range(row, limits, " or ", out, n)[0]) {
        snprintf(out, n, "a number%s%s", row->unit[0] ? " of " : "", row->unit);
    }
    return out;
}

/* An argument that a command has too has the limits of that: they may be tighter. */
const struct vb_limits *hub_argument_limits(const struct hub_device *device,
                                            const struct vb_signal *row) {
    const struct vb_device *type = device->config->type;
    for (size_t i = 0; i < type->command_count; i++) {
        if (type->commands[i].argument == row) {
            return &device->control.leases[i].limits;
        }
    }
    return row->limits;
}

static const char *argument_name(const struct vb_signal *row) {
    return row->name ? row->name : row->title ? row->title : "argument";
}

/* Returns false after it was refused. */
static bool argument_good(struct call *call, const struct vb_signal *row, const char *given,
                          int result, const struct vb_argument *argument) {
    const struct vb_limits *limits = hub_argument_limits(call->device, row);
    struct vb_signal limited = *row;
    char range[160];
    limited.limits = limits;
    if (result == VB_OK && !(row->flags & VB_STRING) &&
        !vb_signal_in_limits(&limited, argument->raw)) {
        result = VB_E_RANGE;
    }
    if (result == VB_OK) {
        return true;
    }
    bool range_wrong = result == VB_E_RANGE;
    refuse(call, range_wrong ? VB_REFUSAL_OUT_OF_RANGE : VB_REFUSAL_BAD_VALUE,
           "%s: '%.40s' is %s: expected %s", argument_name(row), given,
           range_wrong ? "beyond the limits" : "no such value",
           expected(row, limits, range, sizeof range));
    return false;
}

static void arguments_wrong(struct call *call) {
    const struct vb_call *row = call->row;
    char names[160] = "";
    size_t at = 0;
    for (size_t i = 0; i < row->arg_count && at < sizeof names; i++) {
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", i ? ", " : "",
                               argument_name(&row->args[i]));
    }
    if (row->arg_count == 0) {
        refuse(call, VB_REFUSAL_BAD_VALUE, "takes no arguments");
    } else {
        refuse(call, VB_REFUSAL_BAD_VALUE, "takes %u argument%s (%s), not %zu", row->arg_count,
               row->arg_count == 1 ? "" : "s", names, call->count);
    }
}

/* The body of a call by name. Returns false after it was refused. */
static bool write_body(struct call *call) {
    const struct vb_call *row = call->row;
    struct vb_argument arguments[VB_ARGUMENTS_MAX] = {{0}};
    if (call->count != row->arg_count) {
        arguments_wrong(call);
        return false;
    }
    for (size_t i = 0; i < call->count; i++) {
        int result =
            vb_call_argument(&row->args[i], call->given[i], strlen(call->given[i]), &arguments[i]);
        if (!argument_good(call, &row->args[i], call->given[i], result, &arguments[i])) {
            return false;
        }
    }
    int n = vb_call_write(row, arguments, call->count, call->body, VB_CALL_TEXT);
    if (n < 0) {
        refuse(call, n == VB_E_SPACE ? VB_REFUSAL_BAD_VALUE : VB_REFUSAL_OUT_OF_RANGE,
               n == VB_E_SPACE ? "too long for the device" : "an argument is beyond its limits");
        return false;
    }
    call->body[n] = '\0';
    return true;
}

uint32_t hub_version(const struct hub_device *device) {
    const struct link_kind *kind = device->link->config->spec->kind;
    return kind->version && device->link->state == LINK_OPEN ? kind->version(device->link) : 0;
}

static void not_there(struct call *call, size_t other) {
    const struct vb_call *row = call->device->config->type->messages[other].call;
    char has[VB_VERSION_TEXT];
    char since[VB_VERSION_TEXT];
    char until[VB_VERSION_TEXT];
    vb_version_text(hub_version(call->device), has);
    vb_version_text(row->since, since);
    vb_version_text(row->until, until);
    refuse(call, VB_REFUSAL_NOT_THERE, "this device speaks version %s; it is there %s%s%s%s", has,
           row->since ? "from " : "", row->since ? since : "",
           row->until ? (row->since ? " on, and no more in " : "up to, not in, ") : " on",
           row->until ? until : "");
}

/* Numbers of rows: the call is in the table. Returns false after it was refused. */
static bool find_named(struct call *call) {
    const struct vb_device *type = call->device->config->type;
    size_t other = 0;
    int m = vb_call_find(type, call->name, strlen(call->name), hub_version(call->device), &other);
    if (m == VB_E_STATE) {
        not_there(call, other);
        return false;
    }
    if (m < 0) {
        refuse(call, VB_REFUSAL_NO_CALL, "%s", "");
        return false;
    }
    call->reply.message = (size_t)m;
    call->row = type->messages[m].call;
    return true;
}

/* A question that nobody knows goes out as it stands: it begins with G. What would end the line, or
 * begin another, does not. */
static bool is_question(const char *body) {
    size_t n = strlen(body);
    for (size_t i = 0; i < n; i++) {
        if (body[i] < ' ' || body[i] > '~' || strchr("$^*", body[i])) {
            return false;
        }
    }
    return n >= 2 && body[0] == 'G' && body[1] != ' ';
}

static bool find_body(struct call *call) {
    const struct vb_device *type = call->device->config->type;
    struct vb_argument arguments[VB_ARGUMENTS_MAX] = {{0}};
    size_t count = 0;
    size_t at = 0;
    size_t which = 0;
    int m = vb_call_find_body(type, call->name, strlen(call->name), hub_version(call->device),
                              arguments, &count, &at, &which);
    snprintf(call->body, sizeof call->body, "%s", call->name);
    if (m == VB_E_UNKNOWN) {
        call->row = NULL;
        call->reply.message = HUB_NO_MESSAGE;
        if (!is_question(call->name)) {
            refuse(call, VB_REFUSAL_NO_CALL, "%s", "");
            return false;
        }
        return true;
    }
    call->reply.message = m < 0 ? which : (size_t)m;
    call->row = type->messages[call->reply.message].call;
    if (m == VB_E_STATE) {
        not_there(call, which);
        return false;
    }
    if (m < 0) {
        static const struct vb_argument none = {0};
        if (at < call->row->arg_count) {
            (void)argument_good(call, &call->row->args[at], call->name, m, &none);
        } else {
            arguments_wrong(call);
        }
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!argument_good(call, &call->row->args[i], call->name, VB_OK, &arguments[i])) {
            return false;
        }
    }
    return true;
}

static bool may_change(struct call *call) {
    if (call->row && call->row->flags & VB_CALL_CHANGES && !call->device->control.allowed) {
        refuse(call, VB_REFUSAL_CONTROL_OFF, "%s", "");
        return false;
    }
    return true;
}

/* ---- to the link ---- */

/* What is at the other end is known: it may go out. */
static void proceed(struct call *call) {
    struct link *link = call->device->link;
    const struct link_kind *kind = link->config->spec->kind;
    char why[LINK_WHY];
    enum vb_refusal refusal = command_link_ready(link, why);
    if (refusal != VB_REFUSAL_NONE) {
        refuse(call, refusal, "%s%s%s", vb_refusal_why(refusal), why[0] ? ": " : "", why);
        return;
    }
    bool found = call->is_body ? find_body(call) : find_named(call);
    if (!found || !may_change(call) || (!call->is_body && !write_body(call))) {
        return;
    }
    struct hub_calls *calls = link->hub->calls;
    calls->ticket = calls->ticket == INT32_MAX ? 1 : calls->ticket + 1;
    call->ticket = calls->ticket;
    call->stage = CALL_ASKED;
    call->reply.asked_mono_ns = clock_mono_ns();
    refusal = kind->ask(link, call->ticket, call->device, call->reply.message, call->body,
                        strlen(call->body));
    if (refusal != VB_REFUSAL_NONE) {
        refuse(call, refusal, "%s", "");
    }
}

/* Is what is at the other end still looked for? */
static bool finding(const struct link *link) {
    char why[LINK_WHY];
    return !link->hub->ending && !link->alone &&
           (link->state == LINK_OPENING || (link->state == LINK_OPEN && !link->reason[0] &&
                                            command_link_ready(link, why) == VB_REFUSAL_NO_ANSWER));
}

/* What needs no waiting: a call that no version has, and one that is not allowed. */
static bool hopeless(struct call *call) {
    const struct vb_device *type = call->device->config->type;
    size_t other = 0;
    int m = call->is_body ? vb_call_find_body(type, call->name, strlen(call->name), 0, NULL, NULL,
                                              NULL, &other)
                          : vb_call_find(type, call->name, strlen(call->name), 0, &other);
    if (m == VB_E_UNKNOWN && !(call->is_body && is_question(call->name))) {
        refuse(call, VB_REFUSAL_NO_CALL, "%s", "");
        return true;
    }
    if (m != VB_E_UNKNOWN) {
        call->reply.message = m < 0 ? other : (size_t)m;
        call->row = type->messages[call->reply.message].call;
    }
    return !may_change(call);
}

static size_t waiting(const struct hub_calls *calls) {
    size_t n = 0;
    for (const struct call *call = calls->first; call; call = call->next) {
        n += call->stage != CALL_OVER;
    }
    return n;
}

static void begin(struct call *call) {
    struct hub_device *device = call->device;
    const struct link_kind *kind = device->link->config->spec->kind;
    if (waiting(device->hub->calls) > CALLS_MAX) {
        refuse(call, VB_REFUSAL_BUSY, "%s", "");
    } else if (!kind->ask) {
        if (!hopeless(call)) {
            refuse(call, VB_REFUSAL_NO_SLOT, "a %s link asks nothing", kind->name);
        }
    } else if (hopeless(call)) {
        return;
    } else if (finding(device->link)) {
        call->stage = CALL_PARKED;
        call->until_ns = clock_mono_ns() + FIND_NS;
    } else {
        proceed(call);
    }
}

static bool one_line(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

/* It goes into the log, and must not write lines of its own there. */
static void copy_line(char *out, size_t size, const char *text, size_t n) {
    size_t used = n < size - 1 ? n : size - 1;
    for (size_t i = 0; i < used; i++) {
        out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7F ? '?' : text[i];
    }
    out[used] = '\0';
}

/* What a device has said: ASCII, whatever came. */
static void copy_words(char *out, size_t size, const char *text, size_t n) {
    copy_line(out, size, text, n);
    for (char *c = out; *c; c++) {
        *c = (unsigned char)*c > '~' ? '?' : *c;
    }
}

/* NULL: no memory; who asked hears nothing, and its own patience ends. */
static struct call *new_call(struct hub_device *device, const char *name, size_t n, const char *by,
                             hub_replied *replied, void *context) {
    struct hub_calls *calls = device->hub->calls;
    struct call *call = calls->closed ? NULL : calloc(1, sizeof *call);
    if (!call) {
        return NULL;
    }
    call->device = device;
    call->reply.message = HUB_NO_MESSAGE;
    call->replied = replied;
    call->context = context;
    copy_line(call->by, sizeof call->by, by, strlen(by));
    copy_line(call->name, sizeof call->name, name, n);
    *calls->end = call;
    calls->end = &call->next;
    return call;
}

/* Who says a code means the words of the wire: "SC", "16", "V". Returns false if they are too long. */
static bool join(char body[VB_CALL_TEXT + 1], const char *code, const char *const *arguments,
                 size_t count) {
    size_t n = (size_t)snprintf(body, VB_CALL_TEXT + 1, "%.2s", code);
    for (size_t i = 0; i < count && n <= VB_CALL_TEXT; i++) {
        n += (size_t)snprintf(body + n, VB_CALL_TEXT + 1 - n, " %s", arguments[i]);
    }
    return n <= VB_CALL_TEXT;
}

void hub_call(struct hub_device *device, const char *name, size_t n, const char *const *arguments,
              size_t count, const char *by, hub_replied *replied, void *context) {
    char body[VB_CALL_TEXT + 1];
    if (n == CODE && count > 0 && join(body, name, arguments, count)) {
        hub_call_body(device, body, strlen(body), by, replied, context);
        return;
    }
    struct call *call = new_call(device, name, n, by, replied, context);
    if (!call) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(arguments[i]);
        if (length > GIVEN_MAX || !one_line(arguments[i], length)) {
            refuse(call, VB_REFUSAL_BAD_VALUE,
                   length > GIVEN_MAX ? "an argument is longer than any may be"
                                      : "an argument has a control character");
            return;
        }
    }
    if (count > VB_ARGUMENTS_MAX) {
        refuse(call, VB_REFUSAL_BAD_VALUE, "no call has more than %d arguments", VB_ARGUMENTS_MAX);
        return;
    }
    call->count = count;
    for (size_t i = 0; i < count; i++) {
        copy_line(call->given[i], sizeof call->given[i], arguments[i], strlen(arguments[i]));
    }
    begin(call);
}

void hub_call_body(struct hub_device *device, const char *body, size_t n, const char *by,
                   hub_replied *replied, void *context) {
    struct call *call = new_call(device, body, n, by, replied, context);
    if (!call) {
        return;
    }
    call->is_body = true;
    if (n > VB_CALL_TEXT || !one_line(body, n)) {
        refuse(call, VB_REFUSAL_BAD_VALUE,
               n > VB_CALL_TEXT ? "longer than any call" : "it has a control character");
        return;
    }
    begin(call);
}

/* ---- from the link ---- */

bool hub_reply_has(const struct hub_reply *reply, const struct hub_value *value) {
    return value->heard && value->message == reply->message &&
           value->mono_ns >= reply->asked_mono_ns;
}

/* Field 0 of the rows is the OK before the text. */
bool hub_reply_lacks(const struct hub_reply *reply, const struct hub_value *value) {
    const struct vb_signal *row = value->signal;
    unsigned fields = 1 + vb_field_count((const uint8_t *)reply->text, strlen(reply->text));
    return value->message == reply->message && !hub_reply_has(reply, value) &&
           row->flags & VB_FIELD && row->bit / 64 < fields;
}

/* Several messages share an id and differ in their fields: which of them has read the answer? */
static size_t read_by(const struct call *call) {
    const struct hub_device *device = call->device;
    const struct vb_message *messages = device->config->type->messages;
    if (call->reply.message == HUB_NO_MESSAGE) {
        return HUB_NO_MESSAGE;
    }
    for (size_t i = 0; i < device->value_count; i++) {
        const struct hub_value *value = &device->values[i];
        if (value->heard && value->mono_ns >= call->reply.asked_mono_ns &&
            messages[value->message].id == messages[call->reply.message].id) {
            return value->message;
        }
    }
    return call->reply.message;
}

void hub_answered(struct link *link, uint32_t ticket, enum vb_refusal refusal, const char *why,
                  const char *text, size_t n) {
    struct call *call = link->hub->calls ? link->hub->calls->first : NULL;
    while (call &&
           (call->stage != CALL_ASKED || call->ticket != ticket || call->device->link != link)) {
        call = call->next;
    }
    if (!call) {
        return; /* the link was lost meanwhile, and that was told */
    }
    copy_words(call->reply.text, sizeof call->reply.text, text ? text : "", text ? n : 0);
    if (refusal == VB_REFUSAL_NONE) {
        call->reply.message = read_by(call);
        over(call);
    } else if (refusal == VB_REFUSAL_REFUSED) {
        const char *option = call->row ? call->row->option : NULL;
        const char *words = call->reply.text;
        refuse(call, refusal, "the device said no%s%s%s%s%s", words[0] ? ": NK " : "", words,
               option ? "; it needs " : "", option ? option : "",
               option ? ", which its build may lack" : "");
    } else {
        refuse(call, refusal, "%s", why ? why : "");
    }
}

void hub_found(struct link *link) {
    struct hub_calls *calls = link->hub->calls;
    for (struct call *call = calls ? calls->first : NULL; call; call = call->next) {
        if (call->stage == CALL_PARKED && call->device->link == link) {
            proceed(call);
        }
    }
}

void calls_link_changed(struct link *link) {
    struct hub_calls *calls = link->hub->calls;
    bool gone = link->alone || link->state == LINK_WAITING || link->state == LINK_ENDED;
    for (struct call *call = calls ? calls->first : NULL; call; call = call->next) {
        if (call->device->link != link || call->stage == CALL_OVER) {
            continue;
        }
        if (gone && call->stage == CALL_ASKED) {
            refuse(call, VB_REFUSAL_LINK_DOWN,
                   "the link was lost before the answer came; whether it was done is not known: %s",
                   link->reason);
        } else if (call->stage == CALL_PARKED && (gone || link->reason[0])) {
            proceed(call); /* which says why not */
        }
    }
}

void calls_tick(struct hub *hub, int64_t mono_ns) {
    for (struct call *call = hub->calls ? hub->calls->first : NULL; call; call = call->next) {
        if (call->stage == CALL_PARKED && mono_ns >= call->until_ns) {
            refuse(call, VB_REFUSAL_NO_ANSWER, "link %s: nothing answers",
                   call->device->link->config->name);
        }
    }
}

/* ---- open, close ---- */

struct hub_calls *calls_new(struct hub *hub) {
    struct hub_calls *calls = calloc(1, sizeof *calls);
    if (calls) {
        calls->hub = hub;
        calls->end = &calls->first;
        uv_timer_init(hub->loop, &calls->tell);
        calls->tell.data = calls;
    }
    return calls;
}

void calls_close(struct hub *hub) {
    struct hub_calls *calls = hub->calls;
    if (!calls || calls->closed) {
        return;
    }
    calls->closed = true;
    while (calls->first) {
        struct call *call = calls->first;
        calls->first = call->next;
        free(call);
    }
    calls->end = &calls->first;
    uv_close((uv_handle_t *)&calls->tell, NULL);
}

void calls_free(struct hub_calls *calls) {
    free(calls);
}
