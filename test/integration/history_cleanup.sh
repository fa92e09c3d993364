#!/bin/bash
# history-cleanup: old history of nightly releases is deleted, in batches, even if it is interrupted often. Every version that is
# kept can be read as it was written, and the next one can be written.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: history_cleanup.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
root=$here/../..
tool=${BALROG_BUILD:-$root/build}/test/integration/history_tool
work=$(mktemp -d)
trap 'stop_mariadb "$work"; rm -rf "$work"' EXIT

start_mariadb "$work"
sql "$work" mysql <<<"CREATE DATABASE balrog"
"$root/scripts/schema-upgrade" --execute --socket "$work/sock" --user root --database balrog >"$work/schema.log" 2>&1 ||
    { cat "$work/schema.log" >&2 && exit 1; }
mkdir "$work/environments"
printf '[client]\nsocket = %s\nuser = root\n' "$work/sock" >"$work/admin.cnf"
printf 'history password\n' >"$work/password"
"$root/scripts/create-db-users" --execute --socket "$work/sock" --user root --database balrog \
    --history-password-file "$work/password" --admin-password-file "$work/password" >"$work/users.log"
printf '[client]\nsocket = %s\nuser = balrog_history\npassword = "history password"\n' "$work/sock" >"$work/history.cnf"
printf 'root = %s\ndatabase_defaults_file = %s\nhistory_defaults_file = %s\n' "$work" "$work/admin.cnf" "$work/history.cnf" \
    >"$work/environments/stage.conf"
export BALROG_ENVIRONMENTS=$work/environments BALROG_TEST_SOCKET=$work/sock BALROG_TEST_DB=balrog
N=Firefox-mozilla-central-nightly-latest

query() { sql "$work" balrog; }
answers() { equal "$1" "$(query <<<"$2" | tr '\t' ' ' | paste -s -d ';')"; }

