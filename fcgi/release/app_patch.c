/* The patches of an answer: of each type the first that suits the client. One that cannot be told (no URL for
 * the channel, something is missing) is skipped; only if nothing is left because of that is the whole answer
 * broken. */
#include "release/app.h"
#include "release/markup.h"

static const char *const type_name[APP_PATCH_TYPES] = { "complete", "partial" };
static const struct str line_start[APP_PATCH_TYPES] = {
    { "        <patch type=\"complete\" URL=\"", 36 },
    { "        <patch type=\"partial\" URL=\"", 35 },
};

/* An answer under way. */
struct patch_writer {
    const struct app_body *body;
    const struct app_position *position;
    const struct release_env *env;
    struct name_key locale;
    struct buf *out;
    struct error why;      /* why the last patch was left out */
    struct error *skipped; /* the first patch that was skipped; may be NULL */
    struct error failure;  /* the first that the reference would have failed at */
};

/* Whether release FROM has the client's build under the name PLATFORM. *FAILED is set when that cannot be
 * told. */
static bool has_build(struct patch_writer *w, const struct app_body *from, struct name_key platform,
                      bool *failed)
{
    struct app_position position;
    const struct release_value *build_id;
    if (!app_find(from, platform, w->locale, &position, &w->why)) {
        *failed = true;
        return false;
    }
    if (position.asked == NULL) {
        return false;
    }
    if (app_build_id(&position, name_key_str(&platform), name_key_str(&w->locale), &build_id, &w->why) !=
        VERDICT_YES) {
        *failed = true;
        return false;
    }
    return build_id->is_string && str_eq(build_id->text, w->env->query->build_id);
}

/* The client's platform may have another name in FROM: any that has the same target here will do. */
static bool client_has(struct patch_writer *w, const struct app_body *from, bool *failed)
{
    const struct app_platform *asked = w->position->asked;
    if (has_build(w, from, asked->key, failed) ||
        (asked->resolved != asked && has_build(w, from, asked->target, failed))) {
        return true;
    }
    for (uint32_t i = 0; i < asked->n_group; i++) {
        if (asked->group[i] != asked && has_build(w, from, asked->group[i]->key, failed)) {
            return true;
        }
    }
    return false;
}

/* PATCH_OFFERED where nothing about `from` is against it. */
static enum patch_fate judge_from(struct patch_writer *w, const struct release *r,
                                  const struct app_patch *patch)
{
    if (patch->from == APP_FROM_ANY) {
        return PATCH_OFFERED;
    }
    struct str name = r->from[patch->from];
    const struct release *from = w->env->find(w->env->find_arg, name);
    bool failed = false;
    if (from == NULL) {
        return PATCH_FROM_MISSING;
    }
    if (!from->format->methods->has_build_ids) {
        failed = true;
        error_set(&w->why, ERROR_INTERNAL, "it is no app release");
    } else if (client_has(w, from->body, &failed)) {
        return PATCH_OFFERED;
    }
    if (failed) {
        error_prefix(&w->why, "from release %.*s", STR_ARG(name));
        release_note_skipped(w->skipped, &w->why);
    }
    return PATCH_OTHER_BUILD;
}

/* What comes behind the URL. */
static void print_rest(struct buf *out, const struct app_body *body, const struct app_patch *patch)
{
    buf_str(out, body->hash);
    if (patch->packed) {
        hex_print(out, patch->hash);
    } else {
        buf_str(out, patch->hash);
    }
    buf_lit(out, "\" size=\"");
    buf_str(out, patch->rest);
    buf_lit(out, "\"/>\n");
}

/* A host that is not allowed is left out without a word, as in the reference. A URL that nobody may be sent
 * to, whatever its host, is a fault of the release. */
static void note_malformed_url(struct patch_writer *w, const struct release *r, struct str url)
{
    if (!markup_in(w->env->query->locale) && !allowlist_is_url(url)) {
        error_set(&w->why, ERROR_INTERNAL,
                  "release %.*s: a patch was left out, as its URL is not of http or https, or has characters "
                  "that are not allowed",
                  STR_ARG(r->name));
        release_note_skipped(w->skipped, &w->why);
    }
}

/* Appends the line of PATCH, where it is PATCH_OFFERED. PATCH_BROKEN, PATCH_NO_URL: w->why says why. */
static enum patch_fate write_patch(struct patch_writer *w, const struct release *r,
                                   const struct app_patch *patch, enum app_patch_type type)
{
    static const char *const problems[] = {
        [APP_PATCH_NO_OBJECT] = "it is no object",
        [APP_PATCH_NO_LIST] = "the patches are no list",
        [APP_PATCH_NO_FROM] = "from is missing or no string",
        [APP_PATCH_URL_BROKEN] = NULL,
    };
    if (problems[patch->problem] != NULL) {
        error_set(&w->why, ERROR_INTERNAL, "%s", problems[patch->problem]);
        return PATCH_BROKEN;
    }
    enum patch_fate fate = judge_from(w, r, patch);
    if (fate != PATCH_OFFERED) {
        return fate;
    }
    buf_str(w->out, line_start[type]);
    size_t url = w->out->n;
    switch (app_print_url(w->body, w->position, patch, type, w->env, w->out, &w->why)) {
    case APP_URL:
        break;
    case APP_URL_NONE:
        if (type == APP_PARTIAL) {
            release_note_skipped(w->skipped, &w->why);
            return PATCH_NO_URL;
        }
        return PATCH_BROKEN;
    case APP_URL_BROKEN:
        return PATCH_BROKEN;
    }
    struct str text = { w->out->p + url, w->out->n - url };
    if (!allowlist_permits(w->env->allowlist, text, w->env->query->product)) {
        note_malformed_url(w, r, text);
        return PATCH_HOST_REFUSED;
    }
    if (str_absent(w->body->hash) || str_absent(patch->rest)) {
        error_set(&w->why, ERROR_INTERNAL, "there is no hashFunction, hashValue or filesize");
        return PATCH_BROKEN;
    }
    print_rest(w->out, w->body, patch);
    return PATCH_OFFERED;
}

