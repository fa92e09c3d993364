/* Writes errors as problem responses, in the reference's words. No other file does.
 *
 * The reference has two forms. Its handlers print a problem as json.dumps does, as application/json; its
 * framework answers application/problem+json (response_problem() of web/http.h). */
#ifndef BALROG_ADMIN_PROBLEM_H
#define BALROG_ADMIN_PROBLEM_H

#include "admin/auth.h"
#include "store/fail.h"

enum { PROBLEM_RETRY_S = 5 };

/* The form of the handlers: {"type", "title", "detail", "status"} and, unless it is NULL, "exception", which
 * is any JSON. */
void problem_json(struct response *r, int status, const char *title, const char *detail,
                  const cJSON *exception);
/* The same where the exception is a text, or NULL. */
void problem_text(struct response *r, int status, const char *title, const char *detail,
                  const char *exception);

/* Writes the response for E. BLOB_ERRORS is the exception of FAIL_BLOB. An error without a reason of
 * store/fail.h has the form of the framework if its status is below 500; otherwise the response does not say
 * what it is, so log it. */
void problem_of(struct response *r, const struct request *request, const struct error *e,
                const cJSON *blob_errors);

/* Writes the response to a caller who could not be identified. */
void problem_auth(struct response *r, enum auth_result result);

#endif
