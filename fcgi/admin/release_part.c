/* GET /release_part: what a release has at one place, with sizes and short values, without the whole
 * document. (Not in the reference.) */
#include "admin/release_at.h"
#include "admin/routes.h"

enum {
    PART_LIMIT = 1000,        /* members of an object or array: the default, and the most */
    PART_DEPTH_MAX = 4,       /* levels */
    PART_VALUE_MAX = 2048,    /* bytes of JSON; larger values are not included */
    PART_ANSWER_MAX = 180000, /* about as many bytes are in an answer; what follows is on the next page */
};

static const struct body_field part_args[] = {
    { "name", FIELD_STRING, .required = true, .min = 1, .max = 200 },
    { "pointer", FIELD_STRING, .max = 1000 },
    { "depth", FIELD_INT, .min = 1, .max = PART_DEPTH_MAX },
    { "limit", FIELD_INT, .min = 1, .max = PART_LIMIT },
    { "after", FIELD_INT, .min = 0, .max = INT32_MAX },
    { 0 },
};

/* How much is left of the answer. */
struct outline {
    int64_t limit; /* members of each level */
    size_t bytes;
    size_t max;
};

static const char *type_of(const cJSON *value)
{
    return cJSON_IsObject(value)   ? "object"
           : cJSON_IsArray(value)  ? "array"
           : cJSON_IsString(value) ? "string"
           : cJSON_IsNumber(value) ? "number"
           : cJSON_IsBool(value)   ? "boolean"
                                   : "null";
}

static size_t size_of(const cJSON *value)
{
    struct buf text;
    buf_init(&text, 0, SIZE_MAX / 2);
    json_print(&text, value, JSON_COMPACT);
    size_t n = text.n;
    buf_free(&text);
    return n;
}

static bool is_container(const cJSON *value)
{
    return cJSON_IsObject(value) || cJSON_IsArray(value);
}

static void add_members(struct outline *o, cJSON *to, const cJSON *value, int64_t skip, int64_t depth);

/* Adds to MEMBER what is known of VALUE: its type and size, and its members (DEPTH levels) or itself. */
static void describe_member(struct outline *o, cJSON *member, const cJSON *value, int64_t depth)
{
    size_t bytes = size_of(value);
    mem_check(cJSON_AddStringToObject(member, "type", type_of(value)));
    mem_check(cJSON_AddNumberToObject(member, "bytes", (double)bytes));
    o->bytes += 64; /* the member itself */
    if (is_container(value)) {
        mem_check(cJSON_AddNumberToObject(member, "count", cJSON_GetArraySize(value)));
    }
    if (is_container(value) && depth > 0) {
        add_members(o, member, value, 0, depth);
    } else if (bytes <= PART_VALUE_MAX && o->bytes + bytes <= o->max) {
        cJSON_AddItemToObject(member, "value", mem_check(cJSON_Duplicate(value, true)));
        o->bytes += bytes;
    }
}

/* Adds to TO the members of VALUE from the index SKIP on, as `members`, and the index of the first that found
 * no room, as `next`. DEPTH is at least 1. */
static void add_members(struct outline *o, cJSON *to, const cJSON *value, int64_t skip, int64_t depth)
{
    cJSON *members = mem_check(cJSON_AddArrayToObject(to, "members"));
    const cJSON *item = value->child;
    int64_t at = 0;
    for (; item != NULL && at < skip; at++) {
        item = item->next;
    }
    for (; item != NULL && at < skip + o->limit && o->bytes < o->max; at++) {
        cJSON *member = mem_check(cJSON_CreateObject());
        if (item->string != NULL) {
            mem_check(cJSON_AddStringToObject(member, "name", item->string));
            o->bytes += strlen(item->string);
        } else {
            mem_check(cJSON_AddNumberToObject(member, "name", (double)at));
        }
        describe_member(o, member, item, depth - 1);
        cJSON_AddItemToArray(members, member);
        item = item->next;
    }
    cJSON_AddItemToObject(to, "next",
                          mem_check(item != NULL ? cJSON_CreateNumber((double)at) : cJSON_CreateNull()));
}

static bool outline_release(struct admin_call *call, struct error *e)
{
    struct release_at r;
    struct outline o = { .limit = PART_LIMIT, .max = PART_ANSWER_MAX };
    struct str text = admin_arg(call, "pointer");
    const char *pointer = str_absent(text) ? "" : admin_text(call, text);
    int64_t depth = 1, skip = 0;
    admin_arg_int(call, "depth", &depth);
    admin_arg_int(call, "limit", &o.limit);
    if (!release_at_after(call, &skip)) {
        return false;
    }
    if (!json_is_pointer(pointer)) {
        return admin_problem(call, 400, "Bad Request",
                             "pointer is not a JSON pointer, as /platforms/Linux/locales", NULL);
    }
    if (!release_at_read(call, admin_arg(call, "name"), &r, e)) {
        return false;
    }
    const cJSON *value = json_pointer(r.blob, pointer);
    if (value == NULL) {
        return admin_problem(call, 404, "Not Found", "The release has nothing at this pointer", NULL);
    }
    cJSON *answer = tx_keep(call->tx, release_at_json(&r));
    mem_check(cJSON_AddStringToObject(answer, "pointer", pointer));
    describe_member(&o, answer, value, 0);
    if (is_container(value)) {
        cJSON_DeleteItemFromObjectCaseSensitive(answer, "value");
        add_members(&o, answer, value, skip, depth);
    }
    return admin_json(call, answer);
}

static bool get_part(struct admin_call *call, struct error *e)
{
    if (!release_at_enter(call)) {
        return false;
    }
    bool ok = outline_release(call, e);
    release_at_leave();
    return ok;
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/release_part", get_part, ADMIN_USER, "release_part", .args = part_args },
};
const struct admin_routes release_part_routes = ADMIN_ROUTES(routes);
