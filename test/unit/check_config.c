/* Configuration files: values, defaults, secrets, and messages that say what is wrong and where. */
#include "settings/config.h"
#include "suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/check_config.XXXXXX";
static char path[64];
static void *ctx;
static struct error error;

static void write_file(const char *name, struct str text, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, text.p, text.n), (int)text.n);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/balrog.conf", directory);
    unsetenv("BALROG_DATABASE_PASSWORD");
    ctx = talloc_new(NULL);
}

static void teardown(void)
{
    unlink(path);
    rmdir(directory);
    talloc_free(ctx);
}

static struct config *read_text(const char *text)
{
    write_file(path, str_of(text), 0600);
    return config_read(ctx, path, &error);
}

static struct config *read_good(const char *text)
{
    struct config *config = read_text(text);
    ck_assert_msg(config != NULL, "%s", error.what);
    return config;
}

/* EXPECTED: what follows the file's name in the message. */
static void expect_error(const char *text, const char *expected)
{
    ck_assert_ptr_null(read_text(text));
    size_t n = strlen(path);
    ck_assert_int_eq(strncmp(error.what, path, n), 0);
    ck_assert_str_eq(error.what + n, expected);
}

static void expect_list(struct config_list list, const char *const *items, size_t n)
{
    ck_assert_int_eq((int)list.n, (int)n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(str_eq(list.item[i], str_of(items[i])), "%.*s", STR_ARG(list.item[i]));
    }
}

START_TEST(defaults)
{
    setup();
    struct config *c = read_good("");
    ck_assert_str_eq(c->database.host, "127.0.0.1");
    ck_assert_int_eq(c->database.port, 3306);
    ck_assert_str_eq(c->database.socket, "");
    ck_assert_str_eq(c->database.user, "balrog_public");
    ck_assert_str_eq(c->database.password, "");
    ck_assert_int_eq(c->public.socket_mode, 0660);
    ck_assert_int_eq(c->public.threads, 64);
    ck_assert_str_eq(c->public.cache_control, "public, max-age=90");
    expect_list(c->update.special_force_hosts, (const char *[]){ "http://download.mozilla.org" }, 1);
    ck_assert_int_eq((int)c->update.allowlist.n, 0);
    ck_assert_int_eq((int)c->signing.n_signers, 0);
    ck_assert_int_eq(c->signing.cache_s, 86400);
    ck_assert_str_eq(c->log.level, "info");
    ck_assert_str_eq(c->log.format, "json");
    teardown();
}
END_TEST

START_TEST(values)
{
    setup();
    struct config *c = read_good("; a comment\r\n"
                                 "[database]\r\n"
                                 "  host=db.example.org\r\n"
                                 "\tport\t=  3307  \r\n"
                                 "[public]\n"
                                 "socket = /tmp/a=b:c.sock\n"
                                 "socket_mode = 666\n"
                                 "cache_control = no-cache # not a comment\n"
                                 "\n"
                                 "[database]\n"
                                 "name = other\n"
                                 "[log]\n"
                                 "level = debug");
    ck_assert_str_eq(c->database.host, "db.example.org");
    ck_assert_int_eq(c->database.port, 3307);
    ck_assert_str_eq(c->database.name, "other");
    ck_assert_str_eq(c->public.socket, "/tmp/a=b:c.sock");
    ck_assert_int_eq(c->public.socket_mode, 0666);
    ck_assert_str_eq(c->public.cache_control, "no-cache # not a comment");
    ck_assert_str_eq(c->log.level, "debug");
    teardown();
}
END_TEST

START_TEST(a_database_socket_replaces_the_host)
{
    setup();
    struct config *c = read_good("[database]\nhost = db\nsocket = /run/mysqld/mysqld.sock\n");
    ck_assert_str_eq(c->database.host, "");
    ck_assert_str_eq(c->database.socket, "/run/mysqld/mysqld.sock");
    teardown();
}
END_TEST

