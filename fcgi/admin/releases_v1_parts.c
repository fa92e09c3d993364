/* Parts of v1 releases: members of the blob, or one locale, are put into the release that the path names and
 * into those in the body's copyTo. Releases that do not exist are created. (reference: views/releases.py
 * changeRelease)
 *
 * The part is put into the version of the release that the client has seen. If that is not the newest one,
 * the result is merged with the newest, as for a whole release. So submissions of different locales never
 * conflict.
 *
 * Mostly one locale after the other is put into a large release. If its text is known to be valid, only what
 * remains when the release is reduced to the locale (blob/reduced.h) is parsed, merged, checked and printed.
 * In all other cases, and to refuse something, the whole release is. */
#include "admin/known_texts.h"
#include "admin/release_blob.h"
#include "admin/releases_v1.h"
#include "blob/reduced.h"
#include "core/python.h"
#include "core/tree.h"
#include "store/release_history.h"
#include "store/resource_write.h"
#include "store/schedule_row.h"

#include <stdlib.h>

enum {
    COPIES_MAX = 10,    /* each copy may be as large as a whole release */
    ALIASES_MAX = 1000, /* each becomes a platform */
};

struct submission {
    struct admin_call *call;
    const char *primary;           /* the release that the path names */
    const char *platform, *locale; /* NULL: `data` has members of the blob, not a locale */
    const char *product;
    const cJSON *data;
    const cJSON *copy_to;      /* names of releases; NULL: none */
    const cJSON *alias;        /* names of platforms; NULL: none */
    const char *hash_function; /* NULL: none */
    const cJSON *schema_version;
    int64_t data_version; /* 0: none was given */
    bool is_new;          /* the part did not exist in the release before */
    int64_t new_version;  /* of the primary, once it is written */
};

/* ---- what was sent ---- */

static bool is_text(const cJSON *value)
{
    return cJSON_IsString(value) && value->valuestring[0] != '\0';
}

/* *VALUE becomes the JSON in the member NAME of the body; NULL if that is missing or empty. */
static bool parse_member(struct admin_call *call, const char *name, const cJSON **value, struct error *e)
{
    struct error why;
    struct str text = body_str(call->body, name);
    *value = NULL;
    if (text.n > 0) {
        *value = tx_keep(call->tx, json_parse(text, &why));
    }
    return text.n == 0 || *value != NULL || fail(e, FAIL_INVALID, "%s", why.what);
}

/* The same for a list of names. JSON that is false in Python counts as no list, as in the reference: the
 * client library sends "null" for a platform without aliases. */
static bool parse_names(struct admin_call *call, const char *name, const cJSON **names, struct error *e)
{
    if (!parse_member(call, name, names, e)) {
        return false;
    }
    *names = python_truth(*names) ? *names : NULL;
    bool right = *names == NULL || cJSON_IsArray(*names);
    for (const cJSON *one = right && *names != NULL ? (*names)->child : NULL; one != NULL; one = one->next) {
        right &= is_text(one);
    }
    return right || fail(e, FAIL_INVALID, "%s: a list of names is wanted", name);
}

static bool read_submission(struct submission *s, struct error *e)
{
    struct admin_call *call = s->call;
    s->primary = admin_text(call, call->param[0]);
    s->product = json_get_string(call->body, "product");
    s->is_new = true;
    body_int(call->body, "data_version", &s->data_version);
    if (!parse_member(call, "data", &s->data, e) || !parse_names(call, "copyTo", &s->copy_to, e) ||
        !parse_names(call, "alias", &s->alias, e)) {
        return false;
    }
    if (cJSON_GetArraySize(s->copy_to) > COPIES_MAX) {
        return fail(e, FAIL_INVALID, "copyTo: %d releases; at most %d can be changed at a time",
                    cJSON_GetArraySize(s->copy_to), COPIES_MAX);
    }
    if (cJSON_GetArraySize(s->alias) > ALIASES_MAX) {
        return fail(e, FAIL_INVALID, "alias: %d names; at most %d can be given at a time",
                    cJSON_GetArraySize(s->alias), ALIASES_MAX);
    }
    if (!cJSON_IsObject(s->data)) {
        return fail(e, FAIL_INVALID, "data: an object is wanted");
    }
    s->schema_version =
        json_get(body_has(call->body, "schema_version") ? call->body : s->data, "schema_version");
    struct str hash_function = body_str(call->body, "hashFunction");
    s->hash_function = hash_function.n > 0 ? hash_function.p : json_get_string(s->data, "hashFunction");
    return true;
}

