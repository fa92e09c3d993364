/* What [agent] of the configuration says, checked as a whole: keys that go together, URLs, and that no secret
 * travels unencrypted. */
#ifndef BALROG_AGENT_SETTINGS_H
#define BALROG_AGENT_SETTINGS_H

#include "core/config.h"

enum agent_auth {
    AGENT_BASIC, /* a name and a password */
    AGENT_TOKEN, /* OAuth client credentials */
};

struct agent_settings {
    const struct config *config;
    const char *api;     /* the admin's URL without slashes at its end: paths begin with one */
    const char *ca_file; /* NULL: the system's certificates */
    enum agent_auth auth;
    bool has_uptake; /* there is a source of uptakes */
};

/* NULL when something is wrong or missing: E names the key and says what would be right. Owned by CTX; CONFIG
 * has to live as long. */
struct agent_settings *agent_settings_new(void *ctx, const struct config *config, struct error *e);

#endif
