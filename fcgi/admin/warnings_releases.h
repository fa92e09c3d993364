/* Warnings about releases that rules and pins lead to: see warnings.h. */
#ifndef BALROG_ADMIN_WARNINGS_RELEASES_H
#define BALROG_ADMIN_WARNINGS_RELEASES_H

#include "admin/admin.h"
#include "admin/warning_list.h"

/* Adds the warnings about the releases that N, a change of a rule or pin that is not a deletion, newly leads
 * to. W->ctx is there. */
bool warnings_find_releases(struct admin_call *call, const struct noted_change *n, struct warnings *w,
                            struct error *e);

/* To be called after the transaction: adds to warnings about lost parts how many queries of a sample they are
 * about. Takes half a second at most for each, or says why it does not know. */
void warnings_count(const struct config *config, struct warnings *w);

#endif
