/* One function for each thing that a schema can ask. While alternatives are tried nobody listens, and the
 * first mismatch ends the matter. Of two alternatives that both fail, the errors of the one that fails deeper
 * in the blob are told: it is the one that was meant. */
#include "blob/schema.h"

#include "blob/path.h"
#include "core/mem.h"
#include "core/python.h"
#include "query/match.h"

#include <stdlib.h>

/* All messages together fill MESSAGES_MAX bytes of an answer at most, so that it stays below 2 KB. */
enum { MESSAGE_MAX = 4096, MESSAGES_MAX = 1500, EXTRAS_SHOWN_MAX = 8 };

struct checker {
    unsigned format;
    const cJSON *blob;
    cJSON *messages; /* NULL: nobody listens, or what may be said has been said */
    size_t bytes;    /* of an answer that the messages take */
    struct buf text; /* the message that is being put together */
    struct blob_path path;
    size_t failed_at; /* how deep the deepest mismatch was that nobody listened to */
};

static bool is_heard(struct checker *c)
{
    if (c->messages == NULL && c->path.n > c->failed_at) {
        c->failed_at = c->path.n;
    }
    return c->messages != NULL;
}

/* How many bytes TEXT takes in an answer. */
static size_t message_size(struct str text)
{
    struct buf printed;
    buf_init(&printed, 256, 16 * MESSAGE_MAX);
    json_print_string(&printed, text);
    size_t n = printed.full ? printed.max : printed.n;
    buf_free(&printed);
    return n + sizeof(", ") - 1;
}

static void add_message(struct checker *c, const char *text)
{
    cJSON_AddItemToArray(c->messages, mem_check(cJSON_CreateString(text)));
}

/* Adds what has been put together and the place to the messages, or that there is more, and then nothing
 * more. Returns false. */
static bool report_error(struct checker *c)
{
    if (!is_heard(c)) {
        return false;
    }
    blob_path_print(&c->text, &c->path, c->blob);
    size_t n = message_size(buf_view(&c->text));
    buf_char(&c->text, '\0');
    c->bytes += n;
    if (c->bytes <= MESSAGES_MAX && !c->text.full) {
        add_message(c, c->text.p);
    } else {
        add_message(c, "there are more errors than are shown here");
        c->messages = NULL;
    }
    buf_reset(&c->text);
    return false;
}

/* "VALUE is …", without the dots. False when nobody listens. */
static bool begin_message(struct checker *c, const cJSON *value)
{
    if (c->messages != NULL) {
        blob_path_print_value(&c->text, value);
        buf_char(&c->text, ' ');
    }
    return c->messages != NULL;
}

static bool report_value(struct checker *c, const cJSON *value, struct str what)
{
    if (begin_message(c, value)) {
        buf_str(&c->text, what);
    }
    return report_error(c);
}

static bool check_value(struct checker *c, const cJSON *value, const struct schema *s);

static bool has_type(const cJSON *value, enum schema_type type)
{
    switch (type) {
    case SCHEMA_ANY:
        return true;
    case SCHEMA_OBJECT:
        return cJSON_IsObject(value);
    case SCHEMA_ARRAY:
        return cJSON_IsArray(value);
    case SCHEMA_STRING:
        return cJSON_IsString(value);
    case SCHEMA_NUMBER:
        return cJSON_IsNumber(value);
    case SCHEMA_BOOLEAN:
        return cJSON_IsBool(value);
    }
    return false;
}

static bool check_type(struct checker *c, const cJSON *value, const struct schema *s)
{
    static const char *const names[] = { "", "object", "array", "string", "number", "boolean" };
    if (has_type(value, s->type)) {
        return true;
    }
    if (begin_message(c, value)) {
        buf_printf(&c->text, "is not of type '%s'", names[s->type]);
    }
    return report_error(c);
}

/* A line in the sense of a regular expression's dot, which a newline at the end may follow. */
static struct str line_of(struct str s, bool *is_line)
{
    s.n -= s.n > 0 && s.p[s.n - 1] == '\n';
    *is_line = s.n == 0 || memchr(s.p, '\n', s.n) == NULL;
    return s;
}

static bool all_digits(struct str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') {
        n++;
    }
    return n == s.n;
}

static bool matches(enum schema_pattern pattern, const char *text)
{
    bool is_line;
    struct str s = line_of(str_of(text), &is_line);
    switch (pattern) {
    case PATTERN_NONE:
        return false;
    case PATTERN_LINE:
        return is_line;
    case PATTERN_FILLED_LINE:
        return is_line && s.n > 0;
    case PATTERN_PARTIAL:
        return str_eq(s, STR("partial")) || str_eq(s, STR("complete"));
    case PATTERN_PARTIALS:
        return str_eq(s, STR("partials")) || str_eq(s, STR("completes"));
    case PATTERN_DIGITS:
        return all_digits(s);
    }
    return false;
}

