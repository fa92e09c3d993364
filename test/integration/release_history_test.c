/* The history of releases against a real server: every version comes back as it was, quickly, and takes
 * little room. BALROG_TEST_FULL: at full size. */
#include "store/release_history.h"
#include "store_world.h"

#include "core/clock.h"

static struct tx tx;
static struct tx_site site;
static struct tx_request request = { .username = "u@x" };

static void begin(struct db *d)
{
    tx = (struct tx){ .db = d, .site = &site, .request = &request, .actor = request.username };
    tx.mem = tx.lasting = talloc_new(ctx);
    run(d, "START TRANSACTION");
}

static void commit(void)
{
    run(tx.db, "COMMIT");
    talloc_free(tx.mem);
}

static void before(void)
{
    setup();
    run(writer, "TRUNCATE balrog_release_history");
    run(writer, "TRUNCATE balrog_release_heads");
}

/* ---- rows ---- */

static void put_row(struct db *d, const char *name, struct str json, int64_t version)
{
    const struct db_value v[] = { DB_S(str_of(name)), DB_S(json), DB_I(version) };
    ck_assert_msg(
        db_execute(d, "REPLACE INTO releases (name, product, data, data_version) VALUES (?, 'P', ?, ?)", v, 3,
                   NULL, NULL, &e),
        "%s", e.what);
}

static void record(const char *table, const char *name, const char *path, int64_t version, struct str json)
{
    ck_assert_msg(release_history_record(&tx, (struct recorded_row){ table, name, path }, version, json, &e),
                  "%s", e.what);
}

/* As a writer does it: the row is locked, recorded, written. */
static void write_version(const char *name, int64_t version, struct str json)
{
    begin(writer);
    record("releases", name, "", version, json);
    put_row(writer, name, json, version);
    commit();
}

static void delete_row(const char *name, int64_t version)
{
    begin(writer);
    record("releases", name, "", version, STR_NONE);
    runf(writer, "DELETE FROM releases WHERE name = '%s'", name);
    commit();
}

/* What the release NAME held at VERSION, "-" when that is not known; CTX's. */
static struct str read_version(const char *name, int64_t version)
{
    struct str json;
    begin(writer);
    ck_assert_msg(
        release_history_read(&tx, (struct recorded_row){ "releases", name, "" }, version, &json, &e), "%s",
        e.what);
    struct str copy = str_absent(json) ? STR("-") : (struct str){ mem_strndup(ctx, json.p, json.n), json.n };
    commit();
    return copy;
}

static int64_t count(const char *where)
{
    return number(writer, mem_printf(ctx, "SELECT COUNT(*) FROM balrog_release_history WHERE %s", where));
}

/* ---- a big release ---- */

enum { LOCALE_BYTES = 240 };

static unsigned seed = 1;

static void print_hash(char *out)
{
    for (int i = 0; i < 128; i++) {
        seed = seed * 1103515245 + 12345;
        out[i] = "0123456789abcdef"[seed >> 16 & 15];
    }
}

/* A text of about BYTES like a release's: what has no pattern are the hashes. */
static struct str big_text(size_t bytes)
{
    char *text = mem_array(ctx, char, bytes + LOCALE_BYTES);
    size_t n = 0;
    for (unsigned i = 0; n < bytes; i++) {
        n += (size_t)sprintf(text + n,
                             "\"l%u\": {\"buildID\": \"2016010100%04u\", \"completes\": [{\"filesize\": %u, "
                             "\"from\": \"*\", \"hashValue\": \"",
                             i, i % 10000, i * 77777);
        print_hash(text + n);
        n += 128;
        n += (size_t)sprintf(text + n, "\"}]}, ");
    }
    return (struct str){ text, n };
}

/* Changes one locale's hash. */
static void change_one(struct str text, unsigned i)
{
    char *hashes = (char *)text.p;
    size_t at = (size_t)i * 7919 * LOCALE_BYTES % (text.n - 400);
    struct str rest = { hashes + at, text.n - at };
    ptrdiff_t hash = str_find(rest, STR("\"hashValue\": \""));
    if (hash >= 0 && (size_t)hash + 150 < rest.n) {
        print_hash(hashes + at + hash + 14);
    }
}

