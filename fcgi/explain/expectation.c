/* See expectation.h. */
#include "explain/expectation.h"

#include "explain/explain_url.h"
#include "explain/explain_why.h"
#include "store/fail.h"
#include "store/row.h"

enum { EXPECT_WHY_MAX = 4096 };

/* ---- reading ---- */

static bool refuse_must(struct error *e, const char *name, const char *wanted)
{
    return fail(e, FAIL_INVALID, "must: %s has to be %s", name, wanted);
}

static bool read_update(const cJSON *value, struct expectation *x, struct error *e)
{
    static const char *const words[] = {
        [EXPECT_ALWAYS] = "always", [EXPECT_MAYBE] = "maybe", [EXPECT_NEVER] = "never"
    };
    for (unsigned i = 0; cJSON_IsString(value) && i < ARRAY_LEN(words); i++) {
        if (strcmp(value->valuestring, words[i]) == 0) {
            x->update = (enum expect_update)i;
            return true;
        }
    }
    return refuse_must(e, "update", "always, maybe or never");
}

static bool read_mapping(const cJSON *value, struct expectation *x, struct error *e)
{
    const cJSON *one;
    int n = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 0;
    if (n == 0 || n > EXPECT_MAPPINGS_MAX) {
        return fail(e, FAIL_INVALID, "must: mapping has to be a list of 1 to %d names of releases",
                    EXPECT_MAPPINGS_MAX);
    }
    cJSON_ArrayForEach(one, value)
    {
        if (!cJSON_IsString(one) || one->valuestring[0] == '\0' || strlen(one->valuestring) > 100) {
            return refuse_must(e, "each mapping", "the name of a release");
        }
        x->mapping[x->n_mapping++] = str_of(one->valuestring);
    }
    return true;
}

static bool read_version(const cJSON *value, const char *name, struct expect_version *v, struct error *e)
{
    if (!cJSON_IsString(value) || !version_parse(&v->version, str_of(value->valuestring))) {
        return refuse_must(e, name, "a version, like 115.15 or 128.0");
    }
    v->text = value->valuestring;
    return true;
}

static bool read_no_downgrade(const cJSON *value, struct expectation *x, struct error *e)
{
    x->no_downgrade = cJSON_IsTrue(value);
    return cJSON_IsBool(value) || refuse_must(e, "no_downgrade", "true or false");
}

static bool read_member(const cJSON *value, struct expectation *x, struct error *e)
{
    const char *name = value->string;
    return strcmp(name, "update") == 0          ? read_update(value, x, e)
           : strcmp(name, "mapping") == 0       ? read_mapping(value, x, e)
           : strcmp(name, "min_version") == 0   ? read_version(value, name, &x->min, e)
           : strcmp(name, "below_version") == 0 ? read_version(value, name, &x->below, e)
           : strcmp(name, "no_downgrade") == 0
               ? read_no_downgrade(value, x, e)
               : fail(e, FAIL_INVALID,
                      "must: '%.60s' is not known. Known are update, mapping, min_version, below_version and "
                      "no_downgrade",
                      name);
}

/* Whether the members make sense together. */
static bool fit_together(const struct expectation *x, struct error *e)
{
    if (x->update == EXPECT_NEVER &&
        (x->n_mapping > 0 || x->min.text != NULL || x->below.text != NULL || x->no_downgrade)) {
        return fail(e, FAIL_INVALID, "must: with update never nothing else can be said of an update");
    }
    return x->min.text == NULL || x->below.text == NULL ||
           version_cmp(&x->min.version, &x->below.version) < 0 ||
           fail(e, FAIL_INVALID, "must: no version is at least %.30s and below %.30s", x->min.text,
                x->below.text);
}

bool expectation_read(const cJSON *row, struct expectation *x, struct error *e)
{
    const cJSON *value;
    *x = (struct expectation){
        .product = str_of(row_text(row, "product")),
        .name = str_of(row_text(row, "name")),
        .query = str_of(row_text(row, "query")),
        .must = json_get(row, "must"),
    };
    if (!cJSON_IsObject(x->must) || x->must->child == NULL) {
        return fail(e, FAIL_INVALID,
                    "must has to be an object that says something, such as {\"update\": \"always\"}");
    }
    cJSON_ArrayForEach(value, x->must)
    {
        if (!read_member(value, x, e)) {
            return false;
        }
    }
    return fit_together(x, e);
}

/* ---- the query ---- */

