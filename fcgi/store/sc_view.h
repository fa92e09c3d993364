/* Scheduled changes, or their histories, as one table: a SELECT over both rows of each change, whose result
 * has the column names that the API prints. */
#ifndef BALROG_STORE_SC_VIEW_H
#define BALROG_STORE_SC_VIEW_H

#include "store/table.h"

/* If COLUMN, of a scheduled table, is a column of the base table ("base_product"): its name there. Else
 * NULL. */
const char *sc_view_base_column(const char *column);
/* Appends the columns of SCHEDULED, as s.…, and those of its conditions, as c.…, to SQL, and makes VIEW a
 * descriptor of them for table_row(). HISTORY: the columns of their histories, which also have change_id,
 * changed_by and timestamp. WITH_BIG: with the big column (a release's data). */
void sc_view_columns(const struct table *scheduled, bool history, bool with_big, struct table *view,
                     struct buf *sql);
/* Appends " FROM … s LEFT JOIN … c ON …". */
void sc_view_from(const struct table *scheduled, bool history, struct buf *sql);
/* The name that the column which the API prints as COLUMN has in SCHEDULED or, if HISTORY, in its history.
 * NULL if there is no such column. */
const char *sc_view_source(const struct table *scheduled, bool history, const char *column);

#endif
