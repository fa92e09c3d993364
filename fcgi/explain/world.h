/* All rows that decide about answers, at one moment: now, at a moment in the past, or now with changes made
 * that nobody has made. A snapshot (update/snapshot.h) is built from them as balrog-public builds its own
 * from the database.
 *
 *     world_read(tx, ctx, &world, e);                     or world_read_past()
 *     world_apply(&world, &changes);                      see changes.h
 *     struct world_reader reader = { tx, &world };
 *     struct release_source source = world_source(&reader);
 *     struct snapshot_input input = world_input(ctx, &world, &settings);
 *     struct snapshot_request request = { release_cache_new(ctx), &input, &source };
 *     snapshot = snapshot_build(ctx, &request, e);
 *
 * Everything is read inside of TX, one consistent read. */
#ifndef BALROG_EXPLAIN_WORLD_H
#define BALROG_EXPLAIN_WORLD_H

#include "explain/changes.h"
#include "update/snapshot_build.h"

struct release_edit;

/* Owned by the CTX that it was read into, with all texts. */
struct world {
    void *ctx;
    int64_t at_ms; /* the moment, ms since 1970; 0: now */
    struct rule_row *rules;
    size_t n_rules;
    struct pin_row *pins;
    size_t n_pins;
    struct shutoff_row *shutoffs;
    size_t n_shutoffs;
    struct rule_row *stops; /* partial stops */
    size_t n_stops;
    struct release_edit *edits; /* what world_apply() has changed about releases */
    size_t n_edits;
};

/* Reads rules, pins, shutoffs and partial stops as they are. Releases are read when a snapshot wants them. */
bool world_read(struct tx *tx, void *ctx, struct world *world, struct error *e);
/* The same for a decision of TX: the rows as they were committed last, which nobody can change before TX
 * ends. */
bool world_read_shared(struct tx *tx, void *ctx, struct world *world, struct error *e);
/* As they were at MS, from the histories. */
bool world_read_past(struct tx *tx, void *ctx, int64_t ms, struct world *world, struct error *e);

/* A world of CTX's with the rows of WORLD, which must outlive it, to be changed. Edits are not copied. */
struct world world_copy(void *ctx, const struct world *world);

/* Makes CHANGES, in their order. They must live as long as WORLD. */
void world_apply(struct world *world, const struct row_changes *changes);

/* Where a snapshot's releases come from: the database of TX, at the world's moment, with the world's changes.
 * A version that another program than ours has written counts from the write of ours before it; the product
 * of a release that has been deleted since is not known. */
struct world_reader {
    struct tx *tx;
    const struct world *world;
};
struct release_source world_source(struct world_reader *reader);

/* The input for snapshot_build(); its rule set is owned by CTX. The caller may set its roots. WORLD and
 * SETTINGS must outlive the snapshot. */
struct snapshot_input world_input(void *ctx, const struct world *world,
                                  const struct engine_settings *settings);

/* ROW, with the columns' own names as JSON, as the engine takes it; texts are owned by CTX. */
struct rule_row rule_row_of_json(void *ctx, const cJSON *row);

#endif
