/* message.c - from a decoded V2G message to the fields that the story wants, by their names.
 * SPDX-License-Identifier: MIT */
#include "host/session/message.h"

#include <string.h>

#include "host/session/session.h"

const struct message_row message_rows[] = {
    {"supportedAppProtocol", PHASE_HANDSHAKE},
    {"SessionSetup", PHASE_SESSION_SETUP},
    {"ServiceDiscovery", PHASE_SERVICES},
    {"ServiceDetail", PHASE_SERVICE_DETAIL},
    {"ServicePaymentSelection", PHASE_PAYMENT}, /* DIN */
    {"PaymentServiceSelection", PHASE_PAYMENT},
    {"CertificateInstallation", PHASE_CERTIFICATE},
    {"CertificateUpdate", PHASE_CERTIFICATE},
    {"PaymentDetails", PHASE_PAYMENT_DETAILS},
    {"ContractAuthentication", PHASE_AUTHORIZATION}, /* DIN */
    {"Authorization", PHASE_AUTHORIZATION},
    {"ChargeParameterDiscovery", PHASE_PARAMETERS},
    {"CableCheck", PHASE_CABLE_CHECK},
    {"PreCharge", PHASE_PRE_CHARGE},
    {"PowerDelivery", PHASE_POWER_ON},
    {"CurrentDemand", PHASE_CHARGING},
    {"ChargingStatus", PHASE_CHARGING_AC},
    {"MeteringReceipt", PHASE_CHARGING_AC}, /* between the rounds, in DC too */
    {"WeldingDetection", PHASE_WELDING},
    {"SessionStop", PHASE_SESSION_STOP},
    /* ISO 15118-20, where its names differ */
    {"AuthorizationSetup", PHASE_AUTHORIZATION},
    {"ServiceSelection", PHASE_PAYMENT},
    {"DC_ChargeParameterDiscovery", PHASE_PARAMETERS},
    {"AC_ChargeParameterDiscovery", PHASE_PARAMETERS},
    {"ScheduleExchange", PHASE_PARAMETERS},
    {"DC_CableCheck", PHASE_CABLE_CHECK},
    {"DC_PreCharge", PHASE_PRE_CHARGE},
    {"DC_ChargeLoop", PHASE_CHARGING},
    {"AC_ChargeLoop", PHASE_CHARGING_AC},
    {"MeteringConfirmation", PHASE_CHARGING_AC},
    {"DC_WeldingDetection", PHASE_WELDING},
};
const size_t message_row_count = sizeof message_rows / sizeof message_rows[0];

static const char *const field_names[FIELD_COUNT] = {
#define X(name) [F_##name] = #name,
    MESSAGE_NUMBERS(X) MESSAGE_WORDS(X)
#undef X
};
_Static_assert(FIELD_COUNT <= 64, "a bit for each field");

const char *message_field_name(int field) {
    return field_names[field];
}

bool message_is(const struct message *m, int field, const char *word) {
    return strcmp(message_word(m, field), word) == 0;
}

void message_set_number(struct message *m, int field, double number) {
    m->has |= UINT64_C(1) << field;
    m->number[field] = number;
}

void message_set_word(struct message *m, int field, const char *word) {
    m->has |= UINT64_C(1) << field;
    m->word[field - FIELD_NUMBERS] = word;
}

void message_merge(struct message *to, const struct message *from) {
    to->has |= from->has;
    for (int f = 0; f < FIELD_NUMBERS; f++) {
        if (message_has(from, f)) {
            to->number[f] = from->number[f];
        }
    }
    for (int f = FIELD_NUMBERS; f < FIELD_COUNT; f++) {
        if (message_has(from, f)) {
            to->word[f - FIELD_NUMBERS] = from->word[f - FIELD_NUMBERS];
        }
    }
}

const struct message_row *message_row_find(const char *name, bool *request) {
    size_t n = strlen(name);
    if (n < 4 || (strcmp(name + n - 3, "Req") != 0 && strcmp(name + n - 3, "Res") != 0)) {
        return NULL;
    }
    *request = name[n - 1] == 'q';
    for (size_t i = 0; i < message_row_count; i++) {
        if (strlen(message_rows[i].name) == n - 3 &&
            memcmp(message_rows[i].name, name, n - 3) == 0) {
            return &message_rows[i];
        }
    }
    return NULL;
}

/* ---- the walk ---- */

static int field_find(const char *name) {
    if (strcmp(name, "PresentSOC") == 0) {
        return F_EVRESSSOC; /* ISO 15118-20 */
    }
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (strcmp(field_names[f], name) == 0) {
            return f;
        }
    }
    return -1;
}

