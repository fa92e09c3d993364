/* See gtid.h. */
#include "store/gtid.h"

#include <stdio.h>

/* Reads digits from the start of *REST up to END or, if END is 0, to the end of the text. */
static bool read_number(struct str *rest, char end, uint64_t *number)
{
    size_t i = 0;
    *number = 0;
    while (i < rest->n && rest->p[i] >= '0' && rest->p[i] <= '9' && i < 20) {
        *number = *number * 10 + (uint64_t)(rest->p[i++] - '0');
    }
    if (i == 0 || (end != '\0' ? i >= rest->n || rest->p[i] != end : i != rest->n)) {
        return false;
    }
    *rest = str_slice(*rest, end != '\0' ? i + 1 : i, rest->n);
    return true;
}

static struct gtid *find_domain(struct gtid_position *p, uint32_t domain)
{
    for (unsigned i = 0; i < p->n; i++) {
        if (p->last[i].domain == domain) {
            return &p->last[i];
        }
    }
    return NULL;
}

static bool add_one(struct gtid_position *p, struct str text)
{
    uint64_t domain, server, number;
    text = str_strip(text);
    if (!read_number(&text, '-', &domain) || !read_number(&text, '-', &server) ||
        !read_number(&text, '\0', &number)) {
        return false;
    }
    struct gtid *last = find_domain(p, (uint32_t)domain);
    if (last == NULL) {
        if (p->n == GTID_DOMAINS_MAX) {
            return false;
        }
        last = &p->last[p->n++];
        *last = (struct gtid){ .domain = (uint32_t)domain };
    }
    if (number >= last->number) {
        last->server = (uint32_t)server;
        last->number = number;
    }
    return true;
}

bool gtid_add(struct gtid_position *p, struct str text)
{
    struct str one;
    while (text.n > 0 && str_split(&text, ',', &one)) {
        if (!add_one(p, one)) {
            p->n = 0;
            return false;
        }
    }
    return true;
}

bool gtid_contains(const struct gtid_position *a, const struct gtid_position *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        bool has = false;
        for (unsigned j = 0; j < a->n; j++) {
            has |= a->last[j].domain == b->last[i].domain && a->last[j].number >= b->last[i].number;
        }
        if (!has) {
            return false;
        }
    }
    return true;
}

const char *gtid_text(const struct gtid_position *p, char text[GTID_TEXT_MAX])
{
    size_t n = 0;
    snprintf(text, GTID_TEXT_MAX, "%s", p->n == 0 ? "none" : "");
    for (unsigned i = 0; i < p->n && n + 1 < GTID_TEXT_MAX; i++) {
        int more = snprintf(text + n, GTID_TEXT_MAX - n, "%s%u-%u-%llu", i > 0 ? "," : "", p->last[i].domain,
                            p->last[i].server, (unsigned long long)p->last[i].number);
        n += more > 0 ? (size_t)more : 0;
    }
    return text;
}
