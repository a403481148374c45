/* block.c - memory of a block.
 * SPDX-License-Identifier: MIT */
#include "exi/block.h"

#include <string.h>

static void put16(uint8_t *at, uint32_t value) {
    const uint16_t word = (uint16_t)value;
    memcpy(at, &word, sizeof word);
}

static uint16_t get16(const uint8_t *at) {
    uint16_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

void vb_exi_heap_open(struct vb_exi_heap *heap) {
    heap->used = get16(heap->block + offsetof(struct vb_exi_block, used));
}

void vb_exi_heap_close(const struct vb_exi_heap *heap) {
    put16(heap->block + offsetof(struct vb_exi_block, used), heap->used);
}

static inline uint8_t *allocate(struct vb_exi_heap *heap, uint32_t size, uint32_t align) {
    const uint32_t at = (heap->used + align - 1) & (0u - align);
    if (size > heap->cap || at > heap->cap - size) {
        return NULL;
    }
    uint8_t *from = heap->block + heap->used;
    const uint32_t count = at + size - heap->used;
    heap->used = at + size;
    memset(from, 0, count); /* no bytes of chance */
    return heap->block + at;
}

uint8_t *vb_exi_allocate(struct vb_exi_heap *heap, uint32_t size, uint32_t align) {
    return allocate(heap, size, align);
}

/* A node with size bytes behind it, at the end of the list. */
static inline uint8_t *add_node(struct vb_exi_heap *heap, uint8_t *head, uint32_t size,
                                uint32_t align, unsigned which) {
    uint8_t *node = allocate(heap, size, align);
    if (node == NULL) {
        return NULL;
    }
    const uint32_t at = (uint32_t)(node - heap->block);
    uint8_t *const last = head + offsetof(struct vb_exi_list, last);
    const uint16_t before = get16(last);
    put16(before == 0 ? head + offsetof(struct vb_exi_list, first) : heap->block + before, at);
    put16(last, at);
    put16(head + offsetof(struct vb_exi_list, count),
          get16(head + offsetof(struct vb_exi_list, count)) + 1u);
    put16(node + offsetof(struct vb_exi_node, which), which);
    return node;
}

uint8_t *vb_exi_room(struct vb_exi_heap *heap, const struct vb_exi_row *row, uint8_t *base) {
    uint8_t *at = base + row->off;
    const unsigned kind = row->op & VB_ROW_KIND;
    if (row->op & VB_ROW_OPTIONAL) {
        base[row->has >> 3] |= (uint8_t)(1u << (row->has & 7));
    }
    uint32_t size = 4, behind = 4; /* of a value in a node */
    if (kind >= VB_ROW_STRUCT) {
        size = VB_EXI_UNITS(row->aux);
        behind = VB_EXI_ALIGN(row->aux);
    } else if (kind == VB_ROW_NUMBER) {
        size = VB_ROW_SIZE(row->arg);
        behind = size == 8 ? 8 : 4;
    }
    if (row->op & VB_ROW_LIST) {
        at = add_node(heap, at, behind + size, behind, vb_exi_list_which(row->has));
        return at == NULL ? NULL : at + behind;
    }
    if (kind <= VB_ROW_STRUCT) {
        return at;
    }
    if (kind == VB_ROW_BODY) {
        put16(at + offsetof(struct vb_exi_choice, is), row->has);
        at += offsetof(struct vb_exi_choice, at);
    }
    uint8_t *value = allocate(heap, size, behind);
    if (value != NULL) {
        put16(at, (uint32_t)(value - heap->block));
    }
    return value;
}

/* ---- by hand ---- */

static uint32_t limit(size_t cap) {
    return cap > UINT16_MAX ? UINT16_MAX : (uint32_t)cap;
}

/* A struct with members of 64 bits has a multiple of 8 bytes. */
static uint32_t align_of(size_t size) {
    return size % 8 == 0 ? 8 : 4;
}

int vb_exi_block_init(void *block, size_t cap, enum vb_exi_kind kind, uint16_t root, size_t size) {
    const struct vb_exi_block head = {.kind = (uint8_t)kind, .root = root};
    struct vb_exi_heap heap = {.block = block, .used = sizeof head, .cap = limit(cap)};
    if (cap < sizeof head || size > UINT16_MAX || allocate(&heap, (uint32_t)size, 8) == NULL) {
        return VB_E_SPACE;
    }
    memcpy(block, &head, sizeof head);
    vb_exi_heap_close(&heap);
    return VB_OK;
}

void *vb_exi_block_add(void *block, size_t cap, vb_exi_ref *ref, size_t size) {
    struct vb_exi_heap heap = {.block = block, .cap = limit(cap)};
    vb_exi_heap_open(&heap);
    uint8_t *at = size > UINT16_MAX ? NULL : allocate(&heap, (uint32_t)size, align_of(size));
    if (at != NULL) {
        *ref = (vb_exi_ref)(at - heap.block);
        vb_exi_heap_close(&heap);
    }
    return at;
}

void *vb_exi_block_append(void *block, size_t cap, struct vb_exi_list *list, size_t size) {
    struct vb_exi_heap heap = {.block = block, .cap = limit(cap)};
    vb_exi_heap_open(&heap);
    uint8_t *at = size > UINT16_MAX
                      ? NULL
                      : add_node(&heap, (uint8_t *)list, (uint32_t)size, align_of(size), 0);
    if (at != NULL) {
        vb_exi_heap_close(&heap);
    }
    return at;
}

int vb_exi_block_put(void *block, size_t cap, struct vb_exi_bytes *to, const void *bytes,
                     size_t len) {
    struct vb_exi_heap heap = {.block = block, .cap = limit(cap)};
    vb_exi_heap_open(&heap);
    uint8_t *at = len > UINT16_MAX ? NULL : allocate(&heap, (uint32_t)len, 1);
    if (at == NULL) {
        return VB_E_SPACE;
    }
    if (len > 0) {
        memcpy(at, bytes, len);
    }
    *to = (struct vb_exi_bytes){(vb_exi_ref)(at - heap.block), (uint16_t)len};
    vb_exi_heap_close(&heap);
    return VB_OK;
}
