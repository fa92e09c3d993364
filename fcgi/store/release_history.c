/* See release_history.h.
 *
 * The versions of a row are numbered by steps, counted from a key frame, which contains the whole text. Each
 * tenth step is stored as the difference from the tenth step before it, every other step as the difference
 * from the step before it. So writing a version mostly needs only the text that it replaces, and reading one
 * takes few steps.
 *
 * The caller has locked the row. Its head is inserted, or read if it is there, by its whole key, which
 * locks only this head. A search for the newest version would also lock the gaps around it, and block others
 * that write to neighbouring rows. */
#include "store/release_history.h"

#include "store/frame.h"

#include <openssl/sha.h>

enum {
    KEY_EVERY = 100, /* steps from one key frame to the next */
    SPAN = 10,       /* every SPAN-th step is the difference from the SPAN-th before it */
    CHAIN_MAX = KEY_EVERY / SPAN + SPAN,
};

/* A row, and the newest version in its history. */
struct head {
    struct db_value row[3]; /* table, name, path */
    int64_t change_id;      /* 0: nothing is recorded since the row was last deleted */
    int64_t data_version;
    int64_t step;
    int64_t tenth; /* the change_id of the last step that is a multiple of SPAN */
    unsigned char digest[SHA256_DIGEST_LENGTH];
};

/* The row in its table, before it is written. */
struct present {
    bool there;
    int64_t data_version;
    struct str text;
    unsigned char digest[SHA256_DIGEST_LENGTH];
};

/* What release_history_seen() was told. */
struct seen_release {
    const char *table, *name, *path;
    int64_t data_version;
    struct str text;
};

static struct head head_of(struct recorded_row row)
{
    return (
        struct head){ .row = { DB_S(str_of(row.table)), DB_S(str_of(row.name)), DB_S(str_of(row.path)) } };
}

static struct str copy_of(struct tx *tx, struct str s)
{
    return str_absent(s) ? s : (struct str){ mem_strndup(tx->mem, s.p, s.n), s.n };
}

static void digest_of(struct str text, unsigned char digest[SHA256_DIGEST_LENGTH])
{
    SHA256((const unsigned char *)text.p, text.n, digest);
}

/* ---- reading ---- */

/* An entry as it is stored. */
struct entry {
    int64_t base; /* the change_id that it is a difference from; 0: it is a key frame */
    size_t size;
    struct str frame;
};

static bool read_entry(struct tx *tx, int64_t change_id, struct entry *entry, struct error *e)
{
    bool found;
    char *sql = mem_printf(
        tx->mem, "SELECT base, size, frame FROM balrog_release_history WHERE change_id = ?%s", tx_share(tx));
    struct db_rows *rows = db_query(tx->db, sql, &DB_I(change_id), 1, e);
    found = db_next(rows, e);
    if (found) {
        *entry = (struct entry){ db_int(rows, 0), (size_t)db_int(rows, 1), copy_of(tx, db_text(rows, 2)) };
    }
    bool ok = db_finish(rows);
    if (ok && (!found || str_absent(entry->frame))) {
        return error_set(e, ERROR_INTERNAL, "release history: there is no version %lld",
                         (long long)change_id);
    }
    return ok;
}

bool release_history_change(struct tx *tx, int64_t change_id, struct str *json, struct error *e)
{
    struct entry chain[CHAIN_MAX];
    unsigned n = 0;
    for (int64_t id = change_id; id != 0; id = chain[n++].base) {
        if (n == CHAIN_MAX) {
            return error_set(e, ERROR_INTERNAL, "release history: version %lld has too many bases",
                             (long long)change_id);
        }
        if (!read_entry(tx, id, &chain[n], e)) {
            return false;
        }
    }
    *json = STR_NONE;
    while (n > 0) {
        struct str base = *json;
        n--;
        *json = frame_unpack(tx->mem, chain[n].frame, base, chain[n].size, e);
        talloc_free((char *)base.p);
        if (str_absent(*json)) {
            return error_prefix(e, "release history: version %lld", (long long)change_id);
        }
    }
    return true;
}

