/* voltbus/exi.h - EXI as V2G uses it: the handshake, DIN 70121, ISO 15118-2 and ISO 15118-20.
 *
 * Schema-informed, bit-packed, non-strict (reference/exi-facts.md). One engine walks const tables; a
 * decoded message is one block of the caller's memory: generated structs (voltbus/exi_din70121.h and
 * its neighbours), the root first, then whatever is out of line, at 16-bit offsets. A block holds no
 * pointers: it may be copied, stored and compared as it is. Nothing here needs memory of its own, and
 * the stack is bounded.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_EXI_H
#define VOLTBUS_EXI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/err.h"

/* The tables of one schema, made at build time from schema/NAME.schema.txt. A program links those that
 * it names. */
struct vb_exi_schema;
extern const struct vb_exi_schema vb_exi_appproto;     /* supportedAppProtocolReq and Res */
extern const struct vb_exi_schema vb_exi_din70121;     /* DIN SPEC 70121:2012 */
extern const struct vb_exi_schema vb_exi_iso2;         /* ISO 15118-2:2013 */
extern const struct vb_exi_schema vb_exi_iso20_common; /* ISO 15118-20 CommonMessages */
extern const struct vb_exi_schema vb_exi_iso20_dc;
extern const struct vb_exi_schema vb_exi_iso20_ac;

enum vb_exi_kind {
    VB_EXI_DOCUMENT,  /* a message */
    VB_EXI_FRAGMENT,  /* one element of the schema, as it is signed */
    VB_EXI_XFRAGMENT, /* SignedInfo: one element of the XML signature schema alone */
};

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define VB_EXI_BIG_ENDIAN 1
#else
#define VB_EXI_BIG_ENDIAN 0
#endif

#define VB_EXI_DEPTH_MAX 16 /* elements inside each other */

/* ---- the block ---- */

/* A place inside the block; 0 = there is nothing. See vb_exi_at. */
typedef uint16_t vb_exi_ref;

/* What every block begins with; the root struct follows, see vb_exi_root. */
struct vb_exi_block {
    uint16_t used; /* bytes of the block, this included */
    uint8_t kind;  /* enum vb_exi_kind */
    uint8_t flags; /* 0; see vb_exi_encode */
    uint16_t root; /* event code of the root element: VB_DIN_root_V2G_Message, VB_ISO2_frag_..., */
    uint16_t spare2;
};

/* Text (UTF-8, no zero behind it), hexBinary, base64Binary. at 0: not there. An integer without bounds: a byte that
 * is 1 if it is negative, then its amount, most significant byte first. */
struct vb_exi_bytes {
    vb_exi_ref at;
    uint16_t len;
};

/* Elements that may come more than once: nodes with what the generated header says behind them. */
struct vb_exi_list {
    vb_exi_ref first, last;
    uint16_t count;
};
struct vb_exi_node {
    vb_exi_ref next;
    uint16_t which; /* of several alternatives: VB_..._is_...; else 0 */
};

/* One of many alternatives: the message in a Body. */
struct vb_exi_choice {
    uint16_t is;   /* VB_DIN_BodyType_is_CurrentDemandReq; 0 = none */
    vb_exi_ref at; /* its struct */
};

/* The root struct of a block, what a reference points to (NULL: nothing); cast to the type that it has. */
static inline const void *vb_exi_root(const void *block) {
    return (const uint8_t *)block + sizeof(struct vb_exi_block);
}
static inline const void *vb_exi_at(const void *block, vb_exi_ref ref) {
    return ref == 0 ? NULL : (const uint8_t *)block + ref;
}

/* To make a block by hand: begin with its root struct, then add what is out of line. What was there before is zeros;
 * zeros are "not there".
 * See the example at the end of this file. cap: bytes of the block.
 * init: VB_OK, or VB_E_SPACE. add: a struct behind a reference. append: a node of a list, node and value. Both: NULL =
 * no room. put: text or bytes; VB_OK, or VB_E_SPACE. */
int vb_exi_block_init(void *block, size_t cap, enum vb_exi_kind kind, uint16_t root, size_t size);
void *vb_exi_block_add(void *block, size_t cap, vb_exi_ref *ref, size_t size);
void *vb_exi_block_append(void *block, size_t cap, struct vb_exi_list *list, size_t size);
int vb_exi_block_put(void *block, size_t cap, struct vb_exi_bytes *to, const void *bytes,
                     size_t len);

/* Where in the bytes and in the message something went wrong. Names: vb_exi_place_text. */
struct vb_exi_place {
    uint32_t bit;  /* of the input; of the output when writing */
    uint8_t depth; /* how many rows are known */
    uint16_t
        row[VB_EXI_DEPTH_MAX]; /* the root by kind and event code, then each element by its row */
};

