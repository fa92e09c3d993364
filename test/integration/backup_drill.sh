#!/bin/bash
# The follower of the binary logs outlives its database, and runs once; what `restore --to latest` loses is less than a second; the
# drill destroys a copy of production under load and brings it back.
set -euo pipefail

if [[ ${1:-} == --help ]]; then
    echo "usage: backup_drill.sh    (BALROG_BUILD: where the programs were built, build/ by default)"
    exit 0
fi

# shellcheck source=test/integration/service.sh
. "$(dirname -- "$0")/service.sh"
# shellcheck source=test/integration/backup_lib.sh
. "$TOP/test/integration/backup_lib.sh"

follow() {
    "$TOP/scripts/backup" binlogs --follow -e production >>"$WORK/follow.log" 2>&1 &
    FOLLOWER=$!
    LOOSE+=("$FOLLOWER")
}

# The archive holds what was committed by now.
archived() {
    local size name position
    read -r name position _ < <(db <<<'SHOW MASTER STATUS')
    size=$(stat --format %s -- "$STORE"/binlogs/*/"$name" 2>/dev/null | sort -n | tail -n 1)
    [[ ${size:-0} -ge $position ]] && tail -n 1 -- "$STORE"/binlogs/*/"$name".marks | grep " $name $position .$" >/dev/null
}

logged() { # TEXT TIMES
    [[ $(grep -c -- "$1" "$STORE/log") -eq $2 ]]
}

# Other tests, which may run at the same time, have environments of their own.
no_follower() {
    local pid
    for pid in $(pgrep -f -- "binlogs --follow -e production"); do
        ! grep -qszF "BALROG_ENVIRONMENTS=$BALROG_ENVIRONMENTS" "/proc/$pid/environ" || return 1
    done
}

test_follower() {
    follow
    check "it follows" until_true 20 archived
    db <<<"INSERT INTO rules (update_type, data_version) VALUES ('minor', 1)"
    check "a commit is archived soon" until_true 5 archived
    check "a second one ends at once" tool 0 backup binlogs --follow -e production
    check "and says why" said "are followed already"
    sandbox stop db
    check "the database goes away" until_true 20 logged "cannot be followed" 1
    sleep 3 # in which it tries again three times
    sandbox start db
    check "it goes on when the database is back" until_true 30 archived
    check "which it logs" until_true 10 logged "following the binary logs" 2
    check "it logged the outage once" logged "cannot be followed" 1
    check "and told nobody, since the database's own alert does" equal 0 "$(grep -c backup-failed "$WORK/hook.log" || true)"
    sandbox stop db
    until_true 20 logged "cannot be followed" 2
    check "the second outage is logged, too" logged "cannot be followed" 2
    sandbox start db
    until_true 30 archived
    kill -TERM "$FOLLOWER"
    check "it ends with a good status" wait "$FOLLOWER"
    check "and no process of it is left" until_true 10 no_follower
    follow
    until_true 20 archived
    kill -KILL "$FOLLOWER"
    wait "$FOLLOWER" 2>/dev/null || true
    follow
    db <<<"INSERT INTO rules (update_type, data_version) VALUES ('minor', 1)"
    check "one that was killed is followed by another" until_true 20 archived
}

test_usage() {
    check "no environment" tool 2 backup-drill
    check "nobody to run as" tool 2 backup-drill -e production --seconds 1 --user "$ME"
    check "a time that is none" tool 2 backup binlogs --follow --every 0 -e production
    check "no backup yet" tool 3 backup-drill -e production --user "$ME"
}

test_drill() {
    check "a full backup" tool 0 backup full -e production
    check "a plan" tool 0 backup-drill -e production --user "$ME" --dry-run
    check "says what" said "would restore"
    check "the drill" tool 0 backup-drill -e production --user "$ME" --seconds 5 --scratch "$WORK"
    check "says how long it took and what was lost" grep -qE 'production: brought back in [0-9.]+ s; [1-9][0-9]+ commits were answered, [0-9]+ of them are lost, of the last 0\.[0-9]{3} s$' <<<"$SAID"
    tail -n 1 <<<"$SAID"
    check "it is recorded" grep -q 'brought back in' "$STORE/drills"
    check "nothing is left" equal "" "$(find "$WORK" -maxdepth 1 -name 'balrog-drill.*')"
    check "production was not written to" equal 0 "$(db <<<"SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'balrog_drill'")"
    find "$STORE/binlogs" -name '*.marks' -exec truncate -s 0 {} +
    check "a drill that cannot restore fails" tool 3 backup-drill -e production --user "$ME" --seconds 2 --scratch "$WORK"
    check "the hook is told" grep -q '^backup-bad: backup-drill of production failed' "$WORK/hook.log"
    check "nothing is left of it, either" equal "" "$(find "$WORK" -maxdepth 1 -name 'balrog-drill.*')"
}

sandbox_with_logs --workers 1
mkdir -p "$STORE"
test_usage
test_follower
test_drill
summary
