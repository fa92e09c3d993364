# shellcheck shell=bash
# Restoring a backup as a new, private server below a directory. Uses backup.sh and binlogs.sh.
#
#   DIR/data/       the server's files        DIR/my.cnf      its settings: mariadbd --defaults-file=DIR/my.cnf
#   DIR/sock        its socket; no port       DIR/client.cnf  mariadb --defaults-file=DIR/client.cnf
#   DIR/pid, DIR/error.log, DIR/tmp/
#
# While DIR/.unfinished exists, the server must not be used, and a later run may remove it. Besides the accounts that were
# backed up, the server has the account balrog_restore, with all rights and a random password.

# The scripts that use this file read the results.
# shellcheck disable=SC2034
RESTORE_USER=balrog_restore
FEED_JUMP=1000000000 # more ids than the lost server can have assigned after the restored time

# ---- choosing ----

# Sets CHAIN to the newest backup from before TIME (microseconds), with the backups that it is based on. Dies if there is
# none.
choose_chain() { # TIME
    local name best=''
    for name in $(backups); do
        if manifest_read "$name" && [[ ${M[finished_us]} -le $1 ]]; then
            best=$name
        fi
    done
    [[ -n $best ]] || die 3 "there is no backup of ${ENV[name]} from before $(time_text "$1")"
    chain_of "$best" || die 1 "the backup $best cannot be restored: see the message above"
}

# Dies unless all files of CHAIN are undamaged. Sets NEED to an estimate of the bytes that the restored server takes.
check_chain() {
    local name data
    for name in "${CHAIN[@]}"; do
        backup_check "$name" || die 1 "$name is damaged: choose a time before it"
    done
    data=${M[data_bytes]}
    NEED=$((data + data / 2))
}

# Dies unless the binary logs from CHAIN's position to the position LOG POSITION are complete. Sets LOGS to their paths.
check_logs() { # LOG POSITION
    replays_nothing "$@" || series_check "${M[series]}" "${M[binlog_file]}" "$1"
}

# Whether CHAIN ends exactly at the position LOG POSITION or after it, so that no logs have to be replayed.
replays_nothing() { # LOG POSITION
    [[ ${M[binlog_file]} == "$1" && ${M[binlog_position]} -ge $2 ]]
}

# ---- the directory ----