/* Takes all patches of TYPE off PATCHES and appends the first that can be told. */
static bool write_first_patch(struct patch_writer *w, const struct release *r, struct app_patches *patches,
                              enum app_patch_type type)
{
    bool done = false;
    for (uint32_t i = 0; i < patches->n[type]; i++) {
        struct app_patch patch = app_patch_read(patches);
        size_t start = w->out->n;
        enum patch_fate fate = done ? PATCH_OFFERED : write_patch(w, r, &patch, type);
        if (fate == PATCH_OFFERED) {
            done = true;
            continue;
        }
        w->out->n = start;
        if (fate == PATCH_BROKEN) {
            error_prefix(&w->why, "release %.*s, %s patch", STR_ARG(r->name), type_name[type]);
            release_note_skipped(w->skipped, &w->why);
            release_note_skipped(&w->failure, &w->why);
        }
    }
    return done;
}

static enum verdict find_asked_locale(const struct app_body *body, const struct query *q,
                                      struct name_key locale, struct app_position *position, struct error *e)
{
    if (!app_find(body, name_key_of(q->build_target), locale, position, e)) {
        return VERDICT_BROKEN;
    }
    if (position->asked == NULL) {
        return release_bad(e, "Can't find platform '%%s' %.*s", STR_ARG(q->build_target));
    }
    if (position->platform == NULL) {
        return release_bad(e, "Can't find platform '%%s' %.*s", (int)position->asked->target.n,
                           position->asked->target.p);
    }
    if (position->locale == NULL) {
        return release_bad(e, "Can't find locale '%%s' in '%%s' %.*s %.*s", STR_ARG(q->locale),
                           STR_ARG(q->build_target));
    }
    return VERDICT_YES;
}

static void start_patch(struct patch_writer *w, const struct app_body *body,
                        const struct app_position *position, const struct release_env *env,
                        struct name_key locale, struct buf *out)
{
    w->body = body;
    w->position = position;
    w->env = env;
    w->locale = locale;
    w->out = out;
    w->skipped = NULL;
    w->failure.what[0] = '\0';
}

enum verdict app_inner(const struct release *r, const struct release_env *env, struct buf *out,
                       struct error *e, struct error *skipped)
{
    const struct app_body *body = r->body;
    struct app_position position;
    struct name_key locale = name_key_of(env->query->locale);
    enum verdict v = find_asked_locale(body, env->query, locale, &position, e);
    if (v == VERDICT_BROKEN && e != NULL) {
        error_prefix(e, "release %.*s", STR_ARG(r->name));
    }
    if (v != VERDICT_YES) {
        return v;
    }
    struct patch_writer w; /* not cleared: the texts of its errors are large, and few answers have any */
    start_patch(&w, body, &position, env, locale, out);
    w.skipped = skipped;
    struct app_patches patches = app_patches_read(position.locale->patches);
    bool told = false;
    for (unsigned type = 0; type < APP_PATCH_TYPES; type++) {
        told |= write_first_patch(&w, r, &patches, type);
    }
    return !told && w.failure.what[0] != '\0' ? release_pass_on(e, &w.failure, VERDICT_BROKEN) : VERDICT_YES;
}

void app_note_patches(const struct release *r, const struct release_env *env,
                      void (*note)(void *arg, const struct patch_note *patch), void *arg)
{
    struct app_position position;
    struct patch_writer w;
    struct buf line;
    struct name_key locale = name_key_of(env->query->locale);
    if (find_asked_locale(r->body, env->query, locale, &position, NULL) != VERDICT_YES) {
        return;
    }
    buf_init(&line, 1024, 1 << 20);
    start_patch(&w, r->body, &position, env, locale, &line);
    struct app_patches patches = app_patches_read(position.locale->patches);
    for (unsigned type = 0; type < APP_PATCH_TYPES; type++) {
        bool done = false;
        for (uint32_t i = 0; i < patches.n[type]; i++) {
            struct app_patch patch = app_patch_read(&patches);
            error_clear(&w.why);
            enum patch_fate fate = write_patch(&w, r, &patch, type);
            bool offered = fate == PATCH_OFFERED;
            note(arg, &(struct patch_note){ .partial = type == APP_PARTIAL,
                                            .from = patch.from == APP_FROM_ANY ? STR("*")
                                                    : patch.from < r->n_from   ? r->from[patch.from]
                                                                               : STR_NONE,
                                            .fate = offered && done ? PATCH_SECOND : fate,
                                            .why = w.why.what });
            done |= offered;
            buf_reset(&line);
        }
    }
    buf_free(&line);
}
