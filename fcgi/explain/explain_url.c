/* See explain_url.h. */
#include "explain/explain_url.h"

#include "explain/keeper.h"
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

/* Explains Q in a world that is read for it, with the changes made if CHANGED. */
static struct explanation *explain_alone(struct tx *tx, const struct explain_request *request,
                                         const struct query *q, bool changed, struct error *e)
{
    struct world *world = mem_new(tx->mem, struct world);
    bool ok = request->at_ms != 0 ? world_read_past(tx, tx->mem, request->at_ms, world, e)
                                  : world_read(tx, tx->mem, world, e);
    if (!ok) {
        return NULL;
    }
    if (changed) {
        world_apply(world, request->changes);
    }
    const struct snapshot *s = reach_snapshot(tx->mem, tx, world, request->settings, q, e);
    return s != NULL ? explain_query(tx->mem, s, q, request->dice) : NULL;
}

static void see_query(void *arg, void (*see)(void *see_arg, const struct query *q), void *see_arg)
{
    see(see_arg, arg);
}

static bool explain_kept(struct tx *tx, const struct explain_request *request, struct query *q,
                         struct explained *x, struct error *e)
{
    const struct kept_request wanted = { .changes = request->changes, .each_query = see_query, .arg = q };
    const struct kept *kept = keeper_take(request->keeper, tx, tx->mem, &wanted, e);
    if (kept == NULL) {
        return false;
    }
    x->now = explain_query(tx->mem, kept->now, q, request->dice);
    x->changed = kept->changed != NULL ? explain_query(tx->mem, kept->changed, q, request->dice) : NULL;
    return true;
}

static bool explain_parsed(struct tx *tx, const struct explain_request *request, struct query *q,
                           struct explained *x, struct error *e)
{
    bool changes = request->changes != NULL && request->changes->n > 0;
    if (request->keeper != NULL && request->at_ms == 0) {
        return explain_kept(tx, request, q, x, e);
    }
    x->now = explain_alone(tx, request, q, false, e);
    x->changed = x->now != NULL && changes ? explain_alone(tx, request, q, true, e) : NULL;
    return x->now != NULL && (x->changed != NULL || !changes);
}

static bool explain_path(struct tx *tx, const struct explain_request *request, struct explained *x,
                         struct error *e)
{
    struct error why;
    struct str path = explain_path_of_url(request->url);
    struct query *q = mem_new(tx->mem, struct query);
    char *text = mem_check(talloc_size(tx->mem, QUERY_TEXT_MAX));
    *x = (struct explained){ 0 };
    switch (query_parse(q, text, path, request->user_agent, &why)) {
    case QUERY_OK:
        return explain_parsed(tx, request, q, x, e);
    case QUERY_BAD_PARAMETER:
        x->now = explain_refused(tx->mem, &why);
        x->changed =
            request->changes != NULL && request->changes->n > 0 ? explain_refused(tx->mem, &why) : NULL;
        return true;
    default:
        return fail(e, FAIL_INVALID,
                    "No form of update query fits the URL: '%.*s'. Wanted is one like "
                    "/update/6/PRODUCT/VERSION/BUILDID/TARGET/LOCALE/CHANNEL/OS/SYSTEM/DISTRIBUTION/"
                    "DISTVERSION/update.xml",
                    (int)(path.n < 150 ? path.n : 150), path.p != NULL ? path.p : "");
    }
}

bool explain_url(struct tx *tx, const struct explain_request *request, struct explained *x, struct error *e)
{
    if (!explain_path(tx, request, x, e)) {
        return false;
    }
    explain_add_site(x->now, request->site);
    if (x->changed != NULL) {
        explain_add_site(x->changed, request->site);
    }
    return true;
}
