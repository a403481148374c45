/* ccs_session.c - a charging session as signals: what car and charger tell each other over DIN 70121,
 * ISO 15118-2 and ISO 15118-20 (AC, DC). The same quantity has one row in all of them.
 * A payload is decoded once, walked once by the names of its elements, and becomes a line of fields, one
 * for each row, which the rows of text read (empty: not in this message). Elements inside lists (offers,
 * schedules, tariffs, certificates) are left out; `voltbus decode` shows them.
 * Facts: reference/exi-facts.md and the schema tables beside it; words are those of the standards, in
 * lower case.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "voltbus/device.h"
#include "voltbus/hex.h"
#include "voltbus/v2g.h"

/* ---- words ---- */

enum phase {
    HANDSHAKE,
    SESSION_SETUP,
    SERVICE_DISCOVERY,
    SERVICE_DETAIL,
    AUTHORIZATION_SETUP,
    SERVICE_SELECTION,
    PAYMENT_DETAILS,
    CERTIFICATE,
    AUTHORIZATION,
    CHARGE_PARAMETERS,
    SCHEDULE_EXCHANGE,
    CABLE_CHECK,
    PRE_CHARGE,
    POWER_DELIVERY,
    CHARGE_LOOP,
    METERING_RECEIPT,
    WELDING_DETECTION,
    SESSION_STOP,
    VEHICLE_CHECK,
};

static const struct vb_word phases[] = {
    {HANDSHAKE, "handshake"},
    {SESSION_SETUP, "session-setup"},
    {SERVICE_DISCOVERY, "service-discovery"},
    {SERVICE_DETAIL, "service-detail"},
    {AUTHORIZATION_SETUP, "authorization-setup"},
    {SERVICE_SELECTION, "service-selection"},
    {PAYMENT_DETAILS, "payment-details"},
    {CERTIFICATE, "certificate"},
    {AUTHORIZATION, "authorization"},
    {CHARGE_PARAMETERS, "charge-parameters"},
    {SCHEDULE_EXCHANGE, "schedule-exchange"},
    {CABLE_CHECK, "cable-check"},
    {PRE_CHARGE, "pre-charge"},
    {POWER_DELIVERY, "power-delivery"},
    {CHARGE_LOOP, "charge-loop"},
    {METERING_RECEIPT, "metering-receipt"},
    {WELDING_DETECTION, "welding-detection"},
    {SESSION_STOP, "session-stop"},
    {VEHICLE_CHECK, "vehicle-check"},
    {0, NULL},
};

/* The messages, without Req and Res, of all protocols. */
static const struct {
    const char *stem;
    enum phase phase;
} stems[] = {
    {"supportedAppProtocol", HANDSHAKE},
    {"SessionSetup", SESSION_SETUP},
    {"ServiceDiscovery", SERVICE_DISCOVERY},
    {"ServiceDetail", SERVICE_DETAIL},
    {"AuthorizationSetup", AUTHORIZATION_SETUP},
    {"ServicePaymentSelection", SERVICE_SELECTION}, /* DIN 70121 */
    {"PaymentServiceSelection", SERVICE_SELECTION}, /* ISO 15118-2 */
    {"ServiceSelection", SERVICE_SELECTION},
    {"PaymentDetails", PAYMENT_DETAILS},
    {"CertificateInstallation", CERTIFICATE},
    {"CertificateUpdate", CERTIFICATE},
    {"ContractAuthentication", AUTHORIZATION}, /* DIN 70121 */
    {"Authorization", AUTHORIZATION},
    {"ChargeParameterDiscovery", CHARGE_PARAMETERS},
    {"AC_ChargeParameterDiscovery", CHARGE_PARAMETERS},
    {"DC_ChargeParameterDiscovery", CHARGE_PARAMETERS},
    {"ScheduleExchange", SCHEDULE_EXCHANGE},
    {"CableCheck", CABLE_CHECK},
    {"DC_CableCheck", CABLE_CHECK},
    {"PreCharge", PRE_CHARGE},
    {"DC_PreCharge", PRE_CHARGE},
    {"PowerDelivery", POWER_DELIVERY},
    {"CurrentDemand", CHARGE_LOOP},
    {"ChargingStatus", CHARGE_LOOP},
    {"AC_ChargeLoop", CHARGE_LOOP},
    {"DC_ChargeLoop", CHARGE_LOOP},
    {"MeteringReceipt", METERING_RECEIPT},
    {"MeteringConfirmation", METERING_RECEIPT},
    {"WeldingDetection", WELDING_DETECTION},
    {"DC_WeldingDetection", WELDING_DETECTION},
    {"SessionStop", SESSION_STOP},
    {"VehicleCheckIn", VEHICLE_CHECK},
    {"VehicleCheckOut", VEHICLE_CHECK},
};

