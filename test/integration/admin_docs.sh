#!/bin/bash
# Every example of docs/admin-api.md, in its order, against the demo as quickstart starts it: the answers are those that
# the document shows. White space does not count, and … stands for anything.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_docs.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

DOC=$TOP/docs/admin-api.md

# The blocks of the document as files: LINE.sh, what is run, and LINE.text, what is answered; numbered by the line at
# which the commands begin.
split_document() {
    awk -v dir="$WORK/doc" '
        /^```$/ && file { close(file); file = ""; next }
        file { print >file; next }
        /^```sh$/ { start = sprintf("%05d", NR + 1); file = dir "/" start ".sh"; next }
        /^```text$/ { file = dir "/" start ".text"; next }' "$DOC"
}

bare() {
    tr -d ' \t\r\n'
}

# answer_is FILE: the answer in FILE.out is that of FILE.text.
answer_is() {
    local wanted got pattern
    wanted=$(bare <"$1.text")
    got=$(bare <"$1.out")
    # Each character for itself, but for the dots.
    pattern=$(LC_ALL=C.UTF-8 sed 's/[^A-Za-z0-9…]/\\&/g; s/…/*/g' <<<"$wanted")
    # shellcheck disable=SC2053 # it is a pattern
    [[ $got == $pattern ]] || { printf '  shown: %s\n  is:    %.1500s\n' "$wanted" "$got" >&2 && return 1; }
}

run_examples() {
    local file base
    for file in "$WORK"/doc/*.sh; do
        base=${file%.sh}
        sed -i "s|http://127.0.0.1:8081|$ADMIN_URL|" "$file"
        # Not in a subshell: examples use what earlier ones have set.
        # shellcheck disable=SC1090 # it comes from the document
        . "$file" >"$base.out" 2>&1 || true
        [[ ! -e $base.text ]] || check "line $((10#${base##*/}))" answer_is "$base"
    done
}

mkdir "$WORK/doc"
split_document
check "there are examples" test "$(find "$WORK/doc" -name '*.text' | wc -l)" -ge 30
variables=$(sandbox up "$BOX" --load "$TOP/conf/demo.sql" --passwords "$TOP/conf/demo.passwords")
eval "$variables"
check "the demo's port is the one that the document uses" grep -qx 'BALROG=http://127.0.0.1:8081' "$DOC"
run_examples
summary
