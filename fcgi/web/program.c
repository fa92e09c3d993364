/* See program.h. */
#include "web/program.h"

#include "core/mem.h"
#include "ops/log.h"
#include "ops/process.h"
#include "web/observe.h"

#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void print_help(const struct program *p, FILE *to)
{
    static const char service[] = " over FastCGI, on the socket it inherits (fd 0, LISTEN_FDS) or the one "
                                  "configured";
    fprintf(to, "Usage: %s [--config FILE] [--check-config]", p->name);
    for (const struct program_flag *f = p->flag; f->name != NULL; f++) {
        fprintf(to, " [--%s]", f->name);
    }
    fprintf(to,
            "\n%s%s.\n\n"
            "  -c, --config FILE   configuration (%s)\n"
            "      --check-config  read the configuration, say what is wrong with it, and end\n",
            p->purpose, p->alone ? "" : service, p->config);
    for (const struct program_flag *f = p->flag; f->name != NULL; f++) {
        fprintf(to, "      --%-12s  %s\n", f->name, f->help);
    }
    fprintf(to,
            "      --version       print the version and end\n"
            "  -h, --help          print this and end\n"
            "%s\n"
            "Signals: TERM (INT, QUIT) finishes what is under way and ends, HUP %s.\n"
            "Exit status: 0 after TERM, 1 configuration, 2 usage, 3 cannot run, %s.\n",
            p->modes != NULL ? p->modes : "", p->hup != NULL ? p->hup : "changes nothing",
            p->exits != NULL ? p->exits : "4 the database's schema\ndoes not fit this version");
}

enum { OPTION_CHECK = 1000, OPTION_VERSION, OPTION_FLAG };

/* The options of every program, then PROGRAM's own, which are numbered from OPTION_FLAG. */
static void list_options(const struct program *program, struct option *options)
{
    static const struct option common[] = {
        { "config", required_argument, NULL, 'c' },
        { "check-config", no_argument, NULL, OPTION_CHECK },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "help", no_argument, NULL, 'h' },
    };
    memcpy(options, common, sizeof common);
    options += ARRAY_LEN(common);
    for (int i = 0; program->flag[i].name != NULL; i++) {
        *options++ = (struct option){ program->flag[i].name, no_argument, NULL, OPTION_FLAG + i };
    }
    *options = (struct option){ 0 };
}

static void take_option(const struct program *program, int c, struct program_options *o)
{
    switch (c) {
    case 'c':
        o->config = optarg;
        break;
    case OPTION_CHECK:
        o->check = true;
        break;
    case OPTION_VERSION:
        printf("%s " PACKAGE_VERSION "\n", program->name);
        exit(EXIT_SUCCESS);
    case 'h':
        print_help(program, stdout);
        exit(EXIT_SUCCESS);
    case '?':
        print_help(program, stderr);
        exit(PROGRAM_USAGE);
    default:
        o->flag[c - OPTION_FLAG] = true;
    }
}

/* --help, --version and what is wrong end the process. */
static void parse_options(const struct program *program, int argc, char **argv, struct program_options *o)
{
    struct option known[4 + PROGRAM_FLAGS_MAX + 1];
    list_options(program, known);
    *o = (struct program_options){ .config = program->config };
    for (int c; (c = getopt_long(argc, argv, "c:h", known, NULL)) != -1;) {
        take_option(program, c, o);
    }
    if (optind < argc) {
        fprintf(stderr, "%s: unexpected argument '%s'\n", program->name, argv[optind]);
        print_help(program, stderr);
        exit(PROGRAM_USAGE);
    }
}

static void *prepare_program(const struct program *program, void *ctx, const char *path, struct error *e)
{
    struct config *config = config_read(ctx, path, e);
    void *prepared = config != NULL ? program->prepare(ctx, config, e) : NULL;
    if (prepared != NULL && !observe_check(config, e)) {
        error_prefix(e, "%s", path);
        return NULL;
    }
    return prepared;
}

static int run_program(const struct program *program, void *prepared, const struct program_options *o)
{
    struct error e = { 0 };
    int status = program->run(prepared, o, &e);
    if (status != EXIT_SUCCESS && e.what[0] != '\0') {
        log_error("service.failed", "%s", e.what);
    }
    observe_stop();
    return status;
}

