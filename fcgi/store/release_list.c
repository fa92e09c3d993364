/* See release_list.h. Rules and scheduled changes are read first, each table with one statement, and sorted
 * by the name of the release. Then the releases are printed as they are fetched from the database. So the
 * memory used depends on the number of rules and scheduled changes, not on the number of releases. */
#include "store/release_list.h"

#include "store/signoff.h"
#include "store/signoff_invalid.h"
#include "store/table.h"

#include <stdio.h>
#include <stdlib.h>

/* A rule that maps to a release, by its mapping or fallbackMapping. */
struct rule_mapping {
    struct str release; /* first: see find_range() */
    char rule_id[24];
    struct str product, channel;
};

/* A scheduled change that is not complete. */
struct scheduled {
    struct str release; /* first: see find_range() */
    size_t at;          /* its index, in the order in which the changes were read */
    cJSON *change;      /* NULL once it has been printed */
};

struct list_output {
    struct tx *tx;
    const struct release_filter *filter;
    struct rule_mapping *mappings;
    size_t n_mappings;
    struct scheduled *scheduled;
    size_t n_scheduled;
    size_t printed;
};

static int listing_free(struct list_output *l)
{
    for (size_t i = 0; i < l->n_scheduled; i++) {
        cJSON_Delete(l->scheduled[i].change);
    }
    return 0;
}

static struct list_output *listing_new(struct tx *tx, const struct release_filter *filter)
{
    struct list_output *l = mem_new(NULL, struct list_output);
    l->tx = tx;
    l->filter = filter;
    talloc_set_destructor(l, listing_free);
    return l;
}

/* ---- reading what belongs to releases ---- */

/* A copy of column I of the current row, owned by L. */
static struct str text_copy(struct list_output *l, const struct db_rows *rows, unsigned i)
{
    return mem_str(l, db_text(rows, i));
}

static void add_mapping(struct list_output *l, struct str release, int64_t rule_id, struct str product,
                        struct str channel)
{
    l->mappings = mem_grow(l, l->mappings, struct rule_mapping, l->n_mappings);
    struct rule_mapping *m = &l->mappings[l->n_mappings++];
    *m = (struct rule_mapping){ .release = release, .product = product, .channel = channel };
    snprintf(m->rule_id, sizeof m->rule_id, "%lld", (long long)rule_id);
}

/* By release, then by rule_id as text, as the keys of rule_info are. */
static int by_release_and_id(const void *a, const void *b)
{
    const struct rule_mapping *x = a;
    const struct rule_mapping *y = b;
    int c = str_cmp(x->release, y->release);
    return c != 0 ? c : strcmp(x->rule_id, y->rule_id);
}

static bool read_mappings(struct list_output *l, struct error *e)
{
    struct db_rows *rows = db_query(
        l->tx->db, "SELECT rule_id, product, channel, mapping, fallbackMapping FROM rules", NULL, 0, e);
    while (db_next(rows, e)) {
        int64_t id = db_int(rows, 0);
        struct str product = text_copy(l, rows, 1);
        struct str channel = text_copy(l, rows, 2);
        struct str mapping = text_copy(l, rows, 3);
        struct str fallback = text_copy(l, rows, 4);
        if (!str_absent(mapping)) {
            add_mapping(l, mapping, id, product, channel);
        }
        if (!str_absent(fallback) && !str_eq(fallback, mapping)) {
            add_mapping(l, fallback, id, product, channel);
        }
    }
    bool ok = db_finish(rows);
    if (l->n_mappings > 0) {
        qsort(l->mappings, l->n_mappings, sizeof *l->mappings, by_release_and_id);
    }
    return ok;
}

/* How a table of scheduled changes is read. A row of the result has the members of a change, then user and
 * role of one of its sign-offs. */
struct scheduled_source {
    struct table members;
    unsigned n_members;
    unsigned name; /* which member is the release's name */
    const char *sql;
};

