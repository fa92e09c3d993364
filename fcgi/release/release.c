/* The table of formats, and how a release is compiled and asked through it. */
#include "release/release.h"

#include "core/python.h"
#include "release/assets.h"
#include "release/format.h"

enum {
    SCRATCH_MAX = 64 << 20,
    AMENDED_MAX = 32, /* each leaves a platform's locales and what has changed in memory: some KB */
};

static const struct release_methods app = {
    .has_build_ids = true,
    .compile = app_compile,
    .amend = app_amend,
    .should_serve = app_should_serve,
    .header = app_header,
    .inner = app_inner,
    .find_place = app_find_place,
    .note_patches = app_note_patches,
    .footer_line = { "    </update>", 13 },
};
static const struct release_methods desupport = {
    .compile = desupport_compile,
    .header_line = { "", 0 },
    .inner = desupport_inner,
    .footer_line = { "</update>", 9 },
};
static const struct release_methods gmp = {
    .compile = gmp_compile,
    .header_line = { "    <addons>", 12 },
    .inner = gmp_inner,
    .footer_line = { "    </addons>", 13 },
};
static const struct release_methods superblob = {
    .compile = superblob_compile,
    .header_line = { "    <addons>", 12 },
    .inner = superblob_inner,
    .footer_line = { "    </addons>", 13 },
};
static const struct release_methods systemaddons = {
    .compile = systemaddons_compile,
    .header = systemaddons_header,
    .inner = systemaddons_inner,
    .footer = systemaddons_footer,
};
static const struct release_methods guardian = {
    .is_json = true,
    .compile = guardian_compile,
    .should_serve = guardian_should_serve,
    .json = guardian_json,
    .find_place = guardian_find_place,
};

static const struct release_format formats[] = {
    { 1, &app },          { 2, &app },    { 3, &app },          { 4, &app },
    { 5, &app },          { 6, &app },    { 8, &app },          { 9, &app },
    { 50, &desupport },   { 1000, &gmp }, { 4000, &superblob }, { 5000, &systemaddons },
    { 10000, &guardian },
};

/* The format that BLOB says it is of, or NULL. */
static const struct release_format *find_release_format(const cJSON *blob, struct error *e)
{
    const cJSON *version = json_get(blob, "schema_version");
    if (!python_truth(version)) {
        error_set(e, ERROR_INTERNAL, "schema_version is not set");
        return NULL;
    }
    for (size_t i = 0; cJSON_IsNumber(version) && i < ARRAY_LEN(formats); i++) {
        if (version->valuedouble == formats[i].schema_version) {
            return &formats[i];
        }
    }
    error_set(e, ERROR_INTERNAL, "schema_version is unknown");
    return NULL;
}

static size_t json_size(const struct release_row *row)
{
    size_t n = row->json.n;
    for (size_t i = 0; i < row->n_assets; i++) {
        n += row->assets[i].json.n;
    }
    return n;
}

/* Begins to compile a release, a child of CTX; SIZE: of the JSON that goes into it. */
static void begin_compiling(struct compiler *c, void *ctx, size_t size)
{
    *c = (struct compiler){ .release = mem_new(ctx, struct release),
                            .temporary = mem_check(talloc_new(NULL)) };
    arena_init(&c->arena, c->release, size);
    interner_init(&c->interner, c->temporary, &c->arena);
    buf_init(&c->scratch, 1024, SCRATCH_MAX);
    buf_init(&c->record, 1024, SCRATCH_MAX);
}

static void end_compiling(struct compiler *c)
{
    buf_free(&c->scratch);
    buf_free(&c->record);
    talloc_free(c->temporary);
}

static struct release *compile_blob(void *ctx, const struct release_row *row, const cJSON *blob,
                                    const struct release_format *format, enum release_use use)
{
    struct compiler c;
    begin_compiling(&c, ctx, json_size(row));
    struct release *r = c.release;
    c.row = row;
    c.blob = blob;
    *r = (struct release){
        .format = format, .use = use, .name = release_keep(&c, row->name), .product = STR_NONE
    };
    if (!str_absent(row->product)) {
        r->product = release_keep(&c, row->product);
    }
    if (use == RELEASE_SERVED || format->methods->has_build_ids) {
        format->methods->compile(&c);
    }
    end_compiling(&c);
    return r;
}

