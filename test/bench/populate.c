/* Prints the made-up Balrog for servers and load generators: as SQL, as the URLs of its clients, as one URL
 * for each case that the benchmarks single out. */
#include "core/mem.h"
#include "population.h"

#include <stdio.h>
#include <stdlib.h>

enum { SQL_MAX = 64 << 20, FIND_MAX = 100000, URLS_MAX = 1000000 };

/* ---- SQL ---- */

static void put_text(struct buf *out, struct str s)
{
    if (str_absent(s)) {
        buf_lit(out, "NULL");
        return;
    }
    buf_char(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'' || s.p[i] == '\\') {
            buf_char(out, '\\');
        }
        buf_char(out, s.p[i]);
    }
    buf_char(out, '\'');
}

static void flush(struct buf *out)
{
    if (out->full || fwrite(out->p, 1, out->n, stdout) != out->n) {
        fputs("populate: the SQL cannot be written\n", stderr);
        exit(1);
    }
    buf_reset(out);
}

static void put_rule(struct buf *out, const struct rule_row *r)
{
    const struct str texts[] = { r->mapping,      r->update_type,
                                 r->product,      r->version,
                                 r->channel,      r->build_target,
                                 r->build_id,     r->locale,
                                 r->os_version,   r->memory,
                                 r->distribution, r->instruction_set,
                                 r->dist_version, r->header_architecture };
    buf_printf(out,
               "INSERT INTO rules (rule_id, data_version, priority, backgroundRate, jaws, mig64, mapping, "
               "update_type, "
               "product, version, channel, buildTarget, buildID, locale, osVersion, memory, distribution, "
               "instructionSet, distVersion, headerArchitecture) VALUES (%lld, 1, %lld, %lld, %s, %s",
               (long long)r->rule_id, (long long)r->priority, (long long)r->background_rate,
               r->jaws == TRI_TRUE ? "1" : "NULL", r->mig64 == TRI_TRUE ? "1" : "NULL");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        buf_lit(out, ", ");
        put_text(out, texts[i]);
    }
    buf_lit(out, ");\n");
}

static void put_release(struct buf *out, const struct release_row *row)
{
    buf_str(out, row->n_assets > 0 ? STR("INSERT INTO releases_json") : STR("INSERT INTO releases"));
    buf_lit(out, " (name, product, read_only, data_version, data) VALUES (");
    put_text(out, row->name);
    buf_lit(out, ", ");
    put_text(out, row->product);
    buf_lit(out, ", 0, 1, ");
    put_text(out, row->json);
    buf_lit(out, ");\n");
    for (size_t i = 0; i < row->n_assets; i++) {
        buf_str(out, i == 0 ? STR("INSERT INTO release_assets (name, path, data_version, data) VALUES\n(")
                            : STR(",\n("));
        put_text(out, row->name);
        buf_lit(out, ", ");
        put_text(out, row->assets[i].path);
        buf_lit(out, ", 1, ");
        put_text(out, row->assets[i].json);
        buf_lit(out, ")");
    }
    buf_str(out, row->n_assets > 0 ? STR(";\n") : STR(""));
}

static void print_sql(const struct population *p)
{
    struct buf out;
    buf_init(&out, 1 << 20, SQL_MAX);
    for (unsigned i = 0; i < p->size.rules; i++) {
        put_rule(&out, &p->rules[i]);
        flush(&out);
    }
    for (size_t i = 0; i < p->n_releases; i++) {
        void *ctx = talloc_new(NULL);
        struct release_row row;
        population_release(p, ctx, i, &row);
        put_release(&out, &row);
        flush(&out);
        talloc_free(ctx);
    }
    buf_free(&out);
}

/* ---- URLs ---- */

/* N of them, no two the same: what clients would ask again is left out. */
static void print_urls(void *ctx, const struct population *p, size_t n)
{
    size_t mask = 1, printed = 0;
    struct buf url;
    while (mask < 4 * n) {
        mask *= 2;
    }
    struct str *seen = mem_array(ctx, struct str, mask--);
    buf_init(&url, 512, 4096);
    for (uint64_t i = 0; printed < n; i++) {
        buf_reset(&url);
        population_url(p, i, &url);
        size_t at = str_hash(buf_view(&url)) & mask;
        while (!str_absent(seen[at]) && !str_eq(seen[at], buf_view(&url))) {
            at = (at + 1) & mask;
        }
        if (str_absent(seen[at])) {
            seen[at] = (struct str){ mem_strndup(ctx, url.p, url.n), url.n };
            printf("%.*s\n", STR_ARG(buf_view(&url)));
            printed++;
        }
    }
    buf_free(&url);
}

