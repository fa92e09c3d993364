# shellcheck shell=bash
# The archive of the server's binary logs. Sourced after backup.sh; the session must be open for what asks the server.
#
# A pass appends what the server's log files have grown by to their copies, syncs them, and adds a mark to NAME.marks:
#     T0 T1 NAME SIZE .
# The server told between T0 and T1, by its own clock (microseconds), that its newest log, NAME, has SIZE bytes. So what
# was committed before T0 is in the archive before that place, and what is behind that place was committed after T0;
# what stands before it was committed before T1. Times in the logs themselves are those at which a COMMIT was sent, in
# whole seconds: they are used only between two marks.
#
# A series is a run of logs without a hole, of one server. When a log of the same name turns out to be another one (a new
# server, RESET MASTER), or logs went before they were copied, a new series is begun, and a new full backup is needed.

# Who reads the results are the scripts that source this file.
# shellcheck disable=SC2034
HEADER_BYTES=256 # enough of a log to tell it from another
FLAGS_AT=21      # the only byte of a log that the server changes later: it says that the log is in use

# The newest series, or nothing.
series_newest() {
    local path newest=
    for path in "$STORE"/binlogs/[0-9]*Z; do
        [[ ! -d $path ]] || newest=$(basename -- "$path")
    done
    printf '%s\n' "$newest"
}

# The names of the logs of the series $1, in their order.
series_logs() {
    find "$STORE/binlogs/$1" -maxdepth 1 -type f -name '*.[0-9]*' ! -name '*.marks' ! -name '*.sha256' \
        -printf '%f\n' | sort -V
}

# The marks of the series $1, in their order.
series_marks() {
    local name
    series_logs "$1" | while read -r name; do
        if [[ -f $STORE/binlogs/$1/$name.marks ]]; then
            # A line that a crash cut short does not count.
            awk 'NF == 5 && $5 == "."' "$STORE/binlogs/$1/$name.marks"
        fi
    done
}

# ---- a pass ----

# Whether the beginnings of two logs are the same but for the byte that says that the log is in use.
same_log() { # FILE FILE
    local count
    count=$(cmp -n "$HEADER_BYTES" -l -- "$1" "$2" 2>/dev/null | awk -v flags="$FLAGS_AT" '$1 != flags + 1' | wc -l)
    ((count == 0))
}

# Whether the logs that the server has, $SERVER_LOGS, go on where the series $1 ends.
series_goes_on() {
    local dir=$STORE/binlogs/$1 last name logs
    mapfile -t logs < <(series_logs "$1")
    ((${#logs[@]})) || return 0
    last=${logs[-1]}
    while read -r name _; do
        if [[ $name == "$last" ]]; then
            same_log "$dir/$name" "$LOG_DIR/$name" && return
            log "the server's $name is not the one that was archived: its logs began anew"
            return 1
        fi
    done <<<"$SERVER_LOGS"
    read -r name _ <<<"$SERVER_LOGS"
    [[ -f $dir/$last.sha256 && $((10#${name##*.})) -eq $((10#${last##*.} + 1)) ]] && return
    log "the server has no $last any more, from which logs were to be archived: some are lost, or began anew"
    return 1
}

# The series to write to, $SERIES; a new one where the last does not go on.
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
    [[ -z $last ]] || notify backup-gap "the binary logs of ${ENV[name]} have a hole: times since then can be restored only after the next backup"
}

# Brings the copy of the log $1, which has $2 bytes on the server, up to date; $3: the server has a newer one.
copy_log() {
    local dir=$STORE/binlogs/$SERIES from=$LOG_DIR/$1 to have=0
    to=$dir/$1
    [[ ! -e $to.sha256 ]] || return 0
    [[ ! -e $to ]] || have=$(stat -c %s -- "$to")
    if ((have > $2)); then
        # What was never synced there was lost with a crash of the machine.
        log "$1: the copy is longer than the server's log: cut"
        truncate -s "$2" -- "$to"
    elif ((have < $2)); then
        dd if="$from" of="$to" bs=1M iflag=skip_bytes,count_bytes skip="$have" count=$(($2 - have)) oflag=append \
            conv=notrunc status=none
        [[ $(stat -c %s -- "$to") -eq $2 ]] || die 1 "$from: could not be copied whole"
    fi
    [[ -n $3 ]] || return 0
    dd if="$from" of="$to" bs=1 count=1 skip="$FLAGS_AT" seek="$FLAGS_AT" conv=notrunc status=none
    cmp -s -n "$2" -- "$from" "$to" || {
        log "$1: the copy differs from the server's log: copied again"
        head -c "$2" -- "$from" >"$to.new"
        mv -- "$to.new" "$to"
    }
    sync -- "$to"
    sha256sum <"$to" | cut -d ' ' -f 1 >"$to.sha256.new"
    mv -- "$to.sha256.new" "$to.sha256"
}

# One pass: afterwards everything is in the archive, in its series SERIES, that was committed before.
archive_pass() {
    local t0 t1 name bytes newest size
    mkdir -p -- "$STORE/binlogs"
    exec {BINLOG_LOCK}>>"$STORE/binlogs/lock"
    flock "$BINLOG_LOCK"
    server_now && t0=$NOW_US
    session "SHOW BINARY LOGS" || die 1 "cannot list the binary logs: $(session_error)"
    SERVER_LOGS=${ROWS%$'\n'}
    server_now && t1=$NOW_US
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
}

# Where the server's binary logs are: LOG_DIR. Exit status 3 when its settings do not allow to restore to a time.
binlog_settings() {
    local log_bin format base sync checksum flush
    session "SELECT @@log_bin, @@binlog_format, COALESCE(@@log_bin_basename, '-'), @@sync_binlog, @@binlog_checksum,
        @@innodb_flush_log_at_trx_commit" || die 5 "$(session_error)"
    IFS=$'\t' read -r log_bin format base sync checksum flush <<<"$ROWS"
    [[ $log_bin == 1 ]] || die 3 "the server writes no binary logs: set log_bin, binlog_format=ROW, sync_binlog=1"
    [[ $format == ROW ]] || die 3 "binlog_format is $format: it must be ROW, or what is replayed may come out differently"
    LOG_DIR=$(dirname -- "$base")
    [[ -r $LOG_DIR && -x $LOG_DIR ]] ||
        die 1 "cannot read the server's binary logs in $LOG_DIR: run this on its machine, as root or its account"
    [[ $sync == 1 && $flush == 1 ]] ||
        log "warning: sync_binlog=$sync, innodb_flush_log_at_trx_commit=$flush: a crash loses what was committed last; 1 is wanted"
    [[ $checksum == CRC32 ]] || log "warning: binlog_checksum=$checksum: damage to a log may go unseen; CRC32 is wanted"
}

# ---- reading ----

# Whether every log of the series $1 from the log $2 to the log $3 is there, and those that are closed are what was
# written. Their paths go to LOGS.
series_check() {
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
                die 1 "$name is not what was written: its checksum differs"
        fi
        LOGS+=("$name")
    done
    ((number == 10#${3##*.} + 1)) || die 1 "the binary log $STORE/binlogs/$1/$3 is missing"
}

# The place in the logs of the series $1 that divides what was committed before the time $2 (microseconds) from what was
# committed later goes to STOP_FILE and STOP_POSITION; it is not before the place $3 (a log) $4 (a position). Fails when
# the archive does not reach so far; REACHES then says how far it does.
stop_find() {
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

# The position in the log $1, from $2 up to $3, of the first transaction whose commit began at the second $4 or later.
first_commit() {
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
