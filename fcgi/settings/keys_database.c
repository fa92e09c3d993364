/* Sections [database] and [primary]. */
#include "settings/keys.h"

const struct config_key keys_database[] = {
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
    { 0 },
};
