# shellcheck shell=bash
# A temporary MariaDB server in its own directory, on a unix socket only. Uses messages.sh.

# shellcheck source=scripts/lib/datadir.sh
. "${BASH_SOURCE[0]%/*}/datadir.sh"
# shellcheck source=scripts/lib/messages.sh
. "${BASH_SOURCE[0]%/*}/messages.sh"

# Makes a server below DIR and starts it; root has no password. Sets SCRATCH_SOCKET and SCRATCH_PID. The caller stops it.
scratch_start() { # DIR
    local as_user=() i
    SCRATCH_SOCKET=$1/sock SCRATCH_PID=
    command -v mariadbd >/dev/null || die 1 "mariadbd is missing on this machine (package mariadb-server-core)"
    ((${#SCRATCH_SOCKET} <= 100)) || die 1 "the path $SCRATCH_SOCKET is too long for a socket: set TMPDIR to a shorter one"
    mkdir -p "$1/tmp"
    ((EUID != 0)) || as_user=(--user=root)
    datadir_make "$1/data" || die 1 "cannot make a scratch database"
    mariadbd --no-defaults "${as_user[@]}" --datadir="$1/data" --socket="$SCRATCH_SOCKET" --pid-file="$1/pid" \
        --tmpdir="$1/tmp" --skip-networking --max-allowed-packet=128M --innodb-buffer-pool-size=64M \
        --innodb-log-file-size=32M --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync --sync-frm=OFF \
        --log-error="$1/error.log" \
        </dev/null >/dev/null 2>&1 &
    SCRATCH_PID=$!
    disown
    for ((i = 0; i < 600; i++)); do
        ! scratch_sql mysql -e "DO 0" 2>/dev/null || return 0
        kill -0 "$SCRATCH_PID" 2>/dev/null || break
        sleep 0.1
    done
    die 1 "the scratch database does not start: $(tail -n 3 "$1/error.log")"
}

scratch_sql() { # DATABASE [CLIENT OPTION…]
    mariadb --no-defaults --socket="$SCRATCH_SOCKET" --user=root --default-character-set=utf8mb4 --batch --raw \
        --skip-column-names "${@:2}" "$1"
}

scratch_stop() {
    [[ -n ${SCRATCH_PID-} ]] || return 0
    kill "$SCRATCH_PID" 2>/dev/null || true
    while kill -0 "$SCRATCH_PID" 2>/dev/null; do
        sleep 0.05
    done
    SCRATCH_PID=
}
