/* See explain_json.h. Members of a query and of rules have the names that rules' columns have in the API. */
#include "explain/explain_json.h"

#include "core/mem.h"
#include "explain/explain_why.h"

#include <stdlib.h>

enum { MISSES_MAX = 20, SENTENCE_MAX = 4096 };

static cJSON *text_json(struct str s)
{
    if (str_absent(s)) {
        return mem_check(cJSON_CreateNull());
    }
    char *copy = mem_strndup(NULL, s.p, s.n);
    cJSON *json = mem_check(cJSON_CreateString(copy));
    talloc_free(copy);
    return json;
}

static void add_text(cJSON *object, const char *name, struct str s)
{
    cJSON_AddItemToObject(object, name, text_json(s));
}

static void add_int(cJSON *object, const char *name, int64_t n)
{
    mem_check(cJSON_AddNumberToObject(object, name, (double)n));
}

static cJSON *new_object(void)
{
    return mem_check(cJSON_CreateObject());
}

static cJSON *new_array(cJSON *object, const char *name)
{
    return mem_check(cJSON_AddArrayToObject(object, name));
}

/* ---- the query ---- */

static void add_tristate(cJSON *object, const char *name, enum tristate value)
{
    cJSON_AddItemToObject(
        object, name,
        mem_check(value == TRI_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(value == TRI_TRUE)));
}

cJSON *query_json(const struct query *q)
{
    cJSON *json = new_object();
    add_text(json, "form", q->form == QUERY_XML ? STR("xml") : STR("json"));
    add_text(json, "product", q->product);
    add_text(json, "version", q->version);
    add_text(json, "buildID", q->build_id);
    add_text(json, "buildTarget", q->build_target);
    add_text(json, "locale", q->locale);
    add_text(json, "channel", q->channel);
    add_text(json, "fallback_channel", q->fallback_channel);
    add_text(json, "osVersion", q->os_version);
    add_text(json, "instructionSet", q->instruction_set);
    if (q->has_memory) {
        add_int(json, "memory", q->memory);
    } else {
        cJSON_AddItemToObject(json, "memory", mem_check(cJSON_CreateNull()));
    }
    add_tristate(json, "jaws", q->jaws);
    add_tristate(json, "mig64", q->mig64);
    add_text(json, "distribution", q->distribution);
    add_text(json, "distVersion", q->dist_version);
    add_text(json, "headerArchitecture", q->header_architecture);
    add_int(json, "force", q->force);
    add_text(json, "pin", q->pin);
    return json;
}

/* ---- rules ---- */

static const char *const verdict_names[] = {
    [RULE_CHOSEN] = "chosen",
    [RULE_AGAINST] = "against",
    [RULE_NOT_REACHED] = "not_reached",
    [RULE_UNPARSABLE] = "unparsable",
};

/* The column C, what RULE wants there, and what Q has. */
static void add_column(cJSON *json, const struct rule *rule, const struct query *q, enum rule_column c)
{
    char scratch[24];
    add_text(json, "column", str_of(rule_column_name(c)));
    add_text(json, "wants", rule_column_wants(rule, c));
    add_text(json, "is", rule_column_is(q, c, scratch));
}

static cJSON *rule_json(const struct rule_explained *r, const struct query *q)
{
    cJSON *json = new_object();
    const struct rule_row *row = &r->rule->row;
    add_int(json, "rule_id", row->rule_id);
    if (row->has_priority) {
        add_int(json, "priority", row->priority);
    } else {
        cJSON_AddItemToObject(json, "priority", mem_check(cJSON_CreateNull()));
    }
    add_text(json, "verdict", str_of(verdict_names[r->verdict]));
    if (r->against != 0) {
        add_column(json, r->rule, q, (enum rule_column)__builtin_ctz(r->against));
    }
    if (r->why != NULL) {
        add_text(json, "why", str_of(r->why));
    }
    return json;
}

static cJSON *miss_json(const struct rule_explained *r, const struct query *q)
{
    cJSON *json = new_object();
    add_int(json, "rule_id", r->rule->row.rule_id);
    add_column(json, r->rule, q, (enum rule_column)__builtin_ctz(r->against));
    add_text(json, "mapping", r->rule->row.mapping);
    return json;
}

/* Rules that one column keeps out: those above the chosen one first, as they are in that order; but those of
 * another product, which are seldom meant, at the end. */
