/* The handler runs on a stack of its own and calls only what a signal handler may, with one exception at its
 * end: the names of functions come from backtrace_symbols_fd(), which takes a lock of the dynamic loader.
 * Everything else is written by then, and an alarm ends a process that hangs there.
 *
 * What the handler needs is prepared before: the addresses of the modules, and the file's name without its
 * time.
 */
#include "ops/crash.h"

#include "core/clock.h"
#include "core/mem.h"

#include "ops/log.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    MODULES_MAX = 64,
    STACK_BYTES = 64 << 10,
    NAME_BYTES = 96,
    HANG_S = 10,
    CRASH_TEXT_MAX = LOG_LINE_MAX
};

static const struct {
    int number;
    const char *name;
} signals[] = {
    { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },   { SIGFPE, "SIGFPE" },
    { SIGILL, "SIGILL" },   { SIGABRT, "SIGABRT" },
};
enum { SIGNALS = ARRAY_LEN(signals) };

struct module {
    char name[NAME_BYTES];
    uintptr_t base, from, to;
};

static struct {
    const char *program;
    char prefix[512]; /* DIRECTORY/PROGRAM-PID-; "": no files */
    struct module module[MODULES_MAX];
    unsigned n_modules;
    pthread_key_t stack_key;
} crash;
static atomic_flag crashing = ATOMIC_FLAG_INIT;

/* ---- text without the C library ---- */

struct text {
    char p[CRASH_TEXT_MAX];
    size_t n;
};

static void put_bytes(struct text *t, const char *p, size_t n)
{
    n = n < sizeof t->p - t->n ? n : sizeof t->p - t->n;
    memcpy(t->p + t->n, p, n);
    t->n += n;
}

static void put_z(struct text *t, const char *z)
{
    put_bytes(t, z, strlen(z));
}

static void put_number(struct text *t, uint64_t number, unsigned base)
{
    char digits[24];
    size_t n = 0;
    do {
        digits[sizeof digits - ++n] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    put_bytes(t, digits + sizeof digits - n, n);
}

/* What a client sent, on one line, without the part that may hold secrets. */
static void put_line(struct text *t, struct str s, size_t max)
{
    for (size_t i = 0; i < s.n && i < max && s.p[i] != '?'; i++) {
        char c = s.p[i] > ' ' && s.p[i] < 0x7f ? s.p[i] : '_';
        put_bytes(t, &c, 1);
    }
}

static void write_all(int fd, const struct text *t)
{
    for (size_t done = 0; done < t->n;) {
        ssize_t n = write(fd, t->p + done, t->n - done);
        if (n <= 0 && errno != EINTR) {
            return;
        }
        done += n > 0 ? (size_t)n : 0;
    }
}

/* ---- modules ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int note_module(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    struct module *m = &crash.module[crash.n_modules];
    if (crash.n_modules == MODULES_MAX) {
        return 1;
    }
    *m = (struct module){ .base = info->dlpi_addr, .from = UINTPTR_MAX };
    snprintf(m->name, sizeof m->name, "%s",
             info->dlpi_name[0] != '\0' ? base_name(info->dlpi_name) : crash.program);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD) {
            uintptr_t from = info->dlpi_addr + p->p_vaddr;
            m->from = from < m->from ? from : m->from;
            m->to = from + p->p_memsz > m->to ? from + p->p_memsz : m->to;
        }
    }
    crash.n_modules += m->to > m->from;
    return 0;
}

static const struct module *module_of(uintptr_t address)
{
    for (unsigned i = 0; i < crash.n_modules; i++) {
        if (address >= crash.module[i].from && address < crash.module[i].to) {
            return &crash.module[i];
        }
    }
    return NULL;
}

static void put_frame(struct text *t, uintptr_t address)
{
    const struct module *m = module_of(address);
    put_z(t, m != NULL ? m->name : "?");
    put_z(t, "+0x");
    put_number(t, m != NULL ? address - m->base : address, 16);
}

/* ---- the handler ---- */

static const char *signal_name(int number)
{
    for (int i = 0; i < SIGNALS; i++) {
        if (signals[i].number == number) {
            return signals[i].name;
        }
    }
    return "?";
}

static void put_request(struct text *t, struct log_request r)
{
    put_line(t, r.method, 16);
    put_z(t, " ");
    put_line(t, r.uri, 900);
}

static void write_line(int number, void *const *frame, int n, struct log_request r)
{
    struct text t = { .n = 0 };
    put_z(&t, signal_name(number));
    if (r.uri.n > 0) {
        put_z(&t, " while answering ");
        put_request(&t, r);
    }
    put_z(&t, "; stack:");
    for (int i = 0; i < n; i++) {
        put_z(&t, " ");
        put_frame(&t, (uintptr_t)frame[i]);
    }
    log_line(LOG_ERROR, "crash", r.id, (struct str){ t.p, t.n });
}

static void put_path(struct text *t, uint64_t now_ms, const char *ending)
{
    t->n = 0;
    put_z(t, crash.prefix);
    put_number(t, now_ms, 10);
    put_bytes(t, ending, strlen(ending) + 1);
}

/* Only complete files end in ".crash". */
static void finish_file(int fd, const char *part, uint64_t now_ms)
{
    struct text whole;
    put_path(&whole, now_ms, ".crash");
    close(fd);
    rename(part, whole.p);
}

static void write_file(int number, void *const *frame, int n, struct log_request r)
{
    uint64_t now_ms = (uint64_t)clock_wall_ms();
    struct text part;
    put_path(&part, now_ms, ".part");
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = crash.prefix[0] != '\0' ? open(part.p, flags, 0640) : -1;
    if (fd < 0) {
        return;
    }
    struct text t = { .n = 0 };
    put_z(&t, "program ");
    put_z(&t, crash.program);
    put_z(&t, "\nversion " PACKAGE_VERSION "\npid ");
    put_number(&t, (uint64_t)getpid(), 10);
    put_z(&t, "\ntime_ms ");
    put_number(&t, now_ms, 10);
    put_z(&t, "\nsignal ");
    put_z(&t, signal_name(number));
    put_z(&t, "\nrequest_id ");
    put_line(&t, r.id, 64);
    put_z(&t, "\nrequest ");
    if (r.uri.n > 0) {
        put_request(&t, r);
    }
    put_z(&t, "\n");
    for (int i = 0; i < n; i++) {
        put_z(&t, "frame ");
        put_number(&t, (uintptr_t)frame[i], 16);
        put_z(&t, " ");
        put_frame(&t, (uintptr_t)frame[i]);
        put_z(&t, "\n");
    }
    write_all(fd, &t);
    backtrace_symbols_fd(frame, n, fd);
    finish_file(fd, part.p, now_ms);
}

static void handle_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    void *frame[CRASH_FRAMES];
    while (atomic_flag_test_and_set(&crashing)) {
        pause(); /* another thread is in here, and will end the process */
    }
    signal(SIGALRM, SIG_DFL);
    alarm(HANG_S);
    int n = backtrace(frame, CRASH_FRAMES);
    int own = n > 2 ? 2 : 0; /* this function, and the kernel's way into it */
    struct log_request r = log_request_now();
    write_line(number, frame + own, n - own, r);
    write_file(number, frame + own, n - own, r);
    signal(number, SIG_DFL);
    if (info->si_code <= 0) {
        /* The signal was sent by a process: it does not come again by itself. */
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
    }
}

