#!/bin/bash
# The snapshot file: a worker that starts without the database serves what the last one left, and one that starts with it
# reads only what has changed. Files that are damaged, foreign or of another format are refused.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

OWN=$WORK/own # the test's own worker
STATE=$WORK/state
FILE=$STATE/snapshot-2
LOG=$OWN.log
PID=

# ---- the worker ----

config() { # [KEY=VALUE…]: of [public]
    local setting
    sed -e "s|^socket = .*public.sock|socket = $OWN.sock|" -e "s|^state_dir = .*|state_dir = $STATE|" "$SANDBOX/balrog.conf" \
        >"$OWN.conf"
    printf '\n[public]\n' >>"$OWN.conf"
    for setting in state_s=1 poll_ms=50 "$@"; do
        sed -i "/^#\?${setting%%=*} = /d" "$OWN.conf"
        echo "${setting/=/ = }" >>"$OWN.conf"
    done
}

serves() {
    [[ -S $OWN.sock ]] && ask /__lbheartbeat__ >/dev/null 2>&1
}

# Starts it and waits until it answers.
start() {
    launch
    until_true 30 serves || { cat "$LOG" >&2 && exit 1; }
}

launch() { # [COMMAND…]: that runs it
    rm -f -- "$OWN.sock"
    : >"$LOG"
    "$@" "$BUILD/balrog-public" --config "$OWN.conf" </dev/null >>"$LOG" 2>&1 &
    PID=$!
    LOOSE+=("$PID")
}

stop() { # [SIGNAL]
    kill "-${1:-TERM}" "$PID"
    wait "$PID" 2>/dev/null || true
}

ask() { # PATH
    "$BUILD/test/integration/fcgi_probe" "$OWN.sock" 1 each "$1"
}

figure() { # NAME
    ask /__metrics__ | awk -v name="balrog_public_$1" '$1 == name { print $2 }'
}

logged() { # TYPE [TEXT]
    grep "\"Type\": \"$1\"" "$LOG" | grep -- "${2-}" >/dev/null
}

written() { # N: that many files, by the program that runs now
    (($(figure snapshot_file_written_total) >= $1))
}

state_files() {
    find "$STATE" -mindepth 1 -printf '%f\n' | sort | tr '\n' ' '
}

# Starts it with the database, has it write a file of what is there now, and stops it.
make_file() {
    rm -rf -- "$STATE"
    start
    until_true 20 written 1
    stop
}

# ---- data ----

# A rule and a release of version 50 for channel $1.
add_release() { # CHANNEL
    db <<<"INSERT INTO releases (name, product, data_version, data) VALUES ('R-$1', 'Firefox', 1, '$(app_release "R-$1")');
        INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version)
        VALUES (100, 'R-$1', 100, 'minor', 'Firefox', '$1', 1)"
}

set_version() { # CHANNEL VERSION
    db <<<"UPDATE releases SET data = '$(app_release "R-$1" "$2.0")', data_version = data_version + 1 WHERE name = 'R-$1'"
}

gets() { # CHANNEL VERSION: what a client gets; '': no update
    local answer
    answer=$(ask "$(update_path "$1")") || return 1
    [[ $(sed -n 's/.*appVersion="\([^"]*\)".*/\1/p' <<<"$answer") == "$2" ]]
}

# ---- tests ----

test_starts_without_database() {
    config
    make_file
    check "the folder is closed to others" equal 700 "$(stat -c %a "$STATE")"
    check "so is the file" equal 600 "$(stat -c %a "$FILE")"
    check "nothing else is left there" equal "lock snapshot-2 " "$(state_files)"
    sandbox stop db
    start
    check "without the database it serves" gets one 50.0
    check "also what is nowhere in the rules" gets none ''
    check "a v2 release" gets two 50.0
    check "the log says where from" until_true 10 logged snapshot_file.loaded
    check "it says that it may be stale" equal 1 "$(figure snapshot_stale)"
    check "and how old it is" test "$(figure snapshot_age_seconds | cut -d. -f1)" -ge 0
    check "the heartbeat is 502" grep -q '^Status: 502' <<<"$(ask /__heartbeat__)"
    stop
    start
    check "so it does again" gets one 50.0
}

