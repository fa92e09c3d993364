/* See autograph.h. The request is a list of one hash and the name of the key to sign it with, the answer a
 * list of one signature; Hawk covers the request. */
#include "public/autograph.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/mem.h"
#include "public/hawk.h"
#include "public/metrics.h"
#include "web/client.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>

enum { AUTOGRAPH_ANSWER_MAX = 64 << 10, AUTOGRAPH_REQUEST_MAX = 4 << 10, NONCE_BYTES = 12 };

struct autograph {
    const char *url; /* of the signing endpoint */
    const char *resource;
    struct client_url where;
    const char *keyid;
    const char *user;
    const char *password;
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

struct autograph *autograph_new(void *ctx, const struct config_signer *c, struct error *e)
{
    struct autograph *a = mem_new(ctx, struct autograph);
    if (!is_given(c->autograph_keyid) || !is_given(c->autograph_user) || !is_given(c->autograph_password)) {
        error_set(e, ERROR_INTERNAL,
                  "autograph_url needs autograph_keyid, autograph_user and a password with it");
        goto fail;
    }
    if (!hawk_id_ok(c->autograph_user)) {
        error_set(e, ERROR_INTERNAL,
                  "autograph_user may hold printable ASCII only, and no quote or backslash");
        goto fail;
    }
    if (!client_url_parse(c->autograph_url, &a->where, e)) {
        error_prefix(e, "autograph_url");
        goto fail;
    }
    size_t n = strlen(c->autograph_url);
    while (c->autograph_url[n - 1] == '/') {
        n--;
    }
    a->url = mem_printf(a, "%.*s/sign/hash", (int)n, c->autograph_url);
    a->resource = mem_printf(a, "%s/sign/hash", a->where.path);
    a->keyid = mem_strdup(a, c->autograph_keyid);
    a->user = mem_strdup(a, c->autograph_user);
    a->password = mem_strdup(a, c->autograph_password);
    return a;
fail:
    talloc_free(a);
    return NULL;
}

static void write_request(const struct autograph *a, const struct digest *d, struct buf *out)
{
    char base64[DIGEST_BYTES / 3 * 4 + 1];
    EVP_EncodeBlock((unsigned char *)base64, d->bytes, sizeof d->bytes);
    buf_printf(out, "[{\"input\": \"%s\", \"keyid\": ", base64);
    json_print_string(out, str_of(a->keyid));
    buf_lit(out, "}]");
}

static bool write_authorization(const struct autograph *a, struct str payload, struct buf *out,
                                struct error *e)
{
    unsigned char bytes[NONCE_BYTES];
    char nonce[NONCE_BYTES / 3 * 4 + 1];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return error_set(e, ERROR_UNAVAILABLE, "no random bytes for a nonce");
    }
    EVP_EncodeBlock((unsigned char *)nonce, bytes, sizeof bytes);
    struct hawk h = {
        .id = a->user,
        .key = a->password,
        .time_s = clock_wall_ms() / 1000,
        .nonce = nonce,
        .method = "POST",
        .resource = a->resource,
        .host = a->where.host,
        .port = a->where.port,
        .content_type = "application/json",
        .payload = payload,
    };
    buf_lit(out, "Authorization: ");
    hawk_header(&h, out);
    buf_char(out, '\0');
    return true;
}

static bool signature_ok(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=";
    size_t n = strlen(text);
    return n > 0 && n < SIGNATURE_MAX && strspn(text, allowed) == n;
}

static bool read_answer(struct str text, struct signature *out, struct error *e)
{
    cJSON *list = json_parse(text, NULL);
    bool one = cJSON_IsArray(list) && cJSON_GetArraySize(list) == 1;
    const cJSON *item = one ? cJSON_GetArrayItem(list, 0) : NULL;
    const char *signature = json_get_string(item, "signature");
    const char *x5u = json_get_string(item, "x5u");
    bool ok = signature != NULL && x5u != NULL && signature_ok(signature) && x5u_ok(x5u);
    if (ok) {
        snprintf(out->text, sizeof out->text, "%s", signature);
        snprintf(out->x5u, sizeof out->x5u, "%s", x5u);
    } else if (!one) {
        error_set(e, ERROR_UNAVAILABLE, "the answer is not a list of one signature");
    } else {
        error_set(e, ERROR_UNAVAILABLE, "the answer's signature or x5u is missing or malformed");
    }
    cJSON_Delete(list);
    return ok;
}

static bool post_request(const struct autograph *a, struct str request, const char *authorization,
                         const atomic_bool *stop, struct signature *out, struct error *e)
{
    const char *headers[] = { "Content-Type: application/json", "Accept: application/json", authorization };
    struct client_request p = {
        .url = a->url,
        .headers = headers,
        .n_headers = ARRAY_LEN(headers),
        .body = request,
        .connect_timeout_ms = AUTOGRAPH_CONNECT_MS,
        .timeout_ms = AUTOGRAPH_TRY_MS,
        .stop = stop,
    };
    struct buf answer;
    int status = 0;
    buf_init(&answer, 2048, AUTOGRAPH_ANSWER_MAX);
    bool answered = client_send(&p, &answer, &status, e);
    bool ok = answered &&
              ((status >= 200 && status <= 299) || error_set(e, ERROR_UNAVAILABLE, "status %d", status));
    if (answered) {
        metric_count(&public_metric[PUBLIC_AUTOGRAPH], web_status(status));
    }
    if (!ok) {
        metric_count(&public_metric[PUBLIC_AUTOGRAPH_ERRORS], AUTOGRAPH_REQUEST);
    } else if (!read_answer(buf_view(&answer), out, e)) {
        metric_count(&public_metric[PUBLIC_AUTOGRAPH_ERRORS], AUTOGRAPH_UNKNOWN);
        ok = false;
    }
    buf_free(&answer);
    return ok;
}

bool autograph_ask(const struct autograph *a, const struct digest *d, const atomic_bool *stop,
                   struct signature *out, struct error *e)
{
    struct buf request;
    struct buf authorization;
    buf_init(&request, 512, AUTOGRAPH_REQUEST_MAX);
    buf_init(&authorization, 512, AUTOGRAPH_REQUEST_MAX);
    write_request(a, d, &request);
    bool ok = write_authorization(a, buf_view(&request), &authorization, e);
    if (ok && (request.full || authorization.full)) {
        ok = error_set(e, ERROR_INTERNAL, "the configured user or keyid is too long");
    }
    ok = ok && post_request(a, buf_view(&request), authorization.p, stop, out, e);
    buf_free(&request);
    buf_free(&authorization);
    return ok || error_prefix(e, "Autograph at %s", a->where.host);
}

unsigned autograph_pause_ms(unsigned failed, double random)
{
    double most = failed <= 1 ? 100 : 500;
    return (unsigned)(most * (0.5 + 0.5 * random));
}
