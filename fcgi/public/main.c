/* balrog-public: update queries and the read-only API, over FastCGI. main() reads the configuration, waits
 * for the first snapshot, opens the socket and then only listens to signals. */
#include "core/clock.h"
#include "ops/log.h"
#include "public/loader.h"
#include "public/service.h"
#include "web/server.h"

#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <mysql.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_CONFIG = 1, EXIT_USAGE = 2, EXIT_RUN = 3 };

struct options {
    const char *config;
    bool check;
};

static void print_help(FILE *to)
{
    fprintf(to, "Usage: balrog-public [--config FILE] [--check-config]\n"
                "Answers update queries over FastCGI, on the socket it inherits (fd 0, LISTEN_FDS) or the "
                "one configured.\n\n"
                "  -c, --config FILE   configuration (" SYSCONFDIR "/balrog/balrog.conf)\n"
                "      --check-config  read the configuration, say what is wrong with it, and end\n"
                "      --version       print the version and end\n"
                "  -h, --help          print this and end\n\n"
                "Signals: TERM finishes what is under way and ends, HUP reads the configuration again.\n"
                "Exit status: 0 after TERM, 1 configuration, 2 usage, 3 cannot run.\n");
}

static void parse_options(int argc, char **argv, struct options *o)
{
    enum { OPTION_CHECK = 1000, OPTION_VERSION };
    static const struct option known[] = {
        { "config", required_argument, NULL, 'c' },
        { "check-config", no_argument, NULL, OPTION_CHECK },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    *o = (struct options){ .config = SYSCONFDIR "/balrog/balrog.conf" };
    for (int c; (c = getopt_long(argc, argv, "c:h", known, NULL)) != -1;) {
        switch (c) {
        case 'c':
            o->config = optarg;
            break;
        case OPTION_CHECK:
            o->check = true;
            break;
        case OPTION_VERSION:
            puts("balrog-public " PACKAGE_VERSION);
            exit(EXIT_SUCCESS);
        case 'h':
            print_help(stdout);
            exit(EXIT_SUCCESS);
        default:
            print_help(stderr);
            exit(EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "balrog-public: unexpected argument '%s'\n", argv[optind]);
        print_help(stderr);
        exit(EXIT_USAGE);
    }
}

/* The signals that main() waits for, blocked in every thread. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Waits for a signal or, where READY_FD is given, for that. Reloads on HUP. False when it is time to end. */
static bool wait_for(int signal_fd, int ready_fd, struct loader *loader)
{
    for (;;) {
        struct pollfd fds[] = { { signal_fd, POLLIN, 0 }, { ready_fd, POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return false;
        }
        if (fds[0].revents != 0) {
            struct signalfd_siginfo info;
            if (read(signal_fd, &info, sizeof info) != sizeof info || info.ssi_signo != SIGHUP) {
                return false;
            }
            loader_reload(loader);
        } else if (fds[1].revents != 0) {
            return true;
        }
    }
}

struct program {
    void *ctx;
    const struct config *config;
    struct public_state state;
    struct loader *loader;
    int signal_fd;
};

static bool serve(struct program *p, struct error *e)
{
    bool inherited;
    unsigned threads = (unsigned)p->config->public_.threads;
    int fd =
        server_socket(p->config->public_.socket, (unsigned)p->config->public_.socket_mode, &inherited, e);
    if (fd < 0) {
        return false;
    }
    struct api api = { pool_new(p->ctx, p->config, (unsigned)p->config->public_.api_connections),
                       p->config->public_.version_file };
    struct server_options options = {
        .listen_fd = fd,
        .threads = threads,
        .handle = service_handle,
        .arg = service_new(p->ctx, &p->state, &api, threads),
    };
    struct server *server;
    if (!server_start(&server, &options, e)) {
        return false;
    }
    log_info("service.started", "version %s answers on %s with %u threads", PACKAGE_VERSION,
             inherited ? "the inherited socket" : p->config->public_.socket, threads);
    wait_for(p->signal_fd, -1, p->loader);
    log_info("service.stopping", "finishing what is under way");
    if (!server_drain(server, (unsigned)p->config->public_.drain_s * 1000)) {
        log_error("service.stopped", "requests were still running after %d s", p->config->public_.drain_s);
        _exit(EXIT_RUN);
    }
    log_info("service.stopped", "done");
    return true;
}

static bool run(struct program *p, struct public_settings *settings, const char *config_path, struct error *e)
{
    int ready_fd = eventfd(0, EFD_CLOEXEC);
    p->signal_fd = open_signals();
    if (ready_fd < 0 || p->signal_fd < 0) {
        return error_set(e, 500, "cannot open an eventfd or signalfd: %s", strerror(errno));
    }
    service_init_epoch(p->ctx, &p->state, (unsigned)p->config->public_.threads);
    p->loader = loader_start(p->ctx, &p->state, settings, config_path, ready_fd, e);
    if (p->loader == NULL) {
        return false;
    }
    bool ok = !wait_for(p->signal_fd, ready_fd, p->loader) || serve(p, e);
    loader_stop(p->loader);
    close(ready_fd);
    close(p->signal_fd);
    return ok;
}

int main(int argc, char **argv)
{
    struct options o;
    struct error e = { 0 };
    parse_options(argc, argv, &o);
    log_setup("balrog-public", LOG_INFO, LOG_PLAIN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    mysql_library_init(0, NULL, NULL);
    struct program p = { .ctx = mem_check(talloc_new(NULL)) };
    struct config *config = config_read(p.ctx, o.config, &e);
    struct public_settings *settings = config != NULL ? public_settings_new(p.ctx, config, &e) : NULL;
    if (settings == NULL) {
        fprintf(stderr, "balrog-public: %s\n", e.what);
        return EXIT_CONFIG;
    }
    if (o.check) {
        printf("%s is valid\n", o.config);
        talloc_free(p.ctx);
        return EXIT_SUCCESS;
    }
    p.config = settings->config;
    public_settings_log(settings);
    bool ok = run(&p, settings, o.config, &e);
    if (!ok) {
        log_error("service.failed", "%s", e.what);
    }
    talloc_free(p.ctx);
    mysql_library_end();
    curl_global_cleanup();
    return ok ? EXIT_SUCCESS : EXIT_RUN;
}
