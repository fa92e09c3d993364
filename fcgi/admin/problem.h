/* The one place where an error becomes an answer: problem responses, in the reference's words.
 *
 * The reference has two kinds. Its handlers print a problem as json.dumps does, as application/json; what its
 * framework refuses is application/problem+json (response_problem() of web/http.h). */
#ifndef BALROG_ADMIN_PROBLEM_H
#define BALROG_ADMIN_PROBLEM_H

#include "admin/auth.h"
#include "store/fail.h"

enum { PROBLEM_RETRY_S = 5 };

/* A handlers' problem: {"type", "title", "detail", "status"} and, unless it is NULL, "exception": any JSON.
 */
void problem_json(struct response *r, int status, const char *title, const char *detail,
                  const cJSON *exception);
/* The same with a text for the exception, or NULL. */
void problem_text(struct response *r, int status, const char *title, const char *detail,
                  const char *exception);

/* What E becomes. BLOB_ERRORS: the exception of FAIL_BLOB. An error without a reason is
 * answered as the framework does if its status is below 500. If it is our own fault, the answer does not say
 * what it is: log it. */
void problem_of(struct response *r, const struct request *request, const struct error *e,
                const cJSON *blob_errors);

/* What is answered to a caller who is nobody. */
void problem_auth(struct response *r, enum auth_result result);

#endif
