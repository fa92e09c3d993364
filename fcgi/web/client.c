/* Each exchange has a libcurl handle of its own: requests are rare, and a connection that was kept open would
 * often be closed by the other side before it is needed. */
#include "web/client.h"

#include "core/mem.h"

#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_once_t started = PTHREAD_ONCE_INIT;

static void start_library(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fputs("balrog: libcurl does not start\n", stderr);
        abort();
    }
}

/* Copies one part of the URL into TO; empty if the URL does not have it. Returns false if it does not fit. */
static bool copy_part(CURLU *u, CURLUPart what, unsigned flags, char *to, size_t size)
{
    char *text = NULL;
    to[0] = '\0';
    if (curl_url_get(u, what, &text, flags) != CURLUE_OK) {
        return true;
    }
    size_t n = strlen(text);
    if (n < size) {
        memcpy(to, text, n + 1);
    }
    curl_free(text);
    return n < size;
}

static bool has_part(CURLU *u, CURLUPart what)
{
    char *text = NULL;
    bool found = curl_url_get(u, what, &text, 0) == CURLUE_OK;
    curl_free(text);
    return found;
}

static void tidy_host(char *host)
{
    size_t n = strlen(host);
    if (n >= 2 && host[0] == '[') {
        memmove(host, host + 1, n - 2);
        host[n - 2] = '\0';
    }
    for (char *p = host; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
}

static bool take_apart(CURLU *u, const char *url, struct client_url *out, struct error *e)
{
    char scheme[16];
    char port[8];
    if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
        !copy_part(u, CURLUPART_SCHEME, 0, scheme, sizeof scheme) ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        return error_set(e, ERROR_INTERNAL, "not a http:// or https:// URL");
    }
    if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD)) {
        return error_set(e, ERROR_INTERNAL, "this URL must not contain a user or a password");
    }
    if (has_part(u, CURLUPART_QUERY) || has_part(u, CURLUPART_FRAGMENT)) {
        return error_set(e, ERROR_INTERNAL, "this URL must not contain a query or a fragment");
    }
    if (!copy_part(u, CURLUPART_HOST, 0, out->host, sizeof out->host) ||
        !copy_part(u, CURLUPART_PATH, 0, out->path, sizeof out->path) ||
        !copy_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof port)) {
        return error_set(e, ERROR_INTERNAL, "the URL is too long");
    }
    tidy_host(out->host);
    out->port = (unsigned)strtoul(port, NULL, 10);
    for (size_t n = strlen(out->path); n > 0 && out->path[n - 1] == '/'; n--) {
        out->path[n - 1] = '\0';
    }
    return true;
}

bool client_url_parse(const char *url, struct client_url *out, struct error *e)
{
    CURLU *u = mem_check(curl_url());
    bool ok = take_apart(u, url, out, e);
    curl_url_cleanup(u);
    return ok;
}

bool client_url_is_local(const struct client_url *url)
{
    return strcmp(url->host, "localhost") == 0 || strcmp(url->host, "127.0.0.1") == 0 ||
           strcmp(url->host, "::1") == 0;
}

static size_t receive_body(char *p, size_t size, size_t n, void *arg)
{
    struct buf *body = arg;
    buf_bytes(body, p, size * n);
    return body->full ? 0 : size * n;
}

static int check_stop(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    const atomic_bool *stop = arg;
    return atomic_load(stop) ? 1 : 0;
}

/* A line break in a header would begin another one. */
static bool add_header(struct curl_slist **list, const char *line, struct error *e)
{
    for (const char *p = line; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f) {
            return error_set(e, ERROR_INTERNAL, "a header to be sent holds a control character");
        }
    }
    *list = mem_check(curl_slist_append(*list, line));
    return true;
}

static void set_limits(CURL *curl, const struct client_request *p)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)p->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)p->timeout_ms);
    if (p->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, p->ca_file);
    }
    if (p->stop != NULL) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_stop);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)p->stop);
    }
}

/* The request line and the body. */
static void set_request(CURL *curl, const struct client_request *p)
{
    curl_easy_setopt(curl, CURLOPT_URL, p->url);
    if (!str_absent(p->body)) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body.n);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, p->body.p);
    }
    if (p->method != NULL) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, p->method);
    }
}

/* The error of an exchange that ended with CODE. */
static bool failed_with(CURL *curl, CURLcode code, struct error *e)
{
    curl_off_t sending_us = 0;
    curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &sending_us);
    error_set(e, ERROR_UNAVAILABLE, "%s", curl_easy_strerror(code));
    if (sending_us == 0 && e != NULL) {
        e->reason = CLIENT_UNREACHABLE;
    }
    return false;
}

static bool perform_exchange(CURL *curl, const struct client_request *p, struct buf *body, int *status,
                             struct error *e)
{
    set_limits(curl, p);
    set_request(curl, p);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    CURLcode code = curl_easy_perform(curl);
    if (body->full) {
        return error_set(e, ERROR_UNAVAILABLE, "the answer is longer than %zu bytes", body->max);
    }
    if (code != CURLE_OK) {
        return failed_with(curl, code, e);
    }
    long number = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &number);
    *status = (int)number;
    return true;
}

bool client_send(const struct client_request *p, struct buf *body, int *status, struct error *e)
{
    pthread_once(&started, start_library);
    CURL *curl = mem_check(curl_easy_init());
    struct curl_slist *headers = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < p->n_headers; i++) {
        ok = add_header(&headers, p->headers[i], e);
    }
    if (ok) {
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        ok = perform_exchange(curl, p, body, status, e);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return ok;
}
