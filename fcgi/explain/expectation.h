/* Expectations: queries with what they must get.
 *
 *     {"product": "Firefox", "name": "esr115 on Windows 7", "query": "/update/6/Firefox/115.14.0/…",
 *      "must": {"min_version": "115.15"}}
 *
 * A query can get several answers where rates are involved: each of them has to be as the expectation says.
 * Shutoffs do not count: a caller builds the snapshot without them. */
#ifndef BALROG_EXPLAIN_EXPECTATION_H
#define BALROG_EXPLAIN_EXPECTATION_H

#include "core/json.h"
#include "explain/explain.h"
#include "query/version.h"

enum {
    EXPECT_QUERY_MAX = 2000,   /* bytes */
    EXPECT_MUST_MAX = 2000,    /* bytes of its JSON */
    EXPECT_MAPPINGS_MAX = 20,  /* in one expectation */
    EXPECT_PRODUCT_MAX = 1000, /* expectations of a product */
    EXPECTATIONS_MAX = 10000,  /* in all */
};

/* Whether the client gets an update. */
enum expect_update { EXPECT_ALWAYS, EXPECT_MAYBE, EXPECT_NEVER };

struct expect_version {
    const char *text; /* NULL: none */
    struct version version;
};

/* Its texts are those of the JSON that it was read from. */
struct expectation {
    struct str product, name;
    struct str query; /* from its path on */
    const cJSON *must;
    enum expect_update update;
    struct str mapping[EXPECT_MAPPINGS_MAX]; /* the release is one of these; none: any */
    size_t n_mapping;
    struct expect_version min;   /* the release's version is this or a later one */
    struct expect_version below; /* and an earlier one than this */
    bool no_downgrade; /* no release that is served, or that the rule maps to, is older than what the
                          client has. A fallbackMapping may be, if nothing is served from it */
};

/* Reads ROW, with the columns of table_expectations. FAIL_INVALID if its `must` is not right. */
bool expectation_read(const cJSON *row, struct expectation *x, struct error *e);

/* *PATH becomes URL, of an update query, whole or from its path on, as an expectation of PRODUCT stores it:
 * in its canonical spelling, without an IMEI; owned by CTX. FAIL_INVALID for a URL that no form fits, that is
 * too long, or that asks for another product. */
bool expectation_query(void *ctx, struct str product, struct str url, struct str *path, struct error *e);

/* Why X is broken by what S answers: a sentence without a full stop, owned by CTX; NULL: X holds. *GETS
 * (unless GETS is NULL) becomes an array of all answers, each with percent, mapping, version, reason and
 * why; the caller's. */
const char *expectation_why_broken(void *ctx, const struct snapshot *s, const struct expectation *x,
                                   cJSON **gets);

#endif
