/* The settings of a connection to the database. */
#ifndef BALROG_SETTINGS_DATABASE_H
#define BALROG_SETTINGS_DATABASE_H

/* A database server and the account there. */
struct config_database {
    const char *host; /* "" where a socket is given */
    int port;
    const char *socket;
    const char *name;
    const char *user;
    const char *password; /* read from password_file, or from an environment variable */
    int connect_timeout_s;
    int read_timeout_s;
    int write_timeout_s;
};

#endif
