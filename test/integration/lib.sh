# shellcheck shell=bash
# Functions for the integration tests: private servers in a directory of the test's own, and a tally of checks.
# A test sources this, runs its checks and ends with `summary`.

LIB_TOP=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
# Servers of tests get copies of what was installed once.
export BALROG_TEMPLATES=${BALROG_TEMPLATES-$(realpath -m -- "${BALROG_BUILD:-$LIB_TOP/build}")/templates}
# shellcheck source=scripts/lib/datadir.sh
. "$LIB_TOP/scripts/lib/datadir.sh"

PASSED=0
FAILED=0

# check DESCRIPTION COMMAND…: one test; passes when COMMAND succeeds.
check() {
    local what=$1
    shift
    if "$@"; then
        PASSED=$((PASSED + 1))
    else
        FAILED=$((FAILED + 1))
        echo "FAILED: $what" >&2
    fi
}

# equal WANTED GOT, for check: says both when they differ.
equal() {
    [[ $1 == "$2" ]] || { printf '  wanted: %s\n  got:    %s\n' "$1" "$2" >&2 && return 1; }
}

# The closing line, and the exit status that goes with it.
summary() {
    echo "$PASSED passed, $FAILED failed"
    [[ $FAILED -eq 0 ]]
}

# install_mariadb DIR: an empty data directory, root without a password. (A server that starts empties its tmpdir of
# temporary tables, those of other servers too: each has its own.)
install_mariadb() {
    mkdir -p "$1/tmp"
    datadir_make "$1/data"
}

# start_mariadb DIR [OPTION…]: a server on the socket DIR/sock only, for whom install_mariadb was done (it is done
# where it was not). Its process id is left in DIR/pid.
start_mariadb() {
    local dir=$1
    shift
    [[ -d $dir/data ]] || install_mariadb "$dir" || return 1
    local user=()
    [[ $EUID -ne 0 ]] || user=(--user=root)
    mariadbd --no-defaults "${user[@]}" --datadir="$dir/data" --socket="$dir/sock" --pid-file="$dir/mariadbd.pid" \
        --tmpdir="$dir/tmp" \
        --skip-networking --max-allowed-packet=64M --innodb-buffer-pool-size=64M \
        --innodb-flush-log-at-trx-commit=0 --innodb-log-file-size=32M --innodb-flush-method=nosync --sync-frm=OFF \
        --log-error="$dir/error.log" "$@" </dev/null >/dev/null 2>&1 &
    echo $! >"$dir/pid"
    disown # bash would tell of its end
    local tries
    for ((tries = 0; tries < 1200; tries++)); do
        if mariadb-admin --no-defaults --socket="$dir/sock" --user=root ping >/dev/null 2>&1; then
            return 0
        fi
        kill -0 "$(<"$dir/pid")" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$dir/error.log" >&2
    return 1
}

# stop_mariadb DIR [SIGNAL]: ends it (KILL: as a crash would) and waits until it is gone.
stop_mariadb() {
    local pid
    [[ -f $1/pid ]] || return 0
    pid=$(<"$1/pid")
    rm -f "$1/pid"
    kill "-${2:-TERM}" "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.05
    done
}

# sql DIR DATABASE [CLIENT OPTION…] <SQL: as root, rows as tab-separated lines.
sql() {
    local dir=$1 database=$2
    shift 2
    mariadb --no-defaults --socket="$dir/sock" --user=root --default-character-set=utf8mb4 --batch --skip-column-names \
        "$@" "$database"
}
