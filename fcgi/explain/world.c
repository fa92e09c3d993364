/* See world.h. Rows come typed from the reader, or as JSON from histories and changes; here they become the
 * same. */
#include "explain/world.h"

#include "store/history.h"
#include "store/reader.h"
#include "store/release_past.h"

/* ---- JSON to rows ---- */

static struct str text_of(void *ctx, const cJSON *row, const char *column)
{
    return mem_str(ctx, str_of(row_text(row, column)));
}

static enum tristate tristate_of(const cJSON *row, const char *column)
{
    const cJSON *value = json_get(row, column);
    if (value == NULL || cJSON_IsNull(value)) {
        return TRI_UNKNOWN;
    }
    return row_true(row, column) ? TRI_TRUE : TRI_FALSE;
}

static bool is_number(const cJSON *row, const char *column)
{
    return cJSON_IsNumber(json_get(row, column));
}

struct rule_row rule_row_of_json(void *ctx, const cJSON *row)
{
    return (struct rule_row){
        .rule_id = row_int(row, "rule_id"),
        .data_version = row_int(row, "data_version"),
        .has_priority = is_number(row, "priority"),
        .priority = row_int(row, "priority"),
        .has_background_rate = is_number(row, "backgroundRate"),
        .background_rate = row_int(row, "backgroundRate"),
        .mapping = text_of(ctx, row, "mapping"),
        .fallback_mapping = text_of(ctx, row, "fallbackMapping"),
        .update_type = text_of(ctx, row, "update_type"),
        .product = text_of(ctx, row, "product"),
        .version = text_of(ctx, row, "version"),
        .channel = text_of(ctx, row, "channel"),
        .build_target = text_of(ctx, row, "buildTarget"),
        .build_id = text_of(ctx, row, "buildID"),
        .locale = text_of(ctx, row, "locale"),
        .os_version = text_of(ctx, row, "osVersion"),
        .memory = text_of(ctx, row, "memory"),
        .instruction_set = text_of(ctx, row, "instructionSet"),
        .distribution = text_of(ctx, row, "distribution"),
        .dist_version = text_of(ctx, row, "distVersion"),
        .header_architecture = text_of(ctx, row, "headerArchitecture"),
        .jaws = tristate_of(row, "jaws"),
        .mig64 = tristate_of(row, "mig64"),
    };
}

static struct pin_row pin_row_of_json(void *ctx, const cJSON *row)
{
    return (struct pin_row){ text_of(ctx, row, "product"), text_of(ctx, row, "version"),
                             text_of(ctx, row, "channel"), text_of(ctx, row, "mapping") };
}

static struct shutoff_row shutoff_row_of_json(void *ctx, const cJSON *row)
{
    return (struct shutoff_row){ text_of(ctx, row, "product"), text_of(ctx, row, "channel") };
}

/* A row of balrog_partial_stops. */
static struct rule_row stop_row_of_json(void *ctx, const cJSON *row)
{
    struct rule_row stop = rule_row_of_json(ctx, row);
    stop.rule_id = row_int(row, "stop_id");
    return stop;
}

/* ---- reading ---- */

static bool read_rows(struct tx *tx, void *ctx, bool shared, struct world *w, struct error *e)
{
    *w = (struct world){ .ctx = ctx };
    return reader_rules(tx->db, ctx, shared, &w->rules, &w->n_rules, e) &&
           reader_pins(tx->db, ctx, shared, &w->pins, &w->n_pins, e) &&
           reader_shutoffs(tx->db, ctx, &w->shutoffs, &w->n_shutoffs, e) &&
           reader_stops(tx->db, ctx, &w->stops, &w->n_stops, e);
}

bool world_read(struct tx *tx, void *ctx, struct world *w, struct error *e)
{
    return read_rows(tx, ctx, false, w, e);
}

bool world_read_shared(struct tx *tx, void *ctx, struct world *w, struct error *e)
{
    return read_rows(tx, ctx, true, w, e);
}

