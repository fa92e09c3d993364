/* The way of a request: the route, the caller, the parameters, the body, then the handler inside a
 * transaction. Each step refuses the request or passes it on. The caller and whether they have any permission
 * are checked before anything large is read. */
#include "admin/service.h"

#include "admin/auth.h"
#include "admin/database.h"
#include "admin/dry_run.h"
#include "admin/known_texts.h"
#include "admin/metrics.h"
#include "admin/problem.h"
#include "admin/routes.h"
#include "admin/served.h"
#include "admin/status.h"
#include "admin/warnings.h"
#include "admin/warnings_releases.h"
#include "core/clock.h"
#include "explain/expect_guard.h"
#include "explain/keeper.h"
#include "ops/log.h"
#include "store/access.h"
#include "store/heartbeat.h"
#include "store/metrics.h"
#include "store/partial_sources.h"
#include "store/pool_metrics.h"
#include "web/etag.h"

#include <stdatomic.h>

enum { DATABASE_WAIT_MS = 5000, SMALL_BODY = 64 << 10 };

struct admin {
    const struct config *config;
    struct auth *auth;
    struct hosts *hosts;
    struct heartbeat *heartbeat;
    struct tx_site site;
    struct keeper *keeper;
    struct known_texts *known_texts;
    struct expect_policy expectations;
    const struct admin_route *route;
    struct route *router; /* the same routes in the form that the router needs */
    size_t n_routes;
    atomic_bool checked; /* the database was checked and can be used */
};

/* One request and its response, on the way through the steps. */
struct admin_exchange {
    struct admin *admin;
    struct call *call;
    const struct admin_route *route;
    struct auth_caller caller;
    const char *user;
    cJSON *body;
    int64_t now_ms;
    bool dry_run;
    cJSON *would; /* in a dry run, once the handler has answered: what would have been done */
    struct warnings warnings;
};

/* ---- the transaction ---- */

static bool only_reads(const struct admin_route *route)
{
    return route->method == METHOD_GET ? (route->flags & ADMIN_WRITES) == 0
                                       : (route->flags & ADMIN_READS) != 0;
}

/* Runs the handler; after a deadlock tx_run() runs it again from the start. TX is NULL for a route without a
 * database. */
static bool run_handler(struct tx *tx, void *arg, struct error *e)
{
    struct admin_exchange *ex = arg;
    struct admin_call call = {
        .config = ex->admin->config,
        .site = &ex->admin->site,
        .keeper = ex->admin->keeper,
        .known_texts = ex->admin->known_texts,
        .ctx = tx != NULL ? tx->mem : ex->call->ctx,
        .request = ex->call->request,
        .response = ex->call->response,
        .tx = tx,
        .caller = &ex->caller,
        .user = ex->user,
        .body = ex->body,
        .now_ms = ex->now_ms,
        .http = ex->call,
        .route = ex->route,
        .error = e,
    };
    memcpy(call.param, ex->call->param, sizeof call.param);
    response_reset(call.response);
    error_clear(e);
    cJSON_Delete(ex->would);
    ex->would = NULL;
    if ((ex->route->flags & ADMIN_CHANGES_RULES) != 0 && !expect_take_turn(tx, &ex->admin->expectations, e)) {
        return false;
    }
    if (!ex->route->handle(&call, e)) {
        return false;
    }
    if (tx == NULL || only_reads(ex->route)) {
        return true;
    }
    return warnings_find(&call, ex->dry_run, &ex->warnings, e) &&
           (ex->dry_run ? dry_run_answer(&call, &ex->would, e) : served_add_id(&call, e));
}

/* The answer of a dry run, unless the handler has refused the request. */
static void answer_dry_run(struct admin_exchange *ex)
{
    struct response *response = ex->call->response;
    if (response->status >= 400) {
        return;
    }
    cJSON_AddItemToObject(ex->would, "warnings", warnings_take(&ex->warnings));
    response_reset(response);
    response->status = 200;
    response->content_type = "application/json";
    json_print(&response->body, ex->would, JSON_COMPACT);
    buf_char(&response->body, '\n');
}

static void log_failure(const struct admin_exchange *ex, const struct error *e, int status)
{
    const struct request *r = ex->call->request;
    log_write(status >= 500 ? LOG_ERROR : LOG_INFO, status >= 500 ? "request.failed" : "request.refused",
              r->id, "%.*s %.*s: %s", STR_ARG(r->method_name), STR_ARG(r->path), e->what);
}

