/* What the formats share: the functions that a format provides, and what it needs to compile a release. */
#ifndef BALROG_RELEASE_FORMAT_H
#define BALROG_RELEASE_FORMAT_H

#include "core/interner.h"
#include "core/json.h"
#include "core/name_key.h"
#include "query/version.h"
#include "release/compiled.h"
#include "release/why.h"

/* A release that is being compiled. Compiling never fails: a malformed part is marked, and reported when a
 * query needs it. */
struct compiler {
    struct release *release;
    const struct release_row *row; /* NULL, as is the blob, while a release is amended */
    const cJSON *blob;             /* an object */
    struct arena arena;
    struct interner interner;
    struct buf scratch; /* for putting texts together */
    struct buf record;  /* for an app release's patches */
    void *temporary;    /* a talloc context that is freed when the release is compiled */
};

/* The functions of a format, or of several. */
struct release_methods {
    bool is_json;       /* answers /json instead of /update */
    bool has_build_ids; /* a partial can start from it */
    void (*compile)(struct compiler *c);
    /* Changes the release of C, which is a copy of OLD; see release_amend() for the result and for *STAMP.
     * NULL: releases of this format cannot be amended. */
    bool (*amend)(struct compiler *c, const struct release *old, const struct release_asset *assets, size_t n,
                  uint64_t *stamp);
    /* NULL: always. */
    enum verdict (*should_serve)(const struct release *r, const struct query *q, struct error *e);
    /* NULL: the constant line below, without its newline. */
    enum verdict (*header)(const struct release *r, const struct release_env *env, struct buf *out,
                           struct error *e);
    enum verdict (*footer)(const struct release *r, const struct release_env *env, struct buf *out,
                           struct error *e);
    struct str header_line, footer_line;
    enum verdict (*inner)(const struct release *r, const struct release_env *env, struct buf *out,
                          struct error *e, struct error *skipped);
    enum verdict (*json)(const struct release *r, const struct release_env *env, struct buf *out,
                         struct error *e);
    /* For explanations (why.h); NULL: it has nothing to say. */
    void (*find_place)(const struct release *r, const struct query *q, struct release_place *place);
    void (*note_patches)(const struct release *r, const struct release_env *env,
                         void (*note)(void *arg, const struct patch_note *patch), void *arg);
};

struct release_format {
    int schema_version;
    const struct release_methods *methods;
};

/* A JSON scalar as Python's str() prints it. */
struct release_value {
    struct str text;
    struct str shown; /* the same as it is written into answers: see markup.h */
    bool is_string;
    bool is_true; /* by Python's rules: neither null, false, 0 nor empty */
    bool has_version;
    struct version version; /* of a string that is a version */
};

/* Kinds for interner_get(). */
enum intern_kind {
    INTERN_TEXT,
    INTERN_STRING_VALUE,
    INTERN_OTHER_VALUE,
    INTERN_FROM,
    INTERN_LOCALE_DEFAULTS
};

/* The release_keep_… functions store values in the release that C compiles, which owns the results. Equal
 * values are stored once. */

/* A copy of TEXT. */
struct str release_keep(struct compiler *c, struct str text);
/* Keeps the content of the scratch buffer, and empties the buffer. */
struct str release_keep_scratch(struct compiler *c);
/* Keeps the string JSON; absent if JSON is not a string. */
struct str release_keep_string(struct compiler *c, const cJSON *json);
/* TEXT, which is already kept, in the form in which answers hold it (markup.h). */
struct str release_keep_shown(struct compiler *c, struct str text);
struct name_key release_keep_key(struct compiler *c, const char *name);
/* Keeps JSON as a value; NULL for NULL. */
const struct release_value *release_keep_value(struct compiler *c, const cJSON *json);

/* Fills E and returns VERDICT_BROKEN / VERDICT_BAD. */
enum verdict release_broken(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
enum verdict release_bad(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Copies WHY into E (unless NULL) and returns V. */
enum verdict release_pass_on(struct error *e, const struct error *why, enum verdict v);
/* Copies E into SKIPPED (may be NULL), unless that holds an error already. */
void release_note_skipped(struct error *skipped, const struct error *e);

/* The formats' functions; what they do is described in release.h. */
void app_compile(struct compiler *c);
bool app_amend(struct compiler *c, const struct release *old, const struct release_asset *assets, size_t n,
               uint64_t *stamp);
enum verdict app_should_serve(const struct release *r, const struct query *q, struct error *e);
enum verdict app_header(const struct release *r, const struct release_env *env, struct buf *out,
                        struct error *e);
enum verdict app_inner(const struct release *r, const struct release_env *env, struct buf *out,
                       struct error *e, struct error *skipped);
void app_find_place(const struct release *r, const struct query *q, struct release_place *place);
void app_note_patches(const struct release *r, const struct release_env *env,
                      void (*note)(void *arg, const struct patch_note *patch), void *arg);
void desupport_compile(struct compiler *c);
enum verdict desupport_inner(const struct release *r, const struct release_env *env, struct buf *out,
                             struct error *e, struct error *skipped);
void gmp_compile(struct compiler *c);
enum verdict gmp_inner(const struct release *r, const struct release_env *env, struct buf *out,
                       struct error *e, struct error *skipped);
void superblob_compile(struct compiler *c);
enum verdict superblob_inner(const struct release *r, const struct release_env *env, struct buf *out,
                             struct error *e, struct error *skipped);
void systemaddons_compile(struct compiler *c);
enum verdict systemaddons_header(const struct release *r, const struct release_env *env, struct buf *out,
                                 struct error *e);
enum verdict systemaddons_inner(const struct release *r, const struct release_env *env, struct buf *out,
                                struct error *e, struct error *skipped);
enum verdict systemaddons_footer(const struct release *r, const struct release_env *env, struct buf *out,
                                 struct error *e);
void guardian_compile(struct compiler *c);
enum verdict guardian_should_serve(const struct release *r, const struct query *q, struct error *e);
void guardian_find_place(const struct release *r, const struct query *q, struct release_place *place);
enum verdict guardian_json(const struct release *r, const struct release_env *env, struct buf *out,
                           struct error *e);

#endif
