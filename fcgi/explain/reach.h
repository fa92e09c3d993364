/* Which releases queries can lead to, whatever the draws against rates say; and the snapshot of a world for
 * one query, with all rules, but only those releases. */
#ifndef BALROG_EXPLAIN_REACH_H
#define BALROG_EXPLAIN_REACH_H

#include "explain/world.h"

/* Where one query leads, by the rules and pins of S, which needs no releases for that. */
enum { REACH_NAMES_MAX = 3 };
struct reach_lead {
    enum match match;
    const struct rule *rule;          /* NULL but for MATCH_FOUND */
    struct str name[REACH_NAMES_MAX]; /* the releases that the rule and the query's pin map to */
    unsigned n;
};
struct reach_lead reach_lead(const struct snapshot *s, const struct query *q);

/* Names of releases, each once. */
struct reach;

/* No names; owned by CTX. */
struct reach *reach_new(void *ctx);
/* Adds NAME, unless it is empty or absent. Returns whether it is new. */
bool reach_add_name(struct reach *reach, struct str name);
bool reach_has(const struct reach *reach, struct str name);
/* The names, in the order in which they were added. Valid until the next one is added. */
const struct str *reach_names(const struct reach *reach, size_t *n);

/* Adds what the rules and pins of S map Q to. S needs no releases for that. */
void reach_add_query(struct reach *reach, const struct snapshot *s, const struct query *q);
/* Where Q leads to a superblob that asks the rules again for each of its products: adds what these lead to.
 * S has the releases that reach_add_query() has named. */
void reach_add_products(struct reach *reach, const struct snapshot *s, const struct query *q);
/* Whether any release of REACH that S has is such a superblob. */
bool reach_has_products(const struct reach *reach, const struct snapshot *s);

/* Reads and compiles what Q can lead to; the snapshot is owned by CTX, and borrows from WORLD and SETTINGS.
 * NULL with a reason in E when the database fails. */
struct snapshot *reach_snapshot(void *ctx, struct tx *tx, const struct world *world,
                                const struct engine_settings *settings, const struct query *q,
                                struct error *e);

#endif
