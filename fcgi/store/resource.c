/* See resource.h. */
#include "store/resource.h"

bool resource_needs(struct tx *tx, const struct resource *r, const struct change *c, cJSON **needs,
                    struct error *e)
{
    *needs = signoff_needs_new(tx);
    return r->require == NULL || r->require(tx, c, *needs, e);
}

/* Finds the product that ROW, of R's table, belongs to. *PRODUCT is NULL if it belongs to none. */
static bool find_product(struct tx *tx, const struct resource *r, const cJSON *row, const char **product,
                         struct error *e)
{
    cJSON *rows;
    struct table_query q = {
        .table = &table_releases_json,
        .key = { { "name", DB_S(str_of(row_text(row, "name"))) } },
        .tail = tx_share(tx),
    };
    *product = r->scope == SCOPE_COLUMN ? row_text(row, "product") : NULL;
    if (r->scope != SCOPE_RELEASE || row_text(row, "name") == NULL) {
        return true;
    }
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    *product = row_text(rows->child, "product");
    return true;
}

bool resource_is_admin(struct tx *tx, const struct resource *r, const char *username, const cJSON *old,
                       const cJSON *now, bool *is, struct error *e)
{
    const cJSON *const rows[] = { old, now };
    *is = old != NULL || now != NULL;
    for (unsigned i = 0; i < 2; i++) {
        const char *product;
        bool of_product = true;
        if (rows[i] != NULL && (!find_product(tx, r, rows[i], &product, e) ||
                                !access_is_admin(tx, username, product, &of_product, e))) {
            return false;
        }
        *is = *is && of_product;
    }
    return true;
}
