/* Where the server listens: an inherited unix socket, or one made here.
 *
 * A new socket is bound under another name, gets its mode, starts to listen and only then takes the
 * configured name: nobody can connect too early, nor while its mode is still wrong. */
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FASTCGI_FD = 0,
    SYSTEMD_FD = 3,
    BACKLOG = 4096, /* as much as net.core.somaxconn allows */
};

static bool is_listening(int fd)
{
    int listening = 0;
    socklen_t n = sizeof listening;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening != 0;
}

static bool is_unix_socket(int fd)
{
    int domain = 0;
    socklen_t n = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX;
}

/* Whether systemd's environment names exactly one socket, and us as its receiver. */
static bool systemd_passed_one(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    return pid != NULL && fds != NULL && strtol(pid, NULL, 10) == getpid() && strcmp(fds, "1") == 0;
}

static int inherited_socket(void)
{
    if (is_listening(FASTCGI_FD)) {
        return FASTCGI_FD;
    }
    return systemd_passed_one() && is_listening(SYSTEMD_FD) ? SYSTEMD_FD : -1;
}

/* False when somebody listens at ADDRESS, or when that cannot be told. */
static bool is_free(const struct sockaddr_un *address, struct error *e)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0) {
        return errno == ENOENT || error_set(e, ERROR_INTERNAL, "%s: %s", address->sun_path, strerror(errno));
    }
    if (!S_ISSOCK(st.st_mode)) {
        return error_set(e, ERROR_INTERNAL, "%s exists and is not a socket", address->sun_path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)address, sizeof *address);
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (rc == 0 || error == EAGAIN) {
        return error_set(e, ERROR_INTERNAL, "%s is in use: another process listens there", address->sun_path);
    }
    if (error != ECONNREFUSED && error != ENOENT) {
        return error_set(e, ERROR_INTERNAL, "%s exists, and cannot be tested for use: %s", address->sun_path,
                         strerror(error));
    }
    return true;
}

/* A listening socket under the name TEMPORARY, then moved to ADDRESS. */
static int listen_at(const struct sockaddr_un *temporary, const struct sockaddr_un *address, unsigned mode,
                     struct error *e)
{
    const char *step = "socket";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        goto failed;
    }
    step = "bind";
    unlink(temporary->sun_path);
    if (bind(fd, (const struct sockaddr *)temporary, sizeof *temporary) != 0) {
        goto failed;
    }
    step = "chmod";
    if (chmod(temporary->sun_path, mode) != 0) {
        goto failed;
    }
    step = "listen";
    if (listen(fd, BACKLOG) != 0) {
        goto failed;
    }
    step = "rename";
    if (rename(temporary->sun_path, address->sun_path) != 0) {
        goto failed;
    }
    return fd;
failed:
    error_set(e, ERROR_INTERNAL, "cannot listen at %s: %s: %s", address->sun_path, step, strerror(errno));
    if (fd >= 0) {
        unlink(temporary->sun_path);
        close(fd);
    }
    return -1;
}

static bool set_path(struct sockaddr_un *address, const char *path, const char *suffix, struct error *e)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    int n = snprintf(address->sun_path, sizeof address->sun_path, "%s%s", path, suffix);
    if (n < 0 || (size_t)n >= sizeof address->sun_path) {
        return error_set(e, ERROR_INTERNAL, "%s is too long for a socket's name: at most %zu bytes", path,
                         sizeof address->sun_path - 1 - strlen(suffix));
    }
    return true;
}

int server_socket(const char *path, unsigned mode, bool *inherited, struct error *e)
{
    int fd = inherited_socket();
    *inherited = fd >= 0;
    if (*inherited) {
        if (!is_unix_socket(fd)) {
            error_set(e, ERROR_INTERNAL,
                      "the inherited socket (fd %d) is not a unix socket; other kinds are not supported", fd);
            return -1;
        }
        return fd;
    }
    if (path[0] == '\0') {
        error_set(e, ERROR_INTERNAL, "no socket: none was inherited and none is configured");
        return -1;
    }
    struct sockaddr_un address;
    struct sockaddr_un temporary;
    if (!set_path(&temporary, path, ".new", e) || !set_path(&address, path, "", e) || !is_free(&address, e)) {
        return -1;
    }
    return listen_at(&temporary, &address, mode, e);
}
