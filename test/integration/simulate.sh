#!/bin/bash
# POST /simulate against the real servers: what it says of changes of all kinds is what balrog-public answers to the same
# queries before and after the changes are really made; samples of balrog-uptake; bad input; one at a time.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: simulate.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

PUBLIC_URL=
BUILD=$(realpath -m -- "${BALROG_BUILD:-$TOP/build}")
RELENG=releng@example.org RELMAN=relman@example.org ADMIN=admin@example.org
QUERY=/update/3/Firefox/128.0/20240704121409/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/default/default/update.xml

helper() {
    python3 "$TOP/test/integration/simulate.py" "$@"
}

is_value() { # WANTED EXPRESSION
    equal "$1" "$(helper value "$WORK/body" "$2")"
}

# simulates CHANGES: the sample, and what it gets now.
simulates() {
    helper urls "$WORK/sample" "$1" >"$WORK/request"
    helper replay "$WORK/request" "$PUBLIC_URL" >"$WORK/before"
    gives 200 $RELENG POST /simulate "@$WORK/request" && cp -- "$WORK/body" "$WORK/simulated"
}

came_true() {
    helper replay "$WORK/request" "$PUBLIC_URL" >"$WORK/after"
    helper agrees "$WORK/simulated" "$WORK/before" "$WORK/after" 2>"$WORK/differs"
}

# compares WHAT: the change has been made, and the sample gets what was simulated.
compares() {
    check "$1: it came true" until_true 20 came_true || cat "$WORK/differs" >&2
    check "$1: some queries move" test "$(helper value "$WORK/simulated" "a['moved_queries'] > 0")" = True
    helper urls "$WORK/sample" '[]' >"$WORK/request"
    check "$1: simulated again" gives 200 $RELENG POST /simulate "@$WORK/request"
    check "$1: what was after is before" equal "$(helper value "$WORK/simulated" "a['after']")" \
        "$(helper value "$WORK/body" "a['before']")"
    check "$1: and nothing moves" is_value 0 "a['moved_queries']"
}

enact() { # KIND BODY: schedules it, has it signed and makes it.
    local sc=/scheduled_changes/$1 id
    gives 200 $ADMIN POST "$sc" "$2" || return 1
    id=$(number sc_id)
    ask $RELENG POST "$sc/$id/signoffs" '{"role": "releng"}' >/dev/null
    ask $RELMAN POST "$sc/$id/signoffs" '{"role": "relman"}' >/dev/null
    gives 200 balrogagent POST "$sc/$id/enact"
}

# ---- changes ----

run_scheduled() {
    local sc=/scheduled_changes/rules id
    check "scheduled" gives 200 $RELENG POST $sc "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"when\": $LATER,
        \"product\": \"Firefox\", \"channel\": \"release\", \"priority\": 90, \"update_type\": \"minor\",
        \"backgroundRate\": 60, \"mapping\": \"Firefox-129.0-build2\", \"fallbackMapping\": \"Firefox-128.0-build1\"}"
    id=$(number sc_id)
    check "simulated" simulates "[\"rules:$id\"]"
    check "from and to are named" is_value True \
        "('Firefox-130.0-build3', 'Firefox-129.0-build2') in [(m['from'], m['to']) for m in a['moved']]"
    check "signed" gives 200 $RELMAN POST "$sc/$id/signoffs" '{"role": "relman"}'
    check "made" gives 200 balrogagent POST "$sc/$id/enact"
    compares "a rule's change"
    check "it cannot be simulated again" refused 400 "is complete" $RELENG POST /simulate \
        "{\"changes\": [\"rules:$id\"], \"sample\": {\"urls\": [\"$QUERY\"]}}"
}

run_edits() {
    local rule
    rule='"priority": 500, "mapping": "Firefox-130.0-build3", "backgroundRate": 100, "product": "Firefox", "channel": "release",
        "update_type": "minor", "locale": "en-US"'
    check "an insert" simulates "[{\"table\": \"rules\", \"change_type\": \"insert\", $rule}]"
    check "made" enact rules "{$rule, \"change_type\": \"insert\", \"when\": $LATER}"
    compares "a new rule"
    check "two at once" simulates '[{"table": "rules", "change_type": "delete", "rule_id": 3},
        {"table": "emergency_shutoff", "change_type": "insert", "product": "Firefox", "channel": "release"}]'
    check "the stop" gives 201 $RELMAN POST /emergency_shutoff '{"product": "Firefox", "channel": "release"}'
    check "the deletion" enact rules "{\"change_type\": \"delete\", \"rule_id\": 3, \"data_version\": 1, \"when\": $LATER}"
    compares "a stop and a deletion"
    check "nobody is left" is_value True "a['before']['unserved']['shut_off'] > 0"
    check "the stop is lifted" simulates \
        '[{"table": "emergency_shutoff", "change_type": "delete", "product": "Firefox", "channel": "release"}]'
    run_sql <<<"DELETE FROM emergency_shutoffs WHERE product = 'Firefox' AND channel = 'release'"
    compares "no stop"
}

