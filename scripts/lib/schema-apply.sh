# shellcheck shell=bash
# Runs statements in the session that holds the lock of schema-upgrade, one by one. Each one is recorded, and repeated while
# its table is locked. Uses schema-record.sh. The caller may set LOCK_WAIT, TRIES, WAIT and IGNORE_SPACE.
: "${LOCK_WAIT=3}" "${TRIES=6}" "${WAIT=10}" "${IGNORE_SPACE=}"
SPACE_MATTERS=$((16 << 20)) # bytes; disk space is checked only for tables of at least this size

# Takes the lock of schema-upgrade in the session, or ends the script with status 4. Sets IS_MARIADB.
session_alone() {
    session_run "SELECT GET_LOCK(CONCAT('balrog_schema:', SHA1(DATABASE())), $WAIT)"
    [[ $ROWS == 1* ]] || die 4 "another schema-upgrade is running on $DATABASE"
    # A statement that waits for a lock blocks all writers behind it, so it gives up soon.
    session_run "SET SESSION lock_wait_timeout = $LOCK_WAIT"
    session_run "SET SESSION innodb_lock_wait_timeout = $LOCK_WAIT"
    session_run "SET SESSION autocommit = 1"
    # The session idles while a backfill runs.
    session_run "SET SESSION wait_timeout = 604800"
    session_run "SELECT VERSION() LIKE '%MariaDB%'"
    IS_MARIADB=${ROWS%$'\n'}
}

# Logs every five seconds what the session does, if one statement takes that long. It ends when this script ends, because
# its standard input is then closed. Sets PROGRESS.
progress_start() {
    local id file=$CONNECTION_DIR/progress.cnf
    if [[ $IS_MARIADB != 1 ]]; then
        exec {PROGRESS}>/dev/null
        return
    fi
    session_run "SELECT CONNECTION_ID()"
    id=${ROWS%$'\n'}
    connection_file "$file"
    exec {PROGRESS}> >(
        {
            echo "SELECT 'ready';"
            until read -r -t 5 _ || (($? <= 128)); do
                echo "SELECT CONCAT(ROUND(time_ms / 1000), ' s, ', LOWER(COALESCE(state, '')),
                    IF(max_stage > 0, CONCAT(', ', ROUND(progress), ' % of stage ', stage, ' of ', max_stage), ''), ': ',
                    LEFT(REPLACE(info, CHAR(10), ' '), 60))
                    FROM information_schema.processlist WHERE id = $id AND info IS NOT NULL AND time_ms > 4000;"
            done
        } | mariadb --defaults-file="$file" --batch --raw --unbuffered --skip-column-names 2>&1 |
            while IFS= read -r line; do
                if [[ $line == ready ]]; then
                    rm -f "$file"
                else
                    log "still running: $line"
                fi
            done
    )
}

# Prints the three connections whose transactions have been open the longest: one of them probably holds the table.
lock_holders() {
    session_try "SELECT CONCAT('connection ', p.id, ' (', p.user, '@', p.host, ', ', LOWER(p.command),
            ', its transaction open ', TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), ' s)')
        FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
        WHERE p.id <> CONNECTION_ID() ORDER BY t.trx_started LIMIT 3" || true
    printf '%s' "${ROWS%$'\n'}" | paste -s -d ';' | sed 's/;/; /g'
}

# Runs one statement. If its table stays locked, tries again, with longer and longer pauses. RECORD is a statement to run
# once before it. WHERE is for messages. (MySQL has other names for collations.)
statement_run() { # WHERE STATEMENT [RECORD]
    local try pause=1 statement=$2 said before=("${@:3}")
    [[ ${IS_MARIADB-1} == 1 ]] || statement=${statement//utf8mb4_nopad_bin/utf8mb4_0900_bin}
    for ((try = 1; ; try++)); do
        session_try "${before[@]}" "$statement" && return
        before=()
        said=$(session_error)
        case $SESSION_ERRNO in
        1205 | 1213)
            ((try < TRIES)) || die 7 "$1: others lock the table; gave up after $TRIES tries of $LOCK_WAIT s." \
                "What was done is recorded: run this again later. Longest open transactions: $(lock_holders)"
            log "$1: others lock the table: try $try of $TRIES failed; the next one in $pause s." \
                "Longest open transactions: $(lock_holders)"
            sleep "$pause"
            pause=$((pause < 30 ? pause * 2 : pause))
            ;;
        LOST) die 1 "$1: the connection was lost; run this again: it continues there. $said" ;;
        1845 | 1846) die 1 "$1: the server would have to copy or lock the table, which the statement forbids: $said" ;;
        *) die 1 "$1 failed; correct the cause and run this again: $said" ;;
        esac
    done
}

# Sets TABLE_SIZE to the sizes in bytes of the tables of at least SPACE_MATTERS, as the server estimates them; and
# SERVER_HOST, DATA_DIR and TEMP_DIR to the places of the server's files.
declare -gA TABLE_SIZE=()
space_read() {
    local table size
    TABLE_SIZE=()
    session_run "SELECT @@hostname, @@datadir, COALESCE(NULLIF(@@innodb_tmpdir, ''), @@tmpdir)"
    IFS=$'\t' read -r SERVER_HOST DATA_DIR TEMP_DIR <<<"$ROWS"
    TEMP_DIR=${TEMP_DIR%%:*}
    session_run "SELECT table_name, data_length + index_length FROM information_schema.tables
        WHERE table_schema = DATABASE() AND data_length + index_length >= $SPACE_MATTERS"
    while IFS=$'\t' read -r table size; do
        [[ -z $table ]] || TABLE_SIZE[$table]=$size
    done <<<"$ROWS"
}

