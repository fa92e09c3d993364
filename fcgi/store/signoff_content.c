/* See signoff_content.h. Fingerprints are read for many releases at once, with statements whose text is
 * always the same, so that they are prepared once. */
#include "store/signoff_content.h"

#include "store/release_links.h"

#include <fnmatch.h>
#include <openssl/evp.h>
#include <stdio.h>

enum {
    BATCH = 32,      /* releases per statement */
    HASH_BYTES = 16, /* of SHA-256, in a fingerprint */
    BLAMED_MAX = 20, /* releases per call for which it is looked up who changed them */
    PRINT_MAX = 100,
};

/* ---- exceptions ---- */

/* Whether the release NAME may change under a sign-off for PRODUCT. */
static bool is_excepted(const struct tx *tx, const char *product, const char *name)
{
    const struct config_list *list = &tx->site->signoff_content_except;
    for (size_t i = 0; i < list->n; i++) {
        struct str rest = list->item[i], wanted = STR_NONE;
        str_split(&rest, ':', &wanted);
        bool applies = str_eq(wanted, STR("*")) || (product != NULL && str_eq(wanted, str_of(product)));
        if (applies && (str_absent(rest) || fnmatch(mem_str(tx->mem, rest).p, name, FNM_NOESCAPE) == 0)) {
            return true;
        }
    }
    return false;
}

/* ---- fingerprints ---- */

/* Adds TEXT to what PRINTS has for the release NAME. */
static void add_print(cJSON *prints, const char *name, const char *text)
{
    char joined[PRINT_MAX];
    const char *had = json_get_string(prints, name);
    snprintf(joined, sizeof joined, "%s%s%s", had != NULL ? had : "",
             had != NULL && had[0] != '\0' ? " " : "", text);
    cJSON_DeleteItemFromObjectCaseSensitive(prints, name);
    mem_check(cJSON_AddStringToObject(prints, name, joined));
}

/* The rows of SQL for the releases in NAMES; SQL ends in "IN (", to which the parameters are added. */
static struct db_rows *query_names(struct tx *tx, const char *sql, const char *tail,
                                   const char *const names[], struct error *e)
{
    struct db_value params[BATCH];
    char *text = mem_printf(tx->mem, "%s?", sql);
    for (unsigned i = 0; i < BATCH; i++) {
        params[i] = DB_S(str_of(names[i]));
        text = i > 0 ? mem_check(talloc_strdup_append_buffer(text, ", ?")) : text;
    }
    text = mem_check(talloc_asprintf_append_buffer(text, ")%s%s", tail, tx_share(tx)));
    return db_query(tx->db, text, params, BATCH, e);
}

/* Adds the data_versions in TABLE, marked with KIND. */
static bool add_versions(struct tx *tx, const char *table, const char *kind, const char *const names[],
                         cJSON *prints, struct error *e)
{
    char *sql = mem_printf(tx->mem, "SELECT name, data_version FROM %s WHERE name IN (", table);
    struct db_rows *rows = query_names(tx, sql, "", names, e);
    while (db_next(rows, e)) {
        char *name = mem_strndup(tx->mem, db_text(rows, 0).p, db_text(rows, 0).n);
        char text[40];
        snprintf(text, sizeof text, "%s:%lld", kind, (long long)db_int(rows, 1));
        if (json_get(prints, name) != NULL) { /* else the collation is lax, and it is another name */
            add_print(prints, name, text);
        }
    }
    return db_finish(rows);
}

/* Ends the hash for the release NAME and adds it. */
static void finish_hash(EVP_MD_CTX *hash, cJSON *prints, const char *name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[2 + 2 * HASH_BYTES + 1] = "a:";
    EVP_DigestFinal_ex(hash, digest, NULL);
    for (unsigned i = 0; i < HASH_BYTES; i++) {
        snprintf(text + 2 + 2 * (size_t)i, 3, "%02x", digest[i]);
    }
    if (json_get(prints, name) != NULL) {
        add_print(prints, name, text);
    }
}

static bool add_assets(struct tx *tx, const char *const names[], cJSON *prints, struct error *e)
{
    char *name = NULL;
    EVP_MD_CTX *hash = mem_check(EVP_MD_CTX_new());
    struct db_rows *rows =
        query_names(tx, "SELECT name, path, data_version FROM release_assets WHERE name IN (",
                    " ORDER BY BINARY name, BINARY path", names, e);
    while (db_next(rows, e)) {
        char version[32];
        if (name == NULL || !str_eq(db_text(rows, 0), str_of(name))) {
            if (name != NULL) {
                finish_hash(hash, prints, name);
            }
            name = mem_strndup(tx->mem, db_text(rows, 0).p, db_text(rows, 0).n);
            EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
        }
        int n = snprintf(version, sizeof version, "\n%lld\n", (long long)db_int(rows, 2));
        EVP_DigestUpdate(hash, db_text(rows, 1).p, db_text(rows, 1).n);
        EVP_DigestUpdate(hash, version, (size_t)n);
    }
    if (name != NULL) {
        finish_hash(hash, prints, name);
    }
    bool ok = db_finish(rows);
    EVP_MD_CTX_free(hash);
    return ok;
}

