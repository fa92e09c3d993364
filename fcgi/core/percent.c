/* See percent.h. */
#include "core/percent.h"

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

size_t percent_decode(char *dst, struct str src, bool plus)
{
    size_t n = 0;
    for (size_t i = 0; i < src.n; i++) {
        char c = src.p[i];
        if (c == '%' && src.n - i > 2 && hex(src.p[i + 1]) >= 0 && hex(src.p[i + 2]) >= 0) {
            c = (char)(hex(src.p[i + 1]) << 4 | hex(src.p[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        dst[n++] = c;
    }
    return n;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void percent_encode(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_plain(s.p[i])) {
            buf_char(out, s.p[i]);
        } else {
            buf_printf(out, "%%%02X", (unsigned char)s.p[i]);
        }
    }
}

/* The length of PATH without its last segment and the '/' before it. */
static size_t parent(const char *path, size_t n)
{
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    return n > 0 ? n - 1 : 0;
}

size_t path_decode(char *dst, struct str raw)
{
    size_t n = 0;
    struct str segment;
    str_split(&raw, '#', &segment);
    raw = segment;
    for (bool first = true; str_split(&raw, '/', &segment); first = false) {
        bool dot = str_eq(segment, STR("."));
        bool dots = str_eq(segment, STR(".."));
        n = dots ? parent(dst, n) : n;
        /* A dot at the end leaves the '/' that it stands behind. */
        if ((!dot && !dots && !first) || ((dot || dots) && str_absent(raw))) {
            dst[n++] = '/';
        }
        if (!dot && !dots) {
            n += percent_decode(dst + n, segment, false);
        }
    }
    return n;
}
