/* Splits a release as v2 stores it: into a base and one asset per locale (reference: split_release).
 * release/assets.h puts them together again. */
#ifndef BALROG_BLOB_SPLIT_H
#define BALROG_BLOB_SPLIT_H

#include "core/json.h"

struct split_asset {
    struct str path; /* ".platforms.P.locales.L", as release_assets stores it */
    const char *platform;
    const char *locale;
    const cJSON *value; /* anything; borrowed from the blob, as are the names */
};
struct split {
    cJSON *base;               /* freed with the struct, unless the caller sets it to NULL */
    struct split_asset *asset; /* in the blob's order */
    size_t n;
};

/* Splits BLOB, a whole release of the format SCHEMA_VERSION or a part of one, without changing it. Only app
 * releases have assets. Objects that held nothing else leave no trace in the base ("platforms": {} does not,
 * either); where the way to the locales leads through something that is no object, that stays in the base.
 * The result is a child of CTX and must not outlive BLOB. */
struct split *blob_split(void *ctx, const cJSON *blob, int schema_version);

#endif
