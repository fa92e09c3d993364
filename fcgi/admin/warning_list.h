/* A list of warnings about a change: it is allowed, and it is probably not what was meant. */
#ifndef BALROG_ADMIN_WARNING_LIST_H
#define BALROG_ADMIN_WARNING_LIST_H

#include "store/noted.h"
#include "web/http.h"

enum warning_code {
    WARN_PRODUCT_DIFFERS, /* the release that a rule or pin leads to is of another product */
    WARN_CHANNEL_STAR,    /* the channel is a glob that matches nothing */
    WARN_NO_FALLBACK,     /* a backgroundRate below 100 without a fallbackMapping */
    WARN_RATE_FALLS,
    WARN_SHADOWED,     /* a rule above it matches all that it matches */
    WARN_SHADOWS,      /* the same the other way round */
    WARN_SAME_COLUMNS, /* another rule of the same priority matches the same queries */
    WARN_COLLIDES,     /* with another pending change */
    WARN_RELEASE_OLDER,
    WARN_PARTS_MISSING,      /* platforms or locales that the present release has and the new one lacks */
    WARN_NOT_SERVABLE,       /* parts of the release that a rule or pin leads to */
    WARN_DELETION_SCHEDULED, /* of the release that a rule or pin leads to */
    WARNING_CODES
};

enum { WARNINGS_MAX = 50 }; /* of a request; more are left out */

struct warnings {
    cJSON *list; /* an array of {"code", "severity", "detail", …}; NULL: none */
    void *ctx;   /* owns what is needed to count; NULL: nothing is */
    struct uncounted_loss *uncounted;
};

/* Empties W, which starts with all 0. */
void warnings_clear(struct warnings *w);

/* Adds a warning, for people, and returns it so that members can be added; NULL if there are enough. */
cJSON *warnings_add(struct warnings *w, enum warning_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether C changes COLUMN of the row; true for a new row. */
bool warnings_changes(const struct change *c, const char *column);

/* The list of W, which may be empty, for the caller. */
cJSON *warnings_take(struct warnings *w);
/* Adds the header X-Balrog-Warnings with the codes to RESPONSE, a success; nothing if there are none. The
 * body stays the reference's to the byte: the sentences are in the answer of a dry run. */
void warnings_answer(const struct warnings *w, struct response *response);

#endif
