/* Tests of the EXI codec. Bytes are worked by hand (reference/exi-facts.md) or come from test/vectors/exi.txt.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/exi_appproto.h"
#include "voltbus/exi_din70121.h"
#include "voltbus/exi_iso2.h"

#include "exi_vectors.h"

/* DIN PreChargeReq, session id 00: ready, 50 %, 400 V and -2 A wanted; every bit is in reference/exi-facts.md. */
static const uint8_t pre_charge[] = {0x80, 0x9a, 0x00, 0x40, 0x11, 0x51, 0x40, 0x0c, 0x80,
                                     0xc1, 0x42, 0x40, 0x0c, 0x0c, 0x0c, 0x40, 0x40};

static _Alignas(8) uint8_t block[4096];

static int decode(const struct vb_exi_schema *schema, const uint8_t *exi, size_t n) {
    return vb_exi_decode(schema, VB_EXI_DOCUMENT, exi, n, block, sizeof block, NULL);
}

/* Decodes a message that is wrong; the place as text: "bit PATH". */
static const char *wrong(const struct vb_exi_names *names, const uint8_t *exi, size_t n, int err) {
    static char text[200];
    struct vb_exi_place place;
    char path[160];
    assert_int_equal(vb_exi_decode(vb_exi_names_schema(names), VB_EXI_DOCUMENT, exi, n, block,
                                   sizeof block, &place),
                     err);
    vb_exi_place_text(names, &place, path, sizeof path);
    snprintf(text, sizeof text, "%u %s", (unsigned)place.bit, path);
    return text;
}

/* ---- reading ---- */

static void the_worked_example_has_its_values(void **state) {
    (void)state;
    assert_int_equal(decode(&vb_exi_din70121, pre_charge, sizeof pre_charge), sizeof pre_charge);
    const struct vb_din_V2G_Message *message = vb_exi_root(block);
    assert_int_equal(message->Header.SessionID.len, 1);
    const uint8_t *id = vb_exi_at(block, message->Header.SessionID.at);
    assert_int_equal(id[0], 0x00);
    assert_int_equal(message->Header.has & VB_DIN_MessageHeaderType_has_Notification, 0);
    assert_int_equal(message->Body.choice.is, VB_DIN_BodyType_is_PreChargeReq);
    const struct vb_din_PreChargeReqType *req = vb_exi_at(block, message->Body.choice.at);
    assert_true(req->DC_EVStatus.EVReady);
    assert_int_equal(req->DC_EVStatus.has, 0);
    assert_int_equal(req->DC_EVStatus.EVErrorCode, VB_DIN_DC_EVErrorCodeType_NO_ERROR);
    assert_int_equal(req->DC_EVStatus.EVRESSSOC, 50);
    assert_int_equal(req->EVTargetVoltage.Value, 400);
    assert_int_equal(req->EVTargetVoltage.Multiplier, 0);
    assert_true(req->EVTargetVoltage.has_Unit);
    assert_int_equal(req->EVTargetVoltage.Unit, VB_DIN_unitSymbolType_V);
    assert_int_equal(req->EVTargetCurrent.Value, -2);
    assert_int_equal(req->EVTargetCurrent.Unit, VB_DIN_unitSymbolType_A);
}

static void every_cut_of_a_message_asks_for_more(void **state) {
    (void)state;
    for (size_t n = 0; n < sizeof pre_charge; ++n) {
        uint8_t *exact = malloc(n + 1);
        memcpy(exact, pre_charge, n);
        exact = realloc(exact, n > 0 ? n : 1);
        assert_int_equal(decode(&vb_exi_din70121, exact, n), VB_E_MORE);
        free(exact);
    }
}

static void bytes_behind_a_message_are_the_callers(void **state) {
    (void)state;
    uint8_t exi[sizeof pre_charge + 3] = {0};
    memcpy(exi, pre_charge, sizeof pre_charge);
    exi[sizeof pre_charge] = 0xFF;
    assert_int_equal(decode(&vb_exi_din70121, exi, sizeof exi), sizeof pre_charge);
}

