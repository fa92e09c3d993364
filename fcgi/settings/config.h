/* The configuration of all programs. A program reads the sections that concern it; its file may also have
 * those of others, which are checked as well. To add a key: a field here, a row in the keys_*.c of its
 * program, and its lines in conf/balrog.conf, agent.conf or uptake.conf (the unit test says which). */
#ifndef BALROG_SETTINGS_CONFIG_H
#define BALROG_SETTINGS_CONFIG_H

#include "core/config_file.h"
#include "settings/database.h"

/* How answers for one product are signed: with a key here, or by an Autograph server; what is not given is
 * "". Section [signing PRODUCT]; the product "" (section [signing]) is that of /json answers. */
struct config_signer {
    const char *product;
    const char *key_file; /* EC P-384 private key, PEM */
    const char *x5u;      /* URL of the certificate chain; with key_file */
    const char *autograph_url;
    const char *autograph_keyid;
    const char *autograph_user;
    const char *autograph_password; /* from autograph_password_file or BALROG_AUTOGRAPH[_PRODUCT]_PASSWORD */
};

struct config {
    struct config_database database;
    struct config_database
        primary; /* where balrog-public reports itself; the same as database unless given */
    struct {
        const char *socket;
        int socket_mode;
        int threads;
        int drain_s;
        int poll_ms;         /* how often the change feed is asked */
        int compare_s;       /* how often all data versions are compared */
        int gap_s;           /* how long a missing feed id is asked for again */
        int api_connections; /* database connections for /api/v1 */
        const char *version_file;
        const char *openapi_file;
        const char *cache_control;
        const char *state_dir;          /* "": no snapshot file */
        int state_s;                    /* at most one snapshot file is written in this time */
        int max_stale_s;                /* 0: no limit */
        const char *keep_good_releases; /* "yes" or "no" */
    } public;
    struct {
        const char *socket;
        int socket_mode;
        int threads;
        int drain_s;
        int database_connections;
        int max_body_mb;
        const char *version_file;
        const char *openapi_file;
        struct config_list cors_origins;
        struct config_list system_accounts;        /* they cannot sign off */
        struct config_list signoff_content_except; /* PRODUCT[:PATTERN] */
        struct config_list expectations_block;     /* products; "*": all */
        const char *trust_remote_user;             /* "yes" or "no" */
        const char *issuer;
        const char *audience;
        const char *jwks_url;
        const char *jwks_file;
        int jwks_cache_s;
        int jwks_refresh_s;
        const char *email_claim;
        const char *userinfo_url;
        struct config_list machine;    /* "CLIENT_ID ACCOUNT" */
        struct config_list uptake_url; /* of each public host's balrog-uptake */
        int snapshot_idle_s;
        int snapshot_mb;
        struct config_list refuse; /* codes of admin/warnings.h */
    } admin;
    struct {
        const char *environment; /* this and the others: "": not given */
        const char *color;
        const char *public_url;
        const char *grafana_url;
        const char *client_id;
        const char *scope;
    } ui;
    struct {
        const char *admin_url;
        const char *ca_file;
        const char *allow_http; /* "yes" or "no" */
        int interval_s;
        const char *user;
        const char
            *password; /* read from password_file, or from an environment variable; so are the others */
        const char *token_url;
        const char *client_id;
        const char *client_secret;
        const char *token_auth; /* "body" or "basic" */
        const char *audience;
        const char *scope;
        int connect_timeout_s;
        int timeout_s;
        int max_answer_mb;
        int retry_min_s;
        int retry_max_s;
        const char *uptake_url; /* with {product} and {channel} */
        const char *uptake_pointer;
        const char *uptake_bearer;
        int uptake_timeout_s;
    } agent;
    struct {
        const char *socket;
        int socket_mode;
        const char *log; /* nginx's access log */
        struct config_list products;
        struct config_list channels;
        struct config_list watch; /* "PRODUCT CHANNEL VERSION" */
        int versions;             /* of a product and channel that are shown by name */
        int window_h;
        int min_queries;
        const char *state_dir; /* "": nothing is kept across restarts */
        int sample_entries;
    } uptake;
    struct {
        struct config_list special_force_hosts;
        struct config_list allowlist; /* lines for allowlist_add() */
    } update;
    struct {
        struct config_list content_signature_products;
        const struct config_signer *signer;
        size_t n_signers;
        int cache_s;
    } signing;
    struct {
        const char *level;
        const char *format;
        const char *crash_dir; /* "": none */
    } log;
    struct {
        const char *address; /* "": off */
        const char *prefix;  /* "": by the program */
    } statsd;
    struct {
        const char *dsn; /* never logged: it lets anybody send reports; "": off */
        const char *environment;
        int per_minute;
    } sentry;
};

/* Reads PATH, as config_file_read() does. Owned by CTX. */
struct config *config_read(void *ctx, const char *path, struct error *e);

/* Whether the primary is given, and not the same as the database. */
bool config_has_primary(const struct config *config);

/* The files that are shipped. */
enum config_shipped {
    CONFIG_BALROG_FILE, /* conf/balrog.conf, of balrog-public and balrog-admin */
    CONFIG_AGENT_FILE,  /* conf/agent.conf, of balrog-agent */
    CONFIG_UPTAKE_FILE, /* conf/uptake.conf, of balrog-uptake */
};

/* Prints FILE with nothing but defaults: every key of its sections with its help, commented out. */
void config_print(FILE *out, enum config_shipped file);

#endif
