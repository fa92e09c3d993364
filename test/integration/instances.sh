#!/bin/bash
# app_instances and the schema range: programs report themselves, leave no trace of a clean end, and refuse to start on
# a schema that does not fit them; a primary that is away keeps nobody from serving.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: instances.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
BUILD=$(realpath -m -- "${BALROG_BUILD:-$TOP/build}")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"

VERSION=$(<"$TOP/VERSION")
AGENT=/app_instances/host:balrog-agent:7:1
REPORT='{"program": "balrog-agent", "host": "host", "pid": 7, "version": "0.2", "detail": {"enacted": 3}}'

cat >"$WORK/state.sql" <<'SQL'
INSERT INTO permissions (permission, username, options, data_version) VALUES
    ('admin', 'ann@example.org', NULL, 1), ('rule', 'bob@example.org', NULL, 1),
    ('scheduled_change', 'balrogagent', '{"actions": ["enact"]}', 1);
SQL

# until_query SECONDS WANTED SQL: it answers that within the time.
until_query() {
    local end=$((SECONDS + $1))
    until [[ $(query "$3") == "$2" ]]; do
        ((SECONDS < end)) || { equal "$2" "$(query "$3")" && return 1; }
        sleep 0.1
    done
}

# rows PROGRAM: its rows of this version that were seen just now, as pids.
rows() {
    query "SELECT pid FROM app_instances WHERE program = '$1' AND version = '$VERSION' AND host = '$(hostname)'
        AND instance = CONCAT(host, ':', program, ':', pid, ':', SUBSTRING_INDEX(instance, ':', -1))
        AND seen_at >= started_at AND seen_at > UNIX_TIMESTAMP() * 1000 - 60000 ORDER BY pid"
}

pids() {
    sandbox pids "$BOX" "$1" | sort -n | tr '\n' ' ' | sed 's/ $//'
}

# refuses PROGRAM TEXT: it does not start, with exit status 4, and says so.
refuses() {
    local status=0 conf=$BOX/balrog.conf
    [[ $1 == public ]] || conf=$BOX/admin.conf
    sed "s|^socket = .*/$1.sock|socket = $WORK/other.sock|" "$conf" >"$WORK/other.conf"
    timeout 20 "$BUILD/balrog-$1" --config "$WORK/other.conf" >"$WORK/out" 2>&1 </dev/null || status=$?
    equal 4 "$status" && { grep -qF -- "$2" "$WORK/out" || { tail -n 3 "$WORK/out" >&2 && return 1; }; }
}

test_reports() {
    check "the public workers are there" equal "$(pids public)" "$(rows balrog-public)"
    check "the admin's workers are there" equal "$(pids admin)" "$(rows balrog-admin)"
    check "with figures" until_query 20 1 "SELECT MIN(JSON_VALUE(detail, '\$.generation')) >= 1 FROM app_instances
        WHERE program = 'balrog-public'"
    sandbox stop "$BOX" public
    check "a clean end takes the row away" equal '' "$(rows balrog-public)"
    sandbox start "$BOX" public
    until_query 20 "$(pids public | wc -w)" "SELECT COUNT(*) FROM app_instances WHERE program = 'balrog-public'" ||
        FAILED=$((FAILED + 1))
    local old
    old=$(sandbox pids "$BOX" public | sed -n 1p)
    kill -KILL "$old"
    check "a killed one leaves its row" equal 1 "$(query "SELECT COUNT(*) FROM app_instances WHERE pid = $old")"
    run_sql <<<"UPDATE app_instances SET seen_at = seen_at - 90000000 WHERE pid = $old"
    sandbox stop "$BOX" public
    sandbox start "$BOX" public
    check "which is forgotten after a day" until_query 20 0 "SELECT COUNT(*) FROM app_instances WHERE pid = $old"
}

