/* See known_texts.h. A ring: a new digest takes the place of the oldest. */
#include "admin/known_texts.h"

#include "core/mem.h"

#include <openssl/sha.h>
#include <pthread.h>

enum { TEXTS = 256 };

struct known_texts {
    pthread_mutex_t mutex;
    unsigned char digest[TEXTS][TEXT_DIGEST];
    unsigned next;
};

void known_texts_digest(struct str text, const char *product, unsigned char digest[TEXT_DIGEST])
{
    unsigned char both[2 * SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)text.p, text.n, both);
    SHA256((const unsigned char *)product, product != NULL ? strlen(product) : 0,
           both + SHA256_DIGEST_LENGTH);
    SHA256(both, sizeof both, digest);
}

static int close_known(struct known_texts *known)
{
    pthread_mutex_destroy(&known->mutex);
    return 0;
}

struct known_texts *known_texts_new(void *ctx)
{
    struct known_texts *known = mem_new(ctx, struct known_texts);
    pthread_mutex_init(&known->mutex, NULL);
    talloc_set_destructor(known, close_known);
    return known;
}

/* With the mutex held. */
static bool find_digest(const struct known_texts *known, const unsigned char digest[TEXT_DIGEST])
{
    unsigned i = 0;
    while (i < TEXTS && memcmp(known->digest[i], digest, TEXT_DIGEST) != 0) {
        i++;
    }
    return i < TEXTS;
}

void known_texts_add(struct known_texts *known, const unsigned char digest[TEXT_DIGEST])
{
    pthread_mutex_lock(&known->mutex);
    if (!find_digest(known, digest)) {
        memcpy(known->digest[known->next], digest, TEXT_DIGEST);
        known->next = (known->next + 1) % TEXTS;
    }
    pthread_mutex_unlock(&known->mutex);
}

bool known_texts_has(struct known_texts *known, const unsigned char digest[TEXT_DIGEST])
{
    pthread_mutex_lock(&known->mutex);
    bool has = find_digest(known, digest);
    pthread_mutex_unlock(&known->mutex);
    return has;
}
