/* See api.h. */
#include "agent/api.h"

#include "core/clock.h"
#include "web/client.h"

#include <openssl/evp.h>

struct agent_api {
    const struct agent_settings *settings;
    struct token *token; /* NULL: Basic authentication is used */
    const char *basic;   /* "Authorization: Basic …" */
};

/* "Authorization: Basic …" of the account. */
static const char *basic_header(void *ctx, const struct config *config)
{
    char *plain = mem_printf(NULL, "%s:%s", config->agent.user, config->agent.password);
    size_t n = strlen(plain);
    char *text = mem_check(talloc_size(plain, n * 4 / 3 + 8));
    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)plain, (int)n);
    char *header = mem_printf(ctx, "Authorization: Basic %s", text);
    talloc_free(plain);
    return header;
}

struct agent_api *agent_api_new(void *ctx, const struct agent_settings *settings)
{
    struct agent_api *api = mem_new(ctx, struct agent_api);
    api->settings = settings;
    if (settings->auth == AGENT_TOKEN) {
        api->token = token_new(api, settings);
    } else {
        api->basic = basic_header(api, settings->config);
    }
    return api;
}

unsigned agent_api_tokens(const struct agent_api *api)
{
    return api->token != NULL ? token_count(api->token) : 0;
}

/* ---- one exchange ---- */

static enum api_result failure_result(const struct error *e)
{
    return e->reason == CLIENT_UNREACHABLE ? API_UNREACHABLE : API_FAILED;
}

/* Sends REQUEST once with the header CREDENTIALS, and appends the body of the answer to TEXT. */
static enum api_result send_once(struct agent_api *api, const struct agent_request *request,
                                 const char *credentials, struct buf *text, int *status, struct error *e)
{
    const struct config *c = api->settings->config;
    const char *headers[] = { credentials, "Accept: application/json", "Content-Type: application/json" };
    char *url = mem_printf(NULL, "%s%s", api->settings->api, request->path);
    struct client_request http = {
        .url = url,
        .method = request->method,
        .headers = headers,
        .n_headers = str_absent(request->body) ? 2 : 3,
        .body = request->body,
        .ca_file = api->settings->ca_file,
        .connect_timeout_ms = (unsigned)c->agent.connect_timeout_s * MS_PER_S,
        .timeout_ms = (unsigned)c->agent.timeout_s * MS_PER_S,
    };
    bool ok = client_send(&http, text, status, e);
    talloc_free(url);
    if (!ok) {
        *status = 0;
        return failure_result(e);
    }
    return *status < 300 ? API_DONE : *status < 400 ? API_FAILED : *status < 500 ? API_REFUSED : API_FAILED;
}

/* ---- what was answered ---- */

/* Fills E with the status and the texts of the problem response TEXT. */
static void set_problem(struct str text, int status, struct error *e)
{
    struct error ignored;
    cJSON *json = json_parse(text, &ignored);
    const char *detail = json_get_string(json, "detail");
    const char *exception = json_get_string(json, "exception");
    error_set(e, ERROR_UPSTREAM, "answered %d%s%s%s%s", status, detail != NULL ? ": " : "",
              detail != NULL ? detail : "", exception != NULL ? ": " : "",
              exception != NULL ? exception : "");
    cJSON_Delete(json);
}

static enum api_result read_answer(struct str text, enum api_result result, int status, cJSON **answer,
                                   struct error *e)
{
    if (result == API_DONE && answer != NULL) {
        *answer = json_parse(text, e);
        if (*answer == NULL) {
            error_prefix(e, "answered %d", status);
            result = API_FAILED;
        }
    } else if (result != API_DONE && status != 0) {
        set_problem(text, status, e);
        result = status == 401 ? API_UNKNOWN_US : result;
    }
    return result;
}

/* The Authorization header. NULL if no token can be had: E says why. */
static const char *authorization(struct agent_api *api, struct error *e)
{
    return api->token != NULL ? token_header(api->token, clock_ms(), e) : api->basic;
}

enum api_result agent_api_send(struct agent_api *api, const struct agent_request *request, int *status,
                               cJSON **answer, struct error *e)
{
    struct buf text;
    enum api_result result = API_UNKNOWN_US;
    *status = 0;
    buf_init(&text, 4096, (size_t)api->settings->config->agent.max_answer_mb * MEGABYTE);
    for (int tries = 0; tries < 2; tries++) {
        const char *header = authorization(api, e);
        if (header == NULL) {
            result = API_UNKNOWN_US;
            break;
        }
        buf_reset(&text);
        result = send_once(api, request, header, &text, status, e);
        if (*status != 401 || api->token == NULL) {
            break;
        }
        token_drop(api->token);
    }
    if (result != API_UNKNOWN_US) {
        result = read_answer(buf_view(&text), result, *status, answer, e);
    }
    buf_free(&text);
    return result;
}
