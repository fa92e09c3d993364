/* What leaves the house in reports: what is scrubbed, DSNs, the envelope, rates, a server that is gone;
 * crashes. */
#include "core/clock.h"
#include "core/json.h"
#include "ops/process.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "ops/scrub.h"
#include "ops/sentry.h"
#include "ops/sentry_event.h"
#include "suite.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct buf out;
static char directory[64];

static void setup(void)
{
    buf_init(&out, 1024, 1 << 20);
    snprintf(directory, sizeof directory, "/tmp/check_report.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    log_setup("balrog-test", LOG_INFO, LOG_JSON);
}

static void teardown(void)
{
    char path[512];
    DIR *dir = opendir(directory);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        unlink(path);
    }
    closedir(dir);
    rmdir(directory);
    buf_free(&out);
}

/* ---- scrubbing ---- */

static const struct {
    const char *text, *clean;
} texts[] = {
    { "release Firefox-130.0-build1 cannot be served: no fileUrls",
      "release Firefox-130.0-build1 cannot be served: no fileUrls" },
    { "GET /update/6/Firefox/118.0/20230921090000/WINNT_x86_64-msvc-x64/de/update.xml",
      "GET /update/6/Firefox/118.0/20230921090000/WINNT_x86_64-msvc-x64/de/update.xml" },
    { "PUT /users/some.body@example.org/roles/releng: refused",
      "PUT /users/[address]/roles/releng: refused" },
    { "GET /rules?product=x&token=y HTTP", "GET /rules?[query] HTTP" },
    { "why?", "why?" },
    { "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", "Authorization: Bearer [secret]" },
    { "sent Basic dXNlcjpwYXNz and Hawk x", "sent Basic [secret] and Hawk [secret]" },
    { "{\"password\": \"hunter2\", \"user\": \"u\"}", "{\"password\": \"[secret]\", \"user\": \"u\"}" },
    { "client_secret=abc&x=1", "client_secret=[secret]&x=1" },
    { "the token is not known", "the token is not known" },
    { "a token eyJhbGciOiJSUzI1NiJ9 by itself", "a token [token] by itself" },
    { "key 0123456789abcdef0123456789abcdef", "key [token]" },
    { "Access denied for user 'balrog_public'@'localhost' (using password: YES)",
      "Access denied for user 'balrog_public'@'localhost' (using password: [secret])" },
    { "", "" },
};

START_TEST(scrubbing)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        buf_reset(&out);
        scrub_print(&out, str_of(texts[i].text));
        ck_assert_msg(str_eq(buf_view(&out), str_of(texts[i].clean)), "%s became %.*s", texts[i].text,
                      STR_ARG(buf_view(&out)));
    }
}
END_TEST

/* ---- DSNs ---- */

START_TEST(dsn)
{
    static const char *const bad[] = { "x",
                                       "https://key@host",
                                       "https://host/1",
                                       "ftp://k@h/1",
                                       "https://key@host/x",
                                       "https://key@/1",
                                       "https://@h/1",
                                       "https://key@host/1?x=1",
                                       "https://k@h o/1" };
    struct sentry_target t;
    struct error e;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_msg(!sentry_check(bad[i], &e), "%s", bad[i]);
        ck_assert_str_eq(e.what, "[sentry] dsn_file: must hold a DSN, https://KEY@HOST/PROJECT");
    }
    ck_assert(sentry_check("", &e));
    ck_assert(sentry_target_parse("https://abc:old@o1.example.org:8443/a/b/42", &t, &e));
    ck_assert_str_eq(t.url, "https://o1.example.org:8443/a/b/api/42/envelope/");
    ck_assert_ptr_nonnull(strstr(t.auth, "sentry_key=abc"));
    ck_assert_ptr_null(strstr(t.auth, "old"));
    ck_assert(sentry_target_parse("http://k@127.0.0.1/7", &t, &e));
    ck_assert_str_eq(t.url, "http://127.0.0.1/api/7/envelope/");
}
END_TEST

