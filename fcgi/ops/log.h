/* The application's log: a line an event, JSON (mozlog 2.0) or plain, to stdout; WARNING and worse to stderr.
 * Safe from any thread: a line is one write. User input is escaped; secrets are never passed in. */
#ifndef BALROG_OPS_LOG_H
#define BALROG_OPS_LOG_H

#include "core/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_PLAIN, LOG_JSON };

/* LOGGER: "balrog-public". Until this is called: plain, INFO. May be called again (SIGHUP). */
void log_setup(const char *logger, enum log_level level, enum log_format format);
bool log_level_parse(const char *name, enum log_level *level);

/* REQUEST_ID may be absent. TYPE is a short dotted name of the kind of event ("snapshot.built"), constant
 * text. */
void log_write(enum log_level level, const char *type, struct str request_id, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#define log_debug(TYPE, ...) log_write(LOG_DEBUG, TYPE, STR_NONE, __VA_ARGS__)
#define log_info(TYPE, ...) log_write(LOG_INFO, TYPE, STR_NONE, __VA_ARGS__)
#define log_warning(TYPE, ...) log_write(LOG_WARNING, TYPE, STR_NONE, __VA_ARGS__)
#define log_error(TYPE, ...) log_write(LOG_ERROR, TYPE, STR_NONE, __VA_ARGS__)

#endif