static cJSON *misses_json(const struct explanation *x)
{
    const unsigned product = 1u << RULE_PRODUCT;
    cJSON *list = mem_check(cJSON_CreateArray());
    int n = 0;
    for (int others = 0; others < 2; others++) {
        for (size_t i = 0; i < x->n_rules && n < MISSES_MAX; i++) {
            const struct rule_explained *r = &x->rules[i];
            if (__builtin_popcount(r->against) == 1 && (r->against == product) == (others == 1)) {
                cJSON_AddItemToArray(list, miss_json(r, x->q));
                n++;
            }
        }
    }
    return list;
}

/* ---- outcomes ---- */

static void add_sentence(cJSON *json, const char *name, struct buf *text)
{
    add_text(json, name, buf_view(text));
    buf_free(text);
}

static cJSON *patch_json(const struct patch_note *p, const struct query *q)
{
    struct buf why;
    cJSON *json = new_object();
    buf_init(&why, 128, SENTENCE_MAX);
    add_text(json, "type", p->partial ? STR("partial") : STR("complete"));
    add_text(json, "from", p->from);
    add_text(json, "verdict", str_of(patch_fate_name(p->fate)));
    explain_patch_why(&why, q, p);
    add_sentence(json, "why", &why);
    return json;
}

static cJSON *release_to_json(const struct release_explained *r, const struct query *q)
{
    cJSON *json = new_object();
    const struct release_place *p = &r->place;
    add_text(json, "name", r->name);
    mem_check(cJSON_AddBoolToObject(json, "found", r->release != NULL));
    add_text(json, "platform", p->platform);
    add_text(json, "alias_of", p->target);
    add_text(json, "locale", p->has_locale ? q->locale : STR_NONE);
    add_text(json, "version", p->version);
    add_text(json, "buildID", p->build_id);
    cJSON *patches = new_array(json, "patches");
    for (size_t i = 0; i < r->n_patches; i++) {
        cJSON_AddItemToArray(patches, patch_json(&r->patches[i], q));
    }
    return json;
}

static void add_choice(cJSON *json, const struct choice_explained *c, const struct query *q)
{
    struct buf why;
    if (c->rule != NULL) {
        add_int(json, "rule_id", c->rule->row.rule_id);
    } else {
        cJSON_AddItemToObject(json, "rule_id", mem_check(cJSON_CreateNull()));
    }
    add_text(json, "mapping", c->mapping);
    add_text(json, "pinned", c->pinned);
    add_text(json, "reason", str_of(engine_reason_name(c->reason)));
    buf_init(&why, 256, SENTENCE_MAX);
    explain_why(&why, q, c);
    add_sentence(json, "why", &why);
    cJSON_AddItemToObject(
        json, "release", c->release != NULL ? release_to_json(c->release, q) : mem_check(cJSON_CreateNull()));
}

static cJSON *headers_json(const struct outcome *o)
{
    cJSON *json = new_object();
    struct str line, rest = o->head, name;
    if (o->content_type != NULL) {
        add_text(json, "Content-Type", str_of(o->content_type));
    }
    while (str_split(&rest, '\n', &line)) {
        if (str_split(&line, ':', &name) && !str_absent(line)) {
            char *key = mem_strndup(NULL, name.p, name.n);
            add_text(json, key, str_strip(line));
            talloc_free(key);
        }
    }
    return json;
}

static cJSON *signature_json(const struct outcome *o)
{
    if (o->signature_why == NULL) {
        return mem_check(cJSON_CreateNull());
    }
    cJSON *json = new_object();
    mem_check(cJSON_AddBoolToObject(json, "signed", o->is_signed));
    add_text(json, "why", str_of(o->signature_why));
    return json;
}

static cJSON *part_json(const struct choice_explained *c, const struct query *q)
{
    cJSON *json = new_object();
    struct query part = *q;
    part.product = c->part;
    add_text(json, "part", c->part);
    add_choice(json, c, &part);
    return json;
}

