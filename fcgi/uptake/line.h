/* Reads a line of nginx's access log (log_format balrog_public in conf/nginx/public.conf.in) as an update
 * query. */
#ifndef BALROG_UPTAKE_LINE_H
#define BALROG_UPTAKE_LINE_H

#include "query/query.h"

enum line_kind {
    LINE_QUERY,  /* an update query that was answered with a 200 */
    LINE_OTHER,  /* any other request */
    LINE_BROKEN, /* not a line of that log */
};

/* Parses LINE. The fields of *Q point into TEXT, a buffer of QUERY_TEXT_MAX bytes. *TIME_S is the time of the
 * answer, s since 1970. The canonical path of a query is appended to PATH: query_print_canonical(). */
enum line_kind line_parse(struct str line, struct query *q, char *text, int64_t *time_s, struct buf *path);

#endif
