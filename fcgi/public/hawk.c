/* See hawk.h. Both hashes are taken over lines, the first of which says what they are for. */
#include "public/hawk.h"

#include "core/mem.h"

#include <ctype.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SHA256_BYTES = 32, SHA256_BASE64 = 45, LINES_MAX = 64 << 10 };

bool hawk_id_ok(const char *id)
{
    for (const char *p = id; *p != '\0'; p++) {
        if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\') {
            return false;
        }
    }
    return id[0] != '\0';
}

static void encode_digest(const unsigned char *digest, char text[SHA256_BASE64])
{
    EVP_EncodeBlock((unsigned char *)text, digest, SHA256_BYTES);
}

static void payload_hash(const struct hawk *h, char text[SHA256_BASE64])
{
    struct buf lines;
    unsigned char digest[SHA256_BYTES];
    buf_init(&lines, 256 + h->payload.n, LINES_MAX + h->payload.n);
    buf_lit(&lines, "hawk.1.payload\n");
    struct str type = { h->content_type, strcspn(h->content_type, ";") };
    type = str_strip(type);
    for (size_t i = 0; i < type.n; i++) {
        buf_char(&lines, (char)tolower((unsigned char)type.p[i]));
    }
    buf_char(&lines, '\n');
    buf_str(&lines, h->payload);
    buf_char(&lines, '\n');
    EVP_Digest(lines.p, lines.n, digest, NULL, EVP_sha256(), NULL);
    buf_free(&lines);
    encode_digest(digest, text);
}

/* Application data is one line of the MAC, whatever it holds. */
static void escape_line(struct buf *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\\') {
            buf_lit(out, "\\\\");
        } else if (*p == '\n') {
            buf_lit(out, "\\n");
        } else {
            buf_char(out, *p);
        }
    }
}

static void mac_of(const struct hawk *h, const char *hash, char text[SHA256_BASE64])
{
    struct buf lines;
    unsigned char mac[SHA256_BYTES];
    buf_init(&lines, 512, LINES_MAX);
    buf_printf(&lines, "hawk.1.header\n%" PRId64 "\n%s\n%s\n%s\n%s\n%u\n%s\n", h->time_s, h->nonce, h->method,
               h->resource, h->host, h->port, hash);
    escape_line(&lines, h->ext != NULL ? h->ext : "");
    buf_char(&lines, '\n');
    HMAC(EVP_sha256(), h->key, (int)strlen(h->key), (const unsigned char *)lines.p, lines.n, mac, NULL);
    buf_free(&lines);
    encode_digest(mac, text);
}

void hawk_header(const struct hawk *h, struct buf *out)
{
    char hash[SHA256_BASE64] = "";
    char mac[SHA256_BASE64];
    if (h->content_type != NULL) {
        payload_hash(h, hash);
    }
    mac_of(h, hash, mac);
    buf_printf(out, "Hawk id=\"%s\", ts=\"%" PRId64 "\", nonce=\"%s\"", h->id, h->time_s, h->nonce);
    if (hash[0] != '\0') {
        buf_printf(out, ", hash=\"%s\"", hash);
    }
    if (h->ext != NULL) {
        buf_printf(out, ", ext=\"%s\"", h->ext);
    }
    buf_printf(out, ", mac=\"%s\"", mac);
}
