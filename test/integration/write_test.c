/* Rows and their histories, permissions, required sign-offs. */
#include "write_world.h"
#include "store/release_history.h"

/* What was recorded of releases: "table name path version content;" */
static char recorded[4096];

bool release_history_record(struct tx *tx, struct recorded_row row, int64_t data_version, struct str json,
                            struct error *err)
{
    (void)tx;
    (void)err;
    size_t n = strlen(recorded);
    struct str content = str_absent(json) ? STR("gone") : json;
    snprintf(recorded + n, sizeof recorded - n, "%s %s %s %lld %.*s;", row.table, row.name, row.path,
             (long long)data_version, STR_ARG(content));
    return true;
}

void release_history_seen(struct tx *tx, struct recorded_row row, int64_t data_version, struct str json)
{
    (void)tx;
    (void)row;
    (void)data_version;
    (void)json;
}

/* ---- rows ---- */

static const char rule_rows[] =
    "SELECT rule_id, priority, product, channel, comment, mig64, update_type, data_version"
    " FROM rules ORDER BY rule_id";
static const char rule_history[] = "SELECT change_id, changed_by, timestamp - 1800000000000, rule_id, "
                                   "priority, product, channel, mig64, data_version"
                                   " FROM rules_history ORDER BY change_id";

static const char a_rule[] = "{\"priority\": \"90\", \"product\": \"GMP\", \"update_type\": \"minor\","
                             " \"mig64\": true, \"rule_id\": 77, \"data_version\": 9, \"nope\": 1}";

START_TEST(rows_leave_the_references_history)
{
    expect("root", insert(&rules, a_rule), OK, NULL);
    assert_rows("1,90,GMP,-,-,1,minor,1", rule_rows);
    clock_now += 10;
    expect("root", update(&rules, "{\"rule_id\": 1, \"channel\": \"é\", \"mig64\": null}", 1), OK, NULL);
    assert_rows("1,90,GMP,é,-,-,minor,2", rule_rows);
    clock_now += 10;
    expect("root", delete (&rules, "{\"rule_id\": 1}", 2), OK, NULL);
    assert_rows("", rule_rows);
    assert_rows(
        "1,root,-1,1,-,-,-,-,-;2,root,0,1,90,GMP,-,1,1;3,root,10,1,90,GMP,é,-,2;4,root,20,1,-,-,-,-,-",
        rule_history);
}
END_TEST

START_TEST(outdated_writes_change_nothing)
{
    expect("root", insert(&rules, a_rule), OK, NULL);
    const char *const key = "{\"rule_id\": 1, \"comment\": \"x\"}";
    expect("root", update(&rules, key, 2), FAIL_OUTDATED, "Failed to update row");
    expect("root", update(&rules, key, 0), FAIL_OUTDATED, "Failed to update row");
    expect("root", delete (&rules, key, 2), FAIL_OUTDATED, "Failed to delete row");
    expect("root", update(&rules, "{\"rule_id\": 2}", 1), FAIL_NOT_FOUND, "no rows");
    expect("root", delete (&rules, "{}", 1), FAIL_NOT_FOUND, "no rows");
    assert_rows("1,90,GMP,-,-,1,minor,1", rule_rows);
    assert_rows("2", "SELECT COUNT(*) FROM rules_history");
}
END_TEST