test_api() {
    check "an agent reports itself" gives 200 balrogagent PUT "$AGENT" "$REPORT"
    check "and again" gives 200 balrogagent PUT "$AGENT" "$REPORT"
    check "anybody who is known sees it" gives 200 bob@example.org GET /app_instances
    check "as what it is" body_has '"instance":"host:balrog-agent:7:1"'
    check "alive" body_has '{"alive":true,"detail":{"enacted":3},"host":"host"'
    check "beside the others" body_has '"program":"balrog-public"'
    check "nobody does" gives 401 - GET /app_instances
    run_sql <<<"UPDATE app_instances SET seen_at = seen_at - 120001 WHERE program = 'balrog-agent'"
    gives 200 ann@example.org GET /app_instances || true
    check "one that was not seen for two minutes is not alive" body_has '{"alive":false,"detail":{"enacted":3}'
    check "others may not report" refused 403 'not allowed to report an instance' bob@example.org PUT "$AGENT" "$REPORT"
    check "nor delete" gives 403 bob@example.org DELETE "$AGENT"
    check "a report says who it is" refused 400 "'program' is a required property" balrogagent PUT "$AGENT" '{}'
    check "and not too much" refused 400 'at most 2000 bytes' balrogagent PUT "$AGENT" \
        "${REPORT/3/\"$(printf '%02000d' 0)\"}"
    check "under a name that fits" gives 400 balrogagent PUT "/app_instances/$(printf '%0161d' 0)" "$REPORT"
    check "it leaves" gives 200 balrogagent DELETE "$AGENT"
    check "once" gives 404 balrogagent DELETE "$AGENT"
}

test_range() {
    run_sql <<<"INSERT INTO balrog_schema (version, name, phase, checksum, applied_at, balrog_version, min_version)
        VALUES (99, 'test', 'destructive', '', NULL, 'test', '$VERSION')"
    check "a destructive step for this version is fine" gives 200 ann@example.org GET /rules
    sandbox restart "$BOX" public
    check "and it starts" equal "$(pids public)" "$(rows balrog-public)"
    run_sql <<<"UPDATE balrog_schema SET min_version = '99.0' WHERE version = 99"
    local program
    for program in public admin; do
        check "$program refuses a schema that it is too old for, before the step is done" refuses "$program" \
            "step 99 leaves only v99.0 and later; this is v$VERSION"
    done
    check "those that run go on" gives 200 ann@example.org GET /rules
    run_sql <<<"DELETE FROM balrog_schema WHERE version = 99;
        UPDATE balrog_schema SET applied_at = NULL WHERE version >= 2 AND phase = 'additive'"
    for program in public admin; do
        check "$program refuses a schema that lacks a step" refuses "$program" 'run schema-upgrade --phase additive'
    done
    check "without a trace" equal "$(pids admin)" "$(rows balrog-admin)"
}

# within_10s COMMAND…: it succeeds in the end. (After a failure the admin tries no connection for a moment.)
within_10s() {
    local end=$((SECONDS + 10))
    until "$@" 2>"$WORK/said"; do
        ((SECONDS < end)) || { cat "$WORK/said" >&2 && return 1; }
        sleep 0.1
    done
}

# An admin that could not ask at its start asks before the first request.
test_late_answer() {
    sandbox stop "$BOX" db
    sandbox stop "$BOX" admin
    sandbox start "$BOX" admin
    check "without a database there is no answer" gives 503 ann@example.org GET /rules
    sandbox start "$BOX" db
    check "then the schema is looked at" within_10s refused 503 'the schema is too old' ann@example.org GET /rules
    run_sql <<<"UPDATE balrog_schema SET applied_at = 1 WHERE version >= 2 AND phase = 'additive'"
    check "and once it fits, it serves" gives 200 ann@example.org GET /rules
}

test_primary_away() {
    variables=$(sandbox up "$BOX" --set primary.socket=/nonexistent/primary.sock --set primary.user=balrog_public)
    eval "$variables"
    check "serving needs no primary" equal 200 "$(curl -s --noproxy '*' -o "$WORK/body" -w '%{http_code}' \
        "$PUBLIC_URL/update/3/Firefox/1.0/1/p/l/c/os/d/d/update.xml")"
    check "the log tells" grep -q 'instance.unreported.*nonexistent' "$BOX/log/public.log"
    check "once" equal "$(pids public | wc -w)" "$(grep -c 'instance.unreported.*nonexistent' "$BOX/log/public.log")"
}

test_rights() {
    check "balrog_public can write nothing else" equal \
        "DELETE,INSERT,SELECT,UPDATE:app_instances" "$(query "SELECT CONCAT(GROUP_CONCAT(privilege_type
        ORDER BY privilege_type), ':', table_name) FROM information_schema.table_privileges
        WHERE grantee LIKE '''balrog_public%' GROUP BY table_name HAVING COUNT(*) > 1")"
}

admin_up "$WORK/state.sql"
test_reports
test_api
test_range
test_late_answer
test_primary_away
test_rights
summary
