/* Versions and how they compare (reference: util/versions.py). */
#ifndef BALROG_QUERY_VERSION_H
#define BALROG_QUERY_VERSION_H

#include "core/str.h"

/* A Mozilla version, of whichever of the reference's classes its text falls into: w.x.y.z
 * (before 1.5-2.0.0.20), 3.6.3plugin1, 70.0a1. Numbers are clamped to 32 bits. */
struct version {
    uint32_t part[3];
    char pre; /* first letter of the prerelease tag, 0 without one ("b" in 3.6b3) */
    uint32_t pre_num;
};

/* Parses TEXT; false when no class takes it (the reference's BadDataError "Version number … is invalid."). */
bool version_parse(struct version *v, struct str text);
/* <0, 0, >0. A prerelease sorts before its release; tags compare by first letter, then number. */
int version_cmp(const struct version *a, const struct version *b);

/* A pin: "102." or "102.3.". */
struct pin_version {
    uint32_t part[2];
    unsigned n; /* parts given: 1 or 2 */
};
bool pin_version_parse(struct pin_version *pin, struct str text);
/* <0, 0, >0 of V against PIN, by the parts that the pin has: 102.3.1 equals "102.3." and "102.". */
int version_cmp_pin(const struct version *v, const struct pin_version *pin);
/* Writes "102." or "102.3." into OUT (at least 24 bytes) and returns the length: the form in which pins are
 * stored. */
size_t pin_version_print(const struct pin_version *pin, char *out);

/* distutils' LooseVersion, for FirefoxVPN and Guardian: runs of digits as numbers, other runs as text.
 * Returns false where Python raises TypeError (a number meets a text at the first difference), else sets *CMP
 * to <0, 0, >0. */
bool version_cmp_loose(struct str a, struct str b, int *cmp);
/* Whether rules for PRODUCT compare loosely (reference: get_version_class). */
bool version_product_is_loose(struct str product);

#endif