static const struct vb_word protocols[] = {
    {0, "handshake"}, {1, "din70121"}, {2, "iso15118-2"}, {3, "iso15118-20"}, {0, NULL}};

/* An element's word means the word here that is the same without '_', '-' and capitals; protocols number
 * theirs differently, so the numbers are ours. */
static const struct vb_word responses[] = {
    {0, "ok"},
    {1, "ok-new-session-established"},
    {2, "ok-old-session-joined"},
    {3, "ok-certificate-expires-soon"},
    {4, "ok-power-tolerance-confirmed"},
    {5, "ok-successful-negotiation"},
    {6, "ok-successful-negotiation-with-minor-deviation"},
    {10, "warning-authorization-selection-invalid"},
    {11, "warning-certificate-expired"},
    {12, "warning-certificate-not-yet-valid"},
    {13, "warning-certificate-revoked"},
    {14, "warning-certificate-validation-error"},
    {15, "warning-challenge-invalid"},
    {16, "warning-eim-authorization-failure"},
    {17, "warning-emsp-unknown"},
    {18, "warning-ev-power-profile-violation"},
    {19, "warning-general-pnc-authorization-error"},
    {20, "warning-no-certificate-available"},
    {21, "warning-no-contract-matching-pcid-found"},
    {22, "warning-power-tolerance-not-confirmed"},
    {23, "warning-schedule-renegotiation-failed"},
    {24, "warning-standby-not-allowed"},
    {25, "warning-wpt"},
    {30, "failed"},
    {31, "failed-sequence-error"},
    {32, "failed-service-id-invalid"},
    {33, "failed-unknown-session"},
    {34, "failed-service-selection-invalid"},
    {35, "failed-payment-selection-invalid"},
    {36, "failed-certificate-expired"},
    {37, "failed-signature-error"},
    {38, "failed-no-certificate-available"},
    {39, "failed-cert-chain-error"},
    {40, "failed-challenge-invalid"},
    {41, "failed-contract-canceled"},
    {42, "failed-wrong-charge-parameter"},
    {43, "failed-power-delivery-not-applied"},
    {44, "failed-tariff-selection-invalid"},
    {45, "failed-charging-profile-invalid"},
    {46, "failed-evse-present-voltage-to-low"},
    {47, "failed-metering-signature-not-valid"},
    {48, "failed-wrong-energy-transfer-type"},
    {49, "failed-no-charge-service-selected"},
    {50, "failed-wrong-energy-transfer-mode"},
    {51, "failed-contactor-error"},
    {52, "failed-certificate-not-allowed-at-this-evse"},
    {53, "failed-certificate-revoked"},
    {54, "failed-association-error"},
    {55, "failed-ev-power-profile-invalid"},
    {56, "failed-ev-power-profile-violation"},
    {57, "failed-no-energy-transfer-service-selected"},
    {58, "failed-no-service-renegotiation-supported"},
    {59, "failed-pause-not-allowed"},
    {60, "failed-power-tolerance-not-confirmed"},
    {61, "failed-schedule-renegotiation"},
    {62, "failed-schedule-selection-invalid"},
    {63, "failed-no-negotiation"},
    {0, NULL},
};

static const struct vb_word processings[] = {
    {0, "finished"}, {1, "ongoing"}, {2, "ongoing-waiting-for-customer-interaction"}, {0, NULL}};

static const struct vb_word faults[] = {
    {0, "parsing-error"}, {1, "no-tls-root-certificat-available"}, {2, "unknown-error"}, {0, NULL}};

static const struct vb_word payments[] = {
    {0, "contract"}, {1, "external-payment"}, {2, "eim"}, {3, "pnc"}, {0, NULL}};

static const struct vb_word transfer_modes[] = {
    {0, "ac-single-phase-core"}, {1, "ac-three-phase-core"}, {2, "dc-core"}, {3, "dc-extended"},
    {4, "dc-combo-core"},        {5, "dc-unique"},           {0, NULL}};

static const struct vb_word progresses[] = {
    {0, "start"}, {1, "stop"}, {2, "renegotiate"}, {3, "standby"}, {4, "schedule-renegotiation"},
    {0, NULL}};

static const struct vb_word stops[] = {
    {0, "terminate"}, {1, "pause"}, {2, "service-renegotiation"}, {0, NULL}};

static const struct vb_word ev_errors[] = {
    {0, "no-error"},
    {1, "failed-ress-temperature-inhibit"},
    {2, "failed-ev-shift-position"},
    {3, "failed-charger-connector-lock-fault"},
    {4, "failed-ev-ress-malfunction"},
    {5, "failed-charging-current-differential"},
    {6, "failed-charging-voltage-out-of-range"},
    {7, "reserved-a"},
    {8, "reserved-b"},
    {9, "reserved-c"},
    {10, "failed-charging-system-incompatibility"},
    {11, "no-data"},
    {0, NULL},
};

