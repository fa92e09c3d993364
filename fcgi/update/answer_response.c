/* See answer_response.h. */
#include "update/answer_response.h"

static void add_rule_headers(struct response *response, const struct rule *rule)
{
    if (rule == NULL) {
        response_header(response, "Rule-ID", STR("unknown"));
        response_header(response, "Rule-Data-Version", STR("unknown"));
    } else {
        response_header_int(response, "Rule-ID", rule->row.rule_id);
        response_header_int(response, "Rule-Data-Version", rule->row.data_version);
    }
}

static void respond_bad_request(struct response *response, const char *what)
{
    struct buf escaped;
    buf_init(&escaped, 512, 8192);
    http_escape_html(&escaped, str_of(what));
    response_text(response, 400, "text/plain; charset=utf-8", buf_view(&escaped));
    buf_free(&escaped);
}

void answer_response(struct response *response, const struct query *q, const struct answer *a)
{
    response->status = a->status;
    if (a->status == 400) {
        respond_bad_request(response, a->error.what);
    } else if (a->status == 404) {
        response->content_type = "text/html; charset=utf-8";
    } else {
        response->content_type = q->form == QUERY_XML ? "text/xml; charset=utf-8" : "application/json";
        add_rule_headers(response, a->rule);
    }
}
