/* See signoff_invalid.h. */
#include "store/signoff_invalid.h"

#include "store/signoff_content.h"

#include <stdlib.h>

/* What a sign-off covers, as it was stored. */
struct stored_content {
    int64_t sc_id;
    const char *username;
    const char *content;
};

static int compare_contents(const void *a, const void *b)
{
    const struct stored_content *x = a, *y = b;
    return x->sc_id != y->sc_id ? (x->sc_id > y->sc_id) - (x->sc_id < y->sc_id)
                                : strcmp(x->username, y->username);
}

/* What the sign-offs of pending changes of T cover, sorted; ONLY is the one change that is wanted, or 0. */
static bool read_contents(struct tx *tx, const struct table *t, int64_t only, struct stored_content **list,
                          size_t *n, struct error *e)
{
    const struct db_value params[] = { DB_S(str_of(t->name)), DB_I(only) };
    char *sql = mem_printf(tx->mem,
                           "SELECT g.sc_id, g.username, g.content FROM balrog_signoff_content g"
                           " JOIN `%s` s ON s.sc_id = g.sc_id WHERE g.base_table = ? AND s.complete = 0%s",
                           t->scheduled->name, only != 0 ? " AND g.sc_id = ?" : "");
    struct db_rows *rows = db_query(tx->db, sql, params, only != 0 ? 2 : 1, e);
    *list = mem_array(tx->mem, struct stored_content, 16);
    *n = 0;
    while (db_next(rows, e)) {
        *list = mem_grow(tx->mem, *list, struct stored_content, *n);
        (*list)[(*n)++] = (struct stored_content){ .sc_id = db_int(rows, 0),
                                                   .username = mem_str(tx->mem, db_text(rows, 1)).p,
                                                   .content = mem_str(tx->mem, db_text(rows, 2)).p };
    }
    bool ok = db_finish(rows);
    qsort(*list, *n, sizeof **list, compare_contents);
    return ok;
}

static size_t count_signoffs(cJSON *const *changes, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += (size_t)cJSON_GetArraySize(json_get(changes[i], "signoffs"));
    }
    return count;
}

/* Fills CASES, one for each sign-off of CHANGE. Returns how many. */
static size_t make_cases(const cJSON *change, const struct stored_content *contents, size_t n_contents,
                         struct signoff_case *cases)
{
    size_t n = 0;
    const cJSON *signoff;
    cJSON_ArrayForEach(signoff, json_get(change, "signoffs"))
    {
        const struct stored_content key = { .sc_id = row_int(change, "sc_id"), .username = signoff->string };
        const struct stored_content *found =
            bsearch(&key, contents, n_contents, sizeof key, compare_contents);
        cases[n++] = (struct signoff_case){ .sc_id = key.sc_id,
                                            .username = signoff->string,
                                            .role = signoff->valuestring,
                                            .content = found != NULL ? found->content : NULL };
    }
    return n;
}

static void add_reasons(cJSON *change, const struct signoff_case *cases, size_t n)
{
    cJSON *invalid = NULL;
    for (size_t i = 0; i < n; i++) {
        if (cases[i].invalid == NULL) {
            continue;
        }
        if (invalid == NULL) {
            invalid = mem_check(cJSON_AddObjectToObject(change, "invalid_signoffs"));
        }
        cJSON_AddItemToObject(invalid, cases[i].username, mem_check(cJSON_Duplicate(cases[i].invalid, true)));
    }
}

bool signoff_add_invalid(struct tx *tx, const struct table *t, cJSON *const *changes, size_t n,
                         struct error *e)
{
    struct stored_content *contents;
    size_t n_contents, n_cases = count_signoffs(changes, n), at = 0;
    if (n_cases == 0) {
        return true;
    }
    int64_t only = n == 1 ? row_int(changes[0], "sc_id") : 0;
    struct signoff_case *cases = mem_array(tx->mem, struct signoff_case, n_cases);
    if (!read_contents(tx, t, only, &contents, &n_contents, e) ||
        (tx->request->read_only && !access_prefetch(tx, e))) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        at += make_cases(changes[i], contents, n_contents, &cases[at]);
    }
    if (!signoff_judge(tx, cases, n_cases, e)) {
        return false;
    }
    at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t count = (size_t)cJSON_GetArraySize(json_get(changes[i], "signoffs"));
        add_reasons(changes[i], &cases[at], count);
        at += count;
    }
    return true;
}
