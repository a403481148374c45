/* v2g.c - what a frame between car and charger says, whole.
 * Text: EVCC > SECC, the message, then its elements in the order of the document, what stands inside of one
 * in parentheses; the header, which hardly changes, comes last. Physical values are written out with their
 * unit, exactly: Value 3985 and Multiplier -1 are 398.5 V.
 * JSON: the message as exi_json.h writes it, and "physical" with the values worked out, by path.
 * SPDX-License-Identifier: MIT */
#include "host/out/v2g.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/out/exi_json.h"
#include "host/out/pen.h"
#include "voltbus/hex.h"

#define BYTES_SHOWN 32  /* in text; JSON has all */
#define TEXT_SHOWN  256 /* as much as a line of a log has */
#define PATH_MAX    512
#define ITEM_MAX    512

/* ---- reading ---- */

static uint64_t block[V2G_BLOCK / 8];

static unsigned side(const struct vb_frame *frame, unsigned at, unsigned len) {
    unsigned value = 0;
    for (unsigned i = at; i < at + len && frame->side; i++) {
        value = value << 8 | (i < frame->side_len ? frame->side[i] : 0u);
    }
    return value;
}

unsigned v2g_packet(const struct vb_frame *frame) {
    return side(frame, VB_SIDE_PACKET, 4);
}

static const char *sender(const struct vb_frame *frame, const char *message) {
    size_t n = strlen(message);
    switch (side(frame, VB_SIDE_FROM, 1)) {
    case VB_FROM_EVCC:
        return "EVCC";
    case VB_FROM_SECC:
        return "SECC";
    default:
        return n == 0                                     ? ""
               : vb_v2g_is_response(message)              ? "SECC"
               : n > 3 && !strcmp(message + n - 3, "Req") ? "EVCC"
                                                          : "";
    }
}

static const char *reason(int result) {
    switch (result) {
    case VB_E_MORE:
        return "the message is cut off here";
    case VB_E_RANGE:
        return "a value that this element cannot have";
    case VB_E_SPACE:
        return "the message needs more than 64 kB";
    default:
        return "no such element or event here";
    }
}

void v2g_read(const struct vb_frame *frame, struct v2g_seen *seen) {
    *seen = (struct v2g_seen){.frame = frame, .message = ""};
    if (frame->kind == VB_KIND_V2G && frame->id == VB_V2GTP_SDP_REQ) {
        struct vb_sdp_req req;
        seen->message = "SDPRequest";
        seen->why = vb_sdp_req_read(frame->data, frame->len, &req) < 0 ? "not 2 bytes" : NULL;
        seen->from = "EVCC";
        return;
    }
    if (frame->kind == VB_KIND_V2G && frame->id == VB_V2GTP_SDP_RES) {
        struct vb_sdp_res res;
        seen->message = "SDPResponse";
        seen->why = vb_sdp_res_read(frame->data, frame->len, &res) < 0 ? "not 20 bytes" : NULL;
        seen->from = "SECC";
        return;
    }
    if (frame->kind == VB_KIND_V2G) {
        seen->protocol = vb_v2g_protocol((uint16_t)frame->id, frame->data, frame->len);
        seen->names = vb_v2g_names(seen->protocol);
        if (!seen->names) {
            seen->unknown = frame->id != VB_V2GTP_EXI;
            seen->why = seen->unknown ? NULL : "the beginning of no message that V2G has";
        } else {
            int result = vb_exi_decode(vb_v2g_schema(seen->protocol), VB_EXI_DOCUMENT, frame->data,
                                       frame->len, block, sizeof block, &seen->place);
            seen->why = result < 0 ? reason(result) : NULL;
            seen->block = result < 0 ? NULL : block;
            seen->used = result < 0 ? 0 : (uint32_t)result;
            seen->message = result < 0 ? "" : vb_v2g_message(seen->names, block);
        }
    }
    seen->from = sender(frame, seen->message);
}

const char *v2g_why(const struct v2g_seen *seen, char *out, size_t n) {
    char path[PATH_MAX];
    if (!seen->why) {
        out[0] = '\0';
    } else if (!seen->names) {
        snprintf(out, n, "%s", seen->why);
    } else {
        size_t at = vb_exi_place_text(seen->names, &seen->place, path, sizeof path);
        snprintf(out, n, "bit %" PRIu32 "%s%s: %s", seen->place.bit, at > 0 ? ", in " : "",
                 at > 0 ? path : "", seen->why);
    }
    return out;
}

