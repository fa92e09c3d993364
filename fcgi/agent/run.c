/* A run goes through the kinds of scheduled changes in order. For each kind it reads the list and enacts what
 * is due.
 *
 * The admin does not check `when` as it enacts. A change may have been postponed after its list was read, so
 * a list that is a few seconds old is read again before more of it is enacted. A list is also read again
 * after a failure: a change that is no longer listed was enacted by somebody else, or by our own request
 * whose answer was lost. */
#include "agent/run.h"

#include "agent/metrics.h"
#include "agent/report.h"
#include "core/clock.h"
#include "ops/log.h"
#include "web/program.h"

#include <stdio.h>
#include <time.h>

enum { LIST_AGE_MS = 5000, REASONS_MAX = 1024 };

/* A request to enact a change that was refused or whose answer was lost. */
struct attempt {
    const struct pending *p;
    enum api_result result;
    int retry_s;
    struct error e;
};

/* One kind during a run. */
struct kind_poll {
    struct agent *agent;
    const struct pending_kind *kind;
    void *ctx; /* owns the list */
    struct pending_list list;
    int64_t read_ms; /* when the list was read, by the monotonic clock */
    struct attempt *attempt;
    size_t n_attempts;
    size_t waiting;
    bool stale; /* something due was not enacted because the list had become too old */
    bool lost;  /* the admin cannot be reached: see RUN_LOST */
};

bool run_goes_on(struct agent *a)
{
    a->ending = a->ending || program_should_end(a->signal_fd);
    if (!a->ending && a->report != NULL) {
        report_if_due(a);
    }
    return !a->ending;
}