static void answer_request(struct admin_exchange *ex)
{
    const struct request *request = ex->call->request;
    struct response *response = ex->call->response;
    struct error e = { 0 };
    struct tx_request tx = {
        .username = ex->user,
        .request_id = request->id,
        .read_only = only_reads(ex->route),
        .dry_run = ex->dry_run,
    };
    bool ok = ex->route->flags & ADMIN_NO_DATABASE
                  ? run_handler(NULL, ex, &e)
                  : admin_check_database(ex->admin, &e) && tx_run(&ex->admin->site, &tx, run_handler, ex, &e);
    if (!ok && !failed_as(&e, FAIL_ANSWERED)) {
        response_reset(response);
        problem_of(response, request, &e, tx.blob_errors);
        log_failure(ex, &e, response->status);
    }
    if (ok) {
        warnings_count(ex->admin->config, &ex->warnings);
    }
    if (ok && ex->dry_run) {
        answer_dry_run(ex);
    } else if (ok) {
        warnings_answer(&ex->warnings, response);
    }
    cJSON_Delete(tx.blob_errors);
    log_write(LOG_DEBUG, "request.answered", request->id, "%s%s: %d, %u statements, %u attempts",
              ex->route->metric, ex->dry_run ? " (dry run)" : "", response->status, tx.statements,
              tx.attempts);
}

/* ---- the steps before it ---- */

static bool refuse_request(struct admin_exchange *ex, const struct error *e)
{
    problem_of(ex->call->response, ex->call->request, e, NULL);
    log_failure(ex, e, ex->call->response->status);
    return false;
}

static bool changes_something(const struct admin_exchange *ex)
{
    return ex->route->method != METHOD_GET;
}

static bool identify_caller(struct admin_exchange *ex)
{
    struct error e = { 0 };
    if (ex->route->who == ADMIN_ANYONE) {
        return true;
    }
    enum auth_result result =
        auth_caller(ex->admin->auth, ex->call->ctx, ex->call->request, ex->now_ms, &ex->caller, &e);
    if (result == AUTH_HEADER_MISSING && ex->route->who == ADMIN_IF_SENT) {
        return true;
    }
    if (result != AUTH_OK) {
        log_write(LOG_WARNING, "auth.refused", ex->call->request->id, "%s %s", auth_says(result), e.what);
        metric_count(&admin_metric[ADMIN_AUTH], result == AUTH_UNAVAILABLE);
        problem_auth(ex->call->response, result);
        return false;
    }
    ex->user = ex->caller.user;
    if (ex->caller.by_server && changes_something(ex) &&
        !auth_origin(ex->admin->auth, ex->call->request, &e)) {
        return refuse_request(ex, &e);
    }
    return true;
}

static bool ask_known(struct tx *tx, void *arg, struct error *e)
{
    return access_is_known(tx, tx->actor, arg, e);
}

/* The reference does not look up a program's account first, and its 403 names what the program may not do. So
 * it is here, if the body is small. */
static bool is_spared(const struct admin_exchange *ex)
{
    struct str length = request_param(ex->call->request, "CONTENT_LENGTH");
    bool small = length.n == 0 || strtoul(length.p, NULL, 10) <= SMALL_BODY;
    return strchr(ex->user, '@') == NULL && (ex->route->body == NULL || small);
}

/* Refuses a caller without any permission before their body is read. The handler checks the permission that
 * it needs in its own transaction. */
static bool check_known(struct admin_exchange *ex)
{
    bool known = true;
    struct error e = { 0 };
    struct tx_request tx = {
        .username = ex->user, .request_id = ex->call->request->id, .read_only = true, .single = true
    };
    /* A route without a database that takes neither a body nor arguments leaves this to its handler. */
    bool takes_something = ex->route->body != NULL || ex->route->args != NULL;
    bool has_database = (ex->route->flags & ADMIN_NO_DATABASE) == 0;
    if (ex->route->who != ADMIN_USER || (!has_database && !takes_something) || is_spared(ex)) {
        return true;
    }
    if (!admin_check_database(ex->admin, &e) || !tx_run(&ex->admin->site, &tx, ask_known, &known, &e)) {
        return refuse_request(ex, &e);
    }
    if (!known) {
        problem_text(ex->call->response, 403, "Forbidden", "Authorization Required", NULL);
    }
    return known;
}

static bool check_parameters(struct admin_exchange *ex)
{
    static const struct body_field any = { "path", FIELD_STRING };
    const struct body_field *row = ex->route->params;
    struct error e = { 0 };
    for (size_t i = 0; i < ROUTE_PARAMS_MAX && !str_absent(ex->call->param[i]); i++) {
        const struct body_field *f = row != NULL && row->name != NULL ? row++ : &any;
        if (!body_check_arg(f, "path", ex->call->param[i], &e)) {
            return refuse_request(ex, &e);
        }
    }
    for (const struct body_field *f = ex->route->args; f != NULL && f->name != NULL; f++) {
        if (!body_check_arg(f, "query", call_arg(ex->call, f->name), &e)) {
            return refuse_request(ex, &e);
        }
    }
    return dry_run_asked(ex->call, ex->route, &ex->dry_run, &e) || refuse_request(ex, &e);
}

