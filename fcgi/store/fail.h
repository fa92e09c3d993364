/* Why an operation on the database failed: the `reason` of a struct error (core/error.h).
 *
 * The kind of an error chooses the HTTP status. The reason is finer: the admin API has one problem response
 * per reason, retries after some of them, and looks for others with failed_as(). Each reason below is given
 * with its status, the reference's exception if it has one, and the cause. */
#ifndef BALROG_STORE_FAIL_H
#define BALROG_STORE_FAIL_H

#include "core/error.h"

enum fail {
    FAIL_OTHER,       /* 500: a fault of the program. error_set() leaves this reason, so it must stay 0 */
    FAIL_OUTDATED,    /* 400 OutdatedDataError: the row has another data_version than the request names */
    FAIL_MERGE,       /* 400 UpdateMergeError: a scheduled change of the row sets the same columns */
    FAIL_SCHEDULED,   /* 400 ChangeScheduledError: the row already has a scheduled change */
    FAIL_SIGNOFF,     /* 400 SignoffRequiredError: required sign-offs are missing */
    FAIL_EXPECTATION, /* 400: it would break an expectation, and these block changes of its product */
    FAIL_READ_ONLY,   /* 400 ReadOnlyError: the release is read-only */
    FAIL_PERMISSION,  /* 403 PermissionDeniedError: the user lacks the permission */
    FAIL_INVALID,     /* 400 ValueError: a value in the request is wrong */
    FAIL_BLOB,        /* 400 BlobValidationError: tx_request.blob_errors lists what is wrong with the blob */
    FAIL_NOT_FOUND,   /* 404: the row does not exist */
    FAIL_DUPLICATE,   /* 400: a row with this key, or a rule with this alias, already exists */
    FAIL_DATABASE,    /* 503 with Retry-After: no connection, or a lost one; nothing was changed */
    FAIL_LOCKED,      /* the same: the database's server is read-only */
    FAIL_FULL,        /* the same: the disk of the database's server is full */
    FAIL_CROWDED,     /* the same: the database's server accepts no more connections */
    FAIL_NO_PRIMARY,  /* the same: no server of the database can be written to; the text says why, for people
                       */
    FAIL_BUSY,        /* 503 with Retry-After: a deadlock or lock timeout that outlasted tx_run()'s retries */
    FAIL_SCHEMA,      /* 503: the database's schema does not fit this version of the programs */
    FAIL_UNKNOWN,     /* 503: the connection was lost during COMMIT, so the change may have been made */
    FAIL_ANSWERED,    /* a handler of the admin API refused and has written the answer (admin_problem) */
};

/* Fills E with REASON, the error kind of that reason, and the text FMT. E may be NULL. Returns false, so that
 * a caller can write `return fail(…)`. */
bool fail(struct error *e, enum fail reason, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* What a client is told of E, whose kind is ERROR_UNAVAILABLE, when the database did not do what it was
 * asked: one sentence. Constant. */
const char *fail_unavailable(const struct error *e);
/* Whether REASON is the reason of E, which an operation of this folder has filled by failing. */
bool failed_as(const struct error *e, enum fail reason);

#endif
