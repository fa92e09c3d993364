/* A change that is scheduled, as the admin lists it, and whether its time has come. No I/O, no clock. */
#ifndef BALROG_AGENT_PENDING_H
#define BALROG_AGENT_PENDING_H

#include "core/json.h"
#include "core/mem.h"

#include <stdint.h>

/* What can be scheduled, in the order in which it is looked at. */
struct pending_kind {
    const char *name; /* for logs; NULL: the last one */
    const char *path; /* of its list, in the admin API */
    bool by_release;  /* the list holds releases, of which all that is scheduled is enacted together */
    bool by_priority; /* the latest first, then the highest priority; others as they are listed */
};
extern const struct pending_kind pending_kinds[];

/* A role of which not enough have signed. */
struct pending_role {
    const char *role;
    unsigned needed;
    unsigned given;
};

struct pending {
    const struct pending_kind *kind;
    const char *id;       /* its sc_id; of releases the name */
    const char *what;     /* "update of rule 12, by rel@example.org": for people */
    const char *enact;    /* the path that enacts it */
    uint64_t fingerprint; /* another one: it was edited, or signed */
    bool timed;           /* it waits for when_ms */
    int64_t when_ms;      /* of a release the latest of all; 0: none */
    double priority;      /* 0: none */
    bool at_uptake;       /* it waits for an uptake, whatever its time */
    const char *product;
    const char *channel;
    double uptake;
    const struct pending_role *missing;
    size_t n_missing;
};

struct pending_list {
    struct pending *item;
    size_t n;
    size_t unreadable; /* entries that were left out */
};

/* Takes the changes out of ANSWER, what the admin said at KIND's path, sorted. An entry that cannot be
 * understood does not hold the others: it is left out and counted. False when the answer is no such list. The
 * list is owned by CTX and needs ANSWER no more. */
bool pending_read(void *ctx, const struct pending_kind *kind, const cJSON *answer, struct pending_list *list,
                  struct error *e);

/* Whether its time has come; a change that waits for an uptake has none. */
bool pending_is_time(const struct pending *p, int64_t now_ms);

/* Whether all have signed that have to. */
static inline bool pending_is_signed(const struct pending *p)
{
    return p->n_missing == 0;
}

/* Whether an uptake of CURRENT is enough. */
bool pending_is_taken_up(const struct pending *p, double current);

/* The entry of KIND with that ID, or NULL. */
const struct pending *pending_find(const struct pending_list *list, const char *id);

#endif
