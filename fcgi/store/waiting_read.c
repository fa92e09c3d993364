/* Each change and the row that it changes come in one row of a JOIN, whose first columns are the change's. */
#include "store/waiting_read.h"

#include "store/sc_view.h"

enum { WAITING_SQL_MAX = 8192 };

/* A SELECT that is put together, and descriptors of both halves of its rows. */
struct pair_select {
    struct table change; /* its name is unused */
    struct table old;
    unsigned n_change, n_old;
    struct buf sql;
};

static void add_column(struct pair_select *s, bool old, const struct column *c, const char *name,
                       const char *sql)
{
    struct column *to = old ? &s->old.column[s->n_old++] : &s->change.column[s->n_change++];
    *to = *c;
    to->name = name;
    buf_printf(&s->sql, "%s%s", s->n_change + s->n_old > 1 ? ", " : "", sql);
}

/* Whether the column decides what sign-offs a change needs, or names the row. */
static bool is_light(const struct column *c)
{
    static const char *const names[] = {
        "alias", "product", "channel", "read_only", "options", "data_version"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(c->name, names[i]) == 0) {
            return true;
        }
    }
    return (c->flags & COLUMN_KEY) != 0;
}

static bool is_wanted(const struct column *c, bool whole)
{
    return whole ? (c->flags & COLUMN_BIG) == 0 : is_light(c);
}

static void add_change_columns(struct tx *tx, const struct resource *r, bool whole, struct pair_select *s)
{
    static const struct column number = { "", COLUMN_INT, 0 }, text = { "", COLUMN_TEXT, 0 };
    add_column(s, false, &number, "sc_id", "s.sc_id");
    add_column(s, false, &text, "change_type", "s.change_type");
    add_column(s, false, &text, "scheduled_by", "s.scheduled_by");
    add_column(s, false, &number, "sc_data_version", "s.data_version");
    for (const struct column *c = r->table->scheduled->conditions->column; c->name != NULL; c++) {
        if (strcmp(c->name, "sc_id") != 0 && strcmp(c->name, "data_version") != 0) {
            add_column(s, false, c, c->name, mem_printf(tx->mem, "c.`%s`", c->name));
        }
    }
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        if (is_wanted(c, whole)) {
            add_column(s, false, c, c->name, mem_printf(tx->mem, "s.`base_%s`", c->name));
        }
    }
    if (r->scope == SCOPE_RELEASE) {
        add_column(s, false, &text, "product",
                   "(SELECT p.product FROM releases_json p WHERE p.name = s.base_name)");
    }
}

static void make_select(struct tx *tx, const struct resource *r, bool whole, struct pair_select *s)
{
    const struct table *t = r->table;
    const char *word = " ON";
    *s = (struct pair_select){ .change = { .name = t->name }, .old = { .name = t->name } };
    buf_init(&s->sql, 2048, WAITING_SQL_MAX);
    buf_lit(&s->sql, "SELECT ");
    add_change_columns(tx, r, whole, s);
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if (is_wanted(c, whole)) {
            add_column(s, true, c, c->name, mem_printf(tx->mem, "b.`%s`", c->name));
        }
    }
    sc_view_from(t->scheduled, false, &s->sql);
    buf_printf(&s->sql, " LEFT JOIN `%s` b", t->name);
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_KEY) != 0) {
            buf_printf(&s->sql, "%s b.`%s` = s.`base_%s`", word, c->name, c->name);
            word = " AND";
        }
    }
    buf_lit(&s->sql, " WHERE s.complete = 0");
}

/* Ends the SELECT with TAIL and runs it. */
static struct db_rows *run_select(struct tx *tx, struct pair_select *s, const char *tail,
                                  const struct db_value *params, size_t n, struct error *e)
{
    buf_str(&s->sql, str_of(tail));
    buf_char(&s->sql, '\0');
    struct db_rows *rows = db_query(tx->db, s->sql.p, params, n, e);
    buf_free(&s->sql);
    return rows;
}

/* The row that the change in ROWS changes, or NULL. The first of its columns belongs to its key. */
static cJSON *old_of(struct tx *tx, const struct pair_select *s, const struct db_rows *rows)
{
    return db_is_null(rows, s->n_change) ? NULL : tx_keep(tx, table_row_from(&s->old, rows, s->n_change));
}

