/* /expectations/check: which expectations are broken, by the rows as they are, or with changes made; and the
 * same for each change on a page of /pending. It reads releases, so it takes an account with a permission. */
#include "admin/expectations.h"
#include "admin/routes.h"
#include "core/clock.h"
#include "explain/expect_check.h"
#include "explain/expect_guard.h"
#include "explain/keeper.h"
#include "store/access.h"
#include "store/history_all.h"

#include <stdatomic.h>

enum {
    CHECKS_MAX = 2,  /* at a time, of all users */
    EDITED_DAYS = 7, /* changes of expectations that are shown beside a check */
    EDITED_MAX = 50,
    PAGE_RELEASES_MAX = 64, /* that are read for a page of /pending */
    PAGE_MS = 2000,         /* for which changes of a page are looked at */
    PAGE_NAMES_MAX = 10,    /* expectations that are named for a change */
};

#define HEADER_BROKEN "X-Broken-Expectations"

/* A check as it was asked for. */
struct check_call {
    struct admin_call *call;
    struct expect_policy policy;
    struct row_changes changes;
    struct str product; /* absent: all */
    bool as_text;
    struct keeper *keeper; /* that was entered; NULL: rows and releases are read for this check */
};

/* What it has found. */
struct check_found {
    struct expect_set set;
    struct expect_result *results;
    size_t checked, broken, newly;
    bool blocked;
    cJSON *edited;
};

static struct expect_policy policy_of(const struct admin_call *call)
{
    return (struct expect_policy){ call->config->admin.expectations_block,
                                   admin_engine_settings(call->config, call->site) };
}

/* Whether R is broken by the changes; without changes: at all. */
static bool is_new(const struct expect_result *r)
{
    return r->is != NULL && r->was == NULL;
}

/* ---- JSON ---- */

static cJSON *identity_json(const struct expectation *x)
{
    cJSON *json = mem_check(cJSON_CreateObject());
    cJSON_AddItemToObject(json, "product", json_text(x->product));
    cJSON_AddItemToObject(json, "name", json_text(x->name));
    return json;
}

static void add_answers(cJSON *json, const char *name, cJSON *answers)
{
    if (answers != NULL) {
        cJSON_AddItemReferenceToObject(json, name, answers);
    } else {
        mem_check(cJSON_AddNullToObject(json, name));
    }
}

static cJSON *broken_json(const struct check_call *c, const struct expectation *x,
                          const struct expect_result *r)
{
    cJSON *json = identity_json(x);
    cJSON_AddItemToObject(json, "query", json_text(x->query));
    cJSON_AddItemReferenceToObject(json, "must", (cJSON *)x->must);
    mem_check(cJSON_AddStringToObject(json, "why", r->is));
    mem_check(cJSON_AddBoolToObject(json, "newly", c->changes.n > 0 && is_new(r)));
    mem_check(cJSON_AddBoolToObject(json, "blocks", expect_policy_blocks(&c->policy, x->product)));
    add_answers(json, "got", r->got);
    add_answers(json, "gets", r->gets);
    return json;
}

static bool answer_json(const struct check_call *c, const struct check_found *found)
{
    struct tx *tx = c->call->tx;
    cJSON *json = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(json, "count", (double)found->set.n));
    mem_check(cJSON_AddNumberToObject(json, "checked", (double)found->checked));
    mem_check(cJSON_AddNumberToObject(json, "unreadable", (double)found->set.unreadable));
    mem_check(cJSON_AddBoolToObject(json, "blocked", found->blocked));
    cJSON_AddItemReferenceToObject(json, "changes", row_changes_json(tx, &c->changes));
    cJSON_AddItemReferenceToObject(json, "edited", found->edited);
    cJSON *broken = mem_check(cJSON_AddArrayToObject(json, "broken"));
    cJSON *mended = mem_check(cJSON_AddArrayToObject(json, "mended"));
    for (size_t i = 0; i < found->set.n; i++) {
        const struct expect_result *r = &found->results[i];
        if (r->is != NULL) {
            cJSON_AddItemToArray(broken, broken_json(c, &found->set.item[i], r));
        } else if (r->was != NULL) {
            cJSON_AddItemToArray(mended, identity_json(&found->set.item[i]));
        }
    }
    return admin_json(c->call, json);
}

