#!/bin/bash
# Backups of a database that is being written to. Any second can be restored, with exactly what had been committed by then.
# Interrupted runs leave nothing that looks like a backup; damaged backups are refused; backups that are needed are kept.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: backup.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=test/integration/service.sh
. "$here/service.sh"
# shellcheck source=test/integration/backup_lib.sh
. "$here/backup_lib.sh"

WRITERS=4
PAUSES=0 # seconds of writing between two events, to the next whole one
if [[ -n ${BALROG_TEST_FULL-} ]]; then
    WRITERS=12 PAUSES=20
fi
UPDATE=/update/3/Firefox/1.0/20000101000000/p/l/restoretest/os/default/default/update.xml

# ---- writers ----

# Writer W's transaction N inserts the rule "W N", deletes the one three before, and counts itself in a row that all
# writers count in; every fifth one is tried and rolled back first. Each logs the server's time before it sends COMMIT and
# after it has its answer.
writer() { # W
    local n never
    exec {never}<> <(:) # waiting for it to be readable is a sleep that needs no process
    for ((n = 1; ; n++)); do
        if ((n % 5 == 0)); then
            echo "START TRANSACTION; INSERT INTO rules (update_type, product, comment, data_version)
                VALUES ('minor', 'rolledback', '$1 $n', 1); ROLLBACK;"
        fi
        echo "START TRANSACTION;
            INSERT INTO rules (update_type, product, alias, priority, data_version) VALUES ('minor', 'w$1', 'w$1-$n', $n, 1);
            DELETE FROM rules WHERE alias = 'w$1-$((n - 3))';
            UPDATE pinnable_releases SET data_version = data_version + 1 WHERE product = 'counter';
            SELECT 'before', $n, CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED); COMMIT;
            SELECT 'after', $n, CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED);"
        [[ ! -e $WORK/enough ]] || break
        read -r -t 0.02 -u "$never" || true
    done | mariadb --no-defaults --socket="$DB_SOCKET" --user=root --batch --skip-column-names --unbuffered "$DB_NAME" \
        >>"$WORK/writer-$1.log" 2>"$WORK/writer-$1.err"
}

start_writers() {
    local w
    db <<<"INSERT INTO pinnable_releases VALUES ('counter', '1.', 'c', 'm', 0)"
    for ((w = 1; w <= WRITERS; w++)); do
        writer "$w" &
        WRITER_PIDS+=($!)
    done
}

WRITER_PIDS=()

end_writers() {
    : >"$WORK/enough"
    wait "${WRITER_PIDS[@]}" || true
}

# Time for the writers: until the server's clock has gone on by PAUSES seconds and every writer has committed.
write_on() {
    local until_time w n
    until_time=$(($(server_time) + PAUSES))
    until_true 120 past "$until_time"
    for ((w = 1; w <= WRITERS; w++)); do
        n=$(wc -l <"$WORK/writer-$w.log")
        until_true 120 more_than "$WORK/writer-$w.log" "$n"
    done
}

past() { (($(server_time) > $1)); }
more_than() { (($(wc -l <"$1") > $2)); }

# A second that begins while the writers write, and is over when this returns.
a_moment() {
    MOMENT=$(($(server_time) + 1))
    until_true 120 past "$MOMENT"
}

