/* See release_index.h. The names and products of all releases are read, from an index, and sorted; then what
 * the filters need. What else the page shows is read for its releases alone. */
#include "store/release_index.h"

#include "core/arena.h"
#include "core/json_scan.h"
#include "store/signoff.h"

#include <stdlib.h>

/* A release, or, of a name that both tables have, one of two. */
struct index_row {
    struct str name, product;
    bool v2;
    bool read_only, mapped;
    bool hidden; /* on the page: a v1 release that is not served, because v2 has one of this name */
    int64_t data_version;
    int64_t change_id; /* of the last change, if the list is sorted by it; or 0 */
    int64_t pins, pending, sc_id, parts;
    int64_t size;                            /* bytes of the content as stored, with the locales */
    cJSON *schema_version, *display_version; /* owned by the transaction; NULL: not known */
    cJSON *used_by;                          /* owned by the answer; NULL: not on the page */
    int64_t uses;
    struct str changed_by;
    int64_t changed_at; /* 0: not known */
};

struct index_list {
    struct tx *tx;
    const struct release_index_query *q;
    struct index_row *row; /* sorted by name, then v1 before v2 */
    size_t n;
    struct arena texts;
    struct index_row **page; /* in the order of the answer */
    struct index_row **page_by_name;
    size_t n_page;
};

static int by_name(const void *a, const void *b)
{
    const struct index_row *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    return c != 0 ? c : x->v2 - y->v2;
}

static bool read_rows(struct index_list *l, struct error *e)
{
    size_t cap = 0;
    /* The index on product holds these two columns. Rows would have to be read together with their blobs. */
    const char *sql = l->q->state == STATE_WRITABLE
                          ? "SELECT 0, name, product FROM releases WHERE NOT COALESCE(read_only, 0) UNION ALL"
                            " SELECT 1, name, product FROM releases_json WHERE NOT COALESCE(read_only, 0)"
                          : "SELECT 0, name, product FROM releases UNION ALL"
                            " SELECT 1, name, product FROM releases_json";
    struct db_rows *rows = db_query(l->tx->db, sql, NULL, 0, e);
    arena_init(&l->texts, l->tx->mem, 1 << 20);
    while (db_next(rows, e)) {
        struct str product = db_text(rows, 2);
        if (l->n == cap) {
            cap = cap > 0 ? 2 * cap : 1024;
            l->row = mem_resize(l->tx->mem, l->row, struct index_row, cap);
        }
        l->row[l->n++] = (struct index_row){
            .name = arena_copy(&l->texts, db_text(rows, 1)),
            .product = str_absent(product) ? STR_NONE : arena_copy(&l->texts, product),
            .v2 = db_int(rows, 0) != 0,
        };
    }
    if (l->n > 1) {
        qsort(l->row, l->n, sizeof *l->row, by_name);
    }
    return db_finish(rows);
}

/* The release NAME of this kind, or NULL. */
static struct index_row *find_row(const struct index_list *l, struct str name, bool v2)
{
    const struct index_row key = { .name = name, .v2 = v2 };
    return l->n > 0 && !str_absent(name) ? bsearch(&key, l->row, l->n, sizeof *l->row, by_name) : NULL;
}

/* The release that is served as NAME: that of v2, if both kinds have one. */
static struct index_row *find_served(const struct index_list *l, struct str name)
{
    struct index_row *row = find_row(l, name, true);
    return row != NULL ? row : find_row(l, name, false);
}

/* ---- which releases are wanted ---- */

static bool mark_mapped(struct index_list *l, struct error *e)
{
    struct db_rows *rows = db_query(l->tx->db,
                                    "SELECT mapping FROM rules UNION SELECT fallbackMapping FROM rules"
                                    " UNION SELECT mapping FROM pinnable_releases",
                                    NULL, 0, e);
    while (db_next(rows, e)) {
        struct index_row *row = find_served(l, db_text(rows, 0));
        if (row != NULL) {
            row->mapped = true;
        }
    }
    return db_finish(rows);
}

