/* What a release is as a row, what it is compiled, and what it is asked with: the types that every file here
 * shares. */
#ifndef BALROG_RELEASE_COMPILED_H
#define BALROG_RELEASE_COMPILED_H

#include "core/buf.h"
#include "core/error.h"
#include "core/mem.h"
#include "query/query.h"
#include "release/allowlist.h"

/* A release as the database holds it. Everything is borrowed. */
struct release_asset {
    struct str path; /* ".platforms.P.locales.L" */
    struct str json;
    uint64_t stamp; /* of whoever read the row; the release keeps it for release_amend() */
};
struct release_row {
    struct str name;
    struct str product;
    struct str json; /* the whole blob (table releases), or the base blob (releases_json); absent: NULL in the
                        database */
    const struct release_asset *assets; /* rows of release_assets, in the order of their paths */
    size_t n_assets;
};

/* A release whose updateLine has more groups is not compiled, so it is not accepted either. */
enum { UPDATE_LINE_GROUPS_MAX = 256 };

/* How much of a release is wanted. */
enum release_use {
    RELEASE_BUILD_IDS, /* only what partials compare with: platforms, aliases, locales, build ids */
    RELEASE_SERVED,    /* everything that an answer needs */
};

struct release_format;

/* A compiled release: immutable, in one talloc context of its own. */
struct release {
    const struct release_format *format;
    enum release_use use;
    struct str name;        /* the row's */
    struct str product;     /* the row's */
    const struct str *from; /* names of the releases that partials start from, each once, without "*" */
    size_t n_from;
    const struct str *products; /* superblob by products: what to ask again with; NULL: it is none */
    size_t n_products;
    const struct str
        *members; /* superblob by blobs: names of the releases to put together; NULL: it is none */
    size_t n_members;
    const void *body;             /* the format's own */
    bool amendable;               /* its assets are a locale each, and it was not amended too often */
    const struct release *amends; /* whose memory it goes on using; NULL: none's */
    unsigned n_amended;           /* how many stand behind each other so */
};

/* What came of asking a release. */
enum verdict {
    VERDICT_NO,    /* nothing to serve: an empty answer */
    VERDICT_MAYBE, /* there is an update, and it is newer than the query's pin allows */
    VERDICT_YES,
    VERDICT_BAD,    /* the client's fault, a 400 with what the error says */
    VERDICT_BROKEN, /* the release lacks something (the reference answers 500): the error says what */
};

/* What an answer depends on besides the release. */
struct release_env {
    const struct query
        *query; /* its product is the one that rules were asked with (superblobs ask with several) */
    struct str update_type; /* the rule's */
    const struct allowlist *allowlist;
    const struct str *force_hosts; /* SPECIAL_FORCE_HOSTS: URL prefixes that get force=… appended */
    size_t n_force_hosts;
    /* The release NAME in any use, or NULL. */
    const struct release *(*find)(const void *arg, struct str name);
    const void *find_arg;
};

#endif
