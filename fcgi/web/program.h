/* What all programs have in common: options, configuration, signals, the log; and for those that answer over
 * FastCGI, serving until a signal ends them. */
#ifndef BALROG_WEB_PROGRAM_H
#define BALROG_WEB_PROGRAM_H

#include "settings/config.h"
#include "web/server.h"

enum program_exit {
    PROGRAM_CONFIG = 1,
    PROGRAM_USAGE = 2,
    PROGRAM_RUN = 3,
    PROGRAM_SCHEMA = 4, /* the database's schema does not fit this version */
};

enum { PROGRAM_FLAGS_MAX = 4 };

struct program_options;

/* An option without a value, of one program. */
struct program_flag {
    const char *name; /* "once" for --once; NULL: there are no more */
    const char *help;
};

struct program {
    const char *name;    /* "balrog-public" */
    const char *purpose; /* a sentence for --help */
    const char *config;  /* the configuration file when no option names one */
    const char *hup;     /* what SIGHUP does, for --help; NULL: nothing */
    bool alone;          /* it does not answer over FastCGI */
    const char *modes;   /* further ways to call it, for --help: lines, each with its newline; NULL: none */
    const char *exits;   /* its own exit statuses, for --help; NULL: those of the services */
    struct program_flag flag[PROGRAM_FLAGS_MAX + 1];
    /* Checks CONFIG as a whole and makes of it what run() needs. NULL when something is wrong: E says what.
     * Owned by CTX, as CONFIG is, which goes when the program ends. */
    void *(*prepare)(void *ctx, struct config *config, struct error *e);
    /* Sets the log up, calls observe_start(), works until it is told to end. Returns the exit status; where
     * that is not 0 and E says something, it is logged. */
    int (*run)(void *prepared, const struct program_options *o, struct error *e);
};

struct program_options {
    const char *config;
    bool check;                   /* --check-config */
    bool flag[PROGRAM_FLAGS_MAX]; /* which of the program's own were given */
};

/* The whole of main(): parses the command line, reads and checks the configuration, runs, cleans up. Returns
 * the exit status. */
int program_main(const struct program *program, int argc, char **argv);

/* Sets up the log of the program NAME (constant text) as CONFIG says. */
void program_log(const char *name, const struct config *config);

/* For SIGHUP: reads PATH again and uses its sections [log], [statsd] and [sentry]. If the file is not valid,
 * what is in use stays; that is logged. */
void program_reload(const char *name, const char *path);

/* A descriptor for TERM, INT, QUIT and HUP, which are blocked in this thread and those that it starts. -1 on
 * failure. */
int program_signals(struct error *e);

/* Waits for TERM, INT or QUIT or, unless it is -1, for READY_FD to become readable; calls RELOAD (unless
 * NULL) on HUP. False when it is time to end. */
bool program_wait(int signal_fd, int ready_fd, void (*reload)(void *arg), void *arg);

/* Whether TERM, INT or QUIT has come; does not wait. The signal is consumed: the caller must end then. A HUP
 * that has come is kept for program_wait(). */
bool program_should_end(int signal_fd);

struct program_service {
    const char *socket;
    int socket_mode;
    int threads;
    bool quick; /* most requests are answered without waiting; the others call server_may_wait() */
    int drain_s;
    size_t request_max; /* bytes of a request; 0: 1 MB */
    void (*handle)(void *arg, unsigned thread, const struct request *r, struct response *response);
    void *handle_arg;
    void (*reload)(void *arg);
    void *reload_arg;
};

/* Listens and answers until a signal comes, then lets requests finish. Returns false, with the reason in E,
 * when it cannot start. Ends the process if requests do not finish in time. */
bool program_serve(const struct program_service *service, int signal_fd, struct error *e);

#endif
