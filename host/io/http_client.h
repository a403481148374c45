/* host/io/http_client.h - ask a voltbus that runs on this machine.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_HTTP_CLIENT_H
#define HOST_IO_HTTP_CLIENT_H

/* Room for the longest why. */
#define HTTP_CLIENT_WHY 300

/* Send one request and wait for its answer, 5 s at most.
 * method: "GET", or "POST" with body, which is JSON. url: http://HOST:PORT/PATH on the loopback.
 * Returns the status (200 ...) with *text, which the caller frees; it ends with 0 and has 4 MB at
 * most. Returns -1 with why, and *text = NULL, if there was no answer. */
int http_client(const char *method, const char *url, const char *body, char **text, char *why);

#endif