static bool print_query(void *ctx, const struct query *q, struct str product, struct str url,
                        struct str *path, struct error *e)
{
    if (!str_eq(q->product, product)) {
        return fail(e, FAIL_INVALID,
                    "query: it asks for the product '%.*s', and the expectation is of '%.*s'",
                    (int)(q->product.n < 60 ? q->product.n : 60), q->product.p, STR_ARG(product));
    }
    struct buf text;
    char *scratch = mem_check(talloc_size(ctx, QUERY_TEXT_MAX));
    buf_init(&text, 512, 4 * QUERY_URL_MAX);
    query_print_canonical(&text, q, scratch, url);
    *path = mem_str(ctx, buf_view(&text));
    bool fits = !text.full && text.n <= EXPECT_QUERY_MAX;
    buf_free(&text);
    return fits || fail(e, FAIL_INVALID, "query: it is longer than %d bytes", EXPECT_QUERY_MAX);
}

bool expectation_query(void *ctx, struct str product, struct str url, struct str *path, struct error *e)
{
    struct query q;
    struct error why;
    struct str from_path = explain_path_of_url(url);
    char *text = mem_check(talloc_size(ctx, QUERY_TEXT_MAX));
    switch (query_parse(&q, text, from_path, STR_NONE, &why)) {
    case QUERY_OK:
        return print_query(ctx, &q, product, from_path, path, e);
    case QUERY_BAD_PARAMETER:
        return fail(e, FAIL_INVALID, "query: %s", why.what);
    default:
        return fail(e, FAIL_INVALID, "query: no form of update query fits the URL '%.*s'",
                    (int)(from_path.n < 150 ? from_path.n : 150), from_path.n > 0 ? from_path.p : "");
    }
}

/* ---- holding it against answers ---- */

struct expect_judge {
    const struct expectation *x;
    const struct query *q;
    const struct outcome *o;
    struct str version; /* of the release; absent: none is known */
    struct buf *why;
};

static bool is_update(const struct outcome *o)
{
    return o->status == 200 && o->reason == REASON_SERVED;
}

/* Whether something is wrong with the rule, the release or the query, and not just nothing to be had. */
static bool is_failure(const struct outcome *o)
{
    return o->reason == REASON_BAD_REQUEST || o->reason == REASON_NO_RELEASE || o->reason == REASON_BROKEN;
}

static void say_outcome(struct buf *out, const struct query *q, const struct outcome *o)
{
    if (o->error != NULL) {
        buf_str(out, str_of(o->error));
    } else {
        explain_why(out, q, &o->choice);
    }
}

static void say_gets(const struct expect_judge *j)
{
    const struct outcome *o = j->o;
    if (!is_update(o)) {
        buf_lit(j->why, "it gets no update: ");
        say_outcome(j->why, j->q, o);
        return;
    }
    buf_printf(j->why, "it gets %.*s", STR_ARG(o->choice.release->name));
    if (!str_absent(j->version)) {
        buf_printf(j->why, " (version %.*s)", STR_ARG(j->version));
    }
}

static bool fits_mapping(const struct expect_judge *j)
{
    const struct expectation *x = j->x;
    for (size_t i = 0; i < x->n_mapping; i++) {
        if (str_eq(x->mapping[i], j->o->choice.release->name)) {
            return true;
        }
    }
    if (x->n_mapping == 0) {
        return true;
    }
    say_gets(j);
    buf_lit(j->why, ", and must get ");
    for (size_t i = 0; i < x->n_mapping; i++) {
        buf_printf(j->why, "%s%.*s", i > 0 ? " or " : "", STR_ARG(x->mapping[i]));
    }
    return false;
}

static bool fits_version(const struct expect_judge *j, const struct expect_version *bound, bool is_min)
{
    struct version is;
    if (bound->text == NULL) {
        return true;
    }
    bool known = !str_absent(j->version) && version_parse(&is, j->version);
    if (known && (is_min ? version_cmp(&is, &bound->version) >= 0 : version_cmp(&is, &bound->version) < 0)) {
        return true;
    }
    say_gets(j);
    buf_printf(j->why, "%s, and must get a version %s %s", known ? "" : ", whose version is not known",
               is_min ? "of at least" : "below", bound->text);
    return false;
}

/* Whether the client is led to the fallbackMapping. That is older than what the other clients have got while
 * an update is rolled out. */
