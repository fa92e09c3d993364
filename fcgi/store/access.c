/* See access.h. The first question about a user and a thing costs one statement, with three lookups by
 * primary key. */
#include "store/access.h"

#include "core/python.h"
#include "core/tree.h"
#include "store/role_pending.h"
#include "store/row.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The permissions "admin" and THING of a user, and the one that is asked for together with THING. */
struct grants {
    struct grants *next;
    const char *username;
    const char *thing;
    const cJSON *rows;
};

struct roles {
    struct roles *next;
    const char *username;
    cJSON *names;
};

/* What was read. It is used until a table on which it rests is written. */
struct access_cache {
    unsigned writes; /* to these tables, when the first of it was read */
    struct grants *grants;
    struct roles *roles;
    struct everybody *everybody; /* NULL: not read */
};

/* All users at once, for lists. */
struct everybody {
    struct tree_index roles; /* of {user: [role]} */
    struct tree_index known; /* of {user: null}: those who have a permission */
};

static unsigned count_writes(const struct tx *tx)
{
    return tx_writes(tx, &table_permissions) + tx_writes(tx, &table_user_roles) +
           tx_writes(tx, &table_role_grants);
}

static struct access_cache *cache_of(struct tx *tx)
{
    unsigned writes = count_writes(tx);
    if (tx->access == NULL || tx->access->writes != writes) {
        tx->access = mem_new(tx->lasting, struct access_cache);
        tx->access->writes = writes;
    }
    return tx->access;
}

/* ---- permissions ---- */

/* The things that are asked about in one request: a submitted locale needs both of them. They are read
 * together. */
static const char *const asked_together[] = { "release", "release_locale" };

static bool is_asked_together(const char *thing)
{
    return strcmp(thing, asked_together[0]) == 0 || strcmp(thing, asked_together[1]) == 0;
}

static bool read_grants(struct tx *tx, const char *username, const char *thing, cJSON **rows, struct error *e)
{
    bool both = is_asked_together(thing);
    struct db_value params[] = { DB_S(str_of(both ? asked_together[0] : thing)),
                                 DB_S(str_of(both ? asked_together[1] : thing)) };
    struct table_query q = {
        .table = &table_permissions,
        .key = { { "username", DB_S(str_of(username)) } },
        .more = "permission IN ('admin', ?, ?)",
        .tail = tx_share(tx),
        .params = params,
        .n_params = ARRAY_LEN(params),
    };
    return row_list(tx, &q, rows, e);
}

static bool is_read(const struct grants *g, const char *username, const char *thing)
{
    return strcmp(g->username, username) == 0 &&
           (strcmp(g->thing, thing) == 0 || (is_asked_together(g->thing) && is_asked_together(thing)));
}

static bool find_grants(struct tx *tx, const char *username, const char *thing, const cJSON **rows,
                        struct error *e)
{
    struct access_cache *cache = cache_of(tx);
    for (const struct grants *g = cache->grants; g != NULL; g = g->next) {
        if (is_read(g, username, thing)) {
            *rows = g->rows;
            return true;
        }
    }
    cJSON *read;
    void *step = tx_outlive_step(tx);
    bool ok = read_grants(tx, username, thing, &read, e);
    if (ok) {
        struct grants *g = mem_new(tx->mem, struct grants);
        *g =
            (struct grants){ cache->grants, mem_strdup(tx->mem, username), mem_strdup(tx->mem, thing), read };
        cache->grants = g;
        *rows = read;
    }
    tx_step_end(tx, step);
    return ok;
}

static const cJSON *permission_row(const cJSON *rows, const char *permission)
{
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        const char *name = row_text(row, "permission");
        if (name != NULL && strcmp(name, permission) == 0) {
            return row;
        }
    }
    return NULL;
}

static bool is_text(const cJSON *item, const char *value)
{
    return value != NULL && cJSON_IsString(item) && strcmp(item->valuestring, value) == 0;
}

/* Whether the permission ROW is limited, by its OPTION "products" or "actions", to values other than VALUE.
 * The reference accepted any JSON as options: malformed options exclude every value. */
