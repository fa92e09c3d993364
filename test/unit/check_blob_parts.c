/* What blobs are made of: placeholders in URLs, the allow-list, the arena, records of patches. */
#include "release/allowlist.h"
#include "release/app.h"
#include "release/markup.h"

#include "suite.h"

#include <stdio.h>

START_TEST(placeholders)
{
    /* As a row of str.replace does it: %LOCALE%, %OS_FTP%, %FILENAME%, %PRODUCT%, %OS_BOUNCER%, then the same
     * in lower case. */
    static const struct {
        const char *text, *locale, *os_ftp, *want;
        bool simple;
    } cases[] = {
        { "http://x/", "de", "win", "http://x/", true },
        { "", "de", "win", "", true },
        { "%LOCALE%", "de", "win", "de", true },
        { "a/%os_ftp%/%locale%/b", "de", "win", "a/win/de/b", true },
        { "%OS_BOUNCER%", "de", "win", "%OS_BOUNCER%", true },
        { "%LOCALE%/%OS_BOUNCER%/%LOCALE%", "de", "win", "de/%OS_BOUNCER%/de", true },
        { "%LOCALE%%OS_FTP%", "de", "win", "dewin", false },
        { "100%25/%LOCALE%", "de", "win", "100%25/de", false },
        { "%OS_FTP%LOCALE%OS_FTP%", "de", "win", "%OS_FTPdeOS_FTP%", false },
        { "%os_ftp%OS%LOCALE%_FTP%os_ftp%", "", "win", "%os_ftpwinos_ftp%", false },
        { "%LOCALE%/%OS_FTP%", "%OS_FTP%", "win", "win/win", true },
        { "%LOCALE%/%locale%", "%locale%", "win", "%locale%/%locale%", true },
        { "%OS_FTP%/%LOCALE%", "de", "%LOCALE%", "%LOCALE%/de", true },
        { "%%LOCALE%%", "de", "win", "%de%", false },
        { "%Locale%", "de", "win", "%Locale%", false },
        { "%", "de", "win", "%", false },
    };
    struct buf out;
    struct arena arena;
    void *ctx = talloc_new(NULL);
    arena_init(&arena, ctx, 0);
    buf_init(&out, 4, 1000);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct template t = template_of(&arena, str_of(cases[i].text));
        struct placeholders values = { 0 };
        values.value[PH_LOCALE] = str_of(cases[i].locale);
        values.value[PH_OS_FTP] = str_of(cases[i].os_ftp);
        buf_reset(&out);
        buf_lit(&out, "%LOCALE%");
        template_print(&out, &t, &values);
        struct str got = str_slice(buf_view(&out), 8, out.n);
        ck_assert_msg(str_eq(got, str_of(cases[i].want)), "%s: %.*s", cases[i].text, STR_ARG(got));
        ck_assert_msg(t.simple == cases[i].simple, "%s", cases[i].text);
    }
    buf_free(&out);
    talloc_free(ctx);
}
END_TEST

START_TEST(a_full_buffer)
{
    struct arena arena;
    void *ctx = talloc_new(NULL);
    arena_init(&arena, ctx, 0);
    struct template t = template_of(&arena, STR("%25%LOCALE%%LOCALE%%LOCALE%"));
    struct placeholders values = { 0 };
    values.value[PH_LOCALE] = STR("a rather long locale");
    for (size_t max = 0; max < 120; max++) {
        struct buf out;
        buf_init(&out, 1, max);
        template_print(&out, &t, &values);
        ck_assert(out.n <= max);
        ck_assert(out.full ||
                  str_eq(buf_view(&out), STR("%25a rather long localea rather long localea rather long "
                                             "locale")));
        buf_free(&out);
    }
    talloc_free(ctx);
}
END_TEST

