#!/bin/bash
# The store's C code against a private MariaDB, until that is killed.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: store.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
root=$here/../..
programs=${BALROG_BUILD:-$root/build}/test/integration
work=$(mktemp -d)
trap 'stop_mariadb "$work"; rm -rf "$work"' EXIT

# Runs a Check program and adds its tests to the tally.
run_program() {
    local output checks bad=0
    output=$("$programs/$1" "${@:2}" 2>&1) || bad=1
    printf '%s\n' "$output"
    checks=$(sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' <<<"$output")
    if [[ $checks =~ ^([0-9]+)\ ([0-9]+)\ ([0-9]+)$ ]]; then
        local wrong=$((BASH_REMATCH[2] + BASH_REMATCH[3]))
        PASSED=$((PASSED + BASH_REMATCH[1] - wrong))
        FAILED=$((FAILED + wrong))
        [[ $wrong -gt 0 || $bad -eq 0 ]] || FAILED=$((FAILED + 1))
    else
        FAILED=$((FAILED + 1))
    fi
}

prepare_databases() {
    local connection=(--socket "$work/sock" --user root)
    head -c 12 /dev/urandom | base64 >"$work/password"
    sql "$work" mysql <<<"CREATE DATABASE exact; CREATE DATABASE adopted COLLATE utf8mb4_general_ci"
    sql "$work" adopted <"$here/../data/reference-schema.sql"
    local database
    for database in exact adopted; do
        "$root/scripts/schema-upgrade" --execute "${connection[@]}" --database "$database"
        "$root/scripts/create-db-users" --execute "${connection[@]}" --database "$database" \
            --public-password-file "$work/password"
    done
}

start_mariadb "$work"
prepare_databases >"$work/prepare.log" || { cat "$work/prepare.log" >&2 && exit 1; }
export BALROG_TEST_SOCKET=$work/sock BALROG_TEST_DB=exact BALROG_TEST_CI_DB=adopted
BALROG_TEST_PASSWORD=$(<"$work/password")
BALROG_TEST_PID=$(<"$work/pid")
export BALROG_TEST_PASSWORD BALROG_TEST_PID
run_program store_test
run_program feed_test
run_program partial_sources_test
run_program store_test kill
summary
