/* Log lines: format, escaping, truncation, levels and streams. */
#include "core/json.h"
#include "ops/log.h"
#include "suite.h"

#include <pthread.h>
#include <unistd.h>

/* Each stream goes to a pipe of its own. */
static int out[2];
static int err[2];

static void setup(void)
{
    ck_assert_int_eq(pipe(out), 0);
    ck_assert_int_eq(pipe(err), 0);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
}

/* What one read() gets: a line that left in one write comes back in one. */
static struct str one_read(int fd, char *into, size_t n)
{
    ssize_t got = read(fd, into, n);
    ck_assert_int_gt((int)got, 0);
    return (struct str){ into, (size_t)got };
}

static cJSON *read_json(int fd)
{
    char text[2 * LOG_LINE_MAX];
    struct error e;
    struct str line = one_read(fd, text, sizeof text);
    ck_assert_int_le((int)line.n, LOG_LINE_MAX);
    ck_assert_ptr_eq(memchr(line.p, '\n', line.n), line.p + line.n - 1);
    cJSON *json = json_parse(line, &e);
    ck_assert_msg(json != NULL, "%s: %.*s", e.what, STR_ARG(line));
    return json;
}

START_TEST(json_line)
{
    setup();
    log_setup("balrog-public", LOG_INFO, LOG_JSON);
    log_write(LOG_INFO, "snapshot.built", STR("abc123"), "%d rules, \"%s\" \\", 12, "x");
    cJSON *json = read_json(out[0]);
    ck_assert_str_eq(json_get_string(json, "Type"), "snapshot.built");
    ck_assert_str_eq(json_get_string(json, "Logger"), "balrog-public");
    ck_assert_str_eq(json_get_string(json, "EnvVersion"), "2.0");
    ck_assert_ptr_nonnull(json_get_string(json, "Hostname"));
    ck_assert_double_eq(json_get(json, "Severity")->valuedouble, 200);
    ck_assert_double_eq(json_get(json, "Pid")->valuedouble, getpid());
    ck_assert_double_gt(json_get(json, "Timestamp")->valuedouble, 1.7e18);
    const cJSON *fields = json_get_object(json, "Fields");
    ck_assert_str_eq(json_get_string(fields, "requestid"), "abc123");
    ck_assert_str_eq(json_get_string(fields, "message"), "12 rules, \"x\" \\");
    cJSON_Delete(json);
}
END_TEST

START_TEST(json_escaping)
{
    setup();
    log_setup("t", LOG_DEBUG, LOG_JSON);
    log_debug("t", "a\nb\tc\033[1m \x7f é€😀 \xff\xc3( \xed\xa0\x80 \xc2\x9b");
    cJSON *json = read_json(out[0]);
    ck_assert_str_eq(json_get_string(json_get(json, "Fields"), "message"),
                     "a\\x0ab\\x09c\\x1b[1m \\x7f é€😀 \\xff\\xc3( \\xed\\xa0\\x80 \\xc2\\x9b");
    ck_assert_ptr_null(json_get(json_get(json, "Fields"), "requestid"));
    ck_assert_double_eq(json_get(json, "Severity")->valuedouble, 100);
    cJSON_Delete(json);
}
END_TEST

START_TEST(plain_line)
{
    setup();
    char text[LOG_LINE_MAX];
    log_write(LOG_ERROR, "db.lost", STR("id\n"), "gone\r\nfaked é");
    struct str line = one_read(err[0], text, sizeof text);
    /* 2026-11-22T22:41:00.123Z */
    ck_assert_int_eq(line.p[4], '-');
    ck_assert_int_eq(line.p[10], 'T');
    ck_assert_int_eq(line.p[19], '.');
    ck_assert(str_eq(str_slice(line, 23, line.n), STR("Z ERROR db.lost gone\\x0d\\x0afaked é [id\\x0a]\n")));
}
END_TEST

START_TEST(levels_and_streams)
{
    setup();
    char text[LOG_LINE_MAX];
    enum log_level level;
    log_setup("t", LOG_WARNING, LOG_PLAIN);
    log_info("t", "not this");
    log_warning("t", "this");
    ck_assert(str_contains(one_read(err[0], text, sizeof text), STR("WARNING t this\n")));
    log_setup("t", LOG_INFO, LOG_PLAIN);
    log_debug("t", "nor this");
    log_info("t", "that");
    ck_assert(str_ends(one_read(out[0], text, sizeof text), STR("INFO t that\n")));
    ck_assert(log_level_parse("warning", &level) && level == LOG_WARNING);
    ck_assert(!log_level_parse("loud", &level));
}
END_TEST

START_TEST(format_names)
{
    enum log_format format;
    ck_assert(log_format_parse("json", &format) && format == LOG_JSON);
    ck_assert(log_format_parse("plain", &format) && format == LOG_PLAIN);
    ck_assert(!log_format_parse("xml", &format));
}
END_TEST

/* The longest message, made of the character that grows most when escaped. */
static void log_long(enum log_format format, char c, struct str id)
{
    char message[3 * LOG_LINE_MAX];
    memset(message, c, sizeof message - 1);
    message[sizeof message - 1] = '\0';
    log_setup("t", LOG_INFO, format);
    log_write(LOG_INFO, "t", id, "%s", message);
}

START_TEST(truncation)
{
    setup();
    char text[2 * LOG_LINE_MAX];
    char id[1000];
    memset(id, '\001', sizeof id);
    static const char characters[] = "x\"\001\377";
    for (size_t i = 0; characters[i] != '\0'; i++) {
        log_long(LOG_JSON, characters[i], (struct str){ id, sizeof id });
        cJSON *json = read_json(out[0]);
        struct str message = str_of(json_get_string(json_get(json, "Fields"), "message"));
        ck_assert(str_ends(message, STR("…")));
        ck_assert_int_gt((int)message.n, 1500);
        cJSON_Delete(json);
        log_long(LOG_PLAIN, characters[i], (struct str){ id, sizeof id });
        struct str line = one_read(out[0], text, sizeof text);
        ck_assert_int_le((int)line.n, LOG_LINE_MAX);
        ck_assert_int_gt((int)line.n, LOG_LINE_MAX - 40);
        ck_assert(str_contains(line, STR("… [\\x01")));
        ck_assert(str_ends(line, STR("\\x01]\n")));
    }
    log_long(LOG_PLAIN, 'x', STR_NONE);
    ck_assert(str_ends(one_read(out[0], text, sizeof text), STR("xxx…\n")));
}
END_TEST

static void *log_hundred(void *arg)
{
    for (int i = 0; i < 100; i++) {
        log_info("t", "line %d", i);
    }
    return arg;
}

START_TEST(threads)
{
    setup();
    pthread_t thread[4];
    char text[1 << 16];
    log_setup("t", LOG_INFO, LOG_PLAIN);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, log_hundred, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
    }
    struct str rest = one_read(out[0], text, sizeof text);
    struct str line;
    int lines = 0;
    while (str_split(&rest, '\n', &line) && line.n > 0) {
        ck_assert(str_contains(line, STR("Z INFO t line ")));
        lines++;
    }
    ck_assert_int_eq(lines, 400);
}
END_TEST

SUITE_MAIN("log", json_line, json_escaping, plain_line, levels_and_streams, format_names, truncation, threads)
