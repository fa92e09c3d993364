/* Answers that are lists of rows. */
#ifndef BALROG_ADMIN_ROWS_H
#define BALROG_ADMIN_ROWS_H

#include "admin/admin.h"

/* 200 with {"count": COUNT, NAME: ROWS}. ROWS, an array, is borrowed. Returns true. */
bool rows_answer(struct admin_call *call, const char *name, const cJSON *rows, int64_t count);

/* The values in the column C of T, each once, even where the database's collation takes two for the same: an
 * array of the transaction's. */
bool rows_distinct(struct admin_call *call, const struct table *t, const struct column *c, cJSON **values,
                   struct error *e);

/* The query parameters of a page of revisions, and what they say where they are not given. */
extern const struct body_field rows_page_args[];
int64_t rows_page(struct admin_call *call);
int64_t rows_limit(struct admin_call *call);

#endif
