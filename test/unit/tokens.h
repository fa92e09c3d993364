/* Keys, key sets and tokens for tests, made with OpenSSL: nothing of what is tested takes part. */
#ifndef BALROG_TEST_TOKENS_H
#define BALROG_TEST_TOKENS_H

#include "core/buf.h"
#include "core/mem.h"

#include <check.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* Base64url without padding. */
static inline char *base64url(void *ctx, const void *bytes, size_t n)
{
    char *text = mem_check(talloc_size(ctx, n * 4 / 3 + 8));
    int length = EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
    while (length > 0 && text[length - 1] == '=') {
        length--;
    }
    text[length] = '\0';
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    return text;
}

static inline char *key_number(void *ctx, EVP_PKEY *key, const char *name, size_t size)
{
    BIGNUM *n = NULL;
    unsigned char bytes[1024];
    ck_assert_int_eq(EVP_PKEY_get_bn_param(key, name, &n), 1);
    size = size > 0 ? size : (size_t)BN_num_bytes(n);
    ck_assert_int_eq(BN_bn2binpad(n, bytes, (int)size), (int)size);
    BN_free(n);
    return base64url(ctx, bytes, size);
}

/* KEY (RSA or P-256) as a JWK with the id KID; MORE: further members, ", \"use\": …". */
static inline char *jwk_of(void *ctx, EVP_PKEY *key, const char *kid, const char *more)
{
    if (EVP_PKEY_get_id(key) == EVP_PKEY_RSA) {
        return mem_printf(ctx, "{\"kty\": \"RSA\", \"kid\": \"%s\", \"n\": \"%s\", \"e\": \"%s\"%s}", kid,
                          key_number(ctx, key, OSSL_PKEY_PARAM_RSA_N, 0),
                          key_number(ctx, key, OSSL_PKEY_PARAM_RSA_E, 0), more);
    }
    return mem_printf(
        ctx, "{\"kty\": \"EC\", \"crv\": \"P-256\", \"kid\": \"%s\", \"x\": \"%s\", \"y\": \"%s\"%s}", kid,
        key_number(ctx, key, OSSL_PKEY_PARAM_EC_PUB_X, 32),
        key_number(ctx, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32), more);
}

/* The 64 bytes of r and s, which JWS has instead of DER. */
static inline void ecdsa_raw(const unsigned char *der, size_t n, unsigned char raw[64])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
}

/* "HEADER.PAYLOAD" with its signature by KEY (SHA-256; RSA PKCS #1 or ECDSA). */
static inline char *token_signed(void *ctx, EVP_PKEY *key, const char *header, const char *payload)
{
    unsigned char sig[1024], raw[64];
    size_t n = sizeof sig;
    char *text = mem_printf(ctx, "%s.%s", base64url(ctx, header, strlen(header)),
                            base64url(ctx, payload, strlen(payload)));
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    ck_assert_int_eq(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key), 1);
    ck_assert_int_eq(EVP_DigestSign(md, sig, &n, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(md);
    if (EVP_PKEY_get_id(key) == EVP_PKEY_RSA) {
        return mem_printf(ctx, "%s.%s", text, base64url(ctx, sig, n));
    }
    ecdsa_raw(sig, n, raw);
    return mem_printf(ctx, "%s.%s", text, base64url(ctx, raw, sizeof raw));
}

/* The same with HMAC-SHA256 under SECRET. */
static inline char *token_hmac(void *ctx, struct str secret, const char *header, const char *payload)
{
    unsigned char mac[32];
    unsigned n = sizeof mac;
    char *text = mem_printf(ctx, "%s.%s", base64url(ctx, header, strlen(header)),
                            base64url(ctx, payload, strlen(payload)));
    HMAC(EVP_sha256(), secret.p, (int)secret.n, (const unsigned char *)text, strlen(text), mac, &n);
    return mem_printf(ctx, "%s.%s", text, base64url(ctx, mac, n));
}

#endif
