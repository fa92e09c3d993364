/* A made-up Balrog to measure with: rules with the mix of columns that years of updates leave behind,
 * application releases with a partial or three a locale, add-ons and plug-ins, and the queries of the clients
 * in the field. The same size gives the same bytes, always. */
#ifndef BALROG_TEST_BENCH_POPULATION_H
#define BALROG_TEST_BENCH_POPULATION_H

#include "core/buf.h"
#include "update/engine.h"

struct population_size {
    unsigned rules;
    unsigned releases;  /* of applications (v9), all of which rules map to; a few others come besides */
    unsigned platforms; /* 1…10 a release */
    unsigned locales;   /* 1…100 a platform */
};

enum { POPULATION_PLATFORMS_MAX = 10, POPULATION_LOCALES_MAX = 100 };

struct population {
    struct population_size size;
    struct rule_row *rules; /* size.rules of them */
    size_t n_releases;      /* applications first */
};

/* Owned by CTX. */
struct population *population_new(void *ctx, const struct population_size *size);

/* Release I as the database holds it, owned by CTX: an application's in the v2 tables, a row of assets a
 * locale; another's whole, without assets. */
void population_release(const struct population *p, void *ctx, size_t i, struct release_row *row);

/* The Ith client asks: appends its path to OUT. Two may ask the same. */
void population_url(const struct population *p, uint64_t i, struct buf *out);

/* All of it, compiled; owned by CTX. Ends the process when that fails. */
const struct snapshot *population_snapshot(void *ctx, const struct population *p);

/* What the parts of the population share. */

/* A number below N that follows from *STATE, which it moves on. */
unsigned population_random(uint64_t *state, unsigned n);
extern const char *const population_platforms[POPULATION_PLATFORMS_MAX];
extern const char *const population_locales[POPULATION_LOCALES_MAX];
/* Of application release I. */
struct population_app {
    const char *product;
    unsigned major, minor;
    char name[64], build_id[24];
};
void population_app(const struct population_size *size, size_t i, struct population_app *app);
/* Fills ROWS, SIZE->rules of them; their texts are owned by CTX. */
void population_rules(void *ctx, const struct population_size *size, struct rule_row *rows);
enum { POPULATION_NEWEST = 140 /* the major version of the newest application release */ };

#endif
