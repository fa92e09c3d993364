/* What a sign-off covers, and whether it still counts.
 *
 * Somebody who signs off a change agrees to what clients will get by it. If the change leads to releases (a
 * rule's mapping and fallbackMapping, a pin's mapping, the members of a superblob), the sign-off is stored
 * with a fingerprint of each of them. It stops counting when one of these releases has changed, and when its
 * user no longer holds the role or no longer has any permission. A sign-off without stored content (given by
 * the reference, or before schema step 0006) covers any content. [admin] signoff_content_except names the
 * releases that may change. */
#ifndef BALROG_STORE_SIGNOFF_CONTENT_H
#define BALROG_STORE_SIGNOFF_CONTENT_H

#include "store/resource.h"

/* Fingerprints of the content of what the change C leads to: {release: fingerprint}, TX's; empty if there is
 * nothing to fingerprint. Of a v1 release it is the data_version; of a v2 release the data_version of the
 * base, and a hash over the paths and data_versions of all assets. If TX writes, these rows are locked
 * against change. */
bool signoff_content(struct tx *tx, const struct resource *r, const struct change *c, cJSON **content,
                     struct error *e);

/* Stores CONTENT for the sign-off of USERNAME for the scheduled change SC_ID of R; *CHANGED is false if the
 * same was stored already. */
bool signoff_content_store(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username,
                           const cJSON *content, bool *changed, struct error *e);
/* Forgets what the sign-off of USERNAME covered; NULL: of all users. */
bool signoff_content_forget(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username,
                            struct error *e);

/* A sign-off that is to be judged. */
struct signoff_case {
    int64_t sc_id;
    const char *username;
    const char *role;
    const char *content; /* as it was stored, JSON; NULL: none */
    cJSON *invalid;      /* out: NULL if it counts; else, TX's, an object that says why not:
                          * {"reason": "role" | "user" | "content", "detail": a sentence, and for "content"
                          *  "release", "changed_by", "timestamp" (ms since 1970; both may be null)} */
};

/* Reads what is stored for the scheduled change SC_ID of R: {username: content as JSON text}, TX's. */
bool signoff_content_read(struct tx *tx, const struct resource *r, int64_t sc_id, cJSON **contents,
                          struct error *e);

/* Judges N sign-offs. If TX writes, what the judgement rests on is locked against change. */
bool signoff_judge(struct tx *tx, struct signoff_case *cases, size_t n, struct error *e);

#endif
