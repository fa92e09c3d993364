/* The admin API's index: every route of every file. Each file of handlers exports its own table. */
#ifndef BALROG_ADMIN_ROUTES_H
#define BALROG_ADMIN_ROUTES_H

#include "admin/admin.h"

extern const struct admin_routes app_instances_routes;               /* app_instances.c */
extern const struct admin_routes expectations_check_routes;          /* expectations_check.c */
extern const struct admin_routes expectations_import_routes;         /* expectations_import.c */
extern const struct admin_routes expectations_routes;                /* expectations.c */
extern const struct admin_routes explain_routes;                     /* explain.c */
extern const struct admin_routes history_all_routes;                 /* history_resource.c */
extern const struct admin_routes history_routes;                     /* history.c */
extern const struct admin_routes partial_stops_routes;               /* partial_stops.c */
extern const struct admin_routes pending_routes;                     /* pending_resource.c */
extern const struct admin_routes pins_routes;                        /* pins.c */
extern const struct admin_routes releases_v1_routes;                 /* releases_v1_routes.c */
extern const struct admin_routes release_diff_routes;                /* release_diff.c */
extern const struct admin_routes release_index_routes;               /* release_index.c */
extern const struct admin_routes release_part_routes;                /* release_part.c */
extern const struct admin_routes release_revisions_routes;           /* release_revisions.c */
extern const struct admin_routes releases_v2_routes;                 /* releases_v2_routes.c */
extern const struct admin_routes required_signoffs_routes;           /* required_signoffs.c */
extern const struct admin_routes rules_routes;                       /* rules.c */
extern const struct admin_routes scheduled_permissions_routes;       /* scheduled_permissions.c */
extern const struct admin_routes releases_v1_schedule_routes;        /* releases_v1_schedule.c */
extern const struct admin_routes scheduled_required_signoffs_routes; /* scheduled_required_signoffs.c */
extern const struct admin_routes scheduled_rules_routes;             /* scheduled_rules.c */
extern const struct admin_routes service_routes;   /* monitor.c: __heartbeat__ and so on, whoami, openapi */
extern const struct admin_routes served_routes;    /* served.c */
extern const struct admin_routes shutoffs_routes;  /* shutoffs.c */
extern const struct admin_routes simulate_routes;  /* simulate.c */
extern const struct admin_routes status_routes;    /* status.c */
extern const struct admin_routes ui_config_routes; /* ui_config.c */
extern const struct admin_routes uptake_routes;    /* uptake.c */
extern const struct admin_routes users_routes;     /* users.c */

/* All routes in one array owned by CTX; *N becomes their number. */
const struct admin_route *admin_routes_join(void *ctx, size_t *n);

#endif
