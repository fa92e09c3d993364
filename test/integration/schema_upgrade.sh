#!/bin/bash
# schema-upgrade when something goes wrong: records that do not match the files, v0.1's records, runs that are killed at any
# point, tables that others lock, programs that still need what would be removed, and steps that are undone.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: schema_upgrade.sh    (BALROG_TEST_FULL=1: killed at every point, and the real schema at many)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/lib.sh
source "$here/lib.sh"
# shellcheck source=test/integration/schema_lib.sh
source "$here/schema_lib.sh"

# ---- what is recorded ----

test_records() {
    new_database records
    small_schema
    upgrade 0 --execute --schema "$work/schema"
    mv "$work/schema/0002_more" "$work/schema/0002_other"
    check "a step by another name" upgrade 3 --schema "$work/schema"
    check "is not what was applied" said "0002_other/additive.sql differs from the file that was applied"
    small_schema
    mv "$work/schema/0001_base" "$work/schema/0001_x"
    mv "$work/schema/0002_more" "$work/schema/0002_base"
    mv "$work/schema/0001_x" "$work/schema/0001_more"
    check "steps in another order" upgrade 3 --schema "$work/schema"
    small_schema
    cp -r "$work/schema/0003_gone" "$work/schema/0004_gone"
    mv "$work/schema/0003_gone" "$work/schema/0003_new"
    check "a step that came in between" upgrade 3 --execute --schema "$work/schema"
    small_schema
    rm -r "$work/schema/0003_gone"
    check "a step that this version lacks" upgrade 3 --execute --schema "$work/schema"
    check "is named" said "step 3 (gone), which this version does not know"
    small_schema
    echo "# more" >>"$work/schema/0002_more/backfill.sh"
    check "a backfill that was changed" upgrade 3 --execute --schema "$work/schema"
    check "breaks the chain" said "0002_more (additive): the chain of checksums is broken"
    small_schema
    query <<<"UPDATE balrog_schema SET chain = REPEAT('0', 64) WHERE version = 3"
    check "records that were changed" upgrade 3 --execute --schema "$work/schema"
}

test_old_records() {
    new_database old
    local dir
    for dir in 0001_initial 0002_release_history; do
        query <"$root/schema/$dir/additive.sql"
    done
    query <"$here/../data/schema-record-v0.1.sql"
    check "v0.1's records, the plan" upgrade 0
    check "knows what is there" equal "0003_app_instances" "${SAID%%:*}"
    check "and writes nothing" answers 6 "SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'balrog_schema'"
    check "v0.1's records" upgrade 0 --execute
    check "get their chain" answers 0 "SELECT COUNT(*) FROM balrog_schema WHERE chain IS NULL"
    query <<<"SELECT version, phase, checksum, chain FROM balrog_schema" >"$work/old"
    new_database as_new
    upgrade 0 --execute
    query <<<"SELECT version, phase, checksum, chain FROM balrog_schema" >"$work/new"
    check "the same as in a new database" cmp "$work/old" "$work/new"
    DB=db_old
    query <<<"UPDATE balrog_schema SET applied_at = NULL, statements = 0 WHERE version > 1; DELETE FROM balrog_schema WHERE version > 2;
        ALTER TABLE balrog_schema DROP COLUMN chain, DROP COLUMN min_version, DROP COLUMN begun_at, DROP COLUMN statements,
        DROP COLUMN statements_sum"
    check "a step that v0.1 did not finish" upgrade 0 --execute
    check "is named" said "0002_release_history (additive): is unfinished"
}

# ---- killed at any point ----

