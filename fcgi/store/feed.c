/* See feed.h. The cursor is the newest id that was seen. Before it there are gaps: runs of ids that did not
 * exist when the cursor passed them. They belong to transactions that have not ended or were rolled back, or
 * were never used (auto_increment_increment). One statement reads the rows behind the cursor, the oldest and
 * newest id of the feed, and the number of rows in the window from the first gap to the last. Only if that
 * number is not the expected one, the window is read again. */
#include "store/feed.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LOOK_BACK = 10000,    /* how many ids before the newest one are examined at the start */
    GAPS_MAX = 50000,     /* number of gaps; if there are more, everything is built again */
    CHANGES_MAX = 100000, /* rows in one poll; the same */
    FEED_PRINT_MAX = 48,
};

/* What a row of the feed is recognized by, besides its id. */
#define PRINT(ROW) "CONCAT(" ROW ".at, ':', CRC32(CONCAT_WS(':', " ROW ".tbl, " ROW ".k, " ROW ".path)))"

/* Ids FIRST…LAST are missing. */
struct gap {
    uint64_t first, last;
    int64_t since_ms;
};

struct gaps {
    struct gap *gap; /* by id */
    size_t n;
};

struct feed {
    int64_t gap_ms;
    uint64_t cursor;            /* 0: nothing seen yet */
    char print[FEED_PRINT_MAX]; /* of the row with this id: another server, or a restored one, may have
                                 * another row
                                 */
    uint64_t lowest;            /* the oldest id of the feed at the last poll */
    int64_t lag_ms;             /* the age of the oldest change in the last poll that found any */
    struct gaps gaps;
    int64_t gone; /* number of rows of the window that were pruned */
};

/* One poll. It works on a copy of the feed, which replaces the feed if everything could be read. */
struct poll {
    struct feed *feed;
    void *ctx;
    int64_t now_ms;
    uint64_t lowest, highest; /* ids of the feed; 0 when it is empty */
    uint64_t first, last;     /* the window, from the first gap to the last */
    int64_t expected, window; /* number of rows in it: expected, and found */
    bool foreign;             /* the row at the cursor is another one than before, or has vanished */
    struct feed_change *changes;
    size_t n;
    bool rebuild;
};

struct feed *feed_new(void *ctx, int gap_s)
{
    struct feed *feed = mem_new(ctx, struct feed);
    feed->gap_ms = (int64_t)gap_s * 1000;
    return feed;
}

uint64_t feed_cursor(const struct feed *feed)
{
    return feed->cursor;
}

int64_t feed_lag_ms(const struct feed *feed)
{
    return feed->lag_ms;
}

size_t feed_missing(const struct feed *feed, struct feed_range ranges[FEED_RANGES_SHOWN])
{
    const struct gaps *gaps = &feed->gaps;
    size_t from = gaps->n > FEED_RANGES_SHOWN ? gaps->n - FEED_RANGES_SHOWN : 0;
    for (size_t i = from; i < gaps->n; i++) {
        ranges[i - from] = (struct feed_range){ gaps->gap[i].first, gaps->gap[i].last };
    }
    return gaps->n;
}

size_t feed_gaps(const struct feed *feed)
{
    size_t n = 0;
    for (size_t i = 0; i < feed->gaps.n; i++) {
        n += feed->gaps.gap[i].last - feed->gaps.gap[i].first + 1;
    }
    return n;
}

/* ---- gaps ---- */

static void add_gap(void *ctx, struct gaps *gaps, struct gap gap)
{
    if (gap.first > gap.last) {
        return;
    }
    gaps->gap = mem_grow(ctx, gaps->gap, struct gap, gaps->n);
    gaps->gap[gaps->n++] = gap;
}