/* Finds the entry of the row H at DATA_VERSION, which starts at 1 again if a row is deleted and inserted
 * again. *CHANGE_ID is 0 if there is none. TAIL: how rows are locked. */
static bool find_version(struct tx *tx, const struct head *h, int64_t data_version, const char *tail,
                         int64_t *change_id, struct error *e)
{
    const struct db_value params[] = {
        h->row[0], h->row[1], h->row[2], DB_I(data_version), h->row[0], h->row[1], h->row[2],
    };
    char *sql = mem_printf(tx->mem,
                           "SELECT MAX(change_id) FROM balrog_release_history"
                           " WHERE tbl = ? AND name = ? AND path = ? AND data_version = ? AND size > 0"
                           " AND change_id >= (SELECT COALESCE(MAX(change_id), 0)"
                           " FROM balrog_release_history WHERE tbl = ? AND name = ? AND path = ?"
                           " AND (size = 0 OR data_version = 1))%s",
                           tail);
    struct db_rows *rows = db_query(tx->db, sql, params, ARRAY_LEN(params), e);
    *change_id = db_next(rows, e) ? db_int(rows, 0) : 0;
    return db_finish(rows);
}

/* A version may have been recorded after the snapshot of TX was taken: the one that others wrote, by the
 * first write of ours, for which TX has waited. So what is missing is searched for among the newest rows,
 * too. */
bool release_history_read(struct tx *tx, struct recorded_row row, int64_t data_version, struct str *json,
                          struct error *e)
{
    int64_t change_id;
    const struct head h = head_of(row);
    *json = STR_NONE;
    if (!find_version(tx, &h, data_version, "", &change_id, e) ||
        (change_id == 0 && !tx->request->read_only &&
         !find_version(tx, &h, data_version, tx_share(tx), &change_id, e))) {
        return false;
    }
    return change_id == 0 || release_history_change(tx, change_id, json, e);
}

bool release_history_list(struct tx *tx, struct recorded_row row, int64_t from, int64_t limit, cJSON **list,
                          struct error *e)
{
    static const struct table columns = {
        .name = "balrog_release_history",
        .column = { { "change_id", COLUMN_INT, 0 },
                    { "data_version", COLUMN_INT, 0 },
                    { "deleted", COLUMN_BOOL, 0 },
                    { "changed_by", COLUMN_TEXT, 0 },
                    { "timestamp", COLUMN_INT, 0 },
                    { "size", COLUMN_INT, 0 } },
    };
    const struct head h = head_of(row);
    const struct db_value params[] = { h.row[0], h.row[1], h.row[2], DB_I(limit), DB_I(from) };
    struct db_rows *rows = db_query(tx->db,
                                    "SELECT change_id, data_version, size = 0, changed_by, timestamp, size"
                                    " FROM balrog_release_history WHERE tbl = ? AND name = ? AND path = ?"
                                    " ORDER BY change_id DESC LIMIT ? OFFSET ?",
                                    params, ARRAY_LEN(params), e);
    *list = tx_keep(tx, mem_check(cJSON_CreateArray()));
    while (db_next(rows, e)) {
        cJSON_AddItemToArray(*list, table_row(&columns, rows));
    }
    return db_finish(rows);
}

/* ---- the head ---- */

/* Reads and locks the head H. If it is missing, it is inserted. */
static bool lock_head(struct tx *tx, struct head *h, struct error *e)
{
    struct db_rows *rows = db_query(tx->db,
                                    "INSERT INTO balrog_release_heads (tbl, name, path) VALUES (?, ?, ?)"
                                    " ON DUPLICATE KEY UPDATE tbl = VALUES(tbl)"
                                    " RETURNING change_id, data_version, step, tenth, digest",
                                    h->row, 3, e);
    if (db_next(rows, e)) {
        struct str digest = db_text(rows, 4);
        h->change_id = db_int(rows, 0);
        h->data_version = db_int(rows, 1);
        h->step = db_int(rows, 2);
        h->tenth = db_int(rows, 3);
        memcpy(h->digest, digest.p != NULL ? digest.p : "",
               digest.n < sizeof h->digest ? digest.n : sizeof h->digest);
    }
    return db_finish(rows);
}

