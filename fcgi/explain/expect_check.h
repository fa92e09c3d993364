/* Many expectations held against rows: as they are, and as changes make them. Only what can differ is looked
 * at: of two sides the expectations whose query leads elsewhere, by rules and pins, or to a release that was
 * changed. So only their releases are read, each once.
 *
 * For a superblob only the superblob itself counts, not what it is put together from. Shutoffs do not
 * count. */
#ifndef BALROG_EXPLAIN_EXPECT_CHECK_H
#define BALROG_EXPLAIN_EXPECT_CHECK_H

#include "explain/expectation.h"
#include "explain/world.h"

struct expect_set {
    struct expectation *item;
    size_t n;
    size_t unreadable; /* that were left out: a newer version, or another program, has written them */
};
/* Reads the expectations of PRODUCTS (items; "*": of all products), in the order of products and names;
 * owned by TX. */
bool expect_set_read(struct tx *tx, const struct str *products, size_t n, struct expect_set *set,
                     struct error *e);

/* For struct kept_request (keeper.h): calls SEE for the query of each expectation of SET, a struct
 * expect_set. */
void expect_each_query(void *set, void (*see)(void *see_arg, const struct query *q), void *see_arg);

/* One check, of any number of sides. */
struct expect_frame {
    void *ctx; /* may be replaced by one that lives shorter: then what is made from then on does, but for the
                  pool */
    struct tx *tx;
    const struct engine_settings *settings;
    const struct expect_set *set;
    size_t releases_max;          /* that may be read; 0: any number */
    struct expect_pool *pool;     /* releases as they are in the database */
    const struct snapshot *built; /* has some of them; or NULL. Set by expect_frame_use() */
    const struct reach *in_built; /* which */
};
/* CTX owns all that the check makes. */
struct expect_frame expect_frame(void *ctx, struct tx *tx, const struct engine_settings *settings,
                                 const struct expect_set *set);

/* WORLD, which has no edits, with CHANGES made (NULL: none). Both must outlive it. */
struct expect_side *expect_side_new(struct expect_frame *f, const struct world *world,
                                    const struct row_changes *changes);

/* The same where S, which must outlive it, has been built with CHANGES made, and with the releases that the
 * expectations lead to. */
struct expect_side *expect_side_built(struct expect_frame *f, const struct snapshot *s,
                                      const struct row_changes *changes);

/* From now on sides of F take the releases that the expectations lead to by SIDE, which was made by
 * expect_side_built() without changes and must outlive them, from its snapshot. */
void expect_frame_use(struct expect_frame *f, const struct expect_side *side);

struct expect_result {
    bool checked;         /* false: before and after do not differ for it */
    const char *was, *is; /* why it is broken before, and after; NULL: it is not */
    cJSON *got, *gets;    /* the answers, TX's; NULL: not wanted, or not looked at */
};
struct expect_compare {
    struct expect_side *before; /* NULL: there is none, and all are checked */
    struct expect_side *after;
    bool whole; /* look at BEFORE of those that hold afterwards, too; and give the answers */
};
/* *RESULTS becomes an array, one for each of the set, owned by the frame's CTX. FAIL_INVALID when more
 * releases would have to be read than the frame allows. */
bool expect_compare(struct expect_frame *f, const struct expect_compare *c, struct expect_result **results,
                    struct error *e);

#endif
