/* Two groups meet when each condition that both have is met by some value that both allow; a condition that
 * one lacks allows everything. Whether two comparisons allow a common value is found out by asking each for
 * the next value that the other allows, as the reference does: "<50.1" and ">50.0" do not meet, since nothing
 * is taken to lie between the two. Where the reference fails, at two different values without operators, they
 * are compared.
 *
 * Each pair of groups is looked at, which is bounded by how many groups can be served at all. Names of
 * fields, locales and channels are sorted once per group, so that a pair costs one walk along both. Versions
 * and build ids have to be compared one with each other: few of them are, or the blob is refused. */
#include "blob/overlaps.h"

#include "core/mem.h"
#include "core/python.h"
#include "core/tree.h"
#include "query/match.h"
#include "query/query.h"
#include "release/compiled.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CONFLICT_BYTES_MAX = 600,  /* of an answer: a pair with more is shown by the places of its groups */
    SHOWN_BYTES_MAX = 1400,    /* of an answer, all pairs together */
    COMPARISONS_MAX = 2000000, /* of versions and build ids, for all groups of a blob */
    FIELDS_SHOWN_MAX = 150,    /* names of fields in the error's text */
    PARTS_MAX = 4,
};

/* Whether two values of a condition, X and Y, allow a common one. False: E says why that cannot be told. */
typedef bool meet_values(struct str x, struct str y, bool *meet, struct error *e);

static bool has_operator(struct str s)
{
    return s.n > 0 && (s.p[0] == '<' || s.p[0] == '>');
}

/* ---- sets of names ---- */

/* Texts, sorted, each once. */
struct name_set {
    struct str *name;
    size_t n;
};