START_TEST(lists)
{
    setup();
    struct config *c = read_good("[update]\nspecial_force_hosts = http://a\thttp://b:80/\n"
                                 "special_force_hosts = https://c\n"
                                 "[allowlist]\n"
                                 "allow = download.mozilla.org Firefox  Fennec\n"
                                 "allow = www.google.com /dl/[\\w\\.]+/a:b=c;d#e(x|y){2} Widevine\n");
    expect_list(c->update.special_force_hosts, (const char *[]){ "http://a", "http://b:80/", "https://c" },
                3);
    expect_list(c->update.allowlist,
                (const char *[]){ "download.mozilla.org Firefox  Fennec",
                                  "www.google.com /dl/[\\w\\.]+/a:b=c;d#e(x|y){2} Widevine" },
                2);
    c = read_good("[update]\nspecial_force_hosts =\n");
    ck_assert_int_eq((int)c->update.special_force_hosts.n, 0);
    teardown();
}
END_TEST

START_TEST(signers)
{
    setup();
    setenv("BALROG_AUTOGRAPH_PASSWORD", "of json", 1);
    setenv("BALROG_AUTOGRAPH_GMP_X_PASSWORD", "of gmp", 1);
    struct config *c = read_good("[signing]\ncontent_signature_products = GMP Firefox\ncache_s = 5\n"
                                 "autograph_url = http://localhost:1/\n"
                                 "[signing GMP-x]\nx5u = https://a/b\nkey_file = /a/key\n"
                                 "[signing]\nautograph_user = me\n");
    ck_assert_int_eq((int)c->signing.n_signers, 2);
    const struct config_signer *json = &c->signing.signer[0];
    const struct config_signer *gmp = &c->signing.signer[1];
    ck_assert_str_eq(json->product, "");
    ck_assert_str_eq(json->autograph_url, "http://localhost:1/");
    ck_assert_str_eq(json->autograph_user, "me");
    ck_assert_str_eq(json->autograph_password, "of json");
    ck_assert_str_eq(json->key_file, "");
    ck_assert_str_eq(gmp->product, "GMP-x");
    ck_assert_str_eq(gmp->key_file, "/a/key");
    ck_assert_str_eq(gmp->autograph_password, "of gmp");
    ck_assert_int_eq(c->signing.cache_s, 5);
    teardown();
}
END_TEST

START_TEST(wrong_values)
{
    setup();
    expect_error("[database]\n\nport = 0\n", ":3: [database] port: must be a whole number from 1 to 65535");
    expect_error("[public]\nthreads = 12x\n", ":2: [public] threads: must be a whole number from 1 to 1024");
    expect_error("[public]\npoll_ms =\n",
                 ":2: [public] poll_ms: must be a whole number from 10 to 60000, in milliseconds");
    expect_error("[public]\ngap_s = 99999999999999999999\n",
                 ":2: [public] gap_s: must be a whole number from 1 to 86400, in seconds");
    expect_error("[public]\nsocket_mode = 0990\n",
                 ":2: [public] socket_mode: must be a file mode in octal, as 0660");
    expect_error("[public]\nsocket_mode = 7777\n",
                 ":2: [public] socket_mode: must be a file mode in octal, as 0660");
    expect_error("[log]\nlevel = loud\n", ":2: [log] level: must be one of: debug info warning error");
    expect_error("[log]\nformat =\n", ":2: [log] format: must be one of: json plain");
    expect_error("[public]\nsocket = run/x\n", ":2: [public] socket: must be a path that starts with /");
    expect_error("[database]\nname = \"balrog\"\n", ":2: [database] name: values are written without quotes");
    expect_error("[database]\nname =\n", ":2: [database] name: must not be empty");
    expect_error("[allowlist]\nallow =\n", ":2: [allowlist] allow: must not be empty");
    expect_error("[database]\nport = 1\nhost = a\nport = 1\n", ":4: [database] port: already set in line 2");
    expect_error("[signing A]\nx5u = a\n[signing A]\nx5u = a\n",
                 ":4: [signing A] x5u: already set in line 2");
    teardown();
}
END_TEST

