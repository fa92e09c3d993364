/* See rows.h. */
#include "update/rows.h"

const size_t rule_row_text[RULE_ROW_TEXTS] = {
    offsetof(struct rule_row, mapping),
    offsetof(struct rule_row, fallback_mapping),
    offsetof(struct rule_row, update_type),
    offsetof(struct rule_row, product),
    offsetof(struct rule_row, version),
    offsetof(struct rule_row, channel),
    offsetof(struct rule_row, build_target),
    offsetof(struct rule_row, build_id),
    offsetof(struct rule_row, locale),
    offsetof(struct rule_row, os_version),
    offsetof(struct rule_row, memory),
    offsetof(struct rule_row, instruction_set),
    offsetof(struct rule_row, distribution),
    offsetof(struct rule_row, dist_version),
    offsetof(struct rule_row, header_architecture),
};
