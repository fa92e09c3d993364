/* GET /release_diff: two releases, or two states of one, compared. (Not in the reference, which compares only
 * v1 releases with their scheduled changes, as text.) */
#include "admin/release_at.h"
#include "admin/routes.h"
#include "blob/compare.h"
#include "blob/diff.h"

enum { DIFF_LIMIT = 200 }; /* the default */

static const struct body_field diff_args[] = {
    { "left", FIELD_STRING, .required = true, .min = 1, .max = 200 },
    { "right", FIELD_STRING, .required = true, .min = 1, .max = 200 },
    { "pointer", FIELD_STRING, .max = 1000 },
    { "limit", FIELD_INT, .min = 1, .max = COMPARE_LIMIT_MAX },
    { "after", FIELD_INT, .min = 0, .max = INT32_MAX },
    { "format", FIELD_STRING, .words = "json text" },
    { 0 },
};

/* What is compared: two documents, or the parts of them that the parameter `pointer` leads to. */
struct sides {
    struct release_at left, right;
    const char *pointer;
    const cJSON *old, *new;
};

static bool read_sides(struct admin_call *call, struct sides *s, struct error *e)
{
    struct str pointer = admin_arg(call, "pointer");
    s->pointer = str_absent(pointer) ? "" : admin_text(call, pointer);
    if (!json_is_pointer(s->pointer)) {
        return admin_problem(call, 400, "Bad Request",
                             "pointer is not a JSON pointer, as /platforms/Linux/locales", NULL);
    }
    if (!release_at_read(call, admin_arg(call, "left"), &s->left, e) ||
        !release_at_read(call, admin_arg(call, "right"), &s->right, e)) {
        return false;
    }
    s->old = json_pointer(s->left.blob, s->pointer);
    s->new = json_pointer(s->right.blob, s->pointer);
    return s->old != NULL || s->new != NULL ||
           admin_problem(call, 404, "Not Found", "Neither side has anything at this pointer", NULL);
}

static bool answer_text(struct admin_call *call, const struct sides *s)
{
    struct error why;
    const cJSON *nothing = tx_keep(call->tx, mem_check(cJSON_CreateNull()));
    const cJSON *old = s->old != NULL ? s->old : nothing, *new = s->new != NULL ? s->new : nothing;
    call->response->status = 200;
    call->response->content_type = "text/plain";
    return diff_json(&call->response->body, old, new, s->left.spec, s->right.spec, &why) ||
           admin_problem(call, 400, "Bad Request",
                         "The difference is too large to be shown as text: use format=json", NULL);
}

static bool answer_changes(struct admin_call *call, const struct sides *s)
{
    struct compare_page page = { .limit = DIFF_LIMIT };
    admin_arg_int(call, "limit", &page.limit);
    if (!release_at_after(call, &page.skip)) {
        return false;
    }
    cJSON *answer = tx_keep(call->tx, compare_json(s->old, s->new, s->pointer, &page));
    cJSON_AddItemToObject(answer, "left", release_at_json(&s->left));
    cJSON_AddItemToObject(answer, "right", release_at_json(&s->right));
    return admin_json(call, answer);
}

static bool compare_sides(struct admin_call *call, struct error *e)
{
    struct sides s;
    bool text = str_eq(admin_arg(call, "format"), STR("text"));
    return read_sides(call, &s, e) && (text ? answer_text(call, &s) : answer_changes(call, &s));
}

static bool get_diff(struct admin_call *call, struct error *e)
{
    if (!release_at_enter(call)) {
        return false;
    }
    bool ok = compare_sides(call, e);
    release_at_leave();
    return ok;
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/release_diff", get_diff, ADMIN_USER, "release_diff", .args = diff_args },
};
const struct admin_routes release_diff_routes = ADMIN_ROUTES(routes);
