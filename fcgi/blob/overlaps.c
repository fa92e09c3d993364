/* Two groups meet when each condition that both have is met by some value that both allow; a condition that
 * one lacks allows everything. Whether two comparisons allow a common value is found out by asking each for
 * the next value that the other allows, as the reference does: "<50.1" and ">50.0" do not meet, since nothing
 * is taken to lie between the two. Where the reference fails, at two different values without operators, they
 * are compared. */
#include "blob/overlaps.h"

#include "blob/tree.h"
#include "core/mem.h"
#include "query/match.h"
#include "query/query.h"

#include <stdio.h>

enum { CONFLICTS_MAX = 100, PARTS_MAX = 4 };

/* Whether two values of a condition, X and Y, allow a common one. False: E says why that cannot be told. */
typedef bool meet_values(struct str x, struct str y, bool *meet, struct error *e);

static bool has_operator(struct str s)
{
    return s.n > 0 && (s.p[0] == '<' || s.p[0] == '>');
}

static bool is_glob(struct str s)
{
    return str_ends(s, STR("*"));
}

static bool channel_allows(struct str rule, struct str other)
{
    while (is_glob(other)) {
        other.n--;
    }
    return match_channel(rule, other, fallback_channel(other));
}

static bool channels_meet(struct str x, struct str y, bool *meet, struct error *e)
{
    (void)e;
    *meet = str_eq(x, y) || channel_allows(x, y) || channel_allows(y, x);
    return true;
}

static bool locales_meet(struct str x, struct str y, bool *meet, struct error *e)
{
    (void)e;
    *meet = str_eq(x, y);
    return true;
}

/* The version before or behind TEXT (by its last part; 999 comes before 0, with a borrow). */
static bool step_version(struct str text, int step, struct version *next, struct error *e)
{
    int64_t part[PARTS_MAX] = { 0 };
    char out[128];
    size_t n = 0, used = 0;
    struct str rest = text, piece;
    while (n < PARTS_MAX && str_split(&rest, '.', &piece)) {
        if (!python_int(piece, &part[n++]) || piece.n > 18) {
            return error_set(e, 400, "Version number %.*s cannot be compared.", STR_ARG(text));
        }
    }
    size_t i = n - 1;
    for (; step < 0 && i > 0 && part[i] == 0; i--) {
        part[i] = 999;
    }
    part[i] += step;
    for (size_t k = 0; k < n; k++) {
        used += (size_t)snprintf(out + used, sizeof out - used, k > 0 ? ".%lld" : "%lld", (long long)part[k]);
    }
    return part[0] >= 0 && version_parse(next, (struct str){ out, used })
               ? true
               : error_set(e, 400, "Nothing can be compared with version number %.*s.", STR_ARG(text));
}

/* A version that TEST, which has an operator, allows, next to its operand. */
static bool version_next_to(const struct version_test *test, struct version *v, struct error *e)
{
    if (test->op == CMP_GE || test->op == CMP_LE) {
        *v = test->operand;
        return true;
    }
    return step_version(test->text, test->op == CMP_LT ? -1 : 1, v, e);
}

/* How a glob compares with V: by the numbers that it has. */
static int glob_cmp(struct str glob, const struct version *v)
{
    struct pin_version pin;
    if (!pin_version_parse(&pin, str_slice(glob, 0, glob.n - 1))) {
        return 0;
    }
    int cmp = -version_cmp_pin(v, &pin);
    return cmp != 0 ? cmp : v->pre != 0;
}

static bool plain_versions_meet(const struct version_test *x, const struct version_test *y)
{
    if (x->op == CMP_GLOB && y->op == CMP_GLOB) {
        struct str p = str_slice(x->text, 0, x->text.n - 1), q = str_slice(y->text, 0, y->text.n - 1);
        return str_starts(p, q) || str_starts(q, p);
    }
    return y->op == CMP_GLOB ? version_test_holds(y, &x->operand) : version_test_holds(x, &y->operand);
}

/* TEST has an operator, VALUE has none. */
static bool version_allowed(const struct version_test *test, const struct version_test *value)
{
    return value->op == CMP_GLOB ? comparison_holds(test->op, glob_cmp(value->text, &test->operand))
                                 : version_test_holds(test, &value->operand);
}

static bool version_parts_meet(struct str x, struct str y, bool *meet, struct error *e)
{
    struct version_test test[2];
    struct version next[2];
    version_test_compile(&test[0], x);
    version_test_compile(&test[1], y);
    *meet = str_eq(x, y);
    if (*meet) {
        return true;
    }
    if (!has_operator(x) || !has_operator(y)) {
        *meet = has_operator(x)   ? version_allowed(&test[0], &test[1])
                : has_operator(y) ? version_allowed(&test[1], &test[0])
                                  : plain_versions_meet(&test[0], &test[1]);
        return true;
    }
    if (!version_next_to(&test[0], &next[0], e) || !version_next_to(&test[1], &next[1], e)) {
        return false;
    }
    *meet = version_test_holds(&test[0], &next[1]) || version_test_holds(&test[1], &next[0]);
    return true;
}

/* A value is a comma list. */
static bool versions_meet(struct str x, struct str y, bool *meet, struct error *e)
{
    struct str part, other;
    *meet = false;
    while (str_split(&x, ',', &part)) {
        for (struct str rest = y; !*meet && str_split(&rest, ',', &other);) {
            if (!version_parts_meet(part, other, meet, e)) {
                return false;
            }
        }
    }
    return true;
}

/* A build id that TEST, which has an operator, allows, next to its operand; in OUT, of SIZE bytes, if need
 * be. */
