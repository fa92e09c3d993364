/* See sign_key.h. OpenSSL gives a signature in DER, as two numbers of any length; a Content-Signature is the
 * two at their full length, one behind the other. */
#include "public/sign_key.h"

#include "core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUMBER_BYTES = 48, RAW_BYTES = 2 * NUMBER_BYTES, DER_MAX = 128, PEM_MAX = 16 << 10 };

struct sign_key {
    EVP_PKEY *key;
};

static int key_free(struct sign_key *k)
{
    EVP_PKEY_free(k->key);
    return 0;
}

/* Reads at most PEM_MAX bytes: *N is their number, 0 on failure. */
static bool read_private(const char *file, char *pem, size_t *n, struct error *e)
{
    *n = 0;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        error_set(e, ERROR_INTERNAL, "%s: %s", file, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        error_set(e, ERROR_INTERNAL, "%s: not a regular file", file);
    } else if ((st.st_mode & S_IRWXO) != 0) {
        error_set(e, ERROR_INTERNAL,
                  "%s: everybody may use this private key (mode %04o); allow its owner and group only: "
                  "chmod 0640",
                  file, (unsigned)(st.st_mode & 07777));
    } else {
        ssize_t got = read(fd, pem, PEM_MAX);
        *n = got > 0 ? (size_t)got : 0;
        if (got <= 0) {
            error_set(e, ERROR_INTERNAL, "%s: %s", file, got == 0 ? "empty" : strerror(errno));
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return *n > 0;
}

/* Without this OpenSSL would ask on the terminal. */
static int no_passphrase(char *to, int size, int writing, void *asked)
{
    (void)to;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static bool is_p384(const EVP_PKEY *key, char *name, size_t size)
{
    size_t n = 0;
    if (EVP_PKEY_get_group_name(key, name, size, &n) != 1) {
        const char *type = EVP_PKEY_get0_type_name(key);
        snprintf(name, size, "%s", type != NULL ? type : "unknown");
        return false;
    }
    return strcmp(name, "secp384r1") == 0 || strcmp(name, "P-384") == 0;
}

static bool load_key(struct sign_key *k, const char *file, struct error *e)
{
    char pem[PEM_MAX];
    size_t n = 0;
    bool asked = false;
    char kind[64] = "";
    if (!read_private(file, pem, &n, e)) {
        return false;
    }
    BIO *bio = mem_check(BIO_new_mem_buf(pem, (int)n));
    k->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
    BIO_free(bio);
    OPENSSL_cleanse(pem, sizeof pem);
    ERR_clear_error();
    if (k->key == NULL) {
        return error_set(e, ERROR_INTERNAL, "%s: %s", file,
                         asked ? "the key is behind a passphrase, which cannot be given here"
                               : "no PEM private key in it");
    }
    if (!is_p384(k->key, kind, sizeof kind)) {
        return error_set(e, ERROR_INTERNAL,
                         "%s: a key of kind %s, but only EC P-384 (secp384r1) can sign p384ecdsa", file,
                         kind);
    }
    return true;
}

struct sign_key *sign_key_new(void *ctx, const char *file, struct error *e)
{
    struct sign_key *k = mem_new(ctx, struct sign_key);
    talloc_set_destructor(k, key_free);
    if (!load_key(k, file, e)) {
        talloc_free(k);
        return NULL;
    }
    return k;
}

static bool sign_der(EVP_PKEY *key, const struct digest *d, unsigned char *der, size_t *n)
{
    EVP_PKEY_CTX *ctx = mem_check(EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL));
    bool ok = EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha384()) == 1 &&
              EVP_PKEY_sign(ctx, der, n, d->bytes, sizeof d->bytes) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool raw_from_der(const unsigned char *der, size_t n, unsigned char *raw)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool ok = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, NUMBER_BYTES) == NUMBER_BYTES &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + NUMBER_BYTES, NUMBER_BYTES) == NUMBER_BYTES;
    ECDSA_SIG_free(sig);
    return ok;
}

bool sign_key_sign(const struct sign_key *k, const struct digest *d, char text[SIGNATURE_MAX],
                   struct error *e)
{
    unsigned char der[DER_MAX];
    unsigned char raw[RAW_BYTES];
    size_t n = sizeof der;
    if (!sign_der(k->key, d, der, &n) || !raw_from_der(der, n, raw)) {
        ERR_clear_error();
        return error_set(e, ERROR_UNAVAILABLE, "OpenSSL could not sign with the configured key");
    }
    /* 96 bytes are a multiple of three: there is never any padding. */
    EVP_EncodeBlock((unsigned char *)text, raw, sizeof raw);
    for (char *p = text; *p != '\0'; p++) {
        *p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
    }
    return true;
}
