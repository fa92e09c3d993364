#!/bin/bash
# A Galera cluster of three nodes: writes at two nodes at once, collisions, a node that is desynced, killed and back,
# partitions, the loss of the majority, an upgrade of the schema, all under load. No update query fails, and no change that
# was acknowledged is lost. With scripts/test --full only.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

UPDATE=/update/6/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/ISET:SSE4_2,MEM:8192
UPDATE+=/default/default/update.xml
MOVE_MS=2500
CHANNELS=30
: "${ADMIN_URL=}" "${DB_PORT=}"

if [[ ! -e /usr/lib/galera/libgalera_smm.so ]]; then
    echo "skipped: galera-4 is not installed (scripts/install-packages --test)"
    summary
    exit
fi

on() { # PART <SQL
    mariadb --no-defaults --socket="$SANDBOX/run/$1.sock" --user=root --batch --skip-column-names "$DB_NAME"
}

# within MS COMMAND…: it becomes true in this time. Prints how long it took.
within() {
    local start limit=$1
    start=$(date +%s%3N)
    shift
    until "$@"; do
        (($(date +%s%3N) - start < limit)) || { printf '  not within %s ms\n' "$limit" >&2 && return 1; }
        sleep 0.05
    done
    printf '%5d ms: %s\n' $(($(date +%s%3N) - start)) "$*"
}