# Ends the script with status 8 if there is too little space for the statement. A new index, or a rebuilt table, takes at
# most the size of the table; sorting takes as much again in the server's directory for temporary files.
space_check() { # WHERE STATEMENT
    local size place need free table
    [[ ${2^^} != *ALGORITHM=INSTANT* ]] || return 0
    table=$(statement_table "$2")
    size=${TABLE_SIZE[${table:--}]-0}
    ((size > 0)) || return 0
    if [[ $SERVER_HOST != "$(hostname)" || ! -d $DATA_DIR ]]; then
        log "$1: may need $((size >> 20)) MB in $DATA_DIR of $SERVER_HOST, which cannot be seen from here"
        return 0
    fi
    for place in "$DATA_DIR" "$TEMP_DIR"; do
        need=$size
        # If both directories are on one file system, it needs space for both.
        [[ $(stat -c %d -- "$DATA_DIR" "$TEMP_DIR" 2>/dev/null | uniq | wc -l) -ne 1 ]] || need=$((size * 2))
        free=$(df --output=avail -B1 -- "$place" 2>/dev/null | tail -n 1) || continue
        ((free >= need)) || die 8 "$1: may need $(((need >> 20) + 1)) MB in $place, which has $((free >> 20)) MB free." \
            "Free some space, or use --ignore-space"
    done
}

# Prints the table that an ALTER TABLE or CREATE INDEX changes; nothing for other statements.
statement_table() { # STATEMENT
    local text=${1^^} name="[[:space:]]+\`?([A-Za-z0-9_\$]+)\`?"
    if [[ $text =~ ^ALTER[[:space:]]+(ONLINE[[:space:]]+)?(IGNORE[[:space:]]+)?TABLE([[:space:]]+IF[[:space:]]+EXISTS)? ||
        $text =~ ^OPTIMIZE[[:space:]]+TABLE || $text =~ ^CREATE[^\(]*INDEX[^\(]*[[:space:]]ON ]]; then
        text=${1:${#BASH_REMATCH[0]}}
        [[ ! $text =~ ^$name ]] || printf '%s\n' "${BASH_REMATCH[1]}"
    fi
}

# Runs STATEMENTS, starting with the one at index FROM. The record of each statement is written together with the next one.
statements_run() { # PHASE STEP FROM
    local i where record=()
    [[ -n $IGNORE_SPACE ]] || space_read
    for ((i = $3; i < ${#STATEMENTS[@]}; i++)); do
        where="$2, statement $((i + 1)) of ${#STATEMENTS[@]} ($1.sql:${LINES[i]})"
        ((${#TABLE_SIZE[@]} == 0)) || space_check "$where" "${STATEMENTS[i]}"
        statement_run "$where" "${STATEMENTS[i]}" "${record[@]}"
        record=("$(record_sql "$1" "$2" "$((i + 1))" "${STATEMENTS[i]}")")
    done
    ((${#record[@]} == 0)) || session_run "${record[0]}"
}

# Runs a step's backfill.sh, which opens connections of its own. Checks afterwards that the session still holds the lock.
backfill_run() { # DIR STEP
    local script=$1/$2/backfill.sh status=0
    [[ -f $script ]] || return 0
    log "$2: backfill.sh"
    connection_file "$CONNECTION_DIR/backfill.cnf"
    BALROG_DEFAULTS_FILE=$CONNECTION_DIR/backfill.cnf BALROG_DATABASE=$DATABASE \
        BALROG_LIB=$(dirname -- "${BASH_SOURCE[0]}") bash "$script" </dev/null {PROGRESS}>&- || status=$?
    rm -f "$CONNECTION_DIR/backfill.cnf"
    ((status == 0)) || die 1 "$2: backfill.sh failed (exit status $status); run this again: it continues where it was"
    session_run "SELECT IS_USED_LOCK(CONCAT('balrog_schema:', SHA1(DATABASE()))) <=> CONNECTION_ID()"
    [[ $ROWS == 1* ]] || die 1 "$2: the lock was lost during backfill.sh; run this again"
}

# Runs a step's verify.sql; each row that it returns describes a problem. @phase is the phase that was run.
verify_run() { # DIR PHASE STEP
    local statement problems=
    session_run "SET @phase = '$2'"
    statements_read "$1/$3/verify.sql"
    for statement in "${STATEMENTS[@]}"; do
        session_try "$statement" || die 1 "$1/$3/verify.sql: $(session_error)"
        problems+=$ROWS
    done
    [[ -z $problems ]] || die 1 "$3 ($2) was run, but verify.sql finds:"$'\n'"$problems"
}

# Applies one phase of one step: records that it begins, runs the statements and the backfill, verifies, records that it is
# done.
step_apply() { # DIR PHASE STEP
    local from number
    number=$(step_number "$3")
    statements_read "$1/$3/$2.sql"
    from=$(resume_at "$2" "$number")
    if [[ -n $(recorded "$2" "$number" name) ]]; then
        log "$3 ($2): is unfinished: $(recorded "$2" "$number" statements) of ${#STATEMENTS[@]} statements were run;" \
            "continuing with statement $((from < ${#STATEMENTS[@]} ? from + 1 : ${#STATEMENTS[@]}))"
    else
        log "$3: applying ($2, ${#STATEMENTS[@]} statements)"
    fi
    record_begin "$1" "$2" "$3" "$from"
    statements_run "$2" "$3" "$from"
    [[ $2 != additive ]] || backfill_run "$1" "$3"
    verify_run "$1" "$2" "$3"
    record_done "$2" "$3"
    log "$3: done ($2)"
}
