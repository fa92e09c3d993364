/* See explain_text.h. The steps come in the engine's order; of the rules only those above the chosen one. */
#include "explain/explain_text.h"

#include "explain/explain_why.h"

enum { MISSES_SHOWN = 5 };

static void say_field(struct buf *out, const char *name, struct str value)
{
    if (value.n > 0) {
        buf_printf(out, "  %-18s %.*s\n", name, STR_ARG(value));
    }
}

static void say_query(struct buf *out, const struct query *q)
{
    char memory[24];
    buf_lit(out, "Query\n");
    for (int c = RULE_PRODUCT; c < RULE_COLUMNS; c++) {
        say_field(out, rule_column_name((enum rule_column)c), rule_column_is(q, (enum rule_column)c, memory));
    }
    if (!str_eq(q->fallback_channel, q->channel)) {
        say_field(out, "fallback channel", q->fallback_channel);
    }
    say_field(out, "pin", q->pin);
    say_field(out, "force",
              q->force == FORCE_MAIN       ? STR("1")
              : q->force == FORCE_FALLBACK ? STR("-1")
                                           : STR_NONE);
}

static void say_against(struct buf *out, const struct rule_explained *r, const struct query *q)
{
    char scratch[24];
    enum rule_column c = (enum rule_column)__builtin_ctz(r->against);
    struct str is = rule_column_is(q, c, scratch);
    buf_printf(out, "%s wants %.*s, is ", rule_column_name(c), STR_ARG(rule_column_wants(r->rule, c)));
    buf_str(out, str_absent(is) ? STR("not known") : is.n == 0 ? STR("empty") : is);
}

static void say_rule(struct buf *out, const struct rule_explained *r, const struct query *q)
{
    const struct rule_row *row = &r->rule->row;
    buf_printf(out, "  rule %lld", (long long)row->rule_id);
    if (row->has_priority) {
        buf_printf(out, ", priority %lld: ", (long long)row->priority);
    } else {
        buf_lit(out, ", no priority: ");
    }
    switch (r->verdict) {
    case RULE_CHOSEN:
        buf_lit(out, "chosen");
        break;
    case RULE_UNPARSABLE:
        buf_str(out, str_of(r->why));
        break;
    case RULE_AGAINST:
        if (r->against != 0) {
            say_against(out, r, q);
        }
        break;
    case RULE_NOT_REACHED:
        buf_lit(out, "not looked at");
        break;
    }
    buf_char(out, '\n');
}

static void say_rules(struct buf *out, const struct explanation *x)
{
    size_t other_products = 0, below = 0;
    buf_printf(out, "\nRules (%zu)\n", x->n_rules);
    for (size_t i = 0; i < x->n_rules; i++) {
        const struct rule_explained *r = &x->rules[i];
        if (r->verdict == RULE_NOT_REACHED) {
            below++;
        } else if ((r->against & 1u << RULE_PRODUCT) != 0) {
            other_products++;
        } else {
            say_rule(out, r, x->q);
        }
    }
    if (x->chosen == NULL) {
        buf_lit(out, "  no rule is chosen\n");
    }
    if (other_products > 0) {
        buf_printf(out, "  %zu of other products\n", other_products);
    }
    if (below > 0) {
        buf_printf(out, "  %zu not looked at\n", below);
    }
}

static void say_misses(struct buf *out, const struct explanation *x)
{
    unsigned n = 0;
    for (size_t i = 0; i < x->n_rules && n < MISSES_SHOWN; i++) {
        const struct rule_explained *r = &x->rules[i];
        bool near = __builtin_popcount(r->against) == 1 && (r->against & 1u << RULE_PRODUCT) == 0;
        if (near && r->verdict != RULE_NOT_REACHED) {
            buf_str(out, n++ == 0 ? STR("\nNearest misses: one column is against them\n") : STR(""));
            buf_printf(out, "  rule %lld: ", (long long)r->rule->row.rule_id);
            say_against(out, r, x->q);
            buf_char(out, '\n');
        }
    }
}