static bool save_head(struct tx *tx, const struct head *h, struct error *e)
{
    const struct db_value nothing = { .type = DB_NULL };
    bool is = h->change_id != 0;
    const struct db_value params[] = {
        h->row[0],
        h->row[1],
        h->row[2],
        is ? DB_I(h->change_id) : nothing,
        is ? DB_I(h->data_version) : nothing,
        is ? DB_I(h->step) : nothing,
        is ? DB_I(h->tenth) : nothing,
        is ? DB_S(((struct str){ (const char *)h->digest, sizeof h->digest })) : nothing,
    };
    return db_execute(
        tx->db,
        "INSERT INTO balrog_release_heads (tbl, name, path, change_id, data_version, step, tenth,"
        " digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
        " change_id = VALUES(change_id), data_version = VALUES(data_version),"
        " step = VALUES(step), tenth = VALUES(tenth), digest = VALUES(digest)",
        params, ARRAY_LEN(params), NULL, NULL, e);
}

/* ---- writing ---- */

void release_history_seen(struct tx *tx, struct recorded_row row, int64_t data_version, struct str json)
{
    struct seen_release *seen = mem_new(tx->lasting, struct seen_release);
    *seen = (struct seen_release){ .table = mem_strdup(seen, row.table),
                                   .name = mem_strdup(seen, row.name),
                                   .path = mem_strdup(seen, row.path),
                                   .data_version = data_version,
                                   .text = { talloc_steal(seen, json.p), json.n } };
    talloc_free(tx->seen);
    tx->seen = seen;
}

static void set_present(struct present *now, int64_t data_version, struct str text)
{
    now->there = true;
    now->data_version = data_version;
    now->text = text.n == 0 ? STR("null") : text;
    digest_of(now->text, now->digest);
}

/* Moves what was seen of H's row to NOW. What is known of another row may be out of date soon. */
static bool take_seen(struct tx *tx, const struct head *h, struct present *now)
{
    struct seen_release *seen = tx->seen;
    tx->seen = NULL;
    if (seen == NULL) {
        return false;
    }
    talloc_steal(tx->mem, seen);
    bool same = str_eq(h->row[0].text, str_of(seen->table)) && str_eq(h->row[1].text, str_of(seen->name)) &&
                str_eq(h->row[2].text, str_of(seen->path));
    if (same) {
        set_present(now, seen->data_version, seen->text);
    }
    return same;
}

static bool read_present(struct tx *tx, const struct head *h, struct present *now, struct error *e)
{
    *now = (struct present){ .there = false };
    if (take_seen(tx, h, now)) {
        return true;
    }
    bool of_asset = strcmp(h->row[0].text.p, "release_assets") == 0;
    char *sql =
        mem_printf(tx->mem, "SELECT data_version, data, name, %s FROM `%s` WHERE name = ?%s FOR UPDATE",
                   of_asset ? "path" : "''", h->row[0].text.p, of_asset ? " AND path = ?" : "");
    struct db_rows *rows = db_query(tx->db, sql, &h->row[1], of_asset ? 2 : 1, e);
    while (db_next(rows, e)) {
        if (str_eq(db_text(rows, 2), h->row[1].text) && str_eq(db_text(rows, 3), h->row[2].text)) {
            set_present(now, db_int(rows, 0), copy_of(tx, db_text(rows, 1)));
        }
    }
    return db_finish(rows);
}

/* The change_id of the version from which the step STEP after H is stored as a difference; 0: it is a key
 * frame. */
