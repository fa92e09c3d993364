/* The URL at which the current uptake of a product and channel is asked for, and the number in its JSON
 * answer. No I/O. */
#ifndef BALROG_AGENT_UPTAKE_URL_H
#define BALROG_AGENT_UPTAKE_URL_H

#include "core/buf.h"
#include "core/error.h"
#include "core/json.h"

enum { UPTAKE_URL_MAX = 4096 };

/* Appends TEMPLATE to OUT with {product} and {channel} replaced by PRODUCT and CHANNEL, percent-encoded.
 * Fails for names with quotes, backslashes or control characters, which could have a meaning in the query
 * language behind the URL. */
bool uptake_url(struct buf *out, const char *template, const char *product, const char *channel,
                struct error *e);

/* Checks the settings uptake_url (TEMPLATE) and uptake_pointer (POINTER). On failure E names the setting.
 * Appends the part of the URL before its query to WHERE, with a NUL behind it. */
bool uptake_check(const char *template, const char *pointer, struct buf *where, struct error *e);

/* Reads the number at the JSON pointer POINTER: a number, or a text that is a number (as in Prometheus'
 * answers). Returns false if there is no finite number. */
bool uptake_number(const cJSON *json, const char *pointer, double *number);

#endif