/* Moves the cursor to ID, whose row has PRINT. The ids in between are missing. */
static void advance_cursor(struct feed *feed, uint64_t id, struct str print, int64_t now_ms)
{
    snprintf(feed->print, sizeof feed->print, "%.*s", STR_ARG(print));
    uint64_t from = feed->cursor + 1;
    if (feed->cursor == 0 && id > LOOK_BACK) {
        from = id - LOOK_BACK;
    }
    add_gap(feed, &feed->gaps, (struct gap){ from, id - 1, now_ms });
    feed->cursor = id;
}

/* The number of rows in the window if no missing id has appeared. */
static int64_t expected_rows(const struct feed *feed)
{
    const struct gaps *gaps = &feed->gaps;
    int64_t n = -feed->gone;
    for (size_t i = 1; i < gaps->n; i++) {
        n += (int64_t)(gaps->gap[i].first - gaps->gap[i - 1].last - 1);
    }
    return n;
}

static void expire_gaps(struct feed *feed, int64_t now_ms)
{
    struct gaps *gaps = &feed->gaps;
    size_t n = 0;
    for (size_t i = 0; i < gaps->n; i++) {
        if (now_ms - gaps->gap[i].since_ms < feed->gap_ms) {
            gaps->gap[n++] = gaps->gap[i];
        }
    }
    gaps->n = n;
}

/* ---- changes ---- */

static enum feed_table table_of(struct str name)
{
    static const struct {
        const char *name;
        enum feed_table table;
    } tables[] = {
        { "rules", FEED_RULES },
        { "releases", FEED_RELEASES },
        { "releases_json", FEED_RELEASES },
        { "release_assets", FEED_RELEASES },
        { "pinnable_releases", FEED_PINS },
        { "emergency_shutoffs", FEED_SHUTOFFS },
        { "balrog_partial_stops", FEED_SHUTOFFS },
    };
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        if (str_eq(name, str_of(tables[i].name))) {
            return tables[i].table;
        }
    }
    return FEED_OTHER;
}

static int change_cmp(const void *a, const void *b)
{
    const struct feed_change *x = a, *y = b;
    int c = x->table != y->table ? (x->table > y->table) - (x->table < y->table) : str_cmp(x->key, y->key);
    c = c != 0 ? c : str_cmp(x->path, y->path);
    return c != 0 ? c : str_absent(x->path) - str_absent(y->path);
}

/* Adds the change in the current row, which has table, key and path in the columns from COLUMN on, unless it
 * is the same as the last one. */
static void add_change(struct poll *poll, const struct db_rows *rows, unsigned column)
{
    struct str name = db_text(rows, column);
    struct feed_change change = { .table = table_of(name) };
    if (change.table == FEED_RELEASES) {
        change.key = db_text(rows, column + 1);
        change.path = db_text(rows, column + 2);
        poll->rebuild |=
            str_absent(change.key) || str_absent(change.path) == str_eq(name, STR("release_assets"));
    }
    if (poll->n > 0 && change_cmp(&poll->changes[poll->n - 1], &change) == 0) {
        return;
    }
    if (poll->n == CHANGES_MAX) {
        poll->rebuild = true;
        return;
    }
    poll->changes = mem_grow(poll->ctx, poll->changes, struct feed_change, poll->n);
    change.key = mem_str(poll->ctx, change.key);
    change.path = mem_str(poll->ctx, change.path);
    poll->changes[poll->n++] = change;
}

/* Each table, key and path once. */
static void make_unique(struct poll *poll)
{
    size_t n = 0;
    if (poll->n > 0) {
        qsort(poll->changes, poll->n, sizeof(*poll->changes), change_cmp);
    }
    for (size_t i = 0; i < poll->n; i++) {
        if (n == 0 || change_cmp(&poll->changes[n - 1], &poll->changes[i]) != 0) {
            poll->changes[n++] = poll->changes[i];
        }
    }
    poll->n = n;
}

/* ---- reading ---- */

/* Reads the rows behind the cursor. There is always at least one row in the result, with the three numbers.
 */
