/* The newest entries of each source are read, and the newest of all of them make the page. What comes after
 * it is known by the time and source and number of its last entry, and for the contents of releases, which
 * have no index over time, by the last number. */
#include "store/history_all.h"

#include "store/history_source.h"
#include "store/row.h"

#include <inttypes.h>
#include <stdio.h>

enum { HISTORY_SOURCES_MAX = 64 };

/* Where a page ends. */
struct history_end {
    int64_t timestamp;
    unsigned source;
    int64_t change_id;
    int64_t content_id;
};

struct history_merge {
    struct history_source source[HISTORY_SOURCES_MAX];
    const cJSON *head[HISTORY_SOURCES_MAX]; /* the newest entry of each that is not on the page yet */
    size_t n;
};

static const char *end_text(void *ctx, const struct history_end *end)
{
    return mem_printf(ctx, "h%" PRIx64 "-%x-%" PRIx64 "-%" PRIx64, (uint64_t)end->timestamp, end->source,
                      (uint64_t)end->change_id, (uint64_t)end->content_id);
}

static bool parse_end(struct tx *tx, struct str text, struct history_end *end)
{
    uint64_t timestamp, change_id, content_id;
    const char *copy = mem_strndup(tx->mem, text.p, text.n);
    if (sscanf(copy, "h%" SCNx64 "-%x-%" SCNx64 "-%" SCNx64, &timestamp, &end->source, &change_id,
               &content_id) != 4) {
        return false;
    }
    end->timestamp = (int64_t)timestamp;
    end->change_id = (int64_t)change_id;
    end->content_id = (int64_t)content_id;
    return end->timestamp >= 0 && end->change_id >= 0 && end->content_id >= 0 &&
           end->source < HISTORY_SOURCES_MAX && strcmp(copy, end_text(tx->mem, end)) == 0;
}

/* ---- sources ---- */

static void add_source(struct history_merge *m, const struct history_subject *subject, enum history_what what)
{
    if (m->n < HISTORY_SOURCES_MAX) {
        m->source[m->n++] = (struct history_source){ subject, what };
    }
}

static void add_sources(struct history_merge *m, const struct history_all_query *q)
{
    const struct history_subject *of_contents = NULL;
    bool contents = false;
    for (size_t i = 0; i < q->n_subjects; i++) {
        const struct history_subject *subject = &q->subject[i];
        const struct table *t = subject->table;
        if (!str_absent(q->kind) && !str_eq(q->kind, str_of(subject->kind))) {
            continue;
        }
        if ((t->flags & TABLE_RELEASES) != 0) {
            contents = true;
            of_contents = str_absent(q->kind) ? NULL : subject;
        }
        if (t->history != NULL) {
            add_source(m, subject, HISTORY_ROW);
        }
        if (t->scheduled != NULL) {
            add_source(m, subject, HISTORY_SCHEDULED);
            add_source(m, subject, HISTORY_SIGNOFF);
        }
    }
    if (contents) {
        add_source(m, of_contents, HISTORY_CONTENT);
    }
}

static struct history_place place_of(const struct history_all_query *q, const struct history_merge *m,
                                     unsigned i, const struct history_end *end)
{
    struct history_place place = { .until_ms = INT64_MAX, .below_id = INT64_MAX };
    if (m->source[i].what == HISTORY_CONTENT) {
        place.below_id = end != NULL ? end->content_id : INT64_MAX;
    } else if (end != NULL) {
        place.until_ms = i < end->source ? end->timestamp - 1 : end->timestamp;
        place.below_id = i == end->source ? end->change_id : INT64_MAX;
    }
    if (q->to_ms != 0 && q->to_ms < place.until_ms) {
        place.until_ms = q->to_ms;
        place.below_id = INT64_MAX;
    }
    return place;
}

static bool read_heads(struct tx *tx, const struct history_all_query *q, struct history_merge *m,
                       const struct history_end *end, struct error *e)
{
    for (unsigned i = 0; i < m->n; i++) {
        cJSON *list;
        if (!history_source_read(tx, &m->source[i], q, place_of(q, m, i, end), q->limit + 1, &list, e)) {
            return false;
        }
        m->head[i] = list->child;
    }
    return true;
}

/* ---- the page ---- */

/* The source whose head is the newest; of several the first. m->n: there are no more. */
static unsigned newest(const struct history_merge *m)
{
    unsigned best = (unsigned)m->n;
    for (unsigned i = 0; i < m->n; i++) {
        if (m->head[i] != NULL &&
            (best == m->n || row_int(m->head[i], "timestamp") > row_int(m->head[best], "timestamp"))) {
            best = i;
        }
    }
    return best;
}

static void take_entry(struct history_merge *m, unsigned i, cJSON *entries, struct history_end *end)
{
    cJSON *entry = mem_check(cJSON_Duplicate(m->head[i], true));
    int64_t change_id = row_int(entry, "change_id");
    cJSON_DeleteItemFromObjectCaseSensitive(entry, "change_id");
    cJSON_AddItemToArray(entries, entry);
    int64_t timestamp = row_int(entry, "timestamp");
    if (m->source[i].what == HISTORY_CONTENT) {
        end->content_id = change_id;
        change_id = 0; /* it is the last source: all others' entries of this time are on the page already */
    }
    if (timestamp <= end->timestamp) { /* else the content's clock was ahead of an earlier one's */
        end->timestamp = timestamp;
        end->source = i;
        end->change_id = change_id;
    }
    m->head[i] = m->head[i]->next;
}

bool history_all_page(struct tx *tx, const struct history_all_query *q, cJSON **entries, const char **next,
                      struct error *e)
{
    struct history_merge m = { .n = 0 };
    struct history_end start,
        end = { .timestamp = INT64_MAX, .change_id = INT64_MAX, .content_id = INT64_MAX };
    bool first = str_absent(q->after);
    *entries = tx_keep(tx, mem_check(cJSON_CreateArray()));
    *next = NULL;
    if (!first && !parse_end(tx, q->after, &start)) {
        return fail(e, FAIL_INVALID, "after: this is not a value that an earlier answer gave as next");
    }
    if (!first) {
        end = start;
    }
    add_sources(&m, q);
    if (!read_heads(tx, q, &m, first ? NULL : &start, e)) {
        return false;
    }
    for (int64_t i = 0; i < q->limit && newest(&m) < m.n; i++) {
        take_entry(&m, newest(&m), *entries, &end);
    }
    if (newest(&m) < m.n) {
        *next = end_text(tx->mem, &end);
    }
    return true;
}