static const struct scheduled_source scheduled_bases = {
    .members = { .name = "releases_json_scheduled_changes",
                 .column = { { "sc_id", COLUMN_INT, 0 },
                             { "scheduled_by", COLUMN_TEXT, 0 },
                             { "complete", COLUMN_BOOL, 0 },
                             { "change_type", COLUMN_TEXT, 0 },
                             { "name", COLUMN_TEXT, 0 },
                             { "product", COLUMN_TEXT, 0 },
                             { "read_only", COLUMN_BOOL, 0 },
                             { "data_version", COLUMN_INT, 0 },
                             { "sc_data_version", COLUMN_INT, 0 },
                             { "when", COLUMN_INT, 0 } } },
    .n_members = 10,
    .name = 4,
    .sql = "SELECT sc.sc_id, sc.scheduled_by, sc.complete, sc.change_type, sc.base_name, sc.base_product,"
           " sc.base_read_only, sc.base_data_version, sc.data_version, c.`when`, s.username, s.role"
           " FROM releases_json_scheduled_changes sc"
           " LEFT JOIN releases_json_scheduled_changes_conditions c ON c.sc_id = sc.sc_id"
           " LEFT JOIN releases_json_scheduled_changes_signoffs s ON s.sc_id = sc.sc_id"
           " WHERE sc.complete = 0 ORDER BY sc.sc_id",
};

static const struct scheduled_source scheduled_assets = {
    .members = { .name = "release_assets_scheduled_changes",
                 .column = { { "sc_id", COLUMN_INT, 0 },
                             { "scheduled_by", COLUMN_TEXT, 0 },
                             { "complete", COLUMN_BOOL, 0 },
                             { "change_type", COLUMN_TEXT, 0 },
                             { "name", COLUMN_TEXT, 0 },
                             { "path", COLUMN_TEXT, 0 },
                             { "data_version", COLUMN_INT, 0 },
                             { "sc_data_version", COLUMN_INT, 0 },
                             { "when", COLUMN_INT, 0 } } },
    .n_members = 9,
    .name = 4,
    .sql = "SELECT sc.sc_id, sc.scheduled_by, sc.complete, sc.change_type, sc.base_name, sc.base_path,"
           " sc.base_data_version, sc.data_version, c.`when`, s.username, s.role"
           " FROM release_assets_scheduled_changes sc"
           " LEFT JOIN release_assets_scheduled_changes_conditions c ON c.sc_id = sc.sc_id"
           " LEFT JOIN release_assets_scheduled_changes_signoffs s ON s.sc_id = sc.sc_id"
           " WHERE sc.complete = 0 ORDER BY sc.sc_id",
};

static struct scheduled *add_scheduled(struct list_output *l, const struct scheduled_source *source,
                                       const struct db_rows *rows)
{
    size_t n = l->n_scheduled;
    l->scheduled = mem_grow(l, l->scheduled, struct scheduled, n);
    l->scheduled[n] = (struct scheduled){
        .release = text_copy(l, rows, source->name),
        .at = n,
        .change = table_row(&source->members, rows),
    };
    cJSON_AddItemToObject(l->scheduled[n].change, "signoffs", mem_check(cJSON_CreateObject()));
    l->n_scheduled++;
    return &l->scheduled[n];
}

static void add_signoff(struct list_output *l, struct scheduled *s, const struct scheduled_source *source,
                        const struct db_rows *rows)
{
    struct str user = text_copy(l, rows, source->n_members);
    if (!str_absent(user)) {
        cJSON *signoffs = cJSON_GetObjectItemCaseSensitive(s->change, "signoffs");
        cJSON_AddItemToObject(signoffs, user.p, json_text(db_text(rows, source->n_members + 1)));
    }
}

static bool read_scheduled(struct list_output *l, const struct scheduled_source *source, struct error *e)
{
    struct scheduled *last = NULL;
    int64_t last_id = 0;
    struct db_rows *rows = db_query(l->tx->db, source->sql, NULL, 0, e);
    while (db_next(rows, e)) {
        if (last == NULL || db_int(rows, 0) != last_id) {
            last = add_scheduled(l, source, rows);
            last_id = db_int(rows, 0);
        }
        add_signoff(l, last, source, rows);
    }
    return db_finish(rows);
}

