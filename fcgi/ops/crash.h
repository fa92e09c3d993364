/* What is left of a crash: when SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT ends the process, a line in the
 * log and a file tell the signal, the request that the thread was answering, and the stack. The signal then
 * does what it would have done, a core dump included. At the next start the files that lie there are told
 * about, once each. */
#ifndef BALROG_OPS_CRASH_H
#define BALROG_OPS_CRASH_H

#include "core/str.h"

enum {
    CRASH_FRAMES = 48,
    CRASH_FILES = 20, /* files of one program that are kept; the oldest go first */
};

/* Installs the handlers, for this thread too. PROGRAM is constant text ("balrog-public"). Files go to
 * DIRECTORY, which is made if only its parent is there; "": no files. Where it cannot be written to a line in
 * the log says so, and crashes are in the log alone. */
void crash_watch(const char *program, const char *directory);
/* To be called by every thread that is started: gives it a stack for the handler, and lets the signals
 * through, which may be blocked. Freed with the thread. */
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

/* Calls SEE for each crash of PROGRAM in DIRECTORY that nobody has been told of, and marks it as told.
 * Several processes may do so at once: each crash is told by one. */
void crash_tell(const char *program, const char *directory,
                void (*see)(void *arg, const struct crash_report *r), void *arg);

#endif
