/* See pending.h. (reference: agent/src/balrogagent/cmd.py, changes.py) */
#include "agent/pending.h"

#include "core/percent.h"

#include <stdlib.h>

enum { DESCRIPTION_MAX = 1024 };
static const double TIME_MAX_MS = 9e18;

const struct pending_kind pending_kinds[] = {
    { "rules", "/scheduled_changes/rules", .by_priority = true },
    { "releases", "/scheduled_changes/releases" },
    { "permissions", "/scheduled_changes/permissions" },
    { "emergency_shutoff", "/scheduled_changes/emergency_shutoff" },
    { "partial_stops", "/scheduled_changes/partial_stops", .may_lack = true },
    { "required_signoffs/product", "/scheduled_changes/required_signoffs/product" },
    { "required_signoffs/permissions", "/scheduled_changes/required_signoffs/permissions" },
    { "pinnable_releases", "/scheduled_changes/pinnable_releases" },
    { "v2/releases", "/v2/releases", .by_release = true },
    { 0 },
};

/* ---- JSON ---- */

static bool read_number(const cJSON *object, const char *name, double *n)
{
    const cJSON *value = json_get(object, name);
    *n = cJSON_IsNumber(value) ? value->valuedouble : 0;
    return cJSON_IsNumber(value);
}

/* N, limited to what an integer holds: MAX is less than 2^63. NAN does not occur in JSON. */
static int64_t limit_number(double n, double max)
{
    return (int64_t)(n > max ? max : n < -max ? -max : n);
}

static const char *copy_text(void *ctx, const char *text)
{
    return text != NULL ? mem_strdup(ctx, text) : "";
}

/* FNV-1a over all that VALUE holds, names and order included. */
static uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ p[i]) * 1099511628211u;
    }
    return h;
}

static uint64_t hash_json(uint64_t h, const cJSON *value)
{
    h = hash_bytes(h, &value->type, sizeof value->type);
    if (value->string != NULL) {
        h = hash_bytes(h, value->string, strlen(value->string) + 1);
    }
    if (cJSON_IsNumber(value)) {
        h = hash_bytes(h, &value->valuedouble, sizeof value->valuedouble);
    } else if (cJSON_IsString(value)) {
        h = hash_bytes(h, value->valuestring, strlen(value->valuestring) + 1);
    }
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        h = hash_json(h, child);
    }
    return h;
}

static const uint64_t hash_start = 14695981039346656037u;

/* ---- sign-offs ---- */

/* How many of CHANGE's signoffs, {user: role}, are of ROLE and count. */
static unsigned count_role(const cJSON *change, const char *role)
{
    unsigned n = 0;
    const cJSON *signoffs = json_get_object(change, "signoffs");
    const cJSON *invalid = json_get_object(change, "invalid_signoffs");
    for (const cJSON *s = signoffs != NULL ? signoffs->child : NULL; s != NULL; s = s->next) {
        n += cJSON_IsString(s) && strcmp(s->valuestring, role) == 0 && json_get(invalid, s->string) == NULL;
    }
    return n;
}

/* Adds to P the roles of NEEDS, {role: count}, of which CHANGE has too few sign-offs. If a role is missing
 * already, the lower count is kept. */
static void add_missing(void *ctx, struct pending *p, const cJSON *needs, const cJSON *change)
{
    struct pending_role *list = (struct pending_role *)p->missing;
    for (const cJSON *need = needs != NULL ? needs->child : NULL; need != NULL; need = need->next) {
        unsigned given = count_role(change, need->string);
        if (!cJSON_IsNumber(need) || given >= need->valuedouble) {
            continue;
        }
        size_t i = 0;
        while (i < p->n_missing && strcmp(list[i].role, need->string) != 0) {
            i++;
        }
        if (i == p->n_missing) {
            list = mem_resize(ctx, list, struct pending_role, ++p->n_missing);
            unsigned needed = (unsigned)limit_number(need->valuedouble, INT32_MAX);
            list[i] = (struct pending_role){ copy_text(ctx, need->string), needed, given };
        } else if (given < list[i].given) {
            list[i].given = given;
        }
    }
    p->missing = list;
}

