# shellcheck shell=bash
# The archive of the server's binary logs. Uses backup.sh; functions that query the server need an open session.
#
# A pass copies what was added to the server's log files since the pass before, syncs the copies, and adds a mark to
# NAME.marks:
#     T0 T1 NAME SIZE .
# Between the times T0 and T1 (microseconds, the server's clock) the server reported that its newest log, NAME, has SIZE
# bytes. So everything committed before T0 is before that position, and everything before that position was committed before
# T1. The logs hold times, too: those at which a COMMIT was sent, in whole seconds. They are used only between two marks.
#
# A series is a sequence of logs of one server without a gap. If a log turns out to be another one of the same name (a new
# server, RESET MASTER), or logs were deleted before they were copied, a new series begins, and a new full backup is needed.

# The scripts that use this file read the results.
# shellcheck disable=SC2034
HEADER_BYTES=256 # the first bytes of a log, which are enough to distinguish it from others
FLAGS_AT=21      # the offset of the only byte that the server changes later: it says whether the log is in use

# Prints the newest series; an empty line if there is none.
series_newest() {
    local path newest=
    for path in "$STORE"/binlogs/[0-9]*Z; do
        [[ ! -d $path ]] || newest=$(basename -- "$path")
    done
    printf '%s\n' "$newest"
}

# Prints the names of a series' logs, in order.
series_logs() { # SERIES
    find "$STORE/binlogs/$1" -maxdepth 1 -type f -name '*.[0-9]*' ! -name '*.marks' ! -name '*.sha256' \
        -printf '%f\n' | sort -V
}

# Prints a series' marks, in order.
series_marks() { # SERIES
    local name
    series_logs "$1" | while read -r name; do
        if [[ -f $STORE/binlogs/$1/$name.marks ]]; then
            # A line without the final dot was cut off by a crash.
            awk 'NF == 5 && $5 == "."' "$STORE/binlogs/$1/$name.marks"
        fi
    done
}

# ---- a pass ----

# Whether the beginnings of two logs are the same, except for the byte that says whether the log is in use.
same_log() { # FILE FILE
    local count
    count=$(cmp -n "$HEADER_BYTES" -l -- "$1" "$2" 2>/dev/null | awk -v flags="$FLAGS_AT" '$1 != flags + 1' | wc -l)
    ((count == 0))
}

