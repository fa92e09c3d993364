/* Who is calling: headers, nginx's user, machines, the userinfo endpoint, and browsers of other sites. */
#include "admin/auth.h"

#include "suite.h"
#include "tokens.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOW_MS 1700000000000LL
#define HEADER "{\"alg\": \"ES256\", \"kid\": \"e\"}"
#define CLAIMS "\"iss\": \"https://idp/\", \"aud\": \"balrog\", \"sub\": \"u1\", \"exp\": 1700000100"

static void *ctx;
static EVP_PKEY *key;
static char jwks_file[] = "/tmp/check_auth.XXXXXX";
static struct config config;
static struct auth *auth;
static struct error error;
static const char *user;
static bool by_server;

static void open_auth(void)
{
    auth = auth_new(ctx, &config, &error);
    ck_assert_msg(auth != NULL, "%s", error.what);
}

static void setup(void)
{
    static const struct str machines[] = { { "Client1 balrogagent", 19 }, { "a@b \t ffxbld", 12 } };
    ctx = talloc_new(NULL);
    key = EVP_EC_gen("P-256");
    int fd = mkstemp(jwks_file);
    char *set = mem_printf(ctx, "{\"keys\": [%s]}", jwk_of(ctx, key, "e", ""));
    ck_assert(write(fd, set, strlen(set)) == (ssize_t)strlen(set));
    close(fd);
    config = (struct config){ 0 };
    config.admin.trust_remote_user = "no";
    config.admin.issuer = "https://idp/";
    config.admin.audience = "balrog";
    config.admin.jwks_url = "";
    config.admin.jwks_file = jwks_file;
    config.admin.jwks_cache_s = 3600;
    config.admin.jwks_refresh_s = 30;
    config.admin.email_claim = "email";
    config.admin.userinfo_url = "";
    config.admin.machine = (struct config_list){ machines, 2 };
}

static void teardown(void)
{
    unlink(jwks_file);
    EVP_PKEY_free(key);
    talloc_free(ctx);
}

/* The request that has PARAMS, up to a NULL. */
static struct request request_with(const char *const *params)
{
    return (struct request){ .params = params };
}

static enum auth_result ask(const char *const *params)
{
    struct auth_caller caller;
    struct request r = request_with(params);
    enum auth_result result = auth_caller(auth, ctx, &r, NOW_MS, &caller, &error);
    user = caller.user;
    by_server = caller.by_server;
    ck_assert_int_eq(user != NULL, result == AUTH_OK);
    return result;
}

static enum auth_result ask_header(const char *authorization)
{
    const char *params[] = { mem_printf(ctx, "HTTP_AUTHORIZATION=%s", authorization), NULL };
    return ask(params);
}

/* With a token that has the claims MORE besides the usual ones. */
static enum auth_result ask_token(const char *more)
{
    char *payload = mem_printf(ctx, "{" CLAIMS "%s}", more);
    return ask_header(mem_printf(ctx, "Bearer %s", token_signed(ctx, key, HEADER, payload)));
}

static void expect_user(enum auth_result result, const char *name)
{
    ck_assert_msg(result == AUTH_OK, "%s", auth_says(result));
    ck_assert_str_eq(user, name);
}

/* ---- headers ---- */

START_TEST(headers)
{
    open_auth();
    const char *none[] = { "HTTP_HOST=x", NULL };
    ck_assert_int_eq(ask(none), AUTH_HEADER_MISSING);
    ck_assert_int_eq(ask_header(""), AUTH_HEADER_MISSING);
    ck_assert_int_eq(ask_header("  "), AUTH_HEADER_MISSING);
    ck_assert_int_eq(ask_header("Basic YTpi"), AUTH_NOT_BEARER);
    ck_assert_int_eq(ask_header("Bearerx"), AUTH_NOT_BEARER);
    ck_assert_int_eq(ask_header("Bearer"), AUTH_NO_TOKEN);
    ck_assert_int_eq(ask_header("Bearer  "), AUTH_NO_TOKEN);
    ck_assert_int_eq(ask_header("Bearer a b"), AUTH_NOT_ONE_TOKEN);
    ck_assert_int_eq(ask_header("Bearer a"), AUTH_BAD_TOKEN);
    char *token = token_signed(ctx, key, HEADER, "{" CLAIMS ", \"email\": \"a@b.c\"}");
    expect_user(ask_header(mem_printf(ctx, " bEARER\t %s ", token)), "a@b.c");
    ck_assert(!by_server);
}
END_TEST