static int compare_texts(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void names_sort(struct name_set *names)
{
    size_t n = 0;
    if (names->n > 1) {
        qsort(names->name, names->n, sizeof *names->name, compare_texts);
    }
    for (size_t i = 0; i < names->n; i++) {
        if (n == 0 || !str_eq(names->name[n - 1], names->name[i])) {
            names->name[n++] = names->name[i];
        }
    }
    names->n = n;
}

static bool names_meet(const struct name_set *x, const struct name_set *y)
{
    size_t i = 0, k = 0;
    int c = 1;
    while (i < x->n && k < y->n && (c = str_cmp(x->name[i], y->name[k])) != 0) {
        *(c < 0 ? &i : &k) += 1;
    }
    return c == 0;
}

/* Whether one of PREFIXES begins one of NAMES, such that a channel named so matches the glob. */
static bool prefixes_meet(const struct name_set *prefixes, const struct name_set *names)
{
    size_t k = 0;
    for (size_t i = 0; i < prefixes->n; i++) {
        struct str prefix = prefixes->name[i];
        while (k < names->n && str_cmp(names->name[k], prefix) < 0) {
            k++;
        }
        if (k < names->n && str_starts(names->name[k], prefix)) {
            return true;
        }
    }
    return false;
}

/* A list of channels. A glob is a prefix of two characters or more and a '*'. */
struct channel_set {
    bool has_newline;         /* then globs have to be tried one with each other */
    struct name_set whole;    /* as they are given */
    struct name_set plain;    /* those of them that are not globs */
    struct name_set stripped; /* without the '*' at their end, and what they fall back to */
    struct name_set prefixes; /* of globs */
};

static bool is_glob(struct str s)
{
    return str_ends(s, STR("*"));
}

static void read_channels(void *ctx, struct channel_set *channels, const cJSON *list)
{
    size_t n = (size_t)cJSON_GetArraySize(list);
    channels->whole.name = mem_array(ctx, struct str, n + 1);
    channels->plain.name = mem_array(ctx, struct str, n + 1);
    channels->stripped.name = mem_array(ctx, struct str, 2 * n + 1);
    channels->prefixes.name = mem_array(ctx, struct str, n + 1);
    for (const cJSON *one = list->child; one != NULL; one = one->next) {
        struct str name = str_of(one->valuestring);
        channels->whole.name[channels->whole.n++] = name;
        channels->has_newline |= memchr(name.p, '\n', name.n) != NULL;
        if (!is_glob(name)) {
            channels->plain.name[channels->plain.n++] = name;
        }
        if (is_glob(name) && name.n >= 3) {
            channels->prefixes.name[channels->prefixes.n++] = str_slice(name, 0, name.n - 1);
        }
        while (is_glob(name)) {
            name.n--;
        }
        channels->stripped.name[channels->stripped.n++] = name;
        channels->stripped.name[channels->stripped.n++] = query_fallback_channel(name);
    }
    names_sort(&channels->whole);
    names_sort(&channels->plain);
    names_sort(&channels->stripped);
    names_sort(&channels->prefixes);
}

/* Two channels by themselves. */
static bool channel_allows(struct str rule, struct str other)
{
    while (is_glob(other)) {
        other.n--;
    }
    return match_channel(rule, other, query_fallback_channel(other));
}

static bool channels_meet(struct str x, struct str y, bool *meet, struct error *e)
{
    (void)e;
    *meet = str_eq(x, y) || channel_allows(x, y) || channel_allows(y, x);
    return true;
}

static bool channel_sets_meet(const struct channel_set *x, const struct channel_set *y)
{
    return names_meet(&x->whole, &y->whole) || names_meet(&x->plain, &y->stripped) ||
           names_meet(&x->stripped, &y->plain) || prefixes_meet(&x->prefixes, &y->stripped) ||
           prefixes_meet(&y->prefixes, &x->stripped);
}

/* ---- versions and build ids ---- */

/* The version before or behind TEXT (by its last part; 999 comes before 0, with a borrow). */
static bool step_version(struct str text, int step, struct version *next, struct error *e)
{
    int64_t part[PARTS_MAX] = { 0 };
    char out[128];
    size_t n = 0, used = 0;
    struct str rest = text, piece;
    while (n < PARTS_MAX && str_split(&rest, '.', &piece)) {
        if (!python_int(piece, &part[n++]) || piece.n > 18) {
            return error_set(e, ERROR_BAD_REQUEST, "Version number %.*s cannot be compared.", STR_ARG(text));
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
               : error_set(e, ERROR_BAD_REQUEST, "Nothing can be compared with version number %.*s.",
                           STR_ARG(text));
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

/* ---- groups ---- */

/* A group, prepared for being compared with many others. */
struct line_group {
    const cJSON *json;
    uint32_t hash;
    struct name_set fields;
    const cJSON *channels, *locales; /* NULL: any */
    struct channel_set channel_set;
    struct name_set locale_set;
    const cJSON *versions, *build_ids; /* NULL: any */
};

struct overlap_search {
    struct line_group *group;
    size_t n;
    size_t compared; /* pairs of values so far */
    size_t bytes;    /* of an answer that the conflicts take; more than SHOWN_BYTES_MAX: no more are shown */
    struct name_set seen;
    cJSON *conflicts;
};

static void read_condition_names(void *ctx, struct name_set *names, const cJSON *list, bool of_members)
{
    names->name = mem_array(ctx, struct str, (size_t)cJSON_GetArraySize(list) + 1);
    for (const cJSON *one = list != NULL ? list->child : NULL; one != NULL; one = one->next) {
        names->name[names->n++] = str_of(of_members ? one->string : one->valuestring);
    }
    names_sort(names);
}

static void read_group(void *ctx, struct line_group *group, const cJSON *json)
{
    const cJSON *conditions = json_get(json, "for");
    group->json = json;
    group->hash = tree_hash(json);
    group->channels = json_get(conditions, "channels");
    group->locales = json_get(conditions, "locales");
    group->versions = json_get(conditions, "versions");
    group->build_ids = json_get(conditions, "buildIDs");
    read_condition_names(ctx, &group->fields, json_get(json, "fields"), true);
    if (group->channels != NULL) {
        read_channels(ctx, &group->channel_set, group->channels);
    }
    if (group->locales != NULL) {
        read_condition_names(ctx, &group->locale_set, group->locales, false);
    }
}

static size_t count_parts(struct str list)
{
    size_t n = 1;
    for (size_t i = 0; i < list.n; i++) {
        n += list.p[i] == ',';
    }
    return n;
}

/* About how many short values are compared as fast as X and Y, of which each part is with each. */
static size_t comparison_cost(struct str x, struct str y)
{
    return count_parts(x) * count_parts(y) + (x.n + y.n) / 64;
}

/* Whether some of X and some of Y, lists or NULL, meet. */
static bool lists_meet(struct overlap_search *c, const cJSON *x, const cJSON *y, meet_values *values,
                       bool *meet, struct error *e)
{
    *meet = x == NULL || y == NULL;
    for (const cJSON *p = x != NULL ? x->child : NULL; p != NULL && !*meet; p = p->next) {
        for (const cJSON *q = y != NULL ? y->child : NULL; q != NULL && !*meet; q = q->next) {
            c->compared += comparison_cost(str_of(p->valuestring), str_of(q->valuestring));
            if (c->compared > COMPARISONS_MAX) {
                return error_set(e, ERROR_BAD_REQUEST,
                                 "updateLine has too many values to be compared: use "
                                 "fewer groups, or fewer values in each");
            }
            if (!values(str_of(p->valuestring), str_of(q->valuestring), meet, e)) {
                return false;
            }
        }
    }
    return true;
}

static bool channel_lists_meet(struct overlap_search *c, const struct line_group *x,
                               const struct line_group *y, bool *meet, struct error *e)
{
    if (x->channel_set.has_newline || y->channel_set.has_newline) {
        return lists_meet(c, x->channels, y->channels, channels_meet, meet, e);
    }
    *meet = x->channels == NULL || y->channels == NULL || channel_sets_meet(&x->channel_set, &y->channel_set);
    return true;
}

static bool groups_meet(struct overlap_search *c, const struct line_group *x, const struct line_group *y,
                        bool *meet, struct error *e)
{
    if (!channel_lists_meet(c, x, y, meet, e)) {
        return false;
    }
    if (*meet && x->locales != NULL && y->locales != NULL) {
        *meet = names_meet(&x->locale_set, &y->locale_set);
    }
    return !*meet || (lists_meet(c, x->versions, y->versions, versions_meet, meet, e) &&
                      (!*meet || lists_meet(c, x->build_ids, y->build_ids, build_ids_meet, meet, e)));
}

static bool same_group(const struct line_group *x, const struct line_group *y)
{
    return x->hash == y->hash && tree_equal(x->json, y->json);
}

/* ---- conflicts ---- */

static size_t conflict_size(const cJSON *value)
{
    struct buf text;
    buf_init(&text, 256, SHOWN_BYTES_MAX);
    json_print(&text, value, JSON_DUMPS);
    size_t n = text.full ? text.max : text.n;
    buf_free(&text);
    return n;
}

static void add_copy(cJSON *list, const cJSON *value)
{
    cJSON_AddItemToArray(list,
                         mem_check(value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateObject()));
}

static bool has_field_name(const struct name_set *names, struct str name)
{
    return names->n > 0 && bsearch(&name, names->name, names->n, sizeof name, compare_texts) != NULL;
}

/* Adds NAME to what is seen, in the order in which it is. */
static void note_field(struct overlap_search *c, struct str name)
{
    for (size_t i = 0; i < c->seen.n; i++) {
        if (str_eq(c->seen.name[i], name)) {
            return;
        }
    }
    if (c->seen.n < FIELDS_SHOWN_MAX) {
        c->seen.name[c->seen.n++] = name;
    }
}

/* The names of the fields that X and Y both set; owned by the caller. */
static cJSON *common_fields(struct overlap_search *c, const struct line_group *x, const struct line_group *y)
{
    cJSON *names = mem_check(cJSON_CreateArray());
    for (const cJSON *f = json_get(x->json, "fields")->child; f != NULL; f = f->next) {
        if (has_field_name(&y->fields, str_of(f->string))) {
            cJSON_AddItemToArray(names, mem_check(cJSON_CreateString(f->string)));
            note_field(c, str_of(f->string));
        }
    }
    return names;
}

/* [for, for, [field names]], or where in updateLine the groups are if that is long; owned by the caller. */
static cJSON *describe_conflict(struct overlap_search *c, const struct line_group *x,
                                const struct line_group *y)
{
    char places[120];
    cJSON *conflict = mem_check(cJSON_CreateArray());
    add_copy(conflict, json_get(x->json, "for"));
    add_copy(conflict, json_get(y->json, "for"));
    cJSON_AddItemToArray(conflict, common_fields(c, x, y));
    if (conflict_size(conflict) <= CONFLICT_BYTES_MAX) {
        return conflict;
    }
    cJSON_Delete(conflict);
    snprintf(places, sizeof places, "updateLine[%td] and updateLine[%td] are for the same queries",
             x - c->group, y - c->group);
    return mem_check(cJSON_CreateString(places));
}

static void add_conflict(struct overlap_search *c, const struct line_group *x, const struct line_group *y)
{
    cJSON *conflict = describe_conflict(c, x, y);
    c->bytes += conflict_size(conflict);
    if (c->bytes > SHOWN_BYTES_MAX) {
        cJSON_Delete(conflict);
        conflict = mem_check(cJSON_CreateString("there are more conflicts than are shown here"));
    }
    cJSON_AddItemToArray(c->conflicts, conflict);
}

static void report_fields(const struct name_set *seen, struct error *e)
{
    char list[300] = "";
    size_t n = 0;
    for (size_t i = 0; i < seen->n && n < sizeof list; i++) {
        n += (size_t)snprintf(list + n, sizeof list - n, i > 0 ? ", %.*s" : "%.*s", STR_ARG(seen->name[i]));
    }
    error_set(e, ERROR_BAD_REQUEST, "Multiple values found for updateLine items: %s", list);
}

/* False: a pair could not be compared. */
static bool find_conflicts(struct overlap_search *c, struct error *e)
{
    for (size_t i = 0; i < c->n; i++) {
        for (size_t k = i + 1; k < c->n && c->bytes <= SHOWN_BYTES_MAX; k++) {
            const struct line_group *x = &c->group[i], *y = &c->group[k];
            bool meet = false;
            if (names_meet(&x->fields, &y->fields) && !same_group(x, y) && !groups_meet(c, x, y, &meet, e)) {
                return false;
            }
            if (meet) {
                add_conflict(c, x, y);
            }
        }
    }
    return true;
}

static bool compare_groups(void *ctx, const cJSON *groups, cJSON *conflicts, struct error *e)
{
    struct overlap_search c = { .conflicts = conflicts };
    size_t n = (size_t)cJSON_GetArraySize(groups);
    if (n > UPDATE_LINE_GROUPS_MAX) {
        return error_set(e, ERROR_BAD_REQUEST, "updateLine has %zu groups; more than %d cannot be served", n,
                         UPDATE_LINE_GROUPS_MAX);
    }
    c.group = mem_array(ctx, struct line_group, n + 1);
    c.seen.name = mem_array(ctx, struct str, FIELDS_SHOWN_MAX);
    for (const cJSON *json = groups->child; json != NULL; json = json->next) {
        read_group(ctx, &c.group[c.n++], json);
    }
    if (!find_conflicts(&c, e)) {
        while (conflicts->child != NULL) {
            cJSON_DeleteItemFromArray(conflicts, 0);
        }
        return false;
    }
    if (conflicts->child != NULL) {
        report_fields(&c.seen, e);
    }
    return conflicts->child == NULL;
}

bool overlaps_check(const cJSON *blob, cJSON *conflicts, struct error *e)
{
    const cJSON *groups = json_get_array(blob, "updateLine");
    if (groups == NULL) {
        return true;
    }
    void *ctx = mem_check(talloc_new(NULL));
    bool ok = compare_groups(ctx, groups, conflicts, e);
    talloc_free(ctx);
    return ok;
}
