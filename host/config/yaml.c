/* yaml.c - events of libyaml to a tree of nodes.
 * SPDX-License-Identifier: MIT */
#include "host/config/yaml.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define WHAT_TEXT 240

struct builder {
    struct arena *arena;
    yaml_complaint *complain;
    void *context;
    const char *text;
    size_t n;
    struct yaml_node *root;
    struct yaml_node *open; /* the list or map that is being read */
    struct yaml_node *key;  /* a key that waits for its value */
    unsigned depth, nodes;
    bool full_document;
};

__attribute__((format(printf, 4, 5))) static bool refuse(const struct builder *b, size_t line,
                                                         size_t column, const char *fmt, ...) {
    char what[WHAT_TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    b->complain(b->context, (int)line + 1, (int)column + 1, NULL, what);
    return false;
}

static bool refuse_at(const struct builder *b, yaml_mark_t mark, const char *what) {
    return refuse(b, mark.line, mark.column, "%s", what);
}

/* ---- characters ---- */

size_t utf8_length(const char *text, size_t n) {
    const unsigned char *c = (const unsigned char *)text;
    size_t len = n == 0                  ? 0
                 : c[0] < 0x80           ? 1
                 : (c[0] & 0xE0) == 0xC0 ? 2
                 : (c[0] & 0xF0) == 0xE0 ? 3
                 : (c[0] & 0xF8) == 0xF0 ? 4
                                         : 0;
    if (len == 0 || len > n) {
        return 0;
    }
    uint32_t code = len == 1 ? c[0] : c[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((c[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (c[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least[len] || code > 0x10FFFF || surrogate ? 0 : len;
}

static size_t characters(const char *text, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    return count;
}

/* An error that has the number of a byte, but no line. */
static bool refuse_byte(const struct builder *b, size_t at, const char *what) {
    size_t line = 0;
    size_t begin = 0;
    for (size_t i = 0; i < at && i < b->n; i++) {
        if (b->text[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    return refuse(b, line, at < b->n ? characters(b->text + begin, at - begin) : 0, "%s", what);
}

static bool check_characters(const struct builder *b) {
    char what[48];
    size_t len;
    for (size_t i = 0; i < b->n; i += len) {
        unsigned char c = (unsigned char)b->text[i];
        len = utf8_length(b->text + i, b->n - i);
        if (len == 0) {
            snprintf(what, sizeof what, "the byte %02X is not UTF-8", c);
            return refuse_byte(b, i, what);
        }
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F) {
            snprintf(what, sizeof what, "the control character %02X", c);
            return refuse_byte(b, i, what);
        }
    }
    return true;
}

/* Is the indentation of a line made of tabs? Nine of ten beginners' errors are. Returns the column,
 * SIZE_MAX if it is not. */
static size_t tab_in_indentation(const struct builder *b, size_t line) {
    const char *p = b->text;
    const char *end = b->text + b->n;
    for (; line > 0 && p; line--) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    for (size_t column = 0; p && p < end && (*p == ' ' || *p == '\t'); p++, column++) {
        if (*p == '\t') {
            return column;
        }
    }
    return SIZE_MAX;
}

/* What libyaml says of the most common mistakes, for people who have never read its grammar. */
static const struct {
    const char *problem, *plainly;
} translations[] = {
    {"mapping values are not allowed in this context",
     "a second ': ' in a line: begin a new line, or put the value in quotes"},
    {"did not find expected key",
     "expected 'key: value', indented like the lines of the same map before"},
    {"could not find expected ':'", "expected 'key: value'"},
    {"found character that cannot start any token",
     "a value that begins with this character stands in quotes"},
};

static const char *plainly(const char *problem) {
    for (size_t i = 0; i < sizeof translations / sizeof translations[0]; i++) {
        if (strcmp(problem, translations[i].problem) == 0) {
            return translations[i].plainly;
        }
    }
    return problem;
}

static bool refuse_grammar(const struct builder *b, const yaml_parser_t *parser) {
    yaml_mark_t mark = parser->problem_mark;
    size_t tab = tab_in_indentation(b, mark.line);
    if (parser->error == YAML_MEMORY_ERROR) {
        return refuse(b, 0, 0, "out of memory");
    }
    if (parser->error == YAML_READER_ERROR) { /* U+FFFE and the like */
        return refuse_byte(b, parser->problem_offset, parser->problem);
    }
    if (tab != SIZE_MAX) {
        return refuse(b, mark.line, tab, "a tab: lines are indented with spaces");
    }
    const char *problem = plainly(parser->problem ? parser->problem : "no YAML");
    if (!parser->context || parser->context_mark.line == mark.line) {
        return refuse_at(b, mark, problem);
    }
    return refuse(b, mark.line, mark.column, "%s (%s that begins in line %zu)", problem,
                  parser->context, parser->context_mark.line + 1);
}

/* ---- events ---- */

static struct yaml_node *new_node(struct builder *b, enum yaml_type type, yaml_mark_t mark) {
    if (b->nodes++ == YAML_NODES_MAX) {
        refuse(b, mark.line, mark.column, "more than %d values", YAML_NODES_MAX);
        return NULL;
    }
    struct yaml_node *node = arena_take(b->arena, sizeof *node);
    if (!node) {
        refuse_at(b, mark, "out of memory");
        return NULL;
    }
    node->type = type;
    node->line = (int)mark.line + 1;
    node->column = (int)mark.column + 1;
    node->parent = b->open;
    return node;
}

static bool same_text(const struct yaml_node *a, const struct yaml_node *b) {
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Put a node where it belongs: it is the root, a key, the value of the key before, or in a list. */
static bool place(struct builder *b, struct yaml_node *node) {
    struct yaml_node *open = b->open;
    if (!open) {
        b->root = node;
        return true;
    }
    if (open->type == YAML_MAP && !b->key) {
        b->key = node;
        return true;
    }
    node->key = b->key;
    b->key = NULL;
    for (struct yaml_node *other = open->first; node->key && other; other = other->next) {
        if (same_text(other->key, node->key)) {
            char what[WHAT_TEXT];
            snprintf(what, sizeof what, "stands twice; first in line %d", other->key->line);
            b->complain(b->context, node->key->line, node->key->column, node->key, what);
            return true; /* it is read on, but nobody sees it */
        }
    }
    *(open->last ? &open->last->next : &open->first) = node;
    open->last = node;
    open->count++;
    return true;
}

static bool add_text(struct builder *b, const yaml_event_t *event) {
    struct yaml_node *node = new_node(b, YAML_TEXT, event->start_mark);
    const char *text = (const char *)event->data.scalar.value;
    if (!node) {
        return false;
    }
    yaml_scalar_style_t style = event->data.scalar.style;
    node->len = event->data.scalar.length;
    node->text = arena_text(b->arena, text, node->len);
    node->quoted =
        style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    node->exact = event->start_mark.line == event->end_mark.line &&
                  event->end_mark.column - event->start_mark.column ==
                      characters(text, node->len) + (node->quoted ? 2 : 0);
    return node->text ? place(b, node) : refuse_at(b, event->start_mark, "out of memory");
}

static bool begin(struct builder *b, const yaml_event_t *event, enum yaml_type type) {
    struct yaml_node *node = new_node(b, type, event->start_mark);
    if (!node) {
        return false;
    }
    if (b->depth++ == YAML_DEPTH_MAX) {
        return refuse(b, event->start_mark.line, event->start_mark.column,
                      "more than %d levels of lists and maps", YAML_DEPTH_MAX);
    }
    if (b->open && b->open->type == YAML_MAP && !b->key) {
        return refuse_at(b, event->start_mark, "a list or map as a key: expected a name");
    }
    place(b, node);
    b->open = node;
    return true;
}

static void end(struct builder *b) {
    if (b->open) { /* always, or libyaml is wrong */
        b->open = b->open->parent;
        b->depth--;
    }
}

static bool plain(const struct builder *b, yaml_mark_t mark, const yaml_char_t *anchor,
                  const yaml_char_t *tag) {
    return anchor ? refuse_at(b, mark, "an anchor (&): write the value where it is needed")
           : tag  ? refuse_at(b, mark, "a tag (!): values need none")
                  : true;
}

static bool take_event(struct builder *b, const yaml_event_t *event) {
    yaml_mark_t mark = event->start_mark;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->full_document) {
            return refuse_at(b, mark, "a second document (---): expected one");
        }
        b->full_document = true;
        return true;
    case YAML_ALIAS_EVENT:
        return refuse_at(b, mark, "an alias (*): write the value where it is needed");
    case YAML_SCALAR_EVENT:
        return plain(b, mark, event->data.scalar.anchor, event->data.scalar.tag) &&
               add_text(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return plain(b, mark, event->data.sequence_start.anchor, event->data.sequence_start.tag) &&
               begin(b, event, YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return plain(b, mark, event->data.mapping_start.anchor, event->data.mapping_start.tag) &&
               begin(b, event, YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        end(b);
        return true;
    default:
        return true;
    }
}

struct yaml_node *yaml_read(struct arena *arena, const char *text, size_t n,
                            yaml_complaint *complain, void *context) {
    static const char mark[] = "\xEF\xBB\xBF"; /* of editors on Windows; libyaml would count it */
    if (n >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        n -= 3;
    }
    struct builder b = {
        .arena = arena, .complain = complain, .context = context, .text = text, .n = n};
    yaml_parser_t parser;
    if (!check_characters(&b)) {
        return NULL;
    }
    if (!yaml_parser_initialize(&parser)) {
        refuse(&b, 0, 0, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
    bool good = true;
    bool done = false;
    while (good && !done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            good = refuse_grammar(&b, &parser);
            break;
        }
        done = event.type == YAML_STREAM_END_EVENT;
        good = take_event(&b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (good && !b.root) {
        good = refuse(&b, 0, 0, "the file is empty");
    }
    return good ? b.root : NULL;
}

/* ---- the tree ---- */

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key) {
    size_t n = strlen(key);
    struct yaml_node *node = map->type == YAML_MAP ? map->first : NULL;
    while (node && !(node->key->len == n && memcmp(node->key->text, key, n) == 0)) {
        node = node->next;
    }
    return node;
}

int yaml_column(const struct yaml_node *node, size_t at) {
    if (!node->exact || at > node->len) {
        return node->column;
    }
    return node->column + (node->quoted ? 1 : 0) + (int)characters(node->text, at);
}
