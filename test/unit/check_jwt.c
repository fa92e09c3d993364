/* Key sets and bearer tokens: what is taken, and everything that must not be. */
#include "admin/jwt.h"

#include "suite.h"
#include "tokens.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <semaphore.h>

#define NOW_S 1700000000LL
#define GOOD "\"iss\": \"https://idp/\", \"aud\": \"balrog\", \"sub\": \"u1\", \"exp\": 1700000100"

static void *ctx;
static EVP_PKEY *rsa, *other_rsa, *ec; /* the other one where a test makes it */
static const char *set_text;           /* what the next load gives; NULL: it fails */
static int loads;
static struct jwks *jwks;
static int64_t now_ms;
static struct error error;
static sem_t *begun, *may_end; /* a load that takes its time: it says that it has begun, and waits */

static bool load(void *arg, struct buf *out, struct error *e)
{
    ck_assert_ptr_eq(arg, &loads);
    loads++;
    if (begun != NULL) {
        sem_post(begun);
        sem_wait(may_end);
    }
    if (set_text == NULL) {
        return error_set(e, ERROR_UNAVAILABLE, "no way");
    }
    buf_str(out, str_of(set_text));
    return true;
}

static void setup(void)
{
    ctx = talloc_new(NULL);
    rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    set_text =
        mem_printf(ctx, "{\"keys\": [%s, %s]}",
                   jwk_of(ctx, rsa, "r", ", \"use\": \"sig\", \"alg\": \"RS256\""), jwk_of(ctx, ec, "e", ""));
    jwks = jwks_new(ctx, &(struct jwks_options){ load, &loads, .cache_s = 600, .refresh_s = 30 });
    loads = 0;
    begun = NULL;
    now_ms = NOW_S * 1000;
}

static void teardown(void)
{
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other_rsa);
    EVP_PKEY_free(ec);
    talloc_free(ctx);
}

static enum jwks_answer find(const char *kid, const char *alg)
{
    const char *key = NULL;
    enum jwks_answer answer = jwks_find(jwks, ctx, &(struct jwks_query){ kid, alg, now_ms }, &key, &error);
    ck_assert_int_eq(key != NULL, answer == JWKS_FOUND);
    return answer;
}

static enum auth_result verify(const char *token)
{
    const cJSON *claims = NULL;
    struct jwt_terms terms = { jwks, "https://idp/", "balrog" };
    enum auth_result result = jwt_verify(&terms, ctx, str_of(token), now_ms, &claims, &error);
    ck_assert(result != AUTH_OK || strcmp(json_get_string(claims, "sub"), "u1") == 0);
    return result;
}

static enum auth_result verify_rsa(const char *header, const char *payload)
{
    return verify(token_signed(ctx, rsa, header, payload));
}

/* With the members MORE besides those of a good token's payload. */
static enum auth_result verify_claims(const char *payload)
{
    return verify_rsa("{\"alg\": \"RS256\", \"kid\": \"r\"}", payload);
}

/* ---- key sets ---- */

START_TEST(keys_are_kept_for_a_while)
{
    ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
    ck_assert_int_eq(find("e", "ES256"), JWKS_FOUND);
    now_ms += 599000;
    ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
    ck_assert_int_eq(loads, 1);
    now_ms += 1000;
    ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
    ck_assert_int_eq(loads, 2);
}
END_TEST

START_TEST(an_unknown_key_is_looked_for_not_too_often)
{
    ck_assert_int_eq(find("new", "RS256"), JWKS_UNKNOWN);
    ck_assert_int_eq(loads, 1);
    other_rsa = EVP_RSA_gen(2048);
    set_text = mem_printf(ctx, "{\"keys\": [%s]}", jwk_of(ctx, other_rsa, "new", ""));
    now_ms += 29000;
    ck_assert_int_eq(find("new", "RS256"), JWKS_UNKNOWN);
    ck_assert_int_eq(loads, 1);
    now_ms += 1000;
    ck_assert_int_eq(find("new", "RS256"), JWKS_FOUND);
    ck_assert_int_eq(loads, 2);
    ck_assert_int_eq(find("r", "RS256"), JWKS_UNKNOWN);
    ck_assert_int_eq(loads, 2);
}
END_TEST