static struct str build_id_next_to(struct str test, char *out, size_t size)
{
    char operator= test.p[0];
    bool inclusive = memchr(test.p, '=', test.n) != NULL;
    int64_t number = 0;
    while (test.n > 0 && strchr("<>=", test.p[0]) != NULL) {
        test = str_slice(test, 1, test.n);
    }
    if (inclusive) {
        return test;
    }
    python_int(test, &number); /* the schema has seen to it that it is one */
    number += number == INT64_MAX ? 0 : operator== '<' ? -1 : 1;
    return (struct str){ out, (size_t)snprintf(out, size, "%lld", (long long)number) };
}

static bool build_ids_meet(struct str x, struct str y, bool *meet, struct error *e)
{
    (void)e;
    char next[2][24];
    if (str_eq(x, y)) {
        *meet = true;
    } else if (has_operator(x) && has_operator(y)) {
        *meet = match_build_id(x, build_id_next_to(y, next[0], sizeof next[0])) ||
                match_build_id(y, build_id_next_to(x, next[1], sizeof next[1]));
    } else {
        *meet = has_operator(x) ? match_build_id(x, y) : has_operator(y) && match_build_id(y, x);
    }
    return true;
}

static bool lists_meet(const cJSON *x, const cJSON *y, meet_values *values, bool *meet, struct error *e)
{
    *meet = false;
    for (const cJSON *p = x->child; p != NULL; p = p->next) {
        for (const cJSON *q = y->child; q != NULL && !*meet; q = q->next) {
            if (!values(str_of(p->valuestring), str_of(q->valuestring), meet, e)) {
                return false;
            }
        }
    }
    return true;
}

static bool groups_meet(const cJSON *x, const cJSON *y, bool *meet, struct error *e)
{
    static const struct {
        const char *name;
        meet_values *values;
    } conditions[] = { { "channels", channels_meet },
                       { "locales", locales_meet },
                       { "versions", versions_meet },
                       { "buildIDs", build_ids_meet } };
    *meet = true;
    for (size_t i = 0; *meet && i < sizeof conditions / sizeof conditions[0]; i++) {
        const cJSON *p = json_get(json_get(x, "for"), conditions[i].name);
        const cJSON *q = json_get(json_get(y, "for"), conditions[i].name);
        if (p != NULL && q != NULL && !lists_meet(p, q, conditions[i].values, meet, e)) {
            return false;
        }
    }
    return true;
}

static bool share_fields(const cJSON *x, const cJSON *y)
{
    const cJSON *fields = json_get(x, "fields");
    for (const cJSON *f = fields != NULL ? fields->child : NULL; f != NULL; f = f->next) {
        if (json_get(json_get(y, "fields"), f->string) != NULL) {
            return true;
        }
    }
    return false;
}

static void add_copy(cJSON *list, const cJSON *value)
{
    cJSON_AddItemToArray(list,
                         mem_check(value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateObject()));
}

/* [for, for, [field names]]; the names become members of SEEN, too. */
static cJSON *describe(const cJSON *x, const cJSON *y, cJSON *seen)
{
    cJSON *conflict = mem_check(cJSON_CreateArray());
    cJSON *names = mem_check(cJSON_CreateArray());
    add_copy(conflict, json_get(x, "for"));
    add_copy(conflict, json_get(y, "for"));
    for (const cJSON *f = json_get(x, "fields")->child; f != NULL; f = f->next) {
        if (json_get(json_get(y, "fields"), f->string) == NULL) {
            continue;
        }
        cJSON_AddItemToArray(names, mem_check(cJSON_CreateString(f->string)));
        if (json_get(seen, f->string) == NULL) {
            cJSON_AddItemToObject(seen, f->string, mem_check(cJSON_CreateTrue()));
        }
    }
    cJSON_AddItemToArray(conflict, names);
    return conflict;
}

static void tell_fields(const cJSON *seen, struct error *e)
{
    char list[300] = "";
    size_t n = 0;
    for (const cJSON *f = seen->child; f != NULL && n < sizeof list; f = f->next) {
        n += (size_t)snprintf(list + n, sizeof list - n, n > 0 ? ", %s" : "%s", f->string);
    }
    error_set(e, 400, "Multiple values found for updateLine items: %s", list);
}

/* False: a pair could not be compared. */
static bool find_conflicts(const cJSON *groups, cJSON *conflicts, cJSON *seen, struct error *e)
{
    int found = 0;
    for (const cJSON *x = groups->child; x != NULL; x = x->next) {
        for (const cJSON *y = x->next; y != NULL && found < CONFLICTS_MAX; y = y->next) {
            bool meet = false;
            if (share_fields(x, y) && !tree_equal(x, y) && !groups_meet(x, y, &meet, e)) {
                return false;
            }
            if (meet) {
                cJSON_AddItemToArray(conflicts, describe(x, y, seen));
                found++;
            }
        }
    }
    return true;
}

bool overlaps_check(const cJSON *blob, cJSON *conflicts, struct error *e)
{
    const cJSON *groups = json_get_array(blob, "updateLine");
    if (groups == NULL) {
        return true;
    }
    cJSON *seen = mem_check(cJSON_CreateObject());
    bool ok = find_conflicts(groups, conflicts, seen, e);
    if (!ok) {
        while (conflicts->child != NULL) {
            cJSON_DeleteItemFromArray(conflicts, 0);
        }
    } else if (conflicts->child != NULL) {
        tell_fields(seen, e);
        ok = false;
    }
    cJSON_Delete(seen);
    return ok;
}
