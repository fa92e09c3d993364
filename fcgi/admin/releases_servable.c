/* GET /releases/{release}/servable and GET /v2/releases/{name}/servable: the parts of a release that would
 * not be served. Both answer for the release that is served under the name: that of v2 if there is one. */
#include "admin/releases_v1.h"
#include "admin/releases_v2.h"
#include "release/unserved.h"

/* Prints the whole release NAME to OUT. *PRODUCT is its product; *THERE, whether it exists. */
static bool print_release(struct admin_call *call, const char *name, struct buf *out, const char **product,
                          bool *there, struct error *e)
{
    cJSON *row, *assets = NULL;
    if (!releases_v2_read_base(call->tx, name, ROW_PLAIN, &row, e) ||
        (row != NULL && !releases_v2_read_assets(call->tx, name, true, &assets, e)) ||
        (row == NULL &&
         !row_get(call->tx, &table_releases, releases_v1_key(call, name), ROW_PLAIN, &row, e))) {
        return false;
    }
    *there = row != NULL;
    *product = row_text(row, "product");
    cJSON *blob = (cJSON *)json_get_object(row, "data");
    if (blob == NULL) {
        return true;
    }
    struct assets tree;
    assets_open(&tree, blob);
    for (cJSON *asset = assets != NULL ? assets->child : NULL; asset != NULL; asset = asset->next) {
        assets_put(&tree, str_of(row_text(asset, "path")),
                   mem_check(cJSON_DetachItemFromObjectCaseSensitive(asset, "data")));
    }
    assets_close(&tree);
    json_print(out, blob, JSON_DUMPS);
    return true;
}

static cJSON *answer_of(const char *name, const char *product, struct unserved *u)
{
    cJSON *answer = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddStringToObject(answer, "name", name));
    cJSON_AddItemToObject(answer, "product", json_text(str_of(product)));
    mem_check(cJSON_AddBoolToObject(answer, "servable", u->count == 0));
    mem_check(cJSON_AddNumberToObject(answer, "count", (double)u->count));
    cJSON_AddItemToObject(answer, "problems", u->problems);
    return answer;
}

bool releases_servable_get(struct admin_call *call, struct error *e)
{
    enum { WHOLE_MAX = 256 << 20 };
    struct buf text;
    const char *name = admin_text(call, call->param[0]), *product = NULL;
    bool there = false;
    buf_init(&text, 4096, WHOLE_MAX);
    bool ok = print_release(call, name, &text, &product, &there, e);
    if (!ok || !there) {
        buf_free(&text);
        return ok ? admin_problem(call, 404, "Not Found", "Release does not exist", NULL) : false;
    }
    struct unserved u = { .problems = mem_check(cJSON_CreateArray()) };
    struct release_row row = { .name = str_of(name), .product = str_of(product), .json = buf_view(&text) };
    release_list_unserved(&row, call->tx->site->allowlist, &u);
    buf_free(&text);
    return admin_json(call, tx_keep(call->tx, answer_of(name, product, &u)));
}
