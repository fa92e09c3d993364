# shellcheck shell=bash
# Functions for the integration tests: private servers in a directory of the test's own, and counted checks. A test sources
# this file, runs its checks, and ends with `summary`.

LIB_TOP=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../..")
# The servers of tests get copies of a data directory that was installed once.
export BALROG_TEMPLATES=${BALROG_TEMPLATES-$(realpath -m -- "${BALROG_BUILD:-$LIB_TOP/build}")/templates}
# shellcheck source=scripts/lib/datadir.sh
. "$LIB_TOP/scripts/lib/datadir.sh"

PASSED=0
FAILED=0

# Runs COMMAND and counts the check as passed if it succeeds. A failure prints the file, line and function of the check,
# its DESCRIPTION, the command, and the check before, because many descriptions continue the one before.
CHECKED=''
check() { # DESCRIPTION COMMAND…
    local what=$1
    shift
    if "$@"; then
        PASSED=$((PASSED + 1))
    else
        FAILED=$((FAILED + 1))
        {
            printf 'FAILED: %s:%s: %s: %s\n  command:' "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" "${FUNCNAME[1]}" "$what"
            printf ' %.200q' "$@"
            printf '\n  after the check: %s\n' "${CHECKED:-none}"
        } >&2
    fi
    CHECKED=$what
}

# Runs COMMAND again and again until it succeeds. Returns false if it has not succeeded within SECONDS.
until_true() { # SECONDS COMMAND…
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

# Prints a port that is free now, as is the one after it.
free_port() {
    local port
    while port=$((20000 + (RANDOM << 15 | RANDOM) % 12000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || (exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null || break
    done
    printf '%s\n' "$port"
}

# For check: whether both texts are the same. Prints both if they differ.
equal() { # WANTED GOT
    [[ $1 == "$2" ]] || { printf '  wanted: %s\n  got:    %s\n' "$1" "$2" >&2 && return 1; }
}

# Prints the closing line. Returns false if a check failed.
summary() {
    echo "$PASSED passed, $FAILED failed"
    [[ $FAILED -eq 0 ]]
}

# Makes an empty data directory whose root needs no password. (A server that starts deletes all temporary tables in its
# tmpdir, including those of other servers. So each server gets its own tmpdir.)
install_mariadb() { # DIR
    mkdir -p "$1/tmp"
    datadir_make "$1/data"
}

# Starts a server on the socket DIR/sock only. Makes its data directory if it is missing. Writes its process id to DIR/pid.
start_mariadb() { # DIR [OPTION…]
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
    disown # otherwise bash reports its end
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

# Stops the server with SIGNAL (default: TERM; KILL simulates a crash) and waits until it is gone.
stop_mariadb() { # DIR [SIGNAL]
    local pid
    [[ -f $1/pid ]] || return 0
    pid=$(<"$1/pid")
    rm -f "$1/pid"
    kill "-${2:-TERM}" "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.05
    done
}

# Runs the SQL on standard input as root. Prints rows as tab-separated lines.
sql() { # DIR DATABASE [CLIENT OPTION…]
    local dir=$1 database=$2
    shift 2
    mariadb --no-defaults --socket="$dir/sock" --user=root --default-character-set=utf8mb4 --batch --skip-column-names \
        "$@" "$database"
}
