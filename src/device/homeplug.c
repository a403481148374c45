/* homeplug.c - HomePlug AV and GreenPHY management messages.
 * SPDX-License-Identifier: MIT */
#include "voltbus/homeplug.h"

#include "voltbus/device.h"