/* ---- what is posted ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned tries, taken;
    int answer; /* 0: none; -1: hangs until it is stopped */
    char last[64 << 10];
    char auth[256];
} server = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static bool post(const char *url, const char *const *headers, size_t n, struct str body,
                 const atomic_bool *stop, int *status, struct error *e)
{
    ck_assert_str_eq(url, "https://sentry.example/api/5/envelope/");
    ck_assert_int_eq((int)n, 2);
    while (server.answer < 0 && !atomic_load(stop)) {
        usleep(1000);
    }
    pthread_mutex_lock(&server.lock);
    server.tries++;
    server.taken += server.answer == 200;
    snprintf(server.last, sizeof server.last, "%.*s", STR_ARG(body));
    snprintf(server.auth, sizeof server.auth, "%s", headers[0]);
    pthread_cond_broadcast(&server.changed);
    pthread_mutex_unlock(&server.lock);
    *status = server.answer;
    return server.answer > 0 || error_set(e, ERROR_UNAVAILABLE, "nobody there");
}

static void start(int per_minute, int answer)
{
    static const char *program = "balrog-test";
    struct sentry_options o = { "https://thekey@sentry.example/5", "stage", program, per_minute, post };
    struct error e;
    server.answer = answer;
    ck_assert(freopen("/dev/null", "w", stderr) != NULL);
    metrics_register(&sentry_metrics, NULL);
    process_begin();
    metrics_start("test");
    ck_assert(sentry_start(&o, &e));
}

static void wait_for_taken(unsigned n)
{
    pthread_mutex_lock(&server.lock);
    while (server.taken < n) {
        pthread_cond_wait(&server.changed, &server.lock);
    }
    pthread_mutex_unlock(&server.lock);
}

static double dropped(unsigned why)
{
    return metric_value(&sentry_metrics.row[1], why);
}

/* The event of the last envelope, whose heads are looked at on the way. */
static cJSON *last_event(void)
{
    struct error e;
    struct str rest = str_of(server.last), head, item, event;
    ck_assert(str_split(&rest, '\n', &head) && str_split(&rest, '\n', &item) &&
              str_split(&rest, '\n', &event));
    cJSON *json[] = { json_parse(head, &e), json_parse(item, &e), json_parse(event, &e) };
    ck_assert_ptr_nonnull(json[2]);
    ck_assert_str_eq(json_get_string(json[0], "event_id"), json_get_string(json[2], "event_id"));
    ck_assert_int_eq((int)strlen(json_get_string(json[2], "event_id")), 32);
    ck_assert_str_eq(json_get_string(json[1], "type"), "event");
    ck_assert_int_eq((int)json_get(json[1], "length")->valuedouble, (int)event.n);
    cJSON_Delete(json[0]);
    cJSON_Delete(json[1]);
    return json[2];
}

START_TEST(error_event)
{
    start(30, 200);
    log_request_begin(STR("req1"), STR("POST"), STR("/rules/5?token=sesame"));
    log_warning("not.this", "a warning");
    log_error("request.failed", "POST /rules/5: \"x\" of %s, password: hunter2 \xff", "me@example.org");
    log_request_end();
    sentry_stop(1000);
    ck_assert_int_eq((int)server.taken, 1);
    ck_assert_ptr_nonnull(strstr(server.auth, "sentry_key=thekey"));
    ck_assert_ptr_null(strstr(server.last, "hunter2"));
    ck_assert_ptr_null(strstr(server.last, "me@example"));
    ck_assert_ptr_null(strstr(server.last, "sesame"));
    ck_assert_ptr_null(strstr(server.last, "thekey"));
    cJSON *event = last_event();
    const cJSON *exception = cJSON_GetArrayItem(json_get(json_get(event, "exception"), "values"), 0);
    const cJSON *frames = json_get(json_get(exception, "stacktrace"), "frames");
    ck_assert_str_eq(json_get_string(event, "level"), "error");
    ck_assert_str_eq(json_get_string(event, "release"), "balrog@" PACKAGE_VERSION);
    ck_assert_str_eq(json_get_string(event, "environment"), "stage");
    ck_assert_str_eq(json_get_string(json_get(event, "tags"), "request_id"), "req1");
    ck_assert_str_eq(json_get_string(json_get(event, "tags"), "type"), "request.failed");
    ck_assert_str_eq(json_get_string(json_get(event, "request"), "url"), "/rules/5");
    ck_assert_str_eq(json_get_string(exception, "type"), "request.failed");
    ck_assert_int_gt(cJSON_GetArraySize(frames), 2);
    /* The innermost one, which comes last, is who logs. */
    const cJSON *last = cJSON_GetArrayItem(frames, cJSON_GetArraySize(frames) - 1);
    ck_assert_ptr_nonnull(strstr(json_get_string(last, "package"), "check_report"));
    ck_assert_double_gt(json_get(event, "timestamp")->valuedouble, 1.7e9);
    cJSON_Delete(event);
}
END_TEST