/* ---- text ---- */

static void print_answers(struct buf *out, char sign, const cJSON *answers)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, answers)
    {
        const char *mapping = json_get_string(one, "mapping"), *version = json_get_string(one, "version");
        buf_printf(out, "  %c %g %%: ", sign, json_get(one, "percent")->valuedouble);
        if (mapping != NULL) {
            buf_printf(out, "%s%s%s%s\n", mapping, version != NULL ? " (" : "",
                       version != NULL ? version : "", version != NULL ? ")" : "");
        } else {
            bool fails =
                body_is_word("bad_request no_release broken", str_of(json_get_string(one, "reason")));
            buf_printf(out, "%s: %s\n", fails ? "an error" : "no update", json_get_string(one, "why"));
        }
    }
}

static void print_broken(const struct check_call *c, struct buf *out, const struct expectation *x,
                         const struct expect_result *r)
{
    bool blocks = expect_policy_blocks(&c->policy, x->product);
    buf_printf(out, "\n%.*s: %.*s%s%s\n", STR_ARG(x->product), STR_ARG(x->name),
               r->was != NULL ? " (broken before)" : "", blocks && is_new(r) ? " (blocks)" : "");
    buf_printf(out, "  query: %.*s\n  must:  ", STR_ARG(x->query));
    json_print(out, x->must, JSON_DUMPS);
    buf_char(out, '\n');
    print_answers(out, '-', r->got);
    print_answers(out, '+', r->gets);
    buf_printf(out, "  %s\n", r->is);
}

static void print_edited(struct buf *out, const cJSON *edited)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, edited)
    {
        const cJSON *key = json_get(one, "key");
        buf_printf(out, "%s%s '%s' of %s, by %s\n",
                   one == edited->child ? "\nExpectations that were changed in the last days:\n" : "",
                   json_get_string(one, "change_type"), json_get_string(key, "name"),
                   json_get_string(key, "product"), json_get_string(one, "changed_by"));
    }
}

static bool answer_text(const struct check_call *c, const struct check_found *found)
{
    struct buf *out = &c->call->response->body;
    if (c->changes.n > 0) {
        buf_printf(out, "The changes break %zu expectations, of %zu that they bear on and %zu in all.\n",
                   found->newly, found->checked, found->set.n);
    } else {
        buf_printf(out, "%zu of %zu expectations are broken.\n", found->broken, found->set.n);
    }
    for (size_t i = 0; i < found->set.n; i++) {
        const struct expect_result *r = &found->results[i];
        if (r->is != NULL) {
            print_broken(c, out, &found->set.item[i], r);
        } else if (r->was != NULL) {
            buf_printf(out, "\n%.*s: %.*s is mended\n", STR_ARG(found->set.item[i].product),
                       STR_ARG(found->set.item[i].name));
        }
    }
    if (found->set.unreadable > 0) {
        buf_printf(out, "\n%zu more cannot be read by this version, and were not looked at.\n",
                   found->set.unreadable);
    }
    print_edited(out, found->edited);
    c->call->response->status = 200;
    c->call->response->content_type = "text/plain; charset=utf-8";
    return true;
}

/* ---- checking ---- */

static void count_results(const struct check_call *c, struct check_found *found)
{
    for (size_t i = 0; i < found->set.n; i++) {
        const struct expect_result *r = &found->results[i];
        found->checked += r->checked;
        found->broken += r->is != NULL;
        found->newly += is_new(r);
        found->blocked = found->blocked || (c->changes.n > 0 && is_new(r) &&
                                            expect_policy_blocks(&c->policy, found->set.item[i].product));
    }
}

/* Who has changed expectations lately, so that nobody weakens one unnoticed. */
static bool read_edited(const struct check_call *c, cJSON **edited, struct error *e)
{
    static const struct history_subject subject = { "expectations", &table_expectations, "name" };
    const char *next;
    const struct history_all_query q = {
        .subject = &subject,
        .n_subjects = 1,
        .product = c->product,
        .from_ms = c->call->now_ms - (int64_t)EDITED_DAYS * 24 * 3600 * 1000,
        .limit = EDITED_MAX,
    };
    return history_all_page(c->call->tx, &q, edited, &next, e);
}