run_release() {
    local line='[{"for": {}, "fields": {"detailsURL": "https://www.mozilla.org/later", "type": "minor"}}]'
    check "content" gives 200 $ADMIN POST /v2/releases/Firefox-129.0-build2 \
        "{\"blob\": {\"updateLine\": $line}, \"old_data_versions\": {\".\": 1}, \"when\": $LATER}"
    check "simulated" simulates '["v2/releases:Firefox-129.0-build2"]'
    check "from it to itself" is_value True "all(m['from'] == m['to'] == 'Firefox-129.0-build2' for m in a['moved'])"
    ask $RELENG PUT /v2/releases/Firefox-129.0-build2/signoff '{"role": "releng"}' >/dev/null
    ask $RELMAN PUT /v2/releases/Firefox-129.0-build2/signoff '{"role": "relman"}' >/dev/null
    check "made" gives 200 balrogagent POST /v2/releases/Firefox-129.0-build2/enact
    compares "a release's content"
}

# ---- samples, refusals ----

# The sample has what was asked here.
has_sample() {
    gives 200 $RELENG POST /simulate '{"changes": [{"table": "rules", "change_type": "delete", "rule_id": 1}],
        "sample": {"product": "Firefox", "channel": "release"}}' 2>/dev/null && is_value True "a['queries'] > 100" 2>/dev/null
}

run_uptake() {
    local i
    for ((i = 0; i < 5; i++)); do
        curl -s --noproxy '*' -o /dev/null "$PUBLIC_URL$QUERY"
    done
    check "no hosts" refused 503 "uptake_url is not set" $RELENG POST /simulate \
        '{"changes": [], "sample": {"product": "Firefox"}}'
    printf '%s\n' '[uptake]' "socket = $BOX/run/uptake.sock" "log = $BOX/log/access.log" 'state_dir =' '[log]' 'crash_dir =' \
        >"$WORK/uptake.conf"
    sandbox up "$BOX" --set "admin.uptake_url=$PUBLIC_URL/__uptake__" >/dev/null
    "$BUILD/balrog-uptake" --config "$WORK/uptake.conf" >"$WORK/uptake.log" 2>&1 &
    uptake=$!
    check "a sample" until_true 20 has_sample
    check "of the clients' queries" is_value "('Firefox', 'release', True)" \
        "(a['sample']['product'], a['sample']['channel'], a['queries'] == a['sample']['queries'])"
    check "that would move" is_value True "a['moved_queries'] > 0"
    check "with a limit" gives 200 $RELENG POST /simulate '{"changes": [], "sample": {"limit": 3}}'
    check "has so many" is_value True "a['distinct'] <= 3"
    kill "$uptake"
}

number_of() { # METRIC
    curl -s --noproxy '*' "$ADMIN_URL/__metrics__" | awk -v name="balrog_admin_$1" '$1 == name { print $2 }'
}

nothing_kept() {
    [[ $(number_of snapshot_bytes) == 0 ]]
}

# What is kept: built once, only what the queries need, and dropped when it is idle.
run_kept() {
    local builds
    sandbox up "$BOX" --set "admin.snapshot_idle_s=2" >/dev/null
    check "nothing is kept at first" nothing_kept
    check "a simulation" gives 200 $RELENG POST /simulate "{\"changes\": [], \"sample\": {\"urls\": [\"$QUERY\"]}}"
    builds=$(number_of snapshot_builds_total)
    check "has built it" test "$builds" -ge 1 -a "$(number_of snapshot_bytes)" -gt 0
    check "of the rules" equal "$(query 'SELECT COUNT(*) FROM rules')" "$(number_of snapshot_rules)"
    check "and not all releases" test "$(number_of snapshot_releases)" -lt 4
    check "an explanation" gives 200 - GET "/explain?url=$QUERY"
    check "uses the same" equal "$builds" "$(number_of snapshot_builds_total)"
    check "it is dropped" until_true 20 nothing_kept
    check "because nobody used it" equal 1 "$(number_of 'snapshot_drops_total{reason="idle"}')"
}

