#!/bin/bash
# conf/logrotate with the real logrotate: programs go on writing at the end of a log that was rotated, and no line is lost
# that was written before or after.
set -euo pipefail
TOP=$(realpath -- "$(dirname -- "$0")/../..")
# shellcheck source=test/integration/lib.sh
. "$TOP/test/integration/lib.sh"
# shellcheck source=scripts/lib/messages.sh
. "$TOP/scripts/lib/messages.sh"
# shellcheck source=scripts/lib/daemons.sh
. "$TOP/scripts/lib/daemons.sh"

PATH=$PATH:/usr/sbin
# shellcheck disable=SC2016 # the inner shell expands it
WRITER='for ((n = 1; ; n++)); do echo "$n"; read -r -t 0.02 <> <(:) || true; done'
WORK=$(mktemp -d)
DIR=$WORK/opt RUN=$WORK/opt/run STARTED=()
LOG=$DIR/log/writer.log
take_down() {
    [[ ! -s $RUN/writer.pid ]] || kill -KILL -- "-$(<"$RUN/writer.pid")" 2>/dev/null || true
    rm -rf -- "$WORK"
}
trap take_down EXIT

# Rotates once, whatever the date is.
rotate() {
    logrotate --force --state "$WORK/state" "$WORK/conf"
}

# Whether the newest line of the log is N or a later one.
reached() { # N
    local line
    line=$(tail -n 1 -- "$LOG" 2>/dev/null) && [[ $line =~ ^[0-9]+$ ]] && ((line >= $1))
}

test_programs_log() {
    check "a program writes its log" until_true 30 reached 5
    check "logrotate accepts the file" rotate
    check "the old lines are kept" test -s "$LOG.1"
    check "the program goes on writing to the log" until_true 30 reached "$(($(tail -n 1 "$LOG.1") + 5))"
    check "the log holds no gap where it was emptied" equal "" "$(tr -d '0-9\n' <"$LOG" | tr '\0' x)"
    check "logrotate runs again" rotate
    check "the oldest log is compressed" test -s "$LOG.2.gz"
    check "lines are in their order, none twice" equal "" "$({ zcat "$LOG.2.gz" && cat "$LOG.1"; } | sort -n | uniq -d | head -n 3)"
}

test_scripts_log() {
    LOG_FILE=$DIR/state/deploy.log
    mkdir -p "$DIR/state"
    printf 'record\n' >"$DIR/state/deploys"
    log "before" 2>/dev/null
    check "logrotate renames the scripts' log" rotate
    log "after" 2>/dev/null
    check "the next line goes to a new log" equal "after" "$(sed 's/.*: //' "$LOG_FILE")"
    check "the old one is kept" equal "before" "$(sed 's/.*: //' "$LOG_FILE.1")"
    check "the record of deploys stays" equal "record" "$(<"$DIR/state/deploys")"
}

if ! command -v logrotate >/dev/null; then
    echo "skipped: logrotate is not installed (scripts/install-packages --test)"
    summary
    exit
fi
sed -e "s|/opt/balrog|$DIR|" -e "s|su root root|su $(id -un) $(id -gn)|" "$TOP/conf/logrotate/balrog" >"$WORK/conf"
chmod 644 "$WORK/conf"
mkdir -p "$DIR/run" "$DIR/log"
launch writer bash -c "$WRITER"
disown
test_programs_log
test_scripts_log
summary