/* What is kept for the expectations of SET, and the same with CHANGES (or NULL); owned by F's ctx. NULL, with
 * E of ERROR_NONE, if the keeper may not keep so much. */
static const struct kept *take_kept(struct keeper *keeper, const struct expect_frame *f,
                                    const struct row_changes *changes, struct expect_set *set,
                                    struct error *e)
{
    const struct kept_request request = { .changes = changes, .each_query = expect_each_query, .arg = set };
    const struct kept *kept = keeper_take(keeper, f->tx, f->ctx, &request, e);
    if (kept == NULL && failed_as(e, FAIL_INVALID)) {
        error_clear(e);
    }
    return kept;
}

/* Makes the sides from what is kept. False, with E of ERROR_NONE, if the keeper may not keep so much. */
static bool take_sides(struct check_call *c, struct expect_frame *f, struct expect_set *set,
                       struct expect_compare *compare, struct error *e)
{
    const struct kept *kept = take_kept(c->keeper, f, &c->changes, set, e);
    if (kept == NULL) {
        return false;
    }
    compare->after = expect_side_built(f, kept->changed != NULL ? kept->changed : kept->now, &c->changes);
    compare->before = kept->changed != NULL ? expect_side_built(f, kept->now, NULL) : NULL;
    return true;
}

static bool read_sides(struct check_call *c, struct expect_frame *f, struct expect_compare *compare,
                       struct error *e)
{
    struct world *world = mem_new(f->ctx, struct world);
    if (!world_read(c->call->tx, f->ctx, world, e)) {
        return false;
    }
    compare->after = expect_side_new(f, world, &c->changes);
    compare->before = c->changes.n > 0 ? expect_side_new(f, world, NULL) : NULL;
    return true;
}

static bool make_sides(struct check_call *c, struct expect_frame *f, struct expect_set *set,
                       struct expect_compare *compare, struct error *e)
{
    bool kept = c->keeper != NULL;
    if (kept && take_sides(c, f, set, compare, e)) {
        admin_leave_keeper(&c->keeper);
        return true;
    }
    admin_leave_keeper(&c->keeper);
    return (!kept || e->kind == ERROR_NONE) && read_sides(c, f, compare, e);
}

static bool check_all(struct check_call *c, struct check_found *found, struct error *e)
{
    struct tx *tx = c->call->tx;
    const struct str product = str_absent(c->product) ? STR("*") : c->product;
    struct expect_compare compare = { .whole = true };
    if (!expect_set_read(tx, &product, 1, &found->set, e)) {
        return false;
    }
    struct expect_frame f = expect_frame(tx->mem, tx, &c->policy.settings, &found->set);
    if (!make_sides(c, &f, &found->set, &compare, e) || !read_edited(c, &found->edited, e) ||
        !expect_compare(&f, &compare, &found->results, e)) {
        return false;
    }
    count_results(c, found);
    return true;
}

static bool answer_check(struct check_call *c, struct error *e)
{
    static atomic_int running;
    struct check_found found = { 0 };
    if (atomic_fetch_add(&running, 1) >= CHECKS_MAX) {
        atomic_fetch_sub(&running, 1);
        return admin_problem(c->call, 429, http_reason(429),
                             "Too many checks are running. Try again in a few seconds", NULL);
    }
    bool ok = check_all(c, &found, e);
    atomic_fetch_sub(&running, 1);
    if (!ok) {
        return false;
    }
    response_header_int(c->call->response, HEADER_BROKEN, (int64_t)found.newly);
    return c->as_text ? answer_text(c, &found) : answer_json(c, &found);
}

static struct check_call check_begin(struct admin_call *call, struct str product, struct str format)
{
    return (struct check_call){
        .call = call, .policy = policy_of(call), .product = product, .as_text = str_eq(format, STR("text"))
    };
}

/* Whether OK, else what is answered. */
static bool check_end(struct check_call *c, bool ok, const struct error *e)
{
    admin_leave_keeper(&c->keeper);
    return ok || admin_refuse_sentence(c->call, e);
}

