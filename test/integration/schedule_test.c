/* Scheduled changes: what may be scheduled, edited, merged, enacted, and what is then there. */
#include "schedule_world.h"

/* ---- scheduling ---- */

START_TEST(what_may_be_scheduled)
{
    static const struct {
        const char *user, *json;
        int kind;
        const char *text;
    } cases[] = {
        { "root", "{" WHEN "}", FAIL_INVALID, "Change type is required" },
        { "root", "{\"change_type\": \"x\", " WHEN "}", FAIL_INVALID, "Unknown Change Type" },
        { "root", "{\"change_type\": \"insert\", \"update_type\": \"minor\"}", FAIL_INVALID,
          "No conditions found" },
        { "root", "{\"change_type\": \"insert\", \"when\": null, \"telemetry_uptake\": 0}", FAIL_INVALID,
          "No conditions found" },
        { "root", "{\"change_type\": \"insert\", \"when\": 1799999999999}", FAIL_INVALID,
          "Cannot schedule changes in the past" },
        { "root", "{\"change_type\": \"insert\", \"when\": \"soon\"}", FAIL_INVALID,
          "Cannot parse 'when' as a unix timestamp." },
        { "root", "{\"change_type\": \"insert\", \"when\": 1e30}", FAIL_INVALID,
          "Cannot parse 'when' as a unix timestamp." },
        { "root", "{\"change_type\": \"insert\", \"telemetry_product\": \"a\", \"telemetry_uptake\": 1}",
          FAIL_INVALID,
          "Invalid combination of conditions: dict_keys(['telemetry_product', 'telemetry_uptake'])" },
        { "root",
          "{\"change_type\": \"insert\", " WHEN
          ", \"telemetry_product\": \"a\", \"telemetry_channel\": \"b\","
          " \"telemetry_uptake\": 1}",
          FAIL_INVALID, "Invalid combination of conditions" },
        { "root", "{\"change_type\": \"delete\", " WHEN "}", FAIL_INVALID,
          "Missing primary key column rule_id. PK values needed for deletion" },
        { "root", "{\"change_type\": \"delete\", \"rule_id\": null, " WHEN "}", FAIL_INVALID,
          "rule_id value found to be None" },
        { "root", "{\"change_type\": \"delete\", \"rule_id\": 1, " WHEN "}", FAIL_INVALID,
          "old_data_version must" },
        { "root", "{\"change_type\": \"update\", \"rule_id\": 9, \"data_version\": 1, " WHEN "}",
          FAIL_INVALID, "Cannot create scheduled change with data_version for non-existent row" },
        { "root", "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 2, " WHEN "}",
          FAIL_OUTDATED, "Wrong data_version given for base table" },
        { "root", "{\"change_type\": \"update\", \"rule_id\": 1, " WHEN "}", FAIL_OUTDATED,
          "Wrong data_version" },
        { "half", "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, " WHEN "}",
          FAIL_PERMISSION, "half is not allowed to modify rules for product Firefox" },
        { "fx",
          "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"product\": \"GMP\", " WHEN
          "}",
          FAIL_PERMISSION, "product GMP" },
        { "root", "{\"change_type\": \"insert\", \"update_type\": \"minor\", \"sc_id\": 5, " WHEN "}",
          FAIL_INVALID, "sc_id cannot be set" },
        { "root", "{\"change_type\": \"insert\", \"update_type\": \"minor\", \"complete\": true, " WHEN "}",
          FAIL_INVALID, "complete cannot be set" },
        { "root", "{\"change_type\": \"insert\", \"scheduled_by\": \"x\", " WHEN "}", FAIL_INVALID,
          "scheduled_by cannot be set" },
        { "root", "{\"change_type\": \"insert\", \"base_product\": \"x\", " WHEN "}", FAIL_INVALID,
          "base_product cannot be set" },
    };
    expect("root", insert(&rules, beta), OK, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        expect(cases[i].user, schedule(&rules, cases[i].json), cases[i].kind, cases[i].text);
    }
    assert_rows("", sc_rows);
    assert_rows("0", "SELECT COUNT(*) FROM rules_scheduled_changes_history");
}
END_TEST

