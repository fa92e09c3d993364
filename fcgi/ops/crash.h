/* Reports of crashes. When SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT ends the process, a log line and a file
 * say which signal it was, which request the thread was answering, and what the stack was. The signal then
 * has its usual effect, for example a core dump. The next start reports the files, each one once. */
#ifndef BALROG_OPS_CRASH_H
#define BALROG_OPS_CRASH_H

#include "core/str.h"

enum {
    CRASH_FRAMES = 48,
    CRASH_FILES = 20, /* files of one program that are kept; the oldest go first */
};

/* Installs the handlers, for this thread too. PROGRAM is constant text ("balrog-public"). Files are
 * written to DIRECTORY, which is made if its parent exists; "": no files. If it cannot be written to, a log
 * line says so, and crashes are reported in the log only. */
void crash_watch(const char *program, const char *directory);
/* Every thread must call this at its start: it gives the thread a stack for the handler, and unblocks the
 * signals. The stack is freed with the thread. */
void crash_watch_thread(void);

/* A frame: OFFSET bytes into MODULE, which is what addr2line wants; SYMBOL is empty where none is known. */
struct crash_frame {
    char module[128];
    char symbol[128];
    uint64_t address, offset;
};

/* Fills FRAMES with the caller's stack, without the innermost SKIP frames; returns how many. Not for
 * handlers. */
unsigned crash_stack(struct crash_frame frames[CRASH_FRAMES], unsigned skip);

/* A crash of the past. */
struct crash_report {
    const char *path; /* of the file */
    int64_t time_ms;  /* since 1970 */
    long pid;
    char version[32];
    char signal[16]; /* "SIGSEGV" */
    char request_id[65];
    char request[1024]; /* "GET /update/…", without what follows '?'; "" where there was none */
    struct crash_frame frame[CRASH_FRAMES];
    unsigned n_frames;
};

/* Calls SEE for each crash of PROGRAM in DIRECTORY that was not reported yet, and marks it as reported.
 * Several processes may do so at once: only one of them reports each crash. */
void crash_tell(const char *program, const char *directory,
                void (*see)(void *arg, const struct crash_report *r), void *arg);

#endif
