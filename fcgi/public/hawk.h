/* The Authorization header of Hawk 1.1 (SHA-256). It proves to Autograph that the client has a key, without
 * sending the key: a MAC over time, nonce, method, address and payload. */
#ifndef BALROG_PUBLIC_HAWK_H
#define BALROG_PUBLIC_HAWK_H

#include "core/buf.h"

#include <stdint.h>

struct hawk {
    const char *id; /* must satisfy hawk_id_ok() */
    const char *key;
    int64_t time_s; /* since 1970 */
    const char *nonce;
    const char *method;   /* upper case */
    const char *resource; /* path and query */
    const char *host;     /* lower case */
    unsigned port;
    const char *content_type; /* NULL: the payload is not covered */
    struct str payload;
    const char *ext; /* application data; NULL: none */
};

/* Whether ID is not empty, and is printable ASCII without quotes and backslashes. */
bool hawk_id_ok(const char *id);
/* Appends 'Hawk id="…", ts="…", nonce="…", hash="…", ext="…", mac="…"' to OUT. */
void hawk_header(const struct hawk *h, struct buf *out);

#endif