# Makes the directory. It must be new, empty, or left by a restore that did not finish. If the server will run as another
# account, USER, that account must be able to reach it.
restore_dir() { # DIR [USER]
    local dir=$1 user=${2-}
    ((${#dir} <= 90)) || die 2 "$dir: the path is too long for a socket in it: choose a shorter one"
    if [[ -e $dir && ! -d $dir ]]; then
        die 3 "$dir is not a directory"
    elif [[ -e $dir/.unfinished ]]; then
        server_pid "$dir" >/dev/null && server_stop "$dir"
        log "clearing $dir, which an interrupted restore left"
        rm -rf -- "${dir:?}"/data "$dir"/tmp "$dir"/next "$dir"/*.cnf "$dir"/init.sql "$dir"/sock* "$dir"/pid \
            "$dir"/error.log "$dir"/log
    elif [[ -n $(ls -A -- "$dir" 2>/dev/null) ]]; then
        die 3 "$dir is not empty: a restore never writes over anything; choose a new directory"
    fi
    if ! { mkdir -p -- "$dir" && chmod 700 -- "$dir"; }; then
        die 1 "cannot make the directory $dir"
    fi
    : >"$dir/.unfinished"
    [[ -z $user || $user == "$(id -un)" ]] || runuser -u "$user" -- test -x "${dir%/*}/" ||
        die 3 "$user cannot reach $dir, because a directory above it is closed to that account: choose another place"
}

# Sets DIR to a new directory below SCRATCH for a server that is removed with the script. Removes what killed runs left
# there.
scratch_dir() { # verify|reset
    local path pid
    SCRATCH=$(realpath -- "$SCRATCH")
    for path in "$SCRATCH/balrog-$1".*; do
        if [[ ! -f $path/owner ]] || kill -0 "$(<"$path/owner")" 2>/dev/null; then
            continue
        fi
        log "clearing $path, which an interrupted run left"
        server_stop "$path"
        while read -r pid; do
            if grep -q -F -- "$path/" "/proc/$pid/cmdline" 2>/dev/null; then
                kill -TERM "$pid"
            fi
        done < <(cat -- "$path/pids" 2>/dev/null)
        rm -rf -- "$path"
    done
    DIR=$(mktemp -d "$SCRATCH/balrog-$1.XXXXXXXX")
    echo $$ >"$DIR/owner"
}

# ---- the server's files ----

# Unpacks a backup into a new directory.
unpack_backup() { # NAME DIR
    mkdir -- "$2"
    zstd -q -d -c -- "$STORE/$1/data.mbs.zst" | mbstream -x -C "$2" || die 1 "$1 cannot be unpacked"
}

# Combines the backups of CHAIN in DIR/data. M is then the manifest of the last one. The backups are only read.
restore_files() { # DIR
    local dir=$1 name next=()
    mkdir -p -- "$dir/tmp"
    for name in "${CHAIN[@]}"; do
        log "unpacking $name"
        if [[ ! -d $dir/data ]]; then
            unpack_backup "$name" "$dir/data"
        else
            unpack_backup "$name" "$dir/next"
            next=(--incremental-dir="$dir/next")
        fi
        mariadb-backup --no-defaults --prepare --target-dir="$dir/data" --tmpdir="$dir/tmp" "${next[@]}" \
            >>"$dir/log" 2>&1 || { tail -n 5 -- "$dir/log" >&2 && die 1 "$name cannot be prepared: see $dir/log"; }
        rm -rf -- "$dir/next"
    done
    manifest_read "${CHAIN[-1]}"
}

# ---- the server ----

# Writes DIR/my.cnf. Settings that the files depend on are those of the server that was backed up. The server has no port and
# writes no binary logs.
write_server_conf() { # DIR [USER]
    local dir=$1
    {
        printf '%s\n' "# ${M[environment]}, restored from ${CHAIN[*]}" '[mariadbd]' "datadir = $dir/data" \
            "socket = $dir/sock" "pid-file = $dir/pid" "tmpdir = $dir/tmp" "log-error = $dir/error.log" \
            'skip-networking' 'skip-log-bin' 'skip-slave-start' 'event-scheduler = OFF' 'max-allowed-packet = 1G' \
            "lower-case-table-names = ${M[lower_case_table_names]}" "character-set-server = ${M[character_set_server]}" \
            "collation-server = ${M[collation_server]}"
        [[ -z ${2-} ]] || echo "user = $2"
        grep -E '^innodb_(data_file_path|page_size|undo_directory|undo_tablespaces|checksum_algorithm|log_file_size)=' \
            "$dir/data/backup-my.cnf"
    } >"$dir/my.cnf"
}

# Prints the pid of DIR's server. Returns false if it does not run.
server_pid() { # DIR
    local pid
    pid=$(cat -- "$1/pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ && $(readlink -- "/proc/$pid/cwd" 2>/dev/null) == "$1/data" ]] && printf '%s\n' "$pid"
}

# Starts DIR's server with options, and waits until it answers. The server writes the files pid and error.log when it no
# longer runs as root, so they belong to the data's owner.
server_start() { # DIR [OPTION…]
    local dir=$1 i
    shift
    : >"$dir/pid" && : >>"$dir/error.log"
    chown --reference="$dir/data" -- "$dir/pid" "$dir/error.log"
    (
        # The server must not inherit our locks: close all descriptors except the first three.
        for i in /proc/self/fd/*; do
            i=${i##*/}
            ((i < 3)) || eval "exec $i>&-" 2>/dev/null || true
        done
        cd -- "$dir/data" || exit
        # shellcheck disable=SC2016 # the inner shell expands them
        exec setsid -- /bin/bash -c 'echo $$ >"$1/pid" && exec mariadbd --defaults-file="$1/my.cnf" "${@:2}"' server \
            "$dir" "$@" </dev/null >>"$dir/error.log" 2>&1
    ) &
    for ((i = 0; i < 6000; i++)); do
        if mariadb-admin --defaults-file="$dir/client.cnf" ping >/dev/null 2>&1; then
            return
        fi
        ((i < 20)) || server_pid "$dir" >/dev/null || break
        sleep 0.1
    done
    tail -n 10 -- "$dir/error.log" >&2
    die 1 "the restored server does not start: see $dir/error.log"
}

server_stop() { # DIR
    local pid
    pid=$(server_pid "$1") || return 0
    kill -TERM "$pid" 2>/dev/null || return 0
    while server_pid "$1" >/dev/null; do
        sleep 0.05
    done
}

# Runs the client with DIR/client.cnf.
server_sql() { # DIR [ARG…]
    local dir=$1
    shift
    mariadb --defaults-file="$dir/client.cnf" --batch --skip-column-names "$@"
}

# Starts DIR's server for the first time, with the account balrog_restore.
restore_server() { # DIR [USER]
    local dir=$1 user=${2-} password
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    write_server_conf "$dir" "$user"
    (
        umask 077
        printf '%s\n' "CREATE OR REPLACE USER $RESTORE_USER@localhost IDENTIFIED BY '$password';" \
            "GRANT ALL ON *.* TO $RESTORE_USER@localhost WITH GRANT OPTION;" >"$dir/init.sql"
        printf '%s\n' '[client]' "socket = $dir/sock" "user = $RESTORE_USER" "password = $password" \
            'default-character-set = utf8mb4' >"$dir/client.cnf"
    )
    [[ -z $user || $user == "$(id -un)" ]] || chown -R -- "$user:" "$dir"
    server_start "$dir" --init-file="$dir/init.sql" --innodb-flush-log-at-trx-commit=0
    rm -f -- "$dir/init.sql"
}

# Replays LOGS from the end of CHAIN up to FILE POSITION, excluding that. The logs hold the rows that triggers wrote, and
# replaying does not run triggers again.
restore_replay() { # DIR FILE POSITION
    local dir=$1 file=$2 position=$3
    if replays_nothing "$file" "$position"; then
        log "nothing to replay"
        return
    fi
    log "replaying ${M[binlog_file]}:${M[binlog_position]} to $file:$position"
    mariadb-binlog --no-defaults --verify-binlog-checksum --start-position="${M[binlog_position]}" \
        --stop-position="$position" -- "${LOGS[@]}" |
        mariadb --defaults-file="$dir/client.cnf" --binary-mode --max-allowed-packet=1G ||
        die 1 "the binary logs cannot be replayed: the message above says where that failed"
    server_sql "$dir" -e 'SET GLOBAL innodb_flush_log_at_trx_commit = 1; FLUSH TABLES'
}

# ---- the change feed ----

# Makes the triggers that are missing, and the account that they run as with its rights. These are the triggers of the
# change feed (steps 0001 and 0010) and those that record the members of superblobs (steps 0006 and 0009). Existing triggers stay:
# every statement can be repeated.
feed_repair() { # DIR DATABASE
    local schema step
    schema=$(dirname -- "${BASH_SOURCE[0]}")/../../schema
    step_applied "$1" "$2" 1 || die 1 "the database $2 has no schema step 0001: is it a Balrog database?"
    sed -n '/^CREATE USER/,$p' "$schema/0001_initial/additive.sql" | server_sql "$1" "$2" ||
        die 1 "the triggers of the change feed cannot be made: see the message above"
    for step in 0006_sign_offs 0009_quick_members 0010_partial_stops; do
        ! step_applied "$1" "$2" "$((10#${step%%_*}))" || server_sql "$1" "$2" <"$schema/$step/additive.sql" ||
            die 1 "the triggers of step $step cannot be made: see the message above"
    done
}

step_applied() { # DIR DATABASE STEP
    server_sql "$1" "$2" -e "SELECT 1 FROM balrog_schema WHERE version = $3 AND phase = 'additive' AND applied_at IS NOT NULL" |
        grep 1 >/dev/null
}

# Tests the change feed: writes to every table that it covers, counts the feed's rows, and rolls back.
feed_try() { # DIR DATABASE
    local said
    said=$(server_sql "$1" "$2" <<'END'
SET SESSION sql_mode = '';
START TRANSACTION;
SELECT COALESCE(MAX(id), 0) INTO @before FROM balrog_changes;
INSERT INTO rules (update_type, data_version) VALUES ('balrog_restore', 1);
UPDATE rules SET data_version = 2 WHERE update_type = 'balrog_restore';
DELETE FROM rules WHERE update_type = 'balrog_restore';
INSERT INTO releases (name, product, data, data_version) VALUES ('balrog_restore', '', '{}', 1);
UPDATE releases SET data_version = 2 WHERE name = 'balrog_restore';
DELETE FROM releases WHERE name = 'balrog_restore';
INSERT INTO releases_json (name, product, data, data_version) VALUES ('balrog_restore', '', '{}', 1);
UPDATE releases_json SET data_version = 2 WHERE name = 'balrog_restore';
DELETE FROM releases_json WHERE name = 'balrog_restore';
INSERT INTO release_assets (name, path, data, data_version) VALUES ('balrog_restore', '', '{}', 1);
UPDATE release_assets SET data_version = 2 WHERE name = 'balrog_restore';
DELETE FROM release_assets WHERE name = 'balrog_restore';
INSERT INTO pinnable_releases (product, version, channel, mapping, data_version) VALUES ('', 'balrog_restore', '', '', 1);
UPDATE pinnable_releases SET data_version = 2 WHERE version = 'balrog_restore';
DELETE FROM pinnable_releases WHERE version = 'balrog_restore';
INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('', 'balrog_restore', 1);
UPDATE emergency_shutoffs SET data_version = 2 WHERE channel = 'balrog_restore';
DELETE FROM emergency_shutoffs WHERE channel = 'balrog_restore';
SELECT COUNT(*), COUNT(DISTINCT tbl, op) FROM balrog_changes WHERE id > @before;
ROLLBACK;
END
    ) || die 1 "the tables that the change feed covers cannot be written to: see the message above"
    [[ $said == $'18\t18' ]] ||
        die 1 "the triggers of the change feed do not record every change: 18 test changes gave ${said/$'\t'/ rows, for } different kinds"
}

# Makes every worker read everything again. The restored feed gets a single row with an id that is higher than any id of the
# lost server. So the cursor of every worker, whatever it has read there, is older than the oldest row of this feed.
feed_jump() { # DIR DATABASE
    server_sql "$1" "$2" <<END || die 1 "the change feed cannot be reset: see the message above"
START TRANSACTION;
SELECT COALESCE(MAX(id), 0) INTO @newest FROM balrog_changes;
DELETE FROM balrog_changes;
INSERT INTO balrog_changes (id, tbl, op) VALUES (@newest + $FEED_JUMP, 'balrog_restore', 'R');
COMMIT;
END
}
