/* The history of releases from the shell, for the tests of what cleans it up:
 *
 *     history_tool write TABLE NAME FIRST LAST    the versions from FIRST to LAST of a row
 *     history_tool delete TABLE NAME VERSION      deletes the row, which is at VERSION
 *     history_tool check TABLE NAME               prints the versions that are recorded, oldest first, each
 * of which must read as it was written; "-" stands for a deletion
 *
 * BALROG_TEST_SOCKET is the server's socket, BALROG_TEST_DB the database; it connects as root, without a
 * password. */
#include "store/release_history.h"

#include "core/json.h"
#include "settings/config.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAD = 300, LIST_MAX = 10000 };

static void *ctx;
static struct error e;
static struct tx tx;
static struct tx_site site;
static struct tx_request request = { .username = "u@x" };

static void need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "history_tool: %s: %s\n", what, e.what);
        exit(EXIT_FAILURE);
    }
}

static struct db *connect_root(void)
{
    struct config *config = mem_new(ctx, struct config);
    config->database.host = "";
    config->database.socket = getenv("BALROG_TEST_SOCKET");
    config->database.name = getenv("BALROG_TEST_DB");
    config->database.user = "root";
    config->database.password = "";
    config->database.connect_timeout_s = 10;
    config->database.read_timeout_s = 10;
    config->database.write_timeout_s = 10;
    need(config_database_hosts(ctx, &config->database, &e), "the configuration");
    struct db *d = db_open(ctx, &config->database, &e);
    need(d != NULL, "connecting");
    return d;
}

static void begin(struct db *d)
{
    tx = (struct tx){ .db = d, .site = &site, .request = &request, .actor = request.username };
    tx.mem = tx.lasting = talloc_new(ctx);
    need(db_exec(d, "START TRANSACTION", &e), "beginning");
}

static void commit(void)
{
    need(db_exec(tx.db, "COMMIT", &e), "committing");
    talloc_free(tx.mem);
}

/* What NAME holds at VERSION: most of it as before, and something that nothing else holds. */
static struct str text_of(const char *name, int64_t version)
{
    char pad[PAD + 1];
    for (int i = 0; i < PAD; i++) {
        pad[i] = (char)('a' + (i * 7 + i / 26) % 26);
    }
    pad[PAD] = '\0';
    return str_of(mem_printf(tx.mem, "{\"name\": \"%s\", \"pad\": \"%s\", \"v\": %lld}", name, pad,
                             (long long)version));
}

static void write_version(struct db *d, const char *table, const char *name, int64_t version)
{
    begin(d);
    struct str text = text_of(name, version);
    need(release_history_record(&tx, (struct recorded_row){ table, name, "" }, version, text, &e),
         "recording");
    char *sql = mem_printf(
        tx.mem, "REPLACE INTO `%s` (name, product, data, data_version) VALUES (?, 'P', ?, ?)", table);
    const struct db_value v[] = { DB_S(str_of(name)), DB_S(text), DB_I(version) };
    need(db_execute(d, sql, v, 3, NULL, NULL, &e), "writing");
    commit();
}

static void delete_row(struct db *d, const char *table, const char *name, int64_t version)
{
    begin(d);
    need(release_history_record(&tx, (struct recorded_row){ table, name, "" }, version, STR_NONE, &e),
         "recording");
    char *sql = mem_printf(tx.mem, "DELETE FROM `%s` WHERE name = ?", table);
    const struct db_value param = DB_S(str_of(name));
    need(db_execute(d, sql, &param, 1, NULL, NULL, &e), "deleting");
    commit();
}

static void check(struct db *d, const char *table, const char *name)
{
    cJSON *list;
    begin(d);
    need(release_history_list(&tx, (struct recorded_row){ table, name, "" }, 0, LIST_MAX, &list, &e),
         "listing");
    for (int i = cJSON_GetArraySize(list) - 1; i >= 0; i--) {
        const cJSON *entry = cJSON_GetArrayItem(list, i);
        int64_t version = (int64_t)json_get(entry, "data_version")->valuedouble;
        struct str text;
        if (cJSON_IsTrue(json_get(entry, "deleted"))) {
            puts("-");
            continue;
        }
        need(release_history_change(&tx, (int64_t)json_get(entry, "change_id")->valuedouble, &text, &e),
             "reading");
        need(str_eq(text, text_of(name, version)), "a version is not what was written");
        printf("%lld\n", (long long)version);
    }
    commit();
}

int main(int argc, char **argv)
{
    const char *command = argc > 3 ? argv[1] : "";
    ctx = talloc_new(NULL);
    struct db *d = connect_root();
    if (strcmp(command, "write") == 0 && argc == 6) {
        for (int64_t version = atoll(argv[4]); version <= atoll(argv[5]); version++) {
            write_version(d, argv[2], argv[3], version);
        }
    } else if (strcmp(command, "delete") == 0 && argc == 5) {
        delete_row(d, argv[2], argv[3], atoll(argv[4]));
    } else if (strcmp(command, "check") == 0 && argc == 4) {
        check(d, argv[2], argv[3]);
    } else {
        fputs("usage: history_tool write TABLE NAME FIRST LAST | delete TABLE NAME VERSION | check TABLE "
              "NAME\n",
              stderr);
        return 2;
    }
    talloc_free(ctx);
    return EXIT_SUCCESS;
}