/* ---- physical values ---- */

struct physical {
    char number[48];
    const char *unit; /* "" = it has none */
};

/* value * 10^exponent in digits; ISO 15118-20 has exponents from -128 to 127. */
static void write_number(char out[48], int64_t value, int exponent) {
    int64_t ten = 1;
    if (exponent > 12 || exponent < -12) {
        snprintf(out, 48, "%" PRId64 "e%d", value, exponent);
        return;
    }
    for (int i = 0; i < (exponent < 0 ? -exponent : exponent); i++) {
        ten *= 10;
    }
    struct vb_scale scale = {exponent > 0 ? ten : 1, 0, exponent < 0 ? ten : 1};
    struct vb_decimal decimal = vb_decimal_of(&scale, false, 0);
    out[vb_decimal_text(&decimal, value, out)] = '\0';
}

static bool is_physical(const struct vb_exi_item *item) {
    return item->what == VB_EXI_BEGIN && (strcmp(item->type_name, "PhysicalValueType") == 0 ||
                                          strcmp(item->type_name, "RationalNumberType") == 0);
}

/* What an element is counted in where the message does not say (integers; all of ISO 15118-20; the unit is optional
 * in DIN 70121): by the end of its name, the first that fits. */
static const struct {
    const char *end, *unit;
} units[] = {
    {"TimeToTargetSOC", "s"},
    {"TimeToMinimumSOC", "s"},
    {"TimeToMaximumSOC", "s"},
    {"SOC", "%"},
    {"NotificationMaxDelay", "s"},
    {"DepartureTime", "s"},
    {"Voltage", "V"},
    {"VoltageLimit", "V"},
    {"Current", "A"},
    {"CurrentLimit", "A"},
    {"CurrentRipple", "A"},
    {"CurrentRegulationTolerance", "A"},
    {"ReactivePower", "VAr"},
    {"Power", "W"},
    {"PowerLimit", "W"},
    {"PMax", "W"},
    {"EnergyRequest", "Wh"},
    {"EnergyCapacity", "Wh"},
    {"EnergyToBeDelivered", "Wh"},
    {"AvailableEnergy", "Wh"},
    {"Frequency", "Hz"},
};

/* "" = none, or nobody knows. */
static const char *unit_of(const char *name) {
    size_t n = strlen(name);
    if (n > 3 && (strcmp(name + n - 3, "_L2") == 0 || strcmp(name + n - 3, "_L3") == 0)) {
        n -= 3;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t end = strlen(units[i].end);
        if (n >= end && memcmp(name + n - end, units[i].end, end) == 0) {
            return units[i].unit;
        }
    }
    return "";
}

/* The walk stands behind the BEGIN of a physical value of that name, and then behind its END. */
static struct physical take_physical(struct vb_exi_walk *walk, const char *name) {
    struct physical physical = {.unit = unit_of(name)};
    struct vb_exi_item item;
    int64_t value = 0;
    int exponent = 0;
    while (vb_exi_walk_next(walk, &item) && item.what != VB_EXI_END) {
        if (strcmp(item.name, "Value") == 0) {
            value = item.number;
        } else if (item.type == VB_EXI_ENUM) {
            physical.unit = item.word;
        } else {
            exponent = (int)item.number;
        }
    }
    write_number(physical.number, value, exponent);
    return physical;
}

/* ---- text ---- */

/* Items are written one behind: a parenthesis that closes belongs to the item before it. */
struct lines_of {
    struct pen pen;
    char item[ITEM_MAX];
    size_t n;
    size_t
        opened; /* characters of names with '(' at the start of item: nothing stands in them yet */
};

