/* Fields are checked against their rows; what is wrong is said as Python's jsonschema would, since operators
 * and scripts know those sentences. A format is a function that says what is wrong with a value, or nothing.
 */
#include "admin/body.h"

#include "core/python.h"
#include "query/match.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPR_MAX = 200, WHY_MAX = 300 };

/* Doubles hold every whole number up to here. */
static const int64_t EXACT_MAX = 9007199254740991;

/* ---- numbers ---- */

/* A whole number as Python's int() takes it: white space around it, a sign, digits. */
static bool parse_int(struct str text, int64_t *n)
{
    char digits[24];
    char *end;
    text = str_strip(text);
    if (text.n == 0 || text.n > 19) {
        return false;
    }
    memcpy(digits, text.p, text.n);
    digits[text.n] = '\0';
    const char *first = digits + (digits[0] == '-' || digits[0] == '+');
    *n = strtoll(digits, &end, 10);
    return *first >= '0' && *first <= '9' && *end == '\0' && end == digits + text.n;
}

/* 1.0 is not whole, as in Python. */
static bool is_whole(const cJSON *value, int64_t *n)
{
    return !json_is_float(value) && json_int(value, -EXACT_MAX, EXACT_MAX, n);
}

/* VALUE, a number or a string with one. */
static bool as_int(const cJSON *value, int64_t *n)
{
    if (cJSON_IsNumber(value)) {
        return is_whole(value, n);
    }
    return cJSON_IsString(value) && parse_int(str_of(value->valuestring), n);
}

/* ---- formats: each writes what is wrong to WHY and returns false ---- */

