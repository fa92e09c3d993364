/* Problems: each kind of error as the reference answers it, byte for byte where it has one. */
#include "admin/problem.h"

#include "suite.h"

#undef fail /* Check's */

static struct response response;
static struct error error;
static const struct request request = { .method_name = { "POST", 4 } };

static void setup(void)
{
    buf_init(&response.head, 0, 10000);
    buf_init(&response.body, 0, 10000);
    response_reset(&response);
}

static void teardown(void)
{
    buf_free(&response.head);
    buf_free(&response.body);
}

static void expect(int status, const char *content_type, const char *body)
{
    ck_assert_int_eq(response.status, status);
    ck_assert_str_eq(response.content_type, content_type);
    ck_assert_msg(str_eq(buf_view(&response.body), str_of(body)), "%.*s", STR_ARG(buf_view(&response.body)));
    response_reset(&response);
}

static void make(enum fail kind, const char *what, const cJSON *errors)
{
    fail(&error, kind, "%s", what);
    problem_of(&response, &request, &error, errors);
}

#define HANDLERS(TITLE, DETAIL, STATUS)                                                                      \
    "{\"type\": \"about:blank\", \"title\": \"" TITLE "\", \"detail\": \"" DETAIL "\", \"status\": " STATUS

START_TEST(each_kind)
{
    make(FAIL_OUTDATED, "x", NULL);
    expect(400, "application/json",
           HANDLERS("Bad Request", "OutdatedDataError",
                    "400") ", \"exception\": \"Couldn't perform the request POST. Outdated Data Version. "
                           "old_data_version doesn't match current data_version\"}");
    make(FAIL_MERGE, "x", NULL);
    expect(
        400, "application/json",
        HANDLERS("Bad Request", "UpdateMergeError",
                 "400") ", \"exception\": \"Couldn't perform the request POST due to merge error. Is there a "
                        "scheduled change that conflicts with yours?\"}");
    make(FAIL_SCHEDULED, "Why", NULL);
    expect(400, "application/json",
           HANDLERS(
               "Bad Request", "ChangeScheduledError",
               "400") ", \"exception\": \"Couldn't perform the request POST due a conflict with a scheduled "
                      "change. Why\"}");
    make(FAIL_SIGNOFF, "No Signoffs given", NULL);
    expect(400, "application/json",
           HANDLERS("Bad Request", "Signoff Required", "400") ", \"exception\": \"No Signoffs given\"}");
    make(FAIL_READ_ONLY, "Why", NULL);
    expect(400, "application/json", HANDLERS("Bad Request", "Read only", "400") ", \"exception\": \"Why\"}");
    make(FAIL_PERMISSION, "Why \"not\"\n", NULL);
    expect(403, "application/json",
           HANDLERS("Forbidden", "Permission Denied", "403") ", \"exception\": \"Why \\\"not\\\"\\n\"}");
    make(FAIL_INVALID, "caf\xc3\xa9", NULL);
    expect(400, "application/json",
           HANDLERS("Bad Request", "Unknown error", "400") ", \"exception\": \"caf\\u00e9\"}");
    make(FAIL_NOT_FOUND, "Why", NULL);
    expect(404, "application/json", HANDLERS("Not Found", "Why", "404") "}");
}
END_TEST

START_TEST(blobs)
{
    cJSON *errors = cJSON_CreateArray();
    cJSON_AddItemToArray(errors, cJSON_CreateString("first"));
    cJSON_AddItemToArray(errors, cJSON_CreateString("second"));
    make(FAIL_BLOB, "Invalid Blob", errors);
    expect(400, "application/json",
           HANDLERS("Bad Request", "Invalid Blob", "400") ", \"exception\": [\"first\", \"second\"]}");
    cJSON_Delete(errors);
}
END_TEST

START_TEST(unavailable)
{
    static const enum fail kinds[] = { FAIL_DATABASE, FAIL_LOCKED, FAIL_FULL,
                                       FAIL_CROWDED,  FAIL_BUSY,   FAIL_UNKNOWN };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        make(kinds[i], "socket /secret/path", NULL);
        ck_assert_int_eq(response.status, 503);
        ck_assert(str_contains(buf_view(&response.head), STR("Retry-After: 5\r\n")));
        ck_assert(kinds[i] == FAIL_UNKNOWN || !str_contains(buf_view(&response.body), STR("secret")));
        response_reset(&response);
    }
}
END_TEST

START_TEST(errors_of_no_kind)
{
    error = (struct error){ 0 };
    error_set(&error, ERROR_TOO_LARGE, "The body is longer than 5 bytes");
    problem_of(&response, &request, &error, NULL);
    expect(413, "application/problem+json",
           "{\n  \"detail\": \"The body is longer than 5 bytes\",\n  \"status\": 413,\n"
           "  \"title\": \"Request Entity Too Large\",\n  \"type\": \"about:blank\"\n}\n");
    error_set(&error, ERROR_INTERNAL, "secret");
    problem_of(&response, &request, &error, NULL);
    expect(500, "application/json", HANDLERS("Internal Server Error", "Internal Server Error", "500") "}");
    error_set(&error, ERROR_UNAVAILABLE, "secret");
    problem_of(&response, &request, &error, NULL);
    ck_assert(!str_contains(buf_view(&response.body), STR("secret")));
    ck_assert(str_contains(buf_view(&response.head), STR("Retry-After: 5\r\n")));
}
END_TEST

START_TEST(callers)
{
    problem_auth(&response, AUTH_HEADER_MISSING);
    ck_assert(str_contains(buf_view(&response.head), STR("WWW-Authenticate: Bearer\r\n")));
    expect(
        401, "application/json",
        HANDLERS(
            "Forbidden", "PermissionDeniedError",
            "401") ", \"exception\": \"Permission denied to perform the request. {'code': "
                   "'authorization_header_missing', 'description': 'Authorization header is expected'}\"}");
    problem_auth(&response, AUTH_UNAVAILABLE);
    ck_assert_int_eq(response.status, 503);
    ck_assert(str_contains(buf_view(&response.head), STR("Retry-After: 5\r\n")));
}
END_TEST

SUITE_MAIN_WITH("problem", setup, teardown, each_kind, blobs, unavailable, errors_of_no_kind, callers)
