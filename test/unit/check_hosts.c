/* The list of database servers, positions in binary logs, and the choice among servers. */
#include "settings/config.h"
#include "store/host_choice.h"
#include "suite.h"

#include <stdio.h>

static void *ctx;
static struct error error;

static void setup(void)
{
    ctx = talloc_new(NULL);
}

static void teardown(void)
{
    talloc_free(ctx);
}

/* ---- the list ---- */

static struct config_database parse(const char *host, const char *socket)
{
    struct config_database at = { .host = host, .port = 3306, .socket = socket };
    ck_assert_msg(config_database_hosts(ctx, &at, &error), "%s", error.what);
    return at;
}

static void expect_host(const struct config_host *host, const char *label, const char *name, int port,
                        const char *socket)
{
    ck_assert_str_eq(host->label, label);
    ck_assert_str_eq(host->name, name);
    ck_assert_str_eq(host->socket, socket);
    ck_assert_int_eq(host->port, port);
}

START_TEST(lists)
{
    struct config_database at = parse("db1", "");
    ck_assert_uint_eq(at.n_servers, 1);
    expect_host(at.server, "db1", "db1", 3306, "");
    at = parse("db1,db2.example.org:3307 ,\t[2001:db8::1]:3308, [::1],/run/my sql.sock", "");
    ck_assert_uint_eq(at.n_servers, 5);
    expect_host(&at.server[0], "db1", "db1", 3306, "");
    expect_host(&at.server[1], "db2.example.org:3307", "db2.example.org", 3307, "");
    expect_host(&at.server[2], "[2001:db8::1]:3308", "2001:db8::1", 3308, "");
    expect_host(&at.server[3], "[::1]", "::1", 3306, "");
    ck_assert_str_eq(at.server[4].socket, "/run/my sql.sock");
    at = parse("db1, db2", "/run/db.sock"); /* a socket comes before all of them */
    ck_assert_uint_eq(at.n_servers, 1);
    expect_host(at.server, "/run/db.sock", "", 0, "/run/db.sock");
    ck_assert_str_eq(at.host, "");
}
END_TEST

static void expect_wrong(const char *host, const char *why)
{
    struct config_database at = { .host = host, .port = 3306, .socket = "" };
    ck_assert(!config_database_hosts(ctx, &at, &error));
    ck_assert_str_eq(error.what, why);
}

START_TEST(wrong_lists)
{
    expect_wrong("db1,,db2", "there is nothing between two commas, or behind the last one");
    expect_wrong("db1, ", "there is nothing between two commas, or behind the last one");
    expect_wrong("db1:", "'db1:' has no port from 1 to 65535 behind the colon");
    expect_wrong("db1:0", "'db1:0' has no port from 1 to 65535 behind the colon");
    expect_wrong("db1:65536", "'db1:65536' has no port from 1 to 65535 behind the colon");
    expect_wrong("db1:3306x", "'db1:3306x' has no port from 1 to 65535 behind the colon");
    expect_wrong("2001:db8::1", "'2001:db8::1': write an IPv6 address in brackets, as in [::1]:3306");
    expect_wrong("[::1]3306", "'[::1]3306' has something behind ']' that is not a port");
    expect_wrong("db1 db2", "'db1 db2' is not the name or the address of a host, nor a socket's path");
    expect_wrong(":3306", "':3306' is not the name or the address of a host, nor a socket's path");
    expect_wrong("db1, db1:3306", "'db1:3306' is in the list twice");
    expect_wrong("a,b,c,d,e,f,g,h,i", "the list is too long: at most 8 hosts");
}
END_TEST

/* ---- positions ---- */

static struct gtid_position position(const char *text)
{
    struct gtid_position p = { .n = 0 };
    ck_assert(gtid_add(&p, str_of(text)));
    return p;
}

static bool contains(const char *a, const char *b)
{
    struct gtid_position x = position(a), y = position(b);
    return gtid_contains(&x, &y);
}