static bool get_check(struct admin_call *call, struct error *e)
{
    struct check_call c = check_begin(call, admin_arg(call, "product"), admin_arg(call, "format"));
    bool ok = admin_enter_keeper(call, &c.keeper, e) &&
              row_changes_add_names(call->tx, &c.changes, admin_arg(call, "with"), e) && answer_check(&c, e);
    return check_end(&c, ok, e);
}

static bool take_changes(struct check_call *c, struct error *e)
{
    const cJSON *change;
    cJSON_ArrayForEach(change, json_get(c->call->body, "changes"))
    {
        if (!row_changes_add(c->call->tx, &c->changes, change, e)) {
            return false;
        }
    }
    return true;
}

static bool post_check(struct admin_call *call, struct error *e)
{
    struct check_call c = check_begin(call, body_str(call->body, "product"), body_str(call->body, "format"));
    bool ok = admin_enter_keeper(call, &c.keeper, e) && take_changes(&c, e) && answer_check(&c, e);
    return check_end(&c, ok, e);
}

/* ---- a page of /pending ---- */

struct expect_page {
    struct admin_call *call;
    struct expect_policy policy;
    struct expect_set set;
    struct world world;
    struct expect_frame frame;
    struct expect_side *before;
    int64_t until_ms;
};

/* Makes the side without changes: from what KEEPER, which was entered, keeps, unless it is NULL or may not
 * keep so much. */
static bool make_before(struct expect_page *p, struct keeper *keeper, struct error *e)
{
    const struct kept *kept = keeper != NULL ? take_kept(keeper, &p->frame, NULL, &p->set, e) : NULL;
    if (kept != NULL) {
        p->before = expect_side_built(&p->frame, kept->now, NULL);
        expect_frame_use(&p->frame, p->before);
    } else if (keeper == NULL || e->kind == ERROR_NONE) {
        p->before = expect_side_new(&p->frame, &p->world, NULL);
    }
    return p->before != NULL;
}

static bool start_page(struct expect_page *p, struct keeper *keeper, struct error *e)
{
    static const struct str every = { "*", 1 };
    struct tx *tx = p->call->tx;
    if (!expect_set_read(tx, &every, 1, &p->set, e) || !world_read(tx, tx->mem, &p->world, e)) {
        return false;
    }
    p->policy = policy_of(p->call);
    p->frame = expect_frame(tx->mem, tx, &p->policy.settings, &p->set);
    p->frame.releases_max = PAGE_RELEASES_MAX;
    return p->set.n == 0 || make_before(p, keeper, e);
}

/* {"count", "blocked", "expectations": [{"product", "name", "why"}], "unknown": null}. Without RESULTS none
 * are broken. */
static cJSON *breaks_json(const struct expect_page *p, const struct expect_result *results)
{
    size_t n = 0;
    bool blocked = false;
    cJSON *json = mem_check(cJSON_CreateObject());
    cJSON *list = mem_check(cJSON_AddArrayToObject(json, "expectations"));
    for (size_t i = 0; results != NULL && i < p->set.n; i++) {
        if (!is_new(&results[i])) {
            continue;
        }
        blocked = blocked || expect_policy_blocks(&p->policy, p->set.item[i].product);
        if (n++ < PAGE_NAMES_MAX) {
            cJSON *one = identity_json(&p->set.item[i]);
            mem_check(cJSON_AddStringToObject(one, "why", results[i].is));
            cJSON_AddItemToArray(list, one);
        }
    }
    mem_check(cJSON_AddNumberToObject(json, "count", (double)n));
    mem_check(cJSON_AddBoolToObject(json, "blocked", blocked));
    mem_check(cJSON_AddNullToObject(json, "unknown"));
    return json;
}

/* The same where it is not known which. */
static cJSON *unknown_json(const char *why)
{
    cJSON *json = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddNullToObject(json, "count"));
    mem_check(cJSON_AddNullToObject(json, "blocked"));
    mem_check(cJSON_AddNullToObject(json, "expectations"));
    mem_check(cJSON_AddStringToObject(json, "unknown", why));
    return json;
}