/* ---- cases ---- */

static bool is_update(const struct query *q, const struct answer *a, struct str body)
{
    return q->form == QUERY_XML && str_eq(q->product, STR("Firefox")) && a->reason == REASON_SERVED &&
           str_contains(body, STR("type=\"partial\""));
}

static bool is_none(const struct query *q, const struct answer *a, struct str body)
{
    (void)body;
    return str_eq(q->product, STR("Firefox")) && a->reason == REASON_UP_TO_DATE;
}

static bool is_json(const struct query *q, const struct answer *a, struct str body)
{
    (void)body;
    return q->form == QUERY_JSON && a->reason == REASON_SERVED;
}

static bool is_gmp(const struct query *q, const struct answer *a, struct str body)
{
    return str_eq(q->product, STR("GMP")) && a->reason == REASON_SERVED &&
           str_contains(body, STR("gmp-widevinecdm"));
}

static const struct {
    const char *name;
    bool (*is)(const struct query *q, const struct answer *a, struct str body);
} cases[] = { { "update", is_update }, { "none", is_none }, { "json", is_json }, { "gmp", is_gmp } };

/* The first client whose case it is. */
static bool find_case(const struct population *p, const struct snapshot *s, size_t which, struct buf *url)
{
    static char text[QUERY_TEXT_MAX];
    struct random_source random = { 1, -1 };
    struct buf scratch, body;
    bool found = false;
    buf_init(&scratch, 4096, ENGINE_BODY_MAX);
    buf_init(&body, 4096, ENGINE_BODY_MAX);
    for (uint64_t i = 0; i < FIND_MAX && !found; i++) {
        struct query q;
        struct error e;
        struct answer a;
        buf_reset(url);
        population_url(p, i, url);
        if (query_parse(&q, text, buf_view(url), STR_NONE, &e) == QUERY_OK) {
            engine_answer(s, &q, &random, &scratch, &body, &a);
            found = cases[which].is(&q, &a, buf_view(&body));
        }
    }
    buf_free(&scratch);
    buf_free(&body);
    return found;
}

static int print_cases(void *ctx, const struct population *p)
{
    const struct snapshot *s = population_snapshot(ctx, p);
    struct buf url;
    bool all = true;
    buf_init(&url, 512, 4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (find_case(p, s, i, &url)) {
            printf("%s %.*s\n", cases[i].name, STR_ARG(buf_view(&url)));
        } else {
            fprintf(stderr, "populate: no client is in the case %s: more rules or releases are needed\n",
                    cases[i].name);
            all = false;
        }
    }
    buf_free(&url);
    return all ? 0 : 1;
}

/* ---- main ---- */

static unsigned number(const char *text, unsigned max)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end != '\0' || n == 0 || n > max) {
        fprintf(stderr, "populate: %s: a number from 1 to %u is wanted\n", text, max);
        exit(2);
    }
    return (unsigned)n;
}

int main(int argc, char **argv)
{
    bool sql = argc == 6 && strcmp(argv[1], "sql") == 0;
    bool urls = argc == 7 && strcmp(argv[1], "urls") == 0;
    bool one_each = argc == 6 && strcmp(argv[1], "cases") == 0;
    if (!sql && !urls && !one_each) {
        fputs("Usage: populate sql RULES RELEASES PLATFORMS LOCALES       rows for empty tables\n"
              "       populate urls RULES RELEASES PLATFORMS LOCALES N    N different update queries, one a "
              "line\n"
              "       populate cases RULES RELEASES PLATFORMS LOCALES     CASE URL, one a line\n",
              stderr);
        return 2;
    }
    struct population_size size = { .rules = number(argv[2], 1000000),
                                    .releases = number(argv[3], 400),
                                    .platforms = number(argv[4], POPULATION_PLATFORMS_MAX),
                                    .locales = number(argv[5], POPULATION_LOCALES_MAX) };
    void *ctx = talloc_new(NULL);
    const struct population *p = population_new(ctx, &size);
    int status = 0;
    if (sql) {
        print_sql(p);
    } else if (urls) {
        print_urls(ctx, p, number(argv[6], URLS_MAX));
    } else {
        status = print_cases(ctx, p);
    }
    talloc_free(ctx);
    return status;
}