# as_committed DIR SECOND: what was restored to DIR is what the writers had committed before that second: of each writer
# the transactions up to one, no other trace, no rolled-back one; and as many in the row that all count in.
as_committed() {
    local w least most n sum=0 inexact=0 second=$2
    for ((w = 1; w <= WRITERS; w++)); do
        least=$(awk -v t="${second}000000" '$1 == "after" && $3 + 0 < t + 0 { n = $2 } END { print n + 0 }' "$WORK/writer-$w.log")
        most=$(awk -v t="${second}000000" '$1 == "before" && $3 + 0 < t + 0 { n = $2 } END { print n + 0 }' "$WORK/writer-$w.log")
        n=$(rows "$1" <<<"SELECT COALESCE(MAX(priority), 0) FROM rules WHERE product = 'w$w'")
        ((n >= least && n <= most)) || { echo "  writer $w: $n, and not from $least to $most" >&2 && return 1; }
        equal "$(seq $((n > 3 ? n - 2 : 1)) "$n" | tr '\n' ' ')" \
            "$(rows "$1" <<<"SELECT priority FROM rules WHERE product = 'w$w' ORDER BY 1" | tr '\n' ' ')" || return 1
        sum=$((sum + n)) inexact=$((inexact + most - least))
        ((least > 0)) || { echo "  writer $w had not written by then: no test" >&2 && return 1; }
    done
    equal "$sum" "$(rows "$1" <<<"SELECT data_version FROM pinnable_releases WHERE product = 'counter'")" &&
        equal 0 "$(rows "$1" <<<"SELECT COUNT(*) FROM rules WHERE product = 'rolledback'")" || return 1
    echo "  $sum transactions by $(at_time "$second"), $inexact more were being committed"
    grep -qE "^after	[0-9]+	[0-9]+" "$WORK/writer-1.log" && all_went_on "$second"
}

# There was something to be left out.
all_went_on() { # SECOND
    awk -v t="${1}000000" '$1 == "before" && $3 + 0 > t + 1000000 { n++ } END { exit n < 3 }' "$WORK"/writer-*.log
}

# ---- interrupted runs ----

# killed PATTERN COMMAND…: runs a script, and kills it and all that it has started (-9) once a path matches PATTERN.
killed() {
    local pattern=$1 pid
    shift
    setsid "$TOP/scripts/$1" "${@:2}" >>"$WORK/killed.log" 2>&1 &
    pid=$!
    disown
    until compgen -G "$pattern" >/dev/null || ! kill -0 "$pid" 2>/dev/null; do
        sleep 0.01
    done
    kill -KILL -- "-$pid" 2>/dev/null || { cat "$WORK/killed.log" >&2 && return 1; }
    compgen -G "$pattern" >/dev/null
}

no_process() { # PATTERN
    ! pgrep -f -- "$1" >/dev/null
}

# ---- the tests ----

test_refusals() {
    check "a wrong command" tool 2 backup often -e production
    check "no environment" tool 2 backup full
    check "an unknown environment" tool 2 backup full -e nowhere
    check "a restore without backups" tool 1 restore -e production --user "$ME" --to latest "$WORK/r0"
    check "status without backups" tool 1 backup status -e production
    account "$WORK/wrong.cnf" balrog_backup "$WORK/no-socket"
    check "no server" tool 5 backup full -e production --defaults-file "$WORK/wrong.cnf"
    db <<<"SET GLOBAL binlog_format = 'STATEMENT'"
    check "logs of statements" tool 3 backup full -e production
    check "and why" said "it must be ROW"
    db <<<"SET GLOBAL binlog_format = 'ROW'"
    check "a failure is told to the hook" grep -q "^backup-failed: " "$WORK/hook.log"
    check "a plan" tool 0 backup full -e production --dry-run
    check "a plan makes nothing" equal "" "$(find "$STORE" -name '*-full*')"
}

test_interrupted_backup() {
    check "a backup is killed" killed "$STORE/*-full.unfinished/data.mbs.zst" backup full -e production
    check "nothing is left that looks good" equal "" "$(find "$STORE" -name manifest)"
    check "list knows it as not finished" tool 0 backup list -e production
    check "by these words" said "not finished"
    check "nothing can be restored" said "nothing can be restored"
    check "a restore finds none" tool 3 restore -e production --user "$ME" --to latest "$WORK/r0"
}

# The archive of the logs is followed all the time; it is killed once, and goes on.
follow() {
    setsid "$TOP/scripts/backup" binlogs --follow --every 1 -e production >>"$WORK/follow.log" 2>&1 &
    FOLLOWER=$!
    LOOSE+=("$FOLLOWER")
}

