/* exi_json_read.c - JSON as a block of EXI. The schema leads: what a name is, and what its value has to be, is
 * asked of it, and JSON that is otherwise is refused with its place.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/nearest.h"
#include "host/out/exi_json.h"
#include "voltbus/hex.h"

#define NAMES_MAX 400 /* of elements, words or roots at one place; ISO 15118-20 has up to 300 */
#define SHOWN     60  /* characters of what was given, in messages */

#define STEPS_MAX (2 * VB_EXI_DEPTH_MAX + 2) /* an element and its "+" */
#define NO_INDEX  SIZE_MAX

struct reader {
    struct vb_exi_build build;
    struct exi_json_error *error;
    struct
        step { /* of the path: most messages are good, so it is put in words only when it is told */
        const char *key;
        size_t index; /* in a list */
    } step[STEPS_MAX];
    unsigned steps;
    uint8_t bytes[UINT16_MAX + 1];      /* of a value */
    uint32_t words[UINT16_MAX / 4 + 1]; /* of a long integer, least significant first */
};

/* What is given to a value: by its type. */
struct asked {
    struct vb_exi_item item;
    int64_t low, high;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct reader *r, const char *fmt, ...) {
    va_list args;
    text_clear(&r->error->path);
    for (unsigned i = 0; i < r->steps; i++) {
        text_format(&r->error->path, "%s%.*s", i > 0 ? "/" : "", SHOWN, r->step[i].key);
        if (r->step[i].index != NO_INDEX) {
            text_format(&r->error->path, "[%zu]", r->step[i].index);
        }
    }
    va_start(args, fmt);
    vsnprintf(r->error->why, sizeof r->error->why, fmt, args);
    va_end(args);
    return false;
}

/* ---- messages ---- */

static const char *type_text(const json_t *json) {
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "a number";
    case JSON_REAL:
        return "a fraction";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        break;
    }
    return "null (what is not sent is left out)";
}

/* "unknown name 'x'; did you mean y? (y, z)" */
static bool unknown(struct reader *r, const char *what, const char *given,
                    const char *const *names) {
    char near[NEAREST_TEXT];
    char all[120];
    nearest(given, names, near);
    return fail(r, "unknown %s '%.*s'%s%s%s%s", what, SHOWN, given, near, names[0] ? " (" : "",
                names[0] ? names_text(names, all, sizeof all) : "", names[0] ? ")" : "");
}

static bool unknown_name(struct reader *r, const char *given) {
    static const char *const mark[] = {"", "@"};
    const char *names[NAMES_MAX + 1] = {NULL};
    char marked[NAMES_MAX / 8][64]; /* few are attributes or content */
    size_t marks = 0;
    bool attribute = false;
    const char *name;
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        name = vb_exi_build_name(&r->build, i, &attribute);
        if (!name) {
            break;
        }
        names[i] = name;
        if ((attribute || !name[0]) && marks < sizeof marked / sizeof marked[0]) {
            snprintf(marked[marks], sizeof marked[0], "%s%s", name[0] ? mark[attribute] : "=",
                     name);
            names[i] = marked[marks++];
        }
    }
    return unknown(r, "name", given, names);
}

static bool unknown_word(struct reader *r, const struct vb_exi_item *item, const char *given) {
    const char *names[NAMES_MAX + 1] = {NULL};
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        names[i] = vb_exi_build_word(&r->build, item->name, item->attribute, i);
        if (!names[i]) {
            break;
        }
    }
    return unknown(r, "word", given, names);
}

static bool unknown_root(struct reader *r, enum vb_exi_kind kind, const char *given) {
    const char *names[NAMES_MAX + 1] = {NULL};
    const char *name;
    size_t count = 0;
    for (unsigned i = 0; count < NAMES_MAX; i++) {
        name = vb_exi_names_root(r->build.names, kind, i);
        if (!name) {
            break;
        }
        if (strcmp(name, given) !=
            0) { /* else it is abstract: it has a number, and is never sent */
            names[count++] = name;
        }
    }
    return unknown(r, "root element", given, names);
}

static bool refused(struct reader *r, int err, bool list) {
    switch (err) {
    case VB_E_STATE:
        return fail(r,
                    list ? "the list is full, or the schema has only one of these alternatives here"
                         : "stands twice, or beside another that excludes it");
    case VB_E_SPACE:
        return fail(r, "the message is larger than 64 kB");
    case VB_E_RANGE:
        return fail(r, "a value that its type cannot have");
    default:
        return fail(r, "%s", vb_err_text(err));
    }
}

/* ---- numbers ---- */

/* An integer: a number, or a string of digits. Its amount goes to r->bytes, most significant byte first, item->len
 * of them, at least one. */