START_TEST(other_tables_have_no_uptake)
{
    expect(
        "root",
        schedule(&pins,
                 "{\"change_type\": \"insert\", \"product\": \"p\", \"version\": \"1.\", \"channel\": \"c\","
                 " \"mapping\": \"m\", \"telemetry_product\": \"a\"}"),
        FAIL_INVALID, "uptake condition is disabled");
    expect(
        "root",
        schedule(&pins, "{\"change_type\": \"insert\", \"product\": \"p\", \"version\": \"1.\", " WHEN "}"),
        FAIL_INVALID, "Missing primary key column 'channel' which is not autoincrement");
    const char *const pin = "{\"change_type\": \"insert\", \"product\": \"p\", \"version\": \"1.\","
                            " \"channel\": \"c\", \"mapping\": \"m\", " WHEN "}";
    expect("root", schedule(&pins, pin), OK, NULL);
    expect("root", schedule(&pins, pin), FAIL_SCHEDULED,
           "Cannot schedule a change for a row with one already");
    expect("root", insert(&pins, pin), FAIL_SCHEDULED, "Scheduled change 1 is to insert this row.");
    expect("root", unschedule(&pins, 1, 1), OK, NULL);
    expect("root", insert(&pins, pin), OK, NULL);
    expect("root", schedule(&pins, pin), FAIL_INVALID, "Cannot schedule change for duplicate PK");
    expect("root", insert(&pins, pin), FAIL_DUPLICATE, "");
}
END_TEST

START_TEST(a_scheduled_change_has_two_rows_and_a_history)
{
    expect("root", insert(&rules, beta), OK, NULL);
    ck_assert_int_eq(
        expect("fx",
               schedule(&rules, "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1,"
                                " \"product\": \"Firefox\", \"priority\": \"7\", \"junk\": 1, " WHEN "}"),
               OK, NULL),
        1);
    assert_rows("1,fx,0,update,1,7,Firefox,-,-,1,1", sc_rows);
    assert_rows("1,-,1800000100000,1", "SELECT sc_id, telemetry_uptake, `when`, data_version"
                                       " FROM rules_scheduled_changes_conditions");
    assert_rows("fx,-1,1,-,0,-,-;fx,0,1,fx,0,7,1",
                "SELECT changed_by, timestamp - 1800000000000, sc_id, scheduled_by, complete, base_priority,"
                " data_version FROM rules_scheduled_changes_history ORDER BY change_id");
    assert_rows("fx,-1,-,-;fx,0,1800000100000,1",
                "SELECT changed_by, timestamp - 1800000000000, `when`, data_version"
                " FROM rules_scheduled_changes_conditions_history ORDER BY change_id");
    /* The product needs qa somewhere, and no channel means all of them: fx has that role alone. */
    assert_rows("1,fx,qa", signoff_rows);
}
END_TEST

START_TEST(read_only_is_false_unless_it_is_given)
{
    expect("root",
           schedule(&releases, "{\"change_type\": \"insert\", \"name\": \"R\", \"product\": \"P\","
                               " \"data\": {\"name\": \"R\"}, " WHEN "}"),
           OK, NULL);
    assert_rows("R,P,0,{\"name\": \"R\"},-,1",
                "SELECT base_name, base_product, base_read_only, base_data,"
                " base_data_version, data_version FROM releases_json_scheduled_changes");
    expect("root", insert(&rules, "{\"product\": \"x\", \"update_type\": \"minor\", \"mapping\": \"R\"}"), OK,
           NULL);
    expect("agent", enact(&releases, 1), OK, NULL);
    assert_rows("R,P,0,{\"name\": \"R\"},1",
                "SELECT name, product, read_only, data, data_version FROM releases_json");
}
END_TEST

