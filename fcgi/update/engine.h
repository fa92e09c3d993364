/* The answer to an update query, from a snapshot alone (reference: AUS.evaluateRules, web/public/client.py,
 * json.py). */
#ifndef BALROG_UPDATE_ENGINE_H
#define BALROG_UPDATE_ENGINE_H

#include "core/buf.h"
#include "update/snapshot.h"

/* The outcomes of draws, given in advance. A draw beyond the last one given is won, and is added with its
 * rate: so a caller can go through all answers that a query can get. */
enum { DRAWS_MAX = 12 };
struct draw_script {
    unsigned n;  /* draws given, or made so far; those beyond DRAWS_MAX are won and not recorded */
    unsigned at; /* the next draw */
    struct {
        int rate; /* percent of the draws that are won */
        bool lost;
    } draw[DRAWS_MAX];
};

/* Random source for the backgroundRate decision. */
enum { DRAW_RANDOM = -1, DRAW_SCRIPTED = -2 };
struct random_source {
    uint64_t state;             /* of the generator; not 0 */
    int fixed;                  /* what every draw gives, 0 to 99; or one of the two above */
    struct draw_script *script; /* for DRAW_SCRIPTED */
};

/* Why a query got the answer that it got. Each has a counter. */
enum reason {
    REASON_SERVED,
    REASON_NO_RULE,
    REASON_SHUT_OFF,
    REASON_PARTIAL_STOP,    /* shut off for a part of the channel, to which this query belongs */
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

/* What a query leads to, before anything of the answer is written. */
struct engine_choice {
    const struct release *release; /* NULL: nothing is served, REASON says why */
    const struct rule *rule;       /* NULL: no rule matched, or updates are shut off */
    const struct rule *stop;       /* the partial stop that matches; NULL: none does, or all are shut off */
    enum reason reason;
    enum throttle throttle;
    bool is_random;      /* another draw might lead to something else */
    struct str mapping;  /* the release that the rule and the draw give; absent: none */
    struct str awaited;  /* a release that was needed and is still to be compiled; absent: there was none */
    struct str pinned;   /* the release that the query's pin gives instead; absent: the pin changes nothing */
    struct error *error; /* the caller's; says what is wrong where REASON does not say it all */
};

struct answer {
    int status; /* 200; 400 with error.what as text; 404 (JSON only) without a body */
    enum reason reason;
    const struct rule *rule; /* NULL: none matched, or shut off */
    enum throttle throttle;  /* of that rule; each product of a superblob has a draw of its own */
    bool is_random;          /* another draw might have given another answer */
    struct str awaited; /* a release that is still to be compiled (snapshot_awaits()) was needed: ask again.
                           Absent: it was not. It lives as long as the snapshot */
    struct error error; /* set for status 400 and the reasons NO_RELEASE and BROKEN; for
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

/* The first step of engine_answer(), for explanations: chooses a release for Q. ERROR must be clear. */
void engine_choose(const struct snapshot *s, const struct query *q, struct random_source *source,
                   struct error *error, struct engine_choice *c);
/* What the engine asks a release with for Q. */
struct release_env engine_release_env(const struct snapshot *s, const struct query *q,
                                      struct str update_type);

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
