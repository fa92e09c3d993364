/* A key set is never changed after it was parsed: a fresh one replaces it under the lock. One thread at a
 * time loads a set, and it does not hold the lock while it does. The other threads do not wait for it: they
 * use a key that the old set has, and refuse a token with any other key for now. So a slow issuer blocks one
 * thread only, whatever key ids clients send. */
#include "admin/jwks.h"

#include "core/json.h"
#include "ops/log.h"

#include <cjose/cjose.h>
#include <pthread.h>

enum { RSA_BYTES_MIN = 256, RSA_BYTES_MAX = 1024 };

struct jwks_key {
    const char *kid;
    const char *alg; /* "RS256" or "ES256": what it can sign with */
    const char *jwk; /* its public members, as JSON */
};

struct jwks_set {
    struct jwks_key key[JWKS_KEYS_MAX];
    size_t n;
};

struct jwks {
    struct jwks_options options;
    pthread_mutex_t lock; /* protects the members below */
    struct jwks_set *set; /* its own talloc context; NULL: none was loaded yet */
    bool loading;
    bool tried;
    int64_t tried_ms; /* when the last load began */
    int64_t set_ms;   /* when the load of the current set began */
    struct error why; /* why the last load failed */
};

/* ---- one key ---- */

static bool member_is(const cJSON *jwk, const char *name, const char *value)
{
    const char *member = json_get_string(jwk, name);
    return member != NULL && strcmp(member, value) == 0;
}

static bool member_allows(const cJSON *jwk, const char *name, const char *value)
{
    return json_get(jwk, name) == NULL || member_is(jwk, name, value);
}

static bool may_verify(const cJSON *jwk)
{
    const cJSON *operations = json_get(jwk, "key_ops");
    const cJSON *operation;
    bool may = operations == NULL;
    cJSON_ArrayForEach(operation, operations)
    {
        may = may || (cJSON_IsString(operation) && strcmp(operation->valuestring, "verify") == 0);
    }
    return may && member_allows(jwk, "use", "sig");
}

/* The algorithm that JWK can sign with; NULL if that is not one that is accepted. */
static const char *algorithm_of(const cJSON *jwk)
{
    const char *alg = member_is(jwk, "kty", "RSA")                                    ? "RS256"
                      : member_is(jwk, "kty", "EC") && member_is(jwk, "crv", "P-256") ? "ES256"
                                                                                      : NULL;
    if (alg == NULL || !member_allows(jwk, "alg", alg) || !may_verify(jwk)) {
        return NULL;
    }
    const char *n = json_get_string(jwk, "n");
    size_t bytes = n != NULL ? strlen(n) * 3 / 4 : 0;
    return alg[0] == 'E' || (bytes >= RSA_BYTES_MIN && bytes <= RSA_BYTES_MAX) ? alg : NULL;
}

/* The public members of JWK, as JSON; NULL if the library cannot make a key of them. */
static const char *public_part(void *ctx, const cJSON *jwk)
{
    static const char *const members[] = { "kty", "kid", "n", "e", "crv", "x", "y" };
    cjose_err error;
    cJSON *part = mem_check(cJSON_CreateObject());
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const char *value = json_get_string(jwk, members[i]);
        if (value != NULL) {
            mem_check(cJSON_AddStringToObject(part, members[i], value));
        }
    }
    char *text = mem_check(cJSON_PrintUnformatted(part));
    cjose_jwk_t *key = cjose_jwk_import(text, strlen(text), &error);
    const char *copy = key != NULL ? mem_strdup(ctx, text) : NULL;
    cjose_jwk_release(key);
    cJSON_free(text);
    cJSON_Delete(part);
    return copy;
}

/* ---- a set ---- */

static void take_key(struct jwks_set *set, const cJSON *jwk)
{
    const char *kid = json_get_string(jwk, "kid");
    const char *alg = kid != NULL ? algorithm_of(jwk) : NULL;
    const char *text = alg != NULL && set->n < JWKS_KEYS_MAX ? public_part(set, jwk) : NULL;
    if (text != NULL) {
        set->key[set->n++] = (struct jwks_key){ mem_strdup(set, kid), alg, text };
    }
}