static bool mark_pending(struct index_list *l, struct error *e)
{
    struct db_rows *rows = db_query(
        l->tx->db,
        "SELECT 0, base_name, COUNT(*), MIN(sc_id) FROM releases_scheduled_changes WHERE complete = 0"
        " GROUP BY BINARY base_name UNION ALL"
        " SELECT 1, base_name, COUNT(*), 0 FROM releases_json_scheduled_changes WHERE complete = 0"
        " GROUP BY BINARY base_name UNION ALL"
        " SELECT 1, base_name, COUNT(*), 0 FROM release_assets_scheduled_changes WHERE complete = 0"
        " GROUP BY BINARY base_name",
        NULL, 0, e);
    while (db_next(rows, e)) {
        struct index_row *row = find_row(l, db_text(rows, 1), db_int(rows, 0) != 0);
        if (row != NULL) {
            row->pending += db_int(rows, 2);
            row->sc_id = db_int(rows, 3);
        }
    }
    return db_finish(rows);
}

static bool mark_changes(struct index_list *l, struct error *e)
{
    struct db_rows *rows =
        db_query(l->tx->db,
                 "SELECT v2, name, MAX(change_id) FROM (SELECT tbl <> 'releases' AS v2, name, change_id"
                 " FROM balrog_release_history ORDER BY change_id DESC LIMIT ?) h GROUP BY v2, name",
                 &DB_I(RELEASE_INDEX_CHANGES_MAX), 1, e);
    while (db_next(rows, e)) {
        struct index_row *row = find_row(l, db_text(rows, 1), db_int(rows, 0) != 0);
        if (row != NULL) {
            row->change_id = db_int(rows, 2);
        }
    }
    return db_finish(rows);
}

static bool has_words(struct str name, struct str words, void *ctx)
{
    struct str word;
    const char *text = mem_strndup(ctx, name.p, name.n);
    bool has = true;
    while (has && str_split(&words, ' ', &word)) {
        const char *w = mem_strndup(ctx, word.p, word.n);
        has = strcasestr(text, w) != NULL;
        talloc_free((char *)w);
    }
    talloc_free((char *)text);
    return has;
}

static bool is_wanted(const struct index_list *l, const struct index_row *row)
{
    const struct release_index_query *q = l->q;
    const bool state[] = { true, row->pending > 0, row->mapped, true };
    return (str_absent(q->name) || str_eq(q->name, row->name)) &&
           (str_absent(q->product) || str_eq(q->product, row->product)) &&
           (str_absent(q->kind) || str_eq(q->kind, STR("v2")) == row->v2) && state[q->state] &&
           (str_absent(q->words) || has_words(row->name, q->words, l->tx->mem));
}

static int by_name_of(const void *a, const void *b)
{
    return by_name(*(struct index_row *const *)a, *(struct index_row *const *)b);
}

static int by_change(const void *a, const void *b)
{
    const struct index_row *x = *(struct index_row *const *)a, *y = *(struct index_row *const *)b;
    int c = (x->change_id < y->change_id) - (x->change_id > y->change_id);
    return c != 0 ? c : by_name(x, y);
}

/* Finds the rows of the page; returns how many rows there are on all pages. */
static int64_t choose_page(struct index_list *l)
{
    size_t n = 0;
    struct index_row **wanted = mem_array(l->tx->mem, struct index_row *, l->n + 1);
    for (size_t i = 0; i < l->n; i++) {
        if (is_wanted(l, &l->row[i])) {
            wanted[n++] = &l->row[i];
        }
    }
    if (l->q->by_change && n > 1) {
        qsort(wanted, n, sizeof *wanted, by_change);
    }
    size_t skip = (size_t)l->q->skip < n ? (size_t)l->q->skip : n;
    l->page = wanted + skip;
    l->n_page = n - skip < (size_t)l->q->limit ? n - skip : (size_t)l->q->limit;
    l->page_by_name = mem_array(l->tx->mem, struct index_row *, l->n_page + 1);
    memcpy(l->page_by_name, l->page, l->n_page * sizeof(struct index_row *));
    qsort(l->page_by_name, l->n_page, sizeof(struct index_row *), by_name_of);
    return (int64_t)n;
}

