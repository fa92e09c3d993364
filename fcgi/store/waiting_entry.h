/* One entry of the list of pending changes (waiting.h): its place in the list, its sign-offs, its JSON. */
#ifndef BALROG_STORE_WAITING_ENTRY_H
#define BALROG_STORE_WAITING_ENTRY_H

#include "store/waiting_read.h"

/* The place in the list. No two entries have the same. */
struct waiting_at {
    int64_t when;    /* ms since 1970; INT64_MAX: without a time */
    unsigned source; /* index */
    int64_t sc_id;
};
/* <0, 0, >0, as strcmp. */
int waiting_order(const struct waiting_at *a, const struct waiting_at *b);
/* As text, TX's, which only waiting_at_parse() reads; that returns false for any other text. */
const char *waiting_at_print(struct tx *tx, const struct waiting_at *at);
bool waiting_at_parse(struct str text, size_t n_sources, struct waiting_at *at);

struct waiting_entry {
    struct waiting_part **part; /* more than one: of a release in parts, its base first */
    size_t n;
    struct waiting_at at;
    /* From waiting_entry_open() to waiting_entry_close(): */
    bool stale;   /* a row was changed or made or deleted meanwhile: the change cannot be enacted */
    cJSON *needs; /* {role: count} */
    /* From waiting_entry_judge() on: */
    cJSON *can_sign; /* roles that the caller may sign with */
    bool is_signed;  /* nothing is missing */
};

/* Fills `at` of ENTRY, whose parts are there. SOURCE is the first source. */
void waiting_entry_place(struct waiting_entry *entry, const struct waiting_source *source);
/* Loads the parts, and works out what ENTRY needs. That lives as long as TX's step; then close it. */
bool waiting_entry_open(struct tx *tx, struct waiting_entry *entry, struct error *e);
void waiting_entry_close(struct waiting_entry *entry);
/* Works out can_sign and is_signed from the sign-offs of the parts. ROLES: the caller's; or NULL. */
void waiting_entry_judge(struct tx *tx, struct waiting_entry *entry, const cJSON *roles);
/* See struct waiting_query. */
bool waiting_entry_fits(const struct waiting_entry *entry, struct str product, struct str channel);
/* As the API prints it. The caller owns it. */
cJSON *waiting_entry_json(const struct waiting_entry *entry, int64_t now_ms, const cJSON *failing);

#endif
