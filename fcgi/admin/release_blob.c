/* See release_blob.h. */
#include "admin/release_blob.h"

#include "store/access.h"
#include "store/fail.h"

bool release_blob_refuse(struct tx *tx, struct blob_errors *errors, struct error *e)
{
    if (errors->is_list) {
        cJSON *list = errors->list;
        errors->list = NULL;
        tx_fail_blob(tx, list, e);
    }
    fail(e, errors->is_list ? FAIL_BLOB : FAIL_INVALID, "%s", errors->error.what);
    blob_errors_free(errors);
    return false;
}

bool release_blob_parse(struct tx *tx, const char *text, cJSON **blob, struct error *e)
{
    struct blob_errors errors = { 0 };
    struct error why;
    *blob = tx_keep(tx, json_parse(str_of(text), &why));
    if (*blob == NULL) {
        return fail(e, FAIL_INVALID, "%s", why.what);
    }
    return blob_version(*blob, NULL, &errors) || release_blob_refuse(tx, &errors, e);
}

/* Whether BLOB calls itself NAME. */
static bool has_name(const cJSON *blob, const char *name, struct error *e)
{
    const char *inside = json_get_string(blob, "name");
    return (inside != NULL && strcmp(inside, name) == 0) ||
           fail(e, FAIL_INVALID, "name in database (%s) does not match name in blob (%s)", name,
                access_text(inside));
}

bool release_blob_check(struct tx *tx, const char *name, const char *product,
                        const struct blob_change *change, struct error *e)
{
    struct blob_errors errors = { 0 };
    struct error why;
    if (!blob_validate(change->blob, str_of(product), tx->site->allowlist, &errors)) {
        return release_blob_refuse(tx, &errors, e);
    }
    if (!blob_check_servable(change, &why)) {
        return fail(e, FAIL_INVALID, "%s", why.what);
    }
    return has_name(change->blob, name, e);
}
