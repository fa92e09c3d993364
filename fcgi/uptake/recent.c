/* See recent.h. A hash table with lists, whose entries are malloc'ed: there are very many, and each is freed
 * alone. */
#include "uptake/recent.h"

#include "core/thin.h"
#include "query/query.h"

#include <stdlib.h>

static int free_entries(struct recent *r)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        for (struct recent_entry *e = r->slot[i], *next; e != NULL; e = next) {
            next = e->next;
            free(e);
        }
    }
    return 0;
}

struct recent *recent_new(void *ctx, struct config_list products, struct config_list channels, size_t max,
                          uint64_t seed)
{
    struct recent *r = mem_new(ctx, struct recent);
    r->products = products;
    r->channels = channels;
    r->max = max;
    r->random = seed;
    size_t share = max / (2 * recent_n_groups(r));
    r->rare = share < RECENT_RARE ? share : RECENT_RARE;
    r->group = mem_array(r, struct recent_group, recent_n_groups(r));
    r->n_slots = 1024;
    while (r->n_slots < max) {
        r->n_slots *= 2;
    }
    r->slot = mem_array(r, struct recent_entry *, r->n_slots);
    talloc_set_destructor(r, free_entries);
    return r;
}

/* ---- groups ---- */

size_t recent_n_groups(const struct recent *r)
{
    return (r->products.n + 1) * (r->channels.n + 1);
}

/* The index of NAME in LIST; LIST's length if it is not there. */
static size_t index_of(const struct config_list *list, struct str name)
{
    size_t i = 0;
    while (i < list->n && !str_eq(list->item[i], name)) {
        i++;
    }
    return i;
}

size_t recent_group(const struct recent *r, struct str product, struct str channel)
{
    return index_of(&r->products, product) * (r->channels.n + 1) + index_of(&r->channels, channel);
}

/* ---- the window ---- */

static bool in_window(const struct recent *r, int64_t hour)
{
    return hour > r->hour - RECENT_HOURS && hour <= r->hour;
}

/* Calls DROP for every entry; frees those for which it returns true. */
static void drop_entries(struct recent *r, bool (*drop)(struct recent *r, struct recent_entry *e, void *arg),
                         void *arg)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        struct recent_entry **link = &r->slot[i];
        while (*link != NULL) {
            struct recent_entry *e = *link;
            if (drop(r, e, arg)) {
                *link = e->next;
                r->group[e->group].n_entries--;
                r->n--;
                free(e);
            } else {
                link = &e->next;
            }
        }
    }
}

static bool clear_entry_hour(struct recent *r, struct recent_entry *e, void *arg)
{
    const size_t *at = arg;
    (void)r;
    e->total -= e->hour[*at];
    e->hour[*at] = 0;
    return e->total == 0;
}

static void move_to(struct recent *r, int64_t hour)
{
    if (r->hour == 0 || hour - r->hour > RECENT_HOURS) {
        r->hour = hour - RECENT_HOURS;
    }
    while (r->hour < hour) {
        r->hour++;
        size_t at = (size_t)(r->hour % RECENT_HOURS);
        for (size_t i = 0; i < recent_n_groups(r); i++) {
            r->group[i].hour[at] = 0;
            r->group[i].left_out[at] = 0;
        }
        drop_entries(r, clear_entry_hour, &at);
    }
}

void recent_move_window(struct recent *r, int64_t now_s)
{
    if (now_s / 3600 > r->hour) {
        move_to(r, now_s / 3600);
    }
}

/* ---- thinning ---- */

/* Copies the counts of the entries whose group has this THRESHOLD to WEIGHT; returns how many there are. */
static size_t collect_weights(const struct recent *r, double threshold, uint64_t *weight)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_slots; i++) {
        for (const struct recent_entry *e = r->slot[i]; e != NULL; e = e->next) {
            if (r->group[e->group].threshold == threshold) {
                weight[n++] = e->total;
            }
        }
    }
    return n;
}

static size_t collect_group(const struct recent *r, size_t group, uint64_t *weight)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_slots; i++) {
        for (const struct recent_entry *e = r->slot[i]; e != NULL; e = e->next) {
            if (e->group == group) {
                weight[n++] = e->total;
            }
        }
    }
    return n;
}

/* Adds to KEPT[g] the number of entries that the group g would keep at THRESHOLD. */
static void count_kept(const struct recent *r, double threshold, double *kept)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        for (const struct recent_entry *e = r->slot[i]; e != NULL; e = e->next) {
            double p = (double)e->total / threshold;
            kept[e->group] += p < 1 ? p : 1;
        }
    }
}

