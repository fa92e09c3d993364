/* See config_keys.h. */
#include "core/config_keys.h"

#include "core/config.h"

#include <string.h>

#define AT(FIELD) .at = offsetof(struct config, FIELD)
#define SIGNER(FIELD) .of_signer = true, .at = offsetof(struct config_signer, FIELD)
#define SECONDS .words = "seconds"
#define MILLISECONDS .words = "milliseconds"

const struct config_key config_keys[] = {
    { "database", "host", CONFIG_TEXT, AT(database.host), "127.0.0.1",
      .help = "The server's name or address." },
    { "database", "port", CONFIG_INT, AT(database.port), "3306", 1, 65535, "" },
    { "database", "socket", CONFIG_PATH, AT(database.socket), "",
      .help = "The server's unix socket. When it is given, host and port do not count." },
    { "database", "name", CONFIG_TEXT, AT(database.name), "balrog", .min = 1 },
    { "database", "user", CONFIG_TEXT, AT(database.user), "balrog_public", .min = 1 },
    { "database", "password_file", CONFIG_SECRET, AT(database.password), "",
      .variable = "BALROG_DATABASE_PASSWORD",
      .help = "A file whose only line is the password; not readable by everybody." },
    { "database", "connect_timeout_s", CONFIG_INT, AT(database.connect_timeout_s), "5", 1, 3600, SECONDS },
    { "database", "read_timeout_s", CONFIG_INT, AT(database.read_timeout_s), "30", 1, 3600, SECONDS },
    { "database", "write_timeout_s", CONFIG_INT, AT(database.write_timeout_s), "30", 1, 3600, SECONDS },

    { "primary", "host", CONFIG_TEXT, AT(primary.host), "",
      .help =
          "Where [database] is a replica: its primary, for the one table that balrog-public writes\n"
          "(app_instances). Without a host or socket here it is written in [database]. A primary that is\n"
          "away never stops serving." },
    { "primary", "port", CONFIG_INT, AT(primary.port), "3306", 1, 65535, "" },
    { "primary", "socket", CONFIG_PATH, AT(primary.socket), "" },
    { "primary", "name", CONFIG_TEXT, AT(primary.name), "balrog", .min = 1 },
    { "primary", "user", CONFIG_TEXT, AT(primary.user), "balrog_public", .min = 1 },
    { "primary", "password_file", CONFIG_SECRET, AT(primary.password), "",
      .variable = "BALROG_PRIMARY_PASSWORD" },

    { "public", "socket", CONFIG_PATH, AT(public_.socket), "/run/balrog/public.sock",
      .help = "Where nginx finds us. A socket that was inherited (spawn-fcgi, systemd) comes first." },
    { "public", "socket_mode", CONFIG_MODE, AT(public_.socket_mode), "0660" },
    { "public", "threads", CONFIG_INT, AT(public_.threads), "64", 1, 1024, "",
      .help = "Requests answered at the same time." },
    { "public", "drain_s", CONFIG_INT, AT(public_.drain_s), "30", 0, 3600, SECONDS,
      .help = "How long requests may go on after SIGTERM." },
    { "public", "poll_ms", CONFIG_INT, AT(public_.poll_ms), "250", 10, 60000, MILLISECONDS,
      .help = "How often the database is asked for changes." },
    { "public", "compare_s", CONFIG_INT, AT(public_.compare_s), "60", 1, 86400, SECONDS,
      .help = "How often all data versions are compared, in case a change was not announced." },
    { "public", "gap_s", CONFIG_INT, AT(public_.gap_s), "600", 1, 86400, SECONDS,
      .help = "How long a change whose number is missing is waited for: longer than any transaction takes." },
    { "public", "api_connections", CONFIG_INT, AT(public_.api_connections), "4", 1, 256, "",
      .help = "Database connections for /api/v1. Update queries need none." },
    { "public", "version_file", CONFIG_PATH, AT(public_.version_file), "",
      .help = "The JSON that /__version__ answers with; empty: what was built in." },
    { "public", "cache_control", CONFIG_TEXT, AT(public_.cache_control), "public, max-age=90",
      .help = "The Cache-Control header of update answers." },

    { "admin", "socket", CONFIG_PATH, AT(admin.socket), "/run/balrog/admin.sock",
      .help = "Where nginx finds us. A socket that was inherited (spawn-fcgi, systemd) comes first." },
    { "admin", "socket_mode", CONFIG_MODE, AT(admin.socket_mode), "0660" },
    { "admin", "threads", CONFIG_INT, AT(admin.threads), "32", 1, 1024, "",
      .help = "Requests answered at the same time." },
    { "admin", "drain_s", CONFIG_INT, AT(admin.drain_s), "30", 0, 3600, SECONDS,
      .help = "How long requests may go on after SIGTERM." },
    { "admin", "database_connections", CONFIG_INT, AT(admin.database_connections), "16", 1, 256, "" },
    { "admin", "max_body_mb", CONFIG_INT, AT(admin.max_body_mb), "32", 1, 512, "megabytes",
      .help = "A longer request body is refused. nginx's client_max_body_size must allow as much, and twice\n"
              "as much must fit into the database's max_allowed_packet." },
    { "admin", "version_file", CONFIG_PATH, AT(admin.version_file), "",
      .help = "The JSON that /__version__ answers with; empty: what was built in." },
    { "admin", "openapi_file", CONFIG_PATH, AT(admin.openapi_file), "",
      .help = "The API's description, served at /openapi.json; empty: the one installed." },
    { "admin", "cors_origins", CONFIG_WORDS, AT(admin.cors_origins), "",
      .help = "Origins, as https://balrog.example.org, whose pages may use this API; * for any." },
    { "admin", "system_accounts", CONFIG_WORDS, AT(admin.system_accounts), "balrogagent",
      .help = "Accounts of programs: they may not sign off." },
    { "admin", "trust_remote_user", CONFIG_CHOICE, AT(admin.trust_remote_user), "no", .words = "yes no",
      .help = "yes: who calls is whom nginx authenticated (FastCGI parameter REMOTE_USER)." },
    { "admin", "issuer", CONFIG_TEXT, AT(admin.issuer), "",
      .help = "For bearer tokens (JWT, RS256 or ES256): their exact issuer and audience. Empty: none are "
              "taken." },
    { "admin", "audience", CONFIG_TEXT, AT(admin.audience), "" },
    { "admin", "jwks_url", CONFIG_TEXT, AT(admin.jwks_url), "",
      .help = "Where the keys are that sign tokens: a https URL, or a file." },
    { "admin", "jwks_file", CONFIG_PATH, AT(admin.jwks_file), "" },
    { "admin", "jwks_cache_s", CONFIG_INT, AT(admin.jwks_cache_s), "3600", 1, 604800, SECONDS,
      .help = "How old the keys may get before they are read again." },
    { "admin", "jwks_refresh_s", CONFIG_INT, AT(admin.jwks_refresh_s), "30", 1, 3600, SECONDS,
      .help =
          "A token with an unknown key has them read again, but not sooner than this after the last time." },
    { "admin", "email_claim", CONFIG_TEXT, AT(admin.email_claim), "email", .min = 1,
      .help = "The member of a person's token that holds the e-mail address." },
    { "admin", "userinfo_url", CONFIG_TEXT, AT(admin.userinfo_url), "",
      .help = "Whom to ask for the address where the token lacks it: a https URL." },
    { "admin", "machine", CONFIG_LINE, AT(admin.machine), "",
      .help = "CLIENT-ID ACCOUNT: the account of a program's tokens (those with a member \"gty\"), by their "
              "\"azp\".\n"
              "The key is repeated, once a program." },

    { "agent", "admin_url", CONFIG_TEXT, AT(agent.admin_url), "",
      .help = "Where the admin API is, as https://balrog-admin.example.org. Required." },
    { "agent", "ca_file", CONFIG_PATH, AT(agent.ca_file), "",
      .help =
          "Certificates (PEM) that those of the servers asked here must be signed by; empty: the system's." },
    { "agent", "allow_http", CONFIG_CHOICE, AT(agent.allow_http), "no", .words = "no yes",
      .help = "Without TLS nothing is asked but this machine (localhost, 127.0.0.1, ::1). yes: others, too;\n"
              "passwords and tokens can then be read on the way." },
    { "agent", "interval_s", CONFIG_INT, AT(agent.interval_s), "30", 1, 3600, SECONDS,
      .help = "How often the admin is asked what is due." },
    { "agent", "user", CONFIG_TEXT, AT(agent.user), "",
      .help = "To be known by a name and a password (HTTP Basic), which nginx checks. The account needs the\n"
              "permission scheduled_change, action enact." },
    { "agent", "password_file", CONFIG_SECRET, AT(agent.password), "", .variable = "BALROG_AGENT_PASSWORD",
      .help = "A file whose only line is the password; not readable by everybody." },
    { "agent", "token_url", CONFIG_TEXT, AT(agent.token_url), "",
      .help = "Or by bearer tokens: where they are given out (OAuth 2, client credentials), as\n"
              "https://example.auth0.com/oauth/token." },
    { "agent", "client_id", CONFIG_TEXT, AT(agent.client_id), "" },
    { "agent", "client_secret_file", CONFIG_SECRET, AT(agent.client_secret), "",
      .variable = "BALROG_AGENT_CLIENT_SECRET" },
    { "agent", "token_auth", CONFIG_CHOICE, AT(agent.token_auth), "body", .words = "body basic",
      .help = "Where client_id and secret stand in that request: among its parameters, or in its header." },
    { "agent", "audience", CONFIG_TEXT, AT(agent.audience), "" },
    { "agent", "scope", CONFIG_TEXT, AT(agent.scope), "" },
    { "agent", "connect_timeout_s", CONFIG_INT, AT(agent.connect_timeout_s), "5", 1, 300, SECONDS },
    { "agent", "timeout_s", CONFIG_INT, AT(agent.timeout_s), "120", 1, 3600, SECONDS,
      .help = "For a whole request: longer than the admin takes for the biggest release." },
    { "agent", "max_answer_mb", CONFIG_INT, AT(agent.max_answer_mb), "64", 1, 512, "megabytes",
      .help = "A longer answer is refused. Lists of scheduled v1 releases hold the releases whole." },
    { "agent", "retry_min_s", CONFIG_INT, AT(agent.retry_min_s), "30", 1, 3600, SECONDS,
      .help = "A change that could not be enacted is tried again after this; after twice as long when it\n"
              "fails again, and so on up to retry_max_s. Once it is edited or signed it is tried at once." },
    { "agent", "retry_max_s", CONFIG_INT, AT(agent.retry_max_s), "900", 1, 86400, SECONDS },
    { "agent", "uptake_url", CONFIG_TEXT, AT(agent.uptake_url), "",
      .help =
          "Where rules' uptake conditions find the current uptake: a URL in whose path or query {product} "
          "and\n"
          "{channel} stand for what is asked about. Other braces are written %7B and %7D. Without it such\n"
          "changes wait." },
    { "agent", "uptake_pointer", CONFIG_TEXT, AT(agent.uptake_pointer), "",
      .help = "Where in the JSON answer the number is (RFC 6901); for a Prometheus query\n"
              "/data/result/0/value/1." },
    { "agent", "uptake_bearer_file", CONFIG_SECRET, AT(agent.uptake_bearer), "",
      .variable = "BALROG_AGENT_UPTAKE_BEARER", .help = "A token that is sent there." },
    { "agent", "uptake_timeout_s", CONFIG_INT, AT(agent.uptake_timeout_s), "10", 1, 300, SECONDS },

    { "uptake", "socket", CONFIG_PATH, AT(uptake.socket), "/run/balrog/uptake.sock",
      .help = "Where nginx finds us. A socket that was inherited (spawn-fcgi, systemd) comes first." },
    { "uptake", "socket_mode", CONFIG_MODE, AT(uptake.socket_mode), "0660" },
    { "uptake", "log", CONFIG_PATH, AT(uptake.log), "/var/log/nginx/access.log",
      .help = "nginx's access log, as conf/nginx/public.conf.in has it written." },
    { "uptake", "products", CONFIG_WORDS, AT(uptake.products), "Firefox Thunderbird",
      .help = "Counted by name; all others together." },
    { "uptake", "channels", CONFIG_WORDS, AT(uptake.channels), "release esr beta aurora nightly",
      .help = "The same. What follows \"-cck-\" in a channel does not count." },
    { "uptake", "versions", CONFIG_INT, AT(uptake.versions), "15", 1, 100, "",
      .help = "Of each product and channel the most frequent versions, so many, are counted by name." },
    { "uptake", "window_h", CONFIG_INT, AT(uptake.window_h), "24", 1, 168, "hours" },
    { "uptake", "watch", CONFIG_LINE, AT(uptake.watch), "",
      .help =
          "PRODUCT CHANNEL VERSION: how many of the queries come from that version or a newer one is what\n"
          "balrog-agent's uptake conditions rest on. The key is repeated." },
    { "uptake", "min_queries", CONFIG_INT, AT(uptake.min_queries), "1000", 0, 1000000000, "",
      .help = "With fewer in the window nothing is said about who has reached a watched version." },

    { "update", "special_force_hosts", CONFIG_WORDS, AT(update.special_force_hosts),
      "http://download.mozilla.org",
      .help = "Beginnings of URLs that get ?force=… added when the client forces an update." },

    { "allowlist", "allow", CONFIG_LINE, AT(update.allowlist), "",
      .help =
          "HOST [/PATH-PATTERN] PRODUCT…: who may be sent where. The key is repeated, once a host, or once "
          "a\n"
          "host. A pattern is a regular expression (PCRE2) for the whole path. Without any line nothing is\n"
          "served." },

    { "signing", "content_signature_products", CONFIG_WORDS, AT(signing.content_signature_products), "",
      .help =
          "Products whose update answers are signed. Answers under /json are signed when [signing] itself\n"
          "has a key." },
    { "signing", "cache_s", CONFIG_INT, AT(signing.cache_s), "86400", 0, 31536000, SECONDS,
      .help = "How long a signature is used again for the same answer." },
    { "signing", "key_file", CONFIG_PATH, SIGNER(key_file), "",
      .help = "To sign here: an EC P-384 private key (PEM), and the URL of its certificate chain.\n"
              "This and all below also stand in [signing PRODUCT], for that product's update answers." },
    { "signing", "x5u", CONFIG_TEXT, SIGNER(x5u), "" },
    { "signing", "autograph_url", CONFIG_TEXT, SIGNER(autograph_url), "",
      .help = "To have an Autograph server sign instead." },
    { "signing", "autograph_keyid", CONFIG_TEXT, SIGNER(autograph_keyid), "" },
    { "signing", "autograph_user", CONFIG_TEXT, SIGNER(autograph_user), "" },
    { "signing", "autograph_password_file", CONFIG_SECRET, SIGNER(autograph_password), "",
      .variable = "BALROG_AUTOGRAPH_PASSWORD",
      .help = "For a product the variable is BALROG_AUTOGRAPH_PRODUCT_PASSWORD, as in\n"
              "BALROG_AUTOGRAPH_FIREFOX_PASSWORD." },

    { "log", "level", CONFIG_CHOICE, AT(log.level), "info", .words = "debug info warning error" },
    { "log", "format", CONFIG_CHOICE, AT(log.format), "json", .words = "json plain",
      .help = "json is mozlog 2.0; plain is for people." },
    { "log", "crash_dir", CONFIG_PATH, AT(log.crash_dir), "/var/lib/balrog/crash",
      .help = "Where a program that crashes leaves what it was doing, a file a crash, to be reported at its "
              "next\n"
              "start. The program must be allowed to write there. Empty: only the log tells." },

    { "statsd", "address", CONFIG_TEXT, AT(statsd.address), "",
      .help = "A statsd server, HOST:PORT, that counts and timings are sent to over UDP. Empty: none." },
    { "statsd", "prefix", CONFIG_TEXT, AT(statsd.prefix), "",
      .help = "What names begin with; empty: balrog.public, balrog.admin, balrog.agent, after the program." },

    { "sentry", "dsn_file", CONFIG_SECRET, AT(sentry.dsn), "", .variable = "BALROG_SENTRY_DSN",
      .help =
          "A file whose only line is the DSN of a Sentry project: errors and crashes are reported there.\n"
          "Empty: nowhere." },
    { "sentry", "environment", CONFIG_TEXT, AT(sentry.environment), "production", .min = 1,
      .help = "What the reports say that they come from." },
    { "sentry", "per_minute", CONFIG_INT, AT(sentry.per_minute), "30", 1, 10000, "reports",
      .help = "So many are sent at most, and a third of them of one kind; the others are counted." },
    { 0 },
};