/* Sets bits at a place of the worked example. */
static uint8_t *with(unsigned bit, unsigned count, unsigned value) {
    static uint8_t exi[sizeof pre_charge];
    memcpy(exi, pre_charge, sizeof exi);
    for (unsigned i = 0; i < count; ++i) {
        const unsigned at = bit + i;
        exi[at / 8] &= (uint8_t) ~(0x80u >> at % 8);
        exi[at / 8] |= (uint8_t)((value >> (count - 1 - i) & 1u) << (7 - at % 8));
    }
    return exi;
}

static void what_is_wrong_is_told_with_its_bit_and_path(void **state) {
    (void)state;
    const struct vb_exi_names *din = &vb_exi_din70121_names;
    const size_t n = sizeof pre_charge;
    /* a cookie ($EXI), options in the header */
    assert_string_equal(wrong(din, (const uint8_t *)"$EXI", 4, VB_E_FORMAT), "0 ");
    assert_string_equal(wrong(din, with(2, 1, 1), n, VB_E_FORMAT), "0 ");
    /* 81 = a root that no schema has, 3 = BodyElement, which is abstract */
    assert_string_equal(wrong(din, with(8, 7, 81), n, VB_E_FORMAT), "8 ");
    assert_string_equal(wrong(din, with(8, 7, 3), n, VB_E_FORMAT), "8 ");
    /* second level events: of the message, behind the session id */
    assert_string_equal(wrong(din, with(15, 1, 1), n, VB_E_FORMAT), "15 V2G_Message");
    assert_string_equal(wrong(din, with(35, 2, 3), n, VB_E_FORMAT), "35 V2G_Message/Header");
    /* no body has number 36; BodyElement is abstract */
    assert_string_equal(wrong(din, with(38, 6, 36), n, VB_E_FORMAT), "38 V2G_Message/Body");
    assert_string_equal(wrong(din, with(38, 6, 0), n, VB_E_FORMAT), "38 V2G_Message/Body");
    /* EVErrorCode 12 of 0..11, SOC 101 of 0..100, CH and EE of it that are 1 */
    const char *code = "V2G_Message/Body/PreChargeReq/DC_EVStatus/EVErrorCode";
    const char *soc = "V2G_Message/Body/PreChargeReq/DC_EVStatus/EVRESSSOC";
    const char *seen = wrong(din, with(52, 4, 12), n, VB_E_RANGE);
    assert_string_equal(strchr(seen, ' ') + 1, code);
    assert_int_equal(strtoul(seen, NULL, 10), 52);
    seen = wrong(din, with(59, 7, 101), n, VB_E_RANGE);
    assert_string_equal(strchr(seen, ' ') + 1, soc);
    assert_int_equal(strtoul(seen, NULL, 10), 59);
    assert_int_equal(strtoul(wrong(din, with(58, 1, 1), n, VB_E_FORMAT), NULL, 10), 57);
    assert_int_equal(strtoul(wrong(din, with(66, 1, 1), n, VB_E_FORMAT), NULL, 10), 66);
    /* Multiplier 7 of 0..6, Unit 10 of 0..9 */
    assert_string_equal(strchr(wrong(din, with(71, 3, 7), n, VB_E_RANGE), ' ') + 1,
                        "V2G_Message/Body/PreChargeReq/EVTargetVoltage");
    assert_string_equal(strchr(wrong(din, with(78, 4, 10), n, VB_E_RANGE), ' ') + 1,
                        "V2G_Message/Body/PreChargeReq/EVTargetVoltage");
}

static void numbers_end_after_ten_octets_and_texts_are_no_table_hits(void **state) {
    (void)state;
    /* handshake: ProtocolNamespace of length 0 + 2, VersionNumberMajor of ten octets of ones */
    static const uint8_t endless[] = {0x80, 0x00, 0x10, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00};
    assert_int_equal(decode(&vb_exi_appproto, endless, sizeof endless), VB_E_RANGE);
    /* the same with length field 1: the string table */
    static const uint8_t hit[] = {0x80, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00};
    assert_string_equal(wrong(&vb_exi_appproto_names, hit, sizeof hit, VB_E_FORMAT),
                        "21 supportedAppProtocolReq/AppProtocol/ProtocolNamespace");
    /* a length of 70000, whatever comes: more than a block holds */
    static const uint8_t large[] = {0x80, 0x07, 0x95, 0x10, 0x20};
    assert_int_equal(decode(&vb_exi_appproto, large, sizeof large), VB_E_SPACE);
}