static bool is_excluded(const cJSON *row, const char *option, const char *value)
{
    const cJSON *options = json_get(row, "options");
    const cJSON *list = json_get(options, option);
    if (!python_truth(options) || (cJSON_IsObject(options) && !python_truth(list))) {
        return false;
    }
    if (!cJSON_IsArray(list)) {
        return !is_text(list, value);
    }
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        if (is_text(item, value)) {
            return false;
        }
    }
    return true;
}

bool access_has(struct tx *tx, const char *username, const char *thing, const char *action,
                const char *product, bool *has, struct error *e)
{
    const cJSON *rows;
    if (!find_grants(tx, username, thing, &rows, e)) {
        return false;
    }
    const cJSON *row = permission_row(rows, "admin");
    if (row != NULL) {
        *has = !is_excluded(row, "products", product);
        return true;
    }
    row = permission_row(rows, thing);
    *has = row != NULL && !is_excluded(row, "actions", action) && !is_excluded(row, "products", product);
    return true;
}

bool access_demand(struct tx *tx, const char *thing, const char *action, const char *product, struct error *e,
                   const char *fmt, ...)
{
    bool has = false;
    if (!access_has(tx, tx->actor, thing, action, product, &has, e)) {
        return false;
    }
    if (!has) {
        char what[sizeof e->what];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(what, sizeof what, fmt, ap);
        va_end(ap);
        return fail(e, FAIL_PERMISSION, "%s", what);
    }
    return true;
}

bool access_is_admin(struct tx *tx, const char *username, const char *product, bool *is, struct error *e)
{
    const cJSON *rows;
    if (!find_grants(tx, username, "admin", &rows, e)) {
        return false;
    }
    const cJSON *row = permission_row(rows, "admin");
    *is = row != NULL && !is_excluded(row, "products", product);
    return true;
}

bool access_is_known(struct tx *tx, const char *username, bool *is, struct error *e)
{
    struct table_query q = {
        .table = &table_permissions,
        .key = { { "username", DB_S(str_of(username)) } },
    };
    cJSON *rows;
    const struct access_cache *cache = cache_of(tx);
    if (cache->everybody != NULL) {
        *is = username[0] != '\0' && tree_index_get(&cache->everybody->known, username) != NULL;
        return true;
    }
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    *is = username[0] != '\0' && rows->child != NULL;
    return true;
}

/* ---- roles ---- */

static bool read_roles(struct tx *tx, const char *username, cJSON **names, struct error *e)
{
    struct table_query q = {
        .table = &table_user_roles,
        .key = { { "username", DB_S(str_of(username)) } },
        .tail = tx_share(tx),
    };
    cJSON *rows, *pending;
    *names = tx_keep(tx, mem_check(cJSON_CreateArray()));
    if (!row_list(tx, &q, &rows, e) ||
        (rows->child != NULL && !role_pending_list(tx, username, NULL, &pending, e))) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        const char *role = row_text(row, "role");
        if (role_pending_find(pending, username, role) == NULL) {
            cJSON_AddItemToArray(*names, mem_check(cJSON_CreateString(role)));
        }
    }
    return true;
}

bool access_roles(struct tx *tx, const char *username, cJSON **names, struct error *e)
{
    struct access_cache *cache = cache_of(tx);
    if (cache->everybody != NULL) {
        *names = (cJSON *)tree_index_get(&cache->everybody->roles, username);
        *names = *names != NULL ? *names : tx_keep(tx, mem_check(cJSON_CreateArray()));
        return true;
    }
    for (const struct roles *r = cache->roles; r != NULL; r = r->next) {
        if (strcmp(r->username, username) == 0) {
            *names = r->names;
            return true;
        }
    }
    void *step = tx_outlive_step(tx);
    bool ok = read_roles(tx, username, names, e);
    if (ok) {
        struct roles *r = mem_new(tx->mem, struct roles);
        *r = (struct roles){ cache->roles, mem_strdup(tx->mem, username), *names };
        cache->roles = r;
    }
    tx_step_end(tx, step);
    return ok;
}

