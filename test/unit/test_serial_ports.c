/* test_serial_ports.c - serial ports out of a /sys and a /dev of the test's own, as Debian has them.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/io/serial_ports.h"

static char root[] = "/tmp/voltbus_ports_XXXXXX";
static struct serial_port found[8];
static int found_count;

static void sh(const char *command) {
    char line[1024];
    snprintf(line, sizeof line, "cd '%s' && %s", root, command);
    assert_int_equal(system(line), 0);
}

static void keep(void *context, const struct serial_port *port) {
    (void)context;
    assert_true(found_count < 8);
    found[found_count++] = *port;
}

static void look(void) {
    found_count = 0;
    int count = serial_ports(root, keep, NULL);
    assert_int_equal(count, found_count);
}

/* A USB adapter with a port, a CAN adapter with a modem's port, a PC's four ports of which one is there,
 * the consoles. */
static int make_machine(void **state) {
    (void)state;
    assert_non_null(mkdtemp(root));
    sh("mkdir -p sys/class/tty dev/serial/by-id sys/bus/usb/drivers/ftdi_sio "
       "sys/bus/usb/drivers/cdc_acm");
    sh("u=sys/devices/pci/usb1/1-2; mkdir -p $u/1-2:1.0/ttyUSB10/tty/ttyUSB10 &&"
       "echo 0403 >$u/idVendor; echo 6001 >$u/idProduct; echo FTDI >$u/manufacturer;"
       "echo 'FT232R USB UART' >$u/product; echo A9014YX1 >$u/serial;"
       "ln -s ../../../../../../bus/usb/drivers/ftdi_sio $u/1-2:1.0/ttyUSB10/driver;"
       "ln -s ../../../ttyUSB10 $u/1-2:1.0/ttyUSB10/tty/ttyUSB10/device;"
       "ln -s ../../devices/pci/usb1/1-2/1-2:1.0/ttyUSB10/tty/ttyUSB10 sys/class/tty/ttyUSB10;"
       "ln -s ../../ttyUSB10 dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A9014YX1-if00-port0");
    sh("u=sys/devices/pci/usb1/1-3; mkdir -p $u/1-3:1.0/tty/ttyUSB2 &&"
       "echo 16d0 >$u/idVendor; echo 117e >$u/idProduct; printf 'CAN\\033able\\n' >$u/product;"
       "ln -s ../../../1-3:1.0 $u/1-3:1.0/tty/ttyUSB2/device;"
       "ln -s ../../devices/pci/usb1/1-3/1-3:1.0/tty/ttyUSB2 sys/class/tty/ttyUSB2; touch "
       "dev/ttyUSB2");
    sh("for i in 0 1; do p=sys/devices/platform/serial/tty/ttyS$i; mkdir -p $p;"
       "ln -s ../.. $p/device; ln -s ../../devices/platform/serial/tty/ttyS$i sys/class/tty/ttyS$i;"
       "done; echo 4 >sys/class/tty/ttyS0/type; echo 0 >sys/class/tty/ttyS1/type");
    sh("for i in tty tty1 ptmx console; do mkdir -p sys/devices/virtual/tty/$i;"
       "ln -s ../../devices/virtual/tty/$i sys/class/tty/$i; done");
    return 0;
}

static int remove_machine(void **state) {
    (void)state;
    sh("rm -rf sys dev");
    return rmdir(root);
}

static void test_ports_come_in_the_order_of_their_numbers(void **state) {
    (void)state;
    look();
    assert_int_equal(found_count, 3);
    assert_string_equal(found[0].path, "/dev/ttyS0");
    assert_string_equal(found[1].path, "/dev/ttyUSB2");
    assert_string_equal(found[2].path, "/dev/ttyUSB10");
}

static void test_an_adapter_says_what_it_is(void **state) {
    (void)state;
    look();
    const struct serial_port *ftdi = &found[2];
    assert_string_equal(ftdi->usb, "0403:6001");
    assert_string_equal(ftdi->maker, "FTDI");
    assert_string_equal(ftdi->product, "FT232R USB UART");
    assert_string_equal(ftdi->serial, "A9014YX1");
    assert_string_equal(ftdi->driver, "ftdi_sio");
    assert_string_equal(ftdi->stable,
                        "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A9014YX1-if00-port0");
    assert_false(ftdi->permitted); /* there is no such file in /dev */
}

static void test_what_is_not_told_is_empty_and_nothing_moves_the_terminal(void **state) {
    (void)state;
    look();
    assert_string_equal(found[1].usb, "16d0:117e");
    assert_string_equal(found[1].product, "CAN?able");
    assert_string_equal(found[1].maker, "");
    assert_string_equal(found[1].stable, "");
    assert_string_equal(found[1].driver, "");
    assert_true(found[1].permitted);
    assert_string_equal(found[0].usb, "");
}

static void test_a_machine_without_a_list_says_so(void **state) {
    (void)state;
    assert_int_equal(serial_ports("/nowhere at all", keep, NULL), -1);
    assert_int_equal(errno, ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports_come_in_the_order_of_their_numbers),
        cmocka_unit_test(test_an_adapter_says_what_it_is),
        cmocka_unit_test(test_what_is_not_told_is_empty_and_nothing_moves_the_terminal),
        cmocka_unit_test(test_a_machine_without_a_list_says_so),
    };
    return cmocka_run_group_tests(tests, make_machine, remove_machine);
}
