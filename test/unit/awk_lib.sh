# shellcheck shell=bash
# Functions for the unit tests of scripts/lib/*.awk. A test sources this file, calls same(), and ends with awk_summary.

# shellcheck disable=SC2034 # for the tests
TOP=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
CHECKS=0
FAILURES=0

# same DESCRIPTION WANTED GOT: one check; prints both texts if they differ.
same() {
    CHECKS=$((CHECKS + 1))
    [[ $2 != "$3" ]] || return 0
    FAILURES=$((FAILURES + 1))
    printf 'FAILED %s:%s: %s\n  wanted: %s\n  got:    %s\n' "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" "$1" "$2" "$3" >&2
}

# Prints the closing line as the programs of Check do. Fails if a check failed.
awk_summary() {
    printf '%d%%: Checks: %d, Failures: %d, Errors: 0\n' $((100 * (CHECKS - FAILURES) / CHECKS)) "$CHECKS" "$FAILURES"
    ((FAILURES == 0))
}
