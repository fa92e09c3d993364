/* A sample of update queries: distinct queries, each with the number of times that it was asked. It is read
 * and written as text, one JSON object per line: first one about the whole, then one per query.
 *
 *     {"balrog_sample": 1, "product": "Firefox", "channel": null, "from": 1795399506000, "to": 1795485906000,
 *      "queries": 1183402, "left_out": 12, "whole": false}
 *     {"count": 5123, "path": "/update/6/Firefox/118.0/…/update.xml"}
 *
 * (the first one in one line). Counts of a sample that is not whole are estimates without bias:
 * docs/uptake.md. */
#ifndef BALROG_QUERY_SAMPLE_H
#define BALROG_QUERY_SAMPLE_H

#include "core/buf.h"
#include "core/error.h"
#include "core/mem.h"

enum {
    SAMPLE_PATH_MAX = 512,       /* bytes of a path; queries with longer ones are left out */
    SAMPLE_QUERIES_MAX = 100000, /* entries that are answered or fetched at a time */
};

struct sample_query {
    struct str path; /* as query_print_canonical() prints it */
    uint64_t count;
};

struct sample {
    struct str product, channel; /* what the sample is limited to; absent: not limited */
    int64_t from_ms, to_ms;      /* the time that it is about, since 1970; 0: not known */
    uint64_t queries;  /* that were asked then; an estimate where the product is not counted by name */
    uint64_t left_out; /* of them: too long to be part of any sample */
    bool whole;        /* nothing was thinned: every distinct query is there with its exact count */
    struct sample_query *query;
    size_t n, cap;
};

/* An empty sample, whole, owned by CTX. */
struct sample *sample_new(void *ctx);
/* Adds a query. PATH is copied. A path that is there already is added again: see sample_fold(). */
void sample_add(struct sample *s, struct str path, uint64_t count);
/* Adds what TEXT holds to S, to merge the samples of several hosts: counts add up, the time becomes the one
 * that covers both. False if TEXT is not a sample: E names the line. S is then not to be used. */
bool sample_parse(struct sample *s, struct str text, struct error *e);
/* Makes one entry of those with the same path, and sorts: most frequent first, then by path. */
void sample_fold(struct sample *s);
/* Keeps LIMIT entries at most, LIMIT ≥ 1, and scales their counts: core/thin.h. The same S gives the same
 * result. */
void sample_thin(struct sample *s, size_t limit);
/* Appends S as text. */
void sample_print(struct buf *out, const struct sample *s);
/* The share, 0 to 1, of the queries that the sample can stand for. */
double sample_coverage(const struct sample *s);

#endif
