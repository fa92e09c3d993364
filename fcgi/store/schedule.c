/* What is scheduled lies in two rows, one of T_scheduled_changes with the base table's columns prefixed by
 * base_, one of its conditions; they are written together and have the same data_version. Whoever changes,
 * signs off or enacts a scheduled change locks its first row first, so that these happen one after the other.
 */
#include "store/schedule.h"

#include "store/conditions.h"
#include "store/signoff_content.h"

enum { PREFIX = sizeof "base_" - 1 };

/* A scheduled change as it lies in its two rows, locked. */
struct sc {
    int64_t id;
    int64_t version;
    enum change_type type;
    bool merging; /* a direct write is being merged into it */
    cJSON *row;
    cJSON *conditions;
};

/* ---- columns ---- */

static bool is_base(const char *column)
{
    return strncmp(column, "base_", PREFIX) == 0;
}

/* The columns of the base table that ROW, of its scheduled one, has. */
static cJSON *base_of(struct tx *tx, const cJSON *row)
{
    cJSON *plain = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const cJSON *item = row->child; item != NULL; item = item->next) {
        if (is_base(item->string)) {
            cJSON_AddItemReferenceToObject(plain, item->string + PREFIX, (cJSON *)item);
        }
    }
    return plain;
}

/* The columns of WHAT that the base table has, as they are called in its scheduled one. */
static cJSON *prefixed(struct tx *tx, const struct resource *r, const cJSON *what)
{
    cJSON *row = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const cJSON *item = what->child; item != NULL; item = item->next) {
        if (table_has(r->table, item->string) != NULL) {
            char *name = mem_printf(tx->mem, "base_%s", item->string);
            cJSON_AddItemReferenceToObject(row, name, (cJSON *)item);
        }
    }
    return row;
}

/* Those of SOURCE that PICK says, added to TARGET where they are not there yet. */
static void take(cJSON *target, const cJSON *source, bool (*pick)(const char *column))
{
    for (const cJSON *item = source != NULL ? source->child : NULL; item != NULL; item = item->next) {
        if (pick(item->string) && json_get(target, item->string) == NULL) {
            cJSON_AddItemReferenceToObject(target, item->string, (cJSON *)item);
        }
    }
}

/* The conditions of WHAT; those that it lacks from OLD, which may be NULL. */
static cJSON *conditions_of(struct tx *tx, const cJSON *what, const cJSON *old)
{
    cJSON *conditions = tx_keep(tx, mem_check(cJSON_CreateObject()));
    take(conditions, what, conditions_has);
    take(conditions, old, conditions_has);
    return conditions;
}

/* The base table's columns in WHAT; those that it lacks from OLD, a row of the scheduled table or NULL,
 * unless they are null there. */
static cJSON *columns_of(struct tx *tx, const struct resource *r, const cJSON *what, const cJSON *old)
{
    cJSON *columns = tx_keep(tx, mem_check(cJSON_CreateObject()));
    const cJSON *base = old != NULL ? base_of(tx, old) : NULL;
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(what, c->name);
        if (value == NULL && base != NULL && !cJSON_IsNull(json_get(base, c->name))) {
            value = json_get(base, c->name);
        }
        if (value != NULL) {
            cJSON_AddItemReferenceToObject(columns, c->name, (cJSON *)value);
        }
    }
    return columns;
}

static const char *const type_names[] = {
    [CHANGE_INSERT] = "insert", [CHANGE_UPDATE] = "update", [CHANGE_DELETE] = "delete"
};

static bool parse_type(const char *name, enum change_type *type, struct error *e)
{
    if (name == NULL) {
        return fail(e, FAIL_INVALID, "Change type is required");
    }
    for (unsigned i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *type = (enum change_type)i;
            return true;
        }
    }
    return fail(e, FAIL_INVALID, "Unknown Change Type");
}

/* ---- reading ---- */

/* Reads a scheduled change, locked. FAIL_NOT_FOUND. */
static bool sc_open(struct tx *tx, const struct resource *r, int64_t sc_id, struct sc *sc, struct error *e)
{
    const cJSON *key = row_key_int(tx, "sc_id", sc_id);
    *sc = (struct sc){ .id = sc_id };
    if (!row_get(tx, r->table->scheduled, key, ROW_LOCKED, &sc->row, e) ||
        !row_get(tx, r->table->scheduled->conditions, key, ROW_LOCKED, &sc->conditions, e)) {
        return false;
    }
    if (sc->row == NULL || sc->conditions == NULL) {
        return fail(e, FAIL_NOT_FOUND, "Scheduled change does not exist");
    }
    sc->version = row_int(sc->row, "data_version");
    return parse_type(row_text(sc->row, "change_type"), &sc->type, e);
}

