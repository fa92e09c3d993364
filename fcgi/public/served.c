/* See served.h. An id can be missing for a moment, while its transaction commits after that of a higher id,
 * and for ever, if its transaction was rolled back. */
#include "public/served.h"

void served_init(struct served *served)
{
    *served = (struct served){ .stamp = 0 };
    pthread_mutex_init(&served->lock, NULL);
}

void served_set(struct served *served, const struct feed *feed)
{
    struct feed_range missing[FEED_RANGES_SHOWN] = { { 0, 0 } };
    size_t n = feed_missing(feed, missing);
    pthread_mutex_lock(&served->lock);
    if (served->feed_id != feed_cursor(feed) || served->n_missing != n ||
        memcmp(served->missing, missing, sizeof missing) != 0) {
        served->feed_id = feed_cursor(feed);
        served->n_missing = n;
        memcpy(served->missing, missing, sizeof missing);
        served->stamp++;
    }
    pthread_mutex_unlock(&served->lock);
}

uint64_t served_stamp(struct served *served)
{
    pthread_mutex_lock(&served->lock);
    uint64_t stamp = served->stamp;
    pthread_mutex_unlock(&served->lock);
    return stamp;
}

static void print_locked(const struct served *served, struct buf *out)
{
    size_t shown = served->n_missing < FEED_RANGES_SHOWN ? served->n_missing : FEED_RANGES_SHOWN;
    buf_printf(out, ",\"feed_id\":%llu,\"feed_missing\":[", (unsigned long long)served->feed_id);
    for (size_t i = 0; i < shown; i++) {
        buf_printf(out, "%s[%llu,%llu]", i > 0 ? "," : "", (unsigned long long)served->missing[i].first,
                   (unsigned long long)served->missing[i].last);
    }
    buf_char(out, ']');
    if (shown < served->n_missing) {
        buf_printf(out, ",\"feed_known_from\":%llu", (unsigned long long)served->missing[0].first);
    }
}

void served_print(struct served *served, struct buf *out)
{
    pthread_mutex_lock(&served->lock);
    if (served->stamp > 0) {
        print_locked(served, out);
    }
    pthread_mutex_unlock(&served->lock);
}
