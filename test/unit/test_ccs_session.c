/* test_ccs_session.c - messages between car and charger as signals. The messages are those of independent
 * codecs, and of real cars where it says so.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/device.h"
#include "voltbus/hex.h"
#include "voltbus/v2gtp.h"

extern const struct vb_device vb_device_ccs_session;

#define ROWS 128

static struct session {
    struct vb_instance instance;
    uint64_t memory[(65536 + 8192) / 8];
    uint8_t data[4096];
    struct vb_frame frame;
    struct vb_sample samples[ROWS];
    struct vb_reading reading;
} s;

static void open_session(void) {
    const struct vb_device *device = &vb_device_ccs_session;
    assert_in_range(vb_device_most(device), 1, ROWS);
    assert_in_range(device->memory, 1, sizeof s.memory);
    vb_instance_init(&s.instance, device, NULL, 7);
    s.instance.memory = s.memory;
    s.instance.memory_size = device->memory;
}

static enum vb_fault hear_bytes(uint32_t type, const uint8_t *data, size_t n) {
    s.frame = (struct vb_frame){
        .kind = VB_KIND_V2G, .id = type, .t_ns = 5, .data = data, .len = (uint32_t)n};
    s.reading = vb_instance_read(&s.instance, &s.frame, s.samples, ROWS);
    return s.reading.fault;
}

static enum vb_fault hear(uint32_t type, const char *hex) {
    int n = vb_hex_read(hex, strlen(hex), s.data, sizeof s.data, NULL);
    assert_true(n > 0);
    return hear_bytes(type, s.data, (size_t)n);
}

static const struct vb_sample *sample(const char *name) {
    for (size_t i = 0; i < s.reading.count; i++) {
        if (strcmp(s.samples[i].signal->name, name) == 0) {
            return &s.samples[i];
        }
    }
    return NULL;
}

/* As people see it; "-" without a sample, '!' behind a value beyond its limits. */
static const char *value(const char *name) {
    static char out[4][80];
    static unsigned turn;
    const struct vb_sample *found = sample(name);
    char *text = out[turn++ % 4];
    if (!found) {
        return "-";
    }
    size_t n = found->text_len;
    if (found->text) {
        memcpy(text, found->text, n);
    } else {
        n = vb_signal_text(found->signal, found->raw, text, sizeof out[0] - 2, NULL);
    }
    text[n] = found->out_of_range ? '!' : '\0';
    text[n + 1] = '\0';
    return text;
}

#define assert_value(name, expected) assert_string_equal(value(name), expected)

static void test_a_din_current_demand_req_tells_what_the_car_wants(void **state) {
    (void)state;
    open_session();
    assert_int_equal(hear(0x8001, "809a0204488cd115599de210d1400cc080c39c2403050a40300c0c32004080"
                                  "e1807c0001810480e00c082c02408142b07c00"),
                     VB_FAULT_NONE);
    assert_value("session.phase", "charge-loop");
    assert_value("session.protocol", "din70121");
    assert_value("session.id", "1122334455667788");
    assert_value("ev.ready", "yes");
    assert_value("ev.error_code", "no-error");
    assert_value("ev.soc", "51");
    assert_value("ev.current_target", "125.500");
    assert_value("ev.voltage_target", "401.200");
    assert_value("ev.voltage_max", "420.000");
    assert_value("ev.current_max", "200.000");
    assert_value("ev.power_max", "80000.000");
    assert_value("ev.bulk_complete", "no");
    assert_value("ev.charging_complete", "no");
    assert_value("ev.time_to_end", "3600.000");
    assert_value("ev.time_to_bulk", "1200.000");
    assert_value("session.response", "-");
    assert_value("evse.voltage_present", "-");
    assert_int_equal(s.reading.count, 15);
    assert_int_equal(s.samples[0].device, 7);
    assert_int_equal(s.samples[0].t_ns, 5);
}