static void values_beyond_their_type_that_are_sent_are_kept(void **state) {
    (void)state;
    /* the target current of the worked example as -50050: sign, octets 81 87 03, as real encoders write PMax */
    static const uint8_t exi[] = {0x80, 0x9a, 0x00, 0x40, 0x11, 0x51, 0x40, 0x0c, 0x80, 0xc1,
                                  0x42, 0x40, 0x0c, 0x0c, 0x0c, 0x60, 0x61, 0xc0, 0xc0};
    uint8_t again[sizeof exi];
    const int used = decode(&vb_exi_din70121, exi, sizeof exi);
    assert_true(used > 0);
    const struct vb_din_V2G_Message *message = vb_exi_root(block);
    const struct vb_din_PreChargeReqType *req = vb_exi_at(block, message->Body.choice.at);
    assert_int_equal(req->EVTargetCurrent.Value, -50050);
    assert_int_equal(vb_exi_encode(&vb_exi_din70121, block, again, sizeof again, NULL), used);
    assert_memory_equal(again, exi, (size_t)used);
}

/* ---- all vectors ---- */

static void check_round_trip(const struct vector *v) {
    const struct vb_exi_schema *schema = vb_exi_names_schema(v->names);
    uint8_t exi[1024];
    assert_int_equal(vb_exi_decode(schema, v->kind, v->exi, v->n, block, sizeof block, NULL), v->n);
    assert_int_equal(vb_exi_encode(schema, block, exi, sizeof exi, NULL), v->n);
    assert_memory_equal(exi, v->exi, v->n);
    for (size_t cap = 0; cap < v->n; ++cap) { /* each buffer that is too small */
        exi[cap] = 0xA5;
        assert_int_equal(vb_exi_encode(schema, block, exi, cap, NULL), VB_E_SPACE);
        assert_int_equal(exi[cap], 0xA5);
    }
}

static void check_cuts(const struct vector *v) {
    const struct vb_exi_schema *schema = vb_exi_names_schema(v->names);
    for (size_t n = 0; n < v->n; ++n) {
        assert_int_equal(vb_exi_decode(schema, v->kind, v->exi, n, block, sizeof block, NULL),
                         VB_E_MORE);
    }
}

static void check_small_blocks(const struct vector *v) {
    const struct vb_exi_schema *schema = vb_exi_names_schema(v->names);
    struct vb_exi_block head;
    vb_exi_decode(schema, v->kind, v->exi, v->n, block, sizeof block, NULL);
    memcpy(&head, block, sizeof head);
    for (size_t cap = 0; cap <= head.used; ++cap) {
        uint8_t *exact = aligned_alloc(8, (cap + 8) & ~(size_t)7);
        memset(exact, 0xA5, (cap + 8) & ~(size_t)7);
        const int used = vb_exi_decode(schema, v->kind, v->exi, v->n, exact, cap, NULL);
        assert_int_equal(used, cap < head.used ? VB_E_SPACE : (int)v->n);
        assert_true(cap % 8 == 0 || exact[cap] == 0xA5);
        free(exact);
    }
}

