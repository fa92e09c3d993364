/* See process.h. Figures are read from /proc when somebody asks for them. */
#include "ops/process.h"

#include "core/clock.h"
#include "ops/log.h"

#include <dirent.h>
#include <sched.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double started_s;
static char pid_text[16];
static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"
};
static const char *pid_value[] = { pid_text };
static const char *const version_value[] = { PACKAGE_VERSION };

void process_begin(void)
{
    struct timespec t = clock_wall();
    started_s = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    snprintf(pid_text, sizeof pid_text, "%ld", (long)getpid());
    metrics_register(&process_metrics, NULL);
    /* Eight arenas a processor, as malloc has them otherwise, each keep what a large answer once took. */
    mallopt(M_ARENA_MAX, (int)process_processors());
}

double process_start_seconds(void)
{
    return started_s;
}

unsigned process_processors(void)
{
    cpu_set_t set;
    /* It fails where there are more than a set can hold. */
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : CPU_SETSIZE;
}

/* The number behind NAME in /proc/self/status; 0 where there is none. */
static double status_number(const char *name)
{
    char line[256];
    double n = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            n = strtod(line + strlen(name), NULL);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return n;
}

double process_memory_bytes(void)
{
    return status_number("VmRSS:") * 1024;
}

unsigned process_threads(void)
{
    return (unsigned)status_number("Threads:");
}

static double read_memory(const struct metric *m, unsigned series)
{
    (void)m;
    (void)series;
    return process_memory_bytes();
}

static double read_threads(const struct metric *m, unsigned series)
{
    (void)m;
    (void)series;
    return process_threads();
}

static double read_start(const struct metric *m, unsigned series)
{
    (void)m;
    (void)series;
    return started_s;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double read_cpu(const struct metric *m, unsigned series)
{
    (void)m;
    (void)series;
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime) : 0;
}

static double read_files(const struct metric *m, unsigned series)
{
    (void)m;
    (void)series;
    double n = 0;
    DIR *dir = opendir("/proc/self/fd");
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        n += entry->d_name[0] != '.';
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return n > 0 ? n - 1 : 0; /* without the one that looks */
}

static double read_log_lines(const struct metric *m, unsigned series)
{
    (void)m;
    return (double)log_lines((enum log_level)series);
}

/* A clock that is set moves this; one that is slewed does not, because that moves both clocks. */
static double read_clock_offset(const struct metric *m, unsigned series)
{
    struct timespec wall, boot;
    (void)m;
    (void)series;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    wall = clock_wall();
    return (double)(wall.tv_sec - boot.tv_sec) + (double)(wall.tv_nsec - boot.tv_nsec) / 1e9;
}

static double read_one(const struct metric *m, unsigned series)
{
    (void)m;
    (void)series;
    return 1;
}

static struct metric rows[] = {
    { "info",
      "Which of the workers behind the socket this is.",
      METRIC_GAUGE,
      { { "pid", pid_value, 1 }, { "version", version_value, 1 } },
      .read = read_one },
    { "process_resident_memory_bytes", "Memory that is in RAM.", METRIC_GAUGE, .read = read_memory },
    { "process_threads", "Threads.", METRIC_GAUGE, .read = read_threads },
    { "process_start_time_seconds", "When it started, since 1970.", METRIC_GAUGE, .read = read_start },
    { "process_cpu_seconds_total", "Processor time, the kernel's included.", METRIC_COUNTER,
      .read = read_cpu },
    { "process_open_fds", "Open descriptors.", METRIC_GAUGE, .read = read_files },
    { "process_clock_offset_seconds",
      "The wall clock minus the time since the machine started. It changes when the clock is set.",
      METRIC_GAUGE, .read = read_clock_offset },
    { "log_lines_total",
      "Lines written to the log, by level.",
      METRIC_COUNTER,
      { { "level", level_names, LOG_ERROR + 1 } },
      .read = read_log_lines },
};
const struct metrics_table process_metrics = METRICS_TABLE(rows);
