/* test_v2gtp.c - the header of V2GTP, whole, byte by byte and cut short, and the payloads of SDP.
 * Bytes: the SDP request that Clara sends (reference/ccs.md 1.2), its answer by pyPLC, the first message of
 * a recorded session; what is wrong with them is made by hand.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/v2gtp.h"

/* 01 FE, 9000, 2 bytes: no TLS, TCP */
static const uint8_t sdp_req[] = {0x01, 0xFE, 0x90, 0x00, 0x00, 0x00, 0x00, 0x02, 0x10, 0x00};
/* 01 FE, 9001, 20 bytes: fe80::b8f0:f2ff:fee5:43a4, port 15118 = 3B0E, no TLS, TCP */
static const uint8_t sdp_res[] = {0x01, 0xFE, 0x90, 0x01, 0x00, 0x00, 0x00, 0x14, 0xFE, 0x80,
                                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xB8, 0xF0, 0xF2, 0xFF,
                                  0xFE, 0xE5, 0x43, 0xA4, 0x3B, 0x0E, 0x10, 0x00};
/* 01 FE, 8001, 34 bytes of EXI follow: what the Ioniq says first */
static const uint8_t exi[] = {0x01, 0xFE, 0x80, 0x01, 0x00, 0x00, 0x00, 0x22, 0x80, 0x00};

static void test_a_header_tells_type_and_length(void **state) {
    (void)state;
    uint16_t type;
    uint32_t body;
    assert_int_equal(vb_v2gtp_header(sdp_req, sizeof sdp_req, &type, &body), 8);
    assert_int_equal(type, VB_V2GTP_SDP_REQ);
    assert_int_equal(body, 2);
    assert_int_equal(vb_v2gtp_header(sdp_res, 8, &type, &body), 8); /* without its payload */
    assert_int_equal(type, VB_V2GTP_SDP_RES);
    assert_int_equal(body, 20);
    assert_int_equal(vb_v2gtp_header(exi, sizeof exi, &type, &body), 8);
    assert_int_equal(type, 0x8001);
    assert_int_equal(body, 34);
}

static void test_a_header_uses_all_four_bytes_of_the_length(void **state) {
    (void)state;
    static const uint8_t long_one[] = {0x01, 0xFE, 0xAB, 0xCD, 0x12, 0x34, 0x56, 0x78};
    uint16_t type;
    uint32_t body;
    assert_int_equal(vb_v2gtp_header(long_one, sizeof long_one, &type, &body), 8);
    assert_int_equal(type, 0xABCD); /* unknown types are passed through */
    assert_int_equal(body, 0x12345678);
}

static void test_a_header_asks_for_more_until_eight_bytes(void **state) {
    (void)state;
    uint16_t type = 0x5555;
    uint32_t body = 0x55555555;
    for (size_t n = 0; n < 8; n++) {
        assert_int_equal(vb_v2gtp_header(exi, n, &type, &body), VB_E_MORE);
        assert_int_equal(type, 0x5555); /* written on success only */
        assert_int_equal(body, 0x55555555);
    }
}

static void test_a_wrong_version_or_complement_is_no_header(void **state) {
    (void)state;
    static const uint8_t wrong[][8] = {{0x02, 0xFD, 0x80, 0x01}, /* version 2, well complemented */
                                       {0x00, 0xFE, 0x80, 0x01},
                                       {0x01, 0x01, 0x80, 0x01},
                                       {0x01, 0xFF, 0x80, 0x01},
                                       {0xFE, 0x01, 0x80, 0x01}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint16_t type = 0x5555;
        uint32_t body = 0x55555555;
        size_t known = wrong[i][0] == 0x01 ? 2 : 1; /* so many bytes are enough to know it */
        for (size_t n = 0; n <= 8; n++) {
            assert_int_equal(vb_v2gtp_header(wrong[i], n, &type, &body),
                             n < known ? VB_E_MORE : VB_E_FORMAT);
        }
        assert_int_equal(type, 0x5555);
        assert_int_equal(body, 0x55555555);
    }
}

