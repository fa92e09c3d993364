/* What a change would do to many clients: a sample of queries is answered from two snapshots, before and
 * after the change, and the answers are counted and compared. No database, no clock; every answer comes from
 * the engine.
 *
 * Rates count as shares: of 100 queries against a rule of rate 25, 25 are counted as passed. No more clients
 * move than the shares require: if the rate becomes 50, 25 of the 100 queries move. */
#ifndef BALROG_EXPLAIN_SIMULATE_H
#define BALROG_EXPLAIN_SIMULATE_H

#include "query/sample.h"
#include "update/engine.h"

enum {
    MOVES_MAX = 500,       /* pairs of mappings that are told apart */
    MOVE_VALUES_MAX = 100, /* versions and the like that are told apart in one of them */
    MOVE_EXAMPLES_MAX = 3,
};

/* So many queries; not a whole number where rates are involved. */
struct tally {
    struct str name;
    double queries;
    struct tally *next;
};

struct tally_list {
    struct tally **item; /* most queries first, then by name */
    size_t n;
    struct tally *first; /* unsorted */
};

/* What the queries get from one snapshot. */
struct simulated_side {
    struct tally_list served;      /* by the release that is served */
    double unserved[REASON_COUNT]; /* no update, by the reason */
};

enum move_by { BY_VERSION, BY_TARGET, BY_LOCALE, BY_CHANNEL, BY_COUNT };

/* Queries that get another answer than before. */
struct move {
    struct str from, to; /* releases; absent: no update. Equal: the same release with other content */
    double queries;
    struct tally_list by[BY_COUNT];
    double by_rest[BY_COUNT];               /* with values beyond MOVE_VALUES_MAX */
    struct str examples[MOVE_EXAMPLES_MAX]; /* paths: the most frequent queries, if the sample is sorted so */
    size_t n_examples;
    unsigned index; /* in the order of their discovery */
    struct move *next;
};

struct simulation {
    uint64_t queries; /* that were answered */
    size_t distinct;
    bool partial; /* stopped before all were */
    struct simulated_side before, after;
    struct move **moves; /* most queries first */
    size_t n_moves;
    struct move *first_move;
    double moved;      /* queries that get another answer, in all */
    double moved_rest; /* of them, moves beyond MOVES_MAX */
    double newly_unserved, newly_served;
};

struct simulate_request {
    const struct snapshot *before, *after;
    const struct sample *sample; /* paths that query_parse() refuses count as refused by both */
    /* Asked often; true: no further query is answered. NULL: never. */
    bool (*stop)(void *arg);
    void *stop_arg;
};

/* Owned by CTX; borrows texts from the request's snapshots and sample. */
struct simulation *simulate(void *ctx, const struct simulate_request *request);

#endif