# cleanup STATUS [OPTION…]: what it says is left in $SAID.
cleanup() {
    local wanted=$1 status=0
    shift
    SAID=$("$root/scripts/history-cleanup" -e stage "$@" 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { echo "  exit status $status, wanted $wanted: $SAID" >&2 && return 1; }
}

said() { [[ $SAID == *"$1"* ]] || { echo "  it said: $SAID" >&2 && return 1; }; }

# are NAME VERSIONS: what is recorded of the release, each version readable.
are() {
    equal "$2" "$("$tool" check releases "$1" | paste -s -d ' ')"
}

# A release whose version V was written (250 - V) days ago, V from 1 to 249, with key frames at 1, 101, 201.
make_release() { # NAME
    "$tool" write releases "$1" 1 249
    query <<<"UPDATE balrog_release_history SET timestamp = (UNIX_TIMESTAMP() - 86400 * (250 - data_version)) * 1000
        WHERE name = '$1'"
}

test_usage() {
    check "no environment" equal 2 "$("$root/scripts/history-cleanup" --execute >/dev/null 2>&1 || echo $?)"
    check "all releases" cleanup 2 --names '%'
    check "no days" cleanup 2 --days 0
}

# It has an account of its own, which may do what is needed here and no more.
test_account() {
    local own=(--defaults-file="$work/history.cnf" balrog)
    check "its account rewrites no history" denied "UPDATE rules_scheduled_changes SET complete = 1" "${own[@]}"
    check "nor that of rules" denied "DELETE FROM rules_history" "${own[@]}"
    check "nor adds anything" denied "INSERT INTO balrog_release_history (tbl) VALUES ('x')" "${own[@]}"
    check "nor changes permissions" denied "DELETE FROM permissions" "${own[@]}"
    printf '[client]\nsocket = %s\nuser = balrog_admin\npassword = "history password"\n' "$work/sock" >"$work/program.cnf"
    check "the admin's account cannot do it" refused_admin
    check "as the database says" said "DELETE command denied to user 'balrog_admin'"
}

refused_admin() {
    make_release denied-1
    cleanup 1 --names 'denied%' --days 60 --execute --pause 0 --defaults-file "$work/program.cnf" &&
        are denied-1 "$(seq -s ' ' 1 249)"
}

# denied SQL OPTION…: the database refuses it.
denied() {
    local statement=$1
    shift
    ! mariadb "$@" -e "$statement" 2>"$work/denied" && grep -q "denied" "$work/denied"
}

test_versions() {
    make_release "$N"
    make_release Firefox-130.0-build1
    check "a plan" cleanup 0 --days 60
    check "it counts" said "balrog_release_history: 100 versions of 1 releases and assets"
    check "it deletes nothing" are "$N" "$(seq -s ' ' 1 249)"
    # Version 190 is 60 days old: it is kept, so its key frame 101 is, too.
    check "cleaning up" cleanup 0 --days 60 --execute --batch 7 --pause 0
    check "it says how much" said "100 rows were deleted"
    check "what stays can be read" are "$N" "$(seq -s ' ' 101 249)"
    check "other releases stay" are Firefox-130.0-build1 "$(seq -s ' ' 1 249)"
    check "there is no more" cleanup 0 --days 60 --execute
    check "as it says" said "done: 0 rows were deleted"
    "$tool" write releases "$N" 250 252
    check "it can be written to" are "$N" "$(seq -s ' ' 101 252)"
    query <<<"UPDATE balrog_release_history SET timestamp = 1000 * data_version WHERE name = '$N'"
    check "when all is old" cleanup 0 --days 60 --execute --pause 0
    check "the newest stays, with what it needs" are "$N" "$(seq -s ' ' 201 252)"
}

# The version that was there when the time began is one that was there within the time.
test_edge() {
    make_release edge-nightly
    # 49.5 days: version 201, a key frame, is 49 days old; version 200 was the release until then.
    query <<<"UPDATE balrog_release_history SET timestamp = timestamp - 43200000 WHERE name = 'edge-nightly' AND data_version < 201"
    check "a version that was replaced within the time" cleanup 0 --names 'edge%' --days 50 --execute --pause 0
    check "it stays, with what it needs" are edge-nightly "$(seq -s ' ' 101 249)"
    check "one that was replaced before" cleanup 0 --names 'edge%' --days 48 --execute --pause 0
    check "it goes" are edge-nightly "$(seq -s ' ' 201 249)"
}

test_deleted() {
    local name=Firefox-mozilla-central-nightly-20200101000000
    "$tool" write releases "$name" 1 12
    "$tool" delete releases "$name" 12
    check "a deleted release that is new stays" cleanup 0 --execute --pause 0
    check "whole" are "$name" "$(seq -s ' ' 1 12) -"
    query <<<"UPDATE balrog_release_history SET timestamp = 5 WHERE name = '$name'"
    "$tool" write releases "$name" 1 3
    check "one that was made again" cleanup 0 --execute --pause 0
    check "keeps what it was at the edge, and since" are "$name" "$(seq -s ' ' 1 12) - 1 2 3"
    query <<<"UPDATE balrog_release_history SET timestamp = 6 WHERE name = '$name'"
    check "when that is old, too" cleanup 0 --execute --pause 0
    check "the newest life stays" are "$name" "1 2 3"
    "$tool" delete releases "$name" 3
    query <<<"UPDATE balrog_release_history SET timestamp = 7 WHERE name = '$name'"
    check "a deleted one that is old" cleanup 0 --execute --pause 0
    check "goes whole" are "$name" ""
    check "with its head" answers 0 "SELECT COUNT(*) FROM balrog_release_heads WHERE name = '$name'"
    "$tool" write releases "$name" 1 2
    check "it can be made again" are "$name" "1 2"
}

count() { query <<<"SELECT COUNT(*) FROM balrog_release_history WHERE name = '$1'"; }

# Killed between two batches: what is left can be read, and the next run goes on.
test_interrupted() {
    local pid
    make_release killed-nightly
    setsid "$root/scripts/history-cleanup" -e stage --names 'killed%' --days 30 --execute --batch 30 --pause 60000 \
        >"$work/killed.log" 2>&1 &
    pid=$!
    disown
    until [[ $(count killed-nightly) -lt 249 ]]; do
        kill -0 "$pid" || { cat "$work/killed.log" >&2 && check "it goes on after the first batch" false && return; }
        sleep 0.05
    done
    check "one at a time" cleanup 4 --days 30 --execute
    kill -KILL -- "-$pid"
    check "what is left can be read" are killed-nightly "$(seq -s ' ' 1 170) $(seq -s ' ' 201 249)"
    until [[ -z $(query <<<"SELECT 1 FROM information_schema.processlist WHERE command = 'Sleep'") ]]; do
        sleep 0.05
    done
    check "little time" cleanup 0 --names 'killed%' --days 30 --execute --batch 50 --pause 1100 --for 1
    check "it says so" said "the time is over: "
    check "the next run goes on" cleanup 0 --names 'killed%' --days 30 --execute --pause 0
    check "to the end" are killed-nightly "$(seq -s ' ' 201 249)"
}

# A scheduled change of release $2, with its histories; $3: complete, or - when its row is gone; $4: its age in days.
scheduled() { # SC_ID NAME COMPLETE DAYS
    local t="(UNIX_TIMESTAMP() - 86400 * $4) * 1000"
    query <<END
INSERT INTO releases_scheduled_changes_history (changed_by, timestamp, sc_id, base_name, base_data)
    VALUES ('u', $t - 1, $1, NULL, NULL), ('u', $t, $1, '$2', '{}');
INSERT INTO releases_scheduled_changes_conditions_history (changed_by, timestamp, sc_id) VALUES ('u', $t, $1);
INSERT INTO releases_scheduled_changes_signoffs_history (changed_by, timestamp, sc_id, username) VALUES ('u', $t, $1, 'u');
END
    [[ $3 == - ]] || query <<<"INSERT INTO releases_scheduled_changes (sc_id, scheduled_by, complete, change_type, base_name,
        data_version) VALUES ($1, 'u', $3, 'update', '$2', 1)"
}

