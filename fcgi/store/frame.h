/* Texts compressed by zstd, alone or as the difference from another text. */
#ifndef BALROG_STORE_FRAME_H
#define BALROG_STORE_FRAME_H

#include "core/error.h"
#include "core/mem.h"
#include "core/str.h"

/* Compresses TEXT. BASE (may be absent) is a text that resembles it: parts that both contain take almost no
 * space, and the same BASE is needed to unpack the result. The result is owned by CTX; it is absent if zstd
 * fails. */
struct str frame_pack(void *ctx, struct str text, struct str base, struct error *e);
/* The text of SIZE bytes from which FRAME was made, owned by CTX. Absent if FRAME is damaged or BASE is not
 * the one that it was made with: each frame contains a checksum of its text. */
struct str frame_unpack(void *ctx, struct str frame, struct str base, size_t size, struct error *e);

#endif
