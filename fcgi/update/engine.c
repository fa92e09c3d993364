/* An answer is found in two steps: engine_choose() chooses a release (shutoffs, rules, random draw, pins),
 * then the release writes it. A superblob by products evaluates again for each product.
 *
 * The reference's exceptions split in two: a BadDataError is a 400; anything else is a 500 there and an
 * answer without the part that failed here. */
#include "update/engine.h"

#include "release/markup.h"

static const char *const reason_names[REASON_COUNT] = {
    [REASON_SERVED] = "served",
    [REASON_NO_RULE] = "no_rule",
    [REASON_SHUT_OFF] = "shut_off",
    [REASON_PARTIAL_STOP] = "partial_stop",
    [REASON_NULL_MAPPING] = "null_mapping",
    [REASON_THROTTLED] = "throttled",
    [REASON_UP_TO_DATE] = "up_to_date",
    [REASON_PIN_UNAVAILABLE] = "pin_unavailable",
    [REASON_BAD_REQUEST] = "bad_request",
    [REASON_NO_RELEASE] = "no_release",
    [REASON_BROKEN] = "broken",
    [REASON_NO_ROUTE] = "no_route",
};

const char *engine_reason_name(enum reason reason)
{
    return reason_names[reason];
}

/* Returns 0 to 99. xorshift64*: fast, and uniform enough for backgroundRate. */
static int draw_percent(struct random_source *source)
{
    source->state ^= source->state >> 12;
    source->state ^= source->state << 25;
    source->state ^= source->state >> 27;
    return (int)(((source->state * 2685821657736338717u) >> 32) * 100 >> 32);
}

static bool loses_by_script(struct draw_script *script, int64_t rate)
{
    unsigned i = script->at++;
    if (i >= DRAWS_MAX) {
        return false;
    }
    if (i == script->n) {
        script->draw[script->n++].lost = false;
    }
    script->draw[i].rate = (int)rate;
    return script->draw[i].lost;
}

/* Whether a client loses against RATE percent. */
static bool loses_draw(struct random_source *source, int64_t rate)
{
    if (source->fixed == DRAW_RANDOM) {
        return draw_percent(source) >= rate;
    }
    return source->fixed >= 0 ? source->fixed >= rate : loses_by_script(source->script, rate);
}

/* ---- choosing a release ---- */

static void refuse_choice(struct engine_choice *c, enum reason reason)
{
    c->release = NULL;
    c->reason = reason;
}

/* The mapping that the rule and the random draw lead to; absent when there is none (the reason is set then).
 */
static struct str choose_mapping(const struct rule_row *row, enum force force, struct random_source *source,
                                 struct engine_choice *c)
{
    if (row->mapping.n == 0) {
        refuse_choice(c, REASON_NULL_MAPPING);
        return STR_NONE;
    }
    if (force == FORCE_MAIN || (row->has_background_rate && row->background_rate >= 100)) {
        return row->mapping;
    }
    if (!row->has_background_rate) {
        error_set(c->error, ERROR_INTERNAL, "rule %lld has no backgroundRate", (long long)row->rule_id);
        refuse_choice(c, REASON_BROKEN);
        return STR_NONE;
    }
    bool lost = force == FORCE_FALLBACK || row->background_rate <= 0;
    if (!lost) {
        c->is_random = true;
        lost = loses_draw(source, row->background_rate);
        c->throttle = !lost                          ? THROTTLE_PASSED
                      : row->fallback_mapping.n == 0 ? THROTTLE_WITHHELD
                                                     : THROTTLE_FALLBACK;
    }
    if (lost && row->fallback_mapping.n == 0) {
        refuse_choice(c, REASON_THROTTLED);
        return STR_NONE;
    }
    return lost ? row->fallback_mapping : row->mapping;
}

