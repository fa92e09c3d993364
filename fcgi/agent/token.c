/* See token.h. */
#include "agent/token.h"

#include "core/json.h"
#include "core/percent.h"
#include "core/clock.h"
#include "ops/log.h"
#include "web/client.h"

#include <openssl/evp.h>

enum { TOKEN_ANSWER_MAX = 64 << 10, FORM_MAX = 32 << 10, EARLY_MAX_S = 300, LIFE_MAX_S = 7 * 86400 };

struct token {
    const struct agent_settings *settings;
    const char *header; /* NULL: no token */
    int64_t refresh_ms;
    unsigned count;
};

/* ---- the request ---- */

static void add_field(struct buf *out, const char *name, const char *value)
{
    if (value[0] != '\0') {
        buf_printf(out, "%s%s=", out->n > 0 ? "&" : "", name);
        percent_encode(out, str_of(value));
    }
}

void token_form(struct buf *out, const struct config *config, bool body)
{
    add_field(out, "grant_type", "client_credentials");
    if (body) {
        add_field(out, "client_id", config->agent.client_id);
        add_field(out, "client_secret", config->agent.client_secret);
    }
    add_field(out, "audience", config->agent.audience);
    add_field(out, "scope", config->agent.scope);
}

/* "Authorization: Basic …" of the client, both parts encoded as in forms (RFC 6749, 2.3.1). */
static char *basic_header(void *ctx, const struct config *config)
{
    struct buf plain;
    buf_init(&plain, 256, FORM_MAX);
    percent_encode(&plain, str_of(config->agent.client_id));
    buf_char(&plain, ':');
    percent_encode(&plain, str_of(config->agent.client_secret));
    char *text = mem_check(talloc_size(ctx, plain.n * 4 / 3 + 8));
    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)plain.p, (int)plain.n);
    buf_free(&plain);
    char *header = mem_printf(ctx, "Authorization: Basic %s", text);
    talloc_free(text);
    return header;
}

/* ---- the answer ---- */

static bool is_token(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return false;
        }
    }
    return text[0] != '\0';
}

const char *token_take(void *ctx, struct str answer, int64_t *life_s, struct error *e)
{
    cJSON *json = json_parse(answer, e);
    const char *token = json_get_string(json, "access_token");
    const cJSON *life = json_get(json, "expires_in");
    const char *copy = token != NULL && is_token(token) ? mem_strdup(ctx, token) : NULL;
    if (json != NULL && copy == NULL) {
        error_set(e, ERROR_UPSTREAM, "the answer has no access_token");
    }
    bool stated = cJSON_IsNumber(life) && life->valuedouble >= 1;
    *life_s = !stated                          ? TOKEN_LIFE_S
              : life->valuedouble < LIFE_MAX_S ? (int64_t)life->valuedouble
                                               : LIFE_MAX_S;
    cJSON_Delete(json);
    return copy;
}

int64_t token_refresh_s(int64_t life_s)
{
    int64_t early = life_s / 10 > EARLY_MAX_S ? EARLY_MAX_S : life_s / 10;
    return life_s - early;
}

/* ---- the token that is kept ---- */

struct token *token_new(void *ctx, const struct agent_settings *settings)
{
    struct token *t = mem_new(ctx, struct token);
    t->settings = settings;
    return t;
}

void token_drop(struct token *t)
{
    talloc_free((void *)(uintptr_t)t->header);
    t->header = NULL;
}

unsigned token_count(const struct token *t)
{
    return t->count;
}

/* Asks for a token and appends the text of the answer to ANSWER. */
static bool request_token(struct token *t, struct buf *answer, struct error *e)
{
    const struct config *c = t->settings->config;
    bool in_body = strcmp(c->agent.token_auth, "body") == 0;
    void *ctx = mem_check(talloc_new(NULL));
    struct buf form;
    int status;
    buf_init(&form, 512, FORM_MAX);
    token_form(&form, c, in_body);
    const char *headers[] = { "Content-Type: application/x-www-form-urlencoded", "Accept: application/json",
                              in_body ? NULL : basic_header(ctx, c) };
    struct client_request request = {
        .url = c->agent.token_url,
        .headers = headers,
        .n_headers = in_body ? 2 : 3,
        .body = buf_view(&form),
        .ca_file = t->settings->ca_file,
        .connect_timeout_ms = (unsigned)c->agent.connect_timeout_s * MS_PER_S,
        .timeout_ms = (unsigned)c->agent.timeout_s * MS_PER_S,
    };
    bool ok = client_send(&request, answer, &status, e);
    if (ok && status != 200) {
        ok = error_set(e, ERROR_UPSTREAM, "answered %d", status);
    }
    buf_free(&form);
    talloc_free(ctx);
    return ok;
}

const char *token_header(struct token *t, int64_t now_ms, struct error *e)
{
    struct buf answer;
    int64_t life_s;
    if (t->header != NULL && now_ms < t->refresh_ms) {
        return t->header;
    }
    token_drop(t);
    buf_init(&answer, 4096, TOKEN_ANSWER_MAX);
    const char *token = request_token(t, &answer, e) ? token_take(NULL, buf_view(&answer), &life_s, e) : NULL;
    buf_free(&answer);
    if (token == NULL) {
        error_prefix(e, "no token from %s", t->settings->config->agent.token_url);
        return NULL;
    }
    t->header = mem_printf(t, "Authorization: Bearer %s", token);
    talloc_free((void *)(uintptr_t)token);
    t->refresh_ms = now_ms + token_refresh_s(life_s) * MS_PER_S;
    t->count++;
    log_info("agent.token", "received a new token, valid for %lld s", (long long)life_s);
    return t->header;
}