/* Decode one message.
 * exi: n bytes, from the 80 of the EXI header on. block: cap bytes, aligned to 8; its contents before do not
 * matter. place: where it ended, in any case; may be NULL.
 * Returns the number of bytes used (bytes behind them are the caller's business); VB_E_MORE (a correct
 * beginning: the message is cut); VB_E_FORMAT (no such event code, a cookie or options in the header, a
 * string table hit, a wildcard or second-level event, nested too deep); VB_E_RANGE (a value that its type
 * cannot have); VB_E_SPACE (the block is too small, or the message exceeds the 64 kB of a block). After an
 * error the block holds nothing of use. */
int vb_exi_decode(const struct vb_exi_schema *schema, enum vb_exi_kind kind, const uint8_t *exi,
                  size_t n, void *block, size_t cap, struct vb_exi_place *place);

/* Encode the block of a message. exi: room for cap bytes.
 * Returns the number of bytes written; VB_E_SPACE (exi is too small); VB_E_RANGE (a value that its type cannot
 * have, too long a text, too many items of a list); VB_E_STATE (a mandatory element is missing, or two
 * alternatives are present). Nothing outside exi is written; after an error exi holds nothing of use.
 * With VB_EXI_ANY_LENGTH in the flags of the block texts and bytes may be too long or too short for their type, as
 * vb_exi_decode takes them: to write a foreign message as it was. */
#define VB_EXI_ANY_LENGTH 1
int vb_exi_encode(const struct vb_exi_schema *schema, const void *block, uint8_t *exi, size_t cap,
                  struct vb_exi_place *place);

/* ---- with names: for logs and JSON; microcontrollers that do not use these do not link the names ---- */

struct vb_exi_names; /* of the elements, types and words of one schema */
extern const struct vb_exi_names vb_exi_appproto_names;
extern const struct vb_exi_names vb_exi_din70121_names;
extern const struct vb_exi_names vb_exi_iso2_names;
extern const struct vb_exi_names vb_exi_iso20_common_names;
extern const struct vb_exi_names vb_exi_iso20_dc_names;
extern const struct vb_exi_names vb_exi_iso20_ac_names;

/* By the name of the schema file: "din70121", "iso15118-2", "iso15118-20-common" ...; NULL: none. */
const struct vb_exi_names *vb_exi_names_find(const char *schema);
const struct vb_exi_schema *vb_exi_names_schema(const struct vb_exi_names *names);
const char *vb_exi_names_text(const struct vb_exi_names *names); /* "din70121" */

/* The element path of a place, "V2G_Message/Body/CurrentDemandReq/EVTargetVoltage". Returns its length, at
 * most cap - 1; always ends with a zero. */
size_t vb_exi_place_text(const struct vb_exi_names *names, const struct vb_exi_place *place,
                         char *out, size_t cap);

enum vb_exi_type {
    VB_EXI_COMPLEX, /* has elements inside: BEGIN .. END */
    VB_EXI_BOOL,
    VB_EXI_ENUM,
    VB_EXI_INT,  /* number, signed */
    VB_EXI_UINT, /* number, unsigned 64 bits in the same place */
    VB_EXI_BIG, /* an integer without bounds: minus, and bytes = its amount, most significant first */
    VB_EXI_TEXT,  /* bytes: UTF-8 */
    VB_EXI_BYTES, /* hexBinary or base64Binary */
};

/* One step of a walk over a decoded message, in document order. */
struct vb_exi_item {
    enum { VB_EXI_BEGIN, VB_EXI_VALUE, VB_EXI_END } what;
    uint8_t type;          /* enum vb_exi_type; BEGIN and END: VB_EXI_COMPLEX */
    bool attribute;        /* "@" */
    bool content;          /* "=": the text of an element that has attributes too */
    bool list;             /* the schema allows more than one of it here */
    bool minus;            /* VB_EXI_BIG */
    const char *name;      /* of the element; of the attribute; "" for content */
    const char *type_name; /* of a complex element: "PhysicalValueType"; else "" */
    int64_t number;        /* BOOL, ENUM (its index), INT, UINT */
    const char *word;      /* ENUM: its name */
    const uint8_t *bytes;  /* TEXT, BYTES, BIG: in the block ... */
    size_t len;            /* ... that many */
};

/* The first item is the BEGIN of the root element, the last its END. */
struct vb_exi_walk {
    const struct vb_exi_names *names;
    const void *block;
    uint8_t depth;
    struct {
        uint32_t a, b; /* where the walk stands at each depth */
    } at[VB_EXI_DEPTH_MAX];
};
void vb_exi_walk_init(struct vb_exi_walk *walk, const struct vb_exi_names *names,
                      const void *block);