static int by_release_and_place(const void *a, const void *b)
{
    const struct scheduled *x = a;
    const struct scheduled *y = b;
    int c = str_cmp(x->release, y->release);
    return c != 0 ? c : (x->at > y->at) - (x->at < y->at);
}

/* Shows which sign-offs of the changes that were read from FROM on do not count. They are changes of T. */
static bool add_invalid(struct list_output *l, const struct table *t, size_t from, struct error *e)
{
    size_t n = l->n_scheduled - from;
    cJSON **changes = mem_array(l, cJSON *, n + 1);
    for (size_t i = 0; i < n; i++) {
        changes[i] = l->scheduled[from + i].change;
    }
    return signoff_add_invalid(l->tx, t, changes, n, e);
}

static bool read_all_scheduled(struct list_output *l, bool judge, struct error *e)
{
    bool ok = read_scheduled(l, &scheduled_bases, e);
    size_t n_bases = l->n_scheduled;
    ok = ok && (!judge || add_invalid(l, &table_releases_json, 0, e)) &&
         read_scheduled(l, &scheduled_assets, e) &&
         (!judge || add_invalid(l, &table_release_assets, n_bases, e));
    if (l->n_scheduled > 0) {
        qsort(l->scheduled, l->n_scheduled, sizeof *l->scheduled, by_release_and_place);
    }
    return ok;
}

/* ---- what one release gets ---- */

/* Where the elements of RELEASE are in a sorted array of N, each SIZE bytes and beginning with a name: from
 * the index returned, *END excluded. */
static size_t find_range(const void *array, size_t n, size_t size, struct str release, size_t *end)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct str *name = (const void *)((const char *)array + middle * size);
        if (str_cmp(*name, release) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *end = low;
    while (*end < n &&
           str_eq(*(const struct str *)(const void *)((const char *)array + *end * size), release)) {
        ++*end;
    }
    return low;
}

static cJSON *text_or_null(struct str s)
{
    return str_absent(s) ? mem_check(cJSON_CreateNull()) : json_text(s);
}

static void add_rule_info(const struct list_output *l, cJSON *row, struct str release)
{
    size_t end;
    cJSON *info = mem_check(cJSON_AddObjectToObject(row, "rule_info"));
    for (size_t i = find_range(l->mappings, l->n_mappings, sizeof *l->mappings, release, &end); i < end;
         i++) {
        const struct rule_mapping *m = &l->mappings[i];
        cJSON *rule = mem_check(cJSON_AddObjectToObject(info, m->rule_id));
        cJSON_AddItemToObject(rule, "product", text_or_null(m->product));
        cJSON_AddItemToObject(rule, "channel", text_or_null(m->channel));
    }
}

static void add_rule_ids(const struct list_output *l, cJSON *row, struct str release)
{
    size_t end;
    cJSON *ids = mem_check(cJSON_AddArrayToObject(row, "rule_ids"));
    for (size_t i = find_range(l->mappings, l->n_mappings, sizeof *l->mappings, release, &end); i < end;
         i++) {
        cJSON_AddItemToArray(ids, mem_check(cJSON_CreateNumber(strtod(l->mappings[i].rule_id, NULL))));
    }
}

/* Adds the sign-offs that a change to RELEASE needs. signoff_prefetch() has read all that this takes, so it
 * cannot fail. */
static cJSON *add_required_signoffs(const struct list_output *l, cJSON *row, struct str release)
{
    struct error ignored;
    cJSON *needs = mem_check(cJSON_AddObjectToObject(row, "required_signoffs"));
    char *name = mem_strndup(NULL, release.p, release.n);
    signoff_need_release(l->tx, name, needs, &ignored);
    talloc_free(name);
    return needs;
}

/* Adds the sign-offs that PRODUCT requires, on any channel, to NEEDS. */
static void require_product(const struct list_output *l, cJSON *needs, struct str product)
{
    struct error ignored;
    if (product.n > 0) {
        char *text = mem_strndup(NULL, product.p, product.n);
        signoff_need_product(l->tx, text, NULL, needs, &ignored);
        talloc_free(text);
    }
}

