/* exi.c - `voltbus exi`: EXI in hexadecimal to JSON and back, one message a line. A line that is no message
 * gives an object with "error" in its place, and the others are done all the same.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/out/exi_json.h"
#include "host/out/text_buffer.h"
#include "voltbus/hex.h"
#include "voltbus/v2g.h"

static const char usage[] =
    "usage: voltbus exi decode [OPTION]... [FILE]    EXI (hexadecimal) to JSON\n"
    "       voltbus exi encode [OPTION]... [FILE]    JSON to EXI\n"
    "\n"
    "One message a line, out of FILE or standard input (-). Empty lines, and those\n"
    "that begin with #, are left out. A line that is no message gives {\"error\":..}\n"
    "in its place, and exit status 1 at the end.\n"
    "\n"
    "  --schema NAME  appproto, din70121, iso15118-2, iso15118-20-common,\n"
    "                 iso15118-20-ac, iso15118-20-dc; or auto (default): by the first\n"
    "                 bytes or the V2GTP header; \"schema\" in the JSON then tells\n"
    "  --kind NAME    document (default), fragment, xfragment: what is signed\n"
    "  --v2gtp        decode: show the V2GTP header (\"v2gtp\"); encode: write it\n"
    "  --hex BYTES    decode this instead of a file; may be repeated\n";

#define LINE_MAX_BYTES (16u << 20) /* a message of 64 kB takes 2 MB of JSON at most */
#define OUT_MAX        (4u * 65536u) /* EXI of a block: an octet of seven bits for each byte, and events */
#define HEX_MAX        256
#define SHOWN_LENGTHS  20
#define PATH_TEXT      1024 /* names of elements have 40 characters at most */

struct input {
    int fd;
    bool skip_lf;
    size_t at, n;
    unsigned long number; /* of the line, from 1 */
    struct text line;
    const char *why; /* it cannot be read on */
    char bytes[65536];
};

struct converter {
    enum vb_v2g_protocol protocol; /* VB_V2G_NONE: auto */
    enum vb_exi_kind kind;
    bool v2gtp;
    bool (*convert)(struct converter *c, const char *line, size_t n);
    unsigned long number; /* of the line */
    unsigned long messages, failed;
    unsigned long lengths; /* messages with a length that is not allowed */
    struct text bytes;
    struct sink sink;
    alignas(8) uint8_t block[EXI_JSON_BLOCK];
    uint8_t exi[OUT_MAX];
};

/* ---- what is wrong with a line ---- */

#define NO_BIT (-1)

static void complain(struct converter *c, int64_t bit, const char *path, const char *fmt,
                     va_list args) {
    char why[600];
    struct text json = {0};
    vsnprintf(why, sizeof why, fmt, args);
    text_add(&json, "{\"error\":");
    text_json(&json, why, strlen(why));
    text_format(&json, ",\"line\":%lu", c->number);
    if (bit != NO_BIT) {
        text_format(&json, ",\"bit\":%ld", (long)bit);
    }
    if (path) {
        text_add(&json, ",\"path\":");
        text_json(&json, path, strlen(path));
    }
    text_add(&json, "}\n");
    sink_bytes(&c->sink, json.data, json.n);
    text_free(&json);
}

/* Write the object of a line that is no message. Both return false. */
__attribute__((format(printf, 2, 3))) static bool bad(struct converter *c, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    complain(c, NO_BIT, NULL, fmt, args);
    va_end(args);
    return false;
}

