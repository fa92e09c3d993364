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

/* What is given only once is the same for both. */
static void complete_primary(struct config *config)
{
    struct config_database *primary = &config->primary;
    primary->connect_timeout_s = config->database.connect_timeout_s;
    primary->read_timeout_s = config->database.read_timeout_s;
    primary->write_timeout_s = config->database.write_timeout_s;
    primary->max_lag_s = config->database.max_lag_s;
    primary->tls_ca = config->database.tls_ca;
    primary->tls_cert = config->database.tls_cert;
    primary->tls_key = config->database.tls_key;
}

static bool check_tls(const struct config_database *at, struct error *e)
{
    if (at->tls_ca[0] == '\0' && (at->tls_cert[0] != '\0' || at->tls_key[0] != '\0')) {
        return error_set(e, ERROR_INTERNAL, "[database] tls_cert and tls_key need tls_ca");
    }
    return (at->tls_cert[0] == '\0') == (at->tls_key[0] == '\0') ||
           error_set(e, ERROR_INTERNAL, "[database] tls_cert and tls_key belong together: set both");
}

/* What follows from other keys. */
static bool complete_config(struct config *config, const char *path, struct error *e)
{
    bool has_primary = config->primary.host[0] != '\0' || config->primary.socket[0] != '\0';
    if (!check_tls(&config->database, e)) {
        return error_prefix(e, "%s", path);
    }
    if (!config_database_hosts(config, &config->database, e)) {
        return error_prefix(e, "%s: [database] host", path);
    }
    if (!has_primary) {
        config->primary = config->database;
        return true;
    }
    complete_primary(config);
    return config_database_hosts(config, &config->primary, e) || error_prefix(e, "%s: [primary] host", path);
}

struct config *config_read(void *ctx, const char *path, struct error *e)
{
    struct config *config = config_file_read(ctx, path, &format, e);
    if (config != NULL && !complete_config(config, path, e)) {
        talloc_free(config);
        return NULL;
    }
    return config;
}

bool config_has_primary(const struct config *config)
{
    return config->primary.server != config->database.server;
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