/* Whether a change that is scheduled for the release in ROW makes it writable. */
static bool becomes_writable(const cJSON *row)
{
    const cJSON *change;
    bool does = false;
    cJSON_ArrayForEach(change, json_get_array(row, "scheduled_changes"))
    {
        does = does || cJSON_IsFalse(json_get(change, "read_only"));
    }
    return does && cJSON_IsTrue(json_get(row, "read_only"));
}

/* Moves the scheduled changes of RELEASE to ROW. */
static void add_scheduled_changes(struct list_output *l, cJSON *row, struct str release)
{
    size_t end;
    cJSON *changes = mem_check(cJSON_AddArrayToObject(row, "scheduled_changes"));
    for (size_t i = find_range(l->scheduled, l->n_scheduled, sizeof *l->scheduled, release, &end); i < end;
         i++) {
        cJSON_AddItemToArray(changes, l->scheduled[i].change);
        l->scheduled[i].change = NULL;
    }
}

/* ---- printing ---- */

/* Prints ROW and frees it. */
static void print_row(struct list_output *l, struct buf *out, cJSON *row)
{
    buf_str(out, l->printed++ > 0 ? STR(",") : STR(""));
    json_print(out, row, JSON_COMPACT);
    cJSON_Delete(row);
}

static cJSON *row_v1(struct list_output *l, const struct db_rows *rows, struct str name)
{
    cJSON *row = table_row(&table_releases, rows);
    add_rule_ids(l, row, name);
    add_rule_info(l, row, name);
    return row;
}

static void print_v1(struct list_output *l, const struct db_rows *rows, struct buf *out)
{
    print_row(l, out, row_v1(l, rows, db_text(rows, table_column(&table_releases, "name"))));
}

static void print_v1_needs(struct list_output *l, const struct db_rows *rows, struct buf *out)
{
    struct str name = db_text(rows, table_column(&table_releases, "name"));
    cJSON *row = row_v1(l, rows, name);
    add_required_signoffs(l, row, name);
    print_row(l, out, row);
}

static void print_v2(struct list_output *l, const struct db_rows *rows, struct buf *out)
{
    struct str name = db_text(rows, table_column(&table_releases_json, "name"));
    struct str product = db_text(rows, table_column(&table_releases_json, "product"));
    cJSON *row = table_row(&table_releases_json, rows);
    add_rule_info(l, row, name);
    add_scheduled_changes(l, row, name);
    cJSON *needs = add_required_signoffs(l, row, name);
    if (needs->child == NULL && becomes_writable(row)) {
        require_product(l, needs, product); /* as signoff_need_writable() */
    }
    require_product(l, mem_check(cJSON_AddObjectToObject(row, "product_required_signoffs")), product);
    print_row(l, out, row);
}

static void print_name(struct list_output *l, const struct db_rows *rows, struct buf *out)
{
    print_row(l, out, json_text(db_text(rows, table_column(&table_releases, "name"))));
}

/* Prints the scheduled changes of releases that do not exist. */
static void print_scheduled_only(struct list_output *l, struct buf *out)
{
    for (size_t i = 0; i < l->n_scheduled && l->filter->product.n == 0; i++) {
        struct str name = l->scheduled[i].release;
        if (l->scheduled[i].change != NULL && str_starts(name, l->filter->name_prefix)) {
            cJSON *row = mem_check(cJSON_CreateObject());
            cJSON_AddItemToObject(row, "name", json_text(name));
            mem_check(cJSON_AddNullToObject(row, "product"));
            mem_check(cJSON_AddNullToObject(row, "data_version"));
            mem_check(cJSON_AddNullToObject(row, "read_only"));
            mem_check(cJSON_AddObjectToObject(row, "rule_info"));
            add_scheduled_changes(l, row, name);
            if (add_required_signoffs(l, row, name)->child == NULL) {
                cJSON_DeleteItemFromObjectCaseSensitive(row, "required_signoffs");
            }
            print_row(l, out, row);
        }
    }
}

