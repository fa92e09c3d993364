/* Which superblobs name a release as a member, and which members a superblob has. Read from
 * balrog_release_members, which the database's triggers keep, for releases of both tables (see
 * schema/0006_sign_offs). */
#ifndef BALROG_STORE_RELEASE_LINKS_H
#define BALROG_STORE_RELEASE_LINKS_H

#include "store/tx.h"

/* A superblob may name another one. Longer chains are not followed: nothing is served through them. */
enum { RELEASE_LINKS_DEPTH = 4, RELEASE_MEMBERS_MAX = 1000 };

/* Finds all superblobs that name the release NAME, directly or through other superblobs: *SUPERBLOBS is an
 * array of names, owned by TX, without NAME itself. If TX writes, nobody can make another superblob name it
 * before TX ends. */
bool release_superblobs_of(struct tx *tx, const char *name, cJSON **superblobs, struct error *e);

/* Adds to NAMES, an array of different names, the members of all superblobs in it, and the members of these.
 */
bool release_add_members(struct tx *tx, cJSON *names, struct error *e);

/* Adds NAME to NAMES, unless it is NULL, empty, or in NAMES already. */
void release_names_add(cJSON *names, const char *name);

/* Adds the members of BLOB, the document of a superblob, to NAMES. Does nothing for other documents. */
void release_names_add_members(cJSON *names, const cJSON *blob);

#endif
