/* In the reference's order, which decides what is complained about first: format, schema, hosts, then what
 * the format itself asks. */
#include "blob/validate.h"

#include "blob/domains.h"
#include "blob/format.h"
#include "blob/overlaps.h"
#include "blob/schema.h"

static void begin(struct blob_errors *errors)
{
    *errors = (struct blob_errors){ .list = mem_check(cJSON_CreateArray()) };
}

void blob_errors_free(struct blob_errors *errors)
{
    cJSON_Delete(errors->list);
    errors->list = NULL;
}

/* A ValueError: its text is all there is. */
static bool one_error(struct blob_errors *errors)
{
    cJSON_AddItemToArray(errors->list, mem_check(cJSON_CreateString(errors->error.what)));
    return false;
}

static bool no_format(struct blob_errors *errors, const char *why)
{
    begin(errors);
    errors->is_list = true;
    cJSON_AddItemToArray(errors->list, mem_check(cJSON_CreateString(why)));
    return error_set(&errors->error, 400, "Invalid Blob");
}

bool blob_version(const cJSON *blob, int *version, struct blob_errors *errors)
{
    if (!cJSON_IsObject(blob)) {
        return no_format(errors, "the blob is not an object");
    }
    const cJSON *number = json_get(blob, "schema_version");
    if (!json_truth(number)) {
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

static bool check_schema(const cJSON *blob, int version, struct blob_errors *errors)
{
    if (schema_check(schema_find(version), blob, errors->list)) {
        return true;
    }
    errors->is_list = true;
    return error_set(&errors->error, 400, "Invalid blob! See 'errors' for details.");
}

/* Hexadecimal digits of a hash; 0 for a function that clients do not know. */
static size_t hash_length(const char *function)
{
    static const struct {
        const char *name;
        size_t length;
    } functions[] = { { "sha256", 64 }, { "sha384", 96 }, { "sha512", 128 } };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcasecmp(function, functions[i].name) == 0) {
            return functions[i].length;
        }
    }
    return 0;
}

static bool check_hash(const cJSON *platform, const char *function, struct error *e)
{
    const char *value = json_get_string(platform, "hashValue");
    size_t length = hash_length(function);
    if (value == NULL || (length > 0 && strlen(value) == length)) {
        return true;
    }
    if (length == 0) {
        return error_set(e, 400, "The hashFunction %s is unknown.", function);
    }
    char lower[8];
    snprintf(lower, sizeof lower, "%s", function);
    for (char *p = lower; *p != '\0'; p++) {
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
    }
    return error_set(e, 400, "The hashValue length is different from the required length of %zu for %s.",
                     length, lower);
}

static bool check_gmp(const cJSON *blob, struct blob_errors *errors)
{
    const char *function = json_get_string(blob, "hashFunction");
    const cJSON *vendors = json_get(blob, "vendors");
    for (const cJSON *vendor = vendors->child; vendor != NULL; vendor = vendor->next) {
        const cJSON *platforms = json_get_object(vendor, "platforms");
        for (const cJSON *p = platforms != NULL ? platforms->child : NULL; p != NULL; p = p->next) {
            if (!check_hash(p, function, &errors->error)) {
                return one_error(errors);
            }
        }
    }
    return true;
}

static bool check_groups(const cJSON *blob, struct blob_errors *errors)
{
    if (overlaps_check(blob, errors->list, &errors->error)) {
        return true;
    }
    errors->is_list = cJSON_GetArraySize(errors->list) > 0;
    return errors->is_list ? false : one_error(errors);
}

static bool check_all(const cJSON *blob, int version, struct str product, const struct allowlist *allowlist,
                      struct blob_errors *errors)
{
    if (!check_schema(blob, version, errors)) {
        return false;
    }
    if (blob_has_forbidden_domain(blob, version, product, allowlist)) {
        error_set(&errors->error, 400, "Blob contains forbidden domain(s)");
        return one_error(errors);
    }
    return version == 1000 ? check_gmp(blob, errors) : version == 9 ? check_groups(blob, errors) : true;
}

bool blob_validate(const cJSON *blob, struct str product, const struct allowlist *allowlist,
                   struct blob_errors *errors)
{
    int version;
    if (!blob_version(blob, &version, errors)) {
        return false;
    }
    begin(errors);
    if (!check_all(blob, version, product, allowlist, errors)) {
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
