/* See state.h. */
#include "ops/log.h"
#include "public/state.h"

struct public_settings *public_settings_new(void *ctx, struct config *config, struct error *e)
{
    struct public_settings *s = mem_new(ctx, struct public_settings);
    struct allowlist *allowlist = allowlist_new(s);
    s->config = talloc_steal(s, config);
    for (size_t i = 0; i < config->update.allowlist.n; i++) {
        if (!allowlist_add(allowlist, config->update.allowlist.item[i], e)) {
            error_prefix(e, "[allowlist] %.*s", STR_ARG(config->update.allowlist.item[i]));
            talloc_free(s);
            return NULL;
        }
    }
    s->engine = (struct settings){
        .allowlist = allowlist,
        .force_hosts = config->update.special_force_hosts.item,
        .n_force_hosts = config->update.special_force_hosts.n,
    };
    s->signer = signer_new(s, config, e);
    if (s->signer == NULL) {
        talloc_free(s);
        return NULL;
    }
    return s;
}

void public_settings_log(const struct public_settings *settings)
{
    enum log_level level = LOG_INFO;
    enum log_format format = LOG_JSON;
    log_level_parse(settings->config->log.level, &level);
    log_format_parse(settings->config->log.format, &format);
    log_setup("balrog-public", level, format);
}