static void print_help(FILE *out, const char *help)
{
    fputs("# ", out);
    for (const char *c = help; *c != '\0'; c++) {
        fputc(*c, out);
        if (*c == '\n') {
            fputs("# ", out);
        }
    }
    fputc('\n', out);
}

static void print_limits(FILE *out, const struct config_key *k)
{
    if (k->kind == CONFIG_INT) {
        fprintf(out, "# %ld to %ld%s%s\n", k->min, k->max, k->words[0] != '\0' ? " " : "", k->words);
    } else if (k->kind == CONFIG_CHOICE) {
        fprintf(out, "# One of: %s\n", k->words);
    } else if (k->kind == CONFIG_WORDS) {
        fputs("# A list: words separated by white space. Giving the key again adds to it.\n", out);
    }
    if (k->variable != NULL) {
        fprintf(out, "# The environment variable %s comes first.\n", k->variable);
    }
}

/* Whether SECTION stands in FILE. */
static bool stands_in(const char *section, enum config_file file)
{
    if (strcmp(section, "log") == 0) {
        return true;
    }
    if (strcmp(section, "statsd") == 0 || strcmp(section, "sentry") == 0) {
        return file != CONFIG_UPTAKE_FILE;
    }
    return strcmp(section, "agent") == 0    ? file == CONFIG_AGENT_FILE
           : strcmp(section, "uptake") == 0 ? file == CONFIG_UPTAKE_FILE
                                            : file == CONFIG_BALROG_FILE;
}

void config_print_keys(FILE *out, enum config_file file)
{
    const char *section = "";
    for (const struct config_key *k = config_keys; k->name != NULL; k++) {
        if (!stands_in(k->section, file)) {
            continue;
        }
        if (strcmp(k->section, section) != 0) {
            section = k->section;
            fprintf(out, "\n[%s]\n", section);
        }
        if (k->help != NULL) {
            print_help(out, k->help);
        }
        print_limits(out, k);
        fprintf(out, "#%s =%s%s\n", k->name, k->standard[0] != '\0' ? " " : "", k->standard);
    }
}
