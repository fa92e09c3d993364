/* What balrog-public makes of its configuration, each time it is read. */
#ifndef BALROG_PUBLIC_SETTINGS_H
#define BALROG_PUBLIC_SETTINGS_H

#include "settings/config.h"
#include "public/sign.h"
#include "update/snapshot.h"

/* Made from one configuration; a new one on SIGHUP. */
struct public_settings {
    const struct config *config;
    struct engine_settings engine;
    struct signer *signer;
};

/* Allow-list, special force hosts and signing keys as CONFIG (which is adopted) says. NULL when something is
 * wrong with them. Owned by CTX. */
struct public_settings *public_settings_new(void *ctx, struct config *config, struct error *e);

/* Sets the log's level and format as they say. */
void public_settings_log(const struct public_settings *settings);

#endif
