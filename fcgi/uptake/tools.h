/* Making samples from files, without a service: balrog-uptake --merge, --sample-log and --sample-rules. */
#ifndef BALROG_UPTAKE_TOOLS_H
#define BALROG_UPTAKE_TOOLS_H

#include <stdbool.h>

/* Of --help. */
#define TOOLS_HELP                                                                                           \
    "\nWithout a service, to make a sample of queries (docs/uptake.md), which is printed:\n"                 \
    "      --merge FILE...         one sample of several, as several hosts have kept them\n"                 \
    "      --sample-log FILE...    of the last 24 hours of nginx's access logs, older ones first\n"          \
    "      --sample-rules FILE...  of answers of GET /api/v1/rules: the edges of each rule\n"                \
    "Their exit status: 0 done, 1 failed, 2 usage.\n"

/* Does what the command line asks for if its first argument is one of these: then returns true, and the exit
 * status in *STATUS. */
bool tools_run(int argc, char **argv, int *status);

#endif
