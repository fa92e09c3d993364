/* A release at a point of its history, as the endpoints that compare and outline releases name it:
 *
 *     NAME            as it is now
 *     NAME@pending    as it will be when all that is scheduled for it has been enacted
 *     NAME@v3         of v1: at data_version 3
 *     NAME@c912       as it was right after the change 912 (the change_id of a revision)
 *     NAME@t17253504… as it was at a time, in ms since 1970 */
#ifndef BALROG_ADMIN_RELEASE_AT_H
#define BALROG_ADMIN_RELEASE_AT_H

#include "admin/admin.h"

struct release_at {
    const char *spec; /* as it was given */
    const char *name;
    const char *at;    /* "pending", "v3", …; NULL: now */
    bool v2;           /* whether it is a v2 release */
    const cJSON *blob; /* the whole document */
};

/* Reads the release that SPEC, the value of a query parameter, names; owned by the transaction. Refuses the
 * call with a 404 if there is no such release or version, and with a 400 if the release cannot be read. */
bool release_at_read(struct admin_call *call, struct str spec, struct release_at *r, struct error *e);
/* {"name", "at", "kind"}: R in an answer. The caller owns it. */
cJSON *release_at_json(const struct release_at *r);

/* *SKIP becomes the query parameter `after`, the `next` of the page before; 0 if it is not given. Refuses the
 * call with a 400 if it is negative. */
bool release_at_after(struct admin_call *call, int64_t *skip);

/* Whole releases take much memory, so only a few requests hold some at a time. release_at_enter() waits for
 * a few seconds, and then refuses the call with a 503. */
bool release_at_enter(struct admin_call *call);
void release_at_leave(void);

#endif
