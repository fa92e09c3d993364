/* See show.h. Versions come from clients: they are escaped. */
#include "uptake/show.h"

#include "core/json.h"
#include "ops/metrics.h"

enum { STALE_S = 3600 };

/* ---- Prometheus ---- */

static struct str name_of(const struct config_list *list, size_t i)
{
    return i < list->n ? list->item[i] : STR("other");
}

static void print_series(struct buf *out, const char *metric, struct str product, struct str channel,
                         struct str version, uint64_t value)
{
    buf_printf(out, "%s{", metric);
    metrics_print_label(out, "product", product);
    buf_char(out, ',');
    metrics_print_label(out, "channel", channel);
    buf_char(out, ',');
    metrics_print_label(out, "version", version);
    buf_printf(out, "} %llu\n", (unsigned long long)value);
}

/* Prints one series per version that is shown, and one for all others: since the start, or within the window.
 */
static void print_cell(struct buf *out, const char *metric, const struct counts *c, size_t p, size_t ch,
                       bool window)
{
    const struct cell *cell = &c->cell[p * (c->channels.n + 1) + ch];
    struct str product = name_of(&c->products, p), channel = name_of(&c->channels, ch);
    uint64_t others = window ? counts_window(c, &cell->other) : cell->other.total;
    if (cell->total == 0) {
        return;
    }
    for (size_t i = 0; i < cell->n; i++) {
        const struct version_count *v = cell->version[i];
        if (v->shown) {
            print_series(out, metric, product, channel, v->version, window ? counts_window(c, v) : v->total);
        } else if (window) {
            others += counts_window(c, v);
        }
    }
    print_series(out, metric, product, channel, STR("other"), others);
}

static void print_all(struct buf *out, const char *metric, const char *type, const char *help,
                      const struct counts *c, bool window)
{
    metrics_print_head(out, metric, type, help);
    for (size_t p = 0; p <= c->products.n; p++) {
        for (size_t ch = 0; ch <= c->channels.n; ch++) {
            print_cell(out, metric, c, p, ch, window);
        }
    }
}

void show_metrics(struct buf *out, const struct uptake_view *view)
{
    const struct counts *c = view->counts;
    print_all(out, "balrog_uptake_queries_total", "counter",
              "Update queries answered, by what clients say they are.", c, false);
    print_all(out, "balrog_uptake_window_queries", "gauge", "The same within the window of hours.", c, true);
    metrics_print_head(out, "balrog_uptake_age_seconds", "gauge",
                       "Time since the newest query that was counted.");
    buf_printf(out, "balrog_uptake_age_seconds %lld\n", (long long)(view->now_s - c->last_s));
}

/* ---- JSON ---- */

static void print_share(struct buf *out, uint64_t n, uint64_t of)
{
    buf_printf(out, "{\"queries\": %llu, \"percent\": %.3f", (unsigned long long)n,
               of > 0 ? 100.0 * (double)n / (double)of : 0.0);
}

static void print_versions(struct buf *out, const struct counts *c, const struct cell *cell, uint64_t all)
{
    uint64_t shown = 0;
    const char *comma = "";
    buf_lit(out, ", \"versions\": {");
    for (size_t i = 0; i < cell->n; i++) {
        const struct version_count *v = cell->version[i];
        if (v->shown) {
            uint64_t n = counts_window(c, v);
            shown += n;
            buf_printf(out, "%s", comma);
            json_print_string(out, v->version);
            buf_lit(out, ": ");
            print_share(out, n, all);
            buf_char(out, '}');
            comma = ", ";
        }
    }
    buf_lit(out, "}, \"other\": ");
    print_share(out, all - shown, all);
    buf_char(out, '}');
}

static const struct watch *find_watch(const struct uptake_view *view, struct str product, struct str channel)
{
    for (size_t i = 0; i < view->n_watches; i++) {
        const struct watch *w = &view->watch[i];
        if (str_eq(w->product, product) && str_eq(w->channel, channel)) {
            return w;
        }
    }
    return NULL;
}