static bool read_new(struct poll *poll, struct db *db, struct error *e)
{
    struct feed *feed = poll->feed;
    struct db_value params[] = { DB_I((int64_t)poll->first), DB_I((int64_t)poll->last),
                                 DB_I((int64_t)feed->cursor), DB_I((int64_t)feed->cursor) };
    uint64_t cursor = feed->cursor;
    char print[FEED_PRINT_MAX];
    memcpy(print, feed->print, sizeof print);
    int64_t lag_ms = -1;
    struct db_rows *rows =
        db_query(db,
                 "SELECT (SELECT MIN(id) FROM balrog_changes), (SELECT MAX(id) FROM balrog_changes), "
                 "(SELECT COUNT(*) FROM balrog_changes WHERE id BETWEEN ? AND ?), c.id, c.tbl, c.k, c.path, "
                 "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000 AS SIGNED) - c.at, " PRINT(
                     "c") ", "
                          "(SELECT " PRINT("o") " FROM balrog_changes AS o WHERE o.id = ?) "
                                                "FROM (SELECT 1 AS one) AS always LEFT JOIN balrog_changes "
                                                "AS c ON c.id > ? ORDER BY c.id",
                 params, 4, e);
    while (db_next(rows, e)) {
        poll->lowest = (uint64_t)db_int(rows, 0);
        poll->highest = (uint64_t)db_int(rows, 1);
        poll->window = db_int(rows, 2);
        poll->foreign = cursor > 0 && (db_is_null(rows, 9) ? poll->lowest <= cursor
                                                           : !str_eq(db_text(rows, 9), str_of(print)));
        if (!db_is_null(rows, 3) && !poll->rebuild) {
            advance_cursor(feed, (uint64_t)db_int(rows, 3), db_text(rows, 8), poll->now_ms);
            add_change(poll, rows, 4);
            lag_ms = db_int(rows, 7) > lag_ms ? db_int(rows, 7) : lag_ms;
            poll->rebuild |= feed->gaps.n > GAPS_MAX;
        }
    }
    feed->lag_ms = lag_ms >= 0 ? lag_ms : feed->lag_ms;
    return db_finish(rows);
}

/* The row ID exists. If it was missing, removes it from its gap, which is at *I or behind, and returns true.
 * Gaps before ID are moved to NEXT. */
static bool fill_gap(struct feed *feed, size_t *i, struct gaps *next, uint64_t id)
{
    struct gaps *gaps = &feed->gaps;
    while (*i < gaps->n && gaps->gap[*i].last < id) {
        add_gap(feed, next, gaps->gap[(*i)++]);
    }
    struct gap *gap = &gaps->gap[*i];
    if (*i == gaps->n || gap->first > id) {
        return false;
    }
    add_gap(feed, next, (struct gap){ gap->first, id - 1, gap->since_ms });
    gap->first = id + 1;
    return true;
}

/* Reads the window again, to find the missing ids that have appeared. */
static bool read_window(struct poll *poll, struct db *db, struct error *e)
{
    struct feed *feed = poll->feed;
    struct db_value params[] = { DB_I((int64_t)poll->first), DB_I((int64_t)poll->last) };
    struct gaps next = { 0 };
    size_t i = 0;
    int64_t known = 0;
    struct db_rows *rows = db_query(
        db, "SELECT id, tbl, k, path FROM balrog_changes WHERE id BETWEEN ? AND ? ORDER BY id", params, 2, e);
    if (rows == NULL) {
        return false;
    }
    while (db_next(rows, e)) {
        if (fill_gap(feed, &i, &next, (uint64_t)db_int(rows, 0))) {
            add_change(poll, rows, 1);
        } else {
            known++;
        }
    }
    bool ok = db_finish(rows);
    while (i < feed->gaps.n) {
        add_gap(feed, &next, feed->gaps.gap[i++]);
    }
    talloc_free(feed->gaps.gap);
    feed->gaps = next;
    feed->gone += poll->expected - known;
    return ok;
}

