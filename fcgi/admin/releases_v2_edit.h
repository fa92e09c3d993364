/* An edit of a v2 release: first it is planned which rows are written, then they are written, at once or,
 * where the body has a `when`, by scheduling a change per row. Only the planned rows are written, so that
 * submissions of different locales do not get in each other's way. */
#ifndef BALROG_ADMIN_RELEASES_V2_EDIT_H
#define BALROG_ADMIN_RELEASES_V2_EDIT_H

#include "admin/releases_v2.h"
#include "blob/split.h"

/* One row to be written. */
struct planned_write {
    enum change_type type;
    const char *path;  /* NULL: the base */
    const cJSON *data; /* the new one; NULL for a deletion */
    int64_t version;   /* the row's data_version as the client knows it; 0 for an insert */
    cJSON *old;        /* the row, if it was read with a lock; or NULL */
};

struct edit {
    struct admin_call *call;
    struct tx *tx;
    const char *name;             /* of the release */
    const cJSON *base;            /* the release's base, a row; NULL: there is none yet */
    const cJSON *blob;            /* what is in the base */
    const char *product;          /* that the release is to have */
    struct assets *said;          /* the body's old_data_versions, if any */
    int64_t when;                 /* ms since 1970; 0: now */
    struct planned_write *writes; /* in the order in which they are made */
    size_t n;
    struct assets *answer; /* the new data versions */
};

/* The edit that the call's path and body ask for, with nothing read or planned yet. */
struct edit releases_v2_edit_of(struct admin_call *call);
/* Reads the base, locked by LOCK, into EDIT: base, blob and product. */
bool releases_v2_edit_read_base(struct edit *edit, enum row_lock lock, struct error *e);
/* *MUST: whether the release needs sign-offs, and the body has no `when` to give time for them. */
bool releases_v2_edit_must_schedule(struct edit *edit, bool *must, struct error *e);
/* The refusal of an edit that must be scheduled: FAIL_SIGNOFF. Returns false. */
bool releases_v2_edit_refuse_direct(struct error *e);
/* Checks that PRODUCT is that of the v1 release of this name, if there is one. What is written at once is
 * checked again by its resource; this check is for assets that are scheduled. FAIL_INVALID. */
bool releases_v2_edit_fits_v1(struct edit *edit, const char *product, struct error *e);

/* The data_version that the client says the row at PATH (NULL: the base) has; 0 if the client says none. */
int64_t releases_v2_edit_version(const struct edit *edit, const char *path);
void releases_v2_edit_plan(struct edit *edit, struct planned_write write);
/* Carries the plan out, and notes the new data versions in edit->answer. */
bool releases_v2_edit_write(struct edit *edit, struct error *e);

/* ROOT, an object, as a tree; it is closed when TX ends. */
struct assets *releases_v2_edit_tree(struct tx *tx, cJSON *root);
/* BLOB split into base and assets; the assets are sorted by path. Owned by TX. */
struct split *releases_v2_edit_split(struct edit *edit, const cJSON *blob, int schema_version);
/* Whether a split that is sorted so has an asset at PATH. */
bool releases_v2_edit_split_has(const struct split *split, const char *path);

#endif
