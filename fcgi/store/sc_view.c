/* See sc_view.h. */
#include "store/sc_view.h"

const char *sc_view_base_column(const char *column)
{
    static const size_t prefix = sizeof "base_" - 1;
    return strncmp(column, "base_", prefix) == 0 ? column + prefix : NULL;
}

/* The name that the API gives to a column of the scheduled table. */
static const char *api_name(const char *column)
{
    if (strcmp(column, "data_version") == 0) {
        return "sc_data_version";
    }
    const char *base = sc_view_base_column(column);
    return base != NULL ? base : column;
}

static void add_column(struct table *view, unsigned *n, struct buf *sql, char alias, const struct column *c,
                       const char *name)
{
    buf_printf(sql, "%s%c.`%s`", *n > 0 ? ", " : "", alias, c->name);
    view->column[*n] = *c;
    view->column[(*n)++].name = name;
}

static bool is_condition(const struct column *c)
{
    return strcmp(c->name, "sc_id") != 0 && strcmp(c->name, "data_version") != 0;
}

void sc_view_columns(const struct table *scheduled, bool history, bool with_big, struct table *view,
                     struct buf *sql)
{
    unsigned n = 0;
    *view = (struct table){ .name = scheduled->name };
    for (const struct column *c = (history ? scheduled->history : scheduled)->column; c->name != NULL; c++) {
        if (with_big || (c->flags & COLUMN_BIG) == 0) {
            add_column(view, &n, sql, 's', c, api_name(c->name));
        }
    }
    for (const struct column *c = scheduled->conditions->column; c->name != NULL; c++) {
        if (is_condition(c)) {
            add_column(view, &n, sql, 'c', c, c->name);
        }
    }
}

void sc_view_from(const struct table *scheduled, bool history, struct buf *sql)
{
    buf_printf(sql, " FROM `%s` s LEFT JOIN `%s` c ON c.sc_id = s.sc_id%s",
               (history ? scheduled->history : scheduled)->name,
               (history ? scheduled->conditions->history : scheduled->conditions)->name,
               history ? " AND c.data_version = s.data_version" : "");
}

const char *sc_view_source(const struct table *scheduled, bool history, const char *column)
{
    for (const struct column *c = (history ? scheduled->history : scheduled)->column; c->name != NULL; c++) {
        if (strcmp(api_name(c->name), column) == 0) {
            return c->name;
        }
    }
    return NULL;
}
