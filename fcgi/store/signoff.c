/* The two tables of required sign-offs are read whole: they are small, and a list of scheduled changes looks
 * through them for each of its changes. Which rules map to a release is asked by name, or, for lists, read
 * whole too: then the rows are sorted by the release's name and searched. */
#include "store/signoff.h"

#include "store/write.h"

#include <stdlib.h>

/* A rule that maps to the release NAME. */
struct mapping {
    const char *name;
    const char *product; /* NULL: all */
    const char *channel;
};

/* Sorted by name. */
struct mappings {
    struct mapping *item;
    size_t n;
};

/* A row of either table of required sign-offs. */
struct required {
    const char *product, *channel, *role;
    int64_t count;
};

struct requirements {
    struct required *item;
    size_t n;
};

struct signoff_cache {
    struct requirements *products;    /* product_req_signoffs, or NULL: not read yet */
    struct requirements *permissions; /* permissions_req_signoffs */
    struct mappings *mappings;        /* of all releases, or NULL: not read */
    struct mappings *asked;           /* of the release that was asked for last, or NULL */
    const char *asked_name;
};

static struct signoff_cache *cache_of(struct tx *tx)
{
    if (tx->signoff == NULL) {
        tx->signoff = mem_new(tx->mem, struct signoff_cache);
    }
    return tx->signoff;
}

void signoff_forget(struct tx *tx)
{
    tx->signoff = NULL; /* goes with the attempt */
}

/* ---- needs ---- */

cJSON *needs_new(struct tx *tx)
{
    return tx_keep(tx, mem_check(cJSON_CreateObject()));
}

void needs_add(cJSON *needs, const char *role, int64_t count)
{
    cJSON *had = cJSON_GetObjectItemCaseSensitive(needs, role);
    if (had == NULL) {
        mem_check(cJSON_AddNumberToObject(needs, role, (double)count));
    } else if (had->valuedouble < (double)count) {
        cJSON_SetNumberValue(had, (double)count);
    }
}

bool needs_any(const cJSON *needs)
{
    return needs->child != NULL;
}

bool signoff_verify(const cJSON *needs, const cJSON *given, struct error *e)
{
    if (!needs_any(needs)) {
        return true;
    }
    if (given == NULL || given->child == NULL) {
        return fail(e, FAIL_SIGNOFF, "No Signoffs given");
    }
    for (const cJSON *need = needs->child; need != NULL; need = need->next) {
        double n = 0;
        for (const cJSON *one = given->child; one != NULL; one = one->next) {
            n += cJSON_IsString(one) && strcmp(one->valuestring, need->string) == 0;
        }
        if (n < need->valuedouble) {
            return fail(e, FAIL_SIGNOFF, "Not enough signoffs for role '%s'", need->string);
        }
    }
    return true;
}

/* ---- required sign-offs ---- */

/* Reads T into *ALL, unless that was done. */
static bool read_table(struct tx *tx, const struct table *t, struct requirements **all, struct error *e)
{
    cJSON *rows;
    struct table_query q = { .table = t, .tail = tx_share(tx) };
    if (*all != NULL) {
        return true;
    }
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    struct requirements *r = mem_new(tx->mem, struct requirements);
    r->item = mem_array(r, struct required, (size_t)cJSON_GetArraySize(rows));
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        r->item[r->n++] = (struct required){ .product = row_text(row, "product"),
                                             .channel = row_text(row, "channel"),
                                             .role = row_text(row, "role"),
                                             .count = row_int(row, "signoffs_required") };
    }
    *all = r;
    return true;
}

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Whether a rule for CHANNEL serves the channel REQUIRED. */
static bool covers(const char *channel, const char *required)
{
    struct str c = str_of(channel);
    if (c.n == 0) {
        return true;
    }
    if (!str_ends(c, STR("*"))) {
        return same(channel, required);
    }
    return c.n >= 3 && str_starts(str_of(required), str_slice(c, 0, c.n - 1));
}

bool signoff_need_product(struct tx *tx, const char *product, const char *channel, cJSON *needs,
                          struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    bool any = product == NULL || product[0] == '\0';
    if (!read_table(tx, &table_product_req_signoffs, &cache->products, e)) {
        return false;
    }
    for (size_t i = 0; i < cache->products->n; i++) {
        const struct required *r = &cache->products->item[i];
        if ((any || same(product, r->product)) && covers(channel, r->channel)) {
            needs_add(needs, r->role, r->count);
        }
    }
    return true;
}