static void test_a_header_is_written(void **state) {
    (void)state;
    uint8_t out[8];
    assert_int_equal(vb_v2gtp_write(0x8001, 34, out), 8);
    assert_memory_equal(out, exi, 8);
    static const uint8_t long_one[] = {0x01, 0xFE, 0xAB, 0xCD, 0x12, 0x34, 0x56, 0x78};
    assert_int_equal(vb_v2gtp_write(0xABCD, 0x12345678, out), 8);
    assert_memory_equal(out, long_one, 8);
}

static void test_an_sdp_request_is_read_and_written(void **state) {
    (void)state;
    struct vb_sdp_req req;
    uint8_t out[10];
    assert_int_equal(vb_sdp_req_read(sdp_req + 8, 2, &req), VB_OK);
    assert_int_equal(req.security, VB_SDP_NO_TLS);
    assert_int_equal(req.transport, VB_SDP_TCP);
    assert_int_equal(vb_sdp_req_write(&req, out), sizeof sdp_req);
    assert_memory_equal(out, sdp_req, sizeof sdp_req);
    static const uint8_t strange[] = {0x77, 0x10}; /* passed through */
    assert_int_equal(vb_sdp_req_read(strange, 2, &req), VB_OK);
    assert_int_equal(req.security, 0x77);
    assert_int_equal(req.transport, VB_SDP_UDP);
}

static void test_an_sdp_response_is_read_and_written(void **state) {
    (void)state;
    static const uint8_t ip[] = {0xFE, 0x80, 0,    0,    0,    0,    0,    0,
                                 0xB8, 0xF0, 0xF2, 0xFF, 0xFE, 0xE5, 0x43, 0xA4};
    struct vb_sdp_res res;
    uint8_t out[28];
    assert_int_equal(vb_sdp_res_read(sdp_res + 8, 20, &res), VB_OK);
    assert_memory_equal(res.ip, ip, 16);
    assert_int_equal(res.port, 15118);
    assert_int_equal(res.security, VB_SDP_NO_TLS);
    assert_int_equal(res.transport, VB_SDP_TCP);
    assert_int_equal(vb_sdp_res_write(&res, out), sizeof sdp_res);
    assert_memory_equal(out, sdp_res, sizeof sdp_res);
}

static void test_sdp_of_another_length_is_refused(void **state) {
    (void)state;
    uint8_t payload[22] = {0};
    for (size_t n = 0; n <= sizeof payload; n++) {
        struct vb_sdp_req req = {0x55, 0x55};
        struct vb_sdp_res res = {.port = 0x5555};
        assert_int_equal(vb_sdp_req_read(payload, n, &req), n == 2 ? VB_OK : VB_E_FORMAT);
        assert_int_equal(vb_sdp_res_read(payload, n, &res), n == 20 ? VB_OK : VB_E_FORMAT);
        assert_int_equal(req.security, n == 2 ? 0 : 0x55);
        assert_int_equal(res.port, n == 20 ? 0 : 0x5555);
    }
}

static void test_events_have_names(void **state) {
    (void)state;
    assert_string_equal(vb_net_text(VB_NET_NONE), "none");
    assert_string_equal(vb_net_text(VB_NET_RESET), "reset");
    assert_string_equal(vb_net_text(VB_NET_NO_V2GTP), "no-v2gtp");
    for (int i = 0; i < VB_NET_COUNT; i++) {
        assert_non_null(vb_net_text((enum vb_net)i));
    }
    assert_string_equal(vb_net_text(VB_NET_COUNT), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_header_tells_type_and_length),
        cmocka_unit_test(test_a_header_uses_all_four_bytes_of_the_length),
        cmocka_unit_test(test_a_header_asks_for_more_until_eight_bytes),
        cmocka_unit_test(test_a_wrong_version_or_complement_is_no_header),
        cmocka_unit_test(test_a_header_is_written),
        cmocka_unit_test(test_an_sdp_request_is_read_and_written),
        cmocka_unit_test(test_an_sdp_response_is_read_and_written),
        cmocka_unit_test(test_sdp_of_another_length_is_refused),
        cmocka_unit_test(test_events_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
