#!/bin/bash
# scripts/quickstart, twice, in a copy of the tree that uses the existing build, and what it puts into the demo.
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

quickstart() {
    "$TREE/scripts/quickstart" "$@" >"$WORK/output" 2>"$WORK/errors" || { cat "$WORK/errors" >&2 && return 1; }
}

workers() {
    "$TREE/scripts/sandbox" pids "$TREE/run/sandbox" all
}

get() { # PATH
    curl -sS --noproxy '*' -u relman@example.org:demo "http://127.0.0.1:$((PORT + 1))$1"
}

pending() { # JQ_FILTER: of all that is pending
    get '/pending?limit=60&expectations=1' | jq -c "[.pending[] | $1] | unique"
}

# Pending changes are good only while they are pending: none is done by the time that the demo is shown.
test_demo() {
    check "changes of every kind are pending" equal \
        '["emergency_shutoff","permissions","pinnable_releases","releases","required_signoffs/permissions","required_signoffs/product","rules","v2/releases"]' \
        "$(pending .kind)"
    check "rules change in every way" equal '["delete","insert","update"]' "$(pending 'select(.kind == "rules") | .change_type')"
    check "they wait for everything but the agent" equal '["signoffs","time","uptake"]' "$(pending .state)"
    check "one is late" equal '["rule firefox-watershed-72"]' "$(pending 'select(.when and .when > 0 and .when < now * 1000) | .title')"
    check "the others are for the next two days" equal '[]' "$(pending 'select(.when and .when > (now + 172800) * 1000) | .title')"
    check "one breaks an expectation" equal '["rule 4"]' "$(pending 'select(.breaks.count > 0) | .title')"
    check "people did something on each of some days" equal '[2,4,6]' "$(get '/history?limit=200' |
        jq -c '[.entries[] | select(.timestamp > 1725350400000) | (now - .timestamp / 1000) / 86400 | round | select(. > 0)] | unique')"
    check "the rules are those of conf/demo.sql" equal 15 "$(get /rules | jq .count)"
    check "with their rates" equal 25 "$(get /rules/1 | jq .backgroundRate)"
    check "a day of clients' queries is known" equal 24 \
        "$(get '/uptake?product=Firefox&channel=release&step_s=3600' | jq '[.series[] | select(.queries > 50)] | length | [., 24] | min')"
    check "and what a change would do to them" equal '"Firefox-130.0-build3"' "$(curl -sS --noproxy '*' -u relman@example.org:demo \
        -H 'Content-Type: application/json' --data '{"changes": ["rules:4"], "sample": {"product": "Firefox", "channel": "release"}}' \
        "http://127.0.0.1:$((PORT + 1))/simulate" | jq '.moved[0].to')"
}

PORT=$(free_port)
make_tree
check "it starts" quickstart --port "$PORT" --no-ui
check "and shows an update" grep -q '<patch ' "$WORK/output"
check "and the UI's address, or that there is none, first of all" grep -q '^The admin UI' <(head -n 2 -- "$WORK/output")
test_demo
before=$(workers)
check "its second pass finds it running" quickstart --no-ui
check "and shows the update again" grep -q "^Balrog answers on http://127.0.0.1:$PORT," "$WORK/output"
check "and adds nothing" equal '' "$(grep pending "$WORK/errors" || true)"
check "everything that ran goes on" equal "$before" "$(workers)"
check "it stops" quickstart stop
check "nothing runs" equal '' "$(workers)"
rm -rf -- "$TREE/run"
check "a bare one starts" quickstart --port "$PORT" --no-ui --bare
check "in which nothing is pending" equal 0 "$(get /pending | jq .count)"
check "that stops, too" quickstart stop
summary
