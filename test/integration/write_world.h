/* What the tests of writing share: a pool, a clock that stands still, four resources like the API's, and
 * acts: one transaction each, as some user, of which the outcome is expected. See also store_world.h. */
#ifndef BALROG_TEST_WRITE_WORLD_H
#define BALROG_TEST_WRITE_WORLD_H

#include "ops/log.h"
#include "store/history.h"
#include "store/release_history.h"
#include "store/release_links.h"
#include "store/schedule.h"
#include "store_world.h"
#include "store/resource_write.h"
#include "store/schedule_signoffs.h"
#include "store/schedule_enact.h"

enum { NOW_MS = 0, SOON_MS = 100000, OK = -1 };

static const int64_t epoch_ms = 1800000000000;
static int64_t clock_now = 1800000000000;

static inline int64_t read_clock(void)
{
    return clock_now;
}

static const struct str system_accounts[] = { { "agent", 5 } };
static struct tx_site site = { .wait_ms = 5000,
                               .system_accounts = { system_accounts, 1 },
                               .now_ms = read_clock };

/* ---- resources ---- */

static inline const cJSON *either(const struct change *c)
{
    return c->now != NULL ? c->now : c->old;
}

static inline bool rules_check(struct tx *tx, const struct change *c, struct error *err)
{
    static const char *const action[] = { "create", "modify", "delete" };
    static const char *const what[] = { "create new rules", "modify rules", "delete rules" };
    const char *product = row_text(either(c), "product");
    const char *old_product = c->old != NULL ? row_text(c->old, "product") : product;
    return access_demand(tx, "rule", action[c->type], product, err, "%s is not allowed to %s for product %s",
                         tx->actor, what[c->type], access_text(product)) &&
           access_demand(tx, "rule", action[c->type], old_product, err,
                         "%s is not allowed to %s for product %s", tx->actor, what[c->type],
                         access_text(old_product));
}

static inline bool rules_require(struct tx *tx, const struct change *c, cJSON *needs, struct error *err)
{
    const cJSON *rows[] = { c->old, c->now };
    for (int i = 0; i < 2; i++) {
        if (rows[i] != NULL && !signoff_need_product(tx, row_text(rows[i], "product"),
                                                     row_text(rows[i], "channel"), needs, err)) {
            return false;
        }
    }
    return true;
}

static inline bool anyone(struct tx *tx, const struct change *c, struct error *err)
{
    (void)tx;
    (void)c;
    (void)err;
    return true;
}

static inline bool release_require(struct tx *tx, const struct change *c, cJSON *needs, struct error *err)
{
    return signoff_need_release(tx, row_text(either(c), "name"), needs, err);
}

static inline bool permission_require(struct tx *tx, const struct change *c, cJSON *needs, struct error *err)
{
    const cJSON *products = json_get_array(json_get_object(either(c), "options"), "products");
    if (products == NULL) {
        return signoff_need_permission(tx, NULL, needs, err);
    }
    for (const cJSON *product = products->child; product != NULL; product = product->next) {
        if (!signoff_need_permission(tx, product->valuestring, needs, err)) {
            return false;
        }
    }
    return true;
}

static inline void rules_lead_to(const struct change *c, cJSON *names)
{
    release_names_add(names, row_text(c->now, "mapping"));
}

static const struct resource rules = { .table = &table_rules,
                                       .check = rules_check,
                                       .require = rules_require,
                                       .leads_to = rules_lead_to,
                                       .scope = SCOPE_COLUMN };
static const struct resource releases = {
    .table = &table_releases_json, .check = anyone, .require = release_require, .scope = SCOPE_COLUMN
};
static const struct resource permissions = { .table = &table_permissions,
                                             .check = anyone,
                                             .require = permission_require };
static const struct resource pins = { .table = &table_pinnable_releases,
                                      .check = anyone,
                                      .scope = SCOPE_COLUMN };

/* ---- acts ---- */

enum verb { INSERT, UPDATE, DELETE, SCHEDULE, EDIT, UNSCHEDULE, ENACT, SIGN, REVOKE, REVERT };

struct act {
    enum verb verb;
    const struct resource *r;
    const char *json; /* values; the key besides, for an UPDATE or DELETE */
    int64_t id;       /* of a scheduled change; for REVERT the change_id is in version */
    int64_t version;
    const char *text; /* role or user */

    int64_t made;      /* out: what SCHEDULE made; whether REVOKE found something */
    unsigned sent;     /* out: statements */
    unsigned attempts; /* out */
};

static inline struct act insert(const struct resource *r, const char *values)
{
    return (struct act){ .verb = INSERT, .r = r, .json = values };
}

