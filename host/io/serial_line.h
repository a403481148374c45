/* host/io/serial_line.h - what <termios.h> has no word for; for serial.c only. It must not include
 * uv.h, whose termios clashes with the kernel's.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_SERIAL_LINE_H
#define HOST_IO_SERIAL_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* A rate that termios has no name for. Returns false with errno. */
bool serial_odd_baud(int fd, uint32_t baud);
/* The rate that the driver has chosen, 0 if it does not tell. */
uint32_t serial_real_baud(int fd);
/* Ask a driver that collects bytes for some ms not to. Not every driver knows that. */
void serial_low_latency(int fd);
/* One side of a pseudo terminal: there is no line that could be broken. */
bool serial_is_pty(int fd);

#endif