test_making() {
    check "a full backup" tool 0 backup full -e production
    check "what an interrupted run left is gone" equal "" "$(find "$STORE" -name '*.unfinished')"
    write_on
    a_moment && FIRST=$MOMENT
    kill -KILL "$FOLLOWER"
    wait "$FOLLOWER" 2>/dev/null || true
    follow
    write_on
    check "an incremental backup is killed" killed "$STORE/*-incremental.unfinished/data.mbs.zst" \
        backup incremental -e production
    check "an incremental backup" tool 0 backup incremental -e production
    db <<<"CREATE TABLE made_later (a INT); CREATE USER later@localhost IDENTIFIED BY 'x'"
    # As if these had been lost.
    db <<<"DROP TRIGGER balrog_feed_releases_d; REVOKE TRIGGER ON emergency_shutoffs FROM balrog_feed@localhost"
    db <<<"INSERT INTO made_later VALUES (1)"
    check "another" tool 0 backup incremental -e production
    db <<<"FLUSH BINARY LOGS"
    write_on
    db <<<"FLUSH BINARY LOGS"
    a_moment && SECOND=$MOMENT
    # What must not come back: the name and the version stay, what it holds does not.
    put_release 60.0
    db <<<"DROP TABLE made_later"
    write_on
    end_writers
    check "the writers wrote" equal "" "$(cat "$WORK"/writer-*.err)"
    check "binary logs once" tool 0 backup binlogs -e production
    kill -TERM "$FOLLOWER"
    wait "$FOLLOWER" || check "it ends with a good status" false
    check "status" tool 0 backup status -e production --max-lag 60
    check "the account reads no more than it needs" refused
}

refused() {
    ! mariadb --defaults-file="$WORK/backup.cnf" mysql -e "SELECT * FROM global_priv" 2>"$WORK/refusal" &&
        ! mariadb --defaults-file="$WORK/backup.cnf" "$DB_NAME" -e "DELETE FROM rules" 2>>"$WORK/refusal"
}

# The release that UPDATE is sent to, at data_version 1 whatever was there: only its feed tells that it changed.
put_release() { # VERSION
    db <<END
START TRANSACTION;
DELETE FROM releases WHERE name = 'Restored';
INSERT INTO releases (name, product, data, data_version) VALUES ('Restored', 'Firefox', '$(app_release Restored "$1")', 1);
COMMIT;
END
}

serves() { # VERSION
    [[ $(get "$UPDATE") == *"appVersion=\"$1\""* ]]
}

test_restore_first() {
    RESTORED+=("$WORK/r1")
    check "a plan" tool 0 restore -e production --user "$ME" --to "$(at_time "$FIRST")" --dry-run "$WORK/r1"
    check "it makes nothing" test ! -e "$WORK/r1"
    check "a time in a full backup's logs" tool 0 restore -e production --user "$ME" --to "$(at_time "$FIRST")" "$WORK/r1"
    check "exactly what had been committed by $(at_time "$FIRST")" as_committed "$WORK/r1" "$FIRST"
    mariadb-admin --defaults-file="$WORK/r1/client.cnf" shutdown
}

