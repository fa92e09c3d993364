/* Scheduled changes: a row of T_scheduled_changes with its conditions and sign-offs.
 *
 * The changes go by sc_id. Objects that are handed out are TX's and look as the API prints them: the base
 * table's columns under their own names (data_version is the row's that is to be changed), sc_id,
 * sc_data_version, change_type, scheduled_by, complete, the conditions (`when` in ms since 1970;
 * telemetry_… for rules). */
#ifndef BALROG_STORE_SCHEDULE_H
#define BALROG_STORE_SCHEDULE_H

#include "store/resource.h"

/* Schedules CHANGE in the name of tx->actor: change_type, the base table's columns, and conditions. Its other
 * members are left alone, but sc_id, complete, scheduled_by and base_… are refused (FAIL_INVALID). Validates
 * it: conditions, the key, that the row exists, or not, at data_version, that no other change of the row is
 * scheduled, resource.check. Signs off where tx->actor holds exactly one of the roles that are needed. */
bool sc_insert(struct tx *tx, const struct resource *r, const cJSON *change, int64_t *sc_id, struct error *e);
/* Changes what is scheduled: WHAT as CHANGE above (its change_type is ignored), columns that it lacks stay.
 * tx->actor becomes scheduled_by. All sign-offs are dropped; tx->actor's own may be made anew as in
 * sc_insert(). FAIL_OUTDATED unless the scheduled change is at SC_DATA_VERSION; FAIL_NOT_FOUND; FAIL_INVALID
 * when it is complete. */
bool sc_update(struct tx *tx, const struct resource *r, int64_t sc_id, const cJSON *what,
               int64_t sc_data_version, struct error *e);
/* Schedules again what CHANGE, a revision of it (history_change), says. Its key and data_version stay, but
 * where a row is to be inserted. */
bool sc_revert(struct tx *tx, const struct resource *r, int64_t sc_id, const cJSON *change, struct error *e);
bool sc_delete(struct tx *tx, const struct resource *r, int64_t sc_id, int64_t sc_data_version,
               struct error *e);
/* Applies the change as the user who scheduled it, with their current permissions, whatever `when` says.
 * Sign-offs count as signoff_judge() finds now. tx->actor needs scheduled_change/enact. FAIL_OUTDATED when it
 * is complete. */
bool sc_enact(struct tx *tx, const struct resource *r, int64_t sc_id, struct error *e);
/* Writes the columns of WHAT, with which OLD, a row of the base table, was just updated to NOW, into what is
 * scheduled for it. All sign-offs are dropped and none is made: a direct edit does not show that somebody
 * looked at what is scheduled. scheduled_by stays, and what is scheduled must still be allowed for them.
 * resource_update() calls it. */
bool sc_merge(struct tx *tx, const struct resource *r, const cJSON *old, const cJSON *what, const cJSON *now,
              struct error *e);

/* Whether a change other than BUT is scheduled for the row of the base table that has the key columns of KEY;
 * that stays so until the transaction ends. */
bool sc_pending(struct tx *tx, const struct resource *r, const cJSON *key, int64_t but, bool *pending,
                struct error *e);

/* FAIL_SCHEDULED, naming the scheduled change, when one is to insert the row with the key columns of KEY: it
 * could never be enacted once the row is there. */
bool sc_refuse_insert(struct tx *tx, const struct resource *r, const cJSON *key, struct error *e);

/* Signs off as tx->actor, with ROLE. If they have done so already, only what the sign-off covers is renewed
 * (signoff_content.h). SC_DATA_VERSION: the version of the scheduled change that was looked at; 0: any.
 * FAIL_PERMISSION for a system account, for a role that tx->actor does not hold, and for a second role;
 * FAIL_OUTDATED for another version; FAIL_INVALID when it is complete; FAIL_NOT_FOUND. */
bool sc_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const char *role,
                int64_t sc_data_version, struct error *e);
/* Takes back the sign-off of USERNAME: one's own role's, or as an admin of the change's products any. *HAD is
 * whether there was one. FAIL_INVALID when the change is complete. */
bool sc_revoke(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, bool *had,
               struct error *e);
/* Whether USERNAME is an admin for all products that the row belongs to, as it is and as it would be. */
bool sc_is_admin(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, bool *is,
                 struct error *e);
/* sc_signoff() for the scheduled change SC_ID, locked by the caller, of which C is what it would do. */
bool sc_put_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const struct change *c,
                    const char *role, struct error *e);
/* Drops all sign-offs. */
bool sc_drop_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, struct error *e);
/* Locks a scheduled change, so that it is neither edited nor enacted meanwhile. FAIL_NOT_FOUND; FAIL_INVALID
 * when it is complete: "… Cannot VERB now." */
bool sc_lock_pending(struct tx *tx, const struct resource *r, int64_t sc_id, const char *verb,
                     struct error *e);
/* {user: role} of a scheduled change; locked where TX writes. */
bool sc_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, cJSON **signoffs, struct error *e);

/* One scheduled change, without sign-offs; *SC is NULL when there is none. */
bool sc_get(struct tx *tx, const struct resource *r, int64_t sc_id, enum row_lock lock, cJSON **sc,
            struct error *e);

/* Which ones. Costs at most seven statements, however many there are; and, for those with sign-offs that
 * cover releases, three for each 32 releases and one for each of at most twenty that have changed. */
struct sc_query {
    struct {
        const char *column; /* of the base table */
        struct db_value value;
    } key[3];           /* up to the first without a column */
    int64_t sc_id;      /* unless 0, this one alone, complete or not */
    bool all;           /* the complete ones too */
    bool without_big;   /* without the big column (a release's data) */
    bool without_needs; /* without required_signoffs */
};
/* An array in the order of their sc_ids, each with `signoffs`, {user: role}, and `required_signoffs`,
 * {role: count}, which is empty for complete ones. If some sign-offs of a pending change do not count, it
 * also has `invalid_signoffs`, {user: why} (struct signoff_case). */
bool sc_list(struct tx *tx, const struct resource *r, const struct sc_query *q, cJSON **list,
             struct error *e);

#endif
