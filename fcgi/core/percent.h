/* Percent-decoding, of paths and of query parameters, and encoding. */
#ifndef BALROG_CORE_PERCENT_H
#define BALROG_CORE_PERCENT_H

#include "core/buf.h"

/* Decodes SRC into DST, which has room for SRC.n bytes, and returns the length. Escapes without two
 * hexadecimal digits stay as they are. PLUS: decode '+' as a space, as in query strings. */
size_t percent_decode(char *dst, struct str src, bool plus);

/* Appends S to OUT and escapes everything but letters, digits and "-._~", so that it can be part of a path
 * segment, a query or a form. */
void percent_encode(struct buf *out, struct str s);

/* The path of a URL as applications see it: up to '#', decoded, and without the segments "." and "..", the
 * latter with what is before it. Only unescaped dots count (so does the reference's server, uWSGI). DST has
 * room for RAW.n bytes, of which the length is returned. */
size_t percent_decode_path(char *dst, struct str raw);

/* PATH, decoded, with one '/' in front where there are several. */
struct str percent_one_leading_slash(struct str path);

/* Makes one '/' of several in a row in the N bytes at TEXT, a decoded path. Returns how many bytes are left.
 */
size_t percent_merge_slashes(char *text, size_t n);

/* Appends S to OUT with all escaped but letters, digits, "-._~" and the characters in SAFE. */
void percent_encode_but(struct buf *out, struct str s, const char *safe);

/* Whether RAW, an encoded path, means the same to every program that decodes it: no segment is "." or "..",
 * and there is no escaped '/' and no NUL, however they are written. nginx shortens such paths before it
 * chooses a location, and hands them on as they came. */
bool percent_is_unambiguous(struct str raw);

#endif