struct release *release_compile(void *ctx, const struct release_row *row, enum release_use use,
                                struct error *e)
{
    cJSON *blob = assets_merge(row, e);
    if (blob == NULL) {
        return NULL;
    }
    const struct release_format *format = find_release_format(blob, e);
    struct release *r = format != NULL ? compile_blob(ctx, row, blob, format, use) : NULL;
    cJSON_Delete(blob);
    return r;
}

struct release *release_amend(void *ctx, const struct release *old, const struct release_asset *assets,
                              size_t n, uint64_t *stamp)
{
    struct compiler c;
    if (!old->amendable) {
        return NULL;
    }
    begin_compiling(&c, ctx, json_size(&(struct release_row){ .assets = assets, .n_assets = n }));
    struct release *r = c.release;
    *r = *old;
    r->amends = old;
    r->amendable = ++r->n_amended < AMENDED_MAX;
    if (!old->format->methods->amend(&c, old, assets, n, stamp)) {
        talloc_free(r);
        r = NULL;
    }
    end_compiling(&c);
    return r;
}

int release_schema_version(const struct release *r)
{
    return r->format->schema_version;
}

bool release_is_xml(const struct release *r)
{
    return !r->format->methods->is_json;
}

bool release_is_json(const struct release *r)
{
    return r->format->methods->is_json;
}

bool release_has_versions(const struct release *r)
{
    return r->format->methods->should_serve == app_should_serve;
}

static enum verdict fail_unsuited(const struct release *r, const char *what, struct error *e)
{
    return release_broken(e, "release %.*s %s", STR_ARG(r->name),
                          r->use != RELEASE_SERVED ? "was loaded for its build ids only" : what);
}

bool release_find_place(const struct release *r, const struct query *q, struct release_place *place)
{
    bool found = r->use == RELEASE_SERVED && r->format->methods->find_place != NULL;
    *place = (struct release_place){ 0 };
    if (found) {
        r->format->methods->find_place(r, q, place);
    }
    return found;
}

void release_note_patches(const struct release *r, const struct release_env *env,
                          void (*note)(void *arg, const struct patch_note *patch), void *arg)
{
    if (r->use == RELEASE_SERVED && r->format->methods->note_patches != NULL) {
        r->format->methods->note_patches(r, env, note, arg);
    }
}

enum verdict release_should_serve(const struct release *r, const struct query *q, struct error *e)
{
    if (r->use != RELEASE_SERVED) {
        return fail_unsuited(r, "", e);
    }
    return r->format->methods->should_serve != NULL ? r->format->methods->should_serve(r, q, e) : VERDICT_YES;
}

static enum verdict print_constant_line(struct buf *out, struct str line)
{
    buf_str(out, line);
    buf_char(out, '\n');
    return VERDICT_YES;
}

enum verdict release_header_xml(const struct release *r, const struct release_env *env, struct buf *out,
                                struct error *e)
{
    const struct release_methods *methods = r->format->methods;
    if (methods->is_json || r->use != RELEASE_SERVED) {
        return fail_unsuited(r, "does not answer in XML", e);
    }
    return methods->header != NULL ? methods->header(r, env, out, e)
                                   : print_constant_line(out, methods->header_line);
}

enum verdict release_inner_xml(const struct release *r, const struct release_env *env, struct buf *out,
                               struct error *e, struct error *skipped)
{
    const struct release_methods *methods = r->format->methods;
    if (methods->is_json || r->use != RELEASE_SERVED) {
        return fail_unsuited(r, "does not answer in XML", e);
    }
    return methods->inner(r, env, out, e, skipped);
}

enum verdict release_footer_xml(const struct release *r, const struct release_env *env, struct buf *out,
                                struct error *e)
{
    const struct release_methods *methods = r->format->methods;
    if (methods->is_json || r->use != RELEASE_SERVED) {
        return fail_unsuited(r, "does not answer in XML", e);
    }
    return methods->footer != NULL ? methods->footer(r, env, out, e)
                                   : print_constant_line(out, methods->footer_line);
}

enum verdict release_json(const struct release *r, const struct release_env *env, struct buf *out,
                          struct error *e)
{
    if (!r->format->methods->is_json || r->use != RELEASE_SERVED) {
        return fail_unsuited(r, "does not answer in JSON", e);
    }
    return r->format->methods->json(r, env, out, e);
}