static bool sc_open_pending(struct tx *tx, const struct resource *r, int64_t sc_id, const char *verb,
                            struct sc *sc, struct error *e)
{
    if (!sc_open(tx, r, sc_id, sc, e)) {
        return false;
    }
    return !row_true(sc->row, "complete") ||
           fail(e, FAIL_INVALID, "Scheduled change already completed. Cannot %s now.", verb);
}

bool sc_lock_pending(struct tx *tx, const struct resource *r, int64_t sc_id, const char *verb,
                     struct error *e)
{
    struct table_query q = {
        .table = r->table->scheduled,
        .key = { { "sc_id", DB_I(sc_id) } },
        .tail = "FOR UPDATE",
    };
    cJSON *rows;
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    if (rows->child == NULL) {
        return fail(e, FAIL_NOT_FOUND, "Scheduled change does not exist");
    }
    return !row_true(rows->child, "complete") ||
           fail(e, FAIL_INVALID, "Scheduled change already completed. Cannot %s now.", verb);
}

/* What is scheduled for the row with KEY's key; none when KEY has not the whole key. Nobody else can schedule
 * a change of it meanwhile. Shared locks, since in an adopted database, which lacks the index, every row is
 * locked. */
static bool pending(struct tx *tx, const struct resource *r, const cJSON *key, cJSON **rows, struct error *e)
{
    struct table_query q = {
        .table = r->table->scheduled,
        .key = { { "complete", DB_I(0) } },
        .tail = "LOCK IN SHARE MODE",
    };
    unsigned n = 1;
    *rows = tx_keep(tx, mem_check(cJSON_CreateArray()));
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(key, c->name);
        if ((c->flags & COLUMN_KEY) == 0) {
            continue;
        }
        if (value == NULL || cJSON_IsNull(value)) {
            return true;
        }
        q.key[n].column = mem_printf(tx->mem, "base_%s", c->name);
        q.key[n++].value =
            cJSON_IsString(value) ? DB_S(str_of(value->valuestring)) : DB_I(row_int(key, c->name));
    }
    return row_list(tx, &q, rows, e);
}

bool sc_pending(struct tx *tx, const struct resource *r, const cJSON *key, int64_t but, bool *found,
                struct error *e)
{
    cJSON *rows;
    *found = false;
    if (!pending(tx, r, key, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        *found |= row_int(row, "sc_id") != but;
    }
    return true;
}

bool sc_refuse_insert(struct tx *tx, const struct resource *r, const cJSON *key, struct error *e)
{
    cJSON *rows;
    if (!pending(tx, r, key, &rows, e)) {
        return false;
    }
    return rows->child == NULL ||
           fail(e, FAIL_SCHEDULED,
                "Scheduled change %lld is to insert this row. Enact, edit or delete it first.",
                (long long)row_int(rows->child, "sc_id"));
}

/* ---- validating ---- */

static bool has_key(const struct resource *r, const cJSON *columns, struct error *e)
{
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        if ((c->flags & (COLUMN_KEY | COLUMN_AUTO)) == COLUMN_KEY && json_get(columns, c->name) == NULL) {
            return fail(e, FAIL_INVALID, "Missing primary key column '%s' which is not autoincrement",
                        c->name);
        }
    }
    return true;
}

static bool has_whole_key(const struct resource *r, const cJSON *columns, struct error *e)
{
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = (c->flags & COLUMN_KEY) != 0 ? json_get(columns, c->name) : columns;
        if (value == NULL) {
            return fail(e, FAIL_INVALID, "Missing primary key column %s. PK values needed for deletion",
                        c->name);
        }
        if (cJSON_IsNull(value)) {
            return fail(e, FAIL_INVALID, "%s value found to be None. PK value can not be None for deletion",
                        c->name);
        }
    }
    return true;
}