START_TEST(values_that_do_not_fit_are_refused)
{
    static const struct {
        const char *json;
        int kind;
        const char *text;
    } cases[] = {
        { "{\"update_type\": \"minor\", \"priority\": \"9x\"}", FAIL_INVALID,
          "priority: not a whole number" },
        { "{\"update_type\": \"minor\", \"priority\": 1.5}", FAIL_INVALID, "priority: not a whole number" },
        { "{\"update_type\": \"minor\", \"priority\": \"\"}", FAIL_INVALID, "priority: not a whole number" },
        { "{\"update_type\": \"minor\", \"priority\": 3000000000}", FAIL_INVALID, "out of range" },
        { "{\"update_type\": \"minor\", \"comment\": 7}", FAIL_INVALID, "comment: not a string" },
        { "{\"update_type\": \"minor\", \"mig64\": \"yes\"}", FAIL_INVALID, "mig64: not true or false" },
        { "{\"update_type\": \"far too long a type\"}", FAIL_INVALID, "too long" },
        { "{\"priority\": 1}", FAIL_INVALID, "missing" },
        { "{\"update_type\": \"minor\", \"alias\": \"a\"}", FAIL_DUPLICATE, "alias" },
    };
    expect("root", insert(&rules, "{\"update_type\": \"minor\", \"alias\": \"a\"}"), FAIL_SIGNOFF, "");
    expect("root", insert(&rules, "{\"product\": \"x\", \"update_type\": \"minor\", \"alias\": \"a\"}"), OK,
           NULL);
    run(writer, "DELETE FROM product_req_signoffs");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        expect("root", insert(&rules, cases[i].json), cases[i].kind, cases[i].text);
    }
    assert_rows("1", "SELECT COUNT(*) FROM rules");
    assert_rows("2", "SELECT COUNT(*) FROM rules_history");
}
END_TEST

START_TEST(json_columns_hold_values)
{
    static const char rows[] =
        "SELECT permission, options, data_version FROM permissions WHERE username = 'u'";
    run(writer, "DELETE FROM permissions_req_signoffs");
    expect("root",
           insert(&permissions,
                  "{\"username\": \"u\", \"permission\": \"rule\", \"options\": {\"products\": [\"é\"]}}"),
           OK, NULL);
    assert_rows("rule,{\"products\": [\"\\u00e9\"]},1", rows);
    expect("root",
           update(&permissions, "{\"username\": \"u\", \"permission\": \"rule\", \"options\": null}", 1), OK,
           NULL);
    assert_rows("rule,-,2", rows);
    expect("root",
           update(&permissions, "{\"username\": \"U\", \"permission\": \"rule\", \"options\": null}", 2),
           FAIL_NOT_FOUND, "");
    assert_rows("-,-;{\"products\": [\"\\u00e9\"]},1;-,2",
                "SELECT options, data_version FROM permissions_history ORDER BY change_id");
}
END_TEST

START_TEST(releases_record_their_versions)
{
    recorded[0] = '\0';
    expect("root",
           insert(&releases, "{\"name\": \"R\", \"product\": \"P\", \"data\": {\"b\": 1, \"a\": [1]}}"), OK,
           NULL);
    expect("root", update(&releases, "{\"name\": \"R\", \"read_only\": true}", 1), OK, NULL);
    assert_rows("R,P,1,{\"b\": 1, \"a\": [1]},2",
                "SELECT name, product, read_only, data, data_version FROM releases_json");
    expect("root", update(&releases, "{\"name\": \"R\", \"data\": {}}", 2), OK, NULL);
    expect("root", delete (&releases, "{\"name\": \"R\"}", 2), FAIL_OUTDATED, "");
    expect("root", delete (&releases, "{\"name\": \"R\"}", 3), OK, NULL);
    ck_assert_str_eq(recorded,
                     "releases_json R  1 {\"b\": 1, \"a\": [1]};releases_json R  2 {\"b\": 1, \"a\": [1]};"
                     "releases_json R  3 {};releases_json R  3 gone;");
}
END_TEST

/* ---- who may ---- */

static const struct {
    const char *user, *thing, *action, *product;
    bool has;
} access_cases[] = {
    { "root", "rule", "create", "Firefox", true },
    { "root", "permission", "create", NULL, true },
    { "half", "rule", "create", "Fennec", true },
    { "half", "rule", "create", "Firefox", false },
    { "half", "rule", "create", NULL, false },
    { "half", "release", "modify", "Fennec", true },
    { "fx", "rule", "delete", "Firefox", true },
    { "fx", "rule", "delete", "firefox", false },
    { "fx", "rule", "delete", NULL, false },
    { "fx", "release", "modify", "Firefox", false },
    { "maker", "rule", "create", NULL, true },
    { "maker", "rule", "modify", "Firefox", false },
    { "free", "rule", "modify", "Firefox", true },
    { "free", "rule", "modify", NULL, true },
    { "nobody", "rule", "create", "Firefox", false },
    { "FX", "rule", "delete", "Firefox", false },
    { "agent", "scheduled_change", "enact", NULL, true },
};