static int compare_users(const void *a, const void *b)
{
    const cJSON *const *x = a, *const *y = b;
    return strcmp(row_text(*x, "username"), row_text(*y, "username"));
}

/* {user: [role]} from ROWS of user_roles, without the roles that wait for confirmation, PENDING. */
static cJSON *group_roles(struct tx *tx, const cJSON *rows, const cJSON *pending)
{
    size_t n = 0;
    const char *user = NULL;
    cJSON *names = NULL, *all = tx_keep(tx, mem_check(cJSON_CreateObject()));
    const cJSON **sorted = mem_array(tx->mem, const cJSON *, (size_t)cJSON_GetArraySize(rows) + 1);
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        sorted[n++] = row;
    }
    qsort(sorted, n, sizeof *sorted, compare_users);
    for (size_t i = 0; i < n; i++) {
        const char *username = row_text(sorted[i], "username"), *role = row_text(sorted[i], "role");
        if (user == NULL || strcmp(user, username) != 0) {
            names = mem_check(cJSON_AddArrayToObject(all, username));
            user = username;
        }
        if (role_pending_find(pending, username, role) == NULL) {
            cJSON_AddItemToArray(names, mem_check(cJSON_CreateString(role)));
        }
    }
    return all;
}

static int free_everybody(struct everybody *everybody)
{
    tree_index_free(&everybody->roles);
    tree_index_free(&everybody->known);
    return 0;
}

static bool read_everybody(struct tx *tx, struct access_cache *cache, struct error *e)
{
    struct table_query roles = { .table = &table_user_roles };
    cJSON *rows, *pending, *known = tx_keep(tx, mem_check(cJSON_CreateObject()));
    if (!row_list(tx, &roles, &rows, e) || !role_pending_list(tx, NULL, NULL, &pending, e)) {
        return false;
    }
    struct db_rows *users = db_query(tx->db, "SELECT DISTINCT username FROM permissions", NULL, 0, e);
    while (db_next(users, e)) {
        mem_check(cJSON_AddNullToObject(known, mem_str(tx->mem, db_text(users, 0)).p));
    }
    if (!db_finish(users)) {
        return false;
    }
    struct everybody *everybody = mem_new(tx->mem, struct everybody);
    tree_index_init(&everybody->roles, group_roles(tx, rows, pending));
    tree_index_init(&everybody->known, known);
    talloc_set_destructor(everybody, free_everybody);
    cache->everybody = everybody;
    return true;
}

bool access_prefetch(struct tx *tx, struct error *e)
{
    void *step = tx_outlive_step(tx);
    struct access_cache *cache = cache_of(tx);
    bool ok = cache->everybody != NULL || read_everybody(tx, cache, e);
    tx_step_end(tx, step);
    return ok;
}

bool access_has_role(struct tx *tx, const char *username, const char *role, bool *has, struct error *e)
{
    cJSON *names;
    if (!access_roles(tx, username, &names, e)) {
        return false;
    }
    *has = false;
    for (const cJSON *name = names->child; name != NULL; name = name->next) {
        *has |= strcmp(name->valuestring, role) == 0;
    }
    return true;
}

bool access_count_role(struct tx *tx, const char *role, int64_t *count, struct error *e)
{
    struct table_query q = {
        .table = &table_user_roles,
        .key = { { "role", DB_S(str_of(role)) } },
        .tail = tx_share(tx),
    };
    cJSON *rows, *pending;
    *count = 0;
    if (!row_list(tx, &q, &rows, e) || !role_pending_list(tx, NULL, role, &pending, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        *count += role_pending_find(pending, row_text(row, "username"), role) == NULL;
    }
    return true;
}

bool access_is_system(const struct tx *tx, const char *username)
{
    for (size_t i = 0; i < tx->site->system_accounts.n; i++) {
        if (str_eq(tx->site->system_accounts.item[i], str_of(username))) {
            return true;
        }
    }
    return false;
}

const char *access_text(const char *text)
{
    return text != NULL ? text : "None";
}