static bool digits(struct reader *r, const char *text, size_t n, struct vb_exi_item *item) {
    size_t words = 0;
    item->minus = n > 0 && text[0] == '-';
    size_t at = item->minus;
    if (at == n || strspn(text + at, "0123456789") != n - at) {
        return fail(r, "'%.*s': expected a whole number, as a number or a string of digits", SHOWN,
                    text);
    }
    while (at < n) { /* up to nine digits at once */
        uint32_t factor = 1;
        uint64_t carry = 0;
        for (; at < n && factor < 1000000000; at++) {
            carry = carry * 10 + (uint64_t)(text[at] - '0');
            factor *= 10;
        }
        for (size_t i = 0; i < words; i++) {
            carry += (uint64_t)r->words[i] * factor;
            r->words[i] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry > 0 && words == UINT16_MAX / 4) {
            return fail(r, "a number of %zu digits: the message is larger than 64 kB", n);
        }
        if (carry > 0) {
            r->words[words++] = (uint32_t)carry;
        }
    }
    item->len = 0;
    for (size_t i = 4 * words; i > 0; i--) {
        uint8_t byte = (uint8_t)(r->words[(i - 1) / 4] >> 8 * ((i - 1) % 4));
        if (item->len > 0 || byte > 0) {
            r->bytes[item->len++] = byte;
        }
    }
    if (item->len == 0) {
        item->minus = false;
        r->bytes[item->len++] = 0;
    }
    item->bytes = r->bytes;
    return true;
}

static bool out_of_range(struct reader *r, const struct asked *asked, const char *given) {
    if (asked->item.type == VB_EXI_UINT) {
        return fail(r, "%.*s is out of range, expected %" PRIu64 " to %" PRIu64, SHOWN, given,
                    (uint64_t)asked->low, (uint64_t)asked->high);
    }
    return fail(r, "%.*s is out of range, expected %" PRId64 " to %" PRId64, SHOWN, given,
                asked->low, asked->high);
}

/* Does an amount, with or without minus, fit? Sets the number. */
static bool fits(struct asked *asked, uint64_t amount, bool minus) {
    asked->item.number = (int64_t)(minus ? 0 - amount : amount);
    if (asked->item.type == VB_EXI_UINT) {
        return !minus && amount >= (uint64_t)asked->low && amount <= (uint64_t)asked->high;
    }
    return amount <= (uint64_t)INT64_MAX + minus && asked->item.number >= asked->low &&
           asked->item.number <= asked->high;
}

static bool number(struct reader *r, const json_t *json, struct asked *asked) {
    struct vb_exi_item *item = &asked->item;
    char text[24];
    const char *given = text;
    size_t n;
    json_int_t small = json_integer_value(json); /* 0 if it is none */
    uint64_t amount = small < 0 ? 0 - (uint64_t)small : (uint64_t)small;
    if (json_is_integer(json)) {
        if (item->type != VB_EXI_BIG && fits(asked, amount, small < 0)) {
            return true;
        }
        n = (size_t)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, small);
    } else if (json_is_string(json)) {
        given = json_string_value(json);
        n = json_string_length(json);
    } else {
        return fail(r, "expected a whole number, not %s", type_text(json));
    }
    if (!digits(r, given, n, item)) {
        return false;
    }
    if (item->type == VB_EXI_BIG) {
        return true;
    }
    amount = 0;
    for (size_t i = 0; i < item->len; i++) {
        amount = amount << 8 | item->bytes[i];
    }
    return (item->len <= 8 && fits(asked, amount, item->minus)) || out_of_range(r, asked, given);
}

/* ---- values ---- */

static bool bytes(struct reader *r, const json_t *json, struct vb_exi_item *item) {
    const char *text = json_string_value(json);
    size_t n = json_string_length(json);
    size_t used;
    int count = vb_hex_read(text, n, r->bytes, UINT16_MAX, &used);
    if (count == VB_E_SPACE) {
        return fail(r, "the message is larger than 64 kB");
    }
    if (count < 0) {
        return used < n ? fail(r, "character %zu of '%.*s': expected pairs of hexadecimal digits",
                               used + 1, SHOWN, text)
                        : fail(r, "'%.*s': a hexadecimal digit is missing at the end", SHOWN, text);
    }
    item->bytes = r->bytes;
    item->len = (size_t)count;
    return true;
}

/* The value of an item whose type is asked. */
static bool read_value(struct reader *r, const json_t *json, struct asked *asked) {
    struct vb_exi_item *item = &asked->item;
    switch ((enum vb_exi_type)item->type) {
    case VB_EXI_BOOL:
        item->number = json_is_true(json);
        return json_is_boolean(json) || fail(r, "expected true or false, not %s", type_text(json));
    case VB_EXI_INT:
    case VB_EXI_UINT:
    case VB_EXI_BIG:
        return number(r, json, asked);
    case VB_EXI_ENUM:
        if (!json_is_string(json)) {
            return fail(r, "expected a word, not %s", type_text(json));
        }
        item->word = json_string_value(json);
        return strlen(item->word) == json_string_length(json) || unknown_word(r, item, item->word);
    case VB_EXI_TEXT:
        item->bytes = (const uint8_t *)json_string_value(json);
        item->len = json_string_length(json);
        return json_is_string(json) || fail(r, "expected a string, not %s", type_text(json));
    case VB_EXI_BYTES:
        return json_is_string(json)
                   ? bytes(r, json, item)
                   : fail(r, "expected a string of hexadecimal digits, not %s", type_text(json));
    case VB_EXI_COMPLEX:
        break;
    }
    return fail(r, "expected an object, not %s", type_text(json));
}

