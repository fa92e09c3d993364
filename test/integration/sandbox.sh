#!/bin/bash
# scripts/sandbox: several run side by side, "up" can be repeated and continues after an interruption, "down" stops everything.
set -euo pipefail
TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"

WORK=$(mktemp -d)
TEMPLATES=$BALROG_TEMPLATES

sandbox() {
    "$TOP/scripts/sandbox" "$@"
}

take_down() {
    local dir
    for dir in "$WORK"/*/ "$WORK"/*/long*/; do
        if [[ -e $dir/.balrog-sandbox ]]; then
            sandbox down "$dir" || true
        fi
    done
    rm -rf -- "$WORK"
}
trap take_down EXIT

# The value of a variable that `up` printed: NAME in the lines TEXT.
printed() {
    sed -n "s/^$1=//p" <<<"$2"
}

# Processes that work somewhere below DIR.
processes_of() {
    local pid
    for pid in /proc/[0-9]*; do
        if [[ "$(readlink "$pid/cwd" 2>/dev/null)/" == "$1/"* ]]; then
            printf '%s\n' "${pid#/proc/}"
        fi
    done
}

no_processes() {
    equal '' "$(processes_of "$1" | tr '\n' ' ')"
}

runs() {
    sandbox status "$1" >/dev/null
}

status_of() {
    local status=0
    "$@" >/dev/null 2>&1 || status=$?
    printf '%s\n' "$status"
}

# COMMAND, whose output is shown when it fails.
succeeds() {
    "$@" >"$WORK/output" 2>&1 || { cat "$WORK/output" >&2 && return 1; }
}

http() {
    curl -s -o /dev/null -w '%{http_code}' --max-time 10 --noproxy '*' "$1" || true
}

rules() {
    sandbox sql "$1" -N -e 'SELECT COUNT(*) FROM rules'
}

test_side_by_side() {
    local one two
    (sandbox up "$WORK/one" --workers 2 >"$WORK/one.out" 2>"$WORK/one.err") &
    sandbox up "$WORK/two" --load "$TOP/conf/demo.sql" >"$WORK/two.out" 2>"$WORK/two.err" || cat "$WORK/two.err" >&2
    wait $! || cat "$WORK/one.err" >&2
    one=$(<"$WORK/one.out")
    two=$(<"$WORK/two.out")
    check "one answers" equal 200 "$(http "$(printed PUBLIC_URL "$one")/__lbheartbeat__")"
    check "two answers" equal 200 "$(http "$(printed PUBLIC_URL "$two")/__lbheartbeat__")"
    check "they have ports of their own" test "$(printed PUBLIC_URL "$one")" != "$(printed PUBLIC_URL "$two")"
    check "one is empty" equal 0 "$(rules "$WORK/one")"
    check "two was loaded" test "$(rules "$WORK/two")" -gt 10
    check "status says that one runs" runs "$WORK/one"
    check "it has the workers that it should" equal 2 "$(sandbox pids "$WORK/one" public | wc -l)"
    check "two has one" equal 1 "$(sandbox pids "$WORK/two" public | wc -l)"
    check "the database's socket is printed" test -S "$(printed DB_SOCKET "$one")"
    check "loading again changes nothing" equal "$(rules "$WORK/two")" \
        "$(sandbox up "$WORK/two" --load "$TOP/conf/demo.sql" >/dev/null 2>&1 && rules "$WORK/two")"
}

test_idempotent() {
    local before again
    before=$(processes_of "$WORK/one" | tr '\n' ' ')
    again=$(sandbox up "$WORK/one" 2>/dev/null)
    check "up again prints the same" equal "$(<"$WORK/one.out")" "$again"
    check "and starts nothing" equal "$before" "$(processes_of "$WORK/one" | tr '\n' ' ')"
}

