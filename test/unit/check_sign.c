/* Content signatures: Hawk, local keys, the cache, settings. How requests share signings is
 * check_sign_shared's. */
#include "core/mem.h"
#include "public/autograph.h"
#include "public/hawk.h"
#include "public/sign.h"
#include "public/sign_cache.h"
#include "public/sign_key.h"

#include <check.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Hawk: the examples of its specification --- */

static void hawk_expect(const struct hawk *h, const char *expected)
{
    struct buf b;
    buf_init(&b, 0, 4096);
    hawk_header(h, &b);
    ck_assert_msg(str_eq(buf_view(&b), str_of(expected)), "%.*s", STR_ARG(buf_view(&b)));
    buf_free(&b);
}

static struct hawk hawk_example(void)
{
    return (struct hawk){
        .id = "dh37fgj492je",
        .key = "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn",
        .time_s = 1353832234,
        .nonce = "j4h3g2",
        .method = "GET",
        .resource = "/resource/1?b=1&a=2",
        .host = "example.com",
        .port = 8000,
        .ext = "some-app-ext-data",
    };
}

START_TEST(hawk_without_payload)
{
    struct hawk h = hawk_example();
    hawk_expect(&h,
                "Hawk id=\"dh37fgj492je\", ts=\"1353832234\", nonce=\"j4h3g2\", ext=\"some-app-ext-data\", "
                "mac=\"6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=\"");
}
END_TEST

START_TEST(hawk_with_payload)
{
    static const char *const types[] = { "text/plain", "Text/Plain; charset=utf-8", " TEXT/PLAIN " };
    struct hawk h = hawk_example();
    h.method = "POST";
    h.payload = STR("Thank you for flying Hawk");
    for (size_t i = 0; i < 3; i++) {
        h.content_type = types[i];
        hawk_expect(&h, "Hawk id=\"dh37fgj492je\", ts=\"1353832234\", nonce=\"j4h3g2\", "
                        "hash=\"Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=\", ext=\"some-app-ext-data\", "
                        "mac=\"aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw=\"");
    }
}
END_TEST

START_TEST(hawk_ids)
{
    ck_assert(hawk_id_ok("balrog-prod"));
    ck_assert(!hawk_id_ok(""));
    ck_assert(!hawk_id_ok("a\"b"));
    ck_assert(!hawk_id_ok("a\\b"));
    ck_assert(!hawk_id_ok("a\r\nb"));
}
END_TEST

START_TEST(pauses_fit_into_the_time_that_callers_wait)
{
    ck_assert_uint_eq(autograph_pause_ms(1, 0), 50);
    ck_assert_uint_eq(autograph_pause_ms(1, 1), 100);
    ck_assert_uint_eq(autograph_pause_ms(2, 0), 250);
    ck_assert_uint_eq(autograph_pause_ms(2, 1), 500);
    ck_assert_uint_eq(autograph_pause_ms(1000, 1), 500);
}
END_TEST

/* --- The cache --- */

static struct digest digest_no(unsigned n)
{
    struct digest d = { { 0 } };
    memcpy(d.bytes, &n, sizeof n);
    return d;
}

static struct sign_entry *add(struct sign_cache *c, unsigned n)
{
    struct digest d = digest_no(n);
    struct sign_entry *entry = sign_cache_add(c, &d, 0);
    entry->pending = false;
    return entry;
}

static bool holds(struct sign_cache *c, unsigned n, unsigned key)
{
    struct digest d = digest_no(n);
    return sign_cache_find(c, &d, key) != NULL;
}

START_TEST(cache_drops_the_least_recently_used)
{
    struct sign_cache *c = sign_cache_new(3);
    add(c, 1);
    add(c, 2);
    add(c, 3);
    ck_assert(holds(c, 1, 0));
    ck_assert(!holds(c, 1, 1));
    add(c, 4);
    ck_assert_uint_eq(sign_cache_count(c), 3);
    ck_assert(holds(c, 1, 0) && !holds(c, 2, 0) && holds(c, 3, 0) && holds(c, 4, 0));
    for (unsigned i = 0; i < 1000; i++) {
        add(c, 5 + i * 16);
        ck_assert_uint_eq(sign_cache_count(c), 3);
    }
    sign_cache_free(c);
}
END_TEST

