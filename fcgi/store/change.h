/* A change to one row of a table: what was there, what was asked for, and what will be there. */
#ifndef BALROG_STORE_CHANGE_H
#define BALROG_STORE_CHANGE_H

#include "core/json.h"

enum change_type { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE };

struct change {
    enum change_type type;
    const cJSON *old;  /* the row as it is; NULL for an insert */
    const cJSON *what; /* the columns that were given; NULL for a delete */
    const cJSON *now;  /* the row as it will be; NULL for a delete */
    bool dry;          /* it is only scheduled: it will be made later */
    bool scheduled; /* dry, and it was scheduled before: it is now deleted, or a direct write is merged into
                     * it */
};

/* "insert", "update" or "delete": how the API and the database name a type. */
const char *change_type_name(enum change_type type);
/* The type that NAME (may be NULL) names; false if there is none. */
bool change_type_parse(const char *name, enum change_type *type);

#endif