START_TEST(unknown_names)
{
    setup();
    expect_error("[public]\nthread = 1\n", ":2: [public] thread: unknown key; did you mean \"threads\"?");
    expect_error("[database]\ndatabse = 1\n", ":2: [database] databse: unknown key; did you mean \"name\"?");
    expect_error("[database]\nthreads = 1\n", ":2: [database] threads: unknown here; it belongs to [public]");
    expect_error("[signing X]\ncache_s = 1\n",
                 ":2: [signing X] cache_s: unknown here; it belongs to [signing]");
    expect_error("[databse]\n", ":1: [databse]: unknown section; there are [database], [primary], [public], "
                                "[admin], [ui], [agent], [uptake], [update], "
                                "[allowlist], [signing], [log], [statsd], [sentry] and [signing PRODUCT]");
    expect_error("[public x]\n", ":1: [public x]: unknown section; there are [database], [primary], "
                                 "[public], [admin], [ui], [agent], [uptake], [update], "
                                 "[allowlist], [signing], [log], [statsd], [sentry] and [signing PRODUCT]");
    expect_error("port = 1\n", ":1: port: stands before the first [section]");
    teardown();
}
END_TEST

/* A file whose second line is BEFORE, N letters and BEHIND. */
static const char *with_long_line(const char *before, int n, const char *behind)
{
    static char text[1024];
    char letters[600];
    memset(letters, 'x', sizeof letters);
    snprintf(text, sizeof text, "[database]\n%s%.*s%s\n", before, n, letters, behind);
    return text;
}

START_TEST(broken_lines)
{
    setup();
    const char *expected = ":2: expected \"key = value\", \"[section]\" or \"# comment\"";
    expect_error("[public]\nthreads 1\n", expected);
    expect_error("[public]\nthreads: 1\n", expected);
    expect_error("[public]\n= 1\n", expected);
    expect_error("[public]\nsocket = /a ; b\n",
                 ":2: a comment must be on a line of its own; a value cannot hold \" ;\"");
    expect_error("[public] # x\n", ":1: a section is [name], alone in its line, at most 49 bytes");
    expect_error("[\n", ":1: a section is [name], alone in its line, at most 49 bytes");
    expect_error(with_long_line("[signing ", 42, "]"),
                 ":2: a section is [name], alone in its line, at most 49 bytes");
    const char *too_long =
        ":2: the line is too long: at most 199 bytes (a list may be spread over several lines)";
    expect_error(with_long_line("name = ", 193, ""), too_long);
    expect_error(with_long_line("# ", 500, ""), too_long);
    ck_assert_int_eq((int)strlen(read_good(with_long_line("name = ", 192, ""))->database.name), 192);
    ck_assert_str_eq(read_good(with_long_line("[signing ", 41, "]\nx5u = a"))->signing.signer->product + 40,
                     "x");
    write_file(path, STR("[log]\nlevel = info\0x\n"), 0600);
    ck_assert_ptr_null(config_read(ctx, path, &error));
    ck_assert_ptr_nonnull(strstr(error.what, ":2: the line holds a NUL byte"));
    teardown();
}
END_TEST

START_TEST(no_file)
{
    setup();
    ck_assert_ptr_null(config_read(ctx, "/nonexistent/balrog.conf", &error));
    ck_assert_str_eq(error.what, "cannot read /nonexistent/balrog.conf: No such file or directory");
    ck_assert_ptr_null(config_read(ctx, directory, &error));
    ck_assert_ptr_nonnull(strstr(error.what, "Is a directory"));
    teardown();
}
END_TEST