START_TEST(positions)
{
    char text[GTID_TEXT_MAX];
    struct gtid_position p = position("0-1-145, 2-7-18446744073709551615");
    ck_assert_str_eq(gtid_text(&p, text), "0-1-145,2-7-18446744073709551615");
    ck_assert(gtid_add(&p, STR("0-3-144"))); /* an older one changes nothing */
    ck_assert(gtid_add(&p, STR("0-3-146")));
    ck_assert_str_eq(gtid_text(&p, text), "0-3-146,2-7-18446744073709551615");
    p = position("");
    ck_assert_str_eq(gtid_text(&p, text), "none");
    ck_assert(contains("0-1-5", "0-1-5") && contains("0-2-6", "0-1-5") && contains("0-1-5", ""));
    ck_assert(contains("0-1-5,1-1-1", "0-1-5") && !contains("0-1-5", "0-1-5,1-1-1"));
    ck_assert(!contains("0-1-5", "0-1-6") && !contains("", "0-1-1") && !contains("0-1-9,1-1-1", "1-1-2"));
    static const char *const wrong[] = {
        "0-1", "0-1-", "a-1-2", "0-1-2-3", "0-1-2 3", "-1-2", "0-1-2,,0-1-3"
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        p = position("5-5-5");
        ck_assert_msg(!gtid_add(&p, str_of(wrong[i])), "%s", wrong[i]);
        ck_assert_uint_eq(p.n, 0);
    }
}
END_TEST

START_TEST(a_long_position_is_shortened)
{
    char list[1024] = "", text[GTID_TEXT_MAX];
    size_t n = 0;
    for (unsigned i = 0; i < GTID_DOMAINS_MAX; i++) {
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%u-4294967295-18446744073709551615", i ? "," : "",
                              i);
    }
    struct gtid_position p = position(list);
    ck_assert_uint_eq(strlen(gtid_text(&p, text)), GTID_TEXT_MAX - 1);
    strcat(list, ",99-1-1");
    ck_assert(!gtid_add(&p, str_of(list)));
}
END_TEST

/* ---- choosing ---- */

enum { LAG_MS = 10000 };

static struct host_state state[3];
static struct host_choice choice;
static int64_t now_ms;

/* The server I, with a heartbeat of BEAT_MS (negative: it has none). */
static void set(size_t i, bool read_only, int64_t beat_ms, int64_t term, const char *gtid)
{
    static const char *const labels[] = { "db1", "db2", "db3" };
    state[i] = (struct host_state){ .label = labels[i],
                                    .up = true,
                                    .asked_ms = now_ms,
                                    .read_only = read_only,
                                    .beats = beat_ms >= 0,
                                    .beat_ms = beat_ms,
                                    .term = term,
                                    .position = position(gtid) };
}

static void set_down(size_t i)
{
    state[i].up = false;
    snprintf(state[i].why, sizeof state[i].why, "refused");
}

static void choose_n(size_t n)
{
    host_choose(state, n, LAG_MS, now_ms, &choice);
}

static void expect_choice(size_t reader, size_t writer, bool may_write)
{
    choose_n(3);
    ck_assert_uint_eq(choice.reader, reader);
    ck_assert_uint_eq(choice.writer, writer);
    ck_assert_msg(choice.may_write == may_write, "%s", choice.why_not);
}

/* db1 is a replica, db2 the primary, db3 another replica; all are up to date. */
static void choose_setup(void)
{
    memset(&choice, 0, sizeof choice);
    now_ms = 1000;
    set(0, true, 5000, 0, "0-2-10");
    set(1, false, 5000, 0, "0-2-10");
    set(2, true, 5000, 0, "0-2-10");
    expect_choice(0, 1, true);
}

