/* Rows of now, of the past and with changes made (explain/world.h, explain/changes.h), against a real server.
 */
#include "explain/world.h"
#include "write_world.h"

static const struct resource v1_releases = { .table = &table_releases, .check = anyone };
static const struct resource assets = { .table = &table_release_assets, .check = anyone };
static const struct resource shutoffs = { .table = &table_emergency_shutoffs, .check = anyone };

/* What a test asks of one consistent read. */
struct reading_test {
    int64_t at_ms;           /* 0: now */
    const char *changes[10]; /* as a request has them; up to NULL */
    const char *release;     /* NULL: none is read */
    struct buf said;
};

static void say_rules(struct buf *out, const struct world *w)
{
    const struct ruleset *set = ruleset_build(w->ctx, w->rules, w->n_rules);
    for (size_t i = 0; i < set->n; i++) {
        const struct rule_row *r = &set->rules[i].row;
        buf_printf(out, "%lld@%lld %.*s %.*s %lld%%%.*s;", (long long)r->rule_id, (long long)r->data_version,
                   STR_ARG(r->mapping), STR_ARG(r->channel), (long long)r->background_rate,
                   STR_ARG(r->locale));
    }
}

static void say_others(struct buf *out, const struct world *w)
{
    for (size_t i = 0; i < w->n_pins; i++) {
        buf_printf(out, "pin %.*s %.*s;", STR_ARG(w->pins[i].version), STR_ARG(w->pins[i].mapping));
    }
    for (size_t i = 0; i < w->n_shutoffs; i++) {
        buf_printf(out, "stop %.*s;", STR_ARG(w->shutoffs[i].channel));
    }
}

static bool say_release(struct buf *out, struct tx *tx, const struct world *w, const char *name,
                        struct error *err)
{
    struct world_reader reader = { tx, w };
    struct release_source source = world_source(&reader);
    struct release_row row;
    struct release_stamps mark;
    bool found;
    if (!source.release(source.arg, w->ctx, str_of(name), &row, &mark, &found, err)) {
        return false;
    }
    if (!found) {
        buf_lit(out, "none");
        return true;
    }
    buf_printf(out, "%.*s %.*s", STR_ARG(row.product), STR_ARG(row.json));
    for (size_t i = 0; i < row.n_assets; i++) {
        buf_printf(out, " %.*s=%.*s", STR_ARG(row.assets[i].path), STR_ARG(row.assets[i].json));
    }
    return true;
}

static bool read_world(struct tx *tx, void *arg, struct error *err)
{
    struct reading_test *t = arg;
    struct row_changes changes = { 0 };
    struct world w;
    for (int i = 0; t->changes[i] != NULL; i++) {
        cJSON *change = json_parse(str_of(t->changes[i]), err);
        ck_assert_msg(change != NULL, "%s: %s", t->changes[i], err->what);
        if (!row_changes_add(tx, &changes, tx_keep(tx, change), err)) {
            return false;
        }
    }
    bool ok =
        t->at_ms != 0 ? world_read_past(tx, tx->mem, t->at_ms, &w, err) : world_read(tx, tx->mem, &w, err);
    if (!ok) {
        return false;
    }
    world_apply(&w, &changes);
    if (t->release != NULL) {
        return say_release(&t->said, tx, &w, t->release, err);
    }
    say_rules(&t->said, &w);
    say_others(&t->said, &w);
    return true;
}

static void check_reading(struct reading_test t, const char *wanted)
{
    struct tx_request request = { .username = "", .read_only = true };
    buf_init(&t.said, 256, 65536);
    ck_assert_msg(tx_run(&site, &request, read_world, &t, &e), "%s", e.what);
    assert_str(buf_view(&t.said), wanted);
    buf_free(&t.said);
}

static void check_refused(const char *change, int kind, const char *what)
{
    struct reading_test t = { .changes = { change } };
    struct tx_request request = { .username = "", .read_only = true };
    buf_init(&t.said, 256, 65536);
    ck_assert_msg(!tx_run(&site, &request, read_world, &t, &e), "%s is not refused", change);
    ck_assert_msg(e.reason == kind && strstr(e.what, what) != NULL, "%s: kind %d, %s", change, e.reason,
                  e.what);
    buf_free(&t.said);
}

static void insert_rule(const char *mapping, const char *channel)
{
    expect("root",
           insert(&rules, mem_printf(ctx,
                                     "{\"mapping\": \"%s\", \"channel\": \"%s\", \"product\": \"Fennec2\", "
                                     "\"priority\": 10, \"backgroundRate\": 100, \"update_type\": \"minor\"}",
                                     mapping, channel)),
           OK, NULL);
}

