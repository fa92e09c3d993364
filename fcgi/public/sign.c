/* See sign.h. One lock protects the cache, the queues and the state of the servers; it is not held while
 * signing or asking. A local key signs in the caller's thread; what Autograph must sign is queued for the
 * workers of the key. In both cases the cache entry is `pending` meanwhile, and callers that need the same
 * signature wait for `changed`. */
#include "public/sign.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "public/autograph.h"
#include "public/metrics.h"
#include "public/sign_cache.h"
#include "public/sign_key.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { VALUE_MAX = SIGNATURE_MAX + X5U_MAX + 64 };

struct signing_key {
    struct signer *signer;
    unsigned number;
    struct str product;
    const char *x5u; /* with local */
    struct sign_key *local;
    struct autograph *autograph;
    pthread_t worker[SIGN_WORKERS];
    unsigned n_workers;
    /* Guarded by the signer's lock. */
    struct sign_entry *queue;
    struct sign_entry **queue_end;
    unsigned running;
    bool failing;
    int64_t probe_ms; /* while failing: not before this */
    struct error why; /* what failed last, since something succeeded */
};

struct signer {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* an entry is no longer pending, or a server began to fail */
    pthread_cond_t queued;
    pthread_cond_t stopping;
    atomic_bool stop;
    struct sign_options options;
    struct sign_cache *cache;
    int64_t keep_ms;
    struct signing_key *key;
    unsigned n_keys;
    struct str *product;
    size_t n_products;
    EVP_MD *sha384;
};

/* --- Time --- */

static int64_t now_ms(const struct signer *s)
{
    if (s->options.now_ms != NULL) {
        return s->options.now_ms(s->options.arg);
    }
    return clock_ms();
}

static void pause_ms(struct signer *s, unsigned ms)
{
    if (s->options.sleep_ms != NULL) {
        s->options.sleep_ms(s->options.arg, ms);
        return;
    }
    struct timespec end = clock_after_ms(ms);
    pthread_mutex_lock(&s->lock);
    while (!s->stop && pthread_cond_timedwait(&s->stopping, &s->lock, &end) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&s->lock);
}

/* --- A server's state; all of it under the lock --- */

static void drop_queue(struct signing_key *k)
{
    while (k->queue != NULL) {
        struct sign_entry *entry = k->queue;
        k->queue = entry->queued;
        entry->pending = false;
        if (entry->value == NULL) {
            sign_cache_remove(k->signer->cache, entry);
        }
    }
    k->queue_end = &k->queue;
}

/* From now on nobody waits for the server. The queue is dropped: it would only delay newer requests once the
 * server works again. */
static void mark_failing(struct signing_key *k)
{
    if (!k->failing && !k->signer->stop) {
        log_warning("sign.failing", "answers are sent without a signature if none is cached: %s",
                    k->why.what);
    }
    k->failing = true;
    drop_queue(k);
    pthread_cond_broadcast(&k->signer->changed);
}

static void mark_working(struct signing_key *k)
{
    if (k->failing) {
        log_info("sign.recovered", "signatures can be made again");
    }
    k->failing = false;
    k->why = (struct error){ 0 };
}

static void note_failed_try(struct signing_key *k, const struct error *e)
{
    pthread_mutex_lock(&k->signer->lock);
    k->why = *e;
    pthread_mutex_unlock(&k->signer->lock);
}

/* --- Making one signature, without the lock --- */

static double random_fraction(void)
{
    uint32_t bits = 0;
    RAND_bytes((unsigned char *)&bits, sizeof bits);
    return bits / 4294967296.0;
}

static bool ask_with_tries(struct signing_key *k, const struct digest *d, struct signature *out,
                           struct error *e)
{
    struct signer *s = k->signer;
    for (unsigned failed = 0; !s->stop; failed++) {
        bool ok = s->options.ask != NULL ? s->options.ask(s->options.arg, k->autograph, d, out, e)
                                         : autograph_ask(k->autograph, d, &s->stop, out, e);
        if (ok) {
            return true;
        }
        note_failed_try(k, e);
        if (failed + 1 == AUTOGRAPH_TRIES) {
            return false;
        }
        pause_ms(s, autograph_pause_ms(failed + 1, random_fraction()));
    }
    return error_set(e, ERROR_UNAVAILABLE, "the program is stopping");
}

