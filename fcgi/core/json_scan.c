#include "core/json_scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t skip_blanks(struct str s, size_t at)
{
    while (at < s.n && is_blank(s.p[at])) {
        at++;
    }
    return at;
}

size_t json_scan_string(struct str s, size_t at)
{
    const char *quote;
    for (size_t from = at + 1; from < s.n; from = (size_t)(quote - s.p) + 1) {
        size_t escapes = 0;
        quote = memchr(s.p + from, '"', s.n - from);
        if (quote == NULL) {
            break;
        }
        while (quote[-1 - (ptrdiff_t)escapes] == '\\') { /* ends at the first quote, if not before */
            escapes++;
        }
        if (escapes % 2 == 0) {
            return (size_t)(quote - s.p) + 1;
        }
    }
    return s.n;
}

size_t json_scan_value(struct str s, size_t at)
{
    size_t depth = 0;
    while (at < s.n) {
        char c = s.p[at];
        if (c == '"') {
            at = json_scan_string(s, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            break;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
    }
    return at;
}

void json_scan(struct str text, const struct str *key, size_t n, struct str *value)
{
    size_t at = skip_blanks(text, 0), end;
    for (size_t i = 0; i < n; i++) {
        value[i] = STR_NONE;
    }
    if (at >= text.n || text.p[at] != '{') {
        return;
    }
    for (at = skip_blanks(text, at + 1); at < text.n && text.p[at] == '"'; at = skip_blanks(text, end + 1)) {
        end = json_scan_string(text, at);
        if (end - at < 2) {
            return;
        }
        const struct str name = str_slice(text, at + 1, end - 1);
        at = skip_blanks(text, end);
        if (at >= text.n || text.p[at] != ':') {
            return;
        }
        end = json_scan_value(text, at + 1);
        for (size_t i = 0; i < n; i++) {
            if (str_eq(name, key[i])) {
                value[i] = str_strip(str_slice(text, at + 1, end));
            }
        }
        if (end >= text.n || text.p[end] != ',') {
            return;
        }
    }
}