START_TEST(says_what_the_reference_says)
{
    ck_assert_str_eq(
        auth_says(AUTH_HEADER_MISSING),
        "{'code': 'authorization_header_missing', 'description': 'Authorization header is expected'}");
    ck_assert_str_eq(auth_says(AUTH_NO_USERINFO),
                     "{'code': 'incomplete_validation', 'description': \"couldn't find "
                     "additional userinfo from access token\"}");
    for (int i = 0; i <= AUTH_UNAVAILABLE; i++) {
        ck_assert_ptr_nonnull(auth_says((enum auth_result)i));
    }
}
END_TEST

/* ---- nginx's user ---- */

START_TEST(nginx_is_believed_only_where_it_is_trusted)
{
    const char *named[] = { "REMOTE_USER=boss@example.com", NULL };
    const char *forged[] = { "HTTP_REMOTE_USER=boss@example.com", "HTTP_X_REMOTE_USER=boss@example.com",
                             "HTTP_X_FORWARDED_USER=boss@example.com", NULL };
    const char *empty[] = { "REMOTE_USER=", NULL };
    open_auth();
    ck_assert_int_eq(ask(named), AUTH_HEADER_MISSING);
    config.admin.trust_remote_user = "yes";
    open_auth();
    expect_user(ask(named), "boss@example.com");
    ck_assert(by_server);
    ck_assert_int_eq(ask(forged), AUTH_HEADER_MISSING);
    ck_assert_int_eq(ask(empty), AUTH_HEADER_MISSING);
    expect_user(ask_token(", \"email\": \"a@b.c\""), "a@b.c");
    ck_assert(!by_server);
}
END_TEST

START_TEST(nobody_without_configuration)
{
    config.admin.issuer = "";
    open_auth();
    ck_assert_int_eq(ask_token(", \"email\": \"a@b.c\""), AUTH_UNKNOWN_KEY);
}
END_TEST

START_TEST(configuration_that_cannot_be)
{
    static const struct str lines[][2] = {
        { { "one", 3 } },
        { { "one two three", 13 } },
        { { "one two", 7 }, { "one three", 9 } },
    };
    for (size_t i = 0; i < 3; i++) {
        config.admin.machine = (struct config_list){ lines[i], i == 2 ? 2 : 1 };
        ck_assert_ptr_null(auth_new(ctx, &config, &error));
        ck_assert(strstr(error.what, "[admin] machine: ") == error.what);
    }
    config.admin.machine.n = 0;
    config.admin.jwks_url = "https://idp.example.com/keys";
    ck_assert_ptr_null(auth_new(ctx, &config, &error)); /* and a file */
    config.admin.jwks_file = "";
    ck_assert_ptr_nonnull(auth_new(ctx, &config, &error));
    config.admin.jwks_url = "http://idp.example.com/keys";
    ck_assert_ptr_null(auth_new(ctx, &config, &error));
    ck_assert_str_eq(error.what, "[admin] jwks_url: must be https");
    config.admin.jwks_url = "http://127.0.0.1:1/keys";
    ck_assert_ptr_nonnull(auth_new(ctx, &config, &error));
    config.admin.userinfo_url = "http://idp.example.com/me";
    ck_assert_ptr_null(auth_new(ctx, &config, &error));
    config.admin.userinfo_url = "";
    config.admin.audience = "";
    ck_assert_ptr_null(auth_new(ctx, &config, &error));
}
END_TEST

/* ---- tokens ---- */

START_TEST(people)
{
    open_auth();
    expect_user(ask_token(", \"email\": \"a@b.c\", \"email_verified\": true"), "a@b.c");
    ck_assert_int_eq(ask_token(", \"email\": \"a@b.c\", \"email_verified\": false"), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(""), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"email\": \"\""), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"email\": [\"a@b.c\"]"), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"email\": \"balrogagent\""), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"email\": \"a@b.c\\n\""), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"email\": \"a b@c\""), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(mem_printf(ctx, ", \"email\": \"%0100d@b.c\"", 0)), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"azp\": \"Client1\""), AUTH_NO_EMAIL);
    config.admin.email_claim = "https://example.com/email";
    open_auth();
    expect_user(ask_token(", \"email\": \"x@y.z\", \"https://example.com/email\": \"a@b.c\""), "a@b.c");
}
END_TEST

