/* See rule_index.h. Groups are found by a hash of product and channel column; two groups with the same
 * hash become one, which only costs time: every candidate is checked in full. */
#include "update/rule_index.h"

#include "core/arena.h"

#include <stdlib.h>

enum { CLASS_BITS = 8, SAME_PER_COLUMN = 64 };
_Static_assert((int)SAME_PER_COLUMN <= (int)RULE_SYSTEMS_MAX, "all may be what the query has");
_Static_assert(1 << CLASS_BITS == RULE_CLASSES, "a class is a byte");

/* The sets of a column: one for each CLASS >> SHIFT. */
struct filter_sets {
    const uint64_t *set;
    unsigned shift;
};

/* The rules of a group that have TEXT in COLUMN; equal texts have equal addresses. */
struct same_text {
    const char *text;
    enum rule_column column;
    const uint64_t *set;
    const struct system_test *system; /* of an osVersion */
};

struct rule_group {
    uint32_t n;
    uint32_t words;       /* of a set */
    const uint32_t *rule; /* ascending */
    unsigned filters;     /* which of the columns are limited by some rule, a bit each */
    struct filter_sets filter[RULE_FILTERS];
    const struct same_text *same; /* sorted by column and address */
    uint32_t n_same;
    uint32_t system, n_systems; /* those of osVersion */
    const uint64_t *any_system; /* the rules that have none of these; NULL: all */
};

struct group_slot {
    uint32_t key;
    const struct rule_group *group; /* NULL: the slot is free */
};

struct rule_index {
    size_t n;
    struct rule_scales *scales;
    struct group_slot *slot; /* open addressing */
    size_t mask;
    bool any_product; /* some rule is for any */
    unsigned n_globs; /* lengths of the prefixes that channel globs are found by, ascending */
    uint8_t glob[RULE_GLOB_MAX];
};

/* ---- groups ---- */

enum channel_kind { CHANNEL_ANY, CHANNEL_EXACT, CHANNEL_GLOB };

static uint32_t group_key(uint32_t product, enum channel_kind kind, uint32_t channel)
{
    uint64_t h =
        ((uint64_t)product << 32 | channel) * 0x9e3779b97f4a7c15u + (uint64_t)kind * 0xff51afd7ed558ccdu;
    return (uint32_t)(h >> 32 ^ h);
}

static uint32_t product_hash(struct str product)
{
    return str_absent(product) ? 0 : str_hash(product);
}

/* The key of RULE's group; false where its channel matches none. *PREFIX is the length by which its glob is
 * found, 0 without one. */
static bool rule_key(const struct rule_row *row, uint32_t *key, size_t *prefix)
{
    uint32_t product = product_hash(row->product);
    *prefix = 0;
    if (str_absent(row->channel)) {
        *key = group_key(product, CHANNEL_ANY, 0);
    } else if (!str_ends(row->channel, STR("*"))) {
        *key = group_key(product, CHANNEL_EXACT, str_hash(row->channel));
    } else if (row->channel.n >= 3) {
        *prefix = row->channel.n - 1 < RULE_GLOB_MAX ? row->channel.n - 1 : RULE_GLOB_MAX;
        *key = group_key(product, CHANNEL_GLOB, str_hash(str_slice(row->channel, 0, *prefix)));
    } else {
        return false;
    }
    return true;
}

static struct group_slot *find_slot(const struct rule_index *index, uint32_t key)
{
    size_t i = key & index->mask;
    while (index->slot[i].group != NULL && index->slot[i].key != key) {
        i = (i + 1) & index->mask;
    }
    return &index->slot[i];
}

/* ---- building ---- */

struct keyed_rule {
    uint32_t key, rule;
};

struct builder {
    struct rule_index *index;
    const struct rule *rules;
    struct arena arena;
    struct text_member { /* room for a group's texts of one column */
        const char *text;
        uint32_t at; /* whose, in the group */
    } * members;
};

/* Sets of N rules have a class for each two of them or so: finer ones would be mostly empty. */
static unsigned class_bits(uint32_t n)
{
    unsigned bits = 0;
    while (bits < CLASS_BITS && n >> (bits + 1) != 0) {
        bits++;
    }
    return bits;
}

static void put_rule(struct rule_group *g, uint64_t *sets, unsigned shift, uint32_t at,
                     const uint64_t classes[RULE_CLASSES / 64])
{
    for (unsigned word = 0; word < RULE_CLASSES / 64; word++) {
        for (uint64_t bits = classes[word]; bits != 0; bits &= bits - 1) {
            unsigned class = word * 64 + (unsigned)__builtin_ctzll(bits);
            sets[(size_t)(class >> shift) * g->words + at / 64] |= 1ull << at % 64;
        }
    }
}

