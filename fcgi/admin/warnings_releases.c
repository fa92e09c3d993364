/* Warnings about the releases that a rule or pin leads to. Only a release that a change newly leads to is
 * read, and the one that it leads to now: whole, since what is served depends on all of it. */
#include "admin/warnings_releases.h"

#include "admin/resources.h"
#include "core/json_pool.h"
#include "explain/uptake_client.h"
#include "explain/world.h"
#include "query/query.h"
#include "release/lost_parts.h"
#include "release/unserved.h"
#include "store/reader.h"
#include "update/ruleset.h"

enum {
    PARTS_SHOWN = 50,      /* of a release, in a warning */
    PARTS_NAMED = 5,       /* in its sentence */
    SAMPLE_QUERIES = 5000, /* that lost parts are counted against */
    SAMPLE_MS = 500,       /* how long a sample is waited for */
};

/* Lost parts whose queries are still to be counted. */
struct uncounted_loss {
    struct uncounted_loss *next;
    cJSON *warning;
    struct rule_row rule; /* as it becomes */
    const struct release *old, *now;
};

/* ---- reading ---- */

/* Compiles the release NAME. *RELEASE is NULL if it cannot be compiled, for the reason *WHY, or if there is
 * none. Owned by CTX. */
static bool read_release(struct admin_call *call, void *ctx, const char *name, struct release **release,
                         struct error *why, struct error *e)
{
    struct release_row row;
    struct release_stamps stamps;
    bool found = false;
    void *raw = mem_check(talloc_new(NULL));
    *release = NULL;
    error_clear(why);
    bool ok = reader_release(call->tx->db, raw, str_of(name), &row, &stamps, &found, e);
    if (ok && found) {
        struct json_pool *json = json_pool_new();
        json_pool_enter(json);
        *release = release_compile(ctx, &row, RELEASE_SERVED, why);
        json_pool_leave(json);
        json_pool_free(json);
    }
    talloc_free(raw);
    return ok;
}

/* ---- what cannot be served ---- */

static void add_text(cJSON *object, const char *name, struct str text)
{
    if (!str_absent(text)) {
        cJSON_AddItemToObject(object, name, json_text(text));
    }
}

static const char *text_or(const cJSON *object, const char *name, const char *other)
{
    const char *text = json_get_string(object, name);
    return text != NULL ? text : other;
}

static void add_unserved(struct warnings *w, const char *name, struct unserved *u)
{
    const cJSON *first = u->problems->child;
    cJSON *warning =
        u->count == 0
            ? NULL
            : warnings_add(w, WARN_NOT_SERVABLE,
                           "%zu part(s) of '%s' cannot be served. The first one: platform %s, locale "
                           "%s: %s",
                           u->count, name, text_or(first, "platform", "(any)"),
                           text_or(first, "locale", "(any)"), text_or(first, "what", ""));
    if (warning == NULL) {
        cJSON_Delete(u->problems);
        return;
    }
    while (cJSON_GetArraySize(u->problems) > PARTS_SHOWN) {
        cJSON_DeleteItemFromArray(u->problems, PARTS_SHOWN);
    }
    mem_check(cJSON_AddStringToObject(warning, "release", name));
    mem_check(cJSON_AddNumberToObject(warning, "count", (double)u->count));
    cJSON_AddItemToObject(warning, "problems", u->problems);
}

static void find_unserved(struct admin_call *call, const char *name, const struct release *release,
                          const struct error *why, struct warnings *w)
{
    struct unserved u = { .problems = mem_check(cJSON_CreateArray()) };
    if (release != NULL) {
        release_list_unserved_of(release, call->site->allowlist, &u);
    } else if (why->what[0] != '\0') {
        cJSON *problem = mem_check(cJSON_CreateObject());
        mem_check(cJSON_AddStringToObject(problem, "what", why->what));
        cJSON_AddItemToArray(u.problems, problem);
        u.count = 1;
    }
    add_unserved(w, name, &u);
}

/* ---- what clients lose ---- */

