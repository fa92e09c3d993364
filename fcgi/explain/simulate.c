/* Each query is answered from both snapshots, once per way in which draws can go: a few outcomes each, with
 * their shares. What both sides have in common stays; the rest moves, each outcome of before to those of
 * after in proportion to what these have left. */
#include "explain/simulate.h"

#include "core/interner.h"
#include "explain/draws.h"

#include <stdlib.h>

enum {
    OUTCOMES_KEPT = 64, /* of a query; the share of further ones goes to the last */
    STOP_EVERY = 32,    /* queries */
    OUTCOMES_SCRATCH = 128 << 10,
};

/* Kinds of the interner's texts. */
enum { KIND_BEFORE, KIND_AFTER, KIND_MOVE, KIND_VALUES };

/* An answer that a query can get. */
struct share {
    struct str name; /* the release served; absent: none */
    enum reason reason;
    size_t body, body_n; /* in the side's bodies */
    double left;         /* of the query's 1: what has not been accounted for */
};

struct side {
    const struct snapshot *snapshot;
    struct share share[OUTCOMES_KEPT];
    size_t n;
    struct buf bodies;
};

struct simulating {
    const struct simulate_request *request;
    struct simulation *result;
    struct side before, after;
    struct arena arena;
    struct interner names;
    struct buf scratch, body, key;
    char *text;
    struct query query;
    const struct sample_query *entry;
};

/* ---- the outcomes of one query ---- */

static void add_outcome(struct side *s, struct str name, const struct answer *a, struct str body,
                        double share)
{
    if (s->n == OUTCOMES_KEPT) {
        s->share[s->n - 1].left += share;
        return;
    }
    s->share[s->n++] = (struct share){ name, a->reason, s->bodies.n, body.n, share };
    buf_str(&s->bodies, body);
}

/* The answer with the draws of SOURCE; the name of the release that is served, or absent. */
static struct str answer_once(struct simulating *w, const struct side *s, struct random_source *source,
                              struct answer *a)
{
    struct engine_choice c;
    struct error e;
    error_clear(&e);
    source->script->at = 0;
    engine_choose(s->snapshot, &w->query, source, &e, &c);
    source->script->at = 0;
    engine_answer(s->snapshot, &w->query, source, &w->scratch, &w->body, a);
    if (a->reason != REASON_SERVED) {
        return STR_NONE;
    }
    return str_absent(c.pinned) ? c.mapping : c.pinned;
}

static void answer_all(struct simulating *w, struct side *s)
{
    struct draw_script script = { 0 };
    struct random_source source = { .fixed = DRAW_SCRIPTED, .script = &script };
    struct answer a;
    unsigned ways = 0;
    s->n = 0;
    buf_reset(&s->bodies);
    do {
        struct str name = answer_once(w, s, &source, &a);
        add_outcome(s, name, &a, buf_view(&w->body), draws_share(&script));
    } while (++ways < OUTCOMES_KEPT && draws_next(&script));
    if (ways == OUTCOMES_KEPT) {
        double sum = 0;
        for (size_t i = 0; i < s->n; i++) {
            sum += s->share[i].left;
        }
        s->share[s->n - 1].left += 1 - sum;
    }
}

static void refuse_query(struct side *s, enum reason reason)
{
    s->n = 1;
    buf_reset(&s->bodies);
    s->share[0] = (struct share){ .reason = reason, .left = 1 };
}

/* ---- counting ---- */

/* The tally called NAME in LIST, whose names are of KIND; NULL if it is new and LIST has MAX already. */
static struct tally *find_tally(struct simulating *w, struct tally_list *list, unsigned kind, struct str name,
                                size_t max)
{
    struct interned *known = interner_find(&w->names, kind, name);
    if (known == NULL && list->n >= max) {
        return NULL;
    }
    known = known != NULL ? known : interner_get(&w->names, kind, name);
    if (known->payload == NULL) {
        struct tally *tally = arena_get(&w->arena, sizeof *tally);
        *tally = (struct tally){ .name = known->text, .next = list->first };
        list->first = tally;
        list->n++;
        known->payload = tally;
    }
    return known->payload;
}

static void count_side(struct simulating *w, const struct side *s, struct simulated_side *counts,
                       unsigned kind)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct share *share = &s->share[i];
        double queries = share->left * (double)w->entry->count;
        if (str_absent(share->name)) {
            counts->unserved[share->reason] += queries;
        } else {
            find_tally(w, &counts->served, kind, share->name, SIZE_MAX)->queries += queries;
        }
    }
}

