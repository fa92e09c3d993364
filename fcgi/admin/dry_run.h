/* ?dry_run=1 on requests that change something: everything is checked and done as without it, and then rolled
 * back (store/tx.h). The answer says what would have been done. Not in the reference.
 *
 * service.c calls this for every route, so a route needs nothing of its own, and none can forget it. */
#ifndef BALROG_ADMIN_DRY_RUN_H
#define BALROG_ADMIN_DRY_RUN_H

#include "admin/admin.h"

/* Sets *IS to whether CALL, of ROUTE, is a dry run. ERROR_BAD_REQUEST if that is not clear, or if the request
 * cannot be one, because it has no transaction that could be rolled back or changes nothing at all. */
bool dry_run_asked(struct call *call, const struct admin_route *route, bool *is, struct error *e);
/* ERROR_BAD_REQUEST if BODY (or NULL) has a member dry_run: it would be ignored there, and the request
 * performed. */
bool dry_run_not_in_body(const cJSON *body, struct error *e);

/* What the transaction of CALL has done so far, as the answer of a dry run without `warnings`: {"dry_run",
 * "direct", "required_signoffs", "signs_as", "changes", "count"}. *ANSWER is the caller's. */
bool dry_run_answer(struct admin_call *call, cJSON **answer, struct error *e);

#endif
