/* See reader.h. Names are compared again here, byte for byte, because an adopted database may have a
 * collation for which "Firefox" and "firefox " are equal.
 *
 * The stamp of a release is computed from its row in either table and from its assets. Each asset adds a
 * number of its own, so that the number of one asset can be replaced without reading the others. */
#include "store/reader.h"

#include <stdlib.h>

bool reader_begin(struct db *db, struct error *e)
{
    return db_exec(db, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", e);
}

bool reader_end(struct db *db, struct error *e)
{
    return db_exec(db, "COMMIT", e);
}

/* ---- helpers ---- */

/* Calls ROW for each row of the result of SQL. */
static bool each_row(struct db *db, const char *sql, const struct db_value *params, size_t n,
                     void (*row)(const struct db_rows *rows, void *arg), void *arg, struct error *e)
{
    struct db_rows *rows = db_query(db, sql, params, n, e);
    while (db_next(rows, e)) {
        row(rows, arg);
    }
    return db_finish(rows);
}

static struct str copy_column(void *ctx, const struct db_rows *rows, unsigned i)
{
    return mem_str(ctx, db_text(rows, i));
}

/* An array that grows by doubling. New elements are zeroed. */
struct row_array {
    void *ctx;   /* who owns it */
    size_t size; /* of an element */
    size_t n;
    char *p;
};

static void *row_array_add(struct row_array *list)
{
    list->p = mem_grow_array(list->ctx, list->p, list->size, list->n);
    return memset(list->p + list->n++ * list->size, 0, list->size);
}

/* ---- the small tables ---- */

#define RULES_COLUMNS                                                                                        \
    "SELECT rule_id, data_version, priority, backgroundRate, jaws, mig64, mapping, fallbackMapping, "        \
    "update_type, product, version, channel, buildTarget, buildID, locale, osVersion, memory, "              \
    "instructionSet, distribution, distVersion, headerArchitecture FROM rules "
#define RULES RULES_COLUMNS "ORDER BY rule_id"
#define RULES_OF RULES_COLUMNS "WHERE product IS NULL OR product = ? ORDER BY rule_id"
#define PINS                                                                                                 \
    "SELECT product, version, channel, mapping FROM pinnable_releases ORDER BY product, version, channel"
#define SHARED " LOCK IN SHARE MODE"
static const char SHUTOFFS[] = "SELECT product, channel FROM emergency_shutoffs ORDER BY product, channel";
/* As rules, of which they lack five columns. */
static const char STOPS[] =
    "SELECT stop_id, data_version, NULL, NULL, jaws, mig64, NULL, NULL, NULL, product, version, channel, "
    "buildTarget, buildID, locale, osVersion, memory, instructionSet, distribution, distVersion, "
    "headerArchitecture FROM balrog_partial_stops ORDER BY stop_id";

/* The first column of RULES that is a text; the others follow in the order of rule_row_text. */
enum { FIRST_TEXT = 6 };

static enum tristate tristate_column(const struct db_rows *rows, unsigned i)
{
    return db_is_null(rows, i) ? TRI_UNKNOWN : db_int(rows, i) != 0 ? TRI_TRUE : TRI_FALSE;
}

static void add_rule(const struct db_rows *rows, void *arg)
{
    struct row_array *list = arg;
    struct rule_row *rule = row_array_add(list);
    rule->rule_id = db_int(rows, 0);
    rule->data_version = db_int(rows, 1);
    rule->has_priority = !db_is_null(rows, 2);
    rule->priority = db_int(rows, 2);
    rule->has_background_rate = !db_is_null(rows, 3);
    rule->background_rate = db_int(rows, 3);
    rule->jaws = tristate_column(rows, 4);
    rule->mig64 = tristate_column(rows, 5);
    for (unsigned i = 0; i < RULE_ROW_TEXTS; i++) {
        *(struct str *)((char *)rule + rule_row_text[i]) = copy_column(list->ctx, rows, FIRST_TEXT + i);
    }
}

static void add_pin(const struct db_rows *rows, void *arg)
{
    struct row_array *list = arg;
    struct pin_row *pin = row_array_add(list);
    pin->product = copy_column(list->ctx, rows, 0);
    pin->version = copy_column(list->ctx, rows, 1);
    pin->channel = copy_column(list->ctx, rows, 2);
    pin->mapping = copy_column(list->ctx, rows, 3);
}

static void add_shutoff(const struct db_rows *rows, void *arg)
{
    struct row_array *list = arg;
    struct shutoff_row *shutoff = row_array_add(list);
    shutoff->product = copy_column(list->ctx, rows, 0);
    shutoff->channel = copy_column(list->ctx, rows, 1);
}

bool reader_rules(struct db *db, void *ctx, bool shared, struct rule_row **rows, size_t *n, struct error *e)
{
    struct row_array list = { .ctx = ctx, .size = sizeof(struct rule_row) };
    bool ok = each_row(db, shared ? RULES SHARED : RULES, NULL, 0, add_rule, &list, e);
    *rows = (struct rule_row *)(void *)list.p;
    *n = list.n;
    return ok;
}

bool reader_rules_of(struct db *db, void *ctx, struct str product, struct rule_row **rows, size_t *n,
                     struct error *e)
{
    struct row_array list = { .ctx = ctx, .size = sizeof(struct rule_row) };
    const struct db_value param = DB_S(product);
    bool ok = each_row(db, RULES_OF, &param, 1, add_rule, &list, e);
    *rows = (struct rule_row *)(void *)list.p;
    *n = list.n;
    return ok;
}

bool reader_pins(struct db *db, void *ctx, bool shared, struct pin_row **rows, size_t *n, struct error *e)
{
    struct row_array list = { .ctx = ctx, .size = sizeof(struct pin_row) };
    bool ok = each_row(db, shared ? PINS SHARED : PINS, NULL, 0, add_pin, &list, e);
    *rows = (struct pin_row *)(void *)list.p;
    *n = list.n;
    return ok;
}

bool reader_shutoffs(struct db *db, void *ctx, struct shutoff_row **rows, size_t *n, struct error *e)
{
    struct row_array list = { .ctx = ctx, .size = sizeof(struct shutoff_row) };
    bool ok = each_row(db, SHUTOFFS, NULL, 0, add_shutoff, &list, e);
    *rows = (struct shutoff_row *)(void *)list.p;
    *n = list.n;
    return ok;
}

bool reader_stops(struct db *db, void *ctx, struct rule_row **rows, size_t *n, struct error *e)
{
    struct row_array list = { .ctx = ctx, .size = sizeof(struct rule_row) };
    bool ok = each_row(db, STOPS, NULL, 0, add_rule, &list, e);
    *rows = (struct rule_row *)(void *)list.p;
    *n = list.n;
    return ok;
}

/* ---- stamps ---- */

static const uint64_t HASH_START = 14695981039346656037u;

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ bytes[i]) * 1099511628211u;
    }
    return h;
}

