/* See sample.h. */
#include "query/sample.h"

#include "core/json.h"
#include "core/thin.h"

#include <stdlib.h>

enum { SAMPLE_FORMAT = 1, THIN_SEED = 20130917 };
/* Of a count in a file; so the sum of all of them fits 64 bits. */
#define COUNT_MAX ((int64_t)1 << 40)
/* The latest time in a file, ms since 1970. */
#define TIME_MAX ((int64_t)1 << 50)

struct sample *sample_new(void *ctx)
{
    struct sample *s = mem_new(ctx, struct sample);
    s->whole = true;
    return s;
}

void sample_add(struct sample *s, struct str path, uint64_t count)
{
    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 1024 : 2 * s->cap;
        s->query = mem_resize(s, s->query, struct sample_query, s->cap);
    }
    s->query[s->n++] = (struct sample_query){ mem_str(s, path), count };
}

/* ---- reading ---- */

/* A limit of the merged sample is one that all its parts have. */
static void merge_name(struct sample *s, struct str *name, const char *given, bool first)
{
    struct str other = str_of(given);
    if (first) {
        *name = mem_str(s, other);
    } else if (!str_eq(*name, other)) {
        *name = STR_NONE;
    }
}

static bool parse_head(struct sample *s, const cJSON *head)
{
    int64_t format, from, to, queries, left_out;
    const cJSON *whole = json_get(head, "whole");
    if (!json_int(json_get(head, "balrog_sample"), SAMPLE_FORMAT, SAMPLE_FORMAT, &format) ||
        !json_int(json_get(head, "from"), 0, TIME_MAX, &from) ||
        !json_int(json_get(head, "to"), 0, TIME_MAX, &to) ||
        !json_int(json_get(head, "queries"), 0, COUNT_MAX, &queries) ||
        !json_int(json_get(head, "left_out"), 0, queries, &left_out) || !cJSON_IsBool(whole)) {
        return false;
    }
    bool first = s->n == 0 && s->queries == 0 && s->to_ms == 0;
    merge_name(s, &s->product, json_get_string(head, "product"), first);
    merge_name(s, &s->channel, json_get_string(head, "channel"), first);
    s->from_ms = s->from_ms == 0 || (from != 0 && from < s->from_ms) ? from : s->from_ms;
    s->to_ms = to > s->to_ms ? to : s->to_ms;
    s->queries += (uint64_t)queries;
    s->left_out += (uint64_t)left_out;
    s->whole &= cJSON_IsTrue(whole);
    return true;
}

static bool parse_query(struct sample *s, const cJSON *line)
{
    int64_t count;
    struct str path = str_of(json_get_string(line, "path"));
    if (!json_int(json_get(line, "count"), 1, COUNT_MAX, &count) || path.n > SAMPLE_PATH_MAX ||
        !str_starts(path, STR("/"))) {
        return false;
    }
    sample_add(s, path, (uint64_t)count);
    return true;
}

bool sample_parse(struct sample *s, struct str text, struct error *e)
{
    struct str line, rest = text;
    size_t number = 0;
    while (str_split(&rest, '\n', &line)) {
        number++;
        if (line.n == 0 && str_absent(rest) && number > 1) {
            break; /* behind the last newline */
        }
        struct error ignored;
        cJSON *object = json_parse(line, &ignored);
        bool ok = number == 1 ? parse_head(s, object) : parse_query(s, object);
        cJSON_Delete(object);
        if (!ok) {
            return error_set(e, ERROR_BAD_REQUEST, "line %zu: not %s", number,
                             number == 1 ? "the first line of a sample of queries in format 1"
                                         : "an object with a count above 0 and a path");
        }
    }
    return true;
}

/* ---- folding and thinning ---- */

static int by_path(const void *a, const void *b)
{
    const struct sample_query *x = a, *y = b;
    return str_cmp(x->path, y->path);
}

static int most_frequent_first(const void *a, const void *b)
{
    const struct sample_query *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_path(a, b);
}

void sample_fold(struct sample *s)
{
    if (s->n == 0) {
        return;
    }
    qsort(s->query, s->n, sizeof *s->query, by_path);
    size_t n = 1;
    for (size_t i = 1; i < s->n; i++) {
        if (str_eq(s->query[i].path, s->query[n - 1].path)) {
            s->query[n - 1].count += s->query[i].count;
        } else {
            s->query[n++] = s->query[i];
        }
    }
    s->n = n;
    qsort(s->query, s->n, sizeof *s->query, most_frequent_first);
}

void sample_thin(struct sample *s, size_t limit)
{
    uint64_t random = THIN_SEED;
    if (s->n <= limit) {
        return;
    }
    uint64_t *weight = mem_array(NULL, uint64_t, s->n);
    for (size_t i = 0; i < s->n; i++) {
        weight[i] = s->query[i].count;
    }
    struct thinning t = thin_start(thin_threshold(weight, s->n, limit), &random);
    size_t n = 0;
    for (size_t i = 0; i < s->n && n < limit; i++) {
        struct sample_query q = s->query[i];
        if (thin_keeps(&t, q.count)) {
            q.count = thin_scale(&t, q.count, q.count);
            s->query[n++] = q;
        }
    }
    s->n = n;
    s->whole = false;
    talloc_free(weight);
}

/* ---- writing ---- */

static void print_name(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, ", \"%s\": ", name);
    if (str_absent(value)) {
        buf_lit(out, "null");
    } else {
        json_print_string(out, value);
    }
}

void sample_print(struct buf *out, const struct sample *s)
{
    buf_printf(out, "{\"balrog_sample\": %d", SAMPLE_FORMAT);
    print_name(out, "product", s->product);
    print_name(out, "channel", s->channel);
    buf_printf(out, ", \"from\": %lld, \"to\": %lld, \"queries\": %llu, \"left_out\": %llu, \"whole\": %s}\n",
               (long long)s->from_ms, (long long)s->to_ms, (unsigned long long)s->queries,
               (unsigned long long)s->left_out, s->whole ? "true" : "false");
    for (size_t i = 0; i < s->n; i++) {
        buf_lit(out, "{\"count\": ");
        buf_int(out, (int64_t)s->query[i].count);
        buf_lit(out, ", \"path\": ");
        json_print_string(out, s->query[i].path);
        buf_lit(out, "}\n");
    }
}

double sample_coverage(const struct sample *s)
{
    return s->queries > 0 ? (double)(s->queries - s->left_out) / (double)s->queries : 1.0;
}