/* Whether the row OLD (NULL: there is none) is there, or is not, as the change supposes. */
static bool fits_row(enum change_type type, const cJSON *columns, const cJSON *old, struct error *e)
{
    if (type == CHANGE_INSERT) {
        return old == NULL || fail(e, FAIL_INVALID, "Cannot schedule change for duplicate PK");
    }
    if (old == NULL) {
        return fail(e, FAIL_INVALID, "Cannot create scheduled change with data_version for non-existent row");
    }
    if (type == CHANGE_DELETE && row_int(columns, "data_version") == 0) {
        return fail(e, FAIL_INVALID, "old_data_version must be passed for Tables that are versioned");
    }
    return type == CHANGE_DELETE ||
           row_same(json_get(columns, "data_version"), json_get(old, "data_version")) ||
           fail(e, FAIL_OUTDATED, "Wrong data_version given for base table, cannot create scheduled change.");
}

static struct change change_of(struct tx *tx, const struct resource *r, enum change_type type,
                               const cJSON *columns, const cJSON *old)
{
    struct change c = { .type = type, .dry = true };
    c.old = type == CHANGE_INSERT ? NULL : old;
    c.what = type == CHANGE_DELETE ? NULL : columns;
    c.now = type == CHANGE_DELETE ? NULL : row_with(tx, r->table, c.old, columns);
    return c;
}

/* Whether tx->actor could make the change now, but for sign-offs. SCHEDULED: see struct change. */
static bool check(struct tx *tx, const struct resource *r, enum change_type type, const cJSON *columns,
                  const cJSON *old, bool scheduled, struct error *e)
{
    struct change c = change_of(tx, r, type, columns, old);
    c.scheduled = scheduled;
    return r->check(tx, &c, e);
}

static bool plan(struct tx *tx, const struct resource *r, enum change_type type, const cJSON *columns,
                 const cJSON *old, int64_t sc_id, struct error *e)
{
    const struct change c = change_of(tx, r, type, columns, old);
    return r->plan == NULL || r->plan(tx, &c, sc_id, e);
}

/* SC_ID is 0 for a new one. */
static bool validate(struct tx *tx, const struct resource *r, enum change_type type, const cJSON *columns,
                     const cJSON *conditions, int64_t sc_id, bool scheduled, struct error *e)
{
    cJSON *old;
    bool twice = false;
    if (!has_key(r, columns, e) || (type == CHANGE_DELETE && !has_whole_key(r, columns, e)) ||
        !row_get(tx, r->table, columns, ROW_LOCKED, &old, e) || !fits_row(type, columns, old, e)) {
        return false;
    }
    if ((sc_id == 0 || type == CHANGE_INSERT) && !sc_pending(tx, r, columns, sc_id, &twice, e)) {
        return false;
    }
    if (twice) {
        return fail(e, FAIL_SCHEDULED, "Cannot schedule a change for a row with one already scheduled");
    }
    return conditions_check(tx, r->table->scheduled->conditions, conditions, e) &&
           check(tx, r, type, columns, old, scheduled, e) && plan(tx, r, type, columns, old, sc_id, e);
}

/* What a client may not set. */
static bool refuse_ours(const cJSON *change, struct error *e)
{
    static const char *const ours[] = { "sc_id", "complete", "scheduled_by" };
    for (const cJSON *item = change->child; item != NULL; item = item->next) {
        bool refused = is_base(item->string);
        for (unsigned i = 0; i < sizeof ours / sizeof ours[0]; i++) {
            refused |= strcmp(item->string, ours[i]) == 0;
        }
        if (refused) {
            return fail(e, FAIL_INVALID, "%s cannot be set when scheduling a change", item->string);
        }
    }
    return true;
}

/* ---- scheduling ---- */

/* The change of TYPE to COLUMNS, for those who look at the new row alone (the old one for a deletion). */
static struct change row_change(enum change_type type, const cJSON *columns)
{
    struct change c = { .type = type, .dry = true };
    *(type == CHANGE_DELETE ? &c.old : &c.now) = columns;
    c.what = c.now;
    return c;
}