test_restore_second() {
    RESTORED+=("$WORK/r2")
    check "a restore is killed" killed "$WORK/r2/data/ibdata1" restore -e production --user "$ME" --to \
        "$(at_time "$SECOND")" "$WORK/r2"
    check "a time in the logs of an incremental backup's" tool 0 restore -e production --user "$ME" --to \
        "$(at_time "$SECOND")" "$WORK/r2"
    check "from all three backups" grep -qE 'from = [^ ]*-full [^ ]*-incremental [^ ]*-incremental$' "$WORK/r2/restored"
    check "exactly what had been committed by $(at_time "$SECOND")" as_committed "$WORK/r2" "$SECOND"
    check "a table that was made meanwhile" equal 1 "$(rows "$WORK/r2" <<<'SELECT a FROM made_later')"
    check "and an account" equal 1 "$(rows "$WORK/r2" <<<"SELECT COUNT(*) FROM mysql.user WHERE User = 'later'")"
    check "triggers that were lost are made again" equal 27 "$(rows "$WORK/r2" <<<"SELECT COUNT(*)
        FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND definer = 'balrog_feed@localhost'")"
    check "and run with the rights that they need" equal "" "$(rows "$WORK/r2" 2>&1 \
        <<<"START TRANSACTION; INSERT INTO emergency_shutoffs VALUES ('P', 'c', NULL, 1); ROLLBACK")"
    check "the feed has one row, far beyond" equal "1 1" "$(rows "$WORK/r2" <<<'SELECT COUNT(*), MIN(id) > 1000000000
        FROM balrog_changes' | tr '\t' ' ')"
    check "not over a server" tool 3 restore -e production --user "$ME" --to latest "$WORK/r2"
    check "not over anything" tool 3 restore -e production --user "$ME" --to latest "$WORK"
    check "no time before the first backup" tool 3 restore -e production --user "$ME" --to '2020-01-01 00:00:00' "$WORK/r0"
    check "no time that is not archived" tool 3 restore -e production --user "$ME" --to "$(at_time "$(server_time)")" "$WORK/r0"
    check "says up to when it is" said "are archived up to"
    check "no time to come" tool 2 restore -e production --user "$ME" --to '2099-01-01 00:00:00' "$WORK/r0"
    check "no nonsense" tool 2 restore -e production --user "$ME" --to yesterday "$WORK/r0"
}

# As the guide says it: root restores for a server that runs as an account of its own.
test_restore_by_root() {
    local owner=mysql dir=$WORK/closed/restored
    ((EUID == 0)) || { echo "skipped: only root can restore for another account" && return; }
    id -u mysql >/dev/null 2>&1 || owner=nobody
    mkdir -m 700 "$WORK/closed"
    RESTORED+=("$dir")
    check "root is told that $owner cannot reach the directory" tool 3 restore -e production --user "$owner" --to \
        "$(at_time "$SECOND")" "$dir"
    check "the message says why" said "a directory above it is closed to that account"
    chmod 755 "$WORK" "$WORK/closed"
    check "root restores for $owner" tool 0 restore -e production --user "$owner" --to "$(at_time "$SECOND")" "$dir"
    check "the server runs as $owner" equal "$owner" "$(stat -c %U "/proc/$(<"$dir/pid")")"
    check "every file is that account's, and its group's" equal "" \
        "$(find "$dir" ! -user "$owner" -o ! -group "$(id -gn "$owner")")"
    check "the account can start it again" equal 1 "$(restart_as "$owner" "$dir")"
    mariadb-admin --defaults-file="$dir/client.cnf" shutdown
    chmod 700 "$WORK"
}

# Stops the restored server of DIR and starts it as the guide says. Prints 1 if it answers then.
restart_as() { # USER DIR
    mariadb-admin --defaults-file="$2/client.cnf" shutdown
    runuser -u "$1" -- setsid mariadbd --defaults-file="$2/my.cnf" </dev/null >/dev/null 2>&1 &
    until_true 60 mariadb-admin --defaults-file="$2/client.cnf" ping >/dev/null 2>&1 && rows "$2" <<<'SELECT 1'
}

# The sandbox's database gives way to the restored one, while a worker runs that has seen later changes.
test_worker() {
    local pids socket=$SANDBOX/run/db.sock
    pids=$(worker_pids)
    check "the worker serves what came later" until_true 60 serves 60.0
    sandbox stop db
    ln -sf "$WORK/r2/sock" "$socket"
    check "the worker reads the restored server as a whole" until_true 120 serves 50.0
    check "it is the same worker" equal "$pids" "$(worker_pids)"
    put_release 70.0
    check "the feed goes on there" until_true 60 serves 70.0
    rm -f -- "$socket"
    mariadb-admin --defaults-file="$WORK/r2/client.cnf" shutdown
    sandbox start db
}

