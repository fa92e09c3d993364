/* See thin.h. */
#include "core/thin.h"

uint64_t thin_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* 0 ≤ x < 1 */
static double random_fraction(uint64_t *state)
{
    return (double)(thin_random(state) >> 11) * 0x1p-53;
}

/* Starts from the threshold that would be right if no entry reached it, and takes those that do out of the
 * sum: the threshold only falls, so this ends, in practice after a few turns. */
double thin_threshold(const uint64_t *weight, size_t n, size_t target)
{
    if (n <= target) {
        return 0;
    }
    double threshold = 0, before;
    for (size_t i = 0; i < n; i++) {
        threshold += (double)weight[i];
    }
    threshold /= (double)target;
    do {
        double rest = 0;
        size_t n_heavy = 0;
        before = threshold;
        for (size_t i = 0; i < n; i++) {
            bool heavy = (double)weight[i] >= threshold;
            n_heavy += heavy;
            rest += heavy ? 0 : (double)weight[i];
        }
        if (n_heavy >= target) {
            break; /* by rounding alone */
        }
        threshold = rest / (double)(target - n_heavy);
    } while (threshold < before);
    return threshold;
}

struct thinning thin_start(double threshold, uint64_t *random)
{
    return (struct thinning){ threshold, random_fraction(random), random };
}

bool thin_keeps(struct thinning *t, uint64_t weight)
{
    if ((double)weight >= t->threshold) {
        return true;
    }
    t->sum += (double)weight / t->threshold;
    if (t->sum < 1) {
        return false;
    }
    t->sum -= 1;
    return true;
}

uint64_t thin_scale(struct thinning *t, uint64_t weight, uint64_t count)
{
    if ((double)weight >= t->threshold || count == 0) {
        return count;
    }
    double scaled = (double)count * t->threshold / (double)weight;
    uint64_t whole = (uint64_t)scaled;
    return whole + (random_fraction(t->random) < scaled - (double)whole);
}