/* Walks it and builds it from what it sees; the block must give the same bytes. */
static void check_build(const struct vector *v) {
    static _Alignas(8) uint8_t built[4096];
    const struct vb_exi_schema *schema = vb_exi_names_schema(v->names);
    struct vb_exi_walk walk;
    struct vb_exi_item item, asked;
    struct vb_exi_build build;
    uint8_t exi[1024];
    vb_exi_decode(schema, v->kind, v->exi, v->n, block, sizeof block, NULL);
    vb_exi_walk_init(&walk, v->names, block);
    assert_true(vb_exi_walk_next(&walk, &item));
    assert_int_equal(vb_exi_build_root(&build, v->names, v->kind, item.name, built, sizeof built),
                     VB_OK);
    while (vb_exi_walk_next(&walk, &item)) {
        if (item.what == VB_EXI_END) {
            assert_null(vb_exi_build_missing(&build));
            assert_int_equal(vb_exi_build_end(&build), VB_OK);
            continue;
        }
        assert_int_equal(vb_exi_build_ask(&build, item.name, item.attribute, &asked, NULL, NULL),
                         VB_OK);
        assert_true(asked.what == item.what && asked.list == item.list && asked.type == item.type);
        assert_int_equal(item.what == VB_EXI_BEGIN ? vb_exi_build_begin(&build, item.name)
                                                   : vb_exi_build_value(&build, &item),
                         VB_OK);
    }
    assert_int_equal(build.depth, 0);
    assert_int_equal(vb_exi_encode(schema, built, exi, sizeof exi, NULL), v->n);
    assert_memory_equal(exi, v->exi, v->n);
}

/* Whatever is damaged: an answer, in bounds, and what is read is written. */
static void check_damage(const struct vector *v) {
    static uint32_t seed = 1;
    const struct vb_exi_schema *schema = vb_exi_names_schema(v->names);
    static uint8_t exi[1024], again[4096];
    for (unsigned i = 0; i < 200; ++i) {
        memcpy(exi, v->exi, v->n);
        for (unsigned k = 0; k <= i % 3; ++k) {
            seed = seed * 1664525 + 1013904223;
            exi[(seed >> 8) % v->n] ^= (uint8_t)(1u << (seed >> 29));
        }
        const int used = vb_exi_decode(schema, v->kind, exi, v->n, block, sizeof block, NULL);
        assert_true(used <= (int)v->n);
        if (used >= 0) {
            ((struct vb_exi_block *)(void *)block)->flags = VB_EXI_ANY_LENGTH;
            assert_true(vb_exi_encode(schema, block, again, sizeof again, NULL) > 0);
        }
    }
}

static void every_vector_is_read_and_written_byte_by_byte(void **state) {
    (void)state;
    for_each_vector(check_round_trip);
}
static void every_cut_of_every_vector_asks_for_more(void **state) {
    (void)state;
    for_each_vector(check_cuts);
}
static void a_block_that_is_too_small_is_told_at_every_size(void **state) {
    (void)state;
    for_each_vector(check_small_blocks);
}
static void every_vector_is_built_from_its_names(void **state) {
    (void)state;
    for_each_vector(check_build);
}
static void damaged_vectors_have_an_answer(void **state) {
    (void)state;
    for_each_vector(check_damage);
}

/* ---- writing ---- */

/* The worked example, by hand. */
static struct vb_din_PreChargeReqType *make_pre_charge(void) {
    static const uint8_t id[] = {0x00};
    assert_int_equal(vb_exi_block_init(block, sizeof block, VB_EXI_DOCUMENT,
                                       VB_DIN_root_V2G_Message, sizeof(struct vb_din_V2G_Message)),
                     VB_OK);
    struct vb_din_V2G_Message *message = (void *)(block + sizeof(struct vb_exi_block));
    assert_int_equal(
        vb_exi_block_put(block, sizeof block, &message->Header.SessionID, id, sizeof id), VB_OK);
    message->Body.choice.is = VB_DIN_BodyType_is_PreChargeReq;
    struct vb_din_PreChargeReqType *req = vb_exi_block_add(
        block, sizeof block, &message->Body.choice.at, sizeof(struct vb_din_PreChargeReqType));
    assert_non_null(req);
    req->DC_EVStatus.EVReady = true;
    req->DC_EVStatus.EVRESSSOC = 50;
    req->EVTargetVoltage.Value = 400;
    req->EVTargetVoltage.Unit = VB_DIN_unitSymbolType_V;
    req->EVTargetVoltage.has_Unit = 1;
    req->EVTargetCurrent.Value = -2;
    req->EVTargetCurrent.Unit = VB_DIN_unitSymbolType_A;
    req->EVTargetCurrent.has_Unit = 1;
    return req;
}

