/* See waiting_entry.h. */
#include "store/waiting_entry.h"

#include <inttypes.h>
#include <stdio.h>

enum { TITLE_MAX = 1024 };

/* ---- the place ---- */

int waiting_order(const struct waiting_at *a, const struct waiting_at *b)
{
    if (a->when != b->when) {
        return a->when < b->when ? -1 : 1;
    }
    if (a->source != b->source) {
        return a->source < b->source ? -1 : 1;
    }
    return (a->sc_id > b->sc_id) - (a->sc_id < b->sc_id);
}

const char *waiting_at_print(struct tx *tx, const struct waiting_at *at)
{
    return mem_printf(tx->mem, "p%" PRIx64 "-%x-%" PRIx64, (uint64_t)at->when, at->source,
                      (uint64_t)at->sc_id);
}

bool waiting_at_parse(struct str text, size_t n_sources, struct waiting_at *at)
{
    char copy[64], again[64];
    uint64_t when, sc_id;
    if (text.n >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (sscanf(copy, "p%" SCNx64 "-%x-%" SCNx64, &when, &at->source, &sc_id) != 3) {
        return false;
    }
    at->when = (int64_t)when;
    at->sc_id = (int64_t)sc_id;
    snprintf(again, sizeof again, "p%" PRIx64 "-%x-%" PRIx64, when, at->source, sc_id);
    return at->source < n_sources && at->when >= 0 && at->sc_id >= 0 && strcmp(copy, again) == 0;
}

/* ---- what it is ---- */

static enum change_type type_of(const struct waiting_part *part)
{
    enum change_type type = CHANGE_UPDATE;
    change_type_parse(row_text(part->row, "change_type"), &type);
    return type;
}

/* A telemetry condition counts alone. */
static bool waits_for_uptake(const cJSON *row)
{
    return row_int(row, "telemetry_uptake") != 0;
}

static bool is_stale(const struct waiting_part *part)
{
    if (type_of(part) == CHANGE_INSERT) {
        return part->old != NULL;
    }
    return part->old == NULL || row_int(part->old, "data_version") != row_int(part->row, "data_version");
}

/* Adds the sign-offs that PART needs. A change of a row that is gone needs none: it cannot be enacted. */
static bool add_needs(struct tx *tx, const struct waiting_part *part, cJSON *all, struct error *e)
{
    struct change c = { .type = type_of(part), .dry = true };
    cJSON *needs;
    if (c.type != CHANGE_INSERT && part->old == NULL) {
        return true;
    }
    c.old = c.type == CHANGE_INSERT ? NULL : part->old;
    c.what = c.now = c.type == CHANGE_DELETE ? NULL : part->row;
    if (!resource_needs(tx, part->source->resource, &c, &needs, e)) {
        return false;
    }
    for (const cJSON *need = needs->child; need != NULL; need = need->next) {
        signoff_needs_add(all, need->string, (int64_t)need->valuedouble);
    }
    return true;
}

void waiting_entry_place(struct waiting_entry *entry, const struct waiting_source *source)
{
    const struct waiting_part *first = entry->part[0];
    entry->at = (struct waiting_at){ .source = (unsigned)(first->source - source), .sc_id = first->sc_id };
    for (size_t i = 0; i < entry->n; i++) {
        int64_t when = entry->part[i]->when;
        entry->at.when = when > entry->at.when ? when : entry->at.when;
    }
    if (entry->at.when == 0) {
        entry->at.when = INT64_MAX;
    }
}

bool waiting_entry_open(struct tx *tx, struct waiting_entry *entry, struct error *e)
{
    entry->needs = signoff_needs_new(tx);
    for (size_t i = 0; i < entry->n; i++) {
        waiting_part_load(tx, entry->part[i]);
        entry->stale |= is_stale(entry->part[i]);
        if (!add_needs(tx, entry->part[i], entry->needs, e)) {
            return false;
        }
    }
    return true;
}

void waiting_entry_close(struct waiting_entry *entry)
{
    for (size_t i = 0; i < entry->n; i++) {
        entry->part[i]->row = NULL;
        entry->part[i]->old = NULL;
    }
    entry->stale = false;
    entry->needs = entry->can_sign = NULL;
}

/* ---- sign-offs ---- */

/* Whether PART has the sign-off ONE, too. */
static bool has_signoff(const struct waiting_part *part, const struct waiting_signoff *one)
{
    for (const struct waiting_signoff *s = part->signoffs; s != NULL; s = s->next) {
        if (strcmp(s->username, one->username) == 0) {
            return strcmp(s->role, one->role) == 0;
        }
    }
    return false;
}

/* Whether ONE was given for each part: only then it is one of the entry. */
static bool signed_all(const struct waiting_entry *entry, const struct waiting_signoff *one)
{
    for (size_t i = 1; i < entry->n; i++) {
        if (!has_signoff(entry->part[i], one)) {
            return false;
        }
    }
    return true;
}

/* Why USER's sign-off of one of the parts does not count, or NULL. */
static const cJSON *invalid_of(const struct waiting_entry *entry, const char *user)
{
    const cJSON *why = NULL;
    for (size_t i = 0; i < entry->n && why == NULL; i++) {
        why = json_get(entry->part[i]->invalid, user);
    }
    return why;
}

static bool counts(const struct waiting_entry *entry, const struct waiting_signoff *one)
{
    return signed_all(entry, one) && invalid_of(entry, one->username) == NULL;
}

static unsigned count_role(const struct waiting_entry *entry, const char *role)
{
    unsigned n = 0;
    for (const struct waiting_signoff *one = entry->part[0]->signoffs; one != NULL; one = one->next) {
        n += strcmp(one->role, role) == 0 && counts(entry, one);
    }
    return n;
}

static bool has_signed(const struct waiting_entry *entry, const char *user)
{
    for (const struct waiting_signoff *one = entry->part[0]->signoffs; one != NULL; one = one->next) {
        if (strcmp(one->username, user) == 0) {
            return counts(entry, one);
        }
    }
    return false;
}

static bool holds(const cJSON *roles, const char *role)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, roles)
    {
        if (cJSON_IsString(one) && strcmp(one->valuestring, role) == 0) {
            return true;
        }
    }
    return false;
}

