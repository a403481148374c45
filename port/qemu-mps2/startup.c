/* startup.c - vectors, reset, serial port and exit for QEMU's mps2-an385 and mps2-an386.
 * Left out: clocks, interrupts, everything that only the real board needs.
 * Facts: Arm CMSDK technical reference (DDI 0479), 4.3 APB UART; semihosting for AArch32,
 * SYS_EXIT_EXTENDED.
 * SPDX-License-Identifier: MIT */
#include "board.h"

#include <stdint.h>

/* CMSDK APB UART 0. */
struct uart {
    volatile uint32_t data;
    volatile uint32_t state; /* bit 0: transmit buffer full */
    volatile uint32_t ctrl;  /* bit 0: transmit enable */
    volatile uint32_t interrupt;
    volatile uint32_t bauddiv; /* 16 at least, else nothing is sent */
};
#define UART0 ((struct uart *)0x40004000u)

extern uint64_t bss_start[], bss_end[], stack_top[];

void board_write(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        while ((UART0->state & 1u) != 0) {
        }
        UART0->data = (uint8_t)text[i];
    }
}

_Noreturn void board_exit(int status) {
    const uint32_t block[2] = {0x20026u /* ADP_Stopped_ApplicationExit */, (uint32_t)status};
    register uint32_t operation __asm__("r0") = 0x20u; /* SYS_EXIT_EXTENDED */
    register const uint32_t *argument __asm__("r1") = block;
    for (;;) {
        __asm__ volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
    }
}

_Noreturn void reset(void);
_Noreturn void reset(void) {
    for (uint64_t *word = bss_start; word < bss_end; word++) {
        *word = 0;
    }
    UART0->bauddiv = 16;
    UART0->ctrl = 1;
    board_exit(board_main());
}

/* Any exception: nothing here should raise one. */
_Noreturn static void fault(void) {
    static const char text[] = "fault\n";
    board_write(text, sizeof text - 1);
    board_exit(3);
}

/* The vectors that a fault of the program can take: NMI, HardFault, MemManage, BusFault,
 * UsageFault. */
static const struct {
    uint64_t *stack;
    void (*reset)(void);
    void (*faults[5])(void);
} vectors __attribute__((section(".vectors"), used)) = {
    stack_top,
    reset,
    {fault, fault, fault, fault, fault},
};
