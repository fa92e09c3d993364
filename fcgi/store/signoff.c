/* The two tables of required sign-offs are read as a whole: they are small, and a list of scheduled changes
 * searches them for each of its changes. What leads to a release is read by the name of the release; for
 * lists it is read for all releases at once, sorted by their names. */
#include "store/signoff.h"

#include "core/tree.h"
#include "store/release_links.h"
#include "store/row.h"

#include <stdlib.h>

/* A rule or pin that leads to the release NAME, directly or through a superblob. */
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
    struct required **by_product; /* the same, sorted by product; those of one product in their order */
    cJSON *all;                   /* what all of them together need */
};

/* What was read. It is used until a table on which it rests is written. */
struct signoff_cache {
    unsigned writes;                  /* to these tables, when the first of it was read */
    struct requirements *products;    /* product_req_signoffs, or NULL: not read yet */
    struct requirements *permissions; /* permissions_req_signoffs */
    struct mappings *mappings;        /* of all releases, or NULL: not read */
    struct tree_index *hidden; /* {v1 release to be deleted: whether a v2 one hides it}, or NULL: not read */
    struct mappings *asked;    /* of the release that was asked for last, or NULL */
    const char *asked_name;
};

static unsigned count_writes(const struct tx *tx)
{
    return tx_writes(tx, &table_rules) + tx_writes(tx, &table_pinnable_releases) +
           tx_writes(tx, &table_product_req_signoffs) + tx_writes(tx, &table_permissions_req_signoffs);
}

static struct signoff_cache *cache_of(struct tx *tx)
{
    unsigned writes = count_writes(tx);
    if (tx->signoff == NULL || tx->signoff->writes != writes) {
        tx->signoff = mem_new(tx->lasting, struct signoff_cache);
        tx->signoff->writes = writes;
    }
    return tx->signoff;
}

/* ---- needs ---- */

cJSON *signoff_needs_new(struct tx *tx)
{
    return tx_keep(tx, mem_check(cJSON_CreateObject()));
}

void signoff_needs_add(cJSON *needs, const char *role, int64_t count)
{
    cJSON *had = cJSON_GetObjectItemCaseSensitive(needs, role);
    if (had == NULL) {
        mem_check(cJSON_AddNumberToObject(needs, role, (double)count));
    } else if (had->valuedouble < (double)count) {
        cJSON_SetNumberValue(had, (double)count);
    }
}

bool signoff_needs_any(const cJSON *needs)
{
    return needs->child != NULL;
}

