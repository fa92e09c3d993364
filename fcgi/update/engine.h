/* The answer to an update query, from a snapshot alone (reference: AUS.evaluateRules, web/public/client.py,
 * json.py). */
#ifndef BALROG_UPDATE_ENGINE_H
#define BALROG_UPDATE_ENGINE_H

#include "core/buf.h"
#include "update/snapshot.h"

/* Where throws against a rule's backgroundRate come from. */
struct dice {
    uint64_t state; /* of the generator; any number but 0 */
    int fixed;      /* what every throw gives, 0…99; -1: a random one */
};

/* Why a query got what it got; a counter each. */
enum reason {
    REASON_SERVED,
    REASON_NO_RULE,
    REASON_SHUT_OFF,
    REASON_NULL_MAPPING,    /* the rule says: no update */
    REASON_THROTTLED,       /* lost the throw, no fallbackMapping */
    REASON_UP_TO_DATE,      /* the release has nothing newer for this client, or not its platform */
    REASON_PIN_UNAVAILABLE, /* the pinned release cannot be served, or is newer than the pin */
    REASON_BAD_REQUEST,     /* a 400 */
    REASON_NO_RELEASE,      /* the rule or pin points at a release that is missing or broken */
    REASON_BROKEN,          /* the release lacks something that this answer needs */
    REASON_NO_ROUTE,        /* not a URL form (not the engine's) */
    REASON_COUNT
};
/* "served", "no_rule", …: for metrics and logs. */
const char *reason_name(enum reason reason);

/* What became of a query that a rule's backgroundRate bore on. */
enum throttle {
    THROTTLE_NONE,     /* it bore on none */
    THROTTLE_PASSED,   /* the throw was won */
    THROTTLE_FALLBACK, /* lost: the fallbackMapping */
    THROTTLE_WITHHELD, /* lost, and there is none */
    THROTTLE_COUNT
};

struct answer {
    int status; /* 200; 400 with error.what as text; 404 (JSON only) without a body */
    enum reason reason;
    const struct rule *rule; /* NULL: none matched, or shut off */
    enum throttle throttle;  /* of that rule; a superblob's products have throws of their own */
    bool threw_dice;         /* another throw might have given another answer */
    struct error error;      /* with a 400, and what is wrong where the reason is NO_RELEASE or BROKEN,
                                or PIN_UNAVAILABLE and status != 0 */
    struct error skipped;    /* status != 0: something was left out of the answer, this one says what */
};

enum { ENGINE_BODY_MAX = 1 << 20 };

/* The body for "no update", without a final newline. */
#define ENGINE_EMPTY_XML "<?xml version=\"1.0\"?>\n<updates>\n</updates>"

/* Answers Q: fills *A and, with status 200, BODY. SCRATCH is used on the way. Both are reset first. The rule
 * that *A points to lives as long as the snapshot. */
void engine_answer(const struct snapshot *s, const struct query *q, struct dice *dice, struct buf *scratch,
                   struct buf *body, struct answer *a);

/* Points on the way to an answer, for a caller who measures time. */
enum engine_point {
    ENGINE_EVALUATED,      /* the release is chosen */
    ENGINE_PRODUCT_SOUGHT, /* it is a superblob: the release for one of its products is about to be chosen, …
                            */
    ENGINE_PRODUCT_CHOSEN, /* … and now is, or there is none */
    ENGINE_MEMBER_SOUGHT,  /* the same for a superblob that names releases */
    ENGINE_MEMBER_CHOSEN,
};

/* The same; calls REACHED(ARG, …) at each of these points. REACHED may be NULL. */
void engine_answer_watched(const struct snapshot *s, const struct query *q, struct dice *dice,
                           struct buf *scratch, struct buf *body, struct answer *a,
                           void (*reached)(void *arg, enum engine_point point), void *arg);

#endif