START_TEST(cache_keeps_what_is_pending)
{
    struct sign_cache *c = sign_cache_new(2);
    add(c, 1)->pending = true;
    add(c, 2)->pending = true;
    add(c, 3);
    ck_assert(holds(c, 1, 0) && holds(c, 2, 0) && holds(c, 3, 0));
    add(c, 4);
    ck_assert(holds(c, 1, 0) && holds(c, 2, 0) && !holds(c, 3, 0) && holds(c, 4, 0));
    sign_cache_free(c);
}
END_TEST

/* --- Keys --- */

static char dir[64];

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(PEM_write_PrivateKey(f, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL,
                                          (const unsigned char *)passphrase,
                                          passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL),
                     1);
    ck_assert_int_eq(fchmod(fileno(f), 0640), 0);
    fclose(f);
}

static void make_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/check_sign.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
    unlink(path_of("key.pem"));
    rmdir(dir);
}

static void refused(const char *path, const char *reason)
{
    struct error e = { 0 };
    ck_assert_ptr_null(sign_key_new(NULL, path, &e));
    ck_assert_msg(strstr(e.what, reason) != NULL, "%s", e.what);
}

START_TEST(key_files_that_are_refused)
{
    const char *path = path_of("key.pem");
    refused(path, "No such file");
    refused(dir, "not a regular file");
    EVP_PKEY *p384 = EVP_EC_gen("P-384");
    write_key(path, p384, NULL);
    chmod(path, 0644);
    refused(path, "mode 0644");
    chmod(path, 0602);
    refused(path, "everybody may use this private key");
    write_key(path, p384, "hello");
    refused(path, "passphrase");
    EVP_PKEY_free(p384);
    EVP_PKEY *p256 = EVP_EC_gen("P-256");
    write_key(path, p256, NULL);
    refused(path, "only EC P-384 (secp384r1)");
    EVP_PKEY_free(p256);
    EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    write_key(path, ed, NULL);
    refused(path, "kind ED25519");
    EVP_PKEY_free(ed);
    ck_assert_int_eq(truncate(path, 20), 0);
    refused(path, "no PEM private key");
    ck_assert_int_eq(truncate(path, 0), 0);
    refused(path, "empty");
}
END_TEST

/* The DER form of a Content-Signature's 128 characters. */
static int der_of(const char *text, unsigned char **der)
{
    char base64[129];
    unsigned char raw[96];
    ck_assert_uint_eq(strlen(text), 128);
    for (size_t i = 0; i <= 128; i++) {
        base64[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    }
    ck_assert_int_eq(EVP_DecodeBlock(raw, (unsigned char *)base64, 128), 96);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_bin2bn(raw, 48, NULL), BN_bin2bn(raw + 48, 48, NULL));
    int n = i2d_ECDSA_SIG(sig, der);
    ECDSA_SIG_free(sig);
    return n;
}

static bool verifies(EVP_PKEY *key, const char *text, const void *data, size_t n)
{
    unsigned char *der = NULL;
    int der_n = der_of(text, &der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ck_assert_int_eq(EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, key), 1);
    bool ok = EVP_DigestVerify(ctx, der, (size_t)der_n, data, n) == 1;
    EVP_MD_CTX_free(ctx);
    OPENSSL_free(der);
    return ok;
}

static struct config_signer local_signer(const char *product)
{
    return (struct config_signer){ .product = product,
                                   .key_file = path_of("key.pem"),
                                   .x5u = "https://x.example/chain.pem" };
}

static struct config config_of(const struct config_signer *signers, size_t n)
{
    static const struct str products[] = { STR("GMP"), STR("Other") };
    struct config c = { 0 };
    c.signing.content_signature_products = (struct config_list){ products, 2 };
    c.signing.signer = signers;
    c.signing.n_signers = n;
    c.signing.cache_s = 86400;
    return c;
}

