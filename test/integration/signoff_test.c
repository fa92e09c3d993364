/* Sign-offs of scheduled changes: who may give and revoke them, what drops them, and what they cover. */
#include "schedule_world.h"

/* ---- giving, revoking, dropping ---- */

START_TEST(who_may_sign_off)
{
    expect("root", insert(&rules, beta), OK, NULL);
    expect("root",
           schedule(&rules, "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1,"
                            " \"product\": \"GMP\", " WHEN "}"),
           OK, NULL);
    expect("agent", sign(&rules, 1, "other"), FAIL_PERMISSION, "System account cannot signoff");
    expect("qa", sign(&rules, 1, "relman"), FAIL_PERMISSION, "qa cannot signoff with role 'relman'");
    expect("qa", sign(&rules, 1, "QA"), FAIL_PERMISSION, "qa cannot signoff with role 'QA'");
    expect("qa", sign(&rules, 2, "qa"), FAIL_NOT_FOUND, "");
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    expect("root", sign(&rules, 1, "releng"), OK, NULL);
    expect("root", sign(&rules, 1, "qa"), FAIL_PERMISSION, "Cannot signoff with a second role");
    assert_rows("1,qa,qa;1,root,releng", signoff_rows);
    assert_rows("4", "SELECT COUNT(*) FROM rules_scheduled_changes_signoffs_history");
    expect("rel", unsign(&rules, 1, "qa"), FAIL_PERMISSION, "group you do not belong to");
    expect("agent", unsign(&rules, 1, "qa"), FAIL_PERMISSION, "System accounts cannot revoke");
    ck_assert_int_eq(expect("fx", unsign(&rules, 1, "qa"), OK, NULL), 1);
    ck_assert_int_eq(expect("fx", unsign(&rules, 1, "qa"), OK, NULL), 0);
    ck_assert_int_eq(expect("fx", unsign(&rules, 4, "qa"), OK, NULL), 0);
    expect("half", unsign(&rules, 1, "root"), FAIL_PERMISSION, "group you do not belong to");
    ck_assert_int_eq(expect("root", unsign(&rules, 1, "root"), OK, NULL), 1);
    assert_rows("", signoff_rows);
}
END_TEST

START_TEST(system_accounts_with_a_needed_role_cannot_schedule)
{
    run(writer, "INSERT INTO user_roles (username, role, data_version) VALUES ('agent', 'qa', 1)");
    run(writer, "INSERT INTO permissions (permission, username, data_version) VALUES ('rule', 'agent', 1)");
    expect("agent",
           schedule(&rules,
                    "{\"change_type\": \"insert\", \"update_type\": \"minor\", \"product\": \"Firefox\","
                    " \"channel\": \"release\", " WHEN "}"),
           FAIL_PERMISSION, "System account cannot signoff");
    expect("agent",
           schedule(&rules,
                    "{\"change_type\": \"insert\", \"update_type\": \"minor\", \"product\": \"Firefox\","
                    " \"channel\": \"beta\", " WHEN "}"),
           OK, NULL);
    assert_rows("beta", "SELECT base_channel FROM rules_scheduled_changes");
}
END_TEST

/* A rule moves to a channel that needs a sign-off. While it is unprotected, fx edits it directly. */
START_TEST(a_direct_edit_drops_all_sign_offs_and_gives_none)
{
    expect("root", insert(&rules, beta), OK, NULL);
    expect("root",
           schedule(&rules,
                    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"priority\": 7,"
                    " \"product\": \"Firefox\", \"channel\": \"release\", \"update_type\": \"minor\", " WHEN
                    "}"),
           OK, NULL);
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    ck_assert_int_eq(expect("root", unsign(&rules, 1, "root"), OK, NULL), 1);
    assert_rows("1,qa,qa", signoff_rows);
    expect("fx", update(&rules, "{\"rule_id\": 1, \"comment\": \"x\"}", 1), OK, NULL);
    assert_rows("1,root,0,update,1,7,Firefox,release,x,2,2", sc_rows);
    assert_rows("", signoff_rows);
    expect("agent", enact(&rules, 1), FAIL_SIGNOFF, "No Signoffs given");
    /* The owner's own direct edit does not sign off either. */
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    expect("root", update(&rules, "{\"rule_id\": 1, \"comment\": \"y\"}", 2), OK, NULL);
    assert_rows("", signoff_rows);
}
END_TEST

