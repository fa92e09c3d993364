/* POST /simulate: what changes would do to the clients' queries. Not in the reference.
 *
 * The work is done by a thread of its own at the lowest priority, so that other requests are not delayed; the
 * thread that has the request only waits for it, and looks whether the client is still there. The rows are
 * read in one transaction, which ends before queries are answered. */
#include "admin/routes.h"
#include "core/clock.h"
#include "core/thread.h"
#include "explain/explain_url.h"
#include "explain/keeper.h"
#include "explain/simulate.h"
#include "explain/simulate_json.h"
#include "explain/uptake_client.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "web/server.h"

#include <stdatomic.h>
#include <sys/resource.h>

enum {
    SIMULATIONS_MAX = 2, /* at a time, of all users */
    WORK_MS = 5000,      /* of the processor, for answering queries; then the result is partial */
    WAIT_MS = 60000,     /* the same by the clock, for a machine that has no time for this */
    LOOK_MS = 100,       /* how often somebody looks whether the client is gone */
    LIMIT = 20000,       /* queries of a sample, unless the request says something else */
    NICE_LOWEST = 19,
};

static const struct body_field simulate_fields[] = {
    { "changes", FIELD_ARRAY, .required = true },
    { "sample", FIELD_OBJECT, .required = true },
    { 0 },
};

static const struct body_field sample_fields[] = {
    { "product", FIELD_STRING | FIELD_NULL },
    { "channel", FIELD_STRING | FIELD_NULL },
    { "limit", FIELD_INT, .min = 1, .max = SAMPLE_QUERIES_MAX },
    { "urls", FIELD_ARRAY },
    { 0 },
};

struct simulation_job {
    struct admin_call *call;
    atomic_bool cancelled;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool has_ended;
    /* The rest belongs to the job's thread until it has ended. */
    void *ctx;
    struct sample *sample;
    struct kept *kept;
    int64_t work_end_ns, wait_end_ms;
    cJSON *answer; /* NULL: E says why */
    struct error e;
};

/* ---- the sample ---- */

/* Room for one URL at a time. */
struct url_reader {
    struct sample *sample;
    char *text, *scratch;
    struct buf path;
};

static bool add_url(struct url_reader *r, const cJSON *item, size_t i, struct error *e)
{
    struct query q;
    struct error why;
    if (!cJSON_IsString(item)) {
        return fail(e, FAIL_INVALID, "urls: element %zu is not a string", i);
    }
    struct str path = explain_path_of_url(str_of(item->valuestring));
    enum query_status status = query_parse(&q, r->text, path, STR_NONE, &why);
    if (status != QUERY_OK) {
        return fail(e, FAIL_INVALID, "urls: element %zu: %s: '%.*s'", i,
                    status == QUERY_NO_ROUTE ? "no form of update query fits" : why.what,
                    (int)(path.n < 150 ? path.n : 150), path.p);
    }
    buf_reset(&r->path);
    query_print_canonical(&r->path, &q, r->scratch, path);
    sample_add(r->sample, buf_view(&r->path), 1);
    r->sample->queries++;
    return true;
}

static bool read_urls(struct simulation_job *job, const cJSON *urls, struct error *e)
{
    size_t i = 0;
    if (cJSON_GetArraySize(urls) > SAMPLE_QUERIES_MAX) {
        return fail(e, FAIL_INVALID, "urls: %d are too many: at most %d", cJSON_GetArraySize(urls),
                    SAMPLE_QUERIES_MAX);
    }
    struct url_reader r = { .sample = sample_new(job->ctx),
                            .text = mem_check(talloc_size(job->ctx, QUERY_TEXT_MAX)),
                            .scratch = mem_check(talloc_size(job->ctx, QUERY_TEXT_MAX)) };
    buf_init(&r.path, 1024, 4 * QUERY_URL_MAX);
    bool ok = true;
    for (const cJSON *item = urls->child; ok && item != NULL && !atomic_load(&job->cancelled);
         item = item->next) {
        ok = add_url(&r, item, i++, e);
    }
    buf_free(&r.path);
    sample_fold(r.sample);
    job->sample = r.sample;
    return ok;
}

