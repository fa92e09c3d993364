/* Fewer entries that stand for all: thins a set of weighted entries to a wanted number without bias.
 *
 * Each entry is kept with a probability proportional to its weight, and at most 1. An entry that is kept with
 * a probability p below 1 counts 1/p times afterwards. So heavy entries keep their exact weight, and any sum
 * of weights has the same expected value as before. The choice is systematic, one entry after another, not
 * one throw per entry: the number of entries that are kept is the wanted one, give or take one. */
#ifndef BALROG_CORE_THIN_H
#define BALROG_CORE_THIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next number of a generator (splitmix64), whose state may start with any value. */
uint64_t thin_random(uint64_t *state);

/* The threshold t for which the sum of min(1, weight / t) is TARGET, which is at least 1: entries of this
 * weight or more are all kept. 0 if there are no more than TARGET entries. Weights are at least 1. */
double thin_threshold(const uint64_t *weight, size_t n, size_t target);

/* The state of thinning one set. */
struct thinning {
    double threshold; /* 0: everything is kept */
    double sum;       /* of the probabilities since the last entry that was kept */
    uint64_t *random; /* state of the generator; borrowed */
};

struct thinning thin_start(double threshold, uint64_t *random);
/* Whether the next entry, of WEIGHT, is kept. */
bool thin_keeps(struct thinning *t, uint64_t weight);
/* What COUNT, a part of the WEIGHT of an entry that was kept, is to be replaced by: scaled, and rounded up or
 * down at random so that the expected value is exact. */
uint64_t thin_scale(struct thinning *t, uint64_t weight, uint64_t count);

#endif
