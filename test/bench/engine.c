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

enum { URLS = 1000, TRIES = 400 * URLS, ROUNDS = 15, ROUND_NS = 10000000, TEXT_STEP = 1024 };

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
    struct random_source random;
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
    engine_answer(b->snapshot, &q, &b->random, &b->scratch, &b->body, &a);
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

enum { SIZES_MAX = 8, KINDS = 2, WHATS = 2 };

/* One number of rules, and what was measured with it: ns a query, a round each. */
struct run {
    struct bench bench;
    struct kind kinds[KINDS];
    double ns[KINDS][WHATS][ROUNDS];
    unsigned long queries[KINDS][WHATS], allocations[KINDS][WHATS];
};

static void measure(struct run *r, unsigned k, unsigned whole, unsigned round)
{
    run(&r->bench, &r->kinds[k], whole); /* caches fill */
    unsigned long before = allocations, n = 0;
    double start = now_ns(), took = 0;
    while (took < ROUND_NS) {
        run(&r->bench, &r->kinds[k], whole);
        n += URLS;
        took = now_ns() - start;
    }
    r->ns[k][whole][round] = took / (double)n;
    r->queries[k][whole] += n;
    r->allocations[k][whole] += allocations - before;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double values[ROUNDS])
{
    double sorted[ROUNDS];
    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof sorted[0], by_size);
    return sorted[ROUNDS / 2];
}

static void print(const struct run *r, const struct run *first)
{
    for (unsigned k = 0; k < KINDS; k++) {
        for (unsigned whole = 0; whole < WHATS; whole++) {
            double against[ROUNDS];
            for (unsigned i = 0; i < ROUNDS; i++) {
                against[i] = r->ns[k][whole][i] / first->ns[k][whole][i];
            }
            printf("%zu\t%s\t%s\t%.1f\t%.2f\t%.6g\n", r->bench.snapshot->input.rules->n, r->kinds[k].name,
                   whole ? "query" : "match", median(r->ns[k][whole]), median(against),
                   (double)r->allocations[k][whole] / (double)r->queries[k][whole]);
        }
    }
}

/* A round measures every size, so that what else the machine does bears on all. */
static void compare(struct run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < KINDS; k++) {
            run(&runs[i].bench, &runs[i].kinds[k], true); /* buffers grow to their size */
        }
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned k = 0; k < KINDS; k++) {
            for (size_t i = 0; i < n; i++) {
                measure(&runs[i], k, 0, round);
                measure(&runs[i], k, 1, round);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        print(&runs[i], &runs[0]);
    }
}

/* ---- main ---- */

static void set_up(void *ctx, const struct population_size *size, struct run *r)
{
    struct population *p = population_new(ctx, size);
    struct bench *b = &r->bench;
    *b = (struct bench){ .snapshot = population_snapshot(ctx, p),
                         .random = { 1, -1 },
                         .text = mem_array(ctx, char, QUERY_TEXT_MAX) };
    buf_init(&b->scratch, 16384, ENGINE_BODY_MAX);
    buf_init(&b->body, 16384, ENGINE_BODY_MAX);
    r->kinds[0] = (struct kind){ .name = "matched", .match = MATCH_FOUND };
    r->kinds[1] = (struct kind){ .name = "unmatched", .match = MATCH_NONE };
    for (unsigned k = 0; k < KINDS; k++) {
        r->kinds[k].texts = mem_array(ctx, char, URLS *TEXT_STEP + QUERY_TEXT_MAX);
    }
    collect(ctx, b, p, r->kinds);
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

static struct run *runs_new(void *ctx, char **sizes, size_t n, struct population_size size)
{
    struct run *runs = mem_array(ctx, struct run, n);
    for (size_t i = 0; i < n; i++) {
        size.rules = number(sizes[i], 1000000);
        set_up(ctx, &size, &runs[i]);
    }
    return runs;
}

/* Makes the snapshot of R one with N partial stops for the product and channel of most queries, none of which
 * matches: each query is compared with all of them. */
static void add_stops(void *ctx, struct run *r, unsigned n)
{
    struct snapshot_input input = r->bench.snapshot->input;
    struct rule_row *stops = mem_array(ctx, struct rule_row, n);
    for (unsigned i = 0; i < n; i++) {
        stops[i] = (struct rule_row){ .rule_id = i + 1,
                                      .product = STR("Firefox"),
                                      .channel = STR("release"),
                                      .version = STR(">999.0"),
                                      .jaws = TRI_UNKNOWN,
                                      .mig64 = TRI_UNKNOWN };
    }
    input.stops = snapshot_stops(ctx, stops, n);
    r->bench.snapshot = snapshot_with_input(ctx, r->bench.snapshot, &input);
}

static void count(struct run *r, const char *kind)
{
    for (unsigned k = 0; k < KINDS; k++) {
        if (strcmp(kind, r->kinds[k].name) == 0) {
            unsigned long before = allocations;
            run(&r->bench, &r->kinds[k], true);
            printf("%lu allocations\n", allocations - before);
            run(&r->bench, &r->kinds[k], false);
        }
    }
}

int main(int argc, char **argv)
{
    bool time = argc > 5 && argc <= 5 + SIZES_MAX && strcmp(argv[1], "time") == 0;
    bool counting = (argc == 7 || argc == 8) && strcmp(argv[1], "count") == 0;
    if (!time && !counting) {
        fputs("Usage: engine time RELEASES PLATFORMS LOCALES RULES…\n"
              "         lines of tabs: RULES, matched or unmatched, query or match, ns a query (median of "
              "the rounds),\n"
              "         the same against the first RULES (median of each round's), allocations a query\n"
              "       engine count RELEASES PLATFORMS LOCALES RULES matched|unmatched [STOPS]\n"
              "         1,000 queries, each a call of bench_whole_query and one of bench_only_match, for "
              "callgrind;\n"
              "         with that many partial stops, which match none of them. It prints the allocations of "
              "the queries\n",
              stderr);
        return 2;
    }
    struct population_size size = { .releases = number(argv[2], 400),
                                    .platforms = number(argv[3], POPULATION_PLATFORMS_MAX),
                                    .locales = number(argv[4], POPULATION_LOCALES_MAX) };
    void *ctx = talloc_new(NULL);
    size_t n = time ? (size_t)argc - 5 : 1;
    struct run *runs = runs_new(ctx, argv + 5, n, size);
    if (time) {
        compare(runs, n);
    } else {
        if (argc == 8) {
            add_stops(ctx, &runs[0], number(argv[7], 100000));
        }
        count(&runs[0], argv[6]);
    }
    for (size_t i = 0; i < n; i++) {
        buf_free(&runs[i].bench.scratch);
        buf_free(&runs[i].bench.body);
    }
    talloc_free(ctx);
    return 0;
}