static struct waiting_part *new_part(struct tx *tx, struct waiting_parts *parts)
{
    size_t room = parts->item != NULL ? talloc_array_length(parts->item) : 0;
    if (parts->n == room) {
        parts->item = mem_resize(tx->mem, parts->item, struct waiting_part, room > 0 ? room * 2 : 64);
    }
    return &parts->item[parts->n++];
}

static bool read_changes(struct tx *tx, const struct waiting_source *source, struct waiting_parts *parts,
                         struct error *e)
{
    struct pair_select s;
    make_select(tx, source->resource, false, &s);
    struct db_rows *rows = run_select(tx, &s, " ORDER BY s.sc_id", NULL, 0, e);
    while (db_next(rows, e)) {
        struct waiting_part *part = new_part(tx, parts);
        *part = (struct waiting_part){ .source = source, .sc_id = db_int(rows, 0) };
        part->row = tx_keep(tx, table_row_from(&s.change, rows, 0));
        part->old = old_of(tx, &s, rows);
        mem_check(cJSON_AddObjectToObject(part->row, "signoffs"));
    }
    return db_finish(rows);
}

/* Adds the sign-offs of the parts from FIRST on, which are sorted by their sc_ids. */
static bool read_signoffs(struct tx *tx, const struct waiting_source *source, struct waiting_parts *parts,
                          size_t first, struct error *e)
{
    const struct table *t = source->resource->table->scheduled;
    size_t at = first;
    struct db_rows *rows =
        db_query(tx->db,
                 mem_printf(tx->mem,
                            "SELECT g.sc_id, g.username, g.role FROM `%s` g JOIN `%s` s ON s.sc_id = g.sc_id"
                            " WHERE s.complete = 0 ORDER BY g.sc_id",
                            t->signoffs->name, t->name),
                 NULL, 0, e);
    while (db_next(rows, e)) {
        while (at < parts->n && parts->item[at].sc_id < db_int(rows, 0)) {
            at++;
        }
        if (at < parts->n && parts->item[at].sc_id == db_int(rows, 0)) {
            cJSON *signoffs = cJSON_GetObjectItemCaseSensitive(parts->item[at].row, "signoffs");
            cJSON_AddItemToObject(signoffs, mem_str(tx->mem, db_text(rows, 1)).p,
                                  json_text(db_text(rows, 2)));
        }
    }
    return db_finish(rows);
}

bool waiting_read(struct tx *tx, const struct waiting_source *source, struct waiting_parts *parts,
                  struct error *e)
{
    size_t first = parts->n;
    return read_changes(tx, source, parts, e) &&
           (parts->n == first || read_signoffs(tx, source, parts, first, e));
}

/* Moves the members of FROM that TO lacks to TO. */
static void take_missing(cJSON *to, cJSON *from)
{
    for (cJSON *member = from->child, *next; member != NULL; member = next) {
        next = member->next;
        if (json_get(to, member->string) == NULL) {
            cJSON_AddItemToObject(to, member->string, cJSON_DetachItemViaPointer(from, member));
        }
    }
}

bool waiting_read_whole(struct tx *tx, const struct waiting_source *source, struct waiting_part **part,
                        size_t n, struct error *e)
{
    struct db_value ids[WAITING_PAGE_MAX];
    struct pair_select s;
    size_t at = 0;
    make_select(tx, source->resource, true, &s);
    buf_lit(&s.sql, " AND s.sc_id IN (?");
    for (size_t i = 0; i < WAITING_PAGE_MAX; i++) { /* always as many, so that the statement stays the same */
        buf_str(&s.sql, i > 0 ? STR(", ?") : STR(""));
        ids[i] = DB_I(i < n ? part[i]->sc_id : 0);
    }
    struct db_rows *rows = run_select(tx, &s, ") ORDER BY s.sc_id", ids, WAITING_PAGE_MAX, e);
    while (db_next(rows, e)) {
        while (at < n && part[at]->sc_id < db_int(rows, 0)) {
            at++;
        }
        if (at < n && part[at]->sc_id == db_int(rows, 0)) {
            cJSON *light = part[at]->row;
            part[at]->row = tx_keep(tx, table_row_from(&s.change, rows, 0));
            take_missing(part[at]->row, light);
            part[at]->old = old_of(tx, &s, rows);
        }
    }
    return db_finish(rows);
}
