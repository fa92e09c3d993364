/* See host_choice.h. */
#include "store/host_choice.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The first server that is good and, unless it is the current one, has been so for long enough. N: none. */
static size_t pick_first(const int64_t *since_ms, size_t n, size_t current, bool at_once, int64_t now_ms)
{
    for (size_t i = 0; i < n; i++) {
        if (since_ms[i] != 0 &&
            (i == current || at_once || since_ms[current] == 0 || now_ms - since_ms[i] >= HOST_RETURN_MS)) {
            return i;
        }
    }
    return n;
}

static void note_good(int64_t *since_ms, bool good, int64_t now_ms)
{
    *since_ms = !good ? 0 : *since_ms != 0 ? *since_ms : now_ms;
}

/* Whether the server is a node that is desynced, while another one is not. */
static bool may_spare(const struct host_state *s, const struct host_state *state, size_t n)
{
    bool others = false;
    for (size_t i = 0; i < n; i++) {
        others |= state[i].up && state[i].cluster && !state[i].desynced && !state[i].read_only;
    }
    return s->desynced && others;
}

/* ---- reading ---- */

/* The time of the newest heartbeat; -1 if no server that is up has one. Notes the newest term. */
static int64_t newest_beat(const struct host_state *state, size_t n, int64_t now_ms,
                           struct host_choice *choice)
{
    int64_t newest = -1;
    for (size_t i = 0; i < n; i++) {
        if (state[i].up && state[i].beats) {
            newest = state[i].beat_ms > newest ? state[i].beat_ms : newest;
            if (state[i].term > choice->read_term || choice->read_term_ms == 0) {
                choice->read_term = state[i].term;
                choice->read_term_ms = now_ms;
            }
        }
    }
    return newest;
}

/* Whether the server is not too far behind one whose heartbeat is NEWEST_MS. */
static bool is_fresh(const struct host_state *s, int64_t newest_ms, int64_t max_lag_ms,
                     const struct host_choice *choice)
{
    if (newest_ms < 0) {
        return true;
    }
    if (!s->beats || s->term < choice->read_term) {
        return s->asked_ms - choice->read_term_ms < HOST_TERM_MS;
    }
    return newest_ms - s->beat_ms <= max_lag_ms;
}

/* Whether the heartbeat of A is newer than that of B. */
static bool beats_later(const struct host_state *a, const struct host_state *b)
{
    return a->beats && (!b->beats || a->term > b->term || (a->term == b->term && a->beat_ms > b->beat_ms));
}

/* If no server is up to date: the one that is the least behind. */
static size_t pick_least_behind(const struct host_state *state, size_t n, size_t current)
{
    size_t best = current;
    for (size_t i = 0; i < n; i++) {
        if (state[i].up && (!state[best].up || beats_later(&state[i], &state[best]))) {
            best = i;
        }
    }
    return best;
}

static void choose_reader(const struct host_state *state, size_t n, int64_t max_lag_ms, int64_t now_ms,
                          struct host_choice *choice)
{
    int64_t newest_ms = newest_beat(state, n, now_ms, choice);
    for (size_t i = 0; i < n; i++) {
        bool good = state[i].up && !may_spare(&state[i], state, n) &&
                    is_fresh(&state[i], newest_ms, max_lag_ms, choice);
        note_good(&choice->readable_ms[i], good, now_ms);
    }
    size_t first = pick_first(choice->readable_ms, n, choice->reader, !choice->made, now_ms);
    choice->reader = first < n ? first : pick_least_behind(state, n, choice->reader);
}

/* ---- writing ---- */

static bool is_writable(const struct host_state *s)
{
    return s->up && !s->read_only;
}

/* Remembers the furthest position. */
static void note_newest(const struct host_state *state, size_t n, int64_t now_ms, struct host_choice *choice)
{
    for (size_t i = 0; i < n; i++) {
        int64_t term = state[i].beats ? state[i].term : 0;
        if (is_writable(&state[i]) &&
            (term > choice->newest_term ||
             (term == choice->newest_term && gtid_contains(&state[i].position, &choice->newest)))) {
            bool same = term == choice->newest_term && gtid_contains(&choice->newest, &state[i].position);
            choice->newest_ms = same ? choice->newest_ms : now_ms;
            choice->newest_host = same ? choice->newest_host : i;
            choice->newest_term = term;
            choice->newest = state[i].position;
        }
    }
}

/* Whether the server lacks something that was seen on another one before it was asked. */
static bool lacks_something(const struct host_state *s, const struct host_choice *choice)
{
    int64_t term = s->beats ? s->term : 0;
    return s->asked_ms >= choice->newest_ms &&
           (term < choice->newest_term ||
            (term == choice->newest_term && !gtid_contains(&s->position, &choice->newest)));
}

static void append_text(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void append_text(char *text, size_t size, const char *fmt, ...)
{
    size_t n = strlen(text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + n, size - n, fmt, ap);
    va_end(ap);
}

/* Says of each server why it is not written to. */
static void explain_refusal(const struct host_state *state, size_t n, struct host_choice *choice)
{
    char *text = choice->why_not, position[GTID_TEXT_MAX];
    size_t size = sizeof choice->why_not;
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        append_text(text, size, "%s%s ", i > 0 ? "; " : "", state[i].label);
        if (!state[i].up) {
            append_text(text, size, "does not answer (%.60s)", state[i].why);
        } else if (state[i].read_only) {
            append_text(text, size, "is read-only");
        } else {
            append_text(text, size, "lacks changes that were seen on %s (term %lld, %s)",
                        state[choice->newest_host].label, (long long)choice->newest_term,
                        gtid_text(&choice->newest, position));
        }
    }
}

static void choose_writer(const struct host_state *state, size_t n, int64_t now_ms,
                          struct host_choice *choice)
{
    note_newest(state, n, now_ms, choice);
    for (size_t i = 0; i < n; i++) {
        bool good =
            is_writable(&state[i]) && !may_spare(&state[i], state, n) && !lacks_something(&state[i], choice);
        note_good(&choice->writable_ms[i], good, now_ms);
    }
    size_t first = pick_first(choice->writable_ms, n, choice->writer, !choice->made, now_ms);
    choice->may_write = first < n;
    choice->writer = first < n ? first : choice->reader;
    if (!choice->may_write) {
        explain_refusal(state, n, choice);
    }
}

void host_choose(const struct host_state *state, size_t n, int64_t max_lag_ms, int64_t now_ms,
                 struct host_choice *choice)
{
    if (n == 1) {
        choice->reader = choice->writer = 0;
        choice->may_write = true;
        return;
    }
    choose_reader(state, n, max_lag_ms, now_ms, choice);
    choose_writer(state, n, now_ms, choice);
    choice->made = true;
}
