/* Every registered series has a cell at a fixed index. Every thread has its own array of cells, which it gets
 * when it counts for the first time. An array outlives its thread, and the next new thread continues in it,
 * so sums never decrease, and threads that come and go need no further memory.
 *
 * Cell 0 is not used: a metric whose cell is 0 is not registered. */
#include "ops/metrics.h"

#include "core/mem.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { TABLES_MAX = 32, LINE = 64 };

static const int64_t limit_ns[METRIC_BUCKETS] = {
    5000,      10000,     25000,      50000,      100000,     250000,      500000,
    1000000,   2500000,   5000000,    10000000,   25000000,   50000000,    100000000,
    250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};
/* The same limits, in seconds, as they are printed for Prometheus. */
static const char *const limit_text[METRIC_BUCKETS + 1] = {
    "5e-06", "1e-05", "2.5e-05", "5e-05", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01",
    "0.025", "0.05",  "0.1",     "0.25",  "0.5",    "1",       "2.5",    "5",     "10",     "+Inf",
};

/* The cells of a thread. */
struct slot {
    struct slot *next;
    struct slot *next_free;
    _Atomic uint64_t *cells;
    void *memory;
};

static struct {
    pthread_mutex_t lock; /* protects what follows, except for members that are fixed once `running` is set */
    struct metrics_table table[TABLES_MAX];
    size_t n_tables;
    unsigned n_cells;
    atomic_bool running;
    char prefix[40];
    struct slot *slots;
    struct slot *unused; /* their threads have ended */
    pthread_key_t key;
} registry = { .lock = PTHREAD_MUTEX_INITIALIZER };

_Thread_local _Atomic uint64_t *metrics_own;

/* ---- registering ---- */

unsigned metric_n_series(const struct metric *m)
{
    unsigned n = 1;
    for (int i = 0; i < METRIC_LABELS_MAX && m->label[i].name != NULL; i++) {
        n *= m->label[i].n;
    }
    return n;
}

void metrics_register(const struct metrics_table *table, void *arg)
{
    if (registry.n_tables == TABLES_MAX) {
        fputs("balrog: too many tables of metrics\n", stderr);
        abort();
    }
    registry.table[registry.n_tables++] = *table;
    registry.n_cells = registry.n_cells > 0 ? registry.n_cells : 1;
    for (size_t i = 0; i < table->n; i++) {
        struct metric *m = &table->row[i];
        m->arg = arg;
        if (m->read == NULL) {
            m->cell = registry.n_cells;
            registry.n_cells +=
                metric_n_series(m) * (m->type == METRIC_HISTOGRAM ? METRIC_HISTOGRAM_CELLS : 1);
        }
    }
}

/* Makes the array of a thread that ends available to the next new thread. */
static void release_slot(void *arg)
{
    struct slot *slot = arg;
    metrics_own = NULL;
    pthread_mutex_lock(&registry.lock);
    slot->next_free = registry.unused;
    registry.unused = slot;
    pthread_mutex_unlock(&registry.lock);
}

void metrics_start(const char *program)
{
    snprintf(registry.prefix, sizeof registry.prefix, "balrog_%s_", program);
    pthread_key_create(&registry.key, release_slot);
    atomic_store(&registry.running, true);
}

/* ---- counting ---- */

/* A new array of cells. It fills whole cache lines, so that threads do not slow down each other. */
static struct slot *new_slot(void)
{
    size_t size = (registry.n_cells * sizeof(uint64_t) + LINE - 1) / LINE * LINE;
    struct slot *slot = mem_check(calloc(1, sizeof *slot));
    slot->memory = mem_check(aligned_alloc(LINE, size));
    memset(slot->memory, 0, size);
    slot->cells = slot->memory;
    slot->next = registry.slots;
    registry.slots = slot;
    return slot;
}

_Atomic uint64_t *metrics_attach(void)
{
    if (!atomic_load_explicit(&registry.running, memory_order_acquire)) {
        return NULL;
    }
    pthread_mutex_lock(&registry.lock);
    struct slot *slot = registry.unused;
    if (slot != NULL) {
        registry.unused = slot->next_free;
    } else {
        slot = new_slot();
    }
    pthread_mutex_unlock(&registry.lock);
    pthread_setspecific(registry.key, slot);
    metrics_own = slot->cells;
    return metrics_own;
}

void metric_observe(const struct metric *m, unsigned series, int64_t ns)
{
    unsigned i = 0;
    while (i < METRIC_BUCKETS && ns > limit_ns[i]) {
        i++;
    }
    unsigned first = series * METRIC_HISTOGRAM_CELLS;
    metric_add_cell(m, first + i, 1);
    metric_add_cell(m, first + METRIC_BUCKETS + 1, ns > 0 ? (uint64_t)ns : 0);
}

/* ---- reading ---- */

void metric_sum(const struct metric *m, unsigned series, uint64_t *cells)
{
    unsigned n = m->type == METRIC_HISTOGRAM ? METRIC_HISTOGRAM_CELLS : 1;
    memset(cells, 0, n * sizeof *cells);
    pthread_mutex_lock(&registry.lock);
    for (const struct slot *slot = registry.slots; slot != NULL; slot = slot->next) {
        for (unsigned i = 0; i < n; i++) {
            cells[i] += atomic_load_explicit(&slot->cells[m->cell + series * n + i], memory_order_relaxed);
        }
    }
    pthread_mutex_unlock(&registry.lock);
}

static uint64_t histogram_count(const uint64_t cells[METRIC_HISTOGRAM_CELLS])
{
    uint64_t n = 0;
    for (int i = 0; i <= METRIC_BUCKETS; i++) {
        n += cells[i];
    }
    return n;
}