# A client that stands before the real one. At the message of number AT (of all since COUNTER was emptied) it kills
# schema-upgrade, and what it has been sent it passes on (sent) or does not (unsent).
killing_client() {
    mkdir -p "$work/bin"
    cat >"$work/bin/mariadb" <<END
#!/bin/bash
[[ " \$* " == *" --force "* ]] || exec $(command -v mariadb) "\$@"
exec 3> >(exec $(command -v mariadb) "\$@")
message=
while IFS= read -r line; do
    message+=\$line\$'\\n'
    [[ \$line == "SELECT '-- end of statement --';" ]] || continue
    printf . >>"$work/counter"
    seen=\$(<"$work/counter")
    if [[ \${#seen} == "\${AT-}" ]]; then
        [[ \$HOW == unsent ]] || printf '%s' "\$message" >&3
        kill -KILL \$PPID
        exit
    fi
    printf '%s' "\$message" >&3
    message=
done
END
    chmod +x "$work/bin/mariadb"
}

both_phases() { # COMMAND…: what goes before schema-upgrade
    "$@" "$root/scripts/schema-upgrade" --execute "${CONNECT[@]}" --database "$DB" --schema "$SCHEMA" >>"$work/log" 2>&1 &&
        "$@" "$root/scripts/schema-upgrade" --execute --phase destructive --without-hosts "${CONNECT[@]}" --database "$DB" \
            --schema "$SCHEMA" >>"$work/log" 2>&1
}

# All that is there, without times.
everything() {
    query <<<"SHOW TABLES" | sed 's/.*/SHOW CREATE TABLE &;/' | query
    query <<<"SELECT version, name, phase, checksum, applied_at > begun_at, min_version, chain, statements, statements_sum
        FROM balrog_schema ORDER BY 1, 3;
        SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1"
    [[ $SCHEMA == "$root/schema" ]] || query <<<"SELECT * FROM things ORDER BY 1"
}

fill() {
    [[ $SCHEMA == "$root/schema" ]] || query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT);
        INSERT INTO things SELECT seq, seq, seq FROM seq_1_to_300"
}

# Killed at message $1, in the way $2, and run again.
killed_once() {
    new_database killed
    fill
    : >"$work/counter"
    : >"$work/log"
    # That it was killed is not to be told.
    { AT=$1 HOW=$2 both_phases env "PATH=$work/bin:$PATH"; } 2>/dev/null && return 1
    : >"$work/log"
    both_phases env || { cat "$work/log" >&2 && return 1; }
    everything >"$work/after"
    cmp "$work/undisturbed" "$work/after"
}

# At every message, in both ways; or, quickly, from one on at every so many, in one way and the other by turns.
kill_everywhere() { # FROM EVERY FULL-EVERY
    local messages at how from=$1 every=$2
    [[ -z ${BALROG_TEST_FULL-} ]] || from=1 every=$3
    new_database undisturbed
    fill
    : >"$work/counter"
    both_phases env "PATH=$work/bin:$PATH"
    messages=$(wc -c <"$work/counter")
    everything >"$work/undisturbed"
    for ((at = from; at <= messages; at += every)); do
        for how in sent unsent; do
            ((every == 1 || (at / every + ${#how}) % 2 == 0)) || continue
            check "killed at message $at of $messages, which was $how" killed_once "$at" "$how"
        done
    done
}

test_killed() {
    killing_client
    small_schema
    SCHEMA=$work/schema kill_everywhere 4 25 1
    # The end of the backfill is in everything().
    check "the backfill was done" grep -q $'^300\t' "$work/undisturbed"
    # The real schema is sent by the same code: at every message it would take hours.
    SCHEMA=$root/schema kill_everywhere 90 1000 17
    small_schema
    new_database told
    query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT)"
    sed -i '$ a SELEC nonsense;' "$work/schema/0002_more/additive.sql"
    upgrade 1 --execute --schema "$work/schema"
    check "the plan says where it stood" upgrade 0 --schema "$work/schema"
    check "by its statements" said "0002_more: is unfinished; would continue after 2 of 3 statements"
    sed -i '$ d' "$work/schema/0002_more/additive.sql"
    check "the rest is run" upgrade 0 --execute --schema "$work/schema"
    check "and the log says so" said "0002_more (additive): is unfinished: 2 of 2 statements were run"
    query <<<"UPDATE balrog_schema SET applied_at = NULL WHERE version = 3"
    sed -i 's/ADD COLUMN IF NOT EXISTS newer INT/ADD COLUMN IF NOT EXISTS newer BIGINT/' \
        "$work/schema/0003_gone/additive.sql"
    check "what was mended where it had been run" upgrade 0 --execute --schema "$work/schema"
    check "is run from its beginning" said "continuing with statement 1"
}

test_backfill_killed() {
    local batches="FROM information_schema.processlist WHERE info LIKE 'UPDATE things SET doubled%'"
    new_database filled
    small_schema
    query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT);
        INSERT INTO things SELECT seq, seq, seq FROM seq_1_to_300"
    # The third batch waits, until somebody ends it.
    sed -i 's/LIMIT 100/AND (id <= 200 OR SLEEP(600) = 0) LIMIT 100/' "$work/schema/0002_more/backfill.sh"
    setsid "$root/scripts/schema-upgrade" --execute "${CONNECT[@]}" --database "$DB" --schema "$work/schema" \
        >"$work/log" 2>&1 &
    local pid=$!
    wait_for "SELECT COUNT(doubled) = 200 FROM things"
    wait_for "SELECT COUNT(*) $batches"
    kill -KILL -- "-$pid"
    wait "$pid" 2>/dev/null || true
    query <<<"SELECT CONCAT('KILL ', id, ';') $batches" | query
    wait_for "SELECT COUNT(*) = 0 $batches"
    check "it was killed in the middle" answers "200" "SELECT COUNT(doubled) FROM things"
    small_schema
    check "run again" upgrade 0 --execute --schema "$work/schema"
    check "it went on" answers "300 1" "SELECT COUNT(doubled), SUM(doubled) = 2 * SUM(old) FROM things"
    sed -i 's/exit 0/exit 9/' "$work/schema/0002_more/backfill.sh"
    new_database unfilled
    query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT)"
    check "a backfill that fails" upgrade 1 --execute --schema "$work/schema"
    check "is told" said "0002_more: backfill.sh failed (exit status 9)"
    check "and the step is not done" answers 1 "SELECT COUNT(*) FROM balrog_schema WHERE version = 2 AND applied_at IS NULL"
}

# ---- what others hold ----

# Holds something by an idle session, until let_go.
hold() { # SQL
    local line=
    coproc HELD { exec mariadb --no-defaults --socket="$work/sock" --user=root --batch --unbuffered "$DB"; }
    HOLDER=$HELD_PID
    echo "$1; SELECT 'held';" >&"${HELD[1]}"
    until [[ $line == held ]]; do
        read -r line <&"${HELD[0]}"
    done
}

let_go() {
    kill "$HOLDER"
    wait "$HOLDER" 2>/dev/null || true
}

# Runs it, and lets go once it has said TEXT; what it says is left in $SAID.
upgrade_until_told() { # STATUS TEXT [OPTION…]
    local status=0 pid
    "$root/scripts/schema-upgrade" --execute "${CONNECT[@]}" --database "$DB" --schema "$work/schema" "${@:3}" \
        >"$work/log" 2>&1 &
    pid=$!
    until grep -q "$2" "$work/log" || ! kill -0 "$pid" 2>/dev/null; do
        sleep 0.05
    done
    let_go
    wait "$pid" || status=$?
    SAID=$(<"$work/log")
    equal "$1" "$status"
}

test_held() {
    new_database held
    small_schema
    query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT)"
    hold "START TRANSACTION; SELECT COUNT(*) FROM things"
    check "a table that is held" upgrade 7 --execute --schema "$work/schema" --lock-wait 1 --tries 2
    check "each try is told" said "0001_base, statement 3 of 3 (additive.sql:5): others lock the table: try 1 of 2 failed; the next one in 1 s"
    check "and who might hold it" said "(root@localhost, sleep, its transaction open "
    check "the way out, too" said "gave up after 2 tries of 1 s"
    let_go
    # Not by innodb_trx: it shows the same for as long as it is asked more often than every 100 ms.
    wait_for "SELECT COUNT(*) = 1 FROM information_schema.processlist WHERE user = 'root'"
    hold "START TRANSACTION; SELECT COUNT(*) FROM things"
    check "one that is given back meanwhile" upgrade_until_told 0 "try 1 of" --lock-wait 1
    check "was waited for" said "others lock the table: try 1 of 6 failed"
}

test_long() {
    new_database long
    small_schema
    query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT)"
    sed -i '$ a DO GET_LOCK("gate", 600);' "$work/schema/0002_more/additive.sql"
    hold "SELECT GET_LOCK('gate', 0)"
    check "a statement that takes long" upgrade_until_told 0 "still running"
    check "shows that it is still at it" said "still running: "
    check "with what" said 'DO GET_LOCK("gate", 600)'
    printf -- '-- since: v0.2\nALTER TABLE things MODIFY old BIGINT, ALGORITHM=INSTANT, LOCK=NONE;\n' \
        >"$work/schema/0003_gone/additive.sql"
    query <<<"DELETE FROM balrog_schema WHERE version = 3"
    check "what the server could only do by copying" upgrade 1 --execute --schema "$work/schema"
    check "is told as that" said "the server would have to copy or lock the table"
}

test_lost() {
    new_database lost
    small_schema
    query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT)"
    sed -i '$ a DO SLEEP(3600);' "$work/schema/0002_more/additive.sql"
    "$root/scripts/schema-upgrade" --execute "${CONNECT[@]}" --database "$DB" --schema "$work/schema" >"$work/log" 2>&1 &
    local pid=$! status=0
    wait_for "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'"
    query <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'" | query
    wait "$pid" || status=$?
    check "a connection that is lost" equal 1 "$status"
    check "is told, and what to do" grep -q "the connection was lost; run this again: it continues there" "$work/log"
    sed -i '$ d' "$work/schema/0002_more/additive.sql"
    check "run again" upgrade 0 --execute --schema "$work/schema"
}

