/* See figures.h. The same that /__metrics__ tells, in few words: what has a label is an object, and of it
 * only what is not 0. */
#include "public/figures.h"

#include "core/clock.h"
#include "core/json.h"
#include "public/metrics.h"

static void print_snapshot(struct buf *out, const struct loader_stats *l)
{
    int64_t fresh_ms = atomic_load(&l->fresh_ms);
    buf_printf(out,
               "\"generation\":%llu,\"snapshot_age_ms\":%lld,\"build_ms\":%lld,\"snapshot_bytes\":%llu,"
               "\"rules\":%llu,\"releases\":%llu,\"missing\":%llu,\"kept\":%llu,\"stale\":%s",
               (unsigned long long)atomic_load(&l->generation),
               fresh_ms != 0 ? (long long)(clock_ms() - fresh_ms) : -1LL,
               (long long)atomic_load(&l->build_us) / 1000, (unsigned long long)atomic_load(&l->bytes),
               (unsigned long long)atomic_load(&l->rules), (unsigned long long)atomic_load(&l->releases),
               (unsigned long long)atomic_load(&l->missing), (unsigned long long)atomic_load(&l->kept),
               atomic_load(&l->stale) != 0 ? "true" : "false");
}

static void print_feed(struct buf *out, const struct loader_stats *l)
{
    buf_printf(
        out, ",\"feed_lag_ms\":%lld,\"feed_gaps\":%llu,\"feed_missed\":%llu,\"database_failures\":%llu",
        (long long)atomic_load(&l->feed_lag_ms), (unsigned long long)atomic_load(&l->feed_gaps),
        (unsigned long long)atomic_load(&l->feed_missed), (unsigned long long)atomic_load(&l->failures));
}

static void print_ms(struct buf *out, const char *name, int64_t ms)
{
    if (ms == HOSTS_UNKNOWN) {
        buf_printf(out, ",\"%s\":null", name);
    } else {
        buf_printf(out, ",\"%s\":%lld", name, (long long)ms);
    }
}

/* A counter with one label. */
static void print_counter(struct buf *out, const char *name, enum public_metric row)
{
    const struct metric *m = &public_metric[row];
    const char *comma = "";
    buf_printf(out, ",\"%s\":{", name);
    for (unsigned i = 0, n = metric_n_series(m); i < n; i++) {
        double value = metric_value(m, i);
        if (value > 0) {
            buf_printf(out, "%s\"%s\":%.0f", comma, metric_label_value(m, 0, i), value);
            comma = ",";
        }
    }
    buf_char(out, '}');
}

static void print_times(struct buf *out)
{
    const struct metric *m = &public_metric[PUBLIC_SECONDS];
    buf_printf(out, ",\"update_ms\":{\"median\":%.3f,\"p99\":%.3f}",
               metric_quantile(m, ENDPOINT_UPDATE, 1, 0.5) * 1000,
               metric_quantile(m, ENDPOINT_UPDATE, 1, 0.99) * 1000);
}

static uint64_t stamp_of(void *stats)
{
    struct loader_stats *l = stats;
    return served_stamp(&l->served);
}

/* The database server that is read from, and how far it is behind. */
static void print_host(struct buf *out, const struct loader_stats *l)
{
    for (size_t i = 0, n = hosts_count(l->hosts); i < n; i++) {
        struct host_view view;
        hosts_view(l->hosts, i, &view);
        if (view.reads) {
            buf_lit(out, ",\"database_host\":");
            json_print_string(out, str_of(view.label));
            print_ms(out, "heartbeat_age_ms", view.heartbeat_age_ms);
        }
    }
    print_ms(out, "database_lag_ms", hosts_lag_ms(l->hosts, l->primary));
}

static void print_figures(void *stats, struct buf *out)
{
    struct loader_stats *l = stats;
    buf_char(out, '{');
    print_snapshot(out, l);
    print_feed(out, l);
    print_host(out, l);
    served_print(&l->served, out);
    print_counter(out, "responses", PUBLIC_RESPONSES);
    print_times(out);
    print_counter(out, "answers", PUBLIC_ANSWERS);
    print_counter(out, "throttle", PUBLIC_THROTTLED);
    print_counter(out, "signatures", PUBLIC_SIGNATURES);
    buf_char(out, '}');
}

struct reporter_figures public_figures(struct loader_stats *stats)
{
    return (struct reporter_figures){ .print = print_figures, .stamp = stamp_of, .arg = stats };
}
