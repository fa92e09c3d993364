#!/bin/bash
# What else can be wrong with a database and with disks, while clients ask for updates and people change rules: a database
# that is read-only, that accepts no more connections, that needs two seconds for a statement, whose disk is full; a full disk
# for the snapshot file and for logs. Updates go on, the errors say what is the matter, and nobody has to do anything afterwards.
# (Databases that are gone, that hang or that lock: outage.sh and admin_outage.sh.)
set -euo pipefail

# Small file systems are mounted where only this test sees them.
if [[ -z ${FAULTS_MOUNTS-} ]]; then
    as_root=()
    [[ $EUID -eq 0 ]] || as_root=(--map-root-user)
    if ! unshare --mount "${as_root[@]}" true 2>/dev/null; then
        echo "skipped: this system allows no mount namespaces" && echo "0 passed, 0 failed"
        exit 0
    fi
    FAULTS_MOUNTS=1 exec unshare --mount "${as_root[@]}" "$0" "$@"
fi

# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

: "${ADMIN_URL=}"
UPDATE=/update/6/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/ISET:SSE4_2,MEM:8192
UPDATE+="/default/default/update.xml?force=1"
RULE=20 # whose product needs no sign-offs
DELAY=0.5 # seconds that a slow database needs for a statement
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    DELAY=2
fi

leave() {
    take_down 2>/dev/null || true # it cannot remove what is mounted
    umount -l "$SANDBOX/log" "$SANDBOX/db" "$WORK/state" 2>/dev/null || true
    rm -rf -- "$WORK"
}
trap leave EXIT

# ---- the admin ----