static void build_filter(struct builder *b, struct rule_group *g, enum rule_filter column)
{
    uint64_t classes[RULE_CLASSES / 64];
    bool any = false;
    for (uint32_t i = 0; i < g->n && !any; i++) {
        any = rule_classes(b->index->scales, &b->rules[g->rule[i]], column, classes);
    }
    if (!any) {
        return;
    }
    unsigned shift = column == FILTER_WANTS_VERSION ? CLASS_BITS : CLASS_BITS - class_bits(g->n);
    uint64_t *sets = arena_array(&b->arena, uint64_t, (size_t)g->words << (CLASS_BITS - shift));
    for (uint32_t i = 0; i < g->n; i++) {
        if (!rule_classes(b->index->scales, &b->rules[g->rule[i]], column, classes)) {
            memset(classes, 0xff, sizeof classes);
        }
        put_rule(g, sets, shift, i, classes);
    }
    g->filter[column] = (struct filter_sets){ sets, shift };
    g->filters |= 1u << column;
}

/* What RULE has in COLUMN, where rules can be excluded by that; NULL: nothing. */
static const char *text_of(const struct rule *rule, enum rule_column column)
{
    static const char tristate[] = { 0, 1 };
    const struct rule_row *row = &rule->row;
    switch (column) {
    case RULE_HEADER_ARCHITECTURE:
        return row->header_architecture.p;
    case RULE_DIST_VERSION:
        return row->dist_version.p;
    case RULE_MEMORY:
        return row->memory.p;
    case RULE_OS_VERSION:
        return row->os_version.p;
    case RULE_INSTRUCTION_SET:
        return row->instruction_set.p;
    case RULE_MIG64:
        return row->mig64 == TRI_UNKNOWN ? NULL : &tristate[row->mig64];
    case RULE_JAWS:
        return row->jaws == TRI_UNKNOWN ? NULL : &tristate[row->jaws];
    default:
        return NULL;
    }
}

static int by_address(const void *a, const void *b)
{
    const char *x = ((const struct text_member *)a)->text;
    const char *y = ((const struct text_member *)b)->text;
    return (x > y) - (x < y);
}

/* Adds the sets of COLUMN to SAME, which has room for SAME_PER_COLUMN more: those of texts that enough rules
 * share for a set to be worth its memory. Returns how many. */
static uint32_t build_same(struct builder *b, const struct rule_group *g, enum rule_column column,
                           struct same_text *same)
{
    struct text_member *member = b->members;
    uint32_t n = 0, n_same = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        const char *text = text_of(&b->rules[g->rule[i]], column);
        if (text != NULL) {
            member[n++] = (struct text_member){ text, i };
        }
    }
    qsort(member, n, sizeof *member, by_address);
    for (uint32_t first = 0, end; first < n; first = end) {
        for (end = first; end < n && member[end].text == member[first].text;) {
            end++;
        }
        if (end - first < 2 || end - first < g->n / SAME_PER_COLUMN + 1) {
            continue;
        }
        uint64_t *set = arena_array(&b->arena, uint64_t, g->words);
        for (uint32_t i = first; i < end; i++) {
            set[member[i].at / 64] |= 1ull << member[i].at % 64;
        }
        same[n_same++] =
            (struct same_text){ member[first].text, column, set, b->rules[g->rule[member[first].at]].system };
    }
    return n_same;
}

/* The rules that have none of the texts of osVersion at SAME. */
static const uint64_t *other_systems(struct builder *b, const struct rule_group *g,
                                     const struct same_text *same)
{
    uint64_t *set = arena_array(&b->arena, uint64_t, g->words);
    for (uint32_t word = 0; word < g->words; word++) {
        for (uint32_t i = 0; i < g->n_systems; i++) {
            set[word] |= same[i].set[word];
        }
        set[word] = ~set[word];
    }
    return set;
}

static void build_all_same(struct builder *b, struct rule_group *g)
{
    struct same_text same[RULE_COLUMNS * SAME_PER_COLUMN];
    for (unsigned column = 0; column < RULE_COLUMNS; column++) {
        uint32_t n = build_same(b, g, (enum rule_column)column, same + g->n_same);
        if (column == RULE_OS_VERSION && n > 0) {
            g->system = g->n_same;
            g->n_systems = n;
            g->any_system = other_systems(b, g, same + g->n_same);
        }
        g->n_same += n;
    }
    struct same_text *kept = arena_array(&b->arena, struct same_text, g->n_same);
    memcpy(kept, same, g->n_same * sizeof *kept);
    g->same = kept;
}