/* ---- editing ---- */

START_TEST(an_edit_drops_the_sign_offs_of_others)
{
    expect("fx", insert(&rules, beta), OK, NULL);
    expect("root",
           schedule(&rules,
                    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"priority\": 7,"
                    " \"product\": \"Firefox\", \"channel\": \"release\", \"update_type\": \"minor\", " WHEN
                    "}"),
           OK, NULL);
    assert_rows("1,root,qa", signoff_rows); /* of root's two roles one is needed */
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    assert_rows("1,qa,qa;1,root,qa", signoff_rows);
    expect("root", edit(&rules, 1, "{\"priority\": 8}", 2), FAIL_OUTDATED, "");
    expect("root", edit(&rules, 2, "{\"priority\": 8}", 1), FAIL_NOT_FOUND,
           "Scheduled change does not exist");
    expect("root", edit(&rules, 1, "{\"priority\": 8, \"sc_id\": 3}", 1), FAIL_INVALID, "sc_id");
    expect("root", edit(&rules, 1, "{\"when\": 5}", 1), FAIL_INVALID, "in the past");
    expect("half", edit(&rules, 1, "{\"priority\": 8}", 1), FAIL_PERMISSION, "half");
    assert_rows("1,qa,qa;1,root,qa", signoff_rows);
    expect("fx", edit(&rules, 1, "{\"priority\": 8, \"change_type\": \"delete\"}", 1), OK, NULL);
    assert_rows("1,fx,0,update,1,8,Firefox,release,-,1,2", sc_rows);
    assert_rows("1,fx,qa", signoff_rows);
    assert_rows("1800000100000,2", "SELECT `when`, data_version FROM rules_scheduled_changes_conditions");
    assert_rows(
        "root,root,-;root,root,qa;qa,qa,-;qa,qa,qa;fx,qa,-;fx,root,-;fx,fx,-;fx,fx,qa",
        "SELECT changed_by, username, role FROM rules_scheduled_changes_signoffs_history ORDER BY change_id");
    clock_now += 200000;
    expect("fx", edit(&rules, 1, "{\"priority\": 9}", 2), FAIL_INVALID, "in the past");
}
END_TEST

START_TEST(a_scheduled_change_can_be_taken_back)
{
    expect("root", insert(&rules, beta), OK, NULL);
    expect("root",
           schedule(&rules, "{\"change_type\": \"delete\", \"rule_id\": 1, \"data_version\": 1, " WHEN "}"),
           OK, NULL);
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    expect("root", unschedule(&rules, 1, 9), FAIL_OUTDATED, "");
    expect("half", unschedule(&rules, 1, 1), FAIL_PERMISSION, "half is not allowed to delete rules");
    expect("root", unschedule(&rules, 7, 1), FAIL_NOT_FOUND, "");
    expect("root", unschedule(&rules, 1, 1), OK, NULL);
    assert_rows("", sc_rows);
    assert_rows("", signoff_rows);
    assert_rows("0", "SELECT COUNT(*) FROM rules_scheduled_changes_conditions");
    assert_rows("-;1;-", "SELECT data_version FROM rules_scheduled_changes_history ORDER BY change_id");
}
END_TEST

START_TEST(a_revision_can_be_scheduled_again)
{
    expect("root", insert(&rules, beta), OK, NULL);
    expect("root",
           schedule(&rules,
                    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"priority\": 7,"
                    " \"product\": \"GMP\", \"update_type\": \"minor\", \"channel\": \"beta\", " WHEN "}"),
           OK, NULL);
    expect("root", edit(&rules, 1, "{\"priority\": 8, \"when\": 1800000200000}", 1), OK, NULL);
    expect("root", update(&rules, "{\"rule_id\": 1, \"comment\": \"hi\"}", 1), OK, NULL);
    assert_rows("1,root,0,update,1,8,GMP,beta,hi,2,3", sc_rows);
    expect("fx", revert(&rules, 1, 2), FAIL_PERMISSION, "");
    expect("root", revert(&rules, 1, 2), OK, NULL);
    assert_rows("1,root,0,update,1,7,GMP,beta,-,2,4", sc_rows);
    assert_rows("1800000100000,4", "SELECT `when`, data_version FROM rules_scheduled_changes_conditions");
}
END_TEST