static bool bad_at(struct converter *c, int64_t bit, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static bool bad_at(struct converter *c, int64_t bit, const char *path, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    complain(c, bit, path, fmt, args);
    va_end(args);
    return false;
}

/* ---- decode ---- */

static bool bad_exi(struct converter *c, enum vb_v2g_protocol protocol, int err,
                    const struct vb_exi_place *place, uint8_t first) {
    const char *why = err == VB_E_MORE    ? "the message is cut: it goes on behind its last byte"
                      : err == VB_E_RANGE ? "a value that its type cannot have"
                      : err == VB_E_SPACE ? "the message takes more than 64 kB of memory"
                      : first != 0x80
                          ? "not EXI as V2G has it: that begins with the byte 80"
                          : "no event of the schema has this number: damaged, or another schema";
    char path[PATH_TEXT];
    vb_exi_place_text(vb_v2g_names(protocol), place, path, sizeof path);
    return bad_at(c, place->bit, path, "%s", why);
}

/* No schema is chosen, and none is found. */
static bool bad_start(struct converter *c, uint16_t type, const uint8_t *exi, size_t n) {
    if (type == VB_V2GTP_SDP_REQ || type == VB_V2GTP_SDP_RES) {
        return bad(c, "SDP, which is no EXI");
    }
    if (type != 0 && type != VB_V2GTP_EXI) {
        return bad(c, "no schema is known for the V2GTP payload type %04x", type);
    }
    return n < 2 && (n == 0 || exi[0] == 0x80)
               ? bad(c, "the message is cut after %zu byte%s", n, n == 1 ? "" : "s")
               : bad(c, "neither the handshake nor din70121 nor iso15118-2 begins like this: "
                        "--schema tells another");
}

/* A message without its V2GTP header. type: of that header, 0 if there was none. */
static bool decode_exi(struct converter *c, uint16_t type, const uint8_t *exi, size_t n) {
    struct vb_exi_place place = {0};
    enum vb_v2g_protocol protocol = c->protocol;
    if (protocol == VB_V2G_NONE) {
        protocol = vb_v2g_protocol(type ? type : VB_V2GTP_EXI, exi, n);
    }
    if (protocol == VB_V2G_NONE) {
        return bad_start(c, type, exi, n);
    }
    int used =
        vb_exi_decode(vb_v2g_schema(protocol), c->kind, exi, n, c->block, sizeof c->block, &place);
    if (used < 0) {
        return bad_exi(c, protocol, used, &place, n > 0 ? exi[0] : 0x80);
    }
    sink_bytes(&c->sink, "{", 1);
    if (c->protocol == VB_V2G_NONE) {
        sink_text(&c->sink, "\"schema\":\"");
        sink_text(&c->sink, vb_v2g_protocol_text(protocol));
        sink_text(&c->sink, "\",");
    }
    if (c->v2gtp && type) {
        sink_text(&c->sink, "\"v2gtp\":\"");
        sink_hex(&c->sink, (const uint8_t[]){(uint8_t)(type >> 8), (uint8_t)type}, 2);
        sink_text(&c->sink, "\",");
    }
    exi_json_write(&c->sink, vb_v2g_names(protocol), c->block);
    unsigned padding = exi[used - 1] & ((1u << (8u * (unsigned)used - place.bit)) - 1);
    if (padding != 0) { /* the bits behind the last one, which everybody else leaves 0 */
        char text[32];
        snprintf(text, sizeof text, ",\"padding\":%u", padding);
        sink_text(&c->sink, text);
    }
    if ((size_t)used < n) {
        sink_text(&c->sink, ",\"trailing\":\"");
        sink_hex(&c->sink, exi + used, n - (size_t)used);
        sink_bytes(&c->sink, "\"", 1);
    }
    sink_bytes(&c->sink, "}\n", 2);
    return true;
}

static bool decode_line(struct converter *c, const char *line, size_t n) {
    const char *comment = memchr(line, '#', n);
    size_t length = comment ? (size_t)(comment - line) : n;
    size_t used;
    uint16_t type = 0;
    uint32_t body;
    text_clear(&c->bytes);
    uint8_t *exi = (uint8_t *)text_room(&c->bytes, n / 2 + 1);
    if (!exi) {
        return bad(c, "out of memory");
    }
    int count = vb_hex_read(line, length, exi, n / 2 + 1, &used);
    if (count < 0 && used < length) {
        unsigned char wrong = (unsigned char)line[used];
        return bad(c,
                   wrong > ' ' && wrong <= '~'
                       ? "character %zu, '%c': expected pairs of hexadecimal digits"
                       : "character %zu, byte %02X: expected pairs of hexadecimal digits",
                   used + 1, wrong);
    }
    if (count < 0) {
        return bad(c, "half a byte at the end: expected pairs of hexadecimal digits");
    }
    n = (size_t)count;
    if (n >= 2 && exi[0] == 0x01 && exi[1] == 0xFE) {
        int header = vb_v2gtp_header(exi, n, &type, &body);
        if (header < 0) {
            return bad(c, "the V2GTP header is cut: %zu of 8 bytes", n);
        }
        exi += header;
        n -= (size_t)header;
        if (body != n) {
            return bad(c, "the V2GTP header announces %lu bytes, and %zu follow",
                       (unsigned long)body, n);
        }
    }
    return decode_exi(c, type, exi, n);
}

/* ---- encode ---- */

struct object {
    json_t *json;
    const char *root;
    json_t *content;
    uint16_t type; /* V2GTP, 0 = none */
    uint8_t padding;
    enum vb_v2g_protocol protocol;
};

static enum vb_v2g_protocol protocol_find(const char *name) {
    for (int i = VB_V2G_NONE + 1; i < VB_V2G_PROTOCOL_COUNT; i++) {
        if (strcmp(vb_v2g_protocol_text((enum vb_v2g_protocol)i), name) == 0) {
            return (enum vb_v2g_protocol)i;
        }
    }
    return VB_V2G_NONE;
}

/* "unknown schema 'din'; did you mean ...". out: OUTPUT_WHY bytes. */
static const char *unknown_schema(const char *name, char *out) {
    const char *names[VB_V2G_PROTOCOL_COUNT + 1] = {"auto"};
    char near[NEAREST_TEXT];
    char all[120];
    for (int i = VB_V2G_NONE + 1; i < VB_V2G_PROTOCOL_COUNT; i++) {
        names[i] = vb_v2g_protocol_text((enum vb_v2g_protocol)i);
    }
    snprintf(out, OUTPUT_WHY, "unknown schema '%.40s'%s (%s)", name, nearest(name, names, near),
             names_text(names, all, sizeof all));
    return out;
}

static bool has_root(enum vb_v2g_protocol protocol, enum vb_exi_kind kind, const char *name) {
    const char *root;
    for (unsigned i = 0; (root = vb_exi_names_root(vb_v2g_names(protocol), kind, i)) != NULL; i++) {
        if (strcmp(root, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Without --schema and "schema": the one that has such a root. */
static bool guess(struct converter *c, struct object *object) {
    const char *names[VB_V2G_PROTOCOL_COUNT + 1] = {NULL};
    char all[120];
    size_t count = 0;
    for (int i = VB_V2G_NONE + 1; i < VB_V2G_PROTOCOL_COUNT; i++) {
        if (has_root((enum vb_v2g_protocol)i, c->kind, object->root)) {
            object->protocol = (enum vb_v2g_protocol)i;
            names[count++] = vb_v2g_protocol_text(object->protocol);
        }
    }
    return count == 1 ||
           (count == 0 ? bad(c, "no schema has a root element '%.60s'", object->root)
                       : bad(c,
                             "'%.60s' is in several schemas (%s): \"schema\" beside it or --schema "
                             "tells which",
                             object->root, names_text(names, all, sizeof all)));
}

/* "trailing": to c->bytes. */
static bool take_trailing(struct converter *c, const json_t *json) {
    const char *text = json_string_value(json);
    size_t n = json_string_length(json);
    uint8_t *bytes = (uint8_t *)text_room(&c->bytes, n / 2 + 1);
    int count = text && bytes ? vb_hex_read(text, n, bytes, n / 2 + 1, NULL) : VB_E_FORMAT;
    c->bytes.n = count > 0 ? (size_t)count : 0;
    return count >= 0 || bad(c, "trailing: expected a string of pairs of hexadecimal digits");
}

/* "v2gtp": the payload type. */
static bool take_type(struct converter *c, const json_t *json, uint16_t *type) {
    uint8_t bytes[2];
    const char *text = json_string_value(json);
    if (!text || vb_hex_read(text, strlen(text), bytes, sizeof bytes, NULL) != sizeof bytes) {
        return bad(c, "v2gtp: expected the payload type, a string of four hexadecimal digits");
    }
    *type = (uint16_t)(bytes[0] << 8 | bytes[1]);
    return true;
}

/* The members of a line: the root element, and what may stand beside it. Trailing bytes go to c->bytes. */
static bool take_members(struct converter *c, struct object *object) {
    text_clear(&c->bytes);
    for (void *at = json_object_iter(object->json); at;
         at = json_object_iter_next(object->json, at)) {
        const char *key = json_object_iter_key(at);
        json_t *value = json_object_iter_value(at);
        if (strcmp(key, "schema") == 0) {
            char why[OUTPUT_WHY];
            const char *name = json_string_value(value);
            object->protocol = protocol_find(name ? name : "");
            if (object->protocol == VB_V2G_NONE) {
                return bad(c, "schema: %s", unknown_schema(name ? name : "", why));
            }
        } else if (strcmp(key, "trailing") == 0) {
            if (!take_trailing(c, value)) {
                return false;
            }
        } else if (strcmp(key, "v2gtp") == 0) {
            if (!take_type(c, value, &object->type)) {
                return false;
            }
        } else if (strcmp(key, "padding") == 0) {
            json_int_t padding = json_integer_value(value); /* 0 if it is none */
            if (padding < 1 || padding > 0x7F) {
                return bad(c, "padding: expected a number from 1 to 127");
            }
            object->padding = (uint8_t)padding;
        } else if (strcmp(key, "error") == 0) {
            return bad(c, "this line is an error: %.200s",
                       json_is_string(value) ? json_string_value(value) : "");
        } else if (object->root) {
            return bad(c,
                       "two root elements, '%.60s' and '%.60s': beside the root may stand schema, "
                       "v2gtp, padding and trailing",
                       object->root, key);
        } else {
            object->root = key;
            object->content = value;
        }
    }
    return object->root || bad(c, "no root element: expected {\"NAME\":{..}}");
}

static void write_exi(struct converter *c, const struct object *object, size_t n) {
    uint16_t type = object->type ? object->type : c->v2gtp ? vb_v2g_type(object->protocol) : 0;
    uint8_t header[VB_V2GTP_HEADER];
    size_t header_n = 0;
    if (type) {
        header_n = (size_t)vb_v2gtp_write(type, (uint32_t)(n + c->bytes.n), header);
    }
    sink_hex(&c->sink, header, header_n);
    sink_hex(&c->sink, c->exi, n);
    sink_hex(&c->sink, (const uint8_t *)c->bytes.data, c->bytes.n);
    sink_bytes(&c->sink, "\n", 1);
}

/* Encode c->block. Lengths that the schema does not allow are told of, and written all the same: decode takes
 * them, and what it gave must not be lost. */
static int encode_block(struct converter *c, enum vb_v2g_protocol protocol,
                        struct vb_exi_place *place) {
    const struct vb_exi_schema *schema = vb_v2g_schema(protocol);
    struct vb_exi_place wrong;
    int n = vb_exi_encode(schema, c->block, c->exi, sizeof c->exi, place);
    if (n == VB_E_RANGE) {
        struct vb_exi_block head;
        memcpy(&head, c->block, sizeof head);
        head.flags |= VB_EXI_ANY_LENGTH;
        memcpy(c->block, &head, sizeof head);
        wrong = *place;
        n = vb_exi_encode(schema, c->block, c->exi, sizeof c->exi, place);
        if (n >= 0 && c->lengths++ < SHOWN_LENGTHS) {
            char path[PATH_TEXT];
            vb_exi_place_text(vb_v2g_names(protocol), &wrong, path, sizeof path);
            sink_flush(&c->sink);
            fprintf(stderr,
                    "voltbus exi encode: line %lu: %s: longer or shorter than the schema allows\n",
                    c->number, path);
        }
    }
    return n;
}

static bool encode_object(struct converter *c, struct object *object) {
    struct exi_json_error error = {0};
    struct vb_exi_place place = {0};
    object->protocol = c->protocol;
    if (!take_members(c, object) || (object->protocol == VB_V2G_NONE && !guess(c, object))) {
        return false;
    }
    const struct vb_exi_names *names = vb_v2g_names(object->protocol);
    if (!exi_json_read(names, c->kind, object->root, object->content, c->block, &error)) {
        text_bytes(&error.path, "", 1);
        bad_at(c, NO_BIT, error.path.data, "%s", error.why);
        text_free(&error.path);
        return false;
    }
    text_free(&error.path);
    int n = encode_block(c, object->protocol, &place);
    if (n < 0) {
        char path[PATH_TEXT];
        vb_exi_place_text(names, &place, path, sizeof path);
        return bad_at(c, NO_BIT, path, "%s",
                      n == VB_E_STATE   ? "something is missing, or stands beside what excludes it"
                      : n == VB_E_RANGE ? "a value that its type cannot have"
                                        : vb_err_text(n));
    }
    unsigned room = 8u * (unsigned)n - place.bit;
    if (object->padding >> room != 0) {
        return bad(c, "padding: %u does not fit the %u bits behind the message", object->padding,
                   room);
    }
    c->exi[n - 1] |= object->padding;
    write_exi(c, object, (size_t)n);
    return true;
}

static bool encode_line(struct converter *c, const char *line, size_t n) {
    json_error_t error;
    struct object object = {0};
    object.json =
        json_loadb(line, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    if (!object.json) {
        return bad(c, "no JSON: character %d: %s%s", error.position, error.text,
                   strstr(error.text, "too big integer")
                       ? ": beyond 64 bits it is written as a string"
                       : "");
    }
    bool good = json_is_object(object.json) ? encode_object(c, &object)
                                            : bad(c, "expected an object: {\"V2G_Message\":{..}}");
    json_decref(object.json);
    return good;
}

/* ---- lines ---- */

/* What begins a file that has no lines; NULL: it may have some. */
static const char *no_lines(const char *bytes, size_t n) {
    static const char capture[] = "a capture of packets: voltbus decode reads it";
    static const struct {
        const char *magic, *what;
    } kinds[] = {
        {"\xD4\xC3\xB2\xA1", capture},
        {"\xA1\xB2\xC3\xD4", capture},
        {"\x4D\x3C\xB2\xA1", capture},
        {"\xA1\xB2\x3C\x4D", capture},
        {"\x0A\x0D\x0D\x0A", capture},
        {"\x1F\x8B", "packed by gzip: unpack it first"},
        {"\x28\xB5\x2F\xFD", "packed by zstd: unpack it first"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i].magic);
        if (n >= length && memcmp(bytes, kinds[i].magic, length) == 0) {
            return kinds[i].what;
        }
    }
    return NULL;
}

/* Read the next bytes; false at the end, or with in->why. */
static bool refill(struct input *in) {
    bool first = in->n == 0;
    ssize_t got;
    do {
        got = read(in->fd, in->bytes, sizeof in->bytes);
    } while (got < 0 && errno == EINTR);
    in->at = 0;
    in->n = got > 0 ? (size_t)got : 0;
    in->why = got < 0 ? strerror(errno) : first ? no_lines(in->bytes, in->n) : NULL;
    return in->n > 0 && !in->why;
}

/* The next line without its end (LF, CR LF, CR), in in->line. Returns 1, 0 at the end, -1 with in->why. What was
 * converted is written before anything is waited for. */
static int next_line(struct input *in, struct sink *sink) {
    text_clear(&in->line);
    for (;;) {
        if (in->at == in->n) {
            sink_flush(sink);
            if (!refill(in)) {
                in->number += !in->why && in->line.n > 0;
                return in->why ? -1 : in->line.n > 0;
            }
        }
        if (in->skip_lf) {
            in->skip_lf = false;
            in->at += in->bytes[in->at] == '\n';
            continue;
        }
        const char *from = in->bytes + in->at;
        size_t have = in->n - in->at;
        size_t n = 0;
        while (n < have && from[n] != '\n' && from[n] != '\r') {
            n++;
        }
        text_bytes(&in->line, from, n);
        in->at += n + (n < have);
        if (in->line.failed || in->line.n > LINE_MAX_BYTES) {
            in->why = in->line.failed ? "out of memory" : "more than 16 MB without a line end";
            return -1;
        }
        if (n < have) {
            in->skip_lf = from[n] == '\r';
            in->number++;
            return 1;
        }
    }
}

static void one_line(struct converter *c, const char *line, size_t n) {
    while (n > 0 && (line[0] == ' ' || line[0] == '\t')) {
        line++;
        n--;
    }
    if (n > 0 && line[0] != '#') {
        c->messages++;
        c->failed += !c->convert(c, line, n);
    }
}

/* How many lines are no message: behind all of them. Returns the exit status. */
static int tell_failed(struct converter *c, const char *verb, const char *name) {
    sink_flush(&c->sink);
    return failure(verb, "%s: %lu of %lu messages not %sd", name, c->failed, c->messages,
                   verb + strlen("exi "));
}

static int convert_file(struct converter *c, const char *verb, const char *path) {
    static struct input in;
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "stdin" : path;
    int status = EXIT_DONE;
    int got = 0;
    in.fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in.fd < 0) {
        return failure(verb, "%s: %s%s", path, strerror(errno),
                       path[strspn(path, "0123456789abcdefABCDEF")] == '\0'
                           ? " (bytes instead of a file: --hex)"
                           : "");
    }
    while (!c->sink.error && (got = next_line(&in, &c->sink)) > 0) {
        const char *line = in.line.data ? in.line.data : "";
        size_t n = in.line.n;
        if (in.number == 1 && n >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
            line += 3; /* the mark that some Windows programs put before UTF-8 text */
            n -= 3;
        }
        c->number = in.number;
        one_line(c, line, n);
    }
    if (got < 0) {
        status = in.number > 0 ? failure(verb, "%s: after line %lu: %s", name, in.number, in.why)
                               : failure(verb, "%s: %s", name, in.why);
    }
    if (c->lengths > SHOWN_LENGTHS) {
        fprintf(stderr, "voltbus %s: %s: %lu more such lengths are not shown\n", verb, name,
                c->lengths - SHOWN_LENGTHS);
    }
    status = c->failed > 0 ? tell_failed(c, verb, name) : status;
    text_free(&in.line);
    if (!standard) {
        close(in.fd);
    }
    return status;
}

static int convert_arguments(struct converter *c, const char *const *hex, size_t count) {
    for (size_t i = 0; i < count; i++) {
        c->number = (unsigned long)i + 1;
        one_line(c, hex[i], strlen(hex[i]));
    }
    return c->failed > 0 ? tell_failed(c, "exi decode", "--hex") : EXIT_DONE;
}

static bool choose_kind(struct converter *c, const char *name) {
    static const char *const kinds[] = {"document", "fragment", "xfragment", NULL};
    char near[NEAREST_TEXT];
    for (int i = 0; kinds[i]; i++) {
        if (strcmp(kinds[i], name) == 0) {
            c->kind = (enum vb_exi_kind)i;
            return true;
        }
    }
    usage_error("exi", "unknown kind '%s'%s (document, fragment, xfragment)", name,
                nearest(name, kinds, near));
    return false;
}

static bool choose_schema(struct converter *c, const char *name) {
    char why[OUTPUT_WHY];
    c->protocol = protocol_find(name);
    if (c->protocol == VB_V2G_NONE && strcmp(name, "auto") != 0) {
        usage_error("exi", "%s", unknown_schema(name, why));
        return false;
    }
    return true;
}

int cmd_exi(int argc, char **argv) {
    enum { SCHEMA = 1000, KIND, V2GTP, HEX, HELP };
    static const struct option options[] = {
        {"schema", required_argument, NULL, SCHEMA}, {"kind", required_argument, NULL, KIND},
        {"v2gtp", no_argument, NULL, V2GTP},         {"hex", required_argument, NULL, HEX},
        {"help", no_argument, NULL, HELP},           {NULL, 0, NULL, 0},
    };
    static struct converter c;
    const char *hex[HEX_MAX];
    size_t hex_count = 0;
    sink_open(&c.sink, STDOUT_FILENO);
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case SCHEMA:
            if (!choose_schema(&c, optarg)) {
                return EXIT_USAGE;
            }
            break;
        case KIND:
            if (!choose_kind(&c, optarg)) {
                return EXIT_USAGE;
            }
            break;
        case V2GTP:
            c.v2gtp = true;
            break;
        case HEX:
            if (hex_count == HEX_MAX) {
                return usage_error("exi", "more than %d --hex: write them to a file", HEX_MAX);
            }
            if (!*optarg) {
                return usage_error("exi", "--hex is empty: expected pairs of hexadecimal digits");
            }
            hex[hex_count++] = optarg;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("exi", argv, options);
        }
    }
    bool decode = optind < argc && strcmp(argv[optind], "decode") == 0;
    if (!decode && (optind == argc || strcmp(argv[optind], "encode") != 0)) {
        static const char *const names[] = {"decode", "encode", NULL};
        char near[NEAREST_TEXT];
        return optind == argc ? usage_error("exi", "expected decode or encode (voltbus exi --help)")
                              : usage_error("exi", "expected decode or encode; not '%s'%s",
                                            argv[optind], nearest(argv[optind], names, near));
    }
    if (optind + 1 + (hex_count == 0) < argc) {
        return usage_error("exi", "%s",
                           hex_count > 0 ? "either FILE or --hex, not both" : "one FILE at a time");
    }
    if (hex_count > 0 && !decode) {
        return usage_error("exi", "--hex is for decode");
    }
    if (decode && c.protocol == VB_V2G_NONE && c.kind != VB_EXI_DOCUMENT) {
        return usage_error("exi", "a fragment does not tell its schema: --schema is needed");
    }
    c.convert = decode ? decode_line : encode_line;
    int status = hex_count > 0 ? convert_arguments(&c, hex, hex_count)
                               : convert_file(&c, decode ? "exi decode" : "exi encode",
                                              optind + 1 < argc ? argv[optind + 1] : "-");
    sink_flush(&c.sink);
    if (c.sink.error) {
        status = failure("exi", "cannot write the output: %s", strerror(c.sink.error));
    }
    text_free(&c.bytes);
    return status;
}
