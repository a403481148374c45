/* host/session/message.h - what the story wants of a V2G message: the fields of DIN 70121, ISO 15118-2
 * and ISO 15118-20 by their names, which are mostly the same.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_SESSION_MESSAGE_H
#define HOST_SESSION_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/exi.h"

/* Numbers, physical values (in V, A, W, Wh, s) and booleans (0, 1) first, then words. */
#define MESSAGE_NUMBERS(X)                                                                         \
    X(NotificationMaxDelay)                                                                        \
    X(EVReady)                                                                                     \
    X(EVRESSSOC)                                                                                   \
    X(EVCabinConditioning)                                                                         \
    X(EVRESSConditioning)                                                                          \
    X(EVTargetVoltage)                                                                             \
    X(EVTargetCurrent)                                                                             \
    X(EVSEPresentVoltage)                                                                          \
    X(EVSEPresentCurrent)                                                                          \
    X(EVMaximumVoltageLimit)                                                                       \
    X(EVMaximumCurrentLimit)                                                                       \
    X(EVMaximumPowerLimit)                                                                         \
    X(EVSEMaximumVoltageLimit)                                                                     \
    X(EVSEMaximumCurrentLimit)                                                                     \
    X(EVSEMaximumPowerLimit)                                                                       \
    X(EVSEMinimumVoltageLimit)                                                                     \
    X(EVSEMinimumCurrentLimit)                                                                     \
    X(EVEnergyCapacity)                                                                            \
    X(EVEnergyRequest)                                                                             \
    X(FullSOC)                                                                                     \
    X(BulkSOC)                                                                                     \
    X(BulkChargingComplete)                                                                        \
    X(ChargingComplete)                                                                            \
    X(RemainingTimeToFullSoC)                                                                      \
    X(ReadyToChargeState)                                                                          \
    X(EVSECurrentLimitAchieved)                                                                    \
    X(EVSEVoltageLimitAchieved)                                                                    \
    X(EVSEPowerLimitAchieved)                                                                      \
    X(EVSEMaxCurrent)                                                                              \
    X(EVSENominalVoltage)                                                                          \
    X(EVMaxVoltage)                                                                                \
    X(EVMaxCurrent)                                                                                \
    X(EAmount)                                                                                     \
    X(RCD)                                                                                         \
    X(MeterReading)                                                                                \
    X(SchemaID)
#define MESSAGE_WORDS(X)                                                                           \
    X(ResponseCode)                                                                                \
    X(EVSEProcessing)                                                                              \
    X(EVSEStatusCode)                                                                              \
    X(EVSEIsolationStatus)                                                                         \
    X(EVSENotification)                                                                            \
    X(EVErrorCode)                                                                                 \
    X(ChargeProgress)                                                                              \
    X(ChargingSession)                                                                             \
    X(SelectedPaymentOption)                                                                       \
    X(RequestedEnergyTransferMode)                                                                 \
    X(EVRequestedEnergyTransferType)                                                               \
    X(FaultCode)

enum {
#define X(name) F_##name,
    MESSAGE_NUMBERS(X) FIELD_NUMBERS, /* the words begin here */
    F_BEFORE_WORDS = FIELD_NUMBERS - 1,
    MESSAGE_WORDS(X)
#undef X
        FIELD_COUNT
};

#define MESSAGE_OFFERS 8
#define MESSAGE_ID_MAX 40

struct message_offer { /* of a protocol, in supportedAppProtocolReq */
    char name[64];     /* its namespace */
    uint32_t major, minor;
    uint8_t id, priority;
};

/* One message, or what was last heard of one side. */
struct message {
    uint64_t has; /* bit F_x: the field is there */
    double number[FIELD_NUMBERS];
    const char *word[FIELD_COUNT - FIELD_NUMBERS];
    uint8_t session_id[8];
    uint8_t session_id_len;
    uint8_t id[MESSAGE_ID_MAX]; /* EVCCID or EVSEID */
    uint8_t id_len;
};

/* What the messages are: by name without "Req" and "Res". */
struct message_row {
    const char *name;
    int phase; /* enum phase; PowerDelivery by what it says */
};
extern const struct message_row message_rows[];
extern const size_t message_row_count;

struct heard { /* a message with its name */
    const struct message_row *row;
    const char *name; /* "CurrentDemandReq", of static memory */
    bool request;
    const char *dialect; /* "DIN 70121" */
    struct message fields;
    struct message_offer offers[MESSAGE_OFFERS];
    size_t offer_count;
};

static inline bool message_has(const struct message *m, int field) {
    return m->has >> field & 1;
}
/* A word of the message, "" if it has none. */
static inline const char *message_word(const struct message *m, int field) {
    return message_has(m, field) ? m->word[field - FIELD_NUMBERS] : "";
}
bool message_is(const struct message *m, int field, const char *word);
void message_set_number(struct message *m, int field, double number);
void message_set_word(struct message *m, int field, const char *word);
/* Take the fields that `from` has over. */
void message_merge(struct message *to, const struct message *from);
/* The name of a field ("EVReady"). */
const char *message_field_name(int field);
/* "CurrentDemandReq" -> its row; NULL: none. */
const struct message_row *message_row_find(const char *name, bool *request);

/* Read a decoded message. Returns false if it is none of this table. */
bool message_read(struct heard *heard, const struct vb_exi_names *names, const void *block);

#endif
