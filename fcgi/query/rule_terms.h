/* Whether the text of a rule's column can match what it is meant to match. */
#ifndef BALROG_QUERY_RULE_TERMS_H
#define BALROG_QUERY_RULE_TERMS_H

#include "core/error.h"
#include "core/str.h"

/* Checks TEXT, the value of the column NAME (as the API calls it) of a rule. LOOSE: the rule's product
 * compares versions loosely (version_product_is_loose). Fails when a term of a list is empty, or a comparison
 * is none: E says which. Such a term matches nothing. Columns that are not lists or comparisons are never
 * wrong, nor is an absent or empty TEXT. */
bool rule_terms_check(const char *name, struct str text, bool loose, struct error *e);

#endif
