/* Warnings about a rule: what its columns say, and how it stands to the other rules of its product and to
 * what is scheduled for them. Two statements, whatever the number of rules. */
#include "admin/warnings_rules.h"

#include "explain/world.h"
#include "store/reader.h"
#include "store/schedule_row.h"
#include "update/rule_cover.h"

enum {
    PENDING_MAX = 500, /* scheduled changes that a rule is compared with */
    SHADOWED_MAX = 20, /* rules that are listed */
};

/* The rule as it is and as it becomes, and the others. */
struct rule_view {
    const struct noted_change *noted;
    struct rule_row old, now;
    bool exists; /* there is an old one */
    struct rule_row *others;
    size_t n;
};

/* ---- its columns ---- */

static void find_channel(const struct rule_view *v, struct warnings *w)
{
    struct str channel = v->now.channel;
    if (warnings_changes(&v->noted->change, "channel") && channel.n < 3 && str_ends(channel, STR("*"))) {
        warnings_add(
            w, WARN_CHANNEL_STAR,
            "The channel '%.*s' matches no query: before the * there have to be at least two characters. "
            "For all channels leave it empty.",
            STR_ARG(channel));
    }
}

static void find_rate(const struct rule_view *v, struct warnings *w)
{
    const struct change *c = &v->noted->change;
    bool changes = warnings_changes(c, "backgroundRate") || warnings_changes(c, "fallbackMapping");
    if (v->now.has_background_rate && v->now.background_rate < 100 && changes &&
        str_absent(v->now.fallback_mapping)) {
        warnings_add(
            w, WARN_NO_FALLBACK,
            "backgroundRate is %lld and there is no fallbackMapping: the other clients get no update at "
            "all, even if they are far behind.",
            (long long)v->now.background_rate);
    }
    if (v->exists && v->old.has_background_rate && v->now.has_background_rate &&
        v->now.background_rate < v->old.background_rate) {
        warnings_add(
            w, WARN_RATE_FALLS,
            "backgroundRate falls from %lld to %lld. Clients that have the update keep it. To stop it, "
            "there are emergency shutoffs.",
            (long long)v->old.background_rate, (long long)v->now.background_rate);
    }
}

/* ---- other rules ---- */

static cJSON *add_rule_id(cJSON *warning, const struct rule_row *rule)
{
    if (warning != NULL && rule->rule_id != INT64_MAX) {
        mem_check(cJSON_AddNumberToObject(warning, "rule_id", (double)rule->rule_id));
    }
    return warning;
}

static bool hides(const struct rule_row *a, const struct rule_row *b)
{
    return rule_order(a, b) < 0 && rule_covers(a, b);
}

static bool are_same(const struct rule_row *a, const struct rule_row *b)
{
    return a->has_priority == b->has_priority && a->priority == b->priority && rule_covers(a, b) &&
           rule_covers(b, a);
}

/* Whether C changes anything that decides which queries the rule gets. */
static bool moves(const struct change *c)
{
    static const char *const other[] = { "comment",         "alias",       "mapping",     "backgroundRate",
                                         "fallbackMapping", "update_type", "data_version" };
    for (const struct column *column = table_rules.column; column->name != NULL; column++) {
        bool counts = true;
        for (size_t i = 0; i < ARRAY_LEN(other); i++) {
            counts &= strcmp(column->name, other[i]) != 0;
        }
        if (counts && warnings_changes(c, column->name)) {
            return true;
        }
    }
    return false;
}

static void add_shadows(struct warnings *w, const struct rule_row *const *hidden, size_t n)
{
    cJSON *warning =
        warnings_add(w, WARN_SHADOWS,
                     "%zu other rule(s), for example %lld, will match no query any more: this rule "
                     "comes first and matches all that they match.",
                     n, (long long)hidden[0]->rule_id);
    cJSON *ids = warning != NULL ? mem_check(cJSON_AddArrayToObject(warning, "rule_ids")) : NULL;
    for (size_t i = 0; ids != NULL && i < n && i < SHADOWED_MAX; i++) {
        cJSON_AddItemToArray(ids, mem_check(cJSON_CreateNumber((double)hidden[i]->rule_id)));
    }
}

