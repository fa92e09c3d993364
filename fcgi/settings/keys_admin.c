/* The sections [admin] and [ui], of balrog-admin. */
#include "settings/keys.h"

const struct config_key keys_admin[] = {
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
      .help = "A file with the JSON for /__version__. Empty: the release's, or the version built in." },
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
    { "admin", "expectations_block", CONFIG_WORDS, AT(admin.expectations_block), "",
      .help = "Products whose expectations block changes: what would break one is refused, whoever makes or\n"
              "enacts it. *: every product. For other products, broken expectations are only shown." },
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
    { "admin", "uptake_url", CONFIG_WORDS, AT(admin.uptake_url), "",
      .help =
          "Where balrog-uptake of each public host answers, for example http://127.0.0.1/__uptake__; the\n"
          "answers are added up. Empty: clients' queries are not known to this API." },
    { "admin", "snapshot_idle_s", CONFIG_INT, AT(admin.snapshot_idle_s), "600", 1, 86400, SECONDS,
      .help =
          "/explain and /simulate keep the rules and releases that they have compiled, and drop them when\n"
          "nobody has used them for so long." },
    { "admin", "snapshot_mb", CONFIG_INT, AT(admin.snapshot_mb), "512", 1, 65536, "megabytes",
      .help =
          "The memory for what is kept; for a moment up to twice as much is used. A simulation that needs\n"
          "more is refused." },
    { "admin", "refuse", CONFIG_WORDS, AT(admin.refuse), "",
      .words = "product_differs channel_star no_fallback rate_falls shadowed shadows same_columns collides "
               "release_older parts_missing not_servable deletion_scheduled",
      .help =
          "Warnings about changes that are refusals here: such a change can be neither made nor scheduled.\n"
          "What was scheduled before can still be enacted. docs/changes.md explains each of them." },
    { "ui", "environment", CONFIG_TEXT, AT(ui.environment), "",
      .help = "What the UI shows before a login; everybody can read this section. The name of this\n"
              "environment, for example production." },
    { "ui", "color", CONFIG_TEXT, AT(ui.color), "",
      .help = "The environment's colour, # and six hex digits, for example #c01c28." },
    { "ui", "public_url", CONFIG_TEXT, AT(ui.public_url), "",
      .help = "Where clients ask for updates, for example https://aus5.example.org." },
    { "ui", "grafana_url", CONFIG_TEXT, AT(ui.grafana_url), "", .help = "Where the dashboards are." },
    { "ui", "client_id", CONFIG_TEXT, AT(ui.client_id), "",
      .help =
          "The client id by which pages get tokens of [admin] issuer, for people who log in. Empty: people\n"
          "log in as the web server demands, if trust_remote_user is yes." },
    { "ui", "scope", CONFIG_TEXT, AT(ui.scope), "openid profile email",
      .help = "The scope of these tokens." },
    { 0 },
};
