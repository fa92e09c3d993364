/* Which of several database servers to read from and which to write to, by what is known of them. No I/O, no
 * clock: times are arguments, in ms of one monotonic clock. */
#ifndef BALROG_STORE_HOST_CHOICE_H
#define BALROG_STORE_HOST_CHOICE_H

#include "settings/database.h"
#include "store/gtid.h"

/* A server that is listed before the one in use is used again when it has been well for this long. */
enum { HOST_RETURN_MS = 3000 };
/* How long after a heartbeat with a newer term, or the first one of all, was seen, the others may lack it. */
enum { HOST_TERM_MS = 2000 };

/* What the last question to a server has shown. */
struct host_state {
    const char *label; /* its name for people */
    bool up;           /* it answered; else WHY says why not */
    char why[200];
    int64_t asked_ms; /* when the question that it answered began */
    bool read_only;
    bool cluster;  /* it is a node of a Galera cluster, and part of its majority if it is up */
    bool desynced; /* such a node that lags behind on purpose: it gives its state to another one */
    bool beats;    /* it has a heartbeat (store/heartbeat.h), with: */
    int64_t
        beat_ms; /* the time of the last one, since 1970, by the clock of the server that it was written on */
    int64_t age_ms; /* its age when it was read, by this server's clock */
    int64_t term;   /* how often another server was made the primary */
    struct gtid_position position;
};

/* The choice, and what it remembers from one time to the next; zeroed at the start. */
struct host_choice {
    size_t reader; /* numbers of servers */
    size_t writer; /* if MAY_WRITE is false: the one to read from instead */
    bool may_write;
    char why_not[400]; /* why it may not, for people */

    bool made;                               /* a choice was made before */
    int64_t readable_ms[DATABASE_HOSTS_MAX]; /* since when each is up to date; 0: it is not */
    int64_t writable_ms[DATABASE_HOSTS_MAX]; /* the same for writing */
    int64_t read_term; /* the newest of all that were seen, and since when (0: none was) */
    int64_t read_term_ms;
    /* The furthest position of all that were seen not to be read-only, and where and until when it was seen.
     */
    struct gtid_position newest;
    int64_t newest_term;
    size_t newest_host;
    int64_t newest_ms;
};

/* Chooses among the N servers STATE, of which the first is the nearest. NOW_MS is not 0.
 *
 * Reading: the first one that is up, no more than MAX_LAG_MS behind the others' heartbeat, and not of an
 * older term. If no server has a heartbeat, being up is enough. If none is up to date: the one with the
 * newest heartbeat. If none is up: the same as before.
 *
 * Writing: the first one that is up, not read-only, and not refused. A server is refused if another one was
 * seen not to be read-only with a newer term, or with transactions that this one lacked when it was asked
 * later: then changes could be lost, or both be primaries.
 *
 * A node of a Galera cluster has no position: the cluster sees to it that all nodes have the same. A desynced
 * node is used only if there is no other node.
 *
 * The server in use is left at once when it is not good any more; one that is listed before it is used when
 * it has been good for HOST_RETURN_MS. If there is only one server, it is always the choice. */
void host_choose(const struct host_state *state, size_t n, int64_t max_lag_ms, int64_t now_ms,
                 struct host_choice *choice);

#endif