START_TEST(reading_moves_and_comes_back)
{
    choose_setup();
    set_down(0);
    expect_choice(1, 1, true);
    set_down(1);
    expect_choice(2, 2, false);
    ck_assert_str_eq(choice.why_not,
                     "db1 does not answer (refused); db2 does not answer (refused); db3 is read-only");
    set_down(2);
    expect_choice(2, 2, false); /* all are down: it stays */
    now_ms += 100;
    set(1, false, 5000, 0, "0-2-10");
    expect_choice(1, 1, true); /* at once: the other one is down */
    now_ms += 100;
    set(0, true, 5000, 0, "0-2-10");
    expect_choice(1, 1, true); /* it has to be well for a while */
    now_ms += HOST_RETURN_MS - 1;
    expect_choice(1, 1, true);
    set_down(0);
    expect_choice(1, 1, true);
    set(0, true, 5000, 0, "0-2-10");
    now_ms += 1;
    expect_choice(1, 1, true); /* the time begins anew */
    now_ms += HOST_RETURN_MS;
    expect_choice(0, 1, true);
}
END_TEST

START_TEST(a_replica_that_is_behind_is_not_read_from)
{
    choose_setup();
    set(1, false, 5000 + LAG_MS, 0, "0-2-20");
    set(2, true, 5000 + LAG_MS - 1, 0, "0-2-19");
    expect_choice(0, 1, true); /* just not too far */
    set(1, false, 5001 + LAG_MS, 0, "0-2-21");
    expect_choice(1, 1, true);
    set_down(1);
    set(2, true, 5001, 0, "0-2-15");
    expect_choice(0, 0, false); /* the others are compared with each other; db2 is down, so none waits */
    now_ms += HOST_TERM_MS;
    set(0, true, -1, 0, "0-2-10"); /* one that has no heartbeat at all is behind those that have one */
    now_ms += HOST_RETURN_MS;
    expect_choice(2, 2, false);
    set_down(2);
    expect_choice(0, 0, false);
    set(1, true, -1, 0, "");
    set(2, true, -1, 0, "");
    now_ms += HOST_RETURN_MS;
    expect_choice(0, 0, false); /* nobody has one: being up is enough */
}
END_TEST

START_TEST(if_all_are_behind_the_least_is_read_from)
{
    choose_setup();
    set_down(1);
    set(0, true, 5000, 3, "0-2-10"); /* it knows of a term, but not of what came after it */
    set(2, true, 80000, 2, "0-2-10");
    choose_n(3);
    now_ms += HOST_TERM_MS;
    set(0, true, 5000, 3, "0-2-10");
    set(1, false, 90000, 2, "0-2-10");
    set(2, true, 80000, 2, "0-2-10");
    set_down(1);
    expect_choice(0, 0, false);
    memset(&choice, 0, sizeof choice);
    set(0, true, 5000, 2, "0-2-10");
    expect_choice(2, 2, false);
}
END_TEST

START_TEST(a_former_primary_is_not_read_from)
{
    choose_setup();
    set(0, false, 6000, 0, "0-1-12"); /* writes on alone */
    set(1, false, 6000, 1, "0-2-11");
    set(2, true, 6000, 1, "0-2-11");
    expect_choice(0, 1, true); /* it may be a replica that will have the newer term in a moment */
    now_ms += HOST_TERM_MS;
    set(0, false, 8000, 0, "0-1-14");
    expect_choice(1, 1, true);
}
END_TEST

START_TEST(writing_follows_the_primary)
{
    choose_setup();
    set(1, true, 6000, 0, "0-2-12"); /* read-only: a planned change of the primary */
    expect_choice(0, 0, false);
    ck_assert_str_eq(choice.why_not, "db1 is read-only; db2 is read-only; db3 is read-only");
    now_ms += 500;
    set(0, false, 6000, 0, "0-2-12");
    expect_choice(0, 0, true);
}
END_TEST

