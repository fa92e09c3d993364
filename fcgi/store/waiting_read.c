/* Each change and the row that it changes come in one row of a JOIN, whose first columns are the change's. */
#include "store/waiting_read.h"

#include "core/arena.h"
#include "store/sc_view.h"

enum { WAITING_SQL_MAX = 8192, WAITING_BLOCK = 1 << 17 /* bytes */ };

/* Descriptors of both halves of a row. Their names are unused. */
struct waiting_columns {
    struct table change, old;
    unsigned n_change, n_old;
};

/* A SELECT that is put together. */
struct pair_select {
    struct waiting_columns *columns; /* TX's */
    struct buf sql;
};

static void add_column(struct pair_select *s, bool old, const struct column *c, const char *name,
                       const char *sql)
{
    struct waiting_columns *all = s->columns;
    struct column *to = old ? &all->old.column[all->n_old++] : &all->change.column[all->n_change++];
    *to = *c;
    to->name = name;
    buf_printf(&s->sql, "%s%s", all->n_change + all->n_old > 1 ? ", " : "", sql);
}

static const struct column number = { "", COLUMN_INT, 0 }, text = { "", COLUMN_TEXT, 0 };

/* Whether the column decides what sign-offs a change needs, or names the row. */
static bool is_light(const struct column *c)
{
    static const char *const names[] = { "product", "channel", "read_only", "options", "data_version" };
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

/* Of a light row, the first columns are those of read_changes(). */
static void add_conditions(struct tx *tx, const struct table *conditions, bool whole, struct pair_select *s)
{
    bool has_uptake = table_has(conditions, "telemetry_uptake") != NULL;
    if (!whole) {
        add_column(s, false, &number, "when",
                   has_uptake ? "IF(COALESCE(c.telemetry_uptake, 0) = 0, c.`when`, 0)" : "c.`when`");
        return;
    }
    for (const struct column *c = conditions->column; c->name != NULL; c++) {
        if (strcmp(c->name, "sc_id") != 0 && strcmp(c->name, "data_version") != 0) {
            add_column(s, false, c, c->name, mem_printf(tx->mem, "c.`%s`", c->name));
        }
    }
}

static void add_change_columns(struct tx *tx, const struct resource *r, bool whole, struct pair_select *s)
{
    add_column(s, false, &number, "sc_id", "s.sc_id");
    add_conditions(tx, r->table->scheduled->conditions, whole, s);
    add_column(s, false, &text, "change_type", "s.change_type");
    if (whole) {
        add_column(s, false, &text, "scheduled_by", "s.scheduled_by");
        add_column(s, false, &number, "sc_data_version", "s.data_version");
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
    *s = (struct pair_select){ .columns = mem_new(tx->mem, struct waiting_columns) };
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

/* ---- all changes ---- */

static struct waiting_part *new_part(struct tx *tx, struct waiting_parts *parts)
{
    parts->item = mem_grow(tx->mem, parts->item, struct waiting_part, parts->n);
    return &parts->item[parts->n++];
}

/* The columns of the current row, of which there are N, as one piece of A. */
static const char *const *copy_cells(struct arena *a, const struct db_rows *rows, unsigned n)
{
    size_t size = n * sizeof(char *);
    for (unsigned i = 0; i < n; i++) {
        size += db_text(rows, i).n + 1;
    }
    const char **cell = arena_get(a, size);
    char *to = (char *)&cell[n];
    for (unsigned i = 0; i < n; i++) {
        struct str column = db_text(rows, i);
        if (!str_absent(column)) {
            cell[i] = to;
            memcpy(to, column.p, column.n);
            to += column.n + 1;
        }
    }
    return cell;
}

static const char *find_cell(const struct waiting_part *part, const char *name)
{
    return part->cell[table_column(&part->columns->change, name)];
}

static bool read_changes(struct tx *tx, const struct waiting_source *source, struct waiting_parts *parts,
                         struct arena *a, struct error *e)
{
    struct pair_select s;
    make_select(tx, source->resource, false, &s);
    unsigned n_cells = s.columns->n_change + s.columns->n_old;
    struct db_rows *rows = run_select(tx, &s, " ORDER BY s.sc_id", NULL, 0, e);
    while (db_next(rows, e)) {
        struct waiting_part *part = new_part(tx, parts);
        *part = (struct waiting_part){ .source = source,
                                       .sc_id = db_int(rows, 0),
                                       .when = db_int(rows, 1),
                                       .columns = s.columns,
                                       .cell = copy_cells(a, rows, n_cells) };
        part->name = source->by_release ? find_cell(part, "name") : NULL;
    }
    return db_finish(rows);
}

/* Adds the sign-offs of the parts from FIRST on, which are sorted by their sc_ids. */
static bool read_signoffs(struct tx *tx, const struct waiting_source *source, struct waiting_parts *parts,
                          size_t first, struct arena *a, struct error *e)
{
    const struct table *t = source->resource->table->scheduled;
    struct waiting_signoff *last = NULL;
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
            const char *const *cell = copy_cells(a, rows, 3);
            struct waiting_signoff *signoff = arena_array(a, struct waiting_signoff, 1);
            *signoff = (struct waiting_signoff){ .username = cell[1], .role = cell[2] };
            *(parts->item[at].signoffs == NULL ? &parts->item[at].signoffs : &last->next) = signoff;
            last = signoff;
        }
    }
    return db_finish(rows);
}

bool waiting_read(struct tx *tx, const struct waiting_source *source, struct waiting_parts *parts,
                  struct error *e)
{
    size_t first = parts->n;
    struct arena a;
    arena_init(&a, tx->mem, WAITING_BLOCK);
    return read_changes(tx, source, parts, &a, e) &&
           (parts->n == first || read_signoffs(tx, source, parts, first, &a, e));
}

/* ---- rows ---- */

/* The N columns of T as an object that borrows texts and names. */
static cJSON *make_row(struct tx *tx, const struct table *t, const char *const *cell, unsigned n)
{
    cJSON *row = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (unsigned i = 0; i < n; i++) {
        const struct column *c = &t->column[i];
        cJSON_AddItemToObjectCS(row, c->name,
                                cell[i] != NULL && c->type == COLUMN_TEXT
                                    ? mem_check(cJSON_CreateStringReference(cell[i]))
                                    : table_value(c, str_of(cell[i])));
    }
    return row;
}

void waiting_part_load(struct tx *tx, struct waiting_part *part)
{
    const struct waiting_columns *all = part->columns;
    const char *const *old = &part->cell[all->n_change];
    part->row = make_row(tx, &all->change, part->cell, all->n_change);
    /* The first column of a table belongs to its key. */
    part->old = old[0] != NULL ? make_row(tx, &all->old, old, all->n_old) : NULL;
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
            unsigned n_change = s.columns->n_change;
            part[at]->row = tx_keep(tx, table_row_from(&s.columns->change, rows, 0));
            part[at]->old = db_is_null(rows, n_change)
                                ? NULL
                                : tx_keep(tx, table_row_from(&s.columns->old, rows, n_change));
        }
    }
    return db_finish(rows);
}
