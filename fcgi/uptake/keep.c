/* See keep.h. */
#include "uptake/keep.h"

#include "core/clock.h"
#include "ops/log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

enum { SAVE_MS = 300000 };

/* Empty tables in place of those that K has. */
static void reset_tables(struct keep *k)
{
    uint64_t seed = 0;
    const struct config_list products = k->config->uptake.products, channels = k->config->uptake.channels;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
        seed = (uint64_t)clock_ns();
    }
    talloc_free(k->recent);
    talloc_free(k->series);
    k->recent = recent_new(k, products, channels, (size_t)k->config->uptake.sample_entries, seed);
    k->series = series_new(k, products, channels);
}

struct keep *keep_new(void *ctx, const struct config *config)
{
    struct keep *k = mem_new(ctx, struct keep);
    k->config = config;
    k->path = config->uptake.state_dir[0] != '\0' ? mem_printf(k, "%s/uptake.state", config->uptake.state_dir)
                                                  : NULL;
    k->saved_ms = clock_ms();
    reset_tables(k);
    if (k->recent->rare < RECENT_RARE) {
        log_warning("sample.small",
                    "[uptake] sample_entries is too small for %d queries of each product and channel; "
                    "each keeps %zu",
                    RECENT_RARE, k->recent->rare);
    }
    return k;
}

static void set_aside(struct keep *k, const struct error *e)
{
    char *aside = mem_printf(NULL, "%s.damaged", k->path);
    if (rename(k->path, aside) == 0) {
        log_warning("state.damaged",
                    "%s: %s. It was renamed to %s; the sample and the series start again with what the log "
                    "has",
                    k->path, e->what, aside);
    } else {
        log_warning("state.damaged", "%s: %s. It could not be renamed to %s: %s", k->path, e->what, aside,
                    strerror(errno));
    }
    talloc_free(aside);
}

void keep_load(struct keep *k, const struct follow *f)
{
    struct error e = { 0 };
    struct state state = { .recent = k->recent, .series = k->series };
    if (k->path == NULL) {
        return;
    }
    if (state_load(k->path, &state, clock_wall_ms() / 1000, &e)) {
        k->mark = state.mark;
        k->mark_s = state.last_s;
        k->found = follow_find(f, &k->mark);
        k->resuming = true;
        log_info("state.loaded", "%s: %zu distinct queries", k->path, k->recent->n);
        return;
    }
    reset_tables(k);
    if (e.kind == ERROR_BAD_REQUEST) {
        set_aside(k, &e);
    } else if (e.kind != ERROR_NOT_FOUND) {
        log_warning("state.unreadable", "%s; the sample and the series start again with what the log has",
                    e.what);
    }
}

void keep_count(struct keep *k, const struct follow *f, int64_t time_s, const struct query *q,
                struct str path)
{
    if (k->resuming) {
        bool behind =
            k->found == FOLLOW_FOUND_NOWHERE ? time_s > k->mark_s : follow_is_behind(f, &k->mark, k->found);
        if (!behind) {
            return;
        }
        k->resuming = k->found == FOLLOW_FOUND_NOWHERE; /* lines are not quite in the order of their times */
    }
    recent_add(k->recent, time_s, q->product, q->fallback_channel, path);
    series_count(k->series, time_s, q->product, q->fallback_channel, q->version);
    k->changed = true;
}

void keep_move_window(struct keep *k, int64_t now_s)
{
    recent_move_window(k->recent, now_s);
    series_move_window(k->series, now_s);
}

void keep_caught_up(struct keep *k)
{
    k->resuming = false;
}

void keep_save(struct keep *k, const struct follow *f, bool now)
{
    struct error e;
    struct state state = { k->recent, k->series, follow_place(f), k->recent->last_s };
    if (k->path == NULL || !k->changed || k->resuming || (!now && clock_ms() - k->saved_ms < SAVE_MS)) {
        return;
    }
    k->saved_ms = clock_ms();
    k->changed = !state_save(k->path, &state, &e);
    if (k->changed) {
        log_warning("state.unsaved",
                    "%s; after a restart the sample and the series start with what the log has", e.what);
    }
}