static void *copy_rows(void *ctx, const void *rows, size_t n, size_t size)
{
    char *copy = mem_check(talloc_array(ctx, char, (unsigned)(n * size)));
    return n > 0 ? memcpy(copy, rows, n * size) : copy;
}

struct world world_copy(void *ctx, const struct world *from)
{
    struct world w = *from;
    w.ctx = ctx;
    w.rules = copy_rows(ctx, from->rules, from->n_rules, sizeof *w.rules);
    w.pins = copy_rows(ctx, from->pins, from->n_pins, sizeof *w.pins);
    w.shutoffs = copy_rows(ctx, from->shutoffs, from->n_shutoffs, sizeof *w.shutoffs);
    w.stops = copy_rows(ctx, from->stops, from->n_stops, sizeof *w.stops);
    w.edits = NULL;
    w.n_edits = 0;
    return w;
}

static size_t count_of(const cJSON *rows)
{
    return (size_t)cJSON_GetArraySize(rows);
}

bool world_read_past(struct tx *tx, void *ctx, int64_t ms, struct world *w, struct error *e)
{
    cJSON *rules, *pins, *shutoffs, *stops;
    *w = (struct world){ .ctx = ctx, .at_ms = ms };
    if (!history_at(tx, &table_rules, ms, &rules, e) ||
        !history_at(tx, &table_pinnable_releases, ms, &pins, e) ||
        !history_at(tx, &table_emergency_shutoffs, ms, &shutoffs, e) ||
        !history_at(tx, &table_partial_stops, ms, &stops, e)) {
        return false;
    }
    w->rules = mem_array(ctx, struct rule_row, count_of(rules));
    w->pins = mem_array(ctx, struct pin_row, count_of(pins));
    w->shutoffs = mem_array(ctx, struct shutoff_row, count_of(shutoffs));
    w->stops = mem_array(ctx, struct rule_row, count_of(stops));
    for (const cJSON *row = rules->child; row != NULL; row = row->next) {
        w->rules[w->n_rules++] = rule_row_of_json(ctx, row);
    }
    for (const cJSON *row = pins->child; row != NULL; row = row->next) {
        w->pins[w->n_pins++] = pin_row_of_json(ctx, row);
    }
    for (const cJSON *row = shutoffs->child; row != NULL; row = row->next) {
        w->shutoffs[w->n_shutoffs++] = shutoff_row_of_json(ctx, row);
    }
    for (const cJSON *row = stops->child; row != NULL; row = row->next) {
        w->stops[w->n_stops++] = stop_row_of_json(ctx, row);
    }
    return true;
}

/* ---- changes of the small tables ---- */

/* Sets the row I of a list of *N, which may be the one behind its end, or takes it out where ROW is NULL. The
 * list has room for one more. */
static void put_row(void *list, size_t *n, size_t size, size_t i, const void *row)
{
    char *at = (char *)list + i * size;
    if (row != NULL) {
        memcpy(at, row, size);
        *n += i == *n;
    } else if (i < *n) {
        memmove(at, at + size, (*n - i - 1) * size);
        --*n;
    }
}

/* The database raises data_version with every write. */
static void apply_to_rules(struct world *w, const struct row_change *c)
{
    size_t i = 0;
    int64_t id = row_int(c->now != NULL ? c->now : c->old, "rule_id");
    while (i < w->n_rules && w->rules[i].rule_id != id) {
        i++;
    }
    struct rule_row row = rule_row_of_json(w->ctx, c->now);
    row.data_version++;
    w->rules = mem_resize(w->ctx, w->rules, struct rule_row, w->n_rules + 1);
    put_row(w->rules, &w->n_rules, sizeof row, i, c->now != NULL ? &row : NULL);
}