# Goes on with the worker that was started without the database.
test_database_comes_back() {
    sandbox start db
    check "the database is back" until_true 10 logged database.back
    check "nothing had changed" logged snapshot_file.compared '"0 tables or releases'
    check "it is not stale" equal 0 "$(figure snapshot_stale)"
    set_version one 51
    check "it follows the feed" until_true 5 gets one 51.0
    check "and saves that" until_true 10 written 1
    stop
}

# What happened while it was down counts as soon as the database answers.
test_changes_meanwhile() {
    make_file
    set_version one 52
    db <<<"INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('Firefox', 'two', 1)"
    sandbox stop db
    start
    check "without the database, it is as it was" gets one 51.0
    check "also what is shut off by now" gets two 50.0
    sandbox start db
    check "the shutoff counts" until_true 10 gets two ''
    check "the new version is served" gets one 52.0
    check "the comparison found both" logged snapshot_file.compared '"2 tables or releases'
    check "only that was read" equal 0 "$(figure feed_missed_total)"
    db <<<"DELETE FROM emergency_shutoffs WHERE channel = 'two'"
    check "the end of the shutoff is served" until_true 5 gets two 50.0
    stop
}

# refused TEXT: with the database a worker does not use the file, says why, and serves.
refused() {
    start
    check "it serves what the database has ($1)" until_true 10 gets one 52.0
    check "the reason is logged ($1)" logged snapshot_file.refused "$1"
    check "the file is written again ($1)" until_true 20 written 1
    stop
}

patch() { # OFFSET OCTAL: that byte of the file
    printf '%b' "\\0$2" | dd of="$FILE" bs=1 seek="$1" conv=notrunc status=none
}

test_refused_files() {
    make_file
    patch 16 003
    refused 'its format is 3'
    patch 60 000 && patch 61 377
    refused 'its checksum is wrong'
    truncate -s -1 "$FILE"
    refused 'damaged'
    truncate -s 10 "$FILE"
    refused 'too short'
    head -c 100000 /dev/urandom >"$FILE"
    refused 'not a snapshot file'
    chmod 666 "$FILE"
    refused 'other users may write'
    rm "$FILE" && mkfifo "$FILE"
    refused 'not a regular file'
    config max_stale_s=3600
    touch -d '2 hours ago' "$FILE"
    refused 'more than max_stale_s'
    config
}

# A file of another database, or of one that was restored since: the feed's newest change is another one.
test_foreign_file() {
    make_file
    db <<<"UPDATE balrog_changes SET at = at - 5000 ORDER BY id DESC LIMIT 1"
    db <<<"UPDATE releases SET data = '$(app_release R-one 49.0)' WHERE name = 'R-one'; DELETE FROM balrog_changes
        ORDER BY id DESC LIMIT 1"
    start
    check "another database is noticed" until_true 10 logged snapshot_file.foreign
    check "everything is read again, the data versions are equal" until_true 10 gets one 49.0
    stop
    set_version one 52
}

# Killed at any moment, it leaves a whole file.
test_killed_while_writing() {
    local i whole=0
    make_file
    start
    for i in {1..12}; do
        set_version one "6$i"
        until_true 5 gets one "6$i.0"
        sleep "0.$((RANDOM % 10))" # any moment of the second in which it is written
        stop KILL
        start
        until_true 5 logged snapshot_file.loaded || break
        whole=$i
    done
    stop KILL
    check "after each kill there was a whole file" equal 12 "$whole"
    start
    set_version one 70
    check "what a killed one left is replaced" until_true 20 written 1
    check "and nothing else is left" equal "lock snapshot-2 " "$(state_files)"
    stop
}