/* A group of the N rules at KEYED, which all have the same key. */
static void build_group(struct builder *b, const struct keyed_rule *keyed, uint32_t n)
{
    struct rule_group *g = arena_get(&b->arena, sizeof *g);
    uint32_t *rule = arena_array(&b->arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++) {
        rule[i] = keyed[i].rule;
    }
    g->n = n;
    g->words = (n + 63) / 64;
    g->rule = rule;
    for (unsigned column = 0; column < RULE_FILTERS; column++) {
        build_filter(b, g, (enum rule_filter)column);
    }
    build_all_same(b, g);
    *find_slot(b->index, keyed[0].key) = (struct group_slot){ keyed[0].key, g };
}

static int by_key(const void *a, const void *b)
{
    const struct keyed_rule *x = a;
    const struct keyed_rule *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Keys for those of the N rules that can match at all, in the order of groups; returns how many. */
static size_t key_rules(struct builder *b, struct keyed_rule *keyed, size_t n)
{
    bool used[RULE_GLOB_MAX + 1] = { false };
    size_t n_keyed = 0, prefix;
    for (size_t i = 0; i < n; i++) {
        if (rule_key(&b->rules[i].row, &keyed[n_keyed].key, &prefix)) {
            keyed[n_keyed++].rule = (uint32_t)i;
            used[prefix] = true;
            b->index->any_product |= str_absent(b->rules[i].row.product);
        }
    }
    for (uint8_t length = 1; length <= RULE_GLOB_MAX; length++) {
        if (used[length]) {
            b->index->glob[b->index->n_globs++] = length;
        }
    }
    qsort(keyed, n_keyed, sizeof *keyed, by_key);
    return n_keyed;
}

/* The end of the run of equal keys that starts at FIRST. */
static size_t end_of_run(const struct keyed_rule *keyed, size_t first, size_t n)
{
    size_t end = first;
    while (end < n && keyed[end].key == keyed[first].key) {
        end++;
    }
    return end;
}

static void build_groups(struct builder *b, const struct keyed_rule *keyed, size_t n)
{
    size_t groups = 0, slots = 16;
    for (size_t first = 0; first < n; first = end_of_run(keyed, first, n)) {
        groups++;
    }
    while (slots < 4 * groups) { /* most that is looked for is not there */
        slots *= 2;
    }
    b->index->slot = mem_array(b->index, struct group_slot, slots);
    b->index->mask = slots - 1;
    for (size_t first = 0, end; first < n; first = end) {
        end = end_of_run(keyed, first, n);
        build_group(b, keyed + first, (uint32_t)(end - first));
    }
}

struct rule_index *rule_index_build(void *ctx, const struct rule *rules, size_t n)
{
    struct rule_index *index = mem_new(ctx, struct rule_index);
    struct builder b = { .index = index, .rules = rules };
    struct keyed_rule *keyed = mem_array(index, struct keyed_rule, n);
    b.members = mem_array(index, struct text_member, n);
    arena_init(&b.arena, index, n * sizeof *keyed);
    index->scales = rule_scales_new(index, rules, n);
    build_groups(&b, keyed, key_rules(&b, keyed, n));
    talloc_free(b.members);
    talloc_free(keyed);
    return index;
}

/* ---- walking ---- */

static void add_group(struct rule_walk *w, uint32_t key)
{
    const struct rule_group *group = find_slot(w->index, key)->group;
    if (group != NULL) {
        w->group[w->n_groups++] = group;
    }
}

static void find_groups(struct rule_walk *w, const struct query *q)
{
    const uint32_t product[] = { str_hash(q->product), 0 };
    unsigned n_products = w->index->any_product ? 2 : 1;
    uint32_t channel = str_hash(q->channel);
    uint32_t fallback = q->fallback_channel.n < q->channel.n ? str_hash(q->fallback_channel) : channel;
    for (unsigned i = 0; i < n_products; i++) {
        add_group(w, group_key(product[i], CHANNEL_ANY, 0));
        add_group(w, group_key(product[i], CHANNEL_EXACT, channel));
        if (fallback != channel) {
            add_group(w, group_key(product[i], CHANNEL_EXACT, fallback));
        }
    }
    /* The fallback is how the channel begins: what begins it begins the channel too. */
    for (unsigned i = 0; i < w->index->n_globs && w->index->glob[i] <= q->channel.n; i++) {
        uint32_t hash = str_hash(str_slice(q->channel, 0, w->index->glob[i]));
        for (unsigned k = 0; k < n_products; k++) {
            add_group(w, group_key(product[k], CHANNEL_GLOB, hash));
        }
    }
}

/* The class of the query's value, found when a group wants it first. */
static uint8_t class_of(struct rule_walk *w, unsigned column)
{
    if ((w->classified & 1u << column) == 0) {
        w->class[column] = rule_class_of(w->index->scales, (enum rule_filter)column, w->query, w->version);
        w->classified |= 1u << column;
    }
    return w->class[column];
}

/* Finds the osVersions of the group that the query may match. */
static void find_systems(struct rule_walk *w, const struct rule_group *g)
{
    w->n_systems = 0;
    w->any_system = w->system != NULL ? g->any_system : NULL;
    for (uint32_t i = 0; w->any_system != NULL && i < g->n_systems; i++) {
        const struct same_text *same = &g->same[g->system + i];
        if (system_test_may_hold(same->system, w->system)) {
            w->system_set[w->n_systems++] = same->set;
        }
    }
}

/* Sets out on the group that the walk has come to. */
static void enter_group(struct rule_walk *w)
{
    w->word = 0;
    w->rest = ~0ull;
    w->n_sets = 0;
    w->n_excluded = 0;
    if (w->at == w->n_groups) {
        return;
    }
    const struct rule_group *g = w->group[w->at];
    for (unsigned columns = g->filters & w->filters; columns != 0; columns &= columns - 1) {
        unsigned column = (unsigned)__builtin_ctz(columns);
        const struct filter_sets *filter = &g->filter[column];
        w->set[w->n_sets++] = filter->set + (size_t)(class_of(w, column) >> filter->shift) * g->words;
    }
    find_systems(w, g);
}

void rule_walk_start(struct rule_walk *w, const struct rule_index *index, const struct query *q,
                     struct system_text *system, const struct version *version, bool wanting)
{
    w->index = index;
    w->query = q;
    w->version = version;
    w->system = system;
    w->filters = 1u << FILTER_BUILD_TARGET | (version != NULL) << FILTER_VERSION |
                 (unsigned)wanting << FILTER_WANTS_VERSION;
    if (system != NULL) {
        w->filters |= 1u << FILTER_BUILD_ID | 1u << FILTER_LOCALE | 1u << FILTER_DISTRIBUTION;
    }
    w->classified = 0;
    w->n_groups = 0;
    w->at = 0;
    find_groups(w, q);
    enter_group(w);
}

/* Those of BITS, the rules of a word, that pass. */
static uint64_t passing_rules(const struct rule_walk *w, size_t word, uint64_t bits)
{
    for (unsigned i = 0; i < w->n_sets && bits != 0; i++) {
        bits &= w->set[i][word];
    }
    if (w->any_system != NULL && bits != 0) {
        uint64_t systems = w->any_system[word];
        for (unsigned i = 0; i < w->n_systems; i++) {
            systems |= w->system_set[i][word];
        }
        bits &= systems;
    }
    for (unsigned i = 0; i < w->n_excluded && bits != 0; i++) {
        bits &= ~w->excluded[i][word];
    }
    return bits;
}

/* The next rule of the group, SIZE_MAX at its end. */
static size_t next_in_group(struct rule_walk *w, const struct rule_group *g)
{
    uint64_t rest = w->rest;
    for (size_t word = w->word; word < g->words; word++, rest = ~0ull) {
        uint64_t bits = passing_rules(w, word, rest);
        if (bits != 0) {
            unsigned bit = (unsigned)__builtin_ctzll(bits);
            size_t at = word * 64 + bit;
            w->word = word;
            w->rest = ~1ull << bit;
            return at < g->n ? g->rule[at] : SIZE_MAX;
        }
    }
    return SIZE_MAX;
}

size_t rule_walk_next(struct rule_walk *w, size_t before)
{
    while (w->at < w->n_groups) {
        const struct rule_group *g = w->group[w->at];
        size_t rule = g->rule[0] < before ? next_in_group(w, g) : SIZE_MAX;
        if (rule < before) {
            return rule;
        }
        w->at++;
        enter_group(w);
    }
    return SIZE_MAX;
}

static int by_column(const void *a, const void *b)
{
    const struct same_text *x = a;
    const struct same_text *y = b;
    if (x->column != y->column) {
        return x->column < y->column ? -1 : 1;
    }
    return (x->text > y->text) - (x->text < y->text);
}

void rule_walk_exclude(struct rule_walk *w, const struct rule *rule, enum rule_column column)
{
    const struct rule_group *g = w->group[w->at];
    struct same_text key = { .text = text_of(rule, column), .column = column };
    if (key.text == NULL || g->n_same == 0 || w->n_excluded == RULE_EXCLUDED_MAX) {
        return;
    }
    const struct same_text *same = bsearch(&key, g->same, g->n_same, sizeof key, by_column);
    if (same != NULL) {
        w->excluded[w->n_excluded++] = same->set;
    }
}
