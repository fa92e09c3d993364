/* Overlapping groups of updateLine: the fast way finds what trying each value with each finds, and large ones
 * are compared soon or refused. */
#include "blob/overlaps.h"
#include "core/clock.h"
#include "core/mem.h"
#include "query/match.h"
#include "query/query.h"

#include "blob_json.h"

#include <stdio.h>

enum { ROUNDS = 3000, GROUPS = 5, VALUES = 4 };

static const char *const channels[] = { "release", "release-cck-x", "rel*",  "r*",   "*",
                                        "beta",    "beta**",        "beta*", "b\nx", "be*-cck-y" };
static const char *const locales[] = { "de", "fr", "it", "pl" };
static const char *const versions[] = { ">50.0", "<50.0", "50.0", "50.*", "<=50.1,50.2", ">=49.0" };
static const char *const fields[] = { "detailsURL", "type", "actions" };
static uint64_t seed = 88172645463325252u;

static unsigned draw(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

static void add_list(cJSON *conditions, const char *name, const char *const *value, unsigned n)
{
    if (draw(3) == 0) {
        return;
    }
    cJSON *list = cJSON_AddArrayToObject(conditions, name);
    for (unsigned left = draw(VALUES) + (draw(8) > 0); left > 0; left--) {
        cJSON_AddItemToArray(list, cJSON_CreateString(value[draw(n)]));
    }
}

static cJSON *random_group(void)
{
    cJSON *group = cJSON_CreateObject();
    cJSON *conditions = cJSON_AddObjectToObject(group, "for");
    cJSON *set = cJSON_AddObjectToObject(group, "fields");
    add_list(conditions, "channels", channels, ARRAY_LEN(channels));
    add_list(conditions, "locales", locales, ARRAY_LEN(locales));
    add_list(conditions, "versions", versions, ARRAY_LEN(versions));
    for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
        if (draw(2) == 0) {
            cJSON_AddNumberToObject(set, fields[i], draw(2));
        }
    }
    return group;
}

/* ---- the plain way ---- */

static bool channel_allows(struct str rule, struct str other)
{
    while (str_ends(other, STR("*"))) {
        other.n--;
    }
    return match_channel(rule, other, query_fallback_channel(other));
}

static bool channels_meet(const char *a, const char *b)
{
    struct str x = str_of(a), y = str_of(b);
    return str_eq(x, y) || channel_allows(x, y) || channel_allows(y, x);
}

static bool texts_meet(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* By two groups that differ in nothing else. */
static bool versions_meet(const char *a, const char *b)
{
    struct error e;
    char text[300];
    snprintf(text, sizeof text,
             "{'updateLine': [{'for': {'versions': ['%s']}, 'fields': {'x': 1}},"
             " {'for': {'versions': ['%s']}, 'fields': {'x': 2}}]}",
             a, b);
    cJSON *blob = parse_quoted(text), *found = cJSON_CreateArray();
    bool meet = !overlaps_check(blob, found, &e);
    cJSON_Delete(blob);
    cJSON_Delete(found);
    return meet;
}

static bool lists_meet(const cJSON *a, const cJSON *b, const char *name,
                       bool (*meet)(const char *, const char *))
{
    const cJSON *x = json_get(json_get(a, "for"), name), *y = json_get(json_get(b, "for"), name);
    if (x == NULL || y == NULL) {
        return true;
    }
    for (const cJSON *p = x->child; p != NULL; p = p->next) {
        for (const cJSON *q = y->child; q != NULL; q = q->next) {
            if (meet(p->valuestring, q->valuestring)) {
                return true;
            }
        }
    }
    return false;
}

static bool share_fields(const cJSON *a, const cJSON *b)
{
    bool share = false;
    for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
        share |= json_get(json_get(a, "fields"), fields[i]) != NULL &&
                 json_get(json_get(b, "fields"), fields[i]) != NULL;
    }
    return share;
}

static bool conflict(const cJSON *a, const cJSON *b)
{
    return share_fields(a, b) && !cJSON_Compare(a, b, true) && lists_meet(a, b, "channels", channels_meet) &&
           lists_meet(a, b, "locales", texts_meet) && lists_meet(a, b, "versions", versions_meet);
}

