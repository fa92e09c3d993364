/* difflib's SequenceMatcher: find the longest block of lines that both texts have (the first of several),
 * then look left and right of it. Lines that make up more than a hundredth of the second text start no block,
 * they only extend one. Lines are numbered first, equal ones alike, so that comparing costs nothing.
 *
 * No block in a part of the texts can be longer than the longest block of the whole. So the search of a part
 * ends at the first block of that length. With many blocks of equal length, each is found at the beginning of
 * its search, which otherwise would go through all the rest each time. */
#include "blob/diff.h"

#include "core/mem.h"

#include <stdlib.h>

enum { TEXT_MAX = 256 << 20, CONTEXT = 3, MANY_LINES = 200 };

struct diff_side {
    struct str *line;
    uint32_t *id;
    uint32_t n;
};

/* Where side B has a line: at[first…last-1], ascending; popular lines are nowhere. */
struct line_positions {
    uint32_t first, last;
};

/* Where a run of equal lines that ends at a line of B is: in which row (of A) it was seen, and how long it
 * is. */
struct diff_run {
    uint32_t row, length;
};

struct diff_block {
    uint32_t i, j, n;
};

/* A part of both texts that is still to be searched; no run in it is longer than BOUND. */
struct diff_part {
    uint32_t a_lo, a_hi, b_lo, b_hi, bound;
};

struct matcher {
    struct diff_side a, b;
    struct line_positions *positions; /* by line number */
    uint32_t *at;
    struct diff_run *run[2]; /* of even and odd rows; the one before B's first line is at 0 */
    uint32_t row;            /* rows seen so far, in all parts */
    uint64_t steps, max_steps;
    struct diff_block *block;
    size_t n;
    struct diff_part *part; /* a stack */
    size_t n_parts;
};

static void split_side_lines(void *ctx, struct diff_side *side, struct str text)
{
    uint32_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n';
    }
    side->line = mem_array(ctx, struct str, n + 1);
    side->id = mem_array(ctx, uint32_t, n + 1);
    struct str line;
    while (text.n > 0 && str_split(&text, '\n', &line)) {
        side->line[side->n++] = line;
    }
}

/* Numbers of lines: open addressing. A slot holds a number and one. */
struct numbers {
    const struct str **line; /* by number */
    uint32_t *slot;
    uint32_t n, cap;
};

static void number_lines(struct numbers *numbers, const struct diff_side *side)
{
    for (uint32_t i = 0; i < side->n; i++) {
        uint32_t at = str_hash(side->line[i]) & (numbers->cap - 1);
        while (numbers->slot[at] != 0 && !str_eq(*numbers->line[numbers->slot[at] - 1], side->line[i])) {
            at = (at + 1) & (numbers->cap - 1);
        }
        if (numbers->slot[at] == 0) {
            numbers->line[numbers->n++] = &side->line[i];
            numbers->slot[at] = numbers->n;
        }
        side->id[i] = numbers->slot[at] - 1;
    }
}

/* Numbers the lines of both sides; returns how many numbers there are. */
static uint32_t number_both(void *ctx, const struct matcher *m)
{
    uint32_t lines = m->a.n + m->b.n;
    struct numbers numbers = { .cap = 64 };
    while (numbers.cap < 2 * lines) {
        numbers.cap *= 2;
    }
    numbers.line = mem_array(ctx, const struct str *, lines + 1);
    numbers.slot = mem_array(ctx, uint32_t, numbers.cap);
    number_lines(&numbers, &m->a);
    number_lines(&numbers, &m->b);
    talloc_free(numbers.slot);
    talloc_free(numbers.line);
    return numbers.n;
}

static void find_positions(void *ctx, struct matcher *m, uint32_t n_numbers)
{
    uint32_t popular = m->b.n >= MANY_LINES ? m->b.n / 100 + 1 : UINT32_MAX;
    m->positions = mem_array(ctx, struct line_positions, n_numbers + 1);
    m->at = mem_array(ctx, uint32_t, m->b.n + 1);
    for (uint32_t j = 0; j < m->b.n; j++) {
        m->positions[m->b.id[j]].last++;
    }
    uint32_t used = 0;
    for (uint32_t id = 0; id < n_numbers; id++) {
        uint32_t count = m->positions[id].last;
        m->positions[id] = (struct line_positions){ used, count > popular ? UINT32_MAX : used };
        used += count > popular ? 0 : count;
    }
    for (uint32_t j = 0; j < m->b.n; j++) {
        struct line_positions *positions = &m->positions[m->b.id[j]];
        if (positions->last != UINT32_MAX) {
            m->at[positions->last++] = j;
        }
    }
    for (uint32_t id = 0; id < n_numbers; id++) {
        if (m->positions[id].last == UINT32_MAX) {
            m->positions[id].last = m->positions[id].first;
        }
    }
}

