/* Prints names whose hashes were equal before they had a secret: colliding_names COUNT. The last eight bytes
 * of each undo what the first sixteen do to the state of the hash. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* hundreds of millions of tries */
#endif

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 24, WORD = 8 };

static const uint64_t factor = 0x9e3779b97f4a7c15u;

static bool end_name(char *name)
{
    uint64_t h = LENGTH * factor, word;
    for (unsigned i = 0; i < LENGTH / WORD - 1; i++) {
        memcpy(&word, name + i * WORD, WORD);
        h = (h ^ word) * factor;
        h ^= h >> 32;
    }
    word = h ^ 0x5555555555555555u;
    uint32_t half[2] = { (uint32_t)(word >> 32), (uint32_t)word };
    memcpy(name + LENGTH - WORD, half, WORD);
    for (unsigned i = LENGTH - WORD; i < LENGTH; i++) {
        if (name[i] < '#' || name[i] == '\\' || name[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* The next number, in the digits of NAME. */
static void count_up(char *name)
{
    char *digit = name + LENGTH - WORD - 1;
    while (*digit == '9') {
        *digit-- = '0';
    }
    ++*digit;
}

int main(int argc, char **argv)
{
    char name[LENGTH + 1] = "n000000000000000";
    unsigned long wanted = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    for (unsigned long n = 0; n < wanted; count_up(name)) {
        if (end_name(name)) {
            puts(name);
            n++;
        }
    }
    return wanted > 0 ? 0 : 2;
}
