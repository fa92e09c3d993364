/* GET /ui/config.json: not in the reference. Each member is named here one by one, so nothing else of the
 * configuration, least of all a secret, can get into an answer that everybody may read. */
#include "admin/ui_config.h"

#include "admin/routes.h"
#include "web/client.h"

/* "#" and six hex digits, or nothing. */
static bool is_color(const char *text)
{
    return text[0] == '\0' ||
           (text[0] == '#' && strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6);
}

static bool check_url(const char *key, const char *url, struct error *e)
{
    struct client_url parsed;
    return url[0] == '\0' || client_url_parse(url, &parsed, e) || error_prefix(e, "[ui] %s", key);
}

/* Whether TEXT, words between blanks, has WORD. */
static bool has_word(const char *text, struct str word)
{
    struct str rest = str_of(text), next;
    while (str_split(&rest, ' ', &next)) {
        if (str_eq(next, word)) {
            return true;
        }
    }
    return false;
}

bool ui_config_check(const struct config *config, struct error *e)
{
    if (!is_color(config->ui.color)) {
        return error_set(e, ERROR_INTERNAL, "[ui] color: # and six hex digits are expected, as in #c01c28");
    }
    if (config->ui.client_id[0] != '\0' && !has_word(config->ui.scope, STR("openid"))) {
        return error_set(e, ERROR_INTERNAL, "[ui] scope: must have openid, for pages that get tokens");
    }
    return check_url("public_url", config->ui.public_url, e) &&
           check_url("grafana_url", config->ui.grafana_url, e);
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    mem_check(text[0] != '\0' ? cJSON_AddStringToObject(object, name, text)
                              : cJSON_AddNullToObject(object, name));
}

/* How people log in: by tokens, if pages can get them; else as the web server demands; else they cannot. */
static void add_auth(cJSON *answer, const struct config *config)
{
    bool oidc = config->admin.issuer[0] != '\0' && config->ui.client_id[0] != '\0';
    bool server = strcmp(config->admin.trust_remote_user, "yes") == 0;
    cJSON *auth = mem_check(cJSON_AddObjectToObject(answer, "auth"));
    add_text(auth, "mode", oidc ? "oidc" : server ? "server" : "");
    add_text(auth, "issuer", oidc ? config->admin.issuer : "");
    add_text(auth, "client_id", oidc ? config->ui.client_id : "");
    add_text(auth, "audience", oidc ? config->admin.audience : "");
    add_text(auth, "scope", oidc ? config->ui.scope : "");
}

static bool get_ui_config(struct admin_call *call, struct error *e)
{
    (void)e;
    cJSON *answer = mem_check(cJSON_CreateObject());
    json_keep(call->ctx, answer);
    cJSON *environment = mem_check(cJSON_AddObjectToObject(answer, "environment"));
    add_text(environment, "name", call->config->ui.environment);
    add_text(environment, "color", call->config->ui.color);
    add_auth(answer, call->config);
    add_text(answer, "grafana", call->config->ui.grafana_url);
    add_text(answer, "public_url", call->config->ui.public_url);
    return admin_json(call, answer);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/ui/config.json", get_ui_config, ADMIN_ANYONE, "ui_config", .flags = ADMIN_NO_DATABASE },
};
const struct admin_routes ui_config_routes = ADMIN_ROUTES(routes);