/* PREFIX as a pattern for LIKE … ESCAPE '|'. */
static struct str like_pattern(void *ctx, struct str prefix)
{
    char *out = mem_check(talloc_size(ctx, prefix.n * 2 + 1));
    size_t n = 0;
    for (size_t i = 0; i < prefix.n; i++) {
        if (memchr("%_|", prefix.p[i], 3) != NULL) {
            out[n++] = '|';
        }
        out[n++] = prefix.p[i];
    }
    out[n++] = '%';
    return (struct str){ out, n };
}

/* Prints each row of TABLE that the filter includes. */
static bool print_table(struct list_output *l, const struct table *table,
                        void (*print)(struct list_output *l, const struct db_rows *rows, struct buf *out),
                        struct buf *out, struct error *e)
{
    const struct release_filter *f = l->filter;
    struct db_value pattern = DB_S(like_pattern(l, f->name_prefix));
    struct table_query q = {
        .table = table,
        .key = { { "product", DB_S(f->product.n > 0 ? f->product : STR_NONE) } },
        .more = f->name_prefix.n > 0 ? "name LIKE ? ESCAPE '|'" : NULL,
        .tail = "ORDER BY name",
        .params = &pattern,
        .n_params = f->name_prefix.n > 0 ? 1 : 0,
    };
    struct db_rows *rows = table_find(l->tx->db, &q, e);
    while (table_next(rows, &q, e)) {
        if (str_starts(db_text(rows, table_column(table, "name")), f->name_prefix)) {
            print(l, rows, out);
        }
    }
    return db_finish(rows);
}

static const struct release_filter all = { STR_NONE, STR_NONE };

enum { LIST_V1 = 1, LIST_V2 = 2 }; /* which tables */

static bool list_names(struct tx *tx, const struct release_filter *filter, unsigned tables, struct buf *out,
                       struct error *e)
{
    struct list_output *l = listing_new(tx, filter);
    buf_char(out, '[');
    bool ok = ((tables & LIST_V1) == 0 || print_table(l, &table_releases, print_name, out, e)) &&
              ((tables & LIST_V2) == 0 || print_table(l, &table_releases_json, print_name, out, e));
    buf_char(out, ']');
    talloc_free(l);
    return ok;
}

bool release_list_names(struct tx *tx, const struct release_filter *filter, struct buf *out, struct error *e)
{
    return list_names(tx, filter, LIST_V1 | LIST_V2, out, e);
}

bool release_list_names_v1(struct tx *tx, const struct release_filter *filter, struct buf *out,
                           struct error *e)
{
    return list_names(tx, filter, LIST_V1, out, e);
}

bool release_list_names_v2(struct tx *tx, struct buf *out, struct error *e)
{
    return list_names(tx, &all, LIST_V2, out, e);
}

static bool list_print(struct tx *tx, const struct release_filter *filter, bool v1, struct buf *out,
                       struct error *e)
{
    struct list_output *l = listing_new(tx, filter);
    bool ok = read_mappings(l, e) && signoff_prefetch(tx, e) && read_all_scheduled(l, !v1, e);
    buf_char(out, '[');
    ok = ok && (!v1 || print_table(l, &table_releases, print_v1, out, e)) &&
         print_table(l, &table_releases_json, print_v2, out, e);
    print_scheduled_only(l, out);
    buf_char(out, ']');
    talloc_free(l);
    return ok;
}

bool release_list_print(struct tx *tx, const struct release_filter *filter, struct buf *out, struct error *e)
{
    return list_print(tx, filter, true, out, e);
}

bool release_list_print_v1(struct tx *tx, const struct release_filter *filter, struct buf *out,
                           struct error *e)
{
    struct list_output *l = listing_new(tx, filter);
    buf_char(out, '[');
    bool ok = read_mappings(l, e) && signoff_prefetch(tx, e) &&
              print_table(l, &table_releases, print_v1_needs, out, e);
    buf_char(out, ']');
    talloc_free(l);
    return ok;
}

bool release_list_print_v2(struct tx *tx, struct buf *out, struct error *e)
{
    return list_print(tx, &all, false, out, e);
}
