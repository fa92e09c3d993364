/* Whether clients are served a change. */
#ifndef BALROG_ADMIN_SERVED_H
#define BALROG_ADMIN_SERVED_H

#include "admin/admin.h"

/* To be called in the transaction of CALL when its handler has answered. If it wrote what clients are served,
 * the answer gets the header X-Feed-Id: the id, in the change feed, of the last of these writes. */
bool served_add_id(struct admin_call *call, struct error *e);

#endif