START_TEST(enacting_signs_for_nobody)
{
    /* Another program wrote a second pending change of the row. */
    expect("root", insert(&rules, beta), OK, NULL);
    expect("fx",
           schedule(&rules,
                    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"priority\": 7,"
                    " \"product\": \"Firefox\", \"channel\": \"beta\", \"update_type\": \"minor\", " WHEN
                    "}"),
           OK, NULL);
    run(writer,
        "INSERT INTO rules_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_rule_id,"
        " base_product, base_channel, base_update_type, base_data_version, data_version)"
        " VALUES (2, 'fx', 0, 'update', 1, 'Firefox', 'release', 'minor', 1, 1)");
    run(writer, "INSERT INTO rules_scheduled_changes_conditions (sc_id, `when`, data_version)"
                " VALUES (2, 1800000100000, 1)");
    expect("agent", enact(&rules, 1), OK, NULL);
    assert_rows("", signoff_rows);
}
END_TEST

/* ---- what a sign-off covers ---- */

static void schedule_mapping(const char *user)
{
    expect("root", insert(&rules, beta), OK, NULL);
    run(writer, "INSERT INTO releases_json (name, product, read_only, data, data_version)"
                " VALUES ('R', 'Firefox', 0, '{}', 1)");
    run(writer, "INSERT INTO release_assets (name, path, data, data_version) VALUES ('R', '.p.de', '{}', 1)");
    expect(user,
           schedule(&rules,
                    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"mapping\": \"R\","
                    " \"product\": \"Firefox\", \"channel\": \"release\", \"update_type\": \"minor\", " WHEN
                    "}"),
           OK, NULL);
}

START_TEST(a_sign_off_covers_the_content_of_the_release)
{
    char *text;
    schedule_mapping("root");
    assert_rows("1,root,qa", signoff_rows);
    list_rules(&text);
    ck_assert_ptr_null(strstr(text, "invalid_signoffs"));
    /* Each of these changes what clients would get. */
    static const char *const changes[] = {
        "UPDATE releases_json SET data_version = 2 WHERE name = 'R'",
        "UPDATE release_assets SET data_version = 2 WHERE name = 'R'",
        "INSERT INTO release_assets (name, path, data, data_version) VALUES ('R', '.p.fr', '{}', 1)",
        "UPDATE release_assets SET path = '.p.it' WHERE path = '.p.fr'",
        "DELETE FROM release_assets WHERE path = '.p.it'",
        "INSERT INTO releases (name, product, data, data_version) VALUES ('R', 'Firefox', '{}', 1)",
        "DELETE FROM releases_json WHERE name = 'R'",
    };
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        run(writer, changes[i]);
        expect("agent", enact(&rules, 1), FAIL_SIGNOFF,
               "No Signoffs given. The sign-off of root does not count: the release R was changed");
        list_rules(&text);
        ck_assert_ptr_nonnull(strstr(text, "\"invalid_signoffs\":{\"root\":{"));
        ck_assert_ptr_nonnull(strstr(text, "\"release\":\"R\""));
        expect("root", sign(&rules, 1, "qa"), OK, NULL); /* renews it */
        list_rules(&text);
        ck_assert_ptr_null(strstr(text, "invalid_signoffs"));
    }
    expect("agent", enact(&rules, 1), OK, NULL);
}
END_TEST

START_TEST(a_sign_off_covers_the_members_of_a_superblob)
{
    schedule_mapping("root");
    run(writer, "INSERT INTO releases (name, product, data, data_version) VALUES ('M', 'Firefox', '{}', 1),"
                " ('S', 'Firefox', '{\"blobs\": [\"M\"]}', 1)");
    run(writer, "UPDATE releases_json SET data = '{\"blobs\": [\"S\"]}', data_version = 2 WHERE name = 'R'");
    expect("root", sign(&rules, 1, "qa"), OK, NULL);
    run(writer, "UPDATE releases SET data_version = 2 WHERE name = 'M'");
    expect("agent", enact(&rules, 1), FAIL_SIGNOFF, "the release M was changed");
}
END_TEST

