#!/bin/bash
# schema-diff and schema-simulate on a repository of two versions: their programs are the same, their schemas differ.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: schema_simulate.sh    (BALROG_BUILD: where the programs were built, build/ by default; BALROG_TEST_FULL=1:"
    echo "v0.1, if the repository has it, against this tree)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
root=$(realpath "$here/../..")
build=$(realpath "${BALROG_BUILD:-$root/build}")
work=$(mktemp -d)
trap 'stop_mariadb "$work/db"; rm -rf "$work"' EXIT
repo=$work/repo

run() { # TOOL STATUS ARG…
    local name=$1 wanted=$2 status=0
    shift 2
    SAID=$("$root/scripts/$name" "$@" 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { echo "  exit status $status, wanted $wanted: $SAID" >&2 && return 1; }
}

said() { [[ $SAID == *"$1"* ]] || { echo "  it said: $SAID" >&2 && return 1; }; }
in_repo() { git -C "$repo" -c user.name=t -c user.email=t@example.org "$@" >>"$work/git.log" 2>&1; }

version() { # TAG
    in_repo add -A
    in_repo commit -m "$1"
    in_repo tag "$1"
}

# A step that this version's programs do not need.
add_step() { # NAME FILE SQL
    local dir
    dir=$repo/schema/$(printf %04d $((STEPS + 1)))_$1
    mkdir -p "$dir"
    printf -- '-- since: v0.2\n%s\n' "$3" >"$dir/$2.sql"
    echo "SELECT 'x' WHERE 0;" >"$dir/verify.sql"
}

make_repository() {
    mkdir "$repo"
    cp -r "$root/"{schema,scripts,conf,docs,VERSION} "$repo"
    STEPS=$(find "$repo/schema" -mindepth 1 -maxdepth 1 -type d | wc -l)
    in_repo init
    version base
    add_step extra additive "CREATE TABLE IF NOT EXISTS balrog_extra (a INT);"
    add_step extra destructive "DROP TABLE IF EXISTS balrog_extra;"
    version good
    # What older programs do not survive, hidden in an additive step.
    add_step extra additive "RENAME TABLE balrog_release_heads TO balrog_heads;"
    version bad
}

test_diff() {
    check "between versions" run schema-diff 0 --repository "$repo" base good
    check "the additive step" said "_extra: 1 statements"
    check "the destructive step" said "_extra: v0.2"
    check "the order" said "3. when nothing older runs"
    check "none" run schema-diff 0 --repository "$repo" good good
    check "no order is needed" said "deploy and roll back in any order"
    check "a step that was changed" run schema-diff 1 --repository "$repo" good bad
    check "is named" said "bad changes schema/"
    check "a step that is gone" run schema-diff 1 --repository "$repo" good base
    check "is named, too" said "base lacks schema/"
    check "one version" run schema-diff 2 --repository "$repo" good
    check "no such version" run schema-diff 2 --repository "$repo" good v9.9
    check "which one" said "v9.9: no such revision"
    check "no repository" run schema-diff 2 --repository "$work" good bad
    check "--help" run schema-diff 0 --help
}

# A dump of a database that a version of before served from, with its triggers, records and living programs.
make_dump() {
    local connection=(--socket "$work/db/sock" --user root --database served)
    mkdir "$work/db"
    start_mariadb "$work/db"
    sql "$work/db" mysql <<<"CREATE DATABASE served CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    # Without the newest step, which the programs need.
    cp -r "$repo/schema" "$work/schema"
    rm -r "$work/schema/"*_extra "$work/schema/$(printf %04d "$STEPS")"_*
    "$root/scripts/schema-upgrade" --execute --schema "$work/schema" "${connection[@]}" >"$work/log" 2>&1
    sql "$work/db" served <"$root/conf/demo.sql"
    sql "$work/db" served <<<"INSERT INTO app_instances VALUES ('h:balrog-public:1:2', 'balrog-public', 'h', 1, '0.1', 2,
        CAST(UNIX_TIMESTAMP() * 1000 AS SIGNED) + 3600000, NULL); INSERT INTO rules (priority, mapping, backgroundRate,
        update_type, product, channel, data_version) VALUES (90, 'Firefox-120.0-build2', 100, 'minor', 'in the dump', 'x', 1)"
    mariadb-dump --no-defaults --socket="$work/db/sock" --user=root --single-transaction --hex-blob served >"$work/dump.sql"
    stop_mariadb "$work/db"
}

