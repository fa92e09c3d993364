#!/bin/bash
# The history of releases against a private MariaDB, in an exact database and in an adopted one; before and after the
# destructive upgrade that takes a column of its away.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: release_history.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
root=$here/../..
program=${BALROG_BUILD:-$root/build}/test/integration/release_history_test
work=$(mktemp -d)
trap 'stop_mariadb "$work"; rm -rf "$work"' EXIT

prepare_databases() {
    local database
    sql "$work" mysql <<<"CREATE DATABASE exact; CREATE DATABASE adopted COLLATE utf8mb4_general_ci"
    sql "$work" adopted <"$here/../data/reference-schema.sql"
    for database in exact adopted; do
        "$root/scripts/schema-upgrade" --execute --socket "$work/sock" --user root --database "$database"
        "$root/scripts/create-db-users" --execute --socket "$work/sock" --user root --database "$database" \
            --public-password-file "$work/password"
    done
}

query() { sql "$work" "$1"; } # DATABASE <SQL

# v0.1 wrote the column and reads it: with what it finds there it sees the same history.
same_for_old() { # DATABASE
    equal "1 0" "$(query "$1" <<<"SELECT COUNT(*) > 3, COALESCE(SUM(deleted <> (frame IS NULL)), 0)
        FROM balrog_release_history" | tr '\t' ' ')"
}

# The test empties the table when it begins, so something is written for v0.1 to read: a version and a deletion, each as
# v0.1 writes it and as v0.2 does.
write_both_ways() { # DATABASE
    query "$1" <<<"INSERT INTO balrog_release_history (tbl, name, path, data_version, deleted, size, frame)
            VALUES ('releases', 'a', '', 1, 0, 3, 'abc'), ('releases', 'a', '', 1, 1, 0, NULL);
        INSERT INTO balrog_release_history (tbl, name, path, data_version, size, frame)
            VALUES ('releases', 'b', '', 1, 3, 'abc'), ('releases', 'b', '', 1, 0, NULL)"
}

contract() { # DATABASE
    "$root/scripts/schema-upgrade" --phase destructive --without-hosts --execute --socket "$work/sock" --user root \
        --database "$1" >"$work/contract.log" 2>&1 || { cat "$work/contract.log" >&2 && return 1; }
}

head -c 12 /dev/urandom | base64 >"$work/password"
start_mariadb "$work"
prepare_databases >"$work/prepare.log" 2>&1 || { cat "$work/prepare.log" >&2 && exit 1; }
export BALROG_TEST_SOCKET=$work/sock BALROG_TEST_PASSWORD
BALROG_TEST_PASSWORD=$(<"$work/password")
for database in exact adopted; do
    BALROG_TEST_DB=$database check "history in the database $database" "$program"
    check "both versions write to $database" write_both_ways "$database"
    check "v0.1 reads what v0.2 has written to $database" same_for_old "$database"
    check "the destructive upgrade of $database" contract "$database"
done
BALROG_TEST_DB=adopted check "history without the column" "$program"
summary