START_TEST(machines)
{
    open_auth();
    expect_user(ask_token(", \"gty\": \"client-credentials\", \"azp\": \"Client1\""), "balrogagent");
    expect_user(ask_token(", \"gty\": null, \"azp\": \"a@b\""), "ffxbld");
    expect_user(ask_token(", \"gty\": \"x\", \"azp\": \"Client2\""), "Client2");
    /* The e-mail address of a machine's token is not looked at. */
    expect_user(ask_token(", \"gty\": \"x\", \"azp\": \"Client2\", \"email\": \"boss@example.com\""),
                "Client2");
    /* An id that nobody has set down is neither a person nor another machine's account. */
    ck_assert_int_eq(ask_token(", \"gty\": \"x\", \"azp\": \"boss@example.com\""), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"gty\": \"x\", \"azp\": \"balrogagent\""), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"gty\": \"x\", \"azp\": \"\""), AUTH_NO_EMAIL);
    ck_assert_int_eq(ask_token(", \"gty\": \"x\""), AUTH_NO_EMAIL);
}
END_TEST

START_TEST(no_key_set)
{
    unlink(jwks_file);
    open_auth();
    ck_assert_int_eq(ask_token(", \"email\": \"a@b.c\""), AUTH_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(error.what, "No such file"));
}
END_TEST

/* ---- the userinfo endpoint ---- */

static struct {
    int fd;
    const char *answer;
    char got[4096];
    atomic_int asked;
    pthread_t thread;
} endpoint;

static void *serve(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept(endpoint.fd, NULL, NULL)) >= 0; close(fd)) {
        size_t n = 0;
        ssize_t more;
        endpoint.got[0] = '\0';
        while (strstr(endpoint.got, "\r\n\r\n") == NULL &&
               (more = read(fd, endpoint.got + n, sizeof endpoint.got - 1 - n)) > 0) {
            n += (size_t)more;
            endpoint.got[n] = '\0';
        }
        atomic_fetch_add(&endpoint.asked, 1);
        ck_assert(write(fd, endpoint.answer, strlen(endpoint.answer)) > 0);
    }
    return NULL;
}

static void endpoint_start(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    endpoint.fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert(bind(endpoint.fd, (struct sockaddr *)&a, n) == 0 && listen(endpoint.fd, 4) == 0);
    ck_assert(getsockname(endpoint.fd, (struct sockaddr *)&a, &n) == 0);
    config.admin.userinfo_url = mem_printf(ctx, "http://127.0.0.1:%u/userinfo", (unsigned)ntohs(a.sin_port));
    ck_assert(pthread_create(&endpoint.thread, NULL, serve, NULL) == 0);
    open_auth();
}

static void endpoint_stop(void)
{
    shutdown(endpoint.fd, SHUT_RDWR);
    pthread_join(endpoint.thread, NULL);
    close(endpoint.fd);
}

static void endpoint_says(const char *status, const char *body)
{
    endpoint.answer = mem_printf(ctx, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                                 status, strlen(body), body);
}

