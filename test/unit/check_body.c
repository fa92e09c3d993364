/* Fields of bodies and parameters against their tables; what is refused, and in which words. */
#include "admin/body.h"

#include "suite.h"

static const struct body_field fields[] = {
    { "data_version", FIELD_INT | FIELD_STRING, FORMAT_DATA_VERSION, .required = true },
    { "update_type", FIELD_STRING, FORMAT_ANY, .required = true, .max = 15, .words = "major minor" },
    { "priority", FIELD_INT | FIELD_STRING | FIELD_NULL, FORMAT_PRIORITY },
    { "backgroundRate", FIELD_INT | FIELD_STRING | FIELD_NULL, FORMAT_BACKGROUND_RATE },
    { "mapping", FIELD_STRING | FIELD_NULL, FORMAT_ASCII, .max = 10 },
    { "product", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 5 },
    { "version", FIELD_STRING | FIELD_NULL, FORMAT_RULE_VERSION },
    { "buildID", FIELD_STRING | FIELD_NULL, FORMAT_RULE_BUILD_ID },
    { "alias", FIELD_STRING | FIELD_NULL, FORMAT_RULE_ALIAS },
    { "blob", FIELD_STRING, FORMAT_JSON_STRING },
    { "mig64", FIELD_BOOL | FIELD_NULL },
    { "data", FIELD_OBJECT },
    { "when", FIELD_INT | FIELD_NULL, FORMAT_WHEN },
    { "sc_data_version", FIELD_INT, .min = 1, .max = 9 },
    { "rule_id", FIELD_ANY, .refused = BODY_READ_ONLY },
    { "sc_id", FIELD_ANY, .refused = "sc_id cannot be set when scheduling a new change" },
    { 0 },
};

static struct error error;

static const char *check_text(const char *text)
{
    cJSON *json = json_parse(str_of(text), &error);
    ck_assert_msg(json != NULL, "%s", text);
    bool ok = body_check(fields, json, &error);
    cJSON_Delete(json);
    ck_assert(ok || error.kind == ERROR_BAD_REQUEST);
    return ok ? "" : error.what;
}

/* What is said of a body that is good but for MEMBERS. */
static const char *check_members(const char *members)
{
    char text[4096];
    snprintf(text, sizeof text, "{\"data_version\": 1, \"update_type\": \"minor\", %s}", members);
    return check_text(text);
}

static void expect_good(const char *members)
{
    ck_assert_str_eq(check_members(members), "");
}

#define EXPECT(MEMBERS, WHAT) ck_assert_str_eq(check_members(MEMBERS), WHAT)

START_TEST(whole_bodies)
{
    ck_assert(!body_check(fields, NULL, &error));
    ck_assert_str_eq(error.what, "None is not of type 'object'");
    ck_assert_str_eq(check_text("[1, 2]"), "[1, 2] is not of type 'object'");
    ck_assert_str_eq(check_text("\"text\""), "'text' is not of type 'object'");
    ck_assert_str_eq(check_text("null"), "None is not of type 'object'");
    ck_assert_str_eq(check_text("{}"), "'data_version' is a required property");
    ck_assert_str_eq(check_text("{\"data_version\": null}"), "'update_type' is a required property");
    ck_assert_str_eq(check_text("{\"data_version\": null, \"update_type\": \"minor\"}"),
                     "data_version: None is not of type 'integer', 'string'");
    expect_good("\"bogus\": {\"a\": [1, 2]}, \"BLOB\": 5");
}
END_TEST

