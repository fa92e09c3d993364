#!/bin/bash
# Unit tests of scripts/lib/lint.awk: statements of schema steps go in, faults come out. test/integration/schema_lint.sh
# tests schema-lint as a whole.
set -euo pipefail

# shellcheck source=test/unit/awk_lib.sh
. "$(dirname -- "$0")/awk_lib.sh"

# lint PHASE STATEMENT…: the faults, "LINE:RULE", joined by blanks. Each STATEMENT is a step of its own; the last one is
# of PHASE, the ones before it are additive. The first line of a statement is line 10.
lint() {
    local phase=$1 i
    shift
    for ((i = 1; i <= $#; i++)); do
        printf '%s:schema/000%d_step/%s.sql:10:%s\036' "$( ((i == $#)) && echo "$phase" || echo additive)" "$i" x "${!i}"
    done | awk -f "$TOP/scripts/lib/lint.awk" | cut -d : -f 2,4 | paste -sd ' '
}

TABLE="CREATE TABLE IF NOT EXISTS balrog_t (id BIGINT NOT NULL, name VARCHAR(50) COMMENT 'a, (b', kind ENUM('a','b') NOT NULL DEFAULT 'a')"
SURE="ALGORITHM=INSTANT, LOCK=NONE"
change() { # CLAUSES: of an additive step after TABLE
    lint additive "$TABLE" "ALTER TABLE balrog_t $1, $SURE"
}

# ---- what a type holds ----

same "the same type" "" "$(change "MODIFY name VARCHAR(50)")"
same "a longer text" "" "$(change "MODIFY name VARCHAR(51)")"
same "a shorter text" "10:narrowing" "$(change "MODIFY name VARCHAR(49)")"
same "any text holds a short one" "" "$(change "MODIFY name TEXT")"
same "except the smallest" "10:narrowing" "$(change "MODIFY name TINYTEXT")"
same "a smaller number" "10:narrowing" "$(change "MODIFY id INT NOT NULL DEFAULT 0")"
same "a number without a sign" "10:narrowing" "$(change "MODIFY id BIGINT UNSIGNED NOT NULL DEFAULT 0")"
same "one more word at the end of an enum" "" "$(change "MODIFY kind ENUM('a','b','c') NOT NULL DEFAULT 'a'")"
same "one more word in the middle" "10:enum" "$(change "MODIFY kind ENUM('a','c','b') NOT NULL DEFAULT 'a'")"
same "a column that nobody declared" "10:narrowing" "$(change "MODIFY other INT")"
same "a type that an earlier step changed" "10:narrowing" \
    "$(lint additive "$TABLE" "ALTER TABLE balrog_t MODIFY name VARCHAR(60), $SURE" "ALTER TABLE balrog_t MODIFY name VARCHAR(50), $SURE")"

# ---- clauses ----

same "commas within quotes and parentheses do not separate clauses" "" \
    "$(change "ADD COLUMN IF NOT EXISTS a DECIMAL(5, 2) COMMENT 'x, DROP COLUMN id'")"
same "each clause has its own line" "12:drop" "$(change "ADD COLUMN IF NOT EXISTS a INT,

    DROP COLUMN IF EXISTS name")"
same "a lower-case statement" "10:drop" "$(lint additive "drop table if exists balrog_t")"
same "quoted names" "10:narrowing" "$(change "MODIFY \`name\` VARCHAR(20)")"
same "CHANGE that keeps the name" "" "$(change "CHANGE name name VARCHAR(60)")"
same "CHANGE that renames" "10:rename" "$(change "CHANGE name title VARCHAR(60)")"

# ---- what older programs need ----

same "NOT NULL without a default" "10:not-null" "$(change "ADD COLUMN IF NOT EXISTS a INT NOT NULL")"
same "NOT NULL with a default" "" "$(change "ADD COLUMN IF NOT EXISTS a INT NOT NULL DEFAULT 0")"
same "a column becomes NOT NULL" "10:not-null" "$(change "MODIFY name VARCHAR(50) NOT NULL")"
same "a column loses its default" "10:not-null" "$(change "ALTER COLUMN kind DROP DEFAULT")"
same "the same in a destructive step" "" "$(lint destructive "$TABLE" "ALTER TABLE balrog_t ALTER COLUMN kind DROP DEFAULT, $SURE")"
same "a new unique key" "10:unique" "$(change "ADD UNIQUE KEY IF NOT EXISTS k (name)")"
same "an index that is not unique" "" "$(change "ADD KEY IF NOT EXISTS k (name)")"

# ---- repeating, locking, rows ----

same "no algorithm" "10:algorithm" "$(lint additive "$TABLE" "ALTER TABLE balrog_t ADD COLUMN IF NOT EXISTS a INT")"
same "COPY is not allowed" "10:algorithm" \
    "$(lint additive "$TABLE" "ALTER TABLE balrog_t ADD COLUMN IF NOT EXISTS a INT, ALGORITHM=COPY, LOCK=SHARED")"
same "CREATE that cannot be repeated" "10:repeatable" "$(lint additive "CREATE TABLE balrog_u (a INT)")"
same "INSERT that cannot be repeated" "10:repeatable" "$(lint additive "INSERT INTO balrog_t VALUES (1)")"
same "INSERT that can" "" "$(lint additive "INSERT IGNORE INTO balrog_t VALUES (1)")"
same "rows are changed" "10:backfill" "$(lint additive "UPDATE balrog_t SET name = 'x' WHERE id = 1")"

# ---- the tables of the reference ----

same "a column of the reference's is dropped" "10:reference" \
    "$(lint destructive "CREATE TABLE IF NOT EXISTS rules (a INT)" "ALTER TABLE rules DROP COLUMN IF EXISTS a, $SURE")"
same "a table of the reference's is dropped" "10:reference" \
    "$(lint destructive "CREATE TABLE IF NOT EXISTS rules (a INT)" "DROP TABLE IF EXISTS other, rules")"
same "an index of it may go" "" \
    "$(lint destructive "CREATE TABLE IF NOT EXISTS rules (a INT)" "ALTER TABLE rules DROP INDEX IF EXISTS a, $SURE")"

awk_summary