/* Fingerprints of the releases in NAMES, an object whose members' names they are: {release: fingerprint}; ""
 * for a release that does not exist. */
static bool read_fingerprints(struct tx *tx, const cJSON *names, cJSON **prints, struct error *e)
{
    const cJSON *next = names->child;
    *prints = tx_keep(tx, mem_check(cJSON_CreateObject()));
    while (next != NULL) {
        const char *batch[BATCH];
        unsigned n = 0;
        for (; n < BATCH && next != NULL; next = next->next) {
            batch[n++] = next->string;
            mem_check(cJSON_AddStringToObject(*prints, next->string, ""));
        }
        for (unsigned i = n; i < BATCH; i++) {
            batch[i] = batch[0];
        }
        if (!add_versions(tx, "releases", "1", batch, *prints, e) ||
            !add_versions(tx, "releases_json", "2", batch, *prints, e) ||
            !add_assets(tx, batch, *prints, e)) {
            return false;
        }
    }
    return true;
}

bool signoff_content(struct tx *tx, const struct resource *r, const struct change *c, cJSON **content,
                     struct error *e)
{
    cJSON *names = tx_keep(tx, mem_check(cJSON_CreateArray()));
    cJSON *wanted = tx_keep(tx, mem_check(cJSON_CreateObject()));
    const char *product = row_text(c->now != NULL ? c->now : c->old, "product");
    *content = tx_keep(tx, mem_check(cJSON_CreateObject()));
    if (r->leads_to == NULL || c->now == NULL) {
        return true;
    }
    r->leads_to(c, names);
    if (!release_add_members(tx, names, e)) {
        return false;
    }
    for (const cJSON *name = names->child; name != NULL; name = name->next) {
        if (!is_excepted(tx, product, name->valuestring)) {
            mem_check(cJSON_AddNullToObject(wanted, name->valuestring));
        }
    }
    return wanted->child == NULL || read_fingerprints(tx, wanted, content, e);
}

/* ---- storing ---- */

bool signoff_content_read(struct tx *tx, const struct resource *r, int64_t sc_id, cJSON **contents,
                          struct error *e)
{
    const struct db_value params[] = { DB_S(str_of(r->table->name)), DB_I(sc_id) };
    char *sql = mem_printf(tx->mem,
                           "SELECT username, content FROM balrog_signoff_content"
                           " WHERE base_table = ? AND sc_id = ?%s",
                           tx->request->read_only ? "" : " FOR UPDATE");
    *contents = tx_keep(tx, mem_check(cJSON_CreateObject()));
    struct db_rows *rows = db_query(tx->db, sql, params, 2, e);
    while (db_next(rows, e)) {
        char *username = mem_strndup(tx->mem, db_text(rows, 0).p, db_text(rows, 0).n);
        cJSON_AddItemToObject(*contents, username, json_text(db_text(rows, 1)));
    }
    return db_finish(rows);
}

bool signoff_content_store(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username,
                           const cJSON *content, bool *changed, struct error *e)
{
    struct buf text;
    cJSON *stored;
    *changed = false;
    if (!signoff_content_read(tx, r, sc_id, &stored, e)) {
        return false;
    }
    buf_init(&text, 256, SIZE_MAX);
    json_print(&text, content, JSON_COMPACT);
    const char *had = json_get_string(stored, username);
    bool ok = true;
    if (had == NULL ? content->child != NULL : !str_eq(str_of(had), buf_view(&text))) {
        const struct db_value params[] = { DB_S(str_of(r->table->name)), DB_I(sc_id), DB_S(str_of(username)),
                                           DB_S(buf_view(&text)) };
        *changed = true;
        ok = db_execute(tx->db,
                        "REPLACE INTO balrog_signoff_content (base_table, sc_id, username, content)"
                        " VALUES (?, ?, ?, ?)",
                        params, 4, NULL, NULL, e);
    }
    buf_free(&text);
    return ok;
}