START_TEST(numbers)
{
    expect_good("\"priority\": 0, \"backgroundRate\": \"100\", \"when\": 4102444800000");
    expect_good("\"priority\": \" 7 \", \"backgroundRate\": \"\", \"when\": null");
    EXPECT("\"priority\": 5.0", "priority: 5.0 is not of type 'integer', 'string', 'null'");
    EXPECT("\"sc_data_version\": 1e0", "sc_data_version: 1.0 is not of type 'integer'");
    EXPECT("\"when\": 4102444800000.0", "when: 4102444800000.0 is not of type 'integer', 'null'");
    EXPECT("\"priority\": -1",
           "priority field value should be an integer >= 0 priority: -1 is not a 'priority'");
    EXPECT(
        "\"priority\": 2147483648",
        "priority field value should be an integer <= 2147483647 priority: 2147483648 is not a 'priority'");
    EXPECT("\"priority\": \"abc\"",
           "Invalid input for priority. Not an integer. priority: 'abc' is not a 'priority'");
    EXPECT("\"priority\": \"12345678901234567890\"", "Invalid input for priority. Not an integer. priority: "
                                                     "'12345678901234567890' is not a 'priority'");
    EXPECT("\"priority\": 1.5", "priority: 1.5 is not of type 'integer', 'string', 'null'");
    EXPECT("\"priority\": 1e300", "priority: 1e+300 is not of type 'integer', 'string', 'null'");
    EXPECT("\"priority\": true", "priority: True is not of type 'integer', 'string', 'null'");
    EXPECT("\"backgroundRate\": 101", "backgroundRate field value should be an integer <= 100 "
                                      "backgroundRate: 101 is not a 'backgroundRate'");
    EXPECT("\"when\": -5", "when field value should be an integer >= 0 when: -5 is not a 'when'");
    EXPECT("\"when\": \"1\"", "when: '1' is not of type 'integer', 'null'");
    EXPECT("\"sc_data_version\": 0", "sc_data_version: 0 is less than the minimum of 1");
    EXPECT("\"sc_data_version\": 10", "sc_data_version: 10 is greater than the maximum of 9");
}
END_TEST

START_TEST(strings)
{
    expect_good("\"mapping\": \"\", \"product\": \"Fx\"");
    expect_good("\"mapping\": null");
    EXPECT("\"mapping\": 5", "mapping: 5 is not of type 'string', 'null'");
    EXPECT("\"mapping\": \"01234567890\"", "mapping: '01234567890' is too long");
    EXPECT("\"mapping\": \"caf\\u00e9\"", "value must be ascii mapping: 'caf\xc3\xa9' is not a 'ascii'");
    EXPECT("\"product\": \"\"", "product: '' is too short");
    EXPECT("\"product\": null", "product: None is not of type 'string'");
    EXPECT("\"product\": \"it's\"", "");
    EXPECT("\"product\": \"it's it\"", "product: \"it's it\" is too long");
    EXPECT("\"alias\": \"1bad\"", "alias: '1bad' does not match '(^[a-zA-Z][a-zA-Z0-9-]*$|^$)'");
    EXPECT("\"alias\": \"a b\"", "alias: 'a b' does not match '(^[a-zA-Z][a-zA-Z0-9-]*$|^$)'");
    expect_good("\"alias\": \"firefox-1\"");
    expect_good("\"alias\": \"\"");
    ck_assert_str_eq(check_text("{\"data_version\": 1, \"update_type\": \"bogus\"}"),
                     "update_type: 'bogus' is not one of ['major', 'minor']");
}
END_TEST

START_TEST(versions)
{
    static const char *const good[] = { "",     "36.0",        "<45.0",  ">=3.6.3plugin1",
                                        "70.*", "36.0,36.0.1", "1.0.0b2" };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        char members[100];
        snprintf(members, sizeof members, "\"version\": \"%s\"", good[i]);
        expect_good(members);
    }
    EXPECT("\"version\": \"3.x.y\"",
           "Invalid input for 3.x.y . No Operator or Match found. version: '3.x.y' is not a 'version'");
    EXPECT("\"version\": \"<3.0,4.0\"",
           "Invalid input for <3.0,4.0 .Relational Operators are not allowed when providing "
           "a list of versions. version: '<3.0,4.0' is not a 'version'");
    EXPECT("\"version\": \"70.*,71.*\"",
           "Invalid input for 70.*,71.* .Relational Operators are not allowed when "
           "providing a list of versions. version: '70.*,71.*' is not a 'version'");
    EXPECT("\"version\": \"36.0,\"",
           "Invalid input for 36.0, . No Operator or Match found. version: '36.0,' is not a 'version'");
    EXPECT("\"version\": \"*\"",
           "Invalid input for * . No Operator or Match found. version: '*' is not a 'version'");
    EXPECT("\"version\": \"=3.0\"",
           "Invalid input for =3.0 . No Operator or Match found. version: '=3.0' is not a 'version'");
}
END_TEST

