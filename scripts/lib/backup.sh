# shellcheck shell=bash
# Backups on disk, for the scripts that make them and those that read them. Uses connection.sh and operate.sh.
#
#   BACKUP_DIR/ENVIRONMENT/
#     20261123T020000Z-full/          a full backup: manifest, data.mbs.zst, tables, log
#     20261123T060000Z-incremental/   what has changed since the backup that its manifest names as base
#     *.unfinished, *.deleting        left by an interrupted run: never read, removed by the next run
#     binlogs/SERIES/                 the server's binary logs, as they grow: see binlogs.sh
#
# A backup gets its name last, when everything is written and synced, so a backup with a name is complete. Its manifest
# (lines "key = value") holds the backup that it is based on, its position in the binary logs, and checksums.

# The scripts that use this file read these.
# shellcheck disable=SC2034
STORE=        # BACKUP_DIR/ENVIRONMENT
declare -gA M # the manifest that manifest_read has read

# Sets STORE to the environment's directory of backups. "make" makes it if it is missing.
store_open() { # make|read
    STORE=${ENV[backup_dir]}/${ENV[name]}
    if [[ $1 == make && ! -d $STORE ]]; then
        (umask 077 && mkdir -p -- "$STORE") 2>/dev/null || die 1 "cannot make the directory $STORE (key backup_dir)"
    fi
    [[ -d $STORE ]] || die 1 "there are no backups of ${ENV[name]}: $STORE is missing (key backup_dir)"
    [[ -r $STORE && -x $STORE ]] || die 1 "cannot read $STORE: run this as the account that makes the backups"
}

# Takes the lock for making backups; ends the script with status 4 if another backup is running. Children of a killed run
# keep the lock until they end.
store_lock() {
    exec {STORE_LOCK}>>"$STORE/lock" || die 1 "cannot write to $STORE/lock"
    flock -n "$STORE_LOCK" || die 4 "another backup of ${ENV[name]} is running (it holds $STORE/lock)"
}

# Takes the lock for reading backups. Readers share it; prune needs it alone, so no backup is removed while one is read.
store_read_lock() {
    exec {READ_LOCK}<"$STORE/reading" || die 1 "cannot read $STORE/reading: the first backup makes it"
    flock -s "$READ_LOCK"
}

# Removes what interrupted runs left. The caller must hold the lock.
store_clean() {
    local path
    for path in "$STORE"/*.unfinished "$STORE"/*.deleting; do
        [[ -e $path ]] || continue
        log "removing $(basename -- "$path"), which an interrupted run left"
        rm -rf -- "$path"
    done
}

# Prints the names of the complete backups, oldest first.
backups() {
    local path
    for path in "$STORE"/[0-9]*Z-full "$STORE"/[0-9]*Z-incremental; do
        if [[ -f $path/manifest ]]; then
            basename -- "$path"
        fi
    done | sort
}

# Sets M to the manifest of a backup. Returns false if it is missing or damaged.
manifest_read() { # NAME
    manifest_load "$STORE/$1/manifest" "$1"
}

# The same, of a file that manifest_write has written.
manifest_load() { # FILE NAME
    local line file=$1
    M=()
    [[ -r $file ]] || return 1
    while IFS= read -r line; do
        [[ $line =~ ^([a-z0-9_]+)\ =\ (.*)$ ]] || return 1
        M[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
    done <"$file"
    # Its last line is a checksum of those before it.
    [[ -n ${M[manifest_sha256]-} && ${M[name]-} == "$2" && ${M[format]-} == 1 &&
        ${M[manifest_sha256]} == "$(sed '$d' "$file" | sha256sum | cut -d ' ' -f 1)" ]]
}

# Prints one key of a backup's manifest.
manifest_get() ( # NAME KEY
    manifest_read "$1" || die 1 "the manifest $STORE/$1/manifest is damaged"
    printf '%s\n' "${M[$2]-}"
)

# Writes a manifest into the directory of an unfinished backup: standard input, and its checksum.
manifest_write() { # DIR [FILE]
    local file=$1/${2:-manifest}
    cat >"$file.new"
    printf 'manifest_sha256 = %s\n' "$(sha256sum <"$file.new" | cut -d ' ' -f 1)" >>"$file.new"
    mv -- "$file.new" "$file"
}

# Compares a backup's files with their checksums. Logs the problem and returns false if one differs.
backup_check() { # NAME
    manifest_read "$1" || { log "$1: its manifest is damaged" && return 1; }
    local file
    for file in data.mbs.zst:data_sha256 tables:tables_sha256; do
        [[ ${M[${file#*:}]} == "$(sha256sum <"$STORE/$1/${file%:*}" | cut -d ' ' -f 1)" ]] || {
            log "$1: ${file%:*} has changed since the backup: its checksum differs"
            return 1
        }
    done
}

# Sets CHAIN to the backups that are needed to restore a backup: the full one first, itself last. M is then the manifest of
# the full one. Logs the problem and returns false if one is missing or damaged.
chain_of() { # NAME
    local name=$1
    CHAIN=()
    while :; do
        manifest_read "$name" || { log "$1 cannot be restored: $name is missing or damaged" && return 1; }
        CHAIN=("$name" "${CHAIN[@]}")
        [[ ${M[kind]} == incremental ]] || return 0
        name=${M[base]}
    done
}

# Prints microseconds since 1970 as a time in UTC, to the second.
time_text() { # MICROSECONDS
    date -u -d "@$(($1 / 1000000))" '+%Y-%m-%d %H:%M:%S UTC'
}

# Prints a number of bytes for people.
size_text() { # BYTES
    numfmt --to=iec --suffix=B -- "$1"
}

# Whether the file system of the directory has so many bytes left.
has_room() { # DIR BYTES
    local free
    free=$(df --output=avail -B 1 -- "$1" | tail -n 1)
    ((free >= $2))
}

# Sets the variable to the server's clock, in microseconds since 1970.
server_now() { # VARIABLE
    local -n clock=$1
    session "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)" || die 5 "$(session_error)"
    # shellcheck disable=SC2034 # the caller's variable
    clock=${ROWS%$'\n'}
}

# Writes one line per table of the database to FILE, in one consistent read: table, number of rows, a checksum over all
# columns except the big ones. Sets COUNTS_FILE and COUNTS_POSITION to that moment's position in the binary logs, if the
# server writes any.
table_counts() { # FILE
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
