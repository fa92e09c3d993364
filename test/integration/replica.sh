#!/bin/bash
# scripts/replica: the primary is killed while administrators change rules and clients ask; a replica is promoted, the former
# primary rejoins, an empty server is added. No change that was acknowledged is lost, and no update query fails.
set -euo pipefail
# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"

UPDATE=/update/6/Firefox/100.0/20200101000000/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0/ISET:SSE4_2,MEM:8192
UPDATE+=/default/default/update.xml
: "${ADMIN_URL=}" "${DB_PORT=}"

on() { # PART <SQL
    mariadb --no-defaults --socket="$SANDBOX/run/$1.sock" --user=root --batch --skip-column-names "$DB_NAME"
}

socket() {
    printf '%s/run/%s.sock' "$SANDBOX" "$1"
}

# replica STATUS COMMAND [ARG…]: the exit status; what it printed is in $WORK/said.
replica() {
    local status=0 options=(--servers "$(socket db), $(socket db2), $(socket db3)" --defaults-file "$WORK/client.cnf")
    [[ $2 == status ]] || options+=(--replication-password-file "$SANDBOX/run/password")
    "$TOP/scripts/replica" "$2" "${options[@]}" "${@:3}" >"$WORK/said" 2>&1 || status=$?
    equal "$1" "$status" || { cat "$WORK/said" >&2 && return 1; }
}

said() {
    grep -qF -- "$1" "$WORK/said" || { printf '  lacking: %s\n  in: %s\n' "$1" "$(<"$WORK/said")" >&2 && return 1; }
}

# change N: makes a rule whose comment is TN; prints the status.
change() {
    curl -s --noproxy '*' --max-time 30 -o "$WORK/body" -w '%{http_code}' -H 'X-Test-User: admin@x' \
        -H 'Content-Type: application/json' -X POST "$ADMIN_URL/rules" \
        --data-binary "{\"priority\":1,\"backgroundRate\":0,\"update_type\":\"minor\",\"mapping\":\"Rel\",\"product\":\"Tst\",\"comment\":\"T$1\"}" || true
}

works() {
    [[ $(change "w$RANDOM") == 20? ]]
}

acknowledged() {
    wc -l <"$WORK/acknowledged"
}

has_more_than() { # N
    (($(acknowledged) > $1))
}

# Only changes that nobody was told of may keep it from that.
rejoins() {
    replica 0 rejoin --execute "$(socket db)" 2>"$WORK/refused" || said "has changes that $(socket db2) lacks"
}

follows() { # PART
    [[ $(on "$1" <<<"SELECT @@gtid_slave_pos") == "$(on db2 <<<"SELECT @@gtid_binlog_pos")" ]]
}

{
    cat "$TOP/conf/demo.sql"
    echo "INSERT IGNORE INTO permissions (username, permission, data_version) VALUES ('admin@x', 'admin', 1);"
    echo "DELETE FROM product_req_signoffs;"
} >"$WORK/rows.sql"
printf '[client]\nuser = root\n' >"$WORK/client.cnf"
sandbox_up --replicas 2 --load "$WORK/rows.sql" --user-header X-Test-User
on db <<<"INSERT INTO releases (name, product, data, data_version) VALUES ('Rel', 'Tst', '{\"name\":\"Rel\",\"schema_version\":50}', 1)"

check "wrong usage" replica 2 promote
check "says what is missing" said "say which server"
check "all is well" replica 0 status
check "one primary" said "primary"
check "a plan" replica 0 promote "$(socket db2)"
check "of all steps" said "would: make $(socket db) read-only"
check "changes nothing" equal 1 "$(on db2 <<<"SELECT @@read_only")"

start_load 8 "$UPDATE" "$UPDATE?force=1"
: >"$WORK/acknowledged"
change_forever &
LOOSE+=($!)
check "changes are made" until_true 30 has_more_than 20
kill -KILL "$(sandbox pids db)"
check "killed: status says so" replica 3 status
check "promote" replica 0 promote --execute "$(socket db2)"
started=$SECONDS
before=$(acknowledged)
check "the admin writes again within 10 s" until_true 10 has_more_than "$before"
printf '%s s\n' $((SECONDS - started))
check "the term is new" equal 1 "$(on db2 <<<"SELECT term FROM balrog_heartbeat")"
check "the third follows" until_true 20 follows db3
sandbox start db
check "the former primary could be written to, and status says so" replica 3 status
check "named" said "2 servers can be written to"
check "it rejoins, or has something that was never acknowledged" rejoins
: >"$WORK/enough"
wait "${LOOSE[-1]}" || true
end_load
on db2 <<<"SELECT comment FROM rules WHERE product = 'Tst' AND comment NOT LIKE 'Tw%'" | sort >"$WORK/there"
sort "$WORK/acknowledged" >"$WORK/sorted"
check "no acknowledged change is lost" equal '' "$(comm -23 "$WORK/sorted" "$WORK/there")"
check "none is there twice" equal '' "$(uniq -d "$WORK/there")"
printf '%s changes acknowledged, %s requests under load\n' "$(acknowledged)" "$REQUESTS"
check "each update query was answered, by a 200" equal '' "$FAILURES"

# What has a database is not overwritten; an empty server is filled.
check "add: not over something" replica 1 add --execute "$(socket db3)"
check "says what to do" said "DROP DATABASE"
on db3 <<<"STOP SLAVE; SET sql_log_bin = 0; DROP DATABASE balrog"
DB_NAME=mysql
check "add" replica 0 add --execute "$(socket db3)"
check "it has what the primary has" until_true 20 follows db3
DB_NAME=balrog
check "the same rows" equal "$(on db2 <<<"CHECKSUM TABLE rules, releases, permissions")" \
    "$(on db3 <<<"CHECKSUM TABLE rules, releases, permissions")"
summary
