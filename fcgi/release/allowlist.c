/* The hosts, in the order of the configuration. Each has either products, or path patterns with products of
 * their own. URLs are split as by Python's urllib.parse.urlparse, so that both programs permit the same ones.
 */
#include "release/allowlist.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

struct allowed_products {
    struct str *name;
    size_t n;
};

struct path_rule {
    pcre2_code *pattern;
    struct allowed_products products;
};

struct allowed_host {
    struct str name;
    struct allowed_products products; /* without path rules */
    struct path_rule *path;
    size_t n_paths;
};

struct allowlist {
    struct allowed_host *host;
    size_t n;
};

struct allowlist *allowlist_new(void *ctx)
{
    return mem_new(ctx, struct allowlist);
}

/* The next word of *REST; false at the end. */
static bool next_config_word(struct str *rest, struct str *word)
{
    *rest = str_strip(*rest);
    size_t n = 0;
    while (n < rest->n && strchr(" \t\r\n\v\f", rest->p[n]) == NULL) {
        n++;
    }
    *word = str_slice(*rest, 0, n);
    *rest = str_slice(*rest, n, rest->n);
    return n > 0;
}

static struct allowed_host *find_allowed_host(const struct allowlist *a, struct str name)
{
    for (size_t i = 0; i < a->n; i++) {
        if (str_eq(a->host[i].name, name)) {
            return &a->host[i];
        }
    }
    return NULL;
}

static struct allowed_products read_products(void *ctx, struct str rest)
{
    struct allowed_products p = { 0 };
    struct str word;
    while (next_config_word(&rest, &word)) {
        p.name = mem_resize(ctx, p.name, struct str, p.n + 1);
        p.name[p.n++] = mem_str(ctx, word);
    }
    return p;
}

static int free_pattern(pcre2_code **holder)
{
    pcre2_code_free(*holder);
    return 0;
}

/* Compiles TEXT, a regular expression that must match a whole path; freed with CTX. Returns NULL if it is
 * malformed: E says why. */
static pcre2_code *compile_pattern(void *ctx, struct str text, struct error *e)
{
    int code;
    size_t at;
    pcre2_code *pattern =
        pcre2_compile((PCRE2_SPTR)text.p, text.n, PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_UCP,
                      &code, &at, NULL);
    if (pattern == NULL) {
        PCRE2_UCHAR why[128];
        pcre2_get_error_message(code, why, sizeof why);
        error_set(e, ERROR_INTERNAL, "path pattern %.*s is wrong at character %zu: %s", STR_ARG(text), at,
                  (char *)why);
        return NULL;
    }
    pcre2_jit_compile(pattern, PCRE2_JIT_COMPLETE); /* where there is no JIT it is interpreted */
    pcre2_code **holder = mem_new(ctx, pcre2_code *);
    *holder = pattern;
    talloc_set_destructor(holder, free_pattern);
    return pattern;
}

static bool add_path(struct allowlist *a, struct allowed_host *host, struct str pattern, struct str products,
                     struct error *e)
{
    struct path_rule rule = { .pattern = compile_pattern(a, pattern, e) };
    if (rule.pattern == NULL) {
        return false;
    }
    rule.products = read_products(a, products);
    host->path = mem_resize(a, host->path, struct path_rule, host->n_paths + 1);
    host->path[host->n_paths++] = rule;
    return true;
}

bool allowlist_add(struct allowlist *a, struct str line, struct error *e)
{
    struct str name, pattern;
    struct str rest = line;
    if (!next_config_word(&rest, &name)) {
        return error_set(e, ERROR_INTERNAL, "the line names no host");
    }
    if (memchr(name.p, '/', name.n) != NULL) {
        return error_set(e, ERROR_INTERNAL, "%.*s is no host: a host comes without scheme and path",
                         STR_ARG(name));
    }
    struct str products = rest = str_strip(rest);
    bool has_pattern = rest.n > 0 && rest.p[0] == '/';
    if (has_pattern) {
        next_config_word(&products, &pattern);
    }
    if (str_strip(products).n == 0) {
        return error_set(e, ERROR_INTERNAL, "the line for host %.*s names no product", STR_ARG(name));
    }
    struct allowed_host *host = find_allowed_host(a, name);
    if (host != NULL && (!has_pattern || host->n_paths == 0)) {
        return error_set(e, ERROR_INTERNAL, "host %.*s is given more than once", STR_ARG(name));
    }
    if (host == NULL) {
        a->host = mem_resize(a, a->host, struct allowed_host, a->n + 1);
        host = &a->host[a->n++];
        *host = (struct allowed_host){ .name = mem_str(a, name) };
    }
    if (has_pattern) {
        return add_path(a, host, pattern, products, e);
    }
    host->products = read_products(a, products);
    return true;
}

struct allowlist *allowlist_of(void *ctx, const struct config_list *lines, struct error *e)
{
    struct allowlist *a = allowlist_new(ctx);
    for (size_t i = 0; i < lines->n; i++) {
        if (!allowlist_add(a, lines->item[i], e)) {
            error_prefix(e, "[allowlist] %.*s", STR_ARG(lines->item[i]));
            talloc_free(a);
            return NULL;
        }
    }
    return a;
}

struct url_parts {
    struct str netloc;
    struct str rest; /* path, query and fragment */
};