START_TEST(build_ids)
{
    expect_good("\"buildID\": \"20170504030201\"");
    expect_good("\"buildID\": \"<=20170504030201\"");
    EXPECT("\"buildID\": \"<abc\"",
           "Invalid input for buildID: must be an integer. buildID: '<abc' is not a 'buildID'");
    EXPECT("\"buildID\": \"2017*\"",
           "Invalid input for buildID: must be an integer. buildID: '2017*' is not a 'buildID'");
    EXPECT("\"buildID\": \"!5\"",
           "Invalid input for buildID : !5. No Operator or Match found. buildID: '!5' is not a 'buildID'");
}
END_TEST

START_TEST(json_in_strings)
{
    expect_good("\"blob\": \"{\\\"a\\\": 1}\"");
    expect_good("\"blob\": \"\"");
    const char *what = check_members("\"blob\": \"{bad\"");
    ck_assert(strstr(what, "Not a valid json. Error: ") == what);
    ck_assert_ptr_nonnull(strstr(what, " blob: '{bad' is not a 'JSONStringField'"));
}
END_TEST

START_TEST(other_types)
{
    expect_good("\"mig64\": true, \"data\": {}");
    expect_good("\"mig64\": null");
    EXPECT("\"mig64\": 1", "mig64: 1 is not of type 'boolean', 'null'");
    EXPECT("\"data\": []", "data: [] is not of type 'object'");
    EXPECT("\"data\": {}, \"mapping\": {\"a\": [null, \"x\"]}",
           "mapping: {'a': [None, 'x']} is not of type 'string', 'null'");
}
END_TEST

START_TEST(what_the_server_sets_is_refused)
{
    EXPECT("\"rule_id\": 5", "rule_id: Property is read-only");
    EXPECT("\"rule_id\": null", "rule_id: Property is read-only");
    EXPECT("\"sc_id\": 5", "sc_id cannot be set when scheduling a new change");
}
END_TEST

START_TEST(long_values_are_cut_short)
{
    static char members[3000];
    snprintf(members, sizeof members, "\"product\": \"%02000d\"", 0);
    EXPECT(members, "product: the value is too long");
    snprintf(members, sizeof members, "\"version\": \"%02000d\"", 0);
    ck_assert(strstr(check_members(members), "version: the value is not a 'version'") != NULL);
}
END_TEST