static bool set_why(char why[WHY_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool set_why(char why[WHY_MAX], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, WHY_MAX, fmt, ap);
    va_end(ap);
    return false;
}

static bool check_ascii(const cJSON *value, char why[WHY_MAX])
{
    return str_is_ascii(str_of(value->valuestring)) || set_why(why, "value must be ascii");
}

static bool check_json_string(const cJSON *value, char why[WHY_MAX])
{
    struct error e;
    cJSON *json = json_parse(str_of(value->valuestring), &e);
    bool ok = json != NULL;
    cJSON_Delete(json);
    return ok || set_why(why, "Not a valid json. Error: %s.", e.what);
}

static bool check_version(const cJSON *value, char why[WHY_MAX])
{
    struct str rest = str_of(value->valuestring);
    struct str part;
    bool is_list = str_contains(rest, STR(","));
    while (str_split(&rest, ',', &part)) {
        struct version_test t;
        version_test_compile(&t, part);
        if (is_list && t.op != CMP_EQ && t.op != CMP_NEVER) {
            return set_why(why,
                           "Invalid input for %.100s .Relational Operators are not allowed when providing a "
                           "list of versions.",
                           value->valuestring);
        }
        if (t.op == CMP_NEVER || !t.valid) {
            return set_why(why, "Invalid input for %.100s . No Operator or Match found.", value->valuestring);
        }
    }
    return true;
}

static bool check_build_id(const cJSON *value, char why[WHY_MAX])
{
    struct str text = str_of(value->valuestring);
    struct str operand;
    int64_t n;
    if (comparison_parse(text, &operand) == CMP_NEVER) {
        return set_why(why, "Invalid input for buildID : %.100s. No Operator or Match found.",
                       value->valuestring);
    }
    size_t operators = strspn(value->valuestring, "<>=");
    return parse_int(str_slice(text, operators, text.n), &n) ||
           set_why(why, "Invalid input for buildID: must be an integer.");
}

#define ALIAS_PATTERN "(^[a-zA-Z][a-zA-Z0-9-]*$|^$)"

static bool is_alias(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return strspn(text, letters) > 0 && text[strspn(text, all)] == '\0';
}

/* The formats by their names in the reference's schemas. Numbers have limits, the others a function. */
static const struct format {
    const char *name;
    bool (*check)(const cJSON *value, char why[WHY_MAX]);
    int64_t min, max;
} formats[] = {
    [FORMAT_ASCII] = { "ascii", check_ascii },
    [FORMAT_JSON_STRING] = { "JSONStringField", check_json_string },
    [FORMAT_RULE_VERSION] = { "version", check_version },
    [FORMAT_RULE_BUILD_ID] = { "buildID", check_build_id },
    /* Columns of 32 bits, but for `when`. */
    [FORMAT_PRIORITY] = { "priority", .max = INT32_MAX },
    [FORMAT_BACKGROUND_RATE] = { "backgroundRate", .max = 100 },
    [FORMAT_DATA_VERSION] = { "data_version", .min = 1, .max = INT32_MAX },
    [FORMAT_RULE_ID] = { "rule_id", .max = INT32_MAX },
    [FORMAT_SIGNOFFS_REQUIRED] = { "signoffs_required", .min = 1, .max = INT32_MAX },
    [FORMAT_TELEMETRY_UPTAKE] = { "telemetry_uptake", .max = INT32_MAX },
    [FORMAT_WHEN] = { "when", .max = 9007199254740991 },
};

static bool is_number(const struct format *f)
{
    return f->name != NULL && f->check == NULL;
}

static bool check_number(const struct format *f, const cJSON *value, char why[WHY_MAX])
{
    int64_t n;
    if (!as_int(value, &n)) {
        return set_why(why, "Invalid input for %s. Not an integer.", f->name);
    }
    if (n < f->min) {
        return set_why(why, "%s field value should be an integer >= %lld", f->name, (long long)f->min);
    }
    return n <= f->max ||
           set_why(why, "%s field value should be an integer <= %lld", f->name, (long long)f->max);
}

static bool is_blank(const cJSON *value)
{
    return cJSON_IsNull(value) || (cJSON_IsString(value) && value->valuestring[0] == '\0');
}

static bool format_fits(enum field_format format, const cJSON *value, char why[WHY_MAX])
{
    const struct format *f = &formats[format];
    if (f->name == NULL || is_blank(value)) {
        return true;
    }
    if (is_number(f)) {
        return check_number(f, value, why);
    }
    return !cJSON_IsString(value) || f->check(value, why);
}

/* ---- one field ---- */

static const struct {
    unsigned type;
    const char *name;
} type_names[] = {
    { FIELD_INT, "integer" },   { FIELD_STRING, "string" }, { FIELD_BOOL, "boolean" },
    { FIELD_OBJECT, "object" }, { FIELD_ARRAY, "array" },   { FIELD_NULL, "null" },
};

static unsigned type_of(const cJSON *value)
{
    return cJSON_IsString(value)   ? FIELD_STRING
           : cJSON_IsBool(value)   ? FIELD_BOOL
           : cJSON_IsObject(value) ? FIELD_OBJECT
           : cJSON_IsArray(value)  ? FIELD_ARRAY
           : cJSON_IsNumber(value) ? FIELD_INT
                                   : FIELD_NULL;
}

static bool type_fits(unsigned types, const cJSON *value)
{
    unsigned type = type_of(value);
    return (type & types) != 0 &&
           (type != FIELD_INT || types == FIELD_ANY || is_whole(value, &(int64_t){ 0 }));
}

/* VALUE as Python prints it, as far as it fits. */
static const char *python_text(const cJSON *value, char text[REPR_MAX + 1])
{
    struct buf b;
    buf_init(&b, 0, REPR_MAX);
    python_repr(&b, value);
    memcpy(text, b.full ? "the value" : b.p, b.full ? sizeof "the value" : b.n);
    text[b.full ? sizeof "the value" - 1 : b.n] = '\0';
    buf_free(&b);
    return text;
}

/* "PREFIX'a', 'b'SUFFIX" of the words in WORDS. */
static void quote_words(char *out, size_t size, const char *prefix, const char *words, const char *suffix)
{
    struct str rest = str_of(words);
    struct str word;
    int n = snprintf(out, size, "%s", prefix);
    for (bool first = true; str_split(&rest, ' ', &word) && (size_t)n < size; first = false) {
        n += snprintf(out + n, size - (size_t)n, "%s'%.*s'", first ? "" : ", ", STR_ARG(word));
    }
    if ((size_t)n < size) {
        snprintf(out + n, size - (size_t)n, "%s", suffix);
    }
}

static bool wrong_type(unsigned types, const char *prefix, const cJSON *value, struct error *e)
{
    char text[REPR_MAX + 1];
    char names[80] = "";
    for (size_t i = 0; i < ARRAY_LEN(type_names); i++) {
        size_t n = strlen(names);
        if (types & type_names[i].type) {
            snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? " " : "", type_names[i].name);
        }
    }
    char quoted[160];
    quote_words(quoted, sizeof quoted, "is not of type ", names, "");
    return error_set(e, ERROR_BAD_REQUEST, "%s%s %s", prefix, python_text(value, text), quoted);
}