bool vb_exi_walk_next(struct vb_exi_walk *walk, struct vb_exi_item *item);

/* Build a block from names: begin the root, then elements and values in any order that keeps the items of a
 * list in theirs, an end for each begin. Returns VB_OK; VB_E_UNKNOWN (no element of that name here);
 * VB_E_FORMAT (complex where a value is expected, or the reverse; no word of the enumeration);
 * VB_E_RANGE; VB_E_STATE (twice, another alternative is there, list full; at an end: something mandatory is
 * missing, see vb_exi_build_missing); VB_E_SPACE. Lengths of text and bytes are checked by vb_exi_encode. */
struct vb_exi_build {
    const struct vb_exi_names *names;
    void *block;
    uint16_t cap;
    uint8_t depth;
    struct vb_exi_build_at {
        uint64_t set; /* which of its rows */
        uint16_t type, base;
    } at[VB_EXI_DEPTH_MAX];
};
int vb_exi_build_root(struct vb_exi_build *build, const struct vb_exi_names *names,
                      enum vb_exi_kind kind, const char *root, void *block, size_t cap);
/* What the next value or begin of that name would be: a VALUE or BEGIN with its type, list, and for a number its
 * bounds in low and high (UINT: as uint64_t; may be NULL). name: as in vb_exi_item; "" = content. */
int vb_exi_build_ask(const struct vb_exi_build *build, const char *name, bool attribute,
                     struct vb_exi_item *item, int64_t *low, int64_t *high);
int vb_exi_build_begin(struct vb_exi_build *build, const char *name);
int vb_exi_build_end(struct vb_exi_build *build);
/* The first mandatory element or attribute that the open element still needs ("" = its content); NULL: it is
 * complete. A number, once its struct is there, is there too: vb_exi_encode cannot miss it. */
const char *vb_exi_build_missing(const struct vb_exi_build *build);
/* item: name, attribute, and by the type it has: number, word (ENUM, or number where word is NULL), bytes. */
int vb_exi_build_value(struct vb_exi_build *build, const struct vb_exi_item *item);

/* For messages that help ("did you mean"): number i, from 0, of what there is; NULL behind the last.
 * The names that may stand in the element that is open (attributes with *attribute, content is ""), whatever stands
 * there already; the words of an enumeration that may; the roots of a schema and kind. */
const char *vb_exi_build_name(const struct vb_exi_build *build, unsigned i, bool *attribute);
const char *vb_exi_build_word(const struct vb_exi_build *build, const char *name, bool attribute,
                              unsigned i);
const char *vb_exi_names_root(const struct vb_exi_names *names, enum vb_exi_kind kind, unsigned i);

/* Reading and writing with the structs of a generated header, here voltbus/exi_din70121.h:
 *
 *   _Alignas(8) uint8_t block[512];
 *   int used = vb_exi_decode(&vb_exi_din70121, VB_EXI_DOCUMENT, exi, n, block, sizeof block, NULL);
 *   const struct vb_din_V2G_Message *message = vb_exi_root(block);
 *   if (used > 0 && message->Body.choice.is == VB_DIN_BodyType_is_CurrentDemandReq) {
 *       const struct vb_din_CurrentDemandReqType *req = vb_exi_at(block, message->Body.choice.at);
 *       target(req->EVTargetVoltage.Value, req->EVTargetVoltage.Multiplier);
 *       if (req->has & VB_DIN_CurrentDemandReqType_has_EVMaximumVoltageLimit) { .. }
 *   }
 *
 *   vb_exi_block_init(block, sizeof block, VB_EXI_DOCUMENT, VB_DIN_root_V2G_Message, sizeof(struct vb_din_V2G_Message));
 *   struct vb_din_V2G_Message *answer = (void *)(block + sizeof(struct vb_exi_block));
 *   vb_exi_block_put(block, sizeof block, &answer->Header.SessionID, id, sizeof id);
 *   answer->Body.choice.is = VB_DIN_BodyType_is_SessionStopRes;
 *   struct vb_din_SessionStopResType *res =
 *       vb_exi_block_add(block, sizeof block, &answer->Body.choice.at, sizeof *res);
 *   res->ResponseCode = VB_DIN_responseCodeType_OK;
 *   n = vb_exi_encode(&vb_exi_din70121, block, exi, sizeof exi, NULL);
 *
 * What is optional: small things have a bit in has, text, bytes and lists an offset that is not 0, large structs and
 * alternatives a vb_exi_ref that is not 0. A list: for (ref = list.first; ref != 0; ref = node->node.next). */

#endif
