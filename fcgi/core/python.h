/* What Python does with a value, where the reference leaves it to Python. */
#ifndef BALROG_CORE_PYTHON_H
#define BALROG_CORE_PYTHON_H

#include "core/json.h"

/* int(S): white space around it, a sign, and single underscores between digits are allowed. Returns false
 * when S is not a whole number; otherwise sets *VALUE, clamped to 64 bits. */
bool python_int(struct str s, int64_t *value);

/* bool(VALUE): false for NULL, null, false, 0, "", [] and {}. */
bool python_truth(const cJSON *value);

/* Appends repr(VALUE): {'a': True, 'b': None}. Among characters beyond ASCII only the control characters, the
 * no-break space and the soft hyphen count as unprintable. */
void python_repr(struct buf *out, const cJSON *value);
void python_repr_string(struct buf *out, struct str s);

#endif