static cJSON *outcome_json(const struct outcome *o, const struct query *q)
{
    cJSON *json = new_object();
    cJSON_AddItemToObject(json, "percent",
                          mem_check(o->percent >= 0 ? cJSON_CreateNumber(o->percent) : cJSON_CreateNull()));
    add_choice(json, &o->choice, q);
    cJSON *parts = new_array(json, "parts");
    for (size_t i = 0; i < o->n_parts; i++) {
        cJSON_AddItemToArray(parts, part_json(&o->parts[i], q));
    }
    cJSON_ReplaceItemInObjectCaseSensitive(json, "reason", text_json(str_of(engine_reason_name(o->reason))));
    add_text(json, "error", str_of(o->error));
    add_text(json, "skipped", str_of(o->skipped));
    add_int(json, "status", o->status);
    cJSON_AddItemToObject(json, "headers", headers_json(o));
    cJSON_AddItemToObject(json, "content_signature", signature_json(o));
    add_text(json, "body", o->body.p != NULL ? o->body : STR(""));
    return json;
}

static cJSON *dice_json(const struct explanation *x)
{
    cJSON *json = new_object();
    const struct rule_row *row = x->chosen != NULL ? &x->chosen->row : NULL;
    if (row != NULL && row->has_background_rate) {
        add_int(json, "rate", row->background_rate);
    } else {
        cJSON_AddItemToObject(json, "rate", mem_check(cJSON_CreateNull()));
    }
    add_text(json, "mapping", row != NULL ? row->mapping : STR_NONE);
    add_text(json, "fallbackMapping", row != NULL ? row->fallback_mapping : STR_NONE);
    mem_check(cJSON_AddBoolToObject(json, "more", x->more));
    cJSON *outcomes = new_array(json, "outcomes");
    for (size_t i = 0; i < x->n_outcomes; i++) {
        cJSON_AddItemToArray(outcomes, outcome_json(&x->outcomes[i], x->q));
    }
    return json;
}

/* The pin of the query, and where it leads; null without one. */
static cJSON *pin_json(const struct explanation *x)
{
    if (x->q == NULL || str_absent(x->q->pin)) {
        return mem_check(cJSON_CreateNull());
    }
    cJSON *json = new_object();
    struct str pinned = STR_NONE;
    for (size_t i = 0; i < x->n_outcomes; i++) {
        pinned = str_absent(pinned) ? x->outcomes[i].choice.pinned : pinned;
    }
    add_text(json, "pin", x->q->pin);
    add_text(json, "mapping", pinned);
    return json;
}

/* What stops the query: all updates of the channel, or a partial stop, which has a number and conditions. */
static cJSON *stopped_json(const struct explanation *x)
{
    if (str_absent(x->stopped) && x->stop == NULL) {
        return mem_check(cJSON_CreateNull());
    }
    cJSON *json = new_object();
    add_text(json, "product", x->q->product);
    if (x->stop == NULL) {
        add_text(json, "channel", x->stopped);
        return json;
    }
    add_text(json, "channel", x->stop->row.channel);
    add_int(json, "stop_id", x->stop->row.rule_id);
    cJSON *conditions = mem_check(cJSON_AddObjectToObject(json, "conditions"));
    for (int c = RULE_PRODUCT; c < RULE_COLUMNS; c++) {
        if (c != RULE_PRODUCT && c != RULE_CHANNEL && (x->stop->columns & 1u << c) != 0) {
            add_text(conditions, rule_column_name((enum rule_column)c),
                     rule_column_wants(x->stop, (enum rule_column)c));
        }
    }
    return json;
}

cJSON *explanation_json(const struct explanation *x)
{
    cJSON *json = new_object();
    cJSON_AddItemToObject(json, "query", x->q != NULL ? query_json(x->q) : mem_check(cJSON_CreateNull()));
    cJSON_AddItemToObject(json, "stopped", stopped_json(x));
    cJSON *rules = new_array(json, "rules");
    for (size_t i = 0; i < x->n_rules; i++) {
        cJSON_AddItemToArray(rules, rule_json(&x->rules[i], x->q));
    }
    cJSON_AddItemToObject(json, "nearest_misses", misses_json(x));
    cJSON_AddItemToObject(json, "dice", dice_json(x));
    cJSON_AddItemToObject(json, "pin", pin_json(x));
    const struct choice_explained *first = &x->outcomes[0].choice;
    cJSON_AddItemToObject(json, "release",
                          first->release != NULL ? release_to_json(first->release, x->q)
                                                 : mem_check(cJSON_CreateNull()));
    return json;
}
