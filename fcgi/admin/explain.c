/* /explain: what a client would get, and why. Everybody who may read rules, releases and scheduled changes
 * may ask about them; to send edits takes an account with some permission. */
#include "admin/routes.h"
#include "explain/explain_json.h"
#include "explain/explain_text.h"
#include "explain/explain_url.h"
#include "store/row.h"

/* A request as it was asked, whichever way. */
struct explain_call {
    struct explain_request request;
    struct row_changes changes;
    struct engine_settings settings;
    struct explain_site site;
    bool as_text;
};

static const struct body_field explain_args[] = {
    { "url", FIELD_STRING, .required = true, .min = 1 },
    { "dice", FIELD_STRING },
    { "with", FIELD_STRING },
    { "timestamp", FIELD_INT, .min = 1 },
    { "user_agent", FIELD_STRING },
    { "format", FIELD_STRING, .words = "json text" },
    { 0 },
};

static const struct body_field explain_fields[] = {
    { "url", FIELD_STRING, .required = true, .min = 1 }, { "dice", FIELD_STRING },
    { "changes", FIELD_ARRAY, .required = true },        { "user_agent", FIELD_STRING },
    { "format", FIELD_STRING, .words = "json text" },    { 0 },
};

/* ---- what was asked ---- */

static bool take_dice(struct explain_call *x, struct str dice, struct error *e)
{
    int64_t n;
    x->request.dice = DICE_ALL;
    if (dice.n == 0 || str_eq(dice, STR("all"))) {
        return true;
    }
    if (!body_arg_int(dice, &n) || n < 0 || n > 99) {
        return fail(e, FAIL_INVALID, "dice has to be 'all' or a number from 0 to 99");
    }
    x->request.dice = (int)n;
    return true;
}

static bool take_moment(struct admin_call *call, struct explain_call *x, struct error *e)
{
    if (!admin_arg_int(call, "timestamp", &x->request.at_ms)) {
        return true;
    }
    if (x->request.at_ms > call->now_ms) {
        return fail(e, FAIL_INVALID, "timestamp is in the future: %lld, and it is %lld",
                    (long long)x->request.at_ms, (long long)call->now_ms);
    }
    return admin_arg(call, "with").n == 0 ||
           fail(
               e, FAIL_INVALID,
               "with and timestamp cannot be given together: a scheduled change is for the row as it is now. "
               "Ask twice: with timestamp for what was, with 'with' for what will be");
}

/* What balrog-public adds to its answers, as this program's configuration has it. */
static struct explain_site site_of(const struct config *config)
{
    struct explain_site site = {
        .cache_control = config->public.cache_control,
        .signed_products = config->signing.content_signature_products.item,
        .n_signed_products = config->signing.content_signature_products.n,
    };
    for (size_t i = 0; i < config->signing.n_signers; i++) {
        const struct config_signer *s = &config->signing.signer[i];
        site.json_is_signed |=
            s->product[0] == '\0' && (s->key_file[0] != '\0' || s->autograph_url[0] != '\0');
    }
    return site;
}

static void explain_begin(struct admin_call *call, struct explain_call *x, struct str format)
{
    *x = (struct explain_call){ .as_text = str_eq(format, STR("text")),
                                .settings = admin_engine_settings(call->config, call->site),
                                .site = site_of(call->config) };
}

/* ---- answering ---- */

/* The comment of the shutoff or partial stop that stops the query now, which the engine does not know. */
static bool add_comment(struct admin_call *call, const struct explain_call *x,
                        const struct explanation *explained, cJSON *json, struct error *e)
{
    cJSON *rows;
    cJSON *stopped = cJSON_GetObjectItemCaseSensitive(json, "stopped");
    if (!cJSON_IsObject(stopped)) {
        return true;
    }
    struct table_query q = { .table = &table_emergency_shutoffs,
                             .key = { { "product", DB_S(explained->q->product) },
                                      { "channel", DB_S(explained->stopped) } } };
    if (explained->stop != NULL) {
        q = (struct table_query){ .table = &table_partial_stops,
                                  .key = { { "stop_id", DB_I(explained->stop->row.rule_id) } } };
    }
    if (!row_list(call->tx, &q, &rows, e)) {
        return false;
    }
    const char *comment =
        rows->child != NULL && x->request.at_ms == 0 ? row_text(rows->child, "comment") : NULL;
    cJSON_AddItemToObject(stopped, "comment",
                          mem_check(comment != NULL ? cJSON_CreateString(comment) : cJSON_CreateNull()));
    return true;
}

