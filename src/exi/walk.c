/* walk.c - the elements of a decoded message in document order, with their names.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "exi/names.h"
#include "exi/present.h"

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
        item->number = row->aux < 0 ? signed_of(*p, 8) : *p;
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

/* The root element, as its BEGIN or VALUE. */
static bool walk_root(struct vb_exi_walk *walk, struct vb_exi_item *item) {
    const struct vb_exi_names *names = walk->names;
    struct vb_exi_block head;
    memcpy(&head, walk->block, sizeof head);
    const char *name = vb_exi_root_name(names, head.kind, head.root);
    const uint16_t place =
        name == NULL ? VB_EXI_ROOT_NEVER : names->schema->root[head.kind][head.root];
    if (place == VB_EXI_ROOT_NEVER) {
        return false;
    }
    const struct vb_exi_row *row = vb_exi_row(names->schema, place);
    *item = (struct vb_exi_item){.what = VB_EXI_BEGIN, .type_name = ""};
    walk->depth = 1;
    walk->at[0].b = (uint32_t)VB_EXI_ROOT_AT << 16;
    if (row->op == VB_ROW_TYPE) {
        item->type_name = vb_exi_name_of(names, place)->name;
        walk->at[0].a = (place + 1u) << 16;
        walk->at[0].b |= 0xFF00;
    } else if ((row->op & VB_ROW_KIND) == VB_ROW_SCALED) {
        item->type_name = names->scaled;
        walk->at[0].b |= BEGUN;
    } else {
        item_value(item, row, vb_exi_name_of(names, place), walk->block, VB_EXI_ROOT_AT);
        walk->at[0].a = 0;
        walk->depth = VB_EXI_DEPTH_MAX + 1; /* that was all */
    }
    item->name = name;
    return true;
}

static void push(struct vb_exi_walk *walk, uint32_t a, uint32_t b) {
    walk->at[walk->depth].a = a;
    walk->at[walk->depth].b = b;
    ++walk->depth;
}

static bool walk_end(struct vb_exi_walk *walk, struct vb_exi_item *item) {
    *item = (struct vb_exi_item){.what = VB_EXI_END, .name = "", .type_name = ""};
    if (--walk->depth == 0) {
        walk->depth = VB_EXI_DEPTH_MAX + 1;
    }
    return true;
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
    unsigned step = *b & 0xFF;
    if (step != 0) {
        const bool more = next_scaled(names, block, base, &step, item);
        *b = (*b & ~0xFFu) | step;
        return more || walk_end(walk, item);
    }
    struct vb_exi_cursor cursor = {
        .base = (uint16_t)base, .list = (uint8_t)(*b >> 8), .node = (uint16_t)*a};
    uint16_t place = (uint16_t)(*a >> 16);
    if (place == 0xFFFF) { /* nothing but the end is left */
        return walk_end(walk, item);
    }
    const struct vb_exi_row *state = vb_exi_row(names->schema, place);
    uint32_t at;
    const struct vb_exi_row *row = vb_exi_present(names->schema, block, state, &cursor, &at);
    if (row == NULL || row->op == VB_ROW_END) {
        return walk_end(walk, item);
    }
    place = (uint16_t)(place + (row - state));
    const struct vb_exi_row_name *name = vb_exi_name_of(names, place);
    const struct vb_exi_row *next = vb_exi_after(row, block, &cursor);
    const uint16_t next_place = next == NULL ? 0xFFFF : (uint16_t)(place + (next - row));
    *a = (uint32_t)next_place << 16 | cursor.node;
    *b = base << 16 | (uint32_t)cursor.list << 8;

    *item = (struct vb_exi_item){.type_name = ""};
    switch (row->op & VB_ROW_KIND) {
    case VB_ROW_STRUCT:
    case VB_ROW_BODY:
        item->what = VB_EXI_BEGIN;
        item->name = name->name;
        item->type_name = vb_exi_name_of(names, row->arg)->name;
        push(walk, (row->arg + 1u) << 16, at << 16 | 0xFF00);
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