static const struct vb_word evse_codes[] = {
    {0, "evse-not-ready"},
    {1, "evse-ready"},
    {2, "evse-shutdown"},
    {3, "evse-utility-interrupt-event"},
    {4, "evse-isolation-monitoring-active"},
    {5, "evse-emergency-shutdown"},
    {6, "evse-malfunction"},
    {7, "reserved-8"},
    {8, "reserved-9"},
    {9, "reserved-a"},
    {10, "reserved-b"},
    {11, "reserved-c"},
    {0, NULL},
};

static const struct vb_word isolations[] = {{0, "invalid"}, {1, "valid"},  {2, "warning"},
                                            {3, "fault"},   {4, "no-imd"}, {0, NULL}};

static const struct vb_word notifications[] = {
    {0, "none"},
    {1, "stop-charging"},
    {2, "renegotiation"},
    {3, "pause"},
    {4, "exit-standby"},
    {5, "terminate"},
    {6, "schedule-renegotiation"},
    {7, "service-renegotiation"},
    {8, "metering-confirmation"},
    {0, NULL},
};

/* ---- rows ---- */

/* How a field becomes a value. Physical values are written in thousandths. */
#define MILLI(field) (field) * 64, 64, VB_FIELD | VB_SIGNED, VB_SCALE(1, 0, 1000)
#define METER(field) (field) * 64, 64, VB_FIELD | VB_SIGNED | VB_TOTAL, VB_SCALE(1, 0, 1000)
#define COUNT(field) (field) * 64, 64, VB_FIELD | VB_SIGNED, VB_RAW
#define WORD(field)  (field) * 64, 63, VB_FIELD, VB_RAW
#define TEXT(field)  (field) * 64, 1, VB_FIELD | VB_STRING, VB_RAW
#define WORDS(table) .words = (table)

/* Beyond these, no car and no charger for the road means it. Charging currents are positive. */
#define VOLTS   VB_LIMITS(-100, 2000)
#define AMPERES VB_LIMITS(-1000, 5000)
#define WATTS   VB_LIMITS(-5000000, 5000000)
#define ENERGY  VB_LIMITS(-2000000, 2000000)
#define PERCENT VB_LIMITS(0, 100)
#define SECONDS VB_LIMITS(0, 4294967295)