/* ---- what the page shows ---- */

/* The release NAME of this kind on the page, or NULL. */
static struct index_row *find_on_page(const struct index_list *l, struct str name, bool v2)
{
    const struct index_row key = { .name = name, .v2 = v2 };
    const struct index_row *at = &key;
    struct index_row **found =
        str_absent(name) ? NULL
                         : bsearch(&at, l->page_by_name, l->n_page, sizeof *l->page_by_name, by_name_of);
    return found != NULL ? *found : NULL;
}

/* The release on the page that is served as NAME, or NULL. */
static struct index_row *find_served_on_page(const struct index_list *l, struct str name)
{
    struct index_row *row = find_on_page(l, name, true);
    row = row != NULL ? row : find_on_page(l, name, false);
    return row != NULL && !row->hidden ? row : NULL;
}

static void add_use(struct index_row *row, const struct db_rows *rows, const char *as)
{
    if (row == NULL || row->uses++ >= RELEASE_INDEX_RULES_MAX) {
        return;
    }
    static const char *const names[] = { "alias", "product", "channel" };
    cJSON *use = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddNumberToObject(use, "rule_id", (double)db_int(rows, 0)));
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        cJSON_AddItemToObject(use, names[i],
                              db_is_null(rows, i + 1) ? mem_check(cJSON_CreateNull())
                                                      : json_text(db_text(rows, i + 1)));
    }
    mem_check(cJSON_AddStringToObject(use, "as", as));
    cJSON_AddItemToArray(row->used_by, use);
}

static bool read_uses(struct index_list *l, struct error *e)
{
    struct db_rows *rows = db_query(l->tx->db,
                                    "SELECT rule_id, alias, product, channel, mapping, fallbackMapping"
                                    " FROM rules ORDER BY rule_id",
                                    NULL, 0, e);
    for (size_t i = 0; i < l->n_page; i++) {
        l->page[i]->used_by = tx_keep(l->tx, mem_check(cJSON_CreateArray()));
    }
    while (db_next(rows, e)) {
        add_use(find_served_on_page(l, db_text(rows, 4)), rows, "mapping");
        add_use(find_served_on_page(l, db_text(rows, 5)), rows, "fallbackMapping");
    }
    return db_finish(rows);
}

/* Runs a query with the names of the page, in brackets, between BEFORE and AFTER. */
static struct db_rows *query_page(struct index_list *l, const char *before, const char *after,
                                  struct error *e)
{
    struct db_value name[RELEASE_INDEX_PAGE_MAX];
    char *marks = mem_strdup(l->tx->mem, "?");
    for (size_t i = 0; i < l->n_page; i++) {
        name[i] = DB_S(l->page[i]->name);
        marks = i == 0 ? marks : mem_printf(l->tx->mem, "%s, ?", marks);
    }
    return db_query(l->tx->db, mem_printf(l->tx->mem, "%s (%s) %s", before, marks, after), name, l->n_page,
                    e);
}

/* The value that TEXT says, if it is of this type; else NULL. */
static cJSON *scalar_of(struct tx *tx, struct str text, cJSON_bool (*is_type)(const cJSON *value))
{
    struct error ignored;
    cJSON *value = str_absent(text) ? NULL : tx_keep(tx, json_parse(text, &ignored));
    return value != NULL && is_type(value) ? value : NULL;
}

