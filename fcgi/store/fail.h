/* Why a write failed, as far as the answer depends on it: the reason of a struct error.
 *
 * The admin API has one problem response per reason. The status that it sends and, where there is one, the
 * reference's exception are given beside each. */
#ifndef BALROG_STORE_FAIL_H
#define BALROG_STORE_FAIL_H

#include "core/error.h"

enum fail {
    FAIL_OTHER,      /* 500: our own fault; the reason of every error that names none */
    FAIL_OUTDATED,   /* 400 OutdatedDataError: data_version is not the row's any more */
    FAIL_MERGE,      /* 400 UpdateMergeError: a scheduled change to the row touches the same columns */
    FAIL_SCHEDULED,  /* 400 ChangeScheduledError: the row has a scheduled change already */
    FAIL_SIGNOFF,    /* 400 SignoffRequiredError */
    FAIL_READ_ONLY,  /* 400 ReadOnlyError: the release is */
    FAIL_PERMISSION, /* 403 PermissionDeniedError */
    FAIL_INVALID,    /* 400 ValueError: what was sent is wrong */
    FAIL_BLOB,       /* 400 BlobValidationError: the reasons are in tx_request.blob_errors */
    FAIL_NOT_FOUND,  /* 404: no such row */
    FAIL_DUPLICATE,  /* 400: there is such a row (or alias) already */
    FAIL_DATABASE,   /* 503: no connection, or lost; nothing was changed. Retry-After */
    FAIL_BUSY,       /* 503: deadlock or lock timeout; tx_run() has tried again often enough. Retry-After */
    FAIL_SCHEMA,     /* 503: the database's schema does not fit this version of the code */
    FAIL_UNKNOWN,    /* 503: the connection went while COMMIT ran, so the change may have been made */
    FAIL_ANSWERED,   /* a handler of the admin API refused and wrote the answer itself (admin_problem) */
};

/* Fills *E with REASON, the kind that it belongs to and a text; returns false. */
bool fail(struct error *e, enum fail reason, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Whether *E failed for REASON. */
bool failed_as(const struct error *e, enum fail reason);

#endif
