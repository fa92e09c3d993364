#!/bin/bash
# schema-upgrade and create-db-users against a private MariaDB: a fresh database, one made by Mozilla's Balrog, the
# triggers of the change feed, interrupted and competing runs, files that changed.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: schema.sh"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
root=$here/../..
work=$(mktemp -d)
trap 'stop_mariadb "$work"; rm -rf "$work"' EXIT
# Where the tools have their own files, for a look at what they leave.
export TMPDIR=$work/tmpdir
mkdir "$TMPDIR"

# The name of a new, empty database is left in $DB.
new_database() {
    DB=db_$1
    sql "$work" mysql <<<"CREATE DATABASE $DB CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
}

# upgrade STATUS [OPTION…]: runs schema-upgrade on $DB; what it says is left in $SAID. Fails on another exit status.
upgrade() {
    local wanted=$1 status=0
    shift
    SAID=$("$root/scripts/schema-upgrade" --socket "$work/sock" --user root --database "$DB" "$@" 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { echo "  exit status $status, wanted $wanted: $SAID" >&2 && return 1; }
}

said() { [[ $SAID == *"$1"* ]] || { echo "  it said: $SAID" >&2 && return 1; }; }
query() { sql "$work" "$DB"; }

# answers WANTED SQL: the rows of SQL, with spaces between columns and semicolons between rows.
answers() { equal "$1" "$(query <<<"$2" | tr '\t' ' ' | paste -s -d ';')"; }

# Runs SQL as a user of the test's own. as USER SQL
as() {
    mariadb --no-defaults --socket="$work/sock" --user="$1" --password=secret "$DB" --batch --skip-column-names <<<"$2"
}
refused() { ! as "$@" 2>"$work/refusal" && grep -q denied "$work/refusal"; }

# Every column and key of every table, and every trigger.
structure() {
    query <<<"SELECT table_name, column_name, ordinal_position, column_type, is_nullable, extra
        FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 3;
        SELECT table_name, index_name, seq_in_index, column_name FROM information_schema.statistics
        WHERE table_schema = DATABASE() ORDER BY 1, 2, 3;
        SELECT trigger_name, definer, action_statement FROM information_schema.triggers
        WHERE trigger_schema = DATABASE() ORDER BY 1"
}

# A copy of the steps, to be changed.
copy_schema() { rm -rf "$work/schema" && cp -r "$root/schema" "$work/schema"; }

test_fresh() {
    new_database fresh
    check "the plan" upgrade 0
    check "the plan names the step" said "0001_initial: would be applied"
    check "the plan does nothing" answers 0 "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
    check "a fresh database" upgrade 0 --execute
    check "72 tables of the reference's and 20 of ours" answers 92 \
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
    check "identifiers compare exactly" answers 0 "SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND collation_name <> 'utf8mb4_nopad_bin' AND table_name <> 'balrog_schema'"
    check "the step is recorded" answers "1 initial additive $(sha256sum <"$root/schema/0001_initial/additive.sql" |
        cut -d ' ' -f 1) 1 $(<"$root/VERSION")" \
        "SELECT version, name, phase, checksum, applied_at > 1700000000000, balrog_version FROM balrog_schema WHERE version = 1"
    structure >"$work/before"
    check "again" upgrade 0 --execute
    check "again says so" said "up to date"
    query <<<"DELETE FROM balrog_schema WHERE version > 1; UPDATE balrog_schema SET applied_at = NULL"
    check "an unfinished step is run again" upgrade 0 --execute
    check "it was named" said "is unfinished: "
    structure >"$work/after"
    check "running twice changes nothing" cmp "$work/before" "$work/after"
    check "a name differs by its case" as_two_rows
    check "the newest step goes back" upgrade 0 --revert 0011 --execute --without-hosts
    check "with its table" answers 0 "SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name = 'balrog_heartbeat'"
    check "the step before it goes back" upgrade 0 --revert 0010 --execute --without-hosts
    check "its tables are gone" answers 0 "SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name LIKE 'balrog\\_partial\\_stops%'"
    check "and the one before it" upgrade 0 --revert 0009 --execute --without-hosts
    check "to the trigger that was there before" answers 1 "SELECT COUNT(*) FROM information_schema.triggers WHERE
        trigger_schema = DATABASE() AND trigger_name = 'balrog_members_releases_u' AND action_statement LIKE '%CAST(NEW.data AS%'"
    check "and the step before it" upgrade 0 --revert 0008 --execute --without-hosts
    check "it leaves nothing" answers 0 "SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name LIKE 'balrog\\_expectations%'"
    check "and comes again" upgrade 0 --execute
    structure >"$work/after"
    check "as it was" cmp "$work/before" "$work/after"
}

