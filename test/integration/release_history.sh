#!/bin/bash
# The history of releases against a private MariaDB, in an exact database and in an adopted one.
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

head -c 12 /dev/urandom | base64 >"$work/password"
start_mariadb "$work"
prepare_databases >"$work/prepare.log" || { cat "$work/prepare.log" >&2 && exit 1; }
export BALROG_TEST_SOCKET=$work/sock BALROG_TEST_PASSWORD
BALROG_TEST_PASSWORD=$(<"$work/password")
for database in exact adopted; do
    BALROG_TEST_DB=$database check "history in the database $database" "$program"
done
summary
