/* See sentry_event.h. An envelope is three lines of JSON: its head, the item's head, the event. */
#include "ops/sentry_event.h"

#include "core/json.h"
#include "ops/scrub.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

enum { EVENT_MAX = 200 << 10, ID_DIGITS = 32 };

/* ---- where to ---- */

static bool not_a_dsn(struct error *e)
{
    return error_set(e, ERROR_INTERNAL, "[sentry] dsn_file: must hold a DSN, https://KEY@HOST/PROJECT");
}

bool sentry_target_parse(const char *dsn, struct sentry_target *target, struct error *e)
{
    struct str rest = str_of(dsn), key, where;
    struct str scheme = str_starts(rest, STR("https://")) ? STR("https://") : STR("http://");
    if (!str_starts(rest, scheme)) {
        return not_a_dsn(e);
    }
    rest = str_slice(rest, scheme.n, rest.n);
    str_split(&rest, '@', &key);
    struct str secret = key;
    str_split(&secret, ':', &key); /* old ones hold a secret part, which is not needed */
    const char *slash = rest.n > 0 ? memrchr(rest.p, '/', rest.n) : NULL;
    size_t host = slash != NULL ? (size_t)((const char *)memchr(rest.p, '/', rest.n) - rest.p) : 0;
    size_t project = slash != NULL ? rest.n - (size_t)(slash - rest.p) - 1 : 0;
    if (key.n == 0 || key.n > 100 || host == 0 || project == 0 || rest.n > 300 ||
        strspn(slash + 1, "0123456789") != project || strcspn(dsn, " \t?#\"") != strlen(dsn)) {
        return not_a_dsn(e);
    }
    where = str_slice(rest, 0, (size_t)(slash - rest.p));
    snprintf(target->url, sizeof target->url, "%.*s%.*s/api/%s/envelope/", STR_ARG(scheme), STR_ARG(where),
             slash + 1);
    snprintf(target->auth, sizeof target->auth,
             "X-Sentry-Auth: Sentry sentry_version=7, sentry_client=balrog/" PACKAGE_VERSION
             ", sentry_key=%.*s",
             STR_ARG(key));
    return true;
}

/* ---- the event ---- */

static void new_id(char id[ID_DIGITS + 1])
{
    unsigned char bytes[ID_DIGITS / 2] = { 0 };
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        bytes[0] = 1;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    }
}

static void print_text(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "\"%s\": ", name);
    json_print_string(out, str_of(value));
    buf_lit(out, ", ");
}

static void print_scrubbed(struct buf *out, const char *name, struct str value)
{
    struct buf clean;
    buf_init(&clean, 1024, 16 << 10);
    scrub_print(&clean, value);
    buf_printf(out, "\"%s\": ", name);
    json_print_string(out, buf_view(&clean));
    buf_free(&clean);
}

/* Sentry wants the outermost first. */
static void print_frames(struct buf *out, const struct sentry_event *event)
{
    buf_lit(out, "\"stacktrace\": {\"frames\": [");
    for (unsigned i = event->n_frames; i-- > 0;) {
        const struct crash_frame *f = &event->frame[i];
        buf_printf(out, "{\"instruction_addr\": \"0x%llx\", ", (unsigned long long)f->address);
        if (f->symbol[0] != '\0') {
            print_text(out, "function", f->symbol);
        }
        print_text(out, "package", f->module);
        buf_printf(out, "\"in_app\": %s, \"vars\": {\"offset\": \"0x%llx\"}}%s",
                   strncmp(f->module, "balrog", 6) == 0 ? "true" : "false", (unsigned long long)f->offset,
                   i > 0 ? ", " : "");
    }
    buf_lit(out, "]}");
}

static void print_event(struct buf *out, const struct sentry_event *event, const char *program,
                        const char *environment, const char *id)
{
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    buf_lit(out, "{");
    print_text(out, "event_id", id);
    buf_printf(out, "\"timestamp\": %lld.%03d, ", (long long)event->time_ms / 1000,
               (int)(event->time_ms % 1000));
    print_text(out, "platform", "native");
    print_text(out, "level", event->level);
    print_text(out, "logger", program);
    buf_printf(out, "\"release\": \"balrog@%s\", ", event->version);
    print_text(out, "environment", environment);
    print_text(out, "server_name", host);
    buf_lit(out, "\"tags\": {");
    print_text(out, "type", event->type);
    if (event->request_id[0] != '\0') {
        print_text(out, "request_id", event->request_id);
    }
    buf_printf(out, "\"program\": \"%s\"}, ", program);
    if (event->uri[0] != '\0') {
        struct str rest = str_of(event->uri), path;
        str_split(&rest, '?', &path);
        buf_lit(out, "\"request\": {");
        print_text(out, "method", event->method);
        print_scrubbed(out, "url", path);
        buf_lit(out, "}, ");
    }
    buf_printf(out, "\"extra\": {\"dropped_before\": %u}, ", event->dropped);
    buf_lit(out, "\"message\": {");
    print_scrubbed(out, "formatted", str_of(event->message));
    buf_lit(out, "}, \"exception\": {\"values\": [{");
    print_text(out, "type", event->type);
    print_scrubbed(out, "value", str_of(event->message));
    buf_lit(out, ", ");
    print_frames(out, event);
    buf_lit(out, "}]}}");
}

void sentry_event_print(struct buf *out, const struct sentry_event *event, const char *program,
                        const char *environment)
{
    struct buf json;
    char id[ID_DIGITS + 1];
    new_id(id);
    buf_init(&json, 16 << 10, EVENT_MAX);
    print_event(&json, event, program, environment, id);
    buf_printf(out, "{\"event_id\": \"%s\"}\n{\"type\": \"event\", \"length\": %zu}\n", id, json.n);
    buf_str(out, buf_view(&json));
    buf_char(out, '\n');
    out->full |= json.full;
    buf_free(&json);
}