/* The body as JSON into ex->body; NULL when it is empty. */
static bool read_body(struct admin_exchange *ex, struct error *e)
{
    struct buf text;
    struct str type = request_param(ex->call->request, "CONTENT_TYPE");
    buf_init(&text, 0, (size_t)ex->admin->config->admin.max_body_mb * MEGABYTE);
    bool ok = request_body(ex->call->request, &text, e);
    if (ok && text.n > 0 && !auth_is_json(type)) {
        ok = error_set(e, ERROR_MEDIA_TYPE, "Invalid Content-type (%.*s), expected JSON data",
                       (int)(type.n < 100 ? type.n : 100), type.p != NULL ? type.p : "");
    }
    if (ok && text.n > 0) {
        struct error why;
        ex->body = json_parse(buf_view(&text), &why);
        ok = ex->body != NULL ||
             error_set(e, ERROR_BAD_REQUEST, "Request body is not valid JSON: %s", why.what);
    }
    buf_free(&text);
    return ok;
}

static bool take_body(struct admin_exchange *ex)
{
    struct error e = { 0 };
    if (ex->route->body == NULL) {
        return true;
    }
    return (read_body(ex, &e) && dry_run_not_in_body(ex->body, &e) &&
            body_check(ex->route->body, ex->body, &e)) ||
           refuse_request(ex, &e);
}

/* The handler of every route in the router's table. */
static void dispatch_call(struct call *call)
{
    struct admin *admin = call->app;
    struct admin_exchange ex = {
        .admin = admin,
        .call = call,
        .route = &admin->route[call->route - admin->router],
        .user = "",
        .now_ms = clock_wall_ms(),
    };
    if (identify_caller(&ex) && check_known(&ex) && check_parameters(&ex) && take_body(&ex)) {
        answer_request(&ex);
    }
    cJSON_Delete(ex.body);
    cJSON_Delete(ex.would);
    warnings_clear(&ex.warnings);
}

/* ---- every request ---- */

static bool is_private(const struct admin_route *route)
{
    return route->who == ADMIN_USER || (route->flags & ADMIN_PRIVATE) != 0;
}

/* Other answers may be kept, but caches have to ask every time whether they still hold: what the API shows
 * can change at any time. */
static void add_caching(const struct admin_route *route, const struct request *request,
                        struct response *response)
{
    if (is_private(route)) {
        response_header(response, "Cache-Control", STR("no-store"));
    } else if (response->status == 200 && !str_contains(buf_view(&response->head), STR("Cache-Control:"))) {
        response_header(response, "Cache-Control", STR("no-cache"));
    }
    etag_answer(request, response);
}

static void add_headers(const struct admin *admin, const struct request *request, struct response *response)
{
    const struct config_list *origins = &admin->config->admin.cors_origins;
    struct str origin = request_param(request, "HTTP_ORIGIN");
    response_header(response, "X-Frame-Options", STR("DENY"));
    response_header(response, "X-Content-Type-Options", STR("nosniff"));
    response_header(response, "Strict-Transport-Security", STR("max-age=31536000;"));
    response_header(response, "Content-Security-Policy", STR("default-src 'none'; frame-ancestors 'none'"));
    /* The reference's list; pages of configured origins may also ask whether anything is new. */
    bool known = origin.n > 0 && auth_cors(admin->config, origin);
    response_header(response, "Access-Control-Allow-Headers",
                    known ? STR("Authorization, Content-Type, If-None-Match")
                          : STR("Authorization, Content-Type"));
    response_header(response, "Access-Control-Allow-Methods", STR("OPTIONS, GET, POST, PUT, DELETE"));
    if (known) {
        response_header(response, "Access-Control-Expose-Headers",
                        STR("Date, ETag, Retry-After, WWW-Authenticate, X-Balrog-Warnings, X-Data-Version, "
                            "X-Feed-Id, X-Request-ID"));
    }
    if (auth_cors(admin->config, STR("*"))) {
        response_header(response, "Access-Control-Allow-Origin", STR("*"));
        return;
    }
    if (origins->n > 0) {
        response_header(response, "Vary", STR("Origin"));
    }
    if (known) {
        response_header(response, "Access-Control-Allow-Origin", origin);
    }
}