/* The set is a talloc context of its own. */
static struct jwks_set *parse_set(struct str text, struct error *e)
{
    cJSON *json = json_parse(text, e);
    const cJSON *jwk;
    if (json == NULL) {
        error_prefix(e, "the key set");
        return NULL;
    }
    struct jwks_set *set = mem_new(NULL, struct jwks_set);
    cJSON_ArrayForEach(jwk, json_get_array(json, "keys"))
    {
        take_key(set, jwk);
    }
    cJSON_Delete(json);
    if (set->n == 0) {
        talloc_free(set);
        error_set(e, ERROR_UNAVAILABLE, "the key set holds no key for RS256 or ES256");
        return NULL;
    }
    return set;
}

static struct jwks_set *load_set(const struct jwks_options *options, struct error *e)
{
    struct buf text;
    buf_init(&text, 4096, JWKS_TEXT_MAX);
    struct jwks_set *set = options->load(options->arg, &text, e) ? parse_set(buf_view(&text), e) : NULL;
    buf_free(&text);
    return set;
}

/* ---- the cache ---- */

static int free_jwks(struct jwks *jwks)
{
    talloc_free(jwks->set);
    pthread_mutex_destroy(&jwks->lock);
    return 0;
}

struct jwks *jwks_new(void *ctx, const struct jwks_options *options)
{
    struct jwks *jwks = mem_new(ctx, struct jwks);
    jwks->options = *options;
    pthread_mutex_init(&jwks->lock, NULL);
    talloc_set_destructor(jwks, free_jwks);
    return jwks;
}

/* Whether SECONDS have passed since THEN_MS. If the clock was set back, they count as passed. */
static bool gone_by(int64_t now_ms, int64_t then_ms, int seconds)
{
    return now_ms < then_ms || now_ms - then_ms >= (int64_t)seconds * 1000;
}

/* Whether a load may begin: not while another one runs, and not too soon after the last one. The caller holds
 * the lock, here and below. */
static bool may_load(const struct jwks *jwks, int64_t now_ms)
{
    return !jwks->loading && (!jwks->tried || gone_by(now_ms, jwks->tried_ms, jwks->options.refresh_s));
}

static bool is_old(const struct jwks *jwks, int64_t now_ms)
{
    return jwks->set == NULL || gone_by(now_ms, jwks->set_ms, jwks->options.cache_s);
}

static void load_fresh_set(struct jwks *jwks, int64_t now_ms)
{
    struct error e = { 0 };
    jwks->loading = true;
    jwks->tried = true;
    jwks->tried_ms = now_ms;
    pthread_mutex_unlock(&jwks->lock);
    struct jwks_set *set = load_set(&jwks->options, &e);
    if (set == NULL) {
        log_warning("auth.keys", "the keys of tokens cannot be read: %s", e.what);
    }
    pthread_mutex_lock(&jwks->lock);
    if (set != NULL) {
        talloc_free(jwks->set);
        jwks->set = set;
        jwks->set_ms = now_ms;
    } else {
        jwks->why = e;
    }
    jwks->loading = false;
}

static bool find_key(const struct jwks *jwks, void *ctx, const struct jwks_query *query, const char **key)
{
    *key = NULL;
    for (size_t i = 0; jwks->set != NULL && i < jwks->set->n; i++) {
        const struct jwks_key *k = &jwks->set->key[i];
        if (strcmp(k->kid, query->kid) == 0 && strcmp(k->alg, query->alg) == 0) {
            *key = mem_strdup(ctx, k->jwk);
            return true;
        }
    }
    return false;
}

enum jwks_answer jwks_find(struct jwks *jwks, void *ctx, const struct jwks_query *query, const char **key,
                           struct error *e)
{
    pthread_mutex_lock(&jwks->lock);
    bool found = find_key(jwks, ctx, query, key);
    if ((!found || is_old(jwks, query->now_ms)) && may_load(jwks, query->now_ms)) {
        load_fresh_set(jwks, query->now_ms);
        found = find_key(jwks, ctx, query, key);
    }
    enum jwks_answer answer = found                                 ? JWKS_FOUND
                              : jwks->set != NULL && !jwks->loading ? JWKS_UNKNOWN
                                                                    : JWKS_UNAVAILABLE;
    if (answer == JWKS_UNAVAILABLE && e != NULL && jwks->loading) {
        error_set(e, ERROR_UNAVAILABLE, "the keys are just being loaded");
    } else if (answer == JWKS_UNAVAILABLE && e != NULL) {
        *e = jwks->why;
    }
    pthread_mutex_unlock(&jwks->lock);
    return answer;
}
