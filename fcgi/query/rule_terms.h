/* Checks that each term of a rule's column can match something, before the rule is written. */
#ifndef BALROG_QUERY_RULE_TERMS_H
#define BALROG_QUERY_RULE_TERMS_H

#include "core/error.h"
#include "core/str.h"

/* Checks TEXT, the value of the column NAME (as the API calls it) of a rule. LOOSE says whether the rule's
 * product compares versions loosely (version_product_is_loose). Returns false if a term of a list is empty or
 * a comparison is malformed, since it would match nothing: E says which. Columns that are neither lists nor
 * comparisons always pass, and so does an absent or empty TEXT. */
bool rule_terms_check(const char *name, struct str text, bool loose, struct error *e);

#endif