void admin_handle(void *arg, unsigned thread, const struct request *request, struct response *response)
{
    (void)thread;
    struct admin *admin = arg;
    int64_t start_ns = clock_ns();
    struct request stripped = *request;
    if (str_starts(request->path, STR("/api/"))) {
        stripped.path = str_slice(request->path, 4, request->path.n);
    }
    struct call call = {
        .app = admin,
        .ctx = mem_check(talloc_new(NULL)),
        .request = &stripped,
        .response = response,
    };
    const struct route *route = NULL;
    bool answered = !router_check_path(request, response);
    if (!answered && web_metrics_answer(request, response)) {
        status_metrics(&admin->site, &response->body);
        answered = true;
    }
    if (!answered) {
        route = router_dispatch(admin->router, admin->n_routes, &call);
    }
    if (!answered && route == NULL) {
        response_problem(
            response, 404, http_reason(404),
            "The requested URL was not found on the server. If you entered the URL manually please check "
            "your spelling and try again.",
            NULL);
    }
    if (route != NULL) {
        add_caching(&admin->route[route - admin->router], request, response);
    }
    add_headers(admin, request, response);
    talloc_free(call.ctx);
    int64_t took_ns = clock_ns() - start_ns;
    admin_metrics_request(route != NULL ? (unsigned)(route - admin->router) : (unsigned)admin->n_routes,
                          response->status, took_ns);
    if (call.route != NULL) { /* its handler ran */
        admin_metrics_time((unsigned)(call.route - admin->router), took_ns);
    }
}

/* ---- at the start ---- */

/* The names of the query parameters of a route, as the router needs them; NULL: any are allowed. */
static const char *arg_names(void *ctx, const struct admin_route *route)
{
    char *names = mem_strdup(ctx, route->method != METHOD_GET ? "dry_run" : "");
    for (const struct body_field *f = route->args; f != NULL && f->name != NULL; f++) {
        names = mem_check(talloc_asprintf_append_buffer(names, "%s%s", names[0] != '\0' ? " " : "", f->name));
    }
    return route->flags & ADMIN_ANY_ARGS ? NULL : names;
}

static void make_router(struct admin *admin)
{
    admin->route = admin_routes_join(admin, &admin->n_routes);
    admin->router = mem_array(admin, struct route, admin->n_routes);
    for (size_t i = 0; i < admin->n_routes; i++) {
        const struct admin_route *r = &admin->route[i];
        admin->router[i] =
            (struct route){ r->method, r->pattern, arg_names(admin, r), dispatch_call, r->metric };
    }
}

static void start_keeper(struct admin *admin)
{
    const struct config *config = admin->config;
    const struct keeper_settings settings = {
        .site = &admin->site,
        .engine = admin_engine_settings(config, &admin->site),
        .idle_s = (unsigned)config->admin.snapshot_idle_s,
        .bytes_max = (size_t)config->admin.snapshot_mb * MEGABYTE,
    };
    admin->keeper = keeper_new(admin, &settings);
}

struct admin *admin_new(void *ctx, const struct config *config, struct error *e)
{
    struct admin *admin = mem_new(ctx, struct admin);
    admin->config = config;
    admin->auth = auth_new(admin, config, e);
    admin->known_texts = known_texts_new(admin);
    admin->hosts = hosts_new(admin, &config->database);
    admin->site = (struct tx_site){
        .pool = pool_new(admin, admin->hosts, HOSTS_WRITE, (unsigned)config->admin.database_connections),
        .wait_ms = DATABASE_WAIT_MS,
        .system_accounts = config->admin.system_accounts,
        .signoff_content_except = config->admin.signoff_content_except,
        .allowlist = allowlist_of(admin, &config->update.allowlist, e),
    };
    if (admin->auth == NULL || admin->site.allowlist == NULL) {
        talloc_free(admin);
        return NULL;
    }
    admin->expectations = (struct expect_policy){ config->admin.expectations_block,
                                                  admin_engine_settings(config, &admin->site) };
    admin->site.approve = expect_guard;
    admin->site.approve_arg = &admin->expectations;
    make_router(admin);
    admin_metrics_register(admin, admin->route, admin->n_routes);
    store_metrics_register();
    pool_metrics_register(admin->site.pool);
    hosts_metrics_register(admin->hosts);
    admin->site.partial_sources = partial_sources_new(admin, admin->hosts);
    start_keeper(admin);
    return admin;
}

bool admin_start(struct admin *admin, struct error *e)
{
    if (!hosts_start(admin->hosts, e)) {
        return false;
    }
    admin->heartbeat = heartbeat_start(admin, admin->hosts, e);
    return admin->heartbeat != NULL;
}

struct hosts *admin_hosts(struct admin *admin)
{
    return admin->hosts;
}

void admin_start_readers(struct admin *admin)
{
    partial_sources_start(admin->site.partial_sources);
}

void admin_stop(struct admin *admin)
{
    partial_sources_stop(admin->site.partial_sources);
    if (admin->heartbeat != NULL) {
        heartbeat_stop(admin->heartbeat);
    }
    hosts_stop(admin->hosts);
    keeper_stop(admin->keeper);
}

bool admin_check_database(struct admin *admin, struct error *e)
{
    if (!atomic_load(&admin->checked)) {
        atomic_store(&admin->checked, database_check(admin->site.pool, admin->config, e));
    }
    return atomic_load(&admin->checked);
}
