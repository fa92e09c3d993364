/* Answers that are lists of rows. */
#ifndef BALROG_ADMIN_ROWS_H
#define BALROG_ADMIN_ROWS_H

#include "admin/admin.h"

/* 200 with {"count": COUNT, NAME: ROWS}. ROWS, an array, is borrowed. Returns true. */
bool rows_answer(struct admin_call *call, const char *name, const cJSON *rows, int64_t count);

/* 200 with the same for the rows of Q, which are printed as they are read. NAME must come after "count" in
 * the alphabet. False if the database fails. */
bool rows_print(struct admin_call *call, const char *name, const struct table_query *q, struct error *e);

/* *VALUES becomes an array of the different values in the column C of T, owned by the transaction. Values
 * that only the collation of the database takes for the same are listed apart. */
bool rows_distinct(struct admin_call *call, const struct table *t, const struct column *c, cJSON **values,
                   struct error *e);

/* The query parameters of a page of revisions, and their values, with the default where they are not
 * given. */
extern const struct body_field rows_page_args[];
int64_t rows_page(struct admin_call *call);
int64_t rows_limit(struct admin_call *call);

#endif
