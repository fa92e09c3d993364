# shellcheck shell=bash
# How the tools that administer the database connect to it: the options that they share, and one client session.
# A password never gets onto a command line: what was asked for is written into an option file of the session's own.

# For --help.
# shellcheck disable=SC2034
CONNECTION_HELP="Connection (nothing is read from option files that are not named here):
  --socket PATH           the server's unix socket
  --host NAME --port N    or its address (port 3306 unless said)
  --user NAME             default: the name of the operating system's user
  --password-file PATH    first line: the password
  --defaults-file PATH    an option file with a [client] group; the options above go before it
  --database NAME         default: balrog"

DATABASE=balrog
CONNECTION_DIR=
declare -A CONNECTION=()

# Says what is wrong and ends with exit status $1.
die() {
    local status=$1
    shift
    echo "${0##*/}: $*" >&2
    exit "$status"
}

# Takes $1, with the value $2, if it is one of the options above; fails if it is not.
connection_option() {
    case $1 in
    --socket | --host | --port | --user | --password-file | --defaults-file)
        CONNECTION[${1#--}]=${2?"$1 needs a value"}
        ;;
    --database)
        DATABASE=${2?"$1 needs a value"}
        [[ $DATABASE =~ ^[A-Za-z0-9_$-]+$ ]] || die 2 "--database $DATABASE: letters, digits, _, \$ and - only"
        ;;
    *) return 1 ;;
    esac
}

# A value for an option file.
option_value() {
    local s=${1//\\/\\\\}
    printf '"%s"' "${s//\"/\\\"}"
}

# Writes the option file of the session, $CONNECTION_DIR/client.cnf, into a new directory that goes with the script.
connection_file() {
    local key password
    CONNECTION_DIR=$(mktemp -d)
    trap 'rm -rf "$CONNECTION_DIR"' EXIT
    {
        if [[ -n ${CONNECTION[defaults-file]:-} ]]; then
            [[ -r ${CONNECTION[defaults-file]} ]] || die 2 "cannot read ${CONNECTION[defaults-file]}"
            echo "!include $(realpath "${CONNECTION[defaults-file]}")"
        fi
        echo "[client]"
        echo "default-character-set=utf8mb4"
        for key in socket host port user; do
            [[ -z ${CONNECTION[$key]:-} ]] || echo "$key=$(option_value "${CONNECTION[$key]}")"
        done
        [[ -z ${CONNECTION[host]:-} ]] || echo "protocol=tcp"
        if [[ -n ${CONNECTION[password-file]:-} ]]; then
            password=$(read_password "${CONNECTION[password-file]}")
            echo "password=$(option_value "$password")"
        fi
    } >"$CONNECTION_DIR/client.cnf"
}

# The first line of the file $1.
read_password() {
    local line=
    [[ -r $1 ]] || die 2 "cannot read the password file $1"
    IFS= read -r line <"$1" || true
    printf '%s' "$line"
}

# Opens the session: one client process, so that what belongs to a session (locks, settings) lasts. Exit status $1
# when there is no connection.
session_open() {
    connection_file
    coproc SESSION { exec mariadb --defaults-file="$CONNECTION_DIR/client.cnf" --batch --raw --unbuffered \
        --skip-column-names "$DATABASE" 2>"$CONNECTION_DIR/errors"; }
    exec {SESSION_OUT}<&"${SESSION[0]}" {SESSION_IN}>&"${SESSION[1]}"
    # A client that has ended is to be told by what it said, not by a signal.
    trap '' PIPE
    session "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO'" ||
        die "$1" "cannot use the database $DATABASE: $(session_error)"
    rm -f "$CONNECTION_DIR/client.cnf" # it has been read, and may hold a password
}

# Runs the statements $1 in the session (the last one may go without its semicolon); the rows go to $ROWS, a line each. Fails when one of them did: the client
# has then ended, and session_error says why.
session() {
    local line last=';' end="-- end of statement --"
    ROWS=
    [[ $1 != *\; ]] || last=
    { printf "%s$last\\nSELECT '%s';\n" "$1" "$end" >&"$SESSION_IN"; } 2>/dev/null || return 1
    while IFS= read -r line <&"$SESSION_OUT"; do
        [[ $line != "$end" ]] || return 0
        ROWS+=$line$'\n'
    done
    return 1
}

# What the client said last.
session_error() {
    wait "${SESSION_PID:-}" 2>/dev/null || true
    tail -n 3 "$CONNECTION_DIR/errors" | tr '\n' ' '
}

# $1 as an SQL string.
sql_string() {
    local s=${1//\\/\\\\}
    printf "'%s'" "${s//\'/\'\'}"
}
