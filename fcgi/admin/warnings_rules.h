/* Warnings about a rule: see warnings.h. */
#ifndef BALROG_ADMIN_WARNINGS_RULES_H
#define BALROG_ADMIN_WARNINGS_RULES_H

#include "admin/admin.h"
#include "admin/warning_list.h"

/* Adds the warnings about N, a change of a rule that is not a deletion: what its columns say, and how it
 * stands to other rules and to what is scheduled for them. */
bool warnings_find_rule(struct admin_call *call, const struct noted_change *n, struct warnings *w,
                        struct error *e);

#endif