static void check_version(int64_t version, uint32_t hash)
{
    int64_t start = clock_ms();
    struct str json = read_version("big", version);
    ck_assert_msg(str_hash(json) == hash, "version %lld is another", (long long)version);
    ck_assert_msg(clock_ms() - start < 1000, "version %lld took %lld ms", (long long)version,
                  (long long)(clock_ms() - start));
    talloc_free((char *)json.p);
}

START_TEST(test_big_release)
{
    bool full = getenv("BALROG_TEST_FULL") != NULL;
    int64_t updates = full ? 1000 : 230;
    size_t bytes = full ? 8 << 20 : 1 << 20;
    uint32_t *hashes = mem_array(ctx, uint32_t, updates + 2);
    struct str text = big_text(bytes);
    for (int64_t version = 1; version <= updates + 1; version++) {
        write_version("big", version, text);
        hashes[version] = str_hash(text);
        change_one(text, (unsigned)version);
    }
    for (int64_t version = 1; version <= updates + 1; version += full && version % 10 != 0 ? 7 : 1) {
        check_version(version, hashes[version]);
    }
    int64_t taken = number(writer, "SELECT SUM(LENGTH(frame)) FROM balrog_release_history");
    int64_t key_frames = count("base IS NULL");
    ck_assert_int_eq(key_frames, updates / 100 + 1);
    ck_assert_msg(taken < (int64_t)bytes * (full ? 5 : 2), "%lld bytes", (long long)taken);
    printf("%lld versions of %zu bytes take %lld bytes\n", (long long)updates + 1, bytes, (long long)taken);
}
END_TEST

/* ---- what others wrote ---- */

START_TEST(test_adopted)
{
    put_row(writer, "r", STR("{\"v\": 7}"), 7);
    write_version("r", 8, STR("{\"v\": 8}"));
    assert_str(read_version("r", 7), "{\"v\": 7}");
    assert_str(read_version("r", 8), "{\"v\": 8}");
    assert_str(read_version("r", 6), "-");
    ck_assert_int_eq(count("data_version = 7 AND changed_by IS NULL AND timestamp IS NULL"), 1);
    ck_assert_int_eq(count("data_version = 8 AND changed_by = 'u@x' AND timestamp IS NOT NULL"), 1);
}
END_TEST

START_TEST(test_another_writer_between)
{
    write_version("r", 1, STR("{\"v\": 1}"));
    put_row(writer, "r", STR("{\"v\": 4}"), 4);
    write_version("r", 5, STR("{\"v\": 5}"));
    put_row(writer, "r", STR("{\"v\": \"5, printed in another way\"}"), 5);
    write_version("r", 6, STR("{\"v\": 6}"));
    assert_str(read_version("r", 1), "{\"v\": 1}");
    assert_str(read_version("r", 3), "-");
    assert_str(read_version("r", 4), "{\"v\": 4}");
    assert_str(read_version("r", 5), "{\"v\": 5}");
    assert_str(read_version("r", 6), "{\"v\": 6}");
}
END_TEST

/* ---- deletions ---- */

START_TEST(test_deleted_and_made_again)
{
    write_version("r", 1, STR("{\"v\": 1}"));
    write_version("r", 2, STR("{\"v\": 2}"));
    delete_row("r", 2);
    assert_str(read_version("r", 2), "-");
    write_version("r", 1, STR("{\"again\": 1}"));
    assert_str(read_version("r", 1), "{\"again\": 1}");
    assert_str(read_version("r", 2), "-");
    write_version("r", 2, STR("{\"again\": 2}"));
    assert_str(read_version("r", 2), "{\"again\": 2}");
    ck_assert_int_eq(count("size = 0 AND data_version = 2 AND frame IS NULL"), 1);
}
END_TEST

