#!/bin/bash
# schema-lint: every rule finds what it is for, on its line; what is right, or permitted, passes.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: schema_lint.sh"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
root=$(realpath "$here/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
OK="ALGORITHM=INSTANT, LOCK=NONE"

# A first step with a table of the reference's and one of ours.
first_step() {
    mkdir -p "$work/schema/0001_initial" "$work/schema/0002_next"
    cat >"$work/schema/0001_initial/additive.sql" <<'END'
-- since: v0.1
CREATE TABLE IF NOT EXISTS theirs (a INT NOT NULL, KEY a (a));
CREATE TABLE IF NOT EXISTS balrog_ours (
    id BIGINT NOT NULL AUTO_INCREMENT,
    small SMALLINT,
    name VARCHAR(100) NOT NULL COMMENT 'with (odd), ''quoted'' words; and -- more',
    kind ENUM('a', 'b') NOT NULL DEFAULT 'a',
    note TEXT,
    count INT UNSIGNED,
    with_default INT NOT NULL DEFAULT 3,
    PRIMARY KEY (id)
);
END
    echo "SELECT 1 WHERE 0;" | tee "$work/schema/0001_initial/verify.sql" >"$work/schema/0002_next/verify.sql"
}

# next_step FILE TEXT: the second step is that file alone, in its third line and on.
next_step() {
    rm -f "$work/schema/0002_next/"{additive,destructive,revert}.sql
    printf -- '-- since: v0.2\n-- 0002: next\n%s\n' "$2" >"$work/schema/0002_next/$1.sql"
    if [[ $1 == revert ]]; then
        printf -- '-- since: v0.2\nCREATE TABLE IF NOT EXISTS x (a INT);\n' >"$work/schema/0002_next/additive.sql"
    fi
}

lint() { # STATUS
    local status=0
    SAID=$("$root/scripts/schema-lint" "$work/schema" 2>&1) || status=$?
    [[ $status -eq $1 ]] || { echo "  exit status $status, wanted $1: $SAID" >&2 && return 1; }
}

# finds RULE LINE FILE TEXT: just this one thing is found, there.
finds() {
    next_step "$3" "$4"
    check "$1: $4" lint 1
    check "$1, and where: $4" equal "$work/schema/0002_next/$3.sql:$2: $1" "$(cut -d : -f 1-3 <<<"$SAID")"
}

passes() { # FILE TEXT
    next_step "$1" "$2"
    check "passes: $2" lint 0
}

test_additive() {
    finds drop 3 additive "DROP TABLE IF EXISTS balrog_ours;"
    finds drop 5 additive "ALTER TABLE balrog_ours
    ADD COLUMN IF NOT EXISTS x INT,
    DROP COLUMN IF EXISTS note, $OK;"
    finds drop 3 additive "DROP TRIGGER IF EXISTS t;"
    finds drop 3 additive "TRUNCATE TABLE balrog_ours;"
    finds drop 3 additive "REVOKE SELECT ON balrog_ours FROM x;"
    finds rename 3 additive "ALTER TABLE balrog_ours RENAME COLUMN note TO remark, $OK;"
    finds rename 3 additive "ALTER TABLE balrog_ours CHANGE COLUMN note remark TEXT, $OK;"
    finds rename 4 additive "ALTER TABLE balrog_ours
    RENAME TO balrog_mine, $OK;"
    finds narrowing 4 additive "ALTER TABLE balrog_ours
    MODIFY COLUMN name VARCHAR(50) NOT NULL, $OK;"
    finds narrowing 3 additive "ALTER TABLE balrog_ours MODIFY id INT NOT NULL AUTO_INCREMENT, $OK;"
    finds narrowing 3 additive "ALTER TABLE balrog_ours MODIFY note TINYTEXT, $OK;"
    finds narrowing 3 additive "ALTER TABLE balrog_ours MODIFY count INT, $OK;"
    finds narrowing 3 additive "ALTER TABLE balrog_ours MODIFY note BLOB, $OK;"
    finds narrowing 3 additive "ALTER TABLE elsewhere MODIFY x INT, $OK;"
    finds enum 3 additive "ALTER TABLE balrog_ours MODIFY kind ENUM('b', 'a') NOT NULL DEFAULT 'a', $OK;"
    finds enum 3 additive "ALTER TABLE balrog_ours MODIFY kind ENUM('a') NOT NULL DEFAULT 'a', $OK;"
    finds not-null 3 additive "ALTER TABLE balrog_ours ADD COLUMN IF NOT EXISTS x INT NOT NULL, $OK;"
    finds not-null 3 additive "ALTER TABLE balrog_ours MODIFY note TEXT NOT NULL, $OK;"
    finds not-null 3 additive "ALTER TABLE balrog_ours ALTER COLUMN with_default DROP DEFAULT, $OK;"
    finds not-null 3 additive "ALTER TABLE balrog_ours MODIFY with_default BIGINT NOT NULL, $OK;"
    finds not-null 4 additive "ALTER TABLE balrog_ours ALTER COLUMN small SET DEFAULT 3,
    MODIFY small INT NOT NULL, $OK;"
    finds unique 3 additive "ALTER TABLE balrog_ours ADD UNIQUE KEY IF NOT EXISTS n (name), ALGORITHM=NOCOPY, LOCK=NONE;"
    finds unique 3 additive "CREATE UNIQUE INDEX IF NOT EXISTS n ON balrog_ours (name) ALGORITHM=NOCOPY LOCK=NONE;"
    finds unique 3 additive "ALTER TABLE balrog_ours ADD COLUMN IF NOT EXISTS x INT NULL UNIQUE, $OK;"
    finds constraint 3 additive "ALTER TABLE balrog_ours ADD CONSTRAINT IF NOT EXISTS c CHECK (small > 0), $OK;"
    finds charset 3 additive "ALTER TABLE balrog_ours CONVERT TO CHARACTER SET utf8mb4, ALGORITHM=INPLACE, LOCK=NONE;"
    finds charset 3 additive "ALTER TABLE balrog_ours COLLATE utf8mb4_bin, $OK;"
    finds charset 3 additive "ALTER TABLE balrog_ours MODIFY note TEXT COLLATE utf8mb4_bin, $OK;"
}

test_everywhere() {
    local file
    for file in additive destructive revert; do
        finds algorithm 3 "$file" "ALTER TABLE balrog_ours ADD COLUMN IF NOT EXISTS x INT;"
        finds algorithm 3 "$file" "ALTER TABLE balrog_ours ADD COLUMN IF NOT EXISTS x INT, ALGORITHM=INSTANT;"
        finds algorithm 3 "$file" "ALTER TABLE balrog_ours ADD COLUMN IF NOT EXISTS x INT, ALGORITHM=COPY, LOCK=SHARED;"
        finds algorithm 3 "$file" "ALTER TABLE balrog_ours ADD COLUMN IF NOT EXISTS x INT, ALGORITHM=INPLACE, LOCK=EXCLUSIVE;"
        finds algorithm 3 "$file" "CREATE INDEX IF NOT EXISTS i ON balrog_ours (small);"
        finds repeatable 3 "$file" "CREATE TABLE y (a INT);"
        finds repeatable 4 "$file" "ALTER TABLE balrog_ours
    ADD COLUMN x INT, $OK;"
        finds repeatable 3 "$file" "CREATE TRIGGER t AFTER INSERT ON balrog_ours FOR EACH ROW DO 1;"
        finds repeatable 3 "$file" "INSERT INTO balrog_ours (name) VALUES ('x');"
        finds backfill 3 "$file" "UPDATE balrog_ours SET small = 1 WHERE small IS NULL;"
    done
    finds repeatable 3 destructive "DROP TABLE balrog_ours;"
    finds repeatable 3 destructive "ALTER TABLE balrog_ours DROP COLUMN note, $OK;"
    finds reference 3 destructive "DROP TABLE IF EXISTS theirs;"
    finds reference 3 destructive "DROP TABLE IF EXISTS balrog_ours, theirs;"
    finds reference 3 destructive "ALTER TABLE theirs DROP COLUMN IF EXISTS a, $OK;"
}

test_headers() {
    next_step additive ""
    printf 'CREATE TABLE IF NOT EXISTS x (a INT);\n' >"$work/schema/0002_next/additive.sql"
    check "no header" lint 1
    check "is said" equal "$work/schema/0002_next/additive.sql:1: since" "$(cut -d : -f 1-3 <<<"$SAID")"
    printf -- '-- since: soon\n' >"$work/schema/0002_next/additive.sql"
    check "no version" lint 1
    echo "additive v0.1" >"$work/schema/0002_next/versions"
    printf 'CREATE TABLE IF NOT EXISTS x (a INT);\n' >"$work/schema/0002_next/additive.sql"
    check "a version beside the file" lint 0
    rm "$work/schema/0002_next/versions"
    next_step additive "CREATE TABLE IF NOT EXISTS x (a INT);"
    printf -- '-- since: v0.1\n' >"$work/schema/0002_next/destructive.sql"
    check "a destructive phase that lets in who lacks the additive one" lint 1
    check "is said" equal "$work/schema/0002_next/destructive.sql:1: since" "$(cut -d : -f 1-3 <<<"$SAID")"
}

test_right() {
    passes additive "CREATE TABLE IF NOT EXISTS x (a INT NOT NULL, UNIQUE KEY a (a)); -- DROP TABLE x"
    passes additive "ALTER TABLE balrog_ours
    ADD COLUMN IF NOT EXISTS x VARCHAR(10) NOT NULL DEFAULT 'DROP, RENAME',
    ADD INDEX IF NOT EXISTS i (x, small),
    MODIFY COLUMN name VARCHAR(200) NOT NULL,
    MODIFY COLUMN small INT,
    MODIFY COLUMN note LONGTEXT,
    MODIFY COLUMN kind ENUM('a', 'b', 'c') NOT NULL DEFAULT 'a',
    ALGORITHM=INPLACE, LOCK=NONE;"
    passes additive "CREATE OR REPLACE TRIGGER t AFTER INSERT ON balrog_ours FOR EACH ROW DO 1;"
    passes additive "INSERT IGNORE INTO balrog_ours (name) VALUES ('x');"
    passes destructive "ALTER TABLE balrog_ours DROP COLUMN IF EXISTS note, RENAME COLUMN small TO big, $OK;"
    passes destructive "ALTER TABLE theirs DROP INDEX IF EXISTS a, $OK;"
    passes destructive "DROP TABLE IF EXISTS balrog_ours;"
    passes revert "DROP TABLE IF EXISTS x;"
}

test_permits() {
    passes additive "-- Nothing has read it since v0.1.
-- lint: allow drop: it was never written
ALTER TABLE balrog_ours DROP COLUMN IF EXISTS note, $OK;"
    finds drop 4 additive "-- lint: allow rename: it is another rule
ALTER TABLE balrog_ours DROP COLUMN IF EXISTS note, $OK;"
    finds drop 4 additive "-- lint: allow drop:
ALTER TABLE balrog_ours DROP COLUMN IF EXISTS note, $OK;"
    finds drop 5 additive "-- lint: allow drop: of the next statement alone
ALTER TABLE balrog_ours DROP COLUMN IF EXISTS note, $OK;
ALTER TABLE balrog_ours DROP COLUMN IF EXISTS small, $OK;"
}

test_usage() {
    check "the shipped schema" "$root/scripts/schema-lint"
    check "--help" "$root/scripts/schema-lint" --help
    local status=0
    "$root/scripts/schema-lint" "$work/nowhere" 2>/dev/null || status=$?
    check "no directory" equal 2 "$status"
    status=0
    "$root/scripts/schema-lint" --frob 2>/dev/null || status=$?
    check "an unknown option" equal 2 "$status"
    rm -r "$work/schema/0001_initial"
    check "a hole" lint 3
}

first_step
for group in additive everywhere headers right permits usage; do
    "test_$group" >"$work/log"
done
summary