struct reading {
    struct heard *heard;
    const char *complex; /* the physical value that is open: its name, or NULL */
    double multiplier;
};

static void take_bytes(uint8_t *to, size_t cap, uint8_t *len, const struct vb_exi_item *item) {
    *len = (uint8_t)(item->len < cap ? item->len : cap);
    memcpy(to, item->bytes, *len);
}

static void take_offer(struct heard *heard, const struct vb_exi_item *item) {
    if (heard->offer_count == 0) {
        return;
    }
    struct message_offer *offer = &heard->offers[heard->offer_count - 1];
    if (strcmp(item->name, "ProtocolNamespace") == 0) {
        size_t n = item->len < sizeof offer->name - 1 ? item->len : sizeof offer->name - 1;
        memcpy(offer->name, item->bytes, n);
        offer->name[n] = '\0';
        for (size_t i = 0; i < n; i++) { /* it will be shown on terminals */
            offer->name[i] =
                (char)(offer->name[i] >= 32 && offer->name[i] < 127 ? offer->name[i] : '?');
        }
    } else if (strcmp(item->name, "VersionNumberMajor") == 0) {
        offer->major = (uint32_t)item->number;
    } else if (strcmp(item->name, "VersionNumberMinor") == 0) {
        offer->minor = (uint32_t)item->number;
    } else if (strcmp(item->name, "SchemaID") == 0) {
        offer->id = (uint8_t)item->number;
    } else if (strcmp(item->name, "Priority") == 0) {
        offer->priority = (uint8_t)item->number;
    }
}

static double power_of_ten(int64_t n) {
    double power = 1;
    for (int64_t i = n < 0 ? -n : n; i > 0; i--) {
        power *= 10;
    }
    return power;
}

static void take_value(struct reading *r, const struct vb_exi_item *item) {
    struct message *m = &r->heard->fields;
    if (r->complex &&
        (strcmp(item->name, "Multiplier") == 0 || strcmp(item->name, "Exponent") == 0)) {
        r->multiplier = (double)item->number;
        return;
    }
    if (r->complex && strcmp(item->name, "Value") == 0) {
        double power = power_of_ten((int64_t)r->multiplier);
        double value = (double)item->number;
        message_set_number(m, field_find(r->complex),
                           r->multiplier < 0 ? value / power : value * power);
        return;
    }
    if (strcmp(item->name, "SessionID") == 0 && m->session_id_len == 0) {
        take_bytes(m->session_id, sizeof m->session_id, &m->session_id_len, item);
        return;
    }
    if (strcmp(item->name, "EVCCID") == 0 || strcmp(item->name, "EVSEID") == 0) {
        take_bytes(m->id, sizeof m->id, &m->id_len, item);
        return;
    }
    int field = field_find(item->name);
    if (field >= FIELD_NUMBERS && item->type == VB_EXI_ENUM && item->word) {
        message_set_word(m, field, item->word);
    } else if (field >= 0 && field < FIELD_NUMBERS &&
               (item->type == VB_EXI_INT || item->type == VB_EXI_BOOL)) {
        message_set_number(m, field, (double)item->number);
    } else if (field >= 0 && field < FIELD_NUMBERS && item->type == VB_EXI_UINT) {
        message_set_number(m, field, (double)(uint64_t)item->number);
    }
}

bool message_read(struct heard *heard, const struct vb_exi_names *names, const void *block) {
    struct vb_exi_walk walk;
    struct vb_exi_item item;
    struct reading r = {.heard = heard};
    bool in_offers = false;
    memset(heard, 0, sizeof *heard);
    vb_exi_walk_init(&walk, names, block);
    while (vb_exi_walk_next(&walk, &item)) {
        if (item.what == VB_EXI_BEGIN) {
            if (!heard->row) {
                heard->row = message_row_find(item.name, &heard->request);
                heard->name = item.name;
                in_offers = heard->row && heard->row->phase == PHASE_HANDSHAKE && heard->request;
            }
            if (in_offers && strcmp(item.name, "AppProtocol") == 0 &&
                heard->offer_count < MESSAGE_OFFERS) {
                heard->offer_count++;
            }
            bool physical = strcmp(item.type_name, "PhysicalValueType") == 0 ||
                            strcmp(item.type_name, "RationalNumberType") == 0; /* ISO 15118-20 */
            int field = physical ? field_find(item.name) : -1;
            r.complex = field >= 0 && field < FIELD_NUMBERS ? item.name : NULL;
            r.multiplier = 0;
        } else if (item.what == VB_EXI_END) {
            r.complex = NULL;
        } else if (in_offers) {
            take_offer(heard, &item);
        } else {
            take_value(&r, &item);
        }
    }
    return heard->row != NULL;
}
