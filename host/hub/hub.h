/* host/hub/hub.h - the hub: frames of all links go to the devices, what they say to the outputs, and
 * commands the other way, through the gate (voltbus/control.h). One loop, one thread.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_HUB_HUB_H
#define HOST_HUB_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "host/config/config.h"
#include "host/link/link.h"
#include "host/out/output.h"
#include "voltbus/control.h"
#include "voltbus/monitor.h"

/* The health of a device; the texts are API. */
#define HUB_HEALTHS(X)                                                                             \
    X(SILENT, "silent") /* nothing heard yet */                                                    \
    X(OK, "ok")                                                                                    \
    X(STALE, "stale") /* nothing good for too long */                                              \
    X(ERROR, "error") /* frames come, and fail their checks */

enum hub_health {
#define X(name, text) HUB_##name,
    HUB_HEALTHS(X)
#undef X
};
const char *hub_health_text(enum hub_health health);

/* The newest value of one row. Rows of a device are numbered through, message after message. */
struct hub_value {
    const struct vb_signal *signal;
    const struct column *column; /* its decimals */
    uint16_t message;            /* number in the device */
    bool heard, out_of_range;
    bool unheard;     /* sent by us, and not seen on the wire (VB_FRAME_UNHEARD) */
    bool shadowed;    /* an earlier row of the device has the same name: not shown by itself */
    uint32_t changes; /* hub.changes when it was heard last */
    int64_t raw;
    int64_t t_ns;      /* Unix time, or that of the recording */
    int64_t mono_ns;   /* when we heard it */
    uint16_t text_len; /* VB_TEXT: so many characters or bytes, */
    char *text;        /* ... our copy; NULL for all other rows */
};

struct hub_device {
    struct hub *hub;
    const struct config_device *config;
    uint16_t number;
    struct link *link;
    struct view view;
    struct hub_value *values;
    size_t value_count;
    size_t *first_value; /* [message]: number of its first row */
    struct vb_control control;
    char (*by)[32];              /* [command]: who holds its lease */
    struct hub_machine *machine; /* what acts beside it (machine.h); NULL: nothing does */
    int64_t refused_mono_ns;     /* when a refusal was told last; 0 = never */
    unsigned refused_unsaid;     /* refused since then */
    uint64_t frames, bad;
    uint32_t changes;      /* hub.changes when anything of it changed last */
    int64_t heard_ns;      /* time of the last good frame, as it stands in it */
    int64_t heard_mono_ns; /* last good frame; INT64_MIN = none */
    int64_t asked_mono_ns; /* last header on LIN that it did not answer; INT64_MIN = none */
    int64_t bad_mono_ns;   /* last damaged one; INT64_MIN = none */
    int64_t stale_ns;      /* older than this is stale */
    unsigned bad_in_row;
    bool unheard; /* frames of it are sent that nobody confirms */
    enum hub_health health;
    char reason[240];          /* why it is not ok; "" */
    struct vb_monitor monitor; /* on CAN; watches NULL: elsewhere */
    bool missing;              /* a message of it was missed, and perhaps still is */
};

/* How a link is doing; the texts are API. */
#define LINK_STATES(X) X(OPENING, "opening") X(OPEN, "open") X(WAITING, "waiting") X(ENDED, "ended")
enum link_state {
#define X(name, text) LINK_##name,
    LINK_STATES(X)
#undef X
};
const char *link_state_text(enum link_state state);

