/* See auth.h. The reference's answers (codes, sentences, order of tests) are kept: clients print them. */
#include "admin/auth.h"

#include "admin/userinfo.h"
#include "core/file.h"
#include "ops/log.h"
#include "web/client.h"

#include <strings.h>

enum { JWKS_CONNECT_MS = 3000, JWKS_ANSWER_MS = 5000 };

struct machine {
    struct str client;
    struct str account;
};

struct auth {
    const struct config *config;
    bool trusts_server;
    bool takes_tokens;
    struct jwt_terms terms;
    struct userinfo *userinfo; /* NULL: there is no endpoint */
    struct machine *machine;
    size_t n_machines;
};

/* ---- what is wrong with credentials ---- */

static const char *const says[] = {
#define SAYS(CODE, DESCRIPTION) "{'code': '" CODE "', 'description': " DESCRIPTION "}"
    [AUTH_OK] = "",
    [AUTH_HEADER_MISSING] = SAYS("authorization_header_missing", "'Authorization header is expected'"),
    [AUTH_NOT_BEARER] = SAYS("invalid_header", "'Authorization header must start with Bearer'"),
    [AUTH_NO_TOKEN] = SAYS("invalid_header", "'Token not found'"),
    [AUTH_NOT_ONE_TOKEN] = SAYS("invalid_header", "'Authorization header must be Bearer token'"),
    [AUTH_BAD_TOKEN] = SAYS("invalid_header", "'Invalid header. Use an RS256 signed JWT Access Token'"),
    [AUTH_UNKNOWN_KEY] = SAYS("invalid_key", "'Unable to find RSA key.'"),
    [AUTH_BAD_SIGNATURE] = SAYS("invalid_signature", "'the signature does not fit the token'"),
    [AUTH_EXPIRED] = SAYS("token_expired", "'token is expired'"),
    [AUTH_BAD_CLAIMS] = SAYS("invalid_claims", "'incorrect claims, please check the audience and issuer'"),
    [AUTH_NO_EMAIL] = SAYS("no_email", "'no email address found in access or id tokens'"),
    [AUTH_NO_USERINFO] =
        SAYS("incomplete_validation", "\"couldn't find additional userinfo from access token\""),
    [AUTH_UNAVAILABLE] = SAYS("unavailable", "'the token cannot be checked now'"),
#undef SAYS
};

const char *auth_says(enum auth_result result)
{
    return says[result];
}

/* ---- configuration ---- */

static bool load_file(void *arg, struct buf *out, struct error *e)
{
    return file_read(arg, out, e);
}

static bool load_url(void *arg, struct buf *out, struct error *e)
{
    int status;
    struct client_request request = { .url = arg,
                                      .connect_timeout_ms = JWKS_CONNECT_MS,
                                      .timeout_ms = JWKS_ANSWER_MS };
    if (!client_send(&request, out, &status, e)) {
        return error_prefix(e, "%s", request.url);
    }
    return status == 200 || error_set(e, ERROR_UNAVAILABLE, "%s answered %d", request.url, status);
}

/* Whoever can change an answer of this URL can act as any user here. So it must be https, unless it is on
 * this machine. */
static bool check_url(const char *key, const char *url, struct error *e)
{
    struct client_url u;
    if (!client_url_parse(url, &u, e)) {
        return error_prefix(e, "[admin] %s", key);
    }
    return client_url_is_local(&u) || strncasecmp(url, "https:", 6) == 0 ||
           error_set(e, ERROR_INTERNAL, "[admin] %s: must be https", key);
}

static bool setup_tokens(struct auth *auth, struct error *e)
{
    const struct config *c = auth->config;
    bool file = c->admin.jwks_file[0] != '\0';
    if (c->admin.audience[0] == '\0' || file == (c->admin.jwks_url[0] != '\0')) {
        return error_set(e, ERROR_INTERNAL,
                         "[admin] issuer: audience and one of jwks_url and jwks_file go with it");
    }
    if ((!file && !check_url("jwks_url", c->admin.jwks_url, e)) ||
        (c->admin.userinfo_url[0] != '\0' && !check_url("userinfo_url", c->admin.userinfo_url, e))) {
        return false;
    }
    struct jwks_options options = {
        .load = file ? load_file : load_url,
        .arg = (void *)(uintptr_t)(file ? c->admin.jwks_file : c->admin.jwks_url),
        .cache_s = c->admin.jwks_cache_s,
        .refresh_s = c->admin.jwks_refresh_s,
    };
    auth->terms = (struct jwt_terms){ jwks_new(auth, &options), c->admin.issuer, c->admin.audience };
    if (c->admin.userinfo_url[0] != '\0') {
        auth->userinfo = userinfo_new(auth, c->admin.userinfo_url, c->admin.email_claim);
    }
    auth->takes_tokens = true;
    return true;
}

