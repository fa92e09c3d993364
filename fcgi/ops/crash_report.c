/* Collects stacks with the names of functions, and reads the files that crashes have left. */
#include "core/mem.h"
#include "ops/crash.h"
#include "ops/log.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

/* ---- stacks ---- */

unsigned crash_stack(struct crash_frame frames[CRASH_FRAMES], unsigned skip)
{
    void *address[CRASH_FRAMES];
    int n = backtrace(address, CRASH_FRAMES);
    unsigned kept = 0;
    for (int i = (int)skip + 1; i < n; i++) {
        Dl_info info = { 0 };
        struct crash_frame *f = &frames[kept++];
        *f = (struct crash_frame){ .address = (uintptr_t)address[i] };
        if (dladdr(address[i], &info) != 0 && info.dli_fname != NULL) {
            const char *slash = strrchr(info.dli_fname, '/');
            copy_text(f->module, sizeof f->module, slash != NULL ? slash + 1 : info.dli_fname);
            f->offset = (uintptr_t)address[i] - (uintptr_t)info.dli_fbase;
        }
        if (info.dli_sname != NULL) {
            copy_text(f->symbol, sizeof f->symbol, info.dli_sname);
        }
    }
    return kept;
}

/* ---- files ---- */

/* Adds the frame in a line "frame ADDRESS MODULE+0xOFFSET", of which TEXT is the part behind "frame ". */
static void take_frame(struct crash_report *r, const char *text)
{
    char *end;
    struct crash_frame f = { .address = strtoull(text, &end, 16) };
    const char *plus = strrchr(end, '+');
    if (*end != ' ' || plus == NULL || r->n_frames == CRASH_FRAMES) {
        return;
    }
    snprintf(f.module, sizeof f.module, "%.*s", (int)(plus - end - 1), end + 1);
    f.offset = strtoull(plus + 1, NULL, 16);
    r->frame[r->n_frames++] = f;
}

/* Names the frame at the address in TEXT, a line of backtrace_symbols_fd() such as
 * "/path/module(symbol+0x12) [0x55…]". */
static void take_symbol(struct crash_report *r, const char *text)
{
    const char *open = strchr(text, '(');
    const char *plus = open != NULL ? strchr(open, '+') : NULL;
    const char *at = strstr(text, "[0x");
    uint64_t address = at != NULL ? strtoull(at + 1, NULL, 16) : 0;
    for (unsigned i = 0; plus != NULL && plus > open + 1 && i < r->n_frames; i++) {
        if (r->frame[i].address == address) {
            snprintf(r->frame[i].symbol, sizeof r->frame[i].symbol, "%.*s", (int)(plus - open - 1), open + 1);
        }
    }
}

static void take_line(struct crash_report *r, char *line)
{
    char *value = strchr(line, ' ');
    if (value == NULL) {
        return;
    }
    *value++ = '\0';
    if (strcmp(line, "version") == 0) {
        copy_text(r->version, sizeof r->version, value);
    } else if (strcmp(line, "pid") == 0) {
        r->pid = strtol(value, NULL, 10);
    } else if (strcmp(line, "time_ms") == 0) {
        r->time_ms = strtoll(value, NULL, 10);
    } else if (strcmp(line, "signal") == 0) {
        copy_text(r->signal, sizeof r->signal, value);
    } else if (strcmp(line, "request_id") == 0) {
        copy_text(r->request_id, sizeof r->request_id, value);
    } else if (strcmp(line, "request") == 0) {
        copy_text(r->request, sizeof r->request, value);
    } else if (strcmp(line, "frame") == 0) {
        take_frame(r, value);
    } else {
        value[-1] = ' ';
        take_symbol(r, line);
    }
}

static bool read_report(const char *path, struct crash_report *r)
{
    char line[LINE_BYTES];
    *r = (struct crash_report){ .path = path };
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        take_line(r, line);
    }
    if (file != NULL) {
        fclose(file);
    }
    return r->signal[0] != '\0';
}

/* Renames the file at PATH to *CLAIMED. Only one process succeeds, and that one reports the crash. */
static bool claim_file(void *ctx, const char *path, char **claimed)
{
    *claimed = mem_printf(ctx, "%.*s.told", (int)(strlen(path) - strlen(".crash")), path);
    return rename(path, *claimed) == 0;
}

static bool has_form(const char *name, const char *program, const char *ending)
{
    struct str s = str_of(name);
    return strncmp(name, program, strlen(program)) == 0 && name[strlen(program)] == '-' &&
           str_ends(s, str_of(ending));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(strrchr(*(char *const *)a, '-'), strrchr(*(char *const *)b, '-'));
}

/* The N files of PROGRAM that end in ENDING, owned by CTX. The oldest is first, because names end in the
 * time. */
static char **list_files(void *ctx, const char *program, const char *directory, const char *ending, size_t *n)
{
    char **paths = NULL;
    *n = 0;
    DIR *dir = opendir(directory);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (has_form(entry->d_name, program, ending)) {
            paths = mem_resize(ctx, paths, char *, *n + 1);
            paths[(*n)++] = mem_printf(ctx, "%s/%s", directory, entry->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (*n > 0) {
        qsort(paths, *n, sizeof *paths, by_name);
    }
    return paths;
}

void crash_tell(const char *program, const char *directory,
                void (*see)(void *arg, const struct crash_report *r), void *arg)
{
    size_t n;
    char *claimed;
    struct crash_report report;
    if (directory[0] == '\0') {
        return;
    }
    void *ctx = mem_check(talloc_new(NULL));
    char **paths = list_files(ctx, program, directory, ".crash", &n);
    for (size_t i = 0; i < n; i++) {
        if (claim_file(ctx, paths[i], &claimed) && read_report(claimed, &report)) {
            see(arg, &report);
        }
    }
    paths = list_files(ctx, program, directory, ".told", &n);
    for (size_t i = 0; i + CRASH_FILES < n; i++) {
        unlink(paths[i]);
    }
    talloc_free(ctx);
}