test_two_programs() {
    local other i
    make_file
    start
    sed "s|^socket = .*|socket = $OWN.2.sock|" "$OWN.conf" >"$OWN.2.conf"
    "$BUILD/balrog-public" --config "$OWN.2.conf" </dev/null >"$OWN.2.log" 2>&1 &
    other=$!
    LOOSE+=("$other")
    until_true 10 test -S "$OWN.2.sock"
    for i in {1..9}; do
        set_version one "7$i"
        until_true 5 gets one "7$i.0"
    done
    check "a file is written" until_true 10 written 1
    rm -- "$FILE"
    check "if it is removed, it is written again" until_true 20 test -e "$FILE"
    check "neither failed to write" equal '' "$(grep snapshot_file.failed "$LOG" "$OWN.2.log" || true)"
    kill "$other"
    wait "$other" || true
    stop
    start
    check "the file is whole" until_true 10 logged snapshot_file.loaded
    stop
}

# The folder is a file system of 24 KB, which only the program sees.
# shellcheck disable=SC2016 # the inner shell expands it
on_small_disk() {
    exec unshare -rm bash -c 'mount -t tmpfs -o size=24k,mode=700 tmpfs "$0" && exec "$@"' "$STATE" "$@"
}

test_disk_full() {
    local version
    launch on_small_disk
    until_true 30 serves || { cat "$LOG" >&2 && exit 1; }
    check "a small file is written" until_true 20 written 1
    version=$(app_release R-two 50.0 "$(head -c 40000 /dev/urandom | od -An -v -tx1 | tr -d ' \n')")
    db <<<"UPDATE releases_json SET data = JSON_REMOVE('$version', '\$.platforms.p.locales'), data_version = data_version + 1;
        UPDATE release_assets SET data = JSON_EXTRACT('$version', '\$.platforms.p.locales.l'), data_version = data_version + 1"
    check "a large one does not fit" until_true 20 logged snapshot_file.failed 'No space left'
    set_version one 79
    check "changes are served all the same" until_true 5 gets one 79.0
    check "the failures are counted" test "$(figure snapshot_file_failures_total)" -ge 1
    check "they are logged once" equal 1 "$(grep -c snapshot_file.failed "$LOG")"
    db <<<"UPDATE release_assets SET data = JSON_EXTRACT('$(app_release R-two)', '\$.platforms.p.locales.l'),
        data_version = data_version + 1"
    check "when there is room again, it is written" until_true 20 logged snapshot_file.back
    stop
}

test_max_stale() {
    config max_stale_s=3
    make_file
    start
    sandbox stop db
    check "after that time clients get no updates" until_true 15 gets one ''
    check "the log says why" logged snapshot.too_old
    sandbox start db
    check "until the database is back" until_true 15 gets one 79.0
    check "the stale time is over" equal 0 "$(figure snapshot_stale)"
    stop
    config
}

break_release() { # CHANNEL
    db <<<"UPDATE releases SET data = '{broken', data_version = data_version + 1 WHERE name = 'R-$1'"
}

test_broken_release() {
    make_file
    start
    break_release one
    check "the broken release is noticed" until_true 5 logged release.broken 'the version before it is still served'
    check "it is" gets one 79.0
    check "and counted" equal 1 "$(figure snapshot_kept)"
    add_release three
    check "other changes are served" until_true 5 gets three 50.0
    check "and saved" until_true 20 written 1
    stop
    start
    check "after a restart it is still served" gets one 79.0
    check "when the database was read, too" until_true 5 logged snapshot_file.compared
    check "and counted" until_true 5 equal_figure snapshot_kept 1
    set_version one 80
    check "when it is mended, that is served" until_true 5 gets one 80.0
    check "and nothing is counted" equal 0 "$(figure snapshot_kept)"
    stop
    config keep_good_releases=no
    start
    until_true 10 equal_figure snapshot_stale 0
    break_release one
    check "unless that is not wanted" until_true 5 gets one ''
    check "the log says so" logged release.broken 'cannot be served'
    stop
    config
    set_version one 81
}

