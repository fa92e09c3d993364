/* The small tables of a snapshot: rules, pins, shutoffs and partial stops. */
#ifndef BALROG_PUBLIC_TABLES_H
#define BALROG_PUBLIC_TABLES_H

#include "public/saved.h"
#include "update/ruleset.h"

struct tables {
    struct ruleset *rules;
    struct pin_row *pins;
    size_t n_pins;
    struct shutoff_row *shutoffs;
    size_t n_shutoffs;
    const struct ruleset *stops; /* partial stops; NULL: there are none */
    struct table_stamps stamps;
};

/* Reads them from the database, and logs rules that can match nothing. Owned by CTX; NULL on failure. */
struct tables *tables_read(void *ctx, struct db *db, struct error *e);
/* Copies of those of INDEX; owned by CTX. */
struct tables *tables_of_index(void *ctx, const struct saved_index *index);

#endif