static void add_older(struct warnings *w, const char *name, const struct lost_parts *lost)
{
    bool by_build = str_eq(lost->old_version, lost->new_version);
    cJSON *warning =
        warnings_add(w, WARN_RELEASE_OLDER,
                     "'%s' is older than the release that is served now: platform %.*s, locale %.*s goes "
                     "back from %s%.*s to "
                     "%.*s.",
                     name, STR_ARG(lost->older_platform), STR_ARG(lost->older_locale),
                     by_build ? "build " : "", STR_ARG(by_build ? lost->old_build_id : lost->old_version),
                     STR_ARG(by_build ? lost->new_build_id : lost->new_version));
    if (warning != NULL) {
        mem_check(cJSON_AddStringToObject(warning, "release", name));
        add_text(warning, "old_version", lost->old_version);
        add_text(warning, "new_version", lost->new_version);
        add_text(warning, "old_build_id", lost->old_build_id);
        add_text(warning, "new_build_id", lost->new_build_id);
    }
}

/* "Linux, WINNT (de), …": the first ones. CTX owns it. */
static char *name_parts(void *ctx, const struct lost_parts *lost)
{
    char *names = mem_strdup(ctx, "");
    for (size_t i = 0; i < lost->n && i < PARTS_NAMED; i++) {
        const struct lost_part *part = &lost->part[i];
        bool whole = str_absent(part->locale);
        names = mem_check(talloc_asprintf_append_buffer(
            names, "%s%.*s%s%.*s%s", i > 0 ? ", " : "", STR_ARG(part->platform), whole ? "" : " (",
            whole ? 0 : (int)part->locale.n, whole ? "" : part->locale.p, whole ? "" : ")"));
    }
    return lost->n > PARTS_NAMED ? mem_check(talloc_asprintf_append_buffer(names, ", …")) : names;
}

static cJSON *add_lost(struct admin_call *call, struct warnings *w, const char *name,
                       const struct lost_parts *lost)
{
    cJSON *warning =
        warnings_add(w, WARN_PARTS_MISSING,
                     "'%s' lacks %zu platform(s) or locale(s) that the release that is served now has: %s.",
                     name, lost->n, name_parts(call->ctx, lost));
    if (warning == NULL) {
        return NULL;
    }
    mem_check(cJSON_AddStringToObject(warning, "release", name));
    mem_check(cJSON_AddNumberToObject(warning, "count", (double)lost->n));
    cJSON *parts = mem_check(cJSON_AddArrayToObject(warning, "parts"));
    for (size_t i = 0; i < lost->n && i < PARTS_SHOWN; i++) {
        cJSON *part = mem_check(cJSON_CreateObject());
        add_text(part, "platform", lost->part[i].platform);
        add_text(part, "locale", lost->part[i].locale);
        cJSON_AddItemToArray(parts, part);
    }
    return warning;
}

/* Compares the releases OLD and NOW, which CALL's rule N leads to. */
static void find_lost(struct admin_call *call, const struct noted_change *n, const struct release *old,
                      const struct release *now, struct warnings *w)
{
    const char *name = row_text(n->change.now, "mapping");
    const struct lost_parts *lost = release_lost_parts(call->ctx, old, now);
    if (!str_absent(lost->older_platform)) {
        add_older(w, name, lost);
    }
    cJSON *warning = lost->n > 0 ? add_lost(call, w, name, lost) : NULL;
    if (warning != NULL) {
        struct uncounted_loss *loss = mem_new(w->ctx, struct uncounted_loss);
        *loss = (struct uncounted_loss){ .next = w->uncounted,
                                         .warning = warning,
                                         .rule = rule_row_of_json(w->ctx, n->change.now),
                                         .old = old,
                                         .now = now };
        w->uncounted = loss;
    }
}

/* ---- its deletion ---- */

static void add_deletion(struct warnings *w, const char *name, const char *column, const char *kind,
                         int64_t sc_id)
{
    cJSON *warning = warnings_add(
        w, WARN_DELETION_SCHEDULED,
        "%s leads to '%s', which is to be deleted by scheduled change %lld of %s. With this change, that "
        "deletion will be refused when it is enacted. Decide which of the two is meant, and drop the other.",
        column, name, (long long)sc_id, kind);
    if (warning != NULL) {
        mem_check(cJSON_AddStringToObject(warning, "release", name));
        mem_check(cJSON_AddNumberToObject(warning, "sc_id", (double)sc_id));
    }
}

/* Warns if somebody has scheduled that the release NAME is deleted. (The other way round there is no warning:
 * while a scheduled change leads to a release, its deletion cannot be scheduled, see release_uses.h.) */
