/* Which superblobs name a release as a member, and which members a superblob has. Read from
 * balrog_release_members, which the database's triggers keep, for releases of both tables (see
 * schema/0006_sign_offs). */
#ifndef BALROG_STORE_RELEASE_LINKS_H
#define BALROG_STORE_RELEASE_LINKS_H

#include "store/tx.h"

/* A superblob may name another one. Chains that are longer are cut: nothing is served through them. */
enum { RELEASE_LINKS_DEPTH = 4, RELEASE_MEMBERS_MAX = 1000 };

/* The names of all superblobs that name the release NAME, directly or through other superblobs: an array of
 * texts, TX's, without NAME itself. If TX writes, nobody can make another superblob name it before TX ends.
 */
bool release_superblobs_of(struct tx *tx, const char *name, cJSON **superblobs, struct error *e);

/* Adds to NAMES, an array of texts without repetition, the members of those that are superblobs, and theirs.
 */
bool release_add_members(struct tx *tx, cJSON *names, struct error *e);

/* Adds NAME to NAMES unless it is NULL, empty or there already. */
void release_names_add(cJSON *names, const char *name);

/* Adds the members of BLOB, a superblob's document, to NAMES; nothing if it is not a superblob. */
void release_names_add_members(cJSON *names, const cJSON *blob);

#endif
