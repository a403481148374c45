/* show.c - identities as text.
 * SPDX-License-Identifier: MIT */
#include "host/session/show.h"

#include <stdio.h>
#include <string.h>

const char *protocol_name(const char *name_space) {
    static const struct {
        const char *part, *name;
    } known[] = {
        {"urn:din:70121:2012", "DIN 70121"},
        {"urn:iso:15118:2:2013", "ISO 15118-2"},
        {"urn:iso:15118:2:2010", "ISO 15118-2 draft of 2010"},
        {"urn:iso:std:iso:15118:-20:DC", "ISO 15118-20 DC"},
        {"urn:iso:std:iso:15118:-20:AC", "ISO 15118-20 AC"},
        {"urn:tesla:din:2018", "Tesla's DIN of 2018"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(name_space, known[i].part, strlen(known[i].part)) == 0) {
            return known[i].name;
        }
    }
    return name_space;
}

void id_text(const uint8_t *bytes, size_t n, char out[2 * MESSAGE_ID_MAX + 1]) {
    bool text = n > 0;
    n = n > MESSAGE_ID_MAX ? MESSAGE_ID_MAX : n;
    for (size_t i = 0; i < n; i++) {
        text &= bytes[i] >= 32 && bytes[i] < 127;
    }
    if (text) {
        memcpy(out, bytes, n);
        out[n] = '\0';
        return;
    }
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        snprintf(out + 2 * i, 3, "%02X", bytes[i]);
    }
}

void mac_text(const uint8_t mac[6], char out[18]) {
    snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
}
