/* Everything that update queries are answered from, at one moment: rules, releases, pins, shutoffs. Immutable
 * once it is built (snapshot_build.h); any number of threads may read it. */
#ifndef BALROG_UPDATE_SNAPSHOT_H
#define BALROG_UPDATE_SNAPSHOT_H

#include "release/release.h"
#include "update/rows.h"
#include "update/ruleset.h"

/* Settings of the engine, the same for all releases. */
struct engine_settings {
    const struct allowlist *allowlist;
    const struct str *force_hosts;
    size_t n_force_hosts;
};

struct snapshot_input {
    const struct ruleset *rules; /* these five are shared, not copied: they must outlive the snapshot */
    const struct ruleset *stops; /* partial stops, see snapshot_stops(); NULL: there are none */
    const struct pin_row *pins;
    size_t n_pins;
    const struct shutoff_row *shutoffs;
    size_t n_shutoffs;
    const struct engine_settings *settings;
    uint64_t generation;
    /* Names of releases that are still to be compiled, sorted by str_cmp(): the snapshot may lack them, and
     * an answer that needs one is not to be given. For the first snapshots of a start; shared, too. */
    const struct str *awaited;
    size_t n_awaited;
};

/* Whether NAME is among the awaited names of INPUT. */
bool snapshot_awaits(const struct snapshot_input *input, struct str name);

struct snapshot {
    struct snapshot_input input;
    size_t mask; /* the table's size - 1 */
    const struct release **table;
    const struct pin_row **pins; /* sorted */
    size_t n_releases;           /* that can be served or compared with */
    size_t n_missing;            /* names that something points at and that are missing or broken */
};

/* The release NAME, or NULL where it is missing, broken or not reachable. */
const struct release *snapshot_release(const struct snapshot *s, struct str name);
/* The mapping of the pin, absent when there is none. */
struct str snapshot_pin(const struct snapshot *s, struct str product, struct str channel, struct str version);
bool snapshot_is_shut_off(const struct snapshot *s, struct str product, struct str channel);
/* The set of N partial stops, owned by CTX; NULL if N is 0, so that the engine only compares a pointer. */
const struct ruleset *snapshot_stops(void *ctx, const struct rule_row *stops, size_t n);

/* A snapshot of INPUT with the releases of S, which must outlive it; owned by CTX. */
struct snapshot *snapshot_with_input(void *ctx, const struct snapshot *s, const struct snapshot_input *input);

/* ---- for the build ---- */

/* A snapshot without releases, for at most N_NAMES of them; owned by CTX. */
struct snapshot *snapshot_new(void *ctx, const struct snapshot_input *input, size_t n_names);
/* Adds the release NAME, which must be new; RELEASE is NULL if it is missing or broken. */
void snapshot_add(struct snapshot *s, struct str name, const struct release *release);

#endif
