/* GET /uptake: the clients' queries by time and version, as the public hosts' balrog-uptake counted them. The
 * hosts are asked without a transaction, since they may take their time. Not in the reference. */
#include "admin/routes.h"
#include "explain/uptake_client.h"
#include "store/access.h"

enum { UPTAKE_STEP_S = 300, UPTAKE_DAY_S = 86400 };

struct known_caller {
    const char *user;
    bool known;
};

static bool ask_if_known(struct tx *tx, void *arg, struct error *e)
{
    struct known_caller *caller = arg;
    return access_is_known(tx, caller->user, &caller->known, e);
}

/* Programs' accounts, which have no '@', are known. */
static bool check_caller(struct admin_call *call, bool *known, struct error *e)
{
    struct known_caller caller = { call->user, strchr(call->user, '@') == NULL };
    struct tx_request request = { .username = call->user,
                                  .request_id = call->request->id,
                                  .read_only = true };
    bool ok = caller.known || tx_run(call->site, &request, ask_if_known, &caller, e);
    *known = caller.known;
    return ok;
}

static bool get_uptake(struct admin_call *call, struct error *e)
{
    int64_t step_s = UPTAKE_STEP_S;
    struct error why = { 0 };
    bool known;
    admin_arg_int(call, "step_s", &step_s);
    if (!check_caller(call, &known, e)) {
        return false;
    }
    if (!known) {
        return admin_problem(call, 403, "Forbidden", "Authorization Required", NULL);
    }
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
