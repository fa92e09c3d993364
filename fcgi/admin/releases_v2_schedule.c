/* Scheduling changes of v2 releases, and signing off, enacting and dropping all that is scheduled for one.
 * (reference: views/releases_v2.py, services/releases.py) */
#include "admin/releases_v2.h"

#include "store/schedule.h"
#include "store/schedule_enact.h"
#include "store/schedule_signoffs.h"

bool releases_v2_schedule_row(struct tx *tx, const struct row_schedule *schedule, cJSON **leaf,
                              struct error *e)
{
    int64_t sc_id;
    cJSON *signoffs;
    cJSON *change = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const cJSON *value = schedule->values->child; value != NULL; value = value->next) {
        cJSON_AddItemReferenceToObject(change, value->string, (cJSON *)value);
    }
    mem_check(cJSON_AddStringToObject(change, "change_type", change_type_name(schedule->type)));
    mem_check(cJSON_AddNumberToObject(change, "when", (double)schedule->when));
    if (schedule->type != CHANGE_INSERT) {
        mem_check(cJSON_AddNumberToObject(change, "data_version", (double)schedule->version));
    }
    if (!sc_insert(tx, schedule->resource, change, &sc_id, e) ||
        !sc_signoffs(tx, schedule->resource, sc_id, &signoffs, e)) {
        return false;
    }
    *leaf = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddNumberToObject(*leaf, "sc_id", (double)sc_id));
    mem_check(cJSON_AddStringToObject(*leaf, "change_type", change_type_name(schedule->type)));
    mem_check(cJSON_AddNumberToObject(*leaf, "data_version", 1));
    mem_check(cJSON_AddNumberToObject(*leaf, "when", (double)schedule->when));
    cJSON_AddItemToObject(*leaf, "signoffs", mem_check(cJSON_Duplicate(signoffs, true)));
    return true;
}

static bool nothing_scheduled(struct admin_call *call)
{
    return admin_problem(call, 404, "Missing", "Release has no scheduled changes", NULL);
}

/* ---- sign-offs and enacting: of all that is scheduled for the release ---- */

/* The resources of a release: base and assets. */
static const struct resource *const resources[] = { &releases_json_resource, &release_assets_resource };
enum { RESOURCES = ARRAY_LEN(resources) };

/* Calls ACT for each scheduled change of the release. Refuses the call with a 404 if there is none. */
static bool each_scheduled(struct admin_call *call,
                           bool (*act)(struct admin_call *call, const struct resource *r, int64_t sc_id,
                                       void *arg, struct error *e),
                           void *arg, struct error *e)
{
    const char *name = admin_text(call, call->param[0]);
    cJSON *base, *pending[RESOURCES];
    if (!releases_v2_read_base(call->tx, name, ROW_LOCKED, &base, e)) {
        return false;
    }
    bool any = false;
    for (unsigned i = 0; i < RESOURCES; i++) {
        if (!releases_v2_read_pending(call->tx, resources[i], name, false, &pending[i], e)) {
            return false;
        }
        any |= pending[i]->child != NULL;
    }
    if (!any) {
        return nothing_scheduled(call);
    }
    for (unsigned i = 0; i < RESOURCES; i++) {
        for (const cJSON *sc = pending[i]->child; sc != NULL; sc = sc->next) {
            if (!act(call, resources[i], row_int(sc, "sc_id"), arg, e)) {
                return false;
            }
        }
    }
    return true;
}

static bool signoff_one(struct admin_call *call, const struct resource *r, int64_t sc_id, void *arg,
                        struct error *e)
{
    const char *role = arg;
    return sc_signoff(call->tx, r, sc_id, role, 0, e);
}

bool releases_v2_signoff(struct admin_call *call, struct error *e)
{
    const char *role = json_get_string(call->body, "role");
    return each_scheduled(call, signoff_one, (void *)role, e) && releases_v2_answer_empty(call);
}

static bool revoke_one(struct admin_call *call, const struct resource *r, int64_t sc_id, void *arg,
                       struct error *e)
{
    bool had, *any = arg;
    if (!sc_revoke(call->tx, r, sc_id, call->user, &had, e)) {
        return false;
    }
    *any |= had;
    return true;
}

bool releases_v2_revoke(struct admin_call *call, struct error *e)
{
    bool any = false;
    if (!each_scheduled(call, revoke_one, &any, e)) {
        return false;
    }
    return any ? releases_v2_answer_empty(call)
               : admin_problem(call, 404, "Not Found",
                               mem_printf(call->ctx, "%s has no signoff to revoke", call->user), NULL);
}

static bool enact_one(struct admin_call *call, const struct resource *r, int64_t sc_id, void *arg,
                      struct error *e)
{
    (void)arg;
    return sc_enact(call->tx, r, sc_id, e);
}

bool releases_v2_enact(struct admin_call *call, struct error *e)
{
    return each_scheduled(call, enact_one, NULL, e) && releases_v2_answer_empty(call);
}

/* ---- dropping ---- */

bool releases_v2_drop_scheduled(struct tx *tx, const char *name, bool *any, struct error *e)
{
    *any = false;
    for (unsigned i = 0; i < RESOURCES; i++) {
        cJSON *pending;
        if (!releases_v2_read_pending(tx, resources[i], name, false, &pending, e)) {
            return false;
        }
        for (const cJSON *sc = pending->child; sc != NULL; sc = sc->next) {
            *any = true;
            if (!sc_delete(tx, resources[i], row_int(sc, "sc_id"), row_int(sc, "data_version"), e)) {
                return false;
            }
        }
    }
    return true;
}

/* What is left of a release that does not exist has no product, so only those who may change all products
 * drop it. */
bool releases_v2_drop(struct admin_call *call, struct error *e)
{
    struct tx *tx = call->tx;
    const char *name = admin_text(call, call->param[0]);
    cJSON *base;
    bool any;
    if (!releases_v2_demand_of(tx, name, "modify", e) ||
        !releases_v2_read_base(tx, name, ROW_LOCKED, &base, e) ||
        !releases_v2_drop_scheduled(tx, name, &any, e) ||
        (any && base == NULL && !releases_v2_demand(tx, "modify", NULL, e))) {
        return false;
    }
    return any ? releases_v2_answer_empty(call) : nothing_scheduled(call);
}
