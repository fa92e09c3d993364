# shellcheck shell=bash
# Functions for the tests of backups: environments, accounts, tools. Sourced after service.sh.

export BALROG_ENVIRONMENTS=$WORK/environments
ME=$(id -un) # whom servers run as
: "$ME"
RESTORED=() # directories with servers to be ended

# environment NAME LINE…: makes conf/environments/NAME.conf for the sandbox's database; backups go below $WORK/backups.
environment() {
    mkdir -p "$BALROG_ENVIRONMENTS"
    printf '%s\n' "root = $WORK/root-$1" "config_dir = $WORK/etc" "database = $DB_NAME" \
        "backup_dir = $WORK/backups" "${@:2}" >"$BALROG_ENVIRONMENTS/$1.conf"
}

# account FILE USER SOCKET [PASSWORD]: an option file.
account() {
    printf '%s\n' '[client]' "user = $2" "socket = $3" "password = ${4-}" >"$1"
}

# tool STATUS COMMAND [ARG…]: runs a script; what it says is left in $SAID. Fails on another exit status.
tool() {
    local wanted=$1 status=0
    shift
    SAID=$("$TOP/scripts/$1" "${@:2}" 2>&1) || status=$?
    [[ $status -eq $wanted ]] || { echo "  $1: exit status $status, wanted $wanted: $SAID" >&2 && return 1; }
}

said() { [[ $SAID == *"$1"* ]] || { echo "  wanted: $1"$'\n'"  it said: $SAID" >&2 && return 1; }; }

# rows DIR: SQL on standard input, asked of what was restored to DIR.
rows() {
    mariadb --defaults-file="$1/client.cnf" --batch --skip-column-names "$DB_NAME"
}

stop_restored() {
    local dir
    for dir in "${RESTORED[@]}"; do
        [[ ! -e $dir/client.cnf ]] || mariadb-admin --defaults-file="$dir/client.cnf" shutdown >/dev/null 2>&1 || true
    done
}
# Servers of restores that were killed, too.
trap 'stop_restored; pkill -KILL -f -- "mariadbd --defaults-file=$WORK/" || true; take_down' EXIT

# The server's time, in seconds.
server_time() {
    db <<<'SELECT UNIX_TIMESTAMP()'
}

at_time() {
    date -u -d "@$1" '+%Y-%m-%d %H:%M:%S'
}

# sandbox_with_logs: a sandbox whose database writes binary logs, with the environment production for it, and an account
# that backs it up.
sandbox_with_logs() {
    sandbox_up --set mariadb.log-bin=binlog --set mariadb.binlog-format=ROW --set mariadb.sync-binlog=1 \
        --set mariadb.innodb-flush-log-at-trx-commit=1 --load "$TOP/conf/demo.sql" "$@"
    printf 'the-password' >"$WORK/password"
    "$TOP/scripts/create-db-users" --execute --socket "$DB_SOCKET" --user root --database "$DB_NAME" \
        --backup-password-file "$WORK/password" >"$WORK/users.log"
    account "$WORK/admin.cnf" root "$DB_SOCKET"
    account "$WORK/backup.cnf" balrog_backup "$DB_SOCKET" the-password
    environment production "database_defaults_file = $WORK/admin.cnf" "backup_defaults_file = $WORK/backup.cnf" \
        "hook = $WORK/hook"
    # shellcheck disable=SC2016 # the hook expands them
    printf '#!/bin/bash\nprintf "%%s: %%s\\n" "$1" "$2" >>%q\n' "$WORK/hook.log" >"$WORK/hook"
    chmod +x "$WORK/hook"
    : >"$WORK/hook.log"
    STORE=$WORK/backups/production
    : "$STORE"
}
