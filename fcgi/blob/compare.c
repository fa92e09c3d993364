/* See compare.h. Both documents are walked together. Members of objects are sorted by name first, so that the
 * two sides can be merged, and so that changes have an order of their own, which pages refer to. */
#include "blob/compare.h"

#include "core/mem.h"

#include <stdlib.h>

enum { GROUP_SLOTS = 512 };

enum compare_op { OP_ADDED, OP_REMOVED, OP_CHANGED, OP_COUNT };
static const char *const op_names[OP_COUNT] = { "added", "removed", "changed" };

/* Changes with the same operation and pattern. */
struct change_group {
    enum compare_op op;
    char *pattern;
    int64_t count;
    bool uniform;
    const cJSON *old, *new; /* of the first change */
    cJSON *example;
};

struct json_comparison {
    void *ctx;
    const struct compare_page *page;
    struct buf pointer, pattern;
    int64_t count[OP_COUNT];
    struct change_group group[COMPARE_GROUPS_MAX];
    unsigned n_groups;
    unsigned short slot[GROUP_SLOTS]; /* a hash table: the index of a group plus 1, or 0 */
    int64_t ungrouped;
    cJSON *changes;
    int64_t seen, listed;
    size_t bytes;      /* of the changes that are listed */
    bool page_is_full; /* `next` is set */
    int64_t next;
};

/* ---- pointers and patterns ---- */

void compare_print_name(struct buf *out, const char *name)
{
    buf_char(out, '/');
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '~') {
            buf_lit(out, "~0");
        } else if (*c == '/') {
            buf_lit(out, "~1");
        } else {
            buf_char(out, *c);
        }
    }
}

/* How long a pointer was, to go back to. */
struct mark {
    size_t pointer, pattern;
    bool pointer_full, pattern_full;
};

static struct mark mark_of(const struct json_comparison *c)
{
    return (struct mark){ c->pointer.n, c->pattern.n, c->pointer.full, c->pattern.full };
}

static void go_back(struct json_comparison *c, struct mark m)
{
    c->pointer.n = m.pointer;
    c->pointer.full = m.pointer_full;
    c->pattern.n = m.pattern;
    c->pattern.full = m.pattern_full;
}

static void enter_member(struct json_comparison *c, const char *name, bool any)
{
    if (!c->pointer.full) {
        compare_print_name(&c->pointer, name);
    }
    if (!c->pattern.full) {
        compare_print_name(&c->pattern, any ? "*" : name);
    }
}

/* B as text, owned by CTX; cut within no character of UTF-8. */
static char *text_of(void *ctx, const struct buf *b)
{
    size_t n = b->n;
    while (b->full && n > 0 && ((unsigned char)b->p[n - 1] & 0xc0) == 0x80) {
        n--;
    }
    n -= b->full && n > 0 && (unsigned char)b->p[n - 1] >= 0xc0;
    return mem_printf(ctx, "%.*s%s", (int)n, n > 0 ? b->p : "", b->full ? "…" : "");
}

/* Whether the names below a member NAME are those of platforms, locales or releases: many of the same kind.
 */
static bool has_any_names(const char *name)
{
    return name != NULL && (strcmp(name, "platforms") == 0 || strcmp(name, "locales") == 0 ||
                            strcmp(name, "partials") == 0 || strcmp(name, "completes") == 0);
}

/* ---- values ---- */

static bool is_simple(const cJSON *value)
{
    return value != NULL && !cJSON_IsObject(value) && !cJSON_IsArray(value);
}

/* Whether two simple values are the same, as JSON: true is not 1. */
static bool is_same(const cJSON *a, const cJSON *b)
{
    return (a->type & 0xff) == (b->type & 0xff) && (!cJSON_IsNumber(a) || a->valuedouble == b->valuedouble) &&
           (!cJSON_IsString(a) || strcmp(a->valuestring, b->valuestring) == 0);
}

static bool is_same_or_absent(const cJSON *a, const cJSON *b)
{
    return (a == NULL && b == NULL) || (is_simple(a) && is_simple(b) && is_same(a, b));
}

