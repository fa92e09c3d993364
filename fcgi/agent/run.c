/* One look at all that is scheduled: a kind after the other, of each the list, then what is due of it.
 *
 * The admin does not look at times when it enacts. So that a change which was postponed meanwhile is not
 * enacted all the same, a list is read again once it is a few seconds old. It is also read again after
 * failures: what is not listed any more was enacted by somebody else, or by the request whose answer got
 * lost.
 */
#include "agent/agent.h"
#include "agent/metrics.h"

#include "core/clock.h"
#include "ops/log.h"

#include <stdio.h>
#include <time.h>

enum { LIST_AGE_MS = 5000, WHY_MAX = 1024 };

/* A try that came to nothing, as far as is known. */
struct tried {
    const struct pending *p;
    enum api_result result;
    int retry_s;
    struct error e;
};

/* A kind while it is looked at. */
struct look {
    struct agent *agent;
    const struct pending_kind *kind;
    void *ctx; /* owns the list */
    struct pending_list list;
    int64_t read_ms; /* when the list was, monotonic */
    struct tried *tried;
    size_t n_tried;
    size_t waiting;
    bool stale; /* something was left undone, since the list had grown old */
    bool lost;  /* see RUN_LOST */
};

/* ---- why it is not due ---- */

static void add_reason(struct buf *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add_reason(struct buf *why, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_printf(why, "%s%s", why->n > 0 ? "; " : "", text);
}

static void why_time(struct buf *why, const struct pending *p, int64_t now_ms)
{
    char text[40] = "a time that cannot be told";
    struct tm tm;
    time_t s = (time_t)(p->when_ms / 1000);
    if (p->at_uptake || pending_is_time(p, now_ms)) {
        return;
    }
    if (!p->timed) {
        add_reason(why, "it has neither a time nor an uptake");
        return;
    }
    if (gmtime_r(&s, &tm) != NULL) {
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    add_reason(why, "its time is %s", text);
}

static void why_signoffs(struct buf *why, const struct pending *p)
{
    for (size_t i = 0; i < p->n_missing; i++) {
        const struct pending_role *r = &p->missing[i];
        add_reason(why, "%u of %u sign-offs by %s", r->given, r->needed, r->role);
    }
}

static void why_uptake(struct buf *why, struct agent *a, const struct pending *p)
{
    struct error e;
    double current;
    if (!p->at_uptake) {
        return;
    }
    if (!uptake_current(a->uptake, p->product, p->channel, &current, &e)) {
        add_reason(why, "the uptake of %s on %s is not known: %s", p->product, p->channel, e.what);
    } else if (!pending_is_taken_up(p, current)) {
        add_reason(why, "the uptake of %s on %s is %.15g of %.15g", p->product, p->channel, current,
                   p->uptake);
    }
}

static void why_retry(struct buf *why, const struct agent *a, const struct pending *p)
{
    int64_t wait_ms = retry_wait_ms(a->retry, p, clock_ms());
    if (wait_ms > 0) {
        add_reason(why, "it has failed and is tried again in %lld s", (long long)(wait_ms + 999) / 1000);
    }
}

/* All that P waits for; nothing: it is due. *RETRY: it would be, but has failed a while ago. */
static void find_reasons(struct buf *why, struct agent *a, const struct pending *p, bool *retry)
{
    buf_reset(why);
    why_time(why, p, clock_wall_ms());
    why_signoffs(why, p);
    why_uptake(why, a, p);
    *retry = why->n == 0;
    why_retry(why, a, p);
    *retry = *retry && why->n > 0;
}

/* ---- the list ---- */

static void note_list(struct look *l, enum api_result result, const struct error *e)
{
    struct agent *a = l->agent;
    a->figures.lists_failed++;
    agent_metrics_count(AGENT_LIST_FAILED);
    l->lost = result == API_UNREACHABLE || result == API_UNKNOWN_US;
    log_error(l->lost ? "agent.lost" : "agent.list", "cannot read what is scheduled for %s: %s",
              l->kind->name, e->what);
    if (a->dry_run) {
        printf("unreadable   %s: %s\n", l->kind->name, e->what);
    }
}

/* Reads the list anew; what was read before stays. */
static bool read_list(struct look *l)
{
    struct agent *a = l->agent;
    struct error e = { 0 };
    cJSON *answer = NULL;
    int status;
    l->read_ms = clock_ms();
    enum api_result result = api_send(a->api, "GET", l->kind->path, STR_NONE, &status, &answer, &e);
    if (result == API_DONE && !pending_read(l->ctx, l->kind, answer, &l->list, &e)) {
        result = API_FAILED;
    }
    cJSON_Delete(answer);
    if (result != API_DONE) {
        note_list(l, result, &e);
        return false;
    }
    if (l->list.unreadable > 0) {
        log_error("agent.list", "%zu of what is scheduled for %s cannot be understood and waits",
                  l->list.unreadable, l->kind->name);
    }
    retry_keep(a->retry, l->kind, &l->list);
    return true;
}

/* ---- enacting ---- */

static void note_try(struct look *l, const struct pending *p, enum api_result result, int status,
                     const struct error *e)
{
    bool mendable = status == 503 || result == API_UNREACHABLE || result == API_UNKNOWN_US;
    int retry_s = retry_failed(l->agent->retry, p, mendable, clock_ms());
    l->tried = mem_resize(l->ctx, l->tried, struct tried, l->n_tried + 1);
    l->tried[l->n_tried++] = (struct tried){ p, result, retry_s, *e };
    l->lost = result == API_UNREACHABLE || result == API_UNKNOWN_US;
}

static void enact(struct look *l, const struct pending *p)
{
    struct agent *a = l->agent;
    struct error e = { 0 };
    int status;
    int64_t start_ms = clock_ms();
    enum api_result result = api_send(a->api, "POST", p->enact, STR("{}"), &status, NULL, &e);
    if (result != API_DONE) {
        note_try(l, p, result, status, &e);
        return;
    }
    a->figures.enacted++;
    agent_metrics_count(AGENT_ENACTED);
    log_info("agent.enacted", "%s %s (%s), in %lld ms", p->kind->name, p->id, p->what,
             (long long)(clock_ms() - start_ms));
}

/* Whether P is to be enacted now. */
static bool is_due(struct look *l, const struct pending *p, struct buf *why)
{
    bool retry;
    find_reasons(why, l->agent, p, &retry);
    if (why->n == 0) {
        return true;
    }
    l->waiting += !retry;
    log_debug("agent.waits", "%s %s (%s): %.*s", p->kind->name, p->id, p->what, STR_ARG(*why));
    return false;
}

/* Enacts what is due, as long as the list is fresh. */
static void enact_due(struct look *l)
{
    struct buf why;
    buf_init(&why, 256, WHY_MAX);
    l->stale = false;
    l->waiting = 0;
    for (size_t i = 0; i < l->list.n && !l->stale && !l->lost; i++) {
        const struct pending *p = &l->list.item[i];
        if (!agent_goes_on(l->agent)) {
            break;
        }
        if (is_due(l, p, &why)) {
            l->stale = clock_ms() - l->read_ms > LIST_AGE_MS;
            if (!l->stale) {
                enact(l, p);
            }
        }
    }
    buf_free(&why);
}

/* ---- what became of the tries ---- */

static void settle_one(struct look *l, const struct tried *t, const struct pending *now, bool known)
{
    struct agent_figures *f = &l->agent->figures;
    const struct pending *p = t->p;
    if (known && now == NULL) {
        f->already++;
        agent_metrics_count(AGENT_ALREADY);
        log_info("agent.already", "%s %s (%s) is done: by another agent, or its answer was lost (%s)",
                 p->kind->name, p->id, p->what, t->e.what);
    } else if (known && now->fingerprint != p->fingerprint) {
        log_info("agent.changed", "%s %s (%s) has changed meanwhile: %s", p->kind->name, p->id, p->what,
                 t->e.what);
    } else {
        f->failed++;
        agent_metrics_count(AGENT_FAILED);
        log_error("agent.failed", "%s %s (%s) cannot be enacted: %s; tried again in %d s", p->kind->name,
                  p->id, p->what, t->e.what, t->retry_s);
    }
}

/* Reads the list again and tells what became of what was tried. */
static bool look_again(struct look *l)
{
    bool known = !l->lost && agent_goes_on(l->agent) && read_list(l);
    for (size_t i = 0; i < l->n_tried; i++) {
        const struct tried *t = &l->tried[i];
        settle_one(l, t, known ? pending_find(&l->list, t->p->id) : NULL, known);
    }
    l->n_tried = 0;
    return known;
}

/* ---- a kind ---- */

static void say_what_is_due(struct look *l)
{
    struct buf why;
    buf_init(&why, 256, WHY_MAX);
    for (size_t i = 0; i < l->list.n && agent_goes_on(l->agent); i++) {
        const struct pending *p = &l->list.item[i];
        bool retry;
        find_reasons(&why, l->agent, p, &retry);
        l->waiting += why.n > 0;
        printf("%s  %s %s: %s%s%.*s\n", why.n == 0 ? "would enact" : "waits      ", p->kind->name, p->id,
               p->what, why.n > 0 ? ": " : "", STR_ARG(buf_view(&why)));
    }
    buf_free(&why);
}

static void look_at(struct look *l)
{
    bool ok = read_list(l);
    if (ok && l->agent->dry_run) {
        say_what_is_due(l);
        return;
    }
    while (ok) {
        enact_due(l);
        if (l->n_tried == 0 && !l->stale) {
            break;
        }
        ok = look_again(l) && l->stale;
    }
}

/* ---- a run ---- */

static enum agent_run run_end(const struct agent *a, const struct agent_figures *before, bool lost)
{
    const struct agent_figures *now = &a->figures;
    if (a->ending) {
        return RUN_CUT;
    }
    if (lost) {
        return RUN_LOST;
    }
    return now->failed > before->failed || now->lists_failed > before->lists_failed ? RUN_FAILURES : RUN_DONE;
}

static void note_run(const struct agent *a, const struct agent_figures *before)
{
    const struct agent_figures *now = &a->figures;
    bool news = now->enacted != before->enacted || now->already != before->already ||
                now->failed != before->failed || now->lists_failed != before->lists_failed;
    log_write(news ? LOG_INFO : LOG_DEBUG, "agent.run", STR_NONE,
              "%u enacted, %u done by others, %u failed, %zu wait, %zu are tried again later, %u lists could "
              "not be read; in %lld ms",
              now->enacted - before->enacted, now->already - before->already, now->failed - before->failed,
              now->waiting, retry_count(a->retry), now->lists_failed - before->lists_failed,
              (long long)now->run_took_ms);
}

enum agent_run agent_run(struct agent *a)
{
    struct agent_figures *f = &a->figures;
    const struct agent_figures before = *f;
    int64_t start_ms = clock_ms();
    size_t waiting = 0;
    bool lost = false;
    f->runs++;
    f->run_began_ms = clock_wall_ms();
    uptake_begin(a->uptake);
    for (const struct pending_kind *kind = pending_kinds; kind->name != NULL && !lost; kind++) {
        struct look l = { .agent = a, .kind = kind, .ctx = mem_check(talloc_new(NULL)) };
        if (agent_goes_on(a)) {
            look_at(&l);
        }
        waiting += l.waiting;
        lost = l.lost;
        talloc_free(l.ctx);
    }
    f->waiting = waiting;
    f->run_took_ms = clock_ms() - start_ms;
    enum agent_run end = run_end(a, &before, lost);
    if (f->lists_failed == before.lists_failed && end != RUN_CUT) {
        f->good_run_ms = f->run_began_ms;
    }
    note_run(a, &before);
    return end;
}
