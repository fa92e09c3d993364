/* See uptake.h. */
#include "agent/uptake.h"

#include "agent/uptake_url.h"
#include "core/clock.h"
#include "ops/log.h"
#include "web/client.h"

#include <string.h>

enum { UPTAKE_ANSWER_MAX = MEGABYTE };

/* The answer for one product and channel in this run. */
struct uptake_answer {
    const char *product;
    const char *channel;
    bool ok;
    double current;
    struct error why;
};

struct uptake_answers {
    struct uptake_answer *item; /* owned by the run's context */
    size_t n;
};

struct uptake_source {
    const struct agent_settings *settings;
    void *run; /* owns the answers of this run */
    struct uptake_answers answers;
    void *last_run; /* owns those of the run before, for reports that are sent early in a run */
    struct uptake_answers last_answers;
    bool silent; /* the source did not answer in this run: it is not asked again */
    struct error why;
    unsigned failures;
};

/* ---- the answer ---- */

static bool read_number(const struct config *c, struct str text, double *current, struct error *e)
{
    cJSON *json = json_parse(text, e);
    if (json == NULL) {
        return error_prefix(e, "the uptake's source");
    }
    bool ok = uptake_number(json, c->agent.uptake_pointer, current);
    cJSON_Delete(json);
    return ok ||
           error_set(e, ERROR_UPSTREAM, "the uptake's source has no number at %s", c->agent.uptake_pointer);
}

/* Sends the request. *STATUS is 0 if there was no answer. */
static bool fetch_answer(const struct agent_settings *s, const char *url, struct buf *answer, int *status,
                         struct error *e)
{
    const struct config *c = s->config;
    char *bearer = mem_printf(NULL, "Authorization: Bearer %s", c->agent.uptake_bearer);
    const char *headers[] = { "Accept: application/json", bearer };
    struct client_request request = {
        .url = url,
        .headers = headers,
        .n_headers = c->agent.uptake_bearer[0] != '\0' ? 2 : 1,
        .ca_file = s->ca_file,
        .connect_timeout_ms = (unsigned)c->agent.connect_timeout_s * MS_PER_S,
        .timeout_ms = (unsigned)c->agent.uptake_timeout_s * MS_PER_S,
    };
    *status = 0;
    bool ok = client_send(&request, answer, status, e);
    talloc_free(bearer);
    return ok || error_prefix(e, "the uptake's source");
}

static bool ask_source(struct uptake_source *u, const char *url, double *current, struct error *e)
{
    struct buf answer;
    int status;
    buf_init(&answer, 4096, UPTAKE_ANSWER_MAX);
    bool ok = fetch_answer(u->settings, url, &answer, &status, e);
    if (!ok) {
        u->silent = true;
        u->why = *e;
    } else if (status != 200) {
        ok = error_set(e, ERROR_UPSTREAM, "the uptake's source answered %d", status);
    } else {
        ok = read_number(u->settings->config, buf_view(&answer), current, e);
    }
    buf_free(&answer);
    return ok;
}

/* ---- once a run ---- */

struct uptake_source *uptake_new(void *ctx, const struct agent_settings *settings)
{
    struct uptake_source *u = mem_new(ctx, struct uptake_source);
    u->settings = settings;
    uptake_begin(u);
    return u;
}

void uptake_begin(struct uptake_source *u)
{
    talloc_free(u->last_run);
    u->last_run = u->run;
    u->last_answers = u->answers;
    u->run = mem_check(talloc_new(u));
    u->answers = (struct uptake_answers){ 0 };
    u->silent = false;
}

unsigned uptake_failures(const struct uptake_source *u)
{
    return u->failures;
}

static struct uptake_answer *find_answer(const struct uptake_answers *all, const char *product,
                                         const char *channel)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->item[i].product, product) == 0 && strcmp(all->item[i].channel, channel) == 0) {
            return &all->item[i];
        }
    }
    return NULL;
}

static struct uptake_answer *add_answer(struct uptake_source *u, const char *product, const char *channel)
{
    struct uptake_answers *all = &u->answers;
    all->item = mem_resize(u->run, all->item, struct uptake_answer, all->n + 1);
    struct uptake_answer *a = &all->item[all->n++];
    *a = (struct uptake_answer){ .product = mem_strdup(u->run, product),
                                 .channel = mem_strdup(u->run, channel) };
    return a;
}

static void fetch_uptake(struct uptake_source *u, struct uptake_answer *a)
{
    struct buf url;
    buf_init(&url, 256, UPTAKE_URL_MAX);
    if (!u->settings->has_uptake) {
        error_set(&a->why, ERROR_INTERNAL, "no source of uptakes is configured: set [agent] uptake_url");
    } else if (u->silent) {
        a->why = u->why;
    } else if (uptake_url(&url, u->settings->config->agent.uptake_url, a->product, a->channel, &a->why)) {
        buf_char(&url, '\0');
        a->ok = ask_source(u, url.p, &a->current, &a->why);
    }
    buf_free(&url);
    if (!a->ok) {
        u->failures++;
        log_warning("agent.uptake", "the uptake of %s on %s is not known: %s", a->product, a->channel,
                    a->why.what);
    }
}

bool uptake_current(struct uptake_source *u, const char *product, const char *channel, double *current,
                    struct error *e)
{
    struct uptake_answer *a = find_answer(&u->answers, product, channel);
    if (a == NULL) {
        a = add_answer(u, product, channel);
        fetch_uptake(u, a);
    }
    *current = a->current;
    if (!a->ok) {
        *e = a->why;
    }
    return a->ok;
}

/* Appends A to the array that begins at START in OUT, if the array then still fits into MAX bytes. */
static void print_answer(struct buf *out, size_t start, size_t max, const struct uptake_answer *a)
{
    struct buf one;
    buf_init(&one, 128, max);
    buf_str(&one, out->n - start > 1 ? STR(", ") : STR(""));
    buf_lit(&one, "{\"product\": ");
    json_print_string(&one, str_of(a->product));
    buf_lit(&one, ", \"channel\": ");
    json_print_string(&one, str_of(a->channel));
    buf_printf(&one, ", \"uptake\": %.10g}", a->current);
    if (!one.full && out->n - start + one.n + sizeof(char) <= max) { /* and the bracket */
        buf_str(out, buf_view(&one));
    }
    buf_free(&one);
}

void uptake_print(const struct uptake_source *u, struct buf *out, size_t max)
{
    size_t start = out->n;
    buf_char(out, '[');
    for (size_t i = 0; i < u->answers.n; i++) {
        if (u->answers.item[i].ok) {
            print_answer(out, start, max, &u->answers.item[i]);
        }
    }
    for (size_t i = 0; i < u->last_answers.n; i++) {
        const struct uptake_answer *a = &u->last_answers.item[i];
        if (a->ok && find_answer(&u->answers, a->product, a->channel) == NULL) {
            print_answer(out, start, max, a);
        }
    }
    buf_char(out, ']');
}