/* clang-format off */
#define ROWS(X)                                                                                    \
    X(PHASE, "session.phase", "", WORD, "What the last messages were about", WORDS(phases))        \
    X(PROTOCOL, "session.protocol", "", WORD, "What they speak", WORDS(protocols))                 \
    X(SESSION, "session.id", "", TEXT, "Number of the session, in hexadecimal")                    \
    X(RESPONSE, "session.response", "", WORD, "ResponseCode of the charger", WORDS(responses))     \
    X(PROCESSING, "session.processing", "", WORD, "Is the charger done with what was asked?",      \
      WORDS(processings))                                                                          \
    X(FAULT, "session.fault_code", "", WORD, "FaultCode in the header", WORDS(faults))             \
    X(PAYMENT, "session.payment", "", WORD, "Who pays: a contract in the car, or outside",         \
      WORDS(payments))                                                                             \
    X(TRANSFER, "session.transfer_mode", "", WORD, "Kind of energy transfer that the car wants",   \
      WORDS(transfer_modes))                                                                       \
    X(STOP, "session.stop", "", WORD, "How the car ends the session", WORDS(stops))                \
    X(EV_ID, "ev.id", "", TEXT, "EVCCID, as a rule the MAC address of the car's modem")            \
    X(EV_READY, "ev.ready", "", WORD, "The car is ready", WORDS(vb_no_yes))                        \
    X(EV_ERROR, "ev.error_code", "", WORD, "EVErrorCode", WORDS(ev_errors))                        \
    X(EV_SOC, "ev.soc", "%", COUNT, "State of charge of the battery", PERCENT)                     \
    X(EV_SOC_FULL, "ev.soc_at_end", "%", COUNT, "State of charge that counts as full", PERCENT)    \
    X(EV_SOC_BULK, "ev.soc_bulk", "%", COUNT, "State of charge where fast charging ends", PERCENT) \
    X(EV_SOC_TARGET, "ev.soc_target", "%", COUNT, "State of charge that is wanted", PERCENT)       \
    X(EV_SOC_MIN, "ev.soc_min", "%", COUNT, "Least state of charge that is wanted", PERCENT)       \
    X(EV_SOC_MAX, "ev.soc_max", "%", COUNT, "Highest state of charge that is wanted", PERCENT)     \
    X(EV_CABIN, "ev.cabin_conditioning", "", WORD, "The car heats or cools its cabin",             \
      WORDS(vb_no_yes))                                                                            \
    X(EV_BATTERY, "ev.battery_conditioning", "", WORD, "The car heats or cools its battery",       \
      WORDS(vb_no_yes))                                                                            \
    X(EV_VOLTAGE, "ev.voltage_target", "V", MILLI, "Voltage that the car asks for", VOLTS)         \
    X(EV_CURRENT, "ev.current_target", "A", MILLI, "Current that the car asks for", AMPERES)       \
    X(EV_VOLTAGE_NOW, "ev.voltage_present", "V", MILLI, "Voltage that the car measures", VOLTS)    \
    X(EV_POWER_NOW, "ev.power_present", "W", MILLI, "Power that the car measures (L1)", WATTS)     \
    X(EV_VOLTAGE_MAX, "ev.voltage_max", "V", MILLI, "Highest voltage of the car", VOLTS)           \
    X(EV_VOLTAGE_MIN, "ev.voltage_min", "V", MILLI, "Lowest voltage of the car", VOLTS)            \
    X(EV_CURRENT_MAX, "ev.current_max", "A", MILLI, "Highest current of the car", AMPERES)         \
    X(EV_CURRENT_MIN, "ev.current_min", "A", MILLI, "Lowest current of the car", AMPERES)          \
    X(EV_POWER_MAX, "ev.power_max", "W", MILLI, "Highest power of the car", WATTS)                 \
    X(EV_POWER_MIN, "ev.power_min", "W", MILLI, "Lowest power of the car", WATTS)                  \
    X(EV_CAPACITY, "ev.capacity", "Wh", MILLI, "Energy that the battery holds", ENERGY)            \
    X(EV_ENERGY, "ev.energy_request", "Wh", MILLI, "Energy that the car wants", ENERGY)            \
    X(EV_TIME_END, "ev.time_to_end", "s", MILLI, "Time until the battery is full", SECONDS)        \
    X(EV_TIME_BULK, "ev.time_to_bulk", "s", MILLI, "Time until fast charging ends", SECONDS)       \
    X(EV_TIME_TARGET, "ev.time_to_target", "s", MILLI, "Time until it is charged as wanted",       \
      SECONDS)                                                                                     \
    X(EV_DEPARTURE, "ev.departure", "s", COUNT, "Time until the driver wants to leave", SECONDS)   \
    X(EV_COMPLETE, "ev.charging_complete", "", WORD, "The car is charged", WORDS(vb_no_yes))       \
    X(EV_BULK_COMPLETE, "ev.bulk_complete", "", WORD, "Fast charging is over", WORDS(vb_no_yes))   \
    X(EV_CHARGE, "ev.ready_to_charge", "", WORD, "The car wants power on (DIN 70121)",             \
      WORDS(vb_no_yes))                                                                            \
    X(EV_PROGRESS, "ev.charge_progress", "", WORD, "What the car wants of the power",              \
      WORDS(progresses))                                                                           \
    X(EVSE_ID, "evse.id", "", TEXT, "EVSEID; where it is no text, in hexadecimal")                 \
    X(EVSE_CODE, "evse.status_code", "", WORD, "EVSEStatusCode", WORDS(evse_codes))                \
    X(EVSE_ISOLATION, "evse.isolation", "", WORD, "What the isolation monitor says",               \
      WORDS(isolations))                                                                           \
    X(EVSE_NOTIFICATION, "evse.notification", "", WORD, "What the charger wants the car to do",    \
      WORDS(notifications))                                                                        \
    X(EVSE_DELAY, "evse.notification_delay", "s", COUNT, "... within this time", SECONDS)          \
    X(EVSE_VOLTAGE, "evse.voltage_present", "V", MILLI, "Voltage at the plug", VOLTS)              \
    X(EVSE_CURRENT, "evse.current_present", "A", MILLI, "Current to the car", AMPERES)             \
    X(EVSE_POWER, "evse.power_present", "W", MILLI, "Power to the car (L1)", WATTS)                \
    X(EVSE_POWER_TARGET, "evse.power_target", "W", MILLI, "Power that the charger wants (L1)",     \
      WATTS)                                                                                       \
    X(EVSE_VOLTAGE_MAX, "evse.voltage_max", "V", MILLI, "Highest voltage of the charger", VOLTS)   \
    X(EVSE_VOLTAGE_MIN, "evse.voltage_min", "V", MILLI, "Lowest voltage of the charger", VOLTS)    \
    X(EVSE_VOLTAGE_NOMINAL, "evse.voltage_nominal", "V", MILLI, "Nominal voltage (AC)", VOLTS)     \
    X(EVSE_CURRENT_MAX, "evse.current_max", "A", MILLI, "Highest current of the charger", AMPERES) \
    X(EVSE_CURRENT_MIN, "evse.current_min", "A", MILLI, "Lowest current of the charger", AMPERES)  \
    X(EVSE_POWER_MAX, "evse.power_max", "W", MILLI, "Highest power of the charger", WATTS)         \
    X(EVSE_POWER_MIN, "evse.power_min", "W", MILLI, "Lowest power of the charger", WATTS)          \
    X(EVSE_TOLERANCE, "evse.current_tolerance", "A", MILLI, "How well the current is regulated",   \
      AMPERES)                                                                                     \
    X(EVSE_RIPPLE, "evse.current_ripple", "A", MILLI, "Ripple of the current, peak to peak",       \
      AMPERES)                                                                                     \
    X(EVSE_ENERGY, "evse.energy_offered", "Wh", MILLI, "Energy that the charger will deliver",     \
      ENERGY)                                                                                      \
    X(EVSE_VOLTAGE_LIMIT, "evse.voltage_limited", "", WORD, "The highest voltage is reached",      \
      WORDS(vb_no_yes))                                                                            \
    X(EVSE_CURRENT_LIMIT, "evse.current_limited", "", WORD, "The highest current is reached",      \
      WORDS(vb_no_yes))                                                                            \
    X(EVSE_POWER_LIMIT, "evse.power_limited", "", WORD, "The highest power is reached",            \
      WORDS(vb_no_yes))                                                                            \
    X(EVSE_RELAY, "evse.relay_closed", "", WORD, "The relay is closed (AC, DIN 70121)",            \
      WORDS(vb_no_yes))                                                                            \
    X(EVSE_RCD, "evse.rcd_tripped", "", WORD, "The residual current device has found a fault",     \
      WORDS(vb_no_yes))                                                                            \
    X(EVSE_SCHEDULE, "evse.schedule", "", COUNT, "Number of the schedule in force")                \
    X(EVSE_RECEIPT, "evse.receipt_required", "", WORD, "The charger wants a signed receipt",       \
      WORDS(vb_no_yes))                                                                            \
    X(METER_ID, "meter.id", "", TEXT, "Number of the meter")                                       \
    X(METER_ENERGY, "meter.energy", "Wh", METER, "What the meter shows",                           \
      VB_LIMITS(0, 1000000000000.0))