START_TEST(signs_with_a_key_file)
{
    static const char head[] = "x5u=https://x.example/chain.pem; p384ecdsa=";
    EVP_PKEY *key = EVP_EC_gen("P-384");
    write_key(path_of("key.pem"), key, NULL);
    struct config_signer signers[] = { local_signer("GMP") };
    struct config c = config_of(signers, 1);
    struct error e;
    struct signer *s = signer_new(NULL, &c, &e);
    ck_assert_ptr_nonnull(s);
    /* Many bodies: now and then r or s is short. */
    for (int i = 0; i < 600; i++) {
        char data[64] = "Content-Signature:";
        char *body = data + strlen(data) + 1;
        snprintf(body, 32, "<updates>%d</updates>", i);
        struct buf out;
        buf_init(&out, 0, 4096);
        ck_assert(signer_sign(s, STR("GMP"), str_of(body), &out, &e));
        buf_char(&out, '\0');
        ck_assert_mem_eq(out.p, head, sizeof head - 1);
        ck_assert(verifies(key, out.p + sizeof head - 1, data, (size_t)(body - data) + strlen(body)));
        ck_assert(!verifies(key, out.p + sizeof head - 1, body, strlen(body)));
        buf_free(&out);
    }
    talloc_free(s);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(says_what_is_signed)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    write_key(path_of("key.pem"), key, NULL);
    EVP_PKEY_free(key);
    struct config_signer gmp[] = { local_signer("GMP") };
    struct config_signer json[] = { local_signer("") };
    struct config c = config_of(gmp, 1);
    struct error e;
    struct signer *s = signer_new(NULL, &c, &e);
    ck_assert(signer_wants_update(s, STR("GMP")));
    ck_assert(!signer_wants_update(s, STR("gmp")));
    ck_assert(!signer_wants_update(s, STR("Other")));
    ck_assert(!signer_wants_update(s, STR("")));
    ck_assert(!signer_wants_json(s));
    ck_assert(!signer_sign(s, STR(""), STR("x"), &(struct buf){ 0 }, &e));
    talloc_free(s);
    c = config_of(json, 1);
    s = signer_new(NULL, &c, &e);
    ck_assert(signer_wants_update(s, STR("GMP")) && signer_wants_update(s, STR("Other")));
    ck_assert(!signer_wants_update(s, STR("Firefox")));
    ck_assert(signer_wants_json(s));
    talloc_free(s);
    struct config_signer blank[] = { { .product = "", .key_file = "", .autograph_url = "" } };
    c = config_of(blank, 1);
    s = signer_new(NULL, &c, &e);
    ck_assert(!signer_wants_update(s, STR("GMP")) && !signer_wants_json(s));
    talloc_free(s);
}
END_TEST

START_TEST(refuses_wrong_settings)
{
    static const struct {
        struct config_signer signer;
        const char *reason;
    } cases[] = {
        { { .product = "GMP", .x5u = "http://h/" }, "[signing GMP]: give either" },
        { { .product = "", .key_file = "k", .autograph_url = "http://h" }, "[signing]: give either" },
        { { .product = "", .key_file = "k" }, "needs x5u" },
        { { .product = "", .key_file = "k", .x5u = "http://h/\r\nX: y" }, "needs x5u" },
        { { .product = "", .key_file = "/nonexistent", .x5u = "http://h/" }, "/nonexistent: No such file" },
        { { .product = "", .autograph_url = "http://h", .autograph_user = "u", .autograph_keyid = "k" },
          "a password" },
        { { .product = "",
            .autograph_url = "http://h",
            .autograph_user = "u\"",
            .autograph_keyid = "k",
            .autograph_password = "hush" },
          "autograph_user" },
        { { .product = "",
            .autograph_url = "ftp://h",
            .autograph_user = "u",
            .autograph_keyid = "k",
            .autograph_password = "hush" },
          "[signing]: autograph_url: not a http" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config c = config_of(&cases[i].signer, 1);
        struct error e = { 0 };
        ck_assert_ptr_null(signer_new(NULL, &c, &e));
        ck_assert_msg(strstr(e.what, cases[i].reason) != NULL, "%s", e.what);
        ck_assert_ptr_null(strstr(e.what, "hush"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sign");
    TCase *tc = tcase_create("sign");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, make_dir, remove_dir);
    tcase_add_test(tc, hawk_without_payload);
    tcase_add_test(tc, hawk_with_payload);
    tcase_add_test(tc, hawk_ids);
    tcase_add_test(tc, pauses_fit_into_the_time_that_callers_wait);
    tcase_add_test(tc, cache_drops_the_least_recently_used);
    tcase_add_test(tc, cache_keeps_what_is_pending);
    tcase_add_test(tc, key_files_that_are_refused);
    tcase_add_test(tc, signs_with_a_key_file);
    tcase_add_test(tc, says_what_is_signed);
    tcase_add_test(tc, refuses_wrong_settings);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
