/* host/out/exi_json.h - a decoded EXI message as JSON, and JSON as a message; nothing is lost either way.
 *
 * {"V2G_Message":{"Header":{"SessionID":"0102"},"Body":{"PreChargeReq":{...}}}}: elements by name in the order
 * of the document, "@" before the name of an attribute, "=" for the text of an element that has attributes too, a
 * list wherever the schema allows more than one; enumerations by name; integers as numbers, beyond 64 bits with sign as
 * strings of digits; bytes as lower-case hexadecimal. What is not there was not sent. In a few
 * elements of XML signatures (KeyInfo, X509Data) names may alternate, A B A, which an object cannot say: it
 * then has "+", a list of objects that continue it in order.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_EXI_JSON_H
#define HOST_OUT_EXI_JSON_H

#include <stdbool.h>

#include "host/out/output.h"
#include "host/out/text_buffer.h"
#include "voltbus/exi.h"

/* Write the message in a block as one member of an object, "V2G_Message":{...}, without braces around. */
void exi_json_write(struct sink *sink, const struct vb_exi_names *names, const void *block);

/* Where and why JSON is no message. */
struct exi_json_error {
    struct text path; /* V2G_Message/Body/ServiceDetailRes/ServiceParameterList/ParameterSet[1] */
    char why[400];
};
#define EXI_JSON_BLOCK 65528 /* bytes that hold every message */

struct json_t; /* of jansson */

/* Build the block (EXI_JSON_BLOCK bytes, aligned to 8) of the message whose root element has this name, and json for
 * content. Returns false with *error; free error->path in any case. Texts and bytes may still be too long: vb_exi_encode
 * tells. */
bool exi_json_read(const struct vb_exi_names *names, enum vb_exi_kind kind, const char *root,
                   struct json_t *json, void *block, struct exi_json_error *error);

#endif