refuses() { # STATUS TEXT CHANGES SAMPLE
    refused "$1" "$2" $RELENG POST /simulate "{\"changes\": $3, \"sample\": $4}"
}

run_refusals() {
    local one="{\"urls\": [\"$QUERY\"]}"
    check "whole URLs" gives 200 $RELENG POST /simulate "{\"changes\": [], \"sample\": {\"urls\": [\"https://aus5.mozilla.org$QUERY\"]}}"
    check "under /api" gives 200 $RELENG POST /api/simulate "{\"changes\": [], \"sample\": $one}"
    check "it needs an account" gives 401 - POST /simulate "{\"changes\": [], \"sample\": $one}"
    check "with a permission" gives 403 nobody@example.org POST /simulate "{\"changes\": [], \"sample\": $one}"
    check "no form" refuses 400 "element 1: no form of update query fits" '[]' "{\"urls\": [\"$QUERY\", \"/update/7/x\"]}"
    check "no path" refuses 400 "no form of update query fits" '[]' '{"urls": ["https://aus5.mozilla.org"]}'
    check "no text" refuses 400 "element 0 is not a string" '[]' '{"urls": [5]}'
    check "a parameter that no client sends" gives 400 $RELENG POST /simulate "{\"changes\": [], \"sample\": {\"urls\": [\"$QUERY?pin=\"]}}"
    check "both samples" refuses 400 "urls cannot be given with" '[]' "{\"urls\": [\"$QUERY\"], \"product\": \"Firefox\"}"
    check "a limit" refuses 400 limit '[]' '{"limit": 100001}'
    check "an unknown kind" refuses 400 "'permissions' is not a kind" '["permissions:1"]' "$one"
    check "an unknown number" refuses 400 "no scheduled change 99" '["rules:99"]' "$one"
    check "an unknown row" refuses 400 "is not there" '[{"table": "rules", "change_type": "delete", "rule_id": 999}]' "$one"
    check "an old version" refuses 400 "is at data_version 1, and the change is for 77" \
        '[{"table": "rules", "change_type": "delete", "rule_id": 2, "data_version": 77}]' "$one"
    check "no changes" gives 400 $RELENG POST /simulate "{\"sample\": $one}"
    helper many 100001 >"$WORK/many"
    check "too many" refused 400 "100001 are too many" $RELENG POST /simulate "@$WORK/many"
}

# Starts a long simulation; its status is left in a file.
large() {
    curl -s --noproxy '*' --max-time 60 -o /dev/null -w '%{http_code}' -X POST -H "X-Test-User: $RELENG" \
        -H 'Content-Type: application/json' --data-binary "@$WORK/many" "$ADMIN_URL/simulate" >"$WORK/status" &
    large=$!
}

# Whether the large one keeps its user from another. One that came just while the user ran a small one is started again.
is_busy() {
    if [[ -s $WORK/status && $(<"$WORK/status") == 429 ]]; then
        large
    fi
    sleep 0.2
    refused 429 "is running" $RELENG POST /simulate "{\"changes\": [], \"sample\": {\"urls\": [\"$QUERY\"]}}" 2>/dev/null
}

run_load() {
    helper many 100000 >"$WORK/many"
    large
    check "one at a time" until_true 20 is_busy
    check "others may" gives 200 $RELMAN POST /simulate "{\"changes\": [], \"sample\": {\"urls\": [\"$QUERY\"]}}"
    check "and read" gives 200 $RELENG GET /rules
    wait "$large" || true
    large
    check "again" until_true 20 is_busy
    kill "$large" 2>/dev/null || true
    check "a client that goes is noticed" until_true 5 grep -q simulate.cancelled "$BOX/log/admin.log"
    check "and makes room" until_true 5 gives 200 $RELENG POST /simulate \
        "{\"changes\": [], \"sample\": {\"urls\": [\"$QUERY\"]}}" 2>/dev/null
}

admin_up "$TOP/conf/demo.sql"
BALROG_BUILD=$BUILD "$TOP/scripts/sample-queries" --rules "$PUBLIC_URL/api/v1/rules" --output "$WORK/sample"
run_refusals
run_scheduled
run_release
run_edits
run_uptake
run_kept
run_load
summary
