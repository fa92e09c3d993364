/* Members of a large JSON object, found without parsing it. */
#ifndef BALROG_CORE_JSON_SCAN_H
#define BALROG_CORE_JSON_SCAN_H

#include "core/str.h"

/* Sets each VALUE[I] to the text of the object's own member KEY[I], without the white space around it; absent
 * if there is none. If a key is given twice, the last one counts. Keys that the object writes with escapes
 * are not found. TEXT is not validated: of a text that is not a JSON object, any part may be returned, so
 * parse the values. They are parts of TEXT. */
void json_scan(struct str text, const struct str *key, size_t n, struct str *value);

/* The index behind the string that begins at the quote TEXT[AT]; the end of TEXT if it does not end. */
size_t json_scan_string(struct str text, size_t at);
/* The index of the comma or bracket that ends the value at TEXT[AT]; the end of TEXT if there is none. */
size_t json_scan_value(struct str text, size_t at);

#endif