/* Of a group that has not got its threshold yet. */
enum { UNDECIDED = -1 };

/* One threshold for all undecided groups, which get TARGET entries together. Groups that would keep less than
 * the guaranteed number get that number and are decided. Returns how many entries these groups take; 0 if
 * there is none. */
static size_t decide_rare_groups(struct recent *r, double threshold, uint64_t *weight)
{
    size_t n_groups = recent_n_groups(r), taken = 0;
    double *kept = mem_array(NULL, double, n_groups);
    count_kept(r, threshold, kept);
    for (size_t i = 0; i < n_groups; i++) {
        struct recent_group *g = &r->group[i];
        if (g->threshold == UNDECIDED && g->n_entries > 0 && kept[i] < (double)r->rare) {
            g->threshold = thin_threshold(weight, collect_group(r, i, weight), r->rare);
            taken += g->n_entries < r->rare ? g->n_entries : r->rare;
        }
    }
    talloc_free(kept);
    return taken;
}

static void choose_thresholds(struct recent *r, size_t target)
{
    size_t n_groups = recent_n_groups(r), taken;
    uint64_t *weight = mem_array(NULL, uint64_t, r->n);
    for (size_t i = 0; i < n_groups; i++) {
        r->group[i].threshold = UNDECIDED;
    }
    double threshold;
    do {
        threshold = thin_threshold(weight, collect_weights(r, UNDECIDED, weight), target);
        taken = threshold > 0 ? decide_rare_groups(r, threshold, weight) : 0;
        target -= taken < target ? taken : target - 1;
    } while (taken > 0);
    for (size_t i = 0; i < n_groups; i++) {
        if (r->group[i].threshold == UNDECIDED) {
            r->group[i].threshold = threshold;
        }
    }
    talloc_free(weight);
}

static bool thin_entry(struct recent *r, struct recent_entry *e, void *arg)
{
    struct thinning *t = &((struct thinning *)arg)[e->group];
    uint64_t weight = e->total;
    (void)r;
    if (!thin_keeps(t, weight)) {
        return true;
    }
    if ((double)weight < t->threshold) {
        e->total = 0;
        for (size_t i = 0; i < RECENT_HOURS; i++) {
            uint64_t scaled = thin_scale(t, weight, e->hour[i]);
            e->hour[i] = scaled < UINT32_MAX ? (uint32_t)scaled : UINT32_MAX;
            e->total += e->hour[i];
        }
    }
    return false; /* each hour was scaled up, so the sum is not 0 */
}

static void thin_entries(struct recent *r)
{
    size_t n_groups = recent_n_groups(r);
    struct thinning *thinning = mem_array(NULL, struct thinning, n_groups);
    choose_thresholds(r, r->max - r->max / 8);
    for (size_t i = 0; i < n_groups; i++) {
        thinning[i] = thin_start(r->group[i].threshold, &r->random);
    }
    drop_entries(r, thin_entry, thinning);
    r->thinned_hour = r->hour;
    talloc_free(thinning);
}

/* ---- adding ---- */

static struct recent_entry *find_entry(struct recent *r, struct str path, uint32_t hash)
{
    struct recent_entry *e = r->slot[hash & (r->n_slots - 1)];
    while (e != NULL && (e->hash != hash || e->n != path.n || memcmp(e->path, path.p, path.n) != 0)) {
        e = e->next;
    }
    return e;
}

static struct recent_entry *add_entry(struct recent *r, size_t group, struct str path, uint32_t hash)
{
    if (r->n >= r->max) {
        thin_entries(r);
    }
    struct recent_entry *e = mem_check(calloc(1, sizeof *e + path.n));
    struct recent_entry **slot = &r->slot[hash & (r->n_slots - 1)];
    e->hash = hash;
    e->group = (uint32_t)group;
    e->n = (uint16_t)path.n;
    memcpy(e->path, path.p, path.n);
    e->next = *slot;
    *slot = e;
    r->group[group].n_entries++;
    r->n++;
    return e;
}

void recent_put(struct recent *r, size_t group, struct str path, int64_t hour, uint32_t count)
{
    if (count == 0 || path.n > SAMPLE_PATH_MAX || !in_window(r, hour)) {
        return;
    }
    uint32_t hash = str_hash(path);
    struct recent_entry *e = find_entry(r, path, hash);
    if (e == NULL) {
        e = add_entry(r, group, path, hash);
    }
    uint32_t *at = &e->hour[hour % RECENT_HOURS];
    uint32_t room = UINT32_MAX - *at;
    count = count < room ? count : room;
    *at += count;
    e->total += count;
}