static enum verdict ask_release(const struct snapshot *s, struct str mapping, const struct query *q,
                                struct engine_choice *c)
{
    c->release = snapshot_release(s, mapping);
    if (c->release == NULL) {
        c->awaited = snapshot_awaits(&s->input, mapping) ? mapping : c->awaited;
        error_set(c->error, ERROR_INTERNAL, "release %.*s is missing or broken", STR_ARG(mapping));
        refuse_choice(c, REASON_NO_RELEASE);
        return VERDICT_NO;
    }
    enum verdict verdict = release_should_serve(c->release, q, c->error);
    if (verdict == VERDICT_NO) {
        refuse_choice(c, REASON_UP_TO_DATE);
    } else if (verdict == VERDICT_BAD) {
        refuse_choice(c, REASON_BAD_REQUEST);
    } else if (verdict == VERDICT_BROKEN) {
        refuse_choice(c, REASON_BROKEN);
    }
    return verdict;
}

/* Refuses a pinned release that is newer than the pin allows, or has no version at all. Such pins
 * may have been made by the reference. Serving nothing is better than serving what the client asked not to
 * get. */
static void refuse_pin(struct engine_choice *c, struct str version, struct str mapping)
{
    error_set(c->error, ERROR_INTERNAL, "pin %.*s leads to release %.*s, which is not known to be within it",
              STR_ARG(version), STR_ARG(mapping));
    refuse_choice(c, REASON_PIN_UNAVAILABLE);
}

/* Replaces a release that is newer than the query's pin allows by the pinned one. If there is no such pin,
 * the client gets the newer release, because staying behind without updates would be worse. */
static void apply_pin(const struct snapshot *s, const struct query *q, struct engine_choice *c)
{
    struct pin_version pin;
    char text[24];
    if (!pin_version_parse(&pin, q->pin)) {
        return; /* the release has parsed it already */
    }
    struct str version = { text, pin_version_print(&pin, text) };
    struct str mapping = snapshot_pin(s, q->product, q->fallback_channel, version);
    if (str_absent(mapping)) {
        return;
    }
    c->pinned = mapping;
    enum verdict verdict = ask_release(s, mapping, q, c);
    if (verdict == VERDICT_NO && c->reason == REASON_UP_TO_DATE) {
        c->reason = REASON_PIN_UNAVAILABLE;
    } else if (verdict == VERDICT_MAYBE || (verdict == VERDICT_YES && !release_has_versions(c->release))) {
        refuse_pin(c, version, mapping);
    }
}

void engine_choose(const struct snapshot *s, const struct query *q, struct random_source *source,
                   struct error *error, struct engine_choice *c)
{
    *c = (struct engine_choice){ .reason = REASON_SERVED, .error = error };
    if (snapshot_is_shut_off(s, q->product, q->channel) ||
        snapshot_is_shut_off(s, q->product, q->fallback_channel)) {
        refuse_choice(c, REASON_SHUT_OFF);
        return;
    }
    if (s->input.stops != NULL && (c->stop = ruleset_find(s->input.stops, q)) != NULL) {
        refuse_choice(c, REASON_PARTIAL_STOP);
        return;
    }
    switch (ruleset_match(s->input.rules, q, &c->rule)) {
    case MATCH_NONE:
        refuse_choice(c, REASON_NO_RULE);
        return;
    case MATCH_BAD_VERSION:
        error_set(c->error, ERROR_BAD_REQUEST, "Version number %.*s is invalid.", STR_ARG(q->version));
        refuse_choice(c, REASON_BAD_REQUEST);
        return;
    case MATCH_FOUND:
        break;
    }
    c->mapping = choose_mapping(&c->rule->row, q->force, source, c);
    if (!str_absent(c->mapping) && ask_release(s, c->mapping, q, c) == VERDICT_MAYBE) {
        apply_pin(s, q, c);
    }
}

/* ---- writing the answer ---- */

struct writer {
    const struct snapshot *snapshot;
    const struct query *query;
    struct random_source *source;
    struct buf *out;
    struct answer *answer;
    void (*reached)(void *arg, enum engine_point point); /* or NULL */
    void *reached_arg;
};

static void report_point(const struct writer *w, enum engine_point point)
{
    if (w->reached != NULL) {
        w->reached(w->reached_arg, point);
    }
}

static const struct release *find_from(const void *snapshot, struct str name)
{
    return snapshot_release(snapshot, name);
}

