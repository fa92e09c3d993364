/* Everything that an update query needs, at one moment: rules, releases, pins, shutoffs. Immutable once it is
 * built.
 *
 * Who builds snapshots keeps a library of compiled releases beside them: successive snapshots share what has
 * not changed. Building, publishing and retiring is one thread's business; any number of threads may read a
 * snapshot that it published.
 *
 *     library_expire(…), library_change(…);   what changed since
 *     next = snapshot_build(library, …);      off to the side; NULL leaves the library as it was
 *     (publish next, wait until nobody reads the previous one)
 *     library_commit(library);                frees the releases that only the previous one had
 *     talloc_free(previous); */
#ifndef BALROG_UPDATE_SNAPSHOT_H
#define BALROG_UPDATE_SNAPSHOT_H

#include "release/release.h"
#include "update/rows.h"
#include "update/ruleset.h"

struct library;
struct library *library_new(void *ctx);
/* Has a build that reads many releases compile them on so many threads (0, the default: on the caller's),
 * while the caller reads. They are gone when the build returns. */
void library_set_threads(struct library *library, unsigned threads);
/* The release NAME has changed / any may have changed: the next build asks for it again if it needs it. */
void library_expire(struct library *library, struct str name);
void library_expire_all(struct library *library);
/* Of the release NAME the asset at PATH has changed, or is new or gone; with PATH absent, what is not an
 * asset. If no more than a few such changes are all, the next build asks for what they are of, not for the
 * whole. */
void library_change(struct library *library, struct str name, struct str path);
/* Calls SEEN for every release that is held and of which no change is known, and for names known to be
 * missing (stamp 0), with the stamp it was read with. SEEN may let it expire. */
void library_each(const struct library *library, void (*seen)(void *arg, struct str name, uint64_t stamp),
                  void *arg);
void library_commit(struct library *library);

/* Where releases come from. All three return false when they cannot tell now: the build is then given up.
 * *FOUND is false when there is no such thing. What they fill is owned by CTX or lives until the build
 * returns. Called by the builder's thread alone. */
struct release_source {
    bool (*release)(void *arg, void *ctx, struct str name, struct release_row *row, struct release_mark *mark,
                    bool *found, struct error *e);
    /* MARK without the assets of the release NAME. NULL, as the next: it is always read whole. */
    bool (*base)(void *arg, struct str name, struct release_mark *mark, struct error *e);
    /* Its asset at PATH. */
    bool (*asset)(void *arg, void *ctx, struct str name, struct str path, struct release_asset *asset,
                  bool *found, struct error *e);
    void *arg;
};

/* What is the same for all releases. */
struct settings {
    const struct allowlist *allowlist;
    const struct str *force_hosts;
    size_t n_force_hosts;
};

struct snapshot_input {
    const struct ruleset *rules; /* these four are shared, not copied: they must outlive the snapshot */
    const struct pin_row *pins;
    size_t n_pins;
    const struct shutoff_row *shutoffs;
    size_t n_shutoffs;
    const struct settings *settings;
    uint64_t generation;
};

struct snapshot {
    struct snapshot_input input;
    size_t mask; /* the table's size - 1 */
    const struct release **table;
    const struct pin_row **pins; /* sorted */
    size_t n_releases;           /* that can be served or compared with */
    size_t n_missing;            /* names that something points at and that are missing or broken */
};

/* Compiles what the rules, pins and superblobs of INPUT reach; owned by CTX. BROKEN (may be NULL) is called
 * for each release that was read now and is missing or cannot be compiled. NULL when SOURCE failed. */
struct snapshot *snapshot_build(void *ctx, struct library *library, const struct snapshot_input *input,
                                const struct release_source *source,
                                void (*broken)(void *arg, struct str name, const char *why), void *arg,
                                struct error *e);

/* The release NAME, or NULL where it is missing, broken or not reachable. */
const struct release *snapshot_release(const struct snapshot *s, struct str name);
/* The mapping of the pin, absent when there is none. */
struct str snapshot_pin(const struct snapshot *s, struct str product, struct str channel, struct str version);
bool snapshot_is_shut_off(const struct snapshot *s, struct str product, struct str channel);

#endif
