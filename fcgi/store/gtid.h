/* Positions in the binary logs of MariaDB servers: global transaction ids, "0-1-145,2-1-7", one per domain.
 * No I/O. */
#ifndef BALROG_STORE_GTID_H
#define BALROG_STORE_GTID_H

#include "core/str.h"

enum { GTID_DOMAINS_MAX = 16 };

struct gtid {
    uint32_t domain, server;
    uint64_t number; /* in its domain, rising */
};

/* A position: the last transaction of each domain. Empty: not known, or there is no binary log. */
struct gtid_position {
    struct gtid last[GTID_DOMAINS_MAX];
    unsigned n;
};

/* Adds the position that TEXT describes to P: of each domain, the higher number stays. Returns false, and
 * leaves P empty, if TEXT is not a position or has too many domains; TEXT may be empty. */
bool gtid_add(struct gtid_position *p, struct str text);
/* Whether a server at A has all transactions that one at B has. That only compares numbers: two servers that
 * both wrote are not told apart if one has the higher number in each domain. */
bool gtid_contains(const struct gtid_position *a, const struct gtid_position *b);
enum { GTID_TEXT_MAX = 160 };
/* Writes P as text, shortened to fit. Returns TEXT. */
const char *gtid_text(const struct gtid_position *p, char text[GTID_TEXT_MAX]);

#endif
