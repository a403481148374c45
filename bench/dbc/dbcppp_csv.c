/* dbcppp_csv.c - a candump log by the library dbcppp, through its C interface: the CSV of voltbus decode, for bench/run.
 * Numbers, no words, by printf("%g"); lines are read by hand, because the library has no reader.
 * usage: dbcppp_csv FILE.dbc LOG
 * SPDX-License-Identifier: MIT */
#include <dbcppp/CApi.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c) {
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* "(1700000000.000000) can0 1DB#0011.." to id and bytes. Returns what stands behind the time, NULL: no frame. */
static const char *read_frame(char *line, unsigned long *id, unsigned char bytes[8]) {
    char *link = strchr(line, ' ');
    char *frame = link ? strchr(link + 1, ' ') : NULL;
    char *data = NULL;
    if (!frame) {
        return NULL;
    }
    *id = strtoul(frame + 1, &data, 16);
    if (*data++ != '#') {
        return NULL;
    }
    link[-1] = '\0'; /* the ')' */
    *frame = '\0';
    memset(bytes, 0, 8);
    for (int i = 0; i < 8 && data[0] > ' ' && data[1] > ' '; i++, data += 2) {
        bytes[i] = (unsigned char)(digit(data[0]) << 4 | digit(data[1]));
    }
    return link + 1;
}

/* The signal with M; NULL: the message has none. */
static const dbcppp_Signal *selector_of(const dbcppp_Message *message) {
    for (uint64_t i = 0; i < dbcppp_MessageSignals_Size(message); i++) {
        const dbcppp_Signal *signal = dbcppp_MessageSignals_Get(message, i);
        if (dbcppp_SignalMultiplexerIndicator(signal) == dbcppp_SignalMultiplexerMuxSwitch) {
            return signal;
        }
    }
    return NULL;
}

static void print(const dbcppp_Message *message, const dbcppp_Signal *selector, const char *time,
                  const char *link, const unsigned char bytes[8]) {
    uint64_t selected = selector ? dbcppp_SignalDecode(selector, bytes) : 0;
    for (uint64_t i = 0; i < dbcppp_MessageSignals_Size(message); i++) {
        const dbcppp_Signal *signal = dbcppp_MessageSignals_Get(message, i);
        if (dbcppp_SignalMultiplexerIndicator(signal) == dbcppp_SignalMultiplexerMuxValue &&
            dbcppp_SignalMultiplexerSwitchValue(signal) != selected) {
            continue;
        }
        printf("%s,%s,%s.%s,%g,%s\n", time, link, dbcppp_MessageName(message),
               dbcppp_SignalName(signal),
               dbcppp_SignalRawToPhys(signal, dbcppp_SignalDecode(signal, bytes)),
               dbcppp_SignalUnit(signal));
    }
}

int main(int argc, char **argv) {
    static const dbcppp_Message *messages[2048];
    static const dbcppp_Signal *selectors[2048];
    static char out[1 << 16];
    char line[256];
    const dbcppp_Network *network = argc == 3 ? dbcppp_NetworkLoadDBCFromFile(argv[1]) : NULL;
    FILE *log = network ? fopen(argv[2], "r") : NULL;
    if (!log) {
        return 1;
    }
    setvbuf(stdout, out, _IOFBF, sizeof out);
    for (uint64_t i = 0; i < dbcppp_NetworkMessages_Size(network); i++) {
        const dbcppp_Message *message = dbcppp_NetworkMessages_Get(network, i);
        if (dbcppp_MessageId(message) < 2048) {
            messages[dbcppp_MessageId(message)] = message;
            selectors[dbcppp_MessageId(message)] = selector_of(message);
        }
    }
    while (fgets(line, sizeof line, log)) {
        unsigned long id = 0;
        unsigned char bytes[8];
        const char *link = read_frame(line, &id, bytes);
        if (link && id < 2048 && messages[id]) {
            print(messages[id], selectors[id], line + 1, link, bytes);
        }
    }
    return 0;
}
