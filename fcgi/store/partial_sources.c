/* See partial_sources.h. Of each release that clients are offered, the names in its partials are kept, with
 * the stamp of the rows that they were read from. */
#include "store/partial_sources.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "store/feed.h"
#include "store/reader.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { SOURCES_GAP_S = 600, SOURCES_TICK_MS = 600000, SOURCES_NICE = 10 };

/* A release that clients are offered. It owns its texts. */
struct offered_release {
    struct str name;
    bool known; /* what follows is what the database has */
    uint64_t stamp;
    struct str *from; /* the names in its partials, each once */
    size_t n;
};

/* All of them, sorted by name. */
struct offered_list {
    struct offered_release **item;
    size_t n;
};

struct partial_sources {
    struct hosts *hosts;
    pthread_mutex_t busy; /* held while the next three are used */
    struct db *db;        /* NULL: not connected */
    struct feed *feed;    /* NULL: it has to be started */
    struct offered_list offered;

    bool started; /* the thread */
    pthread_t thread;
    pthread_mutex_t lock; /* of the wait for STOPPING */
    pthread_cond_t wake;
    atomic_bool stopping;
    atomic_uint waiting; /* requests that need BUSY: the thread, which is slow, leaves the rest to them */
};

/* ---- the names in a document ---- */

static void add_source(struct offered_release *r, struct str name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (str_eq(r->from[i], name)) {
            return;
        }
    }
    r->from = mem_grow(r, r->from, struct str, r->n);
    r->from[r->n++] = mem_str(r, name);
}

static struct str skip_space(struct str text)
{
    while (text.n > 0 && (*text.p == ' ' || *text.p == '\t' || *text.p == '\n' || *text.p == '\r')) {
        text = str_slice(text, 1, text.n);
    }
    return text;
}

/* The text, in quotes, that TEXT starts with; absent if it does not start with one. */
static struct str quoted_text(struct str text)
{
    if (text.n == 0 || text.p[0] != '"') {
        return STR_NONE;
    }
    for (size_t i = 1; i < text.n; i++) {
        if (text.p[i] == '"') {
            return str_slice(text, 0, i + 1);
        }
        i += text.p[i] == '\\';
    }
    return STR_NONE;
}

/* Adds the name that QUOTED stands for. */
static void add_quoted(struct offered_release *r, struct str quoted)
{
    struct error why;
    if (memchr(quoted.p, '\\', quoted.n) == NULL) {
        add_source(r, str_slice(quoted, 1, quoted.n - 1));
        return;
    }
    cJSON *text = json_parse(quoted, &why);
    if (cJSON_IsString(text)) {
        add_source(r, str_of(text->valuestring));
    }
    cJSON_Delete(text);
}

/* Adds the value of every member "from" of JSON that is a text, wherever it is. A tree is not needed for
 * that, and would take most of the time. */
static void collect_sources(struct offered_release *r, struct str json)
{
    static const struct str key = { "\"from\"", 6 };
    ptrdiff_t at;
    while (json.n > 0 && (at = str_find(json, key)) >= 0) {
        json = skip_space(str_slice(json, (size_t)at + key.n, json.n));
        if (json.n == 0 || *json.p != ':') {
            continue;
        }
        struct str value = quoted_text(skip_space(str_slice(json, 1, json.n)));
        if (!str_absent(value) && !str_eq(value, STR("\"*\""))) {
            add_quoted(r, value);
        }
    }
}

/* ---- reading ---- */

static bool read_release(struct offered_release *r, struct db *db, struct error *e)
{
    bool found;
    struct release_row row;
    struct release_stamps stamps;
    void *tmp = mem_check(talloc_new(NULL));
    bool ok = reader_release(db, tmp, r->name, &row, &stamps, &found, e);
    talloc_free(r->from);
    r->from = NULL;
    r->n = 0;
    if (ok && found) {
        collect_sources(r, row.json);
        for (size_t i = 0; i < row.n_assets; i++) {
            collect_sources(r, row.assets[i].json);
        }
    }
    r->stamp = ok ? release_stamps_sum(&stamps) : 0;
    r->known = ok;
    talloc_free(tmp);
    return ok;
}

/* Whether the thread is to stop reading. */
static bool gives_way(const struct partial_sources *s)
{
    return atomic_load(&s->stopping) || atomic_load(&s->waiting) > 0;
}

/* Reads what is not known. THREAD: ends early if that one is to give way; or NULL. */
static bool read_unknown(const struct offered_list *offered, struct db *db,
                         const struct partial_sources *thread, struct error *e)
{
    for (size_t i = 0; i < offered->n && (thread == NULL || !gives_way(thread)); i++) {
        if (!offered->item[i]->known && !read_release(offered->item[i], db, e)) {
            return false;
        }
    }
    return true;
}

