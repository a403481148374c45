/* build.c - a block from the names of its elements: what JSON is turned into.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "exi/block.h"
#include "exi/names.h"

/* One element that is open: place of the first row of its type (0xFFFF: a scaled number), its struct, and which of its
 * rows are set. */
#define SCALED 0xFFFF
enum { EXPONENT = 1, UNIT = 2, VALUE = 4 };

struct found {
    const struct vb_exi_row *row; /* NULL: a member of a scaled number, or nothing */
    const struct vb_exi_row_name *name;
    unsigned index; /* of the row in its type; of the member */
};

static const struct vb_exi_schema *schema_of(const struct vb_exi_build *build) {
    return build->names->schema;
}

static const struct vb_exi_row_name *scaled_member(const struct vb_exi_names *names, unsigned i) {
    const struct vb_exi_row_name *const members[] = {&names->exponent, &names->unit, &names->value};
    return i < 3 ? members[i] : NULL;
}

/* Row i of the type that is open, NULL = behind its last. */
static const struct vb_exi_row *row_at(const struct vb_exi_build *build, unsigned i,
                                       const struct vb_exi_row_name **name) {
    const uint16_t type = build->at[build->depth - 1].type;
    *name = vb_exi_name_of(build->names, type);
    if (*name == NULL || i >= (*name)->rows) {
        return NULL;
    }
    *name += i;
    return vb_exi_row(schema_of(build), type) + i;
}

static bool is_attribute(const struct vb_exi_row *row, const struct vb_exi_row_name *name) {
    return (row->op & VB_ROW_BARE) != 0 && name->name[0] != '\0';
}

static bool find(const struct vb_exi_build *build, const char *name, bool attribute,
                 struct found *found) {
    *found = (struct found){0};
    if (build->depth == 0) {
        return false;
    }
    if (build->at[build->depth - 1].type == SCALED) {
        for (unsigned i = 0; (found->name = scaled_member(build->names, i)) != NULL; ++i) {
            if (found->name->name != NULL && strcmp(found->name->name, name) == 0) {
                found->index = i;
                return !attribute;
            }
        }
        return false;
    }
    for (unsigned i = 0; (found->row = row_at(build, i, &found->name)) != NULL; ++i) {
        const unsigned kind = found->row->op & VB_ROW_KIND;
        if (kind != VB_ROW_NEVER && kind != VB_ROW_END && strcmp(found->name->name, name) == 0 &&
            is_attribute(found->row, found->name) == attribute) {
            found->index = i;
            return true;
        }
    }
    return false;
}

static bool is_complex(const struct vb_exi_row *row) {
    const unsigned kind = row == NULL ? VB_ROW_FIXED : row->op & VB_ROW_KIND;
    return kind >= VB_ROW_STRUCT || kind == VB_ROW_SCALED;
}

int vb_exi_build_root(struct vb_exi_build *build, const struct vb_exi_names *names,
                      enum vb_exi_kind kind, const char *root, void *block, size_t cap) {
    *build = (struct vb_exi_build){.names = names, .block = block};
    build->cap = (uint16_t)(cap > UINT16_MAX ? UINT16_MAX : cap);
    for (unsigned i = 0; i < names->schema->roots; ++i) {
        const struct vb_exi_root *found = &names->schema->root[i];
        if (found->key >> VB_EXI_ROOT_KIND == kind && strcmp(names->root[i].name, root) == 0) {
            build->depth = 1;
            build->at[0] = (struct vb_exi_build_at){.type = found->type, .base = VB_EXI_ROOT_AT};
            return vb_exi_block_init(block, build->cap, kind,
                                     found->key & ((1u << VB_EXI_ROOT_KIND) - 1),
                                     VB_EXI_UNITS(found->size));
        }
    }
    return VB_E_UNKNOWN;
}

static void describe(const struct vb_exi_build *build, const struct found *found,
                     struct vb_exi_item *item) {
    item->name = found->name->name;
    item->type = found->name->type;
    item->type_name = "";
    if (found->row == NULL) {
        return;
    }
    item->list = (found->row->op & VB_ROW_LIST) != 0;
    item->attribute = is_attribute(found->row, found->name);
    item->content = (found->row->op & VB_ROW_BARE) != 0 && !item->attribute;
    if (is_complex(found->row)) {
        item->what = VB_EXI_BEGIN;
        item->type_name = (found->row->op & VB_ROW_KIND) == VB_ROW_SCALED ? build->names->scaled
                                                                          : found->name->type_name;
    }
}