static uint64_t hash_text(uint64_t h, struct str text)
{
    size_t length = str_absent(text) ? SIZE_MAX : text.n;
    return hash_bytes(hash_bytes(h, &length, sizeof(length)), text.p, text.n);
}

static void hash_row(const struct db_rows *rows, void *arg)
{
    uint64_t *h = arg;
    for (unsigned i = 0; i < db_columns(rows); i++) {
        *h = hash_text(*h, db_text(rows, i));
    }
}

/* The small tables are hashed with all columns: a row that was deleted and inserted again may have the same
 * data_version as before. */
bool reader_table_stamps(struct db *db, struct table_stamps *stamps, struct error *e)
{
    *stamps = (struct table_stamps){ HASH_START, HASH_START, HASH_START, HASH_START };
    return each_row(db, RULES, NULL, 0, hash_row, &stamps->rules, e) &&
           each_row(db, PINS, NULL, 0, hash_row, &stamps->pins, e) &&
           each_row(db, SHUTOFFS, NULL, 0, hash_row, &stamps->shutoffs, e) &&
           each_row(db, STOPS, NULL, 0, hash_row, &stamps->stops, e);
}

/* The data_versions of one release in the three tables. */
struct versions {
    struct str name;
    bool v1, v2;
    int64_t v1_version, v2_version;
    uint64_t assets; /* the sum of the stamps of its assets */
};

/* The stamp of an asset is a checksum of its path and data_version, plus 2^32, so that the sum of the stamps
 * also depends on the number of assets. */
#define ASSET_STAMP "(CRC32(CONCAT(path, ':', data_version)) + 4294967296)"

/* The stamp of its rows in releases and releases_json; 0 if it has none. */
static uint64_t rows_stamp(const struct versions *v)
{
    uint64_t parts[] = { v->v1, (uint64_t)v->v1_version, v->v2, (uint64_t)v->v2_version };
    return v->v1 || v->v2 ? hash_bytes(HASH_START, parts, sizeof(parts)) : 0;
}

static void add_v1(const struct db_rows *rows, void *arg)
{
    struct row_array *list = arg;
    struct versions *v = row_array_add(list);
    v->name = copy_column(list->ctx, rows, 0);
    v->v1 = true;
    v->v1_version = db_int(rows, 1);
}

