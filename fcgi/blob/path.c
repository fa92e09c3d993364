/* Keeps the nodes from a blob's root to the place that an error is about, and prints them for people. */
#include "blob/path.h"

#include "core/python.h"

enum {
    TEXT_SHOWN_MAX = 60,   /* bytes of a text or name that are shown */
    SMALL_BYTES_MAX = 120, /* a list or object of more text is not shown */
};

void blob_path_enter(struct blob_path *path, const cJSON *node)
{
    if (path->n < BLOB_PATH_MAX) {
        path->node[path->n] = node;
    }
    path->n++;
}

void blob_path_leave(struct blob_path *path)
{
    path->n--;
}

static bool find_below(struct blob_path *path, const cJSON *parent, const cJSON *node)
{
    for (const cJSON *child = parent->child; child != NULL; child = child->next) {
        blob_path_enter(path, child);
        if (child == node || find_below(path, child, node)) {
            return true;
        }
        blob_path_leave(path);
    }
    return false;
}

bool blob_path_find(struct blob_path *path, const cJSON *blob, const cJSON *node)
{
    path->n = 0;
    return find_below(path, blob, node);
}

static bool is_plain_name(const char *name)
{
    for (const char *p = name; *p != '\0'; p++) {
        bool is_letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!is_letter && !(*p >= '0' && *p <= '9') && strchr("_-*", *p) == NULL) {
            return false;
        }
    }
    return *name != '\0' && strlen(name) <= TEXT_SHOWN_MAX;
}

static size_t index_in_array(const cJSON *list, const cJSON *item)
{
    size_t i = 0;
    for (const cJSON *child = list->child; child != NULL && child != item; child = child->next) {
        i++;
    }
    return i;
}

void blob_path_print(struct buf *out, const struct blob_path *path, const cJSON *blob)
{
    buf_str(out, path->n > 0 ? STR(" at ") : STR(""));
    for (size_t i = 0; i < path->n && i < BLOB_PATH_MAX; i++) {
        const cJSON *parent = i > 0 ? path->node[i - 1] : blob, *node = path->node[i];
        if (cJSON_IsArray(parent)) {
            buf_printf(out, "[%zu]", index_in_array(parent, node));
        } else if (is_plain_name(node->string)) {
            buf_printf(out, "%s%s", i > 0 ? "." : "", node->string);
        } else {
            buf_char(out, '[');
            blob_path_print_name(out, str_of(node->string));
            buf_char(out, ']');
        }
    }
}

void blob_path_print_name(struct buf *out, struct str name)
{
    if (name.n <= TEXT_SHOWN_MAX) {
        python_repr_string(out, name);
        return;
    }
    size_t n = TEXT_SHOWN_MAX;
    while (n > 0 && ((unsigned char)name.p[n] & 0xc0) == 0x80) {
        n--; /* not within a character */
    }
    python_repr_string(out, str_slice(name, 0, n));
    buf_lit(out, "...");
}

/* Whether the contents of VALUE fit into *LEFT bytes. *LEFT is reduced by their size. */
static bool is_small(const cJSON *value, size_t *left)
{
    enum { BYTES_OF_ANY = 6 };
    size_t n = BYTES_OF_ANY + (cJSON_IsString(value) ? strlen(value->valuestring) : 0) +
               (value->string != NULL ? strlen(value->string) : 0);
    if (n > *left) {
        return false;
    }
    *left -= n;
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        if (!is_small(child, left)) {
            return false;
        }
    }
    return true;
}

void blob_path_print_value(struct buf *out, const cJSON *value)
{
    size_t left = SMALL_BYTES_MAX + (value->string != NULL ? strlen(value->string) : 0);
    if (cJSON_IsString(value)) {
        blob_path_print_name(out, str_of(value->valuestring));
    } else if (is_small(value, &left)) {
        python_repr(out, value);
    } else {
        buf_str(out, cJSON_IsObject(value) ? STR("{...}") : STR("[...]"));
    }
}