/* The first of PLACES that is at B_LO or behind it. */
static uint32_t first_position(const struct matcher *m, struct line_positions positions, uint32_t b_lo)
{
    while (positions.first < positions.last) {
        uint32_t middle = positions.first + (positions.last - positions.first) / 2;
        if (m->at[middle] < b_lo) {
            positions.first = middle + 1;
        } else {
            positions.last = middle;
        }
    }
    return positions.first;
}

/* Row I of A: makes BEST longer where a run that ends in it is. */
static void search_row(struct matcher *m, const struct diff_part *part, uint32_t i, struct diff_block *best)
{
    struct line_positions positions = m->positions[m->a.id[i]];
    uint32_t row = ++m->row;
    struct diff_run *now = m->run[row & 1];
    const struct diff_run *before = m->run[~row & 1];
    uint32_t from =
        positions.first < positions.last ? first_position(m, positions, part->b_lo) : positions.last;
    for (uint32_t p = from; p < positions.last && m->at[p] < part->b_hi; p++) {
        uint32_t j = m->at[p];
        uint32_t length = before[j].row == row - 1 ? before[j].length + 1 : 1;
        now[j + 1] = (struct diff_run){ row, length };
        m->steps++;
        if (length > best->n) {
            *best = (struct diff_block){ i - length + 1, j - length + 1, length };
        }
    }
    m->steps++;
}

/* The longest block of PART that popular lines do not begin; *LONGEST receives its length before those extend
 * it. */
static struct diff_block longest_block(struct matcher *m, const struct diff_part *part, uint32_t *longest)
{
    struct diff_block best = { part->a_lo, part->b_lo, 0 };
    m->row++; /* runs of the last row of another part do not continue here */
    for (uint32_t i = part->a_lo; i < part->a_hi && best.n < part->bound && m->steps < m->max_steps; i++) {
        search_row(m, part, i, &best);
    }
    *longest = best.n;
    const uint32_t *a = m->a.id;
    const uint32_t *b = m->b.id;
    while (best.i > part->a_lo && best.j > part->b_lo && a[best.i - 1] == b[best.j - 1]) {
        best = (struct diff_block){ best.i - 1, best.j - 1, best.n + 1 };
    }
    while (best.i + best.n < part->a_hi && best.j + best.n < part->b_hi &&
           a[best.i + best.n] == b[best.j + best.n]) {
        best.n++;
    }
    return best;
}

static void push_part(void *ctx, struct matcher *m, struct diff_part part)
{
    if (part.a_lo == part.a_hi || part.b_lo == part.b_hi) {
        return;
    }
    m->part = mem_grow(ctx, m->part, struct diff_part, m->n_parts);
    m->part[m->n_parts++] = part;
}

/* Adds BLOCK, which lies behind those there are, and joins it to the last where they touch. */
static void add_diff_block(void *ctx, struct matcher *m, struct diff_block block)
{
    struct diff_block *last = m->n > 0 ? &m->block[m->n - 1] : NULL;
    if (last != NULL && last->i + last->n == block.i && last->j + last->n == block.j) {
        last->n += block.n;
        return;
    }
    m->block = mem_grow(ctx, m->block, struct diff_block, m->n);
    m->block[m->n++] = block;
}

static int compare_block_positions(const void *a, const void *b)
{
    const struct diff_block *x = a;
    const struct diff_block *y = b;
    return (x->i > y->i) - (x->i < y->i);
}

/* All blocks that both sides have, in order, those that touch made one. */
static void find_blocks(void *ctx, struct matcher *m)
{
    push_part(ctx, m, (struct diff_part){ 0, m->a.n, 0, m->b.n, UINT32_MAX });
    while (m->n_parts > 0 && m->steps < m->max_steps) {
        struct diff_part part = m->part[--m->n_parts];
        uint32_t longest;
        struct diff_block found = longest_block(m, &part, &longest);
        if (found.n == 0) {
            continue;
        }
        add_diff_block(ctx, m, found);
        push_part(ctx, m, (struct diff_part){ part.a_lo, found.i, part.b_lo, found.j, longest });
        push_part(ctx, m,
                  (struct diff_part){ found.i + found.n, part.a_hi, found.j + found.n, part.b_hi, longest });
    }
    struct diff_block *all = m->block;
    size_t n = m->n;
    m->block = NULL;
    m->n = 0;
    if (n > 1) {
        qsort(all, n, sizeof(*all), compare_block_positions);
    }
    for (size_t i = 0; i < n; i++) {
        add_diff_block(ctx, m, all[i]);
    }
}

/* Lines of A and B that are equal, or lines of A that lines of B have replaced (either may be none). */
struct diff_op {
    bool equal;
    uint32_t a_from, a_to, b_from, b_to;
};