static int offered_cmp(const void *a, const void *b)
{
    const struct offered_release *const *x = a, *const *y = b;
    return str_cmp((*x)->name, (*y)->name);
}

static struct offered_release *find_offered(const struct offered_list *offered, struct str name)
{
    const struct offered_release wanted = { .name = name }, *key = &wanted;
    struct offered_release *const *at =
        offered->n > 0
            ? bsearch(&key, offered->item, offered->n, sizeof(struct offered_release *), offered_cmp)
            : NULL;
    return at != NULL ? *at : NULL;
}

/* The releases of NAMES, each once; those that OLD has are taken over from there. Owned by CTX. */
static struct offered_list list_releases(void *ctx, const struct offered_list *old, const struct str *names,
                                         size_t n)
{
    struct offered_list list = { .item = mem_array(ctx, struct offered_release *, n) };
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && str_eq(names[i - 1], names[i])) {
            continue;
        }
        struct offered_release *r = find_offered(old, names[i]);
        if (r == NULL) {
            r = mem_new(list.item, struct offered_release);
            r->name = mem_str(r, names[i]);
        }
        list.item[list.n++] = talloc_steal(list.item, r);
    }
    return list;
}

static int name_cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Brings the list to the names that clients are offered now. It is owned by CTX. */
static bool read_offered(void *ctx, struct offered_list *offered, struct db *db, struct error *e)
{
    void *tmp = mem_check(talloc_new(NULL));
    struct str *names = NULL;
    size_t n = 0;
    struct db_rows *rows = db_query(db,
                                    "SELECT mapping FROM rules WHERE mapping IS NOT NULL"
                                    " UNION ALL SELECT fallbackMapping FROM rules"
                                    " WHERE fallbackMapping IS NOT NULL"
                                    " UNION ALL SELECT mapping FROM pinnable_releases"
                                    " UNION ALL SELECT member FROM balrog_release_members",
                                    NULL, 0, e);
    while (db_next(rows, e)) {
        names = mem_grow(tmp, names, struct str, n);
        names[n++] = mem_str(tmp, db_text(rows, 0));
    }
    bool ok = db_finish(rows);
    if (ok) {
        if (n > 0) {
            qsort(names, n, sizeof(*names), name_cmp);
        }
        struct offered_list now = list_releases(ctx, offered, names, n);
        talloc_free(offered->item);
        *offered = now;
    }
    talloc_free(tmp);
    return ok;
}

/* ---- what has changed ---- */

static void forget_all(struct partial_sources *s)
{
    for (size_t i = 0; i < s->offered.n; i++) {
        s->offered.item[i]->known = false;
    }
    talloc_free(s->feed);
    s->feed = NULL;
}

static void forget_changed(const struct partial_sources *s, const struct feed_news *news)
{
    for (size_t i = 0; i < news->n; i++) {
        const struct feed_change *change = &news->changes[i];
        struct offered_release *r =
            change->table == FEED_RELEASES ? find_offered(&s->offered, change->key) : NULL;
        if (r != NULL) {
            r->known = false;
        }
    }
}

static bool poll_sources(struct partial_sources *s, struct error *e)
{
    struct feed_news news = { 0 };
    void *tmp = mem_check(talloc_new(NULL));
    bool ok = s->feed == NULL || feed_poll(s->feed, s->db, tmp, clock_ms(), &news, e);
    if (ok && s->feed != NULL && !news.rebuild) {
        forget_changed(s, &news);
    } else if (ok) {
        forget_all(s);
        struct feed *feed = feed_new(s, SOURCES_GAP_S);
        ok = feed_start(feed, s->db, clock_ms(), e);
        s->feed = ok ? feed : NULL;
        if (!ok) {
            talloc_free(feed);
        }
    }
    talloc_free(tmp);
    return ok;
}

static int stamp_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct release_stamp *)a)->name, ((const struct release_stamp *)b)->name);
}

/* Forgets what has another stamp than the database. */
static bool compare_stamps(const struct partial_sources *s, struct error *e)
{
    struct release_stamp *stamps;
    size_t n;
    void *tmp = mem_check(talloc_new(NULL));
    bool ok = reader_release_stamps(s->db, tmp, &stamps, &n, e);
    if (ok && n > 0) {
        qsort(stamps, n, sizeof(*stamps), stamp_cmp);
    }
    for (size_t i = 0; ok && i < s->offered.n; i++) {
        struct offered_release *r = s->offered.item[i];
        const struct release_stamp wanted = { r->name, 0 };
        const struct release_stamp *now =
            n > 0 ? bsearch(&wanted, stamps, n, sizeof(wanted), stamp_cmp) : NULL;
        r->known = r->known && r->stamp == (now != NULL ? now->stamp : 0);
    }
    talloc_free(tmp);
    return ok;
}

/* ---- one consistent read ---- */

