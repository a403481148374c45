/* host/io/serial_ports.h - the serial ports of this machine, as the kernel lists them; none is opened.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_SERIAL_PORTS_H
#define HOST_IO_SERIAL_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#define SERIAL_PORT_TEXT 128

struct serial_port {
    char path[SERIAL_PORT_TEXT]; /* /dev/ttyUSB0 */
    char stable[256];            /* /dev/serial/by-id/..: the same adapter in whatever socket; "" */
    char driver[SERIAL_PORT_TEXT]; /* "ftdi_sio"; "" = not told */
    /* USB; "" where it is none or not told */
    char usb[16]; /* vendor and product: "0403:6001" */
    char maker[SERIAL_PORT_TEXT], product[SERIAL_PORT_TEXT], serial[SERIAL_PORT_TEXT];
    bool permitted; /* this user may open it */
};

/* Tell of each, in the order of their names: USB0, USB2, USB10. root: what stands before /sys and /dev,
 * "" for this machine. Returns how many, or -1 with errno: there is no list. */
int serial_ports(const char *root, void (*each)(void *context, const struct serial_port *port),
                 void *context);

#endif
