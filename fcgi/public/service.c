/* /update and /json are answered from the snapshot, inside an epoch, with buffers of the thread: nothing is
 * allocated and no lock is taken. A signature may take time, so it is made after the epoch is left. Whatever
 * may wait calls server_may_wait() first, because only a few threads take requests. */
#include "public/service.h"

#include "core/clock.h"
#include "core/percent.h"
#include "ops/log.h"
#include "ops/statsd.h"
#include "public/merged.h"
#include "public/metrics.h"
#include "public/repeats.h"
#include "public/routes.h"
#include "update/engine.h"
#include "update/answer_response.h"
#include "web/server.h"

#include <sys/random.h>

enum { LOG_LINES_PER_S = 10 };

/* What belongs to one thread, on cache lines of its own. */
struct thread {
    _Alignas(64) struct random_source random;
    struct buf scratch;
    struct buf signature;
    char *text; /* QUERY_TEXT_MAX bytes */
    int64_t log_second;
    unsigned log_lines;
    struct repeats *repeats; /* of all threads */
};

struct service {
    struct public_state *state;
    struct api *api;
    struct repeats *repeats;
    unsigned n;
    struct thread *threads;
};

void service_init_epoch(void *ctx, struct public_state *state, unsigned threads)
{
    size_t size = (threads + 1) * sizeof(struct epoch_slot);
    char *memory = mem_check(talloc_zero_size(ctx, size));
    uintptr_t aligned = ((uintptr_t)memory + 63) & ~(uintptr_t)63;
    state->epoch.n = threads;
    state->epoch.slot = (struct epoch_slot *)aligned;
    atomic_store(&state->epoch.now, 1);
}

static uint64_t random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed || seed == 0) {
        seed = (uint64_t)clock_us() | 1;
    }
    return seed;
}

static int free_buffers(struct service *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        buf_free(&s->threads[i].scratch);
        buf_free(&s->threads[i].signature);
    }
    return 0;
}