bool signoff_content_forget(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username,
                            struct error *e)
{
    const struct db_value params[] = { DB_S(str_of(r->table->name)), DB_I(sc_id),
                                       DB_S(username != NULL ? str_of(username) : STR_NONE) };
    char *sql = mem_printf(tx->mem, "DELETE FROM balrog_signoff_content WHERE base_table = ? AND sc_id = ?%s",
                           username != NULL ? " AND username = ?" : "");
    return db_execute(tx->db, sql, params, username != NULL ? 3 : 2, NULL, NULL, e);
}

/* ---- judging ---- */

static cJSON *new_reason(struct tx *tx, const char *kind, const char *detail)
{
    cJSON *why = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddStringToObject(why, "reason", kind));
    mem_check(cJSON_AddStringToObject(why, "detail", detail));
    return why;
}

static bool judge_user(struct tx *tx, struct signoff_case *s, struct error *e)
{
    bool has = false, known = true;
    if (!access_has_role(tx, s->username, s->role, &has, e) ||
        (strchr(s->username, '@') != NULL && !access_is_known(tx, s->username, &known, e))) {
        return false;
    }
    if (!known) {
        s->invalid =
            new_reason(tx, "user", mem_printf(tx->mem, "%s has no permission any more", s->username));
    } else if (!has) {
        s->invalid = new_reason(
            tx, "role", mem_printf(tx->mem, "%s does not hold the role '%s' any more", s->username, s->role));
    }
    return true;
}

/* Who changed the release NAME last, and when. */
static bool find_blame(struct tx *tx, const char *name, cJSON *why, struct error *e)
{
    const struct db_value param = DB_S(str_of(name));
    const char *sql = "SELECT changed_by, timestamp FROM balrog_release_history WHERE change_id ="
                      " (SELECT MAX(change_id) FROM balrog_release_history WHERE tbl IN"
                      " ('releases', 'releases_json', 'release_assets') AND name = ?)";
    struct db_rows *rows = db_query(tx->db, sql, &param, 1, e);
    if (db_next(rows, e)) {
        cJSON_ReplaceItemInObjectCaseSensitive(why, "changed_by", json_text(db_text(rows, 0)));
        cJSON_ReplaceItemInObjectCaseSensitive(why, "timestamp",
                                               db_is_null(rows, 1)
                                                   ? mem_check(cJSON_CreateNull())
                                                   : mem_check(cJSON_CreateNumber((double)db_int(rows, 1))));
    }
    return db_finish(rows);
}

static bool judge_content(struct tx *tx, struct signoff_case *s, const cJSON *content, const cJSON *prints,
                          unsigned *blamed, struct error *e)
{
    const cJSON *was;
    cJSON_ArrayForEach(was, content)
    {
        const char *is = json_get_string(prints, was->string);
        if (cJSON_IsString(was) && is != NULL && strcmp(was->valuestring, is) == 0) {
            continue;
        }
        s->invalid = new_reason(tx, "content", "");
        mem_check(cJSON_AddStringToObject(s->invalid, "release", was->string));
        mem_check(cJSON_AddNullToObject(s->invalid, "changed_by"));
        mem_check(cJSON_AddNullToObject(s->invalid, "timestamp"));
        if ((*blamed)++ < BLAMED_MAX && !find_blame(tx, was->string, s->invalid, e)) {
            return false;
        }
        const char *by = json_get_string(s->invalid, "changed_by");
        char *detail = mem_printf(tx->mem, "the release %s was changed%s%s after %s signed off", was->string,
                                  by != NULL ? " by " : "", by != NULL ? by : "", s->username);
        cJSON_ReplaceItemInObjectCaseSensitive(s->invalid, "detail", mem_check(cJSON_CreateString(detail)));
        return true;
    }
    return true;
}

bool signoff_judge(struct tx *tx, struct signoff_case *cases, size_t n, struct error *e)
{
    cJSON **content = mem_array(tx->mem, cJSON *, n + 1);
    cJSON *names = tx_keep(tx, mem_check(cJSON_CreateObject()));
    cJSON *prints;
    unsigned blamed = 0;
    for (size_t i = 0; i < n; i++) {
        const cJSON *item;
        struct error ignored;
        content[i] =
            cases[i].content != NULL ? tx_keep(tx, json_parse(str_of(cases[i].content), &ignored)) : NULL;
        cJSON_ArrayForEach(item, content[i])
        {
            if (json_get(names, item->string) == NULL) {
                mem_check(cJSON_AddNullToObject(names, item->string));
            }
        }
    }
    if (!read_fingerprints(tx, names, &prints, e)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!judge_user(tx, &cases[i], e) ||
            (cases[i].invalid == NULL && !judge_content(tx, &cases[i], content[i], prints, &blamed, e))) {
            return false;
        }
    }
    return true;
}