static void add_v2(const struct db_rows *rows, void *arg)
{
    struct row_array *list = arg;
    struct versions *v = row_array_add(list);
    v->name = copy_column(list->ctx, rows, 0);
    v->v2 = true;
    v->v2_version = db_int(rows, 1);
}

static void add_assets(const struct db_rows *rows, void *arg)
{
    struct row_array *list = arg;
    struct versions *v = row_array_add(list);
    v->name = copy_column(list->ctx, rows, 0);
    v->assets = (uint64_t)db_int(rows, 1);
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct versions *)a)->name, ((const struct versions *)b)->name);
}

/* Merges the elements that have the same name; V is sorted by name. Returns the number of names. */
static size_t merge_versions(struct versions *v, size_t n)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (m == 0 || !str_eq(v[m - 1].name, v[i].name)) {
            v[m++] = v[i];
            continue;
        }
        struct versions *to = &v[m - 1];
        to->v1 |= v[i].v1;
        to->v2 |= v[i].v2;
        to->v1_version += v[i].v1_version;
        to->v2_version += v[i].v2_version;
        to->assets += v[i].assets;
    }
    return m;
}

bool reader_release_stamps(struct db *db, void *ctx, struct release_stamp **stamps, size_t *n,
                           struct error *e)
{
    struct row_array list = { .ctx = ctx, .size = sizeof(struct versions) };
    bool ok = each_row(db, "SELECT name, data_version FROM releases", NULL, 0, add_v1, &list, e) &&
              each_row(db, "SELECT name, data_version FROM releases_json", NULL, 0, add_v2, &list, e) &&
              each_row(db,
                       "SELECT MIN(name), CAST(SUM(" ASSET_STAMP ") AS SIGNED) "
                       "FROM release_assets GROUP BY BINARY name",
                       NULL, 0, add_assets, &list, e);
    struct versions *versions = (struct versions *)(void *)list.p;
    if (list.n > 0) {
        qsort(versions, list.n, sizeof(*versions), by_name);
    }
    *n = ok ? merge_versions(versions, list.n) : 0;
    *stamps = mem_array(ctx, struct release_stamp, *n);
    for (size_t i = 0; i < *n; i++) {
        struct release_stamps one = { .rows = rows_stamp(&versions[i]), .assets = versions[i].assets };
        (*stamps)[i] = (struct release_stamp){ versions[i].name, release_stamps_sum(&one) };
    }
    talloc_free(versions);
    return ok;
}

/* ---- one release ---- */

/* A release while it is being read: its name, and what was found so far. */
struct reading {
    struct str name;
    struct versions versions;
    struct str v1_product, v1_json, v2_product, v2_json;
    struct row_array assets; /* its ctx owns all texts */
};

static void take_v2(const struct db_rows *rows, void *arg)
{
    struct reading *r = arg;
    if (str_eq(db_text(rows, 0), r->name)) {
        r->versions.v2 = true;
        r->versions.v2_version = db_int(rows, 1);
        r->v2_product = copy_column(r->assets.ctx, rows, 2);
        r->v2_json = copy_column(r->assets.ctx, rows, 3);
    }
}

static void take_v1(const struct db_rows *rows, void *arg)
{
    struct reading *r = arg;
    if (str_eq(db_text(rows, 0), r->name)) {
        r->versions.v1 = true;
        r->versions.v1_version = db_int(rows, 1);
        r->v1_product = copy_column(r->assets.ctx, rows, 2);
        r->v1_json = copy_column(r->assets.ctx, rows, 3);
    }
}

static void take_asset(const struct db_rows *rows, void *arg)
{
    struct reading *r = arg;
    if (str_eq(db_text(rows, 0), r->name)) {
        struct release_asset *asset = row_array_add(&r->assets);
        asset->path = copy_column(r->assets.ctx, rows, 1);
        asset->json = copy_column(r->assets.ctx, rows, 2);
        asset->stamp = (uint64_t)db_int(rows, 3);
        r->versions.assets += asset->stamp;
    }
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct release_asset *)a)->path, ((const struct release_asset *)b)->path);
}

