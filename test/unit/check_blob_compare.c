/* The difference between two documents: what is reported of each change, grouping, pages, and bounds. */
#include "blob/compare.h"
#include "suite.h"

static cJSON *parsed(const char *text)
{
    cJSON *value = cJSON_Parse(text);
    ck_assert_ptr_nonnull(value);
    return value;
}

/* The difference of two texts, printed; free() it. */
static char *compared(const char *old, const char *new, int64_t skip, int64_t limit)
{
    const struct compare_page page = { skip, limit };
    cJSON *a = parsed(old), *b = parsed(new);
    cJSON *answer = compare_json(a, b, "", &page);
    char *text = cJSON_PrintUnformatted(answer);
    cJSON_Delete(a);
    cJSON_Delete(b);
    cJSON_Delete(answer);
    return text;
}

static void has(char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "%s is not in %s", part, text);
}

START_TEST(equal_documents)
{
    char *text =
        compared("{\"a\":[1,{\"b\":null}],\"c\":\"x\"}", "{\"c\":\"x\",\"a\":[1,{\"b\":null}]}", 0, 10);
    ck_assert_str_eq(text,
                     "{\"summary\":{\"added\":0,\"removed\":0,\"changed\":0},\"groups\":[],\"ungrouped\":0,"
                     "\"changes\":[],\"next\":null}");
    free(text);
}
END_TEST

START_TEST(kinds_of_changes)
{
    char *text =
        compared("{\"a\":1,\"b\":{\"x\":true},\"d/~\":[1,2]}", "{\"a\":1.5,\"c\":\"n\",\"d/~\":[1]}", 0, 10);
    has(text, "{\"added\":1,\"removed\":2,\"changed\":1}");
    has(text, "{\"op\":\"changed\",\"pointer\":\"/a\",\"old\":1,\"new\":1.5}");
    has(text, "{\"op\":\"removed\",\"pointer\":\"/b\",\"old\":{\"x\":true}}");
    has(text, "{\"op\":\"added\",\"pointer\":\"/c\",\"new\":\"n\"}");
    has(text, "{\"op\":\"removed\",\"pointer\":\"/d~1~0/1\",\"old\":2}");
    free(text);
    text = compared("[true, 0, \"1\", {}]", "[1, false, 1, []]", 0, 10);
    has(text, "\"changed\":4");
    free(text);
}
END_TEST

START_TEST(groups)
{
    char *text =
        compared("{\"platforms\":{\"p\":{\"locales\":{\"de\":{\"v\":\"1\",\"b\":\"1\"},\"fr\":{\"v\":\"1\","
                 "\"b\":\"2\"}}},\"q\":{\"locales\":{\"de\":{\"v\":\"1\",\"b\":\"3\"}}}}}",
                 "{\"platforms\":{\"p\":{\"locales\":{\"de\":{\"v\":\"2\",\"b\":\"4\"},\"fr\":{\"v\":\"2\","
                 "\"b\":\"5\"}}},\"q\":{\"locales\":{\"de\":{\"v\":\"2\",\"b\":\"3\"}}}}}",
                 0, 1);
    has(text, "{\"op\":\"changed\",\"pattern\":\"/platforms/*/locales/*/"
              "v\",\"count\":3,\"uniform\":true,\"example\":{"
              "\"op\":\"changed\",\"pointer\":\"/platforms/p/locales/de/v\",\"old\":\"1\",\"new\":\"2\"}}");
    has(text, "\"pattern\":\"/platforms/*/locales/*/b\",\"count\":2,\"uniform\":false");
    has(text, "\"next\":1}");
    free(text);
}
END_TEST

START_TEST(pages)
{
    char *text = compared("[1,2,3,4,5]", "[9,9,9,9,9]", 2, 2);
    has(text, "\"changes\":[{\"op\":\"changed\",\"pointer\":\"/2\",\"old\":3,\"new\":9},{\"op\":\"changed\","
              "\"pointer\":\"/3\",\"old\":4,\"new\":9}],\"next\":4}");
    free(text);
    text = compared("[1,2,3,4,5]", "[9,9,9,9,9]", 4, 2);
    has(text, "\"pointer\":\"/4\"");
    has(text, "\"next\":null");
    free(text);
    text = compared("[1]", "[2]", 5, 2);
    has(text, "\"changes\":[],\"next\":null");
    free(text);
}
END_TEST

/* An object with N members, whose values are VALUE. */
static cJSON *wide(unsigned n, const char *value)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *last = NULL;
    for (unsigned i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%06u", i);
        cJSON *item = cJSON_CreateString(value);
        item->string = strdup(name);
        if (last == NULL) {
            object->child = item;
        } else {
            last->next = item;
        }
        item->prev = last;
        last = item;
    }
    if (object->child != NULL) {
        object->child->prev = last;
    }
    return object;
}

/* Values, pointers, groups and pages stay small, whatever is compared; and all of it is counted. */
START_TEST(bounds)
{
    const struct compare_page page = { 0, COMPARE_LIMIT_MAX };
    char *big = calloc(1, 2001);
    memset(big, 'x', 2000);
    cJSON *a = wide(100000, "a"), *b = wide(100000, "b");
    cJSON_AddStringToObject(a, big, "long name");
    cJSON_AddStringToObject(b, "large", big);
    cJSON *answer = compare_json(a, b, "", &page);
    char *text = cJSON_PrintUnformatted(answer);
    ck_assert_uint_lt(strlen(text), 300000);
    has(text, "{\"added\":1,\"removed\":1,\"changed\":100000}");
    ck_assert_int_eq(cJSON_GetArraySize(json_get(answer, "groups")), COMPARE_GROUPS_MAX);
    ck_assert_int_eq((int)json_get(answer, "ungrouped")->valuedouble, 100002 - COMPARE_GROUPS_MAX);
    has(text, "\"op\":\"added\",\"pointer\":\"/large\",\"new_bytes\":2002}");
    free(text);
    cJSON_Delete(answer);
    answer = compare_json(a, b, "", &(struct compare_page){ 100001, 10 });
    text = cJSON_PrintUnformatted(answer);
    has(text, "xxx…\",\"old\":\"long name\"");
    free(text);
    free(big);
    cJSON_Delete(a);
    cJSON_Delete(b);
    cJSON_Delete(answer);
}
END_TEST

SUITE_MAIN("blob_compare", equal_documents, kinds_of_changes, groups, pages, bounds)