static bool ask_access(struct tx *tx, void *arg, struct error *err)
{
    bool has, admin, half, known, unknown, nobody;
    int64_t n;
    (void)arg;
    for (size_t i = 0; i < ARRAY_LEN(access_cases); i++) {
        ck_assert(access_has(tx, access_cases[i].user, access_cases[i].thing, access_cases[i].action,
                             access_cases[i].product, &has, err));
        ck_assert_msg(has == access_cases[i].has, "case %zu: %s", i, access_cases[i].user);
    }
    ck_assert(access_is_admin(tx, "root", NULL, &admin, err) &&
              access_is_admin(tx, "half", NULL, &half, err));
    ck_assert(admin && !half);
    ck_assert(access_is_admin(tx, "half", "Firefox", &half, err) && !half);
    ck_assert(access_is_admin(tx, "half", "Fennec", &half, err) && half);
    ck_assert(access_is_admin(tx, "fx", "Firefox", &admin, err) && !admin);
    ck_assert(access_is_known(tx, "fx", &known, err) && access_is_known(tx, "fX", &unknown, err) &&
              access_is_known(tx, "", &nobody, err));
    ck_assert(known && !unknown && !nobody);
    ck_assert(access_has_role(tx, "root", "releng", &has, err) && has);
    ck_assert(access_has_role(tx, "qa", "releng", &has, err) && !has);
    ck_assert(access_count_role(tx, "qa", &n, err) && n == 3);
    ck_assert(access_is_system(tx, "agent") && !access_is_system(tx, "agents"));
    ck_assert(!access_demand(tx, "rule", "modify", NULL, err, "no %s", access_text(NULL)));
    ck_assert(failed_as(err, FAIL_PERMISSION) && err->kind == ERROR_FORBIDDEN);
    ck_assert_str_eq(err->what, "no None");
    return true;
}

struct asking {
    bool (*ask)(struct tx *tx, void *arg, struct error *err);
    void *arg;
};

/* What is read in one step and kept is still there in the next. */
static bool ask_in_steps(struct tx *tx, void *arg, struct error *err)
{
    const struct asking *a = arg;
    bool ok = true;
    for (int i = 0; ok && i < 2; i++) {
        void *outer = tx_step_begin(tx);
        ok = a->ask(tx, a->arg, err);
        tx_step_end(tx, outer);
    }
    return ok && a->ask(tx, a->arg, err);
}

START_TEST(permissions_and_roles)
{
    struct tx_request request = { .username = "qa" };
    for (int i = 0; i < 2; i++) {
        request.read_only = i == 1;
        ck_assert(tx_run(&site, &request, ask_in_steps, &(struct asking){ ask_access, NULL }, &e));
    }
}
END_TEST

/* ---- what needs sign-offs ---- */

static bool ask_needs(struct tx *tx, void *arg, struct error *err)
{
    static const struct {
        const char *product, *channel, *wanted;
    } cases[] = {
        { "Firefox", "release", "{\"qa\": 1}" },
        { "Firefox", "release*", "{\"qa\": 1, \"relman\": 2}" },
        { "Firefox", "release-*", "{\"relman\": 2}" },
        { "Firefox", NULL, "{\"qa\": 1, \"relman\": 2}" },
        { "Firefox", "", "{\"qa\": 1, \"relman\": 2}" },
        { "Firefox", "r*", "{}" },
        { "Firefox", "re*", "{\"qa\": 1, \"relman\": 2}" },
        { "Firefox", "Release", "{}" },
        { "Firefox", "beta", "{}" },
        { "firefox", "release", "{}" },
        { NULL, "release", "{\"qa\": 3}" },
        { "", NULL, "{\"qa\": 3, \"relman\": 2}" },
    };
    bool prefetched = *(bool *)arg;
    ck_assert(!prefetched || signoff_prefetch(tx, err));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *needs = signoff_needs_new(tx);
        cJSON *wanted = tx_keep(tx, json_parse(str_of(cases[i].wanted), NULL));
        ck_assert(signoff_need_product(tx, cases[i].product, cases[i].channel, needs, err));
        ck_assert_msg(cJSON_Compare(needs, wanted, true), "case %zu", i);
    }
    return true;
}

