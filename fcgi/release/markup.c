/* See markup.h. */
#include "release/markup.h"

#include <string.h>

static const char mark = '\xff';

static inline bool is_markup(char c)
{
    return c == '"' || c == '<' || c == '>';
}

static inline bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f || c == mark;
}

bool markup_in(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_markup(s.p[i]) || is_control(s.p[i])) {
            return true;
        }
    }
    return false;
}

void markup_print(struct buf *out, struct str s)
{
    size_t from = 0;
    if (s.n == 0) {
        return; /* its address may be NULL */
    }
    for (size_t i = 0; i < s.n; i++) {
        if (is_control(s.p[i])) {
            buf_bytes(out, s.p + from, i - from);
            from = i + 1;
        } else if (is_markup(s.p[i])) {
            buf_bytes(out, s.p + from, i - from);
            buf_char(out, mark);
            from = i;
        }
    }
    buf_bytes(out, s.p + from, s.n - from);
}

void markup_mark(struct buf *out, size_t from)
{
    struct buf copy;
    if (!markup_in((struct str){ out->p + from, out->n - from })) {
        return;
    }
    buf_init(&copy, out->n - from, SIZE_MAX);
    buf_bytes(&copy, out->p + from, out->n - from);
    out->n = from;
    markup_print(out, buf_view(&copy));
    buf_free(&copy);
}

/* Every '&' that does not begin "&amp;" becomes "&amp;". */
static void escape_ampersands(struct buf *out, struct str xml)
{
    for (;;) {
        const char *at = xml.n > 0 ? memchr(xml.p, '&', xml.n) : NULL;
        if (at == NULL) {
            buf_str(out, xml);
            return;
        }
        size_t n = (size_t)(at - xml.p);
        buf_bytes(out, xml.p, n);
        buf_lit(out, "&amp;");
        xml = str_slice(xml, n + (str_starts(str_slice(xml, n, xml.n), STR("&amp;")) ? 5 : 1), xml.n);
    }
}

void markup_finish(struct buf *out, struct str xml)
{
    for (;;) {
        const char *at = xml.n > 0 ? memchr(xml.p, mark, xml.n) : NULL;
        if (at == NULL) {
            escape_ampersands(out, xml);
            return;
        }
        size_t n = (size_t)(at - xml.p);
        char marked = n + 1 < xml.n ? xml.p[n + 1] : '\0';
        escape_ampersands(out, str_slice(xml, 0, n));
        buf_str(out, marked == '"' ? STR("&quot;") : marked == '<' ? STR("&lt;") : STR("&gt;"));
        xml = str_slice(xml, n + 2 < xml.n ? n + 2 : xml.n, xml.n);
    }
}
