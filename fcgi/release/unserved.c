/* See unserved.h. */
#include "release/unserved.h"

#include "release/app.h"

#include <stdlib.h>

enum { UNSERVED_ANSWER_MAX = 256 << 10, CHECKED_MAX = 50000 };

/* The check of one release. Its client has a version older than any release. */
struct unserved_check {
    void *ctx;
    const struct release *release;
    struct query query;
    struct release_env env;
    struct buf answer;
    struct unserved *found;
    size_t asked;
};

static const struct release *find_nothing(const void *arg, struct str name)
{
    (void)arg;
    (void)name;
    return NULL;
}

static void add_problem_text(cJSON *object, const char *name, struct str text)
{
    if (!str_absent(text)) {
        char *copy = mem_check(strndup(text.p, text.n));
        mem_check(cJSON_AddStringToObject(object, name, copy));
        free(copy);
    }
}

static void add_problem(struct unserved *u, struct str platform, struct str locale, struct str channel,
                        const char *what)
{
    if (u->count++ >= UNSERVED_SHOWN_MAX) {
        return;
    }
    cJSON *problem = mem_check(cJSON_CreateObject());
    add_problem_text(problem, "platform", platform);
    add_problem_text(problem, "locale", locale);
    add_problem_text(problem, "channel", channel);
    add_problem_text(problem, "what", str_of(what));
    cJSON_AddItemToArray(u->problems, problem);
}

/* Whether the answer to A's query has a complete update. False: E says why not. */
static bool is_served(struct unserved_check *a, struct error *e)
{
    struct error skipped = { 0 };
    *e = (struct error){ 0 };
    buf_reset(&a->answer);
    enum verdict v = release_header_xml(a->release, &a->env, &a->answer, e);
    if (v == VERDICT_YES) {
        v = release_inner_xml(a->release, &a->env, &a->answer, e, &skipped);
    }
    if (v != VERDICT_YES) {
        return false;
    }
    if (str_contains(buf_view(&a->answer), STR("<patch type=\"complete\""))) {
        return true;
    }
    return error_set(e, ERROR_BAD_REQUEST, "%s",
                     skipped.what[0] != '\0' ? skipped.what
                                             : "there is no complete update, or none on a permitted host");
}

static void check_channel(struct unserved_check *a, struct str platform, struct str locale,
                          struct str channel, bool matters)
{
    struct error e;
    if (a->asked++ >= CHECKED_MAX) {
        return;
    }
    a->query.channel = a->query.fallback_channel = channel;
    if (!is_served(a, &e)) {
        add_problem(a->found, platform, locale, matters ? channel : STR_NONE, e.what);
    }
}

static void check_locale(struct unserved_check *a, const struct app_body *body, struct str platform,
                         struct str locale)
{
    struct error e;
    a->query.build_target = platform;
    a->query.locale = locale;
    enum verdict v = release_should_serve(a->release, &a->query, &e);
    if (v == VERDICT_BAD || v == VERDICT_BROKEN) {
        add_problem(a->found, platform, locale, STR_NONE, e.what);
        return;
    }
    for (size_t i = 0; i < body->urls.n && i < UNSERVED_CHANNELS_MAX; i++) {
        check_channel(a, platform, locale, name_key_str(&body->urls.channel[i].key), true);
    }
    if (body->urls.n == 0) {
        check_channel(a, platform, locale, STR("*"), false);
    }
}

static int compare_locales(const void *a, const void *b)
{
    const struct app_locale *x = *(const struct app_locale *const *)a,
                            *y = *(const struct app_locale *const *)b;
    return str_cmp(name_key_str(&x->key), name_key_str(&y->key));
}

static int compare_platforms(const void *a, const void *b)
{
    const struct app_platform *x = *(const struct app_platform *const *)a;
    const struct app_platform *y = *(const struct app_platform *const *)b;
    return str_cmp(name_key_str(&x->key), name_key_str(&y->key));
}

/* In the order of names: the order inside the release differs from process to process. */
static void check_locales(struct unserved_check *a, const struct app_body *body, const struct app_platform *p)
{
    const struct app_locale **sorted = mem_array(a->ctx, const struct app_locale *, p->n_locales + 1);
    for (uint32_t i = 0; i < p->n_locales; i++) {
        sorted[i] = &p->locale[i];
    }
    qsort(sorted, p->n_locales, sizeof(*sorted), compare_locales);
    for (uint32_t i = 0; i < p->n_locales; i++) {
        check_locale(a, body, name_key_str(&p->key), name_key_str(&sorted[i]->key));
    }
}

static void check_platform(struct unserved_check *a, const struct app_body *body,
                           const struct app_platform *p)
{
    struct app_position position;
    struct error e;
    struct str name = name_key_str(&p->key);
    if (!app_find(body, p->key, name_key_of(STR("")), &position, &e)) {
        add_problem(a->found, name, STR_NONE, STR_NONE, e.what);
    } else if (position.platform == NULL) {
        add_problem(a->found, name, STR_NONE, STR_NONE, "its alias leads to a platform that is not there");
    } else if (position.platform->alias != APP_ALIAS_NONE && position.platform != p) {
        add_problem(a->found, name, STR_NONE, STR_NONE, "its alias leads to another alias");
    } else if (position.platform == p && p->n_locales == 0) {
        add_problem(a->found, name, STR_NONE, STR_NONE, "it has no locales");
    }
    if (p->alias == APP_ALIAS_NONE) { /* else its locales are those of the other platform */
        check_locales(a, body, p);
    }
}

static void check_app_release(struct unserved_check *a)
{
    const struct app_body *body = a->release->body;
    if (body->n_platforms == 0) {
        add_problem(a->found, STR_NONE, STR_NONE, STR_NONE, "the release has no platforms");
    }
    const struct app_platform **sorted =
        mem_array(a->ctx, const struct app_platform *, body->n_platforms + 1);
    for (uint32_t i = 0; i < body->n_platforms; i++) {
        sorted[i] = &body->platform[i];
    }
    qsort(sorted, body->n_platforms, sizeof(*sorted), compare_platforms);
    for (uint32_t i = 0; i < body->n_platforms; i++) {
        check_platform(a, body, sorted[i]);
    }
    if (a->asked > CHECKED_MAX) {
        add_problem(
            a->found, STR_NONE, STR_NONE, STR_NONE,
            "the release has too many locales and channels: what comes after the first 50,000 was not asked "
            "for");
    }
}

void release_list_unserved_of(const struct release *release, const struct allowlist *allowlist,
                              struct unserved *u)
{
    struct unserved_check a = {
        .ctx = mem_check(talloc_new(NULL)),
        .release = release,
        .query = { .product = release->product, .version = STR("0.0"), .build_id = STR("0") },
        .env = { .update_type = STR("minor"), .allowlist = allowlist, .find = find_nothing },
        .found = u,
    };
    a.env.query = &a.query;
    buf_init(&a.answer, 4096, UNSERVED_ANSWER_MAX);
    if (release_has_versions(release)) {
        check_app_release(&a);
    }
    buf_free(&a.answer);
    talloc_free(a.ctx);
}

void release_list_unserved(const struct release_row *row, const struct allowlist *allowlist,
                           struct unserved *u)
{
    struct error e;
    struct release *release = release_compile(NULL, row, RELEASE_SERVED, &e);
    if (release == NULL) {
        add_problem(u, STR_NONE, STR_NONE, STR_NONE, e.what);
        return;
    }
    release_list_unserved_of(release, allowlist, u);
    talloc_free(release);
}