START_TEST(a_failed_load_keeps_the_old_keys)
{
    static const char *const useless[] = { NULL,
                                           "",
                                           "<html>",
                                           "[]",
                                           "{\"keys\": []}",
                                           "{\"keys\": 5}",
                                           "{\"keys\": [{\"kty\": \"RSA\", \"kid\": \"r\"}]}" };
    ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
    for (size_t i = 0; i < ARRAY_LEN(useless); i++) {
        set_text = useless[i];
        now_ms += 601000;
        ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
        ck_assert_int_eq(find("x", "RS256"), JWKS_UNKNOWN);
        ck_assert_int_eq(loads, 2 + (int)i);
    }
}
END_TEST

START_TEST(without_any_keys)
{
    const char *good = set_text;
    set_text = NULL;
    ck_assert_int_eq(find("r", "RS256"), JWKS_UNAVAILABLE);
    ck_assert_str_eq(error.what, "no way");
    ck_assert_int_eq(find("r", "RS256"), JWKS_UNAVAILABLE);
    ck_assert_int_eq(loads, 1);
    set_text = good;
    now_ms += 30000;
    ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
}
END_TEST

/* Asks as many callers at once do, at times that go on, so that sets come and go meanwhile. */
static void *ask_often(void *arg)
{
    void *own = talloc_new(NULL);
    size_t found = 0;
    (void)arg;
    for (int i = 0; i < 2000; i++) {
        const char *key;
        bool known = i % 3 != 0;
        enum jwks_answer answer = jwks_find(
            jwks, own, &(struct jwks_query){ known ? "r" : "x", "RS256", now_ms + i * 1000 }, &key, NULL);
        found += known ? answer == JWKS_FOUND : answer != JWKS_FOUND;
    }
    talloc_free(own);
    return (void *)found;
}

START_TEST(many_ask_at_once)
{
    pthread_t thread[4];
    void *found;
    ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, ask_often, NULL), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(thread[i], &found);
        ck_assert_uint_eq((size_t)found, 2000);
    }
    ck_assert_int_gt(loads, 2);
}
END_TEST

static void *ask_for_another(void *arg)
{
    const char *key;
    (void)arg;
    return (void *)(uintptr_t)jwks_find(jwks, ctx, &(struct jwks_query){ "x", "RS256", now_ms }, &key, NULL);
}

/* While a thread loads, callers with known keys go on, and others are told to come again. */
START_TEST(nobody_waits_for_a_slow_issuer)
{
    pthread_t loader;
    sem_t semaphore[2];
    void *answer;
    sem_init(&semaphore[0], 0, 0);
    sem_init(&semaphore[1], 0, 0);
    for (int known = 0; known <= 1; known++) {
        begun = &semaphore[0];
        may_end = &semaphore[1];
        ck_assert_int_eq(pthread_create(&loader, NULL, ask_for_another, NULL), 0);
        sem_wait(begun);
        begun = NULL; /* were another load to begin, loads would say so */
        ck_assert_int_eq(find("r", "RS256"), known ? JWKS_FOUND : JWKS_UNAVAILABLE);
        ck_assert_int_eq(find("x", "RS256"), JWKS_UNAVAILABLE);
        ck_assert_str_eq(error.what, "the keys are just being loaded");
        ck_assert_int_eq(loads, 1 + known);
        sem_post(may_end);
        pthread_join(loader, &answer);
        ck_assert_int_eq((int)(uintptr_t)answer, JWKS_UNKNOWN);
        ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
        now_ms += 31000;
    }
}
END_TEST

START_TEST(a_clock_put_back_does_no_harm)
{
    ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
    now_ms -= 86400000;
    ck_assert_int_eq(find("r", "RS256"), JWKS_FOUND);
    ck_assert_int_eq(loads, 2);
}
END_TEST