static int64_t base_of(const struct head *h, int64_t step)
{
    return step == 0 ? 0 : step % SPAN == 0 ? h->tenth : h->change_id;
}

/* The text of BASE. That is often NOW, the row in its table, so that nothing has to be unpacked. */
static bool base_text(struct tx *tx, const struct head *h, int64_t base, const struct present *now,
                      struct str *text, struct error *e)
{
    *text = STR_NONE;
    if (base == h->change_id && now->there && memcmp(now->digest, h->digest, sizeof h->digest) == 0) {
        *text = now->text;
        return true;
    }
    return base == 0 || release_history_change(tx, base, text, e);
}

/* A version that is to be recorded. */
struct new_version {
    int64_t data_version;
    struct str text; /* absent: the row is deleted */
    bool found;      /* another program has written it: who did so, and when, is not known */
};

/* Inserts the entry of V, stored as ENTRY, after H. A deletion has an empty ENTRY, and is recognized by its
 * size of 0, because no text is empty. *CHANGE_ID is the new entry's. */
static bool add_entry(struct tx *tx, const struct head *h, const struct new_version *v,
                      const struct entry *entry, int64_t *change_id, struct error *e)
{
    const struct db_value nothing = { .type = DB_NULL };
    const struct db_value params[] = {
        h->row[0],
        h->row[1],
        h->row[2],
        DB_I(v->data_version),
        v->found ? nothing : DB_S(str_of(tx->actor)),
        v->found ? nothing : DB_I(tx_now_ms(tx)),
        entry->base != 0 ? DB_I(entry->base) : nothing,
        DB_I((int64_t)entry->size),
        DB_S(entry->frame),
    };
    return db_execute(
        tx->db,
        "INSERT INTO balrog_release_history (tbl, name, path, data_version, changed_by, timestamp, base,"
        " size, frame) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params, ARRAY_LEN(params), NULL, change_id, e);
}

/* Adds V, which has a text, after H, and makes it the head. NOW is the row in its table. */
static bool add_version(struct tx *tx, struct head *h, const struct new_version *v, const struct present *now,
                        struct error *e)
{
    struct str text;
    int64_t step = h->change_id == 0 ? 0 : (h->step + 1) % KEY_EVERY;
    struct entry entry = { .size = v->text.n, .base = base_of(h, step) };
    if (!base_text(tx, h, entry.base, now, &text, e)) {
        return false;
    }
    entry.frame = frame_pack(tx->mem, v->text, text, e);
    if (str_absent(entry.frame) || !add_entry(tx, h, v, &entry, &h->change_id, e)) {
        return false;
    }
    talloc_free((char *)entry.frame.p);
    h->data_version = v->data_version;
    h->step = step;
    h->tenth = step % SPAN == 0 ? h->change_id : h->tenth;
    digest_of(v->text, h->digest);
    return true;
}

static bool add_deletion(struct tx *tx, struct head *h, const struct new_version *v, struct error *e)
{
    static const struct entry empty;
    int64_t change_id;
    h->change_id = 0;
    return add_entry(tx, h, v, &empty, &change_id, e);
}

bool release_history_record(struct tx *tx, struct recorded_row row, int64_t data_version, struct str json,
                            struct error *e)
{
    struct head h = head_of(row);
    struct present now = { .there = false };
    bool is_new = data_version == 1 && !str_absent(json);
    if (!is_new) {
        if (!lock_head(tx, &h, e) || !read_present(tx, &h, &now, e)) {
            return false;
        }
        bool known = h.change_id != 0 && h.data_version == now.data_version;
        const struct new_version found = { now.data_version, now.text, .found = true };
        if (now.there && !known && !add_version(tx, &h, &found, &now, e)) {
            return false;
        }
    }
    const struct new_version v = { data_version, json, .found = false };
    bool added = str_absent(json) ? add_deletion(tx, &h, &v, e) : add_version(tx, &h, &v, &now, e);
    return added && save_head(tx, &h, e);
}