START_TEST(edits_are_made)
{
    insert_rule("A", "a");
    insert_rule("B", "b");
    check_reading((struct reading_test){ 0 }, "1@1 A a 100%;2@1 B b 100%;");
    check_reading(
        (struct reading_test){
            .changes = { "{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 1, "
                         "\"data_version\": 1, "
                         "\"backgroundRate\": \"25\", \"channel\": \" x \"}",
                         "{\"table\": \"rules\", \"change_type\": \"delete\", \"rule_id\": \"2\"}",
                         "{\"table\": \"rules\", \"change_type\": \"insert\", \"locale\": \" de, fr \", "
                         "\"mapping\": \"C\", "
                         "\"priority\": 20}" } },
        "3@1 C  0%de,fr;1@2 A x 25%;");
    check_reading(
        (struct reading_test){
            .changes = { "{\"table\": \"pinnable_releases\", \"change_type\": \"insert\", \"product\": "
                         "\"P\", "
                         "\"channel\": \"c\", \"version\": \"1.\", \"mapping\": \"A\"}",
                         "{\"table\": \"emergency_shutoff\", \"change_type\": \"insert\", \"product\": "
                         "\"P\", "
                         "\"channel\": \"c\"}",
                         "{\"table\": \"pinnable_releases\", \"change_type\": \"update\", \"product\": "
                         "\"P\", "
                         "\"channel\": \"c\", \"version\": \"1.\", \"mapping\": \"B\"}" } },
        "1@1 A a 100%;2@1 B b 100%;pin 1. B;stop c;");
}
END_TEST

START_TEST(scheduled_changes_are_made)
{
    insert_rule("A", "a");
    expect("root", insert(&shutoffs, "{\"product\": \"P\", \"channel\": \"c\"}"), OK, NULL);
    const char *soon = mem_printf(ctx, "\"when\": %lld", (long long)epoch_ms + SOON_MS);
    expect("root",
           schedule(&rules, mem_printf(ctx,
                                       "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, "
                                       "\"mapping\": \"B\", \"channel\": \"a\", \"priority\": 1, "
                                       "\"product\": \"Fennec2\", \"backgroundRate\": 5, %s}",
                                       soon)),
           OK, NULL);
    expect("root",
           schedule(&shutoffs,
                    mem_printf(ctx,
                               "{\"change_type\": \"delete\", \"product\": \"P\", \"channel\": \"c\", "
                               "\"data_version\": 1, %s}",
                               soon)),
           OK, NULL);
    check_reading((struct reading_test){ .changes = { "\"rules:1\"", "\"emergency_shutoff:1\"" } },
                  "1@2 B a 5%;");
    check_reading((struct reading_test){ .changes = { "{\"table\": \"rules\", \"sc_id\": 1}" } },
                  "1@2 B a 5%;stop c;");
    check_refused("\"rules:2\"", FAIL_INVALID, "no scheduled change 2 of rules");
    run(writer, "UPDATE rules SET data_version = 7");
    check_refused("\"rules:1\"", FAIL_OUTDATED, "rules 1 is at data_version 7, and the change is for 1");
    run(writer, "DELETE FROM rules");
    check_refused("\"rules:1\"", FAIL_INVALID, "rules 1 is not there");
    run(writer, "UPDATE rules_scheduled_changes SET complete = 1");
    check_refused("\"rules:1\"", FAIL_INVALID, "is complete");
}
END_TEST