static int encode(void) {
    static uint8_t exi[256];
    return vb_exi_encode(&vb_exi_din70121, block, exi, sizeof exi, NULL);
}

static void a_message_made_by_hand_has_the_bytes_of_the_worked_example(void **state) {
    (void)state;
    uint8_t exi[64];
    make_pre_charge();
    assert_int_equal(vb_exi_encode(&vb_exi_din70121, block, exi, sizeof exi, NULL),
                     sizeof pre_charge);
    assert_memory_equal(exi, pre_charge, sizeof pre_charge);
}

static void what_a_type_cannot_have_is_not_written(void **state) {
    (void)state;
    make_pre_charge()->DC_EVStatus.EVRESSSOC = 101;
    assert_int_equal(encode(), VB_E_RANGE);
    make_pre_charge()->DC_EVStatus.EVErrorCode = 12;
    assert_int_equal(encode(), VB_E_RANGE);
    make_pre_charge()->EVTargetCurrent.Multiplier = -4;
    assert_int_equal(encode(), VB_E_RANGE);
    make_pre_charge()->EVTargetCurrent.Unit = 10;
    assert_int_equal(encode(), VB_E_RANGE);
    /* a session id of nine bytes */
    make_pre_charge();
    struct vb_din_V2G_Message *message = (void *)(block + sizeof(struct vb_exi_block));
    assert_int_equal(
        vb_exi_block_put(block, sizeof block, &message->Header.SessionID, "123456789", 9), VB_OK);
    assert_int_equal(encode(), VB_E_RANGE);
    ((struct vb_exi_block *)(void *)block)->flags = VB_EXI_ANY_LENGTH;
    assert_true(encode() > 0);
}

/* A handshake whose only namespace is len bytes: 66 bits and the octets of its characters. */
static uint8_t text_exi[64];
static int encode_text(const char *text, size_t len) {
    vb_exi_block_init(block, sizeof block, VB_EXI_DOCUMENT, VB_APP_root_supportedAppProtocolReq,
                      sizeof(struct vb_app_supportedAppProtocolReq));
    struct vb_app_supportedAppProtocolReq *ask = (void *)(block + sizeof(struct vb_exi_block));
    struct vb_app_supportedAppProtocolReq_AppProtocol *node =
        vb_exi_block_append(block, sizeof block, &ask->AppProtocol, sizeof *node);
    node->value.Priority = 1;
    vb_exi_block_put(block, sizeof block, &node->value.ProtocolNamespace, text, len);
    return vb_exi_encode(&vb_exi_appproto, block, text_exi, sizeof text_exi, NULL);
}

static void only_utf8_is_written(void **state) {
    (void)state;
    assert_int_equal(encode_text("x", 1), 10);
    assert_int_equal(encode_text("\xE2\x82\xAC", 3), 11);
    assert_int_equal(encode_text("\xF0\x9F\x98\x80", 4), 12);
    assert_int_equal(encode_text("x\xC3\xA9y", 4), 13);
    assert_int_equal(encode_text("\xC3\xA9", 2), 11);
    /* five bits of the length 1 + 2, then U+E9: octets E9 01 */
    assert_memory_equal(text_exi + 2, "\x1F\x48\x08", 3);
    static const char *const bad[] = {
        "\x80",         /* goes on with nothing */
        "\xC3",         /* does not go on */
        "\xC3x",        /* the same */
        "\xE0\xA0",     /* the same, of three */
        "x\x80",        /* a byte too many */
        "\xC3\xA9\x80", /* the same */
        "\xF0\x9F\x98\x80\x80",
        "\xC0\x80",         /* longer than needed */
        "\xE0\x9F\xBF",     /* the same */
        "\xF0\x8F\xBF\xBF", /* the same */
        "\xED\xA0\x80",     /* half of a pair of UTF-16 */
        "\xF4\x90\x80\x80", /* U+110000 */
        "\xF8\x90\x80\x80", /* of five bytes */
        "\xFF",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        assert_int_equal(encode_text(bad[i], strlen(bad[i])), VB_E_RANGE);
    }
}