/* Takes the versions from BLOB, which may be a large text and is not parsed for that. */
static void take_versions(struct tx *tx, struct index_row *row, struct str blob)
{
    static const struct str keys[] = { { "schema_version", 14 }, { "displayVersion", 14 } };
    struct str text[ARRAY_LEN(keys)];
    json_scan(blob, keys, ARRAY_LEN(keys), text);
    row->schema_version = scalar_of(tx, text[0], cJSON_IsNumber);
    row->display_version = scalar_of(tx, text[1], cJSON_IsString);
}

/* Reads what the table of this kind has of the page's releases. */
static bool read_columns(struct index_list *l, bool v2, struct error *e)
{
    const char *sql =
        mem_printf(l->tx->mem,
                   "SELECT name, read_only, data_version, LENGTH(data), IF(LENGTH(data) <= %d, data, NULL)"
                   " FROM %s WHERE name IN",
                   RELEASE_INDEX_READ_MAX, v2 ? "releases_json" : "releases");
    struct db_rows *rows = query_page(l, sql, "", e);
    while (db_next(rows, e)) {
        struct index_row *row = find_on_page(l, db_text(rows, 0), v2);
        struct index_row *other = find_on_page(l, db_text(rows, 0), !v2);
        if (row != NULL) {
            row->read_only = db_int(rows, 1) != 0;
            row->data_version = db_int(rows, 2);
            row->size += db_int(rows, 3);
            take_versions(l->tx, row, db_text(rows, 4));
        }
        if (other != NULL && v2) {
            other->hidden = true;
        }
    }
    return db_finish(rows);
}

static bool read_pins(struct index_list *l, struct error *e)
{
    struct db_rows *rows = query_page(l, "SELECT mapping, COUNT(*) FROM pinnable_releases WHERE mapping IN",
                                      "GROUP BY BINARY mapping", e);
    while (db_next(rows, e)) {
        struct index_row *row = find_served_on_page(l, db_text(rows, 0));
        if (row != NULL) {
            row->pins = db_int(rows, 1);
        }
    }
    return db_finish(rows);
}

static bool read_parts(struct index_list *l, struct error *e)
{
    struct db_rows *rows =
        query_page(l, "SELECT name, COUNT(*), SUM(LENGTH(data)) FROM release_assets WHERE name IN",
                   "GROUP BY BINARY name", e);
    while (db_next(rows, e)) {
        struct index_row *row = find_on_page(l, db_text(rows, 0), true);
        if (row != NULL) {
            row->parts = db_int(rows, 1);
            row->size += db_int(rows, 2);
        }
    }
    return db_finish(rows);
}

static bool read_last_changes(struct index_list *l, struct error *e)
{
    struct db_rows *rows = query_page(
        l,
        "SELECT last.v2, last.name, h.timestamp, h.changed_by FROM"
        " (SELECT tbl <> 'releases' AS v2, name, MAX(change_id) AS change_id FROM balrog_release_heads"
        " WHERE tbl IN ('releases', 'releases_json', 'release_assets') AND name IN",
        "GROUP BY v2, name) last JOIN balrog_release_history h ON h.change_id = last.change_id", e);
    while (db_next(rows, e)) {
        struct index_row *row = find_on_page(l, db_text(rows, 1), db_int(rows, 0) != 0);
        if (row != NULL) {
            row->changed_at = db_int(rows, 2);
            row->changed_by = mem_str(l->tx->mem, db_text(rows, 3));
        }
    }
    return db_finish(rows);
}

static cJSON *text_or_null(struct str s)
{
    return str_absent(s) ? mem_check(cJSON_CreateNull()) : json_text(s);
}

static cJSON *number_or_null(bool is, int64_t n)
{
    return mem_check(is ? cJSON_CreateNumber((double)n) : cJSON_CreateNull());
}

static void add_or_null(cJSON *json, const char *name, cJSON *value)
{
    if (value != NULL) {
        cJSON_AddItemReferenceToObject(json, name, value);
    } else {
        mem_check(cJSON_AddNullToObject(json, name));
    }
}

