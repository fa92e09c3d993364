/* cjose checks the signature. Everything that selects the key and the algorithm is read from the header as
 * cjose parsed it, so that the two cannot disagree. Tokens with HMAC, "none" or any other algorithm are
 * refused before a key is looked up. */
#include "admin/jwt.h"

#include "store/table.h"

#include <cjose/cjose.h>
#include <math.h>

/* "RS256" or "ES256" where HEADER says so, else NULL. */
static const char *taken_algorithm(cjose_header_t *header)
{
    cjose_err error;
    const char *alg = cjose_header_get(header, CJOSE_HDR_ALG, &error);
    return alg == NULL                 ? NULL
           : strcmp(alg, "RS256") == 0 ? "RS256"
           : strcmp(alg, "ES256") == 0 ? "ES256"
                                       : NULL;
}

/* Whether the header of TOKEN asks for extensions, none of which is implemented, or cannot be read. cjose
 * does not check this. */
static bool is_extended(struct str token)
{
    cjose_err error;
    struct error e;
    struct str encoded = STR_NONE;
    uint8_t *text;
    size_t n;
    if (!str_split(&token, '.', &encoded) ||
        !cjose_base64url_decode(encoded.p, encoded.n, &text, &n, &error)) {
        return true;
    }
    cJSON *header = json_parse((struct str){ (const char *)text, n }, &e);
    bool extended = header == NULL || json_get(header, "crit") != NULL;
    cJSON_Delete(header);
    cjose_get_dealloc()(text);
    return extended;
}

static bool signature_holds(cjose_jws_t *jws, const char *jwk)
{
    cjose_err error;
    cjose_jwk_t *key = cjose_jwk_import(jwk, strlen(jwk), &error);
    bool holds = key != NULL && cjose_jws_verify(jws, key, &error);
    cjose_jwk_release(key);
    return holds;
}

static const cJSON *payload_of(cjose_jws_t *jws, void *ctx)
{
    cjose_err error;
    struct error e;
    uint8_t *text;
    size_t n;
    if (!cjose_jws_get_plaintext(jws, &text, &n, &error)) {
        return NULL;
    }
    const cJSON *payload = json_keep(ctx, json_parse((struct str){ (const char *)text, n }, &e));
    return cJSON_IsObject(payload) ? payload : NULL;
}

static bool is_text(const cJSON *value, const char *text)
{
    return cJSON_IsString(value) && strcmp(value->valuestring, text) == 0;
}

static bool has_audience(const cJSON *aud, const char *audience)
{
    const cJSON *item;
    if (!cJSON_IsArray(aud)) {
        return is_text(aud, audience);
    }
    cJSON_ArrayForEach(item, aud)
    {
        if (is_text(item, audience)) {
            return true;
        }
    }
    return false;
}

/* Seconds since 1970, before the year 5000. */
static bool is_time(const cJSON *value)
{
    return cJSON_IsNumber(value) && fabs(value->valuedouble) < 1e11;
}

/* exp is required, nbf is optional. */
static enum auth_result check_claims(const struct jwt_terms *terms, const cJSON *claims, int64_t now_ms)
{
    double now = (double)now_ms / 1000;
    const cJSON *exp = json_get(claims, "exp");
    const cJSON *nbf = json_get(claims, "nbf");
    if (!is_time(exp) || (nbf != NULL && !is_time(nbf))) {
        return AUTH_BAD_CLAIMS;
    }
    if (now >= exp->valuedouble + JWT_LEEWAY_S) {
        return AUTH_EXPIRED;
    }
    if ((nbf != NULL && now < nbf->valuedouble - JWT_LEEWAY_S) ||
        !is_text(json_get(claims, "iss"), terms->issuer) ||
        !has_audience(json_get(claims, "aud"), terms->audience)) {
        return AUTH_BAD_CLAIMS;
    }
    return AUTH_OK;
}

static enum auth_result verify_parsed(const struct jwt_terms *terms, void *ctx, cjose_jws_t *jws,
                                      int64_t now_ms, const cJSON **claims, struct error *e)
{
    cjose_err error;
    const char *jwk;
    cjose_header_t *header = cjose_jws_get_protected(jws);
    const char *alg = taken_algorithm(header);
    const char *kid = cjose_header_get(header, CJOSE_HDR_KID, &error);
    if (alg == NULL) {
        return AUTH_BAD_TOKEN;
    }
    struct jwks_query query = { .kid = kid, .alg = alg, .now_ms = now_ms };
    enum jwks_answer found = kid != NULL ? jwks_find(terms->jwks, ctx, &query, &jwk, e) : JWKS_UNKNOWN;
    if (found != JWKS_FOUND) {
        return found == JWKS_UNKNOWN ? AUTH_UNKNOWN_KEY : AUTH_UNAVAILABLE;
    }
    if (!signature_holds(jws, jwk)) {
        return AUTH_BAD_SIGNATURE;
    }
    *claims = payload_of(jws, ctx);
    return *claims != NULL ? check_claims(terms, *claims, now_ms) : AUTH_BAD_TOKEN;
}

enum auth_result jwt_verify(const struct jwt_terms *terms, void *ctx, struct str token, int64_t now_ms,
                            const cJSON **claims, struct error *e)
{
    cjose_err error;
    if (token.n == 0 || token.n > JWT_TEXT_MAX) {
        return AUTH_BAD_TOKEN;
    }
    cjose_jws_t *jws = cjose_jws_import(token.p, token.n, &error);
    if (jws == NULL) {
        return AUTH_BAD_TOKEN;
    }
    enum auth_result result =
        is_extended(token) ? AUTH_BAD_TOKEN : verify_parsed(terms, ctx, jws, now_ms, claims, e);
    cjose_jws_release(jws);
    return result;
}
