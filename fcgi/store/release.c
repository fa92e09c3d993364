/* See release.h. reader_release() does not return data_versions, since a snapshot does not need them: they
 * are read here, in the same consistent read. A locale is looked up among the assets first, so that it costs
 * one small row, however big the release is. */
#include "store/release.h"

#include "release/assets.h"
#include "store/reader.h"
#include "store/table.h"

/* JSON is the result of parsing, owned by CTX from now on; or NULL, and doc->why says why. */
static void set_json(void *ctx, struct release_doc *doc, cJSON *json)
{
    doc->state = json != NULL ? RELEASE_FOUND : RELEASE_BROKEN;
    doc->json = json_keep(ctx, json);
}

static void set_version(struct release_doc *doc, int64_t data_version)
{
    doc->has_version = true;
    doc->data_version = data_version;
}

/* Reads the data_version of NAME in TABLE. *FOUND: whether there is such a row. */
static bool read_version(struct db *db, const struct table *table, struct str name, struct release_doc *doc,
                         bool *found, struct error *e)
{
    struct table_query q = { .table = table, .key = { { "name", DB_S(name) } } };
    struct db_rows *rows = table_find(db, &q, e);
    *found = table_next(rows, &q, e);
    if (*found) {
        set_version(doc, db_int(rows, table_column(table, "data_version")));
    }
    return db_finish(rows);
}

bool release_read(struct db *db, void *ctx, struct str name, struct release_doc *doc, struct error *e)
{
    struct release_row row;
    struct release_stamps stamps;
    bool found, in_v2, in_v1 = false;
    *doc = (struct release_doc){ .state = RELEASE_MISSING };
    if (!reader_release(db, ctx, name, &row, &stamps, &found, e)) {
        return false;
    }
    if (!found) {
        return true;
    }
    if (!read_version(db, &table_releases_json, name, doc, &in_v2, e) ||
        (!in_v2 && row.n_assets == 0 && !read_version(db, &table_releases, name, doc, &in_v1, e))) {
        return false;
    }
    set_json(ctx, doc, assets_merge(&row, &doc->why));
    return true;
}

/* The asset at PATH, if the release has one. */
static bool read_asset(struct db *db, void *ctx, struct str name, const char *path, struct release_doc *doc,
                       struct error *e)
{
    struct table_query q = {
        .table = &table_release_assets,
        .with_big = true,
        .key = { { "name", DB_S(name) }, { "path", DB_S(str_of(path)) } },
    };
    struct db_rows *rows = table_find(db, &q, e);
    if (table_next(rows, &q, e)) {
        struct str data = db_text(rows, table_column(&table_release_assets, "data"));
        set_version(doc, db_int(rows, table_column(&table_release_assets, "data_version")));
        set_json(ctx, doc, str_absent(data) ? mem_check(cJSON_CreateNull()) : json_parse(data, &doc->why));
    }
    return db_finish(rows);
}

bool release_read_locale(struct db *db, void *ctx, struct str name, struct str platform, struct str locale,
                         struct release_doc *doc, struct error *e)
{
    *doc = (struct release_doc){ .state = RELEASE_MISSING };
    if (memchr(platform.p, '\0', platform.n) != NULL || memchr(locale.p, '\0', locale.n) != NULL) {
        return true; /* no JSON key contains a NUL */
    }
    char *path = mem_printf(ctx, ".platforms.%.*s.locales.%.*s", STR_ARG(platform), STR_ARG(locale));
    if (!read_asset(db, ctx, name, path, doc, e)) {
        return false;
    }
    if (doc->state != RELEASE_MISSING) {
        return true;
    }
    if (!release_read(db, ctx, name, doc, e)) {
        return false;
    }
    if (doc->state == RELEASE_FOUND) {
        const cJSON *p = json_get(json_get(doc->json, "platforms"), mem_strndup(ctx, platform.p, platform.n));
        const cJSON *l = json_get(json_get(p, "locales"), mem_strndup(ctx, locale.p, locale.n));
        doc->json = l; /* CTX owns the whole document */
        doc->state = l != NULL ? RELEASE_FOUND : RELEASE_MISSING;
    }
    return true;
}
