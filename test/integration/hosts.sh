#!/bin/bash
# Several database servers: three that replicate by GTID, balrog-public and balrog-admin that know all of them. Servers are
# killed, frozen, made read-only and cut off from replication under load: update queries do not notice, the programs move on
# and come back by themselves, the admin writes only where it may, and the age of what is served is visible.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

MOVE_MS=2500 # 2 s, and time for this script's own questions
UPDATE=/update/6/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/ISET:SSE4_2,MEM:8192
UPDATE+=/default/default/update.xml
SHOP="product = 'Firefox', channel = 'release'"
: "${ADMIN_URL=}" "${DB2_SOCKET=}" "${DB3_SOCKET=}" "${DB_PORT=}"

# on PART <SQL: as root.
on() {
    mariadb --no-defaults --socket="$SANDBOX/run/$1.sock" --user=root --batch --skip-column-names "$DB_NAME"
}

now_ms() {
    date +%s%3N
}

# within MS COMMAND…: it becomes true in this time. Prints how long it took.
within() {
    local start limit=$1
    start=$(now_ms)
    shift
    until "$@"; do
        (($(now_ms) - start < limit)) || { printf '  not within %s ms\n' "$limit" >&2 && return 1; }
        sleep 0.05
    done
    printf '%5d ms\n' $(($(now_ms) - start))
}

# host_metric NAME PART: of balrog-public.
host_metric() {
    metric "database_host_$1{host=\"$SANDBOX/run/$2.sock\"}"
}

reads_from() {
    [[ $(host_metric reads "$1") == 1 ]]
}

age_of() { # PART: seconds, or nan
    probe each /__metrics__ | awk -v name="balrog_public_database_heartbeat_age_seconds{host=\"$SANDBOX/run/$1.sock\"}" \
        '$1 == name { print $2 }'
}

# write [VERSION]: sets the comment of rule 1; prints the status. The answer is in $WORK/body.
write() {
    local version
    version=$(curl -s --noproxy '*' "$ADMIN_URL/rules/1" | sed -n 's/.*"data_version": \([0-9]*\).*/\1/p')
    curl -s --noproxy '*' --max-time 30 -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' -H 'X-Test-User: admin@x' \
        -H 'Content-Type: application/json' --data-binary "{\"comment\":\"c$RANDOM\",\"data_version\":${version:-1}}" \
        "$ADMIN_URL/rules/1" || true
}

is_new() { # PART: its heartbeat
    awk -v age="$(age_of "$1")" 'BEGIN { exit !(age != "nan" && age + 0 < 3) }'
}

# A write is refused, and the answer has all the texts.
refused_with() { # PATTERN…
    [[ $(write) == 503 ]] || return 1
    local pattern
    for pattern in "$@"; do
        grep -q -- "$pattern" "$WORK/body" || return 1
    done
}

admin_reads() {
    [[ $(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "$ADMIN_URL/rules/1") == 200 ]]
}

writes() {
    [[ $(write) == 200 ]]
}

# shutoff PART on|off: by the database's own client.
shutoff() {
    if [[ $2 == on ]]; then
        on "$1" <<<"INSERT INTO emergency_shutoffs SET $SHOP, data_version = 1"
    else
        on "$1" <<<"DELETE FROM emergency_shutoffs"
    fi
}

# What is written on PART is served.
follows() { # PART
    shutoff "$1" on
    check "a shutoff on $1 is served" shows "$MOVE_MS" '!<update ' "$UPDATE?force=1"
    shutoff "$1" off
    check "and its end" shows "$MOVE_MS" '<update ' "$UPDATE?force=1"
}

answers() {
    [[ $(status /api/v1/rules) == 200 ]]
}

start() {
    {
        cat "$TOP/conf/demo.sql"
        echo "INSERT IGNORE INTO permissions (username, permission, data_version) VALUES ('admin@x', 'admin', 1);"
        echo "DELETE FROM product_req_signoffs;"
    } >"$WORK/rows.sql"
    sandbox_up --replicas 2 --load "$WORK/rows.sql" --user-header X-Test-User --set database.max_lag_s=2
    check "it reads from the first" within "$MOVE_MS" reads_from db
    check "it writes" writes
    check "the heartbeat is new" until_true 5 is_new db
    check "on the replicas, too" until_true 5 is_new db3
    follows db
    start_load 8 "$UPDATE" "$UPDATE?force=1"
}

