/* A compiled app release (schema versions 1 to 9): Firefox, Thunderbird and the like. A platform has locales;
 * a locale has a build id and patches; a patch has a URL of its own or takes one from fileUrls.
 *
 * Malformed parts (a key is missing, a value is not an object) are marked when the release is compiled, so
 * that one malformed locale does not affect the others. The reference finds them when it serves a query. */
#ifndef BALROG_RELEASE_APP_H
#define BALROG_RELEASE_APP_H

#include "core/hex.h"
#include "release/format.h"
#include "release/template.h"

enum { APP_PARAMS = 3, APP_GROUPS_MAX = UPDATE_LINE_GROUPS_MAX };

/* How the schema versions differ. */
struct app_kind {
    int schema_version;
    enum app_line { APP_LINE_EXT, APP_LINE_APP, APP_LINE_GROUPS } line;
    /* Keys of the locale, or else of the whole release: first the application's version, then what else the
     * update line shows. */
    const char *param[APP_PARAMS];
    bool lists;   /* "completes" and "partials", lists, instead of "complete" and "partial" */
    bool unified; /* fileUrls: channel → patch key → from, instead of channel → URL with %PRODUCT% */
    bool proofs;  /* patches may have a binTransInclusionProof */
};

enum app_patch_type { APP_COMPLETE, APP_PARTIAL, APP_PATCH_TYPES };
/* "complete", "completes" and so on, by type. */
extern const char *const app_single_key[APP_PATCH_TYPES], *const app_list_key[APP_PATCH_TYPES];

/* The index of a patch's `from` in release.from. "*", any release, has none. */
enum { APP_FROM_ANY = UINT32_MAX };

/* Why a patch cannot be written at all. */
enum app_patch_problem {
    APP_PATCH_FINE,
    APP_PATCH_NO_OBJECT,
    APP_PATCH_NO_LIST, /* not a patch: a value that should have been a list of patches */
    APP_PATCH_NO_FROM,
    APP_PATCH_URL_BROKEN, /* fileUrl is not a string; reported only after `from` was checked */
};

struct app_patch {
    enum app_patch_problem problem;
    uint32_t from;
    struct str url;  /* its own; absent: it takes one from fileUrls */
    struct str hash; /* with .rest absent: something is missing */
    bool packed;     /* the hash is kept as bytes and shown as lower-case hex digits */
    struct str rest; /* size and what follows it, as text */
};

/* The patches of a locale. A release has thousands of patches, which take most of its memory. So they are
 * kept as one record of bytes per locale, and decoded when they are written into an answer. */
struct app_patches {
    uint32_t n[APP_PATCH_TYPES];
    const char *at; /* completes, then partials */
};
void app_patches_write(struct buf *record, const uint32_t n[APP_PATCH_TYPES]);
void app_patch_write(struct buf *record, const struct app_patch *patch);
struct app_patches app_patches_read(const char *record);
/* Reads the next patch and moves on behind it; its texts point into the record. */
struct app_patch app_patch_read(struct app_patches *patches);

/* The values of a locale other than its patches, with the defaults of its platform and release filled in.
 * Many locales have the same ones: each combination is kept once. */
struct app_locale_defaults {
    const struct release_value *param[APP_PARAMS]; /* the locale's, else the release's, else None */
    const struct release_value *build_id;          /* the locale's, else the platform's; NULL: none */
    bool no_object;
    bool os_update;
};

struct app_locale {
    struct name_key key;
    const struct app_locale_defaults *defaults;
    const char *patches; /* a record */
    uint64_t stamp;      /* of the asset that it comes from; 0: it is the base's */
};

struct app_platform {
    struct name_key key;
    bool no_object;
    bool locales_broken; /* locales is no object */
    /* LOST: a value that no platform can have as its name; BROKEN: a list or an object. */
    enum app_alias { APP_ALIAS_NONE, APP_ALIAS_NAME, APP_ALIAS_LOST, APP_ALIAS_BROKEN } alias;
    struct name_key target;              /* what the alias names, as str() prints it; without one, itself */
    const struct app_platform *resolved; /* the target, whose own alias is not followed; NULL: missing */
    /* The platforms with the same target; a `from` release may have the platform under any of these names. */
    const struct app_platform *const *group;
    uint32_t n_group;
    uint32_t n_locales;
    const struct app_locale *locale;
    const struct release_value *build_id; /* for locales that have none; NULL: none */
    struct str os_ftp, os_bouncer;        /* absent: missing or no string */
};

/* A text for each `from`. */
struct app_from_text {
    uint32_t from;
    bool broken; /* it is no string */
    struct template text;
};
struct app_by_from {
    const struct app_from_text *entry; /* sorted by from */
    uint32_t n;
    bool broken; /* it is no object */
    bool shared; /* the one entry is for every `from` */
};

struct app_channel {
    struct name_key key;
    bool broken;                              /* it has the wrong type */
    struct template url;                      /* separated */
    struct app_by_from urls[APP_PATCH_TYPES]; /* unified */
};

struct app_urls {
    bool broken;                       /* fileUrls is no object; separated: or missing */
    bool names_broken;                 /* ftpFilenames or bouncerProducts is no object */
    const struct app_channel *channel; /* unified: without the empty ones, which do not count */
    uint32_t n;
    const struct app_channel *any; /* the one named "*"; NULL: there is none */
    struct app_by_from filename[APP_PATCH_TYPES], product[APP_PATCH_TYPES]; /* separated */
};

