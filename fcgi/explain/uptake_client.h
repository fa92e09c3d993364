/* What the balrog-uptake of every public host knows, added up: a sample of the clients' queries, and their
 * numbers by time. The hosts are asked over HTTP, one after another, by the URLs in [admin] uptake_url, for
 * example http://127.0.0.1/__uptake__; docs/uptake.md describes the answers. Safe from any thread; blocks up
 * to ten seconds per host, or as the request says, so not to be called inside a transaction. */
#ifndef BALROG_EXPLAIN_UPTAKE_CLIENT_H
#define BALROG_EXPLAIN_UPTAKE_CLIENT_H

#include "core/config_file.h"
#include "core/json.h"
#include "query/sample.h"

/* How many hosts were asked, and how many gave an answer. */
struct uptake_hosts {
    unsigned asked, answered;
};

/* Whether each of URLS is one that can be asked; E says which is not. An empty list is fine. */
bool uptake_check_urls(const struct config_list *urls, struct error *e);

/* Which sample is wanted. */
struct sample_request {
    struct str product, channel; /* absent: of all */
    size_t limit;                /* distinct queries at most, 1 to SAMPLE_QUERIES_MAX */
    unsigned timeout_ms;         /* for all hosts together; 0: ten seconds each */
};

/* A sample of the queries of the last 24 hours, most frequent first. Their counts estimate
 * the true ones without bias, so they may be summed up by anything; sample_coverage() is the share of all
 * queries that they stand for. NULL, with a sentence for the caller in E, if URLS is empty, no host
 * answers, or too many threads wait for answers (ERROR_UNAVAILABLE). Owned by CTX. */
struct sample *sample_fetch(void *ctx, const struct config_list *urls, const struct sample_request *request,
                            struct uptake_hosts *hosts, struct error *e);

/* The object that GET /uptake answers: {"product", "channel", "hours", "step_s", "series": [{"at", "queries",
 * "versions": {VERSION: queries}}], "watched": {"version", "queries", "percent"} or null, "hosts": {"asked",
 * "answered"}}. STEP_S is a multiple of 300. NULL as above, and with ERROR_NOT_FOUND if no host counts this
 * product and channel. The caller's: cJSON_Delete(). */
cJSON *uptake_fetch_series(const struct config_list *urls, struct str product, struct str channel,
                           unsigned step_s, struct error *e);

#endif
