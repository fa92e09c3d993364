#!/bin/bash
# balrog-admin and a database that hangs, holds locks, or is killed while many write: every request is answered, 503
# with Retry-After where it could not be done, and what was answered with 200 is there afterwards, whole.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: admin_outage.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
MANY=1000 # submissions: enough for some to be under way when the database is killed
HASH=$(printf 'ab%.0s' {1..64})

rows() {
    echo "INSERT INTO permissions (username, permission, data_version) VALUES ('admin@x', 'admin', 1);
        INSERT INTO releases (name, product, data, data_version) VALUES ('R', 'Firefox', '{\"name\":\"R\",\"schema_version\":50}', 1);
        INSERT INTO rules (rule_id, priority, mapping, backgroundRate, update_type, product, channel, data_version)
            VALUES (1, 1, 'R', 100, 'minor', 'Firefox', 'c', 1);"
}

# within SECONDS COMMAND…: it succeeds, and takes no longer.
within() {
    local end=$((SECONDS + $1 + 1))
    shift
    "$@" && { ((SECONDS <= end)) || { echo "  took $((SECONDS - end + $1 + 1)) s" >&2 && return 1; }; }
}

comes_back() {
    grep -qi '^Retry-After: [0-9]' "$WORK/head"
}

# gives_soon STATUS …: that, within a few seconds.
gives_soon() {
    for _ in {1..50}; do
        [[ $(ask "${@:2}") != "$1" ]] || return 0
        sleep 0.1
    done
    gives "$@"
}

hangs() {
    local pid
    pid=$(sandbox pids "$BOX" db)
    check "a change" gives 200 admin@x POST /rules/1 '{"comment":"a","data_version":1}'
    kill -STOP "$pid"
    check "a database that hangs" within 15 gives 503 admin@x POST /rules/1 '{"comment":"b","data_version":2}'
    check "come back later" comes_back
    check "reading" within 15 gives 503 - GET /rules/1
    check "the load balancer's question" within 2 gives 200 - GET /__lbheartbeat__
    kill -CONT "$pid"
    check "it goes on" gives_soon 200 - GET /rules/1
    check "the change was not made" body_has '"comment": "a"'
    check "and can be" gives_soon 200 admin@x POST /rules/1 '{"comment":"b","data_version":2}'
}

# A row that somebody else has locked for longer than anybody waits.
locked() {
    mkfifo "$WORK/session"
    sandbox sql "$BOX" <"$WORK/session" >/dev/null &
    local session=$!
    exec 7>"$WORK/session"
    printf 'START TRANSACTION; SELECT * FROM rules WHERE rule_id = 1 FOR UPDATE;\n' >&7
    sleep 0.5
    check "a lock that stays" within 50 gives 503 admin@x POST /rules/1 '{"comment":"c","data_version":4}'
    check "come back later" comes_back
    check "readers do not wait" within 2 gives 200 - GET /rules/1
    check "nothing was changed" body_has '"comment": "b"'
    exec 7>&-
    wait "$session" || true
    check "then it can be" gives 200 admin@x POST /rules/1 '{"comment":"c","data_version":4}'
}

submissions() {
    local i
    for ((i = 0; i < MANY; i++)); do
        printf '%s\n' "url = \"$ADMIN_URL/v2/releases/V\"" 'request = POST' 'header = "X-Test-User: admin@x"' \
            'header = "Content-Type: application/json"' 'output = "/dev/null"' 'noproxy = "*"' 'max-time = 60' \
            "write-out = \"%{http_code} l$i\\n\"" \
            "data-binary = \"{\\\"blob\\\":{\\\"platforms\\\":{\\\"P\\\":{\\\"locales\\\":{\\\"l$i\\\":{\\\"buildID\\\":\\\"20230101000000\\\",\\\"completes\\\":[{\\\"filesize\\\":1,\\\"from\\\":\\\"*\\\",\\\"hashValue\\\":\\\"$HASH\\\"}]}}}}},\\\"old_data_versions\\\":{}}\"" next
    done | sed '$d'
}

# Kills the database once some submissions have landed, and starts it again.
crash() {
    for _ in {1..600}; do
        (($(query "SELECT COUNT(*) FROM release_assets") < 30)) || break
        sleep 0.02
    done
    kill -KILL "$(sandbox pids "$BOX" db)"
    sleep 1
    sandbox start "$BOX" db >>"$WORK/log" 2>&1
}

crashes() {
    check "a release" gives 200 admin@x PUT /v2/releases/V '{"product":"Firefox","blob":{"name":"V","schema_version":9,
        "hashFunction":"sha512","appVersion":"1.0","displayVersion":"1","platforms":{"P":{"locales":{}}}}}'
    submissions >"$WORK/curl"
    curl -s -Z --parallel-max 16 --config "$WORK/curl" >"$WORK/answers" 2>/dev/null &
    local client=$!
    crash
    wait "$client" || true
    check "each was answered" equal "$MANY" "$(wc -l <"$WORK/answers")"
    check "with 200 or 503" equal '' "$(grep -v '^\(200\|503\) ' "$WORK/answers" | head -n 3)"
    check "some of them with 200" grep -q '^200 ' "$WORK/answers"
    check "some with 503" grep -q '^503 ' "$WORK/answers"
    sed -n 's/^200 //p' "$WORK/answers" | sort >"$WORK/landed"
    query "SELECT CONCAT(SUBSTRING_INDEX(path, '.', -1), '|') FROM release_assets" | tr '|' '\n' | tr -d ' ' | sed '/^$/d' | sort >"$WORK/there"
    check "those are there" equal '' "$(comm -23 "$WORK/landed" "$WORK/there")"
    check "all of them whole" equal "$(wc -l <"$WORK/there")" "$(query "SELECT COUNT(*) FROM release_assets a
        JOIN balrog_release_history h ON h.tbl = 'release_assets' AND h.name = a.name AND h.path = a.path AND h.data_version = 1
        JOIN balrog_release_heads d ON d.tbl = h.tbl AND d.name = h.name AND d.path = h.path AND d.change_id = h.change_id")"
    check "and nothing else" equal "$(wc -l <"$WORK/there")" "$(query "SELECT COUNT(*) FROM balrog_release_history WHERE path <> ''")"
    check "all as before" gives_soon 200 admin@x POST /rules/1 '{"comment":"b","data_version":3}'
}

rows >"$WORK/rows.sql"
admin_up "$WORK/rows.sql" --set public.poll_ms=60000 --set database.read_timeout_s=2 --set database.connect_timeout_s=2
hangs
crashes
sandbox up "$BOX" --set database.read_timeout_s=30 >>"$WORK/log" 2>&1
sandbox restart "$BOX" admin
[[ -z ${BALROG_TEST_FULL-} ]] || locked
summary