static bool refresh_inside(struct partial_sources *s, bool by_thread, bool compare, struct error *e)
{
    return poll_sources(s, e) && read_offered(s, &s->offered, s->db, e) &&
           (!compare || compare_stamps(s, e)) && read_unknown(&s->offered, s->db, by_thread ? s : NULL, e);
}

/* Connects if necessary, and brings everything up to date. The caller has BUSY. */
static bool refresh_once(struct partial_sources *s, bool by_thread, struct error *e)
{
    if (s->db != NULL && !hosts_is_current(s->hosts, s->db, HOSTS_WRITE)) {
        talloc_free(s->db);
        s->db = NULL;
    }
    bool compare = by_thread || s->db == NULL; /* another server may have lost changes */
    if (s->db == NULL) {
        s->db = hosts_connect(s->hosts, s, HOSTS_WRITE, e);
    }
    bool ok = s->db != NULL && reader_begin(s->db, e) && refresh_inside(s, by_thread, compare, e) &&
              reader_end(s->db, e);
    if (!ok) {
        talloc_free(s->db); /* ends the transaction, too */
        s->db = NULL;
    }
    return ok;
}

/* The server may have closed a connection that was idle for long: then once more with a new one. */
static bool refresh_sources(struct partial_sources *s, bool by_thread, struct error *e)
{
    bool was_connected = s->db != NULL;
    bool ok = refresh_once(s, by_thread, e);
    if (!ok && was_connected) {
        error_clear(e);
        ok = refresh_once(s, by_thread, e);
    }
    return ok;
}

/* ---- the thread ---- */

static bool sleep_until_tick(struct partial_sources *s)
{
    struct timespec until = clock_after_ms(SOURCES_TICK_MS);
    pthread_mutex_lock(&s->lock);
    int rc = 0;
    while (!atomic_load(&s->stopping) && rc == 0) {
        rc = pthread_cond_timedwait(&s->wake, &s->lock, &until);
    }
    pthread_mutex_unlock(&s->lock);
    return !atomic_load(&s->stopping);
}

bool partial_sources_refresh(struct partial_sources *s, struct error *e)
{
    pthread_mutex_lock(&s->busy);
    bool ok = refresh_sources(s, true, e);
    pthread_mutex_unlock(&s->busy);
    return ok;
}

static void *refresh_forever(void *arg)
{
    struct partial_sources *s = arg;
    crash_watch_thread();
    setpriority(PRIO_PROCESS, 0, SOURCES_NICE); /* on Linux of the calling thread alone */
    do {
        struct error e;
        if (!partial_sources_refresh(s, &e)) {
            log_warning("partials.unread",
                        "cannot find out which releases partials start from: %s. The next deletion of a "
                        "release tries again",
                        e.what);
        }
    } while (sleep_until_tick(s));
    return NULL;
}

struct partial_sources *partial_sources_new(void *ctx, struct hosts *hosts)
{
    struct partial_sources *s = mem_new(ctx, struct partial_sources);
    s->hosts = hosts;
    pthread_mutex_init(&s->busy, NULL);
    pthread_mutex_init(&s->lock, NULL);
    thread_cond_init(&s->wake);
    return s;
}

void partial_sources_start(struct partial_sources *s)
{
    s->started = thread_start(&s->thread, refresh_forever, s) == 0;
}

void partial_sources_stop(struct partial_sources *s)
{
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->stopping, true);
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    if (s->started) {
        pthread_join(s->thread, NULL);
    }
    talloc_free(s->db);
    s->db = NULL;
}

/* ---- finding ---- */

static const char *find_source(const struct offered_list *offered, void *ctx, struct str name)
{
    for (size_t i = 0; i < offered->n; i++) {
        const struct offered_release *r = offered->item[i];
        for (size_t j = 0; j < r->n; j++) {
            if (str_eq(r->from[j], name) && !str_eq(r->name, name)) {
                return mem_strndup(ctx, r->name.p, r->name.n);
            }
        }
    }
    return NULL;
}

bool partial_sources_find(struct partial_sources *s, struct db *db, void *ctx, struct str name,
                          const char **release, struct error *e)
{
    struct offered_list alone = { 0 };
    void *tmp = mem_check(talloc_new(NULL));
    *release = NULL;
    bool ok;
    if (s != NULL) {
        atomic_fetch_add(&s->waiting, 1);
        pthread_mutex_lock(&s->busy);
        atomic_fetch_sub(&s->waiting, 1);
        ok = refresh_sources(s, false, e);
        *release = ok ? find_source(&s->offered, ctx, name) : NULL;
        pthread_mutex_unlock(&s->busy);
    } else {
        ok = read_offered(tmp, &alone, db, e) && read_unknown(&alone, db, NULL, e);
        *release = ok ? find_source(&alone, ctx, name) : NULL;
    }
    talloc_free(tmp);
    return ok;
}