START_TEST(bad_changes_are_refused)
{
    insert_rule("A", "a");
    check_refused("\"rules\"", FAIL_INVALID, "wanted is rules:SC_ID");
    check_refused("\"rules:x\"", FAIL_INVALID, "'rules:x' is not a scheduled change");
    check_refused("\"rules:99999999999999999999\"", FAIL_INVALID, "is not a scheduled change");
    check_refused("\"permissions:1\"", FAIL_INVALID, "'permissions' is not a kind");
    check_refused("\"v2/releases:\"", FAIL_INVALID, "needs a name");
    check_refused("\"v2/releases:Nope\"", FAIL_INVALID, "Nothing is scheduled");
    check_refused("12", FAIL_INVALID, "A change has to be");
    check_refused("{\"table\": \"rules\", \"sc_id\": \"x\"}", FAIL_INVALID, "sc_id has to be");
    check_refused("{\"table\": \"rules\"}", FAIL_INVALID, "change_type has to be");
    check_refused("{\"table\": \"rules\", \"change_type\": \"update\"}", FAIL_INVALID, "rule_id is needed");
    check_refused("{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 9}", FAIL_INVALID,
                  "rules 9 is not there");
    check_refused("{\"table\": \"rules\", \"change_type\": \"insert\", \"rule_id\": 9}", FAIL_INVALID,
                  "cannot be given");
    check_refused("{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 1, \"nope\": 1}",
                  FAIL_INVALID, "no column 'nope'");
    check_refused("{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 1, \"mapping\": 1}",
                  FAIL_INVALID, "mapping has to be a string");
    check_refused("{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 1, \"priority\": -1}",
                  FAIL_INVALID, "priority has to be");
    check_refused("{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 1, \"mig64\": 1}",
                  FAIL_INVALID, "mig64 has to be true or false");
    check_refused("{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 2}",
                  FAIL_OUTDATED, "is at data_version 1");
    check_refused("{\"table\": \"releases\", \"change_type\": \"insert\", \"name\": \"R\", \"data\": \"{\"}",
                  FAIL_INVALID, "not valid JSON");
    check_refused("{\"table\": \"releases\", \"change_type\": \"insert\", \"name\": \"R\", \"blob\": []}",
                  FAIL_INVALID, "has to be an object");
    check_refused(
        "{\"table\": \"releases\", \"change_type\": \"insert\", \"name\": \"R\", \"blob\": {}, \"data\": {}}",
        FAIL_INVALID, "given twice");
}
END_TEST

#define V1(TYPE, REST) "{\"table\": \"releases\", \"change_type\": \"" TYPE "\", \"name\": \"R\"" REST "}"
#define V2(TYPE, REST) "{\"table\": \"v2/releases\", \"change_type\": \"" TYPE "\", \"name\": \"W\"" REST "}"
#define ASSET(TYPE, PATH, REST)                                                                              \
    "{\"table\": \"release_assets\", \"change_type\": \"" TYPE "\", \"name\": \"W\", \"path\": \"" PATH      \
    "\"" REST "}"

START_TEST(releases_are_changed)
{
    expect("root", insert(&v1_releases, "{\"name\": \"R\", \"product\": \"P\", \"data\": {\"a\": 1}}"), OK,
           NULL);
    expect("root", insert(&releases, "{\"name\": \"W\", \"product\": \"P\", \"data\": {\"b\": 1}}"), OK,
           NULL);
    expect("root", insert(&assets, "{\"name\": \"W\", \"path\": \".b\", \"data\": {\"c\": 1}}"), OK, NULL);
    check_reading((struct reading_test){ .release = "R" }, "P {\"a\": 1}");
    check_reading(
        (struct reading_test){ .release = "R", .changes = { V1("update", ", \"blob\": {\"a\": 2}") } },
        "P {\"a\": 2}");
    check_reading(
        (struct reading_test){ .release = "R", .changes = { V1("update", ", \"product\": \"Q\"") } },
        "Q {\"a\": 1}");
    check_reading((struct reading_test){ .release = "R", .changes = { V1("delete", "") } }, "none");
    check_reading((struct reading_test){ .release = "R",
                                         .changes = { V1("delete", ""), V1("insert", ", \"blob\": {}") } },
                  " {}");
    check_reading((struct reading_test){ .release = "W" }, "P {\"b\": 1} .b={\"c\": 1}");
    check_reading((struct reading_test){ .release = "W",
                                         .changes = { ASSET("insert", ".a", ", \"data\": {}"),
                                                      ASSET("insert", ".c", ", \"data\": {}"),
                                                      ASSET("update", ".b", ", \"data\": {\"c\": 2}") } },
                  "P {\"b\": 1} .a={} .b={\"c\": 2} .c={}");
    check_reading((struct reading_test){ .release = "W", .changes = { ASSET("delete", ".b", "") } },
                  "P {\"b\": 1}");
    check_reading(
        (struct reading_test){ .release = "W", .changes = { V2("update", ", \"blob\": {\"d\": 1}") } },
        "P {\"d\": 1}");
    check_reading((struct reading_test){ .release = "W", .changes = { V2("delete", "") } }, "none");
}
END_TEST

