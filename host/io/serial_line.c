/* serial_line.c - any baud rate, low latency, and what is a pseudo terminal. Apart from the rest
 * because the kernel's termios clashes with the C library's.
 * SPDX-License-Identifier: MIT */
#include <asm/termbits.h>
#include <linux/serial.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "host/io/serial_line.h"

bool serial_odd_baud(int fd, uint32_t baud) {
    struct termios2 line;
    if (ioctl(fd, TCGETS2, &line) != 0) {
        return false;
    }
    line.c_cflag &= ~(tcflag_t)(CBAUD | (CBAUD << IBSHIFT)); /* input: as output */
    line.c_cflag |= BOTHER;
    line.c_ospeed = baud;
    line.c_ispeed = baud;
    return ioctl(fd, TCSETS2, &line) == 0;
}

uint32_t serial_real_baud(int fd) {
    struct termios2 line;
    return ioctl(fd, TCGETS2, &line) == 0 ? line.c_ospeed : 0;
}

void serial_low_latency(int fd) {
    struct serial_struct serial;
    if (ioctl(fd, TIOCGSERIAL, &serial) == 0 && !(serial.flags & (int)ASYNC_LOW_LATENCY)) {
        serial.flags |= (int)ASYNC_LOW_LATENCY;
        (void)ioctl(fd, TIOCSSERIAL, &serial);
    }
}

bool serial_is_pty(int fd) {
    struct stat info;
    /* Documentation/admin-guide/devices.txt: 136 to 143 are the pseudo terminals */
    return fstat(fd, &info) == 0 && major(info.st_rdev) >= 136 && major(info.st_rdev) <= 143;
}