static bool make_signature(struct signing_key *k, const struct digest *d, struct signature *out,
                           struct error *e)
{
    if (k->local == NULL) {
        return ask_with_tries(k, d, out, e);
    }
    snprintf(out->x5u, sizeof out->x5u, "%s", k->x5u);
    return sign_key_sign(k->local, d, out->text, e);
}

static char *header_value(const struct signature *made)
{
    struct buf b;
    buf_init(&b, 320, VALUE_MAX);
    buf_printf(&b, "x5u=%s; p384ecdsa=%s", made->x5u, made->text);
    buf_char(&b, '\0');
    return b.p;
}

static void finish_entry(struct signing_key *k, struct sign_entry *entry, const struct signature *made,
                         const struct error *e)
{
    struct signer *s = k->signer;
    entry->pending = false;
    if (made != NULL) {
        free(entry->value);
        entry->value = header_value(made);
        entry->made_ms = now_ms(s);
        mark_working(k);
    } else {
        if (entry->value == NULL) {
            sign_cache_remove(s->cache, entry);
        }
        k->probe_ms = now_ms(s) + SIGN_PROBE_MS;
        k->why = *e;
        mark_failing(k);
    }
    pthread_cond_broadcast(&s->changed);
}

/* Makes the signature of ENTRY, which is pending. Called with the lock held, which is released meanwhile. */
static void sign_entry(struct signing_key *k, struct sign_entry *entry)
{
    struct signature made;
    struct error e;
    struct digest d = entry->digest;
    k->running++;
    pthread_mutex_unlock(&k->signer->lock);
    bool ok = make_signature(k, &d, &made, &e);
    pthread_mutex_lock(&k->signer->lock);
    k->running--;
    finish_entry(k, entry, ok ? &made : NULL, &e);
}