/* What a number may be; UINT: as uint64_t. */
static void bounds(const struct vb_exi_schema *schema, const struct found *found, int64_t *low,
                   int64_t *high) {
    const struct vb_exi_scaled *s = &schema->scaled;
    if (found->row == NULL) {
        const int64_t top = (int64_t)1 << (VB_EXI_SCALED_BITS - 1);
        const int64_t lows[] = {(int8_t)s->exponent_low, 0, -top};
        const int64_t highs[] = {(int8_t)s->exponent_low + s->exponent_max, s->unit_max, top - 1};
        *low = lows[found->index];
        *high = highs[found->index];
        return;
    }
    const unsigned kind = found->row->op & VB_ROW_KIND;
    *low = 0;
    *high = 0;
    if (kind == VB_ROW_FIXED || kind == VB_ROW_FIXED2) {
        *low = found->name->type == VB_EXI_INT ? (int8_t)found->row->aux : 0;
        *high = *low + found->row->arg;
    } else if (kind == VB_ROW_NUMBER) {
        const unsigned arg = found->row->arg, bits = 8 * VB_ROW_SIZE(arg);
        const bool is_signed = (arg & VB_ROW_SIGNED) != 0;
        const uint64_t most = VB_ROW_LIMIT(arg) != 0 ? vb_exi_limits[VB_ROW_LIMIT(arg)]
                                                     : UINT64_MAX >> (64 - bits) >> is_signed;
        *high = (int64_t)most;
        *low = is_signed ? -1 - *high : (arg & VB_ROW_FROM_ONE) != 0 ? 1 : 0;
    }
}

int vb_exi_build_ask(const struct vb_exi_build *build, const char *name, bool attribute,
                     struct vb_exi_item *item, int64_t *low, int64_t *high) {
    struct found found;
    *item = (struct vb_exi_item){.what = VB_EXI_VALUE};
    if (!find(build, name, attribute, &found)) {
        return VB_E_UNKNOWN;
    }
    describe(build, &found, item);
    int64_t least, most;
    bounds(schema_of(build), &found, &least, &most);
    if (low != NULL) {
        *low = least;
    }
    if (high != NULL) {
        *high = most;
    }
    return VB_OK;
}

/* ---- what is set ---- */

/* The other rows of the same choice: first .. last. */
static void alternatives(const struct vb_exi_build *build, unsigned index, unsigned *first,
                         unsigned *last) {
    const struct vb_exi_row_name *name;
    const struct vb_exi_row *row;
    *first = 0;
    for (unsigned i = 0; (row = row_at(build, i, &name)) != NULL; ++i) {
        *last = i;
        const unsigned kind = row->op & VB_ROW_KIND;
        if ((row->op & VB_ROW_CHOICE) == 0 && kind != VB_ROW_NEVER && kind != VB_ROW_BODY) {
            if (i >= index) {
                return;
            }
            *first = i + 1;
        }
    }
}

/* Mark a row as set; VB_E_STATE: it is, or another alternative of it. */
static int set(struct vb_exi_build *build, const struct found *found) {
    struct vb_exi_build_at *at = &build->at[build->depth - 1];
    const uint64_t bit = (uint64_t)1 << (found->index & 63);
    if (found->row != NULL && (found->row->op & VB_ROW_LIST)) {
        at->set |= bit;
        return VB_OK;
    }
    unsigned first = found->index, last = found->index;
    if (found->row != NULL) {
        alternatives(build, found->index, &first, &last);
    }
    for (unsigned i = first; i <= last; ++i) {
        if (at->set >> (i & 63) & 1) {
            return VB_E_STATE;
        }
    }
    at->set |= bit;
    return VB_OK;
}

/* Is a row set, or the first row of its name? A list has two. */
static bool is_set(const struct vb_exi_build *build, unsigned i) {
    const struct vb_exi_row_name *name, *other;
    const struct vb_exi_row *row = row_at(build, i, &name), *twin;
    for (unsigned k = 0; k <= i && (twin = row_at(build, k, &other)) != NULL; ++k) {
        if (twin->off == row->off && strcmp(other->name, name->name) == 0 &&
            build->at[build->depth - 1].set >> (k & 63) & 1) {
            return true;
        }
    }
    return false;
}

