/* One release as the public API shows it: its JSON and its data_version. (reference: web/common/releases.py,
 * services/releases.py get_release)
 *
 * Call these functions between reader_begin() and reader_end(). */
#ifndef BALROG_STORE_RELEASE_H
#define BALROG_STORE_RELEASE_H

#include "core/json.h"
#include "store/db.h"

enum release_state {
    RELEASE_MISSING, /* there is no such release, or no such locale in it */
    RELEASE_BROKEN,  /* what is stored is not valid JSON: see `why` */
    RELEASE_FOUND,
};

struct release_doc {
    enum release_state state;
    const cJSON *json; /* owned by the talloc context */
    bool has_version;  /* false if the release has only assets: it then has no data_version of its own */
    int64_t data_version;
    struct error why;
};

/* Reads the release NAME: the v2 release, with its assets merged in, or else the v1 release. What DOC refers
 * to is owned by CTX. Returns false only if the database fails. */
bool release_read(struct db *db, void *ctx, struct str name, struct release_doc *doc, struct error *e);

/* Reads only platforms.PLATFORM.locales.LOCALE of the release; aliases of platforms are not followed. The
 * data_version is that of the row that contains it. */
bool release_read_locale(struct db *db, void *ctx, struct str name, struct str platform, struct str locale,
                         struct release_doc *doc, struct error *e);

#endif