/* NULL when there are too many moves. The key cannot be ambiguous: no name holds a NUL, and an absent one
 * differs from all names. */
static struct move *find_move(struct simulating *w, struct str from, struct str to)
{
    struct simulation *r = w->result;
    buf_reset(&w->key);
    buf_char(&w->key, str_absent(from) ? '-' : '+');
    buf_str(&w->key, from);
    buf_char(&w->key, '\0');
    buf_char(&w->key, str_absent(to) ? '-' : '+');
    buf_str(&w->key, to);
    struct interned *known = interner_find(&w->names, KIND_MOVE, buf_view(&w->key));
    if (known != NULL || r->n_moves == MOVES_MAX) {
        return known != NULL ? known->payload : NULL;
    }
    struct move *move = arena_get(&w->arena, sizeof *move);
    *move = (struct move){ .from = from, .to = to, .next = r->first_move };
    interner_get(&w->names, KIND_MOVE, buf_view(&w->key))->payload = move;
    move->index = (unsigned)r->n_moves++;
    r->first_move = move;
    return move;
}

static void count_values(struct simulating *w, struct move *move, double queries)
{
    const struct str values[BY_COUNT] = {
        [BY_VERSION] = w->query.version,
        [BY_TARGET] = w->query.build_target,
        [BY_LOCALE] = w->query.locale,
        [BY_CHANNEL] = w->query.channel,
    };
    for (unsigned by = 0; by < BY_COUNT; by++) {
        unsigned kind = KIND_VALUES + move->index * BY_COUNT + by;
        struct str value = str_absent(values[by]) ? STR("") : values[by];
        struct tally *tally = find_tally(w, &move->by[by], kind, value, MOVE_VALUES_MAX);
        *(tally != NULL ? &tally->queries : &move->by_rest[by]) += queries;
    }
}

static void add_example(struct move *move, struct str path)
{
    bool there = move->n_examples > 0 && str_eq(move->examples[move->n_examples - 1], path);
    if (!there && move->n_examples < MOVE_EXAMPLES_MAX) {
        move->examples[move->n_examples++] = path;
    }
}

/* SHARE of the query moves from B to A. */
static void count_move(struct simulating *w, const struct share *b, const struct share *a, double share)
{
    struct simulation *r = w->result;
    double queries = share * (double)w->entry->count;
    r->moved += queries;
    r->newly_unserved += str_absent(a->name) ? queries : 0;
    r->newly_served += str_absent(b->name) ? queries : 0;
    struct move *move = find_move(w, b->name, a->name);
    if (move == NULL) {
        r->moved_rest += queries;
        return;
    }
    move->queries += queries;
    count_values(w, move, queries);
    add_example(move, w->entry->path);
}

/* ---- comparing ---- */

static bool same_release(const struct share *b, const struct share *a)
{
    return str_absent(b->name) ? str_absent(a->name) : str_eq(b->name, a->name) && !str_absent(a->name);
}

static bool same_body(const struct simulating *w, const struct share *b, const struct share *a)
{
    return b->body_n == a->body_n &&
           memcmp(w->before.bodies.p + b->body, w->after.bodies.p + a->body, b->body_n) == 0;
}

/* What is too little to be more than an error of rounding. */
static bool is_nothing(double share)
{
    return share < 1e-9;
}

/* Takes what both sides have of the same release out of both; with WANT_BODY only if the answer is the same,
 * too. An answer without an update is the same whatever its reason. */
static void match_outcomes(struct simulating *w, bool want_body)
{
    for (size_t i = 0; i < w->before.n; i++) {
        struct share *b = &w->before.share[i];
        for (size_t k = 0; k < w->after.n && !is_nothing(b->left); k++) {
            struct share *a = &w->after.share[k];
            bool same = same_release(b, a) && (str_absent(b->name) || !want_body || same_body(w, b, a));
            double share = b->left < a->left ? b->left : a->left;
            if (!same || is_nothing(share)) {
                continue;
            }
            if (!want_body && !str_absent(b->name)) {
                count_move(w, b, a, share);
            }
            b->left -= share;
            a->left -= share;
        }
    }
}

static double sum_left(const struct side *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->share[i].left;
    }
    return sum;
}

