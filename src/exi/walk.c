/* walk.c - the elements of a decoded message in document order, with their names.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "exi/names.h"
#include "exi/present.h"

#define NO_LIST 0xFFu
#define NOTHING 0xFFFF

/* at[depth].a: place of the state's row << 16 | the node of the list that is next; .b: place of the struct << 16 |
 * the list's offset << 8 | step inside a scaled number. */

static void item_name(struct vb_exi_item *item, const struct vb_exi_row_name *name) {
    item->name = name->name;
    item->type = name->type;
    item->word = name->type == VB_EXI_ENUM ? name->words[item->number] : NULL;
}

static int64_t signed_of(uint64_t value, unsigned bits) {
    const uint64_t top = (uint64_t)1 << (bits - 1);
    return (int64_t)(((value & (top | (top - 1))) ^ top) - top);
}

static uint64_t load(const uint8_t *at, unsigned size) {
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (size) {
    case 1:
        return *at;
    case 2:
        memcpy(&two, at, sizeof two);
        return two;
    case 4:
        memcpy(&four, at, sizeof four);
        return four;
    default:
        memcpy(&eight, at, sizeof eight);
        return eight;
    }
}

/* The simple value of a row at its place in the block. */
static void item_value(struct vb_exi_item *item, const struct vb_exi_row *row,
                       const struct vb_exi_row_name *name, const uint8_t *block, uint32_t at) {
    const uint8_t *p = block + at;
    item->what = VB_EXI_VALUE;
    switch (row->op & VB_ROW_KIND) {
    case VB_ROW_FIXED:
        item->number = row->aux >= 0x80 ? signed_of(*p, 8) : *p;
        break;
    case VB_ROW_FIXED2:
        item->number = (int64_t)load(p, 2);
        break;
    case VB_ROW_NUMBER: {
        const unsigned size = VB_ROW_SIZE(row->arg);
        const uint64_t value = load(p, size);
        item->number =
            (row->arg & VB_ROW_SIGNED) != 0 ? signed_of(value, 8 * size) : (int64_t)value;
        break;
    }
    default: {
        struct vb_exi_bytes bytes;
        memcpy(&bytes, p, sizeof bytes);
        item->bytes = block + bytes.at;
        item->len = bytes.len;
        if ((row->op & VB_ROW_KIND) == VB_ROW_BIG) {
            item->minus = *item->bytes != 0;
            ++item->bytes;
            --item->len;
        }
        break;
    }
    }
    item_name(item, name);
}

enum { BEGUN = 1, EXPONENT, UNIT, VALUE }; /* steps inside a scaled number */

/* The next step inside a scaled number; false: there is none. */
static bool next_scaled(const struct vb_exi_names *names, const uint8_t *block, uint32_t at,
                        unsigned *step, struct vb_exi_item *item) {
    const struct vb_exi_scaled *s = &names->schema->scaled;
    const uint32_t word = (uint32_t)load(block + at, 4);
    const uint32_t above = word >> VB_EXI_SCALED_BITS;
    *item = (struct vb_exi_item){.what = VB_EXI_VALUE, .type_name = ""};
    switch ((*step)++) {
    case BEGUN:
        item->number = signed_of(above, s->exponent_bits);
        item_name(item, &names->exponent);
        return true;
    case EXPONENT:
        if (s->unit_bits != 0 &&
            (!s->unit_optional || above >> (s->exponent_bits + s->unit_bits))) {
            item->number = above >> s->exponent_bits & ((1u << s->unit_bits) - 1);
            item_name(item, &names->unit);
            return true;
        }
        ++*step;
        /* fall through */
    case UNIT:
        item->number = signed_of(word, VB_EXI_SCALED_BITS);
        item_name(item, &names->value);
        return true;
    default:
        return false;
    }
}

void vb_exi_walk_init(struct vb_exi_walk *walk, const struct vb_exi_names *names,
                      const void *block) {
    *walk = (struct vb_exi_walk){.names = names, .block = block};
}

static void push(struct vb_exi_walk *walk, uint32_t a, uint32_t b) {
    walk->at[walk->depth].a = a;
    walk->at[walk->depth].b = b;
    ++walk->depth;
}

static bool walk_root(struct vb_exi_walk *walk, struct vb_exi_item *item) {
    const struct vb_exi_names *names = walk->names;
    struct vb_exi_block head;
    memcpy(&head, walk->block, sizeof head);
    const unsigned key = (unsigned)head.kind << VB_EXI_ROOT_KIND | head.root;
    const struct vb_exi_root *root = vb_exi_root_find(names->schema, key);
    if (root == NULL || VB_EXI_ROOT_AT + VB_EXI_UNITS(root->size) > head.used) {
        return false;
    }
    const struct vb_exi_root_name *name = vb_exi_root_name(names, key);
    *item = (struct vb_exi_item){
        .what = VB_EXI_BEGIN, .name = name->name, .type_name = name->type_name};
    push(walk, (uint32_t)root->type << 16, (uint32_t)VB_EXI_ROOT_AT << 16 | NO_LIST << 8);
    return true;
}

