/* The FastCGI server: draining, and its socket. */
#include "server_world.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- draining ---- */

static void *drain(void *arg)
{
    *(bool *)arg = server_drain(server, GRACE_MS);
    return NULL;
}

/* Waits for the moment from which the server takes nothing new on FD: it is idle and draining has begun. */
static void wait_until_closed(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    ck_assert_int_eq(poll(&p, 1, GRACE_MS), 1);
}

START_TEST(drain_lets_requests_finish)
{
    bool drained = false;
    pthread_t thread;
    start();
    int idle = dial();
    send_request(idle, true, "GET", STR("/a"), STR_NONE);
    expect_answer(idle, ANSWER("10", "/a||absent"));
    int slow[3];
    for (int i = 0; i < 3; i++) {
        slow[i] = dial();
        send_request(slow[i], true, "GET", STR("/slow"), STR_NONE);
    }
    while (atomic_load(&slow_running) < 2) {
        poll(NULL, 0, 1);
    }
    pthread_create(&thread, NULL, drain, &drained);
    wait_until_closed(idle);
    ck_assert(!send_request(idle, true, "GET", STR("/late"), STR_NONE));
    ck_assert_int_eq(errno, EPIPE);
    expect_closed(idle);
    atomic_store(&slow_may_end, true);
    for (int i = 0; i < 3; i++) {
        expect_answer(slow[i], ANSWER("13", "/slow||absent"));
        expect_closed(slow[i]);
    }
    pthread_join(thread, NULL);
    ck_assert(drained);
    clean();
}
END_TEST

START_TEST(drain_waits_for_a_new_connections_request)
{
    bool drained = false;
    pthread_t thread;
    start();
    int idle = dial();
    send_request(idle, true, "GET", STR("/a"), STR_NONE);
    expect_answer(idle, ANSWER("10", "/a||absent"));
    int fresh = dial();
    pthread_create(&thread, NULL, drain, &drained);
    wait_until_closed(idle);
    ck_assert(send_request(fresh, true, "GET", STR("/a"), STR_NONE));
    expect_answer(fresh, ANSWER("10", "/a||absent"));
    expect_closed(fresh);
    pthread_join(thread, NULL);
    ck_assert(drained);
    close(idle);
    clean();
}
END_TEST

START_TEST(drain_does_not_wait_for_ever)
{
    start();
    int silent = dial();
    ck_assert(server_drain(server, 50));
    expect_closed(silent);
    clean();
}
END_TEST

/* In a process of its own, that ends at once: a thread goes on that cannot be joined. */
START_TEST(drain_says_what_it_could_not_end)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        start();
        int slow = dial();
        send_request(slow, true, "GET", STR("/slow"), STR_NONE);
        while (atomic_load(&slow_running) < 1) {
            poll(NULL, 0, 1);
        }
        bool drained = server_drain(server, 50);
        clean();
        kill(getpid(), drained ? SIGABRT : SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(signals_stay_as_they_were)
{
    static const int numbers[] = { SIGTERM, SIGUSR1 };
    struct sigaction action;
    signal(SIGTERM, SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    start();
    for (size_t i = 0; i < 2; i++) {
        sigaction(numbers[i], NULL, &action);
        ck_assert(action.sa_handler == (i == 0 ? SIG_DFL : SIG_IGN));
    }
    stop();
}
END_TEST

/* ---- the socket ---- */

static void expect_no_socket(const char *name, const char *reason)
{
    bool inherited;
    ck_assert_int_eq(server_socket(name, 0660, &inherited, &error), -1);
    ck_assert_msg(strstr(error.what, reason) != NULL, "%s", error.what);
}

START_TEST(own_socket)
{
    bool inherited;
    struct stat st;
    umask(077);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    int fd = server_socket(path, 0660, &inherited, &error);
    ck_assert_msg(fd >= 0, "%s", error.what);
    ck_assert(!inherited);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq((int)st.st_mode, S_IFSOCK | 0660);
    expect_no_socket(path, "is in use");
    close(fd);
    fd = server_socket(path, 0600, &inherited, &error);
    ck_assert_msg(fd >= 0, "%s", error.what);
    close(dial());
    close(fd);
    clean();
}
END_TEST

START_TEST(no_socket)
{
    char long_path[200];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    expect_no_socket("", "none is configured");
    expect_no_socket(long_path, "too long");
    expect_no_socket("/etc/passwd", "is not a socket");
    expect_no_socket("/nonexistent/socket", "No such file");
}
END_TEST

static void inherit_unix(int number)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    /* Linux picks an abstract name when none is given. */
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    ck_assert_int_eq(dup2(fd, number), number);
    close(fd);
}

START_TEST(inherited_from_spawn_fcgi)
{
    bool inherited = false;
    inherit_unix(0);
    ck_assert_int_eq(server_socket("/nonexistent/socket", 0660, &inherited, &error), 0);
    ck_assert(inherited);
}
END_TEST

/* What a process gets that systemd started with one socket for process number PID. */
static int systemd_socket(pid_t pid)
{
    bool inherited = false;
    char text[32];
    snprintf(text, sizeof text, "%d", pid);
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDS", "1", 1);
    int fd = server_socket("", 0660, &inherited, &error);
    return inherited ? fd : -1;
}

/* In a process of its own: Check uses fd 3. */
START_TEST(inherited_from_systemd)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        inherit_unix(3);
        _exit(systemd_socket(getpid()) == 3 && systemd_socket(getpid() + 1) == -1 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(tcp_is_refused)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    ck_assert_int_eq(dup2(fd, 0), 0);
    expect_no_socket("/tmp/x", "is not a unix socket");
}
END_TEST

SUITE_MAIN("server_drain", drain_lets_requests_finish, drain_waits_for_a_new_connections_request,
           drain_does_not_wait_for_ever, drain_says_what_it_could_not_end, signals_stay_as_they_were,
           own_socket, no_socket, inherited_from_spawn_fcgi, inherited_from_systemd, tcp_is_refused)
