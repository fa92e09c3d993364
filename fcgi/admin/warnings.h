/* Warnings about changes: a change is allowed, and it is probably not what was meant. They are in the answers
 * of dry runs and of real writes. By [admin] refuse each of them can become a 400. Not in the reference.
 *
 * What a request does is known from its transaction (store/noted.h), so every way to make or schedule a
 * change has the same warnings. Emergency shutoffs have none: nothing may delay them. */
#ifndef BALROG_ADMIN_WARNINGS_H
#define BALROG_ADMIN_WARNINGS_H

#include "admin/admin.h"
#include "admin/warning_list.h"

/* Finds the warnings about what the transaction of CALL has done so far. If one of them is to be refused,
 * refuses CALL. ENACTING: also about changes that CALL enacts; these are never refused. */
bool warnings_find(struct admin_call *call, bool enacting, struct warnings *w, struct error *e);

#endif