static bool fetch_sample(struct simulation_job *job, const cJSON *wanted, struct error *e)
{
    struct uptake_hosts hosts;
    struct str product = body_str(wanted, "product"), channel = body_str(wanted, "channel");
    int64_t limit = LIMIT;
    body_int(wanted, "limit", &limit);
    const struct sample_request request = { .product = product, .channel = channel, .limit = (size_t)limit };
    job->sample = sample_fetch(job->ctx, &job->call->config->admin.uptake_url, &request, &hosts, e);
    if (job->sample == NULL) {
        return false;
    }
    job->sample->product = product;
    job->sample->channel = channel;
    return true;
}

static bool read_sample(struct simulation_job *job, struct error *e)
{
    const cJSON *wanted = json_get(job->call->body, "sample");
    const cJSON *urls = json_get(wanted, "urls");
    return urls != NULL ? read_urls(job, urls, e) : fetch_sample(job, wanted, e);
}

/* ---- the work ---- */

/* Calls SEE for each query of the sample. */
static void each_query(void *arg, void (*see)(void *see_arg, const struct query *q), void *see_arg)
{
    const struct simulation_job *job = arg;
    struct query q;
    struct error why;
    char *text = mem_check(talloc_size(NULL, QUERY_TEXT_MAX));
    for (size_t i = 0; i < job->sample->n && !atomic_load(&job->cancelled); i++) {
        if (query_parse(&q, text, job->sample->query[i].path, STR_NONE, &why) == QUERY_OK) {
            see(see_arg, &q);
        }
    }
    talloc_free(text);
}

static bool is_cancelled(void *arg)
{
    const struct simulation_job *job = arg;
    return atomic_load(&job->cancelled);
}

/* Waits until no other request is busy with what is kept. */
static bool enter_keeper(struct simulation_job *job, struct tx *tx, struct error *e)
{
    int64_t end_ms = clock_ms() + WAIT_MS;
    while (!keeper_enter(job->call->keeper, tx, LOOK_MS, e)) {
        if (e->kind != ERROR_NONE) {
            return false;
        }
        if (is_cancelled(job) || clock_ms() > end_ms) {
            return error_set(e, ERROR_UNAVAILABLE, "Another simulation is being prepared. Try again later");
        }
    }
    return true;
}

static bool take_snapshots(struct simulation_job *job, struct tx *tx, struct error *e)
{
    struct row_changes changes = { 0 };
    const struct kept_request request = {
        .changes = &changes, .each_query = each_query, .stop = is_cancelled, .arg = job
    };
    for (const cJSON *c = json_get(job->call->body, "changes")->child; c != NULL; c = c->next) {
        if (!row_changes_add(tx, &changes, c, e)) {
            return false;
        }
    }
    job->kept = keeper_take(job->call->keeper, tx, job->ctx, &request, e);
    return job->kept != NULL;
}

static bool build_snapshots(struct tx *tx, void *arg, struct error *e)
{
    struct simulation_job *job = arg;
    talloc_free(job->kept);
    job->kept = NULL;
    if (!enter_keeper(job, tx, e)) {
        return false;
    }
    bool ok = take_snapshots(job, tx, e);
    keeper_leave(job->call->keeper);
    return ok;
}

static int64_t processor_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool is_over(void *arg)
{
    const struct simulation_job *job = arg;
    return atomic_load(&job->cancelled) || processor_ns() > job->work_end_ns || clock_ms() > job->wait_end_ms;
}

static void do_job(struct simulation_job *job)
{
    struct admin_call *call = job->call;
    struct tx_request tx = { .username = call->user, .request_id = call->request->id, .read_only = true };
    if (!read_sample(job, &job->e) || atomic_load(&job->cancelled) ||
        !tx_run(call->site, &tx, build_snapshots, job, &job->e)) {
        return;
    }
    job->work_end_ns = processor_ns() + (int64_t)WORK_MS * 1000000;
    job->wait_end_ms = clock_ms() + WAIT_MS;
    const struct kept *kept = job->kept;
    const struct simulate_request request = {
        .before = kept->now,
        .after = kept->changed != NULL ? kept->changed : kept->now,
        .sample = job->sample,
        .stop = is_over,
        .stop_arg = job,
    };
    job->answer = simulation_json(simulate(job->ctx, &request), job->sample);
}