int program_main(const struct program *program, int argc, char **argv)
{
    struct program_options o;
    struct error e = { 0 };
    int status = PROGRAM_CONFIG;
    parse_options(program, argc, argv, &o);
    log_setup(program->name, LOG_INFO, LOG_PLAIN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    void *ctx = mem_check(talloc_new(NULL));
    void *prepared = prepare_program(program, ctx, o.config, &e);
    if (prepared == NULL) {
        fprintf(stderr, "%s: %s\n", program->name, e.what);
    } else if (o.check) {
        printf("%s is valid\n", o.config);
        status = EXIT_SUCCESS;
    } else {
        status = run_program(program, prepared, &o);
    }
    talloc_free(ctx);
    curl_global_cleanup();
    return status;
}

void program_log(const char *name, const struct config *config)
{
    enum log_level level = LOG_INFO;
    enum log_format format = LOG_JSON;
    log_level_parse(config->log.level, &level);
    log_format_parse(config->log.format, &format);
    log_setup(name, level, format);
}

void program_reload(const char *name, const char *path)
{
    struct error e;
    void *ctx = mem_check(talloc_new(NULL));
    const struct config *config = config_read(ctx, path, &e);
    if (config != NULL && observe_check(config, &e)) {
        program_log(name, config);
        observe_reload(name, config);
        log_info("config.loaded", "read [log], [statsd] and [sentry] of %s; the rest needs a restart", path);
    } else {
        log_error("config.refused", "the old configuration stays in use: %s", e.what);
    }
    talloc_free(ctx);
}

int program_signals(struct error *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set,
              SIGQUIT); /* what multiwatch -s TERM sends (its version 1.0.0), and a wish for a clean end */
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0) {
        error_set(e, ERROR_INTERNAL, "cannot open a signalfd: %s", strerror(errno));
    }
    return fd;
}

/* Whether program_should_end() has consumed a HUP. */
static bool hup_came;

bool program_wait(int signal_fd, int ready_fd, void (*reload)(void *arg), void *arg)
{
    for (;;) {
        if (hup_came && reload != NULL) {
            reload(arg);
        }
        hup_came = false;
        struct pollfd fds[] = { { signal_fd, POLLIN, 0 }, { ready_fd, POLLIN, 0 } };
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return false;
        }
        if (fds[0].revents != 0) {
            struct signalfd_siginfo info;
            if (read(signal_fd, &info, sizeof info) != sizeof info || info.ssi_signo != SIGHUP) {
                return false;
            }
            if (reload != NULL) {
                reload(arg);
            }
        } else if (fds[1].revents != 0) {
            return true;
        }
    }
}

bool program_should_end(int signal_fd)
{
    struct pollfd fd = { signal_fd, POLLIN, 0 };
    struct signalfd_siginfo info;
    while (poll(&fd, 1, 0) > 0) {
        if (read(signal_fd, &info, sizeof info) != sizeof info || info.ssi_signo != SIGHUP) {
            return true;
        }
        hup_came = true;
    }
    return false;
}

bool program_serve(const struct program_service *service, int signal_fd, struct error *e)
{
    bool inherited;
    struct server *server;
    int fd = server_socket(service->socket, (unsigned)service->socket_mode, &inherited, e);
    if (fd < 0) {
        return false;
    }
    struct server_options options = {
        .listen_fd = fd,
        .threads = (unsigned)service->threads,
        .slots = service->quick ? process_processors() : 0,
        .request_max = service->request_max,
        .handle = service->handle,
        .arg = service->handle_arg,
    };
    if (!server_start(&server, &options, e)) {
        return false;
    }
    log_info("service.started", "version %s answers on %s with %d threads", PACKAGE_VERSION,
             inherited ? "the inherited socket" : service->socket, service->threads);
    program_wait(signal_fd, -1, service->reload, service->reload_arg);
    log_info("service.stopping", "finishing the requests that are being answered");
    if (!server_drain(server, (unsigned)service->drain_s * 1000)) {
        log_error("service.stopped", "requests were still running after %d s", service->drain_s);
        _exit(PROGRAM_RUN);
    }
    log_info("service.stopped", "done");
    return true;
}
