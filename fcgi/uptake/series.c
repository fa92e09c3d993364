/* See series.h. */
#include "uptake/series.h"

#include <stdlib.h>

enum { STEPS_OF_AN_HOUR = 3600 / SERIES_STEP_S };

struct series *series_new(void *ctx, struct config_list products, struct config_list channels)
{
    struct series *s = mem_new(ctx, struct series);
    s->products = products;
    s->channels = channels;
    s->cell = mem_array(s, struct series_cell, (products.n + 1) * (channels.n + 1));
    return s;
}

static size_t position(const struct config_list *list, struct str name)
{
    size_t i = 0;
    while (i < list->n && !str_eq(list->item[i], name)) {
        i++;
    }
    return i;
}

static struct series_cell *cell_at(const struct series *s, size_t product, size_t channel)
{
    return &s->cell[product * (s->channels.n + 1) + channel];
}

const struct series_cell *series_find(const struct series *s, struct str product, struct str channel)
{
    size_t p = position(&s->products, product), c = position(&s->channels, channel);
    return p < s->products.n && c < s->channels.n ? cell_at(s, p, c) : NULL;
}

/* ---- the window ---- */

static void clear_step(struct series *s, size_t at)
{
    for (size_t i = 0; i < (s->products.n + 1) * (s->channels.n + 1); i++) {
        struct series_cell *cell = &s->cell[i];
        cell->step[at] = 0;
        for (size_t j = 0; j < cell->n; j++) {
            cell->version[j]->step[at] = 0;
        }
    }
}

static void advance_to(struct series *s, int64_t step)
{
    if (s->step == 0 || step - s->step > SERIES_STEPS) {
        s->step = step - SERIES_STEPS;
    }
    while (s->step < step) {
        s->step++;
        clear_step(s, (size_t)(s->step % SERIES_STEPS));
    }
}

static void add_saturated(uint32_t *count, uint32_t by)
{
    *count += by < UINT32_MAX - *count ? by : UINT32_MAX - *count;
}

/* ---- counting ---- */

/* NULL if there is no room for it. */
static struct series_version *version_in(struct series *s, struct series_cell *cell, struct str version)
{
    for (size_t i = 0; i < cell->n; i++) {
        if (str_eq(cell->version[i]->version, version)) {
            return cell->version[i];
        }
    }
    if (cell->n == SERIES_VERSIONS || version.n == 0 || version.n > SERIES_VERSION_MAX) {
        return NULL;
    }
    struct series_version *v = mem_new(s, struct series_version);
    v->version = mem_str(v, version);
    return cell->version[cell->n++] = v;
}

void series_add(struct series *s, int64_t time_s, struct str product, struct str channel, struct str version,
                uint32_t count)
{
    int64_t step = time_s / SERIES_STEP_S;
    if (step > s->step) {
        advance_to(s, step);
    }
    if (step <= s->step - SERIES_STEPS) {
        return;
    }
    size_t at = (size_t)(step % SERIES_STEPS);
    struct series_cell *cell = cell_at(s, position(&s->products, product), position(&s->channels, channel));
    struct series_version *v = str_absent(version) ? NULL : version_in(s, cell, version);
    if (str_absent(version)) {
        add_saturated(&cell->step[at], count);
    } else if (v != NULL) {
        add_saturated(&v->step[at], count);
    }
}

void series_count(struct series *s, int64_t time_s, struct str product, struct str channel,
                  struct str version)
{
    series_add(s, time_s, product, channel, STR_NONE, 1);
    series_add(s, time_s, product, channel, str_absent(version) ? STR("") : version, 1);
}

/* ---- the most frequent versions ---- */

struct series_rank {
    struct series_version *v;
    uint64_t sum;
};

static int greatest_sum_first(const void *a, const void *b)
{
    const struct series_rank *x = a, *y = b;
    return x->sum != y->sum ? (x->sum < y->sum) - (x->sum > y->sum) : str_cmp(x->v->version, y->v->version);
}

/* Ranks CELL's versions by the N steps up to NEWEST. */
static void rank_versions(const struct series_cell *cell, int64_t newest, int64_t n, struct series_rank *rank)
{
    for (size_t i = 0; i < cell->n; i++) {
        rank[i] = (struct series_rank){ cell->version[i], 0 };
        for (int64_t step = newest; step > newest - n; step--) {
            rank[i].sum += cell->version[i]->step[step % SERIES_STEPS];
        }
    }
    qsort(rank, cell->n, sizeof *rank, greatest_sum_first);
}

size_t series_top(const struct series_cell *cell, const struct series_version **list, size_t n)
{
    struct series_rank rank[SERIES_VERSIONS];
    size_t found = 0;
    if (cell->n == 0) {
        return 0;
    }
    rank_versions(cell, SERIES_STEPS, SERIES_STEPS, rank);
    while (found < n && found < cell->n && rank[found].sum > 0) {
        list[found] = rank[found].v;
        found++;
    }
    return found;
}

static void make_room(struct series_cell *cell, int64_t newest)
{
    struct series_rank rank[SERIES_VERSIONS];
    rank_versions(cell, newest, STEPS_OF_AN_HOUR, rank);
    for (size_t i = 0; i < cell->n; i++) {
        if (i < SERIES_VERSIONS / 2) {
            cell->version[i] = rank[i].v;
        } else {
            talloc_free(rank[i].v);
        }
    }
    cell->n = SERIES_VERSIONS / 2;
}

void series_move_window(struct series *s, int64_t now_s)
{
    if (now_s / SERIES_STEP_S > s->step) {
        advance_to(s, now_s / SERIES_STEP_S);
    }
    for (size_t i = 0; i < (s->products.n + 1) * (s->channels.n + 1); i++) {
        if (s->cell[i].n == SERIES_VERSIONS) {
            make_room(&s->cell[i], s->step);
        }
    }
}
