/* The servers of [database] or [primary]. A thread per server asks it, twice a second, whether it answers, is
 * read-only, and how old its heartbeat is; after each answer it is chosen anew which server to read from and
 * which one to write to (store/host_choice.h).
 *
 * Who uses a connection asks hosts_is_current() before the next piece of work, and connects again if it is
 * not. Connections to a server that does not answer any more are broken, so nobody waits for it. All
 * functions may be called by any thread. */
#ifndef BALROG_STORE_HOSTS_H
#define BALROG_STORE_HOSTS_H

#include "core/buf.h"
#include "store/db.h"
#include "store/host_choice.h"

struct hosts;

enum hosts_use { HOSTS_READ, HOSTS_WRITE };

/* The servers of AT, which must live longer. Owned by CTX. Until hosts_start() was called, the first one is
 * used for everything. */
struct hosts *hosts_new(void *ctx, const struct config_database *at);
/* Starts asking. */
bool hosts_start(struct hosts *hosts, struct error *e);
/* Ends the threads. Connections stay as they are. */
void hosts_stop(struct hosts *hosts);

/* Connects to the server for USE. Waits until all were asked once, but at most for 1.5 s after hosts_start().
 * NULL with a 503 in E when that fails. Owned by CTX. */
struct db *hosts_connect(struct hosts *hosts, void *ctx, enum hosts_use use, struct error *e);
/* Whether DB, which hosts_connect() has made, is connected to the server that is for USE now. */
bool hosts_is_current(struct hosts *hosts, const struct db *db, enum hosts_use use);
/* Whether a server can be written to. If not, HOSTS_WRITE gives connections on which one can only read, and
 * this fails with FAIL_NO_PRIMARY and says of each server why not. */
bool hosts_may_write(struct hosts *hosts, struct error *e);

/* ---- for people ---- */

enum { HOSTS_UNKNOWN = -1 };

size_t hosts_count(const struct hosts *hosts);
/* What is known of a server. */
struct host_view {
    const char *label;
    bool up, read_only, reads, writes; /* the last two: it is the one that is used for this */
    int64_t heartbeat_age_ms;          /* by its own clock; or HOSTS_UNKNOWN */
    char position[GTID_TEXT_MAX];
};
void hosts_view(struct hosts *hosts, size_t i, struct host_view *view);
/* How many ms the server that is read from is behind. If a primary answers, in HOSTS or in PRIMARY (which may
 * be the same): by its heartbeat; else by the clocks: the heartbeat's age. HOSTS_UNKNOWN if it has none. */
int64_t hosts_lag_ms(struct hosts *hosts, struct hosts *primary);
/* The same against [database] max_lag_s: false, with a sentence in E, if it is more. */
bool hosts_check_lag(struct hosts *hosts, struct hosts *primary, struct error *e);

/* Registers gauges about each server. Once per program. */
void hosts_metrics_register(struct hosts *hosts);

#endif