const char *vb_exi_build_missing(const struct vb_exi_build *build) {
    if (build->depth == 0) {
        return NULL;
    }
    const struct vb_exi_build_at *at = &build->at[build->depth - 1];
    if (at->type == SCALED) {
        const struct vb_exi_scaled *s = &schema_of(build)->scaled;
        const unsigned needed =
            EXPONENT | VALUE | (s->unit_bits != 0 && !s->unit_optional ? UNIT : 0u);
        const unsigned missing = needed & ~(unsigned)at->set;
        return missing == 0 ? NULL
                            : scaled_member(build->names, missing & EXPONENT ? 0
                                                          : missing & UNIT   ? 1
                                                                             : 2)
                                  ->name;
    }
    const struct vb_exi_row_name *name;
    const struct vb_exi_row *row;
    int list = -1; /* that was just passed */
    for (unsigned state = 0;;) {
        const struct vb_exi_row *first = row_at(build, state, &name);
        const char *needed = NULL;
        unsigned i = state;
        bool found = false;
        for (; !found && i < state + first->n; ++i) {
            row = row_at(build, i, &name);
            if (row->op == VB_ROW_END) {
                return NULL;
            }
            if (row->op != VB_ROW_NEVER) {
                needed = name->name;
                found = !((row->op & VB_ROW_LIST) && row->off == list) && is_set(build, i);
            }
        }
        if (!found) {
            return needed == NULL ? "?" : needed;
        }
        --i;
        if (row->op & VB_ROW_LIST) {
            list = row->off;
        } else if (row->next == 0) {
            return NULL;
        }
        state = (unsigned)((int)i + row->next);
    }
}

/* ---- elements ---- */

static struct vb_exi_build_at *top(struct vb_exi_build *build) {
    return &build->at[build->depth - 1];
}

/* Room for the value of a row; *at: its place. */
static int room(struct vb_exi_build *build, const struct found *found, uint32_t *at) {
    const struct vb_exi_row *row = found->row;
    uint8_t *block = build->block;
    if (row->op & VB_ROW_LIST) {
        struct vb_exi_list head;
        memcpy(&head, block + top(build)->base + row->off, sizeof head);
        const unsigned most = vb_exi_list_max(row->has);
        if (most != 0 && head.count >= most) {
            return VB_E_STATE;
        }
    }
    const int err = set(build, found);
    if (err != VB_OK) {
        return err;
    }
    struct vb_exi_heap heap = {.block = block, .cap = build->cap};
    vb_exi_heap_open(&heap);
    uint8_t *value = vb_exi_room(&heap, row, block + top(build)->base);
    if (value == NULL) {
        return VB_E_SPACE;
    }
    vb_exi_heap_close(&heap);
    *at = (uint32_t)(value - block);
    return VB_OK;
}

int vb_exi_build_begin(struct vb_exi_build *build, const char *name) {
    struct found found;
    if (!find(build, name, false, &found)) {
        return VB_E_UNKNOWN;
    }
    if (!is_complex(found.row)) {
        return VB_E_FORMAT;
    }
    if (build->depth == VB_EXI_DEPTH_MAX) {
        return VB_E_SPACE;
    }
    uint32_t at;
    const int err = room(build, &found, &at);
    if (err != VB_OK) {
        return err;
    }
    const bool scaled = (found.row->op & VB_ROW_KIND) == VB_ROW_SCALED;
    build->at[build->depth++] =
        (struct vb_exi_build_at){.type = scaled ? SCALED : found.row->arg, .base = (uint16_t)at};
    return VB_OK;
}

int vb_exi_build_end(struct vb_exi_build *build) {
    if (build->depth == 0 || vb_exi_build_missing(build) != NULL) {
        return VB_E_STATE;
    }
    --build->depth;
    return VB_OK;
}

/* ---- values ---- */

static int number_of(const struct vb_exi_build *build, const struct found *found,
                     const struct vb_exi_item *item, int64_t *number) {
    *number = item->number;
    const bool is_enum = found->name->type == VB_EXI_ENUM;
    int64_t low, high;
    bounds(schema_of(build), found, &low, &high);
    if (is_enum && item->word != NULL) {
        *number = 0;
        while (strcmp(found->name->words[*number], item->word) != 0) {
            if (++*number > high) {
                return VB_E_FORMAT;
            }
        }
    }
    if (found->name->type == VB_EXI_UINT) {
        return (uint64_t)*number < (uint64_t)low || (uint64_t)*number > (uint64_t)high ? VB_E_RANGE
                                                                                       : VB_OK;
    }
    return *number < low || *number > high ? VB_E_RANGE : VB_OK;
}

