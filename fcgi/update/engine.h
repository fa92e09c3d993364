/* The answer to an update query, from a snapshot alone (reference: AUS.evaluateRules, web/public/client.py,
 * json.py). */
#ifndef BALROG_UPDATE_ENGINE_H
#define BALROG_UPDATE_ENGINE_H

#include "core/buf.h"
#include "update/snapshot.h"

/* Random source for the backgroundRate decision. */
struct random_source {
    uint64_t state; /* of the generator; not 0 */
    int fixed;      /* what every draw gives, 0 to 99; -1: random numbers */
};

/* Why a query got the answer that it got. Each has a counter. */
enum reason {
    REASON_SERVED,
    REASON_NO_RULE,
    REASON_SHUT_OFF,
    REASON_NULL_MAPPING,    /* the rule says: no update */
    REASON_THROTTLED,       /* held back by backgroundRate, and the rule has no fallbackMapping */
    REASON_UP_TO_DATE,      /* the release has nothing newer for this client, or not its platform */
    REASON_PIN_UNAVAILABLE, /* the pinned release cannot be served, or is newer than the pin */
    REASON_BAD_REQUEST,     /* a 400 */
    REASON_NO_RELEASE,      /* the rule or pin points at a release that is missing or broken */
    REASON_BROKEN,          /* the release lacks something that this answer needs */
    REASON_NO_ROUTE,        /* not an update URL; the engine does not use this one */
    REASON_COUNT
};
/* "served", "no_rule", …: for metrics and logs. */
const char *engine_reason_name(enum reason reason);

/* What a random draw against the rule's backgroundRate decided. */
enum throttle {
    THROTTLE_NONE,     /* there was no draw */
    THROTTLE_PASSED,   /* the mapping */
    THROTTLE_FALLBACK, /* the fallbackMapping */
    THROTTLE_WITHHELD, /* not the mapping, and the rule has no fallbackMapping */
    THROTTLE_COUNT
};

struct answer {
    int status; /* 200; 400 with error.what as text; 404 (JSON only) without a body */
    enum reason reason;
    const struct rule *rule; /* NULL: none matched, or shut off */
    enum throttle throttle;  /* of that rule; each product of a superblob has a draw of its own */
    bool is_random;          /* another draw might have given another answer */
    struct error error;      /* set for status 400 and the reasons NO_RELEASE and BROKEN; for
                                PIN_UNAVAILABLE only if the pin is wrong */
    struct error
        skipped; /* kind != ERROR_NONE: a part was left out of the answer, and this says which and why */
};

enum { ENGINE_BODY_MAX = 1 << 20 };

/* The body for "no update", without a final newline. */
#define ENGINE_EMPTY_XML "<?xml version=\"1.0\"?>\n<updates>\n</updates>"

/* Answers Q: fills *A and, with status 200, BODY. SCRATCH is for work in between; both buffers are reset
 * first. SOURCE decides about backgroundRate. The rule that *A points to lives as long as the snapshot.
 * Allocates nothing unless a buffer has to grow. */
void engine_answer(const struct snapshot *s, const struct query *q, struct random_source *source,
                   struct buf *scratch, struct buf *body, struct answer *a);

/* Moments in the making of an answer, for a caller that measures time. */
enum engine_point {
    ENGINE_EVALUATED,      /* the release was chosen */
    ENGINE_PRODUCT_SOUGHT, /* superblob: the choice of a release for one of its products begins … */
    ENGINE_PRODUCT_CHOSEN, /* … and has ended, with or without a release */
    ENGINE_MEMBER_SOUGHT,  /* the same for a superblob that names releases */
    ENGINE_MEMBER_CHOSEN,
};

/* The same; also calls REACHED(ARG, …) at each of these moments, unless REACHED is NULL. */
void engine_answer_watched(const struct snapshot *s, const struct query *q, struct random_source *source,
                           struct buf *scratch, struct buf *body, struct answer *a,
                           void (*reached)(void *arg, enum engine_point point), void *arg);

#endif