# ask METHOD PATH [BODY]: the status; the answer is left in files.
ask() {
    local data=()
    (($# < 3)) || data=(-H 'Content-Type: application/json' --data-binary "$3")
    curl -s --noproxy '*' --max-time 60 -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' -X "$1" \
        -H 'X-Test-User: admin@example.org' "${data[@]}" "$ADMIN_URL$2" || true
}

gives() { # STATUS METHOD PATH [BODY]
    equal "$1" "$(ask "${@:2}")" || { printf '  %.300s\n' "$(<"$WORK/body")" >&2 && return 1; }
}

body_has() {
    grep -qF -- "$1" "$WORK/body" || { printf '  lacking: %s\n  in: %.600s\n' "$1" "$(<"$WORK/body")" >&2 && return 1; }
}

comes_back() {
    grep -qi '^Retry-After: [0-9]' "$WORK/head"
}

version() {
    db <<<"SELECT data_version FROM rules WHERE rule_id = $RULE"
}

# change STATUS: of a rule's comment.
change() {
    gives "$1" POST "/rules/$RULE" "{\"comment\": \"$RANDOM\", \"data_version\": $(version)}"
}

NEW_RULE=$(printf '{"product": "GMP", "channel": "nobody", "priority": 1, "backgroundRate": 100, "update_type": "minor",
    "mapping": "GMP-Superblob", "comment": "%0400d"}' 0)

# Makes rules that nobody gets, with long comments, until one is refused or there are COUNT; prints how many were made.
make_rules() { # COUNT
    curl -s --noproxy '*' --max-time 60 -o /dev/null -w '%{http_code}\n' --fail-early -f -H 'Content-Type: application/json' \
        -H 'X-Test-User: admin@example.org' --data-binary "$NEW_RULE" "$ADMIN_URL/rules#[1-$1]" | grep -c 200 || true
}

# ---- what must hold meanwhile ----

updates_flow() {
    local got
    got=$(get "$UPDATE" -o /dev/null -w '%{http_code} %{size_download} %{time_total}')
    awk -v wanted="$WANTED" '{ exit !($1 == 200 && $2 == wanted && $3 < 1) }' <<<"$got" || { echo "  $got" >&2 && return 1; }
}

heartbeats() { # PUBLIC ADMIN
    equal "$1 $2" "$(status /__heartbeat__) $(ask GET /__heartbeat__)"
}

beat_again() {
    heartbeats 200 200 2>/dev/null
}

# How many lines PROGRAM has logged.
lines() { # PROGRAM
    wc -l <"$SANDBOX/log/$1.log"
}

shut_off() {
    db <<<"REPLACE INTO emergency_shutoffs (product, channel, comment, data_version) VALUES ('Firefox', 'release', 'x', 1)"
}
turn_on() {
    db <<<"DELETE FROM emergency_shutoffs WHERE product = 'Firefox'"
}

# changes_show MS: a shutoff is served within that time, and so is its end.
changes_show() {
    shut_off
    shows "$1" '!<update ' "$UPDATE" || return 1
    turn_on
    shows "$1" '<update ' "$UPDATE"
}

# ---- file systems ----

# small_disk SIZE DIR: DIR is on a file system of its own from now on, with what it holds.
small_disk() {
    mkdir "$WORK/kept"
    cp -a "$2/." "$WORK/kept"
    mount -t tmpfs -o "size=$1" balrog-test "$2"
    cp -a --sparse=never "$WORK/kept/." "$2" # MariaDB ends if its log has no blocks
    rm -rf "$WORK/kept"
}

fill() { # DIR
    dd if=/dev/zero of="$1/fill" bs=4k 2>/dev/null || true
    check "no byte is left on the disk of $(basename "$1")" equal 0 "$(df --output=avail "$1" | tail -n 1 | tr -d ' ')"
}

# ---- the faults ----

test_read_only() {
    local said
    db <<<"SET GLOBAL read_only = 1"
    said=$(lines public)
    check "a read-only database: a change is refused" change 503
    check "the answer says read-only" body_has "The database is read-only now. Nothing was changed"
    check "and when to come back" comes_back
    check "reading goes on" gives 200 GET "/rules/$RULE"
    check "the public heartbeat is well, since it only reads; the admin's is not" heartbeats 200 502
    check "updates flow" updates_flow
    check "the public worker says little of it" test "$(lines public)" -le $((said + 5))
    db <<<"SET GLOBAL read_only = 0"
    check "once it takes writes, so does the admin" change 200
    check "both heartbeats are well" heartbeats 200 200
}


limit_connections() { # COUNT of each account; 0: no limit
    db <<<"ALTER USER balrog_public@localhost, balrog_admin@localhost WITH MAX_USER_CONNECTIONS $1"
}

test_crowded() {
    limit_connections 2
    sandbox restart admin
    sandbox restart public
    check "no more connections: updates flow, also from a new worker" until_true 30 updates_flow
    # A worker needs one of them for the change feed.
    local asking=() i
    for i in {1..8}; do
        curl -s --noproxy '*' --max-time 60 -o "$WORK/crowd.$i" -w '%{http_code}\n' "$PUBLIC_URL/api/v1/rules" >"$WORK/crowd.$i.status" &
        asking+=("$!")
    done
    wait "${asking[@]}" || true
    check "the API answers, or says that the database accepts no more connections" crowd_was_answered
    check "and some were told so" grep -q "The database accepts no more connections. Try again later." "$WORK"/crowd.[1-8]
    limit_connections 0
    check "afterwards all is well" until_true 15 beat_again
    check "and a change is served" changes_show 1000
}

crowd_was_answered() {
    ! cat "$WORK"/crowd.*.status | grep -vE '^(200|503)$'
}

test_slow() {
    local began took
    echo 0 >"$WORK/delay"
    python3 "$TOP/test/integration/slow_proxy.py" "$WORK/slow.sock" "$DB_SOCKET" "$WORK/delay" &
    LOOSE+=("$!")
    until_true 10 test -S "$WORK/slow.sock"
    sandbox_up --set "database.socket=$WORK/slow.sock"
    check "through a proxy all is well" until_true 15 beat_again
    echo "$DELAY" >"$WORK/delay"
    began=$SECONDS
    check "a statement takes $DELAY s: updates flow" updates_flow
    check "the load balancer's heartbeat does not wait" equal 200 "$(status /__lbheartbeat__ --max-time 1)"
    check "a shutoff is served all the same, late" changes_show 40000
    check "a rule can be read" gives 200 GET "/rules/$RULE"
    check "and changed, or the answer says that it was not" changed_or_told
    check "updates still flow" updates_flow
    took=$((SECONDS - began))
    echo 0 >"$WORK/delay"
    printf 'the slow part took %d s\n' "$took"
    check "all of it in bounded time" test "$took" -le 180
    check "afterwards changes show at once" until_true 15 changes_show 1000
    check "and can be made" change 200
    sandbox_up --set "database.socket=$DB_SOCKET"
}

changed_or_told() {
    local before after answer
    before=$(version)
    answer=$(ask POST "/rules/$RULE" "{\"comment\": \"slow\", \"data_version\": $before}")
    after=$(version)
    case $answer in
    200) equal $((before + 1)) "$after" ;;
    503) equal "$before" "$after" && comes_back ;;
    *) equal "200 or 503" "$answer" ;;
    esac
}

