/* The tables of the API. Each has one list of columns, from which FAMILY defines the table, its history, the
 * table of scheduled changes, their conditions and sign-offs, and the histories of these. X(NAME, TYPE,
 * FLAGS) is a column; in the table of scheduled changes its name has the prefix base_. */
#include "store/table.h"

#define PLAIN(NAME, TYPE, FLAGS) { NAME, TYPE, FLAGS },
#define IN_HISTORY(NAME, TYPE, FLAGS) { NAME, TYPE, (FLAGS) & (COLUMN_FALSE | COLUMN_BIG) },
#define SCHEDULED(NAME, TYPE, FLAGS) { "base_" NAME, TYPE, (FLAGS) & (COLUMN_FALSE | COLUMN_BIG) },

#define VERSION(X) X("data_version", COLUMN_INT, 0)
#define NOTHING(X)

#define HISTORY_COLUMNS                                                                                      \
    { "change_id", COLUMN_INT, COLUMN_KEY | COLUMN_AUTO }, { "changed_by", COLUMN_TEXT, 0 },                 \
        { "timestamp", COLUMN_INT, 0 },

#define SC_COLUMNS(X)                                                                                        \
    X("sc_id", COLUMN_INT, COLUMN_KEY | COLUMN_AUTO)                                                         \
    X("scheduled_by", COLUMN_TEXT, 0)                                                                        \
    X("complete", COLUMN_BOOL, COLUMN_FALSE)                                                                 \
    X("change_type", COLUMN_TEXT, 0)

#define TIME(X) X("sc_id", COLUMN_INT, COLUMN_KEY) X("when", COLUMN_INT, 0)
#define TIME_OR_UPTAKE(X)                                                                                    \
    X("sc_id", COLUMN_INT, COLUMN_KEY)                                                                       \
    X("telemetry_product", COLUMN_TEXT, 0)                                                                   \
    X("telemetry_channel", COLUMN_TEXT, 0)                                                                   \
    X("telemetry_uptake", COLUMN_INT, 0)                                                                     \
    X("when", COLUMN_INT, 0)

#define SIGNOFFS(X)                                                                                          \
    X("sc_id", COLUMN_INT, COLUMN_KEY) X("username", COLUMN_TEXT, COLUMN_KEY) X("role", COLUMN_TEXT, 0)

/* The history of a table with these columns. */
#define HISTORY(IDENT, NAME, ...)                                                                            \
    static const struct table IDENT##_history = {                                                            \
        .name = NAME "_history",                                                                             \
        .column = { HISTORY_COLUMNS __VA_ARGS__ },                                                           \
    };

/* A table whose columns are COLUMNS, then data_version, then BIG. HISTORY_OF: &IDENT_history or NULL. */
#define FAMILY(IDENT, NAME, COLUMNS, BIG, CONDITIONS, FLAGS, HISTORY_OF)                                     \
    HISTORY(IDENT##_sc, NAME "_scheduled_changes",                                                           \
            SC_COLUMNS(IN_HISTORY) VERSION(IN_HISTORY) COLUMNS(SCHEDULED) VERSION(SCHEDULED) BIG(SCHEDULED)) \
    HISTORY(IDENT##_when, NAME "_scheduled_changes_conditions", CONDITIONS(IN_HISTORY) VERSION(IN_HISTORY))  \
    HISTORY(IDENT##_signoffs, NAME "_scheduled_changes_signoffs", SIGNOFFS(IN_HISTORY))                      \
    static const struct table IDENT##_when = {                                                               \
        .name = NAME "_scheduled_changes_conditions",                                                        \
        .column = { CONDITIONS(PLAIN) VERSION(PLAIN) },                                                      \
        .flags = TABLE_VERSIONED | TABLE_PART,                                                               \
        .history = &IDENT##_when_history,                                                                    \
    };                                                                                                       \
    static const struct table IDENT##_signoffs = {                                                           \
        .name = NAME "_scheduled_changes_signoffs",                                                          \
        .column = { SIGNOFFS(PLAIN) },                                                                       \
        .history = &IDENT##_signoffs_history,                                                                \
    };                                                                                                       \
    static const struct table IDENT##_sc = {                                                                 \
        .name = NAME "_scheduled_changes",                                                                   \
        .column = { SC_COLUMNS(PLAIN) VERSION(PLAIN) COLUMNS(SCHEDULED) VERSION(SCHEDULED) BIG(SCHEDULED) }, \
        .flags = TABLE_VERSIONED,                                                                            \
        .history = &IDENT##_sc_history,                                                                      \
        .base = &IDENT,                                                                                      \
        .conditions = &IDENT##_when,                                                                         \
        .signoffs = &IDENT##_signoffs,                                                                       \
    };                                                                                                       \
    const struct table IDENT = {                                                                             \
        .name = NAME,                                                                                        \
        .column = { COLUMNS(PLAIN) VERSION(PLAIN) BIG(PLAIN) },                                              \
        .flags = TABLE_VERSIONED | (FLAGS),                                                                  \
        .history = HISTORY_OF,                                                                               \
        .scheduled = &IDENT##_sc,                                                                            \
    };

