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
SESSION_LASTING=
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

# Makes the session's directory, $CONNECTION_DIR, which goes with the script.
connection_dir() {
    [[ -z $CONNECTION_DIR ]] || return 0
    CONNECTION_DIR=$(mktemp -d)
    trap 'rm -rf "$CONNECTION_DIR"' EXIT
}

# Writes an option file for a client, which may hold a password: whoever has it written removes it once it was read.
connection_file() { # FILE
    local key password
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
    } >"$1"
}

# The first line of the file $1.
read_password() {
    local line=
    [[ -r $1 ]] || die 2 "cannot read the password file $1"
    IFS= read -r line <"$1" || true
    printf '%s' "$line"
}

# Opens the session: one client process, so that what belongs to a session (locks, settings) lasts; it never connects
# again by itself. Exit status $1 when there is no connection. With "lasting" as $2 the session outlives a statement that
# fails; statements then go one by one, through session_try.
session_open() {
    local options=() errors
    connection_dir
    errors=$CONNECTION_DIR/errors
    if [[ ${2-} == lasting ]]; then
        # Errors come among the rows, so that it is clear what they belong to.
        SESSION_LASTING=1 options=(--force) errors=/dev/stdout
    fi
    connection_file "$CONNECTION_DIR/client.cnf"
    coproc SESSION { exec mariadb --defaults-file="$CONNECTION_DIR/client.cnf" --batch --raw --unbuffered \
        --skip-reconnect --skip-column-names "${options[@]}" "$DATABASE" 2>"$errors"; }
    exec {SESSION_OUT}<&"${SESSION[0]}" {SESSION_IN}>&"${SESSION[1]}"
    # A client that has ended is to be told by what it said, not by a signal.
    trap '' PIPE
    session "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO'" ||
        die "$1" "cannot use the database $DATABASE: $(session_error)"
    rm -f "$CONNECTION_DIR/client.cnf"
}

# Runs the statements $1 in the session (the last one may go without its semicolon); the rows go to $ROWS, a line each.
# Fails when one of them did: the client has then ended, unless it is a lasting one, and session_error says why.
session() {
    local last=';'
    [[ $1 != *\; ]] || last=
    session_send "$1$last"
}

# Runs statements one by one, whatever semicolons they hold. In a lasting session $SESSION_ERRNO then says how one failed:
# the server's number, 0 when none did, and LOST when there is no session any more.
session_try() { # STATEMENT…
    local statements
    printf -v statements '%s\n//balrog//\n' "$@"
    session_send "DELIMITER //balrog//"$'\n'"${statements}DELIMITER ;"
}

session_send() { # WHAT THE CLIENT READS
    local line end="-- end of statement --"
    ROWS='' SESSION_ERRNO=0 SESSION_SAID=''
    { printf "%s\\nSELECT '%s';\n" "$1" "$end" >&"$SESSION_IN"; } 2>/dev/null || SESSION_ERRNO=LOST
    while [[ $SESSION_ERRNO != LOST ]]; do
        if ! IFS= read -r line <&"$SESSION_OUT"; then
            SESSION_ERRNO=LOST
        elif [[ $line == "$end" ]]; then
            [[ $SESSION_ERRNO == 0 ]]
            return
        elif [[ -n $SESSION_LASTING && $line =~ ^ERROR\ ([0-9]+)\ \(.....\) ]]; then
            SESSION_ERRNO=${BASH_REMATCH[1]} SESSION_SAID=$line
            # A client that is told to go on does so without its server.
            case $SESSION_ERRNO in 1053 | 1927 | 2006 | 2013 | 2026) SESSION_ERRNO=LOST ;; esac
        else
            ROWS+=$line$'\n'
        fi
    done
    return 1
}

# What the client said last.
session_error() {
    if [[ -n $SESSION_LASTING ]]; then
        printf '%s' "${SESSION_SAID:-the connection was lost}"
    else
        wait "${SESSION_PID:-}" 2>/dev/null || true
        tail -n 3 "$CONNECTION_DIR/errors" | tr '\n' ' '
    fi
}

# $1 as an SQL string.
sql_string() {
    local s=${1//\\/\\\\}
    printf "'%s'" "${s//\'/\'\'}"
}
