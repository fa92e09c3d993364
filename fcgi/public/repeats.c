/* See repeats.h. Without locks: threads that come at the same moment may log one line too many, or count one
 * failure less. */
#include "public/repeats.h"

bool repeats_due(struct repeats *r, struct str why, int64_t now_ms, uint64_t *left_out)
{
    uint32_t reason = str_hash(why) | 1;
    size_t i = (reason >> 1) % REPEATS_KEPT;
    int64_t logged_ms = atomic_load(&r->kept[i].logged_ms);
    if (atomic_exchange(&r->kept[i].reason, reason) != reason) {
        atomic_store(&r->kept[i].logged_ms, now_ms);
        atomic_store(&r->kept[i].left_out, 0);
        *left_out = 0;
        return true;
    }
    if (now_ms - logged_ms < REPEATS_PAUSE_MS ||
        !atomic_compare_exchange_strong(&r->kept[i].logged_ms, &logged_ms, now_ms)) {
        atomic_fetch_add(&r->kept[i].left_out, 1);
        return false;
    }
    *left_out = atomic_exchange(&r->kept[i].left_out, 0);
    return true;
}
