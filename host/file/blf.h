/* host/file/blf.h - the state of reading BLF, freed by the reader (blf.c).
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_BLF_H
#define HOST_FILE_BLF_H

struct blf;

void blf_close(struct blf *blf); /* NULL is allowed */

#endif
