#!/bin/bash
# Workers end and start under load, read their configuration again, and refuse what they cannot run with.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

WORKERS=2
ROUNDS=3
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    ROUNDS=30
fi
CONFIG=$SANDBOX/balrog.conf
OWN=$WORK/own
VPN=/json/1/FirefoxVPN/2.10.0/WINNT_x86_64/release/update.json
UPDATE=/update/3/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/os/default/default/update.xml
LOAD_PATHS=("$UPDATE" "$UPDATE?force=1" "$VPN" /api/v1/rules /__lbheartbeat__)

# program ARG…: balrog-public, for what is to end by itself.
program() {
    timeout 20 "$BUILD/balrog-public" "$@" </dev/null
}

# exit_status COMMAND…; what it said is in $OWN.said.
exit_status() {
    local result=0
    "$@" >"$OWN.said" 2>&1 || result=$?
    echo "$result"
}

test_rolling() {
    local round before
    start_load 16 "${LOAD_PATHS[@]}"
    check "there is load" until_true 5 load_shows
    for ((round = 0; round < ROUNDS; round++)); do
        before=$(worker_pids)
        check "a rolling restart" sandbox restart public
        check "replaces every worker" equal '' "$(same_pids "$before")"
    done
    end_load
    printf '%s requests over %d restarts\n' "$REQUESTS" "$ROUNDS"
    check "no request failed" equal '' "$FAILURES"
    check "there was load" test "$REQUESTS" -gt 1000
}

# One worker: from its end to its successor's first snapshot nobody answers, and requests wait in the socket's queue.
test_rolling_alone() {
    sandbox stop public
    WORKERS=1
    sandbox_up
    test_rolling
    printf 'the longest wait: %s\n' "$(awk '$1 == "Latency" { print $4 }' "$WORK/wrk.out")"
}

# same_pids PIDS: which of them still work.
same_pids() {
    local pid now
    now=" $(worker_pids)"
    for pid in $1; do
        [[ $now != *" $pid "* ]] || echo "$pid"
    done
}

load_shows() {
    (($(metric 'answers_total{reason="served"}') > 100))
}

# All at once: for a moment nobody answers, and requests wait in the socket's queue.
test_all_at_once() {
    local round pid before
    start_load 16 "${LOAD_PATHS[@]}"
    for ((round = 0; round < ROUNDS; round++)); do
        check "there is load" until_true 5 load_shows
        before=$(worker_pids)
        for pid in $before; do
            kill -TERM "$pid"
        done
        check "all are replaced" until_true 10 all_new "$before"
    done
    end_load
    printf '%s requests over %d times without a worker\n' "$REQUESTS" "$ROUNDS"
    check "no request failed" equal '' "$FAILURES"
    check "all of them ended well" equal '' "$(grep -E 'service.failed|after [0-9]+ s' "$LOG" || true)"
}

all_new() { # PIDS
    [[ $(worker_pids | wc -w) == "$WORKERS" && -z $(same_pids "$1") ]]
}

# ---- SIGHUP ----

hang_up() {
    local pid
    for pid in $(worker_pids); do
        kill -HUP "$pid"
    done
}

logged() { # COUNT TEXT
    (($(grep -cF -- "$2" "$LOG" || true) >= $1))
}

test_reload() {
    local pids
    pids=$(worker_pids)
    cp "$CONFIG" "$OWN.keep"
    check "the VPN is served" shows 1000 archive.mozilla.org "$VPN"

    sed -i '/^allow = archive.mozilla.org/d' "$CONFIG"
    hang_up
    check "an allow-list without its host takes effect" shows 2000 '!archive.mozilla.org' "$VPN"
    check "the workers say that they read it" until_true 5 logged "$WORKERS" config.loaded

    echo '[nonsense]' >>"$CONFIG"
    cp "$OWN.keep" "$OWN.wrong"
    echo 'allow = archive.mozilla.org FirefoxVPN' >>"$CONFIG"
    hang_up
    check "a wrong configuration is refused by each" until_true 5 logged "$WORKERS" config.refused
    check "with what is wrong with it" logged "$WORKERS" nonsense
    check "the old one stays in use" shows 1000 '!archive.mozilla.org' "$VPN"
    check "queries are answered" equal 200 "$(status "$UPDATE")"

    rm "$CONFIG"
    hang_up
    check "a missing file is refused" until_true 5 logged $((2 * WORKERS)) config.refused

    cp "$OWN.keep" "$CONFIG"
    hang_up
    check "the right one takes effect" shows 2000 archive.mozilla.org "$VPN"
    check "by the same workers" equal "$pids" "$(worker_pids)"
}

