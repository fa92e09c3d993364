/* Checks whether a blob may be written (reference: createBlob, Blob.validate). */
#ifndef BALROG_BLOB_VALIDATE_H
#define BALROG_BLOB_VALIDATE_H

#include "core/json.h"
#include "release/allowlist.h"

/* Why a blob is refused. The reference raises one of two exceptions; its handlers put their texts into
 * different members of the answer. */
struct blob_errors {
    bool is_list;       /* a BlobValidationError; else a ValueError */
    struct error error; /* 400 and the exception's text */
    cJSON *list; /* for answers whose "exception" is a list: the errors of a BlobValidationError, otherwise
                    the text alone. An array of strings that name the place; a conflict of short updateLine
                    groups is an array itself: [for, for, [field names]]. Less than 2 KB in all */
};
/* Frees the list; may be called on a zeroed struct. */
void blob_errors_free(struct blob_errors *errors);

/* Whether BLOB has a known schema_version. Nothing else is required of a blob that is scheduled. *VERSION
 * receives its schema_version (NULL: not wanted). False: ERRORS says why, blob_errors_free() it. */
bool blob_version(const cJSON *blob, int *version, struct blob_errors *errors);

/* Whether BLOB, whole, may be a release of PRODUCT (the row's new product; absent: none): its format's
 * schema, URLs on permitted hosts only, the hash lengths of GMP, no two updateLine groups for one query. The
 * caller checks that the row and the blob have the same name. False: ERRORS says why, blob_errors_free() it.
 */
bool blob_validate(const cJSON *blob, struct str product, const struct allowlist *allowlist,
                   struct blob_errors *errors);

/* The version of an app release as a whole (reference: getApplicationVersion(None, None)), which is at the
 * top of the blob. Absent for other formats, and where there is none. */
struct str blob_application_version(const cJSON *blob);

#endif
