#!/bin/bash
# Checks the libraries of scripts/lib: each one can be sourced in any order, and no function is defined twice.
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    echo "Usage: test/lint/shell_libraries.sh    Prints one line per problem. Exit status: 0 none, 1 some."
    exit 0
fi
cd -- "$(dirname -- "$0")/../../scripts/lib"

# Sources the libraries in that order, in a shell of its own.
source_all() { # LIBRARY…
    # shellcheck disable=SC2016 # the inner shell expands them
    bash -c 'set -euo pipefail; for library; do . "./$library"; done' source_all "$@"
}

status=0
libraries=(*.sh)
for ((i = 0; i < ${#libraries[@]}; i++)); do
    # Each library comes first once.
    if ! said=$(source_all "${libraries[@]:i}" "${libraries[@]:0:i}" 2>&1) || [[ -n $said ]]; then
        printf 'scripts/lib: sourced from %s on: %s\n' "${libraries[i]}" "${said:-it fails}"
        status=1
    fi
done
twice=$(sed -nE 's/^([a-z_0-9]+)\(\) *[({].*/\1/p' -- "${libraries[@]}" | sort | uniq -d)
if [[ -n $twice ]]; then
    printf 'scripts/lib: defined more than once: %s\n' "${twice//$'\n'/ }"
    status=1
fi
exit "$status"
