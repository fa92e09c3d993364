/* Finds the end of a FastCGI request in the records that come in. Only the framing is parsed here; libfcgi
 * parses the content. */
#ifndef BALROG_WEB_RECORDS_H
#define BALROG_WEB_RECORDS_H

#include "core/str.h"

enum { RECORDS_PARAMS_MAX = 256 << 10 }; /* bytes of a request's parameters */

enum records_state {
    RECORDS_HALF,  /* more must come */
    RECORDS_WHOLE, /* all has come, up to the empty record that ends the body */
    RECORDS_WRONG, /* not what a web server sends */
};

/* Starts as { .max = bytes of a request that are kept }. */
struct records {
    enum records_state state;
    size_t max;
    size_t kept; /* bytes, so far */
    unsigned char head[8];
    unsigned n_head;
    size_t left; /* of the record under way */
    size_t params;
    unsigned id;
    bool begun, params_done, last, dropped;
};

/* Reads the next few of the N bytes at P, and returns how many. *KEPT receives what of it is to be kept,
 * which may be in R; absent for none: the parts of a body that would make the request longer than R->max are
 * left out, so that what is kept are whole records. Only while R->state is RECORDS_HALF. */
size_t records_read(struct records *r, const char *p, size_t n, struct str *kept);

/* Whether the N bytes at P, which have not been consumed, hold all of a request. */
enum records_state records_look(const char *p, size_t n);

#endif
