/* Puts the values of a column into 256 classes, by which rules are filtered: by hash where a column compares
 * for equality, by position among the operands of all rules where it compares by order. */
#ifndef BALROG_UPDATE_RULE_CLASS_H
#define BALROG_UPDATE_RULE_CLASS_H

#include "update/rule.h"

enum { RULE_CLASSES = 256 };

/* The columns that are filtered, besides product and channel. */
enum rule_filter {
    FILTER_VERSION, /* first, because it leaves the fewest candidates */
    FILTER_BUILD_ID,
    FILTER_BUILD_TARGET,
    FILTER_LOCALE,
    FILTER_DISTRIBUTION,
    FILTER_WANTS_VERSION, /* only rules that need the query's version parsed */
    RULE_FILTERS
};

struct rule_scales;

/* The scales of versions and build ids for N rules; owned by CTX. */
struct rule_scales *rule_scales_new(void *ctx, const struct rule *rules, size_t n);

/* Sets in CLASSES the bit of each class that has a value which COLUMN of RULE accepts. Returns false if it
 * accepts every value. */
bool rule_classes(const struct rule_scales *scales, const struct rule *rule, enum rule_filter column,
                  uint64_t classes[RULE_CLASSES / 64]);
/* The class of the value that Q has in COLUMN. VERSION may be NULL unless the column is FILTER_VERSION. */
uint8_t rule_class_of(const struct rule_scales *scales, enum rule_filter column, const struct query *q,
                      const struct version *version);

#endif