START_TEST(secrets)
{
    setup();
    char file[64];
    char text[128];
    snprintf(file, sizeof file, "%s/password", directory);
    snprintf(text, sizeof text, "[database]\npassword_file = %s\n", file);
    write_file(file, STR("s3cret \n"), 0640);
    ck_assert_str_eq(read_good(text)->database.password, "s3cret ");
    write_file(file, STR("s3cret"), 0600);
    ck_assert_str_eq(read_good(text)->database.password, "s3cret");
    write_file(file, STR("two\nlines\n"), 0600);
    ck_assert_ptr_null(read_text(text));
    ck_assert_ptr_nonnull(strstr(error.what, "[database] password_file: the file must hold one line"));
    ck_assert_ptr_null(strstr(error.what, "two"));
    write_file(file, STR(""), 0600);
    ck_assert_ptr_null(read_text(text));
    write_file(file, STR("open\n"), 0604);
    ck_assert_ptr_null(read_text(text));
    ck_assert_ptr_nonnull(strstr(error.what, "can be read by everybody"));
    unlink(file);
    ck_assert_ptr_null(read_text(text));
    ck_assert_ptr_nonnull(strstr(error.what, "No such file"));
    setenv("BALROG_DATABASE_PASSWORD", "from outside", 1);
    ck_assert_str_eq(read_good("")->database.password, "from outside");
    teardown();
}
END_TEST

/* The file NAME says what config_print() says, line by line, and may say more; it holds no setting but
 * the allow-list's example, of which there are ALLOWED lines. */
static void expect_shipped(const char *file_name, enum config_shipped which, int allowed)
{
    char name[512];
    char expected[1 << 15];
    char line[256];
    const char *top = getenv("srcdir");
    snprintf(name, sizeof name, "%s/%s", top != NULL ? top : ".", file_name);
    struct config *c = config_read(ctx, name, &error);
    ck_assert_msg(c != NULL, "%s", error.what);
    ck_assert_int_eq((int)c->update.allowlist.n, allowed);
    FILE *out = fmemopen(expected, sizeof expected, "w");
    config_print(out, which);
    fclose(out);
    FILE *file = fopen(name, "r");
    struct str rest = str_of(expected);
    struct str next;
    str_split(&rest, '\n', &next);
    while (fgets(line, sizeof line, file) != NULL) {
        struct str got = str_strip(str_of(line));
        if (str_eq(got, next)) {
            str_split(&rest, '\n', &next);
        } else {
            ck_assert_msg(got.n == 0 || got.p[0] == '#' || str_starts(got, STR("allow = ")), "%s", line);
        }
    }
    fclose(file);
    ck_assert_msg(str_absent(rest), "%s lacks this line, in this place: %.*s", file_name, STR_ARG(next));
}

START_TEST(shipped_files)
{
    setup();
    expect_shipped("conf/balrog.conf", CONFIG_BALROG_FILE, 12);
    expect_shipped("conf/agent.conf", CONFIG_AGENT_FILE, 0);
    expect_shipped("conf/uptake.conf", CONFIG_UPTAKE_FILE, 0);
    teardown();
}
END_TEST

START_TEST(agent)
{
    setup();
    char file[64];
    char text[256];
    snprintf(file, sizeof file, "%s/secret", directory);
    write_file(file, STR("from a file\n"), 0600);
    snprintf(text, sizeof text, "[agent]\nclient_secret_file = %s\nuptake_bearer_file = %s\ninterval_s = 1\n",
             file, file);
    setenv("BALROG_AGENT_UPTAKE_BEARER", "from outside", 1);
    struct config *c = read_good(text);
    ck_assert_str_eq(c->agent.client_secret, "from a file");
    ck_assert_str_eq(c->agent.uptake_bearer, "from outside");
    ck_assert_str_eq(c->agent.password, "");
    ck_assert_str_eq(c->agent.allow_http, "no");
    ck_assert_str_eq(c->agent.token_auth, "body");
    ck_assert_int_eq(c->agent.interval_s, 1);
    ck_assert_int_eq(c->agent.retry_max_s, 900);
    expect_error("[agent]\nallow_http = maybe\n", ":2: [agent] allow_http: must be one of: no yes");
    expect_error("[agent]\npassword = x\n",
                 ":2: [agent] password: unknown key; did you mean \"password_file\"?");
    unlink(file);
    teardown();
}
END_TEST

SUITE_MAIN("config", defaults, values, a_database_socket_replaces_the_host, lists, signers, wrong_values,
           unknown_names, broken_lines, no_file, secrets, shipped_files, agent)