/* ---- blobs, changed without copying them ---- */

static cJSON *new_object(struct submission *s)
{
    return tx_keep(s->call->tx, mem_check(cJSON_CreateObject()));
}

static void add_shared(cJSON *object, const char *key, const cJSON *value)
{
    cJSON_AddItemReferenceToObject(object, key, (cJSON *)value);
}

/* A new object with the members of OBJECT (NULL: none), replaced and extended by MEMBERS. The values are
 * shared, only the lists of members are new. */
static cJSON *with_members(struct submission *s, const cJSON *object, const cJSON *members)
{
    struct tree_index mine, others;
    cJSON *changed = new_object(s);
    tree_index_init(&mine, members);
    tree_index_init(&others, object);
    for (const cJSON *item = object != NULL ? object->child : NULL; item != NULL; item = item->next) {
        const cJSON *value = tree_index_get(&mine, item->string);
        add_shared(changed, item->string, value != NULL ? value : item);
    }
    for (const cJSON *item = members->child; item != NULL; item = item->next) {
        if (tree_index_get(&others, item->string) == NULL) {
            add_shared(changed, item->string, item);
        }
    }
    tree_index_free(&mine);
    tree_index_free(&others);
    return changed;
}

static cJSON *with_member(struct submission *s, const cJSON *object, const char *key, const cJSON *value)
{
    cJSON *member = new_object(s);
    add_shared(member, key, value);
    return with_members(s, object, member);
}

/* An alias, and its position in the list that was sent. */
struct alias {
    const char *name;
    size_t at;
};

