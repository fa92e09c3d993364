/* What each release format may hold: rows of attributes, and the one interpreter that reads them (reference:
 * blobs/schemas/, JSON Schema draft 4). */
#ifndef BALROG_BLOB_SCHEMA_H
#define BALROG_BLOB_SCHEMA_H

#include "core/json.h"

enum schema_type {
    SCHEMA_ANY,
    SCHEMA_OBJECT,
    SCHEMA_ARRAY,
    SCHEMA_STRING,
    SCHEMA_NUMBER,
    SCHEMA_BOOLEAN,
};

/* The pattern that a string, or the name of each member of an object, must match. */
enum schema_pattern {
    PATTERN_NONE,
    PATTERN_LINE,        /* ^.*$ */
    PATTERN_FILLED_LINE, /* ^.+$ */
    PATTERN_PARTIAL,     /* ^(partial|complete)$ */
    PATTERN_PARTIALS,    /* ^(partials|completes)$ */
    PATTERN_DIGITS,      /* ^[0-9]*$ */
};

/* What a string must contain. */
enum schema_format { SCHEMA_FORMAT_NONE, SCHEMA_FORMAT_VERSION, SCHEMA_FORMAT_BUILD_ID };

struct schema;

/* A member of an object, in the formats that have it: a set of bits, see schema_rows.c. */
struct attribute {
    const char *name;
    unsigned formats;
    unsigned required; /* in these formats it has to be there */
    const struct schema *schema;
};

struct schema {
    enum schema_type type;
    bool closed; /* no other members than the attributes and those whose names match the pattern */
    const struct attribute *attribute; /* ends with a row without a name; NULL: none are known */
    enum schema_pattern pattern;
    const struct schema *value;     /* of members whose names match the pattern; of an array's items */
    const struct schema *either[2]; /* one of them holds as well */
    const char *wanted;             /* with them: what they are, for people */
    size_t min, max;                /* characters of a string; max 0: any number */
    const char *const *choices;     /* what a string may be, ends with NULL */
    bool only_true;
    enum schema_format format;
};

/* A format's schema and its bit. */
struct blob_schema {
    int version;
    unsigned format;
    const struct schema *root;
};
/* NULL for a number that no format has. */
const struct blob_schema *schema_find(double version);

/* Whether BLOB conforms to SCHEMA. Each violation is added to MESSAGES, an array, in the words and mostly in
 * the order of python-jsonschema, with its place (" at platforms.p.buildID") unless that is the blob itself.
 * Long values are cut or left out. So are messages beyond 1500 bytes in all. */
bool schema_check(const struct blob_schema *schema, const cJSON *blob, cJSON *messages);

#endif