# Whether the server's logs, SERVER_LOGS, continue the series. Logs the reason if they do not.
series_goes_on() { # SERIES
    local dir=$STORE/binlogs/$1 last name logs
    mapfile -t logs < <(series_logs "$1")
    ((${#logs[@]})) || return 0
    last=${logs[-1]}
    while read -r name _; do
        if [[ $name == "$last" ]]; then
            same_log "$dir/$name" "$LOG_DIR/$name" && return
            log "the server's $name is not the log that was archived: the server has started new logs"
            return 1
        fi
    done <<<"$SERVER_LOGS"
    read -r name _ <<<"$SERVER_LOGS"
    [[ -f $dir/$last.sha256 && $((10#${name##*.})) -eq $((10#${last##*.} + 1)) ]] && return
    log "the server has no $last any more, where the archive ends: logs are lost, or the server has started new ones"
    return 1
}

# Sets SERIES to the series to write to. Begins a new one if the server's logs do not continue the last one.
series_choose() {
    local last
    last=$(series_newest)
    SERIES=$last
    if [[ -n $last ]] && series_goes_on "$last"; then
        return
    fi
    SERIES=$(date -u +%Y%m%dT%H%M%S.%NZ)
    (umask 077 && mkdir -p -- "$STORE/binlogs/$SERIES")
    log "a new series of binary logs: $SERIES"
    [[ -z $last ]] || notify backup-gap "the archived binary logs of ${ENV[name]} have a gap: times from now on can be restored only after the next full backup"
}

# Brings the copy of a log up to date. BYTES is its size on the server. CLOSED is not empty if the server has a newer log;
# the copy is then compared with the log, and gets a checksum.
copy_log() { # NAME BYTES CLOSED
    local dir=$STORE/binlogs/$SERIES from=$LOG_DIR/$1 to have=0
    to=$dir/$1
    [[ ! -e $to.sha256 ]] || return 0
    [[ ! -e $to ]] || have=$(stat -c %s -- "$to")
    if ((have > $2)); then
        # The database's machine crashed and lost the end of its log, which had not been synced.
        log "$1: the copy is longer than the server's log: cutting it to that length"
        truncate -s "$2" -- "$to"
    elif ((have < $2)); then
        dd if="$from" of="$to" bs=1M iflag=skip_bytes,count_bytes skip="$have" count=$(($2 - have)) oflag=append \
            conv=notrunc status=none
        [[ $(stat -c %s -- "$to") -eq $2 ]] || die 1 "$from: only a part could be copied"
    fi
    [[ -n $3 ]] || return 0
    dd if="$from" of="$to" bs=1 count=1 skip="$FLAGS_AT" seek="$FLAGS_AT" conv=notrunc status=none
    cmp -s -n "$2" -- "$from" "$to" || {
        log "$1: the copy differs from the server's log: copying it again"
        head -c "$2" -- "$from" >"$to.new"
        mv -- "$to.new" "$to"
    }
    sync -- "$to"
    sha256sum <"$to" | cut -d ' ' -f 1 >"$to.sha256.new"
    mv -- "$to.sha256.new" "$to.sha256"
}

# Runs one pass. Afterwards everything that was committed before it is in the archive. Sets SERIES and SERVER_LOGS. A "sparing"
# pass does nothing if the server has written nothing since the last pass of this process, and that was less than MARK_EVERY_US ago.
MARK_EVERY_US=5000000
LAST_PASS='' LAST_MARK=0
archive_pass() { # [sparing]
    local t0 t1 name bytes newest size
    server_now t0
    session "SHOW BINARY LOGS" || die 1 "cannot list the binary logs: $(session_error)"
    SERVER_LOGS=${ROWS%$'\n'}
    if [[ ${1-} == sparing && $SERVER_LOGS == "$LAST_PASS" ]] && ((t0 < LAST_MARK + MARK_EVERY_US)); then
        return
    fi
    mkdir -p -- "$STORE/binlogs"
    exec {BINLOG_LOCK}>>"$STORE/binlogs/lock"
    flock "$BINLOG_LOCK"
    # Again, now that no other pass runs: marks are in the order of their times.
    server_now t0
    session "SHOW BINARY LOGS" || die 1 "cannot list the binary logs: $(session_error)"
    SERVER_LOGS=${ROWS%$'\n'}
    server_now t1
    [[ -n $SERVER_LOGS ]] || die 3 "the server writes no binary logs: set log_bin, binlog_format=ROW, sync_binlog=1"
    series_choose
    read -r newest size _ <<<"${SERVER_LOGS##*$'\n'}"
    while read -r name bytes _; do
        copy_log "$name" "$bytes" "$([[ $name == "$newest" ]] || echo closed)"
    done <<<"$SERVER_LOGS"
    sync -- "$STORE/binlogs/$SERIES/$newest"
    printf '%s\n' "$t0 $t1 $newest $size ." >>"$STORE/binlogs/$SERIES/$newest.marks"
    sync -- "$STORE/binlogs/$SERIES/$newest.marks" "$STORE/binlogs/$SERIES"
    exec {BINLOG_LOCK}>&-
    LAST_PASS=$SERVER_LOGS LAST_MARK=$t0
}

# Sets LOG_DIR to the directory of the server's binary logs. Ends the script with status 3 if the server's settings make it
# impossible to restore to a time, and warns about other settings.
binlog_settings() {
    local log_bin format base sync checksum flush
    session "SELECT @@log_bin, @@binlog_format, COALESCE(@@log_bin_basename, '-'), @@sync_binlog, @@binlog_checksum,
        @@innodb_flush_log_at_trx_commit" || die 5 "$(session_error)"
    IFS=$'\t' read -r log_bin format base sync checksum flush <<<"$ROWS"
    [[ $log_bin == 1 ]] || die 3 "the server writes no binary logs: set log_bin, binlog_format=ROW, sync_binlog=1"
    [[ $format == ROW ]] || die 3 "binlog_format is $format: it must be ROW, or replaying may give different rows"
    LOG_DIR=$(dirname -- "$base")
    [[ -r $LOG_DIR && -x $LOG_DIR ]] ||
        die 1 "cannot read the server's binary logs in $LOG_DIR: run this on the database's machine, as root or the server's account"
    [[ $sync == 1 && $flush == 1 ]] ||
        log "warning: sync_binlog=$sync, innodb_flush_log_at_trx_commit=$flush: a crash loses the last commits; set both to 1"
    [[ $checksum == CRC32 ]] || log "warning: binlog_checksum=$checksum: damage to a log may go unnoticed; set it to CRC32"
}

# ---- reading ----

# Dies unless every log of a series from FIRST to LAST is there, with its checksum if it is closed. Sets LOGS to their paths.
series_check() { # SERIES FIRST LAST
    local name want number
    LOGS=()
    number=$((10#${2##*.}))
    for name in $(series_logs "$1"); do
        want=$((10#${name##*.}))
        ((want >= 10#${2##*.} && want <= 10#${3##*.})) || continue
        ((want == number)) || die 1 "a binary log is missing before $STORE/binlogs/$1/$name"
        number=$((number + 1))
        name=$STORE/binlogs/$1/$name
        if [[ -f $name.sha256 ]]; then
            [[ $(<"$name.sha256") == "$(sha256sum <"$name" | cut -d ' ' -f 1)" ]] ||
                die 1 "$name has changed since it was archived: its checksum differs"
        fi
        LOGS+=("$name")
    done
    ((number == 10#${3##*.} + 1)) || die 1 "the binary log $STORE/binlogs/$1/$3 is missing"
}

# Sets STOP_FILE and STOP_POSITION to the position in a series' logs that separates what was committed before TIME
# (microseconds) from what was committed later. It is not before the position LOG POSITION. Returns false if the archive
# does not reach TIME; REACHES is then the time up to which it does.
stop_find() { # SERIES TIME LOG POSITION
    local series=$1 time=$2 low_file=$3 low_position=$4 high_file='' high_position='' t0 t1 name position
    REACHES=0
    while read -r t0 t1 name position _; do
        if ((10#${name##*.} < 10#${3##*.})) || { [[ $name == "$3" ]] && ((position < $4)); }; then
            continue
        fi
        REACHES=$t0
        if ((t1 <= time)); then
            low_file=$name low_position=$position
        elif ((t0 >= time)); then
            high_file=$name high_position=$position
            break
        fi
    done < <(series_marks "$series")
    [[ -n $high_file ]] || return 1
    series_check "$series" "$low_file" "$high_file"
    STOP_FILE=$high_file STOP_POSITION=$high_position
    local path from to
    for path in "${LOGS[@]}"; do
        from=4 to=$(stat -c %s -- "$path")
        [[ $path != */"$low_file" ]] || from=$low_position
        [[ $path != */"$high_file" ]] || to=$high_position
        ((from < to)) || continue
        position=$(first_commit "$path" "$from" "$to" "$(((time + 999999) / 1000000))")
        if [[ -n $position ]]; then
            STOP_FILE=$(basename -- "$path") STOP_POSITION=$position
            return 0
        fi
    done
}

# Prints the position of the first transaction, between FROM and TO, whose commit was sent at SECOND or later; nothing if
# there is none.
first_commit() { # LOG FROM TO SECOND
    local output
    output=$(mktemp)
    TZ=UTC mariadb-binlog --no-defaults --verify-binlog-checksum --base64-output=decode-rows --start-position="$2" \
        --stop-position="$3" -- "$1" >"$output" || { rm -f -- "$output" && die 1 "$1 cannot be read"; }
    awk -v until="$4" '
        # The days from 1970 to a date of the years from 2000 on.
        function days(y, m, d) {
            if (m < 3) {
                m += 12
                y--
            }
            return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
        }
        /^# at [0-9]+$/ {
            at = $3
            next
        }
        /^#[0-9][0-9][0-9][0-9][0-9][0-9] +[0-9]+:[0-9][0-9]:[0-9][0-9] server id .*\tGTID / {
            split($2, t, ":")
            when = 86400 * days(2000 + substr($1, 2, 2), substr($1, 4, 2) + 0, substr($1, 6, 2) + 0) + \
                3600 * t[1] + 60 * t[2] + t[3]
            if (when >= until) {
                print at
                exit
            }
        }' "$output"
    rm -f -- "$output"
}