struct link {
    struct hub *hub;
    const struct config_link *config;
    uint16_t number;
    enum link_state state;
    char reason[TRANSPORT_WHY]; /* why it is not open; "" */
    uint64_t frames, bad;       /* frames; those that the framing itself found damaged */
    uint32_t changes;
    const char *leader; /* LIN, where we lead: "listen", "lead", "yield"; else NULL */
    char leader_reason[128];
    struct transport *transport; /* NULL: not open */
    void *kind_state;            /* config->spec->kind->size bytes */
    struct hub_device **devices; /* those on it */
    struct vb_watched_bus watched;
    size_t device_count;
    uv_timer_t retry;
    int alarm; /* timerfd: the deadline of the kind, finer than the loop's milliseconds */
    uv_poll_t deadline;
    unsigned tries;
    int64_t opened_mono_ns; /* INT64_MIN: not open */
    bool started, closing;
    bool alone; /* the place waits for somebody (listen://, pty:), and nobody is there */
};

struct hub_calls;   /* call.c */
struct hub_machine; /* machine.c */

struct hub_output {
    struct hub *hub;
    const struct config_output *config;
    void *self;
};

struct hub {
    uv_loop_t *loop;
    const struct config *config;
    struct link *links;
    size_t link_count;
    struct hub_device *devices;
    size_t device_count;
    struct hub_output *outputs;
    size_t output_count;
    uint32_t changes;        /* counts up with everything that changes; never 0 */
    struct history *history; /* the first output that keeps one, or NULL */
    uv_timer_t pulse;        /* health, leases */
    uint64_t frames;
    struct hub_calls *calls;   /* those that are under way */
    int64_t published_mono_ns; /* when what is commanded changed last; INT64_MIN = never */
    int64_t farewell_mono_ns;  /* ending: it closes then at the latest */
    bool settled;              /* its machines were at their safe end when it was looked last */
    bool ending;               /* the safe values go out: no command is taken any more */
    bool closing;
    char page[64]; /* address of the page, set by the output http; "" if there is none */
    void (*log)(void *context, const char *text); /* one line: links, commands; NULL = stderr */
    void *log_context;
    /* Every frame, heard or sent, before devices have read it; NULL = nobody listens. */
    void (*frame)(void *context, const struct link *link, const struct vb_frame *frame);
    void *frame_context;
    size_t running;                 /* links that are not ended */
    char broken[280];               /* the first link that could not be read to its end, why; "" */
    void (*ended)(struct hub *hub); /* all links are at their end; NULL = nothing */
};

/* Open everything that the configuration names. Links that do not open are tried again; an output
 * that does not is an error: returns false with why (OUTPUT_WHY) and what was opened is closed. The
 * config must live as long as the hub. */
bool hub_open(struct hub *hub, uv_loop_t *loop, const struct config *config, char *why);

/* End leases (their safe values still go out), close links and outputs. Run the loop until it is
 * empty, then hub_free. */
void hub_close(struct hub *hub);
void hub_close_now(struct hub *hub); /* without waiting for the safe values to go out */
void hub_free(struct hub *hub);

