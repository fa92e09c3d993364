/* See dry_run.h. */
#include "admin/dry_run.h"

#include "store/noted.h"
#include "store/signoff.h"

enum {
    CHANGES_SHOWN = 20, /* changes of a request that the answer has in full; a release can have thousands */
    NEEDS_FEW = 8,      /* of more changes than these the sign-offs are read all at once */
};

/* ---- whether it is one ---- */

bool dry_run_asked(struct call *call, const struct admin_route *route, bool *is, struct error *e)
{
    unsigned n = route->method != METHOD_GET ? call_arg_count(call, "dry_run") : 0;
    *is = false;
    if (n == 0) {
        return true;
    }
    if (n > 1) {
        return error_set(e, ERROR_BAD_REQUEST, "dry_run is given %u times: give it once", n);
    }
    struct str value = call_arg(call, "dry_run");
    *is = str_eq(value, STR("1")) || str_eq(value, STR("true"));
    if (!*is && !str_eq(value, STR("0")) && !str_eq(value, STR("false"))) {
        return error_set(e, ERROR_BAD_REQUEST,
                         "dry_run has to be 1 or true, or 0 or false; it is '%.*s'. Nothing was changed",
                         (int)(value.n < 50 ? value.n : 50), value.p);
    }
    return !*is || (route->flags & (ADMIN_NO_DATABASE | ADMIN_READS)) == 0 ||
           error_set(e, ERROR_BAD_REQUEST,
                     "This request changes nothing, so it cannot be a dry run: send it without dry_run");
}

bool dry_run_not_in_body(const cJSON *body, struct error *e)
{
    return json_get(body, "dry_run") == NULL ||
           error_set(
               e, ERROR_BAD_REQUEST,
               "dry_run is not part of the body. Append it to the URL: ?dry_run=1. Nothing was changed");
}

/* ---- what would have been done ---- */

/* A copy of ROW without the column that may be large, and without a number that another row will get. */
static cJSON *shown_row(const struct noted_change *n, const cJSON *row)
{
    cJSON *shown = mem_check(row != NULL ? cJSON_CreateObject() : cJSON_CreateNull());
    for (const struct column *c = n->resource->table->column; row != NULL && c->name != NULL; c++) {
        const cJSON *value = (c->flags & COLUMN_BIG) == 0 ? json_get(row, c->name) : NULL;
        bool unknown = (c->flags & COLUMN_AUTO) != 0 && n->change.type == CHANGE_INSERT;
        if (value != NULL) {
            cJSON_AddItemToObject(shown, c->name,
                                  mem_check(unknown ? cJSON_CreateNull() : cJSON_Duplicate(value, true)));
        }
    }
    return shown;
}

/* Each change once: one that is merged with a scheduled change, or enacted, is the same change to the row. */
static cJSON *changes_json(const struct tx *tx, size_t *count)
{
    cJSON *list = mem_check(cJSON_CreateArray());
    *count = 0;
    for (const struct noted_change *n = noted_first(tx); n != NULL; n = n->next) {
        if (n->how == NOTED_MERGED || (*count)++ >= CHANGES_SHOWN) {
            continue;
        }
        cJSON *change = mem_check(cJSON_CreateObject());
        mem_check(cJSON_AddStringToObject(change, "table", n->resource->table->name));
        mem_check(cJSON_AddStringToObject(change, "change_type", change_type_name(n->change.type)));
        mem_check(cJSON_AddBoolToObject(change, "scheduled", n->how == NOTED_SCHEDULED));
        cJSON_AddItemToObject(change, "old", shown_row(n, n->change.old));
        cJSON_AddItemToObject(change, "new", shown_row(n, n->change.now));
        cJSON_AddItemToArray(list, change);
    }
    return list;
}

/* Adds what the scheduled changes need. What was made at once needs nothing more. */
static bool add_needs(struct tx *tx, cJSON *all, struct error *e)
{
    size_t n = 0;
    for (const struct noted_change *c = noted_first(tx); c != NULL; c = c->next) {
        cJSON *needs;
        if (c->how != NOTED_SCHEDULED) {
            continue;
        }
        if (n++ == NEEDS_FEW && !signoff_prefetch(tx, e)) {
            return false;
        }
        if (!resource_needs(tx, c->resource, &c->change, &needs, e)) {
            return false;
        }
        for (const cJSON *one = needs->child; one != NULL; one = one->next) {
            signoff_needs_add(all, one->string, one->valueint);
        }
    }
    return true;
}

bool dry_run_answer(struct admin_call *call, cJSON **answer, struct error *e)
{
    size_t count;
    struct tx *tx = call->tx;
    const char *role = noted_signoff(tx);
    cJSON *needs = signoff_needs_new(tx);
    if (!add_needs(tx, needs, e)) {
        return false;
    }
    cJSON *json = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddTrueToObject(json, "dry_run"));
    mem_check(cJSON_AddBoolToObject(json, "direct", !tx_only_schedules(tx)));
    cJSON_AddItemToObject(json, "required_signoffs", mem_check(cJSON_Duplicate(needs, true)));
    cJSON_AddItemToObject(json, "signs_as",
                          mem_check(role != NULL ? cJSON_CreateString(role) : cJSON_CreateNull()));
    cJSON_AddItemToObject(json, "changes", changes_json(tx, &count));
    mem_check(cJSON_AddNumberToObject(json, "count", (double)count));
    *answer = json;
    return true;
}