/* Notes why some sign-offs of P do not count: INVALID, {user: {"detail"}} or NULL. */
static void add_invalid(void *ctx, struct pending *p, const cJSON *invalid)
{
    for (const cJSON *one = invalid != NULL ? invalid->child : NULL; one != NULL; one = one->next) {
        const char *detail = json_get_string(one, "detail");
        p->invalid = mem_printf(ctx, "%s%s%s", p->invalid != NULL ? p->invalid : "",
                                p->invalid != NULL ? "; " : "", detail != NULL ? detail : one->string);
    }
}

/* ---- one entry ---- */

/* Describes ENTRY for people: its type, and those members that identify the row. */
static const char *describe_entry(void *ctx, const struct pending_kind *kind, const cJSON *entry)
{
    static const char *const names[] = { "rule_id",    "stop_id", "alias",   "name",    "username",
                                         "permission", "product", "channel", "version", "role" };
    struct buf text;
    const char *type = json_get_string(entry, "change_type");
    const char *by = json_get_string(entry, "scheduled_by");
    buf_init(&text, 256, DESCRIPTION_MAX);
    buf_printf(&text, "%s of %s", type != NULL ? type : "change", kind->name);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const cJSON *value = json_get(entry, names[i]);
        if (value != NULL && !cJSON_IsNull(value)) {
            buf_printf(&text, " %s=", names[i]);
            json_print_str(&text, value);
        }
    }
    buf_printf(&text, ", scheduled by %s", by != NULL ? by : "nobody");
    const char *what = mem_strndup(ctx, text.p, text.n);
    buf_free(&text);
    return what;
}

/* Reads the conditions. As in the reference, if an uptake is given, the time does not count. */
static void read_conditions(void *ctx, struct pending *p, const cJSON *entry)
{
    double when;
    p->timed = read_number(entry, "when", &when) && when != 0;
    p->when_ms = limit_number(when, TIME_MAX_MS);
    p->at_uptake = read_number(entry, "telemetry_uptake", &p->uptake) && p->uptake != 0;
    p->product = copy_text(ctx, json_get_string(entry, "telemetry_product"));
    p->channel = copy_text(ctx, json_get_string(entry, "telemetry_channel"));
}

static bool read_change(void *ctx, const struct pending_kind *kind, const cJSON *entry, struct pending *p)
{
    double id;
    if (!read_number(entry, "sc_id", &id) || id < 1 || id > INT32_MAX) {
        return false;
    }
    *p = (struct pending){
        .kind = kind,
        .id = mem_printf(ctx, "%d", (int)id),
        .enact = mem_printf(ctx, "%s/%d/enact", kind->path, (int)id),
        .what = describe_entry(ctx, kind, entry),
        .fingerprint = hash_json(hash_start, entry),
    };
    read_number(entry, "priority", &p->priority);
    read_conditions(ctx, p, entry);
    add_missing(ctx, p, json_get_object(entry, "required_signoffs"), entry);
    add_invalid(ctx, p, json_get_object(entry, "invalid_signoffs"));
    return true;
}

/* "/v2/releases/NAME/enact" */
static const char *enact_path(void *ctx, const struct pending_kind *kind, const char *name)
{
    struct buf path;
    buf_init(&path, 256, DESCRIPTION_MAX);
    buf_printf(&path, "%s/", kind->path);
    percent_encode(&path, str_of(name));
    buf_str(&path, STR("/enact"));
    const char *text = path.full ? NULL : mem_strndup(ctx, path.p, path.n);
    buf_free(&path);
    return text;
}

