/* The values of a column in 256 classes, for filtering rules: by hash where values must be equal, by place
 * between the rules' own operands where they are compared. */
#ifndef BALROG_UPDATE_RULE_CLASS_H
#define BALROG_UPDATE_RULE_CLASS_H

#include "update/rule.h"

enum { RULE_CLASSES = 256 };

/* The columns that are filtered, besides product and channel. */
enum rule_filter {
    FILTER_VERSION, /* what tells most rules apart comes first */
    FILTER_BUILD_ID,
    FILTER_BUILD_TARGET,
    FILTER_LOCALE,
    FILTER_DISTRIBUTION,
    FILTER_WANTS_VERSION, /* passes only rules that have the query's version parsed */
    RULE_FILTERS
};

struct rule_scales;

/* The scales of versions and build ids for the N rules; owned by CTX. */
struct rule_scales *rule_scales_new(void *ctx, const struct rule *rules, size_t n);

/* Sets the bit of each class with a value that the column of RULE takes. False where the column takes every
 * value. */
bool rule_classes(const struct rule_scales *scales, const struct rule *rule, enum rule_filter column,
                  uint64_t classes[RULE_CLASSES / 64]);
/* The class of Q's value. VERSION may be NULL where the column is not FILTER_VERSION. */
uint8_t rule_class_of(const struct rule_scales *scales, enum rule_filter column, const struct query *q,
                      const struct version *version);

#endif
