/* fuzz_exi_json.c - JSON as EXI and EXI as JSON. The first byte says what follows: its schema (bits 0-2), kind (bits
 * 3-4), and text of JSON or (bit 7) bytes of EXI. What is taken comes out as it went in, by either way, and what is
 * refused has a reason.
 * SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/out/exi_json.h"
#include "voltbus/v2g.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct subject {
    const struct vb_exi_schema *schema;
    const struct vb_exi_names *names;
    enum vb_exi_kind kind;
} s;

static alignas(8) uint8_t block[EXI_JSON_BLOCK];

static void must(bool good) {
    if (!good) {
        abort();
    }
}

/* Build the block of a document {"ROOT":{..}}. */
static bool build(const char *text, size_t n) {
    struct exi_json_error error = {0};
    json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    void *root = json_is_object(json) ? json_object_iter(json) : NULL;
    bool good = root && exi_json_read(s.names, s.kind, json_object_iter_key(root),
                                      json_object_iter_value(root), block, &error);
    must(good || !root || error.why[0]);
    text_free(&error.path);
    json_decref(json);
    return good;
}

/* Write the block. Returns false if it takes more than a sink holds. */
static bool write(struct sink *sink) {
    sink->fd = -1;
    sink->n = 0;
    sink->error = 0;
    sink_bytes(sink, "{", 1);
    exi_json_write(sink, s.names, block);
    sink_bytes(sink, "}", 1);
    return sink->error == 0;
}

static void json_first(const char *text, size_t n) {
    static uint8_t exi[65536];
    static uint8_t again[65536];
    static struct sink built;
    static struct sink decoded;
    if (!build(text, n)) {
        return;
    }
    int length = vb_exi_encode(s.schema, block, exi, sizeof exi, NULL);
    if (length < 0 || !write(&built)) {
        return;
    }
    memset(block, 0xA5, sizeof block);
    must(vb_exi_decode(s.schema, s.kind, exi, (size_t)length, block, sizeof block, NULL) == length);
    must(write(&decoded) && decoded.n == built.n);
    must(memcmp(decoded.buffer, built.buffer, built.n) == 0);
    must(build(built.buffer, built.n));
    must(vb_exi_encode(s.schema, block, again, sizeof again, NULL) == length);
    must(memcmp(exi, again, (size_t)length) == 0);
}

static void exi_first(const uint8_t *data, size_t n) {
    static uint8_t exi[65536];
    static uint8_t again[65536];
    static struct sink decoded;
    if (vb_exi_decode(s.schema, s.kind, data, n, block, sizeof block, NULL) < 0) {
        return;
    }
    int length = vb_exi_encode(s.schema, block, exi, sizeof exi, NULL);
    if (!write(&decoded)) {
        return;
    }
    /* lengths that a type does not allow are decoded, but not encoded */
    must(build(decoded.buffer, decoded.n) || length < 0);
    if (length >= 0) {
        must(vb_exi_encode(s.schema, block, again, sizeof again, NULL) == length);
        must(memcmp(exi, again, (size_t)length) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    enum vb_v2g_protocol protocol =
        (enum vb_v2g_protocol)(VB_V2G_NONE + 1 + (data[0] & 7) % (VB_V2G_PROTOCOL_COUNT - 1));
    s = (struct subject){vb_v2g_schema(protocol), vb_v2g_names(protocol),
                         (enum vb_exi_kind)((data[0] >> 3 & 3) % 3)};
    if (data[0] & 0x80) {
        exi_first(data + 1, size - 1);
    } else {
        json_first((const char *)data + 1, size - 1);
    }
    return 0;
}