static bool find_deletion(struct admin_call *call, const char *name, const char *column, struct warnings *w,
                          struct error *e)
{
    const struct str wanted = str_of(name);
    const struct db_value names[] = { DB_S(wanted), DB_S(wanted) };
    struct db_rows *rows =
        db_query(call->tx->db,
                 "SELECT 'releases', sc_id, base_name FROM releases_scheduled_changes"
                 " WHERE complete = 0 AND base_name = ? AND change_type = 'delete'"
                 " UNION ALL"
                 " SELECT 'v2/releases', sc_id, base_name FROM releases_json_scheduled_changes"
                 " WHERE complete = 0 AND base_name = ? AND change_type = 'delete'",
                 names, ARRAY_LEN(names), e);
    while (db_next(rows, e)) {
        if (str_eq(db_text(rows, 2), wanted)) {
            add_deletion(w, name, column, mem_str(call->ctx, db_text(rows, 0)).p, db_int(rows, 1));
        }
    }
    return db_finish(rows);
}

/* ---- the change ---- */

/* A release that COLUMN newly names is read into *RELEASE, else it is NULL. */
static bool find_column(struct admin_call *call, const struct noted_change *n, const char *column,
                        struct release **release, struct warnings *w, struct error *e)
{
    struct error why;
    const char *name = row_text(n->change.now, column);
    *release = NULL;
    if (name == NULL || !warnings_changes(&n->change, column)) {
        return true;
    }
    if (!read_release(call, w->ctx, name, release, &why, e)) {
        return false;
    }
    find_unserved(call, name, *release, &why, w);
    return find_deletion(call, name, column, w, e);
}

bool warnings_find_releases(struct admin_call *call, const struct noted_change *n, struct warnings *w,
                            struct error *e)
{
    struct release *now, *old, *fallback;
    struct error ignored;
    const char *present = row_text(n->change.old, "mapping");
    if (!find_column(call, n, "mapping", &now, w, e)) {
        return false;
    }
    if (n->resource != &rules_resource) {
        return true;
    }
    if (now != NULL && present != NULL) {
        if (!read_release(call, w->ctx, present, &old, &ignored, e)) {
            return false;
        }
        if (old != NULL) {
            find_lost(call, n, old, now, w);
        }
    }
    return find_column(call, n, "fallbackMapping", &fallback, w, e);
}

/* ---- counting, after the transaction ---- */

struct counted {
    double queries, of;
};

static struct counted count_queries(const struct sample *sample, const struct uncounted_loss *loss)
{
    struct counted counted = { 0, 0 };
    void *ctx = mem_check(talloc_new(NULL));
    char *text = mem_check(talloc_size(ctx, QUERY_TEXT_MAX));
    const struct ruleset *rules = ruleset_build(ctx, &loss->rule, 1);
    for (size_t i = 0; i < sample->n; i++) {
        struct query q;
        struct error ignored;
        if (query_parse(&q, text, sample->query[i].path, STR_NONE, &ignored) != QUERY_OK ||
            rule_mismatches(&rules->rules[0], &q) != 0) {
            continue;
        }
        counted.of += (double)sample->query[i].count;
        if (release_loses(loss->old, loss->now, q.build_target, q.locale)) {
            counted.queries += (double)sample->query[i].count;
        }
    }
    talloc_free(ctx);
    return counted;
}

static void count_loss(const struct config *config, struct warnings *w, const struct uncounted_loss *loss)
{
    struct uptake_hosts hosts;
    struct error why = { 0 };
    struct str channel = loss->rule.channel;
    const struct sample_request request = {
        .product = loss->rule.product,
        .channel = str_absent(channel) || str_ends(channel, STR("*")) ? STR_NONE : channel,
        .limit = SAMPLE_QUERIES,
        .timeout_ms = SAMPLE_MS,
    };
    const struct sample *sample = sample_fetch(w->ctx, &config->admin.uptake_url, &request, &hosts, &why);
    if (sample == NULL) {
        mem_check(cJSON_AddNullToObject(loss->warning, "queries"));
        mem_check(cJSON_AddNullToObject(loss->warning, "of"));
        cJSON_AddItemToObject(loss->warning, "not_counted", json_text(str_of(why.what)));
        return;
    }
    const struct counted counted = count_queries(sample, loss);
    mem_check(cJSON_AddNumberToObject(loss->warning, "queries", counted.queries));
    mem_check(cJSON_AddNumberToObject(loss->warning, "of", counted.of));
}

void warnings_count(const struct config *config, struct warnings *w)
{
    for (const struct uncounted_loss *loss = w->uncounted; loss != NULL; loss = loss->next) {
        count_loss(config, w, loss);
    }
    w->uncounted = NULL;
}
