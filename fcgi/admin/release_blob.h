/* The checks of a release's blob that v1 and v2 have in common. */
#ifndef BALROG_ADMIN_RELEASE_BLOB_H
#define BALROG_ADMIN_RELEASE_BLOB_H

#include "blob/servable.h"
#include "blob/validate.h"
#include "store/tx.h"

/* Parses TEXT; *BLOB is owned by the transaction. FAIL_INVALID if it is not JSON; FAIL_BLOB or FAIL_INVALID
 * if it does not say of which format it is. */
bool release_blob_parse(struct tx *tx, const char *text, cJSON **blob, struct error *e);
/* Checks that CHANGE, which makes a new blob, may be made to the release NAME of PRODUCT (NULL: none): the
 * blob fits its format and the product, can be served, and has this name. FAIL_BLOB or FAIL_INVALID. */
bool release_blob_check(struct tx *tx, const char *name, const char *product,
                        const struct blob_change *change, struct error *e);
/* Fills E with what ERRORS say, and frees them: FAIL_BLOB or FAIL_INVALID, with the exception's text. Returns
 * false. */
bool release_blob_refuse(struct tx *tx, struct blob_errors *errors, struct error *e);

#endif