struct release_env engine_release_env(const struct snapshot *s, const struct query *q, struct str update_type)
{
    const struct engine_settings *settings = s->input.settings;
    return (struct release_env){
        q, update_type, settings->allowlist, settings->force_hosts, settings->n_force_hosts, find_from, s
    };
}

static void note_skipped(struct answer *a, const struct error *why)
{
    if (why->kind != ERROR_NONE && a->skipped.kind == ERROR_NONE) {
        a->skipped = *why;
    }
}

/* Writes a part of a superblob, or leaves it out if its release is broken. Returns false for a 400. */
static bool write_part(struct writer *w, const struct release *r, const struct query *q,
                       struct str update_type)
{
    struct release_env env = engine_release_env(w->snapshot, q, update_type);
    struct error why, skipped;
    error_clear(&why);
    error_clear(&skipped);
    size_t before = w->out->n;
    enum verdict verdict = release_inner_xml(r, &env, w->out, &why, &skipped);
    if (verdict == VERDICT_BAD) {
        w->answer->error = why;
        return false;
    }
    if (verdict != VERDICT_YES) {
        w->out->n = before;
        note_skipped(w->answer, &why);
    }
    note_skipped(w->answer, &skipped);
    return true;
}

static bool write_products(struct writer *w, const struct release *super)
{
    for (size_t i = 0; i < super->n_products; i++) {
        struct query q = *w->query;
        struct engine_choice c;
        struct error why;
        error_clear(&why);
        q.product = super->products[i];
        report_point(w, ENGINE_PRODUCT_SOUGHT);
        engine_choose(w->snapshot, &q, w->source, &why, &c);
        report_point(w, ENGINE_PRODUCT_CHOSEN);
        w->answer->is_random |= c.is_random;
        w->answer->awaited = str_absent(c.awaited) ? w->answer->awaited : c.awaited;
        if (c.reason == REASON_BAD_REQUEST) {
            w->answer->error = why;
            return false;
        }
        note_skipped(w->answer, &why);
        if (c.release != NULL && !write_part(w, c.release, &q, c.rule->row.update_type)) {
            return false;
        }
    }
    return true;
}

static bool write_members(struct writer *w, const struct release *super, struct str update_type)
{
    for (size_t i = 0; i < super->n_members; i++) {
        report_point(w, ENGINE_MEMBER_SOUGHT);
        const struct release *member = snapshot_release(w->snapshot, super->members[i]);
        report_point(w, ENGINE_MEMBER_CHOSEN);
        if (member == NULL) {
            struct error why;
            error_set(&why, ERROR_INTERNAL, "release %.*s is missing or broken", STR_ARG(super->members[i]));
            note_skipped(w->answer, &why);
            continue;
        }
        struct query q = *w->query;
        q.product = member->product;
        if (!write_part(w, member, &q, update_type)) {
            return false;
        }
    }
    return true;
}

static enum verdict write_inner(struct writer *w, const struct release *r, const struct release_env *env)
{
    if (r->n_products > 0) {
        return write_products(w, r) ? VERDICT_YES : VERDICT_BAD;
    }
    if (r->n_members > 0) {
        return write_members(w, r, env->update_type) ? VERDICT_YES : VERDICT_BAD;
    }
    struct error skipped;
    error_clear(&skipped);
    enum verdict verdict = release_inner_xml(r, env, w->out, &w->answer->error, &skipped);
    note_skipped(w->answer, &skipped);
    return verdict;
}

static enum verdict write_xml(struct writer *w, const struct release *r, struct str update_type)
{
    struct release_env env = engine_release_env(w->snapshot, w->query, update_type);
    struct error *e = &w->answer->error;
    buf_lit(w->out, "<?xml version=\"1.0\"?>\n<updates>\n");
    enum verdict verdict = release_header_xml(r, &env, w->out, e);
    if (verdict == VERDICT_YES) {
        verdict = write_inner(w, r, &env);
    }
    if (verdict == VERDICT_YES) {
        verdict = release_footer_xml(r, &env, w->out, e);
    }
    buf_lit(w->out, "</updates>");
    if (verdict == VERDICT_YES && w->out->full) {
        error_set(e, ERROR_INTERNAL, "release %.*s: the answer is larger than %d bytes", STR_ARG(r->name),
                  ENGINE_BODY_MAX);
        verdict = VERDICT_BROKEN;
    }
    return verdict;
}

