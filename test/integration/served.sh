#!/bin/bash
# GET /served: what a write changes is in every balrog-public's snapshot within seconds, and the API says so; not before, not
# while one of them hangs, and not for what was rolled back.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: served.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=test/integration/admin_lib.sh
. "$TOP/test/integration/admin_lib.sh"
STOP='{"product": "Firefox", "channel": "release"}'
URL=/update/6/Firefox/1.0/20200101000000/P/de/release/os/SSE/default/default/update.xml

cat >"$BOX.sql" <<'END_ROWS'
INSERT INTO permissions (username, permission, options, data_version) VALUES ('admin@x', 'admin', NULL, 1), ('rel@x', 'rule', NULL, 1);
INSERT INTO releases (name, product, data_version, data) VALUES
    ('R', 'Firefox', 1, '{"name": "R", "schema_version": 1, "hashFunction": "sha512", "platforms": {}}');
END_ROWS

feed_id() {
    sed -n 's/^X-Feed-Id: \([0-9]*\)\r$/\1/p' "$WORK/head"
}

is_served() { # ID
    [[ $(ask rel@x GET "/served?feed_id=$1") == 200 ]] && grep -q '"served":true}$' "$WORK/body"
}

reports() { # TEXT: a report in the table has it
    [[ $(query "SELECT COUNT(*) FROM app_instances WHERE program = 'balrog-public' AND detail LIKE '%$1%'") -gt 0 ]]
}

test_stop() {
    local id start
    check "a stop" gives 201 admin@x POST /emergency_shutoff "$STOP"
    id=$(feed_id)
    check "tells which change it is" equal "$id" "$(query 'SELECT MAX(id) FROM balrog_changes')"
    start=$(date +%s%3N)
    check "which is served by all within seconds" until_true 20 is_served "$id"
    printf '# proved after %s ms\n' $(($(date +%s%3N) - start))
    check "by both" equal 2 "$(grep -o '"instance"' "$WORK/body" | wc -l)"
    check "without an id, the newest is asked for" gives 200 rel@x GET /served
    check "and is served, too" body_has "\"feed_id\":$id,\"instances\""
    check "as /status shows for each" gives 200 rel@x GET /api/status
    check "with the same id" equal 2 "$(grep -o "\"feed_id\":$id," "$WORK/body" | wc -l)"
}

# A program that hangs does not serve it, whatever the others do.
test_hanging() {
    local id pid
    pid=$(sandbox pids "$BOX" public | tr ' ' '\n' | tail -n 1)
    kill -STOP "$pid"
    check "the end of the stop" gives 200 admin@x DELETE '/emergency_shutoff/Firefox/release?data_version=1'
    id=$(feed_id)
    check "is served by the one that runs" until_true 20 reports "\"feed_id\":$id,"
    check "but not by all" equal 1 "$(is_served "$id" && echo 0 || echo 1)"
    check "of whom one is named" equal 1 "$(grep -o '"served":true,' "$WORK/body" | wc -l)"
    kill -CONT "$pid"
    check "once it goes on, it is" until_true 20 is_served "$id"
}

test_gaps() {
    local id
    check "a dry run" gives 200 admin@x POST '/emergency_shutoff?dry_run=1' "$STOP"
    check "changes nothing, and says no id" equal '' "$(feed_id)"
    check "what it would have been is no change" gives 404 rel@x GET "/served?feed_id=$(($(query 'SELECT MAX(id) FROM balrog_changes') + 1))"
    check "the next one" gives 201 admin@x POST /emergency_shutoff "$STOP"
    id=$(feed_id)
    check "is served" until_true 20 is_served "$id"
    check "although one is missing before it" reports "\"feed_missing\":[[$((id - 1)),$((id - 1))]]"
    check "which is no change" refused 404 "There is no change $((id - 1))" rel@x GET "/served?feed_id=$((id - 1))"
    check "what the feed has dropped" equal '' "$(run_sql <<<"DELETE FROM balrog_changes WHERE id < $id")"
    check "is served, too" is_served 1
}

# Changes whose ids are used before they can be seen: of a transaction that lasts.
test_late() {
    local early late
    mkfifo "$WORK/sql"
    run_sql <"$WORK/sql" >/dev/null &
    exec {OPEN}>"$WORK/sql"
    printf "START TRANSACTION; INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('a', 'early', 1);\n" >&$OPEN
    check "a transaction has begun" until_true 20 locked
    check "another one ends first" gives 201 admin@x POST /emergency_shutoff '{"product": "b", "channel": "late"}'
    late=$(feed_id)
    early=$((late - 1))
    check "it is served" until_true 20 is_served "$late"
    check "the first is not there" gives 404 rel@x GET "/served?feed_id=$early"
    printf 'COMMIT;\n' >&$OPEN
    exec {OPEN}>&-
    check "once it is, it is served as well" until_true 20 is_served "$early"
    wait
}

locked() {
    [[ $(query "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0") == 1 ]]
}

test_writes() {
    check "a permission is nothing that is served" gives 201 admin@x PUT /users/new@x/permissions/rule '{}'
    check "so it has no id" equal '' "$(feed_id)"
    check "a rule" gives 200 admin@x POST /rules '{"product": "Firefox", "channel": "x", "update_type": "minor", "backgroundRate": 100, "priority": 1, "mapping": "R"}'
    check "has one" test "$(feed_id)" -gt 1
    check "its reading has none" gives 200 admin@x GET /rules
    check "of course" equal '' "$(feed_id)"
    check "a refusal has none" gives 400 admin@x POST /rules '{}'
    check "either" equal '' "$(feed_id)"
}

test_refusals() {
    check "strangers" gives 403 stranger@x GET /served
    check "nobody" gives 401 - GET /served
    check "no number" refused 400 feed_id rel@x GET /served?feed_id=x
    check "no id" refused 400 "less than the minimum of 1" rel@x GET /served?feed_id=0
    check "a future one" refused 404 "the newest is" rel@x GET /served?feed_id=999999
    sandbox stop "$BOX" public
    check "if nobody serves" gives 200 rel@x GET /served
    check "nothing is served" body_has '"instances":[],"served":false}'
}

admin_up "$BOX.sql" --workers 2
check "clients are answered" test "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "$PUBLIC_URL$URL")" == 200
test_stop
test_hanging
test_gaps
test_late
test_writes
test_refusals
summary
