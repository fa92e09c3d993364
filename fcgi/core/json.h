/* JSON in and out, over cJSON. The only place that parses JSON text; nothing behind it looks at raw bytes.
 *
 * Lookups are case-sensitive, numbers are doubles (cJSON's valueint saturates: never use it). */
#ifndef BALROG_CORE_JSON_H
#define BALROG_CORE_JSON_H

#include "core/buf.h"
#include "core/error.h"

#include <cjson/cJSON.h>

/* Limits that are checked before anything is parsed: the nesting, and the number of values if they take less
 * than JSON_VALUE_MIN bytes of text each. A release of 32 MB has some 800,000. */
enum { JSON_DEPTH_MAX = 100, JSON_VALUES_MAX = 250000, JSON_VALUE_MIN = 16 };

/* Parses TEXT, which must be one JSON value and nothing else. If a key is given twice, the last one counts,
 * as in Python. Refused with a reason in E: nesting beyond JSON_DEPTH_MAX, too many values, \u0000 in a
 * string (cJSON's strings end at it), a number beyond a double, as 1e400, broken JSON. The caller owns the
 * result: cJSON_Delete(). */
cJSON *json_parse(struct str text, struct error *e);

/* The same for a large text whose tree nobody changes. All of the tree is in a few blocks of memory, which
 * CTX owns: never change the tree, never free it. Much faster than json_parse() and cJSON_Delete(). */
const cJSON *json_parse_whole(void *ctx, struct str text, struct error *e);

/* The member KEY of OBJECT, or NULL (also when OBJECT is NULL or no object). Borrowed. */
const cJSON *json_get(const cJSON *object, const char *key);
/* The same where it is a string / an object / an array, else NULL. */
const char *json_get_string(const cJSON *object, const char *key);
const cJSON *json_get_object(const cJSON *object, const char *key);
const cJSON *json_get_array(const cJSON *object, const char *key);
/* Whether VALUE is a number that json_parse() found written with a point or an exponent, as 1.0: Python's
 * float. */
bool json_is_float(const cJSON *value);
/* Sets *N to the number VALUE. Returns false, with *N 0, if VALUE is not a number (NULL included), has a
 * fraction, or lies outside of MIN to MAX. Every JSON number that becomes an integer goes through here: to
 * cast a double that an integer cannot hold is undefined. */
bool json_int(const cJSON *value, int64_t min, int64_t max, int64_t *n);

/* The value at POINTER (RFC 6901: "/data/result/0/value/1"; "" is VALUE itself), or NULL. Borrowed. */
const cJSON *json_pointer(const cJSON *value, const char *pointer);
/* Whether POINTER is a valid JSON pointer. */
bool json_is_pointer(const char *pointer);

/* A new JSON string with the text S, up to its first NUL if it has one. The caller owns it. */
cJSON *json_text(struct str s);
/* Makes CTX, a talloc context, the owner of VALUE (may be NULL), which is freed with CTX. Returns VALUE. */
const cJSON *json_keep(void *ctx, cJSON *value);

/* How Python's json.dumps would have printed it. Non-ASCII is written as \uXXXX in all of them. */
enum json_style {
    JSON_DUMPS,        /* {"b": 1, "a": 2}: members as they come, ", " and ": " */
    JSON_DUMPS_SORTED, /* {"a": 2, "b": 1} */
    JSON_PRETTY,       /* sorted, indented by 4 */
    JSON_COMPACT,      /* sorted, "," and ":" (Flask's jsonify, without its newline) */
    JSON_PROBLEM,      /* sorted, indented by 2 (connexion's problems, without their newline) */
};
void json_print(struct buf *out, const cJSON *value, enum json_style style);
/* S as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_print_string(struct buf *out, struct str s);
/* How Python's str() prints a scalar: True, None, 12, 1.5, text as it is. Objects and arrays as JSON_DUMPS.
 */
void json_print_str(struct buf *out, const cJSON *value);

#endif