bool body_is_word(const char *words, struct str text)
{
    struct str rest = str_of(words);
    struct str word;
    while (str_split(&rest, ' ', &word)) {
        if (str_eq(word, text)) {
            return true;
        }
    }
    return false;
}

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        n += ((unsigned char)*p & 0xc0) != 0x80;
    }
    return n;
}

static bool string_fits(const struct body_field *f, const char *prefix, const cJSON *value, struct error *e)
{
    char text[REPR_MAX + 1];
    char words[WHY_MAX];
    if (f->words != NULL && !body_is_word(f->words, str_of(value->valuestring))) {
        quote_words(words, sizeof words, "[", f->words, "]");
        return error_set(e, ERROR_BAD_REQUEST, "%s%s is not one of %s", prefix, python_text(value, text),
                         words);
    }
    if (f->format == FORMAT_RULE_ALIAS && value->valuestring[0] != '\0' && !is_alias(value->valuestring)) {
        return error_set(e, ERROR_BAD_REQUEST, "%s%s does not match '" ALIAS_PATTERN "'", prefix,
                         python_text(value, text));
    }
    size_t n = count_characters(value->valuestring);
    if (n < (size_t)f->min) {
        return error_set(e, ERROR_BAD_REQUEST, "%s%s is too short", prefix, python_text(value, text));
    }
    if (f->max != 0 && n > (size_t)f->max) {
        return error_set(e, ERROR_BAD_REQUEST, "%s%s is too long", prefix, python_text(value, text));
    }
    return true;
}

static bool number_fits(const struct body_field *f, const char *prefix, const cJSON *value, struct error *e)
{
    char text[REPR_MAX + 1];
    if (f->min != 0 && value->valuedouble < (double)f->min) {
        return error_set(e, ERROR_BAD_REQUEST, "%s%s is less than the minimum of %lld", prefix,
                         python_text(value, text), (long long)f->min);
    }
    if (f->max != 0 && value->valuedouble > (double)f->max) {
        return error_set(e, ERROR_BAD_REQUEST, "%s%s is greater than the maximum of %lld", prefix,
                         python_text(value, text), (long long)f->max);
    }
    return true;
}

/* PREFIX: "name: ", or "" where the message does not name the field. */
static bool field_fits(const struct body_field *f, const char *prefix, const cJSON *value, struct error *e)
{
    char text[REPR_MAX + 1];
    char why[WHY_MAX];
    if (f->refused != NULL) {
        return error_set(e, ERROR_BAD_REQUEST, "%s%s", strcmp(f->refused, BODY_READ_ONLY) == 0 ? prefix : "",
                         f->refused);
    }
    if (!type_fits(f->types, value)) {
        return wrong_type(f->types, prefix, value, e);
    }
    if (!format_fits(f->format, value, why)) {
        return error_set(e, ERROR_BAD_REQUEST, "%s %s%s is not a '%s'", why, prefix, python_text(value, text),
                         formats[f->format].name);
    }
    return cJSON_IsString(value)   ? string_fits(f, prefix, value, e)
           : cJSON_IsNumber(value) ? number_fits(f, prefix, value, e)
                                   : true;
}

