/* The values of a column in 256 classes, for filtering rules: by hash where values must be equal, by place
 * between the rules' own operands where they are compared. */
#ifndef BALROG_UPDATE_RULE_CLASS_H
#define BALROG_UPDATE_RULE_CLASS_H

#include "update/rule_index.h"

enum { RULE_CLASSES = 256 };

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