/* NEEDS as text; OK is what the call said that filled it. Empties it. */
static const char *printed(struct tx *tx, cJSON *needs, bool ok)
{
    ck_assert(ok);
    char *text = cJSON_PrintUnformatted(needs);
    char *copy = mem_strdup(tx->mem, text);
    cJSON_free(text);
    while (needs->child != NULL) {
        cJSON_Delete(cJSON_DetachItemViaPointer(needs, needs->child));
    }
    return copy;
}

#define NEEDS(CALL) printed(tx, needs, CALL)

static bool ask_release_needs(struct tx *tx, void *arg, struct error *err)
{
    cJSON *needs = signoff_needs_new(tx);
    ck_assert(!*(bool *)arg || signoff_prefetch(tx, err));
    ck_assert_str_eq(NEEDS(signoff_need_release(tx, "A", needs, err)), "{\"qa\":1}");
    ck_assert_str_eq(NEEDS(signoff_need_release(tx, "a", needs, err)), "{}");
    ck_assert_str_eq(NEEDS(signoff_need_release(tx, "B", needs, err)), "{\"qa\":3}");
    ck_assert_str_eq(NEEDS(signoff_need_release(tx, "C", needs, err)), "{\"qa\":3,\"relman\":2}");
    ck_assert_str_eq(NEEDS(signoff_need_release(tx, "D", needs, err)), "{}");
    ck_assert_str_eq(NEEDS(signoff_need_release(tx, "", needs, err)), "{}");
    ck_assert_str_eq(NEEDS(signoff_need_writable(tx, "A", "Firefox", needs, err)), "{\"qa\":1}");
    ck_assert_str_eq(NEEDS(signoff_need_writable(tx, "D", "Firefox", needs, err)), "{\"qa\":1,\"relman\":2}");
    ck_assert_str_eq(NEEDS(signoff_need_permission(tx, "GMP", needs, err)), "{\"releng\":2}");
    ck_assert_str_eq(NEEDS(signoff_need_permission(tx, "Firefox", needs, err)), "{}");
    ck_assert_str_eq(NEEDS(signoff_need_permission(tx, NULL, needs, err)), "{\"qa\":1,\"releng\":2}");
    ck_assert_str_eq(NEEDS(signoff_need_required(tx, "Firefox", "release", needs, err)), "{\"qa\":1}");
    ck_assert_str_eq(NEEDS(signoff_need_required(tx, "Firefox", "release*", needs, err)), "{}");
    ck_assert_str_eq(NEEDS(signoff_need_required(tx, "GMP", NULL, needs, err)), "{\"releng\":2}");
    return true;
}

START_TEST(required_signoffs)
{
    struct tx_request request = { .username = "qa", .read_only = true };
    run(writer,
        "INSERT INTO rules (update_type, product, channel, mapping, fallbackMapping, data_version) VALUES"
        " ('minor', 'Firefox', 'release', 'A', NULL, 1), ('minor', 'Fennec', NULL, 'B', 'A1', 1),"
        " ('minor', NULL, NULL, 'x', 'C', 1), ('minor', 'Firefox', 'beta', 'D', NULL, 1)");
    for (int i = 0; i < 2; i++) {
        bool prefetched = i == 1;
        ck_assert(tx_run(&site, &request, ask_in_steps, &(struct asking){ ask_needs, &prefetched }, &e));
        ck_assert(
            tx_run(&site, &request, ask_in_steps, &(struct asking){ ask_release_needs, &prefetched }, &e));
        ck_assert(tx_run(&site, &request, ask_release_needs, &prefetched, &e));
        ck_assert_uint_le(request.statements, 20);
    }
    ck_assert_uint_le(request.statements, 7);
}
END_TEST

