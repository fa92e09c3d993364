/* Every function recurses; the parser has limited how deep a value is nested. */
#include "blob/tree.h"

#include "core/mem.h"

#include <stdlib.h>

enum { FEW = 16 };

static int by_name(const void *a, const void *b)
{
    const cJSON *const *x = a;
    const cJSON *const *y = b;
    return strcmp((*x)->string, (*y)->string);
}

void tree_index_init(struct tree_index *ix, const cJSON *object)
{
    *ix = (struct tree_index){ .object = object, .n = (size_t)cJSON_GetArraySize(object) };
    if (ix->n <= FEW) {
        return;
    }
    ix->item = mem_check(malloc(ix->n * sizeof(cJSON *)));
    size_t n = 0;
    for (const cJSON *child = object->child; child != NULL; child = child->next) {
        ix->item[n++] = child;
    }
    qsort(ix->item, n, sizeof(cJSON *), by_name);
}

void tree_index_free(struct tree_index *ix)
{
    free(ix->item);
}

static int name_against(const void *name, const void *item)
{
    const cJSON *const *x = item;
    return strcmp(name, (*x)->string);
}

const cJSON *tree_index_get(const struct tree_index *ix, const char *name)
{
    if (ix->item == NULL) {
        return cJSON_GetObjectItemCaseSensitive(ix->object, name);
    }
    const cJSON *const *found = bsearch(name, ix->item, ix->n, sizeof(cJSON *), name_against);
    return found != NULL ? *found : NULL;
}

static bool is_numeric(const cJSON *value)
{
    return cJSON_IsNumber(value) || cJSON_IsBool(value);
}

static double number(const cJSON *value)
{
    return cJSON_IsNumber(value) ? value->valuedouble : cJSON_IsTrue(value);
}

static bool lists_equal(const cJSON *a, const cJSON *b)
{
    const cJSON *x = a->child;
    const cJSON *y = b->child;
    while (x != NULL && y != NULL && tree_equal(x, y)) {
        x = x->next;
        y = y->next;
    }
    return x == NULL && y == NULL;
}

static bool objects_equal(const cJSON *a, const cJSON *b)
{
    struct tree_index ix;
    tree_index_init(&ix, b);
    bool equal = ix.n == (size_t)cJSON_GetArraySize(a);
    for (const cJSON *x = a->child; equal && x != NULL; x = x->next) {
        equal = tree_equal(x, tree_index_get(&ix, x->string));
    }
    tree_index_free(&ix);
    return equal;
}

bool tree_equal(const cJSON *a, const cJSON *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (is_numeric(a) && is_numeric(b)) {
        return number(a) == number(b);
    }
    if ((a->type & 0xff) != (b->type & 0xff)) {
        return false;
    }
    if (cJSON_IsString(a)) {
        return strcmp(a->valuestring, b->valuestring) == 0;
    }
    if (cJSON_IsArray(a)) {
        return lists_equal(a, b);
    }
    return !cJSON_IsObject(a) || objects_equal(a, b);
}

static uint32_t number_hash(double d)
{
    char bytes[sizeof d];
    d += 0.0; /* -0.0 equals 0.0 */
    memcpy(bytes, &d, sizeof d);
    return str_hash((struct str){ bytes, sizeof bytes });
}

uint32_t tree_hash(const cJSON *value)
{
    enum { PRIME = 16777619 };
    if (is_numeric(value)) {
        return number_hash(number(value));
    }
    if (cJSON_IsString(value)) {
        return str_hash(str_of(value->valuestring));
    }
    uint32_t hash = (uint32_t)(value->type & 0xff);
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        hash = cJSON_IsObject(value) ? hash + tree_hash(child) * (str_hash(str_of(child->string)) | 1)
                                     : hash * PRIME + tree_hash(child);
    }
    return hash;
}

/* Prints the character at S[i] and returns its length in bytes. */
static size_t repr_char(struct buf *out, struct str s, size_t i, char quote)
{
    static const char plain[] = "\\\n\r\t";
    static const char letter[] = "\\nrt";
    unsigned char c = (unsigned char)s.p[i];
    unsigned char next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
    const char *at = c != 0 ? strchr(plain, c) : NULL;
    if (at != NULL || c == (unsigned char)quote) {
        buf_char(out, '\\');
        buf_char(out, at != NULL ? letter[at - plain] : quote);
    } else if (c < ' ' || c == 0x7f) {
        buf_printf(out, "\\x%02x", c);
    } else if (c == 0xc2 && next >= 0x80 && (next <= 0xa0 || next == 0xad)) {
        buf_printf(out, "\\x%02x", next);
        return 2;
    } else {
        buf_char(out, (char)c);
    }
    return 1;
}

void tree_repr_string(struct buf *out, struct str s)
{
    char quote = str_contains(s, STR("'")) && !str_contains(s, STR("\"")) ? '"' : '\'';
    buf_char(out, quote);
    for (size_t i = 0; i < s.n;) {
        i += repr_char(out, s, i, quote);
    }
    buf_char(out, quote);
}

void tree_repr(struct buf *out, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        tree_repr_string(out, str_of(value->valuestring));
        return;
    }
    if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) {
        json_print_str(out, value);
        return;
    }
    buf_char(out, cJSON_IsObject(value) ? '{' : '[');
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        if (cJSON_IsObject(value)) {
            tree_repr_string(out, str_of(child->string));
            buf_lit(out, ": ");
        }
        tree_repr(out, child);
        buf_str(out, child->next != NULL ? STR(", ") : STR(""));
    }
    buf_char(out, cJSON_IsObject(value) ? '}' : ']');
}
