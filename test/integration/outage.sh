#!/bin/bash
# The database goes away and comes back, under load. Update queries are not affected; requests that need the database get errors.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

WORKERS=2
AWAY=3 # seconds without a database
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    AWAY=60
fi
OWN=$WORK/own # a worker besides the sandbox's
UPDATE=/update/6/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/ISET:SSE4_2,MEM:8192
UPDATE+=/default/default/update.xml
LOAD_PATHS=(
    "$UPDATE"
    "$UPDATE?force=1"
    /update/3/Firefox/60.0/20180101000000/WINNT_x86-msvc/fr/release/os/default/default/update.xml
    /update/3/GMP/130.0/20240829075237/WINNT_x86_64-msvc/de/release/os/default/default/update.xml
    /update/3/None/1/2/3/4/5/6/7/8/update.xml
    /json/1/FirefoxVPN/2.10.0/WINNT_x86_64/release/update.json
)

count_log() { # TYPE [FILE]
    grep -c "\"Type\": \"$1\"" "${2:-$LOG}" || true
}

test_goes() {
    local pids before
    pids=$(worker_pids)
    start_load 16 "${LOAD_PATHS[@]}"
    before=$(get "$UPDATE?force=1")
    check "an update before" grep -q '<update ' <<<"$before"
    check "the heartbeat before" equal 200 "$(status /__heartbeat__)"
    sandbox stop db
    check "the heartbeat is 502" equal 502 "$(status /__heartbeat__)"
    check "the load balancer's is 200" equal 200 "$(status /__lbheartbeat__)"
    check "the API is 503" equal 503 "$(status /api/v1/rules)"
    get /api/v1/rules -i >"$WORK/answer"
    check "a problem" grep -qi '^content-type: application/problem+json' "$WORK/answer"
    check "with a time to come back" grep -qiE '^retry-after: [1-9][0-9]*' "$WORK/answer"
    check "each worker has noticed" until_true 10 each_counts_failures
    check "and logged it" until_true 5 each_logged database.failed
    sleep "$AWAY"
    check "updates are as they were" equal "$before" "$(get "$UPDATE?force=1")"
    check "each worker says how old they are" test "$(metric snapshot_age_seconds | cut -d. -f1)" -ge $((2 * AWAY))
    check "the log is not flooded" test "$(count_log database.failed)" -le $((WORKERS * (1 + AWAY / 60 + 1)))
    check "the workers are the same" equal "$pids" "$(worker_pids)"
}

each_counts_failures() {
    ! probe each /__metrics__ | grep '^balrog_public_database_failures_total 0$' >/dev/null
}

each_logged() { # TYPE
    (($(count_log "$1") >= WORKERS))
}

test_comes_back() {
    sandbox start db
    db <<<"UPDATE emergency_shutoffs SET channel = 'release', product = 'Firefox' WHERE product = 'Thunderbird'"
    check "a change is served within 5 s of its return" shows 5000 '!<update ' "$UPDATE?force=1"
    db <<<"DELETE FROM emergency_shutoffs"
    check "and the next within 1 s" shows 1000 '<update ' "$UPDATE?force=1"
    check "the heartbeat is 200 again" equal 200 "$(status /__heartbeat__)"
    check "the API is" equal 200 "$(status /api/v1/rules)"
    check "each worker says that it is back" each_logged database.back
    end_load
    printf '%s requests under load\n' "$REQUESTS"
    check "there was load" test "$REQUESTS" -gt 1000
    check "each request was answered, by a 200" equal '' "$FAILURES"
}

# A server that is there and does not answer: the process is stopped, its connections stay. Meanwhile many ask what
# only it can tell.
test_hangs() {
    local pid asking i
    pid=$(sandbox pids db)
    kill -STOP "$pid"
    curl -s -Z --parallel-max 100 --noproxy '*' --max-time 20 -o /dev/null "$PUBLIC_URL/api/v1/rules?n=[1-100]" \
        2>/dev/null &
    asking=$!
    LOOSE+=("$asking")
    for i in {1..50}; do
        printf 'url = "%s%s?force=%d"\noutput = /dev/null\n' "$PUBLIC_URL" "$UPDATE" "$i"
    done >"$WORK/urls"
    curl -s --max-time 2 --noproxy '*' -w '%{http_code}\n' -K "$WORK/urls" >"$WORK/statuses" || true
    check "a hanging database: updates are answered" equal 50 "$(grep -c 200 "$WORK/statuses")"
    check "the load balancer's heartbeat is" equal 200 "$(status /__lbheartbeat__ --max-time 2)"
    kill -CONT "$pid"
    wait "$asking" || true
    check "the heartbeat is back" until_true 15 heartbeat_is_back
}

heartbeat_is_back() {
    [[ $(status /__heartbeat__) == 200 ]]
}

# ---- a worker that starts while there is no database ----

own_config() {
    sed "s|^socket = .*public.sock|socket = $OWN.sock|" "$SANDBOX/balrog.conf" >"$OWN.conf"
}

own_complained() { # TIMES
    (($(count_log database.failed "$OWN.log") >= $1))
}

# Of the log's lines of TYPE: ms between the first and the last.
span() { # TYPE
    grep "\"Type\": \"$1\"" "$OWN.log" | sed -n 's/^{"Timestamp": \([0-9]*\)[0-9]\{6\},.*/\1/p' |
        sed -n '1p;$p' | paste -sd ' ' | awk '{ print $2 - $1 }'
}

test_late_start() {
    local pid waiting lines
    sandbox stop db
    own_config
    "$BUILD/balrog-public" --config "$OWN.conf" </dev/null >"$OWN.log" 2>&1 &
    pid=$!
    LOOSE+=("$pid")
    # The sandbox's workers inherit a socket that listens: what is asked meanwhile waits in its queue.
    sandbox stop public
    sandbox start public
    get "$UPDATE?force=1" >"$WORK/waited" &
    waiting=$!
    check "without a database a new worker complains" until_true 10 own_complained 4
    lines=$(count_log database.failed "$OWN.log")
    check "once a second" test "$(span database.failed)" -ge $(((lines - 1) * 900))
    check "and not less" test "$(span database.failed)" -le $(((lines - 1) * 1500))
    check "it accepts nothing" test ! -e "$OWN.sock"
    check "it lives" kill -0 "$pid"
    check "who asks the others waits" kill -0 "$waiting"
    sandbox start db
    check "once the database is there it serves" until_true 5 test -S "$OWN.sock"
    "$BUILD/test/integration/fcgi_probe" "$OWN.sock" 1 each "$UPDATE?force=1" >"$WORK/answer"
    check "an update" grep -q '<update ' "$WORK/answer"
    wait "$waiting" || true
    check "who waited gets his answer" grep -q '<update ' "$WORK/waited"
    kill -TERM "$pid"
    check "and SIGTERM ends it well" wait "$pid"
    test_signal_while_waiting
}

test_signal_while_waiting() {
    local pid
    sandbox stop db
    : >"$OWN.log"
    "$BUILD/balrog-public" --config "$OWN.conf" </dev/null >"$OWN.log" 2>&1 &
    pid=$!
    LOOSE+=("$pid")
    check "while it waits" until_true 10 own_complained 1
    kill -TERM "$pid"
    check "SIGTERM ends it, too" wait "$pid"
}

# Without a snapshot file: test/integration/snapshot_file.sh is about that.
sandbox_up --load "$TOP/conf/demo.sql" --set public.state_dir=
test_goes
test_comes_back
test_hangs
test_late_start
summary
