/* Texts of v1 releases that this process has found to be valid, so that the next submission of a locale need
 * not parse and validate all of the release again. Only digests are kept, of the newest few texts. What they
 * rest on, the schemas and the allow-list, does not change while a process runs. */
#ifndef BALROG_ADMIN_KNOWN_TEXTS_H
#define BALROG_ADMIN_KNOWN_TEXTS_H

#include "core/str.h"

enum { TEXT_DIGEST = 32 };

/* The SHA-256 of TEXT together with PRODUCT (NULL: none). */
void known_texts_digest(struct str text, const char *product, unsigned char digest[TEXT_DIGEST]);

struct known_texts;
/* Owned by CTX. The other functions may be called by any thread. */
struct known_texts *known_texts_new(void *ctx);
/* Notes that the text with this digest is a valid release of its product, is written as json_print() writes
 * it with JSON_DUMPS, and has only lists for which reduced_has_sets() holds. */
void known_texts_add(struct known_texts *known, const unsigned char digest[TEXT_DIGEST]);
bool known_texts_has(struct known_texts *known, const unsigned char digest[TEXT_DIGEST]);

#endif
