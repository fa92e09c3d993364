/* The part of /__metrics__ that is read from the database: scheduled changes, running programs, and the
 * metrics of the agents, which report them here because they have no page of their own. */
#include "admin/status.h"
#include "core/clock.h"
#include "core/json.h"
#include "ops/metrics.h"

/* The members of an agent's report (fcgi/agent/report.c), and the metric that each becomes. */
static const struct {
    const char *member, *name, *type, *help;
    double unit;
} figures[] = {
    { "enacted", "enacted_total", "counter", "Changes enacted.", 1 },
    { "already", "already_total", "counter", "Changes that somebody else had enacted.", 1 },
    { "failed", "failed_total", "counter", "Changes that could not be enacted, each try.", 1 },
    { "lists_failed", "lists_failed_total", "counter", "Lists of changes that could not be read.", 1 },
    { "uptake_failed", "uptake_failed_total", "counter", "Uptakes that could not be told.", 1 },
    { "waiting", "waiting", "gauge", "Changes that are not due or not signed off.", 1 },
    { "retrying", "retrying", "gauge", "Changes that failed and will be tried again.", 1 },
    { "last_run_at", "last_run_timestamp_seconds", "gauge", "When the last run began.", 1000 },
    { "last_good_run_at", "last_good_run_timestamp_seconds", "gauge",
      "When the last run without a failure began.", 1000 },
};

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *n = json_get(object, name);
    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static void print_labels(struct buf *out, const cJSON *instance)
{
    metrics_print_label(out, "program", str_of(json_get_string(instance, "program")));
    buf_char(out, ',');
    metrics_print_label(out, "host", str_of(json_get_string(instance, "host")));
    buf_printf(out, ",pid=\"%.0f\",", number_of(instance, "pid"));
    metrics_print_label(out, "version", str_of(json_get_string(instance, "version")));
}

static void print_scheduled(struct buf *out, const cJSON *scheduled)
{
    static const char *const states[] = { "pending", "due" };
    const cJSON *table;
    metrics_print_head(out, "balrog_scheduled_changes", "gauge",
                       "Scheduled changes that are not carried out; of these, due ones.");
    cJSON_ArrayForEach(table, scheduled)
    {
        for (size_t i = 0; i < ARRAY_LEN(states); i++) {
            buf_printf(out, "balrog_scheduled_changes{table=\"%s\",state=\"%s\"} %.0f\n", table->string,
                       states[i], number_of(table, states[i]));
        }
    }
}

static void print_overdue(struct buf *out, const cJSON *scheduled)
{
    const cJSON *table;
    metrics_print_head(out, "balrog_scheduled_overdue_seconds", "gauge",
                       "For how long the oldest scheduled change that is due has waited; 0: none is due.");
    cJSON_ArrayForEach(table, scheduled)
    {
        buf_printf(out, "balrog_scheduled_overdue_seconds{table=\"%s\"} %.3f\n", table->string,
                   number_of(table, "overdue_ms") / 1000);
    }
}

static void print_times(struct buf *out, const cJSON *instances, const char *name, const char *help,
                        const char *member)
{
    const cJSON *instance;
    metrics_print_head(out, name, "gauge", help);
    cJSON_ArrayForEach(instance, instances)
    {
        buf_printf(out, "%s{", name);
        print_labels(out, instance);
        buf_printf(out, "} %.3f\n", number_of(instance, member) / 1000);
    }
}

/* A program that was killed is here until it has been silent for two minutes; `seen` tells it from those that
 * run. */
static void print_instances(struct buf *out, const cJSON *instances)
{
    print_times(out, instances, "balrog_instance_started_timestamp_seconds",
                "Programs that live, and since when.", "started_at");
    print_times(out, instances, "balrog_instance_seen_timestamp_seconds",
                "When each last reported, by the database's clock; each does about every ten seconds.",
                "seen_at");
}

static void print_agents(struct buf *out, const cJSON *instances)
{
    for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
        char name[64];
        const cJSON *instance;
        snprintf(name, sizeof name, "balrog_agent_%s", figures[i].name);
        metrics_print_head(out, name, figures[i].type, figures[i].help);
        cJSON_ArrayForEach(instance, instances)
        {
            const cJSON *detail = json_get(instance, "detail");
            if (cJSON_IsNumber(json_get(detail, figures[i].member)) &&
                strcmp(json_get_string(instance, "program"), "balrog-agent") == 0) {
                buf_printf(out, "%s{", name);
                print_labels(out, instance);
                buf_printf(out, "} %.15g\n", number_of(detail, figures[i].member) / figures[i].unit);
            }
        }
    }
}

static bool read_all(struct tx *tx, void *arg, struct error *e)
{
    cJSON **answer = arg;
    cJSON_Delete(*answer);
    *answer = mem_check(cJSON_CreateObject());
    return status_read(tx, clock_wall_ms(), *answer, e);
}

void status_metrics(const struct tx_site *site, struct buf *out)
{
    cJSON *answer = NULL;
    struct error ignored;
    struct tx_request request = { .username = "", .request_id = STR_NONE, .read_only = true };
    bool reachable = tx_run(site, &request, read_all, &answer, &ignored);
    metrics_print_head(out, "balrog_admin_database_reachable", "gauge", "Whether the database answered now.");
    buf_printf(out, "balrog_admin_database_reachable %d\n", reachable);
    if (reachable) {
        print_scheduled(out, json_get(answer, "scheduled_changes"));
        print_overdue(out, json_get(answer, "scheduled_changes"));
        print_instances(out, json_get(answer, "instances"));
        print_agents(out, json_get(answer, "instances"));
    }
    cJSON_Delete(answer);
}