test_verify() {
    local newest oldest
    oldest=$(basename -- "$(find "$STORE" -maxdepth 1 -name '*-full')")
    newest=$(basename -- "$(find "$STORE" -maxdepth 1 -name '*-incremental' | sort | tail -n 1)")
    check "the newest backup is good" tool 0 backup-verify -e production --scratch "$WORK" --query "$UPDATE"
    check "it says so" said "$newest is good"
    check "it answers" said "answered 1 queries, 1 of them with an update"
    check "it is noted" test -s "$STORE/$newest/verified"
    check "nothing is left of it" equal "" "$(find "$WORK" -maxdepth 1 -name 'balrog-verify*')"
    # A table that holds one row more than was counted: the checksums are right, the backup is not.
    cp -r "$STORE/$oldest" "$WORK/kept"
    awk -F '\t' -v OFS='\t' '$1 == "rules" { $2++ } { print }' "$WORK/kept/tables" >"$STORE/$oldest/tables"
    edit_manifest "$oldest" tables_sha256 "$(sha256sum <"$STORE/$oldest/tables" | cut -d ' ' -f 1)"
    check "a backup that lacks a row" tool 1 backup-verify -e production --scratch "$WORK" --backup "$oldest"
    check "in which table" said "differ from those that were backed up: rules"
    check "the hook is told" grep -q "^backup-bad: .*$oldest" "$WORK/hook.log"
    rm -r -- "${STORE:?}/$oldest" && mv "$WORK/kept" "$STORE/$oldest"
}

# edit_manifest NAME KEY VALUE: as if it had been written so.
edit_manifest() {
    local file=$STORE/$1/manifest
    sed -i -e '$d' -e "s|^$2 = .*|$2 = $3|" "$file"
    printf 'manifest_sha256 = %s\n' "$(sha256sum <"$file" | cut -d ' ' -f 1)" >>"$file"
}

# Another byte where there was one.
damage() { # FILE
    local byte=x
    [[ $(dd if="$1" bs=1 skip=5000 count=1 status=none | od -An -c) != *x ]] || byte=y
    printf '%s' "$byte" | dd of="$1" bs=1 seek=5000 conv=notrunc status=none
}

test_damage() {
    local full file
    full=$(find "$STORE" -maxdepth 1 -name '*-full' | sed -n 1p)
    cp "$full/data.mbs.zst" "$WORK/kept"
    damage "$full/data.mbs.zst"
    check "a damaged backup is not restored" tool 1 restore -e production --user "$ME" --to latest "$WORK/r3"
    check "by its name" said "$(basename -- "$full") is damaged"
    check "and before anything is made" test ! -e "$WORK/r3"
    mv "$WORK/kept" "$full/data.mbs.zst"
    # The one between those that the last backup and the second time are in.
    file=$(find "$STORE/binlogs" -name '*.sha256' | sort | sed -n 2p)
    file=${file%.sha256}
    mv "$file" "$WORK/kept"
    check "a log that is missing" tool 1 restore -e production --user "$ME" --to "$(at_time "$SECOND")" "$WORK/r3"
    head -c -1 "$WORK/kept" >"$file"
    check "a log that is damaged" tool 1 restore -e production --user "$ME" --to "$(at_time "$SECOND")" "$WORK/r3"
    check "before anything is made" test ! -e "$WORK/r3"
    mv "$WORK/kept" "$file"
}

test_gap() {
    db <<<"RESET MASTER"
    check "logs that begin anew" tool 0 backup binlogs -e production
    check "the hook is told" grep -q "^backup-gap: " "$WORK/hook.log"
    check "status says so" tool 3 backup status -e production
    check "an incremental backup becomes a full one" tool 0 backup incremental -e production
    check "and why" said "are not the same as at the last backup: making a full one"
    check "then all is well" tool 0 backup status -e production
    check "a time before still comes back" tool 0 restore -e production --user "$ME" --to "$(at_time "$SECOND")" --dry-run \
        "$WORK/r3"
}

names() { # the backups, by kind
    find "$STORE" -maxdepth 1 -name '2*Z-*' -printf '%f\n' | sort | sed 's/.*-//' | tr '\n' ' '
}