static void a_root_that_its_kind_does_not_have_is_refused(void **state) {
    (void)state;
    make_pre_charge();
    struct vb_exi_block *head = (void *)block;
    head->root = VB_DIN_root_V2G_Message + 1;
    assert_int_equal(encode(), VB_E_STATE);
    head->root = VB_DIN_root_V2G_Message | 0x8000;
    assert_int_equal(encode(), VB_E_STATE);
    head->root = VB_DIN_root_V2G_Message;
    head->kind = 3;
    assert_int_equal(encode(), VB_E_STATE);
    /* kind and root stand in one word of a table, where a large root looks like another kind */
    uint8_t exi[64];
    *head = (struct vb_exi_block){.used = 4000, .root = 0x4000 | VB_ISO2_frag_AuthorizationReq};
    assert_int_equal(vb_exi_encode(&vb_exi_iso2, block, exi, sizeof exi, NULL), VB_E_STATE);
}

static void what_is_missing_is_told_with_its_path(void **state) {
    (void)state;
    uint8_t exi[64];
    char path[80];
    struct vb_exi_place place;
    make_pre_charge();
    struct vb_din_V2G_Message *message = (void *)(block + sizeof(struct vb_exi_block));
    message->Header.SessionID.at = 0;
    assert_int_equal(vb_exi_encode(&vb_exi_din70121, block, exi, sizeof exi, &place), VB_E_STATE);
    vb_exi_place_text(&vb_exi_din70121_names, &place, path, sizeof path);
    assert_string_equal(path, "V2G_Message/Header/SessionID");
    /* a reference that leaves the block is not followed */
    make_pre_charge();
    message->Body.choice.at = 4000;
    assert_int_equal(encode(), VB_E_STATE);
    message->Body.choice.at = 0; /* there was no room for it, and nobody looked */
    assert_int_equal(encode(), VB_E_STATE);
    /* the same where the header is not the usual one */
    message->Header.has = VB_DIN_MessageHeaderType_has_Notification;
    assert_int_equal(encode(), VB_E_STATE);
    make_pre_charge();
    message->Header.SessionID.len = 4000;
    assert_int_equal(encode(), VB_E_STATE);
}

static void two_alternatives_and_too_many_items_are_refused(void **state) {
    (void)state;
    make_pre_charge();
    struct vb_din_V2G_Message *message = (void *)(block + sizeof(struct vb_exi_block));
    struct vb_din_ChargeParameterDiscoveryReqType *req =
        vb_exi_block_add(block, sizeof block, &message->Body.choice.at, sizeof *req);
    message->Body.choice.is = VB_DIN_BodyType_is_ChargeParameterDiscoveryReq;
    assert_int_equal(encode(), VB_E_STATE); /* neither */
    vb_exi_block_add(block, sizeof block, &req->DC_EVChargeParameter,
                     sizeof(struct vb_din_DC_EVChargeParameterType));
    assert_true(encode() > 0);
    vb_exi_block_add(block, sizeof block, &req->AC_EVChargeParameter,
                     sizeof(struct vb_din_AC_EVChargeParameterType));
    assert_int_equal(encode(), VB_E_STATE); /* both */

    /* twenty AppProtocol, then one more */
    uint8_t exi[512];
    assert_int_equal(vb_exi_block_init(block, sizeof block, VB_EXI_DOCUMENT,
                                       VB_APP_root_supportedAppProtocolReq,
                                       sizeof(struct vb_app_supportedAppProtocolReq)),
                     VB_OK);
    struct vb_app_supportedAppProtocolReq *ask = (void *)(block + sizeof(struct vb_exi_block));
    for (unsigned i = 0; i <= 20; ++i) {
        assert_int_equal(vb_exi_encode(&vb_exi_appproto, block, exi, sizeof exi, NULL) > 0, i > 0);
        struct vb_app_supportedAppProtocolReq_AppProtocol *node =
            vb_exi_block_append(block, sizeof block, &ask->AppProtocol, sizeof *node);
        assert_non_null(node);
        node->value.Priority = 1;
        vb_exi_block_put(block, sizeof block, &node->value.ProtocolNamespace, "x", 1);
    }
    assert_int_equal(vb_exi_encode(&vb_exi_appproto, block, exi, sizeof exi, NULL), VB_E_RANGE);
}

