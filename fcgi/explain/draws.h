/* All ways in which the draws against backgroundRates can go for a query, one after another:
 *
 *     struct draw_script script = { 0 };
 *     do {
 *         script.at = 0;
 *         (answer, with a random source of DRAW_SCRIPTED and &script)
 *         (the answer has the share draws_share(&script))
 *     } while (draws_next(&script)); */
#ifndef BALROG_EXPLAIN_DRAWS_H
#define BALROG_EXPLAIN_DRAWS_H

#include "update/engine.h"

/* The share, 0 to 1, of clients whose draws go as SCRIPT says. */
double draws_share(const struct draw_script *script);
/* Makes SCRIPT the next way: first all are won, then the last draw that was won is lost, and so on. False if
 * there is none left. */
bool draws_next(struct draw_script *script);

#endif