/* Signs off with the one role of those needed that tx->actor has, if it is one. */
static bool auto_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, enum change_type type,
                         const cJSON *columns, struct error *e)
{
    const struct change c = row_change(type, columns);
    cJSON *roles, *needs;
    const char *role = NULL;
    unsigned n = 0;
    if (!access_roles(tx, tx->actor, &roles, e)) {
        return false;
    }
    if (roles->child == NULL) {
        return true;
    }
    if (!resource_needs(tx, r, &c, &needs, e)) {
        return false;
    }
    for (const cJSON *one = roles->child; one != NULL; one = one->next) {
        if (json_get(needs, one->valuestring) != NULL) {
            role = one->valuestring;
            n++;
        }
    }
    return n != 1 || sc_put_signoff(tx, r, sc_id, &c, role, e);
}

bool sc_insert(struct tx *tx, const struct resource *r, const cJSON *change, int64_t *sc_id, struct error *e)
{
    const struct table *t = r->table->scheduled;
    enum change_type type;
    cJSON *columns = columns_of(tx, r, change, NULL);
    cJSON *conditions = conditions_of(tx, change, NULL);
    cJSON *values = prefixed(tx, r, columns);
    cJSON *row;
    if (!refuse_ours(change, e) || !parse_type(row_text(change, "change_type"), &type, e) ||
        !validate(tx, r, type, columns, conditions, 0, false, e)) {
        return false;
    }
    mem_check(cJSON_AddStringToObject(values, "change_type", type_names[type]));
    mem_check(cJSON_AddStringToObject(values, "scheduled_by", tx->actor));
    if (!row_insert(tx, t, values, &row, e)) {
        return false;
    }
    *sc_id = row_int(row, "sc_id");
    mem_check(cJSON_AddNumberToObject(conditions, "sc_id", (double)*sc_id));
    return row_insert(tx, t->conditions, conditions, NULL, e) &&
           auto_signoff(tx, r, *sc_id, type, columns, e);
}

/* Where WHAT gives the change to another product: whether tx->actor could make it as it is scheduled so far,
 * too. Otherwise who may edit it is decided by what it becomes. */
static bool may_take_over(struct tx *tx, const struct resource *r, const struct sc *sc, const cJSON *what,
                          struct error *e)
{
    cJSON *old;
    const cJSON *base = base_of(tx, sc->row);
    const cJSON *product = json_get(what, "product");
    if (product == NULL || table_has(r->table, "product") == NULL ||
        row_same(product, json_get(base, "product"))) {
        return true;
    }
    return row_get(tx, r->table, base, ROW_SHARED, &old, e) &&
           check(tx, r, sc->type, base, old != NULL ? old : base, true, e);
}

/* Sets the columns of WHAT in SC, which is at its VERSION, for OWNER, who must be allowed to make the change
 * that results. History names tx->actor. All sign-offs are dropped. */
static bool edit(struct tx *tx, const struct resource *r, const struct sc *sc, const cJSON *what,
                 int64_t version, const char *owner, struct error *e)
{
    const struct table *t = r->table->scheduled;
    const char *actor = tx->actor;
    cJSON *columns = columns_of(tx, r, what, sc->row);
    cJSON *conditions = conditions_of(tx, what, sc->conditions);
    cJSON *values = prefixed(tx, r, what);
    mem_check(cJSON_AddStringToObject(values, "scheduled_by", owner));
    tx->actor = owner;
    bool ok = validate(tx, r, sc->type, columns, conditions, sc->id, sc->merging, e);
    tx->actor = actor;
    return ok && row_update(tx, t->conditions, sc->conditions, conditions, version, NULL, e) &&
           row_update(tx, t, sc->row, values, version, NULL, e) && sc_drop_signoffs(tx, r, sc->id, e);
}

/* The same for tx->actor, who becomes the owner and is signed off for as in sc_insert(). */
static bool edit_and_sign(struct tx *tx, const struct resource *r, const struct sc *sc, const cJSON *what,
                          int64_t version, struct error *e)
{
    return edit(tx, r, sc, what, version, tx->actor, e) &&
           auto_signoff(tx, r, sc->id, sc->type, columns_of(tx, r, what, sc->row), e);
}

bool sc_update(struct tx *tx, const struct resource *r, int64_t sc_id, const cJSON *what,
               int64_t sc_data_version, struct error *e)
{
    struct sc sc;
    return refuse_ours(what, e) && sc_open_pending(tx, r, sc_id, "update", &sc, e) &&
           may_take_over(tx, r, &sc, what, e) && edit_and_sign(tx, r, &sc, what, sc_data_version, e);
}

