/* The programs that run: what they have reported to the table app_instances (store/instances.h). */
#ifndef BALROG_ADMIN_APP_INSTANCES_H
#define BALROG_ADMIN_APP_INSTANCES_H

#include "store/tx.h"

/* *LIST becomes an array with an object per instance, as GET /app_instances shows it. The caller frees it. */
bool app_instances_json(struct tx *tx, cJSON **list, struct error *e);

#endif