/* ---- why a change is not due ---- */

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
    char text[40] = "a time out of range";
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
    if (p->n_missing > 0 && p->invalid != NULL) {
        add_reason(why, "%s", p->invalid);
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

/* Writes to WHY everything that P waits for; empty if P is due. *RETRY is true if P waits only because it
 * failed a short while ago. */
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

static void note_unread_list(struct kind_poll *poll, enum api_result result, const struct error *e)
{
    struct agent *a = poll->agent;
    a->figures.lists_failed++;
    agent_metrics_count(AGENT_LIST_FAILED);
    poll->lost = result == API_UNREACHABLE || result == API_UNKNOWN_US;
    log_error(poll->lost ? "agent.lost" : "agent.list", "cannot read what is scheduled for %s: %s",
              poll->kind->name, e->what);
    if (a->dry_run) {
        printf("unreadable   %s: %s\n", poll->kind->name, e->what);
    }
}

/* Reads the list again. Entries of the former list stay valid: attempts point to them. */
static bool read_list(struct kind_poll *poll)
{
    struct agent *a = poll->agent;
    struct error e = { 0 };
    cJSON *answer = NULL;
    int status;
    poll->read_ms = clock_ms();
    const struct agent_request request = { "GET", poll->kind->path, STR_NONE };
    enum api_result result = agent_api_send(a->api, &request, &status, &answer, &e);
    if (status == 404 && poll->kind->may_lack) {
        cJSON_Delete(answer);
        poll->list = (struct pending_list){ 0 };
        return true;
    }
    if (result == API_DONE && !pending_read(poll->ctx, poll->kind, answer, &poll->list, &e)) {
        result = API_FAILED;
    }
    cJSON_Delete(answer);
    if (result != API_DONE) {
        note_unread_list(poll, result, &e);
        return false;
    }
    if (poll->list.unreadable > 0) {
        log_error(
            "agent.list",
            "%zu scheduled changes of %s could not be read and are skipped; GET %s of the admin shows them",
            poll->list.unreadable, poll->kind->name, poll->kind->path);
    }
    retry_keep(a->retry, poll->kind, &poll->list);
    return true;
}

/* ---- enacting ---- */

static void note_attempt(struct kind_poll *poll, const struct pending *p, enum api_result result, int status,
                         const struct error *e)
{
    bool temporary = status == 503 || result == API_UNREACHABLE || result == API_UNKNOWN_US;
    int retry_s = retry_failed(poll->agent->retry, p, temporary, clock_ms());
    poll->attempt = mem_resize(poll->ctx, poll->attempt, struct attempt, poll->n_attempts + 1);
    poll->attempt[poll->n_attempts++] = (struct attempt){ p, result, retry_s, *e };
    poll->lost = result == API_UNREACHABLE || result == API_UNKNOWN_US;
}

static void enact_change(struct kind_poll *poll, const struct pending *p)
{
    struct agent *a = poll->agent;
    struct error e = { 0 };
    int status;
    int64_t start_ms = clock_ms();
    const struct agent_request request = { "POST", p->enact, STR("{}") };
    enum api_result result = agent_api_send(a->api, &request, &status, NULL, &e);
    if (result != API_DONE) {
        note_attempt(poll, p, result, status, &e);
        return;
    }
    a->figures.enacted++;
    agent_metrics_count(AGENT_ENACTED);
    log_info("agent.enacted", "%s %s (%s), in %lld ms", p->kind->name, p->id, p->what,
             (long long)(clock_ms() - start_ms));
}

/* Whether P should be enacted now; if not, logs why. */
static bool is_due(struct kind_poll *poll, const struct pending *p, struct buf *why)
{
    bool retry;
    find_reasons(why, poll->agent, p, &retry);
    if (why->n == 0) {
        return true;
    }
    poll->waiting += !retry;
    log_debug("agent.waits", "%s %s (%s): %.*s", p->kind->name, p->id, p->what, STR_ARG(*why));
    return false;
}

/* Enacts what is due until the list becomes too old. */
static void enact_due(struct kind_poll *poll)
{
    struct buf why;
    buf_init(&why, 256, REASONS_MAX);
    poll->stale = false;
    poll->waiting = 0;
    for (size_t i = 0; i < poll->list.n && !poll->stale && !poll->lost; i++) {
        const struct pending *p = &poll->list.item[i];
        if (!run_goes_on(poll->agent)) {
            break;
        }
        if (is_due(poll, p, &why)) {
            poll->stale = clock_ms() - poll->read_ms > LIST_AGE_MS;
            if (!poll->stale) {
                enact_change(poll, p);
            }
        }
    }
    buf_free(&why);
}

/* ---- results of failed attempts ---- */

static void finish_attempt(struct kind_poll *poll, const struct attempt *t, const struct pending *now,
                           bool known)
{
    struct agent_figures *f = &poll->agent->figures;
    const struct pending *p = t->p;
    if (known && now == NULL) {
        f->already++;
        agent_metrics_count(AGENT_ALREADY);
        log_info("agent.already",
                 "%s %s (%s) is done already: another agent enacted it, or the answer to our request was "
                 "lost (%s)",
                 p->kind->name, p->id, p->what, t->e.what);
    } else if (known && now->fingerprint != p->fingerprint) {
        log_info("agent.changed", "%s %s (%s) was edited or signed meanwhile, after this refusal: %s",
                 p->kind->name, p->id, p->what, t->e.what);
    } else {
        f->failed++;
        agent_metrics_count(AGENT_FAILED);
        log_error("agent.failed", "%s %s (%s) could not be enacted: %s; next try in %d s", p->kind->name,
                  p->id, p->what, t->e.what, t->retry_s);
        int64_t now_ms = clock_wall_ms();
        retry_explain(poll->agent->retry, p, t->e.what, now_ms, now_ms + (int64_t)t->retry_s * 1000);
    }
}

/* Reads the list again and finishes the failed attempts. Returns false if the list could not be read. */
static bool poll_again(struct kind_poll *poll)
{
    bool known = !poll->lost && run_goes_on(poll->agent) && read_list(poll);
    for (size_t i = 0; i < poll->n_attempts; i++) {
        const struct attempt *t = &poll->attempt[i];
        finish_attempt(poll, t, known ? pending_find(&poll->list, t->p->id) : NULL, known);
    }
    poll->n_attempts = 0;
    return known;
}

/* ---- a kind ---- */

static void print_due(struct kind_poll *poll)
{
    struct buf why;
    buf_init(&why, 256, REASONS_MAX);
    for (size_t i = 0; i < poll->list.n && run_goes_on(poll->agent); i++) {
        const struct pending *p = &poll->list.item[i];
        bool retry;
        find_reasons(&why, poll->agent, p, &retry);
        poll->waiting += why.n > 0;
        printf("%s  %s %s: %s%s%.*s\n", why.n == 0 ? "would enact" : "waits      ", p->kind->name, p->id,
               p->what, why.n > 0 ? ": " : "", STR_ARG(buf_view(&why)));
    }
    buf_free(&why);
}

static void poll_kind(struct kind_poll *poll)
{
    bool ok = read_list(poll);
    if (ok && poll->agent->dry_run) {
        print_due(poll);
        return;
    }
    while (ok) {
        enact_due(poll);
        if (poll->n_attempts == 0 && !poll->stale) {
            break;
        }
        ok = poll_again(poll) && poll->stale;
    }
}

/* ---- a run ---- */

static enum run_result run_end(const struct agent *a, const struct agent_figures *before, bool lost)
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
    log_write(
        news ? LOG_INFO : LOG_DEBUG, "agent.run", STR_NONE,
        "%u enacted, %u enacted by others, %u failed, %zu not due yet, %zu to be tried again later, %u lists "
        "not read; took %lld ms",
        now->enacted - before->enacted, now->already - before->already, now->failed - before->failed,
        now->waiting, retry_count(a->retry), now->lists_failed - before->lists_failed,
        (long long)now->run_took_ms);
}

enum run_result run_once(struct agent *a)
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
        struct kind_poll poll = { .agent = a, .kind = kind, .ctx = mem_check(talloc_new(NULL)) };
        if (run_goes_on(a)) {
            poll_kind(&poll);
        }
        waiting += poll.waiting;
        lost = poll.lost;
        talloc_free(poll.ctx);
    }
    f->waiting = waiting;
    f->run_took_ms = clock_ms() - start_ms;
    enum run_result end = run_end(a, &before, lost);
    if (f->lists_failed == before.lists_failed && end != RUN_CUT) {
        f->good_run_ms = f->run_began_ms;
    }
    note_run(a, &before);
    return end;
}
