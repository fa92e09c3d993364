/* Partial stops: emergency shutoffs with conditions, the columns of a rule. Only queries that match all of
 * them get nothing. Not in the reference. */
#ifndef BALROG_ADMIN_PARTIAL_STOPS_H
#define BALROG_ADMIN_PARTIAL_STOPS_H

#include "admin/rule_form.h"

/* The engine compares each query with one partial stop after the other. */
enum { PARTIAL_STOPS_MAX = 200 };

/* Rows for the tables of bodies: the conditions, with the limits that a rule's columns have. */
#define PARTIAL_STOP_CONDITIONS                                                                              \
    { "version", RULE_TEXT, .format = FORMAT_RULE_VERSION, .max = 75 },                                      \
        { "buildTarget", RULE_TEXT, .format = FORMAT_ASCII, .max = 75 },                                     \
        { "buildID", RULE_TEXT, .format = FORMAT_RULE_BUILD_ID, .max = 20 },                                 \
        { "locale", RULE_LIST, .format = FORMAT_ASCII, .max = 200 },                                         \
        { "osVersion", RULE_TEXT, .format = FORMAT_ASCII, .max = 1000 },                                     \
        { "memory", RULE_TEXT, .format = FORMAT_ASCII, .max = 100 },                                         \
        { "instructionSet", RULE_TEXT, .format = FORMAT_ASCII, .max = 1000 },                                \
        { "jaws", .types = FIELD_BOOL | FIELD_NULL }, { "mig64", .types = FIELD_BOOL | FIELD_NULL },         \
        { "distribution", RULE_LIST, .format = FORMAT_ASCII, .max = 2000 },                                  \
        { "distVersion", RULE_TEXT, .format = FORMAT_ASCII, .max = 100 },                                    \
    {                                                                                                        \
        "headerArchitecture", RULE_TEXT, .format = FORMAT_ASCII, .max = 10                                   \
    }

/* Whether BODY has a member of a condition's name, even if it is null. */
bool partial_stops_asked(const cJSON *body);

/* Makes the partial stop that the call's body describes; the route's table has PARTIAL_STOP_CONDITIONS.
 * Answers 201 with the row, and a warning if a Balrog of Mozilla may use the database. Refuses the call if no
 * condition has a value. */
bool partial_stops_create(struct admin_call *call, struct error *e);

/* *STOPS becomes the list of all partial stops, with who made each, who changed it last, and when. Owned by
 * the transaction. */
bool partial_stops_with_changes(struct admin_call *call, cJSON **stops, struct error *e);

#endif
