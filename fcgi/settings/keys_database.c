/* Sections [database] and [primary]. */
#include "settings/keys.h"

const struct config_key keys_database[] = {
    { "database", "host", CONFIG_TEXT, AT(database.host), "127.0.0.1",
      .help =
          "The server's name or address. Or a list of servers that replicate the same database, the nearest\n"
          "first: db1, db2:3307, [2001:db8::1]:3306, /run/mysqld/mysqld.sock. balrog-public reads from the\n"
          "first one that is up to date (max_lag_s), balrog-admin writes to the one that is not read-only." },
    { "database", "port", CONFIG_INT, AT(database.port), "3306", 1, 65535, "",
      .help = "The port of servers that are written without one." },
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
    { "database", "max_lag_s", CONFIG_INT, AT(database.max_lag_s), "10", 2, 86400, SECONDS,
      .help = "A replica that is further behind is not read from while another one is less behind. If what\n"
              "balrog-public reads from is further behind, its __heartbeat__ fails." },
    { "database", "tls_ca", CONFIG_PATH, AT(database.tls_ca), "",
      .help = "A PEM file with certificates of authorities. If it is set, connections over TCP are "
              "encrypted, and\n"
              "a server must have a certificate of one of them for the name in host. Empty: no TLS." },
    { "database", "tls_cert", CONFIG_PATH, AT(database.tls_cert), "",
      .help = "With tls_key: the account's own certificate, where the server wants one." },
    { "database", "tls_key", CONFIG_PATH, AT(database.tls_key), "" },

    { "primary", "host", CONFIG_TEXT, AT(primary.host), "",
      .help = "If [database] names only replicas: the primary, or a list of servers of which one is, where\n"
              "balrog-public writes its row of app_instances. If neither host nor socket is set here, it is\n"
              "looked for in [database]. If the primary is away, balrog-public still serves." },
    { "primary", "port", CONFIG_INT, AT(primary.port), "3306", 1, 65535, "" },
    { "primary", "socket", CONFIG_PATH, AT(primary.socket), "" },
    { "primary", "name", CONFIG_TEXT, AT(primary.name), "balrog", .min = 1 },
    { "primary", "user", CONFIG_TEXT, AT(primary.user), "balrog_public", .min = 1 },
    { "primary", "password_file", CONFIG_SECRET, AT(primary.password), "",
      .variable = "BALROG_PRIMARY_PASSWORD" },
    { 0 },
};