START_TEST(keys_that_do_not_fit_are_passed_over)
{
    EVP_PKEY *small = EVP_RSA_gen(1024);
    EVP_PKEY *p384 = EVP_EC_gen("P-384");
    set_text = mem_printf(
        ctx,
        "{\"keys\": [1, null, {}, {\"kty\": \"oct\", \"kid\": \"o\", \"k\": \"AAAA\"}, %s, %s, %s, %s, %s, "
        "{\"kty\": \"EC\", \"crv\": \"P-384\", \"kid\": \"p\", \"x\": \"%s\", \"y\": \"%s\"}, %s]}",
        jwk_of(ctx, small, "small", ""), jwk_of(ctx, rsa, "enc", ", \"use\": \"enc\""),
        jwk_of(ctx, rsa, "512", ", \"alg\": \"RS512\""),
        jwk_of(ctx, rsa, "sign", ", \"key_ops\": [\"sign\"]"),
        jwk_of(ctx, rsa, "verify", ", \"key_ops\": [\"sign\", \"verify\"]"),
        key_number(ctx, p384, OSSL_PKEY_PARAM_EC_PUB_X, 48),
        key_number(ctx, p384, OSSL_PKEY_PARAM_EC_PUB_Y, 48), jwk_of(ctx, ec, "e", ", \"d\": \"private\""));
    static const char *const useless[] = { "o", "small", "enc", "512", "sign", "p" };
    for (size_t i = 0; i < ARRAY_LEN(useless); i++) {
        ck_assert_int_eq(find(useless[i], "RS256"), JWKS_UNKNOWN);
        ck_assert_int_eq(find(useless[i], "ES256"), JWKS_UNKNOWN);
    }
    ck_assert_int_eq(find("verify", "RS256"), JWKS_FOUND);
    ck_assert_int_eq(find("verify", "ES256"), JWKS_UNKNOWN);
    ck_assert_int_eq(find("e", "ES256"), JWKS_FOUND);
    EVP_PKEY_free(small);
    EVP_PKEY_free(p384);
}
END_TEST

/* ---- tokens ---- */

START_TEST(good_tokens)
{
    ck_assert_int_eq(verify_claims("{" GOOD "}"), AUTH_OK);
    ck_assert_int_eq(verify(token_signed(ctx, ec, "{\"alg\": \"ES256\", \"kid\": \"e\"}", "{" GOOD "}")),
                     AUTH_OK);
    ck_assert_int_eq(
        verify_claims("{\"iss\": \"https://idp/\", \"aud\": [\"x\", \"balrog\"], \"sub\": \"u1\", "
                      "\"exp\": 1700000100.5, \"nbf\": 1699999999}"),
        AUTH_OK);
}
END_TEST

START_TEST(times)
{
    static const struct {
        const char *times;
        enum auth_result result;
    } cases[] = {
        { "\"exp\": 1699999991", AUTH_OK }, /* 10 s of leeway */
        { "\"exp\": 1699999990", AUTH_EXPIRED },
        { "\"exp\": 0", AUTH_EXPIRED },
        { "\"nbf\": 1700000010, \"exp\": 1700000100", AUTH_OK },
        { "\"nbf\": 1700000011, \"exp\": 1700000100", AUTH_BAD_CLAIMS },
        { "\"nbf\": \"1\", \"exp\": 1700000100", AUTH_BAD_CLAIMS },
        { "\"exp\": \"1700000100\"", AUTH_BAD_CLAIMS },
        { "\"exp\": null", AUTH_BAD_CLAIMS },
        { "\"exp\": 1e300", AUTH_BAD_CLAIMS },
        { "\"nbf\": 1", AUTH_BAD_CLAIMS },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *payload = mem_printf(
            ctx, "{\"iss\": \"https://idp/\", \"aud\": \"balrog\", \"sub\": \"u1\", %s}", cases[i].times);
        ck_assert_msg(verify_claims(payload) == cases[i].result, "%s", payload);
    }
}
END_TEST

