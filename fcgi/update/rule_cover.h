/* Whether one rule leaves another one no query. Works on rows as they are written, so that rules can be
 * compared before they exist. */
#ifndef BALROG_UPDATE_RULE_COVER_H
#define BALROG_UPDATE_RULE_COVER_H

#include "update/rows.h"

/* <0 if the engine tries A before B, >0 if after: by priority, those without one last, then by rule_id. */
int rule_order(const struct rule_row *a, const struct rule_row *b);

/* Whether every query that LOWER matches is matched by UPPER, too, as far as the columns show it one by one.
 * True is always right. False says nothing: several rules together may leave a rule no query, and so may two
 * columns whose texts are compared in different ways. Priorities do not count here. */
bool rule_covers(const struct rule_row *upper, const struct rule_row *lower);

#endif