port_of() { # PART
    local number=${1#db}
    printf '%s' $((DB_PORT + ${number:-1} - 1))
}

reads_from() { # PART
    [[ $(metric "database_host_reads{host=\"127.0.0.1:$(port_of "$1")\"}") == 1 ]]
}

admin_metric() { # NAME
    curl -s --noproxy '*' "$ADMIN_URL/__metrics__" | awk -v name="balrog_admin_$1" '$1 == name { print $2 }'
}

writes_to() { # PART
    [[ $(admin_metric "database_host_writes{host=\"127.0.0.1:$(port_of "$1")\"}") == 1 ]]
}

# change N: makes a rule whose comment is TN; prints the status.
change() {
    curl -s --noproxy '*' --max-time 30 -o "$WORK/body" -w '%{http_code}' -H 'X-Test-User: admin@x' \
        -H 'Content-Type: application/json' -X POST "$ADMIN_URL/rules" \
        --data-binary "{\"priority\":1,\"backgroundRate\":0,\"update_type\":\"minor\",\"mapping\":\"Rel\",\"product\":\"Tst\",\"comment\":\"T$1\"}" || true
}

made() { # N
    [[ $(change "$1") == 20[01] ]]
}

has_more_than() { # N
    (($(wc -l <"$WORK/acknowledged") > $1))
}

nodes() { # N: so many are in the cluster that PART db2 sees
    [[ $(on db2 <<<"SHOW STATUS LIKE 'wsrep_cluster_size'" 2>/dev/null) == *$'\t'"$1" ]]
}

same_rows() { # PART…
    local part wanted got
    wanted=$(on db2 <<<"CHECKSUM TABLE rules, rules_history, releases, emergency_shutoffs, balrog_changes")
    for part in "$@"; do
        got=$(on "$part" <<<"SET wsrep_sync_wait = 1; SELECT 1 FROM rules LIMIT 0;
            CHECKSUM TABLE rules, rules_history, releases, emergency_shutoffs, balrog_changes")
        [[ $wanted == "$got" ]] || { printf '  %s: %s\n  db2: %s\n' "$part" "$got" "$wanted" && return 1; }
    done
}

start() {
    {
        cat "$TOP/conf/demo.sql"
        echo "INSERT IGNORE INTO permissions (username, permission, data_version) VALUES ('admin@x', 'admin', 1);"
        echo "DELETE FROM product_req_signoffs;"
        echo "INSERT INTO releases (name, product, data, data_version) VALUES ('Rel', 'Tst', '{\"name\":\"Rel\",\"schema_version\":50}', 1),
            ('Chan', 'Firefox', '$(app_release Chan)', 1);"
        local i
        for ((i = 1; i <= CHANNELS; i++)); do
            echo "INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, data_version)
                VALUES (900, 'Chan', 100, 'minor', 'Firefox', 'chan$i', 1);"
        done
    } >"$WORK/rows.sql"
    sandbox_up --galera 3 --load "$WORK/rows.sql" --user-header X-Test-User --set database.max_lag_s=3
    check "three nodes" until_true 5 nodes 3
    check "it reads from the first" within "$MOVE_MS" reads_from db
    check "the admin writes to it" within "$MOVE_MS" writes_to db
    check "no node is refused because of another one's log" made first
    start_load 8 "$UPDATE" "$UPDATE?force=1"
}

# shut_off PART CHANNEL [SECONDS]: in a transaction that stays open for so long.
shut_off() {
    on "$1" <<<"BEGIN; INSERT INTO emergency_shutoffs SET product = 'Firefox', channel = 'chan$2', data_version = 1;
        DO SLEEP(${3:-0}); COMMIT"
}

# all_shut_off: every channel.
all_shut_off() {
    local i urls=()
    for ((i = 1; i <= CHANNELS; i++)); do
        urls+=("$PUBLIC_URL$(update_path "chan$i")")
    done
    curl -s --noproxy '*' "${urls[@]}" >"$WORK/answers"
    [[ $(grep -c '<updates' "$WORK/answers") == "$CHANNELS" ]] && ! grep -q '<update ' "$WORK/answers"
}

# The feed's ids come from two nodes, with gaps, and their transactions end in another order: nothing is missed.
two_writers() {
    local i pids=()
    check "before, there are updates" grep -q '<update ' <<<"$(get "$(update_path chan1)")"
    shut_off db2 1 1.5 &
    pids+=($!)
    shut_off db3 2 1 &
    pids+=($!)
    for i in 1 2; do
        while ((i + 2 <= CHANNELS)); do
            shut_off "db$((1 + i % 2 + 1))" $((i + 2))
            i=$((i + 2))
        done &
        pids+=($!)
    done
    wait "${pids[@]}"
    check "all that was written at two nodes is served" within 2000 all_shut_off
    check "ids of both" test "$(on db <<<"SELECT COUNT(DISTINCT id % 3) FROM balrog_changes WHERE tbl = 'emergency_shutoffs'")" -ge 2
    on db3 <<<"DELETE FROM emergency_shutoffs"
    check "and its end" shows 2000 '<update ' "$(update_path chan$CHANNELS)"
}

# Whether an administrator's change collides with one at another node, and is made.
collides() {
    local version before
    before=$(admin_metric database_retries_total)
    version=$(on db <<<"SET wsrep_sync_wait = 1; SELECT data_version FROM rules WHERE rule_id = 1")
    COLLIDED=$(curl -s --noproxy '*' --max-time 30 -o "$WORK/body" -w '%{http_code}' -H 'X-Test-User: admin@x' \
        -H 'Content-Type: application/json' --data-binary "{\"comment\":\"c$RANDOM\",\"data_version\":$version}" "$ADMIN_URL/rules/1")
    [[ $COLLIDED == 200 ]] || return 0
    (($(admin_metric database_retries_total) > before))
}

collisions() {
    local COLLIDED=''
    while [[ ! -e $WORK/no-more ]]; do
        printf 'UPDATE rules SET comment = "%s" WHERE rule_id = 1; DO SLEEP(0.02);\n' {1..5}
    done | on db2 >/dev/null 2>&1 &
    LOOSE+=($!)
    check "changes of the same rule at another node collide" until_true 20 collides
    check "and the admin's is made all the same" equal 200 "$COLLIDED"
    : >"$WORK/no-more"
    wait "${LOOSE[-1]}" || true
}

desynced() {
    on db <<<"SET GLOBAL wsrep_desync = ON"
    check "a node that lags on purpose is not read from" within "$MOVE_MS" reads_from db2
    check "nor written to" within "$MOVE_MS" writes_to db2
    check "but another one is" made desynced
    on db <<<"SET GLOBAL wsrep_desync = OFF"
    check "then again" within 6000 reads_from db
}

killed() {
    local before started
    change_forever &
    LOOSE+=($!)
    check "changes are made" until_true 20 has_more_than 10
    check "to the first node" within 6000 writes_to db
    kill -KILL "$(sandbox pids db)"
    started=$(date +%s%3N)
    before=$(wc -l <"$WORK/acknowledged")
    check "killed: the admin writes again" within 10000 has_more_than $((before + 2))
    printf 'writing again after %s ms\n' $(($(date +%s%3N) - started))
    check "to the next" writes_to db2
    check "which is read from" within 6000 reads_from db2
    sandbox start db
    check "it is back in the cluster" until_true 20 nodes 3
    check "and used again" within 8000 writes_to db
    before=$(wc -l <"$WORK/acknowledged")
    check "changes are made there" until_true 10 has_more_than $((before + 5))
}

# Every node that the programs know is alone: none has a majority.
no_majority() {
    local part
    for part in db db2 db3; do
        on "$part" <<<"SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'"
    done
    check "without a majority nothing is changed" within 15000 refused
    check "and it says so" body_says 'Nothing was changed'
    check "updates are served" grep -q '<update ' <<<"$(get "$UPDATE?force=1")"
    check "and marked as stale" within 15000 is_stale
    for part in db db2 db3; do
        mariadb --no-defaults --socket="$SANDBOX/run/$part.sock" --user=root \
            -e "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'"
    done
    check "together again: it writes" within 30000 writes
    check "and all is well" within 15000 is_well
}

body_says() { # TEXT
    grep -q -- "$1" "$WORK/body" || { cat "$WORK/body" >&2 && return 1; }
}

refused() {
    [[ $(change refused) == 503 ]]
}

writes() {
    made again
}

is_stale() {
    [[ $(status /__heartbeat__) == 502 ]]
}

is_well() {
    [[ $(status /__heartbeat__) == 200 ]]
}

# The node that is used is cut off from the other two, and the programs can still reach it.
partition() {
    local before
    check "before" within 8000 writes_to db
    on db <<<"SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'"
    check "cut off: the admin writes to the majority" within 10000 writes_to db2
    before=$(wc -l <"$WORK/acknowledged")
    check "changes are made" until_true 10 has_more_than $((before + 5))
    check "it is read from" within "$MOVE_MS" reads_from db2
    check "the minority takes nothing" fails on db <<<"INSERT INTO emergency_shutoffs SET product = 'x', channel = 'x', data_version = 1"
    mariadb --no-defaults --socket="$SANDBOX/run/db.sock" --user=root -e "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'"
    check "back: three nodes" until_true 30 nodes 3
    check "it is used again" within 10000 writes_to db
}

fails() {
    ! "$@" 2>/dev/null
}

# An upgrade of the schema, at one node, while the others are used.
schema() {
    local connection=(--socket "$SANDBOX/run/db2.sock" --user root --database another) part wanted
    mariadb --no-defaults --socket="$SANDBOX/run/db3.sock" --user=root -e "CREATE DATABASE another"
    check "the schema's additive steps" "$TOP/scripts/schema-upgrade" --execute "${connection[@]}" >"$WORK/schema.log"
    check "and the destructive ones" "$TOP/scripts/schema-upgrade" --phase destructive --without-hosts --execute "${connection[@]}" >>"$WORK/schema.log"
    check "nothing is left to do, as another node sees it" grep -q 'up to date' \
        <<<"$("$TOP/scripts/schema-upgrade" --socket "$SANDBOX/run/db3.sock" --user root --database another 2>&1)"
    wanted=$(columns_of db2)
    for part in db db3; do
        check "$part has the same columns, indexes and triggers" equal "$wanted" "$(columns_of "$part")"
    done
    check "there are tables" test "$(wc -l <<<"$wanted")" -gt 200
}

columns_of() { # PART
    on "$1" <<<"SET wsrep_sync_wait = 15; SELECT 1 FROM rules LIMIT 0;
        SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = 'another' ORDER BY 1, 2;
        SELECT table_name, index_name, column_name FROM information_schema.statistics WHERE table_schema = 'another' ORDER BY 1, 2, 3;
        SELECT trigger_name, MD5(action_statement) FROM information_schema.triggers WHERE trigger_schema = 'another' ORDER BY 1"
}

# A minute of kills and of waiting: an ordinary run leaves it out.
if [[ -z ${BALROG_TEST_FULL-} ]]; then
    echo "skipped: three Galera nodes run with scripts/test --full only"
    check "scripts/sandbox knows them" grep -q -- '--galera N' <<<"$("$TOP/scripts/sandbox" --help)"
    summary
    exit
fi

start
: >"$WORK/acknowledged"
two_writers
collisions
desynced
killed
partition
no_majority
schema
: >"$WORK/enough"
wait "${LOOSE[-1]}" || true
end_load
check "all nodes have the same" until_true 10 same_rows db db3
on db3 <<<"SET wsrep_sync_wait = 1; SELECT comment FROM rules WHERE product = 'Tst' AND comment REGEXP '^T[0-9]+$'" | sort >"$WORK/there"
sort "$WORK/acknowledged" >"$WORK/sorted"
check "no acknowledged change is lost" equal '' "$(comm -23 "$WORK/sorted" "$WORK/there")"
check "none is there twice" equal '' "$(uniq -d "$WORK/there")"
check "histories have no gaps" equal '' "$(on db2 <<<"SELECT rule_id FROM rules_history WHERE data_version IS NOT NULL
    AND rule_id IN (SELECT rule_id FROM rules WHERE product = 'Tst') GROUP BY rule_id HAVING MAX(data_version) <> COUNT(*)")"
printf '%s changes acknowledged, %s requests under load\n' "$(wc -l <"$WORK/acknowledged")" "$REQUESTS"
check "there was load" test "$REQUESTS" -gt 1000
check "each update query was answered, by a 200" equal '' "$FAILURES"
summary
