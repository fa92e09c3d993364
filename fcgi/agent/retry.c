/* See retry.h. */
#include "agent/retry.h"

struct retry_entry {
    const struct pending_kind *kind;
    char *id;
    uint64_t fingerprint;
    unsigned failures;
    int64_t next_ms; /* of the monotonic clock */
    char *what;      /* why it failed; NULL: not known yet */
    int64_t at_wall_ms;
    int64_t next_wall_ms;
};

enum { PRINTED_MAX = 20, WHAT_MAX = 200, ENTRY_MAX = 2048 };

struct retry {
    struct retry_limits limits;
    struct retry_entry *entry;
    size_t n;
};

struct retry *retry_new(void *ctx, struct retry_limits limits)
{
    struct retry *r = mem_new(ctx, struct retry);
    r->limits = limits;
    return r;
}

int retry_delay_s(struct retry_limits limits, unsigned failures)
{
    int delay = limits.min_s;
    for (unsigned i = 1; i < failures && delay < limits.max_s; i++) {
        delay = delay > limits.max_s / 2 ? limits.max_s : delay * 2;
    }
    return delay < limits.max_s ? delay : limits.max_s;
}

static bool is_entry_of(const struct retry_entry *entry, const struct pending *p)
{
    return entry->kind == p->kind && strcmp(entry->id, p->id) == 0 && entry->fingerprint == p->fingerprint;
}

static struct retry_entry *find_entry(const struct retry *r, const struct pending *p)
{
    for (size_t i = 0; i < r->n; i++) {
        if (is_entry_of(&r->entry[i], p)) {
            return &r->entry[i];
        }
    }
    return NULL;
}

int64_t retry_wait_ms(const struct retry *r, const struct pending *p, int64_t now_ms)
{
    const struct retry_entry *entry = find_entry(r, p);
    return entry != NULL && entry->next_ms > now_ms ? entry->next_ms - now_ms : 0;
}

int retry_failed(struct retry *r, const struct pending *p, bool temporary, int64_t now_ms)
{
    struct retry_entry *entry = find_entry(r, p);
    if (entry == NULL) {
        r->entry = mem_resize(r, r->entry, struct retry_entry, r->n + 1);
        entry = &r->entry[r->n++];
        *entry = (struct retry_entry){ p->kind, mem_strdup(r, p->id), p->fingerprint };
    }
    entry->failures += !temporary;
    int delay_s = temporary ? r->limits.min_s : retry_delay_s(r->limits, entry->failures);
    entry->next_ms = now_ms + (int64_t)delay_s * 1000;
    return delay_s;
}

void retry_keep(struct retry *r, const struct pending_kind *kind, const struct pending_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct pending *p = r->entry[i].kind == kind ? pending_find(list, r->entry[i].id) : NULL;
        if (r->entry[i].kind == kind && (p == NULL || !is_entry_of(&r->entry[i], p))) {
            talloc_free(r->entry[i].id);
            talloc_free(r->entry[i].what);
        } else {
            r->entry[kept++] = r->entry[i];
        }
    }
    r->n = kept;
}

size_t retry_count(const struct retry *r)
{
    return r->n;
}

void retry_explain(struct retry *r, const struct pending *p, const char *what, int64_t at_ms, int64_t next_ms)
{
    struct retry_entry *entry = find_entry(r, p);
    if (entry != NULL) {
        talloc_free(entry->what);
        entry->what = mem_strdup(r, what);
        entry->at_wall_ms = at_ms;
        entry->next_wall_ms = next_ms;
    }
}

static void print_entry(const struct retry_entry *entry, struct buf *out)
{
    struct str what = str_of(entry->what);
    buf_printf(out, "{\"kind\": \"%s\", \"id\": ", entry->kind->name);
    if (entry->kind->by_release) {
        json_print_string(out, str_of(entry->id));
    } else {
        buf_str(out, str_of(entry->id)); /* a number */
    }
    buf_printf(out, ", \"at\": %lld, \"next\": %lld, \"what\": ", (long long)entry->at_wall_ms,
               (long long)entry->next_wall_ms);
    json_print_string(out, str_slice(what, 0, what.n < WHAT_MAX ? what.n : WHAT_MAX));
    buf_char(out, '}');
}

void retry_print(const struct retry *r, struct buf *out, size_t max)
{
    unsigned printed = 0;
    size_t start = out->n;
    buf_char(out, '[');
    for (size_t i = 0; i < r->n && printed < PRINTED_MAX; i++) {
        struct buf one;
        if (r->entry[i].what == NULL) {
            continue;
        }
        buf_init(&one, 256, ENTRY_MAX);
        print_entry(&r->entry[i], &one);
        struct str separator = printed > 0 ? STR(", ") : STR("");
        if (!one.full && out->n - start + separator.n + one.n + sizeof(char) <= max) { /* and the bracket */
            buf_str(out, separator);
            printed++;
            buf_str(out, buf_view(&one));
        }
        buf_free(&one);
    }
    buf_char(out, ']');
}
