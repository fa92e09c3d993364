/* See routes.h. */
#include "public/routes.h"

#include "public/handlers.h"

const struct route public_routes[] = {
    { METHOD_GET, "/api/v1/releases", "product name_prefix names_only", api_get_releases, "api_releases" },
    { METHOD_GET, "/api/v1/releases/{release}", "pretty", api_get_release, "api_release" },
    { METHOD_GET, "/api/v1/releases/{release}/builds/{platform}/{locale}", "", api_get_release_locale,
      "api_release_locale" },
    { METHOD_GET, "/api/v1/rules", "product", api_get_rules, "api_rules" },
    { METHOD_GET, "/api/v1/rules/{id_or_alias}", "", api_get_rule, "api_rule" },
    { METHOD_GET, "/api/v1/rules/{rule_id:int}/revisions", "page limit", api_get_rule_revisions,
      "api_rule_revisions" },
    { METHOD_GET, "/api/v1/emergency_shutoff", NULL, api_get_shutoffs, "api_shutoffs" },
    { METHOD_GET, "/api/v1/emergency_shutoff/{product}/{channel}", "", api_get_shutoff, "api_shutoff" },
    { METHOD_GET, "/api/v1/pins/{product}/{channel}/{version}", "pretty", api_get_pin, "api_pin" },
    { METHOD_GET, "/__version__", NULL, api_get_version, "version" },
    { METHOD_GET, "/__heartbeat__", NULL, api_get_heartbeat, "heartbeat" },
    { METHOD_GET, "/__lbheartbeat__", NULL, api_get_lbheartbeat, "lbheartbeat" },
    { METHOD_GET, "/robots.txt", NULL, api_get_robots, "robots" },
    { METHOD_GET, "/contribute.json", NULL, api_get_contribute, "contribute" },
    { METHOD_GET, "/swagger.json", NULL, api_get_swagger, "swagger" },
};
const size_t public_n_routes = ARRAY_LEN(public_routes);