static void test_a_din_current_demand_res_tells_what_the_charger_gives(void **state) {
    (void)state;
    open_session();
    assert_int_equal(hear(0x8001, "809a0204488cd115599de210e00040800001028528f8101870848000060a1e"
                                  "806030307d020384413800"),
                     VB_FAULT_NONE);
    assert_value("session.response", "ok");
    assert_value("evse.status_code", "evse-ready");
    assert_value("evse.isolation", "valid");
    assert_value("evse.notification", "none");
    assert_value("evse.notification_delay", "0");
    assert_value("evse.voltage_present", "400.500");
    assert_value("evse.current_present", "124.900");
    assert_value("evse.voltage_limited", "no");
    assert_value("evse.voltage_max", "500.000");
    assert_value("evse.current_max", "125.000");
    assert_value("evse.power_max", "50000.000");
}

/* Notification and isolation have other numbers, and stand in another order, than in DIN 70121. */
static void test_iso2_has_the_same_signals(void **state) {
    (void)state;
    open_session();
    assert_int_equal(hear(0x8001, "8098020286cb0f5397d81c5094ca400580618560108c40980720"),
                     VB_FAULT_NONE);
    assert_value("session.phase", "charge-parameters");
    assert_value("session.protocol", "iso15118-2");
    assert_value("session.transfer_mode", "dc-extended");
    assert_value("ev.soc", "44");
    assert_value("ev.current_max", "300.000");
    assert_value("ev.voltage_max", "920.000");
}

static void test_iso2_ac_has_currents_energy_and_the_text_of_the_evseid(void **state) {
    (void)state;
    open_session();
    assert_int_equal(
        hear(0x8001, "8098020286cb0f5397d81c5091fffe06084630504e00818812006061810010607800"),
        VB_FAULT_NONE);
    assert_value("session.transfer_mode", "ac-three-phase-core");
    assert_value("ev.energy_request", "20000.000");
    assert_value("ev.current_min", "6.000");
    assert_int_equal(
        hear(0x8001, "8098020286cb0f5397d81c50c0002d1114a905090ca914c40000c3010100000000"),
        VB_FAULT_NONE);
    assert_value("evse.id", "DE*ABC*E1");
    assert_value("evse.schedule", "1");
    assert_value("evse.current_max", "16.000");
    assert_value("evse.receipt_required", "no");
    assert_value("evse.rcd_tripped", "no");
}

static void test_iso20_has_the_same_signals(void **state) {
    (void)state;
    open_session();
    assert_int_equal(hear(0x8004, "8034040c1d7b86a8313cb80c79b82d806202d184020c0508c8101404080a14"),
                     VB_FAULT_NONE);
    assert_value("session.phase", "charge-loop");
    assert_value("session.protocol", "iso15118-20");
    assert_value("ev.soc", "90");
    assert_value("ev.charging_complete", "no");
    assert_value("ev.voltage_present", "20000.000!"); /* 20 * 10^3 V, as the simulator has it */
    assert_value("ev.voltage_target", "200.000");
    assert_value("ev.current_target", "200.000");
    assert_int_equal(hear(0x8004, "8038040c1d7b86a8313cb80c79b82d80620064000082000040008080"
                                  "0e80701000c804003201001e8060"),
                     VB_FAULT_NONE);
    assert_value("session.response", "ok");
    assert_value("evse.voltage_present", "1.000");
    assert_value("evse.power_max", "1000.000");
    assert_value("evse.voltage_max", "500.000");
}

/* A Polestar 2 sends one byte; DIN 70121 has up to eight. */
static void test_ids_are_text(void **state) {
    (void)state;
    open_session();
    assert_int_equal(hear(0x8001, "809a004011d019231636c790f800"), VB_FAULT_NONE);
    assert_value("session.phase", "session-setup");
    assert_value("session.id", "00");
    assert_value("ev.id", "48C58DB1E43E");
    /* the EVSEID of pyPLC, bytes that are text */
    assert_int_equal(hear(0x8001, "809a02004080c1014181c211e0201d6968c0c0c0c0c080"), VB_FAULT_NONE);
    assert_value("session.id", "0102030405060708");
    assert_value("session.response", "ok-new-session-established");
    assert_value("evse.id", "ZZ00000");
    /* one that is not text */
    assert_int_equal(hear(0x8001, "809a0204488cd115599de211e0401d26a01cde9159e0101c59f540c0"),
                     VB_FAULT_NONE);
    assert_value("evse.id", "49A80737A45678");
}

