/* See release_links.h. Links are followed breadth first, with one statement per name: almost all releases
 * have no links. */
#include "store/release_links.h"

#include "store/row.h"

#include <limits.h>

void release_names_add(cJSON *names, const char *name)
{
    const cJSON *item;
    if (name == NULL || name[0] == '\0') {
        return;
    }
    cJSON_ArrayForEach(item, names)
    {
        if (strcmp(item->valuestring, name) == 0) {
            return;
        }
    }
    cJSON_AddItemToArray(names, mem_check(cJSON_CreateString(name)));
}

void release_names_add_members(cJSON *names, const cJSON *blob)
{
    const cJSON *member;
    int room = RELEASE_MEMBERS_MAX + 1; /* one more than allowed, so that too many are noticed */
    cJSON_ArrayForEach(member, json_get_array(blob, "blobs"))
    {
        if (room-- == 0) {
            break;
        }
        release_names_add(names, cJSON_GetStringValue(member));
    }
}

/* Runs SQL, which has NAME as its only parameter, and adds the first column of its rows to NAMES. Rows whose
 * second column differs from NAME are left out: the collation of an adopted database may be lax. */
static bool add_linked(struct tx *tx, const char *sql, const char *name, cJSON *names, struct error *e)
{
    const struct db_value param = DB_S(str_of(name));
    cJSON *found = tx_keep(tx, mem_check(cJSON_CreateArray()));
    struct db_rows *rows = db_query(tx->db, sql, &param, 1, e);
    while (db_next(rows, e)) {
        if (str_eq(db_text(rows, 1), str_of(name))) {
            cJSON_AddItemToArray(found, json_text(db_text(rows, 0)));
        }
    }
    bool ok = db_finish(rows);
    for (const cJSON *item = found->child; item != NULL; item = item->next) {
        release_names_add(names, item->valuestring);
    }
    return ok;
}

/* Adds what SQL finds for each name in NAMES, and for what was found. Fails with FAIL_INVALID if NAMES has
 * more than MAX names then. */
static bool walk_links(struct tx *tx, const char *sql, cJSON *names, int max, struct error *e)
{
    const cJSON *next = names->child;
    for (unsigned depth = 0; depth < RELEASE_LINKS_DEPTH && next != NULL; depth++) {
        const cJSON *last = names->child->prev;
        while (next != NULL) {
            bool end = next == last;
            if (!add_linked(tx, sql, next->valuestring, names, e)) {
                return false;
            }
            if (cJSON_GetArraySize(names) > max) {
                return fail(e, FAIL_INVALID,
                            "A superblob that leads to more than %d releases cannot be signed off", max);
            }
            next = next->next;
            if (end) {
                break;
            }
        }
    }
    return true;
}

bool release_superblobs_of(struct tx *tx, const char *name, cJSON **superblobs, struct error *e)
{
    *superblobs = tx_keep(tx, mem_check(cJSON_CreateArray()));
    release_names_add(*superblobs, name);
    char *sql = mem_printf(tx->mem, "SELECT superblob, member FROM balrog_release_members WHERE member = ?%s",
                           tx_share(tx));
    if ((*superblobs)->child == NULL) {
        return true;
    }
    if (!walk_links(tx, sql, *superblobs, INT_MAX, e)) {
        return false;
    }
    cJSON_DeleteItemFromArray(*superblobs, 0);
    return true;
}

bool release_add_members(struct tx *tx, cJSON *names, struct error *e)
{
    char *sql = mem_printf(tx->mem,
                           "SELECT member, superblob FROM balrog_release_members"
                           " WHERE tbl IN ('releases', 'releases_json') AND superblob = ? LIMIT %d%s",
                           RELEASE_MEMBERS_MAX + 1, tx_share(tx));
    return walk_links(tx, sql, names, RELEASE_MEMBERS_MAX, e);
}