/* Prints BEFORE and what is watched, where something is and enough is known. Returns whether it did. */
static bool print_watched(struct buf *out, const struct uptake_view *view, const struct cell *cell,
                          struct str product, struct str channel, const char *before)
{
    const struct counts *c = view->counts;
    const struct watch *watch = find_watch(view, product, channel);
    uint64_t all = counts_cell_window(c, cell);
    if (watch == NULL || all < view->min_queries || all == 0 || view->now_s - c->last_s >= STALE_S) {
        return false;
    }
    buf_printf(out, "%s", before);
    print_share(out, counts_reached(c, cell, product, watch->version), all);
    buf_lit(out, ", \"version\": ");
    json_print_string(out, watch->version);
    buf_char(out, '}');
    return true;
}

static void print_names(struct buf *out, struct str product, struct str channel)
{
    buf_lit(out, "{\"product\": ");
    json_print_string(out, product);
    buf_lit(out, ", \"channel\": ");
    json_print_string(out, channel);
}

bool show_cell(struct buf *out, const struct uptake_view *view, struct str product, struct str channel)
{
    const struct counts *c = view->counts;
    const struct cell *cell = counts_cell(c, product, channel);
    if (cell == NULL) {
        return false;
    }
    uint64_t all = counts_cell_window(c, cell);
    print_names(out, product, channel);
    buf_printf(out, ", \"hours\": %u, \"queries\": %llu, \"age_s\": %lld", c->hours, (unsigned long long)all,
               (long long)(view->now_s - c->last_s));
    print_versions(out, c, cell, all);
    print_watched(out, view, cell, product, channel, ", \"watched\": ");
    buf_lit(out, "}\n");
    return true;
}

/* ---- the series ---- */

/* The sum of the N elements of RING from STEP on, up to NEWEST. */
static uint64_t sum_steps(const uint32_t *ring, int64_t step, int64_t n, int64_t newest)
{
    uint64_t sum = 0;
    for (int64_t i = step < newest - SERIES_STEPS + 1 ? newest - SERIES_STEPS + 1 : step;
         i < step + n && i <= newest; i++) {
        sum += ring[i % SERIES_STEPS];
    }
    return sum;
}

/* Steps STEP to STEP + N - 1 as one point. */
static void print_point(struct buf *out, const struct series_cell *cell,
                        const struct series_version *const *version, size_t n_versions, int64_t step,
                        int64_t n, int64_t newest)
{
    const char *comma = "";
    buf_printf(out, "{\"at\": %lld, \"queries\": %llu, \"versions\": {",
               (long long)step * SERIES_STEP_S * 1000,
               (unsigned long long)sum_steps(cell->step, step, n, newest));
    for (size_t i = 0; i < n_versions; i++) {
        uint64_t sum = sum_steps(version[i]->step, step, n, newest);
        if (sum > 0) {
            buf_printf(out, "%s", comma);
            json_print_string(out, version[i]->version);
            buf_printf(out, ": %llu", (unsigned long long)sum);
            comma = ", ";
        }
    }
    buf_lit(out, "}}");
}

bool show_series(struct buf *out, const struct uptake_view *view, const struct series *series,
                 struct str product, struct str channel, unsigned step_s)
{
    const struct cell *window = counts_cell(view->counts, product, channel);
    const struct series_cell *cell = series_find(series, product, channel);
    const struct series_version *version[SERIES_VERSIONS];
    int64_t n = step_s / SERIES_STEP_S, newest = series->step;
    const char *comma = "";
    if (window == NULL || cell == NULL) {
        return false;
    }
    size_t n_versions = series_top(cell, version, view->counts->shown);
    print_names(out, product, channel);
    buf_printf(out, ", \"hours\": 24, \"step_s\": %u, \"series\": [", step_s);
    int64_t first = newest - SERIES_STEPS + 1;
    while (first <= newest && cell->step[first % SERIES_STEPS] == 0) {
        first++;
    }
    for (int64_t step = first / n * n; step <= newest; step += n) {
        buf_printf(out, "%s", comma);
        print_point(out, cell, version, n_versions, step, n, newest);
        comma = ", ";
    }
    buf_printf(out, "], \"window\": {\"hours\": %u, \"queries\": %llu}", view->counts->hours,
               (unsigned long long)counts_cell_window(view->counts, window));
    if (!print_watched(out, view, window, product, channel, ", \"watched\": ")) {
        buf_lit(out, ", \"watched\": null");
    }
    buf_lit(out, "}\n");
    return true;
}