START_TEST(allowlist)
{
    static const char *const lines[] = { "a.com P Q", "  b.com:80\tP ", "c.com /x/\\w+\\.mar P",
                                         "c.com /x/.* Q", "c.com /(a|ab)(c|cd) P" };
    static const struct {
        const char *url, *product;
        bool want;
    } cases[] = {
        { "http://a.com/x", "P", true },
        { "https://a.com", "Q", true },
        { "ftp://a.com?x", "P", false },
        { "http://a.com#x", "P", true },
        { "//a.com/x", "P", false },
        { " http://a.com/x", "P", false },
        { "HTTP://a.com/x", "P", true },
        { "http://a.com/x", "R", false },
        { "http://a.com/x", "p", false },
        { "http://A.com/x", "P", false },
        { "http://a.com:80/x", "P", false },
        { "http://a.com./x", "P", false },
        { "http://u@a.com/x", "P", false },
        { "http://a.com\\@b.com/", "P", false },
        { "http:a.com/x", "P", false },
        { "http:/a.com/x", "P", false },
        { "ht_tp://a.com/x", "P", false },
        { "1http://a.com/x", "P", false },
        { "a.com/x", "P", false },
        { "http://", "P", false },
        { "", "P", false },
        { ":", "P", false },
        { "http://a.com\n/x", "P", false },
        { "http://b.com:80/x", "P", true },
        { "http://b.com/x", "P", false },
        { "http://c.com/x/abc.mar", "P", true },
        { "http://c.com/x/abc.mar?x#y", "P", true },
        { "http://c.com/x/abc.mar;p", "P", true },
        { "unknown://c.com/x/abc.mar;p", "P", false },
        { "ftp://c.com/x/abc.mar", "P", false },
        { "HTTPS://c.com/x/abc.mar", "P", true },
        { "c.com/x/abc.mar", "P", false },
        { "//c.com/x/abc.mar", "P", false },
        { "http://user@c.com/x/abc.mar", "P", false },
        { "http://c.com@evil.net/x/abc.mar", "P", false },
        { "http://c.com:80/x/abc.mar", "P", false },
        { "http://a.com/x y", "P", false },
        { " http://a.com/x", "P", false },
        { "http://a.com/x\"y", "P", false },
        { "http://a.com/x<y", "P", false },
        { "http://a.com/x>y", "P", false },
        { "http://a.com/x\\y", "P", false },
        { "http://a.com\\@evil.net/x", "P", false },
        { "http://a.com/x\x7f", "P", false },
        { "http://a.com/x\xff", "P", false },
        { "http://c.com/x/abc.mar", "Q", false },
        { "http://c.com/x/abc.mar2", "P", false },
        { "http://c.com/x/abc.mar2", "Q", true },
        { "http://c.com/y/x/abc.mar", "P", false },
        { "http://c.com/acd", "P", true },
        { "http://c.com/abcd", "P", true },
        { "http://c.com/ad", "P", false },
        { "http://c.com", "P", false },
    };
    struct error e;
    struct allowlist *a = allowlist_new(NULL);
    ck_assert(!allowlist_permits(a, STR("http://a.com/x"), STR("P")));
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        ck_assert_msg(allowlist_add(a, str_of(lines[i]), &e), "%s", e.what);
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(allowlist_permits(a, str_of(cases[i].url), str_of(cases[i].product)) == cases[i].want,
                      "%s", cases[i].url);
    }
    talloc_free(a);
}
END_TEST

START_TEST(allowlist_lines_that_are_wrong)
{
    static const char *const lines[] = { "",        "   ",        "b.com",   "b.com /x",   "http://b.com P",
                                         "a.com Q", "a.com /x P", "c.com P", "b.com /( P", "c.com /[ P" };
    struct error e;
    struct allowlist *a = allowlist_new(NULL);
    ck_assert(allowlist_add(a, STR("a.com P"), &e) && allowlist_add(a, STR("c.com /x P"), &e));
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        e.what[0] = '\0';
        ck_assert_msg(!allowlist_add(a, str_of(lines[i]), &e), "%s", lines[i]);
        ck_assert(e.what[0] != '\0');
    }
    ck_assert(!allowlist_permits(a, STR("http://b.com/x"), STR("P")));
    talloc_free(a);
}
END_TEST

START_TEST(interning)
{
    enum { N = 1000 };
    void *ctx = talloc_new(NULL);
    struct arena arena;
    struct interner in;
    arena_init(&arena, ctx, 100);
    interner_init(&in, ctx, &arena);
    const char *first[N];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < N; i++) {
            char name[16];
            int n = snprintf(name, sizeof name, "n%u", i / 2);
            struct interned *one = interner_get(&in, i % 2, (struct str){ name, (size_t)n });
            ck_assert(str_eq(one->text, (struct str){ name, (size_t)n }));
            first[i] = round == 0 ? one->text.p : first[i];
            ck_assert_ptr_eq(one->text.p, first[i]);
        }
    }
    ck_assert_uint_eq(in.n, N);
    ck_assert_ptr_null(interner_find(&in, 2, STR("n1")));
    ck_assert(!str_absent(interner_get(&in, 0, STR(""))->text));
    talloc_free(ctx);
}
END_TEST

START_TEST(keys)
{
    enum { N = 500 };
    static char text[N][8];
    static struct entry {
        struct name_key key;
        unsigned number;
    } entry[N];
    for (unsigned i = 0; i < N; i++) {
        int n = snprintf(text[i], sizeof text[i], "k%u", i);
        entry[i] = (struct entry){ name_key_of((struct str){ text[i], (size_t)n }), i };
    }
    name_keys_sort(entry, N, sizeof(entry[0]));
    for (unsigned i = 0; i < N; i++) {
        const struct entry *found = name_keys_find(entry, N, sizeof(entry[0]), name_key_of(str_of(text[i])));
        ck_assert(found != NULL && found->number == i);
    }
    ck_assert_ptr_null(name_keys_find(entry, N, sizeof(entry[0]), name_key_of(STR("k500"))));
    ck_assert_ptr_null(name_keys_find(NULL, 0, sizeof(entry[0]), name_key_of(STR("k1"))));
}
END_TEST