static void test_the_handshake_is_a_phase_of_its_own(void **state) {
    (void)state;
    open_session();
    assert_int_equal(hear(0x8001, "80400040"), VB_FAULT_NONE);
    assert_value("session.phase", "handshake");
    assert_value("session.protocol", "handshake");
    assert_value("session.response", "ok-successful-negotiation");
}

static void test_what_is_no_message_is_a_fault_without_values(void **state) {
    (void)state;
    open_session();
    assert_int_equal(hear(0x8001, "809affffffffffff"), VB_FAULT_EXI);
    assert_ptr_equal(s.reading.message, &vb_device_ccs_session.messages[0]);
    assert_int_equal(s.reading.count, 0);
    assert_int_equal(hear(0x8001, "ff"), VB_FAULT_EXI);
    assert_string_equal(vb_fault_text(VB_FAULT_EXI), "exi");
}

static void test_each_cut_of_a_message_is_a_fault(void **state) {
    (void)state;
    uint8_t data[50];
    const char *hex = "809a0204488cd115599de210d1400cc080c39c2403050a40300c0c32004080e1807c0001810"
                      "480e00c082c02408142b07c00";
    open_session();
    assert_int_equal(vb_hex_read(hex, strlen(hex), data, sizeof data, NULL), 50);
    for (size_t n = 0; n < 49; n++) { /* the last byte is padding */
        assert_int_equal(hear_bytes(0x8001, data, n), VB_FAULT_EXI);
    }
    assert_int_equal(hear_bytes(0x8001, data, 50), VB_FAULT_NONE);
}

static void test_sdp_and_unknown_payload_types_are_not_of_this_device(void **state) {
    (void)state;
    open_session();
    hear(0x9000, "1000");
    assert_null(s.reading.message);
    hear(0x8005, "8034");
    assert_null(s.reading.message);
}

/* A message that needs more memory than there is: a fault, and nothing is written beyond it. */
static void test_memory_is_as_large_as_the_caller_says(void **state) {
    (void)state;
    const char *hex = "809a0204488cd115599de210d1400cc080c39c2403050a40300c0c32004080e1807c0001810"
                      "480e00c082c02408142b07c00";
    open_session();
    size_t whole = 0;
    for (size_t size = 0; size < s.instance.device->memory && !whole; size += 8) {
        memset(s.memory, 0xA5, sizeof s.memory);
        s.instance.memory_size = size;
        whole = hear(0x8001, hex) == VB_FAULT_NONE ? size : 0;
        assert_int_equal(((const uint8_t *)s.memory)[size], 0xA5);
    }
    assert_in_range(whole, 1000, 4000);
    s.instance.memory = NULL;
    s.instance.memory_size = 0;
    assert_int_equal(hear(0x8001, hex), VB_FAULT_EXI);
}

static void test_a_session_is_not_written(void **state) {
    (void)state;
    uint8_t out[64] = {0};
    open_session();
    assert_int_equal(vb_instance_write(&s.instance, &vb_device_ccs_session.messages[0], NULL, 0,
                                       out, sizeof out, 0, NULL),
                     VB_E_STATE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_din_current_demand_req_tells_what_the_car_wants),
        cmocka_unit_test(test_a_din_current_demand_res_tells_what_the_charger_gives),
        cmocka_unit_test(test_iso2_has_the_same_signals),
        cmocka_unit_test(test_iso2_ac_has_currents_energy_and_the_text_of_the_evseid),
        cmocka_unit_test(test_iso20_has_the_same_signals),
        cmocka_unit_test(test_ids_are_text),
        cmocka_unit_test(test_the_handshake_is_a_phase_of_its_own),
        cmocka_unit_test(test_what_is_no_message_is_a_fault_without_values),
        cmocka_unit_test(test_each_cut_of_a_message_is_a_fault),
        cmocka_unit_test(test_sdp_and_unknown_payload_types_are_not_of_this_device),
        cmocka_unit_test(test_memory_is_as_large_as_the_caller_says),
        cmocka_unit_test(test_a_session_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
