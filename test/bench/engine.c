/* What the engine costs without I/O: a URL goes in, the body of the answer comes out. The queries are those
 * of the made-up clients, sorted into those that some rule matches and those that none does; a thousand
 * different ones of each kind, so that neither caches nor the branch predictor learn one by heart.
 *
 * malloc and its like are this program's own: they count, then do what glibc's do. Whatever library asks for
 * memory while queries are answered is seen. */
#include "population.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { URLS = 1000, TRIES = 400 * URLS, ROUNDS = 11, ROUND_NS = 20000000, TEXT_STEP = 1024 };

/* ---- counting ---- */

static unsigned long allocations;

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);

void *malloc(size_t n)
{
    allocations++;
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    allocations++;
    return __libc_realloc(p, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    allocations++;
    return __libc_memalign(alignment, n);
}

/* ---- the queries ---- */

struct bench {
    const struct snapshot *snapshot;
    struct dice dice;
    struct buf scratch, body;
    char *text; /* QUERY_TEXT_MAX bytes */
};

/* Queries of one kind, as they come and parsed. */
struct kind {
    const char *name;
    enum match match;
    size_t n;
    struct str urls[URLS];
    struct query queries[URLS];
    char *texts; /* of the queries, TEXT_STEP bytes each */
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "engine: %s\n", what);
    exit(1);
}

static void parse(struct query *q, char *text, struct str url)
{
    struct error e;
    if (url.n >= TEXT_STEP || query_parse(q, text, url, STR_NONE, &e) != QUERY_OK) {
        give_up("a URL of the population is none");
    }
}

/* Sorts the clients' queries until there are enough of both kinds. */
static void collect(void *ctx, const struct bench *b, const struct population *p, struct kind kinds[2])
{
    struct buf url;
    buf_init(&url, 512, 4096);
    for (uint64_t i = 0; i < TRIES && (kinds[0].n < URLS || kinds[1].n < URLS); i++) {
        struct query q;
        const struct rule *rule;
        buf_reset(&url);
        population_url(p, i, &url);
        parse(&q, b->text, buf_view(&url));
        enum match match = ruleset_match(b->snapshot->input.rules, &q, &rule);
        for (unsigned k = 0; k < 2; k++) {
            if (kinds[k].match == match && kinds[k].n < URLS) {
                struct kind *kind = &kinds[k];
                kind->urls[kind->n] = (struct str){ mem_strndup(ctx, url.p, url.n), url.n };
                parse(&kind->queries[kind->n], kind->texts + kind->n * TEXT_STEP, kind->urls[kind->n]);
                kind->n++;
            }
        }
    }
    buf_free(&url);
    if (kinds[0].n < URLS || kinds[1].n < URLS) {
        give_up("too few clients are matched, or not matched");
    }
}

/* ---- what is measured ---- */

/* callgrind counts what happens inside of this function (--toggle-collect). */
__attribute__((noinline)) void bench_whole_query(struct bench *b, struct str url);
void bench_whole_query(struct bench *b, struct str url)
{
    struct query q;
    struct error e;
    struct answer a;
    query_parse(&q, b->text, url, STR_NONE, &e);
    engine_answer(b->snapshot, &q, &b->dice, &b->scratch, &b->body, &a);
}

__attribute__((noinline)) void bench_only_match(const struct bench *b, const struct query *q);
void bench_only_match(const struct bench *b, const struct query *q)
{
    const struct rule *rule;
    ruleset_match(b->snapshot->input.rules, q, &rule);
}

static void run(struct bench *b, const struct kind *kind, bool whole)
{
    for (size_t i = 0; i < URLS; i++) {
        if (whole) {
            bench_whole_query(b, kind->urls[i]);
        } else {
            bench_only_match(b, &kind->queries[i]);
        }
    }
}

/* The thread's own time: what others do meanwhile is left out. */
static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Prints rules, kind, what was measured; ns a query as the median of the rounds and the best; allocations a
 * query. */
static void measure(struct bench *b, const struct kind *kind, bool whole)
{
    double ns[ROUNDS];
    unsigned long queries = 0;
    run(b, kind, whole); /* buffers grow to their size, caches fill */
    unsigned long before = allocations;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double start = now_ns(), took = 0;
        unsigned long n = 0;
        while (took < ROUND_NS) {
            run(b, kind, whole);
            n += URLS;
            took = now_ns() - start;
        }
        ns[round] = took / (double)n;
        queries += n;
    }
    unsigned long allocated = allocations - before;
    qsort(ns, ROUNDS, sizeof ns[0], by_size);
    printf("%zu\t%s\t%s\t%.1f\t%.1f\t%.6g\n", b->snapshot->input.rules->n, kind->name,
           whole ? "query" : "match", ns[ROUNDS / 2], ns[0], (double)allocated / (double)queries);
}

/* ---- main ---- */

static void set_up(void *ctx, const struct population_size *size, struct bench *b, struct kind kinds[2])
{
    struct population *p = population_new(ctx, size);
    *b = (struct bench){ .snapshot = population_snapshot(ctx, p),
                         .dice = { 1, -1 },
                         .text = mem_array(ctx, char, QUERY_TEXT_MAX) };
    buf_init(&b->scratch, 16384, ENGINE_BODY_MAX);
    buf_init(&b->body, 16384, ENGINE_BODY_MAX);
    kinds[0] = (struct kind){ .name = "matched", .match = MATCH_FOUND };
    kinds[1] = (struct kind){ .name = "unmatched", .match = MATCH_NONE };
    for (unsigned k = 0; k < 2; k++) {
        kinds[k].texts = mem_array(ctx, char, URLS *TEXT_STEP + QUERY_TEXT_MAX);
    }
    collect(ctx, b, p, kinds);
}

static unsigned number(const char *text, unsigned max)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end != '\0' || n == 0 || n > max) {
        fprintf(stderr, "engine: %s: a number from 1 to %u is wanted\n", text, max);
        exit(2);
    }
    return (unsigned)n;
}

int main(int argc, char **argv)
{
    static struct kind kinds[2];
    struct bench b;
    bool time = argc == 6 && strcmp(argv[1], "time") == 0;
    bool count = argc == 7 && strcmp(argv[1], "count") == 0;
    if (!time && !count) {
        fputs("Usage: engine time RULES RELEASES PLATFORMS LOCALES\n"
              "         a line for each of matched and unmatched, whole queries and matching alone:\n"
              "         RULES KIND WHAT MEDIAN-NS BEST-NS ALLOCATIONS, all a query, separated by tabs\n"
              "       engine count RULES RELEASES PLATFORMS LOCALES matched|unmatched\n"
              "         1,000 queries, each a call of bench_whole_query and one of bench_only_match, for "
              "callgrind\n",
              stderr);
        return 2;
    }
    struct population_size size = { .rules = number(argv[2], 1000000),
                                    .releases = number(argv[3], 400),
                                    .platforms = number(argv[4], POPULATION_PLATFORMS_MAX),
                                    .locales = number(argv[5], POPULATION_LOCALES_MAX) };
    void *ctx = talloc_new(NULL);
    set_up(ctx, &size, &b, kinds);
    for (unsigned k = 0; k < 2; k++) {
        for (int whole = 1; whole >= 0; whole--) {
            if (time) {
                measure(&b, &kinds[k], whole);
            } else if (strcmp(argv[6], kinds[k].name) == 0) {
                run(&b, &kinds[k], whole);
            }
        }
    }
    buf_free(&b.scratch);
    buf_free(&b.body);
    talloc_free(ctx);
    return 0;
}