/* A condition of an updateLine group; it holds if any one of the values matches. */
struct app_condition {
    enum app_condition_kind {
        APP_IF_CHANNEL,
        APP_IF_LOCALE,
        APP_IF_VERSION,
        APP_IF_BUILD_ID,
        APP_IF_NEVER
    } kind;
    const struct str *value;
    const struct version_test *version;
    uint32_t n;
};

struct app_group {
    const struct app_condition *condition;
    uint32_t n;
    bool no_fields; /* fields is missing or no object */
};

/* An attribute that the update line of a version 9 release may have. Its value comes from the last group that
 * applies and has the field, else from the release. */
struct app_field {
    uint32_t group;
    bool broken; /* interpolated, but no string */
    struct template text;
};
enum app_default {
    APP_NO_DEFAULT,
    APP_DEFAULT_PARAM_0,
    APP_DEFAULT_PARAM_1,
    APP_DEFAULT_BUILD_ID,
    APP_DEFAULT_TYPE
};
struct app_column {
    struct str name; /* ` appVersion="` */
    enum app_default fallback;
    const struct app_field *field; /* the last group's first */
    uint32_t n;
};

struct app_body {
    const struct app_kind *kind;
    bool no_platforms;     /* there is no "platforms" */
    bool platforms_broken; /* it is no object */
    uint32_t n_platforms;
    const struct app_platform *platform;
    const struct release_value *param[APP_PARAMS]; /* where there is no such locale */
    /* The update line. */
    const char *line_problem; /* why there cannot be one; NULL: there can */
    bool old_version_special_cases;
    uint32_t n_attributes[2]; /* before isOSUpdate, behind it */
    const struct template *attribute[2];
    const struct app_group *group; /* version 9 */
    uint32_t n_groups;
    uint32_t n_columns;
    const struct app_column *column; /* sorted by name */
    /* Patches. */
    struct str hash; /* `" hashFunction="…" hashValue="`; absent: missing */
    struct app_urls urls;
};

/* Parts of app_compile() and app_amend(). */
/* Compiles the values of JSON (a locale, or the whole release) that the update line shows into PARAM, which
 * has APP_PARAMS elements. What JSON lacks is taken from FALLBACK; with FALLBACK NULL it becomes "None". */
void app_compile_params(struct compiler *c, const struct app_kind *kind, const struct release_value **param,
                        const cJSON *json, const struct release_value *const *fallback);
/* Compiles JSON, the locale NAME of PLATFORM, into LOCALE. */
void app_compile_locale(struct compiler *c, const struct app_body *body, const struct app_platform *platform,
                        struct app_locale *locale, const char *name, const cJSON *json);
/* Compiles the platforms of the blob with their locales. */
void app_compile_platforms(struct compiler *c, struct app_body *body);
/* Follows the aliases of the N platforms of LIST, and groups the platforms that lead to the same one. */
void app_link_platforms(struct compiler *c, struct app_platform *list, uint32_t n);
/* Whether PATH is ".platforms.PLATFORM.locales.LOCALE"; if so, the two names, which point into PATH. */
bool app_asset_is_locale(struct str path, struct str *platform, struct str *locale);
/* Sets whether the release is amendable and, if it is, the stamps of its locales. */
void app_note_assets(struct compiler *c, const struct app_body *body);
/* Parts of app_compile(). URLs are compiled after the platforms: only the `from`s of patches count. */
void app_compile_urls(struct compiler *c, struct app_body *body);
void app_compile_line(struct compiler *c, struct app_body *body);
void app_compile_groups(struct compiler *c, struct app_body *body);

/* Where the platform and the locale of a query are in a release. */
struct app_position {
    const struct app_platform *asked;    /* NULL: no such platform */
    const struct app_platform *platform; /* what it resolves to; NULL: nothing */
    const struct app_locale *locale;     /* NULL: no such locale */
};
/* Finds them. Returns false, with the reason in E, if something on the way is malformed. */
bool app_find(const struct app_body *body, struct name_key build_target, struct name_key locale,
              struct app_position *position, struct error *e);
/* Sets *BUILD_ID to that at POSITION, the position that was found for BUILD_TARGET and LOCALE. YES or BAD. */
enum verdict app_build_id(const struct app_position *position, struct str build_target, struct str locale,
                          const struct release_value **build_id, struct error *e);

/* Appends the URL of PATCH, a patch of TYPE at POSITION. */
enum app_url {
    APP_URL,
    APP_URL_NONE,   /* fileUrls is valid, but has no URL for this patch (reference: ValueError) */
    APP_URL_BROKEN, /* something is missing or of the wrong type: E says what */
};
enum app_url app_print_url(const struct app_body *body, const struct app_position *position,
                           const struct app_patch *patch, enum app_patch_type type,
                           const struct release_env *env, struct buf *out, struct error *e);

/* The update line of version 9; POSITION has a locale. */
enum verdict app_groups_line(const struct app_body *body, const struct app_position *position,
                             const struct release_value *build_id, const struct release_env *env,
                             struct buf *out, struct error *e);

#endif