/* clang-format on */

enum row {
#define X(id, ...) id,
    ROWS(X)
#undef X
        ROW_COUNT
};

static const struct vb_signal rows[ROW_COUNT] = {
#define X(id, name, unit, how, ...) [id] = {name, unit, how(id), .title = __VA_ARGS__},
    ROWS(X)
#undef X
};

/* Elements of the messages, in the order of strcmp, and the rows that they fill. */
static const struct element {
    const char *name;
    enum row row;
} elements[] = {
    {"BatteryEnergyCapacity", EV_CAPACITY},
    {"BulkChargingComplete", EV_BULK_COMPLETE},
    {"BulkSOC", EV_SOC_BULK},
    {"ChargeProgress", EV_PROGRESS},
    {"ChargedEnergyReadingWh", METER_ENERGY},
    {"ChargingComplete", EV_COMPLETE},
    {"ChargingSession", STOP},
    {"DepartureTime", EV_DEPARTURE},
    {"EAmount", EV_ENERGY},
    {"EVCCID", EV_ID},
    {"EVCabinConditioning", EV_CABIN},
    {"EVEnergyCapacity", EV_CAPACITY},
    {"EVEnergyRequest", EV_ENERGY},
    {"EVErrorCode", EV_ERROR},
    {"EVMaxCurrent", EV_CURRENT_MAX},
    {"EVMaxVoltage", EV_VOLTAGE_MAX},
    {"EVMaximumChargeCurrent", EV_CURRENT_MAX},
    {"EVMaximumChargePower", EV_POWER_MAX},
    {"EVMaximumCurrentLimit", EV_CURRENT_MAX},
    {"EVMaximumPowerLimit", EV_POWER_MAX},
    {"EVMaximumVoltage", EV_VOLTAGE_MAX},
    {"EVMaximumVoltageLimit", EV_VOLTAGE_MAX},
    {"EVMinCurrent", EV_CURRENT_MIN},
    {"EVMinimumChargeCurrent", EV_CURRENT_MIN},
    {"EVMinimumChargePower", EV_POWER_MIN},
    {"EVMinimumVoltage", EV_VOLTAGE_MIN},
    {"EVPresentActivePower", EV_POWER_NOW},
    {"EVPresentVoltage", EV_VOLTAGE_NOW},
    {"EVRESSConditioning", EV_BATTERY},
    {"EVRESSSOC", EV_SOC},
    {"EVReady", EV_READY},
    {"EVRequestedEnergyTransferType", TRANSFER},
    {"EVSECurrentLimitAchieved", EVSE_CURRENT_LIMIT},
    {"EVSECurrentRegulationTolerance", EVSE_TOLERANCE},
    {"EVSEEnergyToBeDelivered", EVSE_ENERGY},
    {"EVSEID", EVSE_ID},
    {"EVSEIsolationStatus", EVSE_ISOLATION},
    {"EVSEMaxCurrent", EVSE_CURRENT_MAX},
    {"EVSEMaxVoltage", EVSE_VOLTAGE_MAX},
    {"EVSEMaximumChargeCurrent", EVSE_CURRENT_MAX},
    {"EVSEMaximumChargePower", EVSE_POWER_MAX},
    {"EVSEMaximumCurrentLimit", EVSE_CURRENT_MAX},
    {"EVSEMaximumPowerLimit", EVSE_POWER_MAX},
    {"EVSEMaximumVoltage", EVSE_VOLTAGE_MAX},
    {"EVSEMaximumVoltageLimit", EVSE_VOLTAGE_MAX},
    {"EVSEMinCurrent", EVSE_CURRENT_MIN},
    {"EVSEMinimumChargeCurrent", EVSE_CURRENT_MIN},
    {"EVSEMinimumChargePower", EVSE_POWER_MIN},
    {"EVSEMinimumCurrentLimit", EVSE_CURRENT_MIN},
    {"EVSEMinimumVoltage", EVSE_VOLTAGE_MIN},
    {"EVSEMinimumVoltageLimit", EVSE_VOLTAGE_MIN},
    {"EVSENominalVoltage", EVSE_VOLTAGE_NOMINAL},
    {"EVSENotification", EVSE_NOTIFICATION},
    {"EVSEPeakCurrentRipple", EVSE_RIPPLE},
    {"EVSEPowerLimitAchieved", EVSE_POWER_LIMIT},
    {"EVSEPresentActivePower", EVSE_POWER},
    {"EVSEPresentCurrent", EVSE_CURRENT},
    {"EVSEPresentVoltage", EVSE_VOLTAGE},
    {"EVSEProcessing", PROCESSING},
    {"EVSEStatusCode", EVSE_CODE},
    {"EVSETargetActivePower", EVSE_POWER_TARGET},
    {"EVSEVoltageLimitAchieved", EVSE_VOLTAGE_LIMIT},
    {"EVTargetCurrent", EV_CURRENT},
    {"EVTargetEnergyRequest", EV_ENERGY},
    {"EVTargetVoltage", EV_VOLTAGE},
    {"FaultCode", FAULT},
    {"FullSOC", EV_SOC_FULL},
    {"MaximumSOC", EV_SOC_MAX},
    {"MeterID", METER_ID},
    {"MeterReading", METER_ENERGY},
    {"MinimumSOC", EV_SOC_MIN},
    {"NotificationMaxDelay", EVSE_DELAY},
    {"PowerSwitchClosed", EVSE_RELAY},
    {"PresentSOC", EV_SOC},
    {"RCD", EVSE_RCD},
    {"ReadyToChargeState", EV_CHARGE},
    {"ReceiptRequired", EVSE_RECEIPT},
    {"RemainingTimeToBulkSoC", EV_TIME_BULK},
    {"RemainingTimeToFullSoC", EV_TIME_END},
    {"RemainingTimeToMaximumSOC", EV_TIME_END},
    {"RemainingTimeToTargetSOC", EV_TIME_TARGET},
    {"RequestedEnergyTransferMode", TRANSFER},
    {"ResponseCode", RESPONSE},
    {"SAScheduleTupleID", EVSE_SCHEDULE},
    {"SelectedAuthorizationService", PAYMENT},
    {"SelectedPaymentOption", PAYMENT},
    {"SessionID", SESSION},
    {"TargetSOC", EV_SOC_TARGET},
};
#define ELEMENTS (sizeof elements / sizeof elements[0])

