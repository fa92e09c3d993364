/* See explain.h. The outcomes are gone through by scripts of draws: first all are won, then the last draw
 * that was won is lost, and so on, as one counts. */
#include "explain/explain.h"

#include "explain/draws.h"
#include "query/rule_terms.h"
#include "query/version.h"
#include "update/answer_response.h"

#include <stdio.h>

/* ---- rules ---- */

const char *rule_column_name(enum rule_column c)
{
    static const char *const names[RULE_COLUMNS] = {
        [RULE_MATCHES] = "",
        [RULE_PRODUCT] = "product",
        [RULE_BUILD_TARGET] = "buildTarget",
        [RULE_HEADER_ARCHITECTURE] = "headerArchitecture",
        [RULE_DIST_VERSION] = "distVersion",
        [RULE_CHANNEL] = "channel",
        [RULE_VERSION] = "version",
        [RULE_BUILD_ID] = "buildID",
        [RULE_MEMORY] = "memory",
        [RULE_OS_VERSION] = "osVersion",
        [RULE_INSTRUCTION_SET] = "instructionSet",
        [RULE_DISTRIBUTION] = "distribution",
        [RULE_LOCALE] = "locale",
        [RULE_MIG64] = "mig64",
        [RULE_JAWS] = "jaws",
    };
    return names[c];
}

static struct str tristate_text(enum tristate value)
{
    return value == TRI_UNKNOWN ? STR_NONE : value == TRI_TRUE ? STR("true") : STR("false");
}

struct str rule_column_wants(const struct rule *rule, enum rule_column c)
{
    const struct rule_row *r = &rule->row;
    const struct str texts[RULE_COLUMNS] = {
        [RULE_PRODUCT] = r->product,
        [RULE_BUILD_TARGET] = r->build_target,
        [RULE_HEADER_ARCHITECTURE] = r->header_architecture,
        [RULE_DIST_VERSION] = r->dist_version,
        [RULE_CHANNEL] = r->channel,
        [RULE_VERSION] = r->version,
        [RULE_BUILD_ID] = r->build_id,
        [RULE_MEMORY] = r->memory,
        [RULE_OS_VERSION] = r->os_version,
        [RULE_INSTRUCTION_SET] = r->instruction_set,
        [RULE_DISTRIBUTION] = r->distribution,
        [RULE_LOCALE] = r->locale,
        [RULE_MIG64] = tristate_text(r->mig64),
        [RULE_JAWS] = tristate_text(r->jaws),
    };
    return texts[c];
}

struct str rule_column_is(const struct query *q, enum rule_column c, char *scratch)
{
    const struct str texts[RULE_COLUMNS] = {
        [RULE_PRODUCT] = q->product,
        [RULE_BUILD_TARGET] = q->build_target,
        [RULE_HEADER_ARCHITECTURE] = q->header_architecture,
        [RULE_DIST_VERSION] = q->dist_version,
        [RULE_CHANNEL] = q->channel,
        [RULE_VERSION] = q->version,
        [RULE_BUILD_ID] = q->build_id,
        [RULE_OS_VERSION] = q->os_version,
        [RULE_INSTRUCTION_SET] = q->instruction_set,
        [RULE_DISTRIBUTION] = q->distribution,
        [RULE_LOCALE] = q->locale,
        [RULE_MIG64] = tristate_text(q->mig64),
        [RULE_JAWS] = tristate_text(q->jaws),
    };
    if (c == RULE_MEMORY && q->has_memory) {
        return (struct str){ scratch, (size_t)snprintf(scratch, 24, "%lld", (long long)q->memory) };
    }
    return texts[c];
}

/* What is wrong with the text of COLUMN; NULL where it can be parsed. Of a rule whose product fits. */
static const char *unparsable(void *ctx, const struct rule *rule, const struct query *q,
                              enum rule_column column)
{
    struct error why;
    if (rule_terms_check(rule_column_name(column), rule_column_wants(rule, column),
                         version_product_is_loose(q->product), &why)) {
        return NULL;
    }
    return mem_strdup(ctx, why.what);
}