/* Adds VALUE (NULL: nothing) to CHANGE as NAME, or its size as SIZE_NAME. Returns the bytes that it takes. */
static size_t add_value(cJSON *change, const char *name, const char *size_name, const cJSON *value)
{
    struct buf text;
    if (value == NULL) {
        return 0;
    }
    buf_init(&text, 0, SIZE_MAX / 2);
    json_print(&text, value, JSON_COMPACT);
    size_t n = text.n;
    buf_free(&text);
    if (n > COMPARE_VALUE_MAX) {
        mem_check(cJSON_AddNumberToObject(change, size_name, (double)n));
        return sizeof "old_bytes";
    }
    cJSON_AddItemToObject(change, name, mem_check(cJSON_Duplicate(value, true)));
    return n;
}

/* A description of the change at the present pointer, to be owned by the caller. */
static cJSON *describe_change(struct json_comparison *c, enum compare_op op, const cJSON *old,
                              const cJSON *new, size_t *bytes)
{
    cJSON *change = mem_check(cJSON_CreateObject());
    char *pointer = text_of(NULL, &c->pointer);
    mem_check(cJSON_AddStringToObject(change, "op", op_names[op]));
    mem_check(cJSON_AddStringToObject(change, "pointer", pointer));
    talloc_free(pointer);
    *bytes = c->pointer.n + add_value(change, "old", "old_bytes", old) +
             add_value(change, "new", "new_bytes", new);
    return change;
}

/* ---- recording ---- */

/* The group of OP at the present pattern; NULL if there is none, and no room for it. */
static struct change_group *find_group(struct json_comparison *c, enum compare_op op)
{
    struct str pattern = buf_view(&c->pattern);
    unsigned at = (str_hash(pattern) + op) % GROUP_SLOTS;
    for (; c->slot[at] != 0; at = (at + 1) % GROUP_SLOTS) {
        struct change_group *g = &c->group[c->slot[at] - 1];
        if (g->op == op && strlen(g->pattern) == pattern.n && memcmp(g->pattern, pattern.p, pattern.n) == 0) {
            return g;
        }
    }
    if (c->n_groups == COMPARE_GROUPS_MAX) {
        return NULL;
    }
    struct change_group *g = &c->group[c->n_groups++];
    c->slot[at] = (unsigned short)c->n_groups;
    g->op = op;
    g->pattern = mem_strndup(c->ctx, pattern.p, pattern.n);
    return g;
}

static void add_to_group(struct json_comparison *c, enum compare_op op, const cJSON *old, const cJSON *new)
{
    size_t bytes;
    struct change_group *g = c->pattern.full ? NULL : find_group(c, op);
    if (g == NULL) {
        c->ungrouped++;
        return;
    }
    if (g->count++ == 0) {
        g->old = old;
        g->new = new;
        g->uniform = is_same_or_absent(old, old) && is_same_or_absent(new, new);
        g->example = describe_change(c, op, old, new, &bytes);
        return;
    }
    g->uniform = g->uniform && is_same_or_absent(g->old, old) && is_same_or_absent(g->new, new);
}

static void add_to_page(struct json_comparison *c, enum compare_op op, const cJSON *old, const cJSON *new)
{
    size_t bytes;
    int64_t at = c->seen++;
    if (at < c->page->skip || c->page_is_full) {
        return;
    }
    if (c->listed == c->page->limit || c->bytes > COMPARE_PAGE_BYTES) {
        c->page_is_full = true;
        c->next = at;
        return;
    }
    cJSON_AddItemToArray(c->changes, describe_change(c, op, old, new, &bytes));
    c->bytes += bytes;
    c->listed++;
}

static void record_change(struct json_comparison *c, const cJSON *old, const cJSON *new)
{
    enum compare_op op = old == NULL ? OP_ADDED : new == NULL ? OP_REMOVED : OP_CHANGED;
    c->count[op]++;
    add_to_group(c, op, old, new);
    add_to_page(c, op, old, new);
}

/* ---- walking ---- */

static void compare_values(struct json_comparison *c, const cJSON *old, const cJSON *new, const char *name);

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* The members of OBJECT, sorted; free() them. */
static const cJSON **members_of(const cJSON *object, size_t *n)
{
    size_t i = 0;
    *n = (size_t)cJSON_GetArraySize(object);
    const cJSON **list = mem_check(malloc((*n + 1) * sizeof *list));
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        list[i++] = item;
    }
    qsort(list, *n, sizeof *list, by_name);
    return list;
}

