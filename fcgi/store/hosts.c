/* See hosts.h. Each thread owns one connection, and the state of its server. What all share is protected by
 * one mutex, which is never held while a server is waited for. Open connections are in a list, so that those
 * to a server that does not answer can be broken. */
#include "store/hosts.h"

#include "core/clock.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "store/fail.h"
#include "store/host_probe.h"

#include <pthread.h>
#include <stdio.h>

enum {
    ASK_MS = 500,         /* pause between two questions */
    ASK_ONLY_MS = 1000,   /* the same if there is only one server: nothing is chosen */
    CONNECT_LIMIT_S = 2,  /* with several servers, connecting may not take longer */
    FIRST_WAIT_MS = 1500, /* how long hosts_connect() waits for the first answers */
};

struct asker {
    struct hosts *hosts;
    size_t i;
    pthread_t thread;
    bool running;
    bool hurry; /* under lock: ask now */
};

struct open_connection {
    struct open_connection *next;
    struct db *db;
    enum hosts_use use;
};

struct hosts {
    const struct config_database *at;
    struct asker asker[DATABASE_HOSTS_MAX];
    pthread_mutex_t lock; /* protects the following */
    pthread_cond_t wake;  /* of askers */
    pthread_cond_t asked; /* for who waits for first answers */
    bool stopping;
    size_t n_asked;     /* servers that were asked at least once */
    int64_t started_ms; /* 0: not started */
    struct host_state state[DATABASE_HOSTS_MAX];
    struct host_choice choice;
    struct open_connection *connections;
};

static int hosts_free(struct hosts *h)
{
    hosts_stop(h);
    pthread_cond_destroy(&h->asked);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    return 0;
}

struct hosts *hosts_new(void *ctx, const struct config_database *at)
{
    struct hosts *h = mem_new(ctx, struct hosts);
    h->at = at;
    h->choice.may_write = true;
    for (size_t i = 0; i < at->n_servers; i++) {
        h->asker[i] = (struct asker){ .hosts = h, .i = i };
        h->state[i].label = at->server[i].label;
        snprintf(h->state[i].why, sizeof h->state[i].why, "not asked yet");
    }
    pthread_mutex_init(&h->lock, NULL);
    thread_cond_init(&h->wake);
    thread_cond_init(&h->asked);
    talloc_set_destructor(h, hosts_free);
    return h;
}

/* ---- choosing; lock is held ---- */

static size_t chosen(const struct hosts *h, enum hosts_use use)
{
    return use == HOSTS_READ ? h->choice.reader : h->choice.writer;
}

static void log_moves(const struct hosts *h, const struct host_choice *before)
{
    const struct host_state *state = h->state;
    const struct host_choice *now = &h->choice;
    if (before->made && now->reader != before->reader) {
        const struct host_state *old = &state[before->reader];
        log_warning(
            "database.moved", "reading from %s from now on; %s %s%s", state[now->reader].label, old->label,
            old->up ? "is behind, or comes later in the list" : "does not answer: ", old->up ? "" : old->why);
    }
    if (!now->may_write && (before->may_write || !before->made)) {
        log_error("database.no_primary", "no database server can be written to: %s", now->why_not);
    } else if (now->may_write && (now->writer != before->writer || !before->may_write || !before->made)) {
        log_info("database.primary", "%s can be written to", state[now->writer].label);
    }
}

static void break_connections(struct hosts *h)
{
    for (struct open_connection *c = h->connections; c != NULL; c = c->next) {
        size_t host = db_host(c->db);
        if (!h->state[host].up && host != chosen(h, c->use)) {
            db_break(c->db);
        }
    }
}

static void choose_again(struct hosts *h)
{
    struct host_choice before = h->choice;
    if (h->at->n_servers == 1) {
        return;
    }
    if (h->n_asked < h->at->n_servers && clock_ms() - h->started_ms < FIRST_WAIT_MS) {
        return; /* the first choice is made of all answers */
    }
    host_choose(h->state, h->at->n_servers, (int64_t)h->at->max_lag_s * MS_PER_S, clock_ms(), &h->choice);
    log_moves(h, &before);
    break_connections(h);
}

/* ---- asking ---- */