static void apply_to_pins(struct world *w, const struct row_change *c)
{
    size_t i = 0;
    const struct pin_row key = pin_row_of_json(w->ctx, c->now != NULL ? c->now : c->old);
    while (i < w->n_pins &&
           !(str_eq(w->pins[i].product, key.product) && str_eq(w->pins[i].channel, key.channel) &&
             str_eq(w->pins[i].version, key.version))) {
        i++;
    }
    w->pins = mem_resize(w->ctx, w->pins, struct pin_row, w->n_pins + 1);
    put_row(w->pins, &w->n_pins, sizeof key, i, c->now != NULL ? &key : NULL);
}

static void apply_to_shutoffs(struct world *w, const struct row_change *c)
{
    size_t i = 0;
    const struct shutoff_row key = shutoff_row_of_json(w->ctx, c->now != NULL ? c->now : c->old);
    while (i < w->n_shutoffs &&
           !(str_eq(w->shutoffs[i].product, key.product) && str_eq(w->shutoffs[i].channel, key.channel))) {
        i++;
    }
    w->shutoffs = mem_resize(w->ctx, w->shutoffs, struct shutoff_row, w->n_shutoffs + 1);
    put_row(w->shutoffs, &w->n_shutoffs, sizeof key, i, c->now != NULL ? &key : NULL);
}

static void apply_to_stops(struct world *w, const struct row_change *c)
{
    size_t i = 0;
    const struct rule_row key = stop_row_of_json(w->ctx, c->now != NULL ? c->now : c->old);
    while (i < w->n_stops && w->stops[i].rule_id != key.rule_id) {
        i++;
    }
    w->stops = mem_resize(w->ctx, w->stops, struct rule_row, w->n_stops + 1);
    put_row(w->stops, &w->n_stops, sizeof key, i, c->now != NULL ? &key : NULL);
}

/* ---- changes of releases ---- */

/* What a row of one of the three tables of releases, or a whole v2 release, becomes. */
struct release_edit {
    enum { EDIT_V1, EDIT_BASE, EDIT_ASSET, EDIT_WHOLE } of;
    struct str name, path, product;
    bool deleted;
    bool has_json; /* its JSON changes, too */
    struct str json;
};

static struct str printed(void *ctx, const cJSON *value)
{
    struct buf text;
    if (value == NULL || cJSON_IsNull(value)) {
        return STR_NONE;
    }
    buf_init(&text, 1024, SIZE_MAX);
    json_print(&text, value, JSON_DUMPS);
    struct str copy = mem_str(ctx, buf_view(&text));
    buf_free(&text);
    return copy;
}

static void apply_to_releases(struct world *w, const struct row_change *c)
{
    const cJSON *key = c->now != NULL ? c->now : c->old;
    struct release_edit edit = {
        .of = c->table == &table_releases         ? EDIT_V1
              : c->table == &table_releases_json  ? EDIT_BASE
              : c->table == &table_release_assets ? EDIT_ASSET
                                                  : EDIT_WHOLE,
        .name = text_of(w->ctx, key, "name"),
        .path = text_of(w->ctx, key, "path"),
        .product = text_of(w->ctx, c->now, "product"),
        .deleted = c->now == NULL,
        .has_json = json_get(c->now, "data") != NULL,
        .json = printed(w->ctx, json_get(c->now, "data")),
    };
    w->edits = mem_resize(w->ctx, w->edits, struct release_edit, w->n_edits + 1);
    w->edits[w->n_edits++] = edit;
}

void world_apply(struct world *w, const struct row_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        const struct row_change *c = &changes->list[i];
        if (c->table == &table_rules) {
            apply_to_rules(w, c);
        } else if (c->table == &table_pinnable_releases) {
            apply_to_pins(w, c);
        } else if (c->table == &table_emergency_shutoffs) {
            apply_to_shutoffs(w, c);
        } else if (c->table == &table_partial_stops) {
            apply_to_stops(w, c);
        } else {
            apply_to_releases(w, c);
        }
    }
}

/* ---- releases ---- */