static bool is_fallback(const struct outcome *o)
{
    const struct choice_explained *c = &o->choice;
    return str_absent(c->pinned) && !str_eq(c->mapping, c->rule->row.mapping);
}

/* Also where nothing is served because the release is older. */
static bool fits_downgrade(const struct expect_judge *j)
{
    struct version is, has;
    if (!j->x->no_downgrade || str_absent(j->version) || (!is_update(j->o) && is_fallback(j->o)) ||
        !version_parse(&is, j->version) || !version_parse(&has, j->q->version) ||
        version_cmp(&is, &has) >= 0) {
        return true;
    }
    buf_printf(j->why, "it is led to %.*s, whose version %.*s is older than the client's %.*s",
               STR_ARG(j->o->choice.release->name), STR_ARG(j->version), STR_ARG(j->q->version));
    return false;
}

static bool fits(const struct expect_judge *j)
{
    bool update = is_update(j->o);
    if (is_failure(j->o)) {
        buf_lit(j->why, "the answer fails: ");
        say_outcome(j->why, j->q, j->o);
        return false;
    }
    if (update ? j->x->update == EXPECT_NEVER : j->x->update == EXPECT_ALWAYS) {
        say_gets(j);
        buf_str(j->why, update ? STR(", and must get no update") : STR(""));
        return false;
    }
    return fits_downgrade(j) && (!update || (fits_mapping(j) && fits_version(j, &j->x->min, true) &&
                                             fits_version(j, &j->x->below, false)));
}

static struct str version_of(const struct outcome *o)
{
    const struct release_explained *r = o->choice.release;
    return r != NULL && r->has_place ? r->place.version : STR_NONE;
}

static cJSON *text_or_null(struct str text)
{
    return str_absent(text) ? mem_check(cJSON_CreateNull()) : json_text(text);
}

static cJSON *outcome_json(const struct query *q, const struct outcome *o)
{
    struct buf why;
    cJSON *json = mem_check(cJSON_CreateObject());
    buf_init(&why, 256, EXPECT_WHY_MAX);
    say_outcome(&why, q, o);
    mem_check(cJSON_AddNumberToObject(json, "percent", o->percent));
    cJSON_AddItemToObject(json, "mapping", text_or_null(is_update(o) ? o->choice.release->name : STR_NONE));
    cJSON_AddItemToObject(json, "version", text_or_null(is_update(o) ? version_of(o) : STR_NONE));
    mem_check(cJSON_AddStringToObject(json, "reason", engine_reason_name(o->reason)));
    cJSON_AddItemToObject(json, "why", json_text(buf_view(&why)));
    buf_free(&why);
    return json;
}

/* Appends the reason why one of the answers is not as X says. */
static void judge_outcomes(const struct expectation *x, const struct explanation *explained, struct buf *why)
{
    for (size_t i = 0; i < explained->n_outcomes && why->n == 0; i++) {
        const struct outcome *o = &explained->outcomes[i];
        struct expect_judge j = { .x = x, .q = explained->q, .o = o, .version = version_of(o), .why = why };
        if (!fits(&j) && o->percent < 100) {
            buf_printf(why, " (%g %% of such clients)", o->percent);
        }
    }
    if (why->n == 0 && explained->more) {
        buf_printf(why, "it can get more than %d answers: not all of them were looked at", OUTCOMES_MAX);
    }
}

const char *expectation_why_broken(void *ctx, const struct snapshot *s, const struct expectation *x,
                                   cJSON **gets)
{
    void *tmp = mem_check(talloc_new(NULL));
    struct query q;
    struct error e;
    struct buf why;
    buf_init(&why, 256, EXPECT_WHY_MAX);
    if (gets != NULL) {
        *gets = mem_check(cJSON_CreateArray());
    }
    char *text = mem_check(talloc_size(tmp, QUERY_TEXT_MAX));
    if (query_parse(&q, text, x->query, STR_NONE, &e) != QUERY_OK) {
        buf_lit(&why, "its query is not one that this version knows");
    } else {
        const struct explanation *explained = explain_outcomes(tmp, s, &q);
        judge_outcomes(x, explained, &why);
        for (size_t i = 0; gets != NULL && i < explained->n_outcomes; i++) {
            cJSON_AddItemToArray(*gets, outcome_json(&q, &explained->outcomes[i]));
        }
    }
    const char *broken = why.n > 0 ? mem_strndup(ctx, why.p, why.n) : NULL;
    buf_free(&why);
    talloc_free(tmp);
    return broken;
}
