/* See settings.h. */
#include "agent/settings.h"

#include "agent/uptake.h"
#include "web/client.h"

#include <strings.h>

static bool given(const char *value)
{
    return value[0] != '\0';
}

/* Whoever can read what goes to URL has a password or a token, and whoever can answer instead decides what is
 * enacted: nothing but https, unless it is this machine. */
static bool check_url(const struct config *c, const char *key, const char *url, struct error *e)
{
    struct client_url u;
    if (!client_url_parse(url, &u, e)) {
        return error_prefix(e, "[agent] %s", key);
    }
    bool fine = client_url_is_local(&u) || strncasecmp(url, "https:", 6) == 0 ||
                strcmp(c->agent.allow_http, "yes") == 0;
    return fine || error_set(e, 500, "[agent] %s: must be https (or set allow_http)", key);
}

static bool check_basic(const struct config *c, struct error *e)
{
    if (!given(c->agent.password)) {
        return error_set(e, 500, "[agent] user: password_file goes with it");
    }
    return strchr(c->agent.user, ':') == NULL || error_set(e, 500, "[agent] user: must hold no colon");
}

static bool check_token(const struct config *c, struct error *e)
{
    if (!given(c->agent.client_id) || !given(c->agent.client_secret)) {
        return error_set(e, 500, "[agent] token_url: client_id and client_secret_file go with it");
    }
    return check_url(c, "token_url", c->agent.token_url, e);
}

static bool check_auth(struct agent_settings *s, struct error *e)
{
    const struct config *c = s->config;
    bool basic = given(c->agent.user);
    if (basic == given(c->agent.token_url)) {
        return error_set(e, 500, "[agent] one of user and token_url is needed, to be known to the admin");
    }
    s->auth = basic ? AGENT_BASIC : AGENT_TOKEN;
    return basic ? check_basic(c, e) : check_token(c, e);
}

static bool check_uptake(struct agent_settings *s, struct error *e)
{
    const struct config *c = s->config;
    struct buf url;
    s->has_uptake = given(c->agent.uptake_url);
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
    s->ca_file = given(config->agent.ca_file) ? config->agent.ca_file : NULL;
    while (n > 0 && config->agent.admin_url[n - 1] == '/') {
        n--;
    }
    s->api = mem_strndup(s, config->agent.admin_url, n);
    bool ok = given(config->agent.admin_url) ||
              error_set(e, 500, "[agent] admin_url: must be given, as https://balrog-admin.example.org");
    ok = ok && check_url(config, "admin_url", config->agent.admin_url, e) && check_auth(s, e) &&
         check_uptake(s, e);
    if (ok && config->agent.retry_max_s < config->agent.retry_min_s) {
        ok = error_set(e, 500, "[agent] retry_max_s: must not be below retry_min_s");
    }
    if (!ok) {
        talloc_free(s);
        return NULL;
    }
    return s;
}