static void move_rest(struct simulating *w)
{
    double sum = sum_left(&w->after);
    for (size_t i = 0; i < w->before.n && !is_nothing(sum); i++) {
        const struct share *b = &w->before.share[i];
        for (size_t k = 0; k < w->after.n; k++) {
            const struct share *a = &w->after.share[k];
            double share = b->left * a->left / sum;
            if (!is_nothing(share)) {
                count_move(w, b, a, share);
            }
        }
    }
}

static void simulate_query(struct simulating *w)
{
    struct error why;
    switch (query_parse(&w->query, w->text, w->entry->path, STR_NONE, &why)) {
    case QUERY_OK:
        answer_all(w, &w->before);
        answer_all(w, &w->after);
        break;
    case QUERY_BAD_PARAMETER:
        refuse_query(&w->before, REASON_BAD_REQUEST);
        refuse_query(&w->after, REASON_BAD_REQUEST);
        break;
    default:
        refuse_query(&w->before, REASON_NO_ROUTE);
        refuse_query(&w->after, REASON_NO_ROUTE);
        break;
    }
    count_side(w, &w->before, &w->result->before, KIND_BEFORE);
    count_side(w, &w->after, &w->result->after, KIND_AFTER);
    match_outcomes(w, true);
    match_outcomes(w, false);
    move_rest(w);
    w->result->queries += w->entry->count;
    w->result->distinct++;
}

/* ---- the result ---- */

static int by_queries(double a, double b)
{
    return (a < b) - (a > b);
}

static int compare_tallies(const void *a, const void *b)
{
    const struct tally *x = *(struct tally *const *)a, *y = *(struct tally *const *)b;
    int order = by_queries(x->queries, y->queries);
    return order != 0 ? order : str_cmp(x->name, y->name);
}

static int compare_moves(const void *a, const void *b)
{
    const struct move *x = *(struct move *const *)a, *y = *(struct move *const *)b;
    int order = by_queries(x->queries, y->queries);
    order = order != 0 ? order : str_cmp(x->from, y->from);
    return order != 0 ? order : str_cmp(x->to, y->to);
}

static void sort_list(void *ctx, struct tally_list *list)
{
    size_t n = 0;
    list->item = mem_array(ctx, struct tally *, list->n);
    for (struct tally *t = list->first; t != NULL; t = t->next) {
        list->item[n++] = t;
    }
    qsort(list->item, n, sizeof(struct tally *), compare_tallies);
}

static void sort_result(struct simulation *r)
{
    size_t n = 0;
    sort_list(r, &r->before.served);
    sort_list(r, &r->after.served);
    r->moves = mem_array(r, struct move *, r->n_moves);
    for (struct move *move = r->first_move; move != NULL; move = move->next) {
        r->moves[n++] = move;
        for (unsigned by = 0; by < BY_COUNT; by++) {
            sort_list(r, &move->by[by]);
        }
    }
    qsort(r->moves, n, sizeof(struct move *), compare_moves);
}

struct simulation *simulate(void *ctx, const struct simulate_request *request)
{
    struct simulation *r = mem_new(ctx, struct simulation);
    void *tmp = mem_check(talloc_new(NULL));
    struct simulating *w = mem_new(tmp, struct simulating);
    w->request = request;
    w->result = r;
    w->before.snapshot = request->before;
    w->after.snapshot = request->after;
    w->text = mem_check(talloc_size(tmp, QUERY_TEXT_MAX));
    arena_init(&w->arena, r, 64 << 10);
    interner_init(&w->names, tmp, &w->arena);
    buf_init(&w->scratch, OUTCOMES_SCRATCH, ENGINE_BODY_MAX);
    buf_init(&w->body, OUTCOMES_SCRATCH, 2 * ENGINE_BODY_MAX);
    buf_init(&w->key, 256, QUERY_URL_MAX);
    buf_init(&w->before.bodies, OUTCOMES_SCRATCH, SIZE_MAX);
    buf_init(&w->after.bodies, OUTCOMES_SCRATCH, SIZE_MAX);
    for (size_t i = 0; i < request->sample->n; i++) {
        if (i % STOP_EVERY == 0 && request->stop != NULL && request->stop(request->stop_arg)) {
            r->partial = true;
            break;
        }
        w->entry = &request->sample->query[i];
        simulate_query(w);
    }
    sort_result(r);
    buf_free(&w->scratch);
    buf_free(&w->body);
    buf_free(&w->key);
    buf_free(&w->before.bodies);
    buf_free(&w->after.bodies);
    talloc_free(tmp);
    return r;
}
