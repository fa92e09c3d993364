/* The floor of a benchmark: what nginx and libfcgi cost when the program behind them does nothing. A thread
 * for each connection, in libfcgi's own manner, and a constant answer as long as a typical update's.
 *
 * Usage: floor [THREADS] with the listening socket as fd 0 (spawn-fcgi -n). */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY = 900, THREADS = 64, THREADS_MAX = 1024 };

static char answer[BODY + 256];
static int answer_length;

static void *serve(void *arg)
{
    FCGX_Request request;
    FCGX_InitRequest(&request, 0, 0);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutStr(answer, answer_length, request.out);
        FCGX_Finish_r(&request);
    }
    return arg;
}

int main(int argc, char **argv)
{
    char body[BODY + 1];
    memset(body, 'x', BODY);
    body[BODY] = '\0';
    answer_length = snprintf(answer, sizeof answer,
                             "Status: 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
                             "Content-Length: %d\r\n\r\n%s",
                             BODY, body);
    long threads = argc > 1 ? strtol(argv[1], NULL, 10) : THREADS;
    if (threads < 1 || threads > THREADS_MAX || FCGX_Init() != 0) {
        fprintf(stderr, "usage: floor [THREADS], 1 to %d\n", THREADS_MAX);
        return 2;
    }
    for (long i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, NULL) != 0) {
            perror("pthread_create");
            return 1;
        }
    }
    serve(NULL);
    return 0;
}
