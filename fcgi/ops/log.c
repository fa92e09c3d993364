/* A line is built on the stack and written with one write(2): without a lock or an allocation, and only with
 * functions that a signal handler may call, so that crashes are logged in the same way.
 *
 * Room for the end of the line (brackets, newline) is kept free, so that a message that is too long only
 * loses its own end. */
#include "ops/log.h"

#include "core/clock.h"
#include "core/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    REQUEST_ID_MAX = 64,
    /* Kept free behind a text: the mark of a cut and the end of a JSON line; behind a plain message also the
     * request id, escaped. */
    TAIL_ROOM = 16,
    ID_ROOM = 2 * TAIL_ROOM + 4 * REQUEST_ID_MAX,
};

static _Atomic(const char *) logger_name = "balrog";
static atomic_int lowest_level = LOG_INFO;
static atomic_int line_format = LOG_PLAIN;
static _Atomic(log_watcher) watcher;
static _Thread_local struct log_request current;
static char host_name[65];
static pthread_once_t host_once = PTHREAD_ONCE_INIT;

/* Both formats' names of the levels; severities as the reference numbers them. */
static const struct {
    const char *name;
    const char *label;
    int severity;
} levels[] = {
    [LOG_DEBUG] = { "debug", "DEBUG", 100 },
    [LOG_INFO] = { "info", "INFO", 200 },
    [LOG_WARNING] = { "warning", "WARNING", 400 },
    [LOG_ERROR] = { "error", "ERROR", 500 },
};

struct line {
    char p[LOG_LINE_MAX];
    size_t n;
    bool json;
};

static void find_host_name(void)
{
    if (gethostname(host_name, sizeof host_name - 1) != 0) {
        strcpy(host_name, "localhost");
    }
}

void log_setup(const char *logger, enum log_level level, enum log_format format)
{
    pthread_once(&host_once, find_host_name);
    atomic_store(&logger_name, logger);
    atomic_store(&lowest_level, (int)level);
    atomic_store(&line_format, (int)format);
}