bool body_check(const struct body_field *fields, const cJSON *value, struct error *e)
{
    if (!cJSON_IsObject(value)) {
        return wrong_type(FIELD_OBJECT, "", value, e);
    }
    for (const struct body_field *f = fields; f->name != NULL; f++) {
        if (f->required && json_get(value, f->name) == NULL) {
            return error_set(e, ERROR_BAD_REQUEST, "'%s' is a required property", f->name);
        }
    }
    for (const struct body_field *f = fields; f->name != NULL; f++) {
        char prefix[64];
        const cJSON *member = json_get(value, f->name);
        snprintf(prefix, sizeof prefix, "%s: ", f->name);
        if (member != NULL && !field_fits(f, prefix, member, e)) {
            return false;
        }
    }
    return true;
}

/* ---- parameters ---- */

bool body_arg_is_null(struct str value)
{
    value = str_strip(value);
    return str_eq(value, STR("null")) || str_eq(value, STR("None"));
}

bool body_check_arg(const struct body_field *field, const char *where, struct str value, struct error *e)
{
    int64_t n;
    if (str_absent(value)) {
        return !field->required ||
               error_set(e, ERROR_BAD_REQUEST, "Missing %s parameter '%s'", where, field->name);
    }
    if ((field->types & FIELD_NULL) && body_arg_is_null(value)) {
        return true;
    }
    if (memchr(value.p, '\0', value.n) != NULL) {
        return error_set(e, ERROR_BAD_REQUEST, "The %s parameter '%s' holds a NUL", where, field->name);
    }
    if ((field->types & FIELD_STRING) == 0 && !parse_int(value, &n)) {
        return error_set(e, ERROR_BAD_REQUEST, "Wrong type, expected 'integer' for %s parameter '%s'", where,
                         field->name);
    }
    cJSON *json;
    if (field->types & FIELD_STRING) {
        char *text = mem_strndup(NULL, value.p, value.n);
        json = mem_check(cJSON_CreateString(text));
        talloc_free(text);
    } else {
        json = mem_check(cJSON_CreateNumber((double)n));
    }
    bool ok = field_fits(field, "", json, e);
    cJSON_Delete(json);
    return ok;
}

bool body_arg_int(struct str value, int64_t *n)
{
    return !str_absent(value) && parse_int(value, n);
}

/* ---- reading ---- */

struct str body_str(const cJSON *body, const char *name)
{
    return str_of(json_get_string(body, name));
}

/* What Python's str.split() takes for white space, of ASCII. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

/* TEXT as a string of its own; null where it is empty. */
static cJSON *string_or_null(struct str text)
{
    char *copy = mem_strndup(NULL, text.p, text.n);
    cJSON *string = mem_check(text.n > 0 ? cJSON_CreateString(copy) : cJSON_CreateNull());
    talloc_free(copy);
    return string;
}

static cJSON *string_without_spaces(const char *text)
{
    char *copy = mem_strdup(NULL, text);
    char *to = copy;
    for (const char *from = text; *from != '\0'; from++) {
        if (!is_space(*from)) {
            *to++ = *from;
        }
    }
    cJSON *string = string_or_null((struct str){ copy, (size_t)(to - copy) });
    talloc_free(copy);
    return string;
}

static cJSON *number_or_null(const cJSON *value)
{
    int64_t n;
    return mem_check(as_int(value, &n) ? cJSON_CreateNumber((double)n) : cJSON_CreateNull());
}

cJSON *body_column(const struct body_field *field, const cJSON *value)
{
    if (is_number(&formats[field->format])) {
        return number_or_null(value);
    }
    if (!cJSON_IsString(value) || field->spaces == SPACES_KEPT) {
        return mem_check(cJSON_Duplicate(value, true));
    }
    return field->spaces == SPACES_REMOVED ? string_without_spaces(value->valuestring)
                                           : string_or_null(str_strip(str_of(value->valuestring)));
}

bool body_int(const cJSON *body, const char *name, int64_t *n)
{
    const cJSON *value = json_get(body, name);
    return value != NULL && as_int(value, n);
}

bool body_has(const cJSON *body, const char *name)
{
    return json_get(body, name) != NULL;
}
