/* fuzz_exi_decode.c - EXI: any bytes are a message or an error; a message can be walked and written, and what was written
 * is read as the same block.
 * Input: a byte that chooses schema and kind, then the bytes of the message.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "voltbus/exi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

static const struct vb_exi_names *const schemas[] = {
    &vb_exi_appproto_names,     &vb_exi_din70121_names, &vb_exi_iso2_names,
    &vb_exi_iso20_common_names, &vb_exi_iso20_dc_names, &vb_exi_iso20_ac_names,
};

static void walk_all(const struct vb_exi_names *names, const uint8_t *block) {
    struct vb_exi_walk walk;
    struct vb_exi_item item;
    unsigned depth = 0, used;
    memcpy(&used, block, sizeof used);
    used &= 0xFFFF;
    vb_exi_walk_init(&walk, names, block);
    while (vb_exi_walk_next(&walk, &item)) {
        if (item.what == VB_EXI_BEGIN) {
            ++depth;
        } else if (item.what == VB_EXI_END) {
            require(depth-- > 0);
        } else if (item.bytes != NULL) {
            require(item.bytes >= block && item.bytes + item.len <= block + used);
        }
        require(item.name != NULL && item.type_name != NULL && depth <= VB_EXI_DEPTH_MAX);
    }
    require(depth == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static _Alignas(8) uint8_t block[UINT16_MAX + 1], again[UINT16_MAX + 1];
    static uint8_t exi[4 * UINT16_MAX];
    if (size == 0) {
        return 0;
    }
    const struct vb_exi_names *names = schemas[data[0] / 3 % 6];
    const struct vb_exi_schema *schema = vb_exi_names_schema(names);
    const enum vb_exi_kind kind = (enum vb_exi_kind)(data[0] % 3);
    struct vb_exi_place place;
    char path[400];
    const int used = vb_exi_decode(schema, kind, data + 1, size - 1, block, sizeof block, &place);
    require(place.bit <= 8 * (size - 1));
    require(vb_exi_place_text(names, &place, path, sizeof path) < sizeof path);
    require(strchr(path, '?') == NULL);
    if (used < 0) {
        return 0;
    }
    require((size_t)used <= size - 1);
    walk_all(names, block);
    /* lengths beyond their facets are read, and written where asked for */
    struct vb_exi_block head;
    memcpy(&head, block, sizeof head);
    head.flags |= VB_EXI_ANY_LENGTH;
    memcpy(block, &head, sizeof head);
    const int written = vb_exi_encode(schema, block, exi, sizeof exi, &place);
    require(written > 0);
    require(vb_exi_decode(schema, kind, exi, (size_t)written, again, sizeof again, NULL) ==
            written);
    memcpy(&head, again, sizeof head);
    head.flags |= VB_EXI_ANY_LENGTH;
    memcpy(again, &head, sizeof head);
    require(memcmp(block, again, head.used) == 0);
    /* any smaller buffer is too small, and nothing is written behind it */
    if (written < 64) {
        for (int cap = 0; cap < written; ++cap) {
            exi[cap] = 0xA5;
            require(vb_exi_encode(schema, block, exi, (size_t)cap, NULL) == VB_E_SPACE);
            require(exi[cap] == 0xA5);
        }
    }
    return 0;
}