static const struct element *element_of(const char *name) {
    size_t low = 0;
    size_t high = ELEMENTS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, elements[middle].name);
        if (order == 0) {
            return &elements[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* ---- from a message to the values of the rows ---- */

struct value {
    int64_t number;
    const uint8_t *bytes; /* TEXT: in the block */
    uint16_t len;
    bool there, hex;
};

/* The caller's memory: the values, then the block of the message, then the line. */
struct work {
    struct value values[ROW_COUNT];
    uint64_t block[]; /* aligned as exi.h asks */
};

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* "FAILED_SequenceError" and "failed-sequence-error". */
static bool same_word(const char *element, const char *ours) {
    for (;; element++, ours++) {
        element += *element == '_';
        ours += *ours == '-';
        if (lower(*element) != *ours) {
            return false;
        }
        if (!*ours) {
            return true;
        }
    }
}

static void set_word(struct value *value, const struct vb_signal *row, const char *word) {
    for (const struct vb_word *w = row->words; w && w->word; w++) {
        if (same_word(word, w->word)) {
            *value = (struct value){.there = true, .number = w->raw};
            return;
        }
    }
}

#define NUMBER_MAX INT64_C(999999999999999999) /* what a field of text may have */

/* number * 10^exponent in the raw numbers of the row, rounded half away from zero; none if it is beyond
 * them. */
static void set_number(struct value *value, const struct vb_signal *row, int64_t number,
                       int64_t factor, int exponent) {
    exponent += row->scale ? 3 : 0;
    if (__builtin_mul_overflow(number, factor, &number)) {
        return;
    }
    for (; exponent > 0 && number != 0; exponent--) {
        if (number > NUMBER_MAX / 10 || number < -NUMBER_MAX / 10) {
            return;
        }
        number *= 10;
    }
    int64_t rest = 0;
    for (; exponent < 0 && (number != 0 || rest != 0); exponent++) {
        rest = number % 10;
        number /= 10;
    }
    number += rest >= 5 ? 1 : rest <= -5 ? -1 : 0;
    if (number <= NUMBER_MAX && number >= -NUMBER_MAX) {
        *value = (struct value){.there = true, .number = number};
    }
}

static bool is_printable(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] <= ' ' || bytes[i] > '~') {
            return false;
        }
    }
    return true;
}