# df would have to see a full disk: a stand-in says so.
test_space() {
    new_database space
    small_schema
    rm "$work/schema/0002_more/backfill.sh" # 100 rows at a time
    query <<<"CREATE TABLE things (id INT PRIMARY KEY, old INT, gone INT, filler CHAR(200) DEFAULT '');
        INSERT INTO things (id, old) SELECT seq, seq FROM seq_1_to_100000; ANALYZE TABLE things" >"$work/log"
    mkdir -p "$work/full"
    printf '#!/bin/bash\necho Avail\necho 1000000\n' >"$work/full/df"
    chmod +x "$work/full/df"
    cat >"$work/schema/0002_more/additive.sql" <<'END'
-- since: v0.2
ALTER TABLE things ADD COLUMN IF NOT EXISTS doubled INT, ALGORITHM=INSTANT, LOCK=NONE;
CREATE INDEX IF NOT EXISTS old ON things (old) ALGORITHM=NOCOPY LOCK=NONE;
END
    echo "SELECT 'no column doubled' WHERE 0;" >"$work/schema/0002_more/verify.sql"
    PATH=$work/full:$PATH check "too little room" upgrade 8 --execute --schema "$work/schema"
    check "how much is needed, and where" said "statement 2 of 2 (additive.sql:3): may need "
    PATH=$work/full:$PATH check "never mind" upgrade 0 --execute --schema "$work/schema" --ignore-space
}

start_mariadb "$work"
for group in records old_records killed backfill_killed held long lost space; do
    "test_$group"
done
summary