START_TEST(issuer_and_audience)
{
    static const char *const wrong[] = {
        "\"iss\": \"https://idp\", \"aud\": \"balrog\"",
        "\"iss\": \"https://evil/\", \"aud\": \"balrog\"",
        "\"iss\": [\"https://idp/\"], \"aud\": \"balrog\"",
        "\"aud\": \"balrog\"",
        "\"iss\": \"https://idp/\", \"aud\": \"Balrog\"",
        "\"iss\": \"https://idp/\", \"aud\": []",
        "\"iss\": \"https://idp/\", \"aud\": {\"a\": \"balrog\"}",
        "\"iss\": \"https://idp/\"",
        "\"iss\": \"https://idp/\", \"aud\": [[\"balrog\"]]",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char *payload = mem_printf(ctx, "{\"sub\": \"u1\", \"exp\": 1700000100, %s}", wrong[i]);
        ck_assert_msg(verify_claims(payload) == AUTH_BAD_CLAIMS, "%s", payload);
    }
}
END_TEST

static struct str public_pem(EVP_PKEY *key)
{
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key);
    long n = BIO_get_mem_data(bio, &text);
    struct str pem = { mem_strndup(ctx, text, (size_t)n), (size_t)n };
    BIO_free(bio);
    return pem;
}

START_TEST(other_algorithms_are_refused)
{
    static const char *const algs[] = { "none",  "None",  "HS256", "HS384", "RS384", "RS512",  "PS256",
                                        "ES384", "ES512", "EdDSA", "rs256", "",      "RS256 ", "dir" };
    struct str pem = public_pem(rsa);
    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        char *header = mem_printf(ctx, "{\"alg\": \"%s\", \"kid\": \"r\"}", algs[i]);
        ck_assert_msg(verify_rsa(header, "{" GOOD "}") == AUTH_BAD_TOKEN, "%s", header);
        ck_assert_int_eq(verify(token_hmac(ctx, pem, header, "{" GOOD "}")), AUTH_BAD_TOKEN);
    }
    const char *jwk = jwk_of(ctx, rsa, "r", "");
    ck_assert_int_eq(verify(token_hmac(ctx, pem, "{\"alg\": \"RS256\", \"kid\": \"r\"}", "{" GOOD "}")),
                     AUTH_BAD_SIGNATURE);
    ck_assert_int_eq(
        verify(token_hmac(ctx, str_of(jwk), "{\"alg\": \"RS256\", \"kid\": \"r\"}", "{" GOOD "}")),
        AUTH_BAD_SIGNATURE);
    ck_assert_int_eq(loads, 1); /* nothing but the last ones led to a key */
    char *none = mem_printf(ctx, "%s.%s.", base64url(ctx, "{\"alg\":\"none\"}", 14),
                            base64url(ctx, "{" GOOD "}", strlen("{" GOOD "}")));
    ck_assert_int_eq(verify(none), AUTH_BAD_TOKEN);
}
END_TEST

START_TEST(two_algorithms_at_once)
{
    static const char *const headers[] = {
        "{\"alg\": \"HS256\", \"alg\": \"RS256\", \"kid\": \"r\"}",
        "{\"alg\": \"RS256\", \"alg\": \"HS256\", \"kid\": \"r\"}",
        "{\"alg\": \"RS256\", \"alg\": \"none\", \"kid\": \"r\"}",
    };
    struct str pem = public_pem(rsa);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        ck_assert_int_ne(verify(token_hmac(ctx, pem, headers[i], "{" GOOD "}")), AUTH_OK);
    }
}
END_TEST

START_TEST(keys_and_algorithms_must_fit)
{
    other_rsa = EVP_RSA_gen(2048);
    ck_assert_int_eq(verify(token_signed(ctx, ec, "{\"alg\": \"RS256\", \"kid\": \"e\"}", "{" GOOD "}")),
                     AUTH_UNKNOWN_KEY);
    ck_assert_int_eq(verify_rsa("{\"alg\": \"ES256\", \"kid\": \"r\"}", "{" GOOD "}"), AUTH_UNKNOWN_KEY);
    ck_assert_int_eq(verify_rsa("{\"alg\": \"ES256\", \"kid\": \"e\"}", "{" GOOD "}"), AUTH_BAD_SIGNATURE);
    ck_assert_int_eq(verify_rsa("{\"alg\": \"RS256\"}", "{" GOOD "}"), AUTH_UNKNOWN_KEY);
    ck_assert_int_eq(verify_rsa("{\"alg\": \"RS256\", \"kid\": 5}", "{" GOOD "}"), AUTH_UNKNOWN_KEY);
    ck_assert_int_eq(
        verify(token_signed(ctx, other_rsa, "{\"alg\": \"RS256\", \"kid\": \"r\"}", "{" GOOD "}")),
        AUTH_BAD_SIGNATURE);
    /* A key that comes with the token is none of ours. */
    char *own =
        mem_printf(ctx, "{\"alg\": \"RS256\", \"kid\": \"x\", \"jwk\": %s}", jwk_of(ctx, other_rsa, "x", ""));
    ck_assert_int_eq(verify(token_signed(ctx, other_rsa, own, "{" GOOD "}")), AUTH_UNKNOWN_KEY);
}
END_TEST

