/* scan.c - `voltbus scan`: what this machine could use as a LINK: serial ports, CAN interfaces, servers
 * of socketcand on the network. Only looks and listens: a serial port is not opened, because that moves
 * its DTR line, and many adapters take this for a reset.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/io/can.h"
#include "host/io/serial_ports.h"
#include "host/link/link.h"
#include "host/out/output.h"
#include "voltbus/socketcand.h"
#include "voltbus/time.h"

static const char usage[] =
    "usage: voltbus scan [OPTION]...\n"
    "\n"
    "  --for DURATION  how long to listen for servers of socketcand, which call\n"
    "                  every 3 s (default 4s)\n"
    "  --json          one JSON object a line\n"
    "\n"
    "Lists what a LINK could be: serial ports, CAN interfaces, socketcand servers.\n"
    "Sends nothing, and opens no serial port: that could reset what is behind it.\n";

#define BEACON_MAX 4096

struct scan {
    struct sink sink;
    bool json;
    bool titled;   /* the title of this part is written */
    size_t fields; /* JSON: of this object so far */
    char **heard;  /* LINKs of servers that were told */
    size_t heard_count;
};

/* ---- one line of what was found ---- */

static void field(struct scan *s, const char *key, const char *value) {
    if (s->json && value[0]) {
        sink_text(&s->sink, s->fields++ ? ",\"" : "{\"");
        sink_text(&s->sink, key);
        sink_text(&s->sink, "\":\"");
        sink_json(&s->sink, value);
        sink_text(&s->sink, "\"");
    }
}

/* A number, or true and false: as it stands. */
static void bare_field(struct scan *s, const char *key, const char *value) {
    sink_text(&s->sink, s->fields++ ? ",\"" : "{\"");
    sink_text(&s->sink, key);
    sink_text(&s->sink, "\":");
    sink_text(&s->sink, value);
}

static void title(struct scan *s, const char *text) {
    if (!s->json && !s->titled) {
        sink_text(&s->sink, text);
        sink_text(&s->sink, "\n");
    }
    s->titled = true;
}

static void add(struct scan *s, const char *before, const char *text) {
    if (text[0]) {
        sink_text(&s->sink, before);
        sink_text(&s->sink, text);
    }
}

/* The LINKs that it could be, one a line: to be copied. */
static void begin_links(struct scan *s) {
    sink_text(&s->sink, s->json ? ",\"links\":[" : "");
    s->fields = 0;
}

static void one_of_links(struct scan *s, const char *link) {
    if (s->json) {
        sink_text(&s->sink, s->fields++ ? ",\"" : "\"");
        sink_json(&s->sink, link);
        sink_text(&s->sink, "\"");
    } else {
        add(s, "\n      ", link);
    }
}

static void end_links(struct scan *s) {
    sink_text(&s->sink, s->json ? "]}\n" : "\n");
    s->fields = 0;
}

/* ---- serial ports ---- */

/* Every kind that can stand at a serial port: its example, with this port. Adapters that call
 * themselves something with CAN are for CAN. */
static void serial_links(struct scan *s, const struct serial_port *port) {
    bool can = strcasestr(port->product, "can");
    begin_links(s);
    for (size_t i = 0; i < link_kind_count; i++) {
        const struct link_kind *kind = link_kinds[i];
        const char *options = strchr(kind->example, ',');
        char text[PLACE_TEXT + 64];
        if (strstr(kind->places, "serial port") && (!can || kind->frame_kind == VB_KIND_CAN)) {
            snprintf(text, sizeof text, "%s:%s%s", kind->name, port->path, options ? options : "");
            one_of_links(s, text);
        }
    }
    end_links(s);
}

