/* GET /release_index: pages of all releases, for lists and for suggestions while a name is typed. (Not in the
 * reference, whose UI reads all releases.) */
#include "admin/release_at.h"
#include "admin/routes.h"
#include "store/release_index.h"

static const struct body_field index_args[] = {
    { "q", FIELD_STRING, .max = 200 },
    { "name", FIELD_STRING, .min = 1, .max = 200 },
    { "product", FIELD_STRING, .max = 100 },
    { "kind", FIELD_STRING, .words = "v1 v2" },
    { "state", FIELD_STRING, .words = "pending mapped writable" },
    { "sort", FIELD_STRING, .words = "name changed" },
    { "fields", FIELD_STRING, .words = "name" },
    { "limit", FIELD_INT, .min = 1, .max = RELEASE_INDEX_PAGE_MAX },
    { "after", FIELD_INT, .max = INT32_MAX },
    { 0 },
};

static enum release_state_filter state_of(struct str word)
{
    return str_eq(word, STR("pending"))    ? STATE_PENDING
           : str_eq(word, STR("mapped"))   ? STATE_MAPPED
           : str_eq(word, STR("writable")) ? STATE_WRITABLE
                                           : STATE_ANY;
}

/* When and by whom releases were changed is only for callers who have said who they are. */
static bool get_index(struct admin_call *call, struct error *e)
{
    struct release_index_query q = {
        .words = admin_arg(call, "q"),
        .name = admin_arg(call, "name"),
        .product = admin_arg(call, "product"),
        .kind = admin_arg(call, "kind"),
        .state = state_of(admin_arg(call, "state")),
        .by_change = str_eq(admin_arg(call, "sort"), STR("changed")),
        .names_only = admin_arg(call, "fields").n > 0,
        .changes = call->user[0] != '\0',
        .limit = RELEASE_INDEX_PAGE_MAX,
    };
    cJSON *releases;
    int64_t count;
    admin_arg_int(call, "limit", &q.limit);
    if (!release_at_after(call, &q.skip) || !release_index(call->tx, &q, &releases, &count, e)) {
        return false;
    }
    int64_t next = q.skip + q.limit;
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(answer, "count", (double)count));
    cJSON_AddItemReferenceToObject(answer, "releases", releases);
    cJSON_AddItemToObject(answer, "next",
                          mem_check(next < count ? cJSON_CreateNumber((double)next) : cJSON_CreateNull()));
    return admin_json(call, answer);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/release_index", get_index, ADMIN_IF_SENT, "release_index", .args = index_args,
      .flags = ADMIN_PRIVATE },
};
const struct admin_routes release_index_routes = ADMIN_ROUTES(routes);
