/* See host_probe.h. Two statements, which any account may send, and any server understands: a MySQL server
 * has no positions of this kind, and a database of the reference has no heartbeat. A node of a Galera cluster
 * is asked for a third thing. */
#include "store/host_probe.h"

#include "core/clock.h"

#include <stdio.h>

enum {
    PROBE_LIMIT_S = 1, /* for connecting, and for each answer */
    NODE_DONOR = 2,    /* wsrep_local_state: it gives its state to another node, or lags on purpose */
    NODE_SYNCED = 4,
    NO_HEARTBEAT_MS = 10000, /* a table that cannot be read is asked for again after this time */
};

struct host_probe {
    const struct config_database *at;
    size_t host;
    struct db *db;
    int64_t no_heartbeat_ms; /* when it could not be read; 0: it can */
};

struct host_probe *host_probe_new(void *ctx, const struct config_database *at, size_t host)
{
    struct host_probe *p = mem_new(ctx, struct host_probe);
    *p = (struct host_probe){ .at = at, .host = host };
    return p;
}

/* A node that is cut off from the others, or gets their state, is as good as down. A node that refuses
 * statements fails before this. */
static bool read_cluster(struct db *db, struct host_state *state, struct error *e)
{
    struct db_rows *rows = db_query(
        db, "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status', 'wsrep_local_state')", NULL,
        0, e);
    bool primary = false;
    int64_t local = 0;
    while (db_next(rows, e)) {
        if (str_eq(db_text(rows, 0), STR("wsrep_local_state"))) {
            local = db_int(rows, 1);
        } else {
            primary = str_eq(db_text(rows, 1), STR("Primary"));
        }
    }
    state->desynced = local < NODE_SYNCED;
    return db_finish(rows) &&
           ((primary && local >= NODE_DONOR) ||
            error_set(e, ERROR_UNAVAILABLE, "it is not part of its Galera cluster's majority"));
}

static bool read_variables(struct db *db, struct host_state *state, struct error *e)
{
    struct db_rows *rows = db_query(db,
                                    "SHOW GLOBAL VARIABLES WHERE Variable_name IN "
                                    "('read_only', 'gtid_binlog_pos', 'gtid_slave_pos', 'wsrep_on')",
                                    NULL, 0, e);
    while (db_next(rows, e)) {
        if (str_eq(db_text(rows, 0), STR("read_only"))) {
            state->read_only = !str_eq(db_text(rows, 1), STR("OFF"));
        } else if (str_eq(db_text(rows, 0), STR("wsrep_on"))) {
            state->cluster = str_eq(db_text(rows, 1), STR("ON"));
        } else {
            gtid_add(&state->position, db_text(rows, 1));
        }
    }
    if (!db_finish(rows)) {
        return false;
    }
    if (state->cluster) {
        state->position.n = 0; /* a node's binary log counts by itself */
    }
    return !state->cluster || read_cluster(db, state, e);
}

static bool read_heartbeat(struct db *db, struct host_state *state, struct error *e)
{
    struct db_rows *rows = db_query(db,
                                    "SELECT at, term, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - at "
                                    "FROM balrog_heartbeat WHERE id = 1",
                                    NULL, 0, e);
    if (db_next(rows, e)) {
        state->beats = true;
        state->beat_ms = db_int(rows, 0);
        state->term = db_int(rows, 1);
        state->age_ms = db_int(rows, 2);
    }
    return db_finish(rows);
}

/* Without a heartbeat the server is as good as any other. */
static bool try_heartbeat(struct host_probe *p, struct host_state *state, struct error *e)
{
    if (p->no_heartbeat_ms != 0 && clock_ms() - p->no_heartbeat_ms < NO_HEARTBEAT_MS) {
        return true;
    }
    bool ok = read_heartbeat(p->db, state, e);
    p->no_heartbeat_ms = ok ? 0 : clock_ms();
    return ok || db_alive(p->db);
}

void host_probe_ask(struct host_probe *p, struct host_state *state)
{
    struct error e = { 0 };
    bool fresh = false;
    for (;;) {
        if (p->db == NULL) {
            fresh = true;
            p->db = db_open_host(p, p->at, p->host, (struct db_limits){ PROBE_LIMIT_S, PROBE_LIMIT_S }, &e);
        }
        state->asked_ms = clock_ms();
        state->up = p->db != NULL && read_variables(p->db, state, &e) && try_heartbeat(p, state, &e);
        if (state->up) {
            return;
        }
        talloc_free(p->db);
        p->db = NULL;
        if (fresh) {
            snprintf(state->why, sizeof state->why, "%.199s", e.what);
            return;
        }
        /* The server may have closed the connection, for example when it was restarted. But one that is
         * frozen would be waited for once more. */
        if (clock_ms() - state->asked_ms >= PROBE_LIMIT_S * MS_PER_S / 2) {
            snprintf(state->why, sizeof state->why, "%.199s", e.what);
            return;
        }
    }
}
