/* What the endpoints of scheduled changes have in common, whatever is scheduled.
 * (reference: views/scheduled_changes.py)
 *
 * A resource's file lists its own routes. Those that need nothing particular name the handlers here: these
 * find the resource by the start of the route's pattern ("/scheduled_changes/rules"), and the number of the
 * change is the first part of the path:
 *
 *     { METHOD_GET, "/scheduled_changes/rules/{sc_id:int}", scheduled_get, ADMIN_ANYONE, "…" },
 *     { METHOD_POST, "/scheduled_changes/rules/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER, "…",
 *       .body = scheduled_signoff_fields },
 *
 * Creating and editing is the resource's own: it picks from the body what may be set, and hands that on. */
#ifndef BALROG_ADMIN_SCHEDULED_H
#define BALROG_ADMIN_SCHEDULED_H

#include "admin/admin.h"
#include "admin/resources.h"
#include "admin/rows.h"
#include "store/schedule_list.h"

/* ---- handlers, and the tables of what they take ---- */

/* GET …: the pending ones, or with ?all also the complete ones. */
bool scheduled_list(struct admin_call *call, struct error *e);
extern const struct body_field scheduled_list_args[];
/* GET …/{sc_id:int} */
bool scheduled_get(struct admin_call *call, struct error *e);
/* DELETE …/{sc_id:int}?data_version= */
bool scheduled_delete(struct admin_call *call, struct error *e);
extern const struct body_field scheduled_delete_args[];
/* POST …/{sc_id:int}/enact */
bool scheduled_enact(struct admin_call *call, struct error *e);
/* POST …/{sc_id:int}/signoffs {role} */
bool scheduled_signoff(struct admin_call *call, struct error *e);
extern const struct body_field scheduled_signoff_fields[];
/* DELETE …/{sc_id:int}/signoffs[?username=] */
bool scheduled_revoke(struct admin_call *call, struct error *e);
extern const struct body_field scheduled_revoke_args[];
/* GET …/{sc_id:int}/revisions?page=&limit= (rows_page_args) */
bool scheduled_revisions(struct admin_call *call, struct error *e);
/* POST …/{sc_id:int}/revisions {change_id} */
bool scheduled_revert(struct admin_call *call, struct error *e);
extern const struct body_field scheduled_revert_fields[];

/* ---- for a resource's own handlers ---- */

/* Rows for the tables of bodies. The time, which may be null. */
#define SCHEDULED_WHEN                                                                                       \
    {                                                                                                        \
        "when", FIELD_INT | FIELD_NULL, .format = FORMAT_WHEN                                                \
    }
/* The kind of the change. */
#define SCHEDULED_CHANGE_TYPE                                                                                \
    {                                                                                                        \
        "change_type", FIELD_STRING, FORMAT_ASCII, .words = "insert update delete"                           \
    }
/* The version of the scheduled change that is edited. */
#define SCHEDULED_VERSION                                                                                    \
    {                                                                                                        \
        "sc_data_version", FIELD_INT, .required = true, .min = 1, .max = INT32_MAX, .no_column = true        \
    }
/* Columns that the server sets. */
#define SCHEDULED_COMPLETE                                                                                   \
    {                                                                                                        \
        "complete", FIELD_ANY, .refused = BODY_READ_ONLY                                                     \
    }
#define SCHEDULED_BY                                                                                         \
    {                                                                                                        \
        "scheduled_by", FIELD_ANY, .refused = BODY_READ_ONLY                                                 \
    }

/* Answers {"count", "scheduled_changes"} with the scheduled changes that Q selects. */
bool scheduled_answer_list(struct admin_call *call, const struct resource *r, const struct sc_query *q,
                           struct error *e);
/* Schedules WHAT (change_type, columns, conditions; see sc_insert) and answers {"sc_id", "signoffs"}. Refuses
 * an unknown change_type and a time in the past. */
bool scheduled_create(struct admin_call *call, const struct resource *r, const cJSON *what, struct error *e);
/* Edits the scheduled change whose number is the first parameter in the path: sets WHAT (see sc_update).
 * Answers {"new_data_version", "signoffs"}. The body's sc_data_version says which version is edited. */
bool scheduled_edit(struct admin_call *call, const struct resource *r, const cJSON *what, struct error *e);
/* Whether WHAT has a `when` in the past; if so, refuses the call. */
bool scheduled_in_past(struct admin_call *call, const cJSON *what);
/* To be called when a function of store/schedule*.h has failed. If E says that there is no such scheduled
 * change, refuses the call with a 404. Returns false. */
bool scheduled_failed(struct admin_call *call, const struct resource *r, struct error *e);

#endif
