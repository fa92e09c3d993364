/* See uptake.h. */
#include "agent/uptake.h"

#include "core/percent.h"
#include "ops/log.h"
#include "web/client.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { MS = 1000 };

/* What was answered about a product and channel in this run. */
struct answer {
    const char *product;
    const char *channel;
    bool ok;
    double current;
    struct error why;
};

struct uptake {
    const struct agent_settings *settings;
    void *run; /* owns what follows */
    struct answer *answer;
    size_t n_answers;
    bool silent; /* the source has not answered in this run */
    struct error why;
    unsigned failures;
};

/* ---- the URL ---- */

/* A name that is data, whatever it is put into. */
static bool is_harmless(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f || strchr("\"'`\\", *c) != NULL) {
            return false;
        }
    }
    return name[0] != '\0';
}

bool uptake_url(struct buf *out, const char *template, const char *product, const char *channel,
                struct error *e)
{
    static const size_t name = sizeof "{product}" - 1; /* and "{channel}" is as long */
    struct str rest = str_of(template);
    if (!is_harmless(product) || !is_harmless(channel)) {
        return error_set(e, 400, "the uptake's product or channel is empty or holds quotes or backslashes");
    }
    while (rest.n > 0) {
        const char *value = str_starts(rest, STR("{product}"))   ? product
                            : str_starts(rest, STR("{channel}")) ? channel
                                                                 : NULL;
        if (value != NULL) {
            percent_encode(out, str_of(value));
            rest = str_slice(rest, name, rest.n);
        } else if (rest.p[0] == '{' || rest.p[0] == '}') {
            return error_set(e, 500,
                             "only {product} and {channel} are known; other braces are %%7B and %%7D");
        } else {
            buf_char(out, rest.p[0]);
            rest = str_slice(rest, 1, rest.n);
        }
    }
    return !out->full || error_set(e, 400, "the uptake's URL is longer than %zu bytes", out->max);
}

/* The bytes of TEMPLATE before its query. */
static struct str before_query(const char *template)
{
    return (struct str){ template, strcspn(template, "?#") };
}

/* Names may stand in the path and in the query, not in the host. */
static bool check_place(const char *template, struct error *e)
{
    const char *host = strstr(template, "://");
    const char *brace = strchr(template, '{');
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    if (brace != NULL && (path == NULL || brace < path)) {
        return error_set(e, 500, "[agent] uptake_url: {product} and {channel} stand behind the host's name");
    }
    return strchr(template, '#') == NULL || error_set(e, 500, "[agent] uptake_url: a fragment is never sent");
}

bool uptake_check(const char *template, const char *pointer, struct buf *where, struct error *e)
{
    struct buf whole;
    if (!check_place(template, e)) {
        return false;
    }
    buf_init(&whole, 256, UPTAKE_URL_MAX);
    bool ok = uptake_url(&whole, template, "x", "x", e) || error_prefix(e, "[agent] uptake_url");
    buf_free(&whole);
    char *plain = mem_strndup(NULL, template, before_query(template).n);
    ok = ok && (uptake_url(where, plain, "x", "x", e) || error_prefix(e, "[agent] uptake_url"));
    buf_char(where, '\0');
    talloc_free(plain);
    if (ok && (pointer[0] == '\0' || !json_is_pointer(pointer))) {
        return error_set(
            e, 500, "[agent] uptake_pointer: must be a JSON pointer (RFC 6901), as /data/result/0/value/1");
    }
    return ok;
}

/* ---- the answer ---- */

bool uptake_number(const cJSON *json, const char *pointer, double *number)
{
    char *end;
    const cJSON *value = json_pointer(json, pointer);
    if (cJSON_IsNumber(value)) {
        *number = value->valuedouble;
        return isfinite(*number);
    }
    const char *text = cJSON_GetStringValue(value);
    if (text == NULL || text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0') {
        return false;
    }
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}