START_TEST(what_lacks_changes_is_not_written_to)
{
    choose_setup();
    now_ms += 500;
    set(1, false, 6000, 0, "0-2-12");
    expect_choice(0, 1, true);
    set_down(1);
    now_ms += 500;
    set(2, false, 5000, 0, "0-2-11"); /* lost 12 */
    expect_choice(0, 0, false);
    ck_assert_str_eq(choice.why_not, "db1 is read-only; db2 does not answer (refused); "
                                     "db3 lacks changes that were seen on db2 (term 0, 0-2-12)");
    set(2, false, 5000, 0, "0-3-12");
    expect_choice(0, 2, true); /* by the numbers it has all */
    now_ms += 500;
    set(1, false, 7000, 0, "0-2-13"); /* the other one is back, and has written more */
    expect_choice(0, 2, true);        /* db3 was asked before that was seen */
    now_ms += 500;
    set(2, false, 7000, 0, "0-3-12");
    expect_choice(0, 1, true);
}
END_TEST

START_TEST(a_newer_term_decides)
{
    choose_setup();
    now_ms += 500;
    set(1, false, 6000, 0, "0-2-99");
    expect_choice(0, 1, true);
    set_down(1);
    now_ms += 500;
    set(2, false, 6000, 1, "0-3-50"); /* promoted: changes were given up */
    set(0, true, 6000, 1, "0-3-50");
    expect_choice(0, 2, true);
    now_ms += 500;
    set(1, false, 9000, 0, "0-2-200");
    expect_choice(0, 2, true); /* the former primary, whatever it has */
    set_down(2);
    now_ms += 2 * HOST_RETURN_MS;
    set(1, false, 9000, 0, "0-2-200");
    expect_choice(0, 0, false);
}
END_TEST

START_TEST(two_that_are_equal)
{
    choose_setup();
    set(0, false, 5000, 0, "0-2-10"); /* as in a cluster whose servers can all be written to */
    expect_choice(0, 1, true);        /* the one in use stays … */
    now_ms += HOST_RETURN_MS;
    set(0, false, 5000, 0, "0-2-10");
    set(1, false, 5000, 0, "0-2-10");
    expect_choice(0, 0, true); /* … until the one before it was well for a while */
}
END_TEST

/* Three nodes of a Galera cluster, of which all can be written to. */
static void set_node(size_t i, bool desynced)
{
    set(i, false, 5000, 0, "");
    state[i].cluster = true;
    state[i].desynced = desynced;
}

static void cluster_setup(void)
{
    memset(&choice, 0, sizeof choice);
    now_ms = 1000;
    set_node(0, false);
    set_node(1, false);
    set_node(2, false);
    expect_choice(0, 0, true);
}

START_TEST(the_next_node_of_a_cluster)
{
    cluster_setup();
    set_down(0);
    expect_choice(1, 1, true);
    now_ms += 500;
    set_node(0, false);
    expect_choice(1, 1, true);
    now_ms += HOST_RETURN_MS;
    expect_choice(0, 0, true);
    set_down(0);
    set_down(1);
    set_down(2);
    expect_choice(0, 0, false);
}
END_TEST

START_TEST(a_desynced_node_is_spared)
{
    cluster_setup();
    set_node(0, true);
    expect_choice(1, 1, true);
    set_node(1, true);
    expect_choice(2, 2, true);
    set_down(2);
    expect_choice(0, 0, true); /* better than none */
    set(2, true, 5000, 0, "0-1-7");
    expect_choice(0, 0, true); /* a replica does not replace a node */
}
END_TEST

START_TEST(one_server_is_always_the_choice)
{
    memset(&choice, 0, sizeof choice);
    set(0, true, -1, 0, "");
    set_down(0);
    choose_n(1);
    ck_assert(choice.reader == 0 && choice.writer == 0 && choice.may_write);
}
END_TEST

SUITE_MAIN_WITH("hosts", setup, teardown, lists, wrong_lists, positions, a_long_position_is_shortened,
                reading_moves_and_comes_back, a_replica_that_is_behind_is_not_read_from,
                if_all_are_behind_the_least_is_read_from, a_former_primary_is_not_read_from,
                writing_follows_the_primary, what_lacks_changes_is_not_written_to, a_newer_term_decides,
                two_that_are_equal, the_next_node_of_a_cluster, a_desynced_node_is_spared,
                one_server_is_always_the_choice)