static const struct machine *machine_of(const struct auth *auth, struct str client)
{
    for (size_t i = 0; i < auth->n_machines; i++) {
        if (str_eq(auth->machine[i].client, client)) {
            return &auth->machine[i];
        }
    }
    return NULL;
}

static bool setup_machines(struct auth *auth, struct error *e)
{
    const struct config_list *lines = &auth->config->admin.machine;
    auth->machine = mem_array(auth, struct machine, lines->n + 1);
    for (size_t i = 0; i < lines->n; i++) {
        const char *line = lines->item[i].p;
        size_t client = strcspn(line, " \t");
        const char *account = line + client + strspn(line + client, " \t");
        if (*account == '\0' || strpbrk(account, " \t") != NULL || strlen(account) > EMAIL_MAX) {
            return error_set(e, ERROR_INTERNAL,
                             "[admin] machine: a client id and an account are wanted, not \"%.200s\"", line);
        }
        if (machine_of(auth, (struct str){ line, client }) != NULL) {
            return error_set(e, ERROR_INTERNAL, "[admin] machine: %.*s is given twice", (int)client, line);
        }
        auth->machine[auth->n_machines++] = (struct machine){ { line, client }, str_of(account) };
    }
    return true;
}

struct auth *auth_new(void *ctx, const struct config *config, struct error *e)
{
    struct auth *auth = mem_new(ctx, struct auth);
    auth->config = config;
    auth->trusts_server = strcmp(config->admin.trust_remote_user, "yes") == 0;
    if ((config->admin.issuer[0] != '\0' && !setup_tokens(auth, e)) || !setup_machines(auth, e)) {
        talloc_free(auth);
        return NULL;
    }
    if (!auth->trusts_server && !auth->takes_tokens) {
        log_warning("auth.nobody", "nobody can change anything: neither issuer nor trust_remote_user is set");
    }
    return auth;
}

/* ---- who calls ---- */

static bool is_account(struct auth *auth, struct str name)
{
    for (size_t i = 0; i < auth->n_machines; i++) {
        if (str_eq(auth->machine[i].account, name)) {
            return true;
        }
    }
    return false;
}

/* A program's token: the configuration maps its client id to an account. A client id that is not configured
 * is the account's name itself, unless it could be taken for a person's or for a configured account. */
static enum auth_result machine_user(struct auth *auth, void *ctx, const cJSON *claims, const char **user)
{
    struct str client = str_of(json_get_string(claims, "azp"));
    const struct machine *m = machine_of(auth, client);
    bool usable =
        client.n > 0 && client.n <= EMAIL_MAX && !str_contains(client, STR("@")) && !is_account(auth, client);
    if (m == NULL && !usable) {
        return AUTH_NO_EMAIL;
    }
    struct str account = m != NULL ? m->account : client;
    *user = mem_strndup(ctx, account.p, account.n);
    return AUTH_OK;
}

/* A token, and what it is checked with. */
struct token_check {
    struct auth *auth;
    void *ctx; /* owns the account's name */
    struct str token;
    int64_t now_ms;
};

static enum auth_result person_user(const struct token_check *check, const cJSON *claims, const char **user,
                                    struct error *e)
{
    struct auth *auth = check->auth;
    char email[EMAIL_MAX + 1];
    const char *claim = userinfo_claim(claims, auth->config->admin.email_claim);
    if (claim == NULL && auth->userinfo == NULL) {
        return AUTH_NO_EMAIL;
    }
    if (claim == NULL) {
        struct userinfo_query query = {
            .token = check->token,
            .subject = json_get_string(claims, "sub"),
            .until_s = (int64_t)json_get(claims, "exp")->valuedouble, /* less than 1e11: see jwt.c */
            .now_ms = check->now_ms,
        };
        enum auth_result result = userinfo_email(auth->userinfo, &query, email, e);
        if (result != AUTH_OK) {
            return result;
        }
        claim = email;
    }
    *user = mem_strdup(check->ctx, claim);
    return AUTH_OK;
}

static enum auth_result token_user(const struct token_check *check, struct auth_caller *caller,
                                   struct error *e)
{
    const cJSON *claims;
    if (!check->auth->takes_tokens) {
        return AUTH_UNKNOWN_KEY;
    }
    enum auth_result result =
        jwt_verify(&check->auth->terms, check->ctx, check->token, check->now_ms, &claims, e);
    if (result != AUTH_OK) {
        return result;
    }
    caller->until_ms = (int64_t)(json_get(claims, "exp")->valuedouble * 1000); /* less than 1e14: see jwt.c */
    return json_get(claims, "gty") != NULL ? machine_user(check->auth, check->ctx, claims, &caller->user)
                                           : person_user(check, claims, &caller->user, e);
}

