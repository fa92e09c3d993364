/* Making samples from files, without a service: balrog-uptake --merge, --sample-log and --sample-rules. */
#ifndef BALROG_UPTAKE_TOOLS_H
#define BALROG_UPTAKE_TOOLS_H

#include <stdbool.h>

/* Does what the command line asks for if its first argument is one of these: then returns true, and the exit
 * status in *STATUS. */
bool tools_run(int argc, char **argv, int *status);

#endif