START_TEST(test_deleted_after_adoption)
{
    cJSON *list;
    struct str json;
    put_row(writer, "r", STR("{\"v\": 3}"), 3);
    delete_row("r", 3);
    begin(writer);
    ck_assert(release_history_list(&tx, (struct recorded_row){ "releases", "r", "" }, 0, 10, &list, &e));
    ck_assert_int_eq(cJSON_GetArraySize(list), 2);
    const cJSON *gone = list->child, *was = gone->next;
    ck_assert(cJSON_IsTrue(json_get(gone, "deleted")));
    ck_assert(cJSON_IsNull(json_get(was, "changed_by")));
    ck_assert_double_eq(json_get(was, "size")->valuedouble, 8);
    ck_assert(release_history_change(&tx, (int64_t)json_get(was, "change_id")->valuedouble, &json, &e));
    assert_str(json, "{\"v\": 3}");
    ck_assert(release_history_list(&tx, (struct recorded_row){ "releases", "r", "" }, 1, 10, &list, &e));
    ck_assert_int_eq(cJSON_GetArraySize(list), 1);
    commit();
}
END_TEST

/* Somebody else's empty text, which is no JSON, is not taken for a deletion. */
START_TEST(test_empty_text)
{
    put_row(writer, "r", STR(""), 3);
    write_version("r", 4, STR("{\"v\": 4}"));
    assert_str(read_version("r", 3), "null");
    assert_str(read_version("r", 4), "{\"v\": 4}");
}
END_TEST

/* Another program deletes a release and makes it again: what it was before is not what it was. */
START_TEST(test_made_again_by_another)
{
    write_version("r", 1, STR("{\"v\": 1}"));
    write_version("r", 2, STR("{\"v\": 2}"));
    run(writer, "DELETE FROM releases");
    write_version("r", 1, STR("{\"again\": 1}"));
    assert_str(read_version("r", 1), "{\"again\": 1}");
    assert_str(read_version("r", 2), "-");
}
END_TEST

/* ---- trouble ---- */

START_TEST(test_damaged)
{
    struct str json;
    write_version("r", 1, STR("{\"v\": \"a text that is long enough to be found in the next version\"}"));
    write_version("r", 2, STR("{\"v\": \"a text that is long enough to be found in the next version, 2\"}"));
    run(writer, "UPDATE balrog_release_history SET frame = INSERT(frame, LENGTH(frame) - 1, 1, '?') "
                "WHERE data_version = 1");
    begin(writer);
    ck_assert(!release_history_read(&tx, (struct recorded_row){ "releases", "r", "" }, 2, &json, &e));
    ck_assert_int_eq(e.kind, ERROR_INTERNAL);
    commit();
}
END_TEST

static void write_asset(struct db *d, char locale, int64_t version)
{
    char *path = mem_printf(ctx, ".platforms.p.locales.%c", locale);
    record("release_assets", "r", path, version, STR("{\"v\": 2}"));
    runf(d, "UPDATE release_assets SET data_version = %lld WHERE name = 'r' AND path = '%s'",
         (long long)version, path);
}

/* Two who write to neighbouring rows do not wait for each other. */
START_TEST(test_neighbours)
{
    struct db *other = connect_root(getenv("BALROG_TEST_DB"));
    run(other, "SET innodb_lock_wait_timeout = 1");
    for (char locale = 'a'; locale <= 'd'; locale++) {
        runf(writer, "INSERT INTO release_assets VALUES ('r', '.platforms.p.locales.%c', '{}', 1)", locale);
    }
    for (int64_t version = 2; version < 5; version++) {
        begin(writer);
        write_asset(writer, 'a', version);
        write_asset(writer, 'c', version);
        struct tx first = tx;
        begin(other);
        write_asset(other, 'b', version);
        write_asset(other, 'd', version);
        commit();
        tx = first;
        commit();
    }
    ck_assert_int_eq(count("tbl = 'release_assets'"), 16);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { test_big_release,
                                   test_adopted,
                                   test_another_writer_between,
                                   test_deleted_and_made_again,
                                   test_deleted_after_adoption,
                                   test_empty_text,
                                   test_made_again_by_another,
                                   test_damaged,
                                   test_neighbours };
    Suite *suite = suite_create("release_history");
    TCase *tc = tcase_create("release_history");
    tcase_add_checked_fixture(tc, before, teardown);
    tcase_set_timeout(tc, 3600);
    for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
        tcase_add_test(tc, tests[i]);
    }
    suite_add_tcase(suite, tc);
    return suite_status(suite);
}