/* Waits until it is time to ask again. Returns false when it is time to end. */
static bool wait_to_ask(struct asker *a)
{
    struct hosts *h = a->hosts;
    struct timespec until = clock_after_ms(h->at->n_servers == 1 ? ASK_ONLY_MS : ASK_MS);
    int rc = 0;
    pthread_mutex_lock(&h->lock);
    while (!h->stopping && !a->hurry && rc == 0) {
        rc = pthread_cond_timedwait(&h->wake, &h->lock, &until);
    }
    a->hurry = false;
    bool stopping = h->stopping;
    pthread_mutex_unlock(&h->lock);
    return !stopping;
}

static void *ask_main(void *arg)
{
    struct asker *a = arg;
    struct hosts *h = a->hosts;
    struct host_probe *probe = host_probe_new(NULL, h->at, a->i);
    bool first = true;
    crash_watch_thread();
    do {
        struct host_state state = { .label = h->at->server[a->i].label };
        host_probe_ask(probe, &state);
        pthread_mutex_lock(&h->lock);
        if (!state.up) { /* what it said last is still known */
            const struct host_state *old = &h->state[a->i];
            state.beats = old->beats;
            state.beat_ms = old->beat_ms;
            state.age_ms = old->age_ms;
            state.term = old->term;
            state.position = old->position;
            state.asked_ms = old->asked_ms;
            state.read_only = old->read_only;
            state.cluster = old->cluster;
        }
        h->state[a->i] = state;
        h->n_asked += first;
        choose_again(h);
        pthread_cond_broadcast(&h->asked);
        pthread_mutex_unlock(&h->lock);
        first = false;
    } while (wait_to_ask(a));
    talloc_free(probe);
    return NULL;
}

bool hosts_start(struct hosts *h, struct error *e)
{
    h->started_ms = clock_ms();
    for (size_t i = 0; i < h->at->n_servers; i++) {
        int rc = thread_start(&h->asker[i].thread, ask_main, &h->asker[i]);
        if (rc != 0) {
            return error_set(e, ERROR_INTERNAL, "cannot start a thread for %s: %s", h->at->server[i].label,
                             strerror(rc));
        }
        h->asker[i].running = true;
    }
    return true;
}

void hosts_stop(struct hosts *h)
{
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_cond_broadcast(&h->wake);
    pthread_cond_broadcast(&h->asked);
    pthread_mutex_unlock(&h->lock);
    for (size_t i = 0; i < h->at->n_servers; i++) {
        if (h->asker[i].running) {
            pthread_join(h->asker[i].thread, NULL);
            h->asker[i].running = false;
        }
    }
}

/* ---- connections ---- */

static void ask_at_once(void *arg, struct db *db)
{
    struct hosts *h = arg;
    pthread_mutex_lock(&h->lock);
    h->asker[db_host(db)].hurry = true;
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->lock);
}

static void forget_connection(void *arg, struct db *db)
{
    struct hosts *h = arg;
    pthread_mutex_lock(&h->lock);
    struct open_connection **at = &h->connections;
    while ((*at)->db != db) {
        at = &(*at)->next;
    }
    *at = (*at)->next;
    pthread_mutex_unlock(&h->lock);
}

/* The record is owned by DB, which outlives its time in the list. */
static void remember_connection(struct hosts *h, struct db *db, enum hosts_use use)
{
    struct open_connection *c = mem_new(db, struct open_connection);
    *c = (struct open_connection){ .db = db, .use = use };
    pthread_mutex_lock(&h->lock);
    c->next = h->connections;
    h->connections = c;
    pthread_mutex_unlock(&h->lock);
    db_set_watcher(db, (struct db_watcher){ ask_at_once, forget_connection, h });
}

static size_t wait_for_choice(struct hosts *h, enum hosts_use use)
{
    struct timespec until = clock_after_ms(FIRST_WAIT_MS);
    int rc = 0;
    pthread_mutex_lock(&h->lock);
    while (h->at->n_servers > 1 && h->started_ms != 0 && !h->choice.made && !h->stopping && rc == 0) {
        rc = pthread_cond_timedwait(&h->asked, &h->lock, &until);
    }
    size_t host = chosen(h, use);
    pthread_mutex_unlock(&h->lock);
    return host;
}

/* On a node of a Galera cluster, a transaction that may write begins when the node has all that was committed
 * on others before. */