/* Reads ENTRY, a release. It is due if all of CHANGES are due. */
static bool read_release(void *ctx, const struct pending_kind *kind, const cJSON *entry, const cJSON *changes,
                         struct pending *p)
{
    const char *name = json_get_string(entry, "name");
    const char *path = name != NULL && name[0] != '\0' ? enact_path(ctx, kind, name) : NULL;
    const cJSON *needs = json_get_object(entry, "required_signoffs");
    if (path == NULL) {
        return false;
    }
    *p = (struct pending){ .kind = kind, .id = copy_text(ctx, name), .enact = path, .timed = true };
    p->what = mem_printf(ctx, "%d changes, first the %s", cJSON_GetArraySize(changes),
                         describe_entry(ctx, kind, changes->child));
    p->fingerprint = hash_json(needs != NULL ? hash_json(hash_start, needs) : hash_start, changes);
    for (const cJSON *change = changes->child; change != NULL; change = change->next) {
        double when;
        p->timed = read_number(change, "when", &when) && when != 0 && p->timed;
        int64_t when_ms = limit_number(when, TIME_MAX_MS);
        p->when_ms = when_ms > p->when_ms ? when_ms : p->when_ms;
        add_missing(ctx, p, needs, change);
        add_invalid(ctx, p, json_get_object(change, "invalid_signoffs"));
    }
    return true;
}

/* ---- the list ---- */

/* The latest first, then the highest priority, then the one that was scheduled first. */
static int by_time_and_priority(const void *a, const void *b)
{
    const struct pending *x = a;
    const struct pending *y = b;
    if (x->when_ms != y->when_ms) {
        return x->when_ms > y->when_ms ? -1 : 1;
    }
    if (x->priority < y->priority || x->priority > y->priority) {
        return x->priority > y->priority ? -1 : 1;
    }
    long first = strtol(x->id, NULL, 10), second = strtol(y->id, NULL, 10);
    return (first > second) - (first < second);
}

/* Reads ENTRY into P. *SKIPPED: there is nothing to be done for it. */
static bool read_entry(void *ctx, const struct pending_kind *kind, const cJSON *entry, struct pending *p,
                       bool *skipped)
{
    const cJSON *changes = kind->by_release ? json_get_array(entry, "scheduled_changes") : NULL;
    *skipped = kind->by_release && changes != NULL && changes->child == NULL;
    if (*skipped || (kind->by_release && changes == NULL)) {
        return *skipped;
    }
    return kind->by_release ? read_release(ctx, kind, entry, changes, p) : read_change(ctx, kind, entry, p);
}

bool pending_read(void *ctx, const struct pending_kind *kind, const cJSON *answer, struct pending_list *list,
                  struct error *e)
{
    const char *name = kind->by_release ? "releases" : "scheduled_changes";
    const cJSON *entries = json_get_array(answer, name);
    *list = (struct pending_list){ 0 };
    if (entries == NULL) {
        return error_set(e, ERROR_UPSTREAM, "the answer has no list \"%s\"", name);
    }
    list->item = mem_array(ctx, struct pending, (size_t)cJSON_GetArraySize(entries) + 1);
    for (const cJSON *entry = entries->child; entry != NULL; entry = entry->next) {
        bool skipped, ok = read_entry(ctx, kind, entry, &list->item[list->n], &skipped);
        list->n += ok && !skipped;
        list->unreadable += !ok;
    }
    if (kind->by_priority) {
        qsort(list->item, list->n, sizeof *list->item, by_time_and_priority);
    }
    return true;
}

const struct pending *pending_find(const struct pending_list *list, const char *id)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->item[i].id, id) == 0) {
            return &list->item[i];
        }
    }
    return NULL;
}

/* ---- whether its time has come ---- */

bool pending_is_time(const struct pending *p, int64_t now_ms)
{
    return !p->at_uptake && p->timed && now_ms >= p->when_ms;
}

bool pending_is_taken_up(const struct pending *p, double current)
{
    return p->at_uptake && current >= p->uptake;
}
