/* See merged.h. */
#include "public/merged.h"

#include "core/mem.h"
#include "core/percent.h"
#include "public/routes.h"
#include "query/query.h"
#include "web/router.h"

enum { LOCATION_MAX = 3 * QUERY_URL_MAX + 16 };

/* The page that goes with the address. */
static void print_page(struct buf *out, struct str location)
{
    struct buf link;
    buf_init(&link, location.n + 64, 6 * LOCATION_MAX);
    for (size_t i = 0; i < location.n; i++) {
        if (location.p[i] == '&') {
            buf_lit(&link, "&amp;");
        } else if (location.p[i] == '\'') {
            buf_lit(&link, "&#39;");
        } else { /* what else had to be written otherwise is escaped in LOCATION */
            buf_char(&link, location.p[i]);
        }
    }
    buf_lit(out, "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n"
                 "<p>You should be redirected automatically to the target URL: <a href=\"");
    buf_str(out, buf_view(&link));
    buf_lit(out, "\">");
    buf_str(out, buf_view(&link));
    buf_lit(out, "</a>. If not, click the link.\n");
    buf_free(&link);
}

static void respond_redirect(const struct request *r, struct str path, struct response *response)
{
    struct buf location;
    buf_init(&location, path.n + 64, LOCATION_MAX);
    percent_encode_but(&location, path, "!$&'()*+,/:;=@");
    if (r->args.n > 0) {
        buf_char(&location, '?');
        percent_encode_but(&location, r->args, "!$&'()*+,/:;=?@%");
    }
    response->status = 308;
    response->content_type = "text/html; charset=utf-8";
    response_header(response, "Location", buf_view(&location));
    print_page(&response->body, buf_view(&location));
    buf_free(&location);
}

bool merged_redirect(const struct request *r, struct response *response)
{
    if (r->uri.n > QUERY_URL_MAX ||
        (!str_contains(r->path, STR("//")) && !str_contains(r->path, STR("%2")))) {
        return false;
    }
    char *text = mem_check(talloc_size(NULL, r->path.n + 1));
    struct str all = { text, percent_decode_path(text, r->path) };
    struct str whole = percent_one_leading_slash(all);
    struct str path = { text + (whole.p - text), percent_merge_slashes(text + (whole.p - text), whole.n) };
    unsigned methods = path.n == whole.n     ? 0
                       : query_is_form(path) ? METHOD_GET | METHOD_HEAD | METHOD_OPTIONS
                                             : router_methods(public_routes, public_n_routes, path);
    if (methods != 0 && (methods & r->method) != 0) {
        respond_redirect(r, path, response);
    } else if (methods != 0) {
        response_header(response, "Allow", STR("GET, HEAD, OPTIONS"));
        response_problem(response, 405, "Method Not Allowed",
                         "The method is not allowed for the requested URL.", NULL);
    }
    talloc_free(text);
    return methods != 0;
}
