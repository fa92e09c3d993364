/* The rows that an engine is made of, whoever has them: the database, a test, or the admin asking "what if".
 */
#ifndef BALROG_UPDATE_ROWS_H
#define BALROG_UPDATE_ROWS_H

#include "core/str.h"
#include "query/query.h"

/* A row of `rules`; an absent text is NULL. */
struct rule_row {
    int64_t rule_id, data_version;
    bool has_priority;
    int64_t priority;
    bool has_background_rate;
    int64_t background_rate; /* percent */
    struct str mapping, fallback_mapping, update_type, product, version, channel, build_target, build_id,
        locale, os_version, memory, instruction_set, distribution, dist_version, header_architecture;
    enum tristate jaws, mig64;
};

/* A row of `pinnable_releases`. */
struct pin_row {
    struct str product, version, channel, mapping;
};

/* A row of `emergency_shutoffs`. */
struct shutoff_row {
    struct str product, channel;
};

/* By what a release is known to be as it was read: numbers that change with it. */
struct release_mark {
    uint64_t rows;   /* of the versions of its rows but the assets' */
    uint64_t assets; /* the sum of its assets' stamps */
    uint64_t base;   /* of what its row says, where it has assets beside it */
};
/* Of all that decides about it; 0: there is no such release. */
static inline uint64_t release_mark_stamp(const struct release_mark *mark)
{
    return mark->rows + mark->assets;
}

#endif
