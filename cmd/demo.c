/* demo.c - `voltbus demo`: a whole site of simulators and the gateway in one process.
 * The demo is a configuration like any other (--config prints it); only its links end in simulators
 * of this process instead of at ports.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/one_link.h"
#include "host/config/config.h"
#include "host/hub/hub.h"

static const char usage[] =
    "usage: voltbus demo [OPTION]...\n"
    "\n"
    "A simulated site over the real wire code: a camper's LIN bus, led by voltbus,\n"
    "a Leaf battery on CAN that is charging, an OpenEVSE wallbox where a car comes\n"
    "and goes, a weather mast; with the page. Needs no root, hardware or internet.\n"
    "Ctrl-C ends it and leaves nothing behind.\n"
    "\n"
    "  --port N        of the page (default 8080; the next free one if it is taken)\n"
    "  --day DURATION  length of a simulated day (default 10min), from 9:00\n"
    "  --for DURATION  end after this time\n"
    "  --config        print the configuration instead\n";

/* What differs from run to run: length of the day (three times), the history, the port. */
static const char site[] =
    "site: \"demo: a day lasts %s\"\n"
    "links:\n"
    "  house: "
    "lin:sim://camper-van,baud=19200,leader=nugget,echo=yes,sim.leader=no,sim.echo=yes,"
    "day=%s,start=9\n"
    "  drive: slcan:sim://leaf-battery,speed=20\n"
    "  box:   rapi:sim://openevse,speed=20,soc=60,battery=30\n"
    "  radio: rfm69:sim://weather-mast,period=2s,day=%s,start=9\n"
    "devices:\n"
    "  battery: {type: hella-ibs, link: house, generation: 2}\n"
    "  solar:   {type: votronic-mppt, link: house}\n"
    "  wallbox: {type: openevse, link: box, control: true, limits: {current: 6A..32A}}\n"
    "  charger: {type: dometic-smp439a, link: house}\n"
    "  heater:  {type: eberspacher-heater, link: house}\n"
    "  body:    {type: nugget-body, link: house}\n"
    "  panel:   {type: nugget-panel, link: house, control: true}\n"
    "  light:   {type: nugget-led, link: house, control: true}\n"
    "  pack:    {type: leaf-battery, link: drive}\n"
    "  mast:    {type: wh24, link: radio}\n"
    "outputs:\n"
    "  history: {type: sqlite, path: %s, temporary: true}\n"
    "  page:    {type: http, listen: \"127.0.0.1:%u\", free_port: true}\n";

static void started(void *context, struct hub *hub) {
    const struct vb_value *port = context;
    char wanted[24];
    snprintf(wanted, sizeof wanted, ":%u", (unsigned)port->number);
    if (!strstr(hub->page, wanted)) {
        fprintf(stderr, "voltbus demo: port %s is in use: took the next free one\n", wanted + 1);
    }
    printf("voltbus demo: open %s (Ctrl-C ends)\n", hub->page);
    fflush(stdout);
}

int cmd_demo(int argc, char **argv) {
    enum { PORT = 1000, DAY, FOR, CONFIG, HELP };
    static const struct option options[] = {
        {"port", required_argument, NULL, PORT}, {"day", required_argument, NULL, DAY},
        {"for", required_argument, NULL, FOR},   {"config", no_argument, NULL, CONFIG},
        {"help", no_argument, NULL, HELP},       {NULL, 0, NULL, 0},
    };
    static const struct vb_key port_key = {"port", VB_KEY_NUMBER, NULL, NULL, 1, 65535, NULL, ""};
    static const struct vb_key day_key = {"day", VB_KEY_DURATION, NULL, NULL,
                                          10000, 86400000,        NULL, ""};
    static const struct vb_key for_key = {"for", VB_KEY_DURATION, NULL, NULL,
                                          1,     86400000,        NULL, ""};
    struct vb_value port = {.number = 8080};
    struct vb_value day;
    struct vb_value until = {0};
    const char *length = "10min";
    bool print = false;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case PORT:
            if (!option_value("demo", &port_key, &port)) {
                return EXIT_USAGE;
            }
            break;
        case DAY:
            if (!option_value("demo", &day_key, &day)) {
                return EXIT_USAGE;
            }
            length = optarg;
            break;
        case FOR:
            if (!option_value("demo", &for_key, &until)) {
                return EXIT_USAGE;
            }
            break;
        case CONFIG:
            print = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("demo", argv, options);
        }
    }
    if (optind != argc) {
        return usage_error("demo", "takes no arguments, only options");
    }
    char text[4096];
    char folder[512] = "";
    char path[600] = "history.db";
    char quoted[2500]; /* each byte may become four */
    if (!print) {
        const char *tmp = getenv("TMPDIR");
        int n =
            snprintf(folder, sizeof folder, "%s/voltbus-demo-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
        if (n >= (int)sizeof folder) {
            return failure("demo", "TMPDIR is longer than %zu characters", sizeof folder);
        }
        if (!mkdtemp(folder)) {
            return failure("demo", "%s: cannot make a folder for the history: %s", folder,
                           strerror(errno));
        }
        snprintf(path, sizeof path, "%s/history.db", folder);
    }
    if (!yaml_quoted(path, quoted, sizeof quoted) ||
        snprintf(text, sizeof text, site, length, length, length, quoted, (unsigned)port.number) >=
            (int)sizeof text) {
        rmdir(folder);
        return failure("demo", "%s: too long", path);
    }
    if (print) {
        return help_text(text);
    }
    struct config *config = config_parse("demo", text, strlen(text), complain_on_stderr, NULL);
    int status = EXIT_FAILED;
    if (config) {
        struct run_options run = {
            .quiet = true, .started = started, .for_ms = (uint64_t)until.number, .context = &port};
        config->demo = true;
        status = run_hub("demo", config, &run);
        config_free(config);
    }
    rmdir(folder);
    return status;
}