static int scaled_value(struct vb_exi_build *build, const struct found *found,
                        const struct vb_exi_item *item) {
    const struct vb_exi_scaled *s = &schema_of(build)->scaled;
    int64_t number;
    int err = number_of(build, found, item, &number);
    if (err == VB_OK) {
        err = set(build, found);
    }
    if (err != VB_OK) {
        return err;
    }
    uint8_t *at = (uint8_t *)build->block + top(build)->base;
    uint32_t word, bits = (uint32_t)number;
    memcpy(&word, at, sizeof word);
    switch (1u << found->index) {
    case EXPONENT:
        word |= (bits & ((1u << s->exponent_bits) - 1)) << VB_EXI_SCALED_BITS;
        break;
    case UNIT:
        word |= bits << (VB_EXI_SCALED_BITS + s->exponent_bits);
        if (s->unit_optional) {
            word |= 1u << (VB_EXI_SCALED_BITS + s->exponent_bits + s->unit_bits);
        }
        break;
    default:
        word |= bits & ((1u << VB_EXI_SCALED_BITS) - 1);
        break;
    }
    memcpy(at, &word, sizeof word);
    return VB_OK;
}

static int put_bytes(struct vb_exi_build *build, const struct vb_exi_item *item, bool big,
                     uint32_t at) {
    struct vb_exi_heap heap = {.block = build->block, .cap = build->cap};
    vb_exi_heap_open(&heap);
    if (item->len > UINT16_MAX - 1u) {
        return VB_E_SPACE;
    }
    const uint32_t len = (uint32_t)item->len + big;
    uint8_t *bytes = vb_exi_allocate(&heap, len, 1);
    if (bytes == NULL) {
        return VB_E_SPACE;
    }
    if (big) {
        bytes[0] = item->minus;
    }
    if (item->len > 0) {
        memcpy(bytes + big, item->bytes, item->len);
    }
    const struct vb_exi_bytes ref = {(vb_exi_ref)(bytes - heap.block), (uint16_t)len};
    memcpy(heap.block + at, &ref, sizeof ref);
    vb_exi_heap_close(&heap);
    return VB_OK;
}

int vb_exi_build_value(struct vb_exi_build *build, const struct vb_exi_item *item) {
    struct found found;
    uint32_t at = 0;
    if (!find(build, item->name, item->attribute, &found)) {
        return VB_E_UNKNOWN;
    }
    if (found.row == NULL) {
        return scaled_value(build, &found, item);
    }
    if (is_complex(found.row)) {
        return VB_E_FORMAT;
    }
    const unsigned kind = found.row->op & VB_ROW_KIND;
    const bool bytes = kind == VB_ROW_BYTES || kind == VB_ROW_TEXT || kind == VB_ROW_BIG;
    int64_t number = 0;
    int err = bytes ? VB_OK : number_of(build, &found, item, &number);
    if (err == VB_OK) {
        err = room(build, &found, &at);
    }
    if (err != VB_OK) {
        return err;
    }
    if (bytes) {
        return put_bytes(build, item, kind == VB_ROW_BIG, at);
    }
    uint8_t *p = (uint8_t *)build->block + at;
    const unsigned size = kind == VB_ROW_FIXED    ? 1
                          : kind == VB_ROW_FIXED2 ? 2
                                                  : VB_ROW_SIZE(found.row->arg);
    const uint16_t two = (uint16_t)number;
    const uint32_t four = (uint32_t)number;
    switch (size) {
    case 1:
        *p = (uint8_t)number;
        break;
    case 2:
        memcpy(p, &two, sizeof two);
        break;
    case 4:
        memcpy(p, &four, sizeof four);
        break;
    default:
        memcpy(p, &number, sizeof number);
        break;
    }
    return VB_OK;
}

/* ---- what there is ---- */

const char *vb_exi_build_name(const struct vb_exi_build *build, unsigned i, bool *attribute) {
    *attribute = false;
    if (build->depth == 0) {
        return NULL;
    }
    if (build->at[build->depth - 1].type == SCALED) {
        for (unsigned k = 0; k < 3; ++k) {
            const char *name = scaled_member(build->names, k)->name;
            if (name != NULL && i-- == 0) {
                return name;
            }
        }
        return NULL;
    }
    const struct vb_exi_row_name *name;
    const struct vb_exi_row *row;
    for (unsigned k = 0; (row = row_at(build, k, &name)) != NULL; ++k) {
        struct found found;
        if (row->op == VB_ROW_NEVER || row->op == VB_ROW_END) {
            continue;
        }
        *attribute = is_attribute(row, name);
        if (find(build, name->name, *attribute, &found) && found.index == k && i-- == 0) {
            return name->name;
        }
    }
    return NULL;
}

const char *vb_exi_build_word(const struct vb_exi_build *build, const char *name, bool attribute,
                              unsigned i) {
    struct found found;
    if (!find(build, name, attribute, &found)) {
        return NULL;
    }
    int64_t low, high;
    bounds(schema_of(build), &found, &low, &high);
    return found.name->type == VB_EXI_ENUM && i <= (uint64_t)high ? found.name->words[i] : NULL;
}