/* ---- installing it ---- */

static void free_stack(void *stack)
{
    stack_t none = { .ss_flags = SS_DISABLE };
    sigaltstack(&none, NULL);
    munmap(stack, STACK_BYTES);
}

void crash_watch_thread(void)
{
    sigset_t set;
    if (crash.program == NULL || pthread_getspecific(crash.stack_key) != NULL) {
        return;
    }
    void *memory =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory != MAP_FAILED) {
        stack_t stack = { .ss_sp = memory, .ss_size = STACK_BYTES };
        sigaltstack(&stack, NULL);
        pthread_setspecific(crash.stack_key, memory);
    }
    sigemptyset(&set);
    for (int i = 0; i < SIGNALS; i++) {
        sigaddset(&set, signals[i].number);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void find_directory(const char *directory)
{
    if (directory[0] == '\0') {
        return;
    }
    if ((mkdir(directory, 0750) != 0 && errno != EEXIST) || access(directory, W_OK | X_OK) != 0) {
        log_info("crash.directory", "%s cannot be used (%s): a crash is reported in the log only", directory,
                 strerror(errno));
        return;
    }
    int n =
        snprintf(crash.prefix, sizeof crash.prefix, "%s/%s-%ld-", directory, crash.program, (long)getpid());
    if ((size_t)n >= sizeof crash.prefix) {
        crash.prefix[0] = '\0';
    }
}

void crash_watch(const char *program, const char *directory)
{
    void *frame[1];
    struct sigaction action = { .sa_sigaction = handle_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    crash.program = program;
    backtrace(frame, 1); /* the first call loads a library */
    dl_iterate_phdr(note_module, NULL);
    find_directory(directory);
    pthread_key_create(&crash.stack_key, free_stack);
    sigfillset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i].number, &action, NULL);
    }
    crash_watch_thread();
}
