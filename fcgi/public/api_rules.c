/* /api/v1/rules… */
#include "core/python.h"
#include "public/api.h"
#include "public/handlers.h"
#include "store/reader.h"

enum { API_REVISIONS_LIMIT = 10 };

void api_get_rules(struct call *call)
{
    struct str product = call_arg(call, "product");
    struct table_query q = {
        .table = &table_rules,
        .key = { { "product", DB_S(product.n > 0 ? product : STR_NONE) } },
        .tail = "ORDER BY priority, version, mapping, rule_id",
    };
    if (api_check_ascii(call, "product", product)) {
        api_respond_rows(call, &q, "rules");
    }
}

/* A letter, then letters, digits and hyphens. Anything else can only be a rule_id. */
static bool is_alias(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-'))) {
            return false;
        }
    }
    return s.n > 0;
}

/* Digits alone: the database would take "1st" for 1. */
static bool parse_rule_id(struct str s, int64_t *id)
{
    *id = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(*id, 10, id) ||
            __builtin_add_overflow(*id, s.p[i] - '0', id)) {
            return false;
        }
    }
    return s.n > 0;
}

void api_get_rule(struct call *call)
{
    struct str id_or_alias = call->param[0];
    struct table_query q = { .table = &table_rules, .key = { { "alias", DB_S(id_or_alias) } } };
    const cJSON *row = NULL;
    int64_t id;
    bool sensible = is_alias(id_or_alias);
    if (!sensible && parse_rule_id(id_or_alias, &id)) {
        q.key[0].column = "rule_id";
        q.key[0].value = DB_I(id);
        sensible = true;
    }
    if (sensible && !api_read_row(call, &q, &row)) {
        return;
    }
    if (row != NULL) {
        api_respond_row(call, row, JSON_DUMPS);
    } else {
        api_not_found(call, "Requested rule wasn't found", "Requested rule does not exist");
    }
}

/* ---- revisions ---- */

struct revisions {
    int64_t rule_id, limit, offset;
    bool found;
    struct buf *out;
};

static bool read_revisions(struct db *db, void *arg, struct error *e)
{
    struct revisions *r = arg;
    struct db_value page[] = { DB_I(r->limit), DB_I(r->offset) };
    struct table_query rule = { .table = &table_rules, .key = { { "rule_id", DB_I(r->rule_id) } } };
    struct table_query history = {
        .table = table_rules.history,
        .key = { { "rule_id", DB_I(r->rule_id) } },
        .more = "data_version IS NOT NULL",
    };
    int64_t rules, total;
    size_t printed;
    if (!reader_begin(db, e) || !table_count(db, &rule, &rules, e) || !table_count(db, &history, &total, e)) {
        return false;
    }
    history.tail = "ORDER BY timestamp DESC, change_id DESC LIMIT ? OFFSET ?";
    history.params = page;
    history.n_params = 2;
    buf_reset(r->out);
    buf_printf(r->out, "{\"count\":%lld,\"rules\":", (long long)total);
    r->found = rules > 0;
    return (!r->found || table_print(db, &history, r->out, &printed, e)) && reader_end(db, e);
}

/* The query parameter NAME, an integer of at least 1; if it is something else, the response is a 400. */
static bool parse_count(struct call *call, const char *name, int64_t *value)
{
    struct str arg = call_arg(call, name);
    char *detail = NULL;
    if (str_absent(arg)) {
        return true;
    }
    if (!python_int(arg, value)) {
        detail = mem_printf(call->ctx, "Wrong type, expected 'integer' for query parameter '%s'", name);
    } else if (*value < 1) {
        detail = mem_printf(call->ctx, "%s: %lld is less than the minimum of 1", name, (long long)*value);
    }
    if (detail != NULL) {
        response_problem(call->response, 400, http_reason(400), detail, NULL);
    }
    return detail == NULL;
}

void api_get_rule_revisions(struct call *call)
{
    struct revisions r = { .limit = API_REVISIONS_LIMIT, .out = &call->response->body };
    int64_t page = 1;
    if (!parse_count(call, "page", &page) || !parse_count(call, "limit", &r.limit)) {
        return;
    }
    if (__builtin_mul_overflow(r.limit, page - 1, &r.offset)) {
        r.offset = INT64_MAX;
    }
    if (parse_rule_id(call->param[0], &r.rule_id) && !api_read_big(call, read_revisions, &r)) {
        return;
    }
    if (r.found) {
        buf_lit(r.out, "}\n");
        api_json(call);
    } else {
        response_text(call->response, 404, "text/html; charset=utf-8", STR("Requested rule does not exist"));
    }
}