static void serial_port(void *context, const struct serial_port *port) {
    struct scan *s = context;
    title(s, "serial ports (not opened: that could reset what is behind them)");
    if (s->json) {
        field(s, "what", "serial");
        field(s, "path", port->path);
        field(s, "stable", port->stable);
        field(s, "driver", port->driver);
        field(s, "usb", port->usb);
        field(s, "maker", port->maker);
        field(s, "product", port->product);
        field(s, "serial", port->serial);
        bare_field(s, "permitted", port->permitted ? "true" : "false");
    } else {
        add(s, "  ", port->path);
        add(s, "  ", port->maker);
        add(s, port->maker[0] ? " " : "  ", port->product);
        add(s, "  ", port->usb);
        add(s, " serial ", port->serial);
        add(s, "  ", port->usb[0] ? "" : port->driver);
        add(s, "  ", port->permitted ? "" : "no permission (sudo adduser \"$USER\" dialout)");
        add(s, "\n      always as ", port->stable);
    }
    serial_links(s, port);
}

/* ---- CAN interfaces ---- */

/* "500000 bit/s", or as a JSON number. */
static void rate(struct scan *s, const char *key, const char *before, uint32_t value) {
    char text[32];
    if (value > 0) {
        snprintf(text, sizeof text, s->json ? "%" PRIu32 : "%" PRIu32 " bit/s", value);
        if (s->json) {
            bare_field(s, key, text);
        } else {
            add(s, before, text);
        }
    }
}

static void can_interface(void *context, const struct can_interface *found) {
    struct scan *s = context;
    char link[CAN_NAME + 8];
    const char *state = found->state >= 0 ? vb_socketcan_state_text((unsigned)found->state) : "";
    title(s, "CAN interfaces");
    if (s->json) {
        field(s, "what", "can");
        field(s, "name", found->name);
        field(s, "driver", found->driver);
        bare_field(s, "up", found->up ? "true" : "false");
        field(s, "state", state);
        bare_field(s, "fd", found->fd ? "true" : "false");
        bare_field(s, "listen_only", found->listen_only ? "true" : "false");
    } else {
        add(s, "  ", found->name);
        add(s, "  ", found->driver);
        add(s, "  ", found->up ? "up" : "off");
        add(s, ", ", found->up ? state : "");
    }
    rate(s, "bitrate", ", ", found->bitrate);
    if (!s->json) {
        add(s, ", ", found->fd ? "CAN FD" : "");
    }
    rate(s, "data_bitrate", " at ", found->fd ? found->data_bitrate : 0);
    if (!s->json) {
        add(s, ", ", found->listen_only ? "listen only" : "");
    }
    snprintf(link, sizeof link, "can:%s", found->name);
    begin_links(s);
    one_of_links(s, link);
    end_links(s);
}

/* ---- servers of socketcand ---- */

/* What came over the network, made fit to be shown. */
static void copy_name(char *out, size_t room, const struct vb_socketcand_name *name) {
    size_t n = name->n < room - 1 ? name->n : room - 1;
    for (size_t i = 0; i < n; i++) {
        out[i] = name->text[i];
        if (out[i] < ' ' || out[i] > '~') {
            out[i] = '?';
        }
    }
    out[n] = '\0';
}

static bool told_before(struct scan *s, const char *link) {
    for (size_t i = 0; i < s->heard_count; i++) {
        if (strcmp(s->heard[i], link) == 0) {
            return true;
        }
    }
    char **more = realloc(s->heard, (s->heard_count + 1) * sizeof *more);
    if (more) {
        s->heard = more;
        s->heard[s->heard_count] = strdup(link);
        s->heard_count += s->heard[s->heard_count] != NULL;
    }
    return false;
}

static void server(struct scan *s, const struct vb_socketcand_beacon *beacon,
                   const struct vb_socketcand_name *bus) {
    char url[128];
    char name[128];
    char bus_name[64];
    char link[PLACE_TEXT];
    char why[LINK_WHY];
    static struct link_spec spec;
    size_t at;
    copy_name(url, sizeof url, &beacon->url);
    copy_name(name, sizeof name, &beacon->name);
    copy_name(bus_name, sizeof bus_name, bus);
    int n = snprintf(link, sizeof link, "socketcand:tcp://%s,bus=%s",
                     strncmp(url, "can://", 6) == 0 ? url + 6 : url, bus_name);
    /* a server may say anything: only what is a LINK is told, without keys of its own */
    if (strchr(url, ',') || strchr(bus_name, ',') ||
        link_spec_parse(&spec, link, (size_t)n, why, &at) != VB_OK || told_before(s, link)) {
        return;
    }
    title(s, "servers of socketcand");
    field(s, "what", "socketcand");
    field(s, "url", url);
    field(s, "name", name);
    field(s, "bus", bus_name);
    if (!s->json) {
        add(s, "  ", url);
        add(s, "  ", name);
        add(s, "  bus ", bus_name);
    }
    begin_links(s);
    one_of_links(s, link);
    end_links(s);
}