START_TEST(rates)
{
    start(9, 200);
    for (int i = 0; i < 10; i++) {
        log_error("a.type", "a");
    }
    for (int i = 0; i < 3; i++) {
        log_error("b.type", "b");
        log_error("c.type", "c");
        log_error("d.type", "d");
    }
    sentry_stop(1000);
    ck_assert_int_eq((int)server.taken, 9);
    ck_assert_double_eq(dropped(0), 10 - 3 + 3);
}
END_TEST

/* Nobody waits for a server that does not answer; what is too much is dropped. */
START_TEST(server_hangs)
{
    start(10000, -1);
    int64_t from_ms = clock_ms();
    for (int i = 0; i < 3 * SENTRY_QUEUE; i++) {
        log_error("a.type", "a");
    }
    ck_assert_int_lt((int)(clock_ms() - from_ms), 1000);
    ck_assert(dropped(1) >= 2 * SENTRY_QUEUE - 1);
    from_ms = clock_ms();
    sentry_stop(100);
    ck_assert_int_lt((int)(clock_ms() - from_ms), 3000);
}
END_TEST

/* Another project from now on, then none. A DSN that is not valid changes nothing. */
START_TEST(changed)
{
    struct sentry_options o = { "https://otherkey@sentry.example/5", "other", "balrog-test", 30, post };
    struct error e;
    start(30, 200);
    log_error("a.type", "to the first");
    ck_assert(sentry_start(&o, &e));
    log_error("a.type", "to the other");
    o.dsn = "https://sentry.example/5";
    ck_assert(!sentry_start(&o, &e));
    log_error("a.type", "to the other, too");
    wait_for_taken(3);
    ck_assert_ptr_nonnull(strstr(server.auth, "sentry_key=otherkey"));
    ck_assert_ptr_nonnull(strstr(server.last, "\"environment\": \"other\""));
    o.dsn = "";
    ck_assert(sentry_start(&o, &e));
    log_error("a.type", "to nobody");
    sentry_stop(1000);
    ck_assert_int_eq((int)server.taken, 3);
}
END_TEST

START_TEST(server_gone)
{
    start(30, 0);
    log_error("a.type", "a");
    sentry_stop(1000);
    ck_assert_int_eq((int)server.taken, 0);
    ck_assert_double_eq(dropped(2), 1);
}
END_TEST

/* ---- crashes ---- */

/* A process that answers a request and ends by SIGNAL, in a thread in which the signals are blocked as in a
 * server's. */
static void *die(void *arg)
{
    crash_watch_thread();
    log_request_begin(STR("req 9"), STR("GET"), STR("/update/6/x y?secret=1"));
    raise(*(int *)arg);
    return NULL;
}