static void *sign_queued(void *arg)
{
    struct signing_key *k = arg;
    struct signer *s = k->signer;
    crash_watch_thread();
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        struct sign_entry *entry = k->queue;
        if (entry == NULL) {
            pthread_cond_wait(&s->queued, &s->lock);
            continue;
        }
        k->queue = entry->queued;
        if (k->queue == NULL) {
            k->queue_end = &k->queue;
        }
        sign_entry(k, entry);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* --- Asking for one; all of it with the lock --- */

static bool may_start(const struct signing_key *k, int64_t now)
{
    return !k->failing || (k->running == 0 && k->queue == NULL && now >= k->probe_ms);
}

static void begin_entry(struct signing_key *k, struct sign_entry *entry, const struct digest *d)
{
    struct signer *s = k->signer;
    if (entry == NULL) {
        entry = sign_cache_add(s->cache, d, k->number);
    }
    entry->pending = true;
    if (k->local != NULL) {
        sign_entry(k, entry);
        return;
    }
    entry->queued = NULL;
    *k->queue_end = entry;
    k->queue_end = &entry->queued;
    pthread_cond_broadcast(&s->queued);
}

/* Returns the value that may be served for D, or NULL. Starts to make a new one if that is needed; *PENDING
 * receives whether one is being made. */
static const char *servable_value(struct signing_key *k, const struct digest *d, bool *pending)
{
    struct signer *s = k->signer;
    int64_t now = now_ms(s);
    struct sign_entry *entry = sign_cache_find(s->cache, d, k->number);
    bool fresh = entry != NULL && entry->value != NULL && now - entry->made_ms < s->keep_ms;
    if (!fresh && (entry == NULL || !entry->pending) && may_start(k, now)) {
        begin_entry(k, entry, d);
        entry = sign_cache_find(s->cache, d, k->number);
    }
    *pending = entry != NULL && entry->pending;
    bool usable = entry != NULL && entry->value != NULL && now - entry->made_ms < 2 * s->keep_ms;
    return usable ? entry->value : NULL;
}

static bool wait_for_value(struct signing_key *k, const struct digest *d, struct buf *out)
{
    struct signer *s = k->signer;
    struct timespec end = clock_after_ms(s->options.wait_ms);
    bool late = false;
    for (;;) {
        bool pending = false;
        const char *value = servable_value(k, d, &pending);
        if (value != NULL) {
            buf_str(out, str_of(value));
            return true;
        }
        if (!pending || k->failing) {
            return false;
        }
        if (late) {
            if (k->why.what[0] == '\0') {
                error_set(&k->why, ERROR_UNAVAILABLE, "Autograph has not answered within %u ms",
                          s->options.wait_ms);
            }
            mark_failing(k);
            return false;
        }
        late = pthread_cond_timedwait(&s->changed, &s->lock, &end) == ETIMEDOUT;
    }
}

static bool digest_of(const struct signer *s, struct str body, struct digest *d)
{
    static const char prefix[] = "Content-Signature:";
    EVP_MD_CTX *ctx = mem_check(EVP_MD_CTX_new());
    bool ok = EVP_DigestInit_ex2(ctx, s->sha384, NULL) == 1 &&
              EVP_DigestUpdate(ctx, prefix, sizeof prefix) == 1 && /* with its NUL */
              EVP_DigestUpdate(ctx, body.p, body.n) == 1 && EVP_DigestFinal_ex(ctx, d->bytes, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static struct signing_key *find_key(const struct signer *s, struct str product)
{
    for (unsigned i = 0; i < s->n_keys; i++) {
        if (str_eq(s->key[i].product, product)) {
            return &s->key[i];
        }
    }
    return NULL;
}

/* A product without a key of its own is signed with the key of /json, as the reference is deployed. */
static struct signing_key *key_for(const struct signer *s, struct str product)
{
    struct signing_key *k = find_key(s, product);
    return k != NULL ? k : find_key(s, STR(""));
}

bool signer_wants_update(const struct signer *s, struct str product)
{
    for (size_t i = 0; i < s->n_products; i++) {
        if (str_eq(s->product[i], product)) {
            return key_for(s, product) != NULL;
        }
    }
    return false;
}

bool signer_wants_json(const struct signer *s)
{
    return find_key(s, STR("")) != NULL;
}

bool signer_sign(struct signer *s, struct str key, struct str body, struct buf *out, struct error *e)
{
    struct digest d;
    struct signing_key *k = key_for(s, key);
    if (k == NULL) {
        return error_set(e, ERROR_INTERNAL, "no key is configured to sign %.*s with", STR_ARG(key));
    }
    if (!digest_of(s, body, &d)) {
        return error_set(e, ERROR_INTERNAL, "OpenSSL could not hash the body");
    }
    pthread_mutex_lock(&s->lock);
    const struct sign_entry *entry = sign_cache_find(s->cache, &d, k->number);
    bool cached = entry != NULL && entry->value != NULL && now_ms(s) - entry->made_ms < 2 * s->keep_ms;
    metric_count(&public_metric[PUBLIC_SIGN_CACHE], !cached);
    bool ok = wait_for_value(k, &d, out);
    if (!ok) {
        error_set(e, k->why.kind, "%s", k->why.what);
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* --- Birth and death --- */

static int signer_free(struct signer *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->queued);
    pthread_cond_broadcast(&s->stopping);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->n_keys; i++) {
        for (unsigned j = 0; j < s->key[i].n_workers; j++) {
            pthread_join(s->key[i].worker[j], NULL);
        }
    }
    sign_cache_free(s->cache);
    EVP_MD_free(s->sha384);
    pthread_cond_destroy(&s->changed);
    pthread_cond_destroy(&s->queued);
    pthread_cond_destroy(&s->stopping);
    pthread_mutex_destroy(&s->lock);
    return 0;
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* A section in which all keys are empty, as in a configuration that lists every key, requests nothing. */
static bool is_blank(const struct config_signer *c)
{
    return !is_given(c->key_file) && !is_given(c->x5u) && !is_given(c->autograph_url) &&
           !is_given(c->autograph_keyid) && !is_given(c->autograph_user) && !is_given(c->autograph_password);
}

static bool key_setup(struct signing_key *k, const struct config_signer *c, struct error *e)
{
    if (is_given(c->key_file) == is_given(c->autograph_url)) {
        return error_set(e, ERROR_INTERNAL, "give either key_file or autograph_url");
    }
    if (is_given(c->autograph_url)) {
        k->autograph = autograph_new(k->signer, c, e);
        return k->autograph != NULL;
    }
    if (!is_given(c->x5u) || !x5u_ok(c->x5u)) {
        return error_set(e, ERROR_INTERNAL, "key_file needs x5u, the URL of the key's certificate chain");
    }
    k->x5u = mem_strdup(k->signer, c->x5u);
    k->local = sign_key_new(k->signer, c->key_file, e);
    return k->local != NULL;
}

static bool start_workers(struct signing_key *k, struct error *e)
{
    int failed = 0;
    while (failed == 0 && k->n_workers < SIGN_WORKERS) {
        failed = thread_start(&k->worker[k->n_workers], sign_queued, k);
        k->n_workers += failed == 0;
    }
    return failed == 0 || error_set(e, ERROR_INTERNAL, "cannot start a thread: %s", strerror(failed));
}

static bool add_key(struct signer *s, const struct config_signer *c, struct error *e)
{
    struct signing_key *k = &s->key[s->n_keys];
    const char *product = c->product != NULL ? c->product : "";
    *k = (struct signing_key){ .signer = s, .number = s->n_keys, .queue_end = &k->queue };
    k->product = str_of(mem_strdup(s, product));
    s->n_keys++;
    if (!key_setup(k, c, e) || (k->autograph != NULL && !start_workers(k, e))) {
        return error_prefix(e, "[signing%s%s]", product[0] != '\0' ? " " : "", product);
    }
    return true;
}

static void copy_products(struct signer *s, const struct config_list *list)
{
    s->n_products = list->n;
    s->product = mem_array(s, struct str, list->n);
    for (size_t i = 0; i < list->n; i++) {
        s->product[i] = (struct str){ mem_strndup(s, list->item[i].p, list->item[i].n), list->item[i].n };
    }
}

static void init_sync(struct signer *s)
{
    pthread_mutex_init(&s->lock, NULL);
    thread_cond_init(&s->changed);
    thread_cond_init(&s->queued);
    thread_cond_init(&s->stopping);
}

struct signer *signer_new_with(void *ctx, const struct config *config, const struct sign_options *options,
                               struct error *e)
{
    struct signer *s = mem_new(ctx, struct signer);
    s->options = *options;
    s->options.wait_ms = options->wait_ms != 0 ? options->wait_ms : SIGN_WAIT_MS;
    s->keep_ms = config->signing.cache_s > 0 ? (int64_t)config->signing.cache_s * 1000 : 1000;
    s->cache = sign_cache_new(options->cache_max != 0 ? options->cache_max : SIGN_CACHE_MAX);
    s->sha384 = mem_check(EVP_MD_fetch(NULL, "SHA384", NULL));
    init_sync(s);
    talloc_set_destructor(s, signer_free);
    copy_products(s, &config->signing.content_signature_products);
    s->key = mem_array(s, struct signing_key, config->signing.n_signers);
    for (size_t i = 0; i < config->signing.n_signers; i++) {
        const struct config_signer *c = &config->signing.signer[i];
        if (!is_blank(c) && !add_key(s, c, e)) {
            talloc_free(s);
            return NULL;
        }
    }
    return s;
}

struct signer *signer_new(void *ctx, const struct config *config, struct error *e)
{
    return signer_new_with(ctx, config, &(struct sign_options){ 0 }, e);
}
