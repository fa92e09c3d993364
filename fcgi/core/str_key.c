/* Drawn before main(), so that every table of the process uses the same secret. */
#include "core/clock.h"
#include "core/str.h"

#include <sys/random.h>
#include <unistd.h>

struct str_key str_key;

__attribute__((constructor)) static void draw_key(void)
{
    if (getrandom(&str_key, sizeof str_key, 0) != (ssize_t)sizeof str_key) {
        /* Only a kernel without getrandom() comes here: harder to guess than a constant. */
        str_key.start = (uint64_t)clock_ns() ^ (uint64_t)getpid() << 32;
        str_key.multiplier = ((uint64_t)(uintptr_t)&str_key ^ (uint64_t)clock_ns()) * 0x9e3779b97f4a7c15u;
    }
    str_key.multiplier |= 1;
}
