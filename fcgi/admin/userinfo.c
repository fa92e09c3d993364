/* Answers are cached by the token's hash, in a table of fixed size. A token may be in one of a few entries of
 * the table. A new one replaces an entry that has expired, or else the oldest of these. */
#include "admin/userinfo.h"

#include "core/clock.h"
#include "ops/statsd.h"
#include "web/client.h"

#include <openssl/sha.h>
#include <pthread.h>

enum {
    ASKING_MAX = 4,
    WAYS = 8,
    USERINFO_ANSWER_MAX = 64 << 10,
    USERINFO_CONNECT_MS = 3000,
    USERINFO_ANSWER_MS = 5000
};

struct userinfo_entry {
    unsigned char token[SHA256_DIGEST_LENGTH];
    int64_t until_s; /* 0: empty */
    uint64_t age;    /* the lower, the older */
    char email[EMAIL_MAX + 1];
};

struct userinfo {
    const char *url;
    const char *claim;
    pthread_mutex_t lock; /* protects the members below */
    uint64_t clock;
    unsigned asking; /* threads that are waiting for the endpoint */
    struct userinfo_entry entry[USERINFO_CACHED_MAX];
};

static int free_userinfo(struct userinfo *u)
{
    pthread_mutex_destroy(&u->lock);
    return 0;
}

struct userinfo *userinfo_new(void *ctx, const char *url, const char *claim)
{
    struct userinfo *u = mem_new(ctx, struct userinfo);
    u->url = url;
    u->claim = claim;
    pthread_mutex_init(&u->lock, NULL);
    talloc_set_destructor(u, free_userinfo);
    return u;
}

/* A name that may be a person's account: printable ASCII with an '@'. A name without one would be taken for a
 * program's. */
static bool is_email(const char *text)
{
    size_t n = strlen(text);
    if (n > EMAIL_MAX || strchr(text, '@') == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return true;
}

const char *userinfo_claim(const cJSON *claims, const char *name)
{
    const char *email = json_get_string(claims, name);
    bool refused = cJSON_IsFalse(json_get(claims, "email_verified"));
    return email != NULL && !refused && is_email(email) ? email : NULL;
}

/* ---- the cache ---- */

/* The entries that a token may be in. */
static struct userinfo_entry *ways_of(struct userinfo *u, const unsigned char *token)
{
    unsigned set = (token[0] | token[1] << 8) % (USERINFO_CACHED_MAX / WAYS);
    return &u->entry[set * WAYS];
}

static bool find_cached(struct userinfo *u, const unsigned char *token, int64_t now_s, char *email)
{
    bool found = false;
    pthread_mutex_lock(&u->lock);
    const struct userinfo_entry *p = ways_of(u, token);
    for (unsigned i = 0; i < WAYS && !found; i++) {
        found = p[i].until_s > now_s && memcmp(p[i].token, token, sizeof p[i].token) == 0;
        if (found) {
            memcpy(email, p[i].email, sizeof p[i].email);
        }
    }
    pthread_mutex_unlock(&u->lock);
    return found;
}

static void add_cached(struct userinfo *u, const unsigned char *token, int64_t now_s, int64_t until_s,
                       const char *email)
{
    pthread_mutex_lock(&u->lock);
    struct userinfo_entry *ways = ways_of(u, token);
    struct userinfo_entry *p = ways;
    for (unsigned i = 0; i < WAYS; i++) {
        if (ways[i].until_s <= now_s) {
            p = &ways[i];
            break;
        }
        p = ways[i].age < p->age ? &ways[i] : p;
    }
    *p = (struct userinfo_entry){ .until_s = until_s, .age = ++u->clock };
    memcpy(p->token, token, sizeof p->token);
    memcpy(p->email, email, strlen(email) + 1);
    pthread_mutex_unlock(&u->lock);
}

/* ---- asking ---- */

static enum auth_result take_answer(const struct userinfo *u, struct str text, const char *subject,
                                    char *email)
{
    struct error e;
    cJSON *json = json_parse(text, &e);
    const char *sub = json_get_string(json, "sub");
    const char *claim = userinfo_claim(json, u->claim);
    enum auth_result result = AUTH_OK;
    if (!cJSON_IsObject(json) || (subject != NULL && sub != NULL && strcmp(sub, subject) != 0)) {
        result = AUTH_NO_USERINFO;
    } else if (claim == NULL) {
        result = AUTH_NO_EMAIL;
    } else {
        memcpy(email, claim, strlen(claim) + 1);
    }
    cJSON_Delete(json);
    return result;
}

static enum auth_result request_email(const struct userinfo *u, const struct userinfo_query *query,
                                      char *email, struct error *e)
{
    int status;
    struct buf answer;
    char *header = mem_printf(NULL, "Authorization: Bearer %.*s", STR_ARG(query->token));
    const char *headers[] = { header };
    struct client_request request = {
        .url = u->url,
        .headers = headers,
        .n_headers = 1,
        .connect_timeout_ms = USERINFO_CONNECT_MS,
        .timeout_ms = USERINFO_ANSWER_MS,
    };
    enum auth_result result = AUTH_UNAVAILABLE;
    buf_init(&answer, 0, USERINFO_ANSWER_MAX);
    if (client_send(&request, &answer, &status, e)) {
        if (status == 200) {
            result = take_answer(u, buf_view(&answer), query->subject, email);
        } else if (status >= 500 || status == 429) {
            error_set(e, ERROR_UNAVAILABLE, "the userinfo endpoint answered %d", status);
        } else {
            result = AUTH_NO_USERINFO;
        }
    }
    buf_free(&answer);
    talloc_free(header);
    return result;
}

/* A slow endpoint must not block all threads: a few may wait for it, and the others refuse at once. */
static bool may_ask(struct userinfo *u)
{
    pthread_mutex_lock(&u->lock);
    bool may = u->asking < ASKING_MAX;
    u->asking += may;
    pthread_mutex_unlock(&u->lock);
    return may;
}

static void end_asking(struct userinfo *u)
{
    pthread_mutex_lock(&u->lock);
    u->asking--;
    pthread_mutex_unlock(&u->lock);
}

/* The timer has the name that it has in the reference. */
static void keep_time(int64_t ns)
{
    static const struct statsd_timers timers = { { "auth0_userinfo" } };
    struct statsd_place place;
    if (statsd_wanted(&place)) {
        statsd_keep(&place, &timers, (int64_t[STATSD_TIMES]){ ns, -1, -1 });
    }
}

enum auth_result userinfo_email(struct userinfo *u, const struct userinfo_query *query,
                                char email[EMAIL_MAX + 1], struct error *e)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)query->token.p, query->token.n, hash);
    if (find_cached(u, hash, query->now_ms / 1000, email)) {
        return AUTH_OK;
    }
    if (!may_ask(u)) {
        error_set(e, ERROR_UNAVAILABLE, "the userinfo endpoint is slow, and enough threads wait for it");
        return AUTH_UNAVAILABLE;
    }
    int64_t start_ns = clock_ns();
    enum auth_result result = request_email(u, query, email, e);
    end_asking(u);
    keep_time(clock_ns() - start_ns);
    if (result == AUTH_OK) {
        add_cached(u, hash, query->now_ms / 1000, query->until_s, email);
    }
    return result;
}