START_TEST(signoffs_are_counted_by_role)
{
    static const struct {
        const char *needs, *given, *text;
    } cases[] = {
        { "{}", NULL, NULL },
        { "{\"qa\": 0}", NULL, "No Signoffs given" },
        { "{\"qa\": 1}", "{}", "No Signoffs given" },
        { "{\"qa\": 1}", "{\"a\": \"qa\"}", NULL },
        { "{\"qa\": 2}", "{\"a\": \"qa\", \"b\": \"relman\"}", "Not enough signoffs for role 'qa'" },
        { "{\"qa\": 2}", "{\"a\": \"qa\", \"b\": \"qa\"}", NULL },
        { "{\"qa\": 1, \"relman\": 1}", "{\"a\": \"qa\"}", "Not enough signoffs for role 'relman'" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *needs = json_parse(str_of(cases[i].needs), NULL);
        cJSON *given = cases[i].given != NULL ? json_parse(str_of(cases[i].given), NULL) : NULL;
        bool ok = signoff_verify(needs, given, &e);
        ck_assert_msg(ok == (cases[i].text == NULL), "case %zu", i);
        ck_assert(ok || (failed_as(&e, FAIL_SIGNOFF) && strcmp(e.what, cases[i].text) == 0));
        cJSON_Delete(needs);
        cJSON_Delete(given);
    }
}
END_TEST

START_TEST(direct_writes_need_permission_then_signoffs)
{
    const char *const firefox =
        "{\"product\": \"Firefox\", \"channel\": \"release\", \"update_type\": \"minor\"}";
    const char *const beta = "{\"product\": \"Firefox\", \"channel\": \"beta\", \"update_type\": \"minor\"}";
    expect("qa", insert(&rules, firefox), FAIL_PERMISSION,
           "qa is not allowed to create new rules for product Firefox");
    expect("fx", insert(&rules, firefox), FAIL_SIGNOFF, "No Signoffs given");
    expect("fx", insert(&rules, beta), OK, NULL);
    expect("fx", update(&rules, "{\"rule_id\": 1, \"channel\": \"release\"}", 1), FAIL_SIGNOFF, "");
    expect("fx", update(&rules, "{\"rule_id\": 1, \"product\": \"GMP\"}", 1), FAIL_PERMISSION, "product GMP");
    expect("root", update(&rules, "{\"rule_id\": 1, \"product\": \"GMP\"}", 1), OK, NULL);
    expect("fx", delete (&rules, "{\"rule_id\": 1}", 2), FAIL_PERMISSION, "delete rules for product");
    /* What is required is looked up anew after it was changed. */
    expect("root", delete (&rules, "{\"rule_id\": 1}", 2), OK, NULL);
}
END_TEST

/* ---- reading histories ---- */

static bool read_histories(struct tx *tx, void *arg, struct error *err)
{
    cJSON *rows, *change;
    int64_t count;
    (void)arg;
    struct history_query q = { .table = &table_rules, .page = 1, .limit = 2 };
    ck_assert_msg(history_page(tx, &q, &rows, &count, err), "%s", err->what);
    ck_assert_int_eq(count, 4);
    ck_assert_int_eq(cJSON_GetArraySize(rows), 2);
    ck_assert_int_eq(row_int(rows->child, "change_id"), 6);
    ck_assert_str_eq(row_text(rows->child, "changed_by"), "root");
    q.page = 2;
    q.key[0].column = "rule_id";
    q.key[0].value = DB_S(STR("1"));
    ck_assert(history_page(tx, &q, &rows, &count, err) && count == 3 && cJSON_GetArraySize(rows) == 1);
    ck_assert_int_eq(row_int(rows->child, "data_version"), 1);
    q.page = 1;
    q.from_ms = epoch_ms + 10;
    q.until_ms = epoch_ms + 19;
    ck_assert(history_page(tx, &q, &rows, &count, err) && count == 1);
    ck_assert_str_eq(row_text(rows->child, "comment"), "two");
    q.page = 0;
    ck_assert(!history_page(tx, &q, &rows, &count, err) && failed_as(err, FAIL_INVALID));
    q.page = 1;
    q.key[0].column = "nope";
    ck_assert(!history_page(tx, &q, &rows, &count, err) && failed_as(err, FAIL_INVALID));
    ck_assert(history_change(tx, &table_rules, 3, &change, err) && row_int(change, "data_version") == 2);
    ck_assert(history_change(tx, &table_rules, 99, &change, err) && change == NULL);
    ck_assert(history_at(tx, &table_rules, epoch_ms - 2, &rows, err) && rows->child == NULL);
    ck_assert(history_at(tx, &table_rules, epoch_ms - 1, &rows, err) && rows->child == NULL);
    ck_assert(history_at(tx, &table_rules, epoch_ms, &rows, err) && cJSON_GetArraySize(rows) == 1);
    ck_assert(history_at(tx, &table_rules, epoch_ms + 20, &rows, err) && cJSON_GetArraySize(rows) == 2);
    ck_assert(history_at(tx, &table_rules, epoch_ms + 30, &rows, err) && cJSON_GetArraySize(rows) == 1);
    return true;
}

START_TEST(histories_are_read_newest_first)
{
    struct tx_request request = { .username = "", .read_only = true };
    expect("root", insert(&rules, a_rule), OK, NULL);
    clock_now += 10;
    expect("root", update(&rules, "{\"rule_id\": 1, \"comment\": \"two\"}", 1), OK, NULL);
    clock_now += 10;
    expect("root", insert(&rules, a_rule), OK, NULL);
    expect("root", update(&rules, "{\"rule_id\": 1, \"comment\": \"three\"}", 2), OK, NULL);
    clock_now += 10;
    expect("root", delete (&rules, "{\"rule_id\": 2}", 1), OK, NULL);
    ck_assert_msg(tx_run(&site, &request, read_histories, NULL, &e), "%s", e.what);
}
END_TEST

/* ---- rows as text ---- */

static bool compare_printed(struct tx *tx, void *arg, struct error *err)
{
    static const struct table *const tables[] = { &table_rules, &table_permissions, &table_rules };
    struct buf direct, tree;
    cJSON *rows;
    size_t count;
    (void)arg;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        struct table_query q = { .table = tables[i] };
        q.key[0].column = "product";
        q.key[0].value = i == 2 ? DB_S(STR("Thunderbird")) : DB_S(STR_NONE);
        buf_init(&direct, 0, 1 << 20);
        buf_init(&tree, 0, 1 << 20);
        ck_assert_msg(row_list(tx, &q, &rows, err), "%s", err->what);
        ck_assert_msg(table_print(tx->db, &q, &direct, &count, err), "%s", err->what);
        json_print(&tree, rows, JSON_COMPACT);
        ck_assert_uint_eq(count, (size_t)cJSON_GetArraySize(rows));
        ck_assert(i == 2 ? count == 0 : count > 0);
        ck_assert_msg(str_eq(buf_view(&direct), buf_view(&tree)), "%.*s\n%.*s", (int)direct.n, direct.p,
                      (int)tree.n, tree.p);
        buf_free(&direct);
        buf_free(&tree);
    }
    return true;
}