# What the sandbox of a run with --keep held; its directory goes.
kept() { # SQL
    local dir=${SAID##*the logs are in }
    dir=${dir%%$'\n'*}
    BALROG_BUILD=$build "$dir/old/scripts/sandbox" start "$dir/sandbox" db >>"$work/log" 2>&1
    "$dir/old/scripts/sandbox" sql "$dir/sandbox" -N -e "$1"
    "$dir/old/scripts/sandbox" down "$dir/sandbox" >>"$work/log" 2>&1
    rm -rf "$dir"
}

test_simulate() {
    local builds=(--old-build "$build" --new-build "$build")
    check "--help" run schema-simulate 0 --help
    check "no such version" run schema-simulate 2 --repository "$repo" good v9.9
    check "one version" run schema-simulate 2 --repository "$repo" good
    check "no such dump" run schema-simulate 2 --repository "$repo" --dump "$work/nowhere" base good
    make_dump
    check "an order that is right, with a dump" run schema-simulate 0 --repository "$repo" "${builds[@]}" --keep \
        --dump "$work/dump.sql" base good
    check "both run on both" said "good on the schema of base"
    check "all that was tried works" equal 8 "$(grep -c ' works$' <<<"$SAID")"
    check "says so" said "base also runs after the destructive steps: rolling back stays possible."
    check "with the dump's rows, and its triggers" equal "1 27" \
        "$(kept "SELECT (SELECT COUNT(*) FROM rules WHERE product = 'in the dump'), (SELECT COUNT(*)
            FROM information_schema.triggers WHERE trigger_schema = DATABASE())" | tr '\t' ' ')"
    check "one that is not" run schema-simulate 1 --repository "$repo" "${builds[@]}" base bad
    check "the old version is what fails" grep -q "^base, running while the additive steps of bad were applied *FAILS" <<<"$SAID"
    check "the verdict" said "No order is safe"
}

# Dumps of other kinds.
test_dumps() {
    local builds=(--old-build "$build" --new-build "$build")
    check "a database of Mozilla's Balrog" run schema-simulate 0 --repository "$repo" "${builds[@]}" \
        --dump "$here/../data/reference-schema.sql" base good
    check "works" equal 8 "$(grep -c ' works$' <<<"$SAID")"
    check "rows alone" run schema-simulate 0 --repository "$repo" "${builds[@]}" --dump "$root/conf/demo.sql" base good
    echo "CREATE TABLE something (a INT);" >"$work/other.sql"
    check "something else" run schema-simulate 1 --repository "$repo" "${builds[@]}" --dump "$work/other.sql" base good
    check "is told" said "has no table rules"
    echo "INSERT INTO nonsense VALUES (1);" >"$work/broken.sql"
    check "a dump that is broken" run schema-simulate 1 --repository "$repo" "${builds[@]}" --dump "$work/broken.sql" base good
    check "is told, too" said "cannot be loaded: "
}

test_real() {
    check "v0.1 and this tree" run schema-simulate 0 --new-build "$build" v0.1 HEAD
    check "the additive steps first" said "Apply the additive steps first, then deploy HEAD"
    check "the destructive ones last" said "v0.1 fails after them"
}

make_repository
test_diff
test_simulate
[[ -z ${BALROG_TEST_FULL-} ]] || test_dumps
if [[ -n ${BALROG_TEST_FULL-} ]] && git -C "$root" rev-parse --verify --quiet v0.1 >/dev/null; then
    test_real
fi
summary
