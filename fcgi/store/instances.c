/* See instances.h. All times come from the database's clock, because the clocks of hosts may differ. */
#include "store/instances.h"

#define NOW_MS "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"

bool instance_beat(struct db *db, const struct instance *instance, struct error *e)
{
    struct db_value params[] = { DB_S(instance->id),  DB_S(instance->program), DB_S(instance->host),
                                 DB_I(instance->pid), DB_S(instance->version), DB_S(instance->detail) };
    return db_execute(db,
                      "INSERT INTO app_instances (instance, program, host, pid, version, detail, started_at,"
                      " seen_at) VALUES (?, ?, ?, ?, ?, ?, " NOW_MS ", " NOW_MS ") ON DUPLICATE KEY UPDATE"
                      " program = VALUES(program), host = VALUES(host), pid = VALUES(pid),"
                      " version = VALUES(version), detail = VALUES(detail), seen_at = VALUES(seen_at)",
                      params, ARRAY_LEN(params), NULL, NULL, e);
}

bool instance_leave(struct db *db, struct str id, bool *left, struct error *e)
{
    uint64_t affected;
    const struct db_value param = DB_S(id);
    bool ok = db_execute(db, "DELETE FROM app_instances WHERE instance = ?", &param, 1, &affected, NULL, e);
    if (ok && left != NULL) {
        *left = affected > 0;
    }
    return ok;
}

static struct instance row_of(void *ctx, const struct db_rows *rows)
{
    return (struct instance){
        .id = mem_str(ctx, db_text(rows, 1)),
        .program = mem_str(ctx, db_text(rows, 2)),
        .host = mem_str(ctx, db_text(rows, 3)),
        .pid = db_int(rows, 4),
        .version = mem_str(ctx, db_text(rows, 5)),
        .started_at = db_int(rows, 6),
        .seen_at = db_int(rows, 7),
        .detail = mem_str(ctx, db_text(rows, 8)),
    };
}

bool instances_list(struct db *db, void *ctx, struct instance **list, size_t *n, int64_t *now_ms,
                    struct error *e)
{
    size_t size = 16;
    struct db_rows *rows = db_query(db,
                                    "SELECT " NOW_MS ", i.instance, i.program, i.host, i.pid, i.version,"
                                    " i.started_at, i.seen_at, i.detail FROM (SELECT 1) one"
                                    " LEFT JOIN app_instances i ON TRUE ORDER BY i.program, i.host, i.pid",
                                    NULL, 0, e);
    if (rows == NULL) {
        return false;
    }
    *n = 0;
    *list = mem_array(ctx, struct instance, size);
    while (db_next(rows, e)) {
        *now_ms = db_int(rows, 0);
        if (db_is_null(rows, 1)) {
            continue; /* this row has only the time */
        }
        if (*n == size) {
            size *= 2;
            *list = mem_resize(ctx, *list, struct instance, size);
        }
        (*list)[(*n)++] = row_of(*list, rows);
    }
    return db_finish(rows);
}