static void append(struct lines_of *l, const char *text, size_t n) {
    size_t room = sizeof l->item - l->n;
    n = n < room ? n : room;
    for (size_t i = 0; i < n; i++) { /* what comes from the wire must not command a terminal */
        l->item[l->n++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    }
}

static void append_text(struct lines_of *l, const char *text) {
    append(l, text, strlen(text));
}

static void flush_item(struct lines_of *l) {
    if (l->n > 0) {
        pen_item(&l->pen, l->item, l->n);
    }
    l->n = l->opened = 0;
}

/* A new item, behind the parentheses that wait for it. */
static void begin_item(struct lines_of *l, const char *name) {
    if (l->n > l->opened) {
        flush_item(l);
    }
    append_text(l, name);
}

static void open_group(struct lines_of *l, const char *name) {
    begin_item(l, name);
    append(l, "(", 1);
    l->opened = l->n;
}

static void close_group(struct lines_of *l) {
    append(l, ")", 1);
    l->opened = 0;
}

/* Text from the wire, which may have any length. */
static void append_some(struct lines_of *l, const char *text, size_t n) {
    char more[40];
    append(l, text, n < TEXT_SHOWN ? n : TEXT_SHOWN);
    if (n > TEXT_SHOWN) {
        append(l, more, (size_t)snprintf(more, sizeof more, ".. (%zu characters)", n));
    }
}

static void append_hex(struct lines_of *l, const uint8_t *bytes, size_t n) {
    char more[32];
    for (size_t i = 0; i < n && i < BYTES_SHOWN; i++) {
        char byte[2];
        vb_hex_write(&bytes[i], 1, byte);
        append(l, byte, 2);
    }
    if (n > BYTES_SHOWN) {
        append(l, more, (size_t)snprintf(more, sizeof more, ".. (%zu bytes)", n));
    }
}

/* Bytes that are text ("EVSEID 5A5A3030") are shown as text as well. */
static void append_bytes(struct lines_of *l, const uint8_t *bytes, size_t n) {
    append_hex(l, bytes, n);
    size_t text = n;
    while (text > 0 && bytes[text - 1] == 0) {
        text--;
    }
    for (size_t i = 0; i < text; i++) {
        if (bytes[i] < ' ' || bytes[i] > '~') {
            return;
        }
    }
    if (text >= 4 && text <= BYTES_SHOWN) {
        append(l, " \"", 2);
        append(l, (const char *)bytes, text);
        append(l, "\"", 1);
    }
}

static void append_unit(struct lines_of *l, const char *unit) {
    if (unit[0]) {
        append(l, " ", 1);
        append_text(l, strcmp(unit, "m") == 0 ? "min" : unit);
    }
}

static void value_item(struct lines_of *l, const struct vb_exi_item *item) {
    char number[32];
    begin_item(l, item->content ? "=" : item->name);
    append(l, " ", 1);
    switch (item->type) {
    case VB_EXI_BOOL:
        append_text(l, item->number ? "yes" : "no");
        break;
    case VB_EXI_ENUM:
        append_text(l, item->word);
        break;
    case VB_EXI_INT:
        append(l, number, (size_t)snprintf(number, sizeof number, "%" PRId64, item->number));
        break;
    case VB_EXI_UINT:
        append(l, number,
               (size_t)snprintf(number, sizeof number, "%" PRIu64, (uint64_t)item->number));
        break;
    case VB_EXI_TEXT:
        append_some(l, (const char *)item->bytes, item->len);
        break;
    case VB_EXI_BIG:
        append_text(l, item->minus ? "-0x" : "0x");
        append_hex(l, item->bytes, item->len);
        break;
    default:
        append_bytes(l, item->bytes, item->len);
    }
    if (item->type == VB_EXI_INT || item->type == VB_EXI_UINT) {
        append_unit(l, unit_of(item->name));
    }
}

static void physical_item(struct lines_of *l, const char *name, struct vb_exi_walk *walk) {
    struct physical physical = take_physical(walk, name);
    begin_item(l, name);
    append(l, " ", 1);
    append_text(l, physical.number);
    append_unit(l, physical.unit);
}

/* Everything that stands inside the element whose BEGIN was read last, up to its END. */
static void elements(struct lines_of *l, struct vb_exi_walk *walk) {
    struct vb_exi_item item;
    for (unsigned depth = 1; depth > 0 && vb_exi_walk_next(walk, &item);) {
        if (item.what == VB_EXI_END) {
            if (--depth > 0) {
                close_group(l);
            }
        } else if (is_physical(&item)) {
            physical_item(l, item.name, walk);
        } else if (item.what == VB_EXI_BEGIN) {
            open_group(l, item.name);
            depth++;
        } else {
            value_item(l, &item);
        }
    }
}

static void skip(struct vb_exi_walk *walk) {
    struct vb_exi_item item;
    for (unsigned depth = 1; depth > 0 && vb_exi_walk_next(walk, &item);) {
        depth += item.what == VB_EXI_BEGIN;
        depth -= item.what == VB_EXI_END;
    }
}

/* The children of the root and of Body, without Header; or those of Header. */
static void message_text(struct lines_of *l, const struct v2g_seen *seen, bool header) {
    struct vb_exi_walk walk;
    struct vb_exi_item item;
    unsigned inside = 0; /* root, Body, message */
    vb_exi_walk_init(&walk, seen->names, seen->block);
    while (vb_exi_walk_next(&walk, &item)) {
        bool is_header = inside == 1 && strcmp(item.name, "Header") == 0;
        if (item.what == VB_EXI_END) {
            inside--;
        } else if (item.what == VB_EXI_BEGIN && is_header) {
            if (header) {
                elements(l, &walk);
            } else {
                skip(&walk);
            }
        } else if (item.what == VB_EXI_BEGIN && (inside == 0 || strcmp(item.name, "Body") == 0 ||
                                                 strcmp(item.name, seen->message) == 0)) {
            inside++;
        } else if (header) {
            if (item.what == VB_EXI_BEGIN) {
                skip(&walk);
            }
        } else if (is_physical(&item)) {
            physical_item(l, item.name, &walk);
        } else if (item.what == VB_EXI_BEGIN) {
            open_group(l, item.name);
            elements(l, &walk);
            close_group(l);
        } else {
            value_item(l, &item);
        }
    }
}

/* "fe80::f248:d5a3:b883:9b28" of an SDP response. */
static const char *address(const struct vb_frame *frame, char out[INET6_ADDRSTRLEN]) {
    return inet_ntop(AF_INET6, frame->data, out, INET6_ADDRSTRLEN) ? out : "";
}

static unsigned port(const struct vb_frame *frame) {
    return (unsigned)frame->data[16] << 8 | frame->data[17];
}

static void sdp_text(struct lines_of *l, const struct vb_frame *frame) {
    static const char *const words[] = {"TLS", "no TLS", "TCP", "UDP"};
    char ip[INET6_ADDRSTRLEN];
    char text[80];
    const uint8_t *last = frame->data + frame->len - 2; /* security, transport */
    if (frame->id == VB_V2GTP_SDP_RES) {
        snprintf(text, sizeof text, "address %s", address(frame, ip));
        begin_item(l, text);
        snprintf(text, sizeof text, "port %u", port(frame));
        begin_item(l, text);
    }
    for (unsigned i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "%s %02X", i ? "transport" : "security", last[i]);
        begin_item(l, last[i] == 0 || last[i] == 0x10 ? words[2 * i + (last[i] ? 1 : 0)] : text);
    }
}

