/* See waiting.h. All changes are read with the few columns on which sign-offs depend, grouped, sorted and
 * counted in memory; what else is shown is read for the page alone. */
#include "store/waiting.h"

#include "store/waiting_entry.h"
#include "store/signoff_invalid.h"

#include <stdio.h>
#include <stdlib.h>

enum { JUDGED_MAX = 256 };

struct waiting_survey {
    struct tx *tx;
    const struct waiting_query *q;
    struct waiting_parts parts;
    struct waiting_entry *entry;
    size_t n;
    cJSON *roles; /* tx->actor's */
};

/* ---- reading ---- */

static bool read_parts(struct waiting_survey *s, struct error *e)
{
    for (size_t i = 0; i < s->q->n_sources; i++) {
        const struct waiting_source *source = &s->q->source[i];
        bool wanted = str_absent(s->q->kind) || str_eq(s->q->kind, str_of(source->kind));
        if (wanted && !waiting_read(s->tx, source, &s->parts, e)) {
            return false;
        }
    }
    return true;
}

static int compare_releases(const void *a, const void *b)
{
    const struct waiting_part *x = *(struct waiting_part *const *)a, *y = *(struct waiting_part *const *)b;
    int order = strcmp(row_text(x->row, "name"), row_text(y->row, "name"));
    return order != 0 ? order : (x > y) - (x < y);
}

static bool belongs_to(const struct waiting_entry *entry, const struct waiting_part *part)
{
    return entry->n > 0 && entry->part[0]->source->by_release && part->source->by_release &&
           strcmp(row_text(entry->part[0]->row, "name"), row_text(part->row, "name")) == 0;
}

/* Makes entries of the N parts of ALL; those of one release are beside each other. */
static void group_parts(struct waiting_survey *s, struct waiting_part **all, size_t n)
{
    s->entry = mem_array(s->tx->mem, struct waiting_entry, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (s->n == 0 || !belongs_to(&s->entry[s->n - 1], all[i])) {
            s->entry[s->n++] = (struct waiting_entry){ .part = &all[i] };
        }
        s->entry[s->n - 1].n++;
    }
}

static void make_entries(struct waiting_survey *s)
{
    size_t n = 0, of_releases = 0;
    struct waiting_part **all = mem_array(s->tx->mem, struct waiting_part *, s->parts.n + 1);
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < s->parts.n; i++) {
            if (s->parts.item[i].source->by_release == (pass == 1)) {
                all[n++] = &s->parts.item[i];
            }
        }
        of_releases = pass == 0 ? n : of_releases;
    }
    qsort(all + of_releases, n - of_releases, sizeof *all, compare_releases);
    group_parts(s, all, n);
}

static int compare_entries(const void *a, const void *b)
{
    return waiting_order(&((const struct waiting_entry *)a)->at, &((const struct waiting_entry *)b)->at);
}

/* Reads everything once and for all, however many changes there are. */
static bool read_all(struct waiting_survey *s, struct error *e)
{
    if (!read_parts(s, e) || !signoff_prefetch(s->tx, e)) {
        return false;
    }
    make_entries(s);
    for (size_t i = 0; i < s->n; i++) {
        if (!waiting_entry_init(s->tx, &s->entry[i], s->q->source, e)) {
            return false;
        }
    }
    qsort(s->entry, s->n, sizeof *s->entry, compare_entries);
    return s->tx->actor[0] == '\0' || access_roles(s->tx, s->tx->actor, &s->roles, e);
}

/* ---- which sign-offs count ---- */

/* Judges the sign-offs of the first N entries: of SOURCE's changes at most MAX, which have some and are not
 * judged yet. */
static bool judge_source(struct waiting_survey *s, const struct waiting_source *source,
                         struct waiting_entry *const *entry, size_t n, size_t max, struct error *e)
{
    cJSON **changes = mem_array(s->tx->mem, cJSON *, max);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < entry[i]->n && count < max; j++) {
            struct waiting_part *part = entry[i]->part[j];
            if (part->source == source && !part->judged && json_get(part->row, "signoffs")->child != NULL) {
                part->judged = true;
                changes[count++] = part->row;
            }
        }
    }
    return signoff_add_invalid(s->tx, source->resource->table, changes, count, e);
}