static void explain_rule(void *ctx, struct explanation *x, const struct rule *rule, bool reached)
{
    struct rule_explained *r = &x->rules[x->n_rules++];
    *r = (struct rule_explained){ .rule = rule, .against = rule_mismatches(rule, x->q) };
    if (rule == x->chosen) {
        r->verdict = RULE_CHOSEN;
        return;
    }
    if (!reached) {
        r->verdict = RULE_NOT_REACHED;
        return;
    }
    r->verdict = RULE_AGAINST;
    r->why =
        r->against != 0 ? unparsable(ctx, rule, x->q, (enum rule_column)__builtin_ctz(r->against)) : NULL;
    if (r->why != NULL) {
        r->verdict = RULE_UNPARSABLE;
    }
}

static void explain_rules(void *ctx, struct explanation *x, const struct ruleset *rules)
{
    bool reached = str_absent(x->stopped) && x->stop == NULL;
    x->rules = mem_array(ctx, struct rule_explained, rules->n);
    for (size_t i = 0; i < rules->n; i++) {
        explain_rule(ctx, x, &rules->rules[i], reached);
        reached = reached && &rules->rules[i] != x->chosen;
    }
}

/* ---- releases ---- */

struct patch_list {
    void *ctx;
    struct release_explained *of;
};

static void add_patch(void *arg, const struct patch_note *patch)
{
    struct patch_list *list = arg;
    struct release_explained *r = list->of;
    r->patches = mem_resize(list->ctx, r->patches, struct patch_note, r->n_patches + 1);
    struct patch_note *kept = &r->patches[r->n_patches++];
    *kept = *patch;
    kept->why = mem_strdup(list->ctx, patch->why);
}

/* What goes into an explanation. */
struct explaining {
    void *ctx;
    const struct snapshot *snapshot;
    const struct query *q;
    struct explanation *x;
    struct buf scratch;
    struct response response;
};

static struct release_explained *explain_release(struct explaining *w, const struct query *q, struct str name,
                                                 struct str update_type)
{
    struct release_explained *r = mem_new(w->ctx, struct release_explained);
    r->name = name;
    r->release = snapshot_release(w->snapshot, name);
    if (r->release != NULL) {
        struct release_env env = engine_release_env(w->snapshot, q, update_type);
        struct patch_list list = { w->ctx, r };
        r->has_place = release_find_place(r->release, q, &r->place);
        release_note_patches(r->release, &env, add_patch, &list);
    }
    return r;
}

static const char *keep_error(void *ctx, const struct error *e)
{
    return e->kind != ERROR_NONE ? mem_strdup(ctx, e->what) : NULL;
}

/* Chooses for Q, which is the query itself or asks for a superblob's PART, with the draws of SOURCE. */
static struct choice_explained explain_choice(struct explaining *w, const struct query *q, struct str part,
                                              struct random_source *source)
{
    struct engine_choice c;
    struct error e;
    error_clear(&e);
    engine_choose(w->snapshot, q, source, &e, &c);
    struct str name = str_absent(c.pinned) ? c.mapping : c.pinned;
    return (struct choice_explained){
        .part = part,
        .rule = c.rule,
        .stop = c.stop,
        .reason = c.reason,
        .throttle = c.throttle,
        .mapping = c.mapping,
        .pinned = c.pinned,
        .release = name.n > 0 ? explain_release(w, q, name, c.rule->row.update_type) : NULL,
        .error = keep_error(w->ctx, &e),
    };
}

static struct choice_explained explain_member(struct explaining *w, struct str name, const struct rule *rule)
{
    struct query q = *w->q;
    const struct release *member = snapshot_release(w->snapshot, name);
    q.product = member != NULL ? member->product : q.product;
    return (struct choice_explained){
        .part = name,
        .rule = rule,
        .reason = member != NULL ? REASON_SERVED : REASON_NO_RELEASE,
        .mapping = name,
        .release = explain_release(w, &q, name, rule->row.update_type),
    };
}