bool sc_revert(struct tx *tx, const struct resource *r, int64_t sc_id, const cJSON *change, struct error *e)
{
    struct sc sc;
    if (!sc_open_pending(tx, r, sc_id, "update", &sc, e)) {
        return false;
    }
    cJSON *what = conditions_of(tx, change, NULL);
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(change, c->name);
        bool stays = strcmp(c->name, "data_version") == 0 ||
                     ((c->flags & COLUMN_KEY) != 0 && sc.type != CHANGE_INSERT);
        if (value != NULL && !stays) {
            cJSON_AddItemReferenceToObject(what, c->name, (cJSON *)value);
        }
    }
    return may_take_over(tx, r, &sc, what, e) && edit_and_sign(tx, r, &sc, what, sc.version, e);
}

bool sc_is_admin(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, bool *is,
                 struct error *e)
{
    struct sc sc;
    cJSON *old;
    if (!sc_open(tx, r, sc_id, &sc, e)) {
        return false;
    }
    const cJSON *base = base_of(tx, sc.row);
    if (!row_get(tx, r->table, base, ROW_SHARED, &old, e)) {
        return false;
    }
    return resource_is_admin(tx, r, username, sc.type != CHANGE_INSERT ? old : NULL,
                             sc.type != CHANGE_DELETE || old == NULL ? base : NULL, is, e);
}

bool sc_delete(struct tx *tx, const struct resource *r, int64_t sc_id, int64_t sc_data_version,
               struct error *e)
{
    const struct table *t = r->table->scheduled;
    struct sc sc;
    cJSON *old;
    if (!sc_open_pending(tx, r, sc_id, "delete", &sc, e)) {
        return false;
    }
    const cJSON *base = base_of(tx, sc.row);
    if (!row_get(tx, r->table, base, ROW_SHARED, &old, e)) {
        return false;
    }
    /* Where the row that was to be changed is gone, what is scheduled tells whose it was. */
    return check(tx, r, sc.type, base, old != NULL ? old : base, true, e) &&
           row_delete(tx, t, sc.row, sc_data_version, e) &&
           row_delete(tx, t->conditions, sc.conditions, sc_data_version, e) &&
           sc_drop_signoffs(tx, r, sc_id, e);
}

bool sc_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const char *role,
                int64_t sc_data_version, struct error *e)
{
    struct sc sc;
    if (r->leads_to == NULL && sc_data_version == 0) {
        const struct change nothing = { .dry = true };
        return sc_lock_pending(tx, r, sc_id, "sign off", e) &&
               sc_put_signoff(tx, r, sc_id, &nothing, role, e);
    }
    if (!sc_open_pending(tx, r, sc_id, "sign off", &sc, e)) {
        return false;
    }
    if (sc_data_version != 0 && sc_data_version != sc.version) {
        return fail(e, FAIL_OUTDATED,
                    "The scheduled change has been edited: it is at version %lld, not at %lld",
                    (long long)sc.version, (long long)sc_data_version);
    }
    const struct change c = row_change(sc.type, base_of(tx, sc.row));
    return sc_put_signoff(tx, r, sc_id, &c, role, e);
}

/* ---- merging and enacting ---- */

/* The columns in which WHAT differs from OLD, as they are NOW; data_version too. */
static cJSON *differences(struct tx *tx, const struct resource *r, const cJSON *old, const cJSON *what,
                          const cJSON *now)
{
    cJSON *diff = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(now, c->name);
        bool given = json_get(what, c->name) != NULL || strcmp(c->name, "data_version") == 0;
        if (given && value != NULL && !row_same(value, json_get(old, c->name))) {
            cJSON_AddItemReferenceToObject(diff, c->name, (cJSON *)value);
        }
    }
    return diff;
}

static bool merge_one(struct tx *tx, const struct resource *r, const cJSON *old, const cJSON *diff,
                      int64_t sc_id, struct error *e)
{
    struct sc sc;
    if (!sc_open(tx, r, sc_id, &sc, e)) {
        return false;
    }
    sc.merging = true;
    const cJSON *base = base_of(tx, sc.row);
    for (const cJSON *item = diff->child; item != NULL; item = item->next) {
        if (!row_same(json_get(base, item->string), json_get(old, item->string))) {
            return fail(e, FAIL_MERGE, "Cannot safely merge change to '%s' with scheduled change '%lld'",
                        item->string, (long long)sc_id);
        }
    }
    return edit(tx, r, &sc, diff, sc.version, row_text(sc.row, "scheduled_by"), e);
}