static bool judge_entries(struct waiting_survey *s, struct waiting_entry *const *entry, size_t n, size_t max,
                          struct error *e)
{
    for (size_t i = 0; i < s->q->n_sources; i++) {
        if (!judge_source(s, &s->q->source[i], entry, n, max, e)) {
            return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        waiting_entry_signoffs(s->tx, entry[i], s->roles);
    }
    return true;
}

/* ---- the page ---- */

/* Collects in WANTED the entries that Q asks for, and counts those that the caller can sign. */
static size_t filter_entries(struct waiting_survey *s, struct waiting_entry **wanted, int64_t *mine)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct waiting_entry *entry = &s->entry[i];
        if (!waiting_entry_fits(entry, s->q->product, s->q->channel)) {
            continue;
        }
        bool can_sign = entry->can_sign->child != NULL;
        *mine += can_sign;
        if (can_sign || !s->q->mine) {
            wanted[n++] = entry;
        }
    }
    return n;
}

/* Where in WANTED the page begins. */
static bool find_start(const struct waiting_query *q, struct waiting_entry *const *wanted, size_t n,
                       size_t *start, struct error *e)
{
    struct waiting_at after;
    *start = 0;
    if (str_absent(q->after)) {
        return true;
    }
    if (!waiting_at_parse(q->after, q->n_sources, &after)) {
        return fail(e, FAIL_INVALID, "after: this is not a value that an earlier answer gave as next");
    }
    while (*start < n && waiting_order(&wanted[*start]->at, &after) <= 0) {
        ++*start;
    }
    return true;
}

static int compare_parts(const void *a, const void *b)
{
    const struct waiting_part *x = *(struct waiting_part *const *)a, *y = *(struct waiting_part *const *)b;
    return (x->sc_id > y->sc_id) - (x->sc_id < y->sc_id);
}

/* Reads the whole rows of the page's entries. Of a release in parts only the first is shown. */
static bool read_page_rows(struct waiting_survey *s, struct waiting_entry *const *page, size_t n,
                           struct error *e)
{
    struct waiting_part *part[WAITING_PAGE_MAX];
    for (size_t i = 0; i < s->q->n_sources; i++) {
        size_t count = 0;
        for (size_t j = 0; j < n; j++) {
            if (page[j]->part[0]->source == &s->q->source[i]) {
                part[count++] = page[j]->part[0];
            }
        }
        qsort(part, count, sizeof *part, compare_parts);
        if (count > 0 && !waiting_read_whole(s->tx, &s->q->source[i], part, count, e)) {
            return false;
        }
    }
    return true;
}

static bool answer_page(struct waiting_survey *s, struct waiting_entry *const *page, size_t n,
                        struct waiting_answer *answer, struct error *e)
{
    if (!judge_entries(s, page, n, s->parts.n, e) || !read_page_rows(s, page, n, e)) {
        return false;
    }
    answer->entries = tx_keep(s->tx, mem_check(cJSON_CreateArray()));
    for (size_t i = 0; i < n; i++) {
        cJSON_AddItemToArray(answer->entries, waiting_entry_json(page[i], s->q->now_ms, s->q->failing));
    }
    return true;
}

bool waiting_page(struct tx *tx, const struct waiting_query *q, struct waiting_answer *answer,
                  struct error *e)
{
    struct waiting_survey s = { .tx = tx, .q = q };
    size_t start;
    *answer = (struct waiting_answer){ 0 };
    if (!read_all(&s, e)) {
        return false;
    }
    struct waiting_entry **wanted = mem_array(tx->mem, struct waiting_entry *, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        wanted[i] = &s.entry[i];
    }
    if (!judge_entries(&s, wanted, s.n, JUDGED_MAX, e)) {
        return false;
    }
    size_t n = filter_entries(&s, wanted, &answer->mine);
    answer->count = (int64_t)n;
    if (!find_start(q, wanted, n, &start, e)) {
        return false;
    }
    size_t on_page = n - start < (size_t)q->limit ? n - start : (size_t)q->limit;
    if (start + on_page < n) {
        answer->next = waiting_at_print(tx, &wanted[start + on_page - 1]->at);
    }
    return answer_page(&s, &wanted[start], on_page, answer, e);
}