test_settings() {
    local before
    before=$(sandbox pids "$WORK/one" public | tr '\n' ' ')
    sandbox up "$WORK/one" --set public.threads=8 --set mariadb.max_connections=77 >/dev/null 2>&1
    check "a setting replaces the workers" test "$before" != "$(sandbox pids "$WORK/one" public | tr '\n' ' ')"
    check "it stands in balrog.conf once" equal 'threads = 8' "$(grep '^threads' "$WORK/one/balrog.conf")"
    check "a setting of MariaDB takes effect" equal 77 "$(sandbox sql "$WORK/one" -N -e 'SELECT @@max_connections')"
    sandbox up "$WORK/one" >/dev/null 2>&1
    check "settings are kept" equal 77 "$(sandbox sql "$WORK/one" -N -e 'SELECT @@max_connections')"
    check "a wrong setting is refused" equal 1 "$(status_of sandbox up "$WORK/one" --set threads)"
}

test_parts() {
    local url before
    url=$(printed PUBLIC_URL "$(<"$WORK/one.out")")
    before=$(sandbox pids "$WORK/one" public | sort)
    sandbox restart "$WORK/one" public
    check "restart leaves no worker of before" equal '' \
        "$(comm -12 <(printf '%s\n' "$before") <(sandbox pids "$WORK/one" public | sort))"
    check "and as many as before" equal 2 "$(sandbox pids "$WORK/one" public | wc -l)"
    sandbox stop "$WORK/one" db
    check "status sees a stopped part" equal 3 "$(status_of sandbox status "$WORK/one")"
    check "the workers live on without it" equal 200 "$(http "$url/__lbheartbeat__")"
    sandbox start "$WORK/one" db
    check "a part is started" runs "$WORK/one"
    kill -KILL "$(sandbox pids "$WORK/one" public | sed -n 1p)"
    check "a killed worker is replaced" workers_become "$WORK/one" 2
}

workers_become() { # DIR NUMBER
    local i
    for ((i = 0; i < 200; i++)); do
        [[ $(sandbox pids "$1" public | wc -l) -ne $2 ]] || return 0
        sleep 0.05
    done
    return 1
}

# `up` is interrupted at different moments; what is left must not run, and must become whole by the next `up`.
test_interrupted() {
    local delay delays=(0.6 1.6) pid
    [[ -z ${BALROG_TEST_FULL-} ]] || delays=(0.1 0.6 1.1 1.6 2.1)
    for delay in "${delays[@]}"; do
        rm -rf -- "$WORK/three"
        # A background job ignores SIGINT unless told otherwise.
        setsid env --default-signal=INT "$TOP/scripts/sandbox" up "$WORK/three" >/dev/null 2>&1 &
        pid=$!
        sleep "$delay"
        kill -INT -- "-$pid" 2>/dev/null || true
        wait "$pid" || true
        if [[ $(status_of sandbox status "$WORK/three") == 0 ]]; then
            sandbox down "$WORK/three" # it was quicker
        fi
        check "interrupted after $delay s: nothing runs" no_processes "$WORK/three"
        check "and the next up mends it" succeeds sandbox up "$WORK/three"
        check "wholly" runs "$WORK/three"
        sandbox down "$WORK/three"
    done
}

# A killed `up` can undo nothing; what it started is found by the next command.
test_killed() {
    local pid
    rm -rf -- "$WORK/three"
    "$TOP/scripts/sandbox" up "$WORK/three" >/dev/null 2>&1 &
    pid=$!
    sleep 1.5
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    check "after a kill the next up makes it whole" succeeds sandbox up "$WORK/three"
    sandbox down "$WORK/three"
    "$TOP/scripts/sandbox" up "$WORK/three" >/dev/null 2>&1 &
    pid=$!
    until [[ -s $WORK/three/run/db.pid ]]; do
        kill -0 "$pid"
        sleep 0.01
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    check "the next up waits for a database that a killed one started" succeeds sandbox up "$WORK/three"
    kill -KILL "$(cat "$WORK/three/run/public.pid")" "$(cat "$WORK/three/run/nginx.pid")"
    sandbox down "$WORK/three"
    check "down finds the orphans of a killed master" no_processes "$WORK/three"
}