/* The name of the change, as row_changes_add_scheduled() takes it; NULL: of a kind that bears on no answer.
 */
static const char *name_of(struct admin_call *call, const cJSON *entry)
{
    const char *kind = json_get_string(entry, "kind");
    const cJSON *id = json_get(entry, "id");
    if (!body_is_word("rules releases v2/releases pinnable_releases", str_of(kind))) {
        return NULL;
    }
    return cJSON_IsString(id) ? mem_printf(call->ctx, "%s:%s", kind, id->valuestring)
                              : mem_printf(call->ctx, "%s:%lld", kind, (long long)id->valuedouble);
}

static bool check_change(struct expect_page *p, void *ctx, const char *name, cJSON **breaks, struct error *e)
{
    struct row_changes changes = { 0 };
    struct expect_result *results;
    struct expect_frame f = p->frame;
    f.ctx = ctx;
    if (!row_changes_add_scheduled(p->call->tx, &changes, str_of(name), e)) {
        return false;
    }
    const struct expect_compare compare = { .before = p->before,
                                            .after = expect_side_new(&f, &p->world, &changes) };
    if (!expect_compare(&f, &compare, &results, e)) {
        return false;
    }
    *breaks = breaks_json(p, results);
    return true;
}

static bool check_entry(struct expect_page *p, cJSON *entry, struct error *e)
{
    cJSON *breaks = NULL;
    const char *name = name_of(p->call, entry);
    bool ok = true;
    if (name == NULL || p->set.n == 0) {
        breaks = breaks_json(p, NULL);
    } else if (clock_ms() > p->until_ms) {
        breaks = unknown_json("There was no time for this change. Ask /expectations/check for it alone");
    } else {
        void *ctx = mem_check(talloc_new(p->call->ctx));
        ok = check_change(p, ctx, name, &breaks, e);
        talloc_free(ctx);
    }
    if (!ok && (failed_as(e, FAIL_INVALID) || failed_as(e, FAIL_OUTDATED))) {
        breaks = unknown_json(e->what);
        error_clear(e);
        ok = true;
    }
    if (breaks != NULL) {
        cJSON_AddItemToObject(entry, "breaks", breaks);
    }
    return ok;
}

bool expectations_start_page(struct admin_call *call, struct expect_page **page, struct error *e)
{
    bool known;
    struct keeper *keeper;
    if (!access_is_known(call->tx, call->user, &known, e)) {
        return false;
    }
    if (!known) {
        return fail(e, FAIL_PERMISSION,
                    "To see which expectations changes break takes an account with a permission");
    }
    if (!admin_enter_keeper(call, &keeper, e)) {
        return false;
    }
    *page = mem_new(call->ctx, struct expect_page);
    (*page)->call = call;
    bool ok = start_page(*page, keeper, e);
    admin_leave_keeper(&keeper);
    return ok;
}

bool expectations_add_breaks(struct expect_page *page, cJSON *entries, struct error *e)
{
    cJSON *entry;
    page->until_ms = clock_ms() + PAGE_MS;
    cJSON_ArrayForEach(entry, entries)
    {
        if (!check_entry(page, entry, e)) {
            return false;
        }
    }
    return true;
}

/* ---- the routes ---- */

static const struct body_field check_args[] = {
    { "product", FIELD_STRING, .min = 1, .max = 15 },
    { "with", FIELD_STRING },
    { "format", FIELD_STRING, .words = "json text" },
    { 0 },
};

static const struct body_field check_fields[] = {
    { "changes", FIELD_ARRAY, .required = true },
    { "product", FIELD_STRING, .min = 1, .max = 15 },
    { "format", FIELD_STRING, .words = "json text" },
    { 0 },
};

static const struct admin_route routes[] = {
    { METHOD_GET, "/expectations/check", get_check, ADMIN_USER, "expectations_check", .args = check_args },
    { METHOD_POST, "/expectations/check", post_check, ADMIN_USER, "expectations_check_changes",
      .body = check_fields, .flags = ADMIN_READS },
};
const struct admin_routes expectations_check_routes = ADMIN_ROUTES(routes);