static const struct {
    unsigned flag;
    const char *name, *words;
} flags[] = {
    {VB_SIDE_AGAIN, "again", "sent again"},
    {VB_SIDE_SPLIT, "split", "in several segments"},
    {VB_SIDE_MERGED, "merged", "one of several in a segment"},
    {VB_SIDE_LATE, "late", "segments out of order"},
    {VB_SIDE_LOG, "log", ""}, /* of every message of a log: no news for people */
};
#define FLAGS (sizeof flags / sizeof flags[0])

void v2g_text(struct sink *sink, const struct v2g_seen *seen, const char *time_and_link, size_t n) {
    static struct lines_of l;
    const struct vb_frame *frame = seen->frame;
    char text[PATH_MAX + 128];
    l = (struct lines_of){.pen = pen_of(sink)};
    pen_text(&l.pen, time_and_link, n);
    const char *other = seen->from[0] == 'E' ? "SECC" : "EVCC";
    unsigned packet = v2g_packet(frame);
    n = packet ? (size_t)snprintf(text, sizeof text, " #%u", packet) : 0;
    bool to_nobody = frame->kind == VB_KIND_NET && frame->id == VB_NET_NOTE; /* who wrote the log */
    n += (size_t)snprintf(text + n, sizeof text - n, " %s%s%s", seen->from[0] ? seen->from : "-",
                          seen->from[0] && !to_nobody ? " > " : "",
                          seen->from[0] && !to_nobody ? other : "");
    const char *what =
        frame->kind == VB_KIND_NET ? vb_net_text((enum vb_net)frame->id) : seen->message;
    if (seen->protocol != VB_V2G_NONE) {
        n += (size_t)snprintf(text + n, sizeof text - n, " %s",
                              vb_v2g_protocol_text(seen->protocol));
    } else if (frame->kind == VB_KIND_V2G && !what[0]) {
        n += (size_t)snprintf(text + n, sizeof text - n, " %04X", (unsigned)frame->id);
    }
    n += what[0] ? (size_t)snprintf(text + n, sizeof text - n, " %s", what) : 0;
    pen_text(&l.pen, text, n);
    unsigned set = side(frame, VB_SIDE_FLAGS, 1);
    for (size_t i = 0; i < FLAGS && frame->kind == VB_KIND_V2G; i++) {
        if (set & flags[i].flag && flags[i].words[0]) {
            begin_item(&l, "[");
            append_text(&l, flags[i].words);
            append(&l, "]", 1);
        }
    }
    if (frame->kind == VB_KIND_NET && frame->len > 0) {
        begin_item(&l, "");
        append_some(&l, (const char *)frame->data, frame->len);
    } else if (seen->why) {
        n = (size_t)snprintf(text, sizeof text, "error exi: ");
        v2g_why(seen, text + n, sizeof text - n);
        begin_item(&l, text);
    } else if (seen->block) {
        message_text(&l, seen, false);
        message_text(&l, seen, true);
    } else if (frame->kind == VB_KIND_V2G && !seen->unknown) {
        sdp_text(&l, frame);
    }
    flush_item(&l);
    if (seen->why || seen->unknown) {
        pen_hex(&l.pen, frame->data, frame->len);
    } else if (seen->block && seen->used < frame->len) {
        n = (size_t)snprintf(text, sizeof text,
                             "%u trailing bytes:", (unsigned)(frame->len - seen->used));
        pen_item(&l.pen, text, n);
        pen_hex(&l.pen, frame->data + seen->used, frame->len - seen->used);
    }
    pen_end(&l.pen);
}