START_TEST(finds_what_the_plain_way_finds)
{
    unsigned conflicts = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct error e;
        cJSON *blob = cJSON_CreateObject(), *found = cJSON_CreateArray();
        cJSON *groups = cJSON_AddArrayToObject(blob, "updateLine");
        for (unsigned i = 0; i < GROUPS; i++) {
            cJSON_AddItemToArray(groups, random_group());
        }
        overlaps_check(blob, found, &e);
        const cJSON *next = found->child;
        for (const cJSON *a = groups->child; a != NULL; a = a->next) {
            for (const cJSON *b = a->next; b != NULL; b = b->next) {
                if (!conflict(a, b)) {
                    continue;
                }
                conflicts++;
                if (next != NULL && cJSON_IsString(next)) {
                    continue; /* it says that there are more */
                }
                ck_assert_msg(next != NULL, "%s", cJSON_Print(blob));
                ck_assert_msg(cJSON_Compare(next->child, json_get(a, "for"), true), "%s", cJSON_Print(blob));
                ck_assert_msg(cJSON_Compare(next->child->next, json_get(b, "for"), true), "%s",
                              cJSON_Print(blob));
                next = next->next;
            }
        }
        ck_assert_msg(next == NULL || cJSON_IsString(next), "%s", cJSON_Print(blob));
        cJSON_Delete(blob);
        cJSON_Delete(found);
    }
    ck_assert_uint_gt(conflicts, ROUNDS / 2);
}
END_TEST

/* ---- what it costs ---- */

/* A blob of N groups, each with VALUES of its own in the condition NAME. */
static cJSON *big_line(unsigned n, const char *name, unsigned n_values, const char *before,
                       const char *behind)
{
    cJSON *blob = cJSON_CreateObject();
    cJSON *groups = cJSON_AddArrayToObject(blob, "updateLine");
    for (unsigned i = 0; i < n; i++) {
        char text[64];
        cJSON *group = cJSON_CreateObject();
        cJSON *list = cJSON_AddArrayToObject(cJSON_AddObjectToObject(group, "for"), name);
        cJSON_AddNumberToObject(cJSON_AddObjectToObject(group, "fields"), "type", i);
        for (unsigned k = 0; k < n_values; k++) {
            snprintf(text, sizeof text, "%s%07u%s", before, i * n_values + k, behind);
            cJSON_AddItemToArray(list, cJSON_CreateString(text));
        }
        cJSON_AddItemToArray(groups, group);
    }
    return blob;
}

/* Whether it is valid. Processor time, as the machine may be busy. */
static bool check_big(cJSON *blob, const char **why)
{
    static struct error e;
    cJSON *found = cJSON_CreateArray();
    clock_t start = clock();
    bool ok = overlaps_check(blob, found, &e);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    ck_assert_msg(seconds < 3, "%.1f s", seconds);
    cJSON_Delete(found);
    cJSON_Delete(blob);
    *why = ok ? "" : e.what;
    return ok;
}

START_TEST(large_lines)
{
    const char *why;
    ck_assert_msg(check_big(big_line(256, "locales", 1500, "l", ""), &why), "%s", why);
    ck_assert_msg(check_big(big_line(256, "channels", 500, "c", ""), &why), "%s", why);
    ck_assert(!check_big(big_line(256, "buildIDs", 1500, "2024", ""), &why));
    ck_assert_ptr_nonnull(strstr(why, "too many values to be compared"));
    ck_assert(!check_big(big_line(2, "versions", 20000, ">", ".0"), &why));
    ck_assert(!check_big(big_line(257, "locales", 1, "l", ""), &why));
    ck_assert_str_eq(why, "updateLine has 257 groups; more than 256 cannot be served");
}
END_TEST

START_TEST(long_conflicts_are_few)
{
    struct error e;
    cJSON *found = cJSON_CreateArray();
    cJSON *blob = big_line(20, "locales", 2000, "l", "");
    for (cJSON *group = json_get_array(blob, "updateLine")->child; group != NULL; group = group->next) {
        cJSON *list = cJSON_GetObjectItem(cJSON_GetObjectItem(group, "for"), "locales");
        cJSON_AddItemToArray(list, cJSON_CreateString("de"));
    }
    ck_assert(!overlaps_check(blob, found, &e));
    int n = cJSON_GetArraySize(found);
    ck_assert_msg(n >= 1 && n <= 30, "%d", n);
    ck_assert_str_eq(e.what, "Multiple values found for updateLine items: type");
    cJSON_Delete(found);
    cJSON_Delete(blob);
}
END_TEST

SUITE_MAIN("overlaps", finds_what_the_plain_way_finds, large_lines, long_conflicts_are_few)
