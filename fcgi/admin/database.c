/* See database.h. These conditions are checked once, at the start, so that they are found before the first
 * large release fails. */
#include "admin/database.h"

#include "store/schema_range.h"

enum { PACKET_MIN = 64 << 20, DATABASE_CHECK_WAIT_MS = 5000 };

static bool read_number(struct db *db, const char *sql, int64_t *n, struct error *e)
{
    struct db_rows *rows = db_query(db, sql, NULL, 0, e);
    bool there = db_next(rows, e);
    *n = there ? db_int(rows, 0) : 0;
    return db_finish(rows);
}

/* One statement contains a whole body, in the worst case with every byte escaped. */
static bool check_packet(struct db *db, int64_t needed, struct error *e)
{
    int64_t n;
    if (!read_number(db, "SELECT @@max_allowed_packet", &n, e)) {
        return false;
    }
    return n >= needed ||
           error_set(e, ERROR_INTERNAL, "max_allowed_packet is %lld bytes; at least %lld are needed",
                     (long long)n, (long long)needed);
}

/* Only InnoDB has transactions. */
static bool check_engines(struct db *db, struct error *e)
{
    int64_t n;
    if (!read_number(db,
                     "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() "
                     "AND table_type = 'BASE TABLE' AND engine <> 'InnoDB'",
                     &n, e)) {
        return false;
    }
    return n == 0 || error_set(e, ERROR_INTERNAL, "%lld tables are not InnoDB", (long long)n);
}

/* Reads a table that the account of balrog-public may not read. */
static bool check_account(struct db *db, struct error *e)
{
    int64_t n;
    return read_number(db, "SELECT COUNT(*) FROM permissions", &n, e) ||
           error_prefix(e, "[database] user must be the admin's account, and the schema be there");
}

static bool check_all(struct db *db, void *arg, struct error *e)
{
    const int64_t *packet = arg;
    return schema_range_check(db, e) && check_packet(db, *packet, e) && check_engines(db, e) &&
           check_account(db, e);
}

bool database_check(struct pool *pool, const struct config *config, struct error *e)
{
    int64_t bodies = 2 * (int64_t)config->admin.max_body_mb * MEGABYTE;
    int64_t packet = bodies > PACKET_MIN ? bodies : PACKET_MIN;
    return pool_run(pool, DATABASE_CHECK_WAIT_MS, check_all, &packet, e);
}