/* Text as it is (what a row of text cannot hold becomes '?' later), bytes as text where they are
 * (EVSEIDs of DIN 70121 often are), else in hexadecimal. */
static void set_text(struct value *value, enum row row, const struct vb_exi_item *item) {
    size_t n = item->len;
    if (item->type == VB_EXI_BYTES && row == EVSE_ID) {
        while (n > 0 && item->bytes[n - 1] == 0) {
            n--;
        }
    }
    bool text = item->type == VB_EXI_TEXT || (row == EVSE_ID && is_printable(item->bytes, n));
    n = text ? n : item->len;
    size_t most = text ? VB_STRING_MAX : VB_STRING_MAX / 2;
    *value = (struct value){
        .there = n > 0, .bytes = item->bytes, .len = (uint16_t)(n < most ? n : most), .hex = !text};
}

static void set_simple(struct value *values, const struct vb_exi_item *item) {
    const struct element *element = element_of(item->name);
    if (!element || item->attribute || values[element->row].there) {
        return;
    }
    const struct vb_signal *row = &rows[element->row];
    struct value *value = &values[element->row];
    if (row->flags & VB_STRING) {
        set_text(value, element->row, item);
    } else if (item->type == VB_EXI_ENUM) {
        set_word(value, row, item->word);
    } else if (item->type == VB_EXI_UINT && item->number < 0) { /* beyond 2^63 */
        return;
    } else if (item->type == VB_EXI_BOOL || item->type == VB_EXI_INT || item->type == VB_EXI_UINT) {
        set_number(value, row, item->number, 1, 0);
    }
}

/* Times come in hours, minutes or seconds. */
static int64_t seconds_of(const char *unit) {
    return strcmp(unit, "h") == 0 ? 3600 : strcmp(unit, "m") == 0 ? 60 : 1;
}

/* PhysicalValue and RationalNumber: {Multiplier or Exponent, Unit, Value} * 10^exponent. The walk stands
 * behind its BEGIN, and then behind its END. */
static void set_physical(struct value *values, const char *name, struct vb_exi_walk *walk) {
    struct vb_exi_item item;
    int64_t number = 0;
    int exponent = 0;
    const char *unit = "";
    while (vb_exi_walk_next(walk, &item) && item.what != VB_EXI_END) {
        if (strcmp(item.name, "Value") == 0) {
            number = item.number;
        } else if (item.type == VB_EXI_ENUM) {
            unit = item.word;
        } else {
            exponent = (int)item.number;
        }
    }
    const struct element *element = element_of(name);
    if (element && !values[element->row].there && !rows[element->row].words) {
        const struct vb_signal *row = &rows[element->row];
        int64_t factor = strcmp(row->unit, "s") == 0 ? seconds_of(unit) : 1;
        set_number(&values[element->row], row, number, factor, exponent);
    }
}

static bool is_physical(const struct vb_exi_item *item) {
    return item->what == VB_EXI_BEGIN && (strcmp(item->type_name, "PhysicalValueType") == 0 ||
                                          strcmp(item->type_name, "RationalNumberType") == 0);
}

