/* The fields of a rule in a request, and how they become columns. */
#ifndef BALROG_ADMIN_RULE_FORM_H
#define BALROG_ADMIN_RULE_FORM_H

#include "admin/admin.h"

/* The kinds of a rule's fields, for the tables of bodies. */
#define RULE_NUMBER .types = FIELD_INT | FIELD_STRING | FIELD_NULL
#define RULE_TEXT .types = FIELD_STRING | FIELD_NULL, .spaces = SPACES_TRIMMED
#define RULE_LIST .types = FIELD_STRING | FIELD_NULL, .spaces = SPACES_REMOVED

/* Rows for the tables of bodies: all columns of a rule but rule_id, data_version and update_type. */
#define RULE_FIELDS                                                                                          \
    { "priority", RULE_NUMBER, .format = FORMAT_PRIORITY },                                                  \
        { "mapping", RULE_TEXT, .format = FORMAT_ASCII, .max = 100 },                                        \
        { "backgroundRate", RULE_NUMBER, .format = FORMAT_BACKGROUND_RATE },                                 \
        { "product", RULE_TEXT, .format = FORMAT_ASCII, .max = 15 },                                         \
        { "version", RULE_TEXT, .format = FORMAT_RULE_VERSION, .max = 75 },                                  \
        { "channel", RULE_TEXT, .format = FORMAT_ASCII, .max = 75 },                                         \
        { "buildTarget", RULE_TEXT, .format = FORMAT_ASCII, .max = 75 },                                     \
        { "buildID", RULE_TEXT, .format = FORMAT_RULE_BUILD_ID, .max = 20 },                                 \
        { "locale", RULE_LIST, .format = FORMAT_ASCII, .max = 200 },                                         \
        { "osVersion", RULE_TEXT, .format = FORMAT_ASCII, .max = 1000 },                                     \
        { "distribution", RULE_LIST, .format = FORMAT_ASCII, .max = 2000 },                                  \
        { "distVersion", RULE_TEXT, .format = FORMAT_ASCII, .max = 100 },                                    \
        { "headerArchitecture", RULE_TEXT, .format = FORMAT_ASCII, .max = 10 },                              \
        { "comment", RULE_TEXT, .format = FORMAT_ASCII, .max = 500 },                                        \
        { "alias", RULE_TEXT, .format = FORMAT_RULE_ALIAS, .max = 50 },                                      \
        { "instructionSet", RULE_TEXT, .format = FORMAT_ASCII, .max = 1000 },                                \
        { "memory", RULE_TEXT, .format = FORMAT_ASCII, .max = 100 },                                         \
        { "fallbackMapping", RULE_TEXT, .format = FORMAT_ASCII, .max = 100 },                                \
        { "mig64", .types = FIELD_BOOL | FIELD_NULL },                                                       \
    {                                                                                                        \
        "jaws", .types = FIELD_BOOL | FIELD_NULL                                                             \
    }
#define RULE_UPDATE_TYPE "update_type", .max = 15, .words = "major minor", .spaces = SPACES_TRIMMED

/* The columns of the rule that the call's body has, as they are written (body_column): its members that the
 * route's table lists, but for those in EXCEPT (names separated by spaces, or NULL). Owned by the
 * transaction. */
cJSON *rule_form(struct admin_call *call, const char *except);

/* Checks that the releases that WHAT maps to exist, each in one table only. If REQUIRED, there must be a
 * mapping; otherwise it may be missing, but not null. Refuses the call if not. */
bool rule_form_maps(struct admin_call *call, const cJSON *what, bool required, struct error *e);

#endif