void waiting_entry_judge(struct tx *tx, struct waiting_entry *entry, const cJSON *roles)
{
    bool signed_already = has_signed(entry, tx->actor);
    const cJSON *need;
    entry->is_signed = true;
    entry->can_sign = tx_keep(tx, mem_check(cJSON_CreateArray()));
    cJSON_ArrayForEach(need, entry->needs)
    {
        if (count_role(entry, need->string) >= need->valuedouble) {
            continue;
        }
        entry->is_signed = false;
        if (!signed_already && holds(roles, need->string)) {
            cJSON_AddItemToArray(entry->can_sign, json_text(str_of(need->string)));
        }
    }
}

/* ---- filters ---- */

/* What the change makes of the row: NULL if it goes. */
static const cJSON *becomes(const struct waiting_part *part)
{
    return type_of(part) == CHANGE_DELETE ? NULL : part->row;
}

static bool is_product(const cJSON *row, struct str product)
{
    const char *is = row_text(row, "product");
    return is != NULL && str_eq(str_of(is), product);
}

/* Whether a row for all channels, a channel, or a glob ("release*") concerns CHANNEL. */
static bool concerns(const cJSON *row, struct str channel)
{
    struct str is = str_of(row_text(row, "channel"));
    if (is.n > 0 && is.p[is.n - 1] == '*') {
        return str_starts(channel, str_slice(is, 0, is.n - 1));
    }
    return row != NULL && (is.n == 0 || str_eq(is, channel));
}

bool waiting_entry_fits(const struct waiting_entry *entry, struct str product, struct str channel)
{
    const struct waiting_part *part = entry->part[0];
    const cJSON *old = part->old, *now = becomes(part);
    if (now == NULL && part->old == NULL) {
        now = part->row; /* the row is gone already */
    }
    return (str_absent(product) || is_product(old, product) || is_product(now, product) ||
            is_product(part->row, product)) &&
           (str_absent(channel) || concerns(old, channel) || concerns(now, channel));
}

