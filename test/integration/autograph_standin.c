/* A stand-in for an Autograph server: POST /sign/hash on a free loopback port, with Hawk checked by code of
 * its own, so that it shares no mistake with the client.
 *
 *   autograph_standin KEY.pem USER KEYID X5U       the password in AUTOGRAPH_PASSWORD
 *
 * prints its URL. GET /asked tells how many signatures were asked for, GET /refused how many of those were
 * not let in; GET /set/NAME/N sets `fail` (the next N get a 500), `delay` (ms before each answer) or `answer`
 * (see enum answer). It ends when its input does. */
#include "core/buf.h"
#include "core/json.h"
#include "public/sign_key.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum answer {
    ANSWER_GOOD,
    ANSWER_TWO,
    ANSWER_NONE,
    ANSWER_NO_JSON,
    ANSWER_HUGE,
    ANSWER_REDIRECT,
    ANSWER_HEADER
};
enum { REQUEST_MAX = 16 << 10, NONCES = 64, SKEW_S = 60 };

static struct sign_key *key;
static const char *user;
static const char *keyid;
static const char *x5u;
static const char *password;
static atomic_int asked;
static atomic_int refused;
static atomic_int fail;
static atomic_int delay_ms;
static atomic_int answer;

struct message {
    char text[REQUEST_MAX]; /* the head is ended by a NUL in place of its empty line */
    char method[8];
    char path[256];
    struct str body;
};

/* --- HTTP --- */

static bool header(const struct message *m, const char *name, char *value, size_t size)
{
    size_t n = strlen(name);
    for (const char *line = strstr(m->text, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            line += n + 1 + strspn(line + n + 1, " ");
            snprintf(value, size, "%.*s", (int)strcspn(line, "\r"), line);
            return true;
        }
    }
    return false;
}

static bool receive(int fd, struct message *m)
{
    char length[16] = "0";
    char *end = NULL;
    size_t n = 0;
    while (n + 1 < sizeof m->text) {
        ssize_t got = read(fd, m->text + n, sizeof m->text - 1 - n);
        if (got <= 0) {
            return false;
        }
        n += (size_t)got;
        if (end == NULL) {
            m->text[n] = '\0';
            end = strstr(m->text, "\r\n\r\n");
            if (end != NULL) {
                end[2] = '\0';
                header(m, "Content-Length", length, sizeof length);
            }
        }
        if (end != NULL && n - (size_t)(end + 4 - m->text) >= strtoul(length, NULL, 10)) {
            m->body = (struct str){ end + 4, strtoul(length, NULL, 10) };
            return sscanf(m->text, "%7s %255s", m->method, m->path) == 2;
        }
    }
    return false;
}

static void reply(int fd, const char *status, struct str body)
{
    struct buf b;
    buf_init(&b, 512 + body.n, 1024 + body.n);
    buf_printf(&b, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n", status,
               body.n, status[0] == '3' ? "Location: /asked\r\n" : "");
    buf_str(&b, body);
    for (size_t sent = 0; sent < b.n;) {
        ssize_t n = write(fd, b.p + sent, b.n - sent);
        if (n <= 0) {
            break;
        }
        sent += (size_t)n;
    }
    buf_free(&b);
}

/* --- Hawk --- */

static bool attribute(const char *authorization, const char *name, char *value, size_t size)
{
    char start[16];
    snprintf(start, sizeof start, " %s=\"", name);
    const char *at = strstr(authorization, start);
    if (at == NULL) {
        return false;
    }
    at += strlen(start);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
    return true;
}

static bool nonce_is_new(const char *nonce)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static char seen[NONCES][64];
    static unsigned next;
    bool found = false;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < NONCES; i++) {
        found = found || strcmp(seen[i], nonce) == 0;
    }
    snprintf(seen[next++ % NONCES], sizeof seen[0], "%s", nonce);
    pthread_mutex_unlock(&lock);
    return !found;
}

static void base64(const unsigned char *digest, char *text)
{
    EVP_EncodeBlock((unsigned char *)text, digest, 32);
}

static bool payload_matches(const struct message *m, const char *hash)
{
    unsigned char digest[32];
    char wanted[64];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    EVP_DigestUpdate(ctx, "hawk.1.payload\napplication/json\n", 32);
    EVP_DigestUpdate(ctx, m->body.p, m->body.n);
    EVP_DigestUpdate(ctx, "\n", 1);
    EVP_DigestFinal_ex(ctx, digest, NULL);
    EVP_MD_CTX_free(ctx);
    base64(digest, wanted);
    return strcmp(hash, wanted) == 0;
}

