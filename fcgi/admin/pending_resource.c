/* GET /pending: everything that is scheduled, of all tables. Not in the reference. */
#include "admin/app_instances.h"
#include "admin/expectations.h"
#include "admin/resources.h"
#include "admin/routes.h"
#include "store/access.h"
#include "store/waiting.h"

enum { PENDING_PAGE = 50 };

/* By the names that the agent and the paths of the API have for them. */
static const struct waiting_source sources[] = {
    { "rules", &rules_resource },
    { "releases", &releases_resource },
    { "v2/releases", &releases_json_resource, .by_release = true },
    { "v2/releases", &release_assets_resource, .by_release = true },
    { "permissions", &permissions_resource },
    { "emergency_shutoff", &emergency_shutoffs_resource },
    { "partial_stops", &partial_stops_resource },
    { "required_signoffs/product", &product_req_signoffs_resource },
    { "required_signoffs/permissions", &permissions_req_signoffs_resource },
    { "pinnable_releases", &pinnable_releases_resource },
};

/* Moves one entry of an agent's report, {"kind", "id", "at", "what", "next"}, to FAILING. */
static void add_failing(cJSON *failing, const cJSON *one)
{
    static const char *const names[] = { "at", "what", "next" };
    const char *kind = json_get_string(one, "kind");
    const cJSON *id = json_get(one, "id");
    struct buf key;
    if (kind == NULL || !(cJSON_IsString(id) || cJSON_IsNumber(id))) {
        return;
    }
    buf_init(&key, 64, 512);
    buf_printf(&key, "%s ", kind);
    json_print_str(&key, id);
    buf_char(&key, '\0');
    if (!key.full && json_get(failing, key.p) == NULL) {
        cJSON *failed = mem_check(cJSON_AddObjectToObject(failing, key.p));
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            const cJSON *value = json_get(one, names[i]);
            cJSON_AddItemToObject(
                failed, names[i],
                mem_check(value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateNull()));
        }
    }
    buf_free(&key);
}

/* What agents that run say, in their reports: FAILING, what they could not enact, and UPTAKES, a list of
 * those that they have read. Both are empty for callers who may not see the instances. */
struct agents_say {
    cJSON *failing;
    cJSON *uptakes;
};

static void add_report(struct agents_say *say, const cJSON *detail)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, json_get_array(detail, "failing"))
    {
        add_failing(say->failing, one);
    }
    cJSON_ArrayForEach(one, json_get_array(detail, "uptakes"))
    {
        cJSON_AddItemToArray(say->uptakes, mem_check(cJSON_Duplicate(one, true)));
    }
}

static bool read_agents(struct admin_call *call, struct agents_say *say, struct error *e)
{
    cJSON *instances;
    const cJSON *instance;
    bool known;
    say->failing = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    say->uptakes = tx_keep(call->tx, mem_check(cJSON_CreateArray()));
    if (!access_is_known(call->tx, call->user, &known, e)) {
        return false;
    }
    if (!known) {
        return true;
    }
    if (!app_instances_json(call->tx, &instances, e)) {
        return false;
    }
    tx_keep(call->tx, instances);
    cJSON_ArrayForEach(instance, instances)
    {
        const char *program = json_get_string(instance, "program");
        if (program != NULL && strcmp(program, "balrog-agent") == 0 &&
            cJSON_IsTrue(json_get(instance, "alive"))) {
            add_report(say, json_get(instance, "detail"));
        }
    }
    return true;
}

static bool is_same_text(const cJSON *a, const cJSON *b, const char *name)
{
    const char *x = json_get_string(a, name), *y = json_get_string(b, name);
    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* Adds `uptake_now` to the conditions of ENTRIES; null where no agent has read it. */
static void add_uptakes(cJSON *entries, const cJSON *uptakes)
{
    const cJSON *one;
    cJSON *entry;
    cJSON_ArrayForEach(entry, entries)
    {
        cJSON *wanted = cJSON_GetObjectItemCaseSensitive(entry, "telemetry");
        if (!cJSON_IsObject(wanted)) {
            continue;
        }
        const cJSON *now = NULL;
        cJSON_ArrayForEach(one, uptakes)
        {
            if (is_same_text(one, wanted, "product") && is_same_text(one, wanted, "channel")) {
                now = json_get(one, "uptake");
            }
        }
        cJSON_AddItemToObject(
            wanted, "uptake_now",
            mem_check(cJSON_IsNumber(now) ? cJSON_CreateNumber(now->valuedouble) : cJSON_CreateNull()));
    }
}

static bool answer_pending(struct admin_call *call, const struct waiting_answer *page)
{
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(answer, "count", (double)page->count));
    mem_check(cJSON_AddNumberToObject(answer, "mine", (double)page->mine));
    cJSON_AddItemReferenceToObject(answer, "pending", page->entries);
    if (page->next != NULL) {
        mem_check(cJSON_AddStringToObject(answer, "next", page->next));
    } else {
        mem_check(cJSON_AddNullToObject(answer, "next"));
    }
    return admin_json(call, answer);
}

static bool list_pending(struct admin_call *call, struct error *e)
{
    struct waiting_answer page;
    struct agents_say say;
    struct expect_page *expectations = NULL;
    bool with_breaks = str_eq(admin_arg(call, "expectations"), STR("1"));
    struct waiting_query q = {
        .source = sources,
        .n_sources = sizeof sources / sizeof sources[0],
        .kind = admin_arg(call, "kind"),
        .product = admin_arg(call, "product"),
        .channel = admin_arg(call, "channel"),
        .mine = str_eq(admin_arg(call, "mine"), STR("1")),
        .limit = PENDING_PAGE,
        .after = admin_arg(call, "after"),
        .now_ms = call->now_ms,
    };
    admin_arg_int(call, "limit", &q.limit);
    if ((with_breaks && !expectations_start_page(call, &expectations, e)) || !read_agents(call, &say, e)) {
        return false;
    }
    q.failing = say.failing;
    if (!waiting_page(call->tx, &q, &page, e)) {
        return false;
    }
    add_uptakes(page.entries, say.uptakes);
    return (!with_breaks || expectations_add_breaks(expectations, page.entries, e)) &&
           answer_pending(call, &page);
}

static const struct body_field pending_args[] = {
    { "kind", FIELD_STRING,
      .words = "rules releases v2/releases permissions emergency_shutoff partial_stops "
               "required_signoffs/product required_signoffs/permissions pinnable_releases" },
    { "product", FIELD_STRING, .min = 1, .max = 100 },
    { "channel", FIELD_STRING, .min = 1, .max = 100 },
    { "mine", FIELD_STRING, .words = "0 1" },
    { "expectations", FIELD_STRING, .words = "0 1" },
    { "limit", FIELD_INT, .min = 1, .max = WAITING_PAGE_MAX },
    { "after", FIELD_STRING, .min = 1, .max = 100 },
    { 0 },
};

static const struct admin_route routes[] = {
    { METHOD_GET, "/pending", list_pending, ADMIN_IF_SENT, "pending_get", .args = pending_args,
      .flags = ADMIN_PRIVATE },
};
const struct admin_routes pending_routes = ADMIN_ROUTES(routes);
