/* See uptake_client.h. */
#include "explain/uptake_client.h"

#include "core/clock.h"
#include "core/gate.h"
#include "core/mem.h"
#include "core/percent.h"
#include "web/client.h"

#include <math.h>

enum {
    UPTAKE_CONNECT_MS = 2000,
    UPTAKE_TIMEOUT_MS = 10000,
    UPTAKE_ASKING_MAX = 3,  /* threads at a time */
    UPTAKE_WAITING_MAX = 8, /* others that wait for them */
    UPTAKE_WAIT_MS = 5000,
    SERIES_ANSWER_MAX = 4 << 20,
    /* Of a line of a sample: what is around the path. */
    SAMPLE_LINE_MAX = SAMPLE_PATH_MAX + 64
};

bool uptake_check_urls(const struct config_list *urls, struct error *e)
{
    for (size_t i = 0; i < urls->n; i++) {
        struct client_url ignored;
        char *url = mem_strndup(NULL, urls->item[i].p, urls->item[i].n);
        bool ok = client_url_parse(url, &ignored, e) || error_prefix(e, "[admin] uptake_url = %s", url);
        talloc_free(url);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* ---- one question to all hosts ---- */

static struct gate asking;
static pthread_once_t asking_once = PTHREAD_ONCE_INIT;

static void open_gate(void)
{
    gate_init(&asking, UPTAKE_ASKING_MAX, UPTAKE_WAITING_MAX);
}

struct uptake_question {
    const char *name; /* "sample" */
    struct str product, channel;
    const char *number_name; /* "limit" */
    unsigned long number;
    size_t answer_max;
    unsigned timeout_ms; /* for all hosts together; 0: see UPTAKE_TIMEOUT_MS */
    /* Adds an answer to what is there. */
    bool (*add)(void *arg, struct str answer, struct error *e);
    void *arg;
};

static void print_url(struct buf *out, struct str base, const struct uptake_question *q)
{
    while (base.n > 0 && base.p[base.n - 1] == '/') {
        base.n--;
    }
    buf_str(out, base);
    buf_printf(out, "/%s?%s=%lu", q->name, q->number_name, q->number);
    if (!str_absent(q->product)) {
        buf_lit(out, "&product=");
        percent_encode(out, q->product);
    }
    if (!str_absent(q->channel)) {
        buf_lit(out, "&channel=");
        percent_encode(out, q->channel);
    }
    buf_char(out, '\0');
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool ask_host(struct str base, const struct uptake_question *q, unsigned timeout_ms, struct error *e)
{
    struct buf url, answer;
    int status = 0;
    buf_init(&url, 0, 4096);
    buf_init(&answer, 0, q->answer_max);
    print_url(&url, base, q);
    struct client_request request = { .url = url.p,
                                      .connect_timeout_ms = least(UPTAKE_CONNECT_MS, timeout_ms),
                                      .timeout_ms = timeout_ms };
    bool ok = url.full ? error_set(e, ERROR_BAD_REQUEST, "the product or the channel is too long")
                       : client_send(&request, &answer, &status, e);
    if (ok && status == 404) {
        ok = error_set(e, ERROR_NOT_FOUND, "balrog-uptake does not count this product and channel by name");
    } else if (ok && status != 200) {
        ok = error_set(e, ERROR_UNAVAILABLE, "the status of its answer was %d", status);
    }
    ok = ok && q->add(q->arg, buf_view(&answer), e);
    if (!ok && e->kind != ERROR_NOT_FOUND && e->kind != ERROR_BAD_REQUEST) {
        error_prefix(e, "balrog-uptake did not answer at %.*s", STR_ARG(base));
        e->kind = ERROR_UNAVAILABLE;
    } else if (!ok && e->kind == ERROR_BAD_REQUEST) {
        error_prefix(e, "balrog-uptake's answer at %.*s was not understood", STR_ARG(base));
        e->kind = ERROR_UNAVAILABLE;
    }
    buf_free(&answer);
    buf_free(&url);
    return ok;
}

/* True if one host at least answered. E is of the host that failed last; a 404 only if all answered that. */
static bool ask_hosts(const struct config_list *urls, const struct uptake_question *q,
                      struct uptake_hosts *hosts, struct error *e)
{
    struct error last = { 0 };
    *hosts = (struct uptake_hosts){ (unsigned)urls->n, 0 };
    if (urls->n == 0) {
        return error_set(e, ERROR_UNAVAILABLE,
                         "Clients' queries are not known here: uptake_url is not set in [admin]");
    }
    int64_t end_ms = clock_ms() + q->timeout_ms;
    pthread_once(&asking_once, open_gate);
    if (!gate_enter(&asking, q->timeout_ms != 0 ? least(UPTAKE_WAIT_MS, q->timeout_ms) : UPTAKE_WAIT_MS)) {
        return error_set(e, ERROR_UNAVAILABLE,
                         "balrog-uptake is slow, and enough requests wait for it: try again later");
    }
    for (size_t i = 0; i < urls->n; i++) {
        struct error why = { 0 };
        int64_t left_ms = q->timeout_ms != 0 ? end_ms - clock_ms() : UPTAKE_TIMEOUT_MS;
        if (left_ms <= 0) {
            error_set(&last, ERROR_UNAVAILABLE, "balrog-uptake is slow: try again later");
            break;
        }
        if (ask_host(urls->item[i], q, (unsigned)left_ms, &why)) {
            hosts->answered++;
        } else if (last.kind != ERROR_UNAVAILABLE) {
            last = why;
        }
    }
    gate_leave(&asking);
    if (hosts->answered == 0) {
        *e = last;
    }
    return hosts->answered > 0;
}

/* ---- the sample ---- */

/* An answer that is refused halfway must leave nothing behind. */
static bool add_sample(void *arg, struct str answer, struct error *e)
{
    struct sample *all = arg;
    struct sample *checked = sample_new(NULL);
    bool ok = sample_parse(checked, answer, e) && sample_parse(all, answer, e);
    talloc_free(checked);
    return ok;
}

struct sample *sample_fetch(void *ctx, const struct config_list *urls, const struct sample_request *request,
                            struct uptake_hosts *hosts, struct error *e)
{
    struct sample *all = sample_new(ctx);
    size_t limit = request->limit < SAMPLE_QUERIES_MAX ? request->limit : SAMPLE_QUERIES_MAX;
    struct uptake_question q = { .name = "sample",
                                 .product = request->product,
                                 .channel = request->channel,
                                 .timeout_ms = request->timeout_ms,
                                 .number_name = "limit",
                                 .number = limit,
                                 .answer_max = 1024 + limit * SAMPLE_LINE_MAX,
                                 .add = add_sample,
                                 .arg = all };
    if (!ask_hosts(urls, &q, hosts, e)) {
        talloc_free(all);
        return NULL;
    }
    sample_fold(all);
    sample_thin(all, limit);
    return all;
}

/* ---- the series ---- */

static void add_number(cJSON *object, const char *name, double n)
{
    cJSON *had = cJSON_GetObjectItemCaseSensitive(object, name);
    if (had != NULL) {
        cJSON_SetNumberValue(had, had->valuedouble + n);
    } else {
        mem_check(cJSON_AddNumberToObject(object, name, n));
    }
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *n = json_get(object, name);
    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

/* The point of POINTS at AT, which is made if there is none. Points are in order. */
static cJSON *point_at(cJSON *points, double at)
{
    cJSON *point;
    int i = 0;
    cJSON_ArrayForEach(point, points)
    {
        if (number_of(point, "at") == at) {
            return point;
        }
        if (number_of(point, "at") > at) {
            break;
        }
        i++;
    }
    point = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddNumberToObject(point, "at", at));
    mem_check(cJSON_AddNumberToObject(point, "queries", 0));
    mem_check(cJSON_AddObjectToObject(point, "versions"));
    if (!cJSON_InsertItemInArray(points, i, point)) {
        cJSON_AddItemToArray(points, point);
    }
    return point;
}

static void add_points(cJSON *points, const cJSON *series)
{
    const cJSON *from, *version;
    cJSON_ArrayForEach(from, series)
    {
        cJSON *point = point_at(points, number_of(from, "at"));
        cJSON *versions = cJSON_GetObjectItemCaseSensitive(point, "versions");
        add_number(point, "queries", number_of(from, "queries"));
        cJSON_ArrayForEach(version, json_get_object(from, "versions"))
        {
            add_number(versions, version->string, cJSON_IsNumber(version) ? version->valuedouble : 0);
        }
    }
}

struct merged_series {
    cJSON *points;
    char *version;         /* that is watched; NULL: none */
    double reached, asked; /* queries from it or a newer one, and all: of the hosts that watch it */
};

static bool add_series(void *arg, struct str answer, struct error *e)
{
    struct merged_series *m = arg;
    cJSON *object = json_parse(answer, e);
    const cJSON *series = json_get_array(object, "series");
    const cJSON *watched = json_get_object(object, "watched");
    const char *version = json_get_string(watched, "version");
    if (series == NULL) {
        cJSON_Delete(object);
        return error_set(e, ERROR_BAD_REQUEST, "it has no series");
    }
    add_points(m->points, series);
    if (version != NULL && (m->version == NULL || strcmp(m->version, version) == 0)) {
        m->version = m->version != NULL ? m->version : mem_strdup(NULL, version);
        m->reached += number_of(watched, "queries");
        m->asked += number_of(json_get(object, "window"), "queries");
    }
    cJSON_Delete(object);
    return true;
}

static cJSON *name_or_null(struct str name)
{
    char *text = str_absent(name) ? NULL : mem_strndup(NULL, name.p, name.n);
    cJSON *value = mem_check(text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull());
    talloc_free(text);
    return value;
}

static cJSON *watched_json(const struct merged_series *m)
{
    if (m->version == NULL || m->asked <= 0) {
        return mem_check(cJSON_CreateNull());
    }
    cJSON *watched = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddStringToObject(watched, "version", m->version));
    mem_check(cJSON_AddNumberToObject(watched, "queries", m->reached));
    mem_check(cJSON_AddNumberToObject(watched, "percent", round(100000 * m->reached / m->asked) / 1000));
    return watched;
}

cJSON *uptake_fetch_series(const struct config_list *urls, struct str product, struct str channel,
                           unsigned step_s, struct error *e)
{
    struct uptake_hosts hosts;
    struct merged_series m = { .points = mem_check(cJSON_CreateArray()) };
    struct uptake_question q = { .name = "series",
                                 .product = product,
                                 .channel = channel,
                                 .number_name = "step_s",
                                 .number = step_s,
                                 .answer_max = SERIES_ANSWER_MAX,
                                 .add = add_series,
                                 .arg = &m };
    cJSON *answer = NULL;
    if (ask_hosts(urls, &q, &hosts, e)) {
        answer = mem_check(cJSON_CreateObject());
        cJSON_AddItemToObject(answer, "product", name_or_null(product));
        cJSON_AddItemToObject(answer, "channel", name_or_null(channel));
        mem_check(cJSON_AddNumberToObject(answer, "hours", 24));
        mem_check(cJSON_AddNumberToObject(answer, "step_s", step_s));
        cJSON_AddItemToObject(answer, "series", m.points);
        cJSON_AddItemToObject(answer, "watched", watched_json(&m));
        cJSON *counted = mem_check(cJSON_AddObjectToObject(answer, "hosts"));
        mem_check(cJSON_AddNumberToObject(counted, "asked", hosts.asked));
        mem_check(cJSON_AddNumberToObject(counted, "answered", hosts.answered));
    } else {
        cJSON_Delete(m.points);
    }
    talloc_free(m.version);
    return answer;
}