double metric_value(const struct metric *m, unsigned series)
{
    uint64_t cells[METRIC_HISTOGRAM_CELLS];
    if (m->read != NULL) {
        return m->read(m, series);
    }
    if (m->cell == 0) {
        return 0;
    }
    metric_sum(m, series, cells);
    return (double)(m->type == METRIC_HISTOGRAM ? histogram_count(cells) : cells[0]);
}

/* The value at RANK in ns, assuming that values are spread evenly within a bucket. A value beyond the last
 * limit counts as that limit. */
static double quantile_ns(const uint64_t cells[METRIC_HISTOGRAM_CELLS], double rank)
{
    double below = 0;
    for (int i = 0; i < METRIC_BUCKETS; i++) {
        double from = i > 0 ? (double)limit_ns[i - 1] : 0, in = (double)cells[i];
        if (in > 0 && below + in >= rank) {
            return from + ((double)limit_ns[i] - from) * (rank - below) / in;
        }
        below += in;
    }
    return (double)limit_ns[METRIC_BUCKETS - 1];
}

double metric_quantile(const struct metric *m, unsigned first, unsigned n, double q)
{
    uint64_t all[METRIC_HISTOGRAM_CELLS] = { 0 };
    for (unsigned series = first; m->cell != 0 && series < first + n; series++) {
        uint64_t cells[METRIC_HISTOGRAM_CELLS];
        metric_sum(m, series, cells);
        for (int i = 0; i < METRIC_HISTOGRAM_CELLS; i++) {
            all[i] += cells[i];
        }
    }
    uint64_t count = histogram_count(all);
    return count > 0 ? quantile_ns(all, q * (double)count) / 1e9 : 0;
}

void metrics_each(void (*see)(void *arg, const struct metric *m), void *arg)
{
    for (size_t i = 0; i < registry.n_tables; i++) {
        for (size_t j = 0; j < registry.table[i].n; j++) {
            see(arg, &registry.table[i].row[j]);
        }
    }
}

/* ---- printing ---- */

const char *metric_label_value(const struct metric *m, unsigned position, unsigned series)
{
    for (unsigned i = METRIC_LABELS_MAX - 1; i > position; i--) {
        series /= m->label[i].name != NULL ? m->label[i].n : 1;
    }
    return m->label[position].value[series % m->label[position].n];
}

void metric_print_labels(struct buf *out, const struct metric *m, unsigned series)
{
    for (unsigned i = 0; i < METRIC_LABELS_MAX && m->label[i].name != NULL; i++) {
        buf_printf(out, "%s%s=\"%s\"", i > 0 ? "," : "", m->label[i].name, metric_label_value(m, i, series));
    }
}

static const char *prefix_of(const struct metric *m)
{
    return strncmp(m->name, "process_", 8) == 0 ? "" : registry.prefix;
}

/* Appends NAME{LABELS, MORE} and a blank. */
static void print_name(struct buf *out, const struct metric *m, const char *suffix, unsigned series,
                       const char *more)
{
    buf_printf(out, "%s%s%s", prefix_of(m), m->name, suffix);
    if (m->label[0].name != NULL || more != NULL) {
        buf_char(out, '{');
        metric_print_labels(out, m, series);
        if (more != NULL) {
            buf_printf(out, "%sle=\"%s\"", m->label[0].name != NULL ? "," : "", more);
        }
        buf_char(out, '}');
    }
    buf_char(out, ' ');
}

static void print_histogram(struct buf *out, const struct metric *m, unsigned series)
{
    uint64_t cells[METRIC_HISTOGRAM_CELLS];
    uint64_t n = 0;
    metric_sum(m, series, cells);
    if (m->sparse && histogram_count(cells) == 0) {
        return;
    }
    for (int i = 0; i <= METRIC_BUCKETS; i++) {
        n += cells[i];
        print_name(out, m, "_bucket", series, limit_text[i]);
        buf_printf(out, "%llu\n", (unsigned long long)n);
    }
    print_name(out, m, "_sum", series, NULL);
    buf_printf(out, "%.9f\n", (double)cells[METRIC_BUCKETS + 1] / 1e9);
    print_name(out, m, "_count", series, NULL);
    buf_printf(out, "%llu\n", (unsigned long long)n);
}

static void print_series(struct buf *out, const struct metric *m, unsigned series)
{
    if (m->type == METRIC_HISTOGRAM) {
        print_histogram(out, m, series);
        return;
    }
    double value = metric_value(m, series);
    if (!m->sparse || value != 0) {
        print_name(out, m, "", series, NULL);
        buf_printf(out, "%.15g\n", value);
    }
}

static void print_head(struct buf *out, const char *prefix, const char *name, const char *type,
                       const char *help)
{
    buf_printf(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", prefix, name, help, prefix, name, type);
}

static void print_metric(void *arg, const struct metric *m)
{
    static const char *const types[] = { "counter", "gauge", "histogram" };
    struct buf *out = arg;
    print_head(out, prefix_of(m), m->name, types[m->type], m->help);
    for (unsigned i = 0, n = metric_n_series(m); i < n; i++) {
        print_series(out, m, i);
    }
}

void metrics_print(struct buf *out)
{
    metrics_each(print_metric, out);
}

void metrics_print_head(struct buf *out, const char *name, const char *type, const char *help)
{
    print_head(out, "", name, type, help);
}

void metrics_print_label(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, "%s=\"", name);
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '\n') {
            buf_lit(out, "\\n");
            continue;
        }
        if (value.p[i] == '"' || value.p[i] == '\\') {
            buf_char(out, '\\');
        }
        buf_char(out, value.p[i]);
    }
    buf_char(out, '"');
}
