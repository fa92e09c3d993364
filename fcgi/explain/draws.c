/* See draws.h. */
#include "explain/draws.h"

double draws_share(const struct draw_script *script)
{
    double share = 1;
    for (unsigned i = 0; i < script->n; i++) {
        int rate = script->draw[i].rate;
        share *= (script->draw[i].lost ? 100 - rate : rate) / 100.0;
    }
    return share;
}

bool draws_next(struct draw_script *script)
{
    while (script->n > 0 && script->draw[script->n - 1].lost) {
        script->n--;
    }
    if (script->n == 0) {
        return false;
    }
    script->draw[script->n - 1].lost = true;
    return true;
}