/* Whether this JSON is false in Python: null, {}, [], … */
static bool is_nothing(struct str json)
{
    static const char *const nothings[] = { "", "null", "false", "0", "\"\"", "{}", "[]" };
    char text[8];
    size_t n = 0;
    for (size_t i = 0; i < json.n; i++) {
        if (str_contains(STR(" \t\r\n"), (struct str){ json.p + i, 1 })) {
            continue;
        }
        if (n == sizeof(text)) {
            return false;
        }
        text[n++] = json.p[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(nothings); i++) {
        if (str_eq((struct str){ text, n }, str_of(nothings[i]))) {
            return true;
        }
    }
    return false;
}

static struct reading reading_of(void *ctx, struct str name)
{
    return (struct reading){ .name = name, .assets = { .ctx = ctx, .size = sizeof(struct release_asset) } };
}

static bool read_v2(struct db *db, struct reading *r, struct error *e)
{
    struct db_value by_its_name = DB_S(r->name);
    return each_row(db, "SELECT name, data_version, product, data FROM releases_json WHERE name = ?",
                    &by_its_name, 1, take_v2, r, e);
}

static bool read_v1(struct db *db, bool with_data, struct reading *r, struct error *e)
{
    struct db_value params[] = { DB_I(with_data), DB_S(r->name) };
    return each_row(db, "SELECT name, data_version, product, IF(?, data, NULL) FROM releases WHERE name = ?",
                    params, 2, take_v1, r, e);
}

static struct release_stamps stamps_of(const struct reading *r)
{
    return (struct release_stamps){ .rows = rows_stamp(&r->versions),
                                    .assets = r->versions.assets,
                                    .base = hash_text(hash_text(HASH_START, r->v2_product), r->v2_json) };
}

bool reader_base(struct db *db, struct str name, struct release_stamps *stamps, struct error *e)
{
    void *tmp = mem_check(talloc_new(NULL));
    struct reading r = reading_of(tmp, name);
    bool ok = read_v2(db, &r, e) && read_v1(db, false, &r, e);
    *stamps = stamps_of(&r);
    talloc_free(tmp);
    return ok;
}

bool reader_asset(struct db *db, void *ctx, struct str name, struct str path, struct release_asset *asset,
                  bool *found, struct error *e)
{
    struct reading r = reading_of(ctx, name);
    struct db_value by_name_and_path[] = { DB_S(name), DB_S(path) };
    bool ok = each_row(db,
                       "SELECT name, path, data, " ASSET_STAMP " FROM release_assets "
                       "WHERE name = ? AND path = ?",
                       by_name_and_path, 2, take_asset, &r, e);
    const struct release_asset *rows = (const struct release_asset *)(const void *)r.assets.p;
    *found = ok && r.assets.n == 1 && str_eq(rows->path, path);
    if (*found) {
        *asset = *rows;
    }
    return ok;
}

static bool read_assets(struct db *db, struct reading *r, struct error *e)
{
    struct db_value by_its_name = DB_S(r->name);
    if (!each_row(db, "SELECT name, path, data, " ASSET_STAMP " FROM release_assets WHERE name = ?",
                  &by_its_name, 1, take_asset, r, e)) {
        return false;
    }
    if (r->assets.n > 0) {
        qsort(r->assets.p, r->assets.n, r->assets.size, by_path);
    }
    return true;
}

static struct release_parts parts_of(const struct reading *r)
{
    return (struct release_parts){
        .v1 = r->versions.v1,
        .v2 = r->versions.v2,
        .v1_product = r->v1_product,
        .v1_json = r->v1_json,
        .v2_product = r->v2_product,
        .v2_json = r->v2_json,
        .assets = (struct release_asset *)(void *)r->assets.p,
        .n_assets = r->assets.n,
    };
}

static bool is_v2(const struct release_parts *parts)
{
    return parts->n_assets > 0 || !is_nothing(parts->v2_json);
}

bool release_row_of_parts(struct str name, const struct release_parts *parts, struct release_row *row)
{
    bool v2 = is_v2(parts);
    *row = (struct release_row){
        .name = name,
        .product = v2 ? parts->v2_product : parts->v1_product,
        .json = !v2                          ? parts->v1_json
                : is_nothing(parts->v2_json) ? STR_NONE
                                             : parts->v2_json,
        .assets = parts->assets,
        .n_assets = parts->n_assets,
    };
    return v2 || parts->v1;
}

bool reader_release_parts(struct db *db, void *ctx, struct str name, struct release_parts *parts,
                          struct error *e)
{
    struct reading r = reading_of(ctx, name);
    bool ok = read_v2(db, &r, e) && read_assets(db, &r, e) && read_v1(db, true, &r, e);
    *parts = parts_of(&r);
    return ok;
}

bool reader_release(struct db *db, void *ctx, struct str name, struct release_row *row,
                    struct release_stamps *stamps, bool *found, struct error *e)
{
    struct reading r = reading_of(ctx, name);
    if (!read_v2(db, &r, e) || !read_assets(db, &r, e)) {
        return false;
    }
    struct release_parts parts = parts_of(&r);
    if (!read_v1(db, !is_v2(&parts), &r, e)) {
        return false;
    }
    parts = parts_of(&r);
    *found = release_row_of_parts(mem_str(ctx, name), &parts, row);
    *stamps = stamps_of(&r);
    return true;
}