START_TEST(parts_that_are_scheduled_go_together)
{
    const char *soon = mem_printf(ctx, "\"when\": %lld", (long long)epoch_ms + SOON_MS);
    expect("root", insert(&releases, "{\"name\": \"W\", \"product\": \"P\", \"data\": {\"b\": 1}}"), OK,
           NULL);
    expect(
        "root",
        schedule(&releases, mem_printf(ctx,
                                       "{\"change_type\": \"update\", \"name\": \"W\", \"data\": {\"b\": 2}, "
                                       "\"product\": \"P\", \"data_version\": 1, %s}",
                                       soon)),
        OK, NULL);
    expect("root",
           schedule(&assets, mem_printf(ctx,
                                        "{\"change_type\": \"insert\", \"name\": \"W\", \"path\": \".l\", "
                                        "\"data\": {}, %s}",
                                        soon)),
           OK, NULL);
    check_reading((struct reading_test){ .release = "W", .changes = { "\"v2/releases:W\"" } },
                  "P {\"b\": 2} .l={}");
}
END_TEST

/* Ten milliseconds later. */
static int64_t later(void)
{
    clock_now += 10;
    return clock_now;
}

START_TEST(the_past_is_read)
{
    int64_t start = clock_now;
    int64_t made = later();
    insert_rule("A", "a");
    expect("root", insert(&v1_releases, "{\"name\": \"R\", \"product\": \"P\", \"data\": {\"a\": 1}}"), OK,
           NULL);
    expect("root", insert(&releases, "{\"name\": \"W\", \"product\": \"P\", \"data\": {\"b\": 1}}"), OK,
           NULL);
    expect("root", insert(&assets, "{\"name\": \"W\", \"path\": \".b\", \"data\": {\"c\": 1}}"), OK, NULL);
    int64_t changed = later();
    expect("root", update(&rules, "{\"rule_id\": 1, \"mapping\": \"B\"}", 1), OK, NULL);
    expect("root", update(&v1_releases, "{\"name\": \"R\", \"data\": {\"a\": 2}}", 1), OK, NULL);
    expect("root", update(&assets, "{\"name\": \"W\", \"path\": \".b\", \"data\": {\"c\": 2}}", 1), OK, NULL);
    expect("root", insert(&assets, "{\"name\": \"W\", \"path\": \".a\", \"data\": {}}"), OK, NULL);
    expect("root", insert(&shutoffs, "{\"product\": \"P\", \"channel\": \"c\"}"), OK, NULL);
    int64_t gone = later();
    expect("root", delete (&rules, "{\"rule_id\": 1}", 2), OK, NULL);
    expect("root", delete (&v1_releases, "{\"name\": \"R\"}", 2), OK, NULL);
    expect("root", delete (&assets, "{\"name\": \"W\", \"path\": \".b\"}", 2), OK, NULL);
    expect("root", delete (&shutoffs, "{\"product\": \"P\", \"channel\": \"c\"}", 1), OK, NULL);
    check_reading((struct reading_test){ .at_ms = start }, "");
    check_reading((struct reading_test){ .at_ms = made }, "1@1 A a 100%;");
    check_reading((struct reading_test){ .at_ms = gone - 1 }, "1@2 B a 100%;stop c;");
    check_reading((struct reading_test){ .at_ms = gone }, "");
    check_reading((struct reading_test){ .at_ms = start, .release = "R" }, "none");
    check_reading((struct reading_test){ .at_ms = changed - 1, .release = "R" }, " {\"a\": 1}");
    check_reading((struct reading_test){ .at_ms = changed, .release = "R" }, " {\"a\": 2}");
    check_reading((struct reading_test){ .at_ms = gone, .release = "R" }, "none");
    check_reading((struct reading_test){ .at_ms = start, .release = "W" }, "none");
    check_reading((struct reading_test){ .at_ms = made, .release = "W" }, "P {\"b\": 1} .b={\"c\": 1}");
    check_reading((struct reading_test){ .at_ms = changed, .release = "W" },
                  "P {\"b\": 1} .a={} .b={\"c\": 2}");
    check_reading((struct reading_test){ .at_ms = gone, .release = "W" }, "P {\"b\": 1} .a={}");
}
END_TEST

static void before(void)
{
    write_setup();
    run(writer, "TRUNCATE balrog_release_history");
    run(writer, "TRUNCATE balrog_release_heads");
}

int main(void)
{
    const TTest *const tests[] = {
        edits_are_made,
        scheduled_changes_are_made,
        bad_changes_are_refused,
        releases_are_changed,
        parts_that_are_scheduled_go_together,
        the_past_is_read,
        NULL,
    };
    Suite *suite = suite_create("world");
    add_tests(suite, "world", before, tests);
    return suite_status(suite);
}
