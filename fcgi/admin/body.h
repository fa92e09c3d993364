/* What a request may carry, as tables: the members of a JSON body, the query parameters, the path's parts.
 * One row a field; checking, refusing and the comparison with the API document read the rows.
 *
 *     static const struct body_field signoff_fields[] = {
 *         { "role", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 50 },
 *         { "sc_id", FIELD_ANY, .refused = "sc_id cannot be set when scheduling a new change" },
 *         { 0 },
 *     };
 *
 * Members that no row names are let through and never looked at (the reference's schemas allow them): a
 * handler reads what its rows name, by name, and copies nothing else into a table. */
#ifndef BALROG_ADMIN_BODY_H
#define BALROG_ADMIN_BODY_H

#include "core/json.h"
#include "core/mem.h"

/* The JSON types that a field may have; several are combined with |. */
enum field_type {
    FIELD_STRING = 1,
    FIELD_INT = 2, /* 1.0 is not one, as in the reference */
    FIELD_BOOL = 4,
    FIELD_NULL = 8,
    FIELD_OBJECT = 16,
    FIELD_ARRAY = 32,
    FIELD_ANY = 63,
};

/* What the reference's JSON schemas call "format". Empty strings and null fit all of them. */
enum field_format {
    FORMAT_ANY,
    FORMAT_ASCII,         /* a string without bytes above 0x7f */
    FORMAT_JSON_STRING,   /* a string that holds JSON */
    FORMAT_RULE_VERSION,  /* of a rule: an operator and a version, or a list of versions */
    FORMAT_RULE_BUILD_ID, /* of a rule: an operator and a number */
    FORMAT_RULE_ALIAS,    /* of a rule: a letter, then letters, digits and '-' */
    /* Numbers, or strings that contain one, and their limits. */
    FORMAT_PRIORITY,          /* ≥ 0 */
    FORMAT_BACKGROUND_RATE,   /* 0…100 */
    FORMAT_DATA_VERSION,      /* ≥ 1 */
    FORMAT_RULE_ID,           /* ≥ 0 */
    FORMAT_SIGNOFFS_REQUIRED, /* ≥ 1 */
    FORMAT_TELEMETRY_UPTAKE,  /* ≥ 0 */
    FORMAT_WHEN,              /* ≥ 0, milliseconds since 1970 */
};

/* What becomes of the white space in a string that is written to a column. A string of which nothing is left
 * becomes null, unless the white space is kept. */
enum field_spaces {
    SPACES_KEPT,
    SPACES_TRIMMED, /* none at its ends */
    SPACES_REMOVED, /* none at all: for lists */
};

struct body_field {
    const char *name; /* NULL ends the table */
    unsigned types;   /* of enum field_type */
    enum field_format format;
    bool required;
    int64_t min, max;  /* the bounds of a number, or of the number of characters in a string; 0: none */
    const char *words; /* unless NULL: the only values that are allowed, separated by spaces (and null, if the
                          type allows it) */
    const char *refused; /* unless NULL: the server sets this field, and a body that has it is refused with
                            this sentence; usually BODY_READ_ONLY */
    bool no_column;      /* it says how to change the row; admin_columns() leaves it out */
    enum field_spaces spaces;
};

#define BODY_READ_ONLY "Property is read-only"

/* Whether VALUE (NULL: an empty body) is an object that fits FIELDS. If not, E is ERROR_BAD_REQUEST with the
 * reference's words ("'blob' is a required property", "backgroundRate: …"). Required fields are checked
 * first, then each field in the order of the table; only the first fault is reported. */
bool body_check(const struct body_field *fields, const cJSON *value, struct error *e);

/* The same for one query parameter or parameter in the path, given as text. WHERE is "query" or "path". An
 * absent VALUE fits unless the field is required. */
bool body_check_arg(const struct body_field *field, const char *where, struct str value, struct error *e);

/* Whether VALUE, that of a parameter that may be null, is null: "null" or "None", as in the reference's
 * framework. */
bool body_arg_is_null(struct str value);
/* VALUE as a number; false if it is absent or not a number. */
bool body_arg_int(struct str value, int64_t *n);

/* ---- reading what was checked ---- */

/* The member NAME as a string; absent if it is missing, null or not a string. Borrowed. */
struct str body_str(const cJSON *body, const char *name);
/* VALUE, which fits FIELD, as it is written to a column: a number in a string as a number (a blank one as
 * null), a string with FIELD's white space. The caller frees it. */
cJSON *body_column(const struct body_field *field, const cJSON *value);
/* The member NAME as a number, which may be in a string; false if it is missing, null or blank. */
bool body_int(const cJSON *body, const char *name, int64_t *n);
/* Whether TEXT is one of WORDS, which are separated by spaces. NULL holds no words. */
bool body_is_word(const char *words, struct str text);
/* Whether the member NAME exists, even if it is null. */
bool body_has(const cJSON *body, const char *name);

#endif