static int crash_by(int number, FILE **log)
{
    int fd[2];
    int status;
    ck_assert_int_eq(pipe(fd), 0);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        sigset_t all;
        dup2(fd[1], STDERR_FILENO);
        crash_watch("balrog-test", directory);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        pthread_create(&thread, NULL, die, &number);
        pthread_join(thread, NULL);
        _exit(0);
    }
    close(fd[1]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    *log = fdopen(fd[0], "r");
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static struct crash_report seen;
static unsigned n_seen;

static void see(void *arg, const struct crash_report *r)
{
    (void)arg;
    seen = *r;
    n_seen++;
}

START_TEST(crash)
{
    static const struct {
        int number;
        const char *name;
    } deaths[] = {
        { SIGSEGV, "SIGSEGV" }, { SIGABRT, "SIGABRT" }, { SIGBUS, "SIGBUS" }, { SIGFPE, "SIGFPE" }
    };
    FILE *log;
    char line[2 * LOG_LINE_MAX];
    struct error e;
    ck_assert_int_eq(crash_by(deaths[_i].number, &log), deaths[_i].number);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, log));
    fclose(log);
    cJSON *json = json_parse(str_of(line), &e);
    const char *message = json_get_string(json_get(json, "Fields"), "message");
    ck_assert_str_eq(json_get_string(json, "Type"), "crash");
    ck_assert_str_eq(json_get_string(json_get(json, "Fields"), "requestid"), "req 9");
    ck_assert_ptr_nonnull(strstr(message, " while answering GET /update/6/x_y; stack: "));
    ck_assert_ptr_nonnull(strstr(message, "balrog-test+0x"));
    ck_assert_ptr_null(strstr(message, "secret"));
    cJSON_Delete(json);
    crash_tell("balrog-other", directory, see, NULL);
    ck_assert_int_eq((int)n_seen, 0);
    crash_tell("balrog-test", directory, see, NULL);
    crash_tell("balrog-test", directory, see, NULL);
    ck_assert_int_eq((int)n_seen, 1);
    ck_assert_str_eq(seen.signal, deaths[_i].name);
    ck_assert_str_eq(seen.request, "GET /update/6/x_y");
    ck_assert_str_eq(seen.version, PACKAGE_VERSION);
    ck_assert_int_gt((int)seen.n_frames, 2);
    ck_assert(seen.time_ms > 1700000000000);
    bool raised = false;
    for (unsigned i = 0; i < seen.n_frames; i++) {
        raised |= strcmp(seen.frame[i].module, "balrog-test") == 0;
    }
    ck_assert(raised);
}
END_TEST

/* Only so many files stay. */
START_TEST(old_crashes)
{
    char path[256];
    for (int i = 0; i < CRASH_FILES + 5; i++) {
        snprintf(path, sizeof path, "%s/balrog-test-%d-%d.crash", directory, 100 - i, 1000 + i);
        FILE *file = fopen(path, "w");
        fprintf(file, "signal SIGSEGV\npid %d\nnonsense\nframe zz\nframe 12 m+0x5\n", i);
        fclose(file);
    }
    crash_tell("balrog-test", directory, see, NULL);
    ck_assert_int_eq((int)n_seen, CRASH_FILES + 5);
    ck_assert_int_eq((int)seen.n_frames, 1);
    snprintf(path, sizeof path, "%s/balrog-test-%d-%d.told", directory, 96, 1004);
    ck_assert_int_ne(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/balrog-test-%d-%d.told", directory, 95, 1005);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(crash_event)
{
    start(30, 200);
    struct crash_report r = { .time_ms = 1700000000123,
                              .pid = 77,
                              .version = "0.1",
                              .signal = "SIGBUS",
                              .request = "GET /users/a@b.c",
                              .n_frames = 2 };
    snprintf(r.frame[0].symbol, sizeof r.frame[0].symbol, "inner");
    snprintf(r.frame[1].symbol, sizeof r.frame[1].symbol, "outer");
    sentry_crash(NULL, &r);
    sentry_stop(1000);
    ck_assert_int_eq((int)server.taken, 1);
    cJSON *event = last_event();
    const cJSON *exception = cJSON_GetArrayItem(json_get(json_get(event, "exception"), "values"), 0);
    const cJSON *frames = json_get(json_get(exception, "stacktrace"), "frames");
    ck_assert_str_eq(json_get_string(event, "level"), "fatal");
    ck_assert_str_eq(json_get_string(event, "release"), "balrog@0.1");
    ck_assert_double_eq(json_get(event, "timestamp")->valuedouble, 1700000000.123);
    ck_assert_str_eq(json_get_string(exception, "value"),
                     "process 77 ended by SIGBUS while answering GET /users/[address]");
    ck_assert_str_eq(json_get_string(cJSON_GetArrayItem(frames, 0), "function"), "outer");
    cJSON_Delete(event);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("report");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, scrubbing);
    tcase_add_test(tc, dsn);
    tcase_add_test(tc, error_event);
    tcase_add_test(tc, rates);
    tcase_add_test(tc, server_hangs);
    tcase_add_test(tc, changed);
    tcase_add_test(tc, server_gone);
    tcase_add_loop_test(tc, crash, 0, 4);
    tcase_add_test(tc, old_crashes);
    tcase_add_test(tc, crash_event);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
