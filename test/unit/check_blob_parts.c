/* What blobs are made of: placeholders in URLs, the allow-list, the arena. */
#include "blob/allowlist.h"
#include "blob/arena.h"
#include "blob/template.h"

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
    buf_init(&out, 4, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct template t = template_of(str_of(cases[i].text));
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
}
END_TEST

START_TEST(a_full_buffer)
{
    struct template t = template_of(STR("%25%LOCALE%%LOCALE%%LOCALE%"));
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
        { "ftp://a.com?x", "P", true },
        { "http://a.com#x", "P", true },
        { "//a.com/x", "P", true },
        { " http://a.com/x", "P", true },
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
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        ck_assert_msg(allowlist_add(a, str_of(lines[i]), &e), "%s", e.what);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
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
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
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
            struct interned *one = intern(&in, i % 2, (struct str){ name, (size_t)n });
            ck_assert(str_eq(one->text, (struct str){ name, (size_t)n }));
            first[i] = round == 0 ? one->text.p : first[i];
            ck_assert_ptr_eq(one->text.p, first[i]);
        }
    }
    ck_assert_uint_eq(in.n, N);
    ck_assert_ptr_null(interned_find(&in, 2, STR("n1")));
    ck_assert(!str_absent(intern(&in, 0, STR(""))->text));
    talloc_free(ctx);
}
END_TEST

START_TEST(keys)
{
    enum { N = 500 };
    static char text[N][8];
    static struct entry {
        struct key key;
        unsigned number;
    } entry[N];
    for (unsigned i = 0; i < N; i++) {
        int n = snprintf(text[i], sizeof text[i], "k%u", i);
        entry[i] = (struct entry){ key_of((struct str){ text[i], (size_t)n }), i };
    }
    keys_sort(entry, N, sizeof(entry[0]));
    for (unsigned i = 0; i < N; i++) {
        const struct entry *found = keys_find(entry, N, sizeof(entry[0]), key_of(str_of(text[i])));
        ck_assert(found != NULL && found->number == i);
    }
    ck_assert_ptr_null(keys_find(entry, N, sizeof(entry[0]), key_of(STR("k500"))));
    ck_assert_ptr_null(keys_find(NULL, 0, sizeof(entry[0]), key_of(STR("k1"))));
}
END_TEST

SUITE_MAIN("blob_parts", placeholders, a_full_buffer, allowlist, allowlist_lines_that_are_wrong, interning,
           keys)