START_TEST(parameters)
{
    static const struct body_field page = { "page", FIELD_INT | FIELD_NULL, .min = 1 };
    static const struct body_field version = { "data_version", FIELD_INT, .required = true, .min = 1 };
    static const struct body_field kind = { "permission", FIELD_STRING, .words = "admin rule" };
    static const struct body_field name = { "name", FIELD_STRING, FORMAT_ASCII, .max = 5 };
    static const struct {
        const struct body_field *field;
        struct str value;
        const char *what;
    } cases[] = {
        { &page, { "1", 1 }, "" },
        { &page, { NULL, 0 }, "" },
        { &page, { "null", 4 }, "" },
        { &page, { "0", 1 }, "0 is less than the minimum of 1" },
        { &page, { "x", 1 }, "Wrong type, expected 'integer' for query parameter 'page'" },
        { &page, { "", 0 }, "Wrong type, expected 'integer' for query parameter 'page'" },
        { &page, { "1\0", 2 }, "The query parameter 'page' holds a NUL" },
        { &version, { NULL, 0 }, "Missing query parameter 'data_version'" },
        { &version, { "null", 4 }, "Wrong type, expected 'integer' for query parameter 'data_version'" },
        { &kind, { "rule", 4 }, "" },
        { &kind, { "nosuch", 6 }, "'nosuch' is not one of ['admin', 'rule']" },
        { &name, { "123456", 6 }, "'123456' is too long" },
        { &name, { "\xc3\xa9", 2 }, "value must be ascii '\xc3\xa9' is not a 'ascii'" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool ok = body_check_arg(cases[i].field, "query", cases[i].value, &error);
        ck_assert_msg(strcmp(ok ? "" : error.what, cases[i].what) == 0, "case %zu: %s", i, error.what);
    }
}
END_TEST

/* body_column() of VALUE, JSON, for a field with FORMAT and SPACES, as compact JSON. */
static const char *column(enum field_format format, enum field_spaces spaces, const char *value)
{
    static char text[100];
    const struct body_field field = { "x", FIELD_ANY, format, .spaces = spaces };
    struct buf out;
    cJSON *sent = json_parse(str_of(value), &error);
    cJSON *written = body_column(&field, sent);
    buf_init(&out, 0, sizeof text - 1);
    json_print(&out, written, JSON_COMPACT);
    snprintf(text, sizeof text, "%.*s", STR_ARG(buf_view(&out)));
    buf_free(&out);
    cJSON_Delete(written);
    cJSON_Delete(sent);
    return text;
}

START_TEST(columns)
{
    ck_assert_str_eq(column(FORMAT_PRIORITY, SPACES_KEPT, "\" 12 \""), "12");
    ck_assert_str_eq(column(FORMAT_PRIORITY, SPACES_KEPT, "7"), "7");
    ck_assert_str_eq(column(FORMAT_PRIORITY, SPACES_TRIMMED, "\"\""), "null");
    ck_assert_str_eq(column(FORMAT_WHEN, SPACES_KEPT, "null"), "null");
    ck_assert_str_eq(column(FORMAT_ASCII, SPACES_KEPT, "\" a b \""), "\" a b \"");
    ck_assert_str_eq(column(FORMAT_ASCII, SPACES_TRIMMED, "\" a b \""), "\"a b\"");
    ck_assert_str_eq(column(FORMAT_ASCII, SPACES_REMOVED, "\" a, b\\t,c \""), "\"a,b,c\"");
    ck_assert_str_eq(column(FORMAT_ASCII, SPACES_TRIMMED, "\"  \""), "null");
    ck_assert_str_eq(column(FORMAT_ASCII, SPACES_REMOVED, "\"  \""), "null");
    ck_assert_str_eq(column(FORMAT_ASCII, SPACES_TRIMMED, "true"), "true");
}
END_TEST

START_TEST(reading)
{
    int64_t n = 0;
    cJSON *body = json_parse(
        STR("{\"a\": \" x \", \"b\": \"  \", \"n\": \" 12 \", \"m\": 7, \"z\": null, \"f\": 1.5}"), &error);
    ck_assert(str_eq(body_str(body, "a"), STR(" x ")));
    ck_assert(str_absent(body_str(body, "m")) && str_absent(body_str(body, "none")));
    ck_assert(body_int(body, "n", &n) && n == 12);
    ck_assert(body_int(body, "m", &n) && n == 7);
    ck_assert(!body_int(body, "b", &n) && !body_int(body, "z", &n) && !body_int(body, "f", &n));
    ck_assert(body_has(body, "z") && !body_has(body, "A"));
    cJSON_Delete(body);
}
END_TEST

SUITE_MAIN("body", whole_bodies, numbers, strings, versions, build_ids, json_in_strings, other_types,
           what_the_server_sets_is_refused, long_values_are_cut_short, parameters, columns, reading)