struct service *service_new(void *ctx, struct public_state *state, struct api *api, unsigned threads)
{
    struct service *s = mem_new(ctx, struct service);
    char *memory = mem_check(talloc_zero_size(s, (threads + 1) * sizeof(struct thread)));
    s->state = state;
    s->api = api;
    s->repeats = mem_new(s, struct repeats);
    s->n = threads;
    s->threads = (struct thread *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    for (unsigned i = 0; i < threads; i++) {
        struct thread *t = &s->threads[i];
        t->random = (struct random_source){ random_seed(), -1 };
        t->repeats = s->repeats;
        t->text = mem_check(talloc_size(s, QUERY_TEXT_MAX));
        buf_init(&t->scratch, 16384, ENGINE_BODY_MAX);
        buf_init(&t->signature, 1024, 65536);
    }
    talloc_set_destructor(s, free_buffers);
    return s;
}

static void count_metric(enum public_metric metric, unsigned series)
{
    metric_count(&public_metric[metric], series);
}

/* Logs why an answer is not what the rules led to: a few lines per second and thread, and of what is not the
 * client's fault a line a minute and reason. All are counted. */
static void log_failure(struct thread *t, const struct request *r, enum log_level level, const char *type,
                        const char *why)
{
    int64_t now_ms = clock_ms();
    uint64_t left_out = 0;
    if (level > LOG_INFO && !repeats_due(t->repeats, str_of(why), now_ms, &left_out)) {
        return;
    }
    if (now_ms / 1000 != t->log_second) {
        t->log_second = now_ms / 1000;
        t->log_lines = 0;
    }
    if (t->log_lines++ >= LOG_LINES_PER_S) {
        return;
    }
    if (left_out > 0) {
        log_write(level, type, r->id, "%s: %.*s (and %llu more for the same reason)", why, STR_ARG(r->uri),
                  (unsigned long long)left_out);
    } else {
        log_write(level, type, r->id, "%s: %.*s", why, STR_ARG(r->uri));
    }
}

static void note_answer(struct thread *t, const struct request *r, const struct answer *a)
{
    count_metric(PUBLIC_ANSWERS, a->reason);
    if (a->throttle != THROTTLE_NONE) {
        count_metric(PUBLIC_THROTTLED, a->throttle - 1);
    }
    bool odd_pin = a->reason == REASON_PIN_UNAVAILABLE && a->error.kind != ERROR_NONE;
    if (a->reason == REASON_BROKEN || a->reason == REASON_NO_RELEASE || odd_pin) {
        log_failure(t, r, LOG_WARNING, "answer.broken", a->error.what);
    } else if (a->reason == REASON_BAD_REQUEST) {
        log_failure(t, r, LOG_INFO, "answer.bad_request", a->error.what);
    }
    if (a->skipped.kind != ERROR_NONE) {
        count_metric(PUBLIC_SKIPPED, 0);
        log_failure(t, r, LOG_WARNING, "answer.skipped", a->skipped.what);
    }
}

/* ---- update queries ---- */

/* Returns false if the response should have a signature and has none. */
static bool sign_response(struct thread *t, struct signer *signer, const struct request *r,
                          const struct query *q, struct response *response)
{
    struct error e;
    buf_reset(&t->signature);
    bool wanted = q->form == QUERY_XML ? signer_wants_update(signer, q->product) : signer_wants_json(signer);
    if (!wanted || response->status != 200) {
        return true;
    }
    server_may_wait(r);
    struct str key = q->form == QUERY_XML ? q->product : STR("");
    int64_t start_ns = clock_ns();
    bool made = signer_sign(signer, key, buf_view(&response->body), &t->signature, &e);
    metric_observe(&public_metric[PUBLIC_SIGN_SECONDS], 0, clock_ns() - start_ns);
    count_metric(PUBLIC_SIGNATURES, !made);
    if (!made) {
        log_failure(t, r, LOG_ERROR, "sign.failed", e.what);
        return false;
    }
    response_header(response, "Content-Signature", buf_view(&t->signature));
    return true;
}

/* nginx may keep the answer until the end of the second in which it was made. ("1" could mean two seconds,
 * because nginx counts whole ones.) */
static void allow_caching(struct response *response, int64_t found_ms)
{
    buf_lit(&response->head, "X-Accel-Expires: @");
    buf_int(&response->head, found_ms / 1000);
    buf_lit(&response->head, "\r\n");
}

/* ---- timings for statsd, of a few queries ---- */

struct times {
    struct statsd_place place;
    bool wanted;
    int64_t start_ns, parsed_ns, evaluated_ns, sought_ns;
    /* Spent on choosing the parts of a superblob; negative: it is not a superblob. */
    int64_t products_ns, members_ns;
};

static void note_point(void *arg, enum engine_point point)
{
    struct times *times = arg;
    int64_t now = clock_ns();
    int64_t since = now - times->sought_ns;
    switch (point) {
    case ENGINE_EVALUATED:
        times->evaluated_ns = now;
        break;
    case ENGINE_PRODUCT_CHOSEN:
        times->products_ns = (times->products_ns < 0 ? 0 : times->products_ns) + since;
        break;
    case ENGINE_MEMBER_CHOSEN:
        times->members_ns = (times->members_ns < 0 ? 0 : times->members_ns) + since;
        break;
    case ENGINE_PRODUCT_SOUGHT:
    case ENGINE_MEMBER_SOUGHT:
        times->sought_ns = now;
        break;
    }
}

/* As the reference does: for JSON it does not time parsing, and not the making of a 404. */
static void keep_times(const struct times *times, const struct query *q, int status)
{
    static const struct statsd_timers xml = { { "client.parse_query", "client.evaluate_rules",
                                                "client.process_response_products",
                                                "client.process_response_blobs", "client.make_response" } };
    static const struct statsd_timers json = { { "json.evaluate_rules", "json.make_response" } };
    int64_t evaluating = times->evaluated_ns - times->parsed_ns;
    int64_t making = clock_ns() - times->evaluated_ns;
    if (q->form == QUERY_XML) {
        making -= times->products_ns > 0 ? times->products_ns : 0;
        making -= times->members_ns > 0 ? times->members_ns : 0;
        statsd_keep(&times->place, &xml,
                    (int64_t[STATSD_TIMES]){ times->parsed_ns - times->start_ns, evaluating,
                                             times->products_ns, times->members_ns, making });
    } else {
        statsd_keep(&times->place, &json,
                    (int64_t[STATSD_TIMES]){ evaluating, status == 404 ? -1 : making, -1 });
    }
}

/* The release that the answer A needs is still being compiled for the snapshot after GENERATION. Leaves the
 * epoch, waits for the next snapshot, and returns true: ask again. False, still inside the epoch, if that
 * takes too long: A is what the client gets. */
static bool await_release(struct service *s, unsigned thread, const struct request *r, const struct answer *a,
                          uint64_t generation, int64_t start_ns)
{
    int64_t until_ms = start_ns / 1000000 + WARMUP_WAIT_MS;
    if (clock_ms() >= until_ms) {
        return false;
    }
    warmup_want(&s->state->warmup, a->awaited);
    epoch_leave(&s->state->epoch, thread);
    server_may_wait(r);
    warmup_wait(&s->state->warmup, generation, until_ms);
    return true;
}

static void answer_query(struct service *s, unsigned thread, const struct request *r, const struct query *q,
                         int64_t start_ns, struct response *response)
{
    struct thread *t = &s->threads[thread];
    struct answer a;
    struct times times = { .start_ns = start_ns, .products_ns = -1, .members_ns = -1 };
    times.wanted = statsd_wanted(&times.place);
    if (times.wanted) {
        times.parsed_ns = clock_ns();
    }
    int64_t now_ms;
    uint64_t generation;
    struct signer *signer;
    do {
        now_ms = clock_wall_ms();
        epoch_enter(&s->state->epoch, thread);
        const struct published *p = atomic_load(&s->state->current);
        signer = p->settings->signer; /* outlives the epoch, unlike the snapshot */
        engine_answer_watched(p->snapshot, q, &t->random, &t->scratch, &response->body, &a,
                              times.wanted ? note_point : NULL, &times);
        generation = p->snapshot->input.generation;
    } while (a.awaited.n > 0 && await_release(s, thread, r, &a, generation, start_ns));
    note_answer(t, r, &a);
    answer_response(response, q, &a);
    epoch_leave(&s->state->epoch, thread);
    if (sign_response(t, signer, r, q, response) && a.status != 400 && !a.is_random) {
        allow_caching(response, now_ms);
    }
    if (times.wanted) {
        keep_times(&times, q, a.status);
    }
}

static bool starts_with_update(struct str path)
{
    char decoded[64];
    path = percent_one_leading_slash(path);
    struct str head = str_slice(path, 0, path.n < sizeof decoded ? path.n : sizeof decoded);
    head = (struct str){ decoded, percent_decode_path(decoded, head) };
    return str_starts(percent_one_leading_slash(head), STR("/update"));
}

static void respond_wrong_method(const struct request *r, struct response *response)
{
    response_header(response, "Allow", STR("GET, HEAD, OPTIONS"));
    if (r->method == METHOD_OPTIONS) {
        response->status = 200;
        response->content_type = "text/html; charset=utf-8";
    } else {
        response_problem(response, 405, "Method Not Allowed",
                         "The method is not allowed for the requested URL.", NULL);
    }
}

/* Answers update queries and all other paths that start with /update. Returns false for anything else. */
static bool try_query(struct service *s, unsigned thread, const struct request *r, int64_t start_ns,
                      struct response *response)
{
    struct thread *t = &s->threads[thread];
    struct query q;
    struct error e;
    enum query_status status = query_parse(&q, t->text, r->uri, request_param(r, "HTTP_USER_AGENT"), &e);
    if (status == QUERY_NO_ROUTE) {
        if (merged_redirect(r, response)) {
            return true;
        }
        if (!starts_with_update(r->path)) {
            return false;
        }
        count_metric(PUBLIC_ANSWERS, REASON_NO_ROUTE);
        log_failure(t, r, LOG_INFO, "answer.no_route", "not a form of update query");
        response_text(response, 200, "text/xml; charset=utf-8", STR(ENGINE_EMPTY_XML));
    } else if (r->method != METHOD_GET && r->method != METHOD_HEAD) {
        respond_wrong_method(r, response);
    } else if (status == QUERY_BAD_PARAMETER) {
        count_metric(PUBLIC_ANSWERS, REASON_BAD_REQUEST);
        log_failure(t, r, LOG_INFO, "answer.bad_request", e.what);
        response_problem(response, 400, NULL, e.what, NULL);
    } else {
        answer_query(s, thread, r, &q, start_ns, response);
    }
    return true;
}

/* ---- everything else ---- */

static void answer_route(struct service *s, const struct request *r, struct response *response)
{
    struct call call = { .app = s->api, .ctx = talloc_new(NULL), .request = r, .response = response };
    mem_check(call.ctx);
    if (router_dispatch(public_routes, public_n_routes, &call) == NULL) {
        response_text(
            response, 404, "text/plain; charset=utf-8",
            STR("The requested URL was not found on the server. If you entered the URL manually please "
                "check your spelling and try again."));
    }
    talloc_free(call.ctx);
}

/* Requests to /api/ wait for the database. They get half of the threads; the rest is refused at once. */
static void dispatch_route(struct service *s, const struct request *r, struct response *response)
{
    if (!str_starts(r->path, STR("/api/"))) {
        answer_route(s, r, response);
    } else if (gate_enter(s->api->all, 0)) {
        answer_route(s, r, response);
        gate_leave(s->api->all);
    } else {
        response_header(response, "Retry-After", STR("5"));
        response_problem(response, 503, http_reason(503),
                         "Too many requests are being answered. Try again later.", NULL);
    }
}

static void add_common_headers(struct service *s, unsigned thread, struct response *response)
{
    buf_lit(&response->head, ANSWER_COMMON_HEADERS);
    if (!str_contains(buf_view(&response->head), STR("X-Accel-Expires:"))) {
        response_header(response, "X-Accel-Expires", STR("0"));
    }
    if (!str_contains(buf_view(&response->head), STR("Cache-Control:"))) {
        epoch_enter(&s->state->epoch, thread);
        const struct published *p = atomic_load(&s->state->current);
        response_header(response, "Cache-Control", str_of(p->settings->config->public.cache_control));
        epoch_leave(&s->state->epoch, thread);
    }
}

void service_handle(void *arg, unsigned thread, const struct request *request, struct response *response)
{
    struct service *s = arg;
    int64_t start_ns = clock_ns();
    if (!try_query(s, thread, request, start_ns, response)) {
        server_may_wait(request);
        if (!web_metrics_answer(request, response)) {
            dispatch_route(s, request, response);
        }
    }
    add_common_headers(s, thread, response);
    public_metrics_request(request, response->status, clock_ns() - start_ns);
}