test_places() {
    local long
    long=$WORK/deep/long$(printf 'x%.0s' {1..150})
    check "a long directory works" succeeds sandbox up "$long"
    sandbox down "$long"
    check "and leaves nothing" test ! -e "$long/run"
    mkdir "$WORK/foreign"
    echo precious >"$WORK/foreign/file"
    check "a directory with other things is refused" equal 1 "$(status_of sandbox up "$WORK/foreign")"
    check "down wants a sandbox" equal 1 "$(status_of sandbox down "$WORK/foreign")"
    check "and left it alone" equal file "$(ls -A "$WORK/foreign")"
}

test_agent() {
    local before
    check "an agent that nobody knows" equal 1 "$(status_of sandbox start "$WORK/one" agent)"
    check "is not run" runs "$WORK/one"
    check "one by its password" succeeds sandbox up "$WORK/two" --passwords "$TOP/conf/demo.passwords" --agent
    check "is" runs "$WORK/two"
    before=$(sandbox pids "$WORK/two" agent)
    check "it is one process" test "$before" -gt 0
    kill -KILL "$before"
    check "and replaced when it dies" agent_but "$WORK/two" "$before"
    sandbox stop "$WORK/two" agent
    check "it can be stopped" equal 3 "$(status_of sandbox status "$WORK/two")"
    check "and comes back" succeeds sandbox up "$WORK/two"
    check "with the rest" runs "$WORK/two"
}

# The first one leaves a template, the second one is made from it: quickly, the same, and without a trace in it.
test_template() {
    local name
    for name in first second; do
        check "the $name" succeeds env BALROG_TEMPLATES="$WORK/templates" "$TOP/scripts/sandbox" up "$WORK/$name"
        sandbox sql "$WORK/$name" -N -e 'SHOW TABLES; SELECT version, phase, chain, statements_sum FROM balrog_schema
            ORDER BY 1, 2; SELECT COUNT(*) FROM information_schema.triggers' >"$WORK/$name.sql"
        sandbox down "$WORK/$name"
        (cd "$WORK/templates" && find . -type f -exec sha256sum {} + | sort) >"$WORK/$name.sums"
        check "has a log" test -s "$WORK/$name/log/schema.log"
    done
    check "the first one made its tables" grep -q 'applying' "$WORK/first/log/schema.log"
    check "the second one had them" equal "" "$(grep 'applying' "$WORK/second/log/schema.log")"
    check "the same" cmp "$WORK/first.sql" "$WORK/second.sql"
    check "one template is of the server, one of the tables" equal 2 \
        "$(find "$WORK/templates" -mindepth 1 -maxdepth 1 | wc -l)"
    check "using them does not change them" cmp "$WORK/first.sums" "$WORK/second.sums"
}

agent_but() { # DIR PID: soon another one runs
    local i pid
    for ((i = 0; i < 100; i++)); do
        pid=$(sandbox pids "$1" agent)
        [[ -z $pid || $pid == "$2" ]] || return 0
        sleep 0.05
    done
    return 1
}

test_port() {
    local port
    port=$(printed PUBLIC_URL "$(<"$WORK/two.out")")
    port=${port##*:}
    check "a taken port is an error" equal 1 "$(status_of sandbox up "$WORK/four" --port "$port")"
    check "which leaves nothing running" no_processes "$WORK/four"
}

test_down() {
    sandbox down "$WORK/one"
    sandbox down "$WORK/two"
    check "down leaves no process of one" no_processes "$WORK/one"
    check "down leaves no process of two" no_processes "$WORK/two"
    check "status says so" equal 3 "$(status_of sandbox status "$WORK/one")"
    check "down again is fine" succeeds sandbox down "$WORK/one"
    sandbox up "$WORK/two" >"$WORK/two.out" 2>/dev/null
    check "the data outlive it" test "$(rules "$WORK/two")" -gt 10
}

# As it is for people, who have no templates.
BALROG_TEMPLATES=
test_side_by_side
test_idempotent
test_settings
test_parts
test_interrupted
BALROG_TEMPLATES=$TEMPLATES
test_killed
test_places
test_agent
test_port
test_template
test_down
summary
