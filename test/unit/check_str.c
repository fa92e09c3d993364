/* The hash of texts: names that somebody has made to collide do not. */
#include "core/str.h"

#include "suite.h"

#include <stdio.h>

enum { NAME_LENGTH = 24, NAMES = 3000, BUCKETS = 4096 };

static const uint64_t factor = 0x9e3779b97f4a7c15u;

/* A hash without a secret, as v0.2 had it, after the first 16 bytes of NAME. */
static uint64_t state_after(const char *name)
{
    uint64_t h = NAME_LENGTH * factor, word;
    for (unsigned i = 0; i < 2; i++) {
        memcpy(&word, name + i * sizeof word, sizeof word);
        h = (h ^ word) * factor;
        h ^= h >> 32;
    }
    return h;
}

/* Ends NAME such that its hash there is that of every other one made here; false when that takes bytes that
 * no name has. */
static bool end_name(char *name)
{
    uint64_t word = state_after(name) ^ 0x5555555555555555u;
    uint32_t half[2] = { (uint32_t)(word >> 32), (uint32_t)word };
    memcpy(name + NAME_LENGTH - sizeof half, half, sizeof half);
    for (unsigned i = NAME_LENGTH - sizeof half; i < NAME_LENGTH; i++) {
        if (name[i] < '#' || name[i] == '\\' || name[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

START_TEST(names_made_to_collide)
{
    static uint32_t bucket[BUCKETS];
    char name[NAME_LENGTH + 1];
    uint64_t number = 0;
    uint32_t most = 0;
    for (unsigned n = 0; n < NAMES;) {
        snprintf(name, sizeof name, "n%015llu", (unsigned long long)number++);
        if (end_name(name)) {
            uint32_t *count = &bucket[str_hash((struct str){ name, NAME_LENGTH }) % BUCKETS];
            most = ++*count > most ? *count : most;
            n++;
        }
    }
    ck_assert_msg(most <= 16, "%u of %d names have the same hash", most, NAMES);
}
END_TEST

START_TEST(short_texts_differ)
{
    static const char *const texts[] = {
        "", "a", "aa", "aaa", "aaaa", "aaaaa", "aaaaaaaa", "aaaaaaaaa", "b"
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        uint32_t hash = str_hash(str_of(texts[i]));
        ck_assert_uint_eq(hash, str_hash(str_of(texts[i])));
        for (size_t k = 0; k < i; k++) {
            ck_assert_uint_ne(hash, str_hash(str_of(texts[k])));
        }
    }
}
END_TEST

SUITE_MAIN("str", names_made_to_collide, short_texts_differ)
