/* board.h - the little that this port needs of its board.
 * SPDX-License-Identifier: MIT */
#ifndef PORT_QEMU_MPS2_BOARD_H
#define PORT_QEMU_MPS2_BOARD_H

#include <stddef.h>

/* Write n characters to the first serial port (QEMU: -serial stdio). */
void board_write(const char *text, size_t n);

/* End the emulation; QEMU exits with status. */
_Noreturn void board_exit(int status);

/* The program; its result goes to board_exit. Called once, with .bss cleared. */
int board_main(void);

#endif