static void collect(struct value *values, const struct vb_exi_names *names, const void *block) {
    struct vb_exi_walk walk;
    struct vb_exi_item item;
    unsigned in_list = 0; /* how deep inside of an item of a list */
    vb_exi_walk_init(&walk, names, block);
    while (vb_exi_walk_next(&walk, &item)) {
        if (item.what == VB_EXI_END) {
            in_list -= in_list > 0;
        } else if (in_list > 0 || item.list) {
            in_list += item.what == VB_EXI_BEGIN;
        } else if (is_physical(&item)) {
            set_physical(values, item.name, &walk);
        } else if (item.what == VB_EXI_VALUE) {
            set_simple(values, &item);
        }
    }
}

static void set_phase(struct value *values, enum vb_v2g_protocol protocol, const char *message) {
    size_t n = strlen(message);
    for (size_t i = 0; n > 3 && i < sizeof stems / sizeof stems[0]; i++) {
        if (strlen(stems[i].stem) == n - 3 && memcmp(stems[i].stem, message, n - 3) == 0) {
            values[PHASE] = (struct value){.there = true, .number = stems[i].phase};
        }
    }
    int64_t number = protocol > VB_V2G_ISO20_COMMON ? VB_V2G_ISO20_COMMON : protocol;
    values[PROTOCOL] = (struct value){.there = true, .number = number - VB_V2G_HANDSHAKE};
}

/* ---- the line ---- */

/* Append a field. Returns its length, or VB_E_SPACE. */
static int put_field(const struct value *value, char *out, size_t cap) {
    static const struct vb_decimal plain = {1, 0, 1, 0, false};
    if (!value->there) {
        return 0;
    }
    if (cap < VB_NUMBER_TEXT + 2 * VB_STRING_MAX) {
        return VB_E_SPACE;
    }
    if (!value->bytes) {
        return (int)vb_decimal_text(&plain, value->number, out);
    }
    if (value->hex) {
        return (int)vb_hex_write(value->bytes, value->len, out);
    }
    for (size_t i = 0; i < value->len; i++) {
        char c = (char)value->bytes[i];
        out[i] = c > ' ' && c <= '~' ? c : '?';
    }
    return value->len;
}

/* Returns the length of the line, or VB_E_SPACE. */
static int put_line(const struct value *values, char *out, size_t cap) {
    size_t at = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (i > 0) {
            if (at == cap) {
                return VB_E_SPACE;
            }
            out[at++] = ' ';
        }
        int n = put_field(&values[i], out + at, cap - at);
        if (n < 0) {
            return n;
        }
        at += (size_t)n;
    }
    return (int)at;
}

/* vb_device.unpack */
static int unpack(const struct vb_frame *frame, void *memory, size_t size, struct vb_frame *line) {
    struct work *work = memory;
    enum vb_v2g_protocol protocol = vb_v2g_protocol((uint16_t)frame->id, frame->data, frame->len);
    if (protocol == VB_V2G_NONE && frame->id != VB_V2GTP_EXI) {
        return VB_E_UNKNOWN; /* SDP, or a schema that we do not have */
    }
    if (size < sizeof *work + sizeof(struct vb_exi_block)) {
        return VB_E_SPACE;
    }
    if (protocol == VB_V2G_NONE) {
        return VB_E_FORMAT;
    }
    size_t cap = size - sizeof *work;
    int used = vb_exi_decode(vb_v2g_schema(protocol), VB_EXI_DOCUMENT, frame->data, frame->len,
                             work->block, cap, NULL);
    if (used < 0) {
        return used == VB_E_MORE ? VB_E_FORMAT : used; /* cut: no more of it comes */
    }
    const struct vb_exi_names *names = vb_v2g_names(protocol);
    struct vb_exi_block head;
    memcpy(&head, work->block, sizeof head);
    memset(work->values, 0, sizeof work->values);
    set_phase(work->values, protocol, vb_v2g_message(names, work->block));
    collect(work->values, names, work->block);
    char *text = (char *)work->block + head.used;
    int n = put_line(work->values, text, cap - head.used);
    if (n < 0) {
        return n;
    }
    *line = *frame;
    line->data = (const uint8_t *)text;
    line->len = (uint32_t)n;
    return VB_OK;
}

static const struct vb_message messages[] = {
    {.id = 0x8000, /* 8001 to 8004, as unpack takes them */
     .mask = 0xFFF8,
     .len_min = 1,
     .len_max = UINT16_MAX,
     .name = "message",
     .title = "any message between car and charger",
     VB_ROWS(rows)},
};

static const char *const headline[] = {"evse.voltage_present", "evse.current_present", "ev.soc",
                                       "session.phase", NULL};

const struct vb_device vb_device_ccs_session = {
    .name = "ccs-session",
    .title = "CCS charging session (DIN 70121, ISO 15118-2, ISO 15118-20)",
    .kind = VB_KIND_V2G,
    VB_MESSAGES(messages),
    .headline = headline,
    .unpack = unpack,
    .memory = sizeof(struct work) + 65536,
};