static void edit_asset(void *ctx, struct release_parts *parts, const struct release_edit *edit)
{
    size_t i = 0;
    while (i < parts->n_assets && str_cmp(parts->assets[i].path, edit->path) < 0) {
        i++;
    }
    bool there = i < parts->n_assets && str_eq(parts->assets[i].path, edit->path);
    if (edit->deleted) {
        if (there) {
            put_row(parts->assets, &parts->n_assets, sizeof *parts->assets, i, NULL);
        }
        return;
    }
    if (!there) {
        size_t n = parts->n_assets++;
        parts->assets = mem_resize(ctx, parts->assets, struct release_asset, parts->n_assets);
        memmove(&parts->assets[i + 1], &parts->assets[i], (n - i) * sizeof *parts->assets);
        parts->assets[i] = (struct release_asset){ .path = edit->path };
    }
    if (edit->has_json) {
        parts->assets[i].json = edit->json;
    }
}

static void edit_row(bool *there, struct str *product, struct str *json, const struct release_edit *edit)
{
    *there = !edit->deleted;
    *product = edit->product;
    if (edit->deleted || edit->has_json) {
        *json = edit->json;
    }
}

static void edit_parts(void *ctx, const struct world *w, struct str name, struct release_parts *parts)
{
    for (size_t i = 0; i < w->n_edits; i++) {
        const struct release_edit *edit = &w->edits[i];
        if (!str_eq(edit->name, name)) {
            continue;
        }
        switch (edit->of) {
        case EDIT_V1:
            edit_row(&parts->v1, &parts->v1_product, &parts->v1_json, edit);
            break;
        case EDIT_WHOLE:
            parts->n_assets = 0;
            edit_row(&parts->v2, &parts->v2_product, &parts->v2_json, edit);
            break;
        case EDIT_BASE:
            edit_row(&parts->v2, &parts->v2_product, &parts->v2_json, edit);
            break;
        case EDIT_ASSET:
            edit_asset(ctx, parts, edit);
            break;
        }
    }
}

static bool is_edited(const struct world *w, struct str name)
{
    for (size_t i = 0; i < w->n_edits; i++) {
        if (str_eq(w->edits[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *mark, bool *found, struct error *e)
{
    const struct world_reader *reader = arg;
    const struct world *w = reader->world;
    struct release_parts parts;
    if (w->at_ms == 0 && !is_edited(w, name)) {
        return reader_release(reader->tx->db, ctx, name, row, mark, found, e);
    }
    bool ok = w->at_ms != 0 ? release_parts_at(reader->tx, ctx, name, w->at_ms, &parts, e)
                            : reader_release_parts(reader->tx->db, ctx, name, &parts, e);
    if (!ok) {
        return false;
    }
    edit_parts(ctx, w, name, &parts);
    *found = release_row_of_parts(mem_str(ctx, name), &parts, row);
    return true;
}

static bool read_base(void *arg, struct str name, struct release_stamps *stamps, struct error *e)
{
    const struct world_reader *reader = arg;
    return reader_base(reader->tx->db, name, stamps, e);
}

static bool read_asset(void *arg, void *ctx, struct str name, struct str path, struct release_asset *asset,
                       bool *found, struct error *e)
{
    const struct world_reader *reader = arg;
    return reader_asset(reader->tx->db, ctx, name, path, asset, found, e);
}

struct release_source world_source(struct world_reader *reader)
{
    struct release_source source = { .release = read_release, .arg = reader };
    if (reader->world->at_ms == 0 && reader->world->n_edits == 0) {
        source.base = read_base;
        source.asset = read_asset;
    }
    return source;
}

struct snapshot_input world_input(void *ctx, const struct world *w, const struct engine_settings *settings)
{
    return (struct snapshot_input){
        .rules = ruleset_build(ctx, w->rules, w->n_rules),
        .stops = snapshot_stops(ctx, w->stops, w->n_stops),
        .pins = w->pins,
        .n_pins = w->n_pins,
        .shutoffs = w->shutoffs,
        .n_shutoffs = w->n_shutoffs,
        .settings = settings,
    };
}