/* ---- JSON ---- */

static bool is_nothing(const cJSON *value)
{
    return value == NULL || cJSON_IsNull(value) || (cJSON_IsString(value) && value->valuestring[0] == '\0');
}

static cJSON *copy_of(const cJSON *value)
{
    return value == NULL ? mem_check(cJSON_CreateNull()) : mem_check(cJSON_Duplicate(value, true));
}

/* {column: [old, new]}. A deletion changes nothing of the row that goes. */
static cJSON *changed_of(const struct waiting_part *part)
{
    cJSON *changed = mem_check(cJSON_CreateObject());
    const cJSON *now = becomes(part);
    for (const struct column *c = part->source->resource->table->column; now != NULL && c->name != NULL;
         c++) {
        const cJSON *was = json_get(part->old, c->name), *is = json_get(now, c->name);
        if (strcmp(c->name, "data_version") == 0 || (c->flags & (COLUMN_BIG | COLUMN_AUTO)) != 0 ||
            (is_nothing(was) && is_nothing(is)) || row_same(was, is)) {
            continue;
        }
        cJSON *pair = mem_check(cJSON_AddArrayToObject(changed, c->name));
        cJSON_AddItemToArray(pair, copy_of(was));
        cJSON_AddItemToArray(pair, copy_of(is));
    }
    return changed;
}

static const char *text_of(const struct waiting_part *part, const char *column)
{
    const char *text = row_text(part->row, column);
    return text != NULL ? text : row_text(part->old, column);
}

/* A few words for people: the row's alias or number, or the columns of its key. */
static cJSON *title_of(const struct waiting_part *part)
{
    const struct table *t = part->source->resource->table;
    struct buf text;
    buf_init(&text, 128, TITLE_MAX);
    if (t == &table_rules) {
        const char *alias = text_of(part, "alias");
        int64_t id = row_int(part->row, "rule_id");
        buf_lit(&text, "rule");
        if (alias != NULL || id != 0) {
            buf_char(&text, ' ');
        }
        buf_str(&text, str_of(alias));
        if (alias == NULL && id != 0) {
            buf_int(&text, id);
        }
    } else if (t == &table_partial_stops) {
        buf_printf(&text, "partial stop %lld", (long long)row_int(part->row, "stop_id"));
    } else {
        for (const struct column *c = t->column; c->name != NULL; c++) {
            const char *key = (c->flags & COLUMN_KEY) != 0 ? row_text(part->row, c->name) : NULL;
            if (key != NULL && !(part->source->by_release && strcmp(c->name, "path") == 0)) {
                buf_str(&text, text.n > 0 ? STR(" ") : STR(""));
                buf_str(&text, str_of(key));
            }
        }
    }
    cJSON *title = json_text(buf_view(&text));
    buf_free(&text);
    return title;
}

static cJSON *telemetry_of(const cJSON *row)
{
    if (!waits_for_uptake(row)) {
        return mem_check(cJSON_CreateNull());
    }
    cJSON *telemetry = mem_check(cJSON_CreateObject());
    cJSON_AddItemToObject(telemetry, "product", copy_of(json_get(row, "telemetry_product")));
    cJSON_AddItemToObject(telemetry, "channel", copy_of(json_get(row, "telemetry_channel")));
    cJSON_AddItemToObject(telemetry, "uptake", copy_of(json_get(row, "telemetry_uptake")));
    return telemetry;
}

static const char *state_of(const struct waiting_entry *entry, const cJSON *failed, int64_t now_ms)
{
    return !entry->is_signed                                        ? "signoffs"
           : failed != NULL                                         ? "failing"
           : waits_for_uptake(entry->part[0]->row)                  ? "uptake"
           : entry->at.when != INT64_MAX && entry->at.when > now_ms ? "time"
                                                                    : "due";
}

