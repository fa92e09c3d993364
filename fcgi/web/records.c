/* BEGIN_REQUEST, PARAMS up to an empty one, STDIN up to an empty one, all of one id: nginx sends nothing
 * else, and whatever else comes would have libfcgi wait for more. */
#include "web/records.h"

#include <fastcgi.h>

static bool take_begin(struct records *r, size_t length)
{
    bool right = !r->begun && length == sizeof(FCGI_BeginRequestBody);
    r->begun = true;
    return right;
}

static bool take_params(struct records *r, size_t length)
{
    bool right = r->begun && !r->params_done;
    r->params += length;
    r->params_done = length == 0;
    return right && r->params <= RECORDS_PARAMS_MAX;
}

static bool take_body(struct records *r, size_t length)
{
    r->last = length == 0;
    return r->params_done;
}

/* A record's head has come. */
static void begin_record(struct records *r)
{
    FCGI_Header head;
    memcpy(&head, r->head, sizeof head);
    size_t length = (size_t)head.contentLengthB1 << 8 | head.contentLengthB0;
    unsigned id = (unsigned)head.requestIdB1 << 8 | head.requestIdB0;
    bool right = head.version == FCGI_VERSION_1 && id != FCGI_NULL_REQUEST_ID && (!r->begun || id == r->id);
    r->n_head = 0;
    r->id = id;
    r->left = length + head.paddingLength;
    switch (head.type) {
    case FCGI_BEGIN_REQUEST:
        right = right && take_begin(r, length);
        break;
    case FCGI_PARAMS:
        right = right && take_params(r, length);
        break;
    case FCGI_STDIN:
        right = right && take_body(r, length);
        break;
    default:
        right = false;
        break;
    }
    r->dropped = head.type == FCGI_STDIN && length > 0 &&
                 (r->dropped || r->kept + sizeof head + r->left + sizeof head > r->max);
    r->state = !right ? RECORDS_WRONG : r->last && r->left == 0 ? RECORDS_WHOLE : RECORDS_HALF;
}

static size_t read_head(struct records *r, const char *p, size_t n, struct str *kept)
{
    size_t taken = sizeof r->head - r->n_head < n ? sizeof r->head - r->n_head : n;
    memcpy(r->head + r->n_head, p, taken);
    r->n_head += (unsigned)taken;
    if (r->n_head == sizeof r->head) {
        begin_record(r);
        *kept = r->dropped ? STR_NONE : (struct str){ (const char *)r->head, sizeof r->head };
    }
    return taken;
}

static size_t read_content(struct records *r, const char *p, size_t n, struct str *kept)
{
    size_t taken = r->left < n ? r->left : n;
    r->left -= taken;
    *kept = r->dropped ? STR_NONE : (struct str){ p, taken };
    if (r->left == 0 && r->last) {
        r->state = RECORDS_WHOLE;
    }
    return taken;
}

size_t records_read(struct records *r, const char *p, size_t n, struct str *kept)
{
    *kept = STR_NONE;
    size_t taken = r->left > 0 ? read_content(r, p, n, kept) : read_head(r, p, n, kept);
    r->kept += kept->n;
    return taken;
}

enum records_state records_look(const char *p, size_t n)
{
    struct records r = { .max = SIZE_MAX };
    struct str kept;
    while (n > 0 && r.state == RECORDS_HALF) {
        size_t taken = records_read(&r, p, n, &kept);
        p += taken;
        n -= taken;
    }
    return r.state;
}
