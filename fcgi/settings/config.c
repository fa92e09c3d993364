/* See config.h. */
#include "settings/config.h"

#include "settings/keys.h"

/* In the order of the shipped files. */
static const struct config_key *const tables[] = {
    keys_database, keys_public, keys_admin, keys_agent, keys_uptake, keys_update, keys_observe, NULL,
};

static const struct config_format format = {
    .tables = tables,
    .size = sizeof(struct config),
    .entry_section = "signing PRODUCT",
    .entry_size = sizeof(struct config_signer),
    .entries_at = offsetof(struct config, signing.signer),
    .n_entries_at = offsetof(struct config, signing.n_signers),
};

/* What follows from other keys. */
static void complete_config(struct config *config)
{
    struct config_database *primary = &config->primary;
    if (config->database.socket[0] != '\0') {
        config->database.host = "";
    }
    if (primary->host[0] == '\0' && primary->socket[0] == '\0') {
        *primary = config->database;
        return;
    }
    if (primary->socket[0] != '\0') {
        primary->host = "";
    }
    primary->connect_timeout_s = config->database.connect_timeout_s;
    primary->read_timeout_s = config->database.read_timeout_s;
    primary->write_timeout_s = config->database.write_timeout_s;
}

struct config *config_read(void *ctx, const char *path, struct error *e)
{
    struct config *config = config_file_read(ctx, path, &format, e);
    if (config != NULL) {
        complete_config(config);
    }
    return config;
}

/* ---- the shipped files ---- */

static bool is_observe(const char *section)
{
    return strcmp(section, "log") == 0 || strcmp(section, "statsd") == 0 || strcmp(section, "sentry") == 0;
}

static bool in_balrog_conf(const char *section)
{
    return strcmp(section, "agent") != 0 && strcmp(section, "uptake") != 0;
}

static bool in_agent_conf(const char *section)
{
    return strcmp(section, "agent") == 0 || is_observe(section);
}

static bool in_uptake_conf(const char *section)
{
    return strcmp(section, "uptake") == 0 || strcmp(section, "log") == 0;
}

void config_print(FILE *out, enum config_shipped file)
{
    static bool (*const wanted[])(const char *section) = {
        [CONFIG_BALROG_FILE] = in_balrog_conf,
        [CONFIG_AGENT_FILE] = in_agent_conf,
        [CONFIG_UPTAKE_FILE] = in_uptake_conf,
    };
    config_file_print(out, &format, wanted[file]);
}
