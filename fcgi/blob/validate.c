/* Checks in the reference's order, which decides which error is reported first: format, schema, hosts, then
 * the rules of the format itself. */
#include "blob/validate.h"

#include "blob/domains.h"
#include "blob/overlaps.h"
#include "blob/path.h"
#include "blob/schema.h"
#include "core/python.h"
#include "release/format.h"

static void begin_errors(struct blob_errors *errors)
{
    *errors = (struct blob_errors){ .list = mem_check(cJSON_CreateArray()) };
}

void blob_errors_free(struct blob_errors *errors)
{
    cJSON_Delete(errors->list);
    errors->list = NULL;
}

/* A ValueError: its text is the only message. */
static bool list_error(struct blob_errors *errors)
{
    cJSON_AddItemToArray(errors->list, mem_check(cJSON_CreateString(errors->error.what)));
    return false;
}

static bool no_format(struct blob_errors *errors, const char *why)
{
    begin_errors(errors);
    errors->is_list = true;
    cJSON_AddItemToArray(errors->list, mem_check(cJSON_CreateString(why)));
    return error_set(&errors->error, ERROR_BAD_REQUEST, "Invalid Blob");
}

bool blob_version(const cJSON *blob, int *version, struct blob_errors *errors)
{
    if (!cJSON_IsObject(blob)) {
        return no_format(errors, "the blob is not an object");
    }
    const cJSON *number = json_get(blob, "schema_version");
    if (!python_truth(number)) {
        return no_format(errors, "schema_version is not set");
    }
    const struct blob_schema *schema = cJSON_IsNumber(number) ? schema_find(number->valuedouble) : NULL;
    if (schema == NULL) {
        return no_format(errors, "schema_version is unknown");
    }
    if (version != NULL) {
        *version = schema->version;
    }
    return true;
}

static bool check_format_schema(const cJSON *blob, int version, struct blob_errors *errors)
{
    if (schema_check(schema_find(version), blob, errors->list)) {
        return true;
    }
    errors->is_list = true;
    return error_set(&errors->error, ERROR_BAD_REQUEST, "Invalid blob! See 'errors' for details.");
}

/* Hexadecimal digits of a hash; 0 for a function that clients do not know. */
static size_t hash_length(const char *function)
{
    static const struct {
        const char *name;
        size_t length;
    } functions[] = { { "sha256", 64 }, { "sha384", 96 }, { "sha512", 128 } };
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        if (strcasecmp(function, functions[i].name) == 0) {
            return functions[i].length;
        }
    }
    return 0;
}

/* Fails with WHAT, DETAIL and the place of NODE, unless that is BLOB itself. */
static bool refuse_at(struct blob_errors *errors, const cJSON *blob, const cJSON *node, const char *what,
                      struct str detail)
{
    struct blob_path path;
    struct buf text;
    blob_path_find(&path, blob, node);
    buf_init(&text, 256, sizeof errors->error.what);
    buf_str(&text, str_of(what));
    buf_str(&text, detail);
    blob_path_print(&text, &path, blob);
    error_set(&errors->error, ERROR_BAD_REQUEST, "%.*s", (int)text.n, text.p);
    buf_free(&text);
    return list_error(errors);
}

static bool check_hash(const cJSON *platform, const char *function, struct error *e)
{
    const char *value = json_get_string(platform, "hashValue");
    size_t length = hash_length(function);
    if (value == NULL || (length > 0 && strlen(value) == length)) {
        return true;
    }
    if (length == 0) {
        return error_set(e, ERROR_BAD_REQUEST, "The hashFunction %.60s is unknown.", function);
    }
    char lower[8];
    snprintf(lower, sizeof lower, "%s", function);
    for (char *p = lower; *p != '\0'; p++) {
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
    }
    return error_set(e, ERROR_BAD_REQUEST,
                     "The hashValue length is different from the required length of %zu for %s", length,
                     lower);
}

