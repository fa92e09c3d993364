/* A scheduled change as the admin lists it, and whether it is due. No I/O, no clock. */
#ifndef BALROG_AGENT_PENDING_H
#define BALROG_AGENT_PENDING_H

#include "core/json.h"
#include "core/mem.h"

#include <stdint.h>

/* A kind of scheduled change. The kinds are listed in the order in which a run goes through them. */
struct pending_kind {
    const char *name; /* for logs; NULL: the last one */
    const char *path; /* of its list, in the admin API */
    bool by_release;  /* the list holds releases; all changes of one release are enacted together */
    bool may_lack; /* the reference's admin, and ours before v0.3, answer 404: nothing is scheduled there */
    bool by_priority; /* sorted: latest `when` first, then highest priority; other kinds stay as listed */
};
extern const struct pending_kind pending_kinds[];

/* A role with too few sign-offs. */
struct pending_role {
    const char *role;
    unsigned needed;
    unsigned given;
};

struct pending {
    const struct pending_kind *kind;
    const char *id;       /* its sc_id; for a release its name */
    const char *what;     /* "update of rule 12, by rel@example.org": for people */
    const char *enact;    /* the path that enacts it */
    uint64_t fingerprint; /* changes whenever the change is edited or signed */
    bool timed;           /* it waits for when_ms */
    int64_t when_ms;      /* ms since 1970; for a release the latest of all its changes; 0: none */
    double priority;      /* 0: none */
    bool at_uptake;       /* it waits for an uptake; its time does not count */
    const char *product;
    const char *channel;
    double uptake;
    const struct pending_role *missing;
    size_t n_missing;
    const char *invalid; /* why some sign-offs do not count; NULL: all count */
};

struct pending_list {
    struct pending *item;
    size_t n;
    size_t unreadable; /* number of entries that were skipped */
};

/* Reads the changes in ANSWER, the admin's answer at KIND's path, into LIST, sorted. An entry that cannot be
 * read is skipped and counted. Returns false if ANSWER is not such a list. The list is owned by CTX and does
 * not refer to ANSWER. */
bool pending_read(void *ctx, const struct pending_kind *kind, const cJSON *answer, struct pending_list *list,
                  struct error *e);

/* Whether its time has come; false for a change that waits for an uptake. */
bool pending_is_time(const struct pending *p, int64_t now_ms);

/* Whether it has all the sign-offs that it needs. */
static inline bool pending_is_signed(const struct pending *p)
{
    return p->n_missing == 0;
}

/* Whether an uptake of CURRENT is high enough. */
bool pending_is_taken_up(const struct pending *p, double current);

/* The entry with this ID, or NULL. */
const struct pending *pending_find(const struct pending_list *list, const char *id);

#endif