START_TEST(content_may_be_excepted)
{
    static const struct str exceptions[] = { { "Fennec:*", 8 }, { "Firefox:R*", 10 } };
    site.signoff_content_except = (struct config_list){ exceptions, 1 };
    schedule_mapping("root");
    run(writer, "UPDATE releases_json SET data_version = 2 WHERE name = 'R'");
    expect("agent", enact(&rules, 1), FAIL_SIGNOFF, "the release R was changed");
    site.signoff_content_except.n = 2;
    expect("root", sign(&rules, 1, "qa"), OK, NULL);
    run(writer, "UPDATE releases_json SET data_version = 3 WHERE name = 'R'");
    expect("agent", enact(&rules, 1), OK, NULL);
}
END_TEST

START_TEST(sign_offs_of_the_reference_cover_any_content)
{
    schedule_mapping("root");
    run(writer, "DELETE FROM balrog_signoff_content");
    expect("root", unsign(&rules, 1, "root"), OK, NULL);
    run(writer, "INSERT INTO rules_scheduled_changes_signoffs VALUES (1, 'qa', 'qa')");
    run(writer, "UPDATE releases_json SET data_version = 2 WHERE name = 'R'");
    expect("agent", enact(&rules, 1), OK, NULL);
}
END_TEST

START_TEST(a_sign_off_counts_only_while_its_user_holds_the_role)
{
    char *text;
    schedule_mapping("root");
    run(writer, "DELETE FROM user_roles WHERE username = 'root' AND role = 'qa'");
    expect("agent", enact(&rules, 1), FAIL_SIGNOFF, "root does not hold the role 'qa' any more");
    list_rules(&text);
    ck_assert_ptr_nonnull(strstr(text, "\"reason\":\"role\"}"));
    run(writer, "INSERT INTO rules_scheduled_changes_signoffs VALUES (1, 'gone@x', 'qa')");
    run(writer, "INSERT INTO user_roles (username, role, data_version) VALUES ('gone@x', 'qa', 1)");
    expect("agent", enact(&rules, 1), FAIL_SIGNOFF, "gone@x has no permission any more");
    run(writer, "INSERT INTO permissions (permission, username, data_version) VALUES ('rule', 'gone@x', 1)");
    expect("agent", enact(&rules, 1), OK, NULL);
}
END_TEST

START_TEST(a_sign_off_may_name_the_version_that_was_looked_at)
{
    schedule_mapping("root");
    expect("root", edit(&rules, 1, "{\"priority\": 8}", 1), OK, NULL);
    expect("qa", sign_version(&rules, 1, "qa", 1), FAIL_OUTDATED, "it is at version 2, not at 1");
    expect("qa", sign_version(&rules, 1, "qa", 2), OK, NULL);
    expect("agent", enact(&rules, 1), OK, NULL);
    expect("qa", sign(&rules, 1, "qa"), FAIL_INVALID, "already completed. Cannot sign off now.");
    expect("qa", unsign(&rules, 1, "qa"), FAIL_INVALID, "already completed. Cannot revoke a signoff now.");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        who_may_sign_off,
        system_accounts_with_a_needed_role_cannot_schedule,
        a_direct_edit_drops_all_sign_offs_and_gives_none,
        enacting_signs_for_nobody,
        a_sign_off_covers_the_content_of_the_release,
        a_sign_off_covers_the_members_of_a_superblob,
        content_may_be_excepted,
        sign_offs_of_the_reference_cover_any_content,
        a_sign_off_counts_only_while_its_user_holds_the_role,
        a_sign_off_may_name_the_version_that_was_looked_at,
        NULL,
    };
    Suite *suite = suite_create("signoff");
    add_tests(suite, "signoff", write_setup, tests);
    return suite_status(suite);
}