static void find_others(const struct rule_view *v, struct warnings *w)
{
    const struct rule_row *hidden[SHADOWED_MAX], *first = NULL;
    size_t n_hidden = 0;
    for (size_t i = 0; i < v->n; i++) {
        const struct rule_row *other = &v->others[i];
        if (other->rule_id == v->now.rule_id) {
            continue;
        }
        if (are_same(other, &v->now)) {
            add_rule_id(
                warnings_add(w, WARN_SAME_COLUMNS,
                             "Rule %lld has the same priority and matches the same queries: of the two, "
                             "only the one with the lower number is used.",
                             (long long)other->rule_id),
                other);
        } else if (hides(other, &v->now)) {
            first = first == NULL || rule_order(other, first) < 0 ? other : first;
        } else if (hides(&v->now, other) && !(v->exists && hides(&v->old, other))) {
            if (n_hidden < SHADOWED_MAX) {
                hidden[n_hidden] = other;
            }
            n_hidden++;
        }
    }
    if (first != NULL) {
        add_rule_id(
            warnings_add(w, WARN_SHADOWED,
                         "This rule will match no query: rule %lld comes first and matches all that it "
                         "matches.",
                         (long long)first->rule_id),
            first);
    }
    if (n_hidden > 0) {
        add_shadows(w, hidden, n_hidden);
    }
}

/* ---- scheduled changes of other rules ---- */

static const struct rule_row *present_row(const struct rule_view *v, int64_t rule_id)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->others[i].rule_id == rule_id) {
            return &v->others[i];
        }
    }
    return NULL;
}

static bool competes(const struct rule_row *a, const struct rule_row *b)
{
    return are_same(a, b) || hides(a, b) || hides(b, a);
}

/* Another rule as it is scheduled to be leaves this one no query, or the reverse; which is not so now. */
static void compare_pending(void *ctx, const struct rule_view *v, const cJSON *sc, const cJSON *base,
                            struct warnings *w)
{
    struct rule_row other = rule_row_of_json(ctx, base);
    const struct rule_row *present = present_row(v, other.rule_id);
    other.rule_id = other.rule_id != 0 ? other.rule_id : INT64_MAX;
    if (!competes(&other, &v->now) || (present != NULL && competes(present, &v->now))) {
        return;
    }
    int64_t sc_id = row_int(sc, "sc_id");
    cJSON *warning =
        warnings_add(w, WARN_COLLIDES,
                     "Scheduled change %lld is for the same clients: once both are made, one of the "
                     "two rules matches no query.",
                     (long long)sc_id);
    if (warning != NULL) {
        mem_check(cJSON_AddNumberToObject(warning, "sc_id", (double)sc_id));
    }
}

static bool find_pending(struct admin_call *call, const struct rule_view *v, struct warnings *w,
                         struct error *e)
{
    cJSON *rows;
    const struct db_value params[] = { DB_S(v->now.product), DB_S(v->now.product), DB_I(PENDING_MAX) };
    struct table_query q = {
        .table = table_rules.scheduled,
        .more = "complete = 0 AND change_type <> 'delete' AND (? IS NULL OR base_product IS NULL OR "
                "base_product = ?)",
        .tail = "ORDER BY sc_id DESC LIMIT ?",
        .params = params,
        .n_params = ARRAY_LEN(params),
    };
    if (!row_list(call->tx, &q, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        const cJSON *base = sc_base(call->tx, row);
        bool own = row_int(base, "rule_id") != 0 && row_int(base, "rule_id") == v->now.rule_id;
        if (row_int(row, "sc_id") != v->noted->sc_id && !own) {
            compare_pending(call->ctx, v, row, base, w);
        }
    }
    return true;
}

bool warnings_find_rule(struct admin_call *call, const struct noted_change *n, struct warnings *w,
                        struct error *e)
{
    struct rule_view v = { .noted = n, .exists = n->change.old != NULL };
    v.now = rule_row_of_json(call->ctx, n->change.now);
    if (v.exists) {
        v.old = rule_row_of_json(call->ctx, n->change.old);
        v.now.rule_id = v.old.rule_id;
    } else if (n->how == NOTED_SCHEDULED) {
        v.now.rule_id = INT64_MAX; /* the number that it will get is higher than all others */
    }
    find_channel(&v, w);
    find_rate(&v, w);
    if (!moves(&n->change)) {
        return true;
    }
    if (!(str_absent(v.now.product)
              ? reader_rules(call->tx->db, call->ctx, false, &v.others, &v.n, e)
              : reader_rules_of(call->tx->db, call->ctx, v.now.product, &v.others, &v.n, e))) {
        return false;
    }
    find_others(&v, w);
    return find_pending(call, &v, w, e);
}
