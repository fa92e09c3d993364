/* The floor of a benchmark: what nginx and libfcgi cost when the program behind them does nothing. Every
 * request gets the same response, read from a file at the start: the very bytes that the program it is
 * compared with has sent.
 *
 * Threads accept and answer in libfcgi's own manner: a thread belongs to its connection until nginx closes
 * that. So there must be a thread for each connection that nginx may keep, and nobody ever waits for another.
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESPONSE_MAX = 1 << 20, THREADS_MAX = 1024 };

static char response[RESPONSE_MAX];
static int response_length;

static void *serve(void *arg)
{
    FCGX_Request request;
    FCGX_InitRequest(&request, 0, 0);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutStr(response, response_length, request.out);
        FCGX_Finish_r(&request);
    }
    return arg;
}

static int fail(const char *what)
{
    perror(what);
    return 1;
}

int main(int argc, char **argv)
{
    long threads = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (threads < 1 || threads > THREADS_MAX) {
        fprintf(stderr,
                "Usage: floor FILE THREADS   with the listening socket as fd 0 (spawn-fcgi -n), 1 to %d "
                "threads;\n"
                "                            FILE: a response as a CGI program gives it, headers and body\n",
                THREADS_MAX);
        return 2;
    }
    FILE *file = fopen(argv[1], "r");
    if (file == NULL) {
        return fail(argv[1]);
    }
    response_length = (int)fread(response, 1, sizeof response, file);
    fclose(file);
    if (FCGX_Init() != 0) {
        return fail("FCGX_Init");
    }
    for (long i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, NULL) != 0) {
            return fail("pthread_create");
        }
    }
    serve(NULL);
    return 0;
}
