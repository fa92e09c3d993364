/* Signs its standard input as balrog-public would: for sign_test.sh.
 *
 *   sign_tool [--threads N] [--hurry] [--patience MS] key KEY.pem X5U
 *   sign_tool [--threads N] [--hurry] [--patience MS] autograph URL USER KEYID   the password in
 *                                                                                AUTOGRAPH_PASSWORD
 *
 * Every thread prints the header that it got, or "error: …"; --hurry takes the pauses between tries out and
 * prints their number to stderr. The exit status is 0 when every thread got one. */
#include "core/mem.h"
#include "public/sign.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS_MAX = 64, BODY_MAX = 64 << 20 };

static struct signer *signer;
static struct buf body;
static pthread_barrier_t together;
static atomic_int failures;
static atomic_int pauses;

static void no_pause(void *arg, unsigned ms)
{
    (void)arg;
    (void)ms;
    atomic_fetch_add(&pauses, 1);
}

static void *sign(void *arg)
{
    struct buf out;
    struct error e;
    (void)arg;
    buf_init(&out, 0, 8192);
    pthread_barrier_wait(&together);
    if (signer_sign(signer, STR("GMP"), buf_view(&body), &out, &e)) {
        printf("%.*s\n", STR_ARG(buf_view(&out)));
    } else {
        atomic_fetch_add(&failures, 1);
        printf("error: %s\n", e.what);
    }
    buf_free(&out);
    return NULL;
}

static void read_body(void)
{
    char piece[4096];
    ssize_t n;
    buf_init(&body, 4096, BODY_MAX);
    while ((n = read(STDIN_FILENO, piece, sizeof piece)) > 0) {
        buf_bytes(&body, piece, (size_t)n);
    }
}

static int usage(void)
{
    fputs("usage: sign_tool [--threads N] [--hurry] [--patience MS] key KEY.pem X5U | autograph URL USER "
          "KEYID\n",
          stderr);
    return 2;
}

static int run(const struct config_signer *with, const struct sign_options *options, unsigned n)
{
    static const struct str product = STR("GMP");
    struct config config = { .signing = { .content_signature_products = { &product, 1 },
                                          .signer = with,
                                          .n_signers = 1,
                                          .cache_s = 86400 } };
    struct error e;
    pthread_t thread[THREADS_MAX];
    signer = signer_new_with(NULL, &config, options, &e);
    if (signer == NULL) {
        printf("error: %s\n", e.what);
        return 1;
    }
    read_body();
    pthread_barrier_init(&together, NULL, n);
    for (unsigned i = 0; i < n; i++) {
        if (pthread_create(&thread[i], NULL, sign, NULL) != 0) {
            return 1;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(thread[i], NULL);
    }
    pthread_barrier_destroy(&together);
    talloc_free(signer);
    buf_free(&body);
    if (options->sleep_ms != NULL) {
        fprintf(stderr, "%d\n", pauses);
    }
    return failures == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct sign_options options = { 0 };
    struct config_signer with = { .product = "GMP" };
    unsigned n = 1;
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--hurry") == 0) {
            options.sleep_ms = no_pause;
        } else if (i + 1 < argc && strcmp(argv[i], "--threads") == 0) {
            n = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--patience") == 0) {
            options.wait_ms = (unsigned)strtoul(argv[++i], NULL, 10);
        } else {
            return usage();
        }
    }
    if (n < 1 || n > THREADS_MAX) {
        return usage();
    }
    if (i + 3 == argc && strcmp(argv[i], "key") == 0) {
        with.key_file = argv[i + 1];
        with.x5u = argv[i + 2];
    } else if (i + 4 == argc && strcmp(argv[i], "autograph") == 0) {
        with.autograph_url = argv[i + 1];
        with.autograph_user = argv[i + 2];
        with.autograph_keyid = argv[i + 3];
        with.autograph_password = getenv("AUTOGRAPH_PASSWORD");
    } else {
        return usage();
    }
    return run(&with, &options, n);
}
