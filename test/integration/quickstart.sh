#!/bin/bash
# scripts/quickstart, twice, in a copy of the tree that uses the existing build.
set -euo pipefail
TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"

BUILD=$(realpath -- "${BALROG_BUILD:-$TOP/build}")
WORK=$(mktemp -d)
TREE=$WORK/tree

take_down() {
    "$TREE/scripts/quickstart" stop >/dev/null 2>&1 || true
    rm -rf -- "$WORK"
}
trap take_down EXIT

# It works where it is, so scripts are copied; it builds in build/, where nothing is to be done.
make_tree() {
    local name
    mkdir -- "$TREE"
    cp -r -- "$TOP/scripts" "$TREE/scripts"
    for name in "$TOP"/*; do
        name=${name##*/}
        case $name in
        scripts | run | build*) ;;
        *) ln -s -- "$TOP/$name" "$TREE/$name" ;;
        esac
    done
    ln -s -- "$BUILD" "$TREE/build"
    : >>"$BUILD/configured"
}

# Two ports in a row that are free now.
free_ports() {
    local port
    for ((;;)); do
        port=$((20000 + (RANDOM << 15 | RANDOM) % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || (exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null || break
    done
    printf '%s\n' "$port"
}

quickstart() {
    "$TREE/scripts/quickstart" "$@" >"$WORK/output" 2>&1 || { cat "$WORK/output" >&2 && return 1; }
}

workers() {
    "$TREE/scripts/sandbox" pids "$TREE/run/sandbox" all
}

PORT=$(free_ports)
make_tree
check "it starts" quickstart --port "$PORT" --no-ui
check "and shows an update" grep -q '<patch ' "$WORK/output"
before=$(workers)
check "its second pass finds it running" quickstart --no-ui
check "and shows the update again" grep -q "^Balrog answers on http://127.0.0.1:$PORT," "$WORK/output"
check "everything that ran goes on" equal "$before" "$(workers)"
check "it stops" quickstart stop
check "nothing runs" equal '' "$(workers)"
summary