bool log_level_parse(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        if (strcmp(levels[i].name, name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_format_parse(const char *name, enum log_format *format)
{
    bool json = strcmp(name, "json") == 0;
    *format = json ? LOG_JSON : LOG_PLAIN;
    return json || strcmp(name, "plain") == 0;
}

/* The length in bytes of the UTF-8 character at the start of S, if it may be printed as it is; 0 if its first
 * byte must be escaped. Overlong forms, surrogates, and C0 and C1 controls, which terminals obey, are
 * escaped. */
static size_t printable_length(struct str s)
{
    const unsigned char *u = (const unsigned char *)s.p;
    if (u[0] < 0x80) {
        return u[0] >= 0x20 && u[0] != 0x7f;
    }
    size_t n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    if (u[0] < 0xc2 || u[0] > 0xf4 || n > s.n) {
        return 0;
    }
    uint32_t code = u[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (u[i] & 0x3f);
    }
    static const uint32_t least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code >= least[n] && code <= 0x10ffff && !surrogate ? n : 0;
}

/* Appends N bytes unless they would pass LIMIT. */
static bool put_bytes(struct line *line, const char *p, size_t n, size_t limit)
{
    if (line->n + n > limit) {
        return false;
    }
    memcpy(line->p + line->n, p, n);
    line->n += n;
    return true;
}

/* Appends the next character of *S, escaped as the format needs it, and removes it from *S. Returns false if
 * it does not fit. */
static bool put_character(struct line *line, struct str *s, size_t limit)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char c = (unsigned char)s->p[0];
    char escaped[] = { '\\', '\\', 'x', hex[c >> 4], hex[c & 15] };
    size_t n = printable_length(*s);
    struct str out = { s->p, n };
    if (n == 0) {
        out = line->json ? (struct str){ escaped, 5 } : (struct str){ escaped + 1, 4 };
        n = 1;
    } else if (line->json && (c == '"' || c == '\\')) {
        escaped[1] = (char)c;
        out = (struct str){ escaped, 2 };
    }
    *s = str_slice(*s, n, s->n);
    return put_bytes(line, out.p, out.n, limit);
}

/* Appends S, cut short so that ROOM bytes are left behind it. */
static void put_text(struct line *line, struct str s, size_t room)
{
    while (s.n > 0) {
        if (!put_character(line, &s, sizeof line->p - room)) {
            put_bytes(line, "…", strlen("…"), sizeof line->p);
            return;
        }
    }
}

static void put_plain(struct line *line, const char *text)
{
    put_bytes(line, text, strlen(text), sizeof line->p);
}

/* Appends NUMBER, which is not negative, with at least WIDTH digits. */
static void put_digits(struct line *line, long long number, int width)
{
    char digits[20];
    int n = 0;
    do {
        digits[sizeof digits - (size_t)++n] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 || n < width);
    put_bytes(line, digits + sizeof digits - (size_t)n, (size_t)n, sizeof line->p);
}

static void put_number(struct line *line, const char *name, long long number)
{
    put_plain(line, name);
    put_digits(line, number, 1);
}

/* Appends a time such as 2026-11-22T22:41:00.123Z. gmtime_r() may not be called in a signal handler, so the
 * date is computed here. Years begin in March, which puts the leap day at their end; 400 years have always
 * the same number of days. */
static void put_time(struct line *line, struct timespec now)
{
    long days = now.tv_sec / 86400 + 719468;
    long second = now.tv_sec % 86400;
    long era = days / 146097;
    long day = days % 146097;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    long month = (5 * day + 2) / 153; /* 0: March */
    const struct {
        long value;
        int width;
        const char *behind;
    } part[] = {
        { era * 400 + year + (month >= 10), 4, "-" },
        { month < 10 ? month + 3 : month - 9, 2, "-" },
        { day - (153 * month + 2) / 5 + 1, 2, "T" },
        { second / 3600, 2, ":" },
        { second / 60 % 60, 2, ":" },
        { second % 60, 2, "." },
        { now.tv_nsec / 1000000, 3, "Z " },
    };
    for (size_t i = 0; i < ARRAY_LEN(part); i++) {
        put_digits(line, part[i].value, part[i].width);
        put_plain(line, part[i].behind);
    }
}

static void json_line(struct line *line, enum log_level level, const char *type, struct str request_id,
                      struct str message, struct timespec now)
{
    put_number(line, "{\"Timestamp\": ", (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    put_plain(line, ", \"Type\": \"");
    put_text(line, str_of(type), ID_ROOM);
    put_plain(line, "\", \"Logger\": \"");
    put_text(line, str_of(atomic_load(&logger_name)), ID_ROOM);
    put_plain(line, "\", \"Hostname\": \"");
    put_text(line, str_of(host_name), ID_ROOM);
    put_plain(line, "\", \"EnvVersion\": \"2.0\"");
    put_number(line, ", \"Severity\": ", levels[level].severity);
    put_number(line, ", \"Pid\": ", getpid());
    put_plain(line, ", \"Fields\": {");
    if (request_id.n > 0) {
        put_plain(line, "\"requestid\": \"");
        put_text(line, request_id, ID_ROOM);
        put_plain(line, "\", ");
    }
    put_plain(line, "\"message\": \"");
    put_text(line, message, TAIL_ROOM);
    put_plain(line, "\"}}\n");
}

static void plain_line(struct line *line, enum log_level level, const char *type, struct str request_id,
                       struct str message, struct timespec now)
{
    put_time(line, now);
    put_plain(line, levels[level].label);
    put_plain(line, " ");
    put_text(line, str_of(type), ID_ROOM);
    put_plain(line, " ");
    put_text(line, message, request_id.n > 0 ? ID_ROOM : TAIL_ROOM);
    if (request_id.n > 0) {
        put_plain(line, " [");
        put_text(line, request_id, TAIL_ROOM);
        put_plain(line, "]");
    }
    put_plain(line, "\n");
}

/* ---- requests and errors ---- */

void log_request_begin(struct str id, struct str method, struct str uri)
{
    current = (struct log_request){ id, method, uri };
}

void log_request_end(void)
{
    current = (struct log_request){ 0 };
}

struct log_request log_request_now(void)
{
    return current;
}

void log_watch(log_watcher see)
{
    atomic_store(&watcher, see);
}

/* ---- writing ---- */

static _Atomic uint64_t lines[LOG_ERROR + 1];

uint64_t log_lines(enum log_level level)
{
    return atomic_load_explicit(&lines[level], memory_order_relaxed);
}

void log_line(enum log_level level, const char *type, struct str request_id, struct str message)
{
    if (request_id.n > REQUEST_ID_MAX) {
        request_id.n = REQUEST_ID_MAX;
    }
    struct timespec now = clock_wall();
    struct line line;
    atomic_fetch_add_explicit(&lines[level], 1, memory_order_relaxed);
    line.n = 0;
    line.json = atomic_load(&line_format) == LOG_JSON;
    (line.json ? json_line : plain_line)(&line, level, type, request_id, message, now);
    ssize_t written;
    do {
        written = write(level >= LOG_WARNING ? STDERR_FILENO : STDOUT_FILENO, line.p, line.n);
    } while (written < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *type, struct str request_id, const char *fmt, ...)
{
    if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed)) {
        return;
    }
    char message[LOG_LINE_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    struct str text = { message, n < 0 ? 0 : (size_t)n < sizeof message ? (size_t)n : sizeof message - 1 };
    struct str id = request_id.n > 0 ? request_id : current.id;
    log_line(level, type, id, text);
    log_watcher see = level == LOG_ERROR ? atomic_load(&watcher) : NULL;
    if (see != NULL) {
        see(type, id, text);
    }
}