/* ---- JSON ---- */

static void hex_json(struct sink *sink, const uint8_t *bytes, size_t n) {
    sink_bytes(sink, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        vb_hex_write(&bytes[i], 1, sink_room(sink, 2));
        sink->n += 2;
    }
    sink_bytes(sink, "\"", 1);
}

static void member(struct sink *sink, const char *name, const char *value) {
    sink_text(sink, ",\"");
    sink_text(sink, name);
    sink_text(sink, "\":\"");
    sink_json(sink, value);
    sink_bytes(sink, "\"", 1);
}

static void number_member(struct sink *sink, const char *name, unsigned value) {
    char text[64];
    snprintf(text, sizeof text, ",\"%s\":%u", name, value);
    sink_text(sink, text);
}

static void flags_json(struct sink *sink, unsigned set) {
    const char *before = ",\"flags\":[\"";
    for (size_t i = 0; i < FLAGS; i++) {
        if (set & flags[i].flag) {
            sink_text(sink, before);
            sink_text(sink, flags[i].name);
            sink_bytes(sink, "\"", 1);
            before = ",\"";
        }
    }
    if (set) {
        sink_bytes(sink, "]", 1);
    }
}

/* The path of an element below the message, "SAScheduleList/SAScheduleTuple[0]/..". */
struct path {
    struct {
        const char *name,
            *list;      /* its own name; that of the list whose items are counted inside it */
        unsigned index; /* of that list: the item that came last */
        bool item;      /* it is item number `own` of a list */
        unsigned own;
    } at[VB_EXI_DEPTH_MAX + 1];
    unsigned depth;
};

/* Go down into a child, counting the items of lists. */
static void enter(struct path *path, const struct vb_exi_item *item) {
    unsigned up = path->depth;
    if (item->list) {
        bool same = path->at[up].list && strcmp(path->at[up].list, item->name) == 0;
        path->at[up].index = same ? path->at[up].index + 1 : 0;
        path->at[up].list = item->name;
    }
    if (path->depth < VB_EXI_DEPTH_MAX) {
        path->depth++;
    }
    path->at[path->depth].name = item->name;
    path->at[path->depth].list = NULL;
    path->at[path->depth].item = item->list;
    path->at[path->depth].own = path->at[up].index;
}

static void path_json(struct sink *sink, const struct path *path, unsigned first) {
    for (unsigned i = first; i <= path->depth; i++) {
        char index[16];
        sink_text(sink, i > first ? "/" : "");
        sink_text(sink, path->at[i].name);
        if (path->at[i].item) {
            snprintf(index, sizeof index, "[%u]", path->at[i].own);
            sink_text(sink, index);
        }
    }
}

