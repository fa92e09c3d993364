/* See rule_terms.h. */
#include "query/rule_terms.h"

#include "core/mem.h"
#include "core/python.h"
#include "query/match.h"

static bool refuse_term(struct error *e, const char *name, struct str text, const char *why)
{
    return error_set(e, ERROR_BAD_REQUEST, "%s: '%.*s' %s", name, (int)(text.n < 200 ? text.n : 200), text.p,
                     why);
}

static bool has_empty_part(struct str list, const char *separator)
{
    size_t n = strlen(separator);
    for (;;) {
        ptrdiff_t at = str_find(list, (struct str){ separator, n });
        if (str_strip(at < 0 ? list : str_slice(list, 0, (size_t)at)).n == 0) {
            return true;
        }
        if (at < 0) {
            return false;
        }
        list = str_slice(list, (size_t)at + n, list.n);
    }
}

static bool check_list(const char *name, struct str text, bool loose, struct error *e)
{
    (void)loose;
    return !has_empty_part(text, ",") ||
           refuse_term(e, name, text, "has an empty term. Remove the comma that nothing follows or precedes");
}

/* Alternatives are separated by commas, what must all be there by "&&". */
static bool check_systems(const char *name, struct str text, bool loose, struct error *e)
{
    struct str rest = text, group;
    if (!check_list(name, text, loose, e)) {
        return false;
    }
    while (str_split(&rest, ',', &group)) {
        if (has_empty_part(group, "&&")) {
            return refuse_term(e, name, text,
                               "has an empty term. Remove the && that nothing follows or precedes");
        }
    }
    return true;
}

static bool check_memory(const char *name, struct str text, bool loose, struct error *e)
{
    struct str operand;
    int64_t value;
    (void)loose;
    return (comparison_parse(text, &operand) != CMP_NEVER && python_int(operand, &value)) ||
           refuse_term(e, name, text,
                       "is not a comparison. It must be a number of MB, or one after <, <=, > or >=");
}

static bool check_build_id(const char *name, struct str text, bool loose, struct error *e)
{
    struct str operand;
    (void)loose;
    enum comparison op = comparison_parse(text, &operand);
    return (op != CMP_NEVER && op != CMP_GLOB) ||
           refuse_term(e, name, text,
                       "is not a comparison. It must be a build id, or one after <, <=, > or >=");
}

static bool check_versions(const char *name, struct str text, bool loose, struct error *e)
{
    struct str rest = text, part;
    while (str_split(&rest, ',', &part)) {
        struct version_test test;
        version_test_compile(&test, part);
        if (test.op == CMP_NEVER || (!test.valid && !loose)) {
            return refuse_term(
                e, name, text,
                "has a term that is not a version, a glob like 70.* or a comparison like <70.0");
        }
    }
    return true;
}

bool rule_terms_check(const char *name, struct str text, bool loose, struct error *e)
{
    static const struct {
        const char *name;
        bool (*check)(const char *name, struct str text, bool loose, struct error *e);
    } columns[] = {
        { "osVersion", check_systems },   { "locale", check_list },   { "distribution", check_list },
        { "instructionSet", check_list }, { "memory", check_memory }, { "buildID", check_build_id },
        { "version", check_versions },
    };
    for (size_t i = 0; i < ARRAY_LEN(columns) && text.n > 0; i++) {
        if (strcmp(columns[i].name, name) == 0) {
            return columns[i].check(name, text, loose, e);
        }
    }
    return true;
}
