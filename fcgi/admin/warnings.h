/* Warnings about a change: it is allowed, and it is probably not what was meant. They are in the answers of
 * dry runs and of real writes. By [admin] refuse each of them can become a 400. Not in the reference.
 *
 * What a request does is known from its transaction (store/noted.h), so every way to make or schedule a
 * change has the same warnings. Emergency shutoffs have none: nothing may delay them. */
#ifndef BALROG_ADMIN_WARNINGS_H
#define BALROG_ADMIN_WARNINGS_H

#include "admin/admin.h"
#include "store/noted.h"

enum warning_code {
    WARN_PRODUCT_DIFFERS, /* the release that a rule or pin leads to is of another product */
    WARN_CHANNEL_STAR,    /* the channel is a glob that matches nothing */
    WARN_NO_FALLBACK,     /* a backgroundRate below 100 without a fallbackMapping */
    WARN_RATE_FALLS,
    WARN_SHADOWED,     /* a rule above it matches all that it matches */
    WARN_SHADOWS,      /* the same the other way round */
    WARN_SAME_COLUMNS, /* another rule of the same priority matches the same queries */
    WARN_COLLIDES,     /* with another pending change */
    WARNING_CODES
};

enum { WARNINGS_MAX = 50 }; /* of a request; more are left out */

struct warnings {
    cJSON *list; /* an array of {"code", "severity", "detail", …} */
};

/* Empties W, which starts with all 0. */
void warnings_clear(struct warnings *w);

/* Finds the warnings about what the transaction of CALL has done so far. If one of them is to be refused,
 * refuses CALL. ENACTING: also about changes that CALL enacts; these are never refused. */
bool warnings_find(struct admin_call *call, bool enacting, struct warnings *w, struct error *e);

/* The list of W, which may be empty, for the caller. */
cJSON *warnings_take(struct warnings *w);
/* Adds W to RESPONSE, a success: the header X-Balrog-Warnings with the codes and, if the body is a JSON
 * object with the member sc_id or new_data_version, its member `warnings`. Nothing if there are none. */
void warnings_answer(const struct warnings *w, struct response *response);

/* ---- for the files warnings_*.c ---- */

/* Adds a warning, for people, and returns it so that members can be added; NULL if there are enough. */
cJSON *warnings_add(struct warnings *w, enum warning_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether C changes COLUMN of the row; true for a new row. */
bool warnings_changes(const struct change *c, const char *column);

/* Adds the warnings about N, a change of a rule that is not a deletion: what its columns say, and how it
 * stands to other rules and to what is scheduled for them. */
bool warnings_find_rule(struct admin_call *call, const struct noted_change *n, struct warnings *w,
                        struct error *e);

#endif
