#!/bin/bash
# Checks that no pipe of the scripts ends in a reader that stops before its input does. With pipefail, which all scripts set,
# the writer's SIGPIPE then makes the whole pipe false, now and then: an agent that was healthy was "not healthy".
set -euo pipefail

if [[ ${1-} == -h || ${1-} == --help ]]; then
    echo "Usage: test/lint/pipes.sh    Prints one line per problem. Exit status: 0 none, 1 some."
    exit 0
fi
cd -- "$(dirname -- "$0")/../.."

status=0
while IFS= read -r found; do
    printf '%s\n' "$found"
    status=1
done < <(find scripts test .ci -type f -exec awk '
    { line = piped ? "|" $0 : $0; piped = /[^|]\|[ \\]*$/ }
    line ~ /(^|[^|])\|[ ]*(! )?grep (-[a-zA-Z] )*-[a-zA-Z]*q/ {
        print FILENAME ":" FNR ": grep -q after a pipe: write grep … >/dev/null, which reads to the end"
    }
    line ~ /(^|[^|])\|[ ]*head -n 1([^0-9]|$)/ {
        print FILENAME ":" FNR ": head -n 1 after a pipe: write sed -n 1p, which reads to the end"
    }' {} +)
exit "$status"
