/* An explanation's steps as sentences. */
#ifndef BALROG_EXPLAIN_EXPLAIN_WHY_H
#define BALROG_EXPLAIN_EXPLAIN_WHY_H

#include "explain/explain.h"

/* Appends why the client that sent Q gets, or does not get, what C chose: one sentence, without a full stop.
 */
void explain_why(struct buf *out, const struct query *q, const struct choice_explained *c);
/* Appends the conditions of a partial STOP: "buildTarget WINNT_x86_64-msvc, version <130.0". */
void explain_stop_conditions(struct buf *out, const struct rule *stop);
/* Appends what became of the patch. */
void explain_patch_why(struct buf *out, const struct query *q, const struct patch_note *patch);
/* The name of a patch's fate, a word for programs: "offered", "other_build". */
const char *patch_fate_name(enum patch_fate fate);

#endif
