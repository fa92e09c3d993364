/* The settings of a connection to the database. */
#ifndef BALROG_SETTINGS_DATABASE_H
#define BALROG_SETTINGS_DATABASE_H

#include "core/error.h"

#include <stddef.h>

enum { DATABASE_HOSTS_MAX = 8 };

/* A server: either a socket or a name and a port. */
struct config_host {
    const char *label;  /* as messages and metrics name it: "db1", "db2:3307", "/run/db.sock" */
    const char *name;   /* "" where a socket is given */
    const char *socket; /* "" where a name is given */
    int port;
};

/* The servers that have the database, and the account there. */
struct config_database {
    const char *host; /* as it is written: a list; "" where a socket is given */
    int port;         /* of hosts that are written without one */
    const char *socket;
    const struct config_host
        *server; /* the nearest first; config_database_hosts() makes it of the three above */
    size_t n_servers;
    const char *name;
    const char *user;
    const char *password; /* read from password_file, or from an environment variable */
    int connect_timeout_s;
    int read_timeout_s;
    int write_timeout_s;
    int max_lag_s;
    const char *tls_ca; /* "": no TLS; so are the others */
    const char *tls_cert;
    const char *tls_key;
};

/* Fills AT->server from host, port and socket; owned by CTX. False, with what is wrong in E, if host is not a
 * list of at most DATABASE_HOSTS_MAX different hosts: "db1, db2:3307, [2001:db8::1]:3306, /run/db.sock". */
bool config_database_hosts(void *ctx, struct config_database *at, struct error *e);

#endif