static int by_place(const void *a, const void *b)
{
    const struct alias *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_alias(const void *a, const void *b)
{
    const struct alias *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c != 0 ? c : by_place(a, b);
}

/* The aliases in the submission without repetitions, in the order given; *N becomes their number. */
static struct alias *list_aliases(struct submission *s, size_t *n)
{
    size_t all = 0;
    struct alias *list = mem_array(s->call->ctx, struct alias, (size_t)cJSON_GetArraySize(s->alias) + 1);
    for (const cJSON *one = s->alias != NULL ? s->alias->child : NULL; one != NULL; one = one->next, all++) {
        list[all] = (struct alias){ one->valuestring, all };
    }
    *n = 0;
    qsort(list, all, sizeof *list, by_alias);
    for (size_t i = 0; i < all; i++) {
        if (*n == 0 || strcmp(list[*n - 1].name, list[i].name) != 0) {
            list[(*n)++] = list[i];
        }
    }
    qsort(list, *n, sizeof *list, by_place);
    return list;
}

/* The submitted aliases of PLATFORM that neither MINE nor TIP, the platforms of two blobs, has: {name:
 * {"alias": …}}. */
static cJSON *new_aliases(struct submission *s, const cJSON *mine, const cJSON *tip, const char *platform)
{
    size_t n;
    struct tree_index here, there;
    cJSON *aliases = new_object(s);
    const struct alias *list = list_aliases(s, &n);
    tree_index_init(&here, mine);
    tree_index_init(&there, tip);
    for (size_t i = 0; i < n; i++) {
        const char *alias = list[i].name;
        if (tree_index_get(&here, alias) == NULL && tree_index_get(&there, alias) == NULL) {
            cJSON *is = mem_check(cJSON_AddObjectToObject(aliases, alias));
            mem_check(cJSON_AddStringToObject(is, "alias", platform));
        }
    }
    tree_index_free(&here);
    tree_index_free(&there);
    return aliases;
}

/* BLOB with the submitted locale added to PLATFORM, and with the aliases that neither BLOB nor TIP has. */
static cJSON *with_locale(struct submission *s, const cJSON *blob, const cJSON *tip, const char *platform)
{
    const cJSON *platforms = json_get_object(blob, "platforms");
    const cJSON *one = json_get_object(platforms, platform);
    const cJSON *locales = with_member(s, json_get_object(one, "locales"), s->locale, s->data);
    const cJSON *changed = with_member(s, platforms, platform, with_member(s, one, "locales", locales));
    const cJSON *aliases = new_aliases(s, changed, json_get_object(tip, "platforms"), platform);
    return with_member(s, blob, "platforms", with_members(s, changed, aliases));
}

/* The platform of the submission; if that is an alias in TIP, the platform that it stands for. */
static const char *resolve_alias(const struct submission *s, const cJSON *tip)
{
    const char *alias = json_get_string(json_get(json_get(tip, "platforms"), s->platform), "alias");
    return alias != NULL ? alias : s->platform;
}

static bool has_locale(const struct submission *s, const cJSON *blob)
{
    const cJSON *platform = json_get(json_get(blob, "platforms"), s->platform);
    return json_get(json_get(platform, "locales"), s->locale) != NULL;
}

/* ---- writing ---- */

/* A release that is locked, to be changed. */
struct locked_release {
    cJSON *row;      /* with its data, whole or reduced */
    struct str text; /* of its data */
    bool is_reduced;
    struct reduced_to to;
    struct reduced reduced;
};

static bool refuse_submission(struct submission *s, const struct error *e, bool late, const char *verb)
{
    char *detail = mem_printf(s->call->ctx, "Couldn't %s release: %s", verb, e->what);
    return releases_v1_refused(s->call, e, late, detail, detail);
}

/* Creates the release NAME with only the members that a blob must have. */
static bool create_release(struct submission *s, const char *name, cJSON **row, struct error *e)
{
    cJSON *values = new_object(s), *blob = new_object(s);
    mem_check(cJSON_AddStringToObject(blob, "name", name));
    cJSON_AddItemReferenceToObject(blob, "schema_version", (cJSON *)s->schema_version);
    if (s->hash_function != NULL) {
        mem_check(cJSON_AddStringToObject(blob, "hashFunction", s->hash_function));
    }
    mem_check(cJSON_AddStringToObject(values, "name", name));
    mem_check(cJSON_AddStringToObject(values, "product", s->product));
    cJSON_AddItemReferenceToObject(values, "data", blob);
    struct blob_errors errors = { 0 };
    if ((blob_version(blob, NULL, &errors) || release_blob_refuse(s->call->tx, &errors, e)) &&
        resource_insert(s->call->tx, &releases_resource, values, NULL, row, e)) {
        return true;
    }
    /* Another request created it meanwhile: FAIL_BUSY runs the handler again, which then finds it. */
    return failed_as(e, FAIL_DUPLICATE) ? fail(e, FAIL_BUSY, "release %s was made meanwhile", name)
                                        : refuse_submission(s, e, false, "create");
}

/* Checks that the submission fits ROW, the release that the path names. Refuses the call if not. */
static bool check_fits(const struct submission *s, const cJSON *row)
{
    struct admin_call *call = s->call;
    const char *product = row_text(row, "product");
    const char *function = json_get_string(json_get(row, "data"), "hashFunction");
    if (s->data_version == 0) {
        return admin_problem(call, 400, "Bad Request", "Release exists, data_version must be provided", NULL);
    }
    if (strcmp(s->product, product) != 0) {
        const char *detail = mem_printf(
            call->ctx,
            "Product name '%s' doesn't match the one on the release object ('%s') for release '%s'",
            s->product, product, s->primary);
        return admin_problem(call, 400, "Bad Request", detail, NULL);
    }
    if (function != NULL && s->hash_function != NULL && strcmp(function, s->hash_function) != 0) {
        const char *detail = mem_printf(
            call->ctx,
            "hashFunction '%s' doesn't match the one on the release object ('%s') for release '%s'",
            s->hash_function, function, s->primary);
        return admin_problem(call, 400, "Bad Request", detail, NULL);
    }
    return true;
}

/* Checks that tx->actor may put a locale into the release ROW. They must also be allowed to modify the
 * release; the resource checks that. */
static bool may_add_locale(struct submission *s, const cJSON *row, struct error *e)
{
    struct tx *tx = s->call->tx;
    const char *product = row_text(row, "product");
    if (row_true(row, "read_only")) {
        return fail(e, FAIL_READ_ONLY, "Release '%s' is read only", row_text(row, "name"));
    }
    return access_demand(tx, "release_locale", "modify", product, e,
                         "%s is not allowed to add builds for product %s", tx->actor, access_text(product));
}

/* Writes DATA into R's row, which is locked. TEXT is the whole release then. */
static bool write_data(struct submission *s, struct locked_release *r, const cJSON *data, struct str text,
                       struct error *e)
{
    struct tx *tx = s->call->tx;
    cJSON *what = new_object(s), *now;
    unsigned char digest[TEXT_DIGEST];
    if (s->locale == NULL) {
        mem_check(cJSON_AddStringToObject(what, "product", s->product));
    }
    cJSON_AddItemReferenceToObject(what, "data", (cJSON *)data);
    const struct resource_edit edit = { .key = r->row,
                                        .old = r->row,
                                        .what = what,
                                        .data_version = row_int(r->row, "data_version"),
                                        .text = text,
                                        .partial = r->is_reduced };
    if (!resource_update(tx, &releases_resource, &edit, &now, e)) {
        return false;
    }
    if (strcmp(row_text(r->row, "name"), s->primary) == 0) {
        s->new_version = row_int(now, "data_version");
    }
    if (r->is_reduced || (s->locale != NULL && reduced_has_sets(data))) {
        known_texts_digest(text, row_text(now, "product"), digest);
        known_texts_add(s->call->known_texts, digest);
    }
    return true;
}

static struct str print_data(struct submission *s, const cJSON *data)
{
    struct buf text;
    buf_init(&text, 4096, SIZE_MAX);
    json_print(&text, data, JSON_DUMPS);
    return buf_keep(s->call->tx->mem, &text);
}

/* Puts the part into R's whole release, as the client has seen it at DATA_VERSION. */
static bool write_whole(struct submission *s, struct locked_release *r, int64_t data_version, struct error *e)
{
    struct tx *tx = s->call->tx;
    const cJSON *tip = json_get(r->row, "data"), *seen = tip;
    bool outdated = data_version != row_int(r->row, "data_version");
    if (outdated && !releases_v1_ancestor(tx, row_text(r->row, "name"), data_version, &seen, e)) {
        return false;
    }
    const cJSON *data =
        s->locale != NULL ? with_locale(s, seen, tip, resolve_alias(s, tip)) : with_members(s, seen, s->data);
    if (outdated && !releases_v1_merge(tx, seen, tip, data, &data, e)) {
        return false;
    }
    return write_data(s, r, data, print_data(s, data), e);
}

/* ---- a release reduced to the locale ---- */

/* The reduced release as the client has seen it at DATA_VERSION. NULL if merging it would change more than
 * the locale, or if it cannot be found out. */
static const cJSON *reduced_ancestor(struct submission *s, const struct locked_release *r,
                                     int64_t data_version)
{
    struct str text;
    struct error ignored;
    struct reduced was;
    struct tx *tx = s->call->tx;
    const struct recorded_row row = { "releases", row_text(r->row, "name"), "" };
    if (!release_history_read(tx, row, data_version, &text, &ignored) || str_absent(text) ||
        !reduced_make(tx->mem, text, &r->to, &was) || !reduced_rest_stays(text, r->text, &r->to)) {
        return NULL;
    }
    return json_parse_whole(tx->mem, was.text, NULL);
}

/* Puts the locale into R's reduced release. *TEXT becomes the whole one. NULL if the whole release must be
 * looked at. */
static const cJSON *put_reduced(struct submission *s, struct locked_release *r, int64_t data_version,
                                struct str *text)
{
    struct tx *tx = s->call->tx;
    struct error ignored;
    const cJSON *tip = json_get(r->row, "data"), *seen = tip;
    const char *platform = resolve_alias(s, tip);
    const struct reduced_at at = { strcmp(platform, s->platform) == 0 ? 0 : 1, platform, s->locale };
    bool outdated = data_version != row_int(r->row, "data_version");
    if (outdated && (seen = reduced_ancestor(s, r, data_version)) == NULL) {
        return NULL;
    }
    const cJSON *data = with_locale(s, seen, tip, platform);
    if (outdated && !releases_v1_merge(tx, seen, tip, data, &data, &ignored)) {
        return NULL;
    }
    const struct blob_change change = { .blob = data, .old = tip };
    bool fits =
        reduced_apply(tx->mem, r->text, &r->reduced, &at, data, text) &&
        release_blob_check(tx, row_text(r->row, "name"), row_text(r->row, "product"), &change, &ignored);
    return fits ? data : NULL;
}

/* Parses R's release, reduced to the locale; false: all of it must be parsed. Dry runs and expectations look
 * at whole releases. */
static bool parse_reduced(struct submission *s, struct locked_release *r)
{
    struct admin_call *call = s->call;
    unsigned char digest[TEXT_DIGEST];
    if (s->locale == NULL || s->alias != NULL || str_absent(r->text) || call->tx->request->dry_run ||
        call->config->admin.expectations_block.n > 0) {
        return false;
    }
    known_texts_digest(r->text, row_text(r->row, "product"), digest);
    if (!known_texts_has(call->known_texts, digest)) {
        return false;
    }
    r->to = (struct reduced_to){ { s->platform, NULL }, s->locale };
    for (unsigned i = 0; i < REDUCED_PLATFORMS; i++) {
        if (!reduced_make(call->tx->mem, r->text, &r->to, &r->reduced)) {
            return false;
        }
        const cJSON *data = json_parse_whole(call->tx->mem, r->reduced.text, NULL);
        const char *platform = data != NULL ? resolve_alias(s, data) : s->platform;
        if (data == NULL || strcmp(platform, s->platform) == 0 || r->to.platform[1] != NULL) {
            r->is_reduced = data != NULL && cJSON_AddItemReferenceToObject(r->row, "data", (cJSON *)data);
            break;
        }
        r->to.platform[1] = platform;
    }
    return r->is_reduced;
}

static void parse_whole(struct submission *s, struct locked_release *r)
{
    r->is_reduced = false;
    cJSON_DeleteItemFromObjectCaseSensitive(r->row, "data");
    row_parse_release(s->call->tx, &table_releases, r->row, r->text);
}

/* Puts the part into R, as the client has seen it at DATA_VERSION. */
static bool write_part(struct submission *s, struct locked_release *r, int64_t data_version, struct error *e)
{
    struct tx *tx = s->call->tx;
    struct str text;
    bool scheduled;
    if (s->locale != NULL && !may_add_locale(s, r->row, e)) {
        return false;
    }
    const cJSON *data = r->is_reduced ? put_reduced(s, r, data_version, &text) : NULL;
    if (data != NULL) {
        if (!sc_pending(tx, &releases_resource, r->row, 0, &scheduled, e)) {
            return false;
        }
        if (!scheduled) {
            return write_data(s, r, data, text, e);
        }
    }
    if (r->is_reduced) {
        parse_whole(s, r);
    }
    return write_whole(s, r, data_version, e);
}

/* Checks the permissions of tx->actor, with as little of the release as that needs. */
static bool may_submit(struct submission *s, const char *name, struct error *e)
{
    cJSON *row;
    return releases_v1_may_write(s->call, name, s->product, &row, e) &&
           (row == NULL || s->locale == NULL || may_add_locale(s, row, e));
}

/* Reads and locks the release NAME, or creates it. *IS_PRIMARY: the path names it, and it was there. */
static bool open_release(struct submission *s, const char *name, struct locked_release *r, bool *is_primary,
                         struct error *e)
{
    struct admin_call *call = s->call;
    *r = (struct locked_release){ 0 };
    *is_primary = strcmp(name, s->primary) == 0;
    if (!row_get_release_text(call->tx, &table_releases, releases_v1_key(call, name), &r->row, &r->text, e)) {
        return false;
    }
    if (r->row == NULL) {
        *is_primary = false; /* its version is 1 */
        return create_release(s, name, &r->row, e);
    }
    if (!parse_reduced(s, r)) {
        parse_whole(s, r);
    }
    if (*is_primary) {
        s->is_new &= s->locale != NULL && !has_locale(s, json_get(r->row, "data"));
    }
    return !*is_primary || check_fits(s, r->row);
}

static bool submit_to(struct submission *s, const char *name, struct error *e)
{
    struct locked_release r;
    bool is_primary;
    if (!may_submit(s, name, e)) {
        return refuse_submission(s, e, true, "update");
    }
    return open_release(s, name, &r, &is_primary, e) &&
           (write_part(s, &r, is_primary ? s->data_version : row_int(r.row, "data_version"), e) ||
            refuse_submission(s, e, true, "update"));
}

static bool submit_to_all(struct submission *s, struct error *e)
{
    struct admin_call *call = s->call;
    if (!read_submission(s, e)) {
        return false;
    }
    if (!cJSON_IsNumber(s->schema_version) || s->schema_version->valuedouble == 0) {
        return admin_problem(call, 400, "Bad Request", "schema_version is required", NULL);
    }
    if (!submit_to(s, s->primary, e)) {
        return false;
    }
    for (const cJSON *to = s->copy_to != NULL ? s->copy_to->child : NULL; to != NULL; to = to->next) {
        if (!submit_to(s, to->valuestring, e)) {
            return false;
        }
    }
    const cJSON *answer = row_key_int(call->tx, "new_data_version", s->new_version);
    return admin_dumps(call, s->is_new ? 201 : 200, answer);
}

bool releases_v1_update(struct admin_call *call, struct error *e)
{
    struct submission s = { .call = call };
    return submit_to_all(&s, e);
}

bool releases_v1_put_locale(struct admin_call *call, struct error *e)
{
    struct submission s = { .call = call };
    s.platform = admin_text(call, call->param[1]);
    s.locale = admin_text(call, call->param[2]);
    return submit_to_all(&s, e);
}