# The nearest server of balrog-public is killed; it is the primary, so nothing can be written until there is another one.
killed() {
    local pid
    pid=$(sandbox pids db)
    kill -KILL "$pid"
    check "killed: it reads from the next" within "$MOVE_MS" reads_from db2
    check "the API answers" within "$MOVE_MS" answers
    check "without a primary a write is a 503" equal 503 "$(write)"
    check "that says why, of each server" until_true 3 refused_with 'No database server can be written to now' \
        'db.sock does not answer .*db2.sock is read-only.*db3.sock is read-only'
    check "come back later" grep -qi '^retry-after: [1-9]' "$WORK/head"
    check "the admin still reads" until_true 3 admin_reads
    # docs/many-machines.md, with db2 as the new primary.
    on db2 <<<"STOP SLAVE; UPDATE balrog_heartbeat SET term = term + 1; SET GLOBAL read_only = 0"
    on db3 <<<"STOP SLAVE; CHANGE MASTER TO MASTER_PORT = $((DB_PORT + 1)); START SLAVE"
    check "it writes to the new primary" within "$MOVE_MS" writes
    follows db2
}

# The former primary comes back, and can be written to: it must not be.
former_primary() {
    local before
    sandbox start db
    check "the former primary is up" within "$MOVE_MS" is_up db
    before=$(on db <<<"SELECT comment FROM rules WHERE rule_id = 1")
    check "it could be written to" equal 0 "$(on db <<<"SELECT @@read_only")"
    sleep 5 # longer than a server that is well again has to wait
    check "the admin writes" writes
    check "and not there" equal "$before" "$(on db <<<"SELECT comment FROM rules WHERE rule_id = 1")"
    check "nobody reads from it" reads_from db2
    check "not even when it claims to have more" more_gtids
    on db <<<"SET GLOBAL read_only = 1; DROP TABLE IF EXISTS extra"
}

is_up() {
    [[ $(host_metric up "$1") == 1 ]]
}

more_gtids() {
    local i before
    on db <<<"CREATE TABLE extra (n INT)"
    for i in {1..100}; do
        echo "INSERT INTO extra VALUES ($i);"
    done | on db
    before=$(on db <<<"SELECT comment FROM rules WHERE rule_id = 1")
    sleep 1
    writes && equal "$before" "$(on db <<<"SELECT comment FROM rules WHERE rule_id = 1")"
}

frozen() {
    local pid start
    pid=$(sandbox pids db2)
    kill -STOP "$pid"
    check "frozen: it reads from another" within "$MOVE_MS" reads_from db3
    check "the API answers" within "$MOVE_MS" answers
    start=$(now_ms)
    check "a write is a 503" equal 503 "$(write)"
    check "soon" test $(($(now_ms) - start)) -lt 3000
    kill -CONT "$pid"
    check "thawed: it writes again" within "$MOVE_MS" writes
    check "and comes back to it" within 6000 reads_from db2
}

read_only() {
    on db2 <<<"SET GLOBAL read_only = 1"
    check "read-only: a write is a 503" equal 503 "$(write)"
    check "that says so, once it was noticed" within 1500 refused_for_read_only
    check "it reads on from it" reads_from db2
    on db2 <<<"SET GLOBAL read_only = 0"
    check "it writes again" within "$MOVE_MS" writes
}

refused_for_read_only() {
    [[ $(write) == 503 ]] && grep -q 'db2.sock is read-only' "$WORK/body"
}

