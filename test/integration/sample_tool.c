/* sample_tool LIMIT PRODUCT CHANNEL URL…: prints what sample_fetch() gets of these hosts; "" is any product
 * or channel. The last line goes to stderr: hosts asked and answered, and the coverage. For sample.sh. */
#include "explain/uptake_client.h"

#include <stdio.h>
#include <stdlib.h>

static struct str name_or_none(const char *text)
{
    return text[0] == '\0' ? STR_NONE : str_of(text);
}

int main(int argc, char **argv)
{
    struct error e = { 0 };
    struct uptake_hosts hosts;
    struct str url[8];
    struct config_list urls = { url, 0 };
    struct buf out;
    for (int i = 4; i < argc && urls.n < ARRAY_LEN(url); i++) {
        url[urls.n++] = str_of(argv[i]);
    }
    if (argc < 4) {
        return 2;
    }
    void *ctx = talloc_new(NULL);
    const struct sample_request request = { .product = name_or_none(argv[2]),
                                            .channel = name_or_none(argv[3]),
                                            .limit = strtoul(argv[1], NULL, 10) };
    struct sample *s = sample_fetch(ctx, &urls, &request, &hosts, &e);
    if (s == NULL) {
        fprintf(stderr, "%s\n", e.what);
        talloc_free(ctx);
        return 1;
    }
    buf_init(&out, 0, 64 * MEGABYTE);
    sample_print(&out, s);
    fwrite(out.p, 1, out.n, stdout);
    fprintf(stderr, "asked %u answered %u coverage %.3f\n", hosts.asked, hosts.answered, sample_coverage(s));
    buf_free(&out);
    talloc_free(ctx);
    return 0;
}
