/* See settings.h. */
#include "public/settings.h"

#include "web/program.h"

struct public_settings *public_settings_new(void *ctx, struct config *config, struct error *e)
{
    struct public_settings *s = mem_new(ctx, struct public_settings);
    struct allowlist *allowlist = allowlist_of(s, &config->update.allowlist, e);
    s->config = talloc_steal(s, config);
    if (allowlist == NULL) {
        talloc_free(s);
        return NULL;
    }
    s->engine = (struct engine_settings){
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
    program_log("balrog-public", settings->config);
}