/* ---- merging ---- */

START_TEST(direct_edits_merge_into_what_is_scheduled)
{
    expect("root", insert(&rules, beta), OK, NULL);
    expect("root",
           schedule(&rules,
                    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"priority\": 7,"
                    " \"product\": \"Firefox\", \"channel\": \"beta\", \"update_type\": \"minor\", " WHEN
                    "}"),
           OK, NULL);
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    expect("fx", update(&rules, "{\"rule_id\": 1, \"comment\": \"x\", \"channel\": \"beta\"}", 1), OK, NULL);
    assert_rows("1,root,0,update,1,7,Firefox,beta,x,2,2", sc_rows);
    assert_rows("", signoff_rows);
    assert_rows("root,1;fx,2", "SELECT changed_by, data_version FROM rules_scheduled_changes_history"
                               " WHERE data_version > 0 ORDER BY change_id");
    expect("fx", update(&rules, "{\"rule_id\": 1, \"priority\": 8}", 2), FAIL_MERGE,
           "Cannot safely merge change to 'priority' with scheduled change '1'");
    expect("fx", update(&rules, "{\"rule_id\": 1, \"priority\": null, \"version\": \"1\"}", 2), OK, NULL);
    expect("fx", delete (&rules, "{\"rule_id\": 1}", 3), FAIL_SCHEDULED,
           "Cannot delete rows that have changes scheduled.");
    assert_rows("1,-,Firefox,beta,x,3", rule_rows);
    /* The edit of what is scheduled is validated: its time has passed. */
    clock_now += 200000;
    expect("fx", update(&rules, "{\"rule_id\": 1, \"comment\": \"y\"}", 3), FAIL_INVALID, "in the past");
    /* The one who scheduled it must still be allowed to. */
    clock_now -= 200000;
    run(writer, "DELETE FROM permissions WHERE username = 'root'");
    expect("fx", update(&rules, "{\"rule_id\": 1, \"comment\": \"y\"}", 3), FAIL_PERMISSION,
           "root is not allowed");
    assert_rows("1,-,Firefox,beta,x,3", rule_rows);
}
END_TEST

/* ---- enacting ---- */

START_TEST(enacting_needs_the_sign_offs_of_old_and_new)
{
    expect("root", insert(&rules, beta), OK, NULL);
    expect("fx",
           schedule(&rules,
                    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"priority\": 7,"
                    " \"product\": \"Firefox\", \"channel\": \"release\", \"update_type\": \"minor\", " WHEN
                    "}"),
           OK, NULL);
    ck_assert_int_eq(expect("fx", unsign(&rules, 1, "fx"), OK, NULL), 1);
    expect("fx", enact(&rules, 1), FAIL_PERMISSION, "('%s is not allowed to enact scheduled changes', 'fx')");
    expect("agent", enact(&rules, 2), FAIL_NOT_FOUND, "Scheduled change does not exist");
    expect("agent", enact(&rules, 1), FAIL_SIGNOFF, "No Signoffs given");
    expect("root", sign(&rules, 1, "releng"), OK, NULL);
    expect("agent", enact(&rules, 1), FAIL_SIGNOFF, "Not enough signoffs for role 'qa'");
    assert_rows("1,-,Firefox,beta,-,1", rule_rows);
    assert_rows("1,fx,0,update,1,7,Firefox,release,-,1,1", sc_rows);
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    clock_now += 50;
    expect("agent", enact(&rules, 1), OK, NULL);
    assert_rows("1,7,Firefox,release,-,2", rule_rows);
    assert_rows("1,fx,1,update,1,7,Firefox,release,-,1,2", sc_rows);
    assert_rows("fx,50,2", "SELECT changed_by, timestamp - 1800000000000, data_version FROM rules_history"
                           " ORDER BY change_id DESC LIMIT 1");
    assert_rows("fx,2,1", "SELECT changed_by, data_version, complete FROM rules_scheduled_changes_history"
                          " ORDER BY change_id DESC LIMIT 1");
    assert_rows("2", "SELECT data_version FROM rules_scheduled_changes_conditions");
    expect("agent", enact(&rules, 1), FAIL_OUTDATED, "already completed");
    expect("root", edit(&rules, 1, "{}", 2), FAIL_INVALID,
           "Scheduled change already completed. Cannot update now.");
    expect("root", unschedule(&rules, 1, 2), FAIL_INVALID,
           "Scheduled change already completed. Cannot delete now.");
}
END_TEST

