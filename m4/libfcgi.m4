dnl BALROG_FCGI_FIXED: refuses a libfcgi without the fix of CVE-2025-23016. Distributions bring the fix into older versions, so
dnl the number of a version says nothing: a program sends the library a parameter whose two lengths are 0x7fffffff each. Without
dnl the fix it adds them up to nothing, allocates that, writes behind it and dies.
AC_DEFUN([BALROG_FCGI_FIXED], [
AC_ARG_WITH([fixed-libfcgi], [AS_HELP_STRING([--with-fixed-libfcgi],
    [libfcgi has the fix of CVE-2025-23016: do not try it out (for cross builds, where configure cannot)])],
    [], [with_fixed_libfcgi=check])
AS_IF([test "x$with_fixed_libfcgi" != xyes], [
    AC_CACHE_CHECK([whether libfcgi has the fix of CVE-2025-23016], [balrog_cv_fcgi_fixed], [
        balrog_saved_libs=$LIBS
        LIBS="$FCGI_LIBS $LIBS"
        AC_RUN_IFELSE([AC_LANG_SOURCE([[
#include <fcgiapp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[0xff00];

/* Sends a record of the protocol. A library that has given up does not read it, which is as it should be. */
static void put(int fd, int type, const char *content, int n)
{
    char head[8] = { 1, (char)type, 0, 1, (char)(n >> 8), (char)n };
    if (write(fd, head, 8) != 8 || write(fd, content, n) != n) {
        _exit(0);
    }
}

static void send_request(int fd)
{
    signal(SIGPIPE, SIG_IGN);
    put(fd, 1, "\0\1\0\0\0\0\0\0", 8);                     /* a request begins */
    put(fd, 4, "\377\377\377\377\377\377\377\377", 8);     /* its parameters: the two lengths */
    for (int i = 0; i < 64; i++) {
        put(fd, 4, text, sizeof text);
    }
    _exit(0);
}

static void read_request(int fd)
{
    FCGX_Request request;
    struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(20);
    FCGX_Init();
    FCGX_InitRequest(&request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
    request.ipcFd = fd;
    request.keepConnection = 1;
    _exit(FCGX_Accept_r(&request) == 0);
}

int main(void)
{
    int fd[2], status, bad = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0) {
        return 2;
    }
    if (fork() == 0) {
        close(fd[0]);
        send_request(fd[1]);
    }
    close(fd[1]);
    if (fork() == 0) {
        read_request(fd[0]);
    }
    close(fd[0]);
    while (wait(&status) > 0) {
        bad |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    return bad;
}
]])], [balrog_cv_fcgi_fixed=yes], [balrog_cv_fcgi_fixed=no], [balrog_cv_fcgi_fixed=unknown])
        LIBS=$balrog_saved_libs])
    AS_CASE([$balrog_cv_fcgi_fixed],
        [no], [AC_MSG_ERROR([libfcgi lacks the fix of CVE-2025-23016: whoever can write to the socket of a program could overrun its
memory. Install a libfcgi that has it. On Debian 12: apt-get update && apt-get install libfcgi-dev (2.4.2-2+deb12u1 or later);
from source: 2.4.5 or later. See config.log])],
        [unknown], [AC_MSG_ERROR([whether libfcgi has the fix of CVE-2025-23016 cannot be tried out in a cross build. Make sure that the
libfcgi of the target has it (Debian 12: 2.4.2-2+deb12u1 or later; upstream: 2.4.5 or later), then say --with-fixed-libfcgi])])
])])