/* What a superblob is put together from. */
static void explain_parts(struct explaining *w, struct outcome *o, struct random_source *source)
{
    const struct release *super = o->choice.release != NULL ? o->choice.release->release : NULL;
    if (o->choice.reason != REASON_SERVED || super == NULL) {
        return;
    }
    o->parts = mem_array(w->ctx, struct choice_explained, super->n_products + super->n_members);
    for (size_t i = 0; i < super->n_products; i++) {
        struct query q = *w->q;
        q.product = super->products[i];
        o->parts[o->n_parts++] = explain_choice(w, &q, q.product, source);
    }
    for (size_t i = 0; i < super->n_members && super->n_products == 0; i++) {
        o->parts[o->n_parts++] = explain_member(w, super->members[i], o->choice.rule);
    }
}

/* ---- outcomes ---- */

static void keep_response(void *ctx, struct outcome *o, const struct response *response)
{
    o->status = response->status;
    o->content_type = response->content_type;
    o->head = mem_str(ctx, buf_view(&response->head));
    o->body = mem_str(ctx, buf_view(&response->body));
}

static void keep_answer(struct explaining *w, struct outcome *o, const struct answer *a)
{
    answer_response(&w->response, w->q, a);
    keep_response(w->ctx, o, &w->response);
    o->reason = a->reason;
    o->error = keep_error(w->ctx, &a->error);
    o->skipped = keep_error(w->ctx, &a->skipped);
}

static void rewind_draws(struct random_source *source)
{
    if (source->script != NULL) {
        source->script->at = 0;
    }
}

/* Answers the query once, with the draws of SOURCE. */
static struct outcome run_once(struct explaining *w, struct random_source *source)
{
    struct answer a;
    struct outcome o = { 0 };
    rewind_draws(source);
    o.choice = explain_choice(w, w->q, STR_NONE, source);
    explain_parts(w, &o, source);
    rewind_draws(source);
    response_reset(&w->response);
    engine_answer(w->snapshot, w->q, source, &w->scratch, &w->response.body, &a);
    keep_answer(w, &o, &a);
    return o;
}

static bool same_answer(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && a->reason == b->reason && a->choice.rule == b->choice.rule &&
           str_eq(a->choice.mapping, b->choice.mapping) && str_eq(a->body, b->body);
}

static struct outcome *find_outcome(const struct explanation *x, const struct outcome *o)
{
    for (size_t i = 0; i < x->n_outcomes; i++) {
        if (same_answer(&x->outcomes[i], o)) {
            return &x->outcomes[i];
        }
    }
    return NULL;
}

static void run_all(struct explaining *w)
{
    struct explanation *x = w->x;
    struct draw_script script = { 0 };
    struct random_source source = { .fixed = DRAW_SCRIPTED, .script = &script };
    x->outcomes = mem_array(w->ctx, struct outcome, OUTCOMES_MAX + 1);
    do {
        struct outcome o = run_once(w, &source);
        o.percent = 100 * draws_share(&script);
        struct outcome *known = find_outcome(x, &o);
        if (known != NULL) {
            known->percent += o.percent;
        } else if (x->n_outcomes == OUTCOMES_MAX) {
            x->more = true;
            return;
        } else {
            x->outcomes[x->n_outcomes++] = o;
        }
    } while (draws_next(&script));
}

/* Leaves the outcome in which each draw gives FIXED. */
static void keep_one(struct explaining *w, int fixed)
{
    struct explanation *x = w->x;
    struct random_source source = { .fixed = fixed };
    struct outcome o = run_once(w, &source);
    const struct outcome *known = find_outcome(x, &o);
    o.percent = known != NULL ? known->percent : -1;
    x->outcomes[0] = o;
    x->n_outcomes = 1;
    x->more = false;
}