void recent_add(struct recent *r, int64_t time_s, struct str product, struct str channel, struct str path)
{
    int64_t hour = time_s / 3600;
    recent_move_window(r, time_s);
    if (!in_window(r, hour)) {
        return;
    }
    size_t group = recent_group(r, product, channel);
    r->group[group].hour[hour % RECENT_HOURS]++;
    if (str_absent(path) || path.n > SAMPLE_PATH_MAX) {
        r->group[group].left_out[hour % RECENT_HOURS]++;
    } else {
        recent_put(r, group, path, hour, 1);
    }
    r->last_s = time_s > r->last_s ? time_s : r->last_s;
}

/* ---- the sample ---- */

struct wanted {
    const struct recent *r;
    struct str product, channel;
    size_t product_at, channel_at;
    bool by_path; /* one of the two is not configured, so groups do not tell */
};

static struct wanted wanted_of(const struct recent *r, struct str product, struct str channel)
{
    struct wanted w = { .r = r, .product = product, .channel = channel };
    w.product_at = index_of(&r->products, product);
    w.channel_at = index_of(&r->channels, channel);
    w.by_path = (!str_absent(product) && w.product_at == r->products.n) ||
                (!str_absent(channel) && w.channel_at == r->channels.n);
    return w;
}

static bool wants_group(const struct wanted *w, size_t group)
{
    size_t width = w->r->channels.n + 1;
    return (str_absent(w->product) || group / width == w->product_at) &&
           (str_absent(w->channel) || group % width == w->channel_at);
}

static bool wants_path(const struct wanted *w, struct str path)
{
    struct query q;
    struct error ignored;
    char text[QUERY_TEXT_MAX];
    return query_parse(&q, text, path, STR_NONE, &ignored) == QUERY_OK &&
           (str_absent(w->product) || str_eq(q.product, w->product)) &&
           (str_absent(w->channel) || str_eq(q.fallback_channel, w->channel));
}

/* Collects what W wants: the entries, and their counts. Returns how many there are. */
static size_t collect_wanted(const struct wanted *w, const struct recent_entry **entry, uint64_t *weight)
{
    size_t n = 0;
    for (size_t i = 0; i < w->r->n_slots; i++) {
        for (const struct recent_entry *e = w->r->slot[i]; e != NULL; e = e->next) {
            struct str path = { e->path, e->n };
            if (wants_group(w, e->group) && (!w->by_path || wants_path(w, path))) {
                entry[n] = e;
                weight[n++] = e->total;
            }
        }
    }
    return n;
}

/* The totals of the groups, or, if they do not tell, of the entries. */
static void sum_queries(const struct wanted *w, const uint64_t *weight, size_t n, struct sample *out)
{
    for (size_t i = 0; w->by_path && i < n; i++) {
        out->queries += weight[i];
    }
    for (size_t i = 0; !w->by_path && i < recent_n_groups(w->r); i++) {
        for (size_t at = 0; wants_group(w, i) && at < RECENT_HOURS; at++) {
            out->queries += w->r->group[i].hour[at];
            out->left_out += w->r->group[i].left_out[at];
        }
    }
}

void recent_sample(const struct recent *r, struct str product, struct str channel, size_t limit,
                   struct sample *out)
{
    struct wanted w = wanted_of(r, product, channel);
    const struct recent_entry **entry = mem_array(NULL, const struct recent_entry *, r->n);
    uint64_t *weight = mem_array(NULL, uint64_t, r->n);
    uint64_t random = r->random;
    size_t n = collect_wanted(&w, entry, weight);
    struct thinning t = thin_start(thin_threshold(weight, n, limit), &random);
    for (size_t i = 0; i < n; i++) {
        if (thin_keeps(&t, weight[i])) {
            sample_add(out, (struct str){ entry[i]->path, entry[i]->n },
                       thin_scale(&t, weight[i], weight[i]));
        }
    }
    sum_queries(&w, weight, n, out);
    out->product = mem_str(out, product);
    out->channel = mem_str(out, channel);
    out->from_ms = r->last_s > 0 ? (r->hour - RECENT_HOURS + 1) * 3600 * 1000 : 0;
    out->to_ms = r->last_s * 1000;
    out->whole = n <= limit && r->thinned_hour <= r->hour - RECENT_HOURS;
    talloc_free(weight);
    talloc_free(entry);
}