START_TEST(rows_are_printed_as_their_trees)
{
    struct tx_request request = { .username = "", .read_only = true };
    expect("root", insert(&rules, a_rule), OK, NULL);
    expect(
        "root",
        insert(&rules,
               "{\"product\": \"GMP\", \"update_type\": \"minor\", \"priority\": -1, \"backgroundRate\": 0, "
               "\"mig64\": true, \"jaws\": false, \"comment\": \"\\\"q\\\" \\\\ \\n \\t "
               "\\u0001 \\u00e9 \\u20ac \\ud83e\\udd8a <&> /\"}"),
        OK, NULL);
    expect("root",
           insert(&permissions, "{\"username\": \"\\u00e9@x\", \"permission\": \"rule\", \"options\": "
                                "{\"products\": [\"b\", \"a\"], \"actions\": []}}"),
           OK, NULL);
    ck_assert_msg(tx_run(&site, &request, compare_printed, NULL, &e), "%s", e.what);
}
END_TEST

int main(void)
{
    setenv("TALLOC_FREE_FILL", "0xa5", 1); /* what is used after it was freed is wrong then */
    const TTest *const tests[] = {
        rows_leave_the_references_history,
        outdated_writes_change_nothing,
        values_that_do_not_fit_are_refused,
        json_columns_hold_values,
        releases_record_their_versions,
        permissions_and_roles,
        required_signoffs,
        signoffs_are_counted_by_role,
        direct_writes_need_permission_then_signoffs,
        histories_are_read_newest_first,
        rows_are_printed_as_their_trees,
        NULL,
    };
    Suite *suite = suite_create("write");
    add_tests(suite, "rows", write_setup, tests);
    return suite_status(suite);
}
