/* The [agent] section of the configuration, checked as a whole: keys that belong together, URLs, and that no
 * secret is sent unencrypted. */
#ifndef BALROG_AGENT_SETTINGS_H
#define BALROG_AGENT_SETTINGS_H

#include "settings/config.h"

enum agent_auth {
    AGENT_BASIC, /* a name and a password */
    AGENT_TOKEN, /* OAuth client credentials */
};

struct agent_settings {
    const struct config *config;
    const char *api;     /* the admin's URL without trailing slashes: paths begin with one */
    const char *ca_file; /* NULL: the system's certificates */
    enum agent_auth auth;
    bool has_uptake; /* a source of uptakes is configured */
};

/* Owned by CTX; CONFIG must live as long. NULL if something is wrong or missing: E names the key and says
 * what would be right. */
struct agent_settings *agent_settings_new(void *ctx, const struct config *config, struct error *e);

#endif