static void names_that_do_not_fit_are_refused(void **state) {
    (void)state;
    struct vb_exi_build build;
    const struct vb_exi_names *din = &vb_exi_din70121_names;
    assert_int_equal(
        vb_exi_build_root(&build, din, VB_EXI_DOCUMENT, "V2G_Massage", block, sizeof block),
        VB_E_UNKNOWN);
    assert_int_equal(
        vb_exi_build_root(&build, din, VB_EXI_DOCUMENT, "V2G_Message", block, sizeof block), VB_OK);
    assert_string_equal(vb_exi_build_missing(&build), "Header");
    assert_int_equal(vb_exi_build_end(&build), VB_E_STATE);
    assert_int_equal(vb_exi_build_begin(&build, "Footer"), VB_E_UNKNOWN);
    assert_int_equal(vb_exi_build_begin(&build, "Header"), VB_OK);
    assert_int_equal(vb_exi_build_begin(&build, "SessionID"), VB_E_FORMAT);
    const struct vb_exi_item id = {.name = "SessionID", .bytes = (const uint8_t *)"", .len = 0};
    assert_int_equal(vb_exi_build_value(&build, &id), VB_OK);
    assert_int_equal(vb_exi_build_value(&build, &id), VB_E_STATE);
    assert_int_equal(vb_exi_build_end(&build), VB_OK);
    assert_int_equal(vb_exi_build_begin(&build, "Body"), VB_OK);
    const struct vb_exi_build before = build;
    assert_int_equal(vb_exi_build_begin(&build, "SessionStopReq"), VB_OK);
    assert_int_equal(vb_exi_build_end(&build), VB_OK);
    assert_int_equal(vb_exi_build_begin(&build, "SessionStopRes"), VB_E_STATE);
    assert_int_equal(vb_exi_build_begin(&build, "CableCheckReq"), VB_E_STATE);
    build = before;
    assert_int_equal(vb_exi_build_begin(&build, "CableCheckReq"), VB_OK);
    assert_int_equal(vb_exi_build_begin(&build, "DC_EVStatus"), VB_OK);
    const struct vb_exi_item soc = {.name = "EVRESSSOC", .number = 101};
    assert_int_equal(vb_exi_build_value(&build, &soc), VB_E_RANGE);
    const struct vb_exi_item word = {.name = "EVErrorCode", .word = "NO_EROR"};
    assert_int_equal(vb_exi_build_value(&build, &word), VB_E_FORMAT);
    assert_string_equal(vb_exi_build_missing(&build), "EVReady");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_example_has_its_values),
        cmocka_unit_test(every_cut_of_a_message_asks_for_more),
        cmocka_unit_test(bytes_behind_a_message_are_the_callers),
        cmocka_unit_test(what_is_wrong_is_told_with_its_bit_and_path),
        cmocka_unit_test(numbers_end_after_ten_octets_and_texts_are_no_table_hits),
        cmocka_unit_test(values_beyond_their_type_that_are_sent_are_kept),
        cmocka_unit_test(every_vector_is_read_and_written_byte_by_byte),
        cmocka_unit_test(every_cut_of_every_vector_asks_for_more),
        cmocka_unit_test(a_block_that_is_too_small_is_told_at_every_size),
        cmocka_unit_test(every_vector_is_built_from_its_names),
        cmocka_unit_test(damaged_vectors_have_an_answer),
        cmocka_unit_test(a_message_made_by_hand_has_the_bytes_of_the_worked_example),
        cmocka_unit_test(what_a_type_cannot_have_is_not_written),
        cmocka_unit_test(only_utf8_is_written),
        cmocka_unit_test(a_root_that_its_kind_does_not_have_is_refused),
        cmocka_unit_test(what_is_missing_is_told_with_its_path),
        cmocka_unit_test(two_alternatives_and_too_many_items_are_refused),
        cmocka_unit_test(names_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
