/* See schema_range.h. Additive steps are applied in order, so it is enough to count them; a newer version may
 * have added more. A destructive step names the oldest version that may run after it has begun. SCHEMA_NEEDS,
 * the number of additive steps in schema/, is set by configure. */
#include "store/schema_range.h"

#include "store/fail.h"

static bool read_int(struct db *db, const char *sql, int64_t *value, struct error *e)
{
    struct db_rows *rows = db_query(db, sql, NULL, 0, e);
    *value = db_next(rows, e) ? db_int(rows, 0) : 0;
    return db_finish(rows);
}

static bool check_added(struct db *db, const char *version, int needs, struct error *e)
{
    int64_t there, done = 0;
    if (!read_int(db,
                  "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
                  " AND table_name = 'balrog_schema'",
                  &there, e)) {
        return false;
    }
    if (there > 0 && !read_int(db,
                               "SELECT COUNT(*) FROM balrog_schema WHERE phase = 'additive'"
                               " AND applied_at IS NOT NULL",
                               &done, e)) {
        return false;
    }
    return done >= needs || fail(e, FAIL_SCHEMA,
                                 "the schema is too old: v%s needs %d additive steps, and %lld are done;"
                                 " run schema-upgrade --phase additive",
                                 version, needs, (long long)done);
}

int schema_version_cmp(struct str a, struct str b)
{
    struct str rest[] = { a, b };
    for (int part = 0; part < 2; part++) {
        long n[2] = { -1, -1 };
        for (int i = 0; i < 2; i++) {
            size_t digits = 0;
            while (digits < rest[i].n && digits < 9 && rest[i].p[digits] >= '0' && rest[i].p[digits] <= '9') {
                n[i] = (n[i] < 0 ? 0 : n[i]) * 10 + (rest[i].p[digits++] - '0');
            }
            rest[i] = str_slice(rest[i], digits < rest[i].n ? digits + 1 : rest[i].n, rest[i].n);
        }
        if (n[0] != n[1]) {
            return n[0] < n[1] ? -1 : 1;
        }
    }
    return 0;
}

static bool check_taken_away(struct db *db, const char *version, struct error *e)
{
    bool fits = true;
    struct db_rows *rows = db_query(db,
                                    "SELECT version, COALESCE(min_version, '') FROM balrog_schema"
                                    " WHERE phase = 'destructive' ORDER BY version",
                                    NULL, 0, e);
    while (fits && db_next(rows, e)) {
        struct str oldest = db_text(rows, 1);
        fits =
            schema_version_cmp(str_of(version), oldest) >= 0 ||
            fail(e, FAIL_SCHEMA,
                 "the schema is too new: its destructive step %lld leaves only v%.*s and later; this is v%s",
                 (long long)db_int(rows, 0), STR_ARG(oldest), version);
    }
    return db_finish(rows) && fits;
}

bool schema_range_check_for(struct db *db, const char *version, int needs, struct error *e)
{
    return check_added(db, version, needs, e) && check_taken_away(db, version, e);
}

bool schema_range_check(struct db *db, struct error *e)
{
    return schema_range_check_for(db, PACKAGE_VERSION, SCHEMA_NEEDS, e);
}
