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
      .help = "The server's unix socket. If it is set, host and port are ignored." },
    { "database", "name", CONFIG_TEXT, AT(database.name), "balrog", .min = 1 },
    { "database", "user", CONFIG_TEXT, AT(database.user), "balrog_public", .min = 1 },
    { "database", "password_file", CONFIG_SECRET, AT(database.password), "",
      .variable = "BALROG_DATABASE_PASSWORD",
      .help = "A file whose only line is the password. It must not be readable by everybody." },
    { "database", "connect_timeout_s", CONFIG_INT, AT(database.connect_timeout_s), "5", 1, 3600, SECONDS },
    { "database", "read_timeout_s", CONFIG_INT, AT(database.read_timeout_s), "30", 1, 3600, SECONDS },
    { "database", "write_timeout_s", CONFIG_INT, AT(database.write_timeout_s), "30", 1, 3600, SECONDS },

    { "primary", "host", CONFIG_TEXT, AT(primary.host), "",
      .help =
          "If [database] is a replica: the primary, where balrog-public writes its row of app_instances.\n"
          "If neither host nor socket is set here, it writes in [database]. If the primary is away,\n"
          "balrog-public still serves." },
    { "primary", "port", CONFIG_INT, AT(primary.port), "3306", 1, 65535, "" },
    { "primary", "socket", CONFIG_PATH, AT(primary.socket), "" },
    { "primary", "name", CONFIG_TEXT, AT(primary.name), "balrog", .min = 1 },
    { "primary", "user", CONFIG_TEXT, AT(primary.user), "balrog_public", .min = 1 },
    { "primary", "password_file", CONFIG_SECRET, AT(primary.password), "",
      .variable = "BALROG_PRIMARY_PASSWORD" },

    { "public", "socket", CONFIG_PATH, AT(public_.socket), "/run/balrog/public.sock",
      .help =
          "The unix socket on which nginx connects. A socket that was inherited from spawn-fcgi or systemd\n"
          "is used instead of this one." },
    { "public", "socket_mode", CONFIG_MODE, AT(public_.socket_mode), "0660" },
    { "public", "threads", CONFIG_INT, AT(public_.threads), "64", 1, 1024, "",
      .help = "The number of requests that can be answered at the same time." },
    { "public", "drain_s", CONFIG_INT, AT(public_.drain_s), "30", 0, 3600, SECONDS,
      .help = "How long requests that are being answered may still take after SIGTERM." },
    { "public", "poll_ms", CONFIG_INT, AT(public_.poll_ms), "250", 10, 60000, MILLISECONDS,
      .help = "How often the change feed is read." },
    { "public", "compare_s", CONFIG_INT, AT(public_.compare_s), "60", 1, 86400, SECONDS,
      .help = "How often all data versions are compared, to find changes that are not in the change feed." },
    { "public", "gap_s", CONFIG_INT, AT(public_.gap_s), "600", 1, 86400, SECONDS,
      .help =
          "For how long a missing number in the change feed is looked for again. This must be longer than\n"
          "any transaction takes." },
    { "public", "api_connections", CONFIG_INT, AT(public_.api_connections), "4", 1, 256, "",
      .help = "The number of database connections for /api/v1. Update queries need none." },
    { "public", "version_file", CONFIG_PATH, AT(public_.version_file), "",
      .help = "A file with the JSON for /__version__. Empty: the version that was built in." },
    { "public", "openapi_file", CONFIG_PATH, AT(public_.openapi_file), "",
      .help = "The description of the API of which /swagger.json serves a part. Empty: the installed one." },
    { "public", "cache_control", CONFIG_TEXT, AT(public_.cache_control), "public, max-age=90",
      .help = "The Cache-Control header of answers to update queries." },

    { "admin", "socket", CONFIG_PATH, AT(admin.socket), "/run/balrog/admin.sock",
      .help =
          "The unix socket on which nginx connects. A socket that was inherited from spawn-fcgi or systemd\n"
          "is used instead of this one." },
    { "admin", "socket_mode", CONFIG_MODE, AT(admin.socket_mode), "0660" },
    { "admin", "threads", CONFIG_INT, AT(admin.threads), "32", 1, 1024, "",
      .help = "The number of requests that can be answered at the same time." },
    { "admin", "drain_s", CONFIG_INT, AT(admin.drain_s), "30", 0, 3600, SECONDS,
      .help = "How long requests that are being answered may still take after SIGTERM." },
    { "admin", "database_connections", CONFIG_INT, AT(admin.database_connections), "16", 1, 256, "",
      .help = "The largest number of database connections." },
    { "admin", "max_body_mb", CONFIG_INT, AT(admin.max_body_mb), "32", 1, 512, "megabytes",
      .help = "A longer request body is refused. nginx's client_max_body_size must allow this size, and the\n"
              "database's max_allowed_packet twice this size." },
    { "admin", "version_file", CONFIG_PATH, AT(admin.version_file), "",
      .help = "A file with the JSON for /__version__. Empty: the version that was built in." },
    { "admin", "openapi_file", CONFIG_PATH, AT(admin.openapi_file), "",
      .help = "The description of the API that is served at /openapi.json, and in part at /swagger.json. "
              "Empty: the\n"
              "installed one." },
    { "admin", "cors_origins", CONFIG_WORDS, AT(admin.cors_origins), "",
      .help = "Origins whose pages may use this API, for example https://balrog.example.org; * allows any." },
    { "admin", "system_accounts", CONFIG_WORDS, AT(admin.system_accounts), "balrogagent",
      .help = "Accounts of programs. They cannot sign off." },
    { "admin", "signoff_content_except", CONFIG_WORDS, AT(admin.signoff_content_except), "",
      .help =
          "PRODUCT:PATTERN: releases that may change after a change that leads to them was signed, for\n"
          "example Firefox:*-latest. A sign-off for any other release no longer counts once it has changed.\n"
          "PRODUCT alone: all releases; * as the product: every product." },
    { "admin", "trust_remote_user", CONFIG_CHOICE, AT(admin.trust_remote_user), "no", .words = "yes no",
      .help = "yes: the user is the one whom nginx has authenticated (FastCGI parameter REMOTE_USER)." },
    { "admin", "issuer", CONFIG_TEXT, AT(admin.issuer), "",
      .help = "The exact issuer and audience of bearer tokens (JWT, RS256 or ES256). Empty: tokens are "
              "refused." },
    { "admin", "audience", CONFIG_TEXT, AT(admin.audience), "" },
    { "admin", "jwks_url", CONFIG_TEXT, AT(admin.jwks_url), "",
      .help = "The keys that sign tokens: an https URL, or a file." },
    { "admin", "jwks_file", CONFIG_PATH, AT(admin.jwks_file), "" },
    { "admin", "jwks_cache_s", CONFIG_INT, AT(admin.jwks_cache_s), "3600", 1, 604800, SECONDS,
      .help = "After how long the keys are read again." },
    { "admin", "jwks_refresh_s", CONFIG_INT, AT(admin.jwks_refresh_s), "30", 1, 3600, SECONDS,
      .help = "A token with an unknown key makes the keys be read again, but not within this time after the\n"
              "last reading." },
    { "admin", "email_claim", CONFIG_TEXT, AT(admin.email_claim), "email", .min = 1,
      .help = "The member of a person's token that holds the e-mail address." },
    { "admin", "userinfo_url", CONFIG_TEXT, AT(admin.userinfo_url), "",
      .help = "Where to ask for the e-mail address if the token does not have it: an https URL." },
    { "admin", "machine", CONFIG_LINE, AT(admin.machine), "",
      .help = "CLIENT-ID ACCOUNT: the account of a program whose tokens have the member \"gty\" and this "
              "client id\n"
              "as \"azp\". Repeat the key: once per program." },

    { "agent", "admin_url", CONFIG_TEXT, AT(agent.admin_url), "",
      .help = "The admin API, for example https://balrog-admin.example.org. Required." },
    { "agent", "ca_file", CONFIG_PATH, AT(agent.ca_file), "",
      .help = "Certificates (PEM) of the authorities that sign the certificates of the servers named here.\n"
              "Empty: those of the system." },
    { "agent", "allow_http", CONFIG_CHOICE, AT(agent.allow_http), "no", .words = "no yes",
      .help = "Without TLS, only this machine (localhost, 127.0.0.1, ::1) is asked. yes: other machines as "
              "well;\n"
              "passwords and tokens can then be read on the way." },
    { "agent", "interval_s", CONFIG_INT, AT(agent.interval_s), "30", 1, 3600, SECONDS,
      .help = "How often the admin is asked what is due." },
    { "agent", "user", CONFIG_TEXT, AT(agent.user), "",
      .help =
          "The account, for a name and a password (HTTP Basic) that nginx checks. It needs the permission\n"
          "scheduled_change with the action enact." },
    { "agent", "password_file", CONFIG_SECRET, AT(agent.password), "", .variable = "BALROG_AGENT_PASSWORD",
      .help = "A file whose only line is the password. It must not be readable by everybody." },
    { "agent", "token_url", CONFIG_TEXT, AT(agent.token_url), "",
      .help = "Or, for bearer tokens: where to get them (OAuth 2, client credentials), for example\n"
              "https://example.auth0.com/oauth/token." },
    { "agent", "client_id", CONFIG_TEXT, AT(agent.client_id), "" },
    { "agent", "client_secret_file", CONFIG_SECRET, AT(agent.client_secret), "",
      .variable = "BALROG_AGENT_CLIENT_SECRET" },
    { "agent", "token_auth", CONFIG_CHOICE, AT(agent.token_auth), "body", .words = "body basic",
      .help = "Where that request has the client id and the secret: in its body, or in a Basic header." },
    { "agent", "audience", CONFIG_TEXT, AT(agent.audience), "" },
    { "agent", "scope", CONFIG_TEXT, AT(agent.scope), "" },
    { "agent", "connect_timeout_s", CONFIG_INT, AT(agent.connect_timeout_s), "5", 1, 300, SECONDS },
    { "agent", "timeout_s", CONFIG_INT, AT(agent.timeout_s), "120", 1, 3600, SECONDS,
      .help = "For a whole request. It must be longer than the admin needs for the biggest release." },
    { "agent", "max_answer_mb", CONFIG_INT, AT(agent.max_answer_mb), "64", 1, 512, "megabytes",
      .help = "A longer answer is refused. Lists of scheduled v1 releases contain the releases as a whole." },
    { "agent", "retry_min_s", CONFIG_INT, AT(agent.retry_min_s), "30", 1, 3600, SECONDS,
      .help =
          "A change that could not be enacted is tried again after this time. The time doubles with each\n"
          "failure, up to retry_max_s. A change that is edited or signed is tried again at once." },
    { "agent", "retry_max_s", CONFIG_INT, AT(agent.retry_max_s), "900", 1, 86400, SECONDS },
    { "agent", "uptake_url", CONFIG_TEXT, AT(agent.uptake_url), "",
      .help =
          "Where to ask for the current uptake, for rules that wait for one: a URL in whose path or query\n"
          "{product} and {channel} are replaced. Write any other brace as %7B or %7D. If this is empty, "
          "such\n"
          "changes wait." },
    { "agent", "uptake_pointer", CONFIG_TEXT, AT(agent.uptake_pointer), "",
      .help = "The place of the number in the JSON answer (JSON pointer, RFC 6901); for a Prometheus query\n"
              "/data/result/0/value/1." },
    { "agent", "uptake_bearer_file", CONFIG_SECRET, AT(agent.uptake_bearer), "",
      .variable = "BALROG_AGENT_UPTAKE_BEARER",
      .help = "A file whose only line is a bearer token to send to uptake_url." },
    { "agent", "uptake_timeout_s", CONFIG_INT, AT(agent.uptake_timeout_s), "10", 1, 300, SECONDS },

    { "uptake", "socket", CONFIG_PATH, AT(uptake.socket), "/run/balrog/uptake.sock",
      .help =
          "The unix socket on which nginx connects. A socket that was inherited from spawn-fcgi or systemd\n"
          "is used instead of this one." },
    { "uptake", "socket_mode", CONFIG_MODE, AT(uptake.socket_mode), "0660" },
    { "uptake", "log", CONFIG_PATH, AT(uptake.log), "/var/log/nginx/access.log",
      .help = "nginx's access log, in the format of conf/nginx/public.conf.in." },
    { "uptake", "products", CONFIG_WORDS, AT(uptake.products), "Firefox Thunderbird",
      .help = "Products that are counted by name. All others are counted together." },
    { "uptake", "channels", CONFIG_WORDS, AT(uptake.channels), "release esr beta aurora nightly",
      .help = "Channels that are counted by name. The part of a channel from \"-cck-\" on is ignored." },
    { "uptake", "versions", CONFIG_INT, AT(uptake.versions), "15", 1, 100, "",
      .help = "How many versions of each product and channel are shown by name: the most frequent ones." },
    { "uptake", "window_h", CONFIG_INT, AT(uptake.window_h), "24", 1, 168, "hours",
      .help = "The length of the window." },
    { "uptake", "watch", CONFIG_LINE, AT(uptake.watch), "",
      .help = "PRODUCT CHANNEL VERSION: report the share of queries from this version or a newer one. The\n"
              "agent's uptake conditions use it. Repeat the key: once per product and channel." },
    { "uptake", "min_queries", CONFIG_INT, AT(uptake.min_queries), "1000", 0, 1000000000, "",
      .help = "With fewer queries in the window, the share of a watched version is not reported." },

    { "update", "special_force_hosts", CONFIG_WORDS, AT(update.special_force_hosts),
      "http://download.mozilla.org",
      .help = "URLs that begin with one of these get ?force=… when the client forces an update." },

    { "allowlist", "allow", CONFIG_LINE, AT(update.allowlist), "",
      .help = "HOST[:PORT] [/PATH-PATTERN] PRODUCT…: clients of these products may be sent to this host. "
              "Repeat the "
              "key:\n"
              "once per host, or once per host and path pattern. A pattern is a regular expression (PCRE2) "
              "for the\n"
              "whole path. Without any line, nothing is served." },

    { "signing", "content_signature_products", CONFIG_WORDS, AT(signing.content_signature_products), "",
      .help =
          "Products whose answers to update queries are signed. Answers under /json are signed if [signing]\n"
          "itself has a key." },
    { "signing", "cache_s", CONFIG_INT, AT(signing.cache_s), "86400", 0, 31536000, SECONDS,
      .help = "How long a signature is reused for the same answer." },
    { "signing", "key_file", CONFIG_PATH, SIGNER(key_file), "",
      .help =
          "To sign in this program: an EC P-384 private key (PEM), and the URL of its certificate chain.\n"
          "This key and those below may also be in [signing PRODUCT], for the answers of that product." },
    { "signing", "x5u", CONFIG_TEXT, SIGNER(x5u), "" },
    { "signing", "autograph_url", CONFIG_TEXT, SIGNER(autograph_url), "",
      .help = "To have an Autograph server sign instead." },
    { "signing", "autograph_keyid", CONFIG_TEXT, SIGNER(autograph_keyid), "" },
    { "signing", "autograph_user", CONFIG_TEXT, SIGNER(autograph_user), "" },
    { "signing", "autograph_password_file", CONFIG_SECRET, SIGNER(autograph_password), "",
      .variable = "BALROG_AUTOGRAPH_PASSWORD",
      .help = "For a product, the variable is BALROG_AUTOGRAPH_PRODUCT_PASSWORD, for example\n"
              "BALROG_AUTOGRAPH_FIREFOX_PASSWORD." },

    { "log", "level", CONFIG_CHOICE, AT(log.level), "info", .words = "debug info warning error" },
    { "log", "format", CONFIG_CHOICE, AT(log.format), "json", .words = "json plain",
      .help = "json: mozlog 2.0. plain: for people." },
    { "log", "crash_dir", CONFIG_PATH, AT(log.crash_dir), "/var/lib/balrog/crash",
      .help =
          "Where a program that crashes writes a file about it; the next start reports it. The program must\n"
          "be allowed to write there. Empty: the crash is only logged." },

    { "statsd", "address", CONFIG_TEXT, AT(statsd.address), "",
      .help = "HOST:PORT of a statsd server that gets counts and timings over UDP. Empty: none." },
    { "statsd", "prefix", CONFIG_TEXT, AT(statsd.prefix), "",
      .help = "The beginning of all names. Empty: balrog.public, balrog.admin or balrog.agent." },

    { "sentry", "dsn_file", CONFIG_SECRET, AT(sentry.dsn), "", .variable = "BALROG_SENTRY_DSN",
      .help =
          "A file whose only line is the DSN of a Sentry project that gets reports of errors and crashes.\n"
          "Empty: nothing is reported." },
    { "sentry", "environment", CONFIG_TEXT, AT(sentry.environment), "production", .min = 1,
      .help = "The environment that the reports name." },
    { "sentry", "per_minute", CONFIG_INT, AT(sentry.per_minute), "30", 1, 10000, "reports",
      .help =
          "At most this many reports are sent, and a third of them of one type. The others are counted." },
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
        fprintf(out, "# The environment variable %s is used instead if it is set.\n", k->variable);
    }
}

/* Whether FILE has SECTION. */
static bool has_section(const char *section, enum config_file file)
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
        if (!has_section(k->section, file)) {
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