bool signoff_verify(const cJSON *needs, const cJSON *given, struct error *e)
{
    if (!signoff_needs_any(needs)) {
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

static int compare_products(const void *a, const void *b)
{
    const struct required *x = *(struct required *const *)a, *y = *(struct required *const *)b;
    int order = strcmp(x->product, y->product);
    return order != 0 ? order : (x > y) - (x < y);
}

/* Lists with thousands of changes search the requirements for each. */
static void index_requirements(struct tx *tx, struct requirements *r)
{
    r->by_product = mem_array(r, struct required *, r->n);
    r->all = signoff_needs_new(tx);
    for (size_t i = 0; i < r->n; i++) {
        r->by_product[i] = &r->item[i];
        signoff_needs_add(r->all, r->item[i].role, r->item[i].count);
    }
    qsort(r->by_product, r->n, sizeof *r->by_product, compare_products);
}

/* The index in by_product of the first requirement of PRODUCT, or where it would be. */
static size_t find_requirement(const struct requirements *r, const char *product)
{
    size_t from = 0, to = r->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp(r->by_product[middle]->product, product) < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

static bool read_requirements(struct tx *tx, const struct table *t, struct requirements **all,
                              struct error *e)
{
    cJSON *rows;
    struct table_query q = { .table = t, .tail = tx_share(tx) };
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
    index_requirements(tx, r);
    *all = r;
    return true;
}

/* Reads T into *ALL, unless that was done. */
static bool read_table(struct tx *tx, const struct table *t, struct requirements **all, struct error *e)
{
    if (*all != NULL) {
        return true;
    }
    void *step = tx_outlive_step(tx);
    bool ok = read_requirements(tx, t, all, e);
    tx_step_end(tx, step);
    return ok;
}

static bool is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Whether a rule for CHANNEL serves the channel REQUIRED. */
static bool covers_channel(const char *channel, const char *required)
{
    struct str c = str_of(channel);
    if (c.n == 0) {
        return true;
    }
    if (!str_ends(c, STR("*"))) {
        return is_same(channel, required);
    }
    return c.n >= 3 && str_starts(str_of(required), str_slice(c, 0, c.n - 1));
}

/* Adds those of PRODUCT whose channel COVERS(CHANNEL, theirs) accepts. */
static void add_of_product(const struct requirements *r, const char *product, const char *channel,
                           bool (*covers)(const char *channel, const char *required), cJSON *needs)
{
    for (size_t i = find_requirement(r, product); i < r->n && is_same(product, r->by_product[i]->product);
         i++) {
        if (covers(channel, r->by_product[i]->channel)) {
            signoff_needs_add(needs, r->by_product[i]->role, r->by_product[i]->count);
        }
    }
}

static void add_all(const struct requirements *r, cJSON *needs)
{
    for (const cJSON *need = r->all->child; need != NULL; need = need->next) {
        signoff_needs_add(needs, need->string, (int64_t)need->valuedouble);
    }
}

bool signoff_need_product(struct tx *tx, const char *product, const char *channel, cJSON *needs,
                          struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    if (!read_table(tx, &table_product_req_signoffs, &cache->products, e)) {
        return false;
    }
    if (product != NULL && product[0] != '\0') {
        add_of_product(cache->products, product, channel, covers_channel, needs);
        return true;
    }
    for (size_t i = 0; i < cache->products->n; i++) {
        const struct required *r = &cache->products->item[i];
        if (covers_channel(channel, r->channel)) {
            signoff_needs_add(needs, r->role, r->count);
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
    if (product == NULL) {
        add_all(cache->permissions, needs);
    } else {
        add_of_product(cache->permissions, product, NULL, covers_channel, needs);
    }
    return true;
}

bool signoff_need_required(struct tx *tx, const char *product, const char *channel, cJSON *needs,
                           struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    if (product == NULL) {
        return true;
    }
    if (channel == NULL) {
        return signoff_need_permission(tx, product, needs, e);
    }
    if (!read_table(tx, &table_product_req_signoffs, &cache->products, e)) {
        return false;
    }
    add_of_product(cache->products, product, channel, is_same, needs);
    return true;
}

/* ---- releases ---- */

static const char *keep_text(struct mappings *m, struct str s)
{
    return str_absent(s) ? NULL : mem_strndup(m, s.p, s.n);
}

/* The texts are borrowed. */
static void add_mapping(struct mappings *m, const char *name, const char *product, const char *channel)
{
    m->item = mem_grow(m, m->item, struct mapping, m->n);
    m->item[m->n++] = (struct mapping){ .name = name, .product = product, .channel = channel };
}

/* Adds what a row (mapping, fallbackMapping, product, channel) says. */
static void add_mappings(struct mappings *m, const struct db_rows *row)
{
    for (unsigned i = 0; i < 2; i++) {
        if (!db_is_null(row, i)) {
            add_mapping(m, keep_text(m, db_text(row, i)), keep_text(m, db_text(row, 2)),
                        keep_text(m, db_text(row, 3)));
        }
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct mapping *)a)->name, ((const struct mapping *)b)->name);
}

static void sort_mappings(struct mappings *m)
{
    qsort(m->item, m->n, sizeof *m->item, compare_names);
}

static struct mappings *mappings_new(struct tx *tx)
{
    struct mappings *m = mem_new(tx->mem, struct mappings);
    m->item = mem_array(m, struct mapping, 16);
    return m;
}

/* The index of the first element of M with this NAME, or where it would be. */
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

/* Adds for each member of a superblob what leads to the superblob. M is sorted, before and after. Each turn
 * of the loop adds one more level of superblobs in superblobs. */
static bool add_members(struct tx *tx, struct mappings *m, struct error *e)
{
    cJSON *links = tx_keep(tx, mem_check(cJSON_CreateArray()));
    struct db_rows *rows =
        db_query(tx->db, "SELECT DISTINCT superblob, member FROM balrog_release_members", NULL, 0, e);
    while (db_next(rows, e)) {
        cJSON_AddItemToArray(links, json_text(db_text(rows, 0)));
        cJSON_AddItemToArray(links, json_text(db_text(rows, 1)));
    }
    bool ok = db_finish(rows);
    for (unsigned depth = 0; ok && depth < RELEASE_LINKS_DEPTH; depth++) {
        size_t known = m->n;
        for (const cJSON *link = links->child; link != NULL; link = link->next->next) {
            const char *superblob = link->valuestring;
            for (size_t i = find_mapping(m, superblob); i < known && strcmp(m->item[i].name, superblob) == 0;
                 i++) {
                add_mapping(m, link->next->valuestring, m->item[i].product, m->item[i].channel);
            }
        }
        if (m->n == known) {
            break;
        }
        sort_mappings(m);
    }
    return ok;
}

/* Whether there is a v2 release NAME. */
static bool ask_v2(struct tx *tx, const char *name, bool *is, struct error *e)
{
    char *sql = mem_printf(tx->mem, "SELECT name FROM releases_json WHERE name = ?%s", tx_share(tx));
    const struct db_value param = DB_S(str_of(name));
    struct db_rows *rows = db_query(tx->db, sql, &param, 1, e);
    while (db_next(rows, e)) {
        *is |= str_eq(db_text(rows, 0), str_of(name));
    }
    return db_finish(rows);
}

static int free_index(struct tree_index *ix)
{
    tree_index_free(ix);
    return 0;
}

/* Reads for all v1 releases whose deletion is scheduled whether there is a v2 release of the same name. */
static bool read_hidden(struct tx *tx, struct tree_index **hidden, struct error *e)
{
    struct db_rows *rows =
        db_query(tx->db,
                 "SELECT s.base_name, MAX(j.name IS NOT NULL AND BINARY j.name = BINARY s.base_name)"
                 " FROM releases_scheduled_changes s LEFT JOIN releases_json j ON j.name = s.base_name"
                 " WHERE s.complete = 0 AND s.change_type = 'delete' GROUP BY BINARY s.base_name",
                 NULL, 0, e);
    cJSON *names = tx_keep(tx, mem_check(cJSON_CreateObject()));
    while (db_next(rows, e)) {
        mem_check(cJSON_AddBoolToObject(names, mem_str(tx->mem, db_text(rows, 0)).p, db_int(rows, 1) != 0));
    }
    if (!db_finish(rows)) {
        return false;
    }
    *hidden = mem_new(tx->mem, struct tree_index);
    tree_index_init(*hidden, names);
    talloc_set_destructor(*hidden, free_index);
    return true;
}

bool signoff_is_hidden(struct tx *tx, const char *name, bool *is, struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    *is = false;
    if (cache->mappings == NULL) {
        return ask_v2(tx, name, is, e);
    }
    if (cache->hidden == NULL) {
        void *step = tx_outlive_step(tx);
        bool ok = read_hidden(tx, &cache->hidden, e);
        tx_step_end(tx, step);
        if (!ok) {
            return false;
        }
    }
    const cJSON *known = tree_index_get(cache->hidden, name);
    *is = cJSON_IsTrue(known);
    return known != NULL || ask_v2(tx, name, is, e);
}

static bool read_all_mappings(struct tx *tx, struct signoff_cache *cache, struct error *e)
{
    struct mappings *m = mappings_new(tx);
    struct db_rows *rows =
        db_query(tx->db,
                 "SELECT mapping, fallbackMapping, product, channel FROM rules"
                 " UNION ALL SELECT mapping, NULL, product, channel FROM pinnable_releases",
                 NULL, 0, e);
    while (db_next(rows, e)) {
        add_mappings(m, rows);
    }
    if (!db_finish(rows)) {
        return false;
    }
    sort_mappings(m);
    if (!add_members(tx, m, e) || !read_table(tx, &table_product_req_signoffs, &cache->products, e)) {
        return false;
    }
    cache->mappings = m;
    return true;
}

bool signoff_prefetch(struct tx *tx, struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    void *step = tx_outlive_step(tx);
    bool ok = cache->mappings != NULL || read_all_mappings(tx, cache, e);
    tx_step_end(tx, step);
    return ok;
}

/* Adds what leads to the release NAME itself; *IS_MEMBER becomes whether a superblob names it. Nobody else
 * makes another rule, pin or superblob lead to it before TX ends, if TX writes. */
static bool read_direct(struct tx *tx, const char *name, struct mappings *m, bool *is_member, struct error *e)
{
    const struct db_value param = DB_S(str_of(name)), params[] = { param, param, param, param };
    const char *share = tx_share(tx);
    const char *sql =
        mem_printf(tx->mem,
                   "(SELECT mapping, fallbackMapping, product, channel, 0 FROM rules"
                   " WHERE mapping = ? OR fallbackMapping = ?%s) UNION ALL"
                   " (SELECT mapping, NULL, product, channel, 0 FROM pinnable_releases WHERE mapping = ?%s)"
                   " UNION ALL (SELECT NULL, NULL, NULL, NULL, 1 FROM balrog_release_members"
                   " WHERE member = ?%s)",
                   share, share, share);
    struct db_rows *rows = db_query(tx->db, sql, params, ARRAY_LEN(params), e);
    *is_member = false;
    while (db_next(rows, e)) {
        *is_member |= db_int(rows, 4) != 0;
        add_mappings(m, rows);
    }
    return db_finish(rows);
}

/* What leads to the release NAME, directly or through a superblob. NULL on failure. */
static struct mappings *ask_mappings(struct tx *tx, const char *name, struct error *e)
{
    struct mappings *m = mappings_new(tx);
    cJSON *superblobs = tx_keep(tx, mem_check(cJSON_CreateArray()));
    bool is_member, ignored;
    if (!read_direct(tx, name, m, &is_member, e) ||
        (is_member && !release_superblobs_of(tx, name, &superblobs, e))) {
        return NULL;
    }
    for (const cJSON *superblob = superblobs->child; superblob != NULL; superblob = superblob->next) {
        size_t from = m->n;
        if (!read_direct(tx, superblob->valuestring, m, &ignored, e)) {
            return NULL;
        }
        for (size_t i = from; i < m->n; i++) {
            if (strcmp(m->item[i].name, superblob->valuestring) == 0) {
                m->item[i].name = name;
            }
        }
    }
    sort_mappings(m);
    return m;
}

/* What leads to the release NAME, or to all releases if that was prefetched. NULL on failure. */
static const struct mappings *mappings_of(struct tx *tx, const char *name, struct error *e)
{
    struct signoff_cache *cache = cache_of(tx);
    if (cache->mappings != NULL || is_same(name, cache->asked_name)) {
        return cache->mappings != NULL ? cache->mappings : cache->asked;
    }
    void *step = tx_outlive_step(tx);
    const char *copy = mem_strdup(tx->mem, name);
    struct mappings *m = ask_mappings(tx, copy, e);
    tx_step_end(tx, step);
    if (m != NULL) {
        cache->asked = m;
        cache->asked_name = copy;
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
    cJSON *mapped = signoff_needs_new(tx);
    if (!signoff_need_release(tx, name, mapped, e) ||
        (!signoff_needs_any(mapped) && !signoff_need_product(tx, product, NULL, mapped, e))) {
        return false;
    }
    for (const cJSON *need = mapped->child; need != NULL; need = need->next) {
        int64_t count;
        if (!json_int(need, 0, INT64_MAX, &count)) {
            error_set(e, ERROR_INTERNAL, "the number of sign-offs that %s requires is not a whole number",
                      need->string);
            return false;
        }
        signoff_needs_add(needs, need->string, count);
    }
    return true;
}
