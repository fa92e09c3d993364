/* Handlers of /api/v1/releases…: lists of releases, one release, one locale of it. */
#include "ops/log.h"
#include "public/api.h"
#include "public/handlers.h"
#include "store/reader.h"
#include "store/release.h"
#include "store/release_list.h"

enum { RELEASE_NAME_MAX = 100 };

struct release_listing {
    struct release_filter filter;
    struct buf *out;
};

/* Prints the list within a transaction that only reads. */
static bool read_with(struct db *db, struct release_listing *l,
                      bool (*print)(struct tx *tx, const struct release_filter *filter, struct buf *out,
                                    struct error *e),
                      struct error *e)
{
    struct tx_request request = { .username = "", .read_only = true };
    void *mem = mem_check(talloc_new(NULL));
    struct tx tx = { .db = db, .request = &request, .mem = mem, .lasting = mem };
    bool ok = reader_begin(db, e) && print(&tx, &l->filter, l->out, e) && reader_end(db, e);
    talloc_free(tx.mem);
    return ok;
}

static bool read_names(struct db *db, void *arg, struct error *e)
{
    struct release_listing *l = arg;
    buf_reset(l->out);
    buf_lit(l->out, "{\"names\":");
    return read_with(db, l, release_list_names, e);
}

static bool read_list(struct db *db, void *arg, struct error *e)
{
    struct release_listing *l = arg;
    buf_reset(l->out);
    buf_lit(l->out, "{\"releases\":");
    return read_with(db, l, release_list_print, e);
}

void api_get_releases(struct call *call)
{
    struct release_listing l = {
        .filter = { call_arg(call, "product"), call_arg(call, "name_prefix") },
        .out = &call->response->body,
    };
    if (api_check_ascii(call, "product", l.filter.product) &&
        api_check_ascii(call, "name_prefix", l.filter.name_prefix) &&
        api_read_big(call, api_flag(call, "names_only") ? read_names : read_list, &l)) {
        buf_lit(l.out, "}\n");
        api_json(call);
    }
}

/* ---- one release ---- */

struct release_reading {
    void *ctx;
    struct str release, platform, locale;
    struct release_doc doc;
};

static bool read_whole(struct db *db, void *arg, struct error *e)
{
    struct release_reading *r = arg;
    return reader_begin(db, e) && release_read(db, r->ctx, r->release, &r->doc, e) && reader_end(db, e);
}

static bool read_locale(struct db *db, void *arg, struct error *e)
{
    struct release_reading *r = arg;
    return reader_begin(db, e) &&
           release_read_locale(db, r->ctx, r->release, r->platform, r->locale, &r->doc, e) &&
           reader_end(db, e);
}

/* Responds with the release that was read, or with a 404, which has the detail MISSING if there is none. */
static void respond_release(struct call *call, const struct release_reading *r, enum json_style style,
                            const char *missing)
{
    switch (r->doc.state) {
    case RELEASE_MISSING:
        api_not_found(call, missing, NULL);
        break;
    case RELEASE_BROKEN:
        log_write(LOG_ERROR, "api.broken_release", call->request->id, "%.*s: %s", STR_ARG(r->release),
                  r->doc.why.what);
        api_not_found(call,
                      mem_printf(call->ctx, "What is stored of release %.*s is not valid JSON: %s",
                                 STR_ARG(r->release), r->doc.why.what),
                      NULL);
        break;
    case RELEASE_FOUND:
        if (r->doc.has_version) {
            response_header_int(call->response, "X-Data-Version", r->doc.data_version);
        }
        json_print(&call->response->body, r->doc.json, style);
        api_json(call);
        break;
    }
}

static bool check_name(struct call *call, struct str release)
{
    if (release.n > RELEASE_NAME_MAX) {
        response_problem(call->response, 400, http_reason(400),
                         mem_printf(call->ctx, "release: longer than %d characters", RELEASE_NAME_MAX), NULL);
        return false;
    }
    return api_check_ascii(call, "release", release);
}

void api_get_release(struct call *call)
{
    struct release_reading r = { .ctx = call->ctx, .release = call->param[0] };
    if (check_name(call, r.release) && api_read_big(call, read_whole, &r)) {
        respond_release(call, &r, api_flag(call, "pretty") ? JSON_PRETTY : JSON_DUMPS_SORTED,
                        mem_printf(call->ctx, "Release name: %.*s not found", STR_ARG(r.release)));
    }
}

void api_get_release_locale(struct call *call)
{
    struct release_reading r = { call->ctx, call->param[0], call->param[1], call->param[2], { 0 } };
    if (check_name(call, r.release) && api_check_ascii(call, "platform", r.platform) &&
        api_check_ascii(call, "locale", r.locale) && api_read_big(call, read_locale, &r)) {
        respond_release(call, &r, JSON_DUMPS,
                        mem_printf(call->ctx, "[\"Couldn't find locale identified by: %.*s, %.*s, %.*s\"]",
                                   STR_ARG(r.release), STR_ARG(r.platform), STR_ARG(r.locale)));
    }
}
