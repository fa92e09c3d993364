/* See release_at.h. */
#include "admin/release_at.h"

#include "admin/body.h"
#include "core/gate.h"
#include "release/assets.h"
#include "store/release_history.h"
#include "store/release_past.h"
#include "store/release_revisions.h"
#include "store/row.h"

enum { BIG_READS = 2, BIG_READS_WAITING = 16, BIG_READ_WAIT_MS = 5000 };

/* ---- the gate ---- */

static struct gate big;
static pthread_once_t big_once = PTHREAD_ONCE_INIT;

static void init_big(void)
{
    gate_init(&big, BIG_READS, BIG_READS_WAITING);
}

bool release_at_enter(struct admin_call *call)
{
    pthread_once(&big_once, init_big);
    if (gate_enter(&big, BIG_READ_WAIT_MS)) {
        return true;
    }
    return admin_problem(call, 503, "Service Unavailable",
                         "Too many large releases are being read now. Try again later.", NULL);
}

void release_at_leave(void)
{
    gate_leave(&big);
}

/* ---- what is asked for ---- */

/* The number behind the first character of AT, or -1 if there is none. */
static int64_t number_of(struct str at)
{
    int64_t n;
    for (size_t i = 1; i < at.n; i++) {
        if (at.p[i] < '0' || at.p[i] > '9') {
            return -1;
        }
    }
    return at.n > 1 && at.n < 20 && body_arg_int(str_slice(at, 1, at.n), &n) ? n : -1;
}

/* Whether AT, what stands behind an '@', names a point of a history. Otherwise it is part of the name. */
static bool is_point(struct str at)
{
    return str_eq(at, STR("pending")) ||
           (at.n > 1 && memchr("vct", at.p[0], 3) != NULL && number_of(at) >= 0);
}

static void parse_spec(struct admin_call *call, struct str spec, struct release_at *r)
{
    const char *sign = spec.n > 0 ? memrchr(spec.p, '@', spec.n) : NULL;
    size_t at = sign != NULL ? (size_t)(sign - spec.p) : spec.n;
    struct str point = sign != NULL ? str_slice(spec, at + 1, spec.n) : STR("");
    bool has = sign != NULL && is_point(point);
    *r = (struct release_at){
        .spec = admin_text(call, spec),
        .name = admin_text(call, has ? str_slice(spec, 0, at) : spec),
        .at = has ? admin_text(call, point) : NULL,
    };
}

static bool refuse_missing(struct admin_call *call, const struct release_at *r)
{
    return admin_problem(call, 404, "Not Found", mem_printf(call->ctx, "Release: %s not found", r->spec),
                         NULL);
}

/* ---- points of history ---- */

static bool read_version(struct admin_call *call, const struct release_at *r, struct release_parts *parts,
                         struct error *e)
{
    struct table_query q = { .table = &table_releases, .key = { { "name", DB_S(str_of(r->name)) } } };
    int64_t version = number_of(str_of(r->at));
    cJSON *rows;
    struct str text;
    if (!reader_release_parts(call->tx->db, call->ctx, str_of(r->name), parts, e) ||
        !row_list(call->tx, &q, &rows, e)) {
        return false;
    }
    if (parts->v2) {
        return admin_problem(call, 400, "Bad Request",
                             "A v2 release has a version per part: name a change (@c…) or a time (@t…)",
                             NULL);
    }
    if (rows->child != NULL && row_int(rows->child, "data_version") == version) {
        return true;
    }
    if (!release_history_read(call->tx, (struct recorded_row){ "releases", r->name, "" }, version, &text,
                              e)) {
        return false;
    }
    *parts = (struct release_parts){ .v1 = !str_absent(text), .v1_json = text };
    return parts->v1 || refuse_missing(call, r);
}

/* A change of the v1 row is read by itself: while a v2 release of the same name exists, that one is served.
 */
static bool read_change(struct admin_call *call, const struct release_at *r, struct release_parts *parts,
                        struct error *e)
{
    struct release_revision revision;
    bool found;
    int64_t change_id = number_of(str_of(r->at));
    if (!release_revision_find(call->tx, change_id, &revision, &found, e)) {
        return false;
    }
    if (!found || !str_eq(revision.name, str_of(r->name))) {
        return refuse_missing(call, r);
    }
    if (str_eq(revision.table, STR("releases"))) {
        *parts = (struct release_parts){ .v1 = !revision.deleted };
        return revision.deleted ? refuse_missing(call, r)
                                : release_history_change(call->tx, change_id, &parts->v1_json, e);
    }
    if (!release_parts_after(call->tx, call->ctx, str_of(r->name), change_id, parts, e)) {
        return false;
    }
    parts->v1 = false;
    return true;
}

static bool read_parts(struct admin_call *call, const struct release_at *r, struct release_parts *parts,
                       struct error *e)
{
    struct str name = str_of(r->name);
    bool found = true;
    if (r->at == NULL) {
        return reader_release_parts(call->tx->db, call->ctx, name, parts, e);
    }
    switch (r->at[0]) {
    case 'v':
        return read_version(call, r, parts, e);
    case 'c':
        return read_change(call, r, parts, e);
    case 't':
        return release_parts_at(call->tx, call->ctx, name, number_of(str_of(r->at)), parts, e);
    default:
        return release_parts_pending(call->tx, call->ctx, name, parts, &found, e) &&
               (found || refuse_missing(call, r));
    }
}

bool release_at_read(struct admin_call *call, struct str spec, struct release_at *r, struct error *e)
{
    struct release_parts parts = { 0 };
    struct release_row row;
    struct error why;
    parse_spec(call, spec, r);
    if (!read_parts(call, r, &parts, e)) {
        return false;
    }
    if (!release_row_of_parts(str_of(r->name), &parts, &row)) {
        return refuse_missing(call, r);
    }
    r->v2 = parts.v2 || parts.n_assets > 0;
    r->blob = tx_keep(call->tx, assets_merge(&row, &why));
    return r->blob != NULL ||
           admin_problem(
               call, 400, "Bad Request",
               mem_printf(call->ctx, "What is stored of release %s cannot be read: %s", r->spec, why.what),
               NULL);
}

bool release_at_after(struct admin_call *call, int64_t *skip)
{
    return !admin_arg_int(call, "after", skip) || *skip >= 0 ||
           admin_problem(call, 400, "Bad Request", "after must be the 'next' of an earlier answer", NULL);
}

cJSON *release_at_json(const struct release_at *r)
{
    cJSON *json = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddStringToObject(json, "name", r->name));
    cJSON_AddItemToObject(json, "at",
                          mem_check(r->at != NULL ? cJSON_CreateString(r->at) : cJSON_CreateNull()));
    mem_check(cJSON_AddStringToObject(json, "kind", r->v2 ? "v2" : "v1"));
    return json;
}
