/* URLs with placeholders, "…?os=%OS_BOUNCER%&lang=%LOCALE%", replaced one after the other as a row of
 * Python's str.replace does. */
#ifndef BALROG_RELEASE_TEMPLATE_H
#define BALROG_RELEASE_TEMPLATE_H

#include "core/arena.h"
#include "core/buf.h"

/* In the order of replacement: all of these in upper case, then all in lower case. */
enum placeholder { PH_LOCALE, PH_OS_FTP, PH_FILENAME, PH_PRODUCT, PH_OS_BOUNCER, PH_VERSION, PH_OS, PH_N };

/* The values; if one is absent, its placeholder stays in the text. */
struct placeholders {
    struct str value[PH_N];
};

struct template_piece {
    uint32_t before; /* bytes of text since the placeholder before */
    enum placeholder placeholder;
};
struct template
{
    struct str text;
    bool literal; /* no placeholder in it */
    bool simple;  /* one pass from left to right does the same as one replacement after the other */
    uint16_t n;   /* the placeholders of a simple one */
    const struct template_piece *piece;
};

/* TEXT is borrowed, the pieces are in ARENA. */
struct template template_of(struct arena *arena, struct str text);
/* Appends T with VALUES put in, each of them marked (markup.h). */
void template_print(struct buf *out, const struct template *t, const struct placeholders *values);

/* Replaces every WHAT (not empty) in OUT from byte FROM on by WITH. */
void template_replace(struct buf *out, size_t from, struct str what, struct str with);

#endif