static const cJSON *find_failed(const struct waiting_entry *entry, const cJSON *failing)
{
    const struct waiting_part *part = entry->part[0];
    char *key = part->source->by_release
                    ? mem_printf(NULL, "%s %s", part->source->kind, row_text(part->row, "name"))
                    : mem_printf(NULL, "%s %lld", part->source->kind, (long long)part->sc_id);
    const cJSON *failed = entry->is_signed ? json_get(failing, key) : NULL;
    talloc_free(key);
    return failed;
}

static void add_what(cJSON *json, const struct waiting_entry *entry)
{
    const struct waiting_part *part = entry->part[0];
    const cJSON *row = part->row;
    const cJSON *product = json_get(row, "product");
    mem_check(cJSON_AddStringToObject(json, "kind", part->source->kind));
    if (part->source->by_release) {
        cJSON_AddItemToObject(json, "id", copy_of(json_get(row, "name")));
        mem_check(cJSON_AddNumberToObject(json, "parts", (double)entry->n));
    } else {
        mem_check(cJSON_AddNumberToObject(json, "id", (double)part->sc_id));
        cJSON_AddItemToObject(json, "sc_data_version", copy_of(json_get(row, "sc_data_version")));
    }
    cJSON_AddItemToObject(json, "title", title_of(part));
    cJSON_AddItemToObject(json, "change_type", copy_of(json_get(row, "change_type")));
    cJSON_AddItemToObject(json, "scheduled_by", copy_of(json_get(row, "scheduled_by")));
    cJSON_AddItemToObject(json, "product",
                          copy_of(is_nothing(product) ? json_get(part->old, "product") : product));
    cJSON_AddItemToObject(json, "channel",
                          copy_of(json_get(becomes(part) != NULL ? row : part->old, "channel")));
    cJSON_AddItemToObject(json, "old_product", copy_of(json_get(part->old, "product")));
    cJSON_AddItemToObject(json, "old_channel", copy_of(json_get(part->old, "channel")));
    cJSON_AddItemToObject(json, "changed", changed_of(part));
}

/* Adds signoffs, {user: role}, and invalid_signoffs, {user: why}, if there are some. */
static void add_signoffs(cJSON *json, const struct waiting_entry *entry)
{
    cJSON *signoffs = mem_check(cJSON_AddObjectToObject(json, "signoffs"));
    cJSON *invalid = mem_check(cJSON_CreateObject());
    for (const struct waiting_signoff *one = entry->part[0]->signoffs; one != NULL; one = one->next) {
        const cJSON *why = invalid_of(entry, one->username);
        if (signed_all(entry, one)) {
            mem_check(cJSON_AddStringToObject(signoffs, one->username, one->role));
            if (why != NULL) {
                cJSON_AddItemToObject(invalid, one->username, copy_of(why));
            }
        }
    }
    if (invalid->child != NULL) {
        cJSON_AddItemToObject(json, "invalid_signoffs", invalid);
    } else {
        cJSON_Delete(invalid);
    }
}

cJSON *waiting_entry_json(const struct waiting_entry *entry, int64_t now_ms, const cJSON *failing)
{
    const cJSON *failed = find_failed(entry, failing);
    cJSON *json = mem_check(cJSON_CreateObject());
    add_what(json, entry);
    if (entry->at.when == INT64_MAX) {
        mem_check(cJSON_AddNullToObject(json, "when"));
    } else {
        mem_check(cJSON_AddNumberToObject(json, "when", (double)entry->at.when));
    }
    cJSON_AddItemToObject(json, "telemetry", telemetry_of(entry->part[0]->row));
    cJSON_AddItemToObject(json, "required_signoffs", copy_of(entry->needs));
    add_signoffs(json, entry);
    cJSON_AddItemToObject(json, "can_sign", copy_of(entry->can_sign));
    mem_check(cJSON_AddStringToObject(json, "state", state_of(entry, failed, now_ms)));
    mem_check(cJSON_AddBoolToObject(json, "stale", entry->stale));
    cJSON_AddItemToObject(json, "failed", copy_of(failed));
    return json;
}