/* Two nightlies cannot parse an answer with newlines and indentation (bug 1517743). */
static bool must_squash_spaces(const struct release *r, const struct query *q)
{
    return r->n_products == 0 && r->n_members == 0 &&
           str_eq(r->name, STR("Firefox-mozilla-central-nightly-latest")) &&
           (str_eq(q->build_id, STR("20190103220533")) || str_eq(q->build_id, STR("20190104093221")));
}

/* Removes newlines and then each run of four spaces, in place. */
static void squash_spaces(struct buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->p[i] != '\n') {
            b->p[n++] = b->p[i];
        }
    }
    b->n = n;
    n = 0;
    for (size_t i = 0; i < b->n;) {
        if (b->n - i >= 4 && memcmp(b->p + i, "    ", 4) == 0) {
            i += 4;
        } else {
            b->p[n++] = b->p[i++];
        }
    }
    b->n = n;
}

static void answer_bad_request(struct answer *a)
{
    a->status = 400;
    a->reason = REASON_BAD_REQUEST;
}

static void answer_xml(struct writer *w, const struct release *r, struct buf *body)
{
    struct answer *a = w->answer;
    if (r == NULL) {
        buf_lit(body, ENGINE_EMPTY_XML);
        return;
    }
    if (!release_is_xml(r)) {
        error_set(&a->error, ERROR_BAD_REQUEST, "Wrong blob type");
        answer_bad_request(a);
        return;
    }
    switch (write_xml(w, r, a->rule->row.update_type)) {
    case VERDICT_YES:
        markup_finish(body, buf_view(w->out));
        if (must_squash_spaces(r, w->query)) {
            squash_spaces(body);
        }
        break;
    case VERDICT_BAD:
        answer_bad_request(a);
        break;
    default:
        a->reason = REASON_BROKEN;
        buf_lit(body, ENGINE_EMPTY_XML);
        break;
    }
}

static void answer_json(struct writer *w, const struct release *r, struct buf *body)
{
    struct answer *a = w->answer;
    if (r != NULL && !release_is_json(r)) {
        error_set(&a->error, ERROR_INTERNAL, "release %.*s has no JSON answer", STR_ARG(r->name));
        a->reason = REASON_BROKEN;
        r = NULL;
    }
    if (r != NULL) {
        struct release_env env = engine_release_env(w->snapshot, w->query, a->rule->row.update_type);
        if (release_json(r, &env, body, &a->error) == VERDICT_YES) {
            return;
        }
        a->reason = REASON_BROKEN;
    }
    buf_reset(body);
    a->status = 404;
}

void engine_answer_watched(const struct snapshot *s, const struct query *q, struct random_source *source,
                           struct buf *scratch, struct buf *body, struct answer *a,
                           void (*reached)(void *arg, enum engine_point point), void *arg)
{
    struct engine_choice c;
    buf_reset(scratch);
    buf_reset(body);
    error_clear(&a->error);
    error_clear(&a->skipped);
    struct writer w = { s, q, source, scratch, a, reached, arg };
    engine_choose(s, q, source, &a->error, &c);
    report_point(&w, ENGINE_EVALUATED);
    a->status = 200;
    a->reason = c.reason;
    a->rule = c.rule;
    a->throttle = c.throttle;
    a->is_random = c.is_random;
    a->awaited = c.awaited;
    if (c.reason == REASON_BAD_REQUEST) {
        answer_bad_request(a);
        return;
    }
    if (q->form == QUERY_XML) {
        answer_xml(&w, c.release, body);
    } else {
        answer_json(&w, c.release, body);
    }
}

void engine_answer(const struct snapshot *s, const struct query *q, struct random_source *source,
                   struct buf *scratch, struct buf *body, struct answer *a)
{
    engine_answer_watched(s, q, source, scratch, body, a, NULL, NULL);
}
