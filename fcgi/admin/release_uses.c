/* See release_uses.h. The database searches the JSON of pending changes for the name as a quoted text. Where
 * it finds that, the JSON is parsed, since the text may mean something else. Neither these searches nor those
 * in partials take locks: if somebody adds a partial at the same moment as its source is deleted, the result
 * is the same as if they had added it afterwards, a partial that is left out of answers. */
#include "admin/release_uses.h"

#include "store/partial_sources.h"
#include "store/row.h"

/* ---- names in columns ---- */

/* A query for rows that name a release: SQL with N times the name for its '?'. The first column of a row
 * describes what names the release; the second is the name, which is compared again, since the collation of
 * an adopted database may ignore case. */
struct name_column {
    const char *sql;
    unsigned n;
};

static const struct name_column rules = {
    "SELECT CONCAT('rule ', rule_id), IF(mapping = ?, mapping, fallbackMapping)"
    " FROM rules WHERE mapping = ? OR fallbackMapping = ? ORDER BY rule_id",
    3
};
static const struct name_column pins = {
    "SELECT CONCAT('pin ', product, '/', channel, '/', version), mapping"
    " FROM pinnable_releases WHERE mapping = ? ORDER BY product, channel, version",
    1
};
static const struct name_column elsewhere[] = {
    { "SELECT CONCAT('superblob ', superblob), member FROM balrog_release_members WHERE member = ?", 1 },
    { "SELECT CONCAT('scheduled change ', sc_id, ' of rules'),"
      " IF(base_mapping = ?, base_mapping, base_fallbackMapping) FROM rules_scheduled_changes"
      " WHERE complete = 0 AND change_type <> 'delete' AND (base_mapping = ? OR base_fallbackMapping = ?)",
      3 },
    { "SELECT CONCAT('scheduled change ', sc_id, ' of pinnable_releases'), base_mapping"
      " FROM pinnable_releases_scheduled_changes"
      " WHERE complete = 0 AND change_type <> 'delete' AND base_mapping = ?",
      1 },
};

static const char *copy_text(struct tx *tx, struct str text)
{
    return mem_strndup(tx->mem, text.p, text.n);
}

static bool find_in_columns(struct tx *tx, const struct name_column *place, const char *name,
                            const char **use, struct error *e)
{
    const struct str wanted = str_of(name);
    const struct db_value names[] = { DB_S(wanted), DB_S(wanted), DB_S(wanted) };
    char *sql = mem_printf(tx->mem, "%s%s", place->sql, tx_share(tx));
    struct db_rows *rows = db_query(tx->db, sql, names, place->n, e);
    *use = NULL;
    while (*use == NULL && db_next(rows, e)) {
        if (str_eq(db_text(rows, 1), wanted)) {
            *use = copy_text(tx, db_text(rows, 0));
        }
    }
    return db_finish(rows);
}

bool release_uses_by_rule(struct tx *tx, const char *name, const char **use, struct error *e)
{
    return find_in_columns(tx, &rules, name, use, e);
}

bool release_uses_by_pin(struct tx *tx, const char *name, const char **use, struct error *e)
{
    return find_in_columns(tx, &pins, name, use, e);
}

/* ---- names in JSON ---- */

#define HOLDS(COLUMN) "LOCATE(CAST(? AS BINARY), CONVERT(" COLUMN " USING binary)) > 0"
#define PENDING_IN(TABLE)                                                                                    \
    "SELECT CONCAT('scheduled change ', sc_id, ' of " TABLE "'), base_data FROM " TABLE                      \
    "_scheduled_changes WHERE complete = 0 AND " HOLDS("base_data") " AND base_name <> ?"

/* Queries for pending documents that contain a name. The first column describes the document, the second is
 * its JSON. The first '?' is the name as it is written in JSON, the second the name itself: the release may
 * name itself. */
static const char *const pending[] = {
    PENDING_IN("releases"),
    PENDING_IN("releases_json"),
    PENDING_IN("release_assets"),
};

static bool is_name(const cJSON *value, const char *name)
{
    return cJSON_IsString(value) && strcmp(value->valuestring, name) == 0;
}

/* Whether JSON has a partial that starts from NAME. It recurses; the parser limits how deep JSON is
 * nested. */
static bool starts_from(const cJSON *json, const char *name)
{
    for (const cJSON *item = json->child; item != NULL; item = item->next) {
        bool from = item->string != NULL && strcmp(item->string, "from") == 0 && is_name(item, name);
        if (from || ((cJSON_IsObject(item) || cJSON_IsArray(item)) && starts_from(item, name))) {
            return true;
        }
    }
    return false;
}

static bool has_member(const cJSON *json, const char *name)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, json_get(json, "blobs"))
    {
        if (is_name(member, name)) {
            return true;
        }
    }
    return false;
}

static bool names_release(struct str text, const char *name)
{
    struct error why;
    cJSON *json = json_parse(text, &why);
    bool names = json != NULL && (starts_from(json, name) || has_member(json, name));
    cJSON_Delete(json);
    return names;
}

/* NAME as it is written in JSON, with the quotes. */
static const char *quoted_name(struct tx *tx, const char *name)
{
    cJSON *value = mem_check(cJSON_CreateString(name));
    char *text = mem_check(cJSON_PrintUnformatted(value));
    const char *copy = mem_strdup(tx->mem, text);
    cJSON_free(text);
    cJSON_Delete(value);
    return copy;
}

static bool find_in_document(struct tx *tx, const char *sql, const char *name, const char **use,
                             struct error *e)
{
    const struct db_value params[] = { DB_S(str_of(quoted_name(tx, name))), DB_S(str_of(name)) };
    struct db_rows *rows = db_query(tx->db, sql, params, 2, e);
    *use = NULL;
    while (*use == NULL && db_next(rows, e)) {
        if (!db_is_null(rows, 1) && names_release(db_text(rows, 1), name)) {
            *use = copy_text(tx, db_text(rows, 0));
        }
    }
    return db_finish(rows);
}

/* ---- partials ---- */

static bool find_in_partials(struct tx *tx, const char *name, const char **use, struct error *e)
{
    const char *release;
    if (!partial_sources_find(tx->site->partial_sources, tx->db, tx->mem, str_of(name), &release, e)) {
        return false;
    }
    *use = release != NULL ? mem_printf(tx->mem, "partials of %s", release) : NULL;
    return true;
}

/* ---- all ---- */

bool release_uses_elsewhere(struct tx *tx, const char *name, const char **use, struct error *e)
{
    *use = NULL;
    for (size_t i = 0; i < ARRAY_LEN(elsewhere) && *use == NULL; i++) {
        if (!find_in_columns(tx, &elsewhere[i], name, use, e)) {
            return false;
        }
    }
    if (*use == NULL && !find_in_partials(tx, name, use, e)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(pending) && *use == NULL; i++) {
        if (!find_in_document(tx, pending[i], name, use, e)) {
            return false;
        }
    }
    return true;
}

bool release_uses_refuse(struct tx *tx, const char *name, struct error *e)
{
    const char *use;
    if (!release_uses_by_pin(tx, name, &use, e) ||
        (use == NULL && !release_uses_elsewhere(tx, name, &use, e))) {
        return false;
    }
    return use == NULL ||
           fail(e, FAIL_INVALID, "Release '%s' cannot be deleted while %s names it", name, use);
}
