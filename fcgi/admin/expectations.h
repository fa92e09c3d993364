/* Expectations, as the admin API has them; what they are, explain/expectation.h says. */
#ifndef BALROG_ADMIN_EXPECTATIONS_H
#define BALROG_ADMIN_EXPECTATIONS_H

#include "admin/admin.h"

/* What a new expectation has. */
extern const struct body_field expectations_fields[];

/* Checks that the caller may do ACTION to expectations of PRODUCT. FAIL_PERMISSION. */
bool expectations_demand(struct admin_call *call, const char *action, const char *product, struct error *e);
/* *WHAT becomes the columns of the expectation that SENT, which has fitted its table, describes; owned by the
 * transaction. FAIL_INVALID if they are not those of one. */
bool expectations_columns(struct admin_call *call, const char *product, const char *name, const cJSON *sent,
                          cJSON **what, struct error *e);
/* To be asked after inserts. FAIL_INVALID if there are more than allowed. */
bool expectations_fit(struct admin_call *call, struct error *e);

/* Prepares for a page of /pending what its changes are compared with; to be called before anything else is
 * read in the call's transaction. *PAGE is owned by CALL. FAIL_PERMISSION for a caller without any
 * permission. */
struct expect_page;
bool expectations_start_page(struct admin_call *call, struct expect_page **page, struct error *e);
/* Adds to each of ENTRIES, those of the page, the member `breaks`: which expectations the change would break.
 * See docs/admin-api.md. */
bool expectations_add_breaks(struct expect_page *page, cJSON *entries, struct error *e);

#endif