static struct str stopped_channel(const struct snapshot *s, const struct query *q)
{
    return snapshot_is_shut_off(s, q->product, q->channel)            ? q->channel
           : snapshot_is_shut_off(s, q->product, q->fallback_channel) ? q->fallback_channel
                                                                      : STR_NONE;
}

static void open_response(struct response *response)
{
    buf_init(&response->head, 256, 65536);
    buf_init(&response->body, 16384, RESPONSE_BODY_MAX);
}

static void close_response(struct response *response)
{
    buf_free(&response->head);
    buf_free(&response->body);
}

static struct explanation *explain_at_dice(void *ctx, const struct snapshot *s, const struct query *q,
                                           int dice, bool with_rules)
{
    struct explanation *x = mem_new(ctx, struct explanation);
    struct explaining w = { .ctx = x, .snapshot = s, .q = q, .x = x };
    buf_init(&w.scratch, 16384, ENGINE_BODY_MAX);
    open_response(&w.response);
    x->q = q;
    x->stopped = stopped_channel(s, q);
    run_all(&w);
    x->chosen = x->outcomes[0].choice.rule;
    x->stop = x->outcomes[0].choice.stop;
    if (dice != DICE_ALL) {
        keep_one(&w, dice);
    }
    if (with_rules) {
        explain_rules(x, x, s->input.rules);
    }
    buf_free(&w.scratch);
    close_response(&w.response);
    return x;
}

struct explanation *explain_query(void *ctx, const struct snapshot *s, const struct query *q, int dice)
{
    return explain_at_dice(ctx, s, q, dice, true);
}

struct explanation *explain_outcomes(void *ctx, const struct snapshot *s, const struct query *q)
{
    return explain_at_dice(ctx, s, q, DICE_ALL, false);
}

struct explanation *explain_refused(void *ctx, const struct error *why)
{
    struct response response = { 0 };
    struct explanation *x = mem_new(ctx, struct explanation);
    struct outcome *o = mem_new(x, struct outcome);
    open_response(&response);
    response_problem(&response, 400, NULL, why->what, NULL);
    keep_response(x, o, &response);
    close_response(&response);
    o->percent = 100;
    o->reason = o->choice.reason = REASON_BAD_REQUEST;
    o->error = o->choice.error = mem_strdup(x, why->what);
    x->outcomes = o;
    x->n_outcomes = 1;
    return x;
}

/* ---- the site ---- */

static bool has_product(const struct explain_site *site, struct str product)
{
    for (size_t i = 0; i < site->n_signed_products; i++) {
        if (str_eq(site->signed_products[i], product)) {
            return true;
        }
    }
    return false;
}

/* As balrog-public decides (public/service.c). */
static void explain_signature(struct explanation *x, struct outcome *o, const struct explain_site *site)
{
    bool xml = x->q == NULL || x->q->form == QUERY_XML;
    if (x->q == NULL || o->status != 200) {
        o->signature_why = "only answers with status 200 are signed";
        return;
    }
    o->is_signed = xml ? has_product(site, x->q->product) : site->json_is_signed;
    if (o->is_signed) {
        o->signature_why =
            "balrog-public adds a Content-Signature over this body; its key is not here, so the "
            "value cannot be shown";
    } else if (xml) {
        o->signature_why = mem_printf(x, "content_signature_products in [signing] does not have %.*s",
                                      (int)(x->q->product.n < 100 ? x->q->product.n : 100),
                                      x->q->product.p != NULL ? x->q->product.p : "");
    } else {
        o->signature_why = "[signing] has no key for JSON answers";
    }
}

void explain_add_site(struct explanation *x, const struct explain_site *site)
{
    for (size_t i = 0; i < x->n_outcomes; i++) {
        struct outcome *o = &x->outcomes[i];
        o->head.p = mem_printf(x, "%.*s" ANSWER_COMMON_HEADERS "Cache-Control: %s\r\n", STR_ARG(o->head),
                               site->cache_control);
        o->head.n = strlen(o->head.p);
        explain_signature(x, o, site);
    }
}