bool signoff_need_permission(struct tx *tx, const char *product, cJSON *needs, struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    if (!read_table(tx, &table_permissions_req_signoffs, &cache->permissions, e)) {
        return false;
    }
    for (size_t i = 0; i < cache->permissions->n; i++) {
        const struct required *r = &cache->permissions->item[i];
        if (product == NULL || same(product, r->product)) {
            needs_add(needs, r->role, r->count);
        }
    }
    return true;
}

bool signoff_need_required(struct tx *tx, const char *product, const char *channel, cJSON *needs,
                           struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    if (channel == NULL) {
        return product == NULL || signoff_need_permission(tx, product, needs, e);
    }
    if (!read_table(tx, &table_product_req_signoffs, &cache->products, e)) {
        return false;
    }
    for (size_t i = 0; i < cache->products->n; i++) {
        const struct required *r = &cache->products->item[i];
        if (same(product, r->product) && same(channel, r->channel)) {
            needs_add(needs, r->role, r->count);
        }
    }
    return true;
}

/* ---- releases ---- */

static const char *keep_text(struct mappings *m, struct str s)
{
    return str_absent(s) ? NULL : mem_strndup(m->item, s.p, s.n);
}

/* Adds what a row (mapping, fallbackMapping, product, channel) says. */
static void add_mappings(struct mappings *m, const struct db_rows *row)
{
    size_t places = talloc_array_length(m->item);
    if (m->n + 2 > places) {
        m->item = mem_resize(m, m->item, struct mapping, places * 2);
    }
    for (unsigned i = 0; i < 2; i++) {
        if (!db_is_null(row, i)) {
            m->item[m->n++] = (struct mapping){ .name = keep_text(m, db_text(row, i)),
                                                .product = keep_text(m, db_text(row, 2)),
                                                .channel = keep_text(m, db_text(row, 3)) };
        }
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct mapping *)a)->name, ((const struct mapping *)b)->name);
}

/* Reads those rules for which MORE (a condition with N times NAME for its '?') holds. */
static struct mappings *read_mappings(struct tx *tx, const char *more, const char *name, size_t n,
                                      struct error *e)
{
    bool failed = false;
    const struct db_value params[] = { DB_S(str_of(name)), DB_S(str_of(name)) };
    char *sql = mem_printf(tx->mem, "SELECT mapping, fallbackMapping, product, channel FROM rules%s%s", more,
                           tx_share(tx));
    struct mappings *m = mem_new(tx->mem, struct mappings);
    m->item = mem_array(m, struct mapping, 16);
    struct db_rows *rows = db_query(tx->db, sql, params, n, e);
    while (rows != NULL && db_next(rows, &failed, e)) {
        add_mappings(m, rows);
    }
    failed |= rows == NULL;
    db_rows_close(rows);
    qsort(m->item, m->n, sizeof *m->item, by_name);
    return failed ? NULL : m;
}

bool signoff_prefetch(struct tx *tx, struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    if (cache->mappings == NULL) {
        cache->mappings = read_mappings(tx, "", NULL, 0, e);
    }
    return cache->mappings != NULL;
}

/* Where NAME begins in M, or would. */
static size_t find_mapping(const struct mappings *m, const char *name)
{
    size_t from = 0, to = m->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(m->item[middle].name, name) < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

/* Those that were prefetched, or at least those of NAME. NULL on failure. */
static const struct mappings *mappings_of(struct tx *tx, const char *name, struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    if (cache->mappings != NULL || same(name, cache->asked_name)) {
        return cache->mappings != NULL ? cache->mappings : cache->asked;
    }
    struct mappings *m = read_mappings(tx, " WHERE mapping = ? OR fallbackMapping = ?", name, 2, e);
    if (m != NULL) {
        cache->asked = m;
        cache->asked_name = mem_strndup(m, name, strlen(name));
    }
    return m;
}

bool signoff_need_release(struct tx *tx, const char *name, cJSON *needs, struct error *e)
{
    const struct mappings *m = mappings_of(tx, name, e);
    if (m == NULL) {
        return false;
    }
    for (size_t i = find_mapping(m, name); i < m->n && strcmp(m->item[i].name, name) == 0; i++) {
        if (!signoff_need_product(tx, m->item[i].product, m->item[i].channel, needs, e)) {
            return false;
        }
    }
    return true;
}

bool signoff_need_writable(struct tx *tx, const char *name, const char *product, cJSON *needs,
                           struct error *e)
{
    cJSON *mapped = needs_new(tx);
    if (!signoff_need_release(tx, name, mapped, e) ||
        (!needs_any(mapped) && !signoff_need_product(tx, product, NULL, mapped, e))) {
        return false;
    }
    for (const cJSON *need = mapped->child; need != NULL; need = need->next) {
        needs_add(needs, need->string, (int64_t)need->valuedouble);
    }
    return true;
}
