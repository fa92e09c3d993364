/* GET /uptake: the clients' queries by time and version, as the public hosts' balrog-uptake counted them. The
 * hosts are asked without a transaction, since they may take their time. Not in the reference. */
#include "admin/routes.h"
#include "explain/uptake_client.h"

enum { UPTAKE_STEP_S = 300, UPTAKE_DAY_S = 86400 };

static bool get_uptake(struct admin_call *call, struct error *e)
{
    int64_t step_s = UPTAKE_STEP_S;
    struct error why = { 0 };
    (void)e;
    admin_arg_int(call, "step_s", &step_s);
    if (step_s % UPTAKE_STEP_S != 0) {
        return admin_problem_plain(call, 400, "Bad Request", "step_s must be a multiple of 300", NULL);
    }
    cJSON *answer = uptake_fetch_series(&call->config->admin.uptake_url, admin_arg(call, "product"),
                                        admin_arg(call, "channel"), (unsigned)step_s, &why);
    if (answer == NULL) {
        int status = http_status_of(why.kind);
        return admin_problem_plain(call, status, http_reason(status), why.what, NULL);
    }
    json_keep(call->ctx, answer);
    return admin_json(call, answer);
}

static const struct body_field uptake_args[] = {
    { "product", FIELD_STRING, .required = true, .min = 1 },
    { "channel", FIELD_STRING, .required = true, .min = 1 },
    { "step_s", FIELD_INT, .min = UPTAKE_STEP_S, .max = UPTAKE_DAY_S },
    { 0 },
};

static const struct admin_route routes[] = {
    { METHOD_GET, "/uptake", get_uptake, ADMIN_USER, "uptake", .args = uptake_args,
      .flags = ADMIN_NO_DATABASE },
};
const struct admin_routes uptake_routes = ADMIN_ROUTES(routes);
