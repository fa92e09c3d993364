/* Joins the tables of routes, one per file of handlers, into the one that the router searches. */
#include "admin/routes.h"

static const struct admin_routes *const files[] = {
    &app_instances_routes,
    &expectations_check_routes,
    &expectations_import_routes,
    &expectations_routes,
    &explain_routes,
    &history_all_routes,
    &history_routes,
    &partial_stops_routes,
    &pending_routes,
    &pins_routes,
    &release_diff_routes,
    &release_index_routes,
    &release_part_routes,
    &release_revisions_routes,
    &releases_v1_routes,
    &releases_v2_routes,
    &required_signoffs_routes,
    &rules_routes,
    &scheduled_permissions_routes,
    &releases_v1_schedule_routes,
    &scheduled_required_signoffs_routes,
    &scheduled_rules_routes,
    &served_routes,
    &service_routes,
    &shutoffs_routes,
    &simulate_routes,
    &status_routes,
    &ui_config_routes,
    &uptake_routes,
    &users_routes,
};

const struct admin_route *admin_routes_join(void *ctx, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        *n += files[i]->n;
    }
    struct admin_route *all = mem_array(ctx, struct admin_route, *n);
    struct admin_route *next = all;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        memcpy(next, files[i]->route, files[i]->n * sizeof *next);
        next += files[i]->n;
    }
    return all;
}