static bool answer_text(struct admin_call *call, const struct explanation *now,
                        const struct explanation *changed)
{
    struct buf *out = &call->response->body;
    explain_text(out, now);
    if (changed != NULL) {
        buf_lit(out, "\nWITH THE CHANGES\n\n");
        explain_text(out, changed);
    }
    call->response->status = 200;
    call->response->content_type = "text/plain; charset=utf-8";
    return true;
}

static bool answer_explained(struct admin_call *call, struct explain_call *x, struct error *e)
{
    struct explained explained;
    x->request.settings = &x->settings;
    x->request.site = &x->site;
    x->request.changes = &x->changes;
    if (!explain_url(call->tx, &x->request, &explained, e)) {
        return false;
    }
    admin_leave_keeper(&x->request.keeper);
    if (x->as_text) {
        return answer_text(call, explained.now, explained.changed);
    }
    cJSON *json = tx_keep(call->tx, explanation_json(explained.now));
    mem_check(cJSON_AddNumberToObject(json, "timestamp",
                                      (double)(x->request.at_ms != 0 ? x->request.at_ms : call->now_ms)));
    cJSON_AddItemReferenceToObject(json, "changes", row_changes_json(call->tx, &x->changes));
    cJSON_AddItemToObject(json, "compared",
                          explained.changed != NULL ? explanation_json(explained.changed)
                                                    : mem_check(cJSON_CreateNull()));
    return add_comment(call, x, explained.now, json, e) && admin_json(call, json);
}

/* ---- the routes ---- */

/* Whether OK, else what is answered. */
static bool explain_end(struct admin_call *call, struct explain_call *x, bool ok, const struct error *e)
{
    admin_leave_keeper(&x->request.keeper);
    return ok || admin_refuse_sentence(call, e);
}

static bool get_explain(struct admin_call *call, struct error *e)
{
    struct explain_call x;
    explain_begin(call, &x, admin_arg(call, "format"));
    x.request.url = admin_arg(call, "url");
    x.request.user_agent = admin_arg(call, "user_agent");
    bool ok = take_dice(&x, admin_arg(call, "dice"), e) && take_moment(call, &x, e) &&
              (x.request.at_ms != 0 || admin_enter_keeper(call, &x.request.keeper, e)) &&
              row_changes_add_names(call->tx, &x.changes, admin_arg(call, "with"), e) &&
              answer_explained(call, &x, e);
    return explain_end(call, &x, ok, e);
}

static bool take_changes(struct admin_call *call, struct explain_call *x, struct error *e)
{
    const cJSON *changes = json_get_array(call->body, "changes");
    for (const cJSON *change = changes->child; change != NULL; change = change->next) {
        if (!row_changes_add(call->tx, &x->changes, change, e)) {
            return false;
        }
    }
    return true;
}

static bool post_explain(struct admin_call *call, struct error *e)
{
    struct explain_call x;
    explain_begin(call, &x, body_str(call->body, "format"));
    x.request.url = body_str(call->body, "url");
    x.request.user_agent = body_str(call->body, "user_agent");
    bool ok = take_dice(&x, body_str(call->body, "dice"), e) &&
              admin_enter_keeper(call, &x.request.keeper, e) && take_changes(call, &x, e) &&
              answer_explained(call, &x, e);
    return explain_end(call, &x, ok, e);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/explain", get_explain, .metric = "explain", .args = explain_args },
    { METHOD_POST, "/explain", post_explain, ADMIN_USER, "explain_changes", .body = explain_fields,
      .flags = ADMIN_READS },
};
const struct admin_routes explain_routes = ADMIN_ROUTES(routes);
