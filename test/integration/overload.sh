#!/bin/bash
# More than can be answered: requests that would wait too long are answered at once by nginx, thousands of idle and half-sent
# connections hinder nobody, and requests to /api/ leave threads to update queries. Only ratios are checked: how fast it is on
# this machine is for scripts/bench overload.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

CLIENTS=$BUILD/test/bench/clients
HELD=5000
[[ -z ${BALROG_TEST_FULL-} ]] || HELD=10000
WAITING=256 # limit_conn of update queries in conf/nginx/public.conf.in
THREADS=32  # of balrog-public in a sandbox
ACCESS=$SANDBOX/log/access.log
QUERY=/update/6/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0.#/ISET:SSE4_2,MEM:8192
QUERY+='/default/default/update.xml?force=1'

# clients MODE AMOUNT SECONDS >FILE
clients() {
    "$CLIENTS" "$1" "${PUBLIC_URL##*:}" "$QUERY" "$2" "$3"
}

# got FILE OUTCOME [COLUMN]: how many; columns 3 and 4 are µs at 50 and 99 %.
got() {
    awk -F '\t' -v name="$2" -v column="${3:-2}" '$1 == name { print $column }' "$1"
}

refused() {
    grep -c '"limit":"REJECTED"' "$ACCESS" || true
}

has_refused() { # COUNT
    (($(refused) >= $1))
}

# Nobody can be answered: as many wait as may, and the rest is told at once.
test_frozen() {
    local pids job
    read -ra pids <<<"$(worker_pids)"
    kill -STOP "${pids[@]}"
    clients open 200 3 >"$WORK/frozen" &
    job=$!
    LOOSE+=("$job")
    check "what is too much is refused" until_true 8 has_refused 250
    check "a heartbeat is not: it waits, too" equal 000 "$(status /__lbheartbeat__ --max-time 0.3)"
    check "other paths are a 503" equal 503 "$(status /nothing --max-time 5)"
    check "with a time to come back" grep -qi '^retry-after: [1-9]' <<<"$(get /nothing -i)"
    check "an update query is told that there is no update" equal "$EMPTY" "$(get "${QUERY/\#/}" --max-time 5)"
    check "which nobody may keep" grep -qi '^cache-control: no-store' <<<"$(get "${QUERY/\#/}" -i --max-time 5)"
    kill -CONT "${pids[@]}"
    wait "$job" || true
    check "those that waited get their updates" test "$(got "$WORK/frozen" update)" -ge $((WAITING - 8)) -a "$(got "$WORK/frozen" update)" -le "$WAITING"
    check "all others were told" equal "$(got "$WORK/frozen" started)" "$(($(got "$WORK/frozen" update) + $(got "$WORK/frozen" empty)))"
    check "at once: long before the first had its update" test "$(($(got "$WORK/frozen" empty 3) * 2))" -lt "$(got "$WORK/frozen" update 3)"
    check "and it goes on" equal 200 "$(status "${QUERY/\#/}")"
}

# As many as clients that never wait for each other can begin.
test_overload() {
    clients closed 32 2 >"$WORK/capacity"
    clients open $(($(got "$WORK/capacity" update) * 3 / 2 + 1)) 3 >"$WORK/overload"
    printf 'at most %s a second; of %s in three seconds %s were answered and %s refused\n' "$(($(got "$WORK/capacity" update) / 2))" \
        "$(got "$WORK/overload" started)" "$(got "$WORK/overload" update)" "$(got "$WORK/overload" empty)"
    check "some are answered" test "$(got "$WORK/overload" update)" -gt 0
    check "no answer is another one" equal 0 "$(($(got "$WORK/overload" other) + $(got "$WORK/overload" 503)))"
    check "none waits for ever" equal 0 "$(got "$WORK/overload" late)"
    check "then all are answered again" until_true 20 answers_all
}

answers_all() {
    clients open 50 1 >"$WORK/after"
    [[ $(got "$WORK/after" update) == "$(got "$WORK/after" started)" ]]
}

test_idle() {
    local job
    clients open 200 2 >"$WORK/alone"
    "$CLIENTS" hold "${PUBLIC_URL##*:}" "$QUERY" "$HELD" 3600 >"$WORK/held" &
    job=$!
    LOOSE+=("$job")
    check "$HELD connections, half of them half-sent" until_true 20 grep -q ^all "$WORK/held"
    clients open 200 2 >"$WORK/beside"
    check "all others are answered" equal "$(got "$WORK/beside" started)" "$(got "$WORK/beside" update)"
    printf 'p50: %s µs alone, %s µs beside them\n' "$(got "$WORK/alone" update 3)" "$(got "$WORK/beside" update 3)"
    check "nearly as fast: p50" test "$(got "$WORK/beside" update 3)" -lt $((10 * $(got "$WORK/alone" update 3) + 20000))
    kill "$job"
    wait "$job" || true
    check "they were all there at once" equal "$HELD" "$(awk -F '\t' '$1 == "held" { print $3 }' "$WORK/held")"
}

# The database answers nothing about rules. Whoever asks for them waits, but not in all threads.
test_api() {
    local i jobs=()
    mkfifo "$WORK/lock"
    db <"$WORK/lock" >"$WORK/locked" &
    LOOSE+=($!)
    exec 5>"$WORK/lock"
    printf 'LOCK TABLES rules WRITE;\n' >&5
    check "the rules are locked" until_true 10 api_waits
    for ((i = 0; i < 2 * THREADS; i++)); do
        status /api/v1/rules/1 >"$WORK/api.$i" 5>&- &
        jobs+=($!)
    done
    check "half of the threads are enough for them: others are refused" until_true 10 some_refused
    clients open 100 1 >"$WORK/updates"
    check "update queries are all answered" equal "$(got "$WORK/updates" started)" "$(got "$WORK/updates" update)"
    check "before one of those that wait is given up" test "$(got "$WORK/updates" update 4)" -lt 1500000
    exec 5>&-
    wait "${jobs[@]}" || true
    check "the API answers again" until_true 10 api_answers
}

api_waits() {
    [[ $(status /api/v1/rules/1 --max-time 0.5) == 000 ]]
}

some_refused() {
    local file
    for file in "$WORK"/api.*; do
        [[ $(<"$file") != 503 ]] || return 0
    done
    return 1
}

api_answers() {
    [[ $(status /api/v1/rules/1) == 200 ]]
}

check "the limit is the template's" grep -q "limit_conn balrog_waiting $WAITING;" "$TOP/conf/nginx/public.conf.in"
sandbox_up --load "$TOP/conf/demo.sql"
check "it answers" equal 200 "$(status "${QUERY/\#/}")"
test_frozen
test_idle
test_api
test_overload
summary