/* Reads the oldest and the newest id. */
static bool read_ends(struct db *db, uint64_t *lowest, uint64_t *highest, struct error *e)
{
    struct db_rows *rows = db_query(db, "SELECT MIN(id), MAX(id) FROM balrog_changes", NULL, 0, e);
    if (db_next(rows, e)) {
        *lowest = (uint64_t)db_int(rows, 0);
        *highest = (uint64_t)db_int(rows, 1);
    }
    return db_finish(rows);
}

bool feed_start(struct feed *feed, struct db *db, int64_t now_ms, struct error *e)
{
    uint64_t highest = 0;
    feed->cursor = 0;
    feed->gaps.n = 0;
    feed->gone = 0;
    if (!read_ends(db, &feed->lowest, &highest, e)) {
        return false;
    }
    feed->cursor = highest > LOOK_BACK ? highest - LOOK_BACK : 0;
    struct db_value from = DB_I((int64_t)feed->cursor);
    struct db_rows *rows = db_query(
        db, "SELECT id, " PRINT("f") " FROM balrog_changes AS f WHERE id > ? ORDER BY id", &from, 1, e);
    while (db_next(rows, e)) {
        advance_cursor(feed, (uint64_t)db_int(rows, 0), db_text(rows, 1), now_ms);
    }
    return db_finish(rows);
}

bool feed_fingerprint(struct db *db, uint64_t id, uint64_t *print, struct error *e)
{
    enum { CRC_BITS = 32 };
    struct db_value by_id = DB_I((int64_t)id);
    struct db_rows *rows =
        db_query(db, "SELECT at, CRC32(CONCAT_WS(':', id, tbl, k, path)) FROM balrog_changes WHERE id = ?",
                 &by_id, 1, e);
    *print = 0;
    if (db_next(rows, e)) {
        *print = ((uint64_t)db_int(rows, 0) << CRC_BITS) ^ (uint64_t)db_int(rows, 1);
    }
    return db_finish(rows);
}

/* ---- polling ---- */

static struct feed *copy_feed(const struct feed *feed, void *ctx)
{
    struct feed *copy = mem_new(ctx, struct feed);
    *copy = *feed;
    copy->gaps = (struct gaps){ 0 };
    for (size_t i = 0; i < feed->gaps.n; i++) {
        add_gap(copy, &copy->gaps, feed->gaps.gap[i]);
    }
    return copy;
}

static void adopt_feed(struct feed *feed, const struct feed *copy)
{
    talloc_free(feed->gaps.gap);
    *feed = *copy;
    talloc_steal(feed, feed->gaps.gap);
}

/* Whether the feed is not the one that CURSOR belongs to, or has lost rows that were not read yet. */
static bool is_lost(const struct poll *poll, uint64_t cursor)
{
    return poll->foreign || (cursor > 0 && (poll->highest < cursor || poll->lowest > cursor + 1));
}

bool feed_poll(struct feed *feed, struct db *db, void *ctx, int64_t now_ms, struct feed_news *news,
               struct error *e)
{
    const struct gaps *gaps = &feed->gaps;
    struct poll poll = { .feed = copy_feed(feed, ctx), .ctx = ctx, .now_ms = now_ms, .first = 1 };
    if (gaps->n > 0) {
        poll.first = gaps->gap[0].first;
        poll.last = gaps->gap[gaps->n - 1].last;
        poll.expected = expected_rows(feed);
    }
    bool ok = read_new(&poll, db, e);
    poll.rebuild |= ok && is_lost(&poll, feed->cursor);
    if (ok && !poll.rebuild && gaps->n > 0 && (poll.window != poll.expected || poll.lowest != feed->lowest)) {
        ok = read_window(&poll, db, e);
    }
    *news = (struct feed_news){ .rebuild = ok && poll.rebuild };
    if (ok && !poll.rebuild) {
        make_unique(&poll);
        expire_gaps(poll.feed, now_ms);
        poll.feed->lowest = poll.lowest;
        adopt_feed(feed, poll.feed);
        news->changes = poll.changes;
        news->n = poll.n;
    }
    talloc_free(poll.feed);
    return ok;
}