/* Takes the next word off *REST; absent when there is none left. */
static struct str next_word(struct str *rest)
{
    size_t n = 0;
    *rest = str_strip(*rest);
    while (n < rest->n && !strchr(" \t", rest->p[n])) {
        n++;
    }
    struct str word = n > 0 ? str_slice(*rest, 0, n) : STR_NONE;
    *rest = str_slice(*rest, n, rest->n);
    return word;
}

static enum auth_result find_token(const struct request *r, struct str *token)
{
    struct str header = str_strip(request_param(r, "HTTP_AUTHORIZATION"));
    if (header.n == 0) {
        return AUTH_HEADER_MISSING;
    }
    struct str scheme = next_word(&header);
    if (scheme.n != 6 || strncasecmp(scheme.p, "bearer", 6) != 0) {
        return AUTH_NOT_BEARER;
    }
    *token = next_word(&header);
    if (str_absent(*token)) {
        return AUTH_NO_TOKEN;
    }
    return header.n == 0 ? AUTH_OK : AUTH_NOT_ONE_TOKEN;
}

/* REMOTE_USER comes first: where nginx asks for a password, the header Authorization is that password. */
static bool server_user(const struct auth *auth, void *ctx, const struct request *r, const char **user)
{
    struct str name = request_param(r, "REMOTE_USER");
    if (!auth->trusts_server || name.n == 0 || name.n > EMAIL_MAX) {
        return false;
    }
    *user = mem_strndup(ctx, name.p, name.n);
    return true;
}

enum auth_result auth_caller(struct auth *auth, void *ctx, const struct request *r, int64_t now_ms,
                             struct auth_caller *caller, struct error *e)
{
    struct token_check check = { .auth = auth, .ctx = ctx, .now_ms = now_ms };
    *caller = (struct auth_caller){ 0 };
    if (server_user(auth, ctx, r, &caller->user)) {
        caller->by_server = true;
        return AUTH_OK;
    }
    enum auth_result result = find_token(r, &check.token);
    return result == AUTH_OK ? token_user(&check, caller, e) : result;
}

/* ---- browsers ---- */

bool auth_is_json(struct str content_type)
{
    struct str type;
    if (!str_split(&content_type, ';', &type)) {
        return false;
    }
    type = str_strip(type);
    return (type.n == 16 && strncasecmp(type.p, "application/json", 16) == 0) ||
           (type.n > 5 && strncasecmp(type.p + type.n - 5, "+json", 5) == 0);
}

bool auth_cors(const struct config *config, struct str origin)
{
    const struct config_list *known = &config->admin.cors_origins;
    for (size_t i = 0; i < known->n; i++) {
        if (str_eq(known->item[i], STR("*")) || str_eq(known->item[i], origin)) {
            return true;
        }
    }
    return false;
}

/* With "*" any page may read public answers, but none may act for the user of a browser. */
static bool may_act(const struct config *config, struct str origin)
{
    const struct config_list *known = &config->admin.cors_origins;
    for (size_t i = 0; i < known->n; i++) {
        if (str_eq(known->item[i], origin)) {
            return !str_eq(origin, STR("*"));
        }
    }
    return false;
}

/* Whether ORIGIN is "SCHEME://HOST" of the request itself. */
static bool is_own(const struct request *r, struct str origin)
{
    struct str scheme = request_param(r, "REQUEST_SCHEME");
    struct str host = request_param(r, "HTTP_HOST");
    return scheme.n > 0 && host.n > 0 && origin.n == scheme.n + 3 + host.n && str_starts(origin, scheme) &&
           str_ends(origin, host) && memcmp(origin.p + scheme.n, "://", 3) == 0;
}

bool auth_origin(const struct auth *auth, const struct request *r, struct error *e)
{
    struct str origin = request_param(r, "HTTP_ORIGIN");
    struct str type = request_param(r, "CONTENT_TYPE");
    struct str length = request_param(r, "CONTENT_LENGTH");
    struct str site = request_param(r, "HTTP_SEC_FETCH_SITE");
    bool empty = length.n == 0 || str_eq(length, STR("0"));
    if (type.n > 0 ? !auth_is_json(type) : !empty) {
        return error_set(e, ERROR_MEDIA_TYPE, "A request that changes something has to be application/json");
    }
    if (origin.n == 0 ? str_eq(site, STR("cross-site")) || str_eq(site, STR("same-site"))
                      : !is_own(r, origin) && !may_act(auth->config, origin)) {
        return error_set(e, ERROR_FORBIDDEN, "Requests from other sites' pages are refused");
    }
    return true;
}
