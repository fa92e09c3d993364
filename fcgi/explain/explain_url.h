/* A URL, as somebody pasted it, explained at a moment. */
#ifndef BALROG_EXPLAIN_EXPLAIN_URL_H
#define BALROG_EXPLAIN_EXPLAIN_URL_H

#include "explain/explain.h"
#include "explain/world.h"

struct explain_request {
    struct str url;                    /* of an update query: whole, or from its path on */
    struct str user_agent;             /* absent: one that makes no difference */
    int dice;                          /* DICE_ALL, or 0…99 */
    int64_t at_ms;                     /* a moment in the past, ms since 1970; 0: now */
    const struct row_changes *changes; /* explained with, too; NULL, or empty: none. Not with AT_MS */
    const struct engine_settings *settings;
    const struct explain_site *site;
    struct keeper *keeper; /* that TX has entered (keeper.h); NULL: everything is read for this request */
};

struct explained {
    struct explanation *now;     /* or as it was at the moment that was asked for */
    struct explanation *changed; /* with the changes made; NULL: there are none */
};

/* Explains the URL, reading what it takes inside of TX; *X is TX's. One with a query parameter that no form
 * knows is explained, too: it is answered 400. FAIL_INVALID for a URL that no form of update query fits. */
bool explain_url(struct tx *tx, const struct explain_request *request, struct explained *x, struct error *e);

/* URL from its path on: what the web server would get as REQUEST_URI. */
struct str explain_path_of_url(struct str url);

#endif
