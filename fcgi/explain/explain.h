/* Why a client gets what it gets: the engine's way to an answer, step by step, from a snapshot alone. No
 * database, no clock. Every step is taken by the code that answers queries (update/, release/); here it is
 * only written down. */
#ifndef BALROG_EXPLAIN_EXPLAIN_H
#define BALROG_EXPLAIN_EXPLAIN_H

#include "release/why.h"
#include "update/engine.h"

/* What a rule has to do with a query. */
enum rule_verdict {
    RULE_CHOSEN,
    RULE_AGAINST,     /* at least one column is against the query */
    RULE_NOT_REACHED, /* not looked at: a rule above it is chosen, updates are stopped, or the query is
                         refused */
    RULE_UNPARSABLE,  /* as RULE_AGAINST, because the first such column cannot be parsed: WHY says what is
                         wrong */
};
struct rule_explained {
    const struct rule *rule;
    enum rule_verdict verdict;
    unsigned against; /* columns, a bit each of enum rule_column; for a rule that is not reached too */
    const char *why;  /* NULL but for RULE_UNPARSABLE */
};

/* A release that the query leads to. */
struct release_explained {
    struct str name;
    const struct release *release; /* NULL: missing or broken */
    bool has_place;                /* whether the next says anything */
    struct release_place place;
    struct patch_note *patches; /* of the client's locale, in the order in which they are tried */
    size_t n_patches;
};

/* What the engine chose for the query, or for one part of a superblob. */
struct choice_explained {
    struct str part;         /* of a superblob: the product, or the member's name; absent: the query itself */
    const struct rule *rule; /* NULL: none */
    const struct rule *stop; /* the partial stop that matches; NULL: none */
    enum reason reason;
    enum throttle throttle;
    struct str mapping, pinned;        /* as in struct engine_choice */
    struct release_explained *release; /* NULL: the choice leads to no name at all */
    const char *error;                 /* what is wrong; NULL: nothing */
};

/* One answer that the query can get. */
struct outcome {
    double percent; /* of the clients that send the query; below 0: not known */
    struct choice_explained choice;
    struct choice_explained *parts; /* of a superblob */
    size_t n_parts;
    int status;
    const char *content_type; /* NULL: none */
    struct str head;          /* further header lines, each ending in CR LF */
    struct str body;
    enum reason reason;        /* of the answer: the choice's, unless writing it failed */
    const char *error;         /* what is wrong; NULL: nothing */
    const char *skipped;       /* what was left out of the body; NULL: nothing */
    bool is_signed;            /* it has a Content-Signature, too */
    const char *signature_why; /* why, or why not; NULL: nobody has asked */
};

enum { OUTCOMES_MAX = 64 };

struct explanation {
    const struct query *q;   /* NULL: refused before anything was asked; there is one outcome, and no rule */
    struct str stopped;      /* the channel whose updates are shut off; absent: they are not */
    const struct rule *stop; /* the partial stop that matches the query; NULL: none */
    const struct rule *chosen;
    struct rule_explained *rules; /* all, highest priority first */
    size_t n_rules;
    struct outcome *outcomes; /* by the draws against rates, the best first; each answer once */
    size_t n_outcomes;
    bool more; /* there are more than OUTCOMES_MAX */
};

enum { DICE_ALL = -1 };

/* Explains what Q is answered from S: all outcomes, or, unless DICE is DICE_ALL, the one in which every draw
 * gives DICE (0…99). All of it is owned by CTX; it borrows from S and Q. */
struct explanation *explain_query(void *ctx, const struct snapshot *s, const struct query *q, int dice);

/* The same without the rules: all outcomes, for a caller who has many queries. */
struct explanation *explain_outcomes(void *ctx, const struct snapshot *s, const struct query *q);

/* What answers have that depends on the site, as its configuration says. */
struct explain_site {
    const char *cache_control;
    const struct str *signed_products; /* whose answers to update queries are signed */
    size_t n_signed_products;
    bool json_is_signed; /* answers to queries of the JSON form */
};
/* Completes the headers of all outcomes by those that balrog-public adds to every answer, but for a
 * signature: its key is not here, so outcomes only say whether there is one. */
void explain_add_site(struct explanation *x, const struct explain_site *site);

/* The explanation of a query that is refused before anything is asked, since WHY is wrong with its URL. */
struct explanation *explain_refused(void *ctx, const struct error *why);

/* The column C of RULE as text, of a yes-or-no column "true" or "false"; and what Q has for it: absent where
 * it has nothing. SCRATCH, of 24 bytes, may be used. */
struct str rule_column_wants(const struct rule *rule, enum rule_column c);
struct str rule_column_is(const struct query *q, enum rule_column c, char *scratch);
/* Its name, as the API has it: "buildTarget". */
const char *rule_column_name(enum rule_column c);

#endif
