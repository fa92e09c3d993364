/* See etag.h. */
#include "web/etag.h"

#include "core/hex.h"

#include <openssl/sha.h>

enum { TAG_BYTES = 16 }; /* of the hash */

/* Takes the tag at the beginning of *REST, with its quotes and without W/; absent if there is none. */
static struct str next_tag(struct str *rest)
{
    if (str_starts(*rest, STR("W/"))) {
        *rest = str_slice(*rest, 2, rest->n);
    }
    const char *end = rest->n > 1 && rest->p[0] == '"' ? memchr(rest->p + 1, '"', rest->n - 1) : NULL;
    if (end == NULL) {
        return STR_NONE;
    }
    size_t n = (size_t)(end - rest->p) + 1;
    struct str tag = str_slice(*rest, 0, n);
    *rest = str_slice(*rest, n, rest->n);
    return tag;
}

bool etag_matches(struct str list, struct str tag)
{
    struct str rest = str_strip(list);
    if (str_eq(rest, STR("*"))) {
        return true;
    }
    while (rest.n > 0) {
        struct str one = next_tag(&rest);
        if (str_absent(one)) {
            return false;
        }
        if (str_eq(one, tag)) {
            return true;
        }
        rest = str_strip(rest);
        if (rest.n > 0 && rest.p[0] != ',') {
            return false;
        }
        while (rest.n > 0 && rest.p[0] == ',') {
            rest = str_strip(str_slice(rest, 1, rest.n));
        }
    }
    return false;
}

void etag_answer(const struct request *request, struct response *response)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    struct buf tag;
    bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
    if (!reads || response->status != 200 || response->body.full) {
        return;
    }
    const char *body = response->body.n > 0 ? response->body.p : "";
    SHA256((const unsigned char *)body, response->body.n, hash);
    buf_init(&tag, 2 + 2 * TAG_BYTES, 2 + 2 * TAG_BYTES);
    buf_char(&tag, '"');
    hex_print(&tag, (struct str){ (const char *)hash, TAG_BYTES });
    buf_char(&tag, '"');
    response_header(response, "ETag", buf_view(&tag));
    if (etag_matches(request_param(request, "HTTP_IF_NONE_MATCH"), buf_view(&tag))) {
        response->status = 304;
        response->content_type = NULL;
        buf_reset(&response->body);
    }
    buf_free(&tag);
}