static void say_choice(struct buf *out, const struct query *q, const struct choice_explained *c)
{
    buf_lit(out, "  ");
    explain_why(out, q, c);
    buf_char(out, '\n');
    if (c->pinned.n > 0) {
        buf_printf(out, "  pinned: %.*s instead of %.*s\n", STR_ARG(c->pinned), STR_ARG(c->mapping));
    }
    for (size_t i = 0; c->release != NULL && i < c->release->n_patches; i++) {
        const struct patch_note *p = &c->release->patches[i];
        buf_printf(out, "  %s from %.*s: ", p->partial ? "partial" : "complete", STR_ARG(p->from));
        explain_patch_why(out, q, p);
        buf_char(out, '\n');
    }
}

static void say_parts(struct buf *out, const struct explanation *x, const struct outcome *o)
{
    for (size_t i = 0; i < o->n_parts; i++) {
        struct query part = *x->q;
        part.product = o->parts[i].part;
        buf_printf(out, "  part %.*s\n  ", STR_ARG(o->parts[i].part));
        say_choice(out, &part, &o->parts[i]);
    }
}

/* The headers, a line each; the signature, which is not known, as a remark. */
static void say_headers(struct buf *out, const struct outcome *o)
{
    struct str line, rest = o->head;
    buf_char(out, '\n');
    if (o->content_type != NULL) {
        buf_printf(out, "Content-Type: %s\n", o->content_type);
    }
    while (str_split(&rest, '\n', &line)) {
        line = str_strip(line);
        if (line.n > 0) {
            buf_str(out, line);
            buf_char(out, '\n');
        }
    }
    if (o->is_signed) {
        buf_printf(out, "(Content-Signature: %s)\n", o->signature_why);
    }
    buf_char(out, '\n');
}

static void say_outcome(struct buf *out, const struct explanation *x, const struct outcome *o)
{
    buf_lit(out, "\nAnswer");
    if (o->percent >= 0 && o->percent < 100) {
        buf_printf(out, " to %.4g %% of such clients", o->percent);
    }
    buf_printf(out, ": %d, %s\n", o->status, engine_reason_name(o->reason));
    if (x->q != NULL) {
        say_choice(out, x->q, &o->choice);
        say_parts(out, x, o);
    }
    if (o->error != NULL) {
        buf_printf(out, "  wrong: %s\n", o->error);
    }
    if (o->skipped != NULL) {
        buf_printf(out, "  left out: %s\n", o->skipped);
    }
    say_headers(out, o);
    buf_str(out, o->body);
    if (o->body.n == 0 || o->body.p[o->body.n - 1] != '\n') {
        buf_char(out, '\n');
    }
}

void explain_text(struct buf *out, const struct explanation *x)
{
    if (x->q != NULL) {
        say_query(out, x->q);
        if (!str_absent(x->stopped)) {
            buf_printf(out, "\nStopped: updates of %.*s on %.*s are shut off\n", STR_ARG(x->q->product),
                       STR_ARG(x->stopped));
        }
        if (x->stop != NULL) {
            buf_printf(out, "\nStopped for a part, by partial stop %lld: ", (long long)x->stop->row.rule_id);
            explain_stop_conditions(out, x->stop);
            buf_char(out, '\n');
        }
        say_rules(out, x);
        say_misses(out, x);
    }
    if (x->chosen != NULL && x->chosen->row.has_background_rate) {
        struct str fallback = x->chosen->row.fallback_mapping;
        buf_printf(out, "\nRate %lld %%: ", (long long)x->chosen->row.background_rate);
        buf_printf(out, "%.*s, else ", STR_ARG(x->chosen->row.mapping));
        buf_str(out, fallback.n > 0 ? fallback : STR("nothing"));
        buf_char(out, '\n');
    }
    for (size_t i = 0; i < x->n_outcomes; i++) {
        say_outcome(out, x, &x->outcomes[i]);
    }
    if (x->more) {
        buf_lit(out, "\nThere are more outcomes.\n");
    }
}