/* {"kind", "id", "parts"}: as in the list of all that is pending. */
static cJSON *pending_json(const struct index_row *row)
{
    if (row->pending == 0) {
        return mem_check(cJSON_CreateNull());
    }
    cJSON *pending = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddStringToObject(pending, "kind", row->v2 ? "v2/releases" : "releases"));
    cJSON_AddItemToObject(pending, "id", row->v2 ? json_text(row->name) : number_or_null(true, row->sc_id));
    mem_check(cJSON_AddNumberToObject(pending, "parts", (double)row->pending));
    return pending;
}

static bool add_details(struct index_list *l, const struct index_row *row, cJSON *json, struct error *e)
{
    const char *name = mem_strndup(l->tx->mem, row->name.p, row->name.n);
    const char *product =
        str_absent(row->product) ? NULL : mem_strndup(l->tx->mem, row->product.p, row->product.n);
    cJSON *needs = signoff_needs_new(l->tx), *writable = signoff_needs_new(l->tx);
    if (!signoff_need_release(l->tx, name, needs, e) ||
        !signoff_need_writable(l->tx, name, product, writable, e)) {
        return false;
    }
    cJSON_AddItemToObject(json, "data_version", number_or_null(true, row->data_version));
    mem_check(cJSON_AddBoolToObject(json, "read_only", row->read_only));
    mem_check(cJSON_AddNumberToObject(json, "size", (double)row->size));
    add_or_null(json, "schema_version", row->schema_version);
    add_or_null(json, "display_version", row->display_version);
    cJSON_AddItemToObject(json, "parts", number_or_null(row->v2, row->parts));
    cJSON_AddItemReferenceToObject(json, "used_by", row->used_by);
    mem_check(cJSON_AddNumberToObject(json, "used_by_count", (double)row->uses));
    mem_check(cJSON_AddNumberToObject(json, "pins", (double)row->pins));
    cJSON_AddItemToObject(json, "pending", pending_json(row));
    cJSON_AddItemReferenceToObject(json, "required_signoffs", needs);
    cJSON_AddItemReferenceToObject(json, "writable_signoffs", writable);
    if (l->q->changes) {
        cJSON_AddItemToObject(json, "changed_at", number_or_null(row->changed_at != 0, row->changed_at));
        cJSON_AddItemToObject(json, "changed_by", text_or_null(row->changed_by));
    }
    return true;
}

static bool print_page(struct index_list *l, cJSON *releases, struct error *e)
{
    for (size_t i = 0; i < l->n_page; i++) {
        const struct index_row *row = l->page[i];
        cJSON *json = mem_check(cJSON_CreateObject());
        cJSON_AddItemToArray(releases, json);
        cJSON_AddItemToObject(json, "name", json_text(row->name));
        cJSON_AddItemToObject(json, "product", text_or_null(row->product));
        mem_check(cJSON_AddStringToObject(json, "kind", row->v2 ? "v2" : "v1"));
        if (!l->q->names_only && !add_details(l, row, json, e)) {
            return false;
        }
    }
    return true;
}

bool release_index(struct tx *tx, const struct release_index_query *q, cJSON **releases, int64_t *count,
                   struct error *e)
{
    struct index_list l = { .tx = tx, .q = q };
    *releases = tx_keep(tx, mem_check(cJSON_CreateArray()));
    if (!read_rows(&l, e) || (q->state == STATE_MAPPED && !mark_mapped(&l, e)) || !mark_pending(&l, e) ||
        (q->by_change && !mark_changes(&l, e))) {
        return false;
    }
    *count = choose_page(&l);
    if (q->names_only || l.n_page == 0) {
        return print_page(&l, *releases, e);
    }
    return read_columns(&l, false, e) && read_columns(&l, true, e) && read_pins(&l, e) && read_uses(&l, e) &&
           read_parts(&l, e) && (!q->changes || read_last_changes(&l, e)) && signoff_prefetch(tx, e) &&
           print_page(&l, *releases, e);
}