START_TEST(userinfo_is_asked_once_a_token)
{
    endpoint_says("200 OK", "{\"sub\": \"u1\", \"email\": \"a@b.c\"}");
    endpoint_start();
    char *payload = mem_printf(ctx, "{" CLAIMS "}");
    char *header = mem_printf(ctx, "Bearer %s", token_signed(ctx, key, HEADER, payload));
    expect_user(ask_header(header), "a@b.c");
    ck_assert_ptr_nonnull(strstr(endpoint.got, "GET /userinfo HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(endpoint.got, header));
    expect_user(ask_header(header), "a@b.c");
    ck_assert_int_eq(endpoint.asked, 1);
    expect_user(ask_token(", \"jti\": \"2\""), "a@b.c");
    ck_assert_int_eq(endpoint.asked, 2);
    expect_user(ask_token(", \"email\": \"own@b.c\""), "own@b.c");
    ck_assert_int_eq(endpoint.asked, 2);
    endpoint_stop();
}
END_TEST

START_TEST(userinfo_that_does_not_help)
{
    static const struct {
        const char *status, *body;
        enum auth_result result;
    } cases[] = {
        { "200 OK", "{\"sub\": \"u2\", \"email\": \"a@b.c\"}", AUTH_NO_USERINFO },
        { "200 OK", "[]", AUTH_NO_USERINFO },
        { "200 OK", "Hello", AUTH_NO_USERINFO },
        { "401 Unauthorized", "Unauthorized", AUTH_NO_USERINFO },
        { "302 Found", "{\"sub\": \"u1\", \"email\": \"a@b.c\"}", AUTH_NO_USERINFO },
        { "200 OK", "{\"sub\": \"u1\"}", AUTH_NO_EMAIL },
        { "200 OK", "{\"sub\": \"u1\", \"email\": \"a@b.c\", \"email_verified\": false}", AUTH_NO_EMAIL },
        { "500 Oops", "", AUTH_UNAVAILABLE },
        { "429 Too Many Requests", "", AUTH_UNAVAILABLE },
    };
    endpoint_says("200 OK", "");
    endpoint_start();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        endpoint_says(cases[i].status, cases[i].body);
        ck_assert_msg(ask_token("") == cases[i].result, "case %zu", i);
    }
    ck_assert_int_eq(endpoint.asked, (int)(ARRAY_LEN(cases))); /* nothing of it is kept */
    endpoint_stop();
    ck_assert_int_eq(ask_token(""), AUTH_UNAVAILABLE);
}
END_TEST

/* ---- browsers ---- */

static int origin_status(const char *const *params)
{
    struct request r = request_with(params);
    return auth_origin(auth, &r, &error) ? 200 : http_status_of(error.kind);
}

#define OWN "REQUEST_SCHEME=https", "HTTP_HOST=balrog.example.com"
#define JSON "CONTENT_TYPE=application/json"

START_TEST(other_sites_pages_are_refused)
{
    static const struct {
        const char *params[8];
        int status;
    } cases[] = {
        { { OWN, JSON }, 200 },
        { { OWN, JSON, "HTTP_ORIGIN=" }, 200 },
        { { OWN, JSON, "HTTP_ORIGIN=https://balrog.example.com" }, 200 },
        { { OWN, JSON, "HTTP_ORIGIN=https://ui.example.com" }, 200 },
        { { OWN, JSON, "HTTP_ORIGIN=http://balrog.example.com" }, 403 },
        { { OWN, JSON, "HTTP_ORIGIN=https://balrog.example.com:8443" }, 403 },
        { { OWN, JSON, "HTTP_ORIGIN=https://evil.example" }, 403 },
        { { OWN, JSON, "HTTP_ORIGIN=https://balrog.example.com.evil.example" }, 403 },
        { { OWN, JSON, "HTTP_ORIGIN=null" }, 403 },
        { { OWN, JSON, "HTTP_ORIGIN=*" }, 403 },
        { { JSON, "HTTP_HOST=", "REQUEST_SCHEME=https", "HTTP_ORIGIN=https://" }, 403 },
        { { OWN, JSON, "HTTP_SEC_FETCH_SITE=cross-site" }, 403 },
        { { OWN, JSON, "HTTP_SEC_FETCH_SITE=same-origin" }, 200 },
        { { OWN, "CONTENT_TYPE=application/json; charset=utf-8", "CONTENT_LENGTH=5" }, 200 },
        { { OWN, "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=5" }, 415 },
        { { OWN, "CONTENT_TYPE=application/x-www-form-urlencoded", "CONTENT_LENGTH=" }, 415 },
        { { OWN, "CONTENT_TYPE=multipart/form-data; x=application/json", "CONTENT_LENGTH=5" }, 415 },
        { { OWN, "CONTENT_TYPE=", "CONTENT_LENGTH=5" }, 415 },
        { { OWN, "CONTENT_TYPE=", "CONTENT_LENGTH=" }, 200 },
        { { OWN, "CONTENT_TYPE=", "CONTENT_LENGTH=0" }, 200 },
    };
    static const struct str origins[] = { { "https://ui.example.com", 22 }, { "*", 1 } };
    config.admin.cors_origins = (struct config_list){ origins, 2 };
    open_auth();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(origin_status(cases[i].params) == cases[i].status, "case %zu", i);
    }
}
END_TEST

START_TEST(cors)
{
    static const struct str origins[] = { { "https://ui.example.com", 22 }, { "*", 1 } };
    config.admin.cors_origins = (struct config_list){ origins, 1 };
    ck_assert(auth_cors(&config, STR("https://ui.example.com")));
    ck_assert(!auth_cors(&config, STR("https://ui.example.com.evil")));
    ck_assert(!auth_cors(&config, STR("*")));
    config.admin.cors_origins.n = 2;
    ck_assert(auth_cors(&config, STR("https://evil.example")));
}
END_TEST

SUITE_MAIN_WITH("auth", setup, teardown, headers, says_what_the_reference_says,
                nginx_is_believed_only_where_it_is_trusted, nobody_without_configuration,
                configuration_that_cannot_be, people, machines, no_key_set, userinfo_is_asked_once_a_token,
                userinfo_that_does_not_help, other_sites_pages_are_refused, cors)