START_TEST(hex_digits)
{
    static const struct str others[] = { { "", 0 },   { "a", 1 },       { "abc", 3 }, { "AB", 2 },
                                         { "0g", 2 }, { "\0001", 2 },   { "0 ", 2 },  { "a/", 2 },
                                         { "9:", 2 }, { "\303\251", 2 } };
    struct buf digits, bytes;
    buf_init(&digits, 1, 600);
    buf_init(&bytes, 1, 300);
    for (int i = 0; i < 256; i++) {
        buf_char(&bytes, (char)i);
    }
    hex_print(&digits, buf_view(&bytes));
    ck_assert(str_starts(buf_view(&digits), STR("000102030405060708090a0b0c0d0e0f10")));
    buf_reset(&bytes);
    ck_assert(hex_parse(&bytes, buf_view(&digits)));
    ck_assert_uint_eq(bytes.n, 256);
    for (int i = 0; i < 256; i++) {
        ck_assert_int_eq((unsigned char)bytes.p[i], i);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        ck_assert_msg(!hex_parse(&bytes, others[i]), "%.*s", STR_ARG(others[i]));
        ck_assert_uint_eq(bytes.n, 256);
    }
    buf_free(&digits);
    buf_free(&bytes);
}
END_TEST

START_TEST(records)
{
    static char text[1 << 16];
    static const size_t lengths[] = { 0, 1, 126, 127, 128, 16383, 16384, sizeof text };
    enum { LENGTHS = ARRAY_LEN(lengths) };
    const uint32_t n[APP_PATCH_TYPES] = { LENGTHS, 300 };
    struct buf record;
    buf_init(&record, 1, 1 << 20);
    app_patches_write(&record, n);
    for (unsigned i = 0; i < LENGTHS; i++) {
        struct app_patch patch = { .problem = APP_PATCH_URL_BROKEN,
                                   .from = (uint32_t)lengths[i],
                                   .packed = i % 2 };
        patch.url = i == 2 ? STR_NONE : (struct str){ text, lengths[i] };
        patch.hash = STR("hash");
        patch.rest = i == 3 ? STR_NONE : STR("");
        app_patch_write(&record, &patch);
    }
    for (unsigned i = 0; i < n[APP_PARTIAL]; i++) {
        app_patch_write(&record, &(struct app_patch){ .from = APP_FROM_ANY - i });
    }
    struct app_patches patches = app_patches_read(record.p);
    ck_assert(patches.n[APP_COMPLETE] == n[APP_COMPLETE] && patches.n[APP_PARTIAL] == n[APP_PARTIAL]);
    for (unsigned i = 0; i < LENGTHS; i++) {
        struct app_patch patch = app_patch_read(&patches);
        ck_assert(patch.problem == APP_PATCH_URL_BROKEN && patch.from == lengths[i] && patch.packed == i % 2);
        ck_assert(i == 2 ? str_absent(patch.url) : str_eq(patch.url, (struct str){ text, lengths[i] }));
        ck_assert(str_eq(patch.hash, STR("hash")));
        ck_assert(i == 3 ? str_absent(patch.rest) : str_eq(patch.rest, STR("")));
    }
    for (unsigned i = 0; i < n[APP_PARTIAL]; i++) {
        struct app_patch patch = app_patch_read(&patches);
        ck_assert(patch.problem == APP_PATCH_FINE && patch.from == APP_FROM_ANY - i && str_absent(patch.url));
    }
    ck_assert_ptr_eq(patches.at, record.p + record.n);
    buf_free(&record);
}
END_TEST

START_TEST(markup)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "", "" },
        { "plain", "plain" },
        { "a & b &amp; &quot; &", "a &amp; b &amp; &amp;quot; &amp;" },
        { "\"", "&quot;" },
        { "<\">", "&lt;&quot;&gt;" },
        { "x\"/><patch URL=\"y", "x&quot;/&gt;&lt;patch URL=&quot;y" },
        { "&\"amp;", "&amp;&quot;amp;" },
        { "a\nb\tc\x7f\x01", "abc" },
        { "\xff\"\xff", "&quot;" },
        { "\xc3\xa4", "\xc3\xa4" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf marked, out;
        struct str text = str_of(cases[i].text);
        buf_init(&marked, 1, 1000);
        buf_init(&out, 1, 1000);
        markup_print(&marked, text);
        ck_assert(markup_in(text) == (marked.n != text.n || memcmp(marked.p, text.p, text.n) != 0));
        markup_finish(&out, buf_view(&marked));
        ck_assert_msg(str_eq(buf_view(&out), str_of(cases[i].want)), "%s: %.*s", cases[i].text, (int)out.n,
                      out.p);
        buf_reset(&marked);
        buf_lit(&marked, "\"");
        buf_str(&marked, text);
        markup_mark(&marked, 1);
        ck_assert(marked.p[0] == '"'); /* what is in front stays */
        buf_free(&marked);
        buf_free(&out);
    }
    struct buf out;
    buf_init(&out, 1, 1000);
    markup_finish(&out, STR("half a mark\xff")); /* cannot occur, and does no harm */
    buf_free(&out);
}
END_TEST

SUITE_MAIN("blob_parts", markup, placeholders, a_full_buffer, allowlist, allowlist_lines_that_are_wrong,
           interning, keys, hex_digits, records)