static struct diff_op *list_ops(void *ctx, const struct matcher *m, size_t *n)
{
    struct diff_op *op = mem_array(ctx, struct diff_op, 2 * m->n + 1);
    uint32_t i = 0, j = 0;
    *n = 0;
    for (size_t k = 0; k <= m->n; k++) {
        struct diff_block block = k < m->n ? m->block[k] : (struct diff_block){ m->a.n, m->b.n, 0 };
        if (i < block.i || j < block.j) {
            op[(*n)++] = (struct diff_op){ false, i, block.i, j, block.j };
        }
        i = block.i + block.n;
        j = block.j + block.n;
        if (block.n > 0) {
            op[(*n)++] = (struct diff_op){ true, block.i, i, block.j, j };
        }
    }
    return op;
}

static void print_lines(struct buf *out, char mark, const struct diff_side *side, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        buf_char(out, '\n');
        buf_char(out, mark);
        buf_str(out, side->line[i]);
    }
}

static void print_range(struct buf *out, uint32_t from, uint32_t to)
{
    if (to - from == 1) {
        buf_printf(out, "%u", from + 1);
    } else {
        buf_printf(out, "%u,%u", to == from ? from : from + 1, to - from);
    }
}

static void print_group(struct buf *out, const struct matcher *m, const struct diff_op *op, size_t n)
{
    buf_lit(out, "\n@@ -");
    print_range(out, op[0].a_from, op[n - 1].a_to);
    buf_lit(out, " +");
    print_range(out, op[0].b_from, op[n - 1].b_to);
    buf_lit(out, " @@");
    for (size_t i = 0; i < n; i++) {
        print_lines(out, op[i].equal ? ' ' : '-', &m->a, op[i].a_from, op[i].a_to);
        if (!op[i].equal) {
            print_lines(out, '+', &m->b, op[i].b_from, op[i].b_to);
        }
    }
}

static void trim_to_end(struct diff_op *op)
{
    uint32_t n = op->a_to - op->a_from < CONTEXT ? op->a_to - op->a_from : CONTEXT;
    op->a_from = op->a_to - n;
    op->b_from = op->b_to - n;
}

static void trim_to_start(struct diff_op *op)
{
    uint32_t n = op->a_to - op->a_from < CONTEXT ? op->a_to - op->a_from : CONTEXT;
    op->a_to = op->a_from + n;
    op->b_to = op->b_from + n;
}

/* Prints OP in groups, with some equal lines around each change. */
static void print_groups(struct buf *out, const struct matcher *m, struct diff_op *op, size_t n)
{
    size_t first = 0;
    if (op[0].equal) {
        trim_to_end(&op[0]);
    }
    if (op[n - 1].equal) {
        trim_to_start(&op[n - 1]);
    }
    for (size_t i = 1; i + 1 < n; i++) {
        if (op[i].equal && op[i].a_to - op[i].a_from > 2 * CONTEXT) {
            struct diff_op whole = op[i];
            trim_to_start(&op[i]);
            print_group(out, m, op + first, i + 1 - first);
            op[i] = whole;
            trim_to_end(&op[i]);
            first = i;
        }
    }
    print_group(out, m, op + first, n - first);
}

void diff_unified(struct buf *out, struct str a, struct str b, const char *from, const char *to,
                  uint64_t steps)
{
    void *ctx = mem_check(talloc_new(NULL));
    struct matcher m = { .max_steps = steps };
    size_t n;
    split_side_lines(ctx, &m.a, a);
    split_side_lines(ctx, &m.b, b);
    find_positions(ctx, &m, number_both(ctx, &m));
    m.run[0] = mem_array(ctx, struct diff_run, m.b.n + 1);
    m.run[1] = mem_array(ctx, struct diff_run, m.b.n + 1);
    find_blocks(ctx, &m);
    struct diff_op *op = list_ops(ctx, &m, &n);
    if (n > 1 || (n == 1 && !op[0].equal)) {
        buf_printf(out, "--- %s\n+++ %s", from, to);
        print_groups(out, &m, op, n);
    }
    talloc_free(ctx);
}

bool diff_json(struct buf *out, const cJSON *a, const cJSON *b, const char *from, const char *to,
               struct error *e)
{
    struct buf text[2];
    for (size_t i = 0; i < 2; i++) {
        buf_init(&text[i], 4096, TEXT_MAX);
        json_print(&text[i], i == 0 ? a : b, JSON_PROBLEM);
    }
    bool fits = !text[0].full && !text[1].full;
    if (fits) {
        diff_unified(out, buf_view(&text[0]), buf_view(&text[1]), from, to, DIFF_STEPS);
    }
    buf_free(&text[0]);
    buf_free(&text[1]);
    return fits && !out->full ? true
                              : error_set(e, ERROR_INTERNAL, "the difference is too large to be shown");
}
