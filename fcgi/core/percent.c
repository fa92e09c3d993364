/* Percent-encoding, and the treatment of paths that nginx and the reference give them. */
#include "core/percent.h"

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

size_t percent_decode(char *dst, struct str src, bool plus)
{
    size_t n = 0;
    while (src.n > 0) { /* most texts have few escapes, so the bytes before each are copied at once */
        const char *escape = memchr(src.p, '%', src.n);
        size_t plain = escape != NULL ? (size_t)(escape - src.p) : src.n;
        memcpy(dst + n, src.p, plain);
        for (size_t i = n; plus && i < n + plain; i++) {
            dst[i] = dst[i] == '+' ? ' ' : dst[i];
        }
        n += plain;
        src = str_slice(src, plain, src.n);
        if (src.n > 2 && hex_value(src.p[1]) >= 0 && hex_value(src.p[2]) >= 0) {
            dst[n++] = (char)(hex_value(src.p[1]) << 4 | hex_value(src.p[2]));
            src = str_slice(src, 3, src.n);
        } else if (src.n > 0) {
            dst[n++] = '%';
            src = str_slice(src, 1, src.n);
        }
    }
    return n;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void percent_encode(struct buf *out, struct str s)
{
    percent_encode_but(out, s, "");
}

void percent_encode_but(struct buf *out, struct str s, const char *safe)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_unreserved(s.p[i]) || (s.p[i] != '\0' && strchr(safe, s.p[i]) != NULL)) {
            buf_char(out, s.p[i]);
        } else {
            buf_printf(out, "%%%02X", (unsigned char)s.p[i]);
        }
    }
}

/* The length of PATH without its last segment and the '/' before it. */
static size_t parent_path(const char *path, size_t n)
{
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    return n > 0 ? n - 1 : 0;
}

/* Whether a segment of PATH begins with a dot. */
static bool has_leading_dot(struct str path)
{
    const char *end = path.p + path.n;
    const char *dot = path.n > 0 ? memchr(path.p, '.', path.n) : NULL;
    while (dot != NULL && dot != path.p && dot[-1] != '/') {
        dot = memchr(dot + 1, '.', (size_t)(end - dot - 1));
    }
    return dot != NULL;
}

size_t percent_decode_path(char *dst, struct str raw)
{
    size_t n = 0;
    struct str segment;
    str_split(&raw, '#', &segment);
    raw = segment;
    if (!has_leading_dot(raw)) {
        return percent_decode(dst, raw, false);
    }
    for (bool first = true; str_split(&raw, '/', &segment); first = false) {
        bool dot = str_eq(segment, STR("."));
        bool dots = str_eq(segment, STR(".."));
        n = dots ? parent_path(dst, n) : n;
        /* If "." or ".." is the last segment, the '/' before it stays. */
        if ((!dot && !dots && !first) || ((dot || dots) && str_absent(raw))) {
            dst[n++] = '/';
        }
        if (!dot && !dots) {
            n += percent_decode(dst + n, segment, false);
        }
    }
    return n;
}

struct str percent_one_leading_slash(struct str path)
{
    size_t extra = 0;
    while (extra + 1 < path.n && path.p[extra] == '/' && path.p[extra + 1] == '/') {
        extra++;
    }
    return str_slice(path, extra, path.n);
}

size_t percent_merge_slashes(char *text, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '/' || kept == 0 || text[kept - 1] != '/') {
            text[kept++] = text[i];
        }
    }
    return kept;
}

/* Removes one byte, escaped or not, from the beginning of *S, which is not empty, and returns it decoded. */
static char next_byte(struct str *s, bool *escaped)
{
    *escaped = s->n > 2 && s->p[0] == '%' && hex_value(s->p[1]) >= 0 && hex_value(s->p[2]) >= 0;
    char byte = *escaped ? (char)(hex_value(s->p[1]) << 4 | hex_value(s->p[2])) : s->p[0];
    *s = str_slice(*s, *escaped ? 3 : 1, s->n);
    return byte;
}

static bool segment_is_unambiguous(struct str segment)
{
    size_t n = 0, dots = 0;
    while (segment.n > 0) {
        bool escaped;
        char byte = next_byte(&segment, &escaped);
        if (byte == '\0' || (escaped && byte == '/')) {
            return false;
        }
        n++;
        dots += byte == '.';
    }
    return n == 0 || n > 2 || dots < n;
}

bool percent_is_unambiguous(struct str raw)
{
    struct str path = STR_NONE, segment;
    str_split(&raw, '#', &path);
    while (str_split(&path, '/', &segment)) {
        if (!segment_is_unambiguous(segment)) {
            return false;
        }
    }
    return true;
}