/* The members of an open element, and its end. */
static bool content(struct reader *r, json_t *object);

/* One element, attribute or content, once. */
static bool one(struct reader *r, struct asked asked, json_t *json) {
    struct vb_exi_item *item = &asked.item;
    int err;
    if (item->what == VB_EXI_BEGIN) {
        if (!json_is_object(json)) {
            return fail(r, "expected an object, not %s", type_text(json));
        }
        err = vb_exi_build_begin(&r->build, item->name);
        if (err != VB_OK) {
            return refused(r, err, item->list);
        }
        return content(r, json);
    }
    if (!read_value(r, json, &asked)) {
        return false;
    }
    err = vb_exi_build_value(&r->build, item);
    if (err == VB_E_FORMAT && item->type == VB_EXI_ENUM) {
        return unknown_word(r, item, item->word);
    }
    return err == VB_OK || refused(r, err, item->list);
}

static bool list(struct reader *r, struct asked asked, json_t *json) {
    struct step *step = &r->step[r->steps - 1];
    if (!json_is_array(json)) {
        return fail(r, "expected a list: the schema allows more than one");
    }
    for (step->index = 0; step->index < json_array_size(json); step->index++) {
        if (!one(r, asked, json_array_get(json, step->index))) {
            return false;
        }
    }
    return true;
}

static bool members(struct reader *r, json_t *object);

/* "+": objects that continue the one that is open. */
static bool continued(struct reader *r, json_t *json) {
    struct step *step = &r->step[r->steps - 1];
    if (!json_is_array(json)) {
        return fail(r, "expected a list of objects that continue this one");
    }
    for (step->index = 0; step->index < json_array_size(json); step->index++) {
        json_t *part = json_array_get(json, step->index);
        if (!json_is_object(part)) {
            return fail(r, "expected an object, not %s", type_text(part));
        }
        if (json_object_get(part, "+")) {
            return fail(r, "\"+\" inside \"+\"");
        }
        if (!members(r, part)) {
            return false;
        }
    }
    return true;
}

static bool member(struct reader *r, const char *key, json_t *json) {
    struct asked asked = {.low = INT64_MIN, .high = INT64_MAX};
    bool attribute = key[0] == '@';
    const char *name = strcmp(key, "=") == 0 ? "" : key + attribute;
    if (strcmp(key, "+") == 0) {
        return continued(r, json);
    }
    if (key[0] == '\0' || vb_exi_build_ask(&r->build, name, attribute, &asked.item, &asked.low,
                                           &asked.high) != VB_OK) {
        return unknown_name(r, key);
    }
    return asked.item.list ? list(r, asked, json) : one(r, asked, json);
}

static bool members(struct reader *r, json_t *object) {
    if (r->steps == STEPS_MAX) {
        return fail(r, "nested too deep");
    }
    r->steps++;
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        r->step[r->steps - 1] = (struct step){json_object_iter_key(at), NO_INDEX};
        if (!member(r, json_object_iter_key(at), json_object_iter_value(at))) {
            return false;
        }
    }
    r->steps--;
    return true;
}

static bool content(struct reader *r, json_t *object) {
    struct vb_exi_item item;
    if (!members(r, object)) {
        return false;
    }
    const char *name = vb_exi_build_missing(&r->build);
    if (name) {
        bool attribute = vb_exi_build_ask(&r->build, name, false, &item, NULL, NULL) != VB_OK;
        fail(r, "is missing");
        text_format(&r->error->path, "/%s%s", attribute ? "@" : "", name[0] ? name : "=");
        return false;
    }
    int err = vb_exi_build_end(&r->build);
    return err == VB_OK || refused(r, err, false);
}

bool exi_json_read(const struct vb_exi_names *names, enum vb_exi_kind kind, const char *root,
                   json_t *json, void *block, struct exi_json_error *error) {
    struct reader r;
    r.error = error;
    r.build.names = names;
    r.step[0] = (struct step){root, NO_INDEX};
    r.steps = 1;
    int err = vb_exi_build_root(&r.build, names, kind, root, block, EXI_JSON_BLOCK);
    if (err != VB_OK) {
        return err == VB_E_UNKNOWN ? unknown_root(&r, kind, root) : refused(&r, err, false);
    }
    return json_is_object(json) ? content(&r, json)
                                : fail(&r, "expected an object, not %s", type_text(json));
}
