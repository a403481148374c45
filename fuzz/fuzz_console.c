/* fuzz_console.c - what is typed into the console, and what a box says: whatever the bytes, a line has
 * one meaning or a reason, the words of Tab go on where it ends, and an answer becomes whole lines.
 * The first byte: how wide the terminal is, and which version the box has. Lines of the input are
 * typed; those that begin with '<' are heard, as the answer to what was typed last.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cmd/console_text.h"
#include "voltbus/rapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t versions[] = {0, VB_VERSION(1, 0, 3), VB_VERSION(5, 2, 1),
                                    VB_VERSION(6, 0, 0)};

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_text(struct text *out) {
    check(!out->failed && (out->n == 0 || out->data[out->n - 1] == '\n'));
    for (size_t i = 0; i < out->n; i++) {
        check(out->data[i] == '\n' || (unsigned char)out->data[i] >= ' ');
    }
    text_clear(out);
}

/* Returns the code that was asked; 0 if it is none. */
static uint32_t type(const struct vb_device *box, uint32_t version, size_t columns,
                     struct text *out, const char *text, size_t n) {
    static struct console_words words;
    struct console_line line;
    console_read(box, text, n, &line);
    check(line.what != CONSOLE_WRONG || (line.why[0] && !strchr(line.why, '\n')));
    check(line.what != CONSOLE_BODY || (line.n >= 2 && strlen(line.text) == line.n));
    check(line.what != CONSOLE_CALL || (line.name && line.count <= VB_ARGUMENTS_MAX));
    console_complete(box, version, text, n, &words);
    check(words.begin <= n && words.count <= CONSOLE_WORDS_MAX);
    for (size_t i = 0; i < words.count; i++) {
        check(memcmp(words.words[i], text + words.begin, n - words.begin) == 0);
    }
    check(words.count == 0 || console_common(&words) >= n - words.begin);
    if (line.what == CONSOLE_HELP) {
        const char *name = line.count > 0 ? line.arguments[0] : "";
        check(console_help(out, box, version, name, strlen(name), columns) || out->n == 0);
        check_text(out);
    } else if (line.what == CONSOLE_LIST) {
        console_list(out, box, version, line.count > 0 ? line.arguments[0] : NULL, columns);
        check_text(out);
    }
    return line.what == CONSOLE_BODY ? VB_RAPI_ID((uint8_t)line.text[0], (uint8_t)line.text[1]) : 0;
}

static void hear(const struct vb_device *box, size_t columns, struct text *out, uint32_t asked,
                 const uint8_t *bytes, size_t n) {
    struct vb_rapi_reader reader;
    struct vb_rapi_line line;
    vb_rapi_reader_init(&reader, false, VB_RAPI_LINE_MAX);
    for (size_t i = 0; i <= n; i++) {
        struct vb_frame frame = {0};
        if (!vb_rapi_reader_feed(&reader, i < n ? bytes[i] : '\r', &line)) {
            continue;
        }
        vb_rapi_line_frame(&line, asked ? asked : vb_rapi_line_id(&line), &frame);
        check(console_explain(out, box, &frame, columns) || out->n == 0);
        check_text(out);
        (void)console_title(box, &frame);
        console_line_text(out, &frame);
        console_damage(out, &frame);
        text_add(out, "\n");
        check_text(out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct text out;
    const struct vb_device *box = vb_device_find("openevse");
    uint32_t asked = 0;
    if (size < 1) {
        return 0;
    }
    uint32_t version = versions[data[0] & 3];
    size_t columns = data[0] >> 2;
    for (size_t at = 1; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        if (n > 0 && data[at] == '<') {
            hear(box, columns, &out, asked, data + at + 1, n - 1);
        } else {
            asked = type(box, version, columns, &out, (const char *)data + at, n);
        }
        at += n + 1;
    }
    text_free(&out);
    return 0;
}
