/* See settings.h. */
#include "agent/settings.h"

#include "agent/uptake_url.h"
#include "web/client.h"

#include <strings.h>

static bool is_set(const char *value)
{
    return value[0] != '\0';
}

/* Requests to URL carry a password or a token, and its answers decide what is enacted. So only https is
 * allowed, unless the URL leads to this machine. */
static bool check_url(const struct config *c, const char *key, const char *url, struct error *e)
{
    struct client_url u;
    if (!client_url_parse(url, &u, e)) {
        return error_prefix(e, "[agent] %s", key);
    }
    bool fine = client_url_is_local(&u) || strncasecmp(url, "https:", 6) == 0 ||
                strcmp(c->agent.allow_http, "yes") == 0;
    return fine || error_set(e, ERROR_INTERNAL, "[agent] %s: must be https (or set allow_http)", key);
}

static bool check_basic(const struct config *c, struct error *e)
{
    if (!is_set(c->agent.password)) {
        return error_set(e, ERROR_INTERNAL, "[agent] user: password_file must be set as well");
    }
    return strchr(c->agent.user, ':') == NULL ||
           error_set(e, ERROR_INTERNAL, "[agent] user: must not contain a colon");
}

static bool check_token(const struct config *c, struct error *e)
{
    if (!is_set(c->agent.client_id) || !is_set(c->agent.client_secret)) {
        return error_set(e, ERROR_INTERNAL,
                         "[agent] token_url: client_id and client_secret_file must be set as well");
    }
    return check_url(c, "token_url", c->agent.token_url, e);
}

static bool check_auth(struct agent_settings *s, struct error *e)
{
    const struct config *c = s->config;
    bool basic = is_set(c->agent.user);
    if (basic == is_set(c->agent.token_url)) {
        return error_set(e, ERROR_INTERNAL,
                         "[agent] set either user or token_url: the admin must know who calls");
    }
    s->auth = basic ? AGENT_BASIC : AGENT_TOKEN;
    return basic ? check_basic(c, e) : check_token(c, e);
}

static bool check_uptake(struct agent_settings *s, struct error *e)
{
    const struct config *c = s->config;
    struct buf url;
    s->has_uptake = is_set(c->agent.uptake_url);
    if (!s->has_uptake) {
        return true;
    }
    buf_init(&url, 256, UPTAKE_URL_MAX);
    bool ok = uptake_check(c->agent.uptake_url, c->agent.uptake_pointer, &url, e) &&
              check_url(c, "uptake_url", url.p, e);
    buf_free(&url);
    return ok;
}

struct agent_settings *agent_settings_new(void *ctx, const struct config *config, struct error *e)
{
    struct agent_settings *s = mem_new(ctx, struct agent_settings);
    size_t n = strlen(config->agent.admin_url);
    s->config = config;
    s->ca_file = is_set(config->agent.ca_file) ? config->agent.ca_file : NULL;
    while (n > 0 && config->agent.admin_url[n - 1] == '/') {
        n--;
    }
    s->api = mem_strndup(s, config->agent.admin_url, n);
    bool ok = is_set(config->agent.admin_url) ||
              error_set(e, ERROR_INTERNAL,
                        "[agent] admin_url: must be set, for example to https://balrog-admin.example.org");
    ok = ok && check_url(config, "admin_url", config->agent.admin_url, e) && check_auth(s, e) &&
         check_uptake(s, e);
    if (ok && config->agent.retry_max_s < config->agent.retry_min_s) {
        ok = error_set(e, ERROR_INTERNAL, "[agent] retry_max_s: must not be less than retry_min_s");
    }
    if (!ok) {
        talloc_free(s);
        return NULL;
    }
    return s;
}
