/* test_v2g.c - which protocol a payload speaks, and what its message is called.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/hex.h"
#include "voltbus/v2g.h"

static uint64_t block[1024];

static enum vb_v2g_protocol protocol(uint16_t type, const char *bytes, size_t n) {
    return vb_v2g_protocol(type, (const uint8_t *)bytes, n);
}

static void test_the_first_bits_of_the_root_tell_the_protocol(void **state) {
    (void)state;
    assert_int_equal(protocol(0x8001, "\x80\x00", 2), VB_V2G_HANDSHAKE);
    assert_int_equal(protocol(0x8001, "\x80\x3F", 2), VB_V2G_HANDSHAKE);
    assert_int_equal(protocol(0x8001, "\x80\x40", 2), VB_V2G_HANDSHAKE);
    assert_int_equal(protocol(0x8001, "\x80\x7F", 2), VB_V2G_HANDSHAKE);
    assert_int_equal(protocol(0x8001, "\x80\x98", 2), VB_V2G_ISO2);
    assert_int_equal(protocol(0x8001, "\x80\x99", 2), VB_V2G_ISO2);
    assert_int_equal(protocol(0x8001, "\x80\x9A", 2), VB_V2G_DIN70121);
    assert_int_equal(protocol(0x8001, "\x80\x9B", 2), VB_V2G_DIN70121);
}

static void test_what_is_none_of_them_is_none(void **state) {
    (void)state;
    assert_int_equal(protocol(0x8001, "\x80\x97", 2), VB_V2G_NONE);
    assert_int_equal(protocol(0x8001, "\x80\x9C", 2), VB_V2G_NONE);
    assert_int_equal(protocol(0x8001, "\x81\x9A", 2), VB_V2G_NONE);
    assert_int_equal(protocol(0x8001, "\x80", 1), VB_V2G_NONE);
    assert_int_equal(protocol(0x8001, NULL, 0), VB_V2G_NONE);
    assert_int_equal(protocol(0x9000, "\x10\x00", 2), VB_V2G_NONE);
    assert_int_equal(protocol(0x8005, "\x80\x9A", 2), VB_V2G_NONE);
    assert_null(vb_v2g_schema(VB_V2G_NONE));
    assert_null(vb_v2g_names(VB_V2G_NONE));
    assert_string_equal(vb_v2g_protocol_text(VB_V2G_NONE), "none");
    assert_int_equal(vb_v2g_type(VB_V2G_NONE), 0);
}

static void test_iso20_has_a_payload_type_for_each_schema(void **state) {
    (void)state;
    assert_int_equal(protocol(0x8002, "\x80\x8C", 2), VB_V2G_ISO20_COMMON);
    assert_int_equal(protocol(0x8003, "\x80\x8C", 2), VB_V2G_ISO20_AC);
    assert_int_equal(protocol(0x8004, "\x80\x34", 2), VB_V2G_ISO20_DC);
    for (int p = VB_V2G_NONE + 1; p < VB_V2G_PROTOCOL_COUNT; p++) {
        assert_int_equal(vb_v2g_type((enum vb_v2g_protocol)p), p == VB_V2G_ISO20_COMMON ? 0x8002
                                                               : p == VB_V2G_ISO20_AC   ? 0x8003
                                                               : p == VB_V2G_ISO20_DC   ? 0x8004
                                                                                        : 0x8001);
        /* the name is the one that `voltbus exi --schema` takes */
        assert_ptr_equal(vb_exi_names_find(vb_v2g_protocol_text((enum vb_v2g_protocol)p)),
                         vb_v2g_names((enum vb_v2g_protocol)p));
    }
}

/* The name of a message that decodes whole. */
static const char *name_of(uint16_t type, const char *hex) {
    uint8_t exi[256];
    int n = vb_hex_read(hex, strlen(hex), exi, sizeof exi, NULL);
    assert_true(n > 0);
    enum vb_v2g_protocol p = vb_v2g_protocol(type, exi, (size_t)n);
    assert_int_equal(
        vb_exi_decode(vb_v2g_schema(p), VB_EXI_DOCUMENT, exi, (size_t)n, block, sizeof block, NULL),
        n);
    return vb_v2g_message(vb_v2g_names(p), block);
}

static void test_messages_have_the_names_of_the_standards(void **state) {
    (void)state;
    assert_string_equal(name_of(0x8001, "80400040"), "supportedAppProtocolRes");
    assert_string_equal(name_of(0x8001, "809a004011d019231636c790f800"), "SessionSetupReq");
    assert_string_equal(name_of(0x8001, "809a00401151400c80c142400c0c0c4040"), "PreChargeReq");
    assert_string_equal(name_of(0x8001, "8098020286cb0f5397d81c5094ca400580618560108c40980720"),
                        "ChargeParameterDiscoveryReq");
    assert_string_equal(
        name_of(0x8004, "8034040c1d7b86a8313cb80c79b82d806202d184020c0508c8101404080a14"),
        "DC_ChargeLoopReq");
}

static void test_res_is_a_response(void **state) {
    (void)state;
    assert_true(vb_v2g_is_response("SessionSetupRes"));
    assert_false(vb_v2g_is_response("SessionSetupReq"));
    assert_false(vb_v2g_is_response("es"));
    assert_false(vb_v2g_is_response(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_bits_of_the_root_tell_the_protocol),
        cmocka_unit_test(test_what_is_none_of_them_is_none),
        cmocka_unit_test(test_iso20_has_a_payload_type_for_each_schema),
        cmocka_unit_test(test_messages_have_the_names_of_the_standards),
        cmocka_unit_test(test_res_is_a_response),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