equal_figure() { # NAME VALUE
    [[ $(figure "$1") == "$2" ]]
}

# Releases that take a while to compile, each for a channel of its own, and the URLs of their clients.
MANY=120
many_sql() {
    python3 - "$MANY" <<'END'
import json, sys
for n in range(int(sys.argv[1])):
    locales = {"l%d" % i: {"buildID": "20300101000000", "completes": [{"from": "*", "filesize": i, "hashValue": "%0128x" % (n * 1000 + i)}]}
               for i in range(400)}
    blob = {"name": "Many-%d" % n, "schema_version": 4, "hashFunction": "sha512", "appVersion": "%d.0" % (n + 1),
            "displayVersion": "%d.0" % (n + 1), "platformVersion": "%d.0" % (n + 1),
            "fileUrls": {"*": {"completes": {"*": "http://download.mozilla.org/?product=Many-%d" % n}}},
            "platforms": {"p": {"OS_FTP": "p", "OS_BOUNCER": "p", "locales": locales}}}
    print("INSERT INTO releases (name, product, data_version, data) VALUES ('Many-%d', 'Firefox', 1, '%s');" % (n, json.dumps(blob)))
    print("INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version)"
          " VALUES (100, 'Many-%d', 100, 'minor', 'Firefox', 'many%d', 1);" % (n, n))
END
}

# All of them at once, each from a connection of its own. How many got their release.
# shellcheck disable=SC2016 # the inner shell expands it
ask_many() {
    local n
    for ((n = 0; n < MANY; n++)); do
        printf '%d /update/3/Firefox/0.1/20000101000000/p/l7/many%d/os/default/default/update.xml\n' $((n + 1)) "$n"
    done | xargs -P "$MANY" -L 1 "$BASH" -c '"$0" "$1" 1 each "$3" | grep "appVersion=\"$2.0\"" >/dev/null && echo served' \
        "$BUILD/test/integration/fcgi_probe" "$OWN.sock" | grep -c served || true
}

# The first snapshots lack releases that are still being compiled: who needs one waits for it.
test_nobody_gets_too_little() {
    many_sql | db
    make_file
    sandbox stop db
    start
    check "all releases are asked for as soon as it answers: every client gets its update" equal "$MANY" "$(ask_many)"
    check "the log says when all was compiled" until_true 20 logged snapshot_file.loaded
    check "all are there" equal "$MANY" "$(ask_many)"
    stop
    sandbox start db
}

# A program whose version does not fit the database ends, as it does without a file.
test_schema() {
    local status=0
    make_file
    db <<<"RENAME TABLE balrog_schema TO hidden"
    launch
    wait "$PID" || status=$?
    check "a schema that does not fit ends it" test "$status" -ne 0
    check "the log says so" logged schema.refused 'run schema-upgrade'
    db <<<"RENAME TABLE hidden TO balrog_schema"
}

sandbox_up --set public.compare_s=86400
add_release one
db <<<"INSERT INTO releases_json (name, product, data_version, data) VALUES ('R-two', 'Firefox', 1,
        JSON_REMOVE('$(app_release R-two)', '\$.platforms.p.locales'));
    INSERT INTO release_assets (name, path, data_version, data) VALUES ('R-two', '.platforms.p.locales.l', 1,
        JSON_EXTRACT('$(app_release R-two)', '\$.platforms.p.locales.l'));
    INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version)
        VALUES (100, 'R-two', 100, 'minor', 'Firefox', 'two', 1)"
test_starts_without_database
test_database_comes_back
test_changes_meanwhile
test_refused_files
test_foreign_file
test_killed_while_writing
test_two_programs
test_disk_full
test_max_stale
test_broken_release
test_nobody_gets_too_little
test_schema
summary
