/* Numbers about a program, for Prometheus and statsd: counters, gauges and latency histograms, each a row of
 * a table. The module that counts something owns the table; main() registers all tables and starts.
 *
 * Counting adds to a cell of the thread's own: no lock, no line of memory that another thread writes to, no
 * atomic read-modify-write. Reading sums over all threads, those that have ended included. */
#ifndef BALROG_OPS_METRICS_H
#define BALROG_OPS_METRICS_H

#include "core/buf.h"
#include "core/mem.h"

#include <stdatomic.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum {
    METRIC_LABELS_MAX = 3,
    METRIC_BUCKETS = 20, /* of a histogram, from 5 µs to 10 s; and one for what took longer */
    METRIC_HISTOGRAM_CELLS = METRIC_BUCKETS + 2,
};

/* NAME takes one of the N constant texts in VALUE, which hold no quotes and backslashes. */
struct metric_label {
    const char *name; /* NULL: no such label */
    const char *const *value;
    unsigned n;
};

struct metric {
    const char
        *name; /* "requests_total", printed as balrog_public_requests_total; "process_…" stays as it is */
    const char *help; /* a sentence for people */
    enum metric_type type;
    struct metric_label label[METRIC_LABELS_MAX]; /* a series for each combination of values */
    bool sparse;                                  /* series with the value 0 are not printed */
    /* Returns the value of a series whenever numbers are read, in any thread; NULL: it is counted here. */
    double (*read)(const struct metric *m, unsigned series);
    size_t at;   /* for read(): where below arg the number is, */
    double unit; /* and what it is counted in: 1000 for one in milliseconds that is shown in seconds */
    /* What the counter is called in statsd: appends it to NAME, or nothing where the series has no place
     * there. NULL: it is not sent. */
    void (*statsd)(const struct metric *m, unsigned series, struct buf *name);
    void *arg;     /* of metrics_register() */
    unsigned cell; /* the first of its cells; 0: not registered, or read */
};

struct metrics_table {
    struct metric *row;
    size_t n;
};
#define METRICS_TABLE(ARRAY)                                                                                 \
    {                                                                                                        \
        (ARRAY), ARRAY_LEN(ARRAY)                                                                            \
    }

/* Registers the rows of TABLE, which must live as long as the program; ARG is for their read(). To be called
 * before metrics_start(). */
void metrics_register(const struct metrics_table *table, void *arg);
/* From here on what is registered is counted (before, and what is not registered: never). PROGRAM ("public")
 * becomes part of the names. Numbers about the process itself come along. */
void metrics_start(const char *program);

/* ---- counting ---- */

/* The cells of this thread, NULL until it counts for the first time. */
extern _Thread_local _Atomic uint64_t *metrics_own;
/* Makes metrics_own; NULL before metrics_start(). */
_Atomic uint64_t *metrics_attach(void);

/* The series of M for the A-th, B-th and C-th value of its labels; 0 where there is no such label. */
static inline unsigned metric_series(const struct metric *m, unsigned a, unsigned b, unsigned c)
{
    unsigned second = m->label[1].name != NULL ? m->label[1].n : 1;
    unsigned third = m->label[2].name != NULL ? m->label[2].n : 1;
    return (a * second + b) * third + c;
}

/* How many series M has. */
unsigned metric_n_series(const struct metric *m);

static inline void metric_add_cell(const struct metric *m, unsigned i, uint64_t n)
{
    _Atomic uint64_t *cells = metrics_own != NULL ? metrics_own : metrics_attach();
    if (cells != NULL && m->cell != 0) {
        _Atomic uint64_t *cell = &cells[m->cell + i];
        /* Only this thread writes it. */
        atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + n,
                              memory_order_relaxed);
    }
}

/* Adds N to a series of the counter M. */
static inline void metric_add(const struct metric *m, unsigned series, uint64_t n)
{
    metric_add_cell(m, series, n);
}

static inline void metric_count(const struct metric *m, unsigned series)
{
    metric_add_cell(m, series, 1);
}

/* Adds one that took NS nanoseconds to a series of the histogram M. */
void metric_observe(const struct metric *m, unsigned series, int64_t ns);

/* ---- reading ---- */

/* Prints everything in Prometheus' text format. */
void metrics_print(struct buf *out);
/* The value of one series: a counter's sum, what a gauge reads, how often a histogram was added to. 0 for
 * what is not registered. */
double metric_value(const struct metric *m, unsigned series);
/* The sum of a series over all threads, in cells: 1 of a counter, METRIC_HISTOGRAM_CELLS of a histogram (its
 * buckets, what took longer than all, nanoseconds). M must be counted here. */
void metric_sum(const struct metric *m, unsigned series, uint64_t *cells);
/* The Q-quantile (Q from 0 to 1) of the histogram M in seconds, over N of its series from FIRST on, computed
 * as Prometheus does. 0 without any observation. */
double metric_quantile(const struct metric *m, unsigned first, unsigned n, double q);
/* Calls SEE for every registered metric, in the order of registration. */
void metrics_each(void (*see)(void *arg, const struct metric *m), void *arg);

/* For pages whose series are not known in advance: a metric's # HELP and # TYPE lines, and a label, whose
 * value may be anything. */
void metrics_print_head(struct buf *out, const char *name, const char *type, const char *help);
void metrics_print_label(struct buf *out, const char *name, struct str value);

/* Appends the labels of a series as Prometheus writes them, without braces: a="b",c="d". */
void metric_print_labels(struct buf *out, const struct metric *m, unsigned series);
/* The value of the label at POSITION in SERIES. */
const char *metric_label_value(const struct metric *m, unsigned position, unsigned series);

#endif