static void physical_json(struct sink *sink, const struct v2g_seen *seen) {
    struct vb_exi_walk walk;
    struct vb_exi_item item;
    struct path path = {.depth = 0};
    unsigned first = strcmp(seen->message, "") == 0 ? 1 : 0; /* depth below the message */
    const char *before = ",\"physical\":{\"";
    vb_exi_walk_init(&walk, seen->names, seen->block);
    while (vb_exi_walk_next(&walk, &item)) {
        if (item.what == VB_EXI_BEGIN) {
            enter(&path, &item);
            if (first == 0 && strcmp(item.name, seen->message) == 0) {
                first = path.depth + 1;
            }
        }
        if (is_physical(&item)) {
            struct physical physical = take_physical(&walk, item.name);
            sink_text(sink, before);
            before = ",\"";
            path_json(sink, &path, first ? first : 1);
            sink_text(sink, "\":{\"value\":");
            sink_text(sink, physical.number);
            if (physical.unit[0]) {
                member(sink, "unit", physical.unit);
            }
            sink_bytes(sink, "}", 1);
            path.depth--;
        } else if (item.what == VB_EXI_END) {
            path.depth--;
        }
    }
    if (before[1] == '"' && before[2] == '\0') {
        sink_bytes(sink, "}", 1);
    }
}

static void sdp_json(struct sink *sink, const struct vb_frame *frame) {
    char ip[INET6_ADDRSTRLEN];
    char text[128];
    const uint8_t *last = frame->data + frame->len - 2;
    sink_text(sink, ",\"value\":{");
    if (frame->id == VB_V2GTP_SDP_RES) {
        snprintf(text, sizeof text, "\"address\":\"%s\",\"port\":%u,", address(frame, ip),
                 port(frame));
        sink_text(sink, text);
    }
    snprintf(text, sizeof text, "\"security\":%u,\"transport\":%u}", last[0], last[1]);
    sink_text(sink, text);
}

void v2g_json(struct sink *sink, const struct v2g_seen *seen) {
    const struct vb_frame *frame = seen->frame;
    static const struct {
        const char *name;
        unsigned at, len;
    } numbers[] = {{"packet", VB_SIDE_PACKET, 4}, {"stream", VB_SIDE_STREAM, 2}};
    for (size_t i = 0; i < 2; i++) {
        unsigned value = side(frame, numbers[i].at, numbers[i].len);
        if (value) {
            number_member(sink, numbers[i].name, value);
        }
    }
    if (seen->from[0]) {
        member(sink, "from", seen->from);
    }
    if (frame->kind == VB_KIND_NET) {
        member(sink, "event", vb_net_text((enum vb_net)frame->id));
        sink_text(sink, ",\"text\":\"");
        for (uint32_t i = 0; i < frame->len; i++) {
            char c = (char)frame->data[i];
            sink_json(sink, (char[]){c >= ' ' && c <= '~' ? c : '?', '\0'});
        }
        sink_bytes(sink, "\"", 1);
        return;
    }
    member(sink, "protocol",
           seen->protocol != VB_V2G_NONE ? vb_v2g_protocol_text(seen->protocol)
           : seen->message[0]            ? "sdp"
                                         : "unknown");
    if (seen->message[0]) {
        member(sink, "message", seen->message);
    }
    flags_json(sink, side(frame, VB_SIDE_FLAGS, 1));
    if (seen->unknown) {
        sink_text(sink, ",\"data\":");
        hex_json(sink, frame->data, frame->len);
    } else if (seen->why) {
        char path[PATH_MAX];
        member(sink, "error", "exi");
        member(sink, "why", seen->why);
        if (seen->names) {
            vb_exi_place_text(seen->names, &seen->place, path, sizeof path);
            number_member(sink, "bit", seen->place.bit);
            member(sink, "path", path);
        }
        sink_text(sink, ",\"data\":");
        hex_json(sink, frame->data, frame->len);
    } else if (seen->block) {
        sink_text(sink, ",\"value\":{");
        exi_json_write(sink, seen->names, seen->block);
        sink_bytes(sink, "}", 1);
        physical_json(sink, seen);
        if (seen->used < frame->len) {
            sink_text(sink, ",\"trailing\":");
            hex_json(sink, frame->data + seen->used, frame->len - seen->used);
        }
    } else {
        sdp_json(sink, frame);
    }
}
