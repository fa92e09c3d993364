/* Enacting: a scheduled change is made. */
#ifndef BALROG_STORE_SCHEDULE_ENACT_H
#define BALROG_STORE_SCHEDULE_ENACT_H

#include "store/resource.h"

/* Applies the change SC_ID as the user who scheduled it, with their current permissions, whatever its `when`
 * says. Only the sign-offs that signoff_judge() accepts now count. tx->actor needs the permission
 * scheduled_change/enact. FAIL_OUTDATED if it is complete. */
bool sc_enact(struct tx *tx, const struct resource *r, int64_t sc_id, struct error *e);

#endif
