/* Scheduled changes, and their histories, as one table: a SELECT over both rows, and the columns that it
 * gives under the names that the API prints. */
#ifndef BALROG_STORE_SC_VIEW_H
#define BALROG_STORE_SC_VIEW_H

#include "store/table.h"

/* Appends the columns of SCHEDULED, as s.…, and those of its conditions, as c.…, to SQL, and makes VIEW a
 * descriptor of them for table_row(). HISTORY: of their histories, with change_id, changed_by, timestamp. */
void sc_view_columns(const struct table *scheduled, bool history, bool with_big, struct table *view,
                     struct buf *sql);
/* Appends " FROM … s LEFT JOIN … c ON …". */
void sc_view_from(const struct table *scheduled, bool history, struct buf *sql);
/* The name of COLUMN, as the API prints it, in SCHEDULED (or, when HISTORY, in its history); NULL when it has
 * no such. Found in VIEW's column of that number. */
const char *sc_view_source(const struct table *scheduled, bool history, const char *column);

#endif