static void beacon(struct scan *s, const char *text, size_t n) {
    struct vb_socketcand_beacon beacon;
    struct vb_socketcand_name bus;
    size_t at;
    if (vb_socketcand_beacon(text, n, &beacon, &at) != VB_OK) {
        return;
    }
    while (vb_socketcand_beacon_bus(text, n, &at, &bus)) {
        server(s, &beacon, &bus);
    }
}

/* Returns false with errno. */
static bool hear_servers(struct scan *s, int64_t for_ns) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(VB_SOCKETCAND_BEACON_PORT)};
    const int on = 1;
    char text[BEACON_MAX];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = error;
        return false;
    }
    int64_t end_ns = clock_mono_ns() + for_ns;
    for (int64_t left_ns; (left_ns = end_ns - clock_mono_ns()) > 0;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)(left_ns / VB_NS_PER_MS) + 1) > 0) {
            ssize_t n = recv(fd, text, sizeof text, MSG_DONTWAIT);
            if (n > 0) {
                beacon(s, text, (size_t)n);
                sink_flush(&s->sink);
            }
        }
    }
    close(fd);
    return true;
}

/* ---- all of it ---- */

/* A part where nothing was found says so, to people. */
static void end_part(struct scan *s, const char *none) {
    if (!s->titled && !s->json) {
        sink_text(&s->sink, none);
        sink_text(&s->sink, "\n");
    }
    s->titled = false;
    sink_flush(&s->sink);
}

static int scan(struct scan *s, int64_t for_ns) {
    char why[TRANSPORT_WHY];
    int status = EXIT_DONE;
    if (serial_ports("", serial_port, s) < 0) {
        status = failure("scan", "/sys/class/tty: %s", strerror(errno));
    } else {
        end_part(s, "no serial ports");
    }
    if (!can_interfaces(can_interface, s, why)) {
        status = failure("scan", "%s", why);
    } else {
        end_part(s, "no CAN interfaces");
    }
    if (!hear_servers(s, for_ns)) {
        status = failure("scan", "cannot listen at UDP port %d: %s", VB_SOCKETCAND_BEACON_PORT,
                         strerror(errno));
    } else {
        end_part(s, "no servers of socketcand were heard (many have no beacon)");
    }
    return s->sink.error ? failure("scan", "cannot write the output: %s", strerror(s->sink.error))
                         : status;
}

int cmd_scan(int argc, char **argv) {
    enum { FOR = 1000, JSON, HELP };
    static const struct option options[] = {{"for", required_argument, NULL, FOR},
                                            {"json", no_argument, NULL, JSON},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    static const struct vb_key for_key = {"for", VB_KEY_DURATION, NULL, "4s",
                                          0,     3600000,         NULL, "how long"};
    static struct scan s;
    struct vb_value duration = vb_key_initial(&for_key);
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case FOR:
            if (!option_value("scan", &for_key, &duration)) {
                return EXIT_USAGE;
            }
            break;
        case JSON:
            s.json = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("scan", argv, options);
        }
    }
    if (optind != argc) {
        return usage_error("scan", "unexpected '%s'", argv[optind]);
    }
    sink_open(&s.sink, STDOUT_FILENO);
    int status = scan(&s, duration.number * VB_NS_PER_MS);
    for (size_t i = 0; i < s.heard_count; i++) {
        free(s.heard[i]);
    }
    free(s.heard);
    return status;
}