# MariaDB 10.11 refuses what does not fit; where it then lacks the space to roll back ("Out of disk space in rollback"), it ends, and
# its supervisor starts it again.
test_data_full() {
    local made answer
    sandbox stop db
    small_disk "$(($(du -sm --apparent-size "$SANDBOX/db" | cut -f1) + 24))m" "$SANDBOX/db"
    sandbox start db
    check "a first change" until_true 60 change 200
    fill "$SANDBOX/db"
    made=$(make_rules 20000)
    answer=$(ask POST /rules "$NEW_RULE")
    check "the database's disk is full: in the end a change is refused" equal 503 "$answer"
    check "the answer says why" says_full_or_gone
    check "and when to come back" comes_back
    check "updates flow" updates_flow
    rm -f -- "$SANDBOX/db/fill"
    mount -o remount,size=1g "$SANDBOX/db"
    until_true 30 db_runs
    check "with room again a change succeeds" until_true 60 change 200
    check "what was made is there, and nothing of what was refused" equal "$made" \
        "$(db <<<"SELECT COUNT(*) FROM rules WHERE channel = 'nobody'")"
    check "each with its history" equal "$((2 * made))" \
        "$(db <<<"SELECT COUNT(*) FROM rules_history h JOIN rules r USING (rule_id) WHERE r.channel = 'nobody'")"
    check "changes are served" changes_show 1000
    check "both heartbeats are well" heartbeats 200 200
}

says_full_or_gone() {
    grep -qE "The database('s disk is full| does not answer)\\. Nothing was changed" "$WORK/body"
}

db_runs() {
    sandbox start db 2>/dev/null && [[ $(db <<<"SELECT 1") == 1 ]]
}

# A rule leads all clients of a channel to a release that does not exist.
test_broken_release() {
    local path=/update/3/Nothing/1.0/20200101000000/p/de/lost/os/default/default/update.xml before
    db <<<"INSERT INTO rules (priority, product, channel, mapping, backgroundRate, update_type, data_version)
        VALUES (1, 'Nothing', 'lost', 'No-such-release', 100, 'minor', 1)"
    check "a release is broken: its clients get no update" until_true 10 loses_clients "$path"
    before=$(lines public)
    wrk --threads 1 --connections 32 --duration 3s "$PUBLIC_URL$path" >"$WORK/wrk.out"
    check "after thousands of queries" test "$(awk '/requests in/ { print $1 }' "$WORK/wrk.out")" -gt 3000
    check "all are counted" test "$(metric 'answers_total{reason="no_release"}')" -gt 3000
    check "a few lines are logged" test $(($(lines public) - before)) -le 5
    db <<<"DELETE FROM rules WHERE product = 'Nothing'"
}

loses_clients() { # PATH
    get "$1" >/dev/null && (($(metric 'answers_total{reason="no_release"}') > 0)) && grep -q 'answer.broken.*No-such-release' "$LOG"
}

test_state_full() {
    local said
    said=$(lines public)
    mkdir -p "$WORK/state"
    small_disk 64k "$WORK/state"
    fill "$WORK/state"
    sandbox_up --set "public.state_dir=$WORK/state" --set public.state_s=1
    check "no room for the snapshot file: updates flow" updates_flow
    check "the attempt is counted" until_true 15 save_failed
    check "and logged, with the reason" grep -q 'snapshot_file.*No space left on device' "$LOG"
    check "changes are served" changes_show 1000
    rm -f -- "$WORK/state/fill"
    mount -o remount,size=64m "$WORK/state"
    check "with room again the file is written" until_true 30 compgen -G "$WORK/state/snapshot-*" >/dev/null
    check "and nothing half is left" equal '' "$(compgen -G "$WORK/state/*.new" || true)"
    check "the log was not flooded" test "$(lines public)" -le $((said + 40))
}

save_failed() {
    (($(metric snapshot_file_failures_total) > 0))
}

test_logs_full() {
    sandbox stop all
    small_disk "$(($(du -sk "$SANDBOX/log" | cut -f1) + 128))k" "$SANDBOX/log"
    sandbox start all
    until_true 15 beat_again
    fill "$SANDBOX/log"
    check "no room for logs: updates flow" updates_flow
    check "changes are made" change 200
    check "and served" changes_show 1000
    check "both heartbeats are well" heartbeats 200 200
    rm -f -- "$SANDBOX/log/fill"
    check "with room again changes are logged" logs_again
}

logs_again() {
    local before
    before=$(grep -c '"Type": "audit"' "$SANDBOX/log/admin.log" || true)
    change 200 && (($(grep -c '"Type": "audit"' "$SANDBOX/log/admin.log") == before + 1))
}

sandbox_up --load "$TOP/conf/demo.sql" --user-header X-Test-User
WANTED=$(get "$UPDATE" | wc -c)
check "before, there is an update" test "$WANTED" -gt 300
for fault in ${1-read_only crowded slow data_full broken_release state_full logs_full}; do
    "test_$fault"
done
summary
