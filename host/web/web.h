/* web.h - the files of the page inside the program, as tools/embed writes them.
 * The data is gzip: send it with Content-Encoding: gzip. "/" is the page itself.
 * SPDX-License-Identifier: MIT */
#ifndef VB_WEB_H
#define VB_WEB_H

#include <stddef.h>

struct web_file {
    const char *path;          /* as asked for: "/", "/app.js" */
    const char *type;          /* Content-Type */
    const char *etag;          /* with its quotes, changes with the content */
    const unsigned char *data; /* gzip */
    size_t size;               /* bytes of data */
};

extern const struct web_file web_files[];
extern const size_t web_file_count;

#endif
