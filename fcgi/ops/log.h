/* The application's log: one line per event, JSON (mozlog 2.0) or plain, to stdout; WARNING and ERROR to
 * stderr. Safe from any thread. User input is escaped. Callers must not pass secrets.
 *
 * JSON:  {"Timestamp": NANOSECONDS, "Type": TYPE, "Logger": LOGGER, "Hostname": …, "EnvVersion": "2.0",
 *         "Severity": 100 debug | 200 info | 400 warning | 500 error (as the reference's), "Pid": …,
 *         "Fields": {"requestid": …, "message": …}}, without requestid outside of requests
 * plain: 2026-11-22T22:41:00.123Z INFO snapshot.built the message [request id] */
#ifndef BALROG_OPS_LOG_H
#define BALROG_OPS_LOG_H

#include "core/str.h"

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_PLAIN, LOG_JSON };

/* The maximum length of a line in bytes, newline included. A pipe takes this much in one piece, so that lines
 * of several workers do not mix. A longer message is cut and ends in "…". */
enum { LOG_LINE_MAX = 4096 };

/* LOGGER: "balrog-public", constant text. Until this is called: plain, INFO. May be called again (SIGHUP). */
void log_setup(const char *logger, enum log_level level, enum log_format format);
/* "debug", "info", "warning", "error"; "json", "plain". False for anything else. */
bool log_level_parse(const char *name, enum log_level *level);
bool log_format_parse(const char *name, enum log_format *format);

/* The request that this thread answers: its id is in every line that the thread logs meanwhile, and a crash
 * report says what it was. The texts must stay valid until log_request_end(). */
struct log_request {
    struct str id, method, uri;
};
void log_request_begin(struct str id, struct str method, struct str uri);
void log_request_end(void);
/* All absent between requests. Safe in a signal handler of the same thread. */
struct log_request log_request_now(void);

/* From now on SEE is called for every ERROR, in the thread that logs it, after the line is written. NULL:
 * none. */
typedef void (*log_watcher)(const char *type, struct str request_id, struct str message);
void log_watch(log_watcher see);

/* Writes a line whatever the level is set to, and does not call the watcher. Safe in a signal handler once
 * log_setup() has been called. */
void log_line(enum log_level level, const char *type, struct str request_id, struct str message);

/* The number of lines of LEVEL that were written since the start; lines below the log's level are not
 * counted. */
uint64_t log_lines(enum log_level level);

/* REQUEST_ID may be absent: then it is that of the thread's request, if there is one. TYPE is a short dotted
 * name of the kind of event ("snapshot.built"), constant text. */
void log_write(enum log_level level, const char *type, struct str request_id, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#define log_debug(TYPE, ...) log_write(LOG_DEBUG, TYPE, STR_NONE, __VA_ARGS__)
#define log_info(TYPE, ...) log_write(LOG_INFO, TYPE, STR_NONE, __VA_ARGS__)
#define log_warning(TYPE, ...) log_write(LOG_WARNING, TYPE, STR_NONE, __VA_ARGS__)
#define log_error(TYPE, ...) log_write(LOG_ERROR, TYPE, STR_NONE, __VA_ARGS__)

#endif