START_TEST(columns_left_out_become_null_and_rows_come_and_go)
{
    expect("root",
           insert(&rules, "{\"product\": \"GMP\", \"update_type\": \"minor\", \"comment\": \"gone\"}"), OK,
           NULL);
    expect("root",
           schedule(&rules,
                    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"priority\": 7,"
                    " \"product\": \"GMP\", \"update_type\": \"minor\", " WHEN "}"),
           OK, NULL);
    expect("agent", enact(&rules, 1), OK, NULL);
    assert_rows("1,7,GMP,-,-,2", rule_rows);
    expect("root",
           schedule(&rules, "{\"change_type\": \"insert\", \"product\": \"GMP\", \"update_type\": \"minor\","
                            " \"telemetry_product\": \"a\", \"telemetry_channel\": \"b\","
                            " \"telemetry_uptake\": 1000}"),
           OK, NULL);
    expect("agent", enact(&rules, 2), OK, NULL);
    assert_rows("1,7,GMP,-,-,2;2,-,GMP,-,-,1", rule_rows);
    expect("root",
           schedule(&rules, "{\"change_type\": \"delete\", \"rule_id\": 1, \"data_version\": 1, " WHEN "}"),
           OK, NULL);
    expect("agent", enact(&rules, 3), FAIL_OUTDATED, "Failed to delete row");
    expect("root", edit(&rules, 3, "{\"data_version\": 2}", 1), OK, NULL);
    expect("agent", enact(&rules, 3), OK, NULL);
    assert_rows("2,-,GMP,-,-,1", rule_rows);
}
END_TEST

START_TEST(enacting_goes_by_the_permissions_of_today)
{
    expect("root", insert(&rules, beta), OK, NULL);
    expect("fx",
           schedule(&rules, "{\"change_type\": \"delete\", \"rule_id\": 1, \"data_version\": 1, " WHEN "}"),
           OK, NULL);
    run(writer, "DELETE FROM permissions WHERE username = 'fx'");
    expect("agent", enact(&rules, 1), FAIL_PERMISSION,
           "fx is not allowed to delete rules for product Firefox");
    assert_rows("1,-,Firefox,beta,-,1", rule_rows);
}
END_TEST

START_TEST(permissions_need_two)
{
    expect("root",
           schedule(&permissions,
                    "{\"change_type\": \"insert\", \"username\": \"x\", \"permission\": \"rule\","
                    " \"options\": {\"products\": [\"GMP\"]}, " WHEN "}"),
           OK, NULL);
    assert_rows("root,releng", "SELECT username, role FROM permissions_scheduled_changes_signoffs");
    expect("agent", enact(&permissions, 1), FAIL_SIGNOFF, "Not enough signoffs for role 'releng'");
    expect("rel", sign(&permissions, 1, "releng"), OK, NULL);
    expect("agent", enact(&permissions, 1), OK, NULL);
    assert_rows("{\"products\": [\"GMP\"]}", "SELECT options FROM permissions WHERE username = 'x'");
}
END_TEST