days_ago() { # DAYS: microseconds
    echo $((($(date +%s) - $1 * 86400) * 1000000))
}

test_retention() {
    local all fulls
    mapfile -t all < <(find "$STORE" -maxdepth 1 -name '2*Z-*' -printf '%f\n' | sort)
    mapfile -t fulls < <(printf '%s\n' "${all[@]}" | grep full)
    check "nothing is old" tool 0 backup prune -e production
    check "nothing goes" equal "full incremental incremental full " "$(names)"
    edit_manifest "${all[0]}" finished_us "$(days_ago 40)"
    edit_manifest "${all[1]}" finished_us "$(days_ago 39)"
    edit_manifest "${all[2]}" finished_us "$(days_ago 29)"
    check "times from 30 days ago on need an older full one" tool 0 backup prune -e production
    check "nothing goes, again" equal "full incremental incremental full " "$(names)"
    edit_manifest "${fulls[1]}" finished_us "$(days_ago 31)"
    check "a plan" tool 0 backup prune -e production --dry-run
    check "it names what would go" said "would remove ${all[0]}"
    damage "$STORE/${fulls[1]}/data.mbs.zst"
    check "nothing goes for a damaged one" tool 1 backup prune -e production
    check "all are there" equal "full incremental incremental full " "$(names)"
    edit_manifest "${fulls[1]}" data_sha256 "$(sha256sum <"$STORE/${fulls[1]}/data.mbs.zst" | cut -d ' ' -f 1)"
    check "a chain that nothing needs goes" tool 0 backup prune -e production
    check "the last full one stays, however old" equal "full " "$(names)"
    check "logs of before are gone" equal 1 "$(find "$STORE/binlogs" -mindepth 1 -maxdepth 1 -type d | wc -l)"
}

test_lock() {
    exec 7>>"$STORE/lock"
    flock 7
    check "one at a time" tool 4 backup full -e production
    exec 7>&-
}

# What conf/ starts at which times: valid, and with commands that these scripts take.
test_timers() {
    local dir=$WORK/units file line lines
    mkdir -p "$dir"
    for file in "$TOP"/conf/systemd/balrog-{backup,history}*@.*; do
        sed "s|/opt/balrog/current/admin/share/balrog/scripts|$TOP/scripts|" "$file" \
            >"$dir/$(basename -- "$file" | sed 's/@/@production/')"
    done
    check "the units are valid" equal "" "$(SYSTEMD_UNIT_PATH=$dir: systemd-analyze verify --man=no "$dir"/*@production.* 2>&1 |
        grep "$dir/\|balrog-")"
    # shellcheck disable=SC2016 # as it stands there
    mapfile -t lines < <(
        sed -nE 's|^ExecStart=.*/scripts/(.*) -e %i|\1 -e production|p' "$TOP"/conf/systemd/balrog-{backup,history}*.service
        sed -nE 's/^[^#].*(mysql|root) +\$SCRIPTS\/([^>|]*-e production).*/\2/p' "$TOP/conf/cron/balrog-backup"
    )
    check "seven units, eight lines" equal 15 "${#lines[@]}"
    for line in "${lines[@]}"; do
        # shellcheck disable=SC2086 # words
        check "$line" tool 0 $line --dry-run
    done
}

sandbox_with_logs --workers 1
db <<<"INSERT INTO rules (rule_id, priority, mapping, backgroundRate, product, channel, update_type, data_version)
    VALUES (9000, 900, 'Restored', 100, 'Firefox', 'restoretest', 'minor', 1)"
put_release 50.0
start_writers
test_refusals
follow
test_interrupted_backup
test_making
[[ -z ${BALROG_TEST_FULL-} ]] || test_restore_first
test_restore_second
test_restore_by_root
test_worker
test_verify
test_timers
test_damage
test_lock
test_gap
test_retention
check "nothing runs that was started" no_process "$WORK/(r[0-9]|balrog-)"
summary
