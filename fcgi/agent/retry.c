/* See retry.h. */
#include "agent/retry.h"

struct retry_entry {
    const struct pending_kind *kind;
    char *id;
    uint64_t fingerprint;
    unsigned failures;
    int64_t next_ms;
};

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