void hub_log(struct hub *hub, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct hub_device *hub_device_find(struct hub *hub, const char *name, size_t n);
/* After so long without this message of the device its values are lost. */
int64_t hub_lost_ns(const struct hub_device *device, const struct vb_message *message);
/* The newest value of a signal (n characters), or NULL. */
struct hub_value *hub_value_find(struct hub_device *device, const char *signal, size_t n);
/* What was heard of it last. */
struct vb_sample hub_value_sample(const struct hub_value *value);

/* ---- for links ---- */

/* A frame was heard. Its bytes are only read during the call. t_ns must be set; bus is set here. */
void hub_frame(struct link *link, struct vb_frame *frame);
/* Its state, its leader or their reasons changed. */
void link_changed(struct link *link);
/* Something of the device changed that outputs show at once: its health, what is commanded. */
void hub_changed(struct hub_device *device);
/* One more link is at its end. */
void hub_link_ended(struct hub *hub);
/* The link can send now: tell it what the devices on it publish; their machines begin. */
void hub_publish(struct link *link);
/* What is at the other end is known now (version of its kind): calls that wait for it go out. */
void hub_found(struct link *link);
/* Send a frame of ours on a link: id, flags, len, data are set. from: the machine it is of; NULL: somebody else's,
 * all machines hear it. False: the link does not take it. */
bool hub_send(struct link *link, struct vb_frame *frame, const struct hub_machine *from);
/* True while an output has so much to write that a replay as fast as possible should wait. */
bool hub_busy(const struct hub *hub);

/* ---- commands ---- */

#define HUB_WHY 360
struct hub_answer {
    enum vb_refusal refusal;
    char why[HUB_WHY];      /* one sentence, with names and limits; "" if done */
    char value[VALUE_TEXT]; /* in force now, as text */
};

/* Ask for a value (n characters of text) for lease_ns; by: who asks ("page 127.0.0.1", "voltbus
 * set"), for the log. Done or refused at once. */
struct hub_answer hub_command(struct hub_device *device, size_t command, const char *text, size_t n,
                              int64_t lease_ns, const char *by);
/* The value that the device says is in force: of the command's shown_by. NULL: it has none, it was not
 * heard yet, or the device is not ok. */
const struct hub_value *hub_command_shown(struct hub_device *device, size_t command);
/* Why that is not what was asked, in one sentence (LINK_WHY). False: it is, or nothing was asked. */
bool hub_command_reason(const struct hub_device *device, size_t command, char *why);

/* The state of the machine beside a device in one word, its name, and what it says of it ("" = nothing). NULL: none
 * runs for it. */
const char *hub_machine_state(const struct hub_device *device, const char **name, const char **why);

/* Give it back: the safe value is in force. */
struct hub_answer hub_release(struct hub_device *device, size_t command, const char *by);

/* ---- calls: one question or order, answered once (voltbus/call.h) ---- */

struct hub_reply {
    enum vb_refusal refusal; /* NONE: the device said OK */
    char why[HUB_WHY];       /* one sentence; "" if done */
    char text[128];          /* what stood behind OK or NK; "" */
    size_t message;        /* number of the message whose rows have read it; HUB_NO_MESSAGE: none */
    int64_t asked_mono_ns; /* values of it that were heard since then are the answer's */
};
#define HUB_NO_MESSAGE SIZE_MAX
typedef void hub_replied(void *context, const struct hub_reply *reply);

/* Call name with count arguments as text; also a code, whose arguments are then those of the wire
 * ("SC", "16", "V"). by: as above. The gate is the same as that of commands: what changes something
 * needs control: true, arguments must be within the limits of their rows, and those that a command
 * has too within the limits of that.
 * replied comes exactly once, from the loop, never from inside; or, if the hub is closed first, not
 * at all. */
void hub_call(struct hub_device *device, const char *name, size_t n, const char *const *arguments,
              size_t count, const char *by, hub_replied *replied, void *context);
/* The same for a body as it stands on the wire, "SC 16 V" (the console). What is no call of the
 * device's table is taken only if it begins with G, and so changes nothing. */
void hub_call_body(struct hub_device *device, const char *body, size_t n, const char *by,
                   hub_replied *replied, void *context);

/* Is this value of the device the answer's? */
bool hub_reply_has(const struct hub_reply *reply, const struct hub_value *value);
/* Has the answer a place for it, and says there that there is none? */
bool hub_reply_lacks(const struct hub_reply *reply, const struct hub_value *value);
/* The limits of an argument: those of the command that has it too, or of its row; NULL: none. */
const struct vb_limits *hub_argument_limits(const struct hub_device *device,
                                            const struct vb_signal *row);
/* The version of what is at the other end of its link; 0 = not known. */
uint32_t hub_version(const struct hub_device *device);

/* For links: the answer to a ticket. text: n characters behind OK or NK. */
void hub_answered(struct link *link, uint32_t ticket, enum vb_refusal refusal, const char *why,
                  const char *text, size_t n);

/* Write a command's limits as people read them: "0 to 5", "off or on". */
void hub_command_range(const struct hub_device *device, size_t command, char *out, size_t n);

#endif
