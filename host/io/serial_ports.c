/* serial_ports.c - the serial ports of this machine: terminals in /sys/class/tty that have a device
 * behind them. Pseudo terminals and consoles have none; the four ports that every PC claims to have
 * are of type 0 where there is no chip.
 * Facts: the kernel's documentation of sysfs, ABI/testing/sysfs-tty and sysfs-bus-usb; udev's rules for
 * /dev/serial.
 * SPDX-License-Identifier: MIT */
#include "host/io/serial_ports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first line of DIR/NAME, what cannot be shown as '?'. Returns false: there is none. */
static bool read_line(const char *dir, const char *name, char *out, size_t room) {
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path) {
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, room - 1);
    if (fd >= 0) {
        close(fd);
    }
    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    for (char *c = out; *c; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7F ? '?' : *c;
    }
    return n > 0;
}

/* What the USB device that the port belongs to says of itself: it is a folder above the port's. */
static void take_usb(struct serial_port *port, char *dir, const char *top) {
    char vendor[8];
    char product[8];
    while (strlen(dir) > strlen(top)) {
        if (read_line(dir, "idVendor", vendor, sizeof vendor) &&
            read_line(dir, "idProduct", product, sizeof product)) {
            snprintf(port->usb, sizeof port->usb, "%s:%s", vendor, product);
            (void)read_line(dir, "manufacturer", port->maker, sizeof port->maker);
            (void)read_line(dir, "product", port->product, sizeof port->product);
            (void)read_line(dir, "serial", port->serial, sizeof port->serial);
            return;
        }
        *strrchr(dir, '/') = '\0';
    }
}

/* The link in /dev/serial/by-id that leads to it. */
static void find_stable(struct serial_port *port, const char *root) {
    char folder[PATH_MAX];
    char name[NAME_MAX + 1];
    snprintf(folder, sizeof folder, "%s/dev/serial/by-id", root);
    DIR *dir = opendir(folder);
    const char *wanted = strrchr(port->path, '/') + 1;
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, name, sizeof name - 1);
        name[n > 0 ? n : 0] = '\0';
        const char *last = strrchr(name, '/');
        if (last && strcmp(last + 1, wanted) == 0 &&
            (size_t)snprintf(port->stable, sizeof port->stable, "/dev/serial/by-id/%s",
                             entry->d_name) >= sizeof port->stable) {
            port->stable[0] = '\0'; /* longer than a LINK could be */
        }
    }
    if (dir) {
        closedir(dir);
    }
}

/* Returns false: it is no serial port. */
static bool look_at(struct serial_port *port, const char *root, const char *name) {
    char top[PATH_MAX];
    char path[PATH_MAX];
    char real[PATH_MAX];
    char type[8];
    memset(port, 0, sizeof *port);
    snprintf(top, sizeof top, "%s/sys/class/tty/%s", root, name);
    snprintf(path, sizeof path, "%.3800s/device", top);
    if (name[0] == '.' || strlen(name) > SERIAL_PORT_TEXT - 6 || !realpath(path, real) ||
        (read_line(top, "type", type, sizeof type) && strcmp(type, "0") == 0)) {
        return false;
    }
    snprintf(port->path, sizeof port->path, "/dev/%.120s", name);
    snprintf(path, sizeof path, "%.3800s/driver", real);
    char driver[PATH_MAX];
    ssize_t n = readlink(path, driver, sizeof driver - 1);
    driver[n > 0 ? n : 0] = '\0';
    const char *last = strrchr(driver, '/');
    snprintf(port->driver, sizeof port->driver, "%.100s", last ? last + 1 : driver);
    snprintf(path, sizeof path, "%s/sys", root);
    if (realpath(path, top)) {
        take_usb(port, real, top);
    }
    find_stable(port, root);
    snprintf(path, sizeof path, "%s%s", root, port->path);
    port->permitted = access(path, R_OK | W_OK) == 0;
    return true;
}

int serial_ports(const char *root, void (*each)(void *context, const struct serial_port *port),
                 void *context) {
    char folder[PATH_MAX];
    struct dirent **names;
    int count = 0;
    snprintf(folder, sizeof folder, "%s/sys/class/tty", root);
    int n = scandir(folder, &names, NULL, versionsort);
    if (n < 0) {
        return -1;
    }
    for (int i = 0; i < n; i++) {
        struct serial_port port;
        if (look_at(&port, root, names[i]->d_name)) {
            each(context, &port);
            count++;
        }
        free(names[i]);
    }
    free(names);
    return count;
}
