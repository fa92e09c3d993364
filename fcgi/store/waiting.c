/* See waiting.h. All changes are read with the few columns on which sign-offs depend, as text; they are
 * grouped, sorted and counted in memory. Only those on the page stay JSON; all others become JSON one after
 * the other, and only if the filters or the caller's roles ask for it. */
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
    cJSON *roles; /* tx->actor's, or NULL: there are none */
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
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x > y) - (x < y);
}

static bool belongs_to(const struct waiting_entry *entry, const struct waiting_part *part)
{
    return entry->n > 0 && entry->part[0]->source->by_release && part->source->by_release &&
           strcmp(entry->part[0]->name, part->name) == 0;
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

static bool read_roles(struct waiting_survey *s, struct error *e)
{
    if (s->tx->actor[0] != '\0' && !access_roles(s->tx, s->tx->actor, &s->roles, e)) {
        return false;
    }
    if (s->roles != NULL && s->roles->child == NULL) {
        s->roles = NULL;
    }
    return true;
}

/* Reads everything once and for all, however many changes there are. */
static bool read_all(struct waiting_survey *s, struct error *e)
{
    if (!read_parts(s, e) || !signoff_prefetch(s->tx, e)) {
        return false;
    }
    make_entries(s);
    for (size_t i = 0; i < s->n; i++) {
        waiting_entry_place(&s->entry[i], s->q->source);
    }
    qsort(s->entry, s->n, sizeof *s->entry, compare_entries);
    return read_roles(s, e);
}

/* ---- which sign-offs count ---- */

/* PART as signoff_add_invalid() wants it. */
static cJSON *make_change(struct waiting_survey *s, const struct waiting_part *part)
{
    cJSON *change = row_key_int(s->tx, "sc_id", part->sc_id);
    cJSON *signoffs = mem_check(cJSON_AddObjectToObject(change, "signoffs"));
    for (const struct waiting_signoff *one = part->signoffs; one != NULL; one = one->next) {
        mem_check(cJSON_AddStringToObject(signoffs, one->username, one->role));
    }
    return change;
}

/* Finds out which sign-offs of N entries do not count: of SOURCE's changes at most MAX, which have some and
 * are not judged yet. */
static bool judge_source(struct waiting_survey *s, const struct waiting_source *source,
                         struct waiting_entry *const *entry, size_t n, size_t max, struct error *e)
{
    cJSON **changes = mem_array(s->tx->mem, cJSON *, max);
    struct waiting_part **judged = mem_array(s->tx->mem, struct waiting_part *, max);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < entry[i]->n && count < max; j++) {
            struct waiting_part *part = entry[i]->part[j];
            if (part->source == source && !part->judged && part->signoffs != NULL) {
                part->judged = true;
                judged[count] = part;
                changes[count++] = make_change(s, part);
            }
        }
    }
    if (!signoff_add_invalid(s->tx, source->resource->table, changes, count, e)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        judged[i]->invalid = json_get(changes[i], "invalid_signoffs");
    }
    return true;
}

static bool judge_entries(struct waiting_survey *s, struct waiting_entry *const *entry, size_t n, size_t max,
                          struct error *e)
{
    for (size_t i = 0; i < s->q->n_sources; i++) {
        if (!judge_source(s, &s->q->source[i], entry, n, max, e)) {
            return false;
        }
    }
    return true;
}

/* ---- the page ---- */

/* Whether ENTRY fits the filters of Q, and whether the caller can sign it. */
static bool examine_entry(struct waiting_survey *s, struct waiting_entry *entry, bool *fits, bool *can_sign,
                          struct error *e)
{
    void *step = tx_step_begin(s->tx);
    bool ok = waiting_entry_open(s->tx, entry, e);
    if (ok) {
        waiting_entry_judge(s->tx, entry, s->roles);
        *fits = waiting_entry_fits(entry, s->q->product, s->q->channel);
        *can_sign = entry->can_sign->child != NULL;
    }
    waiting_entry_close(entry);
    tx_step_end(s->tx, step);
    return ok;
}

/* Moves to the front of ENTRY, of which there are *N, those that Q asks for, and counts those that the caller
 * can sign. */
static bool filter_entries(struct waiting_survey *s, struct waiting_entry **entry, size_t *n, int64_t *mine,
                           struct error *e)
{
    size_t all = *n;
    if (s->roles == NULL && str_absent(s->q->product) && str_absent(s->q->channel)) {
        *n = s->q->mine ? 0 : all;
        return true;
    }
    if (s->roles != NULL && !judge_entries(s, entry, all, JUDGED_MAX, e)) {
        return false;
    }
    *n = 0;
    for (size_t i = 0; i < all; i++) {
        bool fits = false, can_sign = false;
        if (!examine_entry(s, entry[i], &fits, &can_sign, e)) {
            return false;
        }
        *mine += fits && can_sign;
        if (fits && (can_sign || !s->q->mine)) {
            entry[(*n)++] = entry[i];
        }
    }
    return true;
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
    if (!judge_entries(s, page, n, s->parts.n, e)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!waiting_entry_open(s->tx, page[i], e)) {
            return false;
        }
        waiting_entry_judge(s->tx, page[i], s->roles);
    }
    if (!read_page_rows(s, page, n, e)) {
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
    size_t n = s.n;
    for (size_t i = 0; i < s.n; i++) {
        wanted[i] = &s.entry[i];
    }
    if (!filter_entries(&s, wanted, &n, &answer->mine, e) || !find_start(q, wanted, n, &start, e)) {
        return false;
    }
    answer->count = (int64_t)n;
    size_t on_page = n - start < (size_t)q->limit ? n - start : (size_t)q->limit;
    if (start + on_page < n) {
        answer->next = waiting_at_print(tx, &wanted[start + on_page - 1]->at);
    }
    return answer_page(&s, &wanted[start], on_page, answer, e);
}