static void *job_main(void *arg)
{
    struct simulation_job *job = arg;
    crash_watch_thread();
    setpriority(PRIO_PROCESS, 0, NICE_LOWEST); /* on Linux of the calling thread alone */
    do_job(job);
    talloc_free(job->ctx);
    pthread_mutex_lock(&job->lock);
    job->has_ended = true;
    pthread_cond_signal(&job->ended);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

/* Waits for the job's end, and cancels it if the client goes. */
static void await_job(struct simulation_job *job)
{
    pthread_mutex_lock(&job->lock);
    while (!job->has_ended) {
        struct timespec until = clock_after_ms(LOOK_MS);
        pthread_cond_timedwait(&job->ended, &job->lock, &until);
        if (server_client_is_gone(job->call->request) && !atomic_exchange(&job->cancelled, true)) {
            log_write(LOG_INFO, "simulate.cancelled", job->call->request->id, "the client is gone");
        }
    }
    pthread_mutex_unlock(&job->lock);
}

static bool run_job(struct simulation_job *job, struct error *e)
{
    pthread_t thread;
    job->ctx = mem_check(talloc_new(NULL));
    pthread_mutex_init(&job->lock, NULL);
    thread_cond_init(&job->ended);
    int error = thread_start(&thread, job_main, job);
    if (error == 0) {
        await_job(job);
        pthread_join(thread, NULL);
    } else {
        talloc_free(job->ctx);
        error_set(e, ERROR_UNAVAILABLE, "cannot start a thread: %s", strerror(error));
    }
    pthread_cond_destroy(&job->ended);
    pthread_mutex_destroy(&job->lock);
    return error == 0;
}

/* ---- one at a time ---- */

static struct {
    pthread_mutex_t lock;
    const char *user[SIMULATIONS_MAX]; /* whose simulations run; NULL: a free place */
} running = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A place for USER, who must have none; NULL: WHY says why there is none. */
static const char **take_place(const char *user, const char **why)
{
    const char **place = NULL;
    *why = "Too many simulations are running. Try again in a few seconds";
    pthread_mutex_lock(&running.lock);
    for (size_t i = 0; i < SIMULATIONS_MAX; i++) {
        if (running.user[i] == NULL) {
            place = &running.user[i];
        } else if (strcmp(running.user[i], user) == 0) {
            *why = "A simulation of yours is running. Wait for its end, or end that request";
            place = NULL;
            break;
        }
    }
    if (place != NULL) {
        *place = user;
    }
    pthread_mutex_unlock(&running.lock);
    return place;
}

static void give_place_back(const char **place)
{
    pthread_mutex_lock(&running.lock);
    *place = NULL;
    pthread_mutex_unlock(&running.lock);
}

/* ---- the route ---- */

static bool answer_job(struct admin_call *call, struct simulation_job *job, struct error *e)
{
    if (job->answer != NULL) {
        json_keep(call->ctx, job->answer);
        return admin_json(call, job->answer);
    }
    if (failed_as(&job->e, FAIL_INVALID) || failed_as(&job->e, FAIL_OUTDATED)) {
        return admin_problem(call, 400, "Bad Request", job->e.what, NULL);
    }
    if (job->sample == NULL) {
        int status = http_status_of(job->e.kind);
        return admin_problem(call, status, http_reason(status), job->e.what, NULL);
    }
    *e = job->e;
    return false;
}

static bool check_sample(struct admin_call *call, struct error *e)
{
    const cJSON *sample = json_get(call->body, "sample");
    if (!body_check(sample_fields, sample, e)) {
        return false;
    }
    return !body_has(sample, "urls") ||
           (!body_has(sample, "product") && !body_has(sample, "channel") && !body_has(sample, "limit")) ||
           error_set(e, ERROR_BAD_REQUEST, "sample: urls cannot be given with product, channel or limit");
}

static bool post_simulate(struct admin_call *call, struct error *e)
{
    const char *why;
    if (!check_sample(call, e)) {
        return false;
    }
    const char **place = take_place(call->user, &why);
    if (place == NULL) {
        return admin_problem(call, 429, http_reason(429), why, NULL);
    }
    struct simulation_job job = { .call = call };
    bool ok = run_job(&job, e);
    give_place_back(place);
    return ok && answer_job(call, &job, e);
}

static const struct admin_route routes[] = {
    { METHOD_POST, "/simulate", post_simulate, ADMIN_USER, "simulate", .body = simulate_fields,
      .flags = ADMIN_NO_DATABASE },
};
const struct admin_routes simulate_routes = ADMIN_ROUTES(routes);
