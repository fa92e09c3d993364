/* Which releases the partials of other releases start from. Clients that are offered a release by a rule, by
 * a pin or as a member of a superblob can need the releases that its partials start from.
 *
 * To find out, all that clients are offered has to be read, several hundred MB in a big installation. So what
 * was found is kept in memory, and the change feed says which releases have to be read again. An answer is
 * never older than the call: the feed is polled inside the consistent read that the call begins. */
#ifndef BALROG_STORE_PARTIAL_SOURCES_H
#define BALROG_STORE_PARTIAL_SOURCES_H

#include "store/hosts.h"

struct partial_sources;

/* Nothing is known yet. Has a database connection of its own to the server of HOSTS that is written to; it is
 * opened when it is needed. Owned by CTX. */
struct partial_sources *partial_sources_new(void *ctx, struct hosts *hosts);
/* Starts a thread that reads everything that is not known, at a low priority, and does so again every ten
 * minutes. So a call seldom has to read much. It also compares the versions of all releases, in case the
 * feed has missed a change. */
void partial_sources_start(struct partial_sources *s);
/* Ends the thread and closes the connection. */
void partial_sources_stop(struct partial_sources *s);

/* Brings everything up to date, and compares the versions of all releases with what is known, as the thread
 * does. Fails as the database does. Safe from any thread. */
bool partial_sources_refresh(struct partial_sources *s, struct error *e);

/* *RELEASE becomes the name, owned by CTX, of a release that clients are offered and that has a partial from
 * NAME; NULL if there is none but NAME itself. Safe from any thread. With S as NULL everything is read by DB,
 * inside its transaction; else DB is not used. Fails as the database does. */
bool partial_sources_find(struct partial_sources *s, struct db *db, void *ctx, struct str name,
                          const char **release, struct error *e);

#endif