/* ---- reading ---- */

START_TEST(lists_show_conditions_signoffs_and_needs)
{
    struct listing l = { .r = &permissions };
    expect("root",
           schedule(&permissions,
                    "{\"change_type\": \"update\", \"username\": \"fx\", \"permission\": \"rule\","
                    " \"data_version\": 1, \"options\": {\"products\": [\"GMP\"]}, " WHEN "}"),
           OK, NULL);
    list(&l);
    ck_assert_str_eq(l.text,
                     "[{\"change_type\":\"update\",\"complete\":false,\"data_version\":1,"
                     "\"options\":{\"products\":[\"GMP\"]},\"permission\":\"rule\","
                     "\"required_signoffs\":{\"releng\":2},\"sc_data_version\":1,\"sc_id\":1,"
                     "\"scheduled_by\":\"root\",\"signoffs\":{\"root\":\"releng\"},\"username\":\"fx\","
                     "\"when\":1800000100000}]");
    l.q.key[0].column = "username";
    l.q.key[0].value = DB_S(STR("FX"));
    list(&l);
    ck_assert_str_eq(l.text, "[]");
    l.q = (struct sc_query){ .sc_id = 1 };
    list(&l);
    ck_assert_uint_eq(l.n, 1);
    run(writer, "UPDATE permissions_scheduled_changes SET complete = 1");
    list(&l);
    ck_assert_ptr_nonnull(strstr(l.text, "\"required_signoffs\":{},"));
    l.q = (struct sc_query){ .all = true };
    list(&l);
    ck_assert_uint_eq(l.n, 1);
    l.q = (struct sc_query){ .sc_id = 2 };
    list(&l);
    ck_assert_uint_eq(l.n, 0);
    l.q = (struct sc_query){ 0 };
    list(&l);
    ck_assert_uint_eq(l.n, 0);
}
END_TEST

START_TEST(a_list_costs_the_same_however_long)
{
    struct listing l = { .r = &rules };
    struct listing big = { .r = &releases, .q = { .without_big = true } };
    run(writer, "INSERT INTO rules (update_type, product, channel, mapping, data_version)"
                " SELECT 'minor', 'Firefox', 'release', CONCAT('R', seq), 1 FROM seq_1_to_200");
    run(writer, "INSERT INTO rules_scheduled_changes (scheduled_by, complete, change_type, base_rule_id,"
                " base_product, base_channel, base_data_version, data_version)"
                " SELECT 'root', 0, 'update', rule_id, 'Fennec', 'beta', 1, 1 FROM rules LIMIT 2");
    run(writer, "INSERT INTO rules_scheduled_changes_conditions (sc_id, `when`, data_version)"
                " SELECT seq, 5, 1 FROM seq_1_to_200");
    run(writer, "INSERT INTO rules_scheduled_changes_signoffs VALUES (1, 'qa', 'qa')");
    unsigned few = list(&l);
    ck_assert_uint_eq(l.n, 2);
    run(writer, "INSERT INTO rules_scheduled_changes (scheduled_by, complete, change_type, base_rule_id,"
                " base_product, base_channel, base_data_version, data_version)"
                " SELECT 'root', 0, 'delete', rule_id, NULL, NULL, 1, 1 FROM rules WHERE rule_id > 2");
    run(writer,
        "INSERT INTO rules_scheduled_changes_signoffs SELECT sc_id, 'qa', 'qa' FROM rules_scheduled_changes"
        " WHERE sc_id > 100");
    ck_assert_uint_eq(list(&l), few);
    ck_assert_uint_eq(l.n, 200);
    ck_assert_uint_le(few, 10); /* with START TRANSACTION and COMMIT */
    ck_assert_ptr_nonnull(strstr(l.text, "\"required_signoffs\":{\"qa\":1},\"rule_id\":200,"));
    ck_assert_ptr_nonnull(
        strstr(l.text, "\"sc_id\":200,\"scheduled_by\":\"root\",\"signoffs\":{\"qa\":\"qa\"}"));
    run(writer, "INSERT INTO releases_json (name, product, read_only, data, data_version)"
                " SELECT CONCAT('R', seq), 'Firefox', 0, '{}', 1 FROM seq_1_to_100");
    run(writer, "INSERT INTO releases_json_scheduled_changes (scheduled_by, complete, change_type, base_name,"
                " base_product, base_data, base_data_version, data_version)"
                " SELECT 'root', 0, 'update', name, 'Firefox', '{}', 1, 1 FROM releases_json");
    ck_assert_uint_le(list(&big), 9);
    ck_assert_uint_eq(big.n, 100);
    ck_assert_ptr_nonnull(strstr(big.text, "\"name\":\"R99\",\"product\":\"Firefox\",\"read_only\":null,"
                                           "\"required_signoffs\":{\"qa\":1}"));
    ck_assert_ptr_null(strstr(big.text, "\"data\":"));
}
END_TEST