/* Moves S behind "http:" or "https:", in any case of letters. Returns false for any other scheme. */
static bool skip_web_scheme(struct str *s)
{
    static const char http[] = { 'h', 't', 't', 'p' };
    size_t n = 0;
    while (n < sizeof http && n < s->n && (s->p[n] | 0x20) == http[n]) {
        n++;
    }
    bool is_http = n == sizeof http;
    n += n < s->n && (s->p[n] | 0x20) == 's';
    if (!is_http || n >= s->n || s->p[n] != ':') {
        return false;
    }
    *s = str_slice(*s, n + 1, s->n);
    return true;
}

/* S up to the first character that is in STOP. */
static struct str cut_at_any(struct str s, const char *stop)
{
    for (; *stop != '\0'; stop++) {
        const char *at = s.n > 0 ? memchr(s.p, *stop, s.n) : NULL;
        s.n = at != NULL ? (size_t)(at - s.p) : s.n;
    }
    return s;
}

/* Sixteen characters, compared at once: each URL of each answer is judged. */
typedef unsigned char byte_block __attribute__((vector_size(16)));

static byte_block load_block(const char *p)
{
    byte_block b;
    memcpy(&b, p, sizeof b);
    return b;
}

/* Marks the characters that a URL must not contain: control characters, blanks, quotation marks, angle
 * brackets, backslashes, and bytes that do not occur in UTF-8 (markup.h). Some programs drop them or replace
 * them, and would then go to another host than the one that was checked. */
static byte_block mark_forbidden(byte_block b)
{
    return (byte_block)((b <= 0x20) | (b == '"') | (b == '<') | (b == '>') | (b == '\\') | (b == 0x7f) |
                        (b >= 0xf8));
}

static bool has_forbidden(struct str s)
{
    char few[sizeof(byte_block)] = "aaaaaaaaaaaaaaa";
    byte_block found;
    if (s.n < sizeof found) {
        memcpy(few, s.p, s.n);
        few[sizeof few - 1] = 'a';
        found = mark_forbidden(load_block(few));
    } else {
        found = mark_forbidden(load_block(s.p + s.n - sizeof found)); /* with some of the last block before */
    }
    for (size_t i = 0; i + sizeof found <= s.n; i += sizeof found) {
        found |= mark_forbidden(load_block(s.p + i));
    }
    uint64_t half[2];
    memcpy(half, &found, sizeof half);
    return (half[0] | half[1]) != 0;
}

/* Splits S into URL. Returns false unless S is plainly the URL of a file on the web: see allowlist_permits().
 */
static bool parse_url(struct url_parts *url, struct str s)
{
    if (!skip_web_scheme(&s) || has_forbidden(s)) {
        return false;
    }
    url->netloc = STR("");
    if (str_starts(s, STR("//"))) {
        s = str_slice(s, 2, s.n);
        url->netloc = cut_at_any(s, "/?#");
        s = str_slice(s, url->netloc.n, s.n);
    }
    url->rest = s;
    return memchr(url->netloc.p, '@', url->netloc.n) == NULL;
}

static struct str path_of(const struct url_parts *url)
{
    struct str path = cut_at_any(url->rest, "?#");
    if (path.n > 0) { /* urlparse removes ";parameters" from the last segment */
        const char *slash = memrchr(path.p, '/', path.n);
        size_t from = slash != NULL ? (size_t)(slash - path.p) : 0;
        path.n = from + cut_at_any(str_slice(path, from, path.n), ";").n;
    }
    return path;
}

static bool has_product(const struct allowed_products *products, struct str product)
{
    for (size_t i = 0; i < products->n; i++) {
        if (str_eq(products->name[i], product)) {
            return true;
        }
    }
    return false;
}

/* Memory on the caller's stack for one match of PCRE2, which would otherwise allocate for each query. Only if
 * it is full, the heap is used. */
struct match_scratch {
    _Alignas(max_align_t) char bytes[2048];
    size_t used;
};

static void *scratch_alloc(size_t n, void *arg)
{
    struct match_scratch *s = arg;
    n = (n + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if (n > sizeof s->bytes - s->used) {
        return malloc(n);
    }
    s->used += n;
    return s->bytes + s->used - n;
}

static void scratch_free(void *p, void *arg)
{
    struct match_scratch *s = arg;
    if ((uintptr_t)p < (uintptr_t)s->bytes || (uintptr_t)p >= (uintptr_t)(s->bytes + sizeof s->bytes)) {
        free(p);
    }
}

static bool path_matches(const pcre2_code *pattern, struct str path)
{
    struct match_scratch scratch = { .used = 0 };
    pcre2_general_context *memory =
        mem_check(pcre2_general_context_create(scratch_alloc, scratch_free, &scratch));
    pcre2_match_data *match = mem_check(pcre2_match_data_create(1, memory));
    int rc = pcre2_match(pattern, (PCRE2_SPTR)path.p, path.n, 0, 0, match, NULL);
    pcre2_match_data_free(match);
    pcre2_general_context_free(memory);
    return rc >= 0;
}

bool allowlist_is_url(struct str url)
{
    struct url_parts parts;
    return parse_url(&parts, url);
}

bool allowlist_permits(const struct allowlist *a, struct str url_text, struct str product)
{
    struct url_parts url;
    const struct allowed_host *host = parse_url(&url, url_text) ? find_allowed_host(a, url.netloc) : NULL;
    if (host == NULL) {
        return false;
    }
    if (host->n_paths == 0) {
        return has_product(&host->products, product);
    }
    struct str path = path_of(&url);
    for (size_t i = 0; i < host->n_paths; i++) {
        if (path_matches(host->path[i].pattern, path)) {
            return has_product(&host->path[i].products, product);
        }
    }
    return false;
}
