/* The rows that the engine works on. The database has them, or a test, or the admin when it is asked what a
 * change would do. */
#ifndef BALROG_UPDATE_ROWS_H
#define BALROG_UPDATE_ROWS_H

#include "core/str.h"
#include "query/query.h"

/* A row of `rules`; an absent text is NULL. A row of `balrog_partial_stops`, too, because its conditions
 * match as a rule's do: rule_id is its stop_id, and what it does not have is absent. */
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

/* Where the texts of a struct rule_row are, in the order of its declaration above. */
enum { RULE_ROW_TEXTS = 15 };
extern const size_t rule_row_text[RULE_ROW_TEXTS];

/* A row of `pinnable_releases`. */
struct pin_row {
    struct str product, version, channel, mapping;
};

/* A row of `emergency_shutoffs`. */
struct shutoff_row {
    struct str product, channel;
};

/* Version numbers that change whenever a release changes; used to find out whether what was read is still
 * what the database has. */
struct release_stamps {
    uint64_t rows;   /* of the versions of its rows, without its assets */
    uint64_t assets; /* the sum of its assets' stamps */
    uint64_t base;   /* of the content of its row; only for a release with assets */
};
/* One number for everything about the release; 0: there is no such release. */
static inline uint64_t release_stamps_sum(const struct release_stamps *stamps)
{
    return stamps->rows + stamps->assets;
}

#endif
