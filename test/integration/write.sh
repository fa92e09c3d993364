#!/bin/bash
# What writes to the database, against a private MariaDB: rows and histories, scheduled changes, races, lost
# connections, and a process that is killed at every statement. In an exact database and in an adopted one.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: write.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
root=$here/../..
programs=${BALROG_BUILD:-$root/build}/test/integration
work=$(mktemp -d)
trap 'stop_mariadb "$work"; rm -rf "$work"' EXIT

prepare_databases() {
    local database
    sql "$work" mysql <<<"CREATE DATABASE exact; CREATE DATABASE adopted COLLATE utf8mb4_general_ci"
    sql "$work" adopted <"$here/../data/reference-schema.sql"
    for database in exact adopted; do
        "$root/scripts/schema-upgrade" --execute --socket "$work/sock" --user root --database "$database"
    done
}

start_mariadb "$work"
prepare_databases >"$work/prepare.log" || { cat "$work/prepare.log" >&2 && exit 1; }
export BALROG_TEST_SOCKET=$work/sock
for database in exact adopted; do
    for program in write_test schedule_test signoff_test tx_test world_test keeper_test; do
        # How much is kept does not depend on the tables' columns.
        [[ "$program $database" != "keeper_test adopted" || -n ${BALROG_TEST_FULL-} ]] || continue
        BALROG_TEST_DB=$database check "$program on $database" "$programs/$program"
    done
done
summary