static void walk_objects(struct json_comparison *c, const cJSON *old, const cJSON *new, const char *name)
{
    size_t n, m, i = 0, j = 0;
    const cJSON **olds = members_of(old, &n), **news = members_of(new, &m);
    const struct mark mark = mark_of(c);
    bool any = has_any_names(name);
    while (i < n || j < m) {
        int order = i == n ? 1 : j == m ? -1 : strcmp(olds[i]->string, news[j]->string);
        const cJSON *a = order <= 0 ? olds[i++] : NULL, *b = order >= 0 ? news[j++] : NULL;
        const char *member = a != NULL ? a->string : b->string;
        enter_member(c, member, any);
        compare_values(c, a, b, member);
        go_back(c, mark);
    }
    free(olds);
    free(news);
}

static void walk_arrays(struct json_comparison *c, const cJSON *old, const cJSON *new)
{
    const cJSON *a = old->child, *b = new->child;
    const struct mark mark = mark_of(c);
    for (unsigned i = 0; a != NULL || b != NULL; i++) {
        char *index = mem_printf(NULL, "%u", i);
        enter_member(c, index, true);
        talloc_free(index);
        compare_values(c, a, b, NULL);
        go_back(c, mark);
        a = a != NULL ? a->next : NULL;
        b = b != NULL ? b->next : NULL;
    }
}

/* NAME is that of the member, NULL in an array. */
static void compare_values(struct json_comparison *c, const cJSON *old, const cJSON *new, const char *name)
{
    if (cJSON_IsObject(old) && cJSON_IsObject(new)) {
        walk_objects(c, old, new, name);
    } else if (cJSON_IsArray(old) && cJSON_IsArray(new)) {
        walk_arrays(c, old, new);
    } else if (old == NULL || new == NULL || !is_simple(old) || !is_simple(new) || !is_same(old, new)) {
        record_change(c, old, new);
    }
}

/* ---- the answer ---- */

static cJSON *groups_of(struct json_comparison *c)
{
    cJSON *groups = mem_check(cJSON_CreateArray());
    for (unsigned i = 0; i < c->n_groups; i++) {
        struct change_group *g = &c->group[i];
        cJSON *group = mem_check(cJSON_CreateObject());
        mem_check(cJSON_AddStringToObject(group, "op", op_names[g->op]));
        mem_check(cJSON_AddStringToObject(group, "pattern", g->pattern));
        mem_check(cJSON_AddNumberToObject(group, "count", (double)g->count));
        mem_check(cJSON_AddBoolToObject(group, "uniform", g->uniform));
        cJSON_AddItemToObject(group, "example", g->example);
        cJSON_AddItemToArray(groups, group);
    }
    return groups;
}

static cJSON *answer_of(struct json_comparison *c)
{
    cJSON *answer = mem_check(cJSON_CreateObject());
    cJSON *summary = mem_check(cJSON_AddObjectToObject(answer, "summary"));
    for (unsigned op = 0; op < OP_COUNT; op++) {
        mem_check(cJSON_AddNumberToObject(summary, op_names[op], (double)c->count[op]));
    }
    cJSON_AddItemToObject(answer, "groups", groups_of(c));
    mem_check(cJSON_AddNumberToObject(answer, "ungrouped", (double)c->ungrouped));
    cJSON_AddItemToObject(answer, "changes", c->changes);
    cJSON_AddItemToObject(
        answer, "next",
        mem_check(c->page_is_full ? cJSON_CreateNumber((double)c->next) : cJSON_CreateNull()));
    return answer;
}

/* The last name in the pointer ROOT, with which the names below are judged. */
static const char *last_name(const char *root)
{
    const char *slash = strrchr(root, '/');
    return slash != NULL ? slash + 1 : NULL;
}

cJSON *compare_json(const cJSON *old, const cJSON *new, const char *root, const struct compare_page *page)
{
    void *ctx = mem_check(talloc_new(NULL));
    struct json_comparison *c = mem_new(ctx, struct json_comparison);
    c->ctx = ctx;
    c->page = page;
    c->changes = mem_check(cJSON_CreateArray());
    buf_init(&c->pointer, 64, COMPARE_POINTER_MAX);
    buf_init(&c->pattern, 64, COMPARE_POINTER_MAX);
    buf_str(&c->pointer, str_of(root));
    buf_str(&c->pattern, str_of(root));
    if (old != NULL || new != NULL) {
        compare_values(c, old, new, last_name(root));
    }
    cJSON *answer = answer_of(c);
    buf_free(&c->pointer);
    buf_free(&c->pattern);
    talloc_free(ctx);
    return answer;
}