# Replication stops on the server that is read from: visible, and it moves when that is too far behind.
behind() {
    on db2 <<<"SET GLOBAL read_only = 1"
    on db3 <<<"STOP SLAVE"
    on db3 <<<"UPDATE balrog_heartbeat SET term = term + 1; SET GLOBAL read_only = 0"
    on db2 <<<"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $((DB_PORT + 2)), MASTER_CONNECT_RETRY = 1,
        MASTER_USER = 'balrog_replication', MASTER_PASSWORD = '$(<"$SANDBOX/run/password")', MASTER_USE_GTID = current_pos; START SLAVE"
    check "the third is the primary" within "$MOVE_MS" writes
    check "the second is read from" within 10000 reads_from db2
    check "up to date" equal 200 "$(status /__heartbeat__)"
    follows db3
    on db2 <<<"STOP SLAVE"
    check "stopped: it moves to one that is up to date" within $((MOVE_MS + 3500)) reads_from db3
    check "the age grows" awk -v age="$(age_of db2)" 'BEGIN { exit !(age > 2 && age < 60) }'
    follows db3
    check "the heartbeat is good" equal 200 "$(status /__heartbeat__)"
    on db2 <<<"START SLAVE"
    check "it comes back" within 10000 reads_from db2
    # Without another one to go to.
    on db2 <<<"STOP SLAVE"
    sandbox stop db3
    check "no other: it stays with what is the least behind" within "$MOVE_MS" reads_from db2
    check "and says so" within 5000 heartbeat_fails
    get /__heartbeat__ -i >"$WORK/answer"
    check "with a number" grep -qiE '^x-database-lag-ms: [0-9]{4,}' "$WORK/answer"
    check "updates are served" grep -q '<update ' <<<"$(get "$UPDATE?force=1")"
    sandbox start db3
    on db3 <<<"SET GLOBAL read_only = 0"
    on db2 <<<"START SLAVE"
    check "all is well again" within 10000 heartbeat_works
}

heartbeat_fails() {
    [[ $(status /__heartbeat__) == 502 ]]
}

heartbeat_works() {
    [[ $(status /__heartbeat__) == 200 ]]
}

# Without the table, as in a database of the reference, nothing is known, and nothing is claimed.
unknown() {
    sandbox stop db # it still has an old heartbeat
    on db3 <<<"RENAME TABLE balrog_heartbeat TO hidden_heartbeat"
    check "unknown: not a number" within 5000 is_nan
    check "the heartbeat works" within 5000 heartbeat_works
    check "and says unknown" within 5000 lag_is_unknown
    on db3 <<<"RENAME TABLE hidden_heartbeat TO balrog_heartbeat"
    check "known again" within 20000 is_known
}

lag_is_unknown() {
    get /__heartbeat__ -i | grep -i '^x-database-lag-ms: unknown' >/dev/null
}

is_nan() {
    [[ $(age_of db3) == *nan* ]]
}

is_known() {
    [[ $(age_of db3) != *nan* ]]
}

# A server that lacks the last changes takes over, and then has others of the same ids.
lost_changes() {
    on db3 <<<"SET GLOBAL rpl_semi_sync_master_enabled = 0"
    on db2 <<<"STOP SLAVE"
    shutoff db3 on
    # db2 stands still for less than max_lag_s, so it is the one that is read from; restarted without it, db3 is.
    check "a change that db2 lacks is served from db3" within 10000 reads_from db3
    check "so it is" shows 3000 '!<update ' "$UPDATE?force=1"
    kill -KILL "$(sandbox pids db3)"
    on db2 <<<"SET GLOBAL read_only = 0; UPDATE balrog_heartbeat SET term = term + 1;
        INSERT INTO emergency_shutoffs SET product = 'Thunderbird', channel = 'x', data_version = 1;
        DELETE FROM emergency_shutoffs WHERE product = 'Thunderbird'"
    check "db2 takes over" within "$MOVE_MS" reads_from db2
    check "what it lacks is not served any more" shows "$MOVE_MS" '<update ' "$UPDATE?force=1"
    follows db2
}

start
killed
former_primary
frozen
read_only
behind
unknown
lost_changes
end_load
printf '%s requests under load\n' "$REQUESTS"
check "there was load" test "$REQUESTS" -gt 1000
check "each update query was answered, by a 200" equal '' "$FAILURES"
summary