static bool walk_end(struct vb_exi_walk *walk, struct vb_exi_item *item) {
    *item = (struct vb_exi_item){.what = VB_EXI_END, .name = "", .type_name = ""};
    if (--walk->depth == 0) {
        walk->depth = VB_EXI_DEPTH_MAX + 1;
    }
    return true;
}

struct element {
    uint32_t at;         /* of its value */
    uint32_t list, node; /* of its struct: offset of the list it is in, and the next node of that */
};

/* The next element of a struct: the first row of its state that is there, or its end. NULL: none, something is
 * missing. A reference that leaves the block counts as nothing. */
static const struct vb_exi_row *next_element(const uint8_t *block, const struct vb_exi_row *state,
                                             uint32_t base, struct element *e) {
    const uint32_t used = vb_exi_get16(block + offsetof(struct vb_exi_block, used));
    for (const struct vb_exi_row *row = state; row < state + state->n; ++row) {
        const unsigned kind = row->op & VB_ROW_KIND;
        uint32_t size = kind >= VB_ROW_STRUCT ? VB_EXI_UNITS(row->aux) : 8;
        e->at = base + row->off;
        if (row->op & VB_ROW_LIST) {
            const uint32_t node = e->list == row->off ? e->node : vb_exi_get16(block + e->at);
            const uint32_t behind = vb_exi_node_value(row);
            size = kind >= VB_ROW_STRUCT ? size : vb_exi_simple_size(row);
            if (node == 0 || node + behind + size > used ||
                vb_exi_get16(block + node + offsetof(struct vb_exi_node, which)) !=
                    vb_exi_list_which(row->has)) {
                continue;
            }
            const uint32_t next = vb_exi_get16(block + node);
            e->list = row->off;
            e->node = next > node ? next : 0; /* nodes go upwards: no circle */
            e->at = node + behind;
        } else if (!vb_exi_marked(block + base, row)) {
            continue;
        } else if (kind == VB_ROW_FAR || kind == VB_ROW_BODY) {
            const uint32_t ref =
                e->at + (kind == VB_ROW_BODY ? (uint32_t)offsetof(struct vb_exi_choice, at) : 0);
            e->at = vb_exi_get16(block + ref);
            if (e->at + size > used) {
                continue;
            }
        }
        if (kind == VB_ROW_BYTES || kind == VB_ROW_TEXT || kind == VB_ROW_BIG) {
            const uint32_t bytes = vb_exi_get16(block + e->at);
            const uint32_t len = vb_exi_get16(block + e->at + offsetof(struct vb_exi_bytes, len));
            if (bytes == 0 || bytes + len > used || (kind == VB_ROW_BIG && len < 2)) {
                continue;
            }
        }
        return row;
    }
    return NULL;
}

bool vb_exi_walk_next(struct vb_exi_walk *walk, struct vb_exi_item *item) {
    if (walk->depth > VB_EXI_DEPTH_MAX) {
        return false;
    }
    if (walk->depth == 0) {
        return walk_root(walk, item);
    }
    const struct vb_exi_names *names = walk->names;
    const uint8_t *block = walk->block;
    uint32_t *const a = &walk->at[walk->depth - 1].a, *const b = &walk->at[walk->depth - 1].b;
    const uint32_t base = *b >> 16;
    unsigned step = *b & 0xFF; /* in a scaled number */
    if (step != 0) {
        const bool more = next_scaled(names, block, base, &step, item);
        *b = (*b & ~0xFFu) | step;
        return more || walk_end(walk, item);
    }
    const uint16_t place = (uint16_t)(*a >> 16);
    if (place == NOTHING) { /* but the end is left */
        return walk_end(walk, item);
    }
    const struct vb_exi_row *state = vb_exi_row(names->schema, place);
    struct element e = {.list = *b >> 8 & 0xFF, .node = *a & 0xFFFF};
    const struct vb_exi_row *row = next_element(block, state, base, &e);
    if (row == NULL || row->op == VB_ROW_END) {
        return walk_end(walk, item);
    }
    const struct vb_exi_row_name *name = vb_exi_name_of(names, (uint16_t)(place + (row - state)));
    const bool more = row->next != 0 || (row->op & VB_ROW_LIST);
    *a = (uint32_t)(more ? place + (row - state) + row->next : NOTHING) << 16 | e.node;
    *b = base << 16 | e.list << 8;
    const uint32_t at = e.at;

    *item = (struct vb_exi_item){.type_name = ""};
    switch (row->op & VB_ROW_KIND) {
    case VB_ROW_STRUCT:
    case VB_ROW_FAR:
    case VB_ROW_BODY:
        item->what = VB_EXI_BEGIN;
        item->name = name->name;
        item->type_name = name->type_name;
        push(walk, (uint32_t)row->arg << 16, at << 16 | NO_LIST << 8);
        break;
    case VB_ROW_SCALED:
        item->what = VB_EXI_BEGIN;
        item->name = name->name;
        item->type_name = names->scaled;
        push(walk, 0, at << 16 | BEGUN);
        break;
    default:
        item_value(item, row, name, block, at);
        break;
    }
    item->list = (row->op & VB_ROW_LIST) != 0;
    item->content = (row->op & VB_ROW_BARE) != 0 && *item->name == '\0';
    item->attribute = (row->op & VB_ROW_BARE) != 0 && !item->content;
    return true;
}
