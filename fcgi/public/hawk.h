/* The Authorization header of Hawk 1.1 (SHA-256), with which a client shows Autograph that it knows a key
 * without sending it: a MAC over time, nonce, method, address and payload. */
#ifndef BALROG_PUBLIC_HAWK_H
#define BALROG_PUBLIC_HAWK_H

#include "core/buf.h"

#include <stdint.h>

struct hawk {
    const char *id; /* no quote, backslash or control character in it: hawk_id_ok() */
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

bool hawk_id_ok(const char *id);
/* Appends 'Hawk id="…", ts="…", nonce="…", hash="…", ext="…", mac="…"' to OUT. */
void hawk_header(const struct hawk *h, struct buf *out);

#endif
