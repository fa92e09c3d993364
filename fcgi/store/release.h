/* One release as the API shows it: its JSON, and the data_version that goes with it (reference:
 * web/common/releases.py, services/releases.py get_release).
 *
 * To be called inside of reader_begin() … reader_end(). */
#ifndef BALROG_STORE_RELEASE_H
#define BALROG_STORE_RELEASE_H

#include "core/json.h"
#include "store/db.h"

enum release_state {
    RELEASE_MISSING, /* there is no such release, or no such locale in it */
    RELEASE_BROKEN,  /* what is stored is no valid JSON: `why` tells */
    RELEASE_FOUND,
};

struct release_doc {
    enum release_state state;
    const cJSON *json; /* goes with the talloc context */
    bool has_version;  /* a release without a base, of assets alone, has no version of its own */
    int64_t data_version;
    struct error why;
};

/* The release NAME: a v2 one with its assets put in, else a v1 one. DOC is filled and owned by CTX. False
 * when the database failed. */
bool release_read(struct db *db, void *ctx, struct str name, struct release_doc *doc, struct error *e);

/* Its part platforms.PLATFORM.locales.LOCALE, without aliases; the data_version is that of the row which
 * holds it. */
bool release_read_locale(struct db *db, void *ctx, struct str name, struct str platform, struct str locale,
                         struct release_doc *doc, struct error *e);

#endif