static const char *const pattern_text[] = {
    "", "^.*$", "^.+$", "^(partial|complete)$", "^(partials|completes)$", "^[0-9]*$",
};

static bool check_required(struct checker *c, const cJSON *object, const struct schema *s)
{
    bool ok = true;
    for (const struct attribute *a = s->attribute; a != NULL && a->name != NULL; a++) {
        if ((a->required & a->formats & c->format) == 0 || json_get(object, a->name) != NULL) {
            continue;
        }
        if (c->messages != NULL) {
            buf_printf(&c->text, "'%s' is a required property", a->name);
        }
        ok = report_error(c);
    }
    return ok;
}

static const struct attribute *find_attribute(const struct checker *c, const struct schema *s,
                                              const char *name)
{
    for (const struct attribute *a = s->attribute; a != NULL && a->name != NULL; a++) {
        if ((a->formats & c->format) != 0 && strcmp(a->name, name) == 0) {
            return a;
        }
    }
    return NULL;
}

static bool is_extra(const struct checker *c, const struct schema *s, const char *name)
{
    return find_attribute(c, s, name) == NULL && !matches(s->pattern, name);
}

static int compare_message_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The N names of EXTRA, sorted, then what is wrong with them. */
static bool report_extras(struct checker *c, const struct schema *s, const char **extra, size_t n)
{
    qsort(extra, n, sizeof(*extra), compare_message_texts);
    if (s->pattern == PATTERN_NONE) {
        buf_lit(&c->text, "Additional properties are not allowed (");
    }
    for (size_t i = 0; i < n && i < EXTRAS_SHOWN_MAX; i++) {
        buf_str(&c->text, i > 0 ? STR(", ") : STR(""));
        blob_path_print_name(&c->text, str_of(extra[i]));
    }
    buf_str(&c->text, n > EXTRAS_SHOWN_MAX ? STR(", ...") : STR(""));
    if (s->pattern == PATTERN_NONE) {
        buf_printf(&c->text, " %s unexpected)", n == 1 ? "was" : "were");
    } else {
        buf_printf(&c->text, " %s not match any of the regexes: '%s'", n == 1 ? "does" : "do",
                   pattern_text[s->pattern]);
    }
    return report_error(c);
}

static bool check_closed(struct checker *c, const cJSON *object, const struct schema *s)
{
    size_t n = 0;
    for (const cJSON *m = object->child; m != NULL; m = m->next) {
        n += is_extra(c, s, m->string);
    }
    if (n == 0 || !is_heard(c)) {
        return n == 0;
    }
    const char **extra = mem_check(malloc(n * sizeof(*extra)));
    n = 0;
    for (const cJSON *m = object->child; m != NULL; m = m->next) {
        if (is_extra(c, s, m->string)) {
            extra[n++] = m->string;
        }
    }
    report_extras(c, s, extra, n);
    free(extra);
    return false;
}

static bool check_child(struct checker *c, const cJSON *child, const struct schema *s)
{
    blob_path_enter(&c->path, child);
    bool ok = check_value(c, child, s);
    blob_path_leave(&c->path);
    return ok;
}

static bool check_attributes(struct checker *c, const cJSON *object, const struct schema *s)
{
    bool ok = true;
    for (const struct attribute *a = s->attribute; a != NULL && a->name != NULL; a++) {
        const cJSON *value = (a->formats & c->format) != 0 ? json_get(object, a->name) : NULL;
        ok = (value == NULL || check_child(c, value, a->schema)) && ok;
    }
    return ok;
}

static bool check_values(struct checker *c, const cJSON *value, const struct schema *s)
{
    bool ok = true;
    for (const cJSON *child = value->child; child != NULL && (ok || c->messages != NULL);
         child = child->next) {
        if (cJSON_IsArray(value) || matches(s->pattern, child->string)) {
            ok = check_child(c, child, s->value) && ok;
        }
    }
    return ok;
}

static bool check_object(struct checker *c, const cJSON *object, const struct schema *s)
{
    bool ok = check_required(c, object, s);
    ok = (!s->closed || check_closed(c, object, s)) && ok;
    ok = check_attributes(c, object, s) && ok;
    return (s->value == NULL || check_values(c, object, s)) && ok;
}

/* Whether VALUE is as S wants it, without a message. *DEPTH: how deep below it a mismatch is. */
static bool try_quietly(const struct checker *c, const cJSON *value, const struct schema *s, size_t *depth)
{
    struct checker quiet = { .format = c->format };
    bool ok = check_value(&quiet, value, s);
    *depth = quiet.failed_at;
    return ok;
}

