/* See rule_index.h. A bucket is a value's hash, or of a version its first number, so a bucket's set holds
 * every rule that some value in it satisfies, and perhaps others. */
#include "update/rule_index.h"

enum { BUCKETS = 256, BLOCK = 8 /* words looked at in one go */ };

enum column {
    COLUMN_PRODUCT,
    COLUMN_BUILD_TARGET,
    COLUMN_CHANNEL,      /* exact ones, by hash */
    COLUMN_CHANNEL_GLOB, /* globs, by their first two characters */
    COLUMN_LOCALE,
    COLUMN_DISTRIBUTION,
    COLUMN_VERSION, /* by first number */
    COLUMNS
};

struct rule_index {
    size_t n;      /* rules */
    size_t stride; /* words a set, a multiple of BLOCK */
    uint64_t *set; /* COLUMNS × BUCKETS sets */
};

static uint64_t *set_of(const struct rule_index *index, enum column column, unsigned bucket)
{
    return index->set + ((size_t)column * BUCKETS + bucket) * index->stride;
}

static unsigned bucket_of(struct str value)
{
    uint32_t h = str_hash(value);
    return (h ^ h >> 16) % BUCKETS;
}

static unsigned version_bucket(uint32_t major)
{
    return major < BUCKETS ? major : BUCKETS - 1;
}

/* ---- building ---- */

static void put(struct rule_index *index, enum column column, unsigned bucket, size_t rule)
{
    set_of(index, column, bucket)[rule / 64] |= 1ull << rule % 64;
}

static void put_everywhere(struct rule_index *index, enum column column, size_t rule)
{
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
        put(index, column, bucket, rule);
    }
}

static void put_exact(struct rule_index *index, enum column column, struct str value, size_t rule)
{
    if (str_absent(value)) {
        put_everywhere(index, column, rule);
    } else {
        put(index, column, bucket_of(value), rule);
    }
}

static void put_list(struct rule_index *index, enum column column, struct str list, size_t rule)
{
    struct str part;
    if (str_absent(list)) {
        put_everywhere(index, column, rule);
    }
    while (str_split(&list, ',', &part)) {
        put(index, column, bucket_of(part), rule);
    }
}

static void put_channel(struct rule_index *index, struct str channel, size_t rule)
{
    if (str_absent(channel) || !str_ends(channel, STR("*"))) {
        put_exact(index, COLUMN_CHANNEL, channel, rule);
    } else if (channel.n >= 3) {
        put(index, COLUMN_CHANNEL_GLOB, bucket_of(str_slice(channel, 0, 2)), rule);
    }
}

/* Which buckets of versions satisfy TEST. */
static void version_range(const struct version_test *test, unsigned *from, unsigned *to)
{
    unsigned major = version_bucket(test->operand.part[0]);
    bool from_zero = test->op == CMP_LE || test->op == CMP_LT;
    bool to_end = test->op == CMP_GE || test->op == CMP_GT;
    if (test->op == CMP_GLOB) {
        uint32_t number = 0;
        for (size_t i = 0; i < test->text.n && test->text.p[i] != '.' && number < BUCKETS; i++) {
            number = number * 10 + (uint32_t)(test->text.p[i] - '0');
        }
        major = version_bucket(number);
    }
    *from = from_zero ? 0 : major;
    *to = to_end ? BUCKETS - 1 : major;
}

static void put_versions(struct rule_index *index, const struct rule *r, size_t rule)
{
    if (str_absent(r->row.version)) {
        put_everywhere(index, COLUMN_VERSION, rule);
    }
    for (size_t i = 0; i < r->n_versions && r->versions_valid; i++) {
        unsigned from, to;
        version_range(&r->versions[i], &from, &to);
        for (unsigned bucket = from; bucket <= to; bucket++) {
            put(index, COLUMN_VERSION, bucket, rule);
        }
    }
}

struct rule_index *rule_index_build(void *ctx, const struct rule *rules, size_t n)
{
    struct rule_index *index = mem_new(ctx, struct rule_index);
    index->n = n;
    index->stride = (n / 64 / BLOCK + 1) * BLOCK;
    index->set = mem_check(talloc_zero_size(index, sizeof(uint64_t) * COLUMNS * BUCKETS * index->stride));
    for (size_t i = 0; i < n; i++) {
        const struct rule_row *row = &rules[i].row;
        put_exact(index, COLUMN_PRODUCT, row->product, i);
        put_exact(index, COLUMN_BUILD_TARGET, row->build_target, i);
        put_channel(index, row->channel, i);
        put_list(index, COLUMN_LOCALE, row->locale, i);
        put_list(index, COLUMN_DISTRIBUTION, row->distribution, i);
        put_versions(index, &rules[i], i);
    }
    return index;
}

/* ---- asking ---- */

static void add_set(const struct rule_index *index, struct rule_filter *f, enum column column,
                    unsigned bucket)
{
    f->sets[f->n_sets++] = set_of(index, column, bucket);
}

/* An absent field is looked for as an empty one, as the rules are matched. */
static unsigned field_bucket(struct str value)
{
    return bucket_of(str_absent(value) ? STR("") : value);
}

void rule_index_filter(const struct rule_index *index, const struct query *q, bool every_column,
                       const struct version *version, struct rule_filter *f)
{
    f->n_sets = 0;
    f->channels[0] = set_of(index, COLUMN_CHANNEL, bucket_of(q->channel));
    f->channels[1] = set_of(index, COLUMN_CHANNEL, bucket_of(q->fallback_channel));
    /* The fallback is how the channel begins. A channel too short for any glob finds at worst some that fail
     * later. */
    f->channels[2] = set_of(index, COLUMN_CHANNEL_GLOB,
                            bucket_of(q->channel.n < 2 ? q->channel : str_slice(q->channel, 0, 2)));
    add_set(index, f, COLUMN_PRODUCT, bucket_of(q->product));
    add_set(index, f, COLUMN_BUILD_TARGET, bucket_of(q->build_target));
    if (every_column) {
        add_set(index, f, COLUMN_LOCALE, field_bucket(q->locale));
        add_set(index, f, COLUMN_DISTRIBUTION, field_bucket(q->distribution));
    }
    if (version != NULL) {
        add_set(index, f, COLUMN_VERSION, version_bucket(version->part[0]));
    }
}

/* The words of one block, intersected; whether any bit is left. */
static bool intersect(const struct rule_filter *f, size_t word, uint64_t block[BLOCK])
{
    uint64_t any = 0;
    for (unsigned i = 0; i < BLOCK; i++) {
        block[i] = f->channels[0][word + i] | f->channels[1][word + i] | f->channels[2][word + i];
    }
    for (unsigned s = 0; s < f->n_sets; s++) {
        for (unsigned i = 0; i < BLOCK; i++) {
            block[i] &= f->sets[s][word + i];
        }
    }
    for (unsigned i = 0; i < BLOCK; i++) {
        any |= block[i];
    }
    return any != 0;
}

size_t rule_index_next(const struct rule_index *index, const struct rule_filter *f, size_t from)
{
    uint64_t block[BLOCK];
    size_t first = from / 64;
    for (size_t word = first / BLOCK * BLOCK; word < index->stride; word += BLOCK) {
        if (!intersect(f, word, block)) {
            continue;
        }
        for (unsigned i = 0; i < BLOCK; i++) {
            uint64_t bits = word + i < first    ? 0
                            : word + i == first ? block[i] & ~0ull << from % 64
                                                : block[i];
            if (bits != 0) {
                return (word + i) * 64 + (size_t)__builtin_ctzll(bits);
            }
        }
    }
    return index->n;
}
