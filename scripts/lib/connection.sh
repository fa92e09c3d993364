# shellcheck shell=bash
# How the tools that administer the database connect to it: the options that they share, and one client session.
# A password is never put on a command line; it is passed in an option file that only this script can read.

# shellcheck source=scripts/lib/messages.sh
. "${BASH_SOURCE[0]%/*}/messages.sh"

# For --help.
# shellcheck disable=SC2034
CONNECTION_HELP="Connection (the system's and the user's own option files are not read):
  --socket PATH           the server's unix socket
  --host NAME --port N    the server's address, instead of a socket (default port: 3306)
  --user NAME             default: the name of the operating system's user
  --password-file PATH    first line: the password
  --defaults-file PATH    an option file with a [client] group; the options above override it
  --database NAME         default: balrog"

DATABASE=balrog
CONNECTION_DIR=
SESSION_LASTING=
declare -gA CONNECTION

# Sets CONNECTION or DATABASE if OPTION is one of the options above; returns false if it is not.
connection_option() { # OPTION VALUE
    case $1 in
    --socket | --host | --port | --user | --password-file | --defaults-file)
        CONNECTION[${1#--}]=${2?"$1 needs a value"}
        ;;
    --database)
        DATABASE=${2?"$1 needs a value"}
        [[ $DATABASE =~ ^[A-Za-z0-9_$-]+$ ]] || die 2 "--database $DATABASE: only letters, digits, _, \$ and - are allowed"
        ;;
    *) return 1 ;;
    esac
}

# Prints a value quoted for an option file.
option_value() { # TEXT
    local s=${1//\\/\\\\}
    printf '"%s"' "${s//\"/\\\"}"
}

# Makes $CONNECTION_DIR, a temporary directory that is removed when the script ends.
connection_dir() {
    [[ -z $CONNECTION_DIR ]] || return 0
    CONNECTION_DIR=$(mktemp -d)
    trap 'rm -rf "$CONNECTION_DIR"' EXIT
}

# Writes an option file for a client. It may hold a password: the caller removes it once the client has read it.
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

# Prints the first line of the file. Dies if it cannot be read.
read_password() { # FILE
    local line=
    [[ -r $1 ]] || die 2 "cannot read the password file $1"
    IFS= read -r line <"$1" || true
    printf '%s' "$line"
}

# Opens the session: one client process that stays connected, so that locks and settings of the session last. It never
# reconnects. Ends the script with STATUS if there is no connection. By default the client ends at the first statement that
# fails. A "lasting" session continues; its statements must be run one by one, with session_try or session_run.
session_open() { # STATUS [lasting]
    local options=() errors
    connection_dir
    errors=$CONNECTION_DIR/errors
    if [[ ${2-} == lasting ]]; then
        # Errors go to the same stream as the rows, so that each can be attributed to its statement.
        SESSION_LASTING=1 options=(--force) errors=/dev/stdout
    fi
    connection_file "$CONNECTION_DIR/client.cnf"
    coproc SESSION { exec mariadb --defaults-file="$CONNECTION_DIR/client.cnf" --batch --raw --unbuffered \
        --skip-reconnect --skip-column-names "${options[@]}" "$DATABASE" 2>"$errors"; }
    exec {SESSION_OUT}<&"${SESSION[0]}" {SESSION_IN}>&"${SESSION[1]}"
    # If the client has ended, its message is reported; this script must not die of SIGPIPE before that.
    trap '' PIPE
    session "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO'" ||
        die "$1" "cannot use the database $DATABASE: $(session_error)"
    rm -f "$CONNECTION_DIR/client.cnf"
}

# Runs statements in the session; the last one needs no semicolon. Sets ROWS to the rows, one line each. Returns false if a
# statement failed: then session_error says why, and the client has ended, unless the session is a lasting one.
session() { # SQL
    local last=';'
    [[ $1 != *\; ]] || last=
    session_send "$1$last"
}

# Runs each argument as one statement, which may hold semicolons. Sets ROWS, and in a lasting session SESSION_ERRNO to the
# server's error number, 0 if no statement failed, or LOST if the connection was lost.
session_try() { # STATEMENT…
    local statements
    printf -v statements '%s\n//balrog//\n' "$@"
    session_send "DELIMITER //balrog//"$'\n'"${statements}DELIMITER ;"
}

# Runs one statement. Sets ROWS. Ends the script with exit status 1 if it fails.
session_run() { # SQL
    session_try "$1" || die 1 "$(session_error)"
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
            # With --force the client continues even after it has lost its server.
            case $SESSION_ERRNO in 1053 | 1927 | 2006 | 2013 | 2026) SESSION_ERRNO=LOST ;; esac
        else
            ROWS+=$line$'\n'
        fi
    done
    return 1
}

# Prints the last error message.
session_error() {
    if [[ -n $SESSION_LASTING ]]; then
        printf '%s' "${SESSION_SAID:-the connection was lost}"
    else
        wait "${SESSION_PID:-}" 2>/dev/null || true
        tail -n 3 "$CONNECTION_DIR/errors" | tr '\n' ' '
    fi
}

# Prints TEXT as an SQL string.
sql_string() { # TEXT
    local s=${1//\\/\\\\}
    printf "'%s'" "${s//\'/\'\'}"
}