test_reload_under_load() {
    local i
    start_load 16 "${LOAD_PATHS[@]}"
    for ((i = 0; i < 5 * ROUNDS; i++)); do
        hang_up
        get "$UPDATE" >/dev/null
    done
    check "the last one is read" until_true 10 logged $(((3 + 5) * WORKERS)) config.
    end_load
    check "SIGHUPs under load: no request failed" equal '' "$FAILURES"
}

# ---- configuration and socket ----

test_check_config() {
    check "--check-config of a right one" equal 0 "$(exit_status program --check-config --config "$CONFIG")"
    sed 's/^threads = .*/threads = many/' "$CONFIG" >"$OWN.conf"
    check "of a wrong one" equal 1 "$(exit_status program --check-config --config "$OWN.conf")"
    check "says which key" grep -q threads "$OWN.said"
    check "of none" equal 1 "$(exit_status program --check-config --config "$WORK/none")"
    check "of an unreadable one" equal 1 "$(exit_status program --check-config --config "$WORK")"
    check "a wrong option" equal 2 "$(exit_status program --nonsense)"
    check "an argument too many" equal 2 "$(exit_status program more)"
    check "--help" equal 0 "$(exit_status program --help)"
    check "--version" equal 0 "$(exit_status program --version)"
    check "says it" grep -q "$(<"$TOP/VERSION")" "$OWN.said"
    check "a wrong one does not start" equal 1 "$(exit_status program --config "$OWN.conf")"
}

test_live_socket() {
    check "a second one on a live socket refuses" equal 3 "$(exit_status program --config "$CONFIG")"
    check "and says why" grep -q 'in use' "$OWN.said"
    check "the first ones go on" equal 200 "$(status "$UPDATE")"
    check "a second pair of eyes" shows 1000 '<updates>' "$UPDATE"
    sed "s|^socket = .*public.sock|socket = $OWN.sock|" "$CONFIG" >"$OWN.conf"
    : >"$OWN.sock"
    check "a file in the socket's place is left alone" equal 3 "$(exit_status program --config "$OWN.conf")"
    check "and is still there" test -f "$OWN.sock"
    rm "$OWN.sock"
}

# A socket of a process that was killed is replaced.
test_stale_socket() {
    local pid round
    for round in first second; do
        : >"$OWN.said"
        "$BUILD/balrog-public" --config "$OWN.conf" </dev/null >"$OWN.said" 2>&1 &
        pid=$!
        LOOSE+=("$pid")
        check "the $round one starts" until_true 10 grep -q service.started "$OWN.said"
        check "and answers" equal 1 \
            "$("$BUILD/test/integration/fcgi_probe" "$OWN.sock" 1 each /__lbheartbeat__ | grep -c 'OK!')"
        check "its socket has the mode it should" equal 660 "$(stat -c %a "$OWN.sock")"
        if [[ $round == first ]]; then
            kill -KILL "$pid"
            wait "$pid" 2>/dev/null || true
        fi
    done
    kill -TERM "$pid"
    check "it ends well" wait "$pid"
}

sandbox_up --load "$TOP/conf/demo.sql"
test_rolling
test_all_at_once
test_reload
test_reload_under_load
test_check_config
test_live_socket
test_stale_socket
test_rolling_alone
summary