static const char *let_in(const struct message *m)
{
    char authorization[1024];
    char type[64];
    char host[128];
    char id[128];
    char ts[32];
    char nonce[64];
    char hash[64];
    char mac[64];
    if (!header(m, "Authorization", authorization, sizeof authorization) ||
        strncmp(authorization, "Hawk ", 5) != 0 || !attribute(authorization, "id", id, sizeof id) ||
        !attribute(authorization, "ts", ts, sizeof ts) ||
        !attribute(authorization, "nonce", nonce, sizeof nonce) ||
        !attribute(authorization, "hash", hash, sizeof hash) ||
        !attribute(authorization, "mac", mac, sizeof mac)) {
        return "not a whole Hawk header";
    }
    if (!header(m, "Content-Type", type, sizeof type) || strcmp(type, "application/json") != 0) {
        return "not application/json";
    }
    if (strcmp(id, user) != 0 || labs(strtol(ts, NULL, 10) - time(NULL)) > SKEW_S || !nonce_is_new(nonce)) {
        return "unknown id, old time or used nonce";
    }
    if (!payload_matches(m, hash)) {
        return "wrong payload hash";
    }
    if (!header(m, "Host", host, sizeof host) || strchr(host, ':') == NULL) {
        return "no host and port";
    }
    char lines[1024];
    unsigned char digest[32];
    char wanted[64];
    char *colon = strchr(host, ':');
    *colon = '\0';
    int n = snprintf(lines, sizeof lines, "hawk.1.header\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n\n", ts, nonce,
                     m->method, m->path, host, colon + 1, hash);
    HMAC(EVP_sha256(), password, (int)strlen(password), (unsigned char *)lines, (size_t)n, digest, NULL);
    base64(digest, wanted);
    return strcmp(mac, wanted) == 0 ? NULL : "wrong mac";
}

/* --- Signing --- */

static bool digest_in(const struct message *m, struct digest *d)
{
    unsigned char raw[DIGEST_BYTES + 3];
    cJSON *list = json_parse(m->body, NULL);
    const cJSON *item = cJSON_GetArraySize(list) == 1 ? cJSON_GetArrayItem(list, 0) : NULL;
    const char *input = json_get_string(item, "input");
    const char *name = json_get_string(item, "keyid");
    bool ok = input != NULL && name != NULL && strcmp(name, keyid) == 0 && strlen(input) == 64 &&
              EVP_DecodeBlock(raw, (const unsigned char *)input, 64) == DIGEST_BYTES;
    if (ok) {
        memcpy(d->bytes, raw, DIGEST_BYTES);
    }
    cJSON_Delete(list);
    return ok;
}

static void write_signature(struct buf *b, const char *text)
{
    buf_printf(
        b,
        "{\"ref\": \"r\", \"type\": \"contentsignature\", \"mode\": \"p384ecdsa\", \"signer_id\": \"%s\", "
        "\"public_key\": \"\", \"signature\": \"%s\", \"x5u\": \"%s%s\"}",
        keyid, text, x5u, answer == ANSWER_HEADER ? "\\r\\nSet-Cookie: a=b" : "");
}

static void write_answer(struct buf *b, const char *text)
{
    if (answer == ANSWER_NO_JSON) {
        buf_lit(b, "<html>");
        return;
    }
    buf_char(b, '[');
    if (answer != ANSWER_NONE) {
        write_signature(b, text);
    }
    if (answer == ANSWER_TWO) {
        buf_char(b, ',');
        write_signature(b, text);
    }
    buf_char(b, ']');
    for (int i = 0; answer == ANSWER_HUGE && i < 1 << 20; i++) {
        buf_char(b, ' ');
    }
}

static void sign(int fd, const struct message *m)
{
    struct digest d;
    char text[SIGNATURE_MAX];
    atomic_fetch_add(&asked, 1);
    usleep((useconds_t)delay_ms * 1000);
    const char *reason = let_in(m);
    if (reason != NULL) {
        atomic_fetch_add(&refused, 1);
        reply(fd, "401 Unauthorized", str_of(reason));
    } else if (atomic_load(&fail) > 0) {
        atomic_fetch_sub(&fail, 1);
        reply(fd, "500 Internal Server Error", STR("no"));
    } else if (!digest_in(m, &d) || !sign_key_sign(key, &d, text, NULL)) {
        reply(fd, "400 Bad Request", STR("not one hash for my key"));
    } else {
        struct buf b;
        buf_init(&b, 1024, 2 << 20);
        write_answer(&b, text);
        reply(fd, answer == ANSWER_REDIRECT ? "302 Found" : "201 Created", buf_view(&b));
        buf_free(&b);
    }
}

static void set(const struct message *m)
{
    int n = 0;
    if (sscanf(m->path, "/set/fail/%d", &n) == 1) {
        fail = n;
    } else if (sscanf(m->path, "/set/delay/%d", &n) == 1) {
        delay_ms = n;
    } else if (sscanf(m->path, "/set/answer/%d", &n) == 1) {
        answer = n;
    }
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    static _Thread_local struct message m;
    char number[16];
    if (receive(fd, &m)) {
        if (strcmp(m.method, "POST") == 0 && str_ends(str_of(m.path), STR("/sign/hash"))) {
            sign(fd, &m);
        } else {
            set(&m);
            snprintf(number, sizeof number, "%d", strcmp(m.path, "/refused") == 0 ? refused : asked);
            reply(fd, "200 OK", str_of(number));
        }
    }
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    int listener = (int)(intptr_t)arg;
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0) {
            pthread_detach(thread);
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct error e;
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    pthread_t thread;
    char c;
    password = getenv("AUTOGRAPH_PASSWORD");
    if (argc != 5 || password == NULL) {
        fputs("usage: AUTOGRAPH_PASSWORD=… autograph_standin KEY.pem USER KEYID X5U\n", stderr);
        return 2;
    }
    user = argv[2];
    keyid = argv[3];
    x5u = argv[4];
    key = sign_key_new(NULL, argv[1], &e);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (key == NULL || bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0 ||
        pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)fd) != 0) {
        fprintf(stderr, "autograph_standin: %s\n", key == NULL ? e.what : "no port");
        return 1;
    }
    printf("http://127.0.0.1:%u\n", (unsigned)ntohs(a.sin_port));
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0) {
    }
    _exit(0);
}
