/* Creating and editing scheduled changes of the tables that are alike in it: permissions and the required
 * sign-offs. A row says in which words, and what is taken from the body for which kind of change. */
#ifndef BALROG_ADMIN_SCHEDULED_FORM_H
#define BALROG_ADMIN_SCHEDULED_FORM_H

#include "admin/scheduled.h"

/* For the tables of bodies: what kind of change, which has to be said. */
#define SCHEDULED_NEW_CHANGE_TYPE                                                                            \
    {                                                                                                        \
        "change_type", FIELD_STRING, FORMAT_ASCII, .required = true, .words = "insert update delete"         \
    }

struct scheduled_form {
    const struct resource *resource;
    const char *needs_when; /* the refusal of a change without `when` */
    const char *unknown;    /* what is said of an sc_id that does not exist */
    const char *keys;       /* names separated by spaces */
    const char *columns;    /* the others, but for data_version */
    const char *required;   /* one of them, without which there is no insert or update; or NULL */
};

/* POST …: the route's table has change_type, the keys, the columns, data_version and when. */
bool scheduled_form_create(struct admin_call *call, const struct scheduled_form *form, struct error *e);
/* POST …/{sc_id:int}: the same without change_type, with SCHEDULED_VERSION. Of an update the keys are left
 * alone, of a deletion the columns too. */
bool scheduled_form_edit(struct admin_call *call, const struct scheduled_form *form, struct error *e);

/* A permission's options as they are sent, as JSON in a string: the value, the caller's; null where there are
 * none. */
cJSON *scheduled_form_options(const cJSON *text);

#endif