static bool take_number(const struct config *c, struct str text, double *current, struct error *e)
{
    cJSON *json = json_parse(text, e);
    if (json == NULL) {
        return error_prefix(e, "the uptake's source");
    }
    bool ok = uptake_number(json, c->agent.uptake_pointer, current);
    cJSON_Delete(json);
    return ok || error_set(e, 502, "the uptake's source has no number at %s", c->agent.uptake_pointer);
}

/* Sends the request; *STATUS is 0 when there was no answer. */
static bool fetch(const struct agent_settings *s, const char *url, struct buf *answer, int *status,
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
        .connect_timeout_ms = (unsigned)c->agent.connect_timeout_s * MS,
        .timeout_ms = (unsigned)c->agent.uptake_timeout_s * MS,
    };
    *status = 0;
    bool ok = client_send(&request, answer, status, e);
    talloc_free(bearer);
    return ok || error_prefix(e, "the uptake's source");
}

static bool ask(struct uptake *u, const char *url, double *current, struct error *e)
{
    struct buf answer;
    int status;
    buf_init(&answer, 4096, UPTAKE_ANSWER_MAX);
    bool ok = fetch(u->settings, url, &answer, &status, e);
    if (!ok) {
        u->silent = true;
        u->why = *e;
    } else if (status != 200) {
        ok = error_set(e, 502, "the uptake's source answered %d", status);
    } else {
        ok = take_number(u->settings->config, buf_view(&answer), current, e);
    }
    buf_free(&answer);
    return ok;
}

/* ---- once a run ---- */

struct uptake *uptake_new(void *ctx, const struct agent_settings *settings)
{
    struct uptake *u = mem_new(ctx, struct uptake);
    u->settings = settings;
    uptake_begin(u);
    return u;
}

void uptake_begin(struct uptake *u)
{
    talloc_free(u->run);
    u->run = mem_check(talloc_new(u));
    u->answer = NULL;
    u->n_answers = 0;
    u->silent = false;
}

unsigned uptake_failures(const struct uptake *u)
{
    return u->failures;
}

static struct answer *find(struct uptake *u, const char *product, const char *channel)
{
    for (size_t i = 0; i < u->n_answers; i++) {
        if (strcmp(u->answer[i].product, product) == 0 && strcmp(u->answer[i].channel, channel) == 0) {
            return &u->answer[i];
        }
    }
    return NULL;
}

static struct answer *add(struct uptake *u, const char *product, const char *channel)
{
    u->answer = mem_resize(u->run, u->answer, struct answer, u->n_answers + 1);
    struct answer *a = &u->answer[u->n_answers++];
    *a = (struct answer){ .product = mem_strndup(u->run, product, strlen(product)),
                          .channel = mem_strndup(u->run, channel, strlen(channel)) };
    return a;
}

static void look_up(struct uptake *u, struct answer *a)
{
    struct buf url;
    buf_init(&url, 256, UPTAKE_URL_MAX);
    if (!u->settings->has_uptake) {
        error_set(&a->why, 500, "no source of uptakes is configured ([agent] uptake_url)");
    } else if (u->silent) {
        a->why = u->why;
    } else if (uptake_url(&url, u->settings->config->agent.uptake_url, a->product, a->channel, &a->why)) {
        buf_char(&url, '\0');
        a->ok = ask(u, url.p, &a->current, &a->why);
    }
    buf_free(&url);
    if (!a->ok) {
        u->failures++;
        log_warning("agent.uptake", "the uptake of %s on %s is not known: %s", a->product, a->channel,
                    a->why.what);
    }
}

bool uptake_current(struct uptake *u, const char *product, const char *channel, double *current,
                    struct error *e)
{
    struct answer *a = find(u, product, channel);
    if (a == NULL) {
        a = add(u, product, channel);
        look_up(u, a);
    }
    *current = a->current;
    if (!a->ok) {
        *e = a->why;
    }
    return a->ok;
}
