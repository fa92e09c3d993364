/* The tables whose changes can be scheduled, as the admin API sees them: who may change what, and which
 * sign-offs that needs. Each is defined in the file that is named. */
#ifndef BALROG_ADMIN_RESOURCES_H
#define BALROG_ADMIN_RESOURCES_H

#include "store/resource.h"

extern const struct resource emergency_shutoffs_resource;       /* shutoffs_resource.c */
extern const struct resource partial_stops_resource;            /* shutoffs_resource.c */
extern const struct resource permissions_req_signoffs_resource; /* required_signoffs_resource.c */
extern const struct resource permissions_resource;              /* permissions_resource.c */
extern const struct resource pinnable_releases_resource;        /* pins_resource.c */
extern const struct resource product_req_signoffs_resource;     /* required_signoffs_resource.c */
extern const struct resource release_assets_resource;           /* releases_v2_resource.c */
extern const struct resource releases_json_resource;            /* releases_v2_resource.c */
extern const struct resource releases_resource;                 /* releases_v1_resource.c */
extern const struct resource rules_resource;                    /* rules_resource.c */

#endif
