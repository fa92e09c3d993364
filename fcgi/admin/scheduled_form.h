/* Creating and editing scheduled changes of permissions, required sign-offs and pins, which work alike. A row
 * per table has the words of the refusals, and says which columns each kind of change takes from the body. */
#ifndef BALROG_ADMIN_SCHEDULED_FORM_H
#define BALROG_ADMIN_SCHEDULED_FORM_H

#include "admin/scheduled.h"

/* For the tables of bodies: the kind of the change, which is required. */
#define SCHEDULED_NEW_CHANGE_TYPE                                                                            \
    {                                                                                                        \
        "change_type", FIELD_STRING, FORMAT_ASCII, .required = true, .words = "insert update delete"         \
    }

struct scheduled_form {
    const struct resource *resource;
    const char *needs_when; /* the refusal of a change whose `when` is null */
    const char *unknown;    /* the refusal of an sc_id that does not exist */
    const char *keys;       /* the key columns, separated by spaces */
    const char *columns;    /* the other columns, but for data_version */
    const char *required;   /* the column that an insert or an update must set; or NULL */
};

/* POST …: the table of the route has change_type, the keys, the columns, data_version and when. */
bool scheduled_form_create(struct admin_call *call, const struct scheduled_form *form, struct error *e);
/* POST …/{sc_id:int}: the same without change_type, with SCHEDULED_VERSION. An edit of an update ignores the
 * keys, an edit of a deletion also the columns. */
bool scheduled_form_edit(struct admin_call *call, const struct scheduled_form *form, struct error *e);

/* A permission's options, which are sent as JSON in a string: the parsed value, or null if there are none.
 * The caller frees it. */
cJSON *scheduled_form_options(const cJSON *text);

#endif
