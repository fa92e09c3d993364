/* What Python does with a value, where the reference leaves it to Python. */
#ifndef BALROG_CORE_PYTHON_H
#define BALROG_CORE_PYTHON_H

#include "core/str.h"

#include <stdbool.h>
#include <stdint.h>

/* int(S): white space around it, a sign, and single underscores between digits are allowed. Returns false
 * when S is not a whole number; otherwise sets *VALUE, clamped to 64 bits. */
bool python_int(struct str s, int64_t *value);

#endif