static bool see_all(struct db *db, struct error *e)
{
    struct db_rows *rows = db_query(db, "SHOW VARIABLES LIKE 'wsrep_on'", NULL, 0, e);
    bool cluster = db_next(rows, e) && str_eq(db_text(rows, 1), STR("ON"));
    return db_finish(rows) && (!cluster || db_exec(db, "SET SESSION wsrep_sync_wait = 7", e));
}

struct db *hosts_connect(struct hosts *h, void *ctx, enum hosts_use use, struct error *e)
{
    size_t host = wait_for_choice(h, use);
    struct db_limits limits = { .connect_s = h->at->n_servers > 1 ? CONNECT_LIMIT_S : 0 };
    struct db *db = db_open_host(ctx, h->at, host, limits, e);
    if (db != NULL && use == HOSTS_WRITE && !see_all(db, e)) {
        talloc_free(db);
        db = NULL;
    }
    if (db != NULL) {
        remember_connection(h, db, use);
    } else if (h->at->n_servers > 1) {
        error_prefix(e, "%s", h->at->server[host].label);
    }
    return db;
}

bool hosts_is_current(struct hosts *h, const struct db *db, enum hosts_use use)
{
    pthread_mutex_lock(&h->lock);
    bool is = db_host(db) == chosen(h, use);
    pthread_mutex_unlock(&h->lock);
    return is;
}

bool hosts_may_write(struct hosts *h, struct error *e)
{
    pthread_mutex_lock(&h->lock);
    bool may = h->choice.may_write;
    if (!may) {
        fail(e, FAIL_NO_PRIMARY,
             "No database server can be written to now: %s. Nothing was changed; try "
             "again later.",
             h->choice.why_not);
    }
    pthread_mutex_unlock(&h->lock);
    return may;
}

/* ---- for people ---- */

size_t hosts_count(const struct hosts *h)
{
    return h->at->n_servers;
}

/* By the server's clock; lock is held. */
static int64_t heartbeat_age(const struct host_state *s)
{
    if (!s->beats) {
        return HOSTS_UNKNOWN;
    }
    int64_t age_ms = s->age_ms + clock_ms() - s->asked_ms;
    return age_ms > 0 ? age_ms : 0; /* clocks differ */
}

void hosts_view(struct hosts *h, size_t i, struct host_view *view)
{
    const struct host_state *s = &h->state[i];
    pthread_mutex_lock(&h->lock);
    *view = (struct host_view){
        .label = h->at->server[i].label,
        .up = s->up,
        .read_only = s->read_only,
        .reads = i == h->choice.reader,
        .writes = i == h->choice.writer && h->choice.may_write,
        .heartbeat_age_ms = heartbeat_age(s),
    };
    gtid_text(&s->position, view->position);
    pthread_mutex_unlock(&h->lock);
}

/* The time of the newest heartbeat on a primary that answers; -1: there is none. */
static int64_t primary_beat(struct hosts *h)
{
    int64_t newest = -1;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->at->n_servers; i++) {
        const struct host_state *s = &h->state[i];
        if (s->up && !s->read_only && s->beats && s->beat_ms > newest) {
            newest = s->beat_ms;
        }
    }
    pthread_mutex_unlock(&h->lock);
    return newest;
}

int64_t hosts_lag_ms(struct hosts *h, struct hosts *primary)
{
    int64_t other = primary != h ? primary_beat(primary) : -1, own = primary_beat(h);
    int64_t newest = other > own ? other : own;
    pthread_mutex_lock(&h->lock);
    const struct host_state *s = &h->state[h->choice.reader];
    int64_t lag_ms = s->up && s->beats && newest >= 0 ? newest - s->beat_ms : heartbeat_age(s);
    pthread_mutex_unlock(&h->lock);
    return lag_ms != HOSTS_UNKNOWN && lag_ms < 0 ? 0 : lag_ms;
}

bool hosts_check_lag(struct hosts *h, struct hosts *primary, struct error *e)
{
    int64_t lag_ms = hosts_lag_ms(h, primary);
    return lag_ms <= (int64_t)h->at->max_lag_s * MS_PER_S ||
           error_set(
               e, ERROR_UNAVAILABLE,
               "what is read from is %lld s behind (max_lag_s: %d): replication has stopped or is slow, "
               "or no balrog-admin writes the heartbeat",
               (long long)(lag_ms / MS_PER_S), h->at->max_lag_s);
}
