/* Section [agent], of balrog-agent. */
#include "settings/keys.h"

const struct config_key keys_agent[] = {
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
    { 0 },
};