test_scheduled() {
    scheduled 1 "$N" 1 200
    scheduled 2 "$N" 0 200
    scheduled 3 "$N" 1 10
    scheduled 4 Firefox-130.0-build1 1 200
    scheduled 5 "$N" - 200
    check "a plan" cleanup 0
    check "it counts rows" said "releases_scheduled_changes_history: 4 rows of 2 changes"
    check "scheduled changes" cleanup 0 --execute --batch 1 --pause 0
    local part
    for part in '' _conditions _signoffs; do
        check "pending, new and other releases' stay (history${part})" answers "2;3;4" \
            "SELECT DISTINCT sc_id FROM releases_scheduled_changes${part}_history ORDER BY 1"
    done
    check "what was scheduled stays" answers 4 "SELECT COUNT(*) FROM releases_scheduled_changes"
}

# Old releases of which nothing is left where nothing names them: of each kind that stays one, and one that goes.
test_releases() {
    local table name day=20200101000000
    for table in releases releases_json; do
        # What is not nightly, not old or without a date; what is read-only; and what somebody names.
        for name in "X-nightly-$day" "X-release-$day" X-nightly-latest X-nightly-99999999999999 \
            "X-nightly-$(date -u +%Y%m%d%H%M%S)" "locked-nightly-$day" "mapped-nightly-$day" "fallback-nightly-$day" \
            "pinned-nightly-$day" "scheduled-nightly-$day" "changing-nightly-$day" "part-nightly-$day" "named-nightly-$day" \
            "soon-nightly-$day"; do
            "$tool" write "$table" "$table-$name" 1 3
        done
        query <<END
UPDATE $table SET read_only = 1 WHERE name = '$table-locked-nightly-$day';
INSERT INTO rules (priority, update_type, mapping, fallbackMapping, data_version)
    VALUES (1, 'minor', '$table-mapped-nightly-$day', '$table-fallback-nightly-$day', 1);
INSERT INTO pinnable_releases VALUES ('$table', '1.', 'c', '$table-pinned-nightly-$day', 1);
INSERT INTO rules_scheduled_changes (scheduled_by, complete, change_type, base_mapping, data_version)
    VALUES ('u', 0, 'insert', '$table-scheduled-nightly-$day', 1), ('u', 1, 'insert', '$table-X-nightly-$day', 1);
INSERT INTO ${table}_scheduled_changes (scheduled_by, complete, change_type, base_name, data_version)
    VALUES ('u', 0, 'update', '$table-changing-nightly-$day', 1);
INSERT INTO ${table}_scheduled_changes (scheduled_by, complete, change_type, base_name, base_data, data_version)
    VALUES ('u', 0, 'insert', 'Super', '{"blobs": ["$table-soon-nightly-$day"]}', 1);
UPDATE $table SET data = '{"products":["$table-part-nightly-$day"]}' WHERE name = '$table-mapped-nightly-$day';
UPDATE $table SET data = '{"from": "$table-named-nightly-$day"}' WHERE name = '$table-X-nightly-latest';
UPDATE $table SET data = '{"from": "$table-X-nightly-$day"}' WHERE name = '$table-X-nightly-$day';
END
    done
    # A partial's source stands in an asset; that of a release that goes itself does not count.
    query <<<"INSERT INTO release_assets VALUES ('releases_json-X-nightly-latest', '.p', '{\"from\": \"releases-X-nightly-20200102000000\"}', 1),
        ('releases_json-X-nightly-$day', '.p', '{\"from\": \"releases-X-nightly-$day\"}', 1)"
    "$tool" write releases releases-X-nightly-20200102000000 1 1
    left >"$work/before"
    check "releases stay unless they are to go" cleanup 0 --execute --pause 0
    check "all of them" equal "$(<"$work/before")" "$(left)"
    check "a plan" cleanup 0 --releases --names "releases%nightly%"
    check "names them" said "releases: 2"$'\n'"    releases-X-nightly-$day"$'\n'"    releases_json-X-nightly-$day"
    check "and does nothing" equal "$(<"$work/before")" "$(left)"
    query <<<"DELETE FROM balrog_changes"
    check "old releases go" cleanup 0 --releases --names "releases%nightly%" --execute --pause 0
    check "those that nothing names, and no others" equal "$(grep -v -- "-X-nightly-$day\$" "$work/before")" "$(left)"
    check "with all that there was of them" answers "0 0 0" "SELECT
        (SELECT COUNT(*) FROM release_assets WHERE name LIKE '%-X-nightly-$day'),
        (SELECT COUNT(*) FROM balrog_release_history WHERE name LIKE '%-X-nightly-$day'),
        (SELECT COUNT(*) FROM balrog_release_heads WHERE name LIKE '%-X-nightly-$day')"
    check "the others' history is there" are "releases-mapped-nightly-$day" "1 2 3"
    check "workers are told" answers 2 "SELECT COUNT(*) FROM balrog_changes WHERE op = 'D' AND k LIKE '%-X-nightly-$day' AND path IS NULL"
    "$tool" write releases "releases-X-nightly-$day" 1 2
    check "one can be made again" are "releases-X-nightly-$day" "1 2"
}

left() {
    query <<<"SELECT name FROM releases UNION ALL SELECT name FROM releases_json ORDER BY 1"
}

test_usage
test_account
test_versions
test_edge
test_deleted
test_interrupted
test_scheduled
test_releases
summary