static inline struct act update(const struct resource *r, const char *key_and_values, int64_t version)
{
    return (struct act){ .verb = UPDATE, .r = r, .json = key_and_values, .version = version };
}

static inline struct act delete (const struct resource *r, const char *key, int64_t version)
{
    return (struct act){ .verb = DELETE, .r = r, .json = key, .version = version };
}

static inline struct act schedule(const struct resource *r, const char *change)
{
    return (struct act){ .verb = SCHEDULE, .r = r, .json = change };
}

static inline struct act edit(const struct resource *r, int64_t id, const char *what, int64_t version)
{
    return (struct act){ .verb = EDIT, .r = r, .id = id, .json = what, .version = version };
}

static inline struct act unschedule(const struct resource *r, int64_t id, int64_t version)
{
    return (struct act){ .verb = UNSCHEDULE, .r = r, .id = id, .version = version };
}

static inline struct act enact(const struct resource *r, int64_t id)
{
    return (struct act){ .verb = ENACT, .r = r, .id = id };
}

static inline struct act sign(const struct resource *r, int64_t id, const char *role)
{
    return (struct act){ .verb = SIGN, .r = r, .id = id, .text = role };
}

/* The same for someone who looked at VERSION of the scheduled change. */
static inline struct act sign_version(const struct resource *r, int64_t id, const char *role, int64_t version)
{
    return (struct act){ .verb = SIGN, .r = r, .id = id, .text = role, .version = version };
}

static inline struct act unsign(const struct resource *r, int64_t id, const char *user)
{
    return (struct act){ .verb = REVOKE, .r = r, .id = id, .text = user };
}

static inline struct act revert(const struct resource *r, int64_t id, int64_t change_id)
{
    return (struct act){ .verb = REVERT, .r = r, .id = id, .version = change_id };
}

static inline bool do_schedule(struct tx *tx, struct act *a, const cJSON *json, struct error *err)
{
    cJSON *change = NULL;
    switch (a->verb) {
    case SCHEDULE:
        return sc_insert(tx, a->r, json, &a->made, err);
    case EDIT:
        return sc_update(tx, a->r, a->id, json, a->version, err);
    case UNSCHEDULE:
        return sc_delete(tx, a->r, a->id, a->version, err);
    default:
        return history_change(tx, a->r->table->scheduled, a->version, &change, err) &&
               sc_revert(tx, a->r, a->id, change, err);
    }
}

static inline bool do_act(struct tx *tx, void *arg, struct error *err)
{
    struct act *a = arg;
    bool had = false;
    cJSON *json = a->json != NULL ? tx_keep(tx, json_parse(str_of(a->json), NULL)) : NULL;
    bool ok;
    switch (a->verb) {
    case INSERT:
        return resource_insert(tx, a->r, json, NULL, NULL, err);
    case UPDATE:
        return resource_update(
            tx, a->r, &(struct resource_edit){ .key = json, .what = json, .data_version = a->version }, NULL,
            err);
    case DELETE:
        return resource_delete(tx, a->r, json, a->version, NULL, err);
    case ENACT:
        return sc_enact(tx, a->r, a->id, err);
    case SIGN:
        return sc_signoff(tx, a->r, a->id, a->text, a->version, err);
    case REVOKE:
        ok = sc_revoke(tx, a->r, a->id, a->text, &had, err);
        a->made = had;
        return ok;
    default:
        return do_schedule(tx, a, json, err);
    }
}

/* Runs A as USER; E says why not. */
static inline bool run_act(const char *user, struct act *a, struct error *err)
{
    struct tx_request request = { .username = user, .request_id = STR("test") };
    *err = (struct error){ .what = "" };
    bool ok = tx_run(&site, &request, do_act, a, err);
    a->sent = request.statements;
    a->attempts = request.attempts;
    cJSON_Delete(request.blob_errors);
    return ok;
}

/* KIND: OK, or how it has to fail, with TEXT. Returns what was made. */
static inline int64_t expect(const char *user, struct act a, int kind, const char *text)
{
    struct error err;
    bool ok = run_act(user, &a, &err);
    if (kind == OK) {
        ck_assert_msg(ok, "verb %d as %s, %s: %s", (int)a.verb, user, a.json != NULL ? a.json : "", err.what);
    } else {
        ck_assert_msg(!ok && err.reason == kind, "verb %d as %s, %s: kind %d, wanted %d: %s", (int)a.verb,
                      user, a.json != NULL ? a.json : "", ok ? OK : err.reason, kind, err.what);
        ck_assert_msg(strstr(err.what, text) != NULL, "wanted '%s', got '%s'", text, err.what);
    }
    return a.made;
}

