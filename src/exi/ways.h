/* ways.h - what decode.c and encode.c have in common: the first byte, and how each is built for speed and for size.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_WAYS_H
#define EXI_WAYS_H

#define HEADER 0x80u /* distinguishing bits 10, no options, version 1 */

#if defined __OPTIMIZE_SIZE__
#define INLINE static
#define FAST   0 /* no shorter ways beside the general ones */
#else
#define INLINE static inline __attribute__((always_inline))
#define FAST   1
#endif
#define OUTLINE __attribute__((noinline))

#endif