static bool check_gmp(const cJSON *blob, struct blob_errors *errors)
{
    const char *function = json_get_string(blob, "hashFunction");
    const cJSON *vendors = json_get(blob, "vendors");
    for (const cJSON *vendor = vendors->child; vendor != NULL; vendor = vendor->next) {
        const cJSON *platforms = json_get_object(vendor, "platforms");
        for (const cJSON *p = platforms != NULL ? platforms->child : NULL; p != NULL; p = p->next) {
            struct error e;
            if (!check_hash(p, function, &e)) {
                const cJSON *wrong = hash_length(function) > 0 ? json_get(p, "hashValue") : blob;
                return refuse_at(errors, blob, wrong, e.what, STR(""));
            }
        }
    }
    return true;
}

static bool check_overlaps(const cJSON *blob, struct blob_errors *errors)
{
    if (overlaps_check(blob, errors->list, &errors->error)) {
        return true;
    }
    errors->is_list = cJSON_GetArraySize(errors->list) > 0;
    return errors->is_list ? false : list_error(errors);
}

/* The host of a URL; the whole of what has none. */
static struct str host_of(struct str url)
{
    ptrdiff_t slashes = str_find(url, STR("//"));
    if (slashes < 0) {
        return url;
    }
    struct str host = str_slice(url, (size_t)slashes + 2, url.n);
    size_t n = 0;
    while (n < host.n && strchr("/?#", host.p[n]) == NULL) {
        n++;
    }
    return n > 0 ? str_slice(host, 0, n) : url;
}

static bool check_urls(const cJSON *blob, int version, struct str product, const struct allowlist *allowlist,
                       struct blob_errors *errors)
{
    const cJSON *url = blob_forbidden_url(blob, version, product, allowlist);
    if (url == NULL) {
        return true;
    }
    struct buf host;
    buf_init(&host, 128, 1024);
    if (cJSON_IsString(url)) {
        blob_path_print_name(&host, host_of(str_of(url->valuestring)));
    } else {
        blob_path_print_value(&host, url);
    }
    refuse_at(errors, blob, url, "Blob contains forbidden domain(s): ", buf_view(&host));
    buf_free(&host);
    return false;
}

static bool has_control(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

/* The first value below NODE that is, or is named by, a text with a control character; NULL: there is none.
 */
static const cJSON *find_control(const cJSON *node)
{
    const cJSON *found = NULL;
    for (const cJSON *one = node->child; one != NULL && found == NULL; one = one->next) {
        bool is = has_control(one->string) || (cJSON_IsString(one) && has_control(one->valuestring));
        found = is ? one : find_control(one);
    }
    return found;
}

/* XML cannot hold control characters, and they would hide from people what a text says. */
static bool check_texts(const cJSON *blob, struct blob_errors *errors)
{
    const cJSON *found = find_control(blob);
    return found == NULL || refuse_at(errors, blob, found, "Control characters are not allowed", STR(""));
}

static bool check_blob(const cJSON *blob, int version, struct str product, const struct allowlist *allowlist,
                       struct blob_errors *errors)
{
    if (!check_format_schema(blob, version, errors) || !check_texts(blob, errors) ||
        !check_urls(blob, version, product, allowlist, errors)) {
        return false;
    }
    return version == 1000 ? check_gmp(blob, errors) : version == 9 ? check_overlaps(blob, errors) : true;
}

bool blob_validate(const cJSON *blob, struct str product, const struct allowlist *allowlist,
                   struct blob_errors *errors)
{
    int version;
    if (!blob_version(blob, &version, errors)) {
        return false;
    }
    begin_errors(errors);
    if (!check_blob(blob, version, product, allowlist, errors)) {
        return false;
    }
    blob_errors_free(errors);
    return true;
}

struct str blob_application_version(const cJSON *blob)
{
    const cJSON *version = json_get(blob, "schema_version");
    if (!cJSON_IsNumber(version) || version->valuedouble < 1 || version->valuedouble > 9) {
        return STR_NONE;
    }
    return str_of(json_get_string(blob, version->valuedouble == 1 ? "extv" : "appVersion"));
}