/* ---- the database ---- */

/* All rows of SQL: columns joined by ',', rows by ';', NULL as '-'. Valid until the world ends. */
static inline const char *dump(const char *sql)
{
    struct buf out;
    struct db_rows *rows = db_query(writer, sql, NULL, 0, &e);
    ck_assert_msg(rows != NULL, "%s: %s", sql, e.what);
    buf_init(&out, 256, 1 << 20);
    while (db_next(rows, &e)) {
        for (unsigned i = 0; i < db_columns(rows); i++) {
            buf_str(&out, i > 0 ? STR(",") : out.n > 0 ? STR(";") : STR(""));
            buf_str(&out, db_is_null(rows, i) ? STR("-") : db_text(rows, i));
        }
    }
    ck_assert_msg(db_finish(rows), "%s: %s", sql, e.what);
    char *text = mem_strndup(ctx, out.p, out.n);
    buf_free(&out);
    return text;
}

#define assert_rows(WANTED, SQL) ck_assert_str_eq(dump(SQL), WANTED)

static inline void empty_family(const char *table, bool history, bool scheduled)
{
    static const char *const parts[] = { "", "_conditions", "_signoffs" };
    runf(writer, "DELETE FROM %s", table);
    if (history) {
        runf(writer, "TRUNCATE %s_history", table);
    }
    for (int i = 0; i < 3 && scheduled; i++) {
        runf(writer, "TRUNCATE %s_scheduled_changes%s", table, parts[i]);
        runf(writer, "TRUNCATE %s_scheduled_changes%s_history", table, parts[i]);
    }
}

/* root: an admin with the roles qa and releng. fx: rules and permissions of Firefox, role qa. qa: role qa.
 * Firefox on release needs one qa; permissions for GMP two releng. */
static inline void fill(void)
{
    run(writer,
        "INSERT INTO permissions (permission, username, options, data_version) VALUES"
        " ('admin', 'root', NULL, 1), ('admin', 'half', '{\"products\": [\"Fennec\"]}', 1),"
        " ('rule', 'half', NULL, 1), ('rule', 'fx', '{\"products\": [\"Firefox\"]}', 1),"
        " ('rule', 'maker', '{\"actions\": [\"create\"]}', 1), ('rule', 'free', '{\"products\": []}', 1),"
        " ('scheduled_change', 'agent', '{\"actions\": [\"enact\"]}', 1)");
    run(writer, "INSERT INTO user_roles (username, role, data_version) VALUES ('root', 'qa', 1),"
                " ('root', 'releng', 1), ('qa', 'qa', 1), ('fx', 'qa', 1), ('rel', 'releng', 1),"
                " ('agent', 'other', 1)");
    run(writer, "INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version)"
                " VALUES ('Firefox', 'release', 'qa', 1, 1), ('Firefox', 'release-cdntest', 'relman', 2, 1),"
                " ('Fennec', 'release', 'qa', 3, 1)");
    run(writer, "INSERT INTO permissions_req_signoffs (product, role, signoffs_required, data_version)"
                " VALUES ('GMP', 'releng', 2, 1), ('CDM', 'qa', 1, 1)");
}

static inline void write_setup(void)
{
    static const char *const families[] = { "rules",
                                            "permissions",
                                            "pinnable_releases",
                                            "emergency_shutoffs",
                                            "product_req_signoffs",
                                            "permissions_req_signoffs" };
    struct config *config;
    ctx = talloc_new(NULL);
    log_setup("test", LOG_WARNING, LOG_PLAIN);
    writer = connect_root(getenv("BALROG_TEST_DB"));
    config = mem_new(ctx, struct config);
    config->database.host = "";
    config->database.socket = getenv("BALROG_TEST_SOCKET");
    config->database.name = getenv("BALROG_TEST_DB");
    config->database.user = "root";
    config->database.password = "";
    config->database.connect_timeout_s = config->database.read_timeout_s = config->database.write_timeout_s =
        30;
    config_database_hosts(ctx, &config->database, &e);
    site.pool = pool_new(ctx, hosts_new(ctx, &config->database), HOSTS_WRITE, 16);
    site.watch = NULL;
    clock_now = epoch_ms;
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        empty_family(families[i], true, true);
    }
    empty_family("user_roles", true, false);
    empty_family("releases_json", false, true);
    empty_family("release_assets", false, true);
    empty_family("releases", false, true);
    run(writer, "DELETE FROM balrog_signoff_content");
    site.signoff_content_except = (struct config_list){ 0 };
    run(writer, "ALTER TABLE rules AUTO_INCREMENT = 1");
    fill();
}

#endif