/* The same for a table that has a table NAME_history. */
#define FAMILY_WITH_HISTORY(IDENT, NAME, COLUMNS, CONDITIONS)                                                \
    HISTORY(IDENT, NAME, COLUMNS(IN_HISTORY) VERSION(IN_HISTORY))                                            \
    FAMILY(IDENT, NAME, COLUMNS, NOTHING, CONDITIONS, 0, &IDENT##_history)

#define RULES(X)                                                                                             \
    X("rule_id", COLUMN_INT, COLUMN_KEY | COLUMN_AUTO)                                                       \
    X("alias", COLUMN_TEXT, 0)                                                                               \
    X("priority", COLUMN_INT, 0)                                                                             \
    X("mapping", COLUMN_TEXT, 0)                                                                             \
    X("fallbackMapping", COLUMN_TEXT, 0)                                                                     \
    X("backgroundRate", COLUMN_INT, 0)                                                                       \
    X("update_type", COLUMN_TEXT, 0)                                                                         \
    X("product", COLUMN_TEXT, 0)                                                                             \
    X("version", COLUMN_TEXT, 0)                                                                             \
    X("channel", COLUMN_TEXT, 0)                                                                             \
    X("buildTarget", COLUMN_TEXT, 0)                                                                         \
    X("buildID", COLUMN_TEXT, 0)                                                                             \
    X("locale", COLUMN_TEXT, 0)                                                                              \
    X("osVersion", COLUMN_TEXT, 0)                                                                           \
    X("memory", COLUMN_TEXT, 0)                                                                              \
    X("instructionSet", COLUMN_TEXT, 0)                                                                      \
    X("jaws", COLUMN_BOOL, 0)                                                                                \
    X("mig64", COLUMN_BOOL, 0)                                                                               \
    X("distribution", COLUMN_TEXT, 0)                                                                        \
    X("distVersion", COLUMN_TEXT, 0)                                                                         \
    X("headerArchitecture", COLUMN_TEXT, 0)                                                                  \
    X("comment", COLUMN_TEXT, 0)
FAMILY_WITH_HISTORY(table_rules, "rules", RULES, TIME_OR_UPTAKE)

#define BLOB(X) X("data", COLUMN_JSON, COLUMN_BIG)
#define RELEASES(X)                                                                                          \
    X("name", COLUMN_TEXT, COLUMN_KEY)                                                                       \
    X("product", COLUMN_TEXT, 0)                                                                             \
    X("read_only", COLUMN_BOOL, COLUMN_FALSE)
FAMILY(table_releases, "releases", RELEASES, BLOB, TIME, TABLE_RELEASES, NULL)
FAMILY(table_releases_json, "releases_json", RELEASES, BLOB, TIME, TABLE_RELEASES, NULL)

#define ASSETS(X) X("name", COLUMN_TEXT, COLUMN_KEY) X("path", COLUMN_TEXT, COLUMN_KEY)
FAMILY(table_release_assets, "release_assets", ASSETS, BLOB, TIME, TABLE_RELEASES, NULL)

#define PERMISSIONS(X)                                                                                       \
    X("permission", COLUMN_TEXT, COLUMN_KEY)                                                                 \
    X("username", COLUMN_TEXT, COLUMN_KEY)                                                                   \
    X("options", COLUMN_JSON, 0)
FAMILY_WITH_HISTORY(table_permissions, "permissions", PERMISSIONS, TIME)

#define PRODUCT_REQ(X)                                                                                       \
    X("product", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("channel", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("role", COLUMN_TEXT, COLUMN_KEY)                                                                       \
    X("signoffs_required", COLUMN_INT, 0)
FAMILY_WITH_HISTORY(table_product_req_signoffs, "product_req_signoffs", PRODUCT_REQ, TIME)

#define PERMISSIONS_REQ(X)                                                                                   \
    X("product", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("role", COLUMN_TEXT, COLUMN_KEY)                                                                       \
    X("signoffs_required", COLUMN_INT, 0)
FAMILY_WITH_HISTORY(table_permissions_req_signoffs, "permissions_req_signoffs", PERMISSIONS_REQ, TIME)

#define SHUTOFFS(X)                                                                                          \
    X("product", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("channel", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("comment", COLUMN_TEXT, 0)
FAMILY_WITH_HISTORY(table_emergency_shutoffs, "emergency_shutoffs", SHUTOFFS, TIME)

/* The reference does not have this table: stops with conditions, which match as a rule's columns do. */
#define PARTIAL_STOPS(X)                                                                                     \
    X("stop_id", COLUMN_INT, COLUMN_KEY | COLUMN_AUTO)                                                       \
    X("product", COLUMN_TEXT, 0)                                                                             \
    X("channel", COLUMN_TEXT, 0)                                                                             \
    X("version", COLUMN_TEXT, 0)                                                                             \
    X("buildTarget", COLUMN_TEXT, 0)                                                                         \
    X("buildID", COLUMN_TEXT, 0)                                                                             \
    X("locale", COLUMN_TEXT, 0)                                                                              \
    X("osVersion", COLUMN_TEXT, 0)                                                                           \
    X("memory", COLUMN_TEXT, 0)                                                                              \
    X("instructionSet", COLUMN_TEXT, 0)                                                                      \
    X("jaws", COLUMN_BOOL, 0)                                                                                \
    X("mig64", COLUMN_BOOL, 0)                                                                               \
    X("distribution", COLUMN_TEXT, 0)                                                                        \
    X("distVersion", COLUMN_TEXT, 0)                                                                         \
    X("headerArchitecture", COLUMN_TEXT, 0)                                                                  \
    X("comment", COLUMN_TEXT, 0)
FAMILY_WITH_HISTORY(table_partial_stops, "balrog_partial_stops", PARTIAL_STOPS, TIME)

#define PINS(X)                                                                                              \
    X("product", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("version", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("channel", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("mapping", COLUMN_TEXT, 0)
FAMILY_WITH_HISTORY(table_pinnable_releases, "pinnable_releases", PINS, TIME)

/* Roles cannot be scheduled. */
#define USER_ROLES(X) X("username", COLUMN_TEXT, COLUMN_KEY) X("role", COLUMN_TEXT, COLUMN_KEY)
HISTORY(table_user_roles, "user_roles", USER_ROLES(IN_HISTORY) VERSION(IN_HISTORY))
const struct table table_user_roles = {
    .name = "user_roles",
    .column = { USER_ROLES(PLAIN) VERSION(PLAIN) },
    .flags = TABLE_VERSIONED,
    .history = &table_user_roles_history,
};

/* The reference does not have this table. */
#define ROLE_GRANTS(X)                                                                                       \
    X("username", COLUMN_TEXT, COLUMN_KEY)                                                                   \
    X("role", COLUMN_TEXT, COLUMN_KEY)                                                                       \
    X("granted_by", COLUMN_TEXT, 0)                                                                          \
    X("granted_at", COLUMN_INT, 0)                                                                           \
    X("confirmed_by", COLUMN_TEXT, 0)                                                                        \
    X("confirmed_at", COLUMN_INT, 0)
HISTORY(table_role_grants, "balrog_role_grants", ROLE_GRANTS(IN_HISTORY))
const struct table table_role_grants = {
    .name = "balrog_role_grants",
    .column = { ROLE_GRANTS(PLAIN) },
    .history = &table_role_grants_history,
};

/* Nor this one. */
#define EXPECTATIONS(X)                                                                                      \
    X("product", COLUMN_TEXT, COLUMN_KEY)                                                                    \
    X("name", COLUMN_TEXT, COLUMN_KEY)                                                                       \
    X("query", COLUMN_TEXT, 0)                                                                               \
    X("must", COLUMN_JSON, 0)                                                                                \
    X("comment", COLUMN_TEXT, 0)
HISTORY(table_expectations, "balrog_expectations", EXPECTATIONS(IN_HISTORY) VERSION(IN_HISTORY))
const struct table table_expectations = {
    .name = "balrog_expectations",
    .column = { EXPECTATIONS(PLAIN) VERSION(PLAIN) },
    .flags = TABLE_VERSIONED,
    .history = &table_expectations_history,
};
