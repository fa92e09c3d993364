/* Texts compressed by zstd, alone or as what has changed since another text. */
#ifndef BALROG_STORE_FRAME_H
#define BALROG_STORE_FRAME_H

#include "core/error.h"
#include "core/mem.h"
#include "core/str.h"

/* TEXT compressed, owned by CTX. BASE (absent: none) is a text that it resembles: what the two have in common
 * costs next to nothing, and the same BASE is needed to unpack it. Absent, with a 500 in E, when zstd fails.
 */
struct str frame_pack(void *ctx, struct str text, struct str base, struct error *e);
/* The text of SIZE bytes that FRAME was made of, owned by CTX. Absent, with a 500 in E, when it is damaged,
 * or BASE is another than it was made with: each frame carries a checksum of its text. */
struct str frame_unpack(void *ctx, struct str frame, struct str base, size_t size, struct error *e);

#endif
