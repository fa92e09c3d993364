# shellcheck shell=bash
# Backups on disk, for the scripts that make them and those that read them. Sourced after connection.sh and operate.sh.
#
#   BACKUP_DIR/ENVIRONMENT/
#     20261123T020000Z-full/          a whole backup: manifest, data.mbs.zst, tables, log
#     20261123T060000Z-incremental/   what has changed since the backup that its manifest names as base
#     *.unfinished, *.deleting        of a run that was interrupted: never read, removed by the next one
#     binlogs/SERIES/                 the server's binary logs, as they grow, see binlogs.sh
#
# A backup gets its name last, when everything is written and synced: what has the name is whole. Its manifest, lines
# "key = value", names what it is based on, the logs' position that it stands for, and checksums.

# Who reads these are the scripts that source this file.
# shellcheck disable=SC2034
STORE=        # BACKUP_DIR/ENVIRONMENT
declare -A M=() # the manifest that manifest_read has read

# Lets STORE be the environment's directory of backups.
store_open() { # make|read: with make it is made where it is missing
    STORE=${ENV[backup_dir]}/${ENV[name]}
    if [[ $1 == make && ! -d $STORE ]]; then
        (umask 077 && mkdir -p -- "$STORE") 2>/dev/null || die 1 "cannot make the directory $STORE (key backup_dir)"
    fi
    [[ -d $STORE ]] || die 1 "there are no backups of ${ENV[name]}: $STORE is missing (key backup_dir)"
    [[ -r $STORE && -x $STORE ]] || die 1 "cannot read $STORE: run this as the account that makes the backups"
}

# One maker of backups at a time; exit status 4 when another is running. The lock stays with whatever a killed run left
# running, too.
store_lock() {
    exec {STORE_LOCK}>>"$STORE/lock" || die 1 "cannot write to $STORE/lock"
    flock -n "$STORE_LOCK" || die 4 "another backup of ${ENV[name]} is running (it holds $STORE/lock)"
}

# As long as one reads backups none is removed: readers share this lock, whoever prunes wants it alone.
store_read_lock() {
    exec {READ_LOCK}<"$STORE/reading" || die 1 "cannot read $STORE/reading: it comes with the first backup"
    flock -s "$READ_LOCK"
}

# What interrupted runs left. Only whoever holds the lock may call it.
store_clean() {
    local path
    for path in "$STORE"/*.unfinished "$STORE"/*.deleting; do
        [[ -e $path ]] || continue
        log "removing $(basename -- "$path"), which an interrupted run left"
        rm -rf -- "$path"
    done
}

# The names of the whole backups, oldest first.
backups() {
    local path
    for path in "$STORE"/[0-9]*Z-full "$STORE"/[0-9]*Z-incremental; do
        if [[ -f $path/manifest ]]; then
            basename -- "$path"
        fi
    done | sort
}

# Reads the manifest of the backup $1 into M. Fails when it is damaged.
manifest_read() {
    local line file=$STORE/$1/manifest
    M=()
    [[ -r $file ]] || return 1
    while IFS= read -r line; do
        [[ $line =~ ^([a-z0-9_]+)\ =\ (.*)$ ]] || return 1
        M[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
    done <"$file"
    # Its last line is a checksum of those before it.
    [[ -n ${M[manifest_sha256]-} && ${M[name]-} == "$1" && ${M[format]-} == 1 &&
        ${M[manifest_sha256]} == "$(sed '$d' "$file" | sha256sum | cut -d ' ' -f 1)" ]]
}

# One key of the backup's manifest: NAME KEY
manifest_get() (
    manifest_read "$1" || die 1 "the manifest $STORE/$1/manifest is damaged"
    printf '%s\n' "${M[$2]-}"
)

# Writes the manifest of the unfinished backup in the directory $1: the lines on standard input and their checksum.
manifest_write() {
    cat >"$1/manifest.new"
    printf 'manifest_sha256 = %s\n' "$(sha256sum <"$1/manifest.new" | cut -d ' ' -f 1)" >>"$1/manifest.new"
    mv -- "$1/manifest.new" "$1/manifest"
}

# Compares a backup's files with their checksums; says what is wrong.
backup_check() { # NAME
    manifest_read "$1" || { log "$1: its manifest is damaged" && return 1; }
    local file
    for file in data.mbs.zst:data_sha256 tables:tables_sha256; do
        [[ ${M[${file#*:}]} == "$(sha256sum <"$STORE/$1/${file%:*}" | cut -d ' ' -f 1)" ]] || {
            log "$1: ${file%:*} is not what was written: its checksum differs"
            return 1
        }
    done
}

# The backups that the backup $1 needs, itself included, the full one first, go to CHAIN. Fails when one is missing.
chain_of() {
    local name=$1
    CHAIN=()
    while :; do
        manifest_read "$name" || { log "$1 cannot be restored: $name is missing or damaged" && return 1; }
        CHAIN=("$name" "${CHAIN[@]}")
        [[ ${M[kind]} == incremental ]] || return 0
        name=${M[base]}
    done
}

# Microseconds since 1970 as a time, in UTC, to the second.
time_text() {
    date -u -d "@$(($1 / 1000000))" '+%Y-%m-%d %H:%M:%S UTC'
}

# $1, a number of bytes, for people.
size_text() {
    numfmt --to=iec --suffix=B -- "$1"
}

# Whether the file system of the directory $1 has $2 bytes left.
has_room() {
    local free
    free=$(df --output=avail -B 1 -- "$1" | tail -n 1)
    ((free >= $2))
}

# The server's clock, in microseconds, goes to NOW_US.
server_now() {
    session "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)" || die 5 "$(session_error)"
    NOW_US=${ROWS%$'\n'}
}

# What every table of the database holds, in one consistent read, goes to the file $1, a line each: table, rows, a sum
# over all columns but the big ones. COUNTS_FILE and COUNTS_POSITION say at which place in the binary logs that was, when
# the server writes any.
table_counts() {
    local row table columns line
    COUNTS_FILE='' COUNTS_POSITION=''
    session "SET SESSION group_concat_max_len = 1000000; SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
        SELECT c.table_name, GROUP_CONCAT(IF(c.data_type IN ('text', 'mediumtext', 'longtext', 'mediumblob', 'longblob'),
            CONCAT('\`', c.column_name, '\` IS NULL'), CONCAT('CAST(\`', c.column_name, '\` AS BINARY)'))
            ORDER BY c.ordinal_position SEPARATOR ', ')
        FROM information_schema.columns c JOIN information_schema.tables t
            ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
        WHERE c.table_schema = DATABASE() GROUP BY c.table_name ORDER BY c.table_name" || die 1 "$(session_error)"
    local tables=$ROWS
    session "START TRANSACTION WITH CONSISTENT SNAPSHOT; SHOW STATUS LIKE 'binlog\\\\_snapshot\\\\_%'" ||
        die 1 "$(session_error)"
    while IFS=$'\t' read -r row line; do
        case $row in
        Binlog_snapshot_file) COUNTS_FILE=$line ;;
        Binlog_snapshot_position) COUNTS_POSITION=$line ;;
        esac
    done <<<"$ROWS"
    while IFS=$'\t' read -r table columns; do
        [[ -n $table ]] || continue
        session "SELECT '$table', COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS('|', $columns))), 0) FROM \`$table\`" ||
            die 1 "$table: $(session_error)"
        printf '%s' "$ROWS"
    done <<<"$tables" >"$1"
    session "COMMIT" || die 1 "$(session_error)"
}
