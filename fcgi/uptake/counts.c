/* See counts.h. The versions of a cell are searched one after the other. The one that was found last is moved
 * to the front, so that frequent versions are found quickly. */
#include "uptake/counts.h"

#include "core/mem.h"
#include "query/version.h"

#include <stdlib.h>

struct counts *counts_new(void *ctx, struct config_list products, struct config_list channels, unsigned hours,
                          unsigned shown)
{
    struct counts *c = mem_new(ctx, struct counts);
    c->products = products;
    c->channels = channels;
    c->hours = hours;
    c->shown = shown;
    c->cell = mem_array(c, struct cell, (products.n + 1) * (channels.n + 1));
    return c;
}

/* The index of TEXT in LIST; LIST's length if it is not there. */
static size_t index_in(const struct config_list *list, struct str text)
{
    size_t i = 0;
    while (i < list->n && !str_eq(list->item[i], text)) {
        i++;
    }
    return i;
}

static struct cell *cell_of(const struct counts *c, struct str product, struct str channel)
{
    return &c->cell[index_in(&c->products, product) * (c->channels.n + 1) + index_in(&c->channels, channel)];
}

const struct cell *counts_cell(const struct counts *c, struct str product, struct str channel)
{
    bool known =
        index_in(&c->products, product) < c->products.n && index_in(&c->channels, channel) < c->channels.n;
    return known ? cell_of(c, product, channel) : NULL;
}

static struct version_count *add_version(struct counts *c, struct cell *cell, struct str version)
{
    if (cell->n == COUNTS_REMEMBERED_MAX || version.n == 0 || version.n > COUNTS_VERSION_MAX) {
        return &cell->other;
    }
    cell->version = mem_grow(c, cell->version, struct version_count *, cell->n);
    struct version_count *v = mem_new(c, struct version_count);
    v->version = mem_str(v, version);
    return cell->version[cell->n++] = v;
}

static struct version_count *version_of(struct counts *c, struct cell *cell, struct str version)
{
    for (size_t i = 0; i < cell->n; i++) {
        struct version_count *v = cell->version[i];
        if (str_eq(v->version, version)) {
            if (i > 0) {
                cell->version[i] = cell->version[i - 1];
                cell->version[i - 1] = v;
            }
            return v;
        }
    }
    return add_version(c, cell, version);
}

/* ---- the window ---- */

static void clear_hour(struct counts *c, unsigned at)
{
    size_t n_cells = (c->products.n + 1) * (c->channels.n + 1);
    for (size_t i = 0; i < n_cells; i++) {
        struct cell *cell = &c->cell[i];
        cell->other.hour[at] = 0;
        for (size_t j = 0; j < cell->n; j++) {
            cell->version[j]->hour[at] = 0;
        }
    }
}

static void move_rings(struct counts *c, int64_t hour)
{
    if (c->hour == 0 || hour - c->hour > c->hours) {
        c->hour = hour - c->hours;
    }
    while (c->hour < hour) {
        c->hour++;
        clear_hour(c, (unsigned)(c->hour % c->hours));
    }
}

uint64_t counts_window(const struct counts *c, const struct version_count *v)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < c->hours; i++) {
        sum += v->hour[i];
    }
    return sum;
}

uint64_t counts_cell_window(const struct counts *c, const struct cell *cell)
{
    uint64_t sum = counts_window(c, &cell->other);
    for (size_t i = 0; i < cell->n; i++) {
        sum += counts_window(c, cell->version[i]);
    }
    return sum;
}

void counts_add(struct counts *c, int64_t time_s, struct str product, struct str channel, struct str version)
{
    int64_t hour = time_s / 3600;
    if (hour > c->hour) {
        move_rings(c, hour);
    }
    if (hour <= c->hour - (int64_t)c->hours) {
        return;
    }
    struct cell *cell = cell_of(c, product, channel);
    struct version_count *v = version_of(c, cell, version);
    v->hour[hour % c->hours]++;
    cell->total++;
    (v->shown ? v : &cell->other)->total++;
    c->last_s = time_s > c->last_s ? time_s : c->last_s;
}

/* ---- what is shown ---- */

struct ranked {
    struct version_count *v;
    uint64_t n;
};

static int more_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : str_cmp(x->v->version, y->v->version);
}

static void choose_shown(struct counts *c, struct cell *cell)
{
    struct ranked *ranked = mem_array(c, struct ranked, cell->n);
    size_t n = 0;
    for (size_t i = 0; i < cell->n; i++) {
        uint64_t window = counts_window(c, cell->version[i]);
        if (window > 0) {
            ranked[n++] = (struct ranked){ cell->version[i], window };
        } else {
            talloc_free(cell->version[i]);
        }
    }
    if (n > 0) {
        qsort(ranked, n, sizeof *ranked, more_first);
    }
    for (size_t i = 0; i < n; i++) {
        struct version_count *v = ranked[i].v;
        bool shown = i < c->shown;
        v->total = shown && !v->shown ? 0 : v->total;
        v->shown = shown;
        cell->version[i] = v;
    }
    cell->n = n;
    talloc_free(ranked);
}

void counts_move_window(struct counts *c, int64_t now_s)
{
    size_t n_cells = (c->products.n + 1) * (c->channels.n + 1);
    if (now_s / 3600 > c->hour) {
        move_rings(c, now_s / 3600);
    }
    for (size_t i = 0; i < n_cells; i++) {
        if (c->cell[i].n > 0) {
            choose_shown(c, &c->cell[i]);
        }
    }
}

/* ---- who has reached a version ---- */

static bool is_at_least(struct str product, struct str version, struct str wanted)
{
    struct version have, want;
    int cmp;
    if (version_product_is_loose(product)) {
        return version_cmp_loose(version, wanted, &cmp) && cmp >= 0;
    }
    return version_parse(&have, version) && version_parse(&want, wanted) && version_cmp(&have, &want) >= 0;
}

uint64_t counts_reached(const struct counts *c, const struct cell *cell, struct str product,
                        struct str wanted)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < cell->n; i++) {
        if (is_at_least(product, cell->version[i]->version, wanted)) {
            sum += counts_window(c, cell->version[i]);
        }
    }
    return sum;
}