static bool check_either(struct checker *c, const cJSON *value, const struct schema *s)
{
    size_t depth[2];
    if (try_quietly(c, value, s->either[0], &depth[0]) || try_quietly(c, value, s->either[1], &depth[1])) {
        return true;
    }
    if (depth[0] != depth[1]) {
        return check_value(c, value, s->either[depth[0] > depth[1] ? 0 : 1]);
    }
    if (begin_message(c, value)) {
        buf_printf(&c->text, "is not valid under any of the given schemas (%s)", s->wanted);
    }
    return report_error(c);
}

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

static bool check_length(struct checker *c, const cJSON *value, const struct schema *s)
{
    size_t n = s->min > 0 || s->max > 0 ? count_characters(value->valuestring) : 0;
    if (n < s->min) {
        return report_value(c, value, s->min == 1 ? STR("should be non-empty") : STR("is too short"));
    }
    return s->max == 0 || n <= s->max || report_value(c, value, STR("is too long"));
}

/* Versions, or versions and operators; a list of several must not have operators. */
static bool is_version_list(struct str list)
{
    bool several = memchr(list.p, ',', list.n) != NULL;
    struct str part;
    while (str_split(&list, ',', &part)) {
        struct version_test test;
        version_test_compile(&test, part);
        if (!test.valid || (several && test.op != CMP_EQ)) {
            return false;
        }
    }
    return true;
}

static bool is_build_id_test(struct str text)
{
    struct str operand;
    int64_t number;
    if (comparison_parse(text, &operand) == CMP_NEVER) {
        return false;
    }
    while (text.n > 0 && strchr("<>=", text.p[0]) != NULL) {
        text = str_slice(text, 1, text.n);
    }
    return python_int(text, &number);
}

static bool check_format(struct checker *c, const cJSON *value, const struct schema *s)
{
    struct str text = str_of(value->valuestring);
    if (text.n == 0) {
        return true;
    }
    if (s->format == SCHEMA_FORMAT_VERSION && !is_version_list(text)) {
        return report_value(c, value, STR("is not a 'version'"));
    }
    if (s->format == SCHEMA_FORMAT_BUILD_ID && !is_build_id_test(text)) {
        return report_value(c, value, STR("is not a 'buildID'"));
    }
    return true;
}

static bool check_string(struct checker *c, const cJSON *value, const struct schema *s)
{
    if (!check_length(c, value, s)) {
        return false;
    }
    if (s->pattern != PATTERN_NONE && !matches(s->pattern, value->valuestring)) {
        if (begin_message(c, value)) {
            buf_printf(&c->text, "does not match '%s'", pattern_text[s->pattern]);
        }
        return report_error(c);
    }
    return check_format(c, value, s);
}

static bool is_choice(const cJSON *value, const struct schema *s)
{
    if (s->only_true) {
        return cJSON_IsTrue(value);
    }
    for (const char *const *choice = s->choices; choice != NULL && *choice != NULL; choice++) {
        if (cJSON_IsString(value) && strcmp(value->valuestring, *choice) == 0) {
            return true;
        }
    }
    return s->choices == NULL;
}

static bool check_choice(struct checker *c, const cJSON *value, const struct schema *s)
{
    if (is_choice(value, s)) {
        return true;
    }
    if (begin_message(c, value)) {
        buf_str(&c->text, s->only_true ? STR("is not one of [True") : STR("is not one of ["));
        for (const char *const *choice = s->choices; choice != NULL && *choice != NULL; choice++) {
            buf_printf(&c->text, "%s'%s'", choice != s->choices ? ", " : "", *choice);
        }
        buf_char(&c->text, ']');
    }
    return report_error(c);
}

static bool check_value(struct checker *c, const cJSON *value, const struct schema *s)
{
    bool ok = check_type(c, value, s);
    ok = check_choice(c, value, s) && ok;
    if (!ok) {
        return false;
    }
    if (s->either[0] != NULL) {
        return check_either(c, value, s);
    }
    switch (s->type) {
    case SCHEMA_OBJECT:
        return check_object(c, value, s);
    case SCHEMA_ARRAY:
        return check_values(c, value, s);
    case SCHEMA_STRING:
        return check_string(c, value, s);
    default:
        return true;
    }
}

bool schema_check(const struct blob_schema *schema, const cJSON *blob, cJSON *messages)
{
    struct checker c = { .format = schema->format, .blob = blob, .messages = messages };
    buf_init(&c.text, 256, MESSAGE_MAX);
    bool ok = check_value(&c, blob, schema->root);
    buf_free(&c.text);
    return ok;
}