as_two_rows() {
    query <<<"INSERT INTO releases VALUES ('Name', 'P', 0, '{}', 1), ('name', 'P', 0, '{}', 1), ('name ', 'P', 0, '{}', 1)" &&
        answers "name" "SELECT name FROM releases WHERE name = 'name'" && query <<<"DELETE FROM releases"
}

# Each writer's change leaves its row: table, name, path, operation.
test_triggers() {
    new_database triggers
    upgrade 0 --execute
    local row table rest
    for row in "rules:(rule_id, update_type, data_version) VALUES (1, 'minor', 1)" \
        "pinnable_releases:VALUES ('P', '1.', 'c', 'm', 1)" "emergency_shutoffs:VALUES ('P', 'c', NULL, 1)" \
        "balrog_partial_stops:(product, channel, locale, data_version) VALUES ('P', 'c', 'de', 1)"; do
        table=${row%%:*} rest=${row#*:}
        query <<<"TRUNCATE balrog_changes; INSERT INTO $table $rest; UPDATE $table SET data_version = 2; DELETE FROM $table"
        check "changes of $table" answers "$table NULL NULL I;$table NULL NULL U;$table NULL NULL D" \
            "SELECT tbl, k, path, op FROM balrog_changes ORDER BY id"
    done
    for table in releases releases_json; do
        query <<<"TRUNCATE balrog_changes; INSERT INTO $table VALUES ('r', 'P', 0, '{}', 1);
            UPDATE $table SET data_version = 2; UPDATE $table SET name = 'R'; DELETE FROM $table"
        check "changes of $table" answers \
            "$table r NULL I;$table r NULL U;$table r NULL U;$table R NULL U;$table R NULL D" \
            "SELECT tbl, k, path, op FROM balrog_changes ORDER BY id"
    done
    query <<<"TRUNCATE balrog_changes; INSERT INTO release_assets VALUES ('r', '.a', '{}', 1);
        UPDATE release_assets SET data = NULL; UPDATE release_assets SET path = '.b';
        UPDATE release_assets SET name = 's'; DELETE FROM release_assets"
    table=release_assets
    check "changes of $table" answers "$table r .a I;$table r .a U;$table r .a U;$table r .b U;$table r .b U;$table s .b U;$table s .b D" \
        "SELECT tbl, k, path, op FROM balrog_changes ORDER BY id"
    query <<<"TRUNCATE balrog_changes; START TRANSACTION; INSERT INTO release_assets VALUES ('r', '.a', '{}', 1); ROLLBACK"
    check "a rolled-back change leaves no row" answers 0 "SELECT COUNT(*) FROM balrog_changes"
    for table in releases releases_json; do
        query <<<"INSERT INTO $table VALUES ('S', 'P', 0, '{\"blobs\": [\"a\", \"b\"]}', 1);
            UPDATE $table SET data = '{\"blobs\": [\"b\", \"c\"]}'"
        check "members of a superblob in $table" answers "S b;S c" \
            "SELECT superblob, member FROM balrog_release_members WHERE tbl = '$table' ORDER BY member"
        query <<<"UPDATE $table SET data = '{}'"
        check "which is none any more" answers 0 "SELECT COUNT(*) FROM balrog_release_members WHERE tbl = '$table'"
    done
    query <<<"TRUNCATE balrog_changes; INSERT INTO rules (update_type, data_version) VALUES ('minor', 1)"
    check "the time is there" answers 1 "SELECT ABS(at - UNIX_TIMESTAMP() * 1000) < 60000 FROM balrog_changes"
}

test_users() {
    local tool=("$root/scripts/create-db-users" --socket "$work/sock" --user root) table
    new_database users
    upgrade 0 --execute
    printf 'secret\n' >"$work/password"
    "${tool[@]}" --database "$DB" --public-password-file "$work/password" >"$work/log"
    check "create-db-users plans by default" refused balrog_public "SELECT 1"
    check "create-db-users" "${tool[@]}" --execute --database "$DB" --public-password-file "$work/password" >"$work/log"
    check "create-db-users again" "${tool[@]}" --execute --database "$DB" --public-password-file "$work/password" >"$work/log"
    for table in rules releases releases_json release_assets pinnable_releases emergency_shutoffs rules_history \
        balrog_partial_stops balrog_changes; do
        check "balrog_public reads $table" as balrog_public "SELECT COUNT(*) FROM $table" >"$work/log"
        check "balrog_public does not delete from $table" refused balrog_public "DELETE FROM $table"
        check "balrog_public does not insert into $table" refused balrog_public "INSERT INTO $table SELECT * FROM $table"
        check "balrog_public does not update $table" refused balrog_public \
            "UPDATE $table SET $([[ $table == balrog_changes ]] && echo op=1 || echo data_version=1)"
    done
    check "balrog_public tells that it runs" as balrog_public "
        INSERT INTO app_instances VALUES ('h:balrog-public:1:2', 'balrog-public', 'h', 1, '0.2', 2, 2, NULL);
        UPDATE app_instances SET seen_at = 3; DELETE FROM app_instances"
    for table in permissions user_roles permissions_history balrog_partial_stops_history; do
        check "balrog_public does not read $table" refused balrog_public "SELECT COUNT(*) FROM $table"
    done
    check "balrog_public makes no tables" refused balrog_public "CREATE TABLE x (a INT)"
    check "balrog_public drops no tables" refused balrog_public "DROP TABLE rules"
    check "nobody logs in as balrog_feed" locked_out balrog_feed
    printf '%s\n' "it's \"q\" # \\n" >"$work/password"
    "${tool[@]}" --execute --database "$DB" --public-password-file "$work/password" >"$work/log"
    check "the old password is gone" refused balrog_public "SELECT 1"
    check "a password of odd characters" "$root/scripts/schema-upgrade" --socket "$work/sock" --user balrog_public \
        --password-file "$work/password" --database "$DB" >"$work/log"
}

# What happened cannot be rewritten through the admin's account, which an earlier version had made for more.
test_histories() {
    local tool=("$root/scripts/create-db-users" --socket "$work/sock" --user root --execute) table count=0
    new_database histories
    upgrade 0 --execute
    printf 'secret\n' >"$work/password"
    query <<<"CREATE USER balrog_admin@localhost IDENTIFIED BY 'secret', balrog_admin@'10.0.0.%' IDENTIFIED BY 'secret'"
    while read -r table; do
        query <<<"GRANT SELECT, INSERT, UPDATE, DELETE ON $table TO balrog_admin@localhost, balrog_admin@'10.0.0.%'"
    done < <(query <<<"SHOW TABLES")
    check "an account may have had more" as balrog_admin "DELETE FROM rules_history; UPDATE balrog_release_history SET tbl = 'x'"
    "${tool[@]}" --database "$DB" --mend-rights >"$work/log" 2>"$work/warned"
    check "of which nothing is said" equal "" "$(<"$work/warned")"
    while read -r table; do
        check "balrog_admin adds to $table" as balrog_admin "INSERT IGNORE INTO $table (changed_by, timestamp) SELECT changed_by, timestamp
            FROM $table WHERE FALSE" >"$work/log"
        check "and does not delete from it" refused balrog_admin "DELETE FROM $table"
        check "nor change it" refused balrog_admin "UPDATE $table SET changed_by = 'x'"
        check "nor empty it" refused balrog_admin "TRUNCATE $table"
        check "nor replace a row" refused balrog_admin "REPLACE INTO $table (changed_by, timestamp) SELECT changed_by, timestamp FROM $table"
        count=$((count + 1))
    done < <(query <<<"SHOW TABLES" | grep '_history$')
    check "these are all histories" test "$count" -ge 35
    check "wherever it connects from" answers 0 "SELECT COUNT(*) FROM information_schema.table_privileges
        WHERE table_schema = DATABASE() AND grantee LIKE '%balrog_admin%' AND table_name LIKE '%\\_history'
            AND privilege_type NOT IN ('SELECT', 'INSERT')"
    check "the rest it may change" as balrog_admin "DELETE FROM rules; UPDATE user_roles SET data_version = 2; DELETE FROM balrog_changes"
    query <<<"GRANT UPDATE, DELETE ON \`$DB\`.* TO balrog_admin@localhost"
    "${tool[@]}" --database "$DB" --mend-rights >"$work/log" 2>"$work/warned"
    check "a warning about rights on the whole database" grep -q "has .*UPDATE.* on all of $DB, so it can change histories" "$work/warned"
    query <<<"DROP USER balrog_admin@localhost, balrog_admin@'10.0.0.%'"
}

locked_out() {
    ! mariadb --no-defaults --socket="$work/sock" --user="$1" "$DB" -e "SELECT 1" 2>"$work/refusal" &&
        grep -q "account is locked" "$work/refusal"
}

# The checksum of every table of the reference's, and its definition without the plain indexes.
checksums() {
    local table
    while read -r table; do
        query <<<"CHECKSUM TABLE $table EXTENDED; SHOW CREATE TABLE $table" | sed 's/,\\n  KEY [^)]*)//g'
    done <"$work/tables"
}

# The indexes of the tables that the reference knows.
indexes() { # DATABASE
    sql "$work" information_schema <<<"SELECT table_name, index_name, seq_in_index, column_name FROM statistics
        WHERE table_schema = '$1' AND table_name NOT LIKE 'balrog_%'
        AND table_name NOT IN ('alembic_version', 'app_instances') ORDER BY 1, 2, 3"
}

test_adoption() {
    new_database adopted
    query <"$here/../data/reference-schema.sql"
    query <<<"SHOW TABLES" >"$work/tables"
    # The reference's own account: its tables, nothing of ours.
    sql "$work" mysql <<<"CREATE USER reference@localhost IDENTIFIED BY 'secret'"
    sed "s/.*/GRANT SELECT, INSERT, UPDATE, DELETE ON & TO reference@localhost;/" "$work/tables" | query
    checksums >"$work/before"
    check "an adopted database" upgrade 0 --execute
    checksums >"$work/after"
    check "73 tables were there" equal 73 "$(wc -l <"$work/tables")"
    check "no column and no row has changed" cmp "$work/before" "$work/after"
    indexes db_fresh >"$work/before"
    indexes "$DB" >"$work/after"
    check "it has the indexes of a fresh database" cmp "$work/before" "$work/after"
    check "alembic_version is left alone" answers 0001 "SELECT version_num FROM alembic_version"
    check "it has no rights on the feed" refused reference "SELECT COUNT(*) FROM balrog_changes"
    check "the reference writes as ever" as reference "
        INSERT INTO rules (priority, update_type, product, data_version) VALUES (90, 'minor', 'Firefox', 1);
        INSERT INTO rules_history (changed_by, timestamp, rule_id, data_version) VALUES ('me', 1700000000000, 99, NULL);
        UPDATE rules SET priority = 91, data_version = data_version + 1 WHERE priority = 90 AND data_version = 1;
        DELETE FROM rules WHERE priority = 91;
        INSERT INTO releases_json (name, product, read_only, data, data_version) VALUES ('x', 'Firefox', 0, '{}', 1);
        INSERT INTO release_assets (name, path, data, data_version) VALUES ('x', '.a', '{}', 1);
        UPDATE release_assets SET data = '{\"a\": 1}', data_version = 2 WHERE name = 'x' AND path = '.a';
        DELETE FROM release_assets WHERE name = 'x'; DELETE FROM releases_json WHERE name = 'x';
        UPDATE releases SET read_only = 1 WHERE name = 'Firefox-1';
        DELETE FROM pinnable_releases; DELETE FROM emergency_shutoffs"
    check "its changes are in the feed" answers "emergency_shutoffs D 2;pinnable_releases D 2;release_assets D 1;release_assets I 1;release_assets U 1;releases U 1;releases_json D 1;releases_json I 1;rules D 1;rules I 1;rules U 1" \
        "SELECT tbl, op, COUNT(*) FROM balrog_changes GROUP BY tbl, op ORDER BY tbl, op"
    query <<<"ALTER TABLE rules DROP COLUMN mig64; DELETE FROM balrog_schema WHERE version > 1;
        UPDATE balrog_schema SET applied_at = NULL"
    check "a database without a column that is needed" upgrade 1 --execute
    check "the column is named" said "table rules lacks one of the columns rule_id,"
}

test_changed_files() {
    new_database changed
    copy_schema
    upgrade 0 --execute --schema "$work/schema"
    echo "-- one more line" >>"$work/schema/0001_initial/additive.sql"
    check "a changed file is refused" upgrade 3 --execute --schema "$work/schema"
    check "the file is named" said "0001_initial/additive.sql differs from the file that was applied"
    check "and by the plan" upgrade 3 --schema "$work/schema"
    copy_schema
    local steps next
    steps=$(find "$root/schema" -name '[0-9]*_*' | wc -l)
    next=$(printf %04d $((steps + 1)))
    mkdir "$work/schema/0099_hole"
    cp "$work/schema/0001_initial"/*.sql "$work/schema/0099_hole"
    check "a missing step is refused" upgrade 3 --schema "$work/schema"
    rm -r "$work/schema/0099_hole"
    mkdir "$work/schema/${next}_third"
    printf '%s\n' "-- since: v0.2" "CREATE TABLE IF NOT EXISTS third (a INT);" >"$work/schema/${next}_third/additive.sql"
    echo "SELECT 'no table third' WHERE NOT EXISTS (SELECT 1 FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name = 'third');" >"$work/schema/${next}_third/verify.sql"
    check "a new step is planned" upgrade 0 --schema "$work/schema"
    check "the new step alone" equal "${next}_third: would be applied: $work/schema/${next}_third/additive.sql, 1 statements" \
        "${SAID%%$'\n'*}"
    check "a new step is run" upgrade 0 --execute --schema "$work/schema"
    check "a database that is ahead is refused" upgrade 3 --execute
    query <<<"DELETE FROM balrog_schema WHERE version = 1"
    check "a record without its predecessor is refused" upgrade 3 --schema "$work/schema"
    check "no steps" upgrade 2 --schema "$work"
}

test_interruptions() {
    local middle pid
    new_database interrupted
    copy_schema
    middle=$(grep -n "CREATE TABLE IF NOT EXISTS releases_json (" "$work/schema/0001_initial/additive.sql" | cut -d : -f 1)
    sed -i "${middle}i SELEC nonsense;" "$work/schema/0001_initial/additive.sql"
    check "a step that fails" upgrade 1 --execute --schema "$work/schema"
    check "the reason is told" said "SELEC nonsense"
    check "and the line" said "additive.sql:$middle) failed"
    check "the step counts as begun" answers "1 NULL" "SELECT version, applied_at FROM balrog_schema"
    copy_schema
    sed -i "${middle}i DO SLEEP(3600);" "$work/schema/0001_initial/additive.sql"
    "$root/scripts/schema-upgrade" --execute --socket "$work/sock" --user root --database "$DB" --schema "$work/schema" \
        >"$work/log" 2>&1 &
    pid=$!
    wait_for "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'"
    check "a second run is refused" upgrade 4 --execute --wait 1
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    query <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'" | query
    check "killed and run again" upgrade 0 --execute
    check "the mended step counts" answers "1 1" \
        "SELECT version, applied_at IS NOT NULL FROM balrog_schema WHERE version = 1"
}

# Waits until SQL answers something other than 0.
wait_for() {
    local end=$((SECONDS + 120))
    while [[ $(query <<<"$1") == 0 ]]; do
        ((SECONDS < end)) || { echo "  waited in vain for: $1" >&2 && return 1; }
        sleep 0.05
    done
}

test_two_at_once() {
    local one two status=0
    new_database twice
    "$root/scripts/schema-upgrade" --execute --wait 600 --socket "$work/sock" --user root --database "$DB" >"$work/one" 2>&1 &
    one=$!
    "$root/scripts/schema-upgrade" --execute --wait 600 --socket "$work/sock" --user root --database "$DB" >"$work/two" 2>&1 &
    two=$!
    wait "$one" || status=$?
    wait "$two" || status=$?
    check "two at once both succeed" equal 0 "$status"
    check "one of them did it" equal 1 "$(cat "$work/one" "$work/two" | grep -c "0001_initial: applying")"
}

# A table that somebody holds on to must not make every writer queue.
test_held_table() {
    local holder started=$SECONDS
    new_database held
    query <"$here/../data/reference-schema.sql"
    query <<<"START TRANSACTION; SELECT COUNT(*) FROM rules; DO SLEEP(3600)" >"$work/log" 2>&1 &
    holder=$!
    wait_for "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'"
    check "a held table" upgrade 7 --execute --lock-wait 1 --tries 2
    check "it is told which statement waits" said "0001_initial, statement"
    check "and who has a transaction open" said "(root@localhost"
    check "it gave up while the table was held" test $((SECONDS - started)) -lt 1800
    query <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'" | query
    wait "$holder" 2>/dev/null || true
    check "afterwards" upgrade 0 --execute
}

test_usage() {
    DB=db_fresh
    local tool
    for tool in schema-upgrade create-db-users; do
        check "$tool --help" "$root/scripts/$tool" --help >"$work/log"
        check "$tool says something" test -s "$work/log"
    done
    check "an unknown option" upgrade 2 --frobnicate
    check "an unknown phase" upgrade 2 --phase sideways
    check "a missing value" upgrade 2 --lock-wait
    DB=no_such_database
    check "an unknown database" upgrade 5
    DB="x;y"
    check "a strange database name" upgrade 2
    DB=db_fresh
    check "a wrong socket" upgrade 5 --socket "$work/nowhere"
    printf '[client]\nsocket=%s\nuser=root\n' "$work/sock" >"$work/my.cnf"
    check "an option file" "$root/scripts/schema-upgrade" --defaults-file "$work/my.cnf" --database "$DB" >"$work/log"
}

start_mariadb "$work"
for group in fresh triggers users histories adoption changed_files interruptions two_at_once held_table usage; do
    "test_$group"
done
check "nothing is left behind" equal "" "$(find "$TMPDIR" -type f)"
check "but the directory of the run that was killed" equal 1 "$(find "$TMPDIR" -mindepth 1 -type d | wc -l)"
summary