START_TEST(critical_extensions_are_refused)
{
    static const char *const critical[] = { "[\"b64\"]", "[]", "true", "\"b64\"", "null" };
    for (size_t i = 0; i < ARRAY_LEN(critical); i++) {
        char *header = mem_printf(ctx, "{\"alg\": \"RS256\", \"kid\": \"r\", \"crit\": %s}", critical[i]);
        ck_assert_msg(verify_rsa(header, "{" GOOD "}") == AUTH_BAD_TOKEN, "%s", header);
    }
}
END_TEST

START_TEST(payloads_that_are_no_objects)
{
    static const char *const payloads[] = { "", "null", "[]", "\"x\"", "{", "{\"exp\": 1700000100, }" };
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        ck_assert_msg(verify_claims(payloads[i]) == AUTH_BAD_TOKEN, "%s", payloads[i]);
    }
}
END_TEST

START_TEST(malformed_tokens)
{
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "...",
        "....",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "a.b.c.d.e",
        "e30.e30.",
        "e30.e30.e30",
        "{}.{}.{}",
        "\xff\xfe.a.b",
        "IiI.IiI.IiI",
        "bnVsbA.bnVsbA.bnVsbA",
        "W10.W10.W10",
        "=.=.=",
        "e30=.e30=.e30=",
    };
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        ck_assert_msg(verify(tokens[i]) == AUTH_BAD_TOKEN, "%s", tokens[i]);
    }
    char *huge = mem_check(talloc_size(ctx, 1 << 20));
    memset(huge, 'a', (1 << 20) - 1);
    huge[(1 << 20) - 1] = '\0';
    ck_assert_int_eq(verify(huge), AUTH_BAD_TOKEN);
}
END_TEST

/* Every byte of a good token changed, and every piece of it cut off. */
START_TEST(damaged_tokens)
{
    char *token = token_signed(ctx, ec, "{\"alg\": \"ES256\", \"kid\": \"e\"}", "{" GOOD "}");
    size_t n = strlen(token);
    /* Of the last letter some bits mean nothing. */
    for (size_t i = 0; i + 1 < n; i++) {
        char kept = token[i];
        token[i] = kept == 'B' ? 'C' : 'B';
        ck_assert_msg(verify(token) != AUTH_OK, "byte %zu", i);
        token[i] = kept;
    }
    for (size_t i = 0; i < n; i++) {
        char *part = mem_strndup(ctx, token, i);
        ck_assert_msg(verify(part) != AUTH_OK, "the first %zu bytes", i);
    }
    ck_assert_int_eq(verify(token), AUTH_OK);
}
END_TEST

START_TEST(no_keys_no_verdict)
{
    set_text = NULL;
    ck_assert_int_eq(verify_claims("{" GOOD "}"), AUTH_UNAVAILABLE);
    ck_assert_str_eq(error.what, "no way");
}
END_TEST

SUITE_MAIN_WITH("jwt", setup, teardown, keys_are_kept_for_a_while, an_unknown_key_is_looked_for_not_too_often,
                a_failed_load_keeps_the_old_keys, without_any_keys, many_ask_at_once,
                nobody_waits_for_a_slow_issuer, a_clock_put_back_does_no_harm,
                keys_that_do_not_fit_are_passed_over, good_tokens, times, issuer_and_audience,
                other_algorithms_are_refused, two_algorithms_at_once, keys_and_algorithms_must_fit,
                critical_extensions_are_refused, payloads_that_are_no_objects, malformed_tokens,
                damaged_tokens, no_keys_no_verdict)
