/* See explain_url.h. */
#include "explain/explain_url.h"

#include "explain/reach.h"
#include "store/fail.h"

struct str explain_path_of_url(struct str url)
{
    static const struct str schemes[] = { { "https://", 8 }, { "http://", 7 } };
    url = str_strip(url);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (str_starts(url, schemes[i])) {
            struct str rest = str_slice(url, schemes[i].n, url.n);
            ptrdiff_t slash = str_find(rest, STR("/"));
            return slash < 0 ? STR("") : str_slice(rest, (size_t)slash, rest.n);
        }
    }
    return url;
}

static bool read_world(struct tx *tx, const struct explain_request *request, struct world *world,
                       struct error *e)
{
    bool ok = request->at_ms != 0 ? world_read_past(tx, tx->mem, request->at_ms, world, e)
                                  : world_read(tx, tx->mem, world, e);
    if (ok && request->changes != NULL) {
        world_apply(world, request->changes);
    }
    return ok;
}

static bool explain_parsed(struct tx *tx, const struct explain_request *request, const struct query *q,
                           struct explanation **explained, struct error *e)
{
    struct world *world = mem_new(tx->mem, struct world);
    if (!read_world(tx, request, world, e)) {
        return false;
    }
    const struct snapshot *s = reach_snapshot(tx->mem, tx, world, request->settings, q, e);
    if (s == NULL) {
        return false;
    }
    *explained = explain_query(tx->mem, s, q, request->dice);
    return true;
}

bool explain_url(struct tx *tx, const struct explain_request *request, struct explanation **explained,
                 struct error *e)
{
    struct error why;
    struct str path = explain_path_of_url(request->url);
    struct query *q = mem_new(tx->mem, struct query);
    char *text = mem_check(talloc_size(tx->mem, QUERY_TEXT_MAX));
    switch (query_parse(q, text, path, request->user_agent, &why)) {
    case QUERY_OK:
        return explain_parsed(tx, request, q, explained, e);
    case QUERY_BAD_PARAMETER:
        *explained = explain_refused(tx->mem, &why);
        return true;
    default:
        return fail(e, FAIL_INVALID,
                    "No form of update query fits the URL: '%.*s'. Wanted is one like "
                    "/update/6/PRODUCT/VERSION/BUILDID/TARGET/LOCALE/CHANNEL/OS/SYSTEM/DISTRIBUTION/"
                    "DISTVERSION/update.xml",
                    (int)(path.n < 150 ? path.n : 150), path.p != NULL ? path.p : "");
    }
}
