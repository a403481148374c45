/* no_page.c - what is served where the program was built without the page (VOLTBUS_WEB=OFF).
 * SPDX-License-Identifier: MIT */
#include "host/web/web.h"

const struct web_file web_files[1] = {{0}};
const size_t web_file_count = 0;