static bool read_revisions(struct tx *tx, void *arg, struct error *err)
{
    cJSON *rows, *sc;
    int64_t count;
    struct history_query q = { .table = table_rules.scheduled, .page = 1, .limit = 10 };
    (void)arg;
    q.key[0].column = "product";
    q.key[0].value = DB_S(STR("GMP"));
    ck_assert_msg(history_page(tx, &q, &rows, &count, err), "%s", err->what);
    ck_assert_int_eq(count, 2);
    const cJSON *newest = rows->child;
    ck_assert_int_eq(row_int(newest, "change_id"), 3);
    ck_assert_int_eq(row_int(newest, "sc_data_version"), 2);
    ck_assert_int_eq(row_int(newest, "when"), epoch_ms + 200000);
    ck_assert_int_eq(row_int(newest->next, "when"), epoch_ms + 100000);
    ck_assert_str_eq(row_text(newest, "product"), "GMP");
    ck_assert(json_get(newest, "base_product") == NULL && json_get(newest, "data_version") != NULL);
    ck_assert(sc_get(tx, &rules, 1, ROW_PLAIN, &sc, err) && row_int(sc, "sc_data_version") == 2);
    ck_assert(sc_get(tx, &rules, 9, ROW_PLAIN, &sc, err) && sc == NULL);
    return true;
}

START_TEST(revisions_join_both_rows)
{
    struct tx_request request = { .username = "", .read_only = true };
    expect("root",
           schedule(&rules,
                    "{\"change_type\": \"insert\", \"product\": \"GMP\", \"update_type\": \"minor\", " WHEN
                    "}"),
           OK, NULL);
    expect("root", edit(&rules, 1, "{\"when\": 1800000200000}", 1), OK, NULL);
    ck_assert_msg(tx_run(&site, &request, read_revisions, NULL, &e), "%s", e.what);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_may_be_scheduled,
        other_tables_have_no_uptake,
        a_scheduled_change_has_two_rows_and_a_history,
        read_only_is_false_unless_it_is_given,
        an_edit_drops_the_sign_offs_of_others,
        a_scheduled_change_can_be_taken_back,
        a_revision_can_be_scheduled_again,
        direct_edits_merge_into_what_is_scheduled,
        enacting_needs_the_sign_offs_of_old_and_new,
        columns_left_out_become_null_and_rows_come_and_go,
        enacting_goes_by_the_permissions_of_today,
        permissions_need_two,
        lists_show_conditions_signoffs_and_needs,
        a_list_costs_the_same_however_long,
        revisions_join_both_rows,
        NULL,
    };
    Suite *suite = suite_create("schedule");
    add_tests(suite, "schedule", write_setup, tests);
    return suite_status(suite);
}