bool sc_merge(struct tx *tx, const struct resource *r, const cJSON *old, const cJSON *what, const cJSON *now,
              struct error *e)
{
    cJSON *rows;
    if (!pending(tx, r, old, &rows, e)) {
        return false;
    }
    const cJSON *diff = rows->child != NULL ? differences(tx, r, old, what, now) : NULL;
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        if (!merge_one(tx, r, old, diff, row_int(row, "sc_id"), e)) {
            return false;
        }
    }
    return true;
}

/* Makes the change of SC with the sign-offs that it has. */
static bool apply(struct tx *tx, const struct resource *r, const struct sc *sc, const cJSON *given,
                  struct error *e)
{
    const cJSON *base = base_of(tx, sc->row);
    int64_t version = row_int(base, "data_version");
    switch (sc->type) {
    case CHANGE_INSERT:
        return resource_insert(tx, r, base, given, NULL, e);
    case CHANGE_UPDATE:
        return resource_update(tx, r, base, base, version, given, NULL, e);
    default:
        return resource_delete(tx, r, base, version, given, e);
    }
}

/* It is complete before the change is made, so that this does not merge with itself. */
static bool complete(struct tx *tx, const struct resource *r, const struct sc *sc, struct error *e)
{
    const struct table *t = r->table->scheduled;
    cJSON *what = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddTrueToObject(what, "complete"));
    return row_update(tx, t->conditions, sc->conditions, sc->conditions, sc->version, NULL, e) &&
           row_update(tx, t, sc->row, what, sc->version, NULL, e);
}

/* The sign-offs of the scheduled change that count: *GIVEN, {user: role}. *WHY is a sentence for each that
 * does not. */
static bool valid_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, cJSON **given, char **why,
                           struct error *e)
{
    cJSON *signoffs, *contents;
    *given = tx_keep(tx, mem_check(cJSON_CreateObject()));
    *why = mem_strdup(tx->mem, "");
    if (!sc_signoffs(tx, r, sc_id, &signoffs, e) ||
        (signoffs->child != NULL && !signoff_content_read(tx, r, sc_id, &contents, e))) {
        return false;
    }
    size_t n = (size_t)cJSON_GetArraySize(signoffs), i = 0;
    struct signoff_case *cases = mem_array(tx->mem, struct signoff_case, n + 1);
    for (const cJSON *s = signoffs->child; s != NULL; s = s->next) {
        cases[i++] = (struct signoff_case){ .sc_id = sc_id,
                                            .username = s->string,
                                            .role = s->valuestring,
                                            .content = json_get_string(contents, s->string) };
    }
    if (!signoff_judge(tx, cases, n, e)) {
        return false;
    }
    for (i = 0; i < n; i++) {
        if (cases[i].invalid == NULL) {
            mem_check(cJSON_AddStringToObject(*given, cases[i].username, cases[i].role));
        } else {
            *why = mem_check(talloc_asprintf_append_buffer(*why, ". The sign-off of %s does not count: %s",
                                                           cases[i].username,
                                                           json_get_string(cases[i].invalid, "detail")));
        }
    }
    return true;
}

bool sc_enact(struct tx *tx, const struct resource *r, int64_t sc_id, struct error *e)
{
    struct sc sc;
    cJSON *given;
    char *why;
    const char *actor = tx->actor;
    if (!access_demand(tx, "scheduled_change", "enact", NULL, e,
                       "('%%s is not allowed to enact scheduled changes', '%s')", actor) ||
        !sc_open(tx, r, sc_id, &sc, e)) {
        return false;
    }
    if (row_true(sc.row, "complete")) {
        return fail(e, FAIL_OUTDATED, "Scheduled change already completed. Cannot enact now.");
    }
    if (!valid_signoffs(tx, r, sc_id, &given, &why, e)) {
        return false;
    }
    tx->actor = row_text(sc.row, "scheduled_by");
    bool ok = complete(tx, r, &sc, e) && apply(tx, r, &sc, given, e);
    tx->actor = actor;
    if (!ok && failed_as(e, FAIL_SIGNOFF) && why[0] != '\0') {
        fail(e, FAIL_SIGNOFF, "%s%s", mem_strdup(tx->mem, e->what), why);
    }
    return ok;
}
