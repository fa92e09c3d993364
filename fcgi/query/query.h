/* Parses update URLs into typed, cleaned fields. Only query.c parses raw URLs; everything else gets a struct
 * query. Rules: the reference's web/public/client.py and swagger/api.yml. */
#ifndef BALROG_QUERY_QUERY_H
#define BALROG_QUERY_QUERY_H

#include "core/buf.h"
#include "core/error.h"

enum {
    QUERY_URL_MAX = 16384, /* a longer URL is not parsed: no route */
    QUERY_TEXT_MAX = QUERY_URL_MAX,
};

/* What the query demands instead of the draw against backgroundRate (force=1, force=-1). */
enum force {
    FORCE_NONE = 0,
    FORCE_MAIN = 1,      /* the mapping, whatever backgroundRate is */
    FORCE_FALLBACK = -1, /* the fallbackMapping, unless backgroundRate is 100 */
};

/* Three-valued, as in rule columns: NULL, false, true. */
enum tristate {
    TRI_UNKNOWN = -1,
    TRI_FALSE = 0,
    TRI_TRUE = 1,
};

enum query_form {
    QUERY_XML,  /* /update/… */
    QUERY_JSON, /* /json/… */
};

/* A field is absent (p == NULL) if the form of the URL does not have it. Texts are borrowed from the buffer
 * that was given to query_parse(). */
struct query {
    enum query_form form;
    struct str product;
    struct str version;
    struct str build_id;
    struct str build_target;
    struct str locale;
    struct str channel;
    struct str fallback_channel; /* channel up to "-cck-", else the channel itself */
    struct str os_version;
    struct str distribution;
    struct str dist_version;
    struct str header_architecture; /* "Intel", "PPC"; absent on /json */
    struct str
        instruction_set; /* absent where systemCapabilities could not be parsed; "" where the form has none */
    struct str pin;
    enum force force;
    enum tristate mig64;
    enum tristate jaws;
    bool has_memory;
    int64_t memory; /* MB; a number that does not fit into 64 bits is clamped */
};

enum query_status {
    QUERY_OK,
    QUERY_NO_ROUTE,      /* not an update URL */
    QUERY_BAD_PARAMETER, /* an update URL with an unknown query parameter or an empty pin: a 400; E says which
                          */
};

/* Parses URI (raw, as nginx got it: path?query, still percent-encoded) into *Q, whose fields then point into
 * TEXT, which has QUERY_TEXT_MAX bytes. USER_AGENT may be absent. */
enum query_status query_parse(struct query *q, char *text, struct str uri, struct str user_agent,
                              struct error *e);

/* Appends to OUT the canonical spelling of URI, from which query_parse() has made Q: "/update/6/…/update.xml"
 * or "/json/…", in printable ASCII, percent-encoded, with the parameters force, mig64 and pin if they have an
 * effect. Parsing it gives the same struct query again. The IMEI of form 5, which identifies a person, is
 * replaced by "-". TEXT is a buffer of QUERY_TEXT_MAX bytes, and must not be the one that Q points into. */
void query_print_canonical(struct buf *out, const struct query *q, char *text, struct str uri);

/* Whether PATH, percent-decoded, has the form of a query. */
bool query_is_form(struct str path);

/* The part of CHANNEL before "-cck-", or all of it. (reference: AUS.getFallbackChannel) */
struct str query_fallback_channel(struct str channel);

#endif
